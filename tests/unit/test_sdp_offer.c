/*
 * Parsing offers: what both browsers say, single rules on a small offer, and hostile text, which
 * must name its line and reason and leave the output alone.
 */
#include "sdp_fixture.h"

static void expect_transport(const struct sdp_offer *offer, const char *ufrag, const char *pwd,
                             uint8_t first, uint8_t last)
{
    assert_string_equal(offer->ufrag, ufrag);
    assert_string_equal(offer->pwd, pwd);
    assert_int_equal(offer->fingerprint[0], first);
    assert_int_equal(offer->fingerprint[SDP_FINGERPRINT_BYTES - 1], last);
}

/* The eleven lines of a browser: kinds, directions, ranks; payload types by the caller. */
static void expect_eleven(const struct sdp_offer *offer, int opus, int vp8, int rtx)
{
    static const char kinds[] = "avvaaavvvvv";
    assert_int_equal(offer->line_count, 11);
    for (unsigned i = 0; i < 11; i++) {
        const struct sdp_line *line = &offer->lines[i];
        int is_audio = kinds[i] == 'a';
        char mid[8];
        snprintf(mid, sizeof(mid), "%u", i);
        assert_int_equal(line->kind, is_audio ? SDP_KIND_AUDIO : SDP_KIND_VIDEO);
        assert_string_equal(line->media, is_audio ? "audio" : "video");
        assert_string_equal(line->proto, "UDP/TLS/RTP/SAVPF");
        assert_string_equal(line->mid, mid);
        assert_int_equal(line->direction, i < 3 ? SDP_SENDS : SDP_RECEIVES);
        assert_true(line->is_bundled && line->has_rtcp_mux && !line->is_rejected &&
                    !line->is_slides);
        assert_int_equal(line->bundle_rank, i);
        assert_int_equal(line->payload_type, is_audio ? opus : vp8);
        assert_int_equal(line->rtx_payload_type, is_audio ? -1 : rtx);
        assert_true(line->has_transport_cc);
        assert_true(line->has_nack == !is_audio && line->has_pli == !is_audio);
        assert_int_equal(line->has_remb, !is_audio);
        assert_int_equal(line->rid_count, i == 1 ? 2 : 0);
    }
    assert_string_equal(offer->lines[1].rids[0], "l");
    assert_string_equal(offer->lines[1].rids[1], "h");
    assert_true(offer->has_extmap_allow_mixed);
}

static void expect_ids(const struct sdp_line *line, const uint8_t ids[SDP_EXTENSION_COUNT])
{
    for (int i = 0; i < SDP_EXTENSION_COUNT; i++)
        assert_int_equal(line->extensions[i].id, ids[i]);
}

static void chromium_offer(void **state)
{
    (void)state;
    static struct sdp_offer offer;
    size_t len;
    char *text = read_fixture("chromium-offer.sdp", &len);
    parse_ok(&offer, text, len);
    expect_eleven(&offer, 111, 96, 97);
    expect_transport(&offer, "ugFf", "WFIcXMS+hHdI0L7jB/nSwTYx", 0xB5, 0xBF);
    assert_int_equal(offer.lines[1].text_line, line_of(text, "m=video"));
    assert_true(offer.lines[0].has_rtcp_rsize);
    expect_ids(&offer.lines[0], (uint8_t[]){4, 0, 0, 1, 3, 2});
    expect_ids(&offer.lines[1], (uint8_t[]){4, 10, 11, 0, 3, 2});
    assert_int_equal(offer.lines[1].extensions[SDP_EXTENSION_RID].direction,
                     SDP_SENDS | SDP_RECEIVES);
    assert_int_equal(offer.lines[0].ssrc, 1441365095);
    assert_int_equal(offer.lines[1].ssrc, 0);
    assert_int_equal(offer.lines[2].ssrc, 3744917700);
    assert_int_equal(offer.lines[2].rtx_ssrc, 214958701);
    free(text);
}

