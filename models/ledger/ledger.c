// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/ledger/ledger.h"

#include <string.h>

/* What a kind of flow is called, and whether the payer holds an asset afterwards. */
static const struct {
    const char *name;
    bool capital;
} flows[MDL_FLOW_ROWS] = {
    [MDL_FLOW_OPENING] = {"opening", false},
    [MDL_FLOW_RENT] = {"rent", false},
    [MDL_FLOW_CHIPS] = {"chips", true},
    [MDL_FLOW_CONSTRUCTION] = {"construction", true},
    [MDL_FLOW_POWER] = {"power", false},
    [MDL_FLOW_POWER_RESALE] = {"power_resale", false},
    [MDL_FLOW_OPEX] = {"opex", false},
    [MDL_FLOW_TOKENS] = {"tokens", false},
    [MDL_FLOW_SALES] = {"sales", false},
    [MDL_FLOW_TAX] = {"tax", false},
    [MDL_FLOW_TARIFF] = {"tariff", false},
    [MDL_FLOW_LAND] = {"land", false},
    [MDL_FLOW_SUBSIDY] = {"subsidy", false},
    [MDL_FLOW_VOUCHER] = {"voucher", false},
    [MDL_FLOW_CLAWBACK] = {"clawback", false},
    [MDL_FLOW_PENALTY] = {"penalty", false},
    [MDL_FLOW_INTEREST] = {"interest", false},
    [MDL_FLOW_DIVIDEND] = {"dividend", false},
    [MDL_FLOW_TRANSFER] = {"transfer", false},
    [MDL_FLOW_SEIZED] = {"seized", true},
    [MDL_FLOW_WRITE_OFF] = {"write_off", false},
    [MDL_FLOWS + MDL_POSITION_DEPOSIT] = {"change_deposits", false},
    [MDL_FLOWS + MDL_POSITION_LOAN] = {"loan_principal", false},
    [MDL_FLOWS + MDL_POSITION_EQUITY] = {"equity_issues", false},
};

/* Name of a sector, and whether its accounts may be overdrawn: those whose money is not modelled as scarce. */
static const struct {
    const char *name;
    int32_t overdraft;
} sectors[MDL_SECTORS] = {
    [MDL_SECTOR_REST] = {"rest", 1},           [MDL_SECTOR_LAB] = {"lab", 0},
    [MDL_SECTOR_PLATFORM] = {"platform", 0},   [MDL_SECTOR_ENTERPRISE] = {"enterprise", 0},
    [MDL_SECTOR_DEVELOPER] = {"developer", 0}, [MDL_SECTOR_CITY] = {"city", 0},
    [MDL_SECTOR_CENTRE] = {"centre", 1},       [MDL_SECTOR_BANK] = {"bank", 1},
    [MDL_SECTOR_BROKER] = {"broker", 0},       [MDL_SECTOR_GRID] = {"grid", 1},
    [MDL_SECTOR_CHIPMAKER] = {"chipmaker", 1},
};

static const char *const positions[MDL_POSITIONS] = {"deposit", "loan", "equity", "capital", "net_worth"};

const char *mdl_sector_name(mdl_sector_t sector)
{
    return sectors[sector].name;
}

const char *mdl_flow_name(int row)
{
    return flows[row].name;
}

const char *mdl_position_name(mdl_position_t position)
{
    return positions[position];
}

size_t mdl_ledger_bytes(uint32_t capacity)
{
    return sizeof(mdl_ledger_t) + (size_t)capacity * sizeof(mdl_ledger_account_t);
}

void mdl_ledger_init(mdl_ledger_t *self, uint32_t capacity)
{
    SIM_ASSERT(capacity >= 1);
    memset(self, 0, mdl_ledger_bytes(capacity));
    self->capacity = capacity;
    uint32_t rest = MDL_NO_ACCOUNT;
    sim_status_t status = mdl_ledger_open(self, MDL_SECTOR_REST, &rest, NULL);
    SIM_ASSERT(status == SIM_OK && rest == MDL_LEDGER_REST);
}

