/* fork, exec, readiness, SIGTERM, and what the log says afterwards. */
#include "tests/integration/server_process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/integration/token_writer.h"

#define READY_TIMEOUT_MS 30000
#define STOP_TIMEOUT_MS  20000
#define POLL_MS          20
#define UDP_PORT_FIRST   49152
#define UDP_PORT_RANGE   64 /* room for ports that others hold */
#define SETS_MAX         8

static struct {
    pid_t pid; /* 0: not running */
    uint16_t public_port, operations_port;
    bool has_failed;
    char log[512];
    const char *sets[SETS_MAX + 1];
    unsigned set_count;
    char token_set[600];
} server;

void server_process_set(const char *key_value)
{
    if (server.set_count < SETS_MAX)
        server.sets[server.set_count++] = key_value;
}

void server_process_want_tokens(void)
{
    static const char option[] = "token_key_file=";
    snprintf(server.token_set, sizeof(server.token_set), "%s%s/token-%d.key", option,
             IRIS_LOG_FOLDER, (int)getpid());
    FILE *file = fopen(server.token_set + sizeof(option) - 1, "w");
    if (!file || fputs(TOKEN_SECRET, file) < 0 || fclose(file))
        fprintf(stderr, "cannot write %s\n", server.token_set + sizeof(option) - 1);
    server_process_set(server.token_set);
}

uint16_t server_process_public_port(void)
{
    return server.public_port;
}

static void pause_ms(unsigned duration_ms)
{
    struct timespec duration = {.tv_nsec = (long)duration_ms * 1000000};
    nanosleep(&duration, NULL);
}

static struct sockaddr_in loopback(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* Whether a port can be bound now; port 0 asks for any. The port that was bound, or 0. */
static uint16_t try_port(int type, uint16_t port)
{
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = loopback(port);
    socklen_t len = sizeof(address);
    uint16_t bound = 0;
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &len) == 0)
        bound = ntohs(address.sin_port);
    if (fd >= 0)
        close(fd);
    return bound;
}

uint16_t server_process_operations_port(void)
{
    return server.operations_port;
}

void server_process_signal(int number)
{
    if (server.pid > 0)
        kill(server.pid, number);
}

/* Start of a range of UDP ports whose first one is free; different programs start elsewhere. */
static uint16_t free_udp_port(void)
{
    unsigned span = 65536 - UDP_PORT_FIRST - UDP_PORT_RANGE;
    for (unsigned i = 0; i < span; i++) {
        unsigned offset = ((unsigned)getpid() * UDP_PORT_RANGE + i) % span;
        if (try_port(SOCK_DGRAM, (uint16_t)(UDP_PORT_FIRST + offset)) != 0)
            return (uint16_t)(UDP_PORT_FIRST + offset);
    }
    return 0;
}

static const char *binary_path(void)
{
    const char *override = getenv("IRIS_BIN");
    return override ? override : IRIS_BIN;
}

/* In the child: never returns. */
static void become_server(pid_t parent)
{
    char public_listener[64], operations[64], first[64], last[64];
    uint16_t udp_port = free_udp_port();
    snprintf(public_listener, sizeof(public_listener), "listen_public=127.0.0.1:%u",
             (unsigned)server.public_port);
    snprintf(operations, sizeof(operations), "listen_operations=127.0.0.1:%u",
             (unsigned)server.operations_port);
    snprintf(first, sizeof(first), "udp_port_first=%u", (unsigned)udp_port);
    snprintf(last, sizeof(last), "udp_port_last=%u", udp_port + UDP_PORT_RANGE - 1u);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* died before the line above */
        _exit(126);
    int log = open(server.log, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    int null = open("/dev/null", O_RDONLY);
    if (log < 0 || null < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0 || dup2(null, 0) < 0)
        _exit(126);
    const char *arguments[2 * (8 + SETS_MAX) + 2] = {"iris"};
    const char *const sets[] = {
        public_listener,      operations,       first, last, "workers=2", "log_level=debug",
        "announce=127.0.0.1", "drain_seconds=0"};
    unsigned count = 1;
    for (unsigned i = 0; i < sizeof(sets) / sizeof(sets[0]) + server.set_count; i++) {
        unsigned own = sizeof(sets) / sizeof(sets[0]);
        arguments[count++] = "--set";
        arguments[count++] = i < own ? sets[i] : server.sets[i - own];
    }
    execv(binary_path(), (char **)arguments);
    dprintf(2, "cannot execute %s\n", binary_path());
    _exit(127);
}

bool server_process_is_ready(void)
{
    static const char request[] =
        "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    char answer[64] = "";
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval timeout = {.tv_sec = 2};
    struct sockaddr_in address = loopback(server.public_port);
    if (fd < 0)
        return false;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
        send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) == (ssize_t)sizeof(request) - 1)
        (void)!recv(fd, answer, sizeof(answer) - 1, 0);
    close(fd);
    return strncmp(answer, "HTTP/1.1 200", 12) == 0;
}

