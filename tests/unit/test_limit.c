/*
 * Token buckets with time as a column, and the table of addresses under attack.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signalling/limit.h"

#define PLACES (SIGNALLING_LIMIT_SETS * SIGNALLING_LIMIT_WAYS)

static struct signalling_ip ip_of(const char *text)
{
    struct signalling_ip ip;

    assert_true(signalling_ip_parse(text, strlen(text), &ip));
    return ip;
}

/* A rate of 10 a second, 5 at once. */
static const struct {
    uint64_t now_ms;
    unsigned cost;
    uint64_t wait_ms; /* 0: taken */
} takes[] = {
    {1000, 1, 0},       {1000, 1, 0},         {1000, 1, 0},
    {1000, 1, 0},       {1000, 1, 0},         {1000, 1, 100}, /* the burst is used up */
    {1000, 3, 300},     {1050, 1, 50},                        /* half a token */
    {1099, 1, 1},       {1100, 1, 0},         {1100, 1, 100},
    {1500, 4, 0},       {1500, 1, 100}, /* four came in 400 ms */
    {900, 1, 100},      {1400, 1, 100}, /* a clock that steps back gives nothing */
    {1600, 1, 0},       {9000, 5, 0},   /* full again, not more */
    {9000, 1, 100},     {9100, 9, 400}, /* more than the burst waits for a full one */
    {9499, 9, 1},       {9500, 9, 0},         {9500, 1, 100},
    {1ull << 60, 5, 0}, {1ull << 60, 1, 100},
};

static void buckets_fill_with_time(void **state)
{
    const struct signalling_rate rate = {10, 5};
    struct signalling_bucket bucket;

    (void)state;
    signalling_bucket_init(&bucket, rate, 1000);
    for (size_t i = 0; i < sizeof(takes) / sizeof(takes[0]); i++) {
        uint64_t wait_ms = signalling_bucket_take(&bucket, rate, takes[i].cost, takes[i].now_ms);

        if (wait_ms != takes[i].wait_ms)
            fail_msg("row %zu: %llu ms, not %llu", i, (unsigned long long)wait_ms,
                     (unsigned long long)takes[i].wait_ms);
    }
}

/* Whoever waits as told is served, at any rate. */
static void waiting_as_told_helps(void **state)
{
    static const unsigned rates[] = {1, 3, 7, 50, 999, 1000, 1001, 100000};

    (void)state;
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        const struct signalling_rate rate = {rates[i], 2};
        struct signalling_bucket bucket;
        uint64_t now_ms = 5;

        signalling_bucket_init(&bucket, rate, now_ms);
        for (int take = 0; take < 100; take++) {
            uint64_t wait_ms = signalling_bucket_take(&bucket, rate, 1, now_ms);

            now_ms += wait_ms;
            if (wait_ms > 0)
                assert_int_equal(signalling_bucket_take(&bucket, rate, 1, now_ms), 0);
        }
    }
}

static void no_rate_is_no_limit(void **state)
{
    const struct signalling_rate rate = {0, 0};
    struct signalling_bucket bucket;

    (void)state;
    signalling_bucket_init(&bucket, rate, 0);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(signalling_bucket_take(&bucket, rate, 1000, 0), 0);
}

enum action { OPEN, CLOSE };

/* At most 3 connections, 2 new ones a second, 4 at once. CLOSE ends the oldest of the address. */
static const struct {
    uint64_t now_ms;
    const char *address;
    enum action action;
    enum signalling_limit_verdict verdict;
    uint64_t retry_ms;
} events[] = {
    {0, "192.0.2.1", OPEN, SIGNALLING_LIMIT_ADMITTED, 0},
    {0, "192.0.2.1", OPEN, SIGNALLING_LIMIT_ADMITTED, 0},
    {0, "::ffff:192.0.2.1", OPEN, SIGNALLING_LIMIT_ADMITTED, 0},
    {0, "192.0.2.1", OPEN, SIGNALLING_LIMIT_CONNECTIONS, 0},
    {0, "192.0.2.2", OPEN, SIGNALLING_LIMIT_ADMITTED, 0}, /* somebody else */
    {0, "192.0.2.1", CLOSE, 0, 0},
    {0, "192.0.2.1", OPEN, SIGNALLING_LIMIT_ADMITTED, 0},
    {0, "192.0.2.1", CLOSE, 0, 0},
    {0, "192.0.2.1", OPEN, SIGNALLING_LIMIT_RATE, 500},
    {400, "192.0.2.1", OPEN, SIGNALLING_LIMIT_RATE, 100},
    {500, "192.0.2.1", OPEN, SIGNALLING_LIMIT_ADMITTED, 0},
    {5000, "192.0.2.1", OPEN, SIGNALLING_LIMIT_CONNECTIONS, 0},
    /* one site */
    {5000, "2001:db8:1:2::1", OPEN, SIGNALLING_LIMIT_ADMITTED, 0},
    {5000, "2001:db8:1:2:ffff::1", OPEN, SIGNALLING_LIMIT_ADMITTED, 0},
    {5000, "2001:db8:1:2:3:4:5:6", OPEN, SIGNALLING_LIMIT_ADMITTED, 0},
    {5000, "2001:db8:1:2::7", OPEN, SIGNALLING_LIMIT_CONNECTIONS, 0},
    {5000, "2001:db8:1:3::1", OPEN, SIGNALLING_LIMIT_ADMITTED, 0}, /* its neighbour */
};

#define EVENTS (sizeof(events) / sizeof(events[0]))

