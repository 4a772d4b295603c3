/* Adding up, and printing. */
#include "tests/sim/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/world.h"

static void add_losses(struct sim_summary *summary, const struct sim_slot *slot)
{
    const struct rtp_reception *reception = &slot->reception;
    if (reception->packets == 0)
        return;
    uint64_t expected = reception->sequence.highest - reception->first_seq + 1;
    uint64_t lost = expected > reception->packets ? expected - reception->packets : 0;
    if (slot->params.kind == CORE_KIND_AUDIO) {
        summary->voices_expected += expected;
        summary->voices_lost += lost;
        return;
    }
    summary->video_expected += expected;
    summary->video_lost += lost;
    summary->video_unrepaired += slot->lost;
    if (slot->params.rtx_ssrc == 0)
        return;
    summary->repairable += lost;
    summary->unrepaired += slot->lost;
    summary->asked += slot->nacks;
    summary->came += slot->repairs;
}

static void add_slot(struct sim_summary *summary, const struct sim_slot *slot)
{
    add_losses(summary, slot);
    summary->nacked += slot->nacks;
    summary->repaired += slot->repairs;
    summary->plis_received += slot->plis;
    summary->switches += slot->switches;
    if (slot->params.kind == CORE_KIND_AUDIO)
        return;
    summary->frames += slot->frames;
    summary->undecodable += slot->undecodable;
    summary->layer_switches += slot->layer_switches;
    summary->freezes += slot->freeze.freezes;
    summary->frozen_ms += (uint64_t)slot->freeze.frozen_us / 1000;
}

static void add_sources(struct sim_summary *summary, const struct sim_person *person,
                        int64_t now_us)
{
    for (unsigned v = 0; v < 2; v++) {
        const struct sim_video *video = &person->videos[v];
        summary->plis_sent += person->requests[SIM_TRACK_CAMERA + v].plis;
        if (v == 0 && person->requests[SIM_TRACK_CAMERA].plis > summary->plis_most)
            summary->plis_most = person->requests[SIM_TRACK_CAMERA].plis;
        summary->key_frames += video->key_frames;
        if (video->frame_us == 0)
            continue;
        summary->sources++;
        if (v == 0)
            summary->source_us += now_us - person->connected_us;
    }
}

static void add_filler(struct sim_summary *summary, const struct sim_person *person)
{
    uint64_t all = person->media_bytes + person->filler_bytes;
    double pct = all ? 100.0 * (double)person->filler_bytes / (double)all : 0;
    if (pct > summary->filler_most_pct)
        summary->filler_most_pct = pct;
}

void sim_summary_add(struct sim_summary *summary, const struct sim_person *person, int64_t now_us)
{
    for (unsigned i = 0; i < person->join.slot_count; i++) {
        add_slot(summary, &person->slots[i]);
        summary->retransmitted += person->taps[i].retransmitted;
    }
    add_sources(summary, person, now_us);
    add_filler(summary, person);
    if (!person->expects_frame)
        return;
    if (person->first_frame_us == INT64_MAX)
        summary->without_frame++;
    else if (summary->first_frame_count < SIM_FIRST_FRAMES_MAX)
        summary->first_frames_ms[summary->first_frame_count++] =
            (int32_t)((person->first_frame_us - person->joined_us) / 1000);
}

void sim_summary_add_skew(struct sim_summary *summary, int64_t skew_us, bool is_judged)
{
    int64_t ms = skew_us / 1000;
    summary->skews[ms < SIM_SKEWS ? ms : SIM_SKEWS - 1]++;
    summary->skew_count++;
    summary->skew_judged += is_judged;
    if (skew_us > summary->skew_most_us)
        summary->skew_most_us = skew_us;
}

static unsigned skew_ms(const struct sim_summary *summary, unsigned percent)
{
    uint64_t seen = 0;
    for (unsigned ms = 0; ms < SIM_SKEWS; ms++) {
        seen += summary->skews[ms];
        if (seen * 100 >= summary->skew_count * percent)
            return ms;
    }
    return SIM_SKEWS;
}

static double percent_of(uint64_t part, uint64_t all)
{
    return all > 0 ? 100.0 * (double)part / (double)all : 0;
}

