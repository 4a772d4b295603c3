/*
 * Who gets which layer within a budget: a pure function (bwe.md, "Allocation" 1-3). Hysteresis is
 * apart, in bwe/allocation_hysteresis.h.
 *
 * Order: screen floor (T0) -> speakers low -> other lows -> speakers high -> screen full -> other
 * highs. Pinned ones are speakers and come first; then speakers; then the order given. Within a
 * step everybody gets a temporal layer before anybody gets the next one. What does not fit is
 * skipped. So it is monotone: of two budgets, the first choice in order that differs is better
 * with the greater one.
 *
 * The contract on received video (2.8 Mbps of payload; 115 % of it in any 2 s never exceeded) is
 * kept in three places: here, as the sum of payload rates, each the highest second of five, never
 * exceeds 2.8 Mbps; at the sources, as a policed camera passes at most 115 % of its 500 kbps, a
 * screen of its 800, and four and one of these are the 2.8; and where a slot sends, as a frame for
 * which bwe_byte_window_has_room() says no in the receiver's window of sent video payload is not
 * begun (replays from a cache, switches, and key frames of all sources at once).
 */
#ifndef IRIS_BWE_ALLOCATION_H
#define IRIS_BWE_ALLOCATION_H

#include <stdbool.h>
#include <stdint.h>

#define BWE_ALLOCATION_TRACKS    8
#define BWE_ALLOCATION_SPATIALS  3
#define BWE_ALLOCATION_TEMPORALS 3

/* The screen's lowest rate (facts.md), reserved on top of its recent peak: a still slide costs
   nothing, and its next change must find room. */
#define BWE_ALLOCATION_SCREEN_FLOOR_BPS 15000

/* A track's quality as one number: -1 paused, else 3 x spatial + temporal. */
#define BWE_LEVEL_PAUSED (-1)
#define BWE_LEVEL_MAX    (BWE_ALLOCATION_SPATIALS * BWE_ALLOCATION_TEMPORALS - 1)

/* One spatial (simulcast) layer. */
struct bwe_allocation_layer {
    bool is_available;      /* the source sends it */
    uint8_t temporal_count; /* 1-3 */
    uint16_t height;        /* [pixels], 0: not known */
    /* Of each temporal layer alone. The cost is what the network must carry at any time,
       bwe_rate_meter_peak_cost_bps(). The payload is for the contract, which is kept over two
       seconds: bwe_rate_meter_mean(), for peaks of different seconds never come together. */
    uint32_t cost_bps[BWE_ALLOCATION_TEMPORALS];
    uint32_t payload_bps[BWE_ALLOCATION_TEMPORALS];
};

struct bwe_allocation_track {
    uint64_t id; /* not 0; names it from call to call (hysteresis) */
    bool is_screen, is_speaker, is_pinned;
    uint16_t wanted_height; /* at most [pixels]; 0: paused by the layout */
    uint8_t layer_count;    /* 0-3 */
    struct bwe_allocation_layer layers[BWE_ALLOCATION_SPATIALS]; /* lowest first */
};

enum bwe_allocation_state {
    BWE_ALLOCATION_LIVE,
    BWE_ALLOCATION_BANDWIDTH, /* paused: its lowest layer does not fit */
    BWE_ALLOCATION_LAYOUT,    /* paused: not wanted */
    BWE_ALLOCATION_SOURCE,    /* paused: no layer is available */
};

struct bwe_allocation_choice {
    enum bwe_allocation_state state;
    int level;                 /* BWE_LEVEL_PAUSED, or 3 x spatial + temporal: */
    uint8_t spatial, temporal; /* if live */
    uint32_t cost_bps;         /* reserved */
};

/* A level that is used on the way up, and all that it takes. */
struct bwe_allocation_rung {
    struct bwe_allocation_choice choice; /* what it is to a track */
    uint64_t cost_bps, payload_bps;
};

/* The way up of one track. Rung 0 is the pause; without another there is nothing to forward. */
struct bwe_allocation_ladder {
    unsigned top; /* the highest rung */
    unsigned lowest_spatial;
    struct bwe_allocation_rung rungs[BWE_LEVEL_MAX + 2];
};

