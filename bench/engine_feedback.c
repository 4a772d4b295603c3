/*
 * iris-bench engine --feedback: receivers that report every 100 ms which packets came, so that the
 * server's estimators and pacers work as they do with browsers.
 */
#include "bench/engine.h"

#include <stdio.h>
#include <stdlib.h>

#include "rtp/bytes.h"

#define FRAMES_A_REPORT 3
#define WAY_US          10000   /* there, and as long back */
#define SETTLED_US      8000000 /* first probes, and the steps after them */

int engine_feedback_init(struct engine_room *room)
{
    room->reports = calloc(room->load.receivers, sizeof(*room->reports));
    if (!room->reports)
        return -1;
    for (unsigned i = 0; i < room->load.receivers; i++) {
        struct transport_srtp_keys keys = engine_room_keys(i + 1, 0);

        room->reports[i].sender = transport_srtp_sender_create(room->aead, &keys);
        if (!room->reports[i].sender)
            return -1;
    }
    return 0;
}

void engine_feedback_dispose(struct engine_room *room)
{
    for (unsigned i = 0; room->reports && i < room->load.receivers; i++)
        transport_srtp_sender_destroy(room->reports[i].sender);
    free(room->reports);
    room->reports = NULL;
}

void engine_feedback_on_packet(struct engine_room *room, unsigned receiver,
                               const struct core_buffer *buffer)
{
    rtp_arrival_log_add(&room->reports[receiver].arrivals,
                        rtp_bytes_get16(buffer->data + buffer->transport_seq_at),
                        room->now_us + WAY_US);
}

/* @return false: there is nothing to report, or it cannot be sealed */
static bool write_report(struct engine_room *room, unsigned receiver)
{
    struct engine_report *report = &room->reports[receiver];
    struct rtcp_writer writer;

    rtcp_writer_init(&writer, report->data, sizeof(report->data) - TRANSPORT_SRTP_TRAILER_BYTES);
    if (rtp_arrival_log_write(&report->arrivals, &writer, receiver + 1, ENGINE_SLOT_SSRC,
                              room->now_us + WAY_US))
        return false;
    int len = transport_srtp_seal_rtcp(report->sender, report->data, writer.len);
    report->datagram = (struct transport_datagram){
        .path = engine_room_path(room, receiver + 1), .data = report->data, .len = (size_t)len};
    return len > 0;
}

/* Each receiver's comes at its own time: a wake for each, as in a server that is not busy. */
void engine_feedback_report(struct engine_room *room, struct engine_times *times)
{
    if (++room->frames_since_report < FRAMES_A_REPORT)
        return;
    room->frames_since_report = 0;
    for (unsigned i = 0; i < room->load.receivers; i++) {
        struct transport_datagram *datagram = &room->reports[i].datagram;
        const struct engine_wake wake = {&datagram, 1};

        if (write_report(room, i))
            engine_room_step(room, &wake, &times->report_ns, times);
    }
}

int engine_feedback_settle(struct engine_room *room)
{
    struct engine_times times;
    int64_t until_us = room->now_us + SETTLED_US;

    room->is_settling = true;
    while (room->now_us < until_us) {
        if (engine_room_fill(room))
            return -1;
        engine_room_run(room, &times);
        /* What waits for an estimate that is still low comes in a later batch. */
        memset(room->counts, 0, sizeof(room->counts));
    }
    room->is_settling = false;
    return 0;
}
