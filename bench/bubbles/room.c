/* The tracks of a room, as learnt from what the server tells any of its participants. */
#include <stdio.h>
#include <string.h>

#include "bench/bubbles/participant.h"

static struct bubbles_participant *find_participant(const struct bubbles_room *room, const char *id)
{
    for (unsigned seat = 0; seat < BUBBLES_SEATS_MAX; seat++)
        if (room->seats[seat] && strcmp(room->seats[seat]->id, id) == 0)
            return room->seats[seat];
    return NULL;
}

static struct bubbles_track *find(struct bubbles_room *room, uint32_t csrc)
{
    unsigned used = room->track_count < BUBBLES_TRACKS_MAX ? room->track_count : BUBBLES_TRACKS_MAX;
    for (unsigned i = 0; i < used; i++)
        if (room->tracks[i].csrc == csrc)
            return &room->tracks[i];
    return NULL;
}

struct bubbles_track *bubbles_room_find_track(struct bubbles_room *room, uint32_t csrc)
{
    struct bubbles_track *track = find(room, csrc);
    /* Others of the room may hear of somebody before he does. */
    if (track && !track->owner && track->participant[0])
        track->owner = find_participant(room, track->participant);
    return track;
}

void bubbles_room_learn_track(struct bubbles_room *room, uint32_t csrc, enum bubbles_kind kind,
                              const char *participant)
{
    if (find(room, csrc))
        return;
    struct bubbles_track *track = &room->tracks[room->track_count++ % BUBBLES_TRACKS_MAX];
    *track = (struct bubbles_track){.csrc = csrc, .kind = kind};
    snprintf(track->participant, sizeof(track->participant), "%s", participant);
}

void bubbles_room_forget(struct bubbles_room *room, const struct bubbles_participant *participant)
{
    for (unsigned i = 0; i < BUBBLES_TRACKS_MAX; i++)
        if (room->tracks[i].owner == participant) {
            room->tracks[i].owner = NULL;
            room->tracks[i].participant[0] = '\0';
        }
}
