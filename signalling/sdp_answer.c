/*
 * Writing the answer. Transport attributes stand on every accepted line, as browsers write them, so
 * that peers which look at each line alone find them; candidates stand once, on the line that
 * carries the transport (the first accepted one of the BUNDLE group). a=msid-semantic is not
 * answered: RFC 8830 dropped it and both browsers ignore it. a=extmap-allow-mixed is: both forms
 * are parsed here.
 */
#include "signalling/sdp_parse.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define OPUS_PARAMETERS "minptime=10;useinbandfec=1;usedtx=1;stereo=0;maxaveragebitrate=64000"

/* Chromium applies the last video line's b= to the whole transport (protocol.md, "The answer"). */
#define TOTAL_BPS(sum) ((sum) + (sum) / 4 + 100000)

struct writer {
    const struct sdp_offer *offer;
    const struct sdp_role *roles;
    const struct sdp_answer *answer;
    char *out;
    size_t cap, len;
    bool is_full;
};

/* One line; its end is added here. */
__attribute__((format(printf, 2, 3))) static void put(struct writer *writer, const char *format,
                                                      ...)
{
    size_t left = writer->cap - writer->len;
    va_list arguments;
    if (writer->is_full)
        return;
    va_start(arguments, format);
    int len = vsnprintf(writer->out + writer->len, left, format, arguments);
    va_end(arguments);
    if (len < 0 || (size_t)len + 3 > left) {
        writer->is_full = true;
        return;
    }
    memcpy(writer->out + writer->len + len, "\r\n", 3);
    writer->len += (size_t)len + 2;
}

static bool is_accepted(const struct writer *writer, unsigned index)
{
    return writer->roles[index].sends || writer->roles[index].slot;
}

static bool sends_video(const struct writer *writer, unsigned index)
{
    return writer->offer->lines[index].kind == SDP_KIND_VIDEO && writer->roles[index].sends;
}

/* The accepted line at a place of the BUNDLE group; -1: none there. */
static int find_ranked(const struct writer *writer, unsigned rank)
{
    for (unsigned i = 0; i < writer->offer->line_count; i++)
        if (is_accepted(writer, i) && writer->offer->lines[i].bundle_rank == rank)
            return (int)i;
    return -1;
}

/* The line that carries the transport; -1: everything was rejected. */
static int find_tagged(const struct writer *writer)
{
    int tagged = -1;
    for (unsigned rank = 0; rank < SDP_LINES_MAX && tagged < 0; rank++)
        tagged = find_ranked(writer, rank);
    return tagged;
}

static void put_session(struct writer *writer)
{
    char group[SDP_LINES_MAX * (SDP_MID_MAX + 1) + 1] = "";
    size_t len = 0;
    for (unsigned rank = 0; rank < SDP_LINES_MAX; rank++) {
        int index = find_ranked(writer, rank);
        if (index >= 0)
            len += (size_t)snprintf(group + len, sizeof(group) - len, " %s",
                                    writer->offer->lines[index].mid);
    }
    put(writer, "v=0");
    put(writer, "o=iris %" PRIu64 " %" PRIu64 " IN IP4 127.0.0.1", writer->answer->session_id,
        writer->answer->version);
    put(writer, "s=-");
    put(writer, "t=0 0");
    if (len > 0)
        put(writer, "a=group:BUNDLE%s", group);
    put(writer, "a=ice-lite");
    if (writer->offer->has_extmap_allow_mixed)
        put(writer, "a=extmap-allow-mixed");
}

/* a=inactive says again what port 0 says, for readers that look only there. */
static void put_rejected(struct writer *writer, const struct sdp_line *line)
{
    put(writer, "m=%s 0 %s %s", line->media, line->proto, line->format);
    put(writer, "c=IN IP4 0.0.0.0");
    if (line->mid[0])
        put(writer, "a=mid:%s", line->mid);
    put(writer, "a=inactive");
}

