/* A sum over a sliding window of time, in 20 steps. Zero-initialised: nothing yet. */
#ifndef IRIS_SIM_WINDOW_H
#define IRIS_SIM_WINDOW_H

#include <stdint.h>

#define SIM_WINDOW_STEPS 20

struct sim_window {
    int64_t step; /* number of the newest step */
    uint64_t sum;
    uint32_t steps[SIM_WINDOW_STEPS];
};

/**
 * Add, and forget what is older. What comes late is counted where it belongs.
 *
 * @param step_us  a 20th of the window; always the same for one window [us]
 * @return         sum of the window
 */
static inline uint64_t sim_window_add(struct sim_window *window, int64_t step_us, int64_t now_us,
                                      uint32_t value)
{
    int64_t step = now_us / step_us;
    int64_t behind = step - window->step;
    if (behind <= -SIM_WINDOW_STEPS)
        return window->sum;
    if (behind > SIM_WINDOW_STEPS)
        behind = SIM_WINDOW_STEPS;
    for (; behind > 0; behind--) {
        uint32_t *oldest = &window->steps[(step - behind + 1) % SIM_WINDOW_STEPS];
        window->sum -= *oldest;
        *oldest = 0;
    }
    if (step > window->step)
        window->step = step;
    window->steps[step % SIM_WINDOW_STEPS] += value;
    return window->sum += value;
}

#endif
