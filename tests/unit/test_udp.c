/* The media sockets on loopback: ports of the range, and what finds no room in them. */
#include "udp_call.h"

#include <sys/socket.h>
#include <unistd.h>

static void test_ports(void **state)
{
    (void)state;
    struct io_addresses addresses = udp_loopback();
    struct io_udp first, second, third;
    char error[200] = "";
    assert_int_equal(io_udp_bind(&first, &addresses, UDP_FIRST, UDP_LAST, error, sizeof(error)), 0);
    assert_int_equal(io_udp_bind(&second, &addresses, first.port, UDP_LAST, error, sizeof(error)),
                     0);
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
    assert_int_not_equal(io_udp_bind(&udp, &addresses, UDP_FIRST, UDP_LAST, error, sizeof(error)),
                         0);
    assert_non_null(strstr(error, "cannot bind the media sockets"));
    assert_int_equal(udp.count, 0);
}

/* What finds no room in a receive buffer is counted, once, by its socket. */
static void test_receive_drops(void **state)
{
    (void)state;
    enum { SENT = 400 };
    struct io_addresses addresses = udp_loopback();
    struct io_udp udp;
    char error[200] = "";
    uint8_t datagram[1000] = {0x80};
    int size = 1, fd = socket(AF_INET, SOCK_DGRAM, 0); /* the least that the kernel allows */
    uint64_t received = 0;
    assert_int_equal(io_udp_bind(&udp, &addresses, UDP_FIRST, UDP_LAST, error, sizeof(error)), 0);
    assert_int_equal(setsockopt(udp.fds[0], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
    io_udp_count_drops(&udp);
    assert_int_equal(udp.statistics.receive_drops, 0);
    for (unsigned i = 0; i < SENT; i++)
        udp_client_send(&udp, fd, datagram, sizeof(datagram));
    for (unsigned count; (count = io_udp_read(&udp, 0)) > 0;)
        received += count;
    io_udp_count_drops(&udp);
    assert_in_range(received, 1, SENT - 1);
    assert_int_equal(received + udp.statistics.receive_drops, SENT);
    io_udp_count_drops(&udp);
    assert_int_equal(received + udp.statistics.receive_drops, SENT);
    io_udp_close(&udp);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_foreign_address),
        cmocka_unit_test(test_receive_drops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
