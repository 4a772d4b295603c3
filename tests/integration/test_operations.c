/* What operators may ask for (protocol.md, section 4), and what strangers may not. */
#include <stdlib.h>
#include <string.h>

#include "tests/integration/assertions.h"
#include "tests/integration/operations_client.h"
#include "tests/integration/server_process.h"

#define STREAMS_MAX 32

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static struct media_client *assert_joined(const char *room, const char *name)
{
    struct media_client_options options = usual_participant(room, name);
    return assert_connected(&options);
}

static struct event_stream *assert_stream(void)
{
    int status;
    struct event_stream *stream = event_stream_open(&status);
    assert_int_equal(status, 200);
    return stream;
}

static json_t *assert_event(struct event_stream *stream, const char *name)
{
    json_t *data = event_stream_take(stream, name, EVENT_LOOP_PATIENCE_MS);
    if (!data)
        fail_msg("no event %s", name);
    return data;
}

/* A call's status, and that an error says {code, message}. */
static void assert_answer(const char *what, struct operations_reply *reply, int status)
{
    if (reply->status != status)
        fail_msg("%s: %d, not %d: %s", what, reply->status, status, reply->text);
    if (status >= 400) {
        assert_int_equal(json_integer_value(json_object_get(reply->body, "code")), status);
        assert_true(strlen(text_of(reply->body, "message")) > 10);
        assert_non_null(strstr(reply->text, "\r\nContent-Type: application/json\r\n"));
    }
    operations_reply_free(reply);
}

static const struct {
    const char *method, *path, *headers, *body;
    int status;
} calls[] = {
    {"GET", "/healthz", "", NULL, 200},
    {"GET", "/readyz", "", NULL, 200},
    {"GET", "/v1/workers", "", NULL, 200},
    {"GET", "/v1/drain", "", NULL, 200},
    {"GET", "/v1/rooms/here", "", NULL, 200},
    {"GET", "/v1/rooms/h%65re", "", NULL, 200},
    {"GET", "/v1/rooms/nowhere", "", NULL, 404},
    {"GET", "/v1/rooms/", "", NULL, 404},
    {"GET", "/v1/rooms/here/participants", "", NULL, 404},
    {"GET", "/v1/nothing", "", NULL, 404},
    {"GET", "/nothing", "", NULL, 404},
    {"DELETE", "/v1/rooms/nowhere", "", NULL, 404},
    {"DELETE", "/v1/rooms/here/participants/p-1", "", NULL, 404},
    {"DELETE", "/v1/rooms/nowhere/participants/p-1", "", NULL, 404},
    {"DELETE", "/v1/rooms/here%2Fparticipants%2Fp-1", "", NULL, 404},
    {"GET", "/v1/rooms/here/participants/p-1", "", NULL, 405},
    {"POST", "/v1/rooms/here", "", "{}", 405},
    {"POST", "/healthz", "", NULL, 405},
    {"DELETE", "/v1/workers", "", NULL, 405},
    {"PUT", "/v1/drain", "", "{}", 405},
    {"OPTIONS", "/v1/drain", "Access-Control-Request-Method: POST\r\n", NULL, 405},
    {"DELETE", "/v1/rooms/here", "", "{}", 415},
    {"POST", "/v1/drain", "", "{\"deadline_ms\":", 400},
    {"POST", "/v1/drain", "", "{\"deadline_ms\":1,\"deadline_ms\":2}", 400},
    {"POST", "/v1/drain", "", "\"\xff\"", 400},
    {"POST", "/v1/drain", "", "[]", 422},
    {"POST", "/v1/drain", "", "1", 422},
    {"POST", "/v1/drain", "", "{\"deadline\":1}", 422},
    {"POST", "/v1/drain", "", "{\"deadline_ms\":\"1\"}", 422},
    {"POST", "/v1/drain", "", "{\"deadline_ms\":1.5}", 422},
    {"POST", "/v1/drain", "", "{\"deadline_ms\":-1}", 422},
    {"POST", "/v1/drain", "", "{\"deadline_ms\":86400001}", 422},
    {"POST", "/v1/drain", "", "{\"deadline_ms\":1,\"x\":1}", 422},
    /* what pages of other origins would send */
    {"POST", "/v1/drain", "Origin: http://evil.example\r\n", NULL, 403},
    {"POST", "/v1/drain", "Origin: null\r\n", "{}", 403},
    {"POST", "/v1/drain", "Origin: http://localhost:8080\r\n", NULL, 403},
    {"POST", "/v1/drain", "Sec-Fetch-Site: cross-site\r\n", NULL, 403},
    {"POST", "/v1/drain", "Sec-Fetch-Site: same-site\r\n", NULL, 403},
    {"DELETE", "/v1/rooms/here", "Origin: https://evil.example\r\n", NULL, 403},
    {"DELETE", "/v1/rooms/here", "Sec-Fetch-Site: cross-site\r\n", NULL, 403},
    {"GET", "/v1/events", "Sec-Fetch-Site: cross-site\r\n", NULL, 403},
    {"GET", "/v1/drain", "Sec-Fetch-Site: cross-site\r\n", NULL, 200},
    {"GET", "/healthz", "Content-Type: application/json\r\n", NULL, 200},
};

