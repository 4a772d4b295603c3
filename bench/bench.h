/*
 * The frame of iris-bench: a subcommand is one function in a file of its own. It prints a table for
 * people, or one JSON object with --json, and checks what it measures: a wrong result is a failure,
 * not a fast one.
 */
#ifndef IRIS_BENCH_BENCH_H
#define IRIS_BENCH_BENCH_H

#include <stdint.h>

/**
 * A subcommand.
 *
 * @param argc, argv  its own arguments, argv[0] its name, so that getopt_long() works on them
 * @return            exit code: 0, 1 (what was measured is wrong or cannot run here), 2 (usage)
 */
typedef int (*bench_command_fn)(int argc, char **argv);

/** Cost of sealing and opening an SRTP packet, by profile and implementation. */
int bench_seal(int argc, char **argv);

/** Cost of the kernel, the crypto and a minimal forwarding loop on this machine. */
int bench_floor(int argc, char **argv);

/** Cost of the server's packet path without sockets. */
int bench_engine(int argc, char **argv);

/** The bandwidth estimator on simulated links. */
int bench_bwe(int argc, char **argv);

/** Simulated participants against a running server. */
int bench_bubbles(int argc, char **argv);

/** The same work by another server: CPU, memory, delay, and the floor. */
int bench_peer(int argc, char **argv);

/** How many participants the machine carries. */
int bench_capacity(int argc, char **argv);

/** Memory of the server for each participant, by slope. */
int bench_memory(int argc, char **argv);

/** Cost of a packet with few and with many participants. */
int bench_scale(int argc, char **argv);

/** Whether the server's verdicts name what is wrong. */
int bench_verdicts(int argc, char **argv);

/** CPU time that this thread has used, the kernel's part included [ns]. */
uint64_t bench_cpu_ns(void);

/** What a call of bench_cpu_ns() itself adds to an interval between two calls [ns]. */
double bench_cpu_clock_ns(void);

/**
 * Sort in place and give the middle value.
 *
 * @param count  at least 1; of an even number of values the upper of the two in the middle
 */
double bench_median(double *values, unsigned count);

#endif
