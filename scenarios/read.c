// SPDX-License-Identifier: GPL-3.0-or-later
/* Helpers that every part of the scenario reader uses. */
#include "models/params/spelling.h"
#include "scenarios/draft.h"
#include "sim/time.h"

#include <stdio.h>
#include <string.h>

void *scn_grow(scn_reader_t *self, void *items, size_t *n, size_t item_bytes)
{
    void *grown = scn_pool_grow(self->pool, items, *n, item_bytes);
    if (grown == NULL) {
        self->out_of_memory = true;
        *n = 0;
    }
    return grown;
}

const char *scn_node_name(const scn_node_t *node)
{
    if (node->key != NULL)
        return node->key;
    return node->list != NULL ? node->list : "scenario";
}

bool scn_expect(scn_reader_t *self, const scn_node_t *node, scn_node_kind_t kind, const char *what)
{
    if (node->kind == SCN_BROKEN)
        return false;
    if (node->kind == kind && (kind != SCN_SCALAR || node->text[0] != '\0'))
        return true;
    scn_log_add(self->log, node->place, "%.100s: found %.100s; expected %s", scn_node_name(node), scn_node_found(node),
                what);
    return false;
}

bool scn_expect_items(scn_reader_t *self, const scn_node_t *node, const char *what)
{
    if (!scn_expect(self, node, SCN_LIST, what))
        return false;
    if (node->n > 0)
        return true;
    scn_log_add(self->log, node->place, "%.100s: found an empty list; expected %s", scn_node_name(node), what);
    return false;
}

static const scn_field_t *find_field(const scn_field_t *fields, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(fields[i].key, key) == 0)
            return &fields[i];
    return NULL;
}

/* "a, b, c" */
static const char *field_names(const scn_field_t *fields, size_t n, char *text, size_t bytes)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < n && used < bytes; i++) {
        int written = snprintf(text + used, bytes - used, "%s%s", i > 0 ? ", " : "", fields[i].key);
        used += written > 0 ? (size_t)written : 0;
    }
    return text;
}

static void unknown_field(scn_reader_t *self, const scn_node_t *node, const scn_field_t *fields, size_t n)
{
    mdl_spelling_t near = mdl_spelling(node->key);
    for (size_t i = 0; i < n; i++)
        mdl_spelling_offer(&near, fields[i].key);
    char names[256];
    if (near.best != NULL)
        scn_log_add(self->log, node->key_place, "%.100s: unknown key; did you mean %s?", node->key, near.best);
    else if (mdl_params_find(node->key) >= 0)
        scn_log_add(self->log, node->key_place, "%s: a parameter where it can't stand; did you mean set: {%s: ...}?",
                    node->key, node->key);
    else
        scn_log_add(self->log, node->key_place, "%.100s: unknown key; expected one of %s", node->key,
                    field_names(fields, n, names, sizeof names));
}

bool scn_read_map(scn_reader_t *self, const scn_node_t *node, const char *what, const scn_field_t *fields, size_t n,
                  void *target)
{
    if (!scn_expect(self, node, SCN_MAP, what))
        return false;
    for (const scn_node_t *child = node->first; child != NULL; child = child->next)
        if (find_field(fields, n, child->key) == NULL)
            unknown_field(self, child, fields, n);
    for (size_t i = 0; i < n; i++) {
        const scn_node_t *child = scn_node_get(node, fields[i].key);
        if (child != NULL)
            fields[i].read(self, child, target);
        else if (fields[i].required)
            scn_log_add(self->log, node->place, "%s: missing; %s needs it", fields[i].key, what);
    }
    return true;
}

