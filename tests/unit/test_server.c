/*
 * The server's HTTP and its life: files and the ways out of their folder, framing, Host, listeners,
 * destroy.
 */
#include "server_client.h"

#include <sys/stat.h>

#define BIG_BYTES 1000003 /* of a file: many chunks, not a multiple of any */

static char folder[] = "/tmp/iris-server-XXXXXX"; /* holds what must not be served, and the root */
static char root[64];

static const struct {
    const char *what;
    const char *request; /* up to the empty line; "@" stands for a good Host */
    int status;          /* 0: no answer, only the end */
    const char *header;  /* must stand in the head, NULL: nothing */
    const char *body;    /* must stand in the body */
} calls[] = {
    {"client", "GET / HTTP/1.1\r\n@", 200, "\r\nContent-Type: text/html; charset=utf-8\r\n", "<p>"},
    {"policy", "GET / HTTP/1.1\r\nHost: localhost:99\r\n", 200,
     "connect-src 'self' ws://localhost:99 wss://localhost:99;", "<p>"},
    {"policy for IPv6", "GET / HTTP/1.1\r\nHost: [::1]:99\r\n", 200, "connect-src 'self';", "<p>"},
    {"no sniffing", "GET / HTTP/1.1\r\n@", 200, "\r\nX-Content-Type-Options: nosniff\r\n", ""},
    {"no referrer", "GET / HTTP/1.1\r\n@", 200, "\r\nReferrer-Policy: no-referrer\r\n", ""},
    {"revalidation", "GET / HTTP/1.1\r\n@", 200, "\r\nCache-Control: no-cache\r\n", ""},
    {"entity tag", "GET / HTTP/1.1\r\n@", 200, "\r\nETag: \"", ""},
    {"script", "GET /app.js HTTP/1.1\r\n@", 200, "text/javascript; charset=utf-8", "code"},
    {"query", "GET /app.js?v=1 HTTP/1.1\r\n@", 200, "text/javascript", "code"},
    {"style in a folder", "GET /sub/a.css HTTP/1.1\r\n@", 200, "text/css", "style"},
    {"unknown type", "GET /big.bin HTTP/1.1\r\n@", 200, "application/octet-stream", ""},
    {"empty file", "GET /empty.txt HTTP/1.1\r\n@", 200, "\r\nContent-Length: 0\r\n", ""},
    {"link inside", "GET /alias.html HTTP/1.1\r\n@", 200, "text/html", "<p>"},
    {"dots inside", "GET /sub/../app.js HTTP/1.1\r\n@", 200, "text/javascript", "code"},
    {"handler", "GET /healthz HTTP/1.1\r\n@", 200, "\r\nContent-Type: text/plain\r\n", "healthy"},
    {"no body", "GET /healthz HTTP/1.1\r\n@Content-Length: 0\r\n", 200, NULL, "healthy"},
    {"nothing there", "GET /nope HTTP/1.1\r\n@", 404, "\r\nX-Content-Type-Options", "nothing"},
    {"a folder", "GET /sub HTTP/1.1\r\n@", 404, NULL, "nothing"},
    {"a folder without index", "GET /sub/ HTTP/1.1\r\n@", 404, NULL, "nothing"},
    {"hidden", "GET /.hidden HTTP/1.1\r\n@", 404, NULL, "nothing"},
    {"the dashboard", "GET /dashboard/ HTTP/1.1\r\n@", 404, NULL, "nothing"},
    {"the dashboard's page", "GET /dashboard/index.html HTTP/1.1\r\n@", 404, NULL, "nothing"},
    {"the dashboard, encoded", "GET /%64ashboard%2f HTTP/1.1\r\n@", 404, NULL, "nothing"},
    {"the dashboard, no slash", "GET /dashboard HTTP/1.1\r\n@", 404, NULL, "nothing"},
    {"pipe", "GET /pipe HTTP/1.1\r\n@", 404, NULL, "nothing"},
    /* Ways out of the root: each would find outside.txt beside it, or the system's files. */
    {"up", "GET /../outside.txt HTTP/1.1\r\n@", 404, NULL, "nothing"},
    {"up, encoded", "GET /%2e%2e/outside.txt HTTP/1.1\r\n@", 404, NULL, "nothing"},
    {"up, all encoded", "GET /%2e%2e%2foutside.txt HTTP/1.1\r\n@", 404, NULL, "nothing"},
    {"up, twice encoded", "GET /%252e%252e/outside.txt HTTP/1.1\r\n@", 404, NULL, "nothing"},
    {"up from a folder", "GET /sub/..%2f..%2foutside.txt HTTP/1.1\r\n@", 404, NULL, "nothing"},
    {"back slash", "GET /..%5coutside.txt HTTP/1.1\r\n@", 404, NULL, "nothing"},
    {"two slashes", "GET //etc/passwd HTTP/1.1\r\n@", 404, NULL, "nothing"},
    {"two slashes, encoded", "GET /%2fetc/passwd HTTP/1.1\r\n@", 404, NULL, "nothing"},
    {"link to outside", "GET /outside HTTP/1.1\r\n@", 404, NULL, "nothing"},
    {"link to a folder outside", "GET /up/outside.txt HTTP/1.1\r\n@", 404, NULL, "nothing"},
    {"NUL", "GET /app.js%00.html HTTP/1.1\r\n@", 0, NULL, ""},
    /* Framing and methods */
    {"file posted to", "POST /app.js HTTP/1.1\r\n@Content-Length: 0\r\n", 405,
     "\r\nAllow: GET, HEAD\r\n", "only be read"},
    {"handler posted to", "POST /healthz HTTP/1.1\r\n@Content-Length: 0\r\n", 404, NULL, "nothing"},
    {"chunks", "POST /x HTTP/1.1\r\n@Transfer-Encoding: chunked\r\n", 413,
     "\r\nConnection: close\r\n", "body"},
    {"a body", "POST /x HTTP/1.1\r\n@Content-Length: 1\r\n", 413, "\r\nConnection: close\r\n",
     "body"},
    {"a body of GET", "GET / HTTP/1.1\r\n@Content-Length: 1\r\n", 413, "\r\nConnection: close\r\n",
     "body"},
    {"huge body", "POST /x HTTP/1.1\r\n@Content-Length: 99999999999999999999\r\n", 413,
     "\r\nConnection: close\r\n", "body"},
    {"negative body", "POST /x HTTP/1.1\r\n@Content-Length: -1\r\n", 400, NULL, "malformed"},
    {"two lengths", "POST /x HTTP/1.1\r\n@Content-Length: 1\r\nContent-Length: 2\r\n", 400, NULL,
     ""},
    {"unknown method", "BREW / HTTP/1.1\r\n@", 403, NULL, ""},
    {"no HTTP", "\x16\x03\x01\x02\r\n", 403, NULL, ""},
    /* Host */
    {"no Host", "GET / HTTP/1.1\r\n", 400, NULL, "Host"},
    {"foreign Host", "GET / HTTP/1.1\r\nHost: evil.example\r\n", 421, NULL, "hosts"},
    {"foreign Host, handler", "GET /healthz HTTP/1.1\r\nHost: evil.example\r\n", 421, NULL,
     "hosts"},
    {"two Hosts", "GET / HTTP/1.1\r\n@Host: evil.example\r\n", 400, NULL, "Host"},
    {"Origin is the WebSocket's", "GET / HTTP/1.1\r\n@Origin: https://evil.example\r\n", 200, NULL,
     ""},
    {"channel without upgrade", "GET /v1/ws HTTP/1.1\r\n@", 426, "\r\nUpgrade: websocket\r\n", ""},
};

