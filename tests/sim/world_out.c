/* From the engine's exit: opened once, looked at, and put on the receiver's network. */
#include <stdlib.h>
#include <string.h>

#include "bwe/remb.h"
#include "rtp/bytes.h"
#include "rtp/error.h"
#include "rtp/rtx.h"
#include "tests/sim/world.h"

#define DIGEST_HEAD 16
#define DIGEST_TAIL 24

/* Of self-tests. */
#define CONTRACT_TIMES 8       /* a packet counts so often */
#define SHARE_LATER_US 2000000 /* after the request before */
#define SHARE_STEP_US  500000  /* of a window of 10 s (live.c) */
#define SHARE_BYTES    1000000

static uint64_t mix(uint64_t digest, uint64_t word)
{
    digest = (digest ^ word) * 0x9FB21C651E98DF25u;
    return digest ^ (digest >> 29);
}

uint64_t sim_world_digest(uint64_t digest, const uint8_t *data, size_t len)
{
    digest = mix(digest, len);
    if (len < DIGEST_HEAD + DIGEST_TAIL) {
        for (size_t i = 0; i < len; i++)
            digest = mix(digest, data[i]);
        return digest;
    }
    for (size_t at = 0; at < DIGEST_HEAD; at += 8)
        digest = mix(digest, rtp_bytes_get64(data + at));
    for (size_t at = len - DIGEST_TAIL; at < len; at += 8)
        digest = mix(digest, rtp_bytes_get64(data + at));
    return digest;
}

static struct sim_media *take_media(struct sim_world *world)
{
    struct sim_media *media = world->free_media;
    if (media)
        world->free_media = media->next;
    else
        media = malloc(sizeof(*media));
    if (!media)
        abort();
    return media;
}

static void release_media(struct sim_world *world, struct sim_media *media)
{
    media->next = world->free_media;
    world->free_media = media;
}

static const struct rtp_extension_map extensions = {
    .kind = {
        [SIM_ID_SEQ] = RTP_EXTENSION_TRANSPORT_SEQ,
        [SIM_ID_SEND_TIME] = RTP_EXTENSION_ABS_SEND_TIME,
    }};

static void read_payload(struct sim_media *media, const struct rtp_packet *packet, bool is_audio)
{
    size_t head = 0;
    if (!is_audio) {
        if (rtp_vp8_parse(&media->vp8, packet->payload, packet->payload_len))
            return;
        head = media->vp8.descriptor_len;
        if (media->vp8.is_frame_start)
            head += media->vp8.is_keyframe ? 10 : 3;
    }
    if (head >= packet->payload_len)
        return;
    media->is_stamped =
        sim_stamp_read(packet->payload + head, packet->payload_len - head, &media->stamp);
    if (is_audio || !media->is_stamped)
        return;
    /* The descriptor must say what the source meant. */
    const struct sim_stamp *stamp = &media->stamp;
    bool is_key = stamp->flags & SIM_STAMP_KEY, is_sync = stamp->flags & SIM_STAMP_SYNC;
    media->is_stamped = media->vp8.is_frame_start == (stamp->piece == 0) &&
                        (!media->vp8.is_frame_start || media->vp8.is_keyframe == is_key) &&
                        media->vp8.temporal_id == stamp->temporal &&
                        media->vp8.is_layer_sync == is_sync;
}

