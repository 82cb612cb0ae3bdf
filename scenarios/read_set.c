// SPDX-License-Identifier: GPL-3.0-or-later
/* `set` and `changes`: parameters and their values, from the start or from a date on. */
#include "scenarios/draft.h"

const scn_setting_t *scn_settings_find(const scn_settings_t *settings, int32_t param)
{
    for (size_t i = 0; i < settings->n; i++)
        if (settings->items[i].param == param)
            return &settings->items[i];
    return NULL;
}

void scn_settings_put(scn_reader_t *self, scn_settings_t *settings, scn_setting_t setting)
{
    for (size_t i = 0; i < settings->n; i++)
        if (settings->items[i].param == setting.param) {
            settings->items[i] = setting;
            return;
        }
    SCN_PUSH(self, settings, setting);
}

void scn_read_set(scn_reader_t *self, const scn_node_t *node, void *settings)
{
    if (!scn_expect(self, node, SCN_MAP, "a map of parameters and their values"))
        return;
    size_t n;
    const mdl_param_t *registry = mdl_params_registry(&n);
    for (const scn_node_t *child = node->first; child != NULL; child = child->next) {
        int param = scn_read_param(self, child);
        double value;
        if (param >= 0 && scn_read_value(self, child, &registry[param], &value))
            scn_settings_put(self, settings, (scn_setting_t){param, value, child->key_place});
    }
}

typedef struct change {
    bool dated;
    int64_t day;
    scn_settings_t set;
    const char *source;
} change_t;

static void read_day(scn_reader_t *self, const scn_node_t *node, void *change)
{
    ((change_t *)change)->dated = scn_read_date(self, node, true, &((change_t *)change)->day);
}

static void read_change_set(scn_reader_t *self, const scn_node_t *node, void *change)
{
    scn_read_set(self, node, &((change_t *)change)->set);
}

static void read_change_source(scn_reader_t *self, const scn_node_t *node, void *change)
{
    if (scn_expect(self, node, SCN_SCALAR, "a text"))
        ((change_t *)change)->source = node->text;
}

static const scn_field_t change_fields[] = {
    {"date", read_day, true}, {"set", read_change_set, true}, {"source", read_change_source, false}};

void scn_read_changes(scn_reader_t *self, const scn_node_t *node, void *target)
{
    scn_dateds_t *changes = target;
    *changes = (scn_dateds_t){0};
    if (!scn_expect(self, node, SCN_LIST, "a list of changes {date, set}"))
        return;
    for (const scn_node_t *item = node->first; item != NULL; item = item->next) {
        change_t change = {0};
        if (!scn_read_map(self, item, "a change {date, set}", change_fields,
                          sizeof change_fields / sizeof change_fields[0], &change) ||
            !change.dated)
            continue;
        for (size_t i = 0; i < change.set.n; i++)
            SCN_PUSH(self, changes, (scn_dated_t){change.day, change.set.items[i], change.source});
    }
}
