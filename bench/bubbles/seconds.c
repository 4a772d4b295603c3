/* What a second brought, for plots and people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bubbles/clock.h"
#include "bench/bubbles/schedule.h"

#define ENDLESS_SECONDS 3600 /* of an endless run the plots show the last hour */

static struct bubbles_second *next_second(struct bubbles_schedule *schedule)
{
    struct bubbles_result *result = &schedule->result;
    if (result->second_count == ENDLESS_SECONDS) {
        memmove(schedule->seconds, schedule->seconds + 1,
                --result->second_count * sizeof(*schedule->seconds));
    } else if (result->second_count == schedule->second_cap) {
        unsigned cap = schedule->second_cap ? 2 * schedule->second_cap : 64;
        struct bubbles_second *list = realloc(schedule->seconds, cap * sizeof(*list));
        if (!list)
            return NULL;
        schedule->seconds = list;
        schedule->second_cap = cap;
    }
    result->seconds = schedule->seconds;
    return &schedule->seconds[result->second_count++];
}

static double cpu_share(struct bubbles_usage *last, const struct bubbles_usage *now)
{
    double used_s = now->cpu_s - last->cpu_s;
    *last = *now;
    return used_s;
}

static void sample_server(struct bubbles_schedule *schedule, struct bubbles_second *second)
{
    struct bubbles_usage usage;
    second->server_cpu = -1;
    if (schedule->run.options.server_pid &&
        bubbles_usage_read(schedule->run.options.server_pid, &usage) == 0) {
        second->server_cpu = cpu_share(&schedule->sampled.server, &usage);
        second->server_rss_bytes = (double)usage.rss_bytes;
    }
    if (bubbles_usage_read(0, &usage) == 0)
        second->own_cpu = cpu_share(&schedule->sampled.own, &usage);
}

static void count_freezes(struct bubbles_schedule *schedule,
                          struct bubbles_participant *participant, int64_t now_us)
{
    (void)now_us;
    for (unsigned i = 0; i < BUBBLES_SLOTS; i++)
        schedule->sampled.freezes += participant->slots[i].freeze.freezes;
}

static void print_progress(const struct bubbles_schedule *schedule,
                           const struct bubbles_second *second)
{
    static const char *const phases[] = {"joining",  "calming",   "idling",
                                         "settling", "measuring", "over"};
    if (!schedule->is_terminal || schedule->run.options.is_quiet)
        return;
    fprintf(stderr, "\r%4.0f s  %-9s %4u live  %7.1f Mbit/s  %7.0f packets/s  p99 %6.2f ms",
            second->at_s, phases[schedule->phase], second->live, second->received_bps / 1e6,
            second->received_pps, second->transit_p99_ms > 0 ? second->transit_p99_ms : 0);
    if (second->server_cpu >= 0)
        fprintf(stderr, "  server %3.0f %%  %4.0f MB", 100 * second->server_cpu,
                second->server_rss_bytes / 1e6);
    fputs("   ", stderr);
}

void bubbles_schedule_sample(struct bubbles_schedule *schedule, int64_t now_us)
{
    struct bubbles_totals *totals = &schedule->run.totals;
    const struct bubbles_joins *joins = &totals->joins;
    struct bubbles_second *second = next_second(schedule);
    uint64_t freezes = schedule->sampled.freezes;
    schedule->second_us += BUBBLES_US_PER_S;
    if (!second)
        return;
    *second = (struct bubbles_second){
        .at_s = (double)(now_us - schedule->run.began_us) / BUBBLES_US_PER_S,
        .live = joins->succeeded - joins->lost - joins->left,
        .received_bps = (double)(totals->bytes_received - schedule->sampled.bytes) * 8,
        .received_pps = (double)(totals->packets_received - schedule->sampled.received),
        .sent_pps = (double)(totals->packets_sent - schedule->sampled.sent),
        .transit_p50_ms = (double)bubbles_histogram_percentile(&totals->transit_now, 0.50) / 1000,
        .transit_p99_ms = (double)bubbles_histogram_percentile(&totals->transit_now, 0.99) / 1000};
    memset(&totals->transit_now, 0, sizeof(totals->transit_now));
    schedule->sampled.bytes = totals->bytes_received;
    schedule->sampled.received = totals->packets_received;
    schedule->sampled.sent = totals->packets_sent;
    schedule->sampled.freezes = 0;
    bubbles_schedule_visit(schedule, count_freezes, now_us);
    if (schedule->sampled.freezes > freezes)
        second->freezes = (double)(schedule->sampled.freezes - freezes);
    sample_server(schedule, second);
    print_progress(schedule, second);
}
