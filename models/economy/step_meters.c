// SPDX-License-Identifier: GPL-3.0-or-later
/* The day's first step: reads the meters of all data centres. Everything that is said about use comes from here. Of every
 * day it takes what somebody acts on; what is only recorded is counted once, when the recording interval ends. */
#include "models/economy/economy_state.h"

#include "models/params/rates.h"
#include "sim/fetch.h"

#define UTILISATION_MEMORY_S (30 * SIM_DAY_S)
#define NEW_S                (730 * SIM_DAY_S) /* how long a centre counts as new */
#define AHEAD                8                 /* sites before its turn that one is fetched */
#define USES_AHEAD           4                 /* sites before its turn that what a centre has counted is fetched */

/* Of all projects' centres. */
typedef struct centres_day {
    int64_t new_since_s; /* those energised later count as new */
    struct {
        int64_t busy, powered;
    } province[MDL_MAX_PROVINCES];
    int64_t busy, powered, leased, new_busy, new_powered;
    int64_t planned, planned_nodes; /* what projects were announced with: GPU seconds, and nodes that count all day */
} centres_day_t;

static void count_classes(mdl_use_sums_t *sums, const mdl_datacentre_use_t *use, int64_t scale)
{
    sums->service_load_gpu_s += scale * use->service_load_gpu_s;
    sums->service_met_gpu_s += scale * use->service_met_gpu_s;
    for (int c = 0; c < MDL_JOB_CLASSES; c++) {
        sums->busy_class_gpu_s[c] += scale * use->busy_by_class_gpu_s[c];
        sums->jobs_submitted[c] += use->jobs_submitted[c];
        sums->jobs_started[c] += use->jobs_started[c];
        sums->jobs_finished[c] += use->jobs_finished[c];
        sums->wait_s[c] += use->wait_s[c];
    }
}

static void count_use(mdl_use_sums_t *sums, const mdl_site_t *site, const mdl_datacentre_use_t *use)
{
    int owner = site->project == MDL_NO_PROJECT;
    int64_t scale = site->scale, busy = scale * use->busy_gpu_s, powered = scale * use->powered_gpu_s;
    sums->powered_gpu_s[owner] += powered;
    sums->leased_gpu_s[owner] += scale * use->leased_gpu_s;
    sums->allocated_gpu_s[owner] += scale * use->allocated_gpu_s;
    sums->busy_gpu_s[owner] += busy;
    sums->useful_gpu_s[owner] += scale * use->useful_gpu_s;
    sums->type_busy_gpu_s[site->gpu_type] += busy;
    sums->type_powered_gpu_s[site->gpu_type] += powered;
    sums->province_powered_gpu_s[site->province] += powered;
    sums->province_leased_gpu_s[site->province] += scale * use->leased_gpu_s;
    sums->province_busy_gpu_s[site->province] += busy;
    sums->metered_wh += scale * use->energy_metered_wh;
}

void mdl_eco_count_site(const mdl_step_t *step, const mdl_site_t *site, mdl_use_sums_t *sums)
{
    const mdl_datacentre_use_t *use = mdl_datacentre_use(step->world, site->lp, step->now_s);
    count_use(sums, site, use);
    count_classes(sums, use, site->scale);
}

static inline void count_centre(const mdl_site_t *site, const mdl_datacentre_reading_t *day, centres_day_t *centres)
{
    int64_t scale = site->scale, busy = scale * day->busy_gpu_s, powered = scale * day->powered_gpu_s;
    if (site->nodes_max == 0)
        centres->planned += powered;
    else
        centres->planned_nodes += site->nodes_planned;
    if (site->energised_s > centres->new_since_s) {
        centres->new_busy += busy;
        centres->new_powered += powered;
    }
    centres->province[site->province].busy += busy;
    centres->province[site->province].powered += powered;
    centres->busy += busy;
    centres->powered += powered;
    centres->leased += scale * day->leased_gpu_s;
}

static void count_centres(mdl_interval_t *interval, const centres_day_t *centres)
{
    interval->planned_gpu_s += centres->planned + centres->planned_nodes * MDL_GPUS_PER_NODE * SIM_DAY_S;
    interval->new_busy_gpu_s += centres->new_busy;
    interval->new_powered_gpu_s += centres->new_powered;
}

/* Useful training goes to the labs in proportion to the nodes that they lease for it. */
static void share_training(mdl_step_t *step)
{
    for (uint32_t slot = 0; (slot = mdl_rental_next_training(step->rental, slot)) != MDL_NO_CONTRACT; slot++) {
        const mdl_contract_t *contract = mdl_rental_contract(step->rental, slot);
        const mdl_site_t *site = &step->sites[contract->centre];
        if (site->training_leased <= 0)
            continue;
        double useful = (double)mdl_site_report(step, contract->centre)->day.training_work_gpu_s;
        double share = contract->nodes / site->training_leased;
        step->tenants[contract->tag / MDL_WISHES].useful_training_gpu_s += (int64_t)(useful * (share > 1 ? 1 : share));
    }
}

