/* Life of a client: creation, join, leaving, end. */
#include "tests/integration/media_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/event_loop.h"
#include "tests/integration/media_client_internal.h"
#include "tests/integration/server_process.h"

#define USUAL_AUDIO_LEVEL   30
#define AUDIO_PAYLOAD_BYTES 79
#define VIDEO_PAYLOAD_BYTES 900
#define VIDEO_PACKETS       2         /* of a frame without simulcast */
#define CLOCK_APART_US      977000000 /* the clients' NTP clocks differ by so much */
#define FIRST_TAG           0x100

static GList *clients;
static uint32_t last_tag = FIRST_TAG;

GList *media_client_all(void)
{
    return clients;
}

void media_client_note(struct media_client *client, const char *problem)
{
    if (client->problem[0] == '\0')
        snprintf(client->problem, sizeof(client->problem), "%s: %s", client->options.name, problem);
}

/* Remember each CSRC that a list of slots names. */
static void take_slots(struct media_client *client, const json_t *slots)
{
    size_t index;
    json_t *slot;
    if (!json_is_array(slots))
        return;
    json_decref(client->slots);
    client->slots = json_deep_copy(slots);
    json_array_foreach(client->slots, index, slot)
    {
        struct media_client_csrc entry = {
            .csrc = (uint32_t)json_integer_value(json_object_get(slot, "csrc"))};
        const char *mid = json_string_value(json_object_get(slot, "mid"));
        const char *participant = json_string_value(json_object_get(slot, "participant"));
        if (!mid || !participant || entry.csrc == 0)
            continue;
        snprintf(entry.mid, sizeof(entry.mid), "%s", mid);
        snprintf(entry.participant, sizeof(entry.participant), "%s", participant);
        g_array_append_val(client->csrcs, entry);
    }
}

static void on_notification(void *context, const char *method, const json_t *params)
{
    if (strcmp(method, "slots") == 0)
        take_slots(context, json_object_get(params, "slots"));
}

static gboolean on_timer(gpointer user)
{
    media_client_tick(user, event_loop_now_us());
    return G_SOURCE_CONTINUE;
}

struct media_client *media_client_create(const struct media_client_options *options)
{
    struct media_client *client = calloc(1, sizeof(*client));
    client->options = *options;
    client->rpc = rpc_client_connect(server_process_public_port(), on_notification, client);
    if (!client->rpc) {
        free(client);
        return NULL;
    }
    client->tag = ++last_tag;
    client->csrcs = g_array_new(FALSE, TRUE, sizeof(struct media_client_csrc));
    client->answers_nacks = true;
    client->sends_nacks = true;
    client->clock_offset_us = (int64_t)client->tag * CLOCK_APART_US;
    feedback_log_init(&client->feedback);
    client->path = options->is_bare ? client_path_create_bare(media_client_on_datagram, client)
                                    : client_path_create_agent(media_client_on_datagram, client);
    client->dtls =
        dtls_client_create(options->profiles ? options->profiles : MEDIA_CLIENT_ALL_PROFILES,
                           media_client_on_dtls_datagram, client);
    client->timer = g_timeout_add(MEDIA_CLIENT_TICK_MS, on_timer, client);
    clients = g_list_append(clients, client);
    return client;
}

static struct track_sender *add_track(struct media_client *client, enum media_kind kind,
                                      struct offer_line *line)
{
    struct track_sender_options options = {
        .kind = kind,
        .tag = client->tag,
        .width = kind == MEDIA_SCREEN ? 1280 : 640,
        .height = kind == MEDIA_SCREEN ? 720 : 480,
        .style = client->options.style,
        .packets_per_frame = VIDEO_PACKETS,
        .payload_bytes = kind == MEDIA_AUDIO ? AUDIO_PAYLOAD_BYTES : VIDEO_PAYLOAD_BYTES,
        .payload_type = kind == MEDIA_AUDIO ? OFFER_NUMBERS.opus : OFFER_NUMBERS.vp8,
        .rtx_payload_type = OFFER_NUMBERS.rtx,
        .has_two_byte_extensions = client->options.has_two_byte_extensions,
        .audio_level =
            client->options.audio_level ? client->options.audio_level : USUAL_AUDIO_LEVEL,
        .transport_seq = &client->transport_seq,
        .mid = line->mid,
        .ssrc = g_random_int() | 1,
        .rtx_ssrc = kind == MEDIA_AUDIO ? 0 : g_random_int() | 1,
        .emit = media_client_on_track_packet,
        .context = client,
    };
    struct track_sender *track = track_sender_create(&options);
    client->tracks[client->track_count++] = track;
    line->ssrc = options.ssrc;
    line->rtx_ssrc = options.rtx_ssrc;
    return track;
}

