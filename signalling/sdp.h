/*
 * SDP offers of WebRTC clients, and the answers to them (RFC 8866, RFC 8829 (JSEP), RFC 9143
 * (BUNDLE), RFC 8853 (simulcast); the contract is protocol.md, section 1).
 *
 * Three steps, each without memory of the others: parse an offer into a plain struct; decide what
 * each line is for; write the answer. Nothing here knows a room, allocates, or draws random
 * numbers.
 */
#ifndef IRIS_SIGNALLING_SDP_H
#define IRIS_SIGNALLING_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SDP_OFFER_MAX_BYTES   262144 /* a frame of the control channel (protocol.md, section 2) */
#define SDP_ANSWER_MAX_BYTES  65536
#define SDP_LINES_MAX         32
#define SDP_RIDS_MAX          3
#define SDP_TOKEN_BYTES       33 /* mid, rid: what we accept, and the terminator */
#define SDP_MID_MAX           16 /* a MID must fit a one-byte header extension, */
#define SDP_RID_MAX           16 /* and so must a RID (RFC 8285, section 4.2) */
#define SDP_CREDENTIAL_BYTES  257
#define SDP_FINGERPRINT_BYTES 32
#define SDP_CANDIDATES_MAX    16
#define SDP_REASON_BYTES      160

#define SDP_AUDIO_SLOTS  3
#define SDP_CAMERA_SLOTS 4
#define SDP_SCREEN_SLOTS 1
#define SDP_CAMERA_BPS   500000
#define SDP_SCREEN_BPS   800000

enum sdp_kind { SDP_KIND_AUDIO, SDP_KIND_VIDEO, SDP_KIND_OTHER };

/* A direction is a set of what the *offerer* does on the line. */
enum { SDP_SENDS = 1, SDP_RECEIVES = 2 };

/* Header extensions that can be granted; ids are the offer's, 1-14, 0: not offered. */
enum sdp_extension {
    SDP_EXTENSION_MID,
    SDP_EXTENSION_RID,
    SDP_EXTENSION_REPAIRED_RID,
    SDP_EXTENSION_AUDIO_LEVEL,
    SDP_EXTENSION_TRANSPORT_SEQ,
    SDP_EXTENSION_ABS_SEND_TIME,
    SDP_EXTENSION_COUNT
};

/* One extension as offered: its direction attribute is answered reversed (RFC 8285, section 6). */
struct sdp_extmap {
    uint8_t id;        /* 0: not offered, or above 14 */
    uint8_t direction; /* SDP_SENDS | SDP_RECEIVES */
};

/* One m-line of an offer. */
struct sdp_line {
    enum sdp_kind kind;
    unsigned text_line;           /* where it stands in the offer, from 1, for error messages */
    char media[SDP_TOKEN_BYTES];  /* "audio", "video", "application" */
    char proto[SDP_TOKEN_BYTES];  /* "UDP/TLS/RTP/SAVPF" */
    char format[SDP_TOKEN_BYTES]; /* the first one, echoed when the line is rejected */
    char mid[SDP_TOKEN_BYTES];
    bool is_rejected;    /* port 0 without bundle-only */
    bool is_bundled;     /* named by the BUNDLE group */
    uint8_t bundle_rank; /* its place there, from 0: the answer keeps the order (RFC 9143, 7.3) */
    uint8_t direction;   /* SDP_SENDS | SDP_RECEIVES */
    bool is_slides;      /* a=content:slides (RFC 4796) */
    bool has_rtcp_mux;
    bool has_rtcp_rsize;
    int16_t payload_type;                               /* Opus or VP8; -1: the line has none */
    int16_t rtx_payload_type;                           /* VP8's; -1: none */
    bool has_transport_cc, has_remb, has_nack, has_pli; /* feedback offered for payload_type */
    struct sdp_extmap extensions[SDP_EXTENSION_COUNT];
    uint8_t rid_count; /* send rids, in the order of a=simulcast */
    char rids[SDP_RIDS_MAX][SDP_TOKEN_BYTES];
    bool rid_is_paused[SDP_RIDS_MAX]; /* offered as "~rid" */
    uint32_t ssrc, rtx_ssrc; /* of a line that sends; the first of ssrc-group:SIM; 0: unnamed */
};

