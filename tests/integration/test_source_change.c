/* A slot outlives its sources: another participant takes over, and the stream goes on. */
#include "tests/integration/assertions.h"

#define BETWEEN_MS 800

/* One audio slot and one camera slot, nothing sent. */
static struct media_client *assert_watching(const char *room)
{
    const struct media_client_options options = {
        .room = room, .name = "eye", .audio_slots = 1, .camera_slots = 1};
    return assert_connected(&options);
}

/* The earlier, the louder, so that order of joining and loudness agree. */
static struct media_client *assert_talking_at(const char *room, const char *name, uint8_t level,
                                              enum vp8_style style)
{
    struct media_client_options options = usual_participant(room, name);
    options.audio_level = level;
    options.style = style;
    struct media_client *client = assert_connected(&options);
    media_client_send_media(client, true, true);
    return client;
}

/* Both slots of eye changed hands this often, without a break. */
static void assert_changes(struct media_client *eye, unsigned expected)
{
    struct slot_summary summary;
    char problem[SLOT_PROBLEM_BYTES];
    assert_lossless(eye);
    for (unsigned i = 0; i < eye->slot_count; i++) {
        const struct slot_receiver *slot = eye->slot_list[i];
        assert_int_equal(slot_verify(slot, &summary, problem), 0);
        if (summary.source_changes < expected)
            fail_msg("slot %s had %u changes of source, not %u", slot->mid, summary.source_changes,
                     expected);
    }
}

static void another_takes_over_when_one_leaves(void **state)
{
    (void)state;
    struct media_client *ann = assert_talking_at("take-over", "ann", 20, VP8_STYLE_TEMPORAL);
    struct media_client *eye = assert_watching("take-over");
    assert_sees(eye, ann);
    struct media_client *bob = assert_talking_at("take-over", "bob", 35, VP8_STYLE_BARE);
    struct media_client *cas = assert_talking_at("take-over", "cas", 50, VP8_STYLE_SHORT_ID);
    event_loop_run_ms(BETWEEN_MS);

    assert_int_equal(media_client_leave(ann), 1000);
    assert_sees(eye, bob);
    event_loop_run_ms(BETWEEN_MS);

    assert_int_equal(media_client_leave(bob), 1000);
    assert_sees(eye, cas);
    event_loop_run_ms(BETWEEN_MS);
    assert_changes(eye, 2);
}

/* Nobody for a while: the next one goes on where the last ended, by wall clock. */
static void the_next_comes_after_a_gap(void **state)
{
    (void)state;
    struct media_client *ann = assert_talking_at("gap", "ann", 30, VP8_STYLE_PICTURE_ID);
    struct media_client *eye = assert_watching("gap");
    assert_sees(eye, ann);
    event_loop_run_ms(BETWEEN_MS);
    assert_int_equal(media_client_leave(ann), 1000);
    event_loop_run_ms(2500);
    struct media_client *bob = assert_talking_at("gap", "bob", 30, VP8_STYLE_TEMPORAL);
    assert_sees(eye, bob);
    event_loop_run_ms(BETWEEN_MS);
    assert_changes(eye, 1);
}

/* The same source pauses and goes on. */
static void a_source_pauses(void **state)
{
    (void)state;
    struct media_client *ann = assert_talking_at("pause", "ann", 30, VP8_STYLE_BARE);
    struct media_client *eye = assert_watching("pause");
    assert_sees(eye, ann);
    event_loop_run_ms(BETWEEN_MS);
    media_client_send_media(ann, false, false);
    event_loop_run_ms(2500);
    const struct slot_receiver *video = media_client_slot_of(eye, ann, false);
    const struct slot_receiver *audio = media_client_slot_of(eye, ann, true);
    unsigned video_before = video->packets->len, audio_before = audio->packets->len;
    media_client_send_media(ann, true, true);
    event_loop_run_ms(2 * BETWEEN_MS);
    assert_true(video->packets->len > video_before);
    assert_true(audio->packets->len > audio_before);
    assert_lossless(eye);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFERENCE_TEST(another_takes_over_when_one_leaves),
        CONFERENCE_TEST(the_next_comes_after_a_gap),
        CONFERENCE_TEST(a_source_pauses),
    };
    return RUN_WITH_SERVER(tests);
}
