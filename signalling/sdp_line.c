/*
 * One m-line of an offer and its attributes. Attributes are collected in any order while the
 * section is open and judged when it ends, because a=rtpmap may follow the a=rtcp-fb that refers to
 * it.
 */
#include "signalling/sdp_parse.h"

#include <string.h>

struct sdp_line *sdp_parser_line(struct sdp_parser *parser)
{
    return &parser->offer.lines[parser->offer.line_count - 1];
}

struct sdp_transport *sdp_parser_transport(struct sdp_parser *parser)
{
    return &parser->transports[parser->offer.line_count - 1];
}

bool sdp_line_is_usable(const struct sdp_line *line)
{
    return line->kind != SDP_KIND_OTHER && !line->is_rejected && line->payload_type >= 0 &&
           line->direction != 0;
}

/* Tokens separated by '/'. */
static bool is_proto(struct sdp_span span)
{
    if (span.len == 0 || span.len >= SDP_TOKEN_BYTES || span.at[span.len - 1] == '/')
        return false;
    while (span.len > 0)
        if (!sdp_span_is_token(sdp_span_cut(&span, '/'), SDP_TOKEN_BYTES - 1))
            return false;
    return true;
}

/* All of these mean the same to a WebRTC peer (RFC 8829, section 5.1.2). */
static bool is_rtp_proto(struct sdp_span proto)
{
    static const char *const accepted[] = {
        "UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "TCP/DTLS/RTP/SAVPF", "TCP/DTLS/RTP/SAVP",
        "RTP/SAVPF",         "RTP/SAVP",         "RTP/AVPF",           "RTP/AVP",
    };
    for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++)
        if (sdp_span_is(proto, accepted[i]))
            return true;
    return false;
}

static bool are_payload_types(struct sdp_span formats)
{
    uint64_t number;
    while (formats.len > 0) {
        struct sdp_span word = sdp_span_word(&formats);
        if (word.len > 0 && !sdp_span_number(word, SDP_PAYLOAD_TYPES - 1, &number))
            return false;
    }
    return true;
}

static void start_section(struct sdp_parser *parser)
{
    struct sdp_section *section = &parser->section;
    memset(section, 0, sizeof(*section));
    for (int i = 0; i < SDP_PAYLOAD_TYPES; i++)
        section->codecs[i].apt = -1;
    struct sdp_line *line = &parser->offer.lines[parser->offer.line_count++];
    line->text_line = parser->reader.line;
    line->direction = parser->direction;
    line->payload_type = -1;
    line->rtx_payload_type = -1;
    *sdp_parser_transport(parser) = parser->session;
}

static enum sdp_kind kind_of(struct sdp_span media)
{
    if (sdp_span_is(media, "audio"))
        return SDP_KIND_AUDIO;
    return sdp_span_is(media, "video") ? SDP_KIND_VIDEO : SDP_KIND_OTHER;
}

/* m=<media> <port> <proto> <fmt> ... (RFC 8866, section 5.14) */
int sdp_line_open(struct sdp_parser *parser)
{
    unsigned text_line = parser->reader.line;
    struct sdp_span rest = parser->reader.value;
    struct sdp_span media = sdp_span_word(&rest), port = sdp_span_word(&rest);
    struct sdp_span proto = sdp_span_word(&rest), formats = rest;
    struct sdp_span format = sdp_span_word(&rest);
    uint64_t port_number;
    if (parser->offer.line_count == SDP_LINES_MAX)
        return sdp_fail(parser->error, text_line, "More than %d m-lines; offer fewer.",
                        SDP_LINES_MAX);
    if (!sdp_span_is_token(media, SDP_TOKEN_BYTES - 1) || !is_proto(proto) ||
        !sdp_span_is_token(format, SDP_TOKEN_BYTES - 1) ||
        !sdp_span_number(port, UINT16_MAX, &port_number))
        return sdp_fail(parser->error, text_line,
                        "An m-line must read media, port, protocol and formats.");
    enum sdp_kind kind = kind_of(media);
    bool is_rtp = kind != SDP_KIND_OTHER && is_rtp_proto(proto);
    if (is_rtp && !are_payload_types(formats))
        return sdp_fail(parser->error, text_line,
                        "The formats of an RTP line must be payload types from 0 to 127.");
    start_section(parser);
    struct sdp_line *line = sdp_parser_line(parser);
    line->kind = kind;
    sdp_span_copy(media, line->media, sizeof(line->media));
    sdp_span_copy(proto, line->proto, sizeof(line->proto));
    sdp_span_copy(format, line->format, sizeof(line->format));
    parser->section.port = port_number;
    parser->section.is_rtp = is_rtp;
    parser->section.formats = formats;
    return 0;
}

