/*
 * ICE against a server (RFC 8445): checks to one candidate, repeated as long as the participant
 * lives (consent, RFC 7675); answers to the checks of a server that is not ICE-lite. Who controls
 * sends USE-CANDIDATE with each check. Built and verified by libnice's STUN library. Bytes in,
 * bytes out.
 */
#ifndef IRIS_BENCH_BUBBLES_ICE_H
#define IRIS_BENCH_BUBBLES_ICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define BUBBLES_UFRAG_BYTES     32 /* with the terminator; what we make and what the server makes */
#define BUBBLES_PWD_BYTES       64
#define BUBBLES_CHECK_BYTES     512
#define BUBBLES_CHECK_PERIOD_US 2500000 /* as Chromium's */
#define BUBBLES_CHECK_RETRY_US  250000  /* before the first answer */

struct bubbles_stun; /* libnice's agent, shared by all; one loop */

struct bubbles_stun_datagram {
    const uint8_t *data;
    size_t len;
};

struct bubbles_stun *bubbles_stun_create(void);
void bubbles_stun_destroy(struct bubbles_stun *stun);

/* One participant's checks. Embedded; must stay where it is while a check is outstanding. */
struct bubbles_ice {
    char username[2 * BUBBLES_UFRAG_BYTES];       /* theirs:ours */
    char local_username[2 * BUBBLES_UFRAG_BYTES]; /* ours:theirs, of checks to us */
    char local_pwd[BUBBLES_PWD_BYTES], remote_pwd[BUBBLES_PWD_BYTES];
    bool is_controlling;
    uint8_t transaction[16]; /* libnice's id (with the cookie) of the check that is outstanding */
    bool is_outstanding, is_connected;
    int64_t next_us; /* when the next check is due */
};

/* What both sides told each other. */
struct bubbles_ice_params {
    const char *local_ufrag, *local_pwd, *remote_ufrag, *remote_pwd;
    bool is_controlling; /* we made the offer (RFC 8445, 6.1.1) */
};

/** Begin; the first check is due now. */
void bubbles_ice_init(struct bubbles_ice *ice, const struct bubbles_ice_params *params,
                      int64_t now_us);

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

/**
 * Answer a check of the server.
 *
 * @param from  its address
 * @param out   BUBBLES_CHECK_BYTES
 * @return      length [bytes]; 0: not an authentic check to us
 */
size_t bubbles_ice_answer(const struct bubbles_ice *ice, struct bubbles_stun *stun,
                          const struct bubbles_stun_datagram *check,
                          const struct sockaddr_storage *from, uint8_t *out);

#endif
