/*
 * iris-bench floor: loads through the minimal forwarding loop. A batch's packets are sealed by
 * their source and put into the loop's socket before the clock starts; then the loop is woken as
 * often as the load says. Receivers open what arrives: all of the first batch, one of 16 after.
 */
#include "bench/floor_forward.h"
#include "bench/bench.h"
#include "rtp/bytes.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Packets out of a batch, at least; they wait in the receivers' sockets. */
#define BATCH_FORWARDED 1024
#define BATCH_RECEIVED  1024               /* in, at most: what the socket holds */
#define GOLDEN          0.6180339887498949 /* spreads frames evenly, in an order without a period */
#define RECEIVE_BYTES   (8 << 20)
#define OPEN_ONE_OF     16
#define OUT_SSRC        1

/* What the sink's thread needs to open: owned by the bench, used by that thread only. */
struct checker {
    struct transport_srtp_receiver **receivers;
    uint64_t *indices; /* datagrams that came, by receiver */
    atomic_bool is_thorough;
};

struct cell {
    const struct floor_load *load;
    struct floor_sink *sink;
    struct checker checker;
    struct floor_receiver *receivers; /* owned */
    struct transport_srtp_sender *source;
    struct transport_srtp_receiver *opener;
    uint64_t source_index;
    uint32_t frame; /* counted over all batches */
    unsigned batches, split_count;
    double split[FLOOR_PHASES][FLOOR_ROUNDS_MAX];
};

struct bench {
    struct transport_aead_context *own, *theirs; /* a context a thread */
    int feeder, fd, epoll;
    struct sockaddr_in address;
    struct floor_loop loop;
    struct cell cells[FLOOR_LOADS_MAX][FLOOR_COLUMNS_MAX];
};

static struct transport_srtp_keys keys_of(unsigned number)
{
    struct transport_srtp_keys keys = {.profile = TRANSPORT_SRTP_AEAD_AES_128_GCM};

    for (unsigned i = 0; i < sizeof(keys.key); i++)
        keys.key[i] = (uint8_t)(11 * i + number);
    memset(keys.salt, (int)(number >> 8) + 1, sizeof(keys.salt));
    return keys;
}

static uint8_t byte_of(uint32_t timestamp, size_t at)
{
    return (uint8_t)(timestamp + at * 3);
}

/* Runs in the sink's thread. */
static bool is_as_sent(void *context, unsigned socket, uint8_t *data, size_t len)
{
    struct checker *checker = context;
    uint64_t number = checker->indices[socket];
    int clear;

    if (len < FLOOR_OUT_HEADER + TRANSPORT_AEAD_TAG_BYTES ||
        rtp_bytes_get16(data + 2) != (uint16_t)number)
        return false;
    checker->indices[socket]++;
    if (!atomic_load(&checker->is_thorough) && number % OPEN_ONE_OF)
        return true;
    clear = transport_srtp_open_rtp(checker->receivers[socket], data, len);
    if (clear != (int)len - TRANSPORT_AEAD_TAG_BYTES)
        return false;
    for (size_t at = FLOOR_OUT_HEADER; at < (size_t)clear; at++)
        if (data[at] != byte_of(rtp_bytes_get32(data + 4), at - FLOOR_OUT_HEADER))
            return false;
    return true;
}

static int open_cell(struct bench *bench, struct cell *cell, enum floor_sink_kind kind)
{
    unsigned count = cell->load->participants;
    struct transport_srtp_keys keys = keys_of(FLOOR_FORWARD_RECEIVERS);

    cell->receivers = calloc(count, sizeof(*cell->receivers));
    cell->checker.receivers = calloc(count, sizeof(struct transport_srtp_receiver *));
    cell->checker.indices = calloc(count, sizeof(uint64_t));
    cell->source = transport_srtp_sender_create(bench->own, &keys);
    cell->opener = transport_srtp_receiver_create(bench->own, &keys);
    if (!cell->receivers || !cell->checker.receivers || !cell->checker.indices || !cell->source ||
        !cell->opener)
        return -1;
    cell->sink = floor_sink_create(kind, count, is_as_sent, &cell->checker);
    for (unsigned i = 0; cell->sink && i < count; i++) {
        keys = keys_of(i);
        cell->receivers[i].address = *floor_sink_address(cell->sink, i);
        cell->receivers[i].sender = transport_srtp_sender_create(bench->own, &keys);
        cell->checker.receivers[i] = transport_srtp_receiver_create(bench->theirs, &keys);
        if (!cell->receivers[i].sender || !cell->checker.receivers[i])
            return -1;
    }
    return cell->sink ? 0 : -1;
}

