/* Fields are copied from one vocabulary to the other; the decisions are signalling/sdp's. */
#include "sfu/control/negotiate.h"

#include <openssl/rand.h>
#include <stdio.h>

#define TYPE_PREFERENCE 100 /* of a session's first answer */
#define RESTARTS_MAX    25  /* that can be told apart below 126 */

_Static_assert(CORE_TOKEN_BYTES == SDP_TOKEN_BYTES, "mids and rids are copied");
_Static_assert(CORE_LAYERS_MAX == SDP_RIDS_MAX, "a layer for every rid");

static const enum rtp_extension extension_of[SDP_EXTENSION_COUNT] = {
    [SDP_EXTENSION_MID] = RTP_EXTENSION_MID,
    [SDP_EXTENSION_RID] = RTP_EXTENSION_RID,
    [SDP_EXTENSION_REPAIRED_RID] = RTP_EXTENSION_REPAIRED_RID,
    [SDP_EXTENSION_AUDIO_LEVEL] = RTP_EXTENSION_AUDIO_LEVEL,
    [SDP_EXTENSION_TRANSPORT_SEQ] = RTP_EXTENSION_TRANSPORT_SEQ,
    [SDP_EXTENSION_ABS_SEND_TIME] = RTP_EXTENSION_ABS_SEND_TIME,
};

int control_random_text(char *out, size_t characters)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (RAND_bytes((unsigned char *)out, (int)characters) != 1)
        return -1;
    for (size_t i = 0; i < characters; i++)
        out[i] = alphabet[(unsigned char)out[i] & 63];
    out[characters] = '\0';
    return 0;
}

static enum core_kind kind_of(enum sdp_source source)
{
    switch (source) {
    case SDP_SOURCE_CAMERA:
        return CORE_KIND_CAMERA;
    case SDP_SOURCE_SCREEN:
        return CORE_KIND_SCREEN;
    default:
        return CORE_KIND_AUDIO;
    }
}

static bool is_taken(const struct core_join *join, uint32_t ssrc)
{
    bool is_taken = ssrc == 0 || ssrc == join->feedback_ssrc;
    for (unsigned i = 0; i < join->slot_count; i++)
        is_taken |= ssrc == join->slots[i].ssrc || ssrc == join->slots[i].rtx_ssrc;
    for (unsigned i = 0; i < join->track_count; i++)
        is_taken |= ssrc == join->tracks[i].csrc;
    return is_taken;
}

/* Two streams of one transport with the same SSRC would share nonces (RFC 7714, section 8.1). */
static int draw_ssrc(const struct core_join *join, uint32_t *out)
{
    uint32_t ssrc;
    do {
        if (RAND_bytes((unsigned char *)&ssrc, sizeof(ssrc)) != 1)
            return -1;
    } while (is_taken(join, ssrc));
    *out = ssrc;
    return 0;
}

static int add_track(struct core_join *join, const struct sdp_line *line, enum sdp_source source)
{
    if (join->track_count == CORE_TRACKS_MAX)
        return -1;
    struct core_track_params *track = &join->tracks[join->track_count++];
    track->kind = kind_of(source);
    memcpy(track->mid, line->mid, sizeof(track->mid));
    track->payload_type = (uint8_t)line->payload_type;
    track->rtx_payload_type = line->rtx_payload_type;
    track->has_nack = line->has_nack;
    track->has_pli = line->has_pli;
    track->has_remb = line->has_remb;
    track->has_transport_cc = line->has_transport_cc;
    track->ssrc = line->ssrc;
    track->rtx_ssrc = line->rtx_ssrc;
    track->rid_count = line->rid_count;
    memcpy(track->rids, line->rids, sizeof(track->rids));
    return draw_ssrc(join, &track->csrc);
}

static int add_slot(struct core_join *join, const struct sdp_line *line, struct sdp_role *role,
                    const uint8_t ids[SDP_EXTENSION_COUNT])
{
    if (join->slot_count == CORE_SLOTS_MAX)
        return -1;
    struct core_slot_params *slot = &join->slots[join->slot_count++];
    slot->kind = kind_of(role->slot);
    memcpy(slot->mid, line->mid, sizeof(slot->mid));
    slot->payload_type = (uint8_t)line->payload_type;
    slot->rtx_payload_type = line->rtx_payload_type;
    slot->mid_id = ids[SDP_EXTENSION_MID];
    slot->audio_level_id = ids[SDP_EXTENSION_AUDIO_LEVEL];
    slot->transport_seq_id = ids[SDP_EXTENSION_TRANSPORT_SEQ];
    slot->abs_send_time_id = ids[SDP_EXTENSION_ABS_SEND_TIME];
    if (draw_ssrc(join, &slot->ssrc))
        return -1;
    if (slot->kind != CORE_KIND_AUDIO && line->rtx_payload_type >= 0 &&
        draw_ssrc(join, &slot->rtx_ssrc))
        return -1;
    role->slot_ssrc = slot->ssrc;
    role->slot_rtx_ssrc = slot->rtx_ssrc;
    return 0;
}

