/* RTCP of participants: what is honoured, what is only counted, and that hostile compounds change
 * nothing. */
#include "conference.h"
#include "person_heard.h"
#include "person_send.h"

#include "sfu/core/engine_internal.h"

static void send_compound(struct conference *c, struct person *person,
                          const struct rtcp_writer *writer)
{
    person_send_rtcp(c, person, writer);
    conference_run(c, 20 * MS);
}

static void send_pli(struct conference *c, struct person *person, uint32_t ssrc)
{
    uint8_t data[64];
    struct rtcp_writer writer;
    rtcp_writer_init(&writer, data, sizeof(data));
    assert_int_equal(rtcp_write_pli(&writer, 9, ssrc), 0);
    send_compound(c, person, &writer);
}

static struct core_statistics newest_statistics(struct conference *c, const struct person *person)
{
    struct core_statistics statistics = {0}, next;
    for (int i = 0; i < 120; i++) {
        int64_t deadline_us = core_engine_deadline(c->engine);
        c->now_us = deadline_us > c->now_us ? deadline_us : c->now_us;
        core_engine_advance(c->engine, c->now_us);
        while (core_engine_next_statistics(c->engine, c->now_us, &next))
            if (next.participant == person->number)
                statistics = next;
        conference_flush(c);
    }
    return statistics;
}

/* PLI reaches the source of a live slot; on others it is counted. */
static void test_pli(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    person_show_for(&c, ann, 60, true); /* her key frame is too old to be replayed */
    unsigned before = count_plis(ann);
    static const struct {
        const char *what;
        uint32_t ssrc;
        unsigned forwarded;
    } table[] = {
        {"a live slot", 4, 1},   {"again at once: coalesced", 4, 0}, {"an idle slot", 5, 0},
        {"an audio slot", 1, 0}, {"nobody's SSRC", 4444, 0},         {"its RTX", 104, 0},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        send_pli(&c, bob, table[i].ssrc);
        print_message("%s\n", table[i].what);
        assert_int_equal(count_plis(ann) - before, table[i].forwarded);
        before = count_plis(ann);
    }
    person_show_for(&c, ann, 30, true);
    conference_mute(&c, ann, CORE_KIND_CAMERA, true);
    before = count_plis(ann);
    send_pli(&c, bob, 4); /* paused */
    assert_int_equal(count_plis(ann), before);
    struct core_statistics statistics = newest_statistics(&c, bob);
    assert_int_equal(statistics.slots[3].unanswered_requests, 1);
    assert_int_equal(statistics.slots[4].unanswered_requests, 1);
    assert_int_equal(statistics.uplink.malformed, 0);
    conference_dispose(&c);
}

/* Whatever a compound says, the media goes on. */
static void test_hostile(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint8_t bytes[40];
        size_t len;
        bool is_malformed;
    } table[] = {
        {"a header that announces more", {0x80, 201, 0, 9, 0, 0, 0, 1}, 8, true},
        {"a wrong version", {0x80, 201, 0, 1, 0, 0, 0, 1, 0x00, 201, 0, 1, 0, 0, 0, 1}, 16, true},
        {"padding longer than the packet", {0xA0, 201, 0, 1, 0, 0, 0, 200}, 8, true},
        {"31 report blocks that are not there", {0x9F, 201, 0, 1, 0, 0, 0, 1}, 8, false},
        {"a NACK without entries", {0x81, 205, 0, 2, 0, 0, 0, 9, 0, 0, 0, 4}, 12, false},
        {"a PLI without an SSRC", {0x81, 206, 0, 1, 0, 0, 0, 9}, 8, false},
        {"FIR, which was not negotiated",
         {0x84, 206, 0, 4, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0},
         20,
         false},
        {"BYE of the own SSRC", {0x81, 203, 0, 1, 0, 0, 0x10, 0x48}, 8, false},
        {"APP", {0x80, 204, 0, 2, 0, 0, 0, 9, 'e', 'v', 'i', 'l'}, 12, false},
        {"an unknown type", {0x80, 209, 0, 1, 0, 0, 0, 9}, 8, false},
    };
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    person_show_for(&c, ann, 30, true);
    uint64_t malformed = 0;
    unsigned before = count_plis(ann);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        uint8_t data[64];
        memcpy(data, table[i].bytes, table[i].len);
        struct rtcp_writer writer = {.data = data, .cap = sizeof(data), .len = table[i].len};
        print_message("%s\n", table[i].what);
        send_compound(&c, bob, &writer);
        send_compound(&c, ann, &writer);
        malformed += table[i].is_malformed;
    }
    assert_int_equal(count_plis(ann), before);
    unsigned heard = count_heard(bob, 4);
    person_show_for(&c, ann, 5, true);
    assert_int_equal(count_heard(bob, 4), heard + 5);
    assert_int_equal(newest_statistics(&c, bob).uplink.malformed, malformed);
    conference_dispose(&c);
}

