/*
 * STUN binding requests of a client's ICE agent made by hand (RFC 8489, RFC 8445), right or wrong
 * in a chosen way, and the reading of the answers.
 */
#ifndef IRIS_TESTS_STUN_MESSAGE_H
#define IRIS_TESTS_STUN_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STUN_MESSAGE_MAX_BYTES  1024
#define STUN_TRANSACTION_BYTES  12
#define STUN_UNKNOWN_COMPULSORY 0x7ABC /* below 0x8000: must be understood (RFC 8489, 14) */

struct stun_check {
    const char *username; /* "theirs:ours" */
    const char *password; /* the server's */
    uint32_t priority;
    bool use_candidate;
    bool is_controlled; /* claims the server's own role: 487 */
    bool has_unknown;   /* carries STUN_UNKNOWN_COMPULSORY: 420 */
    bool has_bad_fingerprint;
    bool lacks_integrity;
    uint8_t transaction[STUN_TRANSACTION_BYTES];
};

enum stun_answer_kind { STUN_ANSWER_NONE, STUN_ANSWER_SUCCESS, STUN_ANSWER_ERROR };

struct stun_answer {
    enum stun_answer_kind kind; /* STUN_ANSWER_NONE: not an answer, or a broken one */
    uint8_t transaction[STUN_TRANSACTION_BYTES];
    int error_code;       /* of an error */
    uint16_t mapped_port; /* of a success: XOR-MAPPED-ADDRESS */
    uint32_t mapped_ipv4;
    bool has_integrity; /* MESSAGE-INTEGRITY is there and right */
};

/** Write a binding request. @param out STUN_MESSAGE_MAX_BYTES. @return its length */
size_t stun_message_write_check(uint8_t *out, const struct stun_check *check);

/** Read a binding answer. @param password what its integrity is checked with */
void stun_message_read_answer(struct stun_answer *answer, const uint8_t *data, size_t len,
                              const char *password);

#endif
