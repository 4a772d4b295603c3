/* Bad datagrams, from strangers and from participants, while two others talk. */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "rtp/bytes.h"
#include "tests/integration/peace.h"
#include "tests/integration/stranger.h"
#include "tests/integration/stun_message.h"

#define SILENCE_MS     300 /* after which no answer is no answer */
#define AT_ONCE        16  /* datagrams between two turns of the loop: no socket buffer overflows */
#define RANDOM_EACH    1000 /* datagrams of each first-byte class */
#define PACKET_BYTES   1500
#define FLOOD_SSRCS    2000
#define DAMAGED_COPIES 400

/* Let media flow now and then in the middle of a flood. */
static void breathe(unsigned sent)
{
    if (sent % AT_ONCE == 0)
        event_loop_run_ms(1);
}

static void random_datagrams_of_a_stranger(void **state)
{
    (void)state;
    struct peace peace = peace_begin("random");
    struct stranger *stranger = stranger_create(peace.ann);
    /* STUN, unassigned, ZRTP, DTLS, TURN channel, unassigned, RTP, unassigned (RFC 7983) */
    static const uint8_t classes[][2] = {{0, 3},   {4, 15},   {16, 19},   {20, 63},
                                         {64, 79}, {80, 127}, {128, 191}, {192, 255}};
    GRand *random = g_rand_new_with_seed(7);
    uint8_t data[PACKET_BYTES];
    unsigned sent = 0;
    for (unsigned i = 0; i < RANDOM_EACH; i++) {
        for (unsigned k = 0; k < G_N_ELEMENTS(classes); k++) {
            size_t len = i == 0 ? 1 : 1 + g_rand_int(random) % (i % 10 == 0 ? 1400 : 100);
            for (size_t at = 0; at < len; at++)
                data[at] = (uint8_t)g_rand_int(random);
            data[0] = (uint8_t)g_rand_int_range(random, classes[k][0], classes[k][1] + 1);
            stranger_send(stranger, data, len);
            breathe(++sent);
        }
    }
    g_rand_free(random);
    assert_int_equal(stranger_await(stranger, data, sizeof(data), SILENCE_MS), 0);
    stranger_destroy(stranger);
    peace_assert(&peace);
}

struct stun_row {
    const char *what;
    bool has_wrong_password, has_wrong_username;
    struct stun_check check;
    size_t cut; /* bytes missing at the end */
    enum stun_answer_kind kind;
    int error_code;
};

static const struct stun_row stun_rows[] = {
    {"wrong password", .has_wrong_password = true, .kind = STUN_ANSWER_ERROR, .error_code = 401},
    {"bad fingerprint", .check = {.has_bad_fingerprint = true}, .kind = STUN_ANSWER_NONE},
    {"unknown attribute", .check = {.has_unknown = true}, .kind = STUN_ANSWER_ERROR,
     .error_code = 420},
    {"role conflict", .check = {.is_controlled = true}, .kind = STUN_ANSWER_ERROR,
     .error_code = 487},
    {"no integrity", .check = {.lacks_integrity = true}, .kind = STUN_ANSWER_ERROR,
     .error_code = 400},
    {"unknown user", .has_wrong_username = true, .kind = STUN_ANSWER_NONE},
    {"one byte short", .cut = 1, .kind = STUN_ANSWER_NONE},
    {"one attribute short", .cut = 8, .kind = STUN_ANSWER_NONE},
    {"a header alone", .cut = 60, .kind = STUN_ANSWER_NONE},
    /* The last: the same check without a fault is answered. */
    {"right", .kind = STUN_ANSWER_SUCCESS},
};

static void assert_stun_row(struct stranger *stranger, const struct media_client *victim,
                            const struct stun_row *row)
{
    uint8_t message[STUN_MESSAGE_MAX_BYTES], reply[PACKET_BYTES];
    char username[600];
    struct stun_check check = row->check;
    struct stun_answer answer = {.kind = STUN_ANSWER_NONE};
    snprintf(username, sizeof(username), "%s:%s",
             row->has_wrong_username ? "nobodyknowsthis0" : victim->answer.ufrag,
             victim->path->ufrag);
    check.username = username;
    check.password =
        row->has_wrong_password ? "wrongwrongwrongwrongwrongwrong00" : victim->answer.pwd;
    check.priority = 1;
    memcpy(check.transaction, row->what, 4);
    size_t len = stun_message_write_check(message, &check);
    stranger_send(stranger, message, len - row->cut);
    unsigned timeout_ms = row->kind == STUN_ANSWER_NONE ? SILENCE_MS : EVENT_LOOP_PATIENCE_MS;
    size_t reply_len = stranger_await(stranger, reply, sizeof(reply), timeout_ms);
    if (reply_len > 0)
        stun_message_read_answer(&answer, reply, reply_len, victim->answer.pwd);
    if (answer.kind != row->kind || answer.error_code != row->error_code ||
        (reply_len > 0) != (row->kind != STUN_ANSWER_NONE))
        fail_msg("%s: answer of kind %d, error %d, %zu bytes", row->what, (int)answer.kind,
                 answer.error_code, reply_len);
    if (reply_len > 0)
        assert_memory_equal(answer.transaction, check.transaction, STUN_TRANSACTION_BYTES);
}