void mdl_ledger_grow_into(mdl_ledger_t *self, uint32_t capacity, const mdl_ledger_t *from)
{
    SIM_ASSERT(capacity >= from->capacity);
    memset(self, 0, mdl_ledger_bytes(capacity));
    memcpy(self, from, mdl_ledger_bytes(from->count));
    self->capacity = capacity;
}

sim_status_t mdl_ledger_open(mdl_ledger_t *self, mdl_sector_t sector, uint32_t *account, sim_error_t *err)
{
    if (self->count == self->capacity)
        return sim_fail(err, SIM_ELIMIT, "ledger", "no room for a new %s; %u accounts are open, the bound",
                        sectors[sector].name, self->capacity);
    mdl_ledger_account_t *fresh = &self->accounts[self->count];
    *fresh = (mdl_ledger_account_t){.sector = (int32_t)sector, .overdraft = sectors[sector].overdraft};
    *account = self->count++;
    return SIM_OK;
}

/* One of the two parties of a transaction: `amount` leaves position `from` of its sheet and joins position `to`. */
typedef struct side {
    uint32_t account;
    mdl_position_t from, to;
} side_t;

/* Not 0 when a sum lies beyond its bound, -2^61 to 2^61. A number: a posting joins several without a branch between
 * them. Within the bound no change of at most MDL_MONEY_MAX_FEN can overflow. */
static inline uint64_t beyond_bound(int64_t sum)
{
    return ((uint64_t)sum + (UINT64_C(1) << 61)) >> 62;
}

static inline bool side_fits(const mdl_ledger_t *self, const side_t *side, int64_t amount)
{
    const mdl_ledger_account_t *account = &self->accounts[side->account];
    return (beyond_bound(account->position_fen[side->from] - amount) |
            beyond_bound(account->position_fen[side->to] + amount) |
            beyond_bound(self->total_fen[side->from] - amount) | beyond_bound(self->total_fen[side->to] + amount)) == 0;
}

static __attribute__((cold)) sim_status_t fail_amount(const mdl_ledger_t *self, const char *what, uint32_t account,
                                                      int64_t amount, sim_error_t *err)
{
    if (account >= self->count)
        return sim_fail(err, SIM_EINVARIANT, "ledger", "%s of account %u; %u accounts are open", what, account,
                        self->count);
    return sim_fail(err, SIM_EINVARIANT, "ledger", "%s of %lld fen by account %u; expected 0 to %lld", what,
                    (long long)amount, account, (long long)MDL_MONEY_MAX_FEN);
}

static inline sim_status_t check_amount(const mdl_ledger_t *self, const char *what, uint32_t account, int64_t amount,
                                        sim_error_t *err)
{
    if (account < self->count && (uint64_t)amount <= (uint64_t)MDL_MONEY_MAX_FEN)
        return SIM_OK;
    return fail_amount(self, what, account, amount, err);
}

static inline void post_side(mdl_ledger_t *self, const side_t *side, int64_t amount)
{
    mdl_ledger_account_t *account = &self->accounts[side->account];
    account->position_fen[side->from] -= amount;
    account->position_fen[side->to] += amount;
    self->total_fen[side->from] -= amount;
    self->total_fen[side->to] += amount;
}

static inline int64_t sheet_sum(const mdl_ledger_account_t *account)
{
    int64_t sum = 0;
    for (int p = 0; p < MDL_POSITIONS; p++)
        sum += account->position_fen[p];
    return sum;
}

/* What neither a deposit is nor net worth. */
static inline int64_t rest_of_sheet(const mdl_ledger_account_t *account)
{
    return account->position_fen[MDL_POSITION_LOAN] + account->position_fen[MDL_POSITION_EQUITY] +
           account->position_fen[MDL_POSITION_CAPITAL];
}

