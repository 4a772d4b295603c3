/*
 * iris-bench engine: what the packet path costs, without the kernel or with sending. One camera's
 * frames through core_engine_receive() to R receivers in virtual time; CPU ns per forwarded packet,
 * or, by callgrind, instructions by source file.
 */
#include "bench/engine.h"

#include "bench/bench.h"
#include "bench/number.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SECONDS_DEFAULT   5
#define BATCHES_MAX       4000
#define CALLGRIND_BATCHES 10
#define LOADS_MAX         3
#define BYTES_MIN         100
#define BYTES_MAX         1250
#define SECONDS_MIN       0.001
#define SECONDS_MAX       600

struct options {
    struct engine_load load; /* receivers 0: the built-in ones */
    double seconds;
    unsigned batches; /* 0: as many as the time allows */
    bool is_json, has_callgrind;
};

struct subject {
    struct engine_room room;
    unsigned count;
    double receive_ns[BATCHES_MAX], take_ns[BATCHES_MAX], advance_ns[BATCHES_MAX];
    double report_ns[BATCHES_MAX], all_ns[BATCHES_MAX];
};

struct bench {
    unsigned count;
    struct subject *subjects[LOADS_MAX];
};

static void print_usage(FILE *out)
{
    fprintf(
        out,
        "usage: iris-bench engine [--receivers R] [--packets P] [--bytes B] [--seconds S]\n"
        "                         [--batches N] [--feedback] [--cold] [--recorder] [--sockets]\n"
        "                         [--json | --callgrind]\n\n"
        "CPU time of the packet path per forwarded packet, without sockets: one camera to R\n"
        "receivers in virtual time. Every batch is %d packets or more. What a camera may send is\n"
        "policed, more than that (8 packets a frame) is let through.\n\n"
        "  --receivers R  instead of the built-in loads (1 -> 4, 1 -> 20, 1 -> 100)\n"
        "  --packets P    of a frame, at most %d (default 2)\n"
        "  --bytes B      of a packet, %d-%d (default 1082)\n"
        "  --seconds S    how long to measure (default %d)\n"
        "  --batches N    as many, however long they take\n"
        "  --feedback     receivers report every 100 ms: with estimation and pacing\n"
        "  --cold         others use 64 MiB of memory between two frames\n"
        "  --recorder     with the room's flight recorder\n"
        "  --sockets      send by sfu/io to sockets that a thread drains, with the kernel's time\n"
        "  --json         one JSON object instead of a table\n"
        "  --callgrind    count instructions by source file (needs valgrind; it knows no\n"
        "                 AVX-512, so the crypto takes another way than it does outside)\n",
        ENGINE_BATCH, ENGINE_PACKETS_MAX, BYTES_MIN, BYTES_MAX, SECONDS_DEFAULT);
}

/* An option with a number. */
static int take_number(struct options *options, int id)
{
    struct engine_load *load = &options->load;

    switch (id) {
    case 'r':
        return bench_take_count(optarg, 1, ENGINE_RECEIVER_MAX, &load->receivers);
    case 'p':
        return bench_take_count(optarg, 1, ENGINE_PACKETS_MAX, &load->packets);
    case 'b':
        return bench_take_count(optarg, BYTES_MIN, BYTES_MAX, &load->bytes);
    case 's':
        return bench_take_number(optarg, SECONDS_MIN, SECONDS_MAX, &options->seconds);
    case 'n':
        return bench_take_count(optarg, 1, BATCHES_MAX, &options->batches);
    default:
        return -1;
    }
}

