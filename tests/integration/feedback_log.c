/* A compound at a time. */
#include "tests/integration/feedback_log.h"

#include <stdlib.h>
#include <string.h>

#include "rtp/transport_feedback.h"

#define ENTRIES_MAX 2048

void feedback_log_init(struct feedback_log *log)
{
    memset(log, 0, sizeof(*log));
    log->reports = g_array_new(FALSE, TRUE, sizeof(struct feedback_report));
    log->rembs = g_array_new(FALSE, TRUE, sizeof(struct feedback_remb));
    log->plis = g_array_new(FALSE, TRUE, sizeof(struct feedback_request));
    log->nacks = g_array_new(FALSE, TRUE, sizeof(struct feedback_request));
    log->feedback = g_array_new(FALSE, TRUE, sizeof(int64_t));
}

void feedback_log_dispose(struct feedback_log *log)
{
    if (!log->reports)
        return;
    g_array_unref(log->reports);
    g_array_unref(log->rembs);
    g_array_unref(log->plis);
    g_array_unref(log->nacks);
    g_array_unref(log->feedback);
}

static int take_transport_feedback(struct feedback_log *log, const struct rtcp_packet *packet,
                                   int64_t now_us)
{
    struct rtp_transport_feedback feedback;
    struct rtp_feedback_entry entries[ENTRIES_MAX];
    int count = rtp_transport_feedback_parse(&feedback, packet, entries, ENTRIES_MAX);
    for (int i = 0; i < count; i++) {
        if (entries[i].is_received)
            log->transport_seen[entries[i].seq / 8] |= (uint8_t)(1u << entries[i].seq % 8);
    }
    g_array_append_val(log->feedback, now_us);
    return count < 0 ? count : 0;
}

static int take_nack(struct feedback_log *log, const struct rtcp_packet *packet, int64_t now_us,
                     const struct feedback_handlers *handlers)
{
    uint32_t sender, media;
    uint16_t seqs[ENTRIES_MAX];
    if (rtcp_feedback_ssrcs(packet, &sender, &media) != 0)
        return -1;
    int count = rtcp_nack_parse(packet, seqs, ENTRIES_MAX);
    for (int i = 0; i < count; i++) {
        const struct feedback_request request = {now_us, media, seqs[i]};
        g_array_append_val(log->nacks, request);
        handlers->on_nack(handlers->context, media, seqs[i]);
    }
    return count < 0 ? count : 0;
}

static int take_payload_feedback(struct feedback_log *log, const struct rtcp_packet *packet,
                                 int64_t now_us, const struct feedback_handlers *handlers)
{
    uint32_t sender, media;
    struct rtcp_remb remb;
    if (rtcp_feedback_ssrcs(packet, &sender, &media) != 0)
        return -1;
    if (packet->count == RTCP_FORMAT_PLI) {
        const struct feedback_request request = {.arrival_us = now_us, .ssrc = media};
        g_array_append_val(log->plis, request);
        handlers->on_pli(handlers->context, media);
        return 0;
    }
    if (packet->count != RTCP_FORMAT_APPLICATION_LAYER || rtcp_remb_parse(&remb, packet) != 0)
        return -1; /* the answer promised nothing else */
    const struct feedback_remb entry = {now_us, remb.bitrate_bps};
    g_array_append_val(log->rembs, entry);
    return 0;
}

static int take_packet(struct feedback_log *log, const struct rtcp_packet *packet, int64_t now_us,
                       const struct feedback_handlers *handlers)
{
    struct feedback_report report = {.arrival_us = now_us};
    switch (packet->type) {
    case RTCP_SENDER_REPORT:
        if (rtcp_sender_report_parse(&report.report, packet) != 0)
            return -1;
        g_array_append_val(log->reports, report);
        return 0;
    case RTCP_RECEIVER_REPORT:
        log->receiver_reports++;
        return 0;
    case RTCP_BYE:
        log->byes++;
        return 0;
    case RTCP_TRANSPORT_LAYER_FEEDBACK:
        if (packet->count == RTCP_FORMAT_TRANSPORT_FEEDBACK)
            return take_transport_feedback(log, packet, now_us);
        return packet->count == RTCP_FORMAT_NACK ? take_nack(log, packet, now_us, handlers) : -1;
    case RTCP_PAYLOAD_FEEDBACK:
        return take_payload_feedback(log, packet, now_us, handlers);
    case RTCP_SOURCE_DESCRIPTION:
        return 0;
    default:
        return -1;
    }
}

void feedback_log_take(struct feedback_log *log, const uint8_t *data, size_t len, int64_t now_us,
                       const struct feedback_handlers *handlers)
{
    struct rtcp_reader reader;
    struct rtcp_packet packet;
    int result;
    rtcp_reader_init(&reader, data, len);
    while ((result = rtcp_reader_next(&reader, &packet)) == 1) {
        if (take_packet(log, &packet, now_us, handlers) != 0)
            log->malformed++;
    }
    if (result < 0)
        log->malformed++;
}

bool feedback_log_has_seen(const struct feedback_log *log, uint16_t transport_seq)
{
    return log->transport_seen[transport_seq / 8] & (1u << transport_seq % 8);
}

unsigned feedback_log_plis_for(const struct feedback_log *log, uint32_t ssrc)
{
    unsigned count = 0;
    for (guint i = 0; i < log->plis->len; i++)
        count += g_array_index(log->plis, struct feedback_request, i).ssrc == ssrc;
    return count;
}

uint64_t feedback_log_remb_bps(const struct feedback_log *log)
{
    guint count = log->rembs->len;
    return count > 0 ? g_array_index(log->rembs, struct feedback_remb, count - 1).bitrate_bps : 0;
}

static int by_value(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

int64_t feedback_log_median_interval_us(const struct feedback_log *log)
{
    guint count = log->feedback->len;
    if (count < 3)
        return 0;
    int64_t *intervals = g_new(int64_t, count - 1);
    for (guint i = 0; i + 1 < count; i++)
        intervals[i] =
            g_array_index(log->feedback, int64_t, i + 1) - g_array_index(log->feedback, int64_t, i);
    qsort(intervals, count - 1, sizeof(*intervals), by_value);
    int64_t median = intervals[(count - 1) / 2];
    g_free(intervals);
    return median;
}