static void bad_checks_get_their_error(void **state)
{
    (void)state;
    struct peace peace = peace_begin("stun");
    struct media_client_options options = usual_participant("stun-victim", "cas");
    struct media_client *cas = assert_connected(&options);
    struct stranger *stranger = stranger_create(cas);
    for (unsigned i = 0; i < G_N_ELEMENTS(stun_rows); i++)
        assert_stun_row(stranger, cas, &stun_rows[i]);
    stranger_destroy(stranger);
    peace_assert(&peace);
}

/* No state, no reply: neither a handshake nor an amplifier for forged addresses. */
static void client_hello_of_a_stranger_is_not_answered(void **state)
{
    (void)state;
    struct peace peace = peace_begin("hello");
    struct stranger *stranger = stranger_create(peace.ann);
    struct dtls_client *dtls =
        dtls_client_create(MEDIA_CLIENT_ALL_PROFILES, stranger_send_datagram, stranger);
    uint8_t data[PACKET_BYTES];
    dtls_client_start(dtls);
    size_t len = stranger_await(stranger, data, sizeof(data), 1500); /* with a repetition */
    enum dtls_client_state dtls_state = dtls_client_state(dtls);
    dtls_client_destroy(dtls);
    stranger_destroy(stranger);
    assert_int_equal(len, 0);
    assert_int_equal(dtls_state, DTLS_CLIENT_HANDSHAKE);
    peace_assert(&peace);
}

/* An intruder with keys of its own: joined, connected, talking, shown to nobody of the good ones.
 */
static struct media_client *assert_intruding(const char *room)
{
    struct media_client_options options = usual_participant(room, "eve");
    struct media_client *eve = assert_connected(&options);
    eve->options.audio_level = 60;
    media_client_track(eve, MEDIA_AUDIO)->options.audio_level = 60;
    media_client_send_media(eve, true, true);
    return eve;
}

struct fresh {
    const struct media_client *client;
    int64_t since_us;
};

static bool is_fresh(void *user)
{
    const struct fresh *fresh = user;
    return fresh->client->newest_media_us > fresh->since_us;
}

/* What it did was not even its own end: it still receives. */
static void assert_still_served(const struct media_client *client)
{
    struct fresh fresh = {client, event_loop_now_us()};
    assert_true(event_loop_until(is_fresh, &fresh, EVENT_LOOP_PATIENCE_MS));
}

/* Copies of real packets with one bit flipped, from the client's own address. */
static void damaged_packets_are_dropped(void **state)
{
    (void)state;
    struct peace peace = peace_begin("damaged");
    uint8_t data[PACKET_BYTES + SRTP_SESSION_TRAILER_BYTES];
    for (unsigned i = 0; i < DAMAGED_COPIES; i++) {
        size_t len = peace.ann->last_datagram_len;
        assert_true(len > 12);
        memcpy(data, peace.ann->last_datagram, len);
        size_t bit = 8 + (i * 37u) % (8 * len - 8); /* the first byte makes it RTP at all */
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        media_client_send_datagram(peace.ann, data, len);
        breathe(i);
    }
    for (unsigned i = 0; i < DAMAGED_COPIES / 4; i++) { /* and sender reports */
        static const uint8_t report[28] = {0x80, 200, 0, 6, 1, 2, 3, 4};
        memcpy(data, report, sizeof(report));
        int len = srtp_session_seal_rtcp(peace.ann->srtp, data, sizeof(report));
        assert_true(len > 0);
        data[2 + i % (unsigned)(len - 2)] ^= (uint8_t)(1u << i % 8);
        media_client_send_datagram(peace.ann, data, (size_t)len);
        breathe(i);
    }
    peace_assert(&peace);
}

