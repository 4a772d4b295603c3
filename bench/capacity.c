/*
 * iris-bench capacity: how many participants this machine carries. Larger and larger steps until
 * something gives, then in between as long as there is time; all against one server.
 */
#include "bench/bench.h"
#include "bench/number.h"
#include "bench/own.h"

#include <time.h>
#include <unistd.h>

#define STEPS_MAX        24
#define PARTICIPANTS_MAX 4000
#define ROOM_MAX         120
#define JOIN_RATE        200
#define SETTLE_S         1
#define GROWTH_MIN       2.0
#define GROWTH_MAX       8.0

/* When a step is too much. */
#define LOST_PERCENT    0.5
#define TRANSIT_MS      20   /* p99: a frame's time at 50 frames a second */
#define SERVER_SHARE    0.9  /* of a core and worker */
#define GENERATOR_SHARE 0.95 /* of a core: then it is this program that is measured */
#define LATENESS_MS     15

/* --check: the goals of the server. */
#define GOAL_INSIDE_MS 1   /* p99 at half of a core */
#define HALF           0.5 /* of a core and worker */

struct capacity {
    enum bubbles_profile profile;
    unsigned room, first, most, workers;
    double seconds, measure_s;
    bool has_url;
    struct bubbles_url url, operations;
    pid_t pid;
    const char *token_key_file;
    struct bench_own own;
    struct bubbles_library library;
    unsigned count;
    struct bench_step steps[STEPS_MAX];
    const char *limits[STEPS_MAX]; /* NULL: carried */
};

static double wall_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* What gives; NULL: nothing. The generator first: what it disturbs says nothing of the server. */
static const char *limit_of(const struct capacity *capacity, const struct bench_step *step)
{
    if (step->own_share > GENERATOR_SHARE || step->own_dropped > 0)
        return "this generator, which needs a core of its own";
    if (step->cpu_share > SERVER_SHARE * capacity->workers)
        return "the server's CPU";
    if (step->lateness_p99_ms > LATENESS_MS)
        return "the machine's CPU, shared with this generator";
    if (step->joined < step->participants || !step->is_right)
        return "joins, or what arrives is not as sent";
    if (step->lost_percent > LOST_PERCENT || step->refused_sends > 0)
        return "loss";
    if (step->transit_p99_ms > TRANSIT_MS)
        return "delay";
    return NULL;
}

static int run_step(struct capacity *capacity, const struct bench_server *server,
                    unsigned participants)
{
    struct bubbles_options options;
    struct bench_step *step = &capacity->steps[capacity->count];
    unsigned room = participants < capacity->room ? participants : capacity->room;
    bench_step_options(&options);
    bench_step_aim(&options, server);
    options.profile = capacity->profile;
    options.library = &capacity->library;
    options.participants = room;
    options.rooms = participants / room;
    options.duration_s = capacity->measure_s;
    options.join_rate = JOIN_RATE;
    options.settle_s = SETTLE_S;
    options.token_key_file = capacity->token_key_file;
    if (bench_step_run(step, &options) || step->is_interrupted)
        return -1;
    capacity->limits[capacity->count++] = limit_of(capacity, step);
    bench_step_print(stderr, step);
    return 0;
}

/* Rooms are full, so a step is a multiple of them. */
static unsigned whole_rooms(const struct capacity *capacity, unsigned participants)
{
    unsigned rooms = participants / capacity->room;
    return participants < capacity->room ? participants : rooms * capacity->room;
}

/* Whether a step of so many still fits into the time. */
static bool has_time(const struct capacity *capacity, double began_s, unsigned participants)
{
    double step_s = participants / (double)JOIN_RATE + SETTLE_S + capacity->measure_s + 1;
    return wall_s() - began_s + step_s <= capacity->seconds && capacity->count < STEPS_MAX;
}

/* Towards half of the CPU by large steps, beyond it by doubling; at least twice as many. */
static unsigned grow(const struct capacity *capacity, unsigned participants)
{
    const struct bench_step *step = &capacity->steps[capacity->count - 1];
    double factor = step->cpu_share > 0 ? HALF * capacity->workers / step->cpu_share : GROWTH_MIN;
    if (factor < GROWTH_MIN)
        factor = GROWTH_MIN;
    if (factor > GROWTH_MAX)
        factor = GROWTH_MAX;
    return (unsigned)(participants * factor);
}

