/* Waiting by iterating GLib's default context. */
#include "tests/integration/event_loop.h"

#include <glib.h>

#define WAKE_EVERY_MS 5

int64_t event_loop_now_us(void)
{
    return g_get_monotonic_time();
}

static gboolean wake(gpointer unused)
{
    (void)unused;
    return G_SOURCE_CONTINUE;
}

bool event_loop_until(event_loop_condition_fn condition, void *context, unsigned timeout_ms)
{
    int64_t deadline_us = event_loop_now_us() + (int64_t)timeout_ms * 1000;
    guint timer = g_timeout_add(WAKE_EVERY_MS, wake, NULL);
    bool holds = condition(context);
    while (!holds && event_loop_now_us() < deadline_us) {
        g_main_context_iteration(NULL, TRUE);
        holds = condition(context);
    }
    g_source_remove(timer);
    return holds;
}

static bool never(void *unused)
{
    (void)unused;
    return false;
}

void event_loop_run_ms(unsigned duration_ms)
{
    event_loop_until(never, NULL, duration_ms);
}
