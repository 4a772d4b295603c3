/* What a receiver gets through a slot: one stream without a break, whoever is in it. */
#include "conference.h"
#include "person_heard.h"
#include "person_send.h"
#include "sfu/core/engine_internal.h"

static void test_nothing_before_a_keyframe(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    person_show_for(&c, ann, 10, false);
    assert_int_equal(count_heard(bob, 4), 0);
    assert_int_equal(last_event(&c, CORE_EVENT_SLOTS, bob->number)->slots[3].state,
                     CORE_SLOT_PAUSED);
    person_show_for(&c, ann, 10, true);
    assert_int_equal(count_heard(bob, 4), 10);
    const struct core_slot_report *report =
        &last_event(&c, CORE_EVENT_SLOTS, bob->number)->slots[3];
    assert_int_equal(report->state, CORE_SLOT_LIVE);
    assert_int_equal(report->participant, ann->number);
    assert_int_equal(report->csrc, ann->join.tracks[CAM].csrc);
    assert_int_equal(report->height, 480);
    assert_int_equal(count_heard(ann, 4), 0); /* nobody sees himself */
    conference_dispose(&c);
}

/* Padding without RTX: where no frame goes on that has begun, and nothing refers to what it cut. */
static void test_filler_between_frames(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        bool is_start, marker, is_keyframe; /* of a packet that comes before; none of them: none */
        bool is_muted;                      /* after it */
        bool is_filled;
    } table[] = {
        {"nothing was sent", false, false, false, false, true},
        {"a whole frame", true, true, true, false, true},
        {"half a frame", true, false, false, false, false},
        {"its end", false, true, false, false, true},
        {"half a frame, whose source goes away", true, false, false, true, true},
    };
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join_without_rtx(&c, 1);
    struct core_slot *slots = core_engine_find(c.engine, bob->number)->slots;
    assert_false(core_slot_send_filler(&slots[0], 500)); /* no voice */
    uint16_t next = 0;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        print_message("%s\n", table[i].what);
        if (table[i].is_start || table[i].marker)
            person_send(&c, ann,
                        &(struct media){.track = CAM,
                                        .mid = "cam",
                                        .timestamp = 900 * (uint32_t)(i + !table[i].is_start),
                                        .level = -1,
                                        .is_start = table[i].is_start,
                                        .marker = table[i].marker,
                                        .is_keyframe = table[i].is_keyframe,
                                        .height = 480});
        if (table[i].is_muted)
            conference_mute(&c, ann, CORE_KIND_CAMERA, true);
        unsigned before = count_heard(bob, 4);
        assert_int_equal(core_slot_send_filler(&slots[3], 500), table[i].is_filled);
        conference_run(&c, 30 * MS);
        assert_int_equal(count_heard(bob, 4) - before, table[i].is_filled ? 2 : 0);
    }
    for (unsigned i = 0; i < count_heard(bob, 4); i++) {
        const struct rtp_packet *rtp = &heard_at(bob, 4, i)->rtp;
        assert_int_equal(rtp->payload_type, PT_VP8);
        if (i > 0)
            assert_int_equal(rtp->seq, next);
        next = (uint16_t)(rtp->seq + 1);
    }
    assert_int_equal(slots[3].packet_count, count_heard(bob, 4)); /* of sender reports */
    conference_mute(&c, ann, CORE_KIND_CAMERA, false);
    conference_run(&c, 300 * MS);
    unsigned before = count_heard(bob, 4);
    person_show_for(&c, ann, 10, false); /* no key frame: half of what they refer to is missing */
    assert_int_equal(count_heard(bob, 4), before);
    person_show_for(&c, ann, 10, true);
    assert_int_equal(count_heard(bob, 4), before + 10);
    conference_dispose(&c);
}

