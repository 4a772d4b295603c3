/* Maximum likelihood over candidate bandwidths: see the header. */
#include "bwe/loss.h"

#include <math.h>
#include <string.h>

#define WEIGHT           0.9 /* of an observation against the next */
#define INHERENT_MIN     1e-3
#define OBSERVATIONS_MIN 3
#define NEWTON_STEPS     2
#define NEWTON_FACTOR    0.75
#define PREFERENCE       2e-4 /* of higher bandwidths, per kbit/s */
#define LOG_PREFERENCE   2e-2 /* the same, per unit of its logarithm */
#define PROBABILITY_MIN  1e-6
#define CANDIDATES       5

struct candidate {
    double bandwidth_bps, inherent;
};

void bwe_loss_add(struct bwe_loss *loss, int64_t sent_us, uint16_t bytes, bool is_lost)
{
    if (loss->packets == UINT16_MAX)
        return;
    if (loss->packets == 0)
        loss->first_us = sent_us;
    loss->packets++;
    loss->lost += is_lost;
    loss->bytes += bytes;
    loss->last_us = sent_us;
}

void bwe_loss_restore(struct bwe_loss *loss)
{
    if (loss->lost > 0) {
        loss->lost--;
        return;
    }
    struct bwe_loss_observation *last =
        &loss->observations[(loss->head + BWE_LOSS_OBSERVATIONS - 1) % BWE_LOSS_OBSERVATIONS];
    if (loss->count > 0 && last->lost > 0)
        last->lost--;
}

/* Close the observation. Returns false while it is too short. */
static bool end_observation(struct bwe_loss *loss)
{
    int64_t elapsed_us = loss->last_us - loss->first_us;
    if (loss->packets < 2 || elapsed_us < BWE_LOSS_PERIOD_US)
        return false;
    double rate_bps = 8e6 * loss->bytes / (double)elapsed_us;
    loss->observations[loss->head] = (struct bwe_loss_observation){
        loss->packets, loss->lost, rate_bps < UINT32_MAX ? (uint32_t)rate_bps : UINT32_MAX};
    loss->head = (uint8_t)((loss->head + 1) % BWE_LOSS_OBSERVATIONS);
    if (loss->count < BWE_LOSS_OBSERVATIONS)
        loss->count++;
    loss->packets = loss->lost = 0;
    loss->bytes = 0;
    return true;
}

void bwe_loss_forget(struct bwe_loss *loss)
{
    memset(loss, 0, sizeof(*loss));
}

/* The observation so many before the newest, its weight beside it. */
static const struct bwe_loss_observation *observation_at(const struct bwe_loss *loss, unsigned back)
{
    return &loss->observations[(loss->head + 2 * BWE_LOSS_OBSERVATIONS - 1 - back) %
                               BWE_LOSS_OBSERVATIONS];
}

static double average_loss(const struct bwe_loss *loss)
{
    double packets = 0, lost = 0, weight = 1;
    for (unsigned i = 0; i < loss->count; i++, weight *= WEIGHT) {
        packets += weight * observation_at(loss, i)->packets;
        lost += weight * observation_at(loss, i)->lost;
    }
    return packets > 0 ? lost / packets : 0;
}

/* Share of the packets that fits the bandwidth. */
static double share_carried(const struct candidate *candidate, double rate_bps)
{
    return rate_bps > candidate->bandwidth_bps ? candidate->bandwidth_bps / rate_bps : 1;
}

static double loss_probability(const struct candidate *candidate, double carried)
{
    double probability = 1 - (1 - candidate->inherent) * carried;
    return fmin(fmax(probability, PROBABILITY_MIN), 1 - PROBABILITY_MIN);
}

static double bound_inherent(double inherent, double upper)
{
    return fmin(fmax(inherent, INHERENT_MIN), fmax(upper, INHERENT_MIN));
}

static double inherent_bound(const struct bwe_tuning *tuning, const struct bwe_loss_input *input,
                             double bandwidth_bps)
{
    double offset =
        input->queue_ms > tuning->loss_queue_ms ? tuning->loss_queue_offset : tuning->loss_offset;
    return fmin(offset + tuning->loss_balance_bps / fmax(bandwidth_bps, 1), 1);
}

