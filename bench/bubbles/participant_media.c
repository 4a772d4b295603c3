/* Voice and pictures out, slots in. */
#include "bench/bubbles/cast.h"
#include "bench/bubbles/clock.h"
#include "bench/bubbles/participant.h"

#define LATE_MAX_US          200000 /* of our own sending; beyond, what was missed is left out */
#define VOICE_FINDABLE_BYTES 8      /* shorter ones are comfort noise that others send just so */

/* SSRCs, counted from the participant's first one; the offer names some of them. */
enum ssrc_offset {
    OFFSET_VOICE = 0,
    OFFSET_CAMERA = 1, /* and 2 */
    OFFSET_SCREEN = 3,
    OFFSET_RTX = 3, /* RTX of the above: so much further */
};

void bubbles_participant_name_ssrcs(const struct bubbles_participant *participant,
                                    struct bubbles_offer_line *line)
{
    static const enum ssrc_offset offsets[BUBBLES_KINDS] = {[BUBBLES_VOICE] = OFFSET_VOICE,
                                                            [BUBBLES_CAMERA] = OFFSET_CAMERA,
                                                            [BUBBLES_SHARED_SCREEN] =
                                                                OFFSET_SCREEN};
    line->ssrc = participant->feedback_ssrc + offsets[line->kind];
    line->rtx_ssrc = line->kind == BUBBLES_VOICE ? 0 : line->ssrc + OFFSET_RTX;
}

/* ---- start ---- */

static struct bubbles_stream *add_stream(struct bubbles_participant *participant,
                                         struct bubbles_stream_params *params)
{
    const struct bubbles_answer_line *line = &participant->answer.lines[params->mid];
    struct bubbles_stream *stream = &participant->streams[participant->stream_count];
    if (!line->is_accepted)
        return NULL;
    params->line = line;
    params->seed = &participant->run->seed;
    participant->stream_count++;
    return bubbles_stream_init(stream, params) == 0 ? stream : NULL;
}

static void add_voice(struct bubbles_participant *participant)
{
    struct bubbles_library *library = &participant->run->library;
    struct bubbles_stream_params params = {
        .kind = BUBBLES_VOICE,
        .voice = library->voices[participant->seat % library->voice_count],
        .mid = participant->lines[BUBBLES_VOICE],
        .ssrc = participant->feedback_ssrc + OFFSET_VOICE};
    participant->voice = add_stream(participant, &params);
}

static void add_camera(struct bubbles_participant *participant)
{
    struct bubbles_library *library = &participant->run->library;
    unsigned source = participant->seat % library->camera_count;
    for (unsigned i = 0; i < library->size_count; i++) {
        uint32_t ssrc = participant->feedback_ssrc + OFFSET_CAMERA + i;
        struct bubbles_stream_params params = {.kind = BUBBLES_CAMERA,
                                               .clip = library->cameras[source][i],
                                               .mid = participant->lines[BUBBLES_CAMERA],
                                               .rid =
                                                   library->size_count > 1 ? bubbles_rids[i] : NULL,
                                               .ssrc = ssrc,
                                               .rtx_ssrc = ssrc + OFFSET_RTX};
        participant->cameras[i] = add_stream(participant, &params);
    }
}

static void add_screen(struct bubbles_participant *participant)
{
    struct bubbles_library *library = &participant->run->library;
    unsigned room = (unsigned)(participant->room - participant->run->rooms);
    uint32_t ssrc = participant->feedback_ssrc + OFFSET_SCREEN;
    struct bubbles_stream_params params = {.kind = BUBBLES_SHARED_SCREEN,
                                           .clip = library->screens[room % library->screen_count],
                                           .mid = participant->lines[BUBBLES_SHARED_SCREEN],
                                           .ssrc = ssrc,
                                           .rtx_ssrc = ssrc + OFFSET_RTX};
    participant->screen = add_stream(participant, &params);
}

/* Some time within a period, so that not everybody sends at once. */
static int64_t phase(struct bubbles_participant *participant, int64_t period_us)
{
    return (int64_t)(bubbles_random(&participant->run->seed) % (uint64_t)period_us);
}

static int64_t frame_period_us(const struct bubbles_stream *stream)
{
    return (int64_t)((double)BUBBLES_US_PER_S / stream->clip->frame_rate);
}