/* Ann, then (she is muted) Bob in her slot, then Ann again: numbers as of one stream. */
static void test_change_of_source(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    struct core_join join = usual_join(1, 3);
    join.slot_count = 4; /* one camera slot only */
    struct person *cid = conference_enter(&c, &join);
    person_nominate(&c, cid);
    ann->seqs[CAM][0] = 65530; /* wraps within */
    bob->seqs[CAM][0] = 100;
    person_show_for(&c, ann, 20, true);
    conference_mute(&c, ann, CORE_KIND_CAMERA, true);
    for (int i = 0; i < 70; i++) { /* her slot is Bob's after two seconds */
        person_show(&c, ann, CAM, false);
        person_show(&c, bob, CAM, i % 30 == 0);
        conference_run(&c, 33 * MS);
    }
    person_show_for(&c, bob, 10, true);
    unsigned count = count_heard(cid, 4);
    assert_true(count >= 30); /* 20 of hers, the last 10 of his at least */
    assert_int_equal(csrc_of(heard_at(cid, 4, 0)), ann->join.tracks[CAM].csrc);
    assert_int_equal(csrc_of(heard_at(cid, 4, count - 1)), bob->join.tracks[CAM].csrc);
    unsigned changes = 0;
    for (unsigned i = 1; i < count; i++) {
        struct heard *before = heard_at(cid, 4, i - 1), *now = heard_at(cid, 4, i);
        struct rtp_vp8 a = vp8_of(before), b = vp8_of(now);
        assert_int_equal((uint16_t)(now->rtp.seq - before->rtp.seq), 1);
        assert_int_equal((b.picture_id - a.picture_id) & 0x7FFF, 1);
        assert_int_equal((uint8_t)(b.tl0_picture_index - a.tl0_picture_index), 1);
        int64_t ticks = (int64_t)(uint32_t)(now->rtp.timestamp - before->rtp.timestamp);
        assert_in_range(ticks, (now->at_us - before->at_us) * 9 / 100 - 10,
                        (now->at_us - before->at_us) * 9 / 100 + 10);
        if (csrc_of(before) != csrc_of(now)) {
            changes++;
            assert_true(b.is_frame_start && b.is_keyframe);
        }
    }
    assert_int_equal(changes, 1);
    conference_dispose(&c);
}

static void test_muted_is_not_forwarded(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    person_show_for(&c, ann, 10, true);
    conference_mute(&c, ann, CORE_KIND_CAMERA, true);
    unsigned heard = count_heard(bob, 4);
    person_show_for(&c, ann, 10, true);
    assert_int_equal(count_heard(bob, 4), heard);
    const struct core_slot_report *report =
        &last_event(&c, CORE_EVENT_SLOTS, bob->number)->slots[3];
    assert_int_equal(report->state, CORE_SLOT_PAUSED);
    assert_int_equal(report->pause, CORE_PAUSE_MUTED);
    conference_mute(&c, ann, CORE_KIND_CAMERA, false);
    conference_run(&c, 50 * MS);
    assert_true(count_plis(ann) > 0);
    person_show_for(&c, ann, 5, false); /* frames were missed: these show nothing */
    assert_int_equal(count_heard(bob, 4), heard);
    person_show_for(&c, ann, 10, true);
    assert_true(count_heard(bob, 4) > heard);
    conference_mute(&c, ann, CORE_KIND_CAMERA, true);
    person_show_for(&c, ann, 65, true); /* more than two seconds */
    assert_int_equal(last_event(&c, CORE_EVENT_SLOTS, bob->number)->slots[3].state, CORE_SLOT_IDLE);
    conference_dispose(&c);
}

/* Three seconds of nothing, then the source goes on where it was: no key frame is needed. */
static void test_pause_without_a_keyframe(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    person_show_for(&c, ann, 10, true);
    conference_run(&c, 3 * S);
    assert_int_equal(last_event(&c, CORE_EVENT_SLOTS, bob->number)->slots[3].state, CORE_SLOT_IDLE);
    person_show_for(&c, ann, 10, false);
    assert_int_equal(count_heard(bob, 4), 20);
    conference_run(&c, 3 * S);
    ann->seqs[CAM][0]++; /* but a lost packet would break the picture */
    person_show_for(&c, ann, 10, false);
    assert_int_equal(count_heard(bob, 4), 20);
    person_show_for(&c, ann, 10, true);
    assert_int_equal(count_heard(bob, 4), 30);
    conference_dispose(&c);
}

