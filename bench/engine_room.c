/* iris-bench engine: the room in virtual time. */
#include "bench/engine.h"

#include "bench/bench.h"
#include "bwe/remb.h"
#include "rtp/bytes.h"
#include "rtp/vp8.h"

#include <stdio.h>
#include <stdlib.h>
#include <stun/usages/ice.h>

#define FRAME_US         33333
#define US_PER_S         1000000
#define START_US         INT64_C(1000000000)
#define CHECK_US         INT64_C(10000000) /* ICE consent: well below 30 s */
#define TAG_BYTES        TRANSPORT_AEAD_TAG_BYTES
#define SENDER_SSRC      UINT32_C(0x49524953)
#define PAYLOAD_TYPE     96
#define AUDIO_SLOTS      3
#define OTHER_SLOT_SSRC  20
#define RTX_PAYLOAD_TYPE 97
#define ID_SEQ           3
#define ID_MID           4
#define RECORDER_BYTES   16777216 /* the default's */
#define RECORDER_US      60000000
#define OTHERS_BYTES     67108864 /* twice what a processor has in all */
#define CACHE_LINE_BYTES 64

struct transport_srtp_keys engine_room_keys(unsigned participant, unsigned direction)
{
    struct transport_srtp_keys keys = {.profile = TRANSPORT_SRTP_AEAD_AES_128_GCM};

    for (unsigned i = 0; i < sizeof(keys.key); i++)
        keys.key[i] = (uint8_t)(13 * i + 2 * participant + direction);
    memset(keys.salt, (int)(participant >> 7) + 1, sizeof(keys.salt));
    return keys;
}

struct transport_path engine_room_path(const struct engine_room *room, unsigned participant)
{
    static const uint8_t ip[4] = {192, 0, 2, 1};
    struct transport_path path = {.local = 0};
    struct sockaddr_storage name;

    if (room->sink) {
        memcpy(&name, floor_sink_address(room->sink, participant), sizeof(struct sockaddr_in));
        io_address_from_sockaddr(&path.remote, &name);
    } else {
        transport_address_set_ipv4(&path.remote, ip, (uint16_t)(10000 + participant));
    }
    return path;
}

static struct transport_ice_credentials credentials_of(unsigned participant)
{
    struct transport_ice_credentials credentials;

    memset(&credentials, 0, sizeof(credentials));
    snprintf(credentials.local_ufrag, sizeof(credentials.local_ufrag), "bench%u", participant);
    snprintf(credentials.local_pwd, sizeof(credentials.local_pwd), "passwordpasswordpassword");
    snprintf(credentials.remote_ufrag, sizeof(credentials.remote_ufrag), "remote");
    return credentials;
}

/* Participant 0 sends a camera, the others receive it in the first of their slots for cameras. */
static struct core_join join_of(unsigned participant)
{
    struct core_join join;

    memset(&join, 0, sizeof(join));
    join.room = 1;
    join.participant = participant + 1;
    join.transport.ice = credentials_of(participant);
    join.extensions.kind[ID_SEQ] = RTP_EXTENSION_TRANSPORT_SEQ;
    join.extensions.kind[ID_MID] = RTP_EXTENSION_MID;
    join.feedback_ssrc = participant ? ENGINE_SLOT_SSRC : ENGINE_FEEDBACK_SSRC;
    if (participant == 0) {
        join.track_count = 1;
        join.tracks[0] = (struct core_track_params){.kind = CORE_KIND_CAMERA,
                                                    .mid = "cam",
                                                    .csrc = 17,
                                                    .payload_type = PAYLOAD_TYPE,
                                                    .rtx_payload_type = RTX_PAYLOAD_TYPE,
                                                    .has_nack = true,
                                                    .has_pli = true,
                                                    .has_remb = true,
                                                    .has_transport_cc = true,
                                                    .ssrc = SENDER_SSRC};
        return join;
    }
    join.slot_count = CORE_SLOTS_MAX;
    for (unsigned i = 0; i < CORE_SLOTS_MAX; i++) {
        uint32_t ssrc = i == AUDIO_SLOTS ? ENGINE_SLOT_SSRC : OTHER_SLOT_SSRC + 2 * i;

        join.slots[i] =
            (struct core_slot_params){.kind = i < AUDIO_SLOTS          ? CORE_KIND_AUDIO
                                              : i < CORE_SLOTS_MAX - 1 ? CORE_KIND_CAMERA
                                                                       : CORE_KIND_SCREEN,
                                      .mid = "slot",
                                      .ssrc = ssrc,
                                      .rtx_ssrc = i < AUDIO_SLOTS ? 0 : ssrc + 1,
                                      .payload_type = PAYLOAD_TYPE,
                                      .rtx_payload_type = i < AUDIO_SLOTS ? -1 : RTX_PAYLOAD_TYPE,
                                      .mid_id = ID_MID,
                                      .transport_seq_id = ID_SEQ};
    }
    return join;
}

