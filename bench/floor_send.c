/*
 * iris-bench floor: ways to send 1000-byte packets to 64 receivers on loopback, each to three
 * kinds of receivers (floor.h). Every datagram carries its receiver's number all over.
 */
#include "bench/bench.h"
#include "bench/floor.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVERS 64
#define BATCH     256
#define SINKS     4
#define REAPS_MAX 100000

#define DO   IP_PMTUDISC_DO
#define WANT IP_PMTUDISC_WANT
#define DONT IP_PMTUDISC_DONT

static const struct technique {
    const char *name;
    unsigned messages; /* a call; 1: sendto or sendmsg */
    unsigned segments; /* a message */
    int discovery;     /* IP_MTU_DISCOVER */
    bool is_connected, is_zerocopy, is_gathered;
} techniques[] = {
    {"sendto", 1, 1, DO, .is_connected = false},
    {"sendto, connected sockets", 1, 1, DO, .is_connected = true},
    {"sendmmsg 32", 32, 1, DO, .is_connected = false},
    {"sendmmsg 32, kernel's default PMTUDISC_WANT", 32, 1, WANT, .is_connected = false},
    {"sendmmsg 32, PMTUDISC_DONT (without DF)", 32, 1, DONT, .is_connected = false},
    {"sendmmsg 32 to one receiver, connected sockets", 32, 1, DO, .is_connected = true},
    {"sendmmsg 32, MSG_ZEROCOPY", 32, 1, DO, .is_zerocopy = true},
    {"UDP_SEGMENT 2", 1, 2, DO, .is_connected = false},
    {"UDP_SEGMENT 4", 1, 4, DO, .is_connected = false},
    {"UDP_SEGMENT 8", 1, 8, DO, .is_connected = false},
    {"UDP_SEGMENT 16", 1, 16, DO, .is_connected = false},
    {"UDP_SEGMENT 16, MSG_ZEROCOPY", 1, 16, DO, .is_zerocopy = true},
    {"UDP_SEGMENT 4, connected sockets", 1, 4, DO, .is_connected = true},
    {"sendmmsg 16 x UDP_SEGMENT 2", 16, 2, DO, .is_connected = false},
    {"sendmmsg 16 x UDP_SEGMENT 4", 16, 4, DO, .is_connected = false},
    {"sendmmsg 16 x UDP_SEGMENT 8", 16, 8, DO, .is_connected = false},
    {"sendmmsg 16 x UDP_SEGMENT 8, an iovec a packet", 16, 8, DO, .is_gathered = true},
    {"sendmmsg 16 x UDP_SEGMENT 16", 16, 16, DO, .is_connected = false},
};

#define TECHNIQUES (sizeof(techniques) / sizeof(*techniques))

union control {
    char bytes[CMSG_SPACE(sizeof(uint16_t))];
    struct cmsghdr align;
};

struct bench {
    struct floor_sink *sinks[SINKS];
    int plain;                       /* the unconnected socket */
    int connected[SINKS][RECEIVERS]; /* one a receiver */
    uint8_t data[RECEIVERS][FLOOR_SEGMENTS_MAX * FLOOR_PACKET_BYTES];
    struct mmsghdr messages[BATCH];
    struct iovec vectors[BATCH];
    union control controls[BATCH];
    uint64_t zerocopy_sent, zerocopy_done;
};

/* The first packet of the receiver's data is what every one of them must look like. */
static bool is_as_sent(void *context, unsigned socket, uint8_t *data, size_t len)
{
    const struct bench *bench = context;

    return len == FLOOR_PACKET_BYTES && memcmp(data, bench->data[socket], len) == 0;
}

static int open_all(struct bench *bench)
{
    static const enum floor_sink_kind kinds[SINKS] = {FLOOR_SINK_LATER, FLOOR_SINK_MEANWHILE,
                                                      FLOOR_SINK_GRO, FLOOR_SINK_FULL};
    struct sockaddr_in own;

    for (unsigned i = 0; i < RECEIVERS; i++)
        for (unsigned b = 0; b < sizeof(bench->data[i]); b++)
            bench->data[i][b] = (uint8_t)(i + b % FLOOR_PACKET_BYTES);
    bench->plain = floor_socket(&own, 1 << 16);
    for (unsigned s = 0; s < SINKS; s++) {
        bench->sinks[s] = floor_sink_create(kinds[s], RECEIVERS, is_as_sent, bench);
        for (unsigned i = 0; bench->sinks[s] && i < RECEIVERS; i++) {
            const struct sockaddr_in *to = floor_sink_address(bench->sinks[s], i);

            bench->connected[s][i] = floor_socket(&own, 1 << 16);
            if (connect(bench->connected[s][i], (const struct sockaddr *)to, sizeof(*to)))
                return -1;
        }
        if (!bench->sinks[s])
            return -1;
    }
    return bench->plain < 0 ? -1 : 0;
}

static void close_all(struct bench *bench)
{
    for (unsigned s = 0; s < SINKS; s++) {
        floor_sink_destroy(bench->sinks[s]);
        for (unsigned i = 0; i < RECEIVERS; i++)
            if (bench->connected[s][i] > 0)
                close(bench->connected[s][i]);
    }
    close(bench->plain);
}

static void set_segment(struct msghdr *header, union control *control)
{
    uint16_t bytes = FLOOR_PACKET_BYTES;
    struct cmsghdr *c = &control->align;

    header->msg_control = control->bytes;
    header->msg_controllen = sizeof(control->bytes);
    c->cmsg_level = SOL_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof(bytes));
    memcpy(CMSG_DATA(c), &bytes, sizeof(bytes));
}

/* Which receiver a message goes to: each in turn, or, with connected sockets, each call to one. */
static unsigned receiver_of(const struct technique *technique, unsigned message)
{
    return (technique->is_connected ? message / technique->messages : message) % RECEIVERS;
}

