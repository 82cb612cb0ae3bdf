// SPDX-License-Identifier: GPL-3.0-or-later
#include "scenarios/design.h"

#include "scenarios/plan.h"
#include "scenarios/prior.h"
#include "sim/draw.h"
#include "sim/math.h"

#include <gsl/gsl_qrng.h>
#include <math.h>
#include <stdlib.h>

/* Purposes of draws, beyond those of the models (models/params/purpose.h). */
enum { PURPOSE_SHUFFLE = 1000, PURPOSE_PLACE = 1001 };

static size_t levels_of(const scn_draft_t *draft, size_t factor)
{
    const scn_factor_t *f = &draft->factors.items[factor];
    return f->distribution == SCN_CHOICE ? f->n_values : (size_t)draft->levels;
}

size_t scn_design_points(const scn_draft_t *draft)
{
    if (!draft->has_design || draft->factors.n == 0)
        return 1;
    if (draft->method != SCN_METHOD_FACTORIAL)
        return (size_t)draft->points;
    size_t points = 1;
    for (size_t i = 0; i < draft->factors.n; i++) {
        size_t levels = levels_of(draft, i);
        if (levels == 0 || points > SIZE_MAX / 2 / levels)
            return SIZE_MAX;
        points *= levels;
    }
    return points;
}

/* Standard normal distribution function by Marsaglia's series (2004), on arithmetic with the same bits everywhere. */
static double normal_cdf(double x)
{
    if (x < -8)
        return 0;
    if (x > 8)
        return 1;
    double term = x, sum = x, last = 0;
    for (int i = 3; sum != last; i += 2) {
        last = sum;
        term *= x * x / i;
        sum += term;
    }
    const double half_log_2pi = 0.91893853320467274178;
    return 0.5 + sum * sim_exp(-0.5 * x * x - half_log_2pi);
}

/* Quantile of the standard normal distribution by halving; 60 steps reach the last bit but two. */
static double normal_quantile(double p)
{
    double low = -8, high = 8;
    for (int i = 0; i < 60; i++) {
        double middle = 0.5 * (low + high);
        if (normal_cdf(middle) < p)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}

/* Quantile u of a normal distribution cut at the parameter's bounds. */
static double cut_normal(const mdl_param_t *param, const scn_factor_t *factor, double u)
{
    double below = normal_cdf((param->low - factor->a) / factor->b);
    double above = normal_cdf((param->high - factor->a) / factor->b);
    return factor->a + factor->b * normal_quantile(below + u * (above - below));
}

/* Value of a factor at a share u of its probability, 0 <= u <= 1. */
static double value_at(const scn_factor_t *factor, double u)
{
    size_t n;
    const mdl_param_t *param = &mdl_params_registry(&n)[factor->param];
    double value = 0;
    switch (factor->distribution) {
    case SCN_UNIFORM: value = factor->a + u * (factor->b - factor->a); break;
    case SCN_LOGUNIFORM: {
        double low = sim_log(factor->a), high = sim_log(factor->b);
        value = sim_exp(low + u * (high - low));
        value = value < factor->a ? factor->a : value > factor->b ? factor->b : value;
        break;
    }
    case SCN_NORMAL: value = cut_normal(param, factor, u); break;
    case SCN_CHOICE: {
        size_t i = (size_t)(u * (double)factor->n_values);
        value = factor->values[i < factor->n_values ? i : factor->n_values - 1];
        break;
    }
    }
    return mdl_param_round(param, value);
}

/* --- priors ------------------------------------------------------------------------------------------------------- */

static scn_factor_t factor_of(const mdl_param_t *param)
{
    static const scn_distribution_t distributions[] = {
        [MDL_PRIOR_UNIFORM] = SCN_UNIFORM, [MDL_PRIOR_LOGUNIFORM] = SCN_LOGUNIFORM, [MDL_PRIOR_NORMAL] = SCN_NORMAL};
    SIM_ASSERT(param->prior.kind != MDL_PRIOR_NONE);
    return (scn_factor_t){.param = mdl_params_find(param->key),
                          .distribution = distributions[param->prior.kind],
                          .a = param->prior.a,
                          .b = param->prior.b};
}

double scn_prior_value(const mdl_param_t *param, double place)
{
    scn_factor_t factor = factor_of(param);
    return value_at(&factor, place);
}

double scn_prior_place(const mdl_param_t *param, double value)
{
    scn_factor_t factor = factor_of(param);
    double place = 0;
    if (factor.distribution == SCN_NORMAL) {
        double below = normal_cdf((param->low - factor.a) / factor.b);
        double above = normal_cdf((param->high - factor.a) / factor.b);
        place = (normal_cdf((value - factor.a) / factor.b) - below) / (above - below);
    } else if (factor.distribution == SCN_LOGUNIFORM) {
        place = value > 0 ? sim_log(value / factor.a) / sim_log(factor.b / factor.a) : 0;
    } else {
        place = (value - factor.a) / (factor.b - factor.a);
    }
    return place < 0 ? 0 : place > 1 ? 1 : place;
}

bool scn_prior_holds(const mdl_param_t *param, double value)
{
    const mdl_prior_t *prior = &param->prior;
    bool normal = prior->kind == MDL_PRIOR_NORMAL;
    double low = normal ? prior->a - 4 * prior->b : prior->a, high = normal ? prior->a + 4 * prior->b : prior->b;
    return value >= low && value <= high;
}

bool scn_scenario_overrules(const scn_scenario_t *self, uint32_t arm, int32_t param)
{
    const scn_course_t *course = &self->courses[arm];
    if (scn_course_sets(course, param))
        return true;
    for (size_t i = 0; i < course->n_changes; i++)
        if (course->changes[i].param == param)
            return true;
    return false;
}

double scn_scenario_value(const scn_scenario_t *self, uint32_t arm, int32_t param)
{
    return mdl_params_get(&scn_scenario_input(self, arm, 0)->params, param);
}

/* Id of a factor from its key (FNV-1a): the same whatever other factors there are. */
static uint64_t factor_id(const scn_factor_t *factor)
{
    size_t n;
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const char *c = mdl_params_registry(&n)[factor->param].key; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
    return hash;
}

static double place(const scn_draft_t *draft, size_t point, const scn_factor_t *factor)
{
    sim_rng_t rng;
    sim_rng_at(&rng, draft->seed, point, factor_id(factor), PURPOSE_PLACE, 0);
    return sim_draw_uniform(&rng);
}

static void fill_mc(const scn_draft_t *draft, double *values, size_t points)
{
    size_t n = draft->factors.n;
    for (size_t point = 0; point < points; point++)
        for (size_t i = 0; i < n; i++)
            values[point * n + i] = value_at(&draft->factors.items[i], place(draft, point, &draft->factors.items[i]));
}

/* A random order of the slices 0 .. points - 1 (Fisher-Yates). */
static void shuffle(const scn_draft_t *draft, const scn_factor_t *factor, size_t *order, size_t points)
{
    sim_rng_t rng;
    sim_rng_at(&rng, draft->seed, 0, factor_id(factor), PURPOSE_SHUFFLE, 0);
    for (size_t i = 0; i < points; i++)
        order[i] = i;
    for (size_t i = points; i > 1; i--) {
        size_t k = (size_t)sim_draw_below(&rng, i);
        size_t kept = order[i - 1];
        order[i - 1] = order[k];
        order[k] = kept;
    }
}

static sim_status_t fill_lhs(const scn_draft_t *draft, double *values, size_t points)
{
    size_t n = draft->factors.n;
    size_t *order = malloc(points * sizeof *order);
    if (order == NULL)
        return SIM_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const scn_factor_t *factor = &draft->factors.items[i];
        shuffle(draft, factor, order, points);
        for (size_t point = 0; point < points; point++) {
            double u = ((double)order[point] + place(draft, point, factor)) / (double)points;
            values[point * n + i] = value_at(factor, u);
        }
    }
    free(order);
    return SIM_OK;
}

