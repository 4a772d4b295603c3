/*
 * iris-bench verdicts: are the server's verdicts right? Conferences of five simulated participants
 * through an emulated network, and each known trouble in turns, against a server of its own.
 */
#include "bench/bench.h"
#include "bench/number.h"
#include "bench/own.h"
#include "bench/verdicts/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_S 40 /* from the onset on */
#define MOOT      77 /* exit code: the machine is too busy to tell */
#define JOIN_RATE 20
#define LEAVE_S   2                      /* the room outlives the last sample */
#define CLEAN_US  (5 * INT64_C(1000000)) /* all are in, and what joins cause is over */
/* Everybody's network, in each direction. */
#define NETWORK "delay=20 jitter=5 loss=0.3"

struct verdicts {
    struct bench_own own;
    bool is_wanted[IMPAIRMENT_COUNT], is_verbose;
    unsigned rooms;
    double seconds;
    uint64_t seed;
    unsigned missed, moot;
    struct bubbles_library library; /* the same for all runs */
};

static void print_usage(FILE *out)
{
    fputs("usage: iris-bench verdicts [OPTIONS]\n\n"
          "Are the server's verdicts right (docs/operations.md)? Conferences of five through an "
          "emulated\n"
          "network; ten seconds after the beginning one thing becomes bad for the first "
          "participant.\n"
          "From 5 s later on what GET /v1/rooms/{room} says each second of it and of the camera "
          "slots\n"
          "concerned is held against that.\n\n"
          "  --only NAME       this impairment; may be repeated\n"
          "  --rooms N         conferences at a time (default 1)\n"
          "  --seconds N       from the onset on (default 40)\n"
          "  --seed N          of everything random (default 1)\n"
          "  --verbose         every sample that is wrong, to stderr\n"
          "  --iris PATH       the server (default: built with this program)\n"
          "  --set KEY=VALUE   more configuration for it; may be repeated\n"
          "  --check           exit code 1 below 95 % right samples, or if without impairment a "
          "verdict\n"
          "                    is other than good for more than 2 s\n"
          "  --json            one JSON object an impairment\n\n"
          "Impairments:",
          out);
    for (unsigned i = 0; i < IMPAIRMENT_COUNT; i++)
        fprintf(out, " %s", impairment_name((enum impairment)i));
    fputs("\n\nSet aside are verdicts about a time in which the processes waited for a CPU for as "
          "long.\n"
          "Exit code: 0; 1: something was wrong, or --check; 2: usage; 77: more was set aside "
          "than\n"
          "not: the machine is too busy to tell.\n",
          out);
}

/* ---- a run ---- */

/* What becomes of the first participant's network. */
static void write_impairment(FILE *file, enum impairment impairment)
{
    double onset_s = (double)IMPAIRMENT_ONSET_US / 1e6, percent = 100 * IMPAIRMENT_LOSS;
    const int queue_ms = IMPAIRMENT_QUEUE_US / 1000;
    if (impairment == IMPAIRMENT_UPLINK_LOSS || impairment == IMPAIRMENT_DOWNLINK_LOSS)
        fprintf(file, "%g who=0 %s " NETWORK " loss=%g\n", onset_s,
                impairment == IMPAIRMENT_UPLINK_LOSS ? "up" : "down", percent);
    else if (impairment == IMPAIRMENT_UPLINK_CAPACITY)
        fprintf(file, "%g who=0 up " NETWORK " rate=%d queue=%d\n", onset_s,
                IMPAIRMENT_UP_BPS / 1000, queue_ms);
    else if (impairment == IMPAIRMENT_DOWNLINK_CAPACITY)
        fprintf(file, "%g who=0 down " NETWORK " rate=%d queue=%d\n", onset_s,
                IMPAIRMENT_DOWN_BPS / 1000, queue_ms);
    else if (impairment_is_outage(impairment))
        fprintf(file, "%g who=0 %s " NETWORK " loss=100\n%g both " NETWORK "\n", onset_s,
                impairment == IMPAIRMENT_UPLINK_OUTAGE ? "up" : "down",
                onset_s + (double)IMPAIRMENT_OUTAGE_US / 1e6);
}

