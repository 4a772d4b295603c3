/* Invariants of one outgoing stream. */
#include "tests/sim/tap.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bwe/remb.h"

#define AUDIO_HZ       48000
#define VIDEO_HZ       90000
#define WINDOW_US      2000000
#define CROSSING_BYTES 1200
#define REACTION_US    500000 /* a flood is policed within so long */
#define SLACK_US       400000 /* of a timestamp against the wall clock: jitter, an encoder's hiccup */
#define NEAR           600    /* numbers: as many as a source may lose at once and repair */
#define AWAY_EFFECT_US                                                                             \
    5000000 /* numbers given while there was no path to the receiver are left out */
#define LOSS_EFFECT_US                                                                             \
    2000000 /* a packet lost on the way to the server explains a jump so long                      \
             */

void sim_tap_init(struct sim_tap *tap, const struct core_slot_params *params, uint64_t participant,
                  uint32_t room)
{
    memset(tap, 0, sizeof(*tap));
    tap->params = *params;
    tap->participant = participant;
    tap->room = room;
}

void sim_tap_dispose(struct sim_tap *tap)
{
    free(tap->sent);
    tap->sent = NULL;
}

bool sim_check_ssrc(const struct sim_tap *tap, const struct sim_media *media,
                    struct sim_checks *checks)
{
    const struct core_slot_params *params = &tap->params;
    uint32_t ssrc = media->is_rtx ? params->rtx_ssrc : params->ssrc;
    int payload_type = media->is_rtx ? params->rtx_payload_type : params->payload_type;
    if (media->ssrc == ssrc && media->payload_type == payload_type)
        return true;
    sim_check_fail(checks, SIM_CHECK_SSRC, tap->participant,
                   "slot %s: SSRC %" PRIu32 " with payload type %u", params->mid, media->ssrc,
                   media->payload_type);
    return false;
}

bool sim_check_origin(const struct sim_tap *tap, const struct sim_media *media,
                      const struct sim_tap_source *source, struct sim_checks *checks)
{
    const struct sim_stamp *stamp = &media->stamp;
    if (source->is_hostile &&
        (!media->is_stamped || media->csrc / SIM_TAP_CSRCS == source->csrc / SIM_TAP_CSRCS))
        return true; /* its tracks are mixed up at its own cost */
    if (!media->is_stamped || !media->has_csrc || media->csrc != source->csrc) {
        sim_check_fail(checks, SIM_CHECK_PAYLOAD, tap->participant,
                       "slot %s: CSRC %" PRIu32 ", participant %u track %u layer %u packet %u: %s",
                       tap->params.mid, media->csrc, stamp->participant, stamp->track, stamp->layer,
                       stamp->packet,
                       media->is_stamped ? "which is not the source's" : "payload not as sent");
        return false;
    }
    if (stamp->room != tap->room || source->room != tap->room) {
        sim_check_fail(checks, SIM_CHECK_ROOM, tap->participant,
                       "slot %s in room %u: participant %u of room %u", tap->params.mid, tap->room,
                       stamp->participant, stamp->room);
        return false;
    }
    if (stamp->participant == tap->participant) {
        sim_check_fail(checks, SIM_CHECK_ONESELF, tap->participant, "slot %s", tap->params.mid);
        return false;
    }
    return true;
}

/* What was sent nearest below (step -1) or above (1) a number; NULL: nothing near. */
static const struct sim_tap_sent *neighbour(const struct sim_tap *tap, uint64_t ext_seq, int step)
{
    for (int i = 1; i < NEAR; i++) {
        uint64_t at = ext_seq + (uint64_t)(int64_t)(i * step);
        const struct sim_tap_sent *sent = &tap->sent[at % SIM_TAP_SENT];
        if (sent->ext_seq == at && sent->stream)
            return sent;
    }
    return NULL;
}

/* A number may have been left out (no path to the receiver then) and be filled by RTX alone: with a
   packet that belongs there. */
