/* Participants by verdict as /metrics tells them, of the node and of rooms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sfu/control/operations.h"

static const struct {
    const char *room;
    enum core_quality quality;
    enum core_cause cause;
} people[] = {
    {"a", CORE_QUALITY_GOOD, CORE_CAUSE_NONE},     {"a", CORE_QUALITY_POOR, CORE_CAUSE_SERVER},
    {"a", CORE_QUALITY_POOR, CORE_CAUSE_SERVER},   {"a", CORE_QUALITY_FAIR, CORE_CAUSE_DOWNLINK},
    {"b", CORE_QUALITY_POOR, CORE_CAUSE_DOWNLINK}, {"b", CORE_QUALITY_POOR, CORE_CAUSE_SERVER},
};

/* By detail (node, room, participant): how often a line is there. */
static const struct {
    const char *line;
    unsigned times[3];
} lines[] = {
    {"# TYPE iris_verdicts gauge\n", {1, 1, 1}},
    {"iris_verdicts{node=\"n\",quality=\"good\",cause=\"none\"} 1\n", {1, 1, 1}},
    {"iris_verdicts{node=\"n\",quality=\"poor\",cause=\"server\"} 3\n", {1, 1, 1}},
    {"iris_verdicts{node=\"n\",quality=\"poor\",cause=\"downlink\"} 1\n", {1, 1, 1}},
    {"iris_verdicts{node=\"n\",quality=\"fair\",cause=\"downlink\"} 1\n", {1, 1, 1}},
    {"iris_verdicts{node=\"n\",quality=\"fair\",cause=\"client\"} 0\n", {1, 1, 1}},
    {"iris_verdicts{", {11, 11, 11}},
    {"iris_room_verdicts{node=\"n\",room=\"a\",quality=\"poor\",cause=\"server\"} 2\n", {0, 1, 1}},
    {"iris_room_verdicts{node=\"n\",room=\"b\",quality=\"poor\",cause=\"server\"} 1\n", {0, 1, 1}},
    {"iris_room_verdicts{", {0, 5, 5}},
    {"# TYPE iris_room_verdicts gauge\n", {0, 1, 1}},
};

static unsigned count_of(const char *text, const char *part)
{
    unsigned count = 0;
    for (; (text = strstr(text, part)); text++)
        count++;
    return count;
}

static void verdicts_are_counted(void **state)
{
    struct control *control = calloc(1, sizeof(*control));
    (void)state;
    control->config.node_name = "n";
    control->config.version = "1";
    control_registry_init(&control->registry, 1);
    control_statistics_init(&control->statistics);
    for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++) {
        struct control_participant *participant =
            control_registry_add(&control->registry, people[i].room);
        participant->verdicts.own.quality = people[i].quality;
        participant->verdicts.own.cause = people[i].cause;
    }
    for (unsigned detail = CONTROL_METRICS_NODE; detail <= CONTROL_METRICS_PARTICIPANT; detail++) {
        struct signalling_http_response response = {0};
        control->config.metrics_detail = (enum control_metrics_detail)detail;
        control_answer_metrics(control, NULL, &response);
        assert_int_equal(response.status, 200);
        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
            if (count_of(response.body, lines[i].line) != lines[i].times[detail])
                fail_msg("detail %u: %s", detail, lines[i].line);
        free(response.body);
    }
    control_registry_dispose(&control->registry);
    free(control);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(verdicts_are_counted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
