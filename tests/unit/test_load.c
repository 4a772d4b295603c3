/* When a worker counts as overloaded, by its snapshots and its silence; second by second. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sfu/control/control_internal.h"

#define S           INT64_C(1000000)
#define START_US    (1000 * S)
#define SLOW_BUCKET (IO_DELAY_BUCKETS - 1)

static char lines[512]; /* names of events and of what decided */

static void take_line(int level, const char *event, const char *const *pairs)
{
    (void)level;
    size_t len = strlen(lines);
    len += (size_t)snprintf(lines + len, sizeof(lines) - len, "%s ", event);
    for (; pairs[0]; pairs += 2)
        if (strcmp(pairs[0], "evidence") == 0)
            snprintf(lines + len, sizeof(lines) - len, "%s ", pairs[1]);
}

/*
 * A character a second, what comes from the worker: 'g' a good snapshot, 's' one with slow packets,
 * 'd' one with dropped packets, 'r' one with packets that found no room, '.' nothing; in capitals,
 * and ':' for nothing, it has participants. Control's tick follows each. '-': control itself is
 * held; what came meanwhile comes afterwards.
 */
static const struct {
    const char *seconds, *lines;
} rows[] = {
    {"GGGGGGGGGGGG", ""},
    {"SSS", "worker.overload delay_p99_us "},
    {"SSGSSGSS", ""},
    /* a snapshot every other second only */
    {":S:S", "worker.overload delay_p99_us "},
    {":D:D", "worker.overload would_block "},
    {"RRR", "worker.overload receive_drops "},
    {"RGRGRG", ""},
    {":S:G:S:G", ""},
    {":S:S:G:G:G:G:G", "worker.overload delay_p99_us worker.overload_end "},
    /* it hangs */
    {"GGG:::", "worker.overload silent_us "},
    {"GGG:G:G:G:G", ""}, /* too seldom, but it works */
    {"GGG::G", "worker.overload silent_us "},
    {":::::", "worker.overload silent_us "}, /* from the start: the first tick is when it is seen */
    {"GGG:::::::GGGGGGGGGGG", "worker.overload silent_us worker.overload_end "},
    /* nobody there: it has nothing to tell, for as long as it likes */
    {"ggg..........", ""},
    {"ggg..........GGGGG", ""},
    {"SSS..........", "worker.overload delay_p99_us "},
    {"SSS...........", "worker.overload delay_p99_us worker.overload_end "}, /* everybody left */
    {"ggg..........:GGG", ""},
    {"ggg..........:::", "worker.overload silent_us "},
    /* control was held: not the worker's silence */
    {"GGG------GGG", ""},
};

static struct io_statistics snapshot;

/* What has come until now. */
static void deliver(struct control *control, char second, int64_t now_us)
{
    snapshot.at_us = now_us;
    if (second == 's' || second == 'S') {
        snapshot.delay.count += 100;
        snapshot.delay.buckets[SLOW_BUCKET] += 100;
    }
    snapshot.would_block += second == 'd' || second == 'D';
    snapshot.receive_drops += second == 'r' || second == 'R';
    control_statistics_take_worker(&control->worker_snapshots[0], &snapshot);
    control_load_on_snapshot(control, 0);
}

static void run(struct control *control, const char *seconds)
{
    int64_t now_us = START_US, held_us = 0;
    for (const char *second = seconds; *second; second++) {
        now_us += S;
        if (*second == '-') {
            held_us = held_us ? held_us : now_us;
            continue;
        }
        control->registry.load[0] = strchr("gsd.", *second) ? 0 : 1;
        for (; held_us && held_us < now_us; held_us += S)
            deliver(control, 'G', held_us);
        held_us = 0;
        if (!strchr(".:", *second))
            deliver(control, *second, now_us);
        control_load_on_second(control, now_us);
    }
}

static void workers_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct control *control = calloc(1, sizeof(*control));
        uv_loop_t loop;
        uv_loop_init(&loop);
        control->loop = &loop;
        control->config.worker_count = 1;
        control->config.log = take_line;
        control->config.log_level = CONTROL_LOG_INFO;
        lines[0] = '\0';
        snapshot = (struct io_statistics){.at_us = 0};
        run(control, rows[i].seconds);
        if (strcmp(lines, rows[i].lines) != 0)
            fail_msg("%s: %s", rows[i].seconds, lines);
        uv_loop_close(&loop);
        free(control);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(workers_are_judged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
