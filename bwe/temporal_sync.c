/* A mask of broken layers. */
#include "bwe/temporal_sync.h"

#include <assert.h>

static unsigned up_to(unsigned temporal_id)
{
    assert(temporal_id < BWE_TEMPORAL_SYNC_LAYERS);
    return (2u << temporal_id) - 1;
}

static unsigned from(unsigned temporal_id)
{
    return up_to(BWE_TEMPORAL_SYNC_LAYERS - 1) & ~(up_to(temporal_id) >> 1);
}

bool bwe_temporal_sync_is_decodable(const struct bwe_temporal_sync *sync, unsigned temporal_id,
                                    bool is_layer_sync)
{
    return !(sync->broken & (is_layer_sync ? up_to(0) : up_to(temporal_id)));
}

void bwe_temporal_sync_on_keyframe(struct bwe_temporal_sync *sync)
{
    sync->broken = 0;
}

void bwe_temporal_sync_on_sent(struct bwe_temporal_sync *sync, unsigned temporal_id)
{
    sync->broken &= (uint8_t) ~(1u << temporal_id);
}

void bwe_temporal_sync_on_dropped(struct bwe_temporal_sync *sync, unsigned temporal_id,
                                  bool is_non_reference)
{
    if (!is_non_reference)
        sync->broken |= (uint8_t)from(temporal_id);
}

void bwe_temporal_sync_limit(struct bwe_temporal_sync *sync, unsigned highest)
{
    sync->broken |= (uint8_t)(from(0) & ~up_to(highest));
}
