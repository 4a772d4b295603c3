/*
 * Join tokens: JWT (RFC 7519) with HS256, RS256 or ES256, verified by libjwt (protocol.md, section
 * 3). The key decides the algorithm family, never the token's header.
 */
#ifndef IRIS_SIGNALLING_TOKEN_H
#define IRIS_SIGNALLING_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGNALLING_TOKEN_LEEWAY_S 60
#define SIGNALLING_SUBJECT_BYTES  257

/* What a valid token grants. */
struct signalling_grant {
    char subject[SIGNALLING_SUBJECT_BYTES]; /* "" without sub */
    char name[SIGNALLING_SUBJECT_BYTES];    /* "" without name */
    bool publish_audio, publish_camera, publish_screen;
    bool subscribe;
    bool is_moderator;
};

struct signalling_token_key;

/**
 * Read a key: a PEM public key (RS256 or ES256 by its type), else an HS256 secret of at least 32
 * bytes.
 *
 * @param path   file; a secret's trailing line break is not part of it
 * @param error  a sentence on failure
 * @return       owned; NULL on failure
 */
struct signalling_token_key *signalling_token_key_load(const char *path, char *error,
                                                       size_t error_cap);
void signalling_token_key_destroy(struct signalling_token_key *key);

/**
 * Verify a token for a room.
 *
 * @param now_s  wall clock [s since 1970]
 * @param grant  written only on success
 * @param error  a sentence on failure: what is wrong with the token, never its content
 * @return       0, or a code of SIGNALLING_ERROR_LIST: 401 (invalid, expired, not yet), 403 (other
 * room)
 */
int signalling_token_verify(const struct signalling_token_key *key, const char *token,
                            const char *room, int64_t now_s, struct signalling_grant *grant,
                            const char **error);

#endif
