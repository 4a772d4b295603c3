/*
 * What statistics cost with 500 participants: a worker's share and the longest of its wakes, and
 * control's share, CPU time with caches that media has used in between. In the release build it is
 * the figure of docs/performance.md; under a sanitizer a bound.
 */
#define PEOPLE_MAX  500
#define PACKETS_MAX 40
#include "conference.h"

#include <time.h>

#include "sfu/control/operations.h"
#include "sfu/io/queue.h"

#define ROOM_PEOPLE 20
#define SECONDS     10
#define WAKE        32 /* as sfu/io/worker.c */
#define WAKE_US     10000
#define CACHE_BYTES (4u << 20) /* walked between two wakes: more than a core has to itself */
#ifdef __SANITIZE_ADDRESS__
#define SLOWDOWN 8
#else
#define SLOWDOWN 1
#endif
#define SHARE_MAX     0.01 /* of a core, both together */
#define WAKE_MAX_NS   1000000
#define SCRAPE_MAX_MS 20 /* of the control thread, every 15 s */

static struct conference crowd;
static struct control_participant *known[PEOPLE_MAX + 1];
static uint8_t cache[CACHE_BYTES];

struct cost {
    uint64_t worker_ns, control_ns, longest_wake_ns;
    unsigned snapshots;
};

static uint64_t cpu_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

static void forget(void)
{
    crowd.event_count = 0;
    for (unsigned i = 0; i < crowd.person_count; i++)
        crowd.people[i].heard_count = 0;
}

/* Everybody is there, and has sent a microphone, a camera and a screen. */
static void fill(struct control *control)
{
    char name[16];
    conference_init(&crowd);
    for (unsigned i = 0; i < PEOPLE_MAX; i++) {
        struct person *person = conference_join(&crowd, 1 + i / ROOM_PEOPLE);
        snprintf(name, sizeof(name), "room%u", i / ROOM_PEOPLE);
        struct control_participant *participant = control_registry_add(&control->registry, name);
        participant->track_count = person->join.track_count;
        memcpy(participant->tracks, person->join.tracks, sizeof(participant->tracks));
        participant->slot_count = person->join.slot_count;
        for (unsigned s = 0; s < person->join.slot_count; s++)
            participant->slot_kinds[s] = person->join.slots[s].kind;
        known[person->number] = participant;
        person_speak(&crowd, person, 40);
        person_show(&crowd, person, CAM, true);
        person_show(&crowd, person, SCR, true);
        forget();
    }
}

/* As sfu/io/worker.c does: some of those that are due, straight into the queue. */
static void wake(struct io_queue *queue, struct cost *cost)
{
    uint64_t start_ns = cpu_ns();
    for (unsigned i = 0; i < WAKE; i++) {
        struct core_statistics *place = io_queue_reserve(queue);
        if (!place || !core_engine_next_statistics(crowd.engine, crowd.now_us, place))
            break;
        io_queue_commit(queue);
        cost->snapshots++;
    }
    uint64_t taken_ns = cpu_ns() - start_ns;
    cost->worker_ns += taken_ns;
    if (taken_ns > cost->longest_wake_ns)
        cost->longest_wake_ns = taken_ns;
}

/* As sfu/control/control.c does. */
static void take(struct control *control, struct io_queue *queue, struct cost *cost)
{
    uint64_t start_ns = cpu_ns();
    struct core_statistics statistics;
    while (io_queue_pop(queue, &statistics)) {
        const struct control_participant *participant = known[statistics.participant];
        control_statistics_take(
            control, control_registry_find(&control->registry, participant->number), &statistics);
    }
    cost->control_ns += cpu_ns() - start_ns;
}

/* GET /metrics with every room. @return its CPU time [ms] */
static double scrape(struct control *control)
{
    struct signalling_http_response response = {0};
    control->config.node_name = control->config.version = "node";
    control->config.metrics_detail = CONTROL_METRICS_ROOM;
    uint64_t start_ns = cpu_ns();
    control_answer_metrics(control, NULL, &response);
    uint64_t taken_ns = cpu_ns() - start_ns;
    assert_int_equal(response.status, 200);
    assert_non_null(
        strstr(response.body, "iris_room_participants{node=\"node\",room=\"room24\"} 20\n"));
    free(response.body);
    return (double)taken_ns / 1e6;
}

static void test_cost(void **state)
{
    (void)state;
    struct control *control = calloc(1, sizeof(*control));
    struct io_queue queue;
    struct cost cost = {0};
    assert_non_null(control);
    assert_int_equal(io_queue_init(&queue, sizeof(struct core_statistics), 128), 0);
    control_registry_init(&control->registry, 1);
    control_statistics_init(&control->statistics);
    fill(control);
    for (int64_t end_us = crowd.now_us + SECONDS * S; crowd.now_us < end_us;) {
        conference_run(&crowd, WAKE_US);
        forget();
        memset(cache, (int)(crowd.now_us / WAKE_US), sizeof(cache));
        wake(&queue, &cost);
        take(control, &queue, &cost);
    }
    double scrape_ms = scrape(control);
    double worker = (double)cost.worker_ns / SECONDS / 1e9;
    double both = worker + (double)cost.control_ns / SECONDS / 1e9;
    print_message("%u snapshots of %zu bytes in %d s: worker %.3f %% of a core, control %.3f %%, "
                  "longest wake %.0f us; a scrape %.1f ms\n",
                  cost.snapshots, sizeof(struct core_statistics), SECONDS, worker * 100,
                  (both - worker) * 100, (double)cost.longest_wake_ns / 1000, scrape_ms);
    assert_true(scrape_ms < SCRAPE_MAX_MS * SLOWDOWN);
    assert_in_range(cost.snapshots, PEOPLE_MAX * (SECONDS - 2), PEOPLE_MAX * (SECONDS + 1));
    assert_true(both < SHARE_MAX * SLOWDOWN);
    assert_true(cost.longest_wake_ns < (uint64_t)WAKE_MAX_NS * SLOWDOWN);
    control_registry_dispose(&control->registry);
    io_queue_dispose(&queue);
    free(control);
    conference_dispose(&crowd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cost)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
