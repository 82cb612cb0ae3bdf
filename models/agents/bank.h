// SPDX-License-Identifier: GPL-3.0-or-later
/* The bank: lends against projects and chips, watches, calls, forecloses, writes off, and learns to be afraid.
 *
 *     mdl_bank_decide     -> how much, at what rate                    (nothing happens yet)
 *     mdl_bank_grant      -> loan in the book and in the ledger
 *     mdl_bank_service    -> once a month: interest and instalment due, paid as far as the borrower's deposit goes
 *     mdl_bank_review     -> covenant, arrears and collateral: keep, call or default
 *     mdl_bank_extends, mdl_bank_extend -> instead of calling or foreclosing, where a guarantor stands behind the loan
 *     mdl_bank_default    -> the collateral is to be auctioned (mdl_bank_reserve_fen: least price of its chips)
 *     mdl_bank_recover    -> proceeds of the auction, or what a called borrower can pay
 *     mdl_bank_write_off  -> the rest is the bank's loss
 *     mdl_bank_update     -> once a week: appetite follows sentiment and own losses
 *
 * Appetite (0 to 1.5, 1 = normal) multiplies both the chance that an application passes and how much of loan-to-value
 * is lent, so losses of some tighten credit for all; the haircut on GPUs rises when chips fall (Kiyotaki and Moore
 * 1997), so fire sales lower everybody's collateral.
 *
 * One block without pointers; never allocates.
 */
#ifndef MDL_BANK_H
#define MDL_BANK_H

#include "models/ledger/ledger.h"
#include "models/params/params.h"
#include "sim/rng.h"

#define MDL_NO_LOAN UINT32_MAX

typedef enum mdl_loan_status {
    MDL_LOAN_FREE, /* slot not in use */
    MDL_LOAN_LIVE,
    MDL_LOAN_CALLED,    /* all due at once */
    MDL_LOAN_DEFAULTED, /* collateral seized, on auction */
    MDL_LOAN_CLOSED     /* repaid or written off; the record stays until the slot is reused */
} mdl_loan_status_t;

typedef struct mdl_loan {
    uint32_t borrower; /* ledger account */
    uint32_t tag;      /* the caller's number (project) */
    int32_t status;    /* mdl_loan_status_t */
    int32_t breaches;  /* months in a row under the covenant */
    int64_t original_fen, principal_fen;
    int64_t arrears_interest_fen;  /* due and unpaid; bears no interest */
    int64_t arrears_principal_fen; /* instalments due and unpaid; part of principal_fen */
    int64_t written_off_fen, recovered_fen;
    int64_t interest_paid_fen;
    int64_t start_day, end_day;
    int64_t grace_day;   /* no instalments before */
    int64_t default_day; /* 0 = none */
    double rate_per_year;
    uint32_t next_free;
    int32_t months_in_arrears;
    int32_t extensions;
} mdl_loan_t;

typedef struct mdl_bank {
    uint32_t account; /* ledger account of sector bank */
    uint32_t capacity, used, free, live;
    uint32_t reserved;
    uint64_t entity;
    double appetite;        /* 1 = normal */
    double loss_memory;     /* decaying sum of write-offs over loans, per year */
    double week_losses_fen; /* written off since the last update */
    double chip_peak_fen;   /* slowly forgotten peak of the chip price, see mdl_bank_haircut */
    double haircut;         /* now */
    int64_t lent_fen, repaid_fen, defaulted_fen, recovered_fen, written_off_fen, interest_fen; /* since the start */
    int64_t outstanding_fen; /* sum of principals of loans not closed */
    int64_t n_applications, n_granted, n_defaults;
    mdl_loan_t loans[];
} mdl_bank_t;

