/* Trendline with adaptive threshold: see the header. */
#include "bwe/trendline.h"

#include <math.h>
#include <string.h>

#define DELTAS_MAX         60 /* of the gain: a young line is not trusted */
#define THRESHOLD_MIN_MS   6
#define THRESHOLD_MAX_MS   600
#define ADAPT_OFFSET_MS    15 /* a spike this far above the threshold does not raise it */
#define ADAPT_STEP_MAX_MS  100
#define RESTART_MS         3600000 /* times are kept as float: not more than hours of them */
#define ACCUMULATED_MAX_MS 1e6

void bwe_trendline_init(struct bwe_trendline *trendline, const struct bwe_tuning *tuning)
{
    memset(trendline, 0, sizeof(*trendline));
    trendline->threshold_ms = tuning->trend_threshold_ms;
    trendline->overuse_ms = -1;
}

/* Least squares; 0 when all times are equal. */
static double slope_of(const struct bwe_trendline *trendline)
{
    double sum_time = 0, sum_delay = 0, numerator = 0, denominator = 0;
    for (unsigned i = 0; i < trendline->count; i++) {
        sum_time += trendline->times_ms[i];
        sum_delay += trendline->delays_ms[i];
    }
    double mean_time = sum_time / trendline->count, mean_delay = sum_delay / trendline->count;
    for (unsigned i = 0; i < trendline->count; i++) {
        double time = trendline->times_ms[i] - mean_time;
        numerator += time * (trendline->delays_ms[i] - mean_delay);
        denominator += time * time;
    }
    return denominator > 0 ? numerator / denominator : 0;
}

static void adapt_threshold(struct bwe_trendline *trendline, const struct bwe_tuning *tuning,
                            double modified, double elapsed_ms)
{
    double size = fabs(modified);
    if (size > trendline->threshold_ms + ADAPT_OFFSET_MS)
        return;
    double rate = size < trendline->threshold_ms ? tuning->trend_down : tuning->trend_up;
    double step_ms = fmin(elapsed_ms, ADAPT_STEP_MAX_MS);
    trendline->threshold_ms += rate * (size - trendline->threshold_ms) * step_ms;
    trendline->threshold_ms =
        fmin(fmax(trendline->threshold_ms, THRESHOLD_MIN_MS), THRESHOLD_MAX_MS);
}

/* Overuse must last, be seen twice, and not be on its way down already. */
static void detect(struct bwe_trendline *trendline, const struct bwe_tuning *tuning,
                   double modified, double trend, double send_delta_ms)
{
    if (modified > trendline->threshold_ms) {
        trendline->overuse_ms =
            trendline->overuse_ms < 0 ? send_delta_ms / 2 : trendline->overuse_ms + send_delta_ms;
        if (trendline->overuse_count < UINT8_MAX)
            trendline->overuse_count++;
        if (trendline->overuse_ms > tuning->trend_overuse_ms && trendline->overuse_count > 1 &&
            trend >= trendline->trend) {
            trendline->overuse_ms = 0;
            trendline->overuse_count = 0;
            trendline->usage = BWE_USAGE_OVER;
        }
        return;
    }
    trendline->overuse_ms = -1;
    trendline->overuse_count = 0;
    trendline->usage = modified < -trendline->threshold_ms ? BWE_USAGE_UNDER : BWE_USAGE_NORMAL;
}

static void push(struct bwe_trendline *trendline, const struct bwe_tuning *tuning,
                 const struct bwe_delay_sample *sample)
{
    trendline->accumulated_ms += sample->arrival_delta_ms - sample->send_delta_ms;
    trendline->accumulated_ms =
        fmin(fmax(trendline->accumulated_ms, -ACCUMULATED_MAX_MS), ACCUMULATED_MAX_MS);
    trendline->smoothed_ms = tuning->trend_smoothing * trendline->smoothed_ms +
                             (1 - tuning->trend_smoothing) * trendline->accumulated_ms;
    trendline->times_ms[trendline->head] = (float)(sample->arrival_ms - trendline->first_ms);
    trendline->delays_ms[trendline->head] = (float)trendline->smoothed_ms;
    trendline->head = (uint8_t)((trendline->head + 1) % BWE_TREND_WINDOW);
    if (trendline->count < BWE_TREND_WINDOW)
        trendline->count++;
    if (trendline->deltas < 1000)
        trendline->deltas++;
}

/* The same line with an origin near the present, for the precision of float. */
static void restart(struct bwe_trendline *trendline, double arrival_ms)
{
    trendline->count = trendline->head = 0;
    trendline->first_ms = trendline->last_ms = arrival_ms;
    trendline->accumulated_ms = trendline->smoothed_ms = 0;
}

void bwe_trendline_add(struct bwe_trendline *trendline, const struct bwe_tuning *tuning,
                       const struct bwe_delay_sample *sample)
{
    double since_ms = sample->arrival_ms - trendline->first_ms;
    if (trendline->deltas == 0 || since_ms < 0 || since_ms > RESTART_MS)
        restart(trendline, sample->arrival_ms);
    push(trendline, tuning, sample);
    double trend = trendline->count == BWE_TREND_WINDOW ? slope_of(trendline) : trendline->trend;
    double deltas = trendline->deltas < DELTAS_MAX ? trendline->deltas : DELTAS_MAX;
    double modified = deltas * trend * tuning->trend_gain;
    if (trendline->deltas >= 2)
        detect(trendline, tuning, modified, trend, sample->send_delta_ms);
    adapt_threshold(trendline, tuning, modified, fmax(sample->arrival_ms - trendline->last_ms, 0));
    trendline->trend = trend;
    trendline->last_ms = sample->arrival_ms;
}
