/* Joins, phases, churn, and the loop that drives them. */
#include "bench/bubbles/schedule.h"

#include <signal.h>
#include <stdio.h>

#include "bench/bubbles/cast.h"
#include "bench/bubbles/clock.h"
#include "bench/bubbles/operations.h"

#define TICK_MS     1
#define CALM_US     500000 /* from the last join until idling is measured */
#define FAREWELL_MS 300
#define HEARD_S     3 /* a receiver that hears nobody for so long is deaf */

/* ---- participants ---- */

static unsigned total_of(const struct bubbles_schedule *schedule)
{
    return schedule->run.options.rooms * schedule->run.options.participants;
}

/* Seat by seat, over all rooms: nobody waits alone for long. */
static void fill_seat(struct bubbles_schedule *schedule, unsigned number)
{
    struct bubbles_run *run = &schedule->run;
    struct bubbles_room *room = &run->rooms[number % run->options.rooms];
    unsigned seat = number / run->options.rooms;
    /* The last ones decode: with most profiles the first ones of a room are those who send. */
    bool verifies = total_of(schedule) - number <= run->options.verify;
    room->seats[seat] = bubbles_participant_create(run, room, seat, verifies);
}

void bubbles_schedule_visit(struct bubbles_schedule *schedule, bubbles_visit_fn visit,
                            int64_t now_us)
{
    const struct bubbles_options *options = &schedule->run.options;
    for (unsigned r = 0; r < options->rooms; r++)
        for (unsigned seat = 0; seat < options->participants; seat++)
            if (schedule->run.rooms[r].seats[seat])
                visit(schedule, schedule->run.rooms[r].seats[seat], now_us);
}

static void advance_one(struct bubbles_schedule *schedule, struct bubbles_participant *participant,
                        int64_t now_us)
{
    (void)schedule;
    if (participant->due_us <= now_us)
        bubbles_participant_advance(participant, now_us);
}

static void reset_one(struct bubbles_schedule *schedule, struct bubbles_participant *participant,
                      int64_t now_us)
{
    (void)schedule;
    bubbles_participant_reset(participant, now_us);
}

/* Whether somebody else of the room sends pictures, and voices that must have been heard. */
static void judge_senses(struct bubbles_schedule *schedule,
                         const struct bubbles_participant *participant)
{
    const struct bubbles_options *options = &schedule->run.options;
    struct bubbles_verdicts *verdicts = &schedule->run.totals.verdicts;
    struct bubbles_cast own = bubbles_cast_of(options, participant->seat);
    bool sees = bubbles_cast_cameras(options) > own.has_camera ||
                bubbles_cast_screens(options) > own.has_screen;
    bool hears = bubbles_cast_voices(options) > 2 && options->speakers > 1 &&
                 schedule->result.duration_s >= HEARD_S;
    if (sees && bubbles_verifier_pictures(participant->verifier) == 0)
        verdicts->blind++;
    if (hears && bubbles_verifier_voices(participant->verifier) == 0)
        verdicts->deaf++;
}

static void count_one(struct bubbles_schedule *schedule, struct bubbles_participant *participant,
                      int64_t now_us)
{
    if (participant->state != BUBBLES_LIVE)
        return;
    bubbles_totals_add_media(&schedule->run.totals, participant,
                             (double)(now_us - participant->reset_us) / BUBBLES_US_PER_S);
    schedule->result.live++;
    if (participant->verifier)
        judge_senses(schedule, participant);
}

static void destroy_one(struct bubbles_schedule *schedule, struct bubbles_participant *participant,
                        int64_t now_us)
{
    (void)schedule;
    (void)now_us;
    participant->room->seats[participant->seat] = NULL;
    bubbles_participant_destroy(participant);
}

/* ---- churn ---- */

static struct bubbles_participant *anybody(struct bubbles_schedule *schedule)
{
    struct bubbles_run *run = &schedule->run;
    unsigned total = total_of(schedule), first = (unsigned)(bubbles_random(&run->seed) % total);
    for (unsigned i = 0; i < total; i++) {
        unsigned number = (first + i) % total;
        struct bubbles_participant *participant =
            run->rooms[number % run->options.rooms].seats[number / run->options.rooms];
        if (participant && participant->state == BUBBLES_LIVE && !participant->verifier)
            return participant;
    }
    return NULL;
}

