// SPDX-License-Identifier: GPL-3.0-or-later
/* From what the files say to the immutable input of every (arm, point). */
#include "scenarios/plan.h"

#include "scenarios/design.h"
#include "sim/time.h"

#include <string.h>

/* --- changes ------------------------------------------------------------------------------------------------------ */

/* An arm's own `set` wins over the scenario's dated changes of the same parameter from the arm's date on: the more
 * particular statement holds. */
static bool overruled(const scn_arm_t *arm, const scn_dated_t *change)
{
    return scn_settings_find(&arm->set, change->setting.param) != NULL &&
           (!arm->has_from || change->day >= arm->from_day);
}

static mdl_change_t to_change(const scn_draft_t *draft, int64_t day, const scn_setting_t *setting)
{
    return (mdl_change_t){(day - draft->start_day) * SIM_DAY_S, setting->param, setting->value};
}

/* Inserts behind everything of the same or an earlier time. */
static void insert(mdl_change_t *changes, size_t *n, mdl_change_t change)
{
    size_t i = (*n)++;
    for (; i > 0 && changes[i - 1].time_s > change.time_s; i--)
        changes[i] = changes[i - 1];
    changes[i] = change;
}

static size_t count_before(const mdl_change_t *changes, size_t n, int64_t time_s)
{
    size_t i = 0;
    while (i < n && changes[i].time_s < time_s)
        i++;
    return i;
}

/* The scenario's changes, then the arm's set at its date, then the arm's changes; in order of time, ties in that order.
 * What holds from the start is kept apart. */
static sim_status_t build_changes(scn_scenario_t *self, const scn_arm_t *arm, scn_course_t *course)
{
    const scn_draft_t *draft = &self->draft;
    size_t most = draft->changes.n + arm->set.n + arm->changes.n;
    mdl_change_t *all = scn_pool_take(&self->pool, (most + arm->set.n) * sizeof *all);
    if (all == NULL)
        return SIM_ENOMEM;
    size_t n = 0;
    for (size_t i = 0; i < arm->set.n && !arm->has_from; i++)
        insert(all, &n, to_change(draft, draft->start_day, &arm->set.items[i]));
    for (size_t i = 0; i < draft->changes.n; i++)
        if (!overruled(arm, &draft->changes.items[i]))
            insert(all, &n, to_change(draft, draft->changes.items[i].day, &draft->changes.items[i].setting));
    for (size_t i = 0; i < arm->set.n && arm->has_from; i++)
        insert(all, &n, to_change(draft, arm->from_day, &arm->set.items[i]));
    for (size_t i = 0; i < arm->changes.n; i++)
        insert(all, &n, to_change(draft, arm->changes.items[i].day, &arm->changes.items[i].setting));
    course->first = all;
    course->n_first = count_before(all, n, 1);
    course->changes = all + course->n_first;
    course->n_changes = n - course->n_first;
    return SIM_OK;
}

/* --- shocks ------------------------------------------------------------------------------------------------------- */

static bool left_out(const scn_arm_t *arm, const scn_event_t *event)
{
    return (arm->without >> event->type->kind & 1) != 0 && (!arm->has_from || event->day >= arm->from_day);
}

static void add_shock(const scn_draft_t *draft, scn_course_t *course, const scn_event_t *event)
{
    mdl_shock_t shock = {.time_s = (event->day - draft->start_day) * SIM_DAY_S,
                         .kind = event->type->kind,
                         .types = event->types,
                         .value = event->value};
    if (event->source != NULL)
        memcpy(shock.source, event->source, strlen(event->source));
    size_t i = course->n_shocks++;
    for (; i > 0 && course->shocks[i - 1].time_s > shock.time_s; i--)
        course->shocks[i] = course->shocks[i - 1];
    course->shocks[i] = shock;
}

static sim_status_t build_shocks(scn_scenario_t *self, const scn_arm_t *arm, scn_course_t *course)
{
    const scn_draft_t *draft = &self->draft;
    course->shocks = scn_pool_take(&self->pool, (draft->shocks.n + arm->shocks.n) * sizeof *course->shocks);
    if (course->shocks == NULL)
        return SIM_ENOMEM;
    for (size_t i = 0; i < draft->shocks.n; i++)
        if (!left_out(arm, &draft->shocks.items[i]))
            add_shock(draft, course, &draft->shocks.items[i]);
    for (size_t i = 0; i < arm->shocks.n; i++)
        add_shock(draft, course, &arm->shocks.items[i]);
    return SIM_OK;
}

/* --- inputs ------------------------------------------------------------------------------------------------------- */

static void put(mdl_params_t *params, int32_t param, double value)
{
    sim_status_t status = mdl_params_set(params, param, value, NULL);
    SIM_ASSERT(status == SIM_OK); /* every value was checked where it was read */
}

static void build_params(const scn_scenario_t *self, const scn_course_t *course, size_t point, mdl_params_t *params)
{
    const scn_draft_t *draft = &self->draft;
    mdl_params_init(params);
    for (size_t i = 0; i < draft->set.n; i++)
        put(params, draft->set.items[i].param, draft->set.items[i].value);
    for (size_t i = 0; i < draft->factors.n; i++)
        put(params, draft->factors.items[i].param, self->factor_values[point * draft->factors.n + i]);
    for (size_t i = 0; i < course->n_first; i++)
        put(params, course->first[i].param, course->first[i].value);
}

