/* The loop: what is next, and whom it concerns. */
#include "tests/sim/world.h"

#include "rtp/bytes.h"
#include "sfu/core/engine_internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ENGINE_BUFFERS  8192
#define NTP_AT_ZERO     UINT64_C(0xE000000000000000)
#define CHECK_FIRST_US  100000  /* until an answer comes */
#define CHECK_PERIOD_US 2500000 /* consent (RFC 7675) */
#define TICK_US         100000
#define ATTACK_US       300000
#define CLOSING_US      40000000 /* whoever went without a word is forgotten by then */
#define TAMPER_AFTER_US 8000000
#define WARM_US         1000000
#define WRAP_NUMBERS    4
#define LEAK_BYTES      200000 /* of the self-test */
#define WARM_PORTS      8      /* who went without a word keeps addresses beside who came instead */
#define TRIAL_FIRST_US  3000000 /* all are there */

struct sim_person *sim_world_person(struct sim_world *world, uint64_t number)
{
    struct sim_person *person = world->people[world->seats[number % SIM_NUMBERS]];
    return person && person->number == number ? person : NULL;
}

struct sim_person *sim_world_find(struct sim_world *world, unsigned seat, uint64_t number)
{
    struct sim_person *person = world->people[seat];
    return person && person->number == number && !person->is_ghost ? person : NULL;
}

void sim_world_schedule(struct sim_world *world, enum sim_event_kind kind,
                        const struct sim_person *person, int64_t at_us, uint32_t detail)
{
    sim_queue_push(&world->queue, &(struct sim_event){.at_us = at_us,
                                                      .kind = (uint16_t)kind,
                                                      .seat = person ? (uint16_t)person->seat : 0,
                                                      .number = person ? person->number : 0,
                                                      .detail = detail});
}

struct sim_datagram *sim_world_datagram(struct sim_world *world)
{
    struct sim_datagram *datagram = world->free_datagrams;
    if (datagram)
        world->free_datagrams = datagram->next;
    else
        datagram = calloc(1, sizeof(*datagram));
    if (!datagram)
        abort();
    datagram->is_media = false;
    datagram->stamp.track = SIM_TRACK_COUNT;
    return datagram;
}

static void release(struct sim_world *world, struct sim_datagram *datagram)
{
    datagram->next = world->free_datagrams;
    world->free_datagrams = datagram;
}

/* The last number before or one of the first behind, by the stream. */
bool sim_world_loses(const struct sim_world *world, uint32_t ssrc, uint16_t seq)
{
    return world->config.profile->wraps > 0 && seq == (uint16_t)(ssrc % WRAP_NUMBERS - 1);
}

static bool is_lost_at_wrap(struct sim_world *world, const struct sim_datagram *datagram)
{
    bool is_lost = datagram->is_media && datagram->stamp.track != SIM_TRACK_VOICE &&
                   sim_world_loses(world, rtp_bytes_get32(datagram->data + 8),
                                   rtp_bytes_get16(datagram->data + 2));
    world->summary.wraps_up += is_lost;
    return is_lost;
}

bool sim_world_send(struct sim_world *world, struct sim_person *person,
                    struct sim_datagram *datagram)
{
    int64_t arrivals_us[SIM_LINK_COPIES];
    unsigned copies = sim_link_send(&person->up, datagram->len, world->now_us, arrivals_us);
    if (is_lost_at_wrap(world, datagram))
        copies = 0;
    datagram->path = person->path;
    for (unsigned i = 0; i < copies; i++) {
        struct sim_datagram *sent = datagram;
        if (i > 0) {
            sent = sim_world_datagram(world);
            *sent = *datagram;
        }
        sim_queue_push(&world->queue, &(struct sim_event){.at_us = arrivals_us[i],
                                                          .kind = SIM_EVENT_UPLINK,
                                                          .what = sent,
                                                          .seat = (uint16_t)person->seat,
                                                          .number = person->number});
    }
    if (copies == 0)
        release(world, datagram);
    return copies > 0;
}

/* The engine's deadline may have moved: it is in the queue once. */
static void wake_engine(struct sim_world *world)
{
    int64_t deadline_us = core_engine_deadline(world->engine);
    if (deadline_us < world->now_us)
        deadline_us = world->now_us;
    if (deadline_us >= world->engine_us)
        return;
    world->engine_us = deadline_us;
    sim_world_schedule(world, SIM_EVENT_ENGINE, NULL, deadline_us, 0);
}

