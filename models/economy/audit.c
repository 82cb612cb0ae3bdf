// SPDX-License-Identifier: GPL-3.0-or-later
/* The full recount: money, chips, loans, contracts, jobs and energy, each book against the others. */
#include "models/economy/economy.h"
#include "models/economy/economy_state.h"

static sim_status_t audit_site(mdl_step_t *step, uint32_t i)
{
    const mdl_site_t *site = &step->sites[i];
    if (site->stopped)
        return SIM_OK;
    MDL_TRY(mdl_datacentre_audit(step->world, site->lp, step->err));
    if (site->offer == MDL_NO_OFFER)
        return SIM_OK;
    const mdl_offer_t *offer = mdl_rental_offer(step->rental, site->offer);
    if (site->open && offer->leased > (int32_t)site->nodes)
        return sim_fail(step->err, SIM_EINVARIANT, "sites", "site %u: %d nodes leased of %u", i, offer->leased,
                        site->nodes);
    if (offer->leased != site->leased)
        return sim_fail(step->err, SIM_EINVARIANT, "sites", "site %u: %d nodes leased; its offer counts %d", i,
                        site->leased, offer->leased);
    return SIM_OK;
}

/* Chips of a project: counters against lots, installed ones against the nodes of its site; and its marks. */
static sim_status_t audit_project(mdl_step_t *step, uint32_t i)
{
    const mdl_project_t *project = &step->projects[i];
    int64_t stock = mdl_lots_count(step->lots, project->account, -1, MDL_LOT_STOCK);
    int64_t installed = mdl_lots_count(step->lots, project->account, -1, MDL_LOT_INSTALLED);
    if (stock + installed != project->gpus_in)
        return sim_fail(step->err, SIM_EINVARIANT, "projects", "project %u: %lld GPUs in lots, %u counted", i,
                        (long long)(stock + installed), project->gpus_in);
    int64_t nodes = project->stage == MDL_STAGE_OPERATING ? step->sites[project->site].nodes : 0;
    if (installed != nodes * MDL_GPUS_PER_NODE)
        return sim_fail(step->err, SIM_EINVARIANT, "projects", "project %u: %lld GPUs installed in %lld nodes", i,
                        (long long)installed, (long long)nodes);
    uint8_t marks = mdl_project_marks(project);
    if (step->project_marks[i] != marks)
        return sim_fail(step->err, SIM_EINVARIANT, "projects", "project %u is marked %u; expected %u", i,
                        step->project_marks[i], marks);
    mdl_outline_t outline = mdl_project_outline(project);
    if (memcmp(&step->outlines[i], &outline, sizeof outline) != 0)
        return sim_fail(step->err, SIM_EINVARIANT, "projects", "the outline of project %u is not up to date", i);
    return SIM_OK;
}

/* What a platform has bought and not put up, against its lots. */
static sim_status_t audit_platform_chips(mdl_step_t *step, uint32_t platform)
{
    uint32_t account = step->eco->platform_account[platform];
    for (int32_t type = 0; type < (int32_t)step->tables->n_gpu_types; type++) {
        const mdl_platform_chips_t *chips = &step->eco->platform_chips[platform][type];
        int64_t stock = mdl_lots_count(step->lots, account, type, MDL_LOT_STOCK);
        int64_t awaited = stock + mdl_lots_count(step->lots, account, type, MDL_LOT_TRANSIT);
        if (stock != chips->stock || awaited != chips->awaited)
            return sim_fail(step->err, SIM_EINVARIANT, "platforms",
                            "platform %u awaits %u GPUs of type %d and has %u; in its lots there are %lld and %lld",
                            platform, chips->awaited, type, chips->stock, (long long)awaited, (long long)stock);
    }
    return SIM_OK;
}

static sim_status_t audit_pools(mdl_step_t *step, uint32_t platform)
{
    int64_t nodes = 0;
    for (uint32_t i = 0; i < step->eco->n_sites; i++) {
        const mdl_site_t *site = &step->sites[i];
        nodes += site->project == MDL_NO_PROJECT && site->platform == platform ? site->nodes : 0;
    }
    int64_t installed = mdl_lots_count(step->lots, step->eco->platform_account[platform], -1, MDL_LOT_INSTALLED);
    if (installed != nodes * MDL_GPUS_PER_NODE)
        return sim_fail(step->err, SIM_EINVARIANT, "platforms", "platform %u: %lld GPUs installed in %lld nodes",
                        platform, (long long)installed, (long long)nodes);
    return SIM_OK;
}