static int compare(const void *a, const void *b)
{
    const int32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static int32_t percentile(const struct sim_summary *summary, unsigned percent)
{
    int32_t sorted[SIM_FIRST_FRAMES_MAX];
    unsigned count = summary->first_frame_count;
    if (count == 0)
        return -1;
    memcpy(sorted, summary->first_frames_ms, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), compare);
    return sorted[(count - 1) * percent / 100];
}

/* What is asked of the whole time that a profile takes cannot be asked of less. */
static bool is_whole(const struct sim_world *world)
{
    return world->config.seconds >= world->config.profile->seconds;
}

static void judge_joins(struct sim_world *world)
{
    const struct sim_join_goals *goals = &world->config.profile->goals;
    const struct sim_summary *summary = &world->summary;
    int32_t first_ms = percentile(summary, 95);
    if (goals->first_frame_ms > 0 && summary->without_frame > 0)
        sim_check_fail(&world->checks, SIM_CHECK_JOIN, 0, "%u never saw anybody",
                       summary->without_frame);
    if (goals->first_frame_ms > 0 && first_ms > goals->first_frame_ms)
        sim_check_fail(&world->checks, SIM_CHECK_JOIN, 0,
                       "p95 %" PRId32 " ms to the first frame, at most %" PRId32, first_ms,
                       goals->first_frame_ms);
    if (goals->key_requests > 0 && summary->plis_most > goals->key_requests)
        sim_check_fail(&world->checks, SIM_CHECK_JOIN, 0,
                       "a camera was asked for %u key frames, at most %u", summary->plis_most,
                       goals->key_requests);
    if (goals->filler_pct > 0 && is_whole(world) && summary->filler_most_pct > goals->filler_pct)
        sim_check_fail(&world->checks, SIM_CHECK_JOIN, 0,
                       "%.2f %% of what somebody got is padding and unasked repairs, at most %u",
                       summary->filler_most_pct, goals->filler_pct);
}

/* A share of what is lost: of all video it would be small where little is lost. */
static void judge_repairs(struct sim_world *world)
{
    const struct sim_summary *summary = &world->summary;
    unsigned most = world->config.profile->goals.unrepaired_pct;
    double unrepaired = percent_of(summary->unrepaired, summary->repairable);
    if (most > 0 && unrepaired > most)
        sim_check_fail(&world->checks, SIM_CHECK_REPAIR, 0,
                       "%.1f %% of %" PRIu64 " lost packets not repaired in time, at most %u",
                       unrepaired, summary->repairable, most);
    unsigned least = world->config.profile->goals.repaired_pct;
    double came = percent_of(summary->came, summary->asked);
    if (least > 0 && came < least)
        sim_check_fail(&world->checks, SIM_CHECK_REPAIR, 0,
                       "%.1f %% of %" PRIu64 " requests brought a packet, at least %u", came,
                       summary->asked, least);
}

/* Where voices are heard and people are seen, some of it must have been looked at. */
static void judge_skew(struct sim_world *world)
{
    const struct sim_summary *summary = &world->summary;
    unsigned most_ms = world->config.profile->goals.skew_ms;
    if (most_ms == 0)
        return;
    if (skew_ms(summary, 95) > most_ms)
        sim_check_fail(&world->checks, SIM_CHECK_SKEW, 0,
                       "seen and heard within %u ms (p95), at most %u", skew_ms(summary, 95),
                       most_ms);
    if (is_whole(world) && summary->skew_judged == 0)
        sim_check_fail(&world->checks, SIM_CHECK_SKEW, 0, "of %" PRIu64 " frames none is judged",
                       summary->skew_count);
}

static void judge_wraps(struct sim_world *world)
{
    const struct sim_summary *summary = &world->summary;
    unsigned least = world->config.profile->wraps;
    if (is_whole(world) && (summary->wraps_up < least || summary->wraps_down < least))
        sim_check_fail(&world->checks, SIM_CHECK_SEQUENCE, 0,
                       "%u numbers to the server and %u from it wrapped where a packet was lost, "
                       "at least %u each",
                       summary->wraps_up, summary->wraps_down, least);
}

void sim_summary_judge(struct sim_world *world)
{
    judge_joins(world);
    judge_repairs(world);
    judge_skew(world);
    judge_wraps(world);
}

double sim_summary_speed(const struct sim_summary *summary)
{
    return (double)summary->virtual_us / 1e6 / summary->wall_s;
}

