/*
 * The whole estimator with its pacer, driven by bytes: time, packets, feedback true and false,
 * REMB, reports, demand. Checked: every rate is a number within the bounds, probes stay within the
 * contract, the pacer loses and invents no packet, and deadlines do not lie in the past for ever.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bwe/estimator.h"
#include "bwe/pacer.h"
#include "tests/fuzz/target.h"

#define HISTORY 64
#define PACED   16
#define MIN_BPS 50000
#define MAX_BPS 5000000
#define ENTRIES 32

struct input {
    const uint8_t *data;
    size_t left;
};

struct subject {
    struct bwe_estimator estimator;
    struct bwe_pacer pacer;
    struct bwe_sent history[HISTORY];
    struct bwe_paced ring[PACED];
    int64_t now_us;
    uint16_t seq;
    uint64_t pushed, popped;
};

/* The next bytes as a number; zeros after the end. */
static uint64_t take(struct input *input, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++) {
        value = value << 8 | (input->left > 0 ? input->data[0] : 0);
        if (input->left > 0) {
            input->data++;
            input->left--;
        }
    }
    return value;
}

static void send_packets(struct subject *subject, struct input *input)
{
    struct bwe_paced packets[4];
    uint8_t cluster;
    size_t count = bwe_pacer_pop(&subject->pacer, subject->now_us, packets, 4, &cluster);
    for (size_t i = 0; i < count; i++) {
        CHECK(packets[i].handle == subject->popped); /* in order, none lost */
        CHECK(packets[i].frame == packets[0].frame);
        subject->popped++;
        bwe_estimator_on_sent(&subject->estimator, subject->seq++, packets[i].bytes, cluster,
                              subject->now_us);
    }
    uint16_t padding = bwe_pacer_padding(&subject->pacer, subject->now_us, 1200, &cluster);
    CHECK(padding <= 1200);
    if (padding > 0) {
        bwe_estimator_on_sent(&subject->estimator, subject->seq++, padding, cluster,
                              subject->now_us);
        bwe_pacer_on_padding(&subject->pacer, padding, subject->now_us);
    }
    uint64_t audio = take(input, 1);
    if (audio & 1)
        bwe_estimator_on_sent(&subject->estimator, subject->seq++, 100, 0, subject->now_us);
    if (audio & 2) /* as to a receiver without transport feedback */
        bwe_estimator_on_unnumbered(&subject->estimator, (uint16_t)(audio << 3), subject->now_us);
}

static void push(struct subject *subject, struct input *input)
{
    struct bwe_paced packet = {.handle = subject->pushed};
    packet.bytes = (uint16_t)take(input, 2);
    packet.frame = (uint16_t)take(input, 1);
    if (bwe_pacer_push(&subject->pacer, &packet, subject->now_us))
        subject->pushed++;
    CHECK(subject->pacer.count == subject->pushed - subject->popped);
}

/* Feedback about the last packets, as a receiver would give it, or about any. */
static void feed_back(struct subject *subject, struct input *input, bool is_wild)
{
    struct bwe_feedback_entry entries[ENTRIES];
    size_t count = take(input, 1) % ENTRIES;
    int64_t arrival_us = subject->now_us;
    for (size_t i = 0; i < count; i++) {
        uint64_t byte = take(input, 1);
        arrival_us += (int64_t)(byte & 0x7F) * 250;
        entries[i].seq = (uint16_t)(subject->seq - count + i);
        entries[i].is_received = byte & 0x80;
        entries[i].arrival_us = arrival_us;
        if (is_wild) {
            entries[i].seq = (uint16_t)take(input, 2);
            entries[i].arrival_us = (int64_t)take(input, 8);
        }
    }
    bwe_estimator_on_feedback(&subject->estimator, entries, count, subject->now_us);
}

static void set_demand(struct subject *subject, struct input *input)
{
    struct bwe_demand demand = {0};
    demand.target_bps = (uint32_t)take(input, 3);
    demand.ideal_bps = (uint32_t)take(input, 3);
    demand.max_bps = (uint32_t)take(input, 3);
    demand.is_paused = take(input, 1) & 1;
    bwe_estimator_set_demand(&subject->estimator, &demand);
}

