/*
 * Counting, and a ladder of what to drop. A rung is a highest rank and a highest temporal layer:
 *
 *   rung      0    1    2    3    4    5    6    7    8
 *   rank    all    2    2    1    1    1    0    0    0
 *   TID     all    1    0    2    1    0    2    1    0
 *
 * The smoothed rates of the ranks and temporal layers say which is the first rung that fits; a rung
 * that drops nothing of this source does not fit either, so it is passed over. Whatever the rung,
 * nothing passes that the window of what has passed has no room for: on the last rung, or before
 * the rates are known, that is what drops whole frames until the next key frame.
 */
#include "bwe/policer.h"

#include <string.h>

#include "bwe/remb.h"

#define SLICE_US      BWE_BYTE_WINDOW_SLICE_US
#define RUNG_LAST     (BWE_POLICER_LAYERS * BWE_POLICER_TEMPORALS - 1)
#define WINDOW_US     ((int64_t)SLICE_US * BWE_BYTE_WINDOW_SLICES)
#define SHORT_SLICES  5 /* 500 ms */
#define SHORT_PERCENT 200
#define FLOOD_PERCENT 350     /* over 500 ms: stopped before 115 % of 2 s have passed */
#define GRACE_US      2500000 /* the window's 2 s, and what REMB takes to work */
#define GRACE_PERCENT 150
#define MOST_PERCENT  165 /* of anything, also while policing is mild */
#define MILD_US       2000000
#define DEBT_SHARE    8        /* of the allowance: so little is no debt */
#define BURST_US      200000   /* how long a stalled link takes to empty itself */
#define RELAPSE_US    10000000 /* policed again so soon: twice the patience */

/* After so many slices of silence nothing is left to catch up with. */
#define SETTLED_SLICES (BWE_POLICER_HOLD_MAX_US / SLICE_US + 2 * BWE_BYTE_WINDOW_SLICES)

/* Smoothing of a class's rate, a slice at a time: over about 0.8 s. */
#define CLASS_WEIGHT 8

static int32_t full_allowance(const struct bwe_policer *policer)
{
    return (int32_t)(policer->contract_bps / 8); /* a second's worth */
}

void bwe_policer_init(struct bwe_policer *policer, uint32_t contract_bps, bool is_audio)
{
    memset(policer, 0, sizeof(*policer));
    policer->contract_bps = contract_bps;
    policer->is_audio = is_audio;
    policer->stall_us = BWE_POLICER_STALL_US;
    policer->hold_us = BWE_POLICER_HOLD_US;
    policer->allowance_bytes = full_allowance(policer);
    for (uint8_t layer = 0; layer < BWE_POLICER_LAYERS; layer++)
        policer->ranks[layer] = layer;
}

void bwe_policer_forget_layer(struct bwe_policer *policer, unsigned layer)
{
    memset(&policer->gates[layer], 0, sizeof(policer->gates[layer]));
    policer->frame_bytes[layer] = 0;
    policer->frame_peak_bytes[layer] = 0;
    policer->keyframe_bytes[layer] = 0;
    memset(&policer->headless[layer], 0, sizeof(policer->headless[layer]));
}

/* --- counting --------------------------------------------------------------------------------- */

static uint64_t percent_bps(const struct bwe_policer *policer, unsigned percent)
{
    return (uint64_t)policer->contract_bps * percent / 100;
}

static uint64_t long_mean_bps(const struct bwe_policer *policer, int64_t now_us)
{
    return bwe_byte_window_mean_bps(&policer->offered, BWE_BYTE_WINDOW_SLICES, now_us);
}

static uint64_t short_mean_bps(const struct bwe_policer *policer, int64_t now_us)
{
    return bwe_byte_window_mean_bps(&policer->offered, SHORT_SLICES, now_us);
}

static bool is_over_long(const struct bwe_policer *policer, int64_t now_us)
{
    return long_mean_bps(policer, now_us) > percent_bps(policer, BWE_CONTRACT_TOLERANCE_PERCENT);
}

static bool is_over_short(const struct bwe_policer *policer, int64_t now_us)
{
    return short_mean_bps(policer, now_us) > percent_bps(policer, SHORT_PERCENT);
}

/* Room in what has passed for so many bytes more. */
static bool has_room(const struct bwe_policer *policer, uint64_t bytes, unsigned percent)
{
    return bwe_byte_window_has_room(&policer->passed, percent_bps(policer, percent), bytes);
}

