/* Lists, which a join walks, and a hash table for events; a packet touches neither. */
#include "sfu/control/registry.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

#include "sfu/control/negotiate.h"

void control_registry_init(struct control_registry *registry, unsigned worker_count)
{
    memset(registry, 0, sizeof(*registry));
    registry->worker_count = worker_count;
    registry->next_number = 1;
}

static void free_participant(struct control_participant *participant)
{
    json_decref(participant->metadata);
    free(participant->negotiation);
    free(participant->token);
    OPENSSL_cleanse(participant->session, sizeof(participant->session));
    OPENSSL_cleanse(participant->older_session, sizeof(participant->older_session));
    free(participant);
}

static void free_room(struct control_room *room)
{
    struct control_participant *next;
    for (struct control_participant *p = room->first; p; p = next) {
        next = p->next;
        free_participant(p);
    }
    json_decref(room->past_people);
    free(room);
}

void control_registry_dispose(struct control_registry *registry)
{
    struct control_room *next;
    for (struct control_room *room = registry->rooms; room; room = next) {
        next = room->next;
        free_room(room);
    }
    registry->rooms = NULL;
    memset(registry->buckets, 0, sizeof(registry->buckets));
}

struct control_room *control_registry_find_room(const struct control_registry *registry,
                                                const char *name)
{
    struct control_room *room = registry->rooms;
    while (room && strcmp(room->name, name) != 0)
        room = room->next;
    return room;
}

static unsigned least_loaded(const struct control_registry *registry)
{
    unsigned best = 0;
    for (unsigned i = 1; i < registry->worker_count; i++)
        if (registry->load[i] < registry->load[best])
            best = i;
    return best;
}

static struct control_room *add_room(struct control_registry *registry, const char *name)
{
    struct control_room *room = calloc(1, sizeof(*room));
    if (!room)
        return NULL;
    snprintf(room->name, sizeof(room->name), "%s", name);
    room->id = registry->next_number++;
    room->worker = least_loaded(registry);
    room->next = registry->rooms;
    registry->rooms = room;
    return room;
}

static void remove_room(struct control_registry *registry, struct control_room *room)
{
    struct control_room **at = &registry->rooms;
    while (*at != room)
        at = &(*at)->next;
    *at = room->next;
    json_decref(room->past_people);
    free(room);
}

/* The link that points to whoever has this number, or the one at the end of its bucket. */
static struct control_participant **link_of(struct control_registry *registry, uint64_t number)
{
    struct control_participant **at = &registry->buckets[number % CONTROL_REGISTRY_BUCKETS];
    while (*at && (*at)->number != number)
        at = &(*at)->next_in_bucket;
    return at;
}

struct control_participant *control_registry_add(struct control_registry *registry,
                                                 const char *room_name)
{
    struct control_participant *participant = calloc(1, sizeof(*participant));
    struct control_room *room = control_registry_find_room(registry, room_name);
    if (participant && !room)
        room = add_room(registry, room_name);
    if (!participant || !room) {
        free(participant);
        return NULL;
    }
    participant->number = registry->next_number++;
    participant->room = room;
    participant->previous = room->last;
    if (room->last)
        room->last->next = participant;
    else
        room->first = participant;
    room->last = participant;
    room->count++;
    *link_of(registry, participant->number) = participant;
    registry->participant_count++;
    registry->load[room->worker]++;
    return participant;
}

void control_registry_remove(struct control_registry *registry,
                             struct control_participant *participant)
{
    struct control_room *room = participant->room;
    if (participant->previous)
        participant->previous->next = participant->next;
    else
        room->first = participant->next;
    if (participant->next)
        participant->next->previous = participant->previous;
    else
        room->last = participant->previous;
    *link_of(registry, participant->number) = participant->next_in_bucket;
    registry->participant_count--;
    registry->load[room->worker]--;
    if (--room->count == 0)
        remove_room(registry, room);
    free_participant(participant);
}

struct control_room *control_registry_room(const struct control_registry *registry, uint64_t id)
{
    struct control_room *room = registry->rooms;
    while (room && room->id != id)
        room = room->next;
    return room;
}

struct control_participant *control_registry_find_session(const struct control_registry *registry,
                                                          const char *session)
{
    if (strlen(session) != CONTROL_SECRET_BYTES - 1)
        return NULL;
    for (const struct control_room *room = registry->rooms; room; room = room->next)
        for (struct control_participant *p = room->first; p; p = p->next)
            if (CRYPTO_memcmp(p->session, session, CONTROL_SECRET_BYTES - 1) == 0 ||
                CRYPTO_memcmp(p->older_session, session, CONTROL_SECRET_BYTES - 1) == 0)
                return p;
    return NULL;
}

struct control_participant *control_registry_find(const struct control_registry *registry,
                                                  uint64_t number)
{
    struct control_participant *at = registry->buckets[number % CONTROL_REGISTRY_BUCKETS];
    while (at && at->number != number)
        at = at->next_in_bucket;
    return at;
}

struct control_participant *control_room_find(const struct control_room *room, const char *id)
{
    struct control_participant *participant = room->first;
    while (participant && strcmp(participant->id, id) != 0)
        participant = participant->next;
    return participant;
}

bool control_room_has_csrc(const struct control_room *room, uint32_t csrc)
{
    for (const struct control_participant *p = room->first; p; p = p->next)
        for (unsigned i = 0; i < p->track_count; i++)
            if (p->tracks[i].csrc == csrc)
                return true;
    return false;
}