static void give_back(struct engine_room *room)
{
    struct core_event event;

    for (struct core_buffer *next; room->sent; room->sent = next) {
        next = room->sent->next;
        core_engine_release(room->engine, room->sent);
    }
    while (core_engine_next_event(room->engine, &event))
        ;
}

/* Add what the engine has to send to the list of what was sent; their order does not matter. */
static void take(struct engine_room *room)
{
    for (struct core_buffer *chain; (chain = core_engine_next_packets(room->engine));) {
        struct core_buffer *last = chain;

        while (last->next)
            last = last->next;
        last->next = room->sent;
        room->sent = chain;
    }
}

/* Connectivity checks of everybody: they nominate, and keep the transports alive. */
static void check_paths(struct engine_room *room)
{
    static const uint16_t attributes[] = {STUN_ATTRIBUTE_USERNAME, STUN_ATTRIBUTE_MESSAGE_INTEGRITY,
                                          0};
    StunAgent agent;
    StunMessage message;
    uint8_t data[512];
    char username[64];

    for (unsigned i = 0; i <= room->load.receivers; i++) {
        struct transport_ice_credentials credentials = credentials_of(i);
        struct transport_datagram datagram = {.path = engine_room_path(room, i), .data = data};
        const uint8_t *password = (const uint8_t *)credentials.local_pwd;

        snprintf(username, sizeof(username), "%.16s:remote", credentials.local_ufrag);
        stun_agent_init(&agent, attributes, STUN_COMPATIBILITY_RFC5389,
                        STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT);
        datagram.len = stun_usage_ice_conncheck_create(
            &agent, &message, data, sizeof(data), (const uint8_t *)username, strlen(username),
            password, strlen(credentials.local_pwd), true, true, 1, 1, NULL,
            STUN_USAGE_ICE_COMPATIBILITY_RFC5245);
        core_engine_receive(room->engine, &datagram, room->now_us);
    }
    room->checked_us = room->now_us;
    take(room);
    give_back(room);
}

static int join(struct engine_room *room, unsigned participant)
{
    struct core_command command = {.type = CORE_COMMAND_JOIN, .join = join_of(participant)};
    struct transport_srtp_keys up = engine_room_keys(participant, 0),
                               down = engine_room_keys(participant, 1);

    core_engine_command(room->engine, &command, room->now_us);
    if (core_engine_set_keys(room->engine, participant + 1, &down, &up))
        return -1;
    if (participant == 0)
        room->sender = transport_srtp_sender_create(room->aead, &up);
    else
        room->receivers[participant - 1] = transport_srtp_receiver_create(room->aead, &down);
    return room->sender && (participant == 0 || room->receivers[participant - 1]) ? 0 : -1;
}

unsigned engine_load_frames(const struct engine_load *load)
{
    unsigned forwarded = load->packets * load->receivers;
    unsigned frames = (ENGINE_BATCH + forwarded - 1) / forwarded;

    return frames < ENGINE_FRAMES_MAX ? frames : ENGINE_FRAMES_MAX;
}

bool engine_load_is_policed(const struct engine_load *load)
{
    unsigned bps = load->packets * load->bytes * 8 * (US_PER_S / FRAME_US);

    return bps <= BWE_CONTRACT_CAMERA_BPS / 100 * BWE_CONTRACT_TOLERANCE_PERCENT;
}

int engine_room_init(struct engine_room *room, const struct engine_load *load)
{
    struct core_engine_config config = {
        .is_unpoliced = !engine_load_is_policed(load),
        .aead = TRANSPORT_AEAD_AUTO,
        .seed = 4711,
        .ntp_at_zero = UINT64_C(0xE000000000000000),
        .buffer_count = 2 * engine_load_frames(load) * load->packets * (load->receivers + 1) + 64};

    memset(room, 0, sizeof(*room));
    room->load = *load;
    config.recorder_bytes = load->has_recorder ? RECORDER_BYTES : 0;
    config.recorder_us = RECORDER_US;
    if (load->has_feedback) /* half of the pool is for what cannot wait */
        config.buffer_count *= 4;
    room->frames = engine_load_frames(load);
    room->now_us = START_US;
    config.certificate = room->certificate = transport_certificate_create();
    room->aead = transport_aead_context_create(TRANSPORT_AEAD_AUTO);
    if (room->certificate && room->aead)
        room->engine = core_engine_create(&config);
    if (!room->engine) {
        fputs("iris-bench: no engine can be made here\n", stderr);
        return -1;
    }
    if (load->has_sockets && engine_sockets_open(room))
        return -1;
    for (unsigned i = 0; i <= load->receivers; i++)
        if (join(room, i)) {
            fputs("iris-bench: a participant cannot join\n", stderr);
            return -1;
        }
    check_paths(room);
    if (load->is_cold && !(room->others = calloc(1, OTHERS_BYTES)))
        return -1;
    return load->has_feedback ? engine_feedback_init(room) : 0;
}