/* Of a screen, too: its key frame could be replayed, but the picture is there. Not to somebody
   else, and not when something was missed. */
static void test_pause_of_a_screen(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1), *cid;
    for (int i = 0; i < 10; i++, conference_run(&c, 200 * MS))
        person_show(&c, ann, SCR, i == 0);
    conference_run(&c, 3 * S);
    assert_int_equal(last_event(&c, CORE_EVENT_SLOTS, bob->number)->slots[7].state, CORE_SLOT_IDLE);
    cid = conference_join(&c, 1);
    for (int i = 0; i < 5; i++, conference_run(&c, 200 * MS))
        person_show(&c, ann, SCR, false);
    assert_int_equal(count_heard(bob, 8), 15);
    assert_int_equal(count_heard(cid, 8), 15);
    conference_run(&c, 3 * S);
    struct core_command command = {.type = CORE_COMMAND_LAYOUT,
                                   .participant = bob->number,
                                   .layout = {.max_cameras = 4, .is_audio_only = true}};
    conference_command(&c, &command);
    for (int i = 0; i < 5; i++, conference_run(&c, 200 * MS))
        person_show(&c, ann, SCR, false);
    command.layout.is_audio_only = false;
    conference_command(&c, &command);
    conference_run(&c, S);
    assert_int_equal(count_heard(bob, 8), 15 + 20);
    assert_int_equal(count_heard(cid, 8), 20);
    conference_dispose(&c);
}

static void test_audio(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    for (int i = 0; i < 80; i++) {
        person_speak(&c, ann, 25);
        conference_run(&c, 20 * MS);
    }
    assert_int_equal(count_heard(bob, 1), 80);
    for (unsigned i = 0; i < 80; i++) {
        struct heard *heard = heard_at(bob, 1, i);
        struct rtp_extension_values values;
        rtp_packet_read_extensions(&heard->rtp, &bob->join.extensions, &values);
        assert_int_equal(heard->rtp.marker, i == 0); /* a talk spurt begins */
        assert_int_equal(csrc_of(heard), ann->join.tracks[MIC].csrc);
        assert_true(values.has_audio_level && values.audio_level == 25);
        assert_true(values.has_transport_seq);
    }
    conference_dispose(&c);
}

static void test_oversized_payload(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    person_show_for(&c, ann, 3, true);
    person_send(&c, ann,
                &(struct media){.track = CAM, .level = -1, .mid = "cam", .payload_len = 1460});
    conference_run(&c, 33 * MS);
    assert_int_equal(count_heard(bob, 4), 3); /* it would not fit with our header */
    person_show_for(&c, ann, 3, false);
    assert_int_equal(count_heard(bob, 4), 6);
    conference_dispose(&c);
}

/* The longest time without a frame sent, while the source sent some: a silent source makes no gap.
 */
static void test_gaps(void **state)
{
    (void)state;
    struct conference c;
    struct core_statistics statistics;
    uint64_t max_gap_ms = 0;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    person_show_for(&c, ann, 10, true);
    conference_run(&c, S); /* she sends nothing */
    person_show_for(&c, ann, 10, false);
    for (int i = 0; i < 10; i++) { /* too large to be forwarded: 330 ms */
        person_send(&c, ann,
                    &(struct media){.track = CAM,
                                    .timestamp = (uint32_t)(c.now_us * 9 / 100),
                                    .level = -1,
                                    .is_start = true,
                                    .marker = true,
                                    .payload_len = 1460});
        conference_run(&c, 33 * MS);
    }
    person_show_for(&c, ann, 10, false);
    for (int i = 0; i < 120; i++) { /* once a second */
        int64_t deadline_us = core_engine_deadline(c.engine);
        c.now_us = deadline_us > c.now_us ? deadline_us : c.now_us;
        core_engine_advance(c.engine, c.now_us);
        while (core_engine_next_statistics(c.engine, c.now_us, &statistics))
            if (statistics.participant == bob->number)
                max_gap_ms = statistics.slots[3].max_gap_ms;
        conference_flush(&c);
    }
    assert_in_range(max_gap_ms, 330, 370);
    conference_dispose(&c);
}

