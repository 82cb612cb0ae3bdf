// SPDX-License-Identifier: GPL-3.0-or-later
/* The ledger under random transactions: every sheet balances, matrices close, and refusals change nothing. */
#include "tests/support/test.h"

#include "models/ledger/ledger.h"
#include "sim/draw.h"

#define ACCOUNTS 40
#define STEPS    60000

static mdl_ledger_t *make(uint32_t capacity)
{
    mdl_ledger_t *ledger = malloc(mdl_ledger_bytes(capacity));
    assert_non_null(ledger);
    mdl_ledger_init(ledger, capacity);
    return ledger;
}

static uint32_t open_account(mdl_ledger_t *ledger, mdl_sector_t sector, int64_t yuan)
{
    uint32_t account;
    assert_int_equal(mdl_ledger_open(ledger, sector, &account, NULL), SIM_OK);
    assert_int_equal(mdl_ledger_endow(ledger, account, yuan * 100, NULL), SIM_OK);
    return account;
}

static void populate(mdl_ledger_t *ledger)
{
    while (ledger->count < ACCOUNTS)
        (void)open_account(ledger, (mdl_sector_t)(ledger->count % MDL_SECTORS), 1000);
}

static uint32_t any(sim_rng_t *rng, uint32_t n)
{
    return (uint32_t)sim_draw_below(rng, n);
}

/* One random transaction, legal or not. */
static sim_status_t act(mdl_ledger_t *ledger, sim_rng_t *rng)
{
    uint32_t a = any(rng, ledger->count), b = any(rng, ledger->count);
    int64_t amount = (int64_t)any(rng, 200000), paid;
    switch (any(rng, 9)) {
    case 0: return mdl_ledger_pay(ledger, (mdl_flow_t)any(rng, MDL_FLOWS), a, b, amount, NULL);
    case 1: return mdl_ledger_pay_up_to(ledger, (mdl_flow_t)any(rng, MDL_FLOWS), a, b, amount, &paid, NULL);
    case 2: return mdl_ledger_lend(ledger, a, b, amount, NULL);
    case 3: return mdl_ledger_repay(ledger, a, b, amount, NULL);
    case 4: return mdl_ledger_invest(ledger, a, b, amount, NULL);
    case 5: return mdl_ledger_write_off(ledger, MDL_POSITION_LOAN, a, b, amount, NULL);
    case 6: return mdl_ledger_write_off(ledger, MDL_POSITION_EQUITY, a, b, amount, NULL);
    case 7: return mdl_ledger_endow_capital(ledger, a, amount, NULL);
    default: return mdl_ledger_consume(ledger, a, amount, NULL);
    }
}

static void assert_totals_are_zero(const mdl_ledger_t *ledger)
{
    int64_t sum = 0;
    for (int p = 0; p < MDL_POSITIONS; p++)
        sum += ledger->total_fen[p];
    assert_int_equal(sum, 0);
    for (int p = 0; p < MDL_FINANCIAL_POSITIONS; p++)
        assert_int_equal(ledger->total_fen[p], 0);
}

static void random_transactions_keep_every_law(void **state)
{
    (void)state;
    mdl_ledger_t *ledger = make(ACCOUNTS);
    mdl_ledger_t *before = malloc(mdl_ledger_bytes(ACCOUNTS));
    sim_rng_t rng;
    size_t done = 0, refused = 0;
    sim_rng_at(&rng, 1, 0, 1, 0, 0);
    populate(ledger);
    mdl_ledger_begin_month(ledger);
    for (int step = 0; step < STEPS; step++) {
        memcpy(before, ledger, mdl_ledger_bytes(ACCOUNTS));
        if (act(ledger, &rng) == SIM_OK) {
            done++;
        } else {
            refused++;
            assert_memory_equal(before, ledger, mdl_ledger_bytes(ACCOUNTS));
        }
        assert_totals_are_zero(ledger);
        if (step % 97 == 0)
            assert_int_equal(mdl_ledger_audit(ledger, NULL), SIM_OK);
        if (step % 3001 == 0)
            mdl_ledger_begin_month(ledger);
    }
    assert_true(done > STEPS / 4 && refused > STEPS / 10);
    assert_int_equal(mdl_ledger_audit(ledger, NULL), SIM_OK);
    free(before);
    free(ledger);
}