int bubbles_participant_start_media(struct bubbles_participant *participant, int64_t now_us)
{
    struct bubbles_cast cast = bubbles_cast_of(&participant->run->options, participant->seat);
    struct bubbles_due *due = &participant->due;
    if (cast.has_voice)
        add_voice(participant);
    if (cast.has_camera)
        add_camera(participant);
    if (cast.has_screen)
        add_screen(participant);
    for (unsigned i = 0; i < participant->stream_count; i++)
        if (!participant->streams[i].sent_us)
            return -1;
    if (participant->voice)
        due->voice_us = now_us + phase(participant, BUBBLES_VOICE_US);
    if (participant->cameras[0])
        due->camera_us = now_us + phase(participant, frame_period_us(participant->cameras[0]));
    if (participant->screen)
        due->screen_us = now_us + phase(participant, frame_period_us(participant->screen));
    due->feedback_us = now_us + phase(participant, 100000);
    due->report_us = now_us + phase(participant, BUBBLES_US_PER_S);
    due->repair_us = now_us;
    if (participant->run->options.reports_decoding && participant->run->dialect->report_decoding)
        due->decoding_us = now_us + phase(participant, BUBBLES_DECODING_US);
    return 0;
}

/* ---- out ---- */

static void seal_and_send(struct bubbles_participant *participant, struct bubbles_rtp *rtp)
{
    int len = transport_srtp_seal_rtp(participant->sender, rtp->data, rtp->len, rtp->header_len,
                                      rtp->index);
    if (len < 0)
        return;
    bubbles_participant_commit(participant, (size_t)len);
    participant->run->totals.packets_sent++;
}

static void send_frame(struct bubbles_participant *participant, struct bubbles_stream *stream,
                       int64_t now_us)
{
    struct bubbles_rtp rtp;
    if (!stream)
        return;
    bubbles_stream_begin_frame(stream, now_us);
    for (;;) {
        rtp.data = bubbles_net_reserve(participant->run->net);
        if (!bubbles_stream_next_packet(stream, &participant->transport_seq, &rtp))
            return;
        seal_and_send(participant, &rtp);
    }
}

static void send_voice(struct bubbles_participant *participant, int64_t now_us)
{
    struct bubbles_rtp rtp = {.data = bubbles_net_reserve(participant->run->net)};
    bool is_talking = participant->room->spurts.is_talking[participant->seat];
    if (bubbles_stream_voice(participant->voice, is_talking, now_us, &participant->transport_seq,
                             &rtp))
        seal_and_send(participant, &rtp);
}

/* One period has passed. @return when the next one has */
static int64_t next_due(struct bubbles_participant *participant, int64_t due_us, int64_t period_us,
                        int64_t now_us)
{
    if (participant->run->is_measuring)
        bubbles_histogram_add(&participant->run->totals.lateness, now_us - due_us);
    return now_us - due_us > LATE_MAX_US ? now_us + period_us : due_us + period_us;
}

static int64_t camera_period_us(const struct bubbles_participant *participant, int64_t now_us)
{
    unsigned excess = participant->run->options.fault.camera_excess;
    int64_t period_us = frame_period_us(participant->cameras[0]);
    return excess && bubbles_participant_is_faulty(participant, now_us) ? period_us / excess
                                                                        : period_us;
}

void bubbles_participant_send_media(struct bubbles_participant *participant, int64_t now_us)
{
    struct bubbles_due *due = &participant->due;
    bool is_silent = participant->run->is_silent; /* time goes on, so that everybody keeps step */
    while (due->voice_us <= now_us) {
        if (!is_silent)
            send_voice(participant, now_us);
        due->voice_us = next_due(participant, due->voice_us, BUBBLES_VOICE_US, now_us);
    }
    if (due->camera_us <= now_us) {
        for (unsigned i = 0; i < BUBBLES_LAYERS && !is_silent; i++)
            send_frame(participant, participant->cameras[i], now_us);
        due->camera_us =
            next_due(participant, due->camera_us, camera_period_us(participant, now_us), now_us);
    }
    if (due->screen_us <= now_us) {
        if (!is_silent)
            send_frame(participant, participant->screen, now_us);
        due->screen_us =
            next_due(participant, due->screen_us, frame_period_us(participant->screen), now_us);
    }
}

/* ---- in ---- */

static int find_slot(const struct bubbles_participant *participant, uint32_t ssrc)
{
    for (unsigned i = 0; i < BUBBLES_SLOTS; i++) {
        const struct bubbles_answer_line *line = &participant->slots[i].line;
        if (line->ssrc == ssrc || (line->rtx_ssrc == ssrc && ssrc != 0))
            return (int)i;
    }
    return -1;
}

