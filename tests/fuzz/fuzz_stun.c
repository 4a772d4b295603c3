/*
 * STUN and the path rules of ICE-lite under hostile datagrams. An input is a sequence of steps,
 * each with a time and a path; what no outsider could authenticate is given integrity and
 * fingerprint here, so that the code behind them is reached too.
 *
 *   step: kind (1 byte, modulo 4), path (1), time passed [100 ms] (1), length (2), bytes
 *   kind: 0 datagram as it is, 1 attributes of a check, 2 authenticated media, 3 ICE restart
 */
#include <stdlib.h>
#include <string.h>

#include "rtp/bytes.h"
#include "tests/fuzz/target.h"
#include "tests/unit/stun_client.h"

static const struct transport_ice_credentials credentials[2] = {
    {"abcdefghijklmnop", "0123456789abcdef0123456789abcdef", "theirs"},
    {"ponmlkjihgfedcba", "fedcba9876543210fedcba9876543210", "theirs2"}};

struct bench {
    struct transport_stun *stun;
    struct transport_ice ice;
    struct stun_client client;
    int64_t now_us;
    int restarts;
};

static void require(bool is_so)
{
    if (!is_so)
        abort();
}

static void receive(struct bench *bench, const struct transport_path *path, const uint8_t *data,
                    size_t len)
{
    struct transport_ice_reply reply;
    char ufrag[TRANSPORT_ICE_LOCAL_UFRAG_BYTES];
    uint8_t *exact = malloc(len ? len : 1); /* so that AddressSanitizer sees a read past it */
    memcpy(exact, data, len);
    struct transport_datagram datagram = {*path, exact, len};
    if (transport_stun_request_ufrag(exact, len, ufrag) == 0)
        require(memchr(ufrag, 0, sizeof(ufrag)) && ufrag[0]);
    enum transport_ice_verdict verdict =
        transport_ice_on_stun(&bench->ice, bench->stun, &datagram, bench->now_us, &reply);
    require(reply.len <= sizeof(reply.data));
    require((verdict == TRANSPORT_ICE_DROPPED) == (reply.len == 0));
    if (verdict == TRANSPORT_ICE_ANSWERED) {
        require(transport_ice_is_validated(&bench->ice, path));
        require(memcmp(reply.data + 4, exact + 4, 16) == 0); /* cookie and transaction id */
    }
    free(exact);
}

static void step(struct bench *bench, int kind, const struct transport_path *path,
                 const uint8_t *data, size_t len)
{
    switch (kind) {
    case 0:
        receive(bench, path, data, len);
        break;
    case 1:
        stun_client_write_raw(&bench->client, data, len < 900 ? len : 900);
        receive(bench, path, bench->client.data, bench->client.len);
        break;
    case 2:
        transport_ice_on_authenticated(&bench->ice, path, bench->now_us);
        break;
    default:
        bench->restarts++;
        transport_ice_restart(&bench->ice, &credentials[bench->restarts % 2], bench->now_us);
        stun_client_init(&bench->client, &credentials[bench->restarts % 2]);
    }
    int selected = bench->ice.selected;
    require(selected >= -1 && selected < TRANSPORT_ICE_PATHS);
    require(selected < 0 || bench->ice.paths[selected].is_used);
    require((transport_ice_selected(&bench->ice) == NULL) == (selected < 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bench bench = {.stun = transport_stun_create()};
    transport_ice_init(&bench.ice, &credentials[0], 0);
    stun_client_init(&bench.client, &credentials[0]);
    for (int steps = 0; size >= 5 && steps < 64; steps++) {
        struct transport_path path = {.remote.ip = {0x20, 1, [15] = data[1]}, .remote.port = 9};
        size_t len = rtp_bytes_get16(data + 3);
        int kind = data[0] % 4;
        if (data[1] & 1)
            transport_address_set_ipv4(&path.remote, (const uint8_t[]){192, 0, 2, data[1]}, 9);
        bench.now_us += data[2] * (int64_t)100000;
        data += 5;
        size -= 5;
        len = len < size ? len : size;
        step(&bench, kind, &path, data, len);
        data += len;
        size -= len;
    }
    transport_stun_destroy(bench.stun);
    return 0;
}
