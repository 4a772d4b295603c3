/* Why is it bad: the limits one by one, who is blamed of several, what two snapshots say, and that
 * a verdict holds still. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* cmocka needs the first four above. */
#include <cmocka.h>

#include "sfu/core/verdict.h"

#define UNKNOWN CORE_EVIDENCE_UNKNOWN
#define HELD    CORE_EVIDENCE_HELD
#define TRACK   1
#define SLOT    3

static struct core_evidences nothing_known(void)
{
    struct core_evidences evidences;
    for (unsigned i = 0; i < CORE_EVIDENCE_COUNT; i++)
        evidences.values[i] = UNKNOWN;
    return evidences;
}

struct number {
    enum core_evidence evidence;
    double value;
};

static const struct {
    const char *name;
    struct number numbers[3];
    unsigned count;
    enum core_quality quality;
    enum core_cause cause;
    enum core_evidence evidence; /* unless it is good */
} decisions[] = {
    {"nothing is known", {{0, 0}}, 0, CORE_QUALITY_GOOD, CORE_CAUSE_NONE, 0},
    {"just below", {{CORE_EVIDENCE_UPLINK_LOSS, .039}}, 1, CORE_QUALITY_GOOD, CORE_CAUSE_NONE, 0},
    {"at the limit",
     {{CORE_EVIDENCE_UPLINK_LOSS, .04}},
     1,
     CORE_QUALITY_FAIR,
     CORE_CAUSE_PUBLISHER_UPLINK,
     CORE_EVIDENCE_UPLINK_LOSS},
    {"poor",
     {{CORE_EVIDENCE_UPLINK_LOSS, .15}},
     1,
     CORE_QUALITY_POOR,
     CORE_CAUSE_PUBLISHER_UPLINK,
     CORE_EVIDENCE_UPLINK_LOSS},
    {"of equals the one nearer to the source",
     {{CORE_EVIDENCE_DOWNLINK_LOSS, .05}, {CORE_EVIDENCE_UPLINK_LOSS, .05}},
     2,
     CORE_QUALITY_FAIR,
     CORE_CAUSE_PUBLISHER_UPLINK,
     CORE_EVIDENCE_UPLINK_LOSS},
    {"the worst counts, wherever",
     {{CORE_EVIDENCE_DOWNLINK_SHORT, .7}, {CORE_EVIDENCE_UPLINK_LOSS, .05}},
     2,
     CORE_QUALITY_POOR,
     CORE_CAUSE_DOWNLINK,
     CORE_EVIDENCE_DOWNLINK_SHORT},
    {"what the policer dropped is no loss of the uplink",
     {{CORE_EVIDENCE_POLICED, .2}, {CORE_EVIDENCE_UPLINK_RESIDUAL_LOSS, .2}},
     2,
     CORE_QUALITY_POOR,
     CORE_CAUSE_POLICY,
     CORE_EVIDENCE_POLICED},
    {"the server's drops are no loss of the downlink",
     {{CORE_EVIDENCE_SERVER_DROPS, .04}, {CORE_EVIDENCE_DOWNLINK_LOSS, .2}},
     2,
     CORE_QUALITY_POOR,
     CORE_CAUSE_SERVER,
     CORE_EVIDENCE_SERVER_DROPS},
    {"a slow server",
     {{CORE_EVIDENCE_SERVER_DELAY, 60}},
     1,
     CORE_QUALITY_FAIR,
     CORE_CAUSE_SERVER,
     CORE_EVIDENCE_SERVER_DELAY},
    {"a client that asks for key frames for ever",
     {{CORE_EVIDENCE_CLIENT_KEYFRAMES, 1}, {CORE_EVIDENCE_DOWNLINK_LOSS, 0}},
     2,
     CORE_QUALITY_POOR,
     CORE_CAUSE_CLIENT,
     CORE_EVIDENCE_CLIENT_KEYFRAMES},
};

