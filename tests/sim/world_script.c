/* People come and go, talk by turns, share, mute; networks fail and recover. */
#include "tests/sim/world.h"

#define MS            INT64_C(1000)
#define S             INT64_C(1000000)
#define SILENT_LEAVES 0.2     /* share of those who go without a word */
#define SIGHT_US      1000000 /* a camera that has been on for so long is to be seen by a joiner */
#define JOIN_LATER_US 5000000
#define FLOORS_MAX    64

static bool is_present(const struct sim_person *person, uint32_t room)
{
    return person && !person->is_ghost && person->room == room && person->connected_us != INT64_MAX;
}

static bool sees_somebody(struct sim_world *world, uint32_t room)
{
    for (unsigned i = 0; i < world->config.participants; i++)
        if (is_present(world->people[i], room) && !world->people[i]->is_hostile &&
            world->people[i]->videos[0].started_us < world->now_us - SIGHT_US)
            return true;
    return false;
}

void sim_script_join(struct sim_world *world, unsigned seat)
{
    const struct sim_profile *profile = world->config.profile;
    if (world->is_closing || world->people[seat])
        return;
    uint32_t room = 1 + seat % profile->rooms;
    bool expects_frame = sees_somebody(world, room);
    uint64_t number = world->next_number++;
    struct sim_person *person = sim_person_create(world, seat, number);
    person->expects_frame = expects_frame;
    world->people[seat] = person;
    world->seats[number % SIM_NUMBERS] = (uint16_t)seat;
    world->summary.joins++;
    /* The answer reaches the client, and its first check comes back. */
    sim_world_schedule(world, SIM_EVENT_CHECK, person, world->now_us + person->down.params.delay_us,
                       0);
    if (profile->stay_us)
        sim_world_schedule(world, SIM_EVENT_LEAVE, person,
                           world->now_us + sim_random_interval(&person->random, profile->stay_us),
                           sim_random_chance(&person->random, SILENT_LEAVES));
    if (profile->action_us)
        sim_world_schedule(world, SIM_EVENT_ACTION, person,
                           world->now_us + sim_random_interval(&person->random, profile->action_us),
                           0);
}

static void forget(struct sim_world *world, struct sim_person *person)
{
    const struct sim_profile *profile = world->config.profile;
    unsigned seat = person->seat;
    world->people[seat] = NULL;
    world->departed[person->number % SIM_DEPARTED] =
        (struct sim_departed){person->number, person->room, person->is_hostile, world->now_us};
    sim_person_destroy(person);
    if (!world->is_closing && profile->stay_us)
        sim_queue_push(
            &world->queue,
            &(struct sim_event){.at_us = world->now_us +
                                         sim_random_interval(&world->random, profile->away_us),
                                .kind = SIM_EVENT_JOIN,
                                .seat = (uint16_t)seat});
}

void sim_script_leave(struct sim_world *world, struct sim_person *person, bool is_silent)
{
    struct core_command command = {.type = is_silent ? CORE_COMMAND_DETACH : CORE_COMMAND_LEAVE,
                                   .participant = person->number,
                                   .is_set = true};
    sim_summary_add(&world->summary, person, world->now_us);
    world->summary.leaves++;
    world->summary.vanished += is_silent;
    person->is_ghost = true;
    sim_world_command(world, &command);
    if (!is_silent)
        forget(world, person);
}

void sim_script_gone(struct sim_world *world, uint64_t number)
{
    struct sim_person *person = sim_world_person(world, number);
    if (!person)
        return;
    if (!person->is_ghost)
        sim_summary_add(&world->summary, person, world->now_us);
    forget(world, person);
}

/* A random one of those present in a room; NULL: nobody. */
static struct sim_person *draw_person(struct sim_world *world, uint32_t room)
{
    struct sim_person *drawn = NULL;
    unsigned count = 0;
    for (unsigned i = 0; i < world->config.participants; i++)
        if (is_present(world->people[i], room) && sim_random_next(&world->random) % ++count == 0)
            drawn = world->people[i];
    return drawn;
}

