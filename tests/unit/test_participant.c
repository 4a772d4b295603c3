/* A participant's one piece of memory, made for what was negotiated: its parts lie one behind the
   other and fill it. Prints what each takes, and what a participant is elsewhere
   (docs/performance.md, Memory). */
#include "conference.h"
#include "rtp/nack.h"
#include "sfu/control/negotiate.h"
#include "sfu/control/registry.h"
#include "sfu/core/participant.h"

#define PAD_MAX (CORE_CACHE_LINE_BYTES - 1)

static const struct {
    const char *what;
    unsigned track_count, slot_count;
} offers[] = {
    {"microphone, camera and screen, eight slots", 3, 8},
    {"only receives", 0, 8},
    {"only sends", 3, 0},
};

/* Without a track there is nothing to receive by. @return where they end */
static const uint8_t *assert_receiving_parts(const struct core_participant *p)
{
    if (p->track_count == 0) {
        assert_null(p->bindings);
        assert_null(p->arrivals);
        return (const uint8_t *)p->tracks;
    }
    assert_ptr_equal(p->tracks[0].layers, p->tracks + p->track_count);
    assert_ptr_equal(p->bindings, p->tracks[0].layers + p->track_count * CORE_LAYERS_MAX);
    assert_ptr_equal(p->arrivals, p->bindings + CORE_SSRC_TABLE);
    return (const uint8_t *)(p->arrivals + 1);
}

static void test_parts_fill_it(void **state)
{
    (void)state;
    const struct core_join join = usual_join(1, 1);
    for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
        const struct core_participant_shape shape =
            core_participant_shape_of(offers[i].track_count, join.slots, offers[i].slot_count);
        struct core_participant *p = core_participant_create(&shape);
        assert_non_null(p);
        print_message("%s: %zu bytes\n", offers[i].what, core_participant_bytes(&shape));
        assert_int_equal((uintptr_t)p % CORE_CACHE_LINE_BYTES, 0);
        assert_ptr_equal(p->slots, p + 1);
        assert_ptr_equal(p->segments, p->slots + p->slot_count);
        assert_ptr_equal(p->tracks, p->segments + p->segment_count);
        size_t used = (size_t)(assert_receiving_parts(p) - (const uint8_t *)p);
        assert_in_range(core_participant_bytes(&shape) - used, 0, PAD_MAX);
        core_participant_free(p);
    }
}

/* @return of all of them */
static size_t print_size(const char *what, size_t count, size_t bytes)
{
    print_message("%-36s %4zu x %6zu\n", what, count, bytes);
    return count * bytes;
}

static void print_elsewhere(void)
{
    const struct core_participant *none = NULL;
    const struct control_participant *nobody = NULL;
    print_size("of the struct, the send history", 1, sizeof(none->estimate.history));
    print_size("of the struct, the pacer's ring", 1, sizeof(none->pace.ring));
    print_size("of the struct, the estimator", 1, sizeof(none->estimate.estimator));
    print_size("control_negotiation", 1, sizeof(struct control_negotiation));
    print_size("control_participant", 1, sizeof(struct control_participant));
    print_size("of that, its snapshots", 1, sizeof(nobody->snapshots));
    print_size("rtp_nack of a video layer", 1, sizeof(struct rtp_nack));
    print_size("an entry of its history", 1, sizeof(struct rtp_history_entry));
}

/* What is printed is all that there is. */
static void test_sizes(void **state)
{
    (void)state;
    const struct core_join join = usual_join(1, 1);
    const struct core_participant_shape shape =
        core_participant_shape_of(offers[0].track_count, join.slots, offers[0].slot_count);
    size_t sum = print_size("struct core_participant", 1, sizeof(struct core_participant));
    sum += print_size("slots", shape.slot_count, sizeof(struct core_slot));
    sum += print_size("segments", shape.segment_count, sizeof(struct rtp_rewrite_segment));
    sum += print_size("tracks", shape.track_count, sizeof(struct core_track));
    sum += print_size("layers", shape.track_count * CORE_LAYERS_MAX, sizeof(struct core_layer));
    sum += print_size("SSRCs", CORE_SSRC_TABLE, sizeof(struct core_binding));
    sum += print_size("arrivals", 1, sizeof(struct rtp_arrival_log));
    assert_in_range(core_participant_bytes(&shape) - sum, 0, PAD_MAX);
    print_elsewhere();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_fill_it),
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
