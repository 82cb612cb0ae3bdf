// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/agents/frontier.h"
#include "models/params/rates.h"

static void hold_below_closed(mdl_frontier_t *self)
{
    if (self->open_log > self->closed_log)
        self->open_log = self->closed_log;
}

void mdl_frontier_init(mdl_frontier_t *self, const mdl_params_t *params)
{
    *self = (mdl_frontier_t){.open_log = params->frontier_open_start,
                             .closed_log = params->frontier_closed_start,
                             .open_exists = params->frontier_open};
    hold_below_closed(self);
}

void mdl_frontier_step(mdl_frontier_t *self, const mdl_params_t *params)
{
    self->open_exists = params->frontier_open;
    double grown = params->frontier_open_growth / MDL_DAYS_PER_YEAR;
    self->open_log += grown;
    if (self->open_exists)
        self->recipe_log += params->frontier_recipe_growth * grown;
    self->closed_log += params->frontier_closed_growth / MDL_DAYS_PER_YEAR;
    hold_below_closed(self);
}

void mdl_frontier_release(mdl_frontier_t *self, const mdl_params_t *params, double step_log)
{
    if (!self->open_exists || !(step_log > 0.0))
        return;
    self->open_log += step_log;
    self->recipe_log += params->frontier_recipe_share * step_log;
    hold_below_closed(self);
}

int64_t mdl_frontier_worth(const mdl_frontier_t *self, int64_t gpu_s)
{
    double worth = (double)gpu_s * sim_exp(self->recipe_log);
    return worth < (double)(INT64_MAX / 4) ? (int64_t)worth : INT64_MAX / 4;
}

double mdl_frontier_capability(double gpu_hours)
{
    return gpu_hours > 0.0 ? sim_log1p(gpu_hours) : 0.0;
}
