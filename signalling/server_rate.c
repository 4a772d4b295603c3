/*
 * How much one connection may ask, and one address open.
 *
 * A frame above the rate is answered (429), and the connection stays: a client with a bug is told
 * so. But an answer costs too, so refusals have a budget of their own, ten bursts, refilled at the
 * rate of the requests. Who uses that up is read no faster than it refills: libwebsockets stops
 * reading the socket until then, TCP holds the sender back, and the cost of the connection is
 * bounded by two times its rate, for ever, without a close code that the protocol does not have.
 * What a client sends behind that waits in its own buffers.
 *
 * Frames count when they are complete, whatever is in them; of the fragments only those without a
 * byte, for the others pay by their size. Pongs nobody asked for count as well; pings are answered
 * inside libwebsockets, which holds one of at most 125 bytes at a time.
 */
#include <stdio.h>

#include "signalling/server_internal.h"

#define REQUEST_UNIT_BYTES 65536 /* a frame costs one request, and one more for each of these */
#define REFUSAL_UNIT_BYTES 4096  /* likewise a refusal: what is refused had to be parsed */
#define REFUSAL_BURSTS     10

uint64_t signalling_now_ms(void)
{
    return uv_hrtime() / 1000000;
}

static struct signalling_rate refusal_rate(struct signalling_rate requests)
{
    return (struct signalling_rate){requests.per_second, requests.burst * REFUSAL_BURSTS};
}

void signalling_rate_init(struct signalling_connection *connection)
{
    struct signalling_rate rate = connection->server->request_rate;
    uint64_t now_ms = signalling_now_ms();

    signalling_bucket_init(&connection->requests, rate, now_ms);
    signalling_bucket_init(&connection->refusals, refusal_rate(rate), now_ms);
}

/* Read nothing more until a refusal can be paid. */
static void pause_reading(struct signalling_connection *connection, unsigned cost, uint64_t wait_ms)
{
    if (connection->is_paused || connection->is_closing)
        return;
    connection->is_paused = true;
    connection->owed = cost;
    lws_rx_flow_control(connection->wsi, 0);
    lws_set_timer_usecs(connection->wsi, (lws_usec_t)wait_ms * 1000);
}

void signalling_rate_resume(struct signalling_connection *connection)
{
    if (!connection->is_paused)
        return;
    connection->is_paused = false;
    signalling_bucket_take(&connection->refusals, refusal_rate(connection->server->request_rate),
                           connection->owed, signalling_now_ms());
    lws_rx_flow_control(connection->wsi, 1);
}

void signalling_rate_charge(struct signalling_connection *connection, size_t len)
{
    struct signalling_rate rate = refusal_rate(connection->server->request_rate);
    unsigned cost = 1 + (unsigned)(len / REFUSAL_UNIT_BYTES);
    uint64_t now_ms = signalling_now_ms();
    uint64_t wait_ms = signalling_bucket_take(&connection->refusals, rate, cost, now_ms);

    if (wait_ms == 0)
        return;
    if (!connection->is_flood_told)
        signalling_server_notice(connection->server, "%s floods: its requests are read at %u/s",
                                 connection->peer, rate.per_second);
    connection->is_flood_told = true;
    pause_reading(connection, cost, wait_ms);
}

uint64_t signalling_rate_request(struct signalling_connection *connection, size_t len)
{
    unsigned cost = 1 + (unsigned)(len / REQUEST_UNIT_BYTES);

    return signalling_bucket_take(&connection->requests, connection->server->request_rate, cost,
                                  signalling_now_ms());
}

json_t *signalling_rate_refusal(json_t *id, uint64_t retry_ms)
{
    return signalling_jsonrpc_error(id, SIGNALLING_E_TOO_MANY, NULL,
                                    json_pack("{s:I}", "retry_after_ms", (json_int_t)retry_ms));
}

bool signalling_rate_admit(struct signalling_server *server, const struct signalling_ip *client,
                           char *headers, size_t cap)
{
    uint64_t retry_ms = 0;
    char address[SIGNALLING_IP_TEXT_BYTES];
    uint64_t untracked = server->limit.untracked;
    enum signalling_limit_verdict verdict =
        signalling_limit_admit(&server->limit, client, signalling_now_ms(), &retry_ms);

    if (server->limit.untracked != untracked)
        signalling_server_notice(server, "addresses are too many to count: %llu connections so far",
                                 (unsigned long long)server->limit.untracked);
    if (verdict == SIGNALLING_LIMIT_ADMITTED)
        return true;
    /* When somebody else of this address leaves is not known: a few seconds are polite. */
    if (verdict == SIGNALLING_LIMIT_CONNECTIONS)
        retry_ms = 5000;
    signalling_ip_format(client, address);
    signalling_server_notice(server, "too many connections %s %s are refused",
                             verdict == SIGNALLING_LIMIT_RATE ? "a second of" : "of", address);
    snprintf(headers, cap, "Retry-After: %llu\r\n", (unsigned long long)(retry_ms + 999) / 1000);
    return false;
}
