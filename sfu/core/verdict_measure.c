/* What two snapshots say of the way from a sender to a receiver, leg by leg. */
#include "sfu/core/verdict.h"

#define US_PER_MS 1000.0
/* A key frame that is asked for while more than this is missing is the network's. */
#define LOSSLESS .02
/* Fewer than so many tell nothing of a share. */
#define PACKETS_MIN 25 /* in a second; a voice that is silent sends a few */
#define FRAMES_MIN  5
/* What a report said holds until the next one is due: a voice's come every 7.5 s at the latest, one
   may be lost, and a voice that is silent needs several for PACKETS_MIN. */
#define LOSS_HOLDS_S 10
/* A report that covers nothing new says that nothing came; no report says so only after so long:
   one of a voice's may be lost. */
#define REPORT_DUE_S 16
/* Of who sends all the time: its way to the server is dead, so reports do not come either. */
#define DEAF_US 1000000

/* What a counter grew by; a stream that began anew begins at 0. */
static double growth(uint64_t now, const uint64_t *before)
{
    return (double)(before && *before <= now ? now - *before : now);
}

#define GROWTH(pair, field)                                                                        \
    growth((pair)->now->field, (pair)->before ? &(pair)->before->field : NULL)

static double share(double part, double whole, double least)
{
    if (whole < least)
        return CORE_EVIDENCE_UNKNOWN;
    return part <= 0 ? 0 : part / whole;
}

static double milliseconds(uint64_t us)
{
    return us == CORE_STATISTIC_UNKNOWN ? CORE_EVIDENCE_UNKNOWN : (double)us / US_PER_MS;
}

static void clear(struct core_evidences *out)
{
    for (unsigned i = 0; i < CORE_EVIDENCE_COUNT; i++)
        out->values[i] = CORE_EVIDENCE_UNKNOWN;
}

static unsigned count_bits(unsigned bits)
{
    unsigned count = 0;
    for (; bits; bits &= bits - 1)
        count++;
    return count;
}

/* It is sent, and has been since the earlier snapshot or longer: a difference to nothing would take
   what was sent before it was first seen for lost. */
static bool is_steady(const struct core_verdict_pair *sender, unsigned track, unsigned layer)
{
    return sender->now->live_layers[track] & sender->before->seen_layers[track] & 1u << layer;
}

/* What is lost of all layers that are sent. */
static void measure_loss(const struct core_verdict_pair *sender, unsigned track,
                         struct core_evidences *out)
{
    double expected = 0, packets = 0, delivered = 0, policed = 0, jitter_ms = CORE_EVIDENCE_UNKNOWN;
    for (unsigned l = 0; l < CORE_LAYERS_MAX; l++) {
        if (!is_steady(sender, track, l))
            continue;
        double layer_jitter_ms = milliseconds(sender->now->layers[track][l].jitter_us);
        expected += GROWTH(sender, layers[track][l].expected);
        packets += GROWTH(sender, layers[track][l].packets);
        delivered += GROWTH(sender, layers[track][l].delivered);
        policed += GROWTH(sender, layers[track][l].policed_packets);
        jitter_ms = layer_jitter_ms > jitter_ms ? layer_jitter_ms : jitter_ms;
    }
    out->values[CORE_EVIDENCE_UPLINK_LOSS] = share(expected - packets, expected, PACKETS_MIN);
    out->values[CORE_EVIDENCE_UPLINK_RESIDUAL_LOSS] =
        share(expected - delivered, expected, PACKETS_MIN);
    out->values[CORE_EVIDENCE_POLICED] = share(policed, packets, PACKETS_MIN);
    out->values[CORE_EVIDENCE_UPLINK_JITTER] = jitter_ms;
}

/* A layer that the server drops is the policer's, not the uplink's. */
static double stopped_layers(const struct core_verdict_pair *sender, unsigned track)
{
    unsigned seen = sender->now->seen_layers[track], live = sender->now->live_layers[track];
    if (live == 0 || sender->now->tracks[track].policer_rung > 0)
        return CORE_EVIDENCE_UNKNOWN;
    return (double)count_bits(seen & ~live) / count_bits(seen);
}

static double silence_ms(const struct core_statistics *sender, unsigned track)
{
    return sender->sending_tracks & 1u << track ? milliseconds(sender->uplink.silent_us)
                                                : CORE_EVIDENCE_UNKNOWN;
}

