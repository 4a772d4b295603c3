/* The parts together, over an ideal link: rates, losses, silence, fallback, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bwe/estimator.h"

#define BYTES     250
#define HISTORY   1024
#define MS        INT64_C(1000)
#define MESSAGE   256
#define PERIOD_US (INT64_C(64000) << 24) /* of the receiver's clock in feedback */

/* What docs/bandwidth.md says of memory. */
_Static_assert(sizeof(struct bwe_estimator) <= 2560, "an estimator takes up to 2.5 KiB");
_Static_assert(sizeof(struct bwe_sent[HISTORY]) == 8192, "a history of 1024 packets takes 8 KiB");

/* A path, 50 ms round trip, feedback every 50 ms; the sender sends at a rate. */
struct path {
    struct bwe_estimator estimator;
    struct bwe_sent ring[HISTORY];
    struct bwe_decision decision;
    uint16_t seq;
    int64_t now_us;
    int64_t clock_us; /* offset of the receiver's clock */
    int64_t delay_us;
    uint32_t capacity_bps; /* 0: no queue */
    int64_t free_us;       /* when the last packet has left the queue */
};

static void start(struct path *path, const struct bwe_tuning *tuning)
{
    memset(path, 0, sizeof(*path));
    path->now_us = 5000000;
    path->delay_us = 25000;
    const struct bwe_estimator_config config = {
        .tuning = tuning,
        .history = path->ring,
        .history_count = HISTORY,
        .min_bps = 50000,
        .start_bps = 300000,
        .max_bps = 4000000,
    };
    bwe_estimator_init(&path->estimator, &config, path->now_us);
}

/* @return when a packet has left the queue */
static int64_t queue(struct path *path, int64_t sent_us)
{
    if (!path->capacity_bps)
        return sent_us;
    int64_t begun_us = sent_us > path->free_us ? sent_us : path->free_us;
    path->free_us = begun_us + BYTES * INT64_C(8000000) / path->capacity_bps;
    return path->free_us;
}

/* Fifty milliseconds of packets, and the feedback about those of the fifty before. */
static void round_trip(struct path *path, uint32_t bps, unsigned lost_percent)
{
    struct bwe_feedback_entry entries[MESSAGE];
    size_t count = bps / 8 / 20 / BYTES;
    for (size_t i = 0; i < count && i < MESSAGE; i++) {
        int64_t sent_us = path->now_us + (int64_t)i * 50000 / (int64_t)count;
        bool is_lost = path->seq * 37U % 100 < lost_percent;
        int64_t left_us = queue(path, sent_us);
        int64_t arrival_us = (left_us + path->delay_us + path->clock_us) % PERIOD_US;
        entries[i] = (struct bwe_feedback_entry){path->seq, !is_lost, arrival_us};
        bwe_estimator_on_sent(&path->estimator, path->seq++, BYTES, 0, sent_us);
    }
    path->now_us += 50000 + path->delay_us + 25000;
    bwe_estimator_on_feedback(&path->estimator, entries, count, path->now_us);
    path->now_us -= path->delay_us + 25000;
    path->decision = bwe_estimator_poll(&path->estimator, path->now_us);
}

static void test_grows_while_carried(void **state)
{
    (void)state;
    struct path path;
    start(&path, &bwe_tuning_iris);
    path.decision = bwe_estimator_poll(&path.estimator, path.now_us);
    assert_int_equal(path.decision.state, BWE_STATE_STARTING);
    assert_int_equal(path.decision.target_bps, 300000);
    assert_int_equal(path.decision.probe.rate_bps, 900000);
    for (unsigned i = 0; i < 400; i++)
        round_trip(&path, path.decision.target_bps, 0);
    assert_true(path.decision.target_bps > 1000000);
    assert_int_equal(path.decision.state, BWE_STATE_INCREASING);
}

static void test_receiver_clock_wraps(void **state)
{
    (void)state;
    struct path path;
    start(&path, &bwe_tuning_iris);
    path.clock_us = PERIOD_US - 5000000 - 3000000; /* after three seconds */
    for (unsigned i = 0; i < 200; i++) {
        round_trip(&path, 500000, 0);
        assert_true(path.estimator.queue_delay.queue_ms < 1);
        assert_int_not_equal(path.decision.state, BWE_STATE_DRAINING);
    }
}

