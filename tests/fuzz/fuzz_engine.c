/*
 * What authenticated but malicious participants can do to a conference: three people whose RTP,
 * RTCP, time and commands the input chooses. Packets are sealed with the right keys, so that
 * everything behind authentication is reached.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtp/bytes.h"
#include "rtp/packet.h"
#include "sfu/core/engine.h"
#include "sfu/core/recording.h"
#include "tests/fuzz/target.h"
#include "tests/unit/stun_client.h"

#define PEOPLE        3
#define STEPS_MAX     400
#define PAYLOAD_MAX   1400
#define EXTENSION_MAX 60
#define ROOM          1
#define RECORDER_US   60000000

struct input {
    const uint8_t *at, *end;
};

struct person {
    struct stun_client stun;
    struct transport_path path;
    struct transport_srtp_sender *sender;
};

/* What came of late: as if the next came with it, and for who may have left since. */
struct recent {
    unsigned count;
    struct transport_datagram datagrams[CORE_PREFETCH_MAX];
    uint8_t data[CORE_PREFETCH_MAX][RTP_HEADER_BYTES];
};

struct conference {
    struct core_engine *engine;
    struct recent recent;
    int64_t now_us;
    uint16_t seq; /* of all SSRCs together: no (SSRC, index) is sealed twice */
    struct person people[PEOPLE];
};

/* Shared by all inputs; they hold nothing of one. */
static struct transport_certificate *certificate;
static struct transport_aead_context *aead;

static uint8_t take(struct input *input)
{
    return input->at < input->end ? *input->at++ : 0;
}

static size_t take_bytes(struct input *input, uint8_t *out, size_t max)
{
    size_t left = (size_t)(input->end - input->at);
    size_t len = max < left ? max : left;
    memcpy(out, input->at, len);
    input->at += len;
    return len;
}

static struct transport_srtp_keys keys_of(unsigned person, uint8_t direction)
{
    struct transport_srtp_keys keys = {.profile = TRANSPORT_SRTP_AEAD_AES_128_GCM};
    memset(keys.key, (int)(2 * person + direction + 1), sizeof(keys.key));
    return keys;
}

static void flush(struct conference *c)
{
    struct core_event event;
    struct core_buffer *next;
    for (struct core_buffer *b; (b = core_engine_next_packets(c->engine));)
        for (; b; b = next) {
            next = b->next;
            core_engine_release(c->engine, b);
        }
    while (core_engine_next_event(c->engine, &event))
        ;
}

static void fill_join(struct core_join *join, unsigned person)
{
    static const enum core_kind kinds[8] = {CORE_KIND_AUDIO,  CORE_KIND_AUDIO,  CORE_KIND_AUDIO,
                                            CORE_KIND_CAMERA, CORE_KIND_CAMERA, CORE_KIND_CAMERA,
                                            CORE_KIND_CAMERA, CORE_KIND_SCREEN};
    static const char *const mids[3] = {"0", "1", "2"};
    memset(join, 0, sizeof(*join));
    join->room = ROOM;
    join->participant = person + 1;
    snprintf(join->transport.ice.local_ufrag, sizeof(join->transport.ice.local_ufrag), "uf%u",
             person);
    for (unsigned id = 1; id < RTP_EXTENSION_COUNT; id++)
        join->extensions.kind[id] = (uint8_t)id;
    join->track_count = 3;
    for (unsigned i = 0; i < 3; i++) {
        struct core_track_params *track = &join->tracks[i];
        *track = (struct core_track_params){.kind = (enum core_kind)i,
                                            .csrc = person * 4 + i + 1,
                                            .payload_type = i ? 96 : 111,
                                            .rtx_payload_type = i ? 97 : -1,
                                            .has_nack = i > 0,
                                            .has_pli = i > 0,
                                            .has_remb = true,
                                            .rid_count = i == 1 ? 3 : 0,
                                            .rids = {"l", "m", "h"}};
        strcpy(track->mid, mids[i]);
    }
    join->slot_count = 8;
    for (unsigned i = 0; i < 8; i++)
        join->slots[i] =
            (struct core_slot_params){.kind = kinds[i],
                                      .mid = "s",
                                      .ssrc = i + 1,
                                      .rtx_ssrc = kinds[i] == CORE_KIND_AUDIO ? 0 : i + 101,
                                      .payload_type = kinds[i] == CORE_KIND_AUDIO ? 111 : 96,
                                      .rtx_payload_type = kinds[i] == CORE_KIND_AUDIO ? -1 : 97,
                                      .mid_id = RTP_EXTENSION_MID,
                                      .audio_level_id = RTP_EXTENSION_AUDIO_LEVEL,
                                      .transport_seq_id = RTP_EXTENSION_TRANSPORT_SEQ};
}