/* The same datagrams again, at once and later: each reaches the others once. */
static void replays_are_dropped(void **state)
{
    (void)state;
    struct peace peace = peace_begin("replays");
    uint8_t old[PACKET_BYTES];
    size_t old_len = peace.ann->last_datagram_len;
    memcpy(old, peace.ann->last_datagram, old_len);
    for (unsigned i = 0; i < 300; i++) {
        media_client_send_datagram(peace.ann, peace.ann->last_datagram,
                                   peace.ann->last_datagram_len);
        media_client_send_datagram(peace.ann, old, old_len);
        breathe(2 * i);
    }
    peace_assert(&peace); /* a duplicate at bob's fails there */
}

enum rtp_stream { EVES_CAMERA, EVES_RTX, EVES_MICROPHONE };

/* A packet that authenticates and is wrong inside. */
struct rtp_row {
    const char *what;
    uint8_t first;        /* V, P, X, CC; 0: 0x80 */
    uint8_t payload_type; /* 0: that of the stream */
    enum rtp_stream stream;
    uint8_t tail[48]; /* everything behind the 12 bytes of the header */
    uint8_t tail_len;
};

static const struct rtp_row rtp_rows[] = {
    {"nothing behind the header", .tail_len = 0},
    {"empty extension block", 0x90, .tail = {0xBE, 0xDE, 0, 0}, .tail_len = 4},
    {"element longer than its block", 0x90, .tail = {0xBE, 0xDE, 0, 1, 0xCF, 1, 2, 3, 0x10, 0},
     .tail_len = 10},
    {"two-byte element longer than its block", 0x90,
     .tail = {0x10, 0, 0, 1, 12, 200, 1, 2, 0x10, 0}, .tail_len = 10},
    {"unknown extension profile", 0x90, .tail = {0x77, 0x77, 0, 1, 1, 2, 3, 4, 0x10, 0},
     .tail_len = 10},
    {"transport sequence number of one byte", 0x90,
     .tail = {0xBE, 0xDE, 0, 1, 0xE0, 1, 0, 0, 0x10, 0}, .tail_len = 10},
    {"MID of another line", 0x90,
     .tail = {0xBE, 0xDE, 0, 2, 0xC3, 'm', 'i', 'c', '0', 0, 0, 0, 0x10, 0}, .tail_len = 14},
    {"MID that does not exist", 0x90, .tail = {0xBE, 0xDE, 0, 1, 0xC2, 'z', 'z', 'z', 0x10, 0},
     .tail_len = 10},
    {"descriptor ends after X", .tail = {0x90}, .tail_len = 1},
    {"descriptor ends after I", .tail = {0x90, 0x80}, .tail_len = 2},
    {"descriptor ends in PictureID", .tail = {0x90, 0x80, 0x80}, .tail_len = 3},
    {"descriptor ends before TL0PICIDX", .tail = {0x90, 0xC0, 0x80, 1}, .tail_len = 4},
    {"descriptor ends before TID", .tail = {0x90, 0xF0, 0x80, 1, 1}, .tail_len = 5},
    {"descriptor without a frame", .tail = {0x90, 0xF0, 0x80, 1, 1, 0}, .tail_len = 6},
    {"key frame without start code",
     .tail = {0x90, 0xF0, 0x80, 1, 1, 0, 0x10, 0, 0, 1, 2, 3, 4, 5, 6, 7}, .tail_len = 16},
    {"key frame of three bytes", .tail = {0x10, 0x10, 0, 0}, .tail_len = 4},
    {"key frame of 0x0 pixels", .tail = {0x10, 0x10, 0, 0, 0x9D, 1, 0x2A, 0, 0, 0, 0, 1},
     .tail_len = 12},
    {"padding longer than the packet", 0xA0, .tail = {0x10, 0, 0, 255}, .tail_len = 4},
    {"padding of length 0", 0xA0, .tail = {0x10, 1, 2, 0}, .tail_len = 4},
    {"padding only", 0xA0, .tail = {0, 0, 0, 4}, .tail_len = 4},
    {"unknown payload type", .payload_type = 77, .tail = {1, 2, 3, 4}, .tail_len = 4},
    {"Opus on the camera", .payload_type = 103, .tail = {1, 2, 3, 4}, .tail_len = 4},
    {"RTX without a number", .stream = EVES_RTX, .tail = {1}, .tail_len = 1},
    {"RTX of nothing", .stream = EVES_RTX, .tail_len = 0},
    {"RTX of a number never sent", .stream = EVES_RTX, .tail = {0x40, 0x40, 0x10, 1, 2},
     .tail_len = 5},
    {"RTX with a broken descriptor", .stream = EVES_RTX, .tail = {0, 1, 0x90, 0x80}, .tail_len = 4},
    {"empty Opus", .stream = EVES_MICROPHONE, .tail_len = 0},
    {"audio level of no byte", 0x90, .stream = EVES_MICROPHONE,
     .tail = {0x10, 0, 0, 1, 5, 0, 0, 0, 0xFC}, .tail_len = 9},
};

