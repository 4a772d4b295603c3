/* ICE-lite: the path rules as tables with time as a column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ice_bench.h"

#define MS 1000

static const struct transport_ice_credentials second_credentials = {
    "ponmlkjihgfedcba", "fedcba9876543210fedcba9876543210", "theirs2"};

enum action {
    CHECK,     /* valid check without USE-CANDIDATE */
    NOMINATE,  /* with */
    MEDIA,     /* authenticated SRTP */
    RESTART,   /* new credentials */
    OLD_CHECK, /* with the credentials before the restart */
    OLD_NOMINATE,
};

struct step {
    int64_t at_ms;
    enum action action;
    int path;
    uint32_t priority;
    int selected;                       /* path expected afterwards, -1: none */
    enum transport_ice_verdict verdict; /* of a check */
};

static void take_step(struct ice_bench *bench, const struct step *step)
{
    struct transport_path path = ice_path(step->path);
    struct transport_ice_reply reply;
    struct sockaddr_storage mapped;
    bool is_old = step->action == OLD_CHECK || step->action == OLD_NOMINATE;
    struct stun_client *client = is_old ? &bench->old_client : &bench->client;
    switch (step->action) {
    case MEDIA:
        transport_ice_on_authenticated(&bench->ice, &path, step->at_ms * MS);
        break;
    case RESTART:
        transport_ice_restart(&bench->ice, &second_credentials, step->at_ms * MS);
        stun_client_init(&bench->client, &second_credentials);
        break;
    default:
        stun_client_write(
            client, &(struct stun_client_check){.priority = step->priority,
                                                .is_nominating = step->action == NOMINATE ||
                                                                 step->action == OLD_NOMINATE});
        assert_int_equal(ice_bench_send(bench, client, step->path, step->at_ms * MS, &reply),
                         step->verdict);
        assert_int_equal(stun_client_read(client, &reply, &mapped),
                         step->verdict == TRANSPORT_ICE_ANSWERED ? 0 : 401);
    }
}

static void run(const char *name, const struct step *steps, size_t count)
{
    struct ice_bench bench;
    ice_bench_init(&bench);
    for (size_t i = 0; i < count; i++) {
        take_step(&bench, &steps[i]);
        const struct transport_path *selected = transport_ice_selected(&bench.ice);
        struct transport_path expected = ice_path(steps[i].selected);
        bool is_expected = steps[i].selected < 0
                               ? selected == NULL
                               : selected && transport_path_is_equal(selected, &expected);
        if (!is_expected)
            fail_msg("%s, step %zu at %lld ms: another path is selected", name, i,
                     (long long)steps[i].at_ms);
    }
    transport_stun_destroy(bench.stun);
}

#define RUN(steps) run(#steps, steps, sizeof(steps) / sizeof((steps)[0]))

static void nominated_paths(void **state)
{
    (void)state;
    /* Firefox: every check nominates; the order must not matter, the highest priority wins. */
    static const struct step aggressive[] = {
        {0, NOMINATE, 1, 100, 1, OK},
        {10, NOMINATE, 2, 300, 2, OK},
        {20, NOMINATE, 3, 200, 2, OK},
        {30, NOMINATE, 1, 100, 2, OK},
        {2019, NOMINATE, 3, 200, 3, OK}, /* the best was silent for 2 s: 10 + 2000 */
        {2020, NOMINATE, 1, 100, 3, OK},
        {2100, NOMINATE, 2, 300, 2, OK}, /* and wins again when it is back */
        {2200, MEDIA, 2, 0, 2, OK},
        {4150, NOMINATE, 1, 100, 2, OK}, /* media keeps it */
        {4200, NOMINATE, 1, 100, 1, OK}, /* 2000 ms after it */
    };
    RUN(aggressive);
    /* A nomination lasts: later checks of that path need no USE-CANDIDATE to take over. */
    static const struct step sticky[] = {
        {0, NOMINATE, 1, 300, 1, OK},
        {10, NOMINATE, 2, 200, 1, OK},
        {1000, CHECK, 2, 200, 1, OK},
        {2000, CHECK, 2, 200, 2, OK},
    };
    RUN(sticky);
    static const struct step equal_priorities_do_not_flap[] = {
        {0, NOMINATE, 1, 100, 1, OK},
        {10, NOMINATE, 2, 100, 1, OK},
        {20, NOMINATE, 1, 100, 1, OK},
    };
    RUN(equal_priorities_do_not_flap);
}

