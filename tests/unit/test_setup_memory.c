/*
 * Set-up code under allocation failure: the first allocation fails, then the second, and so on
 * until everything was there. Each time it must say so, and leave nothing behind (the leak
 * sanitizer looks).
 */
#include "conference.h"
#include "rtp/error.h"
#include "sfu/config.h"
#include "sfu/control/registry.h"
#include "sfu/core/engine_internal.h"
#include "sfu/io/worker.h"
#include "signalling/jsonrpc.h"
#include "signalling/token.h"
#include "wrap_allocations.h"

#define ATTEMPTS_MAX 400

static unsigned countdown; /* allocations until one fails; 0: none does */
static bool has_failed;

static bool on_allocation(void)
{
    if (countdown == 0 || --countdown > 0)
        return false;
    has_failed = true;
    return true;
}

static struct transport_certificate *certificate;

static struct core_engine *create_engine(void)
{
    const struct core_engine_config config = {
        .certificate = certificate, .aead = TRANSPORT_AEAD_AUTO, .seed = 1, .buffer_count = 8};
    return core_engine_create(&config);
}

/* Each sets something up and takes it down; false: it said that it could not. */
static bool engine(void)
{
    struct core_engine *made = create_engine();
    if (made)
        core_engine_destroy(made);
    return made != NULL;
}

static bool engine_join(void)
{
    unsigned kept = countdown;
    countdown = 0;
    struct core_engine *made = create_engine();
    struct core_command *command = calloc(1, sizeof(*command));
    struct core_event event;
    bool is_refused = false;
    assert_non_null(made);
    command->join.room = command->join.participant = 1;
    strcpy(command->join.transport.ice.local_ufrag, "ufrag");
    countdown = kept;
    core_engine_command(made, command, 1);
    countdown = 0;
    while (core_engine_next_event(made, &event))
        is_refused |= event.type == CORE_EVENT_REFUSED;
    assert_int_equal(core_engine_count(made), !is_refused);
    core_engine_advance(made, 20000); /* what is left works on */
    core_engine_destroy(made);
    free(command);
    return !is_refused;
}

/* An engine with one participant whose camera sends, exported once and imported each time. */
static bool engine_import(void)
{
    static const struct core_state_options options = {.key = "key"};
    const struct core_engine_config config = {
        .certificate = certificate, .aead = TRANSPORT_AEAD_AUTO, .seed = 1, .buffer_count = 8};
    const struct transport_srtp_keys keys = {.profile = TRANSPORT_SRTP_AEAD_AES_128_GCM};
    unsigned kept = countdown;
    size_t len;
    countdown = 0;
    struct core_engine *made = create_engine(), *again = NULL;
    struct core_command *command = calloc(1, sizeof(*command));
    assert_true(made && command);
    command->join.room = command->join.participant = 1;
    strcpy(command->join.transport.ice.local_ufrag, "ufrag");
    command->join.track_count = 1;
    command->join.tracks[0].kind = CORE_KIND_CAMERA;
    core_engine_command(made, command, 1);
    assert_int_equal(core_engine_set_keys(made, 1, &keys, &keys), 0);
    struct core_layer *layer = &core_engine_find(made, 1)->tracks[0].layers[0];
    assert_int_equal(core_layer_init(layer, 1, 1, CORE_KIND_CAMERA), 0);
    uint8_t *state = export_engine(made, &options, &len);
    countdown = kept;
    int error = core_engine_import(&config, &options, state, len, &again);
    countdown = 0;
    assert_int_equal(error, again ? 0 : IRIS_E_NO_MEMORY);
    core_engine_destroy(again);
    core_engine_destroy(made);
    free(command);
    free(state);
    return again != NULL;
}

static bool srtp(void)
{
    const struct transport_srtp_keys keys = {.profile = TRANSPORT_SRTP_AEAD_AES_128_GCM};
    struct transport_aead_context *context = transport_aead_context_create(TRANSPORT_AEAD_AUTO);
    struct transport_srtp_sender *sender =
        context ? transport_srtp_sender_create(context, &keys) : NULL;
    struct transport_srtp_receiver *receiver =
        sender ? transport_srtp_receiver_create(context, &keys) : NULL;
    bool is_made = receiver != NULL;
    transport_srtp_receiver_destroy(receiver);
    transport_srtp_sender_destroy(sender);
    transport_aead_context_destroy(context);
    return is_made;
}

static void nothing(void *context)
{
    (void)context;
}

static bool worker(void)
{
    static char *const texts[] = {"127.0.0.1"};
    static struct io_addresses addresses;
    char error[200] = "";
    unsigned kept = countdown;
    countdown = 0;
    assert_int_equal(io_addresses_get(&addresses, texts, 1), 0);
    countdown = kept;
    const struct io_worker_config config = {.certificate = certificate,
                                            .addresses = &addresses,
                                            .port_first = 63000,
                                            .port_last = 63999,
                                            .on_events = nothing};
    struct io_worker *made = io_worker_start(&config, error, sizeof(error));
    countdown = 0; /* the thread runs */
    assert_int_equal(made == NULL, error[0] != '\0');
    io_worker_stop(made);
    return made != NULL;
}

static bool configuration(void)
{
    static const char *const sets[] = {"hosts=a,b,c", "workers=2"};
    char error[CONFIG_ERROR_BYTES] = "";
    struct config *config = config_load(NULL, sets, 2, error);
    bool is_made = config != NULL;
    assert_int_equal(!is_made, error[0] != '\0');
    config_destroy(config);
    return is_made;
}

static bool registry(void)
{
    struct control_registry made;
    control_registry_init(&made, 1);
    bool is_made = control_registry_add(&made, "room") != NULL;
    assert_int_equal(made.participant_count, is_made);
    control_registry_dispose(&made);
    return is_made;
}

/* The client is told, and when to come back (protocol.md, section 2). */
static bool request(void)
{
    static const char text[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"stats\"}";
    struct signalling_request made;
    json_t *reply = NULL;
    bool is_made = signalling_jsonrpc_parse(text, sizeof(text) - 1, &made, &reply) == 0;
    const json_t *data = json_object_get(json_object_get(reply, "error"), "data");
    if (is_made)
        signalling_request_dispose(&made);
    else
        assert_true(json_integer_value(json_object_get(data, "retry_after_ms")) > 0);
    json_decref(reply);
    return is_made;
}

static void test_every_failure(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        bool (*set_up)(void);
        unsigned at_least; /* failures that must be told */
    } table[] = {
        {"engine", engine, 4},     {"join", engine_join, 3}, {"import", engine_import, 13},
        {"SRTP", srtp, 2},         {"worker", worker, 5},    {"configuration", configuration, 10},
        {"registry", registry, 2}, {"request", request, 1},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        unsigned attempt = 0, refused = 0;
        do {
            countdown = ++attempt;
            has_failed = false;
            bool is_made = table[i].set_up();
            countdown = 0;
            if (!is_made && !has_failed)
                fail_msg("%s: not made, though all was there", table[i].what);
            refused += !is_made; /* some do without, as the AEAD context with its other back end */
        } while (has_failed && attempt < ATTEMPTS_MAX);
        print_message("%s: %u failures survived, %u told\n", table[i].what, attempt - 1, refused);
        assert_false(has_failed);
        assert_true(refused >= table[i].at_least);
    }
}

static int set_up(void **state)
{
    (void)state;
    certificate = transport_certificate_create();
    return certificate ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    transport_certificate_destroy(certificate);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_failure)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
