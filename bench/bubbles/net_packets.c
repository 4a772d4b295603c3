/* Datagrams in and out, many at a time. */
#include "bench/bubbles/clock.h"
#include "bench/bubbles/net_internal.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/epoll.h>

#define BATCHES_MAX 16 /* of one socket, so that the others get their turn */
#define LOOKS_MAX   64 /* of one call, so that the loop's other work does */

/* ---- out ---- */

static void put_control(struct msghdr *header, int level, int type, const void *value, size_t len)
{
    struct cmsghdr *control =
        (struct cmsghdr *)((char *)header->msg_control + header->msg_controllen);
    control->cmsg_level = level;
    control->cmsg_type = type;
    control->cmsg_len = CMSG_LEN(len);
    memcpy(CMSG_DATA(control), value, len);
    header->msg_controllen += CMSG_SPACE(len);
}

static void prepare(struct bubbles_message *message, struct msghdr *header)
{
    struct bubbles_path *path = message->path;
    *header = (struct msghdr){
        .msg_iov = message->vectors, .msg_iovlen = message->count, .msg_control = message->control};
    memset(message->control, 0, sizeof(message->control));
    if (path->socket->is_shared) {
        struct in_pktinfo info = {.ipi_spec_dst = path->source};
        header->msg_name = &path->server;
        header->msg_namelen = path->server_len;
        put_control(header, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
    }
    if (message->count > 1) {
        uint16_t size = (uint16_t)message->vectors[0].iov_len;
        put_control(header, SOL_UDP, UDP_SEGMENT, &size, sizeof(size));
    }
    if (header->msg_controllen == 0)
        header->msg_control = NULL;
}

/* A grouped send that the kernel or the device refused: each datagram by itself. */
static void send_singly(struct bubbles_net *net, struct bubbles_message *message)
{
    struct iovec vectors[BUBBLES_SEND_SEGMENTS];
    unsigned count = message->count;
    memcpy(vectors, message->vectors, sizeof(vectors));
    message->path->socket->has_segmentation = false;
    message->count = 1;
    for (unsigned i = 0; i < count; i++) {
        struct msghdr header;
        message->vectors[0] = vectors[i];
        prepare(message, &header);
        if (sendmsg(message->path->socket->fd, &header, MSG_NOSIGNAL) < 0)
            net->counters.send_errors++;
    }
}

/* Messages of one socket; a refused one does not hold up the rest. */
static void send_run(struct bubbles_net *net, struct bubbles_message *messages, unsigned count)
{
    struct mmsghdr headers[BUBBLES_SEND_BATCH];
    memset(headers, 0, count * sizeof(*headers));
    for (unsigned i = 0; i < count; i++)
        prepare(&messages[i], &headers[i].msg_hdr);
    for (unsigned done = 0; done < count;) {
        int sent =
            sendmmsg(messages[0].path->socket->fd, headers + done, count - done, MSG_NOSIGNAL);
        net->counters.send_calls++;
        if (sent <= 0 && messages[done].count > 1 && errno != EAGAIN)
            send_singly(net, &messages[done]);
        else if (sent <= 0)
            net->counters.send_errors += messages[done].count;
        done += sent > 0 ? (unsigned)sent : 1;
    }
}

void bubbles_net_flush(struct bubbles_net *net)
{
    for (unsigned first = 0, end; first < net->message_count; first = end) {
        const struct bubbles_socket *entry = net->messages[first].path->socket;
        for (end = first + 1; end < net->message_count && net->messages[end].path->socket == entry;)
            end++;
        send_run(net, net->messages + first, end - first);
    }
    net->message_count = 0;
    net->buffer_count = 0;
}

uint8_t *bubbles_net_reserve(struct bubbles_net *net)
{
    if (net->buffer_count == BUBBLES_SEND_BUFFERS || net->message_count == BUBBLES_SEND_BATCH)
        bubbles_net_flush(net);
    return net->buffers[net->buffer_count];
}

static bool may_join(const struct bubbles_message *message, const struct bubbles_path *path,
                     size_t len)
{
    return message->path == path && path->socket->has_segmentation &&
           message->count < BUBBLES_SEND_SEGMENTS && len <= message->vectors[0].iov_len &&
           message->vectors[message->count - 1].iov_len == message->vectors[0].iov_len;
}

void bubbles_net_commit(struct bubbles_net *net, struct bubbles_path *path, size_t len)
{
    struct iovec vector = {net->buffers[net->buffer_count++], len};
    struct bubbles_message *last =
        net->message_count > 0 ? &net->messages[net->message_count - 1] : NULL;
    net->counters.sent++;
    if (last && may_join(last, path, len)) {
        last->vectors[last->count++] = vector;
        return;
    }
    last = &net->messages[net->message_count++];
    last->path = path;
    last->vectors[0] = vector;
    last->count = 1;
}

void bubbles_net_send(struct bubbles_net *net, struct bubbles_path *path, const uint8_t *data,
                      size_t len)
{
    if (len > BUBBLES_DATAGRAM_BYTES)
        return;
    memcpy(bubbles_net_reserve(net), data, len);
    bubbles_net_commit(net, path, len);
}

/* ---- in ---- */

/* What the kernel says about one message. */
struct arrival {
    struct in_addr addressed;
    uint32_t overflowed; /* of the socket's life; told once something was */
    int segment_bytes;   /* 0: one datagram */
    int64_t wall_us;     /* 0: not said */
};

static void read_arrival(struct msghdr *header, struct arrival *arrival)
{
    *arrival = (struct arrival){0};
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            arrival->addressed = info.ipi_addr;
        } else if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
            memcpy(&arrival->segment_bytes, CMSG_DATA(c), sizeof(arrival->segment_bytes));
        } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
            memcpy(&arrival->overflowed, CMSG_DATA(c), sizeof(arrival->overflowed));
        } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS) {
            struct timespec stamp;
            memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
            arrival->wall_us = stamp.tv_sec * BUBBLES_US_PER_S + stamp.tv_nsec / 1000;
        }
    }
}

