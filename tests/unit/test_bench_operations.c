/* What a server tells of its workers is read as it was meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/bubbles/operations.h"
#include "sfu/control/report.h"

static void fill(struct io_statistics *statistics, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        statistics->wakes += 2;
        statistics->received_datagrams += 7;
        statistics->received_media += 5;
        statistics->sent_datagrams += 11;
        statistics->sent_calls += 3;
        statistics->send_errors += 1;
        statistics->would_block += 4;
        statistics->refused_groups += 6;
        statistics->received_bytes += 700;
        statistics->sent_bytes += 1100;
        statistics->cpu_us += 13;
        statistics->strays += 8;
        for (int64_t us = 1; us < 3000000; us = us * 3 + 1)
            io_delay_histogram_add(&statistics->delay, us);
        for (unsigned packets = 1; packets <= IO_SEGMENTS_MAX; packets++)
            io_statistics_on_send(statistics, packets, packets * (90u + 80 * packets));
    }
}

/* @return free() it */
static char *tell(const struct io_statistics *first, const struct io_statistics *second)
{
    static struct control_worker_snapshots snapshots[2];
    snapshots[0].now = *first;
    snapshots[1].now = *second;
    json_t *root =
        json_pack("{s:[o, o]}", "workers", control_report_worker(49152, &snapshots[0], 0),
                  control_report_worker(49153, &snapshots[1], 0));
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

static void workers_are_added_up(void **state)
{
    (void)state;
    static struct io_statistics first, second, sum, read;
    fill(&first, 1);
    fill(&second, 4);
    fill(&sum, 5);
    char *text = tell(&first, &second);
    assert_int_equal(bubbles_operations_parse(text, &read), 0);
    assert_memory_equal(&read, &sum, sizeof(sum));
    free(text);
}

static void readings_are_subtracted(void **state)
{
    (void)state;
    static struct io_statistics earlier, later, between;
    fill(&earlier, 2);
    fill(&later, 5);
    fill(&between, 3);
    bubbles_operations_subtract(&later, &earlier);
    assert_memory_equal(&later, &between, sizeof(between));
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "no", "{}", "{\"workers\": 1}", "[]"};
    static struct io_statistics statistics = {.wakes = 17};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        assert_int_equal(bubbles_operations_parse(texts[i], &statistics), -1);
        assert_int_equal(statistics.wakes, 17);
    }
    /* Nonsense among the sends is left out. */
    assert_int_equal(bubbles_operations_parse("{\"workers\": [{\"sends\": [[0, 1, 1], [17, 1, 1],"
                                              " [1, 100, 0], [\"a\"], [2, 200, 1]]}, 3]}",
                                              &statistics),
                     0);
    assert_int_equal(statistics.sends[1][100 / IO_SEND_BYTES].count, 1);
    assert_int_equal(statistics.wakes, 0);
}

static void nobody_answers(void **state)
{
    (void)state;
    struct bubbles_url url = {.host = "127.0.0.1", .port = 1};
    struct io_statistics statistics;
    assert_int_equal(bubbles_operations_read(&url, &statistics), -1);
    url.port = 0;
    assert_int_equal(bubbles_operations_read(&url, &statistics), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_are_added_up),
        cmocka_unit_test(readings_are_subtracted),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(nobody_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
