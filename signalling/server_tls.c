/*
 * TLS of the two listeners. libwebsockets makes the SSL_CTX and the connections; which certificate
 * a handshake presents is decided here, at each handshake: so a reload is one pointer, and a
 * connection keeps what it was made with.
 */
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signalling/server_internal.h"

/* OpenSSL asks at each handshake (SSL_CTX_set_cert_cb). */
static int on_certificate_needed(SSL *ssl, void *context)
{
    const struct listener_tls *tls = context;

    return signalling_tls_identity_present(tls->identity, ssl) == 0;
}

/* Copy the files' names; load what they hold. */
static int configure(struct listener_tls *tls, const char *certificate_file, const char *key_file,
                     char *error, size_t error_cap)
{
    if (!certificate_file || !key_file)
        return 0;
    tls->certificate_file = strdup(certificate_file);
    tls->key_file = strdup(key_file);
    if (!tls->certificate_file || !tls->key_file) {
        snprintf(error, error_cap, "cannot start the server: out of memory");
        return -1;
    }
    tls->identity = signalling_tls_identity_load(certificate_file, key_file, error, error_cap);
    return tls->identity ? 0 : -1;
}

int signalling_tls_configure(struct signalling_server *server,
                             const struct signalling_server_config *config, char *error,
                             size_t error_cap)
{
    if (configure(&server->tls[0], config->public_certificate_file, config->public_key_file, error,
                  error_cap) != 0)
        return -1;
    return configure(&server->tls[1], config->operations_certificate_file,
                     config->operations_key_file, error, error_cap);
}

void signalling_tls_dispose(struct signalling_server *server)
{
    for (int i = 0; i < 2; i++) {
        signalling_tls_identity_destroy(server->tls[i].identity);
        free(server->tls[i].certificate_file);
        free(server->tls[i].key_file);
    }
}

void signalling_tls_fill_vhost(const struct signalling_server *server, int index,
                               struct lws_context_creation_info *info)
{
    if (!server->tls[index].identity)
        return;
    info->options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX;
    /* HTTP/2 has another way to open a WebSocket (RFC 8441) and needs other answers. */
    info->alpn = "http/1.1";
}

int signalling_tls_prepare(struct signalling_server *server, int index, struct ssl_ctx_st *context)
{
    if (signalling_tls_restrict(context) != 0)
        return -1;
    /* libwebsockets would look for a listener of the name that the client asks for, and takes the
     * first one with the same port: with two addresses that is the other one. */
    SSL_CTX_set_tlsext_servername_callback(context, NULL);
    SSL_CTX_set_cert_cb(context, on_certificate_needed, &server->tls[index]);
    server->tls[index].is_prepared = true;
    return 0;
}

bool signalling_tls_is_as_configured(const struct signalling_server *server, int index)
{
    return server->tls[index].is_prepared == (server->tls[index].identity != NULL);
}

int signalling_server_reload_tls(struct signalling_server *server, char *error, size_t error_cap)
{
    struct signalling_tls_identity *fresh[2] = {NULL, NULL};
    int reloaded = 0;

    for (int i = 0; i < 2; i++) {
        const struct listener_tls *tls = &server->tls[i];

        if (!tls->identity)
            continue;
        fresh[i] =
            signalling_tls_identity_load(tls->certificate_file, tls->key_file, error, error_cap);
        if (!fresh[i]) {
            signalling_tls_identity_destroy(fresh[0]);
            return -1;
        }
    }
    for (int i = 0; i < 2; i++) {
        if (!fresh[i])
            continue;
        signalling_tls_identity_destroy(server->tls[i].identity);
        server->tls[i].identity = fresh[i];
        reloaded++;
    }
    return reloaded;
}
