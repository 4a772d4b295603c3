/* Written by printf: all keys are ours and all values numbers. */
#include "bench/emulator/tally.h"

#include <inttypes.h>

static const char *const names[] = {"up", "down"};

void tally_offer(struct tally_way *way, const struct link_passage *passage, size_t bytes)
{
    way->offered_packets++;
    way->offered_bytes += bytes;
    way->lost_packets += passage->fate == LINK_LOST;
    way->dropped_packets += passage->fate == LINK_OVERFLOWED;
    if (passage->copies > 1)
        way->copies += passage->copies - 1;
    if (passage->fate != LINK_OVERFLOWED)
        bubbles_histogram_add(&way->queue, passage->queue_us);
}

void tally_deliver(struct tally_way *way, size_t bytes, int64_t late_us)
{
    way->delivered_packets++;
    way->delivered_bytes += bytes;
    bubbles_histogram_add(&way->late, late_us);
}

static double percentile_ms(const struct bubbles_histogram *histogram, double share)
{
    return histogram->count ? (double)bubbles_histogram_percentile(histogram, share) / 1000 : 0;
}

/* A second's worth. */
static void print_way(const struct tally_way *way, const char *name, FILE *out)
{
    fprintf(out, "  %s %5.2f of %5.2f Mbps, queue %3.0f/%3.0f/%3.0f ms", name,
            (double)way->delivered_bytes * 8e-6, (double)way->offered_bytes * 8e-6,
            percentile_ms(&way->queue, 0.5), percentile_ms(&way->queue, 0.95),
            percentile_ms(&way->queue, 1));
    if (way->dropped_packets || way->lost_packets)
        fprintf(out, ", dropped %" PRIu64 ", lost %" PRIu64, way->dropped_packets,
                way->lost_packets);
}

void tally_print(const struct tally *tally, unsigned second, double script_s, FILE *out)
{
    fprintf(out, "%4u s (script %.0f)", second, script_s);
    for (int i = LINK_UP; i <= LINK_DOWN; i++)
        print_way(&tally->ways[i], names[i], out);
    fputc('\n', out);
}

static void write_way(const struct tally_way *way, const char *name, FILE *out)
{
    fprintf(out,
            ", \"%s\": {\"offered_packets\": %" PRIu64 ", \"offered_bytes\": %" PRIu64
            ", \"delivered_packets\": %" PRIu64 ", \"delivered_bytes\": %" PRIu64
            ", \"lost_packets\": %" PRIu64 ", \"dropped_packets\": %" PRIu64
            ", \"copies\": %" PRIu64,
            name, way->offered_packets, way->offered_bytes, way->delivered_packets,
            way->delivered_bytes, way->lost_packets, way->dropped_packets, way->copies);
    fprintf(out,
            ", \"queue_p50_ms\": %.2f, \"queue_p95_ms\": %.2f, \"queue_max_ms\": %.2f"
            ", \"late_p95_ms\": %.2f, \"late_max_ms\": %.2f}",
            percentile_ms(&way->queue, 0.5), percentile_ms(&way->queue, 0.95),
            percentile_ms(&way->queue, 1), percentile_ms(&way->late, 0.95),
            percentile_ms(&way->late, 1));
}

void tally_write_json(const struct tally *tally, unsigned second, double script_s,
                      double duration_s, FILE *out)
{
    if (second)
        fprintf(out, "{\"second\": %u, \"script_s\": %.3f", second, script_s);
    else
        fputs("{\"total\": true", out);
    fprintf(out, ", \"duration_s\": %.3f", duration_s);
    for (int i = LINK_UP; i <= LINK_DOWN; i++)
        write_way(&tally->ways[i], names[i], out);
    fputs("}\n", out);
    fflush(out);
}
