/* What clients are shown, to the letter of protocol.md, section 2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sfu/control/message.h"

static void assert_json(json_t *actual, const char *expected_text)
{
    json_error_t error;
    json_t *expected = json_loads(expected_text, JSON_DECODE_ANY, &error);
    if (!expected)
        fail_msg("the test's JSON: %s", error.text);
    if (!json_equal(actual, expected))
        fail_msg("%s\nis not\n%s", json_dumps(actual, JSON_SORT_KEYS | JSON_ENCODE_ANY),
                 json_dumps(expected, JSON_SORT_KEYS | JSON_ENCODE_ANY));
    json_decref(actual);
    json_decref(expected);
}

static struct control_participant *add(struct control_registry *registry, const char *id,
                                       const char *name)
{
    struct control_participant *participant = control_registry_add(registry, "room");
    snprintf(participant->id, sizeof(participant->id), "%s", id);
    snprintf(participant->name, sizeof(participant->name), "%s", name);
    participant->is_muted[CORE_KIND_SCREEN] = true;
    return participant;
}

static void test_participants(void **state)
{
    (void)state;
    struct control_registry registry;
    control_registry_init(&registry, 1);
    struct control_participant *ann = add(&registry, "p-1", "Ann \"A\" \xC3\x84");
    struct control_participant *bob = add(&registry, "p-2", "Bob");
    bob->metadata = json_pack("{s:i}", "hand", 1);
    bob->is_muted[CORE_KIND_AUDIO] = true;
    bob->is_muted[CORE_KIND_SCREEN] = false;
    assert_json(control_message_participant(ann),
                "{\"id\": \"p-1\", \"name\": \"Ann \\\"A\\\" \xC3\x84\", \"metadata\": null,"
                " \"audio_muted\": false, \"camera_muted\": false, \"screen_sharing\": false}");
    assert_json(control_message_others(ann),
                "[{\"id\": \"p-2\", \"name\": \"Bob\", \"metadata\": {\"hand\": 1},"
                " \"audio_muted\": true, \"camera_muted\": false, \"screen_sharing\": true}]");
    control_registry_remove(&registry, bob);
    assert_json(control_message_others(ann), "[]");
    control_registry_dispose(&registry);
}

static void test_slots(void **state)
{
    (void)state;
    struct control_registry registry;
    control_registry_init(&registry, 1);
    struct control_participant *ann = add(&registry, "p-1", "Ann");
    struct control_participant *bob = add(&registry, "p-2", "Bob");
    static const struct {
        enum core_slot_state state;
        enum core_pause pause;
        const char *expected;
    } table[] = {
        {CORE_SLOT_LIVE, 0, "\"state\": \"live\", \"reason\": null"},
        {CORE_SLOT_PAUSED, CORE_PAUSE_SOURCE, "\"state\": \"paused\", \"reason\": \"source\""},
        {CORE_SLOT_PAUSED, CORE_PAUSE_MUTED, "\"state\": \"paused\", \"reason\": \"muted\""},
        {CORE_SLOT_PAUSED, CORE_PAUSE_LAYOUT, "\"state\": \"paused\", \"reason\": \"layout\""},
        {CORE_SLOT_PAUSED, CORE_PAUSE_BANDWIDTH,
         "\"state\": \"paused\", \"reason\": \"bandwidth\""},
    };
    ann->slot_count = 2;
    snprintf(ann->slot_mids[0], CORE_TOKEN_BYTES, "3");
    snprintf(ann->slot_mids[1], CORE_TOKEN_BYTES, "10");
    ann->slot_kinds[0] = CORE_KIND_AUDIO;
    ann->slot_kinds[1] = CORE_KIND_SCREEN;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        char expected[400];
        ann->slots[1] = (struct core_slot_report){.participant = bob->number,
                                                  .csrc = 4000000000u,
                                                  .height = 720,
                                                  .state = table[i].state,
                                                  .pause = table[i].pause};
        snprintf(expected, sizeof(expected),
                 "[{\"mid\": \"3\", \"kind\": \"audio\", \"participant\": null, \"csrc\": null,"
                 " \"state\": \"idle\", \"reason\": null, \"height\": 0},"
                 " {\"mid\": \"10\", \"kind\": \"screen\", \"participant\": \"p-2\","
                 " \"csrc\": 4000000000, \"height\": 720, %s}]",
                 table[i].expected);
        assert_json(control_message_slots(ann, &registry), expected);
    }
    control_registry_remove(&registry, bob); /* the engine's report may be older than that */
    json_t *slots = control_message_slots(ann, &registry);
    assert_string_equal(json_string_value(json_object_get(json_array_get(slots, 1), "state")),
                        "idle");
    json_decref(slots);
    control_registry_dispose(&registry);
}

static void test_rights_and_limits(void **state)
{
    (void)state;
    const struct signalling_grant all = {.publish_audio = true,
                                         .publish_camera = true,
                                         .publish_screen = true,
                                         .subscribe = true,
                                         .is_moderator = true};
    const struct signalling_grant listener = {.subscribe = true};
    assert_json(control_message_rights(&all),
                "{\"publish\": [\"audio\", \"camera\", \"screen\"], \"subscribe\": true,"
                " \"moderator\": true}");
    assert_json(control_message_rights(&listener),
                "{\"publish\": [], \"subscribe\": true, \"moderator\": false}");
    assert_json(control_message_limits(),
                "{\"up_camera_bps\": 500000, \"up_screen_bps\": 800000, \"up_audio_bps\": 100000,"
                " \"down_video_bps\": 2800000}");
}

static void test_speakers(void **state)
{
    (void)state;
    struct control_registry registry;
    struct core_event event = {.speaker_count = 3};
    control_registry_init(&registry, 1);
    struct control_participant *ann = add(&registry, "p-1", "Ann");
    struct control_participant *bob = add(&registry, "p-2", "Bob");
    event.speakers[0] = (struct core_speaker){bob->number, 20};
    event.speakers[1] = (struct core_speaker){999, 25}; /* left in the meantime */
    event.speakers[2] = (struct core_speaker){ann->number, 40};
    assert_json(control_message_speakers(ann->room, &event),
                "[{\"participant\": \"p-2\", \"level\": 20}, {\"participant\": \"p-1\","
                " \"level\": 40}]");
    control_registry_dispose(&registry);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(control_message_kind(CORE_KIND_AUDIO), "audio");
    assert_string_equal(control_message_kind(CORE_KIND_CAMERA), "camera");
    assert_string_equal(control_message_kind(CORE_KIND_SCREEN), "screen");
    assert_string_equal(control_message_reason(CORE_REASON_LEFT), "left");
    assert_string_equal(control_message_reason(CORE_REASON_TIMEOUT), "timeout");
    assert_string_equal(control_message_reason(CORE_REASON_DISCONNECTED), "disconnected");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_participants),
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_rights_and_limits),
        cmocka_unit_test(test_speakers),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
