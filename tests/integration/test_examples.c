/*
 * The examples of docs/protocol.md are real: every message of the control channel is exchanged here
 * and held against the page. IRIS_EXAMPLES=write writes the page anew.
 *
 * What must be equal: the keys of every object, the type of every value, and every string that is
 * not one of the values that change from run to run (ids, secrets, SDP).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/assertions.h"
#include "tests/integration/operations_client.h"
#include "tests/integration/token_writer.h"

#define MARK           "<!-- example: "
#define MARK_END       " -->\n"
#define FENCE          "```json\n"
#define FENCE_END      "\n```\n"
#define LINE_MAX_BYTES 140 /* of an example */

static json_t *sent, *received; /* the newest request, the newest message of the server */
static json_t *examples;        /* by their names in the page */

static void on_message(const json_t *message, bool is_sent)
{
    json_t **newest = is_sent ? &sent : &received;
    json_decref(*newest);
    *newest = json_deep_copy(message);
}

/* An SDP is shown by its first line, a token by its header. */
static void shorten(json_t *value)
{
    static const struct {
        const char *key, *shown;
    } long_texts[] = {
        {"offer", "v=0\r\n..."}, {"answer", "v=0\r\n..."}, {"token", "eyJhbGciOiJIUzI1NiIs..."}};
    const char *key;
    size_t i;
    json_t *child;
    json_object_foreach(value, key, child)
    {
        for (size_t t = 0; t < sizeof(long_texts) / sizeof(long_texts[0]); t++)
            if (strcmp(key, long_texts[t].key) == 0 && json_is_string(child))
                json_string_set(child, long_texts[t].shown);
        shorten(child);
    }
    json_array_foreach(value, i, child) shorten(child);
}

/* Of the slots in statistics, those that show nobody are left out. */
static void drop_idle_slots(json_t *message)
{
    json_t *downlink = json_object_get(json_object_get(message, "result"), "downlink");
    json_t *slots = json_object_get(downlink, "slots");
    for (size_t i = json_array_size(slots); i-- > 0;)
        if (json_is_null(json_object_get(json_array_get(slots, i), "participant")))
            json_array_remove(slots, i);
}

static void keep(const char *name, const json_t *message)
{
    json_t *copy = json_deep_copy(message);
    shorten(copy);
    drop_idle_slots(copy);
    json_object_set_new(examples, name, copy);
}

static json_t *call(struct rpc_client *rpc, const char *method, json_t *params)
{
    char name[64];
    json_t *reply = rpc_client_call(rpc, method, params);
    if (rpc_client_error_code(reply) != 0)
        fail_msg("%s: %s", method, reply ? json_dumps(reply, 0) : "no reply");
    keep(method, sent);
    snprintf(name, sizeof(name), "%s result", method);
    keep(name, reply);
    return reply;
}

static void keep_notification(struct media_client *client, const char *method, const char *name)
{
    json_t *params = assert_notified(client, method);
    json_t *message =
        json_pack("{s:s, s:s, s:O}", "jsonrpc", "2.0", "method", method, "params", params);
    keep(name, message);
    json_decref(message);
    json_decref(params);
}

static struct media_client *assert_joined(const char *name, bool is_moderator)
{
    struct media_client_options options = usual_participant("standup", name);
    options.token = token_for("standup", name, is_moderator);
    struct media_client *client = media_client_create(&options);
    assert_int_equal(media_client_join(client), 0);
    if (is_moderator) {
        keep("join", sent);
        keep("join result", received);
    }
    assert_true(event_loop_until((event_loop_condition_fn)media_client_is_connected, client,
                                 EVENT_LOOP_PATIENCE_MS));
    free((char *)options.token);
    return client;
}

static bool has_speakers(void *user)
{
    json_t *params = rpc_client_take(user, "speakers", 0);
    size_t count = json_array_size(json_object_get(params, "speakers"));
    if (count > 0) {
        json_t *message =
            json_pack("{s:s, s:s, s:O}", "jsonrpc", "2.0", "method", "speakers", "params", params);
        keep("speakers", message);
        json_decref(message);
    }
    json_decref(params);
    return count > 0;
}

static void keep_slots(struct media_client *client)
{
    json_t *message = json_pack("{s:s, s:s, s:{s:O}}", "jsonrpc", "2.0", "method", "slots",
                                "params", "slots", client->slots);
    keep("slots", message);
    json_decref(message);
}

static bool shows_bob(void *user)
{
    struct media_client *const *pair = user;
    return media_client_slots_showing(pair[0], pair[1]->id, "live") == 2;
}

static bool hears_no_bob(void *user)
{
    struct media_client *const *pair = user;
    return media_client_slots_showing(pair[0], pair[1]->id, "paused") == 1;
}

