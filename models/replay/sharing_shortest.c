// SPDX-License-Identifier: GPL-3.0-or-later
/* SRTF and SRSF: one list, sorted anew at each event; equal keys keep their order from event to event. */
#include "models/replay/sharing_state.h"

#include <math.h>
#include <string.h>

static double key_of(const mdl_sharing_t *self, const mdl_turn_job_t *job)
{
    double remaining_s = job->iterations * job->iteration_s;
    return self->options->order == MDL_SHARING_SRSF ? remaining_s * job->gpus : remaining_s;
}

/* Brings running jobs to now, and takes those that have ended out of the list; arrivals go to its tail. The additions are
 * (held + now) - last here and held + (now - last) at an end, as the reference rounds. */
static void advance(mdl_sharing_t *self)
{
    size_t kept = 0, read = 0;
    for (size_t seen = 0; seen < self->n_running; read++) {
        mdl_turn_job_t *job = &self->jobs[self->list[read].index];
        bool runs = (self->list[read].tag & MDL_TURN_RUNS) != 0;
        seen += runs;
        if (runs && job->state == MDL_TURN_ENDED)
            continue;
        self->list[kept] = self->list[read];
        if (runs) {
            mdl_sharing_charge(self, job);
            job->held_s = job->held_s + self->now_s - job->last_s;
            job->last_s = self->now_s;
            self->list[kept].key = key_of(self, job);
        }
        kept++;
    }
    memmove(&self->list[kept], &self->list[read], (self->n_list - read) * sizeof *self->list);
    self->n_list -= read - kept;
    while (self->arrived < self->n && self->jobs[self->arrived].submit_s == self->now_s) {
        const mdl_turn_job_t *job = &self->jobs[self->arrived];
        self->list[self->n_list++] =
            (mdl_replay_key_t){.key = key_of(self, job), .index = (uint32_t)self->arrived, .tag = job->gpus};
        mdl_sharing_arrive(self);
    }
}

/* Gives out GPUs along the list, until no waiting job fits and all jobs that ran before have been seen. */
static void fill(mdl_sharing_t *self, size_t ran)
{
    size_t i = 0;
    mdl_yarn_empty(&self->yarn);
    self->n_running = 0;
    for (; i < self->n_list && (ran > 0 || mdl_sharing_any_fits(self, 0)); i++) {
        mdl_replay_key_t *place = &self->list[i];
        uint32_t gpus = place->tag & ~MDL_TURN_RUNS, node = mdl_yarn_place(&self->yarn, gpus);
        bool runs = place->tag != gpus;
        ran -= runs;
        if (node != MDL_NONE) {
            place->tag |= MDL_TURN_RUNS;
            mdl_sharing_run(self, place->index, node);
            continue;
        }
        place->tag = gpus;
        mdl_sharing_block(self, gpus);
        if (runs)
            mdl_sharing_stop(self, place->index);
    }
    if (i < self->n_list)
        mdl_sharing_block(self, self->list[i].tag);
}

/* Whether two ends are one event. */
static bool together(double a, double b)
{
    return fabs(a - b) <= 1e-9 * (a > b ? a : b);
}

/* The latest end that the earliest one is chained to by ends that are one event pair by pair: what lies beyond has no
 * say in the next event. */
static double reach_of_first(const mdl_sharing_t *self)
{
    double reach = INFINITY, before;
    for (size_t i = 0; i < self->n_running; i++)
        if (self->jobs[self->running[i]].end_s < reach)
            reach = self->jobs[self->running[i]].end_s;
    do {
        before = reach;
        for (size_t i = 0; i < self->n_running; i++) {
            double end_s = self->jobs[self->running[i]].end_s;
            if (end_s > reach && together(end_s, before))
                reach = end_s;
        }
    } while (reach > before);
    return reach;
}

/* The next end. In order of the list, an end joins the first listed one that it is together with, or is listed itself;
 * the listed ends stand at the front of `ends`. */
static void predict(mdl_sharing_t *self)
{
    for (size_t i = 0; i < self->n_running; i++)
        self->jobs[self->running[i]].end_s = mdl_sharing_predict(self, &self->jobs[self->running[i]]);
    double reach = reach_of_first(self);
    size_t listed = 0;
    self->end_s = INFINITY;
    for (size_t i = 0; i < self->n_running; i++) {
        mdl_turn_job_t *job = &self->jobs[self->running[i]];
        size_t k = 0;
        if (job->end_s > reach)
            continue;
        while (k < listed && !together(self->jobs[self->ends[k]].end_s, job->end_s))
            k++;
        if (k == listed)
            self->ends[listed++] = self->running[i];
        job->end_s = self->jobs[self->ends[k]].end_s;
        self->end_s = job->end_s < self->end_s ? job->end_s : self->end_s;
    }
    self->n_ends = 0;
    for (size_t i = 0; i < self->n_running; i++)
        if (self->jobs[self->running[i]].end_s == self->end_s)
            self->ends[self->n_ends++] = self->running[i];
}

void mdl_sharing_event_shortest(mdl_sharing_t *self, bool ends_due)
{
    size_t ran = self->n_running;
    for (size_t i = 0; ends_due && i < self->n_ends; i++, ran--)
        mdl_sharing_end(self, self->ends[i]);
    advance(self);
    mdl_replay_sort(self->list, self->scratch, self->n_list);
    fill(self, ran);
    predict(self);
}