static void test_queue_is_drained(void **state)
{
    (void)state;
    struct path path;
    start(&path, &bwe_tuning_iris);
    for (unsigned i = 0; i < 100; i++)
        round_trip(&path, 1000000, 0);
    uint32_t before_bps = path.decision.target_bps;
    path.delay_us += 100000;
    round_trip(&path, 1000000, 0);
    assert_int_equal(path.decision.state, BWE_STATE_DRAINING);
    assert_true(path.decision.target_bps < before_bps * 3 / 4);
    assert_true(path.decision.stable_bps >= path.decision.target_bps);
    path.delay_us -= 100000;
    round_trip(&path, 500000, 0);
    assert_int_not_equal(path.decision.state, BWE_STATE_DRAINING);
    assert_true(path.decision.target_bps > before_bps / 2);
}

/* A queue for a moment, while a third of what may be is sent: that the path carries no more than
   that third is not said with it. */
static void test_burst(void **state)
{
    (void)state;
    struct path path;
    start(&path, &bwe_tuning_iris);
    for (unsigned i = 0; i < 400; i++)
        round_trip(&path, path.decision.target_bps > 700000 ? 700000 : path.decision.target_bps, 0);
    for (unsigned i = 0; i < 40; i++)
        round_trip(&path, 250000, 0); /* application-limited from here on */
    assert_int_equal(path.decision.state, BWE_STATE_APP_LIMITED);
    uint32_t before_bps = path.decision.target_bps;
    path.delay_us += 40000;
    round_trip(&path, 250000, 0);
    assert_int_equal(path.decision.state, BWE_STATE_DRAINING);
    path.delay_us -= 40000;
    round_trip(&path, 250000, 0);
    assert_int_not_equal(path.decision.state, BWE_STATE_DRAINING);
    assert_true(path.decision.target_bps > before_bps * 9 / 10);
}

/* A queue that what cannot wait (voices) keeps standing: the guard yields to it, but what was sent
   before the path became narrow is no rate to go back to. */
static void test_standing_queue(void **state)
{
    (void)state;
    struct path path;
    start(&path, &bwe_tuning_iris);
    for (unsigned i = 0; i < 200; i++)
        round_trip(&path, path.decision.target_bps, 0);
    assert_true(path.decision.target_bps > 1000000);
    path.capacity_bps = 200000;
    for (unsigned i = 0; i < 3; i++)
        round_trip(&path, 1000000, 0);
    bool has_yielded = false;
    for (unsigned i = 0; i < 100; i++) {
        round_trip(&path, path.capacity_bps, 0);
        has_yielded |= path.estimator.guard.is_yielding;
        assert_in_range(path.decision.target_bps, 50000, 2 * path.capacity_bps);
    }
    assert_true(has_yielded);
}

/* The last packet of each message waited, for those of its frame before it: in between the queue
   was empty, and what came is what was sent, not what the path carries. */
static void test_frames_are_no_queue(void **state)
{
    (void)state;
    struct path path;
    start(&path, &bwe_tuning_iris);
    for (uint16_t seq = 0; seq < 200; path.now_us += 50 * MS) {
        struct bwe_feedback_entry entries[10];
        for (unsigned i = 0; i < 10; i++, seq++) {
            int64_t sent_us = path.now_us + i * 5 * MS;
            int64_t waited_us = i == 9 ? 15 * MS : 0;
            bwe_estimator_on_sent(&path.estimator, seq, BYTES, 0, sent_us);
            entries[i] =
                (struct bwe_feedback_entry){seq, true, sent_us + path.delay_us + waited_us};
        }
        bwe_estimator_on_feedback(&path.estimator, entries, 10, path.now_us + 100 * MS);
        assert_true(path.estimator.received.busy_bps <= 0);
    }
}

/* Video is sent at once to who joins: 80 packets that wait at the bottleneck, told in two messages,
   show what it carries. */
