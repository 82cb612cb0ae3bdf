// SPDX-License-Identifier: GPL-3.0-or-later
/* Arithmetic on money: int64 fen (1 CNY = 100 fen), checked.
 *
 *     int64_t due_fen;
 *     if (!mdl_money_times(price_fen, quantity, &due_fen)) ...   // too large for the ledger
 *     int64_t interest_fen = mdl_money_share(principal_fen, 0.05 / 12);
 */
#ifndef MDL_MONEY_H
#define MDL_MONEY_H

#include "sim/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Largest amount of one posting and of one balance: 10^17 fen, some eight times China's yearly output. Sums of
 * thousands of such amounts can overflow, which the ledger refuses; products of a double and money are cut here. */
#define MDL_MONEY_MAX_FEN INT64_C(100000000000000000)
#define MDL_FEN_PER_YUAN  100.0

/* Nearest whole fen (halves away from zero), cut at +-MDL_MONEY_MAX_FEN. NaN is a programmer's bug. */
static inline int64_t mdl_money_round(double fen)
{
    SIM_ASSERT(fen == fen);
    if (fen >= (double)MDL_MONEY_MAX_FEN)
        return MDL_MONEY_MAX_FEN;
    if (fen <= -(double)MDL_MONEY_MAX_FEN)
        return -MDL_MONEY_MAX_FEN;
    return fen < 0 ? -(int64_t)(0.5 - fen) : (int64_t)(fen + 0.5);
}

/* `share` (1 = all) of an amount, in whole fen. */
static inline int64_t mdl_money_share(int64_t amount_fen, double share)
{
    return mdl_money_round((double)amount_fen * share);
}

/* price x quantity; false when it exceeds MDL_MONEY_MAX_FEN either way. */
static inline bool mdl_money_times(int64_t price_fen, int64_t quantity, int64_t *out_fen)
{
    return !__builtin_mul_overflow(price_fen, quantity, out_fen) && *out_fen <= MDL_MONEY_MAX_FEN &&
           *out_fen >= -MDL_MONEY_MAX_FEN;
}

#endif
