/*
 * Session descriptions: what a participant writes - the browser's eleven lines (protocol.md,
 * section 1), or whatever lines another kind of server wants - and what is needed of what the
 * server writes. The server is trusted to write correct SDP; tests of the answer itself are
 * elsewhere.
 */
#ifndef IRIS_BENCH_BUBBLES_DESCRIPTION_H
#define IRIS_BENCH_BUBBLES_DESCRIPTION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/bubbles/dtls.h"
#include "bench/bubbles/ice.h"
#include "rtp/packet.h"

#define BUBBLES_LINES          11
#define BUBBLES_SLOTS          8 /* 3 voices, 4 cameras, 1 screen */
#define BUBBLES_FIRST_SLOT     3 /* line of the first slot */
#define BUBBLES_CANDIDATES_MAX 16

/* The lines, in order. The line's index is its mid. */
enum bubbles_line_index {
    BUBBLES_LINE_MICROPHONE,
    BUBBLES_LINE_CAMERA,
    BUBBLES_LINE_SCREEN,
};

enum bubbles_kind { BUBBLES_VOICE, BUBBLES_CAMERA, BUBBLES_SHARED_SCREEN, BUBBLES_KINDS };

/* Simulcast layers of a camera, by rid: low and high. */
#define BUBBLES_LAYERS 2
extern const char *const bubbles_rids[BUBBLES_LAYERS];

/* One m-line that we write; its index is its mid. */
struct bubbles_offer_line {
    enum bubbles_kind kind;
    bool sends;
    bool is_simulcast;                      /* of a camera that sends: rids instead of SSRCs */
    uint32_t ssrc, rtx_ssrc;                /* named if it sends and ssrc is not 0 */
    uint8_t payload_type, rtx_payload_type; /* 0: ours */
    const uint8_t *ids;                     /* extensions, by enum rtp_extension; NULL: ours */
};

/* A description, an offer or an answer. */
struct bubbles_offer {
    const char *ufrag, *pwd, *fingerprint;
    const char *setup;     /* RFC 4145: actpass, active */
    const char *candidate; /* address of a host candidate that is nobody's; NULL: none */
    unsigned line_count;
    struct bubbles_offer_line lines[BUBBLES_LINES];
};

/** The browser's eleven lines. @param offer lines are written, SSRCs of sending ones are not */
void bubbles_offer_set_lines(struct bubbles_offer *offer, bool is_simulcast);

/** The text. @return free() it; NULL: no memory */
char *bubbles_offer_write(const struct bubbles_offer *offer);

struct bubbles_answer_line {
    bool is_accepted;
    uint32_t ssrc, rtx_ssrc; /* of a slot */
    uint8_t payload_type, rtx_payload_type;
    uint8_t ids[RTP_EXTENSION_COUNT]; /* by enum rtp_extension; 0: not granted */
};

struct bubbles_answer {
    char ufrag[BUBBLES_UFRAG_BYTES], pwd[BUBBLES_PWD_BYTES];
    uint8_t fingerprint[BUBBLES_FINGERPRINT_BYTES];
    unsigned candidate_count;
    struct sockaddr_storage candidates[BUBBLES_CANDIDATES_MAX];
    struct bubbles_answer_line lines[BUBBLES_LINES];
};

/**
 * Read what the server wrote, answer or offer.
 *
 * @param line_count  m-lines that it must have, at most BUBBLES_LINES
 * @return            0, or -1: it lacks credentials, fingerprint or a candidate, or has other lines
 */
int bubbles_answer_read(struct bubbles_answer *answer, const char *text, unsigned line_count);

/** Length of a candidate's address, for the socket calls. */
socklen_t bubbles_candidate_len(const struct sockaddr_storage *candidate);

#endif