/* A source's report puts its slots on the server's clock: capture times, not arrival. */
static void test_sender_report_of_a_source(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    uint8_t data[128];
    struct rtcp_writer writer;
    person_show_for(&c, ann, 5, true);
    /* Her clock is three hours off; what is captured now carries this timestamp. */
    const struct rtcp_sender_report report = {.ssrc = ssrc_of(ann, CAM, 0),
                                              .ntp = UINT64_C(0xD000000000000000),
                                              .rtp_timestamp = (uint32_t)(c.now_us * 9 / 100),
                                              .packet_count = 5,
                                              .octet_count = 500};
    rtcp_writer_init(&writer, data, sizeof(data));
    assert_int_equal(rtcp_write_sender_report(&writer, &report, NULL, 0), 0);
    send_compound(&c, ann, &writer);
    person_show_for(&c, ann, 90, true);
    struct rtcp_packet packet;
    struct rtcp_sender_report told;
    assert_true(count_rtcp(bob, RTCP_SENDER_REPORT, -1, &packet) > 0);
    assert_int_equal(rtcp_sender_report_parse(&told, &packet), 0);
    /* The report's pair of times and a packet's timestamp agree to within 2 ms. */
    struct heard *newest = heard_at(bob, 4, count_heard(bob, 4) - 1);
    int64_t told_us = (int64_t)((told.ntp - UINT64_C(0xE000000000000000)) >> 32) * S +
                      (int64_t)(((told.ntp & 0xFFFFFFFF) * S) >> 32);
    int64_t media_us = (int64_t)(int32_t)(newest->rtp.timestamp - told.rtp_timestamp) * 100 / 9;
    assert_in_range(told_us + media_us, newest->at_us - 2 * MS, newest->at_us + 2 * MS);
    conference_dispose(&c);
}

static void send_nack(struct conference *c, struct person *person, uint32_t ssrc,
                      const uint16_t *seqs, size_t count)
{
    person_send_nack(c, person, ssrc, seqs, count);
    conference_run(c, 20 * MS);
}

/* A NACK is answered on a live slot; on an idle or paused one it is counted. */
static void test_nack(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    person_show_for(&c, ann, 10, true);
    uint16_t seq = heard_at(bob, 4, 9)->rtp.seq;
    send_nack(&c, bob, 4, &seq, 1);
    assert_int_equal(count_heard(bob, 104), 1);
    send_nack(&c, bob, 5, &seq, 1); /* idle */
    send_nack(&c, bob, 8, &seq, 1);
    conference_mute(&c, ann, CORE_KIND_CAMERA, true);
    send_nack(&c, bob, 4, &seq, 1); /* paused */
    send_nack(&c, bob, 4, &seq, 1);
    assert_int_equal(count_heard(bob, 104), 1);
    struct core_statistics statistics = newest_statistics(&c, bob);
    assert_int_equal(statistics.slots[3].unanswered_requests, 2);
    assert_int_equal(statistics.slots[3].retransmitted, 1);
    assert_int_equal(statistics.slots[4].unanswered_requests, 1);
    assert_int_equal(statistics.slots[7].unanswered_requests, 1);
    conference_dispose(&c);
}

