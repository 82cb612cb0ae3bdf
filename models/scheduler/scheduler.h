// SPDX-License-Identifier: GPL-3.0-or-later
/* The scheduler: queues, running jobs and the rules that take a job from the one to the other.
 *
 * Jobs belong to tenants. A tenant has a quota in GPUs, a limit above it up to which it may borrow, and a queue; a job
 * that would pass its tenant's limit waits without holding up anybody else, and a job at the head of its queue that is
 * within the limit competes for nodes with the other tenants' heads, in the policy's order, those within quota before
 * those that borrow. A gang starts as a whole or not at all; an elastic job starts on what there is, a node at least,
 * and can be made wider or narrower while it runs. Jobs that can never run (larger than the cluster or the limit,
 * needing a fabric that is not there, or in a pool less than whole nodes) are refused.
 *
 * The scheduler does not know what makes time pass: its user submits, ends and evicts jobs at increasing times, calls
 * mdl_scheduler_pass() after changes and at mdl_scheduler_review_s(), and is told of each start so that it can schedule
 * the end:
 *
 *     mdl_scheduler_open_tenant(s, 0, 64);                         // tenant 0 may hold 64 GPUs
 *     uint32_t job = mdl_scheduler_submit(s, cluster, 0, now_s, &(mdl_job_request_t){.work_s = 60, .gpus = 16, ...});
 *     mdl_scheduler_pass(s, cluster, now_s, &(mdl_scheduler_host_t){&mine, on_start, on_stop});
 *     ...
 *     mdl_scheduler_end(s, cluster, job, now_s + 60, MDL_END_FINISHED);
 *
 * A scheduler is one block of memory without pointers into itself; jobs and tenants are addressed by index. It never
 * allocates; mdl_scheduler_grow_into() copies it into a larger block.
 */
#ifndef MDL_SCHEDULER_H
#define MDL_SCHEDULER_H

#include "models/hardware/pool.h"
#include "models/scheduler/availability.h"
#include "models/scheduler/policy.h"

/* Why jobs wait. Each second that a queue's head waits counts its GPUs under one reason. */
typedef enum mdl_blocked {
    MDL_BLOCKED_QUOTA,   /* its tenant holds all it may, or all tenants together do */
    MDL_BLOCKED_COUNT,   /* too few free GPUs, all nodes being up */
    MDL_BLOCKED_DOMAIN,  /* enough free GPUs, but not in whole nodes */
    MDL_BLOCKED_POWER,   /* nodes that are switched off would do */
    MDL_BLOCKED_FAILURE, /* nodes that are broken would do */
    MDL_BLOCKED_REASONS
} mdl_blocked_t;

/* Counts of jobs of one class, since the start, in one cache line. submitted = queued + running + finished + cancelled +
 * failed. */
typedef struct mdl_job_counts {
    _Alignas(64) int64_t submitted;
    int64_t started; /* for the first time */
    int64_t wait_s;  /* from submission to first start, over started jobs */
    int64_t ended[MDL_JOB_ENDS];
    int64_t refused;   /* at submission; part of ended[MDL_END_CANCELLED] */
    int64_t restarted; /* put back into the queue while running */
} mdl_job_counts_t;

typedef enum mdl_queue_status {
    MDL_QUEUE_EMPTY, /* nothing queued */
    MDL_QUEUE_READY, /* its queue's head is within the limit: among the ready */
    MDL_QUEUE_HELD   /* its queue's head waits for its own limit */
} mdl_queue_status_t;

/* What a tenant holds and may hold. Nothing else is asked of it where nobody waits, and a data centre has few tenants:
 * those of all stand together. */
typedef struct mdl_scheduler_holding {
    uint32_t used_gpus, quota_gpus, limit_gpus;
    uint32_t running_head; /* its running jobs, newest first; MDL_NONE */
} mdl_scheduler_holding_t;