static __attribute__((cold)) sim_status_t fail_balance(const mdl_ledger_t *self, const char *what, uint32_t a,
                                                       uint32_t b, sim_error_t *err)
{
    for (int p = 0; p < MDL_FINANCIAL_POSITIONS; p++)
        if (self->total_fen[p] != 0)
            return sim_fail(err, SIM_EINVARIANT, "ledger", "after %s all %s positions add up to %lld fen; expected 0",
                            what, positions[p], (long long)self->total_fen[p]);
    return sim_fail(err, SIM_EINVARIANT, "ledger", "after %s between accounts %u and %u a sheet is not balanced", what,
                    a, b);
}

/* The O(1) check after each transaction: claims meet liabilities, and the two sheets that were touched balance. */
static inline sim_status_t check_balanced(const mdl_ledger_t *self, const char *what, uint32_t a, uint32_t b,
                                          sim_error_t *err)
{
    int64_t wrong = (self->total_fen[MDL_POSITION_CAPITAL] + self->total_fen[MDL_POSITION_NET_WORTH]) |
                    sheet_sum(&self->accounts[a]) | sheet_sum(&self->accounts[b]);
    for (int p = 0; p < MDL_FINANCIAL_POSITIONS; p++)
        wrong |= self->total_fen[p];
    return wrong == 0 ? SIM_OK : fail_balance(self, what, a, b, err);
}

/* Adds to a row of the month's matrix: `sink` gave the amount, `source` got it. */
static inline void count_between(mdl_ledger_t *self, int row, const mdl_ledger_account_t *sink,
                                 const mdl_ledger_account_t *source, int64_t amount)
{
    self->month.cell_fen[row][sink->sector] -= amount;
    self->month.cell_fen[row][source->sector] += amount;
}

static inline void count_flow(mdl_ledger_t *self, int row, uint32_t sink, uint32_t source, int64_t amount)
{
    count_between(self, row, &self->accounts[sink], &self->accounts[source], amount);
}

static __attribute__((cold)) sim_status_t fail_overflow(const char *what, uint32_t giver, uint32_t taker,
                                                        int64_t amount, sim_error_t *err)
{
    return sim_fail(err, SIM_EINVARIANT, "ledger", "%s of %lld fen between accounts %u and %u overflows", what,
                    (long long)amount, giver, taker);
}

/* Posts both sides or nothing. The financial position that moves between the parties is counted as the counterpart of
 * the flow: a falling deposit is a source of funds. */
static inline sim_status_t post(mdl_ledger_t *self, const char *what, const side_t *giver, const side_t *taker,
                                int64_t amount, sim_error_t *err)
{
    if (!side_fits(self, giver, amount) || !side_fits(self, taker, amount))
        return fail_overflow(what, giver->account, taker->account, amount, err);
    post_side(self, giver, amount);
    post_side(self, taker, amount);
    self->postings++;
    return check_balanced(self, what, giver->account, taker->account, err);
}

/* What most transactions are: a deposit and what its owner is worth fall, the payee's rise. No total over all accounts
 * changes by it, so that the two sheets are all there is to check. */
