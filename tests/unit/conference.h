/*
 * A conference in virtual time for the tests of sfu/core: one engine, people whose transports are
 * keyed without DTLS, packets written and read in clear. No sockets, no waiting.
 */
#ifndef IRIS_TESTS_CONFERENCE_H
#define IRIS_TESTS_CONFERENCE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the first four above. */
#include <cmocka.h>

#include "rtp/bytes.h"
#include "rtp/rtcp.h"
#include "rtp/vp8.h"
#include "sfu/core/engine.h"
#include "stun_client.h"

#define MS INT64_C(1000)
#define S  INT64_C(1000000)
#ifndef PEOPLE_MAX
#define PEOPLE_MAX 8
#endif
#ifndef PACKETS_MAX
#define PACKETS_MAX 8192
#endif
#ifndef CONFERENCE_BUFFERS
#define CONFERENCE_BUFFERS 1024
#endif
#define EVENTS_MAX      256
#define CONFERENCE_SEED 4711
#ifndef CONFERENCE_RECORDER_BYTES
#define CONFERENCE_RECORDER_BYTES 0 /* no flight recorder */
#endif
#define CONFERENCE_RECORDER_US (60 * S)

enum { MIC, CAM, SCR }; /* tracks, in this order */

/* Extension ids and payload types, nobody's usual ones. */
enum {
    ID_MID = 12,
    ID_LEVEL = 5,
    ID_SEQ = 14,
    ID_RID = 7,
    ID_RRID = 9,
    PT_OPUS = 103,
    PT_VP8 = 117,
    PT_RTX = 118,
};

/* A packet that a person received, decrypted. */
struct heard {
    int64_t at_us;
    bool is_rtcp;
    size_t len;
    struct rtp_packet rtp; /* points into data */
    uint8_t data[CORE_BUFFER_BYTES];
};

struct person {
    uint64_t number;
    struct core_join join;
    struct transport_path path;
    struct stun_client stun;
    struct transport_srtp_sender *sender;
    struct transport_srtp_receiver *receiver;
    uint16_t seqs[CORE_TRACKS_MAX][CORE_LAYERS_MAX];
    uint16_t picture_ids[CORE_TRACKS_MAX][CORE_LAYERS_MAX];
    uint16_t transport_seq;
    uint64_t indices[1 << 8]; /* SRTP index by the lowest byte of the SSRC */
    unsigned heard_count;
    struct heard *heard;
};

struct conference {
    struct transport_certificate *certificate;
    struct transport_aead_context *aead;
    struct core_engine *engine;
    int64_t now_us;
    unsigned person_count, event_count;
    struct person people[PEOPLE_MAX];
    struct core_event events[EVENTS_MAX];
};

static inline void conference_init(struct conference *c)
{
    memset(c, 0, sizeof(*c));
    c->certificate = transport_certificate_create();
    c->aead = transport_aead_context_create(TRANSPORT_AEAD_AUTO);
    struct core_engine_config config = {.certificate = c->certificate,
                                        .aead = TRANSPORT_AEAD_AUTO,
                                        .seed = CONFERENCE_SEED,
                                        .ntp_at_zero = UINT64_C(0xE000000000000000),
                                        .buffer_count = CONFERENCE_BUFFERS,
                                        .recorder_bytes = CONFERENCE_RECORDER_BYTES,
                                        .recorder_us = CONFERENCE_RECORDER_US};
    c->engine = core_engine_create(&config);
    assert_non_null(c->engine);
    c->now_us = 1000 * S;
}

static inline void conference_dispose(struct conference *c)
{
    core_engine_destroy(c->engine);
    for (unsigned i = 0; i < c->person_count; i++) {
        transport_srtp_sender_destroy(c->people[i].sender);
        transport_srtp_receiver_destroy(c->people[i].receiver);
        free(c->people[i].heard);
    }
    transport_aead_context_destroy(c->aead);
    transport_certificate_destroy(c->certificate);
}

static inline struct transport_srtp_keys keys_of(uint64_t number, uint8_t direction)
{
    struct transport_srtp_keys keys = {.profile = TRANSPORT_SRTP_AEAD_AES_128_GCM};
    memset(keys.key, (int)(number * 2 + direction), sizeof(keys.key));
    memset(keys.salt, (int)(number + 100), sizeof(keys.salt));
    return keys;
}

