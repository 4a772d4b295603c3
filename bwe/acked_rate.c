/* Acknowledged rate: see the header. */
#include "bwe/acked_rate.h"

#include <math.h>

#define FIRST_WINDOW_US   500000
#define WINDOW_US         150000
#define GAP_US            2000000 /* nothing for so long: start again */
#define SCALE             10
#define SCALE_APP_LIMITED 20
#define FORGETTING        5

static void restart(struct bwe_acked_rate *acked, int64_t arrival_us)
{
    acked->started = true;
    acked->window_start_us = arrival_us;
    acked->window_bytes = 0;
}

static void take_sample(struct bwe_acked_rate *acked, double sample_bps, bool is_app_limited)
{
    if (acked->estimate_bps <= 0) {
        acked->estimate_bps = sample_bps;
        acked->variance = 50;
        return;
    }
    bool is_below = sample_bps < acked->estimate_bps;
    double scale = is_app_limited && is_below ? SCALE_APP_LIMITED : SCALE;
    double uncertainty = scale * fabs(acked->estimate_bps - sample_bps) / acked->estimate_bps;
    double sample_variance = uncertainty * uncertainty;
    double predicted = acked->variance + FORGETTING;
    double sum = sample_variance + predicted;
    acked->estimate_bps = (sample_variance * acked->estimate_bps + predicted * sample_bps) / sum;
    acked->variance = sample_variance * predicted / sum;
}

void bwe_acked_rate_add(struct bwe_acked_rate *acked, int64_t arrival_us, uint16_t bytes,
                        bool is_app_limited)
{
    int64_t window_us = acked->estimate_bps > 0 ? WINDOW_US : FIRST_WINDOW_US;
    if (!acked->started || arrival_us < acked->window_start_us ||
        arrival_us - acked->last_us > GAP_US)
        restart(acked, arrival_us);
    int64_t elapsed_us = arrival_us - acked->window_start_us;
    if (elapsed_us >= window_us) {
        take_sample(acked, 8e6 * acked->window_bytes / (double)elapsed_us, is_app_limited);
        restart(acked, arrival_us);
    }
    acked->window_bytes += bytes;
    acked->last_us = arrival_us;
}
