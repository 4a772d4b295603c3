/*
 * Log lines: their form in text and JSON, what strangers' text cannot do to them, levels, length.
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
#include <jansson.h>

#include "sfu/log.h"

static int saved_stderr;
static int log_pipe[2];

static void capture(void)
{
    assert_int_equal(pipe(log_pipe), 0);
    saved_stderr = dup(STDERR_FILENO);
    dup2(log_pipe[1], STDERR_FILENO);
}

/* What was written since capture(), terminated. */
static size_t captured(char *out, size_t cap)
{
    ssize_t len;

    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    close(log_pipe[1]);
    len = read(log_pipe[0], out, cap - 1);
    close(log_pipe[0]);
    assert_true(len >= 0);
    out[len] = '\0';
    return (size_t)len;
}

/* Log one event with one pair and give back the line. */
static size_t log_one(enum config_log_format format, const char *key, const char *value, char *out,
                      size_t cap)
{
    capture();
    log_init(CONFIG_LOG_INFO, format);
    log_event(CONFIG_LOG_INFO, "room.join", key, value, NULL);
    return captured(out, cap);
}

static void text_lines_have_their_form(void **state)
{
    static const struct {
        const char *value;
        const char *shown;
    } values[] = {
        {"p-1", "p-1"},
        {"", "\"\""},
        {"two words", "\"two words\""},
        {"a=b", "\"a=b\""},
        {"say \"hi\"", "\"say \\\"hi\\\"\""},
        {"back\\slash", "\"back\\\\slash\""},
        {"line\nbreak", "\"line\\nbreak\""},
        {"\x1b[31mred", "\"\\x1b[31mred\""},
        {"caf\xc3\xa9", "\"caf\xc3\xa9\""},
        {"\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\""},
        {"bad\xff", "\"bad\\xff\""},
        {"cut\xe2\x82", "\"cut\\xe2\\x82\""},
        {"\xc2\x9b", "\"\\xc2\\x9b\""},          /* C1: CSI in one byte */
        {"\xe2\x80\xae", "\"\\xe2\\x80\\xae\""}, /* right-to-left override */
        {"\xed\xa0\x80", "\"\\xed\\xa0\\x80\""}, /* surrogate */
        {"\xc0\x80", "\"\\xc0\\x80\""},          /* overlong */
        {"192.0.2.1:5000", "192.0.2.1:5000"},
        {NULL, "\"\""},
    };
    char line[4200];
    char expected[128];

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        log_one(CONFIG_LOG_TEXT, "key", values[i].value, line, sizeof(line));
        snprintf(expected, sizeof(expected), "Z info  room.join key=%s\n", values[i].shown);
        assert_int_equal(strspn(line, "0123456789-:.T"), 23);
        assert_string_equal(line + 23, expected);
    }
}

static void json_lines_parse_back(void **state)
{
    static const struct {
        const char *value;
        const char *read;
    } values[] = {
        {"p-1", "p-1"},
        {"say \"hi\"\n\t\\", "say \"hi\"\n\t\\"},
        {"\x01\x7f", "\x01\x7f"},
        {"caf\xc3\xa9", "caf\xc3\xa9"},
        {"bad\xff",
         "bad\xc3\xbf"}, /* a byte that is no text becomes the code point of its number */
        {"\",\"log.level\":\"fake", "\",\"log.level\":\"fake"},
    };
    char line[4200];

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        size_t len = log_one(CONFIG_LOG_JSON, "room", values[i].value, line, sizeof(line));
        json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

        assert_non_null(json);
        assert_int_equal(strcspn(line, "\n"), len - 1);
        assert_string_equal(json_string_value(json_object_get(json, "log.level")), "info");
        assert_string_equal(json_string_value(json_object_get(json, "event.action")), "room.join");
        assert_string_equal(json_string_value(json_object_get(json, "iris.room")), values[i].read);
        assert_int_equal(json_string_length(json_object_get(json, "@timestamp")), 24);
        json_decref(json);
    }
}

