/* Processes: the supervised one, and the servers that it starts. */
#include "bench/server.h"

#include "bench/bubbles/operations.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_PATIENCE_MS 10000
#define STOP_PATIENCE_MS  5000
#define POLL_MS           20
#define LOG_TAIL_BYTES    2000
#define INTERRUPTED       130

/* ---- supervision ---- */

static volatile sig_atomic_t worker; /* the child, for the signal handler */

static void pass_on(int number)
{
    if (worker > 0)
        kill((pid_t)worker, number);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status;
    (void)type;
    (void)at;
    return remove(path);
}

static int await_worker(void)
{
    int status = 0;
    while (waitpid((pid_t)worker, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFSIGNALED(status) &&
        (WTERMSIG(status) == SIGINT || WTERMSIG(status) == SIGTERM || WTERMSIG(status) == SIGHUP))
        return INTERRUPTED;
    if (WIFSIGNALED(status))
        fprintf(stderr, "iris-bench: ended by signal %d\n", WTERMSIG(status));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int bench_supervise(int (*work)(void *context, const char *folder), void *context)
{
    const char *parent = getenv("TMPDIR");
    struct sigaction action = {.sa_handler = pass_on, .sa_flags = SA_RESTART};
    char folder[BENCH_PATH_BYTES];
    snprintf(folder, sizeof(folder), "%.400s/iris-bench.XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(folder)) {
        fprintf(stderr, "iris-bench: no folder %s: %s\n", folder, strerror(errno));
        return 1;
    }
    fflush(NULL);
    worker = fork();
    if (worker == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        exit(work(context, folder));
    }
    /* Ctrl-C reaches the child by itself; to this process alone it is passed on. */
    sigaction(SIGINT, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    int code = worker > 0 ? await_worker() : 1;
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return code;
}

/* ---- servers ---- */

static void run_program(char *const *argv, int log, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    setpgid(0, 0); /* Ctrl-C is not for it: it is ended in order */
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execvp(argv[0], argv);
    fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

int bench_server_start(struct bench_server *server, char *const *argv, const char *folder)
{
    static unsigned count;
    pid_t parent = getpid();
    snprintf(server->log, sizeof(server->log), "%.400s/log.%u", folder, count++);
    int log = open(server->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (log < 0) {
        fprintf(stderr, "iris-bench: %s: %s\n", server->log, strerror(errno));
        return -1;
    }
    fflush(NULL);
    server->pid = fork();
    if (server->pid == 0)
        run_program(argv, log, parent);
    close(log);
    if (server->pid > 0)
        return 0;
    server->pid = 0;
    fprintf(stderr, "iris-bench: no process for %s: %s\n", argv[0], strerror(errno));
    return -1;
}

static bool has_ended(pid_t pid)
{
    return waitpid(pid, NULL, WNOHANG) != 0;
}

void bench_server_stop(struct bench_server *server)
{
    if (server->pid <= 0)
        return;
    kill(server->pid, SIGTERM);
    for (int waited_ms = 0; waited_ms < STOP_PATIENCE_MS; waited_ms += POLL_MS) {
        if (has_ended(server->pid)) {
            server->pid = 0;
            return;
        }
        poll(NULL, 0, POLL_MS);
    }
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

static bool accepts(const struct bubbles_url *url)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    char port[8];
    snprintf(port, sizeof(port), "%u", url->port);
    if (getaddrinfo(url->host, port, &hints, &list))
        return false;
    int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_connected = fd >= 0 && connect(fd, list->ai_addr, list->ai_addrlen) == 0;
    if (fd >= 0)
        close(fd);
    freeaddrinfo(list);
    return is_connected;
}

int bench_server_await(const struct bench_server *server, const struct bubbles_url *url)
{
    for (int waited_ms = 0; waited_ms < START_PATIENCE_MS; waited_ms += POLL_MS) {
        if (accepts(url))
            return 0;
        siginfo_t ended = {.si_pid = 0};
        /* WNOWAIT: whoever stops it waits for it. */
        if (waitid(P_PID, (id_t)server->pid, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
            ended.si_pid)
            return -1;
        poll(NULL, 0, POLL_MS);
    }
    return -1;
}

void bench_server_print_log(const struct bench_server *server)
{
    char text[LOG_TAIL_BYTES + 1];
    FILE *log = fopen(server->log, "r");
    if (!log)
        return;
    if (fseek(log, -LOG_TAIL_BYTES, SEEK_END))
        rewind(log);
    text[fread(text, 1, LOG_TAIL_BYTES, log)] = '\0';
    fclose(log);
    fprintf(stderr, "%s\n", text);
}

/* ---- Iris ---- */

/* Free a moment ago; @return 0: none */
static uint16_t free_port(int type)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(name);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    bool is_bound = fd >= 0 && bind(fd, (struct sockaddr *)&name, len) == 0 &&
                    getsockname(fd, (struct sockaddr *)&name, &len) == 0;
    if (fd >= 0)
        close(fd);
    return is_bound ? ntohs(name.sin_port) : 0;
}

static void set_url(struct bubbles_url *url, uint16_t port)
{
    char text[64];
    snprintf(text, sizeof(text), "ws://127.0.0.1:%u", (unsigned)port);
    bubbles_url_parse(url, text);
}

/* build/release/bench/iris-bench and build/release/iris. */
static int find_iris(char *path, size_t cap)
{
    char own[BENCH_PATH_BYTES - 8];
    ssize_t len = readlink("/proc/self/exe", own, sizeof(own) - 1);
    char *end;
    if (len < 0)
        return -1;
    own[len] = '\0';
    for (int i = 0; i < 2 && (end = strrchr(own, '/')); i++)
        *end = '\0';
    snprintf(path, cap, "%s/iris", own);
    return access(path, X_OK);
}

int bench_iris_add_set(struct bench_iris_options *options, const char *set)
{
    if (!strchr(set, '=') || options->set_count == BENCH_SERVER_SETS)
        return -1;
    options->sets[options->set_count++] = set;
    return 0;
}

int bench_iris_start(struct bench_server *server, const struct bench_iris_options *options,
                     const char *folder)
{
    enum { OWN = 8 };
    char program[BENCH_PATH_BYTES], sets[OWN][BENCH_PATH_BYTES];
    char *argv[2 * (OWN + BENCH_SERVER_SETS) + 2];
    unsigned count = 0, own = 0;
    snprintf(program, sizeof(program), "%s", options->program ? options->program : "");
    if (!options->program && find_iris(program, sizeof(program))) {
        fprintf(stderr, "iris-bench: no server at %s: build it, or name it by --iris\n", program);
        return -1;
    }
    set_url(&server->url, free_port(SOCK_STREAM));
    set_url(&server->operations, free_port(SOCK_STREAM));
    snprintf(sets[own++], BENCH_PATH_BYTES, "listen_public=127.0.0.1:%u", server->url.port);
    snprintf(sets[own++], BENCH_PATH_BYTES, "listen_operations=127.0.0.1:%u",
             server->operations.port);
    snprintf(sets[own++], BENCH_PATH_BYTES, "announce=%s", options->announce);
    snprintf(sets[own++], BENCH_PATH_BYTES, "workers=%u", options->workers);
    snprintf(sets[own++], BENCH_PATH_BYTES, "connections_per_address=0");
    snprintf(sets[own++], BENCH_PATH_BYTES, "connection_rate_per_address=0");
    snprintf(sets[own++], BENCH_PATH_BYTES, "max_participants=5000");
    argv[count++] = program;
    for (unsigned i = 0; i < own + options->set_count; i++) {
        argv[count++] = (char *)"--set";
        argv[count++] = i < own ? sets[i] : (char *)options->sets[i - own];
    }
    argv[count] = NULL;
    if (bench_server_start(server, argv, folder))
        return -1;
    if (bench_server_await(server, &server->url) == 0)
        return 0;
    fprintf(stderr, "iris-bench: the server does not start:\n");
    bench_server_print_log(server);
    bench_server_stop(server);
    return -1;
}