/* What tenants hold against their contracts. */
static sim_status_t audit_tenants(mdl_step_t *step)
{
    double booked = 0, contracts = 0;
    for (uint32_t t = 0; t < step->eco->n_tenants; t++)
        for (int wish = 0; wish < MDL_WISHES; wish++)
            booked += step->tenants[t].held[wish];
    for (uint32_t slot = 0; slot < step->rental->contracts_used; slot++) {
        const mdl_contract_t *contract = mdl_rental_contract(step->rental, slot);
        contracts += contract->number != 0 ? contract->nodes * contract->rate : 0;
    }
    double difference = booked - contracts;
    if (fabs(difference) > 1e-6 * (1 + contracts))
        return sim_fail(step->err, SIM_EINVARIANT, "tenants", "%g reference nodes held, contracts for %g", booked,
                        contracts);
    return SIM_OK;
}

/* Energy billed against the meters that were read. */
static sim_status_t audit_energy(mdl_step_t *step)
{
    int64_t billed = 0, by_grid = 0;
    for (uint32_t i = 0; i < step->eco->n_sites; i++)
        billed += step->sites[i].billed_wh;
    for (uint32_t p = 0; p < step->tables->n_provinces; p++)
        by_grid += step->eco->grid.billed_wh[p];
    if (billed != step->eco->tally.metered_wh || by_grid != billed + step->eco->tally.resold_wh)
        return sim_fail(step->err, SIM_EINVARIANT, "energy", "%lld Wh billed, %lld by the grid, %lld resold",
                        (long long)billed, (long long)by_grid, (long long)step->eco->tally.resold_wh);
    return SIM_OK;
}

/* Sums of use against the meters of all sites, which stay readable when a site has stopped: of those that have, and
 * what all had done when the recording interval began, which is less from then on. */
static sim_status_t audit_use(mdl_step_t *step)
{
    const mdl_eco_t *eco = step->eco;
    mdl_use_sums_t stopped = {0}, all = {0};
    const int64_t *gone = (const int64_t *)&eco->use_gone, *before = (const int64_t *)&eco->use_before;
    const int64_t *of_stopped = (const int64_t *)&stopped, *of_all = (const int64_t *)&all;
    bool begins = eco->interval.begins_s == step->now_s || mdl_eco_interval_ends(step);
    for (uint32_t i = 0; i < eco->n_sites; i++) {
        mdl_eco_count_site(step, &step->sites[i], &all);
        if (step->sites[i].stopped)
            mdl_eco_count_site(step, &step->sites[i], &stopped);
    }
    for (size_t i = 0; i < sizeof all / sizeof *of_all; i++)
        if (gone[i] != of_stopped[i] || before[i] < 0 || before[i] > of_all[i] || (begins && before[i] < of_all[i]))
            return sim_fail(step->err, SIM_EINVARIANT, "use",
                            "sum %zu: %lld of sites that have stopped, %lld of all when the interval began; recounted "
                            "%lld and %lld",
                            i, (long long)gone[i], (long long)before[i], (long long)of_stopped[i],
                            (long long)of_all[i]);
    return SIM_OK;
}

sim_status_t mdl_eco_audit(mdl_step_t *step)
{
    MDL_TRY(mdl_ledger_audit(step->ledger, step->err));
    MDL_TRY(mdl_lots_audit(step->lots, step->err));
    MDL_TRY(mdl_rental_audit(step->rental, step->err));
    MDL_TRY(mdl_bank_audit(step->bank, step->ledger, step->err));
    for (uint32_t b = 0; b < step->eco->n_brokers; b++)
        MDL_TRY(mdl_broker_audit(&step->brokers[b], step->lots, step->err));
    for (uint32_t i = 0; i < step->eco->n_sites; i++)
        MDL_TRY(audit_site(step, i));
    for (uint32_t i = 0; i < step->eco->n_projects; i++)
        MDL_TRY(audit_project(step, i));
    for (uint32_t p = 0; p < step->tables->n_platforms; p++) {
        MDL_TRY(audit_pools(step, p));
        MDL_TRY(audit_platform_chips(step, p));
    }
    MDL_TRY(audit_tenants(step));
    MDL_TRY(audit_use(step));
    return audit_energy(step);
}

sim_status_t mdl_economy_audit(sim_world_t *world, sim_error_t *err)
{
    mdl_step_t step;
    mdl_step_open(&step, world, sim_world_now(world), err);
    return mdl_eco_audit(&step);
}
