// SPDX-License-Identifier: GPL-3.0-or-later
/* Command-line options as a table: parsing, checking and help from one description.
 *
 * A command describes its options in an array; app_options_parse() fills the command's own struct at the offsets given
 * and reports every problem at once on stderr.
 */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum app_option_kind {
    APP_FLAG,    /* bool */
    APP_TEXT,    /* const char * */
    APP_INTEGER, /* int64_t, between low and high */
    APP_NUMBER,  /* double, between low and high */
    APP_SEED,    /* app_seed_t: any 64-bit unsigned number */
    APP_LIST     /* app_list_t: may be given several times */
} app_option_kind_t;

typedef struct app_option {
    char letter; /* 0 when it has only a long name */
    const char *name;
    const char *argument; /* how help calls it; NULL for a flag */
    app_option_kind_t kind;
    size_t offset; /* of the value in the command's struct */
    const char *help;
    int64_t low, high; /* APP_INTEGER, APP_NUMBER */
} app_option_t;

typedef struct app_seed {
    bool given;
    uint64_t value;
} app_seed_t;

#define APP_LIST_MAX 64

typedef struct app_list {
    const char *items[APP_LIST_MAX];
    size_t n;
} app_list_t;

/* Parses argv[1..] of a command. Options end the table with {0}. Operands (what is not an option) go to `operands`, at
 * least `min_operands`, at most `max_operands`. Returns the number of operands, or -1 after naming all problems. */
int app_options_parse(const char *command, const app_option_t *options, void *values, int argc, char **argv,
                      int min_operands, int max_operands, const char **operands);

/* Prints the options' help, aligned, to stdout. */
void app_options_help(const app_option_t *options);

#endif
