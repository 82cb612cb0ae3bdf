// SPDX-License-Identifier: GPL-3.0-or-later
/* What the files of the scheduler share: starting a job, memory behind the tables, and the passes that
 * mdl_reservations lists. Used by the scheduler's own files. */
#ifndef MDL_PASSES_H
#define MDL_PASSES_H

#include "models/scheduler/freed.h"
#include "models/scheduler/queue.h"
#include "models/scheduler/scheduler.h"

/* One pass over a cluster, as its functions see it. */
typedef struct mdl_pass {
    mdl_scheduler_t *scheduler;
    mdl_cluster_t *cluster;
    int64_t now_s;
    const mdl_scheduler_host_t *host;
} mdl_pass_t;

/* A job on a list that a pass sorts. */
typedef struct mdl_candidate {
    int64_t key;
    uint32_t job;
    uint32_t kept_gpus; /* room that it has found in a round of preemption */
} mdl_candidate_t;

/* The memory behind the tables: candidates (as many as jobs), free GPUs by node, the profile with its state, for the
 * length of a pass a tenant's own one, the promised starts (starts.h), and where room has come free (freed.h). */
mdl_candidate_t *mdl_scheduler_candidates(mdl_scheduler_t *self);
uint8_t *mdl_scheduler_shadow(mdl_scheduler_t *self);
mdl_availability_t mdl_scheduler_availability(mdl_scheduler_t *self);
mdl_availability_t mdl_scheduler_own(mdl_scheduler_t *self, const mdl_scheduler_tenant_t *tenant);
int64_t *mdl_scheduler_starts(mdl_scheduler_t *self);
mdl_freed_t *mdl_scheduler_freed(mdl_scheduler_t *self);

/* Where the policy tries all that wait by their estimates: queued jobs of all tenants in that order, what is needed of
 * each beside its links. */
typedef struct mdl_brief {
    mdl_tree_links_t links;
    int64_t estimate_s, left_s;
    uint64_t sequence;
    uint32_t needed_gpus;
} mdl_brief_t;

static inline bool mdl_policy_tries_shortest(const mdl_policy_t *policy)
{
    return policy->reservation == MDL_RESERVATION_EASY_SJBF && policy->backfill_depth == 0;
}
mdl_brief_t *mdl_scheduler_briefs(mdl_scheduler_t *self);

/* Sorts candidates by key, then by the jobs' numbers. O(n log n), in place. */
void mdl_candidates_sort(mdl_scheduler_t *self, mdl_candidate_t *candidates, uint32_t n);

/* Places and starts a queued job within its tenant's limit, and tells the host; false when it cannot be placed. */
bool mdl_pass_start(const mdl_pass_t *pass, uint32_t job);
/* The two halves of it: nodes for the job, and the start of a job that has them. */
bool mdl_pass_place(const mdl_pass_t *pass, uint32_t job);
void mdl_pass_begin(const mdl_pass_t *pass, uint32_t job);
/* Gives back the nodes of a job that was placed and not begun. */
void mdl_pass_unplace(const mdl_pass_t *pass, uint32_t job);

/* fair: brings a tenant's usage to the scheduler's time, before its GPUs change; computes priorities anew where that is
 * due, and says whether it did. */
void mdl_fair_accrue(mdl_scheduler_t *self, uint32_t tenant);
bool mdl_fair_review(mdl_scheduler_t *self, int64_t now_s);

/* Changes what a tenant holds, in GPUs. */
static inline void mdl_scheduler_use(mdl_scheduler_t *self, uint32_t tenant, uint32_t more, uint32_t less)
{
    if (self->watches && self->policy.order == MDL_ORDER_FAIR)
        mdl_fair_accrue(self, tenant);
    mdl_scheduler_holding(self, tenant)->used_gpus += more - less;
    self->allocated_gpus += more - less;
}

/* Starts heads in order, until one cannot be placed; its index, or MDL_NONE. Counts it as blocked. */
uint32_t mdl_pass_heads(const mdl_pass_t *pass);
/* Counts a job as the one that waits for nodes; MDL_NONE: nobody does. */
void mdl_pass_block(const mdl_pass_t *pass, uint32_t job);

/* Rows of mdl_reservations. A pass sets review_s anew, or leaves it where it does not look at the heads again. */
void mdl_pass_none(mdl_scheduler_t *self, mdl_cluster_t *cluster, int64_t now_s, const mdl_scheduler_host_t *host);
void mdl_pass_easy(mdl_scheduler_t *self, mdl_cluster_t *cluster, int64_t now_s, const mdl_scheduler_host_t *host);
void mdl_pass_conservative(mdl_scheduler_t *self, mdl_cluster_t *cluster, int64_t now_s,
                           const mdl_scheduler_host_t *host);
/* Instead of them, where jobs are preempted. */
void mdl_pass_preempt(mdl_scheduler_t *self, mdl_cluster_t *cluster, int64_t now_s, const mdl_scheduler_host_t *host);

/* Stops a running job: it writes a checkpoint and goes back into the queue. */
void mdl_pass_stop(const mdl_pass_t *pass, uint32_t job);

/* Where lent quota is reclaimed: stops borrowers until a job within its tenant's quota can start, and starts it; false
 * when nobody was stopped. Afterwards others may stand first. And for running elastic jobs that lack nodes, which their
 * user then gives them. */
bool mdl_reclaim_for(const mdl_pass_t *pass, uint32_t job);
void mdl_reclaim_short(const mdl_pass_t *pass);

/* EASY: places and starts a job if the promise to the head allows it; false when it did not. And jobs of a tenant whose
 * head waits for the tenant's own limit. */
bool mdl_easy_try(const mdl_pass_t *pass, uint32_t job);
void mdl_easy_within(const mdl_pass_t *pass, uint32_t tenant);

/* Conservative: takes note of a job that leaves, queued or running, and of an elastic one that changes its width. */
void mdl_conservative_forget(mdl_scheduler_t *self, uint32_t job);
void mdl_conservative_widen(mdl_scheduler_t *self, int64_t more_gpus);

#endif
