/*
 * A participant made of parts that share no code with the server's: control channel, ICE, DTLS,
 * SRTP, synthetic tracks and slots that are held against protocol.md. A test creates some, lets the
 * event loop run and asks.
 *
 * Clients live on the heap and in a list of the program, since a failed assertion of cmocka jumps
 * out of the test: media_client_destroy_all() in the test's tear-down ends them.
 */
#ifndef IRIS_TESTS_MEDIA_CLIENT_H
#define IRIS_TESTS_MEDIA_CLIENT_H

#include "rtp/transport_feedback.h"
#include "tests/integration/client_path.h"
#include "tests/integration/dtls_client.h"
#include "tests/integration/feedback_log.h"
#include "tests/integration/rpc_client.h"
#include "tests/integration/slot_receiver.h"
#include "tests/integration/track_sender.h"

#define MEDIA_CLIENT_TRACKS        8
#define MEDIA_CLIENT_SLOTS         OFFER_LINES_MAX
#define MEDIA_CLIENT_PROBLEM_BYTES 320
#define MEDIA_CLIENT_ALL_PROFILES                                                                  \
    "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80"

struct media_client_options {
    const char *room, *name;
    const char *token; /* NULL: none */
    bool has_microphone, has_camera, has_screen;
    unsigned camera_layers; /* 0: one without simulcast; 2-3: rids */
    enum vp8_style style;
    bool has_two_byte_extensions;
    bool is_bare;         /* path made by hand instead of libnice's agent */
    uint8_t audio_level;  /* -dBov, 0: the usual 30 */
    const char *profiles; /* NULL: MEDIA_CLIENT_ALL_PROFILES */
    const char *setup;    /* NULL: actpass */
    unsigned audio_slots, camera_slots, screen_slots;
    bool reports_arrivals; /* transport feedback: then the server paces, probes with old packets and
                              leaves out what does not fit, and nothing here is lossless by right */
};

/* A value of `slots` that the server notified, kept for the CSRCs. */
struct media_client_csrc {
    char mid[32];
    uint32_t csrc;
    char participant[64];
};

struct media_client {
    struct media_client_options options;
    uint32_t tag; /* of its media, unique in the program */
    char id[64];  /* participant; "" before the join */
    struct rpc_client *rpc;
    char *offer;         /* of the join, owned */
    json_t *join_result; /* owned */
    json_t *slots;       /* newest list, owned */
    GArray *csrcs;       /* struct media_client_csrc, everything ever notified */
    struct answer answer;
    struct client_path *path;
    struct dtls_client *dtls;
    struct srtp_session *srtp; /* NULL before the keys */
    unsigned track_count, slot_count;
    struct track_sender *tracks[MEDIA_CLIENT_TRACKS];
    struct slot_receiver *slot_list[MEDIA_CLIENT_SLOTS];
    struct feedback_log feedback;
    struct rtp_arrival_log arrivals; /* of what the server sends, for our feedback */
    uint16_t transport_seq;          /* next */
    bool is_sending_audio, is_sending_video;
    bool answers_nacks, sends_nacks; /* both true at first */
    bool ignores_plis;
    unsigned drop_sent_every; /* lose every n-th video packet before the server; 0: none */
    unsigned video_packets_made, dropped_before_server;
    uint8_t last_datagram[1500]; /* newest sealed RTP packet of a track */
    size_t last_datagram_len;
    uint64_t received_datagrams, failed_openings;
    int64_t clock_offset_us;                 /* of the client's NTP clock */
    int64_t first_media_us, newest_media_us; /* 0: none yet */
    uint64_t ticks;
    int64_t last_report_us, last_feedback_us;
    unsigned timer;
    char problem[MEDIA_CLIENT_PROBLEM_BYTES]; /* the first thing that went wrong; "" */
};

/** A client that has opened its control channel. @return in the program's list; NULL: refused */
struct media_client *media_client_create(const struct media_client_options *options);

/**
 * The text of its offer.
 *
 * @return  to be freed with free()
 */
char *media_client_offer(struct media_client *client);

/**
 * The offer of the join with other credentials: an ICE restart.
 *
 * @return  to be freed with free()
 */
char *media_client_offer_again(const struct media_client *client, const char *ufrag,
                               const char *pwd);

/**
 * Send join, read the answer, begin ICE and DTLS.
 *
 * @return  0 or the error code of the reply (-1: no reply, or an answer that is not understood:
 *          problem says why)
 */
int media_client_join(struct media_client *client);

/** Join and wait for the SRTP keys. @return false with the reason in problem */
bool media_client_connect(struct media_client *client);

/** SRTP is keyed. */
bool media_client_is_connected(const struct media_client *client);

/** Wait until a slot receives media of the other client, audio or video. */
bool media_client_await_media(struct media_client *client, const struct media_client *other,
                              bool audio);

/** Start or stop the tracks. */
void media_client_send_media(struct media_client *client, bool audio, bool video);

/** Leave by the control channel and stop sending. @return the close code that followed */
int media_client_leave(struct media_client *client);

/** Cut control channel and media without a word; the object stays for what it received. */
void media_client_vanish(struct media_client *client);

/** As if a cable were pulled: control channel and media fall silent, and no connection ends. */
void media_client_freeze(struct media_client *client);

/** End all clients of the program (cmocka tear-down). */
int media_client_destroy_all(void **state);

/** Seal a plain packet, whatever it says, and send it. @param data room for the trailer behind */
void media_client_send_rtp(struct media_client *client, uint8_t *data, size_t len);
void media_client_send_rtcp(struct media_client *client, uint8_t *data, size_t len);

/** Send bytes as they are on the client's path. */
void media_client_send_datagram(struct media_client *client, const uint8_t *data, size_t len);

/** Ask for packets of a slot, or for a key frame. */
void media_client_send_nack(struct media_client *client, uint32_t ssrc, const uint16_t *seqs,
                            size_t count);
void media_client_send_pli(struct media_client *client, uint32_t ssrc);

/** The slot that receives video (or audio) of this client now; NULL if none does. */
struct slot_receiver *media_client_slot_of(struct media_client *client,
                                           const struct media_client *other, bool audio);

/** The first track of a kind; NULL if there is none. */
struct track_sender *media_client_track(struct media_client *client, enum media_kind kind);

/**
 * Hold everything that the client received against the contract: each slot (slot_verify()), never
 * its own media, CSRCs as notified and of the right participant, no RTCP that was not promised.
 *
 * @param total    written: the sums over all slots
 * @return         0, or -1 with the reason in client->problem
 */
int media_client_verify(struct media_client *client, struct slot_summary *total);

/** The participant object with this id in the newest slots list; mids of slots with it: count. */
unsigned media_client_slots_showing(const struct media_client *client, const char *participant,
                                    const char *state);

#endif
