/*
 * The minimal forwarding loop: what remains of a server when everything but the work that no server
 * can avoid is left out. It shares crypto and kernel options with sfu/, and nothing of sfu/core.
 */
#ifndef IRIS_BENCH_FLOOR_FORWARD_H
#define IRIS_BENCH_FLOOR_FORWARD_H

#include "bench/floor.h"
#include "sfu/transport/srtp.h"

#include <sys/socket.h>

#define FLOOR_DATAGRAM_BYTES    1536
#define FLOOR_WAKE_MAX          512
#define FLOOR_SOURCE_HEADER     12
#define FLOOR_OUT_HEADER        24 /* fixed header, CSRC, extension with the transport-wide number */
#define FLOOR_FORWARD_RECEIVERS 1000
#define FLOOR_FORWARD_MESSAGES  32

/* Time of a phase, by a clock that costs no system call; only counted while is_on. */
struct floor_stopwatch {
    bool is_on;
    uint64_t last_ns, ns[FLOOR_PHASES];
};

struct floor_receiver {
    struct transport_srtp_sender *sender; /* owned by the bench */
    uint64_t index;                       /* of the next packet */
    struct sockaddr_in address;
};

struct floor_received {
    uint8_t *data;
    int len; /* after opening: in clear */
};

struct floor_loop {
    int fd, epoll; /* not owned */
    bool may_segment;
    struct transport_srtp_receiver *source; /* not owned */
    struct floor_receiver *receivers;       /* not owned */
    unsigned receiver_count, next_receiver;
    double fan_out, owed; /* receivers of a frame, in the mean; the part of one not served yet */
    struct floor_stopwatch watch;
    uint64_t forwarded, send_errors, open_errors;
    struct mmsghdr in[FLOOR_WAKE_MAX], out[FLOOR_FORWARD_MESSAGES];
    struct iovec in_vectors[FLOOR_WAKE_MAX], out_vectors[FLOOR_FORWARD_MESSAGES];
    struct sockaddr_in in_names[FLOOR_WAKE_MAX];
    union {
        char bytes[CMSG_SPACE(sizeof(uint16_t))];
        struct cmsghdr align;
    } controls[FLOOR_FORWARD_MESSAGES];
    unsigned out_count;
    struct floor_received received[FLOOR_WAKE_MAX];
    uint8_t in_data[FLOOR_WAKE_MAX][FLOOR_DATAGRAM_BYTES];
    uint8_t out_data[FLOOR_FORWARD_MESSAGES][FLOOR_SEGMENTS_MAX * FLOOR_DATAGRAM_BYTES];
};

/** From zero, from now. */
void floor_stopwatch_start(struct floor_stopwatch *watch, bool is_on);

/**
 * One wake-up: wait, receive count datagrams, open each once; each frame (packets of one size up to
 * the marker) goes to the next fan_out receivers, one message each if may_segment.
 *
 * @return  0, or negative when the datagrams are not there
 */
int floor_loop_wake(struct floor_loop *loop, unsigned count);

#endif
