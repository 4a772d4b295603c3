/*
 * Offers that are refused: hostile text must name its line and reason and leave the output alone.
 */
#include "sdp_fixture.h"

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

/* A text is refused at a line (0: as a whole), for a reason that has this phrase. */
static void assert_refused(const char *text, size_t len, unsigned line, const char *phrase)
{
    static struct sdp_offer offer;
    struct sdp_error error;
    assert_int_equal(signalling_sdp_parse_offer(&offer, text, len, &error), -1);
    assert_int_equal(error.line, line);
    assert_non_null(strstr(error.reason, phrase));
}

static void nothing_to_accept(void **state)
{
    (void)state;
    char *silent = replaced(small_offer, "opus/48000/2", "G722/8000", 1);
    char *text = replaced(silent, "VP8/90000", "H264/90000", 1);
    assert_refused(text, strlen(text), line_of(text, "m=audio"), "VP8");
    assert_refused("", 0, 0, "empty");
    free(silent);
    free(text);
}

/* A NUL is refused where it stands, not taken for the end. */
static void nul_byte(void **state)
{
    (void)state;
    char *text = replaced(small_offer, "a=mid:cam", "a=mid:c?m", 0);
    size_t len = strlen(text);
    unsigned line = line_of(text, "a=mid:c?m");
    *strchr(text, '?') = '\0';
    assert_refused(text, len, line, "NUL");
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
    assert_refused(text, strlen(text), line_of(text, "m=text"), "More than 32");

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
        cmocka_unit_test(hostile_offers), cmocka_unit_test(nothing_to_accept),
        cmocka_unit_test(nul_byte),       cmocka_unit_test(limits),
        cmocka_unit_test(truncation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