/* More and more while it is carried, then halfway between what is and what is not. */
static int search(struct capacity *capacity, const struct bench_server *server)
{
    double began_s = wall_s();
    unsigned good = 0, bad = 0, next = whole_rooms(capacity, capacity->first);
    while (next > good && (!bad || next < bad) &&
           (capacity->count == 0 || has_time(capacity, began_s, next))) {
        if (run_step(capacity, server, next))
            return -1;
        if (capacity->limits[capacity->count - 1])
            bad = next;
        else
            good = next;
        next = whole_rooms(capacity, bad ? (good + bad) / 2 : grow(capacity, good));
        if (next > capacity->most)
            next = whole_rooms(capacity, capacity->most);
    }
    return 0;
}

/* ---- results ---- */

/* The largest step that was carried, and the smallest one that was not; -1: there is none. */
static void find_knee(const struct capacity *capacity, int *good, int *bad)
{
    *good = *bad = -1;
    for (unsigned i = 0; i < capacity->count; i++) {
        unsigned participants = capacity->steps[i].participants;
        if (!capacity->limits[i] &&
            (*good < 0 || participants > capacity->steps[*good].participants))
            *good = (int)i;
        if (capacity->limits[i] && (*bad < 0 || participants < capacity->steps[*bad].participants))
            *bad = (int)i;
    }
}

static void print(const struct capacity *capacity, int good, int bad)
{
    unsigned carried = good < 0 ? 0 : capacity->steps[good].participants;
    for (unsigned i = 0; i < capacity->count; i++)
        if (capacity->limits[i])
            printf("%u participants are too many: %s\n", capacity->steps[i].participants,
                   capacity->limits[i]);
    printf("this machine carries %u participants of profile %s; the limit is %s\n", carried,
           bubbles_profile_name(capacity->profile),
           bad >= 0 ? capacity->limits[bad] : "not reached: try --seconds or --most");
}

static int print_json(const struct capacity *capacity, int good, int bad)
{
    json_t *steps = json_array();
    for (unsigned i = 0; i < capacity->count; i++) {
        json_t *step = bench_step_json(&capacity->steps[i]);
        json_object_set_new(step, "limit",
                            capacity->limits[i] ? json_string(capacity->limits[i]) : json_null());
        json_array_append_new(steps, step);
    }
    json_t *root = json_pack("{s:s, s:s, s:i, s:s?, s:i, s:o}", "bench", "capacity", "profile",
                             bubbles_profile_name(capacity->profile), "participants",
                             good < 0 ? 0 : (int)capacity->steps[good].participants, "limit",
                             bad < 0 ? NULL : capacity->limits[bad], "workers",
                             (int)capacity->workers, "steps", steps);
    int error = root ? json_dumpf(root, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(7)) : -1;
    putchar('\n');
    json_decref(root);
    return error;
}

/* The step at half of the workers' cores, or nearest below it. */
static unsigned check(const struct capacity *capacity)
{
    const struct bench_step *half = NULL;
    for (unsigned i = 0; i < capacity->count; i++) {
        const struct bench_step *step = &capacity->steps[i];
        if (step->cpu_share >= 0 && step->cpu_share <= HALF * capacity->workers &&
            (!half || step->cpu_share > half->cpu_share))
            half = step;
    }
    unsigned missed = bench_judge("p99 in the server at half of a core's saturation [ms]",
                                  half ? half->inside_p99_ms : 0, GOAL_INSIDE_MS,
                                  half && half->inside_p99_ms >= 0);
    missed += bench_judge("threads besides the workers",
                          half ? (double)half->threads - capacity->workers : 0, 1, half != NULL);
    return missed;
}

/* One for all steps: whole rooms need the same recordings. */
static int make_library(struct capacity *capacity)
{
    struct bubbles_options options;
    bubbles_options_init(&options);
    options.profile = capacity->profile;
    options.participants = capacity->room;
    return bubbles_library_init(&capacity->library, &options);
}

static int work(void *context, const char *folder)
{
    struct capacity *capacity = context;
    struct bench_server server = {
        .pid = capacity->pid, .url = capacity->url, .operations = capacity->operations};
    int good, bad, error;
    capacity->own.iris.announce = "127.0.0.1";
    capacity->own.iris.workers = capacity->workers;
    if (!capacity->has_url && bench_iris_start(&server, &capacity->own.iris, folder))
        return 1;
    error = make_library(capacity) || search(capacity, &server);
    bubbles_library_dispose(&capacity->library);
    if (!capacity->has_url)
        bench_server_stop(&server);
    if (error)
        return 1;
    find_knee(capacity, &good, &bad);
    if (!capacity->own.is_json)
        print(capacity, good, bad);
    else if (print_json(capacity, good, bad))
        return 1;
    return good < 0 || (capacity->own.is_check && check(capacity)) ? 1 : 0;
}