static void close_cell(struct cell *cell)
{
    floor_sink_destroy(cell->sink); /* first, for its thread uses the checker */
    for (unsigned i = 0; cell->load && i < cell->load->participants; i++) {
        if (cell->receivers)
            transport_srtp_sender_destroy(cell->receivers[i].sender);
        if (cell->checker.receivers)
            transport_srtp_receiver_destroy(cell->checker.receivers[i]);
    }
    transport_srtp_sender_destroy(cell->source);
    transport_srtp_receiver_destroy(cell->opener);
    free(cell->receivers);
    free(cell->checker.receivers);
    free(cell->checker.indices);
}

static int open_bench(struct bench *bench, const struct floor_load *loads, unsigned load_count)
{
    static const enum floor_sink_kind kinds[] = {FLOOR_SINK_LATER, FLOOR_SINK_LATER,
                                                 FLOOR_SINK_MEANWHILE, FLOOR_SINK_GRO};
    struct sockaddr_in own;
    struct epoll_event event = {.events = EPOLLIN};
    int discovery = IP_PMTUDISC_DO;

    memset(bench, 0, sizeof(*bench));
    bench->own = transport_aead_context_create(TRANSPORT_AEAD_AUTO);
    bench->theirs = transport_aead_context_create(TRANSPORT_AEAD_AUTO);
    bench->feeder = floor_socket(&own, 1 << 16);
    bench->fd = floor_socket(&bench->address, RECEIVE_BYTES);
    bench->epoll = epoll_create1(0);
    if (!bench->own || !bench->theirs || bench->feeder < 0 || bench->fd < 0 || bench->epoll < 0 ||
        epoll_ctl(bench->epoll, EPOLL_CTL_ADD, bench->fd, &event))
        return -1;
    setsockopt(bench->fd, IPPROTO_IP, IP_MTU_DISCOVER, &discovery, sizeof(discovery));
    for (unsigned row = 0; row < load_count; row++) {
        for (unsigned column = 0; column < FLOOR_COLUMNS_MAX; column++) {
            struct cell *cell = &bench->cells[row][column];

            cell->load = &loads[row];
            if (open_cell(bench, cell, kinds[column]))
                return -1;
        }
    }
    return 0;
}

static void close_bench(struct bench *bench, unsigned load_count)
{
    for (unsigned row = 0; row < load_count; row++)
        for (unsigned column = 0; column < FLOOR_COLUMNS_MAX; column++)
            close_cell(&bench->cells[row][column]);
    close(bench->feeder);
    close(bench->fd);
    close(bench->epoll);
    transport_aead_context_destroy(bench->own);
    transport_aead_context_destroy(bench->theirs);
}

/* A frame of the source into the loop's socket. */
static int feed_frame(struct bench *bench, struct cell *cell, const struct floor_send *send)
{
    size_t clear = send->bytes - TRANSPORT_AEAD_TAG_BYTES - FLOOR_OUT_HEADER + FLOOR_SOURCE_HEADER;
    uint8_t data[FLOOR_DATAGRAM_BYTES];
    uint32_t timestamp = cell->frame * 3000;

    for (unsigned i = 0; i < send->packets; i++, cell->source_index++) {
        int len;

        data[0] = 0x80;
        data[1] = (uint8_t)(96 | (i + 1 == send->packets ? 0x80 : 0));
        rtp_bytes_put16(data + 2, (uint16_t)cell->source_index);
        rtp_bytes_put32(data + 4, timestamp);
        rtp_bytes_put32(data + 8, OUT_SSRC);
        for (size_t at = FLOOR_SOURCE_HEADER; at < clear; at++)
            data[at] = byte_of(timestamp, at - FLOOR_SOURCE_HEADER);
        len = transport_srtp_seal_rtp(cell->source, data, clear, FLOOR_SOURCE_HEADER,
                                      cell->source_index);
        if (len < 0 || sendto(bench->feeder, data, (size_t)len, 0,
                              (struct sockaddr *)&bench->address, sizeof(bench->address)) != len)
            return -1;
    }
    return 0;
}

/* Frames by the load's weights; wakes: how many datagrams each wake-up shall take. */
static int feed(struct bench *bench, struct cell *cell, unsigned *wakes)
{
    unsigned received = 0, count = 0, waiting = 0;

    while (received + FLOOR_SEGMENTS_MAX <= BATCH_RECEIVED &&
           received * cell->load->receivers < BATCH_FORWARDED) {
        double at = cell->frame * GOLDEN;
        const struct floor_send *send = floor_load_pick(cell->load, at - (double)(uint64_t)at);

        if (feed_frame(bench, cell, send))
            return -1;
        cell->frame++;
        received += send->packets;
        waiting += send->packets;
        if (waiting >= cell->load->wake) {
            wakes[count++] = waiting;
            waiting = 0;
        }
    }
    if (waiting)
        wakes[count++] = waiting;
    return (int)count;
}

