/*
 * JSON-RPC framing: what is a request, which error answers what is none, and what replies look
 * like.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signalling/jsonrpc.h"

#define OK  0
#define ANY "\x01" /* no reply is due */

static const struct {
    const char *what;
    const char *frame;
    int code;
    const char *reply_id; /* JSON text of the reply's id; ANY: no reply */
} frames[] = {
    {"request", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"join\",\"params\":{\"a\":1}}", OK, ANY},
    {"text id", "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"leave\"}", OK, ANY},
    {"null id", "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"leave\"}", OK, ANY},
    {"notification", "{\"jsonrpc\":\"2.0\",\"method\":\"leave\"}", OK, ANY},
    {"unknown member", "{\"jsonrpc\":\"2.0\",\"method\":\"leave\",\"x\":[]}", OK, ANY},
    {"brackets in text", "{\"jsonrpc\":\"2.0\",\"method\":\"[[[[{{{{\\\"[\"}", OK, ANY},
    {"empty", "", -32700, "null"},
    {"not JSON", "hello", -32700, "null"},
    {"cut", "{\"jsonrpc\":\"2.0\",", -32700, "null"},
    {"rubbish behind", "{\"jsonrpc\":\"2.0\",\"method\":\"a\"} x", -32700, "null"},
    {"escaped NUL", "{\"jsonrpc\":\"2.0\",\"method\":\"a\\u0000b\"}", -32700, "null"},
    {"lone surrogate", "{\"jsonrpc\":\"2.0\",\"method\":\"\\ud800\"}", -32700, "null"},
    {"batch", "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"leave\"}]", -32600, "null"},
    {"scalar", "42", -32600, "null"},
    {"duplicate key", "{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"a\"}", -32600, "null"},
    {"no version", "{\"id\":7,\"method\":\"leave\"}", -32600, "7"},
    {"wrong version", "{\"jsonrpc\":\"1.0\",\"id\":7,\"method\":\"leave\"}", -32600, "7"},
    {"no method", "{\"jsonrpc\":\"2.0\",\"id\":\"q\"}", -32600, "\"q\""},
    {"a reply", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", -32600, "1"},
    {"method a number", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":2}", -32600, "1"},
    {"id an object", "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"a\"}", -32600, "null"},
    {"id a bool", "{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"a\"}", -32600, "null"},
    {"params a text", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":\"b\"}", -32600,
     "1"},
    {"params a text, no id", "{\"jsonrpc\":\"2.0\",\"method\":1,\"params\":\"b\"}", -32600, "null"},
    {"positional", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":[1]}", -32602, "1"},
    {"positional, no id", "{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"params\":[1]}", -32602, ANY},
};

static void check_reply(const char *what, json_t *reply, int code, const char *id)
{
    json_t *error = json_object_get(reply, "error");
    char *text;

    if (strcmp(id, ANY) == 0) {
        if (reply)
            fail_msg("%s: a reply where none is due", what);
        return;
    }
    assert_non_null(reply);
    assert_string_equal(json_string_value(json_object_get(reply, "jsonrpc")), "2.0");
    assert_int_equal(json_integer_value(json_object_get(error, "code")), code);
    assert_true(json_string_length(json_object_get(error, "message")) > 5);
    text = json_dumps(json_object_get(reply, "id"), JSON_ENCODE_ANY);
    if (!text || strcmp(text, id) != 0)
        fail_msg("%s: the id is %s, not %s", what, text ? text : "absent", id);
    free(text);
}

static void frames_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        struct signalling_request request;
        json_t *reply = (json_t *)&request; /* must be overwritten */
        size_t len = strlen(frames[i].frame);
        char *frame = malloc(len + 1); /* not terminated, so that ASan sees reading beyond it */
        int code;

        memcpy(frame, frames[i].frame, len);
        frame = realloc(frame, len ? len : 1);
        code = signalling_jsonrpc_parse(frame, len, &request, &reply);
        free(frame);
        if (code != frames[i].code)
            fail_msg("%s: %d, not %d", frames[i].what, code, frames[i].code);
        check_reply(frames[i].what, reply, code, frames[i].reply_id);
        json_decref(reply);
        if (code == 0)
            signalling_request_dispose(&request);
    }
}