static void smooth_classes(struct bwe_policer *policer)
{
    if (policer->class_slices < CLASS_WEIGHT)
        policer->class_slices++; /* the first slices weigh more, so that a start is seen at once */
    for (unsigned rank = 0; rank < BWE_POLICER_LAYERS; rank++)
        for (unsigned tid = 0; tid < BWE_POLICER_TEMPORALS; tid++) {
            uint32_t *rate_bps = &policer->class_bps[rank][tid];
            uint64_t slice_bps = (uint64_t)policer->class_bytes[rank][tid] * 8000000 / SLICE_US;
            *rate_bps =
                (uint32_t)(((uint64_t)*rate_bps * (policer->class_slices - 1u) + slice_bps) /
                           policer->class_slices);
            policer->class_bytes[rank][tid] = 0;
        }
}

/* The allowance gets what the last 2 s left unused of 115 %, a slice's share, and pays for what
   they were above: by less than a packet, or while policing is mild. So all that passes in a long
   time is 115 %, and the allowance and one such debt once. What is dropped is not paid for. */
static void settle_allowance(struct bwe_policer *policer, int64_t now_us)
{
    int64_t limit_bytes = (int64_t)(percent_bps(policer, BWE_CONTRACT_TOLERANCE_PERCENT) * 2 / 8);
    int64_t unused_bytes = limit_bytes - (int64_t)policer->offered.sum_bytes;
    int64_t room_bytes = limit_bytes - (int64_t)policer->passed.sum_bytes;
    if (unused_bytes < 0 && policer->rung > 0)
        unused_bytes = now_us <= policer->mild_until_us && room_bytes < 0 ? room_bytes : 0;
    int64_t bytes = policer->allowance_bytes + unused_bytes / BWE_BYTE_WINDOW_SLICES;
    int32_t full_bytes = full_allowance(policer);
    policer->allowance_bytes = bytes < full_bytes ? (int32_t)bytes : full_bytes;
}

/* Returns how much of it the allowance has paid. */
static uint32_t pay(struct bwe_policer *policer, uint32_t bytes)
{
    if (policer->allowance_bytes <= 0)
        return 0;
    uint32_t left = (uint32_t)policer->allowance_bytes;
    uint32_t paid = bytes < left ? bytes : left;
    policer->allowance_bytes -= (int32_t)paid;
    return paid;
}

static unsigned temporal_of(const struct bwe_policer_packet *packet)
{
    unsigned tid = packet->frame.temporal_id;
    return tid < BWE_POLICER_TEMPORALS ? tid : BWE_POLICER_TEMPORALS - 1;
}

/* Returns how much of the packet counts against the contract: what the allowance does not pay. */
static uint32_t count_offered(struct bwe_policer *policer, const struct bwe_policer_packet *packet,
                              int64_t now_us)
{
    uint32_t bytes = packet->payload_bytes;
    bool is_keyframe = !policer->is_audio &&
                       bwe_frame_gate_is_keyframe(&policer->gates[packet->layer], &packet->frame);
    /* Key frames, and what a stall has held back, pay from the allowance. */
    if (is_keyframe || now_us < policer->stall_end_us)
        bytes -= pay(policer, bytes);
    bwe_byte_window_add(&policer->offered, bytes);
    struct bwe_headless *headless = &policer->headless[packet->layer];
    if (is_keyframe && packet->frame.is_frame_start) /* what came before it is paid for, too */
        bwe_byte_window_take(&policer->offered,
                             pay(policer, bwe_headless_take(headless, packet->frame.timestamp)));
    else if (!is_keyframe && !policer->is_audio)
        bwe_headless_note(headless, &packet->frame, bytes);
    /* A key frame is no rate: it would push the ladder about. */
    if (!is_keyframe)
        policer->class_bytes[packet->rank][temporal_of(packet)] += packet->payload_bytes;
    return bytes;
}

/* --- the ladder ------------------------------------------------------------------------------- */

static unsigned rung_rank(unsigned rung)
{
    return BWE_POLICER_LAYERS - 1 - rung / BWE_POLICER_TEMPORALS;
}

static unsigned rung_temporal(unsigned rung)
{
    return BWE_POLICER_TEMPORALS - 1 - rung % BWE_POLICER_TEMPORALS;
}

/* What would pass on a rung, by the smoothed rates. */
static uint64_t rung_bps(const struct bwe_policer *policer, unsigned rung)
{
    uint64_t sum_bps = 0;
    for (unsigned rank = 0; rank <= rung_rank(rung); rank++)
        for (unsigned tid = 0; tid <= rung_temporal(rung); tid++)
            sum_bps += policer->class_bps[rank][tid];
    return sum_bps;
}