void sim_world_command(struct sim_world *world, const struct core_command *command)
{
    core_engine_command(world->engine, command, world->now_us);
    sim_world_flush(world);
    wake_engine(world);
}

static void on_engine(struct sim_world *world, const struct sim_event *event)
{
    if (event->at_us != world->engine_us)
        return;
    world->engine_us = INT64_MAX;
    core_engine_advance(world->engine, world->now_us);
    sim_world_flush(world);
    wake_engine(world);
}

/* The server takes it: what comes from an address without a check is nobody's. */
static void note_delivery(struct sim_person *person, const struct sim_datagram *sent,
                          int64_t now_us)
{
    uint16_t port = sent->path.remote.port;
    if (sent->data[0] < 4 && port > person->validated_port) {
        person->validated_port = port;
        person->up.trouble_us = person->down.trouble_us = now_us; /* until now it was nobody's */
    }
    struct sim_stream *stream =
        sent->is_media && port <= person->validated_port
            ? sim_person_stream(person, sent->stamp.track, sent->stamp.layer)
            : NULL;
    if (stream)
        sim_stream_delivered(stream, &sent->stamp, now_us);
    else if (sent->is_media && sent->stamp.track < SIM_TRACK_COUNT)
        person->lost_us[sent->stamp.track] = sent->stamp.captured_us;
}

/* Hand it to the server. What it drops for its sender's contract is dropped on purpose. */
static void receive(struct sim_world *world, const struct sim_datagram *sent,
                    struct transport_datagram *datagram, struct sim_person *person)
{
    const struct core_participant *sender =
        person && sent->is_media ? core_engine_find(world->engine, person->number) : NULL;
    uint64_t policed = sender ? sender->uplink.policed_packets : 0;
    core_engine_prefetch(world->engine, datagram, 1); /* as sfu/io does; it changes nothing */
    core_engine_receive(world->engine, datagram, world->now_us);
    struct sim_stream *stream =
        sender && sender->uplink.policed_packets > policed
            ? sim_person_stream(person, sent->stamp.track, sent->stamp.layer)
            : NULL;
    if (stream)
        sim_stream_policed(stream, &sent->stamp);
}

/* Whether its sender is still there does not matter to a datagram. */
static void on_uplink(struct sim_world *world, const struct sim_event *event)
{
    struct sim_datagram *sent = event->what;
    struct sim_person *person = sim_world_person(world, event->number);
    struct transport_datagram datagram = {.path = sent->path, .data = sent->data, .len = sent->len};
    int64_t wait_us = sim_trial_wait_us(world, world->now_us);
    if (wait_us > 0) {
        struct sim_event later = *event;
        later.at_us += wait_us;
        sim_queue_push(&world->queue, &later);
        return;
    }
    if (person)
        note_delivery(person, sent, world->now_us);
    world->summary.packets_in++;
    world->summary.bytes_in += sent->len;
    world->digest = sim_world_digest(world->digest, sent->data, sent->len);
    receive(world, sent, &datagram, person);
    release(world, sent);
    sim_world_flush(world);
    wake_engine(world);
}

static int64_t tick_us(const struct sim_world *world)
{
    int64_t us = world->config.profile->tick_us;
    return us > 0 ? us : TICK_US;
}

static void begin_media(struct sim_world *world, struct sim_person *person)
{
    int64_t now_us = world->now_us;
    person->connected_us = now_us;
    sim_video_set_sending(&person->videos[0], true, now_us);
    sim_world_schedule(world, SIM_EVENT_VOICE, person,
                       now_us + sim_random_between(&person->random, 0, SIM_VOICE_PACKET_US), 0);
    sim_world_schedule(world, SIM_EVENT_VIDEO, person,
                       now_us +
                           sim_random_between(&person->random, 0, person->videos[0].interval_us),
                       SIM_TRACK_CAMERA);
    sim_world_schedule(world, SIM_EVENT_TICK, person,
                       now_us + sim_random_between(&person->random, 0, TICK_US), 0);
    if (person->is_hostile)
        sim_world_schedule(world, SIM_EVENT_ATTACK, person, now_us + ATTACK_US, 0);
}

static void on_downlink(struct sim_world *world, const struct sim_event *event,
                        struct sim_person *person)
{
    struct sim_datagram *datagram = event->what;
    bool is_stun = datagram->data[0] < 4;
    if (person && is_stun && person->connected_us == INT64_MAX)
        begin_media(world, person);
    if (person && !is_stun)
        sim_person_take_rtcp(world, person, datagram->data, datagram->len);
    release(world, datagram);
}

