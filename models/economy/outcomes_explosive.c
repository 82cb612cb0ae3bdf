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

static double *rent_gaps(const mdl_step_t *step)
{
    return sim_arena_at(sim_world_arena(step->world), step->eco->rent_gaps);
}

void mdl_outcomes_note_rent(mdl_step_t *step)
{
    double rent_yuan = (double)step->rental->index_fen / MDL_FEN_PER_YUAN;
    double cost_yuan = step->eco->view.full_cost_yuan;
    if (rent_yuan > 0 && cost_yuan > 0)
        rent_gaps(step)[step->eco->n_rent_gaps++] = sim_log(rent_yuan / cost_yuan);
}

double mdl_outcomes_explosive_rent(const mdl_step_t *step)
{
    return mdl_outcomes_sadf(rent_gaps(step), step->eco->n_rent_gaps);
}
