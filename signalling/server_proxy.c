/* Reading X-Forwarded-For and X-Forwarded-Host from their right end. */
#include "signalling/server_proxy.h"

#include <string.h>

/* A piece of a header. */
struct piece {
    const char *text;
    size_t len;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/*
 * Take the last element off a list (RFC 9110, section 5.6.1: empty ones do not count).
 * @return false: there is none
 */
static bool take_last(struct piece *list, struct piece *element)
{
    while (list->len > 0) {
        size_t start = list->len;
        size_t end = list->len;

        while (start > 0 && list->text[start - 1] != ',')
            start--;
        list->len = start > 0 ? start - 1 : 0;
        while (start < end && is_blank(list->text[start]))
            start++;
        while (end > start && is_blank(list->text[end - 1]))
            end--;
        *element = (struct piece){list->text + start, end - start};
        if (element->len > 0)
            return true;
    }
    return false;
}

static bool is_port(const char *text, size_t len)
{
    if (len < 2 || len > 6 || text[0] != ':')
        return false;
    for (size_t i = 1; i < len; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return true;
}

/* An address as proxies write it: bare, or with a port, IPv6 then in brackets (RFC 7239, section
 * 6). */
static bool parse_hop(const struct piece *hop, struct signalling_ip *out)
{
    const char *text = hop->text;
    const char *end = text + hop->len;
    const char *stop;

    if (*text == '[') {
        stop = memchr(text, ']', hop->len);
        return stop && (stop + 1 == end || is_port(stop + 1, (size_t)(end - stop - 1))) &&
               memchr(text, ':', (size_t)(stop - text)) &&
               signalling_ip_parse(text + 1, (size_t)(stop - text - 1), out);
    }
    stop = memchr(text, ':', hop->len);
    if (stop && memchr(text, '.', (size_t)(stop - text)) && is_port(stop, (size_t)(end - stop)))
        return signalling_ip_parse(text, (size_t)(stop - text), out);
    return signalling_ip_parse(text, hop->len, out);
}

bool signalling_proxy_is_prefix(const char *text)
{
    struct signalling_ip_prefix prefix;

    return signalling_ip_prefix_parse(text, &prefix);
}

bool signalling_proxy_is_trusted(const struct signalling_proxies *proxies,
                                 const struct signalling_ip *ip)
{
    for (size_t i = 0; i < proxies->count; i++)
        if (signalling_ip_is_within(ip, &proxies->prefixes[i]))
            return true;
    return false;
}

struct signalling_ip signalling_proxy_client(const struct signalling_proxies *proxies,
                                             const struct signalling_ip *peer,
                                             const char *forwarded_for)
{
    struct piece list = {forwarded_for, forwarded_for ? strlen(forwarded_for) : 0};
    struct signalling_ip client = *peer;
    struct signalling_ip hop;
    struct piece element;

    while (signalling_proxy_is_trusted(proxies, &client) && take_last(&list, &element) &&
           parse_hop(&element, &hop))
        client = hop;
    return client;
}

bool signalling_proxy_host(const char *forwarded_host, char *out, size_t cap)
{
    struct piece list = {forwarded_host, strlen(forwarded_host)};
    struct piece element;

    if (!take_last(&list, &element) || element.len >= cap)
        return false;
    memcpy(out, element.text, element.len);
    out[element.len] = '\0';
    return true;
}