static void firefox_offer(void **state)
{
    (void)state;
    static struct sdp_offer offer;
    size_t len;
    char *text = read_fixture("firefox-offer.sdp", &len);
    parse_ok(&offer, text, len);
    expect_eleven(&offer, 109, 120, 124);
    expect_transport(&offer, "cc575990", "eda42796a9776cb85a3be4a889999a3f", 0xFA, 0x89);
    assert_false(offer.lines[0].has_rtcp_rsize);
    assert_true(offer.lines[1].has_rtcp_rsize);
    expect_ids(&offer.lines[0], (uint8_t[]){3, 0, 0, 1, 7, 0});
    expect_ids(&offer.lines[1], (uint8_t[]){3, 9, 10, 0, 7, 4});
    assert_int_equal(offer.lines[1].extensions[SDP_EXTENSION_RID].direction, SDP_SENDS);
    assert_int_equal(offer.lines[0].ssrc, 2685459656);
    /* RIDs tell the layers; the names on receiving lines are of report senders. */
    assert_int_equal(offer.lines[1].ssrc, 0);
    assert_int_equal(offer.lines[2].ssrc, 4014458930);
    assert_int_equal(offer.lines[2].rtx_ssrc, 2565182618);
    for (unsigned i = 3; i < 11; i++)
        assert_int_equal(offer.lines[i].ssrc, 0);
    free(text);
}

static void line_ends(void **state)
{
    (void)state;
    static struct sdp_offer crlf, lf;
    char *text = replaced(small_offer, "\r\n", "\n", 1);
    memset(&crlf, 0, sizeof(crlf));
    memset(&lf, 0, sizeof(lf));
    parse_ok(&crlf, small_offer, strlen(small_offer));
    parse_ok(&lf, text, strlen(text));
    assert_memory_equal(&crlf, &lf, sizeof(crlf));
    free(text);
}

/* Single rules: a change of the small offer, and what the parsed line says then. */
struct rule {
    const char *name, *find, *with;
    unsigned line; /* index of the line that is looked at */
    const char *expected;
    int is_all; /* replace every occurrence */
};

/* What a line came out as, in one string: payload types, ssrcs, rids, flags. */
static void describe(const struct sdp_line *line, char *out, size_t cap)
{
    char rids[128] = "";
    for (unsigned i = 0; i < line->rid_count; i++) {
        size_t len = strlen(rids);
        snprintf(rids + len, sizeof(rids) - len, "%s%s%s", i ? ";" : "",
                 line->rid_is_paused[i] ? "~" : "", line->rids[i]);
    }
    snprintf(out, cap, "pt %d/%d ssrc %u/%u dir %d rids [%s]%s%s%s", line->payload_type,
             line->rtx_payload_type, line->ssrc, line->rtx_ssrc, line->direction, rids,
             line->is_rejected ? " rejected" : "", line->is_slides ? " slides" : "",
             line->has_pli ? " pli" : "");
}

