/* Whole frames, and none that needs a dropped one (RFC 7741, section 4.2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bwe/frame_gate.h"

/*
 * A script: a packet is a letter and the number of its frame. K key frame, B base, 1 and 2 temporal
 * layers, lower-case where it is not the first packet of its frame (k, b, one: i, two: z); y after
 * it: layer sync, n: no other refers to it. What should happen follows: + passes, - dropped whole
 * because the caller says so, x dropped by the gate, ! passes and is then cut.
 */
static const struct {
    const char *what, *script;
} table[] = {
    {"nothing is dropped", "K0+ k0+ 21y+ z1+ 12y+ 23+ B4+ b4+ 25y+"},
    {"before the first key frame the gate is open", "B0+ 21y+ K2+"},
    {"frames without a start are frames", "b0+ b0+ b1+"},
    {"a dropped TL2 goes whole", "K0+ 21- z1x z1x 12y+ i2+"},
    {"TL2 waits for its sync", "K0+ 21- 12y+ 23x B4+ 25y+ 16y+ 27+"},
    {"TL2 that nobody needs", "K0+ 21n- z1x 12y+ 23+"},
    {"a dropped TL1 takes TL2 with it", "K0+ 21y+ 12- 23x B4+ 25y+ 16x 17y+ 28x"},
    {"TL1 is repaired before TL2", "K0+ 11- B2+ 23y+ 24x 15y+ 26x 27y+ 28+"},
    {"TL2 before TL1, as libwebrtc's pattern has it", "K0+ 11- 22x B3+ 24y+ 15y+ 26+"},
    {"a key frame repairs all", "K0+ 11- 22x K3+ 14+ 25+"},
    {"a dropped base frame: until a key frame", "K0+ B1- b1x 22yx B3x 14yx K5+ k5+ B6+"},
    {"a dropped key frame, too", "K0- k0x B1x K2+ B3+"},
    {"key frames can be dropped while it waits", "K0+ B1- K2- k2x K3+ B4+"},
    {"a cut frame passes no more", "K0+ B1! b1x B2x K3+"},
    {"a cut key frame", "K0! k0x B1x K2+"},
    {"a cut TL2", "K0+ 21! z1x 12+ 23x"},
    {"late packets of what passed", "K0+ B1+ B2+ b1+ k0+ B3- b2+ b0+"},
    {"late packets of what was dropped", "K0+ 21- 12y+ z1x B3+ z1x"},
    {"late packets of the gap", "K0+ B1- B2x b1x K3+ b1x b2x b0x B4+ b2x b3+"},
    {"a whole TL2 frame comes late, its layer dropped", "K0+ 21- B3+ 22x"},
    {"the start of a key frame comes late, the rest was dropped", "K0+ B1- k2x K2x B3x K4+"},
    {"the start of a key frame comes late, the rest passes", "K0+ 11- k2+ K2+ 13+"},
    {"a temporal id out of range is the top", "K0+ 31- 22x B3+ 24y+"},
    {"non-reference base frame", "K0+ B1n- b1x B2+"},
};

static struct bwe_frame_packet packet_of(const char **script)
{
    static const char starts[] = "KB123", rests[] = "kbizz";
    struct bwe_frame_packet packet = {0};
    char letter = *(*script)++;
    const char *start = strchr(starts, letter), *rest = strchr(rests, letter);
    assert_true(start || rest);
    packet.is_frame_start = start != NULL;
    packet.is_keyframe = letter == 'K';
    packet.temporal_id = (uint8_t)(start ? start - starts : rest - rests);
    packet.temporal_id -= packet.temporal_id > 0; /* K and B are of the base */
    if (letter == '3')
        packet.temporal_id = 7;
    packet.timestamp = 0xFFFFF000u + (uint32_t)(*(*script)++ - '0') * 3000;
    for (; **script == 'y' || **script == 'n'; (*script)++) {
        packet.is_layer_sync = packet.is_layer_sync || **script == 'y';
        packet.is_non_reference = packet.is_non_reference || **script == 'n';
    }
    return packet;
}

static void play(const char *script)
{
    struct bwe_frame_gate gate = {0};
    while (*script) {
        const char *at = script;
        struct bwe_frame_packet packet = packet_of(&script);
        char expected = *script++;
        enum bwe_frame_state state = bwe_frame_gate_look(&gate, &packet);
        bool is_new = state == BWE_FRAME_NEW;
        if (is_new)
            bwe_frame_gate_begin(&gate, &packet, expected != '-');
        if (is_new ? expected == 'x'
                   : expected == '-' || (state == BWE_FRAME_PASSES) != (expected != 'x'))
            fail_msg("at %s: state %d", at, (int)state);
        if (expected == '!')
            bwe_frame_gate_cut(&gate);
        assert_true(bwe_frame_gate_is_keyframe(&gate, &packet) || !packet.is_keyframe);
        while (*script == ' ')
            script++;
    }
}

static void test_scripts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        print_message("%s: %s\n", table[i].what, table[i].script);
        play(table[i].script);
    }
}

/* Half a turn of the timestamps after a gap, frames are neither late nor dropped. */
static void test_wrap(void **state)
{
    (void)state;
    struct bwe_frame_gate gate = {0};
    struct bwe_frame_packet packet = {.is_frame_start = true, .is_keyframe = true};
    assert_int_equal(bwe_frame_gate_look(&gate, &packet), BWE_FRAME_NEW);
    bwe_frame_gate_begin(&gate, &packet, false);
    packet.timestamp += 3000;
    assert_int_equal(bwe_frame_gate_look(&gate, &packet), BWE_FRAME_NEW);
    bwe_frame_gate_begin(&gate, &packet, true);
    packet.is_keyframe = false;
    for (unsigned i = 0; i < 200; i++) {
        packet.timestamp += 90000 * 600; /* ten minutes */
        assert_int_equal(bwe_frame_gate_look(&gate, &packet), BWE_FRAME_NEW);
        bwe_frame_gate_begin(&gate, &packet, true);
        struct bwe_frame_packet late = packet;
        late.timestamp -= 3000;
        assert_int_equal(bwe_frame_gate_look(&gate, &late), BWE_FRAME_PASSES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
