/* Invariants that need the world: audio, budgets, requests, pictures that must be there, memory. */
#include <inttypes.h>
#include <malloc.h>
#include <stdlib.h>

#include "bwe/remb.h"
#include "tests/sim/world.h"

#define WINDOW_US   2000000
#define REACTION_US 2000000 /* a budget is obeyed from then on */
#define STUCK_US    2000000
#define HEALTHY_US  4000000           /* so long after trouble a network is healthy again */
#define SLIDE_BITS  UINT64_C(1000000) /* and as much again of voices, and of cameras */
/* A camera's key frame and what followed it, replayed: nine frames of 0.9 kB after one of 3 kB
   (rationed 3). The next one is due when a third of the budget has paid for it (slot.c). */
#define ANSWER_BITS      (UINT64_C(3) * 8 * 11500)
#define CONTRACT_PERCENT 115
#define BUDGET_PERCENT   115 /* base layers and repairs: what is above makes room (downlink.c) */
#define MEAN_US          10000000
#define MEAN_PERCENT     110     /* measured: 97, once 105-107 (random 268) */
#define UNKNOWN_US       1000000 /* a new owner's rate is known from then on */
#define SILENT_US        1900000 /* about as long a silence ends an ownership */
#define VOICE_GAP_MAX    200     /* packets of which is known what became of them */
#define PLI_SPACING_US   980000  /* once a second; a tick of the engine is 10 ms */
#define REQUESTED_US     10000000
#define ASKED_AGAIN_US   500000
#define IMPATIENT_MAX    3 /* in so long */
#define OTHERS_MAX       6 /* switches of layers, of all receivers; measured 4 */
#define CAMERA_KEY_BYTES (BWE_CONTRACT_CAMERA_BPS / 8 * 10 * 20 / 100)
#define SCREEN_KEY_BYTES (BWE_CONTRACT_SCREEN_BPS / 8 * 10 * 50 / 100)

/* One that has overtaken the owner's first packet came too early. */
static bool is_received_since(const struct sim_stream *stream, uint32_t frame, int64_t since_us)
{
    const struct sim_delivery *delivery = sim_stream_delivery(stream, frame);
    return delivery && delivery->delivered_count > 0 && delivery->delivered_us > since_us;
}

void sim_check_audio(struct sim_world *world, struct sim_tap *tap, const struct sim_media *media)
{
    const struct sim_stamp *stamp = &media->stamp;
    struct sim_person *owner =
        media->is_stamped ? sim_world_person(world, stamp->participant) : NULL;
    if (!owner || owner->is_hostile)
        return;
    bool is_same = tap->voice && tap->last.participant == stamp->participant &&
                   owner->muted_us[SIM_TRACK_VOICE] < tap->voice_us &&
                   world->now_us - tap->voice_us < SILENT_US;
    if (is_same && stamp->frame > tap->voice && stamp->frame - tap->voice < VOICE_GAP_MAX)
        for (uint32_t frame = tap->voice + 1; frame < stamp->frame; frame++)
            if (is_received_since(&owner->voice.stream, frame, tap->owned_us))
                sim_check_fail(&world->checks, SIM_CHECK_AUDIO, tap->participant,
                               "slot %s: packet %u of participant %u was received, not forwarded",
                               tap->params.mid, frame, stamp->participant);
    if (!is_same)
        tap->owned_us = world->now_us;
    if (!is_same || stamp->frame > tap->voice) {
        tap->voice = stamp->frame;
        tap->voice_us = world->now_us;
    }
}

static uint64_t bytes_of(uint64_t bps, unsigned percent, int64_t window_us)
{
    return bps * percent / 100 * (uint64_t)window_us / 8000000;
}

/* In the mean all of it is within the budget: screen, key frames, replays and repairs. Where slides
   are more than the tenth that is spare (one is, below 384 kbps), those that cannot be helped come
   on top. */
