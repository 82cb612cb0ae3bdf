// SPDX-License-Identifier: GPL-3.0-or-later
/* `shocks`: dated outside events. */
#include "models/params/spelling.h"
#include "scenarios/draft.h"

#include <string.h>

typedef struct shock {
    bool dated, has_value;
    scn_event_t event;
    const scn_node_t *value;
} shock_t;

static void read_date(scn_reader_t *self, const scn_node_t *node, void *shock)
{
    ((shock_t *)shock)->dated = scn_read_date(self, node, true, &((shock_t *)shock)->event.day);
}

/* All names of kinds with '|' between them would do for scn_read_choice, but the list is a registry of its own. */
static const mdl_shock_type_t *read_kind_name(scn_reader_t *self, const scn_node_t *node)
{
    if (!scn_expect(self, node, SCN_SCALAR, "a kind of shock"))
        return NULL;
    const mdl_shock_type_t *type = mdl_shock_find(node->text);
    if (type != NULL)
        return type;
    size_t n;
    const mdl_shock_type_t *registry = mdl_shock_registry(&n);
    mdl_spelling_t near = mdl_spelling(node->text);
    for (size_t i = 0; i < n; i++)
        mdl_spelling_offer(&near, registry[i].name);
    if (near.best != NULL)
        scn_log_add(self->log, node->place, "%s: unknown kind of shock %.60s; did you mean %s?", scn_node_name(node),
                    node->text, near.best);
    else
        scn_log_add(self->log, node->place,
                    "%s: unknown kind of shock %.60s; expected one of those that `overbuild params --shocks` lists",
                    scn_node_name(node), node->text);
    return NULL;
}

static void read_kind(scn_reader_t *self, const scn_node_t *node, void *shock)
{
    ((shock_t *)shock)->event.type = read_kind_name(self, node);
}

static void read_types(scn_reader_t *self, const scn_node_t *node, void *shock)
{
    if (scn_expect_items(self, node, "a list of GPU types"))
        ((shock_t *)shock)->event.type_names = node;
}

static void read_shock_value(scn_reader_t *self, const scn_node_t *node, void *shock)
{
    (void)self;
    ((shock_t *)shock)->value = node;
}

static void read_source(scn_reader_t *self, const scn_node_t *node, void *shock)
{
    if (!scn_expect(self, node, SCN_SCALAR, "a text"))
        return;
    ((shock_t *)shock)->event.source = node->text;
    size_t most = sizeof((mdl_shock_t *)0)->source - 1;
    if (strlen(node->text) > most)
        scn_log_add(self->log, node->place, "source: found %zu bytes; expected at most %zu", strlen(node->text), most);
}

static const scn_field_t shock_fields[] = {{"date", read_date, true},
                                           {"kind", read_kind, true},
                                           {"types", read_types, false},
                                           {"value", read_shock_value, false},
                                           {"source", read_source, false}};

/* Whether a field that the kind of shock needs is there, and no other. */
static bool check_field(scn_reader_t *self, const scn_node_t *item, const mdl_shock_type_t *type, const char *field,
                        bool needed)
{
    const scn_node_t *node = scn_node_get(item, field);
    if (needed && node == NULL)
        scn_log_add(self->log, item->place, "%s: missing; a shock of kind %s needs it", field, type->name);
    if (!needed && node != NULL)
        scn_log_add(self->log, node->key_place, "%s: a shock of kind %s has none; expected it left out", field,
                    type->name);
    return needed && node != NULL;
}

static bool complete(scn_reader_t *self, const scn_node_t *item, shock_t *shock)
{
    const mdl_shock_type_t *type = shock->event.type;
    if (type == NULL)
        return false;
    bool good = shock->dated;
    if (check_field(self, item, type, "types", type->types))
        good = good && shock->event.type_names != NULL;
    const mdl_param_t param = {"value", MDL_KIND_REAL, type->unit, 0, type->low, type->high};
    if (check_field(self, item, type, "value", type->value))
        good = scn_read_value(self, shock->value, &param, &shock->event.value) && good;
    return good;
}

void scn_read_shocks(scn_reader_t *self, const scn_node_t *node, void *target)
{
    scn_events_t *shocks = target;
    *shocks = (scn_events_t){0};
    if (!scn_expect(self, node, SCN_LIST, "a list of shocks {date, kind, ...}"))
        return;
    for (const scn_node_t *item = node->first; item != NULL; item = item->next) {
        shock_t shock = {.event.place = item->place};
        if (scn_read_map(self, item, "a shock {date, kind, ...}", shock_fields,
                         sizeof shock_fields / sizeof shock_fields[0], &shock) &&
            complete(self, item, &shock))
            SCN_PUSH(self, shocks, shock.event);
    }
}

void scn_read_without(scn_reader_t *self, const scn_node_t *node, void *mask)
{
    if (!scn_expect_items(self, node, "a list of kinds of shock"))
        return;
    for (const scn_node_t *item = node->first; item != NULL; item = item->next) {
        const mdl_shock_type_t *type = read_kind_name(self, item);
        if (type != NULL)
            *(uint32_t *)mask |= UINT32_C(1) << type->kind;
    }
}
