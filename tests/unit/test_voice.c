/* How loud a microphone is, and whether somebody speaks, with levels and without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sfu/core/voice.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MS           INT64_C(1000)
#define NOW          (1000000 * MS)

/* One voice through the rows: each sends packets at an interval and is judged at its end. */
static void test_levels(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int level; /* -dBov of each packet */
        int count;
        int every_ms;
        float at_least, at_most; /* loudness [dB above silence] */
        enum core_voice_activity activity;
    } table[] = {
        {"digital silence", 127, 50, 20, 0, 0, CORE_VOICE_SILENT},
        {"a quiet room", 62, 50, 20, 0, 0, CORE_VOICE_SILENT},
        {"the edge of speech", 51, 50, 20, 0, 0, CORE_VOICE_SILENT},
        {"the first packet of speech is as loud as it is", 27, 1, 20, 100, 100, CORE_VOICE_LOUD},
        {"a second of it", 27, 50, 20, 100, 100, CORE_VOICE_LOUD},
        {"a pause between words changes nothing", 70, 15, 20, 100, 100, CORE_VOICE_LOUD},
        {"a quieter word weighs little", 39, 10, 20, 97, 98.5f, CORE_VOICE_LOUD},
        {"quieter for two seconds", 39, 100, 20, 89, 92, CORE_VOICE_LOUD},
        {"half a second of silence, but for a moment", 70, 24, 20, 89, 92, CORE_VOICE_LOUD},
        {"half a second of silence", 70, 1, 20, 89, 92, CORE_VOICE_SILENT},
        {"a word after it weighs little", 47, 1, 20, 89, 92, CORE_VOICE_LOUD},
        {"two seconds of silence", 70, 100, 20, 89, 92, CORE_VOICE_SILENT},
        {"it begins anew", 47, 1, 20, 80, 80, CORE_VOICE_LOUD},
        {"and follows within a syllable", 37, 10, 20, 89, 90, CORE_VOICE_LOUD},
        {"DTX silence", 127, 10, 400, 89, 90, CORE_VOICE_SILENT},
        {"packets of 60 ms", 30, 4, 60, 97, 97, CORE_VOICE_LOUD},
        {"a burst of the network weighs as much", 20, 12, 0, 100, 102, CORE_VOICE_LOUD},
        {"full scale", 0, 200, 10, 120, 127, CORE_VOICE_LOUD},
    };
    struct core_voice voice = {0};
    int64_t now_us = NOW;
    assert_int_equal(core_voice_activity(&voice, NOW), CORE_VOICE_SILENT);
    for (size_t i = 0; i < COUNT(table); i++) {
        for (int p = 1; p <= table[i].count; p++) {
            now_us += table[i].every_ms * MS;
            core_voice_on_packet(&voice, table[i].level, 80, now_us);
        }
        print_message("%s: %.1f dB\n", table[i].what, (double)voice.loudness);
        assert_true(voice.loudness >= table[i].at_least - 0.01f);
        assert_true(voice.loudness <= table[i].at_most + 0.01f);
        assert_int_equal(core_voice_activity(&voice, now_us), table[i].activity);
    }
    /* Without packets a voice is silent by its clock. */
    assert_int_equal(core_voice_activity(&voice, now_us + 499 * MS), CORE_VOICE_LOUD);
    assert_int_equal(core_voice_activity(&voice, now_us + 500 * MS), CORE_VOICE_SILENT);
}

/* One source without levels through the rows. */
static void test_packets(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int count, every_ms;
        size_t payload_len;
        int level;
        enum core_voice_activity activity; /* at the last packet */
        int begins_at;                     /* packet that makes it active, from 1; 0: none */
    } table[] = {
        {"the first packets", 3, 20, 80, CORE_VOICE_NO_LEVEL, CORE_VOICE_SILENT, 0},
        {"a spurt", 1, 20, 80, CORE_VOICE_NO_LEVEL, CORE_VOICE_ACTIVE, 1},
        {"it goes on", 100, 20, 80, CORE_VOICE_NO_LEVEL, CORE_VOICE_ACTIVE, 0},
        {"a lost packet, or nine", 1, 200, 80, CORE_VOICE_NO_LEVEL, CORE_VOICE_ACTIVE, 0},
        {"DTX: a packet every 400 ms", 10, 400, 40, CORE_VOICE_NO_LEVEL, CORE_VOICE_SILENT, 0},
        {"DTX: frames that need not be sent", 50, 20, 2, CORE_VOICE_NO_LEVEL, CORE_VOICE_SILENT, 0},
        {"the next spurt", 4, 20, 80, CORE_VOICE_NO_LEVEL, CORE_VOICE_ACTIVE, 4},
        {"never a pause for half a minute", 1500, 20, 80, CORE_VOICE_NO_LEVEL, CORE_VOICE_SILENT,
         0},
        {"a pause, and speech", 1, 300, 80, CORE_VOICE_NO_LEVEL, CORE_VOICE_SILENT, 0},
        {"is a spurt again", 3, 20, 80, CORE_VOICE_NO_LEVEL, CORE_VOICE_ACTIVE, 3},
        {"levels count from the first on", 1, 20, 80, 90, CORE_VOICE_SILENT, 0},
    };
    struct core_voice voice = {0};
    int64_t now_us = NOW;
    for (size_t i = 0; i < COUNT(table); i++) {
        int begins_at = 0;
        for (int p = 1; p <= table[i].count; p++) {
            now_us += table[i].every_ms * MS;
            enum core_voice_activity before = core_voice_activity(&voice, now_us);
            core_voice_on_packet(&voice, table[i].level, table[i].payload_len, now_us);
            if (core_voice_activity(&voice, now_us) > before && begins_at == 0)
                begins_at = p;
        }
        print_message("%s\n", table[i].what);
        assert_int_equal(core_voice_activity(&voice, now_us), table[i].activity);
        assert_int_equal(begins_at, table[i].begins_at);
        assert_true(voice.loudness == 0); /* never made up */
    }
    assert_int_equal(core_voice_activity(&voice, now_us + 300 * MS), CORE_VOICE_SILENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
