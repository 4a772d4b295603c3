/* Loss on either side of the server and its repair: NACK (RFC 4585), RTX (RFC 4588). */
#include "tests/integration/assertions.h"

#define LOSSY_MS 3000

/* The receiver never asks: what it has was repaired between publisher and server. */
static void loss_before_the_server_is_repaired(void **state)
{
    (void)state;
    struct media_client *ann = assert_talking("loss-up", "ann");
    struct media_client *bob = assert_talking("loss-up", "bob");
    bob->sends_nacks = false;
    assert_sees(bob, ann);
    ann->drop_sent_every = 12;
    event_loop_run_ms(LOSSY_MS);
    ann->drop_sent_every = 0;
    event_loop_run_ms(500);
    assert_true(ann->dropped_before_server >= 5);
    assert_true(ann->feedback.nacks->len >= ann->dropped_before_server);
    assert_true(media_client_track(ann, MEDIA_CAMERA)->rtx_packets >= ann->dropped_before_server);
    assert_lossless(bob);
}

static unsigned count_dropped(const struct media_client *client, bool only_repaired)
{
    unsigned count = 0;
    for (unsigned i = 0; i < client->slot_count; i++) {
        const GArray *dropped = client->slot_list[i]->dropped;
        for (guint k = 0; k < dropped->len; k++)
            count += !only_repaired || g_array_index(dropped, struct slot_dropped, k).is_repaired;
    }
    return count;
}

/* slot_receiver compares each retransmission with what it dropped. */
static void loss_behind_the_server_is_repaired(void **state)
{
    (void)state;
    struct media_client *ann = assert_talking("loss-down", "ann");
    struct media_client *bob = assert_talking("loss-down", "bob");
    assert_sees(bob, ann);
    struct slot_receiver *slot = media_client_slot_of(bob, ann, false);
    assert_non_null(slot);
    slot->drop_every = 9;
    event_loop_run_ms(LOSSY_MS);
    slot->drop_every = 0;
    assert_lossless(bob);
    assert_true(count_dropped(bob, false) >= 5);
    assert_int_equal(count_dropped(bob, true), count_dropped(bob, false));
    assert_true(slot->rtx_received >= count_dropped(bob, false));
    assert_int_equal(ann->feedback.nacks->len, 0); /* the server has it all: ann is not asked */
}

static void loss_on_both_sides_is_repaired(void **state)
{
    (void)state;
    struct media_client *ann = assert_talking("loss-both", "ann");
    struct media_client *bob = assert_talking("loss-both", "bob");
    assert_sees(bob, ann);
    struct slot_receiver *slot = media_client_slot_of(bob, ann, false);
    ann->drop_sent_every = 11;
    slot->drop_every = 7;
    event_loop_run_ms(LOSSY_MS);
    ann->drop_sent_every = 0;
    slot->drop_every = 0;
    event_loop_run_ms(500);
    assert_true(ann->dropped_before_server > 0);
    assert_true(count_dropped(bob, false) > 0);
    assert_lossless(bob);
}

static void ask_around(struct media_client *client, uint32_t ssrc, uint16_t first)
{
    uint16_t seqs[40];
    for (unsigned i = 0; i < 40; i++)
        seqs[i] = (uint16_t)(first + i);
    media_client_send_nack(client, ssrc, seqs, 40);
}

/* Numbers before the first, far ahead, of a slot that never sent, of an unknown SSRC. */
static void nack_for_what_was_never_sent_gives_nothing(void **state)
{
    (void)state;
    struct media_client *ann = assert_talking("never-sent", "ann");
    struct media_client *bob = assert_talking("never-sent", "bob");
    assert_sees(bob, ann);
    event_loop_run_ms(500);
    struct slot_receiver *slot = media_client_slot_of(bob, ann, false);
    assert_non_null(slot);
    ask_around(bob, slot->ssrc, (uint16_t)(slot->first_ext_seq - 45));
    ask_around(bob, slot->ssrc, (uint16_t)(slot->sequence.highest + 2000));
    ask_around(bob, slot->ssrc + 1, (uint16_t)slot->sequence.highest);
    for (unsigned i = 0; i < bob->slot_count; i++) {
        if (!bob->slot_list[i]->sequence.started)
            ask_around(bob, bob->slot_list[i]->ssrc, 100);
    }
    event_loop_run_ms(700);
    for (unsigned i = 0; i < bob->slot_count; i++)
        assert_int_equal(bob->slot_list[i]->rtx_received, 0);
    assert_int_equal(ann->feedback.nacks->len, 0);
    assert_lossless(bob);

    /* The same question for what was sent is answered: the silence above means something. */
    ask_around(bob, slot->ssrc, (uint16_t)(slot->sequence.highest - 40));
    event_loop_run_ms(500);
    assert_true(slot->rtx_received > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFERENCE_TEST(loss_before_the_server_is_repaired),
        CONFERENCE_TEST(loss_behind_the_server_is_repaired),
        CONFERENCE_TEST(loss_on_both_sides_is_repaired),
        CONFERENCE_TEST(nack_for_what_was_never_sent_gives_nothing),
    };
    return RUN_WITH_SERVER(tests);
}
