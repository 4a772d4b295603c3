/*
 * SDP offers of the test clients (RFC 8829): the lines that a test wants, in the order that it
 * wants, with payload types and extension ids of our own, so that a server which hard-codes the
 * browsers' fails.
 */
#ifndef IRIS_TESTS_OFFER_WRITER_H
#define IRIS_TESTS_OFFER_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#define OFFER_LINES_MAX 16
#define OFFER_RIDS_MAX  3

enum offer_line_kind {
    OFFER_MICROPHONE, /* audio, sendonly */
    OFFER_CAMERA,     /* video, sendonly; simulcast with rids */
    OFFER_SCREEN,     /* video, sendonly, a=content:slides */
    OFFER_AUDIO_SLOT, /* audio, recvonly */
    OFFER_VIDEO_SLOT, /* video, recvonly */
    OFFER_SCREEN_SLOT /* video, recvonly, a=content:slides */
};

struct offer_line {
    enum offer_line_kind kind;
    char mid[8];
    uint32_t ssrc, rtx_ssrc; /* of a line that sends without rids; rtx_ssrc of video only */
    unsigned rid_count;
    const char *rids[OFFER_RIDS_MAX];
};

/* The ids of an offer; all extensions of protocol.md, section 1. */
struct offer_numbers {
    uint8_t opus, vp8, rtx; /* payload types */
    uint8_t mid, rid, repaired_rid, audio_level, transport_seq, abs_send_time;
};

/* Numbers that neither Chromium nor Firefox uses for these things. */
extern const struct offer_numbers OFFER_NUMBERS;

struct offer {
    const struct offer_numbers *numbers;
    const char *ufrag, *pwd;
    const char *fingerprint; /* "AB:CD:...", sha-256 */
    const char *setup;       /* "actpass", "active" */
    unsigned line_count;
    struct offer_line lines[OFFER_LINES_MAX];
};

/**
 * Append a line; its mid is made of its kind and index.
 *
 * @return  the line, for SSRCs and rids
 */
struct offer_line *offer_add_line(struct offer *offer, enum offer_line_kind kind);

/** The text of the offer, CRLF lines. @return to be freed with free() */
char *offer_write(const struct offer *offer);

#endif