/* The first that would do. */
static unsigned fitting_rung(const struct bwe_policer *policer)
{
    if (policer->is_audio)
        return 1;
    uint64_t all_bps = rung_bps(policer, 0);
    for (unsigned rung = 1; rung < RUNG_LAST; rung++) {
        uint64_t bps = rung_bps(policer, rung);
        if (bps <= policer->contract_bps && bps < all_bps)
            return rung;
    }
    return RUNG_LAST;
}

static unsigned wanted_rung(const struct bwe_policer *policer, int64_t now_us)
{
    return is_over_long(policer, now_us) || is_over_short(policer, now_us) ? fitting_rung(policer)
                                                                           : 0;
}

/* More is to be dropped. So soon after less was: have twice the patience before the next time. */
static void deepen(struct bwe_policer *policer, unsigned rung, int64_t now_us)
{
    bool is_relapse = policer->eased_us > 0 && now_us - policer->eased_us < RELAPSE_US;
    if (is_relapse)
        policer->hold_us *= 2;
    else if (policer->rung == 0)
        policer->hold_us = BWE_POLICER_HOLD_US;
    if (policer->hold_us > BWE_POLICER_HOLD_MAX_US)
        policer->hold_us = BWE_POLICER_HOLD_MAX_US;
    policer->rung = (uint8_t)rung;
    policer->better_us = 0;
}

static void begin_policing(struct bwe_policer *policer, int64_t now_us)
{
    bool is_short = is_over_short(policer, now_us);
    uint64_t counted_bps =
        is_short ? short_mean_bps(policer, now_us) : long_mean_bps(policer, now_us);
    uint64_t passed_bps =
        bwe_byte_window_mean_bps(&policer->passed, BWE_BYTE_WINDOW_SLICES, now_us);
    uint64_t measured_bps = counted_bps > passed_bps ? counted_bps : passed_bps;
    deepen(policer, fitting_rung(policer), now_us);
    bool has_mild = !policer->is_audio && !is_short &&
                    policer->allowance_bytes >= -full_allowance(policer) / DEBT_SHARE;
    policer->mild_until_us = has_mild ? now_us + MILD_US : 0;
    policer->has_excess = true;
    policer->excess.limit_bps = policer->contract_bps;
    policer->excess.measured_bps = measured_bps < UINT32_MAX ? (uint32_t)measured_bps : UINT32_MAX;
}

/* More when what is left is too much, less when that has fitted for long enough. */
static void review_rung(struct bwe_policer *policer, int64_t now_us)
{
    unsigned wanted = wanted_rung(policer, now_us);
    if (wanted >= policer->rung) {
        bool is_too_much =
            rung_bps(policer, policer->rung) > percent_bps(policer, BWE_CONTRACT_TOLERANCE_PERCENT);
        policer->better_us = 0;
        if (wanted > policer->rung && is_too_much)
            deepen(policer, wanted, now_us);
        return;
    }
    if (policer->better_us == 0)
        policer->better_us = now_us;
    if (now_us - policer->better_us < policer->hold_us)
        return;
    policer->rung = (uint8_t)wanted;
    policer->eased_us = now_us;
    policer->better_us = 0;
}

/* A key frame that was too large to pass may be followed by smaller ones: half the size in 18 s.
 */
static void forget_keyframes(struct bwe_policer *policer)
{
    for (unsigned layer = 0; layer < BWE_POLICER_LAYERS; layer++)
        if (policer->gates[layer].is_waiting)
            policer->keyframe_bytes[layer] -= policer->keyframe_bytes[layer] / 256;
}

static void pass_time(struct bwe_policer *policer, int64_t now_us)
{
    struct bwe_byte_window *offered = &policer->offered;
    int64_t slice = now_us / SLICE_US;
    if (policer->last_packet_us == 0) { /* time begins with the first packet */
        offered->slice = slice;
        policer->begun_us = now_us;
    }
    if (slice - offered->slice > SETTLED_SLICES)
        bwe_byte_window_advance(offered, (slice - SETTLED_SLICES) * SLICE_US);
    while (offered->slice < slice) {
        int64_t ended_us = (offered->slice + 1) * SLICE_US;
        bwe_byte_window_advance(offered, ended_us);
        bwe_byte_window_advance(&policer->passed, ended_us);
        if (has_room(policer, 0, BWE_CONTRACT_TOLERANCE_PERCENT))
            policer->within_us = ended_us;
        settle_allowance(policer, ended_us);
        smooth_classes(policer);
        forget_keyframes(policer);
        if (policer->rung > 0)
            review_rung(policer, ended_us);
    }
    bwe_byte_window_advance(&policer->passed, now_us);
}