/* As sfu/io does with what one wake finds: all of it before the first is received. */
static void prefetch(struct conference *c, const struct transport_datagram *datagram)
{
    struct recent *recent = &c->recent;
    unsigned at = recent->count++ % CORE_PREFETCH_MAX;
    struct transport_datagram *copy = &recent->datagrams[at];
    *copy = *datagram;
    copy->data = recent->data[at];
    copy->len = datagram->len < RTP_HEADER_BYTES ? datagram->len : RTP_HEADER_BYTES;
    memcpy(copy->data, datagram->data, copy->len);
    core_engine_prefetch(c->engine, recent->datagrams,
                         recent->count < CORE_PREFETCH_MAX ? recent->count : CORE_PREFETCH_MAX);
}

static void receive(struct conference *c, const struct person *person, uint8_t *data, size_t len)
{
    struct transport_datagram datagram = {.path = person->path, .data = data, .len = len};
    prefetch(c, &datagram);
    core_engine_receive(c->engine, &datagram, c->now_us);
    flush(c);
}

/* A path needs a check: with the credentials that the person had at its join. */
static void nominate(struct conference *c, struct person *person)
{
    stun_client_write(&person->stun,
                      &(struct stun_client_check){.priority = 1, .is_nominating = true});
    receive(c, person, person->stun.data, person->stun.len);
}

static void enter(struct conference *c, unsigned number)
{
    struct person *person = &c->people[number];
    struct core_command command = {.type = CORE_COMMAND_JOIN};
    struct transport_srtp_keys up = keys_of(number, 0), down = keys_of(number, 1);
    fill_join(&command.join, number);
    stun_client_init(&person->stun, &command.join.transport.ice);
    person->path.remote.port = (uint16_t)(5000 + number);
    transport_srtp_sender_destroy(person->sender);
    person->sender = transport_srtp_sender_create(aead, &up);
    core_engine_command(c->engine, &command, c->now_us);
    core_engine_set_keys(c->engine, number + 1, &down, &up);
    nominate(c, person);
}

static void send_rtp(struct conference *c, struct person *person, struct input *input)
{
    static const uint8_t payload_types[] = {111, 96, 97, 0, 127};
    uint8_t data[12 + 4 + EXTENSION_MAX + PAYLOAD_MAX + TRANSPORT_SRTP_TRAILER_BYTES] = {0x90};
    uint8_t flags = take(input), ssrc = take(input);
    size_t words = take(input) % (EXTENSION_MAX / 4);
    uint16_t max = (uint16_t)(take(input) << (flags & 3));
    c->seq = (uint16_t)(c->seq + 1 + (flags >> 6) * 7);
    data[0] = (uint8_t)(0x90 | (flags & 0x20)); /* with padding, or without */
    data[1] = (uint8_t)(payload_types[ssrc % 5] | (flags & 0x80));
    rtp_bytes_put16(data + 2, c->seq);
    rtp_bytes_put32(data + 4, (uint32_t)(c->now_us / 11) + take(input) * 3000u);
    rtp_bytes_put32(data + 8, 0x1000u + ssrc);
    rtp_bytes_put16(data + 12, flags & 0x10 ? 0x1000 : 0xBEDE);
    rtp_bytes_put16(data + 14, (uint16_t)words);
    take_bytes(input, data + 16, 4 * words);
    size_t head = 16 + 4 * words;
    size_t len = head + take_bytes(input, data + head, max < PAYLOAD_MAX ? max : PAYLOAD_MAX);
    int sealed = transport_srtp_seal_rtp(person->sender, data, len, head, c->seq);
    if (sealed > 0)
        receive(c, person, data, (size_t)sealed);
}

static void send_rtcp(struct conference *c, struct person *person, struct input *input)
{
    uint8_t data[300 + TRANSPORT_SRTP_TRAILER_BYTES];
    size_t len = take_bytes(input, data, 8 + take(input));
    if (len < 8)
        return;
    data[1] = (uint8_t)(192 + data[1] % 32); /* RTCP by its type (RFC 5761) */
    data[0] = (uint8_t)(0x80 | (data[0] & 0x3F));
    int sealed = transport_srtp_seal_rtcp(person->sender, data, len);
    if (sealed > 0)
        receive(c, person, data, (size_t)sealed);
}

