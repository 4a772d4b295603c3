/* Bad frames, bad JSON, bad parameters, bad SDP: a clear error, and harm to nobody. */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/peace.h"

#define FRAME_MAX_BYTES 262144 /* protocol.md, section 2 */
#define BIG_BYTES       300000

static void ignore_text(void *context, const char *text, size_t len)
{
    (void)context;
    (void)text;
    (void)len;
}

static struct websocket_client *assert_open(void)
{
    struct websocket_client *client =
        websocket_client_open(server_process_public_port(), NULL, ignore_text, NULL);
    assert_int_equal(websocket_client_http_status(client), 101);
    return client;
}

static bool is_closed(void *user)
{
    return websocket_client_is_closed(user) || websocket_client_close_code(user) != 0;
}

struct frame_row {
    const char *what;
    struct websocket_frame frame;
    const char *payload; /* NULL: len bytes of 'x' */
    size_t len;
    int close_code; /* 0: any of the protocol violations */
};

static const struct frame_row frame_rows[] = {
    {"binary", {.opcode = WEBSOCKET_BINARY, .is_final = true}, "{}", 2, 1002},
    {"more than 256 KiB", {.opcode = WEBSOCKET_TEXT, .is_final = true}, NULL, BIG_BYTES, 1009},
    {"no UTF-8", {.opcode = WEBSOCKET_TEXT, .is_final = true}, "\"\xC3\x28\"", 4, 1007},
    {"reserved bit", {.opcode = WEBSOCKET_TEXT, .is_final = true, .reserved_bits = 2}, "{}", 2, 0},
    {"reserved opcode", {.opcode = (enum websocket_opcode)3, .is_final = true}, "{}", 2, 0},
    {"fragmented ping", {.opcode = WEBSOCKET_PING}, "x", 1, 0},
    {"ping of 200 bytes", {.opcode = WEBSOCKET_PING, .is_final = true}, NULL, 200, 0},
    {"continuation of nothing", {.opcode = WEBSOCKET_CONTINUATION, .is_final = true}, "{}", 2, 0},
    {"length of 2^63",
     {.opcode = WEBSOCKET_TEXT, .is_final = true, .announced_len = 1ull << 63},
     "{}",
     2,
     0},
};

static void assert_frame_row(const struct frame_row *row)
{
    struct websocket_client *client = assert_open();
    char *filling = g_strnfill(row->len, 'x');
    websocket_client_send_frame(client, &row->frame, row->payload ? row->payload : filling,
                                row->len);
    g_free(filling);
    bool closed = event_loop_until(is_closed, client, EVENT_LOOP_PATIENCE_MS / 4);
    int code = websocket_client_close_code(client);
    websocket_client_destroy(client);
    if (!closed)
        fail_msg("%s: the connection stays open", row->what);
    bool is_violation = code == 0 || code == 1002 || code == 1003 || code == 1007 || code == 1009;
    if (row->close_code != 0 ? code != row->close_code : !is_violation)
        fail_msg("%s: close code %d", row->what, code);
}

static void bad_frames_close_their_connection(void **state)
{
    (void)state;
    struct peace peace = peace_begin("frames");
    for (unsigned i = 0; i < sizeof(frame_rows) / sizeof(frame_rows[0]); i++)
        assert_frame_row(&frame_rows[i]);
    peace_assert(&peace);
}

static void count_text(void *context, const char *text, size_t len)
{
    (void)text;
    (void)len;
    ++*(unsigned *)context;
}

struct unmasked {
    struct websocket_client *client;
    unsigned answers;
};

static bool is_answered_or_closed(void *user)
{
    struct unmasked *unmasked = user;
    return unmasked->answers > 0 || is_closed(unmasked->client);
}

