/*
 * Parsing offers: what both browsers say, and single rules on a small offer. Hostile text is
 * test_sdp_offer_hostile.c.
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chromium_offer), cmocka_unit_test(firefox_offer),
        cmocka_unit_test(line_ends),      cmocka_unit_test(single_rules),
        cmocka_unit_test(session_level),  cmocka_unit_test(transport_line),
        cmocka_unit_test(fingerprints),   cmocka_unit_test(extmap_allow_mixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