static void test_first_burst(void **state)
{
    (void)state;
    static const struct {
        uint32_t capacity_bps, least_bps, most_bps;
    } table[] = {
        {3000000, 2600000, 3000000}, {1500000, 1300000, 1500000}, {500000, 300000, 600000}};
    for (size_t row = 0; row < sizeof(table) / sizeof(table[0]); row++) {
        struct path path;
        struct bwe_feedback_entry entries[80];
        start(&path, &bwe_tuning_iris);
        int64_t packet_us = INT64_C(1000) * 8 * 1000000 / table[row].capacity_bps;
        for (uint16_t i = 0; i < 80; i++) {
            bwe_estimator_on_sent(&path.estimator, i, 1000, 0, path.now_us);
            int64_t arrival_us = path.now_us + path.delay_us + (i + 1) * packet_us;
            entries[i] = (struct bwe_feedback_entry){i, true, arrival_us};
        }
        for (unsigned i = 0; i < 80; i += 40) {
            path.now_us = entries[i + 39].arrival_us + path.delay_us;
            bwe_estimator_on_feedback(&path.estimator, entries + i, 40, path.now_us);
        }
        path.decision = bwe_estimator_poll(&path.estimator, path.now_us);
        assert_in_range(path.decision.stable_bps, table[row].least_bps, table[row].most_bps);
    }
}

static void test_loss(void **state)
{
    (void)state;
    static const struct {
        const struct bwe_tuning *tuning;
        unsigned lost_percent;
        uint32_t least_bps, most_bps; /* after 20 s */
    } table[] = {
        {&bwe_tuning_iris, 10, 800000, 4000000},
        {&bwe_tuning_iris, 20, 600000, 4000000},
        {&bwe_tuning_iris, 60, 50000, 300000},
        {&bwe_tuning_gcc, 20, 50000, 1000000},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct path path;
        start(&path, table[i].tuning);
        print_message("%u %%\n", table[i].lost_percent);
        path.decision.target_bps = 300000;
        for (unsigned j = 0; j < 400; j++)
            round_trip(&path, path.decision.target_bps, table[i].lost_percent);
        print_message("  %u\n", path.decision.target_bps);
        assert_in_range(path.decision.target_bps, table[i].least_bps, table[i].most_bps);
    }
}

static void test_silence(void **state)
{
    (void)state;
    struct path path;
    start(&path, &bwe_tuning_iris);
    for (unsigned i = 0; i < 100; i++)
        round_trip(&path, 1000000, 0);
    uint32_t before_bps = path.decision.target_bps;
    bwe_estimator_on_sent(&path.estimator, path.seq++, 1000, 0, path.now_us);
    for (unsigned i = 0; i < 200; i++) {
        path.now_us += 25 * MS;
        path.decision = bwe_estimator_poll(&path.estimator, path.now_us);
        assert_true(i > 15 || path.decision.target_bps == before_bps); /* half a second is none */
    }
    assert_int_equal(path.decision.state, BWE_STATE_SILENT);
    assert_true(path.decision.target_bps < before_bps / 10);
}

static void test_fallback(void **state)
{
    (void)state;
    struct path path;
    start(&path, &bwe_tuning_iris);
    bwe_estimator_on_remb(&path.estimator, 800000, path.now_us);
    path.decision = bwe_estimator_poll(&path.estimator, path.now_us);
    assert_int_equal(path.decision.state, BWE_STATE_FALLBACK);
    assert_int_equal(path.decision.target_bps, 800000);
    struct bwe_report report = {.ssrc = 1, .highest_seq = 1000};
    bwe_estimator_on_rr(&path.estimator, &report, path.now_us);
    report.highest_seq += 100;
    report.cumulative_lost += 50;
    bwe_estimator_on_rr(&path.estimator, &report, path.now_us + 1000 * MS);
    path.decision = bwe_estimator_poll(&path.estimator, path.now_us + 1000 * MS);
    assert_int_equal(path.decision.target_bps, 600000);
    /* Transport feedback is better. */
    path.now_us += 1100 * MS;
    round_trip(&path, 500000, 0);
    assert_int_not_equal(path.decision.state, BWE_STATE_FALLBACK);
    bwe_estimator_on_remb(&path.estimator, 100000, path.now_us);
    assert_true(bwe_estimator_poll(&path.estimator, path.now_us).target_bps > 500000);
}

