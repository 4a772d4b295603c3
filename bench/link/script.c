/* Rules are few: the newest that fits is looked for each time. */
#include "bench/link/script.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES        256
#define US_PER_MS         1000
#define US_PER_S          1000000
#define SEATS_LIMIT       1000
#define BURST_PACKETS     5
#define QUEUE_DEFAULT     (-1)
#define QUEUE_LIMIT_BYTES 1e9

static int take_number(const char *text, double max, double *out)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value) || value < 0 || value > max)
        return -1;
    *out = value;
    return 0;
}

static int take_ms(const char *text, int64_t *out_us)
{
    double value;
    if (take_number(text, 1e5, &value))
        return -1;
    *out_us = (int64_t)(value * US_PER_MS);
    return 0;
}

static int take_percent(const char *text, double *out)
{
    double value;
    if (take_number(text, 100, &value))
        return -1;
    *out = value / 100;
    return 0;
}

static int take_rate(const char *text, double *out_bps)
{
    double value;
    if (take_number(text, 1e7, &value))
        return -1;
    *out_bps = value * 1000;
    return 0;
}

/* Its mean length is 1 / the chance that it ends behind a packet. */
static int take_burst_packets(const char *text, double *out_end)
{
    double value;
    if (take_number(text, 1e6, &value) || value < 1)
        return -1;
    *out_end = 1 / value;
    return 0;
}

static int take_switch(const char *text, bool *out)
{
    if ((text[0] != '0' && text[0] != '1') || text[1])
        return -1;
    *out = text[0] == '1';
    return 0;
}

static int take_seat(const char *text, int *out)
{
    double value;
    if (strcmp(text, "*") == 0) {
        *out = -1;
        return 0;
    }
    if (take_number(text, SEATS_LIMIT, &value) || value != floor(value))
        return -1;
    *out = (int)value;
    return 0;
}

static int take_pair(struct link_rule *rule, const char *key, const char *value)
{
    if (strcmp(key, "rate") == 0)
        return take_rate(value, &rule->rate_bps);
    if (strcmp(key, "queue") == 0)
        return take_ms(value, &rule->queue_us);
    if (strcmp(key, "queue-bytes") == 0)
        return take_number(value, QUEUE_LIMIT_BYTES, &rule->queue_bytes);
    if (strcmp(key, "delay") == 0)
        return take_ms(value, &rule->delay_us);
    if (strcmp(key, "jitter") == 0)
        return take_ms(value, &rule->jitter_us);
    if (strcmp(key, "overtake") == 0)
        return take_switch(value, &rule->may_overtake);
    if (strcmp(key, "loss") == 0)
        return take_percent(value, &rule->loss);
    if (strcmp(key, "burst") == 0)
        return take_percent(value, &rule->burst);
    if (strcmp(key, "burst-packets") == 0)
        return take_burst_packets(value, &rule->burst_end);
    if (strcmp(key, "duplicate") == 0)
        return take_percent(value, &rule->duplicate);
    return -1;
}

/* @return its bits: 1 << LINK_UP, 1 << LINK_DOWN; 0: not a direction */
static unsigned take_directions(const char *word)
{
    static const char *const words[] = {"", "up", "down", "both"};
    for (unsigned i = 1; i < sizeof(words) / sizeof(*words); i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    return 0;
}

/* A line in its parts. */
struct line {
    struct link_rule rule;
    bool has_time;
    unsigned directions; /* bits; 0: not named yet */
};

static int take_word(struct line *line, char *word)
{
    double at_s;
    char *value = strchr(word, '=');
    if (!line->has_time) {
        if (take_number(word, 1e6, &at_s))
            return -1;
        line->rule.at_us = (int64_t)(at_s * US_PER_S);
        line->has_time = true;
        return 0;
    }
    if (value)
        *value++ = '\0';
    if (!line->directions && value)
        return strcmp(word, "who") == 0 ? take_seat(value, &line->rule.seat) : -1;
    if (!line->directions)
        return (line->directions = take_directions(word)) ? 0 : -1;
    return value ? take_pair(&line->rule, word, value) : -1;
}

static void insert(struct link_script *script, const struct link_rule *rule)
{
    unsigned at = script->count++;
    for (; at > 0 && script->rules[at - 1].at_us > rule->at_us; at--)
        script->rules[at] = script->rules[at - 1];
    script->rules[at] = *rule;
}

static int insert_line(struct link_script *script, struct line *line)
{
    struct link_rule *rule = &line->rule;
    if (!line->directions || script->count + 2 > LINK_RULES)
        return -1;
    if (rule->queue_us == QUEUE_DEFAULT)
        rule->queue_us = rule->queue_bytes > 0 ? INT64_MAX : LINK_QUEUE_MS * US_PER_MS;
    for (int i = LINK_UP; i <= LINK_DOWN; i++) {
        rule->direction = (enum link_direction)i;
        if (line->directions & 1u << i)
            insert(script, rule);
    }
    return 1;
}

int link_script_add(struct link_script *script, const char *text)
{
    char copy[LINE_BYTES], *rest = NULL;
    struct line line = {
        .rule = {.seat = -1, .queue_us = QUEUE_DEFAULT, .burst_end = 1.0 / BURST_PACKETS}};
    if ((size_t)snprintf(copy, sizeof(copy), "%s", text) >= sizeof(copy))
        return -1;
    copy[strcspn(copy, "#\r\n")] = '\0';
    for (char *word = strtok_r(copy, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest))
        if (take_word(&line, word))
            return -1;
    return line.has_time ? insert_line(script, &line) : 0;
}

int link_script_read(struct link_script *script, const char *path, char *error, size_t error_cap)
{
    char line[2 * LINE_BYTES];
    unsigned number = 0;
    int result = 0;
    FILE *file = fopen(path, "r");
    if (!file) {
        snprintf(error, error_cap, "%s: %s", path, strerror(errno));
        return -1;
    }
    while (result >= 0 && fgets(line, sizeof(line), file)) {
        number++;
        result = link_script_add(script, line);
    }
    fclose(file);
    if (result < 0)
        snprintf(error, error_cap, "%s, line %u: not understood, see --help", path, number);
    return result < 0 ? -1 : 0;
}

static bool fits(const struct link_rule *rule, unsigned seat)
{
    return rule->seat < 0 || rule->seat == (int)seat;
}

bool link_script_concerns(const struct link_script *script, unsigned seat)
{
    for (unsigned i = 0; i < script->count; i++)
        if (fits(&script->rules[i], seat))
            return true;
    return false;
}

const struct link_rule *link_script_find(const struct link_script *script, unsigned seat,
                                         enum link_direction direction, int64_t at_us,
                                         int64_t *until_us)
{
    const struct link_rule *found = NULL;
    *until_us = INT64_MAX;
    for (unsigned i = 0; i < script->count; i++) {
        const struct link_rule *rule = &script->rules[i];
        if (rule->direction != direction || !fits(rule, seat))
            continue;
        if (rule->at_us > at_us) {
            *until_us = rule->at_us;
            break;
        }
        found = rule;
    }
    return found;
}