static void calls_are_answered(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        struct client c;
        struct response r;

        client_open(&c, f, signalling_server_public_port(f->server));
        send_request(&c, calls[i].request);
        receive_response(&c, &r, false);
        if (r.status != calls[i].status)
            fail_msg("%s: %d, not %d", calls[i].what, r.status, calls[i].status);
        if (calls[i].header && !strstr(r.head, calls[i].header))
            fail_msg("%s: no %s in\n%s", calls[i].what, calls[i].header, r.head);
        if (r.status != 0 && r.body_len < strlen(calls[i].body))
            fail_msg("%s: the body has %zu bytes", calls[i].what, r.body_len);
        if (r.status != 0 && !memmem(r.body, r.body_len, calls[i].body, strlen(calls[i].body)))
            fail_msg("%s: no '%s' in the body", calls[i].what, calls[i].body);
        assert_null(strcasestr(r.head, "\r\nServer:"));
        client_close(&c);
    }
}

static void head_is_get_without_body(void **state)
{
    static const char *const paths[] = {"/", "/big.bin", "/healthz", "/nope", "/empty.txt"};
    struct fixture *f = *state;
    struct client c;
    struct response get, head;
    char request[128];

    client_open(&c, f, signalling_server_public_port(f->server));
    for (size_t i = 0; i < 5; i++) {
        snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n@", paths[i]);
        send_request(&c, request);
        consume(&c, receive_response(&c, &get, false));
        snprintf(request, sizeof(request), "HEAD %s HTTP/1.1\r\n@", paths[i]);
        send_request(&c, request);
        consume(&c, receive_response(&c, &head, true));
        assert_int_equal(c.len, 0);
        assert_true(get.status != 0);
        assert_int_equal(head.status, get.status);
        /* All but the second in Date is the same. */
        *strstr(get.head, "\r\nDate: ") = '\0';
        *strstr(head.head, "\r\nDate: ") = '\0';
        assert_string_equal(head.head, get.head);
        assert_string_equal(strstr(head.head + strlen(head.head) + 3, "\r\nContent-"),
                            strstr(get.head + strlen(get.head) + 3, "\r\nContent-"));
    }
    client_close(&c);
}

