/*
 * What the files of iris-bench engine share: a room in virtual time, without sockets or, with them,
 * on the sending side only. One camera, R receivers keyed without DTLS; packets are made before and
 * checked after the clock runs.
 */
#ifndef IRIS_BENCH_ENGINE_H
#define IRIS_BENCH_ENGINE_H

#include "bench/floor.h"
#include "rtp/transport_feedback.h"
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
    bool has_feedback; /* receivers report: estimators and pacers work */
    bool is_cold;      /* between two frames others use the caches */
    bool has_sockets;  /* what comes out is sent by sfu/io to sockets that a thread drains */
};

/* One receiver's side of transport feedback. */
struct engine_report {
    struct rtp_arrival_log arrivals;
    struct transport_srtp_sender *sender;
    struct transport_datagram datagram;
    uint8_t data[CORE_BUFFER_BYTES];
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
    struct core_buffer *sent;             /* taken from the engine, linked by next */
    unsigned counts[ENGINE_RECEIVER_MAX]; /* of media that each receiver got in this batch */
    unsigned wrong;                /* packets of this batch that do not open to what was sent */
    struct engine_report *reports; /* owned; of each receiver, with feedback */
    unsigned frames_since_report;
    bool is_settling;
    uint8_t *others; /* owned; memory that others use, if it is cold */
    uint64_t others_sum;
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
    uint64_t report_ns;  /* the same, of the receivers' reports, and what follows from them */
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

/** Through the engine; measured, and what callgrind counts: engine_room_measure(). */
void engine_room_run(struct engine_room *room, struct engine_times *times);

/* What one wake finds. */
struct engine_wake {
    struct transport_datagram *const *datagrams;
    unsigned count;
};

/* The same, measured: callgrind's name for it. */
void engine_room_measure(struct engine_room *room, const struct engine_wake *wake,
                         uint64_t *receive_ns, struct engine_times *times);

/** One wake: take in datagrams, hand out what is to be sent, let time pass. */
void engine_room_step(struct engine_room *room, const struct engine_wake *wake,
                      uint64_t *receive_ns, struct engine_times *times);

/** The SRTP keys of a participant, 0: the camera; direction 0: to the server. */
struct transport_srtp_keys engine_room_keys(unsigned participant, unsigned direction);

/** Where a participant is. */
struct transport_path engine_room_path(const struct engine_room *room, unsigned participant);

/** Make what receivers need to report. @return 0 or negative (said on stderr) */
int engine_feedback_init(struct engine_room *room);
void engine_feedback_dispose(struct engine_room *room);

/** A packet has reached its receiver. */
void engine_feedback_on_packet(struct engine_room *room, unsigned receiver,
                               const struct core_buffer *buffer);

/** A frame has passed: every third one all receivers report; measured, into times->report_ns. */
void engine_feedback_report(struct engine_room *room, struct engine_times *times);

/** Until the estimators have found their rates. @return 0 or negative (said on stderr) */
int engine_feedback_settle(struct engine_room *room);

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
