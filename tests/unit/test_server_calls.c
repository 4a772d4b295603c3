/* Calls of the operations listener: their bodies, foreign pages, answers that do not end. */
#include "tests/unit/server_client.h"

#define TYPE "Content-Type: application/json\r\n"

static void open_operations(struct client *c, struct fixture *f)
{
    client_open(c, f, signalling_server_operations_port(f->server));
}

/* Head and body of one request. */
static const struct {
    const char *what, *head, *body;
    int status;
    const char *answer; /* stands in the body */
} calls[] = {
    {"no body", "DELETE /echo HTTP/1.1\r\n@", "", 200, "DELETE /echo '' own ''"},
    {"no length", "POST /echo HTTP/1.1\r\n@", "", 200, "POST /echo '' own ''"},
    {"an empty body", "POST /echo HTTP/1.1\r\n@" TYPE "Content-Length: 0\r\n", "", 200,
     "POST /echo 'application/json' own ''"},
    {"a body", "POST /echo HTTP/1.1\r\n@" TYPE "Content-Length: 7\r\n", "{\"a\":1}", 200,
     "POST /echo 'application/json' own '{\"a\":1}'"},
    {"body of DELETE", "DELETE /echo HTTP/1.1\r\n@Content-Length: 2\r\n", "{}", 200,
     "DELETE /echo '' own '{}'"},
    {"body of PUT", "PUT /echo HTTP/1.1\r\n@Content-Length: 2\r\n", "{}", 200, "PUT /echo"},
    {"body of PATCH", "PATCH /echo HTTP/1.1\r\n@Content-Length: 2\r\n", "{}", 200, "PATCH /echo"},
    {"more than the body", "POST /echo HTTP/1.1\r\n@Content-Length: 2\r\n", "{}{}", 200,
     "POST /echo '' own '{}'"},
    {"decoded", "GET /echo/caf%C3%A9%7E%2e HTTP/1.1\r\n@", "", 200, "/echo/caf\xc3\xa9~. "},
    {"dots of a name", "GET /echo/a..b.~-_ HTTP/1.1\r\n@", "", 200, "/echo/a..b.~-_ "},
    {"three dots", "GET /echo/... HTTP/1.1\r\n@", "", 200, "/echo/... "},
    {"dots before a name", "GET /echo/..a HTTP/1.1\r\n@", "", 200, "/echo/..a "},
    {"a dot before a name", "GET /echo/.a HTTP/1.1\r\n@", "", 200, "/echo/.a "},
    {"body of GET", "GET /echo HTTP/1.1\r\n@Content-Length: 2\r\n", "{}", 413, "\"code\":413"},
    {"chunks", "POST /echo HTTP/1.1\r\n@Transfer-Encoding: chunked\r\n", "", 413, "\"code\":413"},
    {"both framings", "POST /echo HTTP/1.1\r\n@Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
     "{}", 413, "\"code\":413"},
    {"too long", "POST /echo HTTP/1.1\r\n@Content-Length: 16385\r\n", "", 413, "16 KiB"},
    {"huge", "POST /echo HTTP/1.1\r\n@Content-Length: 99999999999999999999\r\n", "", 413,
     "\"code\":413"},
    {"negative", "POST /echo HTTP/1.1\r\n@Content-Length: -1\r\n", "", 400, "malformed"},
    {"two lengths", "POST /echo HTTP/1.1\r\n@Content-Length: 1\r\nContent-Length: 2\r\n", "", 400,
     "\"code\":400"},
    {"nothing there", "GET /nope HTTP/1.1\r\n@", "", 404, "\"code\":404"},
    {"foreign Host", "POST /echo HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 2\r\n", "{}",
     421, "\"code\":421"},
    {"foreign Origin", "POST /echo HTTP/1.1\r\n@Origin: https://evil.example\r\n", "", 200,
     "foreign"},
    {"Origin of a sandbox", "POST /echo HTTP/1.1\r\n@Origin: null\r\n", "", 200, "foreign"},
    {"Origin of another port", "POST /echo HTTP/1.1\r\n@Origin: http://localhost:3000\r\n", "", 200,
     "foreign"},
    {"own Origin", "POST /echo HTTP/1.1\r\n@Origin: http://localhost\r\n", "", 200, "own"},
    {"a page of another site", "POST /echo HTTP/1.1\r\n@Sec-Fetch-Site: cross-site\r\n", "", 200,
     "foreign"},
    {"a page of the same site", "POST /echo HTTP/1.1\r\n@Sec-Fetch-Site: same-site\r\n", "", 200,
     "foreign"},
    {"a page of ours", "POST /echo HTTP/1.1\r\n@Sec-Fetch-Site: same-origin\r\n", "", 200, "own"},
    {"the address bar", "POST /echo HTTP/1.1\r\n@Sec-Fetch-Site: none\r\n", "", 200, "own"},
    {"a long site",
     "POST /echo HTTP/1.1\r\n@Sec-Fetch-Site: nonenonenonenonenonenonenonenonenone\r\n", "", 200,
     "foreign"},
    {"an empty site", "POST /echo HTTP/1.1\r\n@Sec-Fetch-Site: \r\n", "", 200, "foreign"},
};

