/* A ring of answers; the window is summed when somebody wants a key frame, never per packet. */
#include "sfu/core/keyframe_budget.h"

#include <string.h>

/* Layers encode the same key frame; the last of them starts so long after the first at most. */
#define SAME_KEYFRAME_US 300000
#define US_PER_S         1000000

void core_keyframe_budget_init(struct core_keyframe_budget *budget, uint64_t contract_bps,
                               unsigned share_pct)
{
    memset(budget, 0, sizeof(*budget));
    budget->limit_bytes =
        (uint32_t)(contract_bps / 8 * share_pct / 100 * (CORE_KEYFRAME_WINDOW_US / US_PER_S));
}

void core_keyframe_budget_want(struct core_keyframe_budget *budget, bool has_picture,
                               int64_t now_us)
{
    budget->is_wanted = true;
    budget->wanted_us = now_us;
    if (!has_picture)
        budget->blind_us = now_us;
}

static void begin(struct core_keyframe_budget *budget, int64_t now_us)
{
    budget->is_wanted = false;
    budget->blind_us = 0;
    if (budget->has_keyframe && now_us - budget->keyframe_us < SAME_KEYFRAME_US)
        return; /* another layer's */
    budget->has_keyframe = true;
    budget->keyframe_us = now_us;
    budget->newest_bytes = 0;
    budget->is_answer = budget->is_asked;
    budget->is_asked = false;
    if (!budget->is_answer)
        return;
    budget->newest = (budget->newest + 1) % CORE_KEYFRAME_ANSWERS;
    budget->answers[budget->newest] = (struct core_keyframe_answer){.at_us = now_us};
}

void core_keyframe_budget_on_packet(struct core_keyframe_budget *budget, bool is_start,
                                    uint32_t bytes, int64_t now_us)
{
    if (is_start)
        begin(budget, now_us);
    budget->newest_bytes += bytes;
    if (budget->is_answer)
        budget->answers[budget->newest].bytes += bytes;
}

static bool is_blind(const struct core_keyframe_budget *budget, int64_t now_us)
{
    return budget->blind_us > 0 && now_us - budget->blind_us < CORE_KEYFRAME_WISH_US;
}

/* From when on the answers within the window leave room for another one, or for two; from the
   newest back. */
static int64_t affordable_us(const struct core_keyframe_budget *budget, int64_t now_us)
{
    uint64_t sum = (is_blind(budget, now_us) ? 1u : 2u) * (uint64_t)budget->newest_bytes;
    int64_t since_us = now_us - CORE_KEYFRAME_WINDOW_US;
    int64_t always_us = budget->keyframe_us + CORE_KEYFRAME_WINDOW_US;
    if (!budget->has_keyframe || always_us <= now_us)
        return now_us;
    for (unsigned i = 0; i < CORE_KEYFRAME_ANSWERS; i++) {
        unsigned index = (budget->newest + CORE_KEYFRAME_ANSWERS - i) % CORE_KEYFRAME_ANSWERS;
        const struct core_keyframe_answer *answer = &budget->answers[index];
        if (answer->bytes == 0 || answer->at_us <= since_us)
            break;
        sum += answer->bytes;
        if (sum > budget->limit_bytes)
            return answer->at_us + CORE_KEYFRAME_WINDOW_US;
    }
    return sum > budget->limit_bytes ? always_us : now_us;
}

int64_t core_keyframe_budget_due(const struct core_keyframe_budget *budget, int64_t now_us)
{
    if (!budget->is_wanted || now_us - budget->wanted_us >= CORE_KEYFRAME_WISH_US)
        return INT64_MAX;
    int64_t due_us = affordable_us(budget, now_us);
    int64_t spaced_us = budget->asked_us + CORE_KEYFRAME_PERIOD_US;
    return budget->request_count > 0 && spaced_us > due_us ? spaced_us : due_us;
}

void core_keyframe_budget_on_request(struct core_keyframe_budget *budget, int64_t now_us)
{
    budget->is_asked = true;
    budget->asked_us = now_us;
    budget->request_count++;
}
