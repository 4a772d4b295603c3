/* Whose statistics are due, and what they say of what was sent, lost, repaired and reported. */
#include "conference.h"
#include "person_send.h"

#include "sfu/core/engine_internal.h"

/* The newest statistics of everybody within so much time. @return how many were taken */
static unsigned take(struct conference *c, int64_t duration_us, struct core_statistics *by_number)
{
    unsigned count = 0;
    struct core_statistics next;
    for (int64_t end_us = c->now_us + duration_us; c->now_us < end_us;) {
        conference_run(c, 10 * MS);
        memset(&next, 0xFF, sizeof(next)); /* a cell of a queue: somebody else's */
        for (; core_engine_next_statistics(c->engine, c->now_us, &next); count++) {
            by_number[next.participant] = next;
            memset(&next, 0xFF, sizeof(next));
        }
    }
    return count;
}

/* Once a second each; who does not take them finds one of each, and none of who has gone. */
static void test_schedule(void **state)
{
    (void)state;
    static const unsigned gone[] = {0, 1, 2}; /* first, middle and last of the list */
    for (size_t i = 0; i < 3; i++) {
        static struct core_statistics newest[8];
        struct conference c;
        struct person *people[3];
        conference_init(&c);
        for (int p = 0; p < 3; p++)
            people[p] = conference_join(&c, 1);
        unsigned count = take(&c, 4 * S, newest);
        assert_in_range(count, 3 * 4 - 3, 3 * 4 + 3);
        conference_run(&c, 3 * S); /* nobody looks */
        assert_true(core_engine_has_statistics(c.engine));
        conference_command(&c, &(struct core_command){.type = CORE_COMMAND_LEAVE,
                                                      .participant = people[gone[i]]->number});
        memset(newest, 0, sizeof(newest));
        assert_int_equal(take(&c, 10 * MS, newest), 2);
        for (unsigned p = 0; p < 3; p++)
            assert_int_equal(newest[people[p]->number].participant,
                             p == gone[i] ? 0 : people[p]->number);
        assert_false(core_engine_has_statistics(c.engine));
        assert_true(take(&c, 2 * S, newest) >= 2); /* the list is whole */
        conference_dispose(&c);
    }
}

/* What a camera sends and a slot gets. */
static void test_counts(void **state)
{
    (void)state;
    static struct core_statistics newest[4];
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    for (int i = 0; i < 20; i++) {
        person_show(&c, ann, CAM, i == 0);
        conference_run(&c, 33 * MS);
    }
    take(&c, 1100 * MS, newest);
    const struct core_statistics *sender = &newest[ann->number], *receiver = &newest[bob->number];
    const struct core_layer_statistics *layer = &sender->layers[CAM][0];
    assert_int_equal(sender->seen_layers[CAM], 1);
    assert_int_equal(sender->seen_layers[MIC], 0);
    assert_int_equal(sender->sending_tracks, 1u << CAM); /* it was, when ann was last heard */
    assert_int_equal(layer->packets, 20);
    assert_int_equal(layer->expected, 20);
    assert_int_equal(layer->delivered, 20);
    assert_int_equal(layer->frames, 20);
    assert_int_equal(layer->keyframes, 1);
    assert_int_equal(layer->policed_bytes, 0);
    assert_true(layer->height > 0 && layer->height != CORE_STATISTIC_UNKNOWN);
    assert_int_equal(sender->uplink.packets, 20);
    assert_int_equal(sender->tracks[CAM].contract_bps, 500000);
    assert_int_equal(receiver->slots[3].packets, 20);
    assert_int_equal(receiver->slots[3].bytes, layer->bytes);
    assert_int_equal(receiver->slots[3].frames, 20);
    assert_int_equal(receiver->slots[3].keyframes, 1);
    assert_int_equal(receiver->slots[3].switches, 0);
    assert_int_equal(receiver->slots[3].jitter_us, CORE_STATISTIC_UNKNOWN); /* no report yet */
    assert_int_equal(receiver->downlink.packets, 20);
    assert_in_range(receiver->downlink.bytes, layer->bytes + 20 * 30, layer->bytes + 20 * 60);
    assert_int_equal(receiver->downlink.rtt_us, CORE_STATISTIC_UNKNOWN);
    assert_int_equal(receiver->uplink.rtt_us, CORE_STATISTIC_UNKNOWN);
    assert_int_equal(receiver->reports[3].participant, ann->number);
    conference_dispose(&c);
}

static bool is_zero(const void *data, size_t bytes)
{
    const uint8_t *at = data;
    for (size_t i = 0; i < bytes; i++)
        if (at[i])
            return false;
    return true;
}