static void test_decide(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(decisions) / sizeof(decisions[0]); i++) {
        struct core_evidences evidences = nothing_known();
        print_message("%s\n", decisions[i].name);
        for (unsigned n = 0; n < decisions[i].count; n++)
            evidences.values[decisions[i].numbers[n].evidence] = decisions[i].numbers[n].value;
        struct core_verdict verdict = core_verdict_decide(&evidences);
        assert_int_equal(verdict.quality, decisions[i].quality);
        assert_int_equal(verdict.cause, decisions[i].cause);
        if (verdict.quality == CORE_QUALITY_GOOD)
            continue;
        assert_int_equal(verdict.evidence, decisions[i].evidence);
        assert_true(verdict.value == evidences.values[verdict.evidence]);
        assert_true(verdict.value >= verdict.limit && verdict.limit > 0);
    }
}

/* Every number alone, at a lot and at nothing: blames its own leg, and only then. */
static void test_every_number(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CORE_EVIDENCE_COUNT; i++) {
        struct core_evidences evidences = nothing_known();
        enum core_evidence evidence = (enum core_evidence)i;
        evidences.values[i] = 0;
        assert_int_equal(core_verdict_decide(&evidences).quality, CORE_QUALITY_GOOD);
        evidences.values[i] = core_evidence_unit(evidence) == CORE_UNIT_MS ? 5000 : 1;
        struct core_verdict verdict = core_verdict_decide(&evidences);
        assert_int_equal(verdict.quality, CORE_QUALITY_POOR);
        assert_int_equal(verdict.cause, core_evidence_cause(evidence));
        assert_int_equal(verdict.evidence, i);
        assert_non_null(core_evidence_name(evidence));
        assert_non_null(core_evidence_help(evidence));
    }
}

/* A sender and a receiver at two times: 100 packets and 20 frames a second, nothing wrong. */
struct world {
    struct core_statistics sender[2], receiver[2];
    struct core_verdict_server server;
    struct core_verdict_decoding decoding;
};

static void world_init(struct world *world)
{
    memset(world, 0, sizeof(*world));
    for (unsigned t = 0; t < 2; t++) {
        struct core_statistics *sender = &world->sender[t], *receiver = &world->receiver[t];
        struct core_layer_statistics *layer = &sender->layers[TRACK][0];
        struct core_slot_statistics *slot = &receiver->slots[SLOT];
        sender->at_us = receiver->at_us = t * 1000000;
        sender->track_count = TRACK + 1;
        receiver->slot_count = SLOT + 1;
        sender->seen_layers[TRACK] = sender->live_layers[TRACK] = 1;
        sender->sending_tracks = 1u << TRACK;
        layer->expected = layer->packets = layer->delivered = 100 + t * 100;
        layer->jitter_us = 5000;
        sender->downlink.rtt_us = receiver->downlink.rtt_us = 30000;
        receiver->downlink.budget_bps = receiver->downlink.wanted_bps = 500000;
        receiver->downlink.packets = slot->expected = slot->delivered = 100 + t * 100;
        slot->jitter_us = 4000;
        receiver->reports[SLOT] = (struct core_slot_report){
            .participant = 7, .csrc = 9, .height = 480, .state = CORE_SLOT_LIVE};
    }
    world->server.delay_p99_ms = 1;
    world->decoding = (struct core_verdict_decoding){
        .is_known = true, .frames_decoded = 20, .frames_received = 20};
}

static struct core_verdict_second second_of(const struct world *world)
{
    struct core_verdict_second second = {.pair = {&world->receiver[1], &world->receiver[0]},
                                         .server = world->server};
    second.sources[SLOT] =
        (struct core_verdict_source){{&world->sender[1], &world->sender[0]}, TRACK};
    second.decodings[SLOT] = world->decoding;
    return second;
}

static struct core_verdict judge_second(const struct core_verdict_second *second)
{
    struct core_evidences evidences;
    struct core_verdict_coverage coverage = {.is_begun = false};
    core_verdict_measure_slot(second, SLOT, &coverage, &evidences);
    return core_verdict_decide(&evidences);
}

static struct core_verdict judge_slot(const struct world *world)
{
    struct core_verdict_second second = second_of(world);
    return judge_second(&second);
}

static void assert_blames(const struct world *world, enum core_evidence evidence, double value)
{
    struct core_verdict verdict = judge_slot(world);
    print_message("%s %f\n", core_evidence_name(verdict.evidence), verdict.value);
    assert_int_equal(verdict.cause, core_evidence_cause(evidence));
    assert_int_equal(verdict.evidence, evidence);
    assert_true(verdict.value > value - 1e-9 && verdict.value < value + 1e-9);
}

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

