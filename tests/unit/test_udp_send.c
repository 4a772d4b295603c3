/*
 * Batches out of and into the media sockets: every datagram whole, to whom it belongs, and what
 * happens when the kernel refuses a group or a size.
 */
#include "person_send.h"
#include "udp_call.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A message as it came to the kernel. */
struct sent {
    uint16_t port;
    size_t segments, bytes; /* of the first segment */
    bool has_control, has_df, is_taken;
};

/* The kernel, watched and, where a test says so, refusing. */
static struct {
    int group_error;     /* of messages with several segments; 0: none */
    uint16_t group_port; /* only to this receiver */
    size_t df_bytes_max; /* EMSGSIZE for longer ones with DF; 0: none */
    size_t bytes_max;    /* for longer ones at all; 0: none */
    unsigned count;
    struct sent sent[256];
} kernel;

static void kernel_watch(void)
{
    memset(&kernel, 0, sizeof(kernel));
}

/* Datagrams that a message is, by its UDP_SEGMENT; their size is written. */
static size_t count_segments(const struct msghdr *message, size_t *bytes)
{
    struct msghdr header = *message;
    size_t len = 0;
    uint16_t segment;
    for (size_t i = 0; i < message->msg_iovlen; i++)
        len += message->msg_iov[i].iov_len;
    *bytes = len;
    if (message->msg_controllen == 0)
        return 1;
    memcpy(&segment, CMSG_DATA(CMSG_FIRSTHDR(&header)), sizeof(segment));
    *bytes = segment;
    return (len + segment - 1) / segment;
}

static int judge(const struct sent *sent)
{
    if (sent->segments > 1 && kernel.group_error && sent->port == kernel.group_port)
        return kernel.group_error;
    if ((kernel.df_bytes_max && sent->has_df && sent->bytes > kernel.df_bytes_max) ||
        (kernel.bytes_max && sent->bytes > kernel.bytes_max))
        return EMSGSIZE;
    return 0;
}

/* These two are called instead of the C library's. */
ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    const struct sockaddr_in *name = message->msg_name;
    struct sent sent = {.port = ntohs(name->sin_port), .has_control = message->msg_controllen > 0};
    sent.segments = count_segments(message, &sent.bytes);
    int discovery = -1, error;
    socklen_t len = sizeof(discovery);
    assert_int_equal(getsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discovery, &len), 0);
    sent.has_df = discovery == IP_PMTUDISC_DO;
    assert_true(sent.has_df || discovery == IP_PMTUDISC_DONT);
    error = judge(&sent);
    sent.is_taken = !error;
    assert_true(kernel.count < sizeof(kernel.sent) / sizeof(*kernel.sent));
    kernel.sent[kernel.count++] = sent;
    errno = error;
    return error ? -1 : syscall(SYS_sendmsg, fd, message, flags);
}

int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    for (unsigned i = 0; i < count; i++) {
        ssize_t sent = sendmsg(fd, &messages[i].msg_hdr, flags);
        if (sent < 0)
            return i ? (int)i : -1;
        messages[i].msg_len = (unsigned)sent;
    }
    return (int)count;
}

