/* What two snapshots say of a second: which evidence there is, and what is known of a downlink
 * between its reports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka needs the first four above. */
#include <cmocka.h>

#include "verdict_world.h"

#define UNKNOWN CORE_EVIDENCE_UNKNOWN
#define HELD    CORE_EVIDENCE_HELD

static void test_measure(void **state)
{
    (void)state;
    struct world world, good;
    world_init(&good);
    assert_int_equal(judge_slot(&good).quality, CORE_QUALITY_GOOD);

    world = good;
    world.sender[1].layers[TRACK][0].packets -= 10; /* repaired, but late */
    world.receiver[1].slots[SLOT].delivered -= 10;  /* and told by the receiver, too */
    assert_blames(&world, CORE_EVIDENCE_UPLINK_LOSS, .10);

    world = good;
    world.sender[1].layers[TRACK][0].packets -= 8;
    world.sender[1].layers[TRACK][0].delivered -= 8;
    assert_blames(&world, CORE_EVIDENCE_UPLINK_RESIDUAL_LOSS, .08);

    world = good;
    world.receiver[1].slots[SLOT].delivered -= 6;
    assert_blames(&world, CORE_EVIDENCE_DOWNLINK_LOSS, .06);

    world = good;
    world.receiver[1].downlink.budget_bps = 200000;
    assert_blames(&world, CORE_EVIDENCE_DOWNLINK_SHORT, .6);

    world = good; /* a voice needs no video's budget */
    world.receiver[1].downlink.budget_bps = 200000;
    world.receiver[1].reports[SLOT].height = 0;
    assert_int_equal(judge_slot(&world).quality, CORE_QUALITY_GOOD);

    world = good;
    world.receiver[1].reports[SLOT].state = CORE_SLOT_PAUSED;
    world.receiver[1].reports[SLOT].pause = CORE_PAUSE_BANDWIDTH;
    assert_blames(&world, CORE_EVIDENCE_DOWNLINK_SHORT, 1);

    world.receiver[1].reports[SLOT].pause = CORE_PAUSE_LAYOUT; /* as one wished */
    assert_int_equal(judge_slot(&world).quality, CORE_QUALITY_GOOD);

    world = good;
    world.sender[1].layers[TRACK][0].policed_packets += 20;
    world.sender[1].tracks[TRACK].policer_rung = 1;
    assert_blames(&world, CORE_EVIDENCE_POLICED, .2);

    world = good;
    world.receiver[1].downlink.send_failures += 25;
    assert_blames(&world, CORE_EVIDENCE_SERVER_DROPS, .2);

    world = good; /* each is the cause of a loss that others see */
    world.server.receive_drops = .2;
    world.sender[1].layers[TRACK][0].packets -= 20;
    assert_blames(&world, CORE_EVIDENCE_SERVER_RECEIVE_DROPS, .2);

    world = good;
    world.server.send_drops = .2;
    world.receiver[1].slots[SLOT].delivered -= 20;
    assert_blames(&world, CORE_EVIDENCE_SERVER_SEND_DROPS, .2);

    world = good;
    world.decoding.frames_decoded = 5;
    assert_blames(&world, CORE_EVIDENCE_CLIENT_UNDECODED, .75);

    world = good;
    world.receiver[1].slots[SLOT].plis += 2;
    assert_blames(&world, CORE_EVIDENCE_CLIENT_KEYFRAMES, 2);
    world.sender[1].layers[TRACK][0].expected = 120; /* of too few nothing is known */
    world.sender[1].layers[TRACK][0].packets = world.sender[1].layers[TRACK][0].delivered = 120;
    assert_int_equal(judge_slot(&world).quality, CORE_QUALITY_GOOD);
    world.receiver[1].slots[SLOT].delivered -= 10; /* then it has a reason */
    assert_blames(&world, CORE_EVIDENCE_DOWNLINK_LOSS, .10);

    world = good;
    world.sender[1].uplink.silent_us = 900000;
    assert_blames(&world, CORE_EVIDENCE_UPLINK_SILENCE, 900);
}

static void test_measure_layers(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world.sender[1].seen_layers[TRACK] = 3;
    assert_blames(&world, CORE_EVIDENCE_UPLINK_LAYERS, .5);
    world.sender[1].tracks[TRACK].policer_rung = 1; /* it was told to send less */
    assert_int_equal(judge_slot(&world).quality, CORE_QUALITY_GOOD);
}

/* A second or two after a join, after a counter's new beginning, with a handful of packets. */
static void test_measure_little(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world.sender[1].layers[TRACK][0].packets = 10;
    struct core_verdict_second second = second_of(&world);
    second.pair.before = second.sources[SLOT].pair.before = NULL;
    assert_int_equal(judge_second(&second).quality, CORE_QUALITY_GOOD);
    second.sources[SLOT].pair.now = NULL;
    assert_int_equal(judge_second(&second).quality, CORE_QUALITY_GOOD);
    struct core_layer_statistics *layer = &world.sender[1].layers[TRACK][0];
    layer->expected = 24; /* began anew */
    layer->packets = layer->delivered = 14;
    assert_int_equal(judge_slot(&world).quality, CORE_QUALITY_GOOD);
    layer->expected = 40;
    layer->packets = layer->delivered = 30;
    assert_blames(&world, CORE_EVIDENCE_UPLINK_RESIDUAL_LOSS, .25);
    world.receiver[1].reports[SLOT].participant = 0; /* nobody is shown */
    assert_int_equal(judge_slot(&world).quality, CORE_QUALITY_GOOD);
}

