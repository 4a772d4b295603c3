/* Without RTX a loss costs a key frame, if something needs what was lost. */
#include "conference.h"
#include "person_heard.h"
#include "person_send.h"

#include "sfu/core/engine_internal.h"

static void ask_for(struct conference *c, struct person *person, uint16_t seq)
{
    person_ask_for(c, person, 4, seq);
    conference_run(c, 20 * MS);
}

/* As person_show_layer(); p: padding instead. */
static void show_frame(struct conference *c, struct person *ann, struct core_slot *slot, char what)
{
    if (what == 'p')
        assert_true(core_slot_send_filler(slot, 200));
    else
        person_show_layer(c, ann, what);
    conference_run(c, 33 * MS);
}

/* Without RTX a lost packet costs a key frame, but only if something needs it. */
static void test_nack_without_rtx(void **state)
{
    (void)state;
    static const struct {
        const char *what, *frames;
        int lost; /* of these, from the end: 0 the last one; -1: the number after it */
        unsigned plis;
    } table[] = {
        {"the base layer", "0212", 3, 1},
        {"the base layer, the newest", "0", 0, 1},
        {"nothing refers to it", "0n1n", 2, 0},
        {"the upper layer refers to the middle one", "0b12", 1, 1},
        {"nothing came after it", "0b1", 0, 0},
        {"the middle layer goes on from it", "0101", 2, 1},
        {"the middle layer begins anew", "01ba", 2, 0},
        {"the upper layer begins anew, the middle one does not", "01b1", 2, 1},
        {"the upper layer begins anew", "02ab2", 3, 0},
        {"the upper layer went on from it, and has begun anew since", "0122b", 2, 0},
        {"before the last key frame", "00K00", 3, 0},
        {"padding", "00p0", 1, 0},
        {"never sent", "00", -1, 0},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct conference c;
        conference_init(&c);
        struct person *ann = conference_join(&c, 1), *bob = conference_join_without_rtx(&c, 1);
        struct core_slot *slot = &core_engine_find(c.engine, bob->number)->slots[3];
        print_message("%s\n", table[i].what);
        for (unsigned n = 0; n < 60; n++) /* her key frame is too old to be replayed */
            show_frame(&c, ann, slot, n ? '0' : 'K');
        for (const char *frame = table[i].frames; *frame; frame++)
            show_frame(&c, ann, slot, *frame);
        assert_int_equal(count_heard(bob, 4), 60 + strlen(table[i].frames)); /* all were sent */
        uint16_t last = heard_at(bob, 4, count_heard(bob, 4) - 1)->rtp.seq;
        uint16_t seq = (uint16_t)(last - table[i].lost);
        unsigned before = count_plis(ann);
        ask_for(&c, bob, seq);
        conference_run(&c, 200 * MS);
        assert_int_equal(count_plis(ann) - before, table[i].plis);
        conference_dispose(&c);
    }
}

/* A packet that the server has not got itself: who can send it again is asked already. One that
   came late was asked for before the receiver could have it; after a round trip it is lost there.
 */
static void test_nack_without_rtx_of_a_gap(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        bool has_source_rtx, has_come; /* late, by the first NACK */
        unsigned first, second;        /* PLIs by the first NACK; by another, a round trip later */
    } table[] = {
        {"its source sends it again", true, false, 0, 0},
        {"its source cannot", false, false, 1, 1},
        {"it has just come", true, true, 0, 1},
        {"it has just come, without being asked for", false, true, 0, 1},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct conference c;
        conference_init(&c);
        struct core_join ann_join = usual_join(1, 1), bob_join = usual_join(1, 2);
        for (unsigned s = 0; s < bob_join.slot_count; s++)
            bob_join.slots[s].rtx_ssrc = 0;
        if (!table[i].has_source_rtx)
            ann_join.tracks[CAM].rtx_payload_type = -1;
        struct person *ann = conference_enter(&c, &ann_join),
                      *bob = conference_enter(&c, &bob_join);
        person_nominate(&c, ann);
        person_nominate(&c, bob);
        core_engine_find(c.engine, bob->number)->rtt_us = 100 * MS;
        print_message("%s\n", table[i].what);
        for (unsigned n = 0; n < 60; n++) /* her key frame is too old to be replayed */
            show_frame(&c, ann, NULL, n ? '0' : 'K');
        uint16_t lost = ann->seqs[CAM][0]++;
        person_show(&c, ann, CAM, false);
        if (table[i].has_come) {
            ann->seqs[CAM][0] = lost;
            conference_run(&c, 2 * MS);
            person_show(&c, ann, CAM, false);
            ann->seqs[CAM][0]++;
        }
        uint16_t last = heard_at(bob, 4, 59)->rtp.seq, seq = (uint16_t)(last + 1);
        unsigned before = count_plis(ann);
        ask_for(&c, bob, seq);
        assert_int_equal(count_plis(ann) - before, table[i].first);
        conference_run(&c, 80 * MS);
        ask_for(&c, bob, seq);
        assert_int_equal(count_plis(ann) - before, table[i].second);
        conference_dispose(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nack_without_rtx),
        cmocka_unit_test(test_nack_without_rtx_of_a_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
