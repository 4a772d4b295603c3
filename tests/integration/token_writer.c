/* base64url(header).base64url(claims).base64url(HMAC) */
#include "tests/integration/token_writer.h"

#include <glib.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LIFETIME_S 3600

/* RFC 4648, section 5, without padding. */
static void append_base64url(GString *out, const void *bytes, size_t len)
{
    char *text = g_base64_encode(bytes, len);
    for (char *at = text; *at && *at != '='; at++)
        g_string_append_c(out, *at == '+' ? '-' : *at == '/' ? '_' : *at);
    g_free(text);
}

char *token_write(const char *secret, json_t *claims)
{
    static const char header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    GString *token = g_string_new(NULL);
    char *text = json_dumps(claims, JSON_COMPACT);
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_len;
    append_base64url(token, header, strlen(header));
    g_string_append_c(token, '.');
    append_base64url(token, text, strlen(text));
    HMAC(EVP_sha256(), secret, (int)strlen(secret), (unsigned char *)token->str, token->len, mac,
         &mac_len);
    g_string_append_c(token, '.');
    append_base64url(token, mac, mac_len);
    char *result = strdup(token->str);
    g_string_free(token, TRUE);
    free(text);
    json_decref(claims);
    return result;
}

char *token_for(const char *room, const char *subject, bool is_moderator)
{
    return token_write(TOKEN_SECRET,
                       json_pack("{s:s, s:s, s:b, s:I}", "room", room, "sub", subject, "moderator",
                                 is_moderator, "exp", (json_int_t)time(NULL) + LIFETIME_S));
}