/* Wait for the process to end. false: it still runs. */
static bool wait_for_exit(unsigned timeout_ms, int *status)
{
    for (unsigned waited_ms = 0; waited_ms <= timeout_ms; waited_ms += POLL_MS) {
        if (waitpid(server.pid, status, WNOHANG) == server.pid)
            return true;
        pause_ms(POLL_MS);
    }
    return false;
}

int server_process_is_alive(void)
{
    siginfo_t info = {0};
    return server.pid > 0 &&
           waitid(P_PID, (id_t)server.pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0;
}

static int fail(const char *reason)
{
    fprintf(stderr, "server under test: %s\n", reason);
    server.has_failed = true;
    return -1;
}

int server_process_start(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    server.public_port = try_port(SOCK_STREAM, 0);
    server.operations_port = try_port(SOCK_STREAM, 0);
    snprintf(server.log, sizeof(server.log), "%s/%s.log", IRIS_LOG_FOLDER,
             program_invocation_short_name);
    pid_t self = getpid();
    server.pid = fork();
    if (server.pid < 0)
        return fail("fork failed");
    if (server.pid == 0)
        become_server(self);
    for (unsigned waited_ms = 0; waited_ms < READY_TIMEOUT_MS; waited_ms += POLL_MS) {
        int status;
        if (server_process_is_ready())
            return 0;
        if (waitpid(server.pid, &status, WNOHANG) == server.pid) {
            server.pid = 0;
            return fail("ended before it was ready");
        }
        pause_ms(POLL_MS);
    }
    kill(server.pid, SIGKILL);
    waitpid(server.pid, NULL, 0);
    server.pid = 0;
    return fail("not ready in time");
}

/* A sanitizer wrote into the log. */
static bool has_sanitizer_report(void)
{
    static const char *const marks[] = {"ERROR: AddressSanitizer", "ERROR: LeakSanitizer",
                                        "WARNING: ThreadSanitizer", "runtime error:"};
    char line[1024];
    bool found = false;
    FILE *log = fopen(server.log, "r");
    while (log && !found && fgets(line, sizeof(line), log)) {
        for (unsigned i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
            found = found || strstr(line, marks[i]);
    }
    if (log)
        fclose(log);
    return found;
}

static void remove_token_key(void)
{
    const char *path = strchr(server.token_set, '=');
    if (path)
        unlink(path + 1);
}

int server_process_stop(void **state)
{
    (void)state;
    int status = 0;
    remove_token_key();
    if (server.pid <= 0)
        return fail("not running at the end");
    if (waitpid(server.pid, &status, WNOHANG) == server.pid) {
        server.pid = 0;
        return fail("ended by itself during the tests");
    }
    kill(server.pid, SIGTERM);
    bool ended = wait_for_exit(STOP_TIMEOUT_MS, &status);
    if (!ended) {
        kill(server.pid, SIGKILL);
        waitpid(server.pid, &status, 0);
    }
    server.pid = 0;
    if (!ended)
        return fail("still running 20 s after SIGTERM");
    if (has_sanitizer_report())
        return fail("a sanitizer reported something");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return fail("did not exit with status 0 after SIGTERM");
    return 0;
}

int server_process_await_exit(unsigned timeout_ms)
{
    int status = 0;
    if (server.pid <= 0 || !wait_for_exit(timeout_ms, &status))
        return -1;
    server.pid = 0;
    return WIFEXITED(status) && !has_sanitizer_report() ? WEXITSTATUS(status) : -1;
}

unsigned server_process_count_log(const char *first, ...)
{
    const char *texts[8] = {first};
    char line[4200];
    unsigned count = 0;
    va_list args;
    va_start(args, first);
    for (unsigned i = 1; i < 8 && (texts[i] = va_arg(args, const char *));)
        i++;
    va_end(args);
    FILE *log = fopen(server.log, "r");
    while (log && fgets(line, sizeof(line), log)) {
        bool has_all = true;
        for (unsigned i = 0; i < 8 && texts[i]; i++)
            has_all = has_all && strstr(line, texts[i]);
        count += has_all;
    }
    if (log)
        fclose(log);
    return count;
}

char *server_process_grep(const char *text)
{
    char command[1200], *found = NULL;
    size_t len = 0;
    snprintf(command, sizeof(command), "grep -F '%s' '%s'", text, server.log);
    FILE *grep = popen(command, "r");
    if (!grep || getdelim(&found, &len, EOF, grep) < 0) { /* nothing is not an error */
        free(found);
        found = strdup("");
    }
    if (grep)
        pclose(grep);
    return found;
}

static void print_log(void)
{
    char line[1024];
    FILE *log = fopen(server.log, "r");
    fprintf(stderr, "---- log of the server under test (%s)\n", server.log);
    while (log && fgets(line, sizeof(line), log))
        fputs(line, stderr);
    fprintf(stderr, "---- end of the log\n");
    if (log)
        fclose(log);
}

int server_process_verdict(int failed)
{
    if (server.pid > 0) { /* the group's tear-down did not run */
        kill(server.pid, SIGKILL);
        waitpid(server.pid, NULL, 0);
        server.pid = 0;
    }
    if (failed != 0 || server.has_failed)
        print_log();
    return failed != 0 || server.has_failed ? 1 : 0;
}
