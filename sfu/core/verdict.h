/*
 * Why a picture or a voice is bad: quality and cause of what a participant sends and of what comes
 * through each of its slots (protocol.md, section 4), with the number that decided.
 *
 * Three steps, each pure. core_verdict_measure() makes numbers of two snapshots of the one who
 * receives and of the one who sends: shares, delays, each as a badness, the higher the worse.
 * core_verdict_decide() holds them against the limits of one table: the worst counts, of equals the
 * one nearest to the source, since what is lost there is missing everywhere after it.
 * core_verdict_follow() smooths numbers over a few seconds and keeps a verdict that flickers still.
 */
#ifndef IRIS_CORE_VERDICT_H
#define IRIS_CORE_VERDICT_H

#include "sfu/core/message.h"
#include "sfu/core/statistics.h"

enum core_quality { CORE_QUALITY_GOOD, CORE_QUALITY_FAIR, CORE_QUALITY_POOR };

enum core_cause {
    CORE_CAUSE_NONE,
    CORE_CAUSE_PUBLISHER_UPLINK,
    CORE_CAUSE_SERVER,
    CORE_CAUSE_DOWNLINK,
    CORE_CAUSE_POLICY,
    CORE_CAUSE_CLIENT,
};

/*
 * The numbers, in the order in which equals are preferred: name, cause, unit, from where on the
 * quality is fair, from where on poor, what it says. A share is 0-1.
 */
#define CORE_EVIDENCE(X)                                                                           \
    X(POLICED, "policed", POLICY, SHARE, .01, .10,                                                 \
      "of what the sender sent, the part over its contract that was dropped")                      \
    X(SERVER_DROPS, "server_drops", SERVER, SHARE, .003, .03,                                      \
      "of the packets to this receiver, those that the server could not send")                     \
    X(SERVER_RECEIVE_DROPS, "server_receive_drops", SERVER, SHARE, .003, .03,                      \
      "of the packets to the worker, those that found its receive buffer full")                    \
    X(SERVER_SEND_DROPS, "server_send_drops", SERVER, SHARE, .003, .03,                            \
      "of the packets of the worker, those that the kernel did not take")                          \
    X(SERVER_DELAY, "server_delay_ms", SERVER, MS, 50, 200,                                        \
      "in the server, from receiving to sending, the 99th percentile")                             \
    X(UPLINK_SILENCE, "uplink_silence_ms", PUBLISHER_UPLINK, MS, 700, 2000,                        \
      "since anything came from the sender")                                                       \
    X(UPLINK_RESIDUAL_LOSS, "uplink_residual_loss", PUBLISHER_UPLINK, SHARE, .03, .10,             \
      "of what the sender sent, what retransmission did not repair either")                        \
    X(UPLINK_LOSS, "uplink_loss", PUBLISHER_UPLINK, SHARE, .04, .15,                               \
      "of what the sender sent, what was lost before repair")                                      \
    X(UPLINK_LAYERS, "uplink_layers_stopped", PUBLISHER_UPLINK, SHARE, .01, 1,                     \
      "of the simulcast layers that the sender sent, those that it stopped")                       \
    X(UPLINK_JITTER, "uplink_jitter_ms", PUBLISHER_UPLINK, MS, 60, 200,                            \
      "of the arrival of the sender's packets (RFC 3550, A.8)")                                    \
    X(UPLINK_RTT, "uplink_rtt_ms", PUBLISHER_UPLINK, MS, 400, 800,                                 \
      "round trip between the server and the sender")                                              \
    X(DOWNLINK_SILENCE, "downlink_silence_ms", DOWNLINK, MS, 2000, 4000,                           \
      "since the receiver reported that anything came, while something was sent to it")            \
    X(DOWNLINK_SHORT, "downlink_short", DOWNLINK, SHARE, .15, .60,                                 \
      "of what the receiver's slots would need, the part that its network does not carry")         \
    X(DOWNLINK_LOSS, "downlink_loss", DOWNLINK, SHARE, .04, .15,                                   \
      "of what was sent to the receiver, what it reports lost, the sender's loss aside")           \
    X(DOWNLINK_JITTER, "downlink_jitter_ms", DOWNLINK, MS, 60, 200,                                \
      "of the arrival at the receiver, as it reports")                                             \
    X(DOWNLINK_RTT, "downlink_rtt_ms", DOWNLINK, MS, 400, 800,                                     \
      "round trip between the server and the receiver")                                            \
    X(CLIENT_UNDECODED, "client_undecoded", CLIENT, SHARE, .15, .50,                               \
      "of the frames sent to the receiver, those that it did not decode, as it reports")           \
    X(CLIENT_KEYFRAMES, "client_keyframe_requests", CLIENT, PER_S, .30, 1,                         \
      "key frames that the receiver asks for though hardly anything is lost")

