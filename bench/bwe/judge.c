/* What a finished run was like: see scenario.h. */
#include "bench/bwe/oscillation.h"

#include <math.h>
#include <string.h>

#define SETTLE_S     10 /* after the last start, before shares are measured */
#define T90_BINS     3  /* of 200 ms: the rate over 600 ms */
#define FIT_SHARE    1.05
#define LEAST_S      5
#define LEAST_SETTLE 10
#define BIN_S        (BWE_SIM_BIN_US / 1e6)

static double end_of(const struct bwe_sim_run *run, unsigned flow)
{
    return run->flows[flow].config.end_s;
}

/* Flows of the forward direction; those of the other one have measurements of their own. */
static unsigned forward_flows(const struct bwe_sim_run *run)
{
    const struct bwe_sim_scenario *scenario = run->scenario;
    return scenario->back_flow > 0 ? scenario->back_flow : scenario->flow_count;
}

/* What the sources offer at a moment [bit/s]. */
static double offered_bps(const struct bwe_sim_run *run, double at_s)
{
    double bps = 0;
    for (unsigned i = 0; i < forward_flows(run); i++) {
        const struct bwe_sim_flow_config *flow = &run->flows[i].config;
        bool is_paused = flow->resume_s > 0 && at_s >= flow->pause_s && at_s < flow->resume_s;
        if (at_s >= flow->start_s && at_s < flow->end_s)
            bps += is_paused ? BWE_SIM_AUDIO_BPS : flow->max_bps;
    }
    return bps;
}

/* The bits that the media flows could have sent between two moments, by bins. */
static double possible_bits(const struct bwe_sim_run *run, double from_s, double to_s)
{
    double bits = 0;
    unsigned bins = (unsigned)((to_s - from_s) / BIN_S + 0.5);
    for (unsigned i = 0; i < bins; i++) {
        double at_s = from_s + i * BIN_S;
        double link_bits = bwe_sim_capacity_bits(&run->link.capacity, (int64_t)(at_s * 1e6),
                                                 (int64_t)((at_s + BIN_S) * 1e6));
        bits += fmin(link_bits, offered_bps(run, at_s) * BIN_S);
    }
    return bits;
}

static double sent_bits(const struct bwe_sim_run *run, double from_s, double to_s)
{
    double bits = 0;
    for (unsigned i = 0; i < forward_flows(run); i++)
        bits += bwe_sim_measure_bps(&run->measure, i, from_s, to_s) * (to_s - from_s);
    return bits;
}

static double use_between(const struct bwe_sim_run *run, double from_s, double to_s)
{
    double possible = possible_bits(run, from_s, to_s);
    return possible > 0 ? sent_bits(run, from_s, to_s) / possible : NAN;
}

/* From an event until so many bins together carry 90 % of what they could. */
static double time_to_90(const struct bwe_sim_run *run, double event_s, double until_s)
{
    double window_s = T90_BINS * BIN_S, rest_s = until_s - event_s;
    for (unsigned i = 0; i * BIN_S + window_s < rest_s; i++) {
        double at_s = event_s + i * BIN_S;
        if (use_between(run, at_s, at_s + window_s) >= 0.9)
            return i * BIN_S + window_s;
    }
    return rest_s;
}

/* And until they aim at no more than there is. */
static double time_to_fit(const struct bwe_sim_run *run, double event_s, double until_s)
{
    unsigned from = (unsigned)(event_s / BIN_S + 0.5), to = (unsigned)(until_s / BIN_S + 0.5);
    double most_kbps =
        FIT_SHARE * bwe_sim_capacity_at(&run->link.capacity, (int64_t)(event_s * 1e6)) / 1000;
    unsigned fitting = 0;
    for (unsigned bin = from; bin < to && bin < BWE_SIM_BINS; bin++) {
        double target_kbps = 0;
        for (unsigned i = 0; i < forward_flows(run); i++)
            target_kbps += run->measure.flows[i].target_kbps[bin];
        fitting = target_kbps <= most_kbps ? fitting + 1 : 0;
        if (fitting == T90_BINS)
            return (bin + 1 - from) * BIN_S;
    }
    return until_s - event_s;
}

/* Where there has come to be more, it is to be used; where less, that is to be kept. */
static double time_to_converge(const struct bwe_sim_run *run, unsigned stage, double end_s)
{
    const struct bwe_sim_step *steps = run->link.capacity.steps;
    double at_s = steps[stage].at_s;
    bool is_less = stage > 0 && steps[stage].mbps < steps[stage - 1].mbps;
    return is_less ? time_to_fit(run, at_s, end_s) : time_to_90(run, at_s, end_s);
}

