/*
 * `iris token`: print a join token, for people who try things. The key never appears in what it
 * writes.
 */
#ifndef IRIS_SFU_TOKEN_COMMAND_H
#define IRIS_SFU_TOKEN_COMMAND_H

#include <stdint.h>
#include <stdio.h>

/**
 * Run the command.
 *
 * @param argc, argv  its arguments; argv[0] is "token"
 * @param now_s       wall clock, from which --ttl counts [s since 1970]
 * @param out         gets the token and a line break, or the help
 * @param err         gets a sentence on failure
 * @return            exit code: 0, 1 (cannot sign), 2 (usage)
 */
int token_command(int argc, char **argv, int64_t now_s, FILE *out, FILE *err);

#endif