static void on_media(struct sim_world *world, const struct sim_event *event,
                     struct sim_person *person)
{
    struct sim_media *media = event->what;
    if (person)
        sim_person_hear(world, person, media);
    media->next = world->free_media;
    world->free_media = media;
}

static void on_video(struct sim_world *world, struct sim_person *person, unsigned track)
{
    struct sim_video *video = sim_person_video(person, track);
    if (track == SIM_TRACK_SCREEN && !person->has_screen)
        return;
    if (video->started_us != INT64_MAX)
        sim_person_show(world, person, track);
    sim_world_schedule(world, SIM_EVENT_VIDEO, person, world->now_us + video->interval_us, track);
}

static void on_check(struct sim_world *world, struct sim_person *person)
{
    bool is_connected = person->connected_us != INT64_MAX;
    sim_person_check(world, person);
    sim_world_schedule(world, SIM_EVENT_CHECK, person,
                       world->now_us + (is_connected ? CHECK_PERIOD_US : CHECK_FIRST_US), 0);
}

/* What happens to a participant that is still there. */
static void on_person(struct sim_world *world, struct sim_person *person,
                      const struct sim_event *event)
{
    int64_t now_us = world->now_us;
    switch ((enum sim_event_kind)event->kind) {
    case SIM_EVENT_CHECK:
        on_check(world, person);
        break;
    case SIM_EVENT_VOICE:
        sim_person_speak(world, person);
        sim_world_schedule(world, SIM_EVENT_VOICE, person, now_us + SIM_VOICE_PACKET_US, 0);
        break;
    case SIM_EVENT_VIDEO:
        on_video(world, person, event->detail);
        break;
    case SIM_EVENT_TICK:
        sim_person_tick(world, person);
        sim_world_schedule(world, SIM_EVENT_TICK, person, now_us + tick_us(world), 0);
        break;
    case SIM_EVENT_NACK:
        if (event->at_us == person->nack_us)
            sim_person_nack(world, person);
        break;
    case SIM_EVENT_ATTACK:
        sim_person_attack(world, person);
        sim_world_schedule(world, SIM_EVENT_ATTACK, person,
                           now_us + sim_random_interval(&person->random, ATTACK_US), 0);
        break;
    default:
        sim_script_event(world, event);
        break;
    }
}

static void dispatch(struct sim_world *world, const struct sim_event *event)
{
    struct sim_person *person = sim_world_find(world, event->seat, event->number);
    switch ((enum sim_event_kind)event->kind) {
    case SIM_EVENT_ENGINE:
        on_engine(world, event);
        break;
    case SIM_EVENT_UPLINK:
        on_uplink(world, event);
        break;
    case SIM_EVENT_MEDIA:
        on_media(world, event, person);
        break;
    case SIM_EVENT_DOWNLINK:
        on_downlink(world, event, person);
        break;
    case SIM_EVENT_TRIAL:
        sim_trial_second(world);
        break;
    case SIM_EVENT_TRACE:
        sim_trace_second(world);
        break;
    case SIM_EVENT_JOIN:
    case SIM_EVENT_FLOOR:
    case SIM_EVENT_SHARE:
    case SIM_EVENT_STAGE:
        sim_script_event(world, event);
        break;
    default:
        if (person)
            on_person(world, person, event);
        break;
    }
}

struct core_engine_config sim_world_engine_config(const struct sim_world *world)
{
    return (struct core_engine_config){.certificate = world->certificate,
                                       .aead = TRANSPORT_AEAD_AUTO,
                                       .seed = world->config.seed,
                                       .ntp_at_zero = NTP_AT_ZERO,
                                       .buffer_count = ENGINE_BUFFERS};
}

static int create_engine(struct sim_world *world)
{
    world->certificate = transport_certificate_create();
    world->aead = transport_aead_context_create(TRANSPORT_AEAD_AUTO);
    struct core_engine_config config = sim_world_engine_config(world);
    world->engine = world->certificate && world->aead ? core_engine_create(&config) : NULL;
    return world->engine ? 0 : -1;
}

