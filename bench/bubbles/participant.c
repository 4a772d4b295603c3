/* Life of a participant: handshakes, what is due, end. */
#include "bench/bubbles/participant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bubbles/clock.h"
#include "rtp/error.h"

#define PATIENCE_US     20000000 /* from the start until media flows */
#define DTLS_PERIOD_US  50000
#define CLOCKS_APART_US 977000000 /* each participant's NTP clock differs from the next one's */

void bubbles_participant_fail(struct bubbles_participant *participant, const char *problem)
{
    if (participant->state == BUBBLES_FAILED)
        return;
    struct bubbles_joins *joins = &participant->run->totals.joins;
    if (participant->state == BUBBLES_LIVE)
        joins->lost++;
    else
        joins->failed++;
    participant->state = BUBBLES_FAILED;
    snprintf(participant->problem, sizeof(participant->problem), "%s", problem);
    if (!joins->problem[0])
        snprintf(joins->problem, sizeof(joins->problem), "%.100s, seat %u: %.120s",
                 participant->room->name, participant->seat, problem);
}

static void make_credentials(struct bubbles_participant *participant)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint64_t *seed = &participant->run->seed;
    for (unsigned i = 0; i + 1 < sizeof(participant->ufrag); i++)
        participant->ufrag[i] = letters[bubbles_random(seed) % 64];
    for (unsigned i = 0; i + 1 < sizeof(participant->pwd); i++)
        participant->pwd[i] = letters[bubbles_random(seed) % 64];
}

/* ---- handshakes ---- */

static void on_dtls_datagram(void *owner, const uint8_t *data, size_t len)
{
    bubbles_participant_send(owner, data, len);
}

static bool has_company(const struct bubbles_participant *participant)
{
    for (unsigned seat = 0; seat < participant->run->options.participants; seat++) {
        const struct bubbles_participant *other = participant->room->seats[seat];
        if (other && other != participant && other->state == BUBBLES_LIVE && other->voice)
            return true;
    }
    return false;
}

static void take_keys(struct bubbles_participant *participant, int64_t now_us)
{
    struct transport_srtp_keys send, receive;
    int error =
        bubbles_dtls_keys(participant->dtls, participant->answer.fingerprint, &send, &receive);
    bubbles_dtls_destroy(participant->dtls);
    participant->dtls = NULL;
    if (error) {
        bubbles_participant_fail(participant, error == IRIS_E_AUTH
                                                  ? "the server's certificate is not the answer's"
                                                  : "no SRTP profile was negotiated");
        return;
    }
    participant->sender = transport_srtp_sender_create(participant->run->aead, &send);
    participant->receiver = transport_srtp_receiver_create(participant->run->aead, &receive);
    if (!participant->sender || !participant->receiver ||
        bubbles_participant_start_media(participant, now_us)) {
        bubbles_participant_fail(participant, "no memory for the media");
        return;
    }
    participant->milestones.keyed_us = participant->reset_us = now_us;
    participant->state = BUBBLES_LIVE;
    participant->has_company = has_company(participant);
    participant->run->totals.joins.succeeded++;
    if (participant->run->dialect->on_live)
        participant->run->dialect->on_live(participant);
}

static void follow_dtls(struct bubbles_participant *participant, enum bubbles_dtls_state state,
                        int64_t now_us)
{
    if (state == BUBBLES_DTLS_FAILED)
        bubbles_participant_fail(participant, "the DTLS handshake failed");
    else if (state == BUBBLES_DTLS_CONNECTED)
        take_keys(participant, now_us);
}

static void answer_check(struct bubbles_participant *participant, const uint8_t *data, size_t len)
{
    const struct bubbles_stun_datagram check = {data, len};
    uint8_t answer[BUBBLES_CHECK_BYTES];
    size_t answer_len = bubbles_ice_answer(&participant->ice, participant->run->stun, &check,
                                           bubbles_path_server(participant->path), answer);
    bubbles_participant_send(participant, answer, answer_len);
}

static void take_stun(struct bubbles_participant *participant, const uint8_t *data, size_t len)
{
    if (data[0] == 0 && data[1] == 1) { /* a request (RFC 8489, section 5) */
        answer_check(participant, data, len);
        return;
    }
    if (!bubbles_ice_take(&participant->ice, participant->run->stun, data, len) ||
        participant->state != BUBBLES_CHECKING)
        return;
    int64_t now_us = bubbles_now_us();
    participant->milestones.connected_us = now_us;
    participant->ice.next_us = now_us + BUBBLES_CHECK_PERIOD_US;
    participant->state = BUBBLES_SHAKING;
    participant->dtls = bubbles_dtls_create(participant->run->dtls, on_dtls_datagram, participant);
    if (!participant->dtls)
        bubbles_participant_fail(participant, "no memory for the handshake");
}

