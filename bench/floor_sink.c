/*
 * iris-bench floor: sockets on loopback and the thread that drains them. Its time is not counted,
 * but if it runs beside the sender it costs the sender a lot: it has to be woken, and memory that
 * one core frees is another's again. How much of that happens depends on what else the cores do, so
 * the thread is held back during a batch, but for one kind of sink.
 */
#include "bench/floor.h"

#include <errno.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH           16
#define GRO_BATCH       4
#define GRO_BYTES       65535
#define DATAGRAM_BYTES  2048
#define BUFFER_BYTES    (8 << 20)
#define FULL_BYTES      8192
#define PATIENCE_ROUNDS 100000 /* of 50 us: five seconds without the last datagram */
#define POLL_MS         20

static const struct timespec pause_time = {.tv_nsec = 50000};

struct floor_sink {
    enum floor_sink_kind kind;
    unsigned count;
    int *fds;                      /* owned */
    struct sockaddr_in *addresses; /* owned */
    floor_check_fn check;
    void *context;
    int epoll;
    bool has_thread;
    pthread_t thread;
    atomic_bool is_stopping, is_held;
    atomic_uint_fast64_t received, wrong;
    uint64_t expected;
    uint8_t *room; /* owned by the thread's work: where datagrams are received */
};

int floor_socket(struct sockaddr_in *address, int receive_bytes)
{
    socklen_t len = sizeof(*address);
    int send_bytes = BUFFER_BYTES, fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    memset(address, 0, sizeof(*address));
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)address, sizeof(*address)) ||
        getsockname(fd, (struct sockaddr *)address, &len)) {
        perror("iris-bench: socket");
        if (fd >= 0)
            close(fd);
        return -1;
    }
    /* More than rmem_max takes privileges; without them the settling between batches suffices. */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_bytes, sizeof(receive_bytes)))
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof(send_bytes));
    return fd;
}

static void count(struct floor_sink *sink, unsigned socket, uint8_t *data, size_t len)
{
    /* Other programs may still be sending to a port that was theirs: what is not as sent is not
     * counted, and so what we sent and was spoilt will be missed. */
    if (sink->check(sink->context, socket, data, len))
        atomic_fetch_add(&sink->received, 1);
    else
        atomic_fetch_add(&sink->wrong, 1);
}

static size_t segment_bytes(struct msghdr *header, size_t len)
{
    uint16_t bytes;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
            memcpy(&bytes, CMSG_DATA(c), sizeof(bytes));
            return bytes;
        }
    }
    return len;
}

/* Everything that waits on one socket. */
static void drain(struct floor_sink *sink, unsigned socket)
{
    bool has_gro = sink->kind == FLOOR_SINK_GRO;
    unsigned batch = has_gro ? GRO_BATCH : BATCH;
    size_t room = has_gro ? GRO_BYTES : DATAGRAM_BYTES;
    struct mmsghdr messages[BATCH];
    struct iovec vectors[BATCH];
    char controls[GRO_BATCH][CMSG_SPACE(sizeof(int))];
    int got;

    do {
        memset(messages, 0, sizeof(messages));
        for (unsigned i = 0; i < batch; i++) {
            vectors[i] = (struct iovec){sink->room + i * room, room};
            messages[i].msg_hdr.msg_iov = &vectors[i];
            messages[i].msg_hdr.msg_iovlen = 1;
            if (has_gro) {
                messages[i].msg_hdr.msg_control = controls[i];
                messages[i].msg_hdr.msg_controllen = sizeof(controls[i]);
            }
        }
        got = recvmmsg(sink->fds[socket], messages, batch, 0, NULL);
        for (int i = 0; i < got; i++) {
            size_t len = messages[i].msg_len, segment = segment_bytes(&messages[i].msg_hdr, len);

            for (size_t at = 0; at < len; at += segment)
                count(sink, socket, (uint8_t *)vectors[i].iov_base + at,
                      len - at < segment ? len - at : segment);
        }
    } while (got == (int)batch);
}

static void *run(void *argument)
{
    struct floor_sink *sink = argument;
    struct epoll_event events[64];

    while (!atomic_load(&sink->is_stopping)) {
        int ready = epoll_wait(sink->epoll, events, 64, POLL_MS);

        while (atomic_load(&sink->is_held))
            nanosleep(&pause_time, NULL);
        for (int i = 0; i < ready; i++)
            drain(sink, events[i].data.u32);
    }
    return NULL;
}

