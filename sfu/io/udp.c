/* Sockets: the only place that reads from or writes to the media network. */
#include "sfu/io/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <unistd.h>

#include "rtp/error.h"

#define DATAGRAM_BYTES                                                                             \
    2048 /* more than any client sends; longer ones are cut and fail to authenticate */
#define BATCHES_MAX   8 /* of one wake-up, so that timers and commands get their turn */
#define SOCKET_BUFFER (4 << 20)
#define SEGMENTS_MAX  16 /* of one UDP_SEGMENT send; the kernel takes 64 KB and 64 segments */

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
        udp->has_segmentation[udp->count] = true;
        udp->fds[udp->count++] = fd;
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

struct batch {
    struct mmsghdr messages[IO_UDP_BATCH];
    struct iovec vectors[IO_UDP_BATCH];
    struct sockaddr_storage names[IO_UDP_BATCH];
    uint8_t data[IO_UDP_BATCH][DATAGRAM_BYTES];
};

static void prepare(struct batch *batch)
{
    for (int i = 0; i < IO_UDP_BATCH; i++) {
        batch->vectors[i] = (struct iovec){batch->data[i], DATAGRAM_BYTES};
        batch->messages[i].msg_hdr = (struct msghdr){.msg_name = &batch->names[i],
                                                     .msg_namelen = sizeof(batch->names[i]),
                                                     .msg_iov = &batch->vectors[i],
                                                     .msg_iovlen = 1};
    }
}

void io_udp_receive(struct io_udp *udp, unsigned index, struct core_engine *engine, int64_t now_us)
{
    static _Thread_local struct batch batch;
    for (int round = 0; round < BATCHES_MAX; round++) {
        prepare(&batch);
        int count = recvmmsg(udp->fds[index], batch.messages, IO_UDP_BATCH, 0, NULL);
        for (int i = 0; i < count; i++) {
            struct transport_datagram datagram = {.data = batch.data[i],
                                                  .len = batch.messages[i].msg_len};
            io_address_from_sockaddr(&datagram.path.remote, &batch.names[i]);
            datagram.path.local = (uint16_t)index;
            core_engine_receive(engine, &datagram, now_us);
            if (core_engine_wants_flush(engine))
                io_udp_flush(udp, engine);
        }
        if (count < IO_UDP_BATCH)
            return;
    }
}

/* One message to be sent: one packet, or several of equal size to one receiver. */
struct outgoing {
    struct mmsghdr message;
    struct iovec vectors[SEGMENTS_MAX];
    struct sockaddr_storage name;
    unsigned socket;
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(uint16_t))];
    } control;
};

static void set_segment_size(struct outgoing *out, uint16_t segment_bytes)
{
    struct msghdr *header = &out->message.msg_hdr;
    header->msg_control = out->control.bytes;
    header->msg_controllen = sizeof(out->control.bytes);
    struct cmsghdr *control = CMSG_FIRSTHDR(header);
    control->cmsg_level = SOL_UDP;
    control->cmsg_type = UDP_SEGMENT;
    control->cmsg_len = CMSG_LEN(sizeof(segment_bytes));
    memcpy(CMSG_DATA(control), &segment_bytes, sizeof(segment_bytes));
}

/* Fill a message from the front of a chain; returns what is left of the chain. UDP_SEGMENT: all of
   one size, the last may be shorter. */
static struct core_buffer *fill(struct outgoing *out, struct core_buffer *chain,
                                const struct io_udp *udp)
{
    struct core_buffer *first = chain;
    size_t count = 0;
    memset(&out->message, 0, sizeof(out->message));
    out->socket = first->path.local < udp->count ? first->path.local : 0;
    bool may_group = udp->has_segmentation[out->socket];
    do {
        out->vectors[count++] = (struct iovec){chain->data, chain->len};
        chain = chain->next;
    } while (chain && may_group && count < SEGMENTS_MAX && chain->len <= first->len &&
             out->vectors[count - 1].iov_len == first->len &&
             transport_path_is_equal(&chain->path, &first->path));
    out->message.msg_hdr.msg_name = &out->name;
    out->message.msg_hdr.msg_namelen = io_address_to_sockaddr(&first->path.remote, &out->name);
    out->message.msg_hdr.msg_iov = out->vectors;
    out->message.msg_hdr.msg_iovlen = count;
    if (count > 1)
        set_segment_size(out, first->len);
    return chain;
}

/* A grouped send that the kernel or the device refused: each packet by itself (floor.md). */
static void send_singly(struct io_udp *udp, struct outgoing *out, int reason)
{
    if (reason == EIO)
        udp->has_segmentation[out->socket] = false;
    for (size_t i = 0; i < out->message.msg_hdr.msg_iovlen; i++) {
        struct msghdr header = {.msg_name = &out->name,
                                .msg_namelen = out->message.msg_hdr.msg_namelen,
                                .msg_iov = &out->vectors[i],
                                .msg_iovlen = 1};
        if (sendmsg(udp->fds[out->socket], &header, MSG_NOSIGNAL) < 0)
            udp->send_errors++;
    }
}

static void on_send_error(struct io_udp *udp, struct outgoing *out)
{
    size_t segments = out->message.msg_hdr.msg_iovlen;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        udp->would_block += segments;
        return;
    }
    if (segments > 1 && (errno == EIO || errno == EINVAL || errno == EMSGSIZE))
        send_singly(udp, out, errno);
    else
        udp->send_errors++;
}

/* Send messages that share a socket; a failed one does not hold up the rest. */
static void send_run(struct io_udp *udp, struct outgoing *out, unsigned count)
{
    struct mmsghdr messages[IO_UDP_BATCH];
    for (unsigned i = 0; i < count; i++)
        messages[i] = out[i].message;
    for (unsigned done = 0; done < count;) {
        int sent = sendmmsg(udp->fds[out[0].socket], messages + done, count - done, MSG_NOSIGNAL);
        udp->sent_calls++;
        if (sent <= 0) {
            on_send_error(udp, &out[done]);
            sent = 1;
        }
        done += (unsigned)sent;
    }
}

static void send_all(struct io_udp *udp, struct outgoing *out, unsigned count)
{
    for (unsigned first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count && out[end].socket == out[first].socket;)
            end++;
        send_run(udp, out + first, end - first);
    }
}

static void release(struct io_udp *udp, struct core_engine *engine, struct core_buffer **sent)
{
    for (struct core_buffer *buffer = *sent, *next; buffer; buffer = next) {
        next = buffer->next;
        udp->sent_datagrams++;
        core_engine_release(engine, buffer);
    }
    *sent = NULL;
}

void io_udp_flush(struct io_udp *udp, struct core_engine *engine)
{
    static _Thread_local struct outgoing out[IO_UDP_BATCH];
    struct core_buffer *sent = NULL; /* buffers that messages point to, until they are sent */
    unsigned count = 0;
    for (struct core_buffer *chain; (chain = core_engine_next_packets(engine));)
        while (chain) {
            struct core_buffer *first = chain;
            chain = fill(&out[count++], chain, udp);
            struct core_buffer *last = first;
            while (last->next != chain)
                last = last->next;
            last->next = sent;
            sent = first;
            if (count == IO_UDP_BATCH) {
                send_all(udp, out, count);
                release(udp, engine, &sent);
                count = 0;
            }
        }
    send_all(udp, out, count);
    release(udp, engine, &sent);
}