static const struct rule rules[] = {
    {"as it is", "v=0", "v=0", 0, "pt 111/-1 ssrc 11/0 dir 1 rids []", 0},
    {"simulcast order", "v=0", "v=0", 1, "pt 96/97 ssrc 0/0 dir 1 rids [l;h] pli", 0},
    {"receiving lines name no source", "v=0", "v=0", 2, "pt 96/97 ssrc 0/0 dir 2 rids []", 0},
    {"reversed order", "send l;h", "send h;l", 1, "pt 96/97 ssrc 0/0 dir 1 rids [h;l] pli", 0},
    {"alternatives", "send l;h", "send q,l;h,l", 1, "pt 96/97 ssrc 0/0 dir 1 rids [l;h] pli", 0},
    {"alternative already taken", "send l;h", "send l;l,h", 1,
     "pt 96/97 ssrc 0/0 dir 1 rids [l;h] pli", 0},
    {"paused", "send l;h", "send l;~h", 1, "pt 96/97 ssrc 0/0 dir 1 rids [l;~h] pli", 0},
    {"send after recv", "send l;h", "recv a;b send l;h", 1,
     "pt 96/97 ssrc 0/0 dir 1 rids [l;h] pli", 0},
    {"undeclared rids", "send l;h", "send x;y", 1, "pt 96/97 ssrc 0/0 dir 1 rids [] pli", 0},
    {"four layers: three", "a=rid:l send\r\na=simulcast:send l;h",
     "a=rid:l send\r\na=rid:m send\r\na=rid:n send\r\na=simulcast:send l;h;m;n", 1,
     "pt 96/97 ssrc 0/0 dir 1 rids [l;h;m] pli", 0},
    {"as long a rid as fits", "a=rid:h send\r\na=rid:l send\r\na=simulcast:send l;h",
     "a=rid:sixteen--letters send\r\na=simulcast:send sixteen--letters", 1,
     "pt 96/97 ssrc 0/0 dir 1 rids [sixteen--letters] pli", 0},
    {"rid for another codec", "a=rid:h send", "a=rid:h send pt=98", 1,
     "pt 96/97 ssrc 0/0 dir 1 rids [l] pli", 0},
    {"rid for this codec too", "a=rid:h send", "a=rid:h send max-width=640;pt=98,96", 1,
     "pt 96/97 ssrc 0/0 dir 1 rids [l;h] pli", 0},
    {"no RID extension", "a=extmap:5/sendonly " RID_URI, "a=x", 1,
     "pt 96/97 ssrc 0/0 dir 1 rids [] pli", 0},
    {"RID extension the wrong way", "a=extmap:5/sendonly", "a=extmap:5/recvonly", 1,
     "pt 96/97 ssrc 0/0 dir 1 rids [] pli", 0},
    {"RID extension above 14", "a=extmap:5/sendonly", "a=extmap:15/sendonly", 1,
     "pt 96/97 ssrc 0/0 dir 1 rids [] pli", 0},
    {"SIM group: the first", "a=rid:h send\r\na=rid:l send\r\na=simulcast:send l;h",
     "a=ssrc-group:FID 7 8\r\na=ssrc-group:SIM 1 2 3\r\na=ssrc-group:FID 1 4\r\na=ssrc:9 cname:x",
     1, "pt 96/97 ssrc 1/4 dir 1 rids [] pli", 0},
    {"FID before the first ssrc", "a=simulcast:send l;h",
     "a=ssrc:8 cname:x\r\na=ssrc-group:FID 7 8", 1, "pt 96/97 ssrc 7/8 dir 1 rids [] pli", 0},
    {"FID without RTX", "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=rid:h send\r\na=rid:l send",
     "a=ssrc-group:FID 7 8", 1, "pt 96/-1 ssrc 7/0 dir 1 rids [] pli", 0},
    {"RTX of another codec", "apt=96", "apt=98", 1, "pt 96/-1 ssrc 0/0 dir 1 rids [l;h] pli", 0},
    {"RTX that collides with RTCP", "97", "72", 1, "pt 96/-1 ssrc 0/0 dir 1 rids [l;h] pli", 1},
    {"RTX among parameters", "apt=96", "rtx-time=3000; apt=96", 1,
     "pt 96/97 ssrc 0/0 dir 1 rids [l;h] pli", 0},
    {"first VP8 of the m-line", "a=rtpmap:98 VP9/90000", "a=rtpmap:98 vp8/90000", 1,
     "pt 98/-1 ssrc 0/0 dir 1 rids [l;h]", 0},
    {"first Opus of the m-line", "a=rtpmap:111 opus/48000/2",
     "a=rtpmap:111 opus/48000/2\r\na=rtpmap:0 OPUS/48000/2", 0, "pt 111/-1 ssrc 11/0 dir 1 rids []",
     0},
    {"rtpmap without its format", "SAVPF 98 96 97", "SAVPF 98 97", 1,
     "pt -1/-1 ssrc 0/0 dir 1 rids []", 0},
    {"no Opus", "opus/48000/2", "opus/48000", 0, "pt -1/-1 ssrc 11/0 dir 1 rids []", 0},
    {"wildcard feedback", "a=rtcp-fb:96 nack pli", "a=rtcp-fb:* nack pli", 1,
     "pt 96/97 ssrc 0/0 dir 1 rids [l;h] pli", 0},
    {"no direction: both", "a=sendonly", "a=x", 0, "pt 111/-1 ssrc 11/0 dir 3 rids []", 0},
    {"direction of the session", "t=0 0\r\n", "t=0 0\r\na=recvonly\r\n", 0,
     "pt 111/-1 ssrc 11/0 dir 1 rids []", 0},
    {"slides", "a=mid:cam", "a=mid:cam\r\na=content:main,slides", 1,
     "pt 96/97 ssrc 0/0 dir 1 rids [l;h] slides pli", 0},
    {"other content", "a=mid:cam", "a=mid:cam\r\na=content:slideshow", 1,
     "pt 96/97 ssrc 0/0 dir 1 rids [l;h] pli", 0},
    {"port 0", "m=video 9", "m=video 0", 1, "pt 96/97 ssrc 0/0 dir 1 rids [l;h] rejected pli", 0},
    {"bundle-only", "m=video 9 UDP/TLS/RTP/SAVPF 98 96 97",
     "m=video 0 UDP/TLS/RTP/SAVPF 98 96 97\r\na=bundle-only", 1,
     "pt 96/97 ssrc 0/0 dir 1 rids [l;h] pli", 0},
    {"data channel", "m=audio 9 UDP/TLS/RTP/SAVPF 111 0",
     "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", 0, "pt -1/-1 ssrc 0/0 dir 3 rids []", 0},
    {"another protocol", "UDP/TLS/RTP/SAVPF 111 0", "UDP/TLS/FOO 111 0", 0,
     "pt -1/-1 ssrc 0/0 dir 3 rids []", 0},
    {"a TCP client's protocol", "UDP/TLS/RTP/SAVPF 111 0", "TCP/DTLS/RTP/SAVPF 111 0", 0,
     "pt 111/-1 ssrc 11/0 dir 1 rids []", 0},
    {"empty lines", "a=mid:mic\r\n", "a=mid:mic\r\n\r\n\n", 0, "pt 111/-1 ssrc 11/0 dir 1 rids []",
     0},
    {"unknown attributes", "a=mid:mic", "a=mid:mic\r\na=midi:x\r\na=\r\nz=?\r\na=candidate:x", 0,
     "pt 111/-1 ssrc 11/0 dir 1 rids []", 0},
    {"rejected lines need nothing",
     "m=video 9 UDP/TLS/RTP/SAVPF 98 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:cam",
     "m=video 0 UDP/TLS/RTP/SAVPF 98 96 97", 1, "pt 96/97 ssrc 0/0 dir 1 rids [l;h] rejected pli",
     0},
};

