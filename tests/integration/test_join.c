/* The control channel: join, leave, and what the others hear of it (protocol.md, section 2). */
#include <string.h>

#include "tests/integration/assertions.h"

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key)) ?: "";
}

/* An object of `participants` or `participant_joined`. */
static void assert_participant(const json_t *object, const struct media_client *client)
{
    assert_string_equal(text_of(object, "id"), client->id);
    assert_string_equal(text_of(object, "name"), client->options.name);
    assert_non_null(json_object_get(object, "metadata"));
    assert_true(json_is_boolean(json_object_get(object, "audio_muted")));
    assert_true(json_is_boolean(json_object_get(object, "camera_muted")));
    assert_true(json_is_boolean(json_object_get(object, "screen_sharing")));
}

static void assert_limits(const json_t *limits)
{
    assert_int_equal(json_integer_value(json_object_get(limits, "up_camera_bps")), 500000);
    assert_int_equal(json_integer_value(json_object_get(limits, "up_screen_bps")), 800000);
    assert_int_equal(json_integer_value(json_object_get(limits, "up_audio_bps")), 100000);
    assert_int_equal(json_integer_value(json_object_get(limits, "down_video_bps")), 2800000);
}

static void assert_slot_list(const json_t *slots, const char *kind, size_t expected)
{
    size_t index, count = 0;
    json_t *slot;
    json_array_foreach(slots, index, slot)
    {
        count += strcmp(text_of(slot, "kind"), kind) == 0;
        assert_true(strlen(text_of(slot, "mid")) > 0);
        assert_true(strlen(text_of(slot, "state")) > 0);
        assert_non_null(json_object_get(slot, "participant"));
    }
    assert_int_equal(count, expected);
}

static void join_result_has_its_fields(void **state)
{
    (void)state;
    struct media_client_options options = usual_participant("fields", "ann");
    struct media_client *ann = assert_connected(&options);
    const json_t *result = ann->join_result;
    assert_true(strlen(text_of(result, "participant")) > 0);
    assert_true(strlen(text_of(result, "session")) >= 16); /* a secret */
    assert_string_not_equal(text_of(result, "session"), ann->id);
    assert_true(json_is_array(json_object_get(result, "ice_servers")));
    assert_int_equal(json_array_size(json_object_get(result, "participants")), 0);
    assert_limits(json_object_get(result, "limits"));
    const json_t *slots = json_object_get(result, "slots");
    assert_int_equal(json_array_size(slots), 8);
    assert_slot_list(slots, "audio", 3);
    assert_slot_list(slots, "camera", 4);
    assert_slot_list(slots, "screen", 1);
}

static void answer_keeps_the_contract(void **state)
{
    (void)state;
    struct media_client_options options = usual_participant("answer", "ann");
    options.has_screen = true;
    options.camera_layers = 2;
    struct media_client *ann = assert_connected(&options);
    const struct answer *answer = &ann->answer;
    assert_true(answer->is_lite);
    assert_true(answer->has_end_of_candidates);
    assert_string_equal(answer->setup, "passive");
    assert_int_equal(answer->candidate_count, 1); /* announce=127.0.0.1 */
    assert_string_equal(answer->candidates[0].address, "127.0.0.1");
    assert_in_range(answer->candidates[0].port, 49152, 65535);
    assert_int_equal(answer->line_count, 11);
    for (unsigned i = 0; i < answer->line_count; i++) {
        const struct answer_line *line = &answer->lines[i];
        char msid[80];
        bool is_slot = i >= 3;
        assert_int_not_equal(line->port, 0);
        assert_string_equal(line->direction, is_slot ? "sendonly" : "recvonly");
        assert_int_equal(line->payload_type,
                         line->is_audio ? OFFER_NUMBERS.opus : OFFER_NUMBERS.vp8);
        assert_int_equal(line->rtx_payload_type, line->is_audio ? -1 : OFFER_NUMBERS.rtx);
        assert_int_equal(line->extensions.mid, OFFER_NUMBERS.mid);
        assert_int_equal(line->extensions.transport_seq, OFFER_NUMBERS.transport_seq);
        assert_int_equal(line->extensions.abs_send_time, 0); /* only without transport-cc */
        assert_int_equal(line->extensions.audio_level,
                         line->is_audio ? OFFER_NUMBERS.audio_level : 0);
        assert_int_equal(line->extensions.rid, i == 1 ? OFFER_NUMBERS.rid : 0);
        assert_int_equal(line->rid_count, i == 1 ? 2 : 0);
        assert_int_equal(is_slot, line->ssrc != 0);
        assert_int_equal(is_slot && !line->is_audio, line->rtx_ssrc != 0);
        snprintf(msid, sizeof(msid), "slot-%s slot-%s", line->mid, line->mid);
        if (is_slot)
            assert_string_equal(line->msid, msid);
    }
}

