/* A room: in order of joining, nobody for himself, and who speaks. */
#include "conference.h"
#include "person_heard.h"
#include "person_send.h"

/* Whom a slot of a person shows by what he was told last; 0: nobody. */
static uint64_t shown(const struct conference *c, const struct person *person, unsigned slot)
{
    return count_events(c, CORE_EVENT_SLOTS, person->number)
               ? last_event(c, CORE_EVENT_SLOTS, person->number)->slots[slot].participant
               : 0;
}

static void everyone_shows(struct conference *c, unsigned count, int64_t duration_us)
{
    for (int64_t end_us = c->now_us + duration_us; c->now_us < end_us;) {
        for (unsigned i = 0; i < count; i++) {
            person_speak(c, &c->people[i], (int)(30 + 10 * i));
            person_show(c, &c->people[i], CAM, true);
        }
        conference_run(c, 20 * MS);
    }
}

static void test_order_of_joining(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    for (int i = 0; i < 7; i++)
        conference_join(&c, 1);
    everyone_shows(&c, 7, 300 * MS);
    static const uint64_t expected[7][4] = {{2, 3, 4, 5}, {1, 3, 4, 5}, {1, 2, 4, 5}, {1, 2, 3, 5},
                                            {1, 2, 3, 4}, {1, 2, 3, 4}, {1, 2, 3, 4}};
    for (int p = 0; p < 7; p++)
        for (unsigned s = 0; s < 4; s++)
            assert_int_equal(shown(&c, &c.people[p], 3 + s), expected[p][s]);
    /* Number 2 leaves: only her slots change. */
    conference_command(
        &c, &(struct core_command){.type = CORE_COMMAND_LEAVE, .participant = 2, .is_set = true});
    everyone_shows(&c, 1, 100 * MS);
    assert_int_equal(shown(&c, &c.people[0], 3), 6);
    assert_int_equal(shown(&c, &c.people[0], 4), 3);
    assert_int_equal(shown(&c, &c.people[2], 4), 6);
    conference_dispose(&c);
}

static void test_voices(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    for (int i = 0; i < 6; i++)
        conference_join(&c, 1);
    everyone_shows(&c, 6, S);
    for (unsigned slot = 0; slot < 3; slot++) { /* the loudest three, not oneself */
        assert_in_range(shown(&c, &c.people[5], slot), 1, 3);
        assert_in_range(shown(&c, &c.people[0], slot), 2, 4);
    }
    conference_dispose(&c);
}

/* One who has no path yet gets nothing, and his slots wait. */
static void test_without_a_path(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1);
    struct core_join join = usual_join(1, 2);
    struct person *bob = conference_enter(&c, &join);
    everyone_shows(&c, 1, 300 * MS);
    assert_int_equal(shown(&c, bob, 3), 0);
    assert_int_equal(count_plis(ann), 0);
    person_nominate(&c, bob);
    everyone_shows(&c, 1, 200 * MS);
    assert_int_equal(shown(&c, bob, 3), ann->number);
    assert_true(count_heard(bob, 4) > 0);
    conference_dispose(&c);
}

static void test_screen(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1),
                  *cid = conference_join(&c, 1);
    for (int i = 0; i < 5; i++) {
        person_show(&c, bob, SCR, true);
        conference_run(&c, 50 * MS);
    }
    assert_int_equal(shown(&c, ann, 7), bob->number);
    assert_int_equal(shown(&c, cid, 7), bob->number);
    assert_int_equal(shown(&c, bob, 7), 0);
    conference_run(&c, 3 * S);
    assert_int_equal(shown(&c, ann, 7), 0);
    conference_dispose(&c);
}

/* The camera slots that show somebody, as a set of participants' bits. */
static unsigned cameras_shown(const struct conference *c, const struct person *person)
{
    unsigned set = 0;
    for (unsigned slot = 3; slot < 7; slot++)
        if (shown(c, person, slot))
            set |= 1u << shown(c, person, slot);
    return set;
}

/* Some of them send a frame of the screen every 50 ms for a while. */
static void share(struct conference *c, struct person *const *sharers, unsigned count,
                  int64_t duration_us)
{
    for (int64_t end_us = c->now_us + duration_us; c->now_us < end_us;) {
        for (unsigned i = 0; i < count; i++)
            person_show(c, sharers[i], SCR, true);
        conference_run(c, 50 * MS);
    }
}