/* Without a design every group but the final states of centres is kept; with one only what was asked for. */
static uint32_t detail_of(const scn_draft_t *draft)
{
    uint32_t all = (UINT32_C(1) << MDL_DETAILS) - 1;
    if (draft->has_detail)
        return draft->detail;
    return draft->has_design ? 0 : all & ~(uint32_t)MDL_DETAIL_CENTRE;
}

static void build_input(const scn_scenario_t *self, const scn_course_t *course, size_t point, mdl_input_t *input)
{
    const scn_draft_t *draft = &self->draft;
    build_params(self, course, point, &input->params);
    input->tables = self->tables;
    input->changes = course->changes;
    input->n_changes = (uint32_t)course->n_changes;
    input->shocks = course->shocks;
    input->n_shocks = (uint32_t)course->n_shocks;
    input->start_day = draft->start_day;
    input->horizon_s = (draft->end_day - draft->start_day + 1) * SIM_DAY_S;
    input->record_interval_s = draft->interval_s;
    input->detail = detail_of(draft);
    input->audit = draft->audit;
    input->events = draft->events;
}

/* --- forks -------------------------------------------------------------------------------------------------------- */

static bool same_change(const mdl_change_t *a, const mdl_change_t *b)
{
    return a->time_s == b->time_s && a->param == b->param && a->value == b->value;
}

static bool same_shock(const mdl_shock_t *a, const mdl_shock_t *b)
{
    return a->time_s == b->time_s && a->kind == b->kind && a->types == b->types && a->value == b->value;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t changes_part(const scn_course_t *a, const scn_course_t *b)
{
    size_t i = 0;
    while (i < a->n_changes && i < b->n_changes && same_change(&a->changes[i], &b->changes[i]))
        i++;
    int64_t time_a = i < a->n_changes ? a->changes[i].time_s : SIM_NEVER;
    int64_t time_b = i < b->n_changes ? b->changes[i].time_s : SIM_NEVER;
    return earlier(time_a, time_b);
}

static int64_t shocks_part(const scn_course_t *a, const scn_course_t *b)
{
    size_t i = 0;
    while (i < a->n_shocks && i < b->n_shocks && same_shock(&a->shocks[i], &b->shocks[i]))
        i++;
    int64_t time_a = i < a->n_shocks ? a->shocks[i].time_s : SIM_NEVER;
    int64_t time_b = i < b->n_shocks ? b->shocks[i].time_s : SIM_NEVER;
    return earlier(time_a, time_b);
}

bool scn_course_sets(const scn_course_t *self, int32_t param)
{
    for (size_t i = 0; i < self->n_first; i++)
        if (self->first[i].param == param)
            return true;
    return false;
}

static bool same_start(const scn_scenario_t *self, size_t a, size_t b)
{
    const scn_posterior_t *drawn = &self->draft.posterior;
    for (size_t i = 0; i < drawn->n_params; i++) /* what one arm sets and the other draws may happen to be equal here */
        if (scn_course_sets(&self->courses[a], drawn->params[i]) !=
            scn_course_sets(&self->courses[b], drawn->params[i]))
            return false;
    for (size_t point = 0; point < self->n_points; point++)
        if (memcmp(&self->inputs[a * self->n_points + point].params, &self->inputs[b * self->n_points + point].params,
                   sizeof(mdl_params_t)) != 0)
            return false;
    return true;
}

/* The earlier arm that this one follows longest; of equals the first. */
static void find_fork(scn_scenario_t *self, size_t arm)
{
    scn_course_t *course = &self->courses[arm];
    int64_t horizon_s = self->inputs[0].horizon_s;
    course->forks_from = -1;
    for (size_t other = 0; other < arm; other++) {
        if (!same_start(self, arm, other))
            continue;
        int64_t part = earlier(changes_part(course, &self->courses[other]), shocks_part(course, &self->courses[other]));
        part = earlier(part, horizon_s);
        if (part <= course->fork_s)
            continue;
        course->forks_from = (int32_t)other;
        course->fork_s = part;
    }
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static sim_status_t allocate(scn_scenario_t *self)
{
    size_t arms = self->draft.arms.n;
    self->n_points = scn_design_points(&self->draft);
    self->factor_values = scn_pool_take(&self->pool, self->n_points * self->draft.factors.n * sizeof(double));
    self->courses = scn_pool_take(&self->pool, arms * sizeof *self->courses);
    self->inputs = scn_pool_take(&self->pool, arms * self->n_points * sizeof *self->inputs);
    bool good = self->factor_values != NULL && self->courses != NULL && self->inputs != NULL;
    return good ? scn_design_fill(&self->draft, self->factor_values) : SIM_ENOMEM;
}

sim_status_t scn_plan_build(scn_scenario_t *self)
{
    sim_status_t status = allocate(self);
    for (size_t arm = 0; status == SIM_OK && arm < self->draft.arms.n; arm++) {
        scn_course_t *course = &self->courses[arm];
        status = build_changes(self, &self->draft.arms.items[arm], course);
        if (status == SIM_OK)
            status = build_shocks(self, &self->draft.arms.items[arm], course);
        if (status < 0)
            break;
        for (size_t point = 0; point < self->n_points; point++)
            build_input(self, course, point, &self->inputs[arm * self->n_points + point]);
        find_fork(self, arm);
    }
    return status;
}
