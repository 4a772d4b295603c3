/* One bad thing at a time, and what is said of it. */
#include "tests/sim/trial.h"

#include <stdio.h>
#include <string.h>

#include "tests/sim/world.h"

#define MS        INT64_C(1000)
#define S         INT64_C(1000000)
#define SECONDS   60
#define REPORT_US (5 * S) /* as web/client does */

static const struct sim_profile profile = {.name = "trial",
                                           .participants = SIM_TRIAL_PEOPLE,
                                           .seconds = SECONDS,
                                           .rooms = 1,
                                           .floors = 2,
                                           .join_spread_us = 1 * S,
                                           .cameras = {[SIM_VIDEO_SIMULCAST] = 1},
                                           .network = {.delay_min_us = 5 * MS,
                                                       .delay_max_us = 40 * MS,
                                                       .jitter_max_us = 10 * MS,
                                                       .loss_max = .005}};

static void impair(struct sim_world *world, struct sim_person *victim)
{
    struct sim_link_params *up = &victim->up.params, *down = &victim->down.params;
    world->trial->is_on = true;
    switch (world->trial->impairment) {
    case IMPAIRMENT_UPLINK_LOSS:
        up->loss = IMPAIRMENT_LOSS;
        break;
    case IMPAIRMENT_UPLINK_CAPACITY:
        up->capacity_bps = IMPAIRMENT_UP_BPS;
        up->queue_us = IMPAIRMENT_QUEUE_US;
        break;
    case IMPAIRMENT_DOWNLINK_LOSS:
        down->loss = IMPAIRMENT_LOSS;
        break;
    case IMPAIRMENT_DOWNLINK_CAPACITY:
        down->capacity_bps = IMPAIRMENT_DOWN_BPS;
        down->queue_us = IMPAIRMENT_QUEUE_US;
        break;
    case IMPAIRMENT_POLICY:
        victim->videos[0].excess = IMPAIRMENT_EXCESS;
        break;
    case IMPAIRMENT_UPLINK_OUTAGE:
        up->is_down = true;
        break;
    case IMPAIRMENT_DOWNLINK_OUTAGE:
        down->is_down = true;
        break;
    default: /* the server's, a decoder's: as is_on says */
        break;
    }
}

int64_t sim_trial_wait_us(struct sim_world *world, int64_t now_us)
{
    struct sim_trial *trial = world->trial;
    int64_t wait_us = 0;
    if (!trial)
        return 0;
    if (trial->is_on && trial->impairment == IMPAIRMENT_SERVER)
        wait_us = (IMPAIRMENT_STALL_US - now_us % IMPAIRMENT_STALL_US) % IMPAIRMENT_STALL_US;
    if (io_delay_sample(&trial->delay) == 0)
        io_delay_histogram_add(&trial->held, wait_us);
    io_delay_pass(&trial->delay, 1);
    return wait_us;
}

static void take_snapshots(struct sim_world *world)
{
    static struct core_statistics statistics;
    while (core_engine_next_statistics(world->engine, world->now_us, &statistics)) {
        struct sim_person *person = sim_world_person(world, statistics.participant);
        if (!person || person->seat >= SIM_TRIAL_PEOPLE)
            continue;
        struct sim_trial_seat *seat = &world->trial->seats[person->seat];
        if (seat->number != person->number) {
            memset(seat, 0, sizeof(*seat));
            seat->number = person->number;
        }
        core_snapshots_take(&seat->snapshots, &statistics);
    }
}

/* Who sends what a slot shows, or showed last. */
static struct core_verdict_source source_of(struct sim_world *world,
                                            const struct core_verdict_shown *shown)
{
    const struct sim_person *sender = sim_world_person(world, shown->participant);
    if (!sender || sender->seat >= SIM_TRIAL_PEOPLE)
        return (struct core_verdict_source){{NULL, NULL}, 0};
    return core_verdict_source_of(&world->trial->seats[sender->seat].snapshots, sender->join.tracks,
                                  shown->csrc);
}

