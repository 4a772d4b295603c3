/*
 * The simulator's own tests: every invariant trips when what it forbids happens, and no other does;
 * the same seed gives the same bytes; links and decoders do what their headers say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* cmocka needs the first four above. */
#include <cmocka.h>

#include "tests/sim/world.h"

#define SEED         7
#define PARTICIPANTS 4
#define SECONDS      20

static struct sim_world world;

/* Few people on good networks; with a loss that makes repairs happen, if it is wanted. */
static void run(enum sim_tamper_kind tamper, double loss, uint64_t seed)
{
    struct sim_profile profile = *sim_profile_find("call3");
    struct sim_config config = {.seed = seed,
                                .profile = &profile,
                                .participants = PARTICIPANTS,
                                .seconds = SECONDS,
                                .handovers = tamper == SIM_TAMPER_HANDOVER,
                                .tamper = tamper};
    profile.network.loss_max = loss;
    if (loss > 0) {
        profile.goals.skew_ms = 200;
        profile.goals.unrepaired_pct = 30;
        profile.goals.repaired_pct = 40;
    }
    assert_int_equal(sim_world_run(&world, &config), 0);
}

static void test_each_invariant_trips_alone(void **state)
{
    (void)state;
    for (unsigned check = 0; check < SIM_CHECK_COUNT; check++) {
        bool is_of_loss = check == SIM_CHECK_RETRANSMISSION || check == SIM_CHECK_REPAIR;
        double loss = is_of_loss ? 0.01 : 0;
        run(SIM_TAMPER_NONE, loss, SEED);
        struct sim_checks before = world.checks;
        run((enum sim_tamper_kind)(SIM_TAMPER_NONE + 1 + check), loss, SEED);
        for (unsigned i = 0; i < SIM_CHECK_COUNT; i++) {
            uint64_t count = world.checks.breaches[i].count;
            if (i == check && count <= before.breaches[i].count)
                fail_msg("%s did not trip", sim_check_name((enum sim_check)i));
            if (i != check && count > 0 && before.breaches[i].count == 0)
                fail_msg("breaking %s tripped %s: %s", sim_check_name((enum sim_check)check),
                         sim_check_name((enum sim_check)i), world.checks.breaches[i].detail);
        }
    }
}

/* The halves of invariants that the table's own tampering does not break. */
static void test_other_halves_trip(void **state)
{
    static const struct {
        enum sim_tamper_kind tamper;
        enum sim_check check;
        const char *said;
        double loss;
    } rows[] = {
        {SIM_TAMPER_HIDDEN, SIM_CHECK_STUCK, "a camera is not shown", 0},
        {SIM_TAMPER_CONTRACT, SIM_CHECK_BUDGET, "contract and 15 %", 0},
        {SIM_TAMPER_SHARE, SIM_CHECK_STORM, "of requested ones in 10 s", 0},
        {SIM_TAMPER_LEFT, SIM_CHECK_MEMORY, "1 participants left", 0},
        {SIM_TAMPER_SKEW, SIM_CHECK_SKEW, "at most 80", 0},
        {SIM_TAMPER_ROUGH, SIM_CHECK_SKEW, "at most 500", 0.01},
    };
    (void)state;
    for (size_t r = 0; r < sizeof(rows) / sizeof(*rows); r++) {
        run(rows[r].tamper, rows[r].loss, SEED);
        for (unsigned i = 0; i < SIM_CHECK_COUNT; i++) {
            const struct sim_breach *breach = &world.checks.breaches[i];
            if ((breach->count > 0) != (i == rows[r].check))
                fail_msg("%s: %s: %s", rows[r].said, sim_check_name((enum sim_check)i),
                         breach->detail);
            if (i == rows[r].check && !strstr(breach->detail, rows[r].said))
                fail_msg("%s: %s", rows[r].said, breach->detail);
        }
    }
}

static void test_same_seed_same_bytes(void **state)
{
    (void)state;
    run(SIM_TAMPER_NONE, 0.02, 1);
    uint64_t digest = world.digest, packets = world.summary.packets_out;
    run(SIM_TAMPER_NONE, 0.02, 1);
    assert_true(world.digest == digest);
    assert_true(world.summary.packets_out == packets);
    run(SIM_TAMPER_NONE, 0.02, 2);
    assert_true(world.digest != digest);
}