static void prepare_loop(struct bench *bench, struct cell *cell, unsigned column)
{
    struct floor_loop *loop = &bench->loop;

    loop->fd = bench->fd;
    loop->epoll = bench->epoll;
    loop->may_segment = column != FLOOR_COLUMN_SINGLE;
    loop->source = cell->opener;
    loop->receivers = cell->receivers;
    loop->receiver_count = cell->load->participants;
    loop->fan_out = cell->load->receivers;
    loop->owed = 0;
    loop->next_receiver = cell->frame % cell->load->participants;
    loop->forwarded = loop->send_errors = loop->open_errors = 0;
}

/* A batch: fed, forwarded, arrived. */
static int run_once(struct bench *bench, struct cell *cell, unsigned column, bool has_watch,
                    double *ns)
{
    struct floor_loop *loop = &bench->loop;
    unsigned wakes[BATCH_RECEIVED];
    uint64_t start_ns;
    int count = feed(bench, cell, wakes);

    prepare_loop(bench, cell, column);
    floor_stopwatch_start(&loop->watch, has_watch);
    floor_sink_begin(cell->sink);
    start_ns = bench_cpu_ns();
    for (int i = 0; i < count; i++)
        if (floor_loop_wake(loop, wakes[i]))
            count = -1;
    if (count < 0 || loop->send_errors || loop->open_errors) {
        fprintf(stderr, "iris-bench: %s: a packet was not received, opened or sent\n",
                cell->load->name);
        return -1;
    }
    *ns = (double)(bench_cpu_ns() - start_ns) / (double)loop->forwarded;
    return floor_sink_settle(cell->sink, loop->forwarded);
}

static void keep_split(struct cell *cell, const struct floor_stopwatch *watch)
{
    double total = 0;

    for (unsigned phase = 0; phase < FLOOR_PHASES; phase++)
        total += (double)watch->ns[phase];
    for (unsigned phase = 0; phase < FLOOR_PHASES; phase++)
        cell->split[phase][cell->split_count] = (double)watch->ns[phase] / total;
    cell->split_count += cell->split_count + 1 < FLOOR_ROUNDS_MAX;
}

/* One batch by the CPU's clock, and one by the stopwatch, which is only asked for shares. */
static int run_batch(void *context, unsigned row, unsigned column, double *ns)
{
    struct bench *bench = context;
    struct cell *cell = &bench->cells[row][column];
    double unused;

    atomic_store(&cell->checker.is_thorough, cell->batches++ == 0);
    if (run_once(bench, cell, column, false, ns) || run_once(bench, cell, column, true, &unused))
        return -1;
    keep_split(cell, &bench->loop.watch);
    return 0;
}

static void set_shares(struct cell *cell, double *share)
{
    double total = 0;

    for (unsigned phase = 0; phase < FLOOR_PHASES && cell->split_count; phase++) {
        share[phase] = bench_median(cell->split[phase], cell->split_count);
        total += share[phase];
    }
    for (unsigned phase = 0; phase < FLOOR_PHASES && cell->split_count; phase++)
        share[phase] /= total;
}

int floor_measure_forward(struct floor_section *section, const struct floor_load *loads,
                          unsigned load_count, double seconds, struct floor_split *split)
{
    static struct bench bench;
    int result = open_bench(&bench, loads, load_count);

    section->key = "forward";
    section->title = "The floor: a minimal forwarding loop, by load, a forwarded packet";
    section->column_count = FLOOR_COLUMNS_MAX;
    section->columns[FLOOR_COLUMN_SEGMENT] = "UDP_SEGMENT";
    section->columns[FLOOR_COLUMN_SINGLE] = "sendmmsg";
    section->columns[FLOOR_COLUMN_MEANWHILE] = "read meanwhile";
    section->columns[FLOOR_COLUMN_GRO] = "by UDP_GRO";
    section->row_count = load_count;
    for (unsigned i = 0; i < load_count; i++)
        snprintf(section->rows[i], sizeof(section->rows[i]), "%s", loads[i].name);
    if (result)
        fputs("iris-bench: the forwarding loop cannot be set up here\n", stderr);
    else
        result = floor_section_run(section, seconds, run_batch, &bench);
    for (unsigned row = 0; row < load_count; row++)
        for (unsigned column = 0; column < FLOOR_COLUMNS_MAX; column++)
            set_shares(&bench.cells[row][column], split->share[row][column]);
    close_bench(&bench, load_count);
    return result;
}