/* Send to a socket that nobody reads until it takes no more. */
static int fill_up(struct floor_sink *sink, unsigned socket)
{
    static const uint8_t data[FLOOR_PACKET_BYTES];

    for (unsigned i = 0; i < 2 * FULL_BYTES / sizeof(data) + 2; i++)
        if (sendto(sink->fds[0], data, sizeof(data), 0,
                   (const struct sockaddr *)&sink->addresses[socket],
                   sizeof(sink->addresses[socket])) < 0)
            return -1;
    return 0;
}

static int open_sockets(struct floor_sink *sink)
{
    int on = 1, bytes = sink->kind == FLOOR_SINK_FULL ? FULL_BYTES : BUFFER_BYTES;

    for (unsigned i = 0; i < sink->count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};

        sink->fds[i] = floor_socket(&sink->addresses[i], bytes);
        if (sink->fds[i] < 0)
            return -1;
        if (sink->kind == FLOOR_SINK_GRO)
            setsockopt(sink->fds[i], SOL_UDP, UDP_GRO, &on, sizeof(on));
        if (sink->kind == FLOOR_SINK_FULL
                ? fill_up(sink, i)
                : epoll_ctl(sink->epoll, EPOLL_CTL_ADD, sink->fds[i], &event)) {
            perror("iris-bench: sink");
            return -1;
        }
    }
    return 0;
}

struct floor_sink *floor_sink_create(enum floor_sink_kind kind, unsigned sockets,
                                     floor_check_fn check, void *context)
{
    struct floor_sink *sink = calloc(1, sizeof(*sink));

    if (!sink)
        return NULL;
    sink->kind = kind;
    sink->check = check;
    sink->context = context;
    sink->epoll = epoll_create1(0);
    sink->fds = malloc(sockets * sizeof(*sink->fds));
    sink->addresses = calloc(sockets, sizeof(*sink->addresses));
    sink->room = malloc((size_t)GRO_BATCH * GRO_BYTES);
    if (sink->fds && sink->addresses && sink->room && sink->epoll >= 0) {
        memset(sink->fds, -1, sockets * sizeof(*sink->fds));
        sink->count = sockets;
        sink->has_thread = !open_sockets(sink) && (kind == FLOOR_SINK_FULL ||
                                                   !pthread_create(&sink->thread, NULL, run, sink));
    }
    if (sink->has_thread) {
        sink->has_thread = kind != FLOOR_SINK_FULL;
        return sink;
    }
    fputs("iris-bench: the receivers' sockets cannot be made here\n", stderr);
    floor_sink_destroy(sink);
    return NULL;
}

void floor_sink_destroy(struct floor_sink *sink)
{
    if (!sink)
        return;
    atomic_store(&sink->is_stopping, true);
    atomic_store(&sink->is_held, false);
    if (sink->has_thread)
        pthread_join(sink->thread, NULL);
    for (unsigned i = 0; i < sink->count; i++)
        if (sink->fds[i] >= 0)
            close(sink->fds[i]);
    if (sink->epoll >= 0)
        close(sink->epoll);
    free(sink->fds);
    free(sink->addresses);
    free(sink->room);
    free(sink);
}

const struct sockaddr_in *floor_sink_address(const struct floor_sink *sink, unsigned socket)
{
    return &sink->addresses[socket];
}

void floor_sink_begin(struct floor_sink *sink)
{
    atomic_store(&sink->is_held, sink->kind != FLOOR_SINK_MEANWHILE);
}

int floor_sink_settle(struct floor_sink *sink, uint64_t datagrams)
{
    uint64_t received = 0;

    atomic_store(&sink->is_held, false);
    if (sink->kind == FLOOR_SINK_FULL)
        return 0;
    sink->expected += datagrams;
    for (unsigned i = 0; i < PATIENCE_ROUNDS; i++) {
        received = atomic_load(&sink->received);
        if (received >= sink->expected)
            break;
        nanosleep(&pause_time, NULL);
    }
    if (received == sink->expected)
        return 0;
    fprintf(stderr, "iris-bench: of %llu datagrams %llu arrived, %llu others were not as sent\n",
            (unsigned long long)sink->expected, (unsigned long long)received,
            (unsigned long long)atomic_load(&sink->wrong));
    return -1;
}
