/* Two lists in order of coming out. The heap is enough here: only few participants have a wire. */
#include "bench/link/wire.h"

#include <stdlib.h>
#include <string.h>

struct datagram {
    struct datagram *next;
    int64_t out_us;
    size_t len;
    uint8_t data[];
};

struct way {
    struct link link;
    struct datagram *first, *last;
};

struct link_wire {
    struct way ways[2];
};

struct link_wire *link_wire_create(const struct link_script *script, unsigned seat, uint64_t seed,
                                   int64_t began_us)
{
    struct link_wire *wire = calloc(1, sizeof(*wire));
    if (!wire)
        return NULL;
    for (int i = LINK_UP; i <= LINK_DOWN; i++)
        wire->ways[i].link = (struct link){.script = script,
                                           .seat = seat,
                                           .direction = (enum link_direction)i,
                                           .seed = seed + (uint64_t)i,
                                           .began_us = began_us};
    return wire;
}

void link_wire_destroy(struct link_wire *wire)
{
    if (!wire)
        return;
    for (int i = LINK_UP; i <= LINK_DOWN; i++)
        while (wire->ways[i].first) {
            struct datagram *next = wire->ways[i].first->next;
            free(wire->ways[i].first);
            wire->ways[i].first = next;
        }
    free(wire);
}

void link_wire_restart(struct link_wire *wire, int64_t now_us)
{
    for (int i = LINK_UP; i <= LINK_DOWN; i++)
        wire->ways[i].link.began_us = now_us;
}

/* Nearly always behind the last; only what may overtake has to look for its place. */
static void insert(struct way *way, struct datagram *datagram)
{
    struct datagram **place = &way->first;
    if (way->last && way->last->out_us <= datagram->out_us)
        place = &way->last->next;
    while (*place && (*place)->out_us <= datagram->out_us)
        place = &(*place)->next;
    datagram->next = *place;
    *place = datagram;
    if (!datagram->next)
        way->last = datagram;
}

static void keep(struct way *way, const uint8_t *data, size_t len, int64_t out_us)
{
    struct datagram *datagram = malloc(sizeof(*datagram) + len);
    if (!datagram)
        return;
    datagram->out_us = out_us;
    datagram->len = len;
    memcpy(datagram->data, data, len);
    insert(way, datagram);
}

struct link_passage link_wire_push(struct link_wire *wire, enum link_direction direction,
                                   const uint8_t *data, size_t len, size_t carried_bytes,
                                   int64_t now_us)
{
    struct way *way = &wire->ways[direction];
    struct link_passage passage = link_offer(&way->link, carried_bytes, now_us);
    for (unsigned i = 0; i < passage.copies; i++)
        keep(way, data, len, passage.out_us[i]);
    return passage;
}

void link_wire_pop(struct link_wire *wire, enum link_direction direction, int64_t now_us,
                   link_wire_fn take, void *owner)
{
    struct way *way = &wire->ways[direction];
    while (way->first && way->first->out_us <= now_us) {
        struct datagram *datagram = way->first;
        way->first = datagram->next;
        if (!way->first)
            way->last = NULL;
        take(owner, datagram->data, datagram->len, datagram->out_us);
        free(datagram);
    }
}

int64_t link_wire_deadline(const struct link_wire *wire)
{
    int64_t deadline_us = INT64_MAX;
    for (int i = LINK_UP; i <= LINK_DOWN; i++)
        if (wire->ways[i].first && wire->ways[i].first->out_us < deadline_us)
            deadline_us = wire->ways[i].first->out_us;
    return deadline_us;
}
