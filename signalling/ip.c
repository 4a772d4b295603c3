/* IP addresses and prefixes as numbers. inet_pton() and inet_ntop() convert text and touch no
 * network. */
#include "signalling/ip.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool signalling_ip_parse(const char *text, size_t len, struct signalling_ip *out)
{
    char terminated[SIGNALLING_IP_TEXT_BYTES];
    struct signalling_ip ip;

    if (len == 0 || len >= sizeof(terminated) || memchr(text, '\0', len))
        return false;
    memcpy(terminated, text, len);
    terminated[len] = '\0';
    memcpy(ip.bytes, mapped, sizeof(mapped));
    if (inet_pton(AF_INET, terminated, ip.bytes + 12) != 1 &&
        inet_pton(AF_INET6, terminated, ip.bytes) != 1)
        return false;
    *out = ip;
    return true;
}

bool signalling_ip_is_v4(const struct signalling_ip *ip)
{
    return memcmp(ip->bytes, mapped, sizeof(mapped)) == 0;
}

void signalling_ip_format(const struct signalling_ip *ip, char out[SIGNALLING_IP_TEXT_BYTES])
{
    bool is_v4 = signalling_ip_is_v4(ip);

    inet_ntop(is_v4 ? AF_INET : AF_INET6, ip->bytes + (is_v4 ? 12 : 0), out,
              SIGNALLING_IP_TEXT_BYTES);
}

/* One to three digits up to the end. */
static bool parse_bits(const char *text, unsigned max, unsigned *out)
{
    size_t len = strspn(text, "0123456789");
    unsigned value = 0;

    if (len == 0 || len > 3 || text[len] != '\0')
        return false;
    for (size_t i = 0; i < len; i++)
        value = value * 10 + (unsigned)(text[i] - '0');
    *out = value;
    return value <= max;
}

/* Whether all bits from `bits` on are zero. */
static bool is_zero_from(const struct signalling_ip *ip, unsigned bits)
{
    for (unsigned i = bits; i < 128; i++)
        if (ip->bytes[i / 8] & (0x80u >> (i % 8)))
            return false;
    return true;
}

bool signalling_ip_prefix_parse(const char *text, struct signalling_ip_prefix *out)
{
    size_t len = strcspn(text, "/");
    struct signalling_ip_prefix prefix = {.bits = 128};
    unsigned written_before; /* of a mapped address: bits in front of the IPv4 address */

    if (!signalling_ip_parse(text, len, &prefix.first))
        return false;
    written_before = memchr(text, ':', len) ? 0 : 96;
    if (text[len] == '/') {
        if (!parse_bits(text + len + 1, 128 - written_before, &prefix.bits))
            return false;
        prefix.bits += written_before;
    }
    if (!is_zero_from(&prefix.first, prefix.bits))
        return false;
    *out = prefix;
    return true;
}

bool signalling_ip_is_within(const struct signalling_ip *ip,
                             const struct signalling_ip_prefix *prefix)
{
    unsigned whole = prefix->bits / 8, rest = prefix->bits % 8;

    if (memcmp(ip->bytes, prefix->first.bytes, whole) != 0)
        return false;
    return rest == 0 || ((ip->bytes[whole] ^ prefix->first.bytes[whole]) >> (8 - rest)) == 0;
}
