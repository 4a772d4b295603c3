/* A room of more people than any list in it could hold: the last one counts like the first. */
#include "conference.h"
#include "person_send.h"

#define PEOPLE 140

static struct conference crowd;

/* Whom a slot of a person shows by the engine's own statistics, which come once a second. */
static void take_statistics(struct conference *c,
                            struct core_slot_report (*reports)[CORE_SLOTS_MAX])
{
    struct core_statistics statistics;
    for (int64_t end_us = c->now_us + 1100 * MS; c->now_us < end_us;) {
        core_engine_advance(c->engine, c->now_us);
        for (struct core_buffer *next, *b; (b = core_engine_next_packets(c->engine));)
            for (; b; b = next) {
                next = b->next;
                core_engine_release(c->engine, b);
            }
        while (core_engine_next_statistics(c->engine, c->now_us, &statistics))
            memcpy(reports[statistics.participant], statistics.reports, sizeof(statistics.reports));
        c->now_us += 10 * MS;
    }
}

static void forget(struct conference *c)
{
    c->event_count = 0;
    for (unsigned i = 0; i < c->person_count; i++)
        c->people[i].heard_count = 0;
}

/* All microphones and cameras come alive; the last one talks for a second. */
static void hold(struct conference *c)
{
    struct person *last = &c->people[c->person_count - 1];
    for (int i = 0; i < 60; i++) {
        for (unsigned p = 0; i % 20 == 0 && p + 1 < c->person_count; p++) {
            person_speak(c, &c->people[p], 70);
            person_show(c, &c->people[p], CAM, true);
            forget(c);
        }
        person_speak(c, last, i % 10 ? 30 : 70);
        person_show(c, last, CAM, true);
        conference_run(c, 20 * MS);
        forget(c);
    }
}

static bool shows(const struct core_slot_report *reports, unsigned first, unsigned count,
                  uint64_t participant)
{
    for (unsigned i = first; i < first + count; i++)
        if (reports[i].participant == participant)
            return true;
    return false;
}

static void test_crowd(void **state)
{
    (void)state;
    static struct core_slot_report reports[PEOPLE + 1][CORE_SLOTS_MAX];
    const struct core_layout pins = {
        .max_cameras = 4, .max_height = 480, .pinned_count = 2, .pinned = {139, 138}};
    conference_init_with(&crowd, &(struct conference_options){.people = PEOPLE, .packets = 256});
    for (int i = 0; i < PEOPLE; i++) {
        conference_join(&crowd, 1);
        forget(&crowd);
    }
    conference_set_layout(&crowd, &crowd.people[0], &pins);
    hold(&crowd);
    take_statistics(&crowd, reports);
    for (uint64_t p = 1; p < PEOPLE; p++) {
        assert_true(shows(reports[p], 0, 3, PEOPLE));
        assert_true(shows(reports[p], 3, 4, PEOPLE));
        for (unsigned slot = 0; slot < 7; slot++)
            assert_int_not_equal(reports[p][slot].participant, 0);
    }
    assert_true(shows(reports[1], 3, 4, 139));
    assert_true(shows(reports[1], 3, 4, 138));
    assert_false(shows(reports[PEOPLE], 0, 7, PEOPLE));
    conference_dispose(&crowd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crowd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