/* Take an opened packet apart. @return false: no RTP, or of no slot */
static bool read_media(struct sim_media *media, struct sim_person *receiver, uint8_t *data,
                       size_t len)
{
    struct rtp_packet packet;
    struct rtp_extension_values values;
    if (rtp_packet_parse(&packet, data, len))
        return false;
    rtp_packet_read_extensions(&packet, &extensions, &values);
    unsigned slot = packet.ssrc & 0xF;
    media->is_rtx = (packet.ssrc & 0xF0) == 0x40;
    if (slot >= receiver->join.slot_count)
        return false;
    media->slot = (uint8_t)slot;
    media->ssrc = packet.ssrc;
    media->payload_type = packet.payload_type;
    media->wire_len = (uint16_t)(len + TRANSPORT_AEAD_TAG_BYTES);
    media->has_transport_seq = values.has_transport_seq;
    media->transport_seq = values.transport_seq;
    media->has_send_time = values.has_abs_send_time;
    media->send_time = values.abs_send_time;
    media->has_csrc = packet.csrc_count == 1;
    media->csrc = media->has_csrc ? rtp_bytes_get32(data + RTP_HEADER_BYTES) : 0;
    const struct core_slot_params *params = &receiver->join.slots[slot];
    media->is_stamped = media->is_late = false;
    memset(&media->vp8, 0, sizeof(media->vp8));
    media->is_media =
        packet.payload_len > 0 &&
        (!media->is_rtx || rtp_rtx_restore(&packet, params->ssrc, params->payload_type) == 0);
    media->seq = packet.seq;
    media->timestamp = packet.timestamp;
    media->marker = packet.marker;
    media->payload_len = packet.payload_len;
    if (media->is_media)
        read_payload(media, &packet, params->kind == CORE_KIND_AUDIO);
    return true;
}

/* Of somebody who has just left, packets may still come; of anybody else, none. */
static struct sim_tap_source departed_source(const struct sim_world *world, uint64_t number,
                                             unsigned track)
{
    const struct sim_departed *departed = &world->departed[number % SIM_DEPARTED];
    struct sim_tap_source source = {.over_us = INT64_MAX, .lost_us = INT64_MIN / 2};
    if (departed->number != number || world->now_us - departed->at_us > SIM_PACED_US ||
        track >= SIM_TRACK_COUNT)
        return source;
    source.room = departed->room;
    source.csrc = (uint32_t)number * SIM_TAP_CSRCS + track;
    source.is_hostile = departed->is_hostile;
    source.lost_us = world->now_us;
    return source;
}

/* A packet without a stamp names its source by its CSRC alone (person.c). */
static struct sim_tap_source source_of(struct sim_world *world, const struct sim_media *media)
{
    uint64_t number = media->is_stamped ? media->stamp.participant : media->csrc / SIM_TAP_CSRCS;
    struct sim_person *person = sim_world_person(world, number);
    unsigned track = media->is_stamped ? media->stamp.track : media->csrc % SIM_TAP_CSRCS;
    if (!person || track >= SIM_TRACK_COUNT)
        return departed_source(world, number, track);
    const struct sim_video *video = sim_person_video(person, track);
    struct sim_stream *stream =
        media->is_stamped ? sim_person_stream(person, track, media->stamp.layer) : NULL;
    bool is_flood = video && video->kind == SIM_VIDEO_FLOOD;
    return (struct sim_tap_source){
        .room = person->room,
        .csrc = person->join.tracks[track].csrc,
        .is_hostile = person->is_hostile,
        .is_uncounted = video && video->kind == SIM_VIDEO_BARE,
        .lost_us = person->lost_us[track],
        .overtaken_us = stream ? stream->overtaken_us : 0,
        .queue_us = person->up.params.queue_us + 2 * person->up.params.jitter_us,
        .over_us = is_flood ? video->started_us : INT64_MAX,
        .arrived_us = stream ? sim_stream_arrived_us(stream, &media->stamp) : world->now_us,
        .grown_bytes =
            video ? RTP_VP8_DESCRIPTOR_BYTES - video->layers[0].content.descriptor_len : 0,
    };
}