/* Simulcast: 320x240, 640x480, ..., named so that neither name nor order tells the height. */
static void add_layers(struct media_client *client, struct offer_line *line)
{
    static const char *const rids[] = {"z", "m", "a"};
    line->rid_count = client->options.camera_layers;
    for (unsigned i = 0; i < line->rid_count && i < OFFER_RIDS_MAX; i++) {
        struct track_sender *track = add_track(client, MEDIA_CAMERA, line);
        track->options.layer = (uint8_t)i;
        track->options.rid = rids[i];
        track->options.width = (uint16_t)(320 << i);
        track->options.height = (uint16_t)(240 << i);
        track->options.packets_per_frame = 1;
        track->options.payload_bytes = (unsigned)(400 + 350 * i);
        line->rids[i] = rids[i];
    }
}

static void add_lines(struct media_client *client, struct offer *offer)
{
    const struct media_client_options *options = &client->options;
    if (options->has_microphone)
        add_track(client, MEDIA_AUDIO, offer_add_line(offer, OFFER_MICROPHONE));
    if (options->has_camera && options->camera_layers > 1)
        add_layers(client, offer_add_line(offer, OFFER_CAMERA));
    else if (options->has_camera)
        add_track(client, MEDIA_CAMERA, offer_add_line(offer, OFFER_CAMERA));
    if (options->has_screen)
        add_track(client, MEDIA_SCREEN, offer_add_line(offer, OFFER_SCREEN));
    for (unsigned i = 0; i < options->audio_slots; i++)
        offer_add_line(offer, OFFER_AUDIO_SLOT);
    for (unsigned i = 0; i < options->camera_slots; i++)
        offer_add_line(offer, OFFER_VIDEO_SLOT);
    for (unsigned i = 0; i < options->screen_slots; i++)
        offer_add_line(offer, OFFER_SCREEN_SLOT);
}

/* The tracks outlive the offer: their names get a home of their own. */
static void keep_names(struct media_client *client, const struct offer *offer)
{
    static const char *const kinds[] = {"mic", "cam", "scr"};
    for (unsigned i = 0; i < client->track_count; i++) {
        struct track_sender_options *options = &client->tracks[i]->options;
        for (unsigned k = 0; k < offer->line_count; k++) {
            if (strncmp(offer->lines[k].mid, kinds[options->kind], 3) == 0)
                options->mid = g_intern_string(offer->lines[k].mid);
        }
    }
}

char *media_client_offer(struct media_client *client)
{
    struct offer offer = {.numbers = &OFFER_NUMBERS,
                          .ufrag = client->path->ufrag,
                          .pwd = client->path->pwd,
                          .fingerprint = dtls_client_fingerprint(),
                          .setup = client->options.setup ? client->options.setup : "actpass"};
    for (unsigned i = 0; i < client->track_count; i++)
        free(client->tracks[i]);
    client->track_count = 0;
    add_lines(client, &offer);
    keep_names(client, &offer);
    return offer_write(&offer);
}

char *media_client_offer_again(const struct media_client *client, const char *ufrag,
                               const char *pwd)
{
    GString *text = g_string_new(client->offer);
    g_string_replace(text, client->path->ufrag, ufrag, 0);
    g_string_replace(text, client->path->pwd, pwd, 0);
    char *offer = strdup(text->str);
    g_string_free(text, TRUE);
    return offer;
}

/* What the answer grants: tracks learn their extension ids, slots come to be. */
static void apply_answer(struct media_client *client)
{
    for (unsigned i = 0; i < client->track_count; i++) {
        struct track_sender_options *options = &client->tracks[i]->options;
        const struct answer_line *line = answer_line_of(&client->answer, options->mid);
        if (line)
            options->extensions = line->extensions;
    }
    for (unsigned i = 0; i < client->answer.line_count; i++) {
        const struct answer_line *line = &client->answer.lines[i];
        if (line->port != 0 && strcmp(line->direction, "sendonly") == 0)
            client->slot_list[client->slot_count++] = slot_receiver_create(line);
    }
}

