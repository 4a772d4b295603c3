/*
 * Answers: to the real offers byte for byte (the golden files were read line by line against
 * protocol.md), and single rules on a small offer.
 */
#include "sdp_fixture.h"

static const struct sdp_candidate three_candidates[] = {
    {"127.0.0.1", 49152, 2130706431},
    {"192.0.2.1", 49152, 2130706175},
    {"2001:db8::1", 49153, 2130705919},
};

static struct sdp_rights rights_of(const char *letters)
{
    return (struct sdp_rights){strchr(letters, 'a') != NULL, strchr(letters, 'c') != NULL,
                               strchr(letters, 's') != NULL, strchr(letters, 'r') != NULL};
}

/* The answer to an offer, with made-up SSRCs: 1000 + index, RTX 2000 + index. */
static int write_answer(const char *text, const char *rights, const struct sdp_answer *answer,
                        char *out, size_t cap)
{
    static struct sdp_offer offer;
    struct sdp_role roles[SDP_LINES_MAX];
    struct sdp_rights granted = rights_of(rights);
    parse_ok(&offer, text, strlen(text));
    signalling_sdp_assign_roles(&offer, &granted, roles);
    for (unsigned i = 0; i < offer.line_count; i++) {
        if (!roles[i].slot)
            continue;
        roles[i].slot_ssrc = 1000 + i;
        roles[i].slot_rtx_ssrc = roles[i].slot == SDP_SOURCE_AUDIO ? 0 : 2000 + i;
    }
    return signalling_sdp_write_answer(&offer, roles, answer, out, cap);
}

static struct sdp_answer make_answer(unsigned candidate_count)
{
    static uint8_t fingerprint[SDP_FINGERPRINT_BYTES];
    struct sdp_answer answer = {.session_id = 4711,
                                .version = 18446744073709551615u,
                                .ufrag = "irisufrag",
                                .pwd = "irispasswordirispassword",
                                .fingerprint = fingerprint,
                                .candidate_count = candidate_count};
    for (int i = 0; i < SDP_FINGERPRINT_BYTES; i++)
        fingerprint[i] = (uint8_t)(i * 8 + 7);
    memcpy(answer.candidates, three_candidates, sizeof(three_candidates));
    return answer;
}

static void expect_golden(const char *offer_name, const char *answer_name)
{
    static char got[SDP_ANSWER_MAX_BYTES];
    struct sdp_answer answer = make_answer(3);
    size_t len, golden_len;
    char *offer = read_fixture(offer_name, &len), *golden = read_fixture(answer_name, &golden_len);
    int written = write_answer(offer, "acsr", &answer, got, sizeof(got));
    assert_true(written > 0);
    assert_int_equal(written, strlen(got));
    for (size_t i = 0, line = 1; i <= golden_len; i++) {
        if (got[i] != golden[i])
            fail_msg("%s: line %zu differs: %.60s", answer_name, line, got + i);
        line += got[i] == '\n';
    }
    free(offer);
    free(golden);
}

static void golden_chromium(void **state)
{
    (void)state;
    expect_golden("chromium-offer.sdp", "chromium-answer.sdp");
}

static void golden_firefox(void **state)
{
    (void)state;
    expect_golden("firefox-offer.sdp", "firefox-answer.sdp");
}

/* The part of an answer that belongs to an m-line, from 0; -1: the session's. */
static void copy_section(const char *answer, int index, char *out, size_t cap)
{
    const char *start = answer;
    for (int i = -1; i < index && start; i++) {
        start = strstr(start, "\r\nm=");
        start = start ? start + 2 : NULL;
    }
    assert_non_null(start);
    const char *end = strstr(start, "\r\nm=");
    size_t len = end ? (size_t)(end + 2 - start) : strlen(start);
    assert_true(len < cap);
    memcpy(out, start, len);
    out[len] = '\0';
}

/* A change of the small offer and what a section of the answer then has, or has not. */
struct rule {
    const char *name, *find, *with, *rights;
    int section;
    const char *present, *absent; /* "" is in everything; NULL: not looked at */
};

#define SMALL "v=0", "v=0", "acsr"
#define DATA_FIRST                                                                                 \
    "d mic cam slot\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\n"

