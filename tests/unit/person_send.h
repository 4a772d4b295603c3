/*
 * What a person of a conference sends: voices, frames, RTCP, sealed as its browser would.
 */
#ifndef IRIS_TESTS_PERSON_SEND_H
#define IRIS_TESTS_PERSON_SEND_H

#include "conference.h"

/* What a media packet says beyond the usual. */
struct media {
    unsigned track, layer;
    uint32_t timestamp;
    const char *mid, *rid, *repaired_rid; /* NULL: without */
    int level;                            /* -dBov, -1: without */
    bool is_keyframe, is_start, marker;   /* video */
    uint16_t height;
    size_t payload_len; /* 0: 100 */
    uint8_t temporal_id;
    bool is_layer_sync, is_non_reference;
    uint8_t key_index;
    int tl0; /* TL0PICIDX and one; 0: that of the picture's number */
};

/** The SSRC of a layer of a track. */
uint32_t ssrc_of(const struct person *person, unsigned track, unsigned layer);

/** Fixed header and one-byte extensions. @return its length */
size_t write_head(uint8_t *out, struct person *person, const struct media *media, uint32_t ssrc,
                  uint16_t seq, uint8_t payload_type);

/** A VP8 payload with a full descriptor, filled with the low byte of the sequence number. @return
 * its length
 */
size_t write_vp8(uint8_t *out, const struct media *media, uint16_t picture_id, uint8_t filling);

/** Seal and hand to the engine. The SRTP index follows the sequence number. */
void person_send_sealed(struct conference *c, struct person *person, uint8_t *data, size_t len,
                        size_t header_len);

/** Send one packet of a track; its sequence number is the layer's next. @return that number */
uint16_t person_send(struct conference *c, struct person *person, const struct media *media);

/** 20 ms of a voice [-dBov]. @return its sequence number */
uint16_t person_speak(struct conference *c, struct person *person, int level);

/** One frame in one packet of the camera (or the screen). @return its sequence number */
uint16_t person_show(struct conference *c, struct person *person, unsigned track, bool is_keyframe);

/** Talk and show key frames of a camera for a while, 20 ms a step. */
void person_talk(struct conference *c, struct person *person, int64_t duration_us);

/**
 * One frame of the camera, of 480 lines, in one packet. K: a key frame; 0, 1, 2: of that temporal
 * layer; a and b: of 1 and 2, beginning anew (Y); n: of 2, a non-reference frame.
 */
void person_show_layer(struct conference *c, struct person *person, char what);

/** Show a camera's frames, 33 ms each; only the first may be a key frame. */
void person_show_for(struct conference *c, struct person *person, unsigned frames,
                     bool is_first_a_keyframe);

/** Seal and send a compound. */
void person_send_rtcp(struct conference *c, struct person *person,
                      const struct rtcp_writer *writer);

/** Ask for packets of a slot once more. */
void person_send_nack(struct conference *c, struct person *person, uint32_t ssrc,
                      const uint16_t *seqs, size_t count);

/** Ask for one of them. */
void person_ask_for(struct conference *c, struct person *person, uint32_t ssrc, uint16_t seq);

#endif
