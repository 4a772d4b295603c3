/*
 * One simulated participant: from the WebSocket to the media, and its end. It owns its connection,
 * path, keys, streams and slots; the run owns it.
 */
#ifndef IRIS_BENCH_BUBBLES_PARTICIPANT_H
#define IRIS_BENCH_BUBBLES_PARTICIPANT_H

#include "bench/bubbles/control.h"
#include "bench/bubbles/dialect.h"
#include "bench/bubbles/net.h"
#include "bench/bubbles/run.h"
#include "bench/bubbles/slot.h"
#include "bench/bubbles/stream.h"
#include "bench/bubbles/verify.h"
#include "bench/link/wire.h"
#include "rtp/transport_feedback.h"

#define BUBBLES_STREAMS     4 /* voice, camera low and high, screen */
#define BUBBLES_PROBLEM_MAX 256
#define BUBBLES_DECODING_US 5000000 /* between reports of what was decoded */

enum bubbles_state {
    BUBBLES_CONNECTING, /* WebSocket */
    BUBBLES_JOINING,    /* join is under way */
    BUBBLES_CHECKING,   /* ICE */
    BUBBLES_SHAKING,    /* DTLS */
    BUBBLES_LIVE,
    BUBBLES_FAILED, /* see problem */
};

/* When things happened; 0: not yet. */
struct bubbles_milestones {
    int64_t began_us, joined_us, connected_us, keyed_us, first_picture_us, first_voice_us;
};

/* When things are due; INT64_MAX: never. */
struct bubbles_due {
    int64_t voice_us, camera_us, screen_us, feedback_us, report_us, repair_us, timeout_us,
        decoding_us;
};

struct bubbles_participant {
    struct bubbles_run *run;
    struct bubbles_room *room;
    unsigned seat; /* in the room */
    enum bubbles_state state;
    char problem[BUBBLES_PROBLEM_MAX];
    char id[BUBBLES_ID_BYTES];
    char ufrag[9], pwd[25];
    struct bubbles_control *control;
    unsigned lines[BUBBLES_KINDS]; /* m-lines that it sends through */
    struct bubbles_janus janus;    /* of the dialect of that name */
    struct bubbles_answer answer;
    struct bubbles_path *path;
    struct bubbles_ice ice;
    struct bubbles_dtls *dtls; /* during the handshake */
    struct transport_srtp_sender *sender;
    struct transport_srtp_receiver *receiver;
    struct bubbles_stream streams[BUBBLES_STREAMS];
    unsigned stream_count;
    struct bubbles_stream *voice, *screen, *cameras[BUBBLES_LAYERS]; /* of streams; NULL: none */
    uint16_t transport_seq;
    uint32_t feedback_ssrc;
    uint64_t ntp_offset_us; /* of its own clock */
    struct bubbles_slot slots[BUBBLES_SLOTS];
    struct rtp_arrival_log arrivals;
    struct bubbles_verifier *verifier; /* NULL: does not decode */
    struct link_wire *wire;            /* between it and the server; NULL: none */
    struct bubbles_milestones milestones;
    unsigned told_frames[BUBBLES_SLOTS]; /* of the slots' counters, in the last report */
    struct bubbles_due due;
    int64_t due_us;    /* the earliest */
    bool has_company;  /* somebody who sends was there when it came */
    int64_t reset_us;  /* since when it counts */
    uint64_t remb_bps; /* as the server last told */
};

/**
 * Begin to join.
 *
 * @param verifies  it decodes
 * @return          owned; NULL: no memory, or it cannot connect
 */
struct bubbles_participant *bubbles_participant_create(struct bubbles_run *run,
                                                       struct bubbles_room *room, unsigned seat,
                                                       bool verifies);

/** Leave (if it is in) and free; its join is added to the run's totals first. */
void bubbles_participant_destroy(struct bubbles_participant *participant);

/** Do what is due; sets due_us. */
void bubbles_participant_advance(struct bubbles_participant *participant, int64_t now_us);

/** A datagram came (bubbles_receive_fn). */
void bubbles_participant_receive(void *participant, uint8_t *data, size_t len, int64_t arrival_us);

/** The fault of the first of each room is on (struct bubbles_fault). */
bool bubbles_participant_is_faulty(const struct bubbles_participant *participant, int64_t now_us);

/** Count anew. */
void bubbles_participant_reset(struct bubbles_participant *participant, int64_t now_us);

/* ---- between the files of the participant ---- */

/** It is over; only the first reason counts. */
void bubbles_participant_fail(struct bubbles_participant *participant, const char *problem);

/** A description with its credentials and no lines; what of them is ours to choose. */
void bubbles_participant_describe(const struct bubbles_participant *participant,
                                  struct bubbles_offer *offer);

/** The SSRCs that it sends with, as its description names them (line: one that sends). */
void bubbles_participant_name_ssrcs(const struct bubbles_participant *participant,
                                    struct bubbles_offer_line *line);

/** The server's description is read into answer: path and checks begin. has_offered: we did. */
void bubbles_participant_connect(struct bubbles_participant *participant, bool has_offered);

/** The control channel was closed (on_close of every dialect). */
void bubbles_participant_on_close(void *participant, unsigned code, const char *reason);

/** The path to the server is opened. @return 0 or -1 (failed) */
int bubbles_participant_open_path(struct bubbles_participant *participant);

/** The keys are there: streams and slots begin. @return 0 or -1: no memory */
int bubbles_participant_start_media(struct bubbles_participant *participant, int64_t now_us);

/** Send voice and frames that are due. */
void bubbles_participant_send_media(struct bubbles_participant *participant, int64_t now_us);

/** Send feedback and reports that are due. */
void bubbles_participant_send_feedback(struct bubbles_participant *participant, int64_t now_us);

/** Take a decrypted compound RTCP packet. */
void bubbles_participant_take_rtcp(struct bubbles_participant *participant, const uint8_t *data,
                                   size_t len, int64_t now_us);

/** Take a decrypted RTP packet. */
void bubbles_participant_take_rtp(struct bubbles_participant *participant, uint8_t *data,
                                  size_t len, int64_t arrival_us);

/** Take a datagram that has come all the way (link_wire_fn). */
void bubbles_participant_take(void *participant, uint8_t *data, size_t len, int64_t arrival_us);

/** What was reserved at the net is to be sent, through the participant's wire if it has one. */
void bubbles_participant_commit(struct bubbles_participant *participant, size_t len);

/** Move on what has come through the wire. */
void bubbles_participant_advance_wire(struct bubbles_participant *participant, int64_t now_us);

/** Send a datagram through its path. */
void bubbles_participant_send(struct bubbles_participant *participant, const uint8_t *data,
                              size_t len);

#endif
