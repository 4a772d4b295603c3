/* Why is it bad: the limits one by one, who is blamed of several, and that a verdict holds still.
 */
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
        cmocka_unit_test(test_decide), cmocka_unit_test(test_every_number),
        cmocka_unit_test(test_follow), cmocka_unit_test(test_what_is_not_there),
        cmocka_unit_test(test_missed), cmocka_unit_test(test_sources),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
