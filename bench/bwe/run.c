/* The event loop: the flow whose next event is first goes on. */
#include "bench/bwe/scenario.h"

#include <math.h>
#include <string.h>

#define SEED_FLOW 1000003
#define SEED_TCP  7919

static void init_link(struct bwe_sim_link *link, const struct bwe_sim_scenario *scenario,
                      const struct bwe_sim_capacity *capacity, uint64_t seed)
{
    link->capacity = *capacity;
    while (link->capacity.count < BWE_SIM_STEPS_MAX &&
           (link->capacity.count == 0 || link->capacity.steps[link->capacity.count].at_s > 0))
        link->capacity.count++;
    link->queue_limit_us = (int64_t)(1000 * scenario->queue_ms);
    link->loss = scenario->loss;
    link->random.state = seed;
}

static void init_flows(struct bwe_sim_run *run, const struct bwe_sim_subject *subject,
                       uint64_t seed)
{
    const struct bwe_sim_scenario *scenario = run->scenario;
    bool has_back = scenario->back_capacity.steps[0].mbps > 0;
    for (unsigned i = 0; i < scenario->flow_count; i++) {
        struct bwe_sim_flow *flow = &run->flows[i];
        struct bwe_sim_flow_config config = scenario->flows[i];
        bool is_back = scenario->back_flow > 0 && i >= scenario->back_flow;
        if (config.end_s <= 0)
            config.end_s = scenario->seconds;
        if (config.max_bps <= 0)
            config.max_bps = BWE_SIM_VIDEO_MAX + BWE_SIM_AUDIO_BPS;
        if (config.one_way_ms <= 0)
            config.one_way_ms = 50;
        config.jitter_ms = subject->is_smooth ? 0 : scenario->jitter_ms;
        config.event_s = scenario->event_s;
        flow->index = i;
        flow->link = is_back ? &run->back : &run->link;
        flow->back = !has_back ? NULL : is_back ? &run->link : &run->back;
        flow->measure = is_back ? &run->back_measure : &run->measure;
        bwe_sim_flow_init(flow, &config, &subject->tuning, seed + (i + 1) * SEED_FLOW);
    }
}

static void init_tcp(struct bwe_sim_run *run, uint64_t seed)
{
    const struct bwe_sim_scenario *scenario = run->scenario;
    for (unsigned i = 0; i < scenario->tcp_count; i++) {
        struct bwe_sim_tcp *tcp = &run->tcp[i];
        struct bwe_sim_tcp_config config = scenario->tcp;
        config.starts_idle = config.is_short && i >= scenario->tcp_started;
        tcp->link = &run->link;
        tcp->measure = &run->measure;
        tcp->index = scenario->flow_count; /* all of them together */
        bwe_sim_tcp_init(tcp, &config, seed + (i + 1) * SEED_TCP);
    }
}

/* Run the earliest event. Returns false when all flows have ended. */
static bool step(struct bwe_sim_run *run, int64_t *now_us)
{
    int64_t first_us = INT64_MAX;
    unsigned first = 0, flow_count = run->scenario->flow_count;
    for (unsigned i = 0; i < flow_count + run->scenario->tcp_count; i++) {
        int64_t next_us = i < flow_count ? bwe_sim_flow_next(&run->flows[i])
                                         : bwe_sim_tcp_next(&run->tcp[i - flow_count]);
        if (next_us < first_us) {
            first_us = next_us;
            first = i;
        }
    }
    if (first_us == INT64_MAX)
        return false;
    if (first_us > *now_us)
        *now_us = first_us;
    if (first < flow_count)
        bwe_sim_flow_run(&run->flows[first], *now_us);
    else
        bwe_sim_tcp_run(&run->tcp[first - flow_count], *now_us);
    return true;
}

void bwe_sim_run(struct bwe_sim_run *run, const struct bwe_sim_scenario *scenario,
                 const struct bwe_sim_subject *subject, uint64_t seed)
{
    int64_t now_us = 0;
    memset(run, 0, sizeof(*run));
    run->scenario = scenario;
    init_link(&run->link, scenario, &scenario->capacity, seed * 31 + 1);
    init_link(&run->back, scenario, &scenario->back_capacity, seed * 31 + 2);
    double to_s = scenario->window_to_s > 0 ? scenario->window_to_s : scenario->seconds;
    run->measure.window_from_us = (int64_t)(scenario->window_from_s * 1e6);
    run->measure.window_to_us = (int64_t)(to_s * 1e6);
    init_flows(run, subject, seed);
    init_tcp(run, seed);
    while (step(run, &now_us))
        ;
}

double bwe_sim_flow_seconds(const struct bwe_sim_scenario *scenario)
{
    double seconds = 0;
    for (unsigned i = 0; i < scenario->flow_count; i++) {
        double end_s = scenario->flows[i].end_s > 0 ? scenario->flows[i].end_s : scenario->seconds;
        seconds += end_s - scenario->flows[i].start_s;
    }
    return seconds;
}
