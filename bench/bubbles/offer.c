/* The lines as Chromium writes them, without what the server ignores. */
#include "bench/bubbles/description.h"

#include <stdio.h>
#include <stdlib.h>

#define OPUS 111
#define VP8  96
#define RTX  97

const char *const bubbles_rids[BUBBLES_LAYERS] = {"l", "h"};

static void write_session(FILE *out)
{
    fputs("v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE",
          out);
    for (unsigned i = 0; i < BUBBLES_LINES; i++)
        fprintf(out, " %u", i);
    fputs("\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS\r\n", out);
}

static void write_transport(FILE *out, const struct bubbles_offer *offer, unsigned mid)
{
    fprintf(out,
            "c=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\n"
            "a=ice-options:trickle\r\na=fingerprint:sha-256 %s\r\na=setup:actpass\r\na=mid:%u\r\n",
            offer->ufrag, offer->pwd, offer->fingerprint, mid);
}

static void write_common_extensions(FILE *out)
{
    fputs("a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n"
          "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
          "\r\na=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n",
          out);
}

static void write_audio(FILE *out, const struct bubbles_offer *offer, unsigned mid, bool sends)
{
    fprintf(out, "m=audio 9 UDP/TLS/RTP/SAVPF %d\r\n", OPUS);
    write_transport(out, offer, mid);
    fputs("a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n", out);
    write_common_extensions(out);
    fprintf(out, "a=%s\r\na=rtcp-mux\r\na=rtcp-rsize\r\n", sends ? "sendonly" : "recvonly");
    fprintf(out,
            "a=rtpmap:%d opus/48000/2\r\na=rtcp-fb:%d transport-cc\r\n"
            "a=fmtp:%d minptime=10;useinbandfec=1\r\n",
            OPUS, OPUS, OPUS);
    if (sends)
        fprintf(out, "a=msid:- voice\r\na=ssrc:%u cname:bubbles\r\n", offer->voice_ssrc);
}

static void write_simulcast(FILE *out)
{
    for (unsigned i = 0; i < BUBBLES_LAYERS; i++)
        fprintf(out, "a=rid:%s send\r\n", bubbles_rids[i]);
    fprintf(out, "a=simulcast:send %s;%s\r\n", bubbles_rids[0], bubbles_rids[1]);
}

static void write_video(FILE *out, const struct bubbles_offer *offer, unsigned mid)
{
    bool sends = mid < BUBBLES_FIRST_SLOT;
    bool is_screen = mid == BUBBLES_LINE_SCREEN || mid == BUBBLES_LINES - 1;
    fprintf(out, "m=video 9 UDP/TLS/RTP/SAVPF %d %d\r\n", VP8, RTX);
    write_transport(out, offer, mid);
    write_common_extensions(out);
    fputs("a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n"
          "a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\r\n",
          out);
    fprintf(out, "a=%s\r\na=rtcp-mux\r\na=rtcp-rsize\r\n", sends ? "sendonly" : "recvonly");
    if (is_screen)
        fputs("a=content:slides\r\n", out);
    fprintf(out,
            "a=rtpmap:%d VP8/90000\r\na=rtcp-fb:%d goog-remb\r\na=rtcp-fb:%d transport-cc\r\n"
            "a=rtcp-fb:%d ccm fir\r\na=rtcp-fb:%d nack\r\na=rtcp-fb:%d nack pli\r\n"
            "a=rtpmap:%d rtx/90000\r\na=fmtp:%d apt=%d\r\n",
            VP8, VP8, VP8, VP8, VP8, VP8, RTX, RTX, VP8);
    if (mid == BUBBLES_LINE_CAMERA)
        write_simulcast(out);
    if (mid == BUBBLES_LINE_SCREEN)
        fprintf(out,
                "a=msid:- screen\r\na=ssrc-group:FID %u %u\r\na=ssrc:%u cname:bubbles\r\n"
                "a=ssrc:%u cname:bubbles\r\n",
                offer->screen_ssrc, offer->screen_rtx_ssrc, offer->screen_ssrc,
                offer->screen_rtx_ssrc);
}

char *bubbles_offer_write(const struct bubbles_offer *offer)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return NULL;
    write_session(out);
    for (unsigned mid = 0; mid < BUBBLES_LINES; mid++) {
        bool is_audio = mid == BUBBLES_LINE_MICROPHONE ||
                        (mid >= BUBBLES_FIRST_SLOT && mid < BUBBLES_FIRST_SLOT + 3);
        if (is_audio)
            write_audio(out, offer, mid, mid == BUBBLES_LINE_MICROPHONE);
        else
            write_video(out, offer, mid);
    }
    if (fclose(out)) {
        free(text);
        return NULL;
    }
    return text;
}
