/* Receiver reports: see the header. */
#include "bwe/receiver_report.h"

#define JUMP 0x8000

static struct bwe_report_source *source_of(struct bwe_receiver_reports *reports, uint32_t ssrc)
{
    struct bwe_report_source *oldest = &reports->sources[0];
    for (unsigned i = 0; i < BWE_REPORT_SSRCS; i++) {
        struct bwe_report_source *source = &reports->sources[i];
        if (source->seen_us != 0 && source->ssrc == ssrc)
            return source;
        if (source->seen_us < oldest->seen_us)
            oldest = source;
    }
    *oldest = (struct bwe_report_source){.ssrc = ssrc};
    return oldest;
}

static void count(struct bwe_receiver_reports *reports, uint32_t expected, int32_t lost)
{
    if (expected == 0 || expected >= JUMP)
        return;
    if (lost < 0) /* duplicates */
        lost = 0;
    reports->expected += expected;
    reports->lost += (uint32_t)lost < expected ? (uint32_t)lost : expected;
}

void bwe_receiver_reports_add(struct bwe_receiver_reports *reports, const struct bwe_report *report,
                              int64_t now_us)
{
    struct bwe_report_source *source = source_of(reports, report->ssrc);
    if (source->seen_us != 0) {
        int64_t lost = (int64_t)report->cumulative_lost - source->cumulative_lost;
        if (lost < JUMP)
            count(reports, report->highest_seq - source->highest_seq, (int32_t)lost);
    }
    source->highest_seq = report->highest_seq;
    source->cumulative_lost = report->cumulative_lost;
    source->seen_us = now_us > 0 ? now_us : 1;
}

double bwe_receiver_reports_take_loss(struct bwe_receiver_reports *reports, uint32_t least)
{
    if (reports->expected < least || reports->expected == 0)
        return -1;
    double share = (double)reports->lost / reports->expected;
    reports->expected = reports->lost = 0;
    return share;
}
