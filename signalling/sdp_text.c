/*
 * Reading SDP text. All bounds are kept here, so that the parsers above see only views.
 */
#include "signalling/sdp_text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

int sdp_fail(struct sdp_error *error, unsigned line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    error->line = line;
    vsnprintf(error->reason, sizeof(error->reason), format, arguments);
    va_end(arguments);
    return -1;
}

/* Take one line, without its end, off the text. */
static struct sdp_span take_line(struct sdp_reader *reader)
{
    size_t left = (size_t)(reader->end - reader->at);
    const char *newline = memchr(reader->at, '\n', left);
    struct sdp_span line = {reader->at, newline ? (size_t)(newline - reader->at) : left};
    reader->at = newline ? newline + 1 : reader->end;
    reader->line++;
    if (line.len > 0 && line.at[line.len - 1] == '\r')
        line.len--;
    return line;
}

int sdp_reader_next(struct sdp_reader *reader, struct sdp_error *error)
{
    struct sdp_span line = {NULL, 0};
    while (line.len == 0) {
        if (reader->at == reader->end)
            return 0;
        line = take_line(reader);
    }
    if (memchr(line.at, '\0', line.len) || memchr(line.at, '\r', line.len))
        return sdp_fail(error, reader->line,
                        "The line contains a NUL or a bare CR; send plain SDP.");
    if (line.len < 2 || line.at[0] < 'a' || line.at[0] > 'z' || line.at[1] != '=')
        return sdp_fail(error, reader->line,
                        "The line is no SDP: it must begin with a letter and '='.");
    reader->type = line.at[0];
    reader->value = (struct sdp_span){line.at + 2, line.len - 2};
    return 1;
}

bool sdp_span_is(struct sdp_span span, const char *text)
{
    return span.len == strlen(text) && memcmp(span.at, text, span.len) == 0;
}

bool sdp_span_is_any_case(struct sdp_span span, const char *text)
{
    return span.len == strlen(text) && strncasecmp(span.at, text, span.len) == 0;
}

bool sdp_span_equals(struct sdp_span a, struct sdp_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool sdp_span_skip(struct sdp_span *span, const char *prefix)
{
    size_t len = strlen(prefix);
    if (span->len < len || memcmp(span->at, prefix, len) != 0)
        return false;
    span->at += len;
    span->len -= len;
    return true;
}

struct sdp_span sdp_span_cut(struct sdp_span *rest, char separator)
{
    if (rest->len == 0)
        return *rest;
    const char *found = memchr(rest->at, separator, rest->len);
    struct sdp_span part = {rest->at, found ? (size_t)(found - rest->at) : rest->len};
    size_t taken = part.len + (found ? 1 : 0);
    rest->at += taken;
    rest->len -= taken;
    return part;
}

struct sdp_span sdp_span_word(struct sdp_span *rest)
{
    while (rest->len > 0 && rest->at[0] == ' ') {
        rest->at++;
        rest->len--;
    }
    return sdp_span_cut(rest, ' ');
}

bool sdp_span_number(struct sdp_span span, uint64_t max, uint64_t *number)
{
    uint64_t value = 0;
    if (span.len == 0)
        return false;
    for (size_t i = 0; i < span.len; i++) {
        if (span.at[i] < '0' || span.at[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(span.at[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (value > max)
        return false;
    *number = value;
    return true;
}

/* token-char: visible ASCII but for these. */
static bool is_token_char(char c)
{
    return c > ' ' && c < 127 && !strchr("\"(),/:;<=>?@[\\]", c);
}

bool sdp_span_is_token(struct sdp_span span, size_t max_bytes)
{
    if (span.len == 0 || span.len > max_bytes)
        return false;
    for (size_t i = 0; i < span.len; i++)
        if (!is_token_char(span.at[i]))
            return false;
    return true;
}

void sdp_span_copy(struct sdp_span span, char *out, size_t cap)
{
    assert(span.len < cap);
    (void)cap;
    memcpy(out, span.at, span.len);
    out[span.len] = '\0';
}