static const char *ip_version(const char *address)
{
    return strchr(address, ':') ? "IP6" : "IP4";
}

static uint32_t source_bps(enum sdp_source source)
{
    return source == SDP_SOURCE_SCREEN ? SDP_SCREEN_BPS : SDP_CAMERA_BPS;
}

/* The limit of a line that sends video: its own, or that of all when no line without b= follows. */
static uint32_t limit_bps(const struct writer *writer, unsigned index)
{
    uint32_t sum_bps = 0;
    for (unsigned i = 0; i < writer->offer->line_count; i++) {
        if (sends_video(writer, i))
            sum_bps += source_bps(writer->roles[i].sends);
        bool is_video = writer->offer->lines[i].kind == SDP_KIND_VIDEO;
        if (i > index && is_video && is_accepted(writer, i))
            return source_bps(writer->roles[index].sends);
    }
    return TOTAL_BPS(sum_bps);
}

static void put_media(struct writer *writer, unsigned index)
{
    const struct sdp_line *line = &writer->offer->lines[index];
    const struct sdp_answer *answer = writer->answer;
    bool has_candidate = answer->candidate_count > 0;
    const char *address = has_candidate ? answer->candidates[0].address : "0.0.0.0";
    unsigned port = has_candidate ? answer->candidates[0].port : 9;
    if (line->rtx_payload_type >= 0)
        put(writer, "m=%s %u %s %d %d", line->media, port, line->proto, line->payload_type,
            line->rtx_payload_type);
    else
        put(writer, "m=%s %u %s %d", line->media, port, line->proto, line->payload_type);
    put(writer, "c=IN %s %s", ip_version(address), address);
    if (sends_video(writer, index))
        put(writer, "b=TIAS:%" PRIu32, limit_bps(writer, index));
    put(writer, "a=mid:%s", line->mid);
    if (writer->roles[index].sends && writer->roles[index].slot)
        put(writer, "a=sendrecv");
    else
        put(writer, writer->roles[index].sends ? "a=recvonly" : "a=sendonly");
    put(writer, "a=rtcp-mux");
    if (line->has_rtcp_rsize)
        put(writer, "a=rtcp-rsize");
}

static void put_candidates(struct writer *writer)
{
    const struct sdp_answer *answer = writer->answer;
    for (unsigned i = 0; i < answer->candidate_count; i++)
        put(writer, "a=candidate:%u 1 udp %" PRIu32 " %s %u typ host", i + 1,
            answer->candidates[i].priority, answer->candidates[i].address,
            answer->candidates[i].port);
    put(writer, "a=end-of-candidates");
}

static void put_transport(struct writer *writer, bool is_tagged)
{
    char fingerprint[SDP_FINGERPRINT_BYTES * 3 + 1];
    for (size_t i = 0; i < SDP_FINGERPRINT_BYTES; i++)
        snprintf(fingerprint + 3 * i, 4, "%02X:", writer->answer->fingerprint[i]);
    fingerprint[SDP_FINGERPRINT_BYTES * 3 - 1] = '\0';
    put(writer, "a=ice-ufrag:%s", writer->answer->ufrag);
    put(writer, "a=ice-pwd:%s", writer->answer->pwd);
    put(writer, "a=fingerprint:sha-256 %s", fingerprint);
    put(writer, "a=setup:passive");
    if (is_tagged)
        put_candidates(writer);
}

