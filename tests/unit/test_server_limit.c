/*
 * What one address may open and one connection may ask, in the running server. The arithmetic is
 * test_limit.c's; here it is what the client is told, and that a flood costs a bounded amount.
 */
#include "server_client.h"

static void few_connections(struct signalling_server_config *config)
{
    config->connections_per_address = 3;
}

static void few_new_ones(struct signalling_server_config *config)
{
    config->connection_rate_per_address = 2;
}

static void few_requests(struct signalling_server_config *config)
{
    config->requests_per_second = 20;
}

/* A proxy brings many addresses: what is counted is who is behind it. */
static void few_behind_a_proxy(struct signalling_server_config *config)
{
    config->connections_per_address = 1;
    config->trusted_proxies[0] = "127.0.0.1";
}

#define SET_UP(name)                                                                               \
    static int set_up_##name(void **state)                                                         \
    {                                                                                              \
        server_adjust = name;                                                                      \
        return set_up(state);                                                                      \
    }
SET_UP(few_connections)
SET_UP(few_new_ones)
SET_UP(few_requests)
SET_UP(few_behind_a_proxy)

/* Try to open a channel. @return the status */
static int try_channel(struct client *c, struct fixture *f, const char *headers, struct response *r)
{
    char request[512];

    snprintf(request, sizeof(request), "%s%s", GOOD, headers);
    client_open(c, f, signalling_server_public_port(f->server));
    send_request(c, request);
    consume(c, receive_response(c, r, false));
    return r->status;
}

static void run_for(struct client *c, uint64_t ms)
{
    uint64_t end_ms = uv_hrtime() / 1000000 + ms;

    while (turn(c) < end_ms)
        ;
}

static uint64_t now_ms(void)
{
    return uv_hrtime() / 1000000;
}

/* What a bucket gives out from start_ms until now; the tests hold on slow machines too. */
static uint64_t allowance(unsigned burst, unsigned per_second, uint64_t start_ms)
{
    return burst + (now_ms() - start_ms) * per_second / 1000 + 1;
}

static void assert_told_to_wait(const struct response *r)
{
    const char *after = strstr(r->head, "\r\nRetry-After: ");

    assert_int_equal(r->status, 429);
    assert_non_null(after);
    assert_in_range(strtoul(after + 15, NULL, 10), 1, 10);
    assert_non_null(strstr(r->head, "429 Too Many Requests"));
    assert_non_null(strstr(r->head, "\r\nConnection: close\r\n"));
}

static void an_address_has_so_many_connections(void **state)
{
    struct fixture *f = *state;
    struct client c[3], more;
    struct response r;

    for (int i = 0; i < 3; i++)
        assert_int_equal(try_channel(&c[i], f, "", &r), 101);
    for (int i = 0; i < 2; i++) {
        try_channel(&more, f, "", &r);
        assert_told_to_wait(&r);
        client_close(&more);
    }
    assert_non_null(strstr(f->notice, "127.0.0.1"));
    /* What is no WebSocket is not counted. */
    client_open(&more, f, signalling_server_public_port(f->server));
    send_request(&more, "GET /healthz HTTP/1.1\r\n@");
    receive_response(&more, &r, false);
    assert_int_equal(r.status, 200);
    client_close(&more);
    client_close(&c[0]);
    run_for(&c[1], 20);
    assert_int_equal(f->closed, 1);
    assert_int_equal(try_channel(&c[0], f, "", &r), 101);
    for (int i = 0; i < 3; i++) {
        assert_echo(&c[i]);
        client_close(&c[i]);
    }
}

static void an_address_opens_so_many_a_second(void **state)
{
    struct fixture *f = *state;
    struct client c;
    struct response r;
    uint64_t start_ms = now_ms();
    unsigned opened = 0;

    while (try_channel(&c, f, "", &r) == 101) {
        opened++;
        client_close(&c);
    }
    assert_in_range(opened, 10, allowance(10, 2, start_ms));
    assert_told_to_wait(&r);
    client_close(&c);
    /* What would have been refused anyway takes nothing. */
    assert_int_equal(try_channel(&c, f, "Origin: https://evil.example\r\n", &r), 403);
    client_close(&c);
}

static void clients_of_a_proxy_are_told_apart(void **state)
{
    struct fixture *f = *state;
    struct client c[3];
    struct response r;

    assert_int_equal(try_channel(&c[0], f, "X-Forwarded-For: 192.0.2.1\r\n", &r), 101);
    assert_int_equal(try_channel(&c[1], f, "X-Forwarded-For: 192.0.2.2\r\n", &r), 101);
    try_channel(&c[2], f, "X-Forwarded-For: 8.8.8.8, 192.0.2.1\r\n", &r);
    assert_told_to_wait(&r);
    for (int i = 0; i < 3; i++)
        client_close(&c[i]);
}

