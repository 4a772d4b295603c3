/*
 * Which stream a new SSRC is: by the MID and RID that its packets carry, by the payload type if
 * that leaves no choice, or by what the offer named (RFC 8843, section 9.2; RFC 8852).
 */
#include "rtp/error.h"
#include "sfu/core/engine_internal.h"

/* An SSRC seen for the first time. */
struct new_ssrc {
    uint32_t ssrc;
    bool is_named; /* its packet carries the MID */
    int64_t now_us;
};

static bool equals(const char *token, const uint8_t *text, uint8_t len)
{
    return text && strlen(token) == len && memcmp(token, text, len) == 0;
}

/* The track of a MID; else, for clients that send none, the only one with this payload type. One
   with simulcast counts, too: its packets carry names in the beginning only, so that one without
   any may be its. */
static struct core_track *find_track(struct core_participant *participant,
                                     const struct rtp_packet *packet,
                                     const struct rtp_extension_values *values)
{
    struct core_track *by_type = NULL;
    for (unsigned i = 0; i < participant->track_count; i++) {
        struct core_track *track = &participant->tracks[i];
        const struct core_track_params *params = &track->params;
        if (values->mid) {
            if (equals(params->mid, values->mid, values->mid_len))
                return track;
            continue;
        }
        if (packet->payload_type != params->payload_type)
            continue;
        if (by_type)
            return NULL;
        by_type = track;
    }
    return by_type;
}

/* Which layer of a track a RID names; without simulcast the only one. -1: none. */
static int find_layer(const struct core_track *track, const uint8_t *rid, uint8_t rid_len)
{
    if (track->params.rid_count == 0)
        return 0;
    for (unsigned i = 0; i < track->params.rid_count; i++)
        if (equals(track->params.rids[i], rid, rid_len))
            return (int)i;
    return -1;
}

/* Slots go on with what takes the layer's place: by its key frame, as of another layer. */
static void release_layer(struct core_participant *participant, struct core_track *track, int index)
{
    struct core_layer *layer = &track->layers[index];
    for (struct core_slot *slot = track->subscribers; slot; slot = slot->next_subscriber)
        core_slot_forget_layer(slot, layer);
    core_participant_unbind(participant, (unsigned)(track - participant->tracks), (unsigned)index);
    core_layer_dispose(layer);
    bwe_policer_forget_layer(&track->policer, (unsigned)index);
}

/* A source may restart its stream with another SSRC, if it says so by its MID; two at once cannot
   be one layer. */
static int bind_media(struct core_participant *participant, struct core_track *track, int index,
                      const struct new_ssrc *new)
{
    struct core_layer *layer = &track->layers[index];
    if (layer->id && (!new->is_named || core_layer_is_alive(layer, new->now_us)))
        return IRIS_E_FULL;
    if (layer->id)
        release_layer(participant, track, index);
    unsigned track_index = (unsigned)(track - participant->tracks);
    int error = core_participant_bind(participant, new->ssrc, track_index, (unsigned)index, false);
    if (error)
        return error;
    error =
        core_layer_init(layer, ++participant->engine->next_layer_id, new->ssrc, track->params.kind);
    if (error) /* its next packet tries again; a binding without a layer is none */
        core_participant_unbind(participant, track_index, (unsigned)index);
    return error;
}

/* First sight of an SSRC (RFC 8843, section 9.2; RFC 8852). */
static struct core_binding *bind_by_names(struct core_participant *participant,
                                          const struct rtp_packet *packet,
                                          const struct rtp_extension_values *values, int64_t now_us)
{
    const struct new_ssrc new = {packet->ssrc, values->mid != NULL, now_us};
    struct core_track *track = find_track(participant, packet, values);
    if (!track)
        return NULL;
    bool is_rtx = packet->payload_type == track->params.rtx_payload_type;
    if (!is_rtx && packet->payload_type != track->params.payload_type)
        return NULL;
    int index = is_rtx && values->repaired_rid
                    ? find_layer(track, values->repaired_rid, values->repaired_rid_len)
                    : find_layer(track, values->rid, values->rid_len);
    if (index < 0)
        return NULL;
    int error = 0;
    if (is_rtx)
        error =
            core_participant_bind(participant, packet->ssrc,
                                  (unsigned)(track - participant->tracks), (unsigned)index, true);
    else
        error = bind_media(participant, track, index, &new);
    return error ? NULL : core_participant_binding(participant, packet->ssrc);
}

/* SSRCs that the offer names are bound by their first packet as well, without MID. */
static struct core_binding *bind_offered(struct core_participant *participant, uint32_t ssrc)
{
    const struct new_ssrc new = {.ssrc = ssrc};
    for (unsigned i = 0; i < participant->track_count; i++) {
        struct core_track *track = &participant->tracks[i];
        const struct core_track_params *params = &track->params;
        if (ssrc == 0 || params->rid_count > 0)
            continue;
        if (ssrc == params->ssrc && bind_media(participant, track, 0, &new) == 0)
            return core_participant_binding(participant, ssrc);
        if (ssrc == params->rtx_ssrc && core_participant_bind(participant, ssrc, i, 0, true) == 0)
            return core_participant_binding(participant, ssrc);
    }
    return NULL;
}

struct core_binding *core_bind(struct core_participant *participant,
                               const struct rtp_packet *packet,
                               const struct rtp_extension_values *values, int64_t now_us)
{
    struct core_binding *binding = bind_offered(participant, packet->ssrc);
    return binding ? binding : bind_by_names(participant, packet, values, now_us);
}