enum core_evidence {
#define X(symbol, name, cause, unit, fair, poor, help) CORE_EVIDENCE_##symbol,
    CORE_EVIDENCE(X)
#undef X
        CORE_EVIDENCE_COUNT
};

#define CORE_EVIDENCE_UNKNOWN (-1.0)
#define CORE_EVIDENCE_HELD    (-2.0) /* nothing new: what was known of it holds */

/* One number each; CORE_EVIDENCE_UNKNOWN and HELD count as good where they decide at once. */
struct core_evidences {
    double values[CORE_EVIDENCE_COUNT];
};

struct core_verdict {
    enum core_quality quality;
    enum core_cause cause;       /* NONE if and only if it is good */
    enum core_evidence evidence; /* the number that decided; if it is good, nothing */
    double value, limit;         /* of it, and what it was held against */
};

/** Name, unit and meaning of a number, for people and machines. */
const char *core_evidence_name(enum core_evidence evidence);
enum core_unit core_evidence_unit(enum core_evidence evidence);
const char *core_evidence_help(enum core_evidence evidence);
enum core_cause core_evidence_cause(enum core_evidence evidence);

/** From where on it makes the quality this, fair or poor. */
double core_evidence_limit(enum core_evidence evidence, enum core_quality quality);

/** The words of the protocol: "fair", "publisher_uplink". */
const char *core_quality_name(enum core_quality quality);
const char *core_cause_name(enum core_cause cause);

/** Which number decides. */
struct core_verdict core_verdict_decide(const struct core_evidences *evidences);

/* Two snapshots of a participant, about a second apart; before NULL: there is only one. */
struct core_verdict_pair {
    const struct core_statistics *now, *before;
};

/* What a client says of its own decoding of one slot, since it last said so. */
struct core_verdict_decoding {
    bool is_known;
    uint32_t frames_decoded, frames_received;
};

/* The server's own part, the same for everyone on a worker. */
struct core_verdict_server {
    double delay_p99_ms;  /* CORE_EVIDENCE_UNKNOWN, as the others */
    double receive_drops; /* of what reached the machine, the part that the kernel dropped */
    double send_drops;    /* of what the worker sent, the part that the kernel did not take */
};

/**
 * What a participant sends, whoever receives it: the numbers of the uplink. Silence is held
 * against what was sent until nothing came at all, not against a track that ended or is muted.
 *
 * @param track  of the sender's; what it never sent is not judged
 */
void core_verdict_measure_uplink(const struct core_verdict_pair *sender, unsigned track,
                                 const struct core_verdict_server *server,
                                 struct core_evidences *out);

/* Who sends what a slot shows; now NULL: nobody, or not known. */
struct core_verdict_source {
    struct core_verdict_pair pair;
    unsigned track;
};

/** What is known of a participant, for a second. */
struct core_verdict_pair core_verdict_pair_of(const struct core_snapshots *snapshots);

/**
 * A sender's track as a source.
 *
 * @param tracks  of its join, as many as its snapshots have; those outlive the source
 * @param csrc    of the track; now NULL if it has none of this name
 */
