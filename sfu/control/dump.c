/* From the wish to the files: limits, the worker's answer, the job. */
#include "sfu/control/dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rtp/error.h"
#include "sfu/control/dump_file.h"

#define DUMPS_MAX  4  /* under way at once; a worker has room for more answers (sfu/io/worker.c) */
#define PEOPLE_MAX 64 /* who left and is still known */
#define US_PER_S   1000000
#define BUSY_TEXT  "Too many dumps are being written: try again in a few seconds."
#define OFF_TEXT                                                                                   \
    "The flight recorder is off: set recorder_folder in the configuration to a folder that the "   \
    "server may write to, and start it again."

/* A dump under way: asked for, then being written. Owned by control's list. */
struct control_dump {
    uv_work_t work;
    struct control_dump *next;
    struct control *control;
    uint64_t room_number;
    char room[CONTROL_ROOM_BYTES];
    const char *cause; /* static text */
    json_t *people;    /* owned */
    struct control_dump_order order;
    struct core_recorder *recorder; /* owned, when it has come */
    struct control_dump_result result;
    int error;
};

static int64_t unix_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

/* The workers' clock (sfu/io/worker.c). */
static int64_t now_us(void)
{
    return (int64_t)(uv_hrtime() / 1000);
}

/* --- who is who ------------------------------------------------------------------------------ */

static void add_person(json_t *people, const struct control_participant *participant)
{
    char number[24];
    snprintf(number, sizeof(number), "%llu", (unsigned long long)participant->number);
    json_object_set_new(people, number,
                        json_pack("{s:s, s:s}", "id", participant->id, "name", participant->name));
}

void control_dump_on_leave(struct control *control, const struct control_participant *participant)
{
    struct control_room *room = participant->room;
    if (!control->config.recorder_folder)
        return;
    if (!room->past_people)
        room->past_people = json_object();
    if (json_object_size(room->past_people) >= PEOPLE_MAX) /* the oldest */
        json_object_del(room->past_people,
                        json_object_iter_key(json_object_iter(room->past_people)));
    add_person(room->past_people, participant);
}

/* Those of now and of late; a copy for another thread. */
static json_t *list_people(const struct control_room *room)
{
    json_t *people = room->past_people ? json_deep_copy(room->past_people) : json_object();
    for (const struct control_participant *p = room->first; people && p; p = p->next)
        add_person(people, p);
    return people;
}

/* --- the job --------------------------------------------------------------------------------- */

static void write_files(uv_work_t *work)
{
    struct control_dump *dump = work->data;
    dump->error = control_dump_write(&dump->order, dump->recorder, &dump->result);
}

static void unlink_dump(struct control *control, struct control_dump *dump)
{
    struct control_dump **at = &control->dumps;
    while (*at != dump)
        at = &(*at)->next;
    *at = dump->next;
    control->dump_count--;
    core_recorder_destroy(dump->recorder);
    json_decref(dump->people);
    free(dump);
}

/* A full disk is another's work than a folder that may not be written to. */
static const char *failure_text(const struct control_dump *dump, int status)
{
    if (status)
        return uv_strerror(status);
    return dump->error == IRIS_E_SYSTEM ? strerror(dump->result.system_error)
                                        : rtp_error_text(dump->error);
}

static void on_written(uv_work_t *work, int status)
{
    struct control_dump *dump = work->data;
    struct control *control = dump->control;
    char seconds[24], packets[16], decisions[16];
    snprintf(seconds, sizeof(seconds), "%.1f", (double)dump->result.covered_us / US_PER_S);
    snprintf(packets, sizeof(packets), "%u", dump->result.packets);
    snprintf(decisions, sizeof(decisions), "%u", dump->result.decisions);
    if (status || dump->error)
        control_log(control, CONTROL_LOG_ERROR, "room.dump_fail", "room", dump->room, "folder",
                    dump->order.folder, "reason", failure_text(dump, status));
    else
        control_log(control, CONTROL_LOG_INFO, "room.dump", "room", dump->room, "cause",
                    dump->cause, "file", dump->order.base, "seconds", seconds, "packets", packets,
                    "decisions", decisions);
    unlink_dump(control, dump);
}

/* The answer of a room's worker: answers come in the order of the questions. */
static void take(struct control *control, const struct io_recording *recording)
{
    struct control_dump *dump = control->dumps;
    while (dump && (dump->room_number != recording->room || dump->recorder))
        dump = dump->next;
    if (!dump) {
        core_recorder_destroy(recording->recorder);
        return;
    }
    dump->recorder = recording->recorder;
    dump->work.data = dump;
    if (uv_queue_work(control->loop, &dump->work, write_files, on_written))
        unlink_dump(control, dump);
}

void control_dump_take(struct control *control)
{
    struct io_recording recording;
    for (unsigned i = 0; i < control->config.worker_count; i++)
        while (io_worker_next_recording(control->workers[i], &recording))
            take(control, &recording);
}

