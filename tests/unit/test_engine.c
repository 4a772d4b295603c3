/* The engine's door: coming, going, time, and that the same input gives the same output. */
#include "conference.h"

static void command(struct conference *c, enum core_command_type type, uint64_t participant,
                    bool is_set)
{
    struct core_command message = {.type = type, .participant = participant, .is_set = is_set};
    conference_command(c, &message);
}

/* Somebody talks and shows, 20 ms a step. */
static void talk(struct conference *c, struct person *person, int64_t duration_us)
{
    for (int64_t end_us = c->now_us + duration_us; c->now_us < end_us;) {
        person_speak(c, person, 30);
        person_show(c, person, CAM, true);
        conference_run(c, 20 * MS);
    }
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
    talk(&c, ann, 200 * MS);
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
    talk(&c, ann, 300 * MS);
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
    talk(&c, bob, 200 * MS);
    assert_true(count_heard(ann, 1) > 0); /* keys and streams are those of before */
    talk(&c, ann, 200 * MS);
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
    talk(&c, ann, 200 * MS);
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
        talk(&c, people[i], 500 * MS);
    for (int p = 0; p < 3; p++)
        for (unsigned i = 0; i < people[p]->heard_count; i++)
            for (size_t b = 0; b < people[p]->heard[i].len; b++)
                hash = (hash ^ people[p]->heard[i].data[b]) * 1099511628211u;
    assert_true(people[0]->heard_count > 50);
    conference_dispose(&c);
    return hash;
}

static void test_determinism(void **state)
{
    (void)state;
    assert_int_equal(hash_of_everything(), hash_of_everything());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody),          cmocka_unit_test(test_join_and_leave),
        cmocka_unit_test(test_rooms_are_apart), cmocka_unit_test(test_ends),
        cmocka_unit_test(test_attached_again),  cmocka_unit_test(test_ice_restart),
        cmocka_unit_test(test_many_paths),      cmocka_unit_test(test_determinism),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
