/* Tokens, and what moderators may do (protocol.md, sections 2 and 3), on a server that wants
 * tokens. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/integration/assertions.h"
#include "tests/integration/token_writer.h"

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key)) ?: "";
}

static int call_error(struct media_client *client, const char *method, json_t *params)
{
    json_t *reply = rpc_client_call(client->rpc, method, params);
    int code = rpc_client_error_code(reply);
    json_decref(reply);
    return code;
}

static struct media_client *assert_joined(const char *room, const char *name, bool is_moderator)
{
    struct media_client_options options = usual_participant(room, name);
    options.token = token_for(room, name, is_moderator);
    struct media_client *client = assert_connected(&options);
    free((char *)options.token);
    return client;
}

static int64_t hours(int count)
{
    return (int64_t)time(NULL) + 3600 * count;
}

/* What a join with these claims meets: 0, or the error; and 4401 after 401, an open connection
 * else. */
static void assert_join(const char *what, char *token, int expected)
{
    struct media_client_options options = usual_participant("tokens", "ann");
    options.token = token;
    struct media_client *client = media_client_create(&options);
    assert_non_null(client);
    int code = media_client_join(client);
    if (code != expected)
        fail_msg("%s: error %d, not %d", what, code, expected);
    if (expected == 401)
        assert_int_equal(rpc_client_await_close(client->rpc), 4401);
    else if (expected != 0)
        assert_int_equal(call_error(client, "stats", json_object()), 404);
    free(token);
}

static void tokens_are_judged(void **state)
{
    (void)state;
    assert_join("no token", NULL, 401);
    assert_join("no JWT", strdup("hello"), 401);
    assert_join("another secret",
                token_write("another secret that is long enough, too",
                            json_pack("{s:s, s:I}", "room", "tokens", "exp", hours(1))),
                401);
    assert_join(
        "expired",
        token_write(TOKEN_SECRET, json_pack("{s:s, s:I}", "room", "tokens", "exp", hours(-1))),
        401);
    assert_join(
        "another room",
        token_write(TOKEN_SECRET, json_pack("{s:s, s:I}", "room", "other", "exp", hours(1))), 403);
    assert_join(
        "this room",
        token_write(TOKEN_SECRET, json_pack("{s:s, s:I}", "room", "tokens", "exp", hours(1))), 0);
    assert_join("nothing granted",
                token_write(TOKEN_SECRET, json_pack("{s:s, s:[], s:b, s:I}", "room", "tokens",
                                                    "publish", "subscribe", 0, "exp", hours(1))),
                403);
    assert_join("any room",
                token_write(TOKEN_SECRET, json_pack("{s:s, s:I}", "room", "*", "exp", hours(1))),
                0);
}

static unsigned count_inactive(const struct answer *answer)
{
    unsigned count = 0;
    for (unsigned i = 0; i < answer->line_count; i++)
        count += answer->lines[i].port == 0;
    return count;
}

static void rights_are_granted(void **state)
{
    (void)state;
    struct media_client_options options = usual_participant("rights", "");
    char *token = token_write(TOKEN_SECRET, json_pack("{s:s, s:s, s:[s], s:b, s:I}", "room",
                                                      "rights", "name", "Ada L.", "publish",
                                                      "audio", "subscribe", 0, "exp", hours(1)));
    options.token = token;
    struct media_client *ada = media_client_create(&options);
    assert_int_equal(media_client_join(ada), 0);
    free(token);
    const json_t *rights = json_object_get(ada->join_result, "rights");
    assert_int_equal(json_array_size(json_object_get(rights, "publish")), 1);
    assert_true(json_is_false(json_object_get(rights, "subscribe")));
    assert_true(json_is_false(json_object_get(rights, "moderator")));
    assert_int_equal(count_inactive(&ada->answer), ada->answer.line_count - 1); /* the microphone */
    struct media_client *bob = assert_joined("rights", "bob", false);
    const json_t *others = json_object_get(bob->join_result, "participants");
    assert_string_equal(text_of(json_array_get(others, 0), "name"), "Ada L.");
}

