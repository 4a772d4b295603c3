/* What a participant may ask for once it is in the room (protocol.md, section 2). */
#include <stdlib.h>
#include <string.h>

#include "tests/integration/assertions.h"

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key)) ?: "";
}

static int call_error(struct rpc_client *rpc, const char *method, json_t *params)
{
    json_t *reply = rpc_client_call(rpc, method, params);
    int code = rpc_client_error_code(reply);
    json_decref(reply);
    return code;
}

/* The result of a call that must succeed: a new reference. */
static json_t *assert_called(struct rpc_client *rpc, const char *method, json_t *params)
{
    json_t *reply = rpc_client_call(rpc, method, params);
    if (rpc_client_error_code(reply) != 0)
        fail_msg("%s: %s", method, reply ? json_dumps(reply, 0) : "no reply");
    json_t *result = json_incref(json_object_get(reply, "result"));
    json_decref(reply);
    return result;
}

static struct media_client *assert_joined(const char *room, const char *name)
{
    struct media_client_options options = usual_participant(room, name);
    return assert_connected(&options);
}

static void everyone_hears_of_updates(void **state)
{
    (void)state;
    struct media_client *ann = assert_joined("update", "ann");
    struct media_client *bob = assert_joined("update", "bob");
    json_t *metadata = json_pack("{s:i}", "hand", 1);
    json_decref(
        assert_called(bob->rpc, "update",
                      json_pack("{s:s, s:O, s:b, s:b, s:b}", "name", "Bob B.", "metadata", metadata,
                                "audio_muted", 1, "camera_muted", 0, "screen_sharing", 1)));
    json_t *params = assert_notified(ann, "participant_updated");
    const json_t *participant = json_object_get(params, "participant");
    assert_string_equal(text_of(participant, "id"), bob->id);
    assert_string_equal(text_of(participant, "name"), "Bob B.");
    assert_true(json_equal(json_object_get(participant, "metadata"), metadata));
    assert_true(json_is_true(json_object_get(participant, "audio_muted")));
    assert_true(json_is_false(json_object_get(participant, "camera_muted")));
    assert_true(json_is_true(json_object_get(participant, "screen_sharing")));
    assert_null(rpc_client_take(bob->rpc, "participant_updated", 0)); /* who asked knows */
    json_decref(params);
    /* What is so already is no news. */
    json_decref(assert_called(
        bob->rpc, "update",
        json_pack("{s:s, s:O, s:b}", "name", "Bob B.", "metadata", metadata, "audio_muted", 1)));
    json_decref(assert_called(bob->rpc, "update", json_pack("{s:b}", "audio_muted", 0)));
    params = assert_notified(ann, "participant_updated");
    assert_true(
        json_is_false(json_object_get(json_object_get(params, "participant"), "audio_muted")));
    json_decref(params);
    assert_null(rpc_client_take(ann->rpc, "participant_updated", 50));
    json_decref(metadata);
}

static json_t *pinned_ids(unsigned count)
{
    json_t *ids = json_array();
    for (unsigned i = 0; i < count; i++)
        json_array_append_new(ids, json_string("p-0123456789abcdef"));
    return json_pack("{s:o}", "pinned", ids);
}

