/* Which layer of a simulcast camera a receiver gets, and how it changes: always a picture, never a
   gap in the numbers. */
#include "conference.h"
#include "person_heard.h"
#include "person_send.h"
#include "sfu/core/engine_internal.h"
#include "simulcast_camera.h"

static uint16_t height_told(const struct conference *c, const struct person *person)
{
    return last_event(c, CORE_EVENT_SLOTS, person->number)->slots[3].height;
}

static void set_height(struct conference *c, const struct person *person, uint16_t height)
{
    conference_set_layout(c, person, &(struct core_layout){.max_cameras = 4, .max_height = height});
}

static void test_the_best_layer(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *bob;
    struct camera camera = {.person = conference_join_with_layers(&c, 1)};
    bob = conference_join(&c, 1);
    camera.person->seqs[CAM][LOW] = 30000;
    camera_show_for(&c, &camera, 60);
    assert_int_equal(height_told(&c, bob), 480);
    /* Every frame of the high one; perhaps the low one's key frame before it. */
    assert_in_range(assert_one_stream(bob, 4), 60, 61);
    conference_dispose(&c);
}

/* By `layout` down and up again: within a few frames, for the key frame is in the history, or the
   source is asked. */
static void test_wanted_height(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct camera camera = {.person = conference_join_with_layers(&c, 1)};
    struct person *bob = conference_join(&c, 1);
    camera_show_for(&c, &camera, 20);
    set_height(&c, bob, 240);
    camera_show_for(&c, &camera, 10);
    assert_int_equal(height_told(&c, bob), 240);
    camera_show_for(&c, &camera, 300);
    unsigned before = camera.plis;
    set_height(&c, bob, 480);
    camera_show_for(&c, &camera, 20);
    assert_int_equal(height_told(&c, bob), 480);
    assert_int_equal(camera.plis - before, 1);
    assert_one_stream(bob, 4);
    for (unsigned i = 1; i < count_heard(bob, 4); i++)
        assert_true(heard_at(bob, 4, i)->at_us - heard_at(bob, 4, i - 1)->at_us <= 150 * MS);
    conference_dispose(&c);
}

/* Who flips the wanted height all the time leaves room in the source's budget: who has lost a
   picture is answered in a second. */
static void test_receiver_that_flips(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct camera camera = {.person = conference_join_with_layers(&c, 1)};
    struct person *bob = conference_join(&c, 1), *cat = conference_join(&c, 1);
    camera_show_for(&c, &camera, 330);
    struct core_track *track = &core_engine_find(c.engine, camera.person->number)->tracks[CAM];
    track->keyframes.limit_bytes = 5 * track->keyframes.newest_bytes; /* as of 480 lines */
    unsigned plis = camera.plis;
    for (unsigned i = 0; i < 10; i++) {
        set_height(&c, bob, i % 2 ? 480 : 240);
        camera_show_for(&c, &camera, i % 2 ? 46 : 5);
    }
    assert_int_equal(camera.plis - plis, 4); /* of five that would fit */
    const struct core_slot *cats = &core_engine_find(c.engine, cat->number)->slots[3];
    uint64_t keyframes = cats->statistics.keyframes;
    uint8_t data[64];
    struct rtcp_writer writer;
    rtcp_writer_init(&writer, data, sizeof(data));
    assert_int_equal(rtcp_write_pli(&writer, 9, 4), 0);
    person_send_rtcp(&c, cat, &writer);
    camera_show_for(&c, &camera, 33); /* of which a second is between any two */
    assert_true(cats->statistics.keyframes > keyframes);
    unsigned heard = count_heard(bob, 4);
    camera_show_for(&c, &camera, 120);
    assert_true(count_heard(bob, 4) > heard);
    assert_int_equal(height_told(&c, bob), 480);
    conference_dispose(&c);
}

/* The browser drops the upper layer: noticed within 500 ms. */
static void test_layer_stops(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct camera camera = {.person = conference_join_with_layers(&c, 1)};
    struct person *bob = conference_join(&c, 1);
    camera_show_for(&c, &camera, 90);
    camera.is_stopped[HIGH] = true;
    int64_t stopped_us = c.now_us;
    unsigned heard = count_heard(bob, 4);
    const struct core_slot *slot = &core_engine_find(c.engine, bob->number)->slots[3];
    while (slot->target->height == 480 && c.now_us - stopped_us < S)
        camera_show(&c, &camera);
    assert_int_equal(slot->target->height, 240);
    assert_in_range(c.now_us - stopped_us, 1, 500 * MS);
    camera_show_for(&c, &camera, 15);
    assert_true(heard_at(bob, 4, heard)->at_us - stopped_us <= 600 * MS); /* and the PLI's answer */
    assert_int_equal(height_told(&c, bob), 240);
    camera.is_stopped[HIGH] = false;
    camera_show_for(&c, &camera, 400);
    assert_int_equal(height_told(&c, bob), 480);
    assert_one_stream(bob, 4);
    conference_dispose(&c);
}

