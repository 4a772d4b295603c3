/*
 * What a flight recorder holds, in order of time: packets received, packets sent (their headers
 * rewritten once more by the offsets that the recorder kept), decisions. For whoever writes a dump:
 * on any thread, while nobody writes into the recorder. Sans-IO.
 *
 * A header that was sent has what decided: SSRC, payload type, marker, sequence number, timestamp,
 * CSRC and VP8's descriptor; its header extensions are left out. What was sent from a received
 * packet that the ring has lost since is left out as well.
 */
#ifndef IRIS_CORE_RECORDING_H
#define IRIS_CORE_RECORDING_H

#include "sfu/core/recorder.h"

#define CORE_RECORDING_PACKET_BYTES 288 /* of a header, received or rewritten */

enum core_recording_kind { CORE_RECORDING_PACKET, CORE_RECORDING_DECISION };

struct core_recording_entry {
    enum core_recording_kind kind;
    int64_t at_us;
    uint64_t participant; /* whose transport, or whom the decision is about */
    struct core_decision decision;
    /* A packet. */
    bool is_sent, is_rtcp;
    int8_t track, layer;       /* received RTP: index; -1: none. Sent: of source */
    int8_t slot;               /* sent RTP: index, else -1 */
    uint64_t source;           /* sent RTP: whose track; 0: nobody's */
    enum core_outcome outcome; /* received RTP */
    enum core_run_way way;     /* sent RTP */
    uint16_t original_bytes;   /* of the packet in clear */
    uint16_t len;              /* of data: what is left of it */
    uint8_t data[CORE_RECORDING_PACKET_BYTES];
};

struct core_recording_options {
    uint64_t receiver;    /* packets sent to others are left out; 0: to nobody is left out */
    unsigned packets_max; /* entries: when there are more, the oldest are left out; 0: no limit */
};

struct core_recording;

/**
 * @param recorder   outlives the recording, unchanged
 * @param recording  written on success: owned
 * @return           0 or IRIS_E_NO_MEMORY
 */
int core_recording_open(struct core_recording **recording, const struct core_recorder *recorder,
                        const struct core_recording_options *options);
void core_recording_close(struct core_recording *recording);

/** The next entry. @return false: there are no more */
bool core_recording_next(struct core_recording *recording, struct core_recording_entry *entry);

/** What is known of a participant, from its leaving or the dump; NULL: nothing. */
const struct core_member *core_recording_member(const struct core_recording *recording,
                                                uint64_t participant);

/** Entries that options.packets_max left out. */
size_t core_recording_left_out(const struct core_recording *recording);

/** Name of a outcome, a decision, a decision's number (NULL: unused), a cause. Static text. */
const char *core_outcome_text(enum core_outcome outcome);
const char *core_decision_text(enum core_decision_kind kind);
const char *core_decision_number_text(enum core_decision_kind kind, unsigned index);
const char *core_trigger_text(enum core_trigger cause);

#endif
