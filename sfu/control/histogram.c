/* A handful of bounds: a search would not be faster. */
#include "sfu/control/histogram.h"

#include <string.h>

void control_histogram_init(struct control_histogram *histogram, double first_s,
                            unsigned bound_count)
{
    memset(histogram, 0, sizeof(*histogram));
    histogram->bound_count = bound_count;
    for (unsigned i = 0; i < bound_count; i++, first_s *= 2)
        histogram->bounds[i] = first_s;
}

void control_histogram_add(struct control_histogram *histogram, double value_s)
{
    unsigned i = 0;
    while (i < histogram->bound_count && value_s > histogram->bounds[i])
        i++;
    if (i < histogram->bound_count)
        histogram->counts[i]++;
    histogram->count++;
    histogram->sum += value_s;
}
