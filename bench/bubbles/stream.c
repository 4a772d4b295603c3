/* Headers, descriptors and history. */
#include "bench/bubbles/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bubbles/clock.h"
#include "rtp/bytes.h"
#include "rtp/vp8.h"

#define VIDEO_HZ       90000
#define PICTURE_ID_ONE 4 /* bytes of a descriptor with a 15-bit PictureID and no more */

int bubbles_stream_init(struct bubbles_stream *stream, const struct bubbles_stream_params *params)
{
    memset(stream, 0, sizeof(*stream));
    stream->kind = params->kind;
    stream->clip = params->clip;
    stream->voice = params->voice;
    stream->line = *params->line;
    stream->rid = params->rid;
    snprintf(stream->mid, sizeof(stream->mid), "%u", params->mid % 100);
    stream->ssrc = params->ssrc;
    stream->rtx_ssrc = params->rtx_ssrc;
    uint64_t random = bubbles_random(params->seed);
    stream->index = random & 0x7FFF;
    stream->rtx_index = random >> 16 & 0x7FFF;
    stream->timestamp_base = (uint32_t)(random >> 32);
    random = bubbles_random(params->seed);
    stream->picture_id = random & 0x7FFF;
    stream->tl0 = (uint8_t)(random >> 16);
    stream->named_left = stream->rtx_named_left = BUBBLES_NAMED_PACKETS;
    stream->is_key_due = true;
    stream->next_voice = BUBBLES_TALK_PACKETS;
    unsigned count = stream->clip ? stream->clip->frame_count : BUBBLES_VOICE_PACKETS;
    stream->sent_us = calloc(count, sizeof(*stream->sent_us));
    if (stream->clip)
        stream->history = calloc(BUBBLES_HISTORY, sizeof(*stream->history));
    return stream->sent_us && (stream->history || !stream->clip) ? 0 : -1;
}

void bubbles_stream_reset(struct bubbles_stream *stream)
{
    stream->counters = (struct bubbles_stream_counters){0};
}

bool bubbles_stream_find(const struct bubbles_stream *stream, const uint8_t *payload, size_t len,
                         int64_t *sent_us)
{
    uint64_t digest = bubbles_clip_digest(payload, len);
    int at = stream->clip ? bubbles_clip_find(stream->clip, digest)
                          : bubbles_voice_find(stream->voice, digest);
    if (at >= 0)
        *sent_us = stream->sent_us[at];
    return at >= 0;
}

void bubbles_stream_dispose(struct bubbles_stream *stream)
{
    free(stream->sent_us);
    free(stream->history);
    memset(stream, 0, sizeof(*stream));
}

static uint32_t timestamp_at(const struct bubbles_stream *stream, int64_t now_us)
{
    int64_t rate = stream->kind == BUBBLES_VOICE ? BUBBLES_VOICE_HZ : VIDEO_HZ;
    return stream->timestamp_base + (uint32_t)(now_us * rate / BUBBLES_US_PER_S);
}

/* One element in one-byte form (RFC 8285, 4.2); nothing if it was not negotiated. */
static size_t put_element(uint8_t *out, uint8_t id, const void *value, size_t len)
{
    if (id == 0)
        return 0;
    out[0] = (uint8_t)(id << 4 | (len - 1));
    memcpy(out + 1, value, len);
    return len + 1;
}

/* What a header says besides the stream's own. */
struct header {
    uint32_t timestamp, ssrc;
    uint16_t seq;
    uint8_t payload_type;
    bool marker, is_rtx;
    int level; /* -1: no audio level */
};

static size_t put_extensions(struct bubbles_stream *stream, uint8_t *out,
                             const struct header *header, uint16_t *transport_seq)
{
    const uint8_t *ids = stream->line.ids;
    unsigned *named_left = header->is_rtx ? &stream->rtx_named_left : &stream->named_left;
    uint8_t value[2];
    size_t len = 4;
    rtp_bytes_put16(value, (*transport_seq)++);
    len += put_element(out + len, ids[RTP_EXTENSION_TRANSPORT_SEQ], value, 2);
    if (header->level >= 0) {
        value[0] = (uint8_t)((stream->is_talking ? 0x80 : 0) | header->level);
        len += put_element(out + len, ids[RTP_EXTENSION_AUDIO_LEVEL], value, 1);
    }
    if (*named_left > 0) {
        (*named_left)--;
        len += put_element(out + len, ids[RTP_EXTENSION_MID], stream->mid, strlen(stream->mid));
        if (stream->rid)
            len += put_element(out + len,
                               ids[header->is_rtx ? RTP_EXTENSION_REPAIRED_RID : RTP_EXTENSION_RID],
                               stream->rid, strlen(stream->rid));
    }
    while (len % 4)
        out[len++] = 0;
    rtp_bytes_put16(out, 0xBEDE);
    rtp_bytes_put16(out + 2, (uint16_t)(len / 4 - 1));
    return len;
}