static void check_mean(struct sim_world *world, struct sim_person *receiver,
                       const struct sim_media *media)
{
    int64_t step_us = MEAN_US / SIM_WINDOW_STEPS, now_us = world->now_us;
    bool is_screen = receiver->join.slots[media->slot].kind == CORE_KIND_SCREEN;
    int64_t lost_us = receiver->has_rtx ? 0 : receiver->slots[media->slot].lost_us;
    uint64_t all = sim_window_add(&receiver->video_all, step_us, now_us, media->wire_len);
    uint64_t spare =
        sim_slides_on_sent(&receiver->slides, media, is_screen, lost_us, step_us, now_us);
    uint64_t most = bytes_of(receiver->budget_bps, MEAN_PERCENT, MEAN_US);
    uint64_t with_slides = bytes_of(receiver->budget_bps, 100, MEAN_US) + spare;
    most = with_slides > most ? with_slides : most;
    if (receiver->budget_bps && world->now_us - receiver->switched_us > UNKNOWN_US &&
        world->now_us - receiver->budget_us > MEAN_US + REACTION_US && all > most)
        sim_check_fail(&world->checks, SIM_CHECK_BUDGET, receiver->number,
                       "%" PRIu64 " bytes of video in 10 s, at most %" PRIu64, all, most);
}

void sim_check_budget(struct sim_world *world, struct sim_person *receiver,
                      const struct sim_media *media)
{
    int64_t step_us = WINDOW_US / SIM_WINDOW_STEPS;
    uint64_t payload = sim_window_add(&receiver->video_payload, step_us, world->now_us,
                                      media->is_rtx ? 0 : media->payload_len);
    /* A key frame or a slide comes at once, and so does what a replay sends after it (2.5 times the
       budget, for a second of it at most); what follows makes room. */
    bool is_burst = media->is_stamped &&
                    (media->stamp.flags & SIM_STAMP_KEY || media->stamp.track == SIM_TRACK_SCREEN ||
                     world->now_us - media->stamp.captured_us > SIM_STAMP_REPLAYED_US);
    check_mean(world, receiver, media);
    uint64_t wire = sim_window_add(&receiver->video_wire, step_us, world->now_us,
                                   is_burst ? 0 : media->wire_len);
    if (payload > bytes_of(BWE_CONTRACT_DOWN_BPS, CONTRACT_PERCENT, WINDOW_US))
        sim_check_fail(&world->checks, SIM_CHECK_BUDGET, receiver->number,
                       "%" PRIu64 " bytes of video in 2 s, contract and 15 %%: %" PRIu64, payload,
                       bytes_of(BWE_CONTRACT_DOWN_BPS, CONTRACT_PERCENT, WINDOW_US));
    if (receiver->budget_bps && world->now_us - receiver->switched_us > WINDOW_US + UNKNOWN_US &&
        world->now_us - receiver->budget_us > WINDOW_US + REACTION_US &&
        wire > bytes_of(receiver->budget_bps, BUDGET_PERCENT, WINDOW_US))
        sim_check_fail(&world->checks, SIM_CHECK_BUDGET, receiver->number,
                       "%" PRIu64
                       " bytes but key frames and slides in 2 s, budget and 15 %%: %" PRIu64,
                       wire, bytes_of(receiver->budget_bps, BUDGET_PERCENT, WINDOW_US));
}

/* On good networks, when all have joined: what those cause who ask all the time, and now and then
   somebody else (bwe.md, "Allocation", 6). */
static void check_impatient(struct sim_world *world, struct sim_person *source, unsigned track)
{
    const struct sim_profile *profile = world->config.profile;
    int64_t since_us = world->now_us - world->begin_us - profile->join_spread_us - HEALTHY_US;
    unsigned limit = OTHERS_MAX, *asked = &source->requests[track].asked;
    if (profile->impatient <= 0 || since_us < 0)
        return;
    ++*asked;
    for (unsigned i = 0; i < world->config.participants; i++)
        if (world->people[i] && world->people[i]->is_impatient)
            limit += IMPATIENT_MAX + (unsigned)(IMPATIENT_MAX * since_us / REQUESTED_US);
    if (*asked > limit)
        sim_check_fail(&world->checks, SIM_CHECK_STORM, source->number,
                       "track %u: %u requests for key frames in %" PRId64 " s, most %u", track,
                       *asked, since_us / 1000000, limit);
}

