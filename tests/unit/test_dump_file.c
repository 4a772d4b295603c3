/* The files of a dump: their names, what is in them, how many stay. */
#include "conference.h"
#include "person_heard.h"
#include "person_send.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rtp/error.h"
#include "sfu/control/dump_file.h"

#define ROOM     1
#define UNIX_US  INT64_C(1795259258123456) /* 2026-11-21T11:07:38.123456Z */
#define LINE_MAX 2048

static const struct {
    const char *room, *name;
} names[] = {
    {"standup", "standup-20261121T110738.123Z"},
    {"A.b_c~d-9", "A.b_c_d-9-20261121T110738.123Z"},
    {"..", "_.-20261121T110738.123Z"},
    {"-rf", "_rf-20261121T110738.123Z"},
    {"../../etc/passwd", "_.________etc_passwd-20261121T110738.123Z"},
    {"", "-20261121T110738.123Z"},
};

static void names_are_safe(void **state)
{
    char name[CONTROL_DUMP_NAME_BYTES], longest[300];
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        control_dump_name(names[i].room, UNIX_US, false, name);
        if (strchr(name, '/'))
            fail_msg("%s", name);
        if (i != 4) /* of that one only that it is safe */
            assert_string_equal(name, names[i].name);
    }
    memset(longest, 'x', sizeof(longest));
    longest[299] = '\0';
    control_dump_name(longest, UNIX_US, false, name);
    assert_string_equal(name + strlen(name) - 21, "-20261121T110738.123Z");
    control_dump_name(longest, UNIX_US, true, name);
    assert_string_equal(name + strlen(name) - 28, "-20261121T110738.123Z-freeze");
}

