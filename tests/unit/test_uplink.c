/* From an authentic packet to its layer: binding, counting, repair. */
#include "conference.h"
#include "person_heard.h"
#include "person_send.h"

#include "sfu/core/participant.h"

static const struct core_uplink_statistics *statistics_of(struct conference *c,
                                                          const struct person *person)
{
    static struct core_statistics statistics;
    struct core_statistics next;
    conference_run(c, 10 * MS);
    for (int i = 0; i < 120; i++) { /* once a second */
        int64_t deadline_us = core_engine_deadline(c->engine);
        c->now_us = deadline_us > c->now_us ? deadline_us : c->now_us;
        core_engine_advance(c->engine, c->now_us);
        while (core_engine_next_statistics(c->engine, c->now_us, &next))
            if (next.participant == person->number)
                statistics = next;
        conference_flush(c);
    }
    return &statistics.uplink;
}

/* How an offer and a packet name a stream, and whether they find each other. */
static void test_binding(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint32_t offered_ssrc;
        const char *offered_rid, *mid, *rid;
        bool is_bound;
    } table[] = {
        {"MID", 0, NULL, "cam", NULL, true},
        {"MID of another line, but its payload type", 0, NULL, "scr", NULL, true},
        {"MID of an audio line", 0, NULL, "mic", NULL, false},
        {"unknown MID", 0, NULL, "nil", NULL, false},
        {"a MID that is a prefix", 0, NULL, "ca", NULL, false},
        {"MID and RID", 0, "h", "cam", "h", true},
        {"unknown RID", 0, "h", "cam", "x", false},
        {"simulcast without RID", 0, "h", "cam", NULL, false},
        {"nothing: the camera's or the screen's", 0, "h", NULL, NULL, false},
        {"SSRC of the offer", 1, NULL, NULL, NULL, true},
        {"nothing, and two lines have this payload type", 0, NULL, NULL, NULL, false},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct conference c;
        conference_init(&c);
        struct core_join join = usual_join(1, 1);
        if (table[i].offered_rid) {
            join.tracks[CAM].rid_count = 1;
            strcpy(join.tracks[CAM].rids[0], table[i].offered_rid);
        }
        struct person named = {.number = 1};
        if (table[i].offered_ssrc)
            join.tracks[CAM].ssrc = ssrc_of(&named, CAM, 0);
        struct person *ann = conference_enter(&c, &join);
        person_nominate(&c, ann);
        person_send(&c, ann,
                    &(struct media){.track = CAM,
                                    .mid = table[i].mid,
                                    .rid = table[i].rid,
                                    .level = -1,
                                    .is_start = true,
                                    .is_keyframe = true,
                                    .height = 480});
        const struct core_uplink_statistics *statistics = statistics_of(&c, ann);
        print_message("%s\n", table[i].what);
        assert_int_equal(statistics->packets, 1);
        assert_int_equal(statistics->unbound, !table[i].is_bound);
        assert_int_equal(statistics->malformed, 0);
        conference_dispose(&c);
    }
}

/* The only line with a payload type needs no name. */
static void test_binding_by_payload_type(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    for (int i = 0; i < 3; i++) {
        person_send(&c, ann, &(struct media){.track = MIC, .level = 30, .timestamp = 960u * i});
        conference_run(&c, 20 * MS);
    }
    assert_int_equal(count_heard(bob, 1), 3);
    conference_dispose(&c);
}

