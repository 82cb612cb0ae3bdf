// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
    double from, divisor;
    const char *prefix;
} steps[] = {{1e11, 1e9, "bn "}, {1e8, 1e6, "M "}, {1e5, 1e3, "k "}};

app_scale_t app_scale_for(double a, double b, const char *unit)
{
    app_scale_t scale = {.divisor = 1};
    double size = fmax(fabs(a), fabs(b));
    const char *prefix = "";
    bool is_date = strncmp(unit, "days since", 10) == 0;
    for (size_t i = 0; !is_date && i < sizeof steps / sizeof steps[0]; i++)
        if (size >= steps[i].from) {
            scale.divisor = steps[i].divisor;
            prefix = steps[i].prefix;
            break;
        }
    double shown = size / scale.divisor;
    scale.decimals = shown >= 1000 ? 0 : shown >= 100 ? 1 : shown >= 10 ? 2 : 3;
    snprintf(scale.unit, sizeof scale.unit, "%s%s", prefix, strcmp(unit, "1") == 0 ? "" : unit);
    return scale;
}

void app_format(double value, const app_scale_t *scale, bool is_difference, char text[32])
{
    if (isnan(value))
        snprintf(text, 32, "-");
    else
        snprintf(text, 32, is_difference ? "%+.*f" : "%.*f", scale->decimals, value / scale->divisor);
}
