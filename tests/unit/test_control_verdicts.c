/* What clients report of their decoding, and whom it judges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sfu/control/control_internal.h"

#define ANN 9
#define BOB 10

/* Each is a second with this source in the slot; then a report may come. */
static const struct {
    const char *what;
    uint32_t csrc;
    int received, decoded; /* received 0: no report */
    enum core_cause told;
} seconds[] = {
    {"nothing is known", ANN, 0, 0, CORE_CAUSE_NONE},
    {"ann's pictures are half not decoded", ANN, 100, 55, CORE_CAUSE_NONE},
    {"smoothed", ANN, 0, 0, CORE_CAUSE_NONE},
    {"and told", ANN, 0, 0, CORE_CAUSE_CLIENT},
    {"bob comes", BOB, 0, 0, CORE_CAUSE_NONE},
    {"ann's report is not his", BOB, 0, 0, CORE_CAUSE_NONE},
    {"nor is one of both", BOB, 100, 55, CORE_CAUSE_NONE},
    {"", BOB, 0, 0, CORE_CAUSE_NONE},
    {"", BOB, 0, 0, CORE_CAUSE_NONE},
    {"but the next is", BOB, 100, 55, CORE_CAUSE_NONE},
    {"", BOB, 0, 0, CORE_CAUSE_NONE},
    {"", BOB, 0, 0, CORE_CAUSE_CLIENT},
};

static void take_line(int level, const char *event, const char *const *pairs)
{
    (void)level, (void)event, (void)pairs;
}

static void a_report_judges_its_source(void **state)
{
    (void)state;
    static struct control control;
    uv_loop_t loop;
    uv_loop_init(&loop);
    control.loop = &loop;
    control.config.log = take_line;
    for (unsigned i = 0; i < CONTROL_LOG_SOURCES; i++)
        control_log_gate_init(&control.log_gates[i], uv_now(&loop));
    control_registry_init(&control.registry, 1);
    struct control_participant *viewer = control_registry_add(&control.registry, "standup");
    struct core_statistics *now = &viewer->snapshots.now;
    viewer->slot_count = now->slot_count = 1;
    viewer->slot_kinds[0] = CORE_KIND_CAMERA;
    strcpy(viewer->slot_mids[0], "v1");
    viewer->snapshots.count = 2;
    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
        print_message("%zu: %s\n", i, seconds[i].what);
        now->reports[0] = viewer->slots[0] = (struct core_slot_report){
            .participant = 7, .csrc = seconds[i].csrc, .height = 480, .state = CORE_SLOT_LIVE};
        now->at_us = (int64_t)(uv_hrtime() / 1000);
        viewer->snapshots.before = *now;
        viewer->snapshots.before.at_us -= 1000000;
        control_verdicts_follow(&control, viewer);
        assert_int_equal(viewer->verdicts.slots[0].told.cause, seconds[i].told);
        json_t *list = json_pack("[{s:s, s:i, s:i}]", "mid", "v1", "frames_received",
                                 seconds[i].received, "frames_decoded", seconds[i].decoded);
        if (seconds[i].received > 0)
            assert_null(control_verdicts_report(viewer, list));
        json_decref(list);
    }
    control_registry_dispose(&control.registry);
    uv_loop_close(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_report_judges_its_source)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
