/* Attribute by attribute; what a client does not need is passed over. */
#include "tests/integration/answer_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINE_BYTES 1024

static const char *after(const char *line, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncmp(line, prefix, len) == 0 ? line + len : NULL;
}

static int read_fingerprint(struct answer *answer, const char *value)
{
    if (strncasecmp(value, "sha-256 ", 8) != 0 || strlen(value) != 8 + 32 * 3 - 1)
        return -1;
    for (unsigned i = 0; i < sizeof(answer->fingerprint); i++)
        answer->fingerprint[i] = (uint8_t)strtoul(value + 8 + 3 * i, NULL, 16);
    return 0;
}

static int read_candidate(struct answer *answer, const char *value)
{
    struct answer_candidate candidate;
    unsigned port;
    char transport[8], type[8];
    if (answer->candidate_count == ANSWER_CANDIDATES_MAX ||
        sscanf(value, "%*s 1 %7s %u %45s %u typ %7s", transport, &candidate.priority,
               candidate.address, &port, type) != 5 ||
        strcasecmp(transport, "udp") != 0 || strcmp(type, "host") != 0 || port > 65535)
        return -1;
    candidate.port = (uint16_t)port;
    /* A bundled answer may repeat them on every line. */
    for (unsigned i = 0; i < answer->candidate_count; i++) {
        if (answer->candidates[i].port == candidate.port &&
            strcmp(answer->candidates[i].address, candidate.address) == 0)
            return 0;
    }
    answer->candidates[answer->candidate_count++] = candidate;
    return 0;
}

static int read_transport(struct answer *answer, const char *line)
{
    const char *value;
    if ((value = after(line, "a=ice-ufrag:")))
        snprintf(answer->ufrag, sizeof(answer->ufrag), "%s", value);
    else if ((value = after(line, "a=ice-pwd:")))
        snprintf(answer->pwd, sizeof(answer->pwd), "%s", value);
    else if ((value = after(line, "a=setup:")))
        snprintf(answer->setup, sizeof(answer->setup), "%s", value);
    else if (strcmp(line, "a=ice-lite") == 0)
        answer->is_lite = answer->line_count == 0; /* at session level only, RFC 8839, 5.3 */
    else if (strcmp(line, "a=end-of-candidates") == 0)
        answer->has_end_of_candidates = true;
    else if ((value = after(line, "a=fingerprint:")))
        return read_fingerprint(answer, value);
    else if ((value = after(line, "a=candidate:")))
        return read_candidate(answer, value);
    return 0;
}

static int begin_line(struct answer *answer, const char *value)
{
    struct answer_line *line = &answer->lines[answer->line_count];
    char media[16];
    if (answer->line_count == OFFER_LINES_MAX ||
        sscanf(value, "%15s %u UDP/TLS/RTP/SAVPF", media, &line->port) != 2)
        return -1;
    line->is_audio = strcmp(media, "audio") == 0;
    line->payload_type = -1;
    line->rtx_payload_type = -1;
    answer->line_count++;
    return 0;
}

static int read_extension(struct answer_line *line, const char *value)
{
    unsigned id;
    int at = 0;
    if (sscanf(value, "%u", &id) != 1 || id < 1 || id > 14)
        return -1;
    at = (int)strcspn(value, " ");
    const char *uri = value[at] ? value + at + 1 : "";
    struct offer_numbers *ids = &line->extensions;
    if (after(uri, "urn:ietf:params:rtp-hdrext:sdes:mid"))
        ids->mid = (uint8_t)id;
    else if (after(uri, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"))
        ids->rid = (uint8_t)id;
    else if (after(uri, "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"))
        ids->repaired_rid = (uint8_t)id;
    else if (after(uri, "urn:ietf:params:rtp-hdrext:ssrc-audio-level"))
        ids->audio_level = (uint8_t)id;
    else if (after(uri, "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc"))
        ids->transport_seq = (uint8_t)id;
    else if (after(uri, "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"))
        ids->abs_send_time = (uint8_t)id;
    else
        return -1; /* the server speaks no other (protocol.md, section 1) */
    return 0;
}

static int read_codec(struct answer_line *line, const char *value)
{
    int payload_type;
    char codec[32];
    if (sscanf(value, "%d %31s", &payload_type, codec) != 2)
        return -1;
    if (strcasecmp(codec, "opus/48000/2") == 0 || strcasecmp(codec, "VP8/90000") == 0)
        line->payload_type = payload_type;
    else if (strcasecmp(codec, "rtx/90000") == 0)
        line->rtx_payload_type = payload_type;
    else
        return -1;
    return 0;
}

static int read_media(struct answer_line *line, const char *text)
{
    const char *value;
    unsigned ssrc, rtx_ssrc;
    if ((value = after(text, "a=mid:")))
        snprintf(line->mid, sizeof(line->mid), "%s", value);
    else if ((value = after(text, "a=msid:")))
        snprintf(line->msid, sizeof(line->msid), "%s", value);
    else if ((value = after(text, "a=extmap:")))
        return read_extension(line, value);
    else if ((value = after(text, "a=rtpmap:")) && line->port != 0)
        return read_codec(line, value);
    else if (after(text, "a=rid:"))
        line->rid_count++;
    else if (sscanf(text, "a=ssrc-group:FID %u %u", &ssrc, &rtx_ssrc) == 2) {
        line->ssrc = ssrc;
        line->rtx_ssrc = rtx_ssrc;
    } else if (sscanf(text, "a=ssrc:%u ", &ssrc) == 1 && line->ssrc == 0)
        line->ssrc = ssrc;
    else if (strcmp(text, "a=sendonly") == 0 || strcmp(text, "a=recvonly") == 0 ||
             strcmp(text, "a=sendrecv") == 0 || strcmp(text, "a=inactive") == 0)
        snprintf(line->direction, sizeof(line->direction), "%.11s", text + 2);
    return 0;
}

static int read_line(struct answer *answer, const char *line)
{
    const char *value = after(line, "m=");
    if (value)
        return begin_line(answer, value);
    int result = read_transport(answer, line);
    if (result == 0 && answer->line_count > 0)
        result = read_media(&answer->lines[answer->line_count - 1], line);
    return result;
}

int answer_read(struct answer *answer, const char *text, char *problem)
{
    char line[LINE_BYTES];
    memset(answer, 0, sizeof(*answer));
    while (*text) {
        size_t len = strcspn(text, "\r\n");
        snprintf(line, sizeof(line), "%.*s", (int)len, text);
        if (len >= sizeof(line) || read_line(answer, line) != 0) {
            snprintf(problem, ANSWER_PROBLEM_BYTES, "answer: %.100s", line);
            return -1;
        }
        text += len;
        text += strspn(text, "\r\n");
    }
    return 0;
}

const struct answer_line *answer_line_of(const struct answer *answer, const char *mid)
{
    for (unsigned i = 0; i < answer->line_count; i++) {
        if (strcmp(answer->lines[i].mid, mid) == 0)
            return &answer->lines[i];
    }
    return NULL;
}
