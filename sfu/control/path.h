/*
 * Paths of HTTP calls with places for names: "/v1/rooms/{room}/participants/{participant}". Pure
 * text.
 */
#ifndef IRIS_CONTROL_PATH_H
#define IRIS_CONTROL_PATH_H

#include <stdbool.h>

#define CONTROL_PATH_NAMES_MAX  2   /* places of one pattern */
#define CONTROL_PATH_NAME_BYTES 129 /* a room's name is the longest (protocol.md, join) */

/**
 * Match a path against a pattern, segment by segment. A place, "{...}", is a whole segment; it
 * takes any that is not empty and fits.
 *
 * @param pattern  of ours, at most CONTROL_PATH_NAMES_MAX places
 * @param path     decoded, without the query; hostile
 * @param names    written when the path matches: what stands at the places, in order; others ""
 * @return         whether the path matches
 */
bool control_path_match(const char *pattern, const char *path,
                        char names[CONTROL_PATH_NAMES_MAX][CONTROL_PATH_NAME_BYTES]);

#endif
