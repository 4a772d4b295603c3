/* What a receiver gets through a slot when packets are lost, late or overtaken on either side. */
#include "conference.h"
#include "person_heard.h"
#include "person_send.h"
#include "sfu/core/engine_internal.h"

/* A retransmission says what the packet said: also of a source's segment that is over. */
static void test_retransmission(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    person_show_for(&c, ann, 10, true);
    ann->seqs[CAM][0] =
        (uint16_t)(ann->seqs[CAM][0] + 40); /* so much is lost: a new segment follows */
    conference_run(&c, 3 * S);
    person_show_for(&c, ann, 10, true);
    assert_int_equal(count_heard(bob, 4), 20);
    static const struct {
        unsigned packet;
        bool is_there;
    } table[] = {
        {19, true}, {12, true}, {10, true}, {3, false}}; /* 3: older than the history keeps */
    unsigned repaired = 0;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct heard *lost = heard_at(bob, 4, table[i].packet);
        person_ask_for(&c, bob, 4, lost->rtp.seq);
        assert_int_equal(count_heard(bob, 104) - repaired, table[i].is_there);
        repaired = count_heard(bob, 104);
        if (!table[i].is_there)
            continue;
        struct heard *again = heard_at(bob, 104, repaired - 1);
        assert_int_equal(again->rtp.payload_type, PT_RTX);
        assert_int_equal(rtp_bytes_get16(again->rtp.payload), lost->rtp.seq);
        assert_int_equal(again->rtp.timestamp, lost->rtp.timestamp);
        assert_int_equal(again->rtp.payload_len, lost->rtp.payload_len + 2);
        assert_memory_equal(again->rtp.payload + 2, lost->rtp.payload, lost->rtp.payload_len);
    }
    person_ask_for(&c, bob, 4, (uint16_t)(heard_at(bob, 4, 19)->rtp.seq + 1)); /* never sent */
    person_ask_for(&c, bob, 1, 5);    /* audio has no RTX */
    person_ask_for(&c, bob, 4444, 5); /* nobody's */
    assert_int_equal(count_heard(bob, 104), repaired);
    conference_dispose(&c);
}

/* What came before the newest key frame is not repaired: the picture goes on from there. */
static void test_no_repair_before_a_keyframe(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    person_show_for(&c, ann, 5, true);
    person_ask_for(&c, bob, 4, heard_at(bob, 4, 3)->rtp.seq);
    assert_int_equal(count_heard(bob, 104), 1);
    person_show_for(&c, ann, 5, true);
    static const struct {
        unsigned packet, repaired;
    } table[] = {{3, 1}, {4, 1}, {5, 2}, {6, 3}, {0, 3}, {9, 4}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        person_ask_for(&c, bob, 4, heard_at(bob, 4, table[i].packet)->rtp.seq);
        assert_int_equal(count_heard(bob, 104), table[i].repaired);
    }
    conference_dispose(&c);
}

/* What one slot shows no more is not repaired from the one who is in it now. */
static void test_no_repair_of_another(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1),
                  *cid = conference_join(&c, 1);
    struct core_layout layout = {.max_cameras = 1, .max_height = 720};
    conference_set_layout(&c, cid, &layout);
    person_show_for(&c, ann, 5, true);
    layout.pinned_count = 1;
    layout.pinned[0] = bob->number;
    person_show(&c, bob, CAM, true);
    conference_set_layout(&c, cid, &layout);
    conference_run(&c, 20 * MS);
    person_show_for(&c, bob, 5, false);
    assert_int_equal(count_heard(cid, 4), 11);                /* his first one is replayed */
    person_ask_for(&c, cid, 4, heard_at(cid, 4, 4)->rtp.seq); /* the last of hers */
    assert_int_equal(count_heard(cid, 104), 0);
    person_ask_for(&c, cid, 4, heard_at(cid, 4, 5)->rtp.seq); /* the first of his */
    assert_int_equal(count_heard(cid, 104), 1);
    assert_int_equal(csrc_of(heard_at(cid, 104, 0)), bob->join.tracks[CAM].csrc);
    conference_dispose(&c);
}

/* One frame with the shortest descriptor: no PictureID, no TL0PICIDX, no KEYIDX. */
static void show_bare(struct conference *c, struct person *person, unsigned layer, bool is_keyframe)
{
    uint8_t data[CORE_BUFFER_BYTES];
    bool has_rid = person->join.tracks[CAM].rid_count > 0;
    const struct media media = {.track = CAM,
                                .mid = "cam",
                                .rid = has_rid ? person->join.tracks[CAM].rids[layer] : NULL,
                                .timestamp = (uint32_t)(c->now_us * 9 / 100) - 900000 * layer,
                                .level = -1,
                                .marker = true};
    uint16_t seq = ++person->seqs[CAM][layer];
    size_t head = write_head(data, person, &media, ssrc_of(person, CAM, layer), seq, PT_VP8);
    uint8_t *at = data + head;
    memset(at, (uint8_t)seq, 50);
    at[0] = 0x10;
    at[1] = is_keyframe ? 0x10 : 0x11;
    if (is_keyframe)
        memcpy(at + 4, layer ? "\x9d\x01\x2a\x40\x01\xf0\x00" : "\x9d\x01\x2a\x80\x02\xe0\x01", 7);
    person_send_sealed(c, person, data, head + 50, head);
    conference_run(c, 33 * MS);
}

