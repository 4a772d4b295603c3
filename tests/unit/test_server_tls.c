/*
 * The server over TLS: which versions and suites it speaks, that HTTP and the control channel work
 * over it, reloads under open connections, and files that cannot be used.
 */
#include "server_client.h"

#include <openssl/err.h>

#include "tls_files.h"

#define LARGE_BYTES 200000

static char folder[] = "/tmp/iris-tls-XXXXXX";
static EVP_PKEY *p256, *other_p256, *rsa, *small_rsa;

/* The path of a file in the folder; good until the fourth call from now. */
static const char *in_folder(const char *name)
{
    static char paths[4][96];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static void write_text(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "wb");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* The public listener's identity, written anew by each test. */
static void write_identity(EVP_PKEY *key, const char *name)
{
    tls_write_certificate(in_folder("public.pem"), key, name);
    tls_write_key(in_folder("public.key"), key, NULL);
}

static void use_tls(struct signalling_server_config *config)
{
    static char files[4][96];
    static const char *const names[] = {"public.pem", "public.key", "operations.pem",
                                        "operations.key"};

    for (int i = 0; i < 4; i++)
        snprintf(files[i], sizeof(files[i]), "%s", in_folder(names[i]));
    config->public_certificate_file = files[0];
    config->public_key_file = files[1];
    config->operations_certificate_file = files[2];
    config->operations_key_file = files[3];
}

static int set_up_tls(void **state)
{
    write_identity(p256, "first");
    return set_up(state);
}

#define TLS_TEST(test) cmocka_unit_test_setup_teardown(test, set_up_tls, tear_down)

/* A client context of one version, for everything that OpenSSL still knows. */
static SSL_CTX *client_context(int version)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    SSL_CTX_set_min_proto_version(context, version);
    SSL_CTX_set_max_proto_version(context, version);
    SSL_CTX_set_security_level(context, 0);
    return context;
}

static const char *name_of(struct client *c, char out[64])
{
    X509 *certificate = SSL_get1_peer_certificate(c->ssl);

    assert_non_null(certificate);
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, out, 64);
    X509_free(certificate);
    return out;
}

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

/* Who speaks something else is hung up on, at once, and nobody else notices. */
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

static void each_listener_has_its_own(void **state)
{
    static const char *const names[] = {NULL, "first", "public", "operations", "localhost"};
    struct fixture *f = *state;
    SSL_CTX *context = client_context(0);

    for (size_t i = 0; i < 10; i++) {
        bool is_operations = i % 2;
        struct client c;
        char name[64];

        client_open(&c, f,
                    is_operations ? signalling_server_operations_port(f->server)
                                  : signalling_server_public_port(f->server));
        c.ssl = SSL_new(context);
        SSL_set_fd(c.ssl, c.fd);
        SSL_set_tlsext_host_name(c.ssl, names[i / 2]);
        SSL_set_connect_state(c.ssl);
        for (int turns = 0; SSL_do_handshake(c.ssl) != 1; turns++) {
            assert_true(turns < 100000);
            uv_run(&f->loop, UV_RUN_NOWAIT);
        }
        assert_string_equal(name_of(&c, name), is_operations ? "operations" : "first");
        client_close(&c);
    }
    SSL_CTX_free(context);
}

static void a_reload_is_for_new_connections(void **state)
{
    struct fixture *f = *state;
    SSL_CTX *context = client_context(TLS1_2_VERSION); /* where the kind of key decides the suite */
    uint16_t port = signalling_server_public_port(f->server);
    struct client before, after;
    char name[64];
    char error[256] = "";

    assert_true(client_open_tls(&before, f, port, context));
    upgrade_channel(&before);
    write_identity(rsa, "second"); /* another kind of key, too */
    assert_int_equal(signalling_server_reload_tls(f->server, error, sizeof(error)), 2);
    assert_string_equal(error, "");
    assert_echo(&before);
    assert_true(client_open_tls(&after, f, port, context));
    assert_string_equal(name_of(&before, name), "first");
    assert_string_equal(name_of(&after, name), "second");
    assert_non_null(strstr(SSL_get_cipher_name(after.ssl), "ECDHE-RSA-"));
    upgrade_channel(&after);
    assert_echo(&after);
    assert_echo(&before);
    client_close(&before);
    client_close(&after);
    SSL_CTX_free(context);
}

