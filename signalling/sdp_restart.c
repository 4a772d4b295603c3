/* An ICE restart changes credentials and nothing else (protocol.md, section 2, "offer"). */
#include <string.h>

#include "signalling/sdp_text.h"

/* What differs between two lines; NULL: nothing that matters. */
static const char *difference(const struct sdp_line *before, const struct sdp_line *now)
{
    if (before->kind != now->kind)
        return "kind";
    if (strcmp(before->mid, now->mid) != 0)
        return "mid";
    if (before->is_rejected != now->is_rejected)
        return "port";
    if (before->direction != now->direction)
        return "direction";
    if (before->payload_type != now->payload_type ||
        before->rtx_payload_type != now->rtx_payload_type)
        return "payload types";
    return NULL;
}

int signalling_sdp_check_restart(const struct sdp_offer *before, const struct sdp_offer *now,
                                 struct sdp_error *error)
{
    if (now->line_count != before->line_count)
        return sdp_fail(
            error, 0,
            "The offer has %u lines instead of %u; an ICE restart changes credentials only.",
            now->line_count, before->line_count);
    for (unsigned i = 0; i < now->line_count; i++) {
        const char *what = difference(&before->lines[i], &now->lines[i]);
        if (what)
            return sdp_fail(error, now->lines[i].text_line,
                            "The line's %s changed; an ICE restart changes credentials only.",
                            what);
    }
    if (memcmp(before->fingerprint, now->fingerprint, sizeof(now->fingerprint)) != 0)
        return sdp_fail(
            error, 0,
            "The fingerprint changed; a new certificate needs a new PeerConnection and join.");
    return 0;
}
