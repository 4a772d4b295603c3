/* The end of a server that people are on (protocol.md, section 4). Each test has its own server. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/assertions.h"
#include "tests/integration/operations_client.h"
#include "tests/integration/server_process.h"

#define EXIT_MS 20000

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static struct media_client *assert_joined(const char *room, const char *name)
{
    struct media_client_options options = usual_participant(room, name);
    return assert_connected(&options);
}

static void assert_told(struct media_client *client, json_int_t low_ms, json_int_t high_ms)
{
    json_t *params = assert_notified(client, "draining");
    json_int_t deadline_ms = number_of(params, "deadline_ms");
    if (deadline_ms < low_ms || deadline_ms > high_ms)
        fail_msg("deadline %lld ms, not %lld to %lld", deadline_ms, low_ms, high_ms);
    assert_string_equal(text_of(params, "url"), "https://other.example.org/");
    json_decref(params);
}

static void assert_cut_off(struct media_client *client)
{
    json_t *closing = assert_notified(client, "closing");
    assert_string_equal(text_of(closing, "reason"), "drained");
    assert_int_equal(rpc_client_await_close(client->rpc), 1012);
    json_decref(closing);
}

static json_t *assert_drain(const char *body)
{
    struct operations_reply reply = operations_call("POST", "/v1/drain", "", body);
    assert_int_equal(reply.status, 200);
    json_t *report = json_incref(reply.body);
    operations_reply_free(&reply);
    return report;
}

/* 503, draining, and when to come back. */
static void assert_refused(const char *room)
{
    struct media_client_options options = usual_participant(room, "late");
    struct media_client *late = media_client_create(&options);
    char *offer = media_client_offer(late);
    json_t *reply =
        rpc_client_call(late->rpc, "join",
                        json_pack("{s:s, s:s, s:s}", "room", room, "name", "late", "offer", offer));
    const json_t *data = json_object_get(json_object_get(reply, "error"), "data");
    assert_int_equal(rpc_client_error_code(reply), 503);
    assert_string_equal(text_of(data, "reason"), "draining");
    assert_true(number_of(data, "retry_after_ms") > 0);
    json_decref(reply);
    free(offer);
}

static void a_drain_ends_at_its_deadline(void **state)
{
    struct media_client *ann = assert_joined("drain", "ann"), *bob = assert_joined("drain", "bob");
    struct media_client *cid = assert_joined("alone", "cid");
    int status;
    struct event_stream *stream = event_stream_open(&status);
    int64_t start_us = event_loop_now_us();
    (void)state;
    json_t *report = assert_drain("{\"deadline_ms\": 3000}");
    assert_true(json_is_true(json_object_get(report, "draining")));
    assert_int_equal(number_of(report, "deadline_ms"), 3000);
    assert_int_equal(number_of(report, "participants"), 3);
    assert_int_equal(number_of(report, "rooms"), 2);
    assert_int_equal(number_of(report, "told"), 3);
    json_decref(report);
    assert_told(ann, 2900, 3000);
    assert_told(bob, 2900, 3000);
    assert_told(cid, 2900, 3000);
    assert_false(server_process_is_ready());
    assert_int_equal(operations_status("GET", "/readyz", "", NULL), 503);
    assert_int_equal(operations_status("GET", "/healthz", "", NULL), 503);
    assert_refused("drain");
    assert_refused("new");
    assert_int_equal(media_client_leave(cid), 1000);
    struct operations_reply reply = operations_call("GET", "/v1/drain", "", NULL);
    assert_int_equal(number_of(reply.body, "left"), 1);
    assert_int_equal(number_of(reply.body, "rooms"), 1);
    operations_reply_free(&reply);
    assert_cut_off(ann);
    assert_cut_off(bob);
    assert_true(event_loop_now_us() - start_us >= 2900000);
    json_t *first = event_stream_take(stream, "draining", EVENT_LOOP_PATIENCE_MS);
    json_t *last = event_stream_take(stream, "draining", EVENT_LOOP_PATIENCE_MS);
    assert_int_equal(number_of(first, "participants"), 3);
    assert_int_equal(number_of(last, "deadline_ms"), 0);
    assert_int_equal(number_of(last, "participants"), 0);
    assert_int_equal(number_of(last, "told"), 3);
    assert_int_equal(number_of(last, "left"), 1);
    assert_int_equal(number_of(last, "cut_off"), 2);
    assert_true(number_of(last, "elapsed_ms") >= 3000);
    json_decref(first);
    json_decref(last);
    event_stream_close(stream);
    assert_int_equal(server_process_await_exit(EXIT_MS), 0);
    assert_int_equal(
        server_process_count_log("server.drained", "told=3", "left=1", "cut_off=2", NULL), 1);
    assert_int_equal(server_process_count_log("participant.leave", "reason=drained", NULL), 2);
}