static void exchange_in_the_room(struct media_client *ann, struct media_client *bob)
{
    json_decref(
        call(bob->rpc, "update", json_pack("{s:s, s:b}", "name", "Bob B.", "camera_muted", 0)));
    keep_notification(ann, "participant_updated", "participant_updated");
    json_decref(
        call(ann->rpc, "layout", json_pack("{s:[s], s:i}", "pinned", bob->id, "max_cameras", 2)));
    json_decref(call(bob->rpc, "message", json_pack("{s:{s:s}}", "data", "text", "Good morning")));
    keep_notification(ann, "message", "message notification");
    media_client_send_media(ann, true, true);
    event_loop_run_ms(3500); /* two snapshots, and reports */
    json_decref(call(ann->rpc, "stats", json_object()));
    char *offer = media_client_offer_again(ann, "newufrag", "newpasswordofatleast22chars");
    json_decref(call(ann->rpc, "offer", json_pack("{s:s}", "offer", offer)));
    free(offer);
    json_t *error = rpc_client_call(ann->rpc, "layout", json_pack("{s:i}", "max_cameras", 9));
    assert_int_equal(rpc_client_error_code(error), -32602);
    keep("error", error);
    json_decref(error);
}

static void exchange_the_end(struct media_client *ann, struct media_client *bob)
{
    struct rpc_client *rpc = rpc_client_connect(server_process_public_port(), NULL, NULL);
    json_t *session = json_object_get(ann->join_result, "session");
    json_decref(call(rpc, "resume", json_pack("{s:O}", "session", session)));
    json_decref(
        call(rpc, "remove",
             json_pack("{s:s, s:s}", "participant", bob->id, "reason", "the meeting is over")));
    keep_notification(bob, "closing", "closing");
    json_t *params = rpc_client_take(rpc, "participant_left", EVENT_LOOP_PATIENCE_MS);
    json_t *left = json_pack("{s:s, s:s, s:O}", "jsonrpc", "2.0", "method", "participant_left",
                             "params", params);
    keep("participant_left", left);
    json_decref(left);
    json_decref(params);
    json_decref(call(rpc, "leave", json_object()));
    rpc_client_destroy(rpc);
}

/* Bob's camera sends many times what it may. */
static void exchange_too_much(struct media_client *bob)
{
    struct track_sender *camera = media_client_track(bob, MEDIA_CAMERA);
    unsigned usual = camera->options.packets_per_frame;
    camera->options.packets_per_frame = 20;
    keep_notification(bob, "limit", "limit");
    camera->options.packets_per_frame = usual;
}

/* Ann's device decodes hardly anything, says her page. */
static void exchange_the_verdict(struct media_client *ann)
{
    const struct slot_receiver *slot = ann->slot_list[3];
    json_t *params = json_pack("{s:[{s:s, s:i, s:i}]}", "decoding", "mid", slot->mid,
                               "frames_received", 100, "frames_decoded", 10);
    json_decref(rpc_client_call(ann->rpc, "stats", params));
    keep_notification(ann, "quality", "quality");
}

/* The server would end in a minute; the test's end comes sooner. */
static void exchange_the_drain(struct media_client *bob)
{
    assert_int_equal(operations_status("POST", "/v1/drain", "", "{\"deadline_ms\": 60000}"), 200);
    keep_notification(bob, "draining", "draining");
}

static void exchange(void)
{
    struct media_client *ann = assert_joined("ann", true);
    struct media_client *bob = assert_joined("bob", false);
    struct media_client *pair[] = {ann, bob};
    keep_notification(ann, "participant_joined", "participant_joined");
    media_client_send_media(bob, true, true);
    assert_true(event_loop_until(has_speakers, ann->rpc, EVENT_LOOP_PATIENCE_MS));
    assert_true(event_loop_until(shows_bob, pair, EVENT_LOOP_PATIENCE_MS));
    assert_sees(ann, bob);
    event_loop_run_ms(1500); /* the picture's height is told, statistics exist */
    keep_slots(ann);
    exchange_in_the_room(ann, bob);
    exchange_the_verdict(ann);
    exchange_too_much(bob);
    exchange_the_drain(bob);
    /* Last: two seconds later his slots are free, and what follows says other things. */
    json_decref(
        call(ann->rpc, "mute", json_pack("{s:s, s:s}", "participant", bob->id, "kind", "audio")));
    assert_true(event_loop_until(hears_no_bob, pair, EVENT_LOOP_PATIENCE_MS));
    exchange_the_end(ann, bob);
}