/* RFC 6455, 5.1, wants them refused; libwebsockets 4.1.6 takes them like masked ones. */
static void unmasked_frames_harm_nobody(void **state)
{
    (void)state;
    struct peace peace = peace_begin("unmasked");
    const struct websocket_frame frame = {
        .opcode = WEBSOCKET_TEXT, .is_final = true, .is_unmasked = true};
    struct unmasked unmasked = {0};
    unmasked.client =
        websocket_client_open(server_process_public_port(), NULL, count_text, &unmasked.answers);
    websocket_client_send_frame(unmasked.client, &frame, "{}", 2);
    bool done = event_loop_until(is_answered_or_closed, &unmasked, EVENT_LOOP_PATIENCE_MS);
    websocket_client_destroy(unmasked.client);
    assert_true(done);
    peace_assert(&peace);
}

/* Cut in the middle of a frame, of a header, of the upgrade. */
static void truncated_frames_harm_nobody(void **state)
{
    (void)state;
    struct peace peace = peace_begin("truncated");
    static const uint8_t wire[] = {0x81, 0xFE, 0x01, 0x00, 1, 2, 3, 4, 'x', 'y', 'z'};
    for (size_t len = 1; len <= sizeof(wire); len++) {
        struct websocket_client *client = assert_open();
        websocket_client_send_bytes(client, wire, len);
        websocket_client_shutdown(client);
        assert_true(event_loop_until(is_closed, client, EVENT_LOOP_PATIENCE_MS / 4));
        websocket_client_destroy(client);
    }
    peace_assert(&peace);
}

struct json_row {
    const char *text;
    int codes[2];
};

static const struct json_row json_rows[] = {
    {"{", {-32700}},
    {"nonsense", {-32700}},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"leave\"}}", {-32700}},
    {"[]", {-32600}},
    {"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"leave\"}]", {-32600}},
    {"1", {-32600, -32700}},
    {"null", {-32600, -32700}},
    {"{}", {-32600}},
    {"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"leave\"}", {-32600}},
    {"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"leave\"}", {-32600}},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", {-32600}},
    {"{\"jsonrpc\":\"2.0\",\"id\":1}", {-32600}},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"join\",\"params\":[1,2]}", {-32602, -32600}},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"join\",\"params\":\"x\"}", {-32600, -32602}},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"leave\"}", {-32600, -32700}},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"jo\\u0000in\"}", {-32700, -32600}},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"__proto__\"}", {-32601}},
};

static void assert_refused(struct media_client *client, const char *text, const int codes[2])
{
    json_t *reply = rpc_client_exchange(client->rpc, text, strlen(text));
    int code = rpc_client_error_code(reply);
    json_decref(reply);
    if (code != codes[0] && (codes[1] == 0 || code != codes[1]))
        fail_msg("%.80s: error %d, not %d", text, code, codes[0]);
}

static void bad_json_gets_its_error(void **state)
{
    (void)state;
    struct peace peace = peace_begin("json");
    struct media_client_options options = usual_participant("json", "cas");
    struct media_client *cas = media_client_create(&options);
    assert_non_null(cas);
    for (unsigned i = 0; i < sizeof(json_rows) / sizeof(json_rows[0]); i++)
        assert_refused(cas, json_rows[i].text, json_rows[i].codes);
    char *deep = g_strnfill(FRAME_MAX_BYTES - 1, '[');
    assert_refused(cas, deep, (const int[2]){-32600, -32700});
    g_free(deep);
    assert_true(media_client_connect(cas)); /* an error never ends the connection */
    peace_assert(&peace);
}

/* A join with one parameter replaced; value NULL: left out. Steals value. */
static int join_error(struct media_client *client, const char *key, json_t *value)
{
    char *offer = media_client_offer(client);
    json_t *params = json_pack("{s:s, s:s, s:s}", "room", "params", "name", "cas", "offer", offer);
    free(offer);
    if (value)
        json_object_set_new(params, key, value);
    else
        json_object_del(params, key);
    json_t *reply = rpc_client_call(client->rpc, "join", params);
    int code = rpc_client_error_code(reply);
    json_decref(reply);
    return code;
}

static void assert_bad_parameter(struct media_client *client, const char *key, json_t *value)
{
    int code = join_error(client, key, value);
    if (code != -32602 && code != 413)
        fail_msg("join with a bad %s: error %d", key, code);
}

