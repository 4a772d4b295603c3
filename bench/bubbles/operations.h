/*
 * What a server's operations listener tells (docs/operations.md): a plain HTTP client that blocks,
 * for a few short requests on a local connection.
 */
#ifndef IRIS_BENCH_BUBBLES_OPERATIONS_H
#define IRIS_BENCH_BUBBLES_OPERATIONS_H

#include "bench/bubbles/options.h"
#include "sfu/io/statistics.h"

/**
 * GET a path; waits at most a second.
 *
 * @param url   host and port; no TLS
 * @param body  written on success: free() it
 * @return      0, or -1: not reached, or an answer other than 200
 */
int bubbles_http_get(const struct bubbles_url *url, const char *path, char **body);

/** What all workers did since the server started, together. @return 0, or -1: not to be had */
int bubbles_operations_read(const struct bubbles_url *url, struct io_statistics *statistics);

/** Read the text of GET /v1/workers. @return 0, or -1: it is none (nothing written) */
int bubbles_operations_parse(const char *text, struct io_statistics *statistics);

/** Of two readings, what happened between them: earlier is taken away from later. */
void bubbles_operations_subtract(struct io_statistics *later, const struct io_statistics *earlier);

#endif
