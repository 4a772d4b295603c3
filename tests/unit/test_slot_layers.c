/* Which layer of a simulcast camera a receiver gets, and how it changes: always a picture, never a
   gap in the numbers. */
#include "conference.h"
#include "person_heard.h"
#include "person_send.h"
#include "sfu/core/engine_internal.h"

enum { HIGH, LOW };

/* A camera with two layers of three temporal layers each, at 30 frames/s; "h" comes first in the
   offer. */
struct camera {
    struct person *person;
    unsigned frame;
    int tl0;
    uint8_t key_index;
    bool is_stopped[2];      /* this layer sends nothing */
    bool is_without_sync;    /* Y is never set */
    bool is_deaf;            /* answers no PLI */
    unsigned keyframe_every; /* frames; 0: on request only */
    unsigned plis;           /* seen so far */
    size_t payload_len[2];
};

/* Temporal layers 0 2 1 2; as libwebrtc does, Y on the first of each in eight frames. */
static void show(struct conference *c, struct camera *camera)
{
    static const uint8_t temporal[] = {0, 2, 1, 2};
    unsigned plis = count_plis(camera->person);
    bool is_asked = plis > camera->plis && !camera->is_deaf;
    bool is_key = camera->frame == 0 || is_asked ||
                  (camera->keyframe_every && camera->frame % camera->keyframe_every == 0);
    unsigned phase = is_key ? 0 : camera->frame % 8;
    if (is_key)
        camera->frame = camera->frame / 8 * 8 + (camera->frame ? 8 : 0); /* begin a period */
    camera->plis = plis;
    camera->key_index = (uint8_t)(camera->key_index + is_key);
    camera->tl0 += temporal[phase % 4] == 0;
    for (unsigned layer = 0; layer < 2; layer++)
        if (!camera->is_stopped[layer])
            person_send(c, camera->person,
                        &(struct media){
                            .track = CAM,
                            .layer = layer,
                            .mid = "cam",
                            .rid = layer ? "l" : "h",
                            .timestamp = (uint32_t)(c->now_us * 9 / 100) + 77777 * layer,
                            .level = -1,
                            .is_start = true,
                            .marker = true,
                            .is_keyframe = is_key,
                            .temporal_id = temporal[phase % 4],
                            .is_layer_sync = !camera->is_without_sync && (phase == 1 || phase == 2),
                            .tl0 = camera->tl0 % 256 + 1,
                            .key_index = camera->key_index,
                            .payload_len = camera->payload_len[layer],
                            .height = layer ? 240 : 480});
    camera->frame++;
    conference_run(c, 33 * MS);
}

static void show_for(struct conference *c, struct camera *camera, unsigned frames)
{
    for (unsigned i = 0; i < frames; i++)
        show(c, camera);
}

/* What an SSRC carried: one stream that can be decoded from its first packet on. @return packets */
static unsigned assert_one_stream(struct person *person, uint32_t ssrc)
{
    unsigned count = count_heard(person, ssrc);
    bool has_layer[3] = {false};
    for (unsigned i = 0; i < count; i++) {
        struct heard *now = heard_at(person, ssrc, i);
        struct rtp_vp8 b = vp8_of(now);
        unsigned t = b.temporal_id;
        if (i == 0)
            assert_true(b.is_keyframe);
        /* Decodable: all it may refer to was sent since it began. */
        assert_true(b.is_keyframe || t == 0 || b.is_layer_sync ||
                    (has_layer[t] && (t == 1 || has_layer[1])));
        for (unsigned l = 0; l < 3; l++)
            has_layer[l] |= b.is_keyframe || l == t;
        if (i == 0)
            continue;
        struct heard *before = heard_at(person, ssrc, i - 1);
        struct rtp_vp8 a = vp8_of(before);
        assert_int_equal((uint16_t)(now->rtp.seq - before->rtp.seq), 1);
        assert_int_equal((b.picture_id - a.picture_id) & 0x7FFF, 1);
        assert_int_equal((uint8_t)(b.tl0_picture_index - a.tl0_picture_index), t == 0);
        assert_true((int32_t)(now->rtp.timestamp - before->rtp.timestamp) > 0);
        if (b.is_keyframe)
            assert_int_equal((b.key_index - a.key_index) & 0x1F, 1);
    }
    return count;
}

