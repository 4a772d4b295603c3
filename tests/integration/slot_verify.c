/* The whole stream of a slot, sorted, packet by packet against its neighbour. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/slot_receiver.h"

#define AUDIO_HZ         48000
#define HIGHEST_TEMPORAL 2
#define VIDEO_HZ         90000
/* Arrival is not sending: what a loaded machine may hold a packet back. */
#define CLOCK_TOLERANCE_US 1500000

static int by_number(const void *a, const void *b)
{
    const struct slot_packet *left = a, *right = b;
    return left->ext_seq < right->ext_seq ? -1 : left->ext_seq > right->ext_seq;
}

static bool is_same_source(const struct media_signature *a, const struct media_signature *b)
{
    return a->tag == b->tag && a->kind == b->kind && a->layer == b->layer;
}

/* A new picture has the next numbers; within a picture nothing changes. */
static const char *check_picture(const struct slot_packet *before, const struct slot_packet *now)
{
    if (now->timestamp == before->timestamp)
        return now->picture_id != before->picture_id || now->tl0 != before->tl0 ||
                       now->key_index != before->key_index || now->is_frame_start
                   ? "a picture's packets disagree"
                   : NULL;
    if (!before->marker)
        return "a picture ends without the marker bit";
    if (!now->is_frame_start)
        return "a picture does not begin with its first packet";
    if (now->picture_id != ((before->picture_id + 1) & 0x7FFF))
        return "the picture id is not the next one";
    uint8_t tl0 = (uint8_t)(before->tl0 + (now->temporal_id == 0 ? 1 : 0));
    if (now->tl0 != tl0)
        return "TL0PICIDX does not follow the base layer";
    uint8_t key_step = (now->key_index - before->key_index) & 0x1F;
    if (key_step > 1 || (key_step == 1 && !now->is_keyframe))
        return "KEYIDX changes without a key frame, or by more than one";
    return NULL;
}

static const char *check_source_change(bool is_audio, const struct slot_packet *now)
{
    if (is_audio)
        return now->marker ? NULL : "a new owner of an audio slot begins without the marker bit";
    return now->is_keyframe ? NULL : "a new source does not begin with a key frame";
}

/* Rules between two packets whose numbers follow each other. */
static const char *check_neighbours(bool is_audio, const struct slot_packet *before,
                                    const struct slot_packet *now)
{
    const char *problem = NULL;
    bool is_source_change = !is_same_source(&before->signature, &now->signature);
    uint32_t step = now->timestamp - before->timestamp;
    if (step > INT32_MAX)
        return "the timestamp goes back";
    if (is_audio && step == 0)
        return "two audio packets have one timestamp";
    if (now->csrc != 0 && before->csrc != 0 && now->csrc != before->csrc && !is_source_change)
        return "the CSRC changes without the source";
    if (is_source_change)
        problem = check_source_change(is_audio, now);
    if (!problem && !is_audio)
        problem = check_picture(before, now);
    return problem;
}

/* Timestamps advance by wall clock: compare with the arrival since the first packet. */
static bool follows_wall_clock(bool is_audio, const struct slot_packet *first,
                               const struct slot_packet *now)
{
    int64_t rate = is_audio ? AUDIO_HZ : VIDEO_HZ;
    int64_t media_us = (int64_t)(uint32_t)(now->timestamp - first->timestamp) * 1000000 / rate;
    int64_t drift_us = media_us - (now->arrival_us - first->arrival_us);
    return now->is_rtx || (drift_us < CLOCK_TOLERANCE_US && drift_us > -CLOCK_TOLERANCE_US);
}

struct walk {
    bool is_audio;
    bool has_temporal_layers; /* somewhere */
    bool is_whole;            /* the highest of them was there since the last key frame */
    const struct slot_packet *packets;
    struct slot_summary *summary;
};

/* A receiver that begins with a key frame of the past gets its base layer only; the upper temporal
   layers begin when they can be decoded. */
static void count_source_gap(struct walk *walk)
{
    if (walk->has_temporal_layers && !walk->is_whole)
        walk->summary->thinned++;
    else
        walk->summary->source_gaps++;
}

static bool has_temporal_layers(const struct slot_packet *packets, guint count)
{
    for (guint i = 0; i < count; i++)
        if (packets[i].temporal_id > 0)
            return true;
    return false;
}

static const char *check_packet(struct walk *walk, guint i)
{
    const struct slot_packet *now = &walk->packets[i], *before = now - 1;
    walk->summary->packets++;
    walk->summary->key_frames += now->is_keyframe;
    walk->summary->frames += now->is_frame_start;
    walk->is_whole = !now->is_keyframe && (walk->is_whole || now->temporal_id == HIGHEST_TEMPORAL);
    if (!follows_wall_clock(walk->is_audio, walk->packets, now))
        return "the timestamp does not follow the wall clock";
    if (i == 0)
        return check_source_change(walk->is_audio, now);
    bool same = is_same_source(&before->signature, &now->signature);
    walk->summary->source_changes += !same;
    if (now->ext_seq != before->ext_seq + 1) {
        walk->summary->missing += (unsigned)(now->ext_seq - before->ext_seq - 1);
        return NULL;
    }
    if (same && now->signature.counter != before->signature.counter + 1)
        count_source_gap(walk);
    return check_neighbours(walk->is_audio, before, now);
}

int slot_verify(const struct slot_receiver *slot, struct slot_summary *summary, char *problem)
{
    guint count = slot->packets->len;
    int result = 0;
    memset(summary, 0, sizeof(*summary));
    if (slot->problem[0] != '\0') {
        snprintf(problem, SLOT_PROBLEM_BYTES, "%s", slot->problem);
        return -1;
    }
    if (count == 0)
        return 0;
    struct slot_packet *sorted = g_memdup2(slot->packets->data, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), by_number);
    struct walk walk = {.is_audio = slot->is_audio,
                        .has_temporal_layers = has_temporal_layers(sorted, count),
                        .packets = sorted,
                        .summary = summary};
    for (guint i = 0; i < count && result == 0; i++) {
        const char *what = check_packet(&walk, i);
        if (!what)
            continue;
        snprintf(problem, SLOT_PROBLEM_BYTES, "slot %s, packet %u of %u (tag %u counter %u): %s",
                 slot->mid, i, count, sorted[i].signature.tag, sorted[i].signature.counter, what);
        result = -1;
    }
    g_free(sorted);
    return result;
}