/* Who is served together. */
enum bwe_allocation_group {
    BWE_ALLOCATION_SCREENS,
    BWE_ALLOCATION_SPEAKERS,
    BWE_ALLOCATION_OTHERS,
    BWE_ALLOCATION_GROUPS
};

/* What all decisions on the same tracks have in common, whatever the budget. */
struct bwe_allocation_ladders {
    unsigned count;
    unsigned group_counts[BWE_ALLOCATION_GROUPS];
    uint8_t groups[BWE_ALLOCATION_GROUPS][BWE_ALLOCATION_TRACKS]; /* most important first */
    struct bwe_allocation_ladder ladders[BWE_ALLOCATION_TRACKS];  /* as the tracks */
    uint64_t most_cost_bps, most_payload_bps; /* with every track on its dearest rung */
};

struct bwe_allocation {
    struct bwe_allocation_choice choices[BWE_ALLOCATION_TRACKS]; /* as the tracks */
    uint64_t total_bps;
    /* The smallest budget that would change the choice, 0: none would (a goal for probes). */
    uint64_t next_budget_bps;
};

/**
 * The budget for video [bit/s of UDP payload] (bwe.md, allocation 1): 95 % of what the estimator
 * aims at, less audio and repair; at most 115 % of 2.8 Mbps. (Not 2.8 Mbps: those are RTP payload,
 * held by bwe_allocation_decide(), and full quality needs 60 bytes a packet more.)
 *
 * @param target_bps  the estimator's; UINT64_MAX: there is none
 * @param audio_bps   measured peak of the audio sent [bit/s]
 * @param rtx_bps     reserve for retransmissions [bit/s]
 */
uint64_t bwe_allocation_budget_bps(uint64_t target_bps, uint64_t audio_bps, uint64_t rtx_bps);

/**
 * The highest level of a track that is wanted and available, BWE_LEVEL_PAUSED: none. A lowest layer
 * higher than wanted is wanted all the same: a picture is better than none.
 */
int bwe_allocation_best_level(const struct bwe_allocation_track *track);

/** The lowest such level, BWE_LEVEL_PAUSED: none. */
int bwe_allocation_lowest_level(const struct bwe_allocation_track *track);

/** Whether a level is wanted and available. */
bool bwe_allocation_is_level(const struct bwe_allocation_track *track, int level);

/**
 * What to forward of the old spatial layer until the key frame of a lower choice comes (bwe.md,
 * allocation 4: temporal layers first, for they need none): its highest temporal layer that costs
 * no more than the choice, the base layer at least.
 *
 * @param level  forwarded so far
 * @return       a level of the same spatial layer, not above it
 */
int bwe_allocation_interim_level(const struct bwe_allocation_track *track, int level,
                                 const struct bwe_allocation_choice *choice);

/** What a level (BWE_LEVEL_PAUSED, or one that is wanted and available) comes to for a track. */
struct bwe_allocation_choice bwe_allocation_choose(const struct bwe_allocation_track *track,
                                                   int level);

/**
 * Prepare decisions.
 *
 * @param ladders  written
 * @param tracks   at most BWE_ALLOCATION_TRACKS; equal ranks: earlier ones are preferred
 */
void bwe_allocation_prepare(struct bwe_allocation_ladders *ladders,
                            const struct bwe_allocation_track *tracks, unsigned count);

/** Whatever is granted in whatever order, the next wish fits: a greater budget changes nothing. */
bool bwe_allocation_is_plenty(const struct bwe_allocation_ladders *ladders, uint64_t budget_bps);

/**
 * Decide.
 *
 * @param ceilings  no track gets more than this level, as the tracks; NULL: no limit
 * @param out       written whole
 */
void bwe_allocation_decide_on(const struct bwe_allocation_ladders *ladders, const int *ceilings,
                              uint64_t budget_bps, struct bwe_allocation *out);

/** Both at once, for a single decision: parameters as above. */
void bwe_allocation_decide(const struct bwe_allocation_track *tracks, unsigned count,
                           const int *ceilings, uint64_t budget_bps, struct bwe_allocation *out);

#endif