/* Some payments, of which one in twenty is none. */
static uint32_t list_payments(mdl_payment_t *payments, uint32_t capacity, sim_rng_t *rng)
{
    uint32_t n = any(rng, capacity + 1);
    for (uint32_t i = 0; i < n; i++)
        payments[i] = (mdl_payment_t){.amount_fen = (int64_t)any(rng, 4000), .payee = any(rng, ACCOUNTS)};
    if (n > 0 && any(rng, 20) == 0)
        payments[any(rng, n)].amount_fen = -1;
    if (n > 0 && any(rng, 20) == 0)
        payments[any(rng, n)].payee = ACCOUNTS;
    return n;
}

/* What is paid to many at once is what they would be paid one after the other; what is refused changes nothing. */
static void a_bill_is_its_payments(void **state)
{
    (void)state;
    mdl_ledger_t *ledger = make(ACCOUNTS), *single = malloc(mdl_ledger_bytes(ACCOUNTS));
    mdl_payment_t payments[30];
    size_t done = 0, refused = 0;
    sim_rng_t rng;
    sim_rng_at(&rng, 2, 0, 1, 0, 0);
    populate(ledger);
    for (int step = 0; step < STEPS / 10; step++) {
        uint32_t payer = any(&rng, ACCOUNTS), n = list_payments(payments, 30, &rng);
        sim_error_t err = {0};
        memcpy(single, ledger, mdl_ledger_bytes(ACCOUNTS));
        if (mdl_ledger_pay_each(ledger, MDL_FLOW_TOKENS, payer, payments, n, &err) == SIM_OK) {
            for (uint32_t i = 0; i < n; i++)
                assert_int_equal(
                    mdl_ledger_pay(single, MDL_FLOW_TOKENS, payer, payments[i].payee, payments[i].amount_fen, NULL),
                    SIM_OK);
            done++;
        } else {
            assert_non_null(strstr(err.message, "tokens"));
            refused++;
        }
        assert_memory_equal(single, ledger, mdl_ledger_bytes(ACCOUNTS));
    }
    assert_true(done > STEPS / 50 && refused > STEPS / 100);
    assert_int_equal(mdl_ledger_audit(ledger, NULL), SIM_OK);
    free(single);
    free(ledger);
}

/* The recount must see damage wherever it is done. */
static void audit_sees_every_kind_of_damage(void **state)
{
    (void)state;
    mdl_ledger_t *ledger = make(ACCOUNTS);
    populate(ledger);
    mdl_ledger_begin_month(ledger);
    int64_t *places[] = {&ledger->accounts[3].position_fen[MDL_POSITION_DEPOSIT],
                         &ledger->accounts[5].position_fen[MDL_POSITION_NET_WORTH],
                         &ledger->total_fen[MDL_POSITION_LOAN],
                         &ledger->month.cell_fen[MDL_FLOW_RENT][MDL_SECTOR_LAB],
                         &ledger->earlier.cell_fen[MDL_FLOW_CHIPS][MDL_SECTOR_BANK],
                         &ledger->month_opening.cell_fen[MDL_POSITION_EQUITY][MDL_SECTOR_REST],
                         &ledger->month_opening.cell_fen[MDL_POSITION_CAPITAL][MDL_SECTOR_DEVELOPER],
                         &ledger->month_bought_fen[MDL_SECTOR_PLATFORM],
                         &ledger->month_used_fen[MDL_SECTOR_BROKER]};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        sim_error_t err = {0};
        assert_int_equal(mdl_ledger_audit(ledger, NULL), SIM_OK);
        *places[i] += 1;
        assert_int_equal(mdl_ledger_audit(ledger, &err), SIM_EINVARIANT);
        assert_true(strlen(err.message) > 10);
        *places[i] -= 1;
    }
    /* moved between two sheets' same position: each sheet is off although the sum is right */
    ledger->accounts[3].position_fen[MDL_POSITION_DEPOSIT] += 7;
    ledger->accounts[4].position_fen[MDL_POSITION_DEPOSIT] -= 7;
    assert_int_equal(mdl_ledger_audit(ledger, NULL), SIM_EINVARIANT);
    free(ledger);
}

