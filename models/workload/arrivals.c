// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/workload/arrivals.h"

#include "models/params/purpose.h"
#include "sim/draw.h"
#include "sim/error.h"
#include "sim/math.h"
#include "sim/time.h"

#include <math.h>

/* A standard normal variate of a tenant's day or hour. */
static double draw_score(const mdl_arrivals_t *self, uint32_t tenant, uint64_t purpose, int64_t when)
{
    sim_rng_t rng;

    sim_rng_at(&rng, self->seed, 0, sim_entity_id(0, MDL_ENTITY_GENERATOR, tenant + UINT64_C(1)), purpose,
               (uint64_t)when);
    return sim_draw_normal(&rng, 0, 1);
}

static void start_day(mdl_arrivals_t *self, int64_t day)
{
    double memory = self->pattern->day_memory;
    double fresh = day == 0 ? 1 : sqrt(1 - memory * memory);

    for (uint32_t i = 0; i < self->tenants; i++)
        self->day_score[i] = memory * self->day_score[i] + fresh * draw_score(self, i, MDL_PURPOSE_GENERATED_DAY, day);
}

/* Activities of the next hour, hours being visited one by one. */
static void start_hour(mdl_arrivals_t *self, int64_t hour)
{
    double by_day = self->pattern->day_sigma, by_hour = self->pattern->hour_sigma;
    double half_variance = (by_day * by_day + by_hour * by_hour) / 2;
    double sum = 0;

    self->hour = hour;
    if (hour % 24 == 0)
        start_day(self, hour / 24);
    for (uint32_t i = 0; i < self->tenants; i++) {
        double score = draw_score(self, i, MDL_PURPOSE_GENERATED_HOUR, hour);
        sum += self->weight[i] * sim_exp(by_day * self->day_score[i] + by_hour * score - half_variance);
        self->cumulative[i] = sum;
    }
}

void mdl_arrivals_init(mdl_arrivals_t *self, const mdl_arrival_pattern_t *pattern, uint32_t tenants, double exponent,
                       double rate_per_s, uint64_t seed)
{
    double sum = 0;

    SIM_ASSERT(tenants >= 1 && tenants <= MDL_ARRIVALS_TENANTS && rate_per_s > 0);
    *self = (mdl_arrivals_t){.pattern = pattern, .seed = seed, .tenants = tenants, .rate_per_s = rate_per_s};
    for (uint32_t i = 0; i < tenants; i++)
        sum += self->weight[i] = sim_pow(i + 1, -exponent);
    for (uint32_t i = 0; i < tenants; i++)
        self->weight[i] /= sum;
    start_hour(self, 0);
}

double mdl_arrivals_next(mdl_arrivals_t *self, double gap, double until_s)
{
    while (self->at_s < until_s) {
        int64_t hour = (int64_t)(self->at_s / SIM_HOUR_S);
        double hour_end_s = (double)((hour + 1) * SIM_HOUR_S);
        if (hour != self->hour)
            start_hour(self, hour);
        double rate_per_s = self->rate_per_s * self->pattern->hour_weight[hour % 24] *
                            self->pattern->weekday_weight[hour / 24 % 7] * self->cumulative[self->tenants - 1];
        double left = rate_per_s * (hour_end_s - self->at_s);
        if (gap < left) {
            self->at_s += gap / rate_per_s;
            break;
        }
        gap -= left;
        self->at_s = hour_end_s;
    }
    if (self->at_s > until_s)
        self->at_s = until_s;
    return self->at_s;
}

uint32_t mdl_arrivals_tenant(const mdl_arrivals_t *self, double u)
{
    double at = u * self->cumulative[self->tenants - 1];
    uint32_t i = 0;

    while (i + 1 < self->tenants && at >= self->cumulative[i])
        i++;
    return i;
}