/* Media in by socket, out by socket: every datagram whole, in order, to whom it belongs. */
static void test_exchange(void **state)
{
    (void)state;
    struct conference c;
    struct io_addresses addresses = udp_loopback();
    struct io_udp udp;
    char error[200];
    uint8_t data[2048];
    conference_init(&c);
    assert_int_equal(io_udp_bind(&udp, &addresses, UDP_FIRST, UDP_LAST, error, sizeof(error)), 0);
    struct core_join joins[2] = {usual_join(1, 1), usual_join(1, 2)};
    struct person *ann = conference_enter(&c, &joins[0]), *bob = conference_enter(&c, &joins[1]);
    int fds[2] = {udp_client_open(ann), udp_client_open(bob)};

    /* A check through the sockets is answered to its sender. */
    stun_client_write(&bob->stun,
                      &(struct stun_client_check){.priority = 1, .is_nominating = true});
    udp_client_send(&udp, fds[1], bob->stun.data, bob->stun.len);
    udp_wait_readable(udp.fds[0]);
    assert_int_equal(io_udp_read(&udp, 0), 1);
    io_udp_deliver(&udp, c.engine, c.now_us);
    io_udp_flush(&udp, c.engine);
    udp_wait_readable(fds[1]);
    assert_true(recv(fds[1], data, sizeof(data), 0) > 20);
    assert_true(recv(fds[0], data, sizeof(data), 0) < 0);

    /* 40 packets of two sizes at once: groups of equal size, each datagram as it was made. */
    person_nominate(&c, ann);
    for (int i = 0; i < 40; i++)
        person_send(&c, ann,
                    &(struct media){.track = MIC,
                                    .mid = "mic",
                                    .level = 30,
                                    .timestamp = 960u * i,
                                    .payload_len = i % 10 < 7 ? 100 : 120});
    /* conference.h has taken them; hand them to the sockets instead. */
    bob->heard_count = 0;
    for (int i = 0; i < 40; i++)
        udp_queue_packet(&c, ann, (uint8_t)i, i % 10 < 7 ? 100 : 120);
    uint64_t calls = udp.statistics.sent_calls;
    io_udp_flush(&udp, c.engine);
    assert_in_range(udp.statistics.sent_calls - calls, 1, 2); /* one sendmmsg carries all groups */
    assert_int_equal(udp.statistics.send_errors, 0);
    for (int i = 0; i < 40; i++) {
        udp_wait_readable(fds[1]);
        ssize_t len = recv(fds[1], data, sizeof(data), 0);
        struct rtp_packet packet;
        assert_true(len > 0);
        len = transport_srtp_open_rtp(bob->receiver, data, (size_t)len);
        assert_true(len > 0);
        assert_int_equal(rtp_packet_parse(&packet, data, (size_t)len), 0);
        assert_int_equal(packet.payload_len, i % 10 < 7 ? 100 : 120);
        assert_int_equal(packet.payload[0], i);
    }
    assert_true(recv(fds[1], data, sizeof(data), 0) < 0);
    close(fds[0]);
    close(fds[1]);
    io_udp_close(&udp);
    conference_dispose(&c);
}

static struct udp_call *open_call(void)
{
    struct udp_call *call = udp_call_open();
    kernel_watch();
    return call;
}

/* Count packets into the engine and out of the sockets; each must come to both who listen. */
static void exchange(struct udp_call *call, unsigned count, const size_t *payload_bytes)
{
    kernel.count = 0;
    call->c.now_us += 100 * MS; /* a voice within its contract */
    for (unsigned i = 0; i < count; i++)
        udp_queue_packet(&call->c, call->people[0], (uint8_t)i, payload_bytes[i]);
    io_udp_flush(&call->udp, call->c.engine);
    for (unsigned i = 0; i < kernel.count; i++)
        assert_int_equal(kernel.sent[i].has_control, kernel.sent[i].segments > 1);
}

static unsigned hear_all(struct udp_call *call, int listener)
{
    uint8_t data[2048];
    unsigned count = 0;
    for (ssize_t len; (len = recv(call->fds[listener], data, sizeof(data), 0)) > 0; count++)
        assert_true(transport_srtp_open_rtp(call->people[listener]->receiver, data, (size_t)len) >
                    0);
    return count;
}

/* Messages that the kernel took for a listener, and how many of them were groups. */
static unsigned count_taken(const struct udp_call *call, int listener, bool is_group)
{
    unsigned count = 0;
    for (unsigned i = 0; i < kernel.count; i++)
        count += kernel.sent[i].is_taken && (kernel.sent[i].segments > 1) == is_group &&
                 kernel.sent[i].port == call->people[listener]->path.remote.port;
    return count;
}

static const size_t equal_sizes[4] = {100, 100, 100, 100};

