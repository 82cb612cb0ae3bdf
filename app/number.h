// SPDX-License-Identifier: GPL-3.0-or-later
/* Numbers for people: one scale and one number of decimals for a row of a table; dates as dates. */
#ifndef APP_NUMBER_H
#define APP_NUMBER_H

typedef struct app_scale {
    double divisor;
    int decimals;
    char unit[64]; /* with prefix: "bn CNY"; of differences, for dates: "d" */
} app_scale_t;

/* Scale in which the larger of two magnitudes reads well: 3 to 4 digits, in thousands, millions or billions where
 * large. Units "days since DATE" give days. */
app_scale_t app_scale_for(double a, double b, const char *unit);

/* Writes value / divisor with the scale's decimals, or the date for units "days since DATE"; "-" when missing. */
void app_format_level(double value, const char *unit, const app_scale_t *scale, char text[32]);

/* Writes a difference of two such values with its sign; "-" when missing. */
void app_format_difference(double value, const app_scale_t *scale, char text[32]);

#endif
