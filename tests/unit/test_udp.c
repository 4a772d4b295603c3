/*
 * The media sockets on loopback: ports of the range, batches out and in. A conference in virtual
 * time makes the packets.
 */
#include "conference.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sfu/io/udp.h"

#define FIRST 61000
#define LAST  61999

static struct io_addresses loopback(void)
{
    static char *const texts[] = {"127.0.0.1"};
    struct io_addresses addresses;
    assert_int_equal(io_addresses_get(&addresses, texts, 1), 0);
    return addresses;
}

static void test_ports(void **state)
{
    (void)state;
    struct io_addresses addresses = loopback();
    struct io_udp first, second, third;
    char error[200] = "";
    assert_int_equal(io_udp_bind(&first, &addresses, FIRST, LAST, error, sizeof(error)), 0);
    assert_int_equal(io_udp_bind(&second, &addresses, first.port, LAST, error, sizeof(error)), 0);
    assert_true(second.port > first.port); /* the next free one */
    assert_int_not_equal(
        io_udp_bind(&third, &addresses, first.port, first.port, error, sizeof(error)), 0);
    assert_non_null(strstr(error, "no UDP port of"));
    assert_int_equal(third.count, 0);
    io_udp_close(&second);
    io_udp_close(&first);
    io_udp_close(&first); /* once more is harmless */
}

static void test_foreign_address(void **state)
{
    (void)state;
    static char *const texts[] = {"127.0.0.1", "192.0.2.99"}; /* the second is nobody's */
    struct io_addresses addresses;
    struct io_udp udp;
    char error[200] = "";
    assert_int_equal(io_addresses_get(&addresses, texts, 2), 0);
    assert_int_not_equal(io_udp_bind(&udp, &addresses, FIRST, LAST, error, sizeof(error)), 0);
    assert_non_null(strstr(error, "cannot bind the media sockets"));
    assert_int_equal(udp.count, 0);
}

/* A client's socket, and its address as the engine knows it. */
static int open_client(struct person *person)
{
    struct sockaddr_storage name;
    struct transport_address address = loopback().list[0];
    socklen_t len = io_address_to_sockaddr(&address, &name);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, len), 0);
    len = sizeof(name);
    getsockname(fd, (struct sockaddr *)&name, &len);
    io_address_from_sockaddr(&person->path.remote, &name);
    return fd;
}

static void wait_readable(int fd)
{
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&poller, 1, 5000), 1);
}

static void send_to(const struct io_udp *udp, int fd, const void *data, size_t len)
{
    struct sockaddr_storage name;
    struct transport_address address = loopback().list[0];
    address.port = udp->port;
    socklen_t name_len = io_address_to_sockaddr(&address, &name);
    assert_int_equal(sendto(fd, data, len, 0, (struct sockaddr *)&name, name_len), len);
}

/* Media in by socket, out by socket: every datagram whole, in order, to whom it belongs. */
static void test_exchange(void **state)
{
    (void)state;
    struct conference c;
    struct io_addresses addresses = loopback();
    struct io_udp udp;
    char error[200];
    uint8_t data[2048];
    conference_init(&c);
    assert_int_equal(io_udp_bind(&udp, &addresses, FIRST, LAST, error, sizeof(error)), 0);
    struct core_join joins[2] = {usual_join(1, 1), usual_join(1, 2)};
    struct person *ann = conference_enter(&c, &joins[0]), *bob = conference_enter(&c, &joins[1]);
    int fds[2] = {open_client(ann), open_client(bob)};

    /* A check through the sockets is answered to its sender. */
    stun_client_write(&bob->stun,
                      &(struct stun_client_check){.priority = 1, .is_nominating = true});
    send_to(&udp, fds[1], bob->stun.data, bob->stun.len);
    wait_readable(udp.fds[0]);
    io_udp_receive(&udp, 0, c.engine, c.now_us);
    io_udp_flush(&udp, c.engine);
    wait_readable(fds[1]);
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
    for (int i = 0; i < 40; i++) {
        uint8_t packet[CORE_BUFFER_BYTES];
        const struct media media = {.track = MIC, .mid = "mic", .level = 30, .timestamp = 960u * i};
        ann->seqs[MIC][0]++;
        size_t head =
            write_head(packet, ann, &media, ssrc_of(ann, MIC, 0), ann->seqs[MIC][0], PT_OPUS);
        size_t len = i % 10 < 7 ? 100 : 120;
        memset(packet + head, i, len);
        uint64_t *index = &ann->indices[packet[11]];
        *index = (*index & ~UINT64_C(0xFFFF)) + ann->seqs[MIC][0];
        int sealed = transport_srtp_seal_rtp(ann->sender, packet, head + len, head, *index);
        struct transport_datagram datagram = {
            .path = ann->path, .data = packet, .len = (size_t)sealed};
        core_engine_receive(c.engine, &datagram, c.now_us);
    }
    uint64_t calls = udp.sent_calls;
    io_udp_flush(&udp, c.engine);
    assert_in_range(udp.sent_calls - calls, 1, 2); /* one sendmmsg carries all groups */
    assert_int_equal(udp.send_errors, 0);
    for (int i = 0; i < 40; i++) {
        wait_readable(fds[1]);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_foreign_address),
        cmocka_unit_test(test_exchange),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