static void a_request_has_its_parts(void **state)
{
    static const char frame[] = "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"join\",\"params\":"
                                "{\"room\":\"r\"}}";
    static const char bare[] = "{\"jsonrpc\":\"2.0\",\"method\":\"leave\"}";
    struct signalling_request request;
    json_t *reply;

    (void)state;
    assert_int_equal(signalling_jsonrpc_parse(frame, strlen(frame), &request, &reply), 0);
    assert_null(reply);
    assert_int_equal(json_integer_value(request.id), 5);
    assert_string_equal(request.method, "join");
    assert_string_equal(json_string_value(json_object_get(request.params, "room")), "r");
    signalling_request_dispose(&request);

    assert_int_equal(signalling_jsonrpc_parse(bare, strlen(bare), &request, &reply), 0);
    assert_null(request.id);
    assert_true(json_is_object(request.params));
    assert_int_equal(json_object_size(request.params), 0);
    signalling_request_dispose(&request);
    signalling_request_dispose(&request); /* harmless */
}

static void raw_nul_and_invalid_utf8_are_no_json(void **state)
{
    static const char nul[] = "{\"jsonrpc\":\"2.0\",\"method\":\"a\0b\"}";
    static const char utf8[] = "{\"jsonrpc\":\"2.0\",\"method\":\"a\xff\"}";
    struct signalling_request request;
    json_t *reply;

    (void)state;
    assert_int_equal(signalling_jsonrpc_parse(nul, sizeof(nul) - 1, &request, &reply), -32700);
    json_decref(reply);
    assert_int_equal(signalling_jsonrpc_parse(utf8, sizeof(utf8) - 1, &request, &reply), -32700);
    json_decref(reply);
}

static int parse_nested(size_t depth)
{
    char *frame = malloc(2 * depth + 64);
    struct signalling_request request;
    json_t *reply = NULL;
    int used = sprintf(frame, "{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"params\":{\"x\":");
    int code;

    memset(frame + used, '[', depth);
    memset(frame + used + depth, ']', depth);
    memcpy(frame + (size_t)used + 2 * depth, "}}", sizeof("}}"));
    code = signalling_jsonrpc_parse(frame, strlen(frame), &request, &reply);
    if (code == 0) {
        /* What was accepted can be wrapped and written. */
        char *text;
        json_t *wrapped = signalling_jsonrpc_notification("message", json_incref(request.params));

        text = json_dumps(wrapped, 0);
        assert_non_null(text);
        free(text);
        json_decref(wrapped);
        signalling_request_dispose(&request);
    }
    json_decref(reply);
    free(frame);
    return code;
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    assert_int_equal(parse_nested(62), 0);
    assert_int_equal(parse_nested(63), -32600);
    assert_int_equal(parse_nested(100000), -32600);
}

static void assert_dump(json_t *object, const char *expected)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);

    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
    json_decref(object);
}

static void replies_have_their_form(void **state)
{
    json_t *id = json_string("q");

    (void)state;
    assert_dump(signalling_jsonrpc_result(id, json_object()),
                "{\"id\":\"q\",\"jsonrpc\":\"2.0\",\"result\":{}}");
    assert_dump(signalling_jsonrpc_error(id, 401, NULL, NULL),
                "{\"error\":{\"code\":401,\"message\":\"no token, or one that is not valid here\"},"
                "\"id\":\"q\",\"jsonrpc\":\"2.0\"}");
    assert_dump(signalling_jsonrpc_error(NULL, 422, "no BUNDLE", json_pack("{s:i}", "line", 3)),
                "{\"error\":{\"code\":422,\"data\":{\"line\":3},\"message\":\"no BUNDLE\"},"
                "\"id\":null,\"jsonrpc\":\"2.0\"}");
    assert_dump(signalling_jsonrpc_notification("slots", json_object()),
                "{\"jsonrpc\":\"2.0\",\"method\":\"slots\",\"params\":{}}");
    assert_int_equal(id->refcount, 1);
    json_decref(id);
}

static void a_missing_value_is_no_message(void **state)
{
    (void)state;
    assert_null(signalling_jsonrpc_result(NULL, NULL));
    assert_null(signalling_jsonrpc_notification("slots", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_judged),
        cmocka_unit_test(a_request_has_its_parts),
        cmocka_unit_test(raw_nul_and_invalid_utf8_are_no_json),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(replies_have_their_form),
        cmocka_unit_test(a_missing_value_is_no_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
