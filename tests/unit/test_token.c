/*
 * Join tokens: claims as a table, keys of every kind, and the ways to forge a header.
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
#include <jwt.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "signalling/jsonrpc.h"
#include "signalling/token.h"

#define NOW    1700000000
#define SECRET "0123456789abcdef0123456789abcdef"

static char folder[] = "/tmp/iris-token-XXXXXX";
static EVP_PKEY *rsa, *p256, *p384, *small_rsa;

/* Write a file into the folder. The path is static: use it before the next call. */
static const char *write_file(const char *name, const char *bytes, size_t len)
{
    static char path[128];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
    return path;
}

static char *pem_of(EVP_PKEY *key, bool is_private)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data;
    char *text;
    long len;

    if (is_private)
        PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    else
        PEM_write_bio_PUBKEY(bio, key);
    len = BIO_get_mem_data(bio, &data); /* not terminated */
    text = calloc(1, (size_t)len + 1);
    assert_non_null(text);
    memcpy(text, data, (size_t)len);
    BIO_free(bio);
    return text;
}

static struct signalling_token_key *load_text(const char *text, char error[256])
{
    error[0] = '\0';
    return signalling_token_key_load(write_file("key", text, strlen(text)), error, 256);
}

static struct signalling_token_key *load_public(EVP_PKEY *pkey)
{
    char error[256];
    char *pem = pem_of(pkey, false);
    struct signalling_token_key *key = load_text(pem, error);

    free(pem);
    assert_string_equal(error, "");
    return key;
}

static char *sign(jwt_alg_t alg, const char *secret, const char *claims)
{
    jwt_t *jwt;
    char *token;

    assert_int_equal(jwt_new(&jwt), 0);
    assert_int_equal(jwt_add_grants_json(jwt, claims), 0);
    assert_int_equal(
        jwt_set_alg(jwt, alg, (const unsigned char *)secret, secret ? (int)strlen(secret) : 0), 0);
    token = jwt_encode_str(jwt);
    assert_non_null(token);
    jwt_free(jwt);
    return token;
}

#define GOOD "\"exp\":1700000100,\"room\":\"blue\""

static const struct {
    const char *what;
    const char *claims;
    const char *room;
    int code;
} claims_table[] = {
    {"good", "{" GOOD "}", "blue", 0},
    {"any room", "{\"exp\":1700000100,\"room\":\"*\"}", "green", 0},
    {"another room", "{" GOOD "}", "green", 403},
    {"room by prefix", "{" GOOD "}", "blu", 403},
    {"no room", "{\"exp\":1700000100}", "blue", 403},
    {"room a number", "{\"exp\":1700000100,\"room\":1}", "1", 403},
    {"no exp", "{\"room\":\"blue\"}", "blue", 401},
    {"exp a text", "{\"exp\":\"1700000100\",\"room\":\"blue\"}", "blue", 401},
    {"expired within leeway", "{\"exp\":1699999941,\"room\":\"blue\"}", "blue", 0},
    {"expired", "{\"exp\":1699999940,\"room\":\"blue\"}", "blue", 401},
    {"exp with fraction", "{\"exp\":1700000000.5,\"room\":\"blue\"}", "blue", 0},
    {"exp negative", "{\"exp\":-1,\"room\":\"blue\"}", "blue", 401},
    {"nbf past", "{" GOOD ",\"nbf\":1699999999}", "blue", 0},
    {"nbf within leeway", "{" GOOD ",\"nbf\":1700000060}", "blue", 0},
    {"nbf to come", "{" GOOD ",\"nbf\":1700000061}", "blue", 401},
    {"nbf a text", "{" GOOD ",\"nbf\":\"0\"}", "blue", 401},
    {"sub a number", "{" GOOD ",\"sub\":1}", "blue", 401},
    {"publish a text", "{" GOOD ",\"publish\":\"audio\"}", "blue", 401},
    {"publish of numbers", "{" GOOD ",\"publish\":[1]}", "blue", 401},
    {"subscribe a number", "{" GOOD ",\"subscribe\":1}", "blue", 401},
    {"moderator a text", "{" GOOD ",\"moderator\":\"true\"}", "blue", 401},
};