/* Godley and Lavoie's four entries, by hand: a loan buys chips, earns rent, is partly repaid and then written off. */
static void a_loans_life(void **state)
{
    (void)state;
    mdl_ledger_t *ledger = make(8);
    uint32_t bank = open_account(ledger, MDL_SECTOR_BANK, 100),
             builder = open_account(ledger, MDL_SECTOR_DEVELOPER, 50),
             maker = open_account(ledger, MDL_SECTOR_CHIPMAKER, 0), lab = open_account(ledger, MDL_SECTOR_LAB, 30);
    mdl_ledger_begin_month(ledger);
    assert_int_equal(mdl_ledger_lend(ledger, bank, builder, 7000, NULL), SIM_OK);
    assert_int_equal(mdl_ledger_deposit_fen(ledger, builder), 12000);
    assert_int_equal(mdl_ledger_debt_fen(ledger, builder), 7000);
    assert_int_equal(mdl_ledger_deposit_fen(ledger, bank), 10000 - 7000); /* its debt to depositors grew */
    assert_int_equal(mdl_ledger_net_worth_fen(ledger, builder), 5000);    /* lending makes nobody richer */
    assert_int_equal(mdl_ledger_net_worth_fen(ledger, bank), 10000);
    assert_int_equal(mdl_ledger_pay(ledger, MDL_FLOW_CHIPS, builder, maker, 11000, NULL), SIM_OK);
    assert_int_equal(mdl_ledger_capital_fen(ledger, builder), 11000);
    assert_int_equal(mdl_ledger_net_worth_fen(ledger, builder), 5000); /* an asset for money */
    assert_int_equal(mdl_ledger_net_worth_fen(ledger, maker), 11000);
    assert_int_equal(mdl_ledger_pay(ledger, MDL_FLOW_RENT, lab, builder, 2500, NULL), SIM_OK);
    assert_int_equal(mdl_ledger_pay(ledger, MDL_FLOW_INTEREST, builder, bank, 300, NULL), SIM_OK);
    assert_int_equal(mdl_ledger_repay(ledger, bank, builder, 2000, NULL), SIM_OK);
    assert_int_equal(mdl_ledger_consume(ledger, builder, 11000, NULL), SIM_OK);
    assert_int_equal(mdl_ledger_write_off(ledger, MDL_POSITION_LOAN, bank, builder, 5000, NULL), SIM_OK);
    assert_int_equal(mdl_ledger_debt_fen(ledger, builder), 0);
    assert_int_equal(mdl_ledger_net_worth_fen(ledger, bank), 10000 + 300 - 5000);
    assert_int_equal(mdl_ledger_net_worth_fen(ledger, builder), 5000 + 2500 - 300 - 11000 + 5000);
    const int64_t(*cell)[MDL_SECTORS] = ledger->month.cell_fen;
    assert_int_equal(cell[MDL_FLOW_RENT][MDL_SECTOR_LAB], -2500);
    assert_int_equal(ledger->month_bought_fen[MDL_SECTOR_DEVELOPER], 11000);
    assert_int_equal(ledger->month_used_fen[MDL_SECTOR_DEVELOPER], 11000);
    assert_int_equal(cell[MDL_FLOW_RENT][MDL_SECTOR_DEVELOPER], 2500);
    assert_int_equal(cell[MDL_FLOW_WRITE_OFF][MDL_SECTOR_BANK], -5000);
    assert_int_equal(cell[MDL_FLOWS + MDL_POSITION_LOAN][MDL_SECTOR_DEVELOPER], 7000 - 2000 - 5000);
    assert_int_equal(cell[MDL_FLOWS + MDL_POSITION_DEPOSIT][MDL_SECTOR_CHIPMAKER], -11000);
    assert_int_equal(mdl_ledger_audit(ledger, NULL), SIM_OK);
    free(ledger);
}