void sim_check_storm(struct sim_world *world, struct sim_person *source, unsigned track)
{
    check_impatient(world, source, track);
    struct sim_requests *requests = &source->requests[track];
    int64_t since_us = world->now_us - requests->pli_us;
    uint64_t bytes =
        sim_window_add(&requests->bytes, REQUESTED_US / SIM_WINDOW_STEPS, world->now_us, 0);
    uint64_t limit = track == SIM_TRACK_SCREEN ? SCREEN_KEY_BYTES : CAMERA_KEY_BYTES;
    bool is_first = requests->pli_us == 0;
    requests->pli_us = world->now_us;
    requests->plis++;
    if (is_first || source->is_hostile)
        return;
    if (since_us < PLI_SPACING_US)
        sim_check_fail(&world->checks, SIM_CHECK_STORM, source->number,
                       "track %u: asked for a key frame %" PRId64 " us after the last time", track,
                       since_us);
    else if (bytes > limit && world->now_us - requests->keyframe_us < REQUESTED_US)
        sim_check_fail(&world->checks, SIM_CHECK_STORM, source->number,
                       "track %u: asked for a key frame after %" PRIu64
                       " bytes of requested ones in 10 s, budget %" PRIu64,
                       track, bytes, limit);
}

static bool is_healthy(const struct sim_person *person, int64_t now_us)
{
    bool is_reachable = person->validated_port == person->path.remote.port;
    return is_reachable && !person->is_hostile && !person->is_ghost &&
           person->connected_us != INT64_MAX && now_us - person->connected_us > STUCK_US &&
           sim_link_is_healthy(&person->up, HEALTHY_US, now_us) &&
           sim_link_is_healthy(&person->down, HEALTHY_US, now_us);
}

/* Sends pictures, and has for as long as it takes to be seen. */
static bool is_showing(const struct sim_person *person, unsigned track, int64_t now_us)
{
    const struct sim_video *video = &person->videos[track - SIM_TRACK_CAMERA];
    return is_healthy(person, now_us) && video->started_us < now_us - STUCK_US &&
           video->frame_us > now_us - 2 * video->interval_us - 100000;
}

/* Without RTX each loss that counts takes a key frame, of which a receiver may cause three in 10 s
   (bwe.md, "Allocation", 6): it waits for the next one, and asks for it twice a second. */
static bool has_had_keyframes(const struct sim_slot *slot, int64_t now_us)
{
    int64_t oldest_us = slot->keyframes_us[slot->keyframes % SIM_SLOT_KEYFRAMES];
    return oldest_us > 0 && now_us - oldest_us < REQUESTED_US + ASKED_AGAIN_US;
}

/* The same of one that is lost and replayed, with what has changed on it: each answer has a third
   of a small budget (slot.c). */
static uint64_t slide_bits(const struct sim_person *receiver)
{
    return 4 * 8 * sim_slides_replay_bytes(&receiver->slides);
}

static void check_slot(struct sim_world *world, struct sim_person *receiver,
                       const struct sim_slot *slot)
{
    const struct core_slot_report *report = &slot->report;
    struct sim_person *source = sim_world_person(world, report->participant);
    unsigned track = slot->params.kind == CORE_KIND_SCREEN ? SIM_TRACK_SCREEN : SIM_TRACK_CAMERA;
    if (!source || !is_showing(source, track, world->now_us) ||
        (report->state == CORE_SLOT_PAUSED && report->pause != CORE_PAUSE_SOURCE))
        return;
    int64_t patience_us = STUCK_US + source->up.params.delay_us + receiver->down.params.delay_us +
                          source->up.params.jitter_us + receiver->down.params.jitter_us;
    /* A slide is a key frame of 40 kB, whatever the network: beside voices it takes so long. */
    if (track == SIM_TRACK_SCREEN && receiver->down.params.capacity_bps > 0)
        patience_us += (int64_t)(SLIDE_BITS * 1000000 / receiver->down.params.capacity_bps);
    if (track == SIM_TRACK_SCREEN && receiver->budget_bps > 0) /* likewise, each time */
        patience_us += (int64_t)(slide_bits(receiver) * 1000000 / receiver->lower_bps);
    if (track == SIM_TRACK_SCREEN && receiver->remb.told_bps > 0) /* and whatever it asks for */
        patience_us += (int64_t)(SLIDE_BITS * 1000000 / receiver->remb.told_bps);
    if (track == SIM_TRACK_CAMERA && receiver->budget_bps > 0)
        patience_us += (int64_t)(ANSWER_BITS * 1000000 / receiver->lower_bps);
    if (!receiver->has_rtx && has_had_keyframes(slot, world->now_us))
        return;
    int64_t since_us = slot->reported_us;
    /* Nor is the answer repaired, a slide's 35 packets again and again: then it counts from there.
     */
    if (!receiver->has_rtx && slot->answer_lost_us > since_us)
        since_us = slot->answer_lost_us;
    if (!source->has_rtx && source->key_lost_us[track] > since_us)
        since_us = source->key_lost_us[track];
    if (source->pli_lost_us[track] > since_us) /* the next one follows a second later */
        since_us = source->pli_lost_us[track];
    if (slot->decoded_us > since_us && slot->decoded_from == report->participant)
        since_us = slot->decoded_us;
    if (world->now_us - since_us > patience_us)
        sim_check_fail(&world->checks, SIM_CHECK_STUCK, receiver->number,
                       "slot %s: nothing of participant %" PRIu64 " decoded for %" PRId64
                       " ms (undecodable for %" PRId64 ")",
                       slot->params.mid, report->participant, (world->now_us - since_us) / 1000,
                       slot->undecodable_us ? (world->now_us - slot->undecodable_us) / 1000 : 0);
}