static void claims_are_judged(void **state)
{
    char load_error[256];
    struct signalling_token_key *key = load_text(SECRET "\n", load_error);

    (void)state;
    assert_non_null(key);
    for (size_t i = 0; i < sizeof(claims_table) / sizeof(claims_table[0]); i++) {
        char *token = sign(JWT_ALG_HS256, SECRET, claims_table[i].claims);
        struct signalling_grant grant;
        struct signalling_grant untouched;
        const char *error = NULL;
        int code;

        memset(&grant, 0x5a, sizeof(grant));
        untouched = grant;
        code = signalling_token_verify(key, token, claims_table[i].room, NOW, &grant, &error);
        if (code != claims_table[i].code)
            fail_msg("%s: %d, not %d", claims_table[i].what, code, claims_table[i].code);
        assert_true(code == 0 || error != NULL);
        if (code != 0)
            assert_memory_equal(&grant, &untouched, sizeof(grant));
        free(token);
    }
    signalling_token_key_destroy(key);
}

static int verify(const struct signalling_token_key *key, const char *token,
                  struct signalling_grant *grant)
{
    const char *error;

    return signalling_token_verify(key, token, "blue", NOW, grant, &error);
}

static void rights_are_granted(void **state)
{
    char error[256];
    struct signalling_token_key *key = load_text(SECRET, error);
    struct signalling_grant grant;
    char *bare = sign(JWT_ALG_HS256, SECRET, "{" GOOD "}");
    char *full =
        sign(JWT_ALG_HS256, SECRET,
             "{" GOOD ",\"sub\":\"u-1\",\"name\":\"Ada\",\"publish\":[\"audio\",\"hologram\"],"
             "\"subscribe\":false,\"moderator\":true}");
    char *mute = sign(JWT_ALG_HS256, SECRET, "{" GOOD ",\"publish\":[]}");

    (void)state;
    assert_int_equal(verify(key, bare, &grant), 0);
    assert_string_equal(grant.subject, "");
    assert_string_equal(grant.name, "");
    assert_true(grant.publish_audio && grant.publish_camera && grant.publish_screen);
    assert_true(grant.subscribe && !grant.is_moderator);

    assert_int_equal(verify(key, full, &grant), 0);
    assert_string_equal(grant.subject, "u-1");
    assert_string_equal(grant.name, "Ada");
    assert_true(grant.publish_audio && !grant.publish_camera && !grant.publish_screen);
    assert_true(!grant.subscribe && grant.is_moderator);

    assert_int_equal(verify(key, mute, &grant), 0);
    assert_false(grant.publish_audio || grant.publish_camera || grant.publish_screen);
    free(bare);
    free(full);
    free(mute);
    signalling_token_key_destroy(key);
}

static void long_subjects_are_refused(void **state)
{
    char error[256];
    char claims[512];
    char subject[SIGNALLING_SUBJECT_BYTES + 1];
    struct signalling_token_key *key = load_text(SECRET, error);
    struct signalling_grant grant;

    (void)state;
    for (size_t len = SIGNALLING_SUBJECT_BYTES - 1; len <= SIGNALLING_SUBJECT_BYTES; len++) {
        char *token;

        memset(subject, 's', len);
        subject[len] = '\0';
        snprintf(claims, sizeof(claims), "{" GOOD ",\"sub\":\"%s\"}", subject);
        token = sign(JWT_ALG_HS256, SECRET, claims);
        assert_int_equal(verify(key, token, &grant), len < SIGNALLING_SUBJECT_BYTES ? 0 : 401);
        free(token);
    }
    signalling_token_key_destroy(key);
}

