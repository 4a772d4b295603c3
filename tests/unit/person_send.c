#include "person_send.h"

#include "rtp/vp8.h"

uint32_t ssrc_of(const struct person *person, unsigned track, unsigned layer)
{
    return (uint32_t)(0x1000 + person->number * 64 + track * 8 + layer);
}

static uint8_t *put_element(uint8_t *at, uint8_t id, const void *bytes, size_t len)
{
    *at++ = (uint8_t)(id << 4 | (len - 1));
    memcpy(at, bytes, len);
    return at + len;
}

size_t write_head(uint8_t *out, struct person *person, const struct media *media, uint32_t ssrc,
                  uint16_t seq, uint8_t payload_type)
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

size_t write_vp8(uint8_t *out, const struct media *media, uint16_t picture_id, uint8_t filling)
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

void person_send_sealed(struct conference *c, struct person *person, uint8_t *data, size_t len,
                        size_t header_len)
{
    uint16_t seq = rtp_bytes_get16(data + 2);
    uint64_t *index = &person->indices[data[11]];
    *index = (*index & ~UINT64_C(0xFFFF)) + seq +
             ((uint16_t)*index > 0xC000 && seq < 0x4000 ? 0x10000 : 0);
    int sealed = transport_srtp_seal_rtp(person->sender, data, len, header_len, *index);
    assert_true(sealed > 0);
    conference_receive(c, person, data, (size_t)sealed);
}

uint16_t person_send(struct conference *c, struct person *person, const struct media *media)
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

uint16_t person_speak(struct conference *c, struct person *person, int level)
{
    return person_send(c, person,
                       &(struct media){.track = MIC,
                                       .mid = "mic",
                                       .timestamp = (uint32_t)(c->now_us * 48 / 1000),
                                       .level = level});
}

uint16_t person_show(struct conference *c, struct person *person, unsigned track, bool is_keyframe)
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

void person_talk(struct conference *c, struct person *person, int64_t duration_us)
{
    for (int64_t end_us = c->now_us + duration_us; c->now_us < end_us;) {
        person_speak(c, person, 30);
        person_show(c, person, CAM, true);
        conference_run(c, 20 * MS);
    }
}

void person_show_layer(struct conference *c, struct person *person, char what)
{
    bool is_base = what == 'K' || what == '0', is_middle = what == '1' || what == 'a';
    person_send(c, person,
                &(struct media){.track = CAM,
                                .mid = "cam",
                                .timestamp = (uint32_t)(c->now_us * 9 / 100),
                                .level = -1,
                                .is_start = true,
                                .marker = true,
                                .is_keyframe = what == 'K',
                                .height = 480,
                                .temporal_id = is_base     ? 0
                                               : is_middle ? 1
                                                           : 2,
                                .is_layer_sync = what == 'a' || what == 'b',
                                .is_non_reference = what == 'n'});
}

void person_show_for(struct conference *c, struct person *person, unsigned frames,
                     bool is_first_a_keyframe)
{
    for (unsigned i = 0; i < frames; i++) {
        person_show(c, person, CAM, is_first_a_keyframe && i == 0);
        conference_run(c, 33 * MS);
    }
}

void person_send_rtcp(struct conference *c, struct person *person, const struct rtcp_writer *writer)
{
    uint8_t data[CORE_BUFFER_BYTES];
    memcpy(data, writer->data, writer->len);
    int sealed = transport_srtp_seal_rtcp(person->sender, data, writer->len);
    assert_true(sealed > 0);
    conference_receive(c, person, data, (size_t)sealed);
}

void person_send_nack(struct conference *c, struct person *person, uint32_t ssrc,
                      const uint16_t *seqs, size_t count)
{
    uint8_t data[1200];
    struct rtcp_writer writer;
    rtcp_writer_init(&writer, data, sizeof(data));
    assert_int_equal(rtcp_write_nack(&writer, 9, ssrc, seqs, count), 0);
    person_send_rtcp(c, person, &writer);
}

void person_ask_for(struct conference *c, struct person *person, uint32_t ssrc, uint16_t seq)
{
    person_send_nack(c, person, ssrc, &seq, 1);
}
