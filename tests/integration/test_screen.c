/* One screen is shared at a time (docs/protocol.md, update): who is shown, who is told what. */
#include <string.h>

#include "tests/integration/assertions.h"

static struct media_client *assert_sharer(const char *room, const char *name)
{
    struct media_client_options options = usual_participant(room, name);
    options.has_camera = false;
    options.has_screen = true;
    struct media_client *client = assert_connected(&options);
    media_client_send_media(client, true, false);
    return client;
}

static void set_sharing(struct media_client *client, bool is_sharing)
{
    json_t *reply =
        rpc_client_call(client->rpc, "update", json_pack("{s:b}", "screen_sharing", is_sharing));
    assert_int_equal(rpc_client_error_code(reply), 0);
    json_decref(reply);
}

static void assert_told(struct media_client *client, const struct media_client *whom,
                        bool is_sharing)
{
    json_t *params = assert_notified(client, "participant_updated");
    const json_t *participant = json_object_get(params, "participant");
    assert_string_equal(json_string_value(json_object_get(participant, "id")), whom->id);
    assert_int_equal(json_is_true(json_object_get(participant, "screen_sharing")), is_sharing);
    json_decref(params);
}

/* Whose screen a client's screen slot shows; "" for nobody's. */
static const char *screen_owner(const struct media_client *client)
{
    size_t i;
    json_t *slot;
    json_array_foreach(client->slots, i, slot)
    {
        const char *owner = json_string_value(json_object_get(slot, "participant"));
        if (strcmp(json_string_value(json_object_get(slot, "kind")), "screen") == 0)
            return owner ? owner : "";
    }
    return "";
}

struct wish {
    const struct media_client *viewer;
    const char *owner;
};

static bool is_granted(void *user)
{
    const struct wish *wish = user;
    return strcmp(screen_owner(wish->viewer), wish->owner) == 0;
}

static void assert_shown(const struct media_client *viewer, const char *owner)
{
    struct wish wish = {.viewer = viewer, .owner = owner};
    if (!event_loop_until(is_granted, &wish, EVENT_LOOP_PATIENCE_MS))
        fail_msg("%s: the screen slot shows '%s', not '%s'", viewer->options.name,
                 screen_owner(viewer), owner);
}

static void the_second_sharer_replaces_the_first(void **state)
{
    (void)state;
    struct media_client *ann = assert_sharer("screens", "ann");
    struct media_client *bob = assert_sharer("screens", "bob");
    struct media_client *cid = assert_sharer("screens", "cid");
    media_client_send_media(ann, true, true);
    set_sharing(ann, true);
    assert_told(bob, ann, true);
    assert_told(cid, ann, true);
    assert_shown(bob, ann->id);
    assert_shown(cid, ann->id);

    media_client_send_media(bob, true, true);
    set_sharing(bob, true);
    struct media_client *all[] = {ann, bob, cid};
    for (int i = 0; i < 3; i++) { /* the new one first, so that everyone knows who did it */
        if (all[i] != bob)
            assert_told(all[i], bob, true);
        assert_told(all[i], ann, false);
    }
    assert_shown(ann, bob->id);
    assert_shown(cid, bob->id);
    assert_shown(bob, ""); /* ann goes on sending, and nobody sees it */

    set_sharing(bob, false);
    assert_shown(cid, "");
    event_loop_run_ms(300);
    assert_string_equal(screen_owner(cid), "");
    set_sharing(ann, true); /* until she says so again */
    assert_shown(cid, ann->id);
    assert_shown(bob, ann->id);
    for (int i = 0; i < 3; i++)
        assert_verified(all[i]);
}

/* A client that knows nothing of screen_sharing: the newest, and the earlier one afterwards. */
static void without_a_word_the_newest_is_shown(void **state)
{
    (void)state;
    struct media_client *ann = assert_sharer("silent-screens", "ann");
    struct media_client *bob = assert_sharer("silent-screens", "bob");
    struct media_client *cid = assert_sharer("silent-screens", "cid");
    media_client_send_media(bob, true, true);
    assert_shown(cid, bob->id);
    media_client_send_media(ann, true, true);
    assert_shown(cid, ann->id);
    assert_shown(bob, ann->id);
    media_client_send_media(ann, true, false);
    assert_shown(cid, bob->id);
    assert_null(rpc_client_take(cid->rpc, "participant_updated", 0));
    assert_verified(cid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFERENCE_TEST(the_second_sharer_replaces_the_first),
        CONFERENCE_TEST(without_a_word_the_newest_is_shown),
    };
    return RUN_WITH_SERVER(tests);
}
