/* What a participant of Iris says and hears on its control channel. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bubbles/clock.h"
#include "bench/bubbles/participant.h"

/* Ids of our requests. */
enum request { JOIN_ID = 1, UPDATE_ID, LEAVE_ID, STATS_ID };

#define TOKEN_LIFE_S 86400

/* @return free() it; NULL: without tokens, or no memory */
static char *make_token(const struct bubbles_participant *participant, const char *name)
{
    const struct signalling_claims claims = {.room = participant->room->name,
                                             .name = name,
                                             .subject = name,
                                             .publish_audio = true,
                                             .publish_camera = true,
                                             .publish_screen = true,
                                             .subscribe = true,
                                             .expires_s = bubbles_wall_us() / BUBBLES_US_PER_S +
                                                          TOKEN_LIFE_S};
    const struct signalling_sign_key *key = participant->run->sign_key;
    return key ? signalling_token_sign(key, &claims) : NULL;
}

/* As browsers do: the microphone and the screen are named, a camera with simulcast is not. */
static char *make_offer(struct bubbles_participant *participant)
{
    struct bubbles_offer offer;
    bool is_simulcast = participant->run->options.camera_kbps == 0;
    bubbles_participant_describe(participant, &offer);
    offer.setup = "actpass";
    bubbles_offer_set_lines(&offer, is_simulcast);
    for (unsigned i = 0; i < BUBBLES_FIRST_SLOT; i++) {
        participant->lines[offer.lines[i].kind] = i;
        if (!offer.lines[i].is_simulcast)
            bubbles_participant_name_ssrcs(participant, &offer.lines[i]);
    }
    return bubbles_offer_write(&offer);
}

static void on_open(void *owner)
{
    struct bubbles_participant *participant = owner;
    char name[64];
    snprintf(name, sizeof(name), "Bubbles %u", participant->seat + 1);
    char *text = make_offer(participant), *token = make_token(participant, name);
    json_t *params = json_pack("{s:s, s:s, s:s*, s:s*}", "room", participant->room->name, "name",
                               name, "offer", text, "token", token);
    free(text);
    free(token);
    participant->state = BUBBLES_JOINING;
    if (params)
        bubbles_control_request(participant->control, JOIN_ID, "join", params);
    else
        bubbles_participant_fail(participant, "no memory for the join");
}

static enum bubbles_kind kind_of_slot(unsigned index)
{
    return index < 3 ? BUBBLES_VOICE : index < 7 ? BUBBLES_CAMERA : BUBBLES_SHARED_SCREEN;
}

static void take_slot(struct bubbles_participant *participant, const json_t *slot)
{
    const char *mid = json_string_value(json_object_get(slot, "mid"));
    const char *id = json_string_value(json_object_get(slot, "participant"));
    const char *state = json_string_value(json_object_get(slot, "state"));
    uint32_t csrc = (uint32_t)json_integer_value(json_object_get(slot, "csrc"));
    unsigned line = mid ? (unsigned)strtoul(mid, NULL, 10) : 0;
    if (line < BUBBLES_FIRST_SLOT || line >= BUBBLES_LINES || !state)
        return;
    unsigned index = line - BUBBLES_FIRST_SLOT;
    bubbles_slot_set_live(&participant->slots[index], strcmp(state, "live") == 0);
    if (!id || csrc == 0)
        return;
    bubbles_room_learn_track(participant->room, csrc, kind_of_slot(index), id);
    if (participant->verifier)
        bubbles_verifier_announced(participant->verifier, index, csrc);
}

static void take_slots(struct bubbles_participant *participant, const json_t *slots)
{
    size_t index;
    json_t *slot;
    json_array_foreach(slots, index, slot)
    {
        take_slot(participant, slot);
    }
}

