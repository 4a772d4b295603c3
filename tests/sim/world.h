/*
 * A whole conference in virtual time: one engine, everybody in it, what is on the networks between
 * them, and what happens next.
 */
#ifndef IRIS_SIM_WORLD_H
#define IRIS_SIM_WORLD_H

#include "tests/sim/check.h"
#include "tests/sim/handover.h"
#include "tests/sim/network.h"
#include "tests/sim/person.h"
#include "tests/sim/profile.h"
#include "tests/sim/queue.h"
#include "tests/sim/summary.h"
#include "tests/sim/tamper.h"
#include "tests/sim/trial.h"

#define SIM_NUMBERS  8192
#define SIM_DEPARTED 64
#define SIM_START_US INT64_C(1000000000) /* no time is 0: that means "never" in places */

enum sim_event_kind {
    SIM_EVENT_ENGINE,   /* its deadline */
    SIM_EVENT_UPLINK,   /* what: a datagram reaches the server */
    SIM_EVENT_MEDIA,    /* what: a media packet reaches a participant */
    SIM_EVENT_DOWNLINK, /* what: another datagram does */
    SIM_EVENT_CHECK,    /* a connectivity check is due */
    SIM_EVENT_VOICE,
    SIM_EVENT_VIDEO, /* detail: track */
    SIM_EVENT_TICK,
    SIM_EVENT_NACK,
    SIM_EVENT_ATTACK,
    SIM_EVENT_JOIN,  /* seat */
    SIM_EVENT_LEAVE, /* detail: 1: without a word */
    SIM_EVENT_ACTION,
    SIM_EVENT_RELIEF, /* detail: the action that ends */
    SIM_EVENT_FLOOR,  /* detail: index of the floor */
    SIM_EVENT_SHARE,  /* detail: room */
    SIM_EVENT_STAGE,  /* detail: of the profile's schedule */
    SIM_EVENT_TRIAL,  /* a second is over */
    SIM_EVENT_TRACE,  /* likewise, of the receiver of the profile's stages */
};

/* Bytes on a network. */
struct sim_datagram {
    struct sim_datagram *next; /* in the pool */
    struct transport_path path;
    uint16_t len;
    bool is_media; /* of a source, as stamp says */
    struct sim_stamp stamp;
    uint8_t data[SIM_DATAGRAM_BYTES];
};

/* Who went; what it sent last may still wait for its turn at the server. */
struct sim_departed {
    uint64_t number;
    uint32_t room;
    bool is_hostile;
    int64_t at_us;
};

struct sim_floor {
    uint32_t room;
    uint64_t speaker; /* participant; 0: silence */
};

struct sim_config {
    uint64_t seed;
    const struct sim_profile *profile;
    unsigned participants, seconds;
    unsigned handovers;          /* of the engine, at random times */
    enum sim_tamper_kind tamper; /* for self-tests */
    struct sim_trial *trial;     /* NULL: none */
    bool is_traced;              /* a line a second (trace.c) */
};

struct sim_world {
    struct sim_config config;
    int64_t now_us, begin_us, end_us;
    struct sim_random random;
    struct sim_queue queue;
    struct core_engine *engine;                      /* owned */
    struct transport_certificate *certificate;       /* owned */
    struct transport_aead_context *aead;             /* owned; of the participants */
    struct sim_person *people[SIM_PARTICIPANTS_MAX]; /* by seat, owned; NULL: away */
    uint64_t next_number;
    struct sim_departed departed[SIM_DEPARTED]; /* by number, modulo */
    uint16_t seats[SIM_NUMBERS]; /* of each participant's number, modulo SIM_NUMBERS */
    unsigned floor_count, present;
    struct sim_floor floors[64];
    struct sim_datagram *free_datagrams;
    struct sim_media *free_media;
    int64_t engine_us; /* for when the engine's deadline is in the queue */
    uint64_t digest;   /* of every datagram to and from the server */
    bool is_closing;   /* nobody joins any more */
    struct sim_checks checks;
    struct sim_summary summary;
    struct sim_tamper tamper;
    struct sim_network_watch network;
    uint64_t traced_frames[CORE_SLOTS_MAX], traced_bytes[CORE_SLOTS_MAX]; /* at the last line */
    struct sim_handover handover;
    struct sim_trial *trial; /* from its beginning on; NULL: none */
};