static bool fits_between(const struct sim_tap *tap, const struct sim_media *media, uint64_t ext_seq)
{
    uint64_t stream = sim_stamp_stream(&media->stamp);
    const struct sim_tap_sent *below = neighbour(tap, ext_seq, -1);
    const struct sim_tap_sent *above = neighbour(tap, ext_seq, 1);
    bool is_of_either = (below && below->stream == stream) || (above && above->stream == stream);
    return is_of_either &&
           (!below || below->stream != stream || below->packet < media->stamp.packet) &&
           (!above || above->stream != stream || above->is_key ||
            above->packet > media->stamp.packet);
}

static bool repeats(const struct sim_tap *tap, const struct sim_media *media, uint64_t ext_seq)
{
    const struct sim_tap_sent *sent = &tap->sent[ext_seq % SIM_TAP_SENT];
    if (sent->ext_seq > ext_seq)
        return true; /* forgotten by now */
    if (sent->ext_seq != ext_seq)
        return fits_between(tap, media, ext_seq);
    return sent->stream == sim_stamp_stream(&media->stamp) && sent->packet == media->stamp.packet &&
           sent->timestamp == media->timestamp && sent->picture_id == media->vp8.picture_id;
}

void sim_check_retransmission(const struct sim_tap *tap, const struct sim_media *media,
                              struct sim_checks *checks)
{
    uint64_t ext_seq = rtp_sequence_peek(&tap->sequence, media->seq);
    if (!tap->sent || !repeats(tap, media, ext_seq))
        sim_check_fail(checks, SIM_CHECK_RETRANSMISSION, tap->participant,
                       "slot %s: number %u is not packet %u of participant %u layer %u",
                       tap->params.mid, media->seq, media->stamp.packet, media->stamp.participant,
                       media->stamp.layer);
}

static bool is_same_stream(const struct sim_tap *tap, const struct sim_media *media)
{
    return sim_stamp_stream(&tap->last) == sim_stamp_stream(&media->stamp);
}

/* A replay from a cache: a key frame of before begins anew. */
static bool is_restart(const struct sim_tap *tap, const struct sim_media *media)
{
    const struct sim_stamp *stamp = &media->stamp;
    return is_same_stream(tap, media) && (stamp->flags & SIM_STAMP_KEY) &&
           (stamp->frame < tap->last.frame ||
            (stamp->frame == tap->last.frame && stamp->piece <= tap->last.piece));
}

/* Numbers after the newest packet that nothing was sent under, not even padding. */
static int64_t left_out(const struct sim_tap *tap, uint64_t ext_seq)
{
    int64_t count = 0;
    if (!tap->sent || ext_seq - tap->last_seq > SIM_TAP_SENT)
        return (int64_t)(ext_seq - tap->last_seq) - 1;
    for (uint64_t seq = tap->last_seq + 1; seq < ext_seq; seq++)
        count += tap->sent[seq % SIM_TAP_SENT].ext_seq != seq;
    return count;
}

void sim_check_sequence(const struct sim_tap *tap, const struct sim_media *media, uint64_t ext_seq,
                        const struct sim_tap_source *source, struct sim_checks *checks)
{
    int64_t out = (int64_t)(ext_seq - tap->last_seq);
    int64_t in = (int64_t)media->stamp.packet - (int64_t)tap->last.packet;
    if (!tap->has_last || out == 1 || source->is_hostile)
        return;
    int64_t left = out > 0 ? left_out(tap, ext_seq) : 0;
    bool has_cause = is_same_stream(tap, media) && (out > 0 ? in > left : in < 0);
    /* What is late may come after the source changed; then it stays where its source's are. */
    if (out < 0 && !is_same_stream(tap, media))
        has_cause = tap->sent && tap->sent[ext_seq % SIM_TAP_SENT].ext_seq != ext_seq;
    has_cause |= out > 0 && left == 0;
    /* Numbers are kept for what may still come, and are left out when the source changes. */
    has_cause |=
        out > 0 && (tap->is_last_hostile || checks->now_us - source->away_us < AWAY_EFFECT_US ||
                    source->previous_lost_us > tap->last_us - LOSS_EFFECT_US - SIM_PACED_US ||
                    source->previous_overtaken_us > tap->last_us - SIM_PACED_US);
    if (!has_cause)
        sim_check_fail(checks, SIM_CHECK_SEQUENCE, tap->participant,
                       "slot %s: %" PRId64 " numbers on, the source's packet is %" PRId64 " on",
                       tap->params.mid, out, in);
}

