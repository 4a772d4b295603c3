/* Kernel forms of addresses, and which interfaces count. */
#include "sfu/io/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>
#include <uv.h>

#include "rtp/error.h"

socklen_t io_address_to_sockaddr(const struct transport_address *address,
                                 struct sockaddr_storage *out)
{
    memset(out, 0, sizeof(*out));
    if (transport_address_is_ipv4(address)) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)out;
        v4->sin_family = AF_INET;
        v4->sin_port = htons(address->port);
        memcpy(&v4->sin_addr, address->ip + 12, 4);
        return sizeof(*v4);
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address->port);
    memcpy(&v6->sin6_addr, address->ip, 16);
    return sizeof(*v6);
}

void io_address_from_sockaddr(struct transport_address *address, const struct sockaddr_storage *in)
{
    if (in->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)in;
        transport_address_set_ipv4(address, (const uint8_t *)&v4->sin_addr, ntohs(v4->sin_port));
        return;
    }
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)in;
    memcpy(address->ip, &v6->sin6_addr, 16);
    address->port = ntohs(v6->sin6_port);
}

void io_address_ip_text(const struct transport_address *address, char out[46])
{
    if (transport_address_is_ipv4(address))
        inet_ntop(AF_INET, address->ip + 12, out, 46);
    else
        inet_ntop(AF_INET6, address->ip, out, 46);
}

static int parse(struct transport_address *address, const char *text)
{
    uint8_t ip[16];
    if (inet_pton(AF_INET, text, ip) == 1) {
        transport_address_set_ipv4(address, ip, 0);
        return 0;
    }
    if (inet_pton(AF_INET6, text, ip) != 1)
        return IRIS_E_MALFORMED;
    memcpy(address->ip, ip, 16);
    address->port = 0;
    return 0;
}

static bool is_bridge(const char *interface_name)
{
    char path[64 + IF_NAMESIZE];
    snprintf(path, sizeof(path), "/sys/class/net/%.*s/bridge", IF_NAMESIZE, interface_name);
    return access(path, F_OK) == 0;
}

static bool is_link_local(const struct transport_address *address)
{
    if (transport_address_is_ipv4(address))
        return address->ip[12] == 169 && address->ip[13] == 254;
    return address->ip[0] == 0xFE && (address->ip[1] & 0xC0) == 0x80;
}

static bool is_listed(const struct io_addresses *addresses, const struct transport_address *address)
{
    for (unsigned i = 0; i < addresses->count; i++)
        if (transport_address_is_equal(&addresses->list[i], address))
            return true;
    return false;
}

static void add_own(struct io_addresses *addresses, const uv_interface_address_t *interface)
{
    struct transport_address address;
    struct sockaddr_storage storage;
    memset(&storage, 0, sizeof(storage));
    memcpy(&storage, &interface->address, sizeof(interface->address));
    io_address_from_sockaddr(&address, &storage);
    address.port = 0;
    if (addresses->count == IO_ADDRESSES_MAX || interface->is_internal ||
        is_bridge(interface->name) || is_link_local(&address) || is_listed(addresses, &address))
        return;
    addresses->list[addresses->count++] = address;
}

static int list_own(struct io_addresses *addresses)
{
    uv_interface_address_t *interfaces;
    int count;
    if (uv_interface_addresses(&interfaces, &count))
        return IRIS_E_SYSTEM;
    parse(&addresses->list[0], "127.0.0.1");
    addresses->count = 1;
    for (int i = 0; i < count; i++)
        add_own(addresses, &interfaces[i]);
    uv_free_interface_addresses(interfaces, count);
    return 0;
}

int io_addresses_get(struct io_addresses *addresses, char *const *texts, unsigned count)
{
    memset(addresses, 0, sizeof(*addresses));
    if (count == 0)
        return list_own(addresses);
    if (count > IO_ADDRESSES_MAX)
        return IRIS_E_FULL;
    for (unsigned i = 0; i < count; i++)
        if (parse(&addresses->list[i], texts[i]))
            return IRIS_E_MALFORMED;
    addresses->count = count;
    return 0;
}
