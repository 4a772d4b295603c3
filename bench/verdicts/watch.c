/* A thread that mostly sleeps. */
#include "bench/verdicts/watch.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/bubbles/clock.h"
#include "bench/bubbles/operations.h"

#define AWAKE_US 20000 /* of IMPAIRMENT_STALL_US: enough for what has come in the meantime */

static void sleep_until(int64_t at_us)
{
    struct timespec at = {.tv_sec = at_us / BUBBLES_US_PER_S,
                          .tv_nsec = at_us % BUBBLES_US_PER_S * 1000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL))
        ;
}

/* The worst of the seconds that may still be in a verdict. */
static double remember_waited(struct verdicts_watch *watch)
{
    struct bubbles_usage own = watch->own, server = watch->server;
    double worst_ms = 0;
    bubbles_usage_read(0, &watch->own);
    bubbles_usage_read(watch->params.server, &watch->server);
    double waited_ms =
        1000 * (watch->own.waited_s - own.waited_s + watch->server.waited_s - server.waited_s);
    watch->waited_ms[watch->seconds++ % VERDICTS_MEMORY_S] = waited_ms;
    if (waited_ms > watch->waited_most_ms)
        watch->waited_most_ms = waited_ms;
    for (unsigned i = 0; i < VERDICTS_MEMORY_S; i++)
        if (watch->waited_ms[i] > worst_ms)
            worst_ms = watch->waited_ms[i];
    return worst_ms;
}

static void sample_room(struct verdicts_watch *watch, unsigned number, bool is_due,
                        double waited_ms)
{
    char path[64], *body = NULL;
    if (watch->params.rooms == 1)
        snprintf(path, sizeof(path), "/v1/rooms/" VERDICTS_ROOM_PREFIX);
    else
        snprintf(path, sizeof(path), "/v1/rooms/" VERDICTS_ROOM_PREFIX "-%u", number + 1);
    json_t *room = bubbles_http_get(&watch->params.operations, path, &body) == 0
                       ? json_loads(body, 0, NULL)
                       : NULL;
    if (!room || verdicts_judge(&watch->tallies[number], room, is_due, waited_ms))
        watch->unanswered++;
    json_decref(room);
    free(body);
}

static void sample(struct verdicts_watch *watch, int64_t since_us)
{
    double waited_ms = remember_waited(watch);
    if (since_us < watch->params.first_us)
        return;
    for (unsigned i = 0; i < watch->params.rooms; i++)
        sample_room(watch, i, since_us >= IMPAIRMENT_ONSET_US + IMPAIRMENT_GRACE_US, waited_ms);
}

/* It looks at its sockets for a moment, once in IMPAIRMENT_STALL_US. */
static void stall(const struct verdicts_watch *watch, int64_t until_us)
{
    for (int64_t now_us; (now_us = bubbles_now_us()) < until_us;) {
        int64_t next_us = now_us + IMPAIRMENT_STALL_US;
        kill(watch->params.server, SIGSTOP);
        sleep_until(next_us - AWAKE_US);
        kill(watch->params.server, SIGCONT);
        sleep_until(next_us);
    }
}

static void run(void *context)
{
    struct verdicts_watch *watch = context;
    bool stalls = watch->tallies[0].impairment == IMPAIRMENT_SERVER;
    bubbles_usage_read(0, &watch->own);
    bubbles_usage_read(watch->params.server, &watch->server);
    for (int64_t since_us = 0; since_us <= watch->params.last_us && !watch->is_over;
         since_us += BUBBLES_US_PER_S) {
        if (stalls && since_us > IMPAIRMENT_ONSET_US)
            stall(watch, watch->began_us + since_us);
        else
            sleep_until(watch->began_us + since_us);
        sample(watch, since_us);
    }
}

int verdicts_watch_start(struct verdicts_watch *watch, const struct verdicts_watch_params *params,
                         enum impairment impairment, bool is_verbose)
{
    watch->params = *params;
    for (unsigned i = 0; i < params->rooms; i++) {
        watch->tallies[i].impairment = impairment;
        watch->tallies[i].is_verbose = is_verbose;
    }
    watch->began_us = bubbles_now_us();
    return uv_thread_create(&watch->thread, run, watch) ? -1 : 0;
}

void verdicts_watch_finish(struct verdicts_watch *watch, struct verdicts_tally *sum)
{
    watch->is_over = true;
    uv_thread_join(&watch->thread);
    *sum = (struct verdicts_tally){.impairment = watch->tallies[0].impairment};
    for (unsigned i = 0; i < watch->params.rooms; i++)
        verdicts_tally_add(sum, &watch->tallies[i]);
}