static void send_rtp_row(struct media_client *eve, const struct rtp_row *row)
{
    uint8_t data[PACKET_BYTES + SRTP_SESSION_TRAILER_BYTES];
    struct track_sender *track =
        media_client_track(eve, row->stream == EVES_MICROPHONE ? MEDIA_AUDIO : MEDIA_CAMERA);
    bool is_rtx = row->stream == EVES_RTX;
    uint8_t usual = is_rtx ? track->options.rtx_payload_type : track->options.payload_type;
    data[0] = row->first ? row->first : 0x80;
    data[1] = row->payload_type ? row->payload_type : usual;
    rtp_bytes_put16(data + 2, is_rtx ? track->rtx_seq++ : track->seq++);
    rtp_bytes_put32(data + 4, track->timestamp_base);
    rtp_bytes_put32(data + 8, is_rtx ? track->options.rtx_ssrc : track->options.ssrc);
    memcpy(data + 12, row->tail, row->tail_len);
    media_client_send_rtp(eve, data, 12u + row->tail_len);
}

static void malformed_rtp_of_a_participant(void **state)
{
    (void)state;
    struct peace peace = peace_begin("bad-rtp");
    struct media_client *eve = assert_intruding("bad-rtp");
    event_loop_run_ms(300);
    for (unsigned round = 0; round < 5; round++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(rtp_rows); i++) {
            send_rtp_row(eve, &rtp_rows[i]);
            if (eve->problem[0] != '\0')
                fail_msg("%s: %s", rtp_rows[i].what, eve->problem);
        }
        event_loop_run_ms(60);
    }
    assert_still_served(eve);
    peace_assert(&peace);
}

/* RTCP that authenticates and is wrong inside; SSRC fields of 0xEEEEEEEE are of somebody else. */
struct rtcp_row {
    const char *what;
    uint8_t data[40];
    size_t len;         /* of the whole packet; behind data zeros */
    bool names_foreign; /* bytes 8-11 become the SSRC of a good participant's slot */
};

static const struct rtcp_row rtcp_rows[] = {
    {"header alone", {0x80, 200, 0, 0, 1, 2, 3, 4}, 8, false},
    {"length beyond the compound", {0x80, 200, 0xFF, 0xFF, 1, 2, 3, 4}, 28, false},
    {"second packet cut", {0x80, 201, 0, 1, 1, 2, 3, 4, 0x81, 206, 0, 9}, 12, false},
    {"version 0", {0x00, 200, 0, 6, 1, 2, 3, 4}, 28, false},
    {"31 report blocks in no room", {0x9F, 201, 0, 1, 1, 2, 3, 4}, 8, false},
    {"padding longer than the packet", {0xA0, 201, 0, 1, 1, 2, 3, 255}, 8, false},
    {"SDES without an end", {0x81, 202, 0, 2, 1, 2, 3, 4, 1, 255, 'a', 'b'}, 12, false},
    {"BYE", {0x81, 203, 0, 1, 1, 2, 3, 4}, 8, false},
    {"BYE of 31 sources in no room", {0x9F, 203, 0, 1, 1, 2, 3, 4}, 8, false},
    {"BYE of a good participant's slot", {0x82, 203, 0, 2, 1, 2, 3, 4, 0, 0, 0, 0}, 12, true},
    {"NACK for a foreign SSRC",
     {0x81, 205, 0, 3, 1, 2, 3, 4, 0, 0, 0, 0, 0x10, 0, 0xFF, 0xFF},
     16,
     true},
    {"NACK without an entry", {0x81, 205, 0, 2, 1, 2, 3, 4, 0, 0, 0, 0}, 12, true},
    {"PLI for a foreign SSRC", {0x81, 206, 0, 2, 1, 2, 3, 4, 0, 0, 0, 0}, 12, true},
    {"FIR for a foreign SSRC", {0x84, 206, 0, 4, 1, 2, 3, 4, 0, 0, 0, 0, 1, 2, 3, 4, 9}, 20, true},
    {"feedback of 65535 statuses",
     {0x8F, 205, 0, 5, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 1, 0, 0x20, 0, 0, 0},
     24,
     true},
    {"feedback of 65535 statuses, all received",
     {0x8F, 205, 0, 8, 1,    2,    3,    4,    0,    0,    0,    0,    0,    0,    0xFF, 0xFF,
      0,    0,   1, 0, 0x3F, 0xFF, 0x3F, 0xFF, 0x3F, 0xFF, 0x3F, 0xFF, 0x3F, 0xFF, 0x3F, 0xFF},
     36,
     true},
    {"feedback without its header", {0x8F, 205, 0, 2, 1, 2, 3, 4, 0, 0, 0, 0}, 12, true},
    {"REMB of 255 SSRCs in no room",
     {0x8F, 206, 0, 4, 1, 2, 3, 4, 0, 0, 0, 0, 'R', 'E', 'M', 'B', 255, 0xFF, 0xFF, 0xFF},
     20,
     false},
    {"REMB of 0 bps",
     {0x8F, 206, 0, 4, 1, 2, 3, 4, 0, 0, 0, 0, 'R', 'E', 'M', 'B', 0, 0, 0, 0},
     20,
     false},
    {"sender report of a foreign SSRC", {0x80, 200, 0, 6, 0xEE, 0xEE, 0xEE, 0xEE, 0xFF}, 28, false},
    {"unknown packet type", {0x80, 210, 0, 1, 1, 2, 3, 4}, 8, false},
    {"1200 zero bytes", {0x80, 200, 0, 6}, 1200, false},
};

