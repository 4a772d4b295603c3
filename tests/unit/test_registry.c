/* Rooms and participants as control knows them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sfu/control/negotiate.h"
#include "sfu/control/registry.h"

static void test_rooms(void **state)
{
    (void)state;
    struct control_registry registry;
    control_registry_init(&registry, 2);
    struct control_participant *ann = control_registry_add(&registry, "red");
    struct control_participant *bob = control_registry_add(&registry, "red");
    struct control_participant *cid = control_registry_add(&registry, "blue");
    struct control_room *red = control_registry_find_room(&registry, "red");
    assert_ptr_equal(ann->room, red);
    assert_ptr_equal(bob->room, red);
    assert_ptr_not_equal(cid->room, red);
    assert_ptr_equal(control_registry_room(&registry, red->id), red);
    assert_null(control_registry_room(&registry, 999));
    assert_null(control_registry_find_room(&registry, "re"));
    assert_null(control_registry_find_room(&registry, ""));
    assert_int_equal(red->count, 2);
    assert_ptr_equal(red->first, ann); /* in order of joining */
    assert_ptr_equal(red->first->next, bob);
    assert_int_equal(registry.participant_count, 3);
    control_registry_remove(&registry, ann);
    assert_ptr_equal(red->first, bob);
    assert_int_equal(red->count, 1);
    control_registry_remove(&registry, bob);
    assert_null(control_registry_find_room(&registry, "red")); /* it goes with its last one */
    assert_non_null(control_registry_find_room(&registry, "blue"));
    control_registry_dispose(&registry);
}

/* Every order of leaving leaves whole lists. */
static void test_removal(void **state)
{
    (void)state;
    static const int orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {1, 2, 0}};
    for (size_t row = 0; row < 4; row++) {
        struct control_registry registry;
        struct control_participant *people[3];
        control_registry_init(&registry, 1);
        for (int i = 0; i < 3; i++)
            people[i] = control_registry_add(&registry, "room");
        for (int i = 0; i < 3; i++) {
            control_registry_remove(&registry, people[orders[row][i]]);
            const struct control_room *room = control_registry_find_room(&registry, "room");
            unsigned count = 0;
            for (const struct control_participant *p = room ? room->first : NULL; p; p = p->next) {
                assert_true(!p->next || p->next->previous == p);
                count++;
            }
            assert_int_equal(count, 2 - i);
        }
        assert_int_equal(registry.participant_count, 0);
        assert_int_equal(registry.load[0], 0);
        control_registry_dispose(&registry);
    }
}

static void test_numbers_are_never_reused(void **state)
{
    (void)state;
    struct control_registry registry;
    uint64_t last = 0;
    control_registry_init(&registry, 1);
    for (int i = 0; i < 10; i++) {
        struct control_participant *participant = control_registry_add(&registry, "room");
        assert_true(participant->number > last);
        last = participant->number;
        assert_ptr_equal(control_registry_find(&registry, last), participant);
        control_registry_remove(&registry, participant);
        assert_null(control_registry_find(&registry, last));
    }
    control_registry_dispose(&registry);
}

/* Thousands, so that buckets hold several; every third goes. */
static void test_numbers_find_many(void **state)
{
    (void)state;
    enum { COUNT = 3 * CONTROL_REGISTRY_BUCKETS };
    static struct control_participant *people[COUNT];
    static uint64_t numbers[COUNT];
    static struct control_registry registry;
    control_registry_init(&registry, 1);
    for (int i = 0; i < COUNT; i++) {
        char room[16];
        snprintf(room, sizeof(room), "room-%d", i % 7);
        people[i] = control_registry_add(&registry, room);
        numbers[i] = people[i]->number;
    }
    for (int round = 0; round < 3; round++) {
        for (int i = round; i < COUNT; i += 3) {
            control_registry_remove(&registry, people[i]);
            people[i] = NULL;
        }
        for (int i = 0; i < COUNT; i++)
            assert_ptr_equal(control_registry_find(&registry, numbers[i]), people[i]);
    }
    assert_null(control_registry_find(&registry, 0));
    assert_null(control_registry_find(&registry, UINT64_MAX));
    control_registry_dispose(&registry);
}

/* A new room goes to the worker with the fewest people; its people stay together. */
static void test_placement(void **state)
{
    (void)state;
    struct control_registry registry;
    control_registry_init(&registry, 3);
    for (int i = 0; i < 5; i++)
        assert_int_equal(control_registry_add(&registry, "big")->room->worker, 0);
    assert_int_equal(control_registry_add(&registry, "a")->room->worker, 1);
    assert_int_equal(control_registry_add(&registry, "b")->room->worker, 2);
    assert_int_equal(control_registry_add(&registry, "c")->room->worker, 1);
    assert_int_equal(control_registry_add(&registry, "d")->room->worker, 2);
    assert_int_equal(registry.load[0], 5);
    assert_int_equal(registry.load[1], 2);
    control_registry_dispose(&registry);
}

static void test_lookups(void **state)
{
    (void)state;
    struct control_registry registry;
    control_registry_init(&registry, 1);
    struct control_participant *ann = control_registry_add(&registry, "room");
    struct control_participant *bob = control_registry_add(&registry, "other");
    snprintf(ann->id, sizeof(ann->id), "p-1");
    snprintf(bob->id, sizeof(bob->id), "p-2");
    memset(ann->session, 'a', CONTROL_SECRET_BYTES - 1);
    memset(bob->session, 'b', CONTROL_SECRET_BYTES - 1);
    assert_ptr_equal(control_room_find(ann->room, "p-1"), ann);
    assert_null(control_room_find(ann->room, "p-2")); /* another room's */
    assert_null(control_room_find(ann->room, ""));
    ann->track_count = 2;
    ann->tracks[1].csrc = 7;
    assert_true(control_room_has_csrc(ann->room, 7));
    assert_false(control_room_has_csrc(ann->room, 8));
    assert_false(control_room_has_csrc(bob->room, 7));
    assert_ptr_equal(control_registry_find_session(&registry, bob->session), bob);
    assert_null(control_registry_find_session(&registry, "bbb"));
    memset(bob->older_session, 'o', CONTROL_SECRET_BYTES - 1);
    assert_ptr_equal(control_registry_find_session(&registry, bob->older_session), bob);
    assert_ptr_equal(control_registry_find_session(&registry, bob->session), bob);
    assert_null(control_registry_find_session(&registry, ""));
    assert_null(control_registry_find_session(&registry, "cccccccccccccccccccccccccccccccc"));
    control_registry_dispose(&registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rooms),
        cmocka_unit_test(test_removal),
        cmocka_unit_test(test_numbers_are_never_reused),
        cmocka_unit_test(test_numbers_find_many),
        cmocka_unit_test(test_placement),
        cmocka_unit_test(test_lookups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