static void free_pools(struct sim_world *world)
{
    while (world->free_datagrams) {
        struct sim_datagram *next = world->free_datagrams->next;
        free(world->free_datagrams);
        world->free_datagrams = next;
    }
    while (world->free_media) {
        struct sim_media *next = world->free_media->next;
        free(world->free_media);
        world->free_media = next;
    }
    sim_queue_dispose(&world->queue);
}

static void run_until(struct sim_world *world, int64_t end_us)
{
    struct sim_event event;
    while (sim_queue_next_us(&world->queue) <= end_us && sim_queue_pop(&world->queue, &event)) {
        world->now_us = event.at_us;
        world->checks.now_us = event.at_us;
        sim_handover_advance(world);
        dispatch(world, &event);
    }
    world->now_us = end_us;
}

/* The tables of the engine and of its libraries grow with the first people, their paths and their
   media, and stay: what is held after a first second of everybody is the start level. */
static void warm_up(struct sim_world *world)
{
    unsigned count = world->config.participants;
    for (unsigned seat = 0; seat < count; seat++)
        sim_script_join(world, seat);
    for (unsigned port = 0; port < WARM_PORTS; port++)
        for (unsigned seat = 0; seat < count; seat++) {
            world->people[seat]->path.remote.port++;
            sim_person_check(world, world->people[seat]);
        }
    run_until(world, world->now_us + WARM_US);
    if (world->config.handovers) /* OpenSSL keeps what it has once fetched */
        sim_handover_now(world);
    world->is_closing = true;
    for (unsigned seat = 0; seat < count; seat++)
        if (world->people[seat])
            sim_script_leave(world, world->people[seat], false);
    run_until(world, world->now_us + WARM_US);
    world->is_closing = false;
    free_pools(world);
    memset(&world->summary, 0, sizeof(world->summary));
    memset(&world->checks, 0, sizeof(world->checks));
    world->digest = 0;
}

static void drain(struct sim_world *world)
{
    world->is_closing = true;
    for (unsigned seat = 0; seat < world->config.participants; seat++)
        if (world->people[seat] && !world->people[seat]->is_ghost)
            sim_script_leave(world, world->people[seat], false);
    run_until(world, world->end_us + CLOSING_US);
}

static double wall_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

int sim_world_run(struct sim_world *world, const struct sim_config *config)
{
    memset(world, 0, sizeof(*world));
    world->config = *config;
    world->random.state = config->seed;
    world->now_us = SIM_START_US;
    world->engine_us = INT64_MAX;
    world->handover.next_us = INT64_MAX;
    world->next_number = 1;
    if (create_engine(world))
        return -1;
    warm_up(world);
    world->begin_us = world->checks.begin_us = world->now_us;
    world->end_us = world->begin_us + (int64_t)config->seconds * 1000000;
    sim_tamper_init(&world->tamper, config->tamper, world->begin_us + TAMPER_AFTER_US);
    world->tamper.receiver = world->next_number;
    size_t start_bytes = sim_world_heap_bytes();
    double began_s = wall_s();
    sim_script_begin(world);
    world->trial = config->trial;
    if (world->trial)
        sim_world_schedule(world, SIM_EVENT_TRIAL, NULL, world->now_us + TRIAL_FIRST_US, 0);
    if (config->is_traced && config->profile->stage_count > 0)
        sim_world_schedule(world, SIM_EVENT_TRACE, NULL, world->now_us + 1000000, 0);
    sim_handover_begin(world, config->handovers);
    run_until(world, world->end_us);
    drain(world);
    world->summary.wall_s = wall_s() - began_s;
    if (world->summary.handovers < config->handovers)
        sim_check_fail(&world->checks, SIM_CHECK_HANDOVER, 0, "%u of %u took place",
                       world->summary.handovers, config->handovers);
    world->summary.virtual_us = world->end_us - world->begin_us;
    if (config->tamper == SIM_TAMPER_LEFT) {
        world->is_closing = false;
        sim_script_join(world, 0);
    }
    free_pools(world);
    if (config->tamper == SIM_TAMPER_MEMORY)
        world->tamper.leak = malloc(LEAK_BYTES);
    world->summary.without_frame += config->tamper == SIM_TAMPER_JOIN;
    sim_summary_judge(world);
    sim_check_memory(world, start_bytes);
    if (world->people[0])
        sim_person_destroy(world->people[0]);
    core_engine_destroy(world->engine);
    transport_aead_context_destroy(world->aead);
    transport_certificate_destroy(world->certificate);
    free(world->tamper.leak);
    return 0;
}