static void bad_parameters_change_nothing(void **state)
{
    (void)state;
    char *long_text = calloc(1, 20001);
    memset(long_text, 'x', 20000);
    struct media_client *ann = assert_joined("bad", "ann");
    struct media_client *bob = assert_joined("bad", "bob");
    json_decref(assert_notified(ann, "participant_joined"));
    const struct {
        const char *method;
        json_t *params;
        int code;
    } rows[] = {
        {"update", json_pack("{s:i}", "name", 1), -32602},
        {"update", json_pack("{s:s}", "name", long_text), -32602},
        {"update", json_pack("{s:s}", "audio_muted", "yes"), -32602},
        {"update", json_pack("{s:s%}", "metadata", long_text, 1100), 413},
        {"layout", json_pack("{s:i}", "max_cameras", 5), -32602},
        {"layout", json_pack("{s:i}", "max_cameras", -1), -32602},
        {"layout", json_pack("{s:i}", "max_height", 0), -32602},
        {"layout", json_pack("{s:s}", "audio_only", "no"), -32602},
        {"layout", json_pack("{s:s}", "pinned", "bob"), -32602},
        {"layout", json_pack("{s:[i]}", "pinned", 1), -32602},
        {"layout", pinned_ids(129), -32602},
        {"layout", pinned_ids(128), 0}, /* who is gone pins nothing */
        {"message", json_object(), -32602},
        {"message", json_pack("{s:s, s:s}", "to", "nobody", "data", "x"), 404},
        {"message", json_pack("{s:i, s:s}", "to", 1, "data", "x"), -32602},
        {"message", json_pack("{s:s}", "data", long_text), 413},
        {"mute", json_pack("{s:s, s:s}", "participant", bob->id, "kind", "audio"), 0},
        {"mute", json_pack("{s:s, s:s}", "participant", bob->id, "kind", "smell"), -32602},
        {"remove", json_pack("{s:s}", "participant", "nobody"), 404},
        {"remove", json_pack("{s:s, s:i}", "participant", bob->id, "reason", 1), -32602},
        {"offer", json_object(), -32602},
        {"offer", json_pack("{s:s}", "offer", "v=0"), 422},
        {"resume", json_pack("{s:s}", "session", "x"), 409},
        {"join", json_object(), 409},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int code = call_error(ann->rpc, rows[i].method, rows[i].params);
        /* Without a token key nobody is a moderator. */
        int expected = strcmp(rows[i].method, "mute") == 0 || strcmp(rows[i].method, "remove") == 0
                           ? 403
                           : rows[i].code;
        if (code != expected)
            fail_msg("row %zu, %s: error %d, not %d", i, rows[i].method, code, expected);
    }
    assert_null(rpc_client_take(bob->rpc, "participant_updated", 0));
    assert_null(rpc_client_take(bob->rpc, "message", 0));
    free(long_text);
}

static void messages_reach_the_room_or_one(void **state)
{
    (void)state;
    struct media_client *ann = assert_joined("message", "ann");
    struct media_client *bob = assert_joined("message", "bob");
    struct media_client *cid = assert_joined("message", "cid");
    json_decref(assert_called(ann->rpc, "message", json_pack("{s:s}", "data", "to all")));
    json_decref(assert_called(ann->rpc, "message",
                              json_pack("{s:s, s:{s:i}}", "to", bob->id, "data", "n", 7)));
    json_t *to_all = assert_notified(bob, "message"), *to_bob = assert_notified(bob, "message");
    assert_string_equal(text_of(to_all, "from"), ann->id);
    assert_true(json_is_null(json_object_get(to_all, "to")));
    assert_string_equal(text_of(to_all, "data"), "to all");
    assert_string_equal(text_of(to_bob, "to"), bob->id);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(to_bob, "data"), "n")), 7);
    json_decref(to_all);
    json_decref(to_bob);
    json_decref(assert_notified(cid, "message"));
    assert_null(rpc_client_take(cid->rpc, "message", 100));
    assert_null(rpc_client_take(ann->rpc, "message", 0));
}

static void messages_have_a_rate(void **state)
{
    (void)state;
    struct media_client *ann = assert_joined("rate", "ann");
    unsigned refused = 0;
    for (unsigned i = 0; i < 40; i++) { /* a machine that needs 3 s for them is no machine */
        json_t *reply = rpc_client_call(ann->rpc, "message", json_pack("{s:i}", "data", (int)i));
        int code = rpc_client_error_code(reply);
        const json_t *data = json_object_get(json_object_get(reply, "error"), "data");
        if (code == 429) {
            refused++;
            assert_in_range(json_integer_value(json_object_get(data, "retry_after_ms")), 1, 1000);
        } else {
            assert_int_equal(code, 0);
        }
        json_decref(reply);
    }
    assert_in_range(refused, 1, 30);
}

