/* Text and JSON. */
#include "bench/bubbles/report.h"

#include <inttypes.h>
#include <jansson.h>

#define MS(us) ((double)(us) / 1000)

static const char *const kind_names[BUBBLES_KINDS] = {
    [BUBBLES_VOICE] = "voice", [BUBBLES_CAMERA] = "camera", [BUBBLES_SHARED_SCREEN] = "screen"};
/* facts.md: what one participant may send. */
static const unsigned contract_kbps[BUBBLES_KINDS] = {
    [BUBBLES_VOICE] = 100, [BUBBLES_CAMERA] = 500, [BUBBLES_SHARED_SCREEN] = 800};
#define CONTRACT_DOWN_KBPS 2800

uint64_t bubbles_result_forwarded(const struct bubbles_result *result)
{
    uint64_t sum = 0;
    for (unsigned kind = 0; kind < BUBBLES_KINDS; kind++)
        sum += result->totals->received[kind].packets;
    return sum;
}

static double cpu_s(const struct bubbles_usage *begin, const struct bubbles_usage *end)
{
    return end->cpu_s - begin->cpu_s;
}

double bubbles_result_idle_share(const struct bubbles_result *result)
{
    double idle_s = result->options->idle_s;
    if (!result->has_server || idle_s <= 0)
        return 0;
    return cpu_s(&result->idle_begin, &result->idle_end) / idle_s;
}

double bubbles_result_cpu_us(const struct bubbles_result *result)
{
    uint64_t forwarded = bubbles_result_forwarded(result);
    if (!result->has_server || forwarded == 0)
        return -1;
    double used_s = cpu_s(&result->server_begin, &result->server_end) -
                    bubbles_result_idle_share(result) * result->duration_s;
    return used_s * 1e6 / (double)forwarded;
}

double bubbles_result_rss_bytes(const struct bubbles_result *result)
{
    if (!result->has_server || result->live == 0)
        return 0;
    return ((double)result->server_end.rss_bytes - (double)result->server_idle.rss_bytes) /
           result->live;
}

static double mean_bps(const struct bubbles_sent_total *sent)
{
    return sent->sender_s > 0 ? (double)sent->bytes * 8 / sent->sender_s : 0;
}

static double mean_video_bps(const struct bubbles_totals *totals)
{
    return totals->receiver_s > 0 ? totals->video_bytes * 8 / totals->receiver_s : 0;
}

static double mean_psnr(const struct bubbles_verdicts *verdicts)
{
    return verdicts->pictures ? verdicts->psnr_sum_db / (double)verdicts->pictures : 0;
}

/* Of the server's own times, those between the readings; histograms hold them to an eighth. */
static double forwarding_ms(const struct bubbles_result *result, double share)
{
    return MS(io_delay_percentile_us(&result->workers.delay, share));
}

/* ---- text ---- */

static void print_times(FILE *out, const char *name, const struct bubbles_histogram *histogram)
{
    if (histogram->count == 0) {
        fprintf(out, "  %-26s         -\n", name);
        return;
    }
    fprintf(out, "  %-26s %9.2f %9.2f %9.2f %9.2f %9" PRIu64 "\n", name,
            MS(bubbles_histogram_percentile(histogram, 0.50)),
            MS(bubbles_histogram_percentile(histogram, 0.95)),
            MS(bubbles_histogram_percentile(histogram, 0.99)), MS(histogram->max_us),
            histogram->count);
}

static void print_forwarding(FILE *out, const struct bubbles_result *result)
{
    if (!result->has_workers || result->workers.delay.count == 0)
        fprintf(out, "  %-26s         - (--operations is not reached)\n", "in the server");
    else
        fprintf(out, "  %-26s %9.2f %9.2f %9.2f %9.2f %9" PRIu64 "\n", "in the server",
                forwarding_ms(result, 0.50), forwarding_ms(result, 0.95),
                forwarding_ms(result, 0.99), forwarding_ms(result, 1), result->workers.delay.count);
}

static void print_all_times(FILE *out, const struct bubbles_result *result)
{
    const struct bubbles_totals *totals = result->totals;
    const struct bubbles_joins *joins = &totals->joins;
    fprintf(out, "\n  %-26s %9s %9s %9s %9s %9s\n", "time [ms]", "p50", "p95", "p99", "max",
            "count");
    print_times(out, "join: signalling", &joins->signalling);
    print_times(out, "join: ICE", &joins->ice);
    print_times(out, "join: DTLS", &joins->dtls);
    print_times(out, "join to first picture", &joins->first_picture);
    print_times(out, "join to first voice", &joins->first_voice);
    print_times(out, "through the server", &totals->transit);
    print_forwarding(out, result);
    print_times(out, "capture to decoded picture", &totals->verdicts.delay);
    print_times(out, "lateness of this generator", &totals->lateness);
}

