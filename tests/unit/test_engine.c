/* The engine's door: coming, going, time, and that the same input gives the same output. */
#include "conference.h"
#include "person_heard.h"
#include "person_send.h"

#include "rtp/error.h"
#include "sfu/core/engine_internal.h"

static void command(struct conference *c, enum core_command_type type, uint64_t participant,
                    bool is_set)
{
    struct core_command message = {.type = type, .participant = participant, .is_set = is_set};
    conference_command(c, &message);
}

static void test_nobody(void **state)
{
    (void)state;
    struct conference c;
    uint8_t junk[40] = {0x80, 1, 2, 3};
    struct person stranger = {.path = {.local = 1}};
    conference_init(&c);
    assert_int_equal(core_engine_deadline(c.engine), INT64_MAX);
    command(&c, CORE_COMMAND_LEAVE, 77, true);
    command(&c, CORE_COMMAND_MUTE, 77, true);
    conference_receive(&c, &stranger, junk, sizeof(junk));
    conference_receive(&c, &stranger, junk, 0);
    assert_int_equal(core_engine_stray_count(c.engine), 2);
    assert_int_equal(core_engine_count(c.engine), 0);
    assert_int_equal(core_engine_deadline(c.engine), INT64_MAX);
    conference_dispose(&c);
}

static void test_join_and_leave(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    assert_int_equal(core_engine_count(c.engine), 2);
    assert_int_equal(count_events(&c, CORE_EVENT_CONNECTED, ann->number), 1);
    assert_int_equal(last_event(&c, CORE_EVENT_CONNECTED, ann->number)->profile,
                     TRANSPORT_SRTP_AEAD_AES_128_GCM);
    person_talk(&c, ann, 200 * MS);
    assert_true(count_heard(bob, 1) > 0);
    command(&c, CORE_COMMAND_LEAVE, ann->number, true);
    conference_run(&c, 50 * MS);
    assert_int_equal(core_engine_count(c.engine), 1);
    assert_int_equal(count_events(&c, CORE_EVENT_GONE, ann->number), 0); /* control knows */
    assert_int_equal(last_event(&c, CORE_EVENT_SLOTS, bob->number)->slots[0].participant, 0);
    uint64_t strays = core_engine_stray_count(c.engine);
    person_speak(&c, ann, 30); /* its path leads nowhere any more */
    assert_int_equal(core_engine_stray_count(c.engine), strays + 1);
    command(&c, CORE_COMMAND_LEAVE, bob->number, true);
    assert_int_equal(core_engine_count(c.engine), 0);
    conference_run(&c, S);
    assert_int_equal(core_engine_deadline(c.engine), INT64_MAX);
    conference_dispose(&c);
}

static void test_rooms_are_apart(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 2);
    person_talk(&c, ann, 300 * MS);
    for (uint32_t ssrc = 1; ssrc <= 8; ssrc++)
        assert_int_equal(count_heard(bob, ssrc), 0);
    conference_dispose(&c);
}

/* What ends a participant without a word of control's, and when. */
static void test_ends(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        bool is_detached;
        int64_t media_s; /* how long media goes on after the WebSocket */
        int64_t alive_s; /* still there then */
        int64_t gone_s;  /* gone then, of the moment of detaching */
        enum core_reason reason;
    } table[] = {
        {"all is well", false, 60, 60, -1, 0},
        {"silent for 30 s", false, 0, 29, 31, CORE_REASON_TIMEOUT},
        {"WebSocket and media gone", true, 0, 4, 6, CORE_REASON_DISCONNECTED},
        {"the media goes 10 s later", true, 10, 13, 15, CORE_REASON_DISCONNECTED},
        {"the WebSocket for 30 s", true, 60, 29, 31, CORE_REASON_DISCONNECTED},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct conference c;
        conference_init(&c);
        struct person *ann = conference_join(&c, 1);
        int64_t began_us = c.now_us;
        print_message("%s\n", table[i].what);
        if (table[i].is_detached)
            command(&c, CORE_COMMAND_DETACH, ann->number, true);
        bool was_alive = false;
        for (int second = 0; second < 62; second++) {
            if (second < table[i].media_s && core_engine_count(c.engine) > 0)
                person_speak(&c, ann, 30);
            conference_run(&c, S);
            if (c.now_us == began_us + table[i].alive_s * S)
                was_alive = core_engine_count(c.engine) == 1;
            if (c.now_us == began_us + table[i].gone_s * S)
                assert_int_equal(core_engine_count(c.engine), 0);
        }
        assert_true(was_alive);
        assert_int_equal(count_events(&c, CORE_EVENT_GONE, ann->number), table[i].gone_s > 0);
        if (table[i].gone_s > 0)
            assert_int_equal(last_event(&c, CORE_EVENT_GONE, ann->number)->reason, table[i].reason);
        conference_dispose(&c);
    }
}