/* @return false: nobody's yet, or of somebody who has left */
static bool find_origin(struct bubbles_participant *participant, const struct bubbles_slot *slot,
                        struct bubbles_origin *origin)
{
    const struct bubbles_track *track = bubbles_room_find_track(participant->room, slot->csrc);
    const struct bubbles_participant *owner = track ? track->owner : NULL;
    origin->stream_count = 0;
    if (!owner)
        return false;
    if (track->kind == BUBBLES_VOICE && owner->voice)
        origin->streams[origin->stream_count++] = owner->voice;
    if (track->kind == BUBBLES_SHARED_SCREEN && owner->screen)
        origin->streams[origin->stream_count++] = owner->screen;
    for (unsigned i = 0; track->kind == BUBBLES_CAMERA && i < BUBBLES_LAYERS; i++)
        if (owner->cameras[i])
            origin->streams[origin->stream_count++] = owner->cameras[i];
    return origin->stream_count > 0;
}

/* Every receiver holds what it gets against what its origin sends, without decoding: the payload of
 * a frame's first packet is forwarded as it is. */
static void check_content(struct bubbles_participant *participant, const struct rtp_packet *packet,
                          size_t descriptor_len, const struct bubbles_origin *origin,
                          int64_t arrival_us)
{
    struct bubbles_totals *totals = &participant->run->totals;
    int64_t sent_us = 0;
    for (unsigned i = 0; i < origin->stream_count; i++)
        if (bubbles_stream_find(origin->streams[i], packet->payload + descriptor_len,
                                packet->payload_len - descriptor_len, &sent_us)) {
            if (sent_us)
                bubbles_histogram_add(&totals->transit_now, arrival_us - sent_us);
            if (sent_us && participant->run->is_measuring)
                bubbles_histogram_add(&totals->transit, arrival_us - sent_us);
            return;
        }
    totals->wrong_frames++;
}

static void note_first(struct bubbles_participant *participant, const struct bubbles_slot *slot,
                       const struct bubbles_taken *taken, int64_t now_us)
{
    struct bubbles_milestones *milestones = &participant->milestones;
    if (slot->kind == BUBBLES_VOICE && !milestones->first_voice_us)
        milestones->first_voice_us = now_us;
    if (taken->frame_count > 0 && !milestones->first_picture_us)
        milestones->first_picture_us = now_us;
}

static void decode(struct bubbles_participant *participant, unsigned index,
                   const struct rtp_packet *packet, const struct bubbles_taken *taken,
                   const struct bubbles_origin *origin)
{
    const struct bubbles_slot *slot = &participant->slots[index];
    if (taken->is_new_source)
        bubbles_verifier_observed(participant->verifier, index, slot->csrc);
    if (slot->kind == BUBBLES_VOICE)
        bubbles_verifier_voice(participant->verifier, index, packet, taken->is_new_source, origin);
    for (unsigned i = 0; i < taken->frame_count; i++)
        bubbles_verifier_frame(participant->verifier, index, slot, &taken->frames[i], origin,
                               bubbles_now_us());
}

static void take_media(struct bubbles_participant *participant, unsigned index,
                       struct rtp_packet *packet, int64_t arrival_us)
{
    struct bubbles_slot *slot = &participant->slots[index];
    struct bubbles_totals *totals = &participant->run->totals;
    struct bubbles_origin origin;
    struct bubbles_taken taken;
    struct rtp_vp8 vp8 = {.descriptor_len = 0};
    bool is_rtx = packet->ssrc != slot->line.ssrc;
    if (!bubbles_slot_take(slot, packet, &vp8, &taken, arrival_us))
        return;
    note_first(participant, slot, &taken, arrival_us);
    bool is_known = find_origin(participant, slot, &origin);
    bool is_whole = slot->kind == BUBBLES_VOICE ? packet->payload_len >= VOICE_FINDABLE_BYTES
                                                : vp8.is_frame_start && !is_rtx;
    if (is_whole && is_known)
        check_content(participant, packet, vp8.descriptor_len, &origin, arrival_us);
    else if (is_whole)
        totals->unknown_source++;
    if (participant->verifier)
        decode(participant, index, packet, &taken, is_known ? &origin : NULL);
}

void bubbles_participant_take_rtp(struct bubbles_participant *participant, uint8_t *data,
                                  size_t len, int64_t arrival_us)
{
    struct bubbles_totals *totals = &participant->run->totals;
    struct rtp_extension_values values;
    struct rtp_packet packet;
    int index =
        rtp_packet_parse(&packet, data, len) == 0 ? find_slot(participant, packet.ssrc) : -1;
    totals->packets_received++;
    totals->bytes_received += len;
    if (index < 0) {
        totals->not_opened++;
        return;
    }
    rtp_packet_read_extensions(&packet, &participant->slots[index].extensions, &values);
    if (values.has_transport_seq)
        rtp_arrival_log_add(&participant->arrivals, values.transport_seq, arrival_us);
    take_media(participant, (unsigned)index, &packet, arrival_us);
}