/**
 * Run a conference from the first join until the last has left.
 *
 * @param world  large; written: checks and summary are the result
 * @return       0, or -1: the engine could not be created
 */
int sim_world_run(struct sim_world *world, const struct sim_config *config);

/** The configuration of its engine. */
struct core_engine_config sim_world_engine_config(const struct sim_world *world);

/** The participant, if it is still there. */
struct sim_person *sim_world_find(struct sim_world *world, unsigned seat, uint64_t number);

/** The participant of this number; NULL if it has left. */
struct sim_person *sim_world_person(struct sim_world *world, uint64_t number);

/** Something happens to a participant (NULL: to nobody) later. */
void sim_world_schedule(struct sim_world *world, enum sim_event_kind kind,
                        const struct sim_person *person, int64_t at_us, uint32_t detail);

/** A datagram to fill and to send with sim_world_send(); never NULL. */
struct sim_datagram *sim_world_datagram(struct sim_world *world);

/** Whether a packet of video with this number is to be lost: its stream's numbers wrap there. */
bool sim_world_loses(const struct sim_world *world, uint32_t ssrc, uint16_t seq);

/** Put a participant's datagram on its uplink. @return whether it will arrive */
bool sim_world_send(struct sim_world *world, struct sim_person *person,
                    struct sim_datagram *datagram);

/** Carry out a command, and take what the engine has to send and to say. */
void sim_world_command(struct sim_world *world, const struct core_command *command);

/* world_out.c: from the engine's exit to the networks. */

/** Take what the engine has to send and to say. */
void sim_world_flush(struct sim_world *world);

/** Take a datagram's length and ends into a digest; the ends hold header and SRTP tag, and the tag
 * depends on every byte between them. */
uint64_t sim_world_digest(uint64_t digest, const uint8_t *data, size_t len);

/* world_script.c: who comes, goes, talks, shares and does what. */

/** Put the first events of the scenario into the queue. */
void sim_script_begin(struct sim_world *world);

/** An event of the scenario. */
void sim_script_event(struct sim_world *world, const struct sim_event *event);

/** Somebody joins in a seat that is free. */
void sim_script_join(struct sim_world *world, unsigned seat);

/** A participant leaves, with or without a word. */
void sim_script_leave(struct sim_world *world, struct sim_person *person, bool is_silent);

/** The receiver's budget for video changes; held from then on (SIM_CHECK_BUDGET). */
void sim_script_budget(struct sim_world *world, struct sim_person *person, uint64_t budget_bps);

/** The engine has forgotten a participant. */
void sim_script_gone(struct sim_world *world, uint64_t number);

/* trace.c */

/** A second is over: print what the receiver of the stages gets, and why. */
void sim_trace_second(struct sim_world *world);
/* target.c */

/** What the cameras' layers that the server means to forward to a receiver take, by what their
 * encoders are set to: UDP payload. */
uint64_t sim_world_target_bps(struct sim_world *world, const struct sim_person *receiver);

/* skew.c */

/** SIM_CHECK_SKEW: a frame of a camera's slot was decoded. */
void sim_check_skew(struct sim_world *world, const struct sim_person *receiver,
                    struct sim_slot *slot);

/* live.c: invariants that need more than one stream. */

/** SIM_CHECK_AUDIO: at the server's door, a packet of an owner; none before it was left out. */
void sim_check_audio(struct sim_world *world, struct sim_tap *tap, const struct sim_media *media);

/** SIM_CHECK_BUDGET: at the server's door, a video packet to this receiver. */
void sim_check_budget(struct sim_world *world, struct sim_person *receiver,
                      const struct sim_media *media);

/** SIM_CHECK_STORM: at the server's door, a PLI for this track of a source. */
void sim_check_storm(struct sim_world *world, struct sim_person *source, unsigned track);

/** SIM_CHECK_STUCK: a look at all slots of a receiver. */
void sim_check_stuck(struct sim_world *world, struct sim_person *receiver);

/** Bytes that are allocated now. */
size_t sim_world_heap_bytes(void);

/** SIM_CHECK_MEMORY: when all have left. @param start_bytes as it was before the first joined */
void sim_check_memory(struct sim_world *world, size_t start_bytes);

#endif