static unsigned count_slots(const json_t *slots, const char *kind, const char *state)
{
    unsigned count = 0;
    size_t i;
    json_t *slot;
    json_array_foreach(slots, i, slot) count +=
        strcmp(text_of(slot, "kind"), kind) == 0 && strcmp(text_of(slot, "state"), state) == 0;
    return count;
}

struct expectation {
    struct media_client *client;
    const char *kind, *state;
    unsigned count;
    const char *reason; /* of each; NULL: any */
};

static bool is_as_expected(void *user)
{
    const struct expectation *expected = user;
    size_t i;
    json_t *slot;
    if (count_slots(expected->client->slots, expected->kind, expected->state) != expected->count)
        return false;
    json_array_foreach(
        expected->client->slots, i,
        slot) if (expected->reason && strcmp(text_of(slot, "kind"), expected->kind) == 0 &&
                  strcmp(text_of(slot, "state"), expected->state) == 0 &&
                  strcmp(text_of(slot, "reason"), expected->reason) != 0) return false;
    return true;
}

static void assert_slots(struct media_client *client, const char *kind, const char *state,
                         unsigned count, const char *reason)
{
    struct expectation expected = {client, kind, state, count, reason};
    if (!event_loop_until(is_as_expected, &expected, EVENT_LOOP_PATIENCE_MS))
        fail_msg("not %u %s slots are %s: %s", count, kind, state, json_dumps(client->slots, 0));
}

static void layout_is_obeyed(void **state)
{
    (void)state;
    struct media_client *ann = assert_joined("layout", "ann");
    struct media_client *bob = assert_talking("layout", "bob");
    struct media_client *cid = assert_talking("layout", "cid");
    assert_sees(ann, bob);
    assert_sees(ann, cid);
    assert_slots(ann, "camera", "live", 2, NULL);
    json_t *result = assert_called(ann->rpc, "layout", json_pack("{s:i}", "max_cameras", 1));
    assert_int_equal(json_array_size(json_object_get(result, "slots")), 8);
    json_decref(result);
    assert_slots(ann, "camera", "live", 1, NULL);
    assert_int_equal(media_client_slots_showing(ann, bob->id, "live"), 2); /* voice and picture */
    json_decref(assert_called(ann->rpc, "layout", json_pack("{s:[s]}", "pinned", cid->id)));
    assert_slots(ann, "camera", "live", 1, NULL);
    struct expectation pinned = {ann, "camera", "live", 1, NULL};
    assert_true(event_loop_until(is_as_expected, &pinned, EVENT_LOOP_PATIENCE_MS));
    json_decref(assert_called(ann->rpc, "layout", json_pack("{s:b}", "audio_only", 1)));
    assert_slots(ann, "camera", "paused", 1, "layout");
    assert_int_equal(media_client_slots_showing(ann, cid->id, "paused"), 1);
    assert_slots(ann, "audio", "live", 2, NULL);
    json_decref(assert_called(ann->rpc, "layout",
                              json_pack("{s:b, s:i}", "audio_only", 0, "max_cameras", 4)));
    assert_slots(ann, "camera", "live", 2, NULL);
    assert_lossless(ann);
}