/* ---- command line ---- */

static void print_usage(FILE *out)
{
    fputs("usage: iris-bench capacity [OPTIONS]\n\n"
          "How many participants the server carries on this machine until packets are lost or "
          "late, or the CPU\nis full: larger and larger steps, then in between.\n\n"
          "  --profile NAME    as iris-bench bubbles (default conference)\n"
          "  --room N          participants of each room (default 10)\n"
          "  --first N         of the first step (default 20)\n"
          "  --most N          stop there (default 4000)\n"
          "  --seconds S       all of it, about (default 60)\n"
          "  --measure S       of each step (default 4)\n"
          "  --workers N       of the server (default: cores - 1, one for this generator)\n"
          "  --iris PATH, --set KEY=VALUE   the server that is started, its configuration\n"
          "  --url URL, --operations URL, --server-pid PID, --token-key FILE\n"
          "                    instead of starting one: as iris-bench bubbles; --workers tells how "
          "many it has\n"
          "  --check           exit code 1 if the server's p99 at half of a core is above 1 ms, or "
          "it has more\n                    threads than workers + 1\n"
          "  --json            one JSON object instead of text\n\n"
          "Exit code: 0; 1: not even the first step is carried, or --check; 2: usage.\n",
          out);
}

static int take_seconds(double *value)
{
    return bench_take_number(optarg, 0.5, 3600, value);
}

static int take_server(struct capacity *capacity, int id)
{
    unsigned pid = 0;
    switch (id) {
    case 'u':
        capacity->has_url = true;
        return bubbles_url_parse(&capacity->url, optarg);
    case 'o':
        return bubbles_url_parse(&capacity->operations, optarg);
    case 'P':
        if (bench_take_count(optarg, 1, INT32_MAX, &pid))
            return -1;
        capacity->pid = (pid_t)pid;
        return 0;
    case 't':
        capacity->token_key_file = optarg;
        return 0;
    default:
        return bench_own_take(&capacity->own, id, optarg);
    }
}

static int take_option(struct capacity *capacity, int id)
{
    switch (id) {
    case 'p':
        return bubbles_profile_parse(&capacity->profile, optarg);
    case 'r':
        return bench_take_count(optarg, 2, ROOM_MAX, &capacity->room);
    case 'f':
        return bench_take_count(optarg, 2, PARTICIPANTS_MAX, &capacity->first);
    case 'm':
        return bench_take_count(optarg, 2, PARTICIPANTS_MAX, &capacity->most);
    case 's':
        return take_seconds(&capacity->seconds);
    case 'M':
        return take_seconds(&capacity->measure_s);
    case 'w':
        return bench_take_count(optarg, 1, 64, &capacity->workers);
    default:
        return take_server(capacity, id);
    }
}

static const struct option long_options[] = {{"profile", required_argument, NULL, 'p'},
                                             {"room", required_argument, NULL, 'r'},
                                             {"first", required_argument, NULL, 'f'},
                                             {"most", required_argument, NULL, 'm'},
                                             {"seconds", required_argument, NULL, 's'},
                                             {"measure", required_argument, NULL, 'M'},
                                             {"workers", required_argument, NULL, 'w'},
                                             {"url", required_argument, NULL, 'u'},
                                             {"operations", required_argument, NULL, 'o'},
                                             {"server-pid", required_argument, NULL, 'P'},
                                             {"token-key", required_argument, NULL, 't'},
                                             BENCH_OWN_LONG_OPTIONS,
                                             {NULL, 0, NULL, 0}};

int bench_capacity(int argc, char **argv)
{
    static struct capacity capacity;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    capacity = (struct capacity){.profile = BUBBLES_CONFERENCE,
                                 .room = 10,
                                 .first = 20,
                                 .most = PARTICIPANTS_MAX,
                                 .workers = cores > 1 ? (unsigned)cores - 1 : 1,
                                 .seconds = 60,
                                 .measure_s = 4};
    for (int id; (id = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        if (id == 'h')
            return print_usage(stdout), 0;
        if (id == '?' || take_option(&capacity, id)) {
            if (id != '?')
                fprintf(stderr, "iris-bench capacity: '%s' is not understood\n", optarg);
            return print_usage(stderr), 2;
        }
    }
    if (optind < argc || capacity.first > capacity.most)
        return print_usage(stderr), 2;
    return bench_supervise(work, &capacity);
}