static void print_breaches(const struct sim_world *world)
{
    for (unsigned i = 0; i < SIM_CHECK_COUNT; i++) {
        const struct sim_breach *breach = &world->checks.breaches[i];
        if (breach->count == 0)
            continue;
        printf("BROKEN  %s: %" PRIu64 " times, first at %.6f s, participant %" PRIu64 ": %s\n",
               sim_check_name((enum sim_check)i), breach->count, (double)breach->at_us / 1e6,
               breach->participant, breach->detail);
    }
}

/* What came of the schedule of the first seat's network. */
static void print_stages(const struct sim_world *world)
{
    const struct sim_profile *profile = world->config.profile;
    for (unsigned i = 0; i < profile->stage_count; i++) {
        const struct sim_stage_result *result = &world->network.results[i];
        printf(
            "  %4" PRIu64 " kbps: %4" PRIu64 " kbps after 5 s (%" PRIu64 " in the last 5), %" PRIu64
            " of %" PRIu64 " voice packets lost (%" PRIu64
            " at first), layers %u up, %u down, %u flaps of one, %u slots paused; ms at a "
            "switch %u (%u at first), between frames %u (%u at first), without a camera %u, until "
            "the layers fit %u, "
            "below the top %u, back %u, all at the top %u\n",
            profile->stages[i].down_bps / 1000,
            result->adapted_bytes * 8000 / (uint64_t)(profile->stages[i].for_us - 5000000),
            result->late_bytes * 8 / 5000, result->voices_lost, result->voices,
            result->first_voices_lost, result->ups, result->downs, result->flaps, result->paused,
            result->switch_gap_ms, result->drain_switch_ms, result->wait_ms, result->drain_ms,
            result->dark_ms, result->fit_ms, result->full_ms, result->back_ms, result->all_full_ms);
    }
}

static void print_quality(const struct sim_summary *s)
{
    printf("  lost: voices %.3f %%; video %.3f %%, after repair %.3f %% (with RTX %.1f %% of what "
           "was lost; %.1f %% of requests brought it); seen and heard within %u ms (p95), %" PRId64
           " ms (most)\n",
           percent_of(s->voices_lost, s->voices_expected),
           percent_of(s->video_lost, s->video_expected),
           percent_of(s->video_unrepaired, s->video_expected),
           percent_of(s->unrepaired, s->repairable), percent_of(s->came, s->asked), skew_ms(s, 95),
           s->skew_most_us / 1000);
}

void sim_summary_print(const struct sim_world *world, bool is_quiet)
{
    const struct sim_config *config = &world->config;
    const struct sim_summary *s = &world->summary;
    bool is_broken = sim_checks_are_broken(&world->checks, SIM_CHECKS_ALL);
    if (is_quiet && !is_broken)
        return;
    printf("%s: seed %" PRIu64 ", %u participants, %u s, digest %016" PRIx64 "\n",
           config->profile->name, config->seed, config->participants, config->seconds,
           world->digest);
    printf("  joins %u, leaves %u (%u without a word); first frame p50 %d ms, p95 %d ms of %u, "
           "never %u\n",
           s->joins, s->leaves, s->vanished, percentile(s, 50), percentile(s, 95),
           s->first_frame_count, s->without_frame);
    printf("  frames %" PRIu64 ", undecodable %" PRIu64 ", freezes %" PRIu64 " (%" PRIu64
           " ms), sources switched %" PRIu64 ", layers %" PRIu64 "\n",
           s->frames, s->undecodable, s->freezes, s->frozen_ms, s->switches, s->layer_switches);
    printf("  PLIs from receivers %" PRIu64 ", to sources %" PRIu64
           " (to one %u); key frames %" PRIu64 " of %" PRIu64 " sources in %.0f s of cameras\n",
           s->plis_received, s->plis_sent, s->plis_most, s->key_frames, s->sources,
           (double)s->source_us / 1e6);
    printf("  asked again %" PRIu64 ", answered %" PRIu64 ", repaired %" PRIu64
           "; padding and unasked repairs %.2f %% at most\n",
           s->nacked, s->retransmitted, s->repaired, s->filler_most_pct);
    print_quality(s);
    printf("  in %" PRIu64 " packets, %" PRIu64 " bytes; out %" PRIu64 " packets, %" PRIu64
           " bytes; %.2f s of CPU: %.0f x real time\n",
           s->packets_in, s->bytes_in, s->packets_out, s->bytes_out, s->wall_s,
           sim_summary_speed(s));
    if (s->wraps_up + s->wraps_down > 0)
        printf("  numbers wrapped where a packet was lost: %u to the server, %u from it\n",
               s->wraps_up, s->wraps_down);
    if (s->handovers)
        printf("  handed over %u times, the last state %" PRIu64 " bytes\n", s->handovers,
               s->state_bytes);
    print_stages(world);
    print_breaches(world);
    if (is_broken)
        printf("replay: iris-sim --seed %" PRIu64
               " --profile %s --participants %u --seconds %u --handover %u\n",
               config->seed, config->profile->name, config->participants, config->seconds,
               config->handovers);
}

