/* The command line of iris-link. */
#ifndef IRIS_BENCH_EMULATOR_OPTIONS_H
#define IRIS_BENCH_EMULATOR_OPTIONS_H

#include <netinet/in.h>

#include "bench/link/script.h"

struct options {
    struct link_script script;
    struct in_addr address;
    const char *json_file; /* NULL: none, "-": stdout */
    uint64_t seed;
    bool is_quiet;
    char **command; /* ends with NULL; of argv */
};

/**
 * @return -1: go on; else the exit code, and everything is said
 */
int options_parse(struct options *options, int argc, char **argv);

#endif
