/*
 * One slot as a test client receives it: every packet is recorded, lost ones are asked for, and at
 * the end the whole stream is held against protocol.md, "What a slot's stream looks like".
 */
#ifndef IRIS_TESTS_SLOT_RECEIVER_H
#define IRIS_TESTS_SLOT_RECEIVER_H

#include <glib.h>

#include "rtp/packet.h"
#include "rtp/sequence.h"
#include "tests/integration/answer_reader.h"
#include "tests/integration/media_payload.h"

#define SLOT_PROBLEM_BYTES 256

/* What one received packet said. */
struct slot_packet {
    uint64_t ext_seq;
    int64_t arrival_us;
    uint32_t timestamp, csrc;
    bool marker, is_rtx;
    bool is_frame_start, is_keyframe; /* video */
    uint8_t temporal_id, tl0, key_index;
    uint16_t picture_id, height;
    struct media_signature signature;
};

/* A packet that was dropped on purpose, to be compared with its retransmission. */
struct slot_dropped {
    uint64_t ext_seq;
    uint32_t timestamp;
    bool marker, is_repaired;
    uint16_t payload_len;
    uint8_t payload[1500];
};

struct slot_missing {
    uint64_t ext_seq;
    int64_t asked_us; /* 0: not yet */
};

/* Owned by its client. Counters are for the tests to read. */
struct slot_receiver {
    char mid[32];
    bool is_audio;
    uint32_t ssrc, rtx_ssrc;
    uint8_t payload_type, rtx_payload_type;
    struct rtp_extension_map extensions;
    unsigned drop_every; /* drop media packets whose number this divides; 0: none */
    struct rtp_sequence sequence;
    GArray *packets;  /* struct slot_packet, in order of arrival */
    GArray *dropped;  /* struct slot_dropped */
    GArray *missing;  /* struct slot_missing */
    GHashTable *seen; /* ext_seq of all of packets */
    uint64_t first_ext_seq;
    unsigned duplicates;     /* media packets that were there already */
    unsigned rtx_received;   /* retransmissions with media in them */
    unsigned rtx_unexpected; /* of a packet that was neither missing nor dropped */
    uint64_t received_bytes;
    char problem[SLOT_PROBLEM_BYTES]; /* the first thing that was wrong on arrival; "" */
};

struct slot_receiver *slot_receiver_create(const struct answer_line *line);
void slot_receiver_destroy(struct slot_receiver *slot);

/** Take a decrypted packet of ssrc or rtx_ssrc; its view is changed. */
void slot_receiver_take(struct slot_receiver *slot, struct rtp_packet *packet, int64_t now_us);

/** The newest packet; NULL before the first. */
const struct slot_packet *slot_receiver_newest(const struct slot_receiver *slot);

/** Sequence numbers to ask for now, each again every 100 ms. @return their number, at most cap */
size_t slot_receiver_collect_nacks(struct slot_receiver *slot, int64_t now_us, uint16_t *seqs,
                                   size_t cap);

/** Packets of the signature's source that were received. */
unsigned slot_receiver_count_from(const struct slot_receiver *slot, uint32_t tag);

/* What slot_verify() may find besides violations. */
struct slot_summary {
    unsigned packets;
    unsigned missing;        /* gaps in the sequence numbers */
    unsigned source_gaps;    /* packets of a source that a segment lacks */
    unsigned thinned;        /* times that upper temporal layers were left out after a key frame */
    unsigned source_changes; /* of tag, kind or layer */
    unsigned frames, key_frames;
};

/**
 * Hold the stream against the contract: constant SSRC and payload type, one CSRC, sequence numbers,
 * timestamps by wall clock, picture id, TL0PICIDX and KEYIDX without breaks, a key frame (or a
 * marker bit) first after each change of source, every byte as the source wrote it.
 *
 * Gaps are counted in the summary, and only what lies between gaps is held against the rules that
 * need neighbours.
 *
 * @param problem  SLOT_PROBLEM_BYTES, written on failure
 * @return         0 or -1
 */
int slot_verify(const struct slot_receiver *slot, struct slot_summary *summary, char *problem);

#endif
