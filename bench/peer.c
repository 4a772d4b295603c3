/*
 * iris-bench peer: what another server costs for the same work, and how far Iris is from the floor,
 * in one run. Command line and order of things; peer_measure.c does the runs.
 */
#include "bench/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/number.h"

#define EXIT_SKIPPED 77 /* as ctest's SKIP_RETURN_CODE: Iris was right, the peer is not there */

static void print_usage(FILE *out)
{
    unsigned count;
    const struct peer_load *loads = peer_loads(false, &count);
    fputs("usage: iris-bench peer janus [OPTIONS]\n\n"
          "Debian's Janus (`./dev setup --peers` installs it) and Iris in turn, in a network "
          "namespace of their\nown, with the same participants and packets: CPU us a forwarded "
          "packet, memory a subscriber, delay,\nratios, and the floor of each load (iris-bench "
          "floor) in the same run.\n\n"
          "  --rounds N        of everything (default 3)\n"
          "  --seconds S       each run is measured (default 5)\n"
          "  --idle S          before it, connected and silent, to be subtracted (default 2)\n"
          "  --load KEY        only this load; may be repeated:",
          out);
    for (unsigned i = 0; i < count; i++)
        fprintf(out, " %s", loads[i].key);
    fputs(
        "\n  --srtp-profile P  only AEAD_AES_128_GCM or AES128_CM_SHA1_80\n"
        "  --server NAME     only this one; may be repeated: iris, best (2 event loops), default\n"
        "  --iris PATH       the server to compare (default: built with this program)\n"
        "  --set KEY=VALUE   more configuration for it; may be repeated\n"
        "  --check           exit code 1 while a goal is missed, naming it\n"
        "  --quick           small loads, once: for tests\n"
        "  --json            one JSON object instead of tables\n\n"
        "Exit code: 0; 1: something was wrong, or cannot run here; 2: usage; 77: with --quick, "
        "Janus is not\ninstalled or no namespace can be made, and Iris was right.\n",
        out);
}

/* Keys are looked up when all options are known: which loads there are depends on --quick. */
static int take_load(struct peer_options *options, const char *key)
{
    if (options->key_count == PEER_LOADS_MAX)
        return -1;
    options->keys[options->key_count++] = key;
    return 0;
}

static int select_loads(struct peer_options *options)
{
    unsigned count, found = 0;
    const struct peer_load *loads = peer_loads(options->own.is_quick, &count);
    for (unsigned i = 0; i < count; i++) {
        options->is_selected[i] = options->key_count == 0;
        for (unsigned k = 0; k < options->key_count; k++)
            if (strcmp(loads[i].key, options->keys[k]) == 0) {
                options->is_selected[i] = true;
                found++;
            }
    }
    return found == options->key_count ? 0 : -1;
}

static int take_profile(struct peer_options *options, const char *name)
{
    for (unsigned i = 0; i < PEER_PROFILES; i++)
        if (strcmp(peer_srtp_name((enum peer_srtp)i), name) == 0) {
            options->has_profile[i] = true;
            return 0;
        }
    return -1;
}

static int take_server(struct peer_options *options, const char *name)
{
    static const char *const names[PEER_SERVERS] = {"iris", "best", "default"};
    for (unsigned i = 0; i < PEER_SERVERS; i++)
        if (strcmp(names[i], name) == 0) {
            options->has_server[i] = true;
            return 0;
        }
    return -1;
}

static int take_option(struct peer_options *options, int id)
{
    switch (id) {
    case 'r':
        return bench_take_count(optarg, 1, PEER_ROUNDS_MAX, &options->rounds);
    case 's':
        return bench_take_number(optarg, 0.5, 600, &options->seconds);
    case 'i':
        return bench_take_number(optarg, 0.1, 600, &options->idle_s);
    case 'l':
        return take_load(options, optarg);
    case 'p':
        return take_profile(options, optarg);
    case 'v':
        return take_server(options, optarg);
    default:
        return bench_own_take(&options->own, id, optarg);
    }
}