static void test_layout(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1),
                  *cid = conference_join(&c, 1);
    struct core_layout layout = {.max_cameras = 1, .max_height = 720};
    for (int i = 0; i < 10; i++) {
        person_show(&c, ann, CAM, i == 0);
        person_show(&c, bob, CAM, i == 0);
        conference_run(&c, 33 * MS);
    }
    assert_int_equal(count_heard(cid, 4), 10);
    assert_int_equal(count_heard(cid, 5), 10);
    conference_set_layout(&c, cid, &layout);
    conference_run(&c, 33 * MS);
    assert_int_equal(last_event(&c, CORE_EVENT_SLOTS, cid->number)->slots[3].participant,
                     ann->number);
    assert_int_equal(last_event(&c, CORE_EVENT_SLOTS, cid->number)->slots[4].state, CORE_SLOT_IDLE);
    layout.pinned_count = 1;
    layout.pinned[0] = bob->number;
    conference_set_layout(&c, cid, &layout);
    conference_run(&c, 33 * MS);
    assert_int_equal(last_event(&c, CORE_EVENT_SLOTS, cid->number)->slots[3].participant,
                     bob->number);
    layout.is_audio_only = true;
    conference_set_layout(&c, cid, &layout);
    conference_run(&c, 33 * MS);
    unsigned heard = count_heard(cid, 4);
    person_show_for(&c, bob, 5, true);
    assert_int_equal(count_heard(cid, 4), heard);
    const struct core_slot_report *report =
        &last_event(&c, CORE_EVENT_SLOTS, cid->number)->slots[3];
    assert_int_equal(report->state, CORE_SLOT_PAUSED);
    assert_int_equal(report->pause, CORE_PAUSE_LAYOUT);
    assert_int_equal(report->participant, bob->number);
    layout.is_audio_only = false;
    conference_set_layout(&c, cid, &layout);
    conference_run(&c, 20 * MS);
    assert_int_equal(count_heard(cid, 4), heard + 5); /* from his last key frame on */
    assert_true(vp8_of(heard_at(cid, 4, heard)).is_keyframe);
    person_show_for(&c, bob, 5, false);
    assert_int_equal(count_heard(cid, 4), heard + 10);
    conference_dispose(&c);
}

/* A voice takes another's slot: its first packet is marked, and the stream goes on. */
static void test_change_of_voice(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    struct core_join join = usual_join(1, 3);
    join.slot_count = 1;
    struct person *cid = conference_enter(&c, &join);
    person_nominate(&c, cid);
    for (int i = 0; i < 100; i++) { /* he gets louder than she is */
        person_speak(&c, ann, 40);
        person_speak(&c, bob, i < 20 ? 100 : 10);
        conference_run(&c, 20 * MS);
    }
    unsigned count = count_heard(cid, 1), changes = 0;
    for (unsigned i = 1; i < count; i++) {
        struct heard *before = heard_at(cid, 1, i - 1), *now = heard_at(cid, 1, i);
        bool is_change = csrc_of(before) != csrc_of(now);
        changes += is_change;
        assert_int_equal(now->rtp.marker, is_change);
        assert_int_equal((uint16_t)(now->rtp.seq - before->rtp.seq), 1);
        assert_in_range(now->rtp.timestamp - before->rtp.timestamp, 1, 2 * 960);
    }
    assert_int_equal(changes, 1);
    assert_int_equal(csrc_of(heard_at(cid, 1, count - 1)), bob->join.tracks[MIC].csrc);
    conference_dispose(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_before_a_keyframe),
        cmocka_unit_test(test_filler_between_frames),
        cmocka_unit_test(test_change_of_source),
        cmocka_unit_test(test_muted_is_not_forwarded),
        cmocka_unit_test(test_pause_without_a_keyframe),
        cmocka_unit_test(test_pause_of_a_screen),
        cmocka_unit_test(test_audio),
        cmocka_unit_test(test_oversized_payload),
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_change_of_voice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