static void refusals_name_what_is_wrong(void **state)
{
    (void)state;
    mdl_ledger_t *ledger = make(4);
    uint32_t lab = open_account(ledger, MDL_SECTOR_LAB, 1), bank = open_account(ledger, MDL_SECTOR_BANK, 0), more;
    sim_error_t err = {0};
    assert_int_equal(mdl_ledger_pay(ledger, MDL_FLOW_RENT, lab, bank, 101, &err), SIM_EINVARIANT);
    assert_non_null(strstr(err.message, "rent"));
    assert_int_equal(mdl_ledger_pay(ledger, MDL_FLOW_RENT, lab, bank, -1, NULL), SIM_EINVARIANT);
    assert_int_equal(mdl_ledger_pay(ledger, MDL_FLOW_RENT, lab, 99, 1, NULL), SIM_EINVARIANT);
    assert_int_equal(mdl_ledger_lend(ledger, lab, bank, 1, NULL), SIM_EINVARIANT);
    assert_int_equal(mdl_ledger_repay(ledger, bank, lab, 1, NULL), SIM_EINVARIANT);
    assert_int_equal(mdl_ledger_consume(ledger, lab, 1, NULL), SIM_EINVARIANT);
    assert_int_equal(mdl_ledger_lend(ledger, bank, MDL_LEDGER_REST, 50, NULL), SIM_OK);
    assert_int_equal(mdl_ledger_write_off(ledger, MDL_POSITION_LOAN, bank, lab, 1, NULL),
                     SIM_EINVARIANT); /* owes nothing */
    assert_int_equal(mdl_ledger_write_off(ledger, MDL_POSITION_LOAN, lab, MDL_LEDGER_REST, 1, NULL), SIM_EINVARIANT);
    assert_int_equal(mdl_ledger_open(ledger, MDL_SECTOR_LAB, &more, NULL), SIM_OK);
    assert_int_equal(mdl_ledger_open(ledger, MDL_SECTOR_LAB, &more, NULL), SIM_ELIMIT);
    assert_int_equal(mdl_ledger_audit(ledger, NULL), SIM_OK);
    free(ledger);
}

/* Amounts at the edge of int64 are refused before anything is posted. */
static void overflow_is_refused(void **state)
{
    (void)state;
    mdl_ledger_t *ledger = make(4);
    uint32_t bank = open_account(ledger, MDL_SECTOR_BANK, 0), centre = open_account(ledger, MDL_SECTOR_CENTRE, 0);
    sim_status_t status = SIM_OK;
    int lent = 0;
    assert_int_equal(mdl_ledger_lend(ledger, bank, centre, INT64_MAX, NULL), SIM_EINVARIANT);
    while (status == SIM_OK && lent++ < 1000)
        status = mdl_ledger_lend(ledger, bank, centre, MDL_MONEY_MAX_FEN, NULL);
    assert_int_equal(status, SIM_EINVARIANT);
    assert_in_range(lent, 10, 100);
    assert_int_equal(mdl_ledger_audit(ledger, NULL), SIM_OK);
    free(ledger);
}

static void growing_keeps_everything(void **state)
{
    (void)state;
    mdl_ledger_t *small = make(ACCOUNTS), *large = malloc(mdl_ledger_bytes(3 * ACCOUNTS));
    populate(small);
    mdl_ledger_grow_into(large, 3 * ACCOUNTS, small);
    assert_memory_equal(large->accounts, small->accounts, ACCOUNTS * sizeof(mdl_ledger_account_t));
    assert_memory_equal(&large->earlier, &small->earlier, sizeof small->earlier);
    (void)open_account(large, MDL_SECTOR_LAB, 5);
    assert_int_equal(mdl_ledger_audit(large, NULL), SIM_OK);
    free(small);
    free(large);
}

static void names_are_complete_and_distinct(void **state)
{
    (void)state;
    for (int row = 0; row < MDL_FLOW_ROWS; row++)
        for (int other = 0; other < row; other++)
            assert_string_not_equal(mdl_flow_name(row), mdl_flow_name(other));
    for (int s = 0; s < MDL_SECTORS; s++)
        for (int other = 0; other < s; other++)
            assert_string_not_equal(mdl_sector_name((mdl_sector_t)s), mdl_sector_name((mdl_sector_t)other));
    assert_string_equal(mdl_position_name(MDL_POSITION_NET_WORTH), "net_worth");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_transactions_keep_every_law), cmocka_unit_test(a_bill_is_its_payments),
        cmocka_unit_test(audit_sees_every_kind_of_damage),    cmocka_unit_test(a_loans_life),
        cmocka_unit_test(refusals_name_what_is_wrong),        cmocka_unit_test(overflow_is_refused),
        cmocka_unit_test(growing_keeps_everything),           cmocka_unit_test(names_are_complete_and_distinct),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
