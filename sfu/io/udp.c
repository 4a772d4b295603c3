/* Sockets and what comes in; udp_send.c: what goes out. */
#include "sfu/io/udp.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "rtp/error.h"

/* More than any client sends; longer ones are cut and fail to authenticate. */
#define DATAGRAM_BYTES 2048
#define SOCKET_BUFFER  (4 << 20)

static int open_socket(const struct transport_address *address, uint16_t port)
{
    struct sockaddr_storage storage;
    struct transport_address bound = *address;
    bound.port = port;
    socklen_t len = io_address_to_sockaddr(&bound, &storage);
    int fd = socket(storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int size = SOCKET_BUFFER, on = 1;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)); /* of samples: io_delay */
    if (storage.ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&storage, len)) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

void io_udp_close(struct io_udp *udp)
{
    for (unsigned i = 0; i < udp->count; i++)
        close(udp->fds[i]);
    udp->count = 0;
}

/* All addresses on one port, or none. errno tells why not. */
static int bind_port(struct io_udp *udp, const struct io_addresses *addresses, uint16_t port)
{
    for (unsigned i = 0; i < addresses->count; i++) {
        int fd = open_socket(&addresses->list[i], port);
        if (fd < 0) {
            int error = errno;
            io_udp_close(udp);
            errno = error;
            return IRIS_E_SYSTEM;
        }
        udp->sockets[udp->count] = (struct io_udp_socket){
            .has_segmentation = true, .is_ipv6 = !transport_address_is_ipv4(&addresses->list[i])};
        udp->fds[udp->count] = fd;
        io_udp_set_df(udp, udp->count++, true);
    }
    udp->port = port;
    return 0;
}

int io_udp_bind(struct io_udp *udp, const struct io_addresses *addresses, uint16_t first_port,
                uint16_t last_port, char *error, size_t error_cap)
{
    memset(udp, 0, sizeof(*udp));
    for (unsigned port = first_port; port <= last_port; port++) {
        if (bind_port(udp, addresses, (uint16_t)port) == 0)
            return 0;
        if (errno != EADDRINUSE) {
            snprintf(error, error_cap, "cannot bind the media sockets on UDP port %u: %s", port,
                     strerror(errno));
            return IRIS_E_SYSTEM;
        }
    }
    snprintf(error, error_cap, "no UDP port of %u-%u is free on every announced address",
             first_port, last_port);
    return IRIS_E_SYSTEM;
}

/* What the last read of this thread has brought. */
static _Thread_local struct batch {
    unsigned count, index; /* datagrams; of which socket */
    unsigned used;         /* messages that are not as they were prepared */
    bool is_ready;
    struct mmsghdr messages[IO_UDP_BATCH];
    struct iovec vectors[IO_UDP_BATCH];
    struct sockaddr_storage names[IO_UDP_BATCH];
    _Alignas(struct cmsghdr) char stamp[CMSG_SPACE(sizeof(struct timespec))]; /* of the sample */
    uint8_t data[IO_UDP_BATCH][DATAGRAM_BYTES];
} batch;

/* What the kernel has written to is made ready again: the first `used` messages, all at first.
   sample: which datagram the kernel shall say the time of. */
static void prepare(unsigned used, unsigned sample)
{
    for (unsigned i = 0; i < used; i++) {
        batch.vectors[i] = (struct iovec){batch.data[i], DATAGRAM_BYTES};
        batch.messages[i].msg_hdr = (struct msghdr){.msg_name = &batch.names[i],
                                                    .msg_namelen = sizeof(batch.names[i]),
                                                    .msg_iov = &batch.vectors[i],
                                                    .msg_iovlen = 1};
    }
    if (sample < IO_UDP_BATCH) {
        batch.messages[sample].msg_hdr.msg_control = batch.stamp;
        batch.messages[sample].msg_hdr.msg_controllen = sizeof(batch.stamp);
    }
}

static void open_sample(struct io_udp *udp, struct msghdr *header)
{
    const struct cmsghdr *control = CMSG_FIRSTHDR(header);
    struct timespec stamp;
    if (!control || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_TIMESTAMPNS)
        return;
    memcpy(&stamp, CMSG_DATA(control), sizeof(stamp));
    io_delay_open(&udp->delay, (int64_t)stamp.tv_sec * 1000000000 + stamp.tv_nsec);
}

/* What the datagrams of a batch are; before the engine writes over them. */
static void count_received(struct io_udp *udp)
{
    unsigned sample = io_delay_sample(&udp->delay);
    for (unsigned i = 0; i < batch.count; i++) {
        udp->statistics.received_bytes += batch.messages[i].msg_len;
        if (!io_is_media(batch.data[i], batch.messages[i].msg_len))
            continue;
        udp->statistics.received_media++;
        if (i == sample)
            open_sample(udp, &batch.messages[i].msg_hdr);
    }
    udp->statistics.received_datagrams += batch.count;
    io_delay_pass(&udp->delay, batch.count);
}

unsigned io_udp_read(struct io_udp *udp, unsigned index)
{
    unsigned sample = io_delay_sample(&udp->delay);
    prepare(batch.is_ready ? batch.used : IO_UDP_BATCH, sample);
    int count = recvmmsg(udp->fds[index], batch.messages, IO_UDP_BATCH, 0, NULL);
    batch.is_ready = true;
    batch.count = count > 0 ? (unsigned)count : 0;
    batch.used = sample < IO_UDP_BATCH && sample >= batch.count ? sample + 1 : batch.count;
    batch.index = index;
    count_received(udp);
    return batch.count;
}

void io_udp_count_drops(struct io_udp *udp)
{
    uint32_t memory[SK_MEMINFO_VARS];
    for (unsigned i = 0; i < udp->count; i++) {
        socklen_t len = sizeof(memory);
        uint32_t *known = &udp->sockets[i].drops;
        if (getsockopt(udp->fds[i], SOL_SOCKET, SO_MEMINFO, memory, &len) || len < sizeof(memory))
            continue;
        udp->statistics.receive_drops += memory[SK_MEMINFO_DROPS] - *known; /* it wraps */
        *known = memory[SK_MEMINFO_DROPS];
    }
}

void io_udp_deliver(struct io_udp *udp, struct core_engine *engine, int64_t now_us)
{
    struct transport_datagram datagrams[IO_UDP_BATCH];
    for (unsigned i = 0; i < batch.count; i++) {
        datagrams[i] =
            (struct transport_datagram){.data = batch.data[i], .len = batch.messages[i].msg_len};
        io_address_from_sockaddr(&datagrams[i].path.remote, &batch.names[i]);
        datagrams[i].path.local = (uint16_t)batch.index;
    }
    for (unsigned i = 0; i < batch.count; i++) {
        unsigned left = batch.count - i;
        if (i % CORE_PREFETCH_MAX == 0)
            core_engine_prefetch(engine, &datagrams[i],
                                 left < CORE_PREFETCH_MAX ? left : CORE_PREFETCH_MAX);
        core_engine_receive(engine, &datagrams[i], now_us);
        if (core_engine_wants_flush(engine))
            io_udp_flush(udp, engine);
    }
    batch.count = 0;
}