static void calls_are_judged(void **state)
{
    struct media_client *ann = assert_joined("here", "ann");
    (void)state;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        struct operations_reply reply =
            operations_call(calls[i].method, calls[i].path, calls[i].headers, calls[i].body);
        char what[96];
        snprintf(what, sizeof(what), "row %zu, %s %.60s", i, calls[i].method, calls[i].path);
        assert_answer(what, &reply, calls[i].status);
    }
    struct operations_reply reply = operations_call("PUT", "/v1/drain", "", NULL);
    assert_non_null(strstr(reply.text, "\r\nAllow: GET, HEAD, POST\r\n"));
    operations_reply_free(&reply);
    assert_true(server_process_is_ready()); /* nothing of this has begun a drain */
    assert_null(rpc_client_take(ann->rpc, "closing", 0));
}

static void the_public_listener_has_none_of_it(void **state)
{
    static const char *const requests[] = {
        "GET /v1/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /v1/workers HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "GET /v1/drain HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "POST /v1/drain HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "DELETE /v1/rooms/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        struct operations_reply reply =
            operations_exchange(server_process_public_port(), requests[i], strlen(requests[i]));
        assert_int_equal(reply.status, 404);
        operations_reply_free(&reply);
    }
}

static void who_is_removed_is_told_and_gone(void **state)
{
    struct media_client *ann = assert_joined("evict", "ann"), *bob = assert_joined("evict", "bob");
    struct event_stream *stream = assert_stream();
    char path[160];
    (void)state;
    json_decref(assert_notified(ann, "participant_joined"));
    snprintf(path, sizeof(path), "/v1/rooms/evict/participants/%s", bob->id);
    assert_int_equal(operations_status("DELETE", path, "", NULL), 204);
    json_t *closing = assert_notified(bob, "closing");
    assert_string_equal(text_of(closing, "reason"), "removed");
    assert_int_equal(rpc_client_await_close(bob->rpc), 4403);
    json_t *left = assert_notified(ann, "participant_left");
    assert_string_equal(text_of(left, "id"), bob->id);
    assert_string_equal(text_of(left, "reason"), "removed");
    json_t *event = assert_event(stream, "left");
    assert_string_equal(text_of(event, "room"), "evict");
    assert_string_equal(text_of(event, "id"), bob->id);
    assert_string_equal(text_of(event, "reason"), "removed");
    assert_int_equal(operations_status("DELETE", path, "", NULL), 404);
    assert_int_equal(operations_status("GET", "/v1/rooms/evict", "", NULL), 200);
    assert_int_equal(
        server_process_count_log("participant.remove", "room=evict", bob->id, "by=operator", NULL),
        1);
    json_decref(closing);
    json_decref(left);
    json_decref(event);
    event_stream_close(stream);
}

