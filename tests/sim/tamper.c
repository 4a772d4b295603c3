/* Each kind in a few lines. */
#include "tests/sim/tamper.h"

#include <string.h>

#define AUDIO_SLOTS 3
#define SCREEN_SLOT 7

void sim_tamper_init(struct sim_tamper *tamper, enum sim_tamper_kind kind, int64_t begin_us)
{
    *tamper = (struct sim_tamper){.kind = kind, .begin_us = begin_us, .receiver = 1, .slot = -1};
}

bool sim_tamper_reaches_receiver(const struct sim_tamper *tamper)
{
    return tamper->kind == SIM_TAMPER_DECODABLE || tamper->kind == SIM_TAMPER_STUCK;
}

static bool concerns(struct sim_tamper *tamper, uint64_t receiver, const struct sim_media *media,
                     int64_t now_us)
{
    bool is_audio = media->slot < AUDIO_SLOTS;
    if (media->slot == SCREEN_SLOT) /* hardly anything is in it */
        return false;
    if (receiver != tamper->receiver || now_us < tamper->begin_us || !media->is_stamped)
        return false;
    if (is_audio != (tamper->kind == SIM_TAMPER_AUDIO) ||
        media->is_rtx != (tamper->kind == SIM_TAMPER_RETRANSMISSION))
        return false;
    if (tamper->slot < 0)
        tamper->slot = media->slot;
    return tamper->slot == media->slot;
}

/* Leave out a whole frame of the base layer, and close the numbers behind it. */
static bool drop_frame(struct sim_tamper *tamper, struct sim_media *media)
{
    const struct sim_stamp *stamp = &media->stamp;
    bool is_base = stamp->temporal == 0 && !(stamp->flags & SIM_STAMP_KEY);
    if (tamper->dropped_frame == 0 && is_base && stamp->piece == 0) {
        tamper->dropped_frame = stamp->frame;
        tamper->dropped_stream = sim_stamp_stream(stamp);
    }
    if (tamper->dropped_frame == stamp->frame &&
        tamper->dropped_stream == sim_stamp_stream(stamp)) {
        tamper->dropped++;
        return false;
    }
    if (tamper->dropped == 0)
        return true;
    media->seq = (uint16_t)(media->seq - tamper->dropped);
    media->vp8.picture_id = (uint16_t)(media->vp8.picture_id - 1) & 0x7FFF;
    media->vp8.tl0_picture_index--;
    return true;
}

static bool drop_voice(struct sim_tamper *tamper, struct sim_media *media)
{
    if (!tamper->is_done && !(media->stamp.flags & SIM_STAMP_DTX)) {
        tamper->is_done = true;
        return false;
    }
    media->seq = (uint16_t)(media->seq - tamper->is_done);
    return true;
}

bool sim_tamper_media(struct sim_tamper *tamper, uint64_t receiver, struct sim_media *media,
                      int64_t now_us)
{
    if (!concerns(tamper, receiver, media, now_us))
        return true;
    switch (tamper->kind) {
    case SIM_TAMPER_SSRC:
        media->ssrc ^= 0x10000000;
        break;
    case SIM_TAMPER_PAYLOAD:
        media->csrc++;
        break;
    case SIM_TAMPER_SEQUENCE:
        media->seq = (uint16_t)(media->seq + 100);
        break;
    case SIM_TAMPER_TIMESTAMP:
        media->timestamp += 20 * 90000;
        break;
    case SIM_TAMPER_PICTURE:
        media->vp8.picture_id = (media->vp8.picture_id + 5) & 0x7FFF;
        break;
    case SIM_TAMPER_RETRANSMISSION:
        media->stamp.packet++;
        break;
    case SIM_TAMPER_DECODABLE:
        return drop_frame(tamper, media);
    case SIM_TAMPER_AUDIO:
        return drop_voice(tamper, media);
    case SIM_TAMPER_STUCK:
        return false;
    case SIM_TAMPER_POLICER:
        media->payload_len = (uint16_t)(media->payload_len * 6);
        break;
    case SIM_TAMPER_BUDGET:
        media->wire_len = (uint16_t)(media->wire_len * 50);
        break;
    case SIM_TAMPER_ROOM:
        media->stamp.room++;
        break;
    case SIM_TAMPER_ONESELF:
        media->stamp.participant = (uint32_t)receiver;
        media->csrc = tamper->receiver_csrc;
        break;
    default: /* the others do not change a packet */
        break;
    }
    return true;
}

bool sim_tamper_loses(struct sim_tamper *tamper, const struct sim_media *media)
{
    return tamper->kind == SIM_TAMPER_REPAIR && media->is_rtx && tamper->dropped++ % 2 == 0;
}

bool sim_tamper_doubles(struct sim_tamper *tamper, uint64_t receiver, int64_t now_us)
{
    return tamper->kind == SIM_TAMPER_NONCE && receiver == tamper->receiver &&
           now_us >= tamper->begin_us;
}
