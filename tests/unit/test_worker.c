/* A worker thread: starts, takes commands, tells events, stops; each on a port of its own. */
#include <poll.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "sfu/io/worker.h"
#include "stun_client.h"

#define PATIENCE_MS 20000

static atomic_uint woken;

/* A worker that is to be held where it tells of events, until it may go on. */
static struct {
    atomic_bool is_wanted;
    sem_t reached, released;
} halt;

static void on_events(void *context)
{
    (void)context;
    atomic_fetch_add(&woken, 1);
    if (atomic_exchange(&halt.is_wanted, false)) {
        sem_post(&halt.reached);
        sem_wait(&halt.released);
    }
}

struct setting {
    struct transport_certificate *certificate;
    struct io_addresses addresses;
    struct io_worker_config config;
};

static void prepare(struct setting *setting)
{
    static char *const texts[] = {"127.0.0.1"};
    setting->certificate = transport_certificate_create();
    assert_int_equal(io_addresses_get(&setting->addresses, texts, 1), 0);
    setting->config = (struct io_worker_config){.certificate = setting->certificate,
                                                .addresses = &setting->addresses,
                                                .port_first = 62000,
                                                .port_last = 62999,
                                                .seed = 1,
                                                .on_events = on_events};
}

/* Wait for the next event of a type; others are passed over. */
static void await_participant(struct io_worker *worker, struct core_statistics *statistics)
{
    for (int waited_ms = 0; waited_ms < PATIENCE_MS; waited_ms += 5) {
        if (io_worker_next_participant(worker, statistics))
            return;
        poll(NULL, 0, 5);
    }
    fail_msg("no statistics came");
}

static void test_life(void **state)
{
    (void)state;
    struct setting setting;
    struct core_event event;
    char error[200] = "";
    prepare(&setting);
    struct io_worker *first = io_worker_start(&setting.config, error, sizeof(error));
    struct io_worker *second = io_worker_start(&setting.config, error, sizeof(error));
    assert_non_null(first);
    assert_non_null(second);
    assert_int_not_equal(io_worker_port(first), io_worker_port(second));
    assert_in_range(io_worker_port(second), 62000, 62999);
    assert_true(io_worker_aead_name(first)[0]);
    assert_false(io_worker_next_event(first, &event));

    struct core_command *command = calloc(1, sizeof(*command));
    command->join.room = command->join.participant = 7;
    strcpy(command->join.transport.ice.local_ufrag, "ufrag");
    assert_true(io_worker_command(first, command));
    static struct core_statistics statistics;
    await_participant(first, &statistics); /* once a second */
    assert_int_equal(statistics.participant, 7);
    assert_true(atomic_load(&woken) > 0);
    assert_false(io_worker_next_event(second, &event)); /* not its business */
    static struct io_statistics snapshot = {.wakes = 1};
    assert_true(io_worker_next_statistics(first, &snapshot)); /* also once a second */
    assert_int_equal(snapshot.wakes, 0);
    assert_int_equal(snapshot.strays, 0);
    assert_int_equal(snapshot.participants, 1);
    assert_true(snapshot.cpu_us > 0 && snapshot.at_us > 0);
    free(command);
    io_worker_stop(first);
    io_worker_stop(second);
    io_worker_stop(NULL);
    transport_certificate_destroy(setting.certificate);
}

static struct core_command join_of(uint64_t number)
{
    struct core_command command = {.type = CORE_COMMAND_JOIN};
    struct transport_ice_credentials *ice = &command.join.transport.ice;
    command.join.room = command.join.participant = number;
    snprintf(ice->local_ufrag, sizeof(ice->local_ufrag), "ufrag%u", (unsigned)number);
    strcpy(ice->local_pwd, "passwordpasswordpassword");
    strcpy(ice->remote_ufrag, "theirs");
    return command;
}

