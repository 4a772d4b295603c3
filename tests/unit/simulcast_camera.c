#include "simulcast_camera.h"

#include "person_heard.h"
#include "person_send.h"

void camera_send(struct conference *c, struct camera *camera)
{
    static const uint8_t temporal[] = {0, 2, 1, 2};
    unsigned plis = count_plis(camera->person);
    bool is_asked = plis > camera->plis && !camera->is_deaf;
    bool is_key = camera->frame == 0 || is_asked ||
                  (camera->keyframe_every && camera->frame % camera->keyframe_every == 0);
    unsigned phase = is_key ? 0 : camera->frame % 8;
    if (is_key)
        camera->frame = camera->frame / 8 * 8 + (camera->frame ? 8 : 0); /* begin a period */
    camera->plis = plis;
    camera->key_index = (uint8_t)(camera->key_index + is_key);
    camera->tl0 += temporal[phase % 4] == 0;
    for (unsigned layer = 0; layer < 2; layer++)
        if (!camera->is_stopped[layer])
            person_send(c, camera->person,
                        &(struct media){
                            .track = CAM,
                            .layer = layer,
                            .mid = "cam",
                            .rid = layer ? "l" : "h",
                            .timestamp = (uint32_t)(c->now_us * 9 / 100) + 77777 * layer,
                            .level = -1,
                            .is_start = true,
                            .marker = true,
                            .is_keyframe = is_key,
                            .temporal_id = temporal[phase % 4],
                            .is_layer_sync = !camera->is_without_sync && (phase == 1 || phase == 2),
                            .tl0 = camera->tl0 % 256 + 1,
                            .key_index = camera->key_index,
                            .payload_len = camera->payload_len[layer],
                            .height = layer ? 240 : 480});
    camera->frame++;
}

void camera_show(struct conference *c, struct camera *camera)
{
    camera_send(c, camera);
    conference_run(c, 33 * MS);
}

void camera_show_for(struct conference *c, struct camera *camera, unsigned frames)
{
    for (unsigned i = 0; i < frames; i++)
        camera_show(c, camera);
}

unsigned assert_one_stream(struct person *person, uint32_t ssrc)
{
    unsigned count = count_heard(person, ssrc);
    bool has_layer[3] = {false};
    for (unsigned i = 0; i < count; i++) {
        struct heard *now = heard_at(person, ssrc, i);
        struct rtp_vp8 b = vp8_of(now);
        unsigned t = b.temporal_id;
        if (i == 0)
            assert_true(b.is_keyframe);
        /* Decodable: all it may refer to was sent since it began. */
        assert_true(b.is_keyframe || t == 0 || b.is_layer_sync ||
                    (has_layer[t] && (t == 1 || has_layer[1])));
        for (unsigned l = 0; l < 3; l++)
            has_layer[l] |= b.is_keyframe || l == t;
        if (i == 0)
            continue;
        struct heard *before = heard_at(person, ssrc, i - 1);
        struct rtp_vp8 a = vp8_of(before);
        assert_int_equal((uint16_t)(now->rtp.seq - before->rtp.seq), 1);
        assert_int_equal((b.picture_id - a.picture_id) & 0x7FFF, 1);
        assert_int_equal((uint8_t)(b.tl0_picture_index - a.tl0_picture_index), t == 0);
        assert_true((int32_t)(now->rtp.timestamp - before->rtp.timestamp) > 0);
        if (b.is_keyframe)
            assert_int_equal((b.key_index - a.key_index) & 0x1F, 1);
    }
    return count;
}