/* What was made up for the first transmission is in the retransmission, too. */
static void test_retransmission_without_picture_ids(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    for (unsigned i = 0; i < 12; i++) {
        show_bare(&c, ann, 0, i % 6 == 0);
        struct heard *lost = heard_at(bob, 4, i);
        person_ask_for(&c, bob, 4, lost->rtp.seq);
        assert_memory_equal(heard_at(bob, 104, i)->rtp.payload + 2, lost->rtp.payload,
                            lost->rtp.payload_len);
    }
    conference_dispose(&c);
}

/* A frame of the base layer, and one of the upper layer, which is left out: what follows is another
   segment. */
static void show_without_upper(struct conference *c, struct person *ann, struct person *bob,
                               bool is_keyframe)
{
    for (unsigned upper = 0; upper < 2; upper++) {
        core_engine_find(c->engine, bob->number)->slots[3].target_temporal = 0;
        person_show_layer(c, ann, upper ? '2' : is_keyframe ? 'K' : '0');
        conference_run(c, 33 * MS);
    }
}

/* A retransmission of an older segment changes nothing of what follows in the newest. */
static void test_retransmission_disturbs_nothing(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    show_without_upper(&c, ann, bob, true);
    for (int i = 0; i < 10; i++)
        show_without_upper(&c, ann, bob, false);
    person_ask_for(&c, bob, 4, heard_at(bob, 4, 2)->rtp.seq);
    assert_int_equal(count_heard(bob, 104), 1);
    for (int i = 0; i < 10; i++)
        show_without_upper(&c, ann, bob, false);
    assert_int_equal(count_heard(bob, 4), 21);
    for (unsigned i = 1; i < 21; i++) {
        struct rtp_vp8 a, b;
        struct heard *before = heard_at(bob, 4, i - 1), *now = heard_at(bob, 4, i);
        assert_int_equal(rtp_vp8_parse(&a, before->rtp.payload, before->rtp.payload_len), 0);
        assert_int_equal(rtp_vp8_parse(&b, now->rtp.payload, now->rtp.payload_len), 0);
        assert_int_equal((b.picture_id - a.picture_id) & 0x7FFF, 1);
    }
    conference_dispose(&c);
}

/* Late packets fill the hole that was left for them; those of before the beginning are not sent. */
static void test_reordering(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    static const struct {
        uint16_t seq;
        bool is_keyframe;
        int out; /* of the first one; -1: not sent */
    } table[] = {{100, true, 0},  {102, false, 2}, {101, false, 1}, {99, false, -1},
                 {105, false, 5}, {104, false, 4}, {103, false, 3}, {98, true, -1}};
    unsigned sent = 0;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        ann->seqs[CAM][0] = (uint16_t)(table[i].seq - 1);
        person_show(&c, ann, CAM, table[i].is_keyframe);
        conference_run(&c, MS);
        sent += table[i].out >= 0;
        assert_int_equal(count_heard(bob, 4), sent);
        if (table[i].out >= 0)
            assert_int_equal(
                (uint16_t)(heard_at(bob, 4, sent - 1)->rtp.seq - heard_at(bob, 4, 0)->rtp.seq),
                table[i].out);
    }
    conference_dispose(&c);
}

/* What fills a probe is of about the size wanted, and of what may be seen now. */
static void test_old_packets(void **state)
{
    (void)state;
    const uint16_t bytes = 130; /* a payload of 100, head and tag */
    for (unsigned is_muted = 0; is_muted <= 1; is_muted++) {
        struct conference c;
        conference_init(&c);
        struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
        struct core_slot *slot = &core_engine_find(c.engine, bob->number)->slots[3];
        person_show_for(&c, ann, 10, true);
        assert_true(core_slot_send_old(slot, bytes, c.now_us));
        conference_flush(&c);
        assert_int_equal(count_heard(bob, 104), 1);
        assert_false(core_slot_send_old(slot, 1000, c.now_us));
        if (is_muted)
            conference_mute(&c, ann, CORE_KIND_CAMERA, true);
        else
            conference_set_layout(&c, bob, &(struct core_layout){.is_audio_only = true});
        conference_run(&c, 20 * MS);
        assert_false(core_slot_send_old(slot, bytes, c.now_us));
        conference_dispose(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retransmission),
        cmocka_unit_test(test_no_repair_before_a_keyframe),
        cmocka_unit_test(test_no_repair_of_another),
        cmocka_unit_test(test_retransmission_without_picture_ids),
        cmocka_unit_test(test_retransmission_disturbs_nothing),
        cmocka_unit_test(test_reordering),
        cmocka_unit_test(test_old_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
