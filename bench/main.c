/* iris-bench: finds the subcommand; what subcommands share. */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
    const char *name, *about;
    bench_command_fn run;
} commands[] = {
    {"bubbles", "simulated participants in the rooms of a running server", bench_bubbles},
    {"seal", "CPU time of sealing and opening an SRTP packet", bench_seal},
    {"floor", "what kernel, crypto and a minimal forwarding loop cost on this machine",
     bench_floor},
    {"peer", "what another server (Janus) costs for the same work, and the floor of it",
     bench_peer},
    {"capacity", "how many participants this machine carries", bench_capacity},
    {"scale", "CPU time of a packet with 50 and with 500 participants", bench_scale},
    {"memory", "memory of the server for each participant", bench_memory},
    {"verdicts", "whether the server's verdicts name what is wrong", bench_verdicts},
    {"bwe", "the bandwidth estimator on simulated links", bench_bwe},
    {"engine", "CPU time of the server's packet path without sockets", bench_engine},
};

uint64_t bench_cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const double *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

double bench_median(double *values, unsigned count)
{
    qsort(values, count, sizeof(*values), compare);
    return values[count / 2];
}

double bench_cpu_clock_ns(void)
{
    double costs[101];

    for (unsigned i = 0; i < 101; i++) {
        uint64_t start_ns = bench_cpu_ns();

        costs[i] = (double)(bench_cpu_ns() - start_ns);
    }
    return bench_median(costs, 101);
}

static void print_usage(FILE *out)
{
    fputs("usage: iris-bench COMMAND [OPTIONS]\n\n", out);
    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].about);
    fputs("\nEach command explains its options with --help.\n", out);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        print_usage(stdout);
        return 0;
    }
    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(*commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    print_usage(stderr);
    return 2;
}