/* The newest sharer is shown, the earlier one when it ends; who is muted shares anew when he is
   unmuted, who stood still for a while does not. */
static void test_two_screens(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1),
                  *cid = conference_join(&c, 1);
    struct person *const both[] = {ann, bob};
    share(&c, &bob, 1, 200 * MS);
    assert_int_equal(shown(&c, cid, 7), bob->number);
    share(&c, both, 2, 200 * MS);
    assert_int_equal(shown(&c, cid, 7), ann->number); /* though he joined first, and bob goes on */
    assert_int_equal(shown(&c, bob, 7), ann->number);
    assert_int_equal(shown(&c, ann, 7), bob->number); /* whose own is not for him */
    share(&c, &bob, 1, 2500 * MS);
    assert_int_equal(shown(&c, cid, 7), bob->number);
    share(&c, both, 2, 200 * MS); /* a slide that stood still for 2.5 s */
    assert_int_equal(shown(&c, cid, 7), ann->number);
    conference_mute(&c, ann, CORE_KIND_SCREEN, true);
    share(&c, both, 2, 200 * MS); /* at once, not after the 2 s of a slot that nobody wants */
    assert_int_equal(shown(&c, cid, 7), bob->number);
    conference_mute(&c, bob, CORE_KIND_SCREEN, true);
    conference_mute(&c, ann, CORE_KIND_SCREEN, false);
    conference_mute(&c, bob, CORE_KIND_SCREEN, false);
    share(&c, both, 2, 200 * MS);
    conference_mute(&c, ann, CORE_KIND_SCREEN, true);
    share(&c, both, 2, 200 * MS);
    conference_mute(&c, ann, CORE_KIND_SCREEN, false);
    share(&c, both, 2, 200 * MS); /* the newest is who began last */
    assert_int_equal(shown(&c, cid, 7), ann->number);
    share(&c, &ann, 1, 13 * S);
    share(&c, both, 2, 200 * MS); /* bob was gone for long: he shares anew */
    assert_int_equal(shown(&c, cid, 7), bob->number);
    conference_dispose(&c);
}

/* 20 ms of everybody: one speaks like people do, the others are silent; all show their cameras. */
static void one_speaks(struct conference *c, const struct person *speaker, int64_t duration_us)
{
    for (int64_t end_us = c->now_us + duration_us; c->now_us < end_us;) {
        for (unsigned i = 0; i < c->person_count; i++) {
            bool is_dip = c->now_us / (20 * MS) % 10 == 0;
            person_speak(c, &c->people[i], &c->people[i] == speaker && !is_dip ? 40 : 62);
            person_show(c, &c->people[i], CAM, true);
        }
        conference_run(c, 20 * MS);
    }
}

/* Who speaks for a second is shown to all who did not see him, in the slot of the one who joined
   last; the others' slots stay as they were. */
static void test_dominant_speaker(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    for (int i = 0; i < 8; i++)
        conference_join(&c, 1);
    struct person *ann = &c.people[0], *zoe = &c.people[7];
    one_speaks(&c, NULL, S);
    assert_int_equal(cameras_shown(&c, ann), 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5);
    one_speaks(&c, zoe, 300 * MS); /* "mhm" */
    one_speaks(&c, NULL, S);
    assert_int_equal(cameras_shown(&c, ann), 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5);
    one_speaks(&c, zoe, S);
    for (unsigned p = 0; p < 7; p++)
        assert_true(cameras_shown(&c, &c.people[p]) & 1u << 8);
    assert_int_equal(shown(&c, ann, 3), 2);
    assert_int_equal(shown(&c, ann, 4), 3);
    assert_int_equal(shown(&c, ann, 5), 4);
    assert_int_equal(shown(&c, ann, 6), 8);
    assert_int_equal(cameras_shown(&c, zoe), 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4);
    one_speaks(&c, &c.people[6], S);
    assert_int_equal(cameras_shown(&c, ann), 1u << 2 | 1u << 3 | 1u << 7 | 1u << 8);
    /* Muted by a moderator, a voice that goes on arriving shows nobody. */
    conference_mute(&c, &c.people[5], CORE_KIND_AUDIO, true);
    one_speaks(&c, &c.people[5], S);
    assert_int_equal(cameras_shown(&c, ann), 1u << 2 | 1u << 3 | 1u << 7 | 1u << 8);
    /* One slot: the speaker, and back. */
    conference_set_layout(&c, ann, &(struct core_layout){.max_cameras = 1, .max_height = 480});
    one_speaks(&c, zoe, 2 * S);
    assert_int_equal(cameras_shown(&c, ann), 1u << 8);
    one_speaks(&c, &c.people[2], 1500 * MS);
    assert_int_equal(cameras_shown(&c, ann), 1u << 3);
    conference_dispose(&c);
}