void bubbles_participant_take(void *owner, uint8_t *data, size_t len, int64_t arrival_us)
{
    struct bubbles_participant *participant = owner;
    if (len < 2 || participant->state == BUBBLES_FAILED)
        return;
    if (data[0] <= 3) { /* RFC 7983 */
        take_stun(participant, data, len);
    } else if (data[0] >= 20 && data[0] <= 63) {
        if (participant->dtls)
            follow_dtls(participant, bubbles_dtls_receive(participant->dtls, data, len),
                        bubbles_now_us());
    } else if (data[0] >= 128 && data[0] <= 191 && participant->receiver) {
        bool is_rtcp = rtp_packet_is_rtcp(data, len);
        int opened = is_rtcp ? transport_srtp_open_rtcp(participant->receiver, data, len)
                             : transport_srtp_open_rtp(participant->receiver, data, len);
        if (opened < 0)
            participant->run->totals.not_opened++;
        else if (is_rtcp)
            bubbles_participant_take_rtcp(participant, data, (size_t)opened, arrival_us);
        else
            bubbles_participant_take_rtp(participant, data, (size_t)opened, arrival_us);
    }
}

void bubbles_participant_connect(struct bubbles_participant *participant, bool has_offered)
{
    int64_t now_us = bubbles_now_us();
    participant->milestones.joined_us = now_us;
    if (!participant->path && bubbles_participant_open_path(participant))
        return;
    const struct bubbles_ice_params ice = {.local_ufrag = participant->ufrag,
                                           .local_pwd = participant->pwd,
                                           .remote_ufrag = participant->answer.ufrag,
                                           .remote_pwd = participant->answer.pwd,
                                           .is_controlling = has_offered};
    bubbles_ice_init(&participant->ice, &ice, now_us);
    participant->state = BUBBLES_CHECKING;
    bubbles_participant_advance(participant, now_us);
}

void bubbles_participant_on_close(void *owner, unsigned code, const char *reason)
{
    struct bubbles_participant *participant = owner;
    char problem[BUBBLES_PROBLEM_MAX];
    participant->control = NULL;
    snprintf(problem, sizeof(problem), "the control channel was closed: %u %.200s", code, reason);
    bubbles_participant_fail(participant, problem);
}

static const char *impatience(enum bubbles_state state)
{
    switch (state) {
    case BUBBLES_CONNECTING:
        return "the WebSocket does not open";
    case BUBBLES_JOINING:
        return "no result of join";
    case BUBBLES_CHECKING:
        return "ICE: no answer to the checks";
    default:
        return "the DTLS handshake does not end";
    }
}

static int64_t earliest(const struct bubbles_participant *participant)
{
    const struct bubbles_due *due = &participant->due;
    int64_t wire_us = participant->wire ? link_wire_deadline(participant->wire) : INT64_MAX;
    const int64_t all[] = {due->voice_us,    due->camera_us,   due->screen_us,
                           due->feedback_us, due->report_us,   due->repair_us,
                           due->timeout_us,  due->decoding_us, wire_us};
    int64_t earliest_us =
        participant->state >= BUBBLES_CHECKING ? participant->ice.next_us : INT64_MAX;
    for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++)
        if (all[i] < earliest_us)
            earliest_us = all[i];
    return earliest_us;
}

static void send_check(struct bubbles_participant *participant, int64_t now_us)
{
    uint8_t check[BUBBLES_CHECK_BYTES];
    size_t len = bubbles_ice_write_check(&participant->ice, participant->run->stun, check, now_us);
    bubbles_participant_send(participant, check, len);
}

/* What waits for the server: handshakes repeat, patience ends. */
static void advance_set_up(struct bubbles_participant *participant, int64_t now_us)
{
    if (participant->state == BUBBLES_LIVE) {
        participant->due.timeout_us = INT64_MAX;
        return;
    }
    if (now_us - participant->milestones.began_us > PATIENCE_US) {
        bubbles_participant_fail(participant, impatience(participant->state));
        return;
    }
    if (participant->dtls)
        follow_dtls(participant, bubbles_dtls_advance(participant->dtls), now_us);
    if (participant->run->dialect->advance)
        participant->run->dialect->advance(participant);
    participant->due.timeout_us = now_us + DTLS_PERIOD_US;
}

