// SPDX-License-Identifier: GPL-3.0-or-later
/* What nodes draw: a floor per node that is up, and more per GPU that computes.
 *
 *     energy_it_ws = node_idle_w * node_seconds_up + gpu_busy_w * gpu_seconds_busy + base_ws
 *
 * Both factors are whole watts and both times whole seconds, so energy is exact in watt seconds and can be recounted.
 * Where the factors change, base_ws keeps what was drawn by those before.
 * Figures: board power from the GPU table, host share fitted to a DGX H100's 10.2 kW (T07).
 */
#ifndef MDL_POWER_H
#define MDL_POWER_H

#include "models/params/params.h"
#include "models/params/tables.h"

typedef struct mdl_power {
    int64_t node_idle_w; /* per node that is up: host and idle GPUs */
    int64_t gpu_busy_w;  /* more per busy GPU, its share of the host's load included; no less than nothing */
    int64_t pue_permille;
    int64_t base_ws; /* drawn so far over what the factors say; 0 where they have not changed */
} mdl_power_t;

/* The factors of a GPU type by these parameters; nothing has been drawn yet. pue >= 1 is kept in thousandths. */
void mdl_power_init(mdl_power_t *self, const mdl_gpu_type_t *type, double pue, const mdl_params_t *params);

/* Goes on with other factors, of which base_ws is not read: what was drawn in so many node seconds up and GPU seconds
 * busy stays, and only what follows is drawn by them. */
void mdl_power_turn(mdl_power_t *self, const mdl_power_t *factors, int64_t node_up_s, int64_t busy_gpu_s);

/* Energy of the IT equipment in watt seconds, from node seconds up and GPU seconds busy. */
static inline int64_t mdl_power_it_ws(const mdl_power_t *self, int64_t node_up_s, int64_t busy_gpu_s)
{
    return node_up_s * self->node_idle_w + busy_gpu_s * self->gpu_busy_w + self->base_ws;
}

/* The same in watt hours, rounded down. Neither time is negative: without a sign to mind divisions are shorter. */
static inline int64_t mdl_power_it_wh(const mdl_power_t *self, int64_t node_up_s, int64_t busy_gpu_s)
{
    return (int64_t)((uint64_t)mdl_power_it_ws(self, node_up_s, busy_gpu_s) / 3600);
}

/* What the grid's meter shows for it: times PUE. Watt hours, rounded down. */
static inline int64_t mdl_power_metered_wh(const mdl_power_t *self, int64_t it_wh)
{
    uint64_t wh = (uint64_t)it_wh, pue_permille = (uint64_t)self->pue_permille;

    return (int64_t)(wh / 1000 * pue_permille + wh % 1000 * pue_permille / 1000);
}

#endif
