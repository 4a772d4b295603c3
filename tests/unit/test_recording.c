/* What a recording says was received and sent is what the people sent and heard, to the field. */
#include "conference.h"
#include "person_heard.h"
#include "person_send.h"
#include "sfu/core/engine_internal.h"

#include "sfu/core/recording.h"

#define ROOM           1
#define RECORDER_BYTES 4194304

/* The room's recorder, read. */
struct read {
    struct core_recorder *recorder;
    struct core_recording *recording;
    unsigned count;
    struct core_recording_entry *entries;
};

static void read_room(struct conference *c, struct read *read, uint64_t receiver)
{
    struct core_recorder *fresh = core_recorder_create(RECORDER_BYTES, CONFERENCE_RECORDER_US);
    struct core_recording_options options = {.receiver = receiver};
    struct core_recording_entry entry;
    memset(read, 0, sizeof(*read));
    read->recorder = core_engine_exchange_recorder(c->engine, ROOM, fresh, c->now_us);
    assert_ptr_not_equal(read->recorder, fresh);
    assert_int_equal(core_recording_open(&read->recording, read->recorder, &options), 0);
    read->entries = calloc(2 * CONFERENCE_PACKETS, sizeof(*read->entries));
    for (int64_t last_us = 0; core_recording_next(read->recording, &entry); last_us = entry.at_us) {
        assert_true(entry.at_us >= last_us);
        assert_true(read->count < 2 * CONFERENCE_PACKETS);
        read->entries[read->count++] = entry;
    }
}

static void read_dispose(struct read *read)
{
    core_recording_close(read->recording);
    core_recorder_destroy(read->recorder);
    free(read->entries);
}

static unsigned count_sent(const struct read *read, uint64_t receiver)
{
    unsigned count = 0;
    for (unsigned i = 0; i < read->count; i++)
        count += read->entries[i].kind == CORE_RECORDING_PACKET && read->entries[i].is_sent &&
                 !read->entries[i].is_rtcp && read->entries[i].participant == receiver;
    return count;
}

static unsigned count_way(const struct read *read, enum core_run_way way)
{
    unsigned count = 0;
    for (unsigned i = 0; i < read->count; i++)
        count += read->entries[i].kind == CORE_RECORDING_PACKET && read->entries[i].is_sent &&
                 !read->entries[i].is_rtcp && read->entries[i].way == way;
    return count;
}

static unsigned count_decisions(const struct read *read, enum core_decision_kind kind,
                                enum core_trigger cause)
{
    unsigned count = 0;
    for (unsigned i = 0; i < read->count; i++)
        count += read->entries[i].kind == CORE_RECORDING_DECISION &&
                 read->entries[i].decision.kind == kind && read->entries[i].decision.cause == cause;
    return count;
}

/* Bytes of a heard packet that the recording keeps behind the header (of 12 bytes and the CSRC). */
static void assert_is(const struct core_recording_entry *entry, struct heard *heard)
{
    struct rtp_packet *rtp = &heard->rtp;
    bool is_media = rtp->payload_type == PT_VP8 || rtp->payload_type == PT_RTX;
    size_t kept = is_media && rtp->padding_len != 1
                      ? RTP_VP8_DESCRIPTOR_BYTES + (rtp->payload_type == PT_RTX ? 2 : 0)
                      : 0;
    assert_int_equal(entry->data[1], heard->data[1]); /* marker, payload type */
    assert_memory_equal(entry->data + 2, heard->data + 2, 10);
    assert_memory_equal(entry->data + 12, heard->data + 12, 4);
    assert_true(entry->len >= 16 + kept);
    assert_memory_equal(entry->data + 16, rtp->payload, kept);
    if (rtp->padding_len == 0) /* no packet was made longer for its neighbours' sake */
        assert_int_equal(entry->original_bytes, 16 + rtp->payload_len);
}

