/* A ring of three times. */
#include "sfu/core/keyframe_limit.h"

static bool is_over(int64_t since_us, int64_t after_us, int64_t now_us)
{
    return since_us == 0 || now_us - since_us >= after_us;
}

bool core_keyframe_limit_allows(const struct core_keyframe_limit *limit, int64_t now_us)
{
    return is_over(limit->wanted_us[limit->oldest], CORE_KEYFRAME_LIMIT_US, now_us) ||
           is_over(limit->asked_us, CORE_KEYFRAME_LIMIT_US / CORE_KEYFRAME_LIMIT_COUNT, now_us);
}

void core_keyframe_limit_on_wanted(struct core_keyframe_limit *limit, bool is_asked, int64_t now_us)
{
    limit->wanted_us[limit->oldest] = now_us;
    limit->oldest = (limit->oldest + 1) % CORE_KEYFRAME_LIMIT_COUNT;
    if (is_asked)
        limit->asked_us = now_us;
}
