// SPDX-License-Identifier: GPL-3.0-or-later
/* The ledger: all money of one world, in quadruple entry.
 *
 * Every account is one agent's balance sheet: five positions, assets positive, liabilities and net worth negative, so
 * that a balanced sheet sums to zero:
 *
 *     deposit     money at the bank; for a bank the negative of all money that it owes (its money issued)
 *     loan        lent (bank, positive) or owed (borrower, negative)
 *     equity      shares held (investor, positive) or issued (lab, developer, negative)
 *     capital     real assets at cost: chips, buildings, a broker's goods
 *     net_worth   the balancing position: minus what the agent is worth
 *
 * Every transaction has two parties and posts four entries, two in each party's sheet (Copeland 1949; Godley and Lavoie
 * 2007, ch. 2), so each sheet stays balanced and each financial position sums to zero over all agents:
 *
 *     pay x            payer: deposit -x, net worth (or, for a purchase of capital, capital) +x; payee: deposit +x, net
 * worth -x lend x           bank: loan +x, deposit -x;  borrower: loan -x, deposit +x      (a loan creates the deposit)
 *     invest x         investor: equity +x, deposit -x;  issuer: equity -x, deposit +x
 *     write off x      holder: loan (equity) -x, net worth +x;  debtor: loan (equity) +x, net worth -x
 *
 * The real side has one party: mdl_ledger_consume() takes capital out of a sheet at cost (depreciation, goods sold,
 * scrapped or seized). The sum over all positions of all accounts is 0 after every call, checked in O(1).
 *
 * Flows are counted by kind and sector, per month and since the start: the transaction-flow matrix. Its rows are the
 * kinds of flow and, below them, the changes of deposits, loans and equity (counted as sources: what a sector gets by
 * drawing down deposits, borrowing or issuing); rows and columns sum to zero. With what is bought and used up of real
 * assets they lead from each sector's balance sheet at the start of a month to the one at its end.
 *
 *     mdl_ledger_t *ledger = block of mdl_ledger_bytes(1000), aligned to 8;
 *     mdl_ledger_init(ledger, 1000);
 *     mdl_ledger_open(ledger, MDL_SECTOR_LAB, &lab, err);
 *     mdl_ledger_endow(ledger, lab, 100 * 1000000, err);                       // a million yuan
 *     mdl_ledger_pay(ledger, MDL_FLOW_RENT, lab, centre, 5000000, err);
 *
 * A ledger is one block without pointers: copying the bytes copies it. It never allocates.
 */
#ifndef MDL_LEDGER_H
#define MDL_LEDGER_H

#include "models/ledger/money.h"
#include "sim/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum mdl_sector {
    MDL_SECTOR_REST, /* households, investors, contractors, foreign dealers: everybody who is not modelled one by one */
    MDL_SECTOR_LAB,
    MDL_SECTOR_PLATFORM,
    MDL_SECTOR_ENTERPRISE,
    MDL_SECTOR_DEVELOPER,
    MDL_SECTOR_CITY,
    MDL_SECTOR_CENTRE, /* central government */
    MDL_SECTOR_BANK,
    MDL_SECTOR_BROKER,
    MDL_SECTOR_GRID,
    MDL_SECTOR_CHIPMAKER, /* makers and their official channels, foreign and domestic */
    MDL_SECTORS
} mdl_sector_t;

typedef enum mdl_flow {
    MDL_FLOW_OPENING,      /* endowment at an agent's birth, from the rest */
    MDL_FLOW_RENT,         /* GPU rental, contract and spot */
    MDL_FLOW_CHIPS,        /* capital */
    MDL_FLOW_CONSTRUCTION, /* capital: buildings, cooling, network */
    MDL_FLOW_POWER,
    MDL_FLOW_POWER_RESALE, /* grid pays for resold allotment */
    MDL_FLOW_OPEX,         /* wages, maintenance, other running cost */
    MDL_FLOW_TOKENS,
    MDL_FLOW_SALES, /* final customers' other payments: enterprises' and platforms' own revenue */
    MDL_FLOW_TAX,
    MDL_FLOW_TARIFF, /* on chips, or the maker's revenue cut */
    MDL_FLOW_LAND,   /* land revenue of cities */
    MDL_FLOW_SUBSIDY,
    MDL_FLOW_VOUCHER, /* compute vouchers */
    MDL_FLOW_CLAWBACK,
    MDL_FLOW_PENALTY, /* fines: power resale */
    MDL_FLOW_INTEREST,
    MDL_FLOW_DIVIDEND,
    MDL_FLOW_TRANSFER,  /* between governments, bail-outs, closing of an account */
    MDL_FLOW_SEIZED,    /* capital: purchase of seized or foreclosed goods */
    MDL_FLOW_WRITE_OFF, /* debt or equity given up: the holder's loss, the debtor's gain */
    MDL_FLOWS
} mdl_flow_t;