static void malformed_rtcp_of_a_participant(void **state)
{
    (void)state;
    struct peace peace = peace_begin("bad-rtcp");
    struct media_client *eve = assert_intruding("bad-rtcp");
    event_loop_run_ms(1200); /* requests for key frames that her join caused, coalesced, are over */
    unsigned plis = peace.ann->feedback.plis->len + peace.bob->feedback.plis->len;
    unsigned nacks = peace.ann->feedback.nacks->len + peace.bob->feedback.nacks->len;
    uint8_t data[PACKET_BYTES + SRTP_SESSION_TRAILER_BYTES];
    for (unsigned round = 0; round < 5; round++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(rtcp_rows); i++) {
            memset(data, 0, sizeof(data));
            memcpy(data, rtcp_rows[i].data, sizeof(rtcp_rows[i].data));
            if (rtcp_rows[i].names_foreign)
                rtp_bytes_put32(data + 8, peace.bob->slot_list[1]->ssrc);
            media_client_send_rtcp(eve, data, rtcp_rows[i].len);
        }
        event_loop_run_ms(60);
    }
    assert_still_served(eve);
    assert_non_null(media_client_slot_of(eve, peace.ann, true));
    /* What she asked for other people's slots is nobody's business. */
    assert_int_equal(peace.ann->feedback.plis->len + peace.bob->feedback.plis->len, plis);
    assert_int_equal(peace.ann->feedback.nacks->len + peace.bob->feedback.nacks->len, nacks);
    peace_assert(&peace);
}

/* An authenticated client with thousands of SSRCs, without a MID and with the MID of its camera. */
static void flood_of_ssrcs_of_a_participant(void **state)
{
    (void)state;
    struct peace peace = peace_begin("ssrcs");
    struct media_client *eve = assert_intruding("ssrcs");
    uint8_t data[256 + SRTP_SESSION_TRAILER_BYTES];
    for (unsigned i = 0; i < FLOOD_SSRCS; i++) {
        bool has_mid = i % 2 == 0;
        size_t len = 12;
        memset(data, 0, sizeof(data));
        data[0] = has_mid ? 0x90 : 0x80;
        data[1] = OFFER_NUMBERS.vp8;
        rtp_bytes_put16(data + 2, (uint16_t)i);
        rtp_bytes_put32(data + 8, 0xE0000000u + i);
        if (has_mid) {
            static const uint8_t camera[] = {0xBE, 0xDE, 0, 2, 0xC3, 'c', 'a', 'm', '1', 0, 0, 0};
            memcpy(data + len, camera, sizeof(camera));
            len += sizeof(camera);
        }
        data[len] = 0x10;
        media_client_send_rtp(eve, data, len + 60);
        breathe(i);
    }
    assert_still_served(eve);
    peace_assert(&peace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFERENCE_TEST(random_datagrams_of_a_stranger),
        CONFERENCE_TEST(bad_checks_get_their_error),
        CONFERENCE_TEST(client_hello_of_a_stranger_is_not_answered),
        CONFERENCE_TEST(damaged_packets_are_dropped),
        CONFERENCE_TEST(replays_are_dropped),
        CONFERENCE_TEST(malformed_rtp_of_a_participant),
        CONFERENCE_TEST(malformed_rtcp_of_a_participant),
        CONFERENCE_TEST(flood_of_ssrcs_of_a_participant),
    };
    return RUN_WITH_SERVER(tests);
}