void core_verdict_measure_uplink(const struct core_verdict_pair *sender, unsigned track,
                                 const struct core_verdict_server *server,
                                 struct core_evidences *out)
{
    clear(out);
    if (sender->now->seen_layers[track] == 0)
        return;
    out->values[CORE_EVIDENCE_UPLINK_SILENCE] = silence_ms(sender->now, track);
    out->values[CORE_EVIDENCE_SERVER_RECEIVE_DROPS] = server->receive_drops;
    if (!sender->before)
        return;
    measure_loss(sender, track, out);
    out->values[CORE_EVIDENCE_UPLINK_LAYERS] = stopped_layers(sender, track);
    out->values[CORE_EVIDENCE_UPLINK_RTT] = milliseconds(sender->now->downlink.rtt_us);
    out->values[CORE_EVIDENCE_SERVER_DELAY] = server->delay_p99_ms;
}

/* Of what the video slots would take at their best, the part that they cannot have. */
static double shortage(const struct core_downlink_statistics *downlink)
{
    if (downlink->budget_bps == CORE_STATISTIC_UNKNOWN ||
        downlink->wanted_bps == CORE_STATISTIC_UNKNOWN || downlink->wanted_bps == 0)
        return CORE_EVIDENCE_UNKNOWN;
    if (downlink->budget_bps >= downlink->wanted_bps)
        return 0;
    return 1 - (double)downlink->budget_bps / (double)downlink->wanted_bps;
}

/* The sender's loss since the reports before; of this second, too: they tell of what was sent
   before. */
static double mean_upstream(const struct core_verdict_coverage *coverage)
{
    return coverage->upstream_s ? coverage->upstream / coverage->upstream_s : 0;
}

static void begin_coverage(const struct core_slot_statistics *slot,
                           struct core_verdict_coverage *coverage)
{
    coverage->is_begun = true;
    coverage->expected = slot->expected;
    coverage->delivered = slot->delivered;
    coverage->loss = CORE_EVIDENCE_UNKNOWN;
}

/* The loss that the newest reports tell, once they tell of enough: they count what never left the
   sender, too. */
static void cover_loss(const struct core_slot_statistics *slot, double upstream,
                       struct core_verdict_coverage *coverage)
{
    double expected = growth(slot->expected, &coverage->expected);
    double delivered = growth(slot->delivered, &coverage->delivered);
    double lost = share(expected - delivered, expected, PACKETS_MIN);
    if (upstream >= 0) {
        coverage->upstream += upstream;
        coverage->upstream_s++;
    }
    if (lost >= 0) {
        double beyond = lost - mean_upstream(coverage);
        begin_coverage(slot, coverage);
        coverage->loss = beyond > 0 ? beyond : 0;
        coverage->age_s = 0;
        coverage->upstream = upstream >= 0 ? upstream : 0;
        coverage->upstream_s = upstream >= 0;
    } else if (++coverage->age_s > LOSS_HOLDS_S)
        coverage->loss = CORE_EVIDENCE_UNKNOWN;
}

/* How long what is sent has not been covered by reports, in seconds in which something was. */
static void cover_silence(const struct core_verdict_pair *receiver, unsigned slot,
                          struct core_verdict_coverage *coverage)
{
    if (GROWTH(receiver, slots[slot].expected) > 0) {
        coverage->uncovered_s = 0;
        coverage->is_denied = false;
    } else if (GROWTH(receiver, slots[slot].packets) > 0) {
        coverage->is_denied |=
            coverage->uncovered_s > 0 && GROWTH(receiver, slots[slot].reports) > 0;
        coverage->uncovered_s++;
    }
}

static double downlink_silence_ms(const struct core_statistics *receiver, unsigned slot,
                                  const struct core_verdict_coverage *coverage)
{
    bool is_deaf = receiver->sending_tracks != 0 && receiver->uplink.silent_us >= DEAF_US;
    if (receiver->slots[slot].expected == 0 || is_deaf)
        return CORE_EVIDENCE_UNKNOWN;
    return coverage->is_denied || coverage->uncovered_s > REPORT_DUE_S
               ? 1000.0 * coverage->uncovered_s
               : 0;
}

