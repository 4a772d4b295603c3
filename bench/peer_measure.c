/*
 * The runs: for each load and SRTP profile, each server in turn, afresh, with the same participants
 * and packets; all of that several times. After Iris' run the floor is measured with what it sent.
 */
#include "bench/peer.h"

#include <stdio.h>
#include <string.h>

#include "bench/bubbles/cast.h"
#include "bench/floor.h"

#define FLOOR_S       2
#define FLOOR_QUICK_S 0.2
#define SEAL_S        1
#define WORKERS       1 /* of Iris: the goals are a core's */
#define BEST_LOOPS    2 /* event_loops of Janus, on two cores */

static const struct peer_load loads[] = {
    {"1-20", "1 -> 20 at 1 Mbps", BUBBLES_STREAM, 1, 21, 1000, 0, 0},
    {"1-100", "1 -> 100 at 2 Mbps", BUBBLES_STREAM, 1, 101, 2000, 1.3, 7},
    {"mesh", "mesh 5 x 5 at 500 kbps", BUBBLES_MESH, 1, 5, 500, 0, 7},
    {"bubbles", "20 bubbles of 6", BUBBLES_CONFERENCE, PEER_ROOMS, 6, 0, 1.6, 0},
};

/* For tests: one load that takes every path. */
static const struct peer_load quick_loads[] = {
    {"bubbles", "2 bubbles of 3", BUBBLES_CONFERENCE, 2, 3, 0, 0, 0},
    {"1-3", "1 -> 3 at 500 kbps", BUBBLES_STREAM, 1, 4, 500, 0, 0},
};

const struct peer_load *peer_loads(bool is_quick, unsigned *count)
{
    *count = is_quick ? sizeof(quick_loads) / sizeof(*quick_loads) : sizeof(loads) / sizeof(*loads);
    return is_quick ? quick_loads : loads;
}

enum transport_srtp_profile peer_srtp_profile(enum peer_srtp srtp)
{
    return srtp == PEER_GCM ? TRANSPORT_SRTP_AEAD_AES_128_GCM : TRANSPORT_SRTP_AES128_CM_SHA1_80;
}

const char *peer_srtp_name(enum peer_srtp srtp)
{
    return transport_srtp_profile_name(peer_srtp_profile(srtp));
}

const char *peer_server_name(enum peer_server server)
{
    static const char *const names[PEER_SERVERS] = {"Iris", "Janus, 2 event loops",
                                                    "Janus, default"};
    return names[server];
}

/* ---- one run ---- */

static int start(struct bench_server *server, enum peer_server which,
                 const struct peer_results *results, const char *folder)
{
    struct bench_iris_options iris = results->options->iris;
    if (which != PEER_IRIS)
        return peer_start_janus(server, which == PEER_JANUS_BEST ? BEST_LOOPS : 0, folder);
    iris.workers = WORKERS;
    iris.announce = results->has_janus ? PEER_ADDRESS : "127.0.0.1";
    return bench_iris_start(server, &iris, folder);
}

static void set_options(struct bubbles_options *options, const struct peer_options *given,
                        const struct peer_load *load, enum peer_srtp srtp,
                        const struct bench_server *server, enum peer_server which)
{
    bubbles_options_init(options);
    options->url = server->url;
    options->operations = server->operations;
    options->server_pid = server->pid;
    options->profile = load->profile;
    options->rooms = load->rooms;
    options->participants = load->people;
    options->camera_kbps = load->camera_kbps;
    options->srtp_profile = peer_srtp_profile(srtp);
    options->idle_s = given->idle_s;
    options->duration_s = given->seconds;
    options->join_rate = given->join_rate;
    options->verify = given->is_quick ? 1 : 0; /* all receivers compare what they get anyway */
    options->is_quiet = true;
    if (which != PEER_IRIS) {
        options->senders = bubbles_cast_senders(options);
        options->participants = bubbles_janus_seats(load->people, options->senders);
    }
}

/* People who receive something. */
static unsigned subscribers_of(const struct peer_load *load)
{
    bool is_one_sender = load->profile == BUBBLES_STREAM;
    return load->rooms * (load->people - is_one_sender);
}

static double lost_percent(const struct bubbles_totals *totals)
{
    uint64_t expected = 0, lost = 0;
    for (unsigned kind = 0; kind < BUBBLES_KINDS; kind++) {
        expected += totals->received[kind].expected;
        lost += totals->received[kind].lost;
    }
    return expected ? 100.0 * (double)lost / (double)expected : 0;
}

static void take(struct peer_run *run, const struct bubbles_result *result,
                 const struct peer_load *load)
{
    const struct bubbles_totals *totals = result->totals;
    double rss = (double)result->server_end.rss_bytes - (double)result->server_idle.rss_bytes;
    *run = (struct peer_run){
        .is_there = true,
        .cpu_us = bubbles_result_cpu_us(result),
        .rss_kb = rss / 1024 / subscribers_of(load),
        .p99_ms = (double)bubbles_histogram_percentile(&totals->transit, 0.99) / 1000,
        .p99_inside_ms = -1,
        .forwarded_pps = (double)bubbles_result_forwarded(result) / result->duration_s,
        .lost_percent = lost_percent(totals),
        .idle_percent = 100 * bubbles_result_idle_share(result),
        .threads = result->server_end.threads,
        .workers = WORKERS,
        .is_right = result->is_right};
    if (result->has_workers && result->workers.delay.count)
        run->p99_inside_ms = (double)io_delay_percentile_us(&result->workers.delay, 0.99) / 1000;
}