/* ECS names, and one type a field whatever is in it. */
static void json_fields_have_their_names(void **state)
{
    static const struct {
        const char *key, *value;
        const char *line; /* as it stands in the line; NULL: left out */
    } rows[] = {
        {"room", "standup", "\"iris.room\":\"standup\""},
        {"room", "42", "\"iris.room\":\"42\""},
        {"participant", "p-1", "\"iris.participant\":\"p-1\""},
        {"reason", "left", "\"event.reason\":\"left\""},
        {"peer", "192.0.2.7", "\"client.address\":\"192.0.2.7\""},
        {"message", "a sentence", "\"message\":\"a sentence\""},
        {"by", "operator", "\"iris.by\":\"operator\""},
        {"limit_bps", "500000", "\"iris.limit_bps\":500000"},
        {"limit", "0.150", "\"iris.limit\":0.150"},
        {"value", "-1", "\"iris.value\":-1"},
        {"value", "1.25", "\"iris.value\":1.25"},
        {"value", "0", "\"iris.value\":0"},
        {"value", "", NULL},
        {"value", "-", NULL},
        {"value", "01", NULL},
        {"value", "1.", NULL},
        {"value", "1e5", NULL},
        {"value", "1,\"x\":2", NULL},
        {"value", "NaN", NULL},
    };
    char line[4200];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        log_one(CONFIG_LOG_JSON, rows[i].key, rows[i].value, line, sizeof(line));
        json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);

        assert_non_null(json);
        if (rows[i].line ? !strstr(line, rows[i].line) : strstr(line, "iris.") != NULL)
            fail_msg("row %zu: %s", i, line);
        assert_string_equal(json_string_value(json_object_get(json, "service.name")), "iris");
        assert_non_null(json_object_get(json, "ecs.version"));
        assert_string_equal(json_string_value(json_object_get(json, "message")),
                            strcmp(rows[i].key, "message") == 0 ? rows[i].value : "room join");
        json_decref(json);
    }
}

static void long_values_are_cut_whole(void **state)
{
    static const char fill[] = {'a', '"', '\n', '\xc3', '\x01'};
    char value[9001];
    char line[8192];

    (void)state;
    for (size_t f = 0; f < sizeof(fill); f++) {
        json_t *json;
        size_t len;

        memset(value, fill[f], sizeof(value) - 1);
        value[sizeof(value) - 1] = '\0';
        len = log_one(CONFIG_LOG_JSON, "v", value, line, sizeof(line));
        assert_true(len > 3500 && len <= 4096);
        json = json_loads(line, 0, NULL);
        assert_non_null(json);
        json_decref(json);
        len = log_one(CONFIG_LOG_TEXT, "v", value, line, sizeof(line));
        assert_true(len > 3500 && len <= 4096);
        assert_string_equal(line + len - 5, "...\"\n");
    }
}

static void many_pairs_stay_one_line(void **state)
{
    char value[256];
    char line[8192];
    json_t *json;

    (void)state;
    for (size_t size = 1; size < sizeof(value); size += 7) {
        memset(value, 'x', size);
        value[size] = '\0';
        capture();
        log_init(CONFIG_LOG_INFO, CONFIG_LOG_JSON);
        log_event(CONFIG_LOG_INFO, "a.b", "k1", value, "k2", value, "k3", value, "k4", value, "k5",
                  value, "k6", value, "k7", value, "k8", value, "k9", value, "k10", value, "k11",
                  value, "k12", value, "k13", value, "k14", value, "k15", value, "k16", value,
                  "k17", value, "k18", value, NULL);
        assert_true(captured(line, sizeof(line)) <= 4096);
        json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(json);
        json_decref(json);
    }
}

static void levels_are_kept(void **state)
{
    static const char *const names[] = {"error", "warn ", "info ", "debug"};
    char line[4200];

    (void)state;
    for (int set = CONFIG_LOG_ERROR; set <= CONFIG_LOG_DEBUG; set++) {
        for (int level = CONFIG_LOG_ERROR; level <= CONFIG_LOG_DEBUG; level++) {
            size_t len;

            capture();
            log_init((enum config_log_level)set, CONFIG_LOG_TEXT);
            log_event((enum config_log_level)level, "a.b", NULL);
            log_event(CONFIG_LOG_ERROR, "end.of", NULL);
            len = captured(line, sizeof(line));
            assert_true(len > 0);
            if (level <= set)
                assert_memory_equal(line + 25, names[level], 5);
            assert_int_equal(strstr(line, "a.b") != NULL, level <= set);
        }
    }
}

static void numbers_are_text(void **state)
{
    char out[24];

    (void)state;
    assert_string_equal(log_number(out, 0), "0");
    assert_string_equal(log_number(out, -9223372036854775807LL - 1), "-9223372036854775808");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_lines_have_their_form),
        cmocka_unit_test(json_lines_parse_back),
        cmocka_unit_test(json_fields_have_their_names),
        cmocka_unit_test(long_values_are_cut_whole),
        cmocka_unit_test(many_pairs_stay_one_line),
        cmocka_unit_test(levels_are_kept),
        cmocka_unit_test(numbers_are_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
