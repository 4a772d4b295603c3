/* Three participants on each SRTP profile, and what the server tells publishers (protocol.md, 1 and
 * 5). */
#include <openssl/srtp.h>
#include <stdlib.h>

#include "tests/integration/assertions.h"

#define MEDIA_MS 3500

static void assert_all_see_all(struct media_client *const *clients, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        for (unsigned k = 0; k < count; k++) {
            if (i != k)
                assert_sees(clients[i], clients[k]);
        }
    }
}

struct shown {
    const struct media_client *client, *other;
    unsigned slots;
};

static bool is_shown(void *user)
{
    const struct shown *shown = user;
    return media_client_slots_showing(shown->client, shown->other->id, "live") == shown->slots;
}

/* Three join with one profile only, talk, and what each receives holds. */
static void talk_on_profile(const char *name, unsigned number)
{
    static const char *const names[] = {"ann", "bob", "cas"};
    struct media_client *clients[3];
    for (unsigned i = 0; i < 3; i++) {
        struct media_client_options options = usual_participant(name, names[i]);
        options.profiles = name;
        options.style =
            (enum vp8_style[]){VP8_STYLE_TEMPORAL, VP8_STYLE_BARE, VP8_STYLE_SHORT_ID}[i];
        options.has_two_byte_extensions = i == 1;
        options.setup = i == 2 ? "active" : "actpass";
        clients[i] = assert_connected(&options);
        assert_int_equal(dtls_client_profile(clients[i]->dtls), number);
        media_client_send_media(clients[i], true, true);
    }
    assert_all_see_all(clients, 3);
    event_loop_run_ms(MEDIA_MS);
    for (unsigned i = 0; i < 3; i++) {
        struct slot_summary total = assert_lossless(clients[i]);
        assert_int_equal(total.source_changes, 0); /* there are slots enough */
        for (unsigned k = 0; k < 3; k++) {
            if (k == i)
                continue;
            struct shown shown = {clients[i], clients[k], 2};
            assert_true(event_loop_until(is_shown, &shown, EVENT_LOOP_PATIENCE_MS));
            const struct slot_receiver *audio = media_client_slot_of(clients[i], clients[k], true);
            const struct slot_receiver *video = media_client_slot_of(clients[i], clients[k], false);
            /* Nominally 175 and 175 + key frames: half of it on a machine that stutters. */
            assert_true(slot_receiver_count_from(audio, clients[k]->tag) > MEDIA_MS / 40);
            assert_true(slot_receiver_count_from(video, clients[k]->tag) > MEDIA_MS / 40);
        }
    }
}

static void aes_128_gcm(void **state)
{
    (void)state;
    talk_on_profile("SRTP_AEAD_AES_128_GCM", SRTP_AEAD_AES_128_GCM);
}

static void aes_256_gcm(void **state)
{
    (void)state;
    talk_on_profile("SRTP_AEAD_AES_256_GCM", SRTP_AEAD_AES_256_GCM);
}

static void aes_cm_sha1_80(void **state)
{
    (void)state;
    talk_on_profile("SRTP_AES128_CM_SHA1_80", SRTP_AES128_CM_SHA1_80);
}

static void server_prefers_aes_128_gcm(void **state)
{
    (void)state;
    struct media_client_options options = usual_participant("prefers", "ann");
    options.profiles = "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM";
    struct media_client *ann = assert_connected(&options);
    assert_int_equal(dtls_client_profile(ann->dtls), SRTP_AEAD_AES_128_GCM);
}

/* A client that knows no profile of ours gets no media, and nobody else is harmed. */
static void no_common_profile_fails(void **state)
{
    (void)state;
    struct media_client *ann = assert_talking("no-profile", "ann");
    struct media_client *bob = assert_talking("no-profile", "bob");
    struct media_client_options options = usual_participant("no-profile", "odd");
    options.profiles = "SRTP_AES128_CM_SHA1_32";
    struct media_client *odd = media_client_create(&options);
    assert_non_null(odd);
    assert_false(media_client_connect(odd));
    assert_sees(ann, bob);
    assert_lossless(ann);
}