/* Packets of another's microphone that a person heard. */
static unsigned count_voice(const struct person *person, const struct person *other)
{
    unsigned count = 0;
    for (unsigned i = 0; i < person->heard_count; i++) {
        const struct heard *heard = &person->heard[i];
        count += !heard->is_rtcp && heard->rtp.csrc_count == 1 &&
                 rtp_bytes_get32(heard->data + 12) == other->number * 16 + MIC;
    }
    return count;
}

/* The first words of a fourth voice are heard within a tick, though the three before him send. */
static void test_first_words(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    for (int i = 0; i < 6; i++)
        conference_join(&c, 1);
    struct person *ann = &c.people[0], *zoe = &c.people[5];
    one_speaks(&c, NULL, S);
    for (unsigned slot = 0; slot < 3; slot++)
        assert_int_not_equal(shown(&c, ann, slot), zoe->number);
    unsigned before = count_voice(ann, zoe);
    one_speaks(&c, zoe, 200 * MS);
    unsigned after = count_voice(ann, zoe);
    assert_int_equal(before, 0);
    assert_in_range(after, 8, 9); /* of ten packets; the first is a dip */
    conference_dispose(&c);
}

/* A muted or silent source frees its slot after 2 s, whatever its kind. */
static void test_slots_are_freed(void **state)
{
    (void)state;
    static const unsigned slots[] = {0, 3, 7};
    for (int kind = 0; kind < CORE_KIND_COUNT; kind++)
        for (int is_muted = 0; is_muted < 2; is_muted++) {
            struct conference c;
            conference_init(&c);
            struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
            for (int i = 0; i < 5; i++) {
                person_speak(&c, bob, 40);
                person_show(&c, bob, CAM, true);
                person_show(&c, bob, SCR, true);
                conference_run(&c, 20 * MS);
            }
            assert_int_equal(shown(&c, ann, slots[kind]), bob->number);
            if (is_muted)
                conference_mute(&c, bob, (enum core_kind)kind, true);
            for (int i = 0; i < 120; i++) {
                if (kind != CORE_KIND_AUDIO || is_muted)
                    person_speak(&c, bob, 40);
                if (kind != CORE_KIND_CAMERA || is_muted)
                    person_show(&c, bob, CAM, true);
                if (kind != CORE_KIND_SCREEN || is_muted)
                    person_show(&c, bob, SCR, true);
                conference_run(&c, 20 * MS);
                if (i == 90)
                    assert_int_equal(shown(&c, ann, slots[kind]), bob->number);
            }
            for (int k = 0; k < CORE_KIND_COUNT; k++)
                assert_int_equal(shown(&c, ann, slots[k]), k == kind ? 0 : bob->number);
            conference_dispose(&c);
        }
}

static void test_speakers(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    conference_run(&c, S);
    assert_int_equal(count_events(&c, CORE_EVENT_SPEAKERS, 0), 0);
    for (int i = 0; i < 50; i++) {
        person_speak(&c, ann, 40);
        person_speak(&c, bob, 90); /* background noise */
        conference_run(&c, 20 * MS);
    }
    const struct core_event *event = last_event(&c, CORE_EVENT_SPEAKERS, 0);
    assert_int_equal(event->room, 1);
    assert_int_equal(event->speaker_count, 1);
    assert_int_equal(event->speakers[0].participant, ann->number);
    assert_in_range(event->speakers[0].level, 40, 47);
    unsigned told = count_events(&c, CORE_EVENT_SPEAKERS, 0);
    assert_in_range(told, 1, 3);    /* at most every 300 ms */
    for (int i = 0; i < 100; i++) { /* she goes on as before: nothing to tell */
        person_speak(&c, ann, 40);
        conference_run(&c, 20 * MS);
    }
    assert_in_range(count_events(&c, CORE_EVENT_SPEAKERS, 0) - told, 0, 1);
    conference_mute(&c, ann, CORE_KIND_AUDIO, true);
    conference_run(&c, S);
    assert_int_equal(last_event(&c, CORE_EVENT_SPEAKERS, 0)->speaker_count, 0);
    conference_dispose(&c);
}

