/* What the kernel says about the server's process (/proc): CPU time, memory, threads. */
#ifndef IRIS_BENCH_BUBBLES_SERVER_PROCESS_H
#define IRIS_BENCH_BUBBLES_SERVER_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

struct bubbles_usage {
    double user_s, system_s; /* CPU time since the process began, in ticks of 10 ms or so */
    double cpu_s; /* of both, of the threads that live, to the microsecond where the kernel tells */
    double waited_s; /* its threads were ready and had no CPU, their sum; 0: the kernel does not
                        tell */
    uint64_t rss_bytes;
    unsigned threads;
};

/** @param pid  0: this process. @return 0, or -1: there is no such process */
int bubbles_usage_read(pid_t pid, struct bubbles_usage *usage);

#endif
