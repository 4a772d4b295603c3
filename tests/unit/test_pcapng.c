/* A capture block by block, and as Wireshark's own reader (tshark) understands it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rtp/bytes.h"
#include "sfu/control/pcapng.h"

#define AT_US INT64_C(1795259258123456) /* 2026-11-21T11:07:38.123456Z */

static const uint8_t rtp[] = {0x80, 0xE0 | 17, 0x12, 0x34, 0, 0, 0x30, 0x39,
                              0,    0,         0x10, 0x07, 0, 0, 0};
static const uint8_t pli[] = {0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0x10, 0x07};

static const struct {
    const char *name, *dissector;
    const uint8_t *data;
    size_t len, original_bytes;
    bool is_sent;
    const char *from, *to; /* "" IPv6 */
    const char *comment;
    const char *fields; /* what tshark says */
} packets[] = {
    {"received", "rtp", rtp, 12, 1000, false, "192.0.2.7", "192.0.2.1", "from p-1 (Ada), camera",
     "1795259258.123456|rtp|192.0.2.7|192.0.2.1|50000|49152|0x00001007|4660|12345|113|"
     "from p-1 (Ada), camera|"},
    {"sent", "rtp", rtp, 15, 15, true, "192.0.2.1", "192.0.2.7", "",
     "1795259258.123456|rtp|192.0.2.1|192.0.2.7|50000|49152|0x00001007|4660|12345|113||"},
    {"RTCP", "rtcp", pli, 12, 12, false, "192.0.2.7", "192.0.2.1", "né",
     "1795259258.123456|rtcp|192.0.2.7|192.0.2.1|50000|49152|||||né|206"},
    {"IPv6", "rtcp", pli, 12, 12, true, "", "", "x",
     "1795259258.123456|rtcp|2001:db8::1|2001:db8::7|50000|49152|||||x|206"},
};

#define COUNT (sizeof(packets) / sizeof(packets[0]))

static struct transport_address address_of(const char *text, bool is_from, uint16_t port)
{
    struct transport_address address = {.port = port};
    unsigned ip[4];
    if (sscanf(text, "%u.%u.%u.%u", &ip[0], &ip[1], &ip[2], &ip[3]) == 4) {
        const uint8_t bytes[4] = {(uint8_t)ip[0], (uint8_t)ip[1], (uint8_t)ip[2], (uint8_t)ip[3]};
        transport_address_set_ipv4(&address, bytes, port);
        return address;
    }
    const uint8_t v6[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, is_from ? 1 : 7};
    memcpy(address.ip, v6, sizeof(v6));
    return address;
}

static void write_all(FILE *file)
{
    assert_int_equal(control_pcapng_begin(file, "a test"), 0);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(control_pcapng_write(file,
                                              &(struct control_pcapng_packet){
                                                  .unix_us = AT_US,
                                                  .is_sent = packets[i].is_sent,
                                                  .dissector = packets[i].dissector,
                                                  .from = address_of(packets[i].from, true, 50000),
                                                  .to = address_of(packets[i].to, false, 49152),
                                                  .data = packets[i].data,
                                                  .len = packets[i].len,
                                                  .original_bytes = packets[i].original_bytes,
                                                  .comment = packets[i].comment}),
                         0);
}

