/*
 * The server's control channel: handshakes, messages whole and in pieces, limits, violations,
 * closing.
 */
#include "server_client.h"

static const struct {
    const char *what;
    const char *request;
    int status;
} handshakes[] = {
    {"good", GOOD, 101},
    {"with query", "GET /v1/ws?a=b HTTP/1.1\r\n@" UPGRADE KEY V13 IRIS, 101},
    {"own origin", GOOD "Origin: http://localhost:5173\r\n", 101},
    {"listed origin", GOOD "Origin: https://app.example.net\r\n", 101},
    {"several subprotocols",
     "GET /v1/ws HTTP/1.1\r\n@" UPGRADE KEY V13 "Sec-WebSocket-Protocol: iris.v2, iris.v1\r\n",
     101},
    {"deflate is not taken", GOOD "Sec-WebSocket-Extensions: permessage-deflate\r\n", 101},
    {"no subprotocol", "GET /v1/ws HTTP/1.1\r\n@" UPGRADE KEY V13, 400},
    {"another subprotocol",
     "GET /v1/ws HTTP/1.1\r\n@" UPGRADE KEY V13 "Sec-WebSocket-Protocol: iris.v10\r\n", 400},
    {"subprotocol in capitals",
     "GET /v1/ws HTTP/1.1\r\n@" UPGRADE KEY V13 "Sec-WebSocket-Protocol: IRIS.V1\r\n", 400},
    {"subprotocol of HTTP",
     "GET /v1/ws HTTP/1.1\r\n@" UPGRADE KEY V13 "Sec-WebSocket-Protocol: (http)\r\n", 400},
    {"no Host", "GET /v1/ws HTTP/1.1\r\n" UPGRADE KEY V13 IRIS, 400},
    {"foreign Host", "GET /v1/ws HTTP/1.1\r\nHost: evil.example\r\n" UPGRADE KEY V13 IRIS, 421},
    {"foreign origin", GOOD "Origin: https://evil.example\r\n", 403},
    {"null origin", GOOD "Origin: null\r\n", 403},
    {"another path", "GET /v1/wss HTTP/1.1\r\n@" UPGRADE KEY V13 IRIS, 404},
    {"root", "GET / HTTP/1.1\r\n@" UPGRADE KEY V13 IRIS, 404},
    {"posted", "POST /v1/ws HTTP/1.1\r\n@" UPGRADE KEY V13 IRIS, 405},
    {"no key", "GET /v1/ws HTTP/1.1\r\n@" UPGRADE V13 IRIS, 400},
    {"short key", "GET /v1/ws HTTP/1.1\r\n@" UPGRADE "Sec-WebSocket-Key: YQ==\r\n" V13 IRIS, 400},
    {"no version", "GET /v1/ws HTTP/1.1\r\n@" UPGRADE KEY IRIS, 426},
    {"old version", "GET /v1/ws HTTP/1.1\r\n@" UPGRADE KEY "Sec-WebSocket-Version: 8\r\n" IRIS,
     426},
    {"no Connection", "GET /v1/ws HTTP/1.1\r\n@Upgrade: websocket\r\n" KEY V13 IRIS, 400},
    {"HTTP/2 in clear", "GET / HTTP/1.1\r\n@Upgrade: h2c\r\nConnection: Upgrade\r\n", 400},
};

static void handshakes_are_judged(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(handshakes) / sizeof(handshakes[0]); i++) {
        struct client c;
        struct response r;

        client_open(&c, f, signalling_server_public_port(f->server));
        send_request(&c, handshakes[i].request);
        receive_response(&c, &r, false);
        if (r.status != handshakes[i].status)
            fail_msg("%s: %d, not %d", handshakes[i].what, r.status, handshakes[i].status);
        if (r.status == 101) {
            /* RFC 6455, section 1.3, has the key of this test as its example. */
            assert_non_null(strcasestr(r.head, "Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
            assert_non_null(strcasestr(r.head, "Protocol: iris.v1\r\n"));
            assert_null(strcasestr(r.head, "Extensions"));
        } else if (!strstr(r.head, "\r\nConnection: close\r\n") || r.body_len < 10) {
            fail_msg("%s: the refusal is not a sentence and the end", handshakes[i].what);
        }
        client_close(&c);
    }
    assert_int_equal(f->opened, 6);
}

static void requests_reach_the_handler(void **state)
{
    struct fixture *f = *state;
    struct client c, d;

    open_channel(&c, f);
    open_channel(&d, f);
    assert_string_equal(f->peer, "127.0.0.1");
    assert_echo(&c);
    assert_echo(&d);
    assert_echo(&c);
    assert_int_equal(f->requests, 3);
    client_close(&c);
    assert_echo(&d);
    client_close(&d);
}

/* What is wrong with a message is answered, and the connection goes on. */
static void malformed_messages_are_answered(void **state)
{
    static const struct {
        const char *text;
        const char *code;
    } messages[] = {
        {"{", "\"code\":-32700"},
        {"", "\"code\":-32700"},
        {"[" ECHO_CALL "," ECHO_CALL "]", "\"code\":-32600"},
        {"{\"jsonrpc\":\"2.0\",\"id\":9}", "\"id\":9,\"error\":{\"code\":-32600"},
        {"{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"a\",\"params\":[]}", "\"code\":-32602"},
    };
    struct fixture *f = *state;
    struct client c;

    open_channel(&c, f);
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        struct frame reply;

        send_text(&c, messages[i].text);
        reply = receive_frame(&c);
        if (reply.op != OP_TEXT || !strstr(reply.text, messages[i].code))
            fail_msg("'%s' is answered by '%s'", messages[i].text, reply.text);
        assert_echo(&c);
    }
    assert_int_equal(f->requests, 5);
    client_close(&c);
}

