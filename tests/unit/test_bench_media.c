/*
 * The recordings of the load generator on their way: encoded, packetized, sent, received, decoded
 * and recognized (iris-bench bubbles), over a wire that loses what a test says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/bubbles/library.h"
#include "bench/bubbles/verify.h"
#include "bwe/remb.h"

#define FRAME_US 33333
#define SSRC     0x1000
#define RTX_SSRC 0x1001

static struct {
    struct bubbles_clip *clip, *other;
    struct bubbles_voice *voice, *other_voice;
} library;

static const struct bubbles_answer_line line = {.is_accepted = true,
                                                .ssrc = SSRC,
                                                .rtx_ssrc = RTX_SSRC,
                                                .payload_type = 96,
                                                .rtx_payload_type = 97,
                                                .ids = {[RTP_EXTENSION_MID] = 4,
                                                        [RTP_EXTENSION_RID] = 10,
                                                        [RTP_EXTENSION_REPAIRED_RID] = 11,
                                                        [RTP_EXTENSION_AUDIO_LEVEL] = 1,
                                                        [RTP_EXTENSION_TRANSPORT_SEQ] = 3}};

static int make_library(void **state)
{
    (void)state;
    struct bubbles_clip_params params = {.source = 3,
                                         .width = 320,
                                         .height = 240,
                                         .temporal_layers = 3,
                                         .frame_rate = 30,
                                         .frame_count = 24,
                                         .bitrate_kbps = 500};
    library.clip = bubbles_clip_create(&params);
    params.source = 4;
    library.other = bubbles_clip_create(&params);
    library.voice = bubbles_voice_create(1);
    library.other_voice = bubbles_voice_create(2);
    return library.clip && library.other && library.voice && library.other_voice ? 0 : -1;
}

static int free_library(void **state)
{
    (void)state;
    bubbles_clip_destroy(library.clip);
    bubbles_clip_destroy(library.other);
    bubbles_voice_destroy(library.voice);
    bubbles_voice_destroy(library.other_voice);
    return 0;
}

/* A sender, a wire and a receiver. */
struct wire {
    struct bubbles_stream stream;
    struct bubbles_slot slot;
    struct bubbles_verifier *verifier;
    struct bubbles_verdicts verdicts;
    struct bubbles_origin origin; /* as the receiver believes */
    uint16_t transport_seq;
    uint64_t seed;
    uint64_t lose_from, lose_to; /* indices that are lost */
    unsigned largest, packets;
    uint8_t data[1500];
};

static void wire_init(struct wire *wire, enum bubbles_kind kind)
{
    memset(wire, 0, sizeof(*wire));
    wire->seed = 5;
    const struct bubbles_stream_params params = {
        .kind = kind,
        .clip = kind == BUBBLES_VOICE ? NULL : library.clip,
        .voice = kind == BUBBLES_VOICE ? library.voice : NULL,
        .line = &line,
        .mid = 1,
        .rid = kind == BUBBLES_VOICE ? NULL : "h",
        .ssrc = SSRC,
        .rtx_ssrc = RTX_SSRC,
        .seed = &wire->seed};
    assert_int_equal(bubbles_stream_init(&wire->stream, &params), 0);
    assert_int_equal(bubbles_slot_init(&wire->slot, kind, &line, true), 0);
    bubbles_slot_set_live(&wire->slot, true);
    wire->verifier = bubbles_verifier_create(&wire->verdicts);
    assert_non_null(wire->verifier);
    wire->origin.streams[0] = &wire->stream;
    wire->origin.stream_count = 1;
}

static void wire_dispose(struct wire *wire)
{
    bubbles_stream_dispose(&wire->stream);
    bubbles_slot_dispose(&wire->slot);
    bubbles_verifier_destroy(wire->verifier);
}

