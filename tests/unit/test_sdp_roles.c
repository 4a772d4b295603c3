/*
 * Roles of lines, as a table: a row is an offer in short hand and what every line is given.
 *
 * A line is two characters. First what it is: a audio, v video, s slides, x audio without Opus,
 * y video without VP8, d data channel, r rejected video. Then its direction: > sends, < receives, =
 * both, 0 none. What it is given is two characters too: what it sends (A, C or S) and its slot, -
 * for nothing.
 */
#include "sdp_fixture.h"

#define ELEVEN "a> v> v> a< a< a< v< v< v< v< v<"

static const struct {
    const char *name, *lines, *rights, *expected; /* rights: a c s publish, r subscribe */
} rows[] = {
    {"a browser's eleven", ELEVEN, "acsr", "A- C- S- -A -A -A -C -C -C -C -S"},
    {"slots first", "a< v< v< a> v> v>", "acsr", "-A -C -C A- C- S-"},
    {"both ways", "a= v= v=", "acsr", "AA CC SC"},
    {"both ways, slides first", "a= s= v=", "acsr", "AA SS CC"},
    {"camera and slides", "a> v> s>", "acsr", "A- C- S-"},
    {"slides and camera", "a> s> v>", "acsr", "A- S- C-"},
    {"two slides: the second is the camera", "s> s> s>", "acsr", "S- C- --"},
    {"slides last, screen taken", "v> v> s>", "acsr", "C- S- --"},
    {"three senders: the third gets none", "v> v> v> a> a>", "acsr", "C- S- -- A- --"},
    {"slides slot first", "s< v< v< v< v< v<", "acsr", "-S -C -C -C -C --"},
    {"slides slot among cameras", "v< s< v< v< v<", "acsr", "-C -S -C -C -C"},
    {"two slides slots", "s< s<", "acsr", "-S -C"},
    {"more slots than there are", "a< a< a< a< v< v< v< v< v< v<", "acsr",
     "-A -A -A -- -C -C -C -C -S --"},
    {"fewer: audio alone", "a> a<", "acsr", "A- -A"},
    {"a line both sends and is a slot of another kind", "v> v=", "acsr", "C- SC"},
    {"no Opus, no VP8", "x> y> a> v> x< y<", "acsr", "-- -- A- C- -- --"},
    {"data channel first", "d= a> v>", "acsr", "-- A- C-"},
    {"rejected lines take no place", "r> v> r< v<", "acsr", "-- C- -- -C"},
    {"inactive lines take no place", "a0 v0 a> v>", "acsr", "-- -- A- C-"},
    {"may not speak", ELEVEN, "csr", "-- C- S- -A -A -A -C -C -C -C -S"},
    {"may show a screen only: the camera does not become it", ELEVEN, "sr",
     "-- -- S- -A -A -A -C -C -C -C -S"},
    {"may not show a screen", ELEVEN, "acr", "A- C- -- -A -A -A -C -C -C -C -S"},
    {"may not see", ELEVEN, "acs", "A- C- S- -- -- -- -- -- -- -- --"},
    {"may see only", "a= v= v=", "r", "-A -C -C"},
    {"may send only", "a= v= v=", "acs", "A- C- S-"},
    {"may do nothing", ELEVEN, "", "-- -- -- -- -- -- -- -- -- -- --"},
};

static struct sdp_line line_of_short_hand(const char *text)
{
    struct sdp_line line = {.kind = SDP_KIND_VIDEO, .payload_type = 96, .rtx_payload_type = -1};
    if (strchr("ax", text[0]))
        line.kind = SDP_KIND_AUDIO;
    if (text[0] == 'd')
        line.kind = SDP_KIND_OTHER;
    if (strchr("xyd", text[0]))
        line.payload_type = -1;
    line.is_slides = text[0] == 's';
    line.is_rejected = text[0] == 'r';
    if (strchr(">=", text[1]))
        line.direction |= SDP_SENDS;
    if (strchr("<=", text[1]))
        line.direction |= SDP_RECEIVES;
    return line;
}

static void print_roles(const struct sdp_role *roles, unsigned count, char *out)
{
    for (unsigned i = 0; i < count; i++) {
        *out++ = "-ACS"[roles[i].sends];
        *out++ = "-ACS"[roles[i].slot];
        *out++ = i + 1 < count ? ' ' : '\0';
        assert_int_equal(roles[i].slot_ssrc, 0);
        assert_int_equal(roles[i].slot_rtx_ssrc, 0);
    }
}

static void table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static struct sdp_offer offer;
        struct sdp_role roles[SDP_LINES_MAX];
        char got[SDP_LINES_MAX * 3 + 1];
        const char *rights = rows[i].rights;
        const struct sdp_rights granted = {strchr(rights, 'a') != NULL, strchr(rights, 'c') != NULL,
                                           strchr(rights, 's') != NULL,
                                           strchr(rights, 'r') != NULL};
        memset(roles, 0xff,
               sizeof(roles)); /* what the caller's array held before does not matter */
        offer.line_count = 0;
        for (const char *text = rows[i].lines; text; text = strchr(text, ' '))
            offer.lines[offer.line_count++] = line_of_short_hand(text += *text == ' ');
        signalling_sdp_assign_roles(&offer, &granted, roles);
        print_roles(roles, offer.line_count, got);
        if (strcmp(got, rows[i].expected) != 0)
            fail_msg("%s:\n  lines    %s\n  got      %s\n  expected %s", rows[i].name,
                     rows[i].lines, got, rows[i].expected);
    }
}