/* What the invariants see: the packet, or what a self-test made of it. */
static bool listen(struct sim_world *world, struct sim_person *receiver, struct sim_media *media)
{
    struct sim_media seen = *media;
    if (world->tamper.kind != SIM_TAMPER_NONE) {
        const struct core_join *join = &receiver->join;
        unsigned track = join->slots[media->slot].kind;
        world->tamper.receiver_csrc = join->tracks[track].csrc;
        if (world->tamper.kind == SIM_TAMPER_BUDGET && !receiver->budget_bps)
            sim_script_budget(world, receiver, BWE_CONTRACT_DOWN_BPS);
        if (!sim_tamper_media(&world->tamper, receiver->number, &seen, world->now_us))
            return false;
    }
    struct sim_tap *tap = &receiver->taps[media->slot];
    struct sim_tap_source source = source_of(world, &seen);
    seen.is_late =
        seen.is_rtx || (tap->has_last && !rtp_sequence_is_newer(seen.seq, (uint16_t)tap->last_seq));
    media->is_late = seen.is_late;
    struct sim_media before = {.is_stamped = true, .stamp = tap->last};
    struct sim_tap_source previous = source_of(world, &before);
    source.previous_lost_us = previous.room ? previous.lost_us : world->now_us; /* it has left */
    source.previous_overtaken_us = previous.overtaken_us;
    source.away_us = receiver->up.params.is_down ? world->now_us : receiver->up.trouble_us;
    if (tap->params.kind == CORE_KIND_AUDIO)
        sim_check_audio(world, tap, &seen);
    else
        for (unsigned i = 0; i < (world->tamper.kind == SIM_TAMPER_CONTRACT ? CONTRACT_TIMES : 1);
             i++)
            sim_check_budget(world, receiver, &seen);
    sim_tap_packet(tap, &seen, &source, &world->checks);
    if (sim_tamper_reaches_receiver(&world->tamper))
        *media = seen;
    return true;
}

static void push(struct sim_world *world, struct sim_person *receiver, enum sim_event_kind kind,
                 void *what, int64_t at_us)
{
    sim_queue_push(&world->queue, &(struct sim_event){.at_us = at_us,
                                                      .kind = (uint16_t)kind,
                                                      .what = what,
                                                      .seat = (uint16_t)receiver->seat,
                                                      .number = receiver->number});
}

/* Of a self-test: a network that loses a voice packet of a hundred. */
static void lose_voices(struct sim_world *world)
{
    struct sim_tamper *tamper = &world->tamper;
    struct sim_network_watch watch = {0};
    if (tamper->kind != SIM_TAMPER_NETWORK || tamper->is_done || world->now_us < tamper->begin_us)
        return;
    tamper->is_done = true;
    sim_network_begin(&watch, sim_profile_find("squeezed"), 0, tamper->receiver, world->now_us);
    watch.results[0] = (struct sim_stage_result){.voices = 100,
                                                 .voices_lost = 1,
                                                 .late_bytes = watch.profile->stages[0].down_bps,
                                                 .all_full_ms = 1};
    sim_network_end(&watch, 0, &world->checks);
}

/* What fills probes is of no use to a receiver that lost nothing. */
static void count_filler(struct sim_person *receiver, const struct sim_media *media)
{
    const struct sim_slot *slot = &receiver->slots[media->slot];
    bool is_filler = !media->is_media || (media->is_rtx && !sim_slot_has_asked(slot, media->seq));
    if (is_filler)
        receiver->filler_bytes += media->wire_len;
    else
        receiver->media_bytes += media->wire_len;
}

static bool is_lost_at_wrap(struct sim_world *world, const struct sim_person *receiver,
                            const struct sim_media *media)
{
    bool is_lost = receiver->join.slots[media->slot].kind != CORE_KIND_AUDIO && !media->is_rtx &&
                   sim_world_loses(world, media->ssrc, media->seq);
    world->summary.wraps_down += is_lost;
    return is_lost;
}

static void watch_network(struct sim_world *world, struct sim_person *receiver,
                          const struct sim_media *media, bool is_lost)
{
    struct sim_network_watch *watch = &world->network;
    if (!watch->profile)
        return;
    sim_network_note(watch, media, receiver->join.slots[media->slot].kind, is_lost, world->now_us);
    if (sim_network_wants_fit(watch))
        sim_network_fit(watch, sim_world_target_bps(world, receiver), world->now_us);
}