static uint32_t number(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* An option's value; NULL: there is none. The list must end within the block. */
static const uint8_t *find_option(const uint8_t *at, const uint8_t *end, unsigned code,
                                  unsigned *len)
{
    for (;;) {
        unsigned this_code = at[0] | (unsigned)at[1] << 8;
        *len = at[2] | (unsigned)at[3] << 8;
        assert_true(at + 4 + *len <= end);
        if (this_code == code)
            return at + 4;
        if (this_code == 0) {
            assert_ptr_equal(at + 4, end);
            return NULL;
        }
        at += 4 + (*len + 3) / 4 * 4;
    }
}

static void check_packet(const uint8_t *body, const uint8_t *end, size_t i)
{
    uint32_t captured = number(body + 12), original = number(body + 16);
    const uint8_t *options = body + 20 + (captured + 3) / 4 * 4;
    unsigned len;
    assert_int_equal((uint64_t)number(body + 4) << 32 | number(body + 8), AT_US);
    assert_int_equal(original - captured, packets[i].original_bytes - packets[i].len);
    assert_memory_equal(body + 20 + captured - packets[i].len, packets[i].data, packets[i].len);
    const uint8_t *flags = find_option(options, end, 2, &len);
    assert_non_null(flags);
    assert_int_equal(number(flags), packets[i].is_sent ? 2 : 1);
    const uint8_t *comment = find_option(options, end, 1, &len);
    assert_int_equal(comment ? len : 0, strlen(packets[i].comment));
    if (comment)
        assert_memory_equal(comment, packets[i].comment, len);
}

static void blocks_fit_together(void **state)
{
    static uint8_t bytes[65536];
    static const uint32_t types[] = {0x0A0D0D0A, 1};
    FILE *file = tmpfile();
    size_t at = 0, count = 0, len;
    (void)state;
    write_all(file);
    rewind(file);
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    for (; at < size; at += len, count++) {
        const uint8_t *block = bytes + at;
        len = number(block + 4);
        assert_true(len >= 12 && len % 4 == 0 && at + len <= size);
        assert_int_equal(number(block + len - 4), len);
        assert_int_equal(number(block), count < 2 ? types[count] : 6);
        if (count == 0)
            assert_int_equal(number(block + 8), 0x1A2B3C4D);
        else if (count == 1)
            assert_int_equal(block[8], 252);
        else
            check_packet(block + 8, block + len - 4, count - 2);
    }
    assert_int_equal(count, 2 + COUNT);
}

static void comments_are_cut_between_characters(void **state)
{
    char text[600] = "";
    static uint8_t bytes[4096];
    unsigned len;
    (void)state;
    text[0] = 'x'; /* so that every character of two bytes begins at an odd place */
    for (size_t i = 1; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "é", 2);
    FILE *file = tmpfile();
    const struct control_pcapng_packet packet = {
        .dissector = "rtp", .data = rtp, .len = 12, .original_bytes = 12, .comment = text};
    assert_int_equal(control_pcapng_write(file, &packet), 0);
    rewind(file);
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    assert_int_equal(number(bytes + 4), size);
    find_option(bytes + 28 + number(bytes + 20), bytes + size - 4, 1, &len);
    assert_int_equal(len, CONTROL_PCAPNG_COMMENT_MAX - 1);
}

static void a_full_disk_is_told(void **state)
{
    FILE *file = fopen("/dev/full", "w");
    (void)state;
    assert_non_null(file);
    setvbuf(file, NULL, _IONBF, 0);
    assert_true(control_pcapng_begin(file, "") < 0);
    fclose(file);
}

static void wireshark_opens_it(void **state)
{
    char path[] = "/tmp/iris-pcapng-XXXXXX", command[700], line[400];
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    (void)state;
    write_all(file);
    fclose(file);
    snprintf(command, sizeof(command),
             "tshark -n -r %s -T fields -E separator='|' -e frame.time_epoch -e _ws.col.Protocol "
             "-e _ws.col.Source -e _ws.col.Destination -e exported_pdu.src_port "
             "-e exported_pdu.dst_port -e rtp.ssrc -e rtp.seq -e rtp.timestamp -e rtp.p_type "
             "-e frame.comment -e rtcp.pt 2>/dev/null",
             path);
    FILE *output = popen(command, "r");
    for (size_t i = 0; i < COUNT; i++) {
        assert_non_null(fgets(line, sizeof(line), output));
        line[strcspn(line, "\n")] = '\0';
        /* The protocol is written in capitals, the time with nanoseconds. */
        char *digits = strstr(line, "000|RT");
        assert_non_null(digits);
        memmove(digits, digits + 3, strlen(digits + 3) + 1);
        for (char *c = strchr(line, '|') + 1; *c != '|'; c++)
            *c = (char)(*c | 0x20);
        assert_string_equal(line, packets[i].fields);
    }
    assert_null(fgets(line, sizeof(line), output));
    assert_int_equal(pclose(output), 0);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_fit_together),
        cmocka_unit_test(comments_are_cut_between_characters),
        cmocka_unit_test(a_full_disk_is_told),
        cmocka_unit_test(wireshark_opens_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
