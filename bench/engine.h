/*
 * What the files of iris-bench engine share: a room in virtual time, without sockets or, with them,
 * on the sending side only. One camera, R receivers keyed without DTLS; packets are made before and
 * checked after the clock runs.
 */
#ifndef IRIS_BENCH_ENGINE_H
#define IRIS_BENCH_ENGINE_H

#include "bench/floor.h"
#include "sfu/core/engine.h"
#include "sfu/io/udp.h"

#include <stdatomic.h>

#define ENGINE_BATCH         1024 /* forwarded packets of a batch, at least, as iris-bench floor */
#define ENGINE_FRAMES_MAX    256  /* of a batch */
#define ENGINE_PACKETS_MAX   16
#define ENGINE_RECEIVER_MAX  1000
#define ENGINE_SLOT_SSRC     7 /* of what every receiver receives */
#define ENGINE_FEEDBACK_SSRC 1 /* of the server's RTCP to the camera */

struct engine_load {
    unsigned receivers;
    unsigned packets;  /* of a frame */
    unsigned bytes;    /* of a packet: UDP payload as received */
    bool has_recorder; /* the room has its flight recorder */
    bool has_sockets;  /* what comes out is sent by sfu/io to sockets that a thread drains */
};

struct engine_packet {
    struct transport_datagram datagram;
    uint8_t data[CORE_BUFFER_BYTES];
};

struct engine_room {
    struct engine_load load;
    unsigned frames; /* of a batch */
    struct transport_certificate *certificate;
    struct transport_aead_context *aead;
    struct core_engine *engine;
    struct transport_srtp_sender *sender;
    struct transport_srtp_receiver *receivers[ENGINE_RECEIVER_MAX];
    int64_t now_us, checked_us; /* last STUN check of everybody */
    uint64_t index;             /* SRTP index of the next packet of the camera */
    uint16_t picture_id, transport_seq;
    unsigned batches;
    struct engine_packet batch[ENGINE_FRAMES_MAX * ENGINE_PACKETS_MAX];
    struct core_buffer *sent; /* taken from the engine, linked by next */
    /* With sockets. */
    struct io_udp udp;
    struct floor_sink *sink;          /* owned; socket i is participant i's */
    uint64_t settled;                 /* datagrams that have arrived there */
    uint64_t *heard;                  /* RTP packets by participant; its thread's */
    atomic_uint_fast64_t heard_total; /* of them together */
    uint64_t expected_total;
};

/** CPU time of a batch [ns]. */
struct engine_times {
    uint64_t receive_ns; /* core_engine_receive(), of all packets */
    uint64_t take_ns;    /* core_engine_next_packets(), or io_udp_flush() */
    uint64_t advance_ns; /* core_engine_advance(): feedback, reports, selection */
};

/** Frames of a batch. */
unsigned engine_load_frames(const struct engine_load *load);

/** Whether a camera may send so much: then the room has its policer, otherwise it does without. */
bool engine_load_is_policed(const struct engine_load *load);

/** @return 0 or negative (said on stderr); dispose in any case */
int engine_room_init(struct engine_room *room, const struct engine_load *load);
void engine_room_dispose(struct engine_room *room);

/** Make the next batch of packets. @return 0 or negative */
int engine_room_fill(struct engine_room *room);

/** Through the engine; measured, and what callgrind counts. */
void engine_room_run(struct engine_room *room, struct engine_times *times);

/**
 * Look at what came out (every packet of the first batch, one of each receiver's later on) and give
 * it back.
 *
 * @return  0, or negative: something is missing or not as sent (said on stderr)
 */
int engine_room_check(struct engine_room *room);

/** A packet that a receiver got opens to what was sent. */
bool engine_room_is_right(struct engine_room *room, unsigned receiver, uint8_t *data, size_t len);

/** Open the sockets of a room that has them. @return 0 or negative (said on stderr) */
int engine_sockets_open(struct engine_room *room);
void engine_sockets_close(struct engine_room *room);

/** Wait until everything has arrived. @return 0 or negative (said on stderr) */
int engine_sockets_check(struct engine_room *room);

/**
 * Run iris-bench engine under callgrind for some batches and print instructions per forwarded
 * packet by source file.
 *
 * @param program  path of iris-bench
 * @return         exit code
 */
int engine_callgrind(const char *program, const struct engine_load *load, unsigned batches);

#endif
