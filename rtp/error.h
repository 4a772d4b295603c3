/*
 * The one list of error codes of the media plane. A function that can fail returns 0 (or a count)
 * on success and one of these, negative, on failure; codes are never combined.
 */
#ifndef IRIS_RTP_ERROR_H
#define IRIS_RTP_ERROR_H

#define IRIS_ERROR_LIST(X)                                                                         \
    X(TRUNCATED, 1, "shorter than its header announces")                                           \
    X(MALFORMED, 2, "violates its wire format")                                                    \
    X(UNSUPPORTED, 3, "well-formed, but not something this server speaks")                         \
    X(AUTH, 4, "failed authentication")                                                            \
    X(REPLAY, 5, "already received, or too old to tell")                                           \
    X(FULL, 6, "a bounded table or buffer is full")                                                \
    X(NO_MEMORY, 7, "out of memory")                                                               \
    X(NOT_FOUND, 8, "no such object")                                                              \
    X(STATE, 9, "not possible in this state")                                                      \
    X(SYSTEM, 10, "the operating system or a library refused")

enum iris_error {
#define X(name, number, text) IRIS_E_##name = -(number),
    IRIS_ERROR_LIST(X)
#undef X
};

/**
 * The sentence that belongs to an error code.
 *
 * @param error  0 or one of IRIS_E_*
 * @return       static text, never NULL ("no error", "unknown error")
 */
const char *rtp_error_text(int error);

#endif
