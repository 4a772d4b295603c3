/*
 * The network to a receiver in the engine: who says nothing gets the contract; whose feedback shows
 * a narrow network gets less, his voices first and without delay, and all of it again.
 */
#include "conference.h"
#include "person_heard.h"
#include "person_send.h"

#include "rtp/transport_feedback.h"
#include "sfu/core/engine_internal.h"
#include "sfu/core/recording.h"

#define FIRST_VOICE  1
#define FIRST_CAMERA 4
#define FRAME_US     (33 * MS)
#define FEEDBACK_US  (50 * MS)
#define OVERHEAD     16 /* the SRTP tag: UDP payload beside RTP */
#define DELAY_US     (20 * MS)
#define QUEUE_US     (300 * MS)

struct arrival {
    uint16_t seq;
    int64_t at_us;
};

/* A receiver's network, and the feedback about what comes through it. */
struct network {
    uint64_t capacity_bps;
    int64_t free_us; /* when the bottleneck has sent what waits */
    int64_t feedback_us;
    unsigned seen; /* of the receiver's packets */
    unsigned lost;
    unsigned sent_count, arrived_count; /* of arrivals: on the way, and there */
    struct arrival arrivals[CONFERENCE_PACKETS];
    struct rtp_arrival_log log;
};

/* Whatever has left since the last call passes the bottleneck, or is dropped there. */
static void carry(struct conference *c, struct person *receiver, struct network *network)
{
    for (; network->seen < receiver->heard_count; network->seen++) {
        const struct heard *heard = &receiver->heard[network->seen];
        if (heard->is_rtcp)
            continue;
        int64_t from_us = network->free_us > heard->at_us ? network->free_us : heard->at_us;
        if (from_us - heard->at_us > QUEUE_US) {
            network->lost++;
            continue;
        }
        network->free_us =
            from_us + (int64_t)((heard->len + OVERHEAD) * 8 * 1000000 / network->capacity_bps);
        network->arrivals[network->sent_count++] =
            (struct arrival){heard_transport_seq(heard), network->free_us + DELAY_US};
    }
    for (; network->arrived_count < network->sent_count; network->arrived_count++) {
        const struct arrival *arrival = &network->arrivals[network->arrived_count];
        if (arrival->at_us > c->now_us)
            break;
        rtp_arrival_log_add(&network->log, arrival->seq, arrival->at_us);
    }
    if (c->now_us < network->feedback_us)
        return;
    network->feedback_us = c->now_us + FEEDBACK_US;
    uint8_t data[1200];
    struct rtcp_writer writer;
    rtcp_writer_init(&writer, data, sizeof(data));
    if (rtp_arrival_log_has_news(&network->log) &&
        rtp_arrival_log_write(&network->log, &writer, 0xFEED, FIRST_CAMERA, c->now_us) == 0)
        person_send_rtcp(c, receiver, &writer);
}

/* A frame of a layer in packets of 1000 bytes. */
static void show(struct conference *c, struct person *source, unsigned layer, unsigned bytes,
                 bool is_keyframe)
{
    static const char *const rids[] = {"l", "h"};
    for (unsigned sent = 0; sent < bytes; sent += 1000)
        person_send(c, source,
                    &(struct media){.track = CAM,
                                    .layer = layer,
                                    .mid = "cam",
                                    .rid = rids[layer],
                                    .timestamp = (uint32_t)(c->now_us * 9 / 100),
                                    .level = -1,
                                    .is_start = sent == 0,
                                    .marker = sent + 1000 >= bytes,
                                    .is_keyframe = is_keyframe,
                                    .payload_len = bytes - sent < 1000 ? bytes - sent : 1000,
                                    .height = layer ? 480 : 240});
}

struct scene {
    struct conference c;
    struct person *source, *receiver;
    struct network network;
    int64_t keyframe_us;
};

/* A voice and a camera of 120 and 400 kbit/s, for so long. Key frames come every second. */
static void play(struct scene *scene, int64_t duration_us, bool has_feedback)
{
    struct conference *c = &scene->c;
    int64_t end_us = c->now_us + duration_us, frame_us = c->now_us;
    for (; c->now_us < end_us; conference_run(c, 20 * MS)) {
        person_speak(c, scene->source, 20);
        if (c->now_us >= frame_us) {
            bool is_keyframe = c->now_us >= scene->keyframe_us;
            if (is_keyframe)
                scene->keyframe_us = c->now_us + 1 * S;
            show(c, scene->source, 0, 500, is_keyframe);
            show(c, scene->source, 1, 1650, is_keyframe);
            frame_us += FRAME_US;
        }
        conference_run(c, 1 * MS);
        if (has_feedback)
            carry(c, scene->receiver, &scene->network);
    }
}