const char *scn_read_name(scn_reader_t *self, const scn_node_t *node)
{
    const char *const what = "a name of 1 to 63 letters, digits, '-', '_' and '.', that starts with a letter or digit";
    if (!scn_expect(self, node, SCN_SCALAR, what))
        return NULL;
    size_t good = strspn(node->text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
    if (node->text[good] == '\0' && good <= 63 && strchr("-_.", node->text[0]) == NULL)
        return node->text;
    scn_log_add(self->log, node->place, "%.100s: found %.80s; expected %s", scn_node_name(node), node->text, what);
    return NULL;
}

static bool inside_horizon(scn_reader_t *self, const scn_node_t *node, int64_t day)
{
    const scn_draft_t *draft = self->draft;
    if (draft->horizon_bad || (day >= draft->start_day && day <= draft->end_day))
        return true;
    char start[16], end[16];
    scn_log_add(self->log, node->place, "%.100s: %s is outside the horizon; expected a date from %s to %s",
                scn_node_name(node), node->text, sim_date_format(draft->start_day, start),
                sim_date_format(draft->end_day, end));
    return false;
}

bool scn_read_date(scn_reader_t *self, const scn_node_t *node, bool inside, int64_t *day)
{
    if (!scn_expect(self, node, SCN_SCALAR, "a date YYYY-MM-DD"))
        return false;
    sim_error_t err = {0};
    int64_t parsed = 0;
    if (sim_date_parse(node->text, &parsed, &err) < 0) {
        scn_log_add(self->log, node->place, "%.100s: %.300s", scn_node_name(node), err.message);
        return false;
    }
    if (inside && !inside_horizon(self, node, parsed))
        return false;
    *day = parsed;
    return true;
}

bool scn_read_value(scn_reader_t *self, const scn_node_t *node, const mdl_param_t *param, double *value)
{
    if (!scn_expect(self, node, SCN_SCALAR, param->kind == MDL_KIND_FLAG ? "true or false" : "a value"))
        return false;
    sim_error_t err = {0};
    if (mdl_param_parse(param, node->text, value, &err) == SIM_OK)
        return true;
    scn_log_add(self->log, node->place, "%.100s: %.350s", scn_node_name(node), err.message);
    return false;
}

int scn_read_choice(scn_reader_t *self, const scn_node_t *node, const char *names)
{
    const mdl_param_t param = {"", MDL_KIND_CHOICE, names, 0, 0, 63};
    double position;
    return scn_read_value(self, node, &param, &position) ? (int)position : -1;
}

/* A key written without its topic: "grant_share" for "subsidy.grant_share". */
static const char *with_topic(const char *key)
{
    size_t n;
    const mdl_param_t *registry = mdl_params_registry(&n);
    for (size_t i = 0; i < n; i++) {
        const char *dot = strrchr(registry[i].key, '.');
        if (dot != NULL && strcmp(dot + 1, key) == 0)
            return registry[i].key;
    }
    return NULL;
}

/* The first parameter of a topic, for whom writes "subsidy: {grant_share: 0.3}"; NULL: there is no such topic. */
static const char *first_of_topic(const char *topic)
{
    size_t n, length = strlen(topic);
    const mdl_param_t *registry = mdl_params_registry(&n);
    for (size_t i = 0; i < n; i++)
        if (strncmp(registry[i].key, topic, length) == 0 && registry[i].key[length] == '.')
            return registry[i].key;
    return NULL;
}

int scn_read_param(scn_reader_t *self, const scn_node_t *node)
{
    int param = mdl_params_find(node->key);
    if (param >= 0)
        return param;
    const char *near = with_topic(node->key), *first = node->kind == SCN_MAP ? first_of_topic(node->key) : NULL;
    if (near == NULL)
        near = mdl_params_suggest(node->key);
    if (first != NULL)
        scn_log_add(self->log, node->key_place,
                    "%.100s: found a map; expected parameters by their whole keys, such as %s: VALUE", node->key,
                    first);
    else if (near != NULL)
        scn_log_add(self->log, node->key_place, "%.100s: unknown key; did you mean %s?", node->key, near);
    else
        scn_log_add(self->log, node->key_place,
                    "%.100s: unknown key; expected a parameter; `overbuild params` lists them", node->key);
    return -1;
}
