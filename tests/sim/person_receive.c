/* What a participant does with what reaches it. */
#include "tests/sim/person.h"

#include "tests/sim/world.h"

#define NACKS_MAX    256
#define FEEDBACK_MAX 512

/* Of self-tests. */
#define SKEWED_TICKS 18000 /* 200 ms */
#define ROUGH_TICKS  90000 /* a second */

/* Nothing that refers to a frame is forwarded once the policer has dropped it; but a frame that had
   begun may be cut, and what comes late may be dropped when what refers to it has gone. */
static bool is_policed(const struct sim_stream *stream, const struct sim_taken *taken)
{
    const struct sim_delivery *delivery = sim_stream_delivery(stream, taken->missing);
    return delivery && (taken->is_cut ? delivery->is_policed : delivery->is_policed_late);
}

/* The invariant broke, unless the source's packets never reached the server or it dropped them on
   purpose. What is decodable of a hostile source's is not known: its numbers jump. */
static bool is_explained(struct sim_world *world, const struct sim_taken *taken)
{
    struct sim_person *source = sim_world_person(world, taken->stamp.participant);
    struct sim_stream *stream =
        source ? sim_person_stream(source, taken->stamp.track, taken->stamp.layer) : NULL;
    if (!stream || source->is_hostile)
        return true;
    return (taken->missing &&
            (!sim_stream_is_delivered(stream, taken->missing) || is_policed(stream, taken))) ||
           !sim_stream_is_delivered(stream, taken->stamp.frame);
}

void sim_person_note(struct sim_world *world, struct sim_person *person, unsigned index,
                     const struct sim_taken *taken)
{
    struct sim_slot *slot = &person->slots[index];
    if (taken->decoded && person->first_frame_us == INT64_MAX &&
        slot->params.kind == CORE_KIND_CAMERA)
        person->first_frame_us = world->now_us;
    if (taken->decoded && slot->params.kind == CORE_KIND_CAMERA && world->network.profile &&
        person->number == world->network.receiver)
        sim_network_see(&world->network, world->now_us);
    if (taken->decoded && slot->params.kind == CORE_KIND_CAMERA)
        sim_check_skew(world, person, slot);
    if (!taken->is_unexplained || is_explained(world, taken))
        return;
    sim_check_fail(&world->checks, SIM_CHECK_DECODABLE, person->number,
                   "slot %s: frame %u (temporal %u, packet %u) of participant %u layer %u: "
                   "frame %u is missing",
                   slot->params.mid, taken->stamp.frame, taken->stamp.temporal, taken->stamp.packet,
                   taken->stamp.participant, taken->stamp.layer, taken->missing);
}

void sim_person_hear(struct sim_world *world, struct sim_person *person,
                     const struct sim_media *media)
{
    struct sim_slot *slot = &person->slots[media->slot];
    struct sim_taken taken;
    if (media->has_transport_seq) {
        rtp_arrival_log_add(&person->arrivals, media->transport_seq, world->now_us);
        person->media_ssrc = media->ssrc;
    }
    if (media->has_send_time) {
        sim_remb_on_packet(&person->remb, media->send_time, media->wire_len, world->now_us);
        sim_person_send_remb(world, person);
    }
    if (!media->is_media && media->is_rtx)
        return; /* a probe */
    sim_slot_take(slot, media, world->now_us, &taken);
    if (slot->params.kind == CORE_KIND_AUDIO)
        return;
    if (taken.decoded || taken.is_unexplained)
        sim_person_note(world, person, media->slot, &taken);
    int64_t due_us = rtp_nack_deadline(&slot->nack);
    if (due_us < person->nack_us) {
        person->nack_us = due_us > world->now_us ? due_us : world->now_us;
        sim_world_schedule(world, SIM_EVENT_NACK, person, person->nack_us, 0);
    }
}

static void on_transport_feedback(struct sim_person *person, const struct rtcp_packet *packet)
{
    struct rtp_transport_feedback feedback;
    struct rtp_feedback_entry entries[FEEDBACK_MAX];
    int count = rtp_transport_feedback_parse(&feedback, packet, entries, FEEDBACK_MAX);
    for (int i = 0; i < count; i++)
        person->feedback_lost += !entries[i].is_received;
    person->feedback_count += count > 0 ? (unsigned)count : 0;
}

