/* The command line of iris-bench bubbles. */
#ifndef IRIS_BENCH_BUBBLES_OPTIONS_H
#define IRIS_BENCH_BUBBLES_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sfu/transport/srtp.h"

#define BUBBLES_HOST_BYTES 256

/* Who sends what; everybody receives through eight slots. */
enum bubbles_profile {
    BUBBLES_CONFERENCE, /* microphone and camera each, one screen a room */
    BUBBLES_AUDIO,      /* microphones only */
    BUBBLES_BROADCAST,  /* the first of each room sends microphone and camera, the others nothing */
    BUBBLES_SCREEN,     /* microphones, and one screen a room */
    BUBBLES_STREAM,     /* the first of each room sends one camera and nothing else */
    BUBBLES_MESH,       /* one camera each and nothing else */
    BUBBLES_PROFILES
};

/* Where the control channel is. */
struct bubbles_url {
    char host[BUBBLES_HOST_BYTES];
    char path[BUBBLES_HOST_BYTES];
    uint16_t port;
    bool is_tls;
};

struct bubbles_library;

/* What the first participant of each room does wrong. Zeroes: nothing. */
struct bubbles_fault {
    double onset_s;           /* after the run began */
    unsigned camera_excess;   /* its camera makes so many times as many frames; 0: as ever */
    bool is_slow;             /* its device decodes only a part of what it receives */
    unsigned decoded_percent; /* that part */
};

struct bubbles_options {
    struct bubbles_url url;
    const char *room;             /* one room has this name, of several each a number behind it */
    unsigned rooms, participants; /* participants of each room */
    double duration_s; /* of the measurement, after the last first join; 0: without end */
    double join_rate;  /* joins a second */
    double churn;      /* participants that leave and are replaced, a second */
    unsigned speakers; /* of a room at a time */
    unsigned verify;   /* receivers that decode */
    double idle_s;     /* of silence once everybody is in, before the media: what idling costs */
    double settle_s;   /* of media before the measurement */
    enum bubbles_profile profile;
    unsigned senders;     /* of a room, the others only watch; 0: as the profile says */
    unsigned screens;     /* of a room, in profiles that have any */
    unsigned camera_kbps; /* of a camera without simulcast; 0: simulcast, 150 + 350 */
    enum transport_srtp_profile srtp_profile; /* the only one offered; NONE: AEADs */
    struct bubbles_url operations;            /* the server's other listener; port 0: unknown */
    pid_t server_pid;                         /* 0: unknown */
    const char *token_key_file, *json_file, *report_file, *link_file,
        *histogram_file; /* NULL: none */
    uint64_t seed;
    const struct bubbles_library *library; /* of several runs in one program; NULL: its own */
    struct bubbles_fault fault;
    bool reports_decoding; /* everybody tells the server what it decoded, as pages do */
    bool has_gro, is_insecure, is_quiet;
};

/** The profile's name on the command line. Static text. */
const char *bubbles_profile_name(enum bubbles_profile profile);

/**
 * Take a URL apart: ws, wss, http or https, host, port, path (/v1/ws if there is none).
 *
 * @return 0, or -1 (nothing written)
 */
int bubbles_url_parse(struct bubbles_url *url, const char *text);

/** The profile of this name. @return 0, or -1 (nothing written) */
int bubbles_profile_parse(enum bubbles_profile *profile, const char *name);

/** What the command line defaults to. */
void bubbles_options_init(struct bubbles_options *options);

/**
 * Read the command line.
 *
 * @param options  written; texts point into argv
 * @return         0, or 1 + the exit code with which to end at once (help or complaint printed)
 */
int bubbles_options_parse(struct bubbles_options *options, int argc, char **argv);

#endif
