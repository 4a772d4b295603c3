/* Token buckets and the table of addresses. */
#include "signalling/limit.h"

#include <string.h>

#define MILLI 1000u

void signalling_bucket_init(struct signalling_bucket *bucket, struct signalling_rate rate,
                            uint64_t now_ms)
{
    bucket->filled_ms = now_ms;
    bucket->level_milli = (uint64_t)rate.burst * MILLI;
}

/* per_second tokens in 1000 ms are per_second thousandths in one. */
static void refill(struct signalling_bucket *bucket, struct signalling_rate rate, uint64_t now_ms)
{
    uint64_t full = (uint64_t)rate.burst * MILLI;
    uint64_t passed_ms = now_ms > bucket->filled_ms ? now_ms - bucket->filled_ms : 0;

    if (passed_ms >= full / rate.per_second + 1)
        bucket->level_milli = full;
    else
        bucket->level_milli += passed_ms * rate.per_second;
    if (bucket->level_milli > full)
        bucket->level_milli = full;
    bucket->filled_ms += passed_ms;
}

uint64_t signalling_bucket_take(struct signalling_bucket *bucket, struct signalling_rate rate,
                                unsigned cost, uint64_t now_ms)
{
    uint64_t wanted = (uint64_t)(cost < rate.burst ? cost : rate.burst) * MILLI;

    if (rate.per_second == 0)
        return 0;
    refill(bucket, rate, now_ms);
    if (bucket->level_milli < wanted)
        return (wanted - bucket->level_milli + rate.per_second - 1) / rate.per_second;
    bucket->level_milli -= wanted;
    return 0;
}

void signalling_limit_init(struct signalling_limit *limit,
                           const struct signalling_limit_config *config, uint64_t seed)
{
    memset(limit, 0, sizeof(*limit));
    limit->config = *config;
    limit->seed = seed;
}

/* An IPv4 address as it is, of an IPv6 address the /64. */
static void key_of(const struct signalling_ip *ip, uint8_t key[16])
{
    memcpy(key, ip->bytes, 16);
    if (!signalling_ip_is_v4(ip))
        memset(key + 8, 0, 8);
}

/* Multiply and fold with a secret seed: enough to spread over sets, whose size is fixed anyway. */
static size_t set_of(const struct signalling_limit *limit, const uint8_t key[16])
{
    uint64_t hash = limit->seed;

    for (size_t i = 0; i < 16; i++) {
        hash = (hash ^ key[i]) * 0x9e3779b97f4a7c15u; /* 2^64 / golden ratio */
        hash ^= hash >> 29;
    }
    return (size_t)(hash % SIGNALLING_LIMIT_SETS);
}

static struct signalling_limit_entry *find(struct signalling_limit_entry *set,
                                           const uint8_t key[16])
{
    for (size_t i = 0; i < SIGNALLING_LIMIT_WAYS; i++)
        if (set[i].is_used && memcmp(set[i].key, key, 16) == 0)
            return &set[i];
    return NULL;
}

/* A free entry, else the one without connections that was unused longest; NULL: all have some. */
static struct signalling_limit_entry *find_recyclable(struct signalling_limit_entry *set)
{
    struct signalling_limit_entry *oldest = NULL;

    for (size_t i = 0; i < SIGNALLING_LIMIT_WAYS; i++) {
        if (!set[i].is_used)
            return &set[i];
        if (set[i].connections == 0 && (!oldest || set[i].used_ms < oldest->used_ms))
            oldest = &set[i];
    }
    return oldest;
}

static struct signalling_limit_entry *entry_of(struct signalling_limit *limit,
                                               const struct signalling_ip *ip, uint64_t now_ms)
{
    struct signalling_limit_entry *set, *entry;
    uint8_t key[16];

    key_of(ip, key);
    set = limit->entries[set_of(limit, key)];
    entry = find(set, key);
    if (entry)
        return entry;
    entry = find_recyclable(set);
    if (!entry)
        return NULL;
    *entry = (struct signalling_limit_entry){.is_used = true, .used_ms = now_ms};
    memcpy(entry->key, key, 16);
    signalling_bucket_init(&entry->bucket, limit->config.rate, now_ms);
    return entry;
}

enum signalling_limit_verdict signalling_limit_admit(struct signalling_limit *limit,
                                                     const struct signalling_ip *ip,
                                                     uint64_t now_ms, uint64_t *retry_ms)
{
    struct signalling_limit_entry *entry = entry_of(limit, ip, now_ms);
    uint64_t wait_ms;

    if (!entry) {
        limit->untracked++;
        return SIGNALLING_LIMIT_ADMITTED;
    }
    entry->used_ms = now_ms;
    if (limit->config.connections > 0 && entry->connections >= limit->config.connections)
        return SIGNALLING_LIMIT_CONNECTIONS;
    wait_ms = signalling_bucket_take(&entry->bucket, limit->config.rate, 1, now_ms);
    if (wait_ms == 0)
        return SIGNALLING_LIMIT_ADMITTED;
    *retry_ms = wait_ms;
    return SIGNALLING_LIMIT_RATE;
}

struct signalling_limit_entry *signalling_limit_hold(struct signalling_limit *limit,
                                                     const struct signalling_ip *ip,
                                                     uint64_t now_ms)
{
    struct signalling_limit_entry *entry = entry_of(limit, ip, now_ms);

    if (entry)
        entry->connections++;
    return entry;
}

void signalling_limit_release(struct signalling_limit_entry *entry, uint64_t now_ms)
{
    if (!entry)
        return;
    entry->connections--;
    entry->used_ms = now_ms;
}
