/*
 * What goes out. A receiver's packets of equal size leave in one UDP_SEGMENT send; what the kernel
 * refuses is sent again singly, and not tried again there (floor.md). Datagrams of up to 1200 bytes
 * carry DF, which costs less (IP_PMTUDISC_DO) and fits every path of the Internet that carries
 * WebRTC; longer ones may be fragmented on their way.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <time.h>

#include "sfu/io/udp.h"

#define DF_BYTES_MAX 1200 /* libwebrtc's packets; what is longer may not fit a tunnel */
/* Groups are sealed into one piece, because the kernel takes one piece for less than it takes
   several (docs/performance.md); so many bytes that they stay in the L2 cache. */
#define GROUP_BYTES_MAX (IO_SEGMENTS_MAX * CORE_BUFFER_BYTES)
#define GROUPS_BYTES    (8 * GROUP_BYTES_MAX)

/* One message to be sent: one packet, or several of equal size to one receiver. */
struct outgoing {
    struct mmsghdr message;
    struct iovec packets[IO_SEGMENTS_MAX];
    size_t count;       /* of packets */
    struct iovec group; /* all of them in one piece */
    struct sockaddr_storage name;
    struct transport_path path;
    unsigned socket;
    bool has_df;
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(uint16_t))];
    } control;
};

struct batch {
    struct outgoing out[IO_UDP_BATCH];
    unsigned count;
    uint8_t groups[GROUPS_BYTES];
    size_t groups_len;
};

void io_udp_set_df(struct io_udp *udp, unsigned index, bool has_df)
{
    struct io_udp_socket *socket = &udp->sockets[index];
    int family = socket->is_ipv6 ? IPPROTO_IPV6 : IPPROTO_IP;
    int option = socket->is_ipv6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER;
    int value = has_df ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT; /* IPv6 has the same values */
    if (socket->is_df_set && socket->has_df == has_df)
        return;
    setsockopt(udp->fds[index], family, option, &value, sizeof(value));
    socket->is_df_set = true; /* also if it was refused: it would be again, for each packet */
    socket->has_df = has_df;
}

_Static_assert(IP_PMTUDISC_DO == IPV6_PMTUDISC_DO && IP_PMTUDISC_DONT == IPV6_PMTUDISC_DONT,
               "io_udp_set_df() uses one value for both");

static bool may_group(const struct io_udp *udp, unsigned socket, const struct transport_path *path)
{
    if (!udp->sockets[socket].has_segmentation)
        return false;
    for (unsigned i = 0; i < udp->ungrouped_count; i++)
        if (transport_path_is_equal(&udp->ungrouped[i], path))
            return false;
    return true;
}

/* The path takes no groups, e.g. because its MTU is below the packets' size. */
static void stop_grouping(struct io_udp *udp, const struct transport_path *path)
{
    udp->ungrouped[udp->ungrouped_next] = *path;
    udp->ungrouped_next = (udp->ungrouped_next + 1) % IO_UDP_UNGROUPED_MAX;
    if (udp->ungrouped_count < IO_UDP_UNGROUPED_MAX)
        udp->ungrouped_count++;
}

/* Where the kernel is to cut the piece that a group is. */
static void mark_group(struct outgoing *out, uint16_t segment_bytes)
{
    struct msghdr *header = &out->message.msg_hdr;
    header->msg_iov = &out->group;
    header->msg_control = out->control.bytes;
    header->msg_controllen = sizeof(out->control.bytes);
    struct cmsghdr *control = CMSG_FIRSTHDR(header);
    control->cmsg_level = SOL_UDP;
    control->cmsg_type = UDP_SEGMENT;
    control->cmsg_len = CMSG_LEN(sizeof(segment_bytes));
    memcpy(CMSG_DATA(control), &segment_bytes, sizeof(segment_bytes));
}

