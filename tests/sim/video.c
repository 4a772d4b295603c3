/* Sizes, references and layers. */
#include "tests/sim/video.h"

#include <string.h>

#include "rtp/bytes.h"

#define PIECE_BYTES      1100 /* libwebrtc: 1200 bytes less headers, SRTP and RTX */
#define BODY_MIN_BYTES   (SIM_STAMP_BYTES + SIM_STAMP_CHECK_BYTES)
#define PERIOD           8 /* frames of the temporal pattern */
#define KEY_FRAMES_WORTH 6 /* a camera's key frame in frames of the average size */
#define DEBT_FRAMES      3 /* more than so many to be saved: savings are hard */
#define SLIDE_MIN_US     8000000
#define SLIDE_MAX_US     20000000
#define SLIDE_FRAMES     4
#define SLIDE_KEY_BYTES  40000
#define PAGE_FRAMES      15  /* of a screen that moves: a page stays 3 s, */
#define PAGE_WORTH       5.0 /* and comes with a frame of so many */
#define OVERHEAD_BYTES   60  /* of a packet (protocol.md, section 5) */
#define START_FACTOR     1.2 /* libwebrtc starts a layer at so much more than its minimum */

struct layer_params {
    uint16_t width, height;
    uint32_t target_bps, min_bps;
    const char *rid;
};

struct kind_params {
    unsigned layer_count, temporal_count, picture_id_bits;
    int64_t interval_us;
    unsigned clip_frames; /* the recording is so long (iris-bench bubbles); 0: it is none */
    struct layer_params layers[SIM_LAYERS_MAX];
};

static const struct kind_params kinds[SIM_VIDEO_KIND_COUNT] = {
    [SIM_VIDEO_SIMULCAST] =
        {2, 3, 15, 33333, 0, {{320, 240, 120000, 30000, "l"}, {640, 480, 350000, 203000, "h"}}},
    [SIM_VIDEO_SIMULCAST_3] = {3,
                               3,
                               15,
                               33333,
                               0,
                               {{160, 120, 50000, 20000, "q"},
                                {320, 240, 120000, 60000, "h"},
                                {640, 480, 300000, 203000, "f"}}},
    [SIM_VIDEO_SINGLE] = {1, 3, 15, 33333, 0, {{640, 480, 450000, 30000, NULL}}},
    [SIM_VIDEO_FLAT] = {1, 1, 15, 33333, 0, {{640, 480, 400000, 30000, NULL}}},
    [SIM_VIDEO_SHORT_ID] = {1, 1, 7, 40000, 0, {{640, 480, 400000, 30000, NULL}}},
    [SIM_VIDEO_BARE] = {1, 1, 0, 40000, 0, {{640, 480, 300000, 30000, NULL}}},
    [SIM_VIDEO_SCREEN] = {1, 1, 15, 200000, 0, {{1280, 720, 500000, 30000, NULL}}},
    [SIM_VIDEO_CLIP] =
        {2, 3, 15, 33333, 120, {{320, 240, 150000, 30000, "l"}, {640, 480, 330000, 203000, "h"}}},
    [SIM_VIDEO_DEMO] = {1, 1, 15, 200000, 60, {{1280, 720, 450000, 450000, NULL}}},
    [SIM_VIDEO_FLOOD] = {1, 1, 15, 33333, 0, {{640, 480, 5000000, 30000, NULL}}},
};

unsigned sim_video_layer_count(enum sim_video_kind kind)
{
    return kinds[kind].layer_count;
}

