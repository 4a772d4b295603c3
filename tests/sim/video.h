/*
 * A camera or a screen and its VP8 encoder: simulcast layers with temporal layers, frame sizes
 * around the target, large key frames, and what an encoder does about feedback. No pictures: frames
 * are sizes and what they refer to. Sans-IO.
 *
 * Three temporal layers follow libwebrtc's pattern 0-2-1-2; the first 1 and the first 2 after a
 * base frame of a period of eight are switching points (Y), later ones refer to their own layer.
 * A key frame that is asked for comes in every layer, as in Chromium.
 */
#ifndef IRIS_SIM_VIDEO_H
#define IRIS_SIM_VIDEO_H

#include "tests/sim/random.h"
#include "tests/sim/stream.h"

#define SIM_LAYERS_MAX 3

/* What kind of encoder; the table is in video.c. */
enum sim_video_kind {
    SIM_VIDEO_SIMULCAST,   /* 320x240 and 640x480, three temporal layers, as the page sends */
    SIM_VIDEO_SIMULCAST_3, /* 160x120 below these */
    SIM_VIDEO_SINGLE,      /* 640x480, three temporal layers */
    SIM_VIDEO_FLAT,        /* 640x480 without temporal layers, 15-bit picture ids */
    SIM_VIDEO_SHORT_ID,    /* the same with 7-bit picture ids */
    SIM_VIDEO_BARE,        /* the same without any */
    SIM_VIDEO_SCREEN,      /* 1280x720, 5 frames/s, one slide: small deltas, a new slide at times */
    SIM_VIDEO_CLIP,  /* as SIMULCAST, but a recording of 4 s that begins anew with key frames */
    SIM_VIDEO_DEMO,  /* a screen on which something moves: 450 kbps, a recording of 12 s */
    SIM_VIDEO_FLOOD, /* 640x480 at 5 Mbps: breaks the contract */
    SIM_VIDEO_KIND_COUNT
};

struct sim_video_layer {
    struct sim_stream stream;
    bool is_on; /* the encoder feeds it */
    bool is_key_due;
    bool is_stopped;    /* by the scenario, whatever the rate */
    uint32_t frame;     /* number of the last frame, from 1 */
    uint32_t newest[3]; /* newest frame of each temporal layer since the key frame; 0: none */
    unsigned position;  /* in the temporal pattern */
    uint16_t picture_id;
    uint8_t tl0, key_index;
    double debt_bytes; /* above the target so far */
    /* The frame that is being packetised. */
    struct sim_content content;
    unsigned left_bytes;
};

struct sim_video {
    enum sim_video_kind kind;
    unsigned layer_count, temporal_count;
    int64_t interval_us; /* between frames */
    struct sim_video_layer layers[SIM_LAYERS_MAX];
    struct sim_random random;
    uint64_t available_bps; /* what congestion control allows it */
    unsigned excess;        /* sends so many times its target, whatever that allows; 0: honest */
    int64_t slide_us;       /* of a screen: when the next slide comes */
    unsigned slide_left;    /* frames that the new slide still takes */
    int64_t started_us;     /* sending since; INT64_MAX: not sending */
    int64_t frame_us;       /* newest frame */
    unsigned key_frames;
    unsigned requested_bytes; /* of the key frames that the last request brought */
    bool is_requested;        /* a key frame was asked for and not yet sent */
};

/** Number of layers of a kind, and the height of each (for the offer). */
unsigned sim_video_layer_count(enum sim_video_kind kind);

/**
 * Set up. The streams' names (mid, rid, payload type) are written, their numbers are the caller's:
 * sim_stream_init().
 */
void sim_video_init(struct sim_video *video, enum sim_video_kind kind, struct sim_random random);
void sim_video_dispose(struct sim_video *video);

/** Begin or stop sending. Going on needs no key frame: nothing of it was lost. */
void sim_video_set_sending(struct sim_video *video, bool is_sending, int64_t now_us);

/** What congestion control and REMB leave for video: the upper layers stop and start with it. */
void sim_video_set_available(struct sim_video *video, uint64_t available_bps);

/** What a layer up to one of its temporal layers takes, between key frames: UDP payload. */
uint64_t sim_video_rate_bps(const struct sim_video *video, unsigned layer, unsigned temporal);

/** PLI: the next frame of every layer is a key frame. */
void sim_video_on_pli(struct sim_video *video);

/** The scenario stops a layer, or lets it go on (with a key frame). */
void sim_video_stop_layer(struct sim_video *video, unsigned layer, bool is_stopped);

/**
 * Encode the next frame of a layer.
 *
 * @param stamp  room, participant, track and captured_us are the caller's, the rest is filled in
 * @return       false: the layer is off
 */
bool sim_video_begin_frame(struct sim_video *video, unsigned layer, const struct sim_stamp *stamp);

/** The next packet's content of the frame. @return NULL: the frame is complete */
struct sim_content *sim_video_next_packet(struct sim_video *video, unsigned layer);

#endif
