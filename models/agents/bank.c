// SPDX-License-Identifier: GPL-3.0-or-later
/* The loan book: granting, servicing, reviewing, recovering. What the bank thinks: bank_appetite.c. */
#include "models/agents/bank.h"

#include "sim/time.h"

#include <string.h>

#define MONTHS_PER_YEAR 12.0
#define DAYS_PER_MONTH  30.4375

size_t mdl_bank_bytes(uint32_t loans)
{
    return sizeof(mdl_bank_t) + (size_t)loans * sizeof(mdl_loan_t);
}

void mdl_bank_init(mdl_bank_t *self, const mdl_params_t *params, uint32_t account, uint64_t entity, uint32_t loans,
                   int64_t chip_price_fen)
{
    memset(self, 0, mdl_bank_bytes(loans));
    self->account = account;
    self->entity = entity;
    self->capacity = loans;
    self->free = MDL_NO_LOAN;
    self->appetite = 1;
    self->chip_peak_fen = (double)chip_price_fen;
    self->haircut = params->credit_haircut;
}

void mdl_bank_grow_into(mdl_bank_t *self, uint32_t loans, const mdl_bank_t *from)
{
    SIM_ASSERT(loans >= from->capacity);
    memset(self, 0, mdl_bank_bytes(loans));
    memcpy(self, from, mdl_bank_bytes(from->used));
    self->capacity = loans;
}

/* A slot never used, or that of a loan closed long ago. */
static uint32_t take_slot(mdl_bank_t *self)
{
    if (self->used < self->capacity)
        return self->used++;
    uint32_t slot = self->free;
    if (slot != MDL_NO_LOAN)
        self->free = self->loans[slot].next_free;
    return slot;
}

static void close_loan(mdl_bank_t *self, uint32_t number)
{
    mdl_loan_t *loan = &self->loans[number];
    loan->status = MDL_LOAN_CLOSED;
    loan->arrears_interest_fen = 0;
    loan->arrears_principal_fen = 0;
    loan->next_free = self->free;
    self->free = number;
    self->live--;
}

sim_status_t mdl_bank_grant(mdl_bank_t *self, mdl_ledger_t *ledger, const mdl_params_t *params,
                            const mdl_loan_application_t *application, const mdl_loan_decision_t *decision, int64_t day,
                            uint32_t *loan, sim_error_t *err)
{
    uint32_t slot = take_slot(self);
    if (slot == MDL_NO_LOAN)
        return sim_fail(err, SIM_ELIMIT, "bank", "no room for another loan; %u are open, the bound", self->capacity);
    sim_status_t status = mdl_ledger_lend(ledger, self->account, application->borrower, decision->amount_fen, err);
    if (status != SIM_OK)
        return status;
    self->loans[slot] = (mdl_loan_t){.borrower = application->borrower,
                                     .tag = application->tag,
                                     .status = MDL_LOAN_LIVE,
                                     .original_fen = decision->amount_fen,
                                     .principal_fen = decision->amount_fen,
                                     .start_day = day,
                                     .end_day = day + params->credit_term_s / SIM_DAY_S,
                                     .grace_day = day + params->credit_grace_s / SIM_DAY_S,
                                     .rate_per_year = decision->rate_per_year,
                                     .next_free = MDL_NO_LOAN};
    self->live++;
    self->n_granted++;
    self->lent_fen += decision->amount_fen;
    self->outstanding_fen += decision->amount_fen;
    *loan = slot;
    return SIM_OK;
}

int64_t mdl_bank_interest_due_fen(const mdl_bank_t *self, uint32_t loan)
{
    return mdl_money_share(self->loans[loan].principal_fen, self->loans[loan].rate_per_year / MONTHS_PER_YEAR);
}

int64_t mdl_bank_instalment_due_fen(const mdl_bank_t *self, uint32_t number, int64_t day)
{
    const mdl_loan_t *loan = &self->loans[number];
    int64_t scheduled_fen = loan->principal_fen - loan->arrears_principal_fen;
    if (loan->status == MDL_LOAN_CALLED || day >= loan->end_day)
        return scheduled_fen;
    if (day < loan->grace_day)
        return 0;
    double months_left = (double)(loan->end_day - day) / DAYS_PER_MONTH;
    return mdl_money_share(scheduled_fen, months_left > 1 ? 1 / months_left : 1);
}

