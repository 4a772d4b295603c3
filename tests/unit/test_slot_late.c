/* What comes late from its source: sent in its place, or left out as a whole. */
#include "conference.h"
#include "person_heard.h"
#include "person_send.h"
#include "sfu/core/engine_internal.h"

#define CAMERA     4 /* SSRC of the first slot of that kind (usual_join()), of its RTX: */
#define CAMERA_RTX 104

/* The key frame's first packet is overtaken by what follows it (a key frame of three packets, a
   frame of one): all of it is sent, in order as far as it is there. */
static void test_overtaken_start(void **state)
{
    (void)state;
    static const struct {
        uint16_t come[4], go[4];
    } table[] = {
        {{101, 102, 100, 103}, {100, 101, 102, 103}},
        {{102, 103, 100, 101}, {100, 102, 103, 101}}, /* a hole in the key frame */
        {{101, 103, 100, 102}, {100, 101, 103, 102}},
    };
    for (size_t row = 0; row < sizeof(table) / sizeof(table[0]); row++) {
        struct conference c;
        conference_init(&c);
        struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
        uint32_t timestamp = (uint32_t)(c.now_us * 9 / 100);
        for (unsigned i = 0; i < 4; i++) {
            uint16_t seq = table[row].come[i];
            ann->seqs[CAM][0] = (uint16_t)(seq - 1);
            person_send(&c, ann,
                        &(struct media){.track = CAM,
                                        .mid = "cam",
                                        .timestamp = timestamp + (seq == 103 ? 3000 : 0),
                                        .level = -1,
                                        .is_start = seq == 100 || seq == 103,
                                        .marker = seq >= 102,
                                        .is_keyframe = seq == 100,
                                        .height = 480});
            conference_run(&c, 30 * MS);
        }
        assert_int_equal(count_heard(bob, CAMERA), 4);
        for (unsigned i = 0; i < 4; i++) {
            const struct rtp_packet *packet = &heard_at(bob, CAMERA, i)->rtp;
            uint16_t seq = table[row].go[i];
            assert_int_equal((uint16_t)(packet->seq - heard_at(bob, CAMERA, 0)->rtp.seq),
                             seq - 100);
            assert_int_equal(packet->marker, seq >= 102);
        }
        conference_dispose(&c);
    }
}

/* A frame of two packets of the upper temporal layer that is not wanted. The second one comes late:
   its number is closed by padding. The first one comes when nothing of it is forwarded: asked for,
   it is not sent, for it would be half a frame. */
static void test_half_of_what_was_left_out(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    struct core_slot *slot = &core_engine_find(c.engine, bob->number)->slots[CAMERA - 1];
    static const struct {
        uint16_t seq;
        uint8_t frame, temporal_id;
        bool is_start, marker;
    } table[] = {{100, 0, 0, true, true},
                 {103, 2, 2, true, true},
                 {102, 1, 2, false, true},
                 {104, 3, 0, true, true},
                 {101, 1, 2, true, false}};
    uint32_t timestamp = (uint32_t)(c.now_us * 9 / 100);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        slot->target_temporal = 0;
        slot->is_held = table[i].seq == 101; /* as while another layer is forwarded */
        ann->seqs[CAM][0] = (uint16_t)(table[i].seq - 1);
        ann->picture_ids[CAM][0] = (uint16_t)(table[i].frame + 50 - table[i].is_start);
        person_send(&c, ann,
                    &(struct media){.track = CAM,
                                    .mid = "cam",
                                    .timestamp = timestamp + table[i].frame * 3000,
                                    .level = -1,
                                    .is_start = table[i].is_start,
                                    .marker = table[i].marker,
                                    .is_keyframe = table[i].seq == 100,
                                    .temporal_id = table[i].temporal_id,
                                    .height = 480});
        conference_run(&c, 5 * MS);
    }
    slot->is_held = false;
    assert_int_equal(count_heard(bob, CAMERA), 3);
    uint16_t first = heard_at(bob, CAMERA, 0)->rtp.seq;
    assert_int_equal((uint16_t)(heard_at(bob, CAMERA, 1)->rtp.seq - first), 2);
    assert_int_equal(heard_at(bob, CAMERA, 1)->rtp.payload_len, 0);
    for (uint16_t seq = first; seq != (uint16_t)(first + 4); seq++) {
        uint8_t data[64];
        struct rtcp_writer writer;
        rtcp_writer_init(&writer, data, sizeof(data));
        assert_int_equal(rtcp_write_nack(&writer, 9, CAMERA, &seq, 1), 0);
        person_send_rtcp(&c, bob, &writer);
    }
    assert_int_equal(count_heard(bob, CAMERA_RTX), 2); /* 100 and 104 */
    conference_dispose(&c);
}

/* The source was paused for bandwidth with a packet missing. What comes late of it, when it is
   wanted again, is no place to go on from: what follows it has passed. */
static void test_late_one_after_a_pause(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    struct core_slot *slot = &core_engine_find(c.engine, bob->number)->slots[CAMERA - 1];
    static const uint16_t seqs[] = {100, 102, 103, 101};
    struct core_layer *target = NULL;
    for (unsigned i = 0; i < sizeof(seqs) / sizeof(*seqs); i++) {
        if (i == 1) {
            target = slot->target;
            core_slot_set_target(slot, NULL, CORE_TEMPORAL_MAX, c.now_us);
        } else if (i == 3) {
            slot->target = target; /* as for one whose key frame is still asked for */
        }
        ann->seqs[CAM][0] = (uint16_t)(seqs[i] - 1);
        ann->picture_ids[CAM][0] = (uint16_t)(seqs[i] - 51);
        person_show(&c, ann, CAM, i == 0);
        conference_run(&c, 5 * MS);
    }
    assert_int_equal(count_heard(bob, CAMERA), 1);
    conference_dispose(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overtaken_start),
        cmocka_unit_test(test_half_of_what_was_left_out),
        cmocka_unit_test(test_late_one_after_a_pause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