/* A receiver that could give feedback and sends REMB only: what is sent to it is known all the
   same, so the first one, which covers it, takes nothing away, and a probe is only what is missing.
 */
static void test_fallback_of_numbered_packets(void **state)
{
    (void)state;
    struct path path;
    start(&path, &bwe_tuning_iris);
    int64_t end_us = path.now_us + 4000 * MS;
    uint64_t probe_bytes = 0;
    for (; path.now_us < end_us; path.now_us += 10 * MS)
        bwe_estimator_on_sent(&path.estimator, path.seq++, 1000, 0, path.now_us);
    bwe_estimator_on_remb(&path.estimator, 800000, path.now_us);
    path.decision = bwe_estimator_poll(&path.estimator, path.now_us);
    assert_int_equal(path.decision.target_bps, 1600000);
    const struct bwe_demand demand = {.target_bps = 1500000};
    bwe_estimator_on_remb(&path.estimator, 700000, path.now_us);
    bwe_estimator_set_demand(&path.estimator, &demand);
    end_us = path.now_us + 3000 * MS;
    for (; path.now_us < end_us; path.now_us += 10 * MS) {
        bwe_estimator_on_sent(&path.estimator, path.seq++, 1250, 0, path.now_us);
        path.decision = bwe_estimator_poll(&path.estimator, path.now_us);
        probe_bytes += path.decision.probe.bytes;
    }
    assert_int_equal(path.decision.target_bps, 700000);
    assert_int_equal(probe_bytes, 0); /* 1 Mbps is sent, 0.875 would be enough */
}

static void test_demand_bounds(void **state)
{
    (void)state;
    struct path path;
    start(&path, &bwe_tuning_iris);
    const struct bwe_demand demand = {.ideal_bps = 400000, .max_bps = 3000000};
    bwe_estimator_set_demand(&path.estimator, &demand);
    uint32_t most_probe_bps = 0;
    for (unsigned i = 0; i < 600; i++) {
        round_trip(&path, 400000, 0);
        if (path.decision.probe.rate_bps > most_probe_bps)
            most_probe_bps = path.decision.probe.rate_bps;
        assert_true(path.decision.target_bps <= 800000); /* twice what is wanted */
    }
    assert_in_range(most_probe_bps, 300000, 420000);
}

static void test_strange_input(void **state)
{
    (void)state;
    struct path path;
    start(&path, &bwe_tuning_iris);
    const struct bwe_feedback_entry unknown[] = {{7, true, 123}, {8, false, 0}};
    bwe_estimator_on_feedback(&path.estimator, unknown, 2, path.now_us);
    bwe_estimator_on_feedback(&path.estimator, NULL, 0, path.now_us);
    bwe_estimator_on_sent(&path.estimator, 1, 0, 0, path.now_us); /* no bytes: nothing was sent */
    bwe_estimator_on_sent(&path.estimator, 0, 1000, 0, path.now_us);
    /* The same packet twice, far in the future and far in the past. */
    const struct bwe_feedback_entry twice[] = {
        {0, true, INT64_MAX}, {0, true, INT64_MIN}, {0, false, 0}};
    bwe_estimator_on_feedback(&path.estimator, twice, 3, path.now_us + 50 * MS);
    bwe_estimator_on_remb(&path.estimator, UINT64_MAX, path.now_us);
    path.decision = bwe_estimator_poll(&path.estimator, path.now_us + 60 * MS);
    assert_in_range(path.decision.target_bps, 50000, 4000000);
    assert_true(bwe_estimator_next_deadline(&path.estimator) >= path.now_us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grows_while_carried),
        cmocka_unit_test(test_receiver_clock_wraps),
        cmocka_unit_test(test_queue_is_drained),
        cmocka_unit_test(test_burst),
        cmocka_unit_test(test_standing_queue),
        cmocka_unit_test(test_frames_are_no_queue),
        cmocka_unit_test(test_first_burst),
        cmocka_unit_test(test_loss),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_fallback),
        cmocka_unit_test(test_fallback_of_numbered_packets),
        cmocka_unit_test(test_demand_bounds),
        cmocka_unit_test(test_strange_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
