/* When the guard works, how hard, when it lets go and when it yields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bwe/guard.h"

#define STEP_MS 50

/* Messages every 50 ms, all alike. The bits in flight are what the round trip takes: no more queue
 * is on its way than is seen. */
struct phase {
    const char *what;
    unsigned messages;
    double queue_ms, short_queue_ms;
    double received_kbps;
    bool is_active, is_yielding; /* after the last one */
};

static struct bwe_guard_input input_of(const struct phase *phase, int64_t now_us)
{
    double rtt_ms = 50 + phase->queue_ms;
    return (struct bwe_guard_input){
        .queue_ms = phase->queue_ms,
        .long_queue_ms = phase->queue_ms,
        .short_queue_ms = phase->short_queue_ms,
        .received_bps = phase->received_kbps * 1000,
        .capacity_bps = phase->received_kbps * 1000,
        .carried = 1,
        .outstanding_bits = phase->received_kbps * rtt_ms,
        .rtt_ms = rtt_ms,
        .sent_us = now_us - (int64_t)(1000 * rtt_ms),
    };
}

static int64_t run(struct bwe_guard *guard, const struct phase *phases, size_t count)
{
    int64_t now_us = 1000000;
    for (size_t i = 0; i < count; i++) {
        print_message("%s\n", phases[i].what);
        for (unsigned j = 0; j < phases[i].messages; j++, now_us += 1000 * STEP_MS) {
            const struct bwe_guard_input input = input_of(&phases[i], now_us);
            bwe_guard_update(guard, &bwe_tuning_iris, &input, now_us);
        }
        assert_int_equal(guard->is_active, phases[i].is_active);
        assert_int_equal(guard->is_yielding, phases[i].is_yielding);
    }
    return now_us;
}

static void test_enter_and_leave(void **state)
{
    (void)state;
    static const struct phase phases[] = {
        {"a little queue", 5, 25, 25, 1000, false, false},
        {"too much", 1, 35, 35, 1000, true, false},
        {"between the thresholds", 2, 20, 20, 1000, true, false},
        {"gone", 1, 10, 10, 1000, false, false},
        {"again a little", 5, 25, 25, 1000, false, false},
    };
    struct bwe_guard guard = {0};
    run(&guard, phases, sizeof(phases) / sizeof(*phases));
    assert_false(guard.has_left);
}

static void test_cap(void **state)
{
    (void)state;
    static const struct {
        double queue_ms, share; /* of what arrives */
    } table[] = {{31, 1 - 15.0 / 250}, {66, 0.8}, {141, 0.5}, {500, 0.4}, {5000, 0.4}};
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct bwe_guard guard = {0};
        const struct phase phase = {"", 1, table[i].queue_ms, table[i].queue_ms, 1000, true, false};
        run(&guard, &phase, 1);
        assert_int_equal(guard.cap_bps / 1000 + 0.5, table[i].share * 1000 + 0.5);
    }
}

/* What is in flight beyond what the path drains is queue already. */
static void test_looks_ahead(void **state)
{
    (void)state;
    struct bwe_guard guard = {0};
    const struct phase phase = {"", 1, 35, 35, 1000, true, false};
    struct bwe_guard_input input = input_of(&phase, 1000000);
    input.outstanding_bits += 100e3; /* 100 ms at 1 Mbit/s */
    bwe_guard_update(&guard, &bwe_tuning_iris, &input, 1000000);
    assert_int_equal(guard.predicted_ms + 0.5, 135);
    input.outstanding_bits = 0; /* nothing in flight: it has drained by now */
    bwe_guard_update(&guard, &bwe_tuning_iris, &input, 1050000);
    assert_true(guard.predicted_ms == 0);
    assert_int_equal(guard.cap_bps, 1000000);
}

/* Of a sender that sends less than it could, a burst made the queue: what arrives out of that shows
   the capacity, and what arrived before shows nothing. */
