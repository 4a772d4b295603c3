/* Packets are made field by field here, not by rtp/: the sender is an oracle of its own. */
#include "tests/integration/track_sender.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "rtp/bytes.h"

#define AUDIO_HZ      48000
#define VIDEO_HZ      90000
#define OPUS_TOC      0xFC /* CELT, full band, 20 ms, stereo, one frame (RFC 6716, 3.1) */
#define KEY_HEADER    10
#define INTER_HEADER  3
#define KEY_FRAME_MUL 2 /* a key frame has so many times the packets */

struct packet_plan {
    bool marker, is_rtx;
    uint32_t timestamp;
    const uint8_t *payload;
    size_t payload_len;
    uint16_t original_seq; /* of a retransmission */
};

struct track_sender *track_sender_create(const struct track_sender_options *options)
{
    struct track_sender *track = calloc(1, sizeof(*track));
    track->options = *options;
    track->seq = (uint16_t)(g_random_int() & 0x7FFF); /* libsrtp2 guesses the roll-over counter */
    track->rtx_seq = (uint16_t)(g_random_int() & 0x7FFF);
    track->timestamp_base = g_random_int();
    track->picture_id = (uint16_t)(g_random_int() & 0x7FFF);
    track->tl0 = (uint8_t)g_random_int();
    track->key_index = (uint8_t)(g_random_int() & 0x1F);
    track->key_frame_due = true;
    return track;
}

static uint32_t timestamp_at(const struct track_sender *track, int64_t now_us)
{
    int64_t rate = track->options.kind == MEDIA_AUDIO ? AUDIO_HZ : VIDEO_HZ;
    return track->timestamp_base + (uint32_t)(now_us * rate / 1000000);
}

/* One extension element in either form (RFC 8285, 4.2 and 4.3). */
static size_t put_element(const struct track_sender *track, uint8_t *out, uint8_t id,
                          const void *value, size_t len)
{
    if (id == 0)
        return 0;
    size_t at = 0;
    if (track->options.has_two_byte_extensions) {
        out[at++] = id;
        out[at++] = (uint8_t)len;
    } else {
        out[at++] = (uint8_t)(id << 4 | (len - 1));
    }
    memcpy(out + at, value, len);
    return at + len;
}

static size_t put_extensions(struct track_sender *track, uint8_t *out, bool is_rtx)
{
    const struct track_sender_options *options = &track->options;
    size_t at = 4;
    uint8_t value[2];
    rtp_bytes_put16(value, (*options->transport_seq)++);
    at += put_element(track, out + at, options->extensions.transport_seq, value, 2);
    if (options->kind == MEDIA_AUDIO) {
        value[0] = 0x80 | options->audio_level;
        at += put_element(track, out + at, options->extensions.audio_level, value, 1);
    }
    bool is_named = (is_rtx ? track->rtx_packets : track->packets) < TRACK_SENDER_NAMED_PACKETS;
    if (is_named)
        at += put_element(track, out + at, options->extensions.mid, options->mid,
                          strlen(options->mid));
    if (is_named && options->rid)
        at += put_element(track, out + at,
                          is_rtx ? options->extensions.repaired_rid : options->extensions.rid,
                          options->rid, strlen(options->rid));
    while (at % 4 != 0)
        out[at++] = 0;
    rtp_bytes_put16(out, options->has_two_byte_extensions ? 0x1000 : 0xBEDE);
    rtp_bytes_put16(out + 2, (uint16_t)(at / 4 - 1));
    return at;
}

static void emit(struct track_sender *track, const struct packet_plan *plan)
{
    const struct track_sender_options *options = &track->options;
    struct track_packet packet = {.ssrc = plan->is_rtx ? options->rtx_ssrc : options->ssrc,
                                  .is_rtx = plan->is_rtx};
    uint8_t *out = packet.data;
    out[0] = 0x90; /* version 2, extension */
    out[1] = (uint8_t)((plan->marker ? 0x80 : 0) |
                       (plan->is_rtx ? options->rtx_payload_type : options->payload_type));
    rtp_bytes_put16(out + 2, plan->is_rtx ? track->rtx_seq++ : track->seq++);
    rtp_bytes_put32(out + 4, plan->timestamp);
    rtp_bytes_put32(out + 8, packet.ssrc);
    packet.len = 12 + put_extensions(track, out + 12, plan->is_rtx);
    if (plan->is_rtx) {
        rtp_bytes_put16(out + packet.len, plan->original_seq);
        packet.len += 2;
        track->rtx_packets++;
    } else {
        track->packets++;
        track->octets += (uint32_t)plan->payload_len;
    }
    memcpy(out + packet.len, plan->payload, plan->payload_len);
    packet.len += plan->payload_len;
    options->emit(options->context, &packet);
}

/* Remember a packet, then emit it: its NACK may come while emit() runs the loop. */
static void emit_media(struct track_sender *track, const struct packet_plan *plan)
{
    struct track_sender_history *entry = &track->history[track->seq % TRACK_SENDER_HISTORY];
    entry->seq = track->seq;
    entry->is_used = true;
    entry->marker = plan->marker;
    entry->timestamp = plan->timestamp;
    entry->payload_len = (uint16_t)plan->payload_len;
    memcpy(entry->payload, plan->payload, plan->payload_len);
    emit(track, plan);
}

static struct media_signature next_signature(struct track_sender *track)
{
    return (struct media_signature){.tag = track->options.tag,
                                    .kind = (uint8_t)track->options.kind,
                                    .layer = track->options.layer,
                                    .counter = track->counter++};
}

