/*
 * VP8 as libwebrtc configures libvpx: constant bit rate, real time, and three temporal layers in
 * the pattern 0 2 1 2. What may be dropped updates neither a buffer that a lower layer reads nor
 * the entropy state.
 */
#include "bench/bubbles/clip.h"

#include <stdlib.h>
#include <string.h>

#include <vpx/vp8cx.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vpx_encoder.h>

#define PATTERN        4
#define TICKS_A_SECOND 90000

/* One place of the pattern. */
struct place {
    uint8_t temporal_id;
    bool is_sync, is_non_reference;
    vpx_enc_frame_flags_t flags;
};

static const struct place pattern[PATTERN] = {
    {0, false, false,
     VP8_EFLAG_NO_UPD_GF | VP8_EFLAG_NO_UPD_ARF | VP8_EFLAG_NO_REF_GF | VP8_EFLAG_NO_REF_ARF},
    {2, true, true,
     VP8_EFLAG_NO_UPD_LAST | VP8_EFLAG_NO_UPD_GF | VP8_EFLAG_NO_UPD_ARF | VP8_EFLAG_NO_REF_GF |
         VP8_EFLAG_NO_REF_ARF | VP8_EFLAG_NO_UPD_ENTROPY},
    {1, true, false,
     VP8_EFLAG_NO_UPD_LAST | VP8_EFLAG_NO_UPD_ARF | VP8_EFLAG_NO_REF_GF | VP8_EFLAG_NO_REF_ARF |
         VP8_EFLAG_NO_UPD_ENTROPY},
    {2, false, true,
     VP8_EFLAG_NO_UPD_LAST | VP8_EFLAG_NO_UPD_GF | VP8_EFLAG_NO_UPD_ARF | VP8_EFLAG_NO_REF_ARF |
         VP8_EFLAG_NO_UPD_ENTROPY},
};

/* Screens: one layer; only the last frame is a reference. */
static const struct place single = {0, false, false,
                                    VP8_EFLAG_NO_UPD_GF | VP8_EFLAG_NO_UPD_ARF |
                                        VP8_EFLAG_NO_REF_GF | VP8_EFLAG_NO_REF_ARF};

/* Encoded for less, so that nearly every frame leaves something to be filled up. */
#define EXACT_PERCENT 60

struct encoder {
    vpx_codec_ctx_t encoder, decoder;
    bool has_encoder, has_decoder;
    vpx_image_t image;
    bool has_image;
};

static void set_temporal_layers(vpx_codec_enc_cfg_t *config, unsigned kbps)
{
    static const unsigned ids[PATTERN] = {0, 2, 1, 2}, share_percent[] = {40, 60, 100};
    config->ts_number_layers = 3;
    config->ts_periodicity = PATTERN;
    for (unsigned i = 0; i < PATTERN; i++)
        config->ts_layer_id[i] = ids[i];
    for (unsigned i = 0; i < 3; i++) {
        config->ts_rate_decimator[i] = 4u >> i;
        config->ts_target_bitrate[i] = kbps * share_percent[i] / 100;
    }
}

static int open_encoder(struct encoder *encoder, const struct bubbles_clip_params *params)
{
    vpx_codec_enc_cfg_t config;
    if (vpx_codec_enc_config_default(vpx_codec_vp8_cx(), &config, 0))
        return -1;
    config.g_w = params->width;
    config.g_h = params->height;
    config.g_timebase = (vpx_rational_t){1, TICKS_A_SECOND};
    config.g_threads = 1;
    config.g_lag_in_frames = 0;
    config.rc_end_usage = VPX_CBR;
    config.rc_target_bitrate =
        params->is_exact ? params->bitrate_kbps * EXACT_PERCENT / 100 : params->bitrate_kbps;
    config.rc_min_quantizer = 2;
    config.rc_max_quantizer = 56;
    config.rc_undershoot_pct = 100;
    config.rc_overshoot_pct = 15;
    config.rc_buf_initial_sz = 500;
    config.rc_buf_optimal_sz = 600;
    config.rc_buf_sz = 1000;
    config.kf_mode = VPX_KF_DISABLED;
    if (params->temporal_layers == 3)
        set_temporal_layers(&config, params->bitrate_kbps);
    if (vpx_codec_enc_init(&encoder->encoder, vpx_codec_vp8_cx(), &config, 0))
        return -1;
    encoder->has_encoder = true;
    vpx_codec_control(&encoder->encoder, VP8E_SET_CPUUSED, -8);
    vpx_codec_control(&encoder->encoder, VP8E_SET_STATIC_THRESHOLD, params->is_screen ? 100 : 1);
    vpx_codec_control(&encoder->encoder, VP8E_SET_TOKEN_PARTITIONS, VP8_ONE_TOKENPARTITION);
    vpx_codec_control(&encoder->encoder, VP8E_SET_SCREEN_CONTENT_MODE, params->is_screen);
    vpx_codec_control(&encoder->encoder, VP8E_SET_MAX_INTRA_BITRATE_PCT,
                      params->is_screen ? 600u : 900u);
    if (vpx_codec_dec_init(&encoder->decoder, vpx_codec_vp8_dx(), NULL, 0))
        return -1;
    encoder->has_decoder = true;
    encoder->has_image =
        vpx_img_alloc(&encoder->image, VPX_IMG_FMT_I420, params->width, params->height, 16) != NULL;
    return encoder->has_image ? 0 : -1;
}

static void close_encoder(struct encoder *encoder)
{
    if (encoder->has_encoder)
        vpx_codec_destroy(&encoder->encoder);
    if (encoder->has_decoder)
        vpx_codec_destroy(&encoder->decoder);
    if (encoder->has_image)
        vpx_img_free(&encoder->image);
}

