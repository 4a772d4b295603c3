#include "policed_track.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static uint32_t scenario_seconds(const struct scenario *scenario)
{
    uint32_t seconds = 0;
    for (unsigned i = 0; i < POLICED_PHASES; i++)
        seconds += scenario->phases[i].seconds;
    return seconds;
}

/* Of the phase's rates. */
static uint32_t jump_percent(const struct run *run)
{
    const struct scenario *scenario = run->scenario;
    if (scenario->jump_every_ms == 0)
        return 100;
    int64_t phase_ms = (run->now_us - START_US) / 1000 % scenario->jump_every_ms;
    bool is_calm = phase_ms < scenario->jump_every_ms - scenario->jump_ms;
    return is_calm ? scenario->calm_percent : scenario->jump_percent;
}

static void set_rates(struct run *run)
{
    int64_t at_us = START_US;
    for (unsigned i = 0; i < POLICED_PHASES; i++) {
        const struct phase *phase = &run->scenario->phases[i];
        at_us += (int64_t)phase->seconds * 1000000;
        if (run->now_us >= at_us)
            continue;
        for (unsigned layer = 0; layer < VIDEO_SOURCE_LAYERS; layer++)
            run->source.layer_bps[layer] = phase->layer_bps[layer] / 100 * jump_percent(run);
        return;
    }
}

/* When what is sent now arrives. */
static int64_t arrival_us(const struct run *run, int64_t sent_us)
{
    int64_t every_us = (int64_t)run->scenario->stall_every_ms * 1000;
    int64_t stall_us = (int64_t)run->scenario->stall_ms * 1000;
    if (every_us == 0)
        return sent_us;
    int64_t phase_us = (sent_us - START_US) % every_us;
    bool is_stalled = phase_us >= every_us - stall_us;
    return is_stalled ? sent_us + every_us - phase_us : sent_us;
}

static void tell_lies(struct run *run, struct bwe_policer_packet *packet)
{
    switch (run->scenario->lie) {
    case LIE_TID_7:
        packet->frame.temporal_id = 7;
        break;
    case LIE_TID_RANDOM:
        packet->frame.temporal_id = video_random(&run->random) % 4;
        packet->frame.is_layer_sync = video_random(&run->random) % 2;
        break;
    case LIE_ALL_KEYFRAMES:
        packet->frame.is_keyframe = true;
        packet->frame.temporal_id = 0;
        break;
    case LIE_NO_STARTS:
        packet->frame.is_frame_start = false;
        break;
    case LIE_SWAPPED: /* base frames claim to be the top ones */
        packet->frame.temporal_id = 2 - packet->frame.temporal_id;
        break;
    default:
        break;
    }
}

static void note_state(struct run *run)
{
    bool is_policing = bwe_policer_is_policing(&run->policer);
    if (is_policing && !run->was_policing) {
        run->policed_begins++;
        run->begun_us = run->now_us;
        if (run->first_begun_us == 0)
            run->first_begun_us = run->now_us;
    }
    if (is_policing)
        run->policed_us += STEP_US;
    run->was_policing = is_policing;
    run->frozen_steps += run->policer.gates[0].is_waiting;
    if (bwe_policer_take_excess(&run->policer, &run->excess))
        run->excesses++;
}

static bool is_late(const struct run *run)
{
    return run->now_us >= START_US + ((int64_t)run->seconds - 10) * 1000000;
}

static void send_frame(struct run *run, const struct video_frame *frame, int64_t at_us)
{
    unsigned total = (frame->bytes + VIDEO_SOURCE_PACKET_BYTES - 1) / VIDEO_SOURCE_PACKET_BYTES;
    unsigned passed = 0;
    bool is_prefix = true;
    for (unsigned i = 0; i < total; i++) {
        struct bwe_policer_packet packet = {
            .layer = (uint8_t)frame->layer,
            .rank = (uint8_t)frame->layer,
            .payload_bytes = frame->bytes / total,
            .frame =
                {
                    .timestamp = frame->timestamp,
                    .temporal_id = frame->temporal_id,
                    .is_frame_start = i == 0,
                    .is_keyframe = frame->is_keyframe && i == 0,
                    .is_layer_sync = frame->is_layer_sync,
                    .is_non_reference = frame->is_non_reference,
                },
        };
        tell_lies(run, &packet);
        if (!bwe_policer_passes(&run->policer, &packet, at_us))
            continue;
        is_prefix = is_prefix && passed == i;
        passed++;
        run->passed_bytes[(at_us - START_US) / STEP_US] += packet.payload_bytes;
        if (is_late(run))
            run->class_bytes[frame->layer][frame->temporal_id] += packet.payload_bytes;
    }
    struct video_decoder *decoder = &run->decoders[frame->layer];
    uint64_t decoded = decoder->decoded;
    video_decoder_take(decoder, frame, passed, total, is_prefix);
    if (is_late(run))
        run->decoded[frame->layer] += decoder->decoded - decoded;
}