/* Without the right nobody takes the screen from another by saying so. */
static void sharing_needs_the_right(void **state)
{
    (void)state;
    struct media_client *ann = assert_joined("share", "ann", false);
    struct media_client_options options = usual_participant("share", "bob");
    char *token =
        token_write(TOKEN_SECRET, json_pack("{s:s, s:[s,s], s:I}", "room", "share", "publish",
                                            "audio", "camera", "exp", hours(1)));
    options.token = token;
    struct media_client *bob = media_client_create(&options);
    assert_int_equal(media_client_join(bob), 0);
    free(token);
    assert_int_equal(call_error(ann, "update", json_pack("{s:b}", "screen_sharing", 1)), 0);
    json_decref(assert_notified(bob, "participant_updated"));
    assert_int_equal(call_error(bob, "update", json_pack("{s:b}", "screen_sharing", 1)), 403);
    assert_int_equal(call_error(bob, "update", json_pack("{s:b}", "screen_sharing", 0)), 0);
    assert_null(rpc_client_take(ann->rpc, "participant_updated", 100)); /* nothing has changed */
}

static void moderators_mute(void **state)
{
    (void)state;
    struct media_client *mia = assert_joined("mute", "mia", true);
    struct media_client *bob = assert_joined("mute", "bob", false);
    media_client_send_media(bob, true, true);
    assert_sees(mia, bob);
    assert_int_equal(
        call_error(bob, "mute", json_pack("{s:s, s:s}", "participant", mia->id, "kind", "audio")),
        403);
    assert_int_equal(
        call_error(mia, "mute", json_pack("{s:s, s:s}", "participant", bob->id, "kind", "smell")),
        -32602);
    assert_int_equal(
        call_error(mia, "mute", json_pack("{s:s, s:s}", "participant", "nobody", "kind", "audio")),
        404);
    assert_int_equal(
        call_error(mia, "mute", json_pack("{s:s, s:s}", "participant", bob->id, "kind", "audio")),
        0);
    struct media_client *both[] = {mia, bob}; /* the muted one hears of it, too */
    for (int i = 0; i < 2; i++) {
        json_t *params = assert_notified(both[i], "participant_updated");
        const json_t *participant = json_object_get(params, "participant");
        assert_string_equal(text_of(participant, "id"), bob->id);
        assert_true(json_is_true(json_object_get(participant, "audio_muted")));
        json_decref(params);
    }
    event_loop_run_ms(300);
    unsigned heard = slot_receiver_count_from(media_client_slot_of(mia, bob, true), bob->tag);
    event_loop_run_ms(500);
    assert_int_equal(slot_receiver_count_from(media_client_slot_of(mia, bob, true), bob->tag),
                     heard);
    assert_int_equal(call_error(bob, "update", json_pack("{s:b}", "audio_muted", 0)), 0);
    event_loop_run_ms(500);
    assert_true(slot_receiver_count_from(media_client_slot_of(mia, bob, true), bob->tag) > heard);
}

static void moderators_remove(void **state)
{
    (void)state;
    struct media_client *mia = assert_joined("remove", "mia", true);
    struct media_client *bob = assert_joined("remove", "bob", false);
    assert_int_equal(call_error(bob, "remove", json_pack("{s:s}", "participant", mia->id)), 403);
    assert_int_equal(
        call_error(mia, "remove",
                   json_pack("{s:s, s:s}", "participant", bob->id, "reason", "not invited")),
        0);
    json_t *closing = assert_notified(bob, "closing");
    assert_string_equal(text_of(closing, "reason"), "removed");
    assert_int_equal(rpc_client_await_close(bob->rpc), 4403);
    json_t *left = assert_notified(mia, "participant_left");
    assert_string_equal(text_of(left, "id"), bob->id);
    assert_string_equal(text_of(left, "reason"), "removed");
    json_decref(closing);
    json_decref(left);
    struct rpc_client *rpc = rpc_client_connect(server_process_public_port(), NULL, NULL);
    json_t *reply = rpc_client_call(
        rpc, "resume", json_pack("{s:s}", "session", text_of(bob->join_result, "session")));
    assert_int_equal(rpc_client_error_code(reply), 404); /* the session is gone */
    json_decref(reply);
    rpc_client_destroy(rpc);
}