static void test_attached_again(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1);
    command(&c, CORE_COMMAND_DETACH, ann->number, true);
    conference_run(&c, 4 * S);
    command(&c, CORE_COMMAND_DETACH, ann->number, false); /* resumed */
    conference_run(&c, 20 * S);
    assert_int_equal(core_engine_count(c.engine), 1);
    conference_dispose(&c);
}

/* New credentials find the participant; the old ones do until the first check with the new. */
static void test_ice_restart(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    struct stun_client old = ann->stun;
    struct core_command restart = {.type = CORE_COMMAND_RESTART_ICE, .participant = ann->number};
    strcpy(restart.ice.local_ufrag, "renewed");
    strcpy(restart.ice.local_pwd, "anotherpasswordofours22c");
    strcpy(restart.ice.remote_ufrag, "theirs2");
    conference_command(&c, &restart);
    stun_client_write(&old, &(struct stun_client_check){.priority = 100, .is_nominating = true});
    uint64_t strays = core_engine_stray_count(c.engine);
    conference_receive(&c, ann, old.data, old.len);
    assert_int_equal(core_engine_stray_count(c.engine), strays);
    stun_client_init(&ann->stun, &restart.ice);
    ann->path.remote.port = 6000; /* another network */
    person_nominate(&c, ann);
    person_talk(&c, bob, 200 * MS);
    assert_true(count_heard(ann, 1) > 0); /* keys and streams are those of before */
    person_talk(&c, ann, 200 * MS);
    assert_true(count_heard(bob, 1) > 0);

    /* Twice more: the first ufrag is nobody's then. */
    for (int i = 0; i < 2; i++) {
        snprintf(restart.ice.local_ufrag, sizeof(restart.ice.local_ufrag), "again%d", i);
        conference_command(&c, &restart);
        stun_client_init(&ann->stun, &restart.ice);
        person_nominate(&c, ann);
    }
    strays = core_engine_stray_count(c.engine);
    conference_receive(&c, ann, old.data, old.len);
    assert_int_equal(core_engine_stray_count(c.engine), strays + 1);
    conference_dispose(&c);
}

/* Control hears each second for how long nothing authentic came. */
static void test_silence(void **state)
{
    (void)state;
    static const struct {
        int64_t silent_us, least_us, most_us;
    } rows[] = {{1000 * MS, 0, 1020 * MS}, /* the last packet came 20 ms before */
                {1500 * MS, 500 * MS, 1520 * MS},
                {5000 * MS, 4000 * MS, 5020 * MS}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        static struct conference c;
        struct core_statistics statistics;
        int64_t silent_us = -1;
        conference_init(&c);
        struct person *ann = conference_join(&c, 1);
        person_talk(&c, ann, 2000 * MS);
        for (int64_t end_us = c.now_us + rows[i].silent_us; c.now_us <= end_us;
             c.now_us += 10 * MS) {
            core_engine_advance(c.engine, c.now_us);
            while (core_engine_next_statistics(c.engine, c.now_us, &statistics))
                silent_us = (int64_t)statistics.uplink.silent_us;
        }
        assert_in_range(silent_us, rows[i].least_us, rows[i].most_us);
        conference_dispose(&c);
    }
}

/* Bob writes checks as if they came from ann's address: it stays hers while she is heard there. */
static void test_forged_path(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    struct person forged = {.path = ann->path};
    person_talk(&c, ann, 200 * MS);
    stun_client_write(&bob->stun, &(struct stun_client_check){.priority = 900});
    conference_receive(&c, &forged, bob->stun.data, bob->stun.len);
    bob->heard_count = 0;
    person_talk(&c, ann, 200 * MS);
    assert_true(count_heard(bob, 1) > 0);
    /* When she is silent there it is his, though he has long stopped to check: a port used anew. */
    c.now_us += TRANSPORT_ICE_REBIND_SILENCE_US;
    uint64_t strays = core_engine_stray_count(c.engine);
    bob->heard_count = 0;
    person_speak(&c, ann, 30);
    assert_int_equal(count_heard(bob, 1), 0);
    command(&c, CORE_COMMAND_LEAVE, bob->number, true);
    person_speak(&c, ann, 30); /* and nobody's when he leaves, until she checks */
    assert_int_equal(core_engine_stray_count(c.engine), strays + 1);
    conference_dispose(&c);
}

/* Whoever has the password may check from many ports; the latest few lead to him. */
static void test_many_paths(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    for (uint16_t port = 10000; port < 12000; port++) {
        ann->path.remote.port = port;
        person_nominate(&c, ann);
        c.now_us += MS;
    }
    ann->path.remote.port = 10000;
    uint64_t strays = core_engine_stray_count(c.engine);
    person_speak(&c, ann, 30);
    assert_int_equal(core_engine_stray_count(c.engine), strays + 1); /* forgotten long ago */
    ann->path.remote.port = 11999;
    person_talk(&c, ann, 200 * MS);
    assert_true(count_heard(bob, 1) > 0);
    conference_dispose(&c);
}

