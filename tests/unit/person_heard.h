/*
 * What a person of a conference has heard, packet by packet.
 */
#ifndef IRIS_TESTS_PERSON_HEARD_H
#define IRIS_TESTS_PERSON_HEARD_H

#include "conference.h"
#include "rtp/vp8.h"

/** Decrypt and keep what the engine sent; STUN is left out. Fails the test when it cannot be. */
void person_hear(struct person *person, const struct core_buffer *buffer, int64_t now_us);

/** Which transport-wide number a packet carries; fails the test when it has none. */
uint16_t heard_transport_seq(const struct heard *heard);

/** A packet's VP8 descriptor; fails the test when it has none. */
struct rtp_vp8 vp8_of(const struct heard *heard);

/** A packet's only CSRC; fails the test when it has not exactly one. */
uint32_t csrc_of(const struct heard *heard);

/** RTP packets of an SSRC that a person heard. */
unsigned count_heard(const struct person *person, uint32_t ssrc);

/** The n-th of them, from 0; fails the test when there are fewer. */
struct heard *heard_at(struct person *person, uint32_t ssrc, unsigned n);

/* The RTCP packets that a person has heard, one by one, in order. Begin with {.person = ...}. */
struct rtcp_walk {
    const struct person *person;
    unsigned next;             /* of all that was heard */
    const struct heard *heard; /* the compound that the last packet was in */
    struct rtcp_reader reader;
};

/** The next packet; it points into what was heard. @return false: there is none yet */
bool rtcp_walk_next(struct rtcp_walk *walk, struct rtcp_packet *packet);

/** The next packet of a type and format (-1: any), likewise. */
bool rtcp_walk_find(struct rtcp_walk *walk, uint8_t type, int format, struct rtcp_packet *packet);

/** RTCP packets of a type and format (-1: any) that a person heard; the last one is written unless
 * last is NULL, and points into what was heard. */
unsigned count_rtcp(const struct person *person, uint8_t type, int format,
                    struct rtcp_packet *last);

/** PLIs that a person heard. */
unsigned count_plis(const struct person *person);

/** What the last REMB said; 0: none came. */
uint64_t last_remb_bps(const struct person *person);

#endif