static bool is_silent(const struct run *run)
{
    const struct scenario *scenario = run->scenario;
    int64_t period_us = (int64_t)(scenario->on_ms + scenario->off_ms) * 1000;
    return period_us > 0 && (run->now_us - START_US) % period_us >= (int64_t)scenario->on_ms * 1000;
}

/* Key frames: now and then, and as asked for, one a second. */
static void want_keyframe(struct run *run)
{
    const struct scenario *scenario = run->scenario;
    int64_t since_us = run->now_us - run->keyframe_us;
    bool is_due =
        scenario->keyframe_every_ms > 0 && since_us >= (int64_t)scenario->keyframe_every_ms * 1000;
    bool is_asked = since_us >= 1000000 && !scenario->ignores_requests &&
                    bwe_policer_wanted_keyframes(&run->policer, run->now_us) != 0;
    if (is_due || is_asked) {
        run->source.is_keyframe_wanted = true;
        run->keyframe_us = run->now_us;
    }
}

static void encode(struct run *run)
{
    struct video_frame frames[VIDEO_SOURCE_LAYERS];
    if (is_silent(run))
        return;
    set_rates(run);
    want_keyframe(run);
    unsigned count = video_source_encode(&run->source, frames);
    int64_t at_us = arrival_us(run, run->now_us);
    for (unsigned i = 0; i < count; i++) {
        if (run->scenario->on_ms > 0)
            frames[i].bytes = frames[i].bytes * (run->scenario->on_ms + run->scenario->off_ms) /
                              run->scenario->on_ms;
        send_frame(run, &frames[i], at_us);
    }
}

static void play(struct run *run, const struct scenario *scenario)
{
    memset(run, 0, sizeof(*run));
    run->scenario = scenario;
    run->random = 7;
    run->seconds = scenario_seconds(scenario);
    run->source = (struct video_source){
        .fps = scenario->fps,
        .temporals = scenario->temporals,
        .keyframe_factor = scenario->keyframe_factor,
        .noise_percent = scenario->noise_percent,
        .random = 1,
    };
    run->keyframe_us = START_US;
    bwe_policer_init(&run->policer, scenario->contract_bps, false);
    int64_t end_us = START_US + (int64_t)run->seconds * 1000000 - 1500000;
    uint64_t frames = 0;
    for (run->now_us = START_US; run->now_us < end_us; run->now_us += STEP_US / 2) {
        if ((uint64_t)(run->now_us - START_US) * scenario->fps / 1000000 >= frames) {
            frames++;
            encode(run);
        }
        if ((run->now_us - START_US) % STEP_US == 0)
            note_state(run);
    }
}

uint32_t most_percent(const struct run *run, int64_t first_us)
{
    uint64_t sum = 0, most = 0;
    const int64_t window = 2000000 / STEP_US;
    int64_t first = (first_us - START_US) / STEP_US;
    if (first < 0)
        first = 0;
    for (int64_t step = first; step < (int64_t)run->seconds * 1000000 / STEP_US; step++) {
        sum += run->passed_bytes[step];
        if (step - window >= first)
            sum -= run->passed_bytes[step - window];
        most = sum > most ? sum : most;
    }
    return (uint32_t)(most * 8 * 100 / 2 / run->scenario->contract_bps);
}

uint64_t late_bps(const struct run *run)
{
    uint64_t sum = 0;
    for (unsigned layer = 0; layer < VIDEO_SOURCE_LAYERS; layer++)
        for (unsigned tid = 0; tid < 3; tid++)
            sum += run->class_bytes[layer][tid];
    return sum * 8000 / 8500; /* the last 10 s, but for 1.5 s */
}

/* The most that passed above 115 % of the contract, over any stretch of time however long [bytes].
 */
static uint64_t most_excess_bytes(const struct run *run)
{
    int64_t excess = 0, most = 0;
    int64_t step_bytes = (int64_t)run->scenario->contract_bps * 115 / 100 / 8 * STEP_US / 1000000;
    for (int64_t step = 0; step < (int64_t)run->seconds * 1000000 / STEP_US; step++) {
        excess += (int64_t)run->passed_bytes[step] - step_bytes;
        if (excess < 0)
            excess = 0;
        most = excess > most ? excess : most;
    }
    return (uint64_t)most;
}

void play_within_bounds(struct run *run, const struct scenario *scenario)
{
    play(run, scenario);
    uint64_t second_bytes = scenario->contract_bps / 8;
    assert_true(most_percent(run, 0) <= 165);
    assert_true(most_excess_bytes(run) <= second_bytes * 2 * 115 / 100 + second_bytes * 22 / 10);
}

void check_decodable(const struct run *run)
{
    if (run->scenario->lie != LIE_NONE)
        return;
    for (unsigned layer = 0; layer < VIDEO_SOURCE_LAYERS; layer++) {
        const struct video_decoder *decoder = &run->decoders[layer];
        assert_int_equal(decoder->broken, decoder->cut);
        assert_true(decoder->cut * 20 <= decoder->decoded + 60);
    }
}
