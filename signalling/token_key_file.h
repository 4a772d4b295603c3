/*
 * Key files of join tokens, before anybody decides what they are for: a secret, or PEM. Shared by
 * the side that checks (token.c) and the side that signs (token_sign.c).
 */
#ifndef IRIS_SIGNALLING_TOKEN_KEY_FILE_H
#define IRIS_SIGNALLING_TOKEN_KEY_FILE_H

#include <stdbool.h>
#include <stddef.h>

#define TOKEN_KEY_FILE_MAX_BYTES 16384

/* Embedded; wipe it before its memory is given back. */
struct token_key_file {
    size_t len;
    unsigned char bytes[TOKEN_KEY_FILE_MAX_BYTES + 1]; /* terminated, for readers of PEM */
};

/** Read a file whole. @return NULL, or what is wrong with it: "cannot be opened" */
const char *token_key_file_read(const char *path, struct token_key_file *file);

/** Whether it is PEM, of whatever kind. */
bool token_key_file_is_pem(const struct token_key_file *file);

/**
 * Take it as an HS256 secret (RFC 7518, section 3.2): one trailing line break is not part of it.
 *
 * @return NULL, or what is wrong with it
 */
const char *token_key_file_trim_secret(struct token_key_file *file);

#endif
