/*
 * Who is seen and heard: pure functions from inputs to a list of sources, one per slot.
 *
 * The ranking of a kind is made once per room (core_selection_rank()); what is left per receiver
 * looks at its slots, its pins and the best few. Common rules: nobody is shown himself; who is
 * shown keeps the slot, so that nothing shuffles, and who comes in takes the slot of the one that
 * goes.
 */
#ifndef IRIS_CORE_SELECTION_H
#define IRIS_CORE_SELECTION_H

#include "sfu/core/message.h"
#include "sfu/core/voice.h"

/* A newcomer must be so much louder than a speaking owner to take its slot [dB]: words are not
   cut. */
#define CORE_SELECTION_MARGIN_DB 6.0f
#define CORE_SELECTION_SLOTS_MAX 8
/* As many as can matter to one receiver: those that fill its slots, behind those that are shown
   there already or pinned, and its own. (A pinned one leaves a newcomer less to be found.) */
#define CORE_SELECTION_BEST_MAX (2 * CORE_SELECTION_SLOTS_MAX + CORE_TRACKS_MAX)

struct core_track;

/* A track as selection sees it. Kept in its track and brought up to date by its room (room.c). */
struct core_candidate {
    struct core_track *track; /* whose candidate it is; not looked at here */
    uint64_t participant;     /* who sends it */
    bool is_live;             /* may be shown */
    /* Audio. */
    enum core_voice_activity activity;
    float loudness;   /* [dB above silence], of those who are loud */
    int64_t loud_us;  /* of those who are silent: when they were loud; 0: never */
    int64_t spurt_us; /* of those without levels: when their packets began to come */
    /* Cameras. */
    bool has_floor;   /* its participant is speaking */
    int64_t spoke_us; /* when the participant's last turn ended; 0: had none */
    unsigned place;   /* in order of joining */
    /* Screens. */
    int64_t shared_us; /* when it began; 0: is not shared */
    int64_t sent_us;   /* when it was last seen to send */
};

/* Candidates of one kind, best first. */
struct core_ranking {
    unsigned count;
    const struct core_candidate *best[CORE_SELECTION_BEST_MAX];
};

/** Whether the first one goes before the second. */
typedef bool (*core_selection_before_fn)(const struct core_candidate *a,
                                         const struct core_candidate *b);

/**
 * Voices: who speaks, loudest first; who makes another noise as loud as speech (or has only begun
 * to speak), loudest first; who sends no levels and may be speaking, the newest spurt first; who is
 * silent, for the shortest time first.
 */
bool core_selection_voice_before(const struct core_candidate *a, const struct core_candidate *b);

/** Cameras, but for pins: who has the floor, who spoke last, who joined first. */
bool core_selection_camera_before(const struct core_candidate *a, const struct core_candidate *b);

/** Screens: the newest. */
bool core_selection_screen_before(const struct core_candidate *a, const struct core_candidate *b);

/** Take a live candidate into a ranking, behind its equals; it may push the last one out. */
void core_selection_rank(struct core_ranking *ranking, const struct core_candidate *candidate,
                         core_selection_before_fn is_before);

/* The slots of one kind of one receiver. */
struct core_choice {
    uint64_t receiver;   /* participant */
    unsigned slot_count; /* at most CORE_SELECTION_SLOTS_MAX */
    unsigned shown_max;  /* slots to be used, at most slot_count; cameras only */
    /* In: what each slot shows (NULL: nothing); out: what it shall show. */
    const struct core_candidate *slots[CORE_SELECTION_SLOTS_MAX];
};

/**
 * Voices: the loudest, with hysteresis. A free slot is taken by whoever is best, silent or not, so
 * that first words are heard. An owner loses its slot to one of greater activity (it has fallen
 * silent, makes noise while the other speaks, or has no levels), or to one of the same who is
 * louder by CORE_SELECTION_MARGIN_DB.
 */
void core_selection_voices(struct core_choice *choice, const struct core_ranking *ranking);

/**
 * Cameras: pinned ones in their order, then those shown now, of whom the least entitled ones
 * (core_selection_camera_before()) make way for those who have the floor; free slots are filled in
 * order of the ranking.
 *
 * @param pinned  in order; may be dead, the receiver's own or there twice
 */
void core_selection_cameras(struct core_choice *choice, const struct core_ranking *ranking,
                            const struct core_candidate *const *pinned, unsigned pinned_count);

/** Screens: the newest ones. */
void core_selection_screens(struct core_choice *choice, const struct core_ranking *ranking);

#endif
