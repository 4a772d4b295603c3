/* Spurts of 1-8 s, and 0-600 ms of silence between them. */
#include "bench/bubbles/spurts.h"

#include <string.h>

#include "bench/bubbles/clock.h"

#define SPURT_MIN_US   1000000
#define SPURT_RANGE_US 7000000
#define PAUSE_RANGE_US 600000

void bubbles_spurts_init(struct bubbles_spurts *spurts, unsigned people, unsigned floors,
                         uint64_t seed, int64_t now_us)
{
    memset(spurts, 0, sizeof(*spurts));
    spurts->seed = seed;
    spurts->people = people < BUBBLES_TALKERS_MAX ? people : BUBBLES_TALKERS_MAX;
    spurts->floors = floors < spurts->people ? floors : spurts->people;
    for (unsigned i = 0; i < spurts->floors; i++) {
        spurts->speaker[i] = -1;
        spurts->until_us[i] = now_us;
    }
    bubbles_spurts_advance(spurts, now_us);
}

/* Somebody who is silent; there is one, because there are no more floors than people. */
static int next_speaker(struct bubbles_spurts *spurts)
{
    unsigned at = (unsigned)(bubbles_random(&spurts->seed) % spurts->people);
    while (spurts->is_talking[at])
        at = (at + 1) % spurts->people;
    return (int)at;
}

static void pass(struct bubbles_spurts *spurts, unsigned floor)
{
    int64_t length_us;
    if (spurts->speaker[floor] >= 0) {
        spurts->is_talking[spurts->speaker[floor]] = false;
        spurts->speaker[floor] = -1;
        length_us = (int64_t)(bubbles_random(&spurts->seed) % PAUSE_RANGE_US);
    } else {
        int speaker = next_speaker(spurts);
        spurts->speaker[floor] = speaker;
        spurts->is_talking[speaker] = true;
        length_us = SPURT_MIN_US + (int64_t)(bubbles_random(&spurts->seed) % SPURT_RANGE_US);
    }
    spurts->until_us[floor] += length_us;
}

void bubbles_spurts_advance(struct bubbles_spurts *spurts, int64_t now_us)
{
    for (unsigned floor = 0; floor < spurts->floors; floor++)
        while (spurts->until_us[floor] <= now_us)
            pass(spurts, floor);
}