/* A stream once bound needs no MID; another SSRC does not take its place. */
/* Two SSRCs at once are not one layer; one after the other are. */
static void test_bound_once(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    person_show(&c, ann, CAM, true);
    conference_run(&c, 33 * MS);
    for (int i = 0; i < 5; i++) {
        person_send(&c, ann,
                    &(struct media){.track = CAM,
                                    .timestamp = 1000u * i,
                                    .level = -1,
                                    .is_start = true,
                                    .is_keyframe = true,
                                    .height = 480});
        person_send(&c, ann,
                    &(struct media){
                        .track = CAM, .layer = 1, .mid = "cam", .level = -1}); /* another SSRC */
        conference_run(&c, 33 * MS);
    }
    assert_int_equal(statistics_of(&c, ann)->unbound, 5);
    assert_int_equal(count_heard(bob, 4), 6);
    /* The first one falls silent: the source has restarted its stream. */
    conference_run(&c, CORE_LAYER_SILENCE_US);
    struct media again = {.track = CAM, .layer = 1, .level = -1, .is_start = true, .height = 240};
    person_send(&c, ann, &again); /* it does not say whose it is */
    conference_run(&c, 33 * MS);
    assert_int_equal(statistics_of(&c, ann)->unbound, 6);
    again.mid = "cam";
    person_send(&c, ann, &again); /* no key frame yet */
    conference_run(&c, 33 * MS);
    assert_int_equal(count_heard(bob, 4), 6);
    again.is_keyframe = true;
    again.timestamp = 3000;
    person_send(&c, ann, &again);
    conference_run(&c, 133 * MS);
    assert_int_equal(statistics_of(&c, ann)->unbound, 6);
    assert_int_equal(count_heard(bob, 4), 7);
    assert_int_equal((uint16_t)(heard_at(bob, 4, 6)->rtp.seq - heard_at(bob, 4, 5)->rtp.seq), 1);
    conference_dispose(&c);
}

static void test_malformed_payloads(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    uint8_t data[CORE_BUFFER_BYTES];
    person_show(&c, ann, CAM, true);
    conference_run(&c, 50 * MS);
    unsigned heard = count_heard(bob, 4);
    const struct media media = {.track = CAM, .mid = "cam", .level = -1};
    for (uint16_t i = 0; i < 4; i++) {
        size_t head = write_head(data, ann, &media, ssrc_of(ann, CAM, 0),
                                 (uint16_t)(ann->seqs[CAM][0] + 1 + i), PT_VP8);
        static const uint8_t payloads[4][12] = {
            {0x90}, {0x90, 0xF0}, {0x90, 0xF0, 0x80, 1, 2}, {0x10, 0x00, 0, 0, 1, 2, 3}};
        static const size_t lens[4] = {1, 2, 5, 12};
        memcpy(data + head, payloads[i], lens[i]);
        person_send_sealed(&c, ann, data, head + lens[i], head);
    }
    assert_int_equal(statistics_of(&c, ann)->malformed, 4);
    assert_int_equal(count_heard(bob, 4), heard);
    conference_dispose(&c);
}

static void test_table_is_bounded(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1);
    uint8_t data[CORE_BUFFER_BYTES];
    const struct media media = {.track = CAM, .mid = "cam", .level = -1};
    for (uint32_t i = 0; i < 60; i++) { /* RTX streams: any number may bind to a layer */
        size_t head = write_head(data, ann, &media, 0x9000 + i, 7, PT_RTX);
        memset(data + head, 0, 20);
        person_send_sealed(&c, ann, data, head + 20, head);
    }
    assert_int_equal(statistics_of(&c, ann)->unbound, 60 - CORE_SSRCS_MAX);
    conference_dispose(&c);
}

static void send_rtx(struct conference *c, struct person *person, uint16_t rtx_seq, uint16_t seq,
                     const struct media *media)
{
    uint8_t data[CORE_BUFFER_BYTES];
    struct media named = *media;
    named.mid = "cam";
    size_t head = write_head(data, person, &named, ssrc_of(person, CAM, 7), rtx_seq, PT_RTX);
    rtp_bytes_put16(data + head, seq); /* OSN */
    size_t len = write_vp8(data + head + 2, media, seq, (uint8_t)seq);
    person_send_sealed(c, person, data, head + 2 + len, head);
}

