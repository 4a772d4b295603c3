/* An ICE restart changes credentials and nothing else; what else changed is named. */
#include "sdp_fixture.h"

static struct sdp_offer chromium(void)
{
    struct sdp_offer offer;
    size_t len;
    char *text = read_fixture("chromium-offer.sdp", &len);
    parse_ok(&offer, text, len);
    free(text);
    return offer;
}

static void test_allowed(void **state)
{
    (void)state;
    struct sdp_offer before = chromium(), now = before;
    struct sdp_error error;
    assert_int_equal(signalling_sdp_check_restart(&before, &now, &error), 0);
    strcpy(now.ufrag, "another");
    strcpy(now.pwd, "anotheranotheranotherano");
    now.lines[0].text_line += 3; /* attributes may come and go */
    now.lines[1].ssrc ^= 1;
    assert_int_equal(signalling_sdp_check_restart(&before, &now, &error), 0);
}

static void test_refused(void **state)
{
    (void)state;
    const struct sdp_offer before = chromium();
    enum { COUNT_, KIND, MID, PORT, DIRECTION, TYPES, PRINT };
    static const struct {
        int change;
        const char *named;
        bool has_line;
    } table[] = {
        {COUNT_, "lines instead of", false},
        {KIND, "kind", true},
        {MID, "mid", true},
        {PORT, "port", true},
        {DIRECTION, "direction", true},
        {TYPES, "payload types", true},
        {PRINT, "fingerprint", false},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct sdp_offer now = before;
        struct sdp_error error;
        struct sdp_line *line = &now.lines[2];
        now.line_count -= table[i].change == COUNT_;
        line->kind = table[i].change == KIND ? SDP_KIND_AUDIO : line->kind;
        line->mid[0] = table[i].change == MID ? 'x' : line->mid[0];
        line->is_rejected ^= table[i].change == PORT;
        line->direction = table[i].change == DIRECTION ? SDP_RECEIVES : line->direction;
        line->rtx_payload_type =
            (int16_t)(line->rtx_payload_type + (table[i].change == TYPES ? 1 : 0));
        now.fingerprint[31] ^= table[i].change == PRINT;
        assert_int_equal(signalling_sdp_check_restart(&before, &now, &error), -1);
        if (!strstr(error.reason, table[i].named))
            fail_msg("row %zu: '%s' does not name %s", i, error.reason, table[i].named);
        assert_int_equal(error.line, table[i].has_line ? before.lines[2].text_line : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allowed),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
