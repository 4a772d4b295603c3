/* Who comes late sees a picture at once: what was received before is replayed to the live edge. */
#include "conference.h"
#include "person_heard.h"
#include "person_send.h"
#include "sfu/core/engine_internal.h"
#include "simulcast_camera.h"

/* Wherever in the temporal pattern somebody joins, the first picture does not stand still: no frame
   of the live edge is left out. */
static void test_joiner_misses_nothing(void **state)
{
    (void)state;
    for (unsigned phase = 0; phase < 8; phase++) {
        struct conference c;
        conference_init(&c);
        struct camera camera = {.person = conference_join_with_layers(&c, 1)};
        conference_join(&c, 1);
        camera_show_for(&c, &camera, 24 + phase);
        struct person *cid = conference_join(&c, 1);
        camera_show_for(&c, &camera, 30);
        unsigned count = assert_one_stream(cid, 4);
        for (unsigned i = 1; i < count; i++)
            assert_in_range(heard_at(cid, 4, i)->at_us - heard_at(cid, 4, i - 1)->at_us, 0,
                            40 * MS);
        conference_dispose(&c);
    }
}

/* Who comes a second after the key frame sees a picture at once, without a request. */
static void test_joiner(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct camera camera = {.person = conference_join_with_layers(&c, 1)};
    conference_join(&c, 1);
    camera_show_for(&c, &camera, 30);
    unsigned plis = camera.plis;
    struct person *cid = conference_join(&c, 1);
    int64_t joined_us = c.now_us;
    camera_show_for(&c, &camera, 60);
    assert_int_equal(camera.plis, plis);
    assert_true(heard_at(cid, 4, 0)->at_us - joined_us <= 40 * MS);
    unsigned count = assert_one_stream(cid, 4);
    /* The base layer of the past (5), all of its last half second from where the upper layers begin
       (13), and all that came live. */
    assert_int_equal(count, 5 + 13 + 60);
    /* At the live edge the timestamps are those of arrival. */
    struct heard *first = heard_at(cid, 4, count - 40), *last = heard_at(cid, 4, count - 1);
    int64_t drift_us = (int64_t)(last->rtp.timestamp - first->rtp.timestamp) * 100 / 9 -
                       (last->at_us - first->at_us);
    assert_in_range(drift_us + 1000, 0, 2000);
    int64_t begin_us =
        (int64_t)(last->rtp.timestamp - heard_at(cid, 4, 0)->rtp.timestamp) * 100 / 9 -
        (last->at_us - heard_at(cid, 4, 0)->at_us);
    assert_in_range(begin_us + 10000, 0, 20000);
    conference_dispose(&c);
}

/* Seven join within a second: the source is asked at most once. */
static void test_burst_of_joiners(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct camera camera = {.person = conference_join_with_layers(&c, 1)};
    camera_show_for(&c, &camera, 90); /* nobody has looked: her key frame is old */
    unsigned plis = camera.plis;
    for (int i = 0; i < 7; i++) {
        conference_join(&c, 1);
        camera_show_for(&c, &camera, 4);
    }
    camera_show_for(&c, &camera, 10);
    assert_int_equal(camera.plis - plis, 1);
    for (unsigned i = 1; i < c.person_count; i++)
        assert_one_stream(&c.people[i], 4);
    conference_dispose(&c);
}

/* What a replay has sent is repaired, though it was received more than a second ago. */
static void test_replay_is_repaired(void **state)
{
    (void)state;
    static const struct {
        unsigned frames; /* after the join */
        unsigned repaired;
    } table[] = {{10, 1}, {40, 0}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct conference c;
        conference_init(&c);
        struct camera camera = {.person = conference_join_with_layers(&c, 1)};
        conference_join(&c, 1);
        camera_show_for(&c, &camera, 30);
        struct person *cid = conference_join(&c, 1);
        camera_show_for(&c, &camera, table[i].frames);
        person_ask_for(&c, cid, 4, heard_at(cid, 4, 0)->rtp.seq);
        assert_int_equal(count_heard(cid, 104), table[i].repaired);
        conference_dispose(&c);
    }
}

#define SLIDE_PACKETS 150

/* A slide of many packets, then a small change every 200 ms. */
static void show_slide(struct conference *c, struct person *person, unsigned changes)
{
    for (unsigned i = 0; i < SLIDE_PACKETS + changes; i++) {
        bool is_slide = i < SLIDE_PACKETS;
        person_send(c, person,
                    &(struct media){.track = SCR,
                                    .mid = "scr",
                                    .height = 720,
                                    .timestamp = is_slide ? 1000 : (uint32_t)(c->now_us * 9 / 100),
                                    .level = -1,
                                    .is_start = i == 0 || !is_slide,
                                    .is_keyframe = i == 0,
                                    .marker = i >= SLIDE_PACKETS - 1,
                                    .payload_len = is_slide ? 700 : 100});
        conference_run(c, is_slide ? 1 * MS : 200 * MS);
    }
}

/* Where the budget is small, a slide's replay takes longer than a second: its end is repaired like
   its beginning. */
static void test_slow_replay_is_repaired(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1);
    show_slide(&c, ann, 100);
    struct person *bob = conference_join(&c, 1);
    conference_set_budget(&c, bob, 150000);
    int64_t joined_us = c.now_us;
    while (count_heard(bob, 8) < SLIDE_PACKETS && c.now_us - joined_us < 3 * S)
        conference_run(&c, 20 * MS);
    const struct heard *end = heard_at(bob, 8, SLIDE_PACKETS - 1);
    assert_true(end->at_us - heard_at(bob, 8, 0)->at_us > RTP_HISTORY_AGE_US);
    conference_run(&c, 200 * MS); /* it was lost: the receiver asks */
    person_ask_for(&c, bob, 8, end->rtp.seq);
    assert_int_equal(count_heard(bob, 108), 1);
    conference_run(&c, RTP_HISTORY_AGE_US);
    person_ask_for(&c, bob, 8, end->rtp.seq); /* too late */
    assert_int_equal(count_heard(bob, 108), 1);
    conference_dispose(&c);
}

/* The history is overwritten before the first packet of a replay has had its turn: the slot waits
   for a key frame, its numbers are those of no other stream. */
static void test_replay_overtaken(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    struct core_slot *slot = &core_engine_find(c.engine, bob->number)->slots[3];
    person_show_for(&c, ann, 5, true);
    unsigned before = count_heard(bob, 4);
    core_slot_interrupt(slot);
    core_slot_start_replay(slot, slot->target, c.now_us);
    for (unsigned i = 0; i < 200; i++)
        person_send(&c, ann,
                    &(struct media){.track = CAM,
                                    .timestamp = (uint32_t)(c.now_us * 9 / 100 + i),
                                    .level = -1,
                                    .is_start = true,
                                    .marker = true,
                                    .payload_len = 1100});
    conference_run(&c, 100 * MS);
    assert_null(slot->layer);
    assert_int_equal(count_heard(bob, 4), before);
    assert_true(count_plis(ann) > 0);
    conference_run(&c, 3 * S); /* the contract has room again */
    person_show_for(&c, ann, 5, true);
    assert_true(count_heard(bob, 4) > before);
    assert_true(vp8_of(heard_at(bob, 4, before)).is_keyframe);
    conference_dispose(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_joiner_misses_nothing),   cmocka_unit_test(test_joiner),
        cmocka_unit_test(test_burst_of_joiners),        cmocka_unit_test(test_replay_is_repaired),
        cmocka_unit_test(test_slow_replay_is_repaired), cmocka_unit_test(test_replay_overtaken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