/* Everything that the person heard is there, and nothing else is said to have been sent to it. */
static void assert_heard(const struct read *read, struct person *person)
{
    unsigned heard_count = 0;
    for (unsigned i = 0; i < person->heard_count; i++) {
        struct heard *heard = &person->heard[i];
        unsigned found = 0;
        if (heard->is_rtcp)
            continue;
        heard_count++;
        for (unsigned k = 0; k < read->count; k++) {
            const struct core_recording_entry *entry = &read->entries[k];
            if (entry->kind != CORE_RECORDING_PACKET || !entry->is_sent || entry->is_rtcp ||
                entry->participant != person->number || entry->at_us != heard->at_us ||
                rtp_bytes_get32(entry->data + 8) != heard->rtp.ssrc ||
                rtp_bytes_get16(entry->data + 2) != heard->rtp.seq)
                continue;
            found++;
            assert_is(entry, heard);
        }
        if (found != 1)
            fail_msg("packet %u of SSRC %u at %lld us was found %u times", heard->rtp.seq,
                     heard->rtp.ssrc, (long long)heard->at_us, found);
    }
    assert_true(heard_count > 0);
    assert_int_equal(count_sent(read, person->number), heard_count);
}

static const struct rtp_packet *newest_picture(const struct person *person)
{
    unsigned i = person->heard_count - 1;
    while (person->heard[i].is_rtcp || person->heard[i].rtp.payload_type != PT_VP8)
        i--;
    return &person->heard[i].rtp;
}

/* A picture in several packets, with temporal layers and losses, in the first place. */
static void send_frame(struct conference *c, struct person *person, unsigned frame,
                       bool is_keyframe)
{
    unsigned count = is_keyframe ? 6 : 2;
    for (unsigned i = 0; i < count; i++) {
        if (frame % 40 == 37 && i == 1) { /* lost on the way here */
            person->seqs[CAM][0]++;
            continue;
        }
        person_send(c, person,
                    &(struct media){.track = CAM,
                                    .mid = "cam",
                                    .timestamp = (uint32_t)(c->now_us * 9 / 100),
                                    .level = -1,
                                    .is_start = i == 0,
                                    .marker = i + 1 == count,
                                    .is_keyframe = is_keyframe,
                                    .temporal_id = frame % 4 == 2 ? 1
                                                   : frame % 2    ? 2
                                                                  : 0,
                                    .is_layer_sync = frame % 8 == 1 || frame % 8 == 2,
                                    .height = 480,
                                    .payload_len = 300 + 10 * i});
    }
}

static void play(struct conference *c, struct person *person, unsigned frames, unsigned from)
{
    for (unsigned frame = from; frame < from + frames; frame++) {
        send_frame(c, person, frame, frame % 60 == 0);
        person_speak(c, person, 20 + (int)(frame % 30));
        conference_run(c, 33 * MS);
    }
}

static void test_conference(void **state)
{
    (void)state;
    struct conference c;
    struct read read;
    conference_init_with(&c, &(struct conference_options){.recorder_bytes = RECORDER_BYTES});
    struct person *ann = conference_join(&c, ROOM), *bob = conference_join(&c, ROOM);
    play(&c, ann, 65, 0);
    struct person *cat = conference_join(&c, ROOM); /* late: from the history */
    play(&c, ann, 115, 65);
    conference_set_budget(&c, bob, 60000);
    play(&c, ann, 80, 180);
    conference_mute(&c, ann, CORE_KIND_CAMERA, true);
    play(&c, ann, 10, 260);
    play(&c, bob, 70, 0);
    /* Bob's pictures get lost on the way to Cat, who asks for them again. */
    uint8_t data[256];
    struct rtcp_writer writer;
    rtcp_writer_init(&writer, data, sizeof(data));
    const struct rtp_packet *last = newest_picture(cat);
    uint16_t seqs[2] = {last->seq, (uint16_t)(last->seq - 1)};
    rtcp_write_nack(&writer, 99, last->ssrc, seqs, 2);
    person_send_rtcp(&c, cat, &writer);
    conference_run(&c, 50 * MS);
    unsigned repairs = count_heard(cat, last->ssrc + 100);
    assert_true(repairs > 0);

    read_room(&c, &read, 0);
    assert_heard(&read, bob);
    assert_heard(&read, cat);
    assert_heard(&read, ann);
    assert_int_equal(count_way(&read, CORE_RUN_REPAIR), repairs);
    assert_true(count_way(&read, CORE_RUN_REPLAY) > 0);
    assert_int_equal(count_decisions(&read, CORE_DECISION_JOINED, CORE_TRIGGER_NONE), 3);
    assert_int_equal(count_decisions(&read, CORE_DECISION_MUTED, CORE_TRIGGER_NONE), 1);
    assert_int_equal(count_decisions(&read, CORE_DECISION_BUDGET, CORE_TRIGGER_NONE), 1);
    assert_true(count_decisions(&read, CORE_DECISION_FORWARDED, CORE_TRIGGER_REPLAY) > 0);
    assert_true(count_decisions(&read, CORE_DECISION_FORWARDED, CORE_TRIGGER_KEYFRAME) > 0);
    assert_true(count_decisions(&read, CORE_DECISION_OWNER, CORE_TRIGGER_SPEAKS) > 0);
    assert_true(count_decisions(&read, CORE_DECISION_WANTED, CORE_TRIGGER_NONE) > 0);
    read_dispose(&read);
    conference_dispose(&c);
}