static void begin_with(struct scene *scene, uint64_t capacity_bps, bool has_rtx)
{
    memset(&scene->network, 0, sizeof(scene->network));
    scene->keyframe_us = 0;
    conference_init_with(&scene->c, &(struct conference_options){.recorder_bytes = 4194304});
    scene->network.capacity_bps = capacity_bps;
    struct core_join join = usual_join(1, 1);
    join.tracks[CAM].rid_count = 2;
    strcpy(join.tracks[CAM].rids[0], "l");
    strcpy(join.tracks[CAM].rids[1], "h");
    scene->source = conference_enter(&scene->c, &join);
    person_nominate(&scene->c, scene->source);
    join = usual_join(1, 2);
    for (unsigned i = 0; i < join.slot_count && !has_rtx; i++) {
        join.slots[i].rtx_ssrc = 0;
        join.slots[i].rtx_payload_type = -1;
    }
    scene->receiver = conference_enter(&scene->c, &join);
    person_nominate(&scene->c, scene->receiver);
}

static void begin(struct scene *scene, uint64_t capacity_bps)
{
    begin_with(scene, capacity_bps, true);
}

/* What the camera's slot of the receiver shows, as it was last told. */
static const struct core_slot_report *camera(struct scene *scene)
{
    return &last_event(&scene->c, CORE_EVENT_SLOTS, 2)->slots[FIRST_CAMERA - 1];
}

/* Bytes that were sent to the receiver since a packet, as a rate. */
static uint64_t rate_since(const struct person *receiver, unsigned first, int64_t duration_us)
{
    uint64_t bytes = 0;
    for (unsigned i = first; i < receiver->heard_count; i++)
        bytes += receiver->heard[i].len + OVERHEAD;
    return bytes * 8 * 1000000 / (uint64_t)duration_us;
}

static void test_without_feedback_all_is_sent_at_once(void **state)
{
    static struct scene scene;
    (void)state;
    begin(&scene, 100000);
    play(&scene, 3 * S, false);
    assert_int_equal(camera(&scene)->state, CORE_SLOT_LIVE);
    assert_int_equal(camera(&scene)->height, 480);
    unsigned before = count_heard(scene.receiver, FIRST_CAMERA);
    show(&scene.c, scene.source, 1, 12000, true);
    assert_int_equal(count_heard(scene.receiver, FIRST_CAMERA), before + 12); /* nothing waits */
    conference_dispose(&scene.c);
}

static void test_layers_follow_the_network(void **state)
{
    static struct scene scene;
    (void)state;
    begin(&scene, 3000000);
    play(&scene, 4 * S, true);
    assert_int_equal(camera(&scene)->height, 480);
    assert_int_equal(scene.network.lost, 0);

    scene.network.capacity_bps = 300000;
    play(&scene, 1 * S, true);
    unsigned first = scene.receiver->heard_count;
    scene.network.lost = 0;
    play(&scene, 3 * S, true);
    assert_true(rate_since(scene.receiver, first, 3 * S) <= 300000);
    assert_int_equal(scene.network.lost, 0);
    assert_int_equal(camera(&scene)->height, 240);

    scene.network.capacity_bps = 3000000;
    play(&scene, 20 * S, true);
    assert_int_equal(camera(&scene)->height, 480);
    conference_dispose(&scene.c);
}

/* RTX packets that nobody asked for. */
static unsigned count_probes(const struct person *receiver)
{
    unsigned count = 0;
    for (uint32_t slot = FIRST_CAMERA; slot <= 8; slot++)
        count += count_heard(receiver, slot + 100);
    return count;
}

/* Packets of padding alone on the media SSRCs of video, whose numbers leave none out. */
static unsigned count_padding(const struct person *receiver)
{
    unsigned count = 0;
    for (uint32_t slot = FIRST_CAMERA; slot <= 8; slot++) {
        uint16_t next = 0;
        for (unsigned i = 0, n = 0; i < receiver->heard_count; i++) {
            const struct rtp_packet *rtp = &receiver->heard[i].rtp;
            if (receiver->heard[i].is_rtcp || rtp->ssrc != slot)
                continue;
            if (n++ > 0)
                assert_int_equal(rtp->seq, next);
            next = (uint16_t)(rtp->seq + 1);
            count += rtp->payload_len == 0 && rtp->padding_len > 1;
        }
    }
    return count;
}

