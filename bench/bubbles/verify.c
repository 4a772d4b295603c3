/* Decoders per slot, made when first needed. */
#include "bench/bubbles/verify.h"

#include <stdlib.h>
#include <string.h>

#include <opus/opus.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>

#define FRAME_MAX_BYTES (1 << 20)
#define ANNOUNCED_MAX   1024 /* (slot, CSRC) pairs; a receiver sees fewer tracks than that */
#define SETTLE_PACKETS  10   /* of a new voice: Opus' state still holds the one before */
#define WRONG_PSNR_DB   25 /* below that it is another picture: the right one decodes to the bit */

struct pair {
    unsigned index;
    uint32_t csrc;
};

struct pairs {
    unsigned count;
    struct pair list[ANNOUNCED_MAX];
};

struct bubbles_verifier {
    struct bubbles_verdicts *verdicts;
    vpx_codec_ctx_t video[BUBBLES_SLOTS];
    bool has_video[BUBBLES_SLOTS];
    OpusDecoder *voice[BUBBLES_SLOTS];
    unsigned settle[BUBBLES_SLOTS]; /* packets that are not judged yet */
    uint64_t right_pictures, right_voices;
    struct pairs announced, observed;
    uint8_t frame[FRAME_MAX_BYTES];
};

struct bubbles_verifier *bubbles_verifier_create(struct bubbles_verdicts *verdicts)
{
    struct bubbles_verifier *verifier = calloc(1, sizeof(*verifier));
    if (verifier)
        verifier->verdicts = verdicts;
    return verifier;
}

void bubbles_verifier_destroy(struct bubbles_verifier *verifier)
{
    if (!verifier)
        return;
    for (unsigned i = 0; i < BUBBLES_SLOTS; i++) {
        if (verifier->has_video[i])
            vpx_codec_destroy(&verifier->video[i]);
        if (verifier->voice[i])
            opus_decoder_destroy(verifier->voice[i]);
    }
    free(verifier);
}

/* Put a frame's payloads together, without their descriptors. @return its length; 0: it cannot be
 */
static size_t assemble(struct bubbles_verifier *verifier, const struct bubbles_slot *slot,
                       const struct bubbles_arrived *frame)
{
    size_t len = 0;
    for (uint64_t seq = frame->first_seq; seq <= frame->last_seq; seq++) {
        const struct bubbles_kept *kept = bubbles_slot_kept(slot, seq);
        struct rtp_vp8 vp8;
        if (!kept || rtp_vp8_parse(&vp8, kept->payload, kept->len) ||
            len + kept->len > FRAME_MAX_BYTES)
            return 0;
        size_t piece = kept->len - vp8.descriptor_len;
        memcpy(verifier->frame + len, kept->payload + vp8.descriptor_len, piece);
        len += piece;
    }
    return len;
}

static vpx_image_t *decode(struct bubbles_verifier *verifier, unsigned index, size_t len)
{
    vpx_codec_iter_t iterator = NULL;
    vpx_codec_ctx_t *decoder = &verifier->video[index];
    if (!verifier->has_video[index])
        verifier->has_video[index] = vpx_codec_dec_init(decoder, vpx_codec_vp8_dx(), NULL, 0) == 0;
    if (!verifier->has_video[index] || len == 0 ||
        vpx_codec_decode(decoder, verifier->frame, (unsigned)len, NULL, 0))
        return NULL;
    return vpx_codec_get_frame(decoder, &iterator);
}

static const struct bubbles_stream *layer_of(const struct bubbles_origin *origin, unsigned height)
{
    for (unsigned i = 0; i < origin->stream_count; i++)
        if (origin->streams[i]->clip && origin->streams[i]->clip->height == height)
            return origin->streams[i];
    return NULL;
}

/* @return whether it is the picture that this origin sent */
static bool judge(const struct bubbles_luma *luma, const struct bubbles_mark *mark,
                  const struct bubbles_origin *origin, struct bubbles_verdicts *verdicts,
                  int64_t now_us)
{
    uint8_t samples[BUBBLES_SAMPLES];
    const struct bubbles_stream *stream = layer_of(origin, luma->height);
    const struct bubbles_clip *clip = stream ? stream->clip : NULL;
    if (!clip || clip->source != mark->source || clip->is_screen != mark->is_screen ||
        mark->frame >= clip->frame_count)
        return false;
    bubbles_picture_sample(luma, samples);
    double psnr_db =
        bubbles_picture_psnr(samples, clip->samples + (size_t)mark->frame * BUBBLES_SAMPLES);
    if (verdicts->psnr_sum_db == 0 || psnr_db < verdicts->psnr_min_db)
        verdicts->psnr_min_db = psnr_db;
    verdicts->psnr_sum_db += psnr_db;
    if (stream->sent_us[mark->frame])
        bubbles_histogram_add(&verdicts->delay, now_us - stream->sent_us[mark->frame]);
    return psnr_db >= WRONG_PSNR_DB;
}