static void single_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        static struct sdp_offer offer;
        char got[256], *text = replaced(small_offer, rules[i].find, rules[i].with, rules[i].is_all);
        struct sdp_error error = {0, ""};
        if (signalling_sdp_parse_offer(&offer, text, strlen(text), &error) < 0)
            fail_msg("%s: line %u: %s", rules[i].name, error.line, error.reason);
        describe(&offer.lines[rules[i].line], got, sizeof(got));
        if (strcmp(got, rules[i].expected) != 0)
            fail_msg("%s:\n  got      %s\n  expected %s", rules[i].name, got, rules[i].expected);
        free(text);
    }
}

/* Attributes of the session apply to lines without their own. */
static void session_level(void **state)
{
    (void)state;
    static struct sdp_offer offer;
    char *bare = replaced(small_offer, SMALL_TRANSPORT, "", 1);
    char *bare2 = replaced(bare, "a=sendonly\r\n", "", 1);
    char *text = replaced(bare2, "t=0 0\r\n", "t=0 0\r\na=sendonly\r\n" SMALL_TRANSPORT, 0);
    parse_ok(&offer, text, strlen(text));
    expect_transport(&offer, SMALL_UFRAG, SMALL_PWD, 0x00, 0xff);
    assert_int_equal(offer.lines[1].direction, SDP_SENDS);
    assert_int_equal(offer.lines[2].direction, SDP_RECEIVES);
    free(bare);
    free(bare2);
    free(text);
}

