/*
 * The log. A line is built in a buffer on the stack and leaves in one write(2), so that lines of
 * several threads never mix (POSIX: writes to a pipe of at most PIPE_BUF, 4096, are atomic). What
 * does not fit is cut at the value, never in the middle of the line's own syntax.
 */
#include "sfu/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096
#define LOG_KEY_BYTES  100 /* of a key or an event's name; more is cut */
#define TAIL_BYTES     16 /* kept free for what closes a value and a line: ..." } and a line break */

/* Set once before threads start, read only afterwards. */
static struct {
    enum config_log_level level;
    enum config_log_format format;
    bool is_coloured;
} settings = {.level = CONFIG_LOG_INFO, .format = CONFIG_LOG_TEXT};

static const struct {
    const char *name;   /* ECS log.level */
    const char *colour; /* ECMA-48 SGR */
} levels[] = {
    [CONFIG_LOG_ERROR] = {"error", "\x1b[31m"},
    [CONFIG_LOG_WARNING] = {"warn", "\x1b[33m"},
    [CONFIG_LOG_INFO] = {"info", "\x1b[32m"},
    [CONFIG_LOG_DEBUG] = {"debug", "\x1b[2m"},
};

/*
 * Names of the Elastic Common Schema for JSON; other keys become "iris.KEY". A field has one type,
 * whatever is in it, so that an index can be made of the first line: numbers are told by their
 * name.
 */
static const struct {
    const char *key, *field;
    bool is_number;
} fields[] = {
    {"message", "message", false},
    {"reason", "event.reason", false},
    {"peer", "client.address", false},
    {"url", "url.full", false},
    {"version", "service.version", false},
    {"file", "file.path", false},
    {"worker", "iris.worker", true},
    {"udp_port", "iris.udp_port", true},
    {"limit_bps", "iris.limit_bps", true},
    {"measured_bps", "iris.measured_bps", true},
    {"deadline_ms", "iris.deadline_ms", true},
    {"value", "iris.value", true},
    {"limit", "iris.limit", true},
    {"count", "iris.count", true},
    {"told", "iris.told", true},
    {"left", "iris.left", true},
    {"cut_off", "iris.cut_off", true},
    {"elapsed_ms", "iris.elapsed_ms", true},
};

struct line {
    size_t len;
    char text[LINE_MAX_BYTES];
};

void log_init(enum config_log_level level, enum config_log_format format)
{
    settings.level = level;
    settings.format = format;
    settings.is_coloured = format == CONFIG_LOG_TEXT && isatty(STDERR_FILENO) == 1;
}

/* Append all of text or nothing; limit leaves room for what must still follow. */
static bool append(struct line *line, const char *text, size_t len, size_t limit)
{
    if (line->len + len > limit)
        return false;
    memcpy(line->text + line->len, text, len);
    line->len += len;
    return true;
}

static void append_text(struct line *line, const char *text)
{
    append(line, text, strlen(text), LINE_MAX_BYTES);
}

/* Length of the UTF-8 character at text that is safe to show, 0 if there is none (RFC 3629). */
static size_t printable(const unsigned char *text)
{
    unsigned char c = text[0];
    size_t len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

    if (c < 0x80)
        return c >= 0x20 && c != 0x7f;
    if (c < 0xc2 || c > 0xf4)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    /* Overlong forms, surrogates, beyond U+10FFFF; C1 controls and the bidirectional overrides. */
    if ((c == 0xe0 && text[1] < 0xa0) || (c == 0xed && text[1] > 0x9f) ||
        (c == 0xf0 && text[1] < 0x90) || (c == 0xf4 && text[1] > 0x8f))
        return 0;
    if (c == 0xc2 && text[1] < 0xa0)
        return 0;
    if (c == 0xe2 && text[1] == 0x80 && text[2] >= 0xa8 && text[2] <= 0xae)
        return 0;
    if (c == 0xe2 && text[1] == 0x81 && text[2] >= 0xa6 && text[2] <= 0xa9)
        return 0;
    return len;
}

/* One byte that must not appear as it is. JSON has no escape for a byte, so there it is a code
 * point. */
static size_t escape(char out[8], unsigned char c)
{
    if (c == '"' || c == '\\')
        return (size_t)snprintf(out, 8, "\\%c", c);
    if (c == '\n')
        return (size_t)snprintf(out, 8, "\\n");
    if (settings.format == CONFIG_LOG_JSON)
        return (size_t)snprintf(out, 8, "\\u%04x", c);
    return (size_t)snprintf(out, 8, "\\x%02x", c);
}

static void append_quoted(struct line *line, const char *value)
{
    const unsigned char *p = (const unsigned char *)value;
    char escaped[8];

    append_text(line, "\"");
    while (*p) {
        size_t len = *p == '"' || *p == '\\' ? 0 : printable(p);
        bool is_whole =
            len > 0 ? append(line, (const char *)p, len, LINE_MAX_BYTES - TAIL_BYTES)
                    : append(line, escaped, escape(escaped, *p), LINE_MAX_BYTES - TAIL_BYTES);

        if (!is_whole) {
            append_text(line, "...");
            break;
        }
        p += len > 0 ? len : 1;
    }
    append_text(line, "\"");
}

