/*
 * A person's simulcast camera, and what a receiver must be able to make of it.
 */
#ifndef IRIS_TESTS_SIMULCAST_CAMERA_H
#define IRIS_TESTS_SIMULCAST_CAMERA_H

#include "conference.h"

enum { HIGH, LOW };

/* A camera with two layers of three temporal layers each, at 30 frames/s; "h" comes first in the
   offer. */
struct camera {
    struct person *person;
    unsigned frame;
    int tl0;
    uint8_t key_index;
    bool is_stopped[2];      /* this layer sends nothing */
    bool is_without_sync;    /* Y is never set */
    bool is_deaf;            /* answers no PLI */
    unsigned keyframe_every; /* frames; 0: on request only */
    unsigned plis;           /* seen so far */
    size_t payload_len[2];
};

/** The next frame of both layers. Temporal layers 0 2 1 2; as libwebrtc does, Y on the first of
 * each in eight frames. No time passes. */
void camera_send(struct conference *c, struct camera *camera);

/** The same, and the time until the next one. */
void camera_show(struct conference *c, struct camera *camera);

/** So many of them. */
void camera_show_for(struct conference *c, struct camera *camera, unsigned frames);

/** What an SSRC carried: one stream that can be decoded from its first packet on. @return packets
 */
unsigned assert_one_stream(struct person *person, uint32_t ssrc);

#endif