static void report(struct subject *subject, struct input *input)
{
    struct bwe_report block = {0};
    block.ssrc = (uint32_t)take(input, 1);
    block.highest_seq = (uint32_t)take(input, 4);
    block.cumulative_lost = (int32_t)take(input, 3) - 0x800000;
    block.rtt_us = (int64_t)take(input, 3);
    bwe_estimator_on_rr(&subject->estimator, &block, subject->now_us);
}

static void poll(struct subject *subject)
{
    const struct bwe_estimator *estimator = &subject->estimator;
    bwe_estimator_set_pending(&subject->estimator, bwe_pacer_probe_bytes(&subject->pacer));
    struct bwe_decision decision = bwe_estimator_poll(&subject->estimator, subject->now_us);
    CHECK(decision.target_bps >= MIN_BPS && decision.target_bps <= MAX_BPS);
    CHECK(decision.stable_bps >= MIN_BPS && decision.stable_bps <= MAX_BPS);
    CHECK(decision.pacing_bps >= decision.target_bps);
    CHECK(decision.probe.rate_bps <= 1.06 * MAX_BPS);
    CHECK(isfinite(estimator->rate_control.rate_bps) && isfinite(estimator->rtt_ms));
    CHECK(isfinite(estimator->received.estimate_bps) && isfinite(estimator->received.busy_bps));
    CHECK(estimator->received.carried >= 0 && estimator->received.carried <= 1);
    CHECK(isfinite(estimator->acked.estimate_bps));
    CHECK(isfinite(estimator->trendline.trend) && isfinite(estimator->queue_delay.queue_ms));
    CHECK(isfinite(estimator->guard.cap_bps) && isfinite(estimator->loss.estimate_bps));
    CHECK(estimator->loss.inherent >= 0 && estimator->loss.inherent <= 1);
    bwe_pacer_set_rate(&subject->pacer, decision.pacing_bps, decision.burst_us, subject->now_us);
    if (decision.probe.id != 0)
        bwe_pacer_begin_probe(&subject->pacer, &decision.probe, subject->now_us);
    CHECK(bwe_estimator_next_deadline(estimator) >= subject->now_us);
}

static void step(struct subject *subject, struct input *input)
{
    uint64_t action = take(input, 1);
    subject->now_us += (int64_t)(action >> 4) * 1000;
    switch (action & 15) {
    case 0:
        subject->now_us += (int64_t)take(input, 4); /* up to 71 minutes */
        break;
    case 1:
        set_demand(subject, input);
        break;
    case 2:
        bwe_estimator_on_remb(&subject->estimator, take(input, 8), subject->now_us);
        break;
    case 3:
        report(subject, input);
        break;
    case 4:
        feed_back(subject, input, true);
        break;
    case 5:
        subject->seq += (uint16_t)take(input, 2); /* numbers that the sender left out */
        break;
    case 6:
    case 7:
    case 8:
        feed_back(subject, input, false);
        break;
    case 9:
    case 10:
        poll(subject);
        break;
    case 11:
    case 12:
        push(subject, input);
        break;
    default:
        send_packets(subject, input);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct subject subject;
    struct input input = {data, size};
    memset(&subject, 0, sizeof(subject));
    uint64_t options = take(&input, 1);
    subject.now_us = (int64_t)take(&input, 5);
    const struct bwe_estimator_config config = {
        .tuning = options & 1 ? &bwe_tuning_gcc : &bwe_tuning_iris,
        .history = subject.history,
        .history_count = HISTORY,
        .min_bps = MIN_BPS,
        .start_bps = 300000,
        .max_bps = MAX_BPS,
    };
    bwe_estimator_init(&subject.estimator, &config, subject.now_us);
    bwe_pacer_init(&subject.pacer, subject.ring, PACED);
    while (input.left > 0)
        step(&subject, &input);
    poll(&subject);
    return 0;
}