static void on_nack(struct sim_world *world, struct sim_person *person,
                    const struct rtcp_packet *packet)
{
    uint32_t sender_ssrc, media_ssrc;
    uint16_t seqs[NACKS_MAX];
    int count = rtcp_nack_parse(packet, seqs, NACKS_MAX);
    if (rtcp_feedback_ssrcs(packet, &sender_ssrc, &media_ssrc))
        return;
    for (int i = 0; i < count; i++)
        sim_person_retransmit(world, person, media_ssrc, seqs[i]);
}

static void on_pli(struct sim_person *person, const struct rtcp_packet *packet)
{
    uint32_t sender_ssrc, media_ssrc;
    if (rtcp_feedback_ssrcs(packet, &sender_ssrc, &media_ssrc))
        return;
    for (unsigned v = 0; v < 2; v++)
        for (unsigned l = 0; l < person->videos[v].layer_count; l++)
            if (person->videos[v].layers[l].stream.ssrc == media_ssrc)
                sim_video_on_pli(&person->videos[v]);
}

static void take_report(struct sim_world *world, const struct sim_person *person,
                        struct sim_slot *slot, const struct rtcp_sender_report *report)
{
    struct rtcp_sender_report seen = *report;
    const struct sim_tamper *tamper = &world->tamper;
    if (slot->params.kind != CORE_KIND_AUDIO && person->number == tamper->receiver &&
        world->now_us >= tamper->begin_us)
        seen.rtp_timestamp += tamper->kind == SIM_TAMPER_SKEW    ? SKEWED_TICKS
                              : tamper->kind == SIM_TAMPER_ROUGH ? ROUGH_TICKS
                                                                 : 0;
    rtp_reception_on_sender_report(&slot->reception, report, world->now_us);
    sim_playout_on_report(&slot->playout, &seen);
}

static void on_sender_report(struct sim_world *world, struct sim_person *person,
                             const struct rtcp_packet *packet)
{
    struct rtcp_sender_report report;
    if (rtcp_sender_report_parse(&report, packet))
        return;
    for (unsigned i = 0; i < person->join.slot_count; i++)
        if (person->slots[i].params.ssrc == report.ssrc)
            take_report(world, person, &person->slots[i], &report);
}

/* Whatever the server reports on, it has bound (libwebrtc: OnReceivedAckOnSsrc). Without transport
   feedback it tells the losses, too, in 1/256. */
static void on_report_blocks(struct sim_person *person, const struct rtcp_packet *packet)
{
    struct rtcp_report_block block;
    for (unsigned i = 0; rtcp_report_block_at(&block, packet, i) == 0; i++) {
        if (!person->has_twcc) {
            person->feedback_lost += block.fraction_lost;
            person->feedback_count += 256;
        }
        for (unsigned track = 0; track < SIM_TRACK_COUNT; track++) {
            struct sim_stream *stream;
            for (unsigned l = 0; (stream = sim_person_stream(person, track, l)); l++) {
                stream->is_acknowledged |= stream->ssrc == block.ssrc;
                stream->is_rtx_acknowledged |= stream->rtx_ssrc && stream->rtx_ssrc == block.ssrc;
                if (track == SIM_TRACK_VOICE)
                    break;
            }
        }
    }
}

static void on_packet(struct sim_world *world, struct sim_person *person,
                      const struct rtcp_packet *packet)
{
    struct rtcp_remb remb;
    if (packet->type == RTCP_SENDER_REPORT)
        on_sender_report(world, person, packet);
    if (packet->type == RTCP_RECEIVER_REPORT)
        on_report_blocks(person, packet);
    if (packet->type == RTCP_TRANSPORT_LAYER_FEEDBACK && packet->count == RTCP_FORMAT_NACK)
        on_nack(world, person, packet);
    if (packet->type == RTCP_TRANSPORT_LAYER_FEEDBACK &&
        packet->count == RTCP_FORMAT_TRANSPORT_FEEDBACK)
        on_transport_feedback(person, packet);
    if (packet->type == RTCP_PAYLOAD_FEEDBACK && packet->count == RTCP_FORMAT_PLI)
        on_pli(person, packet);
    if (packet->type == RTCP_PAYLOAD_FEEDBACK && packet->count == RTCP_FORMAT_APPLICATION_LAYER &&
        rtcp_remb_parse(&remb, packet) == 0)
        person->remb_bps = remb.bitrate_bps;
}

void sim_person_take_rtcp(struct sim_world *world, struct sim_person *person, const uint8_t *data,
                          size_t len)
{
    struct rtcp_reader reader;
    struct rtcp_packet packet;
    rtcp_reader_init(&reader, data, len);
    while (rtcp_reader_next(&reader, &packet) > 0)
        on_packet(world, person, &packet);
}