/* What came in and went out is counted, and one datagram of 64 is timed. */
static void test_statistics(void **state)
{
    (void)state;
    struct udp_call *call = open_call();
    const struct io_statistics *statistics = &call->udp.statistics;
    uint8_t packet[CORE_BUFFER_BYTES];
    for (unsigned i = 0; i < 130; i++) {
        kernel.count = 0;
        call->c.now_us += 20 * MS;
        size_t len = udp_make_packet(call->people[0], packet, (uint8_t)i, 100);
        udp_client_send(&call->udp, call->fds[0], packet, len);
        udp_wait_readable(call->udp.fds[0]);
        assert_int_equal(io_udp_read(&call->udp, 0), 1);
        io_udp_deliver(&call->udp, call->c.engine, call->c.now_us);
        io_udp_flush(&call->udp, call->c.engine);
    }
    assert_int_equal(hear_all(call, 1) + hear_all(call, 2), 260);
    assert_int_equal(statistics->received_datagrams, 130);
    assert_int_equal(statistics->received_media, 130);
    assert_int_equal(statistics->delay.count, 3); /* the 1st, 65th and 129th */
    assert_in_range(io_delay_percentile_us(&statistics->delay, 1), 1, 5000000);
    exchange(call, 4, equal_sizes);
    uint64_t singles = 0, groups = 0, bytes = 0;
    for (unsigned size = 0; size < IO_SEND_SIZES; size++) {
        singles += statistics->sends[0][size].count;
        groups += statistics->sends[3][size].count;
        bytes += statistics->sends[3][size].bytes;
    }
    assert_int_equal(singles, 260);
    assert_int_equal(groups, 2);
    assert_int_equal(bytes, 2 * 4 * kernel.sent[0].bytes);

    /* What is not media is no sample, nor what nobody is sent. */
    for (unsigned i = 0; i < 130; i++) {
        memset(packet, i % 2 ? 0x80 : 0x16, 100); /* SRTP of nobody, DTLS */
        udp_client_send(&call->udp, call->fds[0], packet, 100);
        udp_wait_readable(call->udp.fds[0]);
        assert_int_equal(io_udp_read(&call->udp, 0), 1);
        io_udp_deliver(&call->udp, call->c.engine, call->c.now_us);
        io_udp_flush(&call->udp, call->c.engine);
    }
    assert_int_equal(statistics->received_datagrams, 260);
    assert_int_equal(statistics->received_media, 195);
    assert_int_equal(statistics->delay.count, 3);
    udp_call_close(call);
}

static void test_refused_group(void **state)
{
    (void)state;
    static const struct {
        int error;
        bool is_for_all; /* nobody gets groups any more */
    } cases[] = {{EIO, true}, {EINVAL, false}, {EMSGSIZE, false}};
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct udp_call *call = open_call();
        exchange(call, 4, equal_sizes);
        assert_int_equal(kernel.count, 2); /* a group each */
        assert_int_equal(hear_all(call, 1) + hear_all(call, 2), 8);

        kernel.group_error = cases[i].error;
        kernel.group_port = call->people[1]->path.remote.port;
        exchange(call, 4, equal_sizes);
        assert_int_equal(call->udp.statistics.refused_groups, 1);
        assert_int_equal(call->udp.statistics.send_errors, 0);
        assert_int_equal(count_taken(call, 1, false), 4); /* again, singly */
        assert_int_equal(count_taken(call, 2, true), 1);
        assert_int_equal(hear_all(call, 1), 4);
        assert_int_equal(hear_all(call, 2), 4);

        exchange(call, 4, equal_sizes); /* not tried again */
        assert_int_equal(call->udp.statistics.refused_groups, 1);
        assert_int_equal(count_taken(call, 1, false), 4);
        assert_int_equal(count_taken(call, 2, true), cases[i].is_for_all ? 0 : 1);
        assert_int_equal(hear_all(call, 1), 4);
        assert_int_equal(hear_all(call, 2), 4);
        udp_call_close(call);
    }
}