/* Loss of the uplink second by second, and what is told of it. */
static void test_follow(void **state)
{
    (void)state;
    static const struct {
        double loss;
        bool is_changed;
        enum core_quality told;
    } seconds[] = {
        {0, false, CORE_QUALITY_GOOD},       {.3, false, CORE_QUALITY_GOOD},
        {0, true, CORE_QUALITY_FAIR}, /* .12, .072: one bad second is told, once */
        {0, false, CORE_QUALITY_FAIR},       {0, false, CORE_QUALITY_FAIR},
        {0, true, CORE_QUALITY_GOOD},        {.08, false, CORE_QUALITY_GOOD},
        {0, false, CORE_QUALITY_GOOD}, /* a small one is not */
        {.3, false, CORE_QUALITY_GOOD},      {.3, false, CORE_QUALITY_GOOD},
        {.3, true, CORE_QUALITY_POOR},       {.3, false, CORE_QUALITY_POOR},
        {HELD, false, CORE_QUALITY_POOR},    {HELD, false, CORE_QUALITY_POOR},
        {UNKNOWN, false, CORE_QUALITY_POOR}, {UNKNOWN, true, CORE_QUALITY_GOOD},
    };
    struct core_verdict_history history;
    core_verdict_restart(&history);
    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
        struct core_evidences evidences = nothing_known();
        evidences.values[CORE_EVIDENCE_UPLINK_LOSS] = seconds[i].loss;
        print_message("second %zu\n", i);
        assert_int_equal(core_verdict_follow(&history, &evidences), seconds[i].is_changed);
        assert_int_equal(history.told.quality, seconds[i].told);
    }
}

/* Who has no second track and no fifth slot is not judged by what stands in their places; nor is a
 * layer by what stood in its place before its first packet. */
static void test_what_is_not_there(void **state)
{
    (void)state;
    static struct core_verdicts verdicts;
    struct world world;
    world_init(&world);
    struct core_statistics *now = &world.sender[1];
    world.sender[1].layers[TRACK][0].packets -= 50;
    world.sender[1].layers[TRACK][0].delivered -= 50;
    now->track_count = TRACK;
    now->reports[0] = (struct core_slot_report){.participant = 7,
                                                .csrc = 9,
                                                .height = 480,
                                                .state = CORE_SLOT_PAUSED,
                                                .pause = CORE_PAUSE_BANDWIDTH};
    struct core_verdict_second second = {.pair = {now, &world.sender[0]}};
    for (unsigned i = 0; i < 4; i++)
        assert_false(core_verdicts_follow(&verdicts, &second));
    now->track_count = TRACK + 1;
    assert_false(core_verdicts_follow(&verdicts, &second));
    assert_true(core_verdicts_follow(&verdicts, &second));
    assert_int_equal(verdicts.own.cause, CORE_CAUSE_PUBLISHER_UPLINK);

    world_init(&world);
    memset(&world.sender[0].layers[TRACK][0], 0xFF, sizeof(world.sender[0].layers[TRACK][0]));
    world.sender[0].layers[TRACK][0].packets = 0;
    world.sender[0].layers[TRACK][0].expected = 100;
    world.sender[0].seen_layers[TRACK] = 0;
    assert_int_equal(judge_slot(&world).quality, CORE_QUALITY_GOOD);
    world.sender[0].seen_layers[TRACK] = 1;
    world.sender[0].layers[TRACK][0].packets = 100;
    world.sender[1].layers[TRACK][0].packets -= 20;
    assert_blames(&world, CORE_EVIDENCE_UPLINK_LOSS, .2);
}