static int init_slots(struct bubbles_participant *participant)
{
    for (unsigned i = 0; i < BUBBLES_SLOTS; i++)
        if (bubbles_slot_init(&participant->slots[i], kind_of_slot(i),
                              &participant->answer.lines[BUBBLES_FIRST_SLOT + i],
                              participant->verifier != NULL))
            return -1;
    return 0;
}

static void take_join(struct bubbles_participant *participant, const json_t *result)
{
    const char *id = json_string_value(json_object_get(result, "participant"));
    const char *answer = json_string_value(json_object_get(result, "answer"));
    if (!id || !answer || bubbles_answer_read(&participant->answer, answer, BUBBLES_LINES)) {
        bubbles_participant_fail(participant, "the result of join is not understood");
        return;
    }
    snprintf(participant->id, sizeof(participant->id), "%s", id);
    if (init_slots(participant)) {
        bubbles_participant_fail(participant, "no memory for the slots");
        return;
    }
    take_slots(participant, json_object_get(result, "slots"));
    bubbles_participant_connect(participant, true);
}

static void take_error(struct bubbles_participant *participant, const json_t *error)
{
    char problem[BUBBLES_PROBLEM_MAX];
    const char *message = json_string_value(json_object_get(error, "message"));
    snprintf(problem, sizeof(problem), "join: error %d, %s",
             (int)json_integer_value(json_object_get(error, "code")), message ? message : "?");
    bubbles_participant_fail(participant, problem);
}

static void on_message(void *owner, const json_t *message)
{
    struct bubbles_participant *participant = owner;
    const char *method = json_string_value(json_object_get(message, "method"));
    const json_t *result = json_object_get(message, "result");
    const json_t *error = json_object_get(message, "error");
    int id = (int)json_integer_value(json_object_get(message, "id"));
    if (method && strcmp(method, "slots") == 0)
        take_slots(participant, json_object_get(json_object_get(message, "params"), "slots"));
    else if (!method && id == JOIN_ID && result && participant->state == BUBBLES_JOINING)
        take_join(participant, result);
    else if (!method && id == JOIN_ID && error)
        take_error(participant, error);
}

/* A screen is shared: tell, as a browser does. */
static void announce_screen(struct bubbles_participant *participant)
{
    if (participant->screen && participant->control)
        bubbles_control_request(participant->control, UPDATE_ID, "update",
                                json_pack("{s:b}", "screen_sharing", 1));
}

/* As a page reads it from getStats(): framesReceived and framesDecoded since it last told. */
static void report_decoding(struct bubbles_participant *participant)
{
    const struct bubbles_fault *fault = &participant->run->options.fault;
    bool is_slow = fault->is_slow && bubbles_participant_is_faulty(participant, bubbles_now_us());
    json_t *list = json_array();
    for (unsigned i = 0; i < BUBBLES_SLOTS; i++) {
        const struct bubbles_slot *slot = &participant->slots[i];
        unsigned received = slot->counters.frames - participant->told_frames[i];
        char mid[12];
        if (slot->kind == BUBBLES_VOICE)
            continue;
        participant->told_frames[i] = slot->counters.frames;
        snprintf(mid, sizeof(mid), "%u", BUBBLES_FIRST_SLOT + i);
        json_array_append_new(
            list, json_pack("{s:s, s:i, s:i}", "mid", mid, "frames_received", (int)received,
                            "frames_decoded",
                            (int)(is_slow ? received * fault->decoded_percent / 100 : received)));
    }
    bubbles_control_request(participant->control, STATS_ID, "stats",
                            json_pack("{s:o}", "decoding", list));
}

static void leave(struct bubbles_participant *participant)
{
    bubbles_control_request(participant->control, LEAVE_ID, "leave", json_object());
}

const struct bubbles_dialect bubbles_dialect_iris = {
    .protocol = "iris.v1",
    .control = {.on_open = on_open,
                .on_message = on_message,
                .on_close = bubbles_participant_on_close},
    .on_live = announce_screen,
    .report_decoding = report_decoding,
    .leave = leave};
