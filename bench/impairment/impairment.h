/*
 * The known troubles that verdicts (sfu/core/verdict.h) are measured with: what is wrong, and what
 * a verdict should name. The conference simulator and the load generator have the same ones, so
 * that their shares can be compared.
 */
#ifndef IRIS_BENCH_IMPAIRMENT_IMPAIRMENT_H
#define IRIS_BENCH_IMPAIRMENT_IMPAIRMENT_H

#include "sfu/core/verdict.h"

#define IMPAIRMENT_PEOPLE 5 /* of a conference; the first one is the victim */

#define IMPAIRMENT_ONSET_US INT64_C(10000000) /* after the conference began */
#define IMPAIRMENT_GRACE_US                                                                        \
    INT64_C(5000000) /* after onset: from then on a verdict has to be right */

#define IMPAIRMENT_LOSS            .12
#define IMPAIRMENT_UP_BPS          200000
#define IMPAIRMENT_DOWN_BPS        500000
#define IMPAIRMENT_QUEUE_US        300000 /* of a capacity */
#define IMPAIRMENT_STALL_US        250000 /* the server looks at its sockets once in this time */
#define IMPAIRMENT_OUTAGE_US       INT64_C(20000000) /* after 30 s the server takes it for gone */
#define IMPAIRMENT_EXCESS          4                 /* times what the camera may send */
#define IMPAIRMENT_DECODED_PERCENT 40

#define IMPAIRMENT_GOAL_SHARE   .95 /* of the samples: right */
#define IMPAIRMENT_GOAL_CLEAN_S 2   /* a verdict that is not good, in a run in which all is well */

enum impairment {
    IMPAIRMENT_NONE,
    IMPAIRMENT_UPLINK_LOSS,       /* of what the victim sends */
    IMPAIRMENT_UPLINK_CAPACITY,   /* for what it sends */
    IMPAIRMENT_DOWNLINK_LOSS,     /* of what it gets */
    IMPAIRMENT_DOWNLINK_CAPACITY, /* for what it gets */
    IMPAIRMENT_POLICY,            /* it sends several times as much as it may */
    IMPAIRMENT_SERVER,            /* which looks at its sockets four times a second only */
    IMPAIRMENT_CLIENT,            /* it decodes two frames of five, and says so */
    IMPAIRMENT_UPLINK_OUTAGE,     /* nothing of what it sends arrives, for IMPAIRMENT_OUTAGE_US */
    IMPAIRMENT_DOWNLINK_OUTAGE,   /* nothing of what it gets */
    IMPAIRMENT_COUNT
};

/** "uplink_loss"; "none". */
const char *impairment_name(enum impairment impairment);

/** The impairment of this name. @return 0, or -1 (nothing written) */
int impairment_parse(enum impairment *impairment, const char *name);

/** The cause that is right. */
enum core_cause impairment_cause(enum impairment impairment);

/** Nothing arrives, for IMPAIRMENT_OUTAGE_US. */
bool impairment_is_outage(enum impairment impairment);

/**
 * Whether a camera slot that is idle is the victim's: everybody has a slot for each of the others,
 * so nothing comes from whom an idle one belongs to.
 */
bool impairment_empties_slot(enum impairment impairment, bool is_receiver_victim);

/**
 * Whether a camera slot has to name the cause: one that shows the victim if what it sends is bad,
 * one of the victim's own if what it gets is; otherwise every one.
 */
bool impairment_concerns(enum impairment impairment, bool is_receiver_victim,
                         bool is_sender_victim);

#endif
