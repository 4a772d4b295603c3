/*
 * A network namespace without a name: it lives as long as its processes, so nothing has to be
 * removed. Janus ignores loopback interfaces, so the address is that of a veth; packets to one's
 * own address stay inside, on the loopback interface.
 */
#include "bench/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The other end of the veth only makes the link come up; the default route is for ICE gathering. */
static const char *const commands[] = {
    "ip link set lo up",
    "ip link add iris0 type veth peer name iris1",
    "ip address add 10.99.0.1/24 dev iris0", /* PEER_ADDRESS */
    "ip link set iris0 up",
    "ip link set iris1 up",
    "ip route add default via 10.99.0.2 dev iris0",
};

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t written = fd >= 0 ? write(fd, text, strlen(text)) : -1;
    if (fd >= 0)
        close(fd);
    return written == (ssize_t)strlen(text) ? 0 : -1;
}

/* As an ordinary user: root of a user namespace, where that is allowed. */
static int enter_as_user(void)
{
    char map[64];
    uid_t uid = getuid();
    gid_t gid = getgid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
        return -1;
    snprintf(map, sizeof(map), "0 %u 1", uid);
    if (write_file("/proc/self/uid_map", map) || write_file("/proc/self/setgroups", "deny"))
        return -1;
    snprintf(map, sizeof(map), "0 %u 1", gid);
    return write_file("/proc/self/gid_map", map);
}

int peer_enter_namespace(char *error, size_t error_cap)
{
    if (unshare(CLONE_NEWNET) && enter_as_user()) {
        snprintf(error, error_cap, "no network namespace can be made here: %s", strerror(errno));
        return -1;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
        char command[160];
        snprintf(command, sizeof(command), "PATH=$PATH:/sbin:/usr/sbin %s >&2", commands[i]);
        if (system(command)) {
            snprintf(error, error_cap, "in the new network namespace, '%s' fails", commands[i]);
            return -1;
        }
    }
    return 0;
}
