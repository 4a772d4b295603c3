/* When an allocation is followed (bwe.md, "Allocation" 4 and 5): time is the first column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "allocation_tracks.h"
#include "bwe/allocation_hysteresis.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define START_US     1000000
#define ROWS         14

/* What happens to the sources from a row on. */
enum change {
    NO_CHANGE,
    PROBE,         /* a probe has passed */
    UPPER_STOPS,   /* the upper layer of camera 2 */
    UPPER_RETURNS, /* and here it is again */
    SMALL,         /* camera 2 is wanted at 240 */
    LARGE,         /* and at 480 again */
    HIDDEN,        /* and not at all */
    SPEAKER_2,     /* camera 2 speaks instead of 1 */
    SWAPPED,       /* the tracks come in another order */
    NEWCOMER,      /* camera 2's place is taken by another */
    DEAR,          /* camera 1 costs 150 more at its upper layer */
    CHEAP,         /* and does not any more */
    DIP_BEGINS,    /* from here on the budget comes back when a queue is drained */
    DIP_ENDS,
    FINAL, /* the network carries more than the budget from here on */
};

struct row {
    int64_t at_ms;
    uint64_t budget_kbps;
    enum change change;
    const char *choices; /* after this time's call; NULL ends the table */
};

/*
 * Two cameras; the first speaks: low 66 T0, 99 T1, 165 T2; high 231 T1, 385 T2. Two of them at low:
 * 330 (363 with the margin); one high: 396 T1 (436), 550 T2 (605); both: 616 T1, 770 T2 (847).
 */
