/* What a server says of a room is held against the trouble that was made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bench/verdicts/judge.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Two people who see each other; "" is no cause. */
struct said {
    const char *own;    /* of the victim */
    const char *seen;   /* of its slot, which shows the other one */
    const char *shows;  /* of the other one's slot, which shows the victim */
    const char *reason; /* why the victim's slot is paused; NULL: it is live */
    double value_ms;    /* of every verdict's evidence; 0: it is a share */
};

static json_t *verdict(const char *cause, double value_ms)
{
    bool is_good = strcmp(cause, "none") == 0;
    json_t *evidence = is_good ? json_null()
                               : json_pack("{s:s, s:f, s:s, s:f}", "what", "some", "value",
                                           value_ms > 0 ? value_ms : .2, "unit",
                                           value_ms > 0 ? "ms" : "share", "limit", 50.0);
    return json_pack("{s:s, s:s, s:o}", "quality", is_good ? "good" : "fair", "cause", cause,
                     "evidence", evidence);
}

static json_t *person(unsigned number, const char *own, const char *of_slot, const char *reason,
                      double value_ms)
{
    char name[24], id[8], shown[8];
    snprintf(name, sizeof(name), "Bubbles %u", number);
    snprintf(id, sizeof(id), "p-%u", number);
    snprintf(shown, sizeof(shown), "p-%u", 3 - number);
    /* A voice that is bad, too, is nobody's question but in a clean run. */
    return json_pack("{s:s, s:s, s:o, s:{s:[{s:s, s:s, s:s, s:s?, s:o},{s:s, s:s, s:s, s:o}]}}",
                     "id", id, "name", name, "verdict", verdict(own, value_ms), "downlink", "slots",
                     "kind", "camera", "participant", shown, "state", reason ? "paused" : "live",
                     "reason", reason, "verdict", verdict(of_slot, value_ms), "kind", "audio",
                     "participant", shown, "state", "live", "verdict", verdict("none", 0));
}

static json_t *room(const struct said *said)
{
    return json_pack("{s:[o, o]}", "participants",
                     person(2, "none", said->shows, NULL, said->value_ms),
                     person(1, said->own, said->seen, said->reason, said->value_ms));
}

static const struct {
    const char *what;
    enum impairment impairment;
    struct said said;
    double waited_ms;
    unsigned samples, right, set_aside;
} rows[] = {
    {"the sender is to blame, and is",
     IMPAIRMENT_UPLINK_LOSS,
     {"publisher_uplink", "none", "publisher_uplink", NULL, 0},
     0,
     2,
     2,
     0},
    {"somebody else is blamed",
     IMPAIRMENT_UPLINK_LOSS,
     {"publisher_uplink", "none", "downlink", NULL, 0},
     0,
     2,
     1,
     0},
    {"nobody is blamed", IMPAIRMENT_UPLINK_LOSS, {"none", "none", "none", NULL, 0}, 0, 2, 0, 0},
    {"the receiver",
     IMPAIRMENT_DOWNLINK_LOSS,
     {"downlink", "downlink", "none", NULL, 0},
     0,
     2,
     2,
     0},
    {"a slot without bandwidth counts",
     IMPAIRMENT_DOWNLINK_CAPACITY,
     {"downlink", "downlink", "none", "bandwidth", 0},
     0,
     2,
     2,
     0},
    {"a slot that nobody wants does not",
     IMPAIRMENT_DOWNLINK_CAPACITY,
     {"downlink", "none", "none", "layout", 0},
     0,
     1,
     1,
     0},
    {"the server, everywhere",
     IMPAIRMENT_SERVER,
     {"server", "server", "server", NULL, 90},
     0,
     4,
     3,
     0},
    {"the server, as the machine made it wait",
     IMPAIRMENT_UPLINK_LOSS,
     {"server", "none", "publisher_uplink", NULL, 90},
     91,
     1,
     1,
     1},
    {"the server, longer than it had to wait",
     IMPAIRMENT_UPLINK_LOSS,
     {"server", "none", "publisher_uplink", NULL, 90},
     89,
     2,
     1,
     0},
    {"a loss is no wait",
     IMPAIRMENT_UPLINK_LOSS,
     {"server", "none", "server", NULL, 0},
     5000,
     2,
     0,
     0},
    {"all is well", IMPAIRMENT_NONE, {"none", "none", "none", NULL, 0}, 0, 6, 6, 0},
    {"all is well, but one says no",
     IMPAIRMENT_NONE,
     {"none", "client", "none", NULL, 0},
     0,
     6,
     5,
     0},
};

