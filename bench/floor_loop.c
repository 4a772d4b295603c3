/* iris-bench floor: the minimal forwarding loop. */
#include "bench/floor_forward.h"

#include "rtp/bytes.h"

#include <netinet/udp.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

static void lap(struct floor_stopwatch *watch, enum floor_phase phase)
{
    struct timespec now;
    uint64_t now_ns;

    if (!watch->is_on)
        return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    now_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    watch->ns[phase] += now_ns - watch->last_ns;
    watch->last_ns = now_ns;
}

void floor_stopwatch_start(struct floor_stopwatch *watch, bool is_on)
{
    memset(watch, 0, sizeof(*watch));
    watch->is_on = is_on;
    lap(watch, FLOOR_REST);
    watch->ns[FLOOR_REST] = 0;
}

static int receive(struct floor_loop *loop, unsigned count)
{
    struct epoll_event event;

    if (epoll_wait(loop->epoll, &event, 1, 0) != 1)
        return -1;
    for (unsigned i = 0; i < count; i++) {
        loop->in_vectors[i] = (struct iovec){loop->in_data[i], FLOOR_DATAGRAM_BYTES};
        loop->in[i].msg_hdr = (struct msghdr){.msg_name = &loop->in_names[i],
                                              .msg_namelen = sizeof(loop->in_names[i]),
                                              .msg_iov = &loop->in_vectors[i],
                                              .msg_iovlen = 1};
    }
    return recvmmsg(loop->fd, loop->in, count, 0, NULL) == (int)count ? 0 : -1;
}

static void open_all(struct floor_loop *loop, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct floor_received *packet = &loop->received[i];

        packet->data = loop->in_data[i];
        packet->len = transport_srtp_open_rtp(loop->source, packet->data, loop->in[i].msg_len);
        loop->open_errors += packet->len < 0;
    }
}

static void flush(struct floor_loop *loop)
{
    if (loop->out_count == 0)
        return;
    lap(&loop->watch, FLOOR_REST);
    for (unsigned done = 0; done < loop->out_count;) {
        int sent = sendmmsg(loop->fd, loop->out + done, loop->out_count - done, 0);

        loop->send_errors += sent <= 0;
        done += sent > 0 ? (unsigned)sent : 1;
    }
    loop->out_count = 0;
    lap(&loop->watch, FLOOR_SEND);
}

/* A header of our own before the payload, as the server's: CSRC and transport-wide number. */
static size_t write_packet(uint8_t *out, const struct floor_received *packet, uint64_t index)
{
    static const uint8_t form[FLOOR_OUT_HEADER] = {
        [0] = 0x91, [1] = 100, [11] = 1, [15] = 2, [16] = 0xBE, [17] = 0xDE, [19] = 1, [20] = 0x51};
    size_t payload = (size_t)packet->len - FLOOR_SOURCE_HEADER;

    memcpy(out, form, sizeof(form));
    out[1] = (uint8_t)(packet->data[1] & 0x80) | form[1];
    rtp_bytes_put16(out + 2, (uint16_t)index);
    memcpy(out + 4, packet->data + 4, 4);
    rtp_bytes_put16(out + 21, (uint16_t)index);
    memcpy(out + FLOOR_OUT_HEADER, packet->data + FLOOR_SOURCE_HEADER, payload);
    return FLOOR_OUT_HEADER + payload;
}

static void set_message(struct floor_loop *loop, const struct floor_receiver *receiver,
                        size_t segment_bytes, unsigned segments)
{
    unsigned i = loop->out_count++;
    struct msghdr *header = &loop->out[i].msg_hdr;
    struct cmsghdr *control = &loop->controls[i].align;
    uint16_t bytes = (uint16_t)segment_bytes;

    loop->out_vectors[i] = (struct iovec){loop->out_data[i], segments * segment_bytes};
    *header = (struct msghdr){.msg_name = (void *)&receiver->address,
                              .msg_namelen = sizeof(receiver->address),
                              .msg_iov = &loop->out_vectors[i],
                              .msg_iovlen = 1};
    if (segments == 1)
        return;
    header->msg_control = control;
    header->msg_controllen = sizeof(loop->controls[i].bytes);
    control->cmsg_level = SOL_UDP;
    control->cmsg_type = UDP_SEGMENT;
    control->cmsg_len = CMSG_LEN(sizeof(bytes));
    memcpy(CMSG_DATA(control), &bytes, sizeof(bytes));
}

/* Packets of one size to one receiver, in one message. */
static void forward(struct floor_loop *loop, const struct floor_received *packets, unsigned count,
                    struct floor_receiver *receiver)
{
    uint8_t *out = loop->out_data[loop->out_count];
    size_t stride =
        (size_t)packets->len + FLOOR_OUT_HEADER - FLOOR_SOURCE_HEADER + TRANSPORT_AEAD_TAG_BYTES;

    for (unsigned i = 0; i < count; i++)
        write_packet(out + i * stride, &packets[i], receiver->index + i);
    lap(&loop->watch, FLOOR_REST);
    for (unsigned i = 0; i < count; i++)
        loop->send_errors += transport_srtp_seal_rtp(receiver->sender, out + i * stride,
                                                     stride - TRANSPORT_AEAD_TAG_BYTES,
                                                     FLOOR_OUT_HEADER, receiver->index + i) < 0;
    lap(&loop->watch, FLOOR_CRYPTO);
    receiver->index += count;
    loop->forwarded += count;
    set_message(loop, receiver, stride, count);
    if (loop->out_count == FLOOR_FORWARD_MESSAGES)
        flush(loop);
}

/* The packets at the front that leave together. */
static unsigned group_len(const struct floor_loop *loop, const struct floor_received *packets,
                          unsigned count)
{
    unsigned len = 1;

    while (loop->may_segment && len < count && len < FLOOR_SEGMENTS_MAX &&
           packets[len].len == packets->len && !(packets[len - 1].data[1] & 0x80))
        len++;
    return len;
}

/* A frame to fan_out receivers. */
static void fan_out(struct floor_loop *loop, const struct floor_received *packets, unsigned count)
{
    for (loop->owed += loop->fan_out; loop->owed >= 1; loop->owed--) {
        struct floor_receiver *receiver = &loop->receivers[loop->next_receiver];

        loop->next_receiver = (loop->next_receiver + 1) % loop->receiver_count;
        for (unsigned at = 0, len; at < count; at += len) {
            len = group_len(loop, packets + at, count - at);
            forward(loop, packets + at, len, receiver);
        }
    }
}

int floor_loop_wake(struct floor_loop *loop, unsigned count)
{
    lap(&loop->watch, FLOOR_REST);
    if (receive(loop, count))
        return -1;
    lap(&loop->watch, FLOOR_RECEIVE);
    open_all(loop, count);
    lap(&loop->watch, FLOOR_CRYPTO);
    if (loop->open_errors)
        return -1;
    for (unsigned first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count && !(loop->received[end - 1].data[1] & 0x80);)
            end++;
        fan_out(loop, loop->received + first, end - first);
    }
    flush(loop);
    lap(&loop->watch, FLOOR_REST);
    return 0;
}