/* Numbers of a hostile source were left out: where its fields had got to is not known. */
static bool follows_unseen(const struct sim_tap *tap)
{
    return tap->is_last_hostile && !tap->is_whole;
}

void sim_check_timestamp(const struct sim_tap *tap, const struct sim_media *media,
                         const struct sim_tap_source *source, struct sim_checks *checks)
{
    int64_t rate_hz = tap->params.kind == CORE_KIND_AUDIO ? AUDIO_HZ : VIDEO_HZ;
    int32_t ticks = (int32_t)(media->timestamp - tap->last_timestamp);
    int64_t advance_us = ticks * INT64_C(1000000) / rate_hz;
    int64_t elapsed_us = checks->now_us - tap->last_us;
    bool is_same_frame = is_same_stream(tap, media) && !is_restart(tap, media) &&
                         media->stamp.frame == tap->last.frame;
    int64_t limit_us = elapsed_us + SLACK_US + source->queue_us;
    /* What was repaired late is followed by what was not: as far on as the source is. */
    int64_t captured_us = media->stamp.captured_us - tap->last.captured_us + 2000;
    if (tap->params.kind != CORE_KIND_AUDIO) /* made at the source's pace, the last one left late */
        limit_us += SIM_PACED_US;
    if (is_same_stream(tap, media) && captured_us > limit_us)
        limit_us = captured_us;
    if (!tap->has_last || source->is_hostile || follows_unseen(tap))
        return;
    if (is_same_frame ? ticks != 0 : ticks <= 0 || advance_us > limit_us)
        sim_check_fail(checks, SIM_CHECK_TIMESTAMP, tap->participant,
                       "slot %s: %" PRId64 " us on after %" PRId64 " us%s", tap->params.mid,
                       advance_us, elapsed_us, is_same_frame ? ", same frame" : "");
}

/* What the picture ids did, and what they may have done. */
static void fail_picture(const struct sim_tap *tap, const struct sim_media *media, int pictures,
                         int bases, struct sim_checks *checks)
{
    sim_check_fail(checks, SIM_CHECK_PICTURE, tap->participant,
                   "slot %s: frame %u of layer %u (temporal %u) after frame %u: "
                   "picture id %+d, TL0PICIDX %+d",
                   tap->params.mid, media->stamp.frame, media->stamp.layer, media->stamp.temporal,
                   tap->last.frame, pictures, bases);
}

void sim_check_picture(const struct sim_tap *tap, const struct sim_media *media,
                       const struct sim_tap_source *source, struct sim_checks *checks)
{
    const struct sim_stamp *stamp = &media->stamp;
    int pictures = (media->vp8.picture_id - tap->last_picture_id) & 0x7FFF;
    int bases = (uint8_t)(media->vp8.tl0_picture_index - tap->last_tl0);
    bool is_same = tap->has_last && is_same_stream(tap, media) && !is_restart(tap, media);
    bool is_key = stamp->flags & SIM_STAMP_KEY;
    if (source->is_hostile)
        return;
    if (!is_same && !(is_key && stamp->piece == 0))
        sim_check_fail(checks, SIM_CHECK_DECODABLE, tap->participant,
                       "slot %s: participant %u layer %u begins with frame %u, no key frame",
                       tap->params.mid, stamp->participant, stamp->layer, stamp->frame);
    if (!tap->has_last || follows_unseen(tap))
        return;
    if (is_same && stamp->frame == tap->last.frame) {
        if (pictures != 0 || bases != 0)
            fail_picture(tap, media, pictures, bases, checks);
        return;
    }
    /* Frames that the source lost on the way, or that were lost to us, leave a gap in these. */
    bool has_cause =
        is_same && (!tap->is_whole || checks->now_us - source->lost_us < LOSS_EFFECT_US);
    int frames = is_same ? (int)(stamp->frame - tap->last.frame) : 1;
    int bases_due = stamp->temporal == 0;
    /* How many pictures a source has lost that does not count them is a guess, by its pace, where
       it may have paused or only begun: a few too many leave a gap. */
    if (has_cause && source->is_uncounted && pictures > 0 && pictures < NEAR)
        return;
    if (has_cause ? pictures < 1 || pictures > frames || bases < bases_due || bases > frames
                  : pictures != 1 || bases != bases_due)
        fail_picture(tap, media, pictures, bases, checks);
}