static inline void hear(struct person *person, const struct core_buffer *buffer, int64_t now_us)
{
    struct heard *heard = &person->heard[person->heard_count];
    int len;
    if (buffer->data[0] < 128) /* STUN */
        return;
    assert_true(person->heard_count < PACKETS_MAX);
    memcpy(heard->data, buffer->data, buffer->len);
    heard->at_us = now_us;
    heard->is_rtcp = rtp_packet_is_rtcp(heard->data, buffer->len);
    len = heard->is_rtcp ? transport_srtp_open_rtcp(person->receiver, heard->data, buffer->len)
                         : transport_srtp_open_rtp(person->receiver, heard->data, buffer->len);
    assert_true(len > 0);
    heard->len = (size_t)len;
    if (!heard->is_rtcp)
        assert_int_equal(rtp_packet_parse(&heard->rtp, heard->data, heard->len), 0);
    person->heard_count++;
}

/* Which transport-wide number a packet carries. */
static inline uint16_t heard_transport_seq(const struct heard *heard)
{
    struct rtp_extension_map map = {0};
    struct rtp_extension_values values;
    map.kind[ID_SEQ] = RTP_EXTENSION_TRANSPORT_SEQ;
    rtp_packet_read_extensions(&heard->rtp, &map, &values);
    assert_true(values.has_transport_seq);
    return values.transport_seq;
}

/* Take what the engine has to send and to say. */
static inline void conference_flush(struct conference *c)
{
    for (struct core_buffer *next, *b; (b = core_engine_next_packets(c->engine));)
        for (; b; b = next) {
            next = b->next;
            for (unsigned i = 0; i < c->person_count; i++)
                if (transport_path_is_equal(&c->people[i].path, &b->path))
                    hear(&c->people[i], b, c->now_us);
            core_engine_release(c->engine, b);
        }
    while (c->event_count < EVENTS_MAX &&
           core_engine_next_event(c->engine, &c->events[c->event_count]))
        c->event_count++;
}

/* Let time pass; the engine is woken when it asks to be. */
static inline void conference_run(struct conference *c, int64_t duration_us)
{
    int64_t end_us = c->now_us + duration_us;
    for (;;) {
        int64_t deadline_us = core_engine_deadline(c->engine);
        if (deadline_us > end_us)
            break;
        if (deadline_us > c->now_us)
            c->now_us = deadline_us;
        core_engine_advance(c->engine, c->now_us);
        conference_flush(c);
        assert_true(core_engine_deadline(c->engine) > c->now_us); /* it moves on */
    }
    c->now_us = end_us;
}

static inline void conference_receive(struct conference *c, struct person *person, uint8_t *data,
                                      size_t len)
{
    struct transport_datagram datagram = {.path = person->path, .data = data, .len = len};
    core_engine_receive(c->engine, &datagram, c->now_us);
    conference_flush(c);
}

/* A check with USE-CANDIDATE: the person's path is selected. */
static inline void person_nominate(struct conference *c, struct person *person)
{
    stun_client_write(&person->stun,
                      &(struct stun_client_check){.priority = 100, .is_nominating = true});
    conference_receive(c, person, person->stun.data, person->stun.len);
}

static inline void add_track(struct core_join *join, enum core_kind kind, const char *mid,
                             uint32_t csrc)
{
    struct core_track_params *track = &join->tracks[join->track_count++];
    bool is_audio = kind == CORE_KIND_AUDIO;
    *track = (struct core_track_params){.kind = kind,
                                        .csrc = csrc,
                                        .payload_type = is_audio ? PT_OPUS : PT_VP8,
                                        .rtx_payload_type = is_audio ? -1 : PT_RTX,
                                        .has_nack = !is_audio,
                                        .has_pli = !is_audio,
                                        .has_remb = true,
                                        .has_transport_cc = true};
    snprintf(track->mid, sizeof(track->mid), "%s", mid);
}

static inline void add_slot(struct core_join *join, enum core_kind kind, uint32_t ssrc)
{
    struct core_slot_params *slot = &join->slots[join->slot_count];
    bool is_audio = kind == CORE_KIND_AUDIO;
    *slot = (struct core_slot_params){.kind = kind,
                                      .ssrc = ssrc,
                                      .rtx_ssrc = is_audio ? 0 : ssrc + 100,
                                      .payload_type = is_audio ? PT_OPUS : PT_VP8,
                                      .rtx_payload_type = is_audio ? -1 : PT_RTX,
                                      .mid_id = ID_MID,
                                      .audio_level_id = is_audio ? ID_LEVEL : 0,
                                      .transport_seq_id = ID_SEQ};
    snprintf(slot->mid, sizeof(slot->mid), "s%u", join->slot_count++);
}

