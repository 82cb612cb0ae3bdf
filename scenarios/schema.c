// SPDX-License-Identifier: GPL-3.0-or-later
/* JSON Schema (draft 2020-12) of scenario files, from the same registries that the reader uses. */
#include "models/params/shocks.h"
#include "scenarios/scenario.h"
#include "scenarios/text.h"

#include <stdlib.h>
#include <string.h>

#define DATE_PATTERN "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
#define NAME_PATTERN "^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"
/* A number and, behind it, a unit. */
#define QUANTITY_PATTERN "^[+-]?(0|[1-9][0-9]*)(\\\\.[0-9]+)?([eE][+-]?[0-9]+)? *[A-Za-z%][A-Za-z0-9 */%]*$"

static void put_bound(scn_text_t *text, const char *key, double value)
{
    char number[MDL_VALUE_BYTES];
    scn_text_add(text, ", \"%s\": %s", key, mdl_number_format(value, number));
}

/* {"description": "meaning [unit] (source)", "default": ...  without the closing brace */
static void open_param(scn_text_t *text, const mdl_param_t *param)
{
    scn_text_t description = {0};
    scn_text_put(&description, param->meaning);
    if (param->kind != MDL_KIND_CHOICE && strcmp(param->unit, "1") != 0)
        scn_text_add(&description, " [%s]", param->unit);
    scn_text_add(&description, "; source: %s", param->source);
    char *chars = scn_text_take(&description);
    scn_text_put(text, "{\"description\": ");
    scn_text_put_quoted(text, chars != NULL ? chars : "");
    text->failed = text->failed || chars == NULL;
    free(chars);
}

static void put_names(scn_text_t *text, const char *names)
{
    char name[MDL_VALUE_BYTES];
    scn_text_put(text, ", \"enum\": [");
    for (int i = 0; mdl_choice_name(names, i, name); i++) {
        scn_text_put(text, i > 0 ? ", " : "");
        scn_text_put_quoted(text, name);
    }
    scn_text_put(text, "]");
}

/* A number in the entry's unit, or a text with a unit. */
static void put_quantity(scn_text_t *text, const mdl_param_t *param)
{
    scn_text_add(text, ", \"anyOf\": [{\"type\": \"%s\"", param->kind == MDL_KIND_COUNT ? "integer" : "number");
    put_bound(text, "minimum", param->low);
    put_bound(text, "maximum", param->high);
    scn_text_put(text, "}, {\"type\": \"string\", \"pattern\": \"" QUANTITY_PATTERN "\"}]");
}

static void put_param(scn_text_t *text, const mdl_param_t *param)
{
    char value[MDL_VALUE_BYTES];
    mdl_param_format(param, param->def, value);
    open_param(text, param);
    scn_text_put(text, ", \"default\": ");
    if (param->kind == MDL_KIND_CHOICE) {
        scn_text_put_quoted(text, value);
        put_names(text, param->unit);
    } else if (param->kind == MDL_KIND_FLAG) {
        scn_text_add(text, "%s, \"type\": \"boolean\"", value);
    } else {
        scn_text_put(text, value);
        put_quantity(text, param);
    }
    scn_text_put(text, "}");
}

/* "set": every parameter; "uncertain": every parameter with a distribution. */
static void put_params(scn_text_t *text)
{
    size_t n;
    const mdl_param_t *registry = mdl_params_registry(&n);
    scn_text_put(text, "  \"set\": {\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\n");
    for (size_t i = 0; i < n; i++) {
        scn_text_add(text, "%s    \"%s\": ", i > 0 ? ",\n" : "", registry[i].key);
        put_param(text, &registry[i]);
    }
    scn_text_put(text,
                 "}},\n  \"uncertain\": {\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\n");
    for (size_t i = 0; i < n; i++) {
        scn_text_add(text, "%s    \"%s\": ", i > 0 ? ",\n" : "", registry[i].key);
        open_param(text, &registry[i]);
        scn_text_put(text, ", \"$ref\": \"#/$defs/distribution\"}");
    }
    scn_text_put(text, "}},\n");
}

