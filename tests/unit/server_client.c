/* The handlers of the server under test, and the raw client. */
#include "server_client.h"

const char *server_root;

void (*server_adjust)(struct signalling_server_config *config);

/* ---- the server under test, and what its handlers saw ---- */

static void on_open(void *context, struct signalling_connection *connection)
{
    struct fixture *f = context;

    f->opened++;
    f->last = connection;
    signalling_connection_set_user(connection, f);
    snprintf(f->peer, sizeof(f->peer), "%s", signalling_connection_peer(connection));
}

static void on_close(void *context, struct signalling_connection *connection)
{
    struct fixture *f = context;

    assert_ptr_equal(signalling_connection_user(connection), f);
    f->closed++;
    if (f->last == connection) {
        f->last = NULL;
        f->was_probed = signalling_connection_is_probed(connection);
    }
    /* What a handler does too late is harmless. */
    signalling_connection_send(connection, json_object());
    signalling_connection_close(connection, SIGNALLING_CLOSE_LEFT, "late");
}

/* 60 messages of 100 KB: several times what the queue and a socket's buffers hold. */
static void flood(struct signalling_connection *connection)
{
    char *text = malloc(100001);

    memset(text, 'x', 100000);
    text[100000] = '\0';
    for (int i = 0; i < 60; i++)
        signalling_connection_send(
            connection, signalling_jsonrpc_notification("flood", json_pack("{s:s}", "x", text)));
    free(text);
}

static void on_request(void *context, struct signalling_connection *connection,
                       const struct signalling_request *request)
{
    struct fixture *f = context;

    f->requests++;
    if (strcmp(request->method, "flood") == 0) {
        flood(connection);
        return;
    }
    signalling_connection_send(connection, NULL); /* no memory for a message */
    signalling_connection_send(
        connection, signalling_jsonrpc_result(request->id, json_incref(request->params)));
    if (strcmp(request->method, "leave") == 0) {
        signalling_connection_close(connection, SIGNALLING_CLOSE_REMOVED, "removed");
        signalling_connection_close(connection, SIGNALLING_CLOSE_LEFT, "a second time");
        signalling_connection_send(connection, json_object()); /* nothing follows a close */
    }
}

/* What a call was, as text: method, path, type, foreign or not, body. */
static void describe(const struct signalling_http_request *request,
                     struct signalling_http_response *response)
{
    int len = asprintf(&response->body, "%s %s '%s' %s '%.*s'", request->method, request->path,
                       request->content_type, request->is_foreign ? "foreign" : "own",
                       (int)request->body_len, request->body);

    response->content_type = "text/plain";
    response->body_len = len > 0 ? (size_t)len : 0;
}

static bool on_http(void *context, const struct signalling_http_request *request,
                    struct signalling_http_response *response)
{
    (void)context;
    if (strcmp(request->path, "/events") == 0 && strcmp(request->method, "GET") == 0) {
        response->is_stream = true;
        return true;
    }
    if (strcmp(request->path, "/big") == 0) {
        response->body = calloc(1, BIG_ANSWER_BYTES);
        response->body_len = BIG_ANSWER_BYTES;
        return true;
    }
    if (strncmp(request->path, "/echo", 5) == 0) {
        describe(request, response);
        return true;
    }
    if (strcmp(request->path, "/healthz") != 0 || strcmp(request->method, "GET") != 0)
        return false;
    response->status = request->is_operations ? 503 : 200;
    response->content_type = "text/plain";
    response->body = strdup("healthy\n");
    response->body_len = 8;
    return true;
}

static void on_notice(void *context, const char *line)
{
    struct fixture *f = context;

    f->notices++;
    snprintf(f->notice, sizeof(f->notice), "%s", line);
}

struct signalling_handlers handlers_of(struct fixture *f)
{
    return (struct signalling_handlers){f, on_open, on_request, on_close, on_http, on_notice};
}

struct signalling_server *create_server(struct fixture *f, uint16_t port, const char *web_root,
                                        char *error)
{
    const struct signalling_handlers handlers = handlers_of(f);
    struct signalling_server_config config = {
        .public_address = "127.0.0.1",
        .public_port = port,
        .operations_address = "localhost",
        .web_root = web_root,
        .hosts = {"localhost", "127.0.0.1", "[::1]"},
        .origins = {"https://app.example.net"},
    };

    if (server_adjust)
        server_adjust(&config);
    return signalling_server_create(&f->loop, &config, &handlers, error, 256);
}

int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    char error[256] = "";

    uv_loop_init(&f->loop);
    f->server = create_server(f, 0, server_root, error);
    if (!f->server)
        print_error("%s\n", error);
    *state = f;
    return f->server ? 0 : -1;
}

