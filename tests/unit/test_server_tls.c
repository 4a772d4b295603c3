/*
 * The server over TLS: which versions and suites it speaks, and that HTTP and the control channel
 * work over it. Its files: test_server_tls_files.c.
 */
#include "server_tls.h"

#define LARGE_BYTES 200000

static const struct {
    const char *what;
    const char *suites;
    int version; /* 0: any */
    bool is_accepted;
} hellos[] = {
    {"TLS 1.0", NULL, TLS1_VERSION, false},
    {"TLS 1.1", NULL, TLS1_1_VERSION, false},
    {"TLS 1.2", NULL, TLS1_2_VERSION, true},
    {"TLS 1.3", NULL, TLS1_3_VERSION, true},
    {"any", NULL, 0, true},
    {"GCM", "ECDHE-ECDSA-AES128-GCM-SHA256", TLS1_2_VERSION, true},
    {"ChaCha20", "ECDHE-ECDSA-CHACHA20-POLY1305", TLS1_2_VERSION, true},
    {"CBC", "ECDHE-ECDSA-AES128-SHA256", TLS1_2_VERSION, false},
    {"CBC, SHA-1", "ECDHE-ECDSA-AES256-SHA", TLS1_2_VERSION, false},
    {"CCM", "ECDHE-ECDSA-AES128-CCM8", TLS1_2_VERSION, false},
    {"no forward secrecy", "AES128-GCM-SHA256", TLS1_2_VERSION, false},
    {"nobody's", "aNULL", TLS1_2_VERSION, false},
};

static void only_what_is_modern_is_spoken(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(hellos) / sizeof(hellos[0]); i++) {
        SSL_CTX *context = client_context(hellos[i].version);
        struct client c;
        struct response r;

        if (hellos[i].suites)
            assert_int_equal(SSL_CTX_set_cipher_list(context, hellos[i].suites), 1);
        if (client_open_tls(&c, f, signalling_server_public_port(f->server), context) !=
            hellos[i].is_accepted)
            fail_msg("%s is %s", hellos[i].what, hellos[i].is_accepted ? "refused" : "accepted");
        if (hellos[i].is_accepted) {
            assert_null(SSL_get_current_compression(c.ssl));
            send_request(&c, "GET /healthz HTTP/1.1\r\n@");
            receive_response(&c, &r, false);
            assert_int_equal(r.status, 200);
        }
        client_close(&c);
        SSL_CTX_free(context);
    }
}

/* HTTP/2 would be chosen by libwebsockets if it were offered to it. */
static void browsers_get_http_1(void **state)
{
    static const unsigned char offer[] = "\x02h2\x08http/1.1";
    struct fixture *f = *state;
    SSL_CTX *context = client_context(0);
    const unsigned char *chosen;
    unsigned chosen_len;
    struct client c;

    SSL_CTX_set_alpn_protos(context, offer, sizeof(offer) - 1);
    assert_true(client_open_tls(&c, f, signalling_server_public_port(f->server), context));
    SSL_get0_alpn_selected(c.ssl, &chosen, &chosen_len);
    assert_int_equal(chosen_len, 8);
    assert_memory_equal(chosen, "http/1.1", 8);
    upgrade_channel(&c);
    assert_echo(&c);
    client_close(&c);
    SSL_CTX_free(context);
}

static void renegotiation_is_refused(void **state)
{
    struct fixture *f = *state;
    SSL_CTX *context = client_context(TLS1_2_VERSION);
    struct client c;

    assert_true(client_open_tls(&c, f, signalling_server_public_port(f->server), context));
    upgrade_channel(&c);
    SSL_renegotiate(c.ssl);
    for (int i = 0; i < 50 && SSL_do_handshake(c.ssl) != 1; i++)
        uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_true(SSL_renegotiate_pending(c.ssl) || SSL_in_init(c.ssl));
    client_close(&c);
    SSL_CTX_free(context);
}

/* More than a record, a socket's buffer or libwebsockets' own, both ways; and calls in one record.
 */
