/*
 * RTP header extensions: reading a=extmap, and which of them the answer grants. An id means the
 * same on all bundled lines (RFC 8285, section 6; RFC 9143, section 9.1): packets are told apart by
 * MID, which is an extension itself. Encrypted extensions (RFC 9335) and ids above 14 are left
 * alone: this server sends the one-byte form.
 */
#include "signalling/sdp_parse.h"

#include <string.h>

#define EXTENSION_ID_MAX 4351 /* RFC 8285, section 7: the provisional range ends here */

const char *const sdp_extension_uris[SDP_EXTENSION_COUNT] = {
    [SDP_EXTENSION_MID] = "urn:ietf:params:rtp-hdrext:sdes:mid",
    [SDP_EXTENSION_RID] = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    [SDP_EXTENSION_REPAIRED_RID] = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    [SDP_EXTENSION_AUDIO_LEVEL] = "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    [SDP_EXTENSION_TRANSPORT_SEQ] =
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    [SDP_EXTENSION_ABS_SEND_TIME] = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
};

/* One id, one meaning, once a line. */
static int claim_id(struct sdp_parser *parser, unsigned id, struct sdp_span uri)
{
    if (id >= SDP_EXTENSION_IDS)
        return 0;
    if (parser->section.extension_seen[id])
        return sdp_fail(parser->error, parser->reader.line,
                        "Extension id %u stands twice on this line.", id);
    struct sdp_span *known = &parser->extension_uris[id];
    if (known->len > 0 && !sdp_span_equals(*known, uri))
        return sdp_fail(
            parser->error, parser->reader.line,
            "Extension id %u means something else on an earlier line; bundled lines share "
            "their ids.",
            id);
    parser->section.extension_seen[id] = true;
    *known = uri;
    return 0;
}

static void note_extension(struct sdp_line *line, unsigned id, int direction, struct sdp_span uri)
{
    for (int i = 0; i < SDP_EXTENSION_COUNT; i++) {
        if (id > 14 || line->extensions[i].id || !sdp_span_is(uri, sdp_extension_uris[i]))
            continue;
        line->extensions[i] = (struct sdp_extmap){(uint8_t)id, (uint8_t)direction};
    }
}

int sdp_parse_extmap(struct sdp_parser *parser, struct sdp_span value)
{
    struct sdp_span number = sdp_span_word(&value);
    struct sdp_span uri = sdp_span_word(&value);
    struct sdp_span id_text = sdp_span_cut(&number, '/');
    int direction = SDP_SENDS | SDP_RECEIVES;
    uint64_t id;
    if (number.len > 0)
        direction = sdp_direction_of(number);
    if (!sdp_span_number(id_text, EXTENSION_ID_MAX, &id) || id == 0 || direction < 0 ||
        uri.len == 0)
        return sdp_fail(parser->error, parser->reader.line,
                        "a=extmap must read an id from 1, maybe a direction, and a URI.");
    if (claim_id(parser, (unsigned)id, uri) < 0)
        return -1;
    note_extension(sdp_parser_line(parser), (unsigned)id, direction, uri);
    return 0;
}

/* Is it of use: does the line move media in a direction in which the extension was offered? */
static bool is_useful(const struct sdp_line *line, const struct sdp_role *role, int extension)
{
    const struct sdp_extmap *offered = &line->extensions[extension];
    return offered->id && ((role->sends && (offered->direction & SDP_SENDS)) ||
                           (role->slot && (offered->direction & SDP_RECEIVES)));
}

void signalling_sdp_granted_extensions(const struct sdp_line *line, const struct sdp_role *role,
                                       uint8_t ids[SDP_EXTENSION_COUNT])
{
    bool is_simulcast = role->sends && line->rid_count > 0;
    /* Without feedback in return the sequence number is of no use, and the other way round. */
    bool has_sequence =
        line->has_transport_cc && is_useful(line, role, SDP_EXTENSION_TRANSPORT_SEQ);
    const bool wanted[SDP_EXTENSION_COUNT] = {
        [SDP_EXTENSION_MID] = true,
        [SDP_EXTENSION_RID] = is_simulcast,
        [SDP_EXTENSION_REPAIRED_RID] = is_simulcast,
        [SDP_EXTENSION_AUDIO_LEVEL] = line->kind == SDP_KIND_AUDIO,
        [SDP_EXTENSION_TRANSPORT_SEQ] = has_sequence,
        [SDP_EXTENSION_ABS_SEND_TIME] = !has_sequence,
    };
    for (int i = 0; i < SDP_EXTENSION_COUNT; i++)
        ids[i] = wanted[i] && is_useful(line, role, i) ? line->extensions[i].id : 0;
}