typedef enum mdl_position {
    MDL_POSITION_DEPOSIT,
    MDL_POSITION_LOAN,
    MDL_POSITION_EQUITY,
    MDL_POSITION_CAPITAL,
    MDL_POSITION_NET_WORTH,
    MDL_POSITIONS,
    MDL_FINANCIAL_POSITIONS = MDL_POSITION_CAPITAL /* the first three: claims that are somebody's liability */
} mdl_position_t;

/* Rows of the transaction-flow matrix: kinds of flow, then changes of deposits, loans (principal) and equity. */
#define MDL_FLOW_ROWS (MDL_FLOWS + MDL_FINANCIAL_POSITIONS)

/* Opened by mdl_ledger_init(): the rest of the economy. */
#define MDL_LEDGER_REST UINT32_C(0)
#define MDL_NO_ACCOUNT  UINT32_MAX

typedef struct mdl_ledger_account {
    int64_t position_fen[MDL_POSITIONS];
    int32_t sector;
    int32_t overdraft; /* 1: the deposit may fall below 0 (banks, the rest, chip makers, central government, grid) */
} mdl_ledger_account_t;

/* One of many that a payer makes at once. */
typedef struct mdl_payment {
    int64_t amount_fen;
    uint32_t payee;
} mdl_payment_t;

typedef struct mdl_flow_matrix {
    int64_t cell_fen[MDL_FLOW_ROWS][MDL_SECTORS]; /* + received (source), - paid (use) */
} mdl_flow_matrix_t;

typedef struct mdl_balance_matrix {
    int64_t cell_fen[MDL_POSITIONS][MDL_SECTORS]; /* sums of accounts; signs as in an account */
} mdl_balance_matrix_t;

typedef struct mdl_ledger {
    uint32_t capacity;
    uint32_t count;
    uint64_t postings;                     /* transactions so far */
    int64_t total_fen[MDL_POSITIONS];      /* over all accounts; financial ones are 0, capital + net worth = 0 */
    mdl_flow_matrix_t month;               /* since mdl_ledger_begin_month() */
    mdl_flow_matrix_t earlier;             /* of the months before */
    mdl_balance_matrix_t month_opening;    /* balance sheets at the start of the month */
    int64_t month_bought_fen[MDL_SECTORS]; /* real assets bought in the month, at cost; counted when they change hands
                                            * inside a sector too, which `month` does not show */
    int64_t month_used_fen[MDL_SECTORS];   /* used up, sold, scrapped, seized; less what was there from the start */
    mdl_ledger_account_t accounts[];
} mdl_ledger_t;

/* Bytes of a ledger for `capacity` accounts. */
size_t mdl_ledger_bytes(uint32_t capacity);
/* An empty ledger with one account, MDL_LEDGER_REST. capacity >= 1. */
void mdl_ledger_init(mdl_ledger_t *self, uint32_t capacity);
/* Copies `from` into a larger block; account numbers stay valid. */
void mdl_ledger_grow_into(mdl_ledger_t *self, uint32_t capacity, const mdl_ledger_t *from);

/* Opens an empty account. SIM_ELIMIT when the ledger is full. Accounts are never closed; a dead agent's stays. */
sim_status_t mdl_ledger_open(mdl_ledger_t *self, mdl_sector_t sector, uint32_t *account, sim_error_t *err);
/* Gives an account its opening money: MDL_FLOW_OPENING from the rest. amount >= 0. */
sim_status_t mdl_ledger_endow(mdl_ledger_t *self, uint32_t account, int64_t amount_fen, sim_error_t *err);
/* Real assets that an agent owns from the start, at cost (a platform's fleet): capital and net worth. amount >= 0. */
sim_status_t mdl_ledger_endow_capital(mdl_ledger_t *self, uint32_t account, int64_t amount_fen, sim_error_t *err);

/* `payer` pays `payee`. amount 0 is nothing; payer = payee is allowed and counts no flow. Kinds marked "capital" above
 * add to the payer's capital. SIM_EINVARIANT: negative amount, deposit too small (ask mdl_ledger_can_pay first),
 * overflow; nothing has been posted then. */
sim_status_t mdl_ledger_pay(mdl_ledger_t *self, mdl_flow_t kind, uint32_t payer, uint32_t payee, int64_t amount_fen,
                            sim_error_t *err);