static const struct {
    const char *what;
    bool has_estimator;
    struct row rows[ROWS];
} table[] = {
    {"begins at once with what fits with a margin",
     false,
     {{0, 847, NO_CHANGE, "12 12"}, {10000, 847, NO_CHANGE, "12 12"}}},
    {"and no more", false, {{0, 846, NO_CHANGE, "12 11"}, {10000, 846, NO_CHANGE, "12 11"}}},
    {"down at once, temporal layers first",
     false,
     {{0, 2000, NO_CHANGE, "12 12"},
      {100, 769, NO_CHANGE, "12 11"},
      {200, 615, NO_CHANGE, "12 02"},
      {300, 549, NO_CHANGE, "11 02"},
      {400, 395, NO_CHANGE, "02 02"},
      {500, 329, NO_CHANGE, "02 01"}}},
    {"stays where it fits without a margin",
     false,
     {{0, 2000, NO_CHANGE, "12 12"},
      {100, 770, NO_CHANGE, "12 12"},
      {60000, 770, NO_CHANGE, "12 12"}}},
    {"up after a second of room",
     false,
     {{0, 363, NO_CHANGE, "02 02"},
      {5000, 2000, NO_CHANGE, "02 02"},
      {5999, 2000, NO_CHANGE, "02 02"},
      {6000, 2000, NO_CHANGE, "12 12"}}},
    {"not if the room goes for a moment",
     false,
     {{0, 363, NO_CHANGE, "02 02"},
      {5000, 2000, NO_CHANGE, "02 02"},
      {5500, 363, NO_CHANGE, "02 02"},
      {5510, 2000, NO_CHANGE, "02 02"},
      {6509, 2000, NO_CHANGE, "02 02"},
      {6510, 2000, NO_CHANGE, "12 12"}}},
    {"up as far as it has fitted all the time",
     false,
     {{0, 363, NO_CHANGE, "02 02"},
      {5000, 2000, NO_CHANGE, "02 02"},
      {5500, 605, NO_CHANGE, "02 02"},
      {5600, 2000, NO_CHANGE, "02 02"},
      {6000, 2000, NO_CHANGE, "12 02"},
      {6600, 2000, NO_CHANGE, "12 12"}}},
    {"up to the least that has fitted all the time, but what fits better now is waited for",
     false,
     {{0, 363, NO_CHANGE, "02 02"},
      {5000, 847, NO_CHANGE, "02 02"},
      {5500, 700, NO_CHANGE, "02 02"},
      {5600, 847, NO_CHANGE, "02 02"},
      {6000, 847, NO_CHANGE, "12 02"},
      {6599, 847, NO_CHANGE, "12 02"},
      {6700, 847, NO_CHANGE, "12 12"}}},
    {"for a second",
     false,
     {{0, 363, NO_CHANGE, "02 02"},
      {5000, 847, NO_CHANGE, "02 02"},
      {5900, 700, NO_CHANGE, "02 02"},
      {6000, 847, NO_CHANGE, "12 02"},
      {6800, 700, NO_CHANGE, "12 11"}}},
    {"twice in the first ten seconds",
     false,
     {{0, 363, NO_CHANGE, "02 02"},
      {1000, 436, NO_CHANGE, "02 02"},
      {2000, 436, NO_CHANGE, "11 02"},
      {3000, 605, NO_CHANGE, "11 02"},
      {4000, 605, NO_CHANGE, "12 02"}}},
    {"temporal layers are no switch",
     false,
     {{0, 363, NO_CHANGE, "02 02"},
      {15000, 436, NO_CHANGE, "02 02"},
      {16000, 436, NO_CHANGE, "11 02"},
      {17000, 605, NO_CHANGE, "11 02"},
      {18000, 605, NO_CHANGE, "12 02"}}},
    {"one switch in ten seconds after that, if the budget is about the same",
     false,
     {{0, 605, NO_CHANGE, "12 02"},
      {12000, 700, NO_CHANGE, "12 02"},
      {13000, 700, NO_CHANGE, "12 11"},
      {14000, 600, NO_CHANGE, "12 02"},
      {15000, 700, NO_CHANGE, "12 02"},
      {22999, 700, NO_CHANGE, "12 02"},
      {23000, 700, NO_CHANGE, "12 11"}}},
    {"a probe is as good as a second",
     true,
     {{0, 363, NO_CHANGE, "02 02"}, {5000, 770, PROBE, "12 12"}}},
    {"five seconds after a downgrade",
     false,
     {{0, 2000, NO_CHANGE, "12 12"},
      {1000, 363, NO_CHANGE, "02 02"},
      {1100, 2000, NO_CHANGE, "02 02"},
      {5999, 2000, NO_CHANGE, "02 02"},
      {6000, 2000, NO_CHANGE, "12 12"}}},
    {"a probe does not shorten them",
     true,
     {{0, 2000, NO_CHANGE, "12 12"},
      {1000, 330, NO_CHANGE, "02 02"},
      {3000, 410, PROBE, "02 02"},
      {5999, 410, PROBE, "02 02"},
      {6000, 410, PROBE, "11 02"}}},
    {"but another capacity does",
     true,
     {{0, 2000, NO_CHANGE, "12 12"},
      {1000, 363, NO_CHANGE, "02 02"},
      {3000, 2000, PROBE, "12 12"}}},
    {"which a probe shows at once, also right after a downgrade",
     true,
     {{0, 2000, NO_CHANGE, "12 12"},
      {1000, 330, NO_CHANGE, "02 02"},
      {1200, 420, PROBE, "11 02"},
      {1300, 2000, PROBE, "12 12"}}},
    {"but a budget that comes back by itself does not",
     true,
     {{0, 2000, NO_CHANGE, "12 12"},
      {1000, 330, NO_CHANGE, "02 02"},
      {1200, 2000, NO_CHANGE, "02 02"},
      {2300, 2000, NO_CHANGE, "02 02"},
      {3000, 2000, PROBE, "02 02"},
      {6000, 2000, PROBE, "12 12"}}},
    {"7.5 after an upgrade that was wrong, then 11.25",
     false,
     {{0, 2000, NO_CHANGE, "12 12"},
      {1000, 363, NO_CHANGE, "02 02"},
      {1999, 2000, NO_CHANGE, "02 02"},
      {6000, 2000, NO_CHANGE, "12 12"},
      {7000, 363, NO_CHANGE, "02 02"},
      {7100, 2000, NO_CHANGE, "02 02"},
      {15999, 2000, NO_CHANGE, "02 02"},
      {16000, 2000, NO_CHANGE, "12 12"},
      {17000, 363, NO_CHANGE, "02 02"},
      {17100, 2000, NO_CHANGE, "02 02"},
      {28249, 2000, NO_CHANGE, "02 02"},
      {28250, 2000, NO_CHANGE, "12 12"}}},
    {"five when it was another's cost, whatever was wrong before",
     false,
     {{0, 900, NO_CHANGE, "12 12"},
      {1000, 363, NO_CHANGE, "02 02"},
      {1999, 900, NO_CHANGE, "02 02"},
      {6000, 900, NO_CHANGE, "12 12"},
      {7000, 363, NO_CHANGE, "02 02"},
      {7100, 900, NO_CHANGE, "02 02"},
      {16000, 900, NO_CHANGE, "12 12"},
      {50000, 900, DEAR, "12 11"},
      {50100, 900, CHEAP, "12 11"},
      {54999, 900, NO_CHANGE, "12 11"},
      {55000, 900, NO_CHANGE, "12 12"}}},
    {"five again when the upgrade has lasted",
     false,
     {{0, 2000, NO_CHANGE, "12 12"},
      {1000, 363, NO_CHANGE, "02 02"},
      {1999, 2000, NO_CHANGE, "02 02"},
      {6000, 2000, NO_CHANGE, "12 12"},
      {36000, 363, NO_CHANGE, "02 02"},
      {36100, 2000, NO_CHANGE, "02 02"},
      {40999, 2000, NO_CHANGE, "02 02"},
      {41000, 2000, NO_CHANGE, "12 12"}}},
    {"paused after half a second",
     false,
     {{0, 363, NO_CHANGE, "02 02"},
      {5000, 100, NO_CHANGE, "01 00"},
      {5499, 100, NO_CHANGE, "01 00"},
      {5500, 100, NO_CHANGE, "01 --"}}},
    {"also to make room for a speaker, for which the budget may grow",
     true,
     {{0, 100, NO_CHANGE, "00 --"},
      {4000, 100, SPEAKER_2, "00 --"},
      {5000, 100, PROBE, "00 00"},
      {5499, 100, NO_CHANGE, "00 00"},
      {5500, 100, NO_CHANGE, "-- 00"}}},
    {"at once if it will not",
     true,
     {{0, 100, FINAL, "00 --"},
      {4000, 100, SPEAKER_2, "00 --"},
      {5000, 100, PROBE, "-- 00"},
      {5400, 60, NO_CHANGE, "-- 00"},
      {5899, 60, NO_CHANGE, "-- 00"},
      {5900, 60, NO_CHANGE, "-- --"}}},
    {"not if it fits in between",
     false,
     {{0, 363, NO_CHANGE, "02 02"},
      {5000, 100, NO_CHANGE, "01 00"},
      {5400, 165, NO_CHANGE, "01 00"},
      {5450, 100, NO_CHANGE, "01 00"},
      {5949, 100, NO_CHANGE, "01 00"},
      {5950, 100, NO_CHANGE, "01 --"}}},
    {"a dip of a little more than half a second pauses nobody",
     true,
     {{0, 363, NO_CHANGE, "02 02"},
      {5000, 50, DIP_BEGINS, "00 00"},
      {5550, 50, NO_CHANGE, "00 00"},
      {5590, 363, DIP_ENDS, "00 00"},
      {10000, 363, NO_CHANGE, "02 02"}}},
    {"a longer one is none",
     true,
     {{0, 363, NO_CHANGE, "02 02"},
      {5000, 50, DIP_BEGINS, "00 00"},
      {5599, 50, NO_CHANGE, "00 00"},
      {5600, 50, NO_CHANGE, "-- --"}}},
    {"nor one in which the network carries no more",
     true,
     {{0, 363, NO_CHANGE, "02 02"},
      {5000, 50, DIP_BEGINS, "00 00"},
      {5550, 50, DIP_ENDS, "-- --"}}},
    {"both, the least important first",
     false,
     {{0, 363, NO_CHANGE, "02 02"},
      {5000, 100, NO_CHANGE, "01 00"},
      {5200, 50, NO_CHANGE, "00 00"},
      {5500, 50, NO_CHANGE, "00 --"},
      {5700, 50, NO_CHANGE, "-- --"}}},
    {"resumes after a second, without an estimator",
     false,
     {{0, 363, NO_CHANGE, "02 02"},
      {5000, 100, NO_CHANGE, "01 00"},
      {5500, 100, NO_CHANGE, "01 --"},
      {12000, 363, NO_CHANGE, "01 --"},
      {12999, 363, NO_CHANGE, "01 --"},
      {13000, 363, NO_CHANGE, "02 02"}}},
    {"only after a probe, with one",
     true,
     {{0, 363, NO_CHANGE, "02 02"},
      {5000, 100, NO_CHANGE, "01 00"},
      {5500, 100, NO_CHANGE, "01 --"},
      {12000, 363, NO_CHANGE, "01 --"},
      {13000, 363, NO_CHANGE, "02 --"},
      {90000, 363, NO_CHANGE, "02 --"},
      {90010, 339, PROBE, "02 01"},
      {90020, 340, PROBE, "02 02"}}},
    {"the source stops a layer: no downgrade, no patience",
     false,
     {{0, 2000, NO_CHANGE, "12 12"},
      {20000, 2000, UPPER_STOPS, "12 02"},
      {21000, 2000, UPPER_RETURNS, "12 12"}}},
    {"it returns when there is no room for it: the patience of budgets",
     false,
     {{0, 2000, NO_CHANGE, "12 12"},
      {20000, 2000, UPPER_STOPS, "12 02"},
      {21000, 605, UPPER_RETURNS, "12 02"},
      {30000, 2000, NO_CHANGE, "12 02"},
      {30999, 2000, NO_CHANGE, "12 02"},
      {31000, 2000, NO_CHANGE, "12 12"}}},
    {"the layout makes it small, and large",
     false,
     {{0, 2000, NO_CHANGE, "12 12"}, {20000, 2000, SMALL, "12 02"}, {30000, 2000, LARGE, "12 12"}}},
    {"the layout hides it: back at once",
     true,
     {{0, 2000, NO_CHANGE, "12 12"},
      {20000, 2000, HIDDEN, "12 la"},
      {30000, 2000, LARGE, "12 12"}}},
    {"another speaker takes the layer over",
     false,
     {{0, 605, NO_CHANGE, "12 02"},
      {20000, 605, SPEAKER_2, "12 02"},
      {20999, 605, NO_CHANGE, "12 02"},
      {21000, 605, NO_CHANGE, "02 12"},
      {60000, 605, NO_CHANGE, "02 12"}}},
    {"who rises by a probe takes nothing from another: the next one may have room for both",
     true,
     {{0, 605, NO_CHANGE, "12 02"},
      {20000, 605, SPEAKER_2, "12 02"},
      {20100, 610, PROBE, "12 02"},
      {20200, 847, PROBE, "12 12"}}},
    {"unless none follows for a second",
     true,
     {{0, 605, NO_CHANGE, "12 02"},
      {20000, 605, SPEAKER_2, "12 02"},
      {20100, 610, PROBE, "12 02"},
      {20999, 610, NO_CHANGE, "12 02"},
      {21000, 610, NO_CHANGE, "02 12"}}},
    {"or there is no more to be had",
     true,
     {{0, 605, NO_CHANGE, "12 02"},
      {20000, 605, FINAL, "12 02"},
      {20000, 605, SPEAKER_2, "12 02"},
      {20100, 610, PROBE, "02 12"}}},
    {"whose place another takes is paused at once",
     false,
     {{0, 200, NO_CHANGE, "02 --"},
      {5000, 200, SPEAKER_2, "02 --"},
      {5999, 200, NO_CHANGE, "02 --"},
      {6000, 200, NO_CHANGE, "-- 02"}}},
    {"the order of the tracks does not matter",
     false,
     {{0, 605, NO_CHANGE, "12 02"},
      {20000, 605, SWAPPED, "02 12"},
      {60000, 605, NO_CHANGE, "02 12"}}},
    {"who is new begins at once",
     true,
     {{0, 847, NO_CHANGE, "12 12"}, {20000, 847, NEWCOMER, "12 12"}}},
    {"a new one that does not fit waits for a probe",
     true,
     {{0, 200, NO_CHANGE, "02 --"},
      {5000, 800, NO_CHANGE, "02 --"},
      {6000, 800, NO_CHANGE, "12 --"},
      {7000, 800, PROBE, "12 12"}}},
};

