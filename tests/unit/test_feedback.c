/* What the server reports to its participants by RTCP, and when. */
#include "conference.h"
#include "person_heard.h"
#include "person_send.h"
#include "rtp/transport_feedback.h"

/* The next transport feedback that a person has heard. @return its entries; 0: there is none yet */
static int next_feedback(struct rtcp_walk *walk, struct rtp_feedback_entry arrivals[300])
{
    struct rtp_transport_feedback feedback;
    struct rtcp_packet packet;
    if (!rtcp_walk_find(walk, RTCP_TRANSPORT_LAYER_FEEDBACK, RTCP_FORMAT_TRANSPORT_FEEDBACK,
                        &packet))
        return 0;
    int count = rtp_transport_feedback_parse(&feedback, &packet, arrivals, 300);
    assert_true(count > 0);
    return count;
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
    person_talk(&c, ann, 2 * S); /* 200 packets of two SSRCs */
    conference_run(&c, 200 * MS);
    struct rtcp_walk walk = {.person = ann};
    struct rtp_feedback_entry arrivals[300];
    for (int count; (count = next_feedback(&walk, arrivals)) > 0;) {
        for (int a = 0; a < count; a++)
            is_reported[arrivals[a].seq & 0xFF] |= arrivals[a].is_received;
        if (last_us) {
            int64_t gap_us = walk.heard->at_us - last_us;
            longest_us = gap_us > longest_us ? gap_us : longest_us;
            shortest_us = gap_us < shortest_us ? gap_us : shortest_us;
        }
        last_us = walk.heard->at_us;
    }
    for (unsigned seq = 0; seq < 200; seq++)
        assert_true(is_reported[seq]);
    assert_in_range(shortest_us, 50 * MS, 100 * MS);
    assert_in_range(longest_us, 50 * MS, 100 * MS);
    conference_dispose(&c);
}

