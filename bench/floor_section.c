/* iris-bench floor: rounds over the cells of a section, and how they are printed. */
#include "bench/bench.h"
#include "bench/floor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS_MIN 2 /* the first one warms up and is not kept */

static double wall_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int run_round(struct floor_section *section, unsigned round, floor_batch_fn batch,
                     void *context)
{
    for (unsigned row = 0; row < section->row_count; row++) {
        for (unsigned column = 0; column < section->column_count; column++) {
            struct floor_cell *cell = &section->cells[row][column];
            double ns = 0;
            int result = cell->is_absent ? FLOOR_ABSENT : batch(context, row, column, &ns);

            if (result < 0)
                return result;
            cell->is_absent = result == FLOOR_ABSENT;
            if (!cell->is_absent && round > 0)
                cell->ns[cell->count++] = ns;
        }
    }
    return 0;
}

int floor_section_run(struct floor_section *section, double seconds, floor_batch_fn batch,
                      void *context)
{
    double end = wall_seconds() + seconds;

    for (unsigned round = 0;
         round < FLOOR_ROUNDS_MAX && (round < ROUNDS_MIN || wall_seconds() < end); round++) {
        int result = run_round(section, round, batch, context);

        if (result < 0)
            return result;
    }
    return 0;
}

double floor_cell_quartile(const struct floor_cell *cell, unsigned quartile)
{
    static double sorted[FLOOR_ROUNDS_MAX];

    if (cell->is_absent || cell->count == 0)
        return NAN;
    memcpy(sorted, cell->ns, cell->count * sizeof(*sorted));
    bench_median(sorted, cell->count);
    return sorted[cell->count * quartile / 4];
}

static unsigned width_of_names(const struct floor_section *section)
{
    size_t width = strlen(section->key);

    for (unsigned row = 0; row < section->row_count; row++)
        if (strlen(section->rows[row]) > width)
            width = strlen(section->rows[row]);
    return (unsigned)width;
}

static void print_cell(const struct floor_cell *cell)
{
    char spread[32];

    if (cell->is_absent) {
        printf("  %6s %-13s", "-", "");
        return;
    }
    snprintf(spread, sizeof(spread), "(%.0f-%.0f)", floor_cell_quartile(cell, 1),
             floor_cell_quartile(cell, 3));
    printf("  %6.0f %-13s", floor_cell_quartile(cell, 2), spread);
}

void floor_section_print(const struct floor_section *section)
{
    unsigned width = width_of_names(section);

    printf("%s\n\n%-*s", section->title, (int)width, "");
    for (unsigned column = 0; column < section->column_count; column++)
        printf("  %-20s", section->columns[column]);
    for (unsigned row = 0; row < section->row_count; row++) {
        printf("\n%-*s", (int)width, section->rows[row]);
        for (unsigned column = 0; column < section->column_count; column++)
            print_cell(&section->cells[row][column]);
    }
    puts("\n");
}

/* A load's name is the user's. */
static void print_json_text(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putchar('\\');
        putchar((unsigned char)*text < ' ' ? ' ' : *text);
    }
    putchar('"');
}

void floor_section_print_json(const struct floor_section *section)
{
    bool is_first = true;

    printf("\"%s\":[", section->key);
    for (unsigned row = 0; row < section->row_count; row++) {
        for (unsigned column = 0; column < section->column_count; column++) {
            const struct floor_cell *cell = &section->cells[row][column];

            if (cell->is_absent)
                continue;
            printf("%s{\"name\":", is_first ? "" : ",");
            print_json_text(section->rows[row]);
            printf(",\"column\":\"%s\",\"ns\":%.1f,\"lower_quartile_ns\":%.1f,"
                   "\"upper_quartile_ns\":%.1f,\"batches\":%u}",
                   section->columns[column], floor_cell_quartile(cell, 2),
                   floor_cell_quartile(cell, 1), floor_cell_quartile(cell, 3), cell->count);
            is_first = false;
        }
    }
    putchar(']');
}
