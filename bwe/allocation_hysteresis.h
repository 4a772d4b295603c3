/*
 * When an allocation is followed (bwe.md, "Allocation" 4 and 5): down at once, up with patience.
 *
 *  - Down: at once, and only as far as the budget demands; a track whose lowest layer does not fit
 *    keeps that for 500 ms, then it is paused; for 600 ms if it would fit into what the network
 *    carries once a queue is drained. At once, if it makes room for a track that rises, but by a
 *    probe that others may follow.
 *  - Up: a level that has fitted into budget / 1.10 for 1 s, or into budget / 1.03 as shown by a
 *    passed probe; 5 s after the
 *    track's last downgrade, x1.5 (to 60 s) when an upgrade turned out wrong, but not when the
 * budget has become a quarter larger since: that is another capacity, and no flap; 10 s after
 * its last switch to a higher spatial layer if it is one, too, unless a probe shows that the
 * capacity has changed or the track is new.
 *  - Resume after a pause for bandwidth: by a passed probe; without an estimator as any way up.
 *  - A new track, or one paused by the layout or its source, starts at once with what fits into
 *    budget / 1.10.
 *  - A track that had the best that its source and the layout offered gets at once what they newly
 *    offer, if it fits into budget / 1.10: patience is for the budget, not for them.
 * Less because the source or the layout gives less is no downgrade. Less because what is sent has
 * come to cost more (a new slide, key frames) is one, but does not show that an upgrade was wrong:
 * only a smaller budget does. It lasts 5 s, whatever was wrong before.
 */
#ifndef IRIS_BWE_ALLOCATION_HYSTERESIS_H
#define IRIS_BWE_ALLOCATION_HYSTERESIS_H

#include "bwe/allocation.h"

#define BWE_HYSTERESIS_MARGIN_PERCENT 110
#define BWE_HYSTERESIS_FITS_US        1000000
#define BWE_HYSTERESIS_STEPS          10
#define BWE_HYSTERESIS_PAUSE_US       500000
#define BWE_HYSTERESIS_DIP_US         600000
#define BWE_HYSTERESIS_HOLD_US        5000000
#define BWE_HYSTERESIS_HOLD_MAX_US    60000000
#define BWE_HYSTERESIS_UP_US          10000000

/* What is remembered of a track. */
struct bwe_hysteresis_track {
    uint64_t id;                          /* 0: free */
    enum bwe_allocation_state state;      /* as decided last, */
    int level;                            /* and the level */
    int16_t fitted[BWE_HYSTERESIS_STEPS]; /* least level that fitted in each step of the last */
    uint8_t step;                         /* BWE_HYSTERESIS_FITS_US, or since fits_us; the newest */
    int16_t newest;                       /* what fitted at the last call */
    bool is_best;                         /* nothing better was wanted and available */
    bool was_raised;                      /* after its last downgrade, */
    bool was_cut;                         /* for which there was a smaller budget, */
    bool was_outbid;                      /* or for which others, or it, had come to cost more */
    int64_t since_us;                     /* when it was first seen */
    int64_t fits_us;                      /* 0: nothing better fits */
    int64_t step_us;                      /* when the newest step began */
    int64_t unfit_us;                     /* since when its lowest layer does not fit, 0: it does */
    int64_t lowered_us;                   /* last downgrade, 0: none */
    uint64_t lowered_bps;                 /* greatest budget of the second after it */
    int64_t raised_us;                    /* last upgrade, 0: none */
    int64_t switched_us;                  /* the last one to another spatial layer, 0: none, */
    uint64_t switched_bps;                /* and the budget then */
    int64_t hold_us;                      /* how long after a downgrade it may not rise */
};

/* All zero is one that has decided nothing yet. */
struct bwe_hysteresis {
    struct bwe_hysteresis_track tracks[BWE_ALLOCATION_TRACKS];
    uint64_t total_bps; /* what the last decision cost, as it was measured then */
};

struct bwe_hysteresis_input {
    const struct bwe_allocation_track *tracks; /* ids differ; any order, also from call to call */
    unsigned count;                            /* at most BWE_ALLOCATION_TRACKS */
    const struct bwe_allocation_ladders *ladders; /* of these (bwe_allocation_prepare()) */
    uint64_t budget_bps;
    uint64_t sustained_bps; /* the budget without a dip that drains a queue; at least budget_bps */
    bool is_final;          /* it will not grow: not the network sets it */
    bool has_estimator;
    bool is_probe_passed; /* since the last call; the budget is what it showed */
};

/**
 * Decide what is forwarded from now on. Call it when the budget, a track, its layers or costs
 * change, and at the deadline.
 *
 * @param now_us  monotonic, > 0 [us]
 * @param out     choices as input->tracks; next_budget_bps is the pure decision's
 * @return        when to call again if nothing changes [us], INT64_MAX: never
 */
int64_t bwe_hysteresis_decide(struct bwe_hysteresis *hysteresis,
                              const struct bwe_hysteresis_input *input, int64_t now_us,
                              struct bwe_allocation *out);

#endif
