/* The profiles as a table. */
#include "bench/bubbles/cast.h"

static const struct {
    bool has_voice, has_camera, has_screen, is_one_sender;
} roles[] = {
    [BUBBLES_CONFERENCE] = {true, true, true, false}, [BUBBLES_AUDIO] = {true, false, false, false},
    [BUBBLES_BROADCAST] = {true, true, false, true},  [BUBBLES_SCREEN] = {true, false, true, false},
    [BUBBLES_STREAM] = {false, true, false, true},    [BUBBLES_MESH] = {false, true, false, false}};

unsigned bubbles_cast_senders(const struct bubbles_options *options)
{
    unsigned senders = roles[options->profile].is_one_sender ? 1 : options->participants;
    if (options->senders && options->senders < senders)
        senders = options->senders;
    return senders;
}

unsigned bubbles_cast_voices(const struct bubbles_options *options)
{
    return roles[options->profile].has_voice ? bubbles_cast_senders(options) : 0;
}

unsigned bubbles_cast_cameras(const struct bubbles_options *options)
{
    return roles[options->profile].has_camera ? bubbles_cast_senders(options) : 0;
}

unsigned bubbles_cast_screens(const struct bubbles_options *options)
{
    unsigned senders = bubbles_cast_senders(options);
    if (!roles[options->profile].has_screen)
        return 0;
    return options->screens < senders ? options->screens : senders;
}

struct bubbles_cast bubbles_cast_of(const struct bubbles_options *options, unsigned seat)
{
    return (struct bubbles_cast){.has_voice = seat < bubbles_cast_voices(options),
                                 .has_camera = seat < bubbles_cast_cameras(options),
                                 .has_screen = seat < bubbles_cast_screens(options)};
}
