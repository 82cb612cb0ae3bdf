// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/facts_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHIPPED_NAME     "shipped facts"
#define FACTS_MOST_BYTES (16 << 20)

static sim_status_t read_text(const char *path, char **text, sim_error_t *err)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return sim_fail(err, SIM_EINPUT, path, "cannot be opened; expected a facts table (CSV)");
    *text = calloc(FACTS_MOST_BYTES + 1, 1);
    sim_status_t status = SIM_OK;
    if (*text == NULL)
        status = sim_fail(err, SIM_ENOMEM, path, "no memory for a facts table");
    size_t bytes = status == SIM_OK ? fread(*text, 1, FACTS_MOST_BYTES + 1, file) : 0;
    if (status == SIM_OK && ferror(file))
        status = sim_fail(err, SIM_EIO, path, "cannot be read; expected a facts table (CSV)");
    else if (bytes > FACTS_MOST_BYTES || (status == SIM_OK && strlen(*text) != bytes))
        status = sim_fail(err, SIM_EINPUT, path, "is %s; expected a facts table (CSV)",
                          bytes > FACTS_MOST_BYTES ? "larger than 16 MiB" : "no text");
    fclose(file);
    return status;
}

static void print_problem(void *user, const char *problem)
{
    (void)user;
    fprintf(stderr, "%s\n", problem);
}

sim_status_t app_facts_read(const char *path, ana_facts_t *facts, sim_error_t *err)
{
    char *own = NULL;
    size_t problems = 0;
    sim_status_t status = path == NULL ? SIM_OK : read_text(path, &own, err);
    if (status == SIM_OK)
        status = ana_facts_read(facts, path == NULL ? SHIPPED_NAME : path, path == NULL ? ana_facts_shipped() : own,
                                print_problem, NULL, &problems, err);
    free(own);
    return status;
}