static void receive(struct wire *wire, struct bubbles_rtp *rtp, int64_t now_us)
{
    struct rtp_packet packet;
    struct rtp_vp8 vp8;
    struct bubbles_taken taken;
    assert_int_equal(rtp_packet_parse(&packet, rtp->data, rtp->len), 0);
    assert_int_equal(packet.header_len, rtp->header_len);
    wire->packets++;
    if (rtp->len > wire->largest)
        wire->largest = (unsigned)rtp->len;
    assert_true(bubbles_slot_take(&wire->slot, &packet, &vp8, &taken, now_us));
    if (wire->slot.kind == BUBBLES_VOICE)
        bubbles_verifier_voice(wire->verifier, 0, &packet, taken.is_new_source, &wire->origin);
    for (unsigned i = 0; i < taken.frame_count; i++)
        bubbles_verifier_frame(wire->verifier, 0, &wire->slot, &taken.frames[i], &wire->origin,
                               now_us);
}

static void send_frame(struct wire *wire, int64_t now_us)
{
    struct bubbles_rtp rtp = {.data = wire->data};
    bubbles_stream_begin_frame(&wire->stream, now_us);
    while (bubbles_stream_next_packet(&wire->stream, &wire->transport_seq, &rtp))
        if (rtp.index < wire->lose_from || rtp.index >= wire->lose_to)
            receive(wire, &rtp, now_us);
}

static void repair(struct wire *wire, int64_t now_us)
{
    uint16_t seqs[64];
    struct bubbles_rtp rtp = {.data = wire->data};
    size_t count = rtp_nack_collect(&wire->slot.nack, now_us, 0, RTP_NACK_TRIES, seqs, 64);
    for (size_t i = 0; i < count; i++) {
        assert_true(bubbles_stream_retransmit(&wire->stream, seqs[i], &wire->transport_seq, &rtp));
        receive(wire, &rtp, now_us);
    }
}

static void pictures_survive_the_round_trip(void **state)
{
    (void)state;
    struct wire wire;
    wire_init(&wire, BUBBLES_CAMERA);
    for (unsigned i = 0; i < 60; i++) /* the clip goes around: 24 frames */
        send_frame(&wire, 1000000 + (int64_t)i * FRAME_US);
    assert_int_equal(wire.slot.counters.frames, 60);
    assert_int_equal(wire.slot.counters.key_frames, 3);
    assert_int_equal(wire.verdicts.pictures, 60);
    assert_false(bubbles_verdicts_are_bad(&wire.verdicts));
    assert_true(wire.verdicts.psnr_min_db == 100);
    assert_int_equal(wire.verdicts.delay.count, 60);
    assert_int_equal(wire.slot.freeze.freezes, 0);
    assert_in_range(wire.largest, 1000, 1200); /* libwebrtc's limit */
    wire_dispose(&wire);
}

static void a_wrong_source_is_seen(void **state)
{
    (void)state;
    struct wire wire;
    struct bubbles_stream other = {.clip = library.other};
    wire_init(&wire, BUBBLES_CAMERA);
    other.sent_us = wire.stream.sent_us;
    wire.origin.streams[0] = &other;
    send_frame(&wire, 1000000);
    assert_int_equal(wire.verdicts.wrong_pictures, 1);
    assert_true(bubbles_verdicts_are_bad(&wire.verdicts));
    int64_t sent_us;
    const struct bubbles_piece *piece = &library.clip->pieces[library.clip->frames[5].first_piece];
    const uint8_t *payload = library.clip->bytes + piece->offset;
    assert_true(bubbles_stream_find(&wire.stream, payload, piece->len, &sent_us));
    assert_false(bubbles_stream_find(&other, payload, piece->len, &sent_us));
    wire_dispose(&wire);
}