/* Text that can stand without quotes in key=value. */
static bool is_plain(const char *value)
{
    size_t len = strlen(value);

    return len > 0 && len < 256 &&
           strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                         "._-~:/[]@+*,%#()") == len;
}

/* Whether another key with an empty value, and the line's end, still fits. */
static bool has_room(const struct line *line, const char *key)
{
    return line->len + strlen(key) + 6 + TAIL_BYTES < LINE_MAX_BYTES - 256;
}

/* A number as JSON spells it (RFC 8259, section 6), without an exponent. */
static bool is_json_number(const char *text)
{
    const char *p = text + (*text == '-');
    size_t whole = strspn(p, "0123456789"), fraction = 0;

    if (whole == 0 || (p[0] == '0' && whole > 1))
        return false;
    p += whole;
    if (*p == '.')
        fraction = 1 + strspn(p + 1, "0123456789");
    return fraction != 1 && p[fraction] == '\0';
}

static void append_json_pair(struct line *line, const char *key, const char *value)
{
    bool is_number = false;
    char name[LOG_KEY_BYTES + 8];

    snprintf(name, sizeof(name), "iris.%.*s", LOG_KEY_BYTES, key);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (strcmp(fields[i].key, key) != 0)
            continue;
        snprintf(name, sizeof(name), "%s", fields[i].field);
        is_number = fields[i].is_number;
    }
    /* A field of numbers that holds none is left out: an index would refuse the whole line. */
    if (!has_room(line, name) || (is_number && !is_json_number(value)))
        return;
    append_text(line, ",\"");
    append_text(line, name);
    append_text(line, "\":");
    if (is_number)
        append_text(line, value);
    else
        append_quoted(line, value);
}

static void append_text_pair(struct line *line, const char *key, const char *value)
{
    if (!has_room(line, key))
        return;
    append_text(line, " ");
    append_text(line, key);
    append_text(line, "=");
    if (is_plain(value))
        append_text(line, value);
    else
        append_quoted(line, value);
}

static const char *value_of(const char *const *pairs, const char *key)
{
    for (; pairs[0]; pairs += 2)
        if (strcmp(pairs[0], key) == 0)
            return pairs[1];
    return NULL;
}

/* ECS wants a message: where an event has no sentence, its name is one: "participant join". */
static void append_message(struct line *line, const char *event)
{
    char words[LOG_KEY_BYTES + 1];

    snprintf(words, sizeof(words), "%.*s", LOG_KEY_BYTES, event);
    for (char *p = words; *p; p++)
        if (*p == '.' || *p == '_')
            *p = ' ';
    append_json_pair(line, "message", words);
}

static void append_head(struct line *line, enum config_log_level level, const char *event)
{
    struct timespec now;
    struct tm utc;
    char stamp[24];
    int used;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
    used = snprintf(line->text, LINE_MAX_BYTES,
                    settings.format == CONFIG_LOG_JSON
                        ? "{\"@timestamp\":\"%s.%03ldZ\",\"log.level\":\"%s%s%s\",\"ecs.version\":"
                          "\"8.11.0\",\"service.name\":\"iris\",\"event.action\":\"%.100s\""
                        : "%s.%03ldZ %s%-5s%s %.100s",
                    stamp, now.tv_nsec / 1000000, settings.is_coloured ? levels[level].colour : "",
                    levels[level].name, settings.is_coloured ? "\x1b[0m" : "", event);
    line->len = (size_t)used;
}

void log_pairs(enum config_log_level level, const char *event, const char *const *pairs)
{
    bool is_json = settings.format == CONFIG_LOG_JSON;
    struct line line;

    if (level > settings.level)
        return;
    append_head(&line, level, event);
    if (is_json && !value_of(pairs, "message"))
        append_message(&line, event);
    for (; pairs[0]; pairs += 2)
        (is_json ? append_json_pair : append_text_pair)(&line, pairs[0], pairs[1] ? pairs[1] : "");
    append_text(&line, is_json ? "}\n" : "\n");
    /* A log that cannot be written has nowhere to complain. */
    ssize_t written = write(STDERR_FILENO, line.text, line.len);
    (void)written;
}

void log_event(enum config_log_level level, const char *event, ...)
{
    const char *pairs[2 * LOG_PAIRS_MAX + 1];
    size_t count = 0;
    va_list args;

    va_start(args, event);
    while (count < 2 * LOG_PAIRS_MAX && (pairs[count] = va_arg(args, const char *))) {
        pairs[count + 1] = va_arg(args, const char *);
        count += 2;
    }
    va_end(args);
    pairs[count] = NULL;
    log_pairs(level, event, pairs);
}

const char *log_number(char out[24], long long value)
{
    snprintf(out, 24, "%lld", value);
    return out;
}
