/* What a run needs, and its end. One loop, one thread (several while the recordings are made). */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/bubbles/cast.h"
#include "bench/bubbles/clock.h"
#include "bench/bubbles/schedule.h"

static int complain(const char *problem)
{
    fprintf(stderr, "iris-bench bubbles: %s\n", problem);
    return -1;
}

static int make_rooms(struct bubbles_run *run, int64_t now_us)
{
    const struct bubbles_options *options = &run->options;
    /* An audience has no microphones. */
    unsigned talkers = bubbles_cast_voices(options);
    run->rooms = calloc(options->rooms, sizeof(*run->rooms));
    if (!run->rooms)
        return complain("out of memory");
    for (unsigned r = 0; r < options->rooms; r++) {
        struct bubbles_room *room = &run->rooms[r];
        if (options->rooms == 1)
            snprintf(room->name, sizeof(room->name), "%.120s", options->room);
        else
            snprintf(room->name, sizeof(room->name), "%.120s-%u", options->room, r + 1);
        bubbles_spurts_init(&room->spurts, talkers, options->speakers, bubbles_random(&run->seed),
                            now_us);
    }
    return 0;
}

static int set_up(struct bubbles_schedule *schedule)
{
    struct bubbles_run *run = &schedule->run;
    struct bubbles_options *options = &run->options;
    char error[256];
    if (options->server_pid && bubbles_usage_read(options->server_pid, &schedule->sampled.server))
        return complain("there is no process with the --server-pid");
    schedule->result.server_idle = schedule->sampled.server;
    if (options->link_file &&
        link_script_read(&run->link, options->link_file, error, sizeof(error)))
        return complain(error);
    if (options->token_key_file) {
        run->sign_key = signalling_sign_key_load(options->token_key_file, error, sizeof(error));
        if (!run->sign_key)
            return complain(error);
    }
    if (options->library)
        run->library = *options->library;
    else if (bubbles_library_init(&run->library, options))
        return complain("libvpx or libopus refuses to encode");
    run->net = bubbles_net_create(options->has_gro, bubbles_participant_receive);
    run->stun = bubbles_stun_create();
    run->dtls = bubbles_dtls_context_create(options->srtp_profile);
    run->aead = transport_aead_context_create(TRANSPORT_AEAD_AUTO);
    run->hub = bubbles_hub_create(&run->loop, &options->url, options->is_insecure,
                                  run->dialect->protocol, &run->dialect->control);
    if (!run->net || !run->stun || !run->dtls || !run->aead || !run->hub)
        return complain("out of memory, or a library does not start");
    return make_rooms(run, bubbles_now_us());
}

static void close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void bubbles_schedule_destroy(struct bubbles_schedule *schedule)
{
    if (!schedule)
        return;
    struct bubbles_run *run = &schedule->run;
    bubbles_hub_destroy(run->hub);
    uv_walk(&run->loop, close_handle, NULL);
    uv_run(&run->loop, UV_RUN_DEFAULT);
    uv_loop_close(&run->loop);
    bubbles_net_destroy(run->net);
    bubbles_stun_destroy(run->stun);
    bubbles_dtls_context_destroy(run->dtls);
    transport_aead_context_destroy(run->aead);
    signalling_sign_key_destroy(run->sign_key);
    if (!run->options.library)
        bubbles_library_dispose(&run->library);
    free(run->rooms);
    free(schedule->seconds);
    free(schedule);
}

struct bubbles_schedule *bubbles_schedule_create(const struct bubbles_options *options,
                                                 const struct bubbles_dialect *dialect)
{
    struct bubbles_schedule *schedule = calloc(1, sizeof(*schedule));
    if (!schedule || uv_loop_init(&schedule->run.loop)) {
        free(schedule);
        complain("out of memory");
        return NULL;
    }
    schedule->run.options = *options;
    schedule->run.dialect = dialect;
    schedule->run.seed = options->seed;
    schedule->is_terminal = isatty(STDERR_FILENO);
    if (set_up(schedule)) {
        bubbles_schedule_destroy(schedule);
        return NULL;
    }
    return schedule;
}