void engine_room_dispose(struct engine_room *room)
{
    if (room->engine)
        give_back(room);
    engine_sockets_close(room);
    engine_feedback_dispose(room);
    free(room->others);
    core_engine_destroy(room->engine);
    transport_srtp_sender_destroy(room->sender);
    for (unsigned i = 0; i < room->load.receivers; i++)
        transport_srtp_receiver_destroy(room->receivers[i]);
    if (room->aead)
        transport_aead_context_destroy(room->aead);
    if (room->certificate)
        transport_certificate_destroy(room->certificate);
}

/* The picture in a packet of the frame with this timestamp. */
static uint8_t byte_of(uint32_t timestamp, size_t at)
{
    return (uint8_t)(timestamp / 3 + at * 5);
}

static size_t write_packet(struct engine_room *room, uint8_t *out, unsigned i, int64_t at_us)
{
    struct rtp_header_fields header = {.ssrc = SENDER_SSRC,
                                       .timestamp = (uint32_t)(at_us * 9 / 100),
                                       .seq = (uint16_t)room->index,
                                       .payload_type = PAYLOAD_TYPE,
                                       .marker = i + 1 == room->load.packets,
                                       .transport_seq_id = ID_SEQ,
                                       .transport_seq = room->transport_seq++};
    struct rtp_vp8 vp8 = {.is_partition_start = i == 0,
                          .picture_id = room->picture_id & 0x7FFF,
                          .tl0_picture_index = (uint8_t)room->picture_id};
    size_t len = rtp_packet_write_header(out, &header);

    rtp_vp8_write_descriptor(out + len, &vp8);
    len += RTP_VP8_DESCRIPTOR_BYTES;
    for (size_t at = 0; len + at < room->load.bytes - TAG_BYTES; at++)
        out[len + at] = byte_of(header.timestamp, at);
    if (i == 0 && room->picture_id == 0) { /* RFC 6386, 9.1: a key frame, 640x480 */
        static const uint8_t start[] = {0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 2, 0xe0, 1};
        memcpy(out + len, start, sizeof(start));
    } else if (i == 0) {
        out[len] |= 1;
    }
    return len;
}

int engine_room_fill(struct engine_room *room)
{
    unsigned count = 0;

    if (room->now_us - room->checked_us >= CHECK_US)
        check_paths(room);
    for (unsigned frame = 0; frame < room->frames; frame++, room->picture_id++) {
        for (unsigned i = 0; i < room->load.packets; i++, room->index++) {
            struct engine_packet *packet = &room->batch[count++];
            size_t clear = room->load.bytes - TAG_BYTES;
            size_t header =
                write_packet(room, packet->data, i, room->now_us + (int64_t)frame * FRAME_US) -
                RTP_VP8_DESCRIPTOR_BYTES;
            int len =
                transport_srtp_seal_rtp(room->sender, packet->data, clear, header, room->index);

            if (len < 0)
                return -1;
            packet->datagram = (struct transport_datagram){
                .path = engine_room_path(room, 0), .data = packet->data, .len = (size_t)len};
        }
    }
    return 0;
}

static void wake_up(struct engine_room *room, const struct engine_wake *wake, uint64_t *receive_ns,
                    struct engine_times *times)
{
    uint64_t start_ns = bench_cpu_ns(), received_ns, taken_ns;

    for (unsigned i = 0; i < wake->count; i++)
        core_engine_receive(room->engine, wake->datagrams[i], room->now_us);
    received_ns = bench_cpu_ns();
    if (room->load.has_sockets)
        io_udp_flush(&room->udp, room->engine);
    else
        take(room);
    taken_ns = bench_cpu_ns();
    core_engine_advance(room->engine, room->now_us);
    *receive_ns += received_ns - start_ns;
    times->take_ns += taken_ns - received_ns;
    times->advance_ns += bench_cpu_ns() - taken_ns;
}

