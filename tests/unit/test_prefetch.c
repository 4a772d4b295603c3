/*
 * What the next datagrams need is fetched: whatever they are and whoever they claim to be from,
 * nothing of the engine changes by it (nor is anything read that is not there: run it under the
 * address sanitizer).
 */
#include "conference.h"
#include "person_send.h"
#include "rtp/error.h"
#include "sfu/core/state.h"

#define TICK (20 * MS)

static const struct core_state_options options = {.key = {1, 2, 3}};

static uint8_t *export(const struct core_engine *engine, size_t *len)
{
    assert_int_equal(core_engine_export(engine, &options, NULL, 0, len), IRIS_E_FULL);
    uint8_t *bytes = malloc(*len);
    assert_non_null(bytes);
    assert_int_equal(core_engine_export(engine, &options, bytes, *len, len), 0);
    return bytes;
}

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
    uint8_t *after = export(c->engine, &len);
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
    uint8_t *before = export(c.engine, &before_len);
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

/* Several at once, the same sender's and others': as many as may be. */
static void test_takes_as_many_as_may_be(void **state)
{
    (void)state;
    struct conference c;
    size_t before_len;
    uint8_t data[CORE_PREFETCH_MAX][64] = {{0}};
    struct transport_datagram datagrams[CORE_PREFETCH_MAX];
    fill(&c);
    for (unsigned i = 0; i < CORE_PREFETCH_MAX; i++) {
        data[i][0] = 0x80;
        data[i][1] = i % 3 == 2 ? 201 : PT_VP8;
        datagrams[i] = (struct transport_datagram){
            .path = c.people[i % c.person_count].path, .data = data[i], .len = sizeof(data[i])};
    }
    uint8_t *before = export(c.engine, &before_len);
    for (unsigned count = 0; count <= CORE_PREFETCH_MAX; count++)
        core_engine_prefetch(c.engine, datagrams, count);
    assert_unchanged(&c, before, before_len);
    conference_dispose(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes_nothing),
        cmocka_unit_test(test_takes_as_many_as_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
