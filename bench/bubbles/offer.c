/* The lines as Chromium writes them, without what the servers ignore. */
#include "bench/bubbles/description.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPUS 111
#define VP8  96
#define RTX  97

const char *const bubbles_rids[BUBBLES_LAYERS] = {"l", "h"};

/* Our extensions: id and URI; of audio or video lines only, or of both. */
static const struct extension {
    enum rtp_extension extension;
    uint8_t id;
    bool is_of_audio, is_of_video;
    const char *uri;
} extensions[] = {
    {RTP_EXTENSION_AUDIO_LEVEL, 1, true, false, "urn:ietf:params:rtp-hdrext:ssrc-audio-level"},
    {RTP_EXTENSION_ABS_SEND_TIME, 2, true, true,
     "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"},
    {RTP_EXTENSION_TRANSPORT_SEQ, 3, true, true,
     "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"},
    {RTP_EXTENSION_MID, 4, true, true, "urn:ietf:params:rtp-hdrext:sdes:mid"},
    {RTP_EXTENSION_RID, 10, false, true, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"},
    {RTP_EXTENSION_REPAIRED_RID, 11, false, true,
     "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"},
};

static const enum bubbles_kind usual_kinds[BUBBLES_LINES] = {
    BUBBLES_VOICE,  BUBBLES_CAMERA, BUBBLES_SHARED_SCREEN, BUBBLES_VOICE,
    BUBBLES_VOICE,  BUBBLES_VOICE,  BUBBLES_CAMERA,        BUBBLES_CAMERA,
    BUBBLES_CAMERA, BUBBLES_CAMERA, BUBBLES_SHARED_SCREEN};

void bubbles_offer_set_lines(struct bubbles_offer *offer, bool is_simulcast)
{
    offer->line_count = BUBBLES_LINES;
    memset(offer->lines, 0, sizeof(offer->lines));
    for (unsigned mid = 0; mid < BUBBLES_LINES; mid++) {
        offer->lines[mid].kind = usual_kinds[mid];
        offer->lines[mid].sends = mid < BUBBLES_FIRST_SLOT;
        offer->lines[mid].is_simulcast = is_simulcast && mid == BUBBLES_LINE_CAMERA;
    }
}

static void write_session(FILE *out, const struct bubbles_offer *offer)
{
    fputs("v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE",
          out);
    for (unsigned i = 0; i < offer->line_count; i++)
        fprintf(out, " %u", i);
    fputs("\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS\r\n", out);
}

static void write_transport(FILE *out, const struct bubbles_offer *offer, unsigned mid)
{
    fprintf(out,
            "c=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\n"
            "a=ice-options:trickle\r\na=fingerprint:sha-256 %s\r\na=setup:%s\r\na=mid:%u\r\n",
            offer->ufrag, offer->pwd, offer->fingerprint, offer->setup, mid);
    if (offer->candidate)
        fprintf(out,
                "a=candidate:1 1 udp 2130706431 %s 9 typ host\r\n"
                "a=end-of-candidates\r\n",
                offer->candidate);
}

static void write_extensions(FILE *out, const struct bubbles_offer_line *line)
{
    for (size_t i = 0; i < sizeof(extensions) / sizeof(*extensions); i++) {
        const struct extension *e = &extensions[i];
        bool is_of_line = line->kind == BUBBLES_VOICE ? e->is_of_audio : e->is_of_video;
        unsigned id = line->ids ? line->ids[e->extension] : e->id;
        if (is_of_line && id)
            fprintf(out, "a=extmap:%u %s\r\n", id, e->uri);
    }
    fprintf(out, "a=%s\r\na=rtcp-mux\r\na=rtcp-rsize\r\n", line->sends ? "sendonly" : "recvonly");
}

static void write_audio(FILE *out, const struct bubbles_offer *offer, unsigned mid)
{
    const struct bubbles_offer_line *line = &offer->lines[mid];
    unsigned type = line->payload_type ? line->payload_type : OPUS;
    fprintf(out, "m=audio 9 UDP/TLS/RTP/SAVPF %u\r\n", type);
    write_transport(out, offer, mid);
    write_extensions(out, line);
    fprintf(out,
            "a=rtpmap:%u opus/48000/2\r\na=rtcp-fb:%u transport-cc\r\n"
            "a=fmtp:%u minptime=10;useinbandfec=1\r\n",
            type, type, type);
    if (line->sends && line->ssrc)
        fprintf(out, "a=msid:- voice\r\na=ssrc:%u cname:bubbles\r\n", line->ssrc);
}

static void write_simulcast(FILE *out)
{
    for (unsigned i = 0; i < BUBBLES_LAYERS; i++)
        fprintf(out, "a=rid:%s send\r\n", bubbles_rids[i]);
    fprintf(out, "a=simulcast:send %s;%s\r\n", bubbles_rids[0], bubbles_rids[1]);
}

static void write_video(FILE *out, const struct bubbles_offer *offer, unsigned mid)
{
    const struct bubbles_offer_line *line = &offer->lines[mid];
    unsigned type = line->payload_type ? line->payload_type : VP8;
    unsigned rtx = line->rtx_payload_type ? line->rtx_payload_type : RTX;
    fprintf(out, "m=video 9 UDP/TLS/RTP/SAVPF %u %u\r\n", type, rtx);
    write_transport(out, offer, mid);
    write_extensions(out, line);
    if (line->kind == BUBBLES_SHARED_SCREEN)
        fputs("a=content:slides\r\n", out);
    fprintf(out,
            "a=rtpmap:%u VP8/90000\r\na=rtcp-fb:%u goog-remb\r\na=rtcp-fb:%u transport-cc\r\n"
            "a=rtcp-fb:%u ccm fir\r\na=rtcp-fb:%u nack\r\na=rtcp-fb:%u nack pli\r\n"
            "a=rtpmap:%u rtx/90000\r\na=fmtp:%u apt=%u\r\n",
            type, type, type, type, type, type, rtx, rtx, type);
    if (line->sends && line->is_simulcast)
        write_simulcast(out);
    else if (line->sends && line->ssrc)
        fprintf(out,
                "a=msid:- %s\r\na=ssrc-group:FID %u %u\r\na=ssrc:%u cname:bubbles\r\n"
                "a=ssrc:%u cname:bubbles\r\n",
                line->kind == BUBBLES_CAMERA ? "camera" : "screen", line->ssrc, line->rtx_ssrc,
                line->ssrc, line->rtx_ssrc);
}

char *bubbles_offer_write(const struct bubbles_offer *offer)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return NULL;
    write_session(out, offer);
    for (unsigned mid = 0; mid < offer->line_count; mid++) {
        if (offer->lines[mid].kind == BUBBLES_VOICE)
            write_audio(out, offer, mid);
        else
            write_video(out, offer, mid);
    }
    if (fclose(out)) {
        free(text);
        return NULL;
    }
    return text;
}
