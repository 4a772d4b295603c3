/* A leaky integral of speech. */
#include "sfu/core/turn.h"

#include "sfu/core/voice.h"

#define SPEECH_DB (CORE_VOICE_SILENCE_LEVEL - CORE_VOICE_SPEECH_LEVEL)
/* Between two syllables the level falls by more; steady noise moves by less. */
#define DIP_DB 9
/* A noise so loud [dB above silence] is not of the background: music, a crowd, or a device that
   levels its voice out. -36 dBov; browsers keep a room's noise well below. */
#define FOREGROUND_DB 91
/* Four slices: longer than a syllable (3-6 a second), so that speech has a dip in it, and short
   enough that noise which begins is taken for speech less than CORE_TURN_BEGIN_US. */
#define SLICE_US 100000
/* The stroke of a key lasts one or two packets. */
#define RUN_MIN_US 60000
/* A turn is forgotten in three seconds of silence; who comes back earlier has the floor at once. */
#define SPEECH_MAX_US 1000000
#define LEAK_DIVISOR  3
/* What comes later follows a pause and counts as one usual packet; what comes earlier is whole,
   also if the network delivers it in bursts. */
#define GAP_MAX_US      120000
#define PACKET_USUAL_US 20000
#define NOTHING_HEARD   UINT8_MAX

static void leak(struct core_turn *turn, int64_t duration_us)
{
    turn->speech_us -= duration_us / LEAK_DIVISOR;
    if (turn->speech_us > 0)
        return;
    turn->speech_us = 0;
    turn->has_begun = false;
}

static void count_speech(struct core_turn *turn, int64_t duration_us, int64_t now_us)
{
    bool was_long = turn->run_us >= RUN_MIN_US;
    turn->run_us += duration_us;
    if (turn->run_us < RUN_MIN_US)
        return;
    turn->speech_us += was_long ? duration_us : turn->run_us;
    if (turn->speech_us > SPEECH_MAX_US)
        turn->speech_us = SPEECH_MAX_US;
    turn->has_begun |= turn->speech_us >= CORE_TURN_BEGIN_US;
    if (turn->has_begun)
        turn->spoke_us = now_us;
}

static void count(struct core_turn *turn, bool is_speech, int64_t now_us)
{
    int64_t duration_us = now_us - turn->updated_us;
    turn->updated_us = now_us;
    if (duration_us > GAP_MAX_US) {
        leak(turn, duration_us - PACKET_USUAL_US);
        turn->run_us = 0;
        duration_us = PACKET_USUAL_US;
    }
    if (is_speech) {
        count_speech(turn, duration_us, now_us);
        return;
    }
    turn->run_us = 0;
    leak(turn, duration_us);
}

/* The quietest of the last CORE_TURN_DIPS slices, this level among them. */
static uint8_t quietest(struct core_turn *turn, uint8_t level_db, int64_t now_us)
{
    int64_t slice = now_us / SLICE_US;
    int64_t new_count = slice - turn->slice;
    for (int64_t i = 0; i < new_count && i < CORE_TURN_DIPS; i++)
        turn->quietest[(slice - i) % CORE_TURN_DIPS] = NOTHING_HEARD;
    turn->slice = slice;
    uint8_t *newest = &turn->quietest[slice % CORE_TURN_DIPS];
    if (now_us - turn->updated_us > GAP_MAX_US)
        *newest = 0; /* no packets: silence */
    if (level_db < *newest)
        *newest = level_db;
    uint8_t lowest = *newest;
    for (unsigned i = 0; i < CORE_TURN_DIPS; i++)
        if (turn->quietest[i] < lowest)
            lowest = turn->quietest[i];
    return lowest;
}

void core_turn_on_level(struct core_turn *turn, uint8_t level, int64_t now_us)
{
    uint8_t level_db = (uint8_t)(CORE_VOICE_SILENCE_LEVEL - level);
    uint8_t lowest = quietest(turn, level_db, now_us);
    bool moves = level_db >= SPEECH_DB && level_db >= lowest + DIP_DB;
    count(turn, moves || level_db >= FOREGROUND_DB, now_us);
}

void core_turn_on_activity(struct core_turn *turn, bool is_active, int64_t now_us)
{
    count(turn, is_active, now_us);
}

bool core_turn_has_floor(const struct core_turn *turn, int64_t now_us)
{
    return turn->has_begun && now_us - turn->spoke_us < CORE_TURN_PAUSE_US;
}