/* What else there is of a tenant. */
typedef struct mdl_scheduler_tenant {
    _Alignas(64) int64_t queued_gpu_s; /* work in its queue, endless jobs left out */
    uint32_t queued;
    mdl_tree_t queue; /* queued jobs in order */
    uint8_t status;
    bool open;
    uint32_t head_gpus;     /* of its queue's head, as counted in held_gpus while it is held */
    uint32_t planned_gpus;  /* during a round of preemption: given to it so far */
    int64_t ready_key;      /* its head's place among the ready */
    uint64_t ready_tie;     /* its head's number */
    mdl_tree_links_t ready; /* among the ready, when it is */
    double share;           /* fair: what it is entitled to, relative to the others */
    double usage_gpu_s;     /* fair: decayed, up to usage_at_s */
    int64_t usage_at_s;
    double priority;              /* fair: as last computed */
    uint32_t own_at, own_room;    /* conservative, during a pass: where its own profile is, in blocks */
    mdl_availability_state_t own; /* its state */
} mdl_scheduler_tenant_t;

/* What a pass with reservations promised to the first job that waits; with conservative ones, the next start of all. */
typedef struct mdl_promise {
    int64_t start_s;                            /* by estimates, with the running jobs */
    uint32_t job;                               /* MDL_NONE: nobody waits for nodes */
    uint32_t pool_gpus;                         /* of a pool: GPUs that will then be free */
    uint32_t with_free[MDL_NODE_MOST_GPUS + 1]; /* nodes that will then have that many GPUs free */
} mdl_promise_t;

/* What an event asks for where nobody waits fills the first cache line; a job that comes or ends asks for the counts of
 * its class besides. Where somebody waits it is the second, and what passes ask for comes behind the counts. */
typedef struct mdl_scheduler {
    _Alignas(64) int64_t now_s; /* integrals stand at this time */
    int64_t allocated_gpu_s;
    uint64_t sequence;        /* of the next job */
    uint32_t present;         /* jobs that have been submitted and have not ended */
    uint32_t queued, running; /* now */
    uint32_t allocated_gpus;  /* now */
    uint32_t short_gpus;      /* that running elastic jobs lack */
    uint32_t most_gpus;       /* that may be */
    uint32_t jobs_at;         /* bytes to the first job's row */
    uint32_t jobs;            /* capacity */
    uint32_t free_job;
    bool watches : 1;      /* mdl_policy_watches() of its policy, which never changes, */
    bool follows_ends : 1; /* and whether its row of mdl_reservations does so */
    bool resting;          /* nobody has waited since a pass that found nobody, and the policy does not watch */
    bool stale;            /* more than one submission has happened since the last pass */
    bool moved;            /* room has come free since the last pass, by a job's end or otherwise */
    _Alignas(64) uint32_t held_gpus; /* asked for by the heads of tenants that are held */
    uint32_t blocked_gpus;           /* asked for by the head that the last pass could not place */
    uint32_t tenants;                /* capacity */
    uint32_t untouched_job;          /* slots from here on were never used */
    uint32_t fresh;                  /* the job submitted since the last pass; MDL_NONE */
    uint32_t seen_free, seen_up;     /* the cluster's free GPUs and nodes up after the last pass */
    uint8_t blocked_reason;          /* of the head that blocked_gpus are of */
    bool fabric;                     /* a training fabric joins the nodes */
    bool again;                      /* jobs that this pass refused may find other nodes in the next */
    mdl_tree_t ready;                /* tenants whose head may compete, in order */
    int64_t review_s;                /* a pass is due then, whatever happens; SIM_NEVER */
    mdl_job_counts_t counts[MDL_JOB_CLASSES];
    int64_t blocked_gpu_s[MDL_BLOCKED_REASONS];
    int64_t preempted_s; /* last round of preemption */
    mdl_policy_t policy;
    mdl_tree_t ends;     /* running jobs by estimated end, where the policy asks for it */
    mdl_tree_t shortest; /* queued jobs by estimate, likewise */
    mdl_promise_t promise;
    int64_t priority_s;                          /* fair: priorities were computed then */
    uint32_t part_sizes[MDL_NODE_MOST_GPUS + 1]; /* on single nodes: jobs by their GPUs below node size or a node */
    mdl_availability_state_t profile;            /* conservative */
    uint32_t promises;                           /* of starts so far, conservative */
    uint32_t unplanned;                          /* queued jobs that have no promise */
    bool unsettled;                              /* conservative: all promised jobs have to look for an earlier start */
} mdl_scheduler_t;

_Static_assert(offsetof(mdl_scheduler_t, held_gpus) == 64 && offsetof(mdl_scheduler_t, counts) == 128,
               "a cache line where nobody waits, and one of counts");