static inline sim_status_t pay_expense(mdl_ledger_t *self, mdl_flow_t kind, uint32_t payer, uint32_t payee,
                                       int64_t amount, sim_error_t *err)
{
    mdl_ledger_account_t *from = &self->accounts[payer], *to = &self->accounts[payee];
    int64_t left = from->position_fen[MDL_POSITION_DEPOSIT] - amount;
    int64_t has = to->position_fen[MDL_POSITION_DEPOSIT] + amount;
    int64_t from_worth = from->position_fen[MDL_POSITION_NET_WORTH] + amount; /* worth stands on the other side */
    int64_t to_worth = to->position_fen[MDL_POSITION_NET_WORTH] - amount;
    if (beyond_bound(left) | beyond_bound(has) | beyond_bound(from_worth) | beyond_bound(to_worth))
        return fail_overflow(flows[kind].name, payer, payee, amount, err);
    if ((left + rest_of_sheet(from) + from_worth) | (has + rest_of_sheet(to) + to_worth))
        return fail_balance(self, flows[kind].name, payer, payee, err);
    from->position_fen[MDL_POSITION_DEPOSIT] = left;
    from->position_fen[MDL_POSITION_NET_WORTH] = from_worth;
    to->position_fen[MDL_POSITION_DEPOSIT] = has;
    to->position_fen[MDL_POSITION_NET_WORTH] = to_worth;
    self->postings++;
    count_between(self, (int)kind, from, to, amount);
    count_between(self, MDL_FLOWS + MDL_POSITION_DEPOSIT, to, from, amount);
    return SIM_OK;
}

/* Change of a financial position as a flow: the one whose position falls has a source of funds, the other a use. */
static inline void count_change(mdl_ledger_t *self, mdl_position_t position, uint32_t falls, uint32_t rises,
                                int64_t amount)
{
    count_flow(self, MDL_FLOWS + (int)position, rises, falls, amount);
}

static sim_status_t check_deposit(const mdl_ledger_t *self, const char *what, uint32_t account, int64_t amount,
                                  sim_error_t *err)
{
    if (mdl_ledger_can_pay(self, account, amount))
        return SIM_OK;
    return sim_fail(err, SIM_EINVARIANT, "ledger", "%s of %lld fen by account %u (%s), which has %lld", what,
                    (long long)amount, account, sectors[self->accounts[account].sector].name,
                    (long long)mdl_ledger_deposit_fen(self, account));
}

static bool may_pay(const mdl_ledger_t *self, uint32_t payer, uint32_t payee, int64_t amount)
{
    return payer < self->count && payee < self->count && (uint64_t)amount <= (uint64_t)MDL_MONEY_MAX_FEN &&
           mdl_ledger_can_pay(self, payer, amount);
}

/* Says why a payment may not be made. */
static __attribute__((cold)) sim_status_t fail_pay(const mdl_ledger_t *self, mdl_flow_t kind, uint32_t payer,
                                                   uint32_t payee, int64_t amount, sim_error_t *err)
{
    sim_status_t status = check_amount(self, flows[kind].name, payer, amount, err);
    if (status == SIM_OK)
        status = check_amount(self, flows[kind].name, payee, amount, err);
    return status == SIM_OK ? check_deposit(self, flows[kind].name, payer, amount, err) : status;
}

/* An asset for money. Apart: it is seldom, and would take registers from all other payments. */
static __attribute__((noinline)) sim_status_t pay_purchase(mdl_ledger_t *self, mdl_flow_t kind, uint32_t payer,
                                                           uint32_t payee, int64_t amount, sim_error_t *err)
{
    side_t buyer = {payer, MDL_POSITION_DEPOSIT, MDL_POSITION_CAPITAL};
    side_t seller = {payee, MDL_POSITION_NET_WORTH, MDL_POSITION_DEPOSIT};
    sim_status_t status = post(self, flows[kind].name, &buyer, &seller, amount, err);
    if (status != SIM_OK)
        return status;
    self->month_bought_fen[self->accounts[payer].sector] += amount;
    count_flow(self, (int)kind, payer, payee, amount);
    count_change(self, MDL_POSITION_DEPOSIT, payer, payee, amount);
    return SIM_OK;
}

static inline sim_status_t pay(mdl_ledger_t *self, mdl_flow_t kind, uint32_t payer, uint32_t payee, int64_t amount,
                               sim_error_t *err)
{
    if (!may_pay(self, payer, payee, amount))
        return fail_pay(self, kind, payer, payee, amount, err);
    if (amount == 0 || payer == payee)
        return SIM_OK;
    return flows[kind].capital ? pay_purchase(self, kind, payer, payee, amount, err)
                               : pay_expense(self, kind, payer, payee, amount, err);
}

