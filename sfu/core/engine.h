/*
 * The media plane of one worker as a state machine: datagram or command + now in; datagrams, events
 * and the next deadline out. It reads no clock, opens no socket, starts no thread; randomness comes
 * from the seed. (DTLS keys are OpenSSL's; simulations key the transports directly.)
 *
 * Not thread-safe: one loop. now_us never decreases.
 */
#ifndef IRIS_CORE_ENGINE_H
#define IRIS_CORE_ENGINE_H

#include "sfu/core/message.h"
#include "sfu/core/outbox.h"

struct core_engine;
struct core_participant;
struct core_recorder;

struct core_engine_config {
    const struct transport_certificate *certificate; /* must outlive the engine */
    enum transport_aead_backend aead;
    bool is_unpoliced;    /* what is over a contract is forwarded all the same: for benchmarks */
    uint64_t seed;        /* for stream numbers and hash tables */
    uint64_t ntp_at_zero; /* NTP time at now_us = 0, 32.32 fixed point (RFC 5905, section 6) */
    unsigned buffer_count;
    uint32_t recorder_bytes;  /* of a room's flight recorder, see recorder.h; 0: there is none */
    int64_t recorder_us;      /* how far back it is to reach */
    uint64_t recorders_bytes; /* of all rooms' together, see core_recorder_budget; 0: no limit */
};

/** @return owned; NULL when memory is short or a crypto library refuses */
struct core_engine *core_engine_create(const struct core_engine_config *config);
void core_engine_destroy(struct core_engine *engine);

/** Name of the AEAD back end, for the log. Static text. */
const char *core_engine_aead_name(const struct core_engine *engine);

/** Carry out a command. Commands for participants that are gone are ignored. */
void core_engine_command(struct core_engine *engine, const struct core_command *command,
                         int64_t now_us);

#define CORE_PREFETCH_MAX 8 /* what they need is still in a core's first cache then */

/**
 * These datagrams will be received next, in this order: fetch what that needs, side by side. A
 * participant's state is seldom in the cache, and what it is made of leads from one place to the
 * next: one datagram after the other would wait for each.
 *
 * @param count  CORE_PREFETCH_MAX at most
 */
void core_engine_prefetch(const struct core_engine *engine,
                          const struct transport_datagram *datagrams, unsigned count);

/**
 * Take a datagram. Its bytes are overwritten (decrypted in place).
 */
void core_engine_receive(struct core_engine *engine, struct transport_datagram *datagram,
                         int64_t now_us);

/** The send buffers run low: send what is queued before the next datagram. */
bool core_engine_wants_flush(const struct core_engine *engine);

/**
 * Packets for one receiver, linked by next, not sealed yet: core_engine_seal() and release each.
 * NULL when there are none.
 */
struct core_buffer *core_engine_next_chain(struct core_engine *engine);

/** Length that a packet of such a chain will have [bytes]. */
size_t core_engine_sealed_bytes(const struct core_buffer *buffer);

/**
 * Seal a packet, once.
 *
 * @param out  room for TRANSPORT_SRTP_TRAILER_BYTES more than its length: its own data, or memory
 *             that does not overlap
 * @return     core_engine_sealed_bytes(), or a negative error: it is lost
 */
int core_engine_seal(const struct core_buffer *buffer, uint8_t *out);

/** The next chain, sealed in place (a packet that is lost has the length 0); release each. */
struct core_buffer *core_engine_next_packets(struct core_engine *engine);
void core_engine_release(struct core_engine *engine, struct core_buffer *buffer);

/** The next event. @return false when there is none */
bool core_engine_next_event(struct core_engine *engine, struct core_event *event);

/**
 * The statistics of the next participant of whom they are due: each once a second, from its join
 * on. Who does not take them gets newer ones later.
 *
 * @param statistics  written whole; tracks, layers and slots that are not there are 0
 * @return            false when there are none
 */
bool core_engine_next_statistics(struct core_engine *engine, int64_t now_us,
                                 struct core_statistics *statistics);

/** Statistics are due: core_engine_next_statistics() would hand some out. */
bool core_engine_has_statistics(const struct core_engine *engine);

/** When core_engine_advance() has something to do [us]; INT64_MAX while nobody is there. */
int64_t core_engine_deadline(const struct core_engine *engine);

/** Time has come. */
void core_engine_advance(struct core_engine *engine, int64_t now_us);

/**
 * Take a room's recorder away, with everything that it needs to be read, and leave another in its
 * place: nothing is copied, so that it takes no time.
 *
 * @param fresh  empty; the engine's afterwards, if there is such a room with a recorder
 * @return       the room's, the caller's now; fresh if there is none
 */
struct core_recorder *core_engine_exchange_recorder(struct core_engine *engine, uint64_t room,
                                                    struct core_recorder *fresh, int64_t now_us);

/** Participants now. */
unsigned core_engine_count(const struct core_engine *engine);

/** Datagrams that belonged to nobody. */
uint64_t core_engine_stray_count(const struct core_engine *engine);

/* What an engine could not do since it was made. */
struct core_engine_counters {
    uint64_t strays;          /* datagrams that belonged to nobody */
    uint64_t lost_events;     /* control was behind */
    uint64_t missing_buffers; /* packets that were not sent, because the pool was empty */
};

void core_engine_count_losses(const struct core_engine *engine,
                              struct core_engine_counters *counters);

/** For simulations: key a participant's transport without DTLS; see transport_set_keys(). */
int core_engine_set_keys(struct core_engine *engine, uint64_t participant,
                         const struct transport_srtp_keys *send,
                         const struct transport_srtp_keys *receive);

#endif
