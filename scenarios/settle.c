// SPDX-License-Identifier: GPL-3.0-or-later
/* Dates against the final horizon, which a later file or the command line may have moved. */
#include "scenarios/draft.h"

#include <stdlib.h>

/* Ties by order of reading, which the item's number gives. */
static int by_day(int64_t day_a, size_t order_a, int64_t day_b, size_t order_b)
{
    if (day_a != day_b)
        return day_a < day_b ? -1 : 1;
    return (order_a > order_b) - (order_a < order_b);
}

static int compare_changes(const void *left, const void *right)
{
    const scn_dated_t *a = left, *b = right;
    return by_day(a->day, a->order, b->day, b->order);
}

static int compare_events(const void *left, const void *right)
{
    const scn_event_t *a = left, *b = right;
    return by_day(a->day, a->order, b->day, b->order);
}

static void settle_changes(const scn_draft_t *draft, scn_dateds_t *changes)
{
    for (size_t i = 0; i < changes->n; i++)
        changes->items[i].order = i;
    if (changes->n > 0)
        qsort(changes->items, changes->n, sizeof *changes->items, compare_changes);
    size_t kept = 0;
    for (size_t i = 0; i < changes->n; i++) {
        scn_dated_t change = changes->items[i];
        if (change.day < draft->start_day)
            change.day = draft->start_day;
        if (change.day <= draft->end_day)
            changes->items[kept++] = change;
    }
    changes->n = kept;
}

static void settle_events(const scn_draft_t *draft, scn_events_t *events)
{
    for (size_t i = 0; i < events->n; i++)
        events->items[i].order = i;
    if (events->n > 0)
        qsort(events->items, events->n, sizeof *events->items, compare_events);
    size_t kept = 0;
    for (size_t i = 0; i < events->n; i++) {
        scn_event_t event = events->items[i];
        bool late = event.day < draft->start_day;
        if (late)
            event.day = draft->start_day;
        if (event.day <= draft->end_day && (!late || event.type->lasting))
            events->items[kept++] = event;
    }
    events->n = kept;
}

static void settle_arm(const scn_draft_t *draft, scn_arm_t *arm)
{
    settle_changes(draft, &arm->changes);
    settle_events(draft, &arm->shocks);
    if (!arm->has_from)
        return;
    if (arm->from_day > draft->end_day) {
        arm->set.n = 0;
        arm->without = 0;
    }
    if (arm->from_day > draft->end_day || arm->from_day <= draft->start_day)
        arm->has_from = false;
}

void scn_draft_settle(scn_draft_t *draft)
{
    settle_changes(draft, &draft->changes);
    settle_events(draft, &draft->shocks);
    for (size_t i = 0; i < draft->arms.n; i++)
        settle_arm(draft, &draft->arms.items[i]);
}
