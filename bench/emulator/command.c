/* Blocked signals and a signalfd, so that the relay waits for packets and signals in one place. */
#include "bench/emulator/command.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_NOT_RUN 126
#define EXIT_MISSING 127

/* In the child. Returns only what has failed. */
static int become(char **arguments, int namespace_fd, const sigset_t *mask)
{
    if (setns(namespace_fd, CLONE_NEWNET) || prctl(PR_SET_PDEATHSIG, SIGTERM) ||
        sigprocmask(SIG_SETMASK, mask, NULL)) {
        fprintf(stderr, "iris-link: no way into the namespace: %s\n", strerror(errno));
        return COMMAND_EXIT_NO_LINK;
    }
    execvp(arguments[0], arguments);
    int code = errno == ENOENT ? EXIT_MISSING : EXIT_NOT_RUN;
    fprintf(stderr, "iris-link: %s: %s\n", arguments[0], strerror(errno));
    return code;
}

int command_start(struct command *command, char **arguments, int namespace_fd)
{
    const int wanted[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD};
    sigset_t set, before;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
        sigaddset(&set, wanted[i]);
    sigprocmask(SIG_BLOCK, &set, &before);
    *command = (struct command){.signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)};
    if (command->signals < 0)
        return -1;
    command->pid = fork();
    if (command->pid == 0)
        _exit(become(arguments, namespace_fd, &before));
    if (command->pid > 0)
        return 0;
    close(command->signals);
    return -1;
}

static void reap(struct command *command)
{
    int status;
    if (waitpid(command->pid, &status, WNOHANG) != command->pid)
        return;
    command->has_ended = true;
    command->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool command_listen(struct command *command)
{
    struct signalfd_siginfo info;
    bool is_restart = false;
    while (read(command->signals, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGUSR1)
            is_restart = true;
        else if (info.ssi_signo == SIGCHLD)
            reap(command);
        else if (!command->has_ended)
            kill(command->pid, (int)info.ssi_signo);
    }
    return is_restart;
}
