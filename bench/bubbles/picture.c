/* Blocks, a textured wall, a face, pages of text. Integer noise by hashing, so the same everywhere.
 */
#include "bench/bubbles/picture.h"

#include <math.h>
#include <string.h>

#define BLOCKS       20 /* of the mark: 5 source, 1 kind, 10 frame, 4 checksum */
#define DARK         40
#define BRIGHT       216
#define CELL         16 /* pixels between two points of the wall's texture at 480 lines */
#define PAGE_FRAMES  15 /* a page of text stays for so long: 3 s at 5 pictures a second */
#define LINE_PIXELS  36
#define GLYPH_PIXELS 14
#define GLYPH_BITS   5 /* a glyph is a matrix of so many dots in both directions, two pixels each */

static uint32_t hash(uint32_t x, uint32_t y, uint32_t z)
{
    uint32_t h = x * 0x9E3779B1u ^ y * 0x85EBCA77u ^ z * 0xC2B2AE3Du;
    h = (h ^ h >> 15) * 0x2C1B3C6Du;
    h = (h ^ h >> 12) * 0x297A2D39u;
    return h ^ h >> 15;
}

static unsigned checksum(unsigned bits)
{
    return hash(bits, 1, 2) & 15;
}

static unsigned mark_height(const struct bubbles_luma *luma)
{
    return luma->width / BLOCKS;
}

static void draw_mark(const struct bubbles_luma *luma, const struct bubbles_mark *mark)
{
    unsigned bits = mark->source | (unsigned)mark->is_screen << 5 | mark->frame << 6;
    unsigned size = mark_height(luma);
    bits |= checksum(bits) << 16;
    for (unsigned y = 0; y < size; y++)
        for (unsigned i = 0; i < BLOCKS; i++)
            memset(luma->data + (long)y * luma->stride + i * size, bits >> i & 1 ? BRIGHT : DARK,
                   size);
}

/* Bilinear noise between the points of a grid. */
static uint8_t wall(unsigned x, unsigned y, unsigned cell, uint32_t seed)
{
    unsigned cx = x / cell, cy = y / cell, fx = x % cell, fy = y % cell;
    unsigned a = hash(cx, cy, seed) & 127, b = hash(cx + 1, cy, seed) & 127;
    unsigned c = hash(cx, cy + 1, seed) & 127, d = hash(cx + 1, cy + 1, seed) & 127;
    unsigned top = a * (cell - fx) + b * fx, bottom = c * (cell - fx) + d * fx;
    return (uint8_t)(48 + (top * (cell - fy) + bottom * fy) / (cell * cell));
}

/* The wall pans by whole pixels, so a row is drawn from a few hashes a cell. */
static void draw_wall(const struct bubbles_luma *luma, const struct bubbles_mark *mark)
{
    unsigned cell = CELL * luma->height / 480;
    unsigned pan = mark->frame * luma->width / 640;
    for (unsigned y = 0; y < luma->height; y++)
        for (unsigned x = 0; x < luma->width; x++)
            luma->data[(long)y * luma->stride + x] =
                wall(x + pan, y, cell ? cell : 1, mark->source);
}

/* A head that nods, with film grain on it: what costs bits in a real camera picture. */
static void draw_person(const struct bubbles_luma *luma, const struct bubbles_mark *mark)
{
    double phase = 2 * M_PI * mark->frame / 60;
    int radius = (int)luma->height / 4;
    int center_x = (int)luma->width / 2 + (int)(radius * 0.4 * sin(phase));
    int center_y = (int)luma->height * 11 / 20 + (int)(radius * 0.2 * cos(phase));
    for (int y = center_y - radius; y < center_y + radius; y++) {
        int half = (int)sqrt((double)(radius * radius - (y - center_y) * (y - center_y)));
        for (int x = center_x - half; x < center_x + half; x++) {
            unsigned grain = hash((uint32_t)x, (uint32_t)y, mark->frame) & 7;
            luma->data[(long)y * luma->stride + x] = (uint8_t)(150 + grain);
        }
    }
}