static void put_shock(scn_text_t *text)
{
    size_t n;
    const mdl_shock_type_t *registry = mdl_shock_registry(&n);
    scn_text_put(text, "  \"kind\": {\"oneOf\": [\n");
    for (size_t i = 0; i < n; i++) {
        scn_text_add(text, "%s    {\"const\": \"%s\", \"description\": ", i > 0 ? ",\n" : "", registry[i].name);
        scn_text_put_quoted(text, registry[i].meaning);
        scn_text_put(text, "}");
    }
    scn_text_put(
        text,
        "]},\n"
        "  \"shock\": {\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"date\", \"kind\"], "
        "\"properties\": {\n"
        "    \"date\": {\"$ref\": \"#/$defs/date\"}, \"kind\": {\"$ref\": \"#/$defs/kind\"},\n"
        "    \"types\": {\"type\": \"array\", \"minItems\": 1, \"items\": {\"type\": \"string\"}, "
        "\"description\": \"GPU types, by the names of the table gpu_types\"},\n"
        "    \"value\": {\"type\": \"number\"}, \"source\": {\"type\": \"string\"}}},\n");
}

static void put_distribution(scn_text_t *text)
{
    scn_text_put(
        text,
        "  \"bound\": {\"type\": [\"number\", \"string\"]},\n"
        "  \"distribution\": {\"anyOf\": [\n"
        "    {\"const\": \"prior\", \"description\": \"as in the parameter registry\"},\n"
        "    {\"type\": \"object\", \"required\": [\"dist\"], \"additionalProperties\": false, \"properties\": {\n"
        "      \"dist\": {\"enum\": [\"uniform\", \"loguniform\", \"normal\", \"choice\", \"prior\"]},\n"
        "      \"min\": {\"$ref\": \"#/$defs/bound\"}, \"max\": {\"$ref\": \"#/$defs/bound\"},\n"
        "      \"mean\": {\"$ref\": \"#/$defs/bound\"}, \"sd\": {\"$ref\": \"#/$defs/bound\"},\n"
        "      \"values\": {\"type\": \"array\", \"minItems\": 1}}}]},\n");
}

static void put_defs(scn_text_t *text)
{
    scn_text_put(text, "\"$defs\": {\n"
                       "  \"date\": {\"type\": \"string\", \"pattern\": \"" DATE_PATTERN "\"},\n"
                       "  \"name\": {\"type\": \"string\", \"pattern\": \"" NAME_PATTERN "\"},\n");
    put_params(text);
    put_shock(text);
    put_distribution(text);
    scn_text_put(
        text,
        "  \"change\": {\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"date\", \"set\"], "
        "\"properties\": {\n"
        "    \"date\": {\"$ref\": \"#/$defs/date\"}, \"set\": {\"$ref\": \"#/$defs/set\"}, "
        "\"source\": {\"type\": \"string\"}}},\n"
        "  \"changes\": {\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/change\"}},\n"
        "  \"shocks\": {\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/shock\"}},\n"
        "  \"arm\": {\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"name\"], "
        "\"properties\": {\n"
        "    \"name\": {\"$ref\": \"#/$defs/name\"}, \"set\": {\"$ref\": \"#/$defs/set\"},\n"
        "    \"from\": {\"$ref\": \"#/$defs/date\", \"description\": \"first day of the arm's set\"},\n"
        "    \"changes\": {\"$ref\": \"#/$defs/changes\"}, \"shocks\": {\"$ref\": \"#/$defs/shocks\"},\n"
        "    \"without\": {\"type\": \"array\", \"minItems\": 1, \"items\": {\"$ref\": \"#/$defs/kind\"}, "
        "\"description\": \"kinds of the scenario's shocks that the arm does without\"}}}\n"
        "}");
}