static const struct rule rules[] = {
    {"origin", SMALL, -1, "v=0\r\no=iris 4711 18446744073709551615 IN IP4 127.0.0.1\r\ns=-\r\n", 0},
    {"lite", SMALL, -1, "\r\na=ice-lite\r\n", 0},
    {"group", SMALL, -1, "\r\na=group:BUNDLE mic cam slot\r\n", "extmap-allow-mixed"},
    {"allow mixed", "t=0 0", "t=0 0\r\na=extmap-allow-mixed", "acsr", -1,
     "\r\na=extmap-allow-mixed\r\n", 0},
    {"no msid-semantic", "t=0 0", "t=0 0\r\na=msid-semantic: WMS *", "acsr", -1, "",
     "msid-semantic"},
    {"group order", "mic cam slot", "slot cam mic", "acsr", -1, "BUNDLE slot cam mic\r\n", 0},

    {"audio line", SMALL, 0,
     "m=audio 49152 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 127.0.0.1\r\na=mid:mic", 0},
    {"Opus parameters", SMALL, 0,
     "\r\na=fmtp:111 minptime=10;useinbandfec=1;usedtx=1;stereo=0;maxaveragebitrate=64000\r\n",
     "stereo=1"},
    {"audio has no limit", SMALL, 0, "\r\na=recvonly\r\n", "b="},
    {"audio feedback", SMALL, 0, "\r\na=rtcp-fb:111 transport-cc\r\n", "nack"},
    {"audio nack is not answered", "a=rtcp-fb:111 transport-cc", "a=rtcp-fb:111 nack", "acsr", 0,
     "\r\na=extmap:2 " AST_URI, "rtcp-fb"},
    {"audio extensions", SMALL, 0,
     "\r\na=extmap:4 " MID_URI "\r\na=extmap:1 " LVL_URI "\r\na=extmap:3 " TCC_URI "\r\n",
     "abs-send-time"},
    {"no sequence number", "a=extmap:3 " TCC_URI, "a=x", "acsr", 0, "\r\na=extmap:2 " AST_URI,
     "transport-cc"},
    {"id above 14", "a=extmap:3 ", "a=extmap:15 ", "acsr", 0, "\r\na=extmap:2 " AST_URI,
     "a=extmap:15"},
    {"transport", SMALL, 0,
     "\r\na=ice-ufrag:irisufrag\r\na=ice-pwd:irispasswordirispassword\r\na=fingerprint:sha-256 "
     "07:0F:17:1F:27:2F:37:3F:47:4F:57:5F:67:6F:77:7F:87:8F:97:9F:A7:AF:B7:BF:C7:CF:D7:DF:E7:EF:"
     "F7:FF\r\na=setup:passive\r\n",
     0},
    {"active is answered passive", "a=setup:actpass", "a=setup:active", "acsr", 0,
     "\r\na=setup:passive\r\n", 0},
    {"candidates", SMALL, 0,
     "\r\na=candidate:1 1 udp 2130706431 127.0.0.1 49152 typ host"
     "\r\na=candidate:2 1 udp 2130706175 192.0.2.1 49152 typ host"
     "\r\na=candidate:3 1 udp 2130705919 2001:db8::1 49153 typ host\r\na=end-of-candidates\r\n",
     0},
    {"candidates once", SMALL, 1, "\r\na=ice-ufrag:irisufrag\r\n", "candidate"},
    {"mux and rsize", SMALL, 0, "\r\na=rtcp-mux\r\na=rtcp-rsize\r\n", 0},
    {"rsize only if offered", "a=rtcp-rsize", "a=x", "acsr", 0, "\r\na=rtcp-mux\r\n", "rsize"},

    {"video line", SMALL, 1,
     "m=video 49152 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 127.0.0.1\r\nb=TIAS:500000\r\na=mid:cam",
     "98"},
    {"video feedback", SMALL, 1,
     "\r\na=rtcp-fb:96 transport-cc\r\na=rtcp-fb:96 goog-remb\r\na=rtcp-fb:96 nack\r\n"
     "a=rtcp-fb:96 nack pli\r\n",
     "ccm"},
    {"feedback that was not offered", SMALL, 2, "\r\na=rtcp-fb:96 nack\r\n", "transport-cc\r"},
    {"nack pli alone", "a=rtcp-fb:96 nack\r\n", "", "acsr", 1, "\r\na=rtcp-fb:96 nack pli\r\n",
     "nack\r"},
    {"RTX", SMALL, 1, "\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n", 0},
    {"no RTX", "apt=96", "apt=98", "acsr", 1, "SAVPF 96\r\n", "rtx"},
    {"simulcast", SMALL, 1, "\r\na=rid:l recv\r\na=rid:h recv\r\na=simulcast:recv l;h\r\n", 0},
    {"simulcast, paused", "send l;h", "send ~l;h", "acsr", 1, "\r\na=simulcast:recv ~l;h\r\n",
     "rid:~"},
    {"simulcast, alternatives", "send l;h", "send l,h;h", "acsr", 1, "\r\na=simulcast:recv l;h\r\n",
     0},
    {"RID reversed", SMALL, 1,
     "\r\na=extmap:5/recvonly " RID_URI "\r\na=extmap:6/recvonly " RRID_URI "\r\n", "sendonly"},
    {"no RID extension, no simulcast", "a=extmap:5/sendonly " RID_URI, "a=x", "acsr", 1,
     "a=mid:cam", "rid"},
    {"no simulcast, no RID", "a=simulcast:send l;h", "a=x", "acsr", 1, "a=mid:cam", "stream-id"},
    {"no SSRC where nothing is sent", SMALL, 1, "a=mid:cam", "ssrc"},
    {"extension that it only receives", "a=extmap:4 " MID_URI "\r\na=rtpmap:96",
     "a=extmap:4/recvonly " MID_URI "\r\na=rtpmap:96", "acsr", 2,
     "\r\na=extmap:4/sendonly " MID_URI, 0},

    {"slot", SMALL, 2,
     "\r\na=msid:slot-slot slot-slot\r\na=ssrc-group:FID 1002 2002\r\na=ssrc:1002 "
     "cname:slot-slot\r\n"
     "a=ssrc:2002 cname:slot-slot\r\n",
     "b="},
    {"slot direction", SMALL, 2, "\r\na=sendonly\r\n", "setup:actpass"},
    {"slot of audio", "sendonly\r\na=rtcp-mux", "recvonly\r\na=rtcp-mux", "acsr", 0,
     "\r\na=msid:slot-mic slot-mic\r\na=ssrc:1000 cname:slot-mic\r\n", "FID"},
    {"slot without RTX", "a=fmtp:97 apt=96\r\na=ssrc:31", "a=ssrc:31", "acsr", 2,
     "\r\na=ssrc:1002 cname:slot-slot\r\n", "2002"},
    {"both ways", "a=recvonly", "a=sendrecv", "acsr", 2, "\r\na=sendrecv\r\na=rtcp-mux", "a=rid"},
    {"both ways has a slot and a limit", "a=recvonly", "a=sendrecv", "acsr", 2,
     "\r\na=msid:slot-slot", "b=TIAS:800000"},

    {"may not speak", "v=0", "v=0", "csr", 0,
     "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:mic\r\na=inactive\r\n",
     "rtpmap"},
    {"first one rejected: group", "v=0", "v=0", "csr", -1, "\r\na=group:BUNDLE cam slot\r\n",
     "mic"},
    {"first one rejected: transport", "v=0", "v=0", "csr", 1, "\r\na=end-of-candidates\r\n", 0},
    {"last one rejected: group", "v=0", "v=0", "acs", -1, "\r\na=group:BUNDLE mic cam\r\n", "slot"},
    {"last one rejected", "v=0", "v=0", "acs", 2, "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n", "slot-"},
    {"everything rejected", "v=0", "v=0", "", -1, "a=ice-lite", "BUNDLE"},
    {"no Opus", "opus/48000/2", "G722/8000", "acsr", 0, "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\n", 0},
    {"data channel first", "mic cam slot\r\n", DATA_FIRST, "acsr", 0,
     "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 "
     "0.0.0.0\r\na=mid:d\r\na=inactive\r\n",
     "ice"},
    {"data channel first: group", "mic cam slot\r\n", DATA_FIRST, "acsr", -1,
     "\r\na=group:BUNDLE mic cam slot\r\n", 0},
    {"data channel first: transport", "mic cam slot\r\n", DATA_FIRST, "acsr", 1,
     "\r\na=end-of-candidates\r\n", 0},
    {"transport follows the group's order", "mic cam slot", "slot cam mic", "acsr", 2,
     "\r\na=end-of-candidates\r\n", 0},
    {"bundle-only gets a port", "m=video 9 UDP/TLS/RTP/SAVPF 98 96 97",
     "m=video 0 UDP/TLS/RTP/SAVPF 98 96 97\r\na=bundle-only", "acsr", 1, "m=video 49152 ",
     "bundle-only"},
    {"rejected by the offer", "m=video 9", "m=video 0", "acsr", 1,
     "m=video 0 UDP/TLS/RTP/SAVPF 98\r\n", "candidate"},
    {"rejected without mid",
     "m=video 9 UDP/TLS/RTP/SAVPF 98 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:cam",
     "m=video 0 UDP/TLS/RTP/SAVPF 98 96 97", "acsr", 1, "m=video 0 UDP/TLS/RTP/SAVPF 98\r\n",
     "mid"},

    {"no slot follows: one limit for all", "v=0", "v=0", "acs", 1, "\r\nb=TIAS:725000\r\n", 0},
    {"last of two senders", "a=recvonly", "a=sendonly", "acs", 2, "\r\nb=TIAS:1725000\r\n", 0},
    {"first of two senders", "a=recvonly", "a=sendonly", "acs", 1, "\r\nb=TIAS:500000\r\n", 0},
    {"limit of what may be sent", "a=recvonly", "a=sendonly", "as", 2, "\r\nb=TIAS:1100000\r\n", 0},
};

