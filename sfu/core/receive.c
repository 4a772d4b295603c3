/*
 * What a datagram is, whose, and what follows from it. STUN and DTLS lead to answers, events and
 * new paths; media goes to the uplink.
 */
#include <string.h>

#include "sfu/core/engine_internal.h"

/*
 * A check can be written as if it came from anywhere: whoever is heard on a path keeps it. A port
 * may also be another client's by now: that one gets it as soon as the owner is silent there.
 */
static struct core_participant *
find_owner_of_path(struct core_engine *engine, const struct transport_path *path, int64_t now_us)
{
    void *claimant;
    struct core_participant *owner =
        transport_directory_find_path(engine->directory, path, &claimant);
    if (!claimant || transport_is_heard_on(owner->transport, path, now_us))
        return owner;
    transport_directory_add_path(engine->directory, path, claimant);
    return claimant;
}

/* STUN finds its peer by our ufrag, everything else by the path that a check has validated. */
static struct core_participant *
find_owner(struct core_engine *engine, const struct transport_datagram *datagram, int64_t now_us)
{
    char ufrag[TRANSPORT_ICE_LOCAL_UFRAG_BYTES];
    if (datagram->len == 0)
        return NULL;
    if (datagram->data[0] > 3)
        return find_owner_of_path(engine, &datagram->path, now_us);
    if (transport_stun_request_ufrag(datagram->data, datagram->len, ufrag))
        return NULL;
    return transport_directory_find_ufrag(engine->directory, ufrag);
}

void core_engine_push_control(struct core_participant *participant)
{
    struct transport_datagram datagram;
    struct core_outbox *outbox = &participant->engine->outbox;
    while (transport_next_datagram(participant->transport, &datagram)) {
        struct core_buffer *buffer =
            datagram.len <= CORE_BUFFER_BYTES ? core_outbox_take(outbox) : NULL;
        if (!buffer)
            continue;
        buffer->path = datagram.path;
        buffer->len = (uint16_t)datagram.len;
        memcpy(buffer->data, datagram.data, datagram.len);
        core_outbox_push(outbox, &participant->chain, buffer);
    }
}

static void on_connected(struct core_participant *participant, int64_t now_us)
{
    struct core_event *event =
        core_engine_emit(participant->engine, CORE_EVENT_CONNECTED, participant->id);
    if (event)
        event->profile = transport_srtp_profile(participant->transport);
    core_record(participant, &(struct core_decision){.kind = CORE_DECISION_CONNECTED}, now_us);
    core_room_wake(participant->room);
}

void core_engine_take_events(struct core_participant *participant, int64_t now_us)
{
    for (enum transport_event event;
         (event = transport_next_event(participant->transport)) != TRANSPORT_EVENT_NONE;) {
        switch (event) {
        case TRANSPORT_EVENT_CONNECTED:
            on_connected(participant, now_us);
            break;
        case TRANSPORT_EVENT_CLOSED:
            core_engine_end(participant, CORE_REASON_DISCONNECTED, "DTLS close_notify");
            break;
        case TRANSPORT_EVENT_FAILED:
            core_engine_end(participant, CORE_REASON_DISCONNECTED,
                            transport_failure(participant->transport));
            break;
        case TRANSPORT_EVENT_TIMEOUT:
            core_engine_end(participant, CORE_REASON_TIMEOUT, "nothing heard for 30 s");
            break;
        case TRANSPORT_EVENT_NONE:
            break;
        }
    }
}

/* Paths that ICE has given up lead nowhere: however many ports a peer comes from, few are kept. */
static void forget_old_paths(struct core_participant *participant)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < participant->path_count; i++) {
        const struct transport_path *path = &participant->paths[i];
        if (transport_has_path(participant->transport, path))
            participant->paths[kept++] = *path;
        else
            transport_directory_remove_path(participant->engine->directory, path, participant);
    }
    participant->path_count = kept;
}

/* A path may have been another's for a while. */
static bool is_listed(const struct core_participant *participant, const struct transport_path *path)
{
    for (unsigned i = 0; i < participant->path_count; i++)
        if (transport_path_is_equal(&participant->paths[i], path))
            return true;
    return false;
}

static void remember_path(struct core_participant *participant, const struct transport_path *path,
                          int64_t now_us)
{
    struct transport_directory *directory = participant->engine->directory;
    void *claimant;
    const struct core_participant *owner =
        transport_directory_find_path(directory, path, &claimant);
    if (owner == participant)
        return;
    if (participant->path_count == CORE_PATHS_MAX)
        forget_old_paths(participant);
    if (owner && transport_is_heard_on(owner->transport, path, now_us))
        transport_directory_claim_path(directory, path, participant);
    else if (transport_directory_add_path(directory, path, participant))
        return;
    if (!is_listed(participant, path))
        participant->paths[participant->path_count++] = *path;
}

/* After STUN or DTLS: answers to send, events, a new path to remember. */
static void after_control(struct core_participant *participant,
                          const struct transport_datagram *datagram, uint64_t checks_before,
                          int64_t now_us)
{
    core_engine_push_control(participant);
    core_engine_take_events(participant, now_us);
    if (transport_counters(participant->transport)->stun_checks != checks_before)
        remember_path(participant, &datagram->path, now_us);
    core_participant_wake(participant, transport_deadline(participant->transport));
}

/* What was sent on the path before is lost, requests for key frames among it. */
static void check_path(struct core_participant *participant, int64_t now_us)
{
    uint64_t changes = transport_counters(participant->transport)->path_changes;
    if (changes == participant->path_changes)
        return;
    bool is_first = participant->path_changes == 0;
    participant->path_changes = changes;
    core_record(participant,
                &(struct core_decision){.kind = CORE_DECISION_PATH, .numbers = {(uint32_t)changes}},
                now_us);
    for (unsigned i = 0; !is_first && i < participant->slot_count; i++) {
        struct core_slot *slot = &participant->slots[i];
        if (slot->params.kind == CORE_KIND_AUDIO || !core_slot_is_live(slot, now_us))
            continue;
        core_slot_note_receiver(slot);
        core_slot_need_keyframe(slot, now_us);
    }
}

void core_engine_receive(struct core_engine *engine, struct transport_datagram *datagram,
                         int64_t now_us)
{
    engine->now_us = now_us;
    struct core_participant *participant = find_owner(engine, datagram, now_us);
    if (!participant) {
        engine->stray_count++;
        return;
    }
    uint64_t checks_before = transport_counters(participant->transport)->stun_checks;
    switch (transport_receive(participant->transport, datagram, now_us)) {
    case TRANSPORT_RTP:
        participant->heard_us = now_us;
        core_uplink_receive(participant, datagram->data, datagram->len, now_us);
        break;
    case TRANSPORT_RTCP:
        participant->heard_us = now_us;
        core_rtcp_receive(participant, datagram->data, datagram->len, now_us);
        break;
    case TRANSPORT_HANDLED:
        after_control(participant, datagram, checks_before, now_us);
        break;
    case TRANSPORT_DROPPED:
        return;
    }
    check_path(participant, now_us);
}
