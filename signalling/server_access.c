/*
 * Rules on Host and Origin. Everything is compared after parsing: names without case, ports as
 * numbers, a default port (80, 443) like no port.
 */
#include "signalling/server_access.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define NAME_MAX_BYTES 255 /* of a DNS name (RFC 1035, section 2.3.4) */

/* A piece of a header: "host[:port]". IPv6 without its brackets. */
struct authority {
    const char *name;
    size_t name_len;
    int port; /* -1: none */
};

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '.' || c == '-' || c == '_';
}

static bool is_v6_char(char c)
{
    return isxdigit((unsigned char)c) || c == ':' || c == '.';
}

/* ":port" to the end of the text, or nothing. */
static bool parse_port(const char *text, int *port)
{
    *port = -1;
    if (*text == '\0')
        return true;
    if (*text++ != ':' || *text == '\0')
        return false;
    *port = 0;
    for (; *text; text++) {
        if (!isdigit((unsigned char)*text))
            return false;
        *port = *port * 10 + (*text - '0');
        if (*port > 65535)
            return false;
    }
    return true;
}

/* RFC 3986, section 3.2, without user information. */
static bool parse_authority(const char *text, struct authority *authority)
{
    bool is_v6 = *text == '[';
    size_t len = 0;

    text += is_v6;
    while (is_v6 ? is_v6_char(text[len]) : is_name_char(text[len]))
        len++;
    if (len == 0 || len > NAME_MAX_BYTES || (is_v6 && text[len] != ']'))
        return false;
    authority->name = text;
    authority->name_len = len;
    return parse_port(text + len + is_v6, &authority->port);
}

static bool is_same_name(const struct authority *a, const struct authority *b)
{
    return a->name_len == b->name_len && strncasecmp(a->name, b->name, a->name_len) == 0;
}

/* Splits "http(s)://authority"; a missing port becomes the scheme's. */
static bool parse_origin(const char *text, struct authority *authority, bool *is_tls)
{
    *is_tls = strncasecmp(text, "https://", 8) == 0;
    if (!*is_tls && strncasecmp(text, "http://", 7) != 0)
        return false;
    if (!parse_authority(text + (*is_tls ? 8 : 7), authority))
        return false;
    if (authority->port == -1)
        authority->port = *is_tls ? 443 : 80;
    return true;
}

/* A configured host: like an authority without port, but IPv6 may come without brackets. */
static bool parse_host(const char *text, struct authority *authority)
{
    size_t len = strlen(text);

    if (*text != '[' && strchr(text, ':')) {
        authority->name = text;
        authority->name_len = len;
        authority->port = -1;
        return len <= NAME_MAX_BYTES && strspn(text, "0123456789abcdefABCDEF:.") == len &&
               strchr(strchr(text, ':') + 1, ':');
    }
    return parse_authority(text, authority) && authority->port == -1;
}

bool signalling_access_is_host(const char *text)
{
    struct authority authority;

    return parse_host(text, &authority);
}

bool signalling_access_is_origin(const char *text)
{
    struct authority authority;
    bool is_tls;

    return parse_origin(text, &authority, &is_tls);
}

static bool is_listed_host(const struct signalling_access *access, const struct authority *host)
{
    struct authority listed;

    for (size_t i = 0; i < access->cap && access->hosts[i]; i++)
        if (parse_host(access->hosts[i], &listed) && is_same_name(&listed, host))
            return true;
    return false;
}

static bool is_listed_origin(const struct signalling_access *access, const struct authority *origin,
                             bool is_tls)
{
    struct authority listed;
    bool is_listed_tls;

    for (size_t i = 0; i < access->cap && access->origins[i]; i++)
        if (parse_origin(access->origins[i], &listed, &is_listed_tls) && is_listed_tls == is_tls &&
            listed.port == origin->port && is_same_name(&listed, origin))
            return true;
    return false;
}

int signalling_access_check(const struct signalling_access *access, const char *host,
                            const char *origin)
{
    struct authority host_authority;
    struct authority origin_authority;
    bool is_tls;

    if (!host || !parse_authority(host, &host_authority))
        return 400;
    if (!is_listed_host(access, &host_authority))
        return 421;
    if (!origin)
        return 0;
    if (!parse_origin(origin, &origin_authority, &is_tls))
        return 403; /* "null" of sandboxed pages and files among them */
    if (is_same_name(&origin_authority, &host_authority) ||
        is_listed_origin(access, &origin_authority, is_tls))
        return 0;
    return 403;
}

bool signalling_access_is_foreign(const char *host, const char *origin, const char *fetch_site)
{
    struct authority host_authority;
    struct authority origin_authority;
    bool is_tls;

    if (fetch_site && strcmp(fetch_site, "same-origin") != 0 && strcmp(fetch_site, "none") != 0)
        return true;
    if (!origin)
        return false;
    if (!host || !parse_authority(host, &host_authority) ||
        !parse_origin(origin, &origin_authority, &is_tls) ||
        !is_same_name(&origin_authority, &host_authority))
        return true;
    if (host_authority.port == -1)
        host_authority.port = is_tls ? 443 : 80;
    return host_authority.port != origin_authority.port;
}

bool signalling_access_has_token(const char *list, const char *token, bool ignore_case)
{
    size_t token_len = strlen(token);

    while (*list) {
        size_t len = strcspn(list, ",");
        const char *start = list;
        size_t trimmed = len;

        while (trimmed > 0 && (*start == ' ' || *start == '\t')) {
            start++;
            trimmed--;
        }
        while (trimmed > 0 && (start[trimmed - 1] == ' ' || start[trimmed - 1] == '\t'))
            trimmed--;
        if (trimmed == token_len && (ignore_case ? strncasecmp(start, token, token_len)
                                                 : strncmp(start, token, token_len)) == 0)
            return true;
        list += len + (list[len] == ',');
    }
    return false;
}