/* A bill with many payees: what mdl_ledger_pay would do with one after the other, for less; not for kinds marked
 * "capital". SIM_EINVARIANT as above, for any of them or their sum; nothing has been posted then. */
sim_status_t mdl_ledger_pay_each(mdl_ledger_t *self, mdl_flow_t kind, uint32_t payer, const mdl_payment_t *payments,
                                 uint32_t n, sim_error_t *err);
/* Pays what the payer's deposit allows, up to amount_fen; *paid_fen (may be NULL) receives it. For dues of weak payers.
 */
sim_status_t mdl_ledger_pay_up_to(mdl_ledger_t *self, mdl_flow_t kind, uint32_t payer, uint32_t payee,
                                  int64_t amount_fen, int64_t *paid_fen, sim_error_t *err);
/* A bank lends: the loan creates the deposit. SIM_EINVARIANT: negative amount, lender of another sector, overflow. */
sim_status_t mdl_ledger_lend(mdl_ledger_t *self, uint32_t bank, uint32_t borrower, int64_t amount_fen,
                             sim_error_t *err);
/* Principal paid back: loan and deposit vanish together. Not more than is owed, nor than the deposit. */
sim_status_t mdl_ledger_repay(mdl_ledger_t *self, uint32_t bank, uint32_t borrower, int64_t amount_fen,
                              sim_error_t *err);
/* New shares for money. */
sim_status_t mdl_ledger_invest(mdl_ledger_t *self, uint32_t investor, uint32_t issuer, int64_t amount_fen,
                               sim_error_t *err);
/* Debt (MDL_POSITION_LOAN) or shares (MDL_POSITION_EQUITY) become worthless: MDL_FLOW_WRITE_OFF, a loss of the holder.
 */
sim_status_t mdl_ledger_write_off(mdl_ledger_t *self, mdl_position_t position, uint32_t holder, uint32_t debtor,
                                  int64_t amount_fen, sim_error_t *err);
/* Takes capital out of a sheet at cost: used up, sold, scrapped, seized. At most what is there. */
sim_status_t mdl_ledger_consume(mdl_ledger_t *self, uint32_t account, int64_t amount_fen, sim_error_t *err);

/* Readings. */
static inline int64_t mdl_ledger_deposit_fen(const mdl_ledger_t *self, uint32_t account)
{
    return self->accounts[account].position_fen[MDL_POSITION_DEPOSIT];
}
static inline int64_t mdl_ledger_debt_fen(const mdl_ledger_t *self, uint32_t account) /* owed; negative for a lender */
{
    return -self->accounts[account].position_fen[MDL_POSITION_LOAN];
}
static inline int64_t mdl_ledger_capital_fen(const mdl_ledger_t *self, uint32_t account)
{
    return self->accounts[account].position_fen[MDL_POSITION_CAPITAL];
}
static inline int64_t mdl_ledger_net_worth_fen(const mdl_ledger_t *self, uint32_t account)
{
    return -self->accounts[account].position_fen[MDL_POSITION_NET_WORTH];
}
static inline bool mdl_ledger_can_pay(const mdl_ledger_t *self, uint32_t account, int64_t amount_fen)
{
    return self->accounts[account].overdraft || mdl_ledger_deposit_fen(self, account) >= amount_fen;
}

/* A cell of the flows since the start. */
static inline int64_t mdl_ledger_since_start_fen(const mdl_ledger_t *self, int row, mdl_sector_t sector)
{
    return self->earlier.cell_fen[row][sector] + self->month.cell_fen[row][sector];
}

/* Starts a month: empties `month` and notes the balance sheets. O(accounts). */
void mdl_ledger_begin_month(mdl_ledger_t *self);
/* Balance sheets by sector. O(accounts). */
void mdl_ledger_balances(const mdl_ledger_t *self, mdl_balance_matrix_t *out);

/* Full recount: every sheet balances, every financial position sums to 0 over all accounts, the month's matrix has zero
 * rows and columns and leads, with what was bought and used up, from the month's opening balances to today's.
 * SIM_EINVARIANT names what is broken. */
sim_status_t mdl_ledger_audit(const mdl_ledger_t *self, sim_error_t *err);

/* "rest", "lab", ... and "rent", "chips", ..., for rows up to MDL_FLOW_ROWS; labels of recorded dimensions. */
const char *mdl_sector_name(mdl_sector_t sector);
const char *mdl_flow_name(int row);
const char *mdl_position_name(mdl_position_t position);

#endif