static void single_rules(void **state)
{
    (void)state;
    static char out[SDP_ANSWER_MAX_BYTES], section[8192];
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        const struct rule *rule = &rules[i];
        struct sdp_answer answer = make_answer(3);
        char *text = replaced(small_offer, rule->find, rule->with, 0);
        assert_true(write_answer(text, rule->rights, &answer, out, sizeof(out)) > 0);
        copy_section(out, rule->section, section, sizeof(section));
        if (!strstr(section, rule->present))
            fail_msg("%s: missing\n%s\nin\n%s", rule->name, rule->present, section);
        if (rule->absent && strstr(section, rule->absent))
            fail_msg("%s: should not have\n%s\nin\n%s", rule->name, rule->absent, section);
        free(text);
    }
}

/* The port and the address of the media lines are the first candidate's. */
static void addresses(void **state)
{
    (void)state;
    static const struct {
        unsigned first, count;
        const char *media, *connection, *absent;
    } rows[] = {
        {1, 1, "m=audio 49152 ", "\r\nc=IN IP4 192.0.2.1\r\n", "candidate:2"},
        {2, 1, "m=audio 49153 ", "\r\nc=IN IP6 2001:db8::1\r\n", "candidate:2"},
        {0, 0, "m=audio 9 ", "\r\nc=IN IP4 0.0.0.0\r\n", "a=candidate"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static char out[SDP_ANSWER_MAX_BYTES];
        struct sdp_answer answer = make_answer(rows[i].count);
        answer.candidates[0] = three_candidates[rows[i].first];
        assert_true(write_answer(small_offer, "acsr", &answer, out, sizeof(out)) > 0);
        assert_non_null(strstr(out, rows[i].media));
        assert_non_null(strstr(out, rows[i].connection));
        assert_null(strstr(out, rows[i].absent));
        assert_non_null(strstr(out, "\r\na=end-of-candidates\r\n"));
    }
}

/* Too small a buffer is refused at every size, and nothing is written beyond it. */
static void small_buffers(void **state)
{
    (void)state;
    static char whole[SDP_ANSWER_MAX_BYTES];
    struct sdp_answer answer = make_answer(3);
    int len = write_answer(small_offer, "acsr", &answer, whole, sizeof(whole));
    for (int cap = 0; cap <= len + 1; cap++) {
        char *out = malloc(cap ? (size_t)cap : 1);
        assert_non_null(out);
        int written = write_answer(small_offer, "acsr", &answer, out, (size_t)cap);
        assert_int_equal(written, cap == len + 1 ? len : -1);
        if (written > 0)
            assert_string_equal(out, whole);
        free(out);
    }
}

/* The largest answer there is stays below SDP_ANSWER_MAX_BYTES. */
static void largest(void **state)
{
    (void)state;
    static struct sdp_offer offer;
    static char out[SDP_ANSWER_MAX_BYTES], long_text[SDP_CREDENTIAL_BYTES];
    struct sdp_role roles[SDP_LINES_MAX];
    struct sdp_answer answer = make_answer(SDP_CANDIDATES_MAX);
    parse_ok(&offer, small_offer, strlen(small_offer));
    memset(long_text, 'x', sizeof(long_text) - 1);
    answer.ufrag = long_text;
    answer.pwd = long_text;
    for (unsigned i = 0; i < SDP_CANDIDATES_MAX; i++)
        answer.candidates[i] =
            (struct sdp_candidate){"2001:0db8:1111:2222:3333:4444:5555:6666", 65535, UINT32_MAX};
    offer.line_count = SDP_LINES_MAX;
    for (unsigned i = 0; i < SDP_LINES_MAX; i++) {
        offer.lines[i] = offer.lines[1];
        offer.lines[i].bundle_rank = (uint8_t)i;
        snprintf(offer.lines[i].mid, SDP_MID_MAX + 1, "mid-%012u", i);
        memset(offer.lines[i].rids, 'r', sizeof(offer.lines[i].rids));
        for (int k = 0; k < SDP_RIDS_MAX; k++)
            offer.lines[i].rids[k][SDP_TOKEN_BYTES - 1] = '\0';
        offer.lines[i].rid_count = SDP_RIDS_MAX;
        roles[i] = (struct sdp_role){SDP_SOURCE_SCREEN, SDP_SOURCE_SCREEN, UINT32_MAX, UINT32_MAX};
    }
    assert_true(signalling_sdp_write_answer(&offer, roles, &answer, out, sizeof(out)) > 32768);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_chromium), cmocka_unit_test(golden_firefox),
        cmocka_unit_test(single_rules),    cmocka_unit_test(addresses),
        cmocka_unit_test(small_buffers),   cmocka_unit_test(largest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
