/*
 * What operators and participants are told of media that really flowed: in the shape that
 * docs/openapi.json says, true, and gone with those it is about.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/integration/assertions.h"
#include "tests/integration/operations_client.h"
#include "tests/integration/schema.h"

#define SNAPSHOTS_MS 3500 /* at least two of everybody, and their RTCP reports */

static json_t *document;

static json_t *get(const char *path)
{
    struct operations_reply reply = operations_call("GET", path, "", NULL);
    json_t *body = json_incref(reply.body);
    int status = reply.status;
    operations_reply_free(&reply);
    if (status != 200 || !body)
        fail_msg("GET %s: status %d", path, status);
    return body;
}

static json_t *stats_of(struct media_client *client)
{
    json_t *reply = rpc_client_call(client->rpc, "stats", json_object());
    json_t *result = json_incref(json_object_get(reply, "result"));
    json_decref(reply);
    assert_non_null(result);
    return result;
}

static void assert_fits(const char *what, const char *breach)
{
    if (breach)
        fail_msg("%s breaks docs/openapi.json: %s", what, breach);
}

static json_int_t number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value))
        fail_msg("%s is no whole number", key);
    return json_integer_value(value);
}

static const json_t *find(const json_t *list, const char *key, const char *text)
{
    size_t i;
    json_t *entry;
    json_array_foreach(list, i, entry)
    {
        if (strcmp(json_string_value(json_object_get(entry, key)) ?: "", text) == 0)
            return entry;
    }
    return NULL;
}

/* Every answer of this listener that has a schema, while two people talk and one only listens. */
static void answers_have_the_documents_shape(void **state)
{
    (void)state;
    static const struct {
        const char *path, *documented;
    } calls[] = {{"/v1/rooms", "/v1/rooms"},
                 {"/v1/rooms/shape", "/v1/rooms/{room}"},
                 {"/v1/workers", "/v1/workers"},
                 {"/v1/drain", "/v1/drain"}};
    int status;
    struct event_stream *stream = event_stream_open(&status);
    struct media_client *ann = assert_talking("shape", "ann");
    struct media_client_options silent = usual_participant("shape", "cid");
    assert_talking("shape", "bob");
    assert_connected(&silent);
    for (int round = 0; round < 2; round++) { /* before there are numbers, and with them */
        for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
            json_t *body = get(calls[i].path);
            assert_fits(calls[i].path,
                        schema_check_answer(document, calls[i].documented, "get", body));
            json_decref(body);
        }
        json_t *own = stats_of(ann);
        assert_fits("stats", schema_check(document, "Statistics", own));
        json_decref(own);
        event_loop_run_ms(round == 0 ? SNAPSHOTS_MS : 0);
    }
    static const char *const events[][2] = {
        {"room_opened", "EventRoom"}, {"joined", "EventJoined"}, {"rates", "EventRates"}};
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        json_t *data = event_stream_take(stream, events[i][0], EVENT_LOOP_PATIENCE_MS);
        assert_non_null(data);
        assert_fits(events[i][0], schema_check(document, events[i][1], data));
        json_decref(data);
    }
    event_stream_close(stream);
}

/* The check itself fails where it should. */
static void wrong_answers_are_seen(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "{}",
        "{\"code\": 404}",
        "{\"code\": \"404\", \"message\": \"no\"}",
        "{\"code\": 404, \"message\": \"no\", \"more\": 1}",
        "[]",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        json_t *value = json_loads(wrong[i], 0, NULL);
        assert_non_null(schema_check(document, "Error", value));
        json_decref(value);
    }
    json_t *right = json_pack("{s:i, s:s}", "code", 404, "message", "no");
    assert_null(schema_check(document, "Error", right));
    json_decref(right);
    assert_non_null(schema_check_answer(document, "/v1/nothing", "get", json_null()));
}

static const json_t *track_of(const json_t *participant, const char *kind)
{
    const json_t *uplink = json_object_get(participant, "uplink");
    const json_t *track = find(json_object_get(uplink, "tracks"), "kind", kind);
    assert_non_null(track);
    return track;
}

static const json_t *layer_of(const json_t *participant, const char *kind)
{
    const json_t *layer = json_array_get(json_object_get(track_of(participant, kind), "layers"), 0);
    assert_non_null(layer);
    return layer;
}

