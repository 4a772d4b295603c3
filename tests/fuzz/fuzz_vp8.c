/*
 * VP8 payloads from anybody, through the parser and the rewriting of a slot. The input is a row of
 * packets: a byte of flags, a byte of length, the payload. Checked: the descriptor that is written
 * reads as what was meant; outgoing numbers have no break and can be found again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rtp/rewrite.h"
#include "rtp/vp8.h"
#include "tests/fuzz/target.h"

#define SEGMENTS 64
/* Of the block in which a stream is initialised. */
#define MEMORY                                                                                     \
    ((struct rtp_rewrite_memory){(struct rtp_rewrite_segment[SEGMENTS]){{.source = 0}}, SEGMENTS})

/* One source after the other, into one slot. */
struct stream {
    struct rtp_rewrite rewrite;
    struct rtp_rewrite_pictures pictures;
    uint64_t source, ext_seq;
    uint32_t timestamp;
    int64_t now_us;
    bool has_source;
};

static void check_parsed(const struct rtp_vp8 *vp8, size_t len)
{
    CHECK(vp8->descriptor_len >= 1 && vp8->descriptor_len <= RTP_VP8_DESCRIPTOR_BYTES);
    CHECK(vp8->descriptor_len < len);
    CHECK(vp8->picture_id <= (vp8->is_picture_id_15_bits ? 0x7FFF : 0x7F));
    CHECK(vp8->key_index < 32 && vp8->temporal_id < 4 && vp8->partition < 8);
    CHECK(vp8->width <= 0x3FFF && vp8->height <= 0x3FFF);
    CHECK(vp8->is_keyframe || (vp8->width == 0 && vp8->height == 0));
}

static void check_descriptor(const struct rtp_vp8 *vp8, const struct rtp_rewrite_fields *fields)
{
    struct rtp_vp8 sent = *vp8, read;
    uint8_t bytes[RTP_VP8_DESCRIPTOR_BYTES + 10] = {[6] = 1};
    sent.picture_id = fields->picture_id;
    sent.tl0_picture_index = fields->tl0_picture_index;
    sent.key_index = fields->key_index;
    rtp_vp8_write_descriptor(bytes, &sent);
    CHECK(rtp_vp8_parse(&read, bytes, sizeof(bytes)) == 0);
    CHECK(read.descriptor_len == RTP_VP8_DESCRIPTOR_BYTES);
    CHECK(read.picture_id == fields->picture_id && read.key_index == fields->key_index);
    CHECK(read.tl0_picture_index == fields->tl0_picture_index);
    CHECK(read.temporal_id == vp8->temporal_id && read.is_layer_sync == vp8->is_layer_sync);
    CHECK(read.partition == vp8->partition && read.is_frame_start == vp8->is_frame_start);
    CHECK(read.is_non_reference == vp8->is_non_reference);
}

/* flags: 1 new picture, 2 lost packets before it, 4 late, 8 another source. */
static void forward(struct stream *stream, const struct rtp_vp8 *vp8, uint8_t flags)
{
    bool is_late = flags & 4;
    stream->now_us += flags * 1000;
    stream->timestamp += flags & 1 ? 3000 : 0;
    stream->ext_seq += flags & 2 ? 1 + (flags >> 4) : 1;
    if (flags & 8 || !stream->has_source) {
        stream->source++;
        stream->ext_seq = 65536 + (uint64_t)flags * 100;
        stream->timestamp = flags * 0x3456789u;
    }
    struct rtp_rewrite_fields in = {
        .ext_seq = is_late ? stream->ext_seq - 3 : stream->ext_seq,
        .timestamp = is_late ? stream->timestamp - 3000 : stream->timestamp,
    };
    rtp_rewrite_complete_vp8(&stream->pictures, vp8, in.timestamp, &in);
    uint64_t before = stream->rewrite.highest_out_seq;
    bool is_start = flags & 8 || !stream->has_source;
    if (is_start)
        rtp_rewrite_start(&stream->rewrite, stream->source, &in, stream->now_us);
    stream->has_source = true;

    struct rtp_rewrite_fields out = in;
    uint64_t in_seq, out_seq;
    if (!rtp_rewrite_apply(&stream->rewrite, &out, stream->now_us)) {
        CHECK(is_late);
        return;
    }
    CHECK(!is_start || out.ext_seq == before + 1);
    check_descriptor(vp8, &out);
    const struct rtp_rewrite_segment *segment =
        rtp_rewrite_find(&stream->rewrite, (uint16_t)out.ext_seq, &in_seq, &out_seq);
    CHECK(segment && segment->source == stream->source);
    CHECK(in_seq == in.ext_seq && out_seq == out.ext_seq);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stream stream = {0};
    rtp_rewrite_init(&stream.rewrite, MEMORY, 90000, 32000, 0xFFFFF000, 32700);
    while (size >= 2) {
        uint8_t flags = data[0];
        size_t len = data[1] < size - 2 ? data[1] : size - 2;
        uint8_t *payload = malloc(len > 0 ? len : 1);
        struct rtp_vp8 vp8;
        memcpy(payload, data + 2, len);
        if (rtp_vp8_parse(&vp8, payload, len) == 0) {
            check_parsed(&vp8, len);
            forward(&stream, &vp8, flags);
        }
        free(payload);
        data += 2 + len;
        size -= 2 + len;
    }
    return 0;
}
