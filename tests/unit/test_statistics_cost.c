/*
 * What statistics cost with 500 participants, in rooms of 20 and alone in 500 rooms: a worker's
 * share and the longest of its wakes; control's share for taking snapshots, for the verdicts on
 * them, for the rates of every room that a stream of events gets once a second, and for the reports
 * on decoding that each client makes every five seconds by `stats`: read, carried out, answered
 * (framing and TLS aside). CPU time with caches that media has used in between. In the release
 * build it is the figure of docs/performance.md; under a sanitizer a bound.
 */
#include "conference.h"
#include "person_send.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sfu/control/events.h"
#include "sfu/control/operations.h"
#include "sfu/io/queue.h"

#define PEOPLE       500
#define SECONDS      10
#define TURNS_MAX    10000
#define WAKE         32 /* as sfu/io/worker.c */
#define WAKE_US      10000
#define REPORT_EVERY 5          /* seconds; as web/client does */
#define CACHE_BYTES  (4u << 20) /* walked between two wakes: more than a core has to itself */
#ifdef __SANITIZE_ADDRESS__
#define SLOWDOWN 8
#else
#define SLOWDOWN 1
#endif
#define SHARE_MAX     0.01 /* of a core, all together */
#define WAKE_MAX_NS   1000000
#define SCRAPE_MAX_MS 20 /* of the control thread, every 15 s */

static struct conference crowd;
static struct control_participant *known[PEOPLE + 1];
static uint8_t cache[CACHE_BYTES];

struct cost {
    uint64_t worker_ns, take_ns, verdicts_ns, rates_ns, reports_ns, longest_wake_ns;
    unsigned snapshots, reports;
};

