/* Connectivity over the announced address, checks without nomination, a change of address in
 * mid-call. */
#include <stdio.h>

#include "tests/integration/assertions.h"

#define RECOVERY_MS 2000 /* protocol.md: 1 s of silence, then the path with media is selected */

static struct media_client *assert_bare(const char *room, const char *name)
{
    struct media_client_options options = usual_participant(room, name);
    options.is_bare = true;
    struct media_client *client = assert_connected(&options);
    media_client_send_media(client, true, true);
    return client;
}

static void full_agent_connects(void **state)
{
    (void)state;
    struct media_client *ann = assert_talking("agent", "ann");
    struct media_client *bob = assert_talking("agent", "bob");
    assert_sees(ann, bob);
    assert_sees(bob, ann);
    assert_lossless(ann);
}

/* Never a USE-CANDIDATE, and still each check is answered and media flows both ways. */
static void checks_without_nomination_are_answered(void **state)
{
    (void)state;
    struct media_client *ann = assert_bare("unnominated", "ann");
    struct media_client *bob = assert_talking("unnominated", "bob");
    assert_sees(ann, bob);
    assert_sees(bob, ann);
    event_loop_run_ms(2000);
    struct bare_path_counters counters = client_path_bare_counters(ann->path);
    assert_true(counters.checks >= 10);
    assert_in_range(counters.answers, counters.checks - 2, counters.checks);
    assert_int_equal(counters.errors, 0);
    assert_int_equal(counters.wrong_mapped_address, 0);
    assert_int_equal(counters.wrong_integrity, 0);
    assert_lossless(ann);
    assert_lossless(bob);
}

struct media_wait {
    const struct media_client *client;
    int64_t since_us;
};

static bool has_newer_media(void *user)
{
    const struct media_wait *wait = user;
    return wait->client->newest_media_us > wait->since_us;
}

/* Rebinding: the port changes, the nomination was made on the old one and is not repeated. */
static void change_of_port(bool nominates)
{
    const char *room = nominates ? "rebind-nominated" : "rebind";
    struct media_client *ann = assert_bare(room, "ann");
    struct media_client *bob = assert_talking(room, "bob");
    client_path_bare_nominate(ann->path, nominates);
    assert_sees(ann, bob);
    assert_sees(bob, ann);
    event_loop_run_ms(700);
    client_path_bare_nominate(ann->path, false);
    client_path_bare_rebind(ann->path);
    struct media_wait wait = {ann, event_loop_now_us()};
    bool is_back = event_loop_until(has_newer_media, &wait, EVENT_LOOP_PATIENCE_MS);
    long long after_ms = (event_loop_now_us() - wait.since_us) / 1000;
    printf("media is back %lld ms after the change of port\n", after_ms);
    assert_true(is_back);
    assert_true(after_ms <= RECOVERY_MS);
    event_loop_run_ms(700);
    assert_verified(ann); /* what was sent to the old port may be gone */
    assert_lossless(bob); /* what came from the new one was taken from the start */
    assert_int_equal(client_path_bare_counters(ann->path).wrong_mapped_address, 0);
}

static void port_changes_after_a_nomination(void **state)
{
    (void)state;
    change_of_port(true);
}

static void port_changes_without_any_nomination(void **state)
{
    (void)state;
    change_of_port(false);
}

/* A nomination of the new path: media follows it, at the latest when the old one is silent. */
static void media_follows_a_new_nomination(void **state)
{
    (void)state;
    struct media_client *ann = assert_bare("renominate", "ann");
    struct media_client *bob = assert_talking("renominate", "bob");
    client_path_bare_nominate(ann->path, true);
    assert_sees(ann, bob);
    event_loop_run_ms(500);
    client_path_bare_rebind(ann->path);
    struct media_wait wait = {ann, event_loop_now_us()};
    assert_true(event_loop_until(has_newer_media, &wait, 2 * RECOVERY_MS));
    assert_verified(ann);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFERENCE_TEST(full_agent_connects),
        CONFERENCE_TEST(checks_without_nomination_are_answered),
        CONFERENCE_TEST(port_changes_after_a_nomination),
        CONFERENCE_TEST(port_changes_without_any_nomination),
        CONFERENCE_TEST(media_follows_a_new_nomination),
    };
    return RUN_WITH_SERVER(tests);
}
