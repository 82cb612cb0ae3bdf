// SPDX-License-Identifier: GPL-3.0-or-later
/* Units and quantities: what a number in a scenario or a table is measured in.
 *
 * A unit is a product of atoms: "1", "CNY", "CNY/kWh", "CNY/node/month", "GPU h", "GB/s", "1/yr". Atoms are joined by a
 * blank or '*' (times) and '/' (per, for the one atom that follows). Two units convert into one another when they
 * measure the same thing: s, min, h, d, wk; W, kW, MW, GW; Wh to TWh; fen, CNY, kCNY, MCNY, bnCNY; B to PB; and what
 * is made of them. k, M and bn are plain multipliers ("3 bn CNY"), % is 0.01. Months and years convert into each other
 * but not into days, whose number in a month differs; dollars do not convert into yuan, since no rate is right for
 * four years; things that are counted (GPU, node, job, lab ...) convert into nothing.
 *
 *     double value;
 *     mdl_quantity_parse("0.4 CNY/kWh", "fen/kWh", &value, &err);     // 40
 *     mdl_quantity_parse("36 h", "d", &value, &err);                  // 1.5
 *     mdl_quantity_parse("3 USD", "CNY", &value, &err);               // SIM_EINPUT
 */
#ifndef MDL_UNITS_H
#define MDL_UNITS_H

#include "sim/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Reads a number: an optional sign, digits without leading zeros, an optional fraction and exponent; nothing else, so
 * no nan, inf, hex, octal, underscores or blanks. SIM_EINPUT says what was found, without a place. Returns in `rest`,
 * when not NULL, where the number ended; with a NULL `rest` the number must be the whole text. */
sim_status_t mdl_number_parse(const char *text, double *value, const char **rest, sim_error_t *err);

/* Reads a number with or without a unit and converts it to `unit`. A bare number is already in `unit`. */
sim_status_t mdl_quantity_parse(const char *text, const char *unit, double *value, sim_error_t *err);

/* How many `to` one `from` is, as numerator over denominator (both exact integers where the units' scales are), or
 * SIM_EINPUT when a unit is unknown or the two measure different things. */
sim_status_t mdl_unit_factor(const char *from, const char *to, double *numerator, double *denominator,
                             sim_error_t *err);

/* Converts `value`; exact whenever the result is a double. The units must convert (assert). */
double mdl_unit_convert(double value, const char *from, const char *to);

/* Whether `unit` can be read. */
bool mdl_unit_known(const char *unit);

/* Writes `value` with as few digits as give the same double back; no exponent for whole numbers below 10^15. */
#define MDL_VALUE_BYTES 64
char *mdl_number_format(double value, char text[MDL_VALUE_BYTES]);

#endif
