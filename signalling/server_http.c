/*
 * HTTP/1.1: files of the web root, then calls of the handler. The folder dashboard of the root is
 * the operations listener's, everything else in it the public one's.
 *
 * libwebsockets 4.1.6 mistakes what follows a request for its body, or spins on it for ever, when
 * requests are pipelined. So where calls have bodies and answers that do not end, on the operations
 * listener, a connection carries one call; on the public one, a request that announces a body is
 * refused and ends its connection. Either way nothing is left that could be taken for a request.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signalling/server_internal.h"

#define CHUNK_BYTES        16384
#define STALLED_TRANSFER_S 30 /* a download that takes nothing for so long is ended */
#define DASHBOARD_PATH     "/dashboard"

/* The call has been answered: go on with the next one, or end the connection. The session may be
 * gone afterwards. */
static int complete(struct lws *wsi, int sent)
{
    if (sent < 0 || signalling_server_is_operations(wsi))
        return -1;
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

/* Whoever names gzip takes it; `gzip;q=0`, which nobody sends, gets it, too. */
static bool wants_gzip(struct lws *wsi)
{
    char codings[256];

    return signalling_http_header(wsi, WSI_TOKEN_HTTP_ACCEPT_ENCODING, codings, sizeof(codings)) &&
           strstr(codings, "gzip");
}

static bool wants_file(struct lws *wsi, const struct web_file *file)
{
    char match[256];

    if (!signalling_http_header(wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH, match, sizeof(match)))
        return true;
    return strcmp(match, "*") != 0 && !strstr(match, file->etag);
}

/* Start a file: the head now, the content as the socket takes it. */
static int send_file(struct lws *wsi, struct http_session *session, const struct web_file *file)
{
    bool is_wanted = wants_file(wsi, file);
    char headers[160];
    struct http_answer answer = {.status = is_wanted ? 200 : 304,
                                 .content_type = is_wanted ? file->content_type : NULL,
                                 .headers = headers,
                                 .content_length = is_wanted ? file->size_bytes : 0};

    snprintf(headers, sizeof(headers), "ETag: %s\r\nVary: Accept-Encoding\r\n%s", file->etag,
             file->is_gzip ? "Content-Encoding: gzip\r\n" : "");
    if (signalling_http_send(wsi, &answer) < 0) {
        close(file->fd);
        return -1;
    }
    if (!is_wanted || session->is_head || file->size_bytes == 0) {
        close(file->fd);
        return complete(wsi, 0);
    }
    session->fd = file->fd;
    session->left_bytes = file->size_bytes;
    session->is_sending_file = true;
    lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, STALLED_TRANSFER_S);
    lws_callback_on_writable(wsi);
    return 0;
}

static void drop_file(struct http_session *session)
{
    if (session->is_sending_file)
        close(session->fd);
    session->is_sending_file = false;
}

/* The socket takes more of a file. A file that shrank meanwhile ends the connection. */
static int continue_file(struct lws *wsi, struct http_session *session)
{
    unsigned char buffer[LWS_PRE + CHUNK_BYTES];
    size_t wanted = session->left_bytes < CHUNK_BYTES ? (size_t)session->left_bytes : CHUNK_BYTES;
    ssize_t got = read(session->fd, buffer + LWS_PRE, wanted);
    bool is_final = got > 0 && (uint64_t)got == session->left_bytes;

    if (got <= 0)
        return -1;
    if (lws_write(wsi, buffer + LWS_PRE, (size_t)got,
                  is_final ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < 0)
        return -1;
    session->left_bytes -= (uint64_t)got;
    if (is_final) {
        drop_file(session);
        return complete(wsi, 0);
    }
    lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, STALLED_TRANSFER_S);
    lws_callback_on_writable(wsi);
    return 0;
}

