/*
 * iris-bench floor: what the kernel, the crypto and a minimal forwarding loop cost on this machine.
 * The loop, run with a load's packet sizes and packets per send, is the physical limit that a
 * server is divided by.
 */
#include "bench/floor.h"

#include "bench/bench.h"
#include "bench/number.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define SECONDS_DEFAULT 30
#define SECONDS_MIN     0.001
#define SECONDS_MAX     60

struct options {
    double seconds;
    bool is_json;
    const char *histogram; /* NULL: the built-in loads */
};

static const char *const phase_names[FLOOR_PHASES] = {"receive", "crypto", "send", "rest"};

static void print_usage(FILE *out)
{
    fprintf(
        out,
        "usage: iris-bench floor [--histogram FILE] [--seconds S] [--json]\n\n"
        "CPU time of a packet on this machine, kernel included, medians over batches that take\n"
        "turns (quartiles in parentheses): sealing, sending and receiving in several ways, and\n"
        "a minimal forwarding loop under a load, the limit that no server gets below.\n\n"
        "  --histogram FILE  loads to run the loop with instead of the built-in ones\n"
        "  --seconds S       how long to measure (default %d, at most %d)\n"
        "  --json            one JSON object instead of tables\n\n"
        "A histogram is text, # begins a comment:\n\n"
        "  load NAME                 begins a load, at most %d of them\n"
        "  participants N            receivers there are: sockets and keys\n"
        "  receivers N               receivers of one received packet, e.g. 2.5\n"
        "  wake N                    datagrams that one wake-up finds (default 1)\n"
        "  send PACKETS BYTES COUNT  messages of 1-%d packets of BYTES of UDP payload each, of\n"
        "                            one frame to one receiver, and how many of them were sent\n\n"
        "Exit code: 0; 1 something arrived wrong or cannot be measured here; 2 usage.\n",
        SECONDS_DEFAULT, SECONDS_MAX, FLOOR_LOADS_MAX, FLOOR_SEGMENTS_MAX);
}

