/*
 * Bodies of calls: short ones, of a length that is announced, on the operations listener only. What
 * comes on the public one needs none.
 */
#include <stdlib.h>
#include <string.h>

#include "signalling/server_internal.h"

/* RFC 9110, section 9.3: of other methods a body has no meaning. */
static bool takes_body(const struct http_session *session)
{
    static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE"};

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (strcmp(session->method, methods[i]) == 0)
            return true;
    return false;
}

int signalling_body_check(struct lws *wsi, const struct http_session *session, size_t *len)
{
    char length[24];
    unsigned long announced;

    *len = 0;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0)
        return 413;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) <= 0)
        return 0;
    if (!signalling_http_header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, length, sizeof(length)) ||
        strspn(length, "0123456789") != strlen(length))
        return 400;
    announced = strtoul(length, NULL, 10); /* ULONG_MAX if there are too many digits */
    if (announced == 0)
        return 0;
    if (!signalling_server_is_operations(wsi) || !takes_body(session) ||
        announced > SIGNALLING_BODY_MAX_BYTES)
        return 413;
    *len = announced;
    return 0;
}

bool signalling_body_expect(struct http_session *session, size_t len)
{
    session->body = calloc(1, len + 1);
    session->body_len = 0;
    session->body_expected = len;
    return session->body != NULL;
}

bool signalling_body_take(struct http_session *session, const void *bytes, size_t len)
{
    if (!session->body || len > session->body_expected - session->body_len)
        return false;
    memcpy(session->body + session->body_len, bytes, len);
    session->body_len += len;
    return true;
}

void signalling_body_drop(struct http_session *session)
{
    free(session->body);
    session->body = NULL;
    session->body_len = session->body_expected = 0;
}
