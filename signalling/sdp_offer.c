/*
 * The offer as a whole: its session level, its m-lines one after another, and what must hold
 * between them: one BUNDLE group, one transport, no source named twice.
 */
#include "signalling/sdp_parse.h"

#include <string.h>

int sdp_direction_of(struct sdp_span text)
{
    if (sdp_span_is(text, "sendrecv"))
        return SDP_SENDS | SDP_RECEIVES;
    if (sdp_span_is(text, "sendonly"))
        return SDP_SENDS;
    if (sdp_span_is(text, "recvonly"))
        return SDP_RECEIVES;
    return sdp_span_is(text, "inactive") ? 0 : -1;
}

int sdp_parse_attribute(struct sdp_parser *parser, const struct sdp_attribute *table)
{
    struct sdp_span value = parser->reader.value;
    struct sdp_span name = sdp_span_cut(&value, ':');
    for (; table->name; table++)
        if (sdp_span_is(name, table->name))
            return table->parse(parser, value);
    return 0;
}

/* a=group:BUNDLE <mid> ...; there is one transport, so the first group counts (RFC 9143, section
 * 7). */
static int parse_group(struct sdp_parser *parser, struct sdp_span value)
{
    if (!sdp_span_is(sdp_span_word(&value), "BUNDLE") || parser->bundle_line)
        return 0;
    parser->bundle = value;
    parser->bundle_line = parser->reader.line;
    unsigned count = 0;
    while (value.len > 0)
        count += sdp_span_word(&value).len > 0;
    if (count > SDP_LINES_MAX)
        return sdp_fail(parser->error, parser->reader.line,
                        "The BUNDLE group names more than %d lines; offer fewer.", SDP_LINES_MAX);
    return 0;
}

static int parse_session_ufrag(struct sdp_parser *parser, struct sdp_span value)
{
    return sdp_parse_ufrag(parser, &parser->session, value);
}

static int parse_session_pwd(struct sdp_parser *parser, struct sdp_span value)
{
    return sdp_parse_pwd(parser, &parser->session, value);
}

static int parse_session_fingerprint(struct sdp_parser *parser, struct sdp_span value)
{
    return sdp_parse_fingerprint(parser, &parser->session, value, 1);
}

static int parse_session_setup(struct sdp_parser *parser, struct sdp_span value)
{
    return sdp_parse_setup(parser, &parser->session, value);
}

static int parse_session_allow_mixed(struct sdp_parser *parser, struct sdp_span value)
{
    (void)value;
    parser->allows_mixed = true;
    return 0;
}

/* Two lite agents would wait for each other's checks (RFC 8445, section 6.1.1). */
static int parse_ice_lite(struct sdp_parser *parser, struct sdp_span value)
{
    (void)value;
    return sdp_fail(parser->error, parser->reader.line,
                    "This server is ICE-lite, so the offer must come from a full ICE agent.");
}

static int session_attribute(struct sdp_parser *parser)
{
    static const struct sdp_attribute table[] = {
        {"group", parse_group},
        {"ice-lite", parse_ice_lite},
        {"ice-ufrag", parse_session_ufrag},
        {"ice-pwd", parse_session_pwd},
        {"fingerprint", parse_session_fingerprint},
        {"setup", parse_session_setup},
        {"extmap-allow-mixed", parse_session_allow_mixed},
        {NULL, NULL},
    };
    int direction = sdp_direction_of(parser->reader.value);
    if (direction >= 0)
        parser->direction = (uint8_t)direction;
    return sdp_parse_attribute(parser, table);
}

/* o=<user> <session id> <version> <network> <address type> <address> (RFC 8866, section 5.2) */
static int parse_origin(struct sdp_parser *parser)
{
    struct sdp_span rest = parser->reader.value;
    uint64_t version;
    sdp_span_word(&rest);
    sdp_span_word(&rest);
    if (!sdp_span_number(sdp_span_word(&rest), UINT64_MAX, &version))
        return sdp_fail(parser->error, parser->reader.line,
                        "The third word of o= must be the version, a number of 64 bits.");
    parser->has_origin = true;
    return 0;
}

/* One line of the text, wherever it stands. */
static int parse_text_line(struct sdp_parser *parser)
{
    bool is_session = parser->offer.line_count == 0;
    switch (parser->reader.type) {
    case 'm':
        if (!is_session && sdp_line_close(parser) < 0)
            return -1;
        return sdp_line_open(parser);
    case 'o':
        return parse_origin(parser);
    case 'a':
        return is_session ? session_attribute(parser) : sdp_line_attribute(parser);
    default:
        return 0;
    }
}