void bubbles_verifier_frame(struct bubbles_verifier *verifier, unsigned index,
                            const struct bubbles_slot *slot, const struct bubbles_arrived *frame,
                            const struct bubbles_origin *origin, int64_t now_us)
{
    struct bubbles_verdicts *verdicts = verifier->verdicts;
    struct bubbles_mark mark;
    const vpx_image_t *image = decode(verifier, index, assemble(verifier, slot, frame));
    if (!image) {
        verdicts->undecodable++;
        return;
    }
    const struct bubbles_luma luma = {.data = image->planes[VPX_PLANE_Y],
                                      .stride = image->stride[VPX_PLANE_Y],
                                      .width = image->d_w,
                                      .height = image->d_h};
    if (!origin)
        return;
    if (!bubbles_picture_read(&luma, &mark)) {
        verdicts->unreadable++;
        return;
    }
    verdicts->pictures++;
    if (judge(&luma, &mark, origin, verdicts, now_us))
        verifier->right_pictures++;
    else
        verdicts->wrong_pictures++;
}

void bubbles_verifier_voice(struct bubbles_verifier *verifier, unsigned index,
                            const struct rtp_packet *packet, bool is_new_source,
                            const struct bubbles_origin *origin)
{
    struct bubbles_verdicts *verdicts = verifier->verdicts;
    int16_t samples[5760]; /* 120 ms, the longest Opus packet */
    int error;
    if (!verifier->voice[index])
        verifier->voice[index] = opus_decoder_create(BUBBLES_VOICE_HZ, 1, &error);
    if (is_new_source)
        verifier->settle[index] = SETTLE_PACKETS;
    int count = verifier->voice[index]
                    ? opus_decode(verifier->voice[index], packet->payload, packet->payload_len,
                                  samples, sizeof(samples) / sizeof(*samples), 0)
                    : -1;
    if (count < 0) {
        verdicts->undecodable++;
        return;
    }
    if (verifier->settle[index] > 0) {
        verifier->settle[index]--;
        return;
    }
    int heard = bubbles_voice_recognize(samples, (unsigned)count);
    if (heard < 0 || !origin || origin->stream_count == 0)
        return;
    verdicts->voices++;
    if ((unsigned)heard == origin->streams[0]->voice->source % BUBBLES_VOICES)
        verifier->right_voices++;
    else
        verdicts->wrong_voices++;
}

static bool has_pair(const struct pairs *pairs, unsigned index, uint32_t csrc)
{
    for (unsigned i = pairs->count; i-- > 0;)
        if (pairs->list[i].csrc == csrc && pairs->list[i].index == index)
            return true;
    return false;
}

static void add_pair(struct pairs *pairs, unsigned index, uint32_t csrc)
{
    if (csrc != 0 && pairs->count < ANNOUNCED_MAX && !has_pair(pairs, index, csrc))
        pairs->list[pairs->count++] = (struct pair){index, csrc};
}

void bubbles_verifier_announced(struct bubbles_verifier *verifier, unsigned index, uint32_t csrc)
{
    add_pair(&verifier->announced, index, csrc);
}

void bubbles_verifier_observed(struct bubbles_verifier *verifier, unsigned index, uint32_t csrc)
{
    add_pair(&verifier->observed, index, csrc);
}

void bubbles_verifier_conclude(const struct bubbles_verifier *verifier)
{
    for (unsigned i = 0; i < verifier->observed.count; i++) {
        const struct pair *pair = &verifier->observed.list[i];
        verifier->verdicts->wrong_slots += !has_pair(&verifier->announced, pair->index, pair->csrc);
    }
}

uint64_t bubbles_verifier_pictures(const struct bubbles_verifier *verifier)
{
    return verifier->right_pictures;
}

uint64_t bubbles_verifier_voices(const struct bubbles_verifier *verifier)
{
    return verifier->right_voices;
}

bool bubbles_verdicts_are_bad(const struct bubbles_verdicts *verdicts)
{
    return verdicts->wrong_pictures || verdicts->unreadable || verdicts->undecodable ||
           verdicts->wrong_voices || verdicts->wrong_slots || verdicts->blind || verdicts->deaf;
}
