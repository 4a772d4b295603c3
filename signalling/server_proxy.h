/*
 * Who a client is when proxies stand in between (protocol.md, section 2). Pure text.
 *
 * The rule: X-Forwarded-* is believed from a peer within trusted_proxies and from nobody else. Each
 * proxy appends the address that it was connected from, so the list is read from its right end, and
 * only as far as a trusted hand has written it: what stands further left may have been sent by the
 * client itself.
 */
#ifndef IRIS_SIGNALLING_SERVER_PROXY_H
#define IRIS_SIGNALLING_SERVER_PROXY_H

#include "signalling/ip.h"

/* The trusted proxies; `prefixes` has count entries. */
struct signalling_proxies {
    const struct signalling_ip_prefix *prefixes;
    size_t count;
};

/** Whether text can be configured as a trusted proxy: an address or a prefix. */
bool signalling_proxy_is_prefix(const char *text);

/** Whether an address is a trusted proxy's. */
bool signalling_proxy_is_trusted(const struct signalling_proxies *proxies,
                                 const struct signalling_ip *ip);

/**
 * The client's address: the rightmost one of X-Forwarded-For that is not itself a trusted proxy.
 * With only trusted ones the leftmost; an entry that is no address ends the search at the proxy
 * that wrote it.
 *
 * @param peer           who is connected to us
 * @param forwarded_for  the header, its lines joined by commas; hostile; NULL: absent
 * @return               the client, or peer if peer is no trusted proxy
 */
struct signalling_ip signalling_proxy_client(const struct signalling_proxies *proxies,
                                             const struct signalling_ip *peer,
                                             const char *forwarded_for);

/**
 * The Host that the client asked for: the last entry of X-Forwarded-Host, which is that of the
 * proxy that is connected to us. Whether to believe it is decided by the caller
 * (signalling_proxy_is_trusted()).
 *
 * @param forwarded_host  the header; hostile
 * @param out             the entry, cut to cap and terminated; it is judged like any Host
 * @return                false: it has no entry, or one that does not fit
 */
bool signalling_proxy_host(const char *forwarded_host, char *out, size_t cap);

#endif