static void measure_downlink(const struct core_verdict_pair *receiver, unsigned slot,
                             struct core_verdict_coverage *coverage, struct core_evidences *out)
{
    if (!coverage->is_begun)
        begin_coverage(&receiver->before->slots[slot], coverage);
    cover_loss(&receiver->now->slots[slot], out->values[CORE_EVIDENCE_UPLINK_LOSS], coverage);
    cover_silence(receiver, slot, coverage);
    out->values[CORE_EVIDENCE_DOWNLINK_LOSS] = coverage->loss;
    out->values[CORE_EVIDENCE_DOWNLINK_SILENCE] =
        downlink_silence_ms(receiver->now, slot, coverage);
    out->values[CORE_EVIDENCE_DOWNLINK_JITTER] = milliseconds(receiver->now->slots[slot].jitter_us);
    out->values[CORE_EVIDENCE_DOWNLINK_RTT] = milliseconds(receiver->now->downlink.rtt_us);
    out->values[CORE_EVIDENCE_SERVER_DROPS] = share(
        GROWTH(receiver, downlink.send_failures),
        GROWTH(receiver, downlink.packets) + GROWTH(receiver, downlink.send_failures), PACKETS_MIN);
}

/* Known to be so: who asks for a key frame when nothing is known of the way may have a reason. */
static bool is_lossless(const struct core_evidences *evidences)
{
    static const enum core_evidence losses[] = {
        CORE_EVIDENCE_UPLINK_LOSS,          CORE_EVIDENCE_DOWNLINK_LOSS,
        CORE_EVIDENCE_SERVER_DROPS,         CORE_EVIDENCE_SERVER_SEND_DROPS,
        CORE_EVIDENCE_SERVER_RECEIVE_DROPS, CORE_EVIDENCE_POLICED};
    for (unsigned i = 0; i < sizeof(losses) / sizeof(losses[0]); i++)
        if (evidences->values[losses[i]] < 0 || evidences->values[losses[i]] >= LOSSLESS)
            return false;
    return true;
}

static void measure_client(const struct core_verdict_second *second, unsigned slot,
                           struct core_evidences *out)
{
    const struct core_verdict_pair *receiver = &second->pair;
    const struct core_verdict_decoding *decoding = &second->decodings[slot];
    double seconds = (double)(receiver->now->at_us - receiver->before->at_us) / 1e6;
    if (seconds > 0 && is_lossless(out))
        out->values[CORE_EVIDENCE_CLIENT_KEYFRAMES] = GROWTH(receiver, slots[slot].plis) / seconds;
    if (decoding->is_known)
        out->values[CORE_EVIDENCE_CLIENT_UNDECODED] =
            share((double)decoding->frames_received - (double)decoding->frames_decoded,
                  decoding->frames_received, FRAMES_MIN);
}

void core_verdict_measure_slot(const struct core_verdict_second *second, unsigned slot,
                               struct core_verdict_coverage *coverage, struct core_evidences *out)
{
    const struct core_verdict_pair *receiver = &second->pair;
    const struct core_verdict_source *source = &second->sources[slot];
    const struct core_slot_report *report = &receiver->now->reports[slot];
    bool is_paused = report->state == CORE_SLOT_PAUSED;
    bool is_starved = is_paused && report->pause == CORE_PAUSE_BANDWIDTH;
    bool is_sourceless = is_paused && report->pause == CORE_PAUSE_SOURCE;
    clear(out);
    if (report->participant == 0 || (report->state != CORE_SLOT_LIVE && !is_starved)) {
        if ((report->participant == 0 || is_sourceless) && source->pair.now)
            out->values[CORE_EVIDENCE_UPLINK_SILENCE] = silence_ms(source->pair.now, source->track);
        *coverage = (struct core_verdict_coverage){.is_begun = false};
        return;
    }
    if (source->pair.now)
        core_verdict_measure_uplink(&source->pair, source->track, &second->server, out);
    if (report->height > 0 || is_starved)
        out->values[CORE_EVIDENCE_DOWNLINK_SHORT] =
            is_starved ? 1 : shortage(&receiver->now->downlink);
    if (!receiver->before)
        return;
    out->values[CORE_EVIDENCE_SERVER_SEND_DROPS] = second->server.send_drops;
    measure_downlink(receiver, slot, coverage, out);
    measure_client(second, slot, out);
    if (coverage->loss >= 0 && coverage->age_s > 0)
        out->values[CORE_EVIDENCE_DOWNLINK_LOSS] = CORE_EVIDENCE_HELD;
}
