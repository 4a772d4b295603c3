/* The newest messages, looked at from the last one back. */
#include "bwe/received_rate.h"

#include <math.h>
#include <string.h>

#define SPAN_US       80000
#define SPAN_BYTES    5000
#define BUSY_MS       10.0 /* of queue: more than jitter */
#define BUSY_LEAST_MS 5.0  /* and in between it was never empty */
#define BUSY_MIN_US   40000

static double rate_bps(uint64_t bytes, int64_t span_us)
{
    return 8e6 * (double)bytes / (double)span_us;
}

/* That of the bottleneck, however little was sent before. */
static double busy_bps(const struct bwe_received_rate *received)
{
    const struct bwe_mark *marks = received->marks;
    unsigned newest = received->mark_count - 1U;
    uint64_t bytes = 0;
    int64_t span_us = 0;
    for (unsigned i = newest;
         i > 0 && marks[i].queue_ms > BUSY_MS && marks[i].least_ms > BUSY_LEAST_MS &&
         marks[i - 1].queue_ms > BUSY_MS && span_us < SPAN_US;
         i--) {
        bytes += marks[i].bytes;
        span_us = marks[newest].arrival_us - marks[i - 1].arrival_us;
    }
    return span_us >= BUSY_MIN_US ? rate_bps(bytes, span_us) : 0;
}

static void keep(struct bwe_received_rate *received, const struct bwe_mark *mark)
{
    if (received->mark_count == BWE_FEEDBACK_MARKS) {
        memmove(received->marks, received->marks + 1,
                (BWE_FEEDBACK_MARKS - 1) * sizeof(*received->marks));
        received->mark_count--;
    }
    received->marks[received->mark_count++] = *mark;
}

void bwe_received_rate_add(struct bwe_received_rate *received, const struct bwe_mark *mark)
{
    const struct bwe_mark *marks = received->marks;
    uint64_t bytes = 0;
    int64_t span_us = 0, sent_us = 0;
    keep(received, mark);
    received->busy_bps = busy_bps(received);
    for (unsigned i = received->mark_count - 1U; i > 0; i--) {
        bytes += marks[i].bytes;
        span_us = mark->arrival_us - marks[i - 1].arrival_us;
        sent_us = mark->sent_us - marks[i - 1].sent_us;
        if (span_us >= SPAN_US && bytes >= SPAN_BYTES)
            break;
    }
    if (span_us <= 0)
        return;
    received->estimate_bps = rate_bps(bytes, span_us);
    received->carried = fmin(fmax((double)sent_us / (double)span_us, 0), 1);
}
