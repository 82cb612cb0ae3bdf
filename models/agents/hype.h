// SPDX-License-Identifier: GPL-3.0-or-later
/* Hype: national attention to AI compute, a number in [0, 1], and the money that follows it with delay.
 *
 * Attention is a background plus a story. The story is seeded by a dated shock (the ChatGPT release, E01), spreads by
 * contagion (logistic), spreads faster while rents rise, and is let down by labs that stop training, by idle centres
 * and by low rents. Without a seed there is no story to spread.
 *
 *     mdl_hype_t hype;
 *     mdl_hype_init(&hype, &params);
 *     each day: mdl_hype_step(&hype, &params, &(mdl_hype_env_t){rent_fen, idle_share, lab_exit_share});
 *     on MDL_SHOCK_HYPE: mdl_hype_shock(&hype, shock->value);
 *     labs read mdl_hype_level() and hype.venture; banks hype.credit; cities hype.state.
 */
#ifndef MDL_HYPE_H
#define MDL_HYPE_H

#include "models/params/params.h"

typedef struct mdl_hype {
    double background;        /* attention without a story */
    double story;             /* what spreads; background + story <= 1 */
    double momentum_per_year; /* smoothed growth of rent, log per year */
    double exits_per_year;    /* smoothed rate at which training labs stop */
    double log_rent;          /* yesterday's; valid when has_rent */
    double venture;           /* attention as venture money feels it: delayed */
    double credit;            /* as banks feel it */
    double state;             /* as local governments feel it */
    bool has_rent;
} mdl_hype_t;

/* What attention looks at. */
typedef struct mdl_hype_env {
    int64_t rent_fen;      /* average training rent, fen per node-month; <= 0: not known, momentum is kept */
    double idle_share;     /* share of powered GPUs of open centres that is idle, 0 to 1 */
    double lab_exit_share; /* labs that stopped training since yesterday over labs that were training, 0 to 1 */
} mdl_hype_env_t;

/* Attention at its background (`hype.background`), no story, no momentum. */
void mdl_hype_init(mdl_hype_t *self, const mdl_params_t *params);

/* A dated event moves the story by `value` (-1 to 1); the level stays within [background, 1]. */
void mdl_hype_shock(mdl_hype_t *self, double value);

/* One day. Contagion is the exact solution of the logistic over the day, so that alone it follows the closed form. */
void mdl_hype_step(mdl_hype_t *self, const mdl_params_t *params, const mdl_hype_env_t *env);

/* Attention today, 0 to 1. */
double mdl_hype_level(const mdl_hype_t *self);

#endif