void track_sender_audio(struct track_sender *track, int64_t now_us)
{
    uint8_t payload[TRACK_SENDER_PACKET_BYTES];
    size_t len = 1 + track->options.payload_bytes;
    struct media_signature signature = next_signature(track);
    payload[0] = OPUS_TOC;
    media_payload_write(payload + 1, len - 1, &signature);
    const struct packet_plan plan = {.marker = track->packets == 0,
                                     .timestamp = timestamp_at(track, now_us),
                                     .payload = payload,
                                     .payload_len = len};
    emit_media(track, &plan);
}

/* TID of the three-layer pattern 0 2 1 2. */
static uint8_t temporal_id(const struct track_sender *track)
{
    static const uint8_t pattern[] = {0, 2, 1, 2};
    return pattern[track->frame_in_pattern % 4];
}

/* RFC 7741, 4.2. */
static size_t put_descriptor(const struct track_sender *track, uint8_t *out, bool is_first)
{
    uint8_t start = is_first ? 0x10 : 0;
    uint8_t tid = temporal_id(track);
    switch (track->options.style) {
    case VP8_STYLE_BARE:
        out[0] = start;
        return 1;
    case VP8_STYLE_SHORT_ID:
        out[0] = 0x80 | start;
        out[1] = 0x80;
        out[2] = track->picture_id & 0x7F;
        return 3;
    case VP8_STYLE_PICTURE_ID:
        out[0] = 0x80 | start;
        out[1] = 0x80;
        rtp_bytes_put16(out + 2, 0x8000 | track->picture_id);
        return 4;
    case VP8_STYLE_TEMPORAL:
        break;
    }
    out[0] = (uint8_t)(0x80 | start | (tid == 2 ? 0x20 : 0)); /* N: nobody depends on it */
    out[1] = 0xF0;
    rtp_bytes_put16(out + 2, 0x8000 | track->picture_id);
    out[4] = track->tl0;
    out[5] = (uint8_t)(tid << 6 | (tid == 1 ? 0x20 : 0) | track->key_index);
    return 6;
}

/* RFC 6386, 9.1: frame tag, and of a key frame start code and size. */
static size_t put_frame_header(const struct track_sender *track, uint8_t *out, bool is_key)
{
    unsigned first_partition = 300;
    unsigned tag = (is_key ? 0 : 1) | 1 << 4 | first_partition << 5;
    out[0] = (uint8_t)tag;
    out[1] = (uint8_t)(tag >> 8);
    out[2] = (uint8_t)(tag >> 16);
    if (!is_key)
        return INTER_HEADER;
    const uint16_t width = track->options.width, height = track->options.height;
    const uint8_t rest[] = {0x9D,
                            0x01,
                            0x2A,
                            (uint8_t)width,
                            (uint8_t)(width >> 8),
                            (uint8_t)height,
                            (uint8_t)(height >> 8)};
    memcpy(out + 3, rest, sizeof(rest));
    return KEY_HEADER;
}

/* The indices of the frame that comes now. */
static bool begin_frame(struct track_sender *track)
{
    bool is_key = track->key_frame_due;
    track->key_frame_due = false;
    track->picture_id = (track->picture_id + 1) & 0x7FFF;
    track->frame_in_pattern = is_key ? 0 : track->frame_in_pattern + 1;
    if (temporal_id(track) == 0)
        track->tl0++;
    if (is_key) {
        track->key_index = (track->key_index + 1) & 0x1F;
        track->key_frames++;
    }
    return is_key;
}

void track_sender_frame(struct track_sender *track, int64_t now_us)
{
    bool is_key = begin_frame(track);
    uint32_t timestamp = timestamp_at(track, now_us);
    unsigned count = track->options.packets_per_frame * (is_key ? KEY_FRAME_MUL : 1);
    for (unsigned i = 0; i < count; i++) {
        uint8_t payload[TRACK_SENDER_PACKET_BYTES];
        struct media_signature signature = next_signature(track);
        size_t len = put_descriptor(track, payload, i == 0);
        if (i == 0)
            len += put_frame_header(track, payload + len, is_key);
        media_payload_write(payload + len, track->options.payload_bytes, &signature);
        len += track->options.payload_bytes;
        const struct packet_plan plan = {.marker = i + 1 == count,
                                         .timestamp = timestamp,
                                         .payload = payload,
                                         .payload_len = len};
        emit_media(track, &plan);
    }
}

bool track_sender_retransmit(struct track_sender *track, uint16_t seq)
{
    const struct track_sender_history *entry = &track->history[seq % TRACK_SENDER_HISTORY];
    if (!entry->is_used || entry->seq != seq)
        return false;
    const struct packet_plan plan = {.marker = entry->marker,
                                     .is_rtx = true,
                                     .timestamp = entry->timestamp,
                                     .payload = entry->payload,
                                     .payload_len = entry->payload_len,
                                     .original_seq = seq};
    emit(track, &plan);
    return true;
}

void track_sender_report(const struct track_sender *track, int64_t now_us, uint64_t ntp,
                         struct rtcp_sender_report *report)
{
    *report = (struct rtcp_sender_report){.ssrc = track->options.ssrc,
                                          .ntp = ntp,
                                          .rtp_timestamp = timestamp_at(track, now_us),
                                          .packet_count = track->packets,
                                          .octet_count = track->octets};
}
