/* Sums of what each participant did in its last second. */
#include "sfu/control/rates.h"

static uint64_t sent_bytes(const struct core_statistics *statistics)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < CORE_SLOTS_MAX; i++)
        bytes += statistics->slots[i].bytes;
    return bytes;
}

void control_rates_update(struct control_participant *participant,
                          const struct core_statistics *statistics, uint64_t now_ms)
{
    const struct core_statistics *before = &participant->statistics;
    uint64_t elapsed_ms = now_ms - participant->statistics_ms;
    if (participant->statistics_ms > 0 && elapsed_ms > 0) {
        participant->up_bps =
            (statistics->bytes_received - before->bytes_received) * 8000 / elapsed_ms;
        participant->down_bps = (sent_bytes(statistics) - sent_bytes(before)) * 8000 / elapsed_ms;
    }
    participant->statistics_ms = now_ms;
}

/* Bytes of packets that participants send, and RTP payload that their slots get. */
struct rates {
    uint64_t up_bps, down_bps;
};

static struct rates rates_of(const struct control_room *room)
{
    struct rates rates = {0};
    for (const struct control_participant *p = room->first; p; p = p->next) {
        rates.up_bps += p->up_bps;
        rates.down_bps += p->down_bps;
    }
    return rates;
}

json_t *control_rates(const struct control *control)
{
    json_t *rooms = json_array();
    struct rates all = {0};
    unsigned count = 0;
    for (const struct control_room *room = control->registry.rooms; room; room = room->next) {
        struct rates rates = rates_of(room);
        all.up_bps += rates.up_bps;
        all.down_bps += rates.down_bps;
        count++;
        json_array_append_new(rooms,
                              json_pack("{s:s, s:i, s:I, s:I}", "room", room->name, "participants",
                                        (int)room->count, "up_bps", (json_int_t)rates.up_bps,
                                        "down_bps", (json_int_t)rates.down_bps));
    }
    return json_pack("{s:{s:i, s:i, s:I, s:I}, s:o}", "node", "participants",
                     (int)control->registry.participant_count, "rooms", (int)count, "up_bps",
                     (json_int_t)all.up_bps, "down_bps", (json_int_t)all.down_bps, "rooms", rooms);
}