/* Newton's steps towards the inherent loss of greatest likelihood. */
static void fit_inherent(struct candidate *candidate, const struct bwe_loss *loss, double upper)
{
    for (unsigned step = 0; step < NEWTON_STEPS; step++) {
        double first = 0, second = 0, weight = 1;
        for (unsigned i = 0; i < loss->count; i++, weight *= WEIGHT) {
            const struct bwe_loss_observation *seen = observation_at(loss, i);
            double carried = share_carried(candidate, seen->rate_bps);
            double p = loss_probability(candidate, carried);
            double received = seen->packets - seen->lost;
            first += weight * carried * (seen->lost / p - received / (1 - p));
            second -= weight * carried * carried *
                      (seen->lost / (p * p) + received / ((1 - p) * (1 - p)));
        }
        if (second > -1e-9)
            return;
        candidate->inherent =
            bound_inherent(candidate->inherent - NEWTON_FACTOR * first / second, upper);
    }
}

static double likelihood(const struct candidate *candidate, const struct bwe_loss *loss,
                         double average)
{
    double sum = 0, weight = 1;
    double kbps = candidate->bandwidth_bps / 1000;
    double preference =
        fmax(1 - average / 0.15, 0) * PREFERENCE * kbps + LOG_PREFERENCE * log(1 + kbps);
    for (unsigned i = 0; i < loss->count; i++, weight *= WEIGHT) {
        const struct bwe_loss_observation *seen = observation_at(loss, i);
        double p = loss_probability(candidate, share_carried(candidate, seen->rate_bps));
        sum += weight * (seen->lost * log(p) + (seen->packets - seen->lost) * log(1 - p) +
                         preference * seen->packets);
    }
    return sum;
}

/* The bandwidths to compare. */
static unsigned list_candidates(const struct bwe_loss *loss, const struct bwe_loss_input *input,
                                struct candidate *candidates)
{
    double current_bps = loss->estimate_bps > 0 ? loss->estimate_bps : input->delay_bps;
    const double rates_bps[CANDIDATES] = {1.02 * current_bps, current_bps, 0.95 * current_bps,
                                          0.95 * input->acked_bps, input->delay_bps};
    unsigned count = 0;
    for (unsigned i = 0; i < CANDIDATES; i++) {
        double rate_bps = fmin(rates_bps[i], input->delay_bps);
        if (rate_bps > 0)
            candidates[count++] =
                (struct candidate){fmax(rate_bps, input->min_bps), loss->inherent};
    }
    return count;
}

/* A heavy loss bounds the rate at once, whatever the past says. */
static double instant_limit(const struct bwe_tuning *tuning, const struct bwe_loss_input *input,
                            double average)
{
    double offset = inherent_bound(tuning, input, HUGE_VAL);
    if (average <= offset)
        return HUGE_VAL;
    return fmax(tuning->loss_balance_bps / (average - offset), input->min_bps);
}

/* Nothing was lost lately, and nothing of before is left to be forgotten: of all candidates the
   highest is the likeliest, because Newton's steps lead below INHERENT_MIN with each, so that it is
   no limit. That is what nearly all paths show nearly all the time, for a thousandth of the cost.
 */
static bool is_flawless(const struct bwe_loss *loss)
{
    return !(loss->average > 0) && !(loss->estimate_bps > 0) && loss->inherent <= INHERENT_MIN;
}

void bwe_loss_update(struct bwe_loss *loss, const struct bwe_tuning *tuning,
                     const struct bwe_loss_input *input)
{
    struct candidate candidates[CANDIDATES], best = {0};
    double best_likelihood = -HUGE_VAL;
    if (!end_observation(loss) || loss->count < OBSERVATIONS_MIN || !(input->delay_bps > 0))
        return;
    loss->average = average_loss(loss);
    if (is_flawless(loss)) {
        loss->inherent = INHERENT_MIN;
        return;
    }
    unsigned count = list_candidates(loss, input, candidates);
    for (unsigned i = 0; i < count; i++) {
        double upper = inherent_bound(tuning, input, candidates[i].bandwidth_bps);
        candidates[i].inherent = bound_inherent(candidates[i].inherent, upper);
        fit_inherent(&candidates[i], loss, upper);
        double value = likelihood(&candidates[i], loss, loss->average);
        if (value > best_likelihood) {
            best_likelihood = value;
            best = candidates[i];
        }
    }
    loss->inherent = best.inherent;
    best.bandwidth_bps = fmin(best.bandwidth_bps, instant_limit(tuning, input, loss->average));
    bool is_limit = best.bandwidth_bps < input->delay_bps;
    loss->estimate_bps = is_limit ? best.bandwidth_bps : 0;
}
