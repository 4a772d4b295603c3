#include "person_heard.h"

void person_hear(struct person *person, const struct core_buffer *buffer, int64_t now_us)
{
    struct heard *heard = &person->heard[person->heard_count];
    int len;
    if (buffer->data[0] < 128) /* STUN */
        return;
    assert_true(person->heard_count < person->heard_cap);
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

uint16_t heard_transport_seq(const struct heard *heard)
{
    struct rtp_extension_map map = {0};
    struct rtp_extension_values values;
    map.kind[ID_SEQ] = RTP_EXTENSION_TRANSPORT_SEQ;
    rtp_packet_read_extensions(&heard->rtp, &map, &values);
    assert_true(values.has_transport_seq);
    return values.transport_seq;
}

struct rtp_vp8 vp8_of(const struct heard *heard)
{
    struct rtp_vp8 vp8;
    assert_int_equal(rtp_vp8_parse(&vp8, heard->rtp.payload, heard->rtp.payload_len), 0);
    return vp8;
}

uint32_t csrc_of(const struct heard *heard)
{
    assert_int_equal(heard->rtp.csrc_count, 1);
    return rtp_bytes_get32(heard->data + 12);
}

unsigned count_heard(const struct person *person, uint32_t ssrc)
{
    unsigned count = 0;
    for (unsigned i = 0; i < person->heard_count; i++)
        count += !person->heard[i].is_rtcp && person->heard[i].rtp.ssrc == ssrc;
    return count;
}

struct heard *heard_at(struct person *person, uint32_t ssrc, unsigned n)
{
    for (unsigned i = 0; i < person->heard_count; i++) {
        struct heard *heard = &person->heard[i];
        if (!heard->is_rtcp && heard->rtp.ssrc == ssrc && n-- == 0)
            return heard;
    }
    fail_msg("fewer packets of SSRC %u were heard", ssrc);
    return NULL;
}

bool rtcp_walk_next(struct rtcp_walk *walk, struct rtcp_packet *packet)
{
    while (!walk->heard || rtcp_reader_next(&walk->reader, packet) <= 0) {
        do {
            if (walk->next == walk->person->heard_count)
                return false;
            walk->heard = &walk->person->heard[walk->next++];
        } while (!walk->heard->is_rtcp);
        rtcp_reader_init(&walk->reader, walk->heard->data, walk->heard->len);
    }
    return true;
}

bool rtcp_walk_find(struct rtcp_walk *walk, uint8_t type, int format, struct rtcp_packet *packet)
{
    while (rtcp_walk_next(walk, packet))
        if (packet->type == type && (format < 0 || packet->count == format))
            return true;
    return false;
}

unsigned count_rtcp(const struct person *person, uint8_t type, int format, struct rtcp_packet *last)
{
    struct rtcp_walk walk = {.person = person};
    struct rtcp_packet packet;
    unsigned count = 0;
    for (; rtcp_walk_find(&walk, type, format, &packet); count++)
        if (last)
            *last = packet;
    return count;
}

unsigned count_plis(const struct person *person)
{
    return count_rtcp(person, RTCP_PAYLOAD_FEEDBACK, RTCP_FORMAT_PLI, NULL);
}

uint64_t last_remb_bps(const struct person *person)
{
    struct rtcp_packet packet;
    struct rtcp_remb remb;
    if (!count_rtcp(person, RTCP_PAYLOAD_FEEDBACK, RTCP_FORMAT_APPLICATION_LAYER, &packet))
        return 0;
    assert_int_equal(rtcp_remb_parse(&remb, &packet), 0);
    return remb.bitrate_bps;
}
