#include "udp_call.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "person_send.h"

struct io_addresses udp_loopback(void)
{
    static char *const texts[] = {"127.0.0.1"};
    struct io_addresses addresses;
    assert_int_equal(io_addresses_get(&addresses, texts, 1), 0);
    return addresses;
}

int udp_client_open(struct person *person)
{
    struct sockaddr_storage name;
    struct transport_address address = udp_loopback().list[0];
    socklen_t len = io_address_to_sockaddr(&address, &name);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, len), 0);
    len = sizeof(name);
    getsockname(fd, (struct sockaddr *)&name, &len);
    io_address_from_sockaddr(&person->path.remote, &name);
    return fd;
}

void udp_wait_readable(int fd)
{
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&poller, 1, 5000), 1);
}

void udp_client_send(const struct io_udp *udp, int fd, const void *data, size_t len)
{
    struct sockaddr_storage name;
    struct transport_address address = udp_loopback().list[0];
    address.port = udp->port;
    socklen_t name_len = io_address_to_sockaddr(&address, &name);
    assert_int_equal(sendto(fd, data, len, 0, (struct sockaddr *)&name, name_len), len);
}

size_t udp_make_packet(struct person *from, uint8_t *packet, uint8_t filling, size_t len)
{
    const struct media media = {
        .track = MIC, .mid = "mic", .level = 30, .timestamp = 960u * filling};
    from->seqs[MIC][0]++;
    size_t head =
        write_head(packet, from, &media, ssrc_of(from, MIC, 0), from->seqs[MIC][0], PT_OPUS);
    memset(packet + head, filling, len);
    uint64_t *index = &from->indices[packet[11]];
    *index = (*index & ~UINT64_C(0xFFFF)) + from->seqs[MIC][0];
    int sealed = transport_srtp_seal_rtp(from->sender, packet, head + len, head, *index);
    assert_true(sealed > 0);
    return (size_t)sealed;
}

void udp_queue_packet(struct conference *c, struct person *from, uint8_t filling, size_t len)
{
    uint8_t packet[CORE_BUFFER_BYTES];
    struct transport_datagram datagram = {
        .path = from->path, .data = packet, .len = udp_make_packet(from, packet, filling, len)};
    core_engine_receive(c->engine, &datagram, c->now_us);
}

struct udp_call *udp_call_open(void)
{
    struct udp_call *call = calloc(1, sizeof(*call));
    struct io_addresses addresses = udp_loopback();
    char error[200];
    assert_non_null(call);
    conference_init(&call->c);
    assert_int_equal(io_udp_bind(&call->udp, &addresses, UDP_FIRST, UDP_LAST, error, sizeof(error)),
                     0);
    for (uint64_t i = 0; i < 3; i++) {
        struct core_join join = usual_join(1, i + 1);
        call->people[i] = conference_enter(&call->c, &join);
        call->fds[i] = udp_client_open(call->people[i]);
        person_nominate(&call->c, call->people[i]);
    }
    /* The first packet decides who is heard. */
    udp_queue_packet(&call->c, call->people[0], 0, 100);
    conference_flush(&call->c);
    return call;
}

void udp_call_close(struct udp_call *call)
{
    for (int i = 0; i < 3; i++)
        close(call->fds[i]);
    io_udp_close(&call->udp);
    conference_dispose(&call->c);
    free(call);
}