static int take_join_result(struct media_client *client, json_t *result)
{
    char problem[ANSWER_PROBLEM_BYTES] = "the result of join lacks participant or answer";
    const char *id = json_string_value(json_object_get(result, "participant"));
    const char *answer = json_string_value(json_object_get(result, "answer"));
    client->join_result = json_incref(result);
    if (!id || !answer || answer_read(&client->answer, answer, problem) != 0 ||
        client->answer.candidate_count == 0) {
        media_client_note(client, problem);
        return -1;
    }
    snprintf(client->id, sizeof(client->id), "%s", id);
    if (!client->slots) /* else a notification overtook the reply */
        take_slots(client, json_object_get(result, "slots"));
    apply_answer(client);
    client_path_start(client->path, &client->answer);
    return 0;
}

int media_client_join(struct media_client *client)
{
    char *offer = media_client_offer(client);
    json_t *reply = rpc_client_call(client->rpc, "join",
                                    json_pack("{s:s, s:s, s:s, s:s*}", "room", client->options.room,
                                              "name", client->options.name, "offer", offer, "token",
                                              client->options.token));
    free(client->offer);
    client->offer = offer;
    int result = rpc_client_error_code(reply);
    if (result == 0)
        result = take_join_result(client, json_object_get(reply, "result"));
    else
        media_client_note(
            client, json_string_value(json_object_get(json_object_get(reply, "error"), "message"))
                        ?: "no reply to join");
    json_decref(reply);
    return result;
}

bool media_client_is_connected(const struct media_client *client)
{
    return client->srtp != NULL;
}

static bool is_connected_or_failed(void *user)
{
    struct media_client *client = user;
    return client->srtp || client->problem[0] != '\0';
}

bool media_client_connect(struct media_client *client)
{
    if (media_client_join(client) != 0)
        return false;
    event_loop_until(is_connected_or_failed, client, EVENT_LOOP_PATIENCE_MS);
    if (!client->srtp)
        media_client_note(client, client_path_is_connected(client->path)
                                      ? "the DTLS handshake does not end"
                                      : "ICE does not connect");
    return client->srtp && client->problem[0] == '\0';
}

void media_client_send_media(struct media_client *client, bool audio, bool video)
{
    client->is_sending_audio = audio;
    client->is_sending_video = video;
}

int media_client_leave(struct media_client *client)
{
    json_t *reply = rpc_client_call(client->rpc, "leave", json_object());
    int error = rpc_client_error_code(reply);
    json_decref(reply);
    media_client_send_media(client, false, false);
    if (error != 0) {
        media_client_note(client, "leave was refused");
        return 0;
    }
    int code = rpc_client_await_close(client->rpc);
    media_client_vanish(client);
    return code;
}

void media_client_vanish(struct media_client *client)
{
    if (client->timer != 0)
        g_source_remove(client->timer);
    client->timer = 0;
    rpc_client_destroy(client->rpc);
    client->rpc = NULL;
    dtls_client_destroy(client->dtls);
    client->dtls = NULL;
    client_path_destroy(client->path);
    client->path = NULL;
    srtp_session_destroy(client->srtp);
    client->srtp = NULL;
    for (unsigned i = 0; i < client->track_count; i++)
        free(client->tracks[i]);
    client->track_count = 0;
}

void media_client_freeze(struct media_client *client)
{
    struct rpc_client *rpc = client->rpc;
    websocket_client_freeze(rpc_client_websocket(rpc));
    client->rpc = NULL;
    media_client_vanish(client);
    client->rpc = rpc;
}

static void destroy(gpointer user)
{
    struct media_client *client = user;
    media_client_vanish(client);
    for (unsigned i = 0; i < client->slot_count; i++)
        slot_receiver_destroy(client->slot_list[i]);
    feedback_log_dispose(&client->feedback);
    g_array_unref(client->csrcs);
    json_decref(client->join_result);
    json_decref(client->slots);
    free(client->offer);
    free(client);
}

int media_client_destroy_all(void **state)
{
    (void)state;
    g_list_free_full(clients, destroy);
    clients = NULL;
    return 0;
}