/* The first line that can be accepted, in the group's order, carries the transport. */
static void transport_line(void **state)
{
    (void)state;
    static const struct {
        const char *find, *with, *ufrag;
    } rows[] = {
        {"v=0", "v=0", "mic1"},
        {"BUNDLE mic cam slot", "BUNDLE cam mic slot", "cam1"},
        {"BUNDLE mic cam slot", "BUNDLE  gone cam mic slot", "cam1"},
        {"opus/48000/2", "G722/8000", "cam1"},
        {"m=audio 9", "m=audio 0", "cam1"},
        {"a=sendonly", "a=inactive", "cam1"},
        {"a=setup:actpass", "a=setup:active", "mic1"},
    };
    char *mic = replaced(small_offer, "ufrag:abcd", "ufrag:mic1", 0);
    char *base = replaced(mic, "ufrag:abcd", "ufrag:cam1", 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static struct sdp_offer offer;
        char *text = replaced(base, rows[i].find, rows[i].with, 0);
        parse_ok(&offer, text, strlen(text));
        assert_string_equal(offer.ufrag, rows[i].ufrag);
        free(text);
    }
    free(mic);
    free(base);
}

static void fingerprints(void **state)
{
    (void)state;
    static const struct {
        const char *find, *with;
    } rows[] = {
        {"a=fingerprint:sha-256", "a=fingerprint:sha-1 00:11\r\na=fingerprint:SHA-256"},
        {"dd:ee:ff", "DD:EE:FF"},
        {SMALL_PRINT "\r\na=setup", SMALL_PRINT "\r\na=fingerprint:sha-512 00\r\na=setup"},
        {"t=0 0", "t=0 0\r\na=fingerprint:sha-1 00"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static struct sdp_offer offer;
        char *text = replaced(small_offer, rows[i].find, rows[i].with, 0);
        parse_ok(&offer, text, strlen(text));
        expect_transport(&offer, SMALL_UFRAG, SMALL_PWD, 0x00, 0xff);
        free(text);
    }
}

static void extmap_allow_mixed(void **state)
{
    (void)state;
    static const struct {
        const char *find, *with;
        int is_all, expected;
    } rows[] = {
        {"v=0", "v=0", 0, 0},
        {"t=0 0", "t=0 0\r\na=extmap-allow-mixed", 0, 1},
        {"a=rtcp-mux", "a=rtcp-mux\r\na=extmap-allow-mixed", 1, 1},
        {"a=rtcp-mux", "a=rtcp-mux\r\na=extmap-allow-mixed", 0, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static struct sdp_offer offer;
        char *text = replaced(small_offer, rows[i].find, rows[i].with, rows[i].is_all);
        parse_ok(&offer, text, strlen(text));
        assert_int_equal(offer.has_extmap_allow_mixed, rows[i].expected);
        free(text);
    }
}

/* Hostile offers: a change of the small offer, the line that is named and a part of the reason. */
struct refusal {
    const char *find, *with;
    const char *at; /* a text of the line that is named; NULL: the offer as a whole */
    const char *phrase;
    int is_all;
};

static const struct refusal refusals[] = {
    {"v=0\r\n", "", "o=-", "v=0", 0},
    {"v=0\r\n", "v=1\r\n", "v=1", "v=0", 0},
    {"o=- 77 5 IN", "o=- 77 five IN", "o=-", "version", 0},
    {"o=- 77 5 IN", "o=- 77 18446744073709551616 IN", "o=-", "64 bits", 0},
    {"o=- 77 5 IN IP4 127.0.0.1\r\n", "", NULL, "o=", 0},
    {"s=-", "hello", "hello", "no SDP", 0},
    {"s=-", "S=-", "S=-", "no SDP", 0},
    {"s=-", "s=a\rb", "s=a", "bare CR", 0},
    {"s=-", "s", "s\r\n", "no SDP", 0},
    {"t=0 0", "a=ice-lite", "a=ice-lite", "full ICE agent", 0},
    {"a=setup:actpass", "a=setup:passive", "a=setup:passive", "passive", 0},
    {"a=setup:actpass", "a=setup:holdconn", "a=setup:holdconn", "actpass", 0},
    {"a=setup:actpass", "a=setup:", "a=setup:\r", "actpass", 0},
    {"sha-256", "sha-1", "a=fingerprint:sha-1", "sha-256", 0},
    {"a=fingerprint:sha-256 00:11", "a=fingerprint:sha-256 0:11",
     "a=fingerprint:sha-256 0:", "32 bytes", 0},
    {"a=fingerprint:sha-256 00:11", "a=fingerprint:sha-256 0g:11", "0g:11", "32 bytes", 0},
    {"a=fingerprint:sha-256 00:11", "a=fingerprint:sha-256 00-11", "00-11", "32 bytes", 0},
    {"dd:ee:ff", "dd:ee:ff:00", "dd:ee:ff:00", "32 bytes", 0},
    {"a=fingerprint:sha-256 " SMALL_PRINT, "a=x", "m=audio", "fingerprint", 0},
    {"a=fingerprint:sha-256 " SMALL_PRINT, "a=fingerprint", "a=fingerprint\r", "sha-256", 0},
    {"a=ice-ufrag:abcd", "a=x", "m=audio", "ICE credentials", 0},
    {"a=ice-pwd:" SMALL_PWD, "a=x", "m=audio", "ICE credentials", 0},
    {"a=ice-ufrag:abcd", "a=ice-ufrag:abc", "a=ice-ufrag:abc\r", "4 to 256", 0},
    {"a=ice-ufrag:abcd", "a=ice-ufrag:ab c", "a=ice-ufrag:ab c", "4 to 256", 0},
    {"a=ice-ufrag:abcd", "a=ice-ufrag:ab\xc3\xa4", "a=ice-ufrag:ab\xc3", "4 to 256", 0},
    {"a=ice-pwd:" SMALL_PWD, "a=ice-pwd:short", "a=ice-pwd:short", "22 to 256", 0},
    {"m=audio 9", "m=audio nine", "m=audio nine", "media, port", 0},
    {"m=audio 9", "m=audio -1", "m=audio -1", "media, port", 0},
    {"m=audio 9", "m=audio 65536", "m=audio 65536", "media, port", 0},
    {"m=audio 9", "m=audio 9/2", "m=audio 9/2", "media, port", 0},
    {"m=audio 9 UDP/TLS/RTP/SAVPF 111 0", "m=audio 9 UDP/TLS/RTP/SAVPF", "m=audio", "media, port",
     0},
    {"m=audio 9 UDP/TLS/RTP/SAVPF 111 0", "m=audio", "m=audio", "media, port", 0},
    {"m=audio 9 UDP/TLS", "m=audio 9 UDP//TLS", "UDP//TLS", "media, port", 0},
    {"m=audio 9 UDP/TLS/RTP/SAVPF", "m=audio 9 UDP/", "UDP/ ", "media, port", 0},
    {"m=audio", "m=au\xc3\xa4io", "m=au", "media, port", 0},
    {"m=audio", "m=audioaudioaudioaudioaudioaudioaudio", "m=audioaudio", "media, port", 0},
    {"SAVPF 111 0", "SAVPF 111 128", "m=audio", "0 to 127", 0},
    {"SAVPF 111 0", "SAVPF 111 x", "m=audio", "0 to 127", 0},
    {"a=mid:mic\r\n", "", "m=audio", "no a=mid", 0},
    {"a=mid:cam", "a=mid:mic\r\na=y", "a=mid:mic\r\na=y", "same mid", 0},
    {"a=mid:cam", "a=mid:cam\r\na=mid:cam2", "a=mid:cam2", "second a=mid", 0},
    {"a=mid:cam", "a=mid:seventeen-letters", "a=mid:seventeen", "1 to 16", 0},
    {"a=mid:cam", "a=mid:", "a=mid:\r", "1 to 16", 0},
    {"a=mid:cam", "a=mid:c am", "a=mid:c am", "1 to 16", 0},
    {"BUNDLE mic cam slot", "BUNDLE mic slot", "m=video", "BUNDLE", 0},
    {"a=group:BUNDLE mic cam slot", "a=group:LS mic cam slot", "m=audio", "BUNDLE", 0},
    {"BUNDLE mic cam slot",
     "BUNDLE 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 "
     "32 33",
     "a=group", "more than 32", 0},
    {"a=rtcp-mux", "a=x", "m=audio", "rtcp-mux", 0},
    {"a=extmap:2 ", "a=extmap:1 ", "a=extmap:1 http", "twice", 0},
    {"a=extmap:4 " MID_URI "\r\na=extmap:5", "a=extmap:1 " MID_URI "\r\na=extmap:5",
     "a=extmap:1 " MID_URI, "something else", 0},
    {"a=extmap:6/sendonly", "a=extmap:5/sendonly", "a=extmap:5/sendonly " RRID_URI, "twice", 0},
    {"a=extmap:1 ", "a=extmap:0 ", "a=extmap:0 ", "id from 1", 0},
    {"a=extmap:1 ", "a=extmap:4352 ", "a=extmap:4352 ", "id from 1", 0},
    {"a=extmap:1 ", "a=extmap:one ", "a=extmap:one ", "id from 1", 0},
    {"a=extmap:1 ", "a=extmap:1/both ", "a=extmap:1/both ", "direction", 0},
    {"a=extmap:1 " LVL_URI, "a=extmap:1", "a=extmap:1\r", "URI", 0},
    {"a=rtpmap:111 opus", "a=rtpmap:128 opus", "a=rtpmap:128", "0 to 127", 0},
    {"a=rtpmap:111 opus/48000/2", "a=rtpmap:111", "a=rtpmap:111\r", "no codec", 0},
    {"a=rtpmap:98 VP9", "a=rtpmap:96 VP9", "a=rtpmap:96 VP8", "second a=rtpmap", 0},
    {"111", "72", "m=audio", "collides with RTCP", 1},
    {"a=fmtp:97 apt=96", "a=fmtp:97 apt=960", "apt=960", "apt", 0},
    {"a=fmtp:111", "a=fmtp:x", "a=fmtp:x", "a=fmtp", 0},
    {"a=rtcp-fb:111", "a=rtcp-fb:-1", "a=rtcp-fb:-1", "a=rtcp-fb", 0},
    {"a=rid:h send", "a=rid:h", "a=rid:h\r", "send or recv", 0},
    {"a=rid:h send", "a=rid:h! send", "a=rid:h!", "letters", 0},
    {"a=rid:h send", "a=rid:seventeen-letters send", "a=rid:sev", "1 to 16 letters", 0},
    {"a=rid:h send", "a=rid:l send", "a=rid:l send\r\na=simulcast", "same rid twice", 0},
    {"a=simulcast:send l;h", "a=simulcast:send l;h\r\na=simulcast:send l", "a=simulcast:send l\r",
     "second a=simulcast", 0},
    {"a=simulcast:send l;h", "a=simulcast: rid=l;h", "a=simulcast", "a=simulcast", 0},
    {"a=simulcast:send l;h", "a=simulcast:send", "a=simulcast", "list of rids", 0},
    {"a=ssrc:11 ", "a=ssrc:4294967296 ", "a=ssrc:4294967296", "32 bits", 0},
    {"a=ssrc:11 ", "a=ssrc:x ", "a=ssrc:x", "32 bits", 0},
    {"a=ssrc:11 cname:x", "a=ssrc-group:FID 1", "a=ssrc-group", "32 bits", 0},
    {"a=simulcast:send l;h", "a=ssrc:11 cname:x", "m=video", "already in use", 0},
    {"a=simulcast:send l;h", "a=ssrc-group:FID 12 11", "m=video", "already in use", 0},
    {"a=simulcast:send l;h", "a=ssrc-group:FID 12 12", "m=video", "already in use", 0},
    {"m=", "a=", NULL, "no m-line", 1},
};

static void hostile_offers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        static struct sdp_offer offer, untouched;
        const struct refusal *row = &refusals[i];
        char *text = replaced(small_offer, row->find, row->with, row->is_all);
        struct sdp_error error = {99999, ""};
        memset(&offer, 0x5a, sizeof(offer));
        memset(&untouched, 0x5a, sizeof(untouched));
        if (signalling_sdp_parse_offer(&offer, text, strlen(text), &error) == 0)
            fail_msg("accepted: %s", row->with);
        unsigned expected = row->at ? line_of(text, row->at) : 0;
        if (error.line != expected || !strstr(error.reason, row->phrase))
            fail_msg("row %zu (%s): got line %u (%s), expected %u (%s)", i, row->with, error.line,
                     error.reason, expected, row->phrase);
        assert_memory_equal(&offer, &untouched, sizeof(offer));
        free(text);
    }
}

