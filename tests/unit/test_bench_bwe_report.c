/* The table of iris-bench bwe: each figure ends below the end of its column's head. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/bwe/report.h"

#define COLUMN 8 /* a space and seven characters */

static struct bwe_sim_summary summary_of(const char *scenario)
{
    struct bwe_sim_summary summary = {.scenario = bwe_sim_scenario_find(scenario)};
    assert_non_null(summary.scenario);
    summary.goals = summary.scenario->gcc_goals;
    summary.seeds = 1;
    for (unsigned i = 0; i < BWE_SIM_METRIC_COUNT; i++)
        summary.values[i] = NAN;
    return summary;
}

/* The head and a row, in one text of two lines; the caller frees it. */
static char *print(const struct bwe_sim_summary *summary)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    bwe_sim_report_head(out);
    bwe_sim_report_row(out, summary);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void test_figures_stand_below_their_heads(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        enum bwe_sim_metric metric;
        double value;
        const char *figure;
    } table[] = {
        {"p50 ms", BWE_SIM_P50, 7, "7"},
        {"p95 ms", BWE_SIM_P95, 34, "34"},
        {"p99 ms", BWE_SIM_P99, 999, "999"},
        {"loss %", BWE_SIM_LOSS, 16.4, "16.400"},
        {"use", BWE_SIM_USE, 0.965, "0.965"},
        {"worst", BWE_SIM_WORST, 0.942, "0.942"},
        {"t90 s", BWE_SIM_T90, 2.51, "2.510"},
        {"Jain", BWE_SIM_JAIN, 0.992, "0.992"},
        {"pad %", BWE_SIM_OVERHEAD, 0.22, "0.220"},
        {"rtx %", BWE_SIM_REPAIRS, 19.19, "19.190"},
        {"fb %", BWE_SIM_REPORTING, 0.745, "0.745"},
        {"turns/m", BWE_SIM_TURNS, 39.907, "39.907"},
        {"ups", BWE_SIM_UPS, 0.35, "0.350"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        /* Nothing else is known: the rest of the row are dashes. */
        struct bwe_sim_summary summary = summary_of("steady");
        summary.values[table[i].metric] = table[i].value;
        char *text = print(&summary), *row = strchr(text, '\n') + 1;
        const char *head = strstr(text, table[i].head), *figure = strstr(row, table[i].figure);
        print_message("%s", text);
        assert_non_null(head);
        assert_non_null(figure);
        assert_int_equal(head - text + (ptrdiff_t)strlen(table[i].head),
                         figure - row + (ptrdiff_t)strlen(table[i].figure));
        free(text);
    }
}

/* As many columns as heads, each a dash where the scenario has no such thing. */
static void test_dashes(void **state)
{
    (void)state;
    struct bwe_sim_summary summary = summary_of("steady");
    char *text = print(&summary), *row = strchr(text, '\n') + 1;
    size_t width = (size_t)(row - 1 - text), dashes = 0;
    for (size_t end = strlen("scenario  ") + COLUMN; end <= width; end += COLUMN, dashes++)
        assert_int_equal(row[end - 1], '-');
    assert_int_equal(dashes, 13);
    assert_memory_equal(row + width, "  conference", 12);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figures_stand_below_their_heads),
        cmocka_unit_test(test_dashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