/* --- what passes ------------------------------------------------------------------------------ */

/* Room for so many bytes more while policed. */
static bool has_policed_room(const struct bwe_policer *policer, uint64_t bytes, int64_t now_us)
{
    return has_room(policer, bytes,
                    now_us < policer->mild_until_us ? MOST_PERCENT
                                                    : BWE_CONTRACT_TOLERANCE_PERCENT);
}

/* Is this an encoder whose picture jumped, or somebody who sends what he likes? */
static bool has_grace(const struct bwe_policer *policer, bool is_long, int64_t now_us)
{
    bool is_lasting = now_us - policer->within_us >= GRACE_US;
    bool is_new = now_us - policer->begun_us < WINDOW_US; /* there were no 2 s yet */
    return !policer->is_audio && !(is_long && (is_lasting || is_new)) &&
           bwe_byte_window_mean_bps(&policer->passed, SHORT_SLICES, now_us) <=
               percent_bps(policer, FLOOD_PERCENT) &&
           has_room(policer, 0, GRACE_PERCENT);
}

/* The allowance pays for what was just counted, which is too much. @return whether it does */
static bool pay_grace(struct bwe_policer *policer, uint32_t bytes, bool is_long, int64_t now_us)
{
    if (!has_grace(policer, is_long, now_us) || policer->allowance_bytes < (int64_t)bytes)
        return false;
    policer->allowance_bytes -= (int32_t)bytes;
    bwe_byte_window_take(&policer->offered, bytes);
    return true;
}

/* Is a packet too much, of which so much counts? Then that is paid for, or policing begins. */
static void judge(struct bwe_policer *policer, const struct bwe_policer_packet *packet,
                  uint32_t counted_bytes, int64_t now_us)
{
    bool is_long = is_over_long(policer, now_us);
    if (is_long)
        policer->over_us = now_us;
    if (policer->rung > 0)
        return;
    bool is_most = !has_room(policer, packet->payload_bytes, MOST_PERCENT);
    bool is_over = is_long || is_over_short(policer, now_us);
    if (is_most || (is_over && !pay_grace(policer, counted_bytes, is_long, now_us)))
        begin_policing(policer, now_us);
}

/* Room for a key frame of a layer, and half a second of the contract after it. */
static bool has_keyframe_room(const struct bwe_policer *policer, unsigned layer, int64_t now_us)
{
    return has_policed_room(policer, policer->keyframe_bytes[layer] + policer->contract_bps / 16,
                            now_us);
}

static bool is_frame_allowed(const struct bwe_policer *policer,
                             const struct bwe_policer_packet *packet, int64_t now_us)
{
    const struct bwe_frame_packet *frame = &packet->frame;
    if (policer->rung == 0)
        return true;
    if (packet->rank > rung_rank(policer->rung) ||
        temporal_of(packet) > rung_temporal(policer->rung))
        return false;
    if (policer->gates[packet->layer].is_waiting)
        return has_keyframe_room(policer, packet->layer, now_us);
    /* The frame's size is not known yet: as large as the larger ones lately. */
    uint64_t bytes = frame->is_frame_start && frame->is_keyframe
                         ? policer->keyframe_bytes[packet->layer]
                         : policer->frame_peak_bytes[packet->layer];
    return has_policed_room(policer, bytes > packet->payload_bytes ? bytes : packet->payload_bytes,
                            now_us);
}

static void count_frame(struct bwe_policer *policer, const struct bwe_policer_packet *packet,
                        bool is_new)
{
    unsigned layer = packet->layer;
    if (is_new) {
        policer->frame_bytes[layer] = 0;
        policer->frame_peak_bytes[layer] -= policer->frame_peak_bytes[layer] / 16;
    }
    policer->frame_bytes[layer] += packet->payload_bytes;
    if (bwe_frame_gate_is_keyframe(&policer->gates[layer], &packet->frame))
        policer->keyframe_bytes[layer] = policer->frame_bytes[layer];
    else if (policer->frame_bytes[layer] > policer->frame_peak_bytes[layer])
        policer->frame_peak_bytes[layer] = policer->frame_bytes[layer];
}

