/* A run of the load generator, boiled down. */
#include "bench/step.h"

static void take_losses(struct bench_step *step, const struct bubbles_totals *totals)
{
    uint64_t expected = 0, lost = 0;
    for (unsigned kind = 0; kind < BUBBLES_KINDS; kind++) {
        expected += totals->received[kind].expected;
        lost += totals->received[kind].lost;
        step->forwarded_mbps += (double)totals->received[kind].bytes * 8 / 1e6;
    }
    step->lost_percent = expected ? 100.0 * (double)lost / (double)expected : 0;
}

static double percentile_ms(const struct bubbles_histogram *histogram, double share)
{
    return histogram->count ? (double)bubbles_histogram_percentile(histogram, share) / 1000 : 0;
}

void bench_step_take(struct bench_step *step, const struct bubbles_result *result)
{
    const struct bubbles_totals *totals = result->totals;
    const struct io_statistics *workers = &result->workers;
    double s = result->duration_s;
    *step =
        (struct bench_step){.participants = result->options->rooms * result->options->participants,
                            .joined = result->live,
                            .cpu_us = bubbles_result_cpu_us(result),
                            .cpu_share = -1,
                            .inside_p99_ms = -1,
                            .transit_p99_ms = percentile_ms(&totals->transit, 0.99),
                            .forwarded_pps = (double)bubbles_result_forwarded(result) / s,
                            .own_share = (result->own_end.cpu_s - result->own_begin.cpu_s) / s,
                            .lateness_p99_ms = percentile_ms(&totals->lateness, 0.99),
                            .own_dropped = result->net->overflowed,
                            .is_right = result->is_right};
    take_losses(step, totals);
    step->forwarded_mbps /= s;
    if (result->has_server) {
        step->cpu_share = (result->server_end.cpu_s - result->server_begin.cpu_s) / s;
        step->rss_bytes = result->server_end.rss_bytes;
        step->rss_before_bytes = result->server_idle.rss_bytes;
        step->idle_share = bubbles_result_idle_share(result);
        step->threads = result->server_end.threads;
    }
    if (result->has_workers) {
        step->refused_sends = workers->send_errors + workers->would_block;
        if (workers->delay.count)
            step->inside_p99_ms = (double)io_delay_percentile_us(&workers->delay, 0.99) / 1000;
    }
}

int bench_step_run(struct bench_step *step, const struct bubbles_options *options)
{
    struct bubbles_schedule *schedule = bubbles_schedule_create(options, &bubbles_dialect_iris);
    if (!schedule)
        return -1;
    bubbles_schedule_run(schedule);
    bench_step_take(step, &schedule->result);
    step->is_interrupted = schedule->is_stopping;
    if (!step->is_right && schedule->result.totals->joins.problem[0])
        fprintf(stderr, "iris-bench: %s\n", schedule->result.totals->joins.problem);
    bubbles_schedule_destroy(schedule);
    return 0;
}

void bench_step_options(struct bubbles_options *options)
{
    bubbles_options_init(options);
    options->verify = 0; /* all receivers compare what they get anyway */
    options->is_quiet = true;
}

void bench_step_aim(struct bubbles_options *options, const struct bench_server *server)
{
    options->url = server->url;
    options->operations = server->operations;
    options->server_pid = server->pid;
}

void bench_step_print(FILE *out, const struct bench_step *step)
{
    fprintf(out,
            "%5u participants  %8.0f packets/s  %7.1f Mbit/s  %6.2f us a packet  %5.1f %% of a "
            "core  p99 %7.2f ms (inside %5.2f)  lost %6.3f %%  %6.1f MB\n",
            step->participants, step->forwarded_pps, step->forwarded_mbps, step->cpu_us,
            100 * step->cpu_share, step->transit_p99_ms, step->inside_p99_ms, step->lost_percent,
            (double)step->rss_bytes / 1e6);
}

json_t *bench_step_json(const struct bench_step *step)
{
    return json_pack(
        "{s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:I, s:I, s:i, s:f, s:f, s:I, s:b}",
        "participants", (int)step->participants, "joined", (int)step->joined, "cpu_us",
        step->cpu_us, "cpu_share", step->cpu_share, "idle_share", step->idle_share, "inside_p99_ms",
        step->inside_p99_ms, "transit_p99_ms", step->transit_p99_ms, "lost_percent",
        step->lost_percent, "forwarded_pps", step->forwarded_pps, "forwarded_mbps",
        step->forwarded_mbps, "refused_sends", (json_int_t)step->refused_sends, "rss_bytes",
        (json_int_t)step->rss_bytes, "threads", (int)step->threads, "generator_share",
        step->own_share, "lateness_p99_ms", step->lateness_p99_ms, "generator_dropped",
        (json_int_t)step->own_dropped, "right", step->is_right);
}

unsigned bench_judge(const char *goal, double value, double bound, bool is_known)
{
    bool is_met = is_known && value <= bound;
    char text[32] = "not measured";
    if (is_known)
        snprintf(text, sizeof(text), "%.2f", value);
    fprintf(stderr, "%-6s %s <= %g: %s\n", is_met ? "met" : "MISSED", goal, bound, text);
    return !is_met;
}