static void samples_are_counted(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct verdicts_tally tally = {.impairment = rows[i].impairment};
        json_t *answer = room(&rows[i].said);
        print_message("%s\n", rows[i].what);
        assert_non_null(answer);
        assert_int_equal(verdicts_judge(&tally, answer, true, rows[i].waited_ms), 0);
        assert_int_equal(tally.samples, rows[i].samples);
        assert_int_equal(tally.right, rows[i].right);
        assert_int_equal(tally.set_aside, rows[i].set_aside);
        json_decref(answer);
    }
}

static void early_and_foreign_answers_are_not(void **state)
{
    (void)state;
    struct verdicts_tally tally = {.impairment = IMPAIRMENT_CLIENT};
    json_t *answer = room(&rows[0].said), *none = json_pack("{s:[]}", "participants");
    assert_int_equal(verdicts_judge(&tally, answer, false, 0), 0);
    assert_int_equal(verdicts_judge(&tally, none, true, 0), -1);
    assert_int_equal(verdicts_judge(&tally, NULL, true, 0), -1);
    assert_int_equal(tally.samples, 0);
    assert_false(verdicts_tally_is_met(&tally));
    json_decref(answer);
    json_decref(none);
}

/* Seconds of a clean run: b a verdict that is bad, w one whose time the machine waited for. */
static const struct {
    const char *seconds;
    unsigned longest_bad_s;
    bool is_met, is_moot;
} clean[] = {
    {"......", 0, true, false},  {"bb..bb", 2, true, false}, {"..bbb.", 3, false, false},
    {"bwbb..", 3, false, false}, {"wwwww.", 0, true, false}, {"b.b.b.", 1, true, false},
};

static void a_clean_run_may_be_bad_for_a_moment(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(clean); i++) {
        struct verdicts_tally tally = {.impairment = IMPAIRMENT_NONE}, sum = tally;
        print_message("%s\n", clean[i].seconds);
        for (const char *second = clean[i].seconds; *second; second++) {
            const struct said said = {"none", "none", *second == '.' ? "none" : "server", NULL, 90};
            json_t *answer = room(&said);
            assert_int_equal(verdicts_judge(&tally, answer, false, *second == 'w' ? 100 : 0), 0);
            json_decref(answer);
        }
        verdicts_tally_add(&sum, &tally);
        assert_int_equal(sum.longest_bad_s, clean[i].longest_bad_s);
        assert_int_equal(verdicts_tally_is_met(&sum), clean[i].is_met);
        assert_int_equal(verdicts_tally_is_moot(&sum), clean[i].is_moot);
    }
}

static void the_goal_is_a_share(void **state)
{
    (void)state;
    struct verdicts_tally tally = {
        .impairment = IMPAIRMENT_CLIENT, .samples = 100, .right = 95, .set_aside = 100};
    assert_true(verdicts_tally_is_met(&tally));
    assert_false(verdicts_tally_is_moot(&tally));
    tally.right = 94;
    assert_false(verdicts_tally_is_met(&tally));
    tally.set_aside = 101;
    assert_true(verdicts_tally_is_moot(&tally));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_counted),
        cmocka_unit_test(early_and_foreign_answers_are_not),
        cmocka_unit_test(a_clean_run_may_be_bad_for_a_moment),
        cmocka_unit_test(the_goal_is_a_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
