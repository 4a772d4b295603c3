/* One connection a request; the numbers of all workers are added up. */
#include "bench/bubbles/operations.h"

#include <jansson.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_MAX_BYTES (1 << 20)

static int open_connection(const struct bubbles_url *url)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    struct timeval patience = {.tv_sec = 1};
    char port[8];
    int fd = -1;
    snprintf(port, sizeof(port), "%u", url->port);
    if (url->port == 0 || url->is_tls || getaddrinfo(url->host, port, &hints, &list))
        return -1;
    for (const struct addrinfo *at = list; at && fd < 0; at = at->ai_next) {
        fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
        if (connect(fd, at->ai_addr, at->ai_addrlen)) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    return fd;
}

/* Until the server closes. @return free() it; NULL: no answer */
static char *read_all(int fd)
{
    size_t len = 0;
    char *text = malloc(ANSWER_MAX_BYTES);
    for (ssize_t more = 1; text && more > 0 && len + 1 < ANSWER_MAX_BYTES; len += (size_t)more) {
        more = recv(fd, text + len, ANSWER_MAX_BYTES - 1 - len, 0);
        if (more < 0) {
            free(text);
            return NULL;
        }
    }
    if (text)
        text[len] = '\0';
    return text;
}

int bubbles_http_get(const struct bubbles_url *url, const char *path, char **body)
{
    char request[BUBBLES_HOST_BYTES + 256];
    int fd = open_connection(url);
    if (fd < 0)
        return -1;
    int len = snprintf(request, sizeof(request),
                       "GET %.128s HTTP/1.1\r\nHost: %s:%u\r\nConnection: close\r\n\r\n", path,
                       url->host, (unsigned)url->port);
    char *text = send(fd, request, (size_t)len, MSG_NOSIGNAL) == len ? read_all(fd) : NULL;
    close(fd);
    const char *end = text ? strstr(text, "\r\n\r\n") : NULL;
    bool is_there = end && strncmp(text, "HTTP/1.1 200", strlen("HTTP/1.1 200")) == 0;
    *body = is_there ? strdup(end + 4) : NULL;
    free(text);
    return *body ? 0 : -1;
}

/* ---- /v1/workers ---- */

static uint64_t number(const json_t *object, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(object, key));
}

static uint64_t number_at(const json_t *list, size_t index)
{
    return (uint64_t)json_integer_value(json_array_get(list, index));
}

static uint64_t *counter(struct io_statistics *statistics, const struct core_statistic *statistic)
{
    return (uint64_t *)((char *)statistics + statistic->at);
}

static void add_delay(struct io_delay_histogram *delay, const json_t *buckets)
{
    size_t i;
    json_t *entry;
    json_array_foreach(buckets, i, entry)
    {
        struct io_delay_histogram one = {.count = 0};
        io_delay_histogram_add(&one, (int64_t)number_at(entry, 0));
        for (unsigned bucket = 0; bucket < IO_DELAY_BUCKETS; bucket++)
            delay->buckets[bucket] += one.buckets[bucket] * number_at(entry, 1);
        delay->count += number_at(entry, 1);
    }
}

static void add_sends(struct io_statistics *statistics, const json_t *sends)
{
    size_t i;
    json_t *entry;
    json_array_foreach(sends, i, entry)
    {
        uint64_t packets = number_at(entry, 0), bytes = number_at(entry, 1);
        uint64_t count = number_at(entry, 2);
        if (packets < 1 || packets > IO_SEGMENTS_MAX || count == 0)
            continue;
        uint64_t size = bytes / count / packets / IO_SEND_BYTES;
        struct io_send *send =
            &statistics->sends[packets - 1][size < IO_SEND_SIZES ? size : IO_SEND_SIZES - 1];
        send->count += count;
        send->bytes += bytes;
    }
}

static void add_worker(struct io_statistics *statistics, const json_t *worker)
{
    const json_t *delay = json_object_get(worker, "delay_us");
    for (unsigned i = 0; i < io_statistics_table.count; i++) {
        const struct core_statistic *statistic = &io_statistics_table.statistics[i];
        if (statistic->kind == CORE_STATISTIC_COUNTER)
            *counter(statistics, statistic) += number(worker, statistic->name);
    }
    add_delay(&statistics->delay, json_object_get(delay, "buckets"));
    statistics->delay.sum_us += number(delay, "sum");
    add_sends(statistics, json_object_get(worker, "sends"));
}

int bubbles_operations_parse(const char *text, struct io_statistics *statistics)
{
    json_t *root = json_loads(text, 0, NULL), *worker;
    const json_t *workers = json_object_get(root, "workers");
    size_t i;
    if (!json_is_array(workers)) {
        json_decref(root);
        return -1;
    }
    memset(statistics, 0, sizeof(*statistics));
    json_array_foreach(workers, i, worker)
    {
        add_worker(statistics, worker);
    }
    json_decref(root);
    return 0;
}

int bubbles_operations_read(const struct bubbles_url *url, struct io_statistics *statistics)
{
    char *body;
    if (bubbles_http_get(url, "/v1/workers", &body))
        return -1;
    int error = bubbles_operations_parse(body, statistics);
    free(body);
    return error;
}

void bubbles_operations_subtract(struct io_statistics *later, const struct io_statistics *earlier)
{
    for (unsigned i = 0; i < io_statistics_table.count; i++) {
        const struct core_statistic *statistic = &io_statistics_table.statistics[i];
        if (statistic->kind == CORE_STATISTIC_COUNTER)
            *counter(later, statistic) -=
                *(const uint64_t *)((const char *)earlier + statistic->at);
    }
    later->delay.count -= earlier->delay.count;
    later->delay.sum_us -= earlier->delay.sum_us;
    for (unsigned i = 0; i < IO_DELAY_BUCKETS; i++)
        later->delay.buckets[i] -= earlier->delay.buckets[i];
    for (unsigned i = 0; i < IO_SEGMENTS_MAX; i++)
        for (unsigned size = 0; size < IO_SEND_SIZES; size++) {
            later->sends[i][size].count -= earlier->sends[i][size].count;
            later->sends[i][size].bytes -= earlier->sends[i][size].bytes;
        }
}
