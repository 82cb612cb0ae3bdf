// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/options.h"

#include "models/params/spelling.h"
#include "sim/plural.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OPTIONS     40
#define FIRST_LONG_CODE 256

/* The table in getopt_long's form. */
typedef struct getopt_table {
    struct option longs[MAX_OPTIONS + 1];
    char shorts[3 * MAX_OPTIONS + 2];
} getopt_table_t;

static void build_table(const app_option_t *options, getopt_table_t *table)
{
    char *out = table->shorts;
    *out++ = ':'; /* report a missing argument apart from an unknown option */
    size_t n = 0;
    for (; options[n].name != NULL && n < MAX_OPTIONS; n++) {
        bool takes = options[n].argument != NULL;
        table->longs[n] =
            (struct option){options[n].name, takes ? required_argument : no_argument, NULL, FIRST_LONG_CODE + (int)n};
        if (options[n].letter != 0) {
            *out++ = options[n].letter;
            if (takes)
                *out++ = ':';
        }
    }
    table->longs[n] = (struct option){0};
    *out = '\0';
}

static const app_option_t *find_option(const app_option_t *options, int code)
{
    if (code >= FIRST_LONG_CODE)
        return &options[code - FIRST_LONG_CODE];
    for (; options->name != NULL; options++)
        if (options->letter == code)
            return options;
    return NULL;
}

static bool parse_integer(const char *command, const app_option_t *option, const char *text, int64_t *value)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno == ERANGE || number < option->low || number > option->high) {
        fprintf(stderr, "overbuild %s: --%s: found '%s'; expected a whole number from %lld to %lld\n", command,
                option->name, text, (long long)option->low, (long long)option->high);
        return false;
    }
    *value = number;
    return true;
}

static bool parse_number(const char *command, const app_option_t *option, const char *text, double *value)
{
    char *end;
    double number = strtod(text, &end);
    if (strspn(text, "+-.0123456789eE") == strlen(text) && end != text && *end == '\0' &&
        number >= (double)option->low && number <= (double)option->high) {
        *value = number;
        return true;
    }
    fprintf(stderr, "overbuild %s: --%s: found '%s'; expected a number from %lld to %lld\n", command, option->name,
            text, (long long)option->low, (long long)option->high);
    return false;
}

static bool parse_seed(const char *command, const app_option_t *option, const char *text, app_seed_t *seed)
{
    char *end;
    errno = 0;
    seed->value = strtoull(text, &end, 10);
    seed->given = true;
    if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0)
        return true;
    fprintf(stderr, "overbuild %s: --%s: found '%s'; expected a whole number from 0 to 18446744073709551615\n", command,
            option->name, text);
    return false;
}

static bool append_list(const char *command, const app_option_t *option, const char *text, app_list_t *list)
{
    if (list->n == APP_LIST_MAX) {
        fprintf(stderr, "overbuild %s: --%s: given more than %d times; put them into a scenario file\n", command,
                option->name, APP_LIST_MAX);
        return false;
    }
    list->items[list->n++] = text;
    return true;
}

static bool store_value(const char *command, const app_option_t *option, const char *text, void *values)
{
    void *place = (char *)values + option->offset;
    switch (option->kind) {
    case APP_FLAG: *(bool *)place = true; return true;
    case APP_TEXT: *(const char **)place = text; return true;
    case APP_INTEGER: return parse_integer(command, option, text, place);
    case APP_NUMBER: return parse_number(command, option, text, place);
    case APP_SEED: return parse_seed(command, option, text, place);
    case APP_LIST: return append_list(command, option, text, place);
    }
    return false;
}

/* What an unknown "--name" or "--name=value" may stand for: all options that it begins, as getopt_long takes the
 * beginning of one, or else the closest. */
static void report_unknown(const char *command, const char *word, const app_option_t *options)
{
    char name[64], hint[MDL_SPELLING_HINT] = "";
    size_t length = strcspn(word + 2, "="), used = 0;
    snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : 0), word + 2);
    mdl_spelling_t near = mdl_spelling(name);
    for (; options->name != NULL; options++) {
        mdl_spelling_offer(&near, options->name);
        if (name[0] != '\0' && strncmp(options->name, name, strlen(name)) == 0 && used < sizeof hint)
            used += (size_t)snprintf(hint + used, sizeof hint - used, "%s--%s", used == 0 ? "; is it " : " or ",
                                     options->name);
    }
    if (used > 0)
        fprintf(stderr, "overbuild %s: --%s: begins several options%s?", command, name, hint);
    else
        fprintf(stderr, "overbuild %s: %s: unknown option%s%s%s", command, word, near.best ? "; did you mean --" : "",
                near.best ? near.best : "", near.best ? "?" : "");
    fprintf(stderr, "; see 'overbuild help %s'\n", command);
}

/* Names the word that getopt_long refused. optopt is the option it knew, or 0 for an unknown long one. */
static void report_refused(const char *command, int code, char **argv, const app_option_t *options)
{
    char word[64];
    if (optopt == 0) {
        report_unknown(command, argv[optind - 1], options);
        return;
    }
    const app_option_t *known = find_option(options, optopt);
    if (optopt >= FIRST_LONG_CODE)
        snprintf(word, sizeof word, "--%s", known->name);
    else
        snprintf(word, sizeof word, "-%c", optopt);
    const char *problem = code == ':' ? "needs a value" : known != NULL ? "takes no value" : "unknown option";
    fprintf(stderr, "overbuild %s: %s: %s; see 'overbuild help %s'\n", command, word, problem, command);
}

int app_options_parse(const char *command, const app_option_t *options, void *values, int argc, char **argv,
                      int min_operands, int max_operands, const char **operands)
{
    getopt_table_t table;
    build_table(options, &table);
    bool good = true, refused = false;
    opterr = 0;
    optind = 1;
    for (int code; (code = getopt_long(argc, argv, table.shorts, table.longs, NULL)) != -1;) {
        if (code == '?' || code == ':') {
            report_refused(command, code, argv, options);
            refused = true; /* its value, if it has one, now looks like an argument too many */
        } else if (!store_value(command, find_option(options, code), optarg, values)) {
            good = false;
        }
    }
    int n = argc - optind;
    if (!refused && (n < min_operands || n > max_operands)) {
        fprintf(stderr, "overbuild %s: found %d argument%s; expected %s%d; see 'overbuild help %s'\n", command, n,
                sim_plural((uint64_t)n), n > max_operands && max_operands > min_operands ? "at most " : "",
                n > max_operands ? max_operands : min_operands, command);
        good = false;
    }
    for (int i = 0; i < n && i < max_operands; i++)
        operands[i] = argv[optind + i];
    return good && !refused ? n : -1;
}

/* "-o, --output FILE". */
static int format_left(const app_option_t *option, char *left, size_t bytes)
{
    char letter[8] = "    ";
    if (option->letter != 0)
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    return snprintf(left, bytes, "%s--%s%s%s", letter, option->name, option->argument ? " " : "",
                    option->argument ? option->argument : "");
}

void app_options_help(const app_option_t *options)
{
    char left[64];
    int width = 0;
    for (const app_option_t *option = options; option->name != NULL; option++) {
        int bytes = format_left(option, left, sizeof left);
        width = bytes > width ? bytes : width;
    }
    for (; options->name != NULL; options++) {
        (void)format_left(options, left, sizeof left);
        printf("  %-*s  %s\n", width, left, options->help);
    }
}
