/* How a participant comes to be. */
#include "tests/sim/person.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/world.h"

#define ESTIMATE_START_BPS 1500000
#define AUDIO_SLOTS        3
#define CAMERA_SLOTS       4

static void draw_link(struct sim_person *person, struct sim_link *link,
                      const struct sim_network *network, uint64_t capacity_bps, int64_t now_us)
{
    struct sim_random *random = &person->random;
    struct sim_link_params params = {
        .delay_us = sim_random_between(random, network->delay_min_us, network->delay_max_us),
        .jitter_us = sim_random_between(random, 0, network->jitter_max_us),
        .loss = network->loss_max * sim_random_unit(random),
        .burst = network->burst,
        .burst_end = network->burst_end,
        .reorder = network->reorder,
        .reorder_us = 8000,
        .duplicate = network->duplicate,
        .capacity_bps = capacity_bps,
        .queue_us = network->queue_us,
    };
    sim_link_init(link, &params, sim_random_fork(random), now_us);
}

static struct transport_srtp_keys keys_of(uint64_t number, uint8_t direction)
{
    struct transport_srtp_keys keys = {.profile = TRANSPORT_SRTP_AEAD_AES_128_GCM};
    memcpy(keys.key, &number, sizeof(number));
    keys.key[15] = direction;
    memset(keys.salt, (int)(number % 251), sizeof(keys.salt));
    return keys;
}

static enum sim_video_kind draw_camera(struct sim_person *person, const struct sim_profile *profile)
{
    int64_t sum = 0;
    for (unsigned i = 0; i < SIM_VIDEO_KIND_COUNT; i++)
        sum += profile->cameras[i];
    int64_t at = sim_random_between(&person->random, 0, sum - 1);
    unsigned kind = 0;
    while (at >= profile->cameras[kind])
        at -= profile->cameras[kind++];
    return (enum sim_video_kind)kind;
}

/* SSRCs are random; numbers start below 2^15 as those of libwebrtc (RFC 3711, 3.3.1: a loss at the
   start must not hide a wrap). */
static void init_stream(struct sim_person *person, struct sim_stream *stream, bool has_rtx)
{
    uint64_t bits = sim_random_next(&person->random);
    uint32_t ssrc = (uint32_t)bits | 1;
    sim_stream_init(stream, ssrc, has_rtx ? ssrc ^ 0x5A5A5A5A : 0, (bits >> 32) & 0x7FFF);
}

static void init_media(struct sim_person *person, const struct sim_profile *profile, bool has_rtx)
{
    struct sim_random *random = &person->random;
    enum sim_video_kind kind = draw_camera(person, profile);
    if (person->is_hostile && sim_random_chance(random, 0.5))
        kind = SIM_VIDEO_FLOOD;
    bool has_levels = !sim_random_chance(random, profile->no_levels);
    bool has_dtx = !sim_random_chance(random, profile->no_dtx);
    sim_voice_init(&person->voice, sim_random_fork(random), has_levels, has_dtx);
    init_stream(person, &person->voice.stream, false);
    sim_video_init(&person->videos[0], kind, sim_random_fork(random));
    sim_video_init(&person->videos[1], profile->has_demos ? SIM_VIDEO_DEMO : SIM_VIDEO_SCREEN,
                   sim_random_fork(random));
    for (unsigned v = 0; v < 2; v++)
        for (unsigned l = 0; l < person->videos[v].layer_count; l++)
            init_stream(person, &person->videos[v].layers[l].stream, has_rtx);
}

