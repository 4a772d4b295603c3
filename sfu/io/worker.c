/* The loop around the engine: sockets, clock, timer, queues. */
#include "sfu/io/worker.h"

#include <stdlib.h>
#include <time.h>
#include <uv.h>

#include "rtp/error.h"
#include "sfu/io/queue.h"
#include "sfu/io/udp.h"

#define COMMANDS_MAX      256
#define BATCHES_MAX       8 /* of one wake-up, so that timers and other sockets get their turn */
#define EVENTS_MAX        1024
#define BUFFERS           8192 /* of the send pool: a batch of 32 packets to 120 receivers, twice */
#define SNAPSHOTS_MAX     2    /* of statistics; one too many is left out */
#define SNAPSHOT_US       1000000
#define PARTICIPANTS_MAX  128 /* statistics of so many wait; then they wait in the engine */
#define PARTICIPANTS_WAKE 32  /* of one wake: well below a millisecond */
#define RECORDINGS_MAX    8
#define KEPT_RETRY_US     10000       /* what found control's queue full, or its turn over */
#define NTP_UNIX_OFFSET_S 2208988800u /* 1900 to 1970 (RFC 5905) */

struct socket_poll {
    uv_poll_t poll;
    struct io_worker *worker;
    unsigned index;
};

struct io_worker {
    struct io_worker_config config;
    struct core_engine *engine;
    struct io_udp udp;
    struct io_queue commands, events, snapshots, participants;
    struct io_queue recorders, recordings; /* empty ones in, those of rooms out: io_recording */
    int64_t snapshot_us;                   /* when the last one was made */
    uv_loop_t loop;
    uv_thread_t thread;
    uv_async_t wake;
    uv_timer_t timer;
    int64_t armed_us; /* what the timer is set for; 0: nothing */
    struct socket_poll polls[IO_ADDRESSES_MAX];
    bool has_loop;
    atomic_bool is_stopping;
    struct core_event kept; /* an event that found the queue full */
    bool has_kept;
};

static int64_t now_us(void)
{
    return (int64_t)(uv_hrtime() / 1000);
}

static uint64_t ntp_at_zero(void)
{
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    uint64_t ntp = ((uint64_t)wall.tv_sec + NTP_UNIX_OFFSET_S) << 32;
    ntp += ((uint64_t)wall.tv_nsec << 32) / 1000000000u;
    uint64_t us = (uint64_t)now_us();
    return ntp - ((us / 1000000) << 32) - (((us % 1000000) << 32) / 1000000);
}

static void pass_events(struct io_worker *worker)
{
    bool is_news = false;
    while (worker->has_kept || core_engine_next_event(worker->engine, &worker->kept)) {
        worker->has_kept = !io_queue_push(&worker->events, &worker->kept);
        is_news = true;
        if (worker->has_kept)
            break; /* control is behind: it stays first in line */
    }
    if (is_news)
        worker->config.on_events(worker->config.context);
}

static uint64_t cpu_us(void)
{
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000 + (uint64_t)used.tv_nsec / 1000;
}

static void fill_statistics(struct io_worker *worker, int64_t at_us)
{
    struct io_statistics *statistics = &worker->udp.statistics;
    struct core_engine_counters counters;
    core_engine_count_losses(worker->engine, &counters);
    io_udp_count_drops(&worker->udp);
    statistics->strays = counters.strays;
    statistics->lost_events = counters.lost_events;
    statistics->missing_buffers = counters.missing_buffers;
    statistics->participants = core_engine_count(worker->engine);
    statistics->cpu_us = cpu_us();
    statistics->at_us = at_us;
}

/* @return whether this moment is in a snapshot */
static bool pass_statistics(struct io_worker *worker, int64_t at_us)
{
    if (at_us - worker->snapshot_us < SNAPSHOT_US)
        return false;
    worker->snapshot_us = at_us;
    fill_statistics(worker, at_us);
    if (io_queue_push(&worker->snapshots, &worker->udp.statistics))
        worker->config.on_events(worker->config.context);
    return true;
}

/* Straight into the queue, a few at a time: a room's come due together. @return whether some are
   left */
static bool pass_participants(struct io_worker *worker, int64_t at_us)
{
    unsigned count = 0;
    for (; count < PARTICIPANTS_WAKE; count++) {
        struct core_statistics *place = io_queue_reserve(&worker->participants);
        if (!place || !core_engine_next_statistics(worker->engine, at_us, place))
            break;
        io_queue_commit(&worker->participants);
    }
    if (count > 0)
        worker->config.on_events(worker->config.context);
    return core_engine_has_statistics(worker->engine);
}

static void on_timer(uv_timer_t *timer);

