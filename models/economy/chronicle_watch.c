// SPDX-License-Identifier: GPL-3.0-or-later
/* Levels of the market, the bank and cities that are told when they have moved by a step, with what may have moved them:
 * the events that enter the rule of the level. */
#include "models/economy/economy_state.h"

#define FOUR_WEEKS 0.4 /* gain of an exponential average over about four weeks, 2 / (4 + 1) */
#define OFFER_STEP 0.05
#define WEEKDAYS   7
#define CITY_DAY   4 /* the weekday after the one on which cities compete */

/* A gauge: the step after which it is told, and what may have moved it, with the days for which that counts. */
static const struct gauge {
    double step;
    bool relative; /* the step is a share of the level */
    double least;  /* step in any case */
    double gain;   /* of the average over weeks that stands for the level; 1: the level itself */
    struct way {
        mdl_ev_t told;
        int32_t days, n;
        mdl_ev_t causes[4];
    } up, down;
} gauges[MDL_GAUGES] = {
    [MDL_GAUGE_HYPE] =
        {0.1,
         false,
         0,
         1,
         {MDL_EV_HYPE_ROSE, 365, 2, {MDL_EV_HYPE_JUMP, MDL_EV_RENT_ROSE}},
         {MDL_EV_HYPE_FELL, 90, 3, {MDL_EV_RENT_FELL, MDL_EV_LAB_STOPPED_OPEN, MDL_EV_LAB_STOPPED_CASH}}},
    [MDL_GAUGE_CHIP] = {0.15,
                        true,
                        0,
                        FOUR_WEEKS,
                        {MDL_EV_CHIP_ROSE, 180, 3, {MDL_EV_EXPORT_RULE, MDL_EV_WAVE_GREW, MDL_EV_HYPE_ROSE}},
                        {MDL_EV_CHIP_FELL,
                         180,
                         4,
                         {MDL_EV_EXPORT_LICENCE, MDL_EV_WAVE_SHRANK, MDL_EV_DEFAULT_LOAN, MDL_EV_DEFAULT_COSTS}}},
    [MDL_GAUGE_RENT] =
        {0.15,
         true,
         0,
         FOUR_WEEKS,
         {MDL_EV_RENT_ROSE, 90, 3, {MDL_EV_LAB_REGISTERED, MDL_EV_LAB_RAISED, MDL_EV_HYPE_ROSE}},
         {MDL_EV_RENT_FELL, 90, 3, {MDL_EV_ENERGISED, MDL_EV_LAB_STOPPED_OPEN, MDL_EV_LAB_STOPPED_CASH}}},
    [MDL_GAUGE_WAVE] =
        {0.3,
         true,
         5,
         1,
         {MDL_EV_WAVE_GREW, 180, 4, {MDL_EV_HYPE_ROSE, MDL_EV_RENT_ROSE, MDL_EV_OFFER_RAISED, MDL_EV_ANNOUNCED}},
         {MDL_EV_WAVE_SHRANK, 180, 4, {MDL_EV_HYPE_FELL, MDL_EV_RENT_FELL, MDL_EV_CHIP_ROSE, MDL_EV_OFFER_CUT}}},
    [MDL_GAUGE_APPETITE] = {0.05,
                            false,
                            0,
                            1,
                            {MDL_EV_APPETITE_ROSE, 365, 1, {MDL_EV_HYPE_ROSE}},
                            {MDL_EV_APPETITE_FELL, 365, 2, {MDL_EV_BANK_LOSS, MDL_EV_HYPE_FELL}}},
    [MDL_GAUGE_HAIRCUT] = {0.05,
                           false,
                           0,
                           1,
                           {MDL_EV_HAIRCUT_ROSE, 365, 1, {MDL_EV_CHIP_FELL}},
                           {MDL_EV_HAIRCUT_FELL, 365, 1, {MDL_EV_CHIP_ROSE}}},
};

static void watch(mdl_step_t *step, mdl_gauge_t gauge, double seen)
{
    const struct gauge *g = &gauges[gauge];
    double *level = &step->chronicle->levels[gauge], *told = &step->chronicle->levels_told[gauge];
    if (!step->chronicle->began) {
        *level = *told = seen;
        return;
    }
    *level += g->gain * (seen - *level);
    double moved = *level - *told, least = g->relative ? g->step * fabs(*told) : g->step;
    if (moved == 0 || fabs(moved) < least || fabs(moved) < g->least)
        return;
    *told = *level;
    const struct way *way = moved > 0 ? &g->up : &g->down;
    (void)mdl_chronicle_tell(step, way->told, 0, mdl_chronicle_latest_of(step, way->causes, way->n, way->days), *level);
}

static void watch_market(mdl_step_t *step)
{
    const mdl_eco_t *eco = step->eco;
    watch(step, MDL_GAUGE_HYPE, mdl_hype_level(&eco->hype));
    watch(step, MDL_GAUGE_CHIP,
          (double)mdl_chips_price_fen(step->chips, step->tables->reference_type) / MDL_FEN_PER_YUAN);
    watch(step, MDL_GAUGE_RENT, (double)step->rental->index_fen / MDL_FEN_PER_YUAN);
    watch(step, MDL_GAUGE_WAVE, eco->recent_total);
    watch(step, MDL_GAUGE_APPETITE, step->bank->appetite);
    watch(step, MDL_GAUGE_HAIRCUT, mdl_bank_haircut(step->bank));
    step->chronicle->began = true;
}

/* An offer rises against rivals, who have announced more, or from nothing with a new budget; it falls as the city has
 * enough, or has spent its budget. */
static void watch_offer(mdl_step_t *step, uint32_t c)
{
    const mdl_city_state_t *city = &step->eco->cities[c];
    mdl_life_t *life = mdl_chronicle_life(step, MDL_WHO_CITY, c);
    double offer = mdl_city_offer(city, step->params, step->eco->above_trend), moved = offer - life->noted;
    if (fabs(moved) < OFFER_STEP)
        return;
    uint64_t raised = life->noted > 0 ? step->chronicle->by_tier[city->tier] : life->last;
    life->noted = offer;
    if (moved > 0)
        (void)mdl_chronicle_tell(step, MDL_EV_OFFER_RAISED, c, raised, offer);
    else
        (void)mdl_chronicle_tell(step, MDL_EV_OFFER_CUT, c, life->last, offer);
}

void mdl_chronicle_day(mdl_step_t *step)
{
    if (step->chronicle == NULL)
        return;
    bool first = !step->chronicle->began;
    if (first || step->day % WEEKDAYS == 0)
        watch_market(step);
    for (uint32_t c = 0; c < step->tables->n_cities && (first || step->day % WEEKDAYS == CITY_DAY); c++) {
        if (first)
            mdl_chronicle_life(step, MDL_WHO_CITY, c)->noted =
                mdl_city_offer(&step->eco->cities[c], step->params, step->eco->above_trend);
        else
            watch_offer(step, c);
    }
}
