/*
 * The log of a running server as an ELK stack gets it: the life of a room, and of one in it, is
 * what `grep` finds by their names, one JSON object a line, in the order in which it happened.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/assertions.h"
#include "tests/integration/operations_client.h"

#define ROOM          "life"
#define QUALITY_MS    20000
#define SETTLE_MS     300
#define NAMES_MAX     64
#define FLOOD_PACKETS 20 /* a frame: several times what a camera may send */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* The names of what happened, once each in a row: ",room.open,participant.join,". Each line is an
   object with a time not before that of the line above. */
static char *life_of(const char *pattern)
{
    char *found = server_process_grep(pattern), *rest = found, before[64] = "";
    char *names = strdup(",");
    for (const char *line; (line = strsep(&rest, "\n")) && *line;) {
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        if (!object)
            fail_msg("no JSON: %s", line);
        const char *at = text_of(object, "@timestamp"), *name = text_of(object, "event.action");
        assert_true(strcmp(at, before) >= 0);
        assert_string_equal(text_of(object, "service.name"), "iris");
        snprintf(before, sizeof(before), "%s", at);
        size_t len = strlen(names), name_len = strlen(name);
        bool is_same = len > name_len + 1 && names[len - name_len - 2] == ',' &&
                       strncmp(names + len - name_len - 1, name, name_len) == 0;
        if (!is_same) {
            char *longer = NULL;
            assert_true(asprintf(&longer, "%s%s,", names, name) > 0);
            free(names);
            names = longer;
        }
        json_decref(object);
    }
    free(found);
    return names;
}

/* These happened, in this order; others in between. */
static void assert_lived(const char *pattern, const char *const *steps)
{
    char *names = life_of(pattern);
    const char *at = names;
    for (; *steps; steps++) {
        char step[NAMES_MAX];
        snprintf(step, sizeof(step), ",%s,", *steps);
        const char *found = strstr(at, step);
        if (!found)
            fail_msg("grep %s: no %s in %s", pattern, *steps, at);
        at = found + strlen(step) - 1;
    }
    free(names);
}

static void await_quality(struct media_client *client, const char *cause)
{
    for (;;) {
        json_t *params = rpc_client_take(client->rpc, "quality", QUALITY_MS);
        if (!params)
            fail_msg("no quality because of %s", cause);
        bool is_it = strcmp(text_of(json_object_get(params, "verdict"), "cause"), cause) == 0;
        json_decref(params);
        if (is_it)
            return;
    }
}

static void a_life_is_found_by_grep(void **state)
{
    static const char *const room[] = {
        "room.open",         "participant.join",    "transport.connect",
        "participant.limit", "participant.verdict", "participant.leave",
        "room.end",          "room.close",          NULL};
    static const char *const flooder[] = {"participant.join", "participant.limit",
                                          "participant.verdict", "participant.leave", NULL};
    static const char *const viewer[] = {"participant.join", "participant.verdict",
                                         "participant.leave", NULL};
    char pattern[128];
    (void)state;
    struct media_client *ann = assert_talking(ROOM, "ann"), *bob = assert_talking(ROOM, "bob");
    assert_sees(ann, bob);
    media_client_track(bob, MEDIA_CAMERA)->options.packets_per_frame = FLOOD_PACKETS;
    await_quality(ann, "policy");
    char *ann_id = strdup(ann->id), *bob_id = strdup(bob->id);
    media_client_leave(bob);
    event_loop_run_ms(SETTLE_MS);
    assert_int_equal(operations_status("DELETE", "/v1/rooms/" ROOM, "", NULL), 204);
    event_loop_run_ms(SETTLE_MS);
    assert_lived("\"iris.room\":\"" ROOM "\"", room);
    snprintf(pattern, sizeof(pattern), "\"iris.participant\":\"%s\"", bob_id);
    assert_lived(pattern, flooder);
    snprintf(pattern, sizeof(pattern), "\"iris.participant\":\"%s\"", ann_id);
    assert_lived(pattern, viewer);
    free(ann_id);
    free(bob_id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {CONFERENCE_TEST(a_life_is_found_by_grep)};
    server_process_set("log_format=json");
    return RUN_WITH_SERVER(tests);
}
