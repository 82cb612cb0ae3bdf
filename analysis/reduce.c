// SPDX-License-Identifier: GPL-3.0-or-later
/* What a series comes to in a window of days. */
#include "analysis/series.h"
#include "sim/time.h"

#include <math.h>
#include <string.h>

static const char *const names[ANA_REDUCTIONS] = {
    [ANA_REDUCE_NONE] = "",
    [ANA_REDUCE_OUTCOME] = "outcome",
    [ANA_REDUCE_AT] = "at",
    [ANA_REDUCE_MEAN] = "mean",
    [ANA_REDUCE_MAX] = "max",
    [ANA_REDUCE_MIN] = "min",
    [ANA_REDUCE_SUM] = "sum",
    [ANA_REDUCE_RISE] = "rise",
    [ANA_REDUCE_CHANGE] = "change",
    [ANA_REDUCE_RATIO] = "ratio",
    [ANA_REDUCE_CHANGE_FROM_MAX] = "change_from_max",
    [ANA_REDUCE_YEAR_OF_MAX] = "year_of_max",
};

const char *ana_reduction_name(ana_reduction_t reduction)
{
    return names[reduction];
}

int ana_reduction_find(const char *name)
{
    for (int i = 0; i < ANA_REDUCTIONS; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

bool ana_reduction_has_base(ana_reduction_t reduction)
{
    return reduction == ANA_REDUCE_CHANGE || reduction == ANA_REDUCE_RATIO || reduction == ANA_REDUCE_CHANGE_FROM_MAX;
}

/* What a window holds. */
typedef struct content {
    size_t n; /* values present */
    double sum, max, min, max_day;
} content_t;

/* Length of interval i in days; that of the second stands in for the first. */
static double length_day(const ana_series_t *series, size_t i)
{
    if (series->n_times < 2)
        return 1;
    size_t at = i == 0 ? 1 : i;
    return series->ends_day[at] - series->ends_day[at - 1];
}

static double begin_day(const ana_series_t *series)
{
    return series->ends_day[0] - length_day(series, 0);
}

/* A window may end within the interval that the recording has cut off. */
static bool reaches(const ana_series_t *series, int64_t until_day)
{
    size_t last = series->n_times - 1;
    return (double)until_day + 1 <= series->ends_day[last] + length_day(series, last);
}

static content_t look(const ana_series_t *series, const double *values, ana_window_t window)
{
    content_t content = {.max = NAN, .min = NAN, .max_day = NAN};
    if ((double)window.from_day < begin_day(series) || !reaches(series, window.until_day))
        return content;
    for (size_t i = 0; i < series->n_times; i++) {
        double middle = series->ends_day[i] - length_day(series, i) / 2;
        if (isnan(values[i]) || middle < (double)window.from_day || middle >= (double)window.until_day + 1)
            continue;
        content.n++;
        content.sum += values[i];
        content.min = fmin(content.min, values[i]);
        if (!(values[i] <= content.max)) {
            content.max = values[i];
            content.max_day = middle;
        }
    }
    return content;
}

static double mean_of(const content_t *content)
{
    return content->n > 0 ? content->sum / (double)content->n : NAN;
}

/* The last value at or before midnight after `day`. */
static double at_end_of(const ana_series_t *series, const double *values, int64_t day)
{
    double value = NAN;
    for (size_t i = 0; reaches(series, day) && i < series->n_times; i++)
        if (series->ends_day[i] <= (double)day + 1)
            value = values[i];
    return value;
}

static double rise(const ana_series_t *series, const double *values, ana_window_t window)
{
    double end = at_end_of(series, values, window.until_day);
    double begin = begin_day(series), from = (double)window.from_day;
    if (from < begin)
        return NAN;
    /* Before the first interval has ended, nothing has been counted. */
    return end - (from < series->ends_day[0] ? 0 : at_end_of(series, values, window.from_day - 1));
}

static double year_of(double day)
{
    if (isnan(day))
        return NAN;
    int32_t year = sim_date_from_day((int64_t)floor(day)).year;
    double first = (double)sim_date_to_day((sim_date_t){year, 1, 1});
    double next = (double)sim_date_to_day((sim_date_t){year + 1, 1, 1});
    return year + (day - first) / (next - first);
}

double ana_reduce(const ana_series_t *series, size_t replication, ana_reduction_t reduction, ana_window_t window,
                  ana_window_t base)
{
    const double *values = series->values + replication * series->n_times;
    if (reduction == ANA_REDUCE_OUTCOME || series->ends_day == NULL)
        return reduction == ANA_REDUCE_OUTCOME && series->ends_day == NULL ? values[0] : NAN;
    if (series->n_times == 0)
        return NAN;
    content_t in = look(series, values, window), before = {0};
    if (ana_reduction_has_base(reduction))
        before = look(series, values, base);
    switch (reduction) {
    case ANA_REDUCE_AT: return at_end_of(series, values, window.until_day);
    case ANA_REDUCE_MEAN: return mean_of(&in);
    case ANA_REDUCE_MAX: return in.max;
    case ANA_REDUCE_MIN: return in.min;
    case ANA_REDUCE_SUM: return in.n > 0 ? in.sum : NAN;
    case ANA_REDUCE_RISE: return rise(series, values, window);
    case ANA_REDUCE_CHANGE: return mean_of(&in) / mean_of(&before) - 1;
    case ANA_REDUCE_RATIO: return mean_of(&in) / mean_of(&before);
    case ANA_REDUCE_CHANGE_FROM_MAX: return mean_of(&in) / before.max - 1;
    case ANA_REDUCE_YEAR_OF_MAX: return year_of(in.max_day);
    default: return NAN;
    }
}
