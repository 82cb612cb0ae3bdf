// SPDX-License-Identifier: GPL-3.0-or-later
/* The chronicle: what a run that was asked for events remembers of them. Private to this folder.
 *
 * Rows stand in the world's arena, so that a clone carries them; they go to the recorder when the world is finished.
 * Room for a day's events is made at boundaries, from bounds per entity; more than that fails the replication. Without
 * `--events` nothing is allocated and each call is one comparison. Nothing here draws a number or changes anything that
 * the economy reads.
 *
 * A cause is the last earlier event among those that enter the rule at work: it tells how the chain went, it does not
 * prove that without it things would have gone otherwise. Arms do that.
 */
#ifndef MDL_CHRONICLE_H
#define MDL_CHRONICLE_H

#include "models/economy/events.h"
#include "sim/recorder.h"

#define MDL_CAUSE_NONE   UINT64_C(0)
#define MDL_CAUSE_BEFORE UINT64_MAX /* the entity's own last turn */

#define MDL_TIERS 6 /* of cities */

/* Levels of the whole market that are told when they have moved by a step. */
typedef enum mdl_gauge {
    MDL_GAUGE_HYPE,
    MDL_GAUGE_CHIP,
    MDL_GAUGE_RENT,
    MDL_GAUGE_WAVE,
    MDL_GAUGE_APPETITE,
    MDL_GAUGE_HAIRCUT,
    MDL_GAUGES
} mdl_gauge_t;

/* What is remembered of one entity. Events are row numbers + 1, 0 = none. */
typedef struct mdl_life {
    uint64_t last; /* turn */
    uint64_t told; /* types told so far, bit by number within a word: a kind has fewer than 64 */
    double noted;  /* the level that was told last: offer of a city, rent asked by a project, GPUs of a platform */
    int64_t gpus;  /* sold out of a project that failed; bought by a platform */
    int64_t gpus_fen;
    int32_t replanned_day; /* when a change of a project's type was told last */
    int32_t ordered;       /* 1 + the type that a platform ordered last */
} mdl_life_t;

typedef struct mdl_chronicle {
    uint64_t n, capacity; /* rows */
    uint32_t project_capacity;
    int32_t land_parameter;                             /* number of cities.land_revenue */
    bool full;                                          /* a row was lost */
    bool began;                                         /* the gauges have a first level */
    double levels[MDL_GAUGES], levels_told[MDL_GAUGES]; /* now, and when told last */
    uint64_t by_type[MDL_EV_COUNT];                     /* last event of each */
    uint64_t by_tier[MDL_TIERS];                        /* last announcement in a city of the tier */
    uint32_t first[MDL_WHO_KINDS];                      /* where a kind's lives begin; projects stand apart */
    mdl_life_t lives[];
} mdl_chronicle_t;

#endif