/* Cameras that must be shown, and those that are. */
static bool is_short_of_cameras(struct sim_world *world, const struct sim_person *receiver)
{
    unsigned shown = 0, showing = 0, slots = 0;
    for (unsigned i = 0; i < receiver->join.slot_count; i++)
        if (receiver->slots[i].params.kind == CORE_KIND_CAMERA) {
            slots++;
            shown += receiver->slots[i].report.participant != 0 &&
                     world->tamper.kind != SIM_TAMPER_HIDDEN;
        }
    if (slots > receiver->layout.max_cameras)
        slots = receiver->layout.max_cameras;
    for (unsigned i = 0; i < world->config.participants && shown < slots; i++) {
        const struct sim_person *person = world->people[i];
        showing += person && person != receiver && person->room == receiver->room &&
                   is_showing(person, SIM_TRACK_CAMERA, world->now_us);
    }
    return shown < slots && shown < showing;
}

void sim_check_stuck(struct sim_world *world, struct sim_person *receiver)
{
    if (!is_healthy(receiver, world->now_us)) {
        receiver->short_us = 0;
        return;
    }
    for (unsigned i = 0; i < receiver->join.slot_count; i++)
        if (receiver->slots[i].params.kind != CORE_KIND_AUDIO)
            check_slot(world, receiver, &receiver->slots[i]);
    if (!is_short_of_cameras(world, receiver))
        receiver->short_us = 0;
    else if (receiver->short_us == 0)
        receiver->short_us = world->now_us;
    else if (world->now_us - receiver->short_us > STUCK_US)
        sim_check_fail(&world->checks, SIM_CHECK_STUCK, receiver->number,
                       "a camera is not shown though a slot is free");
}

/* Of AddressSanitizer's allocator; there is none without it. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

/* glibc's malloc.c: what a thread keeps of freed memory for its next calls. */
#define CACHED_OF_A_SIZE   7
#define CACHED_LEAST_BYTES 24
#define CACHED_MOST_BYTES  1032
#define CACHED_STEP_BYTES  16
#define SLACK_BYTES        4096 /* where a piece is 16 bytes larger than asked for */

/* AddressSanitizer is exact. */
static size_t slack_bytes(void)
{
    return __sanitizer_get_current_allocated_bytes ? 0 : SLACK_BYTES;
}

/* glibc counts what a thread keeps as allocated. Made to keep all that it may, it keeps the same at
   each look. */
static void fill_thread_cache(void)
{
    void *volatile kept[CACHED_OF_A_SIZE];
    for (size_t bytes = CACHED_LEAST_BYTES; bytes <= CACHED_MOST_BYTES;
         bytes += CACHED_STEP_BYTES) {
        for (unsigned i = 0; i < CACHED_OF_A_SIZE; i++)
            kept[i] = malloc(bytes);
        for (unsigned i = 0; i < CACHED_OF_A_SIZE; i++)
            free(kept[i]);
    }
}

size_t sim_world_heap_bytes(void)
{
    if (__sanitizer_get_current_allocated_bytes)
        return __sanitizer_get_current_allocated_bytes();
    fill_thread_cache();
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

void sim_check_memory(struct sim_world *world, size_t start_bytes)
{
    size_t bytes = sim_world_heap_bytes();
    unsigned left = core_engine_count(world->engine);
    if (left > 0)
        sim_check_fail(&world->checks, SIM_CHECK_MEMORY, 0, "%u participants left", left);
    if (bytes > start_bytes + slack_bytes())
        sim_check_fail(&world->checks, SIM_CHECK_MEMORY, 0, "%zd bytes more than at the start",
                       (ssize_t)(bytes - start_bytes));
}