/* Until a receiver is let go of the upper layer, from its last frame on. */
static int64_t notice_us(int64_t phase_us, unsigned late_us, int64_t wake_every_us)
{
    struct conference c;
    conference_init_with(&c, &(struct conference_options){.late_us = late_us});
    struct camera camera = {.person = conference_join_with_layers(&c, 1)};
    struct person *bob = conference_join(&c, 1);
    conference_run(&c, phase_us);
    camera_show_for(&c, &camera, 45);
    const struct core_slot *slot = &core_engine_find(c.engine, bob->number)->slots[3];
    assert_int_equal(slot->target->height, 480);
    camera_show(&c, &camera);
    int64_t last_us = slot->target->last_packet_us, woken_us = last_us, shown_us = c.now_us;
    camera.is_stopped[HIGH] = true;
    while (slot->target->height == 480 && c.now_us - last_us < S) {
        if (c.now_us >= shown_us) {
            camera_send(&c, &camera);
            shown_us += 33 * MS;
        }
        if (wake_every_us && c.now_us - woken_us >= wake_every_us) {
            core_room_wake(core_engine_find(c.engine, bob->number)->room);
            woken_us = c.now_us;
        }
        conference_run(&c, MS);
    }
    assert_int_equal(slot->target->height, 240);
    int64_t notice_us = c.now_us - last_us;
    conference_dispose(&c);
    return notice_us;
}

/* Whenever it stops, however late the engine is woken, and whatever else the room is woken for. */
static void test_layer_stops_at_any_time(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        unsigned late_us;
        int64_t wake_every_us;
    } table[] = {
        {"on time", 0, 0},
        {"up to 1 ms late", MS, 0},
        {"up to 5 ms late", 5 * MS, 0},
        {"1 ms late, and the room is woken every 40 ms", MS, 40 * MS},
        {"every 85 ms", MS, 85 * MS},
        {"every 130 ms", MS, 130 * MS},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        int64_t most_us = 0;
        for (unsigned phase = 0; phase < 50; phase++) {
            int64_t us = notice_us(phase * 2 * MS, table[i].late_us, table[i].wake_every_us);
            most_us = us > most_us ? us : most_us;
        }
        print_message("%s: noticed within %d ms\n", table[i].what, (int)(most_us / MS));
        assert_in_range(most_us, 1, 500 * MS);
    }
}

/* A budget that has room for less: temporal layers go at once and without a key frame. They come
   back where the source says so, else with a key frame that it is asked for. */
static void test_temporal_layers(void **state)
{
    (void)state;
    static const bool without_sync[] = {false, true};
    for (size_t i = 0; i < 2; i++) {
        struct conference c;
        conference_init(&c);
        struct camera camera = {.person = conference_join_with_layers(&c, 1),
                                .is_without_sync = without_sync[i],
                                .payload_len = {1000, 500}}; /* 240 + 120 kbps */
        struct person *bob = conference_join(&c, 1);
        print_message("%s Y\n", without_sync[i] ? "without" : "with");
        camera_show_for(&c, &camera, 120);
        unsigned plis = camera.plis;
        conference_set_budget(&c, bob, 170000);
        unsigned heard = count_heard(bob, 4);
        camera_show_for(&c, &camera, 60);
        unsigned fewer = count_heard(bob, 4) - heard;
        assert_in_range(fewer, 14, 46);
        conference_set_budget(&c, bob, 3000000);
        camera_show_for(&c, &camera, 420);
        heard = count_heard(bob, 4);
        camera_show_for(&c, &camera, 40);
        assert_int_equal(count_heard(bob, 4) - heard, 40); /* all of them again */
        assert_int_equal(height_told(&c, bob), 480);
        assert_true(camera.plis - plis <= 2);
        assert_one_stream(bob, 4);
        conference_dispose(&c);
    }
}

/* Upper temporal layers wait for a key frame, but the picture goes on: one who has lost it comes
   first. */
static void test_waiting_for_sync_is_not_blind(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct camera camera = {.person = conference_join_with_layers(&c, 1)};
    struct person *bob = conference_join(&c, 1);
    camera_show_for(&c, &camera, 330);
    struct core_slot *slot = &core_engine_find(c.engine, bob->number)->slots[3];
    const struct core_keyframe_budget *budget = &slot->track->keyframes;
    assert_false(budget->is_wanted);
    core_slot_need_sync(slot, c.now_us);
    assert_true(budget->is_wanted);
    assert_int_equal(budget->blind_us, 0);
    core_slot_on_request(slot, c.now_us);
    assert_int_equal(budget->blind_us, c.now_us);
    conference_dispose(&c);
}

/* Somebody is shown the low layer and wants the high one of a source that answers no request. */
static struct person *join_and_want_in_vain(struct conference *c, struct camera *camera)
{
    struct person *bob = conference_join(c, 1);
    set_height(c, bob, 240);
    camera_show_for(c, camera, 60);
    camera->is_deaf = true;
    set_height(c, bob, 480);
    return bob;
}

