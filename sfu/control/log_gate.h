/*
 * Keeps the log from what strangers could make of it: joins and leaves in a loop, for instance.
 * Lines leave at a bounded rate, those held back are counted. Pure: time is an argument.
 */
#ifndef IRIS_CONTROL_LOG_GATE_H
#define IRIS_CONTROL_LOG_GATE_H

#include "signalling/limit.h"

/* Public for embedding. */
struct control_log_gate {
    struct signalling_bucket lines;
    unsigned held_back; /* since the last line that left */
};

/** All lines leave at first: as many as the end of a full server makes. */
void control_log_gate_init(struct control_log_gate *gate, uint64_t now_ms);

/**
 * Whether one more line may leave.
 *
 * @param now_ms     monotonic
 * @param held_back  written when it may: how many were not let through before it
 */
bool control_log_gate_admit(struct control_log_gate *gate, uint64_t now_ms, unsigned *held_back);

#endif