/* Principal leaves the loan by a repayment of at most the borrower's deposit. */
static sim_status_t repay(mdl_bank_t *self, mdl_ledger_t *ledger, mdl_loan_t *loan, int64_t wanted_fen,
                          int64_t *paid_fen, sim_error_t *err)
{
    int64_t has = mdl_ledger_deposit_fen(ledger, loan->borrower);
    int64_t amount = wanted_fen < loan->principal_fen ? wanted_fen : loan->principal_fen;
    amount = amount < has ? amount : has;
    amount = amount > 0 ? amount : 0;
    *paid_fen = amount;
    sim_status_t status = mdl_ledger_repay(ledger, self->account, loan->borrower, amount, err);
    if (status != SIM_OK)
        return status;
    loan->principal_fen -= amount;
    if (loan->arrears_principal_fen > loan->principal_fen)
        loan->arrears_principal_fen = loan->principal_fen;
    self->outstanding_fen -= amount;
    return SIM_OK;
}

static int64_t all_interest_fen(const mdl_bank_t *self, const mdl_params_t *params, uint32_t number)
{
    const mdl_loan_t *loan = &self->loans[number];
    double late_rate = loan->rate_per_year * params->credit_late_share / MONTHS_PER_YEAR;
    return loan->arrears_interest_fen + mdl_bank_interest_due_fen(self, number) +
           mdl_money_share(loan->arrears_principal_fen, late_rate);
}

int64_t mdl_bank_due_fen(const mdl_bank_t *self, const mdl_params_t *params, uint32_t number, int64_t day)
{
    return all_interest_fen(self, params, number) + self->loans[number].arrears_principal_fen +
           mdl_bank_instalment_due_fen(self, number, day);
}

static sim_status_t collect_interest(mdl_bank_t *self, mdl_ledger_t *ledger, const mdl_params_t *params,
                                     uint32_t number, int64_t *paid_fen, sim_error_t *err)
{
    mdl_loan_t *loan = &self->loans[number];
    int64_t due = all_interest_fen(self, params, number);
    sim_status_t status =
        mdl_ledger_pay_up_to(ledger, MDL_FLOW_INTEREST, loan->borrower, self->account, due, paid_fen, err);
    if (status != SIM_OK)
        return status;
    loan->arrears_interest_fen = due - *paid_fen;
    loan->interest_paid_fen += *paid_fen;
    self->interest_fen += *paid_fen;
    return SIM_OK;
}

sim_status_t mdl_bank_service(mdl_bank_t *self, mdl_ledger_t *ledger, const mdl_params_t *params, uint32_t number,
                              int64_t day, int64_t *paid_fen, sim_error_t *err)
{
    mdl_loan_t *loan = &self->loans[number];
    int64_t interest_fen = 0, principal_fen = 0;
    SIM_ASSERT(loan->status == MDL_LOAN_LIVE || loan->status == MDL_LOAN_CALLED);
    sim_status_t status = collect_interest(self, ledger, params, number, &interest_fen, err);
    if (status != SIM_OK)
        return status;
    int64_t due = loan->arrears_principal_fen + mdl_bank_instalment_due_fen(self, number, day);
    status = repay(self, ledger, loan, due, &principal_fen, err);
    if (status != SIM_OK)
        return status;
    self->repaid_fen += principal_fen;
    loan->arrears_principal_fen = due - principal_fen;
    bool in_arrears = loan->arrears_interest_fen > 0 || loan->arrears_principal_fen > 0;
    loan->months_in_arrears = in_arrears ? loan->months_in_arrears + 1 : 0;
    if (paid_fen != NULL)
        *paid_fen = interest_fen + principal_fen;
    if (loan->principal_fen == 0 && !in_arrears)
        close_loan(self, number);
    return SIM_OK;
}

