/*
 * What a participant says and hears at the VideoRoom of Janus. Rooms exist (their numbers count
 * from 1); a sender's feed is numbered by room and seat. A watcher waits until all senders of its
 * room send, because it can subscribe to nothing else.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bubbles/cast.h"
#include "bench/bubbles/participant.h"

#define FEEDS_OF_A_ROOM 1000
/* Janus wants to see a candidate before it begins; it learns the real one from our checks. Nobody
 * is at the port that is written with it. */
#define CANDIDATE "127.0.0.1"
/* Janus takes the first rid for the highest layer, and ours are listed from the lowest. */
#define SUBSTREAM_HIGH 0

/* What may be received: as many as Iris' slots. */
static const unsigned slot_counts[BUBBLES_KINDS] = {
    [BUBBLES_VOICE] = 3, [BUBBLES_CAMERA] = 4, [BUBBLES_SHARED_SCREEN] = 1};

/* A stream of somebody else. */
struct source {
    unsigned seat, mid; /* mid: line of the sender's description */
    enum bubbles_kind kind;
};

unsigned bubbles_janus_seats(unsigned people, unsigned senders)
{
    /* A single sender has nobody to watch. */
    return senders > 1 ? senders + people : people;
}

static unsigned sender_count(const struct bubbles_participant *participant)
{
    return bubbles_cast_senders(&participant->run->options);
}

static bool is_sender(const struct bubbles_participant *participant)
{
    return participant->seat < sender_count(participant);
}

/* The sender that a watcher is, too. Nobody's, if it only watches: at least sender_count(). */
static unsigned own_seat(const struct bubbles_participant *participant)
{
    unsigned senders = sender_count(participant);
    return senders > 1 ? participant->seat - senders : participant->seat;
}

static unsigned room_number(const struct bubbles_participant *participant)
{
    return (unsigned)(participant->room - participant->run->rooms) + 1;
}

static json_int_t feed_of(const struct bubbles_participant *participant, unsigned seat)
{
    return (json_int_t)room_number(participant) * FEEDS_OF_A_ROOM + seat + 1;
}

/* Janus does not name tracks in packets; these names are between us. */
static uint32_t csrc_of(unsigned seat, enum bubbles_kind kind)
{
    return (seat + 1) << 8 | (uint32_t)kind;
}

static void seat_id(unsigned seat, char id[BUBBLES_ID_BYTES])
{
    snprintf(id, BUBBLES_ID_BYTES, "seat-%u", seat);
}

/* ---- requests ---- */

/* Takes more over. */
static void request(struct bubbles_participant *participant, const char *verb, json_t *more)
{
    struct bubbles_janus *janus = &participant->janus;
    char transaction[16];
    snprintf(transaction, sizeof(transaction), "%u", ++janus->request);
    json_t *message = json_pack("{s:s, s:s}", "janus", verb, "transaction", transaction);
    if (janus->session)
        json_object_set_new(message, "session_id", json_integer((json_int_t)janus->session));
    if (janus->handle)
        json_object_set_new(message, "handle_id", json_integer((json_int_t)janus->handle));
    if (more)
        json_object_update(message, more);
    json_decref(more);
    if (bubbles_control_send(participant->control, message))
        bubbles_participant_fail(participant, "no memory for a request");
}

/* To the VideoRoom, with a description of ours (NULL: none). Takes body over. */
static void ask_room(struct bubbles_participant *participant, json_t *body, const char *type,
                     const struct bubbles_offer *description)
{
    json_t *more = json_pack("{s:o}", "body", body);
    if (description) {
        char *text = bubbles_offer_write(description);
        json_object_set_new(more, "jsep", json_pack("{s:s, s:s*}", "type", type, "sdp", text));
        free(text);
    }
    request(participant, "message", more);
}

/* Its lines in the order of the kinds. */
static void describe_sender(struct bubbles_participant *participant, struct bubbles_offer *offer)
{
    struct bubbles_cast cast = bubbles_cast_of(&participant->run->options, participant->seat);
    const bool has[BUBBLES_KINDS] = {[BUBBLES_VOICE] = cast.has_voice,
                                     [BUBBLES_CAMERA] = cast.has_camera,
                                     [BUBBLES_SHARED_SCREEN] = cast.has_screen};
    for (unsigned kind = 0; kind < BUBBLES_KINDS; kind++) {
        struct bubbles_offer_line *line = &offer->lines[offer->line_count];
        if (!has[kind])
            continue;
        line->kind = (enum bubbles_kind)kind;
        line->sends = true;
        line->is_simulcast = kind == BUBBLES_CAMERA && participant->run->options.camera_kbps == 0;
        bubbles_participant_name_ssrcs(participant, line);
        participant->lines[kind] = offer->line_count++;
        bubbles_room_learn_track(participant->room, csrc_of(participant->seat, line->kind),
                                 line->kind, participant->id);
    }
}