static void public_keys_verify(void **state)
{
    const struct {
        EVP_PKEY *pkey;
        jwt_alg_t alg;
    } pairs[] = {{rsa, JWT_ALG_RS256}, {p256, JWT_ALG_ES256}};
    struct signalling_grant grant;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct signalling_token_key *key = load_public(pairs[i].pkey);
        char *secret = pem_of(pairs[i].pkey, true);
        char *token = sign(pairs[i].alg, secret, "{" GOOD "}");

        assert_int_equal(verify(key, token, &grant), 0);
        token[strlen(token) - 10] ^= 1;
        assert_int_equal(verify(key, token, &grant), 401);
        free(token);
        free(secret);
        signalling_token_key_destroy(key);
    }
}

/* The key decides the algorithm: each forged header below would pass if the token's header did. */
static void the_header_decides_nothing(void **state)
{
    struct signalling_token_key *rsa_key = load_public(rsa);
    char error[256];
    struct signalling_token_key *secret_key = load_text(SECRET, error);
    char *rsa_public = pem_of(rsa, false);
    char *rsa_private = pem_of(rsa, true);
    char *tokens[] = {
        sign(JWT_ALG_NONE, NULL, "{" GOOD "}"),
        sign(JWT_ALG_HS256, rsa_public, "{" GOOD "}"), /* the public key as an HMAC secret */
        sign(JWT_ALG_RS512, rsa_private, "{" GOOD "}"),
    };
    struct signalling_token_key *p256_key = load_public(p256);
    char *p256_public = pem_of(p256, false);
    char *es_forged = sign(JWT_ALG_HS256, p256_public, "{" GOOD "}");
    char *hs512 = sign(JWT_ALG_HS512, SECRET, "{" GOOD "}");
    struct signalling_grant grant;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        if (verify(rsa_key, tokens[i], &grant) != 401)
            fail_msg("forged token %zu passes", i);
        assert_int_equal(verify(secret_key, tokens[i], &grant), 401);
        free(tokens[i]);
    }
    assert_int_equal(verify(secret_key, hs512, &grant), 401);
    assert_int_equal(verify(p256_key, es_forged, &grant), 401);
    signalling_token_key_destroy(p256_key);
    free(p256_public);
    free(es_forged);
    free(hs512);
    free(rsa_public);
    free(rsa_private);
    signalling_token_key_destroy(rsa_key);
    signalling_token_key_destroy(secret_key);
}

static void critical_extensions_are_refused(void **state)
{
    char error[256];
    struct signalling_token_key *key = load_text(SECRET, error);
    struct signalling_grant grant;
    jwt_t *jwt;
    char *token;

    (void)state;
    assert_int_equal(jwt_new(&jwt), 0);
    assert_int_equal(jwt_add_grants_json(jwt, "{" GOOD "}"), 0);
    assert_int_equal(jwt_add_headers_json(jwt, "{\"crit\":[\"b64\"],\"b64\":true}"), 0);
    jwt_set_alg(jwt, JWT_ALG_HS256, (const unsigned char *)SECRET, 32);
    token = jwt_encode_str(jwt);
    assert_int_equal(verify(key, token, &grant), 401);
    free(token);
    jwt_free(jwt);
    signalling_token_key_destroy(key);
}

static void rubbish_is_refused(void **state)
{
    static const char *const rubbish[] = {"",
                                          ".",
                                          "..",
                                          "...",
                                          "a.b.c",
                                          "e30.e30.",
                                          "eyJhbGciOiJIUzI1NiJ9",
                                          "eyJhbGciOiJIUzI1NiJ9..",
                                          "eyJhbGciOiJIUzI1NiJ9.e30",
                                          "eyJhbGciOiJub25lIn0.e30.",
                                          "\xff\xfe",
                                          "%00.%00.%00"};
    char error[256];
    struct signalling_token_key *key = load_text(SECRET, error);
    struct signalling_grant grant;
    char *huge = calloc(1, 100001);

    (void)state;
    for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++)
        if (verify(key, rubbish[i], &grant) != 401)
            fail_msg("'%s' passes", rubbish[i]);
    memset(huge, 'A', 100000);
    assert_int_equal(verify(key, huge, &grant), 401);
    free(huge);
    signalling_token_key_destroy(key);
}