static json_t *long_text(size_t len)
{
    char *text = g_strnfill(len, 'r');
    json_t *value = json_string(text);
    g_free(text);
    return value;
}

static void bad_parameters_get_their_error(void **state)
{
    (void)state;
    struct peace peace = peace_begin("params");
    struct media_client_options options = usual_participant("params", "cas");
    struct media_client *cas = media_client_create(&options);
    assert_non_null(cas);
    static const char *const keys[] = {"room", "name", "offer"};
    for (unsigned i = 0; i < 3; i++) {
        assert_bad_parameter(cas, keys[i], NULL);
        assert_bad_parameter(cas, keys[i], json_integer(7));
        assert_bad_parameter(cas, keys[i], json_null());
        assert_bad_parameter(cas, keys[i], json_pack("[s]", "x"));
    }
    assert_bad_parameter(cas, "room", json_string(""));
    assert_bad_parameter(cas, "room", json_string("a room"));
    assert_bad_parameter(cas, "room", json_string("../etc"));
    assert_bad_parameter(cas, "room", json_string("r\xC3\xA9union"));
    assert_bad_parameter(cas, "room", long_text(129));
    assert_bad_parameter(cas, "name", long_text(129));
    assert_bad_parameter(cas, "metadata", json_pack("{s:o}", "m", long_text(1025)));
    assert_bad_parameter(cas, "token", json_integer(1));
    assert_true(media_client_connect(cas));
    peace_assert(&peace);
}

struct sdp_row {
    const char *what;
    const char *find, *replace; /* every occurrence; find NULL: replace is the whole offer */
};

static const struct sdp_row sdp_rows[] = {
    {"empty", NULL, ""},
    {"no SDP", NULL, "hello"},
    {"a session without media", NULL, "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"},
    {"version 1", "v=0\r\n", "v=1\r\n"},
    {"passive", "a=setup:actpass", "a=setup:passive"},
    {"unknown setup", "a=setup:actpass", "a=setup:holdconn"},
    {"sha-1", "a=fingerprint:sha-256", "a=fingerprint:sha-1"},
    {"no fingerprint", "a=fingerprint:", "a=x-fingerprint:"},
    {"short fingerprint", "a=fingerprint:sha-256 ", "a=fingerprint:sha-256 AA:"},
    {"no ufrag", "a=ice-ufrag:", "a=x-ufrag:"},
    {"no pwd", "a=ice-pwd:", "a=x-pwd:"},
    {"short pwd", "a=ice-pwd:", "a=ice-pwd:x\r\na=x:"},
    {"no BUNDLE", "a=group:BUNDLE", "a=group:LS"},
    {"no rtcp-mux", "a=rtcp-mux\r\n", ""},
    {"one mid for two lines", "a=mid:cam1", "a=mid:mic0"},
    {"a mid that fits no extension", "cam1", "cam1cam1cam1cam1cam1cam1"},
    {"a line that is none", "a=rtcp-rsize\r\n", "nonsense\r\n"},
};

static char *hostile_offer(struct media_client *client, const struct sdp_row *row)
{
    char *offer = media_client_offer(client);
    GString *text = g_string_new(row->find ? offer : row->replace);
    free(offer);
    if (row->find)
        g_string_replace(text, row->find, row->replace, 0);
    return g_string_free(text, FALSE);
}

static json_t *send_offer(struct media_client *client, const char *room, const char *offer)
{
    return rpc_client_call(
        client->rpc, "join",
        json_pack("{s:s, s:s, s:s}", "room", room, "name", "cas", "offer", offer));
}

/* 422, a sentence, and the line (0: the offer as a whole). */
static void assert_unanswerable(struct media_client *client, const char *what, const char *offer)
{
    json_t *reply = send_offer(client, "sdp", offer);
    int code = rpc_client_error_code(reply);
    const json_t *error = json_object_get(reply, "error");
    const char *message = json_string_value(json_object_get(error, "message"));
    bool has_line = json_is_integer(json_object_get(json_object_get(error, "data"), "line"));
    bool has_sentence = message && strlen(message) >= 10;
    json_decref(reply);
    if (code != 422 || !has_line || !has_sentence)
        fail_msg("%s: error %d%s%s", what, code, has_line ? "" : ", no data.line",
                 has_sentence ? "" : ", no sentence");
}