static void fragments_make_a_message(void **state)
{
    struct fixture *f = *state;
    struct client c;
    struct frame frame;

    open_channel(&c, f);
    send_frame(&c, OP_TEXT, false, ECHO_CALL, 5);
    send_frame(&c, OP_CONTINUATION, false, ECHO_CALL + 5, 0);
    send_frame(&c, OP_PING, true, "between", 7);
    send_frame(&c, OP_CONTINUATION, false, ECHO_CALL + 5, 10);
    frame = receive_frame(&c);
    assert_int_equal(frame.op, OP_PONG);
    assert_string_equal(frame.text, "between");
    send_frame(&c, OP_CONTINUATION, true, ECHO_CALL + 15, strlen(ECHO_CALL) - 15);
    frame = receive_frame(&c);
    assert_string_equal(frame.text, ECHO_REPLY);
    assert_echo(&c);
    client_close(&c);
}

static void bytes_may_come_one_by_one(void **state)
{
    struct fixture *f = *state;
    struct client c;
    struct frame frame;
    unsigned char bytes[6 + sizeof(ECHO_CALL) - 1] = {0x81, 0x80 | (sizeof(ECHO_CALL) - 1), 0, 0, 0,
                                                      0};

    memcpy(bytes + 6, ECHO_CALL, sizeof(ECHO_CALL) - 1); /* the mask is zero */
    open_channel(&c, f);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        client_send(&c, bytes + i, 1);
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    frame = receive_frame(&c);
    assert_string_equal(frame.text, ECHO_REPLY);
    client_close(&c);
}

