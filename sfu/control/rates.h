/* The numbers of the last second, of the node and of each room. */
#ifndef IRIS_CONTROL_RATES_H
#define IRIS_CONTROL_RATES_H

#include "sfu/control/control_internal.h"

/** Statistics of a participant have come: its rates, from those before. @param now_ms loop's clock
 */
void control_rates_update(struct control_participant *participant,
                          const struct core_statistics *statistics, uint64_t now_ms);

/** {node: {participants, rooms, up_bps, down_bps}, rooms: [{room, participants, up_bps,
 * down_bps}]}. New reference; NULL: no memory. */
json_t *control_rates(const struct control *control);

#endif
