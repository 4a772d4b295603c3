/* The devices are configured by iproute2: two commands here, four there. */
#include "bench/emulator/tunnel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ADDRESS_BYTES 16
#define OWN_NAMESPACE "/proc/self/ns/net"

_Static_assert(sizeof(struct virtio_net_hdr) == TUNNEL_HEADER_BYTES, "TUN's default header");

/*
 * Checksums are left to the last device, as on a network card: without that the kernel refuses
 * UDP_SEGMENT. Segmentation is not: each packet has to take its own time.
 */
static int open_device(char name[IFNAMSIZ])
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR};
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -1;
    memcpy(request.ifr_name, name, IFNAMSIZ);
    if (ioctl(fd, TUNSETIFF, &request) || ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM)) {
        close(fd);
        return -1;
    }
    memcpy(name, request.ifr_name, IFNAMSIZ);
    return fd;
}

/* @return 0, or -1 and what failed in error */
__attribute__((format(printf, 3, 4))) static int run(char *error, size_t error_cap,
                                                     const char *format, ...)
{
    char command[256], line[320];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof(command), format, arguments);
    va_end(arguments);
    snprintf(line, sizeof(line), "PATH=$PATH:/sbin:/usr/sbin ip %s >&2", command);
    if (system(line) == 0)
        return 0;
    snprintf(error, error_cap, "'ip %s' fails", command);
    return -1;
}

/* No address of IPv6: nothing changes any more once the device is up, which browsers would notice.
 */
static int configure(const char *device, const char *own, const char *peer, char *error,
                     size_t error_cap)
{
    return run(error, error_cap, "link set %s addrgenmode none", device) ||
                   run(error, error_cap, "address add %s peer %s dev %s", own, peer, device) ||
                   run(error, error_cap, "link set %s up", device)
               ? -1
               : 0;
}

struct addresses {
    char outside[ADDRESS_BYTES], inside[ADDRESS_BYTES];
};

static int open_outside(struct tunnel *tunnel, const struct addresses *addresses, char *error,
                        size_t error_cap)
{
    char name[IFNAMSIZ] = "iris-link%d";
    tunnel->outside = open_device(name);
    if (tunnel->outside < 0) {
        snprintf(error, error_cap, "no TUN device can be made here: %s", strerror(errno));
        return -1;
    }
    return configure(name, addresses->outside, addresses->inside, error, error_cap);
}

/* In the new namespace. The default route is there for ICE: Firefox gathers nothing without one. */
static int open_inside(struct tunnel *tunnel, const struct addresses *addresses, char *error,
                       size_t error_cap)
{
    char name[IFNAMSIZ] = "link0";
    tunnel->namespace_fd = open(OWN_NAMESPACE, O_RDONLY | O_CLOEXEC);
    tunnel->inside = open_device(name);
    if (tunnel->namespace_fd < 0 || tunnel->inside < 0) {
        snprintf(error, error_cap, "no TUN device in the new namespace: %s", strerror(errno));
        return -1;
    }
    if (run(error, error_cap, "link set lo up") ||
        configure(name, addresses->inside, addresses->outside, error, error_cap))
        return -1;
    return run(error, error_cap, "route add default via %s dev %s", addresses->outside, name);
}

static int visit_inside(struct tunnel *tunnel, const struct addresses *addresses, char *error,
                        size_t error_cap)
{
    int result = -1, home = open(OWN_NAMESPACE, O_RDONLY | O_CLOEXEC);
    if (home < 0 || unshare(CLONE_NEWNET)) {
        snprintf(error, error_cap, "no network namespace can be made here: %s", strerror(errno));
    } else {
        result = open_inside(tunnel, addresses, error, error_cap);
        if (setns(home, CLONE_NEWNET)) {
            snprintf(error, error_cap, "no way back from the namespace: %s", strerror(errno));
            result = -1;
        }
    }
    if (home >= 0)
        close(home);
    return result;
}

int tunnel_open(struct tunnel *tunnel, struct in_addr address, char *error, size_t error_cap)
{
    struct in_addr next = {.s_addr = htonl(ntohl(address.s_addr) + 1)};
    struct addresses addresses;
    *tunnel = (struct tunnel){.inside = -1, .outside = -1, .namespace_fd = -1};
    inet_ntop(AF_INET, &address, addresses.outside, sizeof(addresses.outside));
    inet_ntop(AF_INET, &next, addresses.inside, sizeof(addresses.inside));
    if (open_outside(tunnel, &addresses, error, error_cap) == 0 &&
        visit_inside(tunnel, &addresses, error, error_cap) == 0)
        return 0;
    tunnel_close(tunnel);
    return -1;
}

void tunnel_close(struct tunnel *tunnel)
{
    const int fds[] = {tunnel->inside, tunnel->outside, tunnel->namespace_fd};
    for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
}
