/* What the server tells its participants by RTCP, and when. */
#include "conference.h"
#include "rtp/nack.h"
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

/* The transport feedback that a person has heard, message by message. */
struct feedback_walk {
    const struct person *person;
    unsigned heard, part; /* of the next one */
    int64_t at_us;
    int count;
    struct rtp_feedback_entry arrivals[300];
};

static bool is_feedback(const struct rtcp_packet *packet)
{
    return packet->type == RTCP_TRANSPORT_LAYER_FEEDBACK &&
           packet->count == RTCP_FORMAT_TRANSPORT_FEEDBACK;
}

static bool next_feedback(struct feedback_walk *walk)
{
    for (; walk->heard < walk->person->heard_count; walk->heard++, walk->part = 0) {
        const struct heard *heard = &walk->person->heard[walk->heard];
        struct rtp_transport_feedback feedback;
        struct rtcp_reader reader;
        struct rtcp_packet packet;
        unsigned part = 0;
        rtcp_reader_init(&reader, heard->data, heard->len);
        while (heard->is_rtcp && rtcp_reader_next(&reader, &packet) > 0) {
            if (part++ < walk->part || !is_feedback(&packet))
                continue;
            walk->part = part;
            walk->at_us = heard->at_us;
            walk->count = rtp_transport_feedback_parse(&feedback, &packet, walk->arrivals, 300);
            assert_true(walk->count > 0);
            return true;
        }
    }
    return false;
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
    struct feedback_walk walk = {.person = ann};
    while (next_feedback(&walk)) {
        for (int a = 0; a < walk.count; a++)
            is_reported[walk.arrivals[a].seq & 0xFF] |= walk.arrivals[a].is_received;
        if (last_us) {
            int64_t gap_us = walk.at_us - last_us;
            longest_us = gap_us > longest_us ? gap_us : longest_us;
            shortest_us = gap_us < shortest_us ? gap_us : shortest_us;
        }
        last_us = walk.at_us;
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

/* When each NACK was heard, relative to the first; and how many there were. */
static unsigned nack_times(const struct person *person, int64_t *times_us, unsigned cap)
{
    unsigned count = 0;
    for (unsigned i = 0; i < person->heard_count; i++) {
        struct rtcp_reader reader;
        struct rtcp_packet packet;
        rtcp_reader_init(&reader, person->heard[i].data, person->heard[i].len);
        while (person->heard[i].is_rtcp && rtcp_reader_next(&reader, &packet) > 0)
            if (packet.type == RTCP_TRANSPORT_LAYER_FEEDBACK && packet.count == RTCP_FORMAT_NACK &&
                count < cap)
                times_us[count++] = person->heard[i].at_us;
    }
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
    unsigned plis = count_rtcp(ann, RTCP_PAYLOAD_FEEDBACK, RTCP_FORMAT_PLI, NULL);
    ann->seqs[CAM][0]++; /* lost */
    person_show(&c, ann, CAM, false);
    int64_t lost_us = c.now_us;
    conference_run(&c, (tries * 100 - 50) * MS);
    assert_int_equal(count_rtcp(ann, RTCP_PAYLOAD_FEEDBACK, RTCP_FORMAT_PLI, NULL), plis);
    conference_run(&c, 500 * MS);
    unsigned count = nack_times(ann, times_us, 32);
    assert_int_equal(count, tries);
    assert_in_range(times_us[0] - lost_us, 10 * MS, 20 * MS); /* a tick of slack */
    for (unsigned i = 1; i < count; i++)
        assert_in_range(times_us[i] - times_us[i - 1], 100 * MS, 110 * MS);
    assert_int_equal(count_rtcp(ann, RTCP_PAYLOAD_FEEDBACK, RTCP_FORMAT_PLI, NULL), plis + 1);
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
    for (unsigned i = 0; i < ann->heard_count; i++) {
        struct rtcp_reader reader;
        struct rtcp_packet packet;
        uint32_t sender_ssrc, media_ssrc;
        struct heard *heard = &ann->heard[i];
        rtcp_reader_init(&reader, heard->data, heard->len);
        while (heard->is_rtcp && rtcp_reader_next(&reader, &packet) > 0) {
            if (packet.type != RTCP_PAYLOAD_FEEDBACK || packet.count != RTCP_FORMAT_PLI)
                continue;
            assert_int_equal(rtcp_feedback_ssrcs(&packet, &sender_ssrc, &media_ssrc), 0);
            assert_int_equal(sender_ssrc, 0xFEED);
            assert_int_equal(media_ssrc, ssrc_of(ann, CAM, 0));
            assert_true(count < 3);
            assert_in_range(heard->at_us - began_us, expected_us[count],
                            expected_us[count] + 20 * MS);
            if (count++ > 0)
                assert_true(heard->at_us - last_us >= 1000 * MS);
            last_us = heard->at_us;
        }
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
        assert_int_equal(count_rtcp(ann, RTCP_PAYLOAD_FEEDBACK, RTCP_FORMAT_PLI, NULL) > 0,
                         table[i].has_pli);
        assert_int_equal(last_remb_bps(ann) > 0, table[i].has_remb);
        conference_dispose(&c);
    }
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
    for (unsigned i = 0; i < ann->heard_count; i++) {
        struct heard *heard = &ann->heard[i];
        struct rtcp_reader reader;
        rtcp_reader_init(&reader, heard->data, heard->len);
        while (heard->is_rtcp && rtcp_reader_next(&reader, &packet) > 0) {
            if (packet.type != RTCP_RECEIVER_REPORT || packet.count == 0)
                continue;
            assert_int_equal(rtcp_report_block_at(&block, &packet, 0), 0);
            if (count++ > 1) /* the first two: before and when it began to send */
                assert_in_range(heard->at_us - last_us, S, S + 20 * MS);
            last_us = heard->at_us;
            assert_true(block.fraction_lost <= 66);
            lossy += block.fraction_lost >= 60; /* 1/4 of 256 is 64 */
        }
    }
    assert_in_range(count, 6, 8);
    assert_in_range(lossy, 1, 2);
    assert_in_range(block.cumulative_lost, 33, 34);
    assert_int_equal(block.fraction_lost, 0);
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
    talk(&c, ann, 4 * S);
    for (unsigned i = 0; i < bob->heard_count; i++) {
        struct heard *heard = &bob->heard[i];
        struct rtcp_reader reader;
        struct rtcp_packet packet;
        uint32_t ssrc = 0;
        rtcp_reader_init(&reader, heard->data, heard->len);
        while (heard->is_rtcp && rtcp_reader_next(&reader, &packet) > 0) {
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
    }
    assert_true(reports >= 4);
    assert_int_equal(names, reports);
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
    struct feedback_walk walk = {.person = ann};
    while (next_feedback(&walk))
        for (int a = 0; a < walk.count; a++)
            reported[walk.arrivals[a].is_received]++;
    assert_int_equal(reported[true], 100);
    assert_int_equal(reported[false], 10);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nack),
        cmocka_unit_test(test_pli_is_coalesced),
        cmocka_unit_test(test_transport_feedback),
        cmocka_unit_test(test_receiver_reports),
        cmocka_unit_test(test_remb),
        cmocka_unit_test(test_remb_lowered),
        cmocka_unit_test(test_sender_reports),
        cmocka_unit_test(test_nack_retries),
        cmocka_unit_test(test_nack_not_needed),
        cmocka_unit_test(test_pli_times),
        cmocka_unit_test(test_not_negotiated),
        cmocka_unit_test(test_receiver_reports_loss),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_transport_feedback_wraps),
        cmocka_unit_test(test_padding_is_not_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
