/*
 * An engine exported and imported: what is refused, and how; that nothing in it depends on an
 * address; that a process which takes over late repeats no index. That no byte changes is held by
 * tests/sim (sim/handover-*).
 */
#include "conference.h"
#include "person_heard.h"
#include "person_send.h"

#include "rtp/error.h"
#include "sfu/core/state_internal.h"

#define TICK (20 * MS)

/* SSRCs of usual_join(). */
#define FIRST_AUDIO      1
#define FIRST_CAMERA     4
#define FIRST_CAMERA_RTX 104

static const struct core_state_options options = {.key = "one"};
static struct conference first, second;

static void pass(struct conference *c, unsigned ticks)
{
    for (unsigned tick = 0; tick < ticks; tick++) {
        for (unsigned i = 0; i < c->person_count; i++) {
            person_speak(c, &c->people[i], 20);
            person_show(c, &c->people[i], CAM, tick % 50 == 0);
        }
        conference_run(c, TICK);
    }
    c->event_count = 0;
}

/* Three people in two rooms, who see and hear each other; one pins one and is detached. */
static void fill(struct conference *c)
{
    conference_init_with(c, &(struct conference_options){.recorder_bytes = 262144});
    conference_join(c, 1);
    conference_join(c, 2);
    conference_join(c, 1);
    conference_set_layout(
        c, &c->people[0],
        &(struct core_layout){
            .max_cameras = 4, .max_height = 480, .pinned_count = 2, .pinned = {3, 9}});
    conference_command(
        c, &(struct core_command){.type = CORE_COMMAND_DETACH, .participant = 3, .is_set = true});
    pass(c, 60);
}

static int import(const struct conference *c, const struct core_state_options *with,
                  const uint8_t *bytes, size_t len, struct core_engine **engine)
{
    struct core_engine_config config = {.certificate = c->certificate,
                                        .aead = TRANSPORT_AEAD_AUTO,
                                        .seed = CONFERENCE_SEED + 1,
                                        .ntp_at_zero = UINT64_C(0xE000000000000000),
                                        .buffer_count = 1024};
    return core_engine_import(&config, with, bytes, len, engine);
}

/* Authentic, as if it had been exported so. */
static void tag(uint8_t *bytes, size_t len)
{
    struct core_state_header header;
    memcpy(&header, bytes, sizeof(header));
    header.len = len;
    memcpy(bytes, &header, sizeof(header));
    assert_int_equal(transport_state_tag(options.key, bytes, len - TRANSPORT_STATE_TAG_BYTES,
                                         bytes + len - TRANSPORT_STATE_TAG_BYTES),
                     0);
}

static void assert_refused(const uint8_t *bytes, size_t len, int error)
{
    struct core_engine *engine = NULL;
    uint8_t *copy = malloc(len + !len); /* exactly so long: reading behind it is seen */
    memcpy(copy, bytes, len);
    assert_int_equal(import(&first, &options, copy, len, &engine), error);
    assert_null(engine);
    free(copy);
}

/* Nothing of an address is in it: two engines that did the same, side by side, export the same. A
   pointer that was forgotten differs. */
static void no_address_is_exported(void **state)
{
    (void)state;
    size_t len, other_len;
    fill(&first);
    fill(&second);
    uint8_t *bytes = export_engine(first.engine, &options, &len),
            *other = export_engine(second.engine, &options, &other_len);
    assert_int_equal(len, other_len);
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != other[i])
            fail_msg("byte %zu of %zu differs", i, len);
    free(bytes);
    free(other);
    conference_dispose(&first);
    conference_dispose(&second);
}

static void goes_on_the_same(void **state)
{
    (void)state;
    struct core_engine *engine;
    size_t len, again_len;
    fill(&first);
    uint8_t *bytes = export_engine(first.engine, &options, &len);
    assert_int_equal(import(&first, &options, bytes, len, &engine), 0);
    uint8_t *again = export_engine(engine, &options, &again_len);
    assert_int_equal(len, again_len);
    assert_memory_equal(bytes, again, len);
    assert_int_equal(core_engine_count(engine), 3);
    core_engine_destroy(first.engine);
    first.engine = engine;
    unsigned before = count_heard(&first.people[0], FIRST_CAMERA);
    pass(&first, 20);
    assert_true(count_heard(&first.people[0], FIRST_CAMERA) >= before + 20);
    free(bytes);
    free(again);
    conference_dispose(&first);
}