static void assert_key_refused(const char *text, const char *expected)
{
    char error[256];
    struct signalling_token_key *key = load_text(text, error);

    assert_null(key);
    if (!strstr(error, expected))
        fail_msg("'%s' does not say '%s'", error, expected);
}

static void unfit_keys_are_refused(void **state)
{
    char *private_pem = pem_of(rsa, true);
    char *p384_pem = pem_of(p384, false);
    char *small_pem = pem_of(small_rsa, false);
    char *large = calloc(1, 20001);
    char error[256];

    (void)state;
    memset(large, 'x', 20000);
    assert_key_refused("", "less than 32 bytes");
    assert_key_refused("0123456789abcdef0123456789abcde\n", "less than 32 bytes");
    assert_key_refused(private_pem, "public half only");
    assert_key_refused(p384_pem, "curve P-256");
    assert_key_refused(small_pem, "2048 bits");
    assert_key_refused(large, "larger than 16 KiB");
    assert_key_refused("-----BEGIN PUBLIC KEY-----\n!!!\n-----END PUBLIC KEY-----\n", "PEM");
    assert_key_refused("-----BEGIN PUBLIC KEY-----\n", "PEM");
    assert_null(signalling_token_key_load("/nonexistent/key", error, sizeof(error)));
    assert_non_null(strstr(error, "/nonexistent/key cannot be opened"));
    free(private_pem);
    free(p384_pem);
    free(small_pem);
    free(large);
}

static void a_binary_secret_is_whole(void **state)
{
    static const char bytes[] = "\0secret with a zero byte, 32 long";
    char error[256];
    struct signalling_token_key *key = signalling_token_key_load(
        write_file("binary", bytes, sizeof(bytes) - 1), error, sizeof(error));
    struct signalling_grant grant;
    jwt_t *jwt;
    char *token;

    (void)state;
    assert_non_null(key);
    assert_int_equal(jwt_new(&jwt), 0);
    jwt_add_grants_json(jwt, "{" GOOD "}");
    jwt_set_alg(jwt, JWT_ALG_HS256, (const unsigned char *)bytes, sizeof(bytes) - 1);
    token = jwt_encode_str(jwt);
    assert_int_equal(verify(key, token, &grant), 0);
    free(token);
    jwt_free(jwt);
    signalling_token_key_destroy(key);
}

static int make_keys(void **state)
{
    (void)state;
    rsa = EVP_RSA_gen(2048);
    small_rsa = EVP_RSA_gen(1024);
    p256 = EVP_EC_gen("P-256");
    p384 = EVP_EC_gen("P-384");
    return rsa && small_rsa && p256 && p384 && mkdtemp(folder) ? 0 : -1;
}

static int drop_keys(void **state)
{
    char path[128];

    (void)state;
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(small_rsa);
    EVP_PKEY_free(p256);
    EVP_PKEY_free(p384);
    snprintf(path, sizeof(path), "%s/key", folder);
    unlink(path);
    snprintf(path, sizeof(path), "%s/binary", folder);
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims_are_judged),
        cmocka_unit_test(rights_are_granted),
        cmocka_unit_test(long_subjects_are_refused),
        cmocka_unit_test(public_keys_verify),
        cmocka_unit_test(the_header_decides_nothing),
        cmocka_unit_test(critical_extensions_are_refused),
        cmocka_unit_test(rubbish_is_refused),
        cmocka_unit_test(unfit_keys_are_refused),
        cmocka_unit_test(a_binary_secret_is_whole),
    };

    return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