/* Only so many paths are remembered; the oldest is tried again. */
static void test_refused_paths_are_few(void **state)
{
    (void)state;
    struct udp_call *call = open_call();
    struct person *listener = call->people[1];
    uint16_t first_port = 0;
    int left[IO_UDP_UNGROUPED_MAX + 1]; /* open until the end: no port comes twice */
    kernel.group_error = EINVAL;
    for (unsigned i = 1; i <= IO_UDP_UNGROUPED_MAX + 1; i++) {
        /* The listener moves to another port. */
        left[i - 1] = call->fds[1];
        call->fds[1] = udp_client_open(listener);
        stun_client_write(&listener->stun,
                          &(struct stun_client_check){.priority = 100 + i, .is_nominating = true});
        conference_receive(&call->c, listener, listener->stun.data, listener->stun.len);
        kernel.group_port = listener->path.remote.port;
        first_port = first_port ? first_port : kernel.group_port;
        exchange(call, 4, equal_sizes);
        assert_int_equal(call->udp.statistics.refused_groups, i);
        assert_int_equal(hear_all(call, 1), 4);
        bool remembers_first = false;
        for (unsigned j = 0; j < call->udp.ungrouped_count; j++)
            remembers_first |= call->udp.ungrouped[j].remote.port == first_port;
        assert_int_equal(remembers_first, i <= IO_UDP_UNGROUPED_MAX);
    }
    assert_int_equal(call->udp.ungrouped_count, IO_UDP_UNGROUPED_MAX);
    for (unsigned i = 0; i <= IO_UDP_UNGROUPED_MAX; i++)
        close(left[i]);
    udp_call_close(call);
}

static void test_df(void **state)
{
    (void)state;
    static const size_t probe[1] = {100};
    struct udp_call *call = open_call();
    exchange(call, 1, probe);
    assert_true(kernel.sent[0].has_df);
    size_t fill = 1200 - (kernel.sent[0].bytes - 100);
    const size_t sizes[5] = {fill, fill + 1, fill + 1, 100, fill};
    exchange(call, 5, sizes);
    assert_int_equal(call->udp.statistics.send_errors, 0);
    unsigned with_df = 0, without_df = 0;
    for (unsigned i = 0; i < kernel.count; i++) {
        const struct sent *sent = &kernel.sent[i];
        assert_int_equal(sent->has_df, sent->bytes <= 1200);
        assert_true(sent->bytes <= 1201);
        with_df += sent->has_df;
        without_df += !sent->has_df;
    }
    assert_int_equal(with_df, 4);    /* to each: the first alone, the last alone */
    assert_int_equal(without_df, 2); /* to each: two long ones with the short one behind */
    assert_int_equal(hear_all(call, 1) + hear_all(call, 2), 2 + 10);
    udp_call_close(call);
}

static void test_too_long(void **state)
{
    (void)state;
    static const struct {
        size_t df_bytes_max, bytes_max;
        unsigned heard, errors; /* of one listener, of both */
    } cases[] = {
        {0, 0, 4, 0},
        {500, 0, 4, 0},   /* a path with a small MTU: without DF it goes */
        {500, 500, 2, 4}, /* nothing helps, and the others still go */
    };
    static const size_t sizes[4] = {100, 700, 100, 800};
    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct udp_call *call = open_call();
        kernel.df_bytes_max = cases[i].df_bytes_max;
        kernel.bytes_max = cases[i].bytes_max;
        exchange(call, 4, sizes);
        assert_int_equal(call->udp.statistics.send_errors, cases[i].errors);
        assert_int_equal(hear_all(call, 1), cases[i].heard);
        assert_int_equal(hear_all(call, 2), cases[i].heard);
        exchange(call, 1, sizes); /* DF is back for those that fit */
        assert_true(kernel.sent[0].has_df);
        udp_call_close(call);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exchange),
        cmocka_unit_test(test_statistics),
        cmocka_unit_test(test_refused_group),
        cmocka_unit_test(test_refused_paths_are_few),
        cmocka_unit_test(test_df),
        cmocka_unit_test(test_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
