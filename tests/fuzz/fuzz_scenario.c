// SPDX-License-Identifier: GPL-3.0-or-later
/* Fuzz target of the scenario reader: any bytes are either a plan that survives being written and read again, or
 * refused with at least one message that names a place.
 *
 *     cmake -G Ninja -B build/fuzz -DCMAKE_C_COMPILER=clang-14 -DOVERBUILD_TESTS=ON -DOVERBUILD_FUZZ=ON \
 *           -DOVERBUILD_SANITIZE=address,undefined,fuzzer-no-link
 *     ninja -C build/fuzz fuzz_scenario
 *     build/fuzz/tests/fuzz_scenario -runs=1000000 -max_len=4096 NEW_FOLDER tests/unit/bad_scenarios
 *
 * A scenario that gives no tables has the shipped ones read, which would be most of what an execution does and the same
 * in each. They are read once, by the reader itself, and a table whose text is a shipped one's is copied from there;
 * any other text, and a shipped table whose provinces are not the shipped ones, is read.
 */
#include "models/params/tables.h"
#include "scenarios/scenario.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t __real_mdl_table_read(mdl_tables_t *tables, const mdl_table_t *table, const char *name, const char *csv,
                             mdl_report_t report, void *user);
size_t __wrap_mdl_table_read(mdl_tables_t *tables, const mdl_table_t *table, const char *name, const char *csv,
                             mdl_report_t report, void *user);

static mdl_tables_t shipped; /* set before the first execution, and constant from there on */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    SIM_ASSERT(mdl_tables_default(&shipped, NULL) == SIM_OK);
    return 0;
}

static bool has_shipped_provinces(const mdl_tables_t *tables)
{
    return tables->n_provinces == shipped.n_provinces &&
           memcmp(tables->provinces, shipped.provinces, sizeof shipped.provinces) == 0;
}

static void copy_part(mdl_tables_t *tables, size_t offset, size_t bytes)
{
    memcpy((char *)tables + offset, (const char *)&shipped + offset, bytes);
}

/* In the place of mdl_table_read wherever a scenario is read. mdl_tables_default() stands in the reader's own file, so
 * that the linker leaves its calls as they are. */
size_t __wrap_mdl_table_read(mdl_tables_t *tables, const mdl_table_t *table, const char *name, const char *csv,
                             mdl_report_t report, void *user)
{
    bool provinces = strcmp(table->name, "provinces") == 0;
    if (strcmp(csv, table->default_csv) != 0 || (!provinces && !has_shipped_provinces(tables)))
        return __real_mdl_table_read(tables, table, name, csv, report, user);
    copy_part(tables, table->rows_offset, table->max_rows * table->row_bytes);
    copy_part(tables, table->count_offset, sizeof(uint32_t));
    if (strcmp(table->name, "gpu_types") == 0)
        tables->reference_type = shipped.reference_type;
    return 0;
}

static void refused_well(sim_status_t status, const scn_problems_t *problems, const sim_error_t *err)
{
    SIM_ASSERT(status == SIM_EINPUT && err->code == SIM_EINPUT && err->message[0] != '\0');
    SIM_ASSERT(problems->n > 0);
    for (size_t i = 0; i < problems->n; i++)
        SIM_ASSERT(strlen(problems->items[i].text) > 3 && strchr(problems->items[i].text, '\n') == NULL);
}

/* The resolved text gives the same plan: the same identity and the same arms. */
static void survives_writing(const scn_scenario_t *scenario)
{
    char *resolved = scn_scenario_resolved(scenario), *identity = scn_scenario_identity(scenario);
    scn_scenario_t *again = NULL;
    sim_error_t err = {0};
    sim_status_t status = scn_scenario_load_text(&again, "resolved", resolved, strlen(resolved), NULL, NULL, &err);
    SIM_ASSERT(status == SIM_OK);
    char *identity_again = scn_scenario_identity(again);
    SIM_ASSERT(strcmp(identity, identity_again) == 0);
    SIM_ASSERT(scn_scenario_arms(scenario) == scn_scenario_arms(again));
    SIM_ASSERT(scn_scenario_points(scenario) == scn_scenario_points(again));
    free(resolved);
    free(identity);
    free(identity_again);
    scn_scenario_free(again);
}

/* Whether a number of more than `digits` digits stands behind `word` and a colon. */
static bool has_large(const uint8_t *data, size_t size, const char *word, size_t digits)
{
    size_t length = strlen(word);
    for (size_t i = 0; i + length < size; i++) {
        if (memcmp(data + i, word, length) != 0)
            continue;
        size_t at = i + length, n = 0;
        while (at < size && (data[at] == ':' || data[at] == ' '))
            at++;
        while (at + n < size && data[at + n] >= '0' && data[at + n] <= '9')
            n++;
        if (n > digits)
            return true;
    }
    return false;
}

/* A plan takes time and memory in proportion to its points, up to 100,000: inputs that ask for many would be most of
 * what a run does, and show nothing that few points do not. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (has_large(data, size, "points", 3) || has_large(data, size, "levels", 2))
        return 0;
    scn_scenario_t *scenario = NULL;
    scn_problems_t problems = {0};
    sim_error_t err = {0};
    sim_status_t status =
        scn_scenario_load_text(&scenario, "fuzz.yaml", (const char *)data, size, NULL, &problems, &err);
    if (status == SIM_OK)
        survives_writing(scenario);
    else
        refused_well(status, &problems, &err);
    scn_problems_free(&problems);
    scn_scenario_free(scenario);
    return 0;
}
