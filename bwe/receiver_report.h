/*
 * Losses out of RTCP receiver reports (RFC 3550, 6.4), for receivers that send no
 * transport feedback.
 *
 * Invariant: an interval is counted once; the first report of an SSRC only marks where it begins.
 */
#ifndef IRIS_BWE_RECEIVER_REPORT_H
#define IRIS_BWE_RECEIVER_REPORT_H

#include <stdint.h>

#define BWE_REPORT_SSRCS 16 /* slots and their RTX; more SSRCs take over the oldest entry */

/* One report block about an SSRC that we send. */
struct bwe_report {
    uint32_t ssrc;
    uint32_t highest_seq;    /* extended */
    int32_t cumulative_lost; /* 24 bits, signed */
    int64_t rtt_us;          /* 0: the block allows no measurement */
};

struct bwe_report_source {
    uint32_t ssrc, highest_seq;
    int32_t cumulative_lost;
    int64_t seen_us; /* 0: free */
};

/* Zero-initialised. */
struct bwe_receiver_reports {
    struct bwe_report_source sources[BWE_REPORT_SSRCS];
    uint32_t expected, lost; /* since the last taking */
};

/** Take a report block in. Steps back, and jumps of more than 2^15 packets, only move the mark. */
void bwe_receiver_reports_add(struct bwe_receiver_reports *reports, const struct bwe_report *report,
                              int64_t now_us);

/**
 * The share of packets lost since the last call.
 *
 * @param least  packets without which nothing is said
 * @return       0 to 1, or -1 while too few packets have been reported
 */
double bwe_receiver_reports_take_loss(struct bwe_receiver_reports *reports, uint32_t least);

#endif
