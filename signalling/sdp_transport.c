/*
 * ICE credentials, DTLS fingerprint and DTLS role of an offer. All accepted lines share one
 * transport, that of the first of them in the BUNDLE group (RFC 9143, section 7.2): only its
 * attributes count.
 */
#include "signalling/sdp_parse.h"

#include <ctype.h>
#include <string.h>

/* ice-char of RFC 8839, section 5.4: ALPHA / DIGIT / "+" / "/". */
static bool is_ice_text(struct sdp_span span, size_t min, size_t max)
{
    if (span.len < min || span.len > max)
        return false;
    for (size_t i = 0; i < span.len; i++)
        if (!isascii(span.at[i]) || (!isalnum(span.at[i]) && !strchr("+/", span.at[i])))
            return false;
    return true;
}

int sdp_parse_ufrag(struct sdp_parser *parser, struct sdp_transport *transport,
                    struct sdp_span value)
{
    if (!is_ice_text(value, 4, SDP_CREDENTIAL_BYTES - 1))
        return sdp_fail(parser->error, parser->reader.line,
                        "a=ice-ufrag must have 4 to 256 letters, digits, '+' or '/'.");
    transport->ufrag = value;
    return 0;
}

int sdp_parse_pwd(struct sdp_parser *parser, struct sdp_transport *transport, struct sdp_span value)
{
    if (!is_ice_text(value, 22, SDP_CREDENTIAL_BYTES - 1))
        return sdp_fail(parser->error, parser->reader.line,
                        "a=ice-pwd must have 22 to 256 letters, digits, '+' or '/'.");
    transport->pwd = value;
    return 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "AB:CD:...", 32 bytes, letters of either case (RFC 8122, section 5). */
static bool read_fingerprint(struct sdp_span text, uint8_t bytes[SDP_FINGERPRINT_BYTES])
{
    if (text.len != SDP_FINGERPRINT_BYTES * 3 - 1)
        return false;
    for (size_t i = 0; i < SDP_FINGERPRINT_BYTES; i++) {
        int high = hex_digit(text.at[3 * i]), low = hex_digit(text.at[3 * i + 1]);
        if (high < 0 || low < 0 || (3 * i + 2 < text.len && text.at[3 * i + 2] != ':'))
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/*
 * Several fingerprints may stand side by side, one per hash; the first sha-256 is taken. A line's
 * own ones replace the session's: scope_line is where the line (or the session) begins.
 */
int sdp_parse_fingerprint(struct sdp_parser *parser, struct sdp_transport *transport,
                          struct sdp_span value, unsigned scope_line)
{
    if (transport->fingerprint_line < scope_line)
        transport->has_fingerprint = false;
    transport->fingerprint_line = parser->reader.line;
    struct sdp_span hash = sdp_span_word(&value);
    if (!sdp_span_is_any_case(hash, "sha-256") || transport->has_fingerprint)
        return 0;
    uint8_t bytes[SDP_FINGERPRINT_BYTES];
    if (!read_fingerprint(sdp_span_word(&value), bytes))
        return sdp_fail(parser->error, parser->reader.line,
                        "A sha-256 fingerprint has 32 bytes in hexadecimal, separated by colons.");
    memcpy(transport->fingerprint, bytes, sizeof(bytes));
    transport->has_fingerprint = true;
    return 0;
}

int sdp_parse_setup(struct sdp_parser *parser, struct sdp_transport *transport,
                    struct sdp_span value)
{
    /* Absent it means active (RFC 4145, section 4.1). */
    transport->is_passive = sdp_span_is(value, "passive");
    if (!transport->is_passive && !sdp_span_is(value, "actpass") && !sdp_span_is(value, "active"))
        return sdp_fail(parser->error, parser->reader.line,
                        "a=setup must be actpass or active in an offer.");
    transport->setup_line = parser->reader.line;
    return 0;
}

int sdp_choose_transport(struct sdp_parser *parser, const struct sdp_line *tagged,
                         const struct sdp_transport *transport)
{
    struct sdp_error *error = parser->error;
    struct sdp_offer *offer = &parser->offer;
    if (transport->ufrag.len == 0 || transport->pwd.len == 0)
        return sdp_fail(
            error, tagged->text_line,
            "The line that carries the transport has no ICE credentials: add a=ice-ufrag "
            "and a=ice-pwd.");
    if (!transport->has_fingerprint && transport->fingerprint_line)
        return sdp_fail(error, transport->fingerprint_line,
                        "Only sha-256 fingerprints are accepted: add one.");
    if (!transport->has_fingerprint)
        return sdp_fail(error, tagged->text_line,
                        "The line that carries the transport has no a=fingerprint: add one with "
                        "sha-256.");
    sdp_span_copy(transport->ufrag, offer->ufrag, sizeof(offer->ufrag));
    sdp_span_copy(transport->pwd, offer->pwd, sizeof(offer->pwd));
    memcpy(offer->fingerprint, transport->fingerprint, sizeof(offer->fingerprint));
    return 0;
}