static bool covered(const mdl_bank_t *self, const mdl_params_t *params, uint32_t number,
                    const mdl_loan_review_t *review)
{
    double unsupported = 1 - (review->guarantee < 1 ? review->guarantee : 1);
    int64_t cover_fen = mdl_bank_collateral_fen(self, params, review->gpu_value_fen, review->other_value_fen);
    return (double)cover_fen >= params->credit_covenant_cover * unsupported * (double)self->loans[number].principal_fen;
}

static bool in_breach(const mdl_bank_t *self, const mdl_params_t *params, uint32_t number, int64_t day,
                      const mdl_loan_review_t *review)
{
    const mdl_loan_t *loan = &self->loans[number];
    double unsupported = 1 - (review->guarantee < 1 ? review->guarantee : 1);
    int64_t service_fen = mdl_bank_interest_due_fen(self, number) + mdl_bank_instalment_due_fen(self, number, day);
    double short_fen = params->credit_covenant_dscr * (double)service_fen - (double)review->operating_cash_fen;
    if (day >= loan->grace_day && unsupported > 0 && short_fen * unsupported > 0)
        return true;
    return !covered(self, params, number, review);
}

mdl_loan_status_t mdl_bank_review(mdl_bank_t *self, const mdl_params_t *params, uint32_t number, int64_t day,
                                  const mdl_loan_review_t *review)
{
    mdl_loan_t *loan = &self->loans[number];
    if (loan->status != MDL_LOAN_LIVE && loan->status != MDL_LOAN_CALLED)
        return (mdl_loan_status_t)loan->status;
    if (loan->months_in_arrears >= params->credit_arrears_months || loan->status == MDL_LOAN_CALLED)
        return MDL_LOAN_DEFAULTED;
    loan->breaches = in_breach(self, params, number, day, review) ? loan->breaches + 1 : 0;
    if (loan->breaches >= params->credit_covenant_months)
        loan->status = MDL_LOAN_CALLED;
    return (mdl_loan_status_t)loan->status;
}

bool mdl_bank_extends(const mdl_bank_t *self, const mdl_params_t *params, uint32_t number,
                      const mdl_loan_review_t *review)
{
    return params->credit_extension_s > 0 && review->guarantee > 0 && covered(self, params, number, review);
}

sim_status_t mdl_bank_extend(mdl_bank_t *self, mdl_ledger_t *ledger, const mdl_params_t *params, uint32_t number,
                             int64_t day, sim_error_t *err)
{
    mdl_loan_t *loan = &self->loans[number];
    int64_t owed_fen = loan->arrears_interest_fen, paid_fen = 0;
    SIM_ASSERT(loan->status == MDL_LOAN_LIVE || loan->status == MDL_LOAN_CALLED);
    sim_status_t status = mdl_ledger_lend(ledger, self->account, loan->borrower, owed_fen, err);
    if (status == SIM_OK)
        status =
            mdl_ledger_pay_up_to(ledger, MDL_FLOW_INTEREST, loan->borrower, self->account, owed_fen, &paid_fen, err);
    if (status != SIM_OK)
        return status;
    SIM_ASSERT(paid_fen == owed_fen);
    loan->principal_fen += owed_fen;
    loan->interest_paid_fen += owed_fen;
    self->outstanding_fen += owed_fen;
    self->interest_fen += owed_fen;
    self->lent_fen += owed_fen;
    loan->arrears_interest_fen = loan->arrears_principal_fen = 0;
    loan->months_in_arrears = loan->breaches = 0;
    loan->status = MDL_LOAN_LIVE;
    loan->grace_day = day + params->credit_extension_s / SIM_DAY_S;
    loan->end_day = (loan->end_day > day ? loan->end_day : day) + params->credit_extension_s / SIM_DAY_S;
    loan->extensions++;
    return SIM_OK;
}

void mdl_bank_default(mdl_bank_t *self, uint32_t number, int64_t day)
{
    mdl_loan_t *loan = &self->loans[number];
    SIM_ASSERT(loan->status == MDL_LOAN_LIVE || loan->status == MDL_LOAN_CALLED);
    loan->status = MDL_LOAN_DEFAULTED;
    loan->default_day = day;
    self->defaulted_fen += loan->principal_fen;
    self->n_defaults++;
}