static char *make_folder(void)
{
    static char folder[64];
    snprintf(folder, sizeof(folder), "/tmp/iris-dump-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return folder;
}

static void remove_folder(const char *folder)
{
    DIR *directory = opendir(folder);
    for (struct dirent *entry; (entry = readdir(directory));)
        unlinkat(dirfd(directory), entry->d_name, 0);
    closedir(directory);
    assert_int_equal(rmdir(folder), 0);
}

static bool has_file(const char *folder, const char *name)
{
    char path[400];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

static void touch_bytes(const char *folder, const char *name, long bytes)
{
    char path[400];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(ftruncate(fileno(file), bytes), 0);
    fclose(file);
}

static void touch(const char *folder, const char *name)
{
    touch_bytes(folder, name, 0);
}

#define FILES_MAX 12

/* At 2026-11-21T11:07:38.123: files of 1000 bytes, and which of them stay. */
static const struct {
    const char *what;
    struct control_dump_limits limits;
    struct {
        const char *name;
        bool stays;
    } files[FILES_MAX];
} folders[] = {
    {"no limit",
     {0, 0},
     {{"z-20261121T110738.123Z.pcapng", true}, {"old-20001121T110738.123Z.pcapng", true}}},
    {"the newest two, of any room; other files stay",
     {2, 0},
     {{"z-20261121T110738.123Z.pcapng", false},
      {"z-20261121T110738.123Z.jsonl", false},
      {"b-20261121T110738.124Z.pcapng", true},
      {"b-20261121T110738.124Z.jsonl", true},
      {"a-20261122T000000.000Z.pcapng", true},
      {"a-20261122T000000.000Z.jsonl", true},
      {"c-20251122T000000.000Z.pcapng", false},
      {"mine.pcapng", true},
      {"c-2025112XT000000.000Z.pcapng", true},
      {"notes.txt", true},
      {"-20001122T000000.000Z.pcapng", true},
      {"x-20001122T000000.000Z.pcapng.gz", true}}},
    {"automatic ones are counted for themselves",
     {1, 0},
     {{"a-20261121T110000.000Z.pcapng", true},
      {"a-20261121T100000.000Z.pcapng", false},
      {"a-20261121T110700.000Z-freeze.pcapng", true},
      {"a-20261121T110600.000Z-freeze.pcapng", false},
      {"a-20261121T110600.000Z-freeze.jsonl", false}}},
    {"so many bytes: the oldest go",
     {9, 3000},
     {{"a-20261121T080000.000Z.pcapng", false},
      {"a-20261121T081000.000Z.pcapng", true},
      {"a-20261121T082000.000Z.pcapng", true},
      {"a-20261121T082000.000Z.jsonl", true}}},
    {"for an hour a requested one does not give way",
     {9, 2000},
     {{"a-20261121T100800.000Z.pcapng", true},
      {"a-20261121T110500.000Z-freeze.pcapng", false},
      {"a-20261121T110600.000Z-freeze.pcapng", true}}},
    {"after that it does",
     {9, 2000},
     {{"a-20261121T100700.000Z.pcapng", false},
      {"a-20261121T110500.000Z-freeze.pcapng", true},
      {"a-20261121T110600.000Z-freeze.pcapng", true}}},
    {"what a crash left goes after ten minutes",
     {9, 0},
     {{"a-20261121T105700.000Z.pcapng.part", false},
      {"a-20261121T105700.000Z.jsonl.part", false},
      {"b-20261121T105700.000Z-freeze.pcapng.part", false},
      {"b-20261121T105700.000Z-freeze.jsonl", false},
      {"c-20261121T105800.000Z.pcapng.part", true},
      {"c-20261121T105800.000Z.jsonl.part", true},
      {"mine.part", true}}},
};

static void the_newest_stay(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof(folders) / sizeof(folders[0]); row++) {
        const char *folder = make_folder();
        for (size_t i = 0; i < FILES_MAX && folders[row].files[i].name; i++)
            touch_bytes(folder, folders[row].files[i].name, 1000);
        control_dump_rotate(folder, &folders[row].limits, UNIX_US);
        for (size_t i = 0; i < FILES_MAX && folders[row].files[i].name; i++)
            if (has_file(folder, folders[row].files[i].name) != folders[row].files[i].stays)
                fail_msg("%s: %s", folders[row].what, folders[row].files[i].name);
        remove_folder(folder);
    }
    control_dump_rotate("/nowhere/at/all", &folders[1].limits, UNIX_US);
}

/* Two people; a second of voice and pictures from Ann to Bob; read from the engine. */
static struct core_recorder *record(struct conference *c)
{
    conference_init_with(c, &(struct conference_options){.recorder_bytes = 4194304});
    struct person *ann = conference_join(c, ROOM);
    conference_join(c, ROOM);
    for (unsigned i = 0; i < 30; i++) {
        person_show(c, ann, CAM, i == 0);
        person_speak(c, ann, 20);
        conference_run(c, 33 * MS);
    }
    return core_engine_exchange_recorder(
        c->engine, ROOM, core_recorder_create(CORE_RECORDER_MIN_BYTES, CONFERENCE_RECORDER_US),
        c->now_us);
}

static struct control_dump_order order_of(const struct conference *c, const char *folder,
                                          const json_t *people)
{
    struct control_dump_order order = {.folder = folder,
                                       .room = "stand-up",
                                       .cause = "requested",
                                       .people = people,
                                       .unix_us = UNIX_US,
                                       .unix_offset_us = UNIX_US - c->now_us,
                                       .addresses = {.count = 1},
                                       .port = 49152};
    const uint8_t ip[4] = {198, 51, 100, 1};
    transport_address_set_ipv4(&order.addresses.list[0], ip, 0);
    control_dump_name(order.room, UNIX_US, false, order.base);
    return order;
}

/* Every line is an object. @return how many decisions of this name, about Bob's camera slot */
static unsigned read_decisions(const char *path, const char *name)
{
    char line[LINE_MAX], last[40] = "";
    unsigned count = 0, lines = 0;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (; fgets(line, sizeof(line), file); lines++) {
        json_t *object = json_loads(line, 0, NULL);
        assert_true(json_is_object(object));
        if (lines == 0) {
            assert_string_equal(json_string_value(json_object_get(object, "room")), "stand-up");
            assert_string_equal(json_string_value(json_object_get(object, "cause")), "requested");
        } else {
            const char *at = json_string_value(json_object_get(object, "at"));
            assert_true(strcmp(at, last) >= 0 && strncmp(at, "2026-11-21T11:07:3", 18) == 0);
            snprintf(last, sizeof(last), "%s", at);
            count +=
                strcmp(json_string_value(json_object_get(object, "decision")), name) == 0 &&
                json_integer_value(json_object_get(object, "slot")) == 3 &&
                strcmp(json_string_value(json_object_get(object, "kind")), "camera") == 0 &&
                strcmp(json_string_value(json_object_get(object, "participant")), "p-b") == 0 &&
                strcmp(json_string_value(json_object_get(object, "source")), "p-a") == 0;
        }
        json_decref(object);
    }
    fclose(file);
    return count;
}

/* What tshark says of Bob's packets is what Bob heard, in order, of each stream. */
static void check_packets(const char *path, struct person *bob, uint32_t ssrc)
{
    char command[500], line[LINE_MAX], expected[LINE_MAX];
    unsigned count = 0;
    snprintf(command, sizeof(command),
             "tshark -n -r %s -Y 'rtp.ssrc==%u && exported_pdu.dst_port==5000' -T fields "
             "-e rtp.seq -e rtp.timestamp -e rtp.marker -e rtp.p_type -e rtp.csrc.item "
             "-e frame.comment 2>/dev/null",
             path, ssrc);
    FILE *output = popen(command, "r");
    while (fgets(line, sizeof(line), output)) {
        const struct heard *heard = heard_at(bob, ssrc, count++);
        bool is_audio = heard->rtp.payload_type == PT_OPUS;
        snprintf(expected, sizeof(expected),
                 "%u\t%u\t%u\t%u\t0x%08x\tsent to p-b (Bob), slot %u, %s of p-a (Ann), layer 0\n",
                 heard->rtp.seq, heard->rtp.timestamp, heard->rtp.marker, heard->rtp.payload_type,
                 rtp_bytes_get32(heard->data + 12), is_audio ? 0 : 3,
                 is_audio ? "audio" : "camera");
        if (strcmp(line, expected) != 0)
            fail_msg("%s, not %s", line, expected);
    }
    assert_int_equal(pclose(output), 0);
    assert_int_equal(count, count_heard(bob, ssrc));
    assert_true(count >= 30);
}

static void both_files_tell_what_was(void **state)
{
    struct conference c;
    struct core_recorder *recorder = record(&c);
    const char *folder = make_folder();
    json_t *people = json_pack("{s:{s:s, s:s}, s:{s:s, s:s}}", "1", "id", "p-a", "name", "Ann", "2",
                               "id", "p-b", "name", "Bob");
    struct control_dump_order order = order_of(&c, folder, people);
    struct control_dump_result result;
    struct stat status;
    char path[400];
    (void)state;
    assert_int_equal(control_dump_write(&order, recorder, &result), 0);
    assert_true(result.packets >= 120 && result.decisions > 4 && result.left_out == 0);
    assert_true(result.covered_us > 900 * MS && result.covered_us < 2 * S);
    snprintf(path, sizeof(path), "%s/stand-up-20261121T110738.123Z.jsonl", folder);
    assert_int_equal(read_decisions(path, "slot_owner"), 1);
    assert_int_equal(read_decisions(path, "layer_forwarded"), 1);
    snprintf(path, sizeof(path), "%s/stand-up-20261121T110738.123Z.pcapng", folder);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    check_packets(path, &c.people[1], 4);
    check_packets(path, &c.people[1], 1);
    /* The same name once more is refused, what is there stays. */
    touch(folder, "stand-up-20261121T110738.123Z.pcapng.part");
    assert_int_equal(control_dump_write(&order, recorder, &result), IRIS_E_SYSTEM);
    assert_int_equal(result.system_error, EEXIST);
    json_decref(people);
    core_recorder_destroy(recorder);
    conference_dispose(&c);
    remove_folder(folder);
}

/* No folder, and a file that may not grow: as on a full disk, only the writing fails. */
static void what_cannot_be_written_is_told(void **state)
{
    struct conference c;
    struct core_recorder *recorder = record(&c);
    json_t *people = json_object();
    struct control_dump_order order = order_of(&c, "/nowhere/at/all", people);
    struct control_dump_result result;
    struct rlimit before, small;
    (void)state;
    assert_int_equal(control_dump_write(&order, recorder, &result), IRIS_E_SYSTEM);
    assert_int_equal(result.system_error, ENOENT);
    order.folder = make_folder();
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){.rlim_cur = 1000, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int error = control_dump_write(&order, recorder, &result);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(error, IRIS_E_SYSTEM);
    assert_int_equal(result.system_error, EFBIG);
    assert_int_equal(rmdir(order.folder), 0); /* nothing is left in it */
    json_decref(people);
    core_recorder_destroy(recorder);
    conference_dispose(&c);
}

/* The comment of a packet has room for 40 bytes of a name: 13 of these characters. */
static void names_are_cut_between_characters(void **state)
{
    static const char shown[] =
        "(\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac)";
    static const char name[] = "\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac"
                               "\u20ac\u20ac\u20ac\u20ac";
    struct conference c;
    struct core_recorder *recorder = record(&c);
    const char *folder = make_folder();
    json_t *people = json_pack("{s:{s:s, s:s}}", "1", "id", "p-a", "name", name);
    struct control_dump_order order = order_of(&c, folder, people);
    struct control_dump_result result;
    char path[400];
    static char packets[1 << 20];
    (void)state;
    assert_int_equal(control_dump_write(&order, recorder, &result), 0);
    snprintf(path, sizeof(path), "%s/%s.pcapng", folder, order.base);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t len = fread(packets, 1, sizeof(packets), file);
    fclose(file);
    assert_non_null(memmem(packets, len, shown, strlen(shown)));
    json_decref(people);
    core_recorder_destroy(recorder);
    conference_dispose(&c);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_safe),
        cmocka_unit_test(the_newest_stay),
        cmocka_unit_test(both_files_tell_what_was),
        cmocka_unit_test(what_cannot_be_written_is_told),
        cmocka_unit_test(names_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
