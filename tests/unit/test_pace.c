/* Video that waits, and what it must not take from the others of the worker. */
#include "conference.h"
#include "person_heard.h"
#include "person_send.h"

#include "sfu/core/engine_internal.h"

#define RECEIVERS 5
#define FRAME     60 /* packets of a key frame: for all receivers five times the pool */

/* SSRCs of usual_join(). */
#define FIRST_AUDIO  1
#define FIRST_CAMERA 4

/* As if their reports had shown this rate. */
static void pace_all(struct conference *c, uint32_t rate_bps)
{
    for (struct core_participant *p = c->engine->participants; p; p = p->next) {
        p->pace.is_pacing = true;
        core_pace_set_rate(p, rate_bps, 0, c->now_us);
    }
}

static void show_large(struct conference *c, struct person *person)
{
    for (unsigned i = 0; i < FRAME; i++)
        person_send(c, person,
                    &(struct media){.track = CAM,
                                    .mid = "cam",
                                    .timestamp = (uint32_t)(c->now_us * 9 / 100),
                                    .level = -1,
                                    .is_start = i == 0,
                                    .marker = i == FRAME - 1,
                                    .is_keyframe = true,
                                    .height = 480});
}

/* What waits for many receivers leaves enough of the pool for voices, and is sent all the same. */
static void waiting_video_leaves_room_for_voices(void **state)
{
    (void)state;
    static struct conference c;
    conference_init_with(&c, &(struct conference_options){.buffers = 64});
    struct person *sender = conference_join(&c, 1);
    for (unsigned i = 0; i < RECEIVERS; i++)
        conference_join(&c, 1);
    person_show(&c, sender, CAM, true);
    person_speak(&c, sender, 20);
    conference_run(&c, 300 * MS);
    pace_all(&c, 4000000);
    unsigned before = count_heard(&c.people[1], FIRST_CAMERA);
    show_large(&c, sender);
    person_speak(&c, sender, 20);
    for (unsigned i = 1; i <= RECEIVERS; i++)
        assert_int_equal(count_heard(&c.people[i], FIRST_AUDIO), 2);
    assert_int_equal(c.engine->outbox.exhausted, 0);
    conference_run(&c, 700 * MS);
    for (unsigned i = 1; i <= RECEIVERS; i++)
        assert_int_equal(count_heard(&c.people[i], FIRST_CAMERA), before + FRAME);
    conference_dispose(&c);
}

/* Who is probed is looked at every millisecond: the others' video leaves at their own rates. */
static void a_long_probe_holds_up_nobody_else(void **state)
{
    (void)state;
    static struct conference c;
    conference_init(&c);
    struct person *sender = conference_join(&c, 1), *probed = conference_join(&c, 1);
    struct person *bob = conference_join(&c, 1);
    person_show(&c, sender, CAM, true);
    conference_run(&c, 300 * MS);
    pace_all(&c, 4000000);
    unsigned before = count_heard(bob, FIRST_CAMERA);
    const struct bwe_probe probe = {.id = 1, .rate_bps = 4000000, .bytes = 1000000};
    struct core_pace *pace = &core_engine_find(c.engine, probed->number)->pace;
    bwe_pacer_begin_probe(&pace->pacer, &probe, c.now_us);
    show_large(&c, sender);
    conference_run(&c, 500 * MS);
    assert_true(pace->pacer.probe.id); /* still */
    assert_int_equal(count_heard(bob, FIRST_CAMERA), before + FRAME);
    conference_dispose(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waiting_video_leaves_room_for_voices),
        cmocka_unit_test(a_long_probe_holds_up_nobody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
