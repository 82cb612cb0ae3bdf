// SPDX-License-Identifier: GPL-3.0-or-later
/* What --policy and the slots named one by one mean. */
#include "app/replay.h"
#include "models/params/params.h"
#include "models/scheduler/placer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S           86400.0
#define LAS_FIRST_GPU_S 3250 /* limits of Tiresias (NSDI 2019) */
#define LAS_LAST_GPU_S  7200

/* Who can be replayed under a policy: jobs that queue, pods that arrive and stay. */
enum { QUEUED = 1, PODS = 2 };

static const struct {
    const char *name;
    uint8_t order, reservation, placement, preemption;
    uint8_t whom;
} policies[] = {
    {"fcfs", MDL_ORDER_FCFS, MDL_RESERVATION_NONE, MDL_PLACEMENT_BEST_FIT, MDL_PREEMPTION_NONE, QUEUED},
    {"sjf", MDL_ORDER_SJF, MDL_RESERVATION_NONE, MDL_PLACEMENT_BEST_FIT, MDL_PREEMPTION_NONE, QUEUED},
    {"easy", MDL_ORDER_FCFS, MDL_RESERVATION_EASY, MDL_PLACEMENT_BEST_FIT, MDL_PREEMPTION_NONE, QUEUED},
    {"easy-sjbf", MDL_ORDER_FCFS, MDL_RESERVATION_EASY_SJBF, MDL_PLACEMENT_BEST_FIT, MDL_PREEMPTION_NONE, QUEUED},
    {"conservative", MDL_ORDER_FCFS, MDL_RESERVATION_CONSERVATIVE, MDL_PLACEMENT_BEST_FIT, MDL_PREEMPTION_NONE, QUEUED},
    {"srtf", MDL_ORDER_SRTF, MDL_RESERVATION_NONE, MDL_PLACEMENT_BEST_FIT, MDL_PREEMPTION_CHECKPOINT, QUEUED},
    {"srsf", MDL_ORDER_SRSF, MDL_RESERVATION_NONE, MDL_PLACEMENT_BEST_FIT, MDL_PREEMPTION_CHECKPOINT, QUEUED},
    {"las", MDL_ORDER_LAS, MDL_RESERVATION_NONE, MDL_PLACEMENT_BEST_FIT, MDL_PREEMPTION_CHECKPOINT, QUEUED},
    {"tiresias", MDL_ORDER_LAS, MDL_RESERVATION_NONE, MDL_PLACEMENT_BEST_FIT, MDL_PREEMPTION_CHECKPOINT, QUEUED},
    {"fifo-consolidate", MDL_ORDER_FCFS, MDL_RESERVATION_NONE, MDL_PLACEMENT_CONSOLIDATE, MDL_PREEMPTION_NONE, QUEUED},
    {"sjf-consolidate", MDL_ORDER_SJF, MDL_RESERVATION_NONE, MDL_PLACEMENT_CONSOLIDATE, MDL_PREEMPTION_NONE, QUEUED},
    {"random", MDL_ORDER_FCFS, MDL_RESERVATION_NONE, MDL_PLACEMENT_RANDOM, MDL_PREEMPTION_NONE, QUEUED | PODS},
    {"bestfit", MDL_ORDER_FCFS, MDL_RESERVATION_NONE, MDL_PLACEMENT_BEST_FIT, MDL_PREEMPTION_NONE, QUEUED | PODS},
    {"packing", MDL_ORDER_FCFS, MDL_RESERVATION_NONE, MDL_PLACEMENT_PACKING, MDL_PREEMPTION_NONE, QUEUED | PODS},
    {"clustering", MDL_ORDER_FCFS, MDL_RESERVATION_NONE, MDL_PLACEMENT_CLUSTERING, MDL_PREEMPTION_NONE, QUEUED | PODS},
    {"dotprod", MDL_ORDER_FCFS, MDL_RESERVATION_NONE, MDL_PLACEMENT_DOTPROD, MDL_PREEMPTION_NONE, QUEUED | PODS},
    {"fgd", MDL_ORDER_FCFS, MDL_RESERVATION_NONE, MDL_PLACEMENT_FGD, MDL_PREEMPTION_NONE, QUEUED | PODS},
};
enum { POLICIES = sizeof policies / sizeof policies[0] };

static const char *const defaults[APP_REPLAY_FORMATS] = {
    [APP_SWF] = "easy",  [APP_PHILLY] = "fifo-consolidate", [APP_CSV] = "easy",  [APP_MURI] = "srtf",
    [APP_OPENB] = "fgd", [APP_SYNTHETIC] = "easy",          [APP_AZURE] = "fcfs"};

static void use_policy(app_replay_t *self, const char *name)
{
    const char *known[POLICIES];
    uint8_t whom = self->format == APP_OPENB ? PODS : QUEUED;
    size_t n = 0;

    for (size_t i = 0; i < POLICIES; i++) {
        if ((policies[i].whom & whom) == 0 && strcmp(policies[i].name, name) == 0) {
            app_replay_problem(self,
                               "--policy: found '%s'; pods of openb arrive one after another and stay, so nothing "
                               "queues and only a placement matters; expected random, bestfit, packing, clustering, "
                               "dotprod or fgd",
                               name);
            return;
        }
        if ((policies[i].whom & whom) == 0)
            continue;
        known[n++] = policies[i].name;
        if (strcmp(policies[i].name, name) != 0)
            continue;
        self->policy_name = policies[i].name;
        self->policy.order = policies[i].order;
        self->policy.reservation = policies[i].reservation;
        self->policy.placement = policies[i].placement;
        self->policy.preemption = policies[i].preemption;
        return;
    }
    app_replay_unknown(self, "policy", name, known, n);
}