static void loss_is_repaired(void **state)
{
    (void)state;
    struct wire wire;
    wire_init(&wire, BUBBLES_CAMERA);
    for (unsigned i = 0; i < 20; i++) {
        int64_t now_us = 1000000 + (int64_t)i * FRAME_US;
        if (i == 6) {
            wire.lose_from = wire.stream.index;
            wire.lose_to = wire.lose_from + 2;
        }
        send_frame(&wire, now_us);
        repair(&wire, now_us + 15000);
    }
    uint64_t unrepaired;
    assert_int_equal(bubbles_slot_lost(&wire.slot, &unrepaired), 2);
    assert_int_equal(unrepaired, 0);
    assert_int_equal(wire.slot.counters.repaired, 2);
    assert_int_equal(wire.verdicts.pictures, 20);
    assert_false(bubbles_verdicts_are_bad(&wire.verdicts));
    wire_dispose(&wire);
}

/* Nothing is repaired: the pictures stop until a key frame, which is asked for, comes. */
static void a_hole_ends_with_a_key_frame(void **state)
{
    (void)state;
    struct wire wire;
    wire_init(&wire, BUBBLES_CAMERA);
    bool has_asked = false;
    for (unsigned i = 0; i < 60; i++) {
        int64_t now_us = 1000000 + (int64_t)i * FRAME_US;
        uint16_t seqs[64];
        if (i == 3) {
            wire.lose_from = wire.stream.index;
            wire.lose_to = wire.lose_from + 1;
        }
        wire.stream.next_frame %= 20; /* no key frame of its own */
        if (wire.stream.next_frame == 0 && !wire.stream.is_key_due)
            wire.stream.next_frame = 1;
        send_frame(&wire, now_us);
        for (int64_t at_us = now_us; at_us < now_us + FRAME_US; at_us += 10000)
            rtp_nack_collect(&wire.slot.nack, at_us, 0, RTP_NACK_TRIES, seqs, 64);
        if (bubbles_slot_wants_key(&wire.slot, now_us)) {
            has_asked = true;
            wire.stream.is_key_due = true;
        }
        if (i > 3 && !has_asked)
            assert_int_equal(wire.slot.counters.frames, 3);
    }
    assert_true(has_asked);
    assert_int_equal(wire.slot.counters.key_frames, 2);
    assert_in_range(wire.slot.counters.frames, 10, 50);
    wire_dispose(&wire);
}

static void voices_are_recognized(void **state)
{
    (void)state;
    struct wire wire;
    unsigned sent = 0;
    wire_init(&wire, BUBBLES_VOICE);
    for (unsigned i = 0; i < 400; i++) {
        struct bubbles_rtp rtp = {.data = wire.data};
        bool is_talking = i >= 50 && i < 350;
        int64_t now_us = 1000000 + (int64_t)i * BUBBLES_VOICE_US;
        if (!bubbles_stream_voice(&wire.stream, is_talking, now_us, &wire.transport_seq, &rtp))
            continue;
        sent++;
        assert_int_equal(rtp.data[1] >> 7, i == 50); /* the marker begins a spurt */
        receive(&wire, &rtp, now_us);
    }
    assert_in_range(sent, 320, 350); /* DTX leaves most of the pauses out */
    assert_in_range(wire.verdicts.voices, 280, 310);
    assert_false(bubbles_verdicts_are_bad(&wire.verdicts));
    struct bubbles_stream other = {.voice = library.other_voice};
    wire.origin.streams[0] = &other;
    struct bubbles_rtp rtp = {.data = wire.data};
    for (unsigned i = 0; i < 20; i++)
        if (bubbles_stream_voice(&wire.stream, true, 9000000, &wire.transport_seq, &rtp))
            receive(&wire, &rtp, 9000000);
    assert_true(wire.verdicts.wrong_voices > 0);
    wire_dispose(&wire);
}

