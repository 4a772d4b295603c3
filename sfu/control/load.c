/* From the workers' snapshots, or their silence, to overload. */
#include "sfu/control/events.h"

#define SAMPLES_MIN   5       /* fewer say nothing of a percentile */
#define DATAGRAMS_MIN 100     /* and of a share */
#define IDLE_US       1500000 /* since the last snapshot: more than a second and its jitter */

static struct control_load load_of(const struct io_statistics *now,
                                   const struct io_statistics *before,
                                   const struct control_backlog *backlog)
{
    struct io_delay_histogram delay = io_delay_histogram_since(&now->delay, &before->delay);
    return (struct control_load){
        .delay_p99_us = io_delay_percentile_us(&delay, 0.99),
        .delay_samples = delay.count,
        .would_block = now->would_block - before->would_block,
        .receive_drops = now->receive_drops - before->receive_drops,
        .missing_buffers = now->missing_buffers - before->missing_buffers,
        .lost_events = now->lost_events - before->lost_events,
        .is_queue_full = backlog->first != NULL,
    };
}

static double share(uint64_t part, uint64_t whole)
{
    return whole < DATAGRAMS_MIN ? CORE_EVIDENCE_UNKNOWN : (double)part / (double)whole;
}

/* What the kernel did not take was counted as sent, too (sfu/io/udp_send.c). */
static struct core_verdict_server server_of(const struct io_statistics *now,
                                            const struct io_statistics *before,
                                            const struct control_load *load)
{
    uint64_t received = now->received_datagrams - before->received_datagrams;
    uint64_t send_drops =
        now->would_block - before->would_block + now->send_errors - before->send_errors;
    return (struct core_verdict_server){
        .delay_p99_ms = load->delay_samples < SAMPLES_MIN ? CORE_EVIDENCE_UNKNOWN
                                                          : (double)load->delay_p99_us / 1000.0,
        .receive_drops = share(load->receive_drops, received + load->receive_drops),
        .send_drops = share(send_drops, now->sent_datagrams - before->sent_datagrams),
    };
}

static void judge(struct control *control, unsigned worker, const struct control_load *load)
{
    struct control_overload *overload = &control->watches[worker].overload;
    enum control_overload_cause cause = control_overload_judge(load);
    struct control_evidence evidence = control_overload_evidence(cause, load);
    if (control_overload_follow(overload, cause, load->silent_us))
        control_event_worker_overload(control, worker, overload->is_overloaded, &evidence);
}

void control_load_on_snapshot(struct control *control, unsigned worker)
{
    static const struct io_statistics none;
    struct control_worker_watch *watch = &control->watches[worker];
    const struct control_worker_snapshots *snapshots = &control->worker_snapshots[worker];
    const struct io_statistics *now = &snapshots->now;
    const struct io_statistics *before = snapshots->count > 1 ? &snapshots->before : &none;
    struct control_load load = load_of(now, before, &control->backlogs[worker]);
    load.silent_us = watch->heard_us ? now->at_us - watch->heard_us : 0;
    watch->heard_us = now->at_us;
    watch->server = server_of(now, before, &load);
    judge(control, worker, &load);
}

void control_load_on_second(struct control *control, int64_t now_us)
{
    for (unsigned i = 0; i < control->config.worker_count; i++) {
        struct control_worker_watch *watch = &control->watches[i];
        if (control->registry.load[i] == 0 || watch->heard_us == 0)
            watch->heard_us = now_us;
        struct control_load load = {.silent_us = now_us - watch->heard_us};
        /* With nobody and nothing to tell: a good second. */
        bool is_idle = control->registry.load[i] == 0 &&
                       now_us - control->worker_snapshots[i].now.at_us > IDLE_US;
        if (is_idle || load.silent_us >= CONTROL_OVERLOAD_SILENCE_US)
            judge(control, i, &load);
    }
}
