/* REMB and receiver reports: see the header. */
#include "bwe/fallback.h"

#include <math.h>
#include <string.h>

#define LOSS_LOW      0.02
#define LOSS_HIGH     0.10
#define GROWTH        1.08 /* a second */
#define GROWTH_MAX_S  2.0
#define CEILING_SHARE 1.1 /* the limit stays this near to REMB, so that it can act at once */

void bwe_fallback_init(struct bwe_fallback *fallback, double start_bps)
{
    memset(fallback, 0, sizeof(*fallback));
    fallback->loss_bps = start_bps;
}

void bwe_fallback_on_remb(struct bwe_fallback *fallback, double bitrate_bps, int64_t now_us)
{
    if (!(bitrate_bps > 0))
        return;
    /* The first one, and one after a silence, is believed as it is; so is a higher one when nothing
       is lost because nothing is sent: what losses have shown is of long ago. */
    bool is_silent = !bwe_fallback_is_usable(fallback, now_us);
    bool is_unreported = now_us - fallback->loss_us > BWE_FALLBACK_REPORT_US;
    if (is_silent || (is_unreported && bitrate_bps > fallback->loss_bps))
        fallback->loss_bps = bitrate_bps;
    fallback->remb_bps = bitrate_bps;
    fallback->remb_us = now_us;
}

void bwe_fallback_on_loss(struct bwe_fallback *fallback, double share, int64_t now_us)
{
    double elapsed_s = (double)(now_us - fallback->loss_us) / 1e6;
    elapsed_s = fmin(fmax(elapsed_s, 0), GROWTH_MAX_S);
    fallback->loss_us = now_us;
    if (share > LOSS_HIGH)
        fallback->loss_bps *= 1 - 0.5 * fmin(share, 1);
    else if (share >= 0 && share < LOSS_LOW)
        fallback->loss_bps = fallback->loss_bps * pow(GROWTH, elapsed_s) + 1000;
    if (fallback->remb_bps > 0)
        fallback->loss_bps = fmin(fallback->loss_bps, CEILING_SHARE * fallback->remb_bps);
}

bool bwe_fallback_is_usable(const struct bwe_fallback *fallback, int64_t now_us)
{
    return fallback->remb_bps > 0 && now_us - fallback->remb_us <= BWE_REMB_AGE_US;
}

double bwe_fallback_bps(const struct bwe_fallback *fallback)
{
    return fmin(fallback->remb_bps, fallback->loss_bps);
}