/* Replays repeat what was counted. */
static bool is_counted(struct sim_tap *tap, const struct sim_stamp *stamp)
{
    struct sim_tap_counted *counted = &tap->counted[stamp->layer % CORE_LAYERS_MAX];
    uint64_t stream = sim_stamp_stream(stamp);
    if (counted->stream == stream && stamp->packet <= counted->packet)
        return true;
    *counted = (struct sim_tap_counted){stream, stamp->packet};
    return false;
}

/* What passed above 115 %, over the stretch of time that makes most of it: whatever a source
   alternates between, it is what 2 s may carry, the allowance and the mild start of policing
   (bwe/policer.h). */
static void check_policed_long(struct sim_tap *tap, const struct sim_media *media,
                               uint64_t rate_bps, int64_t arrived_us, uint32_t bytes,
                               struct sim_checks *checks)
{
    double second_bytes = (double)rate_bps / 8;
    double limit = second_bytes * (2 * 1.15 + 2.2) + CROSSING_BYTES;
    if (arrived_us > tap->excess_us) { /* repaired ones go back */
        tap->excess_bytes -= second_bytes * 1.15 * (double)(arrived_us - tap->excess_us) / 1e6;
        if (tap->excess_bytes < 0)
            tap->excess_bytes = 0;
        tap->excess_us = arrived_us;
    }
    tap->excess_bytes += bytes;
    if (tap->excess_bytes > limit)
        sim_check_fail(checks, SIM_CHECK_POLICER, tap->participant,
                       "slot %s: participant %u is %.0f bytes above 115 %%, of %.0f",
                       tap->params.mid, media->stamp.participant, tap->excess_bytes, limit);
}

void sim_check_policer(struct sim_tap *tap, const struct sim_media *media,
                       const struct sim_tap_source *source, struct sim_checks *checks)
{
    static const uint64_t contract_bps[CORE_KIND_COUNT] = {
        BWE_CONTRACT_AUDIO_BPS, BWE_CONTRACT_CAMERA_BPS, BWE_CONTRACT_SCREEN_BPS};
    if (tap->policed != media->stamp.participant) {
        tap->policed = media->stamp.participant;
        memset(&tap->window, 0, sizeof(tap->window));
        tap->excess_bytes = 0;
    }
    if (is_counted(tap, &media->stamp))
        return;
    /* By its arrival, as the policer counts: replays from a cache come faster than their source. */
    uint32_t payload_bytes = media->payload_len - source->grown_bytes;
    uint64_t bytes = sim_window_add(&tap->window, WINDOW_US / SIM_WINDOW_STEPS, source->arrived_us,
                                    payload_bytes);
    check_policed_long(tap, media, contract_bps[tap->params.kind], source->arrived_us,
                       payload_bytes, checks);
    uint64_t limit = contract_bps[tap->params.kind] * 115 / 100 * WINDOW_US / 8000000;
    /* What an honest source's network held back comes at once, and key frames are large: the
       policer's allowance, a second of the contract (bwe/policer.h), and the packet that crosses
       the line. Who floods has used it up. */
    if (source->over_us == INT64_MAX)
        limit += contract_bps[tap->params.kind] / 8 + CROSSING_BYTES;
    bool is_new = checks->now_us - source->over_us < WINDOW_US + REACTION_US;
    if (bytes > limit && !(source->over_us != INT64_MAX && is_new))
        sim_check_fail(checks, SIM_CHECK_POLICER, tap->participant,
                       "slot %s: %" PRIu64 " bytes of participant %u in 2 s, contract and 15 %%: "
                       "%" PRIu64,
                       tap->params.mid, bytes, media->stamp.participant, limit);
}

