/* Which dumps of a folder stay. What a file belongs to is read off its name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "sfu/control/dump_file.h"

#define PATH_BYTES 4096
#define TIME_PATTERN                                                                               \
    "-dddddddd"                                                                                    \
    "T"                                                                                            \
    "dddddd.dddZ" /* d: a digit */
#define TIME_BYTES (sizeof(TIME_PATTERN) - 1)

/* Of a dump's files; the first is there when it is complete. */
static const char *const suffixes[] = {".pcapng", ".jsonl", ".pcapng.part", ".jsonl.part"};
static const char automatic[] = "-freeze";

#define SUFFIX_COUNT (sizeof(suffixes) / sizeof(suffixes[0]))

/* The files of one name. */
struct entry {
    char *base; /* owned; without a suffix */
    const char *time;
    bool is_automatic, is_complete, is_safe;
    uint64_t bytes;
};

static bool is_time(const char *text)
{
    static const char pattern[] = TIME_PATTERN;
    for (size_t i = 0; i < TIME_BYTES; i++) {
        bool is_digit = text[i] >= '0' && text[i] <= '9';
        if (pattern[i] == 'd' ? !is_digit : text[i] != pattern[i])
            return false;
    }
    return true;
}

static bool cut_end(char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    if (len <= end_len || strcmp(text + len - end_len, end) != 0)
        return false;
    text[len - end_len] = '\0';
    return true;
}

/* Take a file's name apart. @return false: it is no dump's, or memory is short */
static bool read_entry(const char *name, struct entry *entry)
{
    char *base = strdup(name);
    size_t i = 0, len;
    *entry = (struct entry){.base = base};
    while (base && i < SUFFIX_COUNT && !cut_end(base, suffixes[i]))
        i++;
    if (!base || i == SUFFIX_COUNT) {
        free(base);
        return false;
    }
    entry->is_complete = i == 0;
    len = strlen(base);
    size_t kind_len = strlen(automatic);
    entry->is_automatic = len > kind_len && strcmp(base + len - kind_len, automatic) == 0;
    len -= entry->is_automatic ? kind_len : 0;
    entry->time = len > TIME_BYTES ? base + len - TIME_BYTES : NULL;
    if (entry->time && is_time(entry->time))
        return true;
    free(base);
    return false;
}

static int compare_times(const struct entry *a, const struct entry *b)
{
    int order = strncmp(b->time, a->time, TIME_BYTES);
    return order ? order : strcmp(b->base, a->base);
}

/* Newest first, the files of a name side by side. */
static int by_time(const void *a, const void *b)
{
    return compare_times(a, b);
}

/* Those that are safe, then the others; newest first. */
static int by_rank(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return x->is_safe == y->is_safe ? compare_times(x, y) : y->is_safe - x->is_safe;
}

/* @return how many, at most max; each base is the caller's */
static size_t list_files(uv_fs_t *request, const char *folder, struct entry *entries, size_t max)
{
    char path[PATH_BYTES];
    uv_dirent_t found;
    struct stat status;
    size_t count = 0;
    while (uv_fs_scandir_next(request, &found) == 0) { /* to its end, or libuv leaks the last */
        if (count == max || !read_entry(found.name, &entries[count]))
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, found.name);
        entries[count].bytes = stat(path, &status) == 0 ? (uint64_t)status.st_size : 0;
        count++;
    }
    return count;
}

/* Files of one name become one entry. @return how many there are then */
static size_t join_files(struct entry *entries, size_t count)
{
    size_t joined = 0;
    qsort(entries, count, sizeof(*entries), by_time);
    for (size_t i = 0; i < count; i++) {
        struct entry *last = joined > 0 ? &entries[joined - 1] : NULL;
        if (last && strcmp(last->base, entries[i].base) == 0) {
            last->bytes += entries[i].bytes;
            last->is_complete |= entries[i].is_complete;
            free(entries[i].base);
        } else {
            entries[joined++] = entries[i];
        }
    }
    return joined;
}

static void remove_dump(const char *folder, const struct entry *entry)
{
    char path[PATH_BYTES];
    for (size_t i = 0; i < SUFFIX_COUNT; i++) {
        snprintf(path, sizeof(path), "%s/%s%s", folder, entry->base, suffixes[i]);
        unlink(path);
    }
}

static bool is_older(const struct entry *entry, int64_t unix_us)
{
    char name[CONTROL_DUMP_NAME_BYTES];
    control_dump_name("", unix_us, false, name);
    return strncmp(entry->time, name, TIME_BYTES) < 0;
}

static void choose(const char *folder, struct entry *entries, size_t count,
                   const struct control_dump_limits *limits, int64_t unix_us)
{
    uint64_t bytes = 0;
    bool is_full = false;
    unsigned kept[2] = {0, 0}; /* requested, automatic */
    for (size_t i = 0; i < count; i++)
        entries[i].is_safe = entries[i].is_complete && !entries[i].is_automatic &&
                             !is_older(&entries[i], unix_us - CONTROL_DUMP_SAFE_US);
    qsort(entries, count, sizeof(*entries), by_rank);
    for (size_t i = 0; i < count; i++) {
        const struct entry *entry = &entries[i];
        bool is_many = limits->files_max > 0 && kept[entry->is_automatic] >= limits->files_max;
        is_full |= entry->is_complete && !is_many && limits->bytes_max > 0 &&
                   bytes + entry->bytes > limits->bytes_max;
        bool is_stale = is_older(entry, unix_us - CONTROL_DUMP_STALE_US);
        if (entry->is_complete ? is_many || is_full : is_stale) {
            remove_dump(folder, entry);
        } else if (entry->is_complete) {
            kept[entry->is_automatic]++;
            bytes += entry->bytes;
        }
    }
}

void control_dump_rotate(const char *folder, const struct control_dump_limits *limits,
                         int64_t unix_us)
{
    uv_fs_t request;
    int found = uv_fs_scandir(NULL, &request, folder, 0, NULL);
    struct entry *entries = found > 0 ? calloc((size_t)found, sizeof(*entries)) : NULL;
    size_t count = entries ? list_files(&request, folder, entries, (size_t)found) : 0;
    if (count > 0) {
        count = join_files(entries, count);
        choose(folder, entries, count, limits, unix_us);
    }
    for (size_t i = 0; i < count; i++)
        free(entries[i].base);
    free(entries);
    uv_fs_req_cleanup(&request);
}