/* An application. All as the bank sees it. */
typedef struct mdl_loan_application {
    uint32_t borrower, tag;
    int64_t cost_fen;        /* of the project */
    int64_t own_funds_fen;   /* what the borrower puts in */
    int64_t gpu_value_fen;   /* chips to be pledged, at today's market price */
    int64_t other_value_fen; /* buildings and land pledged, at cost */
    double npv_over_cost;    /* the borrower's claim, as the bank believes it */
    double guarantee;        /* 0 to 1: how far a city or state owner stands behind it */
} mdl_loan_application_t;

typedef enum mdl_loan_refusal {
    MDL_LOAN_GRANTED,
    MDL_LOAN_NO_PROSPECT,   /* the draw on believed net present value and guarantee */
    MDL_LOAN_NO_COLLATERAL, /* pledge worth too little after haircut */
    MDL_LOAN_NO_NEED,       /* own funds suffice */
    MDL_LOAN_REFUSALS
} mdl_loan_refusal_t;

typedef struct mdl_loan_decision {
    mdl_loan_refusal_t reason;
    int64_t amount_fen; /* 0 when refused; may be less than asked for */
    double rate_per_year;
} mdl_loan_decision_t;

/* What a review needs to know of a borrower. */
typedef struct mdl_loan_review {
    int64_t operating_cash_fen; /* revenue less running cost over the last month */
    int64_t gpu_value_fen;      /* pledged chips at market price */
    int64_t other_value_fen;
    double guarantee;
} mdl_loan_review_t;

size_t mdl_bank_bytes(uint32_t loans);
/* A bank with normal appetite. `account` of sector bank, open in the ledger. `chip_price_fen`: today's index. */
void mdl_bank_init(mdl_bank_t *self, const mdl_params_t *params, uint32_t account, uint64_t entity, uint32_t loans,
                   int64_t chip_price_fen);
void mdl_bank_grow_into(mdl_bank_t *self, uint32_t loans, const mdl_bank_t *from);

/* Share by which pledged GPUs are marked down: credit.haircut + credit.haircut_slope x fall of the chip price from its
 * remembered peak, at most 0.95. */
double mdl_bank_haircut(const mdl_bank_t *self);
/* Value of a pledge to the bank, fen. */
int64_t mdl_bank_collateral_fen(const mdl_bank_t *self, const mdl_params_t *params, int64_t gpu_value_fen,
                                int64_t other_value_fen);

/* Decides on an application. Amount: the smallest of what is needed, loan-to-value x appetite of the cost, and what
 * collateral and guarantee carry. Chance of passing: logistic in believed net present value and guarantee, times
 * appetite. `rng` stands at (borrower's entity, MDL_PURPOSE_LOAN, attempt). */
mdl_loan_decision_t mdl_bank_decide(mdl_bank_t *self, const mdl_params_t *params,
                                    const mdl_loan_application_t *application, sim_rng_t *rng);
/* Pays out a decision: loan in the book and the ledger. SIM_ELIMIT when the book is full. */
sim_status_t mdl_bank_grant(mdl_bank_t *self, mdl_ledger_t *ledger, const mdl_params_t *params,
                            const mdl_loan_application_t *application, const mdl_loan_decision_t *decision, int64_t day,
                            uint32_t *loan, sim_error_t *err);

/* Due this month: interest on the principal for a twelfth of a year, and after the grace period an equal instalment per
 * month left until end_day; a called loan is due in full. Fen. */
int64_t mdl_bank_interest_due_fen(const mdl_bank_t *self, uint32_t loan);
int64_t mdl_bank_instalment_due_fen(const mdl_bank_t *self, uint32_t loan, int64_t day);
/* All that a service on that day asks for: both, what is in arrears, and the interest on it. Fen. */
int64_t mdl_bank_due_fen(const mdl_bank_t *self, const mdl_params_t *params, uint32_t loan, int64_t day);
/* Once a month: collects arrears, interest (credit.late_share of the rate on top for overdue instalments) and
 * instalment as far as the borrower's deposit goes, interest first; the rest becomes arrears. *paid_fen (may be NULL):
 * all that was paid. Closes a loan that is paid back. */
