/* What the server asks its participants for by RTCP, and when: packets once more, key frames. */
#include "conference.h"
#include "person_heard.h"
#include "person_send.h"
#include "rtp/nack.h"

static bool next_nack(struct rtcp_walk *walk, struct rtcp_packet *packet)
{
    return rtcp_walk_find(walk, RTCP_TRANSPORT_LAYER_FEEDBACK, RTCP_FORMAT_NACK, packet);
}

/* Sequence numbers that the NACKs heard so far asked for, in order. */
static unsigned asked_for(const struct person *person, uint16_t *seqs, unsigned cap)
{
    unsigned count = 0;
    struct rtcp_walk walk = {.person = person};
    struct rtcp_packet packet;
    uint16_t some[64];
    while (next_nack(&walk, &packet)) {
        int n = rtcp_nack_parse(&packet, some, 64);
        for (int s = 0; s < n && count < cap; s++)
            seqs[count++] = some[s];
    }
    return count;
}

static void test_nack(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1);
    uint16_t seqs[64] = {0};
    conference_join(&c, 1);
    uint16_t first = person_show(&c, ann, CAM, true);
    conference_run(&c, 33 * MS);
    assert_int_equal(asked_for(ann, seqs, 64), 0);
    ann->seqs[CAM][0] = (uint16_t)(first + 2); /* two are lost */
    person_show(&c, ann, CAM, false);
    conference_run(&c, 100 * MS);
    unsigned count = asked_for(ann, seqs, 64);
    assert_true(count >= 2);
    assert_int_equal(seqs[0], first + 1);
    assert_int_equal(seqs[1], first + 2);
    for (int i = 0; i < 100; i++) { /* asked for again, but not for ever */
        person_show(&c, ann, CAM, false);
        conference_run(&c, 33 * MS);
    }
    count = asked_for(ann, seqs, 64);
    assert_in_range(count, 4, 20);
    conference_dispose(&c);
}

/* When each NACK was heard, relative to the first; and how many there were. */
static unsigned nack_times(const struct person *person, int64_t *times_us, unsigned cap)
{
    unsigned count = 0;
    struct rtcp_walk walk = {.person = person};
    struct rtcp_packet packet;
    while (count < cap && next_nack(&walk, &packet))
        times_us[count++] = walk.heard->at_us;
    return count;
}

/* 10 ms for reordering, then every 100 ms while the round trip is unknown, ten times, of who has no
   RTX twice; then a key frame is asked for. */
static void check_nack_retries(bool has_rtx, unsigned tries)
{
    struct conference c;
    int64_t times_us[32] = {0};
    conference_init(&c);
    struct core_join join = usual_join(1, 1);
    if (!has_rtx)
        join.tracks[CAM].rtx_payload_type = -1;
    struct person *ann = conference_enter(&c, &join);
    person_nominate(&c, ann);
    conference_join(&c, 1);
    person_show(&c, ann, CAM, true);
    conference_run(&c, S);
    unsigned plis = count_plis(ann);
    ann->seqs[CAM][0]++; /* lost */
    person_show(&c, ann, CAM, false);
    int64_t lost_us = c.now_us;
    conference_run(&c, (tries * 100 - 50) * MS);
    assert_int_equal(count_plis(ann), plis);
    conference_run(&c, 500 * MS);
    unsigned count = nack_times(ann, times_us, 32);
    assert_int_equal(count, tries);
    assert_in_range(times_us[0] - lost_us, 10 * MS, 20 * MS); /* a tick of slack */
    for (unsigned i = 1; i < count; i++)
        assert_in_range(times_us[i] - times_us[i - 1], 100 * MS, 110 * MS);
    assert_int_equal(count_plis(ann), plis + 1);
    conference_dispose(&c);
}

static void test_nack_retries(void **state)
{
    (void)state;
    check_nack_retries(true, RTP_NACK_TRIES);
    check_nack_retries(false, RTP_NACK_TRIES_WITHOUT_RTX);
}

/* What comes within the time for reordering, or by a key frame, is not asked for. */
static void test_nack_not_needed(void **state)
{
    (void)state;
    struct conference c;
    int64_t times_us[32] = {0};
    conference_init(&c);
    struct person *ann = conference_join(&c, 1);
    conference_join(&c, 1);
    uint16_t first = person_show(&c, ann, CAM, true);
    ann->seqs[CAM][0] = (uint16_t)(first + 1);
    person_show(&c, ann, CAM, false); /* first + 2 */
    ann->seqs[CAM][0] = first;
    person_show(&c, ann, CAM, false); /* first + 1, at once */
    conference_run(&c, 200 * MS);
    assert_int_equal(nack_times(ann, times_us, 32), 0);
    ann->seqs[CAM][0] = (uint16_t)(first + 6);
    person_show(&c, ann, CAM, true); /* nothing before it is needed */
    conference_run(&c, 200 * MS);
    assert_int_equal(nack_times(ann, times_us, 32), 0);
    ann->seqs[MIC][0] = 10; /* audio is not repaired */
    person_speak(&c, ann, 30);
    ann->seqs[MIC][0] = 20;
    person_speak(&c, ann, 30);
    conference_run(&c, 200 * MS);
    assert_int_equal(nack_times(ann, times_us, 32), 0);
    conference_dispose(&c);
}