static void others_hear_of_join_and_leave(void **state)
{
    (void)state;
    struct media_client_options options = usual_participant("hears", "ann");
    struct media_client *ann = assert_connected(&options);
    options.name = "bob";
    struct media_client *bob = assert_connected(&options);

    json_t *joined = assert_notified(ann, "participant_joined");
    assert_participant(json_object_get(joined, "participant"), bob);
    json_decref(joined);
    const json_t *present = json_object_get(bob->join_result, "participants");
    assert_int_equal(json_array_size(present), 1);
    assert_participant(json_array_get(present, 0), ann);

    assert_int_equal(media_client_leave(bob), 1000);
    json_t *left = assert_notified(ann, "participant_left");
    assert_string_equal(text_of(left, "id"), bob->id);
    assert_string_equal(text_of(left, "reason"), "left");
    json_decref(left);
}

static bool has_slots_of(struct media_client *client, const char *id, const char *kind)
{
    size_t index;
    json_t *slot;
    json_array_foreach(client->slots, index, slot)
    {
        if (strcmp(text_of(slot, "participant"), id) == 0 &&
            strcmp(text_of(slot, "kind"), kind) == 0 &&
            strcmp(text_of(slot, "state"), "live") == 0 &&
            json_integer_value(json_object_get(slot, "csrc")) != 0)
            return true;
    }
    return false;
}

struct pair {
    struct media_client *client, *other;
};

static bool shows_both_kinds(void *user)
{
    const struct pair *pair = user;
    return has_slots_of(pair->client, pair->other->id, "audio") &&
           has_slots_of(pair->client, pair->other->id, "camera");
}

static bool shows_nothing(void *user)
{
    const struct pair *pair = user;
    return !has_slots_of(pair->client, pair->other->id, "audio") &&
           !has_slots_of(pair->client, pair->other->id, "camera");
}

static void slots_are_notified(void **state)
{
    (void)state;
    struct media_client *ann = assert_talking("slots", "ann");
    struct media_client *bob = assert_talking("slots", "bob");
    struct pair pair = {ann, bob};
    assert_sees(ann, bob);
    assert_true(event_loop_until(shows_both_kinds, &pair, EVENT_LOOP_PATIENCE_MS));
    assert_int_equal(json_array_size(ann->slots), 8); /* the whole list each time */
    media_client_leave(bob);
    assert_true(event_loop_until(shows_nothing, &pair, EVENT_LOOP_PATIENCE_MS));
    assert_verified(ann);
}

static void rooms_are_apart(void **state)
{
    (void)state;
    struct media_client *ann = assert_talking("apart-1", "ann");
    struct media_client *bob = assert_talking("apart-2", "bob");
    assert_int_equal(json_array_size(json_object_get(bob->join_result, "participants")), 0);
    event_loop_run_ms(500);
    assert_null(rpc_client_take(ann->rpc, "participant_joined", 0));
    assert_int_equal(assert_verified(ann).packets, 0);
    assert_int_equal(assert_verified(bob).packets, 0);
}

static int call_error(struct media_client *client, const char *method, json_t *params)
{
    json_t *reply = rpc_client_call(client->rpc, method, params);
    int code = rpc_client_error_code(reply);
    json_decref(reply);
    return code;
}

static void requests_out_of_order_are_refused(void **state)
{
    (void)state;
    struct media_client_options options = usual_participant("order", "ann");
    struct media_client *ann = media_client_create(&options);
    assert_non_null(ann);
    assert_int_equal(call_error(ann, "leave", json_object()), 404); /* not joined yet */
    assert_int_equal(call_error(ann, "fly", json_object()), -32601);
    assert_true(media_client_connect(ann)); /* none of it ended the connection */
    assert_int_equal(call_error(ann, "fly", json_object()), -32601);
    char *offer = media_client_offer(ann);
    assert_int_equal(
        call_error(ann, "join",
                   json_pack("{s:s, s:s, s:s}", "room", "order", "name", "ann", "offer", offer)),
        409);
    free(offer);
    assert_int_equal(call_error(ann, "leave", json_object()), 0);
    assert_int_equal(rpc_client_await_close(ann->rpc), 1000);
}