/* Ask the handler; it sees HEAD as GET and needs not know the difference. False: not its call. */
static bool answer_by_handler(struct lws *wsi, struct http_session *session, int *sent)
{
    struct signalling_server *server = signalling_server_of(wsi);
    char type[128] = "";
    struct signalling_http_request request = {.is_operations = signalling_server_is_operations(wsi),
                                              .method = session->is_head ? "GET" : session->method,
                                              .path = session->path,
                                              .is_foreign = signalling_http_is_foreign(wsi),
                                              .content_type = type,
                                              .body = session->body ? session->body : "",
                                              .body_len = session->body_len};
    struct signalling_http_response response = {.status = 200};
    struct http_answer answer;
    char allow[sizeof(response.allow) + 16];

    signalling_http_header(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, type, sizeof(type));
    if (!server->handlers.on_http(server->handlers.context, &request, &response))
        return false;
    if (response.is_stream) {
        *sent = signalling_stream_open(wsi, session);
        return true;
    }
    snprintf(allow, sizeof(allow), "Allow: %s\r\n", response.allow);
    answer = (struct http_answer){.status = response.status,
                                  .content_type = response.content_type,
                                  .headers = response.allow[0] ? allow : NULL,
                                  .body = response.body,
                                  .body_len = response.body ? response.body_len : 0,
                                  .is_head = session->is_head};
    *sent = signalling_http_send(wsi, &answer);
    free(response.body);
    return true;
}

/* The listener's part of the web root. */
static enum web_file_result find_file(struct lws *wsi, const char *path, struct web_file *file)
{
    size_t len = strlen(DASHBOARD_PATH);
    bool is_dashboard = strncmp(path, DASHBOARD_PATH, len) == 0 && path[len] == '/';

    if (is_dashboard != signalling_server_is_operations(wsi))
        return WEB_FILE_ABSENT;
    return signalling_web_file_open(signalling_server_of(wsi)->web_root, path, wants_gzip(wsi),
                                    file);
}

/* The page's own links are relative to its folder, so that a proxy may put it anywhere. */
static bool is_dashboard_without_slash(struct lws *wsi, const struct http_session *session)
{
    return signalling_server_is_operations(wsi) && strcmp(session->path, DASHBOARD_PATH) == 0;
}

static bool is_index(struct lws *wsi, const char *path)
{
    return strcmp(path, signalling_server_is_operations(wsi) ? DASHBOARD_PATH "/" : "/") == 0;
}

/* Files first, then the handler. */
static int route(struct lws *wsi, struct http_session *session)
{
    bool is_get = session->is_head || strcmp(session->method, "GET") == 0;
    struct web_file file;
    enum web_file_result found = find_file(wsi, session->path, &file);
    int sent = -1;

    if (found == WEB_FILE_OPEN && is_get)
        return send_file(wsi, session, &file);
    if (found == WEB_FILE_OPEN) {
        close(file.fd);
        return complete(
            wsi, signalling_http_send_sentence(wsi, 405, false, false, "Allow: GET, HEAD\r\n",
                                               "This address is a file: it can only be read.\n"));
    }
    if (answer_by_handler(wsi, session, &sent))
        return session->stream ? sent : complete(wsi, sent);
    if (is_get && is_dashboard_without_slash(wsi, session))
        return complete(wsi, signalling_http_send_sentence(wsi, 308, session->is_head, false,
                                                           "Location: dashboard/\r\n",
                                                           "The dashboard is at /dashboard/.\n"));
    if (found == WEB_FILE_NO_ROOT && is_index(wsi, session->path))
        return complete(
            wsi, signalling_http_send_sentence(wsi, 503, session->is_head, false, NULL,
                                               "The web client is not installed: set `web_root` in "
                                               "the configuration to its folder.\n"));
    if (strcmp(session->path, SIGNALLING_PATH) == 0 && !signalling_server_is_operations(wsi))
        return complete(wsi, signalling_http_send_sentence(
                                 wsi, 426, session->is_head, false,
                                 "Upgrade: websocket\r\nConnection: Upgrade\r\n",
                                 "The control channel is a WebSocket: connect with the "
                                 "subprotocol " SIGNALLING_SUBPROTOCOL ".\n"));
    return complete(wsi, signalling_http_send_sentence(wsi, 404, session->is_head, false, NULL,
                                                       "There is nothing at this address.\n"));
}