static void test_profiles_draw_the_same(void **state)
{
    struct sim_profile a, b;
    (void)state;
    sim_profile_draw(&a, 3);
    sim_profile_draw(&b, 3);
    assert_memory_equal(&a, &b, sizeof(a));
}

static void test_queue_keeps_order(void **state)
{
    struct sim_queue queue = {0};
    struct sim_random random = {5};
    struct sim_event event, previous = {.at_us = -1};
    (void)state;
    for (unsigned i = 0; i < 2000; i++)
        sim_queue_push(
            &queue, &(struct sim_event){.at_us = sim_random_between(&random, 0, 100), .detail = i});
    for (unsigned i = 0; i < 2000; i++) {
        assert_true(sim_queue_pop(&queue, &event));
        assert_true(event.at_us > previous.at_us ||
                    (event.at_us == previous.at_us && event.detail > previous.detail));
        previous = event;
    }
    assert_false(sim_queue_pop(&queue, &event));
    assert_true(sim_queue_next_us(&queue) == INT64_MAX);
    sim_queue_dispose(&queue);
}

/* Packets of 1000 bytes, one every interval_us for a second: how many arrive, and how late. */
static void test_links(void **state)
{
    static const struct {
        const char *label;
        struct sim_link_params params;
        int64_t interval_us;
        unsigned min, max; /* arrivals, copies included */
        int64_t latest_us; /* delay at most */
    } rows[] = {
        {"plain", {.delay_us = 50000}, 10000, 100, 100, 50000},
        {"jitter", {.delay_us = 50000, .jitter_us = 20000}, 10000, 100, 100, 70000},
        {"down", {.is_down = true}, 10000, 0, 0, 0},
        {"loss", {.loss = 0.5}, 1000, 400, 600, 0},
        {"bursts", {.burst = 0.1, .burst_end = 0.1}, 1000, 300, 700, 0},
        {"copies", {.duplicate = 0.5}, 1000, 1400, 1600, 0},
        {"late", {.reorder = 0.5, .reorder_us = 5000}, 1000, 1000, 1000, 5000},
        {"bottleneck", {.capacity_bps = 800000, .queue_us = 50000}, 1000, 100, 110, 70000},
        {"wide", {.capacity_bps = 8000000, .queue_us = 50000}, 1000, 1000, 1000, 1000},
    };
    (void)state;
    for (size_t r = 0; r < sizeof(rows) / sizeof(*rows); r++) {
        struct sim_link link;
        unsigned arrived = 0;
        sim_link_init(&link, &rows[r].params, (struct sim_random){r}, 0);
        for (int64_t now_us = 0; now_us < 1000000; now_us += rows[r].interval_us) {
            int64_t arrivals_us[SIM_LINK_COPIES];
            unsigned copies = sim_link_send(&link, 1000, now_us, arrivals_us);
            arrived += copies;
            for (unsigned i = 0; i < copies; i++)
                if (arrivals_us[i] - now_us > rows[r].latest_us)
                    fail_msg("%s: %d us late", rows[r].label, (int)(arrivals_us[i] - now_us));
        }
        if (arrived < rows[r].min || arrived > rows[r].max)
            fail_msg("%s: %u arrived", rows[r].label, arrived);
    }
}

