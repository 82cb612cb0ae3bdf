// SPDX-License-Identifier: GPL-3.0-or-later
/* Subcommands: one description and one function each; main.c lists them. */
#ifndef APP_COMMAND_H
#define APP_COMMAND_H

#include "app/options.h"
#include "sim/error.h"

/* Exit statuses. */
enum {
    APP_DONE = 0,
    APP_CHECK_FAILED = 1,
    APP_BAD_INPUT = 2,
    APP_SOME_FAILED = 3,
    APP_IO = 4,
    APP_NO_MEMORY = 5,
    APP_INTERNAL = 70
};

typedef struct app_command {
    const char *name;
    const char *synopsis; /* what follows "overbuild NAME" */
    const char *summary;  /* one line */
    const char *details;  /* paragraphs and examples for `help NAME` */
    const app_option_t *options;
    int (*run)(const struct app_command *self, int argc, char **argv); /* exit status */
} app_command_t;

extern const app_command_t app_command_run;
extern const app_command_t app_command_check;
extern const app_command_t app_command_list;
extern const app_command_t app_command_show;
extern const app_command_t app_command_params;
extern const app_command_t app_command_info;
extern const app_command_t app_command_digest;
extern const app_command_t app_command_compare;
extern const app_command_t app_command_explain;
extern const app_command_t app_command_validate;
extern const app_command_t app_command_calibrate;
extern const app_command_t app_command_replay;
extern const app_command_t app_command_bubbles;
extern const app_command_t app_command_bench;
extern const app_command_t app_command_version;
extern const app_command_t app_command_help;

/* All commands, in the order of the help page; NULL at the end. */
extern const app_command_t *const app_commands[];

/* Prints an error on stderr as "overbuild NAME: message" and returns its exit status. */
int app_report(const app_command_t *command, const sim_error_t *err);
/* Exit status of a sim_status_t. */
int app_exit_status(sim_status_t status);

#endif
