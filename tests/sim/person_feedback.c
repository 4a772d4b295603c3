/* What a participant tells the server every 100 ms, and what it does to its encoders. */
#include "tests/sim/person.h"

#include <string.h>

#include "rtp/error.h"
#include "tests/sim/world.h"

#define RTCP_BYTES       1200
#define NACKS_MAX        64
#define VIDEO_REPORT_US  1000000 /* from half of it to one and a half (RFC 3550, 6.3.1) */
#define VOICE_REPORT_US  5000000
#define ESTIMATE_US      1000000
#define ESTIMATE_MIN_BPS 100000
#define ESTIMATE_MAX_BPS 2500000
#define AUDIO_BPS        50000
#define SCREEN_BPS       500000
#define NTP_AT_ZERO      UINT64_C(0xD000000000000000) /* another clock than the server's */

static void flush(struct sim_world *world, struct sim_person *person, struct rtcp_writer *writer)
{
    sim_person_send_rtcp(world, person, writer->data, writer->len);
    writer->len = 0;
}

static void send_transport_feedback(struct sim_world *world, struct sim_person *person,
                                    struct rtcp_writer *writer)
{
    while (rtp_arrival_log_has_news(&person->arrivals)) {
        int error = rtp_arrival_log_write(&person->arrivals, writer, person->feedback_ssrc,
                                          person->media_ssrc, world->now_us);
        if (error && writer->len == 0)
            return;
        if (error)
            flush(world, person, writer);
    }
}

void sim_person_send_remb(struct sim_world *world, struct sim_person *person)
{
    uint8_t data[RTCP_BYTES];
    struct rtcp_writer writer;
    uint32_t ssrcs[CORE_SLOTS_MAX];
    uint64_t bps = sim_remb_take(&person->remb, world->now_us);
    if (bps == 0)
        return;
    for (unsigned i = 0; i < person->join.slot_count; i++)
        ssrcs[i] = person->slots[i].params.ssrc;
    rtcp_writer_init(&writer, data, sizeof(data));
    rtcp_write_remb(&writer, person->feedback_ssrc, bps, ssrcs, person->join.slot_count);
    flush(world, person, &writer);
}

/* What is reported on together. */
enum { ON_VOICE = 1, ON_VIDEO = 2 };

static unsigned write_blocks(struct sim_person *person, unsigned kinds,
                             struct rtcp_report_block *blocks, int64_t now_us)
{
    unsigned count = 0;
    for (unsigned i = 0; i < person->join.slot_count; i++)
        if ((kinds & (person->slots[i].params.kind == CORE_KIND_AUDIO ? ON_VOICE : ON_VIDEO)) &&
            rtp_reception_report(&person->slots[i].reception, person->slots[i].params.ssrc, now_us,
                                 &blocks[count]))
            count++;
    return count;
}

static void write_sender_report(struct sim_world *world, struct sim_stream *stream,
                                struct rtcp_writer *writer)
{
    struct rtcp_sender_report report;
    sim_stream_report(stream, world->now_us, rtp_ntp_from_us(world->now_us, NTP_AT_ZERO), &report);
    if (report.packet_count > 0)
        rtcp_write_sender_report(writer, &report, NULL, 0);
}

static void write_sender_reports(struct sim_world *world, struct sim_person *person, unsigned kinds,
                                 struct rtcp_writer *writer)
{
    if (kinds & ON_VOICE)
        write_sender_report(world, &person->voice.stream, writer);
    for (unsigned v = 0; v < 2 && (kinds & ON_VIDEO); v++)
        for (unsigned l = 0; l < person->videos[v].layer_count; l++)
            write_sender_report(world, &person->videos[v].layers[l].stream, writer);
}

static void send_reports(struct sim_world *world, struct sim_person *person, unsigned kinds,
                         struct rtcp_writer *writer)
{
    struct rtcp_report_block blocks[CORE_SLOTS_MAX];
    unsigned count = write_blocks(person, kinds, blocks, world->now_us);
    flush(world, person, writer);
    rtcp_write_receiver_report(writer, person->feedback_ssrc, blocks, count);
    rtcp_write_cname(writer, person->feedback_ssrc, "sim");
    write_sender_reports(world, person, kinds, writer);
    flush(world, person, writer);
}

