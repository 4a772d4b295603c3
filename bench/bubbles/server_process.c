/*
 * proc(5): the fields of stat stand behind the command's name, which may hold anything; schedstat
 * has a thread's time on a CPU first [ns], the same time that stat rounds to ticks, and then the
 * time that it waited for one.
 */
#include "bench/bubbles/server_process.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Fields of stat by proc(5)'s numbers; the first one behind the name is 3. */
enum field {
    FIELD_FIRST = 3,
    FIELD_USER = 14,
    FIELD_SYSTEM = 15,
    FIELD_THREADS = 20,
    FIELD_RSS = 24
};

static void take_field(struct bubbles_usage *usage, unsigned field, const char *text)
{
    double tick_s = 1.0 / (double)sysconf(_SC_CLK_TCK);
    unsigned long long value = strtoull(text, NULL, 10);
    if (field == FIELD_USER)
        usage->user_s = (double)value * tick_s;
    else if (field == FIELD_SYSTEM)
        usage->system_s = (double)value * tick_s;
    else if (field == FIELD_THREADS)
        usage->threads = (unsigned)value;
    else if (field == FIELD_RSS)
        usage->rss_bytes = value * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* @return false: this kernel does not tell */
static bool add_thread(const char *tasks, const char *name, struct bubbles_usage *usage)
{
    char path[384];
    unsigned long long ns, waited_ns;
    snprintf(path, sizeof(path), "%s/%s/schedstat", tasks, name);
    FILE *file = fopen(path, "r");
    bool is_told = file && fscanf(file, "%llu %llu", &ns, &waited_ns) == 2;
    if (file)
        fclose(file);
    if (is_told) {
        usage->cpu_s += (double)ns * 1e-9;
        usage->waited_s += (double)waited_ns * 1e-9;
    }
    return is_told;
}

static bool add_threads(pid_t pid, struct bubbles_usage *usage)
{
    char path[64];
    unsigned told = 0;
    if (pid)
        snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    else
        snprintf(path, sizeof(path), "/proc/self/task");
    DIR *tasks = opendir(path);
    for (const struct dirent *entry; tasks && (entry = readdir(tasks));)
        if (entry->d_name[0] != '.')
            told += add_thread(path, entry->d_name, usage);
    if (tasks)
        closedir(tasks);
    return told > 0;
}

int bubbles_usage_read(pid_t pid, struct bubbles_usage *usage)
{
    char path[64], line[1024], *rest, *word;
    unsigned field = FIELD_FIRST;
    if (pid)
        snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    else
        snprintf(path, sizeof(path), "/proc/self/stat");
    FILE *file = fopen(path, "r");
    if (!file)
        return -1;
    const char *read = fgets(line, sizeof(line), file);
    fclose(file);
    char *name_end = read ? strrchr(line, ')') : NULL;
    if (!name_end)
        return -1;
    for (word = strtok_r(name_end + 1, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        take_field(usage, field++, word);
    usage->cpu_s = usage->waited_s = 0;
    if (!add_threads(pid, usage))
        usage->cpu_s = usage->user_s + usage->system_s;
    return field > FIELD_RSS ? 0 : -1;
}
