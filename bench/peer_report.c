/* What the runs say: spreads over the rounds, in three forms. */
#include "bench/peer.h"

#include <jansson.h>
#include <stdio.h>

#include "bench/bench.h"

/* ---- spreads ---- */

static struct peer_spread spread_of(double *values, unsigned count)
{
    struct peer_spread spread = {.count = count};
    if (count == 0)
        return spread;
    spread.median = bench_median(values, count); /* sorts */
    spread.min = values[0];
    spread.max = values[count - 1];
    return spread;
}

static double value_of(const struct peer_run *run, enum peer_quantity quantity)
{
    switch (quantity) {
    case PEER_CPU_US:
        return run->step.cpu_us;
    case PEER_RSS_KB:
        return run->rss_kb;
    case PEER_P99_MS:
        return run->step.transit_p99_ms;
    default:
        return run->step.inside_p99_ms;
    }
}

struct peer_spread peer_spread_of(const struct peer_results *results, unsigned load,
                                  enum peer_srtp srtp, enum peer_server server,
                                  enum peer_quantity quantity)
{
    double values[PEER_ROUNDS_MAX];
    unsigned count = 0;
    for (unsigned round = 0; round < results->options->rounds; round++) {
        const struct peer_run *run = &results->cells[load][srtp].runs[server][round];
        bool is_known = quantity != PEER_P99_INSIDE_MS || run->step.inside_p99_ms >= 0;
        if (run->is_there && is_known)
            values[count++] = value_of(run, quantity);
    }
    return spread_of(values, count);
}

struct peer_spread peer_ratio(const struct peer_results *results, unsigned load,
                              enum peer_srtp srtp, enum peer_server server)
{
    double values[PEER_ROUNDS_MAX];
    unsigned count = 0;
    for (unsigned round = 0; round < results->options->rounds; round++) {
        const struct peer_run *iris = &results->cells[load][srtp].runs[PEER_IRIS][round];
        const struct peer_run *other = &results->cells[load][srtp].runs[server][round];
        if (iris->is_there && other->is_there && iris->step.cpu_us > 0)
            values[count++] = other->step.cpu_us / iris->step.cpu_us;
    }
    return spread_of(values, count);
}

struct peer_spread peer_floor_ratio(const struct peer_results *results, unsigned load)
{
    const struct peer_cell *cell = &results->cells[load][PEER_GCM];
    double values[PEER_ROUNDS_MAX];
    unsigned count = 0;
    for (unsigned round = 0; round < results->options->rounds; round++)
        if (cell->runs[PEER_IRIS][round].is_there && cell->floor_ns[round] > 0)
            values[count++] =
                cell->runs[PEER_IRIS][round].step.cpu_us * 1000 / cell->floor_ns[round];
    return spread_of(values, count);
}

static struct peer_spread floor_us(const struct peer_results *results, unsigned load)
{
    const struct peer_cell *cell = &results->cells[load][PEER_GCM];
    double values[PEER_ROUNDS_MAX];
    unsigned count = 0;
    for (unsigned round = 0; round < results->options->rounds; round++)
        if (cell->floor_ns[round] > 0)
            values[count++] = cell->floor_ns[round] / 1000;
    return spread_of(values, count);
}

/* ---- text ---- */

static void print_spread(const struct peer_spread *spread)
{
    char text[48] = "-";
    if (spread->count)
        snprintf(text, sizeof(text), "%.2f (%.2f-%.2f)", spread->median, spread->min, spread->max);
    printf(" %-22s", text);
}

static const struct peer_run *last_run(const struct peer_results *results, unsigned load,
                                       enum peer_srtp srtp, enum peer_server server)
{
    const struct peer_run *last = NULL;
    for (unsigned round = 0; round < results->options->rounds; round++)
        if (results->cells[load][srtp].runs[server][round].is_there)
            last = &results->cells[load][srtp].runs[server][round];
    return last;
}

static void print_server(const struct peer_results *results, unsigned load, enum peer_srtp srtp,
                         enum peer_server server)
{
    const struct peer_run *run = last_run(results, load, srtp, server);
    if (!run)
        return;
    printf("  %-22s", peer_server_name(server));
    for (unsigned quantity = PEER_CPU_US; quantity <= PEER_P99_MS; quantity++) {
        struct peer_spread spread =
            peer_spread_of(results, load, srtp, server, (enum peer_quantity)quantity);
        print_spread(&spread);
    }
    printf(" %9.0f %7.3f %7.2f %7u\n", run->step.forwarded_pps, run->step.lost_percent,
           100 * run->step.idle_share, run->step.threads);
}

