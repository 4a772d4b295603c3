/* Addresses to and from the kernel's form, and which ones are announced. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rtp/error.h"
#include "sfu/io/address.h"

static void test_conversion(void **state)
{
    (void)state;
    static const struct {
        const char *ip;
        int family;
        bool is_v4;
    } table[] = {{"192.0.2.7", AF_INET, true},
                 {"127.0.0.1", AF_INET, true},
                 {"2001:db8::7", AF_INET6, false},
                 {"::1", AF_INET6, false}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        char *texts[] = {(char *)table[i].ip};
        struct io_addresses addresses;
        struct sockaddr_storage storage;
        struct transport_address back;
        char text[46];
        assert_int_equal(io_addresses_get(&addresses, texts, 1), 0);
        assert_int_equal(addresses.count, 1);
        addresses.list[0].port = 4711;
        assert_int_equal(transport_address_is_ipv4(&addresses.list[0]), table[i].is_v4);
        socklen_t len = io_address_to_sockaddr(&addresses.list[0], &storage);
        assert_int_equal(storage.ss_family, table[i].family);
        assert_int_equal(len,
                         table[i].is_v4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
        io_address_from_sockaddr(&back, &storage);
        assert_true(transport_address_is_equal(&back, &addresses.list[0]));
        io_address_ip_text(&back, text);
        assert_string_equal(text, table[i].ip);
    }
}

/* A v4 client on a v6 socket is the same client. */
static void test_mapped(void **state)
{
    (void)state;
    struct sockaddr_storage v4 = {0}, v6 = {0};
    struct sockaddr_in *four = (struct sockaddr_in *)&v4;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&v6;
    struct transport_address a, b;
    four->sin_family = AF_INET;
    six->sin6_family = AF_INET6;
    four->sin_port = six->sin6_port = htons(99);
    inet_pton(AF_INET, "192.0.2.7", &four->sin_addr);
    inet_pton(AF_INET6, "::ffff:192.0.2.7", &six->sin6_addr);
    io_address_from_sockaddr(&a, &v4);
    io_address_from_sockaddr(&b, &v6);
    assert_true(transport_address_is_equal(&a, &b));
}

static void test_lists(void **state)
{
    (void)state;
    static char *const many[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5",
                                 "192.0.2.6", "192.0.2.7", "192.0.2.8", "192.0.2.9"};
    static char *const names[] = {"meet.example.org"}, *const ports[] = {"192.0.2.1:80"};
    struct io_addresses addresses;
    assert_int_equal(io_addresses_get(&addresses, many, 8), 0);
    assert_int_equal(addresses.count, 8);
    assert_int_equal(io_addresses_get(&addresses, many, 9), IRIS_E_FULL);
    assert_int_equal(io_addresses_get(&addresses, names, 1), IRIS_E_MALFORMED);
    assert_int_equal(io_addresses_get(&addresses, ports, 1), IRIS_E_MALFORMED);
}

/* Without a configuration: 127.0.0.1 first, then this machine's, none twice, none link-local. */
static void test_own(void **state)
{
    (void)state;
    struct io_addresses addresses;
    char text[46];
    assert_int_equal(io_addresses_get(&addresses, NULL, 0), 0);
    assert_in_range(addresses.count, 1, IO_ADDRESSES_MAX);
    io_address_ip_text(&addresses.list[0], text);
    assert_string_equal(text, "127.0.0.1");
    for (unsigned i = 0; i < addresses.count; i++) {
        io_address_ip_text(&addresses.list[i], text);
        assert_false(strncmp(text, "169.254.", 8) == 0 || strncmp(text, "fe80:", 5) == 0);
        assert_int_equal(addresses.list[i].port, 0);
        for (unsigned j = 0; j < i; j++)
            assert_false(transport_address_is_equal(&addresses.list[i], &addresses.list[j]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversion),
        cmocka_unit_test(test_mapped),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