/* The last one has a body, which libwebsockets would not get over: it is refused, and the end. */
static void one_connection_takes_many_calls(void **state)
{
    static const char many[] =
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        "POST /nope HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
        "GET /app.js HTTP/1.1\r\nHost: localhost\r\n\r\n"
        "POST /nope HTTP/1.1\r\nHost: localhost\r\nContent-Length: 24\r\n\r\n"
        "GET /app.js HTTP/1.1\r\n\r\n"
        "GET /app.js HTTP/1.1\r\nHost: localhost\r\n\r\n";
    static const int statuses[] = {200, 404, 200, 413};
    struct fixture *f = *state;
    struct client c;
    struct response r;

    client_open(&c, f, signalling_server_public_port(f->server));
    client_text(&c, many);
    for (size_t i = 0; i < 4; i++) {
        size_t len = receive_response(&c, &r, false);

        assert_int_equal(r.status, statuses[i]);
        consume(&c, len);
    }
    wait_for_end(&c);
    assert_int_equal(c.len, 0);
    client_close(&c);
}

static void unchanged_files_are_not_sent_again(void **state)
{
    struct fixture *f = *state;
    struct client c;
    struct response r;
    char request[256];
    char etag[64];

    client_open(&c, f, signalling_server_public_port(f->server));
    send_request(&c, "GET /app.js HTTP/1.1\r\n@");
    consume(&c, receive_response(&c, &r, false));
    assert_int_equal(sscanf(strstr(r.head, "ETag: "), "ETag: %63[^\r]", etag), 1);
    snprintf(request, sizeof(request), "GET /app.js HTTP/1.1\r\n@If-None-Match: \"x\", %s\r\n",
             etag);
    send_request(&c, request);
    consume(&c, receive_response(&c, &r, false));
    assert_int_equal(r.status, 304);
    assert_non_null(strstr(r.head, etag));
    send_request(&c, "GET /app.js HTTP/1.1\r\n@If-None-Match: \"x\"\r\n");
    consume(&c, receive_response(&c, &r, false));
    assert_int_equal(r.status, 200);
    client_close(&c);
}

static void large_files_arrive_whole(void **state)
{
    struct fixture *f = *state;
    struct client c;
    struct response r;

    client_open(&c, f, signalling_server_public_port(f->server));
    send_request(&c, "GET /big.bin HTTP/1.1\r\n@");
    receive_response(&c, &r, false);
    assert_int_equal(r.status, 200);
    assert_int_equal(r.body_len, BIG_BYTES);
    for (size_t i = 0; i < BIG_BYTES; i++)
        if (r.body[i] != (unsigned char)(i * 7 + i / 251))
            fail_msg("byte %zu is wrong", i);
    client_close(&c);
}

/* A client that goes away in the middle of a file, and one that is still there at destroy. */
static void interrupted_files_harm_nobody(void **state)
{
    struct fixture *f = *state;
    struct client c, other;

    client_open(&c, f, signalling_server_public_port(f->server));
    client_open(&other, f, signalling_server_public_port(f->server));
    send_request(&c, "GET /big.bin HTTP/1.1\r\n@");
    send_request(&other, "GET /big.bin HTTP/1.1\r\n@");
    while (c.len == 0)
        uv_run(&f->loop, UV_RUN_NOWAIT), c.len = (size_t)(recv(c.fd, c.input, 10, 0) > 0);
    client_close(&c);
    for (int i = 0; i < 10; i++)
        uv_run(&f->loop, UV_RUN_NOWAIT);
    signalling_server_destroy(f->server);
    f->server = NULL;
    client_close(&other);
}

