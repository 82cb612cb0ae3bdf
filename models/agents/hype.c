// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/agents/hype.h"
#include "models/params/rates.h"

void mdl_hype_init(mdl_hype_t *self, const mdl_params_t *params)
{
    double background = params->hype_background;
    *self = (mdl_hype_t){.background = background, .venture = background, .credit = background, .state = background};
}

double mdl_hype_level(const mdl_hype_t *self)
{
    return self->background + self->story;
}

static double story_within(const mdl_hype_t *self, double story)
{
    double room = 1.0 - self->background;
    if (!(story > 0.0))
        return 0.0;
    return story < room ? story : room;
}

void mdl_hype_shock(mdl_hype_t *self, double value)
{
    self->story = story_within(self, self->story + value);
}

/* Growth of rent and exits of labs, averaged over `hype.momentum_memory`. Rent's growth over one day is held within 100
 * %, so that one odd quote cannot swamp the average. */
static void observe(mdl_hype_t *self, const mdl_params_t *params, const mdl_hype_env_t *env)
{
    double gain = mdl_day_gain(params->hype_momentum_memory_s);
    self->exits_per_year += gain * (env->lab_exit_share * MDL_DAYS_PER_YEAR - self->exits_per_year);
    if (env->rent_fen <= 0)
        return;
    double log_rent = sim_log((double)env->rent_fen);
    double growth = self->has_rent ? log_rent - self->log_rent : 0.0;
    growth = growth > 1.0 ? 1.0 : (growth < -1.0 ? -1.0 : growth);
    self->momentum_per_year += gain * (growth * MDL_DAYS_PER_YEAR - self->momentum_per_year);
    self->log_rent = log_rent;
    self->has_rent = true;
}

/* Disappointment: exits of labs, idle centres, rent below what pays; each 0 when all is well. */
static double disappointment(const mdl_hype_t *self, const mdl_params_t *params, const mdl_hype_env_t *env)
{
    double sum = params->hype_exit_weight * self->exits_per_year;
    if (env->idle_share > params->hype_idle_tolerated)
        sum += env->idle_share - params->hype_idle_tolerated;
    if (env->rent_fen > 0 && env->rent_fen < params->hype_low_rent_fen)
        sum += 1.0 - (double)env->rent_fen / (double)params->hype_low_rent_fen;
    return sum;
}

/* Logistic contagion towards full attention over one day, solved exactly: u / (u + (1 - u) exp(-rate t)). */
static double spread(double share, double rate_per_year)
{
    if (!(share > 0.0))
        return 0.0;
    double rest = (1.0 - share) * sim_exp(-rate_per_year / MDL_DAYS_PER_YEAR);
    return share / (share + rest);
}

void mdl_hype_step(mdl_hype_t *self, const mdl_params_t *params, const mdl_hype_env_t *env)
{
    observe(self, params, env);
    double room = 1.0 - self->background;
    double rate = params->hype_contagion + params->hype_momentum * self->momentum_per_year;
    double share = room > 0.0 ? spread(self->story / room, rate) : 0.0;
    double fade = params->hype_disappointment * disappointment(self, params, env) / MDL_DAYS_PER_YEAR;
    self->story = story_within(self, share * room * sim_exp(-fade));

    double level = mdl_hype_level(self);
    self->venture += mdl_day_gain(params->hype_venture_delay_s) * (level - self->venture);
    self->credit += mdl_day_gain(params->hype_credit_delay_s) * (level - self->credit);
    self->state += mdl_day_gain(params->hype_state_delay_s) * (level - self->state);
}