static void on_floor(struct sim_world *world, unsigned index)
{
    struct sim_floor *floor = &world->floors[index];
    struct sim_person *speaker = sim_world_person(world, floor->speaker);
    int64_t for_us;
    if (floor->speaker) {
        if (speaker)
            speaker->voice.is_talking = false;
        floor->speaker = 0;
        for_us = sim_random_between(&world->random, 0, 600 * MS);
    } else {
        speaker = draw_person(world, floor->room);
        if (speaker && !speaker->voice.is_talking) {
            speaker->voice.is_talking = true;
            floor->speaker = speaker->number;
        }
        for_us = sim_random_between(&world->random, 1 * S, 8 * S);
    }
    sim_world_schedule(world, SIM_EVENT_FLOOR, NULL, world->now_us + for_us, index);
}

static void stop_share(struct sim_world *world, struct sim_person *person)
{
    person->has_screen = false;
    sim_video_set_sending(&person->videos[1], false, world->now_us);
}

/* Of the receiver's downlink; the last one's end is an event, too. */
static void on_stage(struct sim_world *world, unsigned index)
{
    const struct sim_profile *profile = world->config.profile;
    struct sim_network_watch *watch = &world->network;
    struct sim_person *receiver = world->people[profile->early];
    unsigned paused = 0, videos = 0;
    for (unsigned i = 0; receiver && i < receiver->join.slot_count; i++) {
        const struct core_slot_report *report = &receiver->slots[i].report;
        videos += receiver->join.slots[i].kind != CORE_KIND_AUDIO && report->participant;
        paused += report->state == CORE_SLOT_PAUSED && report->pause == CORE_PAUSE_BANDWIDTH;
    }
    if (watch->profile)
        sim_network_end(watch, paused, &world->checks);
    watch->profile = NULL;
    if (!receiver || index == profile->stage_count)
        return;
    receiver->down.params.capacity_bps = profile->stages[index].down_bps;
    receiver->down.params.queue_us = profile->stage_queue_us;
    receiver->down.trouble_us = world->now_us;
    watch->is_all_paused = videos > 0 && paused == videos;
    watch->is_slow = !receiver->has_twcc;
    sim_network_begin(watch, profile, index, receiver->number, world->now_us);
    for (unsigned i = 0; i < receiver->join.slot_count; i++)
        sim_network_report(watch, i, receiver->join.slots[i].kind, &receiver->slots[i].report,
                           world->now_us);
    sim_world_schedule(world, SIM_EVENT_STAGE, NULL, watch->stage_end_us, index + 1);
}

static void on_share(struct sim_world *world, uint32_t room)
{
    int64_t for_us = sim_random_between(&world->random, 2 * S, 6 * S);
    bool was_shared = false;
    for (unsigned i = 0; i < world->config.participants; i++) {
        struct sim_person *person = world->people[i];
        if (!is_present(person, room) || !person->has_screen)
            continue;
        stop_share(world, person);
        was_shared = true;
    }
    struct sim_person *person = was_shared ? NULL : draw_person(world, room);
    if (world->config.profile->stage_count > 0)
        person = world->people[1];
    if (person) {
        person->has_screen = true;
        person->videos[1].layers[0].is_key_due = true; /* a new track: a new encoder */
        sim_video_set_sending(&person->videos[1], true, world->now_us);
        sim_world_schedule(world, SIM_EVENT_VIDEO, person, world->now_us, SIM_TRACK_SCREEN);
        for_us = world->config.profile->stage_count > 0
                     ? INT64_C(1000000) * S
                     : sim_random_between(&world->random, 6 * S, 20 * S);
    }
    sim_world_schedule(world, SIM_EVENT_SHARE, NULL, world->now_us + for_us, room);
}

