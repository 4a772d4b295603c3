/* Cameras that rise, at a receiver whose video is paced: one after the other, each showing its old
   layer until it is its turn. */
#include "conference.h"
#include "person_heard.h"
#include "person_send.h"
#include "sfu/core/engine_internal.h"

#define FIRST_CAMERA 4
#define LOW_BYTES    100
#define HIGH_BYTES   500 /* 136 kbit/s with headers */
#define PACE_BPS     400000
#define SECOND       30 /* frames */

enum { LOW, HIGH };

/* A frame of each layer, a packet each. */
static void show_layers(struct conference *c, struct person *source, bool is_keyframe)
{
    static const char *const rids[] = {"l", "h"};
    for (unsigned layer = LOW; layer <= HIGH; layer++)
        person_send(c, source,
                    &(struct media){.track = CAM,
                                    .layer = layer,
                                    .mid = "cam",
                                    .rid = rids[layer],
                                    .timestamp = (uint32_t)(c->now_us * 9 / 100),
                                    .level = -1,
                                    .is_start = true,
                                    .marker = true,
                                    .is_keyframe = is_keyframe,
                                    .payload_len = layer == HIGH ? HIGH_BYTES : LOW_BYTES,
                                    .height = layer == HIGH ? 480 : 240});
}

struct scene {
    struct conference c;
    struct person *sources[2], *receiver;
    unsigned frame;
};

static void play(struct scene *scene, unsigned frames)
{
    for (unsigned i = 0; i < frames; i++, scene->frame++) {
        for (unsigned s = 0; s < 2; s++)
            show_layers(&scene->c, scene->sources[s], scene->frame % SECOND == 0);
        conference_run(&scene->c, 33 * MS);
    }
}

static void set_height(struct scene *scene, uint16_t height)
{
    conference_command(&scene->c,
                       &(struct core_command){.type = CORE_COMMAND_LAYOUT,
                                              .participant = scene->receiver->number,
                                              .layout = {.max_cameras = 4, .max_height = height}});
}

static struct core_participant *receiver_of(const struct scene *scene)
{
    return core_engine_find(scene->c.engine, scene->receiver->number);
}

/* Wanted at once, decided at one of the next ticks. @return when the frame before that was shown */
static int64_t rise(struct scene *scene)
{
    const struct core_slot *slot = &receiver_of(scene)->slots[FIRST_CAMERA - 1];
    set_height(scene, 480);
    for (unsigned i = 0; i < SECOND && slot->target->height < 480; i++)
        play(scene, 1);
    assert_int_equal(slot->target->height, 480);
    return scene->c.now_us - 33 * MS;
}

/* Two cameras at their lower layers. */
static void begin(struct scene *scene)
{
    memset(scene, 0, sizeof(*scene));
    conference_init(&scene->c);
    for (unsigned s = 0; s < 2; s++) {
        struct core_join join = usual_join(1, s + 1);
        join.tracks[CAM].rid_count = 2;
        strcpy(join.tracks[CAM].rids[LOW], "l");
        strcpy(join.tracks[CAM].rids[HIGH], "h");
        scene->sources[s] = conference_enter(&scene->c, &join);
        person_nominate(&scene->c, scene->sources[s]);
    }
    scene->receiver = conference_join(&scene->c, 1);
    set_height(scene, 240);
    play(scene, SECOND + 20);
    struct core_participant *receiver = core_engine_find(scene->c.engine, scene->receiver->number);
    receiver->pace.is_pacing = true;
    core_pace_set_rate(receiver, PACE_BPS, 0, scene->c.now_us);
}

static bool is_high(const struct heard *heard)
{
    return heard->rtp.payload_len > HIGH_BYTES / 2;
}

/* Of a camera's slot: the index of its first packet of the upper layer, or how many it has. */
static unsigned first_high(const struct scene *scene, uint32_t ssrc)
{
    unsigned count = count_heard(scene->receiver, ssrc), i = 0;
    while (i < count && !is_high(heard_at(scene->receiver, ssrc, i)))
        i++;
    return i;
}

/* Packets of a slot in a time: those of one layer. */
static unsigned count_between(const struct scene *scene, uint32_t ssrc, bool is_of_high,
                              int64_t from_us, int64_t to_us)
{
    unsigned count = 0;
    for (unsigned i = 0; i < count_heard(scene->receiver, ssrc); i++) {
        const struct heard *heard = heard_at(scene->receiver, ssrc, i);
        count += is_high(heard) == is_of_high && heard->at_us > from_us && heard->at_us < to_us;
    }
    return count;
}