static void slots_must_be_announced(void **state)
{
    (void)state;
    static const struct {
        unsigned announced_slot, observed_slot;
        uint32_t announced, observed;
        unsigned wrong;
    } table[] = {{2, 2, 7, 7, 0}, {2, 3, 7, 7, 1}, {2, 2, 7, 8, 1}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct bubbles_verdicts verdicts = {.pictures = 0};
        struct bubbles_verifier *verifier = bubbles_verifier_create(&verdicts);
        bubbles_verifier_observed(verifier, table[i].observed_slot, table[i].observed);
        bubbles_verifier_announced(verifier, table[i].announced_slot, table[i].announced);
        bubbles_verifier_conclude(verifier);
        assert_int_equal(verdicts.wrong_slots, table[i].wrong);
        bubbles_verifier_destroy(verifier);
    }
}

/* libwebrtc's SplitAboutEqually: nearly equal pieces, the larger ones last. */
static void pieces_are_nearly_equal(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        unsigned count, first, last;
    } table[] = {
        {1, 1, 1, 1},
        {BUBBLES_PAYLOAD_BYTES, 1, BUBBLES_PAYLOAD_BYTES, BUBBLES_PAYLOAD_BYTES},
        {BUBBLES_PAYLOAD_BYTES + 1, 2, 570, 571},
        {3000, 3, 1000, 1000},
        {3001, 3, 1000, 1001},
        {3002, 3, 1000, 1001},
    };
    static uint8_t data[4000];
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct bubbles_clip *clip = calloc(1, sizeof(*clip));
        struct bubbles_frame frame = {.is_key = true};
        assert_int_equal(bubbles_clip_append(clip, &frame, data, table[i].len), 0);
        assert_int_equal(frame.piece_count, table[i].count);
        assert_int_equal(clip->pieces[0].len, table[i].first);
        assert_int_equal(clip->pieces[frame.piece_count - 1].len, table[i].last);
        assert_int_equal(clip->byte_count, table[i].len);
        bubbles_clip_destroy(clip);
    }
}

/* RTP payload of the busiest 2 s, in bit/s; the key frame at its start is the allowance's. */
static unsigned busiest_bps(const struct bubbles_clip *clip)
{
    unsigned most = 0, frames = (unsigned)(2 * clip->frame_rate);
    for (unsigned first = 0; first < clip->frame_count; first++) {
        unsigned bytes = 0;
        for (unsigned i = first; i < first + frames; i++) {
            const struct bubbles_frame *frame = &clip->frames[i % clip->frame_count];
            for (unsigned p = 0; p < frame->piece_count && !frame->is_key; p++)
                bytes += clip->pieces[frame->first_piece + p].len + RTP_VP8_DESCRIPTOR_BYTES;
        }
        most = bytes > most ? bytes : most;
    }
    return most * 8 / 2;
}

/* Key frames that are asked for bring any parts of a camera's layers together. */
static void cameras_hold_the_contract(void **state)
{
    (void)state;
    static struct bubbles_library cameras;
    const struct bubbles_options options = {.participants = BUBBLES_CAMERAS};
    assert_int_equal(bubbles_library_init(&cameras, &options), 0);
    assert_int_equal(cameras.camera_count, BUBBLES_CAMERAS);
    for (unsigned i = 0; i < BUBBLES_CAMERAS; i++) {
        unsigned bps = busiest_bps(cameras.cameras[i][0]) + busiest_bps(cameras.cameras[i][1]);
        print_message("camera %u: %u bit/s\n", i, bps);
        assert_in_range(bps, BWE_CONTRACT_CAMERA_BPS, BWE_CONTRACT_CAMERA_BPS / 100 * 110);
    }
    bubbles_library_dispose(&cameras);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cameras_hold_the_contract),
        cmocka_unit_test(pictures_survive_the_round_trip),
        cmocka_unit_test(a_wrong_source_is_seen),
        cmocka_unit_test(loss_is_repaired),
        cmocka_unit_test(a_hole_ends_with_a_key_frame),
        cmocka_unit_test(voices_are_recognized),
        cmocka_unit_test(slots_must_be_announced),
        cmocka_unit_test(pieces_are_nearly_equal),
    };
    return cmocka_run_group_tests(tests, make_library, free_library);
}
