#include "conference.h"

#include "person_heard.h"
#include "rtp/error.h"

void conference_init_with(struct conference *c, const struct conference_options *options)
{
    memset(c, 0, sizeof(*c));
    c->people_cap = options->people ? options->people : 8;
    c->packets_cap = options->packets ? options->packets : CONFERENCE_PACKETS;
    c->late_us = options->late_us;
    c->people = calloc(c->people_cap, sizeof(*c->people));
    assert_non_null(c->people);
    c->certificate = transport_certificate_create();
    c->aead = transport_aead_context_create(TRANSPORT_AEAD_AUTO);
    struct core_engine_config config = {.certificate = c->certificate,
                                        .aead = TRANSPORT_AEAD_AUTO,
                                        .seed = CONFERENCE_SEED,
                                        .ntp_at_zero = UINT64_C(0xE000000000000000),
                                        .buffer_count = options->buffers ? options->buffers : 1024,
                                        .recorder_bytes = options->recorder_bytes,
                                        .recorder_us = CONFERENCE_RECORDER_US};
    c->engine = core_engine_create(&config);
    assert_non_null(c->engine);
    c->now_us = 1000 * S;
}

void conference_init(struct conference *c)
{
    conference_init_with(c, &(struct conference_options){0});
}

void conference_dispose(struct conference *c)
{
    core_engine_destroy(c->engine);
    for (unsigned i = 0; i < c->person_count; i++) {
        transport_srtp_sender_destroy(c->people[i].sender);
        transport_srtp_receiver_destroy(c->people[i].receiver);
        free(c->people[i].heard);
    }
    free(c->people);
    transport_aead_context_destroy(c->aead);
    transport_certificate_destroy(c->certificate);
}

struct transport_srtp_keys keys_of(uint64_t number, uint8_t direction)
{
    struct transport_srtp_keys keys = {.profile = TRANSPORT_SRTP_AEAD_AES_128_GCM};
    memset(keys.key, (int)(number * 2 + direction), sizeof(keys.key));
    memset(keys.salt, (int)(number + 100), sizeof(keys.salt));
    return keys;
}

void conference_flush(struct conference *c)
{
    for (struct core_buffer *next, *b; (b = core_engine_next_packets(c->engine));)
        for (; b; b = next) {
            next = b->next;
            for (unsigned i = 0; i < c->person_count; i++)
                if (transport_path_is_equal(&c->people[i].path, &b->path))
                    person_hear(&c->people[i], b, c->now_us);
            core_engine_release(c->engine, b);
        }
    while (c->event_count < CONFERENCE_EVENTS &&
           core_engine_next_event(c->engine, &c->events[c->event_count]))
        c->event_count++;
}

/* When the engine is woken for what it asks for: drawn once for each deadline. */
static int64_t next_wake_us(struct conference *c)
{
    int64_t deadline_us = core_engine_deadline(c->engine);
    if (c->late_us == 0 || deadline_us == INT64_MAX)
        return deadline_us;
    if (deadline_us != c->due_us) {
        c->due_us = deadline_us;
        c->late_state = c->late_state * 1664525 + 1013904223;
        c->wake_us = deadline_us + (c->late_state >> 16) % (c->late_us + 1);
    }
    return c->wake_us;
}

void conference_run(struct conference *c, int64_t duration_us)
{
    int64_t end_us = c->now_us + duration_us;
    for (;;) {
        int64_t wake_us = next_wake_us(c);
        if (wake_us > end_us)
            break;
        if (wake_us > c->now_us)
            c->now_us = wake_us;
        core_engine_advance(c->engine, c->now_us);
        conference_flush(c);
        assert_true(core_engine_deadline(c->engine) > c->now_us); /* it moves on */
    }
    c->now_us = end_us;
}

void conference_receive(struct conference *c, struct person *person, uint8_t *data, size_t len)
{
    struct transport_datagram datagram = {.path = person->path, .data = data, .len = len};
    core_engine_receive(c->engine, &datagram, c->now_us);
    conference_flush(c);
}

