/* People come and go for ten seconds; sanitizers in the server tell at its exit what was left
 * behind. */
#include <stdio.h>

#include "tests/integration/assertions.h"

#define CLIENTS         20
#define ROOMS           4
#define SOAK_MS         10000
#define TALK_MS         250
#define ROUNDS_AT_LEAST 2

static struct media_client *assert_joining(unsigned index)
{
    static const char *const rooms[ROOMS] = {"soak-0", "soak-1", "soak-2", "soak-3"};
    struct media_client_options options = usual_participant(rooms[index % ROOMS], "visitor");
    options.has_camera = index / ROOMS == 0; /* one a room */
    options.is_bare = index % 3 == 0;
    struct media_client *client = media_client_create(&options);
    if (!client)
        fail_msg("visitor %u: the control channel does not open", index);
    if (media_client_join(client) != 0)
        fail_msg("visitor %u: %s", index, client->problem);
    return client;
}

static bool are_all_connected(void *user)
{
    struct media_client *const *clients = user;
    for (unsigned i = 0; i < CLIENTS; i++) {
        if (!media_client_is_connected(clients[i]))
            return false;
    }
    return true;
}

/* All join, talk shortly, half of them take their leave and half vanish, some in mid-handshake. */
static void one_round(unsigned round)
{
    struct media_client *clients[CLIENTS];
    for (unsigned i = 0; i < CLIENTS; i++) {
        clients[i] = assert_joining(i);
        media_client_send_media(clients[i], true, true);
    }
    if (round % 3 != 2)
        assert_true(event_loop_until(are_all_connected, clients, EVENT_LOOP_PATIENCE_MS));
    event_loop_run_ms(round % 3 != 2 ? TALK_MS : 10);
    for (unsigned i = 0; i < CLIENTS; i++) {
        if (clients[i]->problem[0] != '\0')
            fail_msg("visitor %u: %s", i, clients[i]->problem);
        if ((i + round) % 2 == 0)
            assert_int_equal(media_client_leave(clients[i]), 1000);
        else
            media_client_vanish(clients[i]);
    }
}

static void joins_and_leaves_leave_nothing_behind(void **state)
{
    (void)state;
    struct media_client *resident = assert_talking("soak-0", "resident");
    int64_t end_us = event_loop_now_us() + (int64_t)SOAK_MS * 1000;
    unsigned rounds = 0;
    while (event_loop_now_us() < end_us)
        one_round(rounds++);
    printf("%u rounds of %u participants\n", rounds, (unsigned)CLIENTS);
    assert_true(rounds >= ROUNDS_AT_LEAST);
    struct slot_summary total = assert_lossless(resident);
    assert_true(total.packets > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFERENCE_TEST(joins_and_leaves_leave_nothing_behind),
    };
    return RUN_WITH_SERVER(tests);
}
