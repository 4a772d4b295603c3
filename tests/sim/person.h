/*
 * A simulated participant: a network, an SRTP session, a microphone, a camera, at times a screen,
 * and the slots that it receives through. Talks to the engine by datagrams only; the world
 * (world.h) carries them and calls it when its time comes.
 */
#ifndef IRIS_SIM_PERSON_H
#define IRIS_SIM_PERSON_H

#include "rtp/transport_feedback.h"
#include "sfu/core/engine.h"
#include "tests/sim/link.h"
#include "tests/sim/profile.h"
#include "tests/sim/remb.h"
#include "tests/sim/slides.h"
#include "tests/sim/slot.h"
#include "tests/sim/tap.h"
#include "tests/sim/video.h"
#include "tests/sim/voice.h"

enum sim_track { SIM_TRACK_VOICE, SIM_TRACK_CAMERA, SIM_TRACK_SCREEN, SIM_TRACK_COUNT };

struct sim_world;

/* What a track was asked for (SIM_CHECK_STORM). */
struct sim_requests {
    int64_t pli_us;          /* last one sent to the source; 0: none */
    int64_t keyframe_us;     /* newest key frame */
    unsigned plis, asked;    /* asked: since all have joined */
    struct sim_window bytes; /* of requested key frames, 10 s */
    unsigned largest_bytes;  /* of the key frames of one request */
};

struct sim_person {
    uint64_t number; /* never reused */
    unsigned seat;   /* place in the world */
    uint32_t room;
    bool is_hostile, has_rtx;
    bool has_twcc;     /* transport feedback, both ways; else REMB and reports alone */
    bool is_impatient; /* asks for a key frame of every slot all the time */
    bool is_ghost;     /* went without a word; the engine does not know yet */
    struct sim_random random;
    struct core_join join;
    struct transport_path path;
    uint16_t validated_port;              /* the newest from which a check has reached the server */
    struct transport_srtp_sender *sender; /* owned */
    struct transport_srtp_receiver *receiver; /* owned; opens what the server sends, in order */
    struct sim_link up, down;
    int64_t joined_us, connected_us; /* INT64_MAX: not yet */
    int64_t first_frame_us;          /* INT64_MAX: not yet */
    bool expects_frame;              /* somebody was to be seen when it joined */
    struct core_layout layout;
    uint64_t budget_bps; /* 0: none set */
    uint64_t lower_bps;  /* of it and the one before */
    int64_t budget_us;   /* when it was set */
    int64_t switched_us; /* a video slot got another owner, whose cost is not known yet */
    int64_t short_us;    /* since when it is shown fewer cameras than it should; 0: it is not */
    struct sim_voice voice;
    struct sim_video videos[2]; /* camera, screen */
    bool has_screen;
    bool is_muted[SIM_TRACK_COUNT];
    int64_t muted_us[SIM_TRACK_COUNT]; /* when that last changed */
    int64_t lost_us[SIM_TRACK_COUNT];  /* when a packet was last lost on the way to the server, */
    int64_t key_lost_us[SIM_TRACK_COUNT]; /* and one of a key frame */
    int64_t pli_lost_us[SIM_TRACK_COUNT]; /* when a request for one was last lost on its way here */
    struct sim_requests requests[SIM_TRACK_COUNT];
    struct sim_slot slots[CORE_SLOTS_MAX];
    struct sim_tap taps[CORE_SLOTS_MAX];
    struct sim_window video_payload, video_wire; /* what the server sent it in 2 s, */
    struct sim_window video_all;                 /* in 10 s, all of it */
    struct sim_slides slides;
    uint64_t media_bytes, filler_bytes; /* in all: of use to it; padding, unasked repairs */
    struct rtp_arrival_log arrivals;
    struct sim_remb remb; /* without transport feedback */
    uint32_t feedback_ssrc, media_ssrc;
    uint16_t transport_seq;
    int64_t nack_us; /* when the next look at what is missing is due; INT64_MAX: not */
    int64_t video_report_us, voice_report_us; /* when the next ones are due */
    uint64_t estimate_bps, remb_bps;          /* what its congestion control and the server allow */
    unsigned feedback_lost, feedback_count;   /* since the estimate was last looked at */
    int64_t estimate_us;
};

/**
 * Join: the engine is told, keys are set, a path is not there yet.
 *
 * @return  owned by the caller; ends the program when memory is short
 */
struct sim_person *sim_person_create(struct sim_world *world, unsigned seat, uint64_t number);
void sim_person_destroy(struct sim_person *person);

/** A track of one's own; NULL for a screen that is not shared. */
struct sim_video *sim_person_video(struct sim_person *person, unsigned track);

/** The stream that a stamp belongs to. NULL: none of this person's. */
struct sim_stream *sim_person_stream(struct sim_person *person, unsigned track, unsigned layer);

/* person_send.c */

/** A connectivity check with USE-CANDIDATE (RFC 8445, section 7.1). */
void sim_person_check(struct sim_world *world, struct sim_person *person);

/** 20 ms of the microphone have passed. */
void sim_person_speak(struct sim_world *world, struct sim_person *person);

/** A frame of a video track is due, in all its layers. */
void sim_person_show(struct sim_world *world, struct sim_person *person, unsigned track);

/** Seal and send a compound RTCP packet. */
void sim_person_send_rtcp(struct sim_world *world, struct sim_person *person, const uint8_t *data,
                          size_t len);

/** Answer a NACK for one of its streams. */
void sim_person_retransmit(struct sim_world *world, struct sim_person *person, uint32_t ssrc,
                           uint16_t seq);

/** Something that no honest client sends. */
void sim_person_attack(struct sim_world *world, struct sim_person *person);

/* person_receive.c */

/** A media packet arrives. */
void sim_person_hear(struct sim_world *world, struct sim_person *person,
                     const struct sim_media *media);

/** A compound RTCP packet arrives. */
void sim_person_take_rtcp(struct sim_world *world, struct sim_person *person, const uint8_t *data,
                          size_t len);

/** Something is decoded or not, after a packet or a while. */
void sim_person_note(struct sim_world *world, struct sim_person *person, unsigned slot,
                     const struct sim_taken *taken);

/* person_feedback.c */

/** Every 100 ms: transport feedback, PLI, reports, patience of slots, encoder rates. */
void sim_person_tick(struct sim_world *world, struct sim_person *person);

/** The receiver's own estimate, if it is to be told now. */
void sim_person_send_remb(struct sim_world *world, struct sim_person *person);

/** What is missing is asked for. */
void sim_person_nack(struct sim_world *world, struct sim_person *person);

#endif