void control_dump_finish(struct control *control)
{
    struct control_dump *next;
    for (struct control_dump *dump = control->dumps; dump; dump = next) {
        next = dump->next;
        if (!dump->recorder) /* nobody is kept waiting for a worker that may hang */
            unlink_dump(control, dump);
    }
    while (control->dump_count > 0)
        uv_run(control->loop, UV_RUN_ONCE);
}

/* --- the wish -------------------------------------------------------------------------------- */

static void fill_order(struct control *control, const struct control_room *room,
                       struct control_dump *dump)
{
    struct control_dump_order *order = &dump->order;
    int64_t wall_us = unix_us();
    order->folder = control->config.recorder_folder;
    order->limits =
        (struct control_dump_limits){.files_max = control->config.recorder_files,
                                     .bytes_max = control->config.recorder_folder_bytes};
    order->room = dump->room;
    order->cause = dump->cause;
    order->people = dump->people;
    order->unix_us = wall_us;
    order->unix_offset_us = wall_us - now_us();
    order->addresses = control->config.addresses;
    order->port = io_worker_port(control->workers[room->worker]);
    control_dump_name(room->name, wall_us, strcmp(dump->cause, "freeze") == 0, order->base);
}

/* @param receiver  NULL: everyone. @return owned by control's list; NULL: not now */
static struct control_dump *begin(struct control *control, struct control_room *room,
                                  const struct control_participant *receiver, const char *cause)
{
    struct control_dump *dump = control->dump_count < DUMPS_MAX ? calloc(1, sizeof(*dump)) : NULL;
    if (!dump)
        return NULL;
    dump->control = control;
    dump->room_number = room->id;
    dump->cause = cause;
    dump->people = list_people(room);
    memcpy(dump->room, room->name, sizeof(dump->room));
    fill_order(control, room, dump);
    dump->order.receiver = receiver ? receiver->number : 0;
    if (!dump->people || !io_worker_record(control->workers[room->worker], room->id)) {
        json_decref(dump->people);
        free(dump);
        return NULL;
    }
    dump->next = control->dumps;
    control->dumps = dump;
    control->dump_count++;
    room->dumped_us = now_us();
    return dump;
}

/* How long until the period since a dump is over [us]; 0: it is, or there was none. */
static int64_t left_us(int64_t dumped_us)
{
    int64_t since_us = now_us() - dumped_us;
    return dumped_us && since_us < CONTROL_DUMP_PERIOD_US ? CONTROL_DUMP_PERIOD_US - since_us : 0;
}

void control_dump_on_freeze(struct control *control, struct control_participant *participant)
{
    if (control->config.recorder_folder && left_us(participant->room->dumped_us) == 0)
        begin(control, participant->room, participant, "freeze");
}

/* --- the call -------------------------------------------------------------------------------- */

/* Of the body. @return 0, or a refusing status with its sentence */
static int read_receiver(const struct control_call *call,
                         const struct control_participant **receiver, const char **sentence)
{
    const json_t *id = json_object_get(call->body, "participant");
    *receiver = NULL;
    *sentence = "The body may be {\"participant\": id}, and nothing else.";
    if (json_object_size(call->body) != (id ? 1 : 0) || (id && !json_is_string(id)))
        return 422;
    if (!id)
        return 0;
    *sentence = "Nobody in the room has this id.";
    *receiver = control_room_find(call->room, json_string_value(id));
    return *receiver ? 0 : 404;
}

static void answer_files(struct signalling_http_response *response, const struct control_dump *dump)
{
    const struct control_dump_order *order = &dump->order;
    control_answer_json(response, json_pack("{s:s+++, s:s+++}", "pcapng", order->folder, "/",
                                            order->base, ".pcapng", "decisions", order->folder, "/",
                                            order->base, ".jsonl"));
    if (response->body)
        response->status = 202;
}

/* What a room has dumped by itself keeps nobody from asking what came of it. @return 0, or a
   refusing status with its sentence */
static int refuse(const struct control *control, const struct control_room *room, char *sentence,
                  size_t cap)
{
    int64_t wait_us = left_us(room->asked_us);
    if (!control->config.recorder_folder) {
        snprintf(sentence, cap, "%s", OFF_TEXT);
        return 409;
    }
    if (wait_us == 0)
        return 0;
    snprintf(sentence, cap,
             "The room's recorder was dumped a moment ago and began anew: try again in %u s.",
             (unsigned)(wait_us / US_PER_S + 1));
    return 429;
}

void control_dump_call(struct control *control, const struct control_call *call,
                       struct signalling_http_response *response)
{
    const struct control_participant *receiver;
    const char *sentence;
    char text[256];
    const struct control_dump *dump = NULL;
    int status = read_receiver(call, &receiver, &sentence);
    if (status == 0 && (status = refuse(control, call->room, text, sizeof(text))))
        sentence = text;
    if (status == 0 && !(dump = begin(control, call->room, receiver, "requested"))) {
        sentence = BUSY_TEXT;
        status = 503;
    }
    if (!dump) {
        control_answer_error(response, status, sentence);
        return;
    }
    call->room->asked_us = call->room->dumped_us;
    answer_files(response, dump);
}