/* One alone is shown nobody, himself least of all. */
static void test_alone(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1);
    for (int i = 0; i < 50; i++) {
        person_speak(&c, ann, 20);
        person_show(&c, ann, CAM, true);
        person_show(&c, ann, SCR, true);
        conference_run(&c, 20 * MS);
    }
    for (unsigned slot = 0; slot < 8; slot++)
        assert_int_equal(shown(&c, ann, slot), 0);
    for (uint32_t ssrc = 1; ssrc <= 8; ssrc++)
        assert_int_equal(count_heard(ann, ssrc), 0);
    conference_dispose(&c);
}

/* Whoever leaves frees every slot that showed him, at once, and none of the others' streams stops.
 */
static void test_leaving(void **state)
{
    (void)state;
    static const uint64_t leavers[] = {1, 2, 3}; /* first, middle and last of the room's list */
    for (unsigned row = 0; row < 3; row++) {
        struct conference c;
        conference_init(&c);
        for (int i = 0; i < 3; i++)
            conference_join(&c, 1);
        everyone_shows(&c, 3, 200 * MS);
        for (unsigned p = 0; p < 3; p++)
            person_show(&c, &c.people[p], SCR, true);
        conference_run(&c, 20 * MS);
        conference_command(
            &c, &(struct core_command){.type = CORE_COMMAND_LEAVE, .participant = leavers[row]});
        conference_run(&c, 20 * MS);
        for (unsigned p = 0; p < 3; p++) {
            struct person *person = &c.people[p];
            unsigned others = 0;
            if (person->number == leavers[row])
                continue;
            for (unsigned slot = 0; slot < 8; slot++) {
                assert_int_not_equal(shown(&c, person, slot), leavers[row]);
                assert_int_not_equal(shown(&c, person, slot), person->number);
                others += shown(&c, person, slot) != 0;
            }
            assert_int_equal(others, 3); /* microphone, camera, screen of the third */
        }
        struct person *newcomer = conference_join(&c, 1); /* the list is whole: he sees them both */
        everyone_shows(&c, 3, 100 * MS);
        assert_int_equal(shown(&c, newcomer, 3) + shown(&c, newcomer, 4), 6 - leavers[row]);
        assert_int_equal(shown(&c, newcomer, 5), 0);
        conference_dispose(&c);
    }
}

/* Two cameras are wanted, three people pinned: oneself does not count, and the pin of one who left
   holds no slot. */
static void test_pins(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    for (int i = 0; i < 5; i++)
        conference_join(&c, 1);
    const struct core_layout layout = {
        .max_cameras = 2, .max_height = 480, .pinned_count = 3, .pinned = {1, 5, 4}};
    everyone_shows(&c, 5, 100 * MS);
    assert_int_equal(cameras_shown(&c, &c.people[0]), 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5);
    conference_set_layout(&c, &c.people[0], &layout);
    everyone_shows(&c, 5, 40 * MS);
    assert_int_equal(cameras_shown(&c, &c.people[0]), 1u << 5 | 1u << 4);
    conference_command(&c, &(struct core_command){.type = CORE_COMMAND_LEAVE, .participant = 5});
    everyone_shows(&c, 4, 40 * MS);
    assert_int_equal(cameras_shown(&c, &c.people[0]), 1u << 4 | 1u << 2);
    conference_dispose(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_of_joining), cmocka_unit_test(test_voices),
        cmocka_unit_test(test_without_a_path),   cmocka_unit_test(test_screen),
        cmocka_unit_test(test_speakers),         cmocka_unit_test(test_alone),
        cmocka_unit_test(test_leaving),          cmocka_unit_test(test_pins),
        cmocka_unit_test(test_two_screens),      cmocka_unit_test(test_dominant_speaker),
        cmocka_unit_test(test_first_words),      cmocka_unit_test(test_slots_are_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
