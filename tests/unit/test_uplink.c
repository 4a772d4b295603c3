/* From an authentic packet to its layer: binding, counting, repair. */
#include "conference.h"

#include "sfu/core/participant.h"

static const struct core_statistics *statistics_of(struct conference *c,
                                                   const struct person *person)
{
    static struct core_event event;
    struct core_event next;
    conference_run(c, 10 * MS);
    for (int i = 0; i < 120; i++) { /* once a second */
        int64_t deadline_us = core_engine_deadline(c->engine);
        c->now_us = deadline_us > c->now_us ? deadline_us : c->now_us;
        core_engine_advance(c->engine, c->now_us);
        while (core_engine_next_event(c->engine, &next))
            if (next.type == CORE_EVENT_STATISTICS && next.participant == person->number)
                event = next;
        conference_flush(c);
    }
    return &event.statistics;
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
        const struct core_statistics *statistics = statistics_of(&c, ann);
        print_message("%s\n", table[i].what);
        assert_int_equal(statistics->packets_received, 1);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_binding),          cmocka_unit_test(test_binding_by_payload_type),
        cmocka_unit_test(test_bound_once),       cmocka_unit_test(test_malformed_payloads),
        cmocka_unit_test(test_table_is_bounded), cmocka_unit_test(test_repair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
