/*
 * A media flow of the simulator: source, pacer and estimator at one end, a receiver that sends
 * transport feedback every 50 ms at the other, with a clock of its own.
 *
 * Its events are run one at a time, by bwe_sim_flow_run() at bwe_sim_flow_next(); packets enter the
 * link at that time, so that several flows may share it.
 */
#ifndef IRIS_BENCH_BWE_FLOW_H
#define IRIS_BENCH_BWE_FLOW_H

#include "bench/bwe/link.h"
#include "bench/bwe/measure.h"
#include "bench/bwe/source.h"
#include "bwe/estimator.h"
#include "bwe/pacer.h"

#define BWE_SIM_HISTORY  1024
#define BWE_SIM_PACED    512
#define BWE_SIM_SENT     4096
#define BWE_SIM_MESSAGES 64
#define BWE_SIM_ENTRIES  256
#define BWE_SIM_VOICES   3

struct bwe_sim_flow_config {
    enum bwe_sim_kind kind;
    double start_s, end_s;
    double pause_s, resume_s; /* nothing but audio in between; 0: never */
    double one_way_ms;
    double jitter_ms; /* deviation; clipped at three of them, no reordering */
    double max_bps;   /* of the source, with audio */
    double start_bps; /* the estimate at the start; 0: 300 kbit/s */
    double event_s;   /* return_us counts from it */
    bool has_repairs; /* video that feedback tells lost is sent again */
};

/* A packet, as long as it may be sent again. */
struct bwe_sim_sent {
    uint16_t bytes;
    uint8_t tries;  /* so far */
    bool is_video;  /* or a repair of it */
    int64_t due_us; /* when its first try would have arrived */
};

/* Feedback on its way back. */
struct bwe_sim_message {
    int64_t at_us;
    unsigned count;
    struct bwe_feedback_entry entries[BWE_SIM_ENTRIES];
};

struct bwe_sim_flow {
    unsigned index; /* in the measurements */
    struct bwe_sim_flow_config config;
    struct bwe_sim_link *link, *back; /* back NULL: an unimpaired way for feedback */
    struct bwe_sim_measure *measure, *back_measure;
    struct bwe_sim_random random;
    struct bwe_sim_source source;
    struct bwe_estimator estimator;
    struct bwe_pacer pacer;
    struct bwe_decision decision;
    struct bwe_sent history[BWE_SIM_HISTORY];
    struct bwe_paced paced[BWE_SIM_PACED];
    int64_t arrivals_us[BWE_SIM_SENT];      /* by sequence number; negative: lost */
    struct bwe_sim_sent sent[BWE_SIM_SENT]; /* likewise, with repairs */
    uint64_t next_seq, reported;
    uint16_t frame;
    int64_t last_arrival_us;
    struct bwe_sim_message messages[BWE_SIM_MESSAGES];
    unsigned message_head, message_count;
    int64_t audio_us[BWE_SIM_VOICES], feedback_us, poll_us, sample_us;
    double clock_drift;
    bool is_paused;
    int64_t full_us;     /* when everything was first on (conference), 0: not yet */
    int64_t estimate_us; /* when the estimate first covered a whole conference */
    int64_t return_us;   /* after the event, when all tracks had something; 0: not yet */
};

/** Set up. link, back and the measurements must outlive the flow. */
void bwe_sim_flow_init(struct bwe_sim_flow *flow, const struct bwe_sim_flow_config *config,
                       const struct bwe_tuning *tuning, uint64_t seed);

/** When something happens next [us]; INT64_MAX after its end. */
int64_t bwe_sim_flow_next(const struct bwe_sim_flow *flow);

/** Let it happen. */
void bwe_sim_flow_run(struct bwe_sim_flow *flow, int64_t now_us);

#endif