/* The usual offer: microphone, camera, screen; 3 audio, 4 camera slots, a screen slot. SSRCs of
   slots are 1-8, of their RTX 102-108 (in order of slots from 4). */
static inline struct core_join usual_join(uint64_t room, uint64_t number)
{
    struct core_join join = {.room = room, .participant = number, .feedback_ssrc = 0xFEED};
    snprintf(join.transport.ice.local_ufrag, sizeof(join.transport.ice.local_ufrag), "ufrag%llu",
             (unsigned long long)number);
    snprintf(join.transport.ice.local_pwd, sizeof(join.transport.ice.local_pwd),
             "passwordpasswordpassword%02u", (unsigned)(number % 100));
    strcpy(join.transport.ice.remote_ufrag, "theirs");
    join.extensions.kind[ID_MID] = RTP_EXTENSION_MID;
    join.extensions.kind[ID_LEVEL] = RTP_EXTENSION_AUDIO_LEVEL;
    join.extensions.kind[ID_SEQ] = RTP_EXTENSION_TRANSPORT_SEQ;
    join.extensions.kind[ID_RID] = RTP_EXTENSION_RID;
    join.extensions.kind[ID_RRID] = RTP_EXTENSION_REPAIRED_RID;
    add_track(&join, CORE_KIND_AUDIO, "mic", (uint32_t)number * 16 + MIC);
    add_track(&join, CORE_KIND_CAMERA, "cam", (uint32_t)number * 16 + CAM);
    add_track(&join, CORE_KIND_SCREEN, "scr", (uint32_t)number * 16 + SCR);
    for (uint32_t i = 1; i <= 8; i++)
        add_slot(&join, i <= 3 ? CORE_KIND_AUDIO : i <= 7 ? CORE_KIND_CAMERA : CORE_KIND_SCREEN, i);
    return join;
}

/* Join as told, without a path yet. */
static inline struct person *conference_enter(struct conference *c, const struct core_join *join)
{
    struct person *person = &c->people[c->person_count];
    struct core_command command = {.type = CORE_COMMAND_JOIN, .join = *join};
    struct transport_srtp_keys up = keys_of(join->participant, 0),
                               down = keys_of(join->participant, 1);
    uint8_t ip[4] = {192, 0, 2, (uint8_t)(c->person_count % 250 + 1)};
    assert_true(c->person_count < PEOPLE_MAX);
    person->number = join->participant;
    person->join = *join;
    transport_address_set_ipv4(&person->path.remote, ip, (uint16_t)(5000 + c->person_count / 250));
    stun_client_init(&person->stun, &join->transport.ice);
    person->sender = transport_srtp_sender_create(c->aead, &up);
    person->receiver = transport_srtp_receiver_create(c->aead, &down);
    person->heard = calloc(PACKETS_MAX, sizeof(*person->heard));
    assert_non_null(person->heard);
    c->person_count++;
    core_engine_command(c->engine, &command, c->now_us);
    assert_int_equal(core_engine_set_keys(c->engine, person->number, &down, &up), 0);
    conference_flush(c);
    return person;
}

/* Join with the usual offer, connected. */
static inline struct person *conference_join(struct conference *c, uint64_t room)
{
    struct core_join join = usual_join(room, c->person_count + 1);
    struct person *person = conference_enter(c, &join);
    person_nominate(c, person);
    return person;
}

static inline void conference_command(struct conference *c, const struct core_command *command)
{
    core_engine_command(c->engine, command, c->now_us);
    conference_flush(c);
}

/* What a media packet says beyond the usual. */
struct media {
    unsigned track, layer;
    uint32_t timestamp;
    const char *mid, *rid, *repaired_rid; /* NULL: without */
    int level;                            /* -dBov, -1: without */
    bool is_keyframe, is_start, marker;   /* video */
    uint16_t height;
    size_t payload_len; /* 0: 100 */
    uint8_t temporal_id;
    bool is_layer_sync, is_non_reference;
    uint8_t key_index;
    int tl0; /* TL0PICIDX and one; 0: that of the picture's number */
};

