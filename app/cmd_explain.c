// SPDX-License-Identifier: GPL-3.0-or-later
/* explain: one entity's life as a causal story. */
#include "analysis/story.h"
#include "app/command.h"

#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST_LISTED  30
#define MOST_EFFECTS 3

typedef struct explain_values {
    const char *arm;
    int64_t replication, point;
    bool json;
} explain_values_t;

static const app_option_t options[] = {
    {0, "arm", "ARM", APP_TEXT, offsetof(explain_values_t, arm), "arm (default: the first one)", 0, 0},
    {0, "replication", "R", APP_INTEGER, offsetof(explain_values_t, replication), "replication, from 0 (default: 0)", 0,
     UINT32_MAX},
    {0, "point", "P", APP_INTEGER, offsetof(explain_values_t, point), "point of the design, from 0 (default: 0)", 0,
     UINT32_MAX},
    {0, "json", NULL, APP_FLAG, offsetof(explain_values_t, json), "one JSON object, numbers unrounded", 0, 0},
    {0},
};

/* --- text --------------------------------------------------------------------------------------------------------- */

#define FIRST_INDENT 12

/* The chain behind event `i`, one step a line, to its root or to what was told before. */
static void print_causes(const ana_story_t *story, size_t i, ana_who_t who, bool *told)
{
    int indent = FIRST_INDENT;
    for (int64_t cause = ana_story_event(story, i)->cause; cause >= 0; indent += 2) {
        size_t at = (size_t)cause;
        char text[ANA_STORY_TEXT], date[16];
        if (told[at] && ana_story_is(story, at, who))
            return; /* the line above, or one before it */
        ana_story_sentence(story, at, text, sizeof text);
        ana_story_date(story, at, date);
        cause = ana_story_event(story, at)->cause;
        bool before = told[at] && cause >= 0;
        printf("%*sbecause %s (%s%s)\n", indent, "", text, date, before ? ", as told above" : "");
        if (told[at])
            return;
        told[at] = true;
    }
}

/* What event `i` brought about for others. */
static void print_effects(const ana_story_t *story, size_t i, ana_who_t who)
{
    size_t n = 0;
    for (size_t k = i + 1; k < ana_story_size(story); k++) {
        if (ana_story_event(story, k)->cause != (int64_t)i || ana_story_is(story, k, who) || ++n > MOST_EFFECTS)
            continue;
        char text[ANA_STORY_TEXT], date[16];
        ana_story_sentence(story, k, text, sizeof text);
        ana_story_date(story, k, date);
        printf("%*s-> %s (%s)\n", FIRST_INDENT, "", text, date);
    }
    if (n > MOST_EFFECTS)
        printf("%*s-> and %zu more\n", FIRST_INDENT, "", n - MOST_EFFECTS);
}

static sim_status_t print_story(const ana_story_t *story, ana_who_t who, sim_error_t *err)
{
    bool *told = calloc(ana_story_size(story), sizeof *told);
    if (told == NULL)
        return sim_fail(err, SIM_ENOMEM, NULL, "no memory for %zu events", ana_story_size(story));
    for (size_t i = 0; i < ana_story_size(story); i++) {
        if (!ana_story_is(story, i, who))
            continue;
        char text[ANA_STORY_TEXT], date[16];
        ana_story_sentence(story, i, text, sizeof text);
        ana_story_date(story, i, date);
        text[0] = (char)toupper((unsigned char)text[0]);
        printf("%s  %s\n", date, text);
        print_causes(story, i, who, told);
        print_effects(story, i, who);
        told[i] = true;
    }
    free(told);
    return SIM_OK;
}

static void print_list(const ana_story_t *story, const ana_who_count_t *counts, size_t n)
{
    printf("Entities with most events; 'overbuild explain FILE ENTITY' tells one's story:\n");
    for (size_t i = 0; i < n; i++) {
        char key[128];
        ana_story_key(story, counts[i].who, key, sizeof key);
        printf("  %6zu  %s\n", counts[i].n, key);
    }
}

/* --- JSON --------------------------------------------------------------------------------------------------------- */

