/* Which temporal layers can be decoded after something was left out (RFC 7741, section 4.2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bwe/temporal_sync.h"

/*
 * A script of frames in the order of their coming: the temporal layer, y: it needs the base layer
 * only, n: no other needs it; then + decodable and sent, - decodable but left out, x not decodable
 * and so left out. K is a key frame; <h: from here on nothing above layer h is sent.
 */
static const struct {
    const char *what, *script;
} table[] = {
    {"nothing is left out", "K 2y+ 1y+ 2+ 0+ 2+ 1+ 2n+ 0+"},
    {"open before the first key frame", "0+ 2+ 1+"},
    {"layers are broken upwards", "K 2- 1+ 2x 0+ 1+"},
    {"TL1 takes TL2 with it", "K 2y+ 1- 2x 0+ 2x 1x 0+"},
    {"nothing refers to it", "K 2n- 2+ 1n- 1+ 2+ 0n- 0+ 2+"},
    {"Y takes a layer up", "K 2- 1+ 2x 0+ 2y+ 1+ 2+"},
    {"Y of TL2 can be decoded without TL1", "K 1- 0+ 2y+ 0+ 2x"},
    {"TL2, then TL1, as libwebrtc's pattern has it", "K 1- 2x 0+ 2y+ 1y+ 2+ 0+ 2+ 1+"},
    {"TL1, then TL2", "K 1- 2x 0+ 1y+ 2x 0+ 2y+ 2+"},
    {"TL2 lost its place when a frame of it was left out", "K 1- 0+ 2y+ 2x 1y+ 2x 2y+ 2+"},
    {"or one of TL1 that it may refer to", "K 1- 0+ 2y+ 1x 1y+ 2x 2y+ 2+"},
    {"what nobody refers to may be left out meanwhile", "K 1- 0+ 2y+ 2nx 1y+ 2+"},
    {"a source without Y waits for a key frame", "K 1- 0+ 1x 0+ 1x K 1+ 2+"},
    {"without the base layer nothing can be decoded", "K 0- 0x 2yx 1yx K 0+ 2+"},
    {"limited", "K 1y+ 2y+ <1 1+ 0+ <2 1+ 2x 0+ 2y+ 2+"},
    {"limited to the base layer", "K <0 0+ 0+ <2 2x 1x 0+ 2y+ 1y+ 2+"},
    {"limited though no frame came meanwhile", "K 2+ <1 <2 2x"},
    {"a layer that VP8's TID has, but no encoder", "K 3+ 2- 3x 3y+ 2y+ 3+"},
};

static void check_frame(struct bwe_temporal_sync *sync, const char *text)
{
    unsigned temporal_id = (unsigned)(*text++ - '0');
    bool is_layer_sync = *text == 'y', is_non_reference = *text == 'n';
    char expected = is_layer_sync || is_non_reference ? text[1] : text[0];
    assert_non_null(strchr("+-x", expected));
    if (bwe_temporal_sync_is_decodable(sync, temporal_id, is_layer_sync) != (expected != 'x'))
        fail_msg("at %s", text - 1);
    if (expected == '+')
        bwe_temporal_sync_on_sent(sync, temporal_id);
    else
        bwe_temporal_sync_on_dropped(sync, temporal_id, is_non_reference);
}

static void play(const char *script)
{
    struct bwe_temporal_sync sync = {0};
    for (const char *at = script; at; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (*at == 'K')
            bwe_temporal_sync_on_keyframe(&sync);
        else if (*at == '<')
            bwe_temporal_sync_limit(&sync, (unsigned)(at[1] - '0'));
        else
            check_frame(&sync, at);
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

/* Every sequence of six frames of an encoder with one reference a layer: what is called decodable
   has all it refers to. */
static void test_every_sequence(void **state)
{
    (void)state;
    enum { FRAMES = 6, KINDS = 12 }; /* three layers, with Y or without, sent if it can be or not */
    unsigned count = 1, decodable = 0;
    for (unsigned i = 0; i < FRAMES; i++)
        count *= KINDS;
    for (unsigned sequence = 0; sequence < count; sequence++) {
        struct bwe_temporal_sync sync = {0};
        bool is_there[3] = {true, true, true}; /* the newest frame of the layer */
        for (unsigned left = sequence, i = 0; i < FRAMES; i++, left /= KINDS) {
            unsigned t = left % 3;
            bool is_layer_sync = left / 3 % 2 && t > 0, is_sent = left % KINDS >= KINDS / 2;
            bool has_all = is_there[0];
            for (unsigned below = 1; below <= t && !is_layer_sync; below++)
                has_all = has_all && is_there[below];
            bool can = bwe_temporal_sync_is_decodable(&sync, t, is_layer_sync);
            assert_true(has_all || !can);
            decodable += can;
            is_there[t] = can && is_sent;
            if (is_there[t])
                bwe_temporal_sync_on_sent(&sync, t);
            else
                bwe_temporal_sync_on_dropped(&sync, t, false);
        }
    }
    assert_true(decodable > count); /* the rule is not an empty one */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_every_sequence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