static void a_room_is_ended_for_everyone(void **state)
{
    struct media_client *people[3];
    struct event_stream *stream = assert_stream();
    struct media_client *other = assert_joined("stays", "dan");
    (void)state;
    for (int i = 0; i < 3; i++)
        people[i] = assert_joined("end.me_~-", "x");
    struct operations_reply reply = operations_call("DELETE", "/v1/rooms/end.me_%7E-", "", NULL);
    assert_int_equal(reply.status, 204);
    assert_null(strcasestr(reply.text, "\r\nContent-Length:"));
    operations_reply_free(&reply);
    for (int i = 0; i < 3; i++) {
        json_t *closing = assert_notified(people[i], "closing");
        assert_string_equal(text_of(closing, "reason"), "removed");
        assert_int_equal(rpc_client_await_close(people[i]->rpc), 4403);
        json_decref(closing);
    }
    json_t *closed = assert_event(stream, "room_closed");
    assert_string_equal(text_of(closed, "room"), "end.me_~-");
    assert_int_equal(operations_status("GET", "/v1/rooms/end.me_~-", "", NULL), 404);
    assert_int_equal(operations_status("GET", "/v1/rooms/stays", "", NULL), 200);
    assert_null(rpc_client_take(other->rpc, "closing", 0));
    json_decref(closed);
    event_stream_close(stream);
}

/* The node's participants are those of its rooms; this room has one. (Who left a test without a
 * word is still in his room.) */
static void assert_sums_up(const json_t *rates, const char *name)
{
    const json_t *node = json_object_get(rates, "node"), *rooms = json_object_get(rates, "rooms");
    json_int_t sum = 0, here = 0;
    const json_t *room;
    size_t i;
    json_array_foreach(rooms, i, room)
    {
        json_int_t count = json_integer_value(json_object_get(room, "participants"));
        sum += count;
        here += strcmp(text_of(room, "room"), name) == 0 ? count : 0;
    }
    assert_int_equal(here, 1);
    assert_int_equal(json_integer_value(json_object_get(node, "participants")), sum);
    assert_int_equal(json_integer_value(json_object_get(node, "rooms")), json_array_size(rooms));
}

/* The life of a room, as a dashboard and as grep see it. */
static void events_follow_a_room(void **state)
{
    struct event_stream *stream = assert_stream();
    struct media_client *ann = assert_joined("life", "ann");
    (void)state;
    json_t *opened = assert_event(stream, "room_opened");
    assert_string_equal(text_of(opened, "room"), "life");
    json_t *joined = assert_event(stream, "joined");
    assert_string_equal(text_of(joined, "room"), "life");
    const json_t *participant = json_object_get(joined, "participant");
    assert_string_equal(text_of(participant, "id"), ann->id);
    assert_string_equal(text_of(participant, "name"), "ann");
    json_t *rates = assert_event(stream, "rates");
    assert_sums_up(rates, "life");
    assert_int_equal(media_client_leave(ann), 1000);
    json_t *left = assert_event(stream, "left");
    assert_string_equal(text_of(left, "reason"), "left");
    json_t *closed = assert_event(stream, "room_closed");
    assert_string_equal(text_of(closed, "room"), "life");
    static const char *const lines[] = {"room.open", "participant.join", "participant.leave",
                                        "room.close"};
    for (int i = 0; i < 4; i++)
        assert_int_equal(server_process_count_log(lines[i], " room=life", NULL), 1);
    json_t *all[] = {opened, joined, rates, left, closed};
    for (int i = 0; i < 5; i++)
        json_decref(all[i]);
    event_stream_close(stream);
}

