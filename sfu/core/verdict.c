/* The limits and what they decide; what is kept still over seconds. */
#include "sfu/core/verdict.h"

#include <string.h>

/* Newest second's weight: what begins is seen within two or three seconds, one bad second in an
   hour of good ones is not. */
#define SMOOTHING .4
/* A verdict holds until another has been decided so often in a row. */
#define PENDING_SECONDS 2

struct row {
    const char *name, *help;
    enum core_cause cause;
    enum core_unit unit;
    double fair, poor;
};

static const struct row rows[CORE_EVIDENCE_COUNT] = {
#define X(symbol, name, cause, unit, fair, poor, help)                                             \
    {name, help, CORE_CAUSE_##cause, CORE_UNIT_##unit, fair, poor},
    CORE_EVIDENCE(X)
#undef X
};

const char *core_evidence_name(enum core_evidence evidence)
{
    return rows[evidence].name;
}

enum core_unit core_evidence_unit(enum core_evidence evidence)
{
    return rows[evidence].unit;
}

const char *core_evidence_help(enum core_evidence evidence)
{
    return rows[evidence].help;
}

enum core_cause core_evidence_cause(enum core_evidence evidence)
{
    return rows[evidence].cause;
}

double core_evidence_limit(enum core_evidence evidence, enum core_quality quality)
{
    return quality == CORE_QUALITY_POOR ? rows[evidence].poor : rows[evidence].fair;
}

const char *core_quality_name(enum core_quality quality)
{
    static const char *const names[] = {
        [CORE_QUALITY_GOOD] = "good", [CORE_QUALITY_FAIR] = "fair", [CORE_QUALITY_POOR] = "poor"};
    return names[quality];
}

const char *core_cause_name(enum core_cause cause)
{
    static const char *const names[] = {
        [CORE_CAUSE_NONE] = "none",     [CORE_CAUSE_PUBLISHER_UPLINK] = "publisher_uplink",
        [CORE_CAUSE_SERVER] = "server", [CORE_CAUSE_DOWNLINK] = "downlink",
        [CORE_CAUSE_POLICY] = "policy", [CORE_CAUSE_CLIENT] = "client",
    };
    return names[cause];
}

static struct core_verdict judge(enum core_evidence evidence, double value)
{
    const struct row *row = &rows[evidence];
    struct core_verdict verdict = {.evidence = evidence, .value = value};
    if (value >= row->poor)
        verdict.quality = CORE_QUALITY_POOR;
    else if (value >= row->fair)
        verdict.quality = CORE_QUALITY_FAIR;
    if (verdict.quality != CORE_QUALITY_GOOD) {
        verdict.cause = row->cause;
        verdict.limit = verdict.quality == CORE_QUALITY_POOR ? row->poor : row->fair;
    }
    return verdict;
}

const struct core_verdict *core_verdict_worse(const struct core_verdict *a,
                                              const struct core_verdict *b)
{
    return b->quality > a->quality ? b : a;
}

struct core_verdict core_verdict_decide(const struct core_evidences *evidences)
{
    struct core_verdict worst = {.quality = CORE_QUALITY_GOOD};
    for (unsigned i = 0; i < CORE_EVIDENCE_COUNT; i++) {
        struct core_verdict verdict = judge((enum core_evidence)i, evidences->values[i]);
        worst = *core_verdict_worse(&worst, &verdict);
    }
    return worst;
}

void core_verdict_restart(struct core_verdict_history *history)
{
    memset(history, 0, sizeof(*history));
}

/* Numbers that grow with time by themselves: one that is high has been so for a while. */
static bool is_elapsed(enum core_evidence evidence)
{
    return evidence == CORE_EVIDENCE_UPLINK_SILENCE || evidence == CORE_EVIDENCE_DOWNLINK_SILENCE;
}

/* What was not known was good. */
static void smooth(struct core_verdict_history *history, const struct core_evidences *evidences)
{
    for (unsigned i = 0; i < CORE_EVIDENCE_COUNT; i++) {
        double *value = &history->smoothed.values[i], newest = evidences->values[i];
        double before = *value < 0 ? 0 : *value;
        if (newest == CORE_EVIDENCE_HELD)
            continue;
        bool is_raw = newest < 0 || is_elapsed((enum core_evidence)i);
        *value = is_raw ? newest : before + SMOOTHING * (newest - before);
    }
}

static bool is_same(const struct core_verdict *a, const struct core_verdict *b)
{
    return a->quality == b->quality && a->cause == b->cause;
}

bool core_verdict_follow(struct core_verdict_history *history,
                         const struct core_evidences *evidences)
{
    smooth(history, evidences);
    struct core_verdict decided = core_verdict_decide(&history->smoothed);
    if (is_same(&decided, &history->told)) {
        history->pending_count = 0;
        history->told = decided;
        return false;
    }
    bool is_again = history->pending_count > 0 && is_same(&decided, &history->pending);
    history->pending_count = is_again ? history->pending_count + 1 : 1;
    history->pending = decided;
    if (history->pending_count < PENDING_SECONDS)
        return false;
    history->pending_count = 0;
    history->told = decided;
    return true;
}
