/*
 * Every RTCP packet that the server sends to one client, taken apart and kept with its time of
 * arrival.
 */
#ifndef IRIS_TESTS_FEEDBACK_LOG_H
#define IRIS_TESTS_FEEDBACK_LOG_H

#include <glib.h>

#include "rtp/rtcp.h"

struct feedback_report {
    int64_t arrival_us;
    struct rtcp_sender_report report;
};

struct feedback_remb {
    int64_t arrival_us;
    uint64_t bitrate_bps;
};

/* A PLI, or one number of a NACK. */
struct feedback_request {
    int64_t arrival_us;
    uint32_t ssrc;
    uint16_t seq;
};

/* Owned by its client; zero before feedback_log_init(). */
struct feedback_log {
    GArray *reports;                   /* struct feedback_report */
    GArray *rembs;                     /* struct feedback_remb */
    GArray *plis;                      /* struct feedback_request */
    GArray *nacks;                     /* struct feedback_request */
    GArray *feedback;                  /* int64_t: arrivals of transport feedback [us] */
    uint8_t transport_seen[65536 / 8]; /* numbers that feedback reported received */
    unsigned receiver_reports, byes, malformed;
};

void feedback_log_init(struct feedback_log *log);
void feedback_log_dispose(struct feedback_log *log);

/* What to do with a request at once; called from feedback_log_take(). */
typedef void (*feedback_nack_fn)(void *context, uint32_t ssrc, uint16_t seq);
typedef void (*feedback_pli_fn)(void *context, uint32_t ssrc);

struct feedback_handlers {
    feedback_nack_fn on_nack;
    feedback_pli_fn on_pli;
    void *context;
};

/** Take a decrypted compound. */
void feedback_log_take(struct feedback_log *log, const uint8_t *data, size_t len, int64_t now_us,
                       const struct feedback_handlers *handlers);

/** Feedback has reported this transport-wide number as received. */
bool feedback_log_has_seen(const struct feedback_log *log, uint16_t transport_seq);

/** PLIs for an SSRC. */
unsigned feedback_log_plis_for(const struct feedback_log *log, uint32_t ssrc);

/** The newest REMB; 0 if there is none [bps]. */
uint64_t feedback_log_remb_bps(const struct feedback_log *log);

/** Median time between transport feedback messages; 0 with fewer than three [us]. */
int64_t feedback_log_median_interval_us(const struct feedback_log *log);

#endif
