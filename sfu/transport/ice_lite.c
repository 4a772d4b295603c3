/*
 * The path rules of ICE-lite. Everything is decided when something authenticated arrives, from the
 * table of validated paths and the time; there is no timer.
 *
 * Invariant: selected is -1 or the index of a used path.
 */
#include "sfu/transport/ice_lite.h"

#include "sfu/transport/stun_check.h"

#define PREVIOUS_CREDENTIALS_US 30000000 /* protocol.md, section 2, "offer" */

void transport_ice_init(struct transport_ice *ice,
                        const struct transport_ice_credentials *credentials, int64_t now_us)
{
    *ice = (struct transport_ice){.credentials = *credentials, .selected = -1, .heard_us = now_us};
}

bool transport_ice_restart(struct transport_ice *ice,
                           const struct transport_ice_credentials *credentials, int64_t now_us)
{
    bool is_unused = ice->previous_until_us > now_us;
    if (!is_unused)
        ice->previous = ice->credentials;
    ice->credentials = *credentials;
    ice->previous_until_us = now_us + PREVIOUS_CREDENTIALS_US;
    return !is_unused;
}

static int find_path(const struct transport_ice *ice, const struct transport_path *path)
{
    for (int i = 0; i < TRANSPORT_ICE_PATHS; i++)
        if (ice->paths[i].is_used && transport_path_is_equal(&ice->paths[i].path, path))
            return i;
    return -1;
}

/* A free place, or that of the most silent path, but never that of the selected one. */
static int find_room(const struct transport_ice *ice)
{
    int room = -1;
    for (int i = 0; i < TRANSPORT_ICE_PATHS; i++) {
        if (!ice->paths[i].is_used)
            return i;
        if (i != ice->selected && (room < 0 || ice->paths[i].heard_us < ice->paths[room].heard_us))
            room = i;
    }
    return room;
}

static bool is_silent(const struct transport_ice_path *path, int64_t silence_us, int64_t now_us)
{
    return now_us - path->heard_us >= silence_us;
}

static bool is_proven(const struct transport_ice_path *path, int64_t now_us)
{
    return path->has_proof && now_us - path->proved_us < TRANSPORT_ICE_PROOF_US;
}

/* A nominated path was heard: does it win over the selected one? */
static bool wins(const struct transport_ice *ice, int candidate, int64_t now_us)
{
    if (ice->selected < 0)
        return true;
    const struct transport_ice_path *selected = &ice->paths[ice->selected];
    if (is_silent(selected, TRANSPORT_ICE_NOMINATED_SILENCE_US, now_us))
        return true;
    if (is_proven(selected, now_us) && !is_proven(&ice->paths[candidate], now_us))
        return false;
    return !selected->is_nominated || ice->paths[candidate].priority > selected->priority;
}

/* Media comes through a path that is not selected: does it follow? */
static bool draws(const struct transport_ice *ice, int candidate, int64_t now_us)
{
    if (ice->selected < 0)
        return true;
    const struct transport_ice_path *selected = &ice->paths[ice->selected];
    return is_silent(selected, TRANSPORT_ICE_REBIND_SILENCE_US, now_us) ||
           (!is_proven(selected, now_us) && now_us - ice->selected_us >= TRANSPORT_ICE_PROOF_US) ||
           (ice->paths[candidate].is_nominated && wins(ice, candidate, now_us));
}

static void select_path(struct transport_ice *ice, int path, int64_t now_us)
{
    ice->selected = path;
    ice->selected_us = now_us;
}

/* The first check with new credentials ends the old ones, and what was nominated under them. */
static void end_previous_session(struct transport_ice *ice)
{
    ice->previous_until_us = 0;
    ice->previous = (struct transport_ice_credentials){{0}, {0}, {0}};
    for (int i = 0; i < TRANSPORT_ICE_PATHS; i++)
        ice->paths[i].is_nominated = false;
}

static void on_valid_check(struct transport_ice *ice, const struct transport_path *path,
                           const struct transport_stun_check *check, int64_t now_us)
{
    if (ice->previous_until_us && !check->is_previous)
        end_previous_session(ice);
    int i = find_path(ice, path);
    if (i < 0) {
        i = find_room(ice);
        ice->paths[i] = (struct transport_ice_path){.path = *path, .is_used = true};
    }
    struct transport_ice_path *heard = &ice->paths[i];
    heard->heard_us = ice->heard_us = now_us;
    heard->priority = check->priority;
    heard->is_nominated |= check->has_use_candidate;
    if (i != ice->selected && heard->is_nominated && wins(ice, i, now_us))
        select_path(ice, i, now_us);
}

enum transport_ice_verdict transport_ice_on_stun(struct transport_ice *ice,
                                                 struct transport_stun *stun,
                                                 const struct transport_datagram *datagram,
                                                 int64_t now_us, struct transport_ice_reply *reply)
{
    if (ice->previous_until_us && now_us >= ice->previous_until_us)
        ice->previous_until_us = 0;
    struct transport_stun_check check;
    enum transport_ice_verdict verdict = transport_stun_answer(
        stun, &ice->credentials, ice->previous_until_us ? &ice->previous : NULL, datagram, &check,
        reply);
    if (verdict == TRANSPORT_ICE_ANSWERED)
        on_valid_check(ice, &datagram->path, &check, now_us);
    return verdict;
}

bool transport_ice_on_authenticated(struct transport_ice *ice, const struct transport_path *path,
                                    int64_t now_us)
{
    ice->heard_us = now_us;
    struct transport_ice_path *selected = ice->selected < 0 ? NULL : &ice->paths[ice->selected];
    bool is_selected = selected && transport_path_is_equal(&selected->path, path);
    int i = is_selected ? ice->selected : find_path(ice, path);
    if (i < 0)
        return false; /* authentic, but nobody has shown to receive there: never a target */
    struct transport_ice_path *heard = &ice->paths[i];
    heard->heard_us = heard->proved_us = now_us;
    heard->has_proof = true;
    if (is_selected || !draws(ice, i, now_us))
        return false;
    select_path(ice, i, now_us);
    return true;
}

bool transport_ice_is_validated(const struct transport_ice *ice, const struct transport_path *path)
{
    return find_path(ice, path) >= 0;
}

bool transport_ice_is_heard_on(const struct transport_ice *ice, const struct transport_path *path,
                               int64_t now_us)
{
    int i = find_path(ice, path);
    return i >= 0 && ice->paths[i].has_proof &&
           now_us - ice->paths[i].proved_us < TRANSPORT_ICE_REBIND_SILENCE_US;
}

const struct transport_path *transport_ice_selected(const struct transport_ice *ice)
{
    return ice->selected < 0 ? NULL : &ice->paths[ice->selected].path;
}

bool transport_ice_is_timed_out(const struct transport_ice *ice, int64_t now_us)
{
    return now_us - ice->heard_us >= TRANSPORT_ICE_TIMEOUT_US;
}
