/*
 * iris-bench bubbles: simulated participants in the rooms of a running server. One loop, one thread
 * (several while the recordings are made).
 *
 * Participants join one after the other, settle for a moment, are measured, and leave. A tick each
 * millisecond does what is due; datagrams and messages come in between.
 */
#include "bench/bench.h"
#include "bench/bubbles/clock.h"
#include "bench/bubbles/participant.h"
#include "bench/bubbles/report.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TICK_MS         1
#define SETTLE_US       2000000 /* from the last join until counting begins */
#define FAREWELL_MS     300
#define ENDLESS_SECONDS 3600 /* of an endless run the plots show the last hour */
#define HEARD_S         3    /* a receiver that hears nobody for so long is deaf */

enum phase { PHASE_JOINING, PHASE_SETTLING, PHASE_MEASURING, PHASE_OVER };

struct schedule {
    struct bubbles_run run;
    enum phase phase;
    int64_t began_us, phase_us; /* the run; the phase */
    unsigned joined;            /* seats that were filled at first */
    int64_t churn_us;           /* when the next one leaves */
    int64_t second_us;          /* when the next sample is due */
    uint64_t last_received, last_bytes, last_sent, last_freezes;
    struct bubbles_usage last_server, last_own;
    struct bubbles_result result;
    struct bubbles_second *seconds; /* owned */
    unsigned second_cap;
    uv_signal_t interrupt, terminate;
    bool is_stopping, is_terminal;
};

/* ---- participants ---- */

static unsigned total_of(const struct schedule *schedule)
{
    return schedule->run.options.rooms * schedule->run.options.participants;
}

/* Seat by seat, over all rooms: nobody waits alone for long. */
static void fill_seat(struct schedule *schedule, unsigned number)
{
    struct bubbles_run *run = &schedule->run;
    struct bubbles_room *room = &run->rooms[number % run->options.rooms];
    unsigned seat = number / run->options.rooms;
    room->seats[seat] = bubbles_participant_create(run, room, seat, number < run->options.verify);
}

typedef void (*visit_fn)(struct schedule *schedule, struct bubbles_participant *participant,
                         int64_t now_us);

static void visit_all(struct schedule *schedule, visit_fn visit, int64_t now_us)
{
    const struct bubbles_options *options = &schedule->run.options;
    for (unsigned r = 0; r < options->rooms; r++)
        for (unsigned seat = 0; seat < options->participants; seat++)
            if (schedule->run.rooms[r].seats[seat])
                visit(schedule, schedule->run.rooms[r].seats[seat], now_us);
}

static void advance_one(struct schedule *schedule, struct bubbles_participant *participant,
                        int64_t now_us)
{
    (void)schedule;
    if (participant->due_us <= now_us)
        bubbles_participant_advance(participant, now_us);
}

static void reset_one(struct schedule *schedule, struct bubbles_participant *participant,
                      int64_t now_us)
{
    (void)schedule;
    bubbles_participant_reset(participant, now_us);
}

/* Whether somebody else of the room sends pictures, and voices that must have been heard. */
static void judge_senses(struct schedule *schedule, const struct bubbles_participant *participant)
{
    const struct bubbles_options *options = &schedule->run.options;
    struct bubbles_verdicts *verdicts = &schedule->run.totals.verdicts;
    bool is_first = participant->seat == 0, has_others = options->participants > 1;
    bool sees =
        options->profile == BUBBLES_CONFERENCE || (options->profile != BUBBLES_AUDIO && !is_first);
    bool hears = options->participants > 2 && options->speakers > 1 &&
                 options->profile != BUBBLES_BROADCAST && schedule->result.duration_s >= HEARD_S;
    if (has_others && sees && bubbles_verifier_pictures(participant->verifier) == 0)
        verdicts->blind++;
    if (hears && bubbles_verifier_voices(participant->verifier) == 0)
        verdicts->deaf++;
}

