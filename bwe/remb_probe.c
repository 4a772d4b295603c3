/* Pieces in a row until the receiver's estimate stops growing: see the header. */
#include "bwe/remb_probe.h"

#include "bwe/fallback.h"

#include <math.h>
#include <string.h>

#define GAIN 1.25
/* At first only what is allowed: at overuse the receiver takes what has come in the last second for
   the capacity. */
#define FILL_US     1200000
#define FILL_GAIN   1.01
#define PIECE_BYTES 300 /* at least */
#define AHEAD       2   /* pieces that may be due at once */
#define DEBT        10  /* and as many may have been sent too much: voices */
#define GROWN       1.03
#define FALLEN      0.97
#define PATIENCE_US 4000000 /* without growth: the receiver tells once a second */
/* Three voices' reports are on some hundred packets: two standard deviations of 5 % of them. */
#define LOSS_MORE      0.05
#define WAIT_MS        3000
#define WAIT_MAX_MS    15000 /* nothing else tells that there has come to be more */
#define PAUSED_WAIT_MS 1500
#define BACKOFF        1.5

/* More is sent than the path carries. */
static bool is_harmful(const struct bwe_remb_probe *state, const struct bwe_remb_probe_input *input)
{
    double most = BWE_FALLBACK_LOSS_LOW;
    if (input->is_paused)
        most = state->is_running ? fmax(state->loss_share + LOSS_MORE, most) : 1;
    return input->is_queued || input->loss_share >= most;
}

static void begin(struct bwe_remb_probe *state, const struct bwe_remb_probe_input *input,
                  int64_t now_us)
{
    state->is_running = true;
    state->best_bps = input->remb_bps;
    state->loss_share = input->loss_share;
    state->begin_us = state->progress_us = state->counted_us = now_us;
    state->short_bytes = 0;
}

static void stop(struct bwe_remb_probe *state, int64_t now_us)
{
    double wait_ms = fmax(state->wait_ms, WAIT_MS);
    state->is_running = false;
    state->wait_ms = fmin(BACKOFF * wait_ms, WAIT_MAX_MS);
    state->failed_us = now_us;
    state->next_us = now_us + (int64_t)(1000 * wait_ms);
}

/* All video may have been paused since the last one failed. */
static bool has_waited(const struct bwe_remb_probe *state, bool is_paused, int64_t now_us)
{
    return now_us >= state->next_us ||
           (is_paused && now_us - state->failed_us >= 1000 * PAUSED_WAIT_MS);
}

static void follow(struct bwe_remb_probe *state, const struct bwe_remb_probe_input *input,
                   int64_t now_us)
{
    bool has_failed = is_harmful(state, input) || input->remb_bps < FALLEN * state->best_bps ||
                      now_us - state->progress_us > PATIENCE_US;
    if (has_failed) {
        stop(state, now_us);
    } else if (input->remb_bps > GROWN * state->best_bps) {
        state->best_bps = input->remb_bps;
        state->progress_us = now_us;
        state->wait_ms = 0;
    }
}

/* A piece, when what is missing is worth one. */
static void fill(struct bwe_remb_probe *state, const struct bwe_remb_probe_input *input,
                 struct bwe_probe *probe, int64_t now_us)
{
    double gain = now_us - state->begin_us < FILL_US ? FILL_GAIN : GAIN;
    double rate_bps = fmin(gain * input->target_bps, input->limit_bps);
    double piece_bytes = rate_bps * BWE_REMB_PROBE_PIECE_US / 8e6;
    state->short_bytes += rate_bps * (double)(now_us - state->counted_us) / 8e6;
    state->short_bytes =
        fmin(fmax(state->short_bytes, -DEBT * piece_bytes), AHEAD * fmax(piece_bytes, PIECE_BYTES));
    state->counted_us = now_us;
    double due_bytes = state->short_bytes - input->pending_bytes;
    if (due_bytes < fmax(piece_bytes, PIECE_BYTES))
        return;
    state->last_id = state->last_id == UINT8_MAX ? 1 : state->last_id + 1;
    probe->id = state->last_id;
    probe->rate_bps = (uint32_t)rate_bps;
    probe->bytes = (uint32_t)due_bytes;
    probe->packets = 1;
}

void bwe_remb_probe_on_sent(struct bwe_remb_probe *state, uint32_t bytes)
{
    if (state->is_running)
        state->short_bytes -= bytes;
}

void bwe_remb_probe_update(struct bwe_remb_probe *state, const struct bwe_remb_probe_input *input,
                           struct bwe_probe *probe, int64_t now_us)
{
    memset(probe, 0, sizeof(*probe));
    if (input->goal_bps <= input->target_bps || input->remb_bps >= input->limit_bps) {
        state->is_running = false;
        return;
    }
    if (state->is_running)
        follow(state, input, now_us);
    else if (has_waited(state, input->is_paused, now_us) && !is_harmful(state, input))
        begin(state, input, now_us);
    if (state->is_running)
        fill(state, input, probe, now_us);
}