static void print_ratio(const char *name, struct peer_spread spread)
{
    if (spread.count)
        printf("    %-40s %.2f (%.2f-%.2f)\n", name, spread.median, spread.min, spread.max);
}

static void print_cell(const struct peer_results *results, unsigned load, enum peer_srtp srtp)
{
    const struct peer_load *l = &results->loads[load];
    printf("\n%s, %s\n  %-22s %-22s %-22s %-22s %9s %7s %7s %7s\n", l->name, peer_srtp_name(srtp),
           "", "CPU us a packet", "KB RSS a subscriber", "p99 ms through it", "packets/s", "lost %",
           "idle %", "threads");
    for (unsigned server = 0; server < PEER_SERVERS; server++)
        print_server(results, load, srtp, (enum peer_server)server);
    if (srtp == PEER_GCM) {
        struct peer_spread floor = floor_us(results, load);
        printf("  %-22s", "the floor");
        print_spread(&floor);
        putchar('\n');
        print_ratio("Iris by the floor", peer_floor_ratio(results, load));
    }
    print_ratio("Janus, 2 event loops, by Iris", peer_ratio(results, load, srtp, PEER_JANUS_BEST));
    print_ratio("Janus, default, by Iris", peer_ratio(results, load, srtp, PEER_JANUS_DEFAULT));
    struct peer_spread inside = peer_spread_of(results, load, srtp, PEER_IRIS, PEER_P99_INSIDE_MS);
    print_ratio("Iris' own p99 [ms], kernel to kernel", inside);
    if (peer_is_over_contract(l))
        printf("    above the contract of a camera: Iris runs with policer=false\n");
}

static void print_notes(const struct peer_results *results)
{
    printf("\nMedian (smallest-largest) of %u rounds; one server at a time, started afresh, in the "
           "same network\nnamespace, driven by the same participants with the same packets, NACK "
           "and RTX on. CPU: user + system\nof the server's process (/proc), what it used while "
           "everybody was connected and silent subtracted.\np99: from the generator's tick in "
           "which a packet was sent to the kernel's time stamp at the receiver,\nfor both servers "
           "alike; the generator's own lateness is in it.\n",
           results->options->rounds);
    if (!results->has_janus)
        return;
    printf("%s; VideoRoom over WebSockets, one subscription for everything that somebody\n"
           "receives. It selects nobody: its watchers subscribe to at most three voices, "
           "four cameras and\none screen of their room, whoever talks.\n",
           results->janus_version);
    printf("Debian's libsrtp2, which Janus seals with, is built on NSS: 1000 bytes cost it %.0f ns "
           "with\nAEAD_AES_128_GCM and %.0f ns with AES128_CM_SHA1_80 here; OpenSSL needs %.0f ns "
           "for the former. So about\n%.2f us of Janus' CPU a packet are NSS' with GCM.\n",
           results->libsrtp_gcm_ns, results->libsrtp_cm_ns, results->evp_gcm_ns,
           (results->libsrtp_gcm_ns - results->evp_gcm_ns) / 1000);
}

void peer_print(const struct peer_results *results)
{
    for (unsigned load = 0; load < results->load_count; load++)
        for (unsigned srtp = 0; srtp < PEER_PROFILES; srtp++)
            if (results->options->is_selected[load] && results->options->has_profile[srtp])
                print_cell(results, load, (enum peer_srtp)srtp);
    print_notes(results);
}

/* ---- JSON ---- */

static json_t *json_spread(struct peer_spread spread)
{
    if (spread.count == 0)
        return json_null();
    return json_pack("{s:f, s:f, s:f}", "min", spread.min, "median", spread.median, "max",
                     spread.max);
}

static json_t *json_runs(const struct peer_results *results, unsigned load, enum peer_srtp srtp,
                         enum peer_server server)
{
    json_t *list = json_array();
    for (unsigned round = 0; round < results->options->rounds; round++) {
        const struct peer_run *run = &results->cells[load][srtp].runs[server][round];
        if (!run->is_there)
            continue;
        json_t *entry = bench_step_json(&run->step);
        json_object_set_new(entry, "rss_kb", json_real(run->rss_kb));
        json_array_append_new(list, entry);
    }
    return list;
}