_Static_assert(offsetof(mdl_scheduler_t, blocked_gpu_s) % 64 == 0 &&
                   offsetof(mdl_scheduler_t, policy) + offsetof(mdl_policy_t, backfill_depth) <=
                       offsetof(mdl_scheduler_t, blocked_gpu_s) + 64,
               "one for passes");

/* Whom to tell of starts and of jobs that are stopped to make room. job->end_event is the user's to fill. */
typedef struct mdl_scheduler_host {
    void *user;
    void (*started)(void *user, uint32_t job);
    /* Settles a running job that is about to go back into the queue, and returns the seconds of computing that its
     * checkpoint saves. NULL where nothing is preempted. */
    int64_t (*stopped)(void *user, uint32_t job);
} mdl_scheduler_host_t;

/* Bytes for that many jobs (queued and running) and tenants under a policy, a multiple of 64. With a policy that
 * reserves on single nodes there must be as many jobs as nodes. */
size_t mdl_scheduler_bytes(uint32_t jobs, uint32_t tenants, const mdl_policy_t *policy);
void mdl_scheduler_init(mdl_scheduler_t *self, uint32_t jobs, uint32_t tenants, mdl_policy_t policy, bool fabric);
/* Copies `from` into `self`, mdl_scheduler_bytes(jobs, tenants, &from->policy) bytes, neither less than from's. Indices
 * stay valid. */
void mdl_scheduler_grow_into(mdl_scheduler_t *self, uint32_t jobs, uint32_t tenants, mdl_scheduler_t *from);

static inline mdl_scheduler_holding_t *mdl_scheduler_holding(mdl_scheduler_t *self, uint32_t tenant)
{
    return (mdl_scheduler_holding_t *)(self + 1) + tenant;
}

/* Bytes of the holdings of all tenants, in whole cache lines. */
static inline size_t mdl_scheduler_holding_bytes_(uint32_t tenants)
{
    return (tenants * sizeof(mdl_scheduler_holding_t) + 63) / 64 * 64;
}

static inline mdl_scheduler_tenant_t *mdl_scheduler_tenant(mdl_scheduler_t *self, uint32_t tenant)
{
    return (mdl_scheduler_tenant_t *)(void *)((char *)(self + 1) + mdl_scheduler_holding_bytes_(self->tenants)) +
           tenant;
}

static inline mdl_job_t *mdl_scheduler_job(mdl_scheduler_t *self, uint32_t job)
{
    return (mdl_job_t *)(void *)((char *)self + self->jobs_at) + job;
}

/* Counts a tenant's running jobs, one by one. */
uint32_t mdl_scheduler_running_of(mdl_scheduler_t *self, uint32_t tenant);

/* Whether nobody waits and nobody lacks nodes, under a policy that asks no more of running jobs. */
static inline bool mdl_scheduler_is_idle_(const mdl_scheduler_t *self)
{
    return (self->queued | self->short_gpus | self->watches) == 0;
}

/* Whether nobody waits, and nobody did at the last pass: the next one has nothing to do. */
static inline bool mdl_scheduler_is_at_rest(const mdl_scheduler_t *self)
{
    return (self->queued | self->short_gpus) == 0 && self->resting;
}

/* Brings the time integrals to now_s. First call of each instant. O(1). */
static inline void mdl_scheduler_advance(mdl_scheduler_t *self, int64_t now_s)
{
    int64_t elapsed_s = now_s - self->now_s;

    SIM_ASSERT(elapsed_s >= 0);
    self->now_s = now_s;
    self->allocated_gpu_s += elapsed_s * self->allocated_gpus;
    if (mdl_scheduler_is_at_rest(self) || (self->held_gpus | self->blocked_gpus | self->short_gpus) == 0)
        return;
    self->blocked_gpu_s[MDL_BLOCKED_QUOTA] += elapsed_s * self->held_gpus;
    self->blocked_gpu_s[self->blocked_reason] += elapsed_s * self->blocked_gpus;
    self->blocked_gpu_s[MDL_BLOCKED_FAILURE] += elapsed_s * self->short_gpus;
}