/* What a page reports of a decoder, and of whose pictures; of a mixture of two sources nothing. */
static void report_decoding(struct sim_world *world, const struct sim_person *person, unsigned slot)
{
    struct sim_trial_seat *seat = &world->trial->seats[person->seat];
    const struct sim_slot *at = &person->slots[slot];
    uint32_t csrc = seat->snapshots.now.reports[slot].csrc;
    bool is_slow = world->trial->is_on && person->seat == SIM_TRIAL_VICTIM &&
                   world->trial->impairment == IMPAIRMENT_CLIENT;
    unsigned decoded = at->frames - seat->decoded[slot];
    unsigned frames = at->frames + at->undecodable - seat->frames[slot];
    seat->decoded[slot] = at->frames;
    seat->frames[slot] = at->frames + at->undecodable;
    seat->decodings[slot] = (struct core_verdict_decoding){
        .is_known = csrc == seat->decoded_csrcs[slot],
        .frames_decoded = is_slow ? decoded * IMPAIRMENT_DECODED_PERCENT / 100 : decoded,
        .frames_received = frames};
    seat->decoded_csrcs[slot] = csrc;
}

static double delay_p99_ms(const struct sim_trial *trial)
{
    struct io_delay_histogram second = io_delay_histogram_since(&trial->held, &trial->before);
    return second.count ? (double)io_delay_percentile_us(&second, .99) / (double)MS
                        : CORE_EVIDENCE_UNKNOWN;
}

static void follow(struct sim_world *world, const struct sim_person *person)
{
    struct sim_trial_seat *seat = &world->trial->seats[person->seat];
    struct core_verdict_second second = {.pair = core_verdict_pair_of(&seat->snapshots)};
    bool is_reporting = world->now_us >= seat->report_us;
    if (!second.pair.now)
        return;
    if (is_reporting)
        seat->report_us = world->now_us + REPORT_US;
    second.server = (struct core_verdict_server){.delay_p99_ms = delay_p99_ms(world->trial)};
    for (unsigned i = 0; i < person->join.slot_count; i++) {
        const struct core_verdict_shown shown =
            core_verdicts_shown(&seat->verdicts, second.pair.now, i);
        second.sources[i] = source_of(world, &shown);
        if (is_reporting)
            report_decoding(world, person, i);
        if (seat->decoded_csrcs[i] == second.pair.now->reports[i].csrc)
            second.decodings[i] = seat->decodings[i];
    }
    core_verdicts_follow(&seat->verdicts, &second);
}

static void print_verdict(const struct sim_world *world, const char *what, unsigned number,
                          const struct core_verdict *verdict)
{
    printf("%7.3f %s %u: %s %s %s %.3f\n", (double)(world->now_us - world->begin_us) / (double)S,
           what, number, core_quality_name(verdict->quality), core_cause_name(verdict->cause),
           verdict->cause == CORE_CAUSE_NONE ? "" : core_evidence_name(verdict->evidence),
           verdict->value);
}

static void sample(struct sim_world *world, const char *what, unsigned number,
                   const struct core_verdict *verdict)
{
    struct sim_trial *trial = world->trial;
    bool is_right = verdict->cause == impairment_cause(trial->impairment);
    trial->samples++;
    trial->right += is_right;
    trial->said[verdict->cause]++;
    if (!is_right && trial->is_verbose)
        print_verdict(world, what, number, verdict);
}

static bool is_shown(const struct core_slot_report *report)
{
    bool is_paused = report->state == CORE_SLOT_PAUSED;
    return report->state == CORE_SLOT_LIVE ||
           (is_paused &&
            (report->pause == CORE_PAUSE_BANDWIDTH || report->pause == CORE_PAUSE_SOURCE));
}

/* Video that comes, or should, from or to the victim, as the impairment says; of the server's,
   all. */
