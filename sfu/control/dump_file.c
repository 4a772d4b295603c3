/* Packets to pcapng, decisions to JSON lines, in one walk through the recording. */
#include "sfu/control/dump_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "rtp/error.h"
#include "sfu/control/message.h"
#include "sfu/control/pcapng.h"

#define US_PER_S          1000000
#define PACKETS_MAX       400000 /* some 80 MB of pcapng: what Wireshark still opens with ease */
#define PATH_BYTES        4096
#define PERSON_BYTES      96
#define PERSON_NAME_BYTES 40 /* of a name in it */

/* A dump being written. */
struct dump {
    const struct control_dump_order *order;
    struct core_recording *recording;
    FILE *packets, *decisions;
    struct control_dump_result *result;
    int64_t first_us;
};

static void path_of(char *out, const struct control_dump_order *order, const char *suffix)
{
    snprintf(out, PATH_BYTES, "%s/%s%s", order->folder, order->base, suffix);
}

/* "2026-11-21T11:07:38.123456Z". */
static const char *utc_text(int64_t unix_us, char out[40])
{
    time_t seconds = (time_t)(unix_us / US_PER_S);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    size_t len = strftime(out, 24, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(out + len, 40 - len, ".%06uZ", (unsigned)(unix_us % US_PER_S));
    return out;
}

void control_dump_name(const char *room, int64_t unix_us, bool is_automatic, char *out)
{
    char when[32];
    time_t seconds = (time_t)(unix_us / US_PER_S);
    struct tm utc;
    size_t len = 0;
    for (; room[len] && len < CONTROL_DUMP_NAME_BYTES - 40; len++) {
        bool is_safe = (room[len] >= '0' && room[len] <= '9') ||
                       (room[len] >= 'A' && room[len] <= 'Z') ||
                       (room[len] >= 'a' && room[len] <= 'z') || room[len] == '_' ||
                       (len > 0 && (room[len] == '-' || room[len] == '.'));
        out[len] = '_';
        if (is_safe)
            out[len] = room[len];
    }
    gmtime_r(&seconds, &utc);
    strftime(when, sizeof(when), "%Y%m%dT%H%M%S", &utc);
    snprintf(out + len, CONTROL_DUMP_NAME_BYTES - len, "-%s.%03uZ%s", when,
             (unsigned)(unix_us % US_PER_S / 1000), is_automatic ? "-freeze" : "");
}

static const json_t *person(const struct dump *dump, uint64_t number)
{
    char key[24];
    snprintf(key, sizeof(key), "%llu", (unsigned long long)number);
    return json_object_get(dump->order->people, key);
}

/* As clients name a participant; "#number" of one who is not known any more. */
static const char *id_of(const struct dump *dump, uint64_t number, char out[32])
{
    const char *id = json_string_value(json_object_get(person(dump, number), "id"));
    snprintf(out, 32, "#%llu", (unsigned long long)number);
    return id ? id : out;
}

/* --- decisions ------------------------------------------------------------------------------- */

static int write_line(struct dump *dump, json_t *line)
{
    if (!line)
        return IRIS_E_NO_MEMORY;
    int error =
        json_dumpf(line, dump->decisions, JSON_COMPACT) == 0 && fputc('\n', dump->decisions) == '\n'
            ? 0
            : IRIS_E_SYSTEM;
    json_decref(line);
    return error;
}

static void set_kind(json_t *line, const struct dump *dump, const struct core_decision *decision)
{
    const struct core_member *member =
        core_recording_member(dump->recording, decision->participant);
    if (decision->slot >= 0 && member && decision->slot < member->slot_count)
        json_object_set_new(
            line, "kind",
            json_string(control_message_kind((enum core_kind)member->slots[decision->slot].kind)));
    else if (decision->slot < 0 && decision->track >= 0 && member &&
             decision->track < member->track_count)
        json_object_set_new(line, "kind",
                            json_string(control_message_kind(
                                (enum core_kind)member->tracks[decision->track].kind)));
}

static int write_decision(struct dump *dump, const struct core_recording_entry *entry)
{
    const struct core_decision *decision = &entry->decision;
    char at[40], id[32], other[32];
    json_t *line =
        json_pack("{s:s, s:s, s:s}", "at", utc_text(entry->at_us + dump->order->unix_offset_us, at),
                  "decision", core_decision_text(decision->kind), "participant",
                  id_of(dump, decision->participant, id));
    if (decision->slot >= 0)
        json_object_set_new(line, "slot", json_integer(decision->slot));
    set_kind(line, dump, decision);
    if (decision->slot >= 0)
        json_object_set_new(line, "source",
                            decision->other ? json_string(id_of(dump, decision->other, other))
                                            : json_null());
    if (decision->layer >= 0)
        json_object_set_new(line, "layer", json_integer(decision->layer));
    if (decision->cause != CORE_TRIGGER_NONE)
        json_object_set_new(line, "cause", json_string(core_trigger_text(decision->cause)));
    for (unsigned i = 0; i < 3; i++) {
        const char *name = core_decision_number_text(decision->kind, i);
        if (name)
            json_object_set_new(line, name, json_integer(decision->numbers[i]));
    }
    dump->result->decisions++;
    return write_line(dump, line);
}

/* The first line: what this is of. */
static int write_head(struct dump *dump)
{
    const struct control_dump_order *order = dump->order;
    char from[40];
    utc_text(dump->first_us + order->unix_offset_us, from);
    return write_line(dump,
                      json_pack("{s:s, s:s, s:s, s:s, s:I, s:O}", "from", from, "room", order->room,
                                "dump", order->base, "cause", order->cause, "left_out",
                                (json_int_t)dump->result->left_out, "participants", order->people));
}

/* --- packets --------------------------------------------------------------------------------- */

/* How many bytes of a text fit without a part of a character (UTF-8, RFC 3629). */
static int whole_characters(const char *text, size_t bytes_max)
{
    size_t len = strnlen(text, bytes_max + 1);
    if (len > bytes_max)
        for (len = bytes_max; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
            len--;
    return (int)len;
}

/* "received from p-1 (Ada), camera, layer 1, policed"; "sent to p-2 (Bob), slot 3, camera of p-1
   (Ada), layer 1, repair". */
static void describe_person(const struct dump *dump, uint64_t number, char out[PERSON_BYTES])
{
    char id[32];
    const char *name = json_string_value(json_object_get(person(dump, number), "name"));
    if (name && name[0])
        snprintf(out, PERSON_BYTES, "%s (%.*s)", id_of(dump, number, id),
                 whole_characters(name, PERSON_NAME_BYTES), name);
    else
        snprintf(out, PERSON_BYTES, "%s", id_of(dump, number, id));
}

static const char *track_kind(const struct dump *dump, uint64_t number, int track)
{
    const struct core_member *member = core_recording_member(dump->recording, number);
    return member && track >= 0 && track < member->track_count
               ? control_message_kind((enum core_kind)member->tracks[track].kind)
               : "unknown stream";
}

static void comment_on(const struct dump *dump, const struct core_recording_entry *entry,
                       char out[CONTROL_PCAPNG_COMMENT_MAX])
{
    static const char *const ways[] = {"", ", replayed", ", repair", ", padding"};
    char who[PERSON_BYTES], source[PERSON_BYTES];
    describe_person(dump, entry->participant, who);
    if (entry->is_rtcp) {
        snprintf(out, CONTROL_PCAPNG_COMMENT_MAX, "%s %s", entry->is_sent ? "sent to" : "from",
                 who);
    } else if (entry->is_sent) {
        describe_person(dump, entry->source, source);
        snprintf(out, CONTROL_PCAPNG_COMMENT_MAX, "sent to %s, slot %d, %s of %s, layer %d%s", who,
                 entry->slot, track_kind(dump, entry->source, entry->track), source, entry->layer,
                 ways[entry->way]);
    } else {
        snprintf(out, CONTROL_PCAPNG_COMMENT_MAX, "from %s, %s, layer %d, %s", who,
                 track_kind(dump, entry->participant, entry->track), entry->layer,
                 core_outcome_text(entry->outcome));
    }
}

static int write_packet(struct dump *dump, const struct core_recording_entry *entry)
{
    const struct control_dump_order *order = dump->order;
    const struct core_member *member = core_recording_member(dump->recording, entry->participant);
    char comment[CONTROL_PCAPNG_COMMENT_MAX];
    struct transport_address ours = {.port = 0}, theirs = {.port = 0};
    if (member)
        theirs = member->path.remote;
    if (member && member->path.local < order->addresses.count)
        ours = order->addresses.list[member->path.local];
    ours.port = order->port;
    comment_on(dump, entry, comment);
    dump->result->packets++;
    return control_pcapng_write(dump->packets, &(struct control_pcapng_packet){
                                                   .unix_us = entry->at_us + order->unix_offset_us,
                                                   .is_sent = entry->is_sent,
                                                   .dissector = entry->is_rtcp ? "rtcp" : "rtp",
                                                   .from = entry->is_sent ? ours : theirs,
                                                   .to = entry->is_sent ? theirs : ours,
                                                   .data = entry->data,
                                                   .len = entry->len,
                                                   .original_bytes = entry->original_bytes,
                                                   .comment = comment});
}

/* --- files ----------------------------------------------------------------------------------- */

static FILE *create(const struct control_dump_order *order, const char *suffix)
{
    char path[PATH_BYTES];
    path_of(path, order, suffix);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (fd >= 0 && !file)
        close(fd);
    return file;
}

static int write_entries(struct dump *dump)
{
    struct core_recording_entry entry;
    bool has_first = false;
    int error = 0;
    while (!error && core_recording_next(dump->recording, &entry)) {
        if (!has_first) {
            has_first = true;
            dump->first_us = entry.at_us;
            error = write_head(dump);
        }
        dump->result->covered_us = entry.at_us - dump->first_us;
        if (error == 0)
            error = entry.kind == CORE_RECORDING_DECISION ? write_decision(dump, &entry)
                                                          : write_packet(dump, &entry);
    }
    return error || has_first ? error : write_head(dump);
}

static int write_both(struct dump *dump)
{
    char comment[CONTROL_PCAPNG_COMMENT_MAX];
    dump->packets = create(dump->order, ".pcapng.part");
    dump->decisions = create(dump->order, ".jsonl.part");
    if (!dump->packets || !dump->decisions)
        return IRIS_E_SYSTEM;
    snprintf(comment, sizeof(comment), "Iris, room %.128s, %.64s: headers only, payloads cut",
             dump->order->room, dump->order->cause);
    int error = control_pcapng_begin(dump->packets, comment);
    return error ? error : write_entries(dump);
}

static void remove_file(const struct control_dump_order *order, const char *suffix)
{
    char path[PATH_BYTES];
    path_of(path, order, suffix);
    unlink(path);
}

/* The first failure is what is told. */
static int fail(struct control_dump_result *result)
{
    if (!result->system_error)
        result->system_error = errno;
    return IRIS_E_SYSTEM;
}

static int close_file(FILE *file, struct control_dump_result *result)
{
    return file && fclose(file) ? fail(result) : 0;
}

/* Complete: under its own name from now on. Else it goes. */
static int finish(const struct control_dump_order *order, const char *suffix, bool is_complete,
                  struct control_dump_result *result)
{
    char part[PATH_BYTES], path[PATH_BYTES], part_suffix[32];
    snprintf(part_suffix, sizeof(part_suffix), "%s.part", suffix);
    path_of(part, order, part_suffix);
    path_of(path, order, suffix);
    if (is_complete && rename(part, path) == 0)
        return 0;
    int error = fail(result);
    unlink(part);
    return error;
}

int control_dump_write(const struct control_dump_order *order, const struct core_recorder *recorder,
                       struct control_dump_result *result)
{
    struct dump dump = {.order = order, .result = result};
    struct core_recording_options options = {.receiver = order->receiver,
                                             .packets_max = PACKETS_MAX};
    memset(result, 0, sizeof(*result));
    int error = core_recording_open(&dump.recording, recorder, &options);
    if (error)
        return error;
    result->left_out = core_recording_left_out(dump.recording);
    error = write_both(&dump);
    if (error == IRIS_E_SYSTEM)
        fail(result);
    core_recording_close(dump.recording);
    if (close_file(dump.packets, result) | close_file(dump.decisions, result))
        error = IRIS_E_SYSTEM;
    /* The decisions first: who waits for the packets finds both. */
    int renamed = finish(order, ".jsonl", !error, result);
    error = error ? error : renamed;
    renamed = finish(order, ".pcapng", !error, result);
    error = error ? error : renamed;
    if (!error)
        control_dump_rotate(order->folder, &order->limits, order->unix_us);
    else
        remove_file(order, ".jsonl");
    return error;
}
