/* Participants by verdict: iris_verdicts of the node, iris_room_verdicts of each room. */
#include "sfu/control/metrics.h"

#define QUALITIES (CORE_QUALITY_POOR + 1)
#define CAUSES    (CORE_CAUSE_CLIENT + 1)

struct verdict_counts {
    unsigned of[QUALITIES][CAUSES];
};

static void count(const struct control_room *room, struct verdict_counts *counts)
{
    for (const struct control_participant *p = room->first; p; p = p->next)
        counts->of[p->verdicts.own.quality][p->verdicts.own.cause]++;
}

/* Only what is bad has a cause. */
static bool is_possible(unsigned quality, unsigned cause)
{
    return (quality == CORE_QUALITY_GOOD) == (cause == CORE_CAUSE_NONE);
}

static void write_count(const struct control_metrics *metrics, const char *labels, unsigned quality,
                        unsigned cause, unsigned number)
{
    fprintf(metrics->out, "%s{node=\"%s\"%s,quality=\"%s\",cause=\"%s\"} %u\n", metrics->name,
            metrics->node, labels, core_quality_name((enum core_quality)quality),
            core_cause_name((enum core_cause)cause), number);
}

/* @param has_zeros  of the node: series that are always there; of rooms there would be too many */
static void write_counts(const struct control_metrics *metrics, const char *labels,
                         const struct verdict_counts *counts, bool has_zeros)
{
    for (unsigned q = 0; q < QUALITIES; q++)
        for (unsigned c = 0; c < CAUSES; c++)
            if (counts->of[q][c] > 0 || (has_zeros && is_possible(q, c)))
                write_count(metrics, labels, q, c, counts->of[q][c]);
}

static void write_rooms(struct control_metrics *metrics)
{
    char labels[CONTROL_METRICS_LABELS_BYTES];
    snprintf(metrics->name, sizeof(metrics->name), "iris_room_verdicts");
    control_metrics_head(metrics, metrics->name, "gauge",
                         "participants of a room by the verdict on each as a whole");
    for (const struct control_room *room = metrics->control->registry.rooms; room;
         room = room->next) {
        struct verdict_counts counts = {{{0}}};
        count(room, &counts);
        snprintf(labels, sizeof(labels), ",room=\"%s\"", room->name);
        write_counts(metrics, labels, &counts, false);
    }
}

void control_metrics_verdicts(struct control_metrics *metrics)
{
    struct verdict_counts counts = {{{0}}};
    for (const struct control_room *room = metrics->control->registry.rooms; room;
         room = room->next)
        count(room, &counts);
    snprintf(metrics->name, sizeof(metrics->name), "iris_verdicts");
    control_metrics_head(metrics, metrics->name, "gauge",
                         "participants by the verdict on each as a whole");
    write_counts(metrics, "", &counts, true);
    if (metrics->control->config.metrics_detail >= CONTROL_METRICS_ROOM)
        write_rooms(metrics);
}
