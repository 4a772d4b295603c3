/*
 * Conversations on level traces, through voice, turn, ranking and selection as a room puts them
 * together, in virtual time: what people notice. Who is seen after how long, how often a picture
 * changes, how much of a word is missing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sfu/core/track.h"
#include "speech_trace.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MS           INT64_C(1000)
#define NOW          (1000000 * MS)
#define PEOPLE_MAX   12
#define PERIOD_MS    100 /* the room's */
#define VOICE_SLOTS  3
#define SEEDS        50
#define SPOKEN_LEVEL 50 /* -dBov: louder is part of a word */

struct person {
    struct trace trace;
    struct core_track microphone;
    struct core_candidate camera, audio;
};

/* What the receiver, who is number 0 and silent, sees and hears. */
struct meeting {
    unsigned count;
    struct person people[PEOPLE_MAX + 1]; /* by number, from 1 */
    struct core_choice cameras, voices;
    unsigned camera_changes, voice_changes;
    int shown_ms[PEOPLE_MAX + 1]; /* when last put into a camera slot */
    int cut_ms[PEOPLE_MAX + 1];   /* of speech while not heard, in all */
    int longest_cut_ms;
};

static void meeting_init(struct meeting *m, unsigned count, unsigned camera_slots, uint32_t seed)
{
    memset(m, 0, sizeof(*m));
    m->count = count;
    m->cameras = (struct core_choice){.slot_count = camera_slots, .shown_max = camera_slots};
    m->voices = (struct core_choice){.slot_count = VOICE_SLOTS};
    for (unsigned i = 1; i <= count; i++) {
        m->people[i].trace.random = seed * 100 + i;
        m->people[i].camera = m->people[i].audio =
            (struct core_candidate){.participant = i, .is_live = true, .place = i};
    }
}

static bool is_in(const struct core_choice *choice, const struct core_candidate *candidate)
{
    for (unsigned i = 0; i < choice->slot_count; i++)
        if (choice->slots[i] == candidate)
            return true;
    return false;
}

static unsigned count_changes(const struct core_choice *before, const struct core_choice *after)
{
    unsigned changes = 0;
    for (unsigned i = 0; i < before->slot_count; i++)
        changes += before->slots[i] && before->slots[i] != after->slots[i];
    return changes;
}

static void select(struct meeting *m, int at_ms)
{
    struct core_choice cameras = m->cameras, voices = m->voices;
    struct core_ranking by_floor = {0}, by_voice = {0};
    int64_t now_us = NOW + at_ms * MS;
    for (unsigned i = 1; i <= m->count; i++) {
        struct person *person = &m->people[i];
        person->camera.has_floor = core_turn_has_floor(&person->microphone.turn, now_us);
        person->camera.spoke_us = person->microphone.turn.spoke_us;
        person->audio.activity = core_track_activity(&person->microphone, now_us);
        person->audio.loudness = person->microphone.voice.loudness;
        person->audio.loud_us = person->microphone.voice.loud_us;
        core_selection_rank(&by_floor, &person->camera, core_selection_camera_before);
        core_selection_rank(&by_voice, &person->audio, core_selection_voice_before);
    }
    core_selection_cameras(&m->cameras, &by_floor, NULL, 0);
    core_selection_voices(&m->voices, &by_voice);
    m->camera_changes += count_changes(&cameras, &m->cameras);
    m->voice_changes += count_changes(&voices, &m->voices);
    for (unsigned i = 1; i <= m->count; i++)
        if (is_in(&m->cameras, &m->people[i].camera) && !is_in(&cameras, &m->people[i].camera))
            m->shown_ms[i] = at_ms;
}

/* Speech that is not forwarded is noticed if it lasts. */
static void note_cuts(struct meeting *m, const uint8_t *levels, int *cuts_ms)
{
    for (unsigned i = 1; i <= m->count; i++) {
        bool is_word = levels[i] <= SPOKEN_LEVEL && m->people[i].trace.sound == TRACE_SPEECH;
        bool is_missed = is_word && !is_in(&m->voices, &m->people[i].audio);
        cuts_ms[i] = is_missed ? cuts_ms[i] + TRACE_PACKET_MS : 0;
        m->cut_ms[i] += is_missed ? TRACE_PACKET_MS : 0;
        if (cuts_ms[i] > m->longest_cut_ms)
            m->longest_cut_ms = cuts_ms[i];
    }
}

static void hold(struct meeting *m, const struct trace_part *parts, unsigned part_count, int end_ms)
{
    int cuts_ms[PEOPLE_MAX + 1] = {0};
    for (int at_ms = 0; at_ms < end_ms; at_ms += TRACE_PACKET_MS) {
        uint8_t levels[PEOPLE_MAX + 1];
        bool is_urged = at_ms % PERIOD_MS == 0;
        for (unsigned i = 1; i <= m->count; i++) {
            struct person *person = &m->people[i];
            enum trace_sound sound = trace_sound_at(parts, part_count, i, at_ms);
            levels[i] = trace_level(&person->trace, sound, at_ms);
            is_urged |= core_track_on_audio(&person->microphone, levels[i], 80, NOW + at_ms * MS);
        }
        note_cuts(m, levels, cuts_ms); /* these packets went by the decisions of before */
        if (is_urged)
            select(m, at_ms);
    }
}

