// SPDX-License-Identifier: GPL-3.0-or-later
/* The full recount behind --audit. */
#include "models/ledger/ledger.h"

static sim_status_t audit_sheets(const mdl_ledger_t *self, sim_error_t *err)
{
    int64_t total[MDL_POSITIONS] = {0};
    for (uint32_t a = 0; a < self->count; a++) {
        int64_t sum = 0;
        for (int p = 0; p < MDL_POSITIONS; p++) {
            sum += self->accounts[a].position_fen[p];
            total[p] += self->accounts[a].position_fen[p];
        }
        if (sum != 0)
            return sim_fail(err, SIM_EINVARIANT, "ledger", "the sheet of account %u is off by %lld fen", a,
                            (long long)sum);
        if (!self->accounts[a].overdraft && self->accounts[a].position_fen[MDL_POSITION_DEPOSIT] < 0)
            return sim_fail(err, SIM_EINVARIANT, "ledger", "account %u is overdrawn", a);
    }
    for (int p = 0; p < MDL_POSITIONS; p++)
        if (total[p] != self->total_fen[p] || (p < MDL_FINANCIAL_POSITIONS && total[p] != 0))
            return sim_fail(err, SIM_EINVARIANT, "ledger", "all %s positions add up to %lld fen, counted %lld",
                            mdl_position_name((mdl_position_t)p), (long long)total[p], (long long)self->total_fen[p]);
    return SIM_OK;
}

static sim_status_t audit_matrix(const mdl_flow_matrix_t *matrix, const char *name, sim_error_t *err)
{
    int64_t column[MDL_SECTORS] = {0};
    for (int row = 0; row < MDL_FLOW_ROWS; row++) {
        int64_t sum = 0;
        for (int s = 0; s < MDL_SECTORS; s++) {
            sum += matrix->cell_fen[row][s];
            column[s] += matrix->cell_fen[row][s];
        }
        if (sum != 0)
            return sim_fail(err, SIM_EINVARIANT, name, "row %s adds up to %lld fen; expected 0", mdl_flow_name(row),
                            (long long)sum);
    }
    for (int s = 0; s < MDL_SECTORS; s++)
        if (column[s] != 0)
            return sim_fail(err, SIM_EINVARIANT, name, "column %s adds up to %lld fen; expected 0",
                            mdl_sector_name((mdl_sector_t)s), (long long)column[s]);
    return SIM_OK;
}

/* Where the month's flows lead from the opening balance: financial positions by their own row, real assets by what was
 * bought and used up. */
static int64_t expected_fen(const mdl_ledger_t *self, int position, int sector)
{
    int64_t opening_fen = self->month_opening.cell_fen[position][sector];
    if (position == MDL_POSITION_CAPITAL)
        return opening_fen + self->month_bought_fen[sector] - self->month_used_fen[sector];
    return opening_fen - self->month.cell_fen[MDL_FLOWS + position][sector];
}

/* Opening balance + flows of the month = closing balance, for every position of every sector but net worth, which
 * follows from them. */
static sim_status_t audit_month(const mdl_ledger_t *self, sim_error_t *err)
{
    mdl_balance_matrix_t now;
    mdl_ledger_balances(self, &now);
    for (int p = 0; p < MDL_POSITION_NET_WORTH; p++)
        for (int s = 0; s < MDL_SECTORS; s++) {
            int64_t expected = expected_fen(self, p, s);
            if (now.cell_fen[p][s] != expected)
                return sim_fail(err, SIM_EINVARIANT, "ledger", "%s of sector %s: %lld fen, flows lead to %lld",
                                mdl_position_name((mdl_position_t)p), mdl_sector_name((mdl_sector_t)s),
                                (long long)now.cell_fen[p][s], (long long)expected);
        }
    return SIM_OK;
}

sim_status_t mdl_ledger_audit(const mdl_ledger_t *self, sim_error_t *err)
{
    sim_status_t status = audit_sheets(self, err);
    if (status == SIM_OK)
        status = audit_matrix(&self->month, "flows of the month", err);
    if (status == SIM_OK)
        status = audit_matrix(&self->earlier, "flows of earlier months", err);
    return status == SIM_OK ? audit_month(self, err) : status;
}
