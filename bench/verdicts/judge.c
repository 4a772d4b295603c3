/* Samples of a room, as its operator sees it. */
#include "bench/verdicts/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names that iris-bench bubbles gives: by seat, from 1. */
#define NAME "Bubbles "

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* @return IMPAIRMENT_PEOPLE: none of the conference */
static unsigned seat_of(const json_t *participant)
{
    const char *name = text_of(participant, "name");
    unsigned long number =
        strncmp(name, NAME, strlen(NAME)) == 0 ? strtoul(name + strlen(NAME), NULL, 10) : 0;
    return number >= 1 && number <= IMPAIRMENT_PEOPLE ? (unsigned)number - 1 : IMPAIRMENT_PEOPLE;
}

/* One verdict, and whose it is. */
struct sample {
    const json_t *verdict;
    unsigned seat, slot; /* slot: CORE_SLOTS_MAX: the participant's own */
};

static enum core_cause cause_of(const json_t *verdict)
{
    unsigned cause = 0;
    while (cause < CORE_CAUSE_CLIENT &&
           strcmp(text_of(verdict, "cause"), core_cause_name((enum core_cause)cause)) != 0)
        cause++;
    return (enum core_cause)cause;
}

/* Never longer than the machine kept the processes of the test waiting. */
static bool is_machines(const json_t *verdict, double waited_ms)
{
    const json_t *evidence = json_object_get(verdict, "evidence");
    return strcmp(text_of(evidence, "unit"), core_unit_name(CORE_UNIT_MS)) == 0 &&
           json_number_value(json_object_get(evidence, "value")) <= waited_ms;
}

static void print(const struct verdicts_tally *tally, const struct sample *sample, double waited_ms)
{
    const json_t *evidence = json_object_get(sample->verdict, "evidence");
    fprintf(stderr, "%s: %s %s %s %.3f of %.3f; seat %u %s %u; waited %.0f ms\n",
            impairment_name(tally->impairment), text_of(sample->verdict, "quality"),
            text_of(sample->verdict, "cause"), text_of(evidence, "what"),
            json_number_value(json_object_get(evidence, "value")),
            json_number_value(json_object_get(evidence, "limit")), sample->seat,
            sample->slot < CORE_SLOTS_MAX ? "slot" : "own", sample->slot, waited_ms);
}

static void count(struct verdicts_tally *tally, const struct sample *sample, double waited_ms)
{
    enum core_cause cause = cause_of(sample->verdict);
    unsigned *bad_s = &tally->bad_s[sample->seat][sample->slot];
    bool is_right = cause == impairment_cause(tally->impairment);
    if (!is_right && tally->is_verbose)
        print(tally, sample, waited_ms);
    if (!is_right && is_machines(sample->verdict, waited_ms)) {
        tally->set_aside++;
        return;
    }
    tally->samples++;
    tally->right += is_right;
    tally->said[cause]++;
    *bad_s = is_right ? 0 : *bad_s + 1;
    if (tally->impairment == IMPAIRMENT_NONE && *bad_s > tally->longest_bad_s)
        tally->longest_bad_s = *bad_s;
}

static bool is_shown(const json_t *slot)
{
    return strcmp(text_of(slot, "state"), "live") == 0 ||
           strcmp(text_of(slot, "reason"), "bandwidth") == 0 ||
           strcmp(text_of(slot, "reason"), "source") == 0;
}

static bool is_concerned(const struct verdicts_tally *tally, const json_t *slot,
                         bool is_receiver_victim, const char *victim)
{
    bool is_emptied = strcmp(text_of(slot, "state"), "idle") == 0 &&
                      impairment_empties_slot(tally->impairment, is_receiver_victim);
    bool is_victims = is_emptied || strcmp(text_of(slot, "participant"), victim) == 0;
    return strcmp(text_of(slot, "kind"), "camera") == 0 && (is_emptied || is_shown(slot)) &&
           impairment_concerns(tally->impairment, is_receiver_victim, is_victims);
}

static void judge_participant(struct verdicts_tally *tally, const json_t *participant,
                              const char *victim, double waited_ms)
{
    bool is_clean = tally->impairment == IMPAIRMENT_NONE;
    struct sample sample = {json_object_get(participant, "verdict"), seat_of(participant),
                            CORE_SLOTS_MAX};
    const json_t *slots = json_object_get(json_object_get(participant, "downlink"), "slots"), *slot;
    size_t i;
    if (sample.seat == IMPAIRMENT_PEOPLE)
        return;
    if (sample.seat == 0 || is_clean || tally->impairment == IMPAIRMENT_SERVER)
        count(tally, &sample, waited_ms);
    json_array_foreach(slots, i, slot)
    {
        sample.verdict = json_object_get(slot, "verdict");
        sample.slot = (unsigned)i;
        if (i < CORE_SLOTS_MAX && (is_clean || is_concerned(tally, slot, sample.seat == 0, victim)))
            count(tally, &sample, waited_ms);
    }
}

int verdicts_judge(struct verdicts_tally *tally, const json_t *room, bool is_due, double waited_ms)
{
    const json_t *participants = json_object_get(room, "participants"), *participant;
    const char *victim = NULL;
    size_t i;
    json_array_foreach(participants, i, participant)
    {
        if (seat_of(participant) == 0)
            victim = text_of(participant, "id");
    }
    if (!victim)
        return -1;
    tally->rooms = 1;
    json_array_foreach(participants, i, participant)
    {
        if (is_due || tally->impairment == IMPAIRMENT_NONE)
            judge_participant(tally, participant, victim, waited_ms);
    }
    return 0;
}

void verdicts_tally_add(struct verdicts_tally *sum, const struct verdicts_tally *room)
{
    sum->rooms += room->rooms;
    sum->samples += room->samples;
    sum->right += room->right;
    sum->set_aside += room->set_aside;
    for (unsigned i = 0; i <= CORE_CAUSE_CLIENT; i++)
        sum->said[i] += room->said[i];
    if (room->longest_bad_s > sum->longest_bad_s)
        sum->longest_bad_s = room->longest_bad_s;
}

bool verdicts_tally_is_met(const struct verdicts_tally *tally)
{
    if (tally->samples == 0)
        return false;
    if (tally->impairment == IMPAIRMENT_NONE)
        return tally->longest_bad_s <= IMPAIRMENT_GOAL_CLEAN_S;
    return (double)tally->right >= IMPAIRMENT_GOAL_SHARE * tally->samples;
}

bool verdicts_tally_is_moot(const struct verdicts_tally *tally)
{
    return tally->set_aside > tally->samples;
}