#define PARTS_MAX 16

static unsigned count_parts(const struct trace_part *parts)
{
    unsigned count = 0;
    while (count < PARTS_MAX && parts[count].person)
        count++;
    return count;
}

static const struct trace_part monologue[PARTS_MAX] = {{7, 5000, 60000, TRACE_SPEECH}};
static const struct trace_part cough[PARTS_MAX] = {{1, 0, 60000, TRACE_SPEECH},
                                                   {7, 9000, 10000, TRACE_COUGH},
                                                   {8, 20000, 21000, TRACE_COUGH},
                                                   {7, 40000, 41000, TRACE_COUGH}};
static const struct trace_part keys_and_fan[PARTS_MAX] = {{1, 0, 60000, TRACE_SPEECH},
                                                          {6, 0, 60000, TRACE_KEYS},
                                                          {7, 0, 60000, TRACE_NOISE},
                                                          {8, 5000, 60000, TRACE_KEYS}};
static const struct trace_part dialogue[PARTS_MAX] = {
    {6, 2000, 10000, TRACE_SPEECH},  {7, 10200, 20000, TRACE_SPEECH},
    {6, 20200, 30000, TRACE_SPEECH}, {7, 30200, 40000, TRACE_SPEECH},
    {6, 40200, 50000, TRACE_SPEECH}, {7, 50200, 60000, TRACE_SPEECH}};
static const struct trace_part cross_talk[PARTS_MAX] = {{6, 2000, 60000, TRACE_SPEECH},
                                                        {7, 4000, 60000, TRACE_SPEECH}};
static const struct trace_part round_of_six[PARTS_MAX] = {
    {6, 2000, 10000, TRACE_SPEECH},   {7, 10500, 20000, TRACE_SPEECH},
    {8, 20500, 30000, TRACE_SPEECH},  {9, 30500, 40000, TRACE_SPEECH},
    {10, 40500, 50000, TRACE_SPEECH}, {11, 50500, 60000, TRACE_SPEECH}};
static const struct trace_part all_at_once[PARTS_MAX] = {{6, 2000, 60000, TRACE_SPEECH},
                                                         {7, 2500, 60000, TRACE_SPEECH},
                                                         {8, 3000, 60000, TRACE_SPEECH},
                                                         {9, 3500, 60000, TRACE_SPEECH},
                                                         {10, 4000, 60000, TRACE_SPEECH}};
static const struct trace_part two_and_noises[PARTS_MAX] = {
    {1, 2000, 30000, TRACE_SPEECH}, {2, 30000, 60000, TRACE_SPEECH}, {3, 0, 60000, TRACE_NOISE},
    {4, 0, 60000, TRACE_NOISE},     {5, 0, 60000, TRACE_KEYS},       {6, 0, 60000, TRACE_NOISE}};

/* The largest of what happened over all seeds, and the sum of the changes. */
struct noticed {
    unsigned least_camera_changes, most_camera_changes, most_voice_changes;
    int longest_cut_ms;
    int longest_share_cut_ms; /* of one person, in all */
};

static void notice(struct noticed *noticed, const struct meeting *m)
{
    if (m->camera_changes < noticed->least_camera_changes)
        noticed->least_camera_changes = m->camera_changes;
    if (m->camera_changes > noticed->most_camera_changes)
        noticed->most_camera_changes = m->camera_changes;
    if (m->voice_changes > noticed->most_voice_changes)
        noticed->most_voice_changes = m->voice_changes;
    if (m->longest_cut_ms > noticed->longest_cut_ms)
        noticed->longest_cut_ms = m->longest_cut_ms;
    for (unsigned i = 1; i <= m->count; i++)
        if (m->cut_ms[i] > noticed->longest_share_cut_ms)
            noticed->longest_share_cut_ms = m->cut_ms[i];
}