/* By this name callgrind knows what to count. */
__attribute__((noinline, used)) void engine_room_measure(struct engine_room *room,
                                                         const struct engine_wake *wake,
                                                         uint64_t *receive_ns,
                                                         struct engine_times *times)
{
    wake_up(room, wake, receive_ns, times);
}

void engine_room_step(struct engine_room *room, const struct engine_wake *wake,
                      uint64_t *receive_ns, struct engine_times *times)
{
    (room->is_settling ? wake_up : engine_room_measure)(room, wake, receive_ns, times);
}

/* What came out has arrived: it is counted and looked at (all of the first batch, one packet of
   each receiver's later on), and its buffers are free again, as they are in a server. */
static void arrive(struct engine_room *room)
{
    for (struct core_buffer *buffer = room->sent; buffer; buffer = buffer->next) {
        unsigned receiver = buffer->path.remote.port - 10001u;

        if (buffer->data[0] < 128 || rtp_packet_is_rtcp(buffer->data, buffer->len) ||
            receiver >= room->load.receivers)
            continue;
        if (room->reports)
            engine_feedback_on_packet(room, receiver, buffer);
        if (rtp_bytes_get32(buffer->data + 8) != ENGINE_SLOT_SSRC) /* fills a probe */
            continue;
        if (room->counts[receiver]++ == 0 || room->batches == 0)
            room->wrong += !engine_room_is_right(room, receiver, buffer->data, buffer->len);
    }
    give_back(room);
}

static void use_caches(struct engine_room *room)
{
    for (size_t at = 0; room->others && at < OTHERS_BYTES; at += CACHE_LINE_BYTES)
        room->others_sum += room->others[at]++;
}

/* What is due before the next frame comes: pacers look every few milliseconds. */
static void pass_time(struct engine_room *room, int64_t until_us, struct engine_times *times)
{
    const struct engine_wake nothing = {.count = 0};

    while (core_engine_deadline(room->engine) < until_us) {
        int64_t due_us = core_engine_deadline(room->engine);

        room->now_us = due_us > room->now_us ? due_us : room->now_us + 1;
        engine_room_step(room, &nothing, &times->receive_ns, times);
    }
    room->now_us = until_us;
}

void engine_room_run(struct engine_room *room, struct engine_times *times)
{
    struct transport_datagram *datagrams[ENGINE_PACKETS_MAX];
    const struct engine_wake wake = {datagrams, room->load.packets};

    memset(times, 0, sizeof(*times));
    if (room->sink)
        floor_sink_begin(room->sink);
    for (unsigned frame = 0; frame < room->frames; frame++) {
        int64_t next_us = room->now_us + FRAME_US;

        for (unsigned i = 0; i < room->load.packets; i++)
            datagrams[i] = &room->batch[frame * room->load.packets + i].datagram;
        use_caches(room);
        engine_room_step(room, &wake, &times->receive_ns, times);
        if (room->reports) {
            arrive(room);
            engine_feedback_report(room, times);
            pass_time(room, next_us, times);
        }
        if (!room->load.has_sockets)
            arrive(room);
        room->now_us = next_us;
    }
}

bool engine_room_is_right(struct engine_room *room, unsigned receiver, uint8_t *data, size_t bytes)
{
    struct rtp_packet packet;
    int len = transport_srtp_open_rtp(room->receivers[receiver], data, bytes);
    size_t skip = RTP_VP8_DESCRIPTOR_BYTES;

    if (len < 0 || rtp_packet_parse(&packet, data, (size_t)len) ||
        packet.ssrc != ENGINE_SLOT_SSRC || packet.payload_len < room->load.bytes / 2)
        return false;
    /* Timestamps go out with an offset: the first byte tells it. A frame's start is not compared.
     */
    for (size_t at = 10; at + skip < packet.payload_len; at++)
        if ((uint8_t)(packet.payload[skip + at] - packet.payload[skip + 10]) !=
            (uint8_t)((at - 10) * 5))
            return false;
    return true;
}

int engine_room_check(struct engine_room *room)
{
    unsigned expected = room->frames * room->load.packets, wrong = room->wrong;

    if (room->load.has_sockets)
        return engine_sockets_check(room);
    for (unsigned i = 0; i < room->load.receivers; i++)
        wrong += room->counts[i] != expected;
    memset(room->counts, 0, sizeof(room->counts));
    room->wrong = 0;
    room->batches++;
    if (wrong)
        fprintf(stderr, "iris-bench: 1 -> %u: %u packets or receivers are not as expected\n",
                room->load.receivers, wrong);
    return wrong ? -1 : 0;
}
