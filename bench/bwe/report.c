/* Table and JSON: see the header. */
#include "bench/bwe/report.h"

#include <math.h>

#define COLUMNS (sizeof(columns) / sizeof(*columns))

static const struct {
    const char *head;
    enum bwe_sim_metric metric;
} columns[] = {
    {"p50 ms", BWE_SIM_P50},    {"p95 ms", BWE_SIM_P95},     {"p99 ms", BWE_SIM_P99},
    {"loss %", BWE_SIM_LOSS},   {"use", BWE_SIM_USE},        {"worst", BWE_SIM_WORST},
    {"t90 s", BWE_SIM_T90},     {"Jain", BWE_SIM_JAIN},      {"pad %", BWE_SIM_OVERHEAD},
    {"rtx %", BWE_SIM_REPAIRS}, {"fb %", BWE_SIM_REPORTING}, {"turns/m", BWE_SIM_TURNS},
    {"ups", BWE_SIM_UPS},
};

void bwe_sim_report_head(FILE *out)
{
    fprintf(out, "%-10s", "scenario");
    for (size_t i = 0; i < COLUMNS; i++)
        fprintf(out, " %7s", columns[i].head);
    fputc('\n', out);
}

static void print_value(FILE *out, double value, enum bwe_sim_metric metric)
{
    if (isnan(value))
        fprintf(out, " %7s", "-");
    else if (metric == BWE_SIM_P50 || metric == BWE_SIM_P95 || metric == BWE_SIM_P99)
        fprintf(out, " %7.0f", value);
    else
        fprintf(out, " %7.3f", value);
}

static void print_goal(FILE *out, const struct bwe_sim_goal *goal,
                       const struct bwe_sim_summary *summary)
{
    char number[16] = "";
    if (goal->number > 0)
        snprintf(number, sizeof(number), "goal %u", goal->number);
    double worst =
        goal->is_least ? summary->worst_low[goal->metric] : summary->worst_high[goal->metric];
    fprintf(out, "  %-7s %-8s %s %.4g %s (worst seed %.4g; goal %s %.4g%s%s)\n",
            bwe_sim_goal_is_reached(goal, summary) ? "reached" : "MISSED", number,
            bwe_sim_metric_title(goal->metric), summary->values[goal->metric],
            bwe_sim_metric_unit(goal->metric), worst, goal->is_least ? ">=" : "<=", goal->value,
            goal->known ? "; published: " : "", goal->known ? goal->known : "");
}

static void print_stages(FILE *out, const struct bwe_sim_summary *summary)
{
    const struct bwe_sim_step *steps = summary->scenario->capacity.steps;
    fputs("  use by stage:", out);
    for (unsigned i = 0; i < summary->stage_count; i++)
        fprintf(out, "  %g Mbps %.3f", steps[i].mbps, summary->stages[i]);
    fputs("\n  after:       ", out);
    for (unsigned i = 0; i < summary->stage_count; i++)
        fprintf(out, "  %g Mbps %.1f s", steps[i].mbps, summary->converged_s[i]);
    fputc('\n', out);
}

/* Whether shares are equal only in the long run (RFC 8868). */
static void print_fairness(FILE *out, const double *values)
{
    fprintf(out, "  Jain over 1 s %.3f, 5 s %.3f, 20 s %.3f\n", values[BWE_SIM_JAIN_1S],
            values[BWE_SIM_JAIN_5S], values[BWE_SIM_JAIN_20S]);
}

void bwe_sim_report_row(FILE *out, const struct bwe_sim_summary *summary)
{
    const struct bwe_sim_scenario *scenario = summary->scenario;
    fprintf(out, "%-10s", scenario->name);
    for (size_t i = 0; i < COLUMNS; i++)
        print_value(out, summary->values[columns[i].metric], columns[i].metric);
    fprintf(out, "  %s\n", scenario->about);
    if (summary->stage_count > 1)
        print_stages(out, summary);
    if (!isnan(summary->values[BWE_SIM_UNREPAIRED]))
        fprintf(out, "  lost %.2f %%, of video after repair %.3f %%\n",
                summary->values[BWE_SIM_LOST], summary->values[BWE_SIM_UNREPAIRED]);
    if (!isnan(summary->values[BWE_SIM_JAIN]))
        print_fairness(out, summary->values);
    for (unsigned i = 0; i < BWE_SIM_GOALS_MAX && summary->goals[i].value != 0; i++)
        print_goal(out, &summary->goals[i], summary);
}

void bwe_sim_report_json(FILE *out, const struct bwe_sim_summary *summary)
{
    const char *separator = "";
    fprintf(out, "\"%s\": {\"seeds\": %u", summary->scenario->name, summary->seeds);
    for (unsigned i = 0; i < BWE_SIM_METRIC_COUNT; i++) {
        if (!isnan(summary->values[i]))
            fprintf(out, ", \"%s\": %.6g", bwe_sim_metric_key(i), summary->values[i]);
    }
    fprintf(out, ", \"use_by_stage\": [");
    for (unsigned i = 0; i < summary->stage_count; i++)
        fprintf(out, "%s%.6g", i > 0 ? ", " : "", summary->stages[i]);
    fprintf(out, "], \"converged_s_by_stage\": [");
    for (unsigned i = 0; i < summary->stage_count; i++)
        fprintf(out, "%s%.6g", i > 0 ? ", " : "", summary->converged_s[i]);
    fprintf(out, "], \"goals\": [");
    for (unsigned i = 0; i < BWE_SIM_GOALS_MAX && summary->goals[i].value != 0; i++) {
        const struct bwe_sim_goal *goal = &summary->goals[i];
        fprintf(out, "%s{\"goal\": %u, \"metric\": \"%s\", \"%s\": %.6g, \"reached\": %s}",
                separator, goal->number, bwe_sim_metric_key(goal->metric),
                goal->is_least ? "least" : "most", goal->value,
                bwe_sim_goal_is_reached(goal, summary) ? "true" : "false");
        separator = ", ";
    }
    fprintf(out, "]}");
}

void bwe_sim_report_rates(FILE *out, const struct bwe_sim_run *run)
{
    unsigned flows = run->scenario->flow_count;
    unsigned bins = (unsigned)(run->scenario->seconds * 1e6 / BWE_SIM_BIN_US);
    fputs("seconds,capacity", out);
    for (unsigned i = 0; i < flows; i++)
        fprintf(out, ",target_%u,rate_%u", i, i);
    for (unsigned bin = 0; bin < bins && bin < BWE_SIM_BINS; bin++) {
        int64_t at_us = (int64_t)bin * BWE_SIM_BIN_US;
        fprintf(out, "\n%.1f,%.0f", (double)at_us / 1e6,
                bwe_sim_capacity_at(&run->link.capacity, at_us) / 1000);
        for (unsigned i = 0; i < flows; i++) {
            bool is_back = run->scenario->back_flow > 0 && i >= run->scenario->back_flow;
            const struct bwe_sim_flow_measure *flow =
                &(is_back ? &run->back_measure : &run->measure)->flows[i];
            fprintf(out, ",%u,%.0f", flow->target_kbps[bin],
                    8e3 * flow->bytes[bin] / BWE_SIM_BIN_US);
        }
    }
    fputc('\n', out);
}