static void a_failed_reload_changes_nothing(void **state)
{
    struct fixture *f = *state;
    SSL_CTX *context = client_context(0);
    uint16_t port = signalling_server_public_port(f->server);
    struct client c;
    char name[64];
    char error[256];

    for (int i = 0; i < 3; i++) {
        write_identity(p256, "second");
        if (i == 0)
            tls_write_key(in_folder("public.key"), other_p256, NULL);
        else if (i == 1)
            unlink(in_folder("public.pem"));
        else
            write_text("operations.key", "");
        error[0] = '\0';
        assert_int_equal(signalling_server_reload_tls(f->server, error, sizeof(error)), -1);
        assert_non_null(strstr(error, i == 0   ? "public.key"
                                      : i == 1 ? "public.pem"
                                               : "operations.key"));
        assert_true(client_open_tls(&c, f, port, context));
        assert_string_equal(name_of(&c, name), "first");
        client_close(&c);
    }
    tls_write_key(in_folder("operations.key"), p256, NULL);
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

/* In clear, a reload has nothing to do. */
static void without_tls_nothing_is_reloaded(void **state)
{
    struct fixture *f = *state;
    char error[256] = "";

    assert_int_equal(signalling_server_reload_tls(f->server, error, sizeof(error)), 0);
}

static int set_up_clear(void **state)
{
    int result;

    server_adjust = NULL;
    result = set_up(state);
    server_adjust = use_tls;
    return result;
}

static void spoil_key(const char *text)
{
    write_text("public.key", text);
}

static void other_key(const char *text)
{
    (void)text;
    tls_write_key(in_folder("public.key"), other_p256, NULL);
}

static void locked_key(const char *text)
{
    tls_write_key(in_folder("public.key"), p256, text);
}

static void weak_identity(const char *text)
{
    (void)text;
    write_identity(small_rsa, "weak");
}

static void spoil_certificate(const char *text)
{
    write_text("public.pem", text);
}

static void spoil_chain(const char *text)
{
    FILE *file = fopen(in_folder("public.pem"), "ab");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void missing_certificate(const char *text)
{
    (void)text;
    unlink(in_folder("public.pem"));
}

static const struct {
    void (*spoil)(const char *text);
    const char *text;
    const char *file, *expected;
} bad_files[] = {
    {missing_certificate, NULL, "public.pem", "No such file"},
    {spoil_certificate, "", "public.pem", "no certificate in PEM form"},
    {spoil_certificate, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
     "public.pem", "no certificate in PEM form"},
    {spoil_chain, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "public.pem",
     "a certificate that cannot be read"},
    {spoil_key, "", "public.key", "no private key in PEM form"},
    {spoil_key, "secret", "public.key", "no private key in PEM form"},
    {other_key, NULL, "public.key", "not the key of this certificate"},
    {locked_key, "passphrase", "public.key", "locked by a passphrase"},
    {weak_identity, NULL, "public.key", "key too small"},
};

static void unfit_files_are_named(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(bad_files) / sizeof(bad_files[0]); i++) {
        char error[256] = "";
        struct signalling_server *server;

        write_identity(p256, "first");
        bad_files[i].spoil(bad_files[i].text);
        server = create_server(f, 0, NULL, error);
        if (server)
            fail_msg("row %zu is accepted", i);
        if (!strstr(error, bad_files[i].file) || !strstr(error, bad_files[i].expected))
            fail_msg("row %zu: '%s' does not say '%s'", i, error, bad_files[i].expected);
        if (ERR_peek_error() != 0)
            fail_msg("row %zu leaves an error in OpenSSL's queue", i);
    }
}

static int make_files(void **state)
{
    (void)state;
    p256 = EVP_EC_gen("P-256");
    other_p256 = EVP_EC_gen("P-256");
    rsa = EVP_RSA_gen(2048);
    small_rsa = EVP_RSA_gen(1024);
    if (!p256 || !other_p256 || !rsa || !small_rsa || !mkdtemp(folder))
        return -1;
    tls_write_certificate(in_folder("operations.pem"), p256, "operations");
    tls_write_key(in_folder("operations.key"), p256, NULL);
    server_adjust = use_tls;
    return 0;
}

static int drop_files(void **state)
{
    static const char *const names[] = {"public.pem", "public.key", "operations.pem",
                                        "operations.key"};

    (void)state;
    for (int i = 0; i < 4; i++)
        unlink(in_folder(names[i]));
    EVP_PKEY_free(p256);
    EVP_PKEY_free(other_p256);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(small_rsa);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TLS_TEST(only_what_is_modern_is_spoken),
        TLS_TEST(browsers_get_http_1),
        TLS_TEST(renegotiation_is_refused),
        TLS_TEST(much_goes_through),
        TLS_TEST(streams_go_over_tls),
        TLS_TEST(what_is_no_tls_ends),
        TLS_TEST(each_listener_has_its_own),
        TLS_TEST(a_reload_is_for_new_connections),
        TLS_TEST(a_failed_reload_changes_nothing),
        TLS_TEST(destroy_ends_what_is_open),
        cmocka_unit_test_setup_teardown(without_tls_nothing_is_reloaded, set_up_clear, tear_down),
        TLS_TEST(unfit_files_are_named),
    };

    return cmocka_run_group_tests(tests, make_files, drop_files);
}