struct bench {
    struct bwe_hysteresis hysteresis;
    struct bwe_allocation_track tracks[2];
    struct bwe_allocation_ladders ladders;
    struct bwe_hysteresis_input input;
    struct bwe_allocation out;
    int64_t deadline_us;
    bool is_dip;
};

static void apply(struct bench *bench, enum change change)
{
    struct bwe_allocation_track *second = &bench->tracks[1], swapped;
    bench->input.is_probe_passed = change == PROBE;
    switch (change) {
    case UPPER_STOPS:
    case UPPER_RETURNS:
        second->layers[1].is_available = change == UPPER_RETURNS;
        break;
    case SMALL:
    case LARGE:
    case HIDDEN:
        second->wanted_height = change == SMALL ? 240 : change == LARGE ? 480 : 0;
        break;
    case SPEAKER_2:
        bench->tracks[0].is_speaker = false;
        second->is_speaker = true;
        break;
    case SWAPPED:
        swapped = bench->tracks[0];
        bench->tracks[0] = *second;
        *second = swapped;
        break;
    case NEWCOMER:
        second->id = 3;
        break;
    case DEAR:
        bench->tracks[0].layers[1].cost_bps[0] += 150000;
        break;
    case CHEAP:
        bench->tracks[0].layers[1].cost_bps[0] -= 150000;
        break;
    case DIP_BEGINS:
    case DIP_ENDS:
        bench->is_dip = change == DIP_BEGINS;
        break;
    case FINAL:
        bench->input.is_final = true;
        break;
    default:
        break;
    }
}