/* A layer that was given up is taken all the same when the other one stops. */
static void test_given_up_but_the_only_one(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct camera camera = {.person = conference_join_with_layers(&c, 1)};
    struct person *bob = join_and_want_in_vain(&c, &camera);
    camera_show_for(&c, &camera, 90);
    assert_int_equal(height_told(&c, bob), 240);
    camera.is_deaf = false;
    camera.is_stopped[LOW] = true;
    camera_show_for(&c, &camera, 60); /* refused for 5 s */
    assert_int_equal(height_told(&c, bob), 480);
    unsigned heard = count_heard(bob, 4);
    camera_show_for(&c, &camera, 30);
    assert_int_equal(count_heard(bob, 4) - heard, 30);
    assert_one_stream(bob, 4);
    conference_dispose(&c);
}

/* A layer whose key frame never comes is given up after 2 s; the old one went on all the while. */
static void test_switch_is_given_up(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct camera camera = {.person = conference_join_with_layers(&c, 1)};
    struct person *bob = join_and_want_in_vain(&c, &camera);
    unsigned heard = count_heard(bob, 4);
    camera_show_for(&c, &camera, 90);
    assert_int_equal(count_heard(bob, 4) - heard, 90);
    assert_int_equal(height_told(&c, bob), 240);
    camera_show_for(&c, &camera, 20);
    unsigned plis = camera.plis;
    assert_in_range(plis, 2, 4);
    camera_show_for(&c, &camera, 60); /* two seconds of peace */
    assert_int_equal(camera.plis, plis);
    camera.is_deaf = false;
    camera_show_for(&c, &camera, 300);
    assert_int_equal(height_told(&c, bob), 480);
    assert_one_stream(bob, 4);
    conference_dispose(&c);
}

/* No room for the lowest layer: paused, and told why; with room it comes back with a key frame. */
static void test_starved(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct camera camera = {.person = conference_join_with_layers(&c, 1),
                            .payload_len = {1000, 500}};
    struct person *bob = conference_join(&c, 1);
    camera_show_for(&c, &camera, 60);
    conference_set_budget(&c, bob, 10000);
    camera_show_for(&c, &camera, 40);
    const struct core_slot_report *report =
        &last_event(&c, CORE_EVENT_SLOTS, bob->number)->slots[3];
    assert_int_equal(report->state, CORE_SLOT_PAUSED);
    assert_int_equal(report->pause, CORE_PAUSE_BANDWIDTH);
    unsigned heard = count_heard(bob, 4), plis = camera.plis;
    camera_show_for(&c, &camera, 60);
    assert_int_equal(count_heard(bob, 4), heard);
    assert_int_equal(camera.plis, plis); /* the source is left alone */
    conference_set_budget(&c, bob, UINT64_MAX);
    camera_show_for(&c, &camera, 400);
    report = &last_event(&c, CORE_EVENT_SLOTS, bob->number)->slots[3];
    assert_int_equal(report->state, CORE_SLOT_LIVE);
    assert_true(vp8_of(heard_at(bob, 4, heard)).is_keyframe);
    assert_one_stream(bob, 4);
    conference_dispose(&c);
}

/* The budget falls while the source answers no request: until the lower layer's key frame is there
   (or the switch is given up), of the higher one goes on what fits. */
static void test_interim(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct camera camera = {.person = conference_join_with_layers(&c, 1),
                            .payload_len = {1200, 300}};
    struct person *bob = conference_join(&c, 1);
    camera.is_deaf = true;
    camera_show_for(&c, &camera, 70); /* its key frame is too old for a replay */
    const struct core_slot *slot = &core_engine_find(c.engine, bob->number)->slots[3];
    assert_int_equal(slot->layer->height, 480); /* 75 kbps each up to T0, T1; T2 another 150 */
    assert_int_equal(slot->interim_temporal, CORE_TEMPORAL_MAX);
    conference_set_budget(&c, bob, 120000);
    camera_show_for(&c, &camera, 4);
    assert_int_equal(slot->layer->height, 480);
    assert_int_equal(slot->target->height, 240);
    assert_int_equal(slot->interim_temporal, 0);
    unsigned heard = count_heard(bob, 4);
    camera_show_for(&c, &camera, 40);
    for (unsigned i = heard; i < count_heard(bob, 4); i++)
        assert_true(vp8_of(heard_at(bob, 4, i)).temporal_id == 0);
    assert_true(count_heard(bob, 4) > heard + 8);
    assert_one_stream(bob, 4);
    conference_dispose(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_best_layer),
        cmocka_unit_test(test_wanted_height),
        cmocka_unit_test(test_receiver_that_flips),
        cmocka_unit_test(test_layer_stops),
        cmocka_unit_test(test_layer_stops_at_any_time),
        cmocka_unit_test(test_temporal_layers),
        cmocka_unit_test(test_waiting_for_sync_is_not_blind),
        cmocka_unit_test(test_given_up_but_the_only_one),
        cmocka_unit_test(test_switch_is_given_up),
        cmocka_unit_test(test_starved),
        cmocka_unit_test(test_interim),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
