/*
 * Making the server's certificate. Nobody verifies its names or dates, only its fingerprint (RFC
 * 8122), so its validity is fixed: no clock is read, and it does not tell when the server was
 * started.
 */
#include "sfu/transport/certificate.h"

#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "sfu/transport/dtls_internal.h"

#define NOT_BEFORE "20200101000000Z"
#define NOT_AFTER  "20491231235959Z" /* the last second of UTCTime (RFC 5280, 4.1.2.5.1) */

/*
 * Serial number and name come from the key's hash: peers that cache certificates by issuer and
 * serial (NSS) must not take two servers for one.
 */
static int set_names(X509 *x509)
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned hash_len;
    if (!X509_pubkey_digest(x509, EVP_sha256(), hash, &hash_len))
        return 0;
    uint64_t serial = 1; /* positive and not zero (RFC 5280, 4.1.2.2) */
    for (int i = 0; i < 7; i++)
        serial = serial << 8 | hash[i];
    char name[24];
    snprintf(name, sizeof(name), "iris-%02x%02x%02x%02x", hash[8], hash[9], hash[10], hash[11]);
    X509_NAME *subject = X509_get_subject_name(x509);
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial) &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const uint8_t *)name, -1, -1,
                                      0) &&
           X509_set_issuer_name(x509, subject);
}

static int sign_self(X509 *x509, EVP_PKEY *key)
{
    return X509_set_version(x509, X509_VERSION_3) &&
           ASN1_TIME_set_string_X509(X509_getm_notBefore(x509), NOT_BEFORE) &&
           ASN1_TIME_set_string_X509(X509_getm_notAfter(x509), NOT_AFTER) &&
           X509_set_pubkey(x509, key) && set_names(x509) && X509_sign(x509, key, EVP_sha256());
}

struct transport_certificate *transport_certificate_create(void)
{
    struct transport_certificate *certificate = calloc(1, sizeof(*certificate));
    if (!certificate)
        return NULL;
    certificate->key = EVP_EC_gen("P-256");
    certificate->x509 = X509_new();
    if (!certificate->key || !certificate->x509 ||
        !sign_self(certificate->x509, certificate->key) ||
        !X509_digest(certificate->x509, EVP_sha256(), certificate->fingerprint, NULL)) {
        transport_certificate_destroy(certificate);
        return NULL;
    }
    return certificate;
}

void transport_certificate_destroy(struct transport_certificate *certificate)
{
    if (!certificate)
        return;
    X509_free(certificate->x509);
    EVP_PKEY_free(certificate->key);
    free(certificate);
}

const uint8_t *transport_certificate_fingerprint(const struct transport_certificate *certificate)
{
    return certificate->fingerprint;
}
