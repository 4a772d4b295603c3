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
    control_log_gate_init(&f->control.log_gate, uv_now(&f->loop));
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

static void a_flood_is_held_back(void **state)
{
    struct fixture *f = *state;
    unsigned held_back;

    while (control_log_gate_admit(&f->control.log_gate, uv_now(&f->loop), &held_back))
        ;
    control_log(&f->control, CONTROL_LOG_WARNING, "a.b", "k", "v");
    control_log(&f->control, CONTROL_LOG_ERROR, "c.d", "k", "v");
    assert_string_equal(lines, "0 c.d k=v;");
}

static void debug_lines_use_nothing_up(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 10000; i++) {
        lines[0] = '\0';
        control_log(&f->control, CONTROL_LOG_DEBUG, "a.b", "k", "v");
    }
    control_log(&f->control, CONTROL_LOG_INFO, "c.d", "k", "v");
    assert_string_equal(lines, "3 a.b k=v;2 c.d k=v;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EVENT_TEST(people_come_and_go),    EVENT_TEST(a_room_opens_once),
        EVENT_TEST(what_is_wrong_is_told), EVENT_TEST(verdicts_are_told),
        EVENT_TEST(a_flood_is_held_back),  EVENT_TEST(debug_lines_use_nothing_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