static void print_received(FILE *out, const struct bubbles_result *result)
{
    fprintf(out, "\n  %-8s %9s %10s %8s %9s %8s %8s %8s %7s %6s\n", "received", "packets/s",
            "kbit/s", "lost %", "unrepaired", "frames/s", "freezes", "frozen s", "NACKs", "PLIs");
    for (unsigned kind = 0; kind < BUBBLES_KINDS; kind++) {
        const struct bubbles_received *r = &result->totals->received[kind];
        fprintf(out,
                "  %-8s %9.0f %10.0f %8.3f %10" PRIu64 " %8.0f %8" PRIu64 " %8.1f %7" PRIu64
                " %6" PRIu64 "\n",
                kind_names[kind], (double)r->packets / result->duration_s,
                (double)r->bytes * 8 / 1000 / result->duration_s,
                r->expected ? 100.0 * (double)r->lost / (double)r->expected : 0, r->unrepaired,
                (double)r->frames / result->duration_s, r->freezes, (double)r->frozen_us / 1e6,
                r->nacks, r->plis);
    }
}

static void print_contract(FILE *out, const struct bubbles_result *result)
{
    const struct bubbles_totals *totals = result->totals;
    fprintf(out, "\n  %-34s %8s %8s %8s\n", "rate of one, RTP payload [kbit/s]", "mean", "max",
            "contract");
    for (unsigned kind = 0; kind < BUBBLES_KINDS; kind++) {
        const struct bubbles_sent_total *sent = &totals->sent[kind];
        if (sent->senders > 0)
            fprintf(out, "  sends %-28s %8.0f %8.0f %8u\n", kind_names[kind], mean_bps(sent) / 1000,
                    sent->max_bps / 1000, contract_kbps[kind]);
    }
    if (totals->receiver_s > 0)
        fprintf(out, "  receives video %-19s %8.0f %8.0f %8u\n", "", mean_video_bps(totals) / 1000,
                totals->max_video_bps / 1000, CONTRACT_DOWN_KBPS);
}

static void print_server(FILE *out, const struct bubbles_result *result)
{
    double cpu = cpu_s(&result->server_begin, &result->server_end);
    if (!result->has_server) {
        fputs("\n  the server's CPU time and memory: unknown (--server-pid)\n", out);
        return;
    }
    fprintf(out,
            "\n  server: %.1f %% of a core (%.1f user, %.1f system), %.2f us CPU a forwarded "
            "packet\n  server: %.1f MB RSS, %.0f KB a participant, %u threads\n",
            100 * cpu / result->duration_s,
            100 * (result->server_end.user_s - result->server_begin.user_s) / result->duration_s,
            100 * (result->server_end.system_s - result->server_begin.system_s) /
                result->duration_s,
            bubbles_result_cpu_us(result), (double)result->server_end.rss_bytes / 1e6,
            bubbles_result_rss_bytes(result) / 1024, result->server_end.threads);
}

static void print_verdicts(FILE *out, const struct bubbles_result *result)
{
    const struct bubbles_totals *totals = result->totals;
    const struct bubbles_verdicts *v = &totals->verdicts;
    fprintf(out,
            "\n  every receiver: %" PRIu64 " frames or voices that their track never sent, %" PRIu64
            " datagrams not opened\n",
            totals->wrong_frames, totals->not_opened);
    if (result->options->verify == 0)
        return;
    fprintf(out,
            "  decoded by %u: %" PRIu64 " pictures (%" PRIu64 " wrong, %" PRIu64
            " unreadable), PSNR %.1f dB (least %.1f); %" PRIu64 " voices (%" PRIu64 " wrong)\n"
            "  %" PRIu64 " not decodable, %" PRIu64 " in a slot not announced, %" PRIu64
            " receivers saw nothing, %" PRIu64 " heard nothing\n",
            result->options->verify, v->pictures, v->wrong_pictures, v->unreadable, mean_psnr(v),
            v->psnr_min_db, v->voices, v->wrong_voices, v->undecodable, v->wrong_slots, v->blind,
            v->deaf);
}

