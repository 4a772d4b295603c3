/* proc(5): the fields of stat stand behind the command's name, which may hold anything. */
#include "bench/bubbles/server_process.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int bubbles_usage_read(pid_t pid, struct bubbles_usage *usage)
{
    char path[64], line[1024];
    unsigned long user, system;
    long threads, rss_pages;
    if (pid)
        snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    else
        snprintf(path, sizeof(path), "/proc/self/stat");
    FILE *file = fopen(path, "r");
    if (!file)
        return -1;
    const char *read = fgets(line, sizeof(line), file);
    fclose(file);
    const char *rest = read ? strrchr(line, ')') : NULL;
    /* After the name: state (3), ... utime (14), stime (15), ... num_threads (20), ... rss (24). */
    if (!rest || sscanf(rest + 1,
                        " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d "
                        "%ld %*d %*u %*u %ld",
                        &user, &system, &threads, &rss_pages) != 4)
        return -1;
    double tick_s = 1.0 / (double)sysconf(_SC_CLK_TCK);
    usage->user_s = (double)user * tick_s;
    usage->system_s = (double)system * tick_s;
    usage->threads = (unsigned)threads;
    usage->rss_bytes = (uint64_t)rss_pages * (uint64_t)sysconf(_SC_PAGESIZE);
    return 0;
}