static void tell(const struct peer_load *load, enum peer_srtp srtp, enum peer_server which,
                 const struct peer_run *run, const struct bubbles_result *result)
{
    fprintf(stderr, "%-22s %-17s %-20s %7.2f us  %6.0f KB  p99 %7.2f ms  %6.0f packets/s%s\n",
            load->name, peer_srtp_name(srtp), peer_server_name(which), run->cpu_us, run->rss_kb,
            run->p99_ms, run->forwarded_pps, run->is_right ? "" : "  WRONG");
    if (result->totals->joins.problem[0])
        fprintf(stderr, "  %s\n", result->totals->joins.problem);
    if (!run->is_right)
        bubbles_report_text(stderr, result);
}

/* @return 0, or -1: interrupted, or nobody could join. @param sent written: what Iris sent */
static int run_one(struct peer_results *results, unsigned load, enum peer_srtp srtp,
                   enum peer_server which, unsigned round, const char *folder,
                   struct floor_load *sent)
{
    struct bench_server server = {.pid = 0};
    struct peer_run *run = &results->cells[load][srtp].runs[which][round];
    struct bubbles_options options;
    if (start(&server, which, results, folder))
        return -1;
    set_options(&options, results->options, &results->loads[load], srtp, &server, which);
    struct bubbles_schedule *schedule = bubbles_schedule_create(
        &options, which == PEER_IRIS ? &bubbles_dialect_iris : &bubbles_dialect_janus);
    if (!schedule) {
        bench_server_stop(&server);
        return -1;
    }
    bubbles_schedule_run(schedule);
    take(run, &schedule->result, &results->loads[load]);
    tell(&results->loads[load], srtp, which, run, &schedule->result);
    if (which == PEER_IRIS && schedule->result.has_workers &&
        floor_load_measured(sent, results->loads[load].name, schedule->result.live,
                            &schedule->result.workers))
        sent->send_count = 0;
    bool is_over = schedule->is_stopping || schedule->result.live == 0;
    if (!run->is_right)
        bench_server_print_log(&server);
    bubbles_schedule_destroy(schedule);
    bench_server_stop(&server);
    return is_over ? -1 : 0;
}

/* ---- all of them ---- */

static int measure_floor(struct peer_results *results, unsigned load, unsigned round,
                         const struct floor_load *sent)
{
    static struct floor_section section;
    static struct floor_split split;
    double seconds = results->options->is_quick ? FLOOR_QUICK_S : FLOOR_S;
    memset(&section, 0, sizeof(section));
    if (floor_measure_forward(&section, sent, 1, seconds, &split))
        return -1;
    double segment = floor_cell_quartile(&section.cells[0][FLOOR_COLUMN_SEGMENT], 2);
    double single = floor_cell_quartile(&section.cells[0][FLOOR_COLUMN_SINGLE], 2);
    results->cells[load][PEER_GCM].floor_ns[round] = single < segment ? single : segment;
    fprintf(stderr, "%-22s %-17s %-20s %7.2f us\n", sent->name, "", "the floor",
            results->cells[load][PEER_GCM].floor_ns[round] / 1000);
    return 0;
}

static bool is_wanted(const struct peer_results *results, enum peer_server which)
{
    return results->options->has_server[which] && (which == PEER_IRIS || results->has_janus);
}

static int measure_cell(struct peer_results *results, unsigned load, enum peer_srtp srtp,
                        unsigned round, const char *folder)
{
    static struct floor_load sent;
    sent.send_count = 0;
    for (unsigned which = 0; which < PEER_SERVERS; which++)
        if (is_wanted(results, (enum peer_server)which) &&
            run_one(results, load, srtp, (enum peer_server)which, round, folder, &sent))
            return -1;
    /* The minimal loop seals by GCM. */
    return srtp == PEER_GCM && sent.send_count ? measure_floor(results, load, round, &sent) : 0;
}

/* What Janus' SRTP library costs here. */
static int measure_library(struct peer_results *results)
{
    static struct floor_section section;
    static const char *const names[] = {"GCM-128, libsrtp2", "CM-SHA1_80, libsrtp2",
                                        "GCM-128, OpenSSL EVP"};
    double *const values[] = {&results->libsrtp_gcm_ns, &results->libsrtp_cm_ns,
                              &results->evp_gcm_ns};
    if (floor_measure_seal(&section, results->options->is_quick ? FLOOR_QUICK_S : SEAL_S))
        return -1;
    for (unsigned row = 0; row < section.row_count; row++)
        for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
            if (strcmp(section.rows[row], names[i]) == 0)
                *values[i] = floor_cell_quartile(&section.cells[row][1], 2);
    return 0;
}

/* A quick run takes each load and each profile once, not all pairs. */
static bool is_wanted_cell(const struct peer_options *options, unsigned load, unsigned srtp)
{
    return options->is_selected[load] && options->has_profile[srtp] &&
           (!options->is_quick || load % PEER_PROFILES == srtp);
}

int peer_measure(struct peer_results *results, const char *folder)
{
    const struct peer_options *options = results->options;
    if (measure_library(results))
        return -1;
    for (unsigned round = 0; round < options->rounds; round++)
        for (unsigned load = 0; load < results->load_count; load++)
            for (unsigned srtp = 0; srtp < PEER_PROFILES; srtp++)
                if (is_wanted_cell(options, load, srtp) &&
                    measure_cell(results, load, (enum peer_srtp)srtp, round, folder))
                    return -1;
    return 0;
}