/* A slide of ten pieces of 5000 bytes, what changes on it, replays; each row is one frame. */
static void test_slides(void **state)
{
    static const struct {
        const char *label;
        uint32_t frame, pieces;
        bool is_key, is_late, is_rtx, has_loss;
        uint64_t spare; /* after it */
    } rows[] = {
        {"a new slide", 1, 10, true, false, false, false, 50000},
        {"a change is no slide", 2, 1, false, false, false, false, 55000},
        {"but no more than a replay", 3, 10, false, false, false, false, 98000},
        {"it is replayed, late", 1, 10, true, true, false, false, 100000},
        {"and what changed", 2, 1, false, true, false, false, 105000},
        {"but not once more", 2, 1, false, true, false, false, 105000},
        {"nor what was before it", 1, 2, false, true, false, false, 105000},
        {"nor what its source sent later", 4, 10, false, false, false, false, 105000},
        {"again: that was the one", 1, 10, true, true, false, false, 105000},
        {"a new one, for which there was no room", 9, 10, true, true, false, false, 150000},
        {"its repairs", 9, 2, true, true, true, false, 150000},
        {"without RTX a lost one again", 9, 10, true, true, false, true, 150000},
        {"and each that is lost", 9, 10, true, true, false, true, 200000},
        {"and no other", 9, 10, true, true, false, false, 200000},
    };
    struct sim_slides slides = {.frame = 0};
    int64_t lost_us = 0;
    (void)state;
    for (size_t r = 0; r < sizeof(rows) / sizeof(*rows); r++) {
        int64_t now_us = 10000000 + (int64_t)r * 100000;
        uint64_t spare = 0;
        struct sim_media media = {.is_stamped = true, .is_rtx = rows[r].is_rtx, .wire_len = 5000};
        media.stamp = (struct sim_stamp){.participant = 7,
                                         .flags = rows[r].is_key ? SIM_STAMP_KEY : 0,
                                         .frame = rows[r].frame,
                                         .captured_us = now_us - (rows[r].is_late ? 2000000 : 0)};
        if (rows[r].has_loss)
            lost_us = now_us - 50000;
        for (; media.stamp.piece < rows[r].pieces; media.stamp.piece++)
            spare = sim_slides_on_sent(&slides, &media, true, lost_us, 500000, now_us);
        if (spare != rows[r].spare)
            fail_msg("%s: %d", rows[r].label, (int)spare);
    }
    struct sim_media camera = {.is_stamped = true, .wire_len = 5000};
    assert_int_equal(sim_slides_on_sent(&slides, &camera, false, 0, 500000, 12000000), 200000);
}

/* The same twenty changes of a slide again and again, for longer than is looked at. */
static void test_repeated_changes_are_no_replay(void **state)
{
    struct sim_slides slides = {.frame = 0};
    struct sim_media media = {.is_stamped = true, .wire_len = 1200};
    uint64_t spare = 0;
    (void)state;
    for (media.stamp = (struct sim_stamp){.flags = SIM_STAMP_KEY, .frame = 1, .captured_us = 1};
         media.stamp.piece < 35; media.stamp.piece++)
        spare = sim_slides_on_sent(&slides, &media, true, 0, 500000, 1);
    for (unsigned i = 0; i < 1000; i++) {
        int64_t now_us = 2000000 + 9000 * (int64_t)i;
        media.stamp = (struct sim_stamp){.frame = 2 + i % 20, .captured_us = now_us - 2000000};
        spare = sim_slides_on_sent(&slides, &media, true, 0, 500000, now_us);
    }
    assert_int_equal(sim_slides_replay_bytes(&slides), 48000);
    assert_int_equal(spare, 48000); /* the slide was sent more than 10 s ago */
}

static void test_decoder(void **state)
{
    static const struct {
        const char *label;
        struct sim_stamp stamp;
        bool is_decodable;
    } rows[] = {
        {"nothing yet", {.participant = 1, .frame = 5, .depends = {4}}, false},
        {"key", {.participant = 1, .frame = 6, .flags = SIM_STAMP_KEY}, true},
        {"after it", {.participant = 1, .frame = 7, .depends = {6}}, true},
        {"missing 8", {.participant = 1, .frame = 9, .temporal = 1, .depends = {7, 8}}, false},
        {"without 8", {.participant = 1, .frame = 10, .depends = {7}}, true},
        {"another layer", {.participant = 1, .layer = 1, .frame = 11, .depends = {10}}, false},
        {"its key", {.participant = 1, .layer = 1, .frame = 12, .flags = SIM_STAMP_KEY}, true},
        {"the old layer", {.participant = 1, .frame = 13, .depends = {10}}, false},
    };
    static struct sim_decoder decoder;
    (void)state;
    for (size_t r = 0; r < sizeof(rows) / sizeof(*rows); r++) {
        uint32_t missing;
        if (sim_decoder_can_decode(&decoder, &rows[r].stamp, &missing) != rows[r].is_decodable)
            fail_msg("%s", rows[r].label);
        if (rows[r].is_decodable)
            sim_decoder_decoded(&decoder, &rows[r].stamp);
    }
}