/* Whether the placement named is that of jobs in turns, which no other executive has. */
static bool names_yarn(const app_replay_t *self)
{
    return self->format == APP_MURI && self->values->placement != NULL && strcmp(self->values->placement, "yarn") == 0;
}

/* Puts the row called `found` into a slot. */
static void use_row(app_replay_t *self, const char *option, const char *found, const char *const *rows, size_t n,
                    uint8_t *slot)
{
    for (size_t i = 0; found != NULL && i < n; i++)
        if (strcmp(found, rows[i]) == 0) {
            *slot = (uint8_t)i;
            return;
        }
    if (found != NULL)
        app_replay_unknown(self, option, found, rows, n);
}

static void use_slots(app_replay_t *self)
{
    const app_replay_values_t *v = self->values;
    const char *names[4][16];

    for (size_t i = 0; i < MDL_ORDERS; i++)
        names[0][i] = mdl_orders[i].name;
    for (size_t i = 0; i < MDL_RESERVATIONS; i++)
        names[1][i] = mdl_reservations[i].name;
    for (size_t i = 0; i < MDL_PLACEMENTS; i++)
        names[2][i] = mdl_placements[i].name;
    for (size_t i = 0; i < MDL_PREEMPTIONS; i++)
        names[3][i] = mdl_preemptions[i];
    if (self->format != APP_OPENB)
        use_row(self, "order", v->order, names[0], MDL_ORDERS, &self->policy.order);
    use_row(self, "order-by", v->order_by, names[0], MDL_ORDERS, &self->policy.order);
    use_row(self, "reservation", v->reservation, names[1], MDL_RESERVATIONS, &self->policy.reservation);
    if (!names_yarn(self))
        use_row(self, "placement", v->placement, names[2], MDL_PLACEMENTS, &self->policy.placement);
    use_row(self, "preemption", v->preemption, names[3], MDL_PREEMPTIONS, &self->policy.preemption);
}

static bool takes_turns(uint8_t order)
{
    return order == MDL_ORDER_SRTF || order == MDL_ORDER_SRSF || order == MDL_ORDER_LAS;
}

static bool read_limits(const char *text, int64_t limit_gpu_s[2])
{
    char *end;

    limit_gpu_s[0] = strtoll(text, &end, 10);
    if (end == text || *end != ',')
        return false;
    const char *second = end + 1;
    limit_gpu_s[1] = strtoll(second, &end, 10);
    return end != second && *end == '\0' && limit_gpu_s[0] > 0 && limit_gpu_s[1] >= limit_gpu_s[0] &&
           limit_gpu_s[1] < INT64_MAX;
}

/* What the rows go by: Tiresias' limits, Slurm's half-life and ages. */
static void use_settings(app_replay_t *self)
{
    const app_replay_values_t *v = self->values;

    self->policy.las_limit_gpu_s[0] = LAS_FIRST_GPU_S;
    self->policy.las_limit_gpu_s[1] = LAS_LAST_GPU_S;
    if (v->las_limits != NULL && !read_limits(v->las_limits, self->policy.las_limit_gpu_s))
        app_replay_problem(
            self,
            "--las-limits: found '%s'; expected two whole numbers of GPU seconds, the first no larger, as "
            "in 3250,7200",
            v->las_limits);
    self->policy.fair_half_life_s = self->policy.age_most_s = 7 * DAY_S;
    self->policy.fair_weight = self->policy.age_weight = 1;
    self->policy.seed = v->seed.value;
}

void app_replay_find_policy(app_replay_t *self)
{
    const app_replay_values_t *v = self->values;
    bool slots = v->order_by != NULL || v->reservation != NULL || v->placement != NULL || v->preemption != NULL ||
                 (v->order != NULL && self->format != APP_OPENB);

    if (v->policy != NULL || !slots)
        use_policy(self, v->policy != NULL ? v->policy : defaults[self->format]);
    use_slots(self);
    if (slots && self->policy_name == NULL && v->preemption == NULL && takes_turns(self->policy.order))
        self->policy.preemption = MDL_PREEMPTION_CHECKPOINT;
    if (slots)
        self->policy_name = NULL;
    if (self->format == APP_MURI && takes_turns(self->policy.order) && (v->placement == NULL || names_yarn(self)) &&
        self->policy.reservation == MDL_RESERVATION_NONE && self->policy.preemption == MDL_PREEMPTION_CHECKPOINT)
        self->executive = APP_TURNS;
    else if (names_yarn(self))
        app_replay_problem(self, "--placement: yarn is that of jobs in turns; expected order srtf, srsf or las, "
                                 "reservation none and preemption checkpoint with it");
    use_settings(self);
    if (self->policy.preemption == MDL_PREEMPTION_RECLAIM)
        fprintf(stderr,
                "overbuild replay: --preemption reclaim: a trace's tenants have no quotas, so nothing is lent and "
                "nobody is stopped: the same as none\n");
}
