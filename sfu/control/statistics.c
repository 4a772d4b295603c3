/* The tables of the node's and the rooms' numbers. */
#include "sfu/control/statistics.h"

#define CORE_TABLE_TYPE struct control_room_statistics
static const struct core_statistic room_rows[] = {CORE_ROWS(CONTROL_ROOM_STATISTICS)};
#undef CORE_TABLE_TYPE
#define CORE_TABLE_TYPE struct control_node_statistics
static const struct core_statistic node_rows[] = {CORE_ROWS(CONTROL_NODE_STATISTICS)};

const struct core_statistic_table control_room_table = {"room", room_rows,
                                                        sizeof(room_rows) / sizeof(room_rows[0]),
                                                        sizeof(struct control_room_statistics)};
const struct core_statistic_table control_node_table = {"node", node_rows,
                                                        sizeof(node_rows) / sizeof(node_rows[0]),
                                                        sizeof(struct control_node_statistics)};