static void select_all_if_none(bool *selected, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (selected[i])
            return;
    memset(selected, true, count * sizeof(*selected));
}

static void be_quick(struct peer_options *options)
{
    options->own.is_quick = true;
    options->rounds = 1;
    options->seconds = 1;
    options->idle_s = 0.2;
}

static const struct option long_options[] = {{"rounds", required_argument, NULL, 'r'},
                                             {"seconds", required_argument, NULL, 's'},
                                             {"idle", required_argument, NULL, 'i'},
                                             {"load", required_argument, NULL, 'l'},
                                             {"srtp-profile", required_argument, NULL, 'p'},
                                             {"server", required_argument, NULL, 'v'},
                                             {"quick", no_argument, NULL, 'q'},
                                             BENCH_OWN_LONG_OPTIONS,
                                             {NULL, 0, NULL, 0}};

/* 0, or 1 + the exit code with which to end at once. */
static int parse_options(int argc, char **argv, struct peer_options *options)
{
    *options = (struct peer_options){.rounds = 3, .seconds = 5, .idle_s = 2, .join_rate = 60};
    for (int id; (id = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        if (id == 'h')
            return print_usage(stdout), 1;
        if (id == 'q') {
            be_quick(options);
        } else if (id == '?' || take_option(options, id)) {
            if (id != '?')
                fprintf(stderr, "iris-bench peer: '%s' is not understood\n", optarg);
            return print_usage(stderr), 3;
        }
    }
    if (optind + 1 != argc || strcmp(argv[optind], "janus") != 0) {
        fputs("iris-bench peer: which one? There is janus.\n", stderr);
        return print_usage(stderr), 3;
    }
    if (select_loads(options)) {
        fputs("iris-bench peer: there is no such load\n", stderr);
        return print_usage(stderr), 3;
    }
    select_all_if_none(options->has_profile, PEER_PROFILES);
    select_all_if_none(options->has_server, PEER_SERVERS);
    return 0;
}

static bool is_all_right(const struct peer_results *results)
{
    for (unsigned load = 0; load < results->load_count; load++)
        for (unsigned srtp = 0; srtp < PEER_PROFILES; srtp++)
            for (unsigned server = 0; server < PEER_SERVERS; server++)
                for (unsigned round = 0; round < results->options->rounds; round++) {
                    const struct peer_run *run = &results->cells[load][srtp].runs[server][round];
                    if (run->is_there && !run->step.is_right)
                        return false;
                }
    return true;
}

/* Why there is no peer to compare with; "": there is. */
static void find_peer(struct peer_results *results, char *reason, size_t cap)
{
    reason[0] = '\0';
    results->has_janus = peer_has_janus(results->janus_version, sizeof(results->janus_version));
    if (!results->has_janus)
        snprintf(reason, cap, "Janus is not installed: ./dev setup --peers");
    else if (peer_enter_namespace(reason, cap))
        results->has_janus = false;
}

static int work(void *context, const char *folder)
{
    static struct peer_results results;
    char reason[256];
    results.options = context;
    results.loads = peer_loads(results.options->own.is_quick, &results.load_count);
    find_peer(&results, reason, sizeof(reason));
    if (!results.has_janus && !results.options->own.is_quick) {
        fprintf(stderr, "iris-bench peer: %s\n", reason);
        return 1;
    }
    if (peer_measure(&results, folder))
        return 1;
    int code = is_all_right(&results) ? 0 : 1;
    if (!results.options->own.is_json)
        peer_print(&results);
    else if (peer_print_json(&results))
        code = 1;
    if (results.options->own.is_check && peer_check(&results))
        code = 1;
    if (code == 0 && !results.has_janus) {
        fprintf(stderr, "iris-bench peer: skipped: %s (Iris was right)\n", reason);
        code = EXIT_SKIPPED;
    }
    return code;
}

int bench_peer(int argc, char **argv)
{
    struct peer_options options;
    int code = parse_options(argc, argv, &options);
    return code ? code - 1 : bench_supervise(work, &options);
}
