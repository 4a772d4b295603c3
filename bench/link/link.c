/* Between two changes of the script everything is linear. */
#include "bench/link/link.h"

#include "bench/bubbles/clock.h"

static const struct link_rule *find(const struct link *link, int64_t at_us, int64_t *until_us)
{
    const struct link_rule *rule = link_script_find(link->script, link->seat, link->direction,
                                                    at_us - link->began_us, until_us);
    if (*until_us != INT64_MAX)
        *until_us += link->began_us;
    return rule;
}

/* When so many bits have been carried, from a moment on. */
static int64_t carry(const struct link *link, int64_t at_us, double bits)
{
    for (;;) {
        int64_t until_us;
        const struct link_rule *rule = find(link, at_us, &until_us);
        if (!rule || rule->rate_bps <= 0)
            return at_us;
        double needed_us = bits * BUBBLES_US_PER_S / rule->rate_bps;
        if (needed_us <= (double)(until_us - at_us))
            return at_us + (int64_t)needed_us;
        bits -= (double)(until_us - at_us) * rule->rate_bps / BUBBLES_US_PER_S;
        at_us = until_us;
    }
}

/* The bits that wait: what is carried until the wire is free. */
static double waiting_bits(const struct link *link, int64_t now_us)
{
    double bits = 0;
    while (now_us < link->busy_us) {
        int64_t until_us;
        const struct link_rule *rule = find(link, now_us, &until_us);
        if (until_us > link->busy_us)
            until_us = link->busy_us;
        if (rule)
            bits += (double)(until_us - now_us) * rule->rate_bps / BUBBLES_US_PER_S;
        now_us = until_us;
    }
    return bits;
}

static bool is_full(const struct link *link, const struct link_rule *rule, size_t bytes,
                    int64_t now_us)
{
    if (link->busy_us - now_us > rule->queue_us)
        return true;
    return rule->queue_bytes > 0 &&
           waiting_bits(link, now_us) / 8 + (double)bytes > rule->queue_bytes;
}

static bool happens(struct link *link, double probability)
{
    return probability > 0 && bubbles_chance(&link->seed) < probability;
}

static bool is_lost(struct link *link, const struct link_rule *rule)
{
    if (happens(link, link->is_in_burst ? rule->burst_end : rule->burst))
        link->is_in_burst = !link->is_in_burst;
    return link->is_in_burst || happens(link, rule->loss);
}

static int64_t travel(struct link *link, const struct link_rule *rule, int64_t from_us)
{
    int64_t out_us = from_us;
    if (rule)
        out_us += rule->delay_us + (int64_t)(bubbles_chance(&link->seed) * (double)rule->jitter_us);
    if (rule && rule->may_overtake)
        return out_us;
    if (out_us < link->last_us)
        out_us = link->last_us;
    link->last_us = out_us;
    return out_us;
}

struct link_passage link_offer(struct link *link, size_t bytes, int64_t now_us)
{
    int64_t until_us, start_us = now_us;
    const struct link_rule *rule = find(link, now_us, &until_us);
    struct link_passage passage = {.fate = LINK_PASSES};
    if (rule && rule->rate_bps > 0) {
        if (is_full(link, rule, bytes, now_us))
            return (struct link_passage){.fate = LINK_OVERFLOWED};
        if (link->busy_us > now_us)
            start_us = link->busy_us;
        link->busy_us = carry(link, start_us, 8.0 * (double)bytes);
        passage.queue_us = start_us - now_us;
        start_us = link->busy_us;
    }
    if (rule && is_lost(link, rule)) {
        passage.fate = LINK_LOST;
        return passage;
    }
    passage.out_us[passage.copies++] = travel(link, rule, start_us);
    if (rule && happens(link, rule->duplicate))
        passage.out_us[passage.copies++] = travel(link, rule, start_us);
    return passage;
}