static void decide(struct bench *bench, int64_t now_us)
{
    bwe_allocation_prepare(&bench->ladders, bench->input.tracks, bench->input.count);
    bench->input.ladders = &bench->ladders;
    bench->deadline_us =
        bwe_hysteresis_decide(&bench->hysteresis, &bench->input, now_us, &bench->out);
    assert_true(bench->deadline_us > now_us);
    bench->input.is_probe_passed = false;
}

static void prepare(struct bench *bench, bool has_estimator)
{
    memset(bench, 0, sizeof(*bench));
    bench->tracks[0] = allocation_camera(1);
    bench->tracks[0].is_speaker = true;
    bench->tracks[1] = allocation_camera(2);
    bench->input.tracks = bench->tracks;
    bench->input.count = 2;
    bench->input.has_estimator = has_estimator;
    bench->deadline_us = INT64_MAX;
}

/* Called when something changes and at its deadlines only. */
static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct bench bench;
        print_message("%s\n", table[i].what);
        prepare(&bench, table[i].has_estimator);
        for (size_t k = 0; k < ROWS && table[i].rows[k].choices; k++) {
            const struct row *row = &table[i].rows[k];
            int64_t now_us = START_US + row->at_ms * 1000;
            while (bench.deadline_us < now_us)
                decide(&bench, bench.deadline_us);
            bench.input.budget_bps = row->budget_kbps * 1000;
            apply(&bench, row->change);
            bench.input.sustained_bps =
                bench.is_dip ? table[i].rows[0].budget_kbps * 1000 : bench.input.budget_bps;
            decide(&bench, now_us);
            print_message("  %u ms: %s\n", (unsigned)row->at_ms, row->choices);
            assert_string_equal(allocation_text(&bench.out, 2), row->choices);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
