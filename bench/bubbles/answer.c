/* A few look-ups, line by line. */
#include "bench/bubbles/description.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 512

struct reader {
    struct bubbles_answer *answer;
    int line;          /* index of the m-line; -1: session level */
    int payload_count; /* of this m-line's a=rtpmap */
};

static const char *after(const char *line, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncmp(line, prefix, len) == 0 ? line + len : NULL;
}

/* "AB:CD:..." */
static int read_fingerprint(uint8_t *out, const char *text)
{
    for (unsigned i = 0; i < BUBBLES_FINGERPRINT_BYTES; i++) {
        char *end;
        unsigned long byte = strtoul(text, &end, 16);
        if (end != text + 2 || byte > 0xFF)
            return -1;
        out[i] = (uint8_t)byte;
        text = end + (*end == ':');
    }
    return 0;
}

/* The word at text, copied; text moves behind it. */
static const char *next_word(const char **text, char *word, size_t cap)
{
    size_t len = strcspn(*text, " ");
    snprintf(word, cap, "%.*s", (int)len, *text);
    *text += len;
    *text += strspn(*text, " ");
    return word;
}

socklen_t bubbles_candidate_len(const struct sockaddr_storage *candidate)
{
    return candidate->ss_family == AF_INET ? sizeof(struct sockaddr_in)
                                           : sizeof(struct sockaddr_in6);
}

static void read_candidate(struct bubbles_answer *answer, const char *text)
{
    char word[64], address[64];
    struct sockaddr_storage *out = &answer->candidates[answer->candidate_count];
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    next_word(&text, word, sizeof(word)); /* foundation */
    if (answer->candidate_count == BUBBLES_CANDIDATES_MAX ||
        strcmp(next_word(&text, word, sizeof(word)), "1") != 0 ||
        strcmp(next_word(&text, word, sizeof(word)), "udp") != 0)
        return;
    next_word(&text, word, sizeof(word)); /* priority */
    next_word(&text, address, sizeof(address));
    unsigned long port = strtoul(text, NULL, 10);
    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
    } else if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
    } else {
        return;
    }
    answer->candidate_count++;
}

static enum rtp_extension extension_of(const char *uri)
{
    static const char *const uris[RTP_EXTENSION_COUNT] = {
        [RTP_EXTENSION_MID] = "urn:ietf:params:rtp-hdrext:sdes:mid",
        [RTP_EXTENSION_RID] = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
        [RTP_EXTENSION_REPAIRED_RID] = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
        [RTP_EXTENSION_AUDIO_LEVEL] = "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
        [RTP_EXTENSION_TRANSPORT_SEQ] =
            "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        [RTP_EXTENSION_ABS_SEND_TIME] =
            "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"};
    for (int i = 1; i < RTP_EXTENSION_COUNT; i++)
        if (strcmp(uri, uris[i]) == 0)
            return (enum rtp_extension)i;
    return RTP_EXTENSION_NONE;
}

static void read_extension(struct bubbles_answer_line *line, const char *text)
{
    char *uri;
    unsigned long id = strtoul(text, &uri, 10);
    uri += strcspn(uri, " ");
    if (id > 0 && id < RTP_EXTENSION_IDS && *uri)
        line->ids[extension_of(uri + 1)] = (uint8_t)id;
}

static void read_media_attribute(struct reader *reader, const char *text)
{
    struct bubbles_answer_line *line = &reader->answer->lines[reader->line];
    const char *value;
    char *end;
    if ((value = after(text, "a=extmap:"))) {
        read_extension(line, value);
    } else if ((value = after(text, "a=rtpmap:"))) {
        /* Opus or VP8 first, RTX second: protocol.md grants exactly these. */
        uint8_t type = (uint8_t)strtoul(value, NULL, 10);
        if (reader->payload_count++ == 0)
            line->payload_type = type;
        else
            line->rtx_payload_type = type;
    } else if ((value = after(text, "a=ssrc-group:FID "))) {
        line->ssrc = (uint32_t)strtoul(value, &end, 10);
        line->rtx_ssrc = (uint32_t)strtoul(end, NULL, 10);
    } else if ((value = after(text, "a=ssrc:")) && line->ssrc == 0) {
        line->ssrc = (uint32_t)strtoul(value, NULL, 10);
    }
}

static int read_line(struct reader *reader, const char *text)
{
    struct bubbles_answer *answer = reader->answer;
    const char *value;
    if ((value = after(text, "m="))) {
        reader->payload_count = 0;
        if (++reader->line == BUBBLES_LINES)
            return -1;
        value += strcspn(value, " ");
        answer->lines[reader->line].is_accepted = strtoul(value, NULL, 10) != 0;
        return 0;
    }
    if ((value = after(text, "a=ice-ufrag:")))
        snprintf(answer->ufrag, sizeof(answer->ufrag), "%s", value);
    else if ((value = after(text, "a=ice-pwd:")))
        snprintf(answer->pwd, sizeof(answer->pwd), "%s", value);
    else if ((value = after(text, "a=fingerprint:sha-256 ")))
        return read_fingerprint(answer->fingerprint, value);
    else if ((value = after(text, "a=candidate:")))
        read_candidate(answer, value);
    else if (reader->line >= 0)
        read_media_attribute(reader, text);
    return 0;
}

int bubbles_answer_read(struct bubbles_answer *answer, const char *text, unsigned line_count)
{
    struct reader reader = {.answer = answer, .line = -1};
    memset(answer, 0, sizeof(*answer));
    while (*text) {
        char line[LINE_BYTES];
        size_t len = strcspn(text, "\r\n");
        if (len < sizeof(line)) {
            memcpy(line, text, len);
            line[len] = '\0';
            if (read_line(&reader, line))
                return -1;
        }
        text += len;
        text += strspn(text, "\r\n");
    }
    bool is_whole = reader.line + 1 == (int)line_count && answer->ufrag[0] && answer->pwd[0] &&
                    answer->candidate_count > 0;
    return is_whole ? 0 : -1;
}
