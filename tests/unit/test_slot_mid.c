/* Which packets say what line they belong to (RFC 8843, 9.2). */
#include "conference.h"
#include "person_heard.h"
#include "person_send.h"

#define CAMERA 4   /* the slot's SSRC */
#define REPAIR 104 /* and that of its RTX */

static void report_on(struct conference *c, struct person *person, uint32_t ssrc)
{
    const struct rtcp_report_block block = {.ssrc = ssrc};
    uint8_t data[64];
    struct rtcp_writer writer;
    rtcp_writer_init(&writer, data, sizeof(data));
    assert_int_equal(rtcp_write_receiver_report(&writer, 9, &block, 1), 0);
    person_send_rtcp(c, person, &writer);
}

/* @return whether the newest packet of a stream has its line's MID */
static bool has_mid(struct person *person, uint32_t ssrc)
{
    const struct heard *newest = heard_at(person, ssrc, count_heard(person, ssrc) - 1);
    struct rtp_extension_values values;
    rtp_packet_read_extensions(&newest->rtp, &person->join.extensions, &values);
    return values.mid != NULL;
}

/* However long that takes: a receiver that is still being set up loses what comes first. */
static void test_until_reported(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint32_t reported; /* SSRC; 0: nothing */
        bool has_mid;
    } table[] = {
        {"from the beginning", 0, true}, {"nobody's stream", 4444, true},
        {"another slot's", 5, true},     {"only the repairs'", REPAIR, true},
        {"the stream", CAMERA, false},   {"from then on", 0, false},
    };
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    person_show(&c, ann, CAM, true);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        print_message("%s\n", table[i].what);
        if (table[i].reported)
            report_on(&c, bob, table[i].reported);
        for (unsigned frame = 0; frame < 40; frame++) {
            person_show(&c, ann, CAM, false);
            conference_run(&c, 33 * MS);
            assert_int_equal(has_mid(bob, CAMERA), table[i].has_mid);
        }
    }
    conference_dispose(&c);
}

/* Firefox lets through only the SSRCs that have said the MID, once one has. */
static void test_repairs(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    for (unsigned i = 0; i < 8; i++) {
        if (i == 4)
            report_on(&c, bob, CAMERA);
        person_show(&c, ann, CAM, i == 0);
        conference_run(&c, 33 * MS);
        person_ask_for(&c, bob, CAMERA, heard_at(bob, CAMERA, i)->rtp.seq);
        assert_int_equal(count_heard(bob, REPAIR), i + 1);
        assert_true(has_mid(bob, REPAIR));
        assert_int_equal(has_mid(bob, CAMERA), i < 4);
    }
    conference_dispose(&c);
}

/* A voice, too, and each slot by itself. */
static void test_each_slot(void **state)
{
    (void)state;
    struct conference c;
    conference_init(&c);
    struct person *ann = conference_join(&c, 1), *bob = conference_join(&c, 1);
    for (unsigned i = 0; i < 80; i++) {
        if (i == 40)
            report_on(&c, bob, 1);
        person_show(&c, ann, CAM, i == 0);
        person_speak(&c, ann, 25);
        conference_run(&c, 20 * MS);
        assert_int_equal(has_mid(bob, 1), i < 40);
        assert_true(has_mid(bob, CAMERA));
    }
    conference_dispose(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_until_reported),
        cmocka_unit_test(test_repairs),
        cmocka_unit_test(test_each_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