void sim_video_init(struct sim_video *video, enum sim_video_kind kind, struct sim_random random)
{
    const struct kind_params *params = &kinds[kind];
    bool is_screen = kind == SIM_VIDEO_SCREEN || kind == SIM_VIDEO_DEMO;
    memset(video, 0, sizeof(*video));
    video->kind = kind;
    video->layer_count = params->layer_count;
    video->temporal_count = params->temporal_count;
    video->interval_us = params->interval_us;
    video->random = random;
    video->available_bps = UINT64_MAX;
    video->started_us = INT64_MAX;
    for (unsigned i = 0; i < video->layer_count; i++) {
        struct sim_video_layer *layer = &video->layers[i];
        layer->stream.payload_type = SIM_PT_VP8;
        layer->stream.mid = is_screen ? "scr" : "cam";
        layer->stream.rid = params->layers[i].rid;
        layer->picture_id = (uint16_t)sim_random_next(&video->random) & 0x7FFF;
        layer->tl0 = (uint8_t)sim_random_next(&video->random);
        layer->is_on = layer->is_key_due = true;
    }
}

void sim_video_dispose(struct sim_video *video)
{
    for (unsigned i = 0; i < video->layer_count; i++)
        sim_stream_dispose(&video->layers[i].stream);
}

void sim_video_set_sending(struct sim_video *video, bool is_sending, int64_t now_us)
{
    if (!is_sending)
        video->started_us = INT64_MAX;
    else if (video->started_us == INT64_MAX)
        video->started_us = now_us;
    video->slide_us = now_us + sim_random_between(&video->random, SLIDE_MIN_US, SLIDE_MAX_US);
}

static void set_on(struct sim_video_layer *layer, bool is_on)
{
    if (is_on && !layer->is_on)
        layer->is_key_due = true;
    layer->is_on = is_on;
}

/* The lowest layer never stops; each above needs its minimum on top of the targets below it. */
static void assign_layers(struct sim_video *video)
{
    const struct layer_params *params = kinds[video->kind].layers;
    double needed_bps = 0;
    for (unsigned i = 0; i < video->layer_count; i++) {
        struct sim_video_layer *layer = &video->layers[i];
        double factor = layer->is_on ? 1 : START_FACTOR;
        bool fits =
            i == 0 || needed_bps + params[i].min_bps * factor <= (double)video->available_bps;
        set_on(layer, fits && !layer->is_stopped);
        needed_bps += params[i].target_bps;
    }
}

void sim_video_set_available(struct sim_video *video, uint64_t available_bps)
{
    video->available_bps = available_bps;
    assign_layers(video);
}

void sim_video_stop_layer(struct sim_video *video, unsigned layer, bool is_stopped)
{
    if (layer >= video->layer_count)
        return;
    video->layers[layer].is_stopped = is_stopped;
    assign_layers(video);
}

void sim_video_on_pli(struct sim_video *video)
{
    for (unsigned i = 0; i < video->layer_count; i++)
        video->layers[i].is_key_due = true;
    if (!video->is_requested)
        video->requested_bytes = 0;
    video->is_requested = true;
}

/* The rate that a layer has: what is left of the available one when there is less than wanted. */
static double rate_of(const struct sim_video *video, unsigned index)
{
    const struct layer_params *params = kinds[video->kind].layers;
    double left_bps = (double)video->available_bps;
    for (unsigned i = 0; i < index; i++)
        left_bps -= params[i].target_bps;
    double rate_bps = left_bps < params[index].target_bps ? left_bps : params[index].target_bps;
    if (video->kind == SIM_VIDEO_FLOOD)
        return params[index].target_bps; /* it does not listen */
    if (video->excess > 0)
        return (double)params[index].target_bps * video->excess;
    return rate_bps > params[index].min_bps ? rate_bps : params[index].min_bps;
}

/* As frame_bytes() shares them out: of four frames one of the base layer, with twice the bytes. */
uint64_t sim_video_rate_bps(const struct sim_video *video, unsigned layer, unsigned temporal)
{
    static const double frames[] = {0.25, 0.5, 1}, bytes[] = {0.4, 0.6, 1};
    bool is_part = video->temporal_count == 3 && temporal < 2;
    double frames_s = 1e6 / (double)video->interval_us * (is_part ? frames[temporal] : 1);
    double media_bps = rate_of(video, layer) * (is_part ? bytes[temporal] : 1);
    return (uint64_t)(media_bps + 8 * OVERHEAD_BYTES * frames_s);
}

