/*
 * Signing tokens, and `iris token`: what it prints is accepted by the side that checks, for every
 * kind of key; what is wrong with its arguments is a sentence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>

#include "sfu/token_command.h"
#include "signalling/token.h"
#include "signalling/token_sign.h"
#include "tls_files.h"

#define NOW      1700000000
#define SECRET   "0123456789abcdef0123456789abcdef"
#define ARGS_MAX 20

static char folder[] = "/tmp/iris-token-command-XXXXXX";
static EVP_PKEY *rsa, *p256, *p384, *small_rsa;

/* Every file of the folder. */
static const char *const files[] = {"secret",    "short",    "rsa",     "rsa.pub", "p256",
                                    "p256.pub",  "p384",     "small",   "locked",  "no-key.yaml",
                                    "good.yaml", "bad.yaml", "rsa.yaml"};

static const char *in_folder(const char *name)
{
    return path_in(folder, name);
}

/* What a command wrote, and its exit code. */
struct outcome {
    int code;
    char out[4096];
    char err[1024];
};

static void read_back(FILE *file, char *out, size_t cap)
{
    rewind(file);
    out[fread(out, 1, cap - 1, file)] = '\0';
    fclose(file);
}

/* Run "token" with arguments split at '|'; "@" at the start of one stands for the folder. */
static struct outcome run_command(const char *arguments)
{
    static struct outcome outcome;
    char text[1024];
    char expanded[ARGS_MAX][160];
    char *argv[ARGS_MAX + 1] = {"token"};
    char *rest = text;
    int argc = 1;
    FILE *out = tmpfile(), *err = tmpfile();

    snprintf(text, sizeof(text), "%s", arguments);
    while (rest && *text) {
        char *piece = strsep(&rest, "|");

        snprintf(expanded[argc], sizeof(expanded[0]), "%s%s%s", piece[0] == '@' ? folder : "",
                 piece[0] == '@' ? "/" : "", piece + (piece[0] == '@'));
        argv[argc] = expanded[argc];
        argc++;
    }
    outcome.code = token_command(argc, argv, NOW, out, err);
    read_back(out, outcome.out, sizeof(outcome.out));
    read_back(err, outcome.err, sizeof(outcome.err));
    outcome.out[strcspn(outcome.out, "\n")] = '\0';
    return outcome;
}

static int verify(const char *key_file, const char *token, const char *room, int64_t now_s,
                  struct signalling_grant *grant)
{
    char error[256];
    const char *reason;
    struct signalling_token_key *key =
        signalling_token_key_load(in_folder(key_file), error, sizeof(error));
    int code;

    assert_non_null(key);
    code = signalling_token_verify(key, token, room, now_s, grant, &reason);
    signalling_token_key_destroy(key);
    return code;
}

static const struct {
    const char *arguments; /* behind room, name and key */
    const char *room;      /* to join */
    int64_t now_s;
    int code;
    const char *subject;
    bool audio, camera, screen, subscribe, moderator;
} rights[] = {
    {"", "blue", NOW, 0, "", true, true, true, true, false},
    {"", "green", NOW, 403, NULL, 0, 0, 0, 0, 0},
    {"", "blue", NOW + 3600 + 59, 0, "", true, true, true, true, false},
    {"", "blue", NOW + 3600 + 60, 401, NULL, 0, 0, 0, 0, 0},
    {"|--ttl|10", "blue", NOW + 10 + 60, 401, NULL, 0, 0, 0, 0, 0},
    {"|--ttl|31536000", "blue", NOW + 31536000, 0, "", true, true, true, true, false},
    {"|--moderator", "blue", NOW, 0, "", true, true, true, true, true},
    {"|--subject|u-1|--no-subscribe", "blue", NOW, 0, "u-1", true, true, true, false, false},
    {"|--publish|audio", "blue", NOW, 0, "", true, false, false, true, false},
    {"|--publish|screen,camera", "blue", NOW, 0, "", false, true, true, true, false},
    {"|--publish|audio,camera,screen", "blue", NOW, 0, "", true, true, true, true, false},
    {"|--publish|", "blue", NOW, 0, "", false, false, false, true, false},
    {"|--room|*", "green", NOW, 0, "", true, true, true, true, false},
};

