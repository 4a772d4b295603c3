/* What the files of the engine share; not for outside sfu/core. */
#ifndef IRIS_CORE_ENGINE_INTERNAL_H
#define IRIS_CORE_ENGINE_INTERNAL_H

#include "sfu/core/engine.h"
#include "sfu/core/room.h"
#include "sfu/transport/directory.h"

#define CORE_TICK_US 10000 /* deadlines are looked at so often at most */

#define CORE_REFUSED_MAX 256 /* as many commands as a full queue holds */

/* Events wait here until the loop takes them; the ring grows only when somebody joins. */
struct core_event_ring {
    struct core_event *events; /* owned */
    unsigned capacity, first, count;
    uint64_t lost; /* the ring was full */
};

/* When a participant is due, and who it is: what is looked at of everybody, one beside the other.
 */
struct core_deadline {
    int64_t at_us; /* its deadline_us */
    struct core_participant *participant;
};

struct core_engine {
    struct core_engine_config config;
    struct transport_worker *transports;
    struct transport_directory *directory;
    struct core_outbox outbox;
    struct core_event_ring events;
    unsigned refused_count;
    uint64_t refused[CORE_REFUSED_MAX];          /* participants whose refusal is to be told */
    struct core_recorder_budget recorder_budget; /* of all rooms' */
    struct core_room *rooms;
    struct core_participant *participants;
    struct core_deadline *deadlines; /* owned; of participants from the last one on, by `place` */
    unsigned deadline_capacity;
    struct core_participant *pacing; /* whose packets wait, linked by pace.next */
    struct core_participant *first_snapshot, *last_snapshot; /* whose statistics are due */
    unsigned participant_count;
    uint64_t random_state;
    uint64_t next_layer_id;
    int64_t now_us;             /* of the call that is being carried out */
    int64_t tick_us, ticked_us; /* when something is due, when it was last looked at */
    int64_t pace_us;            /* when somebody of pacing is due */
    uint64_t stray_count;
};

/** The next number of the engine's own generator (splitmix64, seeded by the configuration). */
uint64_t core_engine_random(struct core_engine *engine);

/** Room for the deadlines of so many participants. @return 0 or IRIS_E_NO_MEMORY */
int core_engine_grow_deadlines(struct core_engine *engine, unsigned count);

/** List the deadlines of all participants anew; there is room for them. */
void core_engine_list_deadlines(struct core_engine *engine);

/** Something is due at that time: look at it then, CORE_TICK_US after the last look at least. */
void core_engine_wake(struct core_engine *engine, int64_t at_us);

/** The NTP time of now_us. */
uint64_t core_engine_ntp(const struct core_engine *engine, int64_t now_us);

/** A fresh event of this type at the end of the ring, to be filled; NULL when it is full. */
struct core_event *core_engine_emit(struct core_engine *engine, enum core_event_type type,
                                    uint64_t participant);

/**
 * Tell that a join cannot be carried out. It waits while the ring is full, CORE_REFUSED_MAX of them
 * at most: one more is counted as lost, and control has a participant who never connects.
 */
void core_engine_refuse(struct core_engine *engine, uint64_t participant);

/** A participant by its number, or NULL. */
struct core_participant *core_engine_find(const struct core_engine *engine, uint64_t id);

/** Remove and free now; its room goes with the last one. */
void core_engine_remove(struct core_engine *engine, struct core_participant *participant);
void core_engine_drop_empty_room(struct core_engine *engine, struct core_room *room);

/** Free what a participant owns and itself; it is in no list any more. */
void core_engine_free_participant(struct core_participant *participant);

/** The participant ends, for a reason in static text; it is removed at the end of the call that is
 * being carried out. */
void core_engine_end(struct core_participant *participant, enum core_reason reason,
                     const char *detail);

/* record.c: a room begins, with a flight recorder if the configuration says so and there is memory
   for it. */
void core_record_room(struct core_room *room);
/* What the room's flight recorder is told, if it has one. Of a decision its kind, cause
   and numbers are given; about a participant, one of its tracks, */
void core_record(const struct core_participant *participant, const struct core_decision *decision,
                 int64_t now_us);
void core_record_track(const struct core_track *track, const struct core_decision *decision,
                       int64_t now_us);
