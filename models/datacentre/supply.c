// SPDX-License-Identifier: GPL-3.0-or-later
/* Where jobs come from: what the three kinds of supply have in common. */
#include "models/datacentre/state.h"
#include "models/workload/bundle.h"
#include "models/workload/stream.h"
#include "models/workload/training.h"

void mdl_dc_plan(mdl_dc_t *dc, uint32_t index)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[index];
    const mdl_workload_settings_t *workload = dc->workload;

    tenancy->bundle_gpus = mdl_bundle_gpus(workload, tenancy->granted_nodes);
    if (tenancy->job_class == MDL_JOB_TRAINING)
        mdl_training_plan(tenancy, workload);
    else if (tenancy->job_class == MDL_JOB_INFERENCE)
        mdl_service_set_lease(mdl_dc_service(dc, index), tenancy);
    else
        mdl_stream_plan(tenancy, mdl_dc_stream_settings(dc, tenancy));
}

void mdl_dc_supply(mdl_dc_t *dc, uint32_t index)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[index];
    double old_gap_s = tenancy->mean_gap_s;

    mdl_dc_plan(dc, index);
    if (tenancy->job_class == MDL_JOB_TRAINING)
        mdl_dc_supply_gangs(dc, index);
    else if (tenancy->job_class == MDL_JOB_INFERENCE)
        mdl_dc_supply_service(dc, index);
    else
        mdl_dc_supply_stream(dc, index, old_gap_s);
}
