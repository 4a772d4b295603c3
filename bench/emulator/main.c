/* iris-link: a command behind an emulated link. The relay between the two ends of the tunnel. */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/bubbles/clock.h"
#include "bench/emulator/command.h"
#include "bench/emulator/options.h"
#include "bench/emulator/tally.h"
#include "bench/emulator/tunnel.h"
#include "bench/link/wire.h"

#define BATCH 64 /* packets from one end, before the other one and the link have their turn */

struct relay {
    struct options options;
    struct tunnel tunnel;
    struct link_wire *wire;
    struct command command;
    FILE *json;
    int64_t began_us, script_began_us, second_began_us;
    unsigned seconds; /* that are over */
    struct tally second, total;
};

static int complain(const char *problem)
{
    fprintf(stderr, "iris-link: %s\n", problem);
    return COMMAND_EXIT_NO_LINK;
}

/* What has come to one end goes into the link. */
static void take_in(struct relay *relay, enum link_direction direction)
{
    static uint8_t packet[TUNNEL_PACKET_BYTES];
    int from = direction == LINK_UP ? relay->tunnel.inside : relay->tunnel.outside;
    for (int i = 0; i < BATCH; i++) {
        ssize_t len = read(from, packet, sizeof(packet));
        if (len <= TUNNEL_HEADER_BYTES)
            return;
        size_t bytes = (size_t)len - TUNNEL_HEADER_BYTES;
        struct link_passage passage =
            link_wire_push(relay->wire, direction, packet, (size_t)len, bytes, bubbles_now_us());
        tally_offer(&relay->second.ways[direction], &passage, bytes);
        tally_offer(&relay->total.ways[direction], &passage, bytes);
    }
}

struct outlet {
    struct relay *relay;
    enum link_direction direction;
};

static void deliver(void *owner, uint8_t *packet, size_t len, int64_t at_us)
{
    const struct outlet *outlet = owner;
    struct relay *relay = outlet->relay;
    int to = outlet->direction == LINK_UP ? relay->tunnel.outside : relay->tunnel.inside;
    int64_t late_us = bubbles_now_us() - at_us;
    size_t bytes = len - TUNNEL_HEADER_BYTES;
    if (write(to, packet, len) != (ssize_t)len)
        return;
    tally_deliver(&relay->second.ways[outlet->direction], bytes, late_us);
    tally_deliver(&relay->total.ways[outlet->direction], bytes, late_us);
}

static void hand_out(struct relay *relay, enum link_direction direction)
{
    struct outlet outlet = {relay, direction};
    link_wire_pop(relay->wire, direction, bubbles_now_us(), deliver, &outlet);
}

static void end_second(struct relay *relay, int64_t now_us)
{
    int64_t duration_us = now_us - relay->second_began_us;
    double script_s = (double)(now_us - relay->script_began_us) / BUBBLES_US_PER_S;
    if (duration_us < BUBBLES_US_PER_S)
        return;
    relay->seconds++;
    if (!relay->options.is_quiet)
        tally_print(&relay->second, relay->seconds, script_s, stderr);
    if (relay->json)
        tally_write_json(&relay->second, relay->seconds, script_s,
                         (double)duration_us / BUBBLES_US_PER_S, relay->json);
    memset(&relay->second, 0, sizeof(relay->second));
    relay->second_began_us = now_us;
}

static void wait_for_anything(const struct relay *relay, struct pollfd fds[3])
{
    int64_t now_us = bubbles_now_us(), until_us = link_wire_deadline(relay->wire);
    if (until_us > relay->second_began_us + BUBBLES_US_PER_S)
        until_us = relay->second_began_us + BUBBLES_US_PER_S;
    int64_t wait_us = until_us > now_us ? until_us - now_us : 0;
    struct timespec timeout = {.tv_sec = wait_us / BUBBLES_US_PER_S,
                               .tv_nsec = wait_us % BUBBLES_US_PER_S * 1000};
    ppoll(fds, 3, &timeout, NULL);
}

static void run(struct relay *relay)
{
    struct pollfd fds[] = {{.fd = relay->tunnel.inside, .events = POLLIN},
                           {.fd = relay->tunnel.outside, .events = POLLIN},
                           {.fd = relay->command.signals, .events = POLLIN}};
    while (!relay->command.has_ended) {
        wait_for_anything(relay, fds);
        for (int i = LINK_UP; i <= LINK_DOWN; i++) {
            take_in(relay, (enum link_direction)i);
            hand_out(relay, (enum link_direction)i);
        }
        if (command_listen(&relay->command)) {
            relay->script_began_us = bubbles_now_us();
            link_wire_restart(relay->wire, relay->script_began_us);
        }
        end_second(relay, bubbles_now_us());
    }
}

/* A network waits for no processor: where it is allowed, nothing ordinary runs before this. */
static void take_precedence(void)
{
    const struct sched_param lowest = {.sched_priority = sched_get_priority_min(SCHED_RR)};
    sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &lowest);
}

static int set_up(struct relay *relay)
{
    char error[512];
    take_precedence();
    const char *json_file = relay->options.json_file;
    if (json_file)
        relay->json = strcmp(json_file, "-") == 0 ? stdout : fopen(json_file, "we");
    if (json_file && !relay->json)
        return complain(strerror(errno));
    if (tunnel_open(&relay->tunnel, relay->options.address, error, sizeof(error)))
        return complain(error);
    relay->began_us = relay->script_began_us = relay->second_began_us = bubbles_now_us();
    relay->wire = link_wire_create(&relay->options.script, 0, relay->options.seed, relay->began_us);
    if (!relay->wire)
        return complain("out of memory");
    if (command_start(&relay->command, relay->options.command, relay->tunnel.namespace_fd))
        return complain(strerror(errno));
    return -1;
}

int main(int argc, char **argv)
{
    static struct relay relay;
    int result = options_parse(&relay.options, argc, argv);
    if (result >= 0)
        return result;
    result = set_up(&relay);
    if (result >= 0)
        return result;
    run(&relay);
    if (relay.json) {
        double duration_s = (double)(bubbles_now_us() - relay.began_us) / BUBBLES_US_PER_S;
        tally_write_json(&relay.total, 0, 0, duration_s, relay.json);
    }
    link_wire_destroy(relay.wire);
    tunnel_close(&relay.tunnel);
    return relay.command.exit_code;
}