/* 20 a second, 40 at once: what is above is answered with 429, and nothing else happens. */
static void requests_above_the_rate_get_429(void **state)
{
    struct fixture *f = *state;
    struct client c;
    unsigned echoed = 0, refused = 0;
    uint64_t start_ms = now_ms();

    open_channel(&c, f);
    for (int i = 0; i < 100; i++)
        send_text(&c, ECHO_CALL);
    for (int i = 0; i < 100; i++) {
        struct frame frame = receive_frame(&c);
        const char *retry = strstr(frame.text, "\"data\":{\"retry_after_ms\":");

        assert_int_equal(frame.op, OP_TEXT);
        assert_non_null(strstr(frame.text, "\"id\":1,"));
        echoed += strcmp(frame.text, ECHO_REPLY) == 0;
        if (strstr(frame.text, "\"error\":{\"code\":429,")) {
            refused++;
            assert_non_null(retry);
            assert_in_range(strtoul(retry + 25, NULL, 10), 1, 50);
        }
    }
    assert_int_equal(echoed + refused, 100);
    assert_in_range(echoed, 40, allowance(40, 20, start_ms));
    assert_int_equal(f->requests, echoed);
    run_for(&c, 60);
    assert_echo(&c);
    client_close(&c);
}

static void all_frames_count(void **state)
{
    static const char notification[] = "{\"jsonrpc\":\"2.0\",\"method\":\"echo\"}";
    struct fixture *f = *state;
    struct client c;
    struct frame frame;
    uint64_t start_ms = now_ms();

    open_channel(&c, f);
    for (int i = 0; i < 20; i++) {
        send_text(&c, "{");
        send_text(&c, "");
    }
    for (int i = 0; i < 40; i++) {
        frame = receive_frame(&c);
        assert_non_null(strstr(frame.text, "-32700"));
    }
    /* Malformed ones get their own answer above the rate too; notifications none, and no handler.
     */
    for (int i = 0; i < 20; i++)
        send_text(&c, notification);
    send_text(&c, "{");
    do {
        frame = receive_frame(&c); /* the handler answers what has got through */
        assert_int_equal(frame.op, OP_TEXT);
    } while (strstr(frame.text, "\"result\""));
    assert_non_null(strstr(frame.text, "-32700"));
    assert_in_range(f->requests, 0, allowance(0, 20, start_ms));
    client_close(&c);
}

static void run_until_flood_is_told(struct client *c)
{
    uint64_t end_ms = uv_hrtime() / 1000000 + WAIT_MS;

    while (!strstr(c->f->notice, "floods"))
        assert_true(turn(c) < end_ms);
}

/*
 * 3000 requests: 40 are done, 400 refused, then the server reads 20 a second of each kind. So most
 * are unread after a while, whatever the sender does, and the connection stays.
 */
static void a_flood_is_read_slowly(void **state)
{
    struct fixture *f = *state;
    struct client c, other;
    struct frame frame;
    uint64_t start_ms = now_ms();
    uint64_t passed_ms;
    unsigned answered = 0;

    open_channel(&c, f);
    open_channel(&other, f);
    for (int i = 0; i < 3000 && !c.is_ended; i++)
        send_text(&c, ECHO_CALL);
    run_until_flood_is_told(&c);
    run_for(&c, 200);
    passed_ms = now_ms() - start_ms;
    while (take_frame(&c, &frame))
        answered += frame.op == OP_TEXT;
    assert_false(c.is_ended);
    assert_in_range(answered, 440, 440 + passed_ms * 40 / 1000 + 2);
    assert_echo(&other);
    client_close(&other);
    client_close(&c);
}

/* The server's close gets through to one that floods. */
static void a_flood_can_be_ended(void **state)
{
    struct fixture *f = *state;
    struct client c;
    struct frame frame = {.op = -1};

    open_channel(&c, f);
    for (int i = 0; i < 1000; i++)
        send_text(&c, ECHO_CALL);
    run_until_flood_is_told(&c);
    signalling_connection_close(f->last, SIGNALLING_CLOSE_REMOVED, "enough");
    while (frame.op != OP_CLOSE && !c.is_ended)
        frame = receive_frame(&c);
    assert_int_equal(frame.close_code, SIGNALLING_CLOSE_REMOVED);
    send_frame(&c, OP_CLOSE, true, "\x03\xe8", 2);
    wait_for_end(&c);
    assert_int_equal(f->closed, 1);
    client_close(&c);
}

static void assert_counted(struct fixture *f, int first, int op)
{
    struct client c;

    open_channel(&c, f);
    if (first >= 0)
        send_frame(&c, first, false, "", 0);
    for (int n = 0; n < 1000; n++)
        send_frame(&c, op, op == OP_PONG, "x", op == OP_PONG);
    run_until_flood_is_told(&c);
    assert_false(c.is_ended);
    client_close(&c);
}

static void empty_frames_count(void **state)
{
    assert_counted(*state, OP_TEXT, OP_CONTINUATION);
}

static void pongs_count(void **state)
{
    assert_counted(*state, -1, OP_PONG);
}

#define LIMIT_TEST(test, limits) cmocka_unit_test_setup_teardown(test, set_up_##limits, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIMIT_TEST(an_address_has_so_many_connections, few_connections),
        LIMIT_TEST(an_address_opens_so_many_a_second, few_new_ones),
        LIMIT_TEST(clients_of_a_proxy_are_told_apart, few_behind_a_proxy),
        LIMIT_TEST(requests_above_the_rate_get_429, few_requests),
        LIMIT_TEST(all_frames_count, few_requests),
        LIMIT_TEST(a_flood_is_read_slowly, few_requests),
        LIMIT_TEST(a_flood_can_be_ended, few_requests),
        LIMIT_TEST(empty_frames_count, few_requests),
        LIMIT_TEST(pongs_count, few_requests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
