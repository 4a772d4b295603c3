/* From a browser's offer to what the engine needs, and to the answer. */
#include "sdp_fixture.h"

#include <openssl/rand.h>

#include "sfu/control/negotiate.h"

/* OpenSSL's generator, and what it says first. */
static struct {
    const uint32_t *values;
    unsigned count;
} script;

int RAND_bytes(unsigned char *out, int len)
{
    if (len != sizeof(uint32_t) || script.count == 0)
        return RAND_priv_bytes(out, len);
    memcpy(out, script.values++, sizeof(uint32_t));
    script.count--;
    return 1;
}

static uint8_t fingerprint[SDP_FINGERPRINT_BYTES];
static struct io_addresses addresses;
static struct control_server_identity identity = {.addresses = &addresses,
                                                  .fingerprint = fingerprint};
static const struct sdp_rights all = {
    .audio = true, .camera = true, .screen = true, .subscribe = true};

static int set_up(void **state)
{
    (void)state;
    static char *const texts[] = {"192.0.2.1", "2001:db8::1"};
    memset(fingerprint, 0xAB, sizeof(fingerprint));
    return io_addresses_get(&addresses, texts, 2);
}

struct outcome {
    struct control_negotiation negotiation;
    struct core_join join;
    char answer[SDP_ANSWER_MAX_BYTES];
};

static struct outcome *negotiate(const char *file, const struct sdp_rights *rights)
{
    struct outcome *outcome = calloc(1, sizeof(*outcome));
    size_t len;
    char *text = read_fixture(file, &len);
    assert_non_null(outcome);
    parse_ok(&outcome->negotiation.offer, text, len);
    free(text);
    outcome->negotiation.session_id = 42;
    outcome->negotiation.port = 49153;
    assert_int_equal(control_negotiate(&identity, &outcome->negotiation, rights, &outcome->join,
                                       outcome->answer),
                     0);
    return outcome;
}

static unsigned count_slots(const struct core_join *join, enum core_kind kind)
{
    unsigned count = 0;
    for (unsigned i = 0; i < join->slot_count; i++)
        count += join->slots[i].kind == kind;
    return count;
}

static void assert_distinct_ssrcs(const struct core_join *join)
{
    uint32_t seen[3 * CORE_SLOTS_MAX];
    unsigned count = 1;
    seen[0] = join->feedback_ssrc;
    for (unsigned i = 0; i < join->slot_count; i++) {
        seen[count++] = join->slots[i].ssrc;
        if (join->slots[i].kind != CORE_KIND_AUDIO)
            seen[count++] = join->slots[i].rtx_ssrc;
    }
    for (unsigned i = 0; i < join->track_count; i++)
        seen[count++] = join->tracks[i].csrc;
    for (unsigned i = 0; i < count; i++) {
        assert_int_not_equal(seen[i], 0);
        for (unsigned j = 0; j < i; j++)
            assert_int_not_equal(seen[i], seen[j]);
    }
}

static void test_browsers(void **state)
{
    (void)state;
    static const struct {
        const char *file;
    } table[] = {{"chromium-offer.sdp"}, {"firefox-offer.sdp"}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct outcome *outcome = negotiate(table[i].file, &all);
        const struct core_join *join = &outcome->join;
        print_message("%s\n", table[i].file);
        assert_int_equal(join->track_count, 3);
        assert_int_equal(join->tracks[0].kind, CORE_KIND_AUDIO);
        assert_int_equal(join->tracks[1].kind, CORE_KIND_CAMERA);
        assert_int_equal(join->tracks[2].kind, CORE_KIND_SCREEN);
        assert_int_equal(count_slots(join, CORE_KIND_AUDIO), 3);
        assert_int_equal(count_slots(join, CORE_KIND_CAMERA), 4);
        assert_int_equal(count_slots(join, CORE_KIND_SCREEN), 1);
        assert_distinct_ssrcs(join);
        assert_true(join->tracks[1].has_nack && join->tracks[1].has_pli &&
                    join->tracks[1].has_transport_cc);
        assert_true(join->tracks[1].rtx_payload_type > 0);
        assert_int_equal(strlen(join->transport.ice.local_ufrag), 16);
        assert_int_equal(strlen(join->transport.ice.local_pwd), 32);
        assert_string_equal(join->transport.ice.remote_ufrag, outcome->negotiation.offer.ufrag);
        assert_memory_equal(join->transport.fingerprint, outcome->negotiation.offer.fingerprint,
                            SDP_FINGERPRINT_BYTES);
        bool knows_mid = false, knows_seq = false;
        for (int id = 1; id < RTP_EXTENSION_IDS; id++) {
            knows_mid |= join->extensions.kind[id] == RTP_EXTENSION_MID;
            knows_seq |= join->extensions.kind[id] == RTP_EXTENSION_TRANSPORT_SEQ;
        }
        assert_true(knows_mid && knows_seq);
        assert_non_null(strstr(outcome->answer, join->transport.ice.local_ufrag));
        assert_non_null(strstr(outcome->answer, "192.0.2.1 49153 typ host"));
        assert_non_null(strstr(outcome->answer, "2001:db8::1 49153 typ host"));
        assert_non_null(strstr(outcome->answer, "o=iris 42 1 "));
        free(outcome);
    }
}