struct core_verdict_source core_verdict_source_of(const struct core_snapshots *sender,
                                                  const struct core_track_params *tracks,
                                                  uint32_t csrc);

/* A second of a participant. */
struct core_verdict_second {
    struct core_verdict_pair pair;
    struct core_verdict_source sources[CORE_SLOTS_MAX];
    struct core_verdict_decoding decodings[CORE_SLOTS_MAX];
    struct core_verdict_server server;
};

/*
 * What the receiver's reports say of a slot, kept over the seconds that have none: browsers report
 * on video every 0.5 to 1.5 s, on a voice every 2.5 to 7.5 s. Start with zeroes.
 */
struct core_verdict_coverage {
    bool is_begun;
    uint64_t expected, delivered; /* of the reports that `loss` was last made of */
    double upstream;              /* the sender's loss since then, a sum of seconds */
    unsigned upstream_s;          /* of so many */
    double loss;                  /* the sender's aside; CORE_EVIDENCE_UNKNOWN */
    unsigned age_s;               /* of it */
    unsigned uncovered_s;         /* something was sent, no report says that anything came */
    bool is_denied;               /* a report says that nothing did */
};

/**
 * What comes through a slot: the numbers of the way from the sender to the receiver. Those of a
 * slot that is paused because of a layout or a mute are all unknown; where nothing comes from the
 * source, be the slot paused or idle for that reason (core_verdicts_shown()), that is the only one.
 *
 * @param coverage  of this slot and source, for the next second
 */
void core_verdict_measure_slot(const struct core_verdict_second *second, unsigned slot,
                               struct core_verdict_coverage *coverage, struct core_evidences *out);

/* What is remembered of a slot or an uplink between seconds. Start with zeroes. */
struct core_verdict_history {
    unsigned pending_count; /* seconds in which `pending` has been decided in a row */
    struct core_evidences smoothed;
    struct core_verdict told, pending;
};

/** Forget what was: another source is in the slot. The verdict is good again at once. */
void core_verdict_restart(struct core_verdict_history *history);

/**
 * A second's numbers.
 *
 * @return the verdict changed in quality or cause; history->told is the one that holds, its value
 *         the newest
 */
bool core_verdict_follow(struct core_verdict_history *history,
                         const struct core_evidences *evidences);

/** The worse of two; of equals the first. */
const struct core_verdict *core_verdict_worse(const struct core_verdict *a,
                                              const struct core_verdict *b);

/* Whose track a slot shows. */
struct core_verdict_shown {
    uint64_t participant; /* 0: nobody's */
    uint32_t csrc;
};

/* All verdicts of a participant. Start with zeroes. */
struct core_verdicts {
    struct core_verdict_history tracks[CORE_TRACKS_MAX]; /* what it sends */
    struct core_verdict_history slots[CORE_SLOTS_MAX];   /* what it gets */
    struct core_verdict_coverage coverages[CORE_SLOTS_MAX];
    struct core_verdict_shown shown[CORE_SLOTS_MAX]; /* whose verdict a slot's is */
    struct core_verdict own; /* the worst of all; what it sends goes before what it gets */
    unsigned own_slot;       /* the slot that decided; CORE_SLOTS_MAX: a track */
};

/**
 * Whose track a slot shows now or, where it has become idle since, showed last: who falls silent
 * while sending loses the slot after 2 s, but whoever looks at it still sees nothing of them, and
 * the verdict says why for as long as nothing comes and nobody else has the slot. This is whom the
 * slot's source in a core_verdict_second is to be looked up for.
 */
struct core_verdict_shown core_verdicts_shown(const struct core_verdicts *verdicts,
                                              const struct core_statistics *now, unsigned slot);

/**
 * Measure, smooth and decide everything of one participant for a second.
 *
 * @return  whether `own` changed in quality or cause
 */
bool core_verdicts_follow(struct core_verdicts *verdicts, const struct core_verdict_second *second);

#endif