sim_status_t mdl_bank_service(mdl_bank_t *self, mdl_ledger_t *ledger, const mdl_params_t *params, uint32_t loan,
                              int64_t day, int64_t *paid_fen, sim_error_t *err);

/* Once a month after service: counts breaches of the covenant, calls after credit.covenant_months of them in a row, and
 * says MDL_LOAN_DEFAULTED (without acting) when a called loan stands unpaid or arrears last credit.arrears_months. In
 * breach: operating cash < credit.covenant_dscr x debt service (after the grace period), or collateral <
 * credit.covenant_cover x principal; a guarantor makes up for its share of what is missing. */
mdl_loan_status_t mdl_bank_review(mdl_bank_t *self, const mdl_params_t *params, uint32_t loan, int64_t day,
                                  const mdl_loan_review_t *review);
/* Whether the bank extends a loan that its review called or found in default: it does where a guarantor's consent can be
 * had and the pledge covers what the guarantor does not, credit.covenant_cover of it, since an auction would turn what
 * is owed into a loss of its own (Caballero, Hoshi and Kashyap 2008). Never with credit.extension = 0. */
bool mdl_bank_extends(const mdl_bank_t *self, const mdl_params_t *params, uint32_t loan,
                      const mdl_loan_review_t *review);
/* Extends it by credit.extension: no instalments meanwhile, overdue ones are scheduled anew, and interest in arrears is
 * paid out of a further loan to the borrower, so that it joins the principal. */
sim_status_t mdl_bank_extend(mdl_bank_t *self, mdl_ledger_t *ledger, const mdl_params_t *params, uint32_t loan,
                             int64_t day, sim_error_t *err);
/* Declares default: collateral goes to auction. */
void mdl_bank_default(mdl_bank_t *self, uint32_t loan, int64_t day);
/* Least price per GPU at which the bank sells seized chips: credit.auction_reserve of the index, lowered by
 * credit.auction_markdown for each week since the default. */
int64_t mdl_bank_reserve_fen(const mdl_bank_t *self, const mdl_params_t *params, uint32_t loan, int64_t day,
                             int64_t chip_price_fen);
/* True when an auction has lasted credit.auction_weeks: write off what is left. */
bool mdl_bank_gives_up(const mdl_bank_t *self, const mdl_params_t *params, uint32_t loan, int64_t day);
/* Takes up to amount_fen of the borrower's deposit against principal (auction proceeds first go to the borrower's
 * account, then here). *taken_fen may be NULL. Closes a loan that is paid back. */
sim_status_t mdl_bank_recover(mdl_bank_t *self, mdl_ledger_t *ledger, uint32_t loan, int64_t amount_fen,
                              int64_t *taken_fen, sim_error_t *err);
/* Gives up the rest: the loss goes to the bank's net worth, the loan is closed. */
sim_status_t mdl_bank_write_off(mdl_bank_t *self, mdl_ledger_t *ledger, uint32_t loan, sim_error_t *err);

/* Once a week: loss memory decays and takes the week's losses in; appetite moves towards
 * 1 + credit.sentiment_weight x sentiment - credit.loss_weight x loss memory, between 0 and 1.5; the remembered chip
 * peak and the haircut follow the index. `sentiment` from -1 to 1. */
void mdl_bank_update(mdl_bank_t *self, const mdl_params_t *params, double sentiment, int64_t chip_price_fen);

/* Principal of loans that are called, in default, in arrears for credit.arrears_months, or extended more than once (rules
 * on the classification of banks' assets of 2023: at least substandard). O(loans). */
int64_t mdl_bank_bad_fen(const mdl_bank_t *self, const mdl_params_t *params);

/* The loan book against the ledger: principals add up to the bank's loans, totals are right. */
sim_status_t mdl_bank_audit(const mdl_bank_t *self, const mdl_ledger_t *ledger, sim_error_t *err);

#endif
