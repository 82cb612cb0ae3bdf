// SPDX-License-Identifier: GPL-3.0-or-later
/* What the bank thinks: of an application, of collateral, of the times. */
#include "models/agents/bank.h"
#include "sim/draw.h"
#include "sim/math.h"
#include "sim/time.h"

#define WEEKS_PER_YEAR   52.1775
#define HIGHEST_APPETITE 1.5
#define HIGHEST_HAIRCUT  0.95

double mdl_bank_haircut(const mdl_bank_t *self)
{
    return self->haircut;
}

int64_t mdl_bank_collateral_fen(const mdl_bank_t *self, const mdl_params_t *params, int64_t gpu_value_fen,
                                int64_t other_value_fen)
{
    return mdl_money_share(gpu_value_fen, 1 - self->haircut) +
           mdl_money_share(other_value_fen, 1 - params->credit_building_haircut);
}

static double within(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* Most that the bank would lend on an application that passes, fen. */
static int64_t lendable_fen(const mdl_bank_t *self, const mdl_params_t *params,
                            const mdl_loan_application_t *application, int64_t need_fen)
{
    double share = within(params->credit_ltv * self->appetite, 0, params->credit_ltv_cap);
    int64_t by_cost = mdl_money_share(application->cost_fen, share);
    int64_t pledge = mdl_bank_collateral_fen(self, params, application->gpu_value_fen, application->other_value_fen);
    int64_t open = need_fen > pledge ? need_fen - pledge : 0;
    int64_t by_pledge = pledge + mdl_money_share(open, within(application->guarantee, 0, 1));
    int64_t most = by_cost < by_pledge ? by_cost : by_pledge;
    return most < need_fen ? most : need_fen;
}

mdl_loan_decision_t mdl_bank_decide(mdl_bank_t *self, const mdl_params_t *params,
                                    const mdl_loan_application_t *application, sim_rng_t *rng)
{
    double u = sim_draw_uniform(rng), guarantee = within(application->guarantee, 0, 1);
    double merit = application->npv_over_cost + params->credit_guarantee_weight * guarantee - params->credit_hurdle;
    double chance = sim_logistic(params->credit_slope * merit) * within(self->appetite, 0, 1);
    int64_t need_fen = application->cost_fen - application->own_funds_fen;
    self->n_applications++;
    if (need_fen <= 0)
        return (mdl_loan_decision_t){.reason = MDL_LOAN_NO_NEED};
    if (u >= chance)
        return (mdl_loan_decision_t){.reason = MDL_LOAN_NO_PROSPECT};
    int64_t amount_fen = lendable_fen(self, params, application, need_fen);
    if (amount_fen <= 0)
        return (mdl_loan_decision_t){.reason = MDL_LOAN_NO_COLLATERAL};
    double spread = params->credit_risk_spread * (1 - guarantee) * (2 - self->appetite);
    return (mdl_loan_decision_t){
        .reason = MDL_LOAN_GRANTED, .amount_fen = amount_fen, .rate_per_year = params->credit_base_rate + spread};
}

/* The peak fades towards today's price; the haircut grows with the fall from it. */
static void watch_chips(mdl_bank_t *self, const mdl_params_t *params, double price_fen)
{
    double kept = sim_exp(-(double)SIM_WEEK_S / (double)params->credit_peak_memory_s);
    double faded = price_fen + (self->chip_peak_fen - price_fen) * kept;
    self->chip_peak_fen = price_fen > self->chip_peak_fen ? price_fen : faded;
    double fall = self->chip_peak_fen > 0 ? 1 - price_fen / self->chip_peak_fen : 0;
    self->haircut = within(params->credit_haircut + params->credit_haircut_slope * fall, 0, HIGHEST_HAIRCUT);
}

void mdl_bank_update(mdl_bank_t *self, const mdl_params_t *params, double sentiment, int64_t chip_price_fen)
{
    double book_fen = (double)self->outstanding_fen + self->week_losses_fen;
    double lost = book_fen > 0 ? self->week_losses_fen / book_fen : 0;
    self->loss_memory = self->loss_memory * sim_exp(-params->credit_loss_memory / WEEKS_PER_YEAR) + lost;
    self->week_losses_fen = 0;
    double target =
        1 + params->credit_sentiment_weight * within(sentiment, -1, 1) - params->credit_loss_weight * self->loss_memory;
    target = within(target, 0, HIGHEST_APPETITE);
    self->appetite += params->credit_appetite_speed * (target - self->appetite);
    watch_chips(self, params, (double)chip_price_fen);
}
