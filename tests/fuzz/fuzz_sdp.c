/*
 * Any bytes as an offer: parsed, given roles, answered. What is accepted must give an answer that
 * is plain SDP, has as many m-lines as the offer, and fits.
 */
#include "signalling/sdp.h"
#include "tests/fuzz/target.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static void check_answer(const char *text, int len, unsigned line_count)
{
    unsigned media = 0;
    CHECK(len > 0 && (size_t)len == strlen(text));
    for (const char *line = text; *line;) {
        const char *end = strstr(line, "\r\n");
        CHECK(end && end > line + 1 && line[1] == '=');
        for (const char *c = line; c < end; c++)
            CHECK(*c >= ' ' && *c < 127);
        media += line[0] == 'm';
        line = end + 2;
    }
    CHECK(media == line_count);
}

static void answer_offer(const struct sdp_offer *offer, unsigned rights_bits)
{
    static char out[SDP_ANSWER_MAX_BYTES];
    static const uint8_t fingerprint[SDP_FINGERPRINT_BYTES];
    struct sdp_role roles[SDP_LINES_MAX];
    const struct sdp_rights rights = {rights_bits & 1, rights_bits & 2, rights_bits & 4,
                                      rights_bits & 8};
    const struct sdp_answer answer = {.session_id = 1,
                                      .version = 1,
                                      .ufrag = "ufrag",
                                      .pwd = "passwordpasswordpassword",
                                      .fingerprint = fingerprint,
                                      .candidate_count = 1,
                                      .candidates = {{"127.0.0.1", 49152, 1}}};
    signalling_sdp_assign_roles(offer, &rights, roles);
    for (unsigned i = 0; i < offer->line_count; i++) {
        roles[i].slot_ssrc = 1000 + i;
        roles[i].slot_rtx_ssrc = 2000 + i;
        CHECK(!roles[i].sends || (offer->lines[i].direction & SDP_SENDS));
        CHECK(!roles[i].slot || (offer->lines[i].direction & SDP_RECEIVES));
    }
    int len = signalling_sdp_write_answer(offer, roles, &answer, out, sizeof(out));
    check_answer(out, len, offer->line_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sdp_offer offer;
    struct sdp_error error = {0, ""};
    if (signalling_sdp_parse_offer(&offer, (const char *)data, size, &error) < 0) {
        CHECK(error.reason[0] && strlen(error.reason) + 1 < sizeof(error.reason));
        return 0;
    }
    for (unsigned rights = 0; rights < 16; rights += 5)
        answer_offer(&offer, rights);
    return 0;
}