static void nothing_to_accept(void **state)
{
    (void)state;
    static struct sdp_offer offer;
    struct sdp_error error;
    char *silent = replaced(small_offer, "opus/48000/2", "G722/8000", 1);
    char *text = replaced(silent, "VP8/90000", "H264/90000", 1);
    assert_int_equal(signalling_sdp_parse_offer(&offer, text, strlen(text), &error), -1);
    assert_int_equal(error.line, line_of(text, "m=audio"));
    assert_non_null(strstr(error.reason, "VP8"));
    assert_int_equal(signalling_sdp_parse_offer(&offer, "", 0, &error), -1);
    assert_int_equal(error.line, 0);
    assert_non_null(strstr(error.reason, "empty"));
    free(silent);
    free(text);
}

/* A NUL is refused where it stands, not taken for the end. */
static void nul_byte(void **state)
{
    (void)state;
    static struct sdp_offer offer;
    struct sdp_error error;
    char *text = replaced(small_offer, "a=mid:cam", "a=mid:c?m", 0);
    size_t len = strlen(text);
    unsigned line = line_of(text, "a=mid:c?m");
    *strchr(text, '?') = '\0';
    assert_int_equal(signalling_sdp_parse_offer(&offer, text, len, &error), -1);
    assert_int_equal(error.line, line);
    assert_non_null(strstr(error.reason, "NUL"));
    free(text);
}

