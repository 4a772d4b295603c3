/* What clients report of their decoding, and whom it judges; whom a verdict names. */
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

static unsigned told; /* lines of a verdict as a whole */

static void take_line(int level, const char *event, const char *const *pairs)
{
    (void)level;
    for (; pairs[0]; pairs += 2)
        told += strcmp(event, "participant.verdict") == 0 && strcmp(pairs[0], "mid") == 0 &&
                pairs[1][0] == '\0';
}

static void control_begin(struct control *control, uv_loop_t *loop)
{
    uv_loop_init(loop);
    control->loop = loop;
    control->config.log = take_line;
    control->config.log_level = CONTROL_LOG_INFO;
    for (unsigned i = 0; i < CONTROL_LOG_SOURCES; i++)
        control_log_gate_init(&control->log_gates[i], uv_now(loop));
    control_registry_init(&control->registry, 1);
}

static struct control_participant *join(struct control *control, unsigned slots)
{
    struct control_participant *participant = control_registry_add(&control->registry, "standup");
    participant->slot_count = participant->snapshots.now.slot_count = (uint8_t)slots;
    for (unsigned i = 0; i < slots; i++) {
        participant->slot_kinds[i] = CORE_KIND_CAMERA;
        snprintf(participant->slot_mids[i], sizeof(participant->slot_mids[i]), "v%u", i + 1);
    }
    participant->snapshots.count = 2;
    return participant;
}

/* A second from the one before. */
static void follow(struct control *control, struct control_participant *participant)
{
    struct core_snapshots *snapshots = &participant->snapshots;
    snapshots->now.at_us = (int64_t)(uv_hrtime() / 1000);
    snapshots->before = snapshots->now;
    snapshots->before.at_us -= 1000000;
    control_verdicts_follow(control, participant);
}

static void a_report_judges_its_source(void **state)
{
    (void)state;
    static struct control control;
    uv_loop_t loop;
    control_begin(&control, &loop);
    struct control_participant *viewer = join(&control, 1);
    struct core_statistics *now = &viewer->snapshots.now;
    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
        print_message("%zu: %s\n", i, seconds[i].what);
        now->reports[0] = viewer->slots[0] = (struct core_slot_report){
            .participant = 7, .csrc = seconds[i].csrc, .height = 480, .state = CORE_SLOT_LIVE};
        follow(&control, viewer);
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

/* Two whose camera is silent at times, and whom the verdict as a whole names. */
static const struct {
    const char *what;
    bool is_ann_silent, is_bob_silent;
    bool is_told;       /* once more, or for the first time */
    const char *blamed; /* in the evidence */
} blames[] = {
    {"all is well", false, false, false, NULL},
    {"nothing comes from bob", false, true, false, NULL},
    {"that is told", false, true, true, "bob"},
    {"it stays", false, true, false, "bob"},
    {"nor from ann, who is shown first", true, true, false, "bob"},
    {"the same for another reason", true, true, true, "ann"},
    {"it stays", true, true, false, "ann"},
    {"ann is back", false, true, false, "ann"},
    {"bob is still away", false, true, true, "bob"},
};

static void whom_it_names_is_told(void **state)
{
    (void)state;
    static struct control control;
    uv_loop_t loop;
    control_begin(&control, &loop);
    struct control_participant *people[2], *viewer = join(&control, 2);
    for (unsigned i = 0; i < 2; i++) {
        people[i] = join(&control, 0);
        snprintf(people[i]->id, sizeof(people[i]->id), "%s", i ? "bob" : "ann");
        people[i]->tracks[0].csrc = ANN + i;
        people[i]->snapshots.now.track_count = 1;
        people[i]->snapshots.now.seen_layers[0] = people[i]->snapshots.now.sending_tracks = 1;
        viewer->snapshots.now.reports[i] =
            (struct core_slot_report){.participant = people[i]->number,
                                      .csrc = ANN + i,
                                      .height = 480,
                                      .state = CORE_SLOT_LIVE};
    }
    for (size_t i = 0; i < sizeof(blames) / sizeof(blames[0]); i++) {
        print_message("%zu: %s\n", i, blames[i].what);
        people[0]->snapshots.now.uplink.silent_us = blames[i].is_ann_silent ? 9000000 : 0;
        people[1]->snapshots.now.uplink.silent_us = blames[i].is_bob_silent ? 9000000 : 0;
        told = 0;
        follow(&control, viewer);
        assert_int_equal(told, blames[i].is_told);
        json_t *verdict = control_verdict_own(viewer, &control.registry);
        const char *blamed =
            json_string_value(json_object_get(json_object_get(verdict, "evidence"), "participant"));
        assert_string_equal(blamed ? blamed : "nobody",
                            blames[i].blamed ? blames[i].blamed : "nobody");
        json_decref(verdict);
    }
    control_registry_dispose(&control.registry);
    uv_loop_close(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_report_judges_its_source),
                                       cmocka_unit_test(whom_it_names_is_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