static int parse_mid(struct sdp_parser *parser, struct sdp_span value)
{
    struct sdp_line *line = sdp_parser_line(parser);
    if (!sdp_span_is_token(value, SDP_MID_MAX))
        return sdp_fail(parser->error, parser->reader.line,
                        "A mid must be a token of 1 to %d characters.", SDP_MID_MAX);
    if (line->mid[0])
        return sdp_fail(parser->error, parser->reader.line, "A second a=mid on this line.");
    for (unsigned i = 0; i + 1 < parser->offer.line_count; i++)
        if (sdp_span_is(value, parser->offer.lines[i].mid))
            return sdp_fail(parser->error, parser->reader.line,
                            "An earlier line has the same mid; every line needs its own.");
    sdp_span_copy(value, line->mid, sizeof(line->mid));
    return 0;
}

static int parse_rtcp_mux(struct sdp_parser *parser, struct sdp_span value)
{
    (void)value;
    sdp_parser_line(parser)->has_rtcp_mux = true;
    return 0;
}

static int parse_rtcp_rsize(struct sdp_parser *parser, struct sdp_span value)
{
    (void)value;
    sdp_parser_line(parser)->has_rtcp_rsize = true;
    return 0;
}

static int parse_bundle_only(struct sdp_parser *parser, struct sdp_span value)
{
    (void)value;
    parser->section.is_bundle_only = true;
    return 0;
}

static int parse_extmap_allow_mixed(struct sdp_parser *parser, struct sdp_span value)
{
    (void)value;
    parser->section.allows_mixed = true;
    return 0;
}

/* a=content:<list> (RFC 4796, section 5) */
static int parse_content(struct sdp_parser *parser, struct sdp_span value)
{
    while (value.len > 0)
        if (sdp_span_is(sdp_span_cut(&value, ','), "slides"))
            sdp_parser_line(parser)->is_slides = true;
    return 0;
}

static int parse_line_ufrag(struct sdp_parser *parser, struct sdp_span value)
{
    return sdp_parse_ufrag(parser, sdp_parser_transport(parser), value);
}

static int parse_line_pwd(struct sdp_parser *parser, struct sdp_span value)
{
    return sdp_parse_pwd(parser, sdp_parser_transport(parser), value);
}

static int parse_line_fingerprint(struct sdp_parser *parser, struct sdp_span value)
{
    return sdp_parse_fingerprint(parser, sdp_parser_transport(parser), value,
                                 sdp_parser_line(parser)->text_line);
}

static int parse_line_setup(struct sdp_parser *parser, struct sdp_span value)
{
    return sdp_parse_setup(parser, sdp_parser_transport(parser), value);
}

static bool take_ssrc(struct sdp_span *value, uint32_t *ssrc)
{
    uint64_t number;
    if (!sdp_span_number(sdp_span_word(value), UINT32_MAX, &number))
        return false;
    *ssrc = (uint32_t)number;
    return true;
}

/* a=ssrc:<id> <attribute> (RFC 5576, section 4.1); only the id matters. */
static int parse_ssrc(struct sdp_parser *parser, struct sdp_span value)
{
    uint32_t ssrc;
    if (!take_ssrc(&value, &ssrc))
        return sdp_fail(parser->error, parser->reader.line,
                        "a=ssrc must begin with a number of 32 bits.");
    if (!parser->section.first_ssrc)
        parser->section.first_ssrc = ssrc;
    return 0;
}

