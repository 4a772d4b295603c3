/* Who is told to speak: loudest first, only voices, and nothing for a change that nobody sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sfu/core/speakers.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void test_list(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct {
            uint64_t participant;
            float loudness;
        } voices[10];
        struct core_speakers expected;
    } table[] = {
        {"nobody", {{0, 0}}, {0, {{0, 0}}}},
        {"silence and noise are no speech", {{1, 0}, {2, 60}, {3, 75.9f}}, {0, {{0, 0}}}},
        {"the edge of speech", {{1, 77}}, {1, {{1, 50}}}},
        {"full scale", {{1, 127}}, {1, {{1, 0}}}},
        {"loudest first", {{1, 80}, {2, 100}, {3, 90}}, {3, {{2, 27}, {3, 37}, {1, 47}}}},
        {"equals keep their order", {{1, 90}, {2, 90}, {3, 90}}, {3, {{1, 37}, {2, 37}, {3, 37}}}},
        {"nine voices: the quietest one is left out",
         {{1, 81}, {2, 82}, {3, 83}, {4, 84}, {5, 85}, {6, 86}, {7, 87}, {8, 88}, {9, 89}},
         {8, {{9, 38}, {8, 39}, {7, 40}, {6, 41}, {5, 42}, {4, 43}, {3, 44}, {2, 45}}}},
        {"a quiet ninth takes no place",
         {{1, 81}, {2, 82}, {3, 83}, {4, 84}, {5, 85}, {6, 86}, {7, 87}, {8, 88}, {9, 80}},
         {8, {{8, 39}, {7, 40}, {6, 41}, {5, 42}, {4, 43}, {3, 44}, {2, 45}, {1, 46}}}},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct core_speakers speakers = {0};
        for (size_t v = 0; v < 10 && table[i].voices[v].participant; v++)
            core_speakers_add(&speakers, table[i].voices[v].participant,
                              table[i].voices[v].loudness);
        print_message("%s\n", table[i].what);
        assert_int_equal(speakers.count, table[i].expected.count);
        for (unsigned s = 0; s < speakers.count; s++) {
            assert_int_equal(speakers.list[s].participant, table[i].expected.list[s].participant);
            assert_int_equal(speakers.list[s].level, table[i].expected.list[s].level);
        }
    }
}

static void test_differ(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct core_speakers a, b;
        bool differ;
    } table[] = {
        {"both empty", {0, {{0, 0}}}, {0, {{0, 0}}}, false},
        {"one begins", {0, {{0, 0}}}, {1, {{1, 30}}}, true},
        {"one ends", {1, {{1, 30}}}, {0, {{0, 0}}}, true},
        {"the same", {2, {{1, 30}, {2, 40}}}, {2, {{1, 30}, {2, 40}}}, false},
        {"a little louder", {1, {{1, 30}}}, {1, {{1, 25}}}, false},
        {"louder by the step", {1, {{1, 30}}}, {1, {{1, 24}}}, true},
        {"quieter by the step", {1, {{1, 30}}}, {1, {{1, 36}}}, true},
        {"another order", {2, {{1, 30}, {2, 31}}}, {2, {{2, 30}, {1, 31}}}, true},
        {"another person", {1, {{1, 30}}}, {1, {{2, 30}}}, true},
        {"what lies behind the count", {1, {{1, 30}, {2, 9}}}, {1, {{1, 30}, {3, 50}}}, false},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        print_message("%s\n", table[i].what);
        assert_int_equal(core_speakers_differ(&table[i].a, &table[i].b), table[i].differ);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