static inline uint32_t ssrc_of(const struct person *person, unsigned track, unsigned layer)
{
    return (uint32_t)(0x1000 + person->number * 64 + track * 8 + layer);
}

static inline uint8_t *put_element(uint8_t *at, uint8_t id, const void *bytes, size_t len)
{
    *at++ = (uint8_t)(id << 4 | (len - 1));
    memcpy(at, bytes, len);
    return at + len;
}

/* Fixed header and one-byte extensions. @return its length */
static inline size_t write_head(uint8_t *out, struct person *person, const struct media *media,
                                uint32_t ssrc, uint16_t seq, uint8_t payload_type)
{
    uint8_t *at = out + 16, level = (uint8_t)(0x80 | (media->level & 0x7F)), number[2];
    out[0] = 0x90;
    out[1] = (uint8_t)(payload_type | (media->marker ? 0x80 : 0));
    rtp_bytes_put16(out + 2, seq);
    rtp_bytes_put32(out + 4, media->timestamp);
    rtp_bytes_put32(out + 8, ssrc);
    rtp_bytes_put16(out + 12, 0xBEDE);
    rtp_bytes_put16(number, person->transport_seq++);
    at = put_element(at, ID_SEQ, number, 2);
    if (media->mid)
        at = put_element(at, ID_MID, media->mid, strlen(media->mid));
    if (media->rid)
        at = put_element(at, ID_RID, media->rid, strlen(media->rid));
    if (media->repaired_rid)
        at = put_element(at, ID_RRID, media->repaired_rid, strlen(media->repaired_rid));
    if (media->level >= 0)
        at = put_element(at, ID_LEVEL, &level, 1);
    while ((at - out) % 4)
        *at++ = 0;
    rtp_bytes_put16(out + 14, (uint16_t)((at - out - 16) / 4));
    return (size_t)(at - out);
}

/* A VP8 payload with a full descriptor, filled with the low byte of the sequence number. */
static inline size_t write_vp8(uint8_t *out, const struct media *media, uint16_t picture_id,
                               uint8_t filling)
{
    struct rtp_vp8 vp8 = {.is_partition_start = media->is_start,
                          .picture_id = picture_id,
                          .temporal_id = media->temporal_id,
                          .is_layer_sync = media->is_layer_sync,
                          .is_non_reference = media->is_non_reference,
                          .key_index = media->key_index & 0x1F,
                          .tl0_picture_index = (uint8_t)(media->tl0 ? media->tl0 - 1 : picture_id)};
    size_t len = media->payload_len ? media->payload_len : 100;
    memset(out, filling, len);
    rtp_vp8_write_descriptor(out, &vp8);
    uint8_t *frame = out + RTP_VP8_DESCRIPTOR_BYTES;
    if (media->is_start)
        frame[0] = media->is_keyframe ? 0x10 : 0x11;
    if (media->is_start && media->is_keyframe) {
        memcpy(frame + 3, "\x9d\x01\x2a", 3);
        frame[6] = (uint8_t)(media->height * 4 / 3);
        frame[7] = (uint8_t)(media->height * 4 / 3 >> 8);
        frame[8] = (uint8_t)media->height;
        frame[9] = (uint8_t)(media->height >> 8);
    }
    return len;
}

/* Seal and hand to the engine. The SRTP index follows the sequence number. */
static inline void person_send_sealed(struct conference *c, struct person *person, uint8_t *data,
                                      size_t len, size_t header_len)
{
    uint16_t seq = rtp_bytes_get16(data + 2);
    uint64_t *index = &person->indices[data[11]];
    *index = (*index & ~UINT64_C(0xFFFF)) + seq +
             ((uint16_t)*index > 0xC000 && seq < 0x4000 ? 0x10000 : 0);
    int sealed = transport_srtp_seal_rtp(person->sender, data, len, header_len, *index);
    assert_true(sealed > 0);
    conference_receive(c, person, data, (size_t)sealed);
}

