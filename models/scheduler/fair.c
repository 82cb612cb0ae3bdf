// SPDX-License-Identifier: GPL-3.0-or-later
/* Fair share: what a tenant has used counts against it and is forgotten with a half-life.
 *
 * source: the formulae of Slurm's multifactor priority plugin, classic fair share: F = 2^(-usage / share), both as parts
 * of all tenants' together.
 */
#include "models/scheduler/passes.h"
#include "sim/math.h"

#define LN_2 0.69314718055994530942

void mdl_fair_accrue(mdl_scheduler_t *self, uint32_t index)
{
    mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, index);
    uint32_t used_gpus = mdl_scheduler_holding(self, index)->used_gpus;
    double elapsed_s = (double)(self->now_s - tenant->usage_at_s), half_s = self->policy.fair_half_life_s;

    tenant->usage_at_s = self->now_s;
    if (half_s <= 0) {
        tenant->usage_gpu_s += elapsed_s * used_gpus;
        return;
    }
    double kept = sim_exp(-LN_2 * elapsed_s / half_s);
    tenant->usage_gpu_s = tenant->usage_gpu_s * kept + used_gpus * (1 - kept) * half_s / LN_2;
}

bool mdl_fair_review(mdl_scheduler_t *self, int64_t now_s)
{
    double usage_gpu_s = 0, shares = 0;

    if (now_s - self->priority_s < self->policy.priority_every_s)
        return false;
    self->priority_s = now_s;
    for (uint32_t t = 0; t < self->tenants; t++) {
        mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, t);
        if (!tenant->open)
            continue;
        mdl_fair_accrue(self, t);
        usage_gpu_s += tenant->usage_gpu_s;
        shares += tenant->share;
    }
    for (uint32_t t = 0; t < self->tenants; t++) {
        mdl_scheduler_tenant_t *tenant = mdl_scheduler_tenant(self, t);
        if (!tenant->open)
            continue;
        double part = usage_gpu_s > 0 ? tenant->usage_gpu_s / usage_gpu_s : 0;
        tenant->priority = self->policy.fair_weight * sim_exp(-LN_2 * part * shares / tenant->share);
    }
    return true;
}