/* One packet more than BWE_POLICER_PACKETS_PER_S lets pass, a second's worth at once. */
static bool take_packet(struct bwe_policer *policer, int64_t now_us)
{
    int64_t packet_us = 1000000 / BWE_POLICER_PACKETS_PER_S;
    if (policer->paced_us < now_us - 1000000)
        policer->paced_us = now_us - 1000000;
    if (policer->paced_us + packet_us > now_us)
        return false;
    policer->paced_us += packet_us;
    return true;
}

static bool passes_gate(struct bwe_policer *policer, const struct bwe_policer_packet *packet,
                        int64_t now_us)
{
    struct bwe_frame_gate *gate = &policer->gates[packet->layer];
    uint32_t newest = gate->newest;
    enum bwe_frame_state state = bwe_frame_gate_look(gate, &packet->frame);
    if (state == BWE_FRAME_NEW)
        bwe_frame_gate_begin(gate, &packet->frame, is_frame_allowed(policer, packet, now_us));
    bool is_newest = packet->frame.timestamp == gate->newest;
    if (is_newest)
        count_frame(policer, packet, gate->newest != newest);
    bool is_passing = state == BWE_FRAME_NEW ? gate->is_passing : state == BWE_FRAME_PASSES;
    bool is_refused =
        is_passing &&
        ((policer->rung > 0 && !has_policed_room(policer, packet->payload_bytes, now_us)) ||
         !take_packet(policer, now_us));
    if (is_refused) {
        /* Of a frame, or late of one that all the following refer to. */
        if (is_newest || temporal_of(packet) == 0)
            bwe_frame_gate_cut(gate);
        return false;
    }
    return is_passing;
}

/* Two slices' worth of the contract in two slices at most: thin, but even. */
static bool passes_audio(struct bwe_policer *policer, uint32_t bytes, int64_t now_us)
{
    uint64_t even_bytes = (uint64_t)policer->contract_bps / 8 * 2 * SLICE_US / 1000000;
    bool has_room =
        policer->rung == 0 || (bwe_byte_window_bytes(&policer->passed, 1) + bytes <= even_bytes &&
                               has_policed_room(policer, bytes, now_us));
    return has_room && take_packet(policer, now_us);
}

bool bwe_policer_passes(struct bwe_policer *policer, const struct bwe_policer_packet *packet,
                        int64_t now_us)
{
    pass_time(policer, now_us);
    if (policer->last_packet_us > 0 && now_us - policer->last_packet_us >= policer->stall_us)
        policer->stall_end_us = now_us + BURST_US;
    policer->last_packet_us = now_us;
    policer->ranks[packet->layer] = packet->rank;
    judge(policer, packet, count_offered(policer, packet, now_us), now_us);
    if (now_us < policer->mild_until_us && is_over_short(policer, now_us))
        policer->mild_until_us = 0;

    bool is_passed = policer->is_audio ? passes_audio(policer, packet->payload_bytes, now_us)
                                       : passes_gate(policer, packet, now_us);
    if (is_passed) {
        bwe_byte_window_add(&policer->passed, packet->payload_bytes);
    } else {
        policer->dropped_packets++;
        policer->dropped_bytes += packet->payload_bytes;
    }
    return is_passed;
}

bool bwe_policer_is_policing(const struct bwe_policer *policer)
{
    return policer->rung > 0;
}

bool bwe_policer_is_layer_dropped(const struct bwe_policer *policer, unsigned layer)
{
    return policer->rung > 0 && policer->ranks[layer] > rung_rank(policer->rung);
}

int64_t bwe_policer_over_us(const struct bwe_policer *policer)
{
    return policer->over_us;
}

bool bwe_policer_take_excess(struct bwe_policer *policer, struct bwe_policer_excess *excess)
{
    if (!policer->has_excess)
        return false;
    *excess = policer->excess;
    policer->has_excess = false;
    return true;
}

unsigned bwe_policer_wanted_keyframes(struct bwe_policer *policer, int64_t now_us)
{
    unsigned wanted = 0;
    pass_time(policer, now_us);
    for (unsigned layer = 0; layer < BWE_POLICER_LAYERS; layer++)
        if (policer->gates[layer].is_waiting &&
            (policer->rung == 0 || (policer->ranks[layer] <= rung_rank(policer->rung) &&
                                    has_keyframe_room(policer, layer, now_us))))
            wanted |= 1u << layer;
    return wanted;
}
