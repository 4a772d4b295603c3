/* The command behind the link: one child process, and the signals that concern it. */
#ifndef IRIS_BENCH_EMULATOR_COMMAND_H
#define IRIS_BENCH_EMULATOR_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

#define COMMAND_EXIT_NO_LINK 125 /* as env and timeout have it */

struct command {
    pid_t pid;
    int signals; /* a signalfd, non-blocking */
    bool has_ended;
    int exit_code; /* of iris-link, when it has */
};

/**
 * Run it in a network namespace. From here on this process takes signals only by command_listen();
 * the command is ended with it.
 *
 * @param arguments  ends with NULL
 * @return           0, or -1 (errno)
 */
int command_start(struct command *command, char **arguments, int namespace_fd);

/**
 * Take the signals that have come: those that ask for an end go to the command.
 *
 * @return  SIGUSR1 was among them
 */
bool command_listen(struct command *command);

#endif
