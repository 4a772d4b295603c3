/*
 * A room's dump on disk: ROOM-TIME.pcapng, its packets for Wireshark, and ROOM-TIME.jsonl, what was
 * decided, one JSON object a line. On any thread: it takes copies of all that it needs.
 */
#ifndef IRIS_CONTROL_DUMP_FILE_H
#define IRIS_CONTROL_DUMP_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "sfu/core/recording.h"
#include "sfu/io/address.h"

#define CONTROL_DUMP_NAME_BYTES 192 /* of a file without its folder */

#define CONTROL_DUMP_SAFE_US  INT64_C(3600000000) /* a requested dump's, from automatic ones */
#define CONTROL_DUMP_STALE_US INT64_C(600000000)  /* an unfinished one's: its server is gone */

/* What may stay in a folder. */
struct control_dump_limits {
    unsigned files_max; /* requested dumps, and as many automatic ones; 0: all */
    uint64_t bytes_max; /* of all dumps; 0: any */
};

struct control_dump_order {
    const char *folder;
    struct control_dump_limits limits;  /* of the folder, this one among them */
    char base[CONTROL_DUMP_NAME_BYTES]; /* control_dump_name() */
    const char *room, *cause;
    /* Who is who: by number as text, {"id", "name"}. Nobody else holds a reference to what is in
     * it. */
    const json_t *people;
    uint64_t receiver;             /* as in core_recording_options */
    int64_t unix_us;               /* now, since 1970 */
    int64_t unix_offset_us;        /* from the recorder's clock to the time since 1970 */
    struct io_addresses addresses; /* the worker's, by index of a path's local end */
    uint16_t port;
};

struct control_dump_result {
    unsigned packets, decisions;
    size_t left_out;    /* packets, because they were too many */
    int64_t covered_us; /* from the first to the last */
    int system_error;   /* errno of what failed, when the result is IRIS_E_SYSTEM */
};

/**
 * Name a dump by its room and time: only A-Z a-z 0-9 _ - and, within, '.', so that it is a name of
 * one file everywhere.
 *
 * @param unix_us       since 1970
 * @param is_automatic  nobody asked for it: -freeze follows the time
 * @param out           CONTROL_DUMP_NAME_BYTES
 */
void control_dump_name(const char *room, int64_t unix_us, bool is_automatic, char *out);

/**
 * Write both files, readable for their owner only, and hold the folder to its limits. A file has
 * its name when it is complete.
 *
 * @return  0, IRIS_E_NO_MEMORY or IRIS_E_SYSTEM (system_error): then neither file is left
 */
int control_dump_write(const struct control_dump_order *order, const struct core_recorder *recorder,
                       struct control_dump_result *result);

/**
 * Keep the newest dumps of a folder (of any room), remove the others; other files stay. Requested
 * dumps of the last hour come before all others. What a server left unfinished goes, too.
 *
 * @param unix_us  now, since 1970
 */
void control_dump_rotate(const char *folder, const struct control_dump_limits *limits,
                         int64_t unix_us);

#endif
