// SPDX-License-Identifier: GPL-3.0-or-later
/* `arms`: the alternatives that an experiment compares. */
#include "models/params/spelling.h"
#include "scenarios/draft.h"

#include <string.h>

static void read_arm_name(scn_reader_t *self, const scn_node_t *node, void *arm)
{
    ((scn_arm_t *)arm)->name = scn_read_name(self, node);
    ((scn_arm_t *)arm)->place = node->place;
}

static void read_arm_set(scn_reader_t *self, const scn_node_t *node, void *arm)
{
    scn_read_set(self, node, &((scn_arm_t *)arm)->set);
}

static void read_from(scn_reader_t *self, const scn_node_t *node, void *arm)
{
    ((scn_arm_t *)arm)->has_from = scn_read_date(self, node, true, &((scn_arm_t *)arm)->from_day);
}

static void read_arm_changes(scn_reader_t *self, const scn_node_t *node, void *arm)
{
    scn_read_changes(self, node, &((scn_arm_t *)arm)->changes);
}

static void read_arm_shocks(scn_reader_t *self, const scn_node_t *node, void *arm)
{
    scn_read_shocks(self, node, &((scn_arm_t *)arm)->shocks);
}

static void read_arm_without(scn_reader_t *self, const scn_node_t *node, void *arm)
{
    scn_read_without(self, node, &((scn_arm_t *)arm)->without);
}

static const scn_field_t arm_fields[] = {
    {"name", read_arm_name, true},        {"set", read_arm_set, false},       {"from", read_from, false},
    {"changes", read_arm_changes, false}, {"shocks", read_arm_shocks, false}, {"without", read_arm_without, false},
};

static const scn_arm_t *find_arm(const scn_arms_t *arms, const char *name)
{
    for (size_t i = 0; i < arms->n; i++)
        if (strcmp(arms->items[i].name, name) == 0)
            return &arms->items[i];
    return NULL;
}

static bool repeated(scn_reader_t *self, const scn_arms_t *arms, const scn_arm_t *arm)
{
    const scn_arm_t *before = find_arm(arms, arm->name);
    if (before == NULL)
        return false;
    scn_log_add(self->log, arm->place, "name: the arm %s was given in line %u already; expected each name once",
                arm->name, (unsigned)before->place.line);
    return true;
}

/* A name alone that is nearly one of the extended scenario's is a slip of the pen: it would be a copy of the baseline. */
static bool misspelt(scn_reader_t *self, const scn_arms_t *inherited, const scn_arm_t *arm)
{
    mdl_spelling_t near = mdl_spelling(arm->name);
    for (size_t i = 0; i < inherited->n; i++)
        mdl_spelling_offer(&near, inherited->items[i].name);
    if (near.best == NULL)
        return false;
    scn_log_add(self->log, arm->place, "name: the arm %s sets nothing, and what is extended has none; did you mean %s?",
                arm->name, near.best);
    return true;
}

static void read_arm(scn_reader_t *self, const scn_node_t *node, const scn_arms_t *inherited, scn_arms_t *arms)
{
    scn_arm_t arm = {.place = node->place};
    if (!scn_read_map(self, node, "an arm {name, set, from, ...}", arm_fields, sizeof arm_fields / sizeof arm_fields[0],
                      &arm))
        return;
    const scn_node_t *from = scn_node_get(node, "from");
    if (from != NULL && scn_node_get(node, "set") == NULL && scn_node_get(node, "without") == NULL)
        scn_log_add(self->log, from->key_place,
                    "from: the arm has nothing that could start then; expected a set with it");
    if (arm.name == NULL || repeated(self, arms, &arm))
        return;
    const scn_arm_t *base = find_arm(inherited, arm.name);
    if (node->n == 1 && base == NULL && misspelt(self, inherited, &arm))
        return;
    if (node->n == 1 && base != NULL) {
        arm = *base;
        arm.place = node->place;
    }
    SCN_PUSH(self, arms, arm);
}

void scn_read_arms(scn_reader_t *self, const scn_node_t *node, void *target)
{
    scn_draft_t *draft = target;
    if (!scn_expect_items(self, node, "a list of arms {name, set, from, ...}"))
        return;
    scn_arms_t inherited = draft->arms;
    draft->arms = (scn_arms_t){0};
    if (node->n > SCN_MAX_ARMS) {
        scn_log_add(self->log, node->place, "arms: found %zu; expected at most %d", node->n, SCN_MAX_ARMS);
        return;
    }
    for (const scn_node_t *item = node->first; item != NULL; item = item->next)
        read_arm(self, item, &inherited, &draft->arms);
}