void bubbles_report_text(FILE *out, const struct bubbles_result *result)
{
    const struct bubbles_options *options = result->options;
    const struct bubbles_joins *joins = &result->totals->joins;
    fprintf(out, "%s: %u rooms of %u, %u talk at a time, %.1f s; SRTP AEAD by %s\n",
            bubbles_profile_name(options->profile), options->rooms, options->participants,
            options->speakers, result->duration_s, result->aead);
    fprintf(out, "  joins: %u, %u live, %u failed, %u lost, %u left and were replaced\n",
            joins->attempted, joins->succeeded, joins->failed, joins->lost, joins->left);
    if (joins->problem[0])
        fprintf(out, "  first problem: %s\n", joins->problem);
    print_all_times(out, result);
    print_received(out, result);
    print_contract(out, result);
    print_server(out, result);
    fprintf(out, "  generator: %.1f %% of a core; dropped by its kernel: %" PRIu64 " datagrams\n",
            100 * cpu_s(&result->own_begin, &result->own_end) / result->duration_s,
            result->net->overflowed);
    print_verdicts(out, result);
    fprintf(out, "\n%s\n", result->is_right ? "all right" : "WRONG: see above");
}

/* ---- JSON ---- */

static json_t *json_times(const struct bubbles_histogram *histogram)
{
    if (histogram->count == 0)
        return json_null();
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:I}", "p50_ms",
                     MS(bubbles_histogram_percentile(histogram, 0.50)), "p95_ms",
                     MS(bubbles_histogram_percentile(histogram, 0.95)), "p99_ms",
                     MS(bubbles_histogram_percentile(histogram, 0.99)), "mean_ms",
                     bubbles_histogram_mean(histogram) / 1000, "max_ms", MS(histogram->max_us),
                     "count", (json_int_t)histogram->count);
}

static json_t *json_forwarding(const struct bubbles_result *result)
{
    if (!result->has_workers || result->workers.delay.count == 0)
        return json_null();
    return json_pack("{s:f, s:f, s:f, s:I}", "p50_ms", forwarding_ms(result, 0.50), "p95_ms",
                     forwarding_ms(result, 0.95), "p99_ms", forwarding_ms(result, 0.99), "count",
                     (json_int_t)result->workers.delay.count);
}

/* [packets of a send, bytes of them together, how many such sends]; null: unknown. */
static json_t *json_sends(const struct bubbles_result *result)
{
    if (!result->has_workers)
        return json_null();
    json_t *list = json_array();
    for (unsigned i = 0; i < IO_SEGMENTS_MAX; i++)
        for (unsigned size = 0; size < IO_SEND_SIZES; size++) {
            const struct io_send *send = &result->workers.sends[i][size];
            if (send->count)
                json_array_append_new(list,
                                      json_pack("[i, I, I]", (int)i + 1, (json_int_t)send->bytes,
                                                (json_int_t)send->count));
        }
    return list;
}

static json_t *json_joins(const struct bubbles_joins *joins)
{
    return json_pack("{s:i, s:i, s:i, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:s}", "attempted",
                     joins->attempted, "succeeded", joins->succeeded, "failed", joins->failed,
                     "lost", joins->lost, "left", joins->left, "signalling",
                     json_times(&joins->signalling), "ice", json_times(&joins->ice), "dtls",
                     json_times(&joins->dtls), "first_picture", json_times(&joins->first_picture),
                     "first_voice", json_times(&joins->first_voice), "problem", joins->problem);
}

static json_t *json_received(const struct bubbles_received *r, double duration_s)
{
    return json_pack("{s:I, s:I, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:I}", "packets",
                     (json_int_t)r->packets, "bytes", (json_int_t)r->bytes, "bps",
                     (double)r->bytes * 8 / duration_s, "expected", (json_int_t)r->expected, "lost",
                     (json_int_t)r->lost, "unrepaired", (json_int_t)r->unrepaired, "rtx_packets",
                     (json_int_t)r->rtx_packets, "frames", (json_int_t)r->frames, "key_frames",
                     (json_int_t)r->key_frames, "freezes", (json_int_t)r->freezes, "frozen_s",
                     (double)r->frozen_us / 1e6, "nacks", (json_int_t)r->nacks, "plis",
                     (json_int_t)r->plis);
}

static json_t *json_sent(const struct bubbles_sent_total *sent, unsigned kind)
{
    return json_pack("{s:i, s:I, s:f, s:f, s:i, s:I, s:I}", "senders", sent->senders, "packets",
                     (json_int_t)sent->packets, "mean_bps", mean_bps(sent), "max_bps",
                     sent->max_bps, "contract_bps", contract_kbps[kind] * 1000, "key_frames",
                     (json_int_t)sent->key_frames, "retransmitted",
                     (json_int_t)sent->retransmitted);
}