/* One leaves and another one comes in its place. */
static void replace_one(struct bubbles_schedule *schedule, int64_t now_us)
{
    struct bubbles_participant *participant = anybody(schedule);
    if (!participant)
        return;
    struct bubbles_room *room = participant->room;
    unsigned seat = participant->seat;
    bubbles_totals_add_media(&schedule->run.totals, participant,
                             (double)(now_us - participant->reset_us) / BUBBLES_US_PER_S);
    schedule->run.totals.joins.left++;
    destroy_one(schedule, participant, now_us);
    room->seats[seat] = bubbles_participant_create(&schedule->run, room, seat, false);
}

static void churn(struct bubbles_schedule *schedule, int64_t now_us)
{
    double rate = schedule->run.options.churn;
    while (rate > 0 && schedule->phase == BUBBLES_MEASURING && schedule->churn_us <= now_us) {
        replace_one(schedule, now_us);
        schedule->churn_us += (int64_t)(BUBBLES_US_PER_S / rate);
    }
}

/* ---- phases ---- */

static void join_more(struct bubbles_schedule *schedule, int64_t now_us)
{
    double elapsed_s = (double)(now_us - schedule->run.began_us) / BUBBLES_US_PER_S;
    unsigned due = (unsigned)(elapsed_s * schedule->run.options.join_rate) + 1;
    while (schedule->joined < due && schedule->joined < total_of(schedule))
        fill_seat(schedule, schedule->joined++);
}

static void begin_measuring(struct bubbles_schedule *schedule, int64_t now_us)
{
    struct bubbles_result *result = &schedule->result;
    bubbles_totals_begin(&schedule->run.totals);
    bubbles_schedule_visit(schedule, reset_one, now_us);
    if (schedule->run.options.server_pid)
        bubbles_usage_read(schedule->run.options.server_pid, &result->server_begin);
    bubbles_usage_read(0, &result->own_begin);
    result->has_workers =
        bubbles_operations_read(&schedule->run.options.operations, &schedule->workers_begin) == 0;
    schedule->run.is_measuring = true;
    schedule->churn_us = now_us;
}

static void end_measuring(struct bubbles_schedule *schedule, int64_t now_us)
{
    struct bubbles_result *result = &schedule->result;
    result->has_server =
        schedule->run.options.server_pid != 0 &&
        bubbles_usage_read(schedule->run.options.server_pid, &result->server_end) == 0;
    bubbles_usage_read(0, &result->own_end);
    if (result->has_workers)
        result->has_workers =
            bubbles_operations_read(&schedule->run.options.operations, &result->workers) == 0;
    if (result->has_workers)
        bubbles_operations_subtract(&result->workers, &schedule->workers_begin);
    result->duration_s = (double)(now_us - schedule->phase_us) / BUBBLES_US_PER_S;
    bubbles_schedule_visit(schedule, count_one, now_us);
    schedule->run.is_measuring = false;
}

static void enter(struct bubbles_schedule *schedule, enum bubbles_phase phase, int64_t now_us)
{
    pid_t server = schedule->run.options.server_pid;
    if (phase == BUBBLES_MEASURING)
        begin_measuring(schedule, now_us);
    else if (schedule->phase == BUBBLES_MEASURING)
        end_measuring(schedule, now_us);
    if (phase == BUBBLES_IDLING && server)
        bubbles_usage_read(server, &schedule->result.idle_begin);
    else if (schedule->phase == BUBBLES_IDLING && server)
        bubbles_usage_read(server, &schedule->result.idle_end);
    schedule->run.is_silent = phase < BUBBLES_SETTLING && schedule->run.options.idle_s > 0;
    schedule->phase = phase;
    schedule->phase_us = now_us;
    if (phase == BUBBLES_OVER)
        uv_stop(&schedule->run.loop);
}

static bool is_everybody_in(const struct bubbles_schedule *schedule)
{
    const struct bubbles_joins *joins = &schedule->run.totals.joins;
    return schedule->joined == total_of(schedule) &&
           joins->succeeded + joins->failed >= joins->attempted;
}

static bool is_nobody_left(const struct bubbles_schedule *schedule)
{
    const struct bubbles_joins *joins = &schedule->run.totals.joins;
    return joins->failed + joins->lost >= joins->attempted && schedule->joined > 0;
}