static uint16_t height_told(const struct conference *c, const struct person *person)
{
    return last_event(c, CORE_EVENT_SLOTS, person->number)->slots[3].height;
}

static void set_height(struct conference *c, const struct person *person, uint16_t height)
{
    conference_command(c,
                       &(struct core_command){.type = CORE_COMMAND_LAYOUT,
                                              .participant = person->number,
                                              .layout = {.max_cameras = 4, .max_height = height}});
}

static void set_budget(struct conference *c, const struct person *person, uint64_t budget_bps)
{
    conference_command(c, &(struct core_command){.type = CORE_COMMAND_BUDGET,
                                                 .participant = person->number,
                                                 .budget_bps = budget_bps});
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
    show_for(&c, &camera, 60);
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
    show_for(&c, &camera, 20);
    set_height(&c, bob, 240);
    show_for(&c, &camera, 10);
    assert_int_equal(height_told(&c, bob), 240);
    show_for(&c, &camera, 300);
    unsigned before = camera.plis;
    set_height(&c, bob, 480);
    show_for(&c, &camera, 20);
    assert_int_equal(height_told(&c, bob), 480);
    assert_int_equal(camera.plis - before, 1);
    assert_one_stream(bob, 4);
    for (unsigned i = 1; i < count_heard(bob, 4); i++)
        assert_true(heard_at(bob, 4, i)->at_us - heard_at(bob, 4, i - 1)->at_us <= 150 * MS);
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
    show_for(&c, &camera, 90);
    camera.is_stopped[HIGH] = true;
    int64_t stopped_us = c.now_us;
    unsigned heard = count_heard(bob, 4);
    const struct core_slot *slot = &core_engine_find(c.engine, bob->number)->slots[3];
    while (slot->target->height == 480 && c.now_us - stopped_us < S)
        show(&c, &camera);
    assert_int_equal(slot->target->height, 240);
    assert_in_range(c.now_us - stopped_us, 1, 500 * MS);
    show_for(&c, &camera, 15);
    assert_true(heard_at(bob, 4, heard)->at_us - stopped_us <= 600 * MS); /* and the PLI's answer */
    assert_int_equal(height_told(&c, bob), 240);
    camera.is_stopped[HIGH] = false;
    show_for(&c, &camera, 400);
    assert_int_equal(height_told(&c, bob), 480);
    assert_one_stream(bob, 4);
    conference_dispose(&c);
}

/* A budget that has room for less: temporal layers go at once and without a key frame. */
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
        show_for(&c, &camera, 120);
        unsigned plis = camera.plis;
        set_budget(&c, bob, 170000);
        unsigned heard = count_heard(bob, 4);
        show_for(&c, &camera, 60);
        unsigned fewer = count_heard(bob, 4) - heard;
        assert_in_range(fewer, 14, 46);
        set_budget(&c, bob, 3000000);
        show_for(&c, &camera, 420);
        heard = count_heard(bob, 4);
        show_for(&c, &camera, 40);
        if (!without_sync[i]) {
            assert_int_equal(count_heard(bob, 4) - heard, 40); /* all of them again */
            assert_int_equal(height_told(&c, bob), 480);
        }
        assert_true(camera.plis - plis <= 2);
        assert_one_stream(bob, 4);
        conference_dispose(&c);
    }
}

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
        show_for(&c, &camera, 24 + phase);
        struct person *cid = conference_join(&c, 1);
        show_for(&c, &camera, 30);
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
    show_for(&c, &camera, 30);
    unsigned plis = camera.plis;
    struct person *cid = conference_join(&c, 1);
    int64_t joined_us = c.now_us;
    show_for(&c, &camera, 60);
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
        show_for(&c, &camera, 30);
        struct person *cid = conference_join(&c, 1);
        show_for(&c, &camera, table[i].frames);
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
    set_budget(&c, bob, 150000);
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