/* Who is silent, and whose fault that is. */
static void test_silence(void **state)
{
    (void)state;
    struct world world, good;
    world_init(&good);
    good.sender[1].uplink.silent_us = 3000000;
    world = good; /* two seconds later the slot knows it, too */
    world.receiver[1].reports[SLOT].state = CORE_SLOT_PAUSED;
    world.receiver[1].reports[SLOT].pause = CORE_PAUSE_SOURCE;
    assert_blames(&world, CORE_EVIDENCE_UPLINK_SILENCE, 3000);
    world.sender[1].sending_tracks = 0; /* the camera was unplugged; RTCP comes every few seconds */
    assert_int_equal(judge_slot(&world).quality, CORE_QUALITY_GOOD);
    world = good;
    world.sender[1].sending_tracks = 0;
    assert_int_equal(judge_slot(&world).quality, CORE_QUALITY_GOOD);
}

/* A slot is sent 100 packets a second; what its reports say, and what is said of that. */
static void test_downlink_silence(void **state)
{
    (void)state;
    enum { SENDS = 1, LISTENS };
    static const struct {
        const char *what;
        unsigned from_s, report_every_s; /* nothing new is reported from then on; 0: no reports */
        uint64_t silent_us;              /* of the receiver, from then on */
        unsigned role, quiet_s;          /* known by then: silence of 2 s; 0: never */
    } rows[] = {
        {"all is well, reports every 7 s", 99, 7, 0, SENDS, 0},
        {"of which every other one is lost", 99, 14, 0, SENDS, 0},
        {"a dead downlink, reports go on", 10, 1, 0, SENDS, 11},
        {"and of a listener", 10, 1, 0, LISTENS, 11},
        {"reports end, the rest goes on", 10, 0, 0, SENDS, 26},
        {"its uplink is dead, nobody knows of the downlink", 10, 0, 2000000, SENDS, 0},
        {"a listener is gone", 10, 0, 2000000, LISTENS, 26},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct core_verdict_coverage coverage = {.is_begun = false};
        unsigned found_s = 0;
        struct world world;
        world_init(&world);
        world.receiver[1] = world.receiver[0];
        print_message("%s\n", rows[i].what);
        for (unsigned s = 1; s <= 30; s++) {
            struct core_evidences evidences;
            struct core_statistics *now = &world.receiver[1];
            bool is_dead = s >= rows[i].from_s;
            unsigned every_s = is_dead || rows[i].report_every_s > 1 ? rows[i].report_every_s : 1;
            now->slots[SLOT].packets += 100;
            now->sending_tracks = rows[i].role == SENDS;
            now->uplink.silent_us = is_dead ? rows[i].silent_us : 0;
            if (every_s && s % every_s == 0) {
                now->slots[SLOT].reports++;
                now->slots[SLOT].expected += is_dead ? 0 : 100 * every_s;
                now->slots[SLOT].delivered += is_dead ? 0 : 100 * every_s;
            }
            struct core_verdict_second second = second_of(&world);
            core_verdict_measure_slot(&second, SLOT, &coverage, &evidences);
            if (!found_s && evidences.values[CORE_EVIDENCE_DOWNLINK_SILENCE] >= 2000)
                found_s = s;
            world.receiver[0] = world.receiver[1];
        }
        assert_int_equal(found_s, rows[i].quiet_s);
    }
}

/* Reports come when they come: what a second's number of the downlink's loss is. */
static void test_reports_between(void **state)
{
    (void)state;
    static const struct {
        uint64_t expected, delivered; /* that the reports of this second add */
        double upstream;              /* loss of the sender's in this second */
        double loss;
        const char *what;
    } seconds[] = {
        {100, 90, 0, .10, "a report"},
        {0, 0, 0, HELD, "none: the last one holds"},
        {0, 0, 0, HELD, ""},
        {24, 20, 0, HELD, "of too few"},
        {26, 25, 0, .10, "with them it is enough"},
        {0, 0, .2, HELD, ""},
        {300, 240, 0, .133, "a fifth was lost, a third of that by the sender"},
        {100, 100, 0, 0, "nothing any more"},
        {0, 0, 0, HELD, "1"},
        {0, 0, 0, HELD, "2"},
        {0, 0, 0, HELD, "3"},
        {0, 0, 0, HELD, "4"},
        {0, 0, 0, HELD, "5"},
        {0, 0, 0, HELD, "6"},
        {0, 0, 0, HELD, "7: a voice's report is due"},
        {0, 0, 0, HELD, "8"},
        {0, 0, 0, HELD, "9"},
        {0, 0, 0, HELD, "10"},
        {0, 0, 0, UNKNOWN, "nobody knows"},
        {100, 50, 0, .50, "and again"},
    };
    struct core_verdict_coverage coverage = {.is_begun = false};
    struct world world;
    world_init(&world);
    world.receiver[1] = world.receiver[0];
    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
        struct core_evidences evidences;
        struct core_slot_statistics *slot = &world.receiver[1].slots[SLOT];
        world.sender[1].layers[TRACK][0].packets = 200 - (uint64_t)(seconds[i].upstream * 100 + .5);
        slot->expected += seconds[i].expected;
        slot->delivered += seconds[i].delivered;
        struct core_verdict_second second = second_of(&world);
        core_verdict_measure_slot(&second, SLOT, &coverage, &evidences);
        print_message("second %zu: %f %s\n", i, evidences.values[CORE_EVIDENCE_DOWNLINK_LOSS],
                      seconds[i].what);
        assert_float_equal(evidences.values[CORE_EVIDENCE_DOWNLINK_LOSS], seconds[i].loss, .001);
        world.receiver[0] = world.receiver[1];
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_measure),        cmocka_unit_test(test_measure_layers),
        cmocka_unit_test(test_measure_little), cmocka_unit_test(test_reports_between),
        cmocka_unit_test(test_silence),        cmocka_unit_test(test_downlink_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