/* A message of len bytes: a request with filling. */
static char *message_of(size_t len)
{
    static const char head[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"x\":\"";
    char *message = malloc(len);

    memset(message, 'a', len);
    memcpy(message, head, sizeof(head) - 1);
    message[len - 2] = '"';
    message[len - 1] = '}';
    return message;
}

static void messages_have_a_limit(void **state)
{
    static const struct {
        const char *what;
        size_t first, second; /* sizes of one or two frames; second 0: only one */
        bool is_accepted;
    } sizes[] = {
        {"the largest", SIGNALLING_FRAME_MAX_BYTES, 0, true},
        {"the largest in two", 200000, SIGNALLING_FRAME_MAX_BYTES - 200000, true},
        {"one byte more", SIGNALLING_FRAME_MAX_BYTES + 1, 0, false},
        {"one byte more in two", 200000, SIGNALLING_FRAME_MAX_BYTES - 200000 + 1, false},
        {"a megabyte", 1000000, 0, false},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t len = sizes[i].first + sizes[i].second;
        char *message = message_of(len);
        struct client c;
        struct frame frame;

        open_channel(&c, f);
        send_frame(&c, OP_TEXT, sizes[i].second == 0, message, sizes[i].first);
        if (sizes[i].second > 0)
            send_frame(&c, OP_CONTINUATION, true, message + sizes[i].first, sizes[i].second);
        frame = receive_frame(&c);
        if (sizes[i].is_accepted ? frame.op != OP_TEXT
                                 : frame.close_code != SIGNALLING_CLOSE_TOO_BIG)
            fail_msg("%s: frame %d, code %d", sizes[i].what, frame.op, frame.close_code);
        free(message);
        client_close(&c);
    }
}

static const struct {
    const char *what;
    const char *bytes; /* as sent, the mask is zero */
    size_t len;
    int code; /* 0: the connection ends without a close frame */
} violations[] = {
#define RAW(text) text, sizeof(text) - 1
    {"binary", RAW("\x82\x81\0\0\0\0x"), 1002},
    {"binary, empty", RAW("\x82\x80\0\0\0\0"), 1002},
    {"no UTF-8", RAW("\x81\x82\0\0\0\0\xff\xfe"), 1007},
    {"UTF-8 cut at the end", RAW("\x81\x82\0\0\0\0\"\xc3"), 1007},
    {"UTF-8 broken by a fragment", RAW("\x01\x82\0\0\0\0\"\xc3\x80\x81\0\0\0\0("), 1007},
    {"a surrogate", RAW("\x81\x83\0\0\0\0\xed\xa0\x80"), 1007},
    {"reserved bit", RAW("\xc1\x80\0\0\0\0"), 1002},
    {"reserved opcode", RAW("\x83\x80\0\0\0\0"), 1002},
    {"reserved control opcode", RAW("\x8b\x80\0\0\0\0"), 1002},
    {"continuation of nothing", RAW("\x80\x81\0\0\0\0x"), 1002},
    {"text inside a message", RAW("\x01\x81\0\0\0\0x\x81\x81\0\0\0\0x"), 1002},
    {"fragmented ping", RAW("\x09\x80\0\0\0\0"), 1002},
    {"ping of 126 bytes", RAW("\x89\xfe\0\x7e\0\0\0\0"), 0},
    {"length of 2^40", RAW("\x81\xff\0\0\1\0\0\0\0\0\0\0\0\0x"), 1009},
    {"length of 2^63", RAW("\x81\xff\x80\0\0\0\0\0\0\0\0\0\0\0x"), 0},
    {"close code 999", RAW("\x88\x82\0\0\0\0\x03\xe7"), 1002},
    {"close code 1005", RAW("\x88\x82\0\0\0\0\x03\xed"), 1002},
    {"a proper close",
     RAW("\x88\x85\0\0\0\0\x03\xe8"
         "bye"),
     1000},
};

static void violations_end_only_their_connection(void **state)
{
    struct fixture *f = *state;
    struct client bystander;

    open_channel(&bystander, f);
    for (size_t i = 0; i < sizeof(violations) / sizeof(violations[0]); i++) {
        struct client c;
        struct frame frame;

        open_channel(&c, f);
        client_send(&c, violations[i].bytes, violations[i].len);
        frame = receive_frame(&c);
        if (frame.op != (violations[i].code ? OP_CLOSE : -1) ||
            frame.close_code != violations[i].code)
            fail_msg("%s: frame %d, code %d", violations[i].what, frame.op, frame.close_code);
        if (violations[i].code != 0) /* answer the close */
            send_frame(&c, OP_CLOSE, true, "\x03\xe8", 2);
        wait_for_end(&c);
        client_close(&c);
        assert_echo(&bystander);
    }
    client_close(&bystander);
}

static void a_close_follows_what_is_queued(void **state)
{
    struct fixture *f = *state;
    struct client c;
    struct frame frame;

    open_channel(&c, f);
    send_text(&c, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"leave\"}");
    frame = receive_frame(&c);
    assert_string_equal(frame.text, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}");
    frame = receive_frame(&c);
    assert_int_equal(frame.op, OP_CLOSE);
    assert_int_equal(frame.close_code, SIGNALLING_CLOSE_REMOVED);
    assert_string_equal(frame.text, "removed");
    send_text(&c, ECHO_CALL); /* not read any more */
    send_frame(&c, OP_CLOSE, true, "\x11\x33", 2);
    wait_for_end(&c);
    assert_int_equal(f->requests, 1);
    assert_int_equal(f->closed, 1);
    client_close(&c);
}

static void reasons_are_cut_at_a_character(void **state)
{
    struct fixture *f = *state;
    struct client c;
    struct frame frame;
    char reason[200];

    memset(reason, 'r', sizeof(reason));
    memcpy(reason + 121, "\xe2\x82\xac", 4); /* bytes 121 to 123: does not fit whole */
    open_channel(&c, f);
    signalling_connection_close(f->last, SIGNALLING_CLOSE_DRAINED, reason);
    frame = receive_frame(&c);
    assert_int_equal(frame.close_code, SIGNALLING_CLOSE_DRAINED);
    assert_int_equal(strlen(frame.text), 121);
    client_close(&c);
}

static void slow_consumers_are_cut(void **state)
{
    struct fixture *f = *state;
    struct client slow, other;
    struct frame frame;
    uint64_t end_ms = uv_hrtime() / 1000000 + WAIT_MS;

    open_channel(&slow, f);
    open_channel(&other, f);
    send_text(&slow, "{\"jsonrpc\":\"2.0\",\"method\":\"flood\"}");
    while (f->requests == 0 && uv_hrtime() / 1000000 < end_ms)
        uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_non_null(strstr(f->notice, "slow consumer 127.0.0.1"));
    assert_echo(&other);
    do
        frame = receive_frame(&slow);
    while (frame.op == OP_TEXT);
    assert_int_equal(frame.close_code, SIGNALLING_CLOSE_SLOW);
    client_close(&slow);
    assert_echo(&other);
    client_close(&other);
}

static void assert_frame_of(struct client *c, size_t len)
{
    struct frame frame = receive_frame(c);

    assert_int_equal(frame.op, OP_TEXT);
    assert_int_equal(frame.len, len + 4);
    assert_memory_equal(frame.text, "[\"xxxxx", 7);
}

/* One text for all: whoever goes takes nothing from the others, and nobody gets it altered. */
static void a_frame_goes_to_many(void **state)
{
    static const size_t sizes[] = {10, 1000, 100000}; /* each has another header (RFC 6455, 5.2) */
    struct fixture *f = *state;
    struct client first, second;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char *text = malloc(sizes[i] + 1);
        struct signalling_connection *to_first;
        struct signalling_frame *frame;

        open_channel(&first, f);
        to_first = f->last;
        open_channel(&second, f);
        memset(text, 'x', sizes[i]);
        text[sizes[i]] = '\0';
        frame = signalling_frame_create(json_pack("[s]", text));
        signalling_connection_send_frame(to_first, frame);
        signalling_connection_send_frame(f->last, frame);
        signalling_connection_send_frame(to_first, frame);
        signalling_connection_send_frame(f->last, NULL); /* no memory for it */
        signalling_frame_release(frame);
        assert_frame_of(&first, sizes[i]);
        client_close(&first); /* with one still to come */
        assert_frame_of(&second, sizes[i]);
        assert_echo(&second);
        client_close(&second);
        free(text);
    }
    assert_null(signalling_frame_create(NULL));
    signalling_frame_release(NULL);
}