static void toggle_mute(struct sim_world *world, struct sim_person *person, unsigned track)
{
    bool is_muted = !person->is_muted[track];
    person->is_muted[track] = is_muted;
    person->muted_us[track] = world->now_us;
    if (track == SIM_TRACK_CAMERA)
        sim_video_set_sending(&person->videos[0], !is_muted, world->now_us);
    sim_world_command(world, &(struct core_command){.type = CORE_COMMAND_MUTE,
                                                    .participant = person->number,
                                                    .kind = person->join.tracks[track].kind,
                                                    .is_set = is_muted});
}

static void change_layout(struct sim_world *world, struct sim_person *person)
{
    struct sim_random *random = &person->random;
    struct core_layout *layout = &person->layout;
    static const uint16_t heights[] = {120, 240, 480, UINT16_MAX};
    *layout = (struct core_layout){.is_audio_only = sim_random_chance(random, 0.1),
                                   .max_cameras = (uint8_t)sim_random_between(random, 0, 4),
                                   .max_height = heights[sim_random_next(random) % 4]};
    for (int64_t i = sim_random_between(random, 0, 2); i > 0; i--) {
        struct sim_person *pinned = draw_person(world, person->room);
        if (pinned)
            layout->pinned[layout->pinned_count++] = pinned->number;
    }
    sim_world_command(world, &(struct core_command){.type = CORE_COMMAND_LAYOUT,
                                                    .participant = person->number,
                                                    .layout = *layout});
}

void sim_script_budget(struct sim_world *world, struct sim_person *person, uint64_t budget_bps)
{
    bool is_more = person->budget_bps > 0 && person->budget_bps < budget_bps;
    person->lower_bps = is_more ? person->budget_bps : budget_bps;
    person->budget_bps = budget_bps;
    person->budget_us = world->now_us;
    sim_world_command(world, &(struct core_command){.type = CORE_COMMAND_BUDGET,
                                                    .participant = person->number,
                                                    .budget_bps = budget_bps});
}

static void rebind(struct sim_world *world, struct sim_person *person)
{
    person->path.remote.port++;
    person->up.trouble_us = person->down.trouble_us = world->now_us;
}

static void squeeze(struct sim_person *person)
{
    struct sim_link *link = sim_random_chance(&person->random, 0.5) ? &person->up : &person->down;
    link->params.capacity_bps = (uint64_t)sim_random_between(&person->random, 150000, 800000);
    if (link->params.queue_us == 0)
        link->params.queue_us = 200 * MS;
}

static void relieve(struct sim_world *world, struct sim_person *person, unsigned action)
{
    const struct sim_network *network = &world->config.profile->network;
    if (action == SIM_ACTION_STOP_LAYER)
        for (unsigned l = 1; l < person->videos[0].layer_count; l++)
            sim_video_stop_layer(&person->videos[0], l, false);
    if (action == SIM_ACTION_OUTAGE)
        person->up.params.is_down = person->down.params.is_down = false;
    if (action == SIM_ACTION_SQUEEZE) {
        person->up.params.capacity_bps = network->up_bps;
        person->down.params.capacity_bps = network->down_bps;
    }
    if (action == SIM_ACTION_OUTAGE || action == SIM_ACTION_SQUEEZE)
        person->up.trouble_us = person->down.trouble_us = world->now_us;
}

static enum sim_action draw_action(struct sim_world *world, struct sim_person *person)
{
    const unsigned *weights = world->config.profile->actions;
    int64_t sum = 0;
    for (unsigned i = 0; i < SIM_ACTION_COUNT; i++)
        sum += weights[i];
    int64_t at = sim_random_between(&person->random, 0, sum - 1);
    for (unsigned i = 0; i < SIM_ACTION_COUNT; i++) {
        if (at < weights[i])
            return (enum sim_action)i;
        at -= weights[i];
    }
    return SIM_ACTION_COUNT; /* nothing is done here */
}

