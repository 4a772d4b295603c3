/*
 * Printing and classifying addresses without the socket headers. What it does not do: parse text.
 */
#include "sfu/transport/address.h"

#include <stdio.h>

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool transport_address_is_ipv4(const struct transport_address *address)
{
    return memcmp(address->ip, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

void transport_address_set_ipv4(struct transport_address *address, const uint8_t ip[4],
                                uint16_t port)
{
    memcpy(address->ip, mapped_prefix, sizeof(mapped_prefix));
    memcpy(address->ip + sizeof(mapped_prefix), ip, 4);
    address->port = port;
}

static unsigned group_at(const struct transport_address *address, int i)
{
    return (unsigned)(address->ip[2 * i] << 8 | address->ip[2 * i + 1]);
}

/* The longest run of zero groups, the first of equals; a single group is not shortened (RFC
 * 5952, 4.2). */
static int find_zero_run(const struct transport_address *address, int *run_len)
{
    int best = -1, best_len = 1;
    for (int start = 0; start < 8; start++) {
        int len = 0;
        while (start + len < 8 && group_at(address, start + len) == 0)
            len++;
        if (len > best_len) {
            best = start;
            best_len = len;
        }
    }
    *run_len = best_len;
    return best;
}

static void print_ipv6(const struct transport_address *address, char *out)
{
    int run_len;
    int run = find_zero_run(address, &run_len);
    char *at = out + sprintf(out, "[");
    for (int i = 0; i < 8; i++) {
        if (i == run) {
            at += sprintf(at, "::");
            i += run_len - 1;
            continue;
        }
        bool follows_run = run >= 0 && i == run + run_len;
        at += sprintf(at, i == 0 || follows_run ? "%x" : ":%x", group_at(address, i));
    }
    sprintf(at, "]:%u", address->port);
}

const char *transport_address_text(const struct transport_address *address, char *out)
{
    const uint8_t *ip = address->ip;
    if (transport_address_is_ipv4(address))
        snprintf(out, TRANSPORT_ADDRESS_TEXT_BYTES, "%u.%u.%u.%u:%u", ip[12], ip[13], ip[14],
                 ip[15], address->port);
    else
        print_ipv6(address, out);
    return out;
}
