/*
 * iris-link as a program: what a command behind it sends comes out as the script says. The command
 * is this program itself, with arguments; both have the same monotonic clock. Everything happens in
 * a network namespace of the test's own; where none can be made, the tests are skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OUTSIDE       "198.18.64.1" /* iris-link's default */
#define PORT          5004
#define PACKET_BYTES  972 /* 1000 with IPv4 and UDP headers */
#define BURST_PACKETS 200
#define TICK_MS       5
#define SILENCE_MS    3000 /* then nothing comes any more */
#define OUTPUT_BYTES  65536

static const char *program;

struct packet {
    uint32_t number;
    int64_t sent_us;
    uint8_t rest[PACKET_BYTES - 16];
};

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int open_socket(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int bytes = 1 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    return bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0 ? fd : -1;
}

/* --- inside
 * ---------------------------------------------------------------------------------------- */

static void send_packet(int fd, uint32_t number)
{
    struct packet packet = {.number = number, .sent_us = now_us()};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    inet_pton(AF_INET, OUTSIDE, &to.sin_addr);
    sendto(fd, &packet, sizeof(packet), 0, (struct sockaddr *)&to, sizeof(to));
}

/* As many packets as are wanted, so many ms apart; 0: at once. */
static int send_packets(int fd, uint32_t count, unsigned gap_ms)
{
    for (uint32_t i = 0; i < count; i++) {
        send_packet(fd, i);
        if (gap_ms)
            poll(NULL, 0, (int)gap_ms);
    }
    poll(NULL, 0, SILENCE_MS); /* the link goes with the command */
    return 0;
}

/* Says hello, then sends back what comes. */
static int send_back(int fd)
{
    struct packet packet;
    struct sockaddr_in from;
    socklen_t from_len = sizeof(from);
    send_packet(fd, 0);
    while (recvfrom(fd, &packet, sizeof(packet), 0, (struct sockaddr *)&from, &from_len) > 0)
        sendto(fd, &packet, sizeof(packet), 0, (struct sockaddr *)&from, from_len);
    return 1;
}

static int run_inside(const char *task)
{
    int fd = open_socket();
    if (fd < 0)
        return 9;
    if (strcmp(task, "burst") == 0)
        return send_packets(fd, BURST_PACKETS, 0);
    if (strcmp(task, "ticks") == 0)
        return send_packets(fd, UINT32_MAX, TICK_MS);
    return strcmp(task, "echo") == 0 ? send_back(fd) : 9;
}

/* --- outside
 * --------------------------------------------------------------------------------------- */

struct run {
    pid_t pid;
    int fd, output; /* the socket; what iris-link writes */
};

/* @param rules  two lines at most, NULL: none */
static struct run start(const char *const rules[2], char *const command[])
{
    char *arguments[16] = {(char *)IRIS_LINK_BIN, "--quiet", "--json", "-"};
    size_t count = 4;
    struct run run = {.fd = open_socket()};
    int ends[2];
    for (int i = 0; i < 2 && rules && rules[i]; i++) {
        arguments[count++] = "--rule";
        arguments[count++] = (char *)rules[i];
    }
    for (; *command; command++)
        arguments[count++] = *command;
    assert_true(run.fd >= 0);
    assert_int_equal(pipe(ends), 0);
    run.pid = fork();
    if (run.pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        execv(arguments[0], arguments);
        _exit(9);
    }
    close(ends[1]);
    run.output = ends[0];
    return run;
}

static struct run start_task(const char *first, const char *second, const char *task)
{
    const char *rules[] = {first, second};
    char *command[] = {(char *)program, (char *)task, NULL};
    return start(rules, command);
}

