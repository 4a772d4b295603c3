/* What a worker's second of counters says of the server's part in verdicts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sfu/control/control_internal.h"

static const struct {
    const char *what;
    struct io_statistics second; /* what it adds */
    double receive_drops, send_drops;
} rows[] = {
    {"nothing came", {.received_datagrams = 0}, -1, -1},
    {"all is well", {.received_datagrams = 1000, .sent_datagrams = 5000}, 0, 0},
    {"a full receive buffer",
     {.received_datagrams = 900, .receive_drops = 100, .sent_datagrams = 5000},
     .1,
     0},
    {"nothing is read any more", {.receive_drops = 100}, 1, -1},
    {"a full send buffer",
     {.received_datagrams = 1000, .sent_datagrams = 5000, .would_block = 250},
     0,
     .05},
    {"refused", {.sent_datagrams = 5000, .would_block = 50, .send_errors = 50}, -1, .02},
    {"a handful", {.received_datagrams = 50, .receive_drops = 49, .sent_datagrams = 99}, -1, -1},
};

static void log_nothing(int level, const char *event, const char *const *pairs)
{
    (void)level, (void)event, (void)pairs;
}

static void shares_are_of_one_second(void **state)
{
    (void)state;
    static struct control control;
    uv_loop_t loop;
    uv_loop_init(&loop);
    control.loop = &loop;
    control.config.worker_count = 1;
    control.config.log = log_nothing;
    struct io_statistics *now = &control.worker_snapshots[0].now;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("%s\n", rows[i].what);
        now->received_datagrams += rows[i].second.received_datagrams;
        now->receive_drops += rows[i].second.receive_drops;
        now->sent_datagrams += rows[i].second.sent_datagrams;
        now->would_block += rows[i].second.would_block;
        now->send_errors += rows[i].second.send_errors;
        control_load_on_snapshot(&control, 0);
        control.worker_snapshots[0].before = *now;
        control.worker_snapshots[0].count = 2;
        assert_float_equal(control.watches[0].server.receive_drops, rows[i].receive_drops, 1e-9);
        assert_float_equal(control.watches[0].server.send_drops, rows[i].send_drops, 1e-9);
    }
    uv_loop_close(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shares_are_of_one_second)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