/* A tenant's life. Opening an open tenant is a bug; closing needs it without jobs. A quota may be set below what is
 * used: its user then ends or requeues jobs within the same instant. */
void mdl_scheduler_open_tenant(mdl_scheduler_t *self, uint32_t tenant, uint32_t quota_gpus);
void mdl_scheduler_set_quota(mdl_scheduler_t *self, uint32_t tenant, uint32_t quota_gpus);
/* A quota and a limit above it: up to there the tenant may use GPUs that nobody within quota wants. */
void mdl_scheduler_set_limits(mdl_scheduler_t *self, uint32_t tenant, uint32_t quota_gpus, uint32_t limit_gpus);
/* GPUs that all tenants together may use, no fewer than their quotas (without a bound from the start): where they are
 * less than the cluster's, lent GPUs are those of quotas and no others. */
void mdl_scheduler_set_most(mdl_scheduler_t *self, uint32_t gpus);
/* GPUs that a job could have now: free, and within that bound. */
static inline uint32_t mdl_scheduler_room(const mdl_scheduler_t *self, const mdl_cluster_t *cluster)
{
    uint32_t within = self->most_gpus > self->allocated_gpus ? self->most_gpus - self->allocated_gpus : 0;

    return cluster->free_gpus < within ? cluster->free_gpus : within;
}
/* fair: what the tenant is entitled to, relative to the others (> 0; 1 from the start). */
void mdl_scheduler_set_share(mdl_scheduler_t *self, uint32_t tenant, double share);
void mdl_scheduler_close_tenant(mdl_scheduler_t *self, uint32_t tenant);

/* Puts a job into its tenant's queue and returns its index, or MDL_NONE when it is refused: it can never run, or the
 * job table is full. Either way it counts as submitted; refused ones as cancelled. */
uint32_t mdl_scheduler_submit(mdl_scheduler_t *self, const mdl_cluster_t *cluster, uint32_t tenant, int64_t now_s,
                              const mdl_job_request_t *request);
/* The same; where nobody waits and the next pass would start the job it is started here already, which spares the queue.
 * The pass follows all the same, before anything else is submitted. */
uint32_t mdl_scheduler_start(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t tenant, int64_t now_s,
                             const mdl_job_request_t *request, const mdl_scheduler_host_t *host);
/* Counts a job that its tenant thought of and gave up at once: submitted and refused. */
void mdl_scheduler_balk(mdl_scheduler_t *self, mdl_job_class_t job_class);

/* What each pass leaves behind. */
static inline void mdl_scheduler_note_pass_(mdl_scheduler_t *self, const mdl_cluster_t *cluster)
{
    self->stale = self->again;
    self->again = self->moved = false;
    self->fresh = MDL_NONE;
    self->seen_free = cluster->free_gpus;
    self->seen_up = cluster->up;
}

/* A pass that has nobody to look at, which is what most events of a data centre leave to do: true when it was that. Only
 * the first of several in a row leaves anything behind: the next pass that has somebody looks at everything. */
static inline bool mdl_scheduler_rests(mdl_scheduler_t *self, const mdl_cluster_t *cluster)
{
    if (mdl_scheduler_is_at_rest(self))
        return true;
    if (!mdl_scheduler_is_idle_(self))
        return false;
    self->resting = true;
    if (self->follows_ends)
        self->promise.job = MDL_NONE;
    self->review_s = SIM_NEVER;
    self->blocked_gpus = 0;
    mdl_scheduler_note_pass_(self, cluster);
    return true;
}

/* Starts what the policy lets start, telling `host` of each. */
void mdl_scheduler_pass(mdl_scheduler_t *self, mdl_cluster_t *cluster, int64_t now_s, const mdl_scheduler_host_t *host);

/* When the next pass is due even if nothing happens until then: a planned start, a job that has got enough service, a
 * round of preemption that had to wait. SIM_NEVER: there is none. */
static inline int64_t mdl_scheduler_review_s(const mdl_scheduler_t *self)
{
    return self->review_s;
}

/* Ends a queued or running job and frees its index. */
void mdl_scheduler_end(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t job, mdl_job_end_t end);
/* Ends a running job whose estimate is up before the queues are to be told: a user that handles an instant's
 * submissions before its ends lets the submissions find its nodes so, and then calls mdl_scheduler_note_end() and a
 * pass where the end has its turn. */