/* How long after onset it is measured [s]: an outage ends. */
static double seconds_of(const struct verdicts *verdicts, enum impairment impairment)
{
    double outage_s = (double)IMPAIRMENT_OUTAGE_US / 1e6;
    return impairment_is_outage(impairment) && verdicts->seconds > outage_s ? outage_s
                                                                            : verdicts->seconds;
}

static int write_script(const char *path, enum impairment impairment)
{
    FILE *file = fopen(path, "w");
    if (file) {
        fputs("0 both " NETWORK "\n", file);
        write_impairment(file, impairment);
    }
    if (!file || ferror(file) || fclose(file)) {
        perror("iris-bench verdicts: the link script");
        return -1;
    }
    return 0;
}

static void plan(struct bubbles_options *load, const struct verdicts *verdicts,
                 enum impairment impairment, const char *script)
{
    bench_step_options(load);
    load->room = VERDICTS_ROOM_PREFIX;
    load->rooms = verdicts->rooms;
    load->participants = IMPAIRMENT_PEOPLE;
    load->join_rate = JOIN_RATE;
    load->screens = 0;
    load->seed = verdicts->seed;
    load->link_file = script;
    load->library = &verdicts->library;
    load->reports_decoding = true;
    load->duration_s =
        (double)IMPAIRMENT_ONSET_US / 1e6 + seconds_of(verdicts, impairment) + LEAVE_S;
    load->fault.onset_s = (double)IMPAIRMENT_ONSET_US / 1e6;
    if (impairment == IMPAIRMENT_POLICY)
        load->fault.camera_excess = IMPAIRMENT_EXCESS;
    if (impairment == IMPAIRMENT_CLIENT) {
        load->fault.is_slow = true;
        load->fault.decoded_percent = IMPAIRMENT_DECODED_PERCENT;
    }
}

/* Joins can fail, and what arrives can be other than what was sent: then nothing was measured. */
static int run_load(const struct bubbles_options *load, struct verdicts_watch *watch,
                    enum impairment impairment, bool is_verbose, struct verdicts_tally *sum)
{
    struct bubbles_schedule *schedule = bubbles_schedule_create(load, &bubbles_dialect_iris);
    struct verdicts_watch_params params = {
        .operations = load->operations,
        .server = load->server_pid,
        .rooms = load->rooms,
        .first_us = impairment == IMPAIRMENT_NONE ? CLEAN_US : IMPAIRMENT_ONSET_US,
        .last_us = (int64_t)((load->duration_s - LEAVE_S) * 1e6)};
    if (!schedule)
        return -1;
    if (verdicts_watch_start(watch, &params, impairment, is_verbose)) {
        bubbles_schedule_destroy(schedule);
        return -1;
    }
    bubbles_schedule_run(schedule);
    verdicts_watch_finish(watch, sum);
    bool is_right = schedule->result.is_right && !schedule->is_stopping;
    if (schedule->result.totals->joins.problem[0])
        fprintf(stderr, "iris-bench verdicts: %s\n", schedule->result.totals->joins.problem);
    bubbles_schedule_destroy(schedule);
    return is_right ? 0 : -1;
}

static void print(const struct verdicts *verdicts, const struct verdicts_watch *watch,
                  const struct verdicts_tally *sum)
{
    const char *name = impairment_name(sum->impairment);
    double share = sum->samples ? (double)sum->right / sum->samples : 0;
    if (verdicts->own.is_json) {
        printf("{\"bench\":\"verdicts\",\"impairment\":\"%s\",\"cause\":\"%s\",\"rooms\":%u,"
               "\"samples\":%u,\"right\":%u,\"share\":%.4f,\"set_aside\":%u,\"unanswered\":%u,"
               "\"longest_bad_s\":%u,\"waited_ms\":%.1f}\n",
               name, core_cause_name(impairment_cause(sum->impairment)), sum->rooms, sum->samples,
               sum->right, share, sum->set_aside, watch->unanswered, sum->longest_bad_s,
               watch->waited_most_ms);
        return;
    }
    printf("%-18s %5.1f %% of %5u right, %u set aside;", name, 100 * share, sum->samples,
           sum->set_aside);
    for (unsigned cause = 0; cause <= CORE_CAUSE_CLIENT; cause++)
        if (sum->said[cause] > 0)
            printf(" %s %u", core_cause_name((enum core_cause)cause), sum->said[cause]);
    if (sum->impairment == IMPAIRMENT_NONE)
        printf("; not good for %u s at most", sum->longest_bad_s);
    printf("; waited %.0f ms in a second at most, %u unanswered\n", watch->waited_most_ms,
           watch->unanswered);
}