static void publish(struct bubbles_participant *participant)
{
    struct bubbles_offer offer;
    bubbles_participant_describe(participant, &offer);
    offer.setup = "active"; /* DTLS: we are the client, as everywhere */
    offer.candidate = CANDIDATE;
    describe_sender(participant, &offer);
    ask_room(participant,
             json_pack("{s:s, s:s, s:i, s:I}", "request", "joinandconfigure", "ptype", "publisher",
                       "room", (int)room_number(participant), "id",
                       feed_of(participant, participant->seat)),
             "offer", &offer);
}

/* ---- what a watcher receives ---- */

/* The line of a kind in a sender's description; -1: it does not send it. */
static int line_of(const struct bubbles_participant *participant, unsigned seat,
                   enum bubbles_kind kind)
{
    struct bubbles_cast cast = bubbles_cast_of(&participant->run->options, seat);
    switch (kind) {
    case BUBBLES_VOICE:
        return cast.has_voice ? 0 : -1;
    case BUBBLES_CAMERA:
        return cast.has_camera ? cast.has_voice : -1;
    default:
        return cast.has_screen ? cast.has_voice + cast.has_camera : -1;
    }
}

/* The nearest seats first, so that everybody is watched by equally many. */
static unsigned choose_sources(const struct bubbles_participant *participant,
                               struct source sources[BUBBLES_SLOTS])
{
    unsigned senders = sender_count(participant), own = own_seat(participant), count = 0;
    for (unsigned kind = 0; kind < BUBBLES_KINDS; kind++) {
        unsigned found = 0;
        for (unsigned i = 1; i <= senders && found < slot_counts[kind]; i++) {
            unsigned seat = (own + i) % senders;
            int mid = line_of(participant, seat, (enum bubbles_kind)kind);
            if (seat == own || mid < 0)
                continue;
            sources[count++] = (struct source){seat, (unsigned)mid, (enum bubbles_kind)kind};
            found++;
        }
    }
    return count;
}

static bool is_room_sending(const struct bubbles_participant *participant)
{
    for (unsigned seat = 0; seat < sender_count(participant); seat++) {
        const struct bubbles_participant *sender = participant->room->seats[seat];
        if (!sender || sender->state != BUBBLES_LIVE)
            return false;
    }
    return true;
}

static void subscribe(struct bubbles_participant *participant)
{
    struct source sources[BUBBLES_SLOTS];
    unsigned count = choose_sources(participant, sources);
    json_t *streams = json_array();
    for (unsigned i = 0; i < count; i++) {
        char mid[12];
        snprintf(mid, sizeof(mid), "%u", sources[i].mid);
        json_array_append_new(
            streams,
            json_pack("{s:I, s:s}", "feed", feed_of(participant, sources[i].seat), "mid", mid));
    }
    participant->janus.is_subscribed = true;
    ask_room(participant,
             json_pack("{s:s, s:s, s:i, s:o}", "request", "join", "ptype", "subscriber", "room",
                       (int)room_number(participant), "streams", streams),
             NULL, NULL);
}

/* @return 0, or -1: no memory */
static int init_slot(struct bubbles_participant *participant, unsigned index,
                     const struct source *source)
{
    struct bubbles_slot *slot = &participant->slots[index];
    if (bubbles_slot_init(slot, source->kind, &participant->answer.lines[index],
                          participant->verifier != NULL))
        return -1;
    slot->csrc = csrc_of(source->seat, source->kind);
    bubbles_slot_set_live(slot, true);
    if (participant->verifier)
        bubbles_verifier_announced(participant->verifier, index, slot->csrc);
    return 0;
}

/* The streams must be those asked for, in this order. */
static bool is_as_asked(const struct bubbles_participant *participant, const json_t *streams,
                        const struct source *sources, unsigned count)
{
    if (json_array_size(streams) != count)
        return false;
    for (unsigned i = 0; i < count; i++) {
        const json_t *stream = json_array_get(streams, i);
        const char *mid = json_string_value(json_object_get(stream, "feed_mid"));
        if (json_integer_value(json_object_get(stream, "feed_id")) !=
                feed_of(participant, sources[i].seat) ||
            !mid || strtoul(mid, NULL, 10) != sources[i].mid)
            return false;
    }
    return true;
}

