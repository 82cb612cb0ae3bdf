// SPDX-License-Identifier: GPL-3.0-or-later
/* Inference services: replicas that are added and taken away, all services of a centre at once. */
#include "models/datacentre/state.h"
#include "models/workload/service.h"

/* Draws for some days at once, at the address of the first, unless they have been drawn. */
static void draw_noise(const mdl_dc_t *dc, mdl_service_t *service, int64_t from_day)
{
    sim_rng_t rng;

    if (service->noise_from_day == from_day)
        return;
    service->noise_from_day = from_day;
    sim_lp_rng(dc->lp, &rng, service->entity, MDL_PURPOSE_JOB + MDL_JOB_INFERENCE, (uint64_t)from_day);
    mdl_service_noise(dc->workload, &rng, service->noise, MDL_NOISE_DAYS);
}

void mdl_dc_forget_noise(const mdl_dc_t *dc)
{
    for (uint32_t i = 0; i < dc->state->n_services; i++)
        dc->services[i].noise_from_day = -1;
    if (dc->state->serving == MDL_DC_SERVES_DRAWN)
        dc->state->serving = MDL_DC_SERVES;
}

static void resize_service(mdl_dc_t *dc, mdl_service_t *service, const mdl_dc_instant_t *instant)
{
    if (dc->workload->grain_s > 0)
        mdl_dc_resize_elastic(dc, service, instant);
    else
        mdl_dc_resize_replicas(dc, service, instant);
}

void mdl_dc_on_services_due(mdl_dc_t *dc, const sim_event_t *event)
{
    mdl_dc_instant_t instant = mdl_dc_service_instant(dc);

    (void)event;
    if (dc->state->serving != MDL_DC_SERVES_DRAWN)
        for (uint32_t i = 0; i < dc->state->n_services; i++)
            draw_noise(dc, &dc->services[i], instant.from_day);
    if (dc->workload->grain_s > 0)
        mdl_dc_resize_all_elastic(dc, &instant);
    else
        mdl_dc_resize_all_replicas(dc, &instant);
}

void mdl_dc_on_service_ready(mdl_dc_t *dc, const sim_event_t *event)
{
    dc->tenancies[event->entity].timer_s = SIM_NEVER;
    mdl_dc_supply_service(dc, event->entity);
}

void mdl_dc_supply_service(mdl_dc_t *dc, uint32_t index)
{
    mdl_tenancy_t *tenancy = &dc->tenancies[index];
    mdl_service_t *service = mdl_dc_service(dc, index);
    mdl_dc_instant_t instant = mdl_dc_service_instant(dc);

    draw_noise(dc, service, instant.from_day);
    if (tenancy->ready_s > dc->now_s) {
        if (tenancy->timer_s == SIM_NEVER)
            mdl_dc_set_timer(dc, index, MDL_DC_SERVICE_READY, tenancy->ready_s - dc->now_s);
        return;
    }
    resize_service(dc, service, &instant);
    if (dc->state->serving == MDL_DC_SERVES_NOBODY)
        mdl_dc_set_service_clock(dc, &instant, true, false);
}
