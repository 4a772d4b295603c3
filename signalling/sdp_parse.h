/*
 * The state of one parse of an offer, shared by the files that know one part of it each:
 * sdp_offer.c (sessions, sections, what must agree between them), sdp_transport.c (ICE and DTLS),
 * sdp_line.c (an m-line and its attributes), sdp_extension.c, sdp_codec.c, sdp_simulcast.c. Lives
 * on the stack of signalling_sdp_parse_offer; about 18 KB. Every span points into the offer's text.
 */
#ifndef IRIS_SIGNALLING_SDP_PARSE_H
#define IRIS_SIGNALLING_SDP_PARSE_H

#include "signalling/sdp_text.h"

#define SDP_PAYLOAD_TYPES     128
#define SDP_EXTENSION_IDS     256 /* two-byte form (RFC 8285, section 4.3) */
#define SDP_DECLARED_RIDS_MAX 16
#define SDP_SSRC_PAIRS_MAX    16

/* ICE and DTLS attributes of the session or of one line. A line begins with the session's. */
struct sdp_transport {
    struct sdp_span ufrag, pwd; /* len 0: none */
    unsigned fingerprint_line;  /* the last a=fingerprint, of any hash; 0: none */
    bool has_fingerprint;       /* sha-256 */
    uint8_t fingerprint[SDP_FINGERPRINT_BYTES];
    unsigned setup_line; /* 0: none */
    bool is_passive;     /* by a=setup */
};

enum sdp_codec_name {
    SDP_CODEC_UNKNOWN,
    SDP_CODEC_OTHER,
    SDP_CODEC_OPUS,
    SDP_CODEC_VP8,
    SDP_CODEC_RTX
};

enum {
    SDP_FEEDBACK_TRANSPORT_CC = 1,
    SDP_FEEDBACK_REMB = 2,
    SDP_FEEDBACK_NACK = 4,
    SDP_FEEDBACK_PLI = 8
};

/* What a line says of one payload type. */
struct sdp_codec {
    uint8_t name;     /* enum sdp_codec_name; UNKNOWN: no rtpmap */
    uint8_t feedback; /* SDP_FEEDBACK_* */
    int16_t apt;      /* RTX: the payload type that it repairs; -1: none */
};

/* a=rid:<name> send <restrictions> */
struct sdp_declared_rid {
    struct sdp_span name, restrictions;
};

/* What a line says, until it can be judged at its end. */
struct sdp_section {
    uint64_t port;
    bool is_bundle_only;
    bool is_rtp;       /* audio or video over RTP */
    bool allows_mixed; /* a=extmap-allow-mixed */
    bool extension_seen[SDP_EXTENSION_IDS];
    struct sdp_span formats;   /* of the m-line */
    uint8_t wildcard_feedback; /* a=rtcp-fb:* */
    struct sdp_codec codecs[SDP_PAYLOAD_TYPES];
    struct sdp_span simulcast;
    unsigned simulcast_line; /* 0: none */
    unsigned rid_count;
    struct sdp_declared_rid rids[SDP_DECLARED_RIDS_MAX];
    uint32_t first_ssrc, first_simulcast_ssrc; /* 0: none */
    unsigned pair_count;
    uint32_t pairs[SDP_SSRC_PAIRS_MAX][2]; /* ssrc-group:FID */
};

struct sdp_parser {
    struct sdp_reader reader;
    struct sdp_error *error;
    struct sdp_offer offer;
    bool has_origin;
    uint8_t direction;      /* the session's */
    bool allows_mixed;      /* the session's */
    bool is_mixed_refused;  /* an RTP line does not say it itself */
    struct sdp_span bundle; /* tags of the first BUNDLE group */
    unsigned bundle_line;   /* 0: none */
    struct sdp_transport session;
    struct sdp_transport transports[SDP_LINES_MAX];
    struct sdp_span extension_uris[SDP_EXTENSION_IDS]; /* by id, over all lines */
    struct sdp_section section;
};

/* An attribute that is understood, and what to do with its value. */
struct sdp_attribute {
    const char *name;
    int (*parse)(struct sdp_parser *parser, struct sdp_span value); /* 0 or -1 */
};

/* URIs of the extensions that can be granted, by enum sdp_extension. */
extern const char *const sdp_extension_uris[SDP_EXTENSION_COUNT];

/* The line that is being parsed, and its transport; only inside a section. */
struct sdp_line *sdp_parser_line(struct sdp_parser *parser);
struct sdp_transport *sdp_parser_transport(struct sdp_parser *parser);

/**
 * Hand "name" or "name:value" to its function of the table; unknown ones are ignored (RFC
 * 8866, 5.13).
 *
 * @param table  ends with a NULL name
 * @return       0 or -1
 */
int sdp_parse_attribute(struct sdp_parser *parser, const struct sdp_attribute *table);

/* Is it "sendrecv" or the like: 0-3, else -1. */
int sdp_direction_of(struct sdp_span text);

/*
 * ICE and DTLS attributes (RFC 8839, 5.4; RFC 8122, 5; RFC 4145, 4): each reads one value into the
 * given transport.
 */
int sdp_parse_ufrag(struct sdp_parser *parser, struct sdp_transport *transport,
                    struct sdp_span value);
int sdp_parse_pwd(struct sdp_parser *parser, struct sdp_transport *transport,
                  struct sdp_span value);
int sdp_parse_fingerprint(struct sdp_parser *parser, struct sdp_transport *transport,
                          struct sdp_span value, unsigned scope_line);
int sdp_parse_setup(struct sdp_parser *parser, struct sdp_transport *transport,
                    struct sdp_span value);

/* Take the offer's credentials, fingerprint and role from the line that carries the transport. */
int sdp_choose_transport(struct sdp_parser *parser, const struct sdp_line *tagged,
                         const struct sdp_transport *transport);

/* An m-line opens a section, attributes follow, the end of the section judges them. */
int sdp_line_open(struct sdp_parser *parser);
int sdp_line_attribute(struct sdp_parser *parser);
int sdp_line_close(struct sdp_parser *parser);

/* Can roles be given to it: audio or video with a codec of ours, not rejected, not inactive. */
bool sdp_line_is_usable(const struct sdp_line *line);

/* Header extensions: a=extmap (RFC 8285, section 5). */
int sdp_parse_extmap(struct sdp_parser *parser, struct sdp_span value);

/* Payload types: a=rtpmap, a=fmtp, a=rtcp-fb, and the choice among them. */
int sdp_parse_rtpmap(struct sdp_parser *parser, struct sdp_span value);
int sdp_parse_fmtp(struct sdp_parser *parser, struct sdp_span value);
int sdp_parse_rtcp_fb(struct sdp_parser *parser, struct sdp_span value);
int sdp_choose_codec(struct sdp_parser *parser);

/* Simulcast: a=rid, a=simulcast, and the rids that are granted; after sdp_choose_codec. */
int sdp_parse_rid(struct sdp_parser *parser, struct sdp_span value);
int sdp_parse_simulcast(struct sdp_parser *parser, struct sdp_span value);
int sdp_choose_rids(struct sdp_parser *parser);

#endif
