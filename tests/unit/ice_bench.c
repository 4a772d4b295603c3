#include "ice_bench.h"

const struct transport_ice_credentials ice_credentials = {
    "abcdefghijklmnop", "0123456789abcdef0123456789abcdef", "theirs"};

struct transport_path ice_path(int i)
{
    struct transport_path path = {.local = (uint16_t)(i % 2)};
    transport_address_set_ipv4(&path.remote, (const uint8_t[]){192, 0, 2, (uint8_t)i},
                               (uint16_t)(50000 + i));
    return path;
}

void ice_bench_init(struct ice_bench *bench)
{
    bench->stun = transport_stun_create();
    transport_ice_init(&bench->ice, &ice_credentials, 0);
    stun_client_init(&bench->client, &ice_credentials);
    stun_client_init(&bench->old_client, &ice_credentials);
}

enum transport_ice_verdict ice_bench_send(struct ice_bench *bench, struct stun_client *client,
                                          int path, int64_t now_us,
                                          struct transport_ice_reply *reply)
{
    struct transport_datagram datagram = {ice_path(path), client->data, client->len};
    return transport_ice_on_stun(&bench->ice, bench->stun, &datagram, now_us, reply);
}