/* A lost packet that comes by RTX is forwarded; one that had arrived is not sent twice. */
static void test_repair(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    uint16_t first = person_show(&c, ann, CAM, true);
    conference_run(&c, 40 * MS);
    ann->seqs[CAM][0]++; /* lost */
    ann->picture_ids[CAM][0]++;
    uint32_t lost_timestamp = (uint32_t)(c.now_us * 9 / 100);
    conference_run(&c, 40 * MS);
    person_show(&c, ann, CAM, false);
    assert_int_equal(count_heard(bob, 4), 2);
    const struct media lost = {
        .track = CAM, .timestamp = lost_timestamp, .level = -1, .is_start = true, .marker = true};
    send_rtx(&c, ann, 1, (uint16_t)(first + 1), &lost);
    assert_int_equal(count_heard(bob, 4), 3);
    assert_int_equal((uint16_t)(heard_at(bob, 4, 2)->rtp.seq - heard_at(bob, 4, 0)->rtp.seq), 1);
    send_rtx(&c, ann, 2, (uint16_t)(first + 1), &lost); /* once more */
    send_rtx(&c, ann, 3, first, &lost);                 /* this one had arrived */
    assert_int_equal(count_heard(bob, 4), 3);
    conference_dispose(&c);
}

/* Repair streams find their layer by repaired RID, or by the offer's SSRC; a repair restores what
   was lost and nothing else. */
static void test_binding_of_repair(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        const char *mid, *repaired_rid;
        uint32_t ssrc; /* of the repair stream */
        bool is_repaired, is_unbound;
    } table[] = {
        {"MID and repaired RID", "cam", "h", 0x7001, true, false},
        {"the repaired RID of the layer that is not forwarded", "cam", "l", 0x7002, false, false},
        {"an unknown repaired RID", "cam", "x", 0x7003, false, true},
        {"MID alone, but there are layers", "cam", NULL, 0x7004, false, true},
        {"an unknown MID", "nil", "h", 0x7005, false, true},
        {"a MID without RTX", "mic", NULL, 0x7006, false, true},
        {"nothing", NULL, NULL, 0x7007, false, true},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct conference c;
        uint8_t data[CORE_BUFFER_BYTES];
        struct core_join join = usual_join(1, 1);
        conference_init(&c);
        join.tracks[CAM].rid_count = 2;
        strcpy(join.tracks[CAM].rids[0], "l");
        strcpy(join.tracks[CAM].rids[1], "h");
        struct person *ann = conference_enter(&c, &join), *bob = conference_join(&c, 1);
        person_nominate(&c, ann);
        const struct media frame = {.track = CAM,
                                    .layer = 1,
                                    .mid = "cam",
                                    .rid = "h",
                                    .level = -1,
                                    .is_start = true,
                                    .is_keyframe = true,
                                    .height = 480};
        uint16_t first = person_send(&c, ann, &frame);
        ann->seqs[CAM][1]++; /* lost */
        person_send(&c, ann, &frame);
        const struct media name = {
            .mid = table[i].mid, .repaired_rid = table[i].repaired_rid, .level = -1};
        size_t head = write_head(data, ann, &name, table[i].ssrc, 1, PT_RTX);
        rtp_bytes_put16(data + head, (uint16_t)(first + 1));
        size_t len = write_vp8(data + head + 2, &frame, 1, 0x55);
        print_message("%s\n", table[i].what);
        person_send_sealed(&c, ann, data, head + 2 + len, head);
        assert_int_equal(count_heard(bob, 4), table[i].is_repaired ? 3 : 2);
        if (table[i].is_repaired) {
            assert_int_equal(
                (uint16_t)(heard_at(bob, 4, 2)->rtp.seq - heard_at(bob, 4, 0)->rtp.seq), 1);
            assert_int_equal(heard_at(bob, 4, 2)->rtp.payload[len - 1], 0x55);
        }
        assert_int_equal(statistics_of(&c, ann)->unbound, table[i].is_unbound);
        conference_dispose(&c);
    }
}

