/* The classes of messages, and the table of the list. */
#include "sfu/io/statistics.h"

#include "rtp/packet.h"

#define CORE_TABLE_TYPE struct io_statistics
static const struct core_statistic rows[] = {CORE_ROWS(IO_STATISTICS)};

const struct core_statistic_table io_statistics_table = {
    "worker", rows, sizeof(rows) / sizeof(rows[0]), sizeof(struct io_statistics)};

bool io_is_media(const uint8_t *data, size_t len)
{
    return len >= RTP_HEADER_BYTES && data[0] >> 6 == 2 && !rtp_packet_is_rtcp(data, len);
}

void io_statistics_on_send(struct io_statistics *statistics, size_t packets, size_t bytes)
{
    size_t size = bytes / packets / IO_SEND_BYTES;
    struct io_send *send =
        &statistics->sends[packets - 1][size < IO_SEND_SIZES ? size : IO_SEND_SIZES - 1];
    send->count++;
    send->bytes += bytes;
}
