// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/hardware/failure.h"

#include "sim/draw.h"
#include "sim/time.h"

void mdl_failure_rates_init(mdl_failure_rates_t *self, const mdl_params_t *params)
{
    double per_year = params->node_failures_per_year;

    self->node_mean_s = per_year > 0 ? 365.0 * (double)SIM_DAY_S / per_year : 0;
    self->hard_share = params->hard_failure_share;
    self->hard_repair_s = (double)params->hard_repair_s;
    self->soft_repair_s = (double)params->soft_repair_s;
}

void mdl_failure_draw(const mdl_failure_rates_t *self, sim_rng_t *rng, uint32_t nodes, mdl_failure_t *failure)
{
    failure->delay_s = (int64_t)(sim_draw_exponential(rng, self->node_mean_s / nodes) + 0.5);
    failure->node = (uint32_t)sim_draw_below(rng, nodes);
    bool hard = sim_draw_bernoulli(rng, self->hard_share);
    failure->repair_s = 1 + (int64_t)sim_draw_exponential(rng, hard ? self->hard_repair_s : self->soft_repair_s);
}
