/*
 * Why is it bad: what a participant, an operator and the event stream are told when a client's
 * device cannot keep up, and when somebody sends too much; and that it is good again.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/assertions.h"
#include "tests/integration/operations_client.h"
#include "tests/integration/schema.h"

#define FILE_MS 5000

static json_t *document;
static char folder[] = "/tmp/iris-freezes-XXXXXX";

/* Dumps of a room. */
static unsigned count_dumps(const char *room)
{
    unsigned count = 0;
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (const struct dirent *entry; (entry = readdir(directory));)
        count += strncmp(entry->d_name, room, strlen(room)) == 0;
    closedir(directory);
    return count;
}

static bool is_dumped(void *room)
{
    return count_dumps(room) > 0;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static struct slot_receiver *camera_slot(struct media_client *client,
                                         const struct media_client *other)
{
    struct slot_receiver *slot = media_client_slot_of(client, other, false);
    assert_non_null(slot);
    return slot;
}

static int report(struct media_client *client, const char *mid, int received, int decoded)
{
    json_t *params = json_pack("{s:[{s:s, s:i, s:i}]}", "decoding", "mid", mid, "frames_received",
                               received, "frames_decoded", decoded);
    json_t *reply = rpc_client_call(client->rpc, "stats", params);
    int code = rpc_client_error_code(reply);
    if (code == 0) /* who tells asks nothing */
        assert_int_equal(json_object_size(json_object_get(reply, "result")), 0);
    json_decref(reply);
    return code;
}

/* The next `quality` of this cause; others before it may come. */
static json_t *assert_quality(struct media_client *client, const char *cause)
{
    for (unsigned i = 0; i < 10; i++) {
        json_t *params = assert_notified(client, "quality");
        json_t *verdict = json_object_get(params, "verdict");
        const char *breach = schema_check(document, "Verdict", verdict);
        if (breach)
            fail_msg("quality: %s", breach);
        json_incref(verdict);
        json_decref(params);
        if (strcmp(text_of(verdict, "cause"), cause) == 0)
            return verdict;
        json_decref(verdict);
    }
    fail_msg("no verdict names %s", cause);
    return NULL;
}

static void assert_room_quality(const char *path, const char *quality)
{
    struct operations_reply reply = operations_call("GET", path, "", NULL);
    assert_int_equal(reply.status, 200);
    assert_string_equal(text_of(reply.body, "quality"), quality);
    operations_reply_free(&reply);
}

/* On another connection; a verdict that changed meanwhile is not told later. */
static void assert_quality_after_resume(struct media_client *client, const char *cause)
{
    struct rpc_client *rpc = rpc_client_connect(server_process_public_port(), NULL, NULL);
    json_t *session = json_object_get(client->join_result, "session");
    json_t *reply = rpc_client_call(rpc, "resume", json_pack("{s:O}", "session", session));
    assert_int_equal(rpc_client_error_code(reply), 0);
    json_decref(reply);
    json_t *quality = rpc_client_take(rpc, "quality", EVENT_LOOP_PATIENCE_MS);
    assert_non_null(quality);
    assert_string_equal(text_of(json_object_get(quality, "verdict"), "cause"), cause);
    json_decref(quality);
    rpc_client_destroy(rpc);
}

static void a_slow_device_is_blamed(void **state)
{
    (void)state;
    int status;
    struct event_stream *stream = event_stream_open(&status);
    struct media_client *ann = assert_talking("slow", "ann"), *bob = assert_talking("slow", "bob");
    assert_sees(ann, bob);
    const char *mid = camera_slot(ann, bob)->mid;
    event_loop_run_ms(1000); /* control knows a moment later whose pictures these are */
    assert_int_equal(report(ann, mid, 100, 20), 0);
    json_t *verdict = assert_quality(ann, "client");
    const json_t *evidence = json_object_get(verdict, "evidence");
    assert_string_equal(text_of(evidence, "what"), "client_undecoded");
    assert_true(json_real_value(json_object_get(evidence, "value")) <= .8);
    assert_room_quality("/v1/rooms/slow", text_of(verdict, "quality"));
    json_decref(verdict);
    json_t *event = event_stream_take(stream, "verdict", EVENT_LOOP_PATIENCE_MS);
    assert_non_null(event);
    const char *breach = schema_check(document, "EventVerdict", event);
    if (breach)
        fail_msg("the event verdict: %s", breach);
    json_decref(event);
    event_stream_close(stream);
    assert_int_equal(report(ann, mid, 100, 100), 0);
    json_decref(assert_quality(ann, "none"));
    assert_int_equal(count_dumps("slow"), 0); /* nothing that the server saw */
    assert_room_quality("/v1/rooms/slow", "good");
}

static void a_flood_is_the_senders(void **state)
{
    (void)state;
    struct media_client *ann = assert_talking("flood", "ann"),
                        *bob = assert_talking("flood", "bob");
    assert_sees(ann, bob);
    media_client_track(bob, MEDIA_CAMERA)->options.packets_per_frame = 20;
    json_t *own = assert_quality(bob, "policy"), *seen = assert_quality(ann, "policy");
    assert_null(json_object_get(json_object_get(own, "evidence"), "participant"));
    assert_string_equal(text_of(json_object_get(seen, "evidence"), "participant"), bob->id);
    assert_quality_after_resume(ann, "policy");
    json_decref(own);
    json_decref(seen);
    assert_true(event_loop_until(is_dumped, "flood", FILE_MS)); /* pictures freeze */
}

static void wrong_reports_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "{\"decoding\": 1}",
        "{\"decoding\": [1]}",
        "{\"decoding\": [{\"mid\": \"none\", \"frames_received\": 1, \"frames_decoded\": 1}]}",
        "{\"decoding\": [{\"mid\": \"%s\", \"frames_received\": -1, \"frames_decoded\": 1}]}",
        "{\"decoding\": [{\"mid\": \"%s\", \"frames_received\": 1}]}",
        "{\"decoding\": [{\"mid\": \"%s\", \"frames_received\": 1e9, \"frames_decoded\": 1}]}",
        "{\"decoding\": [1,2,3,4,5,6,7,8,9]}",
    };
    struct media_client *ann = assert_talking("wrong", "ann");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char text[256];
        const char *place = strstr(wrong[i], "%s");
        size_t before = place ? (size_t)(place - wrong[i]) : strlen(wrong[i]);
        snprintf(text, sizeof(text), "%.*s%s%s", (int)before, wrong[i],
                 place ? ann->slot_list[0]->mid : "", place ? place + 2 : "");
        json_t *params = json_loads(text, 0, NULL);
        assert_non_null(params);
        json_t *reply = rpc_client_call(ann->rpc, "stats", params);
        assert_int_equal(rpc_client_error_code(reply), -32602);
        json_decref(reply);
    }
    assert_int_equal(report(ann, ann->slot_list[0]->mid, 0, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFERENCE_TEST(a_slow_device_is_blamed),
        CONFERENCE_TEST(a_flood_is_the_senders),
        CONFERENCE_TEST(wrong_reports_are_refused),
    };
    static char setting[64];
    char command[96];
    document = schema_load();
    if (!mkdtemp(folder))
        return 1;
    snprintf(setting, sizeof(setting), "recorder_folder=%s", folder);
    server_process_set(setting);
    int failed = document ? RUN_WITH_SERVER(tests) : 1;
    json_decref(document);
    snprintf(command, sizeof(command), "rm -r '%s'", folder);
    return system(command) || failed;
}