static void put_codec(struct writer *writer, const struct sdp_line *line, bool has_transport_cc)
{
    int payload_type = line->payload_type;
    bool is_audio = line->kind == SDP_KIND_AUDIO;
    put(writer, "a=rtpmap:%d %s", payload_type, is_audio ? "opus/48000/2" : "VP8/90000");
    if (is_audio)
        put(writer, "a=fmtp:%d %s", payload_type, OPUS_PARAMETERS);
    if (has_transport_cc)
        put(writer, "a=rtcp-fb:%d transport-cc", payload_type);
    if (line->has_remb)
        put(writer, "a=rtcp-fb:%d goog-remb", payload_type);
    if (line->has_nack)
        put(writer, "a=rtcp-fb:%d nack", payload_type);
    if (line->has_pli)
        put(writer, "a=rtcp-fb:%d nack pli", payload_type);
    if (line->rtx_payload_type >= 0) {
        put(writer, "a=rtpmap:%d rtx/90000", line->rtx_payload_type);
        put(writer, "a=fmtp:%d apt=%d", line->rtx_payload_type, payload_type);
    }
}

/* What the offerer only sends we only receive, and the reverse (RFC 8285, section 6). */
static const char *reversed(uint8_t direction)
{
    if (direction == SDP_SENDS)
        return "/recvonly";
    return direction == SDP_RECEIVES ? "/sendonly" : "";
}

static void put_extensions(struct writer *writer, const struct sdp_line *line, const uint8_t *ids)
{
    for (int i = 0; i < SDP_EXTENSION_COUNT; i++)
        if (ids[i])
            put(writer, "a=extmap:%u%s %s", ids[i], reversed(line->extensions[i].direction),
                sdp_extension_uris[i]);
}

static void put_simulcast(struct writer *writer, const struct sdp_line *line)
{
    char list[SDP_RIDS_MAX * (SDP_TOKEN_BYTES + 1) + 1] = "";
    size_t len = 0;
    for (unsigned i = 0; i < line->rid_count; i++) {
        put(writer, "a=rid:%s recv", line->rids[i]);
        len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s%s", i ? ";" : "",
                                line->rid_is_paused[i] ? "~" : "", line->rids[i]);
    }
    if (line->rid_count > 0)
        put(writer, "a=simulcast:recv %s", list);
}

/* Each slot is a stream of its own: one stream's tracks would be lip-synced with each other. */
static void put_slot(struct writer *writer, const struct sdp_line *line,
                     const struct sdp_role *role)
{
    bool has_rtx = role->slot_rtx_ssrc && line->rtx_payload_type >= 0;
    put(writer, "a=msid:slot-%s slot-%s", line->mid, line->mid);
    if (has_rtx)
        put(writer, "a=ssrc-group:FID %" PRIu32 " %" PRIu32, role->slot_ssrc, role->slot_rtx_ssrc);
    put(writer, "a=ssrc:%" PRIu32 " cname:slot-%s", role->slot_ssrc, line->mid);
    if (has_rtx)
        put(writer, "a=ssrc:%" PRIu32 " cname:slot-%s", role->slot_rtx_ssrc, line->mid);
}

static void put_accepted(struct writer *writer, unsigned index, bool is_tagged)
{
    const struct sdp_line *line = &writer->offer->lines[index];
    const struct sdp_role *role = &writer->roles[index];
    uint8_t ids[SDP_EXTENSION_COUNT];
    signalling_sdp_granted_extensions(line, role, ids);
    put_media(writer, index);
    put_transport(writer, is_tagged);
    put_codec(writer, line, ids[SDP_EXTENSION_TRANSPORT_SEQ] != 0);
    put_extensions(writer, line, ids);
    if (role->sends)
        put_simulcast(writer, line);
    if (role->slot)
        put_slot(writer, line, role);
}

int signalling_sdp_write_answer(const struct sdp_offer *offer, const struct sdp_role *roles,
                                const struct sdp_answer *answer, char *out, size_t cap)
{
    struct writer writer = {
        .offer = offer, .roles = roles, .answer = answer, .out = out, .cap = cap};
    int tagged = find_tagged(&writer);
    put_session(&writer);
    for (unsigned i = 0; i < offer->line_count; i++) {
        if (is_accepted(&writer, i))
            put_accepted(&writer, i, (int)i == tagged);
        else
            put_rejected(&writer, &offer->lines[i]);
    }
    return writer.is_full ? -1 : (int)writer.len;
}