static void command(struct conference *c, unsigned number, struct input *input)
{
    uint8_t choice = take(input), value = take(input);
    struct core_command message = {.participant = number + 1, .is_set = value & 1};
    switch (choice % 5) {
    case 0:
        message.type = CORE_COMMAND_MUTE;
        message.kind = (enum core_kind)(value % CORE_KIND_COUNT);
        break;
    case 1:
        message.type = CORE_COMMAND_LAYOUT;
        message.layout = (struct core_layout){.is_audio_only = value & 1,
                                              .max_cameras = (uint8_t)(value >> 1 & 7),
                                              .max_height = 480,
                                              .pinned_count = (uint8_t)(value >> 4 & 3),
                                              .pinned = {take(input), take(input), take(input)}};
        break;
    case 2:
        message.type = CORE_COMMAND_DETACH;
        break;
    case 3:
        message.type = CORE_COMMAND_LEAVE;
        core_engine_command(c->engine, &message, c->now_us);
        enter(c, number);
        return;
    default:
        message.type = CORE_COMMAND_RESTART_ICE;
        snprintf(message.ice.local_ufrag, sizeof(message.ice.local_ufrag), "again%u", value);
        break;
    }
    core_engine_command(c->engine, &message, c->now_us);
    flush(c);
}

static void step(struct conference *c, struct input *input)
{
    uint8_t choice = take(input);
    unsigned number = (choice >> 4) % PEOPLE;
    uint8_t raw[64];
    size_t len;
    switch (choice % 8) {
    case 0:
        c->now_us += 10000 * (int64_t)(1 + take(input));
        core_engine_advance(c->engine, c->now_us);
        flush(c);
        break;
    case 1:
        send_rtcp(c, &c->people[number], input);
        break;
    case 2:
        command(c, number, input);
        break;
    case 3:
        len = take_bytes(input, raw, take(input) % sizeof(raw));
        receive(c, &c->people[number], raw, len); /* of a stranger on its path */
        break;
    case 4:
        c->people[number].path.remote.port = (uint16_t)(5000 + take(input)); /* another network */
        nominate(c, &c->people[number]);
        break;
    default:
        send_rtp(c, &c->people[number], input);
        break;
    }
}

/* A conference as it begins: everyone connected. */
static void begin(struct conference *c)
{
    if (!certificate)
        certificate = transport_certificate_create();
    if (!aead)
        aead = transport_aead_context_create(TRANSPORT_AEAD_AUTO);
    struct core_engine_config config = {.certificate = certificate,
                                        .aead = TRANSPORT_AEAD_AUTO,
                                        .seed = 1,
                                        .buffer_count = 64,
                                        .recorder_bytes = CORE_RECORDER_MIN_BYTES,
                                        .recorder_us = RECORDER_US};
    memset(c, 0, sizeof(*c));
    c->now_us = 1000000;
    c->engine = core_engine_create(&config);
    if (!certificate || !aead || !c->engine)
        abort();
    for (unsigned i = 0; i < PEOPLE; i++)
        enter(c, i);
}

/* What was recorded of all this can be read, headers that are rewritten included. */
static void read_recorder(struct conference *c)
{
    struct core_recorder *recorder = core_recorder_create(CORE_RECORDER_MIN_BYTES, RECORDER_US);
    struct core_recording_options options = {.receiver = 0};
    struct core_recording *recording;
    struct core_recording_entry entry;
    recorder = core_engine_exchange_recorder(c->engine, ROOM, recorder, c->now_us);
    if (!recorder || core_recording_open(&recording, recorder, &options))
        abort();
    for (int64_t last_us = INT64_MIN; core_recording_next(recording, &entry); last_us = entry.at_us)
        if (entry.at_us < last_us || entry.len > sizeof(entry.data) || entry.participant > PEOPLE)
            abort();
    core_recording_close(recording);
    core_recorder_destroy(recorder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct conference c;
    struct input input = {data, data + size};
    begin(&c);
    for (int i = 0; i < STEPS_MAX && input.at < input.end; i++)
        step(&c, &input);
    read_recorder(&c);
    c.now_us += 40000000; /* whatever happened, they are gone when nothing is heard any more */
    for (int i = 0; i < 5; i++, c.now_us += 1000000) {
        core_engine_advance(c.engine, c.now_us);
        flush(&c);
    }
    if (core_engine_count(c.engine) != 0)
        abort();
    core_engine_destroy(c.engine);
    for (unsigned i = 0; i < PEOPLE; i++)
        transport_srtp_sender_destroy(c.people[i].sender);
    return 0;
}
