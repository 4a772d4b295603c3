/*
 * The runs: for each load and SRTP profile, each server in turn, afresh, with the same participants
 * and packets; all of that several times. After Iris' run the floor is measured with what it sent.
 */
#include "bench/peer.h"
#include "bwe/remb.h"

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

bool peer_is_over_contract(const struct peer_load *load)
{
    return load->camera_kbps * 1000 > BWE_CONTRACT_CAMERA_BPS;
}

static int start(struct bench_server *server, enum peer_server which,
                 const struct peer_results *results, const struct peer_load *load,
                 const char *folder)
{
    struct bench_iris_options iris = results->options->own.iris;
    if (which != PEER_IRIS)
        return peer_start_janus(server, which == PEER_JANUS_BEST ? BEST_LOOPS : 0, folder);
    iris.workers = WORKERS;
    iris.announce = results->has_janus ? PEER_ADDRESS : "127.0.0.1";
    if (peer_is_over_contract(load) && bench_iris_add_set(&iris, "policer=false"))
        return -1;
    return bench_iris_start(server, &iris, folder);
}

/* People who receive something. */
static unsigned subscribers_of(const struct peer_load *load)
{
    bool is_one_sender = load->profile == BUBBLES_STREAM;
    return load->rooms * (load->people - is_one_sender);
}

static void take(struct peer_run *run, const struct bubbles_result *result,
                 const struct peer_load *load)
{
    run->is_there = true;
    run->workers = WORKERS;
    bench_step_take(&run->step, result);
    run->rss_kb = ((double)run->step.rss_bytes - (double)run->step.rss_before_bytes) / 1024 /
                  subscribers_of(load);
}

/* What one run is. */
struct task {
    struct peer_results *results;
    const char *folder;
    unsigned load, round;
    enum peer_srtp srtp;
    enum peer_server which;
    struct floor_load *sent; /* written: what Iris sent; no sends: unknown */
};

static void set_options(struct bubbles_options *options, const struct task *task,
                        const struct bench_server *server)
{
    const struct peer_options *given = task->results->options;
    const struct peer_load *load = &task->results->loads[task->load];
    bench_step_options(options);
    bench_step_aim(options, server);
    options->profile = load->profile;
    options->rooms = load->rooms;
    options->participants = load->people;
    options->camera_kbps = load->camera_kbps;
    options->srtp_profile = peer_srtp_profile(task->srtp);
    options->idle_s = given->idle_s;
    options->duration_s = given->seconds;
    options->join_rate = given->join_rate;
    options->verify = given->own.is_quick;
    if (task->which != PEER_IRIS) {
        options->senders = bubbles_cast_senders(options);
        options->participants = bubbles_janus_seats(load->people, options->senders);
    }
}

static void tell(const struct task *task, const struct peer_run *run,
                 const struct bubbles_result *result)
{
    const struct bench_step *step = &run->step;
    fprintf(stderr, "%-22s %-17s %-20s %7.2f us  %6.0f KB  p99 %7.2f ms  %6.0f packets/s%s\n",
            task->results->loads[task->load].name, peer_srtp_name(task->srtp),
            peer_server_name(task->which), step->cpu_us, run->rss_kb, step->transit_p99_ms,
            step->forwarded_pps, step->is_right ? "" : "  WRONG");
    if (!step->is_right)
        bubbles_report_text(stderr, result);
}

static void drive(const struct task *task, struct bubbles_schedule *schedule)
{
    const struct peer_load *load = &task->results->loads[task->load];
    const struct bubbles_result *result = &schedule->result;
    struct peer_run *run =
        &task->results->cells[task->load][task->srtp].runs[task->which][task->round];
    bubbles_schedule_run(schedule);
    take(run, result, load);
    tell(task, run, result);
    if (task->which == PEER_IRIS && result->has_workers &&
        floor_load_measured(task->sent, load->name, result->live, &result->workers))
        task->sent->send_count = 0;
}

/* @return 0, or -1: interrupted, nobody could join, or it cannot be set up */
static int run_one(const struct task *task)
{
    struct bench_server server = {.pid = 0};
    struct bubbles_options options;
    if (start(&server, task->which, task->results, &task->results->loads[task->load], task->folder))
        return -1;
    set_options(&options, task, &server);
    struct bubbles_schedule *schedule = bubbles_schedule_create(
        &options, task->which == PEER_IRIS ? &bubbles_dialect_iris : &bubbles_dialect_janus);
    bool is_over = true;
    if (schedule) {
        drive(task, schedule);
        is_over = schedule->is_stopping || schedule->result.live == 0;
        if (!schedule->result.is_right)
            bench_server_print_log(&server);
        bubbles_schedule_destroy(schedule);
    }
    bench_server_stop(&server);
    return is_over ? -1 : 0;
}

/* ---- all of them ---- */

static int measure_floor(struct peer_results *results, unsigned load, unsigned round,
                         const struct floor_load *sent)
{
    static struct floor_section section;
    static struct floor_split split;
    double seconds = results->options->own.is_quick ? FLOOR_QUICK_S : FLOOR_S;
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
    struct task task = {results, folder, load, round, srtp, PEER_IRIS, &sent};
    sent.send_count = 0;
    for (; task.which < PEER_SERVERS; task.which++)
        if (is_wanted(results, task.which) && run_one(&task))
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
    if (floor_measure_seal(&section, results->options->own.is_quick ? FLOOR_QUICK_S : SEAL_S))
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
           (!options->own.is_quick || load % PEER_PROFILES == srtp);
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