/* Wait for its end and read what it has written. @return the exit code; 128 + n: signal n */
static int finish(struct run *run, char output[OUTPUT_BYTES])
{
    size_t len = 0;
    ssize_t more;
    int status;
    while ((more = read(run->output, output + len, OUTPUT_BYTES - 1 - len)) > 0)
        len += (size_t)more;
    output[len] = '\0';
    close(run->output);
    close(run->fd);
    waitpid(run->pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int stop(struct run *run)
{
    char output[OUTPUT_BYTES];
    kill(run->pid, SIGTERM);
    return finish(run, output);
}

/* @return false: nothing came */
static bool receive(struct run *run, struct packet *packet, int timeout_ms)
{
    struct pollfd fd = {.fd = run->fd, .events = POLLIN};
    return poll(&fd, 1, timeout_ms) == 1 &&
           recv(run->fd, packet, sizeof(*packet), 0) == (ssize_t)sizeof(*packet);
}

/* A number of the closing line's part for what was sent from inside. */
static long total_of(const char *output, const char *key)
{
    const char *total = strstr(output, "{\"total\"");
    const char *at = total ? strstr(total, key) : NULL;
    return at ? strtol(at + strlen(key) + 2, NULL, 10) : -1;
}

/* 1000 bytes at 2 Mbps: 4 ms each. */
static void a_rate_is_kept_and_the_order(void **state)
{
    (void)state;
    struct run run = start_task("0 up rate=2000 queue=5000", NULL, "burst");
    int64_t first_us = 0, last_us = 0;
    struct packet packet = {0};
    for (uint32_t i = 0; i < BURST_PACKETS; i++) {
        assert_true(receive(&run, &packet, SILENCE_MS));
        last_us = now_us();
        if (i == 0)
            first_us = last_us;
        assert_int_equal(packet.number, i);
    }
    double apart_ms = (double)(last_us - first_us) / 1000 / (BURST_PACKETS - 1);
    print_message("%.3f ms apart\n", apart_ms);
    assert_true(apart_ms > 3.8 && apart_ms < 4.3);
    assert_int_equal(stop(&run), 128 + SIGTERM);
}

static int compare(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

/* There and back; the median, because the machine may stand still. */
static void a_delay_in_both_directions(void **state)
{
    (void)state;
    enum { COUNT = 20 };
    struct run run = start_task("0 up delay=30", "0 down delay=20", "echo");
    struct packet packet;
    struct sockaddr_in from;
    socklen_t from_len = sizeof(from);
    int64_t trips_us[COUNT];
    assert_int_equal(
        recvfrom(run.fd, &packet, sizeof(packet), 0, (struct sockaddr *)&from, &from_len),
        sizeof(packet));
    for (int i = 0; i < COUNT; i++) {
        packet.sent_us = now_us();
        sendto(run.fd, &packet, sizeof(packet), 0, (struct sockaddr *)&from, from_len);
        assert_true(receive(&run, &packet, SILENCE_MS));
        trips_us[i] = now_us() - packet.sent_us;
        assert_true(trips_us[i] >= 50000);
    }
    qsort(trips_us, COUNT, sizeof(*trips_us), compare);
    int64_t median_us = trips_us[COUNT / 2];
    print_message("there and back: %.2f ms\n", (double)median_us / 1000);
    assert_in_range(median_us, 50000, 55000);
    assert_int_equal(stop(&run), 128 + SIGTERM);
}

/* 100 ms of 1 Mbps are 12.5 packets: 13 come of those that are sent at once, a few more if sending
 * takes long. */
static void a_full_queue_drops_and_says_so(void **state)
{
    (void)state;
    char output[OUTPUT_BYTES];
    struct run run = start_task("0 up rate=1000 queue=100", NULL, "burst");
    struct packet packet;
    unsigned count = 0;
    while (receive(&run, &packet, count ? 500 : SILENCE_MS))
        count++;
    print_message("%u of %u\n", count, BURST_PACKETS);
    assert_in_range(count, 13, 40);
    kill(run.pid, SIGTERM);
    assert_int_equal(finish(&run, output), 128 + SIGTERM);
    assert_int_equal(total_of(output, "offered_packets"), BURST_PACKETS);
    assert_int_equal(total_of(output, "delivered_packets"), count);
    assert_int_equal(total_of(output, "dropped_packets"), BURST_PACKETS - count);
    assert_int_equal(total_of(output, "lost_packets"), 0);
    assert_in_range(total_of(output, "queue_max_ms"), 90, 100);
}

/* Nothing passes in its first 300 ms. */
static void a_signal_begins_the_script_anew(void **state)
{
    (void)state;
    struct run run = start_task("0 up loss=100", "0.3 up", "ticks");
    for (int i = 0; i < 2; i++) {
        struct packet packet;
        assert_true(receive(&run, &packet, SILENCE_MS));
        kill(run.pid, SIGUSR1);
        int64_t asked_us = now_us(), longest_us = 0, last_us = asked_us;
        while (last_us - asked_us < 600000) {
            assert_true(receive(&run, &packet, SILENCE_MS));
            int64_t at_us = now_us();
            if (at_us - last_us > longest_us)
                longest_us = at_us - last_us;
            last_us = at_us;
        }
        print_message("silent for %.0f ms\n", (double)longest_us / 1000);
        assert_in_range(longest_us, 295000, 500000);
    }
    assert_int_equal(stop(&run), 128 + SIGTERM);
}

static void it_ends_and_nothing_stays(void **state)
{
    (void)state;
    char *command[] = {"sleep", "60", NULL};
    struct run run = start(NULL, command);
    struct sockaddr_in own = {.sin_family = AF_INET};
    inet_pton(AF_INET, OUTSIDE, &own.sin_addr);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), tries = 0;
    while (bind(fd, (struct sockaddr *)&own, sizeof(own)) && ++tries < SILENCE_MS / TICK_MS)
        poll(NULL, 0, TICK_MS);
    assert_true(tries < SILENCE_MS / TICK_MS); /* the address is there */
    close(fd);
    poll(NULL, 0, 100); /* and the command runs */
    int64_t asked_us = now_us();
    assert_int_equal(stop(&run), 128 + SIGTERM);
    assert_in_range(now_us() - asked_us, 0, 1000000);
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), -1);
    assert_int_equal(errno, EADDRNOTAVAIL);
    close(fd);
}