int tear_down(void **state)
{
    struct fixture *f = *state;
    int left;

    signalling_server_destroy(f->server);
    left = uv_loop_close(&f->loop);
    if (left != 0)
        uv_print_all_handles(&f->loop, stdout);
    if (f->opened != f->closed)
        left = -1;
    free(f);
    return left;
}

/* ---- the client ---- */

void client_open(struct client *c, struct fixture *f, uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memset(c, 0, sizeof(*c));
    c->f = f;
    c->input = malloc(INPUT_CAP);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(c->fd, (struct sockaddr *)&to, sizeof(to)), 0);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
}

/* What a call of OpenSSL says, as recv() and send() would. */
static ssize_t tls_result(struct client *c, int result)
{
    int error = result > 0 ? SSL_ERROR_NONE : SSL_get_error(c->ssl, result);

    errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
    return result > 0 ? result : error == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

bool client_open_tls(struct client *c, struct fixture *f, uint16_t port, SSL_CTX *context)
{
    uint64_t end_ms = uv_hrtime() / 1000000 + WAIT_MS;
    struct pollfd waiting = {.events = POLLIN};
    ssize_t result;

    client_open(c, f, port);
    c->ssl = SSL_new(context);
    SSL_set_fd(c->ssl, c->fd);
    SSL_set_connect_state(c->ssl);
    waiting.fd = c->fd;
    while ((result = tls_result(c, SSL_do_handshake(c->ssl))) < 0 && errno == EAGAIN &&
           uv_hrtime() / 1000000 < end_ms) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
        poll(&waiting, 1, 1);
    }
    return result > 0;
}

static ssize_t client_recv(struct client *c, void *out, size_t cap)
{
    return c->ssl ? tls_result(c, SSL_read(c->ssl, out, (int)cap)) : recv(c->fd, out, cap, 0);
}

static ssize_t client_put(struct client *c, const void *bytes, size_t len)
{
    return c->ssl ? tls_result(c, SSL_write(c->ssl, bytes, (int)len))
                  : send(c->fd, bytes, len, MSG_NOSIGNAL);
}

void client_close(struct client *c)
{
    SSL_free(c->ssl);
    close(c->fd);
    free(c->input);
}

uint64_t turn(struct client *c)
{
    struct pollfd waiting = {.fd = c->fd, .events = POLLIN};
    ssize_t got;

    uv_run(&c->f->loop, UV_RUN_NOWAIT);
    poll(&waiting, 1, 1);
    while (!c->is_ended && c->len < INPUT_CAP) {
        got = client_recv(c, c->input + c->len, INPUT_CAP - c->len);
        if (got < 0 && errno == EAGAIN)
            break;
        if (got <= 0)
            c->is_ended = true;
        else
            c->len += (size_t)got;
    }
    return uv_hrtime() / 1000000;
}

void client_send(struct client *c, const void *bytes, size_t len)
{
    const char *p = bytes;
    uint64_t end_ms = uv_hrtime() / 1000000 + WAIT_MS;

    while (len > 0 && !c->is_ended && uv_hrtime() / 1000000 < end_ms) {
        ssize_t sent = client_put(c, p, len);

        if (sent > 0) {
            p += sent;
            len -= (size_t)sent;
        } else {
            turn(c);
        }
    }
}

void client_text(struct client *c, const char *text)
{
    client_send(c, text, strlen(text));
}

void consume(struct client *c, size_t len)
{
    memmove(c->input, c->input + len, c->len - len);
    c->len -= len;
}

/* ---- HTTP ---- */

/* Length of a complete response in the input, 0 if it is not complete. */
static size_t response_complete(struct client *c, struct response *r, bool is_head)
{
    unsigned char *end = memmem(c->input, c->len, "\r\n\r\n", 4);
    const char *length;

    if (!end)
        return 0;
    snprintf(r->head, sizeof(r->head), "%.*s", (int)(end + 4 - c->input), (char *)c->input);
    r->status = (int)strtol(r->head + 9, NULL, 10);
    r->body = end + 4;
    length = strcasestr(r->head, "\r\nContent-Length: ");
    r->body_len = length && !is_head && r->status != 304 ? strtoul(length + 18, NULL, 10) : 0;
    return (size_t)(r->body - c->input) + r->body_len <= c->len
               ? (size_t)(r->body - c->input) + r->body_len
               : 0;
}

size_t receive_response(struct client *c, struct response *r, bool is_head)
{
    uint64_t end_ms = uv_hrtime() / 1000000 + WAIT_MS;
    size_t len;

    memset(r, 0, sizeof(*r));
    while (!(len = response_complete(c, r, is_head)) && !c->is_ended)
        if (turn(c) > end_ms)
            break;
    if (len == 0)
        r->status = 0;
    return len;
}