static sim_status_t fill_sobol(const scn_draft_t *draft, double *values, size_t points)
{
    size_t n = draft->factors.n;
    gsl_qrng *sequence = gsl_qrng_alloc(gsl_qrng_sobol, (unsigned)n);
    if (sequence == NULL)
        return SIM_ENOMEM;
    double u[SCN_SOBOL_DIMENSIONS];
    for (size_t point = 0; point < points; point++) {
        (void)gsl_qrng_get(sequence, u);
        for (size_t i = 0; i < n; i++)
            values[point * n + i] = value_at(&draft->factors.items[i], u[i]);
    }
    gsl_qrng_free(sequence);
    return SIM_OK;
}

static double level_value(const scn_factor_t *factor, size_t level, size_t levels)
{
    double middle = ((double)level + 0.5) / (double)levels;
    if (factor->distribution == SCN_NORMAL || factor->distribution == SCN_CHOICE)
        return value_at(factor, middle);
    return value_at(factor, (double)level / (double)(levels - 1));
}

static void fill_factorial(const scn_draft_t *draft, double *values, size_t points)
{
    size_t n = draft->factors.n;
    for (size_t point = 0; point < points; point++) {
        size_t rest = point;
        for (size_t i = n; i-- > 0;) {
            size_t levels = levels_of(draft, i);
            values[point * n + i] = level_value(&draft->factors.items[i], rest % levels, levels);
            rest /= levels;
        }
    }
}

sim_status_t scn_design_fill(const scn_draft_t *draft, double *values)
{
    size_t points = scn_design_points(draft);
    if (!draft->has_design || draft->factors.n == 0)
        return SIM_OK;
    switch (draft->method) {
    case SCN_METHOD_MC: fill_mc(draft, values, points); return SIM_OK;
    case SCN_METHOD_LHS: return fill_lhs(draft, values, points);
    case SCN_METHOD_SOBOL: return fill_sobol(draft, values, points);
    case SCN_METHOD_FACTORIAL: fill_factorial(draft, values, points); return SIM_OK;
    }
    return SIM_EINTERNAL;
}