static int measure(struct verdicts *verdicts, enum impairment impairment, const char *folder)
{
    static struct verdicts_watch watch;
    struct verdicts_tally sum;
    struct bench_server server = {.pid = 0};
    struct bubbles_options load;
    char script[BENCH_PATH_BYTES + 16];
    snprintf(script, sizeof(script), "%s/link", folder);
    plan(&load, verdicts, impairment, script);
    if (write_script(script, impairment) || bench_iris_start(&server, &verdicts->own.iris, folder))
        return -1;
    bench_step_aim(&load, &server);
    memset(&watch, 0, sizeof(watch));
    int error = run_load(&load, &watch, impairment, verdicts->is_verbose, &sum);
    bench_server_stop(&server);
    if (error)
        return -1;
    print(verdicts, &watch, &sum);
    fflush(stdout);
    if (verdicts_tally_is_moot(&sum))
        verdicts->moot++;
    else
        verdicts->missed += !verdicts_tally_is_met(&sum);
    return 0;
}

static int measure_all(struct verdicts *verdicts, const char *folder)
{
    struct bubbles_options load;
    plan(&load, verdicts, IMPAIRMENT_NONE, NULL);
    int error = bubbles_library_init(&verdicts->library, &load);
    for (unsigned i = 0; i < IMPAIRMENT_COUNT && !error; i++)
        if (verdicts->is_wanted[i])
            error = measure(verdicts, (enum impairment)i, folder);
    bubbles_library_dispose(&verdicts->library);
    return error;
}

static int work(void *context, const char *folder)
{
    struct verdicts *verdicts = context;
    if (measure_all(verdicts, folder))
        return 1;
    if (verdicts->own.is_check && verdicts->missed > 0)
        return 1;
    return verdicts->moot > 0 ? MOOT : 0;
}

/* ---- command line ---- */

static int take(struct verdicts *verdicts, int id)
{
    enum impairment impairment;
    unsigned seed;
    switch (id) {
    case 'o':
        if (impairment_parse(&impairment, optarg))
            return -1;
        verdicts->is_wanted[impairment] = true;
        return 0;
    case 'r':
        return bench_take_count(optarg, 1, VERDICTS_ROOMS_MAX, &verdicts->rooms);
    case 't':
        return bench_take_number(optarg, 6, 600, &verdicts->seconds);
    case 's':
        if (bench_take_count(optarg, 0, INT32_MAX, &seed))
            return -1;
        verdicts->seed = seed;
        return 0;
    case 'v':
        verdicts->is_verbose = true;
        return 0;
    default:
        return bench_own_take(&verdicts->own, id, optarg);
    }
}

int bench_verdicts(int argc, char **argv)
{
    static const struct option long_options[] = {{"only", required_argument, NULL, 'o'},
                                                 {"rooms", required_argument, NULL, 'r'},
                                                 {"seconds", required_argument, NULL, 't'},
                                                 {"seed", required_argument, NULL, 's'},
                                                 {"verbose", no_argument, NULL, 'v'},
                                                 BENCH_OWN_LONG_OPTIONS,
                                                 {NULL, 0, NULL, 0}};
    static struct verdicts verdicts = {.own = {.iris = {.announce = "127.0.0.1", .workers = 1}},
                                       .rooms = 1,
                                       .seconds = DEFAULT_S,
                                       .seed = 1};
    unsigned wanted = 0;
    for (int id; (id = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        if (id == 'h')
            return print_usage(stdout), 0;
        if (take(&verdicts, id))
            return print_usage(stderr), 2;
    }
    if (optind < argc)
        return print_usage(stderr), 2;
    for (unsigned i = 0; i < IMPAIRMENT_COUNT; i++)
        wanted += verdicts.is_wanted[i];
    for (unsigned i = 0; i < IMPAIRMENT_COUNT && wanted == 0; i++)
        verdicts.is_wanted[i] = true;
    return bench_supervise(work, &verdicts);
}
