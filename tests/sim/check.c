/* A list and a record. */
#include "tests/sim/check.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const names[SIM_CHECK_COUNT] = {
#define X(name, text, claim) text,
    SIM_CHECK_LIST(X)
#undef X
};

static const char *const claims[SIM_CHECK_COUNT] = {
#define X(name, text, claim) claim,
    SIM_CHECK_LIST(X)
#undef X
};

const char *sim_check_name(enum sim_check check)
{
    return names[check];
}

const char *sim_check_claim(enum sim_check check)
{
    return claims[check];
}

void sim_check_fail(struct sim_checks *checks, enum sim_check check, uint64_t participant,
                    const char *format, ...)
{
    struct sim_breach *breach = &checks->breaches[check];
    if (breach->count++ > 0)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(breach->detail, sizeof(breach->detail), format, arguments);
    va_end(arguments);
    breach->at_us = checks->now_us - checks->begin_us;
    breach->participant = participant;
}

bool sim_checks_are_broken(const struct sim_checks *checks, uint32_t bits)
{
    for (unsigned i = 0; i < SIM_CHECK_COUNT; i++)
        if ((bits & SIM_CHECK_BIT(i)) && checks->breaches[i].count > 0)
            return true;
    return false;
}
