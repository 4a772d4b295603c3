/* Addresses: the IPv4-mapped form and the texts of RFC 5952. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sfu/transport/address.h"

static void prints_ipv6_shortest(void **state)
{
    (void)state;
    static const struct {
        uint8_t ip[16];
        const char *text;
    } rows[] = {
        {{0x20, 1, 0xd, 0xb8, [15] = 1}, "[2001:db8::1]:50000"},
        {{0}, "[::]:50000"},
        {{[15] = 1}, "[::1]:50000"},
        {{0xfe, 0x80}, "[fe80::]:50000"},
        /* one zero group is not shortened; of two equal runs the first is */
        {{0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1}, "[2001:db8:0:1:1:1:1:1]:50000"},
        {{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1}, "[2001:db8::1:0:0:1]:50000"},
        {{0x20, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1}, "[2001:0:0:1::1]:50000"},
        {{0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0xab, 0xcd}, "[1:2:3:4:5:6:7:abcd]:50000"},
    };
    char text[TRANSPORT_ADDRESS_TEXT_BYTES];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct transport_address address = {.port = 50000};
        memcpy(address.ip, rows[i].ip, 16);
        assert_false(transport_address_is_ipv4(&address));
        assert_string_equal(transport_address_text(&address, text), rows[i].text);
    }
}

static void longest_text_fits(void **state)
{
    (void)state;
    struct transport_address address = {.port = 65535};
    memset(address.ip, 0xff, sizeof(address.ip));
    char text[TRANSPORT_ADDRESS_TEXT_BYTES];
    assert_string_equal(transport_address_text(&address, text),
                        "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

static void keeps_ipv4_mapped(void **state)
{
    (void)state;
    struct transport_address a, b;
    char text[TRANSPORT_ADDRESS_TEXT_BYTES];
    memset(&a, 0xaa, sizeof(a));
    memset(&b, 0x55, sizeof(b));
    transport_address_set_ipv4(&a, (const uint8_t[]){192, 0, 2, 1}, 50000);
    transport_address_set_ipv4(&b, (const uint8_t[]){192, 0, 2, 1}, 50000);
    assert_true(transport_address_is_ipv4(&a));
    assert_true(transport_address_is_equal(&a, &b));
    assert_memory_equal(&a, &b, sizeof(a));
    assert_string_equal(transport_address_text(&a, text), "192.0.2.1:50000");
    b.port++;
    assert_false(transport_address_is_equal(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_ipv6_shortest),
        cmocka_unit_test(longest_text_fits),
        cmocka_unit_test(keeps_ipv4_mapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
