/*
 * The flight recorder of a real server: a bubble of three talks, an operator asks for a dump, and
 * what tshark reads of it is held against what the three received.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/integration/assertions.h"
#include "tests/integration/operations_client.h"

#define TALK_MS    2500
#define FILE_MS    5000
#define LINE_BYTES 16384

static char folder[] = "/tmp/iris-dumps-XXXXXX";

static int post(const char *path, const char *body, char *file, size_t cap)
{
    struct operations_reply reply = operations_call("POST", path, "", body);
    int status = reply.status;
    if (file)
        snprintf(file, cap, "%s", json_string_value(json_object_get(reply.body, "pcapng")) ?: "");
    operations_reply_free(&reply);
    return status;
}

static bool is_there(void *path)
{
    return access(path, F_OK) == 0;
}

/* Lines of tshark's answer to a filter, counted; each is a packet. */
static unsigned count_packets(const char *file, const char *filter)
{
    char command[700], line[LINE_BYTES];
    unsigned count = 0;
    snprintf(command, sizeof(command), "tshark -n -r %s -Y '%s' -T fields -e rtp.seq 2>/dev/null",
             file, filter);
    FILE *output = popen(command, "r");
    assert_non_null(output);
    while (fgets(line, sizeof(line), output))
        count++;
    assert_int_equal(pclose(output), 0);
    return count;
}

/* A slot's packets in the dump, against those that were received until some time after it. */
static void assert_slot(const char *file, const struct slot_receiver *slot, const char *owner)
{
    char filter[256], command[700], line[LINE_BYTES];
    unsigned found = 0, total = 0;
    snprintf(filter, sizeof(filter), "rtp.ssrc==%u && frame.comment contains \"sent to %s\"",
             slot->ssrc, owner);
    snprintf(command, sizeof(command),
             "tshark -n -r %s -Y '%s' -T fields -e rtp.seq -e rtp.timestamp -e rtp.marker "
             "2>/dev/null",
             file, filter);
    FILE *output = popen(command, "r");
    for (; fgets(line, sizeof(line), output); total++) {
        unsigned seq, timestamp, marker;
        assert_int_equal(sscanf(line, "%u %u %u", &seq, &timestamp, &marker), 3);
        for (guint i = 0; i < slot->packets->len; i++) {
            const struct slot_packet *packet = &g_array_index(slot->packets, struct slot_packet, i);
            if ((uint16_t)packet->ext_seq != seq)
                continue;
            assert_int_equal(packet->timestamp, timestamp);
            assert_int_equal(packet->marker, marker);
            found++;
            break;
        }
    }
    assert_int_equal(pclose(output), 0);
    assert_int_equal(found, total);
    assert_true(total > TALK_MS / 40); /* half of what is sent, on a machine that stutters */
}

static void check_decisions(const char *file, const char *room, const struct media_client *ann)
{
    char path[512], line[LINE_BYTES];
    unsigned owners = 0, joined = 0, lines = 0;
    size_t len = strlen(file) - strlen(".pcapng");
    snprintf(path, sizeof(path), "%.*s.jsonl", (int)len, file);
    FILE *decisions = fopen(path, "r");
    assert_non_null(decisions);
    for (; fgets(line, sizeof(line), decisions); lines++) {
        json_t *object = json_loads(line, 0, NULL);
        const char *what = json_string_value(json_object_get(object, "decision")) ?: "";
        const char *source = json_string_value(json_object_get(object, "source")) ?: "";
        assert_non_null(object);
        if (lines == 0) {
            assert_string_equal(json_string_value(json_object_get(object, "room")), room);
            assert_int_equal(json_object_size(json_object_get(object, "participants")), 3);
        }
        joined += strcmp(what, "joined") == 0;
        owners += strcmp(what, "slot_owner") == 0 && strcmp(source, ann->id) == 0;
        json_decref(object);
    }
    fclose(decisions);
    assert_int_equal(joined, 3);
    assert_true(owners >= 4); /* voice and camera, at Bob's and at Cas' */
}