static char *many_lines(struct media_client *client)
{
    char *offer = media_client_offer(client);
    GString *text = g_string_new(offer);
    free(offer);
    for (unsigned i = 0; i < 5000; i++)
        g_string_append(text, "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n");
    return g_string_free(text, FALSE);
}

static void bad_sdp_gets_its_error(void **state)
{
    (void)state;
    struct peace peace = peace_begin("sdp");
    struct media_client_options options = usual_participant("sdp", "cas");
    struct media_client *cas = media_client_create(&options);
    assert_non_null(cas);
    for (unsigned i = 0; i < sizeof(sdp_rows) / sizeof(sdp_rows[0]); i++) {
        char *offer = hostile_offer(cas, &sdp_rows[i]);
        assert_unanswerable(cas, sdp_rows[i].what, offer);
        g_free(offer);
    }
    char *many = many_lines(cas);
    assert_unanswerable(cas, "5000 lines", many);
    g_free(many);
    assert_true(media_client_connect(cas));
    peace_assert(&peace);
}

/* Cut, repeat and change lines at random (of a fixed seed). */
static char *mutated_offer(struct media_client *client, GRand *random)
{
    char *offer = media_client_offer(client);
    GString *text = g_string_new(offer);
    free(offer);
    for (unsigned changes = 1 + g_rand_int(random) % 4; changes > 0; changes--) {
        gsize at = g_rand_int(random) % text->len;
        gsize len = MIN(g_rand_int(random) % 80, text->len - at);
        switch (g_rand_int(random) % 3) {
        case 0:
            g_string_erase(text, (gssize)at, (gssize)len);
            break;
        case 1:
            text->str[at] = (char)(32 + g_rand_int(random) % 95);
            break;
        default: {
            char *copy = g_strndup(text->str + at, len);
            g_string_insert_len(text, (gssize)(g_rand_int(random) % text->len), copy, (gssize)len);
            g_free(copy);
            break;
        }
        }
    }
    return g_string_free(text, FALSE);
}

/* Whatever it is, it is answered: with a session or with an error. */
static void mutated_offers_are_answered(void **state)
{
    (void)state;
    struct peace peace = peace_begin("mutated");
    struct media_client_options options = usual_participant("elsewhere", "cas");
    struct media_client *cas = NULL;
    GRand *random = g_rand_new_with_seed(20261121);
    unsigned refused = 0;
    for (unsigned i = 0; i < 150; i++) {
        if (!cas)
            cas = media_client_create(&options);
        assert_non_null(cas);
        char *offer = mutated_offer(cas, random);
        json_t *reply = send_offer(cas, "elsewhere", offer);
        int code = rpc_client_error_code(reply);
        json_decref(reply);
        if (code != 0 && code != 422 && code != 413 && code != -32602)
            fail_msg("error %d for this offer:\n%s", code, offer);
        g_free(offer);
        refused += code != 0;
        if (code == 0) {
            media_client_vanish(cas);
            cas = NULL;
        }
    }
    g_rand_free(random);
    printf("%u of 150 mutated offers were refused\n", refused);
    assert_true(refused > 0);
    peace_assert(&peace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFERENCE_TEST(bad_frames_close_their_connection),
        CONFERENCE_TEST(unmasked_frames_harm_nobody),
        CONFERENCE_TEST(truncated_frames_harm_nobody),
        CONFERENCE_TEST(bad_json_gets_its_error),
        CONFERENCE_TEST(bad_parameters_get_their_error),
        CONFERENCE_TEST(bad_sdp_gets_its_error),
        CONFERENCE_TEST(mutated_offers_are_answered),
    };
    return RUN_WITH_SERVER(tests);
}
