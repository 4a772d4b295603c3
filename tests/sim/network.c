/* What a conference makes of a changing network, counted at the receiver's downlink. */
#include "tests/sim/network.h"

void sim_network_begin(struct sim_network_watch *watch, const struct sim_profile *profile,
                       unsigned stage, uint64_t receiver, int64_t now_us)
{
    watch->profile = profile;
    watch->stage = stage;
    watch->receiver = receiver;
    if (stage == 0)
        watch->begin_us = now_us;
    watch->stage_us = watch->seen_us = now_us;
    watch->stage_end_us = now_us + profile->stages[stage].for_us;
    watch->has_fitted = false;
    for (unsigned i = 0; i < CORE_SLOTS_MAX; i++) {
        watch->slots[i].raised_us = 0;
        watch->slots[i].flaps = 0;
        if (watch->slots[i].low_us)
            watch->slots[i].low_us = now_us;
    }
}

static void show(struct sim_network_slot *slot, uint64_t participant, int64_t now_us)
{
    if (slot->participant == participant)
        return;
    *slot = (struct sim_network_slot){.participant = participant};
    if (participant)
        slot->low_us = now_us;
}

void sim_network_report(struct sim_network_watch *watch, unsigned slot, enum core_kind kind,
                        const struct core_slot_report *report, int64_t now_us)
{
    struct sim_network_slot *at = &watch->slots[slot];
    if (kind != CORE_KIND_CAMERA)
        return;
    show(at, report->participant, now_us);
    at->is_paused = report->state != CORE_SLOT_LIVE;
    if (!at->is_paused)
        return;
    at->stream = 0;
    at->frame_us = 0;
    if (at->participant && !at->low_us)
        at->low_us = now_us;
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
    bool is_draining = now_us - watch->stage_us <= SIM_NETWORK_ADAPTED_US;
    uint32_t *most_ms = is_draining ? is_switch ? &result->drain_switch_ms : &result->drain_ms
                        : is_switch ? &result->switch_gap_ms
                                    : &result->wait_ms;
    if (is_new && slot->frame_us > 0)
        raise_to(most_ms, now_us - slot->frame_us);
    slot->frame = media->stamp.frame;
    slot->frame_us = slot->is_paused ? 0 : now_us;
}

static bool are_all_full(const struct sim_network_watch *watch)
{
    unsigned shown = 0;
    for (unsigned i = 0; i < CORE_SLOTS_MAX; i++) {
        shown += watch->slots[i].participant != 0;
        if (watch->slots[i].low_us)
            return false;
    }
    return shown > 0;
}

static void note_height(struct sim_network_watch *watch, struct sim_network_slot *slot, bool is_top,
                        int64_t now_us)
{
    struct sim_stage_result *result = &watch->results[watch->stage];
    if (is_top && slot->low_us)
        raise_to(&result->full_ms, now_us - slot->low_us);
    if (is_top)
        slot->low_us = 0;
    else if (!slot->low_us)
        slot->low_us = now_us;
    if (result->all_full_ms == 0 && are_all_full(watch))
        raise_to(&result->all_full_ms, now_us - watch->stage_us + 1000); /* 0 is never */
}

/* Which layer a slot gets: another one of the same source is a switch. */
static void note_camera(struct sim_network_watch *watch, const struct sim_media *media,
                        int64_t now_us)
{
    struct sim_network_slot *slot = &watch->slots[media->slot];
    struct sim_stage_result *result = &watch->results[watch->stage];
    show(slot, media->stamp.participant, now_us);
    uint64_t stream = sim_stamp_stream(&media->stamp), before = slot->stream;
    bool is_switch = before && stream != before;
    slot->stream = stream;
    note_frame(watch, slot, media, is_switch, now_us);
    note_height(watch, slot, media->stamp.layer > 0, now_us);
    if (!is_switch)
        return;
    result->ups += stream > before;
    result->downs += stream < before;
    if (stream < before)
        return;
    slot->flaps += slot->raised_us && now_us - slot->raised_us < SIM_NETWORK_FLAP_US;
    if (slot->flaps > result->flaps)
        result->flaps = slot->flaps;
    slot->raised_us = now_us;
}

static void note_bytes(struct sim_network_watch *watch, unsigned bytes, int64_t now_us)
{
    struct sim_stage_result *result = &watch->results[watch->stage];
    int64_t since_us = now_us - watch->stage_us;
    if (since_us >= SIM_NETWORK_ADAPTED_US && since_us < SIM_NETWORK_EARLY_US)
        result->early_bytes += bytes;
    if (since_us >= SIM_NETWORK_LATE_US)
        result->adapted_bytes += bytes;
    if (now_us >= watch->stage_end_us - SIM_NETWORK_LATE_US)
        result->late_bytes += bytes;
}

void sim_network_note(struct sim_network_watch *watch, const struct sim_media *media,
                      enum core_kind kind, bool is_lost, int64_t now_us)
{
    struct sim_stage_result *result = &watch->results[watch->stage];
    bool is_video = kind != CORE_KIND_AUDIO && media->is_media && media->is_stamped &&
                    !media->is_rtx && !media->is_late;
    bool is_first = now_us - watch->stage_us <= (watch->is_slow ? 2 : 1) * SIM_NETWORK_ADAPTED_US;
    note_bytes(watch, media->wire_len, now_us);
    if (kind == CORE_KIND_AUDIO) {
        result->voices++;
        result->voices_lost += is_lost;
        result->first_voices_lost += is_first && is_lost;
        watch->voice_bytes += media->wire_len;
    }
    if (is_video && watch->is_all_paused) {
        watch->is_all_paused = false;
        result->back_ms = (uint32_t)((now_us - watch->stage_us) / 1000);
    }
    if (is_video && kind == CORE_KIND_CAMERA)
        note_camera(watch, media, now_us);
}

bool sim_network_wants_fit(const struct sim_network_watch *watch)
{
    return watch->profile && !watch->has_fitted;
}

void sim_network_fit(struct sim_network_watch *watch, uint64_t target_bps, int64_t now_us)
{
    uint64_t elapsed_us = (uint64_t)(now_us - watch->begin_us) + 1;
    uint64_t voices_bps = watch->voice_bytes * 8000000 / elapsed_us;
    raise_to(&watch->results[watch->stage].fit_ms, now_us - watch->stage_us);
    watch->has_fitted = target_bps + voices_bps <= watch->profile->stages[watch->stage].down_bps;
}

void sim_network_end(struct sim_network_watch *watch, unsigned paused, struct sim_checks *checks)
{
    struct sim_stage_result *result = &watch->results[watch->stage];
    result->paused = paused;
    sim_network_see(watch, watch->stage_end_us);
    for (unsigned i = 0; i < CORE_SLOTS_MAX; i++)
        if (watch->slots[i].low_us)
            raise_to(&result->full_ms, watch->stage_end_us - watch->slots[i].low_us);
    sim_network_judge(watch, checks);
}