/* Strings that are not the same in every run. */
static bool is_volatile(const char *key)
{
    static const char *const keys[] = {"id",      "participant", "from",   "to",
                                       "session", "mid",         "pinned", "srtp_profile"};
    for (size_t i = 0; key && i < sizeof(keys) / sizeof(keys[0]); i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

/* Numbers and truth values may change; what may be null may be either. */
static bool has_same_type(const json_t *a, const json_t *b)
{
    return json_typeof(a) == json_typeof(b) || (json_is_boolean(a) && json_is_boolean(b)) ||
           json_is_null(a) || json_is_null(b);
}

/* Where two messages differ in shape; NULL: nowhere. Static text. */
static const char *difference(const char *key, const json_t *shown, const json_t *real)
{
    static char where[160];
    const char *name;
    const json_t *child;
    if (!has_same_type(shown, real) || json_object_size(shown) != json_object_size(real) ||
        (json_is_array(shown) && json_array_size(shown) != json_array_size(real)) ||
        (json_is_string(shown) && json_is_string(real) && !is_volatile(key) &&
         strcmp(json_string_value(shown), json_string_value(real)) != 0)) {
        snprintf(where, sizeof(where), "%s", key);
        return where;
    }
    json_object_foreach((json_t *)shown, name, child)
    {
        const json_t *other = json_object_get(real, name);
        if (!other) {
            snprintf(where, sizeof(where), "%s", name);
            return where;
        }
        if (difference(name, child, other))
            return where;
    }
    for (size_t i = 0; i < json_array_size(shown); i++)
        if (difference(key, json_array_get(shown, i), json_array_get(real, i)))
            return where;
    return NULL;
}

/* The example behind a mark, parsed; NULL: there is none yet. */
static json_t *shown_example(const char *text)
{
    const char *end = strstr(text, FENCE_END);
    if (strncmp(text, FENCE, strlen(FENCE)) != 0 || !end)
        return NULL;
    text += strlen(FENCE);
    return json_loadb(text, (size_t)(end - text), 0, NULL);
}

static void check(const char *name, const char *text)
{
    const json_t *real = json_object_get(examples, name);
    json_t *shown = shown_example(text);
    if (!real)
        fail_msg("docs/protocol.md: nothing is exchanged for the example '%s'", name);
    const char *where = shown ? difference("message", shown, real) : "no JSON block";
    if (where)
        fail_msg("docs/protocol.md, example '%s': %s differs from what the server says: %s", name,
                 where, json_dumps(real, JSON_INDENT(2)));
    json_decref(shown);
}

/* A value on one line where that fits, else one member a line. */
static void write_json(FILE *out, const json_t *value, int depth)
{
    char *line = json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    bool is_object = json_is_object(value);
    size_t left = is_object ? json_object_size(value) : json_array_size(value), i;
    const char *key;
    json_t *child;
    if (left == 0 || 2 * depth + strlen(line) <= LINE_MAX_BYTES) {
        fputs(line, out);
        free(line);
        return;
    }
    free(line);
    fputs(is_object ? "{\n" : "[\n", out);
    json_object_foreach((json_t *)value, key, child)
    {
        fprintf(out, "%*s\"%s\": ", 2 * depth + 2, "", key);
        write_json(out, child, depth + 1);
        fputs(--left > 0 ? ",\n" : "\n", out);
    }
    json_array_foreach(value, i, child)
    {
        fprintf(out, "%*s", 2 * depth + 2, "");
        write_json(out, child, depth + 1);
        fputs(--left > 0 ? ",\n" : "\n", out);
    }
    fprintf(out, "%*s%c", 2 * depth, "", is_object ? '}' : ']');
}

/* Everything up to the mark, the mark, and the example of this run in place of the old one. */
static const char *rewrite(FILE *out, const char *name, const char *after)
{
    const char *end = strncmp(after, FENCE, strlen(FENCE)) == 0 ? strstr(after, FENCE_END) : NULL;
    fputs(FENCE, out);
    write_json(out, json_object_get(examples, name), 0);
    fputs(FENCE_END, out);
    return end ? end + strlen(FENCE_END) : after;
}

static char *read_page(void)
{
    char *page = NULL;
    size_t len;
    if (!g_file_get_contents(PROTOCOL_PAGE, &page, &len, NULL))
        fail_msg("cannot read %s", PROTOCOL_PAGE);
    return page;
}

/* Call for every mark of the page; with out, write the page anew. @return examples found */
static unsigned walk(const char *page, FILE *out)
{
    unsigned count = 0;
    for (const char *mark; (mark = strstr(page, MARK)); count++) {
        const char *name_at = mark + strlen(MARK), *end = strstr(name_at, MARK_END);
        const char *after = end + strlen(MARK_END);
        char *name = g_strndup(name_at, (gsize)(end - name_at));
        if (out) {
            fwrite(page, 1, (size_t)(after - page), out);
            after = rewrite(out, name, after);
        } else {
            check(name, after);
        }
        g_free(name);
        page = after;
    }
    if (out)
        fputs(page, out);
    return count;
}

static void examples_are_real(void **state)
{
    (void)state;
    const char *mode = getenv("IRIS_EXAMPLES");
    char *page = read_page();
    examples = json_object();
    rpc_client_observe(on_message);
    exchange();
    rpc_client_observe(NULL);
    if (mode && strcmp(mode, "write") == 0) {
        FILE *out = fopen(PROTOCOL_PAGE, "w");
        assert_non_null(out);
        walk(page, out);
        fclose(out);
    } else {
        assert_int_equal(walk(page, NULL), json_object_size(examples));
    }
    g_free(page);
    json_decref(examples);
    json_decref(sent);
    json_decref(received);
}

int main(void)
{
    const struct CMUnitTest tests[] = {CONFERENCE_TEST(examples_are_real)};
    server_process_want_tokens();
    return RUN_WITH_SERVER(tests);
}