static json_t *json_server(const struct bubbles_result *result)
{
    if (!result->has_server)
        return json_null();
    return json_pack(
        "{s:i, s:f, s:f, s:f, s:f, s:I, s:I, s:f, s:i}", "pid", (int)result->options->server_pid,
        "user_s", result->server_end.user_s - result->server_begin.user_s, "system_s",
        result->server_end.system_s - result->server_begin.system_s, "cpu_us_per_packet",
        bubbles_result_cpu_us(result), "idle_share", bubbles_result_idle_share(result), "rss_bytes",
        (json_int_t)result->server_end.rss_bytes, "rss_idle_bytes",
        (json_int_t)result->server_idle.rss_bytes, "rss_bytes_per_participant",
        bubbles_result_rss_bytes(result), "threads", (int)result->server_end.threads);
}

static json_t *json_verdicts(const struct bubbles_verdicts *v, unsigned receivers)
{
    return json_pack("{s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:o}",
                     "receivers", (int)receivers, "pictures", (json_int_t)v->pictures,
                     "wrong_pictures", (json_int_t)v->wrong_pictures, "unreadable",
                     (json_int_t)v->unreadable, "undecodable", (json_int_t)v->undecodable, "voices",
                     (json_int_t)v->voices, "wrong_voices", (json_int_t)v->wrong_voices,
                     "wrong_slots", (json_int_t)v->wrong_slots, "blind", (json_int_t)v->blind,
                     "deaf", (json_int_t)v->deaf, "psnr_mean_db", mean_psnr(v), "psnr_min_db",
                     v->psnr_min_db, "capture_to_picture", json_times(&v->delay));
}

static json_t *json_seconds(const struct bubbles_result *result)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < result->second_count; i++) {
        const struct bubbles_second *second = &result->seconds[i];
        json_array_append_new(
            list, json_pack("{s:f, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "at_s",
                            second->at_s, "live", (int)second->live, "received_bps",
                            second->received_bps, "received_pps", second->received_pps, "sent_pps",
                            second->sent_pps, "server_cpu", second->server_cpu, "own_cpu",
                            second->own_cpu, "server_rss_bytes", second->server_rss_bytes,
                            "transit_p99_ms", second->transit_p99_ms, "freezes", second->freezes));
    }
    return list;
}

int bubbles_report_json(FILE *out, const struct bubbles_result *result)
{
    const struct bubbles_options *options = result->options;
    const struct bubbles_totals *totals = result->totals;
    json_t *received = json_object(), *sent = json_object();
    for (unsigned kind = 0; kind < BUBBLES_KINDS; kind++) {
        json_object_set_new(received, kind_names[kind],
                            json_received(&totals->received[kind], result->duration_s));
        json_object_set_new(sent, kind_names[kind], json_sent(&totals->sent[kind], kind));
    }
    json_t *root = json_pack(
        "{s:s, s:b, s:s, s:i, s:i, s:i, s:i, s:f, s:f, s:s, s:o, s:I, s:o, s:o, s:o}", "bench",
        "bubbles", "right", result->is_right, "profile", bubbles_profile_name(options->profile),
        "rooms", (int)options->rooms, "participants", (int)options->participants, "live",
        (int)result->live, "speakers", (int)options->speakers, "churn", options->churn,
        "duration_s", result->duration_s, "aead", result->aead, "joins", json_joins(&totals->joins),
        "forwarded_packets", (json_int_t)bubbles_result_forwarded(result), "transit",
        json_times(&totals->transit), "received", received, "sent", sent);
    json_t *rest = json_pack(
        "{s:o, s:o, s:f, s:f, s:o, s:o, s:I, s:I, s:{s:f, s:I, s:o}, s:o}", "forwarding",
        json_forwarding(result), "sends", json_sends(result), "max_video_bps",
        totals->max_video_bps, "mean_video_bps", mean_video_bps(totals), "server",
        json_server(result), "verify", json_verdicts(&totals->verdicts, options->verify),
        "wrong_frames", (json_int_t)totals->wrong_frames, "not_opened",
        (json_int_t)totals->not_opened, "generator", "cpu_s",
        cpu_s(&result->own_begin, &result->own_end), "dropped", (json_int_t)result->net->overflowed,
        "lateness", json_times(&totals->lateness), "seconds", json_seconds(result));
    int error = root && rest ? json_object_update(root, rest) : -1;
    if (!error)
        error = json_dumpf(root, out, JSON_INDENT(1) | JSON_REAL_PRECISION(7));
    fputc('\n', out);
    json_decref(root);
    json_decref(rest);
    return error || ferror(out) ? -1 : 0;
}
