/* What the files of the reports share. */
#ifndef IRIS_CONTROL_REPORT_INTERNAL_H
#define IRIS_CONTROL_REPORT_INTERNAL_H

#include <jansson.h>

#include "sfu/core/statistics.h"

/** Add every number of a level to an object under its name; null where it is unknown. */
void control_report_add(json_t *object, const struct core_statistic_table *table,
                        const struct core_interval *interval);

#endif
