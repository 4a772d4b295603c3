/*
 * The end of a server while a dump is being written: control waits for the files, and what its
 * workers tell meanwhile finds them alive.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <stdatomic.h>
#include <unistd.h>

#include <cmocka.h>

#include "sfu/control/dump.h"

#define WAKES          100 /* until the dump may be completed */
#define WAIT_MAX_NS    UINT64_C(20000000000)
#define ROOM           "standup"
#define RECORDER_BYTES (1u << 20)

static char folder[] = "/tmp/iris-stop-XXXXXX";
static unsigned wakes; /* while the files were being written */
static uv_sem_t may_complete;
static atomic_bool is_written; /* but for the files' names */

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

/* The dump's thread cannot be through before the test says so (linked with --wrap). */
int __wrap_rename(const char *from, const char *to)
{
    if (!atomic_exchange(&is_written, true))
        uv_sem_wait(&may_complete);
    return __real_rename(from, to);
}

static void ignore_line(int level, const char *event, const char *const *pairs)
{
    (void)level;
    (void)event;
    (void)pairs;
}

static void ignore_drained(void *context)
{
    (void)context;
}

/* @return whether there is a dump of the room */
static bool empty_folder(void)
{
    bool is_dumped = false;
    DIR *directory = opendir(folder);
    for (struct dirent *entry; (entry = readdir(directory));) {
        is_dumped |= strncmp(entry->d_name, ROOM, strlen(ROOM)) == 0 &&
                     strstr(entry->d_name, "Z.pcapng") && !strstr(entry->d_name, ".part");
        unlinkat(dirfd(directory), entry->d_name, 0);
    }
    closedir(directory);
    return is_dumped;
}

/* A room with one participant, on a worker. */
static struct control_room *open_room(struct control *control)
{
    static struct core_command join = {.type = CORE_COMMAND_JOIN};
    struct control_participant *participant = control_registry_add(&control->registry, ROOM);
    struct transport_ice_credentials *ice = &join.join.transport.ice;
    join.join.room = participant->room->id;
    join.join.participant = participant->number;
    strcpy(ice->local_ufrag, "ufrag1");
    strcpy(ice->local_pwd, "passwordpasswordpassword");
    strcpy(ice->remote_ufrag, "theirs");
    control_command(control, participant, &join);
    return participant->room;
}

static void do_nothing(uv_timer_t *timer)
{
    (void)timer;
}

/* Run the loop until the dump's thread waits; nothing else tells when it does. */
static void wait_for_files(uv_loop_t *loop)
{
    uint64_t end_ns = uv_hrtime() + WAIT_MAX_NS;
    uv_timer_t timer;
    uv_timer_init(loop, &timer);
    uv_timer_start(&timer, do_nothing, 1, 1);
    while (!atomic_load(&is_written) && uv_hrtime() < end_ns)
        uv_run(loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(loop, UV_RUN_NOWAIT);
    assert_true(atomic_load(&is_written));
}

/* As a worker does, in every turn of the loop in which a dump is still there. It is completed when
   there were enough of them. */
static void wake(uv_idle_t *idle)
{
    struct control *control = idle->data;
    if (control->is_stopping && control->dump_count > 0 && !control->server) {
        uv_async_send(&control->events_wake);
        if (++wakes == WAKES)
            uv_sem_post(&may_complete);
    }
}

static void a_dump_is_finished_first(void **state)
{
    static char *announce[] = {"127.0.0.1"};
    uv_loop_t loop;
    uv_idle_t idle;
    char error[256] = "";
    struct control_config config = {.udp_port_first = 61000,
                                    .udp_port_last = 61999,
                                    .worker_count = 2,
                                    .node_name = "node",
                                    .version = "1",
                                    .recorder_folder = folder,
                                    .recorder_files = 1,
                                    .recorder_bytes = RECORDER_BYTES,
                                    .recorder_us = 60000000,
                                    .on_drained = ignore_drained,
                                    .log = ignore_line};
    (void)state;
    config.server.public_address = config.server.operations_address = "127.0.0.1";
    assert_int_equal(io_addresses_get(&config.addresses, announce, 1), 0);
    uv_sem_init(&may_complete, 0);
    uv_loop_init(&loop);
    struct control *control = control_start(&loop, &config, error, sizeof(error));
    if (!control) {
        fail_msg("%s", error);
        return;
    }
    struct control_call call = {.room = open_room(control)};
    struct signalling_http_response response = {0};
    control_dump_call(control, &call, &response);
    assert_int_equal(response.status, 202);
    free(response.body);
    wait_for_files(&loop);
    assert_int_equal(control->dump_count, 1);
    uv_idle_init(&loop, &idle);
    idle.data = control;
    uv_idle_start(&idle, wake);
    control_stop(control);
    assert_true(wakes >= WAKES);
    uv_close((uv_handle_t *)&idle, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_true(empty_folder());
    uv_sem_destroy(&may_complete);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_dump_is_finished_first)};
    if (!mkdtemp(folder))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    empty_folder();
    return rmdir(folder) || failed;
}