static void start(struct bubbles_participant *participant, const struct source *sources,
                  unsigned count)
{
    struct bubbles_offer answer;
    json_t *layers = json_array();
    bubbles_participant_describe(participant, &answer);
    answer.setup = "active";
    answer.candidate = CANDIDATE;
    answer.line_count = count;
    for (unsigned i = 0; i < count; i++) {
        const struct bubbles_answer_line *line = &participant->answer.lines[i];
        answer.lines[i] = (struct bubbles_offer_line){.kind = sources[i].kind,
                                                      .payload_type = line->payload_type,
                                                      .rtx_payload_type = line->rtx_payload_type,
                                                      .ids = line->ids};
        char mid[12];
        snprintf(mid, sizeof(mid), "%u", i);
        if (sources[i].kind == BUBBLES_CAMERA)
            json_array_append_new(layers,
                                  json_pack("{s:s, s:i}", "mid", mid, "substream", SUBSTREAM_HIGH));
    }
    ask_room(participant, json_pack("{s:s}", "request", "start"), "answer", &answer);
    if (participant->run->options.camera_kbps == 0)
        ask_room(participant, json_pack("{s:s, s:O}", "request", "configure", "streams", layers),
                 NULL, NULL);
    json_decref(layers);
}

static void take_offer(struct bubbles_participant *participant, const json_t *streams,
                       const char *text)
{
    struct source sources[BUBBLES_SLOTS];
    unsigned count = choose_sources(participant, sources);
    if (!is_as_asked(participant, streams, sources, count) ||
        bubbles_answer_read(&participant->answer, text, count)) {
        bubbles_participant_fail(participant, "the offer is not for what was asked for");
        return;
    }
    for (unsigned i = 0; i < count; i++)
        if (init_slot(participant, i, &sources[i])) {
            bubbles_participant_fail(participant, "no memory for the slots");
            return;
        }
    start(participant, sources, count);
    bubbles_participant_connect(participant, false);
}

/* ---- what is heard ---- */

static void take_success(struct bubbles_participant *participant, const json_t *data)
{
    struct bubbles_janus *janus = &participant->janus;
    uint64_t id = (uint64_t)json_integer_value(json_object_get(data, "id"));
    if (!janus->session) {
        janus->session = id;
        request(participant, "attach", json_pack("{s:s}", "plugin", "janus.plugin.videoroom"));
    } else if (!janus->handle) {
        janus->handle = id;
        if (is_sender(participant))
            publish(participant);
    }
}

static unsigned line_count(const struct bubbles_participant *participant)
{
    struct bubbles_cast cast = bubbles_cast_of(&participant->run->options, participant->seat);
    return (unsigned)cast.has_voice + cast.has_camera + cast.has_screen;
}

static void take_event(struct bubbles_participant *participant, const json_t *data,
                       const json_t *jsep)
{
    const char *event = json_string_value(json_object_get(data, "videoroom"));
    const char *error = json_string_value(json_object_get(data, "error"));
    const char *text = json_string_value(json_object_get(jsep, "sdp"));
    if (error) {
        char problem[BUBBLES_PROBLEM_MAX];
        snprintf(problem, sizeof(problem), "VideoRoom: %.200s", error);
        bubbles_participant_fail(participant, problem);
    } else if (participant->state != BUBBLES_JOINING || !event || !text) {
        return;
    } else if (strcmp(event, "attached") == 0) {
        take_offer(participant, json_object_get(data, "streams"), text);
    } else if (strcmp(event, "joined") == 0) {
        if (bubbles_answer_read(&participant->answer, text, line_count(participant)))
            bubbles_participant_fail(participant, "the answer is not understood");
        else
            bubbles_participant_connect(participant, true);
    }
}

static void on_open(void *owner)
{
    struct bubbles_participant *participant = owner;
    seat_id(participant->seat, participant->id);
    participant->state = BUBBLES_JOINING;
    request(participant, "create", NULL);
}

static void on_message(void *owner, const json_t *message)
{
    struct bubbles_participant *participant = owner;
    const char *verb = json_string_value(json_object_get(message, "janus"));
    if (!verb)
        return;
    if (strcmp(verb, "success") == 0) {
        take_success(participant, json_object_get(message, "data"));
    } else if (strcmp(verb, "event") == 0) {
        const json_t *plugin = json_object_get(message, "plugindata");
        take_event(participant, json_object_get(plugin, "data"), json_object_get(message, "jsep"));
    } else if (strcmp(verb, "error") == 0 || strcmp(verb, "hangup") == 0 ||
               strcmp(verb, "timeout") == 0) {
        char problem[BUBBLES_PROBLEM_MAX];
        const char *reason = json_string_value(
            json_object_get(json_object_get(message, "error") ?: message, "reason"));
        snprintf(problem, sizeof(problem), "Janus says %.20s: %.200s", verb, reason ? reason : "");
        bubbles_participant_fail(participant, problem);
    }
}

static void advance(struct bubbles_participant *participant)
{
    if (participant->janus.handle && !is_sender(participant) && !participant->janus.is_subscribed &&
        is_room_sending(participant))
        subscribe(participant);
}

static void leave(struct bubbles_participant *participant)
{
    request(participant, "destroy", NULL);
}

const struct bubbles_dialect bubbles_dialect_janus = {
    .protocol = "janus-protocol",
    .control = {.on_open = on_open,
                .on_message = on_message,
                .on_close = bubbles_participant_on_close},
    .advance = advance,
    .leave = leave};
