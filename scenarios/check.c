// SPDX-License-Identifier: GPL-3.0-or-later
/* What can be checked only when all files and the command line have been read. */
#include "models/params/spelling.h"
#include "scenarios/design.h"
#include "scenarios/draft.h"
#include "scenarios/posterior.h"

#include <string.h>

/* --- GPU types of shocks ------------------------------------------------------------------------------------------ */

static void resolve_type(scn_reader_t *self, const mdl_tables_t *tables, const scn_node_t *name, scn_event_t *event)
{
    if (!scn_expect(self, name, SCN_SCALAR, "the name of a GPU type"))
        return;
    int32_t type = mdl_tables_find_gpu_type(tables, name->text);
    if (type >= 0) {
        event->types |= UINT64_C(1) << type;
        return;
    }
    mdl_spelling_t near = mdl_spelling(name->text);
    for (uint32_t i = 0; i < tables->n_gpu_types; i++)
        mdl_spelling_offer(&near, tables->gpu_types[i].name);
    if (near.best != NULL)
        scn_log_add(self->log, name->place, "types: unknown GPU type %.60s; did you mean %s?", name->text, near.best);
    else
        scn_log_add(self->log, name->place, "types: unknown GPU type %.60s; expected a name from the table gpu_types",
                    name->text);
}

/* tables NULL: that of GPU types has problems of its own, and nothing can be said. */
static void resolve_types(scn_reader_t *self, const mdl_tables_t *tables, scn_events_t *events)
{
    for (size_t i = 0; i < events->n; i++) {
        scn_event_t *event = &events->items[i];
        event->types = 0;
        if (event->type_names == NULL || tables == NULL)
            continue;
        for (const scn_node_t *name = event->type_names->first; name != NULL; name = name->next)
            resolve_type(self, tables, name, event);
    }
}

/* --- design ------------------------------------------------------------------------------------------------------- */

static bool all_choices(const scn_factors_t *factors)
{
    for (size_t i = 0; i < factors->n; i++)
        if (factors->items[i].distribution != SCN_CHOICE)
            return false;
    return true;
}

static void check_factorial(scn_reader_t *self)
{
    const scn_draft_t *draft = self->draft;
    if (draft->points != 0)
        scn_log_add(self->log, draft->design_place,
                    "points: follow from the levels of a factorial design; expected levels: N instead");
    if (draft->levels == 0 && !all_choices(&draft->factors))
        scn_log_add(self->log, draft->design_place, "levels: missing; expected levels: N with method: factorial");
    else if (scn_design_points(draft) > SCN_MAX_INPUTS)
        scn_log_add(self->log, draft->design_place,
                    "design: %zu factors with %lld levels are more than %d points; expected fewer levels, or "
                    "method: lhs",
                    draft->factors.n, (long long)draft->levels, SCN_MAX_INPUTS);
}

static void check_sampled(scn_reader_t *self)
{
    const scn_draft_t *draft = self->draft;
    if (draft->points == 0)
        scn_log_add(self->log, draft->design_place, "points: missing; expected points: N, how many to sample");
    if (draft->levels != 0)
        scn_log_add(self->log, draft->design_place, "levels: only a factorial design has them; expected points: N");
    if (draft->method == SCN_METHOD_SOBOL && draft->factors.n > SCN_SOBOL_DIMENSIONS)
        scn_log_add(self->log, draft->design_place,
                    "design: %zu uncertain parameters; expected at most %d with method: sobol; use method: lhs",
                    draft->factors.n, SCN_SOBOL_DIMENSIONS);
}

static void check_design(scn_reader_t *self)
{
    const scn_draft_t *draft = self->draft;
    if (!draft->has_design) {
        if (draft->factors.n > 0)
            scn_log_add(self->log, draft->factors.items[0].place,
                        "uncertain: there is no design to vary it; expected design: {method: lhs, points: 64}");
        return;
    }
    if (!draft->has_method)
        scn_log_add(self->log, draft->design_place, "method: missing; expected mc, lhs, sobol or factorial");
    if (draft->factors.n == 0)
        scn_log_add(self->log, draft->design_place,
                    "design: there are no uncertain parameters to vary; expected uncertain: {KEY: prior}");
    if (!draft->has_method || draft->factors.n == 0)
        return;
    if (draft->method == SCN_METHOD_FACTORIAL)
        check_factorial(self);
    else
        check_sampled(self);
}

/* --- what does not go together ------------------------------------------------------------------------------------ */

/* What an arm (NULL: the scenario itself) sets a parameter to; NULL: nothing. */
static const scn_setting_t *set_in(const scn_draft_t *draft, const scn_arm_t *arm, int32_t param)
{
    const scn_setting_t *own = arm != NULL ? scn_settings_find(&arm->set, param) : NULL;
    return own != NULL ? own : scn_settings_find(&draft->set, param);
}

static bool is_choice(const scn_setting_t *setting, const char *name)
{
    if (setting == NULL)
        return false;
    const mdl_param_t *param = &mdl_params_registry(NULL)[setting->param];
    return (int)setting->value == mdl_choice_find(param->unit, name);
}

/* Conservative reservations promise every job its start by estimates; taking nodes back breaks into that, and the pass
 * does not do it for a job that waits. Said where it was asked for in so many words. */
static void check_policy(scn_reader_t *self, const scn_arm_t *arm)
{
    int32_t reservation = mdl_params_find("scheduler.reservation"),
            preemption = mdl_params_find("scheduler.preemption");
    const scn_setting_t *asked = set_in(self->draft, arm, preemption);
    bool inherited = arm != NULL && scn_settings_find(&arm->set, reservation) == NULL &&
                     scn_settings_find(&arm->set, preemption) == NULL;
    if (!inherited && is_choice(asked, "reclaim") && is_choice(set_in(self->draft, arm, reservation), "conservative"))
        scn_log_add(
            self->log, asked->place,
            "scheduler.preemption: found reclaim with scheduler.reservation: conservative, which promises every "
            "job a start and takes nothing back for one that waits; expected reservation none, easy or "
            "easy-sjbf, or preemption none, with which lent nodes come back as jobs end");
}

void scn_draft_check(scn_reader_t *self, const mdl_tables_t *tables)
{
    scn_draft_t *draft = self->draft;
    resolve_types(self, tables, &draft->shocks);
    for (size_t i = 0; i < draft->arms.n; i++)
        resolve_types(self, tables, &draft->arms.items[i].shocks);
    check_policy(self, NULL);
    for (size_t i = 0; i < draft->arms.n; i++)
        check_policy(self, &draft->arms.items[i]);
    check_design(self);
    scn_posterior_check(self);
    size_t points = scn_design_points(draft);
    if (points <= SCN_MAX_INPUTS && points * draft->arms.n > SCN_MAX_INPUTS)
        scn_log_add(self->log, draft->design_place,
                    "design: %zu arms times %zu points are more than %d; expected fewer of them", draft->arms.n, points,
                    SCN_MAX_INPUTS);
}