sim_status_t mdl_ledger_pay(mdl_ledger_t *self, mdl_flow_t kind, uint32_t payer, uint32_t payee, int64_t amount_fen,
                            sim_error_t *err)
{
    return pay(self, kind, payer, payee, amount_fen, err);
}

/* Not 0 when a deposit cannot change by `change` fen and net worth, which stands on the other side, with it. */
static inline uint64_t beyond_change(const mdl_ledger_account_t *account, int64_t change)
{
    return beyond_bound(account->position_fen[MDL_POSITION_DEPOSIT] + change) |
           beyond_bound(account->position_fen[MDL_POSITION_NET_WORTH] - change);
}

/* The sum of payments that can all be made. */
static sim_status_t sum_payments(const mdl_ledger_t *self, mdl_flow_t kind, uint32_t payer,
                                 const mdl_payment_t *payments, uint32_t n, int64_t *sum, sim_error_t *err)
{
    *sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (payments[i].payee >= self->count || (uint64_t)payments[i].amount_fen > (uint64_t)(MDL_MONEY_MAX_FEN - *sum))
            return fail_amount(self, flows[kind].name, payments[i].payee, payments[i].amount_fen, err);
        *sum += payments[i].amount_fen;
    }
    if (!may_pay(self, payer, payer, *sum))
        return fail_pay(self, kind, payer, payer, *sum, err);
    uint64_t beyond = beyond_change(&self->accounts[payer], -*sum);
    int64_t wrong = sheet_sum(&self->accounts[payer]);
    for (uint32_t i = 0; i < n; i++) {
        const mdl_ledger_account_t *to = &self->accounts[payments[i].payee];
        beyond |= beyond_change(to, *sum); /* who is named twice still gets no more */
        wrong |= sheet_sum(to);
    }
    if (beyond != 0)
        return fail_overflow(flows[kind].name, payer, payer, *sum, err);
    return wrong == 0 ? SIM_OK : fail_balance(self, flows[kind].name, payer, payer, err);
}

/* A part of an expense: what a deposit gains, its owner is worth more. */
static inline void gain(mdl_ledger_t *self, mdl_flow_t kind, mdl_ledger_account_t *account, int64_t amount)
{
    account->position_fen[MDL_POSITION_DEPOSIT] += amount;
    account->position_fen[MDL_POSITION_NET_WORTH] -= amount;
    self->month.cell_fen[kind][account->sector] += amount;
    self->month.cell_fen[MDL_FLOWS + MDL_POSITION_DEPOSIT][account->sector] -= amount;
}

sim_status_t mdl_ledger_pay_each(mdl_ledger_t *self, mdl_flow_t kind, uint32_t payer, const mdl_payment_t *payments,
                                 uint32_t n, sim_error_t *err)
{
    int64_t sum;
    SIM_ASSERT(!flows[kind].capital);
    sim_status_t status = sum_payments(self, kind, payer, payments, n, &sum, err);
    if (status != SIM_OK)
        return status;
    gain(self, kind, &self->accounts[payer], -sum);
    for (uint32_t i = 0; i < n; i++) {
        gain(self, kind, &self->accounts[payments[i].payee], payments[i].amount_fen);
        self->postings += payments[i].amount_fen != 0 && payments[i].payee != payer;
    }
    return SIM_OK;
}

sim_status_t mdl_ledger_pay_up_to(mdl_ledger_t *self, mdl_flow_t kind, uint32_t payer, uint32_t payee,
                                  int64_t amount_fen, int64_t *paid_fen, sim_error_t *err)
{
    bool sane = payer < self->count && amount_fen <= MDL_MONEY_MAX_FEN; /* if not, pay() refuses it */
    if (sane && amount_fen > 0 && !mdl_ledger_can_pay(self, payer, amount_fen)) {
        int64_t has = mdl_ledger_deposit_fen(self, payer);
        amount_fen = has > 0 ? has : 0;
    }
    if (paid_fen != NULL)
        *paid_fen = amount_fen;
    return pay(self, kind, payer, payee, amount_fen, err);
}

