/* What a client received, held against protocol.md, and questions about it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/integration/event_loop.h"
#include "tests/integration/media_client_internal.h"

#define PASSING_US 300000

#define ANNOUNCED_WITHIN_MS 1000

static const struct media_client *client_with_tag(uint32_t tag)
{
    for (const GList *at = media_client_all(); at; at = at->next) {
        const struct media_client *client = at->data;
        if (client->tag == tag)
            return client;
    }
    return NULL;
}

/* The server announced this CSRC for the slot, and for the participant whose media it is; of one
   that is gone, and perhaps replayed from the history, nobody remembers the number. */
static bool is_announced(const struct media_client *client, const struct slot_receiver *slot,
                         const struct slot_packet *packet)
{
    const struct media_client *source = client_with_tag(packet->signature.tag);
    for (guint i = 0; i < client->csrcs->len; i++) {
        const struct media_client_csrc *entry =
            &g_array_index(client->csrcs, struct media_client_csrc, i);
        if (entry->csrc == packet->csrc && strcmp(entry->mid, slot->mid) == 0 &&
            (!source || strcmp(entry->participant, source->id) == 0))
            return true;
    }
    return false;
}

/* Who leaves in the moment in which he is shown is not announced any more; a few packets of him may
   come all the same. */
static bool is_gone(uint32_t tag)
{
    const struct media_client *source = client_with_tag(tag);
    return !source || !source->rpc;
}

/* How long the slot carried the CSRC that begins with this packet. */
static int64_t run_us(const struct slot_receiver *slot, guint first)
{
    const struct slot_packet *packets = (const struct slot_packet *)slot->packets->data;
    guint last = first;
    while (last + 1 < slot->packets->len && packets[last + 1].csrc == packets[first].csrc)
        last++;
    return packets[last].arrival_us - packets[first].arrival_us;
}

static const char *unannounced(const struct slot_receiver *slot, guint first)
{
    static char problem[MEDIA_CLIENT_PROBLEM_BYTES];
    const struct slot_packet *packet = &g_array_index(slot->packets, struct slot_packet, first);
    const struct media_client *source = client_with_tag(packet->signature.tag);
    snprintf(problem, sizeof(problem),
             "slot %s carried %" PRId64 " ms of CSRC %08" PRIx32
             ", which `slots` did not announce; its source: %s",
             slot->mid, run_us(slot, first) / 1000, packet->csrc, source ? source->id : "gone");
    return problem;
}

static const char *check_origin(const struct media_client *client, const struct slot_receiver *slot)
{
    const struct slot_packet *before = NULL;
    for (guint i = 0; i < slot->packets->len; i++) {
        const struct slot_packet *packet = &g_array_index(slot->packets, struct slot_packet, i);
        if (packet->signature.tag == client->tag)
            return "receives its own media";
        if (slot->is_audio != (packet->signature.kind == MEDIA_AUDIO))
            return "receives audio as video or video as audio";
        if (packet->csrc == 0 || (before && before->csrc == packet->csrc))
            continue;
        bool is_passing = is_gone(packet->signature.tag) && run_us(slot, i) < PASSING_US;
        if (!is_announced(client, slot, packet) && !is_passing)
            return unannounced(slot, i);
        before = packet;
    }
    return NULL;
}

/* Media may overtake the notification on the WebSocket: it gets the usual patience. */
static bool is_origin_known(void *user)
{
    const struct media_client *client = user;
    for (unsigned i = 0; i < client->slot_count; i++)
        if (check_origin(client, client->slot_list[i]))
            return false;
    return true;
}

static void add(struct slot_summary *total, const struct slot_summary *one)
{
    total->packets += one->packets;
    total->missing += one->missing;
    total->source_gaps += one->source_gaps;
    total->source_changes += one->source_changes;
    total->frames += one->frames;
    total->key_frames += one->key_frames;
}

int media_client_verify(struct media_client *client, struct slot_summary *total)
{
    memset(total, 0, sizeof(*total));
    event_loop_until(is_origin_known, client, ANNOUNCED_WITHIN_MS);
    for (unsigned i = 0; i < client->slot_count; i++) {
        const struct slot_receiver *slot = client->slot_list[i];
        struct slot_summary summary;
        char problem[SLOT_PROBLEM_BYTES];
        if (slot_verify(slot, &summary, problem) != 0)
            media_client_note(client, problem);
        const char *origin = check_origin(client, slot);
        if (origin)
            media_client_note(client, origin);
        if (slot->duplicates > 0)
            media_client_note(client, "a packet was received twice");
        add(total, &summary);
    }
    if (client->feedback.malformed > 0)
        media_client_note(client, "RTCP that is malformed or was not promised");
    if (client->feedback.byes > 0)
        media_client_note(client, "a BYE");
    if (client->failed_openings > 0)
        media_client_note(client, "SRTP that libsrtp2 does not open");
    return client->problem[0] == '\0' ? 0 : -1;
}

struct slot_receiver *media_client_slot_of(struct media_client *client,
                                           const struct media_client *other, bool audio)
{
    for (unsigned i = 0; i < client->slot_count; i++) {
        struct slot_receiver *slot = client->slot_list[i];
        const struct slot_packet *newest = slot_receiver_newest(slot);
        if (slot->is_audio == audio && newest && newest->signature.tag == other->tag)
            return slot;
    }
    return NULL;
}

struct track_sender *media_client_track(struct media_client *client, enum media_kind kind)
{
    for (unsigned i = 0; i < client->track_count; i++) {
        if (client->tracks[i]->options.kind == kind)
            return client->tracks[i];
    }
    return NULL;
}

struct awaited {
    struct media_client *client;
    const struct media_client *other;
    bool audio;
};

static bool has_media(void *user)
{
    const struct awaited *awaited = user;
    return media_client_slot_of(awaited->client, awaited->other, awaited->audio) != NULL;
}

bool media_client_await_media(struct media_client *client, const struct media_client *other,
                              bool audio)
{
    struct awaited awaited = {client, other, audio};
    bool came = event_loop_until(has_media, &awaited, EVENT_LOOP_PATIENCE_MS);
    if (!came) {
        char problem[128];
        snprintf(problem, sizeof(problem), "no %s of %s", audio ? "audio" : "video",
                 other->options.name);
        media_client_note(client, problem);
    }
    return came;
}

unsigned media_client_slots_showing(const struct media_client *client, const char *participant,
                                    const char *state)
{
    unsigned count = 0;
    size_t index;
    json_t *slot;
    json_array_foreach(client->slots, index, slot)
    {
        const char *shown = json_string_value(json_object_get(slot, "participant"));
        const char *is = json_string_value(json_object_get(slot, "state"));
        count += shown && is && strcmp(shown, participant) == 0 && strcmp(is, state) == 0;
    }
    return count;
}
