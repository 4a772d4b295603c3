/*
 * A network namespace without a name and the only way out of it: a TUN device there, another one
 * here, and nothing between them but who holds this. All of it lives as long as the process that
 * opened it and the processes inside, so nothing has to be removed.
 *
 * Packets are IP packets behind a struct virtio_net_hdr of TUNNEL_HEADER_BYTES, which goes along
 * unchanged: it says what is still to be done about checksums.
 */
#ifndef IRIS_BENCH_EMULATOR_TUNNEL_H
#define IRIS_BENCH_EMULATOR_TUNNEL_H

#include <netinet/in.h>
#include <stddef.h>

#define TUNNEL_HEADER_BYTES 10
#define TUNNEL_PACKET_BYTES (TUNNEL_HEADER_BYTES + 65536)

struct tunnel {
    int inside, outside; /* TUN devices, non-blocking */
    int namespace_fd;
};

/**
 * Make it; needs the right to make network namespaces and /dev/net/tun.
 *
 * @param address  of this side; the other side has the next one, and leads everything here
 * @return         0, or -1 and why in error
 */
int tunnel_open(struct tunnel *tunnel, struct in_addr address, char *error, size_t error_cap);
void tunnel_close(struct tunnel *tunnel);

#endif