static void a_dump_is_what_was_received(void **state)
{
    static const char *const names[] = {"ann", "bob", "cas"};
    struct media_client *clients[3];
    char file[256], filter[200];
    struct stat status;
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        clients[i] = assert_talking("bubble", names[i]);
    assert_sees(clients[1], clients[0]);
    event_loop_run_ms(TALK_MS);
    assert_int_equal(post("/v1/rooms/bubble/dump", NULL, file, sizeof(file)), 202);
    assert_int_equal(strncmp(file, folder, strlen(folder)), 0);
    assert_true(event_loop_until(is_there, file, FILE_MS));
    assert_int_equal(post("/v1/rooms/bubble/dump", NULL, NULL, 0), 429);
    event_loop_run_ms(300); /* what was on its way */
    assert_int_equal(stat(file, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_slot(file, media_client_slot_of(clients[1], clients[0], true), clients[1]->id);
    assert_slot(file, media_client_slot_of(clients[1], clients[0], false), clients[1]->id);
    assert_slot(file, media_client_slot_of(clients[2], clients[0], false), clients[2]->id);
    snprintf(filter, sizeof(filter), "frame.comment contains \"from %s\" && rtp", clients[0]->id);
    assert_true(count_packets(file, filter) > TALK_MS / 20);
    assert_true(count_packets(file, "rtcp") > 10);
    /* Nothing of a picture or a voice: a key frame's header is the most that there is. */
    assert_int_equal(count_packets(file, "rtp && frame.cap_len > 200"), 0);
    check_decisions(file, "bubble", clients[0]);
    assert_verified(clients[1]);
}

static void a_dump_for_one_holds_what_it_was_sent(void **state)
{
    struct media_client *ann = assert_talking("pair", "ann"), *bob = assert_talking("pair", "bob");
    char file[256], body[128], filter[200];
    (void)state;
    assert_sees(bob, ann);
    event_loop_run_ms(TALK_MS);
    snprintf(body, sizeof(body), "{\"participant\":\"%s\"}", bob->id);
    assert_int_equal(post("/v1/rooms/pair/dump", body, file, sizeof(file)), 202);
    assert_true(event_loop_until(is_there, file, FILE_MS));
    event_loop_run_ms(300);
    assert_slot(file, media_client_slot_of(bob, ann, false), bob->id);
    snprintf(filter, sizeof(filter), "frame.comment contains \"sent to %s\" && rtp", ann->id);
    assert_int_equal(count_packets(file, filter), 0);
}

static const struct {
    const char *room, *body;
    int status;
} calls[] = {
    {"nobody", NULL, 404},
    {"calls", "{", 400},
    {"calls", "[]", 422},
    {"calls", "{\"participant\":1}", 422},
    {"calls", "{\"people\":\"p-0\"}", 422},
    {"calls", "{\"participant\":\"p-0\"}", 404},
    {"calls", "{}", 202},
    {"calls", "{}", 429},
};

static void calls_are_answered(void **state)
{
    char path[64];
    (void)state;
    struct media_client_options options = usual_participant("calls", "ann");
    assert_connected(&options);
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        snprintf(path, sizeof(path), "/v1/rooms/%s/dump", calls[i].room);
        int status = post(path, calls[i].body, NULL, 0);
        if (status != calls[i].status)
            fail_msg("%s %s: %d, not %d", path, calls[i].body ? calls[i].body : "", status,
                     calls[i].status);
    }
    assert_int_equal(operations_status("GET", "/v1/rooms/calls/dump", "", NULL), 405);
}

int main(void)
{
    static char setting[64];
    const struct CMUnitTest tests[] = {
        CONFERENCE_TEST(a_dump_is_what_was_received),
        CONFERENCE_TEST(a_dump_for_one_holds_what_it_was_sent),
        CONFERENCE_TEST(calls_are_answered),
    };
    if (!mkdtemp(folder))
        return 1;
    snprintf(setting, sizeof(setting), "recorder_folder=%s", folder);
    server_process_set(setting);
    int failed = RUN_WITH_SERVER(tests);
    char command[96];
    snprintf(command, sizeof(command), "rm -r '%s'", folder);
    return system(command) || failed;
}