static double slide_bytes(struct sim_video *video, bool is_key, int64_t now_us)
{
    if (now_us >= video->slide_us) {
        video->slide_us = now_us + sim_random_between(&video->random, SLIDE_MIN_US, SLIDE_MAX_US);
        video->slide_left = SLIDE_FRAMES;
    }
    if (is_key)
        return SLIDE_KEY_BYTES;
    if (video->slide_left == 0)
        return 150;
    video->slide_left--;
    return (double)SLIDE_KEY_BYTES / SLIDE_FRAMES;
}

/* A frame of the base layer is twice as large as the others; what was too much is saved again. */
static double frame_bytes(struct sim_video *video, unsigned index, unsigned temporal,
                          int64_t now_us)
{
    struct sim_video_layer *layer = &video->layers[index];
    if (video->kind == SIM_VIDEO_SCREEN)
        return slide_bytes(video, layer->is_key_due, now_us);
    double mean = rate_of(video, index) * (double)video->interval_us / 8e6;
    double weight = video->temporal_count == 1 ? 1 : temporal == 0 ? 1.6 : 0.8;
    if (video->kind == SIM_VIDEO_DEMO)
        weight = layer->position % PAGE_FRAMES == 0
                     ? PAGE_WORTH
                     : (PAGE_FRAMES - PAGE_WORTH) / (PAGE_FRAMES - 1);
    double bytes = mean * weight * (0.75 + 0.5 * sim_random_unit(&video->random));
    if (layer->is_key_due)
        bytes = mean * KEY_FRAMES_WORTH;
    else if (layer->debt_bytes > 0 && video->kind != SIM_VIDEO_DEMO)
        bytes *= layer->debt_bytes > DEBT_FRAMES * mean ? 0.5 : 0.7;
    layer->debt_bytes += bytes - mean;
    if (layer->debt_bytes < -4 * mean)
        layer->debt_bytes = -4 * mean;
    return bytes;
}

static unsigned temporal_at(const struct sim_video *video, unsigned position)
{
    static const uint8_t pattern[4] = {0, 2, 1, 2};
    return video->temporal_count == 1 ? 0 : pattern[position % 4];
}

/* What a frame refers to; a switching point refers to the base layer only. */
static void refer(struct sim_video_layer *layer, struct sim_stamp *stamp, unsigned position)
{
    unsigned count = 0;
    bool is_sync = stamp->temporal > 0 && position % PERIOD <= 2;
    if (is_sync)
        stamp->flags |= SIM_STAMP_SYNC;
    for (unsigned t = 0; t <= (is_sync ? 0u : stamp->temporal); t++)
        if (layer->newest[t])
            stamp->depends[count++] = layer->newest[t];
}

static void put_descriptor(const struct sim_video *video, const struct sim_video_layer *layer,
                           struct sim_content *content)
{
    unsigned bits = kinds[video->kind].picture_id_bits;
    bool has_layers = video->temporal_count > 1;
    uint8_t *at = content->descriptor;
    /* Of the highest layer, the last of a period is what nothing refers to (N; RFC 7741, 4.2). */
    bool is_non_reference = content->stamp.temporal == 2 && layer->position % PERIOD == 0;
    *at++ = (uint8_t)((bits || has_layers ? 0x80 : 0) | (content->stamp.piece == 0 ? 0x10 : 0) |
                      (is_non_reference ? 0x20 : 0));
    if (bits || has_layers)
        *at++ = (uint8_t)((bits ? 0x80 : 0) | (has_layers ? 0x70 : 0));
    if (bits == 15) {
        rtp_bytes_put16(at, 0x8000 | layer->picture_id);
        at += 2;
    } else if (bits == 7) {
        *at++ = layer->picture_id & 0x7F;
    }
    if (has_layers) {
        *at++ = layer->tl0;
        *at++ = (uint8_t)(content->stamp.temporal << 6 |
                          (content->stamp.flags & SIM_STAMP_SYNC ? 0x20 : 0) | layer->key_index);
    }
    content->descriptor_len = (uint8_t)(at - content->descriptor);
}

