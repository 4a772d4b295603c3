/*
 * Making join tokens, for people who try things and for tests: a product signs its tokens where it
 * knows its users. The counterpart of token.h, from which it takes nothing but the claims' meaning.
 */
#ifndef IRIS_SIGNALLING_TOKEN_SIGN_H
#define IRIS_SIGNALLING_TOKEN_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The claims of protocol.md, section 3. Texts are borrowed, UTF-8. */
struct signalling_claims {
    const char *room;    /* or "*" */
    const char *name;    /* NULL: without */
    const char *subject; /* NULL: without */
    bool publish_audio, publish_camera, publish_screen;
    bool subscribe;
    bool is_moderator;
    int64_t expires_s; /* since 1970 */
};

struct signalling_sign_key;

/**
 * Read a key that signs: a PEM private key, RSA of at least 2048 bits (RS256) or elliptic on P-256
 * (ES256), without a passphrase; else an HS256 secret of at least 32 bytes.
 *
 * @param error  a sentence on failure
 * @return       owned; NULL on failure
 */
struct signalling_sign_key *signalling_sign_key_load(const char *path, char *error,
                                                     size_t error_cap);
/** NULL is harmless. */
void signalling_sign_key_destroy(struct signalling_sign_key *key);

/**
 * Sign a token. `publish` is written only where a kind is missing, `subscribe` and `moderator` only
 * where they are not what their absence means.
 *
 * @return the token, free() it; NULL: a text is not UTF-8, or no memory
 */
char *signalling_token_sign(const struct signalling_sign_key *key,
                            const struct signalling_claims *claims);

#endif