static void packets_that_wait_are_refused(void **state)
{
    (void)state;
    size_t len;
    fill(&first);
    struct person *person = &first.people[0];
    stun_client_write(&person->stun, &(struct stun_client_check){.priority = 100});
    struct transport_datagram datagram = {
        .path = person->path, .data = person->stun.data, .len = person->stun.len};
    core_engine_receive(first.engine, &datagram, first.now_us);
    assert_int_equal(core_engine_export(first.engine, &options, NULL, 0, &len), IRIS_E_STATE);
    struct core_buffer *buffer = core_engine_next_packets(first.engine);
    assert_int_equal(core_engine_export(first.engine, &options, NULL, 0, &len), IRIS_E_STATE);
    core_engine_release(first.engine, buffer);
    assert_int_equal(core_engine_export(first.engine, &options, NULL, 0, &len), IRIS_E_FULL);
    conference_dispose(&first);
}

static void others_states_are_refused(void **state)
{
    (void)state;
    struct core_state_options other = options;
    struct core_engine *engine = NULL;
    size_t len;
    fill(&first);
    uint8_t *bytes = export_engine(first.engine, &options, &len);
    static const struct {
        size_t at;
        int error;
    } rows[] = {
        {offsetof(struct core_state_header, magic), IRIS_E_MALFORMED},
        {offsetof(struct core_state_header, version), IRIS_E_UNSUPPORTED},
        {offsetof(struct core_state_header, sizes), IRIS_E_UNSUPPORTED},
        {offsetof(struct core_state_header, sizes[CORE_STATE_SIZES - 1]), IRIS_E_UNSUPPORTED},
        {sizeof(struct core_state_header), IRIS_E_AUTH},
        {sizeof(struct core_state_header) + 100000, IRIS_E_AUTH},
    };
    for (size_t r = 0; r < sizeof(rows) / sizeof(*rows); r++) {
        bytes[rows[r].at] ^= 1;
        assert_refused(bytes, len, rows[r].error);
        bytes[rows[r].at] ^= 1;
    }
    other.key[0] ^= 1;
    assert_int_equal(import(&first, &other, bytes, len, &engine), IRIS_E_AUTH);
    assert_null(engine);
    free(bytes);
    conference_dispose(&first);
}

static void cut_states_are_refused(void **state)
{
    (void)state;
    size_t len;
    fill(&first);
    uint8_t *bytes = export_engine(first.engine, &options, &len);
    for (size_t cut = 0; cut < len; cut += cut < 300 ? 7 : len / 40)
        assert_refused(bytes, cut, IRIS_E_TRUNCATED);
    /* The same, authentic: sections end too early. */
    uint8_t *copy = malloc(len + 4);
    assert_non_null(copy);
    for (size_t cut = 300; cut < len - 8; cut += len / 40) {
        memcpy(copy, bytes, cut);
        tag(copy, cut);
        assert_refused(copy, cut, IRIS_E_TRUNCATED);
    }
    /* And one with something behind its end. */
    memcpy(copy, bytes, len);
    tag(copy, len + 4);
    assert_refused(copy, len + 4, IRIS_E_MALFORMED);
    free(copy);
    free(bytes);
    conference_dispose(&first);
}

/* Where the first participant lies. */
static size_t participant_at(const struct core_engine *engine)
{
    return sizeof(struct core_state_header) + sizeof(struct core_engine) + 8 +
           engine->events.count * sizeof(struct core_event) + 4;
}

static void put32(uint8_t *bytes, size_t at, uint32_t value)
{
    memcpy(bytes + at, &value, sizeof(value));
}