/* Padding that arrived is not missing. */
static void test_padding_is_not_asked_for(void **state)
{
    (void)state;
    struct conference c;
    uint8_t data[CORE_BUFFER_BYTES];
    const struct media media = {.track = CAM, .timestamp = 7, .level = -1};
    conference_init(&c);
    struct person *ann = conference_join(&c, 1);
    conference_join(&c, 1);
    person_show(&c, ann, CAM, true);
    size_t head = write_head(data, ann, &media, ssrc_of(ann, CAM, 0), ++ann->seqs[CAM][0], PT_VP8);
    data[0] |= 0x20;
    memset(data + head, 0, 200);
    data[head + 199] = 200;
    person_send_sealed(&c, ann, data, head + 200, head);
    person_show(&c, ann, CAM, false);
    conference_run(&c, 200 * MS);
    assert_int_equal(count_rtcp(ann, RTCP_TRANSPORT_LAYER_FEEDBACK, RTCP_FORMAT_NACK, NULL), 0);
    conference_dispose(&c);
}

static void test_pli_is_coalesced(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1);
    for (int i = 0; i < 3; i++) /* three people want a picture within 60 ms */
        conference_join(&c, 1);
    int64_t began_us = c.now_us;
    for (; c.now_us < began_us + 2 * S; conference_run(&c, 20 * MS))
        person_show(&c, ann, CAM, false);
    unsigned count = count_plis(ann);
    assert_in_range(count, 3, 5); /* one every 500 ms until a key frame comes */
    person_talk(&c, ann, 100 * MS);
    count = count_plis(ann);
    for (int i = 0; i < 100; i++) {
        person_show(&c, ann, CAM, false);
        conference_run(&c, 20 * MS);
    }
    assert_int_equal(count_plis(ann), count);
    conference_dispose(&c);
}

/* At once, then once a second until a key frame comes, however many want one; and then only when
   none is kept that is new enough. */
static void test_pli_times(void **state)
{
    (void)state;
    /* Key frames come at 1.25 and 3 s; who joins at 3.2 s gets the latter, at 4.8 s it is too old.
     */
    static const int64_t expected_us[] = {0, 1000 * MS, 4800 * MS};
    struct conference c;
    int64_t last_us = 0;
    unsigned count = 0;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1);
    conference_join(&c, 1);
    person_show(&c, ann, CAM, false);
    int64_t began_us = c.now_us;
    for (int i = 0; i < 500; i++) {
        if (i == 10 || i == 60 || i == 61 || i == 320 || i == 480)
            conference_join(&c, 1);
        person_show(&c, ann, CAM, i == 125 || i == 300 || i == 490);
        conference_run(&c, 10 * MS);
    }
    struct rtcp_walk walk = {.person = ann};
    struct rtcp_packet packet;
    while (rtcp_walk_find(&walk, RTCP_PAYLOAD_FEEDBACK, RTCP_FORMAT_PLI, &packet)) {
        uint32_t sender_ssrc, media_ssrc;
        int64_t at_us = walk.heard->at_us;
        assert_int_equal(rtcp_feedback_ssrcs(&packet, &sender_ssrc, &media_ssrc), 0);
        assert_int_equal(sender_ssrc, 0xFEED);
        assert_int_equal(media_ssrc, ssrc_of(ann, CAM, 0));
        assert_true(count < 3);
        assert_in_range(at_us - began_us, expected_us[count], expected_us[count] + 20 * MS);
        if (count++ > 0)
            assert_true(at_us - last_us >= 1000 * MS);
        last_us = at_us;
    }
    assert_int_equal(count, 3);
    conference_dispose(&c);
}

/* Only what was negotiated is said. */
static void test_not_negotiated(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        bool has_nack, has_pli, has_remb;
    } table[] = {{"nothing", false, false, false},
                 {"NACK", true, false, false},
                 {"PLI", false, true, false},
                 {"REMB", false, false, true},
                 {"all", true, true, true}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct conference c;
        struct core_join join = usual_join(1, 1);
        int64_t times_us[32] = {0};
        conference_init(&c);
        for (unsigned t = 0; t < join.track_count; t++) {
            join.tracks[t].has_nack = table[i].has_nack && t != MIC;
            join.tracks[t].has_pli = table[i].has_pli && t != MIC;
            join.tracks[t].has_remb = table[i].has_remb;
        }
        struct person *ann = conference_enter(&c, &join);
        person_nominate(&c, ann);
        conference_join(&c, 1);
        for (int f = 0; f < 40; f++) {
            ann->seqs[CAM][0] = (uint16_t)(ann->seqs[CAM][0] + (f == 20));
            person_show(&c, ann, CAM, false);
            conference_run(&c, 33 * MS);
        }
        print_message("%s\n", table[i].what);
        assert_int_equal(nack_times(ann, times_us, 32) > 0, table[i].has_nack);
        assert_int_equal(count_plis(ann) > 0, table[i].has_pli);
        assert_int_equal(last_remb_bps(ann) > 0, table[i].has_remb);
        conference_dispose(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nack),
        cmocka_unit_test(test_nack_retries),
        cmocka_unit_test(test_nack_not_needed),
        cmocka_unit_test(test_padding_is_not_asked_for),
        cmocka_unit_test(test_pli_is_coalesced),
        cmocka_unit_test(test_pli_times),
        cmocka_unit_test(test_not_negotiated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