/* Frames of one packet each, 20 ms apart; numbers from 100 on. */
static void take_frame(struct sim_slot *slot, unsigned index, bool is_rtx, int64_t now_us)
{
    struct sim_taken taken;
    struct sim_media media = {.seq = (uint16_t)(100 + index),
                              .timestamp = 1800 * index,
                              .csrc = 9,
                              .payload_len = 100,
                              .marker = true,
                              .is_rtx = is_rtx,
                              .is_media = true,
                              .is_stamped = true,
                              .stamp = {.participant = 2,
                                        .frame = index + 1,
                                        .piece_count = 1,
                                        .flags = index == 0 ? SIM_STAMP_KEY : 0,
                                        .depends = {index}}};
    sim_slot_take(slot, &media, now_us, &taken);
}

/* What comes again in time is no loss after repair; what comes too late, or never, is. */
static void test_losses_after_repair(void **state)
{
    static const struct {
        const char *label;
        int64_t repaired_ms; /* after it was due; 0: never */
        unsigned lost;
    } rows[] = {{"in time", 100, 0}, {"too late", 2000, 1}, {"never", 0, 1}};
    (void)state;
    for (size_t r = 0; r < sizeof(rows) / sizeof(*rows); r++) {
        struct core_slot_params params = {.kind = CORE_KIND_CAMERA};
        struct sim_slot slot;
        struct sim_taken taken;
        sim_slot_init(&slot, &params, 100000, 1);
        for (unsigned i = 0; i < 200; i++) {
            int64_t now_us = 1000000 + 20000 * (int64_t)i;
            if (i != 50)
                take_frame(&slot, i, false, now_us);
            if (rows[r].repaired_ms > 0 && (int64_t)i * 20 == 1000 + rows[r].repaired_ms)
                take_frame(&slot, 50, true, now_us);
            sim_slot_advance(&slot, now_us, &taken);
        }
        if (slot.lost != rows[r].lost)
            fail_msg("%s: %u lost", rows[r].label, slot.lost);
        assert_int_equal(slot.reception.packets, 199); /* before repair, one is */
        sim_slot_dispose(&slot);
    }
}

/* Voice and picture of one moment: what the reports say, and the longest way of late. */
static void test_playout(void **state)
{
    struct sim_playout voice = {.clock_hz = 48000}, picture = {.clock_hz = 90000};
    const struct rtcp_sender_report voice_report = {.ntp = UINT64_C(10) << 32,
                                                    .rtp_timestamp = 4000000000u},
                                    picture_report = {.ntp = UINT64_C(11) << 32,
                                                      .rtp_timestamp = 90000};
    (void)state;
    sim_playout_take(&voice, 1, 4000000000u, 5000000);
    assert_false(voice.has_delay); /* no report yet */
    sim_playout_on_report(&voice, &voice_report);
    sim_playout_on_report(&picture, &picture_report);
    sim_playout_take(&voice, 1, 4000000000u + 24000, 600000); /* of 10.5 s, clocks 9.9 s apart */
    sim_playout_take(&picture, 2, 90000 - 45000, 650000);     /* of 10.5 s */
    assert_int_equal(sim_playout_skew_us(&picture, &voice), 50000);
    sim_playout_take(&picture, 2, 90000 - 45000 + 9000, 850000); /* 100 ms later still */
    assert_int_equal(sim_playout_skew_us(&picture, &voice), 150000);
    sim_playout_take(&picture, 2, 90000, 1150000); /* as at first: the delay shrinks slowly */
    assert_int_equal(sim_playout_skew_us(&picture, &voice), 120000);
    sim_playout_take(&picture, 3, 99000, 1250000); /* of another source */
    assert_int_equal(sim_playout_skew_us(&picture, &voice), 50000);
}