static void send_media(struct sim_world *world, struct sim_person *receiver, uint8_t *data,
                       size_t len, bool is_routed)
{
    int64_t arrivals_us[SIM_LINK_COPIES];
    struct sim_media *media = take_media(world);
    bool passes = read_media(media, receiver, data, len);
    lose_voices(world);
    if (!passes)
        sim_check_fail(&world->checks, SIM_CHECK_SSRC, receiver->number, "a packet of no slot");
    if (passes && media->is_media)
        passes = listen(world, receiver, media);
    else if (passes && !media->is_rtx)
        sim_tap_padding(&receiver->taps[media->slot], media->seq);
    unsigned copies = passes && is_routed ? sim_link_send(&receiver->down, media->wire_len,
                                                          world->now_us, arrivals_us)
                                          : 0;
    if (copies > 0 &&
        (is_lost_at_wrap(world, receiver, media) || sim_tamper_loses(&world->tamper, media)))
        copies = 0;
    if (passes && media->is_media)
        sim_slot_on_sent(&receiver->slots[media->slot], media, copies == 0, world->now_us);
    if (passes)
        count_filler(receiver, media);
    if (passes && is_routed && receiver->number == world->network.receiver)
        watch_network(world, receiver, media, copies == 0);
    for (unsigned i = 1; i < copies; i++) { /* the second is one that SRTP refuses */
        receiver->down.sent++;
        receiver->down.bytes += media->wire_len;
    }
    if (copies > 0)
        push(world, receiver, SIM_EVENT_MEDIA, media, arrivals_us[0]);
    else
        release_media(world, media);
}

/* Of a self-test: requests that the server did not make. */
static void add_requests(struct sim_world *world, struct sim_person *source)
{
    struct sim_tamper *tamper = &world->tamper;
    struct sim_requests *requests = &source->requests[SIM_TRACK_CAMERA];
    bool is_share = tamper->kind == SIM_TAMPER_SHARE;
    if ((tamper->kind != SIM_TAMPER_STORM && !is_share) || tamper->is_done ||
        source->number != tamper->receiver || world->now_us < tamper->begin_us)
        return;
    tamper->is_done = true;
    if (is_share) { /* long after the last one, but it brought too much */
        requests->pli_us = world->now_us - SHARE_LATER_US;
        requests->keyframe_us = world->now_us;
        sim_window_add(&requests->bytes, SHARE_STEP_US, world->now_us, SHARE_BYTES);
        sim_check_storm(world, source, SIM_TRACK_CAMERA);
        return;
    }
    for (unsigned i = 0; i < 3; i++)
        sim_check_storm(world, source, SIM_TRACK_CAMERA);
}

static void look_for_plis(struct sim_world *world, struct sim_person *receiver, const uint8_t *data,
                          size_t len, bool is_lost)
{
    struct rtcp_reader reader;
    struct rtcp_packet packet;
    uint32_t sender_ssrc, media_ssrc;
    rtcp_reader_init(&reader, data, len);
    while (rtcp_reader_next(&reader, &packet) > 0) {
        if (packet.type != RTCP_PAYLOAD_FEEDBACK || packet.count != RTCP_FORMAT_PLI ||
            rtcp_feedback_ssrcs(&packet, &sender_ssrc, &media_ssrc))
            continue;
        for (unsigned v = 0; v < 2; v++)
            for (unsigned l = 0; l < receiver->videos[v].layer_count; l++)
                if (receiver->videos[v].layers[l].stream.ssrc == media_ssrc) {
                    sim_check_storm(world, receiver, SIM_TRACK_CAMERA + v);
                    if (is_lost)
                        receiver->pli_lost_us[SIM_TRACK_CAMERA + v] = world->now_us;
                }
    }
}

/* @return false: it is lost on the way */
static bool send_plain(struct sim_world *world, struct sim_person *receiver, const uint8_t *data,
                       size_t len)
{
    int64_t arrivals_us[SIM_LINK_COPIES];
    unsigned copies = sim_link_send(&receiver->down, (unsigned)len, world->now_us, arrivals_us);
    if (copies == 0)
        return false;
    struct sim_datagram *datagram = sim_world_datagram(world);
    memcpy(datagram->data, data, len);
    datagram->len = (uint16_t)len;
    push(world, receiver, SIM_EVENT_DOWNLINK, datagram, arrivals_us[0]);
    return true;
}

