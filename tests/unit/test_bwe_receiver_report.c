/* Losses out of receiver reports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bwe/receiver_report.h"

#include <math.h>

static void test_loss(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        struct bwe_report report;
        double share; /* taken afterwards; -1: too little is known */
    } table[] = {
        {"the first one marks", {1, 1000, 5, 0}, -1},
        {"nothing lost", {1, 1100, 5, 0}, 0},
        {"a tenth", {1, 1200, 15, 0}, 0.1},
        {"few packets: they are kept", {1, 1205, 20, 0}, -1},
        {"for the next time", {1, 1250, 20, 0}, 0.1},
        {"duplicates", {1, 1350, 10, 0}, 0},
        {"another SSRC", {2, 70000, 0, 0}, -1},
        {"over 16 bits", {2, 70100, 50, 0}, 0.5},
        {"more lost than sent", {2, 70200, 1000, 0}, 1},
        {"steps back move the mark", {2, 70000, 1000, 0}, -1},
        {"so does a jump", {2, 700000, 1000, 0}, -1},
    };
    struct bwe_receiver_reports reports = {0};
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        print_message("%s\n", table[i].what);
        bwe_receiver_reports_add(&reports, &table[i].report, 1000000 * ((int64_t)i + 1));
        double share = bwe_receiver_reports_take_loss(&reports, 20);
        assert_true(fabs(share - table[i].share) < 1e-9);
    }
}

static void test_more_ssrcs_than_entries(void **state)
{
    (void)state;
    struct bwe_receiver_reports reports = {0};
    for (uint32_t ssrc = 0; ssrc <= BWE_REPORT_SSRCS; ssrc++) /* the last one takes the first's */
        bwe_receiver_reports_add(&reports, &(struct bwe_report){ssrc, 0, 0, 0}, ssrc + 1);
    bwe_receiver_reports_add(&reports, &(struct bwe_report){1, 100, 10, 0}, 100);
    assert_true(bwe_receiver_reports_take_loss(&reports, 1) == 0.1);
    bwe_receiver_reports_add(&reports, &(struct bwe_report){0, 100, 10, 0}, 101);
    assert_true(bwe_receiver_reports_take_loss(&reports, 1) == -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loss),
        cmocka_unit_test(test_more_ssrcs_than_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
