/*
 * What the SDP tests share: the fixtures, a small offer to change, and the way from text to answer.
 */
#ifndef IRIS_TESTS_UNIT_SDP_FIXTURE_H
#define IRIS_TESTS_UNIT_SDP_FIXTURE_H

#include "signalling/sdp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above. */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALL_UFRAG "abcd"
#define SMALL_PWD   "abcdefghijklmnopqrstuv"
#define SMALL_PRINT                                                                                \
    "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:"   \
    "ee:ff"
#define SMALL_TRANSPORT                                                                            \
    "a=ice-ufrag:" SMALL_UFRAG "\r\na=ice-pwd:" SMALL_PWD "\r\na=fingerprint:sha-256 " SMALL_PRINT \
    "\r\na=setup:actpass\r\n"
#define MID_URI  "urn:ietf:params:rtp-hdrext:sdes:mid"
#define RID_URI  "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
#define RRID_URI "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
#define TCC_URI  "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
#define AST_URI  "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
#define LVL_URI  "urn:ietf:params:rtp-hdrext:ssrc-audio-level"

/* A microphone, a camera in two layers, a slot: every rule has a line here that a test can change.
 */
static const char *const small_offer =
    "v=0\r\no=- 77 5 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE mic cam slot\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\nc=IN IP4 0.0.0.0\r\na=mid:mic\r\n" SMALL_TRANSPORT
    "a=sendonly\r\na=rtcp-mux\r\na=rtcp-rsize\r\n"
    "a=extmap:1 " LVL_URI "\r\na=extmap:2 " AST_URI "\r\na=extmap:3 " TCC_URI "\r\n"
    "a=extmap:4 " MID_URI "\r\n"
    "a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=fmtp:111 stereo=1\r\n"
    "a=ssrc:11 cname:x\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 98 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:cam\r\n" SMALL_TRANSPORT
    "a=sendonly\r\na=rtcp-mux\r\na=rtcp-rsize\r\n"
    "a=extmap:2 " AST_URI "\r\na=extmap:3 " TCC_URI "\r\na=extmap:4 " MID_URI "\r\n"
    "a=extmap:5/sendonly " RID_URI "\r\na=extmap:6/sendonly " RRID_URI "\r\n"
    "a=rtpmap:98 VP9/90000\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 goog-remb\r\n"
    "a=rtcp-fb:96 transport-cc\r\na=rtcp-fb:96 ccm fir\r\na=rtcp-fb:96 nack\r\n"
    "a=rtcp-fb:96 nack pli\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
    "a=rid:h send\r\na=rid:l send\r\na=simulcast:send l;h\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:slot\r\n" SMALL_TRANSPORT
    "a=recvonly\r\na=rtcp-mux\r\na=rtcp-rsize\r\n"
    "a=extmap:3 " TCC_URI "\r\na=extmap:4 " MID_URI "\r\n"
    "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
    "a=ssrc:31 cname:x\r\n";

/* A whole file, terminated; the caller frees it. */
static inline char *read_fixture(const char *name, size_t *len)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/sdp/%s", FIXTURES, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *len = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(*len + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, *len, file), *len);
    text[*len] = '\0';
    fclose(file);
    return text;
}

/* A copy with the occurrences of a text replaced: all of them, or the first one; freed by the
 * caller. */
static inline char *replaced(const char *text, const char *find, const char *with, int is_all)
{
    size_t cap = strlen(text) * (strlen(with) + 1) + 1, len = 0;
    char *out = malloc(cap < 65536 ? 65536 : cap);
    assert_non_null(out);
    const char *next = strstr(text, find);
    if (!next)
        fail_msg("the test's text is not in the offer: %s", find);
    while (next) {
        memcpy(out + len, text, (size_t)(next - text));
        len += (size_t)(next - text);
        memcpy(out + len, with, strlen(with));
        len += strlen(with);
        text = next + strlen(find);
        next = is_all ? strstr(text, find) : NULL;
    }
    strcpy(out + len, text);
    return out;
}

/* The number, from 1, of the line that a text stands in. */
static inline unsigned line_of(const char *text, const char *find)
{
    const char *found = strstr(text, find);
    if (!found)
        fail_msg("the test's text is not in the offer: %s", find);
    unsigned line = 1;
    for (; text < found; text++)
        line += *text == '\n';
    return line;
}

static inline void parse_ok(struct sdp_offer *offer, const char *text, size_t len)
{
    struct sdp_error error = {0, ""};
    if (signalling_sdp_parse_offer(offer, text, len, &error) < 0)
        fail_msg("line %u: %s", error.line, error.reason);
}

#endif
