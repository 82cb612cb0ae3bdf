// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/workload/profile.h"

#include "models/params/spelling.h"
#include "models/workload/settings.h"
#include "sim/math.h"
#include "sim/time.h"

#include <string.h>

/* First pass over the data: patterns and tables, each a constant of its own. */
#define MDL_ARRIVALS(id, ...)  static const mdl_arrival_pattern_t arrivals_##id = {__VA_ARGS__};
#define MDL_RUN_TABLE(id, ...) static const mdl_run_table_t runs_##id = {__VA_ARGS__};
#define MDL_PROFILE(id, ...)
#include "models/workload/profiles.def"
#undef MDL_ARRIVALS
#undef MDL_RUN_TABLE
#undef MDL_PROFILE

/* Second pass: the profiles, which point to them. */
#define MDL_ARRIVALS(id, ...)
#define MDL_RUN_TABLE(id, ...)
#define MDL_ARRIVALS_OF(id)  &arrivals_##id
#define MDL_RUN_TABLE_OF(id) &runs_##id
#define MDL_PROFILE(id, ...) {__VA_ARGS__},
static const mdl_profile_t profiles[] = {
#include "models/workload/profiles.def"
};

enum { PROFILES = sizeof profiles / sizeof profiles[0] };

/* Of the columns of a run table. */
static const double probability[MDL_RUN_PROBABILITIES] = {0,   0.02, 0.05, 0.1, 0.2,  0.3,  0.4,  0.5,
                                                          0.6, 0.7,  0.8,  0.9, 0.95, 0.98, 0.99, 1};

const mdl_profile_t *mdl_profiles(size_t *n)
{
    *n = PROFILES;
    return profiles;
}

const mdl_profile_t *mdl_profile_find(const char *name, sim_error_t *err)
{
    mdl_spelling_t near = mdl_spelling(name);

    for (size_t i = 0; i < PROFILES; i++) {
        if (strcmp(profiles[i].name, name) == 0)
            return &profiles[i];
        mdl_spelling_offer(&near, profiles[i].name);
    }
    if (near.best != NULL)
        (void)sim_fail(err, SIM_EINPUT, "profile", "found %.64s; expected the name of a profile; did you mean %s?",
                       name, near.best);
    else
        (void)sim_fail(err, SIM_EINPUT, "profile", "found %.64s; expected the name of a profile, for example %s", name,
                       profiles[0].name);
    return NULL;
}

double mdl_profile_load(const mdl_profile_t *self)
{
    double gpu_s = 0;

    for (int end = 0; end < MDL_JOB_ENDS; end++)
        gpu_s += self->published.gpu_s[end];
    return gpu_s / (self->gpus * self->days * SIM_DAY_S);
}

/* Mean of a quantile function that is geometric between its points. */
static double table_mean_s(const double *quantile_s)
{
    double mean_s = 0;

    for (int i = 1; i < MDL_RUN_PROBABILITIES; i++) {
        double low = quantile_s[i - 1], high = quantile_s[i];
        double inside = high > low ? (high - low) / sim_log(high / low) : high;
        mean_s += (probability[i] - probability[i - 1]) * inside;
    }
    return mean_s;
}

static double log_median(const mdl_profile_t *self, uint32_t size, mdl_job_end_t end)
{
    return sim_log(self->median_s[end]) + self->growth * size;
}

/* E[min(lognormal, longest)]. */
static double cut_mean_s(const mdl_profile_t *self, double mu)
{
    double score = (sim_log(self->longest_s) - mu) / self->sigma;
    double whole_s = sim_exp(mu + self->sigma * self->sigma / 2);

    return whole_s * mdl_normal_cdf(score - self->sigma) + self->longest_s * (1 - mdl_normal_cdf(score));
}

static double mean_run_s(const mdl_profile_t *self, uint32_t size)
{
    double mean_s = 0, shares = 0;

    if (self->run_table != NULL)
        return table_mean_s((*self->run_table)[size]);
    for (int end = 0; end < MDL_JOB_ENDS; end++) {
        double share = self->published.end_share[end];
        mean_s += share * cut_mean_s(self, log_median(self, size, (mdl_job_end_t)end));
        shares += share;
    }
    return mean_s / shares;
}

double mdl_profile_gpu_s(const mdl_profile_t *self, uint32_t widest)
{
    double gpu_s = 0, shares = 0;

    for (uint32_t k = 0; k < MDL_PROFILE_SIZES && (UINT32_C(1) << k) <= widest; k++) {
        if (self->size_share[k] <= 0)
            continue;
        gpu_s += self->size_share[k] * (UINT32_C(1) << k) * mean_run_s(self, k);
        shares += self->size_share[k];
    }
    return shares > 0 ? gpu_s / shares : 0;
}

static double table_run_s(const double *quantile_s, double p)
{
    int i = 1;

    while (i + 1 < MDL_RUN_PROBABILITIES && p > probability[i])
        i++;
    double part = (p - probability[i - 1]) / (probability[i] - probability[i - 1]);
    return quantile_s[i - 1] * sim_exp(part * sim_log(quantile_s[i] / quantile_s[i - 1]));
}

double mdl_profile_run_s(const mdl_profile_t *self, uint32_t size, mdl_job_end_t end, double score)
{
    if (self->run_table != NULL)
        return table_run_s((*self->run_table)[size], mdl_normal_cdf(score));
    double run_s = sim_exp(log_median(self, size, end) + self->sigma * score);
    return run_s < self->longest_s ? run_s : self->longest_s;
}