static void number_frame(struct sim_video_layer *layer, const struct sim_stamp *stamp)
{
    layer->picture_id = (layer->picture_id + 1) & 0x7FFF;
    layer->tl0 = (uint8_t)(layer->tl0 + (stamp->temporal == 0));
    if (stamp->flags & SIM_STAMP_KEY)
        layer->key_index = (layer->key_index + 1) & 0x1F;
    layer->newest[stamp->temporal] = stamp->frame;
}

static void begin_key(struct sim_video *video, struct sim_video_layer *layer, unsigned bytes)
{
    memset(layer->newest, 0, sizeof(layer->newest));
    layer->position = 0;
    layer->is_key_due = false;
    video->key_frames++;
    if (video->is_requested)
        video->requested_bytes += bytes;
}

bool sim_video_begin_frame(struct sim_video *video, unsigned index, const struct sim_stamp *stamp)
{
    struct sim_video_layer *layer = &video->layers[index];
    struct sim_content *content = &layer->content;
    unsigned clip_frames = kinds[video->kind].clip_frames;
    if (!layer->is_on)
        return false;
    layer->is_key_due |= clip_frames > 0 && layer->position >= clip_frames;
    bool is_key = layer->is_key_due;
    unsigned temporal = is_key ? 0 : temporal_at(video, layer->position);
    unsigned bytes = (unsigned)frame_bytes(video, index, temporal, stamp->captured_us);
    if (is_key)
        begin_key(video, layer, bytes);
    layer->left_bytes = bytes < BODY_MIN_BYTES ? BODY_MIN_BYTES : bytes;
    if (layer->left_bytes > PIECE_BYTES * SIM_PIECES_MAX)
        layer->left_bytes = PIECE_BYTES * SIM_PIECES_MAX;
    memset(content, 0, sizeof(*content));
    content->stamp = *stamp;
    content->stamp.layer = (uint8_t)index;
    content->stamp.temporal = (uint8_t)temporal;
    content->stamp.frame = ++layer->frame;
    content->stamp.piece_count = (uint16_t)((layer->left_bytes + PIECE_BYTES - 1) / PIECE_BYTES);
    content->level = -1;
    if (is_key)
        content->stamp.flags |= SIM_STAMP_KEY;
    else
        refer(layer, &content->stamp, layer->position);
    number_frame(layer, &content->stamp);
    layer->position++;
    video->frame_us = stamp->captured_us;
    return true;
}

struct sim_content *sim_video_next_packet(struct sim_video *video, unsigned index)
{
    struct sim_video_layer *layer = &video->layers[index];
    struct sim_content *content = &layer->content;
    const struct layer_params *params = &kinds[video->kind].layers[index];
    if (layer->left_bytes == 0)
        return NULL;
    bool is_first = content->body_len == 0;
    if (!is_first)
        content->stamp.piece++;
    /* Of equal size, as libwebrtc cuts them. */
    unsigned pieces_left = content->stamp.piece_count - content->stamp.piece;
    unsigned len = (layer->left_bytes + pieces_left - 1) / pieces_left;
    bool is_key_start = is_first && (content->stamp.flags & SIM_STAMP_KEY);
    layer->left_bytes -= len;
    content->body_len = (uint16_t)(len < BODY_MIN_BYTES ? BODY_MIN_BYTES : len);
    content->marker = layer->left_bytes == 0;
    content->width = is_key_start ? params->width : 0;
    content->height = is_key_start ? params->height : 0;
    put_descriptor(video, layer, content);
    return content;
}
