/*
 * Are the verdicts right? In a call of five, at a known time, one person's conditions become bad in
 * a known way, or the server's; what core_verdicts_follow() then says every second is held against
 * that.
 */
#ifndef IRIS_SIM_TRIAL_H
#define IRIS_SIM_TRIAL_H

#include "bench/impairment/impairment.h"
#include "sfu/core/verdict.h"
#include "sfu/io/delay.h"

#define SIM_TRIAL_PEOPLE IMPAIRMENT_PEOPLE
#define SIM_TRIAL_VICTIM 0 /* its seat */

struct sim_world;

/* What was said of a participant, and the last two snapshots that it was said from. */
struct sim_trial_seat {
    uint64_t number; /* participant; 0: nobody */
    struct core_snapshots snapshots;
    struct core_verdicts verdicts;
    struct core_verdict_decoding decodings[CORE_SLOTS_MAX];   /* as last reported */
    uint32_t decoded_csrcs[CORE_SLOTS_MAX];                   /* of whom */
    unsigned decoded[CORE_SLOTS_MAX], frames[CORE_SLOTS_MAX]; /* by then */
    int64_t report_us;                                        /* the next one is due */
    unsigned bad_s[CORE_SLOTS_MAX + 1];                       /* seconds in a row; last: `own` */
};

struct sim_trial {
    enum impairment impairment;
    int64_t onset_us; /* after the beginning */
    bool is_verbose;  /* print what is wrong */
    bool is_on, is_over;
    struct io_delay delay;                  /* which datagrams are samples, as a worker has them */
    struct io_delay_histogram held, before; /* how long they waited; by the last second */
    struct sim_trial_seat seats[SIM_TRIAL_PEOPLE];
    /* Of the participant and of the slots that the impairment is about, from 5 s after onset on. */
    unsigned samples, right;
    unsigned said[CORE_CAUSE_CLIENT + 1];
    unsigned longest_bad_s; /* in a run without impairment: any verdict that is not good */
};

/** Everybody's second is over: judge. Schedules itself. */
void sim_trial_second(struct sim_world *world);

/** How long a datagram waits for the server to look at its socket; 0: it does not. */
int64_t sim_trial_wait_us(struct sim_world *world, int64_t now_us);

/**
 * Run one impairment with one seed.
 *
 * @param world  written
 * @param trial  impairment and is_verbose are given; written: the result
 * @return       0, or -1: the engine could not be created
 */
int sim_trial_run(struct sim_world *world, struct sim_trial *trial, uint64_t seed);

#endif