void person_nominate(struct conference *c, struct person *person)
{
    stun_client_write(&person->stun,
                      &(struct stun_client_check){.priority = 100, .is_nominating = true});
    conference_receive(c, person, person->stun.data, person->stun.len);
}

static void add_track(struct core_join *join, enum core_kind kind, const char *mid, uint32_t csrc)
{
    struct core_track_params *track = &join->tracks[join->track_count++];
    bool is_audio = kind == CORE_KIND_AUDIO;
    *track = (struct core_track_params){.kind = kind,
                                        .csrc = csrc,
                                        .payload_type = is_audio ? PT_OPUS : PT_VP8,
                                        .rtx_payload_type = is_audio ? -1 : PT_RTX,
                                        .has_nack = !is_audio,
                                        .has_pli = !is_audio,
                                        .has_remb = true,
                                        .has_transport_cc = true};
    snprintf(track->mid, sizeof(track->mid), "%s", mid);
}

static void add_slot(struct core_join *join, enum core_kind kind, uint32_t ssrc)
{
    struct core_slot_params *slot = &join->slots[join->slot_count];
    bool is_audio = kind == CORE_KIND_AUDIO;
    *slot = (struct core_slot_params){.kind = kind,
                                      .ssrc = ssrc,
                                      .rtx_ssrc = is_audio ? 0 : ssrc + 100,
                                      .payload_type = is_audio ? PT_OPUS : PT_VP8,
                                      .rtx_payload_type = is_audio ? -1 : PT_RTX,
                                      .mid_id = ID_MID,
                                      .audio_level_id = is_audio ? ID_LEVEL : 0,
                                      .transport_seq_id = ID_SEQ};
    snprintf(slot->mid, sizeof(slot->mid), "s%u", join->slot_count++);
}

struct core_join usual_join(uint64_t room, uint64_t number)
{
    struct core_join join = {.room = room, .participant = number, .feedback_ssrc = 0xFEED};
    snprintf(join.transport.ice.local_ufrag, sizeof(join.transport.ice.local_ufrag), "ufrag%llu",
             (unsigned long long)number);
    snprintf(join.transport.ice.local_pwd, sizeof(join.transport.ice.local_pwd),
             "passwordpasswordpassword%02u", (unsigned)(number % 100));
    strcpy(join.transport.ice.remote_ufrag, "theirs");
    join.extensions.kind[ID_MID] = RTP_EXTENSION_MID;
    join.extensions.kind[ID_LEVEL] = RTP_EXTENSION_AUDIO_LEVEL;
    join.extensions.kind[ID_SEQ] = RTP_EXTENSION_TRANSPORT_SEQ;
    join.extensions.kind[ID_RID] = RTP_EXTENSION_RID;
    join.extensions.kind[ID_RRID] = RTP_EXTENSION_REPAIRED_RID;
    add_track(&join, CORE_KIND_AUDIO, "mic", (uint32_t)number * 16 + MIC);
    add_track(&join, CORE_KIND_CAMERA, "cam", (uint32_t)number * 16 + CAM);
    add_track(&join, CORE_KIND_SCREEN, "scr", (uint32_t)number * 16 + SCR);
    for (uint32_t i = 1; i <= 8; i++)
        add_slot(&join, i <= 3 ? CORE_KIND_AUDIO : i <= 7 ? CORE_KIND_CAMERA : CORE_KIND_SCREEN, i);
    return join;
}