void core_record_layout(const struct core_participant *participant, int64_t now_us);
/* The participant is being removed. */
void core_record_leaving(struct core_participant *participant, int64_t now_us);
/* A slot gets another owner, but has the old one still (NULL: nobody). */
void core_record_owner(const struct core_slot *slot, const struct core_track *track,
                       int64_t now_us);
/* About a slot and a layer of its track (NULL: none). */
void core_record_slot(const struct core_slot *slot, const struct core_layer *layer,
                      const struct core_decision *decision, int64_t now_us);
/* A packet has gone to a slot with these fields; is_marked: its marker bit is the slot's own. */
void core_record_media(struct core_slot *slot, const struct core_media *media,
                       const struct rtp_rewrite_fields *fields, bool is_marked);
/* A retransmission has, of a packet of the layer's history. */
void core_record_repair(struct core_slot *slot, const struct core_layer *layer,
                        const struct rtp_history_packet *stored,
                        const struct rtp_rewrite_fields *fields, int64_t now_us);
void core_record_padding(struct core_slot *slot, const struct rtp_rewrite_fields *fields,
                         int64_t now_us);

/* receive.c: queue what the transport has to say to its peer (STUN, DTLS). */
void core_engine_push_control(struct core_participant *participant);
/* receive.c: what has happened in the transport: connected, or ended. */
void core_engine_take_events(struct core_participant *participant, int64_t now_us);

/* prefetch.c: a packet will go to this slot soon (NULL: nothing to do): fetch it, and a little
   later, when it is there, what belongs to its owner. */
struct core_slot *core_prefetch_slot(struct core_slot *slot);
void core_prefetch_owner(const struct core_slot *slot);

/* uplink.c: a decrypted RTP packet of a participant. */
void core_uplink_receive(struct core_participant *participant, uint8_t *data, size_t len,
                         int64_t now_us);

/* bind.c: which stream an SSRC seen for the first time is; NULL: none of ours. */
struct core_binding *core_bind(struct core_participant *participant,
                               const struct rtp_packet *packet,
                               const struct rtp_extension_values *values, int64_t now_us);

/* rtcp_input.c: a decrypted RTCP compound of a participant. */
void core_rtcp_receive(struct core_participant *participant, const uint8_t *data, size_t len,
                       int64_t now_us);

/* feedback.c: what is due to a participant by now (NACK, PLI, feedback, reports, REMB); sets the
   next deadlines. */
void core_feedback_advance(struct core_participant *participant, int64_t now_us);

/* downlink.c: what is due to a participant of what it receives (switches, replays). */
void core_downlink_advance(struct core_participant *participant, int64_t now_us);

/* downlink.c: no more of that than what its estimator has to do. */
void core_downlink_estimate(struct core_participant *participant, int64_t now_us);

/* downlink.c: a packet of video is sent. */
void core_downlink_on_sent(struct core_participant *participant, uint32_t payload_bytes,
                           uint32_t wire_bytes, int64_t now_us);

/* downlink.c: what may be sent of video [RTP payload bytes], so that in any 2 s no more than so
   much of the contract (protocol.md, section 5) is, and (not of the first) of the budget. */
uint64_t core_downlink_contract_room(struct core_participant *participant, unsigned percent,
                                     int64_t now_us);
uint64_t core_downlink_room(struct core_participant *participant, unsigned percent, int64_t now_us);
bool core_downlink_has_room(struct core_participant *participant, unsigned percent,
                            uint32_t payload_bytes, int64_t now_us);

/* downlink.c: what was sent is ahead of the receiver's budget by half a second of it and more:
   after a replay, for longer than the window of 2 s sees. */
bool core_downlink_is_ahead(const struct core_participant *participant, int64_t now_us);

/* snapshot.c: a participant's statistics are due: it waits for core_engine_next_statistics(). Or it
   goes. */
void core_snapshot_schedule(struct core_participant *participant, int64_t now_us);
void core_snapshot_forget(struct core_participant *participant);

/* events.c: tell what changed in a participant's slots. */
void core_events_slots(struct core_participant *participant, int64_t now_us);
/* events.c: a track is being policed. */
void core_events_limit(struct core_participant *participant, enum core_kind kind,
                       const struct bwe_policer_excess *excess);
/** @return false when the ring is full */
bool core_events_speakers(struct core_engine *engine, uint64_t room,
                          const struct core_speakers *speakers);

#endif