static int fill_media(struct core_join *join, const struct sdp_offer *offer, struct sdp_role *roles)
{
    for (unsigned i = 0; i < offer->line_count; i++) {
        const struct sdp_line *line = &offer->lines[i];
        uint8_t ids[SDP_EXTENSION_COUNT];
        if (roles[i].sends == SDP_SOURCE_NONE && roles[i].slot == SDP_SOURCE_NONE)
            continue;
        signalling_sdp_granted_extensions(line, &roles[i], ids);
        for (int e = 0; e < SDP_EXTENSION_COUNT; e++)
            if (ids[e] > 0 && ids[e] < RTP_EXTENSION_IDS)
                join->extensions.kind[ids[e]] = (uint8_t)extension_of[e];
        if (roles[i].sends != SDP_SOURCE_NONE && add_track(join, line, roles[i].sends))
            return -1;
        if (roles[i].slot != SDP_SOURCE_NONE && add_slot(join, line, &roles[i], ids))
            return -1;
    }
    return draw_ssrc(join, &join->feedback_ssrc);
}

/* Our side of ICE is new, the client's is what it offered. */
static int fill_credentials(struct transport_ice_credentials *ice, const struct sdp_offer *offer)
{
    memcpy(ice->remote_ufrag, offer->ufrag, sizeof(ice->remote_ufrag));
    return control_random_text(ice->local_ufrag, TRANSPORT_ICE_LOCAL_UFRAG_BYTES - 1) |
           control_random_text(ice->local_pwd, TRANSPORT_ICE_LOCAL_PWD_BYTES - 1);
}

/*
 * Host candidates (RFC 8445, 5.1.2): earlier addresses are preferred, and those of a later answer
 * to those of an earlier one. A pair's priority is mostly the lesser of its two (section 6.1.2.3).
 * Below a browser's own 126, ours decides: after an ICE restart every new pair beats the old ones,
 * so that Chromium leaves a dead path as soon as a new one answers, and not only 2.5 s later.
 */
static void fill_candidates(struct sdp_answer *answer, const struct io_addresses *addresses,
                            uint16_t port)
{
    uint64_t restarts = answer->version - 1;
    uint32_t type = TYPE_PREFERENCE + (uint32_t)(restarts < RESTARTS_MAX ? restarts : RESTARTS_MAX);
    for (unsigned i = 0; i < addresses->count && i < SDP_CANDIDATES_MAX; i++) {
        struct sdp_candidate *candidate = &answer->candidates[answer->candidate_count++];
        io_address_ip_text(&addresses->list[i], candidate->address);
        candidate->port = port;
        candidate->priority = (type << 24) | ((65535u - i) << 8) | 255u;
    }
}

static int write_answer(const struct control_server_identity *identity,
                        const struct control_negotiation *negotiation, char *answer)
{
    struct sdp_answer fields = {.session_id = negotiation->session_id,
                                .version = negotiation->version,
                                .ufrag = negotiation->ice.local_ufrag,
                                .pwd = negotiation->ice.local_pwd,
                                .fingerprint = identity->fingerprint};
    fill_candidates(&fields, identity->addresses, negotiation->port);
    return signalling_sdp_write_answer(&negotiation->offer, negotiation->roles, &fields, answer,
                                       SDP_ANSWER_MAX_BYTES) < 0
               ? -1
               : 0;
}

int control_negotiate(const struct control_server_identity *identity,
                      struct control_negotiation *negotiation, const struct sdp_rights *rights,
                      struct core_join *join, char *answer)
{
    const struct sdp_offer *offer = &negotiation->offer;
    signalling_sdp_assign_roles(offer, rights, negotiation->roles);
    if (fill_credentials(&negotiation->ice, offer) || fill_media(join, offer, negotiation->roles))
        return -1;
    join->transport.ice = negotiation->ice;
    memcpy(join->transport.fingerprint, offer->fingerprint, TRANSPORT_FINGERPRINT_BYTES);
    negotiation->version = 1;
    return write_answer(identity, negotiation, answer);
}

int control_negotiate_restart(const struct control_server_identity *identity,
                              struct control_negotiation *negotiation,
                              const struct sdp_offer *offer, bool *is_new, char *answer,
                              struct sdp_error *error)
{
    if (signalling_sdp_check_restart(&negotiation->offer, offer, error))
        return -1;
    error->reason[0] = '\0';
    *is_new = strcmp(negotiation->offer.ufrag, offer->ufrag) != 0 ||
              strcmp(negotiation->offer.pwd, offer->pwd) != 0;
    if (*is_new) {
        if (fill_credentials(&negotiation->ice, offer))
            return -1;
        memcpy(negotiation->offer.ufrag, offer->ufrag, sizeof(offer->ufrag));
        memcpy(negotiation->offer.pwd, offer->pwd, sizeof(offer->pwd));
        negotiation->version++;
    }
    return write_answer(identity, negotiation, answer);
}
