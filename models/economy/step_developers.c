// SPDX-License-Identifier: GPL-3.0-or-later
/* Developers look around once a week, value a node at a few sites and announce projects. */
#include "models/economy/economy_state.h"

#include "models/agents/central.h"

#define LOOK_EVERY_S SIM_WEEK_S
#define MAX_SITES    32

static void forget_announcements(mdl_eco_t *eco, int64_t day)
{
    uint32_t *oldest = &eco->recent[day % MDL_RECENT_DAYS];
    eco->recent_total -= *oldest;
    *oldest = 0;
}

/* Draw of a city: demand of its province, hubs favoured while they are in force. */
static double city_weight(const mdl_step_t *step, uint32_t city)
{
    const mdl_province_t *province = &step->tables->provinces[step->eco->cities[city].province];
    uint32_t in_province = step->eco->cities_in[step->eco->cities[city].province];
    return (province->demand_weight / in_province + 1.0 / step->tables->n_cities) *
           mdl_central_hub_factor(step->params, province);
}

/* Cities that a developer looks at: its home, and for all but state vehicles some others. */
static uint32_t sites_seen(const mdl_step_t *step, const mdl_developer_t *developer, const double *weights,
                           int32_t *cities)
{
    uint32_t n = 0;
    cities[n++] = developer->home_city;
    if (developer->kind == MDL_DEVELOPER_STATE)
        return n;
    sim_rng_t rng;
    sim_rng_at(&rng, sim_world_seed(step->world), sim_world_replication(step->world), developer->entity,
               MDL_PURPOSE_DEVELOPER_SITE, (uint64_t)step->day);
    for (int64_t i = 0; i < step->params->cities_sites && n < MAX_SITES; i++)
        cities[n++] = (int32_t)sim_draw_categorical(&rng, weights, step->tables->n_cities);
    return n;
}

static sim_status_t look(mdl_step_t *step, uint32_t index, const double *weights)
{
    mdl_eco_t *eco = step->eco;
    const mdl_developer_t *developer = &step->developers[index];
    mdl_developer_kind_t kind = (mdl_developer_kind_t)developer->kind;
    mdl_belief_rule_t rule = mdl_beliefs_rule(&eco->beliefs, step->params, developer->belief_u);
    int32_t type = eco->best_type[rule][kind == MDL_DEVELOPER_STATE];
    if (type < 0 || (int64_t)developer->under_way >= step->params->developers_at_once)
        return SIM_OK;
    int32_t cities[MAX_SITES], best = -1;
    double best_merit = 0;
    mdl_prospect_t best_prospect = {0};
    uint32_t n = sites_seen(step, developer, weights, cities);
    for (uint32_t i = 0; i < n; i++) {
        mdl_prospect_t prospect;
        mdl_prospect_at(step, rule, cities[i], type, &prospect);
        double merit = mdl_developer_merit(step->params, kind, &prospect, eco->annuity);
        if (best < 0 || merit > best_merit) {
            best = cities[i];
            best_merit = merit;
            best_prospect = prospect;
        }
    }
    double per_year = mdl_developer_hazard(step->params, kind, best_merit, eco->recent_total);
    sim_rng_t rng;
    sim_rng_at(&rng, sim_world_seed(step->world), sim_world_replication(step->world), developer->entity,
               MDL_PURPOSE_DEVELOPER_ANNOUNCE, (uint64_t)step->day);
    double chance = -sim_expm1(-per_year * (double)LOOK_EVERY_S / (365.25 * (double)SIM_DAY_S));
    if (!sim_draw_bernoulli(&rng, chance))
        return SIM_OK;
    return mdl_project_announce(step, index, best, rule, best_merit, &best_prospect);
}

sim_status_t mdl_step_developers(mdl_step_t *step)
{
    double weights[MDL_MAX_CITIES];
    mdl_prospects_day(step);
    forget_announcements(step->eco, step->day);
    for (uint32_t c = 0; c < step->tables->n_cities; c++)
        weights[c] = city_weight(step, c);
    for (uint32_t i = 0; i < step->eco->n_developers; i++) {
        mdl_developer_t *developer = &step->developers[i];
        if (developer->next_look_s > step->now_s)
            continue;
        developer->next_look_s += LOOK_EVERY_S;
        MDL_TRY(look(step, i, weights));
    }
    return SIM_OK;
}