/* Counts and indices out of range, in an authentic state. */
static void wrong_counts_are_refused(void **state)
{
    (void)state;
    size_t len, at;
    fill(&first);
    const struct core_participant *p = first.engine->participants;
    const struct rtp_history *history = &p->tracks[1].layers[0].history;
    const struct core_slot *camera = &p->slots[FIRST_CAMERA - 1];
    const struct {
        const char *label;
        const void *field; /* of the participant's memory */
        uint32_t value;
    } rows[] = {
        {"tracks", &p->track_count, CORE_TRACKS_MAX + 1},
        {"slots", &p->slot_count, CORE_SLOTS_MAX + 1},
        {"one slot less", &p->slot_count, p->slot_count - 1},
        {"segments", &p->segment_count, CORE_SLOTS_MAX * CORE_SLOT_SEGMENTS_SCREEN + 1},
        {"others than its slots'", &p->segment_count, p->segment_count - 8},
        {"paths", &p->path_count, CORE_PATHS_MAX + 1},
        {"bindings", &p->binding_count, CORE_SSRCS_MAX + 1},
        {"kind", &p->tracks[1].params.kind, CORE_KIND_COUNT},
        {"kind of a slot", &camera->params.kind, CORE_KIND_COUNT},
        {"segment", &camera->rewrite.current, CORE_SLOT_SEGMENTS_CAMERA},
        {"layer", &camera->layer, CORE_LAYERS_MAX + 1},
        {"target", &camera->target, 1000},
        {"layer without track", &p->slots[7].refused, 1},
        {"history", &history->entry_count, 3},
        {"head", &history->head, UINT32_MAX},
    };
    uint8_t *bytes = export_engine(first.engine, &options, &len), *copy = malloc(len);
    at = participant_at(first.engine);
    for (size_t r = 0; r < sizeof(rows) / sizeof(*rows); r++) {
        print_message("%s\n", rows[r].label);
        memcpy(copy, bytes, len);
        put32(copy, at + (size_t)((const uint8_t *)rows[r].field - (const uint8_t *)p),
              rows[r].value);
        tag(copy, len);
        assert_refused(copy, len, IRIS_E_MALFORMED);
    }
    memcpy(copy, bytes, len);
    put32(copy, at - 4, CORE_STATE_PARTICIPANTS_MAX + 1);
    tag(copy, len);
    assert_refused(copy, len, IRIS_E_MALFORMED);
    memcpy(copy, bytes, len);
    put32(copy, at + (size_t)((const uint8_t *)&history->entry_count - (const uint8_t *)p),
          UINT32_C(1) << 30);
    tag(copy, len);
    assert_refused(copy, len, IRIS_E_TRUNCATED);
    free(bytes);
    free(copy);
    conference_dispose(&first);
}

/* What a layer owns lies behind its participant: whether it has a list of missing packets, and how
   many are in it. */
static void wrong_lists_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at; /* behind the history of the camera's first layer */
        uint32_t value;
    } rows[] = {
        {0, 2},
        {4 + offsetof(struct rtp_nack, count), RTP_NACK_MAX + 1},
    };
    struct transport_state_writer counter = {.len = 0};
    size_t len;
    fill(&first);
    uint8_t *bytes = export_engine(first.engine, &options, &len), *copy = malloc(len);
    const struct core_participant *person = first.engine->participants;
    const struct rtp_history *history = &person->tracks[CAM].layers[0].history;
    transport_export(person->transport, &counter);
    const struct core_participant_shape shape = {person->track_count, person->slot_count,
                                                 person->segment_count};
    size_t at = participant_at(first.engine) + core_participant_bytes(&shape) + counter.len +
                CORE_LAYERS_MAX * sizeof(uint32_t) + /* the microphone's layers own nothing */
                history->entry_count * sizeof(*history->entries) + history->byte_count;
    for (size_t r = 0; r < sizeof(rows) / sizeof(*rows); r++) {
        memcpy(copy, bytes, len);
        put32(copy, at + rows[r].at, rows[r].value);
        tag(copy, len);
        assert_refused(copy, len, IRIS_E_MALFORMED);
    }
    free(bytes);
    free(copy);
    conference_dispose(&first);
}

static unsigned plis_to(const struct person *person)
{
    return count_rtcp(person, 206, 1, NULL);
}

static uint16_t last_seq(const struct person *person, uint32_t ssrc)
{
    for (unsigned i = person->heard_count; i-- > 0;)
        if (!person->heard[i].is_rtcp && person->heard[i].rtp.ssrc == ssrc)
            return person->heard[i].rtp.seq;
    fail_msg("nothing of SSRC %u was heard", ssrc);
    return 0;
}