static int by_ssrc_and_arrival(const void *a, const void *b)
{
    const struct feedback_report *left = a, *right = b;
    if (left->report.ssrc != right->report.ssrc)
        return left->report.ssrc < right->report.ssrc ? -1 : 1;
    return left->arrival_us < right->arrival_us ? -1 : 1;
}

static double seconds_of(uint64_t ntp)
{
    return (double)ntp / 4294967296.0;
}

static const struct slot_receiver *slot_with_ssrc(const struct media_client *client, uint32_t ssrc)
{
    for (unsigned i = 0; i < client->slot_count; i++) {
        if (client->slot_list[i]->ssrc == ssrc)
            return client->slot_list[i];
    }
    return NULL;
}

/* Two reports of one slot: 1-2 s apart, and NTP and RTP time advance alike. */
static void assert_report_pair(const struct media_client *client,
                               const struct rtcp_sender_report *before,
                               const struct rtcp_sender_report *now)
{
    const struct slot_receiver *slot = slot_with_ssrc(client, now->ssrc);
    assert_non_null(slot);
    double apart_s = seconds_of(now->ntp - before->ntp);
    double media_s = (double)(uint32_t)(now->rtp_timestamp - before->rtp_timestamp) /
                     (slot->is_audio ? 48000.0 : 90000.0);
    if (apart_s < 0.7 || apart_s > 3.0)
        fail_msg("sender reports %.3f s apart", apart_s);
    if (media_s < apart_s - 0.25 || media_s > apart_s + 0.25)
        fail_msg("%.3f s of NTP time are %.3f s of RTP time", apart_s, media_s);
    assert_true(now->packet_count > before->packet_count);
    assert_true(now->octet_count > before->octet_count);
}

/* The reports name a time close to that of the newest packet; all slots share one clock. */
static void assert_report_against_media(const struct media_client *client,
                                        const struct feedback_report *entry,
                                        double *server_minus_arrival_s)
{
    const struct slot_receiver *slot = slot_with_ssrc(client, entry->report.ssrc);
    assert_non_null(slot);
    const struct slot_packet *newest = slot_receiver_newest(slot);
    assert_non_null(newest);
    double rate = slot->is_audio ? 48000.0 : 90000.0;
    double ahead_s = (double)(int32_t)(entry->report.rtp_timestamp - newest->timestamp) / rate;
    double since_s = (double)(entry->arrival_us - newest->arrival_us) / 1e6;
    if (ahead_s - since_s > 0.5 || ahead_s - since_s < -0.5)
        fail_msg("a report is %.3f s off its stream", ahead_s - since_s);
    double offset_s = seconds_of(entry->report.ntp) - (double)entry->arrival_us / 1e6;
    if (*server_minus_arrival_s == 0)
        *server_minus_arrival_s = offset_s;
    if (offset_s - *server_minus_arrival_s > 0.75 || offset_s - *server_minus_arrival_s < -0.75)
        fail_msg("reports of two slots are on clocks %.3f s apart",
                 offset_s - *server_minus_arrival_s);
}

static void sender_reports_are_on_the_servers_clock(void **state)
{
    (void)state;
    struct media_client *ann = assert_talking("reports", "ann");
    struct media_client *bob = assert_talking("reports", "bob");
    struct media_client *cas = assert_talking("reports", "cas");
    assert_sees(ann, bob);
    assert_sees(ann, cas);
    event_loop_run_ms(5000);
    GArray *reports = ann->feedback.reports;
    assert_true(reports->len >= 8); /* four slots, twice at least */
    qsort(reports->data, reports->len, sizeof(struct feedback_report), by_ssrc_and_arrival);
    double server_minus_arrival_s = 0;
    unsigned pairs = 0;
    for (guint i = 0; i < reports->len; i++) {
        const struct feedback_report *now = &g_array_index(reports, struct feedback_report, i);
        assert_report_against_media(ann, now, &server_minus_arrival_s);
        if (i == 0 || (now - 1)->report.ssrc != now->report.ssrc)
            continue;
        assert_report_pair(ann, &(now - 1)->report, &now->report);
        pairs++;
    }
    assert_true(pairs >= 4);
    assert_lossless(ann);
}