/* Send one packet of a track; its sequence number is the layer's next. @return that number */
static inline uint16_t person_send(struct conference *c, struct person *person,
                                   const struct media *media)
{
    uint8_t data[CORE_BUFFER_BYTES];
    uint16_t *seq = &person->seqs[media->track][media->layer];
    uint16_t *picture_id = &person->picture_ids[media->track][media->layer];
    bool is_audio = person->join.tracks[media->track].kind == CORE_KIND_AUDIO;
    ++*seq;
    *picture_id = (uint16_t)(*picture_id + media->is_start);
    size_t head = write_head(data, person, media, ssrc_of(person, media->track, media->layer), *seq,
                             is_audio ? PT_OPUS : PT_VP8);
    size_t len = media->payload_len ? media->payload_len : 100;
    if (is_audio)
        memset(data + head, (uint8_t)*seq, len);
    else
        len = write_vp8(data + head, media, *picture_id, (uint8_t)*seq);
    person_send_sealed(c, person, data, head + len, head);
    return *seq;
}

/* 20 ms of a voice. */
static inline uint16_t person_speak(struct conference *c, struct person *person, int level)
{
    return person_send(c, person,
                       &(struct media){.track = MIC,
                                       .mid = "mic",
                                       .timestamp = (uint32_t)(c->now_us * 48 / 1000),
                                       .level = level});
}

/* One frame in one packet of the camera (or the screen). */
static inline uint16_t person_show(struct conference *c, struct person *person, unsigned track,
                                   bool is_keyframe)
{
    return person_send(c, person,
                       &(struct media){.track = track,
                                       .mid = person->join.tracks[track].mid,
                                       .timestamp = (uint32_t)(c->now_us * 9 / 100),
                                       .level = -1,
                                       .is_start = true,
                                       .marker = true,
                                       .is_keyframe = is_keyframe,
                                       .height = 480});
}

/* Seal and send a compound. */
static inline void person_send_rtcp(struct conference *c, struct person *person,
                                    const struct rtcp_writer *writer)
{
    uint8_t data[CORE_BUFFER_BYTES];
    memcpy(data, writer->data, writer->len);
    int sealed = transport_srtp_seal_rtcp(person->sender, data, writer->len);
    assert_true(sealed > 0);
    conference_receive(c, person, data, (size_t)sealed);
}

/* RTP packets of an SSRC that a person heard. */
static inline unsigned count_heard(const struct person *person, uint32_t ssrc)
{
    unsigned count = 0;
    for (unsigned i = 0; i < person->heard_count; i++)
        count += !person->heard[i].is_rtcp && person->heard[i].rtp.ssrc == ssrc;
    return count;
}

/* The n-th of them, from 0; fails the test when there are fewer. */
static inline struct heard *heard_at(struct person *person, uint32_t ssrc, unsigned n)
{
    for (unsigned i = 0; i < person->heard_count; i++) {
        struct heard *heard = &person->heard[i];
        if (!heard->is_rtcp && heard->rtp.ssrc == ssrc && n-- == 0)
            return heard;
    }
    fail_msg("fewer packets of SSRC %u were heard", ssrc);
    return NULL;
}

/* RTCP packets of a type and format (-1: any) that a person heard; the last one is written. */
static inline unsigned count_rtcp(const struct person *person, uint8_t type, int format,
                                  struct rtcp_packet *last)
{
    unsigned count = 0;
    for (unsigned i = 0; i < person->heard_count; i++) {
        struct rtcp_reader reader;
        struct rtcp_packet packet;
        if (!person->heard[i].is_rtcp)
            continue;
        rtcp_reader_init(&reader, person->heard[i].data, person->heard[i].len);
        while (rtcp_reader_next(&reader, &packet) > 0)
            if (packet.type == type && (format < 0 || packet.count == format)) {
                count++;
                if (last)
                    *last = packet;
            }
    }
    return count;
}

static inline unsigned count_events(const struct conference *c, enum core_event_type type,
                                    uint64_t participant)
{
    unsigned count = 0;
    for (unsigned i = 0; i < c->event_count; i++)
        count += c->events[i].type == type && c->events[i].participant == participant;
    return count;
}

/* The newest event of a type; fails the test when there is none. */
static inline const struct core_event *last_event(const struct conference *c,
                                                  enum core_event_type type, uint64_t participant)
{
    for (unsigned i = c->event_count; i-- > 0;)
        if (c->events[i].type == type && c->events[i].participant == participant)
            return &c->events[i];
    fail_msg("no event %d of participant %llu", (int)type, (unsigned long long)participant);
    return NULL;
}

#endif