static void calls_are_answered(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        struct client c;
        struct response r;

        open_operations(&c, f);
        send_request(&c, calls[i].head);
        client_text(&c, calls[i].body);
        receive_response(&c, &r, false);
        if (r.status != calls[i].status)
            fail_msg("%s: %d, not %d", calls[i].what, r.status, calls[i].status);
        if (!memmem(r.body, r.body_len, calls[i].answer, strlen(calls[i].answer)))
            fail_msg("%s: no '%s' in '%.*s'", calls[i].what, calls[i].answer, (int)r.body_len,
                     (char *)r.body);
        client_close(&c);
    }
}

static void bodies_come_in_pieces(void **state)
{
    struct fixture *f = *state;
    struct client c;
    struct response r;
    char *body = malloc(SIGNALLING_BODY_MAX_BYTES + 1);

    memset(body, 'x', SIGNALLING_BODY_MAX_BYTES);
    body[SIGNALLING_BODY_MAX_BYTES] = '\0';
    open_operations(&c, f);
    send_request(&c, "POST /echo HTTP/1.1\r\n@Content-Length: 16384\r\n");
    for (size_t sent = 0; sent < SIGNALLING_BODY_MAX_BYTES; sent += 4096) {
        turn(&c);
        client_send(&c, body + sent, 4096);
    }
    receive_response(&c, &r, false);
    assert_int_equal(r.status, 200);
    assert_non_null(memmem(r.body, r.body_len, body, SIGNALLING_BODY_MAX_BYTES));
    assert_non_null(strstr(r.head, "\r\nConnection: close\r\n"));
    client_close(&c);
    free(body);
}

/* The connection ends with the answer, not before. */
static void large_answers_arrive_whole(void **state)
{
    struct fixture *f = *state;
    struct client c;
    struct response r;

    open_operations(&c, f);
    send_request(&c, "GET /big HTTP/1.1\r\n@");
    receive_response(&c, &r, false);
    assert_int_equal(r.status, 200);
    assert_int_equal(r.body_len, BIG_ANSWER_BYTES);
    client_close(&c);
}

