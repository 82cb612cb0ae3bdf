// SPDX-License-Identifier: GPL-3.0-or-later
/* What 'overbuild bubbles' prints: tables for people, one JSON object for programs. */
#ifndef APP_BUBBLES_OUTPUT_H
#define APP_BUBBLES_OUTPUT_H

#include "analysis/bubbles.h"
#include "analysis/dated_column.h"
#include "analysis/lppls_arm.h"

/* How the tests were made, for both kinds of output. */
typedef struct app_bubbles_setup {
    const char *lag_text; /* "0", "bic:6" */
    const char *name;     /* column or variable */
    bool logarithm;
    const ana_bubbles_options_t *options;
} app_bubbles_setup_t;

typedef struct app_lppls_result {
    ana_lppls_t fit;
    double confidence;
    size_t starts, window_starts;
} app_lppls_result_t;

/* One series of a CSV file; `lppls` may be NULL. */
void app_bubbles_print_series(const app_bubbles_setup_t *setup, const ana_column_t *series,
                              const ana_bubbles_t *bubbles, const app_lppls_result_t *lppls);
void app_bubbles_json_series(const app_bubbles_setup_t *setup, const ana_column_t *series, const ana_bubbles_t *bubbles,
                             const app_lppls_result_t *lppls);

/* All replications of the arms of a result; `lppls` has as many arms, or is NULL. */
void app_bubbles_print_arms(const app_bubbles_setup_t *setup, const ana_bubbles_arm_t *arms,
                            const ana_lppls_arm_t *lppls, size_t n);
void app_bubbles_json_arms(const app_bubbles_setup_t *setup, const ana_bubbles_arm_t *arms,
                           const ana_lppls_arm_t *lppls, size_t n);

#endif
