/* Paths of calls against their patterns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sfu/control/path.h"

#define TEN      "0123456789"
#define LONG_128 TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "01234567"

#define PERSON "/v1/rooms/{room}/participants/{participant}"

static void only_whole_paths_match(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *path;
        bool matches;
        const char *first, *second;
    } rows[] = {
        {"/healthz", "/healthz", true, "", ""},
        {"/healthz", "/healthz/", false, NULL, NULL},
        {"/healthz", "/health", false, NULL, NULL},
        {"/healthz", "/healthzz", false, NULL, NULL},
        {"/healthz", "healthz", false, NULL, NULL},
        {"/healthz", "", false, NULL, NULL},
        {"/v1/rooms", "/v1/rooms", true, "", ""},
        {"/v1/rooms", "/v1/rooms/a", false, NULL, NULL},
        {"/v1/rooms/{room}", "/v1/rooms", false, NULL, NULL},
        {"/v1/rooms/{room}", "/v1/rooms/", false, NULL, NULL},
        {"/v1/rooms/{room}", "/v1/rooms//", false, NULL, NULL},
        {"/v1/rooms/{room}", "/v1/rooms/a", true, "a", ""},
        {"/v1/rooms/{room}", "/v1/rooms/{room}", true, "{room}", ""},
        {"/v1/rooms/{room}", "/v1/rooms/a.b~c_d-E", true, "a.b~c_d-E", ""},
        {"/v1/rooms/{room}", "/v1/rooms/caf\xc3\xa9 %2f", true, "caf\xc3\xa9 %2f", ""},
        {"/v1/rooms/{room}", "/v1/rooms/a/", false, NULL, NULL},
        {"/v1/rooms/{room}", "/v1/rooms/" LONG_128, true, LONG_128, ""},
        {"/v1/rooms/{room}", "/v1/rooms/" LONG_128 "x", false, NULL, NULL},
        {PERSON, "/v1/rooms/a/participants/p-1", true, "a", "p-1"},
        {PERSON, "/v1/rooms/a/participants", false, NULL, NULL},
        {PERSON, "/v1/rooms/a/participant/p-1", false, NULL, NULL},
        {PERSON, "/v1/rooms//participants/p-1", false, NULL, NULL},
        {PERSON, "/v1/rooms/participants/participants/p-1/x", false, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char names[CONTROL_PATH_NAMES_MAX][CONTROL_PATH_NAME_BYTES];
        memset(names, 'x', sizeof(names));
        if (control_path_match(rows[i].pattern, rows[i].path, names) != rows[i].matches)
            fail_msg("row %zu: %s", i, rows[i].path);
        if (!rows[i].matches) { /* nothing is written */
            assert_int_equal(names[0][0], 'x');
            assert_int_equal(names[1][0], 'x');
            continue;
        }
        assert_string_equal(names[0], rows[i].first);
        assert_string_equal(names[1], rows[i].second);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_whole_paths_match)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
