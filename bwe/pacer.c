/* The pacer: see the header. */
#include "bwe/pacer.h"

#include <string.h>

#define PROBE_WAIT_US   40000  /* for media to probe with */
#define MEDIA_RECENT_US 100000 /* only when some came lately */
#define QUEUE_MS_MAX    60000
/* Video waits for no more than this for what was sent ahead: the rate may have been that of a path
   that is gone. */
#define DEBT_MAX_US 1000000
/* What was not queued makes what is wait for so long at most: at a rate below that of the audio
   alone the wait would grow without end. With 100 ms voices are lost behind video where the path
   carries little more than them: 1.7 % of all that is sent in `recover`, 0.2 % with this. */
#define UNPACED_MAX_US 500000

void bwe_pacer_init(struct bwe_pacer *pacer, struct bwe_paced *ring, size_t count)
{
    memset(pacer, 0, sizeof(*pacer));
    pacer->ring = ring;
    pacer->mask = (uint32_t)count - 1;
    pacer->pushed_us = INT64_MIN / 2;
}

/* What was sent ahead of the rate are bytes: at another rate they take another time. */
static int64_t rescaled_us(const struct bwe_pacer *pacer, uint32_t rate_bps, int64_t now_us)
{
    if (pacer->free_us <= now_us || rate_bps == 0)
        return pacer->free_us;
    double debt_us = (double)(pacer->free_us - now_us) * pacer->rate_bps / rate_bps;
    return now_us + (int64_t)(debt_us < DEBT_MAX_US ? debt_us : DEBT_MAX_US);
}

void bwe_pacer_set_rate(struct bwe_pacer *pacer, uint32_t rate_bps, uint32_t burst_us,
                        int64_t now_us)
{
    if (rate_bps != pacer->rate_bps)
        pacer->free_us = rescaled_us(pacer, rate_bps, now_us);
    pacer->rate_bps = rate_bps;
    pacer->burst_us = burst_us;
}

static struct bwe_paced *packet_at(const struct bwe_pacer *pacer, uint32_t index)
{
    return &pacer->ring[(pacer->head + index) & pacer->mask];
}

bool bwe_pacer_push(struct bwe_pacer *pacer, const struct bwe_paced *packet, int64_t now_us)
{
    if (pacer->count > pacer->mask)
        return false;
    struct bwe_paced *slot = packet_at(pacer, pacer->count++);
    *slot = *packet;
    slot->queued_us = (uint32_t)now_us;
    pacer->queued_bytes += packet->bytes;
    pacer->pushed_us = now_us;
    return true;
}

static int64_t duration_us(uint32_t bytes, uint32_t rate_bps)
{
    return rate_bps > 0 ? (int64_t)bytes * 8000000 / rate_bps : 0;
}

/* Count bytes as sent; a pause that has passed gives no credit. */
static void work_off(int64_t *free_us, int64_t now_us, uint32_t bytes, uint32_t rate_bps)
{
    if (*free_us < now_us)
        *free_us = now_us;
    *free_us += duration_us(bytes, rate_bps);
}

void bwe_pacer_on_unpaced(struct bwe_pacer *pacer, uint32_t bytes, int64_t now_us)
{
    bool is_late =
        pacer->count > 0 && (uint32_t)now_us - packet_at(pacer, 0)->queued_us >= UNPACED_MAX_US;
    if (is_late) /* it has waited for its share */
        return;
    int64_t latest_us = now_us + UNPACED_MAX_US;
    int64_t before_us = pacer->free_us;
    work_off(&pacer->free_us, now_us, bytes, pacer->rate_bps);
    if (pacer->free_us > latest_us)
        pacer->free_us = before_us > latest_us ? before_us : latest_us;
}

void bwe_pacer_begin_probe(struct bwe_pacer *pacer, const struct bwe_probe *probe, int64_t now_us)
{
    bool has_media = now_us - pacer->pushed_us < MEDIA_RECENT_US;
    if (pacer->probe.id != 0) {
        pacer->next_probe = *probe;
        return;
    }
    pacer->probe = *probe;
    pacer->is_probing = false;
    pacer->probe_begin_us = now_us + (has_media ? PROBE_WAIT_US : 0);
}

uint32_t bwe_pacer_probe_bytes(const struct bwe_pacer *pacer)
{
    uint32_t bytes = pacer->probe.id ? pacer->probe.bytes : 0;
    return pacer->next_probe.id ? bytes + pacer->next_probe.bytes : bytes;
}