/* Over ten seconds an honest encoder sends what it is told, a flood what it likes; upper layers go
   and come with the rate. */
static void test_encoder_rates(void **state)
{
    static const struct {
        enum sim_video_kind kind;
        uint64_t available_bps;
        unsigned layers_on;
        double min_bps, max_bps;
    } rows[] = {
        {SIM_VIDEO_SIMULCAST, 1000000, 2, 440000, 500000},
        {SIM_VIDEO_SIMULCAST, 200000, 1, 110000, 130000},
        {SIM_VIDEO_SIMULCAST, 50000, 1, 45000, 60000},
        {SIM_VIDEO_SIMULCAST_3, 1000000, 3, 440000, 500000},
        {SIM_VIDEO_SINGLE, 1000000, 1, 420000, 480000},
        {SIM_VIDEO_FLOOD, 100000, 1, 4500000, 5500000},
    };
    (void)state;
    for (size_t r = 0; r < sizeof(rows) / sizeof(*rows); r++) {
        struct sim_video video;
        unsigned on = 0;
        uint64_t bytes = 0;
        sim_video_init(&video, rows[r].kind, (struct sim_random){r});
        sim_video_set_available(&video, rows[r].available_bps);
        for (int64_t now_us = 0; now_us < 10000000; now_us += video.interval_us)
            for (unsigned l = 0; l < video.layer_count; l++) {
                struct sim_stamp stamp = {.captured_us = now_us};
                const struct sim_content *content;
                if (!sim_video_begin_frame(&video, l, &stamp))
                    continue;
                while ((content = sim_video_next_packet(&video, l)))
                    bytes += content->body_len;
            }
        for (unsigned l = 0; l < video.layer_count; l++)
            on += video.layers[l].is_on;
        double rate_bps = (double)bytes * 8 / 10;
        if (on != rows[r].layers_on || rate_bps < rows[r].min_bps || rate_bps > rows[r].max_bps)
            fail_msg("row %zu: %u layers, %.0f bit/s", r, on, rate_bps);
        sim_video_dispose(&video);
    }
}

/* Asked for a key frame every second, which is the most that a server may, an honest camera stays
   within 115 % of the contract over any 2 s. */
static void test_honest_cameras(void **state)
{
    const uint64_t limit = 500000 / 8 * 2 * 115 / 100;
    (void)state;
    for (unsigned kind = 0; kind <= SIM_VIDEO_BARE; kind++) {
        struct sim_video video;
        struct sim_window window = {0};
        int64_t next_us = 1000000;
        sim_video_init(&video, (enum sim_video_kind)kind, (struct sim_random){kind});
        for (int64_t now_us = 0; now_us < 60000000; now_us += video.interval_us) {
            if (now_us >= next_us) {
                sim_video_on_pli(&video);
                next_us += 1000000;
            }
            for (unsigned l = 0; l < video.layer_count; l++) {
                struct sim_stamp stamp = {.captured_us = now_us};
                const struct sim_content *content;
                sim_video_begin_frame(&video, l, &stamp);
                while ((content = sim_video_next_packet(&video, l))) {
                    uint32_t len = content->body_len + content->descriptor_len + 10u;
                    uint64_t bytes = sim_window_add(&window, 100000, now_us, len);
                    if (bytes > limit)
                        fail_msg("kind %u: %u bytes in 2 s at %d ms", kind, (unsigned)bytes,
                                 (int)(now_us / 1000));
                }
            }
        }
        sim_video_dispose(&video);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queue_keeps_order),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_slides),
        cmocka_unit_test(test_repeated_changes_are_no_replay),
        cmocka_unit_test(test_decoder),
        cmocka_unit_test(test_losses_after_repair),
        cmocka_unit_test(test_playout),
        cmocka_unit_test(test_encoder_rates),
        cmocka_unit_test(test_honest_cameras),
        cmocka_unit_test(test_profiles_draw_the_same),
        cmocka_unit_test(test_same_seed_same_bytes),
        cmocka_unit_test(test_each_invariant_trips_alone),
        cmocka_unit_test(test_other_halves_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