static void exit_codes(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        char *const command[4];
        int code;
    } table[] = {
        {"0 up", {"true", NULL}, 0},
        {"0 up", {"sh", "-c", "exit 3", NULL}, 3},
        {"0 up", {"sh", "-c", "kill -9 $$", NULL}, 128 + SIGKILL},
        {"0 up", {"/nowhere/nothing", NULL}, 127},
        {"0 up", {"/", NULL}, 126},
        {"0 up", {NULL}, 2},
        {"0 sideways", {"true", NULL}, 2},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        char output[OUTPUT_BYTES];
        const char *rules[] = {table[i].rule, NULL};
        struct run run = start(rules, table[i].command);
        assert_int_equal(finish(&run, output), table[i].code);
    }
}

static int write_map(const char *path, unsigned id)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return -1;
    fprintf(file, "0 %u 1", id);
    return fclose(file);
}

/* Where this user may, and iris-link can make its devices. */
static bool has_network(void)
{
    uid_t uid = getuid();
    char *command[] = {"true", NULL}, output[OUTPUT_BYTES];
    if (unshare(CLONE_NEWNET) &&
        (unshare(CLONE_NEWUSER | CLONE_NEWNET) || write_map("/proc/self/uid_map", uid)))
        return false;
    struct run run = start(NULL, command);
    return finish(&run, output) == 0;
}

int main(int argc, char **argv)
{
    program = argv[0];
    if (argc == 2)
        return run_inside(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_is_kept_and_the_order),
        cmocka_unit_test(a_delay_in_both_directions),
        cmocka_unit_test(a_full_queue_drops_and_says_so),
        cmocka_unit_test(a_signal_begins_the_script_anew),
        cmocka_unit_test(it_ends_and_nothing_stays),
        cmocka_unit_test(exit_codes),
    };
    if (!has_network()) {
        puts("no network namespace or TUN device can be made here");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