/* The timer is left alone while it is set for the right time: that is most wakes. */
static void arm(struct io_worker *worker, int64_t deadline_us)
{
    int64_t wait_us = deadline_us - now_us();
    worker->armed_us = deadline_us;
    if (deadline_us == INT64_MAX) {
        uv_timer_stop(&worker->timer);
        return;
    }
    uv_update_time(&worker->loop);
    uv_timer_start(&worker->timer, on_timer, wait_us > 0 ? (uint64_t)(wait_us + 999) / 1000 : 0, 0);
}

/* After anything happened: time's due, packets out, events out, the next deadline. */
static void settle(struct io_worker *worker)
{
    int64_t at_us = now_us();
    core_engine_advance(worker->engine, at_us);
    io_udp_flush(&worker->udp, worker->engine);
    pass_events(worker);
    bool is_published = pass_statistics(worker, at_us);
    bool is_behind = pass_participants(worker, at_us) || worker->has_kept;
    int64_t deadline_us = core_engine_deadline(worker->engine);
    if (is_behind && deadline_us > at_us + KEPT_RETRY_US)
        deadline_us = at_us + KEPT_RETRY_US;
    if (deadline_us == INT64_MAX &&
        !is_published) /* the last thing before it sleeps is told, too */
        deadline_us = worker->snapshot_us + SNAPSHOT_US;
    if (deadline_us != worker->armed_us)
        arm(worker, deadline_us);
}

static void on_timer(uv_timer_t *timer)
{
    struct io_worker *worker = timer->data;
    worker->armed_us = 0; /* it has fired */
    settle(worker);
}

/* As many answers wait as requests at most: control asks for no more than it has room for. */
static void exchange_recorders(struct io_worker *worker)
{
    struct io_recording recording;
    while (io_queue_pop(&worker->recorders, &recording)) {
        recording.recorder = core_engine_exchange_recorder(worker->engine, recording.room,
                                                           recording.recorder, now_us());
        if (!io_queue_push(&worker->recordings, &recording))
            core_recorder_destroy(recording.recorder);
        worker->config.on_events(worker->config.context);
    }
}

static void take_commands(struct io_worker *worker)
{
    struct core_command command;
    while (io_queue_pop(&worker->commands, &command))
        core_engine_command(worker->engine, &command, now_us());
    exchange_recorders(worker);
}

/*
 * A client's first check follows the answer that it got, and the answer follows the command. The
 * kernel may name the socket before the eventfd of the commands, or a batch may come while we are
 * at an older one; so every batch waits for the commands that were queued before it was read.
 */
static void receive(struct io_worker *worker, unsigned index)
{
    unsigned count = IO_UDP_BATCH;
    for (unsigned round = 0; round < BATCHES_MAX && count == IO_UDP_BATCH; round++) {
        count = io_udp_read(&worker->udp, index);
        worker->udp.statistics.wakes += round == 0 && count > 0;
        take_commands(worker);
        io_udp_deliver(&worker->udp, worker->engine, now_us());
        if (count == IO_UDP_BATCH) /* more waits: what these have made does not wait for it */
            io_udp_flush(&worker->udp, worker->engine);
    }
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct socket_poll *socket = poll->data;
    if (status == 0 && (events & UV_READABLE))
        receive(socket->worker, socket->index);
    settle(socket->worker);
}

static void close_handles(struct io_worker *worker)
{
    uv_close((uv_handle_t *)&worker->wake, NULL);
    uv_close((uv_handle_t *)&worker->timer, NULL);
    for (unsigned i = 0; i < worker->udp.count; i++)
        uv_close((uv_handle_t *)&worker->polls[i].poll, NULL);
}

static void on_wake(uv_async_t *wake)
{
    struct io_worker *worker = wake->data;
    if (atomic_load(&worker->is_stopping)) {
        close_handles(worker);
        return;
    }
    take_commands(worker);
    settle(worker);
}

static void run(void *argument)
{
    struct io_worker *worker = argument;
    uv_run(&worker->loop, UV_RUN_DEFAULT);
}

static void drop_recordings(struct io_queue *queue)
{
    struct io_recording recording;
    while (io_queue_pop(queue, &recording))
        core_recorder_destroy(recording.recorder);
    io_queue_dispose(queue);
}

static void release(struct io_worker *worker)
{
    drop_recordings(&worker->recorders);
    drop_recordings(&worker->recordings);
    if (worker->has_loop)
        uv_loop_close(&worker->loop);
    io_udp_close(&worker->udp);
    core_engine_destroy(worker->engine);
    io_queue_dispose(&worker->commands);
    io_queue_dispose(&worker->events);
    io_queue_dispose(&worker->snapshots);
    io_queue_dispose(&worker->participants);
    free(worker);
}

