/*
 * The one thread of a test: GLib's default main context, which libnice's agents need. Sockets and
 * timers of the test clients are sources of it; a test waits by running it.
 */
#ifndef IRIS_TESTS_EVENT_LOOP_H
#define IRIS_TESTS_EVENT_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/* How long to wait for what should take milliseconds: a loaded machine under a sanitizer. */
#define EVENT_LOOP_PATIENCE_MS 20000

typedef bool (*event_loop_condition_fn)(void *context);

/** Monotonic time [us]. */
int64_t event_loop_now_us(void);

/**
 * Run until a condition holds.
 *
 * @param condition  asked after every dispatch and at least every 5 ms
 * @return           false when it does not hold after timeout_ms
 */
bool event_loop_until(event_loop_condition_fn condition, void *context, unsigned timeout_ms);

/** Run for a while: media flows, nothing is awaited. */
void event_loop_run_ms(unsigned duration_ms);

#endif
