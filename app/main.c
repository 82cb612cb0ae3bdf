// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command.h"
#include "models/params/spelling.h"
#include "scenarios/provenance.h"

#include <stdio.h>
#include <string.h>

const app_command_t *const app_commands[] = {
    &app_command_run,
    &app_command_check,
    &app_command_list,
    &app_command_show,
    &app_command_params,
    &app_command_info,
    &app_command_digest,
    &app_command_compare,
    &app_command_explain,
    &app_command_validate,
    &app_command_calibrate,
    &app_command_replay,
    &app_command_bubbles,
    &app_command_bench,
    &app_command_version,
    &app_command_help,
    NULL,
};

int app_exit_status(sim_status_t status)
{
    switch (status) {
    case SIM_OK: return APP_DONE;
    case SIM_EINPUT:
    case SIM_EEXISTS: return APP_BAD_INPUT;
    case SIM_EIO: return APP_IO;
    case SIM_ENOMEM: return APP_NO_MEMORY;
    default: return APP_INTERNAL;
    }
}

int app_report(const app_command_t *command, const sim_error_t *err)
{
    fprintf(stderr, "overbuild %s: %s\n", command->name, err->message);
    return app_exit_status(err->code);
}

static const app_command_t *find_command(const char *name)
{
    for (size_t i = 0; app_commands[i] != NULL; i++)
        if (strcmp(app_commands[i]->name, name) == 0)
            return app_commands[i];
    return NULL;
}

static void print_overview(void)
{
    printf("overbuild %s: how AI compute gets announced, subsidised, built, priced, scheduled and left idle\n\n"
           "Usage: overbuild COMMAND [OPTION]... [ARGUMENT]...\n\n",
           scn_version());
    for (size_t i = 0; app_commands[i] != NULL; i++)
        printf("  %-10s %s\n", app_commands[i]->name, app_commands[i]->summary);
    printf("\nA first experiment, a few minutes on a laptop:\n\n"
           "  overbuild run policies -n 10\n"
           "  overbuild compare policies.h5 --baseline baseline\n\n"
           "'overbuild help COMMAND' explains one command with examples.\n");
}

static void print_help(const app_command_t *command)
{
    printf("Usage: overbuild %s%s%s\n\n%s\n", command->name, *command->synopsis == '\0' ? "" : " ", command->synopsis,
           command->details);
    if (command->options != NULL && command->options->name != NULL) {
        printf("\nOptions:\n");
        app_options_help(command->options);
    }
}

static int unknown_command(const char *name)
{
    char hint[MDL_SPELLING_HINT];
    mdl_spelling_t near = mdl_spelling(name);
    fprintf(stderr, "overbuild: '%s': unknown command; expected one of", name);
    for (size_t i = 0; app_commands[i] != NULL; i++) {
        fprintf(stderr, "%s %s", i == 0 ? "" : ",", app_commands[i]->name);
        mdl_spelling_offer(&near, app_commands[i]->name);
    }
    fprintf(stderr, "%s; see 'overbuild help'\n", mdl_spelling_hint_of(&near, hint));
    return APP_BAD_INPUT;
}

static int run_help(const app_command_t *self, int argc, char **argv)
{
    const char *name = NULL;
    static const app_option_t none[] = {{0}};
    if (app_options_parse(self->name, none, NULL, argc, argv, 0, 1, &name) < 0)
        return APP_BAD_INPUT;
    if (name == NULL) {
        print_overview();
        return APP_DONE;
    }
    const app_command_t *command = find_command(name);
    if (command == NULL)
        return unknown_command(name);
    print_help(command);
    return APP_DONE;
}

static int run_version(const app_command_t *self, int argc, char **argv)
{
    static const app_option_t none[] = {{0}};
    if (app_options_parse(self->name, none, NULL, argc, argv, 0, 0, NULL) < 0)
        return APP_BAD_INPUT;
    printf("overbuild %s (%s)\n", scn_version(), scn_compiler());
    return APP_DONE;
}

const app_command_t app_command_help = {
    .name = "help",
    .synopsis = "[COMMAND]",
    .summary = "explain the program or one command",
    .details = "Without COMMAND: the list of commands. With it: what it does, its options, examples.",
    .run = run_help,
};

const app_command_t app_command_version = {
    .name = "version",
    .synopsis = "",
    .summary = "print the version and the compiler it was built with",
    .details = "Prints one line, for bug reports and for the provenance of results.",
    .run = run_version,
};

int main(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_overview();
        return argc < 2 ? APP_BAD_INPUT : APP_DONE;
    }
    if (strcmp(argv[1], "--version") == 0)
        return run_version(&app_command_version, 1, argv + 1);
    const app_command_t *command = find_command(argv[1]);
    if (command == NULL)
        return unknown_command(argv[1]);
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0) {
            print_help(command);
            return APP_DONE;
        }
    int status = command->run(command, argc - 1, argv + 1);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "overbuild: cannot write to standard output; is the disk full or the pipe closed?\n");
        return APP_IO;
    }
    return status;
}