static uint16_t last_transport_seq(const struct person *person)
{
    for (unsigned i = person->heard_count; i-- > 0;)
        if (!person->heard[i].is_rtcp)
            return heard_transport_seq(&person->heard[i]);
    fail_msg("nothing was heard");
    return 0;
}

/* The first packet of an SSRC after the first count ones. */
static const struct heard *heard_after(const struct person *person, unsigned count, uint32_t ssrc)
{
    for (unsigned i = count; i < person->heard_count; i++)
        if (!person->heard[i].is_rtcp && person->heard[i].rtp.ssrc == ssrc)
            return &person->heard[i];
    fail_msg("nothing more of SSRC %u was heard", ssrc);
    return NULL;
}

/* The exporter sends on for a second; whoever takes over then sends nothing under an index of that
   (the receivers' replay windows would refuse it: hear()), and video goes on with a key frame. */
static void leaves_indices_out(void **state)
{
    (void)state;
    struct core_state_options skipping = options;
    struct core_engine *engine;
    struct rtp_vp8 vp8;
    size_t len;
    fill(&first);
    struct person *person = &first.people[0];
    uint8_t *bytes = export_engine(first.engine, &options, &len);
    uint16_t audio = last_seq(person, FIRST_AUDIO), video = last_seq(person, FIRST_CAMERA);
    uint16_t transport = last_transport_seq(person);
    pass(&first, 45);
    skipping.is_skipping = true;
    assert_int_equal(import(&first, &skipping, bytes, len, &engine), 0);
    core_engine_destroy(first.engine);
    first.engine = engine;
    unsigned before = person->heard_count, plis = plis_to(&first.people[2]);
    for (unsigned i = 0; i < 25; i++) { /* no key frame comes unasked */
        for (unsigned p = 0; p < first.person_count; p++) {
            person_speak(&first, &first.people[p], 20);
            person_show(&first, &first.people[p], CAM,
                        p == 2 && plis_to(&first.people[2]) > plis && i > 15);
        }
        conference_run(&first, TICK);
    }
    assert_int_equal(heard_after(person, before, FIRST_AUDIO)->rtp.seq,
                     (uint16_t)(audio + 1 + TRANSPORT_STATE_SKIP));
    assert_in_range((uint16_t)(heard_transport_seq(&person->heard[before]) - transport),
                    TRANSPORT_STATE_SKIP, TRANSPORT_STATE_SKIP + 8);
    const struct heard *picture = heard_after(person, before, FIRST_CAMERA);
    assert_int_equal(picture->rtp.seq, (uint16_t)(video + 1 + TRANSPORT_STATE_SKIP));
    assert_int_equal(rtp_vp8_parse(&vp8, picture->rtp.payload, picture->rtp.payload_len), 0);
    assert_true(vp8.is_keyframe && vp8.is_frame_start);
    assert_true(plis_to(&first.people[2]) > plis);
    free(bytes);
    conference_dispose(&first);
}

/* Recorders are each process's own, and so is what they have taken: the importer here has none. */
static void recorders_are_not_taken_over(void **state)
{
    (void)state;
    struct core_engine *engine;
    size_t len;
    fill(&first);
    assert_true(first.engine->recorder_budget.bytes > 0);
    uint8_t *bytes = export_engine(first.engine, &options, &len);
    assert_int_equal(import(&first, &options, bytes, len, &engine), 0);
    assert_int_equal(engine->recorder_budget.bytes, 0);
    core_engine_destroy(engine);
    free(bytes);
    conference_dispose(&first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_address_is_exported),
        cmocka_unit_test(goes_on_the_same),
        cmocka_unit_test(packets_that_wait_are_refused),
        cmocka_unit_test(others_states_are_refused),
        cmocka_unit_test(cut_states_are_refused),
        cmocka_unit_test(wrong_counts_are_refused),
        cmocka_unit_test(wrong_lists_are_refused),
        cmocka_unit_test(leaves_indices_out),
        cmocka_unit_test(recorders_are_not_taken_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