static void test_burst_of_little(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        double busy_kbps[3]; /* by message, the first and second with a queue */
        double capacity_kbps;
    } table[] = {
        {"it drains unseen", {0, 0, 0}, 700},
        {"it is seen", {0, 750, 0}, 750},
        {"at once", {690, 720, 0}, 720},
        {"the path has become slower", {0, 240, 0}, 240},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct bwe_guard guard = {0};
        const double queue_ms[] = {35, 40, 10};
        print_message("%s\n", table[i].what);
        for (unsigned k = 0; k < 3; k++) {
            int64_t now_us = 1000000 + k * 1000 * STEP_MS;
            const struct phase phase = {"", 1, queue_ms[k], queue_ms[k], 350, true, false};
            struct bwe_guard_input input = input_of(&phase, now_us);
            input.is_limited = k == 0; /* the cap ends that */
            input.busy_bps = 1000 * table[i].busy_kbps[k];
            if (k == 0)
                input.capacity_bps = input.busy_bps > 0 ? input.busy_bps : 700e3;
            bwe_guard_update(&guard, &bwe_tuning_iris, &input, now_us);
        }
        assert_true(guard.has_left);
        assert_int_equal(guard.capacity_bps / 1000 + 0.5, table[i].capacity_kbps);
    }
}

static void test_yields(void **state)
{
    (void)state;
    static const struct phase phases[] = {
        {"a queue that does not shrink", 30, 200, 200, 300, true, false},
        {"is somebody else's", 10, 200, 200, 300, false, true},
        {"for ten seconds", 190, 200, 200, 300, false, true},
        {"then tries again", 15, 200, 200, 300, true, false},
        {"and yields again", 30, 200, 200, 300, false, true},
        {"no queue for three seconds: an end", 65, 0, 0, 300, false, false},
        {"ready again", 1, 40, 40, 300, true, false},
    };
    struct bwe_guard guard = {0};
    run(&guard, phases, sizeof(phases) / sizeof(*phases));
}

static void test_own_queue_drains(void **state)
{
    (void)state;
    struct bwe_guard guard = {0};
    int64_t now_us = 1000000;
    for (int queue_ms = 900; queue_ms > 20; queue_ms -= 20, now_us += 1000 * STEP_MS) {
        const struct phase phase = {"", 1, queue_ms, queue_ms, 1000, true, false};
        const struct bwe_guard_input input = input_of(&phase, now_us);
        bwe_guard_update(&guard, &bwe_tuning_iris, &input, now_us);
        assert_true(guard.is_active); /* 2.2 s, but it shrinks */
    }
}

static void test_longer_path(void **state)
{
    (void)state;
    static const struct phase phases[] = {
        {"50 ms more, and level", 45, 50, 0, 1000, false, true},
        {"no queue above the last seconds", 40, 50, 0, 1000, false, true},
    };
    struct bwe_guard guard = {0};
    int64_t now_us = run(&guard, phases, 2);
    bool is_new_path = false;
    for (unsigned i = 0; i < 20 && !is_new_path; i++, now_us += 1000 * STEP_MS) {
        const struct bwe_guard_input input = input_of(&phases[1], now_us);
        bwe_guard_update(&guard, &bwe_tuning_iris, &input, now_us);
        is_new_path = guard.is_new_path;
    }
    assert_true(is_new_path);
    assert_false(guard.is_active);
}

/* The capacity comes from what was sent before the guard acted. */
static void test_capacity(void **state)
{
    (void)state;
    struct bwe_guard guard = {0};
    const struct phase before = {"", 1, 40, 40, 1000, true, false};
    struct bwe_guard_input input = input_of(&before, 1000000);
    bwe_guard_update(&guard, &bwe_tuning_iris, &input, 1000000);
    assert_int_equal(guard.capacity_bps, 1000000);
    input.received_bps = input.capacity_bps =
        400000; /* what the guard allowed comes at that rate */
    input.sent_us = 1000001;
    bwe_guard_update(&guard, &bwe_tuning_iris, &input, 1100000);
    assert_int_equal(guard.capacity_bps, 1000000);
    input.carried = 0.4; /* it comes much more slowly than it left: a slower path */
    input.outstanding_bits = 400e3;
    bwe_guard_update(&guard, &bwe_tuning_iris, &input, 1150000);
    assert_int_equal(guard.capacity_bps, 400000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_enter_and_leave), cmocka_unit_test(test_cap),
        cmocka_unit_test(test_looks_ahead),     cmocka_unit_test(test_burst_of_little),
        cmocka_unit_test(test_yields),          cmocka_unit_test(test_own_queue_drains),
        cmocka_unit_test(test_longer_path),     cmocka_unit_test(test_capacity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