/* Over the wrap of the transport-wide number, with losses in it. */
static void test_transport_feedback_wraps(void **state)
{
    (void)state;
    struct conference c;
    unsigned reported[2] = {0}; /* lost, received */
    conference_init(&c);
    struct person *ann = conference_join(&c, 1);
    ann->transport_seq = 65500;
    for (int i = 0; i < 100; i++) {
        if (i % 10 == 5)
            ann->transport_seq++; /* lost */
        person_speak(&c, ann, 30);
        conference_run(&c, 10 * MS);
    }
    conference_run(&c, 200 * MS);
    struct rtcp_walk walk = {.person = ann};
    struct rtp_feedback_entry arrivals[300];
    for (int count; (count = next_feedback(&walk, arrivals)) > 0;)
        for (int a = 0; a < count; a++)
            reported[arrivals[a].is_received]++;
    assert_int_equal(reported[true], 100);
    assert_int_equal(reported[false], 10);
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
    person_talk(&c, ann, 3 * S);
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

/* One a second, with the loss since the one before, from the server's own SSRC and with a name. */
static void test_receiver_reports_loss(void **state)
{
    (void)state;
    struct conference c;
    struct rtcp_packet packet;
    struct rtcp_report_block block;
    int64_t last_us = 0;
    unsigned count = 0, lossy = 0;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1);
    for (int i = 0; i < 300; i++) { /* 6 s; a quarter is lost in the middle */
        if (i >= 100 && i < 200 && i % 3 == 0)
            ann->seqs[MIC][0]++;
        person_speak(&c, ann, 30);
        conference_run(&c, 20 * MS);
    }
    struct rtcp_walk walk = {.person = ann};
    while (rtcp_walk_find(&walk, RTCP_RECEIVER_REPORT, -1, &packet)) {
        if (packet.count == 0)
            continue;
        assert_int_equal(rtcp_report_block_at(&block, &packet, 0), 0);
        if (count++ > 1) /* the first two: before and when it began to send */
            assert_in_range(walk.heard->at_us - last_us, S, S + 20 * MS);
        last_us = walk.heard->at_us;
        assert_true(block.fraction_lost <= 66);
        lossy += block.fraction_lost >= 60; /* 1/4 of 256 is 64 */
    }
    assert_in_range(count, 6, 8);
    assert_in_range(lossy, 1, 2);
    assert_in_range(block.cumulative_lost, 33, 34);
    assert_int_equal(block.fraction_lost, 0);
    conference_dispose(&c);
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
    person_talk(&c, ann, 100 * MS);
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

/* A camera of so much, in frames of one packet, beside a microphone. */
static void send_camera(struct conference *c, struct person *person, uint64_t rate_bps,
                        int64_t duration_us)
{
    for (int64_t end_us = c->now_us + duration_us; c->now_us < end_us;) {
        person_speak(c, person, 30);
        person_send(c, person,
                    &(struct media){.track = CAM,
                                    .mid = person->join.tracks[CAM].mid,
                                    .timestamp = (uint32_t)(c->now_us * 9 / 100),
                                    .level = -1,
                                    .is_start = true,
                                    .marker = true,
                                    .height = 480,
                                    .payload_len = rate_bps / 8 / 100});
        conference_run(c, 10 * MS);
    }
}

/* Who comes above 115 % over 2 s is told by REMB at once, and nothing is dropped of who obeys. */
static void test_remb_lowered(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1);
    person_show(&c, ann, CAM, true);
    send_camera(&c, ann, 400000, 4 * S);
    assert_in_range(last_remb_bps(ann), 899000, 900000);
    int64_t jumped_us = c.now_us;
    while (last_remb_bps(ann) > 899000 && c.now_us - jumped_us < 4 * S)
        send_camera(&c, ann, 700000, 20 * MS);
    /* 400 + 150 t = 575, and 100 ms at most until it is looked at; reports come every second. */
    int64_t took_ms = (c.now_us - jumped_us) / 1000;
    print_message("lowered after %d ms\n", (int)took_ms);
    assert_in_range(took_ms, 1100, 1350);
    assert_in_range(last_remb_bps(ann), 544000, 545454);
    int64_t lowered_us = c.now_us;
    send_camera(&c, ann, 480000, 4500 * MS);
    assert_in_range(last_remb_bps(ann), 544000, 545454);
    while (last_remb_bps(ann) < 899000 && c.now_us - lowered_us < 10 * S)
        send_camera(&c, ann, 480000, 20 * MS);
    took_ms = (c.now_us - lowered_us) / 1000;
    print_message("raised after %d ms\n", (int)took_ms);
    assert_in_range(took_ms, 5000, 7300); /* 5 s after the last excess */
    assert_int_equal(count_events(&c, CORE_EVENT_LIMIT, ann->number), 0);
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
    person_talk(&c, ann, 6 * S);
    struct rtcp_walk walk = {.person = bob};
    while (rtcp_walk_find(&walk, RTCP_SENDER_REPORT, -1, &packet)) {
        int64_t at_us = walk.heard->at_us;
        assert_int_equal(rtcp_sender_report_parse(&report, &packet), 0);
        assert_true(report.ssrc == 1 || report.ssrc == 4);
        if (report.ssrc != 1)
            continue;
        if (last_ssrc1_us)
            times[count++ & 31] = at_us - last_ssrc1_us;
        last_ssrc1_us = at_us;
        assert_true(report.packet_count > 0 && report.octet_count == report.packet_count * 100);
        /* NTP: 0xE0000000 s at time 0. */
        assert_in_range((report.ntp >> 32) - 0xE0000000u, (uint64_t)(at_us / S) - 1,
                        (uint64_t)(at_us / S));
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

/* Each report on a slot names it: its SSRC, and the CNAME that the answer has. */
static void test_names(void **state)
{
    (void)state;
    struct conference c;
    unsigned names = 0, reports = 0;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    person_talk(&c, ann, 4 * S);
    struct rtcp_walk walk = {.person = bob};
    const struct heard *compound = NULL;
    struct rtcp_packet packet;
    uint32_t ssrc = 0; /* of the report before, in the same compound */
    while (rtcp_walk_next(&walk, &packet)) {
        if (walk.heard != compound)
            ssrc = 0;
        compound = walk.heard;
        if (packet.type == RTCP_SENDER_REPORT) {
            ssrc = rtp_bytes_get32(packet.body);
            reports++;
        } else if (packet.type == RTCP_SOURCE_DESCRIPTION && ssrc) {
            char expected[24];
            snprintf(expected, sizeof(expected), "slot-s%u", ssrc - 1);
            assert_int_equal(packet.count, 1);
            assert_int_equal(rtp_bytes_get32(packet.body), ssrc);
            assert_int_equal(packet.body[4], 1); /* CNAME (RFC 3550, 6.5.1) */
            assert_int_equal(packet.body[5], strlen(expected));
            assert_memory_equal(packet.body + 6, expected, strlen(expected));
            names++;
        }
    }
    assert_true(reports >= 4);
    assert_int_equal(names, reports);
    conference_dispose(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transport_feedback),
        cmocka_unit_test(test_transport_feedback_wraps),
        cmocka_unit_test(test_receiver_reports),
        cmocka_unit_test(test_receiver_reports_loss),
        cmocka_unit_test(test_remb),
        cmocka_unit_test(test_remb_lowered),
        cmocka_unit_test(test_sender_reports),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
