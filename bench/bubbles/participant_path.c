/* Between a participant and the server: its path, and its wire if it has one. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/bubbles/clock.h"
#include "bench/bubbles/participant.h"

void bubbles_participant_send(struct bubbles_participant *participant, const uint8_t *data,
                              size_t len)
{
    if (!participant->path || len == 0 || len > BUBBLES_DATAGRAM_BYTES)
        return;
    memcpy(bubbles_net_reserve(participant->run->net), data, len);
    bubbles_participant_commit(participant, len);
}

static void note_wire(struct bubbles_participant *participant)
{
    int64_t deadline_us = link_wire_deadline(participant->wire);
    if (deadline_us < participant->due_us)
        participant->due_us = deadline_us;
}

void bubbles_participant_commit(struct bubbles_participant *participant, size_t len)
{
    struct bubbles_net *net = participant->run->net;
    if (!participant->wire) {
        bubbles_net_commit(net, participant->path, len);
        return;
    }
    /* What was reserved is still the next room of the net. */
    link_wire_push(participant->wire, LINK_UP, bubbles_net_reserve(net), len,
                   len + LINK_UDP_OVERHEAD, bubbles_now_us());
    note_wire(participant);
}

static void on_out(void *owner, uint8_t *data, size_t len, int64_t at_us)
{
    struct bubbles_participant *participant = owner;
    (void)at_us;
    bubbles_net_send(participant->run->net, participant->path, data, len);
}

void bubbles_participant_advance_wire(struct bubbles_participant *participant, int64_t now_us)
{
    if (!participant->wire || link_wire_deadline(participant->wire) > now_us)
        return;
    link_wire_pop(participant->wire, LINK_UP, now_us, on_out, participant);
    link_wire_pop(participant->wire, LINK_DOWN, now_us, bubbles_participant_take, participant);
}

void bubbles_participant_receive(void *owner, uint8_t *data, size_t len, int64_t arrival_us)
{
    struct bubbles_participant *participant = owner;
    if (!participant->wire) {
        bubbles_participant_take(owner, data, len, arrival_us);
        return;
    }
    link_wire_push(participant->wire, LINK_DOWN, data, len, len + LINK_UDP_OVERHEAD, arrival_us);
    note_wire(participant);
}

/* The loopback candidate if the server is reached by loopback, else the first other one. */
static const struct sockaddr_storage *choose(const struct bubbles_participant *participant)
{
    const struct bubbles_answer *answer = &participant->answer;
    const char *host = participant->run->options.url.host;
    bool is_local = strncmp(host, "127.", 4) == 0 || strcmp(host, "localhost") == 0;
    for (unsigned i = 0; i < answer->candidate_count; i++) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&answer->candidates[i];
        bool is_loopback = v4->sin_family == AF_INET && ntohl(v4->sin_addr.s_addr) >> 24 == 127;
        if (is_loopback == is_local)
            return &answer->candidates[i];
    }
    return &answer->candidates[0];
}

void bubbles_participant_describe(const struct bubbles_participant *participant,
                                  struct bubbles_offer *offer)
{
    *offer =
        (struct bubbles_offer){.ufrag = participant->ufrag,
                               .pwd = participant->pwd,
                               .fingerprint = bubbles_dtls_fingerprint(participant->run->dtls)};
}

int bubbles_participant_open_path(struct bubbles_participant *participant)
{
    const struct sockaddr_storage *server = choose(participant);
    char problem[128];
    participant->path =
        bubbles_net_open_path(participant->run->net, (const struct sockaddr *)server,
                              bubbles_candidate_len(server), participant);
    if (participant->path)
        return 0;
    snprintf(problem, sizeof(problem), "no UDP socket: %s", strerror(errno));
    bubbles_participant_fail(participant, problem);
    return -1;
}
