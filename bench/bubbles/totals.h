/* The numbers of a run: what participants add up to while it is measured. */
#ifndef IRIS_BENCH_BUBBLES_TOTALS_H
#define IRIS_BENCH_BUBBLES_TOTALS_H

#include "bench/bubbles/histogram.h"
#include "bench/bubbles/verify.h"

/* What came through the slots of one kind. */
struct bubbles_received {
    uint64_t packets, bytes, rtx_packets;
    uint64_t expected, lost, unrepaired;
    uint64_t frames, key_frames, freezes, source_changes, nacks, plis;
    int64_t frozen_us;
};

/* What was sent of one kind, and the largest rate of one participant. */
struct bubbles_sent_total {
    uint64_t packets, bytes, key_frames, retransmitted;
    unsigned senders;
    double sender_s; /* the time that they sent, added up */
    double max_bps;
};

struct bubbles_joins {
    unsigned attempted, succeeded, failed, lost; /* lost: was in, and was thrown out */
    unsigned left;                               /* by churn */
    struct bubbles_histogram signalling, ice, dtls, first_picture, first_voice, whole;
    char problem[256]; /* the first one */
};

struct bubbles_totals {
    struct bubbles_joins joins;
    struct bubbles_received received[BUBBLES_KINDS];
    struct bubbles_sent_total sent[BUBBLES_KINDS];
    double max_video_bps;             /* of one receiver */
    double video_bytes, receiver_s;   /* of all, and the time that they received, added up */
    uint64_t unknown_source;          /* frames ahead of the notification that names their track */
    uint64_t wrong_frames;            /* frames that their track never sent */
    uint64_t not_opened;              /* SRTP that failed to authenticate or parse */
    struct bubbles_histogram transit; /* from our sending to our kernel's receiving */
    struct bubbles_histogram transit_now; /* the same, of this second */
    struct bubbles_histogram lateness;    /* of our own sending */
    struct bubbles_verdicts verdicts;
    uint64_t packets_received, bytes_received, packets_sent; /* RTP, for progress */
};

struct bubbles_participant;

/** Forget what was received and sent so far; joins stay. */
void bubbles_totals_begin(struct bubbles_totals *totals);

/**
 * Add what a participant received and sent since its last reset.
 *
 * @param duration_s  of that time
 */
void bubbles_totals_add_media(struct bubbles_totals *totals,
                              const struct bubbles_participant *participant, double duration_s);

/** Add how long its join took. */
void bubbles_totals_add_join(struct bubbles_totals *totals,
                             const struct bubbles_participant *participant);

#endif
