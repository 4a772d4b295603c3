/* The tables of the lists, and what two snapshots say. */
#include "sfu/core/statistics.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define TABLE(level, rows, type)                                                                   \
    {                                                                                              \
        level, rows, COUNT_OF(rows), sizeof(type)                                                  \
    }

#define CORE_TABLE_TYPE struct core_layer_statistics
static const struct core_statistic layer_rows[] = {CORE_ROWS(CORE_LAYER_STATISTICS)};
#undef CORE_TABLE_TYPE
#define CORE_TABLE_TYPE struct core_track_statistics
static const struct core_statistic track_rows[] = {CORE_ROWS(CORE_TRACK_STATISTICS)};
#undef CORE_TABLE_TYPE
#define CORE_TABLE_TYPE struct core_uplink_statistics
static const struct core_statistic uplink_rows[] = {CORE_ROWS(CORE_UPLINK_STATISTICS)};
#undef CORE_TABLE_TYPE
#define CORE_TABLE_TYPE struct core_downlink_statistics
static const struct core_statistic downlink_rows[] = {CORE_ROWS(CORE_DOWNLINK_STATISTICS)};
#undef CORE_TABLE_TYPE
#define CORE_TABLE_TYPE struct core_slot_statistics
static const struct core_statistic slot_rows[] = {CORE_ROWS(CORE_SLOT_STATISTICS)};
#undef CORE_TABLE_TYPE

const struct core_statistic_table core_layer_table =
    TABLE("layer", layer_rows, struct core_layer_statistics);
const struct core_statistic_table core_track_table =
    TABLE("track", track_rows, struct core_track_statistics);
const struct core_statistic_table core_uplink_table =
    TABLE("uplink", uplink_rows, struct core_uplink_statistics);
const struct core_statistic_table core_downlink_table =
    TABLE("downlink", downlink_rows, struct core_downlink_statistics);
const struct core_statistic_table core_slot_table =
    TABLE("slot", slot_rows, struct core_slot_statistics);

static uint64_t field(const void *level, size_t at)
{
    return *(const uint64_t *)((const char *)level + at);
}

static uint64_t growth(const struct core_interval *interval, size_t at)
{
    uint64_t now = field(interval->now, at);
    uint64_t before = interval->before ? field(interval->before, at) : 0;
    return now >= before ? now - before : now;
}

static bool rate(const struct core_statistic *statistic, const struct core_interval *interval,
                 double *value)
{
    if (!interval->before || interval->us <= 0)
        return false;
    *value =
        (double)growth(interval, statistic->at) * statistic->factor * 1e6 / (double)interval->us;
    return true;
}

/* What arrives late belongs to an interval before: no loss is below 0. */
static bool loss(const struct core_statistic *statistic, const struct core_interval *interval,
                 double *value)
{
    uint64_t sent = growth(interval, statistic->other);
    uint64_t arrived = growth(interval, statistic->at);
    if (!interval->before || sent == 0)
        return false;
    *value = arrived < sent ? (double)(sent - arrived) / (double)sent : 0;
    return true;
}

bool core_statistic_value(const struct core_statistic *statistic,
                          const struct core_interval *interval, double *value)
{
    switch (statistic->kind) {
    case CORE_STATISTIC_COUNTER:
        break;
    case CORE_STATISTIC_GAUGE:
        if (field(interval->now, statistic->at) == CORE_STATISTIC_UNKNOWN)
            return false;
        break;
    case CORE_STATISTIC_RATE:
        return rate(statistic, interval, value);
    case CORE_STATISTIC_LOSS:
        return loss(statistic, interval, value);
    }
    *value = (double)field(interval->now, statistic->at);
    return true;
}

void core_statistic_add(const struct core_statistic_table *table,
                        const struct core_interval *interval, void *sum)
{
    for (unsigned i = 0; i < table->count; i++) {
        const struct core_statistic *statistic = &table->statistics[i];
        if (statistic->kind == CORE_STATISTIC_COUNTER)
            *(uint64_t *)((char *)sum + statistic->at) += growth(interval, statistic->at);
    }
}

const char *core_unit_name(enum core_unit unit)
{
    static const char *const names[] = {
        [CORE_UNIT_NUMBER] = "",  [CORE_UNIT_BYTES] = "bytes",   [CORE_UNIT_US] = "us",
        [CORE_UNIT_MS] = "ms",    [CORE_UNIT_S] = "s",           [CORE_UNIT_BPS] = "bit/s",
        [CORE_UNIT_PER_S] = "/s", [CORE_UNIT_PIXELS] = "pixels", [CORE_UNIT_SHARE] = "0-1",
    };
    return names[unit];
}