/* Nothing of whoever was in the cell before: of tracks, layers and slots that are not there. */
static void test_leftovers(void **state)
{
    (void)state;
    static struct core_statistics newest[4];
    struct conference c;
    conference_init(&c);
    struct core_join join = usual_join(1, 1);
    join.track_count = CAM + 1;
    join.slot_count = 4;
    struct person *ann = conference_enter(&c, &join);
    person_nominate(&c, ann);
    conference_join(&c, 1);
    person_show(&c, ann, CAM, true);
    take(&c, 1100 * MS, newest);
    const struct core_statistics *ours = &newest[ann->number];
    assert_int_equal(ours->track_count, CAM + 1);
    assert_int_equal(ours->slot_count, 4);
    assert_false(is_zero(&ours->layers[CAM][0], sizeof(ours->layers[CAM][0])));
    assert_true(is_zero(&ours->layers[CAM][1], sizeof(ours->layers[CAM][1])));
    assert_true(is_zero(ours->layers[MIC], sizeof(ours->layers[MIC])));
    for (unsigned t = CAM + 1; t < CORE_TRACKS_MAX; t++) {
        assert_int_equal(ours->seen_layers[t] | ours->live_layers[t], 0);
        assert_true(is_zero(&ours->tracks[t], sizeof(ours->tracks[t])));
        assert_true(is_zero(ours->layers[t], sizeof(ours->layers[t])));
    }
    for (unsigned i = 4; i < CORE_SLOTS_MAX; i++) {
        assert_true(is_zero(&ours->reports[i], sizeof(ours->reports[i])));
        assert_true(is_zero(&ours->slots[i], sizeof(ours->slots[i])));
    }
    conference_dispose(&c);
}

/* Report blocks in order; what they count for. */
static void test_reports(void **state)
{
    (void)state;
    static const struct {
        uint32_t highest_seq;
        int32_t cumulative_lost;
        uint64_t expected, delivered; /* after it */
        const char *what;
    } rows[] = {
        {1000, 5, 0, 0, "the first has nothing before it"},
        {1100, 15, 100, 90, "ten of a hundred are lost"},
        {1100, 15, 100, 90, "the same again"},
        {1200, 13, 200, 190, "two came late: no more arrived than were sent"},
        {1210, 100, 210, 190, "more lost than sent"},
        {900, 100, 210, 190, "it began anew"},
        {1000, 100, 310, 290, "and goes on"},
        {UINT32_MAX, INT32_MAX, 310, 290, "a lie"},
        {9, INT32_MIN, 320, 300, "over the end of the numbers"},
    };
    struct core_slot slot;
    struct core_participant owner = {.id = 1};
    const struct core_slot_params params = {.kind = CORE_KIND_CAMERA};
    static struct rtp_rewrite_segment segments[CORE_SLOT_SEGMENTS_CAMERA];
    core_slot_init(&slot, &params, &owner, segments, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct rtcp_report_block block = {.highest_seq = rows[i].highest_seq,
                                                .cumulative_lost = rows[i].cumulative_lost,
                                                .jitter = UINT32_MAX};
        core_slot_on_report(&slot, &block);
        print_message("%s\n", rows[i].what);
        assert_int_equal(slot.statistics.expected, rows[i].expected);
        assert_int_equal(slot.statistics.delivered, rows[i].delivered);
    }
}

/* Values of two snapshots of a layer. */
static void test_values(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct core_layer_statistics before, now;
        int64_t us;
        bool has_before, is_known;
        double value;
    } rows[] = {
        {"packets", {.packets = 1}, {.packets = 8}, 1000000, true, true, 8},
        {"height", {0}, {.height = 480}, 1000000, false, true, 480},
        {"height", {0}, {.height = CORE_STATISTIC_UNKNOWN}, 1000000, true, false, 0},
        {"bitrate_bps", {.bytes = 100}, {.bytes = 1100}, 500000, true, true, 16000},
        {"bitrate_bps", {.bytes = 100}, {.bytes = 50}, 1000000, true, true, 400}, /* anew */
        {"bitrate_bps", {.bytes = 100}, {.bytes = 1100}, 0, true, false, 0},
        {"bitrate_bps", {.bytes = 0}, {.bytes = 1100}, 1000000, false, false, 0},
        {"loss",
         {.packets = 10, .expected = 10},
         {.packets = 100, .expected = 110},
         1,
         true,
         true,
         0.1},
        {"loss",
         {.packets = 10, .expected = 12},
         {.packets = 22, .expected = 22},
         1,
         true,
         true,
         0},
        {"loss",
         {.packets = 10, .expected = 12},
         {.packets = 10, .expected = 12},
         1,
         true,
         false,
         0},
        {"residual_loss", {0}, {.delivered = 99, .expected = 100}, 1, true, true, 0.01},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct core_interval interval = {
            .now = &rows[i].now, .before = rows[i].has_before ? &rows[i].before : NULL, rows[i].us};
        const struct core_statistic *statistic = core_layer_table.statistics;
        double value = -1;
        while (strcmp(statistic->name, rows[i].name) != 0)
            statistic++;
        print_message("%s, row %zu\n", rows[i].name, i);
        assert_int_equal(core_statistic_value(statistic, &interval, &value), rows[i].is_known);
        if (rows[i].is_known)
            assert_float_equal(value, rows[i].value, 1e-9);
    }
}

/* Sums take what counters grew by, of streams that began anew too, and leave gauges alone. */
static void test_sum(void **state)
{
    (void)state;
    struct core_layer_statistics sum = {.packets = 1000, .height = 7};
    struct core_layer_statistics first = {.packets = 10, .bytes = 5, .height = 480};
    struct core_layer_statistics second = {.packets = 30, .bytes = 3, .height = 240};
    core_statistic_add(&core_layer_table, &(struct core_interval){.now = &first}, &sum);
    core_statistic_add(&core_layer_table, &(struct core_interval){.now = &second, .before = &first},
                       &sum);
    assert_int_equal(sum.packets, 1030);
    assert_int_equal(sum.bytes, 8);
    assert_int_equal(sum.height, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule),  cmocka_unit_test(test_counts),
        cmocka_unit_test(test_leftovers), cmocka_unit_test(test_reports),
        cmocka_unit_test(test_values),    cmocka_unit_test(test_sum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
