/* Who the client is, and which Host it asked for: the rules of server_proxy.c applied to a request.
 */
#include <string.h>

#include "signalling/server_internal.h"

/* What libwebsockets holds of all headers (max_http_header_data). */
#define FORWARDED_MAX_BYTES 8192

/* Who is connected to us; no address at all is nobody's: "::". */
static struct signalling_ip peer_ip(struct lws *wsi)
{
    char text[64] = "";
    struct signalling_ip ip = {{0}};

    lws_get_peer_simple(wsi, text, sizeof(text));
    signalling_ip_parse(text, strlen(text), &ip);
    return ip;
}

struct signalling_ip signalling_client_ip(struct lws *wsi)
{
    const struct signalling_server *server = signalling_server_of(wsi);
    struct signalling_ip peer = peer_ip(wsi);
    char list[FORWARDED_MAX_BYTES];

    if (!signalling_proxy_is_trusted(&server->proxies, &peer) ||
        !signalling_http_header(wsi, WSI_TOKEN_X_FORWARDED_FOR, list, sizeof(list)))
        return peer;
    return signalling_proxy_client(&server->proxies, &peer, list);
}

bool signalling_client_host(struct lws *wsi, char *out, size_t cap)
{
    static const char name[] = "x-forwarded-host:";
    const struct signalling_server *server = signalling_server_of(wsi);
    struct signalling_ip peer = peer_ip(wsi);
    char list[FORWARDED_MAX_BYTES];

    if (!signalling_proxy_is_trusted(&server->proxies, &peer) ||
        lws_hdr_custom_length(wsi, name, (int)strlen(name)) <= 0)
        return signalling_http_header(wsi, WSI_TOKEN_HOST, out, cap);
    return lws_hdr_custom_copy(wsi, list, (int)sizeof(list), name, (int)strlen(name)) > 0 &&
           signalling_proxy_host(list, out, cap);
}
