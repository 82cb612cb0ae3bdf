// SPDX-License-Identifier: GPL-3.0-or-later
/* When jobs come: sessions of tenants whose activity swings, on a daily and weekly wave.
 *
 * A session is one user's handful of jobs, seconds apart. Sessions start as a Poisson process with the rate
 *
 *     rate x hour_weight(hour) x weekday_weight(day) x sum over tenants of weight(tenant) x activity(tenant, hour)
 *
 * where weights follow Zipf's law and sum to 1. A tenant's activity is lognormal with mean 1: one part of its log is a
 * stationary autoregression over days, the other is drawn anew each hour, for people who come back within the hour.
 * Second 0 is the midnight before a Monday.
 *
 * Sessions are numbered by whoever asks for the next one; activity is drawn at tenant and day or hour. So the process
 * is the same however far it is followed, and another rate stretches it without redrawing it.
 */
#ifndef MDL_ARRIVALS_H
#define MDL_ARRIVALS_H

#include "sim/rng.h"

#include <stdint.h>

#define MDL_ARRIVALS_TENANTS 256 /* at most */

/* How the jobs of one kind of cluster arrive; the shipped ones stand in profiles.def. */
typedef struct mdl_arrival_pattern {
    double hour_weight[24];   /* mean 1 */
    double weekday_weight[7]; /* Monday first, mean 1 */
    double day_sigma;         /* spread of the log of a tenant's activity from day to day */
    double day_memory;        /* its correlation with the day before, 0 to 1 */
    double hour_sigma;        /* and from hour to hour of a day */
    double more_share;        /* of jobs that follow another in its session, below 1 */
    double more_gap_s;        /* mean seconds between two jobs of a session */
    double alike;             /* correlation of their log run times, 0 to 1 */
} mdl_arrival_pattern_t;

typedef struct mdl_arrivals {
    const mdl_arrival_pattern_t *pattern;
    uint64_t seed;
    uint32_t tenants;
    double rate_per_s; /* of sessions, in the mean */
    double at_s;       /* of the last session, in seconds since second 0 */
    int64_t hour;      /* since second 0, whose activities stand below */
    double weight[MDL_ARRIVALS_TENANTS];
    double day_score[MDL_ARRIVALS_TENANTS];  /* of the day's part, in standard deviations */
    double cumulative[MDL_ARRIVALS_TENANTS]; /* of weight x activity */
} mdl_arrivals_t;

/* Starts at second 0. `pattern` must outlive it; 1 <= tenants <= MDL_ARRIVALS_TENANTS, rate_per_s > 0. */
void mdl_arrivals_init(mdl_arrivals_t *self, const mdl_arrival_pattern_t *pattern, uint32_t tenants, double exponent,
                       double rate_per_s, uint64_t seed);

/* Goes to the next session, `gap` mean gaps from the last one (a standard exponential variate), or to `until_s` if that
 * comes first. Returns its second. */
double mdl_arrivals_next(mdl_arrivals_t *self, double gap, double until_s);

/* The tenant of a session that starts where it stands, from a uniform variate. */
uint32_t mdl_arrivals_tenant(const mdl_arrivals_t *self, double u);

#endif