/* 0, or 1 + the exit code with which to end at once. */
static int parse_options(int argc, char **argv, struct options *options)
{
    static const struct option longs[] = {{"receivers", required_argument, NULL, 'r'},
                                          {"packets", required_argument, NULL, 'p'},
                                          {"bytes", required_argument, NULL, 'b'},
                                          {"seconds", required_argument, NULL, 's'},
                                          {"batches", required_argument, NULL, 'n'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"callgrind", no_argument, NULL, 'c'},
                                          {"sockets", no_argument, NULL, 'k'},
                                          {"recorder", no_argument, NULL, 'f'},
                                          {"no-recorder", no_argument, NULL, 'F'},
                                          {"feedback", no_argument, NULL, 'e'},
                                          {"cold", no_argument, NULL, 'o'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};

    for (int option; (option = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        if (option == 'k')
            options->load.has_sockets = true;
        else if (option == 'f')
            options->load.has_recorder = true;
        else if (option == 'F')
            options->load.has_recorder = false;
        else if (option == 'e')
            options->load.has_feedback = true;
        else if (option == 'o')
            options->load.is_cold = true;
        else if (option == 'j')
            options->is_json = true;
        else if (option == 'c')
            options->has_callgrind = true;
        else if (take_number(options, option))
            return print_usage(option == 'h' ? stdout : stderr), option == 'h' ? 1 : 3;
    }
    if (optind < argc || (options->load.has_sockets && options->load.has_feedback))
        return print_usage(stderr), 3;
    return 0;
}

static int open_bench(struct bench *bench, const struct options *options)
{
    static const unsigned receivers[LOADS_MAX] = {4, 20, 100};

    bench->count = options->load.receivers ? 1 : LOADS_MAX;
    for (unsigned i = 0; i < bench->count; i++) {
        struct engine_load load = options->load;

        if (!load.receivers)
            load.receivers = receivers[i];
        bench->subjects[i] = calloc(1, sizeof(struct subject));
        if (!bench->subjects[i] || engine_room_init(&bench->subjects[i]->room, &load) ||
            (load.has_feedback && engine_feedback_settle(&bench->subjects[i]->room)))
            return -1;
    }
    return 0;
}

static void close_bench(struct bench *bench)
{
    for (unsigned i = 0; i < bench->count; i++) {
        if (bench->subjects[i])
            engine_room_dispose(&bench->subjects[i]->room);
        free(bench->subjects[i]);
    }
}

/* Of one batch, without the clock's own cost. */
static double per_packet(const struct engine_room *room, uint64_t ns, double clock_ns)
{
    double frame_ns = (double)ns / room->frames - clock_ns;

    return frame_ns / (room->load.packets * room->load.receivers);
}

static int run_batch(struct subject *subject, double clock_ns)
{
    struct engine_room *room = &subject->room;
    struct engine_times times;
    unsigned i = subject->count;

    if (engine_room_fill(room))
        return -1;
    engine_room_run(room, &times);
    if (engine_room_check(room))
        return -1;
    subject->receive_ns[i] = per_packet(room, times.receive_ns, clock_ns);
    subject->take_ns[i] = per_packet(room, times.take_ns, clock_ns);
    subject->advance_ns[i] = per_packet(room, times.advance_ns, clock_ns);
    subject->report_ns[i] = per_packet(room, times.report_ns, clock_ns);
    subject->all_ns[i] = subject->receive_ns[i] + subject->take_ns[i] + subject->advance_ns[i] +
                         subject->report_ns[i];
    subject->count++;
    return 0;
}

static double wall_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int measure(struct bench *bench, const struct options *options)
{
    double end = wall_seconds() + options->seconds, clock_ns = bench_cpu_clock_ns();

    for (unsigned round = 0; round < BATCHES_MAX; round++) {
        if (options->batches ? round == options->batches : round > 1 && wall_seconds() >= end)
            break;
        for (unsigned i = 0; i < bench->count; i++)
            if (run_batch(bench->subjects[i], clock_ns))
                return -1;
    }
    return 0;
}

/* The clock's cost was taken off what does not happen, too. */
static double load_reports_ns(struct subject *subject)
{
    return subject->room.load.has_feedback ? bench_median(subject->report_ns, subject->count) : 0;
}

static void print_table(const struct bench *bench)
{
    const struct engine_room *any = &bench->subjects[0]->room;

    printf("Packet path %s, %s, %u packets of %u bytes a frame%s\n"
           "CPU ns per forwarded packet, medians of %u batches (quartiles)\n\n"
           "%-10s %8s %-14s %8s %8s %8s %8s %-14s\n",
           any->load.has_sockets ? "and sending" : "without sockets",
           core_engine_aead_name(any->engine), any->load.packets, any->load.bytes,
           engine_load_is_policed(&any->load) ? "" : ", above the contract: without the policer",
           bench->subjects[0]->count, "load", "receive", "",
           any->load.has_sockets ? "send" : "take", "advance", "reports", "all", "");
    for (unsigned i = 0; i < bench->count; i++) {
        struct subject *subject = bench->subjects[i];
        double median = bench_median(subject->receive_ns, subject->count);
        double all = bench_median(subject->all_ns, subject->count);
        char name[32], spread[32], all_spread[32];

        snprintf(name, sizeof(name), "1 -> %u", subject->room.load.receivers);
        snprintf(spread, sizeof(spread), "(%.0f-%.0f)", subject->receive_ns[subject->count / 4],
                 subject->receive_ns[subject->count * 3 / 4]);
        snprintf(all_spread, sizeof(all_spread), "(%.0f-%.0f)", subject->all_ns[subject->count / 4],
                 subject->all_ns[subject->count * 3 / 4]);
        printf("%-10s %8.0f %-14s %8.1f %8.1f %8.1f %8.0f %-14s\n", name, median, spread,
               bench_median(subject->take_ns, subject->count),
               bench_median(subject->advance_ns, subject->count), load_reports_ns(subject), all,
               all_spread);
    }
}

static void print_json(const struct bench *bench)
{
    printf("{\"bench\":\"engine\",\"results\":[");
    for (unsigned i = 0; i < bench->count; i++) {
        struct subject *subject = bench->subjects[i];
        const struct engine_load *load = &subject->room.load;

        printf("%s{\"receivers\":%u,\"packets\":%u,\"bytes\":%u,\"policed\":%s,\"batches\":%u,"
               "\"receive_ns\":%.1f,\"take_ns\":%.1f,\"advance_ns\":%.1f,\"report_ns\":%.1f,"
               "\"all_ns\":%.1f}",
               i ? "," : "", load->receivers, load->packets, load->bytes,
               engine_load_is_policed(load) ? "true" : "false", subject->count,
               bench_median(subject->receive_ns, subject->count),
               bench_median(subject->take_ns, subject->count),
               bench_median(subject->advance_ns, subject->count), load_reports_ns(subject),
               bench_median(subject->all_ns, subject->count));
    }
    puts("]}");
}

int bench_engine(int argc, char **argv)
{
    struct bench bench = {0};
    struct options options = {.load = {.packets = 2, .bytes = 1082}, .seconds = SECONDS_DEFAULT};
    int code = parse_options(argc, argv, &options);

    if (code)
        return code - 1;
    if (options.has_callgrind) {
        options.load.receivers = options.load.receivers ? options.load.receivers : 100;
        return engine_callgrind("/proc/self/exe", &options.load,
                                options.batches ? options.batches : CALLGRIND_BATCHES);
    }
    code = open_bench(&bench, &options) || measure(&bench, &options) ? 1 : 0;
    if (code == 0)
        (options.is_json ? print_json : print_table)(&bench);
    close_bench(&bench);
    return code;
}