void send_request(struct client *c, const char *request)
{
    const char *at = strchr(request, '@');
    char text[2048];

    if (at)
        snprintf(text, sizeof(text), "%.*sHost: localhost\r\n%s\r\n", (int)(at - request), request,
                 at + 1);
    else
        snprintf(text, sizeof(text), "%s\r\n", request);
    client_text(c, text);
}

/* ---- event streams ---- */

unsigned idle_turns(struct fixture *f)
{
    uint64_t end_ms = uv_hrtime() / 1000000 + 100;
    uv_timer_t timer;
    unsigned turns = 0;

    uv_timer_init(&f->loop, &timer);
    uv_timer_start(&timer, (uv_timer_cb)(void (*)(void))uv_update_time, 10, 10);
    for (; uv_hrtime() / 1000000 < end_ms; turns++)
        uv_run(&f->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    return turns;
}

bool has_text(const struct client *c, const char *text)
{
    return memmem(c->input, c->len, text, strlen(text)) != NULL;
}

void wait_for_text(struct client *c, const char *text)
{
    uint64_t end_ms = uv_hrtime() / 1000000 + WAIT_MS;

    while (!has_text(c, text) && !c->is_ended && turn(c) < end_ms)
        ;
    if (!has_text(c, text))
        fail_msg("no '%s' in '%.*s'", text, (int)c->len, (char *)c->input);
}

/* ---- WebSocket ---- */

void upgrade_channel(struct client *c)
{
    struct response r;

    send_request(c, GOOD);
    consume(c, receive_response(c, &r, false));
    assert_int_equal(r.status, 101);
}

void open_channel(struct client *c, struct fixture *f)
{
    client_open(c, f, signalling_server_public_port(f->server));
    upgrade_channel(c);
}

void send_frame(struct client *c, int op, bool is_final, const void *payload, size_t len)
{
    static const unsigned char mask[4] = {0x12, 0x34, 0x56, 0x78};
    unsigned char *frame = malloc(len + 14);
    size_t head = len < 126 ? 2 : len < 65536 ? 4 : 10;

    frame[0] = (unsigned char)((is_final ? 0x80 : 0) | op);
    frame[1] = (unsigned char)(0x80 | (head == 2 ? len : head == 4 ? 126 : 127));
    for (size_t i = 2; i < head; i++)
        frame[i] = (unsigned char)((uint64_t)len >> (8 * (head - 1 - i)));
    memcpy(frame + head, mask, 4);
    for (size_t i = 0; i < len; i++)
        frame[head + 4 + i] = ((const unsigned char *)payload)[i] ^ mask[i % 4];
    client_send(c, frame, head + 4 + len);
    free(frame);
}

void send_text(struct client *c, const char *text)
{
    send_frame(c, OP_TEXT, true, text, strlen(text));
}

bool take_frame(struct client *c, struct frame *frame)
{
    size_t head = 2;
    size_t len;
    size_t skip;

    if (c->len < 2)
        return false;
    assert_int_equal(c->input[1] & 0x80, 0); /* a server does not mask */
    len = c->input[1];
    head = len == 126 ? 4 : len == 127 ? 10 : 2;
    if (c->len < head)
        return false;
    for (size_t i = 2; i < head; i++)
        len = (i == 2 ? 0 : len << 8) | c->input[i];
    if (c->len < head + len)
        return false;
    frame->op = c->input[0] & 0x0f;
    frame->len = len;
    skip = frame->op == OP_CLOSE && len >= 2 ? 2 : 0;
    frame->close_code = skip ? c->input[head] << 8 | c->input[head + 1] : 0;
    snprintf(frame->text, sizeof(frame->text), "%.*s", (int)(len - skip),
             (char *)c->input + head + skip);
    consume(c, head + len);
    return true;
}

struct frame receive_frame(struct client *c)
{
    uint64_t end_ms = uv_hrtime() / 1000000 + WAIT_MS;
    struct frame frame = {.op = -1};

    while (!take_frame(c, &frame) && !c->is_ended)
        if (turn(c) > end_ms)
            break;
    return frame;
}

void assert_echo(struct client *c)
{
    struct frame reply;

    send_text(c, ECHO_CALL);
    reply = receive_frame(c);
    assert_int_equal(reply.op, OP_TEXT);
    assert_string_equal(reply.text, ECHO_REPLY);
}

void wait_for_end(struct client *c)
{
    uint64_t end_ms = uv_hrtime() / 1000000 + WAIT_MS;

    while (!c->is_ended)
        assert_true(turn(c) < end_ms);
}