static const struct {
    const char *signs, *checks;
} pairs[] = {{"secret", "secret"}, {"rsa", "rsa.pub"}, {"p256", "p256.pub"}};

static void what_is_signed_is_granted(void **state)
{
    (void)state;
    for (size_t p = 0; p < 3; p++)
        for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
            struct signalling_grant grant;
            struct outcome outcome;
            char arguments[256];
            int code;

            snprintf(arguments, sizeof(arguments), "--room|blue|--name|Zo\u00eb|--key|@%s%s",
                     pairs[p].signs, rights[i].arguments);
            outcome = run_command(arguments);
            assert_string_equal(outcome.err, "");
            assert_int_equal(outcome.code, 0);
            code = verify(pairs[p].checks, outcome.out, rights[i].room, rights[i].now_s, &grant);
            if (code != rights[i].code)
                fail_msg("%s, row %zu: %d", pairs[p].signs, i, code);
            if (code != 0)
                continue;
            assert_string_equal(grant.name, "Zo\u00eb");
            assert_string_equal(grant.subject, rights[i].subject);
            assert_int_equal(grant.publish_audio, rights[i].audio);
            assert_int_equal(grant.publish_camera, rights[i].camera);
            assert_int_equal(grant.publish_screen, rights[i].screen);
            assert_int_equal(grant.subscribe, rights[i].subscribe);
            assert_int_equal(grant.is_moderator, rights[i].moderator);
        }
}

/* Each kind of key accepts its own signatures only; a public key is never taken for a secret. */
static void keys_do_not_mix(void **state)
{
    struct signalling_grant grant;
    char arguments[128];

    (void)state;
    for (size_t s = 0; s < 3; s++) {
        struct outcome outcome;

        snprintf(arguments, sizeof(arguments), "--room|blue|--name|Ada|--key|@%s", pairs[s].signs);
        outcome = run_command(arguments);
        for (size_t c = 0; c < 3; c++)
            assert_int_equal(verify(pairs[c].checks, outcome.out, "blue", NOW, &grant),
                             s == c ? 0 : 401);
    }
}

static void the_configuration_has_the_key(void **state)
{
    struct signalling_grant grant;
    struct outcome outcome = run_command("--room|blue|--name|Ada|--config|@good.yaml");

    (void)state;
    assert_string_equal(outcome.err, "");
    assert_int_equal(verify("secret", outcome.out, "blue", NOW, &grant), 0);
    outcome = run_command("--room|blue|--name|Ada|--config|@bad.yaml|--key|@secret");
    assert_int_equal(outcome.code, 0); /* --key needs no configuration */
}

static void help_is_printed(void **state)
{
    struct outcome outcome = run_command("--help");

    (void)state;
    assert_int_equal(outcome.code, 0);
    assert_string_equal(outcome.out, "usage: iris token --room ROOM --name NAME [OPTIONS]");
    assert_string_equal(outcome.err, "");
}