sim_status_t mdl_ledger_endow(mdl_ledger_t *self, uint32_t account, int64_t amount_fen, sim_error_t *err)
{
    return mdl_ledger_pay(self, MDL_FLOW_OPENING, MDL_LEDGER_REST, account, amount_fen, err);
}

/* A change inside one sheet. */
static sim_status_t post_alone(mdl_ledger_t *self, const char *what, const side_t *side, int64_t amount,
                               sim_error_t *err)
{
    if (!side_fits(self, side, amount))
        return sim_fail(err, SIM_EINVARIANT, "ledger", "%s of %lld fen by account %u overflows", what,
                        (long long)amount, side->account);
    post_side(self, side, amount);
    self->postings++;
    return check_balanced(self, what, side->account, side->account, err);
}

sim_status_t mdl_ledger_endow_capital(mdl_ledger_t *self, uint32_t account, int64_t amount_fen, sim_error_t *err)
{
    sim_status_t status = check_amount(self, "opening capital", account, amount_fen, err);
    if (status != SIM_OK)
        return status;
    side_t side = {account, MDL_POSITION_NET_WORTH, MDL_POSITION_CAPITAL};
    status = post_alone(self, "opening capital", &side, amount_fen, err);
    if (status == SIM_OK)
        self->month_used_fen[self->accounts[account].sector] -= amount_fen;
    return status;
}

sim_status_t mdl_ledger_consume(mdl_ledger_t *self, uint32_t account, int64_t amount_fen, sim_error_t *err)
{
    sim_status_t status = check_amount(self, "use of capital", account, amount_fen, err);
    if (status != SIM_OK)
        return status;
    int64_t has = mdl_ledger_capital_fen(self, account);
    if (amount_fen > has)
        return sim_fail(err, SIM_EINVARIANT, "ledger", "account %u uses up capital of %lld fen; it has %lld", account,
                        (long long)amount_fen, (long long)has);
    side_t side = {account, MDL_POSITION_CAPITAL, MDL_POSITION_NET_WORTH};
    status = post_alone(self, "use of capital", &side, amount_fen, err);
    if (status == SIM_OK)
        self->month_used_fen[self->accounts[account].sector] += amount_fen;
    return status;
}

/* `from` gives money to `to` and gets a claim of kind `position` on it; the reverse of it is a repayment. */
static sim_status_t swap_claim(mdl_ledger_t *self, const char *what, mdl_position_t position, uint32_t from,
                               uint32_t to, int64_t amount, sim_error_t *err)
{
    sim_status_t status = check_amount(self, what, from, amount, err);
    if (status == SIM_OK)
        status = check_amount(self, what, to, amount, err);
    if (status == SIM_OK)
        status = check_deposit(self, what, from, amount, err);
    if (status != SIM_OK || amount == 0 || from == to)
        return status;
    side_t giver = {from, MDL_POSITION_DEPOSIT, position};
    side_t taker = {to, position, MDL_POSITION_DEPOSIT};
    status = post(self, what, &giver, &taker, amount, err);
    if (status != SIM_OK)
        return status;
    count_change(self, MDL_POSITION_DEPOSIT, from, to, amount);
    count_change(self, position, to, from, amount);
    return SIM_OK;
}

static sim_status_t check_bank(const mdl_ledger_t *self, uint32_t account, sim_error_t *err)
{
    if (account < self->count && self->accounts[account].sector == MDL_SECTOR_BANK)
        return SIM_OK;
    return sim_fail(err, SIM_EINVARIANT, "ledger", "account %u lends; expected one of sector bank", account);
}