/* A slot whose source falls silent is idle after 2 s; what is said of it from then on. */
static void test_missed(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint64_t shown;      /* participant in the slot */
        uint64_t silent_us;  /* of the sender */
        bool is_sending;     /* until then */
        uint64_t remembered; /* afterwards: whose verdict the slot's is */
        enum core_cause told;
    } seconds[] = {
        {"shown", 7, 0, true, 7, CORE_CAUSE_NONE},
        {"nothing comes", 7, 1000000, true, 7, CORE_CAUSE_NONE},
        {"fair, and now poor", 7, 2000000, true, 7, CORE_CAUSE_NONE},
        {"the slot is free", 0, 3000000, true, 7, CORE_CAUSE_PUBLISHER_UPLINK},
        {"and stays so", 0, 9000000, true, 7, CORE_CAUSE_PUBLISHER_UPLINK},
        {"", 0, 29000000, true, 7, CORE_CAUSE_PUBLISHER_UPLINK},
        {"somebody else comes", 8, 29000000, true, 8, CORE_CAUSE_NONE},
        {"and ends the camera", 0, 500000, false, 0, CORE_CAUSE_NONE},
        {"silence of whom nobody looks at", 0, 9000000, true, 0, CORE_CAUSE_NONE},
        {"", 0, 10000000, true, 0, CORE_CAUSE_NONE},
        {"", 0, 11000000, true, 0, CORE_CAUSE_NONE},
        {"shown once more", 7, 0, true, 7, CORE_CAUSE_NONE},
        {"the receiver wants it no more", 0, 300000, true, 0, CORE_CAUSE_NONE},
        {"", 0, 9000000, true, 0, CORE_CAUSE_NONE},
        {"", 0, 10000000, true, 0, CORE_CAUSE_NONE},
        {"shown once more", 7, 0, true, 7, CORE_CAUSE_NONE},
        {"unplugged; RTCP still comes", 0, 900000, false, 0, CORE_CAUSE_NONE},
    };
    static struct core_verdicts verdicts;
    struct world world;
    world_init(&world);
    memset(&verdicts, 0, sizeof(verdicts));
    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
        struct core_slot_report *report = &world.receiver[1].reports[SLOT];
        print_message("%zu: %s\n", i, seconds[i].what);
        *report =
            (struct core_slot_report){.participant = seconds[i].shown,
                                      .csrc = (uint32_t)seconds[i].shown,
                                      .state = seconds[i].shown ? CORE_SLOT_LIVE : CORE_SLOT_IDLE};
        world.sender[1].uplink.silent_us = seconds[i].silent_us;
        world.sender[1].sending_tracks = (uint8_t)(seconds[i].is_sending << TRACK);
        struct core_verdict_second second = second_of(&world);
        if (core_verdicts_shown(&verdicts, second.pair.now, SLOT).participant == 0)
            second.sources[SLOT].pair.now = NULL;
        core_verdicts_follow(&verdicts, &second);
        assert_int_equal(verdicts.slots[SLOT].told.cause, seconds[i].told);
        assert_int_equal(verdicts.shown[SLOT].participant, seconds[i].remembered);
        assert_int_equal(verdicts.own.cause, seconds[i].told);
    }
}

static void test_sources(void **state)
{
    (void)state;
    static struct core_snapshots snapshots;
    static const struct core_track_params tracks[] = {{.csrc = 5}, {.csrc = 6}, {.csrc = 7}};
    const struct core_statistics first = {.at_us = 1, .track_count = 2}, next = {.at_us = 2};
    assert_null(core_verdict_pair_of(&snapshots).now);
    core_snapshots_take(&snapshots, &first);
    assert_int_equal(core_verdict_pair_of(&snapshots).now->at_us, 1);
    assert_null(core_verdict_pair_of(&snapshots).before);
    assert_int_equal(core_verdict_source_of(&snapshots, tracks, 6).track, 1);
    assert_ptr_equal(core_verdict_source_of(&snapshots, tracks, 6).pair.now, &snapshots.now);
    assert_null(core_verdict_source_of(&snapshots, tracks, 7).pair.now); /* it has but two */
    core_snapshots_take(&snapshots, &next);
    assert_int_equal(core_verdict_pair_of(&snapshots).now->at_us, 2);
    assert_int_equal(core_verdict_pair_of(&snapshots).before->at_us, 1);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(core_quality_name(CORE_QUALITY_POOR), "poor");
    assert_string_equal(core_cause_name(CORE_CAUSE_PUBLISHER_UPLINK), "publisher_uplink");
    assert_string_equal(core_evidence_name(CORE_EVIDENCE_DOWNLINK_SHORT), "downlink_short");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decide),
        cmocka_unit_test(test_every_number),
        cmocka_unit_test(test_measure),
        cmocka_unit_test(test_measure_layers),
        cmocka_unit_test(test_measure_little),
        cmocka_unit_test(test_follow),
        cmocka_unit_test(test_what_is_not_there),
        cmocka_unit_test(test_reports_between),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_downlink_silence),
        cmocka_unit_test(test_missed),
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