static void count_one(struct schedule *schedule, struct bubbles_participant *participant,
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

static void destroy_one(struct schedule *schedule, struct bubbles_participant *participant,
                        int64_t now_us)
{
    (void)schedule;
    (void)now_us;
    participant->room->seats[participant->seat] = NULL;
    bubbles_participant_destroy(participant);
}

/* ---- churn ---- */

static struct bubbles_participant *anybody(struct schedule *schedule)
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
static void replace_one(struct schedule *schedule, int64_t now_us)
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

static void churn(struct schedule *schedule, int64_t now_us)
{
    double rate = schedule->run.options.churn;
    while (rate > 0 && schedule->phase == PHASE_MEASURING && schedule->churn_us <= now_us) {
        replace_one(schedule, now_us);
        schedule->churn_us += (int64_t)(BUBBLES_US_PER_S / rate);
    }
}

/* ---- phases ---- */

static void join_more(struct schedule *schedule, int64_t now_us)
{
    double elapsed_s = (double)(now_us - schedule->began_us) / BUBBLES_US_PER_S;
    unsigned due = (unsigned)(elapsed_s * schedule->run.options.join_rate) + 1;
    while (schedule->joined < due && schedule->joined < total_of(schedule))
        fill_seat(schedule, schedule->joined++);
}

static void begin_measuring(struct schedule *schedule, int64_t now_us)
{
    struct bubbles_result *result = &schedule->result;
    bubbles_totals_begin(&schedule->run.totals);
    visit_all(schedule, reset_one, now_us);
    if (schedule->run.options.server_pid)
        bubbles_usage_read(schedule->run.options.server_pid, &result->server_begin);
    bubbles_usage_read(0, &result->own_begin);
    schedule->run.is_measuring = true;
    schedule->churn_us = now_us;
}

static void end_measuring(struct schedule *schedule, int64_t now_us)
{
    struct bubbles_result *result = &schedule->result;
    result->has_server =
        schedule->run.options.server_pid != 0 &&
        bubbles_usage_read(schedule->run.options.server_pid, &result->server_end) == 0;
    bubbles_usage_read(0, &result->own_end);
    result->duration_s = (double)(now_us - schedule->phase_us) / BUBBLES_US_PER_S;
    visit_all(schedule, count_one, now_us);
    schedule->run.is_measuring = false;
}

static void enter(struct schedule *schedule, enum phase phase, int64_t now_us)
{
    if (phase == PHASE_MEASURING)
        begin_measuring(schedule, now_us);
    else if (schedule->phase == PHASE_MEASURING)
        end_measuring(schedule, now_us);
    schedule->phase = phase;
    schedule->phase_us = now_us;
    if (phase == PHASE_OVER)
        uv_stop(&schedule->run.loop);
}

static bool is_everybody_in(const struct schedule *schedule)
{
    const struct bubbles_joins *joins = &schedule->run.totals.joins;
    return schedule->joined == total_of(schedule) &&
           joins->succeeded + joins->failed >= joins->attempted;
}

static bool is_nobody_left(const struct schedule *schedule)
{
    const struct bubbles_joins *joins = &schedule->run.totals.joins;
    return joins->failed + joins->lost >= joins->attempted && schedule->joined > 0;
}

static void follow(struct schedule *schedule, int64_t now_us)
{
    const struct bubbles_options *options = &schedule->run.options;
    double phase_s = (double)(now_us - schedule->phase_us) / BUBBLES_US_PER_S;
    if (schedule->is_stopping || (is_everybody_in(schedule) && is_nobody_left(schedule)))
        enter(schedule, PHASE_OVER, now_us);
    else if (schedule->phase == PHASE_JOINING && is_everybody_in(schedule))
        enter(schedule, PHASE_SETTLING, now_us);
    else if (schedule->phase == PHASE_SETTLING && now_us - schedule->phase_us >= SETTLE_US)
        enter(schedule, PHASE_MEASURING, now_us);
    else if (schedule->phase == PHASE_MEASURING && options->duration_s > 0 &&
             phase_s >= options->duration_s)
        enter(schedule, PHASE_OVER, now_us);
}

/* ---- every second ---- */

static struct bubbles_second *next_second(struct schedule *schedule)
{
    struct bubbles_result *result = &schedule->result;
    if (result->second_count == ENDLESS_SECONDS) {
        memmove(schedule->seconds, schedule->seconds + 1,
                --result->second_count * sizeof(*schedule->seconds));
    } else if (result->second_count == schedule->second_cap) {
        unsigned cap = schedule->second_cap ? 2 * schedule->second_cap : 64;
        struct bubbles_second *list = realloc(schedule->seconds, cap * sizeof(*list));
        if (!list)
            return NULL;
        schedule->seconds = list;
        schedule->second_cap = cap;
    }
    result->seconds = schedule->seconds;
    return &schedule->seconds[result->second_count++];
}

static double cpu_share(struct bubbles_usage *last, const struct bubbles_usage *now)
{
    double used_s = now->user_s + now->system_s - last->user_s - last->system_s;
    *last = *now;
    return used_s;
}

static void sample_server(struct schedule *schedule, struct bubbles_second *second)
{
    struct bubbles_usage usage;
    second->server_cpu = -1;
    if (schedule->run.options.server_pid &&
        bubbles_usage_read(schedule->run.options.server_pid, &usage) == 0) {
        second->server_cpu = cpu_share(&schedule->last_server, &usage);
        second->server_rss_bytes = (double)usage.rss_bytes;
    }
    if (bubbles_usage_read(0, &usage) == 0)
        second->own_cpu = cpu_share(&schedule->last_own, &usage);
}

static void count_freezes(struct schedule *schedule, struct bubbles_participant *participant,
                          int64_t now_us)
{
    (void)now_us;
    for (unsigned i = 0; i < BUBBLES_SLOTS; i++)
        schedule->last_freezes += participant->slots[i].freeze.freezes;
}

static void print_progress(const struct schedule *schedule, const struct bubbles_second *second)
{
    static const char *const phases[] = {"joining", "settling", "measuring", "over"};
    if (!schedule->is_terminal || schedule->run.options.is_quiet)
        return;
    fprintf(stderr, "\r%4.0f s  %-9s %4u live  %7.1f Mbit/s  %7.0f packets/s  p99 %6.2f ms",
            second->at_s, phases[schedule->phase], second->live, second->received_bps / 1e6,
            second->received_pps, second->transit_p99_ms);
    if (second->server_cpu >= 0)
        fprintf(stderr, "  server %3.0f %%  %4.0f MB", 100 * second->server_cpu,
                second->server_rss_bytes / 1e6);
    fputs("   ", stderr);
}

static void sample(struct schedule *schedule, int64_t now_us)
{
    struct bubbles_totals *totals = &schedule->run.totals;
    const struct bubbles_joins *joins = &totals->joins;
    struct bubbles_second *second = next_second(schedule);
    uint64_t freezes = schedule->last_freezes;
    schedule->second_us += BUBBLES_US_PER_S;
    if (!second)
        return;
    *second = (struct bubbles_second){
        .at_s = (double)(now_us - schedule->began_us) / BUBBLES_US_PER_S,
        .live = joins->succeeded - joins->lost - joins->left,
        .received_bps = (double)(totals->bytes_received - schedule->last_bytes) * 8,
        .received_pps = (double)(totals->packets_received - schedule->last_received),
        .sent_pps = (double)(totals->packets_sent - schedule->last_sent),
        .transit_p50_ms = (double)bubbles_histogram_percentile(&totals->transit_now, 0.50) / 1000,
        .transit_p99_ms = (double)bubbles_histogram_percentile(&totals->transit_now, 0.99) / 1000};
    memset(&totals->transit_now, 0, sizeof(totals->transit_now));
    schedule->last_bytes = totals->bytes_received;
    schedule->last_received = totals->packets_received;
    schedule->last_sent = totals->packets_sent;
    schedule->last_freezes = 0;
    visit_all(schedule, count_freezes, now_us);
    if (schedule->last_freezes > freezes)
        second->freezes = (double)(schedule->last_freezes - freezes);
    sample_server(schedule, second);
    print_progress(schedule, second);
}

/* ---- the loop ---- */

static void on_tick(uv_timer_t *tick)
{
    struct schedule *schedule = tick->data;
    int64_t now_us = bubbles_now_us();
    if (schedule->phase == PHASE_OVER)
        return;
    join_more(schedule, now_us);
    for (unsigned r = 0; r < schedule->run.options.rooms; r++)
        bubbles_spurts_advance(&schedule->run.rooms[r].spurts, now_us);
    visit_all(schedule, advance_one, now_us);
    churn(schedule, now_us);
    bubbles_net_flush(schedule->run.net);
    if (schedule->second_us <= now_us)
        sample(schedule, now_us);
    follow(schedule, now_us);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct schedule *schedule = handle->data;
    (void)number;
    schedule->is_stopping = true;
}

static void on_farewell_over(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

/* Let the requests to leave go out and be answered. */
static void say_farewell(struct schedule *schedule)
{
    uv_timer_stop(&schedule->run.tick);
    visit_all(schedule, destroy_one, 0);
    uv_timer_start(&schedule->run.tick, on_farewell_over, FAREWELL_MS, 0);
    uv_run(&schedule->run.loop, UV_RUN_DEFAULT);
}

static void start_handles(struct schedule *schedule)
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

static int complain(const char *problem)
{
    fprintf(stderr, "iris-bench bubbles: %s\n", problem);
    return -1;
}

static int make_rooms(struct bubbles_run *run, int64_t now_us)
{
    const struct bubbles_options *options = &run->options;
    run->rooms = calloc(options->rooms, sizeof(*run->rooms));
    if (!run->rooms)
        return complain("out of memory");
    for (unsigned r = 0; r < options->rooms; r++) {
        struct bubbles_room *room = &run->rooms[r];
        if (options->rooms == 1)
            snprintf(room->name, sizeof(room->name), "%.120s", options->room);
        else
            snprintf(room->name, sizeof(room->name), "%.120s-%u", options->room, r + 1);
        bubbles_spurts_init(&room->spurts, options->participants, options->speakers,
                            bubbles_random(&run->seed), now_us);
    }
    return 0;
}

static int set_up(struct schedule *schedule)
{
    struct bubbles_run *run = &schedule->run;
    struct bubbles_options *options = &run->options;
    char error[256];
    if (options->server_pid && bubbles_usage_read(options->server_pid, &schedule->last_server))
        return complain("there is no process with the --server-pid");
    schedule->result.server_idle = schedule->last_server;
    if (options->token_key_file) {
        run->sign_key = signalling_sign_key_load(options->token_key_file, error, sizeof(error));
        if (!run->sign_key)
            return complain(error);
    }
    if (bubbles_library_init(&run->library, options->profile, options->participants))
        return complain("libvpx or libopus refuses to encode");
    run->net = bubbles_net_create(&run->loop, options->has_gro, bubbles_participant_receive);
    run->stun = bubbles_stun_create();
    run->dtls = bubbles_dtls_context_create();
    run->aead = transport_aead_context_create(TRANSPORT_AEAD_AUTO);
    run->hub = bubbles_hub_create(&run->loop, &options->url, options->is_insecure,
                                  &bubbles_participant_handlers);
    if (!run->net || !run->stun || !run->dtls || !run->aead || !run->hub)
        return complain("out of memory, or a library does not start");
    return make_rooms(run, bubbles_now_us());
}

static void close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void tear_down(struct schedule *schedule)
{
    struct bubbles_run *run = &schedule->run;
    bubbles_hub_destroy(run->hub);
    bubbles_net_close(run->net);
    uv_walk(&run->loop, close_handle, NULL);
    uv_run(&run->loop, UV_RUN_DEFAULT);
    uv_loop_close(&run->loop);
    bubbles_net_destroy(run->net);
    bubbles_stun_destroy(run->stun);
    bubbles_dtls_context_destroy(run->dtls);
    transport_aead_context_destroy(run->aead);
    signalling_sign_key_destroy(run->sign_key);
    bubbles_library_dispose(&run->library);
    free(run->rooms);
    free(schedule->seconds);
    free(schedule);
}

/* ---- results ---- */

static bool is_right(const struct schedule *schedule)
{
    const struct bubbles_totals *totals = &schedule->run.totals;
    bool is_complete = schedule->run.options.duration_s == 0 || schedule->result.live > 0;
    return is_complete && totals->joins.failed == 0 && totals->joins.lost == 0 &&
           totals->wrong_frames == 0 && !bubbles_verdicts_are_bad(&totals->verdicts);
}

static int write_json(const struct bubbles_result *result, const char *path)
{
    bool is_stdout = strcmp(path, "-") == 0;
    FILE *out = is_stdout ? stdout : fopen(path, "w");
    int error = out ? bubbles_report_json(out, result) : -1;
    if (out && !is_stdout && fclose(out))
        error = -1;
    if (error)
        fprintf(stderr, "iris-bench bubbles: cannot write %s: %s\n", path, strerror(errno));
    return error;
}

static int write_html(const struct bubbles_result *result, const char *path)
{
    FILE *out = fopen(path, "w");
    if (out)
        bubbles_report_html(out, result);
    if (!out || ferror(out) || fclose(out)) {
        fprintf(stderr, "iris-bench bubbles: cannot write %s: %s\n", path, strerror(errno));
        return -1;
    }
    return 0;
}

static int report(struct schedule *schedule)
{
    struct bubbles_result *result = &schedule->result;
    const struct bubbles_options *options = &schedule->run.options;
    int error = 0;
    result->options = options;
    result->totals = &schedule->run.totals;
    result->net = bubbles_net_counters(schedule->run.net);
    result->aead = transport_aead_context_name(schedule->run.aead);
    result->is_right = is_right(schedule);
    if (result->duration_s <= 0)
        result->duration_s = 1e-6;
    if (!options->json_file || strcmp(options->json_file, "-") != 0)
        bubbles_report_text(stdout, result);
    if (options->json_file)
        error |= write_json(result, options->json_file);
    if (options->report_file)
        error |= write_html(result, options->report_file);
    return error || !result->is_right ? 1 : 0;
}

int bench_bubbles(int argc, char **argv)
{
    struct schedule *schedule = calloc(1, sizeof(*schedule));
    if (!schedule || uv_loop_init(&schedule->run.loop)) {
        free(schedule);
        return complain("out of memory"), 1;
    }
    int code = bubbles_options_parse(&schedule->run.options, argc, argv);
    if (code) {
        tear_down(schedule);
        return code - 1;
    }
    schedule->run.seed = schedule->run.options.seed;
    schedule->is_terminal = isatty(STDERR_FILENO);
    code = 1;
    if (set_up(schedule) == 0) {
        schedule->began_us = schedule->phase_us = bubbles_now_us();
        schedule->second_us = schedule->began_us + BUBBLES_US_PER_S;
        start_handles(schedule);
        uv_run(&schedule->run.loop, UV_RUN_DEFAULT);
        if (schedule->is_terminal && !schedule->run.options.is_quiet)
            fputc('\n', stderr);
        say_farewell(schedule);
        code = report(schedule);
    }
    tear_down(schedule);
    return code;
}
