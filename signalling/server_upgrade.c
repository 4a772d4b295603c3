/*
 * Who may talk to the server, and who may open a WebSocket: the rules of server_access.c and of RFC
 * 6455 applied to a request, before libwebsockets answers the handshake.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "signalling/server_internal.h"

static const char *access_sentence(int status)
{
    switch (status) {
    case 421:
        return "This server is not known by that name: add it to `hosts` in the configuration.\n";
    case 403:
        return "Pages of that origin may not connect: add it to `origins` in the configuration.\n";
    default:
        return "The request has no usable Host.\n";
    }
}

/* False: absent. What does not fit is nobody's. */
static bool read_origin(struct lws *wsi, char *out, size_t cap)
{
    if (lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) <= 0)
        return false;
    if (!signalling_http_header(wsi, WSI_TOKEN_ORIGIN, out, cap))
        snprintf(out, cap, "null");
    return true;
}

int signalling_http_check_access(struct lws *wsi, bool with_origin, const char **sentence)
{
    struct signalling_server *server = signalling_server_of(wsi);
    char host[300];
    char origin[400];
    bool has_host = signalling_client_host(wsi, host, sizeof(host));
    bool has_origin = with_origin && read_origin(wsi, origin, sizeof(origin));
    int status;

    status = signalling_access_check(&server->access, has_host ? host : NULL,
                                     has_origin ? origin : NULL);
    if (status == 403)
        signalling_server_notice(server, "origin refused: %.200s", origin);
    *sentence = access_sentence(status);
    return status;
}

/* A header that libwebsockets does not know; name with its colon. False: absent. */
static bool read_header(struct lws *wsi, const char *name, char *out, size_t cap)
{
    int name_len = (int)strlen(name);

    if (lws_hdr_custom_length(wsi, name, name_len) < 0)
        return false;
    if (lws_hdr_custom_copy(wsi, out, (int)cap, name, name_len) < 0)
        snprintf(out, cap, "too long");
    return true;
}

bool signalling_http_is_foreign(struct lws *wsi)
{
    char host[300];
    char origin[400];
    char site[32];
    bool has_host = signalling_client_host(wsi, host, sizeof(host));
    bool has_origin = read_origin(wsi, origin, sizeof(origin));
    bool has_site = read_header(wsi, "sec-fetch-site:", site, sizeof(site));

    return signalling_access_is_foreign(has_host ? host : NULL, has_origin ? origin : NULL,
                                        has_site ? site : NULL);
}

/* RFC 6455, section 4.2.1. @return 0 or the refusing status, with its sentence */
static int check_handshake(struct lws *wsi, const char **sentence)
{
    char text[256];
    char *path = NULL;
    int len = 0;
    int method = lws_http_get_uri_and_method(wsi, &path, &len);

    *sentence = "There is no WebSocket at this address.\n";
    if (signalling_server_is_operations(wsi) || !path || len != (int)strlen(SIGNALLING_PATH) ||
        memcmp(path, SIGNALLING_PATH, (size_t)len) != 0)
        return 404;
    *sentence = "The handshake is not that of RFC 6455, version 13.\n";
    if (method != LWSHUMETH_GET)
        return 405;
    if (!signalling_http_header(wsi, WSI_TOKEN_CONNECTION, text, sizeof(text)) ||
        !signalling_access_has_token(text, "upgrade", true))
        return 400;
    if (!signalling_http_header(wsi, WSI_TOKEN_VERSION, text, sizeof(text)) ||
        strcmp(text, "13") != 0)
        return 426;
    if (!signalling_http_header(wsi, WSI_TOKEN_KEY, text, sizeof(text)) || strlen(text) != 24)
        return 400;
    *sentence = "The subprotocol " SIGNALLING_SUBPROTOCOL " is missing.\n";
    if (!signalling_http_header(wsi, WSI_TOKEN_PROTOCOL, text, sizeof(text)) ||
        !signalling_access_has_token(text, SIGNALLING_SUBPROTOCOL, false))
        return 400;
    return 0;
}

int signalling_http_on_upgrade(struct lws *wsi, const char *protocol)
{
    const struct signalling_ip client = signalling_client_ip(wsi);
    const char *sentence;
    char headers[64] = "Sec-WebSocket-Version: 13\r\n";
    int status = signalling_http_check_access(wsi, true, &sentence);

    if (status == 0 && strcasecmp(protocol, "websocket") != 0) {
        status = 400;
        sentence = "This server upgrades to WebSocket only.\n";
    } else if (status == 0) {
        status = check_handshake(wsi, &sentence);
    }
    /* Last, so that only what would have been opened takes from the address's rate. */
    if (status == 0 &&
        !signalling_rate_admit(signalling_server_of(wsi), &client, headers, sizeof(headers))) {
        status = 429;
        sentence = "There are too many connections from your address: try again later.\n";
    }
    if (status == 0)
        return 0;
    signalling_http_send_sentence(wsi, status, false, true,
                                  status == 426 || status == 429 ? headers : NULL, sentence);
    return -1;
}