static void operations_have_a_listener_of_their_own(void **state)
{
    static const struct {
        const char *request;
        int status;
        const char *head; /* contains */
    } rows[] = {
        {"GET /healthz HTTP/1.1\r\n@", 503, ""}, /* the handler knew which */
        {"GET / HTTP/1.1\r\n@", 404, ""},
        {"GET /app.js HTTP/1.1\r\n@", 404, ""},
        {"GET /dashboard/../app.js HTTP/1.1\r\n@", 404, ""},
        {"GET /dashboards/ HTTP/1.1\r\n@", 404, ""},
        {"GET /dashboard HTTP/1.1\r\n@", 308, "\r\nLocation: dashboard/\r\n"},
        {"POST /dashboard HTTP/1.1\r\n@", 404, ""},
        {"GET /dashboard/ HTTP/1.1\r\n@", 200, "text/html"},
        {"GET /dashboard/ HTTP/1.1\r\n@", 200, "\r\nContent-Security-Policy: default-src 'self'"},
        {"DELETE /dashboard/ HTTP/1.1\r\n@", 405, "\r\nAllow: GET, HEAD\r\n"},
        {"GET /healthz HTTP/1.1\r\nHost: evil.example\r\n", 421, ""},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct client c;
        struct response r;

        client_open(&c, f, signalling_server_operations_port(f->server));
        send_request(&c, rows[i].request);
        receive_response(&c, &r, false);
        if (r.status != rows[i].status || !strstr(r.head, rows[i].head))
            fail_msg("%s: %s", rows[i].request, r.head);
        client_close(&c);
    }
}

/* ---- life ---- */

static void notices_do_not_flood(void **state)
{
    struct fixture *f = *state;
    uint64_t start_ms = uv_hrtime() / 1000000;

    for (int i = 0; i < 30; i++) {
        struct client c;
        struct response r;

        client_open(&c, f, signalling_server_public_port(f->server));
        send_request(&c, GOOD "Origin: https://evil.example\r\n");
        receive_response(&c, &r, false);
        assert_int_equal(r.status, 403);
        client_close(&c);
    }
    assert_non_null(strstr(f->notice, "origin refused: https://evil.example"));
    assert_true(f->notices <= 1 + (uv_hrtime() / 1000000 - start_ms) / 1000);
}

static void destroy_says_farewell(void **state)
{
    struct fixture *f = *state;
    struct client reading, silent, half;
    struct frame frame;

    open_channel(&reading, f);
    open_channel(&silent, f);
    send_text(&silent, "{\"jsonrpc\":\"2.0\",\"method\":\"flood\"}"); /* its socket is full */
    client_open(&half, f, signalling_server_public_port(f->server));
    client_text(&half, "GET / HTT");
    for (int i = 0; i < 20; i++)
        uv_run(&f->loop, UV_RUN_NOWAIT);
    signalling_server_destroy(f->server);
    f->server = NULL;
    assert_int_equal(f->opened, 2);
    assert_int_equal(f->closed, 2);
    frame = receive_frame(&reading);
    assert_int_equal(frame.close_code, SIGNALLING_CLOSE_DRAINED);
    client_close(&reading);
    client_close(&silent);
    client_close(&half);
}

static void a_stopped_loop_can_be_left(void **state)
{
    struct fixture *f = *state;
    struct client c;

    open_channel(&c, f);
    uv_stop(&f->loop); /* as a signal handler does */
    signalling_server_destroy(f->server);
    f->server = NULL;
    assert_int_equal(f->closed, 1);
    client_close(&c);
}

static void taken_ports_are_named(void **state)
{
    struct fixture *f = *state;
    uint16_t port = signalling_server_public_port(f->server);
    char error[256] = "";
    char expected[256];

    assert_null(create_server(f, port, root, error));
    snprintf(expected, sizeof(expected),
             "cannot listen on 127.0.0.1 port %u: Address already in use", port);
    assert_string_equal(error, expected);
}

static void foreign_addresses_are_named(void **state)
{
    struct fixture *f = *state;
    const struct signalling_handlers handlers = handlers_of(f);
    struct signalling_server_config config = {.public_address = "192.0.2.1",
                                              .operations_address = "127.0.0.1"};
    char error[256] = "";

    assert_null(signalling_server_create(&f->loop, &config, &handlers, error, sizeof(error)));
    assert_string_equal(error,
                        "cannot listen on 192.0.2.1 port 0: Cannot assign requested address");
    config.public_address = "no.such.name.invalid";
    assert_null(signalling_server_create(&f->loop, &config, &handlers, error, sizeof(error)));
    assert_non_null(strstr(error, "no.such.name.invalid"));
}

static void loopback_is_only_loopback(void **state)
{
    struct fixture *f = *state;
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(signalling_server_public_port(f->server))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    /* Bound to all addresses, the server would answer on every one of 127/8. */
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
    assert_int_not_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    close(fd);
    assert_int_not_equal(signalling_server_public_port(f->server),
                         signalling_server_operations_port(f->server));
}