static void unnominated_paths(void **state)
{
    (void)state;
    /* Checks without USE-CANDIDATE for longer than consent lasts: answered, never selected. */
    struct step patient[32];
    for (int i = 0; i < 31; i++)
        patient[i] = (struct step){i * 2500, CHECK, 1, 100, -1, OK};
    patient[31] = (struct step){80000, NOMINATE, 1, 100, 1, OK};
    run("patient", patient, 32);

    static const struct step media_selects_when_nothing_is[] = {
        {0, CHECK, 1, 100, -1, OK}, {10, CHECK, 2, 200, -1, OK},
        {20, MEDIA, 3, 0, -1, OK},                                /* never validated */
        {30, MEDIA, 1, 0, 1, OK},   {40, NOMINATE, 2, 50, 1, OK}, /* anybody's check? */
        {50, MEDIA, 2, 0, 2, OK},                                 /* a nomination beats a guess */
    };
    RUN(media_selects_when_nothing_is);
}

static void rebinding(void **state)
{
    (void)state;
    /* The NAT gives another port: the client checks from it, but nominates nothing anew. */
    static const struct step rebound[] = {
        {0, NOMINATE, 1, 100, 1, OK}, {1000, MEDIA, 1, 0, 1, OK},
        {1100, CHECK, 2, 100, 1, OK}, {1999, MEDIA, 2, 0, 1, OK},   /* silent for 999 ms */
        {2000, MEDIA, 2, 0, 2, OK},   {2500, CHECK, 1, 100, 1, OK}, /* nominated, alive: back */
        {2600, MEDIA, 2, 0, 1, OK},   {3500, MEDIA, 2, 0, 2, OK},
    };
    RUN(rebound);
    /* Authentic SRTP may be repeated by anyone from anywhere: without a check it redirects nothing.
     */
    static const struct step unvalidated[] = {
        {0, NOMINATE, 1, 100, 1, OK},
        {5000, MEDIA, 2, 0, 1, OK},
        {29000, MEDIA, 2, 0, 1, OK},
    };
    RUN(unvalidated);
}

/* Checks of the peer, but as if they came from path 9: somebody else's address. */
static void forged_checks(void **state)
{
    (void)state;
    static const struct step media_stays_where_it_is_heard[] = {
        {0, NOMINATE, 1, 100, 1, OK},
        {10, MEDIA, 1, 0, 1, OK},
        {20, NOMINATE, 9, 900, 1, OK},
        {2000, CHECK, 1, 100, 1, OK},
        {4000, CHECK, 1, 100, 1, OK},
        {5009, NOMINATE, 9, 900, 1, OK},
        {5010, NOMINATE, 9, 900, 9, OK}, /* nothing but checks for 5 s, here as there */
        {5020, CHECK, 1, 100, 9, OK},
        {5030, MEDIA, 1, 0, 9, OK},
        {7000, NOMINATE, 9, 900, 9, OK},
        {9500, CHECK, 9, 900, 9, OK},
        {10009, MEDIA, 1, 0, 9, OK},
        {10010, MEDIA, 1, 0, 1, OK}, /* 9 has shown nothing in its 5 s */
        {10020, NOMINATE, 9, 900, 1, OK},
        {12000, MEDIA, 1, 0, 1, OK},
        {12010, NOMINATE, 9, 900, 1, OK},
    };
    RUN(media_stays_where_it_is_heard);
    static const struct step a_restart_helps_nobody[] = {
        {0, NOMINATE, 1, 100, 1, OK},   {10, MEDIA, 1, 0, 1, OK},       {100, RESTART, 0, 0, 1, OK},
        {110, NOMINATE, 9, 900, 1, OK}, /* ends the old session: 1 is no longer nominated */
        {120, MEDIA, 1, 0, 1, OK},      {130, NOMINATE, 9, 900, 1, OK},
    };
    RUN(a_restart_helps_nobody);
    /* The peer itself moves: what it sends there is the proof; or its old path is dead. */
    static const struct step moves[] = {
        {0, NOMINATE, 1, 100, 1, OK},    {10, MEDIA, 1, 0, 1, OK},
        {1000, NOMINATE, 2, 200, 1, OK}, {1020, MEDIA, 2, 0, 2, OK},
        {1030, MEDIA, 1, 0, 2, OK},      {1040, CHECK, 3, 300, 2, OK},
        {1050, MEDIA, 3, 0, 2, OK},      {1060, NOMINATE, 3, 300, 3, OK}, /* proven before */
        {3049, NOMINATE, 4, 400, 3, OK}, {3060, NOMINATE, 4, 400, 4, OK}, /* silent for 2 s */
    };
    RUN(moves);
}

