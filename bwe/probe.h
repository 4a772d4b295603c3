/*
 * When to send faster than the estimate, to learn whether more would fit.
 *
 * At the start two probes, then on while the result is good; while application-limited; while the
 * queue is empty (one that shows nothing makes the next one wait longer); for a goal, the rate with
 * which a paused or higher layer would fit. Never above what the contract can use, and none while
 * there is a queue. The sender fills a probe with media first, then old packets, then padding.
 */
#ifndef IRIS_BWE_PROBE_H
#define IRIS_BWE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "bwe/tuning.h"

#define BWE_PROBE_QUEUE 3

/* What the pacer is asked to send. */
struct bwe_probe {
    uint8_t id; /* 1-255; 0: none */
    uint16_t packets;
    uint32_t rate_bps, bytes;
};

struct bwe_prober {
    uint32_t queue_bps[BWE_PROBE_QUEUE]; /* to be sent */
    uint16_t queue_ms[BWE_PROBE_QUEUE];
    uint8_t count, last_id;
    bool is_waiting;             /* for the result of the last one */
    bool is_goal;                /* the last one was for a goal */
    bool is_good_goal;           /* and was carried */
    bool is_paused;              /* with everything paused */
    uint32_t last_bps, goal_bps; /* of the last probe */
    int64_t sent_us;             /* last probe taken */
    double shown_bps;            /* by the last one of a series; 0: a series begins */
    int64_t explore_us, goal_us; /* when the next one may go */
    double explore_wait_ms, goal_wait_ms;
};

/* What decides about the next probe. */
struct bwe_probe_input {
    double target_bps;
    double limit_bps; /* what the contract can use: no probe above it */
    double goal_bps;  /* with which a paused or higher layer would fit; 0: none */
    bool is_clear;    /* no queue, no overuse */
    bool is_beyond;   /* above the capacity met last, and no queue: there may be much more */
    bool is_app_limited;
    bool is_starting; /* in the first seconds, and no capacity has been met */
    bool is_paused;   /* all video */
};

/** Queue the first probes of a connection. */
void bwe_prober_start(struct bwe_prober *prober, const struct bwe_tuning *tuning, double start_bps,
                      double limit_bps);

/** Decide about another probe. */
void bwe_prober_update(struct bwe_prober *prober, const struct bwe_tuning *tuning,
                       const struct bwe_probe_input *input, int64_t now_us);

/* What a probe has shown. */
struct bwe_probe_shown {
    uint8_t id;
    bool is_starting;
    double rate_bps;   /* 0: nothing */
    double target_bps; /* before it */
};

/**
 * A probe has shown a rate: perhaps another one follows at once.
 *
 * @return  the rate to believe, 0: none. Short probes are noisy where the delay is: but at the
 *          start one counts for no more than the one before it showed.
 */
double bwe_prober_on_result(struct bwe_prober *prober, const struct bwe_tuning *tuning,
                            const struct bwe_probe_shown *shown, double limit_bps);

/** Take the next probe to send. Returns false, and id 0, when there is none. */
bool bwe_prober_take(struct bwe_prober *prober, const struct bwe_tuning *tuning,
                     struct bwe_probe *probe, int64_t now_us);

#endif
