// SPDX-License-Identifier: GPL-3.0-or-later
/* A paired effect as the cells of a table: means of both arms, difference and interval in one scale. */
#ifndef APP_EFFECT_H
#define APP_EFFECT_H

#include "analysis/compare.h"
#include "app/number.h"

typedef struct app_effect {
    char baseline[32], arm[32], difference[32], low[32], high[32];
    app_scale_t scale; /* with the unit that all of them are in */
    char mark;         /* '*' where the interval leaves out zero (ana_effect_is_clear), else ' ' */
} app_effect_t;

app_effect_t app_effect_format(const ana_effect_t *effect);

/* Says on stderr, for `command`, which arms of a result are the baseline's world: a change that is not felt looks like a
 * policy without effect. What cannot be read back is no failure here. */
void app_warn_of_idle_arms(const char *command, sim_result_t *result, const char *baseline);

#endif