static int64_t next_report_us(struct sim_world *world, struct sim_person *person, int64_t mean_us)
{
    return world->now_us + sim_random_between(&person->random, mean_us / 2, mean_us * 3 / 2);
}

/* As browsers do: libwebrtc's modules of video and audio each at random around their mean. */
static void report(struct sim_world *world, struct sim_person *person, struct rtcp_writer *writer)
{
    if (person->video_report_us <= world->now_us) {
        send_reports(world, person, ON_VIDEO, writer);
        person->video_report_us = next_report_us(world, person, VIDEO_REPORT_US);
    }
    if (person->voice_report_us <= world->now_us) {
        send_reports(world, person, ON_VOICE, writer);
        person->voice_report_us = next_report_us(world, person, VOICE_REPORT_US);
    }
}

/* A loss-based estimate, as a sender with transport feedback has at least. */
static void update_estimate(struct sim_person *person, int64_t now_us)
{
    if (now_us - person->estimate_us < ESTIMATE_US)
        return;
    person->estimate_us = now_us;
    double loss =
        person->feedback_count ? (double)person->feedback_lost / (double)person->feedback_count : 0;
    double estimate = (double)person->estimate_bps;
    if (loss > 0.1)
        estimate *= 1 - loss / 2;
    else if (loss < 0.02)
        estimate *= 1.08;
    if (estimate < ESTIMATE_MIN_BPS)
        estimate = ESTIMATE_MIN_BPS;
    if (estimate > ESTIMATE_MAX_BPS)
        estimate = ESTIMATE_MAX_BPS;
    person->estimate_bps = (uint64_t)estimate;
    person->feedback_lost = person->feedback_count = 0;
}

static void share_estimate(struct sim_person *person)
{
    uint64_t video_bps =
        person->estimate_bps < person->remb_bps ? person->estimate_bps : person->remb_bps;
    uint64_t taken_bps = AUDIO_BPS + (person->has_screen ? SCREEN_BPS : 0);
    sim_video_set_available(&person->videos[0], video_bps > taken_bps ? video_bps - taken_bps : 0);
    sim_video_set_available(&person->videos[1], SCREEN_BPS);
}

void sim_person_tick(struct sim_world *world, struct sim_person *person)
{
    uint8_t data[RTCP_BYTES];
    struct rtcp_writer writer;
    struct sim_taken taken;
    rtcp_writer_init(&writer, data, sizeof(data));
    for (unsigned i = 0; i < person->join.slot_count; i++) {
        struct sim_slot *slot = &person->slots[i];
        if (slot->params.kind == CORE_KIND_AUDIO)
            continue;
        sim_slot_advance(slot, world->now_us, &taken);
        sim_person_note(world, person, i, &taken);
        if (sim_slot_wants_key(slot, world->now_us) || person->is_impatient)
            rtcp_write_pli(&writer, person->feedback_ssrc, slot->params.ssrc);
    }
    send_transport_feedback(world, person, &writer);
    flush(world, person, &writer);
    report(world, person, &writer);
    update_estimate(person, world->now_us);
    share_estimate(person);
    sim_check_stuck(world, person);
}

void sim_person_nack(struct sim_world *world, struct sim_person *person)
{
    uint8_t data[RTCP_BYTES];
    struct rtcp_writer writer;
    uint16_t seqs[NACKS_MAX];
    rtcp_writer_init(&writer, data, sizeof(data));
    person->nack_us = INT64_MAX;
    for (unsigned i = 0; i < person->join.slot_count; i++) {
        struct sim_slot *slot = &person->slots[i];
        if (slot->params.kind == CORE_KIND_AUDIO)
            continue;
        int64_t rtt_us = person->up.params.delay_us + person->down.params.delay_us;
        size_t count =
            rtp_nack_collect(&slot->nack, world->now_us, rtt_us, RTP_NACK_TRIES, seqs, NACKS_MAX);
        rtcp_write_nack(&writer, person->feedback_ssrc, slot->params.ssrc, seqs, count);
        sim_slot_ask(slot, seqs, count);
        int64_t due_us = rtp_nack_deadline(&slot->nack);
        if (due_us < person->nack_us)
            person->nack_us = due_us;
    }
    flush(world, person, &writer);
    if (person->nack_us != INT64_MAX)
        sim_world_schedule(world, SIM_EVENT_NACK, person, person->nack_us, 0);
}