/* Control with a listener, and one who follows the events. */
struct desk {
    uv_loop_t loop;
    struct control control;
    int follower;
    uint64_t followed_bytes;
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

static void take_slot(struct control_participant *participant, unsigned slot,
                      const struct core_slot_params *params)
{
    participant->slot_kinds[slot] = params->kind;
    snprintf(participant->slot_mids[slot], sizeof(participant->slot_mids[slot]), "%u", slot);
}

/* Everybody is there, and has sent a microphone, a camera and a screen. */
static void fill(struct control *control, unsigned room_people)
{
    char name[16];
    conference_init_with(&crowd, &(struct conference_options){.people = PEOPLE, .packets = 40});
    for (unsigned i = 0; i < PEOPLE; i++) {
        struct person *person = conference_join(&crowd, 1 + i / room_people);
        snprintf(name, sizeof(name), "room%u", i / room_people);
        struct control_participant *participant = control_registry_add(&control->registry, name);
        participant->track_count = person->join.track_count;
        memcpy(participant->tracks, person->join.tracks, sizeof(participant->tracks));
        participant->slot_count = person->join.slot_count;
        for (unsigned s = 0; s < person->join.slot_count; s++)
            take_slot(participant, s, &person->join.slots[s]);
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

/* The engine's numbers of people are not the registry's: verdicts look for senders by the latter.
 */
static void rename_senders(struct core_statistics *statistics)
{
    for (unsigned i = 0; i < CORE_SLOTS_MAX; i++) {
        uint64_t sender = statistics->reports[i].participant;
        statistics->reports[i].participant = sender ? known[sender]->number : 0;
    }
}

/* As sfu/control/control.c does. */
static void take(struct control *control, struct io_queue *queue, struct cost *cost)
{
    static struct core_statistics statistics;
    while (io_queue_pop(queue, &statistics)) {
        uint64_t number = known[statistics.participant]->number;
        rename_senders(&statistics);
        uint64_t start_ns = cpu_ns();
        struct control_participant *participant = control_registry_find(&control->registry, number);
        control_statistics_take(control, participant, &statistics);
        uint64_t taken_ns = cpu_ns();
        control_verdicts_follow(control, participant);
        cost->verdicts_ns += cpu_ns() - taken_ns;
        cost->take_ns += taken_ns - start_ns;
    }
}

/* Who follows reads all that has come. */
static void read_events(struct desk *desk)
{
    static char text[1 << 16];
    for (ssize_t len; (len = read(desk->follower, text, sizeof(text))) > 0;)
        desk->followed_bytes += (uint64_t)len;
}

/* The event of a second, on its way. */
static void tell_rates(struct desk *desk, struct cost *cost)
{
    uint64_t before_bytes = desk->followed_bytes;
    for (unsigned turn = 0; turn < TURNS_MAX && desk->followed_bytes == before_bytes; turn++) {
        uint64_t start_ns = cpu_ns();
        if (turn == 0)
            control_event_rates(&desk->control);
        uv_run(&desk->loop, UV_RUN_NOWAIT);
        cost->rates_ns += cpu_ns() - start_ns;
        read_events(desk);
    }
    assert_true(desk->followed_bytes > before_bytes);
}

/* A request, read and carried out. @return its CPU time [ns] */
static uint64_t ask(struct control *control, struct control_participant *participant,
                    const char *params, unsigned *result_bytes)
{
    struct control_session session = {.control = control, .participant = participant};
    struct signalling_request request;
    char text[512];
    json_t *error;
    snprintf(text, sizeof(text),
             "{\"jsonrpc\":\"2.0\",\"id\":17,\"method\":\"stats\",\"params\":%s}", params);
    uint64_t start_ns = cpu_ns();
    assert_int_equal(signalling_jsonrpc_parse(text, strlen(text), &request, &error), 0);
    json_t *reply = control_statistics(&session, &request);
    char *result = json_dumps(reply, JSON_COMPACT);
    *result_bytes = (unsigned)strlen(result);
    free(result);
    json_decref(reply);
    signalling_request_dispose(&request);
    return cpu_ns() - start_ns;
}

/* A fifth of all tells of its five video slots, in each of five seconds. */
static void report_some(struct control *control, int64_t now_us, struct cost *cost)
{
    static const char report[] =
        "{\"decoding\":[{\"mid\":\"3\",\"frames_received\":150,\"frames_decoded\":150},"
        "{\"mid\":\"4\",\"frames_received\":150,\"frames_decoded\":149},"
        "{\"mid\":\"5\",\"frames_received\":150,\"frames_decoded\":150},"
        "{\"mid\":\"6\",\"frames_received\":150,\"frames_decoded\":150},"
        "{\"mid\":\"7\",\"frames_received\":25,\"frames_decoded\":25}]}";
    unsigned bytes, first = (unsigned)(now_us / S) % REPORT_EVERY;
    for (unsigned i = first; i < crowd.person_count; i += REPORT_EVERY) {
        struct control_participant *participant = known[crowd.people[i].number];
        cost->reports_ns += ask(control, participant, report, &bytes);
        cost->reports++;
        assert_int_equal(participant->decodings[4].decoding.frames_decoded, 149);
        assert_int_equal(bytes, strlen("{\"jsonrpc\":\"2.0\",\"id\":17,\"result\":{}}"));
    }
}

/* One's own statistics, for those who want them. */
static void ask_once(struct control *control)
{
    unsigned bytes;
    memset(cache, 1, sizeof(cache));
    uint64_t taken_ns = ask(control, known[crowd.people[0].number], "{}", &bytes);
    print_message("one participant's statistics: %u bytes, %.0f us\n", bytes,
                  (double)taken_ns / 1000);
    assert_true(bytes > 1000 && taken_ns < (uint64_t)WAKE_MAX_NS * SLOWDOWN);
}

static void open_desk(struct desk *desk)
{
    static const char request[] = "GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    char error[256] = "";
    struct signalling_server_config config = {
        .public_address = "127.0.0.1", .operations_address = "127.0.0.1", .hosts = {"localhost"}};
    struct signalling_handlers handlers = {.context = &desk->control, .on_http = control_on_http};
    uv_loop_init(&desk->loop);
    desk->control.loop = &desk->loop;
    desk->control.config.node_name = desk->control.config.version = "node";
    desk->control.server =
        signalling_server_create(&desk->loop, &config, &handlers, error, sizeof(error));
    if (!desk->control.server)
        fail_msg("%s", error);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port =
                                 htons(signalling_server_operations_port(desk->control.server))};
    desk->follower = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(desk->follower, (struct sockaddr *)&to, sizeof(to)), 0);
    assert_int_equal(write(desk->follower, request, strlen(request)), strlen(request));
    fcntl(desk->follower, F_SETFL, O_NONBLOCK);
    while (signalling_server_streams(desk->control.server)->open == 0)
        uv_run(&desk->loop, UV_RUN_ONCE);
}

static void close_desk(struct desk *desk)
{
    close(desk->follower);
    signalling_server_destroy(desk->control.server);
    assert_int_equal(uv_loop_close(&desk->loop), 0);
    free(desk);
}

/* GET /metrics with every room. @return its CPU time [ms] */
static double scrape(struct control *control, unsigned room_people)
{
    struct signalling_http_response response = {0};
    char line[96];
    control->config.metrics_detail = CONTROL_METRICS_ROOM;
    uint64_t start_ns = cpu_ns();
    control_answer_metrics(control, NULL, &response);
    uint64_t taken_ns = cpu_ns() - start_ns;
    assert_int_equal(response.status, 200);
    snprintf(line, sizeof(line), "iris_room_participants{node=\"node\",room=\"room24\"} %u\n",
             room_people);
    assert_non_null(strstr(response.body, line));
    free(response.body);
    return (double)taken_ns / 1e6;
}

static double share_of(uint64_t ns)
{
    return (double)ns / SECONDS / 1e9;
}

static void measure(unsigned room_people)
{
    struct desk *desk = calloc(1, sizeof(*desk));
    struct io_queue queue;
    struct cost cost = {0};
    assert_non_null(desk);
    struct control *control = &desk->control;
    assert_int_equal(io_queue_init(&queue, sizeof(struct core_statistics), 128), 0);
    control_registry_init(&control->registry, 1);
    control_statistics_init(&control->statistics);
    open_desk(desk);
    fill(control, room_people);
    int64_t told_us = crowd.now_us;
    for (int64_t end_us = crowd.now_us + SECONDS * S; crowd.now_us < end_us;) {
        conference_run(&crowd, WAKE_US);
        forget();
        memset(cache, (int)(crowd.now_us / WAKE_US), sizeof(cache));
        wake(&queue, &cost);
        take(control, &queue, &cost);
        if (crowd.now_us - told_us < S)
            continue;
        told_us = crowd.now_us;
        tell_rates(desk, &cost);
        memset(cache, (int)(told_us / WAKE_US), sizeof(cache));
        report_some(control, told_us, &cost);
    }
    double scrape_ms = scrape(control, room_people);
    ask_once(control);
    double control_ns = (double)(cost.take_ns + cost.verdicts_ns + cost.rates_ns + cost.reports_ns);
    double all = share_of(cost.worker_ns + (uint64_t)control_ns);
    print_message("rooms of %u, %u snapshots of %zu bytes in %d s: worker %.3f %% of a core; "
                  "control: taking %.3f %%, verdicts %.3f %%, rates %.3f %%, %u reports "
                  "%.3f %%; all %.3f %%; longest wake %.0f us; a scrape %.1f ms\n",
                  room_people, cost.snapshots, sizeof(struct core_statistics), SECONDS,
                  share_of(cost.worker_ns) * 100, share_of(cost.take_ns) * 100,
                  share_of(cost.verdicts_ns) * 100, share_of(cost.rates_ns) * 100, cost.reports,
                  share_of(cost.reports_ns) * 100, all * 100, (double)cost.longest_wake_ns / 1000,
                  scrape_ms);
    assert_in_range(cost.reports, PEOPLE / REPORT_EVERY * (SECONDS - 1),
                    PEOPLE / REPORT_EVERY * SECONDS);
    assert_true(scrape_ms < SCRAPE_MAX_MS * SLOWDOWN);
    assert_in_range(cost.snapshots, PEOPLE * (SECONDS - 2), PEOPLE * (SECONDS + 1));
    assert_true(all < SHARE_MAX * SLOWDOWN);
    assert_true(cost.longest_wake_ns < (uint64_t)WAKE_MAX_NS * SLOWDOWN);
    control_registry_dispose(&control->registry);
    io_queue_dispose(&queue);
    conference_dispose(&crowd);
    close_desk(desk);
}

static void test_rooms_of_20(void **state)
{
    (void)state;
    measure(20);
}

static void test_500_rooms(void **state)
{
    (void)state;
    measure(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rooms_of_20),
                                       cmocka_unit_test(test_500_rooms)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