/* Everyone hears of a new deadline; POST without a body means the configured one (30 s here). */
static void a_deadline_can_be_changed(void **state)
{
    struct media_client *ann = assert_joined("change", "ann");
    (void)state;
    json_decref(assert_drain(NULL));
    assert_told(ann, 29900, 30000);
    json_decref(assert_drain("{\"deadline_ms\": 60000}"));
    assert_told(ann, 59900, 60000);
    json_decref(assert_drain("{\"deadline_ms\": 0}"));
    assert_told(ann, 0, 0);
    assert_cut_off(ann);
    assert_int_equal(server_process_await_exit(EXIT_MS), 0);
    assert_int_equal(server_process_count_log("server.drained", "told=1", "cut_off=1", NULL), 1);
}

static void sigterm_waits_for_people_to_go(void **state)
{
    struct media_client *ann = assert_joined("term", "ann");
    (void)state;
    server_process_signal(SIGTERM);
    assert_told(ann, 29900, 30000);
    assert_false(server_process_is_ready());
    event_loop_run_ms(300);
    assert_true(server_process_is_alive());
    assert_int_equal(media_client_leave(ann), 1000);
    assert_int_equal(server_process_await_exit(EXIT_MS), 0);
    assert_int_equal(server_process_count_log("server.drained", "left=1", "cut_off=0", NULL), 1);
}

static void sigterm_ends_an_empty_server(void **state)
{
    (void)state;
    server_process_signal(SIGTERM);
    assert_int_equal(server_process_await_exit(EXIT_MS), 0);
    assert_int_equal(server_process_count_log("server.drained", "told=0", NULL), 1);
}

/* It neither prolongs a drain that runs nor forgets to end when empty. */
static void sigterm_during_a_drain(void **state)
{
    struct media_client *ann = assert_joined("both", "ann");
    (void)state;
    json_decref(assert_drain("{\"deadline_ms\": 20000}"));
    assert_told(ann, 19900, 20000);
    server_process_signal(SIGTERM);
    assert_told(ann, 19000, 20000);
    assert_int_equal(media_client_leave(ann), 1000);
    assert_int_equal(server_process_await_exit(EXIT_MS), 0);
}

static void a_second_signal_ends_at_once(void **state)
{
    static const int seconds[] = {SIGTERM, SIGINT};
    (void)state;
    for (int i = 0; i < 2; i++) {
        if (i > 0)
            assert_int_equal(server_process_start(NULL), 0);
        struct media_client *ann = assert_joined("twice", "ann");
        server_process_signal(SIGTERM);
        assert_told(ann, 29900, 30000);
        server_process_signal(seconds[i]);
        json_t *closing = assert_notified(ann, "closing");
        assert_string_equal(text_of(closing, "reason"), "restarting");
        assert_int_equal(rpc_client_await_close(ann->rpc), 1012);
        json_decref(closing);
        assert_int_equal(server_process_await_exit(EXIT_MS), 0);
    }
}

/* Whoever comes back while the server drains hears of it. */
static void resumed_sessions_are_told(void **state)
{
    struct media_client *ann = assert_joined("resume", "ann");
    const char *session = text_of(ann->join_result, "session");
    (void)state;
    json_decref(assert_drain("{\"deadline_ms\": 20000}"));
    struct rpc_client *again = rpc_client_connect(server_process_public_port(), NULL, NULL);
    json_t *reply = rpc_client_call(again, "resume", json_pack("{s:s}", "session", session));
    assert_int_equal(rpc_client_error_code(reply), 0);
    json_t *params = rpc_client_take(again, "draining", EVENT_LOOP_PATIENCE_MS);
    assert_non_null(params);
    json_decref(params);
    json_decref(reply);
    rpc_client_destroy(again);
    json_decref(assert_drain("{\"deadline_ms\": 0}"));
    assert_int_equal(server_process_await_exit(EXIT_MS), 0);
}

#define DRAIN_TEST(test)                                                                           \
    cmocka_unit_test_setup_teardown(test, server_process_start, media_client_destroy_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DRAIN_TEST(a_drain_ends_at_its_deadline),   DRAIN_TEST(a_deadline_can_be_changed),
        DRAIN_TEST(sigterm_waits_for_people_to_go), DRAIN_TEST(sigterm_ends_an_empty_server),
        DRAIN_TEST(sigterm_during_a_drain),         DRAIN_TEST(a_second_signal_ends_at_once),
        DRAIN_TEST(resumed_sessions_are_told),
    };
    server_process_set("drain_seconds=30");
    server_process_set("drain_url=https://other.example.org/");
    return server_process_verdict(cmocka_run_group_tests(tests, NULL, NULL));
}
