// SPDX-License-Identifier: GPL-3.0-or-later
/* Fuzz target of the reader of facts tables: any text is a table that keeps its promises, or refused with as many
 * problems as were told. Built and run like fuzz_scenario.c; analysis/facts holds texts to start from.
 */
#include "analysis/expression.h"
#include "analysis/facts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count_problem(void *user, const char *problem)
{
    SIM_ASSERT(strchr(problem, ':') != NULL && strchr(problem, '\n') == NULL);
    ++*(size_t *)user;
}

/* What the rest of the program relies on. */
static void fact_holds(const ana_fact_t *fact)
{
    ana_expression_t expression;
    SIM_ASSERT(*fact->id != '\0' && fact->kind < ANA_FACT_KINDS && fact->scoring < ANA_SCORINGS);
    SIM_ASSERT(fact->reduction < ANA_REDUCTIONS && isfinite(fact->scale) && isfinite(fact->shift));
    SIM_ASSERT(!(fact->low > fact->high));
    SIM_ASSERT((*fact->variable == '\0') == (fact->reduction == ANA_REDUCE_NONE));
    SIM_ASSERT(*fact->variable == '\0' || ana_expression_parse(fact->variable, &expression) == NULL);
    if (fact->scoring == ANA_SCORING_NONE)
        SIM_ASSERT(*fact->note != '\0');
    else
        SIM_ASSERT(*fact->variable != '\0' && isfinite(fact->low) && isfinite(fact->high));
}

/* Whether the text is a table. */
static bool read_facts(const uint8_t *data, size_t size)
{
    ana_facts_t facts = {0};
    size_t told = 0, problems = 0;
    char *text = malloc(size + 1);
    SIM_ASSERT(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    sim_status_t status = ana_facts_read(&facts, "t.csv", text, count_problem, &told, &problems, NULL);
    SIM_ASSERT(status == (problems == 0 ? SIM_OK : SIM_EINPUT) && told == problems);
    for (size_t f = 0; status == SIM_OK && f < facts.n; f++)
        fact_holds(&facts.rows[f]);
    ana_facts_free(&facts);
    free(text);
    return status == SIM_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)read_facts(data, size);
    return 0;
}
