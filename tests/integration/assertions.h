/*
 * What every test of a conference begins and ends with, as cmocka assertions: they jump out of the
 * test with the reason, so they are called from tests only, never from callbacks.
 */
#ifndef IRIS_TESTS_ASSERTIONS_H
#define IRIS_TESTS_ASSERTIONS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/integration/event_loop.h"
#include "tests/integration/media_client.h"
#include "tests/integration/server_process.h"

/** Options of a usual participant: microphone, camera, 3 audio, 4 camera slots and a screen slot.
 */
struct media_client_options usual_participant(const char *room, const char *name);

/** Create, join, wait for the SRTP keys. @return in the program's list */
struct media_client *assert_connected(const struct media_client_options *options);

/** assert_connected() of a usual participant that sends audio and video at once. */
struct media_client *assert_talking(const char *room, const char *name);

/** Audio and video of other arrive at client. */
void assert_sees(struct media_client *client, const struct media_client *other);

/** Everything received was right (media_client_verify()); gaps are left to the caller. */
struct slot_summary assert_verified(struct media_client *client);

/** The same, and no packet is missing. */
struct slot_summary assert_lossless(struct media_client *client);

/** A notification of this method comes. @return its params, a new reference */
json_t *assert_notified(struct media_client *client, const char *method);

/** cmocka_run_group_tests() with the server around it and the clients ended after each test. */
#define RUN_WITH_SERVER(tests)                                                                     \
    server_process_verdict(cmocka_run_group_tests(tests, server_process_start, server_process_stop))

/** A test whose clients are ended afterwards. */
#define CONFERENCE_TEST(function) cmocka_unit_test_teardown(function, media_client_destroy_all)

#endif
