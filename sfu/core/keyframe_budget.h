/*
 * When a source may be asked for a key frame: one budget per track, all simulcast layers together,
 * because a request for one layer makes Chromium encode a key frame in every layer (bwe.md,
 * "Allocation", 6).
 *
 * Invariants: at most one request in CORE_KEYFRAME_PERIOD_US, so that requests of many receivers
 * become one; the key frames that answered requests take at most a share of the contract rate over
 * CORE_KEYFRAME_WINDOW_US, the expected size of the next one included; after
 * CORE_KEYFRAME_WINDOW_US without any key frame a request passes whatever its cost. Who sees
 * another layer meanwhile leaves room for one who sees nothing. Sends nothing.
 */
#ifndef IRIS_CORE_KEYFRAME_BUDGET_H
#define IRIS_CORE_KEYFRAME_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#define CORE_KEYFRAME_PERIOD_US  1000000
#define CORE_KEYFRAME_WINDOW_US  10000000
#define CORE_KEYFRAME_WISH_US    1500000 /* who still waits has asked again by then */
#define CORE_KEYFRAME_ANSWERS    16      /* more than the window can hold */
#define CORE_KEYFRAME_CAMERA_PCT 20
#define CORE_KEYFRAME_SCREEN_PCT 50

/* A key frame that was asked for. */
struct core_keyframe_answer {
    int64_t at_us; /* its start */
    uint32_t bytes;
};

struct core_keyframe_budget {
    uint32_t limit_bytes; /* of answers within the window */
    bool is_wanted;       /* by a receiver, and no key frame has started since */
    bool is_asked;        /* the last request is unanswered */
    bool is_answer;       /* the newest key frame is one */
    bool has_keyframe;
    uint32_t request_count;
    int64_t wanted_us; /* when somebody said so last, */
    int64_t blind_us;  /* and somebody who sees nothing until it comes; 0: nobody yet */
    int64_t asked_us;
    int64_t keyframe_us;   /* start of the newest, in the first layer that had it */
    uint32_t newest_bytes; /* of it, in all layers: what another one will cost */
    unsigned newest;       /* of the answers */
    struct core_keyframe_answer answers[CORE_KEYFRAME_ANSWERS];
};

/**
 * @param contract_bps  of the track [bit/s]
 * @param share_pct     of it that requested key frames may take
 */
void core_keyframe_budget_init(struct core_keyframe_budget *budget, uint64_t contract_bps,
                               unsigned share_pct);

/**
 * A receiver needs a key frame; it says so again while it waits.
 *
 * @param has_picture  for another layer than the one that it sees
 */
void core_keyframe_budget_want(struct core_keyframe_budget *budget, bool has_picture,
                               int64_t now_us);

/**
 * A packet of a key frame of some layer arrived. The first answers what is wanted.
 *
 * @param is_start  of the frame
 * @param bytes     RTP payload
 */
void core_keyframe_budget_on_packet(struct core_keyframe_budget *budget, bool is_start,
                                    uint32_t bytes, int64_t now_us);

/** When a request may be sent [us], perhaps in the past; INT64_MAX: nobody wants one. */
int64_t core_keyframe_budget_due(const struct core_keyframe_budget *budget, int64_t now_us);

/** A request is sent. */
void core_keyframe_budget_on_request(struct core_keyframe_budget *budget, int64_t now_us);

#endif