static void print_json_breaches(const struct sim_world *world)
{
    bool is_first = true;
    printf("\"broken\":[");
    for (unsigned i = 0; i < SIM_CHECK_COUNT; i++) {
        const struct sim_breach *breach = &world->checks.breaches[i];
        if (breach->count == 0)
            continue;
        printf("%s{\"invariant\":\"%s\",\"count\":%" PRIu64 ",\"at_us\":%" PRId64
               ",\"participant\":%" PRIu64 ",\"detail\":\"%s\"}",
               is_first ? "" : ",", sim_check_name((enum sim_check)i), breach->count, breach->at_us,
               breach->participant, breach->detail);
        is_first = false;
    }
    printf("]");
}

void sim_summary_print_json(const struct sim_world *world)
{
    const struct sim_config *config = &world->config;
    const struct sim_summary *s = &world->summary;
    printf("{\"profile\":\"%s\",\"seed\":%" PRIu64 ",\"participants\":%u,\"seconds\":%u,"
           "\"digest\":\"%016" PRIx64 "\",\"joins\":%u,\"leaves\":%u,\"vanished\":%u,",
           config->profile->name, config->seed, config->participants, config->seconds,
           world->digest, s->joins, s->leaves, s->vanished);
    printf("\"first_frame_ms\":{\"p50\":%d,\"p95\":%d,\"count\":%u,\"never\":%u},",
           percentile(s, 50), percentile(s, 95), s->first_frame_count, s->without_frame);
    printf("\"frames\":%" PRIu64 ",\"undecodable\":%" PRIu64 ",\"freezes\":%" PRIu64
           ",\"frozen_ms\":%" PRIu64 ",\"switches\":%" PRIu64 ",\"layer_switches\":%" PRIu64 ",",
           s->frames, s->undecodable, s->freezes, s->frozen_ms, s->switches, s->layer_switches);
    printf("\"plis_received\":%" PRIu64 ",\"plis_sent\":%" PRIu64 ",\"key_frames\":%" PRIu64
           ",\"sources\":%" PRIu64 ",\"nacked\":%" PRIu64 ",\"retransmitted\":%" PRIu64
           ",\"repaired\":%" PRIu64 ",",
           s->plis_received, s->plis_sent, s->key_frames, s->sources, s->nacked, s->retransmitted,
           s->repaired);
    printf("\"packets_in\":%" PRIu64 ",\"bytes_in\":%" PRIu64 ",\"packets_out\":%" PRIu64
           ",\"bytes_out\":%" PRIu64 ",\"cpu_s\":%.3f,\"speed\":%.1f,",
           s->packets_in, s->bytes_in, s->packets_out, s->bytes_out, s->wall_s,
           sim_summary_speed(s));
    printf("\"voices_lost_percent\":%.4f,\"video_lost_percent\":%.4f,"
           "\"video_unrepaired_percent\":%.4f,\"unrepaired_share_percent\":%.2f,\"came_percent\":%."
           "2f,\"skew_ms\":{"
           "\"p95\":%u,\"most\":%" PRId64 ",\"count\":%" PRIu64 ",\"judged\":%" PRIu64 "},",
           percent_of(s->voices_lost, s->voices_expected),
           percent_of(s->video_lost, s->video_expected),
           percent_of(s->video_unrepaired, s->video_expected),
           percent_of(s->unrepaired, s->repairable), percent_of(s->came, s->asked), skew_ms(s, 95),
           s->skew_most_us / 1000, s->skew_count, s->skew_judged);
    printf("\"handovers\":%u,\"state_bytes\":%" PRIu64 ",", s->handovers, s->state_bytes);
    print_json_breaches(world);
    printf("}\n");
}
