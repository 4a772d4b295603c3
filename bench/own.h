/*
 * Benchmarks that start a server of their own: the options that all of them have, and one
 * measurement against such a server.
 */
#ifndef IRIS_BENCH_OWN_H
#define IRIS_BENCH_OWN_H

#include <getopt.h>

#include "bench/step.h"

struct bench_own {
    struct bench_iris_options iris;
    bool is_check, is_quick, is_json;
};

/* For the table of getopt_long(); what is not read here is left to its caller: 'q' and 'h'. */
#define BENCH_OWN_LONG_OPTIONS                                                                     \
    {"iris", required_argument, NULL, 'I'}, {"set", required_argument, NULL, 'S'},                 \
        {"check", no_argument, NULL, 'c'}, {"json", no_argument, NULL, 'j'},                       \
    {                                                                                              \
        "help", no_argument, NULL, 'h'                                                             \
    }

/** Take one of --iris, --set, --check and --json. @return 0, or -1: another one, or wrong */
int bench_own_take(struct bench_own *own, int id, const char *value);

/**
 * The command line of benchmarks that need nothing else (and --quick).
 *
 * @param usage  the head of its help
 * @return       0, or 1 + the exit code with which to end at once (help or complaint printed)
 */
int bench_own_parse(struct bench_own *own, int argc, char **argv, const char *usage);

/**
 * Start a server, measure, stop it, and print a line about it to stderr.
 *
 * @param load    what is run; where the server is gets written
 * @param folder  for its files
 * @return        0, or -1: it cannot be set up (said on stderr), or was interrupted
 */
int bench_own_step(struct bench_step *step, const struct bench_own *own,
                   struct bubbles_options *load, const char *folder);

#endif
