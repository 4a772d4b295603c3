/* The engine when nobody takes what it gives, events or packets: what waits, what is lost and
   counted, what never is. */
#include "conference.h"
#include "person_heard.h"
#include "person_send.h"

#include "sfu/core/engine_internal.h"

static void drop_packets(struct conference *c)
{
    for (struct core_buffer *next, *b; (b = core_engine_next_packets(c->engine));)
        for (; b; b = next) {
            next = b->next;
            core_engine_release(c->engine, b);
        }
}

/* Let time pass without taking events. */
static void run_deaf(struct conference *c, int64_t duration_us)
{
    for (int64_t end_us = c->now_us + duration_us; core_engine_deadline(c->engine) <= end_us;) {
        c->now_us = core_engine_deadline(c->engine);
        core_engine_advance(c->engine, c->now_us);
        drop_packets(c);
    }
}

/* Control is behind: who goes stays until it can be told, and later all is told. */
static void test_event_ring(void **state)
{
    (void)state;
    struct conference c;
    struct core_event event;
    unsigned counts[CORE_EVENT_SPEAKERS + 1] = {0};
    conference_init(&c);
    conference_join(&c, 1);
    conference_join(&c, 1);
    while (core_engine_emit(c.engine, CORE_EVENT_LIMIT, 1))
        ;
    run_deaf(&c, 32 * S);
    assert_true(c.engine->events.lost > 0);
    assert_int_equal(core_engine_count(c.engine), 2);
    while (core_engine_next_event(c.engine, &event))
        counts[event.type]++;
    assert_int_equal(counts[CORE_EVENT_GONE], 0);
    run_deaf(&c, 20 * MS);
    assert_int_equal(core_engine_count(c.engine), 0);
    while (core_engine_next_event(c.engine, &event))
        counts[event.type]++;
    assert_int_equal(counts[CORE_EVENT_GONE], 2);
    assert_false(core_engine_next_event(c.engine, &event));
    conference_dispose(&c);
}

/* Slots that could not be told are told as soon as there is room. */
static void test_slots_are_told_late(void **state)
{
    (void)state;
    struct conference c;
    struct core_event event;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    conference_run(&c, 100 * MS);
    while (core_engine_emit(c.engine, CORE_EVENT_REFUSED, 99))
        ;
    for (int i = 0; i < 5; i++) {
        uint8_t data[CORE_BUFFER_BYTES];
        const struct media media = {.track = MIC, .mid = "mic", .level = 30};
        size_t head = write_head(data, ann, &media, ssrc_of(ann, MIC, 0), (uint16_t)i, PT_OPUS);
        memset(data + head, 0, 20);
        int len = transport_srtp_seal_rtp(ann->sender, data, head + 20, head, (uint64_t)i);
        struct transport_datagram datagram = {.path = ann->path, .data = data, .len = (size_t)len};
        core_engine_receive(c.engine, &datagram, c.now_us);
        run_deaf(&c, 20 * MS);
    }
    while (core_engine_next_event(c.engine, &event))
        assert_int_equal(event.type, CORE_EVENT_REFUSED);
    c.event_count = 0;
    conference_run(&c, 200 * MS);
    assert_int_equal(last_event(&c, CORE_EVENT_SLOTS, bob->number)->slots[0].participant,
                     ann->number);
    conference_dispose(&c);
}

/* The pool is empty: packets are lost and counted, and afterwards all goes on. */
static void test_out_of_buffers(void **state)
{
    (void)state;
    struct conference c;
    struct core_buffer *taken[1024];
    unsigned count = 0;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    person_talk(&c, ann, 100 * MS);
    unsigned heard = count_heard(bob, 1);
    assert_false(core_engine_wants_flush(c.engine));
    while (count < 1024 && (taken[count] = core_outbox_take(&c.engine->outbox)))
        count++;
    assert_int_equal(count, 1024);
    for (; count > 511; core_engine_release(c.engine, taken[--count]))
        assert_int_equal(core_engine_wants_flush(c.engine), count > 512); /* less than half free */
    while (count < 1024)
        taken[count++] = core_outbox_take(&c.engine->outbox);
    person_talk(&c, ann, 100 * MS);
    assert_int_equal(count_heard(bob, 1), heard);
    assert_true(c.engine->outbox.exhausted >= 10);
    while (count > 0)
        core_engine_release(c.engine, taken[--count]);
    person_talk(&c, ann, 100 * MS);
    assert_int_equal(count_heard(bob, 1), heard + 5);
    assert_false(core_engine_wants_flush(c.engine));
    conference_dispose(&c);
}

/* What is on its way to who is gone is sent first: it may say why. And nothing is added to it. */
static void test_last_words(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    struct core_participant *leaving = core_engine_find(c.engine, bob->number);
    person_talk(&c, ann, 200 * MS);
    core_participant_send_rtcp(leaving, (const uint8_t *)"\x81\xcb\0\1\0\0\0\1", 8); /* BYE */
    core_engine_end(leaving, CORE_REASON_DISCONNECTED, "a test");
    for (int i = 0; i < 3; i++) {
        c.now_us = core_engine_deadline(c.engine);
        core_engine_advance(c.engine, c.now_us);
        assert_int_equal(core_engine_count(c.engine), 2);
    }
    unsigned heard = count_heard(bob, 1);
    conference_flush(&c);
    person_talk(&c, ann, 100 * MS);
    assert_int_equal(core_engine_count(c.engine), 1);
    assert_int_equal(count_rtcp(bob, RTCP_BYE, -1, NULL), 1);
    assert_int_equal(count_heard(bob, 1), heard);
    conference_dispose(&c);
}

/* However far behind control is, it learns who is gone. */
static void test_gone_is_never_lost(void **state)
{
    (void)state;
    struct conference c;
    struct core_event event;
    unsigned gone = 0;
    conference_init(&c);
    conference_join(&c, 1);
    while (core_engine_emit(c.engine, CORE_EVENT_SPEAKERS, 0))
        ;
    run_deaf(&c, 31 * S);
    while (core_engine_next_event(c.engine, &event))
        gone += event.type == CORE_EVENT_GONE;
    run_deaf(&c, S);
    while (core_engine_next_event(c.engine, &event))
        gone += event.type == CORE_EVENT_GONE;
    assert_int_equal(gone, 1);
    assert_int_equal(core_engine_count(c.engine), 0);
    conference_dispose(&c);
}

/* A refusal waits while the ring is full. */
static void test_refusals_are_never_lost(void **state)
{
    (void)state;
    struct conference c;
    struct core_event event;
    unsigned refused = 0;
    conference_init(&c);
    while (core_engine_emit(c.engine, CORE_EVENT_SLOTS, 1)) {
    }
    for (uint64_t id = 70; id < 73; id++)
        core_engine_refuse(c.engine, id);
    while (core_engine_next_event(c.engine, &event))
        if (event.type == CORE_EVENT_REFUSED)
            refused |= 1u << (event.participant - 70);
    assert_int_equal(refused, 7);
    conference_dispose(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event_ring),         cmocka_unit_test(test_slots_are_told_late),
        cmocka_unit_test(test_out_of_buffers),     cmocka_unit_test(test_last_words),
        cmocka_unit_test(test_gone_is_never_lost), cmocka_unit_test(test_refusals_are_never_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
