/* Numbers, or the end. */
#include "tests/sim/arguments.h"

#include <stdio.h>

#include "bench/number.h"

static void refuse(const char *text, uint64_t max)
{
    fprintf(stderr, "not a number up to %llu: %s\n", (unsigned long long)max, text);
    exit(2);
}

unsigned sim_arguments_count(const char *text, unsigned max)
{
    unsigned count = 0;
    if (bench_take_count(text, 0, max, &count))
        refuse(text, max);
    return count;
}

uint64_t sim_arguments_seed(const char *text)
{
    uint64_t seed = 0;
    if (bench_take_seed(text, &seed))
        refuse(text, UINT64_MAX);
    return seed;
}