/* An RTX SSRC of the offer needs no MID; what comes ahead of its media is a probe. */
static void test_offered_repair(void **state)
{
    (void)state;
    struct conference c;
    uint8_t data[CORE_BUFFER_BYTES];
    struct core_join join = usual_join(1, 1);
    const struct person named = {.number = 1};
    const struct media nameless = {.track = CAM, .level = -1};
    conference_init(&c);
    join.tracks[CAM].ssrc = ssrc_of(&named, CAM, 0);
    join.tracks[CAM].rtx_ssrc = 0x7001;
    struct person *ann = conference_enter(&c, &join), *bob = conference_join(&c, 1);
    person_nominate(&c, ann);
    for (uint16_t seq = 1; seq <= 2; seq++) {
        size_t head = write_head(data, ann, &nameless, 0x7001, seq, PT_RTX);
        rtp_bytes_put16(data + head, 2);
        size_t len = write_vp8(data + head + 2, &nameless, 2, 2);
        if (seq == 2) { /* the media: 1, (2 is lost), 3 */
            person_show(&c, ann, CAM, true);
            ann->seqs[CAM][0]++;
            person_show(&c, ann, CAM, false);
        }
        person_send_sealed(&c, ann, data, head + 2 + len, head);
        assert_int_equal(count_heard(bob, 4), seq == 1 ? 0 : 3);
    }
    assert_int_equal(statistics_of(&c, ann)->unbound, 0);
    conference_dispose(&c);
}

/* Packets without a payload: nothing is forwarded, nothing is malformed, and they do not keep a
   source alive. */
static void test_padding_only(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint8_t payload_type;
        uint32_t layer; /* of its SSRC */
        size_t padding;
    } table[] = {
        {"on the media's SSRC", PT_VP8, 0, 200},       {"on the repair's SSRC", PT_RTX, 7, 200},
        {"all of 255 bytes", PT_RTX, 7, 255},          {"one byte", PT_RTX, 7, 1},
        {"neither payload nor padding", PT_RTX, 7, 0}, {"a probe of one byte", PT_RTX, 7, 2}};
    struct conference c;
    uint8_t data[CORE_BUFFER_BYTES];
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    person_show(&c, ann, CAM, true);
    conference_run(&c, 20 * MS);
    uint16_t rtx_seq = 0;
    for (int64_t end_us = c.now_us + 3 * S; c.now_us < end_us;) /* 90 rounds */
        for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
            const struct media media = {.track = CAM, .mid = "cam", .level = -1};
            uint16_t seq = table[i].payload_type == PT_RTX ? ++rtx_seq : ++ann->seqs[CAM][0];
            size_t head = write_head(data, ann, &media, ssrc_of(ann, CAM, table[i].layer), seq,
                                     table[i].payload_type);
            memset(data + head, 0, 300);
            if (table[i].padding > 0) {
                data[0] |= 0x20;
                data[head + table[i].padding - 1] = (uint8_t)table[i].padding;
            }
            if (i == 5) /* one byte of payload is not even a sequence number */
                data[head + 1] = 1;
            person_send_sealed(&c, ann, data, head + table[i].padding, head);
            conference_run(&c, 5 * MS);
        }
    assert_int_equal(count_heard(bob, 4), 1);
    assert_int_equal(last_event(&c, CORE_EVENT_SLOTS, bob->number)->slots[3].state, CORE_SLOT_IDLE);
    const struct core_uplink_statistics *statistics = statistics_of(&c, ann);
    assert_int_equal(statistics->malformed, 0);
    assert_int_equal(statistics->unbound, 0);
    assert_true(statistics->packets > 500);
    conference_dispose(&c);
}

