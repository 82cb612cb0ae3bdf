// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/number.h"

#include "sim/time.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DATE_UNIT "days since "

static const struct {
    double from, divisor;
    const char *prefix;
} steps[] = {{1e11, 1e9, "bn "}, {1e8, 1e6, "M "}, {1e5, 1e3, "k "}};

static bool is_date(const char *unit)
{
    return strncmp(unit, DATE_UNIT, strlen(DATE_UNIT)) == 0;
}

app_scale_t app_scale_for(double a, double b, const char *unit)
{
    app_scale_t scale = {.divisor = 1, .unit = "d"};
    if (is_date(unit))
        return scale;
    double size = fmax(fabs(a), fabs(b));
    const char *prefix = "";
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
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

void app_format_level(double value, const char *unit, const app_scale_t *scale, char text[32])
{
    int64_t start_day = 0;
    if (isnan(value))
        snprintf(text, 32, "-");
    else if (is_date(unit) && sim_date_parse(unit + strlen(DATE_UNIT), &start_day, NULL) == SIM_OK)
        sim_date_format(start_day + (int64_t)floor(value), text);
    else
        snprintf(text, 32, "%.*f", scale->decimals, value / scale->divisor);
}

void app_format_difference(double value, const app_scale_t *scale, char text[32])
{
    if (isnan(value))
        snprintf(text, 32, "-");
    else
        snprintf(text, 32, "%+.*f", scale->decimals, value / scale->divisor);
}
