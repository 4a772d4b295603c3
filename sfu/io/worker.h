/*
 * A worker: one thread with a libuv loop, its UDP sockets and its engine. Control talks to it
 * through a queue of commands and hears of it through a queue of events, both of copied messages.
 */
#ifndef IRIS_IO_WORKER_H
#define IRIS_IO_WORKER_H

#include "sfu/core/engine.h"
#include "sfu/core/recorder.h"
#include "sfu/io/address.h"
#include "sfu/io/statistics.h"

struct io_worker;

struct io_worker_config {
    const struct transport_certificate *certificate; /* must outlive the worker */
    enum transport_aead_backend aead;
    bool is_unpoliced;                    /* see core_engine_config */
    const struct io_addresses *addresses; /* copied */
    uint16_t port_first, port_last;
    uint64_t seed;
    uint32_t recorder_bytes; /* see core_engine_config; 0: no flight recorders */
    int64_t recorder_us;
    uint64_t recorders_bytes;
    /* Called on the worker's thread when events wait; must only wake somebody (uv_async_send). */
    void (*on_events)(void *context);
    void *context;
};

/**
 * Bind the sockets and start the thread.
 *
 * @param error  written on failure: a sentence
 * @return       owned; NULL on failure
 */
struct io_worker *io_worker_start(const struct io_worker_config *config, char *error,
                                  size_t error_cap);

/** Stop the thread, close the sockets, free. NULL is harmless. */
void io_worker_stop(struct io_worker *worker);

/** The UDP port of every address of this worker. */
uint16_t io_worker_port(const struct io_worker *worker);

/** Name of the AEAD back end. Static text. */
const char *io_worker_aead_name(const struct io_worker *worker);

/** Queue a command; one producing thread. @return false when the queue is full */
bool io_worker_command(struct io_worker *worker, const struct core_command *command);

/** Take an event; one consuming thread. @return false when there is none */
bool io_worker_next_event(struct io_worker *worker, struct core_event *event);

/* What a room's flight recorder held. */
struct io_recording {
    uint64_t room;
    struct core_recorder *recorder; /* the taker's, core_recorder_destroy() */
};

/**
 * Ask for what a room's flight recorder holds, which begins anew; the thread that queues commands.
 *
 * @return  false: there are no recorders, too many requests wait, or memory is short
 */
bool io_worker_record(struct io_worker *worker, uint64_t room);

/**
 * Take an answer; on_events() tells. One consuming thread. Of a room that is gone the recorder is
 * empty.
 *
 * @return false when there is none
 */
bool io_worker_next_recording(struct io_worker *worker, struct io_recording *recording);

/**
 * Take a snapshot of what the sockets did; the worker makes one a second while anything happens,
 * and on_events() tells. One consuming thread.
 *
 * @return false when there is none
 */
bool io_worker_next_statistics(struct io_worker *worker, struct io_statistics *statistics);

/**
 * Take the newest statistics of one participant; the worker makes them once a second for each of
 * them, and on_events() tells. One consuming thread.
 *
 * @return false when there are none
 */
bool io_worker_next_participant(struct io_worker *worker, struct core_statistics *statistics);

#endif