static void test_one_after_the_other(void **state)
{
    static struct scene scene;
    (void)state;
    begin(&scene);
    int64_t from_us = rise(&scene);
    unsigned replayed = scene.frame % SECOND;
    assert_true(replayed > 5);
    play(&scene, 15);
    int64_t begun_us[2];
    for (unsigned s = 0; s < 2; s++) {
        uint32_t ssrc = FIRST_CAMERA + s;
        unsigned first = first_high(&scene, ssrc);
        assert_true(first < count_heard(scene.receiver, ssrc));
        begun_us[s] = heard_at(scene.receiver, ssrc, first)->at_us;
    }
    unsigned sooner = begun_us[0] > begun_us[1], later = !sooner;
    /* What the sooner one replays is all there first; meanwhile the other shows what it did. */
    unsigned gone = (unsigned)((begun_us[later] - from_us) / (33 * MS));
    assert_in_range(begun_us[sooner] - from_us, 0, 66 * MS);
    assert_true(count_between(&scene, FIRST_CAMERA + sooner, true, from_us, begun_us[later]) >=
                replayed);
    assert_in_range(count_between(&scene, FIRST_CAMERA + later, false, from_us, begun_us[later]),
                    gone - 1, gone + 1);
    conference_dispose(&scene.c);
}

/* The source is asked for both, and both key frames come at once: the second one is kept. */
static void test_live_keyframes(void **state)
{
    static struct scene scene;
    (void)state;
    begin(&scene);
    for (unsigned s = 0; s < 2; s++) { /* nothing to replay from */
        struct core_participant *source =
            core_engine_find(scene.c.engine, scene.sources[s]->number);
        core_layer_forget_keyframe(&source->tracks[CAM].layers[HIGH]);
    }
    rise(&scene);
    assert_int_equal(first_high(&scene, FIRST_CAMERA), count_heard(scene.receiver, FIRST_CAMERA));
    play(&scene, SECOND);
    for (uint32_t ssrc = FIRST_CAMERA; ssrc < FIRST_CAMERA + 2; ssrc++) {
        unsigned first = first_high(&scene, ssrc), count = count_heard(scene.receiver, ssrc);
        assert_true(first < count);
        for (unsigned i = 1; i < count; i++) { /* nobody misses anything */
            const struct heard *now = heard_at(scene.receiver, ssrc, i);
            const struct heard *before = heard_at(scene.receiver, ssrc, i - 1);
            assert_int_equal((uint16_t)(now->rtp.seq - before->rtp.seq), 1);
            assert_true(now->at_us - before->at_us < 80 * MS);
        }
    }
    conference_dispose(&scene.c);
}

/* A slot whose receiver has no picture is not kept waiting. */
static void test_request(void **state)
{
    static struct scene scene;
    (void)state;
    begin(&scene);
    rise(&scene);
    struct core_participant *receiver = receiver_of(&scene);
    unsigned queued = 0;
    for (unsigned i = 0; i < receiver->slot_count; i++)
        if (receiver->slots[i].is_queued) {
            queued++;
            core_slot_on_request(&receiver->slots[i], scene.c.now_us);
            assert_ptr_equal(receiver->slots[i].layer, receiver->slots[i].target);
        }
    assert_int_equal(queued, 1);
    conference_dispose(&scene.c);
}

/* Where the network carries less than both, they take turns. */
static void test_turns(void **state)
{
    static struct scene scene;
    (void)state;
    begin(&scene);
    core_pace_set_rate(receiver_of(&scene), PACE_BPS / 10, 0, scene.c.now_us);
    int64_t from_us = scene.c.now_us;
    play(&scene, SECOND - 5);
    unsigned counts[2];
    for (unsigned s = 0; s < 2; s++)
        counts[s] = count_between(&scene, FIRST_CAMERA + s, false, from_us, scene.c.now_us);
    assert_true(counts[0] + counts[1] < 2 * (SECOND - 5) - 5); /* not all have come */
    assert_in_range(counts[0] - counts[1] + 2, 0, 4);
    conference_dispose(&scene.c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_after_the_other),
        cmocka_unit_test(test_live_keyframes),
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