static void addresses_are_limited(void **state)
{
    const struct signalling_limit_config config = {.connections = 3, .rate = {2, 4}};
    struct signalling_limit *limit = malloc(sizeof(*limit));
    struct signalling_limit_entry *held[EVENTS] = {NULL};

    (void)state;
    signalling_limit_init(limit, &config, 7);
    for (size_t i = 0; i < EVENTS; i++) {
        struct signalling_ip ip = ip_of(events[i].address);
        uint64_t retry_ms = 0;
        enum signalling_limit_verdict verdict;

        if (events[i].action == CLOSE) {
            size_t j = 0;

            while (!held[j] || strcmp(events[j].address, events[i].address) != 0)
                j++;
            signalling_limit_release(held[j], events[i].now_ms);
            held[j] = NULL;
            continue;
        }
        verdict = signalling_limit_admit(limit, &ip, events[i].now_ms, &retry_ms);
        if (verdict != events[i].verdict || retry_ms != events[i].retry_ms)
            fail_msg("row %zu: %d, %llu ms", i, verdict, (unsigned long long)retry_ms);
        if (verdict == SIGNALLING_LIMIT_ADMITTED)
            held[i] = signalling_limit_hold(limit, &ip, events[i].now_ms);
    }
    assert_int_equal(limit->untracked, 0);
    free(limit);
}

static struct signalling_ip nth_site(uint32_t n)
{
    struct signalling_ip ip = ip_of("2001:db8::");

    for (int i = 0; i < 4; i++)
        ip.bytes[4 + i] = (uint8_t)(n >> (8 * (3 - i)));
    return ip;
}

/* A hundred times more addresses than places, one after the other: all are admitted, none is left.
 */
static void addresses_without_connections_give_way(void **state)
{
    const struct signalling_limit_config config = {.connections = 1, .rate = {1, 1}};
    struct signalling_limit *limit = malloc(sizeof(*limit));
    uint64_t retry_ms;

    (void)state;
    signalling_limit_init(limit, &config, 7);
    for (uint32_t n = 0; n < 100 * PLACES; n++) {
        struct signalling_ip ip = nth_site(n);

        assert_int_equal(signalling_limit_admit(limit, &ip, n, &retry_ms),
                         SIGNALLING_LIMIT_ADMITTED);
        signalling_limit_release(signalling_limit_hold(limit, &ip, n), n);
    }
    assert_int_equal(limit->untracked, 0);
    free(limit);
}

/* Live ones stay whatever comes; who finds no place is let in, and counted. */
static void a_full_table_lets_in(void **state)
{
    const struct signalling_limit_config config = {.connections = 1, .rate = {1000, 1000}};
    struct signalling_limit *limit = malloc(sizeof(*limit));
    struct signalling_ip first = ip_of("192.0.2.1");
    struct signalling_limit_entry *mine, *theirs;
    uint64_t retry_ms;
    unsigned held = 0;

    (void)state;
    signalling_limit_init(limit, &config, 7);
    mine = signalling_limit_hold(limit, &first, 0);
    assert_non_null(mine);
    for (uint32_t n = 0; n < 10 * PLACES; n++) {
        struct signalling_ip ip = nth_site(n);

        assert_int_equal(signalling_limit_admit(limit, &ip, n, &retry_ms),
                         SIGNALLING_LIMIT_ADMITTED);
        theirs = signalling_limit_hold(limit, &ip, n);
        held += theirs != NULL;
        signalling_limit_release(theirs ? NULL : theirs, n); /* NULL is harmless */
    }
    assert_int_equal(held, PLACES - 1); /* every place is used: the hash spreads */
    assert_int_equal(limit->untracked, 9 * PLACES + 1);
    assert_int_equal(signalling_limit_admit(limit, &first, 1000000, &retry_ms),
                     SIGNALLING_LIMIT_CONNECTIONS);
    signalling_limit_release(mine, 1000001);
    assert_int_equal(signalling_limit_admit(limit, &first, 1000002, &retry_ms),
                     SIGNALLING_LIMIT_ADMITTED);
    free(limit);
}

/* With another seed other addresses meet: nobody can prepare a set of them. */
static void the_seed_decides_who_meets(void **state)
{
    const struct signalling_limit_config config = {.connections = 1, .rate = {0, 0}};
    struct signalling_limit *limits[2] = {malloc(sizeof(*limits[0])), malloc(sizeof(*limits[0]))};
    unsigned same = 0;

    (void)state;
    for (int i = 0; i < 2; i++)
        signalling_limit_init(limits[i], &config, (uint64_t)i * 0x123456789abcdefu);
    for (uint32_t n = 0; n < 1000; n++) {
        struct signalling_ip ip = nth_site(n);
        size_t sets[2];

        for (int i = 0; i < 2; i++)
            sets[i] = (size_t)(signalling_limit_hold(limits[i], &ip, 0) - limits[i]->entries[0]) /
                      SIGNALLING_LIMIT_WAYS;
        same += sets[0] == sets[1];
    }
    assert_true(same < 20); /* about 2 by chance */
    free(limits[0]);
    free(limits[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_fill_with_time),
        cmocka_unit_test(waiting_as_told_helps),
        cmocka_unit_test(no_rate_is_no_limit),
        cmocka_unit_test(addresses_are_limited),
        cmocka_unit_test(addresses_without_connections_give_way),
        cmocka_unit_test(a_full_table_lets_in),
        cmocka_unit_test(the_seed_decides_who_meets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
