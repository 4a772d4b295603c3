/*
 * What the next datagrams need is fetched: whatever they are and whoever they claim to be from,
 * nothing of the engine changes by it (nor is anything read that is not there: run it under the
 * address sanitizer).
 */
#include "conference.h"
#include "person_send.h"
#include "sfu/core/engine_internal.h"

#define TICK (20 * MS)

static const struct core_state_options options = {.key = {1, 2, 3}};

/* Two who send, one who was never keyed, one who only watches. */
static void fill(struct conference *c)
{
    struct core_join unkeyed = usual_join(1, 3), watcher = usual_join(1, 4);
    watcher.track_count = 0;
    conference_init(c);
    conference_join(c, 1);
    conference_join(c, 1);
    conference_enter(c, &unkeyed);
    conference_enter(c, &watcher);
    person_show_for(c, &c->people[0], 20, true);
    person_talk(c, &c->people[1], 50 * TICK);
}

/* Frees what was exported before. */
static void assert_unchanged(struct conference *c, uint8_t *before, size_t before_len)
{
    size_t len;
    uint8_t *after = export_engine(c->engine, &options, &len);
    assert_int_equal(before_len, len);
    assert_memory_equal(before, after, len);
    free(before);
    free(after);
}

static const struct {
    const char *what;
    size_t len;
    uint8_t first, second;
} kinds[] = {
    {"nothing", 0, 0, 0},
    {"one byte", 1, 0x80, 0},
    {"a byte less than a header", 11, 0x80, PT_VP8},
    {"a header", 12, 0x80, PT_VP8},
    {"media", 200, 0x90, PT_VP8},
    {"RTCP", 60, 0x80, 201},
    {"a byte less than RTCP can be", 7, 0x80, 201},
    {"STUN", 28, 0, 1},
    {"DTLS", 40, 22, 0xFE},
    {"neither", 40, 0xFF, 0},
};

/* From each person's path, and from nobody's. */
static void test_changes_nothing(void **state)
{
    (void)state;
    struct conference c;
    size_t before_len;
    fill(&c);
    const uint32_t ssrcs[] = {0, 77, ssrc_of(&c.people[0], CAM, 0), ssrc_of(&c.people[1], MIC, 0)};
    uint8_t *before = export_engine(c.engine, &options, &before_len);
    for (unsigned k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
        for (unsigned who = 0; who <= c.person_count; who++)
            for (unsigned s = 0; s < 4; s++) {
                /* As long as it says and no longer, so that the sanitizer sees a step too far. */
                uint8_t *data = malloc(kinds[k].len ? kinds[k].len : 1);
                assert_non_null(data);
                memset(data, 0, kinds[k].len);
                if (kinds[k].len > 0)
                    data[0] = kinds[k].first;
                if (kinds[k].len > 1)
                    data[1] = kinds[k].second;
                if (kinds[k].len >= RTP_HEADER_BYTES)
                    rtp_bytes_put32(data + 8, ssrcs[s]);
                struct transport_datagram datagram = {.data = data, .len = kinds[k].len};
                if (who < c.person_count)
                    datagram.path = c.people[who].path;
                core_engine_prefetch(c.engine, &datagram, 1);
                free(data);
            }
    assert_unchanged(&c, before, before_len);
    conference_dispose(&c);
}

/* A packet of a track that others see or hear, as the engine knows it. */
static void write_media(struct conference *c, uint8_t *data, struct person *person, unsigned track)
{
    struct core_participant *sender = core_engine_find(c->engine, person->number);
    uint32_t ssrc = ssrc_of(person, track, 0);
    if (sender) {
        assert_non_null(core_participant_binding(sender, ssrc));
        assert_non_null(sender->tracks[track].subscribers);
    }
    data[0] = 0x80;
    data[1] = track == MIC ? PT_OPUS : PT_VP8;
    rtp_bytes_put32(data + 8, ssrc);
}

#define LEAVES 2 /* of the people: sends, and is gone then */

/* Several at once, as many as may be: of tracks that more people receive than are fetched ahead. */
static void test_several_at_once(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        unsigned count, run; /* of the packets in turns; how many of each follow each other */
        struct {
            unsigned who, track;
            bool is_rtcp;
        } of[3];
    } table[] = {
        {"of one track", 1, 1, {{0, CAM, false}}},
        {"two tracks of a sender in turns", 2, 1, {{1, MIC, false}, {1, CAM, false}}},
        {"the same, pairs", 2, 2, {{1, MIC, false}, {1, CAM, false}}},
        {"two senders in turns", 2, 1, {{0, CAM, false}, {1, CAM, false}}},
        {"a report between", 3, 1, {{0, CAM, false}, {1, CAM, true}, {0, CAM, false}}},
        {"one who has left between",
         3,
         1,
         {{0, CAM, false}, {LEAVES, CAM, false}, {1, MIC, false}}},
        {"one who has left first", 2, 2, {{LEAVES, CAM, false}, {0, CAM, false}}},
    };
    struct conference c;
    conference_init(&c);
    for (unsigned i = 0; i < 6; i++)
        conference_join(&c, 1);
    for (unsigned i = 0; i <= LEAVES; i++)
        person_talk(&c, &c.people[i], 10 * TICK);
    person_show_for(&c, &c.people[0], 20, true);
    conference_command(&c, &(struct core_command){.type = CORE_COMMAND_LEAVE,
                                                  .participant = c.people[LEAVES].number});
    assert_null(core_engine_find(c.engine, c.people[LEAVES].number));
    for (size_t t = 0; t < sizeof(table) / sizeof(table[0]); t++) {
        uint8_t data[CORE_PREFETCH_MAX][64] = {{0}};
        struct transport_datagram datagrams[CORE_PREFETCH_MAX];
        size_t before_len;
        print_message("%s\n", table[t].what);
        for (unsigned i = 0; i < CORE_PREFETCH_MAX; i++) {
            unsigned turn = i / table[t].run % table[t].count;
            struct person *person = &c.people[table[t].of[turn].who];
            write_media(&c, data[i], person, table[t].of[turn].track);
            if (table[t].of[turn].is_rtcp)
                data[i][1] = RTCP_RECEIVER_REPORT;
            datagrams[i] = (struct transport_datagram){
                .path = person->path, .data = data[i], .len = sizeof(data[i])};
        }
        uint8_t *before = export_engine(c.engine, &options, &before_len);
        for (unsigned count = 0; count <= CORE_PREFETCH_MAX; count++)
            core_engine_prefetch(c.engine, datagrams, count);
        assert_unchanged(&c, before, before_len);
    }
    conference_dispose(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes_nothing),
        cmocka_unit_test(test_several_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
