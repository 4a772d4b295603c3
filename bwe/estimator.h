/*
 * The bandwidth towards one receiver: the parts of this folder put together. In goes what was sent
 * and what the receiver reports; out come a target, a pacing rate and probes.
 *
 * Sans-IO: the caller brings the time and the memory of the send history; nothing is allocated,
 * nothing blocks, and whatever the feedback says, every rate stays a number within the bounds.
 * Rates are UDP payload. Not thread-safe.
 *
 * Use: bwe_estimator_on_sent() for every packet with a transport-wide sequence number,
 * bwe_estimator_on_unnumbered() for every other one, the other on_...() for what arrives,
 * bwe_estimator_poll() after each of those and at the deadline.
 */
#ifndef IRIS_BWE_ESTIMATOR_H
#define IRIS_BWE_ESTIMATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bwe/acked_rate.h"
#include "bwe/app_limited.h"
#include "bwe/fallback.h"
#include "bwe/guard.h"
#include "bwe/history.h"
#include "bwe/interarrival.h"
#include "bwe/loss.h"
#include "bwe/probe.h"
#include "bwe/probe_result.h"
#include "bwe/queue_delay.h"
#include "bwe/rate_control.h"
#include "bwe/received_rate.h"
#include "bwe/receiver_report.h"
#include "bwe/remb_probe.h"
#include "bwe/trendline.h"
#include "bwe/tuning.h"

/* What a feedback message says of one packet (draft-holmer-rmcat-transport-wide-cc-extensions). */
struct bwe_feedback_entry {
    uint16_t seq;
    bool is_received;
    int64_t arrival_us; /* receiver's clock, modulo 2^24 x 64 ms; only if received [us] */
};

struct bwe_estimator_config {
    const struct bwe_tuning *tuning; /* must outlive the estimator */
    struct bwe_sent *history;        /* caller's memory, must outlive the estimator */
    size_t history_count;            /* a power of two; 1024 are enough for 3.6 Mbit/s */
    uint32_t min_bps, start_bps, max_bps;
};

/* What there is to send, audio included. Zero: nothing known. */
struct bwe_demand {
    uint32_t target_bps; /* with which the next wanted layer would fit too; 0: no goal */
    uint32_t ideal_bps;  /* everything that is wanted now; 0: as max */
    uint32_t max_bps;    /* what the contract allows; 0: as configured */
    bool is_paused;      /* no video is sent at all */
};

enum bwe_state {
    BWE_STATE_STARTING, /* no feedback yet */
    BWE_STATE_INCREASING,
    BWE_STATE_HOLDING,     /* overuse was seen, or its end is awaited */
    BWE_STATE_DRAINING,    /* the guard works off a queue */
    BWE_STATE_APP_LIMITED, /* less is sent than could be */
    BWE_STATE_FALLBACK,    /* REMB and receiver reports only */
    BWE_STATE_SILENT,      /* feedback has ceased */
};

struct bwe_decision {
    uint32_t target_bps; /* what may be sent now */
    uint32_t stable_bps; /* the same without the dips that drain a queue: for layers */
    uint32_t pacing_bps;
    uint32_t burst_us;      /* for bwe_pacer_set_rate() */
    struct bwe_probe probe; /* to hand to the pacer; id 0: none */
    bool is_lasting;        /* a probe lasts, and such are its pieces (remb_probe.h) */
    bool is_probed;         /* a probe has raised the target since the last poll: no need to wait */
    enum bwe_state state;
};

struct bwe_estimator {
    const struct bwe_tuning *tuning;
    struct bwe_history history; /* this and the next: of each packet that leaves */
    struct bwe_app_limited app_limited;
    struct bwe_interarrival interarrival;
    struct bwe_trendline trendline;
    struct bwe_queue_delay queue_delay;
    struct bwe_guard guard;
    struct bwe_rate_control rate_control;
    struct bwe_acked_rate acked;
    struct bwe_received_rate received;
    struct bwe_loss loss;
    struct bwe_prober prober;
    struct bwe_probe_results probe_results;
    struct bwe_receiver_reports reports;
    struct bwe_fallback fallback;
    struct bwe_remb_probe remb_probe;
    struct bwe_demand demand;
    bool is_probed;      /* until the next poll */
    bool has_started;    /* the first probes are out */
    int64_t arrival_us;  /* the last one, unwrapped */
    int64_t feedback_us; /* 0: none yet */
    int64_t silence_us;  /* the last step down because of silence */
    int64_t begin_us, now_us;
    uint32_t pending_bytes; /* of probes given out */
    double max_bps;
    double rtt_ms; /* smoothed; 0: unknown */
    double target_bps, stable_bps;
};

/** Start; see the config for who owns what. */
void bwe_estimator_init(struct bwe_estimator *estimator, const struct bwe_estimator_config *config,
                        int64_t now_us);

/**
 * A packet with a transport-wide sequence number leaves.
 *
 * @param seq      its transport-wide sequence number; consecutive
 * @param bytes    UDP payload
 * @param cluster  as the pacer said, 0: no probe
 */
void bwe_estimator_on_sent(struct bwe_estimator *estimator, uint16_t seq, uint16_t bytes,
                           uint8_t cluster, int64_t now_us);

/** A packet without such a number leaves: counted for what REMB says, and for nothing else. @param
 * bytes UDP payload */
void bwe_estimator_on_unnumbered(struct bwe_estimator *estimator, uint16_t bytes, int64_t now_us);

/** A transport feedback message, entries in the order of sequence numbers. */
void bwe_estimator_on_feedback(struct bwe_estimator *estimator,
                               const struct bwe_feedback_entry *entries, size_t count,
                               int64_t now_us);

/** The receiver's own estimate (draft-alvestrand-rmcat-remb); counts while there is no feedback. */
void bwe_estimator_on_remb(struct bwe_estimator *estimator, uint64_t bitrate_bps, int64_t now_us);

/** A report block about one of our SSRCs; the losses count while there is no feedback. */
void bwe_estimator_on_rr(struct bwe_estimator *estimator, const struct bwe_report *report,
                         int64_t now_us);

/** What there is to send has changed. */
void bwe_estimator_set_demand(struct bwe_estimator *estimator, const struct bwe_demand *demand);

/** What probes that were given out have still to send: bwe_pacer_probe_bytes(). Without transport
 * feedback it is not asked for again. */
void bwe_estimator_set_pending(struct bwe_estimator *estimator, uint32_t bytes);

/** Decide. A probe is given out once. */
struct bwe_decision bwe_estimator_poll(struct bwe_estimator *estimator, int64_t now_us);

/** When bwe_estimator_poll() is to be called at the latest [us]. */
int64_t bwe_estimator_next_deadline(const struct bwe_estimator *estimator);

#endif
