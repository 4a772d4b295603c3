/* Nothing that must reach a worker is lost, and nothing overtakes, when its queue is full. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sfu/control/backlog.h"

#define PATIENCE_MS 20000
#define COMMANDS    5000 /* many times the queue */

static void nothing(void *context)
{
    (void)context;
}

struct setting {
    struct transport_certificate *certificate;
    struct io_addresses addresses;
};

static struct io_worker *start(struct setting *setting)
{
    static char *const texts[] = {"127.0.0.1"};
    char error[200];
    setting->certificate = transport_certificate_create();
    assert_int_equal(io_addresses_get(&setting->addresses, texts, 1), 0);
    const struct io_worker_config config = {.certificate = setting->certificate,
                                            .addresses = &setting->addresses,
                                            .port_first = 60000,
                                            .port_last = 60999,
                                            .on_events = nothing};
    struct io_worker *worker = io_worker_start(&config, error, sizeof(error));
    assert_non_null(worker);
    return worker;
}

static void stop(struct setting *setting, struct io_worker *worker)
{
    io_worker_stop(worker);
    transport_certificate_destroy(setting->certificate);
}

/* A participant who joins and leaves again and again: a lost or late leave would let two be there.
 */
static void test_order_and_completeness(void **state)
{
    (void)state;
    struct setting setting;
    struct control_backlog backlog = {0};
    struct core_command join = {.type = CORE_COMMAND_JOIN, .join = {.room = 1, .participant = 1}};
    const struct core_command leave = {.type = CORE_COMMAND_LEAVE, .participant = 2};
    struct io_worker *worker = start(&setting);
    struct core_statistics newest;
    unsigned refused = 0, statistics = 0;
    for (int i = 0; i < COMMANDS; i++)
        assert_true(control_backlog_send(&backlog, worker, &leave));
    strcpy(join.join.transport.ice.local_ufrag, "ufrag");
    for (int i = 0; i < 100 && backlog.first; i++)
        refused += !control_backlog_try(&backlog, worker, &join);
    assert_true(control_backlog_send(&backlog, worker, &join)); /* behind all of them */
    for (int waited_ms = 0; waited_ms < PATIENCE_MS && statistics == 0; waited_ms += 5) {
        control_backlog_drain(&backlog, worker);
        statistics += io_worker_next_participant(worker, &newest);
        poll(NULL, 0, 5);
    }
    print_message("%u joins were told to come back\n", refused);
    assert_null(backlog.first);
    assert_int_equal(newest.participant, 1);
    assert_true(control_backlog_try(&backlog, worker, &leave));
    stop(&setting, worker);
}

/* What still waits goes with the backlog; the leak sanitizer looks. */
static void test_dispose(void **state)
{
    (void)state;
    struct setting setting;
    struct control_backlog backlog = {0};
    const struct core_command leave = {.type = CORE_COMMAND_LEAVE, .participant = 2};
    struct io_worker *worker = start(&setting);
    for (int i = 0; i < 1000000 && backlog.first == backlog.last; i++) /* until two wait */
        assert_true(control_backlog_send(&backlog, worker, &leave));
    assert_ptr_not_equal(backlog.first, backlog.last);
    control_backlog_dispose(&backlog);
    assert_null(backlog.first);
    assert_null(backlog.last);
    control_backlog_dispose(&backlog); /* nothing is harmless */
    stop(&setting, worker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_completeness),
        cmocka_unit_test(test_dispose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
