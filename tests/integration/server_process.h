/*
 * The server under test: started on free ports as a process of its own, stopped by SIGTERM, its log
 * kept in a file of the build folder. One server a test program; it dies with the program, however
 * that ends.
 */
#ifndef IRIS_TESTS_SERVER_PROCESS_H
#define IRIS_TESTS_SERVER_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/** One more `--set key=value` of the next start; kept, so static text. At most 8. */
void server_process_set(const char *key_value);

/** The next start wants tokens signed with TOKEN_SECRET (token_writer.h). */
void server_process_want_tokens(void);

/**
 * Start the server and wait until GET /readyz answers 200 (cmocka's group set-up). The binary is
 * the build's own, or IRIS_BIN of the environment.
 *
 * @return  0, or -1 after printing why
 */
int server_process_start(void **state);

/**
 * Stop the server by SIGTERM (cmocka's group tear-down). It must exit with status 0, and no
 * sanitizer may have reported anything.
 *
 * @return  0, or -1 after printing why
 */
int server_process_stop(void **state);

/**
 * The exit status of a test program: prints the server's log if anything failed.
 *
 * @param failed  what cmocka_run_group_tests() returned
 */
int server_process_verdict(int failed);

/** TCP port of the public listener on 127.0.0.1. */
uint16_t server_process_public_port(void);

/** Likewise of the operations listener. */
uint16_t server_process_operations_port(void);

/** Send the server a signal; what it does with it is not waited for. */
void server_process_signal(int number);

/**
 * Wait for the server to end by itself; afterwards another may be started.
 *
 * @return  its exit status; -1: it still runs, was ended by a signal, or a sanitizer has reported
 */
int server_process_await_exit(unsigned timeout_ms);

/** How many lines of the log have all of these texts (NULL ends them). */
unsigned server_process_count_log(const char *first, ...) __attribute__((sentinel));

/** What `grep -F TEXT` finds in the log, as an operator would. @return to be freed; "": nothing */
char *server_process_grep(const char *text);

/** GET /readyz is answered by 200. */
bool server_process_is_ready(void);

/** The server still runs: a hostile test's first question. */
int server_process_is_alive(void);

#endif