/* The messages of a batch; only sending them is timed. @return their number */
static unsigned prepare(struct bench *bench, const struct technique *technique, unsigned sink)
{
    unsigned count = BATCH / technique->segments, vector = 0;

    for (unsigned i = 0; i < count; i++) {
        struct msghdr *header = &bench->messages[i].msg_hdr;
        unsigned receiver = receiver_of(technique, i);
        unsigned pieces = technique->is_gathered ? technique->segments : 1;
        size_t piece = technique->segments / pieces * FLOOR_PACKET_BYTES;

        memset(header, 0, sizeof(*header));
        header->msg_iov = &bench->vectors[vector];
        header->msg_iovlen = pieces;
        for (unsigned p = 0; p < pieces; p++)
            bench->vectors[vector++] = (struct iovec){bench->data[receiver] + p * piece, piece};
        if (!technique->is_connected) {
            header->msg_name = (void *)floor_sink_address(bench->sinks[sink], receiver);
            header->msg_namelen = sizeof(struct sockaddr_in);
        }
        if (technique->segments > 1)
            set_segment(header, &bench->controls[i]);
    }
    return count;
}

/* Take the kernel's word that it is done with buffers (MSG_ZEROCOPY); part of the price. */
static int reap(struct bench *bench)
{
    char control[128];

    for (unsigned i = 0; i < REAPS_MAX && bench->zerocopy_done < bench->zerocopy_sent; i++) {
        struct msghdr header = {.msg_control = control, .msg_controllen = sizeof(control)};
        struct sock_extended_err error;

        if (recvmsg(bench->plain, &header, MSG_ERRQUEUE) < 0)
            continue;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
            memcpy(&error, CMSG_DATA(c), sizeof(error));
            if (error.ee_origin == SO_EE_ORIGIN_ZEROCOPY)
                bench->zerocopy_done += error.ee_data - error.ee_info + 1u;
        }
    }
    return bench->zerocopy_done == bench->zerocopy_sent ? 0 : -1;
}

/* @return messages sent, or -1 */
static int send_call(const struct technique *technique, int fd, struct mmsghdr *messages,
                     unsigned count)
{
    struct msghdr *header = &messages->msg_hdr;
    int flags = technique->is_zerocopy ? MSG_ZEROCOPY : 0;

    if (technique->messages > 1)
        return sendmmsg(fd, messages, count, flags);
    if (technique->segments > 1)
        return sendmsg(fd, header, flags) < 0 ? -1 : 1;
    return sendto(fd, header->msg_iov->iov_base, header->msg_iov->iov_len, flags, header->msg_name,
                  header->msg_namelen) < 0
               ? -1
               : 1;
}

/* A batch. @return messages sent; if not all, errno says why the kernel does not do it */
static unsigned send_all(struct bench *bench, const struct technique *technique, unsigned sink,
                         unsigned count)
{
    unsigned done = 0;

    while (done < count) {
        unsigned n = count - done < technique->messages ? count - done : technique->messages;
        int fd = technique->is_connected ? bench->connected[sink][receiver_of(technique, done)]
                                         : bench->plain;
        int sent = send_call(technique, fd, bench->messages + done, n);

        if (sent > 0)
            done += (unsigned)sent;
        bench->zerocopy_sent += technique->is_zerocopy && sent > 0 ? (unsigned)sent : 0;
        if (sent != (int)n || (technique->is_zerocopy && reap(bench)))
            break;
    }
    return done;
}

static void set_options(struct bench *bench, const struct technique *technique, unsigned sink)
{
    int zerocopy = technique->is_zerocopy;

    setsockopt(bench->plain, IPPROTO_IP, IP_MTU_DISCOVER, &technique->discovery, sizeof(int));
    setsockopt(bench->plain, SOL_SOCKET, SO_ZEROCOPY, &zerocopy, sizeof(zerocopy));
    for (unsigned i = 0; technique->is_connected && i < RECEIVERS; i++)
        setsockopt(bench->connected[sink][i], IPPROTO_IP, IP_MTU_DISCOVER, &technique->discovery,
                   sizeof(int));
}

static int run_batch(void *context, unsigned row, unsigned column, double *ns)
{
    struct bench *bench = context;
    const struct technique *technique = &techniques[row];
    unsigned count = prepare(bench, technique, column);
    uint64_t start_ns;
    unsigned sent;

    set_options(bench, technique, column);
    floor_sink_begin(bench->sinks[column]);
    start_ns = bench_cpu_ns();
    sent = send_all(bench, technique, column, count);
    *ns = (double)(bench_cpu_ns() - start_ns) / BATCH;
    if (sent < count && technique->segments == 1 && !technique->is_zerocopy) {
        perror("iris-bench: send");
        return -1;
    }
    if (floor_sink_settle(bench->sinks[column], (uint64_t)sent * technique->segments))
        return -1;
    return sent < count ? FLOOR_ABSENT : 0;
}

int floor_measure_send(struct floor_section *section, double seconds)
{
    static struct bench bench;
    int result = open_all(&bench);

    section->key = "send";
    section->title = "Sending a 1000-byte packet to 64 receivers on loopback";
    section->column_count = SINKS;
    section->columns[0] = "read later";
    section->columns[1] = "read meanwhile";
    section->columns[2] = "later, by UDP_GRO";
    section->columns[3] = "full, never read";
    section->row_count = TECHNIQUES;
    for (unsigned i = 0; i < TECHNIQUES; i++)
        snprintf(section->rows[i], sizeof(section->rows[i]), "%s", techniques[i].name);
    if (!result)
        result = floor_section_run(section, seconds, run_batch, &bench);
    close_all(&bench);
    return result;
}