static void draw(struct encoder *encoder, const struct bubbles_clip_params *params, unsigned index)
{
    vpx_image_t *image = &encoder->image;
    const struct bubbles_luma luma = {.data = image->planes[VPX_PLANE_Y],
                                      .stride = image->stride[VPX_PLANE_Y],
                                      .width = params->width,
                                      .height = params->height};
    const struct bubbles_mark mark = {
        .source = params->source, .is_screen = params->is_screen, .frame = index};
    bubbles_picture_draw(&luma, &mark);
    /* One colour a source: people who look at a demo tell them apart. */
    for (unsigned y = 0; y < params->height / 2; y++) {
        memset(image->planes[VPX_PLANE_U] + (long)y * image->stride[VPX_PLANE_U],
               params->is_screen ? 128 : 96 + (int)(params->source * 37 % 64), params->width / 2);
        memset(image->planes[VPX_PLANE_V] + (long)y * image->stride[VPX_PLANE_V],
               params->is_screen ? 128 : 96 + (int)(params->source * 53 % 64), params->width / 2);
    }
}

/* Decode what was just encoded and keep samples of it, for PSNR. */
static int keep_samples(struct encoder *encoder, struct bubbles_clip *clip, unsigned index,
                        const vpx_codec_cx_pkt_t *packet)
{
    vpx_codec_iter_t iterator = NULL;
    if (vpx_codec_decode(&encoder->decoder, packet->data.frame.buf, (unsigned)packet->data.frame.sz,
                         NULL, 0))
        return -1;
    vpx_image_t *image = vpx_codec_get_frame(&encoder->decoder, &iterator);
    if (!image)
        return -1;
    const struct bubbles_luma luma = {.data = image->planes[VPX_PLANE_Y],
                                      .stride = image->stride[VPX_PLANE_Y],
                                      .width = image->d_w,
                                      .height = image->d_h};
    bubbles_picture_sample(&luma, clip->samples + (size_t)index * BUBBLES_SAMPLES);
    return 0;
}

/* Bytes behind a frame's data belong to its last partition, which decoders read only as far as they
 * need (RFC 6386, 9.5): up to its share of the rate, less what earlier frames took too much. */
static int append_filled(struct bubbles_clip *clip, const struct bubbles_clip_params *params,
                         struct bubbles_frame *frame, const vpx_codec_cx_pkt_t *packet)
{
    size_t len = packet->data.frame.sz;
    double due = params->bitrate_kbps * 125.0 / params->frame_rate * clip->frame_count;
    if (due > (double)(clip->byte_count + len))
        len = (size_t)due - clip->byte_count;
    uint8_t *data = calloc(1, len);
    if (!data)
        return -1;
    memcpy(data, packet->data.frame.buf, packet->data.frame.sz);
    int error = bubbles_clip_append(clip, frame, data, len);
    free(data);
    return error;
}

static int encode_frame(struct encoder *encoder, struct bubbles_clip *clip,
                        const struct bubbles_clip_params *params, unsigned index)
{
    const struct place *place = params->temporal_layers == 3 ? &pattern[index % PATTERN] : &single;
    vpx_codec_iter_t iterator = NULL;
    const vpx_codec_cx_pkt_t *packet;
    unsigned long ticks = (unsigned long)(TICKS_A_SECOND / params->frame_rate);
    draw(encoder, params, index);
    if (params->temporal_layers == 3)
        vpx_codec_control(&encoder->encoder, VP8E_SET_TEMPORAL_LAYER_ID, place->temporal_id);
    if (vpx_codec_encode(&encoder->encoder, &encoder->image, (vpx_codec_pts_t)(index * ticks),
                         ticks, index == 0 ? VPX_EFLAG_FORCE_KF : place->flags, VPX_DL_REALTIME))
        return -1;
    while ((packet = vpx_codec_get_cx_data(&encoder->encoder, &iterator))) {
        if (packet->kind != VPX_CODEC_CX_FRAME_PKT)
            continue;
        struct bubbles_frame *frame = &clip->frames[index];
        *frame = (struct bubbles_frame){.temporal_id = place->temporal_id,
                                        .is_key = packet->data.frame.flags & VPX_FRAME_IS_KEY,
                                        .is_sync = place->is_sync,
                                        .is_non_reference = place->is_non_reference};
        if (frame->is_key != (index == 0) || keep_samples(encoder, clip, index, packet))
            return -1;
        if (params->is_exact)
            return append_filled(clip, params, frame, packet);
        return bubbles_clip_append(clip, frame, packet->data.frame.buf, packet->data.frame.sz);
    }
    return -1; /* dropped: it must not, with rc_dropframe_thresh 0 */
}

struct bubbles_clip *bubbles_clip_create(const struct bubbles_clip_params *params)
{
    struct encoder encoder = {.has_encoder = false};
    struct bubbles_clip *clip = calloc(1, sizeof(*clip));
    if (!clip)
        return NULL;
    clip->source = params->source;
    clip->is_screen = params->is_screen;
    clip->width = params->width;
    clip->height = params->height;
    clip->temporal_layers = params->temporal_layers;
    clip->frame_rate = params->frame_rate;
    clip->frames = calloc(params->frame_count, sizeof(*clip->frames));
    clip->samples = calloc(params->frame_count, BUBBLES_SAMPLES);
    int error = clip->frames && clip->samples ? open_encoder(&encoder, params) : -1;
    for (unsigned i = 0; i < params->frame_count && !error; i++) {
        clip->frame_count++;
        error = encode_frame(&encoder, clip, params, i);
    }
    close_encoder(&encoder);
    if (error) {
        bubbles_clip_destroy(clip);
        return NULL;
    }
    return clip;
}
