// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/effect.h"

#include <stdio.h>

app_effect_t app_effect_format(const ana_effect_t *effect)
{
    app_effect_t cells = {.mark = ana_effect_is_clear(effect) ? '*' : ' '};
    cells.scale = app_scale_for(effect->baseline_mean, effect->arm_mean, effect->unit);
    app_format_level(effect->baseline_mean, effect->unit, &cells.scale, cells.baseline);
    app_format_level(effect->arm_mean, effect->unit, &cells.scale, cells.arm);
    app_format_difference(effect->difference, &cells.scale, cells.difference);
    app_format_difference(effect->ci_low, &cells.scale, cells.low);
    app_format_difference(effect->ci_high, &cells.scale, cells.high);
    return cells;
}

void app_warn_of_idle_arms(const char *command, sim_result_t *result, const char *baseline)
{
    char **arms;
    size_t n;

    (void)ana_find_idle_arms(result, baseline, &arms, &n, NULL);
    for (size_t i = 0; i < n; i++)
        fprintf(stderr,
                "overbuild %s: arm %s: the same as %s in every replication: what it changes has no effect; some "
                "parameters are read on the first day only, and can't be changed later\n",
                command, arms[i], baseline);
    sim_labels_free(arms, n);
}
