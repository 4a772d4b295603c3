/*
 * When to send more than there is, to a receiver without transport feedback. What it announces
 * grows by 8 % a second at most, only while much of it arrives, and only slowly near what it took
 * for the capacity (draft-ietf-rmcat-gcc-02, 5.5): a short probe shows it nothing, and with all
 * video paused its estimate would stay where it is for ever. So more than it allows is sent for as
 * long as that helps: media, then old packets, then padding. It lasts, and so the voices are a part
 * of it, not beside it: it is filled up with what its rate is short of, less all that was sent.
 *
 * Losses end it, as does a queue. With all video paused only if there are more of them than when it
 * began: those of a path that always loses some are not its own, and would leave nothing but voices
 * for ever.
 */
#ifndef IRIS_BWE_REMB_PROBE_H
#define IRIS_BWE_REMB_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "bwe/probe.h"

/* Zero-initialised. */
struct bwe_remb_probe {
    bool is_running;
    uint8_t last_id;
    double best_bps;               /* announced since it began */
    double loss_share;             /* when it began */
    int64_t begin_us, progress_us; /* when it began; when that last grew */
    double short_bytes;            /* of its rate, less what was sent; until counted_us */
    int64_t counted_us;
    int64_t failed_us, next_us; /* the last one; when another one may begin */
    double wait_ms;             /* after the next failure; 0: none yet */
};

struct bwe_remb_probe_input {
    double remb_bps;        /* announced last */
    double target_bps;      /* what may be sent; less than that after losses */
    double goal_bps;        /* with which a paused or higher layer would fit; 0: none */
    double limit_bps;       /* what the contract can use: no probe above it */
    uint32_t pending_bytes; /* of pieces given out: bwe_pacer_probe_bytes() */
    double loss_share;      /* of packets: bwe_fallback_loss_share() */
    bool is_queued;         /* packets wait: bwe_fallback_is_queued() */
    bool is_paused;         /* all video: nothing is lost by trying */
};

/** Something leaves for the receiver, whatever it is. @param bytes UDP payload */
void bwe_remb_probe_on_sent(struct bwe_remb_probe *state, uint32_t bytes);

/**
 * Decide; to be called every BWE_REMB_PROBE_PIECE_US at least.
 *
 * @param probe  written: the next piece for the pacer, id 0: none
 */
void bwe_remb_probe_update(struct bwe_remb_probe *state, const struct bwe_remb_probe_input *input,
                           struct bwe_probe *probe, int64_t now_us);

#define BWE_REMB_PROBE_PIECE_US 50000

#endif
