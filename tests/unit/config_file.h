/* A configuration file in a folder of its own, written anew by every test of a group. */
#ifndef IRIS_TESTS_CONFIG_FILE_H
#define IRIS_TESTS_CONFIG_FILE_H

#include "sfu/config.h"

extern char config_file_folder[];
extern char config_file_path[64]; /* of the file in it */

/* Write the file, and load it with these `set` options. Errors as config_load() tells them. */
struct config *config_file_load(const char *text, const char *const *sets, size_t set_count,
                                char *error);

/* Of a group of tests: make the folder, and remove it. */
int config_file_set_up(void **state);
int config_file_tear_down(void **state);

#endif