static void smooth_provinces(mdl_step_t *step, const centres_day_t *centres)
{
    double gain = mdl_day_gain(UTILISATION_MEMORY_S);
    for (uint32_t p = 0; p < step->tables->n_provinces; p++) {
        double *smoothed = &step->eco->province_utilisation[p];
        if (centres->province[p].powered <= 0) {
            *smoothed = -1;
            continue;
        }
        double today = (double)centres->province[p].busy / (double)centres->province[p].powered;
        *smoothed = *smoothed < 0 ? today : *smoothed + gain * (today - *smoothed);
    }
}

/* Busy share of leased time outside platforms: what builders reckon with for power and linked payments. */
static void smooth_activity(mdl_step_t *step, const centres_day_t *centres)
{
    if (centres->leased <= 0)
        return;
    double today = (double)centres->busy / (double)centres->leased;
    step->eco->activity += mdl_day_gain(UTILISATION_MEMORY_S) * (today - step->eco->activity);
}

/* A closed site is counted for good and its LP ended. */
static void retire(mdl_step_t *step, mdl_site_t *site)
{
    mdl_eco_count_site(step, site, &step->eco->use_gone);
    mdl_datacentre_retire(step->world, site->lp, sim_world_now(step->world));
    site->stopped = true;
}

/* What its centre then needs is done. */
static sim_status_t see_to_site(mdl_step_t *step, mdl_site_t *site, bool cramped)
{
    if (step->input->audit)
        MDL_TRY(mdl_datacentre_audit(step->world, site->lp, step->err));
    if (site->open && cramped)
        return mdl_datacentre_boundary(step->world, site->lp, step->err);
    if (!site->open)
        retire(step, site);
    return SIM_OK;
}

/* Takes a site's report of the day into the books. On most days nothing is written in it. */
static inline void read_site(mdl_step_t *step, mdl_site_t *site, const mdl_datacentre_reading_t *day, bool in_quarter,
                             centres_day_t *centres)
{
    if (site->starts != 0)
        site->starts = 0;
    if (site->nodes == 0)
        site->idle = day->powered_gpu_s == 0 && site->open;
    if (site->project != MDL_NO_PROJECT)
        count_centre(site, day, centres);
    if (in_quarter)
        mdl_outcomes_site(step, site, day);
}

static mdl_use_sums_t count_sites(const mdl_step_t *step)
{
    const mdl_site_t *end = step->sites + step->eco->n_sites;
    mdl_use_sums_t sums = step->eco->use_gone;
    for (const mdl_site_t *site = step->sites; site < end; site++) {
        if (end - site > USES_AHEAD)
            mdl_datacentre_fetch_use(step->world, site[USES_AHEAD].lp);
        if (!site->stopped)
            mdl_eco_count_site(step, site, &sums);
    }
    return sums;
}

/* What sites have done in the interval that ends: what they have since birth, less what they had when it began. */
static void count_interval(mdl_eco_t *eco, const mdl_use_sums_t *now)
{
    int64_t *use = (int64_t *)&eco->interval.use, *before = (int64_t *)&eco->use_before;
    const int64_t *sums = (const int64_t *)now;
    for (size_t i = 0; i < sizeof *now / sizeof *sums; i++) {
        use[i] = sums[i] - before[i];
        before[i] = sums[i];
    }
}

/* The report of the site AHEAD turns on, and of the one twice as far on the line that says where its report stands. */
SIM_FETCH void fetch_ahead(const mdl_step_t *step, const mdl_site_t *site)
{
    sim_fetch(site + 2 * AHEAD, SIM_LINE_BYTES);
    sim_fetch(mdl_datacentre_report(step->world, site[AHEAD].lp), SIM_LINE_BYTES);
}

sim_status_t mdl_step_meters(mdl_step_t *step)
{
    /* What stands from the first day is not new. */
    centres_day_t centres = {.new_since_s = step->now_s > NEW_S ? step->now_s - NEW_S : 0};
    bool in_quarter = mdl_outcomes_in_quarter(step), audit = step->input->audit;
    const mdl_site_t *end = step->sites + step->eco->n_sites;
    for (mdl_site_t *site = step->sites; site < end; site++) {
        if (site->stopped || (site->nodes == 0 && site->idle))
            continue;
        if (end - site > 2 * AHEAD)
            fetch_ahead(step, site);
        const mdl_datacentre_report_t *report = mdl_datacentre_report(step->world, site->lp);
        read_site(step, site, &report->day, in_quarter, &centres);
        if (audit || report->cramped || !site->open)
            MDL_TRY(see_to_site(step, site, report->cramped));
    }
    count_centres(&step->eco->interval, &centres);
    if (mdl_eco_interval_ends(step)) {
        mdl_use_sums_t now = count_sites(step);
        count_interval(step->eco, &now);
    }
    mdl_outcomes_use(step, centres.busy, centres.powered);
    smooth_provinces(step, &centres);
    smooth_activity(step, &centres);
    share_training(step);
    return SIM_OK;
}