static void take_message(struct bubbles_net *net, struct bubbles_socket *entry,
                         struct mmsghdr *message, int64_t wall_offset_us)
{
    struct arrival arrival;
    read_arrival(&message->msg_hdr, &arrival);
    if (arrival.overflowed > entry->overflowed) {
        net->counters.overflowed += arrival.overflowed - entry->overflowed;
        entry->overflowed = arrival.overflowed;
    }
    size_t left = message->msg_len;
    size_t segment = arrival.segment_bytes > 0 ? (size_t)arrival.segment_bytes : left;
    int64_t arrival_us = arrival.wall_us ? arrival.wall_us - wall_offset_us : bubbles_now_us();
    for (uint8_t *at = message->msg_hdr.msg_iov->iov_base; left > 0;) {
        size_t len = left < segment ? left : segment;
        /* Looked up each time: a datagram may have ended its receiver. */
        struct bubbles_path *path = bubbles_net_find(net, entry, arrival.addressed);
        net->counters.received++;
        if (path)
            net->receive(path->owner, at, len, arrival_us);
        else
            net->counters.strangers++;
        at += len;
        left -= len;
    }
}

static bool receive_batch(struct bubbles_net *net, struct bubbles_socket *entry)
{
    struct mmsghdr messages[BUBBLES_RECEIVE_BATCH];
    struct iovec vectors[BUBBLES_RECEIVE_BATCH];
    static _Alignas(struct cmsghdr) char controls[BUBBLES_RECEIVE_BATCH][BUBBLES_CONTROL_BYTES];
    memset(messages, 0, sizeof(messages));
    for (unsigned i = 0; i < BUBBLES_RECEIVE_BATCH; i++) {
        vectors[i] = (struct iovec){net->received[i], BUBBLES_GRO_BYTES};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i],
                                              .msg_iovlen = 1,
                                              .msg_control = controls[i],
                                              .msg_controllen = BUBBLES_CONTROL_BYTES};
    }
    int count = recvmmsg(entry->fd, messages, BUBBLES_RECEIVE_BATCH, 0, NULL);
    int64_t wall_offset_us = bubbles_wall_us() - bubbles_now_us();
    net->counters.receive_calls++;
    for (int i = 0; i < count; i++)
        take_message(net, entry, &messages[i], wall_offset_us);
    return count == BUBBLES_RECEIVE_BATCH;
}

void bubbles_net_receive(struct bubbles_net *net)
{
    struct epoll_event ready[BUBBLES_READY_MAX];
    int count = BUBBLES_READY_MAX;
    for (unsigned look = 0; look < LOOKS_MAX && count == BUBBLES_READY_MAX; look++) {
        count = epoll_wait(net->ready_fd, ready, BUBBLES_READY_MAX, 0);
        for (int i = 0; i < count; i++) {
            struct bubbles_socket *entry = ready[i].data.ptr;
            for (unsigned round = 0;
                 entry->fd >= 0 && round < BATCHES_MAX && receive_batch(net, entry); round++)
                ;
        }
        bubbles_net_free_closed(net);
    }
    bubbles_net_flush(net);
}
