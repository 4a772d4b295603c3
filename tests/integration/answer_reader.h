/*
 * What a test client needs of the server's answer (protocol.md, section 1, "The answer"): transport
 * parameters and, for each line, its direction, SSRCs, payload types and extension ids.
 */
#ifndef IRIS_TESTS_ANSWER_READER_H
#define IRIS_TESTS_ANSWER_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/integration/offer_writer.h"

#define ANSWER_CANDIDATES_MAX 16
#define ANSWER_PROBLEM_BYTES  160

struct answer_candidate {
    char address[46];
    uint16_t port;
    uint32_t priority;
};

struct answer_line {
    bool is_audio;
    unsigned port; /* 0: rejected */
    char mid[32];
    char direction[12]; /* "sendonly" ... */
    char msid[64];
    uint32_t ssrc, rtx_ssrc;            /* of a slot */
    int payload_type, rtx_payload_type; /* -1: none */
    int rid_count;
    struct offer_numbers extensions; /* granted ids; the payload types are not used */
};

struct answer {
    char ufrag[257], pwd[257];
    char setup[12];
    uint8_t fingerprint[32];
    bool is_lite;
    bool has_end_of_candidates;
    unsigned candidate_count;
    struct answer_candidate candidates[ANSWER_CANDIDATES_MAX];
    unsigned line_count;
    struct answer_line lines[OFFER_LINES_MAX];
};

/**
 * Read an answer.
 *
 * @param problem  ANSWER_PROBLEM_BYTES, written on failure: the line that is not understood
 * @return         0 or -1
 */
int answer_read(struct answer *answer, const char *text, char *problem);

/** The line of this mid, NULL if there is none. */
const struct answer_line *answer_line_of(const struct answer *answer, const char *mid);

#endif