/* Both stopped: gone 5 s later at the latest, or at once ("Sessions"). */
static void vanished_participant_leaves(void **state)
{
    (void)state;
    struct media_client *ann = assert_talking("vanish", "ann");
    struct media_client *bob = assert_talking("vanish", "bob");
    assert_sees(ann, bob);
    media_client_vanish(bob);
    json_t *left = assert_notified(ann, "participant_left");
    assert_string_equal(text_of(left, "id"), bob->id);
    assert_string_equal(text_of(left, "reason"), "disconnected");
    json_decref(left);
    assert_verified(ann);
}

/* No FIN, no close_notify: the others hear of it after 5 s and a second or so, not after 30. */
static void a_pulled_cable_is_noticed(void **state)
{
    (void)state;
    struct media_client *ann = assert_talking("cable", "ann");
    struct media_client *bob = assert_talking("cable", "bob");
    assert_sees(ann, bob);
    media_client_freeze(bob);
    int64_t since_us = event_loop_now_us();
    json_t *left = assert_notified(ann, "participant_left");
    int64_t after_us = event_loop_now_us() - since_us;
    printf("the end is told %lld ms after the cable was pulled\n", (long long)after_us / 1000);
    assert_string_equal(text_of(left, "id"), bob->id);
    assert_string_equal(text_of(left, "reason"), "disconnected");
    assert_in_range(after_us, 4000000, 9000000);
    json_decref(left);
}

/* Also of one who has sent nothing for long, and answered the probes. */
static void a_cable_pulled_in_silence_is_noticed(void **state)
{
    (void)state;
    struct media_client *ann = assert_talking("dark", "ann");
    struct media_client_options options = usual_participant("dark", "bob");
    struct media_client *bob = media_client_create(&options);
    assert_int_equal(media_client_join(bob), 0);
    event_loop_run_ms(7000);
    media_client_freeze(bob);
    json_t *left = assert_notified(ann, "participant_left");
    assert_string_equal(text_of(left, "id"), bob->id);
    assert_string_equal(text_of(left, "reason"), "disconnected");
    json_decref(left);
}

/* One who is silent, but answers, stays: nothing is sent for longer than that. */
static void silence_alone_ends_nothing(void **state)
{
    (void)state;
    struct media_client_options options = usual_participant("quiet", "ann");
    struct media_client *ann = media_client_create(&options);
    assert_int_equal(media_client_join(ann), 0);
    event_loop_run_ms(8000);
    assert_int_equal(call_error(ann, "stats", json_object()), 0);
}

static void wrong_upgrades_are_refused(void **state)
{
    (void)state;
    static const struct {
        struct websocket_request request;
        int status;
    } rows[] = {
        {{.host = "evil.example"}, 421},
        {{.origin = "https://evil.example"}, 403},
        {{.origin = "null"}, 403},
        {{.origin = "http://127.0.0.1:9"}, 101}, /* that host, any port */
        {{.host = "localhost"}, 101},
    };
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct websocket_client *client =
            websocket_client_open(server_process_public_port(), &rows[i].request, NULL, NULL);
        int status = websocket_client_http_status(client);
        websocket_client_destroy(client);
        if (status != rows[i].status)
            fail_msg("row %u: status %d, not %d", i, status, rows[i].status);
    }
}

static void connection_without_join_is_closed(void **state)
{
    (void)state;
    struct media_client_options options = usual_participant("idle", "ann");
    struct media_client *ann = media_client_create(&options);
    assert_non_null(ann);
    assert_int_equal(rpc_client_await_close(ann->rpc), 4408); /* after 10 s */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFERENCE_TEST(join_result_has_its_fields),
        CONFERENCE_TEST(answer_keeps_the_contract),
        CONFERENCE_TEST(others_hear_of_join_and_leave),
        CONFERENCE_TEST(slots_are_notified),
        CONFERENCE_TEST(rooms_are_apart),
        CONFERENCE_TEST(requests_out_of_order_are_refused),
        CONFERENCE_TEST(vanished_participant_leaves),
        CONFERENCE_TEST(a_pulled_cable_is_noticed),
        CONFERENCE_TEST(a_cable_pulled_in_silence_is_noticed),
        CONFERENCE_TEST(silence_alone_ends_nothing),
        CONFERENCE_TEST(wrong_upgrades_are_refused),
        CONFERENCE_TEST(connection_without_join_is_closed),
    };
    return RUN_WITH_SERVER(tests);
}