static json_t *json_cell(const struct peer_results *results, unsigned load, enum peer_srtp srtp)
{
    static const char *const keys[PEER_SERVERS] = {"iris", "janus_event_loops_2", "janus_default"};
    json_t *servers = json_object();
    for (unsigned i = 0; i < PEER_SERVERS; i++) {
        enum peer_server server = (enum peer_server)i;
        json_t *entry = json_pack(
            "{s:o, s:o, s:o, s:o}", "cpu_us",
            json_spread(peer_spread_of(results, load, srtp, server, PEER_CPU_US)), "rss_kb",
            json_spread(peer_spread_of(results, load, srtp, server, PEER_RSS_KB)), "p99_ms",
            json_spread(peer_spread_of(results, load, srtp, server, PEER_P99_MS)), "runs",
            json_runs(results, load, srtp, server));
        if (server != PEER_IRIS)
            json_object_set_new(entry, "cpu_by_iris",
                                json_spread(peer_ratio(results, load, srtp, server)));
        json_object_set_new(servers, keys[i], entry);
    }
    json_t *cell = json_pack("{s:s, s:s, s:b, s:s, s:o}", "load", results->loads[load].key, "name",
                             results->loads[load].name, "is_unpoliced",
                             peer_is_over_contract(&results->loads[load]), "srtp_profile",
                             peer_srtp_name(srtp), "servers", servers);
    if (srtp == PEER_GCM) {
        json_object_set_new(cell, "floor_us", json_spread(floor_us(results, load)));
        json_object_set_new(cell, "iris_by_floor", json_spread(peer_floor_ratio(results, load)));
    }
    return cell;
}

int peer_print_json(const struct peer_results *results)
{
    json_t *cells = json_array();
    for (unsigned load = 0; load < results->load_count; load++)
        for (unsigned srtp = 0; srtp < PEER_PROFILES; srtp++)
            if (results->options->is_selected[load] && results->options->has_profile[srtp])
                json_array_append_new(cells, json_cell(results, load, (enum peer_srtp)srtp));
    json_t *root =
        json_pack("{s:s, s:i, s:f, s:s, s:{s:f, s:f, s:f}, s:o}", "bench", "peer", "rounds",
                  (int)results->options->rounds, "seconds", results->options->seconds, "janus",
                  results->janus_version, "sealing_ns", "libsrtp2_nss_gcm", results->libsrtp_gcm_ns,
                  "libsrtp2_nss_cm_sha1_80", results->libsrtp_cm_ns, "openssl_gcm",
                  results->evp_gcm_ns, "cells", cells);
    int error = root ? json_dumpf(root, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(7)) : -1;
    putchar('\n');
    json_decref(root);
    return error || ferror(stdout) ? -1 : 0;
}

/* ---- goals ---- */

/* A value that was not measured misses its goal. @return 1 if it is missed */
static unsigned judge(const char *goal, const char *load, const struct peer_spread *spread,
                      bool is_most, double bound)
{
    bool is_met = spread->count && (is_most ? spread->median <= bound : spread->median >= bound);
    char value[32] = "not measured";
    if (spread->count)
        snprintf(value, sizeof(value), "%.2f", spread->median);
    fprintf(stderr, "%-6s %s: %s %s %g: %s\n", is_met ? "met" : "MISSED", load, goal,
            is_most ? "<=" : ">=", bound, value);
    return !is_met;
}

static struct peer_spread extra_threads(const struct peer_results *results, unsigned load)
{
    const struct peer_run *run = last_run(results, load, PEER_GCM, PEER_IRIS);
    double value = run ? (double)run->step.threads - run->workers : 0;
    return spread_of(&value, run ? 1 : 0);
}

unsigned peer_check(const struct peer_results *results)
{
    unsigned missed = 0;
    for (unsigned load = 0; load < results->load_count; load++) {
        const struct peer_load *l = &results->loads[load];
        struct peer_spread floor = peer_floor_ratio(results, load);
        struct peer_spread ratio = peer_ratio(results, load, PEER_GCM, PEER_JANUS_BEST);
        struct peer_spread threads = extra_threads(results, load);
        if (!results->options->is_selected[load])
            continue;
        if (l->floor_goal > 0)
            missed += judge("CPU a packet by the floor's", l->name, &floor, true, l->floor_goal);
        if (l->peer_goal > 0)
            missed += judge("CPU a packet of Janus (2 event loops, GCM) by Iris'", l->name, &ratio,
                            false, l->peer_goal);
        missed += judge("threads besides the workers", l->name, &threads, true, 1);
    }
    return missed;
}
