/* Join tokens of the tests (protocol.md, section 3), signed without the server's library. */
#ifndef IRIS_TESTS_TOKEN_WRITER_H
#define IRIS_TESTS_TOKEN_WRITER_H

#include <jansson.h>
#include <stdbool.h>

#define TOKEN_SECRET "a secret of the tests, 32 bytes or longer"

/**
 * Sign claims with HS256 (RFC 7515, RFC 7518, section 3.2).
 *
 * @param claims  stolen
 * @return        to be freed with free()
 */
char *token_write(const char *secret, json_t *claims);

/** A token of an hour for a room. @return to be freed with free() */
char *token_for(const char *room, const char *subject, bool is_moderator);

#endif
