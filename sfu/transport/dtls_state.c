/*
 * A DTLS association as bytes for a hand-over. Of a handshake that has not ended only its time
 * limit is carried: the client repeats its ClientHello.
 */
#include "rtp/error.h"
#include "sfu/transport/dtls_internal.h"

size_t transport_dtls_size(void)
{
    return sizeof(struct transport_dtls);
}

void transport_dtls_export(const struct transport_dtls *dtls, struct transport_state_writer *writer)
{
    struct transport_dtls image = *dtls;
    int64_t timeout_us = dtls->handshake ? dtls->handshake->timeout_us : INT64_MAX;
    bool is_over = dtls->state != TRANSPORT_DTLS_HANDSHAKE;
    image.context = NULL;
    image.handshake = NULL;
    image.flight = NULL;
    image.last.bytes = NULL;
    image.reason = NULL;
    transport_state_put(writer, &image, sizeof(image));
    transport_state_put_count(writer, is_over);
    transport_state_put(writer, &timeout_us, sizeof(timeout_us));
    OPENSSL_cleanse(&image, sizeof(image));
}

static bool is_flight_sound(const struct transport_flight *flight)
{
    size_t used = 0, sent = 0;
    if (flight->count > DTLS_FLIGHT_DATAGRAMS || flight->sent > flight->count ||
        flight->cap_bytes != DTLS_LAST_FLIGHT_BYTES)
        return false;
    for (unsigned i = 0; i < flight->count; i++) {
        used += flight->lens[i];
        sent += i < flight->sent ? flight->lens[i] : 0;
    }
    return used <= DTLS_LAST_FLIGHT_BYTES && flight->used_bytes == used &&
           flight->sent_bytes == sent;
}

int transport_dtls_import(struct transport_dtls_context *context,
                          struct transport_state_reader *reader, struct transport_dtls **dtls)
{
    struct transport_dtls image;
    size_t is_over = 0;
    int64_t timeout_us = 0;
    int error = transport_state_get(reader, &image, sizeof(image));
    if (!error)
        error = transport_state_get_count(reader, 1, &is_over);
    if (!error)
        error = transport_state_get(reader, &timeout_us, sizeof(timeout_us));
    if (!error && (!is_flight_sound(&image.last) || image.alert_key.key_bytes > 32))
        error = IRIS_E_MALFORMED;
    if (error)
        return error;
    struct transport_dtls *made = transport_dtls_create(context, image.fingerprint, 0);
    if (!made)
        return IRIS_E_NO_MEMORY;
    if (is_over) {
        transport_handshake_destroy(made);
        *made = image;
        made->context = context;
        made->flight = &made->last;
        made->last.bytes = made->last_bytes;
        made->reason = image.state == TRANSPORT_DTLS_FAILED ? "the handshake failed before" : "";
    } else {
        made->handshake->timeout_us = timeout_us;
    }
    OPENSSL_cleanse(&image, sizeof(image));
    *dtls = made;
    return 0;
}
