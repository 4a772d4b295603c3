/* Rules are few: the newest that fits is looked for each time. */
#include "bench/bubbles/link.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bubbles/clock.h"

#define LINE_BYTES  256
#define OVERHEAD    28 /* IPv4 and UDP, which take their time on a wire, too */
#define US_PER_MS   1000
#define SEATS_LIMIT 1000

static int take_number(const char *text, double max, double *out)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value) || value < 0 || value > max)
        return -1;
    *out = value;
    return 0;
}

/* KEY=VALUE. */
static int take_pair(struct bubbles_link_rule *rule, const char *word)
{
    double value;
    if (strncmp(word, "rate=", 5) == 0 && take_number(word + 5, 1e7, &value) == 0)
        rule->rate_bps = value * 1000;
    else if (strncmp(word, "queue=", 6) == 0 && take_number(word + 6, 1e5, &value) == 0)
        rule->queue_us = (int64_t)(value * US_PER_MS);
    else if (strncmp(word, "delay=", 6) == 0 && take_number(word + 6, 1e5, &value) == 0)
        rule->delay_us = (int64_t)(value * US_PER_MS);
    else if (strncmp(word, "jitter=", 7) == 0 && take_number(word + 7, 1e5, &value) == 0)
        rule->jitter_us = (int64_t)(value * US_PER_MS);
    else if (strncmp(word, "loss=", 5) == 0 && take_number(word + 5, 100, &value) == 0)
        rule->loss = value / 100;
    else
        return -1;
    return 0;
}

/* The three words that each rule begins with. */
static int take_head(struct bubbles_link_rule *rule, const char *word, unsigned index)
{
    double value;
    if (index == 0) {
        if (take_number(word, 1e6, &value))
            return -1;
        rule->at_us = (int64_t)(value * BUBBLES_US_PER_S);
    } else if (index == 1) {
        if (strcmp(word, "who=*") == 0)
            rule->seat = -1;
        else if (strncmp(word, "who=", 4) == 0 && take_number(word + 4, SEATS_LIMIT, &value) == 0)
            rule->seat = (int)value;
        else
            return -1;
    } else {
        if (strcmp(word, "up") != 0 && strcmp(word, "down") != 0)
            return -1;
        rule->direction = word[0] == 'u' ? BUBBLES_UP : BUBBLES_DOWN;
    }
    return 0;
}

static void insert(struct bubbles_link_script *script, const struct bubbles_link_rule *rule)
{
    unsigned at = script->count++;
    for (; at > 0 && script->rules[at - 1].at_us > rule->at_us; at--)
        script->rules[at] = script->rules[at - 1];
    script->rules[at] = *rule;
}

int bubbles_link_script_add(struct bubbles_link_script *script, const char *line)
{
    char copy[LINE_BYTES], *rest = NULL;
    struct bubbles_link_rule rule = {.queue_us = BUBBLES_LINK_QUEUE_MS * US_PER_MS};
    unsigned index = 0;
    if ((size_t)snprintf(copy, sizeof(copy), "%s", line) >= sizeof(copy))
        return -1;
    copy[strcspn(copy, "#\r\n")] = '\0';
    for (char *word = strtok_r(copy, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
        if (index < 3 ? take_head(&rule, word, index) : take_pair(&rule, word))
            return -1;
        index++;
    }
    if (index == 0)
        return 0;
    if (index < 3 || script->count == BUBBLES_LINK_RULES)
        return -1;
    insert(script, &rule);
    return 1;
}

static bool fits(const struct bubbles_link_rule *rule, unsigned seat)
{
    return rule->seat < 0 || rule->seat == (int)seat;
}

bool bubbles_link_script_concerns(const struct bubbles_link_script *script, unsigned seat)
{
    for (unsigned i = 0; i < script->count; i++)
        if (fits(&script->rules[i], seat))
            return true;
    return false;
}

static const struct bubbles_link_rule *find(const struct bubbles_link *link, int64_t now_us)
{
    for (unsigned i = link->script->count; i-- > 0;) {
        const struct bubbles_link_rule *rule = &link->script->rules[i];
        if (rule->at_us <= now_us && rule->direction == link->direction && fits(rule, link->seat))
            return rule;
    }
    return NULL;
}

/* Evenly from 0 up to, but without, 1. */
static double chance(struct bubbles_link *link)
{
    return (double)(bubbles_random(&link->seed) >> 11) / 9007199254740992.0;
}

int64_t bubbles_link_offer(struct bubbles_link *link, size_t len, int64_t now_us)
{
    const struct bubbles_link_rule *rule = find(link, now_us);
    int64_t out_us = now_us;
    if (rule && rule->loss > 0 && chance(link) < rule->loss) {
        link->lost++;
        return -1;
    }
    if (rule && rule->rate_bps > 0) {
        int64_t start_us = link->busy_us > now_us ? link->busy_us : now_us;
        if (start_us - now_us > rule->queue_us) {
            link->overflowed++;
            return -1;
        }
        out_us = start_us + (int64_t)((double)(len + OVERHEAD) * 8 * 1e6 / rule->rate_bps);
        link->busy_us = out_us;
    }
    if (rule)
        out_us += rule->delay_us + (int64_t)(chance(link) * (double)rule->jitter_us);
    if (out_us < link->last_us)
        out_us = link->last_us;
    link->last_us = out_us;
    return out_us;
}