static void real_offers(void **state)
{
    (void)state;
    static const char *const names[] = {"chromium-offer.sdp", "firefox-offer.sdp"};
    for (int i = 0; i < 2; i++) {
        static struct sdp_offer offer;
        struct sdp_role roles[SDP_LINES_MAX];
        char got[SDP_LINES_MAX * 3 + 1];
        size_t len;
        char *text = read_fixture(names[i], &len);
        parse_ok(&offer, text, len);
        signalling_sdp_assign_roles(&offer, &(struct sdp_rights){true, true, true, true}, roles);
        print_roles(roles, offer.line_count, got);
        assert_string_equal(got, "A- C- S- -A -A -A -C -C -C -C -S");
        free(text);
    }
}

/* Which extensions a line is granted; ids by enum sdp_extension, all offered unless cleared. */
static void extensions(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum sdp_kind kind;
        enum sdp_source sends, slot;
        int rid_count, has_transport_cc, cleared; /* an extension not offered, -1: none */
        uint8_t ids[SDP_EXTENSION_COUNT];
    } cases[] = {
        {"microphone", SDP_KIND_AUDIO, SDP_SOURCE_AUDIO, 0, 0, 1, -1, {1, 0, 0, 4, 5, 0}},
        {"camera", SDP_KIND_VIDEO, SDP_SOURCE_CAMERA, 0, 0, 1, -1, {1, 0, 0, 0, 5, 0}},
        {"simulcast", SDP_KIND_VIDEO, SDP_SOURCE_CAMERA, 0, 2, 1, -1, {1, 2, 3, 0, 5, 0}},
        {"slot only", SDP_KIND_VIDEO, 0, SDP_SOURCE_CAMERA, 2, 1, -1, {1, 0, 0, 0, 5, 0}},
        {"no feedback", SDP_KIND_VIDEO, SDP_SOURCE_CAMERA, 0, 0, 0, -1, {1, 0, 0, 0, 0, 6}},
        {"no sequence",
         SDP_KIND_AUDIO,
         0,
         SDP_SOURCE_AUDIO,
         0,
         1,
         SDP_EXTENSION_TRANSPORT_SEQ,
         {1, 0, 0, 4, 0, 6}},
        {"no MID",
         SDP_KIND_AUDIO,
         0,
         SDP_SOURCE_AUDIO,
         0,
         1,
         SDP_EXTENSION_MID,
         {0, 0, 0, 4, 5, 0}},
        {"no role", SDP_KIND_VIDEO, 0, 0, 2, 1, -1, {0, 0, 0, 0, 0, 0}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sdp_line line = {.kind = cases[i].kind, .rid_count = (uint8_t)cases[i].rid_count};
        struct sdp_role role = {.sends = cases[i].sends, .slot = cases[i].slot};
        uint8_t ids[SDP_EXTENSION_COUNT];
        line.has_transport_cc = cases[i].has_transport_cc;
        for (int k = 0; k < SDP_EXTENSION_COUNT; k++)
            if (k != cases[i].cleared)
                line.extensions[k] =
                    (struct sdp_extmap){(uint8_t)(k + 1), SDP_SENDS | SDP_RECEIVES};
        signalling_sdp_granted_extensions(&line, &role, ids);
        for (int k = 0; k < SDP_EXTENSION_COUNT; k++)
            if (ids[k] != cases[i].ids[k])
                fail_msg("%s: extension %d has id %d", cases[i].name, k, ids[k]);
    }
}

/* An extension that goes the other way only, or nowhere, is not granted. */
static void extension_directions(void **state)
{
    (void)state;
    static const struct {
        uint8_t offered;
        enum sdp_source sends, slot;
        uint8_t id;
    } cases[] = {
        {SDP_SENDS, SDP_SOURCE_CAMERA, 0, 7},
        {SDP_SENDS, 0, SDP_SOURCE_CAMERA, 0},
        {SDP_RECEIVES, SDP_SOURCE_CAMERA, 0, 0},
        {SDP_RECEIVES, 0, SDP_SOURCE_CAMERA, 7},
        {0, SDP_SOURCE_CAMERA, 0, 0},
        {SDP_SENDS, SDP_SOURCE_CAMERA, SDP_SOURCE_CAMERA, 7},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sdp_line line = {.kind = SDP_KIND_VIDEO};
        struct sdp_role role = {.sends = cases[i].sends, .slot = cases[i].slot};
        uint8_t ids[SDP_EXTENSION_COUNT];
        line.extensions[SDP_EXTENSION_MID] = (struct sdp_extmap){7, cases[i].offered};
        signalling_sdp_granted_extensions(&line, &role, ids);
        assert_int_equal(ids[SDP_EXTENSION_MID], cases[i].id);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(real_offers),
        cmocka_unit_test(extensions),
        cmocka_unit_test(extension_directions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
