// SPDX-License-Identifier: GPL-3.0-or-later
/* Fuzz target of the reader of tables: the first byte chooses the table, the rest is its text. Built and run like
 * fuzz_scenario.c; models/params/tables are texts to start from, each behind a byte.
 */
#include "models/params/tables.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count_problem(void *user, const char *message)
{
    ++*(size_t *)user;
    SIM_ASSERT(strncmp(message, "t.csv:", 6) == 0 && strchr(message, '\n') == NULL);
}

/* A cell is what its column says. */
static void cell_holds(const mdl_tables_t *tables, const mdl_column_t *column, const char *cell)
{
    switch (column->kind) {
    case MDL_COLUMN_NAME:
    case MDL_COLUMN_TEXT: SIM_ASSERT(memchr(cell, '\0', MDL_NAME_BYTES) != NULL && *cell != '\0'); break;
    case MDL_COLUMN_REAL: {
        double value = *(const double *)(const void *)cell;
        SIM_ASSERT(value >= column->low && value <= column->high && isfinite(value));
        break;
    }
    case MDL_COLUMN_COUNT: {
        double value = (double)*(const int64_t *)(const void *)cell;
        SIM_ASSERT(value >= column->low && value <= column->high);
        break;
    }
    case MDL_COLUMN_INT: {
        double value = (double)*(const int32_t *)(const void *)cell;
        SIM_ASSERT(value >= column->low && value <= column->high);
        break;
    }
    case MDL_COLUMN_PROVINCE: {
        int32_t province = *(const int32_t *)(const void *)cell;
        SIM_ASSERT(province >= 0 && (uint32_t)province < tables->n_provinces);
        break;
    }
    default: break;
    }
}

static void table_holds(const mdl_tables_t *tables, const mdl_table_t *table)
{
    const char *rows = (const char *)tables + table->rows_offset;
    uint32_t n = *(const uint32_t *)(const void *)((const char *)tables + table->count_offset);
    SIM_ASSERT(n >= table->min_rows && n <= table->max_rows);
    for (uint32_t row = 0; row < n; row++)
        for (size_t c = 0; c < table->n_columns; c++)
            cell_holds(tables, &table->columns[c], rows + row * table->row_bytes + table->columns[c].offset);
}

/* Any text is a table that keeps its promises or has as many problems as were reported. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static mdl_tables_t shipped, tables;
    if (shipped.n_provinces == 0)
        SIM_ASSERT(mdl_tables_default(&shipped, NULL) == SIM_OK);
    if (size == 0)
        return 0;
    size_t n, reported = 0;
    const mdl_table_t *registry = mdl_tables_registry(&n), *table = &registry[data[0] % n];
    char *text = malloc(size);
    SIM_ASSERT(text != NULL);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    tables = shipped;
    size_t problems = mdl_table_read(&tables, table, "t.csv", text, count_problem, &reported);
    free(text);
    SIM_ASSERT(problems == reported);
    if (problems == 0)
        table_holds(&tables, table);
    return 0;
}