static double weeks_since_default(const mdl_loan_t *loan, int64_t day)
{
    return (double)((day - loan->default_day) * SIM_DAY_S) / (double)SIM_WEEK_S;
}

int64_t mdl_bank_reserve_fen(const mdl_bank_t *self, const mdl_params_t *params, uint32_t loan, int64_t day,
                             int64_t chip_price_fen)
{
    double kept = 1 - params->credit_auction_markdown * weeks_since_default(&self->loans[loan], day);
    return kept > 0 ? mdl_money_share(chip_price_fen, params->credit_auction_reserve * kept) : 0;
}

bool mdl_bank_gives_up(const mdl_bank_t *self, const mdl_params_t *params, uint32_t loan, int64_t day)
{
    return weeks_since_default(&self->loans[loan], day) >= (double)params->credit_auction_weeks;
}

sim_status_t mdl_bank_recover(mdl_bank_t *self, mdl_ledger_t *ledger, uint32_t number, int64_t amount_fen,
                              int64_t *taken_fen, sim_error_t *err)
{
    mdl_loan_t *loan = &self->loans[number];
    int64_t taken = 0;
    SIM_ASSERT(loan->status != MDL_LOAN_FREE && loan->status != MDL_LOAN_CLOSED);
    sim_status_t status = repay(self, ledger, loan, amount_fen, &taken, err);
    if (status != SIM_OK)
        return status;
    loan->recovered_fen += taken;
    self->recovered_fen += taken;
    if (taken_fen != NULL)
        *taken_fen = taken;
    if (loan->principal_fen == 0)
        close_loan(self, number);
    return SIM_OK;
}

sim_status_t mdl_bank_write_off(mdl_bank_t *self, mdl_ledger_t *ledger, uint32_t number, sim_error_t *err)
{
    mdl_loan_t *loan = &self->loans[number];
    int64_t rest = loan->principal_fen;
    SIM_ASSERT(loan->status != MDL_LOAN_FREE && loan->status != MDL_LOAN_CLOSED);
    sim_status_t status = mdl_ledger_write_off(ledger, MDL_POSITION_LOAN, self->account, loan->borrower, rest, err);
    if (status != SIM_OK)
        return status;
    loan->principal_fen = 0;
    loan->written_off_fen += rest;
    self->outstanding_fen -= rest;
    self->written_off_fen += rest;
    self->week_losses_fen += (double)rest;
    close_loan(self, number);
    return SIM_OK;
}

int64_t mdl_bank_bad_fen(const mdl_bank_t *self, const mdl_params_t *params)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < self->used; i++) {
        const mdl_loan_t *loan = &self->loans[i];
        bool late = loan->status == MDL_LOAN_LIVE && loan->months_in_arrears >= params->credit_arrears_months;
        bool again = loan->extensions > 1;
        if (late || again || loan->status == MDL_LOAN_CALLED || loan->status == MDL_LOAN_DEFAULTED)
            sum += loan->principal_fen;
    }
    return sum;
}

sim_status_t mdl_bank_audit(const mdl_bank_t *self, const mdl_ledger_t *ledger, sim_error_t *err)
{
    int64_t sum = 0;
    uint32_t live = 0;
    for (uint32_t i = 0; i < self->used; i++) {
        const mdl_loan_t *loan = &self->loans[i];
        bool open = loan->status != MDL_LOAN_FREE && loan->status != MDL_LOAN_CLOSED;
        if (loan->principal_fen < 0 || (!open && loan->principal_fen != 0))
            return sim_fail(err, SIM_EINVARIANT, "bank", "loan %u has a principal of %lld fen in status %d", i,
                            (long long)loan->principal_fen, loan->status);
        sum += loan->principal_fen;
        live += open;
    }
    int64_t booked = -mdl_ledger_debt_fen(ledger, self->account);
    if (sum != self->outstanding_fen || sum != booked || live != self->live)
        return sim_fail(err, SIM_EINVARIANT, "bank", "%u loans of %lld fen; counted %u of %lld, the ledger has %lld",
                        live, (long long)sum, self->live, (long long)self->outstanding_fen, (long long)booked);
    return SIM_OK;
}