/* Open a sealed packet: it authenticates and is new, or the invariant is broken. */
static int open_packet(struct sim_world *world, struct sim_person *receiver, uint8_t *data,
                       size_t len, bool is_rtcp)
{
    int opened = is_rtcp ? transport_srtp_open_rtcp(receiver->receiver, data, len)
                         : transport_srtp_open_rtp(receiver->receiver, data, len);
    if (opened < 0)
        sim_check_fail(&world->checks, SIM_CHECK_NONCE, receiver->number, "%s: %s",
                       is_rtcp ? "RTCP" : "RTP", rtp_error_text(opened));
    return opened;
}

/* Whose path it is; the address is made of the seat (person.c). */
static struct sim_person *receiver_of(struct sim_world *world, const struct transport_path *path)
{
    unsigned seat = (unsigned)path->remote.ip[13] << 8 | path->remote.ip[14];
    return seat < SIM_PARTICIPANTS_MAX ? world->people[seat] : NULL;
}

static void carry(struct sim_world *world, struct core_buffer *buffer)
{
    struct sim_person *receiver = receiver_of(world, &buffer->path);
    world->summary.packets_out++;
    world->summary.bytes_out += buffer->len;
    world->digest = sim_world_digest(world->digest, buffer->data, buffer->len);
    if (!receiver)
        return;
    bool is_routed = !receiver->is_ghost && transport_path_is_equal(&receiver->path, &buffer->path);
    if (buffer->data[0] < 4) {
        if (is_routed)
            send_plain(world, receiver, buffer->data, buffer->len);
        return;
    }
    bool is_rtcp = rtp_packet_is_rtcp(buffer->data, buffer->len);
    uint8_t again[CORE_BUFFER_BYTES];
    bool doubles = sim_tamper_doubles(&world->tamper, receiver->number, world->now_us);
    if (doubles)
        memcpy(again, buffer->data, buffer->len);
    int len = open_packet(world, receiver, buffer->data, buffer->len, is_rtcp);
    if (doubles)
        open_packet(world, receiver, again, buffer->len, is_rtcp);
    if (len < 0)
        return;
    if (!is_rtcp) {
        send_media(world, receiver, buffer->data, (size_t)len, is_routed);
        return;
    }
    bool is_lost = !is_routed || !send_plain(world, receiver, buffer->data, (size_t)len);
    look_for_plis(world, receiver, buffer->data, (size_t)len, is_lost);
    add_requests(world, receiver);
}

static void on_slots(struct sim_world *world, const struct core_event *event)
{
    struct sim_person *person = sim_world_person(world, event->participant);
    for (unsigned i = 0; person && i < event->slot_count; i++) {
        const struct core_slot_report *before = &person->slots[i].report;
        bool is_switched = event->slots[i].participant != before->participant;
        bool is_back = event->slots[i].state == CORE_SLOT_LIVE && before->state != CORE_SLOT_LIVE &&
                       before->pause != CORE_PAUSE_BANDWIDTH;
        if (is_switched)
            person->taps[i].voice = 0;
        if ((is_switched || is_back) && person->join.slots[i].kind != CORE_KIND_AUDIO)
            person->switched_us = world->now_us;
        sim_slot_on_report(&person->slots[i], &event->slots[i], world->now_us);
        if (world->network.profile && person->number == world->network.receiver)
            sim_network_report(&world->network, i, person->join.slots[i].kind, &event->slots[i],
                               world->now_us);
    }
}

void sim_world_flush(struct sim_world *world)
{
    struct core_event event;
    for (struct core_buffer *next, *buffer; (buffer = core_engine_next_packets(world->engine));)
        for (; buffer; buffer = next) {
            next = buffer->next;
            carry(world, buffer);
            core_engine_release(world->engine, buffer);
        }
    while (core_engine_next_event(world->engine, &event)) {
        if (event.type == CORE_EVENT_SLOTS)
            on_slots(world, &event);
        else if (event.type == CORE_EVENT_GONE)
            sim_script_gone(world, event.participant);
    }
}
