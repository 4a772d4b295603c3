/* What the server tells its participants by RTCP, and when. */
#include "conference.h"
#include "rtp/transport_feedback.h"

static void talk(struct conference *c, struct person *person, int64_t duration_us)
{
    for (int64_t end_us = c->now_us + duration_us; c->now_us < end_us;) {
        person_speak(c, person, 30);
        person_show(c, person, CAM, true);
        conference_run(c, 20 * MS);
    }
}

/* Sequence numbers that the NACKs heard so far asked for, in order. */
static unsigned asked_for(const struct person *person, uint16_t *seqs, unsigned cap)
{
    unsigned count = 0;
    for (unsigned i = 0; i < person->heard_count; i++) {
        struct rtcp_reader reader;
        struct rtcp_packet packet;
        uint16_t some[64];
        if (!person->heard[i].is_rtcp)
            continue;
        rtcp_reader_init(&reader, person->heard[i].data, person->heard[i].len);
        while (rtcp_reader_next(&reader, &packet) > 0) {
            if (packet.type != RTCP_TRANSPORT_LAYER_FEEDBACK || packet.count != RTCP_FORMAT_NACK)
                continue;
            int n = rtcp_nack_parse(&packet, some, 64);
            for (int s = 0; s < n && count < cap; s++)
                seqs[count++] = some[s];
        }
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
    unsigned count = count_rtcp(ann, RTCP_PAYLOAD_FEEDBACK, RTCP_FORMAT_PLI, NULL);
    assert_in_range(count, 3, 5); /* one every 500 ms until a key frame comes */
    talk(&c, ann, 100 * MS);
    count = count_rtcp(ann, RTCP_PAYLOAD_FEEDBACK, RTCP_FORMAT_PLI, NULL);
    for (int i = 0; i < 100; i++) {
        person_show(&c, ann, CAM, false);
        conference_run(&c, 20 * MS);
    }
    assert_int_equal(count_rtcp(ann, RTCP_PAYLOAD_FEEDBACK, RTCP_FORMAT_PLI, NULL), count);
    conference_dispose(&c);
}

/* Which transport-wide numbers were reported, and how far apart the reports were. */
static void test_transport_feedback(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1);
    bool is_reported[256] = {false};
    int64_t last_us = 0, longest_us = 0, shortest_us = S;
    talk(&c, ann, 2 * S); /* 200 packets of two SSRCs */
    conference_run(&c, 200 * MS);
    for (unsigned i = 0; i < ann->heard_count; i++) {
        struct heard *heard = &ann->heard[i];
        struct rtcp_reader reader;
        struct rtcp_packet packet;
        rtcp_reader_init(&reader, heard->data, heard->len);
        while (heard->is_rtcp && rtcp_reader_next(&reader, &packet) > 0) {
            struct rtp_transport_feedback feedback;
            struct rtp_feedback_entry arrivals[300];
            if (packet.type != RTCP_TRANSPORT_LAYER_FEEDBACK ||
                packet.count != RTCP_FORMAT_TRANSPORT_FEEDBACK)
                continue;
            int count = rtp_transport_feedback_parse(&feedback, &packet, arrivals, 300);
            assert_true(count > 0);
            for (int a = 0; a < count; a++)
                is_reported[arrivals[a].seq & 0xFF] |= arrivals[a].is_received;
            if (last_us) {
                int64_t gap_us = heard->at_us - last_us;
                longest_us = gap_us > longest_us ? gap_us : longest_us;
                shortest_us = gap_us < shortest_us ? gap_us : shortest_us;
            }
            last_us = heard->at_us;
        }
    }
    for (unsigned seq = 0; seq < 200; seq++)
        assert_true(is_reported[seq]);
    assert_in_range(shortest_us, 50 * MS, 100 * MS);
    assert_in_range(longest_us, 50 * MS, 100 * MS);
    conference_dispose(&c);
}

