/*
 * The sockets of the simulated participants. A server tells participants apart by address and port:
 * on loopback a few sockets serve all of them, each participant having a 127.1.x.y of its own
 * (IP_PKTINFO says from which to send, and which one was addressed); elsewhere everyone has a
 * socket.
 *
 * Datagrams to send are gathered and go out together (sendmmsg, UDP_SEGMENT for equal sizes); those
 * received come in batches (recvmmsg, UDP_GRO), when they are asked for: what comes wakes nobody,
 * as it would wake nobody on the server's machine if clients were elsewhere. A reader that is woken
 * by each message pushes the server off its core in the middle of sending, and its state out of the
 * cache. Not thread-safe.
 */
#ifndef IRIS_BENCH_BUBBLES_NET_H
#define IRIS_BENCH_BUBBLES_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define BUBBLES_DATAGRAM_BYTES 1500

struct bubbles_net;
struct bubbles_path; /* one participant's way to the server; owned by the net */

struct bubbles_net_counters {
    uint64_t sent, received; /* datagrams, those in one UDP_SEGMENT or GRO packet counted singly */
    uint64_t send_calls, send_errors, receive_calls;
    uint64_t overflowed; /* dropped by the kernel because we read too slowly */
    uint64_t strangers;  /* to an address that nobody has (any more) */
};

/**
 * Take a datagram.
 *
 * @param owner       of the path
 * @param data        len bytes that may be changed, valid during the call
 * @param arrival_us  when the kernel received it, on the scale of bubbles_now_us() [us]
 */
typedef void (*bubbles_receive_fn)(void *owner, uint8_t *data, size_t len, int64_t arrival_us);

/** @return owned; NULL: no memory, or the system refuses */
struct bubbles_net *bubbles_net_create(bool has_gro, bubbles_receive_fn receive);

/** Close the sockets. NULL is harmless. */
void bubbles_net_destroy(struct bubbles_net *net);

/** Take what has come, and send what is said to it. To be called once a tick. */
void bubbles_net_receive(struct bubbles_net *net);

/**
 * A new way to a server.
 *
 * @param owner  given to receive
 * @return       NULL when the system refuses (errno)
 */
struct bubbles_path *bubbles_net_open_path(struct bubbles_net *net, const struct sockaddr *server,
                                           socklen_t server_len, void *owner);

/** The server at its end. */
const struct sockaddr_storage *bubbles_path_server(const struct bubbles_path *path);

/** Nothing is sent or received through it any more. NULL is harmless. */
void bubbles_net_close_path(struct bubbles_net *net, struct bubbles_path *path);

/** Room for the next datagram: BUBBLES_DATAGRAM_BYTES, the net's until bubbles_net_commit(). */
uint8_t *bubbles_net_reserve(struct bubbles_net *net);

/** The reserved room has len bytes to be sent this way, at the latest at the next flush. */
void bubbles_net_commit(struct bubbles_net *net, struct bubbles_path *path, size_t len);

/** Reserve, copy and commit. */
void bubbles_net_send(struct bubbles_net *net, struct bubbles_path *path, const uint8_t *data,
                      size_t len);

/** Send what is waiting. */
void bubbles_net_flush(struct bubbles_net *net);

const struct bubbles_net_counters *bubbles_net_counters(const struct bubbles_net *net);

#endif