static void add_track(struct sim_person *person, enum core_kind kind, const char *mid, bool has_rtx)
{
    struct core_join *join = &person->join;
    struct core_track_params *track = &join->tracks[join->track_count];
    bool is_audio = kind == CORE_KIND_AUDIO;
    *track = (struct core_track_params){
        .kind = kind,
        .csrc = (uint32_t)person->number * SIM_TAP_CSRCS + join->track_count,
        .payload_type = is_audio ? SIM_PT_OPUS : SIM_PT_VP8,
        .rtx_payload_type = !is_audio && has_rtx ? SIM_PT_RTX : -1,
        .has_nack = !is_audio,
        .has_pli = !is_audio,
        .has_remb = true,
        .has_transport_cc = person->has_twcc,
    };
    snprintf(track->mid, sizeof(track->mid), "%s", mid);
    join->track_count++;
    if (kind != CORE_KIND_CAMERA || person->videos[0].layer_count == 1)
        return;
    for (unsigned i = 0; i < person->videos[0].layer_count; i++)
        snprintf(track->rids[track->rid_count++], sizeof(track->rids[0]), "%s",
                 person->videos[0].layers[i].stream.rid);
}

static void add_slot(struct sim_person *person, enum core_kind kind, bool has_rtx, int64_t now_us)
{
    struct core_join *join = &person->join;
    unsigned index = join->slot_count++;
    struct core_slot_params *slot = &join->slots[index];
    bool is_audio = kind == CORE_KIND_AUDIO;
    *slot = (struct core_slot_params){
        .kind = kind,
        .ssrc = (uint32_t)person->number << 8 | (0x10 + index),
        .rtx_ssrc = !is_audio && has_rtx ? (uint32_t)person->number << 8 | (0x40 + index) : 0,
        .payload_type = is_audio ? SIM_PT_OPUS : SIM_PT_VP8,
        .rtx_payload_type = !is_audio && has_rtx ? SIM_PT_RTX : -1,
        .mid_id = SIM_ID_MID,
        .audio_level_id = is_audio ? SIM_ID_LEVEL : 0,
        .transport_seq_id = person->has_twcc ? SIM_ID_SEQ : 0,
        .abs_send_time_id = person->has_twcc ? 0 : SIM_ID_SEND_TIME,
    };
    snprintf(slot->mid, sizeof(slot->mid), "s%u", index);
    sim_slot_init(&person->slots[index], slot,
                  person->up.params.delay_us + person->down.params.delay_us, now_us);
    sim_tap_init(&person->taps[index], slot, person->number, person->room);
}

static void offer(struct sim_person *person, bool has_rtx, int64_t now_us)
{
    struct core_join *join = &person->join;
    unsigned long long number = person->number;
    join->room = person->room;
    join->participant = person->number;
    join->feedback_ssrc = (uint32_t)person->number << 8 | 1;
    snprintf(join->transport.ice.local_ufrag, sizeof(join->transport.ice.local_ufrag), "u%llu",
             number);
    snprintf(join->transport.ice.local_pwd, sizeof(join->transport.ice.local_pwd),
             "passwordpassword%llu", number);
    strcpy(join->transport.ice.remote_ufrag, "theirs");
    join->extensions.kind[SIM_ID_LEVEL] = RTP_EXTENSION_AUDIO_LEVEL;
    if (person->has_twcc)
        join->extensions.kind[SIM_ID_SEQ] = RTP_EXTENSION_TRANSPORT_SEQ;
    join->extensions.kind[SIM_ID_MID] = RTP_EXTENSION_MID;
    join->extensions.kind[SIM_ID_RID] = RTP_EXTENSION_RID;
    join->extensions.kind[SIM_ID_RRID] = RTP_EXTENSION_REPAIRED_RID;
    add_track(person, CORE_KIND_AUDIO, "mic", has_rtx);
    add_track(person, CORE_KIND_CAMERA, "cam", has_rtx);
    add_track(person, CORE_KIND_SCREEN, "scr", has_rtx);
    for (unsigned i = 0; i < CORE_SLOTS_MAX; i++)
        add_slot(person,
                 i < AUDIO_SLOTS                  ? CORE_KIND_AUDIO
                 : i < AUDIO_SLOTS + CAMERA_SLOTS ? CORE_KIND_CAMERA
                                                  : CORE_KIND_SCREEN,
                 has_rtx, now_us);
}

