// SPDX-License-Identifier: GPL-3.0-or-later
/* The chip market's day: channels release, platforms take their contracts, brokers land and ship, builders bid, owners
 * in distress sell, books clear, trades are paid and chips move. */
#include "models/economy/chip_day.h"

#define DELIVERIES 64 /* looked at in one go */

static void count_stock(mdl_step_t *step, const mdl_lot_t *lot)
{
    uint32_t platform = 0;
    while (step->eco->platform_account[platform] != lot->owner) {
        platform++;
        SIM_ASSERT(platform < step->tables->n_platforms);
    }
    step->eco->platform_chips[platform][lot->type].stock += (uint32_t)lot->count;
}

static sim_status_t deliver(mdl_step_t *step, uint32_t lot)
{
    mdl_lot_t here = *mdl_lots_get(step->lots, lot);
    mdl_lot_t to = {.state = MDL_LOT_STOCK, .owner = here.owner, .place = here.place};
    MDL_TRY(mdl_lots_move(step->lots, lot, here.count, &to, NULL, step->err));
    if (here.place == MDL_LOT_PLACE_NONE) { /* a platform's */
        count_stock(step, &here);
        return SIM_OK;
    }
    return mdl_project_received(step, &step->projects[here.place], here.count);
}

static sim_status_t deliver_all(mdl_step_t *step)
{
    uint32_t due[DELIVERIES];
    for (;;) {
        uint32_t n = mdl_lots_due(step->lots, mdl_step_date(step), due, DELIVERIES);
        uint32_t here = n < DELIVERIES ? n : DELIVERIES;
        for (uint32_t i = 0; i < here; i++)
            MDL_TRY(deliver(step, due[i]));
        if (n <= DELIVERIES)
            return SIM_OK;
    }
}

sim_status_t mdl_step_chips(mdl_step_t *step)
{
    mdl_chip_release_channels(step);
    for (uint32_t type = 0; type < step->tables->n_gpu_types; type++)
        step->eco->queue_gpus[type] = 0;
    uint32_t n = step->tables->n_platforms;
    for (uint32_t k = 0; k < n; k++)
        MDL_TRY(mdl_chip_serve_platform(step, (uint32_t)((k + (uint64_t)step->day) % n)));
    MDL_TRY(mdl_chip_offer_channels(step));
    for (uint32_t b = 0; b < step->eco->n_brokers; b++)
        MDL_TRY(mdl_chip_step_broker(step, &step->brokers[b]));
    MDL_TRY(mdl_chip_bid_builders(step));
    for (uint32_t k = 0; k < n; k++)
        MDL_TRY(mdl_chip_bid_platform(step, (uint32_t)((k + (uint64_t)step->day) % n)));
    MDL_TRY(mdl_chip_clear(step));
    return deliver_all(step);
}
