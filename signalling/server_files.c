/*
 * Files of the web root. The invariant: what is opened lies below the root after every symbolic
 * link has been followed. Who can write into the root while we look is not an adversary.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signalling/server_internal.h"

static const struct {
    const char *suffix;
    const char *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".webp", "image/webp"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".wasm", "application/wasm"},
    {".txt", "text/plain; charset=utf-8"},
};

static const char *content_type(const char *path)
{
    const char *suffix = strrchr(path, '.');

    for (size_t i = 0; suffix && i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(types[i].suffix, suffix) == 0)
            return types[i].type;
    return "application/octet-stream";
}

/* Plain segments only: no dots in front (parents, hidden files), no back slash, no controls. */
static bool is_plain_path(const char *path)
{
    if (path[0] != '/')
        return false;
    for (const char *p = path; *p; p++)
        if ((p[0] == '/' && (p[1] == '.' || p[1] == '/')) || p[0] == '\\' ||
            (unsigned char)p[0] < 0x20 || p[0] == 0x7f)
            return false;
    return true;
}

static bool is_below(const char *resolved, const char *root)
{
    size_t len = strlen(root);

    return strncmp(resolved, root, len) == 0 && resolved[len] == '/';
}

static enum web_file_result open_regular(const char *resolved, struct web_file *file)
{
    struct stat status;
    int fd = open(resolved, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0)
        return WEB_FILE_ABSENT;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(fd);
        return WEB_FILE_ABSENT;
    }
    file->fd = fd;
    file->size_bytes = (uint64_t)status.st_size;
    snprintf(file->etag, sizeof(file->etag), "\"%llx-%llx\"",
             (unsigned long long)status.st_mtim.tv_sec * 1000000000ULL +
                 (unsigned long long)status.st_mtim.tv_nsec,
             (unsigned long long)status.st_size);
    return WEB_FILE_OPEN;
}

/* The compressed form stands for the file only as long as the file is there, too. */
static enum web_file_result open_resolved(const char *resolved, bool wants_gzip,
                                          struct web_file *file)
{
    char compressed[PATH_MAX];
    int used = snprintf(compressed, sizeof(compressed), "%s.gz", resolved);

    file->content_type = content_type(resolved);
    file->is_gzip = wants_gzip && used > 0 && (size_t)used < sizeof(compressed) &&
                    open_regular(compressed, file) == WEB_FILE_OPEN;
    return file->is_gzip ? WEB_FILE_OPEN : open_regular(resolved, file);
}

enum web_file_result signalling_web_file_open(const char *root, const char *path, bool wants_gzip,
                                              struct web_file *file)
{
    char real_root[PATH_MAX];
    char wanted[PATH_MAX];
    char resolved[PATH_MAX];
    size_t len = strlen(path);
    int used;

    if (!root || !realpath(root, real_root))
        return WEB_FILE_NO_ROOT;
    if (!is_plain_path(path))
        return WEB_FILE_ABSENT;
    used = snprintf(wanted, sizeof(wanted), "%s%s%s", real_root, path,
                    path[len - 1] == '/' ? "index.html" : "");
    if (used < 0 || (size_t)used >= sizeof(wanted) || !realpath(wanted, resolved) ||
        !is_below(resolved, real_root))
        return WEB_FILE_ABSENT;
    return open_resolved(resolved, wants_gzip, file);
}
