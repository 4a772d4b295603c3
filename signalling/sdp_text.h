/*
 * Reading SDP text (RFC 8866, section 5): bounded lines, words, numbers. Every view points into the
 * caller's text, nothing is terminated, nothing is read beyond an end.
 */
#ifndef IRIS_SIGNALLING_SDP_TEXT_H
#define IRIS_SIGNALLING_SDP_TEXT_H

#include "signalling/sdp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A view of a part of the text; len 0: nothing. */
struct sdp_span {
    const char *at;
    size_t len;
};

/* Where the reader stands, and the line that it read last. */
struct sdp_reader {
    const char *at, *end;
    unsigned line; /* of the text, from 1 */
    char type;     /* 'm' of "m=audio ..." */
    struct sdp_span value;
};

/**
 * Read the next "x=value" line; CRLF and LF both end one, empty lines are skipped.
 *
 * @param reader  at and end set by the caller, line 0 at first
 * @param error   written on failure
 * @return        1: a line was read; 0: end of the text; -1: the line is no SDP
 */
int sdp_reader_next(struct sdp_reader *reader, struct sdp_error *error);

/**
 * Write an error.
 *
 * @param line    of the text, 0: the offer as a whole
 * @param format  a sentence as for printf; bytes of the offer only after sdp_span_is_token, because
 * the reason goes into JSON
 * @return        -1, so that a parser can return it
 */
int sdp_fail(struct sdp_error *error, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Is it this text; the second form ignores the case of ASCII letters (encoding names, hash names).
 */
bool sdp_span_is(struct sdp_span span, const char *text);
bool sdp_span_is_any_case(struct sdp_span span, const char *text);

/* Are these the same bytes? */
bool sdp_span_equals(struct sdp_span a, struct sdp_span b);

/* Take a prefix off; false, and nothing changed, when the text does not begin with it. */
bool sdp_span_skip(struct sdp_span *span, const char *prefix);

/* The text up to the separator or the end, which is taken off the rest together with the separator.
 */
struct sdp_span sdp_span_cut(struct sdp_span *rest, char separator);

/* The next word between spaces, taken off the rest; len 0 at the end. */
struct sdp_span sdp_span_word(struct sdp_span *rest);

/**
 * Read a decimal number: digits only.
 *
 * @param number  written on success
 * @return        false if it is none, or above max
 */
bool sdp_span_number(struct sdp_span span, uint64_t max, uint64_t *number);

/* Is it a token of RFC 8866, section 9, of 1 to max_bytes characters? Such text is safe to echo. */
bool sdp_span_is_token(struct sdp_span span, size_t max_bytes);

/* Copy and terminate; the caller has checked that span.len < cap. */
void sdp_span_copy(struct sdp_span span, char *out, size_t cap);

#endif