static void speakers_are_told(void **state)
{
    (void)state;
    struct media_client_options loud = usual_participant("speakers", "bob");
    struct media_client_options quiet = usual_participant("speakers", "cid");
    loud.audio_level = 20;
    quiet.audio_level = 80;
    struct media_client *ann = assert_joined("speakers", "ann");
    struct media_client *bob = assert_connected(&loud), *cid = assert_connected(&quiet);
    media_client_send_media(bob, true, false);
    media_client_send_media(cid, true, false);
    const json_t *first = NULL;
    json_t *params = NULL;
    for (int i = 0; i < 20 && json_array_size(first) == 0; i++) {
        json_decref(params);
        params = assert_notified(ann, "speakers");
        first = json_object_get(params, "speakers");
    }
    assert_int_equal(json_array_size(first), 1);
    assert_string_equal(text_of(json_array_get(first, 0), "participant"), bob->id);
    json_decref(params);
    event_loop_run_ms(1500);
    while ((params = rpc_client_take(ann->rpc, "speakers", 0))) { /* settling */
        const json_t *list = json_object_get(params, "speakers");
        assert_int_equal(json_array_size(list), 1);
        assert_in_range(json_integer_value(json_object_get(json_array_get(list, 0), "level")), 20,
                        50);
        json_decref(params);
    }
    event_loop_run_ms(1000);
    assert_null(rpc_client_take(ann->rpc, "speakers", 0)); /* nothing changes any more */
}

/* The WebSocket is cut; media goes on; a new one takes the session over. */
static void session_resumes(void **state)
{
    (void)state;
    struct media_client *ann = assert_talking("resume", "ann");
    struct media_client *bob = assert_talking("resume", "bob");
    assert_sees(ann, bob);
    char session[64];
    snprintf(session, sizeof(session), "%s", text_of(ann->join_result, "session"));
    rpc_client_destroy(ann->rpc);
    ann->rpc = NULL;
    event_loop_run_ms(6000); /* longer than WebSocket and media may both be gone */
    assert_null(rpc_client_take(bob->rpc, "participant_left", 0));
    struct rpc_client *rpc = rpc_client_connect(server_process_public_port(), NULL, NULL);
    json_t *result = assert_called(rpc, "resume", json_pack("{s:s}", "session", session));
    assert_string_equal(text_of(result, "participant"), ann->id);
    assert_string_not_equal(text_of(result, "session"), session);
    assert_int_equal(strlen(text_of(result, "session")), strlen(session));
    assert_null(json_object_get(result, "answer"));
    assert_int_equal(json_array_size(json_object_get(result, "participants")), 1);
    assert_int_equal(json_array_size(json_object_get(result, "slots")), 8);
    assert_non_null(json_object_get(result, "limits"));

    /* Had the result been lost, the secret would still be good, as often as it happens. */
    for (int i = 0; i < 2; i++) {
        rpc_client_destroy(rpc);
        json_decref(result);
        rpc = rpc_client_connect(server_process_public_port(), NULL, NULL);
        result = assert_called(rpc, "resume", json_pack("{s:s}", "session", session));
    }
    json_decref(assert_called(rpc, "stats", json_object()));

    /* The secret is used up; the new one takes the session from a connection that still lives. */
    struct rpc_client *third = rpc_client_connect(server_process_public_port(), NULL, NULL);
    assert_int_equal(call_error(third, "resume", json_pack("{s:s}", "session", session)), 404);
    json_decref(
        assert_called(third, "resume", json_pack("{s:s}", "session", text_of(result, "session"))));
    json_decref(rpc_client_take(rpc, "closing", 1000));
    assert_int_equal(rpc_client_await_close(rpc), 4409);
    assert_int_equal(call_error(third, "update", json_pack("{s:b}", "audio_muted", 1)), 0);
    json_decref(assert_notified(bob, "participant_updated"));
    json_decref(result);
    rpc_client_destroy(rpc);
    ann->rpc = third;
    assert_int_equal(media_client_leave(ann), 1000);
    assert_lossless(bob);
}

static bool has_line(const char *text, const char *line)
{
    const char *at = strstr(text, line);
    return at && (at == text || at[-1] == '\n');
}

