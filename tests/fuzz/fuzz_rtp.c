/*
 * RTP headers and header extensions from anybody. The first byte says which extension each id
 * stands for, the rest is a packet. Checked: the view lies inside the packet and adds up; what was
 * read can be written and read again; a retransmission's view adds up, too.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rtp/packet.h"
#include "rtp/rtx.h"
#include "tests/fuzz/target.h"

static void check_view(const struct rtp_packet *packet, const uint8_t *data, size_t len)
{
    CHECK(packet->data == data);
    CHECK(packet->payload == data + packet->header_len);
    CHECK((size_t)packet->header_len + packet->payload_len + packet->padding_len == len);
    if (packet->extension) {
        CHECK(packet->extension >= data + RTP_HEADER_BYTES + 4);
        CHECK(packet->extension + packet->extension_len <= packet->payload);
    }
}

static void check_name(const struct rtp_packet *packet, const uint8_t *name, uint8_t len)
{
    CHECK(!name == !len);
    if (!name)
        return;
    CHECK(len <= RTP_MID_MAX_BYTES);
    CHECK(name > packet->extension);
    CHECK(name + len <= packet->extension + packet->extension_len);
}

/* Send on what was received, and read it as the receiver would. */
static void check_write(const struct rtp_packet *packet, const struct rtp_extension_values *values,
                        uint8_t choice)
{
    static const struct rtp_extension_map map = {.kind = {[1] = RTP_EXTENSION_MID,
                                                          [5] = RTP_EXTENSION_AUDIO_LEVEL,
                                                          [13] = RTP_EXTENSION_TRANSPORT_SEQ,
                                                          [14] = RTP_EXTENSION_ABS_SEND_TIME}};
    char mid[RTP_MID_MAX_BYTES + 1] = {0};
    uint8_t out[RTP_HEADER_MAX_BYTES];
    if (values->mid)
        memcpy(mid, values->mid, values->mid_len);
    const struct rtp_header_fields fields = {
        .ssrc = packet->ssrc,
        .timestamp = packet->timestamp,
        .csrc = 1,
        .seq = packet->seq,
        .payload_type = packet->payload_type,
        .marker = packet->marker,
        .has_csrc = choice & 1,
        .mid_id = 1,
        .audio_level_id = choice & 2 ? 5 : 0,
        .transport_seq_id = choice & 4 ? 13 : 0,
        .abs_send_time_id = choice & 8 ? 14 : 0,
        .mid = mid,
        .voice_activity = values->voice_activity,
        .audio_level = values->audio_level,
        .transport_seq = values->transport_seq,
        .abs_send_time = values->abs_send_time,
    };
    size_t len = rtp_packet_write_header(out, &fields);
    size_t seq_offset = rtp_packet_transport_seq_offset(&fields);
    struct rtp_packet again;
    struct rtp_extension_values read;
    CHECK(len <= sizeof(out) && len % 4 == 0);
    CHECK(rtp_packet_parse(&again, out, len) == 0);
    CHECK(again.header_len == len && again.payload_len == 0);
    CHECK(again.ssrc == packet->ssrc && again.timestamp == packet->timestamp);
    CHECK(again.seq == packet->seq && again.payload_type == packet->payload_type);
    CHECK(again.marker == packet->marker && again.csrc_count == (choice & 1));
    rtp_packet_read_extensions(&again, &map, &read);
    CHECK(read.has_transport_seq == !!(choice & 4) && !seq_offset == !(choice & 4));
    if (seq_offset)
        CHECK((out[seq_offset] << 8 | out[seq_offset + 1]) == values->transport_seq);
    if (choice & 2)
        CHECK(read.has_audio_level && read.audio_level == values->audio_level);
    if (choice & 8)
        CHECK(read.has_abs_send_time && read.abs_send_time == values->abs_send_time);
    CHECK(read.mid_len == strlen(mid) && (!read.mid || memcmp(read.mid, mid, read.mid_len) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    size_t len = size - 1;
    uint8_t *bytes = malloc(len > 0 ? len : 1);
    struct rtp_extension_map map = {{0}};
    struct rtp_packet packet;
    for (unsigned id = 1; id < RTP_EXTENSION_IDS; id++)
        map.kind[id] = (uint8_t)((id + data[0]) % RTP_EXTENSION_COUNT);
    memcpy(bytes, data + 1, len);

    rtp_packet_is_rtcp(bytes, len);
    int header_len = rtp_packet_header_len(bytes, len);
    if (rtp_packet_parse(&packet, bytes, len) == 0) {
        struct rtp_extension_values values;
        check_view(&packet, bytes, len);
        CHECK(header_len == packet.header_len);
        rtp_packet_read_extensions(&packet, &map, &values);
        check_name(&packet, values.mid, values.mid_len);
        check_name(&packet, values.rid, values.rid_len);
        check_name(&packet, values.repaired_rid, values.repaired_rid_len);
        check_write(&packet, &values, data[0] >> 4);
        if (rtp_rtx_restore(&packet, 1, 96) == 0)
            check_view(&packet, bytes, len);
    } else {
        CHECK(header_len < 0 || bytes[0] & 0x20 || len > UINT16_MAX);
    }
    free(bytes);
    return 0;
}
