/* What is due to a receiver by now: switches of layer that wait, replays, paced. */
#include "sfu/core/allocate.h"
#include "sfu/core/engine_internal.h"

/* A replay may use so much of the budget: twenty kilobytes, a usual key frame, take 25 ms. */
#define REPLAY_SHARE_PCT  250
#define REPLAY_ELAPSED_US (2 * CORE_TICK_US) /* what was not used before is not caught up on */
#define BITS_US_PER_BYTE  8000000
/* So much of the budget may be sent before its time: a base layer's frames, the second of a replay.
 */
#define AHEAD_US       500000
#define AHEAD_MAX_US   5000000
#define REPLAY_PERCENT 110 /* of the contract: its last packet may go over what is left */

static bool is_replaying(struct core_participant *participant)
{
    for (unsigned i = 0; participant->replaying >> i; i++) {
        if (participant->replaying >> i & 1 && participant->slots[i].replay_seq)
            return true;
        participant->replaying &= ~(1u << i);
    }
    return false;
}

static uint64_t room_of(struct bwe_byte_window *window, uint64_t limit_bps, int64_t now_us)
{
    bwe_byte_window_advance(window, now_us);
    uint64_t limit_bytes = limit_bps / 8 * 2;
    uint64_t sent_bytes = bwe_byte_window_bytes(window, BWE_BYTE_WINDOW_SLICES);
    return sent_bytes < limit_bytes ? limit_bytes - sent_bytes : 0;
}

uint64_t core_downlink_contract_room(struct core_participant *participant, unsigned percent,
                                     int64_t now_us)
{
    if (participant->engine->config.is_unpoliced)
        return UINT64_MAX;
    return room_of(&participant->sent_video, (uint64_t)BWE_CONTRACT_DOWN_BPS * percent / 100,
                   now_us);
}

static bool has_budget(const struct core_participant *participant)
{
    return participant->budget_bps <= UINT64_MAX / 1000;
}

uint64_t core_downlink_room(struct core_participant *participant, unsigned percent, int64_t now_us)
{
    uint64_t room = core_downlink_contract_room(participant, percent, now_us);
    if (!has_budget(participant))
        return room;
    uint64_t wire =
        room_of(&participant->sent_wire, participant->budget_bps * percent / 100, now_us);
    return wire < room ? wire : room;
}

bool core_downlink_has_room(struct core_participant *participant, unsigned percent,
                            uint32_t payload_bytes, int64_t now_us)
{
    return core_downlink_room(participant, percent, now_us) >=
           payload_bytes + BWE_PACKET_OVERHEAD_BYTES;
}

/* How far what is sent is ahead of the budget, as a time. */
static void note_ahead(struct core_participant *participant, uint32_t wire_bytes, int64_t now_us)
{
    int64_t *paid_us = &participant->paid_us;
    uint64_t cost_us = participant->budget_bps > 0
                           ? wire_bytes * (uint64_t)BITS_US_PER_BYTE / participant->budget_bps
                           : AHEAD_MAX_US;
    *paid_us = (*paid_us > now_us ? *paid_us : now_us) + (int64_t)cost_us;
    if (*paid_us > now_us + AHEAD_MAX_US)
        *paid_us = now_us + AHEAD_MAX_US;
}

void core_downlink_on_sent(struct core_participant *participant, uint32_t payload_bytes,
                           uint32_t wire_bytes, int64_t now_us)
{
    bwe_byte_window_advance(&participant->sent_video, now_us);
    bwe_byte_window_add(&participant->sent_video, payload_bytes);
    bwe_byte_window_advance(&participant->sent_wire, now_us);
    bwe_byte_window_add(&participant->sent_wire, wire_bytes);
    if (has_budget(participant))
        note_ahead(participant, wire_bytes, now_us);
}

bool core_downlink_is_ahead(const struct core_participant *participant, int64_t now_us)
{
    return has_budget(participant) && participant->paid_us - now_us > AHEAD_US;
}

/* What of the replays may be sent now. */
static uint32_t replay_bytes(struct core_participant *participant, int64_t now_us)
{
    int64_t elapsed_us = now_us - participant->replayed_us;
    elapsed_us = elapsed_us > REPLAY_ELAPSED_US ? REPLAY_ELAPSED_US : elapsed_us;
    uint64_t rate_bps = core_allocate_budget_bps(participant) * REPLAY_SHARE_PCT / 100;
    uint64_t bytes = rate_bps * (uint64_t)elapsed_us / BITS_US_PER_BYTE;
    uint64_t room_bytes = core_downlink_contract_room(participant, REPLAY_PERCENT, now_us);
    participant->replayed_us = now_us;
    if (participant->pace.is_pacing)
        bytes = core_pace_room(participant);
    return (uint32_t)(bytes > room_bytes ? room_bytes : bytes);
}

/* Of those that wait and are not in the mask: whose picture has stood still for the longest. */
static struct core_slot *next_replay(struct core_participant *participant, uint32_t served)
{
    struct core_slot *next = NULL;
    for (unsigned i = 0; i < participant->slot_count; i++) {
        struct core_slot *slot = &participant->slots[i];
        if (slot->replay_seq && !(served >> i & 1) &&
            (!next || (participant->pace.is_pacing && slot->last_sent_us < next->last_sent_us)))
            next = slot;
    }
    return next;
}

/* One slot after the other: the first picture is there sooner than all half of them. Where they
   wait for the network they take turns, so that none waits for all of the others. */
static void replay(struct core_participant *participant, int64_t now_us)
{
    if (!is_replaying(participant))
        return;
    uint32_t bytes = replay_bytes(participant, now_us), served = 0;
    struct core_slot *slot;
    while (bytes > 0 && (slot = next_replay(participant, served))) {
        uint32_t sent = core_slot_replay(slot, bytes, now_us);
        bytes -= sent < bytes ? sent : bytes;
        served |= 1u << (slot - participant->slots);
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

void core_downlink_estimate(struct core_participant *participant, int64_t now_us)
{
    if (transport_can_send(participant->transport))
        core_estimate_advance(participant, now_us);
}