static void much_goes_through(void **state)
{
    struct fixture *f = *state;
    SSL_CTX *context = client_context(0);
    char *text = malloc(LARGE_BYTES + 100);
    struct client c, d;
    struct response r;

    int head =
        sprintf(text, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":{\"a\":\"");
    memset(text + head, 'x', LARGE_BYTES);
    memcpy(text + head + LARGE_BYTES, "\"}}", 4);
    assert_true(client_open_tls(&c, f, signalling_server_public_port(f->server), context));
    upgrade_channel(&c);
    for (int i = 0; i < 3; i++)
        send_text(&c, text);
    for (int i = 0; i < 3; i++) {
        struct frame frame = receive_frame(&c);

        assert_int_equal(frame.op, OP_TEXT);
        assert_true(frame.len > LARGE_BYTES);
    }
    assert_true(client_open_tls(&d, f, signalling_server_public_port(f->server), context));
    client_text(&d, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
                    "GET /nope HTTP/1.1\r\nHost: localhost\r\n\r\n"
                    "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    for (int i = 0; i < 3; i++) {
        consume(&d, receive_response(&d, &r, false));
        assert_int_equal(r.status, i == 1 ? 404 : 200);
    }
    client_close(&c);
    client_close(&d);
    SSL_CTX_free(context);
    free(text);
}

/* What comes in the request's own record, in one behind it, and later. */
static void streams_go_over_tls(void **state)
{
    static const char *const with_request[] = {"", "GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n"};
    struct fixture *f = *state;
    SSL_CTX *context = client_context(0);

    for (int i = 0; i < 3; i++) {
        struct client c;
        char request[256];

        snprintf(request, sizeof(request), "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n%s",
                 with_request[i == 1]);
        assert_true(client_open_tls(&c, f, signalling_server_operations_port(f->server), context));
        client_text(&c, request);
        if (i == 2)
            client_text(&c, with_request[1]);
        else
            wait_for_text(&c, "retry: 2000\n\n");
        if (i == 0) {
            signalling_server_publish(f->server, "x", json_object());
            wait_for_text(&c, "event: x\ndata: {}\n\n");
        }
        assert_true(idle_turns(f) < 100);
        client_text(&c, "more");
        wait_for_end(&c);
        assert_false(has_text(&c, "echo"));
        client_close(&c);
        assert_true(idle_turns(f) < 100);
        assert_int_equal(signalling_server_streams(f->server)->open, 0);
    }
    SSL_CTX_free(context);
}

/* Who speaks something else is hung up on, at once, and nobody else notices. */
static void what_is_no_tls_ends(void **state)
{
    static const char *const openings[] = {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
                                           "\x16\x03\x01\xff\xff garbage", "\x16\x03", ""};
    struct fixture *f = *state;
    SSL_CTX *context = client_context(0);
    struct client good;

    assert_true(client_open_tls(&good, f, signalling_server_public_port(f->server), context));
    upgrade_channel(&good);
    for (size_t i = 0; i < 4; i++) {
        struct client c;

        client_open(&c, f, signalling_server_public_port(f->server));
        client_text(&c, openings[i]);
        if (i < 2)
            wait_for_end(&c);
        assert_null(memmem(c.input, c.len, "HTTP/1.1 200", 12));
        assert_echo(&good);
        client_close(&c);
        assert_echo(&good);
    }
    client_close(&good);
    SSL_CTX_free(context);
}

static void destroy_ends_what_is_open(void **state)
{
    struct fixture *f = *state;
    SSL_CTX *context = client_context(0);
    uint16_t port = signalling_server_public_port(f->server);
    struct client c, half, mute;
    struct frame frame;

    assert_true(client_open_tls(&c, f, port, context));
    upgrade_channel(&c);
    client_open(&half, f, port);
    client_text(&half, "\x16\x03\x01");
    client_open(&mute, f, port);
    for (int i = 0; i < 20; i++)
        uv_run(&f->loop, UV_RUN_NOWAIT);
    signalling_server_destroy(f->server);
    f->server = NULL;
    assert_int_equal(f->closed, 1);
    frame = receive_frame(&c);
    assert_int_equal(frame.close_code, SIGNALLING_CLOSE_DRAINED);
    client_close(&c);
    client_close(&half);
    client_close(&mute);
    SSL_CTX_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TLS_TEST(only_what_is_modern_is_spoken), TLS_TEST(browsers_get_http_1),
        TLS_TEST(renegotiation_is_refused),      TLS_TEST(much_goes_through),
        TLS_TEST(streams_go_over_tls),           TLS_TEST(what_is_no_tls_ends),
        TLS_TEST(destroy_ends_what_is_open),
    };

    return cmocka_run_group_tests(tests, make_files, drop_files);
}