/* 0, or 1 + the exit code with which to end at once. */
static int parse_options(int argc, char **argv, struct options *options)
{
    static const struct option longs[] = {{"histogram", required_argument, NULL, 'i'},
                                          {"seconds", required_argument, NULL, 's'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};

    for (int option; (option = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        if (option == 'i')
            options->histogram = optarg;
        else if (option == 'j')
            options->is_json = true;
        else if (option != 's' ||
                 bench_take_number(optarg, SECONDS_MIN, SECONDS_MAX, &options->seconds))
            return print_usage(option == 'h' ? stdout : stderr), option == 'h' ? 1 : 3;
    }
    if (optind < argc)
        return print_usage(stderr), 3;
    return 0;
}

/* The first line of a file of /proc that begins with key, behind its colon. */
static void read_proc(const char *path, const char *key, char *out, size_t cap)
{
    char line[256];
    FILE *file = fopen(path, "r");

    snprintf(out, cap, "unknown");
    while (file && fgets(line, sizeof(line), file)) {
        char *value = strchr(line, ':');

        if (strncmp(line, key, strlen(key)) != 0 || (*key && !value))
            continue;
        value = *key ? value + 2 : line;
        value[strcspn(value, "\n\"\\")] = '\0';
        snprintf(out, cap, "%s", value);
        break;
    }
    if (file)
        fclose(file);
}

static void print_machine(bool is_json)
{
    char cpu[128], load[128];
    struct utsname system = {.release = "unknown"};
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    read_proc("/proc/cpuinfo", "model name", cpu, sizeof(cpu));
    read_proc("/proc/loadavg", "", load, sizeof(load));
    uname(&system);
    if (is_json)
        printf("\"machine\":{\"cpu\":\"%s\",\"cores\":%ld,\"kernel\":\"%s\",\"loadavg\":\"%s\"}",
               cpu, cores, system.release, load);
    else
        printf("%s, %ld cores, Linux %s, load average %s\n"
               "CPU ns a packet, medians (quartiles)\n\n",
               cpu, cores, system.release, load);
}

static unsigned best_column(const struct floor_section *forward, unsigned row)
{
    /* To sockets as any: what arrives through UDP_GRO is not what clients do. */
    return floor_cell_quartile(&forward->cells[row][FLOOR_COLUMN_SINGLE], 2) <
                   floor_cell_quartile(&forward->cells[row][FLOOR_COLUMN_SEGMENT], 2)
               ? FLOOR_COLUMN_SINGLE
               : FLOOR_COLUMN_SEGMENT;
}

static void print_split(const struct floor_section *forward, const struct floor_split *split)
{
    printf("%-24s %-12s %8s", "floor", "sent by", "ns");
    for (unsigned phase = 0; phase < FLOOR_PHASES; phase++)
        printf(" %8s", phase_names[phase]);
    for (unsigned row = 0; row < forward->row_count; row++) {
        unsigned column = best_column(forward, row);
        double ns = floor_cell_quartile(&forward->cells[row][column], 2);

        printf("\n%-24s %-12s %8.0f", forward->rows[row], forward->columns[column], ns);
        for (unsigned phase = 0; phase < FLOOR_PHASES; phase++)
            printf(" %8.0f", ns * split->share[row][column][phase]);
    }
    putchar('\n');
}

static void print_split_json(const struct floor_section *forward, const struct floor_split *split)
{
    printf("\"floor\":[");
    for (unsigned row = 0; row < forward->row_count; row++) {
        unsigned column = best_column(forward, row);
        double ns = floor_cell_quartile(&forward->cells[row][column], 2);

        printf("%s{\"load\":%u,\"column\":\"%s\",\"ns\":%.1f", row ? "," : "", row,
               forward->columns[column], ns);
        for (unsigned phase = 0; phase < FLOOR_PHASES; phase++)
            printf(",\"%s_ns\":%.1f", phase_names[phase], ns * split->share[row][column][phase]);
        putchar('}');
    }
    putchar(']');
}

enum { SEAL, SEND, RECEIVE, FORWARD, SECTIONS };

static void print_all(const struct floor_section *sections, const struct floor_split *split,
                      bool is_json)
{
    if (is_json)
        printf("{\"bench\":\"floor\",");
    print_machine(is_json);
    for (unsigned i = 0; i < SECTIONS; i++) {
        if (is_json)
            putchar(',');
        (is_json ? floor_section_print_json : floor_section_print)(&sections[i]);
    }
    if (!is_json) {
        print_split(&sections[FORWARD], split);
        return;
    }
    putchar(',');
    print_split_json(&sections[FORWARD], split);
    puts("}");
}

int bench_floor(int argc, char **argv)
{
    static struct floor_section sections[SECTIONS];
    static struct floor_load loads[FLOOR_LOADS_MAX];
    static struct floor_split split;
    struct options options = {.seconds = SECONDS_DEFAULT};
    char error[200];
    int code = parse_options(argc, argv, &options), load_count;

    if (code)
        return code - 1;
    load_count = options.histogram ? floor_load_read(loads, options.histogram, error, sizeof(error))
                                   : (int)floor_load_defaults(loads);
    if (load_count < 0) {
        fprintf(stderr, "iris-bench: %s\n", error);
        return 2;
    }
    if (floor_measure_seal(&sections[SEAL], 0.15 * options.seconds) ||
        floor_measure_send(&sections[SEND], 0.35 * options.seconds) ||
        floor_measure_receive(&sections[RECEIVE], 0.1 * options.seconds) ||
        floor_measure_forward(&sections[FORWARD], loads, (unsigned)load_count,
                              0.4 * options.seconds, &split))
        return 1;
    print_all(sections, &split, options.is_json);
    return 0;
}
