/* What happens as lines of the log; integration/test_operations sees them as server-sent events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sfu/control/events.h"

static char lines[2048]; /* "LEVEL EVENT KEY=VALUE ...;" of each */

static void take_line(int level, const char *event, const char *const *pairs)
{
    size_t len = strlen(lines);

    len += (size_t)snprintf(lines + len, sizeof(lines) - len, "%d %s", level, event);
    for (; pairs[0]; pairs += 2)
        len += (size_t)snprintf(lines + len, sizeof(lines) - len, " %s=%s", pairs[0], pairs[1]);
    snprintf(lines + len, sizeof(lines) - len, ";");
}

struct fixture {
    uv_loop_t loop;
    struct control control; /* without a server: nobody listens */
    struct control_participant *participant;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    uv_loop_init(&f->loop);
    f->control.loop = &f->loop;
    f->control.config.log = take_line;
    f->control.config.log_level = CONTROL_LOG_DEBUG;
    for (unsigned i = 0; i < CONTROL_LOG_SOURCES; i++)
        control_log_gate_init(&f->control.log_gates[i], uv_now(&f->loop));
    control_registry_init(&f->control.registry, 1);
    f->participant = control_registry_add(&f->control.registry, "standup");
    strcpy(f->participant->id, "p-1");
    strcpy(f->participant->name, "Ann");
    lines[0] = '\0';
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    control_registry_dispose(&f->control.registry);
    uv_loop_close(&f->loop);
    free(f);
    return 0;
}

#define EVENT_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void people_come_and_go(void **state)
{
    struct fixture *f = *state;

    control_event_joined(&f->control, f->participant, "192.0.2.7");
    control_event_left(&f->control, f->participant, "timeout");
    control_event_room_closed(&f->control, "standup");
    assert_string_equal(
        lines, "2 room.open room=standup;"
               "2 participant.join room=standup participant=p-1 name=Ann subject= peer=192.0.2.7;"
               "2 participant.leave room=standup participant=p-1 reason=timeout;"
               "2 room.close room=standup;");
}

/* The second one opens nothing. */
static void a_room_opens_once(void **state)
{
    struct fixture *f = *state;
    struct control_participant *second = control_registry_add(&f->control.registry, "standup");

    control_event_joined(&f->control, second, "192.0.2.8");
    assert_null(strstr(lines, "room.open"));
}

static void what_is_wrong_is_told(void **state)
{
    static const struct core_limit limit = {
        .kind = CORE_KIND_CAMERA, .limit_bps = 500000, .measured_bps = 812000};
    static const struct control_evidence evidence = {"delay_p99_us", 25000};
    struct fixture *f = *state;

    control_event_limit(&f->control, f->participant, &limit);
    control_event_worker_overload(&f->control, 3, true, &evidence);
    control_event_worker_overload(&f->control, 3, false, &evidence);
    assert_string_equal(lines, "1 participant.limit room=standup participant=p-1 kind=camera "
                               "limit_bps=500000 measured_bps=812000;"
                               "1 worker.overload worker=3 evidence=delay_p99_us value=25000;"
                               "2 worker.overload_end worker=3;");
}

static void verdicts_are_told(void **state)
{
    struct fixture *f = *state;

    control_event_verdict(&f->control, f->participant, "vs5",
                          json_pack("{s:s, s:s, s:{s:s, s:f, s:s, s:f}}", "quality", "poor",
                                    "cause", "downlink", "evidence", "what", "downlink_loss",
                                    "value", .1234567, "unit", "0-1", "limit", .1));
    control_event_verdict(
        &f->control, f->participant, NULL,
        json_pack("{s:s, s:s, s:n}", "quality", "good", "cause", "none", "evidence"));
    assert_string_equal(lines,
                        "2 participant.verdict room=standup participant=p-1 mid=vs5 quality=poor "
                        "cause=downlink evidence=downlink_loss value=0.123 limit=0.100;"
                        "2 participant.verdict room=standup participant=p-1 mid= quality=good "
                        "cause=none;");
}