/* What follows in a chain may join the message: equal in size, the last may be shorter. */
static bool joins(const struct core_buffer *buffer, const struct core_buffer *first, size_t bytes,
                  size_t last_bytes)
{
    return buffer && last_bytes == bytes && core_engine_sealed_bytes(buffer) <= bytes &&
           transport_path_is_equal(&buffer->path, &first->path);
}

/* How many packets from the front of a chain leave together, and the size of all but the last. */
static unsigned count_group(const struct io_udp *udp, const struct core_buffer *first,
                            unsigned socket, size_t *segment_bytes)
{
    size_t bytes = core_engine_sealed_bytes(first), last_bytes = bytes;
    unsigned count = 1;
    *segment_bytes = bytes;
    if (!joins(first->next, first, bytes, bytes) || !may_group(udp, socket, &first->path))
        return 1;
    for (const struct core_buffer *next = first->next;
         count < IO_SEGMENTS_MAX && joins(next, first, bytes, last_bytes); next = next->next) {
        last_bytes = core_engine_sealed_bytes(next);
        count++;
    }
    return count;
}

/* Seal so many packets, one in its own memory, several in one piece; what cannot be sealed is lost.
 */
static struct core_buffer *seal(struct batch *batch, struct outgoing *out,
                                struct core_buffer *chain, unsigned count)
{
    uint8_t *at = batch->groups + batch->groups_len;
    out->group = (struct iovec){at, 0};
    for (unsigned i = 0; i < count; i++, chain = chain->next) {
        uint8_t *to = count > 1 ? at + out->group.iov_len : chain->data;
        int len = core_engine_seal(chain, to);
        if (len <= 0)
            continue;
        out->packets[out->count++] = (struct iovec){to, (size_t)len};
        out->group.iov_len += (size_t)len;
    }
    if (count > 1)
        batch->groups_len += out->group.iov_len;
    return chain;
}

/* Fill the next message from the front of a chain; returns what is left of the chain. */
static struct core_buffer *fill(struct batch *batch, struct core_buffer *chain,
                                const struct io_udp *udp)
{
    struct outgoing *out = &batch->out[batch->count];
    const struct transport_path *path = &chain->path;
    size_t segment_bytes;
    memset(&out->message, 0, sizeof(out->message));
    out->count = 0;
    out->path = *path;
    out->socket = path->local < udp->count ? path->local : 0;
    unsigned count = count_group(udp, chain, out->socket, &segment_bytes);
    chain = seal(batch, out, chain, count);
    if (out->count == 0)
        return chain;
    out->has_df = segment_bytes <= DF_BYTES_MAX;
    out->message.msg_hdr.msg_name = &out->name;
    out->message.msg_hdr.msg_namelen = io_address_to_sockaddr(&out->path.remote, &out->name);
    out->message.msg_hdr.msg_iov = out->packets;
    out->message.msg_hdr.msg_iovlen = 1;
    if (out->count > 1)
        mark_group(out, (uint16_t)segment_bytes);
    batch->count++;
    return chain;
}

static void count_error(struct io_udp *udp, size_t packets)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        udp->statistics.would_block += packets;
    else
        udp->statistics.send_errors += packets;
}

/* One packet of a message; without DF where it does not fit otherwise. */
static void send_one(struct io_udp *udp, struct outgoing *out, size_t index)
{
    struct msghdr header = {.msg_name = &out->name,
                            .msg_namelen = out->message.msg_hdr.msg_namelen,
                            .msg_iov = &out->packets[index],
                            .msg_iovlen = 1};
    int fd = udp->fds[out->socket];
    io_udp_set_df(udp, out->socket, out->has_df);
    if (sendmsg(fd, &header, MSG_NOSIGNAL) >= 0)
        return;
    if (errno == EMSGSIZE && out->has_df) {
        io_udp_set_df(udp, out->socket, false);
        if (sendmsg(fd, &header, MSG_NOSIGNAL) >= 0)
            return;
    }
    count_error(udp, 1);
}

