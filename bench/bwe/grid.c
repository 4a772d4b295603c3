/* A table for each loss: a row for each delay, a group of columns for each queue. */
#include "bench/bwe/grid.h"

#define BASE "5.1"

static const double delays_ms[BWE_SIM_GRID_DELAYS] = {1, 50, 150, 300};
static const double losses[BWE_SIM_GRID_LOSSES] = {0, 0.01, 0.05, 0.10, 0.20};
static const double queues_ms[BWE_SIM_GRID_QUEUES] = {70, 300, 1000};

struct bwe_sim_scenario bwe_sim_grid_scenario(const struct bwe_sim_grid_cell *cell)
{
    struct bwe_sim_scenario scenario = *bwe_sim_scenario_find(BASE);
    scenario.flows[0].one_way_ms = delays_ms[cell->delay];
    scenario.loss = losses[cell->loss];
    scenario.queue_ms = queues_ms[cell->queue];
    return scenario;
}

static void print_head(FILE *out, unsigned loss)
{
    fprintf(out, "random loss %g %%\n%10s", 100 * losses[loss], "delay");
    for (unsigned queue = 0; queue < BWE_SIM_GRID_QUEUES; queue++)
        fprintf(out, " | %4g ms: use, p95, lost ", queues_ms[queue]);
    fputc('\n', out);
}

static void print_cell(FILE *out, const struct bwe_sim_summary *summary)
{
    fprintf(out, " | %.3f %5.0f ms %7.3f %%", summary->values[BWE_SIM_USE],
            summary->values[BWE_SIM_P95], summary->values[BWE_SIM_LOSS]);
}

static void print_object(FILE *out, const struct bwe_sim_grid_cell *cell,
                         const struct bwe_sim_summary *summary)
{
    bool is_first = cell->delay == 0 && cell->loss == 0 && cell->queue == 0;
    fprintf(out,
            "%s{\"one_way_ms\": %g, \"loss\": %g, \"queue_ms\": %g, \"utilisation\": %.6g, "
            "\"p95_ms\": %.6g, \"queue_loss_percent\": %.6g}",
            is_first ? "[" : ",\n ", delays_ms[cell->delay], losses[cell->loss],
            queues_ms[cell->queue], summary->values[BWE_SIM_USE], summary->values[BWE_SIM_P95],
            summary->values[BWE_SIM_LOSS]);
}

void bwe_sim_grid_report(FILE *out, struct bwe_sim_run *run, const struct bwe_sim_subject *subject,
                         struct bwe_sim_seeds seeds, bool is_json)
{
    struct bwe_sim_summary summary;
    struct bwe_sim_grid_cell cell;
    for (cell.loss = 0; cell.loss < BWE_SIM_GRID_LOSSES; cell.loss++) {
        if (!is_json)
            print_head(out, cell.loss);
        for (cell.delay = 0; cell.delay < BWE_SIM_GRID_DELAYS; cell.delay++) {
            if (!is_json)
                fprintf(out, "%7g ms", delays_ms[cell.delay]);
            for (cell.queue = 0; cell.queue < BWE_SIM_GRID_QUEUES; cell.queue++) {
                struct bwe_sim_scenario scenario = bwe_sim_grid_scenario(&cell);
                bwe_sim_summarize(&summary, run, &scenario, subject, seeds);
                if (is_json)
                    print_object(out, &cell, &summary);
                else
                    print_cell(out, &summary);
            }
            if (!is_json)
                fputc('\n', out);
            fflush(out);
        }
    }
    if (is_json)
        fputs("]\n", out);
}