struct person *conference_enter(struct conference *c, const struct core_join *join)
{
    struct person *person = &c->people[c->person_count];
    struct core_command command = {.type = CORE_COMMAND_JOIN, .join = *join};
    struct transport_srtp_keys up = keys_of(join->participant, 0),
                               down = keys_of(join->participant, 1);
    uint8_t ip[4] = {192, 0, 2, (uint8_t)(c->person_count % 250 + 1)};
    assert_true(c->person_count < c->people_cap);
    person->number = join->participant;
    person->join = *join;
    transport_address_set_ipv4(&person->path.remote, ip, (uint16_t)(5000 + c->person_count / 250));
    stun_client_init(&person->stun, &join->transport.ice);
    person->sender = transport_srtp_sender_create(c->aead, &up);
    person->receiver = transport_srtp_receiver_create(c->aead, &down);
    person->heard_cap = c->packets_cap;
    person->heard = calloc(c->packets_cap, sizeof(*person->heard));
    assert_non_null(person->heard);
    c->person_count++;
    core_engine_command(c->engine, &command, c->now_us);
    assert_int_equal(core_engine_set_keys(c->engine, person->number, &down, &up), 0);
    conference_flush(c);
    return person;
}

static struct person *enter_connected(struct conference *c, const struct core_join *join)
{
    struct person *person = conference_enter(c, join);
    person_nominate(c, person);
    return person;
}

struct person *conference_join(struct conference *c, uint64_t room)
{
    struct core_join join = usual_join(room, c->person_count + 1);
    return enter_connected(c, &join);
}

struct person *conference_join_with_layers(struct conference *c, uint64_t room)
{
    struct core_join join = usual_join(room, c->person_count + 1);
    join.tracks[CAM].rid_count = 2;
    strcpy(join.tracks[CAM].rids[0], "h");
    strcpy(join.tracks[CAM].rids[1], "l");
    return enter_connected(c, &join);
}

struct person *conference_join_without_rtx(struct conference *c, uint64_t room)
{
    struct core_join join = usual_join(room, c->person_count + 1);
    for (unsigned i = 0; i < join.slot_count; i++)
        join.slots[i].rtx_ssrc = 0;
    return enter_connected(c, &join);
}

void conference_command(struct conference *c, const struct core_command *command)
{
    core_engine_command(c->engine, command, c->now_us);
    conference_flush(c);
}

void conference_mute(struct conference *c, const struct person *person, enum core_kind kind,
                     bool is_set)
{
    conference_command(c, &(struct core_command){.type = CORE_COMMAND_MUTE,
                                                 .participant = person->number,
                                                 .kind = kind,
                                                 .is_set = is_set});
}

void conference_set_layout(struct conference *c, const struct person *person,
                           const struct core_layout *layout)
{
    conference_command(c, &(struct core_command){.type = CORE_COMMAND_LAYOUT,
                                                 .participant = person->number,
                                                 .layout = *layout});
}

void conference_set_budget(struct conference *c, const struct person *person, uint64_t budget_bps)
{
    conference_command(c, &(struct core_command){.type = CORE_COMMAND_BUDGET,
                                                 .participant = person->number,
                                                 .budget_bps = budget_bps});
}

uint8_t *export_engine(const struct core_engine *engine, const struct core_state_options *options,
                       size_t *len)
{
    assert_int_equal(core_engine_export(engine, options, NULL, 0, len), IRIS_E_FULL);
    uint8_t *bytes = malloc(*len);
    assert_non_null(bytes);
    assert_int_equal(core_engine_export(engine, options, bytes, *len - 1, len), IRIS_E_FULL);
    assert_int_equal(core_engine_export(engine, options, bytes, *len, len), 0);
    return bytes;
}

unsigned count_events(const struct conference *c, enum core_event_type type, uint64_t participant)
{
    unsigned count = 0;
    for (unsigned i = 0; i < c->event_count; i++)
        count += c->events[i].type == type && c->events[i].participant == participant;
    return count;
}

const struct core_event *last_event(const struct conference *c, enum core_event_type type,
                                    uint64_t participant)
{
    for (unsigned i = c->event_count; i-- > 0;)
        if (c->events[i].type == type && c->events[i].participant == participant)
            return &c->events[i];
    fail_msg("no event %d of participant %llu", (int)type, (unsigned long long)participant);
    return NULL;
}
