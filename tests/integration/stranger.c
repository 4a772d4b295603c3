/* A connected, non-blocking UDP socket that is read when the test asks. */
#include "tests/integration/stranger.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/integration/event_loop.h"

struct stranger {
    int fd;
    unsigned received;
};

struct stranger *stranger_create(const struct media_client *client)
{
    struct stranger *stranger = calloc(1, sizeof(*stranger));
    const struct answer_candidate *candidate = &client->answer.candidates[0];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(candidate->port)};
    inet_pton(AF_INET, candidate->address, &address.sin_addr);
    stranger->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    (void)!connect(stranger->fd, (struct sockaddr *)&address, sizeof(address));
    return stranger;
}

void stranger_destroy(struct stranger *stranger)
{
    close(stranger->fd);
    free(stranger);
}

void stranger_send(struct stranger *stranger, const uint8_t *data, size_t len)
{
    (void)!send(stranger->fd, data, len, MSG_NOSIGNAL);
}

void stranger_send_datagram(void *stranger, const uint8_t *data, size_t len)
{
    stranger_send(stranger, data, len);
}

static bool try_receive(struct stranger *stranger, uint8_t *data, size_t cap, size_t *len)
{
    ssize_t got = recv(stranger->fd, data, cap, 0);
    if (got <= 0)
        return false;
    stranger->received++;
    *len = (size_t)got;
    return true;
}

unsigned stranger_received(const struct stranger *stranger)
{
    return stranger->received;
}

struct reading {
    struct stranger *stranger;
    uint8_t *data;
    size_t cap, len;
};

static bool read_one(void *user)
{
    struct reading *reading = user;
    return try_receive(reading->stranger, reading->data, reading->cap, &reading->len);
}

size_t stranger_await(struct stranger *stranger, uint8_t *data, size_t cap, unsigned timeout_ms)
{
    struct reading reading = {stranger, data, cap, 0};
    event_loop_until(read_one, &reading, timeout_ms);
    return reading.len;
}
