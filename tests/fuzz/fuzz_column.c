// SPDX-License-Identifier: GPL-3.0-or-later
/* Fuzz target of the reader of a CSV file's dated column: any text holds finite numbers with dates that go on, or is
 * refused. Built and run like fuzz_scenario.c.
 */
#include "analysis/dated_column.h"
#include "tests/fuzz/traces.h"

#include <math.h>

static void column_holds(const ana_column_t *series, bool dated)
{
    SIM_ASSERT(series->n > 0 && (series->date != NULL) == dated && (dated || series->day == NULL));
    for (size_t i = 0; i < series->n; i++) {
        SIM_ASSERT(isfinite(series->values[i]));
        SIM_ASSERT(series->date == NULL || memchr(series->date[i], '\0', ANA_DATE_BYTES) != NULL);
        SIM_ASSERT(series->day == NULL || i == 0 || series->day[i] > series->day[i - 1]);
    }
}

/* Columns v and, for texts of even length, d. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool dated = size % 2 == 0;
    size_t problems = 0;
    const mdl_source_t source = fuzz_source(data, size, &problems);
    ana_column_t series = {0};
    sim_error_t err = {0};
    if (fuzz_read(ana_column_read_csv(&source, "v", dated ? "d" : NULL, &series, &err), &problems, &err))
        column_holds(&series, dated);
    ana_column_free(&series);
    return 0;
}