void mdl_scheduler_expire(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t job, mdl_job_end_t end);
void mdl_scheduler_note_end(mdl_scheduler_t *self);
/* Puts a running job back into its queue at the place its submission gives it, with `saved_s` of its work done. */
void mdl_scheduler_requeue(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t job, int64_t saved_s);

/* Makes an elastic job `wanted_gpus` wide (whole nodes, at least one), or as wide as free nodes and its tenant's quota
 * allow; in the queue it only changes its mind. What it lacks counts as blocked by failures, which is what makes nodes
 * of a lease scarce. O(change), in a pool O(1). */
void mdl_scheduler_resize(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t job, uint32_t wanted_gpus);
/* Gives a queued job of whole nodes that is not elastic another width, with the same work to do: it takes longer on
 * fewer GPUs in proportion, rounded up. `gpus` > 0, whole nodes. O(log queue). */
void mdl_scheduler_reshape(mdl_scheduler_t *self, uint32_t job, uint32_t gpus);
/* Takes `node` (in a pool any) away from an elastic job that runs on more than one; it goes on without it and counts as
 * restarted. */
void mdl_scheduler_lose_node(mdl_scheduler_t *self, mdl_cluster_t *cluster, uint32_t job, uint32_t node);

/* Checks in O(1) that jobs are conserved: those that have come and have not ended wait or run. */
static inline bool mdl_scheduler_conserves(const mdl_scheduler_t *self)
{
    return self->present == self->queued + self->running;
}
/* Recounts everything: queues, gangs, node capacity, quotas, promises, counts. SIM_EINVARIANT names what is broken. */
sim_status_t mdl_scheduler_verify(mdl_scheduler_t *self, mdl_cluster_t *cluster, sim_error_t *err);

/* Why a job within its limit that could not be placed waits. */
mdl_blocked_t mdl_scheduler_reason(const mdl_cluster_t *cluster, const mdl_job_t *job);

/* Widths that change together, of running elastic jobs that are the only one of their tenant and want no more than its
 * limit: services. In a pool where nobody watches running jobs the change of one that lacks nothing is a few sums, and
 * what comes of all of them is noted before anything else is asked of scheduler and pool:
 *
 *     mdl_widths_open(&widths, scheduler, pool);
 *     for (...)
 *         if (!mdl_widths_set(&widths, scheduler, job, gpus)) ...; // close, mdl_scheduler_resize(), open again
 *     mdl_widths_close(&widths, scheduler, pool);
 */
typedef struct mdl_widths {
    int32_t open_gpus, room_gpus; /* that may be taken: when this was opened, and now; INT32_MIN: each takes a call */
    int32_t changes;              /* 0 where no width has changed */
} mdl_widths_t;

static inline void mdl_widths_open(mdl_widths_t *self, const mdl_scheduler_t *scheduler, const mdl_cluster_t *cluster)
{
    bool many = cluster->pooled && !scheduler->watches && scheduler->allocated_gpus <= scheduler->most_gpus;

    self->open_gpus = self->room_gpus = many ? (int32_t)mdl_scheduler_room(scheduler, cluster) : INT32_MIN;
    self->changes = 0;
}

static inline void mdl_widths_close(const mdl_widths_t *self, mdl_scheduler_t *scheduler, mdl_cluster_t *cluster)
{
    if (self->changes == 0)
        return;
    uint32_t taken = (uint32_t)(self->open_gpus - self->room_gpus);
    scheduler->stale = scheduler->moved = true;
    scheduler->allocated_gpus += taken;
    mdl_pool_set_free_gpus(cluster, cluster->free_gpus - taken);
}

/* False, and nothing done, where it takes a call. */
static inline bool mdl_widths_set(mdl_widths_t *self, mdl_scheduler_t *scheduler, mdl_job_t *job, uint32_t gpus)
{
    int32_t more = (int32_t)(gpus - job->gpus);

    if (more > self->room_gpus || job->wanted_gpus != job->gpus)
        return false;
    self->room_gpus -= more;
    self->changes |= more;
    mdl_scheduler_holding(scheduler, job->tenant)->used_gpus += (uint32_t)more;
    job->gpus = job->wanted_gpus = gpus;
    return true;
}

#endif
