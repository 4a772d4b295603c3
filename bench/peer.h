/*
 * What the files of iris-bench peer share: loads that are driven through Iris and through Janus in
 * turn, and what was measured. Not for outside bench/peer*.c.
 */
#ifndef IRIS_BENCH_PEER_H
#define IRIS_BENCH_PEER_H

#include "bench/own.h"

#define PEER_LOADS_MAX  4
#define PEER_ROUNDS_MAX 20
#define PEER_ADDRESS    "10.99.0.1" /* of the media, in the namespace */
#define PEER_ROOMS      20          /* that Janus has */

/* Who is driven. */
enum peer_server { PEER_IRIS, PEER_JANUS_BEST, PEER_JANUS_DEFAULT, PEER_SERVERS };

/* The SRTP profiles that are compared. */
enum peer_srtp { PEER_GCM, PEER_CM, PEER_PROFILES };

struct peer_load {
    const char *key, *name; /* static text */
    enum bubbles_profile profile;
    unsigned rooms, people, camera_kbps;
    double floor_goal; /* CPU of Iris by that of the floor, at most; 0: no goal */
    double peer_goal;  /* CPU of Janus in its best mode by that of Iris, at least; 0: no goal */
};

/* One run of one server. */
struct peer_run {
    bool is_there;
    double rss_kb; /* of a subscriber */
    unsigned workers;
    struct bench_step step;
};

struct peer_cell {
    struct peer_run runs[PEER_SERVERS][PEER_ROUNDS_MAX];
    double floor_ns[PEER_ROUNDS_MAX]; /* of this load as Iris sent it; 0: not measured */
};

/* What is to be done. */
struct peer_options {
    unsigned rounds;
    double seconds, idle_s, join_rate;
    unsigned key_count; /* of --load */
    const char *keys[PEER_LOADS_MAX];
    bool is_selected[PEER_LOADS_MAX], has_profile[PEER_PROFILES], has_server[PEER_SERVERS];
    struct bench_own own;
};

/* What came out. */
struct peer_results {
    const struct peer_options *options;
    unsigned load_count;
    const struct peer_load *loads;
    bool has_janus;
    char janus_version[64];
    double libsrtp_gcm_ns, libsrtp_cm_ns, evp_gcm_ns; /* sealing 1000 bytes; 0: not measured */
    struct peer_cell cells[PEER_LOADS_MAX][PEER_PROFILES];
};

/** The loads of the comparison. @param count written */
const struct peer_load *peer_loads(bool is_quick, unsigned *count);

/** The load exceeds what a camera may send: Iris runs without its policer. */
bool peer_is_over_contract(const struct peer_load *load);

/** The SRTP profile and its name. Static text. */
enum transport_srtp_profile peer_srtp_profile(enum peer_srtp srtp);
const char *peer_srtp_name(enum peer_srtp srtp);

/** Static text. */
const char *peer_server_name(enum peer_server server);

/**
 * Put this process into a network namespace of its own with PEER_ADDRESS in it. It goes with its
 * last process. Call before there are threads.
 *
 * @param error  written on failure: a sentence
 * @return       0 or -1
 */
int peer_enter_namespace(char *error, size_t error_cap);

/** Whether Janus is installed; its version is written. */
bool peer_has_janus(char *version, size_t cap);

/**
 * Write its configuration and start it; ready when this returns.
 *
 * @param event_loops  0: its default, a thread for each handle
 * @return             0, or -1 (said on stderr)
 */
int peer_start_janus(struct bench_server *server, unsigned event_loops, const char *folder);

/**
 * Measure everything that the options ask for.
 *
 * @return 0; -1: something does not start or a run is interrupted (said on stderr)
 */
int peer_measure(struct peer_results *results, const char *folder);

/** Of the rounds that are there: smallest, middle, largest value. */
struct peer_spread {
    unsigned count; /* 0: nothing to tell */
    double min, median, max;
};

/** A quantity of a server's runs. */
enum peer_quantity { PEER_CPU_US, PEER_RSS_KB, PEER_P99_MS, PEER_P99_INSIDE_MS };
struct peer_spread peer_spread_of(const struct peer_results *results, unsigned load,
                                  enum peer_srtp srtp, enum peer_server server,
                                  enum peer_quantity quantity);

/** CPU of a packet: a server's by Iris', round by round. */
struct peer_spread peer_ratio(const struct peer_results *results, unsigned load,
                              enum peer_srtp srtp, enum peer_server server);

/** CPU of a packet: Iris' by the floor's, round by round (GCM). */
struct peer_spread peer_floor_ratio(const struct peer_results *results, unsigned load);

void peer_print(const struct peer_results *results);

/** @return 0, or -1: cannot be written */
int peer_print_json(const struct peer_results *results);

/** Print each goal and whether it is met, to stderr. @return how many are missed */
unsigned peer_check(const struct peer_results *results);

#endif
