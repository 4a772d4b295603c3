/* REMB and receiver reports: see the header. */
#include "bwe/fallback.h"

#include <math.h>
#include <string.h>

#define LOSS_HIGH    0.10
#define GROWTH       1.08 /* a second */
#define BASE_US      15000000
#define QUEUE_US     40000
#define GROWTH_MAX_S 5.0 /* voices alone are reported on so seldom */
#define COVERED      0.9 /* of what was sent; receivers may count payload only */
#define SENT_SLICES  10  /* a second, as receivers count */
/* What is wanted is reckoned with each track's highest second: nearly twice what comes in one. A
   receiver's estimate grows so far in eight seconds. */
#define HEAD_START    2.0
#define HEAD_START_US 8000000
#define FALLEN        0.97

void bwe_fallback_init(struct bwe_fallback *fallback)
{
    memset(fallback, 0, sizeof(*fallback));
    fallback->loss_bps = BWE_FALLBACK_OPEN_BPS;
}

void bwe_fallback_on_sent(struct bwe_fallback *fallback, uint32_t bytes, int64_t now_us)
{
    if (fallback->sent_since_us == 0)
        fallback->sent_since_us = now_us;
    bwe_byte_window_advance(&fallback->sent, now_us);
    bwe_byte_window_add(&fallback->sent, bytes);
}

/* Over the last second, or since the first packet: as the receiver counts. */
static bool covers_what_is_sent(struct bwe_fallback *fallback, double bitrate_bps, int64_t now_us)
{
    int64_t slices = (now_us - fallback->sent_since_us) / BWE_BYTE_WINDOW_SLICE_US;
    if (slices > SENT_SLICES)
        slices = SENT_SLICES;
    bwe_byte_window_advance(&fallback->sent, now_us);
    double sent_bps = (double)bwe_byte_window_mean_bps(&fallback->sent, (unsigned)slices, now_us);
    return sent_bps > 0 && bitrate_bps >= COVERED * sent_bps;
}

void bwe_fallback_on_remb(struct bwe_fallback *fallback, double bitrate_bps, int64_t now_us)
{
    if (!(bitrate_bps > 0))
        return;
    /* The first one, and one after a silence, is believed as it is; so is a higher one when nothing
       is lost because nothing is sent: what losses have shown is of long ago. */
    bool is_silent = !bwe_fallback_is_usable(fallback, now_us);
    bool is_unreported = now_us - fallback->loss_us > BWE_FALLBACK_REPORT_US;
    if (bitrate_bps < FALLEN * fallback->remb_bps)
        fallback->head_bps = 0;
    if (is_silent && covers_what_is_sent(fallback, bitrate_bps, now_us)) {
        fallback->head_bps = HEAD_START * bitrate_bps;
        fallback->head_us = now_us + HEAD_START_US;
    }
    if (is_silent || (is_unreported && bitrate_bps > fallback->loss_bps))
        fallback->loss_bps = BWE_FALLBACK_OPEN_BPS;
    fallback->remb_bps = bitrate_bps;
    fallback->remb_us = now_us;
}

double bwe_fallback_bps(const struct bwe_fallback *fallback, int64_t now_us)
{
    bool has_head_start = now_us <= fallback->head_us;
    double head_bps = has_head_start ? fallback->head_bps : 0;
    return fmin(fmax(fallback->remb_bps, head_bps), fallback->loss_bps);
}

void bwe_fallback_on_loss(struct bwe_fallback *fallback, double share, int64_t now_us)
{
    double elapsed_s = (double)(now_us - fallback->loss_us) / 1e6;
    elapsed_s = fmin(fmax(elapsed_s, 0), GROWTH_MAX_S);
    fallback->loss_us = now_us;
    fallback->loss_share = share;
    if (share > LOSS_HIGH)
        fallback->loss_bps = bwe_fallback_bps(fallback, now_us) * (1 - 0.5 * fmin(share, 1));
    else if (share >= 0 && share < BWE_FALLBACK_LOSS_LOW)
        fallback->loss_bps =
            fmin(fallback->loss_bps * pow(GROWTH, elapsed_s) + 1000, BWE_FALLBACK_OPEN_BPS);
}

void bwe_fallback_on_rtt(struct bwe_fallback *fallback, int64_t rtt_us, int64_t now_us)
{
    fallback->rtt_us = rtt_us;
    fallback->measured_us = now_us;
    if (now_us - fallback->base_since_us > BASE_US) {
        fallback->base_us = fallback->next_base_us;
        fallback->next_base_us = 0;
        fallback->base_since_us = now_us;
    }
    if (fallback->next_base_us == 0 || rtt_us < fallback->next_base_us)
        fallback->next_base_us = rtt_us;
    if (fallback->base_us == 0 || rtt_us < fallback->base_us)
        fallback->base_us = rtt_us;
}

double bwe_fallback_loss_share(const struct bwe_fallback *fallback, int64_t now_us)
{
    return now_us - fallback->loss_us <= BWE_FALLBACK_REPORT_US ? fallback->loss_share : 0;
}

bool bwe_fallback_is_queued(const struct bwe_fallback *fallback, int64_t now_us)
{
    return fallback->rtt_us - fallback->base_us > QUEUE_US &&
           now_us - fallback->measured_us <= BWE_FALLBACK_REPORT_US;
}

bool bwe_fallback_is_usable(const struct bwe_fallback *fallback, int64_t now_us)
{
    return fallback->remb_bps > 0 && now_us - fallback->remb_us <= BWE_REMB_AGE_US;
}