/* @return how long it lasts; 0: for good */
static int64_t act(struct sim_world *world, struct sim_person *person, enum sim_action action)
{
    struct sim_random *random = &person->random;
    switch (action) {
    case SIM_ACTION_MUTE_CAMERA:
        toggle_mute(world, person, SIM_TRACK_CAMERA);
        return 0;
    case SIM_ACTION_MUTE_VOICE:
        toggle_mute(world, person, SIM_TRACK_VOICE);
        return 0;
    case SIM_ACTION_LAYOUT:
        change_layout(world, person);
        return 0;
    case SIM_ACTION_STOP_LAYER:
        sim_video_stop_layer(&person->videos[0],
                             (unsigned)sim_random_between(random, 1, SIM_LAYERS_MAX - 1), true);
        return sim_random_between(random, 1 * S, 6 * S);
    case SIM_ACTION_OUTAGE:
        person->up.params.is_down = person->down.params.is_down = true;
        return sim_random_between(random, 100 * MS, 4 * S);
    case SIM_ACTION_SQUEEZE:
        squeeze(person);
        return sim_random_between(random, 1 * S, 8 * S);
    case SIM_ACTION_REBIND:
        rebind(world, person);
        return 0;
    case SIM_ACTION_BUDGET:
        sim_script_budget(world, person, (uint64_t)sim_random_between(random, 150000, 2800000));
        return 0;
    default:
        return 0;
    }
}

static void on_action(struct sim_world *world, struct sim_person *person)
{
    enum sim_action action = draw_action(world, person);
    int64_t lasts_us = person->connected_us == INT64_MAX ? 0 : act(world, person, action);
    if (lasts_us > 0)
        sim_world_schedule(world, SIM_EVENT_RELIEF, person, world->now_us + lasts_us, action);
    int64_t next_us = sim_random_interval(&person->random, world->config.profile->action_us);
    sim_world_schedule(world, SIM_EVENT_ACTION, person, world->now_us + lasts_us + next_us, 0);
}

void sim_script_event(struct sim_world *world, const struct sim_event *event)
{
    struct sim_person *person = sim_world_find(world, event->seat, event->number);
    if (event->kind == SIM_EVENT_JOIN)
        sim_script_join(world, event->seat);
    else if (event->kind == SIM_EVENT_FLOOR)
        on_floor(world, event->detail);
    else if (event->kind == SIM_EVENT_SHARE)
        on_share(world, event->detail);
    else if (event->kind == SIM_EVENT_STAGE)
        on_stage(world, event->detail);
    else if (person && event->kind == SIM_EVENT_LEAVE)
        sim_script_leave(world, person, event->detail);
    else if (person && event->kind == SIM_EVENT_ACTION)
        on_action(world, person);
    else if (person && event->kind == SIM_EVENT_RELIEF)
        relieve(world, person, event->detail);
}

void sim_script_begin(struct sim_world *world)
{
    const struct sim_profile *profile = world->config.profile;
    int64_t stage_us = world->now_us + profile->join_spread_us;
    for (unsigned seat = 0; seat < world->config.participants; seat++) {
        bool is_late = profile->early > 0 && seat >= profile->early;
        int64_t at_us = world->now_us + (is_late ? JOIN_LATER_US : 0) +
                        sim_random_between(&world->random, 0, profile->join_spread_us);
        stage_us = seat == profile->early && is_late ? at_us : stage_us;
        sim_queue_push(
            &world->queue,
            &(struct sim_event){.at_us = at_us, .kind = SIM_EVENT_JOIN, .seat = (uint16_t)seat});
    }
    if (profile->stage_count > 0)
        sim_world_schedule(world, SIM_EVENT_STAGE, NULL, stage_us, 0);
    for (uint32_t room = 1; room <= profile->rooms; room++) {
        for (unsigned i = 0; i < profile->floors && world->floor_count < FLOORS_MAX; i++) {
            world->floors[world->floor_count].room = room;
            sim_world_schedule(world, SIM_EVENT_FLOOR, NULL, world->now_us + 1 * S,
                               world->floor_count++);
        }
        if (profile->has_screens)
            sim_world_schedule(world, SIM_EVENT_SHARE, NULL, world->now_us + 3 * S, room);
    }
}
