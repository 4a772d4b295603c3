/*
 * The server's certificates and keys: each listener has its own, reloads under open connections,
 * and files that cannot be used.
 */
#include "server_tls.h"

#include <openssl/err.h>

static EVP_PKEY *other_p256, *rsa, *small_rsa;

static void write_text(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "wb");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
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

static int make_keys(void **state)
{
    other_p256 = EVP_EC_gen("P-256");
    rsa = EVP_RSA_gen(2048);
    small_rsa = EVP_RSA_gen(1024);
    return other_p256 && rsa && small_rsa ? make_files(state) : -1;
}

static int drop_keys(void **state)
{
    EVP_PKEY_free(other_p256);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(small_rsa);
    return drop_files(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TLS_TEST(each_listener_has_its_own),
        TLS_TEST(a_reload_is_for_new_connections),
        TLS_TEST(a_failed_reload_changes_nothing),
        cmocka_unit_test_setup_teardown(without_tls_nothing_is_reloaded, set_up_clear, tear_down),
        TLS_TEST(unfit_files_are_named),
    };

    return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
