// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/agents/developer.h"

#include "models/params/purpose.h"
#include "sim/draw.h"
#include "sim/math.h"
#include "sim/time.h"

#define MONTHS_PER_YEAR 12.0

static double share(double x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

const char *mdl_developer_kind_name(mdl_developer_kind_t kind)
{
    static const char *const names[MDL_DEVELOPER_KINDS] = {"operator", "state_vehicle", "cross_industry",
                                                           "rent_seeker"};
    return names[kind];
}

int64_t mdl_developer_population(const mdl_params_t *params, mdl_developer_kind_t kind)
{
    const int64_t populations[MDL_DEVELOPER_KINDS] = {params->developers_operators, params->developers_state,
                                                      params->developers_entrants, params->developers_rent_seekers};
    return populations[kind];
}

void mdl_developer_init(mdl_developer_t *self, mdl_developer_kind_t kind, uint64_t ordinal, uint32_t n_cities,
                        sim_rng_t *rng)
{
    *self = (mdl_developer_t){.kind = kind};
    self->entity = sim_entity_id(0, MDL_ENTITY_DEVELOPER, (uint64_t)kind << 32 | ordinal);
    self->belief_u = sim_draw_uniform(rng);
    /* State vehicles are spread evenly: every city has its own before any has two. */
    self->home_city =
        kind == MDL_DEVELOPER_STATE ? (int32_t)(ordinal % n_cities) : (int32_t)sim_draw_below(rng, n_cities);
    self->look_day = (int32_t)sim_draw_below(rng, MDL_LOOK_DAYS);
}

static double annuity_of(const mdl_params_t *params, double years)
{
    double rate = params->developers_capital_cost;
    if (rate <= 0)
        return years * MONTHS_PER_YEAR;
    return MONTHS_PER_YEAR * (1 - sim_pow(1 + rate, -years)) / rate;
}

double mdl_developer_annuity(const mdl_params_t *params)
{
    return annuity_of(params, params->developers_life);
}

double mdl_developer_building_share(const mdl_params_t *params)
{
    if (params->developers_building_life <= params->developers_life)
        return 1;
    return mdl_developer_annuity(params) / annuity_of(params, params->developers_building_life);
}

static double monthly_margin(const mdl_prospect_t *p)
{
    double busy = p->occupancy * p->activity;
    double power = p->power_idle_yuan + busy * (p->power_busy_yuan - p->power_idle_yuan);
    return p->rent_yuan * p->occupancy - p->fixed_yuan - power;
}

double mdl_developer_npv(const mdl_params_t *params, const mdl_prospect_t *prospect, double annuity)
{
    (void)params;
    if (prospect->capital_yuan <= 0)
        return 0;
    return (monthly_margin(prospect) * annuity + prospect->building_left_yuan) / prospect->capital_yuan - 1;
}

double mdl_developer_installed_share(const mdl_params_t *params, mdl_developer_kind_t kind)
{
    return kind == MDL_DEVELOPER_RENT_SEEKER ? params->subsidy_visible_share : 1;
}

/* Chance that a project is audited at all, and found wanting, while it can be. */
static double expected_breach(const mdl_params_t *params, double installed, double use)
{
    if (installed >= params->audit_installed_min && use >= params->audit_utilisation_min)
        return 0;
    double years = (double)params->audit_period_s / (365.25 * (double)SIM_DAY_S);
    return -sim_expm1(-params->audit_hazard * years);
}

double mdl_developer_subsidy(const mdl_params_t *params, mdl_developer_kind_t kind, const mdl_prospect_t *prospect)
{
    double installed = mdl_developer_installed_share(params, kind);
    double use = installed * prospect->occupancy * prospect->activity;
    double linked = params->subsidy_utilisation_linked;
    double paid = (1 - linked) + linked * share(use / params->subsidy_utilisation_target);
    double kept = 1 - params->subsidy_clawback_share * expected_breach(params, installed, use);
    return prospect->grant_share * paid * kept;
}

double mdl_developer_motive(const mdl_params_t *params, mdl_developer_kind_t kind, const mdl_prospect_t *prospect,
                            double annuity)
{
    switch (kind) {
    case MDL_DEVELOPER_STATE:
        return params->developers_political_benefit * prospect->land_motive * prospect->state_hype;
    case MDL_DEVELOPER_ENTRANT: return params->developers_share_price_benefit * prospect->hype;
    case MDL_DEVELOPER_RENT_SEEKER: {
        double hidden = 1 - mdl_developer_installed_share(params, kind);
        double diverted = params->developers_diversion * prospect->loan_share * hidden;
        double resold = hidden * prospect->resale_yuan * annuity;
        return diverted + (prospect->capital_yuan > 0 ? resold / prospect->capital_yuan : 0);
    }
    default: return 0;
    }
}

double mdl_developer_merit(const mdl_params_t *params, mdl_developer_kind_t kind, const mdl_prospect_t *prospect,
                           double annuity)
{
    double built = mdl_developer_installed_share(params, kind);
    return built * mdl_developer_npv(params, prospect, annuity) + mdl_developer_subsidy(params, kind, prospect) +
           mdl_developer_motive(params, kind, prospect, annuity);
}

double mdl_developer_herding(const mdl_params_t *params, double recent)
{
    if (params->beliefs_control)
        return 1;
    return sim_pow((1 + recent) / (1 + params->developers_herding_normal), params->developers_herding);
}

double mdl_developer_most_hazard(const mdl_params_t *params, mdl_developer_kind_t kind, double herding)
{
    const double rates[MDL_DEVELOPER_KINDS] = {params->developers_rate_operator, params->developers_rate_state,
                                               params->developers_rate_entrant, params->developers_rate_rent_seeker};
    return rates[kind] * herding;
}

double mdl_developer_hazard(const mdl_params_t *params, mdl_developer_kind_t kind, double merit, double recent)
{
    double willing = sim_logistic((merit - params->developers_hurdle) / params->developers_scale);
    return mdl_developer_most_hazard(params, kind, mdl_developer_herding(params, recent)) * willing;
}

double mdl_developer_chip_limit(const mdl_params_t *params, const mdl_prospect_t *prospect, double annuity)
{
    (void)params;
    double value = monthly_margin(prospect) * annuity / 8;
    return value > 0 ? value : 0;
}