/* All that went to the receiver is in the slots' statistics, whatever it was sent for. */
static void check_counted(struct scene *scene)
{
    const struct person *receiver = scene->receiver;
    const struct core_participant *participant =
        core_engine_find(scene->c.engine, receiver->number);
    uint64_t packets = 0, bytes = 0, probed = 0, heard = 0, heard_bytes = 0;
    for (unsigned i = 0; i < participant->slot_count; i++) {
        const struct core_slot_statistics *slot = &participant->slots[i].statistics;
        packets += slot->packets + slot->retransmitted + slot->filled + slot->probed;
        bytes += slot->wire_bytes;
        probed += slot->probed;
    }
    for (unsigned i = 0; i < receiver->heard_count; i++)
        if (!receiver->heard[i].is_rtcp) {
            heard++;
            heard_bytes += receiver->heard[i].len + OVERHEAD;
        }
    assert_int_equal(packets, heard);
    assert_int_equal(bytes, heard_bytes);
    assert_int_equal(probed, count_probes(receiver) + count_padding(receiver));
}

static void check_paused_and_back(bool has_rtx)
{
    static struct scene scene;
    begin_with(&scene, 1000000, has_rtx);
    play(&scene, 4 * S, true);
    scene.network.capacity_bps = 100000;
    play(&scene, 6 * S, true);
    assert_int_equal(camera(&scene)->state, CORE_SLOT_PAUSED);
    assert_int_equal(camera(&scene)->pause, CORE_PAUSE_BANDWIDTH);
    unsigned voices = count_heard(scene.receiver, FIRST_VOICE);
    scene.network.lost = 0;
    play(&scene, 2 * S, true);
    /* The voice goes on, 47 or 48 packets a second as it is played here. */
    assert_in_range(count_heard(scene.receiver, FIRST_VOICE) - voices, 94, 97);
    assert_int_equal(scene.network.lost, 0);

    scene.network.capacity_bps = 1000000;
    play(&scene, 10 * S, true);
    assert_int_equal(camera(&scene)->state, CORE_SLOT_LIVE);
    /* With no video to probe with, it was probed with padding, on the RTX SSRCs if there are any.
     */
    assert_int_equal(count_probes(scene.receiver) > 0, has_rtx);
    assert_int_equal(count_padding(scene.receiver) > 0, !has_rtx);
    check_counted(&scene);
    conference_dispose(&scene.c);
}

static void test_paused_for_bandwidth_and_back(void **state)
{
    (void)state;
    check_paused_and_back(true);
}

static void test_paused_and_back_without_rtx(void **state)
{
    (void)state;
    check_paused_and_back(false);
}

static void test_voices_overtake_video(void **state)
{
    static struct scene scene;
    uint16_t previous = 0;
    bool has_overtaken = false;
    (void)state;
    begin(&scene, 300000);
    play(&scene, 4 * S, true);
    struct conference *c = &scene.c;
    unsigned first = scene.receiver->heard_count;
    show(c, scene.source, 0, 12000, true); /* more than leaves at once */
    person_speak(c, scene.source, 20);
    for (unsigned i = first; i < scene.receiver->heard_count; i++)
        if (scene.receiver->heard[i].rtp.ssrc == FIRST_VOICE)
            has_overtaken = scene.receiver->heard[i].at_us == c->now_us;
    assert_true(has_overtaken);
    unsigned before = count_heard(scene.receiver, FIRST_CAMERA);
    conference_run(c, 500 * MS);
    assert_true(count_heard(scene.receiver, FIRST_CAMERA) > before);    /* some of it had waited */
    for (unsigned i = 0, n = 0; i < scene.receiver->heard_count; i++) { /* numbers: as they left */
        const struct heard *heard = &scene.receiver->heard[i];
        if (heard->is_rtcp)
            continue;
        if (n++ > 0)
            assert_int_equal(heard_transport_seq(heard), (uint16_t)(previous + 1));
        previous = heard_transport_seq(heard);
    }
    conference_dispose(&scene.c);
}

/* The receiver announces a rate twice a second, and reports nothing else. */
static void play_remb(struct scene *scene, uint32_t bitrate_bps, unsigned seconds)
{
    uint8_t data[64];
    uint32_t ssrc = FIRST_CAMERA;
    for (unsigned i = 0; i < 2 * seconds; i++) {
        struct rtcp_writer writer;
        rtcp_writer_init(&writer, data, sizeof(data));
        rtcp_write_remb(&writer, 0xFEED, bitrate_bps, &ssrc, 1);
        person_send_rtcp(&scene->c, scene->receiver, &writer);
        play(scene, 500 * MS, false);
    }
}

