// SPDX-License-Identifier: GPL-3.0-or-later
/* The day's first step: reads the meters of all data centres. Everything that is said about use comes from here. */
#include "models/economy/economy_state.h"

#include "models/params/rates.h"
#include "sim/fetch.h"

#define UTILISATION_MEMORY_S (30 * SIM_DAY_S)
#define SITES_AHEAD          4
#define NEW_S                (730 * SIM_DAY_S) /* how long a centre counts as new */

/* What the day added, in real GPU seconds. */
typedef struct reading {
    double powered, leased, allocated, busy, useful;
} reading_t;

static reading_t scaled(const mdl_datacentre_use_t *day, int64_t scale)
{
    return (reading_t){
        .powered = (double)(scale * day->powered_gpu_s),
        .leased = (double)(scale * day->leased_gpu_s),
        .allocated = (double)(scale * day->allocated_gpu_s),
        .busy = (double)(scale * day->busy_gpu_s),
        .useful = (double)(scale * day->useful_gpu_s),
    };
}

static void count_classes(mdl_interval_t *interval, const mdl_datacentre_use_t *day, int64_t scale)
{
    interval->service_load_gpu_s += (double)(scale * day->service_load_gpu_s);
    interval->service_met_gpu_s += (double)(scale * day->service_met_gpu_s);
    for (int c = 0; c < MDL_JOB_CLASSES; c++) {
        interval->busy_class_gpu_s[c] += (double)(scale * day->busy_by_class_gpu_s[c]);
        interval->jobs_submitted[c] += day->jobs_submitted[c];
        interval->jobs_started[c] += day->jobs_started[c];
        interval->jobs_finished[c] += day->jobs_finished[c];
        interval->wait_s[c] += day->wait_s[c];
    }
}

/* GPUs that a project was announced with: what a rack-up rate is measured against. */
static double planned_gpu_s(const mdl_step_t *step, const mdl_site_t *site, const reading_t *day)
{
    if (site->project == MDL_NO_PROJECT || site->nodes_max == 0)
        return day->powered;
    return (double)step->projects[site->project].nodes_planned * MDL_GPUS_PER_NODE * (double)SIM_DAY_S;
}

static void count_site(mdl_step_t *step, const mdl_site_t *site, const mdl_datacentre_use_t *use, const reading_t *day)
{
    mdl_interval_t *interval = &step->eco->interval;
    int owner = site->project == MDL_NO_PROJECT;
    interval->racked_gpu_s[owner] += day->powered; /* a node is racked here when its chips are in */
    interval->planned_gpu_s[owner] += planned_gpu_s(step, site, day);
    interval->powered_gpu_s[owner] += day->powered;
    interval->leased_gpu_s[owner] += day->leased;
    interval->allocated_gpu_s[owner] += day->allocated;
    interval->busy_gpu_s[owner] += day->busy;
    interval->useful_gpu_s[owner] += day->useful;
    bool new = site->project != MDL_NO_PROJECT && site->energised_s > 0 && site->energised_s > step->now_s - NEW_S;
    interval->new_busy_gpu_s += new ? day->busy : 0;
    interval->new_racked_gpu_s += new ? day->powered : 0;
    interval->type_busy_gpu_s[site->gpu_type] += day->busy;
    interval->type_powered_gpu_s[site->gpu_type] += day->powered;
    interval->province_powered_gpu_s[site->province] += day->powered;
    interval->province_leased_gpu_s[site->province] += day->leased;
    interval->province_busy_gpu_s[site->province] += day->busy;
    interval->metered_wh += (double)site->scale * (double)use->energy_metered_wh;
    count_classes(interval, use, site->scale);
}

/* Useful training goes to the labs in proportion to the nodes that they lease for it. */
static void share_training(mdl_step_t *step)
{
    for (uint32_t slot = 0; slot < step->rental->contracts_used; slot++) {
        const mdl_contract_t *contract = mdl_rental_contract(step->rental, slot);
        if (contract->number == 0 || contract->segment != MDL_SEGMENT_TRAINING)
            continue;
        const mdl_site_t *site = &step->sites[contract->centre];
        if (site->training_leased <= 0)
            continue;
        double useful = (double)site->training_work_gpu_s;
        double share = contract->nodes / site->training_leased;
        step->tenants[contract->tag / MDL_WISHES].useful_training_gpu_s += (int64_t)(useful * (share > 1 ? 1 : share));
    }
}

