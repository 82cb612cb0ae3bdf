// SPDX-License-Identifier: GPL-3.0-or-later
/* Inference services: replicas that are added and taken away, all services of a centre at once. */
#include "models/datacentre/state.h"
#include "models/workload/service.h"

/* Draws for some days at once, at the address of the first. */
static void draw_noise(const mdl_dc_t *dc, mdl_tenancy_t *tenancy, int64_t from_day)
{
    sim_rng_t rng;

    tenancy->noise_from_day = (int32_t)from_day;
    mdl_dc_stand_at(dc, tenancy, (uint64_t)from_day, &rng);
    for (int i = 0; i < MDL_NOISE_DAYS; i++)
        tenancy->noise[i] = mdl_service_noise(dc->workload, &rng);
}

static inline double noise_of_the_day(const mdl_dc_t *dc, mdl_tenancy_t *tenancy)
{
    int64_t day = dc->now_s / SIM_DAY_S, from_day = day - day % MDL_NOISE_DAYS;

    if (tenancy->noise_from_day != from_day)
        draw_noise(dc, tenancy, from_day);
    return tenancy->noise[day - from_day];
}

static void resize_service(mdl_dc_t *dc, uint32_t index, double wave)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[index];
    const mdl_workload_settings_t *workload = dc->workload;
    mdl_service_load_t load;

    mdl_service_plan(tenancy, workload, mdl_dc_throughput(dc, tenancy), wave, noise_of_the_day(dc, tenancy), &load);
    tenancy->load_mgpu = load.load_mgpu;
    tenancy->needed_gpus = load.needed_gpus;
    if (workload->grain_s > 0)
        mdl_dc_resize_elastic(dc, index, &load);
    else
        mdl_dc_resize_replicas(dc, index, &load);
}

static void set_clock(mdl_dc_t *dc)
{
    int64_t interval_s = dc->workload->service_interval_s;

    dc->state->serving = true;
    mdl_dc_schedule(dc, interval_s - dc->now_s % interval_s, &(sim_event_t){.type = MDL_DC_SERVICES_DUE}, MDL_DC_DUE,
                    NULL);
}

/* Fetches the service that comes after the next one, and the next one's job. */
static inline void fetch_ahead(const mdl_dc_t *dc, uint32_t next)
{
    if (next == MDL_NONE)
        return;
    mdl_dc_fetch_job(dc, next);
    mdl_dc_fetch_tenancy(dc, dc->tenancies[next].next_service);
}

/* The clock stops when nobody serves. */
void mdl_dc_on_services_due(mdl_dc_t *dc, const sim_event_t *event)
{
    double wave = mdl_service_wave_at(dc->workload, dc->now_s);
    bool any = false;

    (void)event;
    for (uint32_t t = dc->state->first_service; t != MDL_NONE; t = dc->tenancies[t].next_service) {
        fetch_ahead(dc, dc->tenancies[t].next_service);
        if (dc->tenancies[t].ready_s > dc->now_s)
            continue;
        any = true;
        resize_service(dc, t, wave);
    }
    dc->state->serving = false;
    if (any)
        set_clock(dc);
}

void mdl_dc_on_service_ready(mdl_dc_t *dc, const sim_event_t *event)
{
    dc->tenancies[event->entity].timer_s = SIM_NEVER;
    mdl_dc_supply_service(dc, event->entity);
}

void mdl_dc_supply_service(mdl_dc_t *dc, uint32_t index)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[index];

    if (tenancy->ready_s > dc->now_s) {
        if (tenancy->timer_s == SIM_NEVER)
            mdl_dc_set_timer(dc, index, MDL_DC_SERVICE_READY, tenancy->ready_s - dc->now_s);
        return;
    }
    resize_service(dc, index, mdl_service_wave_at(dc->workload, dc->now_s));
    if (!dc->state->serving)
        set_clock(dc);
}