static void a_missing_client_is_explained(void **state)
{
    struct fixture *f = *state;
    char error[256] = "";
    const char *roots[] = {NULL, "/nonexistent"};

    for (size_t i = 0; i < 2; i++) {
        struct client c;
        struct response r;

        signalling_server_destroy(f->server);
        f->server = create_server(f, 0, roots[i], error);
        client_open(&c, f, signalling_server_public_port(f->server));
        send_request(&c, "GET / HTTP/1.1\r\n@");
        consume(&c, receive_response(&c, &r, false));
        assert_int_equal(r.status, 503);
        send_request(&c, "GET /healthz HTTP/1.1\r\n@");
        consume(&c, receive_response(&c, &r, false));
        assert_int_equal(r.status, 200);
        client_close(&c);
    }
}

/* Whatever happens to the server, stderr stays the log's. */
static void nothing_is_written_to_stderr(void **state)
{
    struct fixture *f = *state;
    char error[256];
    char noise[512];
    int ends[2];
    int saved = dup(STDERR_FILENO);
    ssize_t len;

    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    dup2(ends[1], STDERR_FILENO);
    create_server(f, signalling_server_public_port(f->server), root, error);
    signalling_server_destroy(f->server);
    f->server = create_server(f, 0, root, error);
    dup2(saved, STDERR_FILENO);
    len = read(ends[0], noise, sizeof(noise) - 1);
    close(saved);
    close(ends[0]);
    close(ends[1]);
    if (len > 0)
        fail_msg("%.*s", (int)len, noise);
}

/* ---- files ---- */

static const char *const files[] = {
    "outside.txt",  "root/index.html", "root/app.js",  "root/sub/a.css",
    "root/big.bin", "root/empty.txt",  "root/.hidden", "root/dashboard/index.html"};
static const char *const others[] = {"root/alias.html", "root/outside", "root/up", "root/pipe"};

static void write_file(const char *name, const void *bytes, size_t len)
{
    FILE *file = fopen(name, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

static int make_files(void **state)
{
    unsigned char *big;

    (void)state;
    if (!mkdtemp(folder) || chdir(folder) != 0 || mkdir("root", 0755) != 0 ||
        mkdir("root/sub", 0755) != 0 || mkdir("root/dashboard", 0755) != 0)
        return -1;
    snprintf(root, sizeof(root), "%s/root", folder);
    server_root = root;
    big = malloc(BIG_BYTES);
    assert_non_null(big);
    for (size_t i = 0; i < BIG_BYTES; i++)
        big[i] = (unsigned char)(i * 7 + i / 251);
    write_file("outside.txt", "secret", 6);
    write_file("root/index.html", "<p>hello", 8);
    write_file("root/app.js", "code", 4);
    write_file("root/sub/a.css", "style", 5);
    write_file("root/dashboard/index.html", "<p>rooms", 8);
    write_file("root/empty.txt", "", 0);
    write_file("root/.hidden", "secret", 6);
    write_file("root/big.bin", big, BIG_BYTES);
    free(big);
    return symlink("index.html", "root/alias.html") != 0 ||
           symlink("../outside.txt", "root/outside") != 0 || symlink("..", "root/up") != 0 ||
           mkfifo("root/pipe", 0600) != 0;
}

static int drop_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        unlink(files[i]);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        unlink(others[i]);
    return rmdir("root/sub") != 0 || rmdir("root/dashboard") != 0 || rmdir("root") != 0 ||
           rmdir(folder) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER_TEST(calls_are_answered),
        SERVER_TEST(head_is_get_without_body),
        SERVER_TEST(one_connection_takes_many_calls),
        SERVER_TEST(unchanged_files_are_not_sent_again),
        SERVER_TEST(large_files_arrive_whole),
        SERVER_TEST(interrupted_files_harm_nobody),
        SERVER_TEST(operations_have_a_listener_of_their_own),
        SERVER_TEST(notices_do_not_flood),
        SERVER_TEST(destroy_says_farewell),
        SERVER_TEST(a_stopped_loop_can_be_left),
        SERVER_TEST(taken_ports_are_named),
        SERVER_TEST(foreign_addresses_are_named),
        SERVER_TEST(loopback_is_only_loopback),
        SERVER_TEST(a_missing_client_is_explained),
        SERVER_TEST(nothing_is_written_to_stderr),
    };

    return cmocka_run_group_tests(tests, make_files, drop_files);
}
