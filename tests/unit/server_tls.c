#include "server_tls.h"

static char folder[] = "/tmp/iris-tls-XXXXXX";
EVP_PKEY *p256;

const char *in_folder(const char *name)
{
    return path_in(folder, name);
}

void write_identity(EVP_PKEY *key, const char *name)
{
    tls_write_certificate(in_folder("public.pem"), key, name);
    tls_write_key(in_folder("public.key"), key, NULL);
}

void use_tls(struct signalling_server_config *config)
{
    static char files[4][96];
    static const char *const names[] = {"public.pem", "public.key", "operations.pem",
                                        "operations.key"};

    for (int i = 0; i < 4; i++)
        snprintf(files[i], sizeof(files[i]), "%s", in_folder(names[i]));
    config->public_certificate_file = files[0];
    config->public_key_file = files[1];
    config->operations_certificate_file = files[2];
    config->operations_key_file = files[3];
}

int set_up_tls(void **state)
{
    write_identity(p256, "first");
    return set_up(state);
}

SSL_CTX *client_context(int version)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    SSL_CTX_set_min_proto_version(context, version);
    SSL_CTX_set_max_proto_version(context, version);
    SSL_CTX_set_security_level(context, 0);
    return context;
}

const char *name_of(struct client *c, char out[64])
{
    X509 *certificate = SSL_get1_peer_certificate(c->ssl);

    assert_non_null(certificate);
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, out, 64);
    X509_free(certificate);
    return out;
}

int make_files(void **state)
{
    (void)state;
    p256 = EVP_EC_gen("P-256");
    if (!p256 || !mkdtemp(folder))
        return -1;
    tls_write_certificate(in_folder("operations.pem"), p256, "operations");
    tls_write_key(in_folder("operations.key"), p256, NULL);
    server_adjust = use_tls;
    return 0;
}

int drop_files(void **state)
{
    static const char *const names[] = {"public.pem", "public.key", "operations.pem",
                                        "operations.key"};

    (void)state;
    for (int i = 0; i < 4; i++)
        unlink(in_folder(names[i]));
    EVP_PKEY_free(p256);
    return rmdir(folder);
}