#define RN  "--room|blue|--name|Ada|"
#define X32 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
    const char *arguments;
    int code;
    const char *expected;
} mistakes[] = {
    {"", 2, "iris token: --room is needed"},
    {"--room|blue", 2, "iris token: --name is needed"},
    {"--name|Ada|--key|@secret", 2, "iris token: --room is needed"},
    {RN, 2, "iris token: unexpected argument ''"},
    {"--room|blue|--name|Ada", 1, "which key? Give --key FILE, or --config FILE"},
    {RN "--key|@secret|more", 2, "unexpected argument 'more'"},
    {RN "--key", 2, "--key needs a value"},
    {RN "--colour|red", 2, "--colour is no option"},
    {RN "-x", 2, "-x is no option"},
    {"--room|", 2, "--room: '' is not the name of a room"},
    {"--room|a b", 2, "--room: 'a b' is not the name of a room"},
    {"--room|**", 2, "--room: '**' is not the name of a room"},
    {"--room|" X32 X32 X32 X32 "x", 2, "is not the name of a room"},
    {"--name|" X32 X32 X32 X32 "x", 2, "is not a name of at most 128 characters"},
    {RN "--ttl|0", 2, "--ttl: '0' is not a number of seconds"},
    {RN "--ttl|-1", 2, "--ttl: '-1' is not a number of seconds"},
    {RN "--ttl|1h", 2, "--ttl: '1h' is not a number of seconds"},
    {RN "--ttl|31536001", 2, "is not a number of seconds"},
    {RN "--ttl|99999999999999999999", 2, "is not a number of seconds"},
    {RN "--publish|video", 2, "--publish: 'video' is not a list of audio, camera and screen"},
    {RN "--publish|audio,", 2, "--publish: 'audio,' is not a list"},
    {RN "--publish|,audio", 2, "--publish: ',audio' is not a list"},
    {RN "--publish|Audio", 2, "--publish: 'Audio' is not a list"},
    {RN "--key|/nonexistent/key", 1, "the key file /nonexistent/key cannot be opened"},
    {RN "--key|@short", 1, "short holds a secret of less than 32 bytes"},
    {RN "--key|@rsa.pub", 1, "rsa.pub is PEM, but not a private key"},
    {RN "--key|@locked", 1, "locked is PEM, but not a private key without a passphrase"},
    {RN "--key|@p384", 1, "p384 is a private key, but neither RSA nor elliptic on the curve P-256"},
    {RN "--key|@small", 1, "small is an RSA key of less than 2048 bits"},
    {RN "--config|/nonexistent.yaml", 1, "/nonexistent.yaml:1: cannot be read"},
    {RN "--config|@bad.yaml", 1, "there is no key 'colour'"},
    {RN "--config|@no-key.yaml", 1, "no-key.yaml has no token_key_file: give --key FILE"},
    {RN "--config|@rsa.yaml", 1, "rsa.pub is PEM, but not a private key"},
    {"--room|blue|--name|\xff|--key|@secret", 1, "are all texts UTF-8?"},
};

static void mistakes_are_sentences(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        struct outcome outcome = run_command(mistakes[i].arguments);

        if (outcome.code != mistakes[i].code || !strstr(outcome.err, mistakes[i].expected))
            fail_msg("'%s' -> %d, '%s', not '%s'", mistakes[i].arguments, outcome.code, outcome.err,
                     mistakes[i].expected);
        assert_string_equal(outcome.out, "");
        assert_null(strstr(outcome.err, SECRET));
    }
}

static void write_text(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "wb");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void write_public(const char *name, EVP_PKEY *key)
{
    FILE *file = fopen(in_folder(name), "wb");

    assert_non_null(file);
    assert_int_equal(PEM_write_PUBKEY(file, key), 1);
    fclose(file);
}

static void write_config(const char *name, const char *key)
{
    char text[160];

    snprintf(text, sizeof(text), "token_key_file: %s\n", in_folder(key));
    write_text(name, text);
}

static int make_keys(void **state)
{
    (void)state;
    rsa = EVP_RSA_gen(2048);
    small_rsa = EVP_RSA_gen(1024);
    p256 = EVP_EC_gen("P-256");
    p384 = EVP_EC_gen("P-384");
    if (!rsa || !small_rsa || !p256 || !p384 || !mkdtemp(folder))
        return -1;
    write_text("secret", SECRET "\n");
    write_text("short", "0123456789\n");
    tls_write_key(in_folder("rsa"), rsa, NULL);
    tls_write_key(in_folder("p256"), p256, NULL);
    tls_write_key(in_folder("p384"), p384, NULL);
    tls_write_key(in_folder("small"), small_rsa, NULL);
    tls_write_key(in_folder("locked"), rsa, "passphrase");
    write_public("rsa.pub", rsa);
    write_public("p256.pub", p256);
    write_text("no-key.yaml", "workers: 1\n");
    write_text("bad.yaml", "colour: red\n");
    write_config("good.yaml", "secret");
    write_config("rsa.yaml", "rsa.pub");
    return 0;
}

static int drop_keys(void **state)
{
    (void)state;
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(small_rsa);
    EVP_PKEY_free(p256);
    EVP_PKEY_free(p384);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        unlink(in_folder(files[i]));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_signed_is_granted),     cmocka_unit_test(keys_do_not_mix),
        cmocka_unit_test(the_configuration_has_the_key), cmocka_unit_test(help_is_printed),
        cmocka_unit_test(mistakes_are_sentences),
    };

    return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