static uint64_t hash_of_everything(void)
{
    struct conference c;
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    conference_init(&c);
    struct person *people[] = {conference_join(&c, 1), conference_join(&c, 1),
                               conference_join(&c, 1)};
    for (int i = 0; i < 3; i++)
        person_talk(&c, people[i], 500 * MS);
    for (int p = 0; p < 3; p++)
        for (unsigned i = 0; i < people[p]->heard_count; i++) {
            hash = (hash ^ (uint64_t)people[p]->heard[i].at_us) * 1099511628211u;
            for (size_t b = 0; b < people[p]->heard[i].len; b++)
                hash = (hash ^ people[p]->heard[i].data[b]) * 1099511628211u;
        }
    assert_true(people[0]->heard_count > 50);
    conference_dispose(&c);
    return hash;
}

static void test_determinism(void **state)
{
    (void)state;
    assert_int_equal(hash_of_everything(), hash_of_everything());
}

/* Commands for nobody change nothing; neither do keys. */
static void test_unknown_participant(void **state)
{
    (void)state;
    static const enum core_command_type types[] = {CORE_COMMAND_LEAVE, CORE_COMMAND_MUTE,
                                                   CORE_COMMAND_DETACH, CORE_COMMAND_LAYOUT,
                                                   CORE_COMMAND_RESTART_ICE};
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    unsigned events = c.event_count;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        command(&c, types[i], 99, true);
    const struct transport_srtp_keys keys = keys_of(1, 0);
    assert_int_equal(core_engine_set_keys(c.engine, 99, &keys, &keys), IRIS_E_NOT_FOUND);
    assert_int_equal(core_engine_set_keys(c.engine, ann->number, &keys, &keys), IRIS_E_STATE);
    assert_int_equal(c.event_count, events);
    assert_int_equal(core_engine_count(c.engine), 2);
    person_talk(&c, ann, 100 * MS);
    assert_true(count_heard(bob, 1) > 0);
    conference_dispose(&c);
}

/* A room is there exactly as long as somebody is in it. */
static void test_rooms_end(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    assert_null(c.engine->rooms);
    for (int i = 0; i < 4; i++)
        conference_join(&c, (uint64_t)(i % 2 + 1)); /* rooms 1, 2, 1, 2 */
    static const struct {
        uint64_t leaves;
        unsigned rooms;
    } table[] = {{1, 2}, {3, 1}, {2, 1}, {4, 0}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        unsigned rooms = 0;
        command(&c, CORE_COMMAND_LEAVE, table[i].leaves, true);
        command(&c, CORE_COMMAND_LEAVE, table[i].leaves, true); /* once more */
        for (const struct core_room *room = c.engine->rooms; room; room = room->next)
            rooms++;
        assert_int_equal(rooms, table[i].rooms);
    }
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    person_talk(&c, ann, 100 * MS); /* the next room of that number is as good */
    assert_true(count_heard(bob, 1) > 0);
    conference_dispose(&c);
}

/* An engine that is woken early does nothing; one woken on time has moved on. */
static void test_deadlines(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1);
    conference_join(&c, 1);
    conference_run(&c, 100 * MS);
    int64_t last_us = core_engine_deadline(c.engine);
    for (int i = 0; i < 200; i++) {
        unsigned heard = ann->heard_count;
        person_show(&c, ann, CAM, false);
        assert_true(core_engine_deadline(c.engine) <= last_us); /* packets may hasten it */
        last_us = core_engine_deadline(c.engine);
        core_engine_advance(c.engine, last_us - 1);
        conference_flush(&c);
        assert_int_equal(core_engine_deadline(c.engine), last_us);
        assert_int_equal(ann->heard_count, heard);
        c.now_us = last_us;
        core_engine_advance(c.engine, c.now_us);
        conference_flush(&c);
        assert_true(core_engine_deadline(c.engine) >= last_us + CORE_TICK_US);
        last_us = core_engine_deadline(c.engine);
    }
    assert_true(ann->heard_count > 20); /* feedback, reports and requests were due */
    c.now_us += 60 * MS;                /* the loop was late: it is not made up for tick by tick */
    core_engine_advance(c.engine, c.now_us);
    assert_true(core_engine_deadline(c.engine) >= c.now_us + CORE_TICK_US);
    conference_dispose(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_join_and_leave),
        cmocka_unit_test(test_rooms_are_apart),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_attached_again),
        cmocka_unit_test(test_ice_restart),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_forged_path),
        cmocka_unit_test(test_many_paths),
        cmocka_unit_test(test_determinism),
        cmocka_unit_test(test_unknown_participant),
        cmocka_unit_test(test_rooms_end),
        cmocka_unit_test(test_deadlines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
