/*
 * iris-bench floor: ways to receive 1000-byte packets on loopback. The measuring thread itself has
 * put them into the socket before the clock starts, so that only the receiving call is counted:
 * softirq and worker on one core, as floor.md wants them.
 */
#include "bench/bench.h"
#include "bench/floor.h"

#include <netinet/udp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH         256
#define MESSAGES      32
#define ROOM_BYTES    (FLOOR_SEGMENTS_MAX * FLOOR_PACKET_BYTES)
#define RECEIVE_BYTES (8 << 20)
#define CONTROL_BYTES 64
#define TECHNIQUES    (sizeof(techniques) / sizeof(*techniques))

static const struct technique {
    const char *name;
    unsigned messages; /* a call, 0: recvfrom */
    unsigned waiting;  /* datagrams that an epoll_wait finds; 0: no epoll_wait */
    unsigned segments; /* that were sent as one, and with UDP_GRO come as one */
} techniques[] = {
    {"recvfrom", 0, 0, 1},
    {"recvmmsg 32", 32, 0, 1},
    {"recvmmsg 32, UDP_GRO, sent singly", 32, 0, 1},
    {"recvmmsg 32, UDP_GRO of 4", 32, 0, 4},
    {"recvmmsg 32, UDP_GRO of 16", 32, 0, 16},
    {"epoll_wait and recvmmsg, 1 waiting", 1, 1, 1},
    {"epoll_wait and recvmmsg, 2 waiting", 2, 2, 1},
    {"epoll_wait and recvmmsg, 8 waiting", 8, 8, 1},
};

struct bench {
    int sender, receiver, epoll;
    struct sockaddr_in address;
    uint8_t data[ROOM_BYTES];
    uint8_t room[MESSAGES][ROOM_BYTES];
    char controls[MESSAGES][CONTROL_BYTES];
    struct mmsghdr messages[MESSAGES];
    struct iovec vectors[MESSAGES];
    struct sockaddr_in names[MESSAGES];
    unsigned received;
    bool is_wrong;
};

static bool is_gro(const struct technique *technique)
{
    return strstr(technique->name, "UDP_GRO") != NULL;
}

static int open_all(struct bench *bench)
{
    struct sockaddr_in own;
    struct epoll_event event = {.events = EPOLLIN};

    for (unsigned i = 0; i < ROOM_BYTES; i++)
        bench->data[i] = (uint8_t)(i % FLOOR_PACKET_BYTES * 7);
    bench->sender = floor_socket(&own, 1 << 16);
    bench->receiver = floor_socket(&bench->address, RECEIVE_BYTES);
    bench->epoll = epoll_create1(0);
    return bench->sender < 0 || bench->receiver < 0 || bench->epoll < 0 ||
                   epoll_ctl(bench->epoll, EPOLL_CTL_ADD, bench->receiver, &event)
               ? -1
               : 0;
}

/* Put a batch into the socket. */
static int feed(struct bench *bench, unsigned segments)
{
    int bytes = segments > 1 ? FLOOR_PACKET_BYTES : 0;

    if (setsockopt(bench->sender, SOL_UDP, UDP_SEGMENT, &bytes, sizeof(bytes)) && segments > 1)
        return FLOOR_ABSENT;
    for (unsigned i = 0; i < BATCH; i += segments)
        if (sendto(bench->sender, bench->data, (size_t)segments * FLOOR_PACKET_BYTES, 0,
                   (struct sockaddr *)&bench->address, sizeof(bench->address)) < 0)
            return segments > 1 ? FLOOR_ABSENT : -1;
    return 0;
}

static void prepare(struct bench *bench, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        bench->vectors[i] = (struct iovec){bench->room[i], ROOM_BYTES};
        bench->messages[i].msg_hdr = (struct msghdr){.msg_name = &bench->names[i],
                                                     .msg_namelen = sizeof(bench->names[i]),
                                                     .msg_iov = &bench->vectors[i],
                                                     .msg_iovlen = 1,
                                                     .msg_control = bench->controls[i],
                                                     .msg_controllen = CONTROL_BYTES};
    }
}

/* One call; the lengths are in messages. @return messages, or negative */
static int receive(struct bench *bench, const struct technique *technique)
{
    socklen_t len = sizeof(bench->names[0]);
    ssize_t got;

    if (technique->messages) {
        prepare(bench, technique->messages);
        return recvmmsg(bench->receiver, bench->messages, technique->messages, 0, NULL);
    }
    got = recvfrom(bench->receiver, bench->room[0], ROOM_BYTES, 0,
                   (struct sockaddr *)&bench->names[0], &len);
    bench->messages[0].msg_len = got < 0 ? 0 : (unsigned)got;
    return got < 0 ? -1 : 1;
}

/* Receive until the batch is complete or nothing comes. Segments come apart without GRO. */
static void receive_batch(struct bench *bench, const struct technique *technique)
{
    struct epoll_event event;

    for (bench->received = 0; bench->received < BATCH;) {
        if (technique->waiting && epoll_wait(bench->epoll, &event, 1, 0) != 1)
            return;
        int got = receive(bench, technique);

        if (got <= 0)
            return;
        for (int i = 0; i < got; i++)
            bench->received += bench->messages[i].msg_len / FLOOR_PACKET_BYTES;
    }
}

/* The last call's datagrams are still there: compare them. */
static bool is_right(const struct bench *bench, const struct technique *technique)
{
    unsigned count = technique->messages ? technique->messages : 1;

    if (count > BATCH / technique->segments)
        count = BATCH / technique->segments;
    for (unsigned i = 0; i < count; i++)
        if (bench->messages[i].msg_len != technique->segments * FLOOR_PACKET_BYTES ||
            memcmp(bench->room[i], bench->data, bench->messages[i].msg_len) != 0)
            return false;
    return bench->received == BATCH;
}

static int run_batch(void *context, unsigned row, unsigned column, double *ns)
{
    struct bench *bench = context;
    const struct technique *technique = &techniques[row];
    int gro = is_gro(technique);
    uint64_t start_ns;
    int result;

    (void)column;
    if (setsockopt(bench->receiver, SOL_UDP, UDP_GRO, &gro, sizeof(gro)) && gro)
        return FLOOR_ABSENT;
    result = feed(bench, technique->segments);
    if (result)
        return result;
    memset(bench->messages, 0, sizeof(bench->messages));
    start_ns = bench_cpu_ns();
    receive_batch(bench, technique);
    *ns = (double)(bench_cpu_ns() - start_ns) / BATCH;
    if (is_right(bench, technique))
        return 0;
    fprintf(stderr, "iris-bench: %s: %u of %d datagrams came, or not as sent\n", technique->name,
            bench->received, BATCH);
    return -1;
}

int floor_measure_receive(struct floor_section *section, double seconds)
{
    static struct bench bench;
    int result = open_all(&bench);

    section->key = "receive";
    section->title = "Receiving a 1000-byte packet on loopback";
    section->column_count = 1;
    section->columns[0] = "";
    section->row_count = TECHNIQUES;
    for (unsigned i = 0; i < TECHNIQUES; i++)
        snprintf(section->rows[i], sizeof(section->rows[i]), "%s", techniques[i].name);
    if (!result)
        result = floor_section_run(section, seconds, run_batch, &bench);
    close(bench.sender);
    close(bench.receiver);
    close(bench.epoll);
    return result;
}