/* The same sub twice: the server of this program is set to unique identities. */
static void older_of_two_is_replaced(void **state)
{
    (void)state;
    struct media_client *first = assert_joined("unique", "ann", false);
    struct media_client *bob = assert_joined("unique", "bob", false);
    struct media_client *second = assert_joined("unique", "ann", false);
    assert_int_equal(rpc_client_await_close(first->rpc), 4409);
    json_t *left = assert_notified(bob, "participant_left");
    assert_string_equal(text_of(left, "id"), first->id);
    assert_string_equal(text_of(left, "reason"), "replaced");
    json_decref(left);
    assert_int_equal(json_array_size(json_object_get(second->join_result, "participants")), 1);
    struct media_client *elsewhere = assert_joined("unique-2", "ann", false); /* another room */
    assert_int_equal(call_error(elsewhere, "stats", json_object()), 0);
    assert_int_equal(call_error(second, "stats", json_object()), 0);
}

static void full_rooms_say_when_to_come_back(void **state)
{
    (void)state;
    struct media_client *people[4]; /* room_max_participants of this program */
    for (int i = 0; i < 4; i++) {
        char name[16];
        snprintf(name, sizeof(name), "p%d", i);
        people[i] = assert_joined("full", name, false);
    }
    /* Who comes in place of himself finds room. */
    struct media_client *again = assert_joined("full", "p0", false);
    assert_int_equal(rpc_client_await_close(people[0]->rpc), 4409);
    assert_int_equal(json_array_size(json_object_get(again->join_result, "participants")), 3);
    struct media_client_options options = usual_participant("full", "late");
    options.token = token_for("full", "late", false);
    struct media_client *late = media_client_create(&options);
    char *offer = media_client_offer(late);
    json_t *reply = rpc_client_call(late->rpc, "join",
                                    json_pack("{s:s, s:s, s:s, s:s}", "room", "full", "name",
                                              "late", "offer", offer, "token", options.token));
    const json_t *data = json_object_get(json_object_get(reply, "error"), "data");
    assert_int_equal(rpc_client_error_code(reply), 503);
    assert_string_equal(text_of(data, "reason"), "the room is full");
    assert_in_range(json_integer_value(json_object_get(data, "retry_after_ms")), 1, 60000);
    json_decref(reply);
    free(offer);
    free((char *)options.token);
}

static struct media_client *join_alone(unsigned number, int expected)
{
    char room[24];
    snprintf(room, sizeof(room), "alone-%u", number);
    struct media_client_options options = usual_participant(room, "one");
    options.token = token_for(room, "one", false);
    struct media_client *client = media_client_create(&options);
    assert_int_equal(media_client_join(client), expected);
    free((char *)options.token);
    return client;
}

static void a_full_server_is_not_ready(void **state)
{
    (void)state;
    struct media_client *last = NULL;
    unsigned count = 0;
    while (server_process_is_ready() && count < 48) /* max_participants of this program is 24 */
        last = join_alone(count++, 0);
    assert_in_range(count, 1, 47);
    join_alone(count, 503);
    assert_int_equal(media_client_leave(last), 1000);
    assert_true(server_process_is_ready());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFERENCE_TEST(tokens_are_judged),
        CONFERENCE_TEST(rights_are_granted),
        CONFERENCE_TEST(sharing_needs_the_right),
        CONFERENCE_TEST(moderators_mute),
        CONFERENCE_TEST(moderators_remove),
        CONFERENCE_TEST(older_of_two_is_replaced),
        CONFERENCE_TEST(full_rooms_say_when_to_come_back),
        CONFERENCE_TEST(a_full_server_is_not_ready),
    };
    server_process_want_tokens();
    server_process_set("unique_identities=true");
    server_process_set("room_max_participants=4");
    server_process_set("max_participants=24");
    return RUN_WITH_SERVER(tests);
}
