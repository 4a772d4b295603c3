/*
 * A transport as bytes. ICE is copied whole with the rest of the struct; SRTP and DTLS follow, as
 * far as they are there.
 */
#include "sfu/transport/transport_state.h"

#include <openssl/crypto.h>

#include <stdlib.h>
#include <string.h>

#include "rtp/error.h"
#include "sfu/transport/srtp_sources.h"
#include "sfu/transport/transport_internal.h"

/* Which parts follow. */
#define HAS_SRTP 1u
#define HAS_DTLS 2u

void transport_state_sizes(uint32_t sizes[TRANSPORT_STATE_SIZES])
{
    sizes[0] = sizeof(struct transport);
    sizes[1] = sizeof(struct transport_srtp_keys);
    sizes[2] = sizeof(struct transport_srtp_source);
    sizes[3] = (uint32_t)transport_dtls_size();
}

/* Answers that were sent are nobody's business any more. */
static void forget_sent(struct transport *image)
{
    for (unsigned i = image->reply_count; i < TRANSPORT_REPLIES; i++) {
        unsigned index = (image->reply_first + i) % TRANSPORT_REPLIES;
        memset(&image->replies[index], 0, sizeof(image->replies[index]));
    }
}

void transport_export(const struct transport *transport, struct transport_state_writer *writer)
{
    struct transport image = *transport;
    image.worker = NULL;
    image.sender = NULL;
    image.receiver = NULL;
    image.dtls = NULL;
    forget_sent(&image);
    transport_state_put(writer, &image, sizeof(image));
    OPENSSL_cleanse(&image, sizeof(image));
    transport_state_put_count(writer, (transport->sender ? HAS_SRTP : 0) |
                                          (transport->dtls ? HAS_DTLS : 0));
    if (transport->sender) {
        transport_srtp_sender_export(transport->sender, writer);
        transport_srtp_receiver_export(transport->receiver, writer);
    }
    if (transport->dtls)
        transport_dtls_export(transport->dtls, writer);
}

/* What an index or a length of the copied struct must be, so that nothing outside it is touched. */
static bool is_sound(const struct transport *image)
{
    for (unsigned i = 0; i < TRANSPORT_REPLIES; i++)
        if (image->replies[i].answer.len > TRANSPORT_ICE_REPLY_BYTES)
            return false;
    return image->reply_first < TRANSPORT_REPLIES && image->reply_count <= TRANSPORT_REPLIES &&
           image->ice.selected >= -1 && image->ice.selected < TRANSPORT_ICE_PATHS;
}

static int import_srtp(struct transport *transport, struct transport_state_reader *reader,
                       bool is_skipping)
{
    struct transport_aead_context *aead = transport->worker->aead;
    int error = transport_srtp_sender_import(aead, reader, is_skipping ? TRANSPORT_STATE_SKIP : 0,
                                             &transport->sender);
    return error ? error : transport_srtp_receiver_import(aead, reader, &transport->receiver);
}

int transport_import(struct transport_worker *worker, struct transport_state_reader *reader,
                     bool is_skipping, struct transport **transport)
{
    size_t parts = 0;
    struct transport *made = malloc(sizeof(*made));
    if (!made)
        return IRIS_E_NO_MEMORY;
    int error = transport_state_get(reader, made, sizeof(*made));
    if (error) {
        free(made);
        return error;
    }
    made->worker = worker;
    made->sender = NULL;
    made->receiver = NULL;
    made->dtls = NULL;
    error = is_sound(made) ? transport_state_get_count(reader, HAS_SRTP | HAS_DTLS, &parts)
                           : IRIS_E_MALFORMED;
    if (!error && (parts & HAS_SRTP))
        error = import_srtp(made, reader, is_skipping);
    if (!error && (parts & HAS_DTLS))
        error = transport_dtls_import(worker->dtls, reader, &made->dtls);
    if (error) {
        transport_destroy(made);
        return error;
    }
    *transport = made;
    return 0;
}