struct remb_wait {
    const struct media_client *client;
    uint64_t bitrate_bps;
};

/* Rounded to the 18-bit mantissa of the message. */
static bool has_remb(void *user)
{
    const struct remb_wait *wait = user;
    uint64_t remb = feedback_log_remb_bps(&wait->client->feedback);
    return remb <= wait->bitrate_bps && remb + 8 > wait->bitrate_bps;
}

static void assert_remb(const struct media_client *client, uint64_t bitrate_bps)
{
    struct remb_wait wait = {client, bitrate_bps};
    if (!event_loop_until(has_remb, &wait, EVENT_LOOP_PATIENCE_MS))
        fail_msg("%s: REMB is %llu, not %llu", client->options.name,
                 (unsigned long long)feedback_log_remb_bps(&client->feedback),
                 (unsigned long long)bitrate_bps);
}

/* 1.25 x the contracts of the tracks that send now + 150 kbps. */
static void remb_follows_the_contracts(void **state)
{
    (void)state;
    struct media_client_options options = usual_participant("remb", "ann");
    struct media_client *ann = assert_connected(&options);
    options.name = "bob";
    options.has_screen = true;
    struct media_client *bob = assert_connected(&options);
    media_client_send_media(ann, true, true);
    media_client_send_media(bob, true, true);
    assert_remb(ann, 900000);  /* 1.25 x (100 + 500) + 150 */
    assert_remb(bob, 1900000); /* 1.25 x (100 + 500 + 800) + 150 */
}

struct feedback_wait {
    const struct media_client *client;
    uint16_t from, to;
    int first_missing; /* -1: none */
};

static bool has_all_feedback(void *user)
{
    struct feedback_wait *wait = user;
    for (uint16_t seq = wait->from; seq != wait->to; seq++) {
        wait->first_missing = seq;
        if (!feedback_log_has_seen(&wait->client->feedback, seq))
            return false;
    }
    wait->first_missing = -1;
    return true;
}

static void transport_feedback_covers_every_ssrc(void **state)
{
    (void)state;
    struct media_client *ann = assert_talking("feedback", "ann");
    struct media_client *bob = assert_talking("feedback", "bob");
    assert_sees(bob, ann);
    ann->drop_sent_every = 10; /* so that RTX is sent, too */
    bob->sends_nacks = true;
    uint16_t from = ann->transport_seq;
    event_loop_run_ms(2500);
    ann->drop_sent_every = 0;
    uint16_t to = ann->transport_seq;
    assert_true(media_client_track(ann, MEDIA_CAMERA)->rtx_packets > 0);

    /* What was lost before the server is no number that it saw: count those. */
    unsigned unseen = 0;
    struct feedback_wait wait = {ann, (uint16_t)(to - 1), to, -1};
    event_loop_until(has_all_feedback, &wait, EVENT_LOOP_PATIENCE_MS);
    for (uint16_t seq = from; seq != to; seq++)
        unseen += !feedback_log_has_seen(&ann->feedback, seq);
    assert_int_equal(unseen, ann->dropped_before_server);

    int64_t median_us = feedback_log_median_interval_us(&ann->feedback);
    if (median_us < 40000 || median_us > 160000)
        fail_msg("transport feedback every %lld us", (long long)median_us);
    assert_lossless(bob);
}

struct pli_wait {
    const struct media_client *client;
    unsigned more_than;
};

static bool has_more_plis(void *user)
{
    const struct pli_wait *wait = user;
    return wait->client->feedback.plis->len > wait->more_than;
}

