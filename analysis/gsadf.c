// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/gsadf.h"

#include "sim/plural.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

size_t ana_gsadf_min_rows(size_t n)
{
    return n > 0 ? (size_t)((double)n * (0.01 + 1.8 / sqrt((double)n))) : 0;
}

sim_status_t ana_gsadf_check(size_t n, ana_lag_t lag, size_t min_rows, sim_error_t *err)
{
    size_t fewest = ana_adf_fewest_rows(lag), needed = min_rows + ana_adf_lost(lag);
    if (min_rows < fewest)
        return sim_fail(err, SIM_EINPUT, "smallest window",
                        "found %zu regression row%s; expected at least %zu with up to %d lag%s", min_rows,
                        sim_plural(min_rows), fewest, lag.order, sim_plural((uint64_t)lag.order));
    if (n < needed)
        return sim_fail(err, SIM_EINPUT, "series",
                        "found %zu observation%s; expected at least %zu for a window of %zu regression rows", n,
                        sim_plural(n), needed, min_rows);
    return SIM_OK;
}

static sim_status_t check_values(const double *y, size_t n, sim_error_t *err)
{
    bool varies = false;
    for (size_t t = 0; t < n; t++) {
        if (!isfinite(y[t]))
            return sim_fail(err, SIM_EINPUT, "series", "found no finite number at observation %zu of %zu", t + 1, n);
        varies = varies || y[t] != y[0];
    }
    if (varies)
        return SIM_OK;
    return sim_fail(err, SIM_EINPUT, "series", "found %zu times the value %.10g; expected values that vary", n, y[0]);
}

void ana_gsadf_sweep(const ana_adf_series_t *series, ana_lag_t lag, size_t min_rows, ana_gsadf_t *test)
{
    size_t n = series->n, first = ana_adf_lost(lag) + min_rows - 1;
    test->n = n;
    test->first = first;
    test->sadf = test->gsadf = test->adf = -INFINITY;
    for (size_t t = 0; t < first; t++)
        test->badf[t] = test->bsadf[t] = NAN;
    for (size_t t = first; t < n; t += ANA_ADF_LANES) {
        double badf[ANA_ADF_LANES], bsadf[ANA_ADF_LANES];
        ana_adf_ends(series, lag, min_rows, t, badf, bsadf);
        for (size_t l = 0; l < ANA_ADF_LANES && t + l < n; l++) {
            test->adf = test->badf[t + l] = badf[l];
            test->bsadf[t + l] = bsadf[l];
            test->sadf = fmax(test->sadf, badf[l]);
            test->gsadf = fmax(test->gsadf, bsadf[l]);
        }
    }
}

sim_status_t ana_gsadf(const double *y, size_t n, ana_lag_t lag, size_t min_rows, ana_gsadf_t *test, sim_error_t *err)
{
    *test = (ana_gsadf_t){0};
    sim_status_t status = ana_gsadf_check(n, lag, min_rows, err);
    if (status == SIM_OK)
        status = check_values(y, n, err);
    if (status != SIM_OK)
        return status;
    ana_adf_series_t series = {0};
    test->badf = calloc(2 * n, sizeof *test->badf);
    status = test->badf == NULL ? sim_fail(err, SIM_ENOMEM, "series", "no memory for %zu observations", n)
                                : ana_adf_series_init(&series, n, err);
    if (status == SIM_OK) {
        test->bsadf = test->badf + n;
        ana_adf_series_set(&series, y);
        ana_gsadf_sweep(&series, lag, min_rows, test);
    }
    ana_adf_series_free(&series);
    return status;
}

void ana_gsadf_free(ana_gsadf_t *self)
{
    free(self->badf);
    *self = (ana_gsadf_t){0};
}

size_t ana_episode_log_duration(size_t n)
{
    return n > 1 ? (size_t)ceil(log((double)n)) : 1;
}

size_t ana_episodes(const double *sequence, const double *critical, size_t n, size_t min_duration,
                    ana_episode_t *episodes)
{
    size_t found = 0;
    for (size_t t = 0; t < n; t++) {
        size_t start = t;
        while (t < n && sequence[t] > critical[t])
            t++;
        if (t > start && t - start >= min_duration)
            episodes[found++] = (ana_episode_t){start, t - 1};
    }
    return found;
}
