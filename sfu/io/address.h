/*
 * The addresses that clients are told to send media to: the configured ones, or 127.0.0.1 and this
 * machine's own, so that an unmodified browser on the same machine connects (protocol.md, "The
 * answer").
 */
#ifndef IRIS_IO_ADDRESS_H
#define IRIS_IO_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "sfu/transport/address.h"

#define IO_ADDRESSES_MAX 8

struct io_addresses {
    unsigned count;
    struct transport_address list[IO_ADDRESSES_MAX]; /* port 0 */
};

/**
 * Parse configured addresses, or list the machine's own when there are none: no bridges, no
 * link-local.
 *
 * @param texts  IP addresses; count of them, 0: the machine's own
 * @return       0, IRIS_E_MALFORMED (not an IP address), IRIS_E_FULL or IRIS_E_SYSTEM
 */
int io_addresses_get(struct io_addresses *addresses, char *const *texts, unsigned count);

/** To and from the kernel's form; the length is returned. */
socklen_t io_address_to_sockaddr(const struct transport_address *address,
                                 struct sockaddr_storage *out);
void io_address_from_sockaddr(struct transport_address *address, const struct sockaddr_storage *in);

/** The address alone, without port and brackets, as an SDP candidate has it. */
void io_address_ip_text(const struct transport_address *address, char out[46]);

#endif
