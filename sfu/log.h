/*
 * The log: one line an event on stderr, text or JSON, with levels. Never called on the packet path.
 * Thread-safe: each line is one write.
 *
 *   2026-11-21T01:25:45.123Z info  room.join participant=p-1 room=standup
 *   {"@timestamp":"...","log.level":"info",...,"event.action":"room.join","message":"room join",
 *    "iris.participant":"p-1","iris.room":"standup"}
 *
 * Keys are short in the source and in text; in JSON they are those of the Elastic Common Schema
 * where one fits, else "iris.KEY" (docs/operations.md).
 */
#ifndef IRIS_SFU_LOG_H
#define IRIS_SFU_LOG_H

#include "sfu/config.h"

#define LOG_PAIRS_MAX 16 /* of one event; more are left out */

/** Set what is written and how; before threads start. */
void log_init(enum config_log_level level, enum config_log_format format);

/**
 * Write one event. After the event's name come pairs of key and format-free text, ended by NULL:
 * log_event(CONFIG_LOG_INFO, "room.join", "room", room, "participant", id, NULL). Text is escaped:
 * control characters and quotes of strangers cannot break a line.
 *
 * @param event  stable name "noun.verb"
 */
void log_event(enum config_log_level level, const char *event, ...) __attribute__((sentinel));

/** As log_event(), with the pairs in an array that a NULL key ends. */
void log_pairs(enum config_log_level level, const char *event, const char *const *pairs);

/** Format a number for log_event(): text in a small buffer of the caller. */
const char *log_number(char out[24], long long value);

#endif
