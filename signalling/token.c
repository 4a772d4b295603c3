/*
 * Join tokens. libjwt picks the algorithm from the token's header, so a forged header could have a
 * public key used as an HMAC secret: after decoding, the algorithm must be the one that the key is
 * for. `none` never passes, because libjwt refuses it where a key is given and it is nobody's
 * algorithm here.
 */
#include "signalling/token.h"

#include <jansson.h>
#include <jwt.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signalling/jsonrpc.h"
#include "signalling/token_key_file.h"

#define RSA_MIN_DER_BYTES 270 /* RFC 7518, section 3.3: 2048 bits, the modulus alone is 256 */
#define TOKEN_MAX_BYTES   8192

struct signalling_token_key {
    jwt_alg_t alg;
    struct token_key_file file;
};

/* Object identifiers of a SubjectPublicKeyInfo (RFC 3279, section 2.3.1; RFC 5480, section 2.1.1).
 */
static const unsigned char oid_rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
static const unsigned char oid_p256[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

#define PEM_BEGIN "-----BEGIN PUBLIC KEY-----"
#define PEM_END   "-----END PUBLIC KEY-----"

/* The DER bytes between the armour lines; negative if they are not base64. */
static int pem_decode(const char *text, unsigned char *der, size_t cap)
{
    const char *begin = strstr(text, PEM_BEGIN);
    const char *end = begin ? strstr(begin, PEM_END) : NULL;
    char base64[TOKEN_KEY_FILE_MAX_BYTES + 1];
    size_t len = 0;

    if (!end)
        return -1;
    for (const char *p = begin + strlen(PEM_BEGIN); p < end; p++)
        if (!strchr("\r\n\t ", *p))
            base64[len++] = *p;
    base64[len] = '\0';
    return lws_b64_decode_string(base64, (char *)der, (int)cap);
}

/* RS256, ES256 or JWT_ALG_INVAL by the type of a public key. */
static jwt_alg_t pem_algorithm(const char *text, const char **reason)
{
    unsigned char der[TOKEN_KEY_FILE_MAX_BYTES];
    int len = pem_decode(text, der, sizeof(der));
    size_t head;

    *reason = "is PEM, but not a public key (\"BEGIN PUBLIC KEY\"): give the public half only";
    if (len <= 0)
        return JWT_ALG_INVAL;
    /* The algorithm stands in front of the key's own numbers. */
    head = len < 40 ? (size_t)len : 40;
    if (memmem(der, head, oid_p256, sizeof(oid_p256)))
        return JWT_ALG_ES256;
    if (memmem(der, head, oid_rsa, sizeof(oid_rsa))) {
        *reason = "is an RSA key of less than 2048 bits";
        return len >= RSA_MIN_DER_BYTES ? JWT_ALG_RS256 : JWT_ALG_INVAL;
    }
    *reason = "is a public key, but neither RSA nor elliptic on the curve P-256";
    return JWT_ALG_INVAL;
}

/* Decide what the bytes are and which algorithm they are for; NULL, or what is wrong with them. */
static const char *classify(struct signalling_token_key *key)
{
    const char *reason = NULL;

    if (token_key_file_is_pem(&key->file)) {
        key->alg = pem_algorithm((char *)key->file.bytes, &reason);
        return key->alg == JWT_ALG_INVAL ? reason : NULL;
    }
    key->alg = JWT_ALG_HS256;
    return token_key_file_trim_secret(&key->file);
}

struct signalling_token_key *signalling_token_key_load(const char *path, char *error,
                                                       size_t error_cap)
{
    struct signalling_token_key *key = calloc(1, sizeof(*key));
    const char *reason = key ? token_key_file_read(path, &key->file) : "cannot be read: no memory";

    if (!reason)
        reason = classify(key);
    if (!reason)
        return key;
    snprintf(error, error_cap, "the token key file %s %s", path, reason);
    signalling_token_key_destroy(key);
    return NULL;
}

void signalling_token_key_destroy(struct signalling_token_key *key)
{
    if (!key)
        return;
    explicit_bzero(key, sizeof(*key));
    free(key);
}

static int refuse(int code, const char **error, const char *reason)
{
    *error = reason;
    return code;
}

/* An optional text claim that must fit; false if it is of another type or too long. */
static bool copy_text(const json_t *claims, const char *name, char out[SIGNALLING_SUBJECT_BYTES])
{
    const json_t *claim = json_object_get(claims, name);
    const char *text = json_string_value(claim);

    out[0] = '\0';
    if (!claim)
        return true;
    if (!text || strlen(text) >= SIGNALLING_SUBJECT_BYTES)
        return false;
    memcpy(out, text, strlen(text) + 1);
    return true;
}

/* An optional boolean claim; false if it is of another type. */
static bool copy_flag(const json_t *claims, const char *name, bool fallback, bool *out)
{
    const json_t *claim = json_object_get(claims, name);

    *out = claim ? json_is_true(claim) : fallback;
    return !claim || json_is_boolean(claim);
}

/* `publish`: absent is everything; kinds that this server does not know grant nothing. */
static bool copy_publish(const json_t *claims, struct signalling_grant *grant)
{
    const json_t *publish = json_object_get(claims, "publish");
    const json_t *entry;
    size_t i;

    grant->publish_audio = grant->publish_camera = grant->publish_screen = !publish;
    if (publish && !json_is_array(publish))
        return false;
    json_array_foreach(publish, i, entry)
    {
        const char *kind = json_string_value(entry);

        if (!kind)
            return false;
        grant->publish_audio |= strcmp(kind, "audio") == 0;
        grant->publish_camera |= strcmp(kind, "camera") == 0;
        grant->publish_screen |= strcmp(kind, "screen") == 0;
    }
    return true;
}

/* RFC 7519, sections 4.1.4 and 4.1.5. A NumericDate may have a fraction. */
static int check_times(const json_t *claims, int64_t now_s, const char **error)
{
    const json_t *exp = json_object_get(claims, "exp");
    const json_t *nbf = json_object_get(claims, "nbf");

    if (!json_is_number(exp))
        return refuse(SIGNALLING_E_TOKEN, error, "the token has no time of expiry (exp)");
    if (json_number_value(exp) + SIGNALLING_TOKEN_LEEWAY_S <= (double)now_s)
        return refuse(SIGNALLING_E_TOKEN, error, "the token has expired");
    if (nbf && !json_is_number(nbf))
        return refuse(SIGNALLING_E_TOKEN, error, "the token's nbf is not a number");
    if (nbf && json_number_value(nbf) - SIGNALLING_TOKEN_LEEWAY_S > (double)now_s)
        return refuse(SIGNALLING_E_TOKEN, error, "the token is not valid yet");
    return 0;
}

static int check_claims(const json_t *claims, const char *room, int64_t now_s,
                        struct signalling_grant *grant, const char **error)
{
    const char *granted = json_string_value(json_object_get(claims, "room"));
    struct signalling_grant parsed;
    int result = check_times(claims, now_s, error);

    if (result != 0)
        return result;
    if (!copy_text(claims, "sub", parsed.subject) || !copy_text(claims, "name", parsed.name) ||
        !copy_publish(claims, &parsed) ||
        !copy_flag(claims, "subscribe", true, &parsed.subscribe) ||
        !copy_flag(claims, "moderator", false, &parsed.is_moderator))
        return refuse(SIGNALLING_E_TOKEN, error, "a claim of the token has the wrong type or size");
    if (!granted || (strcmp(granted, "*") != 0 && strcmp(granted, room) != 0))
        return refuse(SIGNALLING_E_FORBIDDEN, error, "the token is not for this room");
    *grant = parsed;
    return 0;
}

/* The claims of a token that this key has signed with its own algorithm, else NULL. */
static json_t *authentic_claims(const struct signalling_token_key *key, const char *token)
{
    jwt_t *jwt = NULL;
    json_t *claims = NULL;
    char *text = NULL;
    char *critical = NULL;

    if (strlen(token) > TOKEN_MAX_BYTES ||
        jwt_decode(&jwt, token, key->file.bytes, (int)key->file.len) != 0)
        return NULL;
    /* RFC 7515, section 4.1.11: extensions that are critical and not understood void the token. */
    critical = jwt_get_headers_json(jwt, "crit");
    if (jwt_get_alg(jwt) == key->alg && !critical)
        text = jwt_get_grants_json(jwt, NULL);
    if (text)
        claims = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    free(critical);
    free(text);
    jwt_free(jwt);
    return claims;
}

int signalling_token_verify(const struct signalling_token_key *key, const char *token,
                            const char *room, int64_t now_s, struct signalling_grant *grant,
                            const char **error)
{
    json_t *claims = authentic_claims(key, token);
    int result;

    if (!claims)
        return refuse(SIGNALLING_E_TOKEN, error,
                      "the token is not signed with this server's key and algorithm");
    result = check_claims(claims, room, now_s, grant, error);
    json_decref(claims);
    return result;
}