static void follow(struct bubbles_schedule *schedule, int64_t now_us)
{
    const struct bubbles_options *options = &schedule->run.options;
    double phase_s = (double)(now_us - schedule->phase_us) / BUBBLES_US_PER_S;
    bool is_done = schedule->phase == BUBBLES_MEASURING && options->duration_s > 0 &&
                   phase_s >= options->duration_s;
    bool is_in_vain = is_everybody_in(schedule) && is_nobody_left(schedule);
    if (schedule->is_stopping || is_done || is_in_vain)
        enter(schedule, BUBBLES_OVER, now_us);
    else if (schedule->phase == BUBBLES_RAMP && is_everybody_in(schedule))
        enter(schedule, options->idle_s > 0 ? BUBBLES_CALMING : BUBBLES_SETTLING, now_us);
    else if (schedule->phase == BUBBLES_CALMING && now_us - schedule->phase_us >= CALM_US)
        enter(schedule, BUBBLES_IDLING, now_us);
    else if (schedule->phase == BUBBLES_IDLING && phase_s >= options->idle_s)
        enter(schedule, BUBBLES_SETTLING, now_us);
    else if (schedule->phase == BUBBLES_SETTLING && phase_s >= options->settle_s)
        enter(schedule, BUBBLES_MEASURING, now_us);
}

/* ---- the loop ---- */

static void on_tick(uv_timer_t *tick)
{
    struct bubbles_schedule *schedule = tick->data;
    int64_t now_us = bubbles_now_us();
    if (schedule->phase == BUBBLES_OVER)
        return;
    join_more(schedule, now_us);
    for (unsigned r = 0; r < schedule->run.options.rooms; r++)
        bubbles_spurts_advance(&schedule->run.rooms[r].spurts, now_us);
    bubbles_schedule_visit(schedule, advance_one, now_us);
    churn(schedule, now_us);
    bubbles_net_flush(schedule->run.net);
    bubbles_net_receive(schedule->run.net);
    if (schedule->second_us <= now_us)
        bubbles_schedule_sample(schedule, now_us);
    follow(schedule, now_us);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct bubbles_schedule *schedule = handle->data;
    (void)number;
    schedule->is_stopping = true;
}

static void on_farewell_over(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

/* Let the requests to leave go out and be answered. */
static void say_farewell(struct bubbles_schedule *schedule)
{
    uv_timer_stop(&schedule->run.tick);
    bubbles_schedule_visit(schedule, destroy_one, 0);
    uv_timer_start(&schedule->run.tick, on_farewell_over, FAREWELL_MS, 0);
    uv_run(&schedule->run.loop, UV_RUN_DEFAULT);
}

static void start_handles(struct bubbles_schedule *schedule)
{
    uv_loop_t *loop = &schedule->run.loop;
    uv_timer_init(loop, &schedule->run.tick);
    uv_signal_init(loop, &schedule->interrupt);
    uv_signal_init(loop, &schedule->terminate);
    schedule->run.tick.data = schedule->interrupt.data = schedule->terminate.data = schedule;
    uv_signal_start(&schedule->interrupt, on_signal, SIGINT);
    uv_signal_start(&schedule->terminate, on_signal, SIGTERM);
    uv_timer_start(&schedule->run.tick, on_tick, 0, TICK_MS);
}

static bool is_right(const struct bubbles_schedule *schedule)
{
    const struct bubbles_totals *totals = &schedule->run.totals;
    bool is_complete = schedule->run.options.duration_s == 0 || schedule->result.live > 0;
    return is_complete && totals->joins.failed == 0 && totals->joins.lost == 0 &&
           totals->wrong_frames == 0 && !bubbles_verdicts_are_bad(&totals->verdicts);
}

static void conclude(struct bubbles_schedule *schedule)
{
    struct bubbles_result *result = &schedule->result;
    result->options = &schedule->run.options;
    result->totals = &schedule->run.totals;
    result->net = bubbles_net_counters(schedule->run.net);
    result->aead = transport_aead_context_name(schedule->run.aead);
    result->is_right = is_right(schedule);
    if (result->duration_s <= 0)
        result->duration_s = 1e-6;
}

void bubbles_schedule_run(struct bubbles_schedule *schedule)
{
    schedule->run.began_us = schedule->phase_us = bubbles_now_us();
    schedule->second_us = schedule->run.began_us + BUBBLES_US_PER_S;
    schedule->run.is_silent = schedule->run.options.idle_s > 0;
    bubbles_usage_read(0, &schedule->sampled.own);
    start_handles(schedule);
    uv_run(&schedule->run.loop, UV_RUN_DEFAULT);
    if (schedule->is_terminal && !schedule->run.options.is_quiet)
        fputc('\n', stderr);
    say_farewell(schedule);
    conclude(schedule);
}