static const json_t *slot_showing(const json_t *participant, const char *kind, const char *whom)
{
    const json_t *slots = json_object_get(json_object_get(participant, "downlink"), "slots");
    size_t i;
    json_t *slot;
    json_array_foreach(slots, i, slot)
    {
        if (strcmp(json_string_value(json_object_get(slot, "kind")), kind) == 0 &&
            strcmp(json_string_value(json_object_get(slot, "participant")) ?: "", whom) == 0)
            return slot;
    }
    fail_msg("nobody shows %s", whom);
    return NULL;
}

/* Ann loses each tenth packet of video on her way to the server, which has them repaired. */
static void numbers_are_true(void **state)
{
    (void)state;
    struct media_client *ann = assert_talking("true", "ann"), *bob = assert_talking("true", "bob");
    ann->drop_sent_every = 10;
    event_loop_run_ms(SNAPSHOTS_MS + 1000);
    json_t *room = get("/v1/rooms/true");
    const json_t *people = json_object_get(room, "participants");
    const json_t *of_ann = find(people, "id", ann->id), *of_bob = find(people, "id", bob->id);
    assert_non_null(of_ann);
    const json_t *camera = layer_of(of_ann, "camera");
    double loss = json_number_value(json_object_get(camera, "loss"));
    double residual = json_number_value(json_object_get(camera, "residual_loss"));
    print_message("loss %.3f, after repair %.3f\n", loss, residual);
    assert_true(loss > 0.04 && loss < 0.2);
    assert_true(residual < 0.04);
    assert_true(number(camera, "nacks") >= ann->dropped_before_server / 2);
    assert_true(number(camera, "expected") <= ann->video_packets_made);
    assert_true(number(camera, "expected") >= ann->video_packets_made / 2);
    assert_int_equal(number(camera, "height"), 480);
    assert_int_equal(number(layer_of(of_bob, "camera"), "nacks"), 0);
    const json_t *slot = slot_showing(of_bob, "camera", ann->id);
    assert_in_range(number(slot, "bitrate_bps"), number(camera, "bitrate_bps") / 2,
                    number(camera, "bitrate_bps") * 3 / 2);
    assert_true(number(slot, "expected") > 0); /* bob's reports */
    assert_true(number(json_object_get(of_bob, "downlink"), "delivered") > 0);
    assert_int_equal(number(room, "cameras"), 2);
    assert_int_equal(number(room, "microphones"), 2);
    json_decref(room);
}

static char *metrics(void)
{
    struct operations_reply reply = operations_call("GET", "/metrics", "", NULL);
    char *text = strdup(reply.text ?: "");
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(text, "text/plain; version=0.0.4"));
    operations_reply_free(&reply);
    return text;
}

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static json_int_t participants_on_workers(void)
{
    json_t *body = get("/v1/workers"), *worker;
    const json_t *workers = json_object_get(body, "workers");
    json_int_t sum = 0;
    size_t i;
    json_array_foreach(workers, i, worker) sum += number(worker, "participants");
    json_decref(body);
    return sum;
}

static bool is_nobody_there(void *context)
{
    (void)context;
    return participants_on_workers() == 0;
}

/* Who is gone is in no answer; what was counted of them stays counted. */
static void the_gone_leave_nothing(void **state)
{
    (void)state;
    struct media_client *ann = assert_talking("gone", "ann"), *bob = assert_talking("gone", "bob");
    event_loop_run_ms(SNAPSHOTS_MS);
    char *during = metrics();
    assert_true(has(during, "iris_room_participants{node=") && has(during, "room=\"gone\"} 2\n"));
    assert_false(has(during, "participant=\"")); /* not unless configured */
    media_client_leave(ann);
    media_client_leave(bob);
    char *after = metrics();
    assert_false(has(after, "room=\"gone\""));
    assert_false(has(after, ann->id));
    json_t *rooms = get("/v1/rooms");
    assert_null(find(rooms, "room", "gone"));
    assert_true(event_loop_until(is_nobody_there, NULL, EVENT_LOOP_PATIENCE_MS));
    assert_false(has(after, "iris_layer_bytes_total{kind=\"camera\"} 0\n"));
    json_decref(rooms);
    free(during);
    free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFERENCE_TEST(answers_have_the_documents_shape),
        CONFERENCE_TEST(wrong_answers_are_seen),
        CONFERENCE_TEST(numbers_are_true),
        CONFERENCE_TEST(the_gone_leave_nothing),
    };
    document = schema_load();
    int failed = document ? RUN_WITH_SERVER(tests) : 1;
    json_decref(document);
    return failed;
}
