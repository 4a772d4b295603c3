/*
 * A broken middle, for self-tests: what the server sends is changed before anybody sees it, so that
 * exactly one invariant must trip. Begins a while into the run, at one receiver.
 */
#ifndef IRIS_SIM_TAMPER_H
#define IRIS_SIM_TAMPER_H

#include "tests/sim/check.h"
#include "tests/sim/media.h"

/* One way to break each invariant. */
enum sim_tamper_kind {
    SIM_TAMPER_NONE,
#define X(name, text, claim) SIM_TAMPER_##name,
    SIM_CHECK_LIST(X)
#undef X
    /* Another half of an invariant. */
    SIM_TAMPER_HIDDEN,   /* STUCK: a camera is not shown */
    SIM_TAMPER_CONTRACT, /* BUDGET: more than the contract, without a budget */
    SIM_TAMPER_SHARE,    /* STORM: requested key frames take more than their share */
    SIM_TAMPER_LEFT,     /* MEMORY: somebody stays */
    SIM_TAMPER_ROUGH,    /* SKEW: by a second, where packets are lost */
    SIM_TAMPER_COUNT
};

struct sim_tamper {
    enum sim_tamper_kind kind;
    uint64_t receiver; /* participant */
    int64_t begin_us;
    int slot;     /* of the receiver, once chosen; -1 */
    bool is_done; /* what happens once has happened */
    uint64_t dropped_stream;
    uint32_t dropped_frame; /* being dropped or dropped; 0: none */
    unsigned dropped;       /* packets: the numbers that follow are that much lower */
    uint32_t receiver_csrc; /* of the receiver's own track of the slot's kind */
    void *leak;
};

void sim_tamper_init(struct sim_tamper *tamper, enum sim_tamper_kind kind, int64_t begin_us);

/** It breaks what the receiver gets, not only what the invariants at the server's door see. */
bool sim_tamper_reaches_receiver(const struct sim_tamper *tamper);

/**
 * Change a packet on its way to a receiver.
 *
 * @return  false: it is to disappear
 */
bool sim_tamper_media(struct sim_tamper *tamper, uint64_t receiver, struct sim_media *media,
                      int64_t now_us);

/** This packet is a repair that is to be lost on its way to the receiver, whoever that is: every
 * second one is. */
bool sim_tamper_loses(struct sim_tamper *tamper, const struct sim_media *media);

/** The next packet of this receiver is to come twice, sealed. */
bool sim_tamper_doubles(struct sim_tamper *tamper, uint64_t receiver, int64_t now_us);

#endif