static size_t put_header(struct bubbles_stream *stream, uint8_t *out, const struct header *header,
                         uint16_t *transport_seq)
{
    out[0] = 0x90; /* version 2, extension */
    out[1] = (uint8_t)((header->marker ? 0x80 : 0) | header->payload_type);
    rtp_bytes_put16(out + 2, header->seq);
    rtp_bytes_put32(out + 4, header->timestamp);
    rtp_bytes_put32(out + 8, header->ssrc);
    return RTP_HEADER_BYTES + put_extensions(stream, out + RTP_HEADER_BYTES, header, transport_seq);
}

/* As libwebrtc describes a frame: without KEYIDX, and without TID and TL0PICIDX where there are no
 * temporal layers. */
static size_t put_descriptor(const struct bubbles_stream *stream, uint8_t *out,
                             const struct bubbles_sent *sent)
{
    const struct bubbles_frame *frame = &stream->clip->frames[sent->frame];
    const struct rtp_vp8 vp8 = {.is_partition_start = sent->piece == 0,
                                .is_non_reference = frame->is_non_reference,
                                .is_layer_sync = frame->is_sync,
                                .temporal_id = frame->temporal_id,
                                .tl0_picture_index = sent->tl0,
                                .picture_id = sent->picture_id};
    rtp_vp8_write_descriptor(out, &vp8);
    if (stream->clip->temporal_layers == 1) {
        out[1] = 0x80; /* I only */
        return PICTURE_ID_ONE;
    }
    out[1] &= (uint8_t)~0x10; /* no K */
    return RTP_VP8_DESCRIPTOR_BYTES;
}

static size_t put_payload(const struct bubbles_stream *stream, uint8_t *out,
                          const struct bubbles_sent *sent)
{
    const struct bubbles_clip *clip = stream->clip;
    const struct bubbles_piece *piece =
        &clip->pieces[clip->frames[sent->frame].first_piece + sent->piece];
    size_t len = put_descriptor(stream, out, sent);
    memcpy(out + len, clip->bytes + piece->offset, piece->len);
    return len + piece->len;
}

void bubbles_stream_begin_frame(struct bubbles_stream *stream, int64_t now_us)
{
    const struct bubbles_clip *clip = stream->clip;
    if (stream->is_key_due || stream->next_frame == clip->frame_count)
        stream->next_frame = 0;
    stream->is_key_due = false;
    stream->frame = stream->next_frame++;
    stream->piece = 0;
    stream->timestamp = timestamp_at(stream, now_us);
    stream->picture_id = (stream->picture_id + 1) & 0x7FFF;
    if (clip->frames[stream->frame].temporal_id == 0)
        stream->tl0++;
    stream->counters.key_frames += clip->frames[stream->frame].is_key;
    stream->sent_us[stream->frame] = now_us;
}

static void count(struct bubbles_stream *stream, size_t payload_len)
{
    stream->packets++;
    stream->octets += (uint32_t)payload_len;
    stream->counters.packets++;
    stream->counters.bytes += payload_len;
}

