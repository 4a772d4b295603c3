/*
 * Who may talk to the server at all: the rules on Host and Origin (protocol.md, section 2). Pure
 * text.
 *
 * Host guards against DNS rebinding (a stranger's name that resolves to us), Origin against foreign
 * pages that open a WebSocket with the visitor's network position.
 */
#ifndef IRIS_SIGNALLING_SERVER_ACCESS_H
#define IRIS_SIGNALLING_SERVER_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

/* Lists of at most `cap` entries each, ended by NULL or by cap. */
struct signalling_access {
    const char *const *hosts;   /* "localhost", "[::1]", "meet.example.org" */
    const char *const *origins; /* "https://example.org" */
    size_t cap;
};

/**
 * Judge a request by its Host and Origin (RFC 9110, section 7.2; RFC 6454, section 7).
 *
 * @param host    header's text, NULL: absent. Any port is accepted
 * @param origin  header's text, NULL: absent (native clients) or not to be judged (no WebSocket)
 * @return        0 or the HTTP status of the refusal: 400 (no usable Host), 421, 403
 */
int signalling_access_check(const struct signalling_access *access, const char *host,
                            const char *origin);

/**
 * Whether a page of another origin asks, other port included (a page of another server on the same
 * machine is a stranger, too): for calls that change something, where a browser's user must not
 * lend his network position to whatever page he looks at.
 *
 * @param host       header's text, NULL: absent
 * @param origin     header's text, NULL: absent
 * @param fetch_site Sec-Fetch-Site (W3C Fetch Metadata), NULL: absent
 * @return           false also for programs, which send neither
 */
bool signalling_access_is_foreign(const char *host, const char *origin, const char *fetch_site);

/** Whether text can stand in access->hosts: a name or address, without a port, IPv6 in brackets or
 * not. */
bool signalling_access_is_host(const char *text);

/** Whether text can stand in access->origins: scheme://host[:port], http or https, nothing behind.
 */
bool signalling_access_is_origin(const char *text);

/** Whether a comma-separated header names a token (RFC 9110, section 5.6.1). */
bool signalling_access_has_token(const char *list, const char *token, bool ignore_case);

#endif
