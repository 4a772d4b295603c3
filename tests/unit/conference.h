/*
 * A conference in virtual time for the tests of sfu/core: one engine, people whose transports are
 * keyed without DTLS, packets written (person_send.h) and read (person_heard.h) in clear. No
 * sockets, no waiting.
 */
#ifndef IRIS_TESTS_CONFERENCE_H
#define IRIS_TESTS_CONFERENCE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the first four above. */
#include <cmocka.h>

#include "rtp/bytes.h"
#include "rtp/packet.h"
#include "rtp/rtcp.h"
#include "sfu/core/engine.h"
#include "sfu/core/state.h"
#include "stun_client.h"

#define MS INT64_C(1000)
#define S  INT64_C(1000000)

#define CONFERENCE_PACKETS     8192 /* that each person can hear, unless told otherwise */
#define CONFERENCE_EVENTS      256
#define CONFERENCE_SEED        4711
#define CONFERENCE_RECORDER_US (60 * S)

enum { MIC, CAM, SCR }; /* tracks, in this order */

/* Extension ids and payload types, nobody's usual ones. */
enum {
    ID_MID = 12,
    ID_LEVEL = 5,
    ID_SEQ = 14,
    ID_RID = 7,
    ID_RRID = 9,
    PT_OPUS = 103,
    PT_VP8 = 117,
    PT_RTX = 118,
};

/* A packet that a person received, decrypted. */
struct heard {
    int64_t at_us;
    bool is_rtcp;
    size_t len;
    struct rtp_packet rtp; /* points into data */
    uint8_t data[CORE_BUFFER_BYTES];
};

struct person {
    uint64_t number;
    struct core_join join;
    struct transport_path path;
    struct stun_client stun;
    struct transport_srtp_sender *sender;
    struct transport_srtp_receiver *receiver;
    uint16_t seqs[CORE_TRACKS_MAX][CORE_LAYERS_MAX];
    uint16_t picture_ids[CORE_TRACKS_MAX][CORE_LAYERS_MAX];
    uint16_t transport_seq;
    uint64_t indices[1 << 8]; /* SRTP index by the lowest byte of the SSRC */
    unsigned heard_count, heard_cap;
    struct heard *heard;
};

struct conference {
    struct transport_certificate *certificate;
    struct transport_aead_context *aead;
    struct core_engine *engine;
    int64_t now_us;
    unsigned person_count, event_count;
    unsigned people_cap, packets_cap, late_us; /* as in the options */
    uint32_t late_state;                       /* of what is drawn of that, */
    int64_t due_us, wake_us;                   /* and for which deadline it was */
    struct person *people;
    struct core_event events[CONFERENCE_EVENTS];
};

/* What a test has otherwise than the others; 0: as usual. */
struct conference_options {
    unsigned people;       /* who join, at most; usually 8 */
    unsigned packets;      /* that each of them can hear; usually CONFERENCE_PACKETS */
    unsigned buffers;      /* of the engine's pool; usually 1024 */
    size_t recorder_bytes; /* of a room's flight recorder; usually there is none */
    unsigned late_us;      /* each wake comes up to so late, as it is drawn; usually on time */
};

/** An engine in which nobody is yet, 1000 s after time 0. Fails the test without memory. */
void conference_init(struct conference *c);

/** The same, but for what the options say. */
void conference_init_with(struct conference *c, const struct conference_options *options);

/** Free the engine, the people, and what they heard. */
void conference_dispose(struct conference *c);

/** SRTP keys of a participant, 0: of what it sends, 1: of what it receives. */
struct transport_srtp_keys keys_of(uint64_t number, uint8_t direction);

/** Take what the engine has to send, to whom it belongs, and what it has to say. */
void conference_flush(struct conference *c);

/** Let time pass; the engine is woken when it asks to be. */
void conference_run(struct conference *c, int64_t duration_us);

/** A datagram from a person's path; data is decrypted in place. */
void conference_receive(struct conference *c, struct person *person, uint8_t *data, size_t len);

/** A check with USE-CANDIDATE: the person's path is selected. */
void person_nominate(struct conference *c, struct person *person);

/** The usual offer: microphone, camera, screen; 3 audio, 4 camera slots, a screen slot. SSRCs of
   slots are 1-8, of their RTX 102-108 (in order of slots from 4). */
struct core_join usual_join(uint64_t room, uint64_t number);

/** Join as told, without a path yet. @return the conference's, valid until conference_dispose() */
struct person *conference_enter(struct conference *c, const struct core_join *join);

/** Join with the usual offer, connected. */
struct person *conference_join(struct conference *c, uint64_t room);

/** Join with a simulcast camera of layers "h" and "l" (in this order), else as usual, connected. */
struct person *conference_join_with_layers(struct conference *c, uint64_t room);

/** Join with slots that have no RTX, else as usual, connected. */
struct person *conference_join_without_rtx(struct conference *c, uint64_t room);

/** A command of control's, and what follows at once. */
void conference_command(struct conference *c, const struct core_command *command);

/** Mute or unmute a person by control. */
void conference_mute(struct conference *c, const struct person *person, enum core_kind kind,
                     bool is_set);

/** What a person wants to see from now on. */
void conference_set_layout(struct conference *c, const struct person *person,
                           const struct core_layout *layout);

/** Bound the video that a person is sent [bit/s]; UINT64_MAX: no bound. */
void conference_set_budget(struct conference *c, const struct person *person, uint64_t budget_bps);

/** An engine's state; nothing may be waiting to be sent. @return owned by the caller: free() */
uint8_t *export_engine(const struct core_engine *engine, const struct core_state_options *options,
                       size_t *len);

/** Events of a type about a participant so far. */
unsigned count_events(const struct conference *c, enum core_event_type type, uint64_t participant);

/** The newest event of a type; fails the test when there is none. */
const struct core_event *last_event(const struct conference *c, enum core_event_type type,
                                    uint64_t participant);

#endif