static void drain_gate(struct fixture *f, enum control_log_source source)
{
    unsigned held_back;

    while (control_log_gate_admit(&f->control.log_gates[source], uv_now(&f->loop), &held_back))
        ;
}

/* What strangers use up is theirs alone: verdicts and the server's own lines leave. */
static void a_flood_is_held_back(void **state)
{
    static const struct control_evidence evidence = {"would_block", 7};
    struct fixture *f = *state;

    drain_gate(f, CONTROL_LOG_STRANGERS);
    control_log_stranger(&f->control, CONTROL_LOG_WARNING, "a.b", "k", "v");
    control_event_left(&f->control, f->participant, "left");
    control_log_stranger(&f->control, CONTROL_LOG_ERROR, "c.d", "k", "v");
    control_event_verdict(
        &f->control, f->participant, NULL,
        json_pack("{s:s, s:s, s:n}", "quality", "good", "cause", "none", "evidence"));
    control_event_worker_overload(&f->control, 0, true, &evidence);
    control_log(&f->control, CONTROL_LOG_INFO, "server.drain", "k", "v");
    assert_string_equal(lines, "0 c.d k=v;"
                               "2 participant.verdict room=standup participant=p-1 mid= "
                               "quality=good cause=none;"
                               "1 worker.overload worker=0 evidence=would_block value=7;"
                               "2 server.drain k=v;");
}

/* When a bad network changes everybody's verdict, who joins and leaves is still told. */
static void verdicts_are_held_back_by_themselves(void **state)
{
    struct fixture *f = *state;

    drain_gate(f, CONTROL_LOG_VERDICTS);
    control_event_verdict(
        &f->control, f->participant, NULL,
        json_pack("{s:s, s:s, s:n}", "quality", "good", "cause", "none", "evidence"));
    control_event_left(&f->control, f->participant, "left");
    assert_string_equal(lines, "2 participant.leave room=standup participant=p-1 reason=left;");
}

static void what_was_held_back_is_counted(void **state)
{
    struct fixture *f = *state;
    struct control_log_gate *gate = &f->control.log_gates[CONTROL_LOG_STRANGERS];

    drain_gate(f, CONTROL_LOG_STRANGERS);
    gate->held_back = 0;
    for (int i = 0; i < 3; i++)
        control_log_stranger(&f->control, CONTROL_LOG_INFO, "a.b", "k", "v");
    gate->lines.filled_ms -= 1000; /* a second later */
    control_log_stranger(&f->control, CONTROL_LOG_INFO, "c.d", "k", "v");
    assert_string_equal(lines, "1 log.held_back of=strangers count=3;2 c.d k=v;");
}

/* Ten thousand lines of a level: what is not written uses nothing up, nor does debug. */
static void only_lines_that_are_written_count(void **state)
{
    static const struct {
        int level, flood, last;
        const char *lines;
    } rows[] = {
        {CONTROL_LOG_DEBUG, CONTROL_LOG_DEBUG, CONTROL_LOG_INFO, "3 a.b k=v;2 c.d k=v;"},
        {CONTROL_LOG_WARNING, CONTROL_LOG_INFO, CONTROL_LOG_WARNING, "1 c.d k=v;"},
        {CONTROL_LOG_ERROR, CONTROL_LOG_WARNING, CONTROL_LOG_ERROR, "0 c.d k=v;"},
    };
    struct fixture *f = *state;

    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        f->control.config.log_level = rows[row].level;
        for (int i = 0; i < 10000; i++) {
            lines[0] = '\0';
            control_log_stranger(&f->control, rows[row].flood, "a.b", "k", "v");
        }
        control_log_stranger(&f->control, rows[row].last, "c.d", "k", "v");
        assert_string_equal(lines, rows[row].lines);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EVENT_TEST(people_come_and_go),
        EVENT_TEST(a_room_opens_once),
        EVENT_TEST(what_is_wrong_is_told),
        EVENT_TEST(verdicts_are_told),
        EVENT_TEST(a_flood_is_held_back),
        EVENT_TEST(verdicts_are_held_back_by_themselves),
        EVENT_TEST(what_was_held_back_is_counted),
        EVENT_TEST(only_lines_that_are_written_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
