/*
 * A state that was changed by somebody who has the key: an import refuses it or makes an engine
 * that can be exported again and destroyed. Without the key nothing gets that far (test_state).
 *
 * The state itself is made here, of three people in two rooms, so that the corpus does not depend
 * on the build. The input is a list of changes of five bytes each: where (modulo the length, 32
 * bits), and what is added there; one in front says where to cut.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/conference.h"
#include "tests/unit/person_send.h"

#include "sfu/core/state_internal.h"
#include "tests/fuzz/target.h"

#define CHANGE_BYTES 5
#define TICKS        5

static const struct core_state_options options = {.key = "the attacker's as well"};
static struct conference conference;
static uint8_t *whole;
static size_t whole_len;

static void make_state(void)
{
    struct conference *c = &conference;
    conference_init(c);
    conference_join(c, 1);
    conference_join(c, 2);
    conference_join(c, 1);
    for (unsigned tick = 0; tick < TICKS; tick++) {
        for (unsigned i = 0; i < c->person_count; i++) {
            person_speak(c, &c->people[i], 20);
            person_show(c, &c->people[i], CAM, tick == 0);
        }
        conference_run(c, 20 * MS);
    }
    core_engine_export(c->engine, &options, NULL, 0, &whole_len);
    whole = malloc(whole_len);
    if (!whole || core_engine_export(c->engine, &options, whole, whole_len, &whole_len))
        abort();
}

static uint32_t number_at(const uint8_t *data)
{
    return rtp_bytes_get32(data);
}

/* As if it had been exported so. */
static void tag(uint8_t *state, size_t len)
{
    struct core_state_header header;
    memcpy(&header, state, sizeof(header));
    header.len = len;
    memcpy(state, &header, sizeof(header));
    transport_state_tag(options.key, state, len - TRANSPORT_STATE_TAG_BYTES,
                        state + len - TRANSPORT_STATE_TAG_BYTES);
}

static void import(const uint8_t *state, size_t len, bool is_skipping)
{
    struct core_state_options with = options;
    struct core_engine_config config = {.certificate = conference.certificate,
                                        .aead = TRANSPORT_AEAD_AUTO,
                                        .seed = 1,
                                        .buffer_count = 16};
    struct core_engine *engine;
    with.is_skipping = is_skipping;
    if (core_engine_import(&config, &with, state, len, &engine))
        return;
    core_engine_export(engine, &options, NULL, 0, &len);
    core_engine_destroy(engine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t least = sizeof(struct core_state_header) + TRANSPORT_STATE_TAG_BYTES;
    if (!whole)
        make_state();
    if (size < CHANGE_BYTES)
        return 0;
    size_t len = whole_len - number_at(data) % (whole_len - least);
    bool is_skipping = data[4] & 1;
    uint8_t *state = malloc(len); /* exactly so long: reading behind it is seen */
    if (!state)
        abort();
    memcpy(state, whole, len);
    for (size_t i = CHANGE_BYTES; i + CHANGE_BYTES <= size; i += CHANGE_BYTES)
        state[number_at(data + i) % len] += data[i + 4];
    tag(state, len);
    import(state, len, is_skipping);
    free(state);
    return 0;
}
