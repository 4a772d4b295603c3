/*
 * Nothing from the heap per packet: once everybody's streams have begun, a conference goes on
 * without an allocation - media, key frames, lost packets and their repair, feedback and reports,
 * speakers that change. Under a sanitizer the allocations of the libraries count, too.
 */
#include "conference.h"
#include "person_heard.h"
#include "person_send.h"

#include <stdbool.h>

#include "wrap_allocations.h"

#define PEOPLE   6
#define TICK     (20 * MS)
#define WARM_S   3
#define SILENT_S 6 /* below what a transport lives without checks */
#define MOST     5 /* allocations when a stream begins, and one more */

/* SSRCs of usual_join(). */
#define FIRST_CAMERA     4
#define FIRST_CAMERA_RTX 104

static bool is_counting;
static unsigned allocations;
static unsigned ours;              /* of allocations, those of our own code */
static unsigned failing;           /* which of ours fails, counted from 1; 0: none */
static unsigned pictures, repairs; /* packets that were heard */

static bool on_allocation(void)
{
    allocations += is_counting;
    ours += is_counting;
    return is_counting && ours == failing;
}

/* Of the sanitizers (sanitizer/allocator_interface.h); not there without one. */
extern int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *,
                                                                       size_t),
                                                     void (*on_free)(const volatile void *))
    __attribute__((weak));

static void on_malloc(const volatile void *memory, size_t size)
{
    (void)memory;
    (void)size;
    allocations += is_counting;
}

static void on_free(const volatile void *memory)
{
    (void)memory;
}

/* A receiver asks for the last packets of its first camera slot once more, and for a key frame. */
static void complain(struct conference *c, struct person *person)
{
    uint8_t data[256];
    uint16_t seqs[3];
    unsigned count = 0;
    struct rtcp_writer writer;
    for (unsigned i = person->heard_count; i-- > 0 && count < 3;)
        if (!person->heard[i].is_rtcp && person->heard[i].rtp.ssrc == FIRST_CAMERA)
            seqs[count++] = person->heard[i].rtp.seq;
    if (count == 0)
        return;
    rtcp_writer_init(&writer, data, sizeof(data));
    rtcp_write_nack(&writer, 0xFEED, FIRST_CAMERA, seqs, count);
    rtcp_write_pli(&writer, 0xFEED, FIRST_CAMERA);
    person_send_rtcp(c, person, &writer);
}

/* 20 ms of everybody; one packet in 50 gets lost on its way to the server. */
static void pass_tick(struct conference *c, unsigned tick)
{
    for (unsigned i = 0; i < c->person_count; i++) {
        struct person *person = &c->people[i];
        bool is_loud = tick / 60 % c->person_count == i;
        person_speak(c, person, is_loud ? 20 : 90);
        if ((tick + i) % 50 == 0)
            person->seqs[CAM][0]++;
        person_show(c, person, CAM, tick % 100 == 0);
        if (i == 0 && tick % 10 == 0)
            person_show(c, person, SCR, tick % 100 == 0);
        if ((tick + i) % 25 == 0)
            complain(c, person);
    }
    conference_run(c, TICK);
    c->event_count = 0;
    for (unsigned i = 0; i < c->person_count && tick % 20 == 19; i++) {
        pictures += count_heard(&c->people[i], FIRST_CAMERA);
        repairs += count_heard(&c->people[i], FIRST_CAMERA_RTX);
        c->people[i].heard_count = 0;
    }
}

static unsigned pass(struct conference *c, unsigned first, unsigned seconds)
{
    unsigned ticks = seconds * (unsigned)(S / TICK);
    for (unsigned tick = first; tick < first + ticks; tick++)
        pass_tick(c, tick);
    return first + ticks;
}

static void test_packets_need_no_heap(void **state)
{
    (void)state;
    static struct conference c;
    conference_init(&c);
    for (unsigned i = 0; i < PEOPLE; i++)
        conference_join(&c, 1);
    unsigned tick = pass(&c, 0, WARM_S);
    pictures = repairs = 0;
    is_counting = true;
    pass(&c, tick, SILENT_S);
    is_counting = false;
    assert_int_equal(allocations, 0);
    assert_true(pictures > 1000 && repairs > 50); /* it all went on */
    conference_dispose(&c);
}

/* The counter counts: whoever joins needs memory. */
static void test_joins_do(void **state)
{
    (void)state;
    static struct conference c;
    conference_init(&c);
    conference_join(&c, 1);
    allocations = 0;
    is_counting = true;
    conference_join(&c, 1);
    is_counting = false;
    assert_true(allocations > 0);
    conference_dispose(&c);
}

/* Memory is short when a stream begins: what comes is dropped until there is some. */
static void test_streams_begin_later(void **state)
{
    (void)state;
    static struct conference c;
    for (failing = 1; failing <= MOST; failing++) {
        conference_init(&c);
        struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
        for (unsigned i = 0; i < 10; i++) { /* what else they need is there then */
            person_speak(&c, ann, 20);
            conference_run(&c, TICK);
        }
        ours = 0;
        is_counting = true;
        person_show(&c, ann, CAM, true);
        bool has_failed = ours >= failing;
        is_counting = false;
        for (unsigned i = 0; i < 25; i++) {
            person_show(&c, ann, CAM, i == 5);
            conference_run(&c, TICK);
        }
        assert_true(count_heard(bob, FIRST_CAMERA) >= 15);
        conference_dispose(&c);
        if (!has_failed)
            break;
    }
    assert_in_range(failing, 3, MOST);
    failing = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_packets_need_no_heap),
                                       cmocka_unit_test(test_joins_do),
                                       cmocka_unit_test(test_streams_begin_later)};
    if (__sanitizer_install_malloc_and_free_hooks)
        __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