/* As many m-lines as there is room for, and one more; and a text above the limit. */
static void limits(void **state)
{
    (void)state;
    static struct sdp_offer offer;
    static char text[SDP_OFFER_MAX_BYTES + 1];
    struct sdp_error error;
    strcpy(text, small_offer);
    for (int i = 3; i < SDP_LINES_MAX; i++)
        strcat(text, "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n");
    parse_ok(&offer, text, strlen(text));
    assert_int_equal(offer.line_count, SDP_LINES_MAX);
    strcat(text, "m=text 0 UDP/TLS/RTP/SAVPF 0\r\n");
    assert_int_equal(signalling_sdp_parse_offer(&offer, text, strlen(text), &error), -1);
    assert_int_equal(error.line, line_of(text, "m=text"));
    assert_non_null(strstr(error.reason, "More than 32"));

    memset(text, '\n', sizeof(text));
    assert_int_equal(signalling_sdp_parse_offer(&offer, text, sizeof(text), &error), -1);
    assert_non_null(strstr(error.reason, "larger than"));
}

/* Every prefix is parsed from a buffer of exactly its size: AddressSanitizer sees a read beyond it.
 */
static void truncate_everywhere(const char *text, size_t len)
{
    static struct sdp_offer offer;
    for (size_t cut = 0; cut < len; cut++) {
        struct sdp_error error = {0, ""};
        char *prefix = malloc(cut ? cut : 1);
        assert_non_null(prefix);
        memcpy(prefix, text, cut);
        if (signalling_sdp_parse_offer(&offer, prefix, cut, &error) < 0)
            assert_true(error.reason[0] != '\0');
        free(prefix);
    }
}

static void truncation(void **state)
{
    (void)state;
    static const char *const names[] = {"chromium-offer.sdp", "firefox-offer.sdp"};
    truncate_everywhere(small_offer, strlen(small_offer));
    for (int i = 0; i < 2; i++) {
        size_t len;
        char *text = read_fixture(names[i], &len);
        truncate_everywhere(text, len);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chromium_offer), cmocka_unit_test(firefox_offer),
        cmocka_unit_test(line_ends),      cmocka_unit_test(single_rules),
        cmocka_unit_test(session_level),  cmocka_unit_test(transport_line),
        cmocka_unit_test(fingerprints),   cmocka_unit_test(extmap_allow_mixed),
        cmocka_unit_test(hostile_offers), cmocka_unit_test(nothing_to_accept),
        cmocka_unit_test(nul_byte),       cmocka_unit_test(limits),
        cmocka_unit_test(truncation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
