/*
 * Who talks when in a room: K floors that are taken in turns, each for a spurt of 1-8 s, by
 * somebody who is not talking. Sans-IO; repeatable from its seed.
 */
#ifndef IRIS_BENCH_BUBBLES_SPURTS_H
#define IRIS_BENCH_BUBBLES_SPURTS_H

#include <stdbool.h>
#include <stdint.h>

#define BUBBLES_TALKERS_MAX 128

struct bubbles_spurts {
    uint64_t seed;
    unsigned people, floors;
    int speaker[BUBBLES_TALKERS_MAX];      /* of each floor; -1: a moment of silence */
    int64_t until_us[BUBBLES_TALKERS_MAX]; /* of each floor */
    bool is_talking[BUBBLES_TALKERS_MAX];  /* of each person */
};

/** @param people, floors  at most BUBBLES_TALKERS_MAX; floors beyond people are left out */
void bubbles_spurts_init(struct bubbles_spurts *spurts, unsigned people, unsigned floors,
                         uint64_t seed, int64_t now_us);

/** Pass the floors whose spurt is over. @param now_us never decreasing */
void bubbles_spurts_advance(struct bubbles_spurts *spurts, int64_t now_us);

#endif
