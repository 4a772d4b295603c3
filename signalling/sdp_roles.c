/*
 * What each line is for: a table of places, filled in order of m-lines (protocol.md, "Roles of the
 * lines"). Sending and receiving are independent of each other.
 */
#include "signalling/sdp_parse.h"

#include <string.h>

/* How many places of each kind are left. */
struct places {
    int count[SDP_SOURCE_SCREEN + 1];
};

static enum sdp_source take(struct places *places, enum sdp_source source)
{
    if (places->count[source] == 0)
        return SDP_SOURCE_NONE;
    places->count[source]--;
    return source;
}

/* Slides ask for the screen first; what is left is taken camera before screen. */
static enum sdp_source take_for(struct places *places, const struct sdp_line *line)
{
    if (line->kind == SDP_KIND_AUDIO)
        return take(places, SDP_SOURCE_AUDIO);
    enum sdp_source source = line->is_slides ? take(places, SDP_SOURCE_SCREEN) : SDP_SOURCE_NONE;
    if (source == SDP_SOURCE_NONE)
        source = take(places, SDP_SOURCE_CAMERA);
    return source != SDP_SOURCE_NONE ? source : take(places, SDP_SOURCE_SCREEN);
}

static bool may_publish(const struct sdp_rights *rights, enum sdp_source source)
{
    switch (source) {
    case SDP_SOURCE_AUDIO:
        return rights->audio;
    case SDP_SOURCE_CAMERA:
        return rights->camera;
    case SDP_SOURCE_SCREEN:
        return rights->screen;
    default:
        return false;
    }
}

void signalling_sdp_assign_roles(const struct sdp_offer *offer, const struct sdp_rights *rights,
                                 struct sdp_role *roles)
{
    struct places sources = {
        {[SDP_SOURCE_AUDIO] = 1, [SDP_SOURCE_CAMERA] = 1, [SDP_SOURCE_SCREEN] = 1}};
    struct places slots = {{[SDP_SOURCE_AUDIO] = SDP_AUDIO_SLOTS,
                            [SDP_SOURCE_CAMERA] = SDP_CAMERA_SLOTS,
                            [SDP_SOURCE_SCREEN] = SDP_SCREEN_SLOTS}};
    memset(roles, 0, offer->line_count * sizeof(*roles));
    for (unsigned i = 0; i < offer->line_count; i++) {
        const struct sdp_line *line = &offer->lines[i];
        if (!sdp_line_is_usable(line))
            continue;
        if (line->direction & SDP_SENDS) {
            /* The place is taken before the right is asked for: else the camera of one who may only
             * show a screen would become the screen. */
            enum sdp_source source = take_for(&sources, line);
            roles[i].sends = may_publish(rights, source) ? source : SDP_SOURCE_NONE;
        }
        if ((line->direction & SDP_RECEIVES) && rights->subscribe)
            roles[i].slot = take_for(&slots, line);
    }
}
