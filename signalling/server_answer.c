/*
 * Answers of HTTP/1.1, written by hand: each carries the same few headers, and libwebsockets' own
 * head would add its name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "signalling/server_internal.h"

#define HEAD_MAX_BYTES 2048

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {200, "OK"},
    {201, "Created"},
    {204, "No Content"},
    {304, "Not Modified"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
};

static const char *reason_phrase(int status)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Answer";
}

bool signalling_http_header(struct lws *wsi, enum lws_token_indexes token, char *out, size_t cap)
{
    return lws_hdr_total_length(wsi, token) > 0 && lws_hdr_copy(wsi, out, (int)cap, token) > 0;
}

/*
 * Own origin only; WebSockets to the same host are named, because 'self' covers them in new
 * browsers only. Host has passed the rules, so its characters are harmless; IPv6 has no form in a
 * policy.
 */
static void security_headers(struct lws *wsi, char *out, size_t cap)
{
    char host[300];
    char sockets[700] = "";

    if (signalling_client_host(wsi, host, sizeof(host)) && host[0] != '[' &&
        strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:") ==
            strlen(host))
        snprintf(sockets, sizeof(sockets), " ws://%s wss://%s", host, host);
    snprintf(out, cap,
             "Content-Security-Policy: default-src 'self'; connect-src 'self'%s; img-src 'self' "
             "data: blob:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action "
             "'self'; frame-ancestors 'none'\r\n"
             "X-Content-Type-Options: nosniff\r\n"
             "Referrer-Policy: no-referrer\r\n",
             sockets);
}

static int write_head(struct lws *wsi, const struct http_answer *answer, unsigned char *out,
                      size_t cap)
{
    char security[1200];
    char date[40];
    char type[128] = "";
    char length[48] = "";
    bool is_last = answer->is_last || signalling_server_is_operations(wsi); /* server_http.c */
    time_t now = time(NULL);
    struct tm utc;
    int used;

    gmtime_r(&now, &utc);
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    security_headers(wsi, security, sizeof(security));
    if (answer->content_type)
        snprintf(type, sizeof(type), "Content-Type: %.100s\r\n", answer->content_type);
    if (!answer->is_endless && answer->status != 204) /* RFC 9110, section 8.6 */
        snprintf(length, sizeof(length), "Content-Length: %llu\r\n",
                 (unsigned long long)(answer->content_length ? answer->content_length
                                                             : answer->body_len));
    used = snprintf((char *)out, cap,
                    "HTTP/1.1 %d %s\r\nDate: %s\r\n%s%s%s%s%s"
                    "Cache-Control: no-cache\r\n\r\n",
                    answer->status, reason_phrase(answer->status), date, type, length,
                    is_last ? "Connection: close\r\n" : "", answer->headers ? answer->headers : "",
                    security);
    return used > 0 && (size_t)used < cap ? used : -1;
}

/* One write; what the socket does not take, libwebsockets keeps. */
int signalling_http_send(struct lws *wsi, const struct http_answer *answer)
{
    size_t body_len = answer->is_head ? 0 : answer->body_len;
    unsigned char *buffer = malloc(LWS_PRE + HEAD_MAX_BYTES + body_len);
    int head_len = buffer ? write_head(wsi, answer, buffer + LWS_PRE, HEAD_MAX_BYTES) : -1;
    int written = -1;

    if (head_len > 0) {
        if (body_len > 0)
            memcpy(buffer + LWS_PRE + head_len, answer->body, body_len);
        written =
            lws_write(wsi, buffer + LWS_PRE, (size_t)head_len + body_len, LWS_WRITE_HTTP_HEADERS);
    }
    free(buffer);
    return written < 0 ? -1 : 0;
}

/* {code, message}; the sentence without its line break. @return malloc'ed, NULL: no memory */
static char *error_object(int status, const char *sentence)
{
    json_t *object =
        json_pack("{s:i, s:s#}", "code", status, "message", sentence, (int)strcspn(sentence, "\n"));
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

    json_decref(object);
    return text;
}

int signalling_http_send_sentence(struct lws *wsi, int status, bool is_head, bool is_last,
                                  const char *headers, const char *sentence)
{
    char *object = signalling_server_is_operations(wsi) ? error_object(status, sentence) : NULL;
    const char *body = object ? object : sentence;
    struct http_answer answer = {.status = status,
                                 .content_type =
                                     object ? "application/json" : "text/plain; charset=utf-8",
                                 .headers = headers,
                                 .body = body,
                                 .body_len = strlen(body),
                                 .is_head = is_head,
                                 .is_last = is_last};
    int sent = signalling_http_send(wsi, &answer);

    free(object);
    return sent;
}