/* a=ssrc-group:<semantics> <id> ... (RFC 5576, section 4.2) */
static int parse_ssrc_group(struct sdp_parser *parser, struct sdp_span value)
{
    struct sdp_section *section = &parser->section;
    struct sdp_span semantics = sdp_span_word(&value);
    bool is_pair = sdp_span_is(semantics, "FID"), is_simulcast = sdp_span_is(semantics, "SIM");
    uint32_t first = 0, second = 0;
    if (!is_pair && !is_simulcast)
        return 0;
    if (!take_ssrc(&value, &first) || (is_pair && !take_ssrc(&value, &second)))
        return sdp_fail(parser->error, parser->reader.line,
                        "a=ssrc-group must list numbers of 32 bits, FID two of them.");
    if (is_simulcast && !section->first_simulcast_ssrc)
        section->first_simulcast_ssrc = first;
    if (is_pair && section->pair_count < SDP_SSRC_PAIRS_MAX) {
        section->pairs[section->pair_count][0] = first;
        section->pairs[section->pair_count++][1] = second;
    }
    return 0;
}

int sdp_line_attribute(struct sdp_parser *parser)
{
    static const struct sdp_attribute table[] = {
        {"mid", parse_mid},
        {"bundle-only", parse_bundle_only},
        {"rtcp-mux", parse_rtcp_mux},
        {"rtcp-rsize", parse_rtcp_rsize},
        {"content", parse_content},
        {"ice-ufrag", parse_line_ufrag},
        {"ice-pwd", parse_line_pwd},
        {"fingerprint", parse_line_fingerprint},
        {"setup", parse_line_setup},
        {"extmap", sdp_parse_extmap},
        {"extmap-allow-mixed", parse_extmap_allow_mixed},
        {"rtpmap", sdp_parse_rtpmap},
        {"fmtp", sdp_parse_fmtp},
        {"rtcp-fb", sdp_parse_rtcp_fb},
        {"rid", sdp_parse_rid},
        {"simulcast", sdp_parse_simulcast},
        {"ssrc", parse_ssrc},
        {"ssrc-group", parse_ssrc_group},
        {NULL, NULL},
    };
    /* Of what is no RTP only the name is needed, to reject it by. */
    static const struct sdp_attribute other_table[] = {{"mid", parse_mid}, {NULL, NULL}};
    if (!parser->section.is_rtp)
        return sdp_parse_attribute(parser, other_table);
    int direction = sdp_direction_of(parser->reader.value);
    if (direction >= 0)
        sdp_parser_line(parser)->direction = (uint8_t)direction;
    return sdp_parse_attribute(parser, table);
}

/* The line's place in the BUNDLE group; -1: not in it. */
static int find_bundle_rank(const struct sdp_parser *parser, const struct sdp_line *line)
{
    struct sdp_span tags = parser->bundle;
    for (int rank = 0; line->mid[0] && tags.len > 0; rank++)
        if (sdp_span_is(sdp_span_word(&tags), line->mid))
            return rank;
    return -1;
}

/*
 * Which source the line names. On a line that receives (Firefox names its report sender there) it
 * is none; on a simulcast line the layers are told by RID; of the older ssrc-group:SIM the first
 * counts.
 */
static void choose_ssrc(const struct sdp_section *section, struct sdp_line *line)
{
    if (!(line->direction & SDP_SENDS) || line->rid_count > 0)
        return;
    line->ssrc = section->first_ssrc;
    if (section->pair_count > 0)
        line->ssrc = section->pairs[0][0];
    if (section->first_simulcast_ssrc)
        line->ssrc = section->first_simulcast_ssrc;
    for (unsigned i = 0; i < section->pair_count && !line->rtx_ssrc; i++)
        if (section->pairs[i][0] == line->ssrc && line->rtx_payload_type >= 0)
            line->rtx_ssrc = section->pairs[i][1];
}

int sdp_line_close(struct sdp_parser *parser)
{
    struct sdp_line *line = sdp_parser_line(parser);
    const struct sdp_section *section = &parser->section;
    int rank = find_bundle_rank(parser, line);
    line->is_bundled = rank >= 0;
    line->bundle_rank = (uint8_t)(rank >= 0 ? rank : 0);
    /* Port 0 with bundle-only is an offer for the group's transport (RFC 9143, section 6). */
    line->is_rejected = section->port == 0 && !(section->is_bundle_only && line->is_bundled);
    parser->is_mixed_refused |= section->is_rtp && !section->allows_mixed;
    if (sdp_choose_codec(parser) < 0 || sdp_choose_rids(parser) < 0)
        return -1;
    choose_ssrc(section, line);
    return 0;
}
