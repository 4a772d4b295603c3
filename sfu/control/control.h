/*
 * The control plane: rooms and sessions between the control channel (signalling) and the workers'
 * media planes. One thread, one libuv loop; it owns the workers and the server.
 */
#ifndef IRIS_CONTROL_CONTROL_H
#define IRIS_CONTROL_CONTROL_H

#include <uv.h>

#include "sfu/io/address.h"
#include "sfu/transport/aead.h"
#include "signalling/server.h"
#include "signalling/token.h"

struct control;

/* What /metrics has besides the numbers of the node: how many label sets there may be. */
enum control_metrics_detail {
    CONTROL_METRICS_NODE,
    CONTROL_METRICS_ROOM,        /* those of every room */
    CONTROL_METRICS_PARTICIPANT, /* and of every participant, its layers and slots */
};

struct control_config {
    struct signalling_server_config server;
    struct io_addresses addresses;
    uint16_t udp_port_first, udp_port_last;
    unsigned worker_count;
    enum transport_aead_backend aead;
    unsigned max_participants, room_max_participants; /* 0: no limit */
    const char *node_name, *version;                  /* outlive control */
    uint64_t network_bps; /* what the network interface carries, as far as is known; 0: not */
    enum control_metrics_detail metrics_detail;
    bool is_unpoliced; /* what is over the contract is forwarded all the same: for benchmarks */
    const char
        *recorder_folder;    /* of flight recorders' dumps; NULL: rooms have none. Outlives it */
    unsigned recorder_files; /* dumps that are kept there, of each kind */
    uint64_t recorder_folder_bytes; /* of all of them; 0: any */
    uint64_t recorders_bytes;       /* of all rooms, a worker's share each; 0: any */
    uint32_t recorder_bytes;        /* of one room */
    int64_t recorder_us;            /* how far back it is to reach */
    bool unique_identities;         /* of two with one `sub` in a room the older one leaves */
    uint64_t drain_deadline_ms;     /* of a drain that names none, and of control_drain_soon() */
    const char *drain_url; /* where clients are told to go, outlives control; NULL: nowhere */
    /* The drain is over and everyone gone: the loop should stop. */
    void (*on_drained)(void *context);
    void *on_drained_context;
    const struct signalling_token_key *token_key; /* NULL: everyone may join; outlives control */
    int log_level; /* the least that is written, as below; lines of others are not even counted */
    /* One event for the log: level (0 error - 3 debug), name, then pairs of key and text up to
     * NULL. */
    void (*log)(int level, const char *event, const char *const *pairs);
};

/**
 * Make the certificate, start the workers, bind the listeners.
 *
 * @param loop   runs afterwards; outlives control
 * @param error  written on failure: a sentence
 * @return       owned; NULL on failure
 */
struct control *control_start(uv_loop_t *loop, const struct control_config *config, char *error,
                              size_t error_cap);

/** Close every connection and worker; runs the loop as signalling_server_destroy() does. */
void control_stop(struct control *control);

/**
 * Judge tokens by another key from now on; who has joined stays.
 *
 * @param key  not NULL, so that nobody can open a server by losing its key file; outlives control,
 *             the one before may be destroyed
 */
void control_set_token_key(struct control *control, const struct signalling_token_key *key);

/** Read the TLS files of both listeners again, as signalling_server_reload_tls() does. */
int control_reload_tls(struct control *control, char *error, size_t error_cap);

/**
 * Take no joins any more, tell everyone, and at the deadline cut off who is left (1012) and call
 * on_drained(). Again: another deadline, of which everyone hears.
 *
 * @param deadline_ms  from now on
 */
void control_drain(struct control *control, uint64_t deadline_ms);

/** As control_drain() by the configured deadline, or by the one of a drain that runs if that is
 * sooner; and it is over as soon as nobody is left. */
void control_drain_soon(struct control *control);

/** A drain has begun. */
bool control_is_draining(const struct control *control);

/** The port of the public listener. */
uint16_t control_public_port(const struct control *control);

#endif
