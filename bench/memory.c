/*
 * iris-bench memory: what one participant more costs the server in memory, as the slope of its RSS
 * between about 100 and about 300 of them (architecture.md), each against a server of its own:
 * those who only receive, among a few who send; those who send a camera and a screen.
 */
#include "bench/bench.h"
#include "bench/own.h"

#define JOIN_RATE         100
#define MEASURE_S         10 /* until every history is full */
#define GOAL_RECEIVER_KIB 100
#define GOAL_SENDER_KIB   350 /* more */

/* The same rooms, fuller, or more of them. */
static const struct {
    const char *name;
    unsigned rooms, participants, senders, screens; /* of a room */
} cases[] = {
    {"receive only, few", 3, 34, 5, 1},
    {"receive only, many", 3, 100, 5, 1},
    {"send, few", 10, 10, 10, 10},
    {"send, many", 30, 10, 10, 10},
};

/* For tests: nothing is measured, everything is run. */
static const unsigned quick_participants[] = {6, 8, 2, 3};

#define CASES (sizeof(cases) / sizeof(*cases))

struct memory {
    struct bench_own own;
    struct bench_step steps[CASES];
};

static int run_case(struct memory *memory, unsigned index, const char *folder)
{
    struct bubbles_options options;
    bench_step_options(&options);
    options.rooms = memory->own.is_quick ? 1 : cases[index].rooms;
    options.participants =
        memory->own.is_quick ? quick_participants[index] : cases[index].participants;
    options.senders = cases[index].senders;
    options.screens = cases[index].screens;
    options.join_rate = JOIN_RATE;
    options.duration_s = memory->own.is_quick ? 1 : MEASURE_S;
    return bench_own_step(&memory->steps[index], &memory->own, &options, folder);
}

static double slope_kib(const struct bench_step *few, const struct bench_step *many)
{
    return ((double)many->rss_bytes - (double)few->rss_bytes) / 1024 /
           ((double)many->participants - few->participants);
}

static int work(void *context, const char *folder)
{
    struct memory *memory = context;
    bool is_right = true;
    for (unsigned i = 0; i < CASES; i++) {
        if (run_case(memory, i, folder))
            return 1;
        is_right &= memory->steps[i].is_right;
    }
    double receiver_kib = slope_kib(&memory->steps[0], &memory->steps[1]);
    double sender_kib = slope_kib(&memory->steps[2], &memory->steps[3]) - receiver_kib;
    if (memory->own.is_json)
        printf("{\"bench\":\"memory\",\"receiver_kib\":%.1f,\"sender_more_kib\":%.1f,\"right\":%s}"
               "\n",
               receiver_kib, sender_kib, is_right ? "true" : "false");
    else
        printf("one more participant that only receives costs %.1f KiB of RSS; one that sends a "
               "camera and a screen\n%.1f KiB more (from about 100 to about 300 of them)\n",
               receiver_kib, sender_kib);
    unsigned missed = 0;
    if (memory->own.is_check) {
        missed +=
            bench_judge("KiB of one that only receives", receiver_kib, GOAL_RECEIVER_KIB, true);
        missed += bench_judge("KiB more of one that sends a camera and a screen", sender_kib,
                              GOAL_SENDER_KIB, true);
    }
    return missed || !is_right ? 1 : 0;
}

int bench_memory(int argc, char **argv)
{
    static struct memory memory;
    int code = bench_own_parse(&memory.own, argc, argv,
                               "usage: iris-bench memory [OPTIONS]\n\n"
                               "Memory of the server for one participant more: the slope of its "
                               "RSS from about 100 to about 300.\n");
    return code ? code - 1 : bench_supervise(work, &memory);
}