/* What was used in each stage, and from when on. */
static void judge_stages(const struct bwe_sim_run *run, struct bwe_sim_result *result)
{
    const struct bwe_sim_capacity *capacity = &run->link.capacity;
    double worst = INFINITY, slowest_s = 0;
    result->stage_count = capacity->count;
    for (unsigned i = 0; i < capacity->count; i++) {
        double end_s =
            i + 1 < capacity->count ? capacity->steps[i + 1].at_s : run->scenario->seconds;
        result->stages[i] = use_between(run, capacity->steps[i].at_s, end_s);
        worst = fmin(worst, result->stages[i]);
        result->converged_s[i] = time_to_converge(run, i, end_s);
        slowest_s = fmax(slowest_s, result->converged_s[i]);
    }
    result->values[BWE_SIM_WORST] = worst;
    result->values[BWE_SIM_CONVERGED] = slowest_s;
}

static double share_from(const struct bwe_sim_run *run)
{
    double from_s = 0;
    if (run->scenario->share_from_s > 0)
        return run->scenario->share_from_s;
    for (unsigned i = 0; i < forward_flows(run); i++)
        from_s = fmax(from_s, run->flows[i].config.start_s);
    return from_s + SETTLE_S;
}

/* Of the rates of all flows between two moments, each at most until its end. */
static double jain_between(const struct bwe_sim_run *run, double from_s, double to_s)
{
    double sum = 0, squares = 0;
    unsigned count = forward_flows(run);
    for (unsigned i = 0; i < count; i++) {
        double bps = bwe_sim_measure_bps(&run->measure, i, from_s, fmin(to_s, end_of(run, i)));
        sum += bps;
        squares += bps * bps;
    }
    return squares > 0 ? sum * sum / (count * squares) : NAN;
}

/* The mean over all windows of so many seconds, one after the other (RFC 8868, fairness). */
static double jain_over(const struct bwe_sim_run *run, double window_s)
{
    double sum = 0, from_s = share_from(run), end_s = run->scenario->seconds;
    unsigned windows = 0;
    for (unsigned i = 0; i < forward_flows(run); i++)
        end_s = fmin(end_s, end_of(run, i));
    for (; from_s + window_s <= end_s; from_s += window_s, windows++)
        sum += jain_between(run, from_s, from_s + window_s);
    return windows > 0 ? sum / windows : NAN;
}

/* The least of the media flows' rates over its fair share; short TCP flows count as one. */
static double media_share(const struct bwe_sim_run *run)
{
    double least = INFINITY, from_s = share_from(run);
    unsigned sharers = forward_flows(run) + (run->scenario->tcp_count > 0);
    for (unsigned i = 0; i < forward_flows(run); i++) {
        double fair_bps =
            bwe_sim_capacity_at(&run->link.capacity, (int64_t)(from_s * 1e6)) / sharers;
        fair_bps = fmin(fair_bps, run->flows[i].config.max_bps);
        double bps = bwe_sim_measure_bps(&run->measure, i, from_s, end_of(run, i));
        least = fmin(least, bps / fair_bps);
    }
    return least;
}

static double least_kbps(const struct bwe_sim_run *run)
{
    double least = INFINITY;
    for (unsigned i = 0; i < forward_flows(run); i++) {
        unsigned from_s = (unsigned)run->flows[i].config.start_s + LEAST_SETTLE;
        for (; from_s + LEAST_S <= end_of(run, i); from_s++)
            least = fmin(least, bwe_sim_measure_bps(&run->measure, i, from_s, from_s + LEAST_S));
    }
    return least / 1000;
}

/* What is sent beside media, of all that is sent. */
static void judge_overhead(const struct bwe_sim_run *run, double *values)
{
    uint64_t padding = 0, repairs = 0, all = 0;
    bool has_repairs = false;
    for (unsigned i = 0; i < forward_flows(run); i++) {
        const struct bwe_sim_flow_measure *flow = &run->measure.flows[i];
        has_repairs = has_repairs || run->flows[i].config.has_repairs;
        padding += flow->padding_bytes;
        repairs += flow->repair_bytes;
        all += flow->media_bytes + flow->repair_bytes + flow->padding_bytes;
    }
    values[BWE_SIM_OVERHEAD] = all > 0 ? 100.0 * (double)padding / (double)all : NAN;
    values[BWE_SIM_REPAIRS] = has_repairs ? 100.0 * (double)repairs / (double)all : NAN;
}