/* The answer to an offer must keep the SSRCs and change the credentials. */
static void ice_restart_is_answered(void **state)
{
    (void)state;
    struct media_client *ann = assert_talking("restart", "ann");
    struct media_client *bob = assert_talking("restart", "bob");
    assert_sees(bob, ann);
    const char *first = text_of(ann->join_result, "answer");
    char *offer = media_client_offer_again(ann, "newufrag", "newpasswordofatleast22chars");
    json_t *result = assert_called(ann->rpc, "offer", json_pack("{s:s}", "offer", offer));
    json_t *again = assert_called(ann->rpc, "offer", json_pack("{s:s}", "offer", offer));
    const char *second = text_of(result, "answer");
    assert_string_equal(second, text_of(again, "answer"));
    char problem[ANSWER_PROBLEM_BYTES];
    struct answer before, after;
    assert_int_equal(answer_read(&before, first, problem), 0);
    assert_int_equal(answer_read(&after, second, problem), 0);
    assert_string_not_equal(before.ufrag, after.ufrag);
    assert_string_not_equal(before.pwd, after.pwd);
    assert_string_equal(after.setup, "passive");
    assert_int_equal(after.line_count, before.line_count);
    for (unsigned i = 0; i < after.line_count; i++) {
        assert_int_equal(after.lines[i].ssrc, before.lines[i].ssrc);
        assert_int_equal(after.lines[i].payload_type, before.lines[i].payload_type);
    }
    assert_true(has_line(first, "o=iris ") && has_line(second, "o=iris "));
    assert_null(strstr(second, " 1 IN IP4 127.0.0.1\r\ns="));
    event_loop_run_ms(1000); /* the old credentials still serve */
    assert_lossless(bob);
    json_decref(result);
    json_decref(again);
    free(offer);
}

static void ice_restart_changes_nothing_else(void **state)
{
    (void)state;
    struct media_client_options options = usual_participant("restart-bad", "ann");
    struct media_client *ann = assert_connected(&options);
    char *offer = media_client_offer_again(ann, "newufrag", "newpasswordofatleast22chars");
    static const struct {
        const char *from, *to;
    } rows[] = {
        {"a=sendonly", "a=recvonly"},
        {"a=mid:mic0", "a=mid:mic9"},
        {"a=fingerprint:sha-256 ", "a=fingerprint:sha-256 00:"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        GString *changed = g_string_new(offer);
        g_string_replace(changed, rows[i].from, rows[i].to, 1);
        assert_int_equal(call_error(ann->rpc, "offer", json_pack("{s:s}", "offer", changed->str)),
                         422);
        g_string_free(changed, TRUE);
    }
    assert_int_equal(call_error(ann->rpc, "stats", json_object()), 0); /* still connected */
    free(offer);
}

static void statistics_tell_what_exists(void **state)
{
    (void)state;
    struct media_client *ann = assert_talking("stats", "ann");
    struct media_client *bob = assert_talking("stats", "bob");
    assert_sees(ann, bob);
    event_loop_run_ms(1500); /* they are a second old at most */
    json_t *result = assert_called(ann->rpc, "stats", json_object());
    const json_t *uplink = json_object_get(result, "uplink");
    const json_t *slots = json_object_get(json_object_get(result, "downlink"), "slots");
    assert_true(json_integer_value(json_object_get(uplink, "packets")) > 0);
    assert_int_equal(json_array_size(slots), 8);
    json_int_t packets = 0;
    size_t i;
    json_t *slot;
    json_array_foreach(slots, i, slot) packets +=
        json_integer_value(json_object_get(slot, "packets"));
    assert_true(packets > 0);
    json_decref(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFERENCE_TEST(everyone_hears_of_updates),
        CONFERENCE_TEST(bad_parameters_change_nothing),
        CONFERENCE_TEST(messages_reach_the_room_or_one),
        CONFERENCE_TEST(messages_have_a_rate),
        CONFERENCE_TEST(layout_is_obeyed),
        CONFERENCE_TEST(speakers_are_told),
        CONFERENCE_TEST(session_resumes),
        CONFERENCE_TEST(ice_restart_is_answered),
        CONFERENCE_TEST(ice_restart_changes_nothing_else),
        CONFERENCE_TEST(statistics_tell_what_exists),
    };
    return RUN_WITH_SERVER(tests);
}
