/* What a participant sends: checks, media, retransmissions; and what a hostile one does. */
#include <stun/usages/ice.h>

#include "tests/sim/person.h"

#include <stdio.h>
#include <string.h>

#include "rtp/bytes.h"
#include "tests/sim/world.h"

#define PRIORITY 100 /* of the only candidate */

static const uint16_t known_attributes[] = {0};

/* As RFC 8445, section 7.1; the transaction's id is drawn here, so that a run is repeatable. */
void sim_person_check(struct sim_world *world, struct sim_person *person)
{
    struct sim_datagram *datagram = sim_world_datagram(world);
    const struct transport_ice_credentials *ice = &person->join.transport.ice;
    char username[64];
    StunAgent agent;
    StunMessage message;
    uint64_t id[2] = {sim_random_next(&person->random), sim_random_next(&person->random)};
    int len =
        snprintf(username, sizeof(username), "%.16s:%.16s", ice->local_ufrag, ice->remote_ufrag);
    stun_agent_init(&agent, known_attributes, STUN_COMPATIBILITY_RFC5389,
                    STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT);
    stun_agent_init_request(&agent, &message, datagram->data, SIM_DATAGRAM_BYTES, STUN_BINDING);
    memcpy(datagram->data + 8, id, 12);
    stun_message_append_flag(&message, STUN_ATTRIBUTE_USE_CANDIDATE);
    stun_message_append32(&message, STUN_ATTRIBUTE_PRIORITY, PRIORITY);
    stun_message_append64(&message, STUN_ATTRIBUTE_ICE_CONTROLLING, person->number);
    stun_message_append_bytes(&message, STUN_ATTRIBUTE_USERNAME, username, (size_t)len);
    datagram->len = (uint16_t)stun_agent_finish_message(
        &agent, &message, (const uint8_t *)ice->local_pwd, strlen(ice->local_pwd));
    sim_world_send(world, person, datagram);
}

static void send_rtp(struct sim_world *world, struct sim_person *person,
                     struct sim_datagram *datagram, const struct sim_rtp *rtp)
{
    int len =
        transport_srtp_seal_rtp(person->sender, rtp->data, rtp->len, rtp->header_len, rtp->index);
    datagram->len = (uint16_t)len;
    datagram->is_media = true;
    uint8_t track = datagram->stamp.track;
    bool is_key = datagram->stamp.flags & SIM_STAMP_KEY;
    if (sim_world_send(world, person, datagram) || track >= SIM_TRACK_COUNT)
        return;
    person->lost_us[track] = world->now_us;
    if (is_key)
        person->key_lost_us[track] = world->now_us;
}

static uint16_t *transport_seq(struct sim_person *person)
{
    return person->has_twcc ? &person->transport_seq : NULL;
}

static void send_content(struct sim_world *world, struct sim_person *person,
                         struct sim_stream *stream, struct sim_content *content)
{
    struct sim_datagram *datagram = sim_world_datagram(world);
    struct sim_rtp rtp = {.data = datagram->data};
    sim_stream_send(stream, content, transport_seq(person), &rtp);
    datagram->stamp = content->stamp;
    send_rtp(world, person, datagram, &rtp);
}

static struct sim_stamp stamp_of(const struct sim_world *world, const struct sim_person *person,
                                 unsigned track)
{
    return (struct sim_stamp){.room = person->room,
                              .participant = (uint32_t)person->number,
                              .track = (uint8_t)track,
                              .captured_us = world->now_us};
}

void sim_person_speak(struct sim_world *world, struct sim_person *person)
{
    struct sim_content content;
    struct sim_stamp stamp = stamp_of(world, person, SIM_TRACK_VOICE);
    if (person->is_muted[SIM_TRACK_VOICE] || !sim_voice_advance(&person->voice, &stamp, &content))
        return;
    if (person->voice.started_us == INT64_MAX)
        person->voice.started_us = world->now_us;
    send_content(world, person, &person->voice.stream, &content);
}

/* A request is answered: what that cost belongs to the source's key-frame budget. */
static void note_key_frames(struct sim_world *world, struct sim_person *person, unsigned track,
                            unsigned key_frames_before)
{
    struct sim_video *video = sim_person_video(person, track);
    struct sim_requests *requests = &person->requests[track];
    if (video->key_frames == key_frames_before)
        return;
    requests->keyframe_us = world->now_us;
    if (!video->is_requested)
        return;
    sim_window_add(&requests->bytes, 500000, world->now_us, video->requested_bytes);
    if (video->requested_bytes > requests->largest_bytes)
        requests->largest_bytes = video->requested_bytes;
    video->is_requested = false;
}

