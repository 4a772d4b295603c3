/* Two lists in order of coming out. The heap is enough here: only few participants have a wire. */
#include "bench/bubbles/wire.h"

#include <stdlib.h>
#include <string.h>

struct datagram {
    struct datagram *next;
    int64_t out_us;
    size_t len;
    uint8_t data[];
};

struct way {
    struct bubbles_link link;
    struct datagram *first, *last;
};

struct bubbles_wire {
    int64_t began_us;
    struct way ways[2];
};

struct bubbles_wire *bubbles_wire_create(const struct bubbles_link_script *script, unsigned seat,
                                         uint64_t seed, int64_t began_us)
{
    struct bubbles_wire *wire = calloc(1, sizeof(*wire));
    if (!wire)
        return NULL;
    wire->began_us = began_us;
    for (int i = 0; i < 2; i++)
        wire->ways[i].link = (struct bubbles_link){.script = script,
                                                   .seat = seat,
                                                   .direction = (enum bubbles_direction)i,
                                                   .seed = seed + (uint64_t)i};
    return wire;
}

void bubbles_wire_destroy(struct bubbles_wire *wire)
{
    if (!wire)
        return;
    for (int i = 0; i < 2; i++)
        while (wire->ways[i].first) {
            struct datagram *next = wire->ways[i].first->next;
            free(wire->ways[i].first);
            wire->ways[i].first = next;
        }
    free(wire);
}

void bubbles_wire_push(struct bubbles_wire *wire, enum bubbles_direction direction,
                       const uint8_t *data, size_t len, int64_t now_us)
{
    struct way *way = &wire->ways[direction];
    int64_t out_us = bubbles_link_offer(&way->link, len, now_us - wire->began_us);
    struct datagram *datagram = out_us >= 0 ? malloc(sizeof(*datagram) + len) : NULL;
    if (!datagram)
        return;
    datagram->next = NULL;
    datagram->out_us = out_us + wire->began_us;
    datagram->len = len;
    memcpy(datagram->data, data, len);
    if (way->last)
        way->last->next = datagram;
    else
        way->first = datagram;
    way->last = datagram;
}

void bubbles_wire_pop(struct bubbles_wire *wire, enum bubbles_direction direction, int64_t now_us,
                      bubbles_wire_fn take, void *owner)
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

int64_t bubbles_wire_deadline(const struct bubbles_wire *wire)
{
    int64_t deadline_us = INT64_MAX;
    for (int i = 0; i < 2; i++)
        if (wire->ways[i].first && wire->ways[i].first->out_us < deadline_us)
            deadline_us = wire->ways[i].first->out_us;
    return deadline_us;
}

uint64_t bubbles_wire_lost(const struct bubbles_wire *wire, enum bubbles_direction direction)
{
    const struct bubbles_link *link = &wire->ways[direction].link;
    return link->lost + link->overflowed;
}
