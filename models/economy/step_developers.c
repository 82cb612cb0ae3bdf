// SPDX-License-Identifier: GPL-3.0-or-later
/* Developers look around once a week, value a node at a few sites and announce projects. */
#include "models/economy/economy_state.h"

#include "models/agents/central.h"
#include "sim/fetch.h"

#define AHEAD     4 /* developers before its turn that one is fetched */
#define MAX_SITES 32
#define ROUNDING  1.000001 /* so that rounding never decides */

/* What developers see on one day. */
typedef struct outlook {
    uint64_t seed, replication;
    bool seen;                               /* places have been looked at: only when a developer first asks */
    double weights[MDL_MAX_CITIES];          /* of cities, to look at */
    double west_weights[MDL_MAX_CITIES];     /* of those in the west, 0 for others */
    bool has_west;                           /* some of these are not 0 */
    double most_weekly[MDL_DEVELOPER_KINDS]; /* of one developer, announcements a week, rounded up */
} outlook_t;

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

static bool in_west(const mdl_step_t *step, uint32_t city)
{
    return step->eco->region[step->eco->cities[city].province] == MDL_ZONE_WEST;
}

/* Whether the rule on location leaves a developer the west only when it looks today. */
static bool must_go_west(const mdl_step_t *step, const mdl_developer_t *developer)
{
    if (step->params->location_west <= 0)
        return false;
    uint64_t project = sim_entity_id(developer->entity, MDL_ENTITY_PROJECT, developer->projects);
    sim_rng_t rng;
    sim_rng_at(&rng, sim_world_seed(step->world), sim_world_replication(step->world), developer->entity,
               MDL_PURPOSE_DEVELOPER_LOCATION, (uint64_t)step->day);
    double u[2] = {sim_draw_uniform(&rng), sim_draw_uniform(&rng)};
    return mdl_central_must_go_west(step->params, mdl_project_for_training(step, project, developer->kind), u);
}

static void see_places(const mdl_step_t *step, outlook_t *outlook)
{
    outlook->has_west = false;
    for (uint32_t c = 0; c < step->tables->n_cities; c++) {
        outlook->weights[c] = city_weight(step, c);
        outlook->west_weights[c] = in_west(step, c) ? outlook->weights[c] : 0;
        outlook->has_west = outlook->has_west || outlook->west_weights[c] > 0;
    }
    outlook->seen = true;
}

/* Cities that a developer looks at: its home, and for all but state vehicles some others; in the west only if it must.
 * Returns how many, which may be none. */
static uint32_t sites_seen(const mdl_step_t *step, const mdl_developer_t *developer, outlook_t *outlook,
                           int32_t *cities)
{
    uint32_t n = 0;
    if (!outlook->seen)
        see_places(step, outlook);
    bool west = outlook->has_west && must_go_west(step, developer);
    const double *weights = west ? outlook->west_weights : outlook->weights;
    if (!west || in_west(step, (uint32_t)developer->home_city))
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

static double weekly(double per_year)
{
    return per_year * (double)(MDL_LOOK_DAYS * SIM_DAY_S) / (365.25 * (double)SIM_DAY_S);
}

static void see_herd(const mdl_step_t *step, outlook_t *outlook)
{
    double herding = mdl_developer_herding(step->params, step->eco->recent_total);
    for (int kind = 0; kind < MDL_DEVELOPER_KINDS; kind++)
        outlook->most_weekly[kind] =
            ROUNDING * weekly(mdl_developer_most_hazard(step->params, (mdl_developer_kind_t)kind, herding));
}

/* The best of the cities it sees: where (-1: it sees none), and what a node looks like there. */
static double best_site(const mdl_step_t *step, const mdl_developer_t *developer, outlook_t *outlook,
                        mdl_belief_rule_t rule, int32_t *city, mdl_prospect_t *best)
{
    mdl_developer_kind_t kind = (mdl_developer_kind_t)developer->kind;
    int32_t type = step->eco->best_type[rule][kind == MDL_DEVELOPER_STATE], cities[MAX_SITES];
    double best_merit = 0;
    uint32_t n = sites_seen(step, developer, outlook, cities);
    *city = -1;
    for (uint32_t i = 0; i < n; i++) {
        mdl_prospect_t prospect;
        mdl_prospect_at(step, rule, cities[i], type, &prospect);
        double merit = mdl_developer_merit(step->params, kind, &prospect, step->eco->life_annuity);
        if (i == 0 || merit > best_merit) {
            *city = cities[i];
            best_merit = merit;
            *best = prospect;
        }
    }
    return best_merit;
}

/* Looks at sites only if the day's draw could lead to an announcement at all, which it seldom does: with a hazard h the
 * chance is 1 - exp(-h), less than h. */
static sim_status_t look(mdl_step_t *step, uint32_t index, outlook_t *outlook)
{
    mdl_eco_t *eco = step->eco;
    const mdl_developer_t *developer = &step->developers[index];
    mdl_developer_kind_t kind = (mdl_developer_kind_t)developer->kind;
    if ((int64_t)developer->under_way >= step->params->developers_at_once)
        return SIM_OK;
    double drawn = sim_uniform(sim_rng_word(outlook->seed, outlook->replication, developer->entity,
                                            MDL_PURPOSE_DEVELOPER_ANNOUNCE, (uint64_t)step->day));
    if (drawn > outlook->most_weekly[kind])
        return SIM_OK;
    mdl_belief_rule_t rule = mdl_beliefs_rule(&eco->beliefs, step->params, developer->belief_u);
    int32_t type = eco->best_type[rule][kind == MDL_DEVELOPER_STATE];
    if (type < 0)
        return SIM_OK;
    int32_t city;
    mdl_prospect_t prospect;
    double merit = best_site(step, developer, outlook, rule, &city, &prospect);
    if (city < 0)
        return SIM_OK;
    double per_year = mdl_developer_hazard(step->params, kind, merit, eco->recent_total);
    if (!(drawn < -sim_expm1(-weekly(per_year))))
        return SIM_OK;
    MDL_TRY(mdl_project_announce(step, index, city, rule, merit, &prospect));
    see_herd(step, outlook);
    return SIM_OK;
}

/* On the first day also those who would have looked the day before, which has no step. */
static sim_status_t look_first(mdl_step_t *step, outlook_t *outlook)
{
    for (uint32_t i = 0; i < step->eco->n_developers; i++)
        if (step->developers[i].look_day <= step->day)
            MDL_TRY(look(step, i, outlook));
    return SIM_OK;
}

/* Those whose day of the week it is. */
static sim_status_t look_today(mdl_step_t *step, outlook_t *outlook)
{
    const uint32_t *turns = sim_arena_at(sim_world_arena(step->world), step->eco->look_turns);
    int64_t today = step->day % MDL_LOOK_DAYS;
    uint32_t end = step->eco->look_from[today + 1];
    for (uint32_t i = step->eco->look_from[today]; i < end; i++) {
        if (i + AHEAD < end)
            sim_fetch(&step->developers[turns[i + AHEAD]], sizeof(mdl_developer_t));
        MDL_TRY(look(step, turns[i], outlook));
    }
    return SIM_OK;
}

sim_status_t mdl_step_developers(mdl_step_t *step)
{
    outlook_t outlook; /* not emptied: most days nobody looks at places */
    outlook.seen = false;
    outlook.seed = sim_world_seed(step->world);
    outlook.replication = sim_world_replication(step->world);
    mdl_prospects_day(step);
    forget_announcements(step->eco, step->day);
    see_herd(step, &outlook);
    return step->day == 1 ? look_first(step, &outlook) : look_today(step, &outlook);
}