/* What follows a call on its connection is neither its body nor another call. */
static void a_connection_carries_one_call(void **state)
{
    static const char *const rows[][2] = {
        {"GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n"
         "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nabcd",
         "GET /echo '' own ''"},
        {"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nabcd"
         "DELETE /echo HTTP/1.1\r\nHost: localhost\r\n\r\n",
         "POST /echo '' own 'abcd'"},
        {"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30\r\n\r\n"
         "DELETE /echo HTTP/1.1\r\nHost: l",
         "POST /echo '' own 'DELETE /echo HTTP/1.1\r\nHost: l'"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct client c;
        struct response r;
        size_t len;

        open_operations(&c, f);
        client_text(&c, rows[i][0]);
        len = receive_response(&c, &r, false);
        assert_int_equal(r.status, 200);
        assert_int_equal(r.body_len, strlen(rows[i][1]));
        assert_memory_equal(r.body, rows[i][1], r.body_len);
        consume(&c, len);
        wait_for_end(&c);
        assert_int_equal(c.len, 0);
        client_close(&c);
    }
}

static unsigned open_streams(struct fixture *f)
{
    return signalling_server_streams(f->server)->open;
}

static void wait_for_streams(struct client *c, unsigned count)
{
    uint64_t end_ms = uv_hrtime() / 1000000 + WAIT_MS;

    while (open_streams(c->f) != count && turn(c) < end_ms)
        ;
    assert_int_equal(open_streams(c->f), count);
}

static void open_stream(struct client *c, struct fixture *f)
{
    open_operations(c, f);
    send_request(c, "GET /events HTTP/1.1\r\n@");
    wait_for_text(c, "\r\n\r\nretry: 2000\n\n");
}

static void events_go_to_all_streams(void **state)
{
    struct fixture *f = *state;
    struct client a, b;

    signalling_server_publish(f->server, "early", json_object()); /* to nobody */
    open_stream(&a, f);
    open_stream(&b, f);
    assert_true(has_text(&a, "\r\nContent-Type: text/event-stream\r\n"));
    assert_true(has_text(&a, "\r\nConnection: close\r\n"));
    assert_false(has_text(&a, "\r\nContent-Length"));
    signalling_server_publish(f->server, "first", json_pack("{s:s}", "text", "a\n\nb"));
    signalling_server_publish(f->server, "second", NULL); /* out of memory */
    signalling_server_publish(f->server, "third", json_object());
    wait_for_text(&a, "event: first\ndata: {\"text\":\"a\\n\\nb\"}\n\nevent: third\ndata: {}\n\n");
    wait_for_text(&b, "event: third\ndata: {}\n\n");
    assert_false(has_text(&a, "early"));
    assert_int_equal(open_streams(f), 2);
    client_close(&a);
    wait_for_streams(&b, 1);
    signalling_server_publish(f->server, "last", json_object());
    wait_for_text(&b, "event: last\n");
    client_close(&b);
    assert_int_equal(signalling_server_streams(f->server)->opened, 2);
    assert_int_equal(signalling_server_streams(f->server)->dropped, 0);
}

static void what_was_published_arrives_before_the_end(void **state)
{
    struct fixture *f = *state;
    struct client c;

    open_stream(&c, f);
    signalling_server_publish(f->server, "last", json_object());
    signalling_server_destroy(f->server);
    f->server = NULL;
    wait_for_text(&c, "event: last\n");
    wait_for_end(&c);
    client_close(&c);
}

/* libwebsockets would spin on it, and not see the end. */
static void whoever_speaks_on_a_stream_ends_it(void **state)
{
    static const struct {
        const char *with_request, *later;
        bool ends;
    } rows[] = {
        {"", "", false},
        {"", "x", true},
        {"", "GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n", true},
        {"GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n", "", false},
        {"GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET", true},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct client c;
        char request[256];

        snprintf(request, sizeof(request), "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n%s",
                 rows[i].with_request);
        open_operations(&c, f);
        client_text(&c, request);
        wait_for_text(&c, "retry: 2000\n\n");
        client_text(&c, rows[i].later);
        if (rows[i].ends)
            wait_for_end(&c);
        assert_true(idle_turns(f) < 100);
        assert_int_equal(open_streams(f), !rows[i].ends);
        assert_false(has_text(&c, "echo"));
        client_close(&c);
        assert_true(idle_turns(f) < 100);
        assert_int_equal(open_streams(f), 0);
    }
}

static void head_opens_no_stream(void **state)
{
    struct fixture *f = *state;
    struct client c;
    struct response r;

    open_operations(&c, f);
    send_request(&c, "HEAD /events HTTP/1.1\r\n@");
    receive_response(&c, &r, true);
    assert_int_equal(r.status, 200);
    wait_for_end(&c);
    assert_int_equal(open_streams(f), 0);
    client_close(&c);
}

/* 100 KB at once: what a stream's queue and a socket's buffers hold is used up soon. */
static void a_slow_reader_is_ended_and_counted(void **state)
{
    struct fixture *f = *state;
    struct client slow, other;
    char *text = malloc(100001);

    memset(text, 'x', 100000);
    text[100000] = '\0';
    open_stream(&slow, f);
    open_stream(&other, f);
    for (int i = 0; i < 200 && open_streams(f) == 2; i++) {
        signalling_server_publish(f->server, "big", json_pack("{s:s}", "x", text));
        wait_for_text(&other, "x\"}\n\n");
        consume(&other, other.len);
    }
    wait_for_streams(&other, 1);
    assert_int_equal(signalling_server_streams(f->server)->dropped, 1);
    assert_non_null(strstr(f->notice, "slow event stream of 127.0.0.1"));
    signalling_server_publish(f->server, "small", json_object());
    wait_for_text(&other, "event: small\n");
    client_close(&slow);
    client_close(&other);
    free(text);
}

static void be_impatient(struct signalling_server_config *config)
{
    config->stream_silence_ms = 20;
}

static int set_up_impatient(void **state)
{
    server_adjust = be_impatient;
    int result = set_up(state);
    server_adjust = NULL;
    return result;
}

static void silence_is_filled_with_comments(void **state)
{
    struct fixture *f = *state;
    struct client c;

    open_stream(&c, f);
    wait_for_text(&c, ":\n\n:\n\n");
    signalling_server_publish(f->server, "x", json_object());
    wait_for_text(&c, "event: x\ndata: {}\n\n:\n\n");
    client_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER_TEST(calls_are_answered),
        SERVER_TEST(bodies_come_in_pieces),
        SERVER_TEST(large_answers_arrive_whole),
        SERVER_TEST(a_connection_carries_one_call),
        SERVER_TEST(events_go_to_all_streams),
        SERVER_TEST(what_was_published_arrives_before_the_end),
        SERVER_TEST(whoever_speaks_on_a_stream_ends_it),
        SERVER_TEST(head_opens_no_stream),
        SERVER_TEST(a_slow_reader_is_ended_and_counted),
        cmocka_unit_test_setup_teardown(silence_is_filled_with_comments, set_up_impatient,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