/* A probe of one second: whoever says anything stays; a ping comes in any case. */
static void probes_want_an_answer(void **state)
{
    static const struct {
        const char *what;
        int op; /* -1: nothing */
        const char *text;
        bool stays;
    } answers[] = {
        {"nothing", -1, "", false},
        {"pong", OP_PONG, "iris", true},
        {"a request", OP_TEXT, ECHO_CALL, true},
        {"half a request", OP_TEXT, "", true},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct client c;
        struct frame frame;
        uint64_t end_ms = uv_hrtime() / 1000000 + 2500;

        open_channel(&c, f);
        signalling_connection_probe(f->last, 1);
        signalling_connection_probe(f->last, 100); /* one at a time */
        assert_true(signalling_connection_is_probed(f->last));
        frame = receive_frame(&c);
        assert_int_equal(frame.op, OP_PING);
        assert_string_equal(frame.text, "iris"); /* which a pong repeats */
        if (answers[i].op >= 0)
            send_frame(&c, answers[i].op, answers[i].text[0] != 0, answers[i].text,
                       strlen(answers[i].text));
        while (turn(&c) < end_ms && f->last)
            ;
        if ((f->last != NULL) != answers[i].stays)
            fail_msg("%s: it %s", answers[i].what, answers[i].stays ? "ended" : "stayed");
        assert_int_equal(answers[i].stays ? signalling_connection_is_probed(f->last)
                                          : f->was_probed,
                         !answers[i].stays);
        client_close(&c);
    }
}

/* Random bytes instead of, and after, a handshake; seeded. */
static void noise_harms_nobody(void **state)
{
    struct fixture *f = *state;
    struct client bystander;
    uint32_t random = 1;
    unsigned char noise[300];

    open_channel(&bystander, f);
    for (int round = 0; round < 60; round++) {
        struct client c;

        if (round % 2)
            open_channel(&c, f);
        else
            client_open(&c, f, signalling_server_public_port(f->server));
        for (size_t i = 0; i < sizeof(noise); i++) {
            random = random * 1664525 + 1013904223;
            noise[i] = (unsigned char)(random >> 24);
        }
        client_send(&c, noise, sizeof(noise));
        turn(&c);
        turn(&c);
        client_close(&c);
    }
    assert_echo(&bystander);
    client_close(&bystander);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER_TEST(handshakes_are_judged),
        SERVER_TEST(requests_reach_the_handler),
        SERVER_TEST(malformed_messages_are_answered),
        SERVER_TEST(fragments_make_a_message),
        SERVER_TEST(bytes_may_come_one_by_one),
        SERVER_TEST(messages_have_a_limit),
        SERVER_TEST(violations_end_only_their_connection),
        SERVER_TEST(a_close_follows_what_is_queued),
        SERVER_TEST(reasons_are_cut_at_a_character),
        SERVER_TEST(slow_consumers_are_cut),
        SERVER_TEST(a_frame_goes_to_many),
        SERVER_TEST(probes_want_an_answer),
        SERVER_TEST(noise_harms_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