static void report_decoding(struct bubbles_participant *participant, int64_t now_us)
{
    if (participant->due.decoding_us > now_us)
        return;
    participant->run->dialect->report_decoding(participant);
    participant->due.decoding_us = now_us + BUBBLES_DECODING_US;
}

void bubbles_participant_advance(struct bubbles_participant *participant, int64_t now_us)
{
    if (participant->state == BUBBLES_FAILED) {
        participant->due_us = INT64_MAX;
        return;
    }
    if (participant->due.timeout_us <= now_us)
        advance_set_up(participant, now_us);
    if (participant->path && participant->ice.next_us <= now_us)
        send_check(participant, now_us);
    if (participant->state == BUBBLES_LIVE) {
        bubbles_participant_send_media(participant, now_us);
        bubbles_participant_send_feedback(participant, now_us);
        report_decoding(participant, now_us);
    }
    bubbles_participant_advance_wire(participant, now_us);
    participant->due_us = earliest(participant);
}

/* ---- life ---- */

struct bubbles_participant *bubbles_participant_create(struct bubbles_run *run,
                                                       struct bubbles_room *room, unsigned seat,
                                                       bool verifies)
{
    struct bubbles_participant *participant = calloc(1, sizeof(*participant));
    if (!participant)
        return NULL;
    int64_t now_us = bubbles_now_us();
    participant->run = run;
    participant->room = room;
    participant->seat = seat;
    participant->due = (struct bubbles_due){
        INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, now_us + DTLS_PERIOD_US,
        INT64_MAX};
    participant->due_us = participant->due.timeout_us;
    participant->milestones.began_us = now_us;
    participant->feedback_ssrc = (uint32_t)bubbles_random(&run->seed) | 0x10;
    participant->ntp_offset_us = (seat + 1) * (uint64_t)CLOCKS_APART_US;
    make_credentials(participant);
    run->totals.joins.attempted++;
    if (verifies)
        participant->verifier = bubbles_verifier_create(&run->totals.verdicts);
    bool has_link = link_script_concerns(&run->link, seat);
    if (has_link)
        participant->wire =
            link_wire_create(&run->link, seat, bubbles_random(&run->seed), run->began_us);
    participant->control = bubbles_control_open(run->hub, participant);
    if (!participant->control)
        bubbles_participant_fail(participant, "cannot connect");
    else if ((verifies && !participant->verifier) || (has_link && !participant->wire))
        bubbles_participant_fail(participant, "out of memory");
    return participant;
}

void bubbles_participant_destroy(struct bubbles_participant *participant)
{
    struct bubbles_run *run = participant->run;
    bubbles_totals_add_join(&run->totals, participant);
    if (participant->verifier)
        bubbles_verifier_conclude(participant->verifier);
    if (participant->control && participant->state == BUBBLES_LIVE)
        run->dialect->leave(participant);
    bubbles_control_close(participant->control);
    bubbles_room_forget(participant->room, participant);
    bubbles_ice_dispose(&participant->ice, run->stun);
    bubbles_net_close_path(run->net, participant->path);
    bubbles_dtls_destroy(participant->dtls);
    transport_srtp_sender_destroy(participant->sender);
    transport_srtp_receiver_destroy(participant->receiver);
    for (unsigned i = 0; i < participant->stream_count; i++)
        bubbles_stream_dispose(&participant->streams[i]);
    for (unsigned i = 0; i < BUBBLES_SLOTS; i++)
        bubbles_slot_dispose(&participant->slots[i]);
    bubbles_verifier_destroy(participant->verifier);
    link_wire_destroy(participant->wire);
    free(participant);
}

bool bubbles_participant_is_faulty(const struct bubbles_participant *participant, int64_t now_us)
{
    const struct bubbles_run *run = participant->run;
    return participant->seat == 0 &&
           (double)(now_us - run->began_us) >= run->options.fault.onset_s * BUBBLES_US_PER_S;
}

void bubbles_participant_reset(struct bubbles_participant *participant, int64_t now_us)
{
    participant->reset_us = now_us;
    for (unsigned i = 0; i < BUBBLES_SLOTS; i++)
        bubbles_slot_reset(&participant->slots[i]);
    memset(participant->told_frames, 0, sizeof(participant->told_frames));
    for (unsigned i = 0; i < participant->stream_count; i++)
        bubbles_stream_reset(&participant->streams[i]);
}