static void test_scenes(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        const struct trace_part *parts;
        unsigned count, camera_slots;
        unsigned least_changes, most_changes; /* of camera slots, in a minute */
        int longest_cut_ms;                   /* of a word, at a time */
        int share_cut_ms;                     /* of one person's words, in all */
    } table[] = {
        {"a monologue: one who was not shown comes in, once", monologue, 8, 4, 1, 1, 100, 100},
        {"a monologue, one slot", monologue, 8, 1, 1, 1, 100, 100},
        {"a cough changes nothing", cough, 8, 4, 0, 0, 100, 100},
        {"a cough changes nothing, one slot", cough, 8, 1, 0, 0, 100, 100},
        {"keys and a fan change nothing", keys_and_fan, 8, 4, 0, 0, 100, 300},
        {"keys and a fan change nothing, one slot", keys_and_fan, 8, 1, 0, 0, 100, 300},
        {"a dialogue: both come in, then nothing moves", dialogue, 8, 4, 2, 2, 100, 200},
        {"a dialogue, one slot: it follows", dialogue, 8, 1, 6, 6, 100, 200},
        {"two at the same time: both come in", cross_talk, 8, 4, 2, 2, 100, 200},
        {"two at the same time, one slot: it does not flap", cross_talk, 8, 1, 1, 2, 100, 200},
        {"six take turns", round_of_six, 12, 4, 6, 6, 100, 200},
        {"five at once: four are shown", all_at_once, 12, 4, 4, 4, 60000, 60000},
        {"two, and four noises", two_and_noises, 8, 4, 0, 0, 100, 1500},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct noticed noticed = {.least_camera_changes = 1000};
        for (uint32_t seed = 1; seed <= SEEDS; seed++) {
            struct meeting m;
            meeting_init(&m, table[i].count, table[i].camera_slots, seed);
            hold(&m, table[i].parts, count_parts(table[i].parts), 60000);
            notice(&noticed, &m);
        }
        print_message("%s: %u-%u cameras and at most %u voices replaced; at most %d ms of a word "
                      "missed, %d ms of a person\n",
                      table[i].what, noticed.least_camera_changes, noticed.most_camera_changes,
                      noticed.most_voice_changes, noticed.longest_cut_ms,
                      noticed.longest_share_cut_ms);
        assert_in_range(noticed.least_camera_changes, table[i].least_changes,
                        table[i].most_changes);
        assert_in_range(noticed.most_camera_changes, table[i].least_changes, table[i].most_changes);
        assert_in_range(noticed.longest_cut_ms, 0, table[i].longest_cut_ms);
        assert_in_range(noticed.longest_share_cut_ms, 0, table[i].share_cut_ms);
    }
}

/* How long a new speaker waits for his picture, alone and while another one has just stopped. */
static void test_time_to_be_shown(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        const struct trace_part *parts;
        unsigned person, camera_slots;
        int from_ms, end_ms;
    } table[] = {
        {"first to speak", monologue, 7, 4, 5000, 10000},
        {"first to speak, one slot", monologue, 7, 1, 5000, 10000},
        {"answers, one slot", dialogue, 7, 1, 10200, 15000},
        {"answers again, one slot", dialogue, 7, 1, 30200, 35000},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        int sum_ms = 0, slowest_ms = 0;
        unsigned late = 0;
        for (uint32_t seed = 1; seed <= SEEDS; seed++) {
            struct meeting m;
            meeting_init(&m, 8, table[i].camera_slots, seed);
            hold(&m, table[i].parts, count_parts(table[i].parts), table[i].end_ms);
            int wait_ms = m.shown_ms[table[i].person] - table[i].from_ms;
            assert_in_range(wait_ms, 0, 1700);
            sum_ms += wait_ms;
            late += wait_ms > 1000;
            slowest_ms = wait_ms > slowest_ms ? wait_ms : slowest_ms;
        }
        print_message("%s: shown after %d ms, the slowest after %d ms, %u of %d late\n",
                      table[i].what, sum_ms / SEEDS, slowest_ms, late, SEEDS);
        assert_in_range(sum_ms / SEEDS, 300, 850);
        assert_in_range(late, 0, SEEDS / 10);
    }
}

/* Five talk without end for three slots: an owner is not cut in the middle of a word because of
   another as loud as he; whom a pause costs the slot gets one again in somebody else's. */
static void test_words_are_not_cut(void **state)
{
    (void)state;
    unsigned changes = 0, cuts = 0;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        struct meeting m;
        meeting_init(&m, 12, 4, seed);
        struct core_choice before = m.voices;
        for (int at_ms = 0; at_ms < 60000; at_ms += TRACE_PACKET_MS) {
            bool is_urged = at_ms % PERIOD_MS == 0;
            int64_t now_us = NOW + at_ms * MS;
            for (unsigned i = 1; i <= m.count; i++) {
                struct person *person = &m.people[i];
                enum trace_sound sound =
                    trace_sound_at(all_at_once, count_parts(all_at_once), i, at_ms);
                uint8_t level = trace_level(&person->trace, sound, at_ms);
                is_urged |= core_track_on_audio(&person->microphone, level, 80, now_us);
            }
            if (is_urged)
                select(&m, at_ms);
            for (unsigned s = 0; s < VOICE_SLOTS; s++) {
                const struct core_candidate *owner = before.slots[s];
                if (!owner || m.voices.slots[s] == owner)
                    continue;
                changes++;
                cuts += now_us - m.people[owner->participant].microphone.voice.loud_us < 200 * MS;
            }
            before = m.voices;
        }
    }
    print_message("%u changes in %d minutes, %u of them in a word\n", changes, SEEDS, cuts);
    assert_true(changes > 0);
    assert_in_range(cuts, 0, SEEDS); /* less than one a minute */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenes),
        cmocka_unit_test(test_time_to_be_shown),
        cmocka_unit_test(test_words_are_not_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