/* What was drawn already is drawn anew: of a track, a slot, its RTX, and our own. */
static void test_equal_ssrcs(void **state)
{
    (void)state;
    static const uint32_t values[] = {0,  1,  1,  2,  1,  2, 3,  3, 0, 4, 2,  5,  4,  6,
                                      5,  7,  6,  6,  8,  7, 9,  1, 9, 8, 10, 3,  11, 12,
                                      11, 13, 14, 12, 15, 2, 16, 1, 5, 9, 13, 16, 17};
    script.values = values;
    script.count = sizeof(values) / sizeof(*values);
    struct outcome *outcome = negotiate("chromium-offer.sdp", &all);
    script.count = 0;
    assert_distinct_ssrcs(&outcome->join);
    assert_int_equal(outcome->join.feedback_ssrc, 17);
    free(outcome);
}

static void test_rights(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct sdp_rights rights;
        unsigned tracks, slots;
    } table[] = {
        {"all", {.audio = true, .camera = true, .screen = true, .subscribe = true}, 3, 8},
        {"listens only", {.subscribe = true}, 0, 8},
        {"speaks only", {.audio = true}, 1, 0},
        {"no screen", {.audio = true, .camera = true, .subscribe = true}, 2, 8},
        {"nothing", {0}, 0, 0},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct outcome *outcome = negotiate("chromium-offer.sdp", &table[i].rights);
        print_message("%s\n", table[i].what);
        assert_int_equal(outcome->join.track_count, table[i].tracks);
        assert_int_equal(outcome->join.slot_count, table[i].slots);
        free(outcome);
    }
}

static void test_nothing_is_predictable(void **state)
{
    (void)state;
    struct outcome *a = negotiate("chromium-offer.sdp", &all),
                   *b = negotiate("chromium-offer.sdp", &all);
    assert_string_not_equal(a->join.transport.ice.local_ufrag, b->join.transport.ice.local_ufrag);
    assert_string_not_equal(a->join.transport.ice.local_pwd, b->join.transport.ice.local_pwd);
    assert_int_not_equal(a->join.slots[0].ssrc, b->join.slots[0].ssrc);
    assert_int_not_equal(a->join.tracks[0].csrc, b->join.tracks[0].csrc);
    free(a);
    free(b);
}

static void test_restart(void **state)
{
    (void)state;
    struct outcome *outcome = negotiate("chromium-offer.sdp", &all);
    struct sdp_offer offer = outcome->negotiation.offer;
    struct transport_ice_credentials before = outcome->negotiation.ice;
    static char again[SDP_ANSWER_MAX_BYTES];
    struct sdp_error error;
    bool is_new = true;
    assert_int_equal(
        control_negotiate_restart(&identity, &outcome->negotiation, &offer, &is_new, again, &error),
        0);
    assert_false(is_new); /* the credentials of before: the answer of before */
    assert_string_equal(again, outcome->answer);
    strcpy(offer.ufrag, "other");
    assert_int_equal(
        control_negotiate_restart(&identity, &outcome->negotiation, &offer, &is_new, again, &error),
        0);
    assert_true(is_new);
    assert_string_not_equal(outcome->negotiation.ice.local_ufrag, before.local_ufrag);
    assert_string_not_equal(outcome->negotiation.ice.local_pwd, before.local_pwd);
    assert_string_equal(outcome->negotiation.ice.remote_ufrag, "other");
    assert_non_null(strstr(again, "o=iris 42 2 "));
    char ssrc[40];
    for (unsigned i = 0; i < outcome->join.slot_count; i++) {
        snprintf(ssrc, sizeof(ssrc), "a=ssrc:%u ", outcome->join.slots[i].ssrc);
        assert_non_null(strstr(again, ssrc));
    }
    offer.lines[0].direction = SDP_RECEIVES;
    assert_int_equal(
        control_negotiate_restart(&identity, &outcome->negotiation, &offer, &is_new, again, &error),
        -1);
    assert_non_null(strstr(error.reason, "direction"));
    assert_int_equal(error.line, offer.lines[0].text_line);
    free(outcome);
}

static void test_random_text(void **state)
{
    (void)state;
    char text[65];
    assert_int_equal(control_random_text(text, 64), 0);
    assert_int_equal(strlen(text), 64);
    assert_int_equal(
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_browsers), cmocka_unit_test(test_equal_ssrcs),
        cmocka_unit_test(test_rights),   cmocka_unit_test(test_nothing_is_predictable),
        cmocka_unit_test(test_restart),  cmocka_unit_test(test_random_text),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
