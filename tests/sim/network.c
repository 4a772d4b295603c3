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
#define UNPAUSED_BPS    2000000 /* with which nothing has to be paused */

void sim_network_begin(struct sim_network_watch *watch, const struct sim_profile *profile,
                       unsigned stage, uint64_t receiver, int64_t now_us)
{
    watch->profile = profile;
    watch->stage = stage;
    watch->receiver = receiver;
    watch->stage_us = now_us;
    watch->stage_end_us = now_us + profile->stages[stage].for_us;
    for (unsigned i = 0; i < CORE_SLOTS_MAX; i++)
        watch->slots[i].raised_us = 0;
}

/* Which layer a slot gets: another one of the same source is a switch. */
static void note_layer(struct sim_network_watch *watch, const struct sim_media *media,
                       int64_t now_us)
{
    struct sim_network_slot *slot = &watch->slots[media->slot];
    struct sim_stage_result *result = &watch->results[watch->stage];
    uint64_t stream = sim_stamp_stream(&media->stamp), before = slot->stream;
    slot->stream = stream;
    if (stream >> 8 != before >> 8) {
        slot->raised_us = 0;
        return;
    }
    result->ups += stream > before;
    result->downs += stream < before;
    if (stream <= before)
        return;
    bool has_settled = now_us - watch->stage_us >= FLAP_US;
    result->flaps += has_settled && slot->raised_us && now_us - slot->raised_us < FLAP_US;
    slot->raised_us = now_us;
}

void sim_network_note(struct sim_network_watch *watch, const struct sim_media *media, bool is_voice,
                      bool is_lost, int64_t now_us)
{
    struct sim_stage_result *result = &watch->results[watch->stage];
    int64_t since_us = now_us - watch->stage_us;
    if (since_us >= ADAPTED_US && since_us < ADAPTED_END_US)
        result->early_bytes += media->wire_len;
    if (now_us >= watch->stage_end_us - LATE_US)
        result->late_bytes += media->wire_len;
    if (is_voice) {
        result->voices++;
        result->voices_lost += is_lost;
    } else if (media->is_media && media->is_stamped && !media->is_late) {
        note_layer(watch, media, now_us);
    }
}

void sim_network_end(struct sim_network_watch *watch, unsigned paused, struct sim_checks *checks)
{
    struct sim_stage_result *result = &watch->results[watch->stage];
    uint64_t capacity_bps = watch->profile->stages[watch->stage].down_bps;
    uint64_t early_bps = result->early_bytes * 8 * S / (ADAPTED_END_US - ADAPTED_US);
    uint64_t late_bps = result->late_bytes * 8 * S / LATE_US;
    uint64_t usable_bps = capacity_bps < FULL_BPS ? capacity_bps : FULL_BPS;
    result->paused = paused;
    if (watch->max_gap_ms > GAP_MS)
        sim_check_fail(checks, SIM_CHECK_NETWORK, watch->receiver,
                       "stage %u: %u ms without a frame that the source sent", watch->stage,
                       watch->max_gap_ms);
    if (result->voices_lost * 1000000 > result->voices * VOICES_LOST_PPM)
        sim_check_fail(checks, SIM_CHECK_NETWORK, watch->receiver,
                       "stage %u: %" PRIu64 " of %" PRIu64 " packets of voices lost", watch->stage,
                       result->voices_lost, result->voices);
    if (early_bps * 100 > capacity_bps * OVER_PCT)
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

void sim_network_on_statistics(struct sim_network_watch *watch,
                               const struct core_statistics *statistics, const bool *is_camera)
{
    for (unsigned i = 0; i < CORE_SLOTS_MAX; i++)
        if (is_camera[i] && statistics->slots[i].max_gap_ms > watch->max_gap_ms)
            watch->max_gap_ms = statistics->slots[i].max_gap_ms;
}
