/*
 * A flight kept as the bytes of its datagrams (RFC 6347, 4.2.4). Sent again, its records keep their
 * numbers: to a client that has seen them it is what a duplicating network looks like, and dropped.
 */
#include <string.h>

#include "rtp/error.h"
#include "sfu/transport/dtls_internal.h"

void transport_flight_init(struct transport_flight *flight, uint8_t *bytes, size_t cap_bytes)
{
    *flight = (struct transport_flight){.bytes = bytes, .cap_bytes = cap_bytes};
}

int transport_flight_add(struct transport_flight *flight, const uint8_t *data, size_t len)
{
    if (flight->count == DTLS_FLIGHT_DATAGRAMS || len > flight->cap_bytes - flight->used_bytes ||
        len > TRANSPORT_DTLS_MTU_BYTES)
        return IRIS_E_FULL;
    memcpy(flight->bytes + flight->used_bytes, data, len);
    flight->used_bytes += len;
    flight->lens[flight->count++] = (uint16_t)len;
    return 0;
}

size_t transport_flight_next(struct transport_flight *flight, const uint8_t **data)
{
    *data = NULL;
    if (flight->sent == flight->count)
        return 0;
    size_t len = flight->lens[flight->sent++];
    *data = flight->bytes + flight->sent_bytes;
    flight->sent_bytes += len;
    return len;
}

void transport_flight_rewind(struct transport_flight *flight)
{
    flight->sent = 0;
    flight->sent_bytes = 0;
}