/* However much one message asks for, no more than 128 packets answer it. */
static void test_nack_is_bounded(void **state)
{
    (void)state;
    struct conference c;
    uint16_t seqs[300];
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    for (int i = 0; i < 300; i++) {
        person_show(&c, ann, CAM, i == 0);
        conference_run(&c, MS);
    }
    for (unsigned i = 0; i < 300; i++)
        seqs[i] = heard_at(bob, 4, i)->rtp.seq;
    send_nack(&c, bob, 4, seqs, 300);
    assert_int_equal(count_heard(bob, 104), 128);
    for (unsigned i = 0; i < 128; i++)
        assert_int_equal(rtp_bytes_get16(heard_at(bob, 104, i)->rtp.payload), seqs[i]);
    conference_dispose(&c);
}

/* Append a transport feedback of so many packets from a number on: one that arrived, the others
 * lost. */
static void write_feedback(struct rtcp_writer *writer, uint16_t base, unsigned count)
{
    uint8_t *at = writer->data + writer->len;
    assert_true(writer->cap - writer->len >= 28 && count > 1 && count < 0x2000);
    memset(at, 0, 28);
    at[0] = 0x8F;
    at[1] = 205;
    at[3] = 6;
    at[7] = at[11] = 9; /* SSRCs */
    rtp_bytes_put16(at + 12, base);
    rtp_bytes_put16(at + 14, (uint16_t)count);
    rtp_bytes_put16(at + 20, 0x2001); /* a run of one, received; the delta follows the other run */
    rtp_bytes_put16(at + 22, (uint16_t)(count - 1));
    at[24] = 4;
    writer->len += 28;
}

/* One compound, however it is divided, asks for no more than the longest of a browser. Nothing in
 * it is of the receiver's own slots but what comes last, after so many messages of each sort. */
static void test_compound_is_bounded(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        unsigned nacks, numbers;      /* messages, and packets of each */
        unsigned feedbacks, statuses; /* about packets that were never sent */
        unsigned repaired, unanswered, malformed, plis;
        bool is_active; /* the last feedback was taken */
    } table[] = {
        {"as a browser", 1, 60, 1, 400, 60, 0, 0, 1, true},
        {"the longest NACK", 1, 128, 0, 2, 128, 0, 0, 1, true},
        {"one longer", 1, 129, 0, 2, 128, 1, 0, 1, true},
        {"NACKs of eight streams", 8, 16, 1, 400, 128, 0, 0, 1, true},
        {"more of them", 10, 16, 0, 2, 128, 2, 0, 1, true},
        {"feedback of 2000 packets, and ten", 0, 0, 2, 1000, 0, 0, 0, 1, true},
        {"of 2040, and ten", 0, 0, 2, 1020, 0, 0, 1, 1, false},
        {"of more than is remembered", 0, 0, 3, 1000, 0, 0, 1, 1, true},
        {"30 messages, and two", 0, 0, 30, 2, 0, 0, 0, 1, true},
        {"31", 0, 0, 31, 2, 0, 0, 1, 0, true},
        {"as many as there is room for", 0, 0, 40, 1000, 0, 0, 40, 0, false},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct conference c;
        struct rtcp_writer writer;
        uint8_t data[1200];
        uint16_t seqs[160];
        conference_init(&c);
        struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
        print_message("%s\n", table[i].what);
        person_show_for(&c, ann, 180, true); /* her key frame is too old to be replayed */
        unsigned plis = count_plis(ann), heard = count_heard(bob, 4), next = 0;
        for (unsigned n = 0; n < 160; n++)
            seqs[n] = heard_at(bob, 4, heard - 160 + n)->rtp.seq;
        struct core_participant *receiver = core_engine_find(c.engine, bob->number);
        uint16_t sent = (uint16_t)receiver->estimate.estimator.history.next;
        rtcp_writer_init(&writer, data, sizeof(data));
        for (unsigned n = 0; n < table[i].nacks; n++, next += table[i].numbers)
            assert_int_equal(rtcp_write_nack(&writer, 9, 4, seqs + next, table[i].numbers), 0);
        for (unsigned n = 0; n < table[i].feedbacks; n++)
            write_feedback(&writer, (uint16_t)(sent + 20000), table[i].statuses);
        write_feedback(&writer, (uint16_t)(sent - 10), 10);
        assert_int_equal(rtcp_write_pli(&writer, 9, 4), 0);
        core_rtcp_receive(receiver, data, writer.len, c.now_us);
        assert_int_equal(receiver->estimate.is_active, table[i].is_active);
        conference_run(&c, 20 * MS);
        assert_int_equal(count_plis(ann) - plis, table[i].plis);
        struct core_statistics statistics = newest_statistics(&c, bob);
        assert_int_equal(statistics.slots[3].nacks, table[i].repaired);
        assert_int_equal(statistics.slots[3].unanswered_requests, table[i].unanswered);
        assert_int_equal(statistics.uplink.malformed, table[i].malformed);
        assert_int_equal(statistics.slots[3].plis, table[i].plis);
        conference_dispose(&c);
    }
}