/* Who has left is still there; what goes to others is left out when one is asked for. */
static void test_leaving(void **state)
{
    (void)state;
    struct conference c;
    struct read read;
    conference_init_with(&c, &(struct conference_options){.recorder_bytes = RECORDER_BYTES});
    struct person *ann = conference_join(&c, ROOM), *bob = conference_join(&c, ROOM),
                  *cat = conference_join(&c, ROOM);
    play(&c, ann, 30, 0);
    conference_command(
        &c, &(struct core_command){.type = CORE_COMMAND_LEAVE, .participant = bob->number});
    play(&c, ann, 30, 30);
    read_room(&c, &read, bob->number);
    assert_heard(&read, bob);
    assert_int_equal(count_sent(&read, cat->number), 0);
    assert_int_equal(count_decisions(&read, CORE_DECISION_LEFT, CORE_TRIGGER_NONE), 1);
    const struct core_member *member = core_recording_member(read.recording, bob->number);
    assert_non_null(member);
    assert_true(transport_path_is_equal(&member->path, &bob->path));
    assert_null(core_recording_member(read.recording, 99));
    read_dispose(&read);

    bob->heard_count = cat->heard_count = 0; /* the recorder has begun anew */
    play(&c, ann, 30, 60);
    read_room(&c, &read, 0);
    assert_heard(&read, cat);
    assert_int_equal(count_sent(&read, bob->number), 0);
    read_dispose(&read);
    conference_dispose(&c);
}

static const struct {
    uint64_t room;
    bool is_there;
} rooms[] = {{ROOM, true}, {ROOM + 1, false}};

static void test_exchange(void **state)
{
    (void)state;
    struct conference c;
    conference_init_with(&c, &(struct conference_options){.recorder_bytes = RECORDER_BYTES});
    conference_join(&c, ROOM);
    for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
        struct core_recorder *fresh =
            core_recorder_create(CORE_RECORDER_MIN_BYTES, CONFERENCE_RECORDER_US);
        struct core_recorder *got =
            core_engine_exchange_recorder(c.engine, rooms[i].room, fresh, c.now_us);
        assert_int_equal(got != fresh, rooms[i].is_there);
        /* What is handed out is no longer the engine's to count. */
        assert_int_equal(c.engine->recorder_budget.bytes,
                         core_recorder_touched_bytes(c.engine->rooms->recorder));
        core_recorder_destroy(got);
    }
    conference_dispose(&c);
}

/* More than a dump takes: the newest stay. */
static void test_too_many(void **state)
{
    (void)state;
    struct core_recorder *recorder =
        core_recorder_create(CORE_RECORDER_MIN_BYTES, CONFERENCE_RECORDER_US);
    struct core_recording_options options = {.packets_max = 10};
    struct core_recording *recording;
    struct core_recording_entry entry;
    for (uint32_t i = 0; i < 30; i++)
        core_recorder_on_decision(
            recorder, &(struct core_decision){.kind = CORE_DECISION_BUDGET, .numbers = {i}},
            S + i * MS);
    assert_int_equal(core_recording_open(&recording, recorder, &options), 0);
    assert_int_equal(core_recording_left_out(recording), 20);
    for (uint32_t i = 20; i < 30; i++) {
        assert_true(core_recording_next(recording, &entry));
        assert_int_equal(entry.decision.numbers[0], i);
    }
    assert_false(core_recording_next(recording, &entry));
    core_recording_close(recording);
    core_recorder_destroy(recorder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conference),
        cmocka_unit_test(test_leaving),
        cmocka_unit_test(test_exchange),
        cmocka_unit_test(test_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
