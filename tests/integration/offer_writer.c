/* One m-line after the other, in the words of JSEP. */
#include "tests/integration/offer_writer.h"

#include <stdio.h>
#include <stdlib.h>

const struct offer_numbers OFFER_NUMBERS = {.opus = 103,
                                            .vp8 = 117,
                                            .rtx = 118,
                                            .mid = 12,
                                            .rid = 7,
                                            .repaired_rid = 9,
                                            .audio_level = 5,
                                            .transport_seq = 14,
                                            .abs_send_time = 6};

struct offer_line *offer_add_line(struct offer *offer, enum offer_line_kind kind)
{
    static const char *const prefixes[] = {"mic", "cam", "scr", "as", "vs", "ss"};
    struct offer_line *line = &offer->lines[offer->line_count];
    line->kind = kind;
    snprintf(line->mid, sizeof(line->mid), "%s%u", prefixes[kind], offer->line_count);
    offer->line_count++;
    return line;
}

static bool sends(const struct offer_line *line)
{
    return line->kind <= OFFER_SCREEN;
}

static bool is_audio(const struct offer_line *line)
{
    return line->kind == OFFER_MICROPHONE || line->kind == OFFER_AUDIO_SLOT;
}

static void write_session(FILE *out, const struct offer *offer)
{
    fprintf(out, "v=0\r\no=- 4711 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE");
    for (unsigned i = 0; i < offer->line_count; i++)
        fprintf(out, " %s", offer->lines[i].mid);
    fprintf(out, "\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS *\r\n");
}

static void write_extension(FILE *out, unsigned id, const char *uri)
{
    if (id != 0)
        fprintf(out, "a=extmap:%u %s\r\n", id, uri);
}

static void write_extensions(FILE *out, const struct offer_numbers *numbers, bool audio)
{
    write_extension(out, numbers->mid, "urn:ietf:params:rtp-hdrext:sdes:mid");
    write_extension(out, numbers->transport_seq,
                    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01");
    write_extension(out, numbers->abs_send_time,
                    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time");
    if (audio) {
        write_extension(out, numbers->audio_level, "urn:ietf:params:rtp-hdrext:ssrc-audio-level");
        return;
    }
    write_extension(out, numbers->rid, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id");
    write_extension(out, numbers->repaired_rid,
                    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id");
    write_extension(out, 13, "urn:3gpp:video-orientation"); /* to be refused */
}

static void write_codecs(FILE *out, const struct offer_numbers *numbers, bool audio)
{
    unsigned opus = numbers->opus, vp8 = numbers->vp8, rtx = numbers->rtx;
    if (audio) {
        fprintf(out, "a=rtpmap:%u opus/48000/2\r\na=rtcp-fb:%u transport-cc\r\n", opus, opus);
        fprintf(out, "a=fmtp:%u minptime=10;useinbandfec=1\r\na=rtpmap:0 PCMU/8000\r\n", opus);
        return;
    }
    fprintf(out, "a=rtpmap:96 H264/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n");
    fprintf(out, "a=rtpmap:%u VP8/90000\r\n", vp8);
    fprintf(out, "a=rtcp-fb:%u goog-remb\r\na=rtcp-fb:%u transport-cc\r\n", vp8, vp8);
    fprintf(out, "a=rtcp-fb:%u ccm fir\r\na=rtcp-fb:%u nack\r\n", vp8, vp8);
    fprintf(out, "a=rtcp-fb:%u nack pli\r\n", vp8);
    fprintf(out, "a=rtpmap:%u rtx/90000\r\na=fmtp:%u apt=%u\r\n", rtx, rtx, vp8);
}

static void write_sources(FILE *out, const struct offer_line *line)
{
    if (!sends(line))
        return;
    for (unsigned i = 0; i < line->rid_count; i++)
        fprintf(out, "a=rid:%s send\r\n", line->rids[i]);
    for (unsigned i = 0; i < line->rid_count; i++)
        fprintf(out, "%s%s", i == 0 ? "a=simulcast:send " : ";", line->rids[i]);
    if (line->rid_count > 0) {
        fprintf(out, "\r\n");
        return;
    }
    fprintf(out, "a=ssrc:%u cname:client\r\n", line->ssrc);
    if (line->rtx_ssrc != 0)
        fprintf(out, "a=ssrc:%u cname:client\r\na=ssrc-group:FID %u %u\r\n", line->rtx_ssrc,
                line->ssrc, line->rtx_ssrc);
}

static void write_line(FILE *out, const struct offer *offer, const struct offer_line *line)
{
    const struct offer_numbers *numbers = offer->numbers;
    if (is_audio(line))
        fprintf(out, "m=audio 9 UDP/TLS/RTP/SAVPF %u 0\r\n", (unsigned)numbers->opus);
    else
        fprintf(out, "m=video 9 UDP/TLS/RTP/SAVPF 96 97 %u %u\r\n", (unsigned)numbers->vp8,
                (unsigned)numbers->rtx);
    fprintf(out, "c=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n");
    fprintf(out, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=ice-options:trickle\r\n", offer->ufrag,
            offer->pwd);
    fprintf(out, "a=fingerprint:sha-256 %s\r\na=setup:%s\r\na=mid:%s\r\n", offer->fingerprint,
            offer->setup, line->mid);
    write_extensions(out, numbers, is_audio(line));
    fprintf(out, "a=%s\r\n", sends(line) ? "sendonly" : "recvonly");
    if (sends(line))
        fprintf(out, "a=msid:stream %s\r\n", line->mid);
    fprintf(out, "a=rtcp-mux\r\na=rtcp-rsize\r\n");
    if (line->kind == OFFER_SCREEN || line->kind == OFFER_SCREEN_SLOT)
        fprintf(out, "a=content:slides\r\n");
    write_codecs(out, numbers, is_audio(line));
    write_sources(out, line);
}

char *offer_write(const struct offer *offer)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    write_session(out, offer);
    for (unsigned i = 0; i < offer->line_count; i++)
        write_line(out, offer, &offer->lines[i]);
    fclose(out);
    return text;
}