sim_status_t mdl_ledger_lend(mdl_ledger_t *self, uint32_t bank, uint32_t borrower, int64_t amount_fen, sim_error_t *err)
{
    sim_status_t status = check_bank(self, bank, err);
    return status != SIM_OK ? status : swap_claim(self, "loan", MDL_POSITION_LOAN, bank, borrower, amount_fen, err);
}

sim_status_t mdl_ledger_repay(mdl_ledger_t *self, uint32_t bank, uint32_t borrower, int64_t amount_fen,
                              sim_error_t *err)
{
    sim_status_t status = check_bank(self, bank, err);
    if (status == SIM_OK)
        status = check_amount(self, "repayment", borrower, amount_fen, err);
    if (status != SIM_OK)
        return status;
    if (amount_fen > mdl_ledger_debt_fen(self, borrower) || amount_fen > -mdl_ledger_debt_fen(self, bank))
        return sim_fail(err, SIM_EINVARIANT, "ledger", "account %u repays %lld fen; it owes %lld", borrower,
                        (long long)amount_fen, (long long)mdl_ledger_debt_fen(self, borrower));
    return swap_claim(self, "repayment", MDL_POSITION_LOAN, borrower, bank, amount_fen, err);
}

sim_status_t mdl_ledger_invest(mdl_ledger_t *self, uint32_t investor, uint32_t issuer, int64_t amount_fen,
                               sim_error_t *err)
{
    return swap_claim(self, "equity", MDL_POSITION_EQUITY, investor, issuer, amount_fen, err);
}

sim_status_t mdl_ledger_write_off(mdl_ledger_t *self, mdl_position_t position, uint32_t holder, uint32_t debtor,
                                  int64_t amount_fen, sim_error_t *err)
{
    SIM_ASSERT(position == MDL_POSITION_LOAN || position == MDL_POSITION_EQUITY);
    sim_status_t status = check_amount(self, "write-off", holder, amount_fen, err);
    if (status == SIM_OK)
        status = check_amount(self, "write-off", debtor, amount_fen, err);
    if (status != SIM_OK || amount_fen == 0 || holder == debtor)
        return status;
    int64_t held = self->accounts[holder].position_fen[position], owed = -self->accounts[debtor].position_fen[position];
    if (amount_fen > held || amount_fen > owed)
        return sim_fail(err, SIM_EINVARIANT, "ledger", "write-off of %lld fen of %s; %lld are held, %lld owed",
                        (long long)amount_fen, positions[position], (long long)held, (long long)owed);
    side_t giver = {holder, position, MDL_POSITION_NET_WORTH};
    side_t taker = {debtor, MDL_POSITION_NET_WORTH, position};
    status = post(self, "write-off", &giver, &taker, amount_fen, err);
    if (status != SIM_OK)
        return status;
    count_flow(self, MDL_FLOW_WRITE_OFF, holder, debtor, amount_fen);
    count_change(self, position, holder, debtor, amount_fen);
    return SIM_OK;
}

void mdl_ledger_balances(const mdl_ledger_t *self, mdl_balance_matrix_t *out)
{
    memset(out, 0, sizeof *out);
    for (uint32_t a = 0; a < self->count; a++)
        for (int p = 0; p < MDL_POSITIONS; p++)
            out->cell_fen[p][self->accounts[a].sector] += self->accounts[a].position_fen[p];
}

void mdl_ledger_begin_month(mdl_ledger_t *self)
{
    for (int row = 0; row < MDL_FLOW_ROWS; row++)
        for (int s = 0; s < MDL_SECTORS; s++)
            self->earlier.cell_fen[row][s] += self->month.cell_fen[row][s];
    memset(&self->month, 0, sizeof self->month);
    memset(self->month_bought_fen, 0, sizeof self->month_bought_fen);
    memset(self->month_used_fen, 0, sizeof self->month_used_fen);
    mdl_ledger_balances(self, &self->month_opening);
}
