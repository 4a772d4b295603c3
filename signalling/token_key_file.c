/* Key files of join tokens. */
#include "signalling/token_key_file.h"

#include <stdio.h>
#include <string.h>

#define SECRET_MIN_BYTES 32 /* RFC 7518, section 3.2: at least the size of the hash */

const char *token_key_file_read(const char *path, struct token_key_file *file)
{
    FILE *stream = fopen(path, "rb");
    bool is_failed;

    if (!stream)
        return "cannot be opened";
    memset(file, 0, sizeof(*file));
    file->len = fread(file->bytes, 1, sizeof(file->bytes), stream);
    is_failed = ferror(stream) != 0;
    fclose(stream);
    if (is_failed)
        return "cannot be read";
    if (file->len > TOKEN_KEY_FILE_MAX_BYTES)
        return "is larger than 16 KiB, so it is no key";
    return NULL;
}

bool token_key_file_is_pem(const struct token_key_file *file)
{
    return strstr((const char *)file->bytes, "-----BEGIN ") != NULL;
}

const char *token_key_file_trim_secret(struct token_key_file *file)
{
    if (file->len > 0 && file->bytes[file->len - 1] == '\n')
        file->len--;
    if (file->len > 0 && file->bytes[file->len - 1] == '\r')
        file->len--;
    return file->len < SECRET_MIN_BYTES ? "holds a secret of less than 32 bytes" : NULL;
}