/* The kernel took nothing of a message: errno says why. */
static void on_send_error(struct io_udp *udp, struct outgoing *out)
{
    bool is_refused = errno == EIO || errno == EINVAL || errno == EMSGSIZE;
    if (out->count > 1 && is_refused) {
        udp->statistics.refused_groups++;
        if (errno == EIO) /* the device cannot do the checksums */
            udp->sockets[out->socket].has_segmentation = false;
        else
            stop_grouping(udp, &out->path);
    } else if (errno != EMSGSIZE) {
        count_error(udp, out->count);
        return;
    }
    for (size_t i = 0; i < out->count; i++)
        send_one(udp, out, i);
}

static void count_sent(struct io_udp *udp, const struct outgoing *out)
{
    size_t bytes = 0;
    for (size_t i = 0; i < out->count; i++)
        bytes += out->packets[i].iov_len;
    udp->statistics.sent_bytes += bytes;
    if (io_is_media(out->packets[0].iov_base, out->packets[0].iov_len))
        io_statistics_on_send(&udp->statistics, out->count, bytes);
}

/* Send messages that share a socket and its DF; a failed one does not hold up the rest. */
static void send_run(struct io_udp *udp, struct outgoing *out, unsigned count)
{
    struct mmsghdr messages[IO_UDP_BATCH];
    for (unsigned i = 0; i < count; i++)
        messages[i] = out[i].message;
    for (unsigned done = 0; done < count;) {
        io_udp_set_df(udp, out->socket, out->has_df);
        int sent = sendmmsg(udp->fds[out->socket], messages + done, count - done, MSG_NOSIGNAL);
        udp->statistics.sent_calls++;
        for (int i = 0; i < sent; i++)
            count_sent(udp, &out[done + (unsigned)i]);
        if (sent <= 0) {
            on_send_error(udp, &out[done]);
            sent = 1;
        }
        done += (unsigned)sent;
    }
}

static void send_all(struct io_udp *udp, struct batch *batch)
{
    struct outgoing *out = batch->out;
    for (unsigned first = 0, end; first < batch->count; first = end) {
        for (end = first + 1; end < batch->count && out[end].socket == out[first].socket &&
                              out[end].has_df == out[first].has_df;)
            end++;
        send_run(udp, out + first, end - first);
    }
    batch->count = 0;
    batch->groups_len = 0;
}

static void release(struct io_udp *udp, struct core_engine *engine, struct core_buffer **sent)
{
    for (struct core_buffer *buffer = *sent, *next; buffer; buffer = next) {
        next = buffer->next;
        udp->statistics.sent_datagrams++;
        core_engine_release(engine, buffer);
    }
    *sent = NULL;
}

/* Samples end with the flush: the return of its last send call. */
static void close_samples(struct io_udp *udp, bool is_sent)
{
    struct timespec now;
    if (udp->delay.open_count == 0)
        return;
    clock_gettime(CLOCK_REALTIME, &now); /* the clock of SO_TIMESTAMPNS */
    io_delay_close(&udp->delay, is_sent ? &udp->statistics.delay : NULL,
                   (int64_t)now.tv_sec * 1000000000 + now.tv_nsec);
}

void io_udp_flush(struct io_udp *udp, struct core_engine *engine)
{
    static _Thread_local struct batch batch;
    uint64_t sent_before = udp->statistics.sent_datagrams;
    struct core_buffer *sent = NULL; /* buffers that messages point to, until they are sent */
    for (struct core_buffer *chain; (chain = core_engine_next_chain(engine));)
        while (chain) {
            struct core_buffer *first = chain;
            chain = fill(&batch, chain, udp);
            struct core_buffer *last = first;
            while (last->next != chain)
                last = last->next;
            last->next = sent;
            sent = first;
            if (batch.count == IO_UDP_BATCH || batch.groups_len + GROUP_BYTES_MAX > GROUPS_BYTES) {
                send_all(udp, &batch);
                release(udp, engine, &sent);
            }
        }
    send_all(udp, &batch);
    release(udp, engine, &sent);
    close_samples(udp, udp->statistics.sent_datagrams > sent_before);
}