static int open_client(const struct io_worker *worker)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(io_worker_port(worker)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

/*
 * The answer to `join` goes out after its command was queued, so the client's first check comes
 * after it, whatever the worker is at meanwhile and whatever else lies in its socket already.
 */
static void test_check_finds_its_join(void **state)
{
    (void)state;
    static const unsigned strays[] = {0, 1, 40 /* more than a batch */};
    struct setting setting;
    char error[200] = "";
    prepare(&setting);
    struct io_worker *worker = io_worker_start(&setting.config, error, sizeof(error));
    assert_non_null(worker);
    int fd = open_client(worker);
    for (unsigned i = 0; i < sizeof(strays) / sizeof(*strays); i++) {
        static struct core_command command;
        static struct stun_client client;
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        char answer[512];
        command = join_of(100 + i);
        atomic_store(&halt.is_wanted, true);
        assert_true(io_worker_command(worker, &command)); /* statistics follow: it will be held */
        sem_wait(&halt.reached);
        for (unsigned stray = 0; stray < strays[i]; stray++)
            assert_int_equal(send(fd, "", 1, 0), 1); /* no STUN, though it begins so */
        command = join_of(200 + i);
        assert_true(io_worker_command(worker, &command));
        stun_client_init(&client, &command.join.transport.ice);
        stun_client_write(&client, &(struct stun_client_check){.priority = 1});
        assert_int_equal(send(fd, client.data, client.len, 0), client.len);
        sem_post(&halt.released);
        assert_int_equal(poll(&poller, 1, PATIENCE_MS), 1);
        assert_true(recv(fd, answer, sizeof(answer), 0) > 20);
    }
    close(fd);
    /* Snapshots are left out while nobody takes them. */
    static struct io_statistics snapshot;
    for (int waited_ms = 0; waited_ms < PATIENCE_MS && snapshot.strays < 41; waited_ms += 5)
        if (!io_worker_next_statistics(worker, &snapshot))
            poll(NULL, 0, 5);
    assert_int_equal(snapshot.strays, 41);
    assert_in_range(snapshot.wakes, 3, 44);
    assert_int_equal(snapshot.received_datagrams, 44);
    io_worker_stop(worker);
    transport_certificate_destroy(setting.certificate);
}

/* Commands come faster than a worker that is not looking takes them: refused, none lost. */
static void test_full_queue(void **state)
{
    (void)state;
    struct setting setting;
    char error[200] = "";
    prepare(&setting);
    struct io_worker *worker = io_worker_start(&setting.config, error, sizeof(error));
    const struct core_command command = {.type = CORE_COMMAND_LEAVE, .participant = 9};
    unsigned refused = 0;
    assert_non_null(worker);
    for (int i = 0; i < 100000 && refused == 0; i++)
        refused += !io_worker_command(worker, &command);
    for (int waited_ms = 0; waited_ms < PATIENCE_MS; waited_ms++) { /* it takes them all */
        if (io_worker_command(worker, &command))
            break;
        poll(NULL, 0, 1);
    }
    assert_true(io_worker_command(worker, &command));
    io_worker_stop(worker);
    transport_certificate_destroy(setting.certificate);
}

static void test_no_port(void **state)
{
    (void)state;
    struct setting setting;
    char error[200] = "";
    prepare(&setting);
    struct io_worker *worker = io_worker_start(&setting.config, error, sizeof(error));
    assert_non_null(worker);
    setting.config.port_first = setting.config.port_last = io_worker_port(worker);
    assert_null(io_worker_start(&setting.config, error, sizeof(error)));
    assert_non_null(strstr(error, "no UDP port"));
    io_worker_stop(worker);
    transport_certificate_destroy(setting.certificate);
}

int main(void)
{
    sem_init(&halt.reached, 0, 0);
    sem_init(&halt.released, 0, 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),
        cmocka_unit_test(test_check_finds_its_join),
        cmocka_unit_test(test_full_queue),
        cmocka_unit_test(test_no_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
