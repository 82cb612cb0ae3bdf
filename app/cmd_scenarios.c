// SPDX-License-Identifier: GPL-3.0-or-later
/* check, list, show: looking at scenarios without running them. */
#include "app/command.h"
#include "app/problems.h"
#include "models/params/spelling.h"
#include "sim/plural.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const app_option_t no_options[] = {{0}};

static void print_good(const char *name, const scn_scenario_t *scenario)
{
    uint32_t arms = scn_scenario_arms(scenario), points = scn_scenario_points(scenario);
    uint32_t replications = scn_scenario_replications(scenario);
    printf("%s: good: %u arm%s, %u design point%s, %u replication%s\n", name, arms, sim_plural(arms), points,
           sim_plural(points), replications, sim_plural(replications));
}

static int run_check(const app_command_t *command, int argc, char **argv)
{
    const char *name = NULL;
    if (app_options_parse(command->name, no_options, NULL, argc, argv, 1, 1, &name) < 0)
        return APP_BAD_INPUT;
    sim_error_t err = {0};
    scn_scenario_t *scenario = NULL;
    sim_status_t status = app_load_scenario(&scenario, name, &(scn_options_t){0}, &err);
    if (status == SIM_OK)
        print_good(name, scenario);
    scn_scenario_free(scenario);
    if (status == SIM_OK)
        return APP_DONE;
    return err.code == SIM_OK ? app_exit_status(status) : app_report(command, &err);
}

static int run_list(const app_command_t *command, int argc, char **argv)
{
    if (app_options_parse(command->name, no_options, NULL, argc, argv, 0, 0, NULL) < 0)
        return APP_BAD_INPUT;
    for (size_t i = 0; i < scn_preset_count(); i++)
        printf("%-12s %s\n", scn_preset_name(i), scn_preset_summary(i));
    return APP_DONE;
}

typedef struct show_values {
    bool resolved;
} show_values_t;

static const app_option_t show_options[] = {
    {0, "resolved", NULL, APP_FLAG, offsetof(show_values_t, resolved),
     "everything resolved: each parameter with unit and source", 0, 0},
    {0},
};

static int show_resolved(const app_command_t *command, const char *name)
{
    sim_error_t err = {0};
    scn_scenario_t *scenario = NULL;
    sim_status_t status = app_load_scenario(&scenario, name, &(scn_options_t){0}, &err);
    char *text = status == SIM_OK ? scn_scenario_resolved(scenario) : NULL;
    if (text != NULL)
        fputs(text, stdout);
    else if (status == SIM_OK)
        status = sim_fail(&err, SIM_ENOMEM, name, "no memory for the resolved scenario");
    free(text);
    scn_scenario_free(scenario);
    if (status == SIM_OK)
        return APP_DONE;
    return err.code == SIM_OK ? app_exit_status(status) : app_report(command, &err);
}

static int no_preset(const char *name)
{
    if (access(name, F_OK) == 0) {
        fprintf(stderr,
                "overbuild show: '%s': found a file; expected a preset's name; a file is printed as it is understood "
                "with --resolved\n",
                name);
        return APP_BAD_INPUT;
    }
    char hint[MDL_SPELLING_HINT];
    mdl_spelling_t near = mdl_spelling(name);
    for (size_t i = 0; i < scn_preset_count(); i++)
        mdl_spelling_offer(&near, scn_preset_name(i));
    fprintf(stderr, "overbuild show: '%s': no such preset; expected one that 'overbuild list' names%s\n", name,
            mdl_spelling_hint_of(&near, hint));
    return APP_BAD_INPUT;
}

static int run_show(const app_command_t *command, int argc, char **argv)
{
    show_values_t values = {0};
    const char *name = NULL;
    if (app_options_parse(command->name, show_options, &values, argc, argv, 1, 1, &name) < 0)
        return APP_BAD_INPUT;
    if (values.resolved)
        return show_resolved(command, name);
    const char *text = scn_preset_text(name);
    if (text == NULL)
        return no_preset(name);
    fputs(text, stdout);
    return APP_DONE;
}

const app_command_t app_command_check = {
    .name = "check",
    .synopsis = "SCENARIO",
    .summary = "find every problem in a scenario",
    .details = "Reads SCENARIO (a preset or a path), the scenarios that it extends and its tables, and prints every "
               "problem as\n"
               "file:line:column: what, expected, found. Exit status 0: none; 2: some.\n\n"
               "Example:\n"
               "  overbuild check my-policy.yaml",
    .options = no_options,
    .run = run_check,
};

const app_command_t app_command_list = {
    .name = "list",
    .synopsis = "",
    .summary = "list the presets shipped with the program",
    .details = "One line for each preset: its name and what it is for. 'overbuild show NAME' prints it.",
    .run = run_list,
};

const app_command_t app_command_show = {
    .name = "show",
    .synopsis = "PRESET [--resolved]",
    .summary = "print a preset, as a start for your own scenario",
    .details =
        "Prints the commented file. With --resolved: every parameter with its value, unit and source, and every dated\n"
        "change; a path works there too.\n\n"
        "Example:\n"
        "  overbuild show policies > my-policy.yaml",
    .options = show_options,
    .run = run_show,
};
