/* What is asked of a conference on a changing network (issue: bandwidth estimation). */
#include "tests/sim/network.h"

#include <inttypes.h>

#define S               INT64_C(1000000)
#define ADAPTED_US      (1 * S) /* layers are down by then */
#define ADAPTED_END_US  (4 * S)
#define LATE_US         (5 * S)
#define FLAP_US         (10 * S)
#define VOICES_LOST_PPM 5000
#define OVER_PCT        105     /* of the capacity: probes */
#define USED_PCT        30      /* of what the network carries or there is to send, in the end */
#define FULL_BPS        1200000 /* of four cameras, a still screen and three voices */
#define GAP_MS          200
#define WAIT_MS         1000 /* then a camera begins anew (sfu/core/slot_replay.c) */
#define DRAIN_MS        1000
#define FULL_MS         1500    /* bwe.md, goal 1: at the first stage's capacity */
#define BACK_MS         3000    /* goal 12 */
#define VOICES_BPS      200000  /* carries three voices and what makes them known */
#define DARK_MS         1000    /* without any camera */
#define DARK_BPS        700000  /* with which there is always one */
#define UNPAUSED_BPS    2000000 /* with which nothing has to be paused */

void sim_network_begin(struct sim_network_watch *watch, const struct sim_profile *profile,
                       unsigned stage, uint64_t receiver, int64_t now_us)
{
    watch->profile = profile;
    watch->stage = stage;
    watch->receiver = receiver;
    watch->stage_us = watch->seen_us = now_us;
    watch->stage_end_us = now_us + profile->stages[stage].for_us;
    for (unsigned i = 0; i < CORE_SLOTS_MAX; i++)
        watch->slots[i].raised_us = 0;
}

void sim_network_report(struct sim_network_watch *watch, unsigned slot, enum core_kind kind,
                        const struct core_slot_report *report)
{
    uint16_t bit = (uint16_t)(1u << slot);
    watch->cameras &= (uint16_t)~bit;
    if (kind == CORE_KIND_CAMERA && report->participant)
        watch->cameras |= bit;
    if (report->state == CORE_SLOT_LIVE) {
        watch->slots[slot].is_paused = false;
        return;
    }
    watch->slots[slot] = (struct sim_network_slot){.is_paused = true};
    watch->top &= (uint16_t)~bit;
}

static void raise_to(uint32_t *most, int64_t us)
{
    if (us / 1000 > *most)
        *most = (uint32_t)(us / 1000);
}

void sim_network_see(struct sim_network_watch *watch, int64_t now_us)
{
    raise_to(&watch->results[watch->stage].dark_ms, now_us - watch->seen_us);
    watch->seen_us = now_us;
}

/* How long a camera took to its next frame. In the first second of a narrower network its queue is
   drained, and video waits for that whether a layer is switched or not: counted apart. */
static void note_frame(struct sim_network_watch *watch, struct sim_network_slot *slot,
                       const struct sim_media *media, bool is_switch, int64_t now_us)
{
    struct sim_stage_result *result = &watch->results[watch->stage];
    bool is_new = is_switch || media->stamp.frame != slot->frame;
    if (is_new && slot->frame_us > 0 && is_switch && now_us - watch->stage_us > ADAPTED_US)
        raise_to(&result->switch_gap_ms, now_us - slot->frame_us);
    else if (is_new && slot->frame_us > 0 && !is_switch && now_us - watch->stage_us > ADAPTED_US)
        raise_to(&result->wait_ms, now_us - slot->frame_us);
    else if (is_new && slot->frame_us > 0)
        raise_to(&result->drain_ms, now_us - slot->frame_us);
    slot->frame = media->stamp.frame;
    slot->frame_us = slot->is_paused ? 0 : now_us;
}

/* Which layer a slot gets: another one of the same source is a switch. */
static void note_camera(struct sim_network_watch *watch, const struct sim_media *media,
                        int64_t now_us)
{
    struct sim_network_slot *slot = &watch->slots[media->slot];
    struct sim_stage_result *result = &watch->results[watch->stage];
    uint64_t stream = sim_stamp_stream(&media->stamp), before = slot->stream;
    if (stream >> 8 != before >> 8)
        *slot = (struct sim_network_slot){.source_us = now_us, .is_paused = slot->is_paused};
    bool is_switch = stream >> 8 == before >> 8 && stream != before;
    slot->stream = stream;
    note_frame(watch, slot, media, is_switch, now_us);
    if (media->stamp.layer > 0 && !slot->is_full) {
        raise_to(&result->full_ms, now_us - slot->source_us);
        slot->is_full = true;
    }
    watch->top &= (uint16_t) ~(1u << media->slot);
    watch->top |= (uint16_t)((media->stamp.layer > 0) << media->slot);
    if (result->all_full_ms == 0 && watch->cameras && (watch->cameras & ~watch->top) == 0)
        raise_to(&result->all_full_ms, now_us - watch->stage_us);
    if (!is_switch)
        return;
    result->ups += stream > before;
    result->downs += stream < before;
    if (stream < before)
        return;
    bool has_settled = now_us - watch->stage_us >= FLAP_US;
    result->flaps += has_settled && slot->raised_us && now_us - slot->raised_us < FLAP_US;
    slot->raised_us = now_us;
}