static void test_receiver_reports(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1);
    struct rtcp_packet report;
    struct rtcp_report_block block;
    talk(&c, ann, 3 * S);
    unsigned count = count_rtcp(ann, RTCP_RECEIVER_REPORT, -1, &report);
    assert_in_range(count, 3, 8);
    assert_int_equal(report.count, 2);
    assert_int_equal(rtcp_report_block_at(&block, &report, 0), 0);
    assert_int_equal(block.ssrc, ssrc_of(ann, MIC, 0));
    assert_int_equal(block.fraction_lost, 0);
    assert_int_equal(rtcp_report_block_at(&block, &report, 1), 0);
    assert_int_equal(block.ssrc, ssrc_of(ann, CAM, 0));
    assert_in_range(block.highest_seq & 0xFFFF, 50, 151);
    conference_dispose(&c);
}

static uint64_t last_remb_bps(const struct person *person)
{
    struct rtcp_packet packet;
    struct rtcp_remb remb;
    if (!count_rtcp(person, RTCP_PAYLOAD_FEEDBACK, RTCP_FORMAT_APPLICATION_LAYER, &packet))
        return 0;
    assert_int_equal(rtcp_remb_parse(&remb, &packet), 0);
    return remb.bitrate_bps;
}

/* REMB follows what is sent at the moment: 1.25 x contracts + 150 kbps. */
static void test_remb(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1);
    conference_run(&c, 2 * S);
    assert_int_equal(last_remb_bps(ann), 0); /* sends nothing */
    person_speak(&c, ann, 30);
    conference_run(&c, 50 * MS);
    assert_in_range(last_remb_bps(ann), 274000, 275000); /* rounded to an 18-bit mantissa */
    talk(&c, ann, 100 * MS);
    assert_in_range(last_remb_bps(ann), 899000, 900000);
    person_show(&c, ann, SCR, true);
    conference_run(&c, 50 * MS);
    assert_in_range(last_remb_bps(ann), 1899000, 1900000);
    for (int i = 0; i < 200; i++) { /* camera and screen stop */
        person_speak(&c, ann, 30);
        conference_run(&c, 20 * MS);
    }
    assert_in_range(last_remb_bps(ann), 274000, 275000);
    conference_dispose(&c);
}

/* On a slot that is sending, and no other; on the server's clock. */
static void test_sender_reports(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    struct rtcp_packet packet;
    struct rtcp_sender_report report;
    int64_t times[32], last_ssrc1_us = 0;
    unsigned count = 0;
    talk(&c, ann, 6 * S);
    for (unsigned i = 0; i < bob->heard_count; i++) {
        struct heard *heard = &bob->heard[i];
        struct rtcp_reader reader;
        rtcp_reader_init(&reader, heard->data, heard->len);
        while (heard->is_rtcp && rtcp_reader_next(&reader, &packet) > 0) {
            if (packet.type != RTCP_SENDER_REPORT)
                continue;
            assert_int_equal(rtcp_sender_report_parse(&report, &packet), 0);
            assert_true(report.ssrc == 1 || report.ssrc == 4);
            if (report.ssrc != 1)
                continue;
            if (last_ssrc1_us)
                times[count++ & 31] = heard->at_us - last_ssrc1_us;
            last_ssrc1_us = heard->at_us;
            assert_true(report.packet_count > 0 && report.octet_count == report.packet_count * 100);
            /* NTP: 0xE0000000 s at time 0. */
            assert_in_range((report.ntp >> 32) - 0xE0000000u, (uint64_t)(heard->at_us / S) - 1,
                            (uint64_t)(heard->at_us / S));
        }
    }
    assert_true(count >= 3);
    for (unsigned i = 0; i < count; i++)
        assert_in_range(times[i], S, 2 * S);
    assert_int_equal(count_rtcp(bob, RTCP_BYE, -1, NULL), 0);
    assert_true(count_rtcp(bob, RTCP_SOURCE_DESCRIPTION, -1, NULL) > 0);
    unsigned before = count_rtcp(bob, RTCP_SENDER_REPORT, -1, NULL);
    conference_run(&c, 4 * S); /* nobody sends */
    assert_in_range(count_rtcp(bob, RTCP_SENDER_REPORT, -1, NULL) - before, 0, 4);
    conference_dispose(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nack),
        cmocka_unit_test(test_pli_is_coalesced),
        cmocka_unit_test(test_transport_feedback),
        cmocka_unit_test(test_receiver_reports),
        cmocka_unit_test(test_remb),
        cmocka_unit_test(test_sender_reports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