/* FIR was not negotiated: neither a live slot's nor an idle one's reaches a source. */
static void test_fir(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    person_show_for(&c, ann, 60, true); /* her key frame is too old to be replayed */
    unsigned before = count_plis(ann);
    for (uint8_t ssrc = 4; ssrc <= 5; ssrc++) {
        uint8_t data[20] = {0x84, 206, 0, 4, 0, 0, 0, 9, 0, 0, 0, ssrc, 0, 0, 0, ssrc, 1, 0, 0, 0};
        struct rtcp_writer writer = {.data = data, .cap = sizeof(data), .len = sizeof(data)};
        send_compound(&c, bob, &writer);
    }
    conference_run(&c, S);
    assert_int_equal(count_plis(ann), before);
    assert_int_equal(count_rtcp(ann, RTCP_PAYLOAD_FEEDBACK, RTCP_FORMAT_FIR, NULL), 0);
    send_pli(&c, bob, 4); /* what was negotiated works */
    assert_int_equal(count_plis(ann), before + 1);
    conference_dispose(&c);
}

/* Each packet of a compound stands alone; those before a malformed one are honoured. */
static void test_compound(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        bool is_malformed_first, is_malformed_last;
        unsigned repaired, forwarded;
    } table[] = {{"a report, a NACK and a PLI", false, false, 1, 1},
                 {"and then nonsense", false, true, 1, 1},
                 {"nonsense first", true, false, 0, 0}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct conference c;
        uint8_t data[256];
        static const uint8_t nonsense[4] = {0x80, 201, 0, 99};
        struct rtcp_writer writer;
        conference_init(&c);
        struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
        person_show_for(&c, ann, 60, true);
        uint16_t seq = heard_at(bob, 4, 59)->rtp.seq;
        unsigned before = count_plis(ann);
        rtcp_writer_init(&writer, data, sizeof(data));
        assert_int_equal(rtcp_write_receiver_report(&writer, 9, NULL, 0), 0);
        if (table[i].is_malformed_first) {
            memcpy(data + writer.len, nonsense, 4);
            writer.len += 4;
        }
        assert_int_equal(rtcp_write_nack(&writer, 9, 4, &seq, 1), 0);
        assert_int_equal(rtcp_write_pli(&writer, 9, 4), 0);
        if (table[i].is_malformed_last) {
            memcpy(data + writer.len, nonsense, 4);
            writer.len += 4;
        }
        print_message("%s\n", table[i].what);
        send_compound(&c, bob, &writer);
        assert_int_equal(count_heard(bob, 104), table[i].repaired);
        assert_int_equal(count_plis(ann) - before, table[i].forwarded);
        assert_int_equal(newest_statistics(&c, bob).uplink.malformed,
                         table[i].is_malformed_first || table[i].is_malformed_last);
        conference_dispose(&c);
    }
}

