// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/hardware/power.h"

#include "models/hardware/cluster.h"

static int64_t whole(double x)
{
    return (int64_t)(x + 0.5);
}

void mdl_power_init(mdl_power_t *self, const mdl_gpu_type_t *type, double pue, const mdl_params_t *params)
{
    double idle_w = type->power_w * params->gpu_idle_draw;

    self->node_idle_w = whole(params->host_idle_w + MDL_NODE_GPUS * idle_w);
    double more_w = type->power_w - idle_w + (params->host_busy_w - params->host_idle_w) / MDL_NODE_GPUS;
    self->gpu_busy_w = more_w > 0 ? whole(more_w) : 0;
    self->pue_permille = whole(1000 * pue);
    self->base_ws = 0;
}

void mdl_power_turn(mdl_power_t *self, const mdl_power_t *factors, int64_t node_up_s, int64_t busy_gpu_s)
{
    int64_t drawn_ws = mdl_power_it_ws(self, node_up_s, busy_gpu_s);

    *self = *factors;
    self->base_ws = 0;
    self->base_ws = drawn_ws - mdl_power_it_ws(self, node_up_s, busy_gpu_s);
}
