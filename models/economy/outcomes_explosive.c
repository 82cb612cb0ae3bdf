// SPDX-License-Identifier: GPL-3.0-or-later
/* The recursive Dickey-Fuller statistic of log rent over full cost (Phillips, Wu and Yu 2011): the largest t-statistic
 * of the level in a regression of the change on a constant and the level, over windows that start at the first week and
 * end anywhere after the shortest. Analysis has the complete tests; this one number rides along with each run. */
#include "models/economy/economy_state.h"

/* Sums of a regression of y on x. */
typedef struct sums {
    double n, x, y, xx, xy, yy;
} sums_t;

static double t_statistic(const sums_t *s)
{
    double sxx = s->xx - s->x * s->x / s->n;
    double sxy = s->xy - s->x * s->y / s->n;
    double syy = s->yy - s->y * s->y / s->n;
    if (sxx <= 0 || s->n < 4)
        return MDL_MISSING;
    double slope = sxy / sxx;
    double residual = syy - slope * sxy;
    return residual > 0 ? slope / sqrt(residual / (s->n - 2) / sxx) : MDL_MISSING;
}

double mdl_outcomes_sadf(const double *series, size_t n)
{
    double shortest = (double)n * 0.01 + 1.8 * sqrt((double)n); /* n (0.01 + 1.8 / sqrt n) */
    sums_t sums = {0};
    double largest = MDL_MISSING;
    for (size_t t = 1; t < n; t++) {
        double x = series[t - 1], y = series[t] - series[t - 1];
        sums.n += 1;
        sums.x += x;
        sums.y += y;
        sums.xx += x * x;
        sums.xy += x * y;
        sums.yy += y * y;
        double statistic = sums.n >= shortest ? t_statistic(&sums) : MDL_MISSING;
        if (statistic == statistic && !(largest >= statistic))
            largest = statistic;
    }
    return largest;
}

#define MOST_WEEKS 4096

double mdl_outcomes_explosive_rent(const sim_recorder_t *recorder)
{
    const sim_schema_t *schema = sim_recorder_schema(recorder);
    int32_t rent = sim_schema_find(schema, "", "rent_node_month");
    int32_t cost = sim_schema_find(schema, "", "full_cost_node_month");
    size_t n = 0, n_cost = 0, kept = 0;
    double series[MOST_WEEKS];
    if (rent < 0 || cost < 0)
        return MDL_MISSING;
    const double *rents = sim_recorder_values(recorder, (uint32_t)rent, &n);
    const double *costs = sim_recorder_values(recorder, (uint32_t)cost, &n_cost);
    for (size_t i = 0; i < n && i < n_cost && kept < MOST_WEEKS; i++)
        if (rents[i] > 0 && costs[i] > 0)
            series[kept++] = sim_log(rents[i] / costs[i]);
    return mdl_outcomes_sadf(series, kept);
}
