/* Which dumps of a folder stay. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "sfu/control/dump_file.h"

#define PACKETS_SUFFIX   ".pcapng"
#define DECISIONS_SUFFIX ".jsonl"
#define TIME_PATTERN                                                                               \
    "-dddddddd"                                                                                    \
    "T"                                                                                            \
    "dddddd.dddZ" /* d: a digit */
#define TIME_BYTES (sizeof(TIME_PATTERN) - 1)

/* Where the time begins in the name of a dump's packets; NULL: it is another file. */
static const char *time_in(const char *name)
{
    static const char pattern[] = TIME_PATTERN PACKETS_SUFFIX;
    size_t len = strlen(name), pattern_len = sizeof(pattern) - 1;
    if (len <= pattern_len)
        return NULL;
    const char *at = name + len - pattern_len;
    for (size_t i = 0; i < pattern_len; i++) {
        bool is_digit = at[i] >= '0' && at[i] <= '9';
        if (i < TIME_BYTES && pattern[i] == 'd' ? !is_digit : at[i] != pattern[i])
            return NULL;
    }
    return at;
}

/* Newest first. */
static int compare_names(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    int order = strncmp(time_in(*y), time_in(*x), TIME_BYTES);
    return order ? order : strcmp(*y, *x);
}

static void remove_dump(const char *folder, const char *name)
{
    char path[4096];
    int base = (int)(strlen(name) - strlen(PACKETS_SUFFIX));
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    unlink(path);
    snprintf(path, sizeof(path), "%s/%.*s%s", folder, base, name, DECISIONS_SUFFIX);
    unlink(path);
}

/* The names of dumps in a folder, each owned by the caller. @return how many, at most max */
static size_t list_dumps(uv_fs_t *request, char **names, size_t max)
{
    uv_dirent_t entry;
    size_t count = 0;
    while (count < max && uv_fs_scandir_next(request, &entry) == 0) {
        names[count] = time_in(entry.name) ? strdup(entry.name) : NULL;
        if (names[count])
            count++;
    }
    return count;
}

void control_dump_rotate(const char *folder, unsigned files_max)
{
    uv_fs_t request;
    int found = files_max > 0 ? uv_fs_scandir(NULL, &request, folder, 0, NULL) : 0;
    char **names = found > 0 ? calloc((size_t)found, sizeof(*names)) : NULL;
    size_t count = names ? list_dumps(&request, names, (size_t)found) : 0;
    if (count > 0)
        qsort(names, count, sizeof(*names), compare_names);
    for (size_t i = 0; i < count; i++) {
        if (i >= files_max)
            remove_dump(folder, names[i]);
        free(names[i]);
    }
    free(names);
    if (files_max > 0)
        uv_fs_req_cleanup(&request);
}
