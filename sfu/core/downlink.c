/* What is due to a receiver by now: switches of layer that wait, replays, paced. */
#include "sfu/core/allocate.h"
#include "sfu/core/engine_internal.h"

/* A replay may use so much of the budget: twenty kilobytes, a usual key frame, take 25 ms. */
#define REPLAY_SHARE_PCT  250
#define REPLAY_ELAPSED_US (2 * CORE_TICK_US) /* what was not used before is not caught up on */
#define BITS_US_PER_BYTE  8000000

static bool is_replaying(const struct core_participant *participant)
{
    for (unsigned i = 0; i < participant->slot_count; i++)
        if (participant->slots[i].replay_seq)
            return true;
    return false;
}

/* What the contract of two seconds leaves. */
static uint64_t replay_room(struct core_participant *participant, int64_t now_us)
{
    struct bwe_byte_window *window = &participant->sent_video;
    uint64_t limit_bytes = CORE_DOWNLINK_LIMIT_BPS / 8 * 2;
    if (participant->engine->config.is_unpoliced)
        return limit_bytes;
    bwe_byte_window_advance(window, now_us);
    uint64_t sent_bytes = bwe_byte_window_bytes(window, BWE_BYTE_WINDOW_SLICES);
    return sent_bytes < limit_bytes ? limit_bytes - sent_bytes : 0;
}

/* One slot after the other: the first picture is there sooner than all half of them. */
static void replay(struct core_participant *participant, int64_t now_us)
{
    int64_t elapsed_us = now_us - participant->replayed_us;
    if (!is_replaying(participant))
        return;
    elapsed_us = elapsed_us > REPLAY_ELAPSED_US ? REPLAY_ELAPSED_US : elapsed_us;
    uint64_t rate_bps = core_allocate_budget_bps(participant) * REPLAY_SHARE_PCT / 100;
    uint32_t bytes = (uint32_t)(rate_bps * (uint64_t)elapsed_us / BITS_US_PER_BYTE);
    uint64_t room_bytes = replay_room(participant, now_us);
    bytes = bytes > room_bytes ? (uint32_t)room_bytes : bytes;
    participant->replayed_us = now_us;
    /* What the pacer cannot send is better live later than old now. */
    if (core_pace_is_behind(participant))
        bytes = 0;
    for (unsigned i = 0; i < participant->slot_count && bytes > 0; i++) {
        uint32_t sent = core_slot_replay(&participant->slots[i], bytes, now_us);
        bytes -= sent < bytes ? sent : bytes;
    }
    if (is_replaying(participant))
        core_participant_wake(participant, now_us + CORE_TICK_US);
}

void core_downlink_advance(struct core_participant *participant, int64_t now_us)
{
    if (!transport_can_send(participant->transport))
        return;
    for (unsigned i = 0; i < participant->slot_count; i++) {
        core_slot_advance(&participant->slots[i], now_us);
        core_participant_wake(participant, core_slot_deadline(&participant->slots[i]));
    }
    replay(participant, now_us);
    core_estimate_advance(participant, now_us);
}
