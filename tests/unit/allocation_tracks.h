/* Tracks as the tests of allocation need them: by name, by chance, and as text. */
#ifndef IRIS_TESTS_ALLOCATION_TRACKS_H
#define IRIS_TESTS_ALLOCATION_TRACKS_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "bwe/allocation.h"

static inline uint32_t allocation_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static inline struct bwe_allocation_layer allocation_layer(uint16_t height, uint32_t kbps,
                                                           uint8_t temporals)
{
    static const uint32_t shares[3][3] = {{100, 0, 0}, {60, 40, 0}, {40, 20, 40}};
    struct bwe_allocation_layer layer = {
        .is_available = kbps > 0, .temporal_count = temporals, .height = height};
    for (unsigned i = 0; i < temporals; i++) {
        layer.payload_bps[i] = kbps * 10 * shares[temporals - 1][i];
        layer.cost_bps[i] = layer.payload_bps[i] * 11 / 10;
    }
    return layer;
}

/* The page's camera: 240p at 150 kbps, 480p at 350, three temporal layers; ids from 1. */
static inline struct bwe_allocation_track allocation_camera(uint64_t id)
{
    return (struct bwe_allocation_track){
        .id = id,
        .wanted_height = 480,
        .layer_count = 2,
        .layers = {allocation_layer(240, 150, 3), allocation_layer(480, 350, 3)},
    };
}

/* A screen of 600 kbps with two temporal layers (360 + 240). */
static inline struct bwe_allocation_track allocation_screen(uint64_t id)
{
    return (struct bwe_allocation_track){
        .id = id,
        .is_screen = true,
        .wanted_height = 720,
        .layer_count = 1,
        .layers = {allocation_layer(720, 600, 2)},
    };
}

static inline struct bwe_allocation_track allocation_any(uint64_t id, uint32_t *random)
{
    struct bwe_allocation_track track = {
        .id = id,
        .is_screen = allocation_random(random) % 5 == 0,
        .is_speaker = allocation_random(random) % 3 == 0,
        .is_pinned = allocation_random(random) % 6 == 0,
        .wanted_height = (uint16_t)(allocation_random(random) % 5 * 180),
        .layer_count = (uint8_t)(allocation_random(random) % 4),
    };
    for (unsigned i = 0; i < track.layer_count; i++) {
        track.layers[i] =
            allocation_layer((uint16_t)(180 * (i + 1)), allocation_random(random) % 900 + 1,
                             (uint8_t)(allocation_random(random) % 3 + 1));
        track.layers[i].is_available = allocation_random(random) % 5 != 0;
    }
    return track;
}

/* A word for each track: spatial and temporal layer, "--" for bandwidth, "la", "so". */
static inline const char *allocation_text(const struct bwe_allocation *allocation, unsigned count)
{
    static char text[BWE_ALLOCATION_TRACKS * 3 + 1];
    static const char *const paused[] = {
        [BWE_ALLOCATION_BANDWIDTH] = "--",
        [BWE_ALLOCATION_LAYOUT] = "la",
        [BWE_ALLOCATION_SOURCE] = "so",
    };
    char *end = text;
    for (unsigned i = 0; i < count; i++) {
        const struct bwe_allocation_choice *choice = &allocation->choices[i];
        const char *space = i > 0 ? " " : "";
        if (choice->state == BWE_ALLOCATION_LIVE)
            end += sprintf(end, "%s%u%u", space, choice->spatial, choice->temporal);
        else
            end += sprintf(end, "%s%s", space, paused[choice->state]);
    }
    return text;
}

#endif