/* The round trip comes from reports on our slots, and NACKs are repeated by it. */
static void test_round_trip(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint32_t ssrc;      /* that the block is about */
        int64_t held_us;    /* between our report and theirs */
        int64_t claimed_us; /* what they say of it */
        bool names_report;
        int64_t rtt_us;
    } table[] = {
        {"40 ms", 4, 500 * MS, 460 * MS, true, 40 * MS},
        {"no report of ours", 4, 500 * MS, 460 * MS, false, 0},
        {"of a stream that is not ours", 4444, 500 * MS, 460 * MS, true, 0},
        {"held longer than is possible", 4, 500 * MS, 600 * MS, true, 0},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct conference c;
        struct rtcp_packet packet;
        struct rtcp_sender_report told;
        uint8_t data[128];
        struct rtcp_writer writer;
        conference_init(&c);
        struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
        person_show_for(&c, ann, 60, true);
        assert_true(count_rtcp(bob, RTCP_SENDER_REPORT, -1, &packet) > 0);
        assert_int_equal(rtcp_sender_report_parse(&told, &packet), 0);
        uint64_t told_us = ((told.ntp - UINT64_C(0xE000000000000000)) >> 16) * S >> 16;
        c.now_us = (int64_t)told_us + table[i].held_us;
        const struct rtcp_report_block block = {
            .ssrc = table[i].ssrc,
            .last_sr = table[i].names_report ? (uint32_t)(told.ntp >> 16) : 0,
            .delay_since_last_sr = (uint32_t)(table[i].claimed_us * 65536 / S)};
        rtcp_writer_init(&writer, data, sizeof(data));
        assert_int_equal(rtcp_write_receiver_report(&writer, 9, &block, 1), 0);
        print_message("%s\n", table[i].what);
        person_send_rtcp(&c, bob, &writer);
        const struct core_participant *participant = core_engine_find(c.engine, bob->number);
        assert_in_range(participant->rtt_us + MS, table[i].rtt_us, table[i].rtt_us + 2 * MS);
        struct core_statistics statistics = newest_statistics(&c, bob);
        uint64_t shown = table[i].rtt_us ? (uint64_t)participant->rtt_us : CORE_STATISTIC_UNKNOWN;
        assert_int_equal(statistics.uplink.rtt_us, shown);
        assert_int_equal(statistics.downlink.rtt_us, shown);
        conference_dispose(&c);
    }
}

/* Late packets do not shift the slot's clock: the newest one's timestamp stands for its capture. */
static void test_sender_report_after_late_packets(void **state)
{
    (void)state;
    struct conference c;
    uint8_t data[128];
    struct rtcp_writer writer;
    struct rtcp_packet packet;
    struct rtcp_sender_report told;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    person_show(&c, ann, CAM, true);
    const struct rtcp_sender_report report = {.ssrc = ssrc_of(ann, CAM, 0),
                                              .ntp = UINT64_C(0xD000000000000000),
                                              .rtp_timestamp = (uint32_t)(c.now_us * 9 / 100)};
    rtcp_writer_init(&writer, data, sizeof(data));
    assert_int_equal(rtcp_write_sender_report(&writer, &report, NULL, 0), 0);
    person_send_rtcp(&c, ann, &writer);
    for (int i = 0; i < 90; i++) { /* of each two packets the first one comes last, 30 ms old */
        conference_run(&c, 33 * MS);
        uint16_t before = ann->seqs[CAM][0]++;
        uint16_t newest = person_show(&c, ann, CAM, false);
        ann->seqs[CAM][0] = before;
        person_send(&c, ann,
                    &(struct media){.track = CAM,
                                    .timestamp = (uint32_t)((c.now_us - 30 * MS) * 9 / 100),
                                    .level = -1,
                                    .is_start = true,
                                    .marker = true});
        ann->seqs[CAM][0] = newest;
    }
    assert_true(count_rtcp(bob, RTCP_SENDER_REPORT, -1, &packet) > 0);
    assert_int_equal(rtcp_sender_report_parse(&told, &packet), 0);
    struct heard *newest = heard_at(bob, 4, count_heard(bob, 4) - 2);
    int64_t told_us = (int64_t)((told.ntp - UINT64_C(0xE000000000000000)) >> 32) * S +
                      (int64_t)(((told.ntp & 0xFFFFFFFF) * S) >> 32);
    int64_t media_us = (int64_t)(int32_t)(newest->rtp.timestamp - told.rtp_timestamp) * 100 / 9;
    assert_in_range(told_us + media_us, newest->at_us - 2 * MS, newest->at_us + 2 * MS);
    conference_dispose(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pli),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_sender_report_of_a_source),
        cmocka_unit_test(test_nack),
        cmocka_unit_test(test_nack_is_bounded),
        cmocka_unit_test(test_compound_is_bounded),
        cmocka_unit_test(test_fir),
        cmocka_unit_test(test_compound),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_sender_report_after_late_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
