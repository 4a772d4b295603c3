/*
 * Payload types of a line: which one is Opus or VP8, which is the RTX of it, what feedback was
 * offered for it. Everything else that a line offers is left out of the answer (protocol.md, "The
 * answer").
 */
#include "signalling/sdp_parse.h"

/* The codec that a value begins with ("96 ..."); NULL, with the error written, if it is none. */
static struct sdp_codec *take_payload_type(struct sdp_parser *parser, struct sdp_span *value,
                                           const char *attribute)
{
    uint64_t number;
    if (sdp_span_number(sdp_span_word(value), SDP_PAYLOAD_TYPES - 1, &number))
        return &parser->section.codecs[number];
    sdp_fail(parser->error, parser->reader.line,
             "a=%s must begin with a payload type from 0 to 127.", attribute);
    return NULL;
}

int sdp_parse_rtpmap(struct sdp_parser *parser, struct sdp_span value)
{
    struct sdp_codec *codec = take_payload_type(parser, &value, "rtpmap");
    if (!codec)
        return -1;
    if (codec->name != SDP_CODEC_UNKNOWN)
        return sdp_fail(parser->error, parser->reader.line,
                        "A second a=rtpmap for the same payload type of this line.");
    struct sdp_span encoding = sdp_span_word(&value);
    if (encoding.len == 0)
        return sdp_fail(parser->error, parser->reader.line, "a=rtpmap names no codec.");
    codec->name = SDP_CODEC_OTHER;
    /* Opus always says two channels, whatever it carries (RFC 7587, section 7). */
    if (sdp_span_is_any_case(encoding, "opus/48000/2"))
        codec->name = SDP_CODEC_OPUS;
    else if (sdp_span_is_any_case(encoding, "VP8/90000"))
        codec->name = SDP_CODEC_VP8;
    else if (sdp_span_is_any_case(encoding, "rtx/90000"))
        codec->name = SDP_CODEC_RTX;
    return 0;
}

/* Only apt matters (RFC 4588, section 8.1): the other parameters are the sender's own affair. */
int sdp_parse_fmtp(struct sdp_parser *parser, struct sdp_span value)
{
    struct sdp_codec *codec = take_payload_type(parser, &value, "fmtp");
    if (!codec)
        return -1;
    while (value.len > 0) {
        struct sdp_span list = sdp_span_cut(&value, ';');
        struct sdp_span parameter = sdp_span_word(&list);
        uint64_t apt;
        if (!sdp_span_skip(&parameter, "apt="))
            continue;
        if (!sdp_span_number(parameter, SDP_PAYLOAD_TYPES - 1, &apt))
            return sdp_fail(parser->error, parser->reader.line,
                            "apt must be a payload type from 0 to 127.");
        codec->apt = (int16_t)apt;
    }
    return 0;
}

static uint8_t feedback_of(struct sdp_span text)
{
    if (sdp_span_is(text, "transport-cc"))
        return SDP_FEEDBACK_TRANSPORT_CC;
    if (sdp_span_is(text, "goog-remb"))
        return SDP_FEEDBACK_REMB;
    if (sdp_span_is(text, "nack"))
        return SDP_FEEDBACK_NACK;
    if (sdp_span_is(text, "nack pli"))
        return SDP_FEEDBACK_PLI;
    return 0;
}

int sdp_parse_rtcp_fb(struct sdp_parser *parser, struct sdp_span value)
{
    if (sdp_span_skip(&value, "* ")) {
        parser->section.wildcard_feedback |= feedback_of(value);
        return 0;
    }
    struct sdp_codec *codec = take_payload_type(parser, &value, "rtcp-fb");
    if (!codec)
        return -1;
    codec->feedback |= feedback_of(value);
    return 0;
}

/* RTP and RTCP share the port, so RTCP's packet types forbid these (RFC 5761, section 4). */
static bool collides_with_rtcp(int payload_type)
{
    return payload_type >= 64 && payload_type <= 95;
}

/* The first RTX of the m-line's formats that repairs the chosen payload type. */
static int find_rtx(const struct sdp_section *section, int payload_type)
{
    uint64_t number;
    for (struct sdp_span rest = section->formats; rest.len > 0;) {
        if (!sdp_span_number(sdp_span_word(&rest), SDP_PAYLOAD_TYPES - 1, &number))
            continue;
        const struct sdp_codec *codec = &section->codecs[number];
        if (codec->name == SDP_CODEC_RTX && codec->apt == payload_type &&
            !collides_with_rtcp((int)number))
            return (int)number;
    }
    return -1;
}

/* The first payload type, in the order of the m-line, that has the codec; -1: none. */
static int find_codec(const struct sdp_section *section, enum sdp_codec_name name)
{
    uint64_t number;
    for (struct sdp_span rest = section->formats; rest.len > 0;)
        if (sdp_span_number(sdp_span_word(&rest), SDP_PAYLOAD_TYPES - 1, &number) &&
            section->codecs[number].name == name)
            return (int)number;
    return -1;
}

int sdp_choose_codec(struct sdp_parser *parser)
{
    struct sdp_line *line = sdp_parser_line(parser);
    const struct sdp_section *section = &parser->section;
    if (!section->is_rtp)
        return 0;
    bool is_video = line->kind == SDP_KIND_VIDEO;
    int payload_type = find_codec(section, is_video ? SDP_CODEC_VP8 : SDP_CODEC_OPUS);
    if (payload_type < 0)
        return 0;
    if (collides_with_rtcp(payload_type))
        return sdp_fail(
            parser->error, line->text_line,
            "Payload type %d collides with RTCP on a shared port: use one outside of 64 "
            "to 95.",
            payload_type);
    uint8_t feedback = section->codecs[payload_type].feedback | section->wildcard_feedback;
    line->payload_type = (int16_t)payload_type;
    line->rtx_payload_type = (int16_t)(is_video ? find_rtx(section, payload_type) : -1);
    line->has_transport_cc = feedback & SDP_FEEDBACK_TRANSPORT_CC;
    line->has_remb = is_video && (feedback & SDP_FEEDBACK_REMB);
    line->has_nack = is_video && (feedback & SDP_FEEDBACK_NACK);
    line->has_pli = is_video && (feedback & SDP_FEEDBACK_PLI);
    return 0;
}