void sim_person_show(struct sim_world *world, struct sim_person *person, unsigned track)
{
    struct sim_video *video = sim_person_video(person, track);
    struct sim_stamp stamp = stamp_of(world, person, track);
    unsigned key_frames_before = video->key_frames;
    for (unsigned l = 0; l < video->layer_count; l++) {
        struct sim_content *content;
        if (!sim_video_begin_frame(video, l, &stamp))
            continue;
        while ((content = sim_video_next_packet(video, l)))
            send_content(world, person, &video->layers[l].stream, content);
    }
    note_key_frames(world, person, track, key_frames_before);
}

void sim_person_send_rtcp(struct sim_world *world, struct sim_person *person, const uint8_t *data,
                          size_t len)
{
    if (len == 0)
        return;
    struct sim_datagram *datagram = sim_world_datagram(world);
    memcpy(datagram->data, data, len);
    datagram->len = (uint16_t)transport_srtp_seal_rtcp(person->sender, datagram->data, len);
    sim_world_send(world, person, datagram);
}

void sim_person_retransmit(struct sim_world *world, struct sim_person *person, uint32_t ssrc,
                           uint16_t seq)
{
    for (unsigned v = 0; v < 2; v++)
        for (unsigned l = 0; l < person->videos[v].layer_count; l++) {
            struct sim_stream *stream = &person->videos[v].layers[l].stream;
            if (stream->ssrc != ssrc)
                continue;
            struct sim_content content;
            struct sim_datagram *datagram = sim_world_datagram(world);
            struct sim_rtp rtp = {.data = datagram->data};
            if (sim_stream_retransmit(stream, seq, transport_seq(person), &content, &rtp)) {
                datagram->stamp = content.stamp;
                send_rtp(world, person, datagram, &rtp);
                return;
            }
            datagram->next = world->free_datagrams;
            world->free_datagrams = datagram;
        }
}

/* A sealed packet of a fixed header and noise. */
static void send_noise(struct sim_world *world, struct sim_person *person, uint32_t ssrc,
                       uint64_t index)
{
    struct sim_datagram *datagram = sim_world_datagram(world);
    struct sim_rtp rtp = {.data = datagram->data, .header_len = 12, .index = index};
    rtp.len = 12 + (size_t)sim_random_between(&person->random, 0, 1000);
    for (size_t i = 12; i < rtp.len; i++)
        rtp.data[i] = (uint8_t)sim_random_next(&person->random);
    rtp.data[0] = 0x80;
    rtp.data[1] = SIM_PT_VP8 | (sim_random_chance(&person->random, 0.5) ? 0x80 : 0);
    rtp_bytes_put16(rtp.data + 2, (uint16_t)index);
    rtp_bytes_put32(rtp.data + 4, (uint32_t)sim_random_next(&person->random));
    rtp_bytes_put32(rtp.data + 8, ssrc);
    send_rtp(world, person, datagram, &rtp);
}

void sim_person_attack(struct sim_world *world, struct sim_person *person)
{
    struct sim_video *camera = &person->videos[0];
    struct sim_stream *stream =
        &camera->layers[sim_random_next(&person->random) % camera->layer_count].stream;
    struct sim_datagram *datagram;
    switch (sim_random_next(&person->random) % 4) {
    case 0: /* noise in a video stream */
        send_noise(world, person, stream->ssrc, stream->index++);
        break;
    case 1: /* an SSRC that nobody announced */
        send_noise(world, person, (uint32_t)sim_random_next(&person->random) | 1, 1);
        break;
    case 2: /* a jump of the sequence number; the SRTP index goes with it */
        stream->index += (uint64_t)sim_random_between(&person->random, 100, 20000);
        break;
    default: /* bytes that are no packet at all */
        datagram = sim_world_datagram(world);
        datagram->len = (uint16_t)sim_random_between(&person->random, 1, 200);
        for (unsigned i = 0; i < datagram->len; i++)
            datagram->data[i] = (uint8_t)sim_random_next(&person->random);
        sim_world_send(world, person, datagram);
        break;
    }
}
