/*
 * RTCP compounds from anybody, transport feedback included. Checked: every view lies inside the
 * compound; what was read can be written and reads the same again; feedback fed into an arrival log
 * comes out of it as it went in.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rtp/rtcp.h"
#include "rtp/transport_feedback.h"
#include "tests/fuzz/target.h"

#define ENTRIES 2048

static uint8_t written[65536];

/* The only packet that the writer has written. */
static struct rtcp_packet reread(const struct rtcp_writer *writer)
{
    struct rtcp_reader reader;
    struct rtcp_packet packet;
    rtcp_reader_init(&reader, writer->data, writer->len);
    CHECK(rtcp_reader_next(&reader, &packet) == 1);
    CHECK(reader.left == 0);
    return packet;
}

static void check_reports(const struct rtcp_packet *packet)
{
    struct rtcp_sender_report report = {0}, report_again;
    struct rtcp_report_block blocks[31], again;
    struct rtcp_writer writer;
    unsigned count = 0;
    if (packet->type == RTCP_SENDER_REPORT && rtcp_sender_report_parse(&report, packet) != 0)
        return;
    while (count < 31 && rtcp_report_block_at(&blocks[count], packet, count) == 0)
        count++;
    CHECK(count <= packet->count);
    rtcp_writer_init(&writer, written, sizeof(written));
    CHECK(rtcp_write_sender_report(&writer, &report, blocks, count) == 0);
    const struct rtcp_packet copy = reread(&writer);
    CHECK(rtcp_sender_report_parse(&report_again, &copy) == 0);
    CHECK(report_again.ntp == report.ntp && report_again.octet_count == report.octet_count);
    for (unsigned i = 0; i < count; i++) {
        CHECK(rtcp_report_block_at(&again, &copy, i) == 0);
        CHECK(again.ssrc == blocks[i].ssrc && again.cumulative_lost == blocks[i].cumulative_lost);
        CHECK(again.delay_since_last_sr == blocks[i].delay_since_last_sr);
    }
}

static void check_nack(const struct rtcp_packet *packet)
{
    static uint16_t seqs[17 * 1024], again[17 * 1024];
    struct rtcp_writer writer;
    int count = rtcp_nack_parse(packet, seqs, 17 * 1024);
    if (count < 0)
        return;
    CHECK(count > 0);
    rtcp_writer_init(&writer, written, sizeof(written));
    if (rtcp_write_nack(&writer, 1, 2, seqs, (size_t)count) != 0)
        return;
    const struct rtcp_packet copy = reread(&writer);
    int count_again = rtcp_nack_parse(&copy, again, 17 * 1024);
    /* Out of order they are still the same numbers; each is found. */
    CHECK(count_again > 0 && count_again <= count);
    for (int i = 0; i < count && count <= 200; i++) {
        bool is_there = false;
        for (int j = 0; j < count_again; j++)
            is_there |= again[j] == seqs[i];
        CHECK(is_there);
    }
}

static void check_remb(const struct rtcp_packet *packet)
{
    struct rtcp_remb remb, again;
    uint32_t ssrcs[255] = {0};
    struct rtcp_writer writer;
    if (rtcp_remb_parse(&remb, packet) != 0)
        return;
    CHECK(remb.ssrcs + 4 * (size_t)remb.ssrc_count <= packet->body + packet->body_len);
    rtcp_writer_init(&writer, written, sizeof(written));
    CHECK(rtcp_write_remb(&writer, 1, remb.bitrate_bps, ssrcs, remb.ssrc_count) == 0);
    const struct rtcp_packet copy = reread(&writer);
    CHECK(rtcp_remb_parse(&again, &copy) == 0);
    CHECK(again.bitrate_bps == remb.bitrate_bps && again.ssrc_count == remb.ssrc_count);
}

/* What a log makes of the arrivals must name every one of them, to the tick. */
static void check_arrival_log(const struct rtp_feedback_entry *entries, int count)
{
    static struct rtp_arrival_log log;
    static struct rtp_feedback_entry told[RTP_ARRIVAL_LOG];
    /* Within 71 minutes before now, and positive, which a reference time of 24 bits may be off. */
    const int64_t now_us = INT64_C(64000) << 24;
    int received = 0, reported = 0;
    memset(&log, 0, sizeof(log));
    for (int i = 0; i < count; i++) {
        if (!entries[i].is_received)
            continue;
        int64_t age_us = (entries[i].arrival_us & INT64_C(0x3FFFFFFF));
        rtp_arrival_log_add(&log, entries[i].seq, now_us - age_us);
        received++;
    }
    while (rtp_arrival_log_has_news(&log)) {
        struct rtcp_writer writer;
        struct rtp_transport_feedback feedback;
        rtcp_writer_init(&writer, written, 1200);
        CHECK(rtp_arrival_log_write(&log, &writer, 1, 2, now_us) == 0);
        const struct rtcp_packet packet = reread(&writer);
        int statuses = rtp_transport_feedback_parse(&feedback, &packet, told, RTP_ARRIVAL_LOG);
        CHECK(statuses > 0 && told[statuses - 1].is_received);
        for (int i = 0; i < statuses; i++) {
            uint16_t index = (uint16_t)(told[i].seq - entries[0].seq);
            CHECK(index < count && told[i].is_received == entries[index].is_received);
            reported += told[i].is_received;
        }
    }
    CHECK(received == reported);
}

static void check_transport_feedback(const struct rtcp_packet *packet)
{
    static struct rtp_feedback_entry entries[ENTRIES];
    struct rtp_transport_feedback feedback;
    int count = rtp_transport_feedback_parse(&feedback, packet, entries, ENTRIES);
    CHECK(count < 0 || count == rtp_transport_feedback_count(packet));
    if (count < 0)
        return;
    CHECK(count == feedback.status_count && count > 0);
    for (int i = 0; i < count; i++)
        CHECK(entries[i].seq == (uint16_t)(feedback.base_seq + i));
    if (count <= RTP_ARRIVAL_LOG)
        check_arrival_log(entries, count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rtcp_reader reader;
    struct rtcp_packet packet;
    const uint8_t *end = data + size;
    rtcp_reader_init(&reader, data, size);
    while (rtcp_reader_next(&reader, &packet) > 0) {
        uint32_t sender, media;
        CHECK(packet.body >= data + 4 && packet.body + packet.body_len <= end);
        check_reports(&packet);
        rtcp_feedback_ssrcs(&packet, &sender, &media);
        check_nack(&packet);
        check_remb(&packet);
        check_transport_feedback(&packet);
    }
    CHECK(reader.left == 0);
    return 0;
}
