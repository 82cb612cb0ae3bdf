// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/agents/project.h"

#include "sim/draw.h"
#include "sim/math.h"
#include "sim/time.h"

const char *mdl_stage_name(mdl_stage_t stage)
{
    static const char *const names[MDL_STAGES] = {"announced", "approved",  "building",  "waiting",
                                                  "operating", "cancelled", "abandoned", "defaulted"};
    return names[stage];
}

bool mdl_stage_ended(mdl_stage_t stage)
{
    return stage >= MDL_STAGE_CANCELLED;
}

uint32_t mdl_project_nodes(const mdl_params_t *params, double rate, sim_rng_t *rng)
{
    double sigma = params->developers_size_sigma;
    double mu = sim_log(params->developers_size_mean) - sigma * sigma / 2;
    double pflops = sim_draw_lognormal(rng, mu, sigma);
    if (pflops < params->developers_size_min)
        pflops = params->developers_size_min;
    if (pflops > params->developers_size_max)
        pflops = params->developers_size_max;
    double gpus = pflops / (params->developers_pflops_per_reference * rate);
    double nodes = gpus / MDL_GPUS_PER_NODE + 0.5;
    return nodes < 1 ? 1 : (uint32_t)nodes;
}

int64_t mdl_project_stage_time(const mdl_params_t *params, bool experienced, sim_rng_t *rng)
{
    double mean_s = (double)params->developers_build_time_s / MDL_BUILD_STAGES;
    if (experienced)
        mean_s *= params->developers_experience_speed;
    return 1 + (int64_t)sim_draw_exponential(rng, mean_s);
}

double mdl_project_chance(double rate_per_week, int64_t passed_s)
{
    return -sim_expm1(-rate_per_week * (double)passed_s / (double)SIM_WEEK_S);
}

double mdl_project_giving_up(const mdl_params_t *params, int64_t passed_s)
{
    return -sim_expm1(-(double)passed_s / (double)params->developers_patience_s);
}

bool mdl_project_opens(const mdl_params_t *params, uint32_t gpus_in, uint32_t gpus_wanted, int64_t waited_s)
{
    if (gpus_in < MDL_GPUS_PER_NODE)
        return false;
    double have = (double)gpus_in / (double)gpus_wanted;
    if (have >= params->developers_open_share)
        return true;
    return waited_s >= params->developers_open_wait_s && have >= params->developers_open_share_late;
}

double mdl_project_ask_log(const mdl_params_t *params, double ask_yuan, double index_yuan, double occupancy,
                           int64_t passed_s)
{
    double weeks = (double)passed_s / (double)SIM_WEEK_S;
    double drift = params->developers_price_step * weeks * (occupancy - params->developers_target_occupancy);
    double pull = 0;
    if (index_yuan > 0 && ask_yuan > 0) {
        /* Who is full does not follow others down, who stands empty not up. */
        double weight = params->developers_hear * weeks, others = index_yuan / ask_yuan;
        bool full = occupancy >= params->developers_target_occupancy;
        if (full ? others > 1 : others < 1)
            pull = (weight > 1 ? 1 : weight) * sim_log(others);
    }
    return drift + pull;
}

double mdl_project_ask(double ask_yuan, double change, double floor_yuan)
{
    double ask = ask_yuan * change;
    return ask > floor_yuan ? ask : floor_yuan;
}

bool mdl_project_gives_up(const mdl_params_t *params, int64_t arrears_fen, int64_t capital_fen)
{
    return (double)arrears_fen > params->developers_arrears * (double)capital_fen;
}
