/* The list. */
#include "bench/impairment/impairment.h"

#include <string.h>

static const struct {
    const char *name;
    enum core_cause cause;
} impairments[IMPAIRMENT_COUNT] = {
    [IMPAIRMENT_NONE] = {"none", CORE_CAUSE_NONE},
    [IMPAIRMENT_UPLINK_LOSS] = {"uplink_loss", CORE_CAUSE_PUBLISHER_UPLINK},
    [IMPAIRMENT_UPLINK_CAPACITY] = {"uplink_capacity", CORE_CAUSE_PUBLISHER_UPLINK},
    [IMPAIRMENT_DOWNLINK_LOSS] = {"downlink_loss", CORE_CAUSE_DOWNLINK},
    [IMPAIRMENT_DOWNLINK_CAPACITY] = {"downlink_capacity", CORE_CAUSE_DOWNLINK},
    [IMPAIRMENT_POLICY] = {"policy", CORE_CAUSE_POLICY},
    [IMPAIRMENT_SERVER] = {"server", CORE_CAUSE_SERVER},
    [IMPAIRMENT_CLIENT] = {"client", CORE_CAUSE_CLIENT},
    [IMPAIRMENT_UPLINK_OUTAGE] = {"uplink_outage", CORE_CAUSE_PUBLISHER_UPLINK},
    [IMPAIRMENT_DOWNLINK_OUTAGE] = {"downlink_outage", CORE_CAUSE_DOWNLINK},
};

const char *impairment_name(enum impairment impairment)
{
    return impairments[impairment].name;
}

int impairment_parse(enum impairment *impairment, const char *name)
{
    for (unsigned i = 0; i < IMPAIRMENT_COUNT; i++)
        if (strcmp(name, impairments[i].name) == 0) {
            *impairment = (enum impairment)i;
            return 0;
        }
    return -1;
}

enum core_cause impairment_cause(enum impairment impairment)
{
    return impairments[impairment].cause;
}

bool impairment_is_outage(enum impairment impairment)
{
    return impairment == IMPAIRMENT_UPLINK_OUTAGE || impairment == IMPAIRMENT_DOWNLINK_OUTAGE;
}

bool impairment_empties_slot(enum impairment impairment, bool is_receiver_victim)
{
    return impairment == IMPAIRMENT_UPLINK_OUTAGE && !is_receiver_victim;
}

bool impairment_concerns(enum impairment impairment, bool is_receiver_victim, bool is_sender_victim)
{
    switch (impairments[impairment].cause) {
    case CORE_CAUSE_PUBLISHER_UPLINK:
    case CORE_CAUSE_POLICY:
        return is_sender_victim;
    case CORE_CAUSE_DOWNLINK:
    case CORE_CAUSE_CLIENT:
        return is_receiver_victim;
    default:
        return true;
    }
}