static const char *method_name(int method)
{
    switch (method) {
    case LWSHUMETH_GET:
        return "GET";
    case LWSHUMETH_HEAD:
        return "HEAD";
    case LWSHUMETH_POST:
        return "POST";
    case LWSHUMETH_PUT:
        return "PUT";
    case LWSHUMETH_PATCH:
        return "PATCH";
    case LWSHUMETH_DELETE:
        return "DELETE";
    case LWSHUMETH_OPTIONS:
        return "OPTIONS";
    default:
        return NULL;
    }
}

/* Copy what the request line says. @return 0 or the refusing status */
static int read_request_line(struct lws *wsi, struct http_session *session)
{
    char *path = NULL;
    int len = 0;
    int method = lws_http_get_uri_and_method(wsi, &path, &len);
    const char *name = method_name(method);

    signalling_body_drop(session);
    memset(session, 0, sizeof(*session));
    if (method < 0 || !path || len <= 0 || path[0] != '/')
        return 400;
    if (!name)
        return 405;
    if ((size_t)len >= sizeof(session->path))
        return 414;
    memcpy(session->path, path, (size_t)len);
    session->path[len] = '\0';
    if (strlen(session->path) != (size_t)len) /* an encoded NUL */
        return 400;
    snprintf(session->method, sizeof(session->method), "%s", name);
    session->is_head = method == LWSHUMETH_HEAD;
    return 0;
}

/* Refuse in a way that leaves nothing of the request to be misread. */
static int refuse_and_end(struct lws *wsi, int status)
{
    const char *sentence = "The request is malformed.\n";

    if (status == 405)
        sentence = "This server does not know the method.\n";
    else if (status == 413)
        sentence = signalling_server_is_operations(wsi)
                       ? "A body is at most 16 KiB, its length is announced.\n"
                       : "No call of this server takes a body.\n";
    else if (status == 503)
        sentence = "There is no memory for the body.\n";
    else if (status == 414)
        sentence = "The address is longer than 1 KiB.\n";
    signalling_http_send_sentence(
        wsi, status, false, true,
        status == 405 ? "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n" : NULL, sentence);
    return -1;
}

/* A request's head is complete. */
static int on_request(struct lws *wsi, struct http_session *session)
{
    int status = read_request_line(wsi, session);
    const char *sentence;
    size_t body_len = 0;

    if (status == 0)
        status = signalling_body_check(wsi, session, &body_len);
    if (status != 0)
        return refuse_and_end(wsi, status);
    status = signalling_http_check_access(wsi, false, &sentence);
    if (status != 0) {
        signalling_http_send_sentence(wsi, status, session->is_head, true, NULL, sentence);
        return -1;
    }
    if (body_len == 0)
        return route(wsi, session);
    return signalling_body_expect(session, body_len) ? 0 : refuse_and_end(wsi, 503);
}

/* The body is complete. */
static int on_body(struct lws *wsi, struct http_session *session)
{
    if (!session->body) /* "Content-Length: 0", already answered */
        return 0;
    return route(wsi, session);
}

/* The connection is gone. */
static void drop_session(struct http_session *session)
{
    drop_file(session);
    signalling_body_drop(session);
    signalling_stream_close(session->stream);
    session->stream = NULL;
}

int signalling_http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user,
                             void *in, size_t len)
{
    struct http_session *session = user;

    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return on_request(wsi, session);
    case LWS_CALLBACK_HTTP_BODY:
        return signalling_body_take(session, in, len) ? 0 : -1;
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return on_body(wsi, session);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        if (session->stream)
            return signalling_stream_continue(session->stream);
        return session->is_sending_file ? continue_file(wsi, session) : 0;
    case LWS_CALLBACK_TIMER:
        if (session->stream)
            signalling_stream_on_silence(session->stream);
        return 0;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return signalling_http_on_upgrade(wsi, in);
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
        /* While a vhost with TLS is being made: user is its SSL_CTX. */
        return signalling_tls_prepare(signalling_server_of(wsi), signalling_server_of(wsi)->opening,
                                      user);
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return -1; /* a WebSocket without our subprotocol */
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
        if (session)
            drop_session(session);
        return 0;
    default:
        return 0;
    }
}
