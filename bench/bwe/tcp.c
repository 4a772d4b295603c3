/* Reno and Cubic: see the header. */
#include "bench/bwe/tcp.h"

#include <math.h>
#include <string.h>

#define PACKET_BYTES   1500
#define WINDOW_FIRST   10
#define WINDOW_MIN     2
#define WINDOW_MAX     2048.0 /* half of the ring */
#define DUPLICATES     3
#define TIMEOUT_MIN_US 1000000 /* RFC 6298 */
#define RENO_BETA      0.5
#define CUBIC_BETA     0.7 /* RFC 9438 */
#define CUBIC_C        0.4
#define FILE_MIN_BYTES 30000
#define FILE_BYTES     20000 /* more, at most */
#define IDLE_MEAN_S    10

static void begin_file(struct bwe_sim_tcp *tcp, int64_t now_us)
{
    tcp->window = WINDOW_FIRST;
    tcp->threshold = WINDOW_MAX;
    tcp->heard_us = now_us;
    tcp->left = UINT64_MAX;
    if (tcp->config.is_short)
        tcp->left =
            (uint64_t)(FILE_MIN_BYTES + FILE_BYTES * bwe_sim_uniform(&tcp->random)) / PACKET_BYTES;
}

static int64_t idle_until(struct bwe_sim_tcp *tcp, int64_t now_us)
{
    return now_us + (int64_t)(1e6 * IDLE_MEAN_S * bwe_sim_exponential(&tcp->random));
}

void bwe_sim_tcp_init(struct bwe_sim_tcp *tcp, const struct bwe_sim_tcp_config *config,
                      uint64_t seed)
{
    int64_t now_us = (int64_t)(config->start_s * 1e6);
    tcp->config = *config;
    tcp->random.state = seed;
    tcp->idle_us = config->starts_idle ? idle_until(tcp, now_us) : now_us;
    begin_file(tcp, tcp->idle_us);
}

static double beta_of(const struct bwe_sim_tcp *tcp)
{
    return tcp->config.is_cubic ? CUBIC_BETA : RENO_BETA;
}

static void reduce(struct bwe_sim_tcp *tcp, int64_t now_us)
{
    tcp->cubic_max = tcp->window;
    tcp->cubic_us = now_us;
    tcp->window = fmax(beta_of(tcp) * tcp->window, WINDOW_MIN);
    tcp->threshold = tcp->window;
    tcp->recover = tcp->next;
}

static void grow(struct bwe_sim_tcp *tcp, int64_t now_us)
{
    if (tcp->window < tcp->threshold) {
        tcp->window += 1;
        return;
    }
    double step = 1 / tcp->window;
    if (tcp->config.is_cubic && tcp->cubic_us > 0) {
        double t = (double)(now_us - tcp->cubic_us) / 1e6;
        double k = cbrt(tcp->cubic_max * (1 - CUBIC_BETA) / CUBIC_C);
        double wanted = CUBIC_C * pow(t - k, 3) + tcp->cubic_max;
        step = fmax(step, fmin((wanted - tcp->window) / tcp->window, 0.5));
    }
    tcp->window = fmin(tcp->window + step, WINDOW_MAX);
}

static void transmit(struct bwe_sim_tcp *tcp, int64_t now_us)
{
    const struct bwe_sim_packet packet = {tcp->index, PACKET_BYTES, BWE_SIM_MEDIA};
    while (tcp->left > 0 && (double)(tcp->next - tcp->head) < tcp->window) {
        struct bwe_sim_passage passage = bwe_sim_link_enter(tcp->link, PACKET_BYTES, now_us);
        bwe_sim_measure_add(tcp->measure, &packet, &passage, now_us);
        tcp->acks_us[tcp->next++ % BWE_SIM_TCP_RING] =
            passage.is_lost ? -1 : passage.depart_us + (int64_t)(2000 * tcp->config.one_way_ms);
        if (tcp->left != UINT64_MAX)
            tcp->left--;
    }
}

/* Send again what was lost. */
static void give_back(struct bwe_sim_tcp *tcp)
{
    if (tcp->left != UINT64_MAX)
        tcp->left++;
}

/* Resolve packets at the head: acknowledged, or lost with three acknowledged after them. */
static void resolve(struct bwe_sim_tcp *tcp, int64_t now_us)
{
    while (tcp->head < tcp->acked) {
        bool is_lost = tcp->acks_us[tcp->head % BWE_SIM_TCP_RING] < 0;
        if (is_lost && tcp->acked < tcp->head + 1 + DUPLICATES)
            return;
        if (!is_lost && tcp->head >= tcp->recover)
            grow(tcp, now_us);
        if (is_lost) {
            give_back(tcp);
            if (tcp->head >= tcp->recover)
                reduce(tcp, now_us);
        }
        tcp->head++;
    }
}

/* The next acknowledgement to come; lost packets have none. */
static uint64_t next_acked(const struct bwe_sim_tcp *tcp)
{
    uint64_t seq = tcp->acked;
    while (seq < tcp->next && tcp->acks_us[seq % BWE_SIM_TCP_RING] < 0)
        seq++;
    return seq;
}

static int64_t timeout_us(const struct bwe_sim_tcp *tcp)
{
    return tcp->heard_us + TIMEOUT_MIN_US;
}

static void time_out(struct bwe_sim_tcp *tcp, int64_t now_us)
{
    for (; tcp->head < tcp->next; tcp->head++)
        give_back(tcp);
    tcp->acked = tcp->head;
    reduce(tcp, now_us);
    tcp->window = 1;
    tcp->heard_us = now_us;
}

int64_t bwe_sim_tcp_next(const struct bwe_sim_tcp *tcp)
{
    int64_t next_us = tcp->idle_us;
    if (tcp->head < tcp->next) {
        uint64_t seq = next_acked(tcp);
        next_us = seq < tcp->next ? tcp->acks_us[seq % BWE_SIM_TCP_RING] : timeout_us(tcp);
    }
    return (double)next_us < tcp->config.end_s * 1e6 ? next_us : INT64_MAX;
}

void bwe_sim_tcp_run(struct bwe_sim_tcp *tcp, int64_t now_us)
{
    if (tcp->head < tcp->next) {
        uint64_t seq = next_acked(tcp);
        if (seq < tcp->next && tcp->acks_us[seq % BWE_SIM_TCP_RING] <= now_us) {
            tcp->acked = seq + 1;
            tcp->heard_us = now_us;
            resolve(tcp, now_us);
        } else if (seq == tcp->next && timeout_us(tcp) <= now_us) {
            time_out(tcp, now_us);
        }
    }
    if (tcp->head == tcp->next && tcp->left == 0) {
        tcp->idle_us = idle_until(tcp, now_us);
        begin_file(tcp, tcp->idle_us);
        return;
    }
    if (now_us >= tcp->idle_us)
        transmit(tcp, now_us);
}