bool bubbles_stream_next_packet(struct bubbles_stream *stream, uint16_t *transport_seq,
                                struct bubbles_rtp *rtp)
{
    unsigned pieces = stream->clip->frames[stream->frame].piece_count;
    if (stream->piece == pieces)
        return false;
    struct bubbles_sent *sent = &stream->history[stream->index % BUBBLES_HISTORY];
    *sent = (struct bubbles_sent){.is_used = true,
                                  .marker = stream->piece + 1 == pieces,
                                  .seq = (uint16_t)stream->index,
                                  .picture_id = stream->picture_id,
                                  .frame = (uint16_t)stream->frame,
                                  .piece = (uint16_t)stream->piece++,
                                  .tl0 = stream->tl0,
                                  .timestamp = stream->timestamp};
    const struct header header = {.timestamp = sent->timestamp,
                                  .ssrc = stream->ssrc,
                                  .seq = sent->seq,
                                  .payload_type = stream->line.payload_type,
                                  .marker = sent->marker,
                                  .level = -1};
    rtp->header_len = put_header(stream, rtp->data, &header, transport_seq);
    size_t payload_len = put_payload(stream, rtp->data + rtp->header_len, sent);
    rtp->len = rtp->header_len + payload_len;
    rtp->index = stream->index++;
    count(stream, payload_len);
    return true;
}

/* Where the recording goes on: talk repeats, a pause ends in its comfort noise. */
static unsigned next_voice(struct bubbles_stream *stream, bool is_talking)
{
    if (is_talking != stream->is_talking)
        stream->next_voice = is_talking ? 0 : BUBBLES_TALK_PACKETS;
    else if (is_talking && stream->next_voice == BUBBLES_TALK_PACKETS)
        stream->next_voice = 0;
    else if (!is_talking && stream->next_voice == BUBBLES_VOICE_PACKETS)
        stream->next_voice = BUBBLES_VOICE_PACKETS - BUBBLES_PAUSE_LOOP;
    return stream->next_voice++;
}

bool bubbles_stream_voice(struct bubbles_stream *stream, bool is_talking, int64_t now_us,
                          uint16_t *transport_seq, struct bubbles_rtp *rtp)
{
    bool is_new_spurt = is_talking && !stream->is_talking;
    unsigned at = next_voice(stream, is_talking);
    const struct bubbles_voice_packet *packet = &stream->voice->packets[at];
    stream->sent_us[at] = now_us;
    stream->is_talking = is_talking;
    stream->timestamp += BUBBLES_VOICE_SAMPLES;
    if (packet->len == 0)
        return false;
    const struct header header = {.timestamp = stream->timestamp_base + stream->timestamp,
                                  .ssrc = stream->ssrc,
                                  .seq = (uint16_t)stream->index,
                                  .payload_type = stream->line.payload_type,
                                  .marker = is_new_spurt,
                                  .level = packet->level};
    rtp->header_len = put_header(stream, rtp->data, &header, transport_seq);
    memcpy(rtp->data + rtp->header_len, stream->voice->bytes + packet->offset, packet->len);
    rtp->len = rtp->header_len + packet->len;
    rtp->index = stream->index++;
    count(stream, packet->len);
    return true;
}

bool bubbles_stream_retransmit(struct bubbles_stream *stream, uint16_t seq, uint16_t *transport_seq,
                               struct bubbles_rtp *rtp)
{
    const struct bubbles_sent *sent =
        stream->history ? &stream->history[seq % BUBBLES_HISTORY] : NULL;
    if (!sent || !sent->is_used || sent->seq != seq)
        return false;
    const struct header header = {.timestamp = sent->timestamp,
                                  .ssrc = stream->rtx_ssrc,
                                  .seq = (uint16_t)stream->rtx_index,
                                  .payload_type = stream->line.rtx_payload_type,
                                  .marker = sent->marker,
                                  .is_rtx = true,
                                  .level = -1};
    rtp->header_len = put_header(stream, rtp->data, &header, transport_seq);
    rtp_bytes_put16(rtp->data + rtp->header_len, seq); /* OSN (RFC 4588, section 4) */
    rtp->len = rtp->header_len + 2 + put_payload(stream, rtp->data + rtp->header_len + 2, sent);
    rtp->index = stream->rtx_index++;
    stream->counters.retransmitted++;
    return true;
}

void bubbles_stream_report(const struct bubbles_stream *stream, int64_t now_us, uint64_t ntp,
                           struct rtcp_sender_report *report)
{
    uint32_t timestamp = stream->kind == BUBBLES_VOICE ? stream->timestamp_base + stream->timestamp
                                                       : timestamp_at(stream, now_us);
    *report = (struct rtcp_sender_report){.ssrc = stream->ssrc,
                                          .ntp = ntp,
                                          .rtp_timestamp = timestamp,
                                          .packet_count = stream->packets,
                                          .octet_count = stream->octets};
}