static json_t *event_json(const ana_story_t *story, size_t i)
{
    const ana_event_t *event = ana_story_event(story, i);
    char text[ANA_STORY_TEXT], date[16], key[128];
    ana_story_sentence(story, i, text, sizeof text);
    ana_story_date(story, i, date);
    ana_story_key(story, event->who, key, sizeof key);
    return json_pack("{s:I, s:s, s:s, s:s, s:o, s:s, s:s}", "row", (json_int_t)i, "date", date, "entity", key, "type",
                     event->type_name, "value", isnan(event->value) ? json_null() : json_real(event->value),
                     "value_meaning", event->type == NULL ? "" : event->type->meaning, "sentence", text);
}

static json_t *story_json(const ana_story_t *story, ana_who_t who)
{
    json_t *events = json_array();
    for (size_t i = 0; i < ana_story_size(story); i++) {
        if (!ana_story_is(story, i, who))
            continue;
        json_t *event = event_json(story, i), *causes = json_array();
        for (int64_t c = ana_story_event(story, i)->cause; c >= 0; c = ana_story_event(story, (size_t)c)->cause)
            json_array_append_new(causes, event_json(story, (size_t)c));
        json_object_set_new(event, "causes", causes);
        json_array_append_new(events, event);
    }
    return events;
}

static json_t *list_json(const ana_story_t *story, const ana_who_count_t *counts, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        char key[128];
        ana_story_key(story, counts[i].who, key, sizeof key);
        json_array_append_new(list, json_pack("{s:s, s:I}", "entity", key, "events", (json_int_t)counts[i].n));
    }
    return list;
}

static void print_json(json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    putchar('\n');
    json_decref(json);
}

/* --- the command -------------------------------------------------------------------------------------------------- */

static sim_status_t list(const ana_story_t *story, bool json, sim_error_t *err)
{
    ana_who_count_t counts[MOST_LISTED];
    size_t n;
    sim_status_t status = ana_story_busiest(story, counts, MOST_LISTED, &n, err);
    if (status == SIM_OK && json)
        print_json(json_pack("{s:o}", "entities", list_json(story, counts, n)));
    else if (status == SIM_OK)
        print_list(story, counts, n);
    return status;
}

static sim_status_t explain(const ana_story_t *story, const char *entity, bool json, sim_error_t *err)
{
    ana_who_t who;
    sim_status_t status = ana_story_find(story, entity, &who, err);
    if (status != SIM_OK)
        return status;
    if (!json)
        return print_story(story, who, err);
    char key[128];
    ana_story_key(story, who, key, sizeof key);
    print_json(json_pack("{s:s, s:o}", "entity", key, "events", story_json(story, who)));
    return SIM_OK;
}

static int run(const app_command_t *command, int argc, char **argv)
{
    explain_values_t values = {0};
    const char *operands[2] = {NULL, NULL};
    if (app_options_parse(command->name, options, &values, argc, argv, 1, 2, operands) < 0)
        return APP_BAD_INPUT;
    sim_error_t err = {0};
    sim_result_t *result = NULL;
    ana_story_t *story = NULL;
    sim_status_t status = sim_result_open(&result, operands[0], &err);
    if (status == SIM_OK)
        status = ana_story_open(&story, result, values.arm, (uint32_t)values.point, (uint32_t)values.replication, &err);
    if (status == SIM_OK && operands[1] == NULL)
        status = list(story, values.json, &err);
    else if (status == SIM_OK)
        status = explain(story, operands[1], values.json, &err);
    ana_story_close(story);
    sim_result_close(result);
    return status == SIM_OK ? APP_DONE : app_report(command, &err);
}

const app_command_t app_command_explain = {
    .name = "explain",
    .synopsis = "FILE [ENTITY] [--arm ARM] [--replication R] [--point P] [--json]",
    .summary = "one centre's, firm's or city's life as a causal story",
    .details =
        "What happened to ENTITY in one replication, when, and because of what, down to the first cause, from a file\n"
        "that 'overbuild run --events' wrote. ENTITY is project:NUMBER, lab:NUMBER, developer:NUMBER, city:NAME,\n"
        "platform:NAME, parameter:KEY, bank, market or outside; without it, the entities with most events are listed.\n"
        "Lines with -> say what an event brought about for others.\n\n"
        "A cause is the last earlier event among those that enter the rule at work. It tells how things came about;\n"
        "whether they would have come about without it, arms tell ('overbuild compare').\n\n"
        "Examples:\n"
        "  overbuild run china-2022 -n 1 --events -o story.h5\n"
        "  overbuild explain story.h5\n"
        "  overbuild explain story.h5 project:137\n"
        "  overbuild explain story.h5 lab:12 --json",
    .options = options,
    .run = run,
};