static int prepare(struct io_worker *worker)
{
    struct core_engine_config config = {.certificate = worker->config.certificate,
                                        .aead = worker->config.aead,
                                        .is_unpoliced = worker->config.is_unpoliced,
                                        .seed = worker->config.seed,
                                        .recorder_bytes = worker->config.recorder_bytes,
                                        .recorder_us = worker->config.recorder_us,
                                        .recorders_bytes = worker->config.recorders_bytes,
                                        .ntp_at_zero = ntp_at_zero(),
                                        .buffer_count = BUFFERS};
    worker->engine = core_engine_create(&config);
    if (!worker->engine || uv_loop_init(&worker->loop))
        return IRIS_E_NO_MEMORY;
    worker->has_loop = true;
    if (io_queue_init(&worker->commands, sizeof(struct core_command), COMMANDS_MAX) ||
        io_queue_init(&worker->events, sizeof(struct core_event), EVENTS_MAX) ||
        io_queue_init(&worker->snapshots, sizeof(struct io_statistics), SNAPSHOTS_MAX) ||
        io_queue_init(&worker->participants, sizeof(struct core_statistics), PARTICIPANTS_MAX) ||
        io_queue_init(&worker->recorders, sizeof(struct io_recording), RECORDINGS_MAX) ||
        io_queue_init(&worker->recordings, sizeof(struct io_recording), RECORDINGS_MAX))
        return IRIS_E_NO_MEMORY;
    return 0;
}

static int start_thread(struct io_worker *worker)
{
    uv_async_init(&worker->loop, &worker->wake, on_wake);
    uv_timer_init(&worker->loop, &worker->timer);
    worker->wake.data = worker->timer.data = worker;
    for (unsigned i = 0; i < worker->udp.count; i++) {
        struct socket_poll *socket = &worker->polls[i];
        socket->worker = worker;
        socket->index = i;
        socket->poll.data = socket;
        uv_poll_init(&worker->loop, &socket->poll, worker->udp.fds[i]);
        uv_poll_start(&socket->poll, UV_READABLE, on_readable);
    }
    if (uv_thread_create(&worker->thread, run, worker) == 0)
        return 0;
    close_handles(worker);
    uv_run(&worker->loop, UV_RUN_DEFAULT);
    return IRIS_E_SYSTEM;
}

struct io_worker *io_worker_start(const struct io_worker_config *config, char *error,
                                  size_t error_cap)
{
    struct io_worker *worker = aligned_alloc(_Alignof(struct io_worker), sizeof(*worker));
    if (worker)
        memset(worker, 0, sizeof(*worker));
    if (!worker) {
        snprintf(error, error_cap, "out of memory");
        return NULL;
    }
    worker->config = *config;
    worker->config.addresses = NULL;
    if (prepare(worker)) {
        snprintf(error, error_cap,
                 "cannot set up a worker's engine: out of memory, or the "
                 "configured aead does not run on this processor");
    } else if (io_udp_bind(&worker->udp, config->addresses, config->port_first, config->port_last,
                           error, error_cap) == 0) {
        if (start_thread(worker) == 0)
            return worker;
        snprintf(error, error_cap, "cannot start a worker thread");
    }
    release(worker);
    return NULL;
}

void io_worker_stop(struct io_worker *worker)
{
    if (!worker)
        return;
    atomic_store(&worker->is_stopping, true);
    uv_async_send(&worker->wake);
    uv_thread_join(&worker->thread);
    release(worker);
}

uint16_t io_worker_port(const struct io_worker *worker)
{
    return worker->udp.port;
}

const char *io_worker_aead_name(const struct io_worker *worker)
{
    return core_engine_aead_name(worker->engine);
}

bool io_worker_command(struct io_worker *worker, const struct core_command *command)
{
    if (!io_queue_push(&worker->commands, command))
        return false;
    uv_async_send(&worker->wake);
    return true;
}

bool io_worker_next_event(struct io_worker *worker, struct core_event *event)
{
    return io_queue_pop(&worker->events, event);
}

bool io_worker_next_participant(struct io_worker *worker, struct core_statistics *statistics)
{
    return io_queue_pop(&worker->participants, statistics);
}

bool io_worker_next_statistics(struct io_worker *worker, struct io_statistics *statistics)
{
    return io_queue_pop(&worker->snapshots, statistics);
}

bool io_worker_record(struct io_worker *worker, uint64_t room)
{
    struct io_recording recording = {.room = room};
    if (worker->config.recorder_bytes > 0)
        recording.recorder =
            core_recorder_create(worker->config.recorder_bytes, worker->config.recorder_us);
    if (!recording.recorder || !io_queue_push(&worker->recorders, &recording)) {
        core_recorder_destroy(recording.recorder);
        return false;
    }
    uv_async_send(&worker->wake);
    return true;
}

bool io_worker_next_recording(struct io_worker *worker, struct io_recording *recording)
{
    return io_queue_pop(&worker->recordings, recording);
}