static void put_tables(scn_text_t *text)
{
    size_t n;
    const mdl_table_t *registry = mdl_tables_registry(&n);
    scn_text_put(text, "  \"tables\": {\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\n");
    for (size_t i = 0; i < n; i++) {
        scn_text_add(text, "%s    \"%s\": {\"type\": \"string\", \"description\": ", i > 0 ? ",\n" : "",
                     registry[i].name);
        scn_text_put_quoted(text, registry[i].meaning);
        scn_text_put(text, "}");
    }
    scn_text_put(text, "}},\n");
}

static void put_record(scn_text_t *text)
{
    scn_text_put(text,
                 "  \"record\": {\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\n"
                 "    \"interval\": {\"type\": [\"integer\", \"string\"], \"description\": \"days between records; a "
                 "number is days\"},\n"
                 "    \"detail\": {\"type\": \"array\", \"uniqueItems\": true, \"items\": {\"enum\": [");
    for (int i = 0; i < MDL_DETAILS; i++)
        scn_text_add(text, "%s\"%s\"", i > 0 ? ", " : "", mdl_detail_name(i));
    scn_text_put(text, "]}}}}\n");
}

static void put_properties(scn_text_t *text)
{
    scn_text_put(
        text,
        "\"properties\": {\n"
        "  \"name\": {\"$ref\": \"#/$defs/name\"},\n"
        "  \"extends\": {\"type\": \"string\", \"description\": \"a preset or the path of a file; later keys win\"},\n"
        "  \"horizon\": {\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\n"
        "    \"start\": {\"$ref\": \"#/$defs/date\"},\n"
        "    \"end\": {\"$ref\": \"#/$defs/date\", \"description\": \"last day that is simulated\"}}},\n"
        "  \"replications\": {\"type\": \"integer\", \"minimum\": 1, \"maximum\": 1000000},\n"
        "  \"precision\": {\"type\": \"object\", \"additionalProperties\": false, "
        "\"required\": [\"metric\", \"half_width\", \"max\"], \"properties\": {\n"
        "    \"metric\": {\"type\": \"string\"}, \"half_width\": {\"type\": \"number\", \"exclusiveMinimum\": 0},\n"
        "    \"max\": {\"type\": \"integer\", \"minimum\": 2, \"maximum\": 1000000}}},\n"
        "  \"seed\": {\"type\": \"integer\", \"minimum\": 0, \"maximum\": 18446744073709551615},\n"
        "  \"set\": {\"$ref\": \"#/$defs/set\"},\n"
        "  \"uncertain\": {\"$ref\": \"#/$defs/uncertain\"},\n"
        "  \"parameters\": {\"enum\": [\"values\", \"posterior\"], \"description\": \"what replications take their "
        "parameters from\"},\n"
        "  \"posterior\": {\"type\": \"string\", \"description\": \"CSV file with draws, or the name of a preset that "
        "ships with one\"},\n"
        "  \"changes\": {\"$ref\": \"#/$defs/changes\"},\n"
        "  \"shocks\": {\"$ref\": \"#/$defs/shocks\"},\n"
        "  \"arms\": {\"type\": \"array\", \"minItems\": 1, \"items\": {\"$ref\": \"#/$defs/arm\"}},\n"
        "  \"design\": {\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\n"
        "    \"method\": {\"enum\": [\"mc\", \"lhs\", \"sobol\", \"factorial\"]},\n"
        "    \"points\": {\"type\": \"integer\", \"minimum\": 1, \"maximum\": 100000},\n"
        "    \"levels\": {\"type\": \"integer\", \"minimum\": 2, \"maximum\": 1000},\n"
        "    \"share_randomness\": {\"type\": \"boolean\"}}},\n");
    put_tables(text);
    put_record(text);
    scn_text_put(text, "},\n");
}

char *scn_json_schema(void)
{
    scn_text_t text = {0};
    scn_text_put(&text, "{\n\"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
                        "\"title\": \"Overbuild scenario\",\n\"type\": \"object\",\n\"additionalProperties\": false,\n"
                        "\"not\": {\"required\": [\"replications\", \"precision\"]},\n");
    put_properties(&text);
    put_defs(&text);
    scn_text_put(&text, "\n}\n");
    return scn_text_take(&text);
}
