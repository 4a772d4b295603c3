/* The node, its workers and its list of rooms, for operators. */
#include "sfu/control/control_internal.h"
#include "sfu/control/report.h"
#include "sfu/control/report_internal.h"

/* [largest time of the bucket, how many], those that are not empty. */
static json_t *delay_buckets(const struct io_delay_histogram *delay)
{
    json_t *buckets = json_array();
    for (unsigned i = 0; i < IO_DELAY_BUCKETS; i++)
        if (delay->buckets[i])
            json_array_append_new(buckets, json_pack("[I, I]", (json_int_t)io_delay_bucket_us(i),
                                                     (json_int_t)delay->buckets[i]));
    return buckets;
}

static json_t *delay_of(const struct io_delay_histogram *delay)
{
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:o}", "count", (json_int_t)delay->count, "sum",
        (json_int_t)delay->sum_us, "p50", (json_int_t)io_delay_percentile_us(delay, 0.50), "p95",
        (json_int_t)io_delay_percentile_us(delay, 0.95), "p99",
        (json_int_t)io_delay_percentile_us(delay, 0.99), "buckets", delay_buckets(delay));
}

/* [packets of a message, their bytes together, how many messages], those that were sent. */
static json_t *sends_of(const struct io_statistics *statistics)
{
    json_t *sends = json_array();
    for (unsigned packets = 1; packets <= IO_SEGMENTS_MAX; packets++)
        for (unsigned size = 0; size < IO_SEND_SIZES; size++) {
            const struct io_send *send = &statistics->sends[packets - 1][size];
            if (send->count)
                json_array_append_new(sends,
                                      json_pack("[I, I, I]", (json_int_t)packets,
                                                (json_int_t)send->bytes, (json_int_t)send->count));
        }
    return sends;
}

json_t *control_report_worker(uint16_t udp_port, const struct control_worker_snapshots *snapshots,
                              int64_t now_us)
{
    const struct core_interval interval = control_worker_interval(snapshots, now_us);
    json_t *object = json_pack("{s:i, s:o, s:o}", "udp_port", (int)udp_port, "delay_us",
                               delay_of(&snapshots->now.delay), "sends", sends_of(&snapshots->now));
    control_report_add(object, &io_statistics_table, &interval);
    return object;
}

json_t *control_report_rooms(const struct control *control, int64_t now_s)
{
    json_t *list = json_array();
    for (const struct control_room *room = control->registry.rooms; room; room = room->next)
        json_array_append_new(list, control_report_room_summary(room, now_s));
    return list;
}

json_t *control_report_workers(const struct control *control)
{
    int64_t now_us = (int64_t)(uv_hrtime() / 1000);
    json_t *list = json_array();
    for (unsigned i = 0; i < control->config.worker_count; i++)
        json_array_append_new(list, control_report_worker(io_worker_port(control->workers[i]),
                                                          &control->worker_snapshots[i], now_us));
    return json_pack("{s:o, s:o}", "node", control_report_node(control), "workers", list);
}

json_t *control_report_rates(const struct control *control, int64_t now_s)
{
    return json_pack("{s:o, s:o}", "node", control_report_node(control), "rooms",
                     control_report_rooms(control, now_s));
}

json_t *control_report_node(const struct control *control)
{
    struct control_node_statistics statistics;
    control_node_statistics_fill(control, &statistics);
    json_t *object = json_pack("{s:s, s:s}", "name", control->config.node_name, "version",
                               control->config.version);
    control_report_add(object, &control_node_table, &(struct core_interval){.now = &statistics});
    return object;
}
