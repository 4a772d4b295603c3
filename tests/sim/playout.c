/* See the header. */
#include "tests/sim/playout.h"

#define SHRINK_US 100000 /* a second, by which the delay falls: as libwebrtc (VCMTiming) */

void sim_playout_on_report(struct sim_playout *playout, const struct rtcp_sender_report *report)
{
    playout->has_report = true;
    playout->report_us =
        (int64_t)((report->ntp >> 32) * 1000000 + (((report->ntp & UINT32_MAX) * 1000000) >> 32));
    playout->report_timestamp = report->rtp_timestamp;
}

void sim_playout_take(struct sim_playout *playout, uint32_t source, uint32_t timestamp,
                      int64_t now_us)
{
    if (!playout->has_report)
        return;
    int64_t ticks = (int32_t)(timestamp - playout->report_timestamp);
    int64_t captured_us = playout->report_us + ticks * 1000000 / playout->clock_hz;
    int64_t way_us = now_us - captured_us;
    int64_t shrunk_us = playout->delay_us - SHRINK_US * (now_us - playout->played_us) / 1000000;
    bool is_longest = !playout->has_delay || source != playout->source || way_us > shrunk_us;
    playout->delay_us = is_longest ? way_us : shrunk_us;
    playout->has_delay = true;
    playout->source = source;
    playout->played_us = now_us;
}

int64_t sim_playout_skew_us(const struct sim_playout *picture, const struct sim_playout *voice)
{
    return picture->delay_us - voice->delay_us;
}