/* The text must begin with v=0 (RFC 8866, section 5.1). */
static int parse_version(struct sdp_parser *parser)
{
    int got = sdp_reader_next(&parser->reader, parser->error);
    if (got < 0)
        return -1;
    if (got == 0)
        return sdp_fail(parser->error, 0, "The offer is empty.");
    if (parser->reader.type != 'v' || !sdp_span_is(parser->reader.value, "0"))
        return sdp_fail(parser->error, parser->reader.line, "An SDP offer begins with v=0.");
    return 0;
}

static int parse_text(struct sdp_parser *parser)
{
    int got;
    if (parse_version(parser) < 0)
        return -1;
    while ((got = sdp_reader_next(&parser->reader, parser->error)) > 0)
        if (parse_text_line(parser) < 0)
            return -1;
    if (got < 0)
        return -1;
    if (!parser->has_origin)
        return sdp_fail(parser->error, 0, "The offer has no o= line.");
    if (parser->offer.line_count == 0)
        return sdp_fail(parser->error, 0, "The offer has no m-line: offer audio or video.");
    return sdp_line_close(parser);
}

/* What a line needs that is going to be answered with a port. */
static int check_line(struct sdp_parser *parser, unsigned index)
{
    const struct sdp_line *line = &parser->offer.lines[index];
    const struct sdp_transport *transport = &parser->transports[index];
    if (!line->mid[0])
        return sdp_fail(parser->error, line->text_line, "This line has no a=mid.");
    if (!line->is_bundled)
        return sdp_fail(parser->error, line->text_line,
                        "This line is not in the BUNDLE group; all media share one transport.");
    if (!line->has_rtcp_mux)
        return sdp_fail(parser->error, line->text_line,
                        "This line has no a=rtcp-mux; RTP and RTCP share one port.");
    if (transport->is_passive)
        return sdp_fail(
            parser->error, transport->setup_line,
            "a=setup:passive cannot be answered, this server is passive: offer actpass.");
    return 0;
}

static bool names_ssrc(const struct sdp_line *line, uint32_t ssrc)
{
    return ssrc && (line->ssrc == ssrc || line->rtx_ssrc == ssrc);
}

/* A source belongs to one line, and its repair is another source. */
static int check_sources(struct sdp_parser *parser, unsigned index)
{
    const struct sdp_line *line = &parser->offer.lines[index];
    bool is_taken = line->ssrc && line->ssrc == line->rtx_ssrc;
    for (unsigned i = 0; i < index; i++) {
        const struct sdp_line *earlier = &parser->offer.lines[i];
        is_taken |= sdp_line_is_usable(earlier) &&
                    (names_ssrc(earlier, line->ssrc) || names_ssrc(earlier, line->rtx_ssrc));
    }
    if (is_taken)
        return sdp_fail(
            parser->error, line->text_line,
            "This line names an SSRC that is already in use; every source needs its own.");
    return 0;
}

/*
 * The line that carries the transport: first in the BUNDLE group among those that can be accepted.
 * (A line may still be turned down for want of rights; then the next one of the group carries it.
 * All offerers that use one transport from the start, browsers with them, repeat its attributes
 * there.)
 */
static const struct sdp_line *find_tagged(const struct sdp_offer *offer)
{
    const struct sdp_line *tagged = NULL;
    for (unsigned i = 0; i < offer->line_count; i++) {
        const struct sdp_line *line = &offer->lines[i];
        if (sdp_line_is_usable(line) && (!tagged || line->bundle_rank < tagged->bundle_rank))
            tagged = line;
    }
    return tagged;
}

static int check_offer(struct sdp_parser *parser)
{
    struct sdp_offer *offer = &parser->offer;
    for (unsigned i = 0; i < offer->line_count; i++) {
        if (!sdp_line_is_usable(&offer->lines[i]))
            continue;
        if (check_line(parser, i) < 0 || check_sources(parser, i) < 0)
            return -1;
    }
    const struct sdp_line *tagged = find_tagged(offer);
    if (!tagged)
        return sdp_fail(
            parser->error, offer->lines[0].text_line,
            "No line can be accepted: audio needs Opus, video needs VP8, and a direction "
            "other than inactive.");
    offer->has_extmap_allow_mixed = parser->allows_mixed || !parser->is_mixed_refused;
    return sdp_choose_transport(parser, tagged, &parser->transports[tagged - offer->lines]);
}

int signalling_sdp_parse_offer(struct sdp_offer *offer, const char *text, size_t len,
                               struct sdp_error *error)
{
    struct sdp_parser parser;
    memset(&parser, 0, sizeof(parser));
    if (len > SDP_OFFER_MAX_BYTES)
        return sdp_fail(error, 0, "The offer is larger than %d bytes.", SDP_OFFER_MAX_BYTES);
    parser.reader = (struct sdp_reader){.at = text, .end = text + len};
    parser.error = error;
    parser.direction = SDP_SENDS | SDP_RECEIVES;
    if (parse_text(&parser) < 0 || check_offer(&parser) < 0)
        return -1;
    *offer = parser.offer;
    return 0;
}