/* Seven join within a second: the source is asked at most once. */
static void test_burst_of_joiners(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct camera camera = {.person = conference_join_with_layers(&c, 1)};
    show_for(&c, &camera, 90); /* nobody has looked: her key frame is old */
    unsigned plis = camera.plis;
    for (int i = 0; i < 7; i++) {
        conference_join(&c, 1);
        show_for(&c, &camera, 4);
    }
    show_for(&c, &camera, 10);
    assert_int_equal(camera.plis - plis, 1);
    for (unsigned i = 1; i < c.person_count; i++)
        assert_one_stream(&c.people[i], 4);
    conference_dispose(&c);
}

/* Somebody is shown the low layer and wants the high one of a source that answers no request. */
static struct person *join_and_want_in_vain(struct conference *c, struct camera *camera)
{
    struct person *bob = conference_join(c, 1);
    set_height(c, bob, 240);
    show_for(c, camera, 60);
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
    show_for(&c, &camera, 90);
    assert_int_equal(height_told(&c, bob), 240);
    camera.is_deaf = false;
    camera.is_stopped[LOW] = true;
    show_for(&c, &camera, 60); /* refused for 5 s */
    assert_int_equal(height_told(&c, bob), 480);
    unsigned heard = count_heard(bob, 4);
    show_for(&c, &camera, 30);
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
    show_for(&c, &camera, 90);
    assert_int_equal(count_heard(bob, 4) - heard, 90);
    assert_int_equal(height_told(&c, bob), 240);
    show_for(&c, &camera, 20);
    unsigned plis = camera.plis;
    assert_in_range(plis, 2, 4);
    show_for(&c, &camera, 60); /* two seconds of peace */
    assert_int_equal(camera.plis, plis);
    camera.is_deaf = false;
    show_for(&c, &camera, 300);
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
    show_for(&c, &camera, 60);
    set_budget(&c, bob, 10000);
    show_for(&c, &camera, 40);
    const struct core_slot_report *report =
        &last_event(&c, CORE_EVENT_SLOTS, bob->number)->slots[3];
    assert_int_equal(report->state, CORE_SLOT_PAUSED);
    assert_int_equal(report->pause, CORE_PAUSE_BANDWIDTH);
    unsigned heard = count_heard(bob, 4), plis = camera.plis;
    show_for(&c, &camera, 60);
    assert_int_equal(count_heard(bob, 4), heard);
    assert_int_equal(camera.plis, plis); /* the source is left alone */
    set_budget(&c, bob, UINT64_MAX);
    show_for(&c, &camera, 400);
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
    show_for(&c, &camera, 70); /* its key frame is too old for a replay */
    const struct core_slot *slot = &core_engine_find(c.engine, bob->number)->slots[3];
    assert_int_equal(slot->layer->height, 480); /* 75 kbps each up to T0, T1; T2 another 150 */
    assert_int_equal(slot->interim_temporal, CORE_TEMPORAL_MAX);
    set_budget(&c, bob, 120000);
    show_for(&c, &camera, 4);
    assert_int_equal(slot->layer->height, 480);
    assert_int_equal(slot->target->height, 240);
    assert_int_equal(slot->interim_temporal, 0);
    unsigned heard = count_heard(bob, 4);
    show_for(&c, &camera, 40);
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
        cmocka_unit_test(test_layer_stops),
        cmocka_unit_test(test_temporal_layers),
        cmocka_unit_test(test_joiner),
        cmocka_unit_test(test_joiner_misses_nothing),
        cmocka_unit_test(test_burst_of_joiners),
        cmocka_unit_test(test_switch_is_given_up),
        cmocka_unit_test(test_given_up_but_the_only_one),
        cmocka_unit_test(test_replay_is_repaired),
        cmocka_unit_test(test_slow_replay_is_repaired),
        cmocka_unit_test(test_starved),
        cmocka_unit_test(test_interim),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