static bool is_concerned(const struct sim_world *world, const struct sim_person *receiver,
                         unsigned slot)
{
    const struct sim_trial *trial = world->trial;
    const struct core_slot_report *report =
        &trial->seats[receiver->seat].snapshots.now.reports[slot];
    bool is_receiver_victim = receiver->seat == SIM_TRIAL_VICTIM;
    bool is_emptied =
        report->participant == 0 && impairment_empties_slot(trial->impairment, is_receiver_victim);
    bool is_victims = is_emptied || report->participant == trial->seats[SIM_TRIAL_VICTIM].number;
    return (is_emptied || is_shown(report)) &&
           receiver->join.slots[slot].kind == CORE_KIND_CAMERA &&
           impairment_concerns(trial->impairment, is_receiver_victim, is_victims);
}

static void sample_person(struct sim_world *world, const struct sim_person *person)
{
    const struct sim_trial_seat *seat = &world->trial->seats[person->seat];
    for (unsigned i = 0; i < person->join.slot_count; i++)
        if (is_concerned(world, person, i))
            sample(world, "slot", i, &seat->verdicts.slots[i].told);
    if (person->seat == SIM_TRIAL_VICTIM || world->trial->impairment == IMPAIRMENT_SERVER)
        sample(world, "participant", person->seat, &seat->verdicts.own);
}

static void count_bad(struct sim_world *world, const struct sim_person *person, unsigned index,
                      const struct core_verdict *verdict)
{
    struct sim_trial *trial = world->trial;
    unsigned *bad_s = &trial->seats[person->seat].bad_s[index];
    *bad_s = verdict->quality == CORE_QUALITY_GOOD ? 0 : *bad_s + 1;
    if (*bad_s > trial->longest_bad_s)
        trial->longest_bad_s = *bad_s;
    if (*bad_s > 0 && trial->is_verbose)
        print_verdict(world, index < CORE_SLOTS_MAX ? "slot" : "participant",
                      index < CORE_SLOTS_MAX ? index : person->seat, verdict);
}

static void watch_person(struct sim_world *world, const struct sim_person *person)
{
    const struct sim_trial_seat *seat = &world->trial->seats[person->seat];
    for (unsigned i = 0; i < person->join.slot_count; i++)
        count_bad(world, person, i, &seat->verdicts.slots[i].told);
    count_bad(world, person, CORE_SLOTS_MAX, &seat->verdicts.own);
}

static void end_outage(struct sim_world *world, struct sim_person *victim)
{
    world->trial->is_over = true;
    victim->up.params.is_down = victim->down.params.is_down = false;
}

void sim_trial_second(struct sim_world *world)
{
    struct sim_trial *trial = world->trial;
    int64_t since_us = world->now_us - world->begin_us - trial->onset_us;
    struct sim_person *victim = world->people[SIM_TRIAL_VICTIM];
    if (world->is_closing || !victim)
        return;
    take_snapshots(world);
    for (unsigned i = 0; i < SIM_TRIAL_PEOPLE; i++) {
        struct sim_person *person = world->people[i];
        if (!person || trial->seats[i].snapshots.count == 0)
            continue;
        follow(world, person);
        if (trial->impairment == IMPAIRMENT_NONE)
            watch_person(world, person);
        else if (since_us >= IMPAIRMENT_GRACE_US && !trial->is_over)
            sample_person(world, person);
    }
    trial->before = trial->held;
    if (!trial->is_on && since_us >= 0)
        impair(world, victim);
    if (impairment_is_outage(trial->impairment) && since_us >= IMPAIRMENT_OUTAGE_US &&
        !trial->is_over)
        end_outage(world, victim);
    sim_world_schedule(world, SIM_EVENT_TRIAL, NULL, world->now_us + 1 * S, 0);
}

int sim_trial_run(struct sim_world *world, struct sim_trial *trial, uint64_t seed)
{
    struct sim_config config = {.seed = seed,
                                .profile = &profile,
                                .participants = profile.participants,
                                .seconds = profile.seconds,
                                .trial = trial};
    trial->onset_us = IMPAIRMENT_ONSET_US;
    return sim_world_run(world, &config);
}
