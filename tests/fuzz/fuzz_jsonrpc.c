/*
 * JSON-RPC framing under hostile frames: whatever is accepted has its parts and can be written
 * again; whatever is refused is refused with a code of the list and, where one is due, a reply that
 * can be sent.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "signalling/jsonrpc.h"
#include "tests/fuzz/target.h"

static void write_again(json_t *message)
{
    char *text = json_dumps(message, JSON_COMPACT);

    CHECK(text);
    free(text);
    json_decref(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct signalling_request request;
    json_t *reply = NULL;
    int code = signalling_jsonrpc_parse((const char *)data, size, &request, &reply);

    if (code != 0) {
        CHECK(code == SIGNALLING_E_PARSE || code == SIGNALLING_E_REQUEST ||
              code == SIGNALLING_E_PARAMS);
        CHECK(reply || code == SIGNALLING_E_PARAMS);
        if (reply)
            write_again(reply);
        return 0;
    }
    CHECK(!reply && request.method && json_is_object(request.params));
    write_again(signalling_jsonrpc_notification(request.method, json_incref(request.params)));
    write_again(signalling_jsonrpc_result(request.id, json_object()));
    signalling_request_dispose(&request);
    return 0;
}