void sim_network_note(struct sim_network_watch *watch, const struct sim_media *media,
                      enum core_kind kind, bool is_lost, int64_t now_us)
{
    struct sim_stage_result *result = &watch->results[watch->stage];
    int64_t since_us = now_us - watch->stage_us;
    bool is_video = kind != CORE_KIND_AUDIO && media->is_media && media->is_stamped &&
                    !media->is_rtx && !media->is_late;
    if (since_us >= ADAPTED_US && since_us < ADAPTED_END_US)
        result->early_bytes += media->wire_len;
    if (since_us >= LATE_US)
        result->adapted_bytes += media->wire_len;
    if (now_us >= watch->stage_end_us - LATE_US)
        result->late_bytes += media->wire_len;
    if (kind == CORE_KIND_AUDIO) {
        result->voices++;
        result->voices_lost += is_lost;
    }
    if (is_video && watch->is_all_paused) {
        watch->is_all_paused = false;
        result->back_ms = (uint32_t)(since_us / 1000);
    }
    if (is_video && kind == CORE_KIND_CAMERA)
        note_camera(watch, media, now_us);
}

/* Cameras make room for each other and for a screen, but never all of them. A beginning without any
   is that of the stage before. */
static void judge_darkness(const struct sim_network_watch *watch, struct sim_checks *checks)
{
    const struct sim_stage *stage = &watch->profile->stages[watch->stage];
    const struct sim_stage_result *result = &watch->results[watch->stage];
    bool begins_dark = watch->stage > 0 && stage[-1].down_bps < DARK_BPS;
    if (stage->down_bps >= DARK_BPS && !begins_dark && result->dark_ms > DARK_MS)
        sim_check_fail(checks, SIM_CHECK_NETWORK, watch->receiver,
                       "stage %u: %u ms without a frame of any camera", watch->stage,
                       result->dark_ms);
}

/* What took too long. */
static void judge_times(struct sim_network_watch *watch, struct sim_checks *checks)
{
    const struct sim_stage_result *result = &watch->results[watch->stage];
    if (watch->is_all_paused && watch->profile->stages[watch->stage].down_bps >= UNPAUSED_BPS)
        sim_check_fail(checks, SIM_CHECK_NETWORK, watch->receiver,
                       "stage %u: all video stays paused", watch->stage);
    if (result->back_ms > BACK_MS && watch->profile->stages[watch->stage].down_bps >= UNPAUSED_BPS)
        sim_check_fail(checks, SIM_CHECK_NETWORK, watch->receiver,
                       "stage %u: %u ms until there is video again", watch->stage, result->back_ms);
    /* Where the network carries no video at all, what still comes of it comes by chance; and when
       all of it comes back at once, key frames wait for each other. */
    if (watch->profile->stages[watch->stage].down_bps < VOICES_BPS || result->back_ms > 0)
        return;
    if (result->drain_ms > DRAIN_MS)
        sim_check_fail(checks, SIM_CHECK_NETWORK, watch->receiver,
                       "stage %u: %u ms between two frames after the change", watch->stage,
                       result->drain_ms);
    if (result->switch_gap_ms > GAP_MS)
        sim_check_fail(checks, SIM_CHECK_NETWORK, watch->receiver,
                       "stage %u: %u ms between two frames at a switch", watch->stage,
                       result->switch_gap_ms);
    if (result->wait_ms > WAIT_MS)
        sim_check_fail(checks, SIM_CHECK_NETWORK, watch->receiver,
                       "stage %u: %u ms between two frames", watch->stage, result->wait_ms);
    if (watch->stage == 0 && result->full_ms > FULL_MS)
        sim_check_fail(checks, SIM_CHECK_NETWORK, watch->receiver,
                       "stage %u: %u ms to the top layer", watch->stage, result->full_ms);
}

void sim_network_end(struct sim_network_watch *watch, unsigned paused, struct sim_checks *checks)
{
    struct sim_stage_result *result = &watch->results[watch->stage];
    uint64_t capacity_bps = watch->profile->stages[watch->stage].down_bps;
    uint64_t early_bps = result->early_bytes * 8 * S / (ADAPTED_END_US - ADAPTED_US);
    uint64_t late_bps = result->late_bytes * 8 * S / LATE_US;
    uint64_t usable_bps = capacity_bps < FULL_BPS ? capacity_bps : FULL_BPS;
    result->paused = paused;
    sim_network_see(watch, watch->stage_end_us);
    judge_times(watch, checks);
    judge_darkness(watch, checks);
    if (capacity_bps >= VOICES_BPS &&
        result->voices_lost * 1000000 > result->voices * VOICES_LOST_PPM)
        sim_check_fail(checks, SIM_CHECK_NETWORK, watch->receiver,
                       "stage %u: %" PRIu64 " of %" PRIu64 " packets of voices lost", watch->stage,
                       result->voices_lost, result->voices);
    if (capacity_bps >= VOICES_BPS && early_bps * 100 > capacity_bps * OVER_PCT)
        sim_check_fail(checks, SIM_CHECK_NETWORK, watch->receiver,
                       "stage %u: a second after the change %" PRIu64 " bit/s for %" PRIu64,
                       watch->stage, early_bps, capacity_bps);
    if (late_bps * 100 < usable_bps * USED_PCT)
        sim_check_fail(checks, SIM_CHECK_NETWORK, watch->receiver,
                       "stage %u: in the end %" PRIu64 " bit/s of %" PRIu64, watch->stage, late_bps,
                       usable_bps);
    if (result->flaps > 0)
        sim_check_fail(checks, SIM_CHECK_NETWORK, watch->receiver,
                       "stage %u: %u layers up and down again", watch->stage, result->flaps);
    if (paused > 0 && capacity_bps >= UNPAUSED_BPS)
        sim_check_fail(checks, SIM_CHECK_NETWORK, watch->receiver,
                       "stage %u: %u slots paused in the end", watch->stage, paused);
}
