/*
 * Between the STUN codec (stun.c) and the path rules (ice_lite.c): one connectivity check,
 * authenticated and answered. Internal to sfu/transport.
 */
#ifndef IRIS_TRANSPORT_STUN_CHECK_H
#define IRIS_TRANSPORT_STUN_CHECK_H

#include "sfu/transport/ice_lite.h"

/* What a valid check said. */
struct transport_stun_check {
    uint32_t priority; /* PRIORITY (RFC 8445, 7.1.1) */
    bool has_use_candidate;
    bool is_previous; /* it named the credentials before the restart */
};

/**
 * Authenticate a check and write its answer (RFC 8489, 6.3 and 9.1; RFC 8445, 7.3).
 *
 * @param current   our credentials
 * @param previous  those before a restart that still count, NULL if there are none
 * @param datagram  hostile; not changed
 * @param check     written on TRANSPORT_ICE_ANSWERED
 * @param reply     written; empty on TRANSPORT_ICE_DROPPED
 */
enum transport_ice_verdict transport_stun_answer(struct transport_stun *stun,
                                                 const struct transport_ice_credentials *current,
                                                 const struct transport_ice_credentials *previous,
                                                 const struct transport_datagram *datagram,
                                                 struct transport_stun_check *check,
                                                 struct transport_ice_reply *reply);

#endif