static void remember(struct sim_tap *tap, const struct sim_tap_sent *sent)
{
    if (tap->params.kind == CORE_KIND_AUDIO)
        return;
    if (!tap->sent)
        tap->sent = calloc(SIM_TAP_SENT, sizeof(*tap->sent));
    if (!tap->sent)
        abort();
    tap->sent[sent->ext_seq % SIM_TAP_SENT] = *sent;
}

static void remember_media(struct sim_tap *tap, const struct sim_media *media, uint64_t ext_seq)
{
    remember(tap, &(struct sim_tap_sent){.ext_seq = ext_seq,
                                         .stream = sim_stamp_stream(&media->stamp),
                                         .is_key = media->stamp.flags & SIM_STAMP_KEY,
                                         .packet = media->stamp.packet,
                                         .timestamp = media->timestamp,
                                         .picture_id = media->vp8.picture_id});
}

void sim_tap_padding(struct sim_tap *tap, uint16_t seq)
{
    remember(tap, &(struct sim_tap_sent){.ext_seq = rtp_sequence_unwrap(&tap->sequence, seq)});
}

static void advance(struct sim_tap *tap, const struct sim_media *media, uint64_t ext_seq,
                    int64_t now_us)
{
    bool is_new_frame = !is_same_stream(tap, media) || media->stamp.frame != tap->last.frame;
    if (is_new_frame || !tap->has_last)
        tap->is_whole = true;
    if (!tap->has_last || media->timestamp != tap->last_timestamp)
        tap->last_us = now_us;
    tap->has_last = true;
    tap->last_seq = ext_seq;
    tap->last_timestamp = media->timestamp;
    tap->last = media->stamp;
    tap->last_picture_id = media->vp8.picture_id;
    tap->last_tl0 = media->vp8.tl0_picture_index;
}

void sim_tap_packet(struct sim_tap *tap, const struct sim_media *media,
                    const struct sim_tap_source *source, struct sim_checks *checks)
{
    if (!sim_check_ssrc(tap, media, checks) || !sim_check_origin(tap, media, source, checks))
        return;
    if (media->is_rtx) {
        tap->retransmitted++;
        if (media->is_stamped && !source->is_hostile)
            sim_check_retransmission(tap, media, checks);
        if (media->is_stamped)
            remember_media(tap, media, rtp_sequence_peek(&tap->sequence, media->seq));
        return;
    }
    uint64_t ext_seq = rtp_sequence_unwrap(&tap->sequence, media->seq);
    tap->packets++;
    tap->bytes += media->payload_len;
    if (!media->is_stamped) { /* a hostile source's: its own numbers are unknown */
        tap->has_last = false;
        return;
    }
    sim_check_sequence(tap, media, ext_seq, source, checks);
    sim_check_policer(tap, media, source, checks);
    if (!tap->has_last || ext_seq > tap->last_seq) {
        tap->is_whole &= ext_seq == tap->last_seq + 1;
        sim_check_timestamp(tap, media, source, checks);
        if (tap->params.kind != CORE_KIND_AUDIO)
            sim_check_picture(tap, media, source, checks);
        advance(tap, media, ext_seq, checks->now_us);
        tap->is_last_hostile = source->is_hostile;
    }
    remember_media(tap, media, ext_seq);
}
