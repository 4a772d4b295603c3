/* Signing join tokens with libjwt. */
#include "signalling/token_sign.h"

#include <jansson.h>
#include <jwt.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signalling/token_key_file.h"

#define RSA_MIN_BITS 2048 /* RFC 7518, section 3.3 */

struct signalling_sign_key {
    jwt_alg_t alg;
    struct token_key_file file;
};

/* RFC 7518, sections 3.3 and 3.4. @return JWT_ALG_INVAL with a reason, if it is neither kind */
static jwt_alg_t algorithm_of(const EVP_PKEY *pkey, const char **reason)
{
    char group[32] = "";

    if (EVP_PKEY_is_a(pkey, "RSA")) {
        *reason = "is an RSA key of less than 2048 bits";
        return EVP_PKEY_get_bits(pkey) >= RSA_MIN_BITS ? JWT_ALG_RS256 : JWT_ALG_INVAL;
    }
    *reason = "is a private key, but neither RSA nor elliptic on the curve P-256";
    if (EVP_PKEY_is_a(pkey, "EC") &&
        EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) == 1 &&
        strcmp(group, "prime256v1") == 0)
        return JWT_ALG_ES256;
    return JWT_ALG_INVAL;
}

/* Nobody is asked at a terminal. */
static int no_passphrase(char *out, int cap, int is_write, void *context)
{
    (void)out;
    (void)cap;
    (void)is_write;
    (void)context;
    return -1;
}

static const char *classify_pem(struct signalling_sign_key *key)
{
    BIO *bio = BIO_new_mem_buf(key->file.bytes, (int)key->file.len);
    EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
    const char *reason = "is PEM, but not a private key without a passphrase, which signing needs";

    key->alg = pkey ? algorithm_of(pkey, &reason) : JWT_ALG_INVAL;
    EVP_PKEY_free(pkey);
    BIO_free(bio);
    ERR_clear_error();
    return key->alg == JWT_ALG_INVAL ? reason : NULL;
}

struct signalling_sign_key *signalling_sign_key_load(const char *path, char *error,
                                                     size_t error_cap)
{
    struct signalling_sign_key *key = calloc(1, sizeof(*key));
    const char *reason = key ? token_key_file_read(path, &key->file) : "cannot be read: no memory";

    if (!reason && token_key_file_is_pem(&key->file)) {
        reason = classify_pem(key);
    } else if (!reason) {
        key->alg = JWT_ALG_HS256;
        reason = token_key_file_trim_secret(&key->file);
    }
    if (!reason)
        return key;
    snprintf(error, error_cap, "the key file %s %s", path, reason);
    signalling_sign_key_destroy(key);
    return NULL;
}

void signalling_sign_key_destroy(struct signalling_sign_key *key)
{
    if (!key)
        return;
    explicit_bzero(key, sizeof(*key));
    free(key);
}

/* json_pack() skips what is NULL behind "*". */
static json_t *publish_list(const struct signalling_claims *claims)
{
    if (claims->publish_audio && claims->publish_camera && claims->publish_screen)
        return NULL;
    return json_pack("[s*, s*, s*]", claims->publish_audio ? "audio" : NULL,
                     claims->publish_camera ? "camera" : NULL,
                     claims->publish_screen ? "screen" : NULL);
}

/* The claims as JSON text, free() it; NULL as for signing. */
static char *claims_text(const struct signalling_claims *claims)
{
    json_t *object =
        json_pack("{s:s, s:s*, s:s*, s:o*, s:o*, s:o*, s:I}", "room", claims->room, "name",
                  claims->name, "sub", claims->subject, "publish", publish_list(claims),
                  "subscribe", claims->subscribe ? NULL : json_false(), "moderator",
                  claims->is_moderator ? json_true() : NULL, "exp", (json_int_t)claims->expires_s);
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

    json_decref(object);
    return text;
}

char *signalling_token_sign(const struct signalling_sign_key *key,
                            const struct signalling_claims *claims)
{
    char *text = claims_text(claims);
    char *token = NULL;
    jwt_t *jwt = NULL;

    if (text && jwt_new(&jwt) == 0 && jwt_add_grants_json(jwt, text) == 0 &&
        jwt_set_alg(jwt, key->alg, key->file.bytes, (int)key->file.len) == 0)
        token = jwt_encode_str(jwt);
    jwt_free(jwt);
    free(text);
    return token;
}