/* A full table refuses new streams; those that are in it go on. */
static void test_full_table(void **state)
{
    (void)state;
    struct conference c;
    uint8_t data[CORE_BUFFER_BYTES];
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    const struct media repair = {.track = CAM, .mid = "cam", .level = -1};
    person_show(&c, ann, CAM, true);
    for (uint32_t i = 0; i < CORE_SSRCS_MAX; i++) {
        size_t head = write_head(data, ann, &repair, 0x9000 + 64 * i, 7, PT_RTX);
        memset(data + head, 0, 20);
        person_send_sealed(&c, ann, data, head + 20, head);
    }
    person_speak(&c, ann, 30); /* the microphone is too late */
    person_show(&c, ann, CAM, false);
    conference_run(&c, 20 * MS);
    assert_int_equal(count_heard(bob, 1), 0);
    assert_int_equal(count_heard(bob, 4), 2);
    assert_int_equal(statistics_of(&c, ann)->unbound, 2);
    conference_dispose(&c);
}

/* A header that SRTP authenticates may still be malformed inside: it is counted. */
static void test_malformed_packets(void **state)
{
    (void)state;
    struct conference c;
    uint8_t data[CORE_BUFFER_BYTES];
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    const struct media media = {.track = MIC, .mid = "mic", .level = 30};
    person_speak(&c, ann, 30);
    static const uint8_t paddings[] = {0, 21, 255}; /* none, or more than the 20 that there are */
    for (size_t i = 0; i < sizeof(paddings); i++) {
        size_t head =
            write_head(data, ann, &media, ssrc_of(ann, MIC, 0), ++ann->seqs[MIC][0], PT_OPUS);
        data[0] |= 0x20;
        memset(data + head, paddings[i], 20);
        person_send_sealed(&c, ann, data, head + 20, head);
    }
    person_speak(&c, ann, 30);
    assert_int_equal(count_heard(bob, 1), 2);
    assert_int_equal(statistics_of(&c, ann)->malformed, 3);
    conference_dispose(&c);
}

/* The original was only late: it comes after its repair, and is not sent twice. */
static void test_original_after_its_repair(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    const struct media late = {
        .track = CAM, .mid = "cam", .timestamp = 7, .level = -1, .is_start = true, .marker = true};
    uint16_t first = person_show(&c, ann, CAM, true);
    ann->seqs[CAM][0]++;
    person_show(&c, ann, CAM, false);
    conference_run(&c, 40 * MS);
    send_rtx(&c, ann, 1, (uint16_t)(first + 1), &late);
    assert_int_equal(count_heard(bob, 4), 3);
    ann->seqs[CAM][0] = first;
    person_send(&c, ann, &late);
    assert_int_equal(count_heard(bob, 4), 3);
    conference_dispose(&c);
}

/* A repair of what arrived long ago is no news either, whatever it says. */
static void test_repair_after_the_history(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    const struct media other = {
        .track = CAM, .timestamp = 7, .level = -1, .is_start = true, .payload_len = 300};
    uint16_t first = person_show(&c, ann, CAM, true);
    for (int i = 0; i < 40; i++) { /* 1.3 s */
        conference_run(&c, 33 * MS);
        person_show(&c, ann, CAM, false);
    }
    assert_int_equal(count_heard(bob, 4), 41);
    send_rtx(&c, ann, 1, (uint16_t)(first + 1), &other);
    assert_int_equal(count_heard(bob, 4), 41);
    conference_dispose(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_binding),
        cmocka_unit_test(test_binding_by_payload_type),
        cmocka_unit_test(test_bound_once),
        cmocka_unit_test(test_malformed_payloads),
        cmocka_unit_test(test_table_is_bounded),
        cmocka_unit_test(test_repair),
        cmocka_unit_test(test_binding_of_repair),
        cmocka_unit_test(test_offered_repair),
        cmocka_unit_test(test_padding_only),
        cmocka_unit_test(test_full_table),
        cmocka_unit_test(test_malformed_packets),
        cmocka_unit_test(test_original_after_its_repair),
        cmocka_unit_test(test_repair_after_the_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