/* A parsed offer. About 10 KB: embed it where it is used briefly. */
struct sdp_offer {
    char ufrag[SDP_CREDENTIAL_BYTES];
    char pwd[SDP_CREDENTIAL_BYTES];
    uint8_t fingerprint[SDP_FINGERPRINT_BYTES]; /* sha-256 */
    bool has_extmap_allow_mixed;
    unsigned line_count;
    struct sdp_line lines[SDP_LINES_MAX];
};

/* Why an offer cannot be answered: error 422. */
struct sdp_error {
    unsigned line;                 /* line of the text, from 1; 0: the offer as a whole */
    char reason[SDP_REASON_BYTES]; /* a sentence: what is wrong and what to do */
};

/**
 * Parse an offer.
 *
 * Ignored: candidates, unknown attributes. Refused: no line that could be accepted, no or wrong
 * fingerprint (only sha-256), no ICE credentials, ICE-lite, DTLS role passive, media without BUNDLE
 * or rtcp-mux, duplicate or over-long mids, an extension id with two meanings, an SSRC on two
 * lines, more than SDP_LINES_MAX lines, text that is not SDP. Lines that cannot be accepted need
 * nothing of this. Credentials, fingerprint and role are those of the line that carries the
 * transport: the first of the BUNDLE group that can be accepted (RFC 9143, section 7.2).
 *
 * @param offer  written only on success
 * @param text   len bytes, hostile, need not be terminated; NUL bytes are an error
 * @param error  written on failure
 * @return       0 or -1
 */
int signalling_sdp_parse_offer(struct sdp_offer *offer, const char *text, size_t len,
                               struct sdp_error *error);

/**
 * Whether an offer asks for nothing but an ICE restart of an earlier one (RFC 8829,
 * section 4.1.18): the same lines with the same mids, directions and payload types, the same
 * fingerprint.
 *
 * @param error  written on failure: the line that differs, and how
 * @return       0 or -1
 */
int signalling_sdp_check_restart(const struct sdp_offer *before, const struct sdp_offer *now,
                                 struct sdp_error *error);

enum sdp_source { SDP_SOURCE_NONE, SDP_SOURCE_AUDIO, SDP_SOURCE_CAMERA, SDP_SOURCE_SCREEN };

/* What a participant may do (protocol.md, section 3: publish, subscribe). */
struct sdp_rights {
    bool audio, camera, screen; /* publish */
    bool subscribe;
};

/* What a line was given (protocol.md, "Roles of the lines"). */
struct sdp_role {
    enum sdp_source sends; /* what the client sends on it */
    enum sdp_source slot;  /* what kind of slot it receives through */
    /* Filled by the caller before the answer is written, for lines with a slot. */
    uint32_t slot_ssrc;
    uint32_t slot_rtx_ssrc; /* 0: no RTX on this line */
};

/**
 * Give every line its roles, in order of m-lines.
 *
 * @param roles  caller's array of offer->line_count
 */
void signalling_sdp_assign_roles(const struct sdp_offer *offer, const struct sdp_rights *rights,
                                 struct sdp_role *roles);

/* The extensions that the answer grants on a line: same decision for the writer and the media
 * plane. */
void signalling_sdp_granted_extensions(const struct sdp_line *line, const struct sdp_role *role,
                                       uint8_t ids[SDP_EXTENSION_COUNT]);

struct sdp_candidate {
    char address[46]; /* "192.0.2.1" or "2001:db8::1" */
    uint16_t port;
    uint32_t priority; /* RFC 8445, 5.1.2 */
};

/* What an answer says of the server. */
struct sdp_answer {
    uint64_t session_id;
    uint64_t version; /* grows with every answer of the session */
    const char *ufrag, *pwd;
    const uint8_t *fingerprint; /* SDP_FINGERPRINT_BYTES */
    unsigned candidate_count;
    struct sdp_candidate candidates[SDP_CANDIDATES_MAX];
};

/**
 * Write the answer.
 *
 * @param roles  as assigned, SSRCs filled in
 * @param out    terminated text
 * @param cap    of out, at least SDP_ANSWER_MAX_BYTES for any offer
 * @return       its length, or -1 when it does not fit
 */
int signalling_sdp_write_answer(const struct sdp_offer *offer, const struct sdp_role *roles,
                                const struct sdp_answer *answer, char *out, size_t cap);

#endif
