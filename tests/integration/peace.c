/* The good pair of the hostile tests. */
#include "tests/integration/peace.h"

static struct media_client *join(const char *room, const char *name)
{
    struct media_client_options options = usual_participant(room, name);
    options.audio_slots = 1;
    options.camera_slots = 1;
    options.screen_slots = 0;
    options.audio_level = 10; /* louder than any intruder: the one audio slot is theirs */
    struct media_client *client = assert_connected(&options);
    media_client_send_media(client, true, true);
    return client;
}

struct peace peace_begin(const char *room)
{
    struct peace peace;
    peace.ann = join(room, "ann");
    peace.bob = join(room, "bob");
    assert_sees(peace.ann, peace.bob);
    assert_sees(peace.bob, peace.ann);
    return peace;
}

struct newer {
    const struct peace *peace;
    int64_t since_us;
};

static bool both_receive(void *user)
{
    const struct newer *newer = user;
    return newer->peace->ann->newest_media_us > newer->since_us &&
           newer->peace->bob->newest_media_us > newer->since_us;
}

void peace_assert(struct peace *peace)
{
    struct newer newer = {peace, event_loop_now_us()};
    assert_true(server_process_is_alive());
    assert_true(event_loop_until(both_receive, &newer, EVENT_LOOP_PATIENCE_MS));
    event_loop_run_ms(200);
    assert_int_equal(assert_lossless(peace->ann).source_changes, 0);
    assert_int_equal(assert_lossless(peace->bob).source_changes, 0);
}