typedef struct province_day {
    double busy, powered;
} province_day_t;

static void smooth_provinces(mdl_step_t *step, const province_day_t *provinces)
{
    double gain = mdl_day_gain(UTILISATION_MEMORY_S);
    for (uint32_t p = 0; p < step->tables->n_provinces; p++) {
        double *smoothed = &step->eco->province_utilisation[p];
        if (provinces[p].powered <= 0) {
            *smoothed = -1;
            continue;
        }
        double today = provinces[p].busy / provinces[p].powered;
        *smoothed = *smoothed < 0 ? today : *smoothed + gain * (today - *smoothed);
    }
}

/* Busy share of leased time outside platforms: what builders reckon with for power and linked payments. */
static void smooth_activity(mdl_step_t *step, double busy, double leased)
{
    if (leased > 0)
        step->eco->activity += mdl_day_gain(UTILISATION_MEMORY_S) * (busy / leased - step->eco->activity);
}

/* A closed site is read once more and its LP ended. */
static void retire(mdl_step_t *step, mdl_site_t *site)
{
    step->eco->tally.jobs += (uint64_t)site->meter.jobs_submitted;
    mdl_datacentre_retire(step->world, site->lp, sim_world_now(step->world));
    site->stopped = true;
}

static void add_to_meter(mdl_site_meter_t *meter, const mdl_datacentre_use_t *day)
{
    meter->powered_gpu_s += day->powered_gpu_s;
    meter->leased_gpu_s += day->leased_gpu_s;
    meter->busy_gpu_s += day->busy_gpu_s;
    meter->energy_metered_wh += day->energy_metered_wh;
    for (int c = 0; c < MDL_JOB_CLASSES; c++)
        meter->jobs_submitted += day->jobs_submitted[c];
}

/* Takes a site's report of the day into the books; what its centre then needs is done. */
static sim_status_t read_site(mdl_step_t *step, mdl_site_t *site, bool in_quarter, reading_t *day)
{
    const mdl_datacentre_report_t *report = mdl_datacentre_report(step->world, site->lp);
    add_to_meter(&site->meter, &report->day);
    site->training_work_gpu_s = report->day.training_work_gpu_s;
    site->starts = 0;
    *day = scaled(&report->day, site->scale);
    site->idle = site->nodes == 0 && day->powered == 0 && site->open;
    count_site(step, site, &report->day, day);
    mdl_outcomes_site(step, site, &report->day, in_quarter);
    if (step->input->audit)
        MDL_TRY(mdl_datacentre_audit(step->world, site->lp, step->err));
    if (site->open && report->cramped)
        return mdl_datacentre_boundary(step->world, site->lp, step->err);
    if (!site->open)
        retire(step, site);
    return SIM_OK;
}

/* Starts to fetch the project of a site that is read soon. */
SIM_FETCH void fetch_project(const mdl_step_t *step, uint32_t site)
{
    if (site < step->eco->n_sites && step->sites[site].project != MDL_NO_PROJECT)
        __builtin_prefetch(&step->projects[step->sites[site].project]);
}

sim_status_t mdl_step_meters(mdl_step_t *step)
{
    province_day_t provinces[MDL_MAX_PROVINCES] = {{0}};
    double busy = 0, leased = 0;
    bool in_quarter = mdl_outcomes_in_quarter(step);
    for (uint32_t i = 0; i < step->eco->n_sites; i++) {
        mdl_site_t *site = &step->sites[i];
        fetch_project(step, i + SITES_AHEAD);
        if (site->stopped || (site->nodes == 0 && site->idle))
            continue;
        reading_t day;
        MDL_TRY(read_site(step, site, in_quarter, &day));
        if (site->project == MDL_NO_PROJECT)
            continue;
        provinces[site->province].busy += day.busy;
        provinces[site->province].powered += day.powered;
        busy += day.busy;
        leased += day.leased;
    }
    smooth_provinces(step, provinces);
    smooth_activity(step, busy, leased);
    share_training(step);
    return SIM_OK;
}
