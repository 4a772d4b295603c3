/*
 * Synthetic pictures that say who they are: a row of blocks at the top carries source, kind and
 * frame number through any compression; below, something that moves. Pure functions of their
 * arguments.
 */
#ifndef IRIS_BENCH_BUBBLES_PICTURE_H
#define IRIS_BENCH_BUBBLES_PICTURE_H

#include <stdbool.h>
#include <stdint.h>

#define BUBBLES_PICTURE_SOURCES 32   /* 5 bits */
#define BUBBLES_PICTURE_FRAMES  1024 /* 10 bits */
#define BUBBLES_SAMPLE_COLUMNS  80
#define BUBBLES_SAMPLE_ROWS     60
#define BUBBLES_SAMPLES         (BUBBLES_SAMPLE_COLUMNS * BUBBLES_SAMPLE_ROWS)

/* What a picture says of itself. */
struct bubbles_mark {
    unsigned source; /* below BUBBLES_PICTURE_SOURCES */
    bool is_screen;
    unsigned frame; /* below BUBBLES_PICTURE_FRAMES */
};

/* A view of a luma plane. */
struct bubbles_luma {
    uint8_t *data;
    int stride;
    unsigned width, height; /* multiples of 20 and 4 */
};

/** Draw the luma of a picture: a person before a wall that pans, or pages of text. */
void bubbles_picture_draw(const struct bubbles_luma *luma, const struct bubbles_mark *mark);

/** Read the blocks. @return false: they are not to be made out (checksum) */
bool bubbles_picture_read(const struct bubbles_luma *luma, struct bubbles_mark *mark);

/** Every so many pixels in both directions, for comparisons. @param out BUBBLES_SAMPLES */
void bubbles_picture_sample(const struct bubbles_luma *luma, uint8_t *out);

/** Peak signal-to-noise ratio of two samplings [dB]; 100 if they are equal. */
double bubbles_picture_psnr(const uint8_t *a, const uint8_t *b);

#endif