static void restarts(void **state)
{
    (void)state;
    static const struct step until_first_check[] = {
        {0, NOMINATE, 1, 300, 1, OK},
        {100, RESTART, 0, 0, 1, OK},
        {200, OLD_CHECK, 1, 300, 1, OK},
        {300, OLD_NOMINATE, 2, 400, 2, OK},
        {29000, OLD_CHECK, 2, 400, 2, OK},
        {29100, CHECK, 3, 100, 2, OK}, /* selection stays until a new nomination */
        {29200, OLD_CHECK, 2, 400, 2, NO},
        {29300, NOMINATE, 3, 100, 3, OK}, /* which wins over the old session's higher priority */
    };
    RUN(until_first_check);
    static const struct step until_thirty_seconds[] = {
        {0, NOMINATE, 1, 300, 1, OK},      {1000, RESTART, 0, 0, 1, OK},
        {30999, OLD_CHECK, 1, 300, 1, OK}, {31000, OLD_CHECK, 1, 300, 1, NO},
        {31100, NOMINATE, 1, 300, 1, OK},
    };
    RUN(until_thirty_seconds);
    static const struct step twice_before_a_check[] = {
        {0, OLD_CHECK, 1, 300, -1, OK},  {10, RESTART, 0, 0, -1, OK},
        {20, RESTART, 0, 0, -1, OK}, /* nobody used what this replaces: the old ones still serve */
        {30, OLD_CHECK, 1, 300, -1, OK}, {40, NOMINATE, 1, 300, 1, OK},
        {50, OLD_CHECK, 1, 300, 1, NO},
    };
    RUN(twice_before_a_check);
}

static void most_silent_path_makes_room(void **state)
{
    (void)state;
    struct step steps[11] = {{0, NOMINATE, 1, 100, 1, OK}}; /* selected, and soon the most silent */
    for (int i = 2; i <= TRANSPORT_ICE_PATHS; i++)
        steps[i - 1] = (struct step){i, CHECK, i, 50, 1, OK};
    struct ice_bench bench;
    ice_bench_init(&bench);
    for (int i = 0; i < TRANSPORT_ICE_PATHS; i++)
        take_step(&bench, &steps[i]);
    take_step(&bench, &(struct step){100, CHECK, 2, 50, 1, OK}); /* 3 is now the most silent */
    take_step(&bench, &(struct step){101, CHECK, 9, 50, 1, OK});
    for (int i = 1; i <= 9; i++) {
        struct transport_path path = ice_path(i);
        assert_int_equal(transport_ice_is_validated(&bench.ice, &path), i != 3);
    }
    transport_stun_destroy(bench.stun);
}

static void times_out(void **state)
{
    (void)state;
    struct ice_bench bench;
    ice_bench_init(&bench);
    assert_false(transport_ice_is_timed_out(&bench.ice, 29999 * MS));
    assert_true(transport_ice_is_timed_out(&bench.ice, 30000 * MS));
    take_step(&bench, &(struct step){20000, CHECK, 1, 50, -1, OK});
    assert_false(transport_ice_is_timed_out(&bench.ice, 49999 * MS));
    take_step(&bench, &(struct step){40000, MEDIA, 5, 0, -1, OK});
    assert_false(transport_ice_is_timed_out(&bench.ice, 69999 * MS));
    assert_true(transport_ice_is_timed_out(&bench.ice, 70000 * MS));
    transport_stun_destroy(bench.stun);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nominated_paths), cmocka_unit_test(unnominated_paths),
        cmocka_unit_test(rebinding),       cmocka_unit_test(forged_checks),
        cmocka_unit_test(restarts),        cmocka_unit_test(most_silent_path_makes_room),
        cmocka_unit_test(times_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
