/*
 * Addresses without sockets: where a datagram came from and through which of our sockets. IPv4 is
 * kept in its IPv4-mapped IPv6 form (RFC 4291, 2.5.5.2), so that equal addresses have equal bytes.
 */
#ifndef IRIS_TRANSPORT_ADDRESS_H
#define IRIS_TRANSPORT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define TRANSPORT_ADDRESS_TEXT_BYTES 56 /* "[ipv6]:port" and the terminator */

struct transport_address {
    uint8_t ip[16];
    uint16_t port; /* host order */
};

/* One way between a client and us. Compared byte for byte: keep it free of padding. */
struct transport_path {
    struct transport_address remote;
    uint16_t local; /* index of our socket: which announced address was addressed */
};

/* A datagram and the way that it came or goes. data belongs to whoever says so in the function. */
struct transport_datagram {
    struct transport_path path;
    uint8_t *data;
    size_t len; /* [bytes] */
};

static inline bool transport_address_is_equal(const struct transport_address *a,
                                              const struct transport_address *b)
{
    return a->port == b->port && memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

static inline bool transport_path_is_equal(const struct transport_path *a,
                                           const struct transport_path *b)
{
    return a->local == b->local && transport_address_is_equal(&a->remote, &b->remote);
}

/** The address is an IPv4 one in its mapped form. */
bool transport_address_is_ipv4(const struct transport_address *address);

/** Make one of 4 bytes in network order. */
void transport_address_set_ipv4(struct transport_address *address, const uint8_t ip[4],
                                uint16_t port);

/**
 * Print as "192.0.2.1:50000" or "[2001:db8::1]:50000" (RFC 5952).
 *
 * @param out  TRANSPORT_ADDRESS_TEXT_BYTES
 * @return     out
 */
const char *transport_address_text(const struct transport_address *address, char *out);

#endif