/* RFC 8868: loss after repair. */
static double unrepaired(const struct bwe_sim_run *run)
{
    uint64_t packets = 0, missing = 0;
    for (unsigned i = 0; i < forward_flows(run); i++) {
        const struct bwe_sim_flow_measure *flow = &run->measure.flows[i];
        if (!run->flows[i].config.has_repairs)
            continue;
        packets += flow->video_packets;
        missing += flow->video_lost - flow->video_repaired;
    }
    return packets > 0 ? 100.0 * (double)missing / (double)packets : NAN;
}

static double seconds_of(int64_t at_us, double otherwise_s)
{
    return at_us > 0 ? (double)at_us / 1e6 : otherwise_s;
}

static void judge_conference(const struct bwe_sim_run *run, double *values)
{
    const struct bwe_sim_flow *flow = &run->flows[0];
    double never_s = run->scenario->seconds, from_s = run->scenario->event_s;
    values[BWE_SIM_ESTIMATE] = values[BWE_SIM_FULL] = values[BWE_SIM_UPS] = NAN;
    values[BWE_SIM_RETURN] = NAN;
    if (flow->config.kind != BWE_SIM_CONFERENCE)
        return;
    values[BWE_SIM_ESTIMATE] = seconds_of(flow->estimate_us, never_s);
    values[BWE_SIM_FULL] = seconds_of(flow->full_us, never_s);
    values[BWE_SIM_RETURN] = seconds_of(flow->return_us, never_s) - from_s;
    values[BWE_SIM_UPS] = flow->source.conference.ups;
}

static void judge_fairness(const struct bwe_sim_run *run, double *values)
{
    bool is_shared = forward_flows(run) > 1;
    values[BWE_SIM_JAIN] = is_shared ? jain_between(run, share_from(run), INFINITY) : NAN;
    values[BWE_SIM_JAIN_1S] = is_shared ? jain_over(run, 1) : NAN;
    values[BWE_SIM_JAIN_5S] = is_shared ? jain_over(run, 5) : NAN;
    values[BWE_SIM_JAIN_20S] = is_shared ? jain_over(run, 20) : NAN;
}

void bwe_sim_judge(const struct bwe_sim_run *run, struct bwe_sim_result *result)
{
    const struct bwe_sim_measure *measure = &run->measure;
    const struct bwe_sim_scenario *scenario = run->scenario;
    double *values = result->values;
    double from_s = (double)measure->window_from_us / 1e6,
           to_s = (double)measure->window_to_us / 1e6;
    result->delays = measure->delays;
    values[BWE_SIM_P50] = bwe_sim_delays_quantile(&measure->delays, 0.50);
    values[BWE_SIM_P95] = bwe_sim_delays_quantile(&measure->delays, 0.95);
    values[BWE_SIM_P99] = bwe_sim_delays_quantile(&measure->delays, 0.99);
    values[BWE_SIM_LOSS] = measure->window_packets > 0 ? 100.0 * (double)measure->window_dropped /
                                                             (double)measure->window_packets
                                                       : 0;
    values[BWE_SIM_USE] = use_between(run, from_s, to_s);
    judge_stages(run, result);
    values[BWE_SIM_T90] =
        scenario->event_s > 0 ? time_to_90(run, scenario->event_s, scenario->seconds) : NAN;
    values[BWE_SIM_ABOVE] =
        scenario->event_s > 0
            ? fmax(seconds_of(measure->last_above_us, scenario->event_s) - scenario->event_s, 0)
            : NAN;
    judge_overhead(run, values);
    values[BWE_SIM_SHARE] = media_share(run);
    values[BWE_SIM_LEAST] = least_kbps(run);
    values[BWE_SIM_FEEDBACK] = 8e-3 * (double)measure->flows[0].feedback_bytes / scenario->seconds;
    values[BWE_SIM_REPORTING] = 100.0 * (double)measure->flows[0].feedback_bytes /
                                fmax((double)measure->flows[0].media_bytes, 1);
    values[BWE_SIM_LOST] =
        100.0 * (double)measure->window_lost / fmax((double)measure->window_packets, 1);
    values[BWE_SIM_UNREPAIRED] = unrepaired(run);
    values[BWE_SIM_TURNS] = bwe_sim_oscillations(run);
    judge_fairness(run, values);
    judge_conference(run, values);
}