static void take_probe_bytes(struct bwe_pacer *pacer, uint32_t bytes, int64_t now_us)
{
    struct bwe_probe *probe = &pacer->probe;
    if (!pacer->is_probing)
        pacer->probe_free_us = now_us;
    pacer->is_probing = true;
    work_off(&pacer->probe_free_us, now_us, bytes, probe->rate_bps);
    /* What the probe sent ahead of the pace is not sent again; but a goal's 50 kB are seconds of a
       low pace. */
    work_off(&pacer->free_us, now_us, bytes, pacer->rate_bps);
    if (pacer->free_us > now_us + DEBT_MAX_US)
        pacer->free_us = now_us + DEBT_MAX_US;
    probe->bytes -= bytes < probe->bytes ? bytes : probe->bytes;
    if (probe->packets > 0)
        probe->packets--;
    if (probe->bytes > 0 || probe->packets > 0)
        return;
    /* The next one follows when this one has been worked off, whatever there is to send. */
    *probe = pacer->next_probe;
    pacer->next_probe.id = 0;
    pacer->probe_begin_us = pacer->probe_free_us;
    pacer->is_probing = false;
}

static bool has_probe(const struct bwe_pacer *pacer)
{
    return pacer->probe.id != 0;
}

static struct bwe_paced shift(struct bwe_pacer *pacer)
{
    struct bwe_paced packet = *packet_at(pacer, 0);
    /* An empty ring begins anew, so that one that is never full stays in the cache. */
    pacer->head = pacer->count > 1 ? (pacer->head + 1) & pacer->mask : 0;
    pacer->count--;
    pacer->queued_bytes -= packet.bytes;
    return packet;
}

size_t bwe_pacer_pop(struct bwe_pacer *pacer, int64_t now_us, struct bwe_paced *packets, size_t cap,
                     uint8_t *cluster)
{
    size_t count = 0;
    uint8_t id = pacer->probe.id;
    int64_t free_us = id && pacer->is_probing ? pacer->probe_free_us : pacer->free_us;
    if (id && !pacer->is_probing) /* the probe begins with this frame */
        free_us = pacer->probe_free_us;
    *cluster = id;
    if (pacer->count == 0 || pacer->rate_bps == 0 || now_us < free_us)
        return 0;
    uint16_t frame = packet_at(pacer, 0)->frame;
    while (count < cap && pacer->count > 0 && packet_at(pacer, 0)->frame == frame &&
           pacer->probe.id == id) {
        packets[count] = shift(pacer);
        if (id)
            take_probe_bytes(pacer, packets[count].bytes, now_us);
        else
            work_off(&pacer->free_us, now_us, packets[count].bytes, pacer->rate_bps);
        count++;
        if ((id ? pacer->probe_free_us : pacer->free_us) > now_us + (id ? 0 : pacer->burst_us))
            break;
    }
    return count;
}

uint16_t bwe_pacer_padding(const struct bwe_pacer *pacer, int64_t now_us, uint16_t limit,
                           uint8_t *cluster)
{
    const struct bwe_probe *probe = &pacer->probe;
    int64_t due_us = pacer->is_probing ? pacer->probe_free_us : pacer->probe_begin_us;
    *cluster = probe->id;
    if (!has_probe(pacer) || pacer->count > 0 || now_us < due_us)
        return 0;
    /* The rest in equal packets, so that there are as many as the probe needs. */
    uint32_t bytes = probe->packets > 0 ? probe->bytes / probe->packets : probe->bytes;
    if (bytes > limit)
        bytes = limit;
    return (uint16_t)(bytes < 100 ? 100 : bytes);
}

void bwe_pacer_on_padding(struct bwe_pacer *pacer, uint32_t bytes, int64_t now_us)
{
    take_probe_bytes(pacer, bytes, now_us);
}

void bwe_pacer_clear(struct bwe_pacer *pacer)
{
    pacer->count = 0;
    pacer->queued_bytes = 0;
}

uint32_t bwe_pacer_queue_ms(const struct bwe_pacer *pacer)
{
    if (pacer->count == 0)
        return 0;
    if (pacer->rate_bps == 0)
        return QUEUE_MS_MAX;
    int64_t queue_ms = duration_us(pacer->queued_bytes, pacer->rate_bps) / 1000;
    return queue_ms < QUEUE_MS_MAX ? (uint32_t)queue_ms : QUEUE_MS_MAX;
}

int64_t bwe_pacer_deadline(const struct bwe_pacer *pacer)
{
    if (pacer->count > 0 && pacer->rate_bps == 0)
        return INT64_MAX;
    if (has_probe(pacer) && (pacer->is_probing || pacer->count > 0))
        return pacer->probe_free_us;
    if (has_probe(pacer))
        return pacer->probe_begin_us;
    return pacer->count > 0 ? pacer->free_us : INT64_MAX;
}
