// SPDX-License-Identifier: GPL-3.0-or-later
/* Numbers for people: one scale and one number of decimals for a row of a table. */
#ifndef APP_NUMBER_H
#define APP_NUMBER_H

#include <stdbool.h>

typedef struct app_scale {
    double divisor;
    int decimals;
    char unit[64]; /* with prefix: "bn yuan" */
} app_scale_t;

/* Scale in which the larger of two magnitudes reads well: 3 to 4 digits. Thousands, millions and billions are used for
 * money and energy; counts and shares stay as they are. */
app_scale_t app_scale_for(double a, double b, const char *unit);

/* Writes value / divisor with the scale's decimals, a sign if `is_difference`; "-" when missing. */
void app_format(double value, const app_scale_t *scale, bool is_difference, char text[32]);

#endif