static void test_remb_counts_without_feedback(void **state)
{
    static struct scene scene;
    (void)state;
    begin(&scene, 3000000);
    play(&scene, 2 * S, false);
    assert_int_equal(camera(&scene)->height, 480);
    play_remb(&scene, 350000, 4);
    assert_int_equal(camera(&scene)->height, 240);
    play_remb(&scene, 50000, 4);
    assert_int_equal(camera(&scene)->pause, CORE_PAUSE_BANDWIDTH);
    play_remb(&scene, 300000, 5); /* no probe could show that it fits */
    assert_int_equal(camera(&scene)->state, CORE_SLOT_LIVE);
    play_remb(&scene, 3000000, 12);
    assert_int_equal(camera(&scene)->height, 480);
    conference_dispose(&scene.c);
}

/* Neither numbers nor abs-send-time were agreed on: all that is sent is counted, so that a first
   REMB which covers it takes nothing away. */
static void test_remb_without_extensions(void **state)
{
    static struct scene scene;
    (void)state;
    begin_with(&scene, 3000000, true);
    struct core_participant *receiver = core_engine_find(scene.c.engine, 2);
    for (unsigned i = 0; i < receiver->slot_count; i++)
        receiver->slots[i].params.transport_seq_id = 0;
    play(&scene, 3 * S, false);
    unsigned first = scene.receiver->heard_count;
    play(&scene, 2 * S, false);
    uint64_t sent_bps = rate_since(scene.receiver, first, 2 * S);
    assert_false(receiver->pace.is_pacing);
    play_remb(&scene, (uint32_t)sent_bps, 1);
    assert_in_range(receiver->estimate.estimator.target_bps, 1.99 * sent_bps, 2 * sent_bps);
    assert_int_equal(camera(&scene)->height, 480);
    conference_dispose(&scene.c);
}

/* Probes to the receiver that the flight recorder holds: how many have begun less how many are said
   to be over, and all entries. */
static int count_recorded(struct scene *scene, unsigned *entries)
{
    struct core_recording *recording;
    struct core_recording_entry entry;
    int running = 0;
    const struct core_participant *receiver = core_engine_find(scene->c.engine, 2);
    const struct core_recording_options all = {0};
    assert_int_equal(core_recording_open(&recording, receiver->room->recorder, &all), 0);
    for (*entries = 0; core_recording_next(recording, &entry);) {
        if (entry.kind != CORE_RECORDING_DECISION || entry.decision.kind != CORE_DECISION_PROBE)
            continue;
        running += entry.decision.numbers[0] > 0 ? 1 : -1;
        ++*entries;
    }
    core_recording_close(recording);
    return running;
}

/* A probe that lasts is told of when it begins and when it ends, not piece by piece. */
static void test_remb_probe_is_recorded_once(void **state)
{
    static struct scene scene;
    unsigned entries;
    (void)state;
    begin(&scene, 3000000);
    play(&scene, 2 * S, false);
    play_remb(&scene, 50000, 4);
    count_recorded(&scene, &entries);
    unsigned before = entries;
    for (unsigned i = 0; i < 3; i++)
        play_remb(&scene, 60000 + 6000 * i, 1);
    assert_int_equal(count_recorded(&scene, &entries), 1); /* it runs */
    assert_in_range(entries, before, before + 1);
    play_remb(&scene, 50000, 1);
    assert_int_equal(count_recorded(&scene, &entries), 0);
    assert_in_range(entries, 2, before + 2);
    conference_dispose(&scene.c);
}

static void test_leaving_while_video_waits(void **state)
{
    static struct scene scene;
    (void)state;
    begin(&scene, 300000);
    play(&scene, 4 * S, true);
    show(&scene.c, scene.source, 0, 12000, true);
    conference_command(&scene.c,
                       &(struct core_command){.type = CORE_COMMAND_LEAVE, .participant = 2});
    struct core_engine_counters counters;
    unsigned heard = scene.receiver->heard_count;
    conference_run(&scene.c, 1 * S);
    core_engine_count_losses(scene.c.engine, &counters);
    assert_int_equal(counters.missing_buffers, 0);
    assert_int_equal(scene.receiver->heard_count, heard);
    conference_dispose(&scene.c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_feedback_all_is_sent_at_once),
        cmocka_unit_test(test_layers_follow_the_network),
        cmocka_unit_test(test_paused_for_bandwidth_and_back),
        cmocka_unit_test(test_paused_and_back_without_rtx),
        cmocka_unit_test(test_voices_overtake_video),
        cmocka_unit_test(test_remb_counts_without_feedback),
        cmocka_unit_test(test_remb_without_extensions),
        cmocka_unit_test(test_remb_probe_is_recorded_once),
        cmocka_unit_test(test_leaving_while_video_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
