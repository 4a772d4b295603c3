/*
 * Servers that a benchmark starts for itself, and the folder they write to. Whatever ends the
 * benchmark - an error, Ctrl-C, a crash - ends its servers and removes the folder: the work is done
 * in a child process whose parent only waits and cleans up.
 */
#ifndef IRIS_BENCH_SERVER_H
#define IRIS_BENCH_SERVER_H

#include <sys/types.h>

#include "bench/bubbles/options.h"

#define BENCH_PATH_BYTES  512
#define BENCH_SERVER_SETS 16 /* --set options */

/**
 * Run something in a child process with a new folder in the temporary one.
 *
 * @param work  its result is the child's exit code
 * @return      that exit code, or 1; 130: ended by Ctrl-C or the like. The folder is removed, and
 * what the child started by bench_server_start() has ended
 */
int bench_supervise(int (*work)(void *context, const char *folder), void *context);

/* A server under test. */
struct bench_server {
    pid_t pid;                          /* 0: not running */
    struct bubbles_url url, operations; /* of its control channel, and its other listener */
    char log[BENCH_PATH_BYTES];
};

/**
 * Start a program; it ends with this process at the latest. What it prints goes to server->log.
 *
 * @param argv  NULL-terminated; argv[0] is searched in PATH
 * @return      0, or -1 (said on stderr); pid and log are written
 */
int bench_server_start(struct bench_server *server, char *const *argv, const char *folder);

/** Ask it to end, wait, and insist after a few seconds. Harmless if it is not running. */
void bench_server_stop(struct bench_server *server);

/** Wait until a TCP port accepts. @return 0, or -1: the server has ended, or takes too long */
int bench_server_await(const struct bench_server *server, const struct bubbles_url *url);

/** Print the end of its log to stderr. */
void bench_server_print_log(const struct bench_server *server);

/* How Iris is started. */
struct bench_iris_options {
    const char *program;  /* NULL: the one that was built with this iris-bench */
    const char *announce; /* address of the media */
    unsigned workers;
    unsigned set_count;
    const char *sets[BENCH_SERVER_SETS]; /* more "key=value" */
};

/** One more "key=value". @return 0, or -1: it is none, or there are too many */
int bench_iris_add_set(struct bench_iris_options *options, const char *set);

/**
 * Start Iris on free ports of loopback and wait until it is ready.
 *
 * @return 0, or -1 (said on stderr)
 */
int bench_iris_start(struct bench_server *server, const struct bench_iris_options *options,
                     const char *folder);

#endif