/* Joiners need a key frame; many at once cost the publisher one, for it is kept for those after. */
static void joiners_share_a_key_frame(void **state)
{
    (void)state;
    struct media_client *ann = assert_talking("pli", "ann");
    event_loop_run_ms(2000); /* the one of the beginning is too old to be replayed */
    struct media_client *joiners[4];
    struct pli_wait wait = {ann, ann->feedback.plis->len};
    unsigned key_frames = media_client_track(ann, MEDIA_CAMERA)->key_frames;
    for (unsigned i = 0; i < 4; i++) {
        struct media_client_options options = usual_participant("pli", "joiner");
        options.has_camera = false;
        joiners[i] = media_client_create(&options);
        assert_non_null(joiners[i]);
        assert_int_equal(media_client_join(joiners[i]), 0); /* connect side by side */
    }
    for (unsigned i = 0; i < 4; i++)
        assert_true(media_client_await_media(joiners[i], ann, false));
    assert_true(event_loop_until(has_more_plis, &wait, EVENT_LOOP_PATIENCE_MS));
    event_loop_run_ms(1500);
    unsigned plis = ann->feedback.plis->len - wait.more_than;
    if (plis > 2)
        fail_msg("four joiners cost %u PLIs", plis);
    assert_true(media_client_track(ann, MEDIA_CAMERA)->key_frames > key_frames);
    for (unsigned i = 0; i < 4; i++)
        assert_lossless(joiners[i]);
}

/* Whatever layer the server forwards, a slot is one stream. */
static void simulcast_is_one_stream(void **state)
{
    (void)state;
    struct media_client_options options = usual_participant("simulcast", "ann");
    options.camera_layers = 2;
    struct media_client *ann = assert_connected(&options);
    options.name = "bob";
    options.camera_layers = 3;
    options.style = VP8_STYLE_PICTURE_ID;
    struct media_client *bob = assert_connected(&options);
    media_client_send_media(ann, true, true);
    media_client_send_media(bob, true, true);
    assert_sees(ann, bob);
    assert_sees(bob, ann);
    event_loop_run_ms(2500);
    assert_lossless(ann);
    assert_lossless(bob);
}

/* The screen line goes to the screen slot, the camera to a camera slot. */
static void screen_has_its_slot(void **state)
{
    (void)state;
    struct media_client_options options = usual_participant("screen", "ann");
    struct media_client *ann = assert_connected(&options);
    options.name = "bob";
    options.has_screen = true;
    struct media_client *bob = assert_connected(&options);
    media_client_send_media(bob, true, true);
    assert_sees(ann, bob);
    event_loop_run_ms(1500);
    assert_lossless(ann);
    for (unsigned i = 0; i < ann->slot_count; i++) {
        const struct slot_receiver *slot = ann->slot_list[i];
        const struct slot_packet *newest = slot_receiver_newest(slot);
        bool is_screen_slot = slot->mid[0] == 's'; /* "ss..": offer_add_line() */
        if (is_screen_slot)
            assert_non_null(newest);
        if (newest && !slot->is_audio)
            assert_int_equal(newest->signature.kind, is_screen_slot ? MEDIA_SCREEN : MEDIA_CAMERA);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFERENCE_TEST(aes_128_gcm),
        CONFERENCE_TEST(aes_256_gcm),
        CONFERENCE_TEST(aes_cm_sha1_80),
        CONFERENCE_TEST(server_prefers_aes_128_gcm),
        CONFERENCE_TEST(no_common_profile_fails),
        CONFERENCE_TEST(sender_reports_are_on_the_servers_clock),
        CONFERENCE_TEST(remb_follows_the_contracts),
        CONFERENCE_TEST(transport_feedback_covers_every_ssrc),
        CONFERENCE_TEST(joiners_share_a_key_frame),
        CONFERENCE_TEST(simulcast_is_one_stream),
        CONFERENCE_TEST(screen_has_its_slot),
    };
    return RUN_WITH_SERVER(tests);
}
