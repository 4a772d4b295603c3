/*
 * The controlling side of ICE against an ICE-lite server (RFC 8445): checks with USE-CANDIDATE to
 * one candidate, repeated as long as the participant lives (consent, RFC 7675). Built and verified
 * by libnice's STUN library. Bytes in, bytes out.
 */
#ifndef IRIS_BENCH_BUBBLES_ICE_H
#define IRIS_BENCH_BUBBLES_ICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUBBLES_UFRAG_BYTES     32 /* with the terminator; what we make and what the server makes */
#define BUBBLES_PWD_BYTES       64
#define BUBBLES_CHECK_BYTES     512
#define BUBBLES_CHECK_PERIOD_US 2500000 /* as Chromium's */
#define BUBBLES_CHECK_RETRY_US  250000  /* before the first answer */

struct bubbles_stun; /* libnice's agent, shared by all; one loop */

struct bubbles_stun *bubbles_stun_create(void);
void bubbles_stun_destroy(struct bubbles_stun *stun);

/* One participant's checks. Embedded; must stay where it is while a check is outstanding. */
struct bubbles_ice {
    char username[2 * BUBBLES_UFRAG_BYTES]; /* theirs:ours */
    char remote_pwd[BUBBLES_PWD_BYTES];
    uint8_t transaction[16]; /* libnice's id (with the cookie) of the check that is outstanding */
    bool is_outstanding, is_connected;
    int64_t next_us; /* when the next check is due */
};

/** Begin; the first check is due now. */
void bubbles_ice_init(struct bubbles_ice *ice, const char *local_ufrag, const char *remote_ufrag,
                      const char *remote_pwd, int64_t now_us);

/** Forget what is outstanding. */
void bubbles_ice_dispose(struct bubbles_ice *ice, struct bubbles_stun *stun);

/**
 * Write the next check and set next_us.
 *
 * @param out  BUBBLES_CHECK_BYTES
 * @return     length [bytes]; 0: libnice has too many outstanding, try again
 */
size_t bubbles_ice_write_check(struct bubbles_ice *ice, struct bubbles_stun *stun, uint8_t *out,
                               int64_t now_us);

/** Take a STUN datagram. @return true: an authentic success answer to our check */
bool bubbles_ice_take(struct bubbles_ice *ice, struct bubbles_stun *stun, const uint8_t *data,
                      size_t len);

#endif
