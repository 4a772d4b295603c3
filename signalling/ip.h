/*
 * IP addresses and prefixes as numbers: what proxies are compared by and what limits are kept for.
 * IPv4 is held as its IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2), so that one comparison
 * serves both and 192.0.2.1 is the same client as ::ffff:192.0.2.1.
 */
#ifndef IRIS_SIGNALLING_IP_H
#define IRIS_SIGNALLING_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGNALLING_IP_TEXT_BYTES 46 /* of the longest textual address, terminated */

struct signalling_ip {
    uint8_t bytes[16]; /* network order */
};

struct signalling_ip_prefix {
    struct signalling_ip first;
    unsigned bits; /* of 128: 96 more than an IPv4 prefix is written with */
};

/**
 * Read an address: dotted IPv4 or IPv6 without brackets, zone or blanks.
 *
 * @param text  len bytes, hostile, need not be terminated
 * @param out   written on success
 */
bool signalling_ip_parse(const char *text, size_t len, struct signalling_ip *out);

/** Write an address, IPv4 in its own form. @param out  SIGNALLING_IP_TEXT_BYTES */
void signalling_ip_format(const struct signalling_ip *ip, char out[SIGNALLING_IP_TEXT_BYTES]);

/** Read "192.0.2.7", "10.20.0.0/24" or "2001:db8::/32"; bits behind the prefix must be zero. */
bool signalling_ip_prefix_parse(const char *text, struct signalling_ip_prefix *out);

bool signalling_ip_is_v4(const struct signalling_ip *ip);
bool signalling_ip_is_within(const struct signalling_ip *ip,
                             const struct signalling_ip_prefix *prefix);

#endif
