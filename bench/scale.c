/*
 * iris-bench scale: whether a packet costs more when many participants are there: the same rooms,
 * few and many of them, in turns, each against a server of its own.
 */
#include "bench/bench.h"
#include "bench/own.h"

#define FEW        50
#define MANY       500
#define ROOM       10
#define ROUNDS     3
#define MEASURE_S  6
#define IDLE_S     1
#define JOIN_RATE  100
#define GOAL_RATIO 1.2 /* architecture.md, issue 4 */

struct scale {
    struct bench_own own;
    struct bench_step few[ROUNDS], many[ROUNDS];
};

static int run_step(struct bench_step *step, const struct scale *scale, unsigned participants,
                    const char *folder)
{
    struct bubbles_options options;
    bench_step_options(&options);
    options.participants = ROOM;
    options.rooms = participants / ROOM;
    options.join_rate = JOIN_RATE;
    options.idle_s = scale->own.is_quick ? 0.2 : IDLE_S;
    options.duration_s = scale->own.is_quick ? 1 : MEASURE_S;
    return bench_own_step(step, &scale->own, &options, folder);
}

static double median_us(const struct bench_step *steps, unsigned count)
{
    double values[ROUNDS];
    for (unsigned i = 0; i < count; i++)
        values[i] = steps[i].cpu_us;
    return bench_median(values, count);
}

static int work(void *context, const char *folder)
{
    struct scale *scale = context;
    unsigned rounds = scale->own.is_quick ? 1 : ROUNDS;
    unsigned few = scale->own.is_quick ? ROOM : FEW, many = scale->own.is_quick ? 2 * ROOM : MANY;
    bool is_right = true;
    for (unsigned i = 0; i < rounds; i++) {
        if (run_step(&scale->few[i], scale, few, folder) ||
            run_step(&scale->many[i], scale, many, folder))
            return 1;
        is_right &= scale->few[i].is_right && scale->many[i].is_right;
    }
    double few_us = median_us(scale->few, rounds), many_us = median_us(scale->many, rounds);
    if (scale->own.is_json)
        printf("{\"bench\":\"scale\",\"few\":%u,\"many\":%u,\"few_us\":%.4f,\"many_us\":%.4f,"
               "\"ratio\":%.4f,\"right\":%s}\n",
               few, many, few_us, many_us, many_us / few_us, is_right ? "true" : "false");
    else
        printf("a forwarded packet costs %.2f us with %u participants and %.2f us with %u: ratio "
               "%.2f\n",
               few_us, few, many_us, many, many_us / few_us);
    bool is_missed = scale->own.is_check &&
                     bench_judge("cost of a packet with many participants by that with few",
                                 many_us / few_us, GOAL_RATIO, true);
    return is_missed || !is_right ? 1 : 0;
}

int bench_scale(int argc, char **argv)
{
    static struct scale scale;
    int code = bench_own_parse(&scale.own, argc, argv,
                               "usage: iris-bench scale [OPTIONS]\n\n"
                               "CPU time of a forwarded packet with 50 and with 500 participants "
                               "in rooms of 10, in turns.\n");
    return code ? code - 1 : bench_supervise(work, &scale);
}