static void draw_glyph(const struct bubbles_luma *luma, unsigned line, unsigned column,
                       uint32_t glyph)
{
    for (unsigned i = 0; i < GLYPH_BITS * GLYPH_BITS; i++) {
        unsigned y = line * LINE_PIXELS + i / GLYPH_BITS * 2;
        unsigned x = column * GLYPH_PIXELS + i % GLYPH_BITS * 2;
        if (glyph >> i & 1) {
            memset(luma->data + (long)y * luma->stride + x, 16, 2);
            memset(luma->data + (long)(y + 1) * luma->stride + x, 16, 2);
        }
    }
}

/* Black on white; each page and source has its own words, the last line is being typed. */
static void draw_text(const struct bubbles_luma *luma, const struct bubbles_mark *mark)
{
    unsigned page = mark->frame / PAGE_FRAMES;
    unsigned typed = mark->frame % PAGE_FRAMES * 4; /* glyphs of the last line */
    unsigned lines = luma->height / LINE_PIXELS - 1, columns = luma->width / GLYPH_PIXELS - 4;
    for (unsigned y = 0; y < luma->height; y++)
        memset(luma->data + (long)y * luma->stride, 235, luma->width);
    for (unsigned line = 3; line < lines; line++) {
        unsigned end = hash(line, page, mark->source) % columns; /* lines of different lengths */
        if (line + 1 == lines)
            end = 4 + typed < columns ? 4 + typed : columns;
        for (unsigned column = 4; column < end; column++) {
            uint32_t letter = hash(column, line, page * 64 + mark->source) % 30;
            if (letter > 4) /* else a space */
                draw_glyph(luma, line, column, hash(letter, 7, 7));
        }
    }
}

/* Something moves on the page, too: a demonstration in its lower right corner. */
static void draw_slides(const struct bubbles_luma *luma, const struct bubbles_mark *mark)
{
    unsigned x = luma->width * 5 / 8, y = luma->height * 5 / 8;
    const struct bubbles_luma corner = {.data = luma->data + (long)y * luma->stride + x,
                                        .stride = luma->stride,
                                        .width = luma->width - x,
                                        .height = luma->height - y};
    draw_text(luma, mark);
    draw_wall(&corner, mark);
}

void bubbles_picture_draw(const struct bubbles_luma *luma, const struct bubbles_mark *mark)
{
    if (mark->is_screen) {
        draw_slides(luma, mark);
    } else {
        draw_wall(luma, mark);
        draw_person(luma, mark);
    }
    draw_mark(luma, mark);
}

/* The mean of a block's middle. */
static unsigned block_mean(const struct bubbles_luma *luma, unsigned index)
{
    unsigned size = mark_height(luma), sum = 0, count = 0;
    for (unsigned y = size / 4; y < size - size / 4; y++)
        for (unsigned x = size / 4; x < size - size / 4; x++, count++)
            sum += luma->data[(long)y * luma->stride + index * size + x];
    return count ? sum / count : 0;
}

bool bubbles_picture_read(const struct bubbles_luma *luma, struct bubbles_mark *mark)
{
    unsigned bits = 0;
    if (luma->width < 4 * BLOCKS || luma->height < mark_height(luma))
        return false;
    for (unsigned i = 0; i < BLOCKS; i++)
        bits |= (unsigned)(block_mean(luma, i) > (DARK + BRIGHT) / 2) << i;
    if (bits >> 16 != checksum(bits & 0xFFFF))
        return false;
    mark->source = bits & 31;
    mark->is_screen = bits >> 5 & 1;
    mark->frame = bits >> 6 & 1023;
    return true;
}

void bubbles_picture_sample(const struct bubbles_luma *luma, uint8_t *out)
{
    for (unsigned row = 0; row < BUBBLES_SAMPLE_ROWS; row++)
        for (unsigned column = 0; column < BUBBLES_SAMPLE_COLUMNS; column++)
            *out++ = luma->data[(long)(row * luma->height / BUBBLES_SAMPLE_ROWS) * luma->stride +
                                column * luma->width / BUBBLES_SAMPLE_COLUMNS];
}

double bubbles_picture_psnr(const uint8_t *a, const uint8_t *b)
{
    double sum = 0;
    for (unsigned i = 0; i < BUBBLES_SAMPLES; i++)
        sum += (double)(a[i] - b[i]) * (a[i] - b[i]);
    return sum == 0 ? 100 : 10 * log10(255.0 * 255.0 * BUBBLES_SAMPLES / sum);
}