static bool is_far_above_zero(void *context)
{
    json_t *rates = event_stream_take(context, "rates", 0);
    const json_t *node = json_object_get(rates, "node");
    json_int_t up_bps = json_integer_value(json_object_get(node, "up_bps"));
    json_int_t down_bps = json_integer_value(json_object_get(node, "down_bps"));
    json_decref(rates);
    return up_bps > 50000 && down_bps > 50000;
}

static void rates_are_those_of_the_media(void **state)
{
    struct event_stream *stream = assert_stream();
    struct media_client *ann = assert_talking("rates", "ann"),
                        *bob = assert_talking("rates", "bob");
    (void)state;
    assert_sees(ann, bob);
    assert_true(event_loop_until(is_far_above_zero, stream, EVENT_LOOP_PATIENCE_MS));
    event_stream_close(stream);
}

static void streams_are_limited(void **state)
{
    struct event_stream *streams[STREAMS_MAX];
    int status;
    (void)state;
    for (int i = 0; i < STREAMS_MAX; i++)
        streams[i] = assert_stream();
    assert_null(event_stream_open(&status));
    assert_int_equal(status, 503);
    for (int i = 0; i < STREAMS_MAX; i++)
        event_stream_close(streams[i]);
    for (int i = 0; i < 100 && !(streams[0] = event_stream_open(&status)); i++)
        event_loop_run_ms(20);
    assert_int_equal(status, 200);
    event_stream_close(streams[0]);
}

/* Framing that lies, and heads that never end. */
static void hostile_input_harms_nobody(void **state)
{
    static const char upgrade[] = "GET /v1/events HTTP/1.1\r\nHost: localhost\r\n"
                                  "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                  "Sec-WebSocket-Version: 13\r\n"
                                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    static const char *const texts[] = {
        "POST /v1/drain HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /v1/drain HTTP/1.1\r\nHost: localhost\r\nContent-Length: 16385\r\n\r\n{}",
        "POST /v1/drain HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4294967298\r\n\r\n{}",
        "POST /v1/drain HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 18446744073709551618\r\n\r\n{}",
        "POST /v1/drain HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2, 2\r\n\r\n{}",
        "POST /v1/drain HTTP/1.1\r\nHost: localhost\r\nContent-Length: +2\r\n\r\n{}",
        "POST /v1/drain HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n",
        "POST /v1/drain HTTP/1.0\r\nOrigin: http://evil.example\r\nHost: localhost\r\n\r\n",
        "GET /v1/rooms/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /v1/rooms/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /v1/rooms/../drain HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        upgrade,
        "\x16\x03\x01\x02\x00\x01",
        "DELETE /v1/rooms/%F0%9F%98%80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct operations_reply reply =
            operations_exchange(server_process_operations_port(), texts[i], strlen(texts[i]));
        if (reply.status >= 200 && reply.status < 300)
            fail_msg("text %zu: %s", i, reply.text);
        operations_reply_free(&reply);
        assert_true(server_process_is_alive());
    }
    char *long_path = calloc(1, 6000);
    strcpy(long_path, "/v1/rooms/");
    memset(long_path + 10, 'x', 5000);
    assert_int_equal(operations_status("GET", long_path, "", NULL), 414);
    long_path[10 + 129] = '\0';
    assert_int_equal(operations_status("DELETE", long_path, "", NULL), 404);
    free(long_path);
    assert_true(server_process_is_ready());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFERENCE_TEST(calls_are_judged),
        CONFERENCE_TEST(the_public_listener_has_none_of_it),
        CONFERENCE_TEST(who_is_removed_is_told_and_gone),
        CONFERENCE_TEST(a_room_is_ended_for_everyone),
        CONFERENCE_TEST(events_follow_a_room),
        CONFERENCE_TEST(rates_are_those_of_the_media),
        CONFERENCE_TEST(streams_are_limited),
        CONFERENCE_TEST(hostile_input_harms_nobody),
    };
    return RUN_WITH_SERVER(tests);
}
