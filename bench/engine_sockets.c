/*
 * iris-bench engine --sockets: what the engine sends goes through sfu/io to sockets on loopback,
 * which a thread drains after each batch.
 */
#include "bench/engine.h"
#include "rtp/bytes.h"

#include <stdlib.h>

#define FIRST_PORT  62000
#define LAST_PORT   62999
#define OPEN_ONE_OF 16

/* Runs in the sink's thread. */
static bool is_as_sent(void *context, unsigned socket, uint8_t *data, size_t len)
{
    struct engine_room *room = context;

    if (len < RTP_HEADER_BYTES || data[0] < 128)
        return false;
    if (rtp_packet_is_rtcp(data, len)) /* the sender's SSRC is in clear */
        return rtp_bytes_get32(data + 4) == (socket == 0 ? ENGINE_FEEDBACK_SSRC : ENGINE_SLOT_SSRC);
    if (socket == 0 || rtp_bytes_get32(data + 8) != ENGINE_SLOT_SSRC)
        return false;
    atomic_fetch_add(&room->heard_total, 1);
    return room->heard[socket]++ % OPEN_ONE_OF || engine_room_is_right(room, socket - 1, data, len);
}

int engine_sockets_open(struct engine_room *room)
{
    static char *const loopback[] = {"127.0.0.1"};
    struct io_addresses addresses;
    char error[200] = "no memory for the sockets";

    room->heard = calloc(room->load.receivers + 1, sizeof(*room->heard));
    if (room->heard && io_addresses_get(&addresses, loopback, 1) == 0 &&
        io_udp_bind(&room->udp, &addresses, FIRST_PORT, LAST_PORT, error, sizeof(error)) == 0) {
        room->sink =
            floor_sink_create(FLOOR_SINK_LATER, room->load.receivers + 1, is_as_sent, room);
        return room->sink ? 0 : -1;
    }
    fprintf(stderr, "iris-bench: %s\n", error);
    return -1;
}

void engine_sockets_close(struct engine_room *room)
{
    floor_sink_destroy(room->sink);
    io_udp_close(&room->udp);
    free(room->heard);
}

int engine_sockets_check(struct engine_room *room)
{
    uint64_t sent = room->udp.statistics.sent_datagrams - room->settled;

    room->settled += sent;
    room->expected_total += (uint64_t)room->frames * room->load.packets * room->load.receivers;
    if (floor_sink_settle(room->sink, sent))
        return -1;
    if (atomic_load(&room->heard_total) == room->expected_total &&
        room->udp.statistics.send_errors == 0)
        return 0;
    fprintf(stderr, "iris-bench: 1 -> %u: receivers heard %llu packets of %llu\n",
            room->load.receivers, (unsigned long long)atomic_load(&room->heard_total),
            (unsigned long long)room->expected_total);
    return -1;
}