static void enter(struct sim_world *world, struct sim_person *person)
{
    struct core_command command = {.type = CORE_COMMAND_JOIN, .join = person->join};
    struct transport_srtp_keys up = keys_of(person->number, 0), down = keys_of(person->number, 1);
    uint8_t ip[4] = {10, (uint8_t)(person->seat >> 8), (uint8_t)person->seat, 1};
    transport_address_set_ipv4(&person->path.remote, ip, 40000);
    person->sender = transport_srtp_sender_create(world->aead, &up);
    person->receiver = transport_srtp_receiver_create(world->aead, &down);
    sim_world_command(world, &command);
    if (!person->sender || !person->receiver ||
        core_engine_set_keys(world->engine, person->number, &down, &up))
        abort();
}

/* By chance of its own: everything else is drawn as it would be for anybody. */
static bool draw_twcc(const struct sim_world *world, const struct sim_profile *profile,
                      uint64_t number)
{
    struct sim_random own = {world->config.seed ^ number << 32 ^ 0x72656D62};
    return !sim_random_chance(&own, profile->no_twcc);
}

struct sim_person *sim_person_create(struct sim_world *world, unsigned seat, uint64_t number)
{
    const struct sim_profile *profile = world->config.profile;
    const struct sim_network *network = &profile->network;
    struct sim_person *person = calloc(1, sizeof(*person));
    if (!person)
        abort();
    person->number = number;
    person->seat = seat;
    person->room = 1 + seat % profile->rooms;
    person->random = sim_random_fork(&world->random);
    /* By seat and not by chance, so that the share is met in small rooms too. */
    person->is_hostile =
        (unsigned)((seat + 1) * profile->hostile) > (unsigned)(seat * profile->hostile);
    person->is_impatient =
        (unsigned)((seat + 1) * profile->impatient) > (unsigned)(seat * profile->impatient);
    person->joined_us = person->estimate_us = world->now_us;
    person->connected_us = person->first_frame_us = person->nack_us = INT64_MAX;
    person->estimate_bps = person->remb_bps = ESTIMATE_START_BPS;
    person->media_ssrc = person->feedback_ssrc = (uint32_t)number << 8 | 2;
    person->layout = (struct core_layout){.max_cameras = CAMERA_SLOTS, .max_height = UINT16_MAX};
    draw_link(person, &person->up, network, network->up_bps, world->now_us);
    draw_link(person, &person->down, network, network->down_bps, world->now_us);
    person->has_rtx = !sim_random_chance(&person->random, profile->no_rtx);
    person->has_twcc = draw_twcc(world, profile, number);
    sim_remb_init(&person->remb, person->up.params.delay_us + person->down.params.delay_us);
    init_media(person, profile, person->has_rtx);
    for (unsigned t = 0; t < SIM_TRACK_COUNT; t++)
        person->lost_us[t] = INT64_MIN / 2;
    offer(person, person->has_rtx, world->now_us);
    enter(world, person);
    return person;
}

void sim_person_destroy(struct sim_person *person)
{
    transport_srtp_sender_destroy(person->sender);
    transport_srtp_receiver_destroy(person->receiver);
    sim_stream_dispose(&person->voice.stream);
    for (unsigned v = 0; v < 2; v++)
        sim_video_dispose(&person->videos[v]);
    for (unsigned i = 0; i < CORE_SLOTS_MAX; i++) {
        sim_slot_dispose(&person->slots[i]);
        sim_tap_dispose(&person->taps[i]);
    }
    free(person);
}

struct sim_video *sim_person_video(struct sim_person *person, unsigned track)
{
    return track == SIM_TRACK_CAMERA   ? &person->videos[0]
           : track == SIM_TRACK_SCREEN ? &person->videos[1]
                                       : NULL;
}

struct sim_stream *sim_person_stream(struct sim_person *person, unsigned track, unsigned layer)
{
    struct sim_video *video = sim_person_video(person, track);
    if (track == SIM_TRACK_VOICE)
        return &person->voice.stream;
    return video && layer < video->layer_count ? &video->layers[layer].stream : NULL;
}
