// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/replay/packing.h"

#include "models/params/purpose.h"
#include "models/replay/replay.h"
#include "sim/draw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_KINDS 1000 /* of request, whose scores are kept */

/* What the random numbers are for: entities of MDL_PURPOSE_PACKING. */
enum { DRAW_RANKS = 1, DRAW_ORDER, DRAW_COPIES, DRAW_RULE };

const char *const mdl_lost_names[MDL_LOST_REASONS] = {
    [MDL_LOST_COUNT] = "count", [MDL_LOST_DOMAIN] = "domain", [MDL_LOST_TYPE] = "type",
    [MDL_LOST_CPU] = "cpu",     [MDL_LOST_MEMORY] = "memory",
};

/* A replay under way. */
typedef struct run {
    const mdl_openb_t *trace;
    const mdl_packing_options_t *options;
    mdl_packing_result_t *result;
    mdl_fleet_t *fleet;
    mdl_placer_t *placer;
    mdl_demand_t *demands; /* of all pods, then the typical ones first */
    uint32_t n_typical;
    uint32_t *ranked;    /* node of the trace by rank */
    int64_t *hundredths; /* by load in percent: sum of hundredths of a percent allocated */
    uint32_t *arrivals;  /* by load in percent */
    sim_rng_t rng;
} run_t;

static void *items(size_t n, size_t size)
{
    return calloc(n > 0 ? n : 1, size);
}

static sim_status_t no_memory(sim_error_t *err)
{
    return sim_fail(err, SIM_ENOMEM, "packing", "no memory for the replay");
}

static mdl_fleet_request_t request_of(const mdl_openb_pod_t *pod)
{
    return (mdl_fleet_request_t){.cpu_milli = pod->cpu_milli,
                                 .memory_mib = pod->memory_mib,
                                 .gpus = pod->gpus,
                                 .gpu_milli = pod->gpu_milli,
                                 .models = pod->models};
}

static int64_t asked_milli(const mdl_openb_pod_t *pod)
{
    return (int64_t)pod->gpus * pod->gpu_milli;
}

/* n / d rounded to the nearest whole number, halves to even; both positive. */
static int64_t divide_half_even(int64_t n, int64_t d)
{
    int64_t whole = n / d, twice = n % d * 2;

    return whole + (twice > d || (twice == d && whole % 2 == 1));
}

static void shuffle(uint32_t *items_, size_t n, const mdl_packing_options_t *options, uint64_t entity)
{
    sim_rng_t rng;

    sim_rng_at(&rng, options->seed, 0, entity, MDL_PURPOSE_PACKING, 0);
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)sim_draw_below(&rng, i);
        uint32_t moved = items_[i - 1];
        items_[i - 1] = items_[j];
        items_[j] = moved;
    }
}

static uint32_t *counted(size_t n)
{
    uint32_t *numbers = items(n, sizeof *numbers);

    for (size_t i = 0; i < n && numbers != NULL; i++)
        numbers[i] = (uint32_t)i;
    return numbers;
}

/* Whether one more pod may be drawn. The last draw counts with the thousandths of one of its GPUs only: the rule of the
 * simulator that the published results come from. */
static bool goes_on(const run_t *run, int64_t asked, const mdl_openb_pod_t *drawn)
{
    return (double)(asked + (int64_t)drawn->gpu_milli) <= run->options->inflate * (double)run->result->gpu_milli;
}

/* Appends pods drawn with replacement until the inflated load is reached. `asked` is what the trace's pods ask for. */
static sim_status_t draw_copies(run_t *run, int64_t asked, sim_error_t *err)
{
    mdl_packing_result_t *result = run->result;
    const mdl_openb_t *trace = run->trace;
    size_t room = result->n;
    sim_rng_t rng;

    sim_rng_at(&rng, run->options->seed, 0, DRAW_COPIES, MDL_PURPOSE_PACKING, 0);
    for (;;) {
        uint32_t drawn = (uint32_t)sim_draw_below(&rng, trace->n_pods);
        if (!goes_on(run, asked, &trace->pods[drawn]))
            return SIM_OK;
        if (result->n == room) {
            room += room / 2 + 64;
            uint32_t *more = realloc(result->pods, room * sizeof *more);
            if (more == NULL)
                return no_memory(err);
            result->pods = more;
        }
        result->pods[result->n++] = drawn;
        asked += asked_milli(&trace->pods[drawn]);
    }
}

/* Ranks and arrivals from the trace's order, or from the seed. */
static sim_status_t make_order(run_t *run, sim_error_t *err)
{
    const mdl_openb_t *trace = run->trace;
    mdl_packing_result_t *result = run->result;
    int64_t asked = 0;

    run->ranked = counted(trace->n_nodes);
    result->n = trace->order != NULL ? trace->n_order : trace->n_pods;
    result->pods = counted(result->n);
    if (run->ranked == NULL || result->pods == NULL)
        return no_memory(err);
    if (trace->order != NULL) {
        memcpy(result->pods, trace->order, result->n * sizeof *result->pods);
        return SIM_OK;
    }
    shuffle(run->ranked, trace->n_nodes, run->options, DRAW_RANKS);
    shuffle(result->pods, result->n, run->options, DRAW_ORDER);
    for (size_t i = 0; i < trace->n_pods; i++)
        asked += asked_milli(&trace->pods[i]);
    return asked > 0 ? draw_copies(run, asked, err) : SIM_OK;
}

static sim_status_t make_fleet(run_t *run, sim_error_t *err)
{
    const mdl_openb_t *trace = run->trace;
    uint32_t n = (uint32_t)trace->n_nodes;
    mdl_fleet_hardware_t *hardware = items(n, sizeof *hardware);

    run->fleet = aligned_alloc(64, mdl_fleet_bytes(n));
    if (hardware == NULL || run->fleet == NULL) {
        free(hardware);
        return no_memory(err);
    }
    for (uint32_t rank = 0; rank < n; rank++) {
        const mdl_openb_node_t *node = &trace->nodes[run->ranked[rank]];
        hardware[rank] = (mdl_fleet_hardware_t){node->cpu_milli, node->memory_mib, node->gpus,
                                                node->gpus > 0 ? node->model : MDL_NO_MODEL};
    }
    mdl_fleet_init(run->fleet, hardware, n);
    free(hardware);
    return SIM_OK;
}

/* The placer, its typical requests being those of the trace as it was recorded. */
static sim_status_t make_placer(run_t *run, sim_error_t *err)
{
    const mdl_openb_t *trace = run->trace;
    uint32_t nodes = (uint32_t)trace->n_nodes, pods = (uint32_t)trace->n_pods;
    uint32_t kinds = pods < MAX_KINDS ? pods : MAX_KINDS;

    run->demands = items(pods, sizeof *run->demands);
    if (run->demands == NULL)
        return no_memory(err);
    for (uint32_t i = 0; i < pods; i++)
        run->demands[i] =
            (mdl_demand_t){.request = request_of(&trace->pods[i]), .spec = trace->pods[i].spec, .count = 1};
    run->n_typical = mdl_demands_typical(run->demands, pods);
    run->placer = aligned_alloc(64, mdl_placer_bytes(nodes, kinds, run->n_typical));
    if (run->placer == NULL)
        return no_memory(err);
    mdl_placer_init(run->placer, run->options->rule, nodes, kinds, run->demands, run->n_typical);
    sim_rng_at(&run->rng, run->options->seed, 0, DRAW_RULE, MDL_PURPOSE_PACKING, 0);
    return SIM_OK;
}

static int64_t percent_milli(const run_t *run)
{
    return run->result->gpu_milli / 100;
}

/* Room for every load that will be reached. */
static sim_status_t make_loads(run_t *run, sim_error_t *err)
{
    mdl_packing_result_t *result = run->result;
    int64_t asked = 0;

    for (size_t i = 0; i < result->n; i++)
        asked += asked_milli(&run->trace->pods[result->pods[i]]);
    size_t loads = (size_t)divide_half_even(asked, percent_milli(run)) + 1;
    run->hundredths = items(loads, sizeof *run->hundredths);
    run->arrivals = items(loads, sizeof *run->arrivals);
    result->loads = items(loads, sizeof *result->loads);
    result->nodes = items(result->n, sizeof *result->nodes);
    if (run->hundredths == NULL || run->arrivals == NULL || result->loads == NULL || result->nodes == NULL)
        return no_memory(err);
    return SIM_OK;
}

/* How far a request comes on a node: up to the first thing that is missing there. */
static mdl_lost_t missing(const mdl_fleet_node_t *node, const mdl_fleet_request_t *request)
{
    if (request->gpus > 0 && (node->gpu_milli_left < request->gpus * request->gpu_milli ||
                              mdl_fleet_count(mdl_fleet_gpus_with(node, request->gpu_milli)) < request->gpus))
        return MDL_LOST_DOMAIN;
    if (!mdl_fleet_allows(node, request))
        return MDL_LOST_TYPE;
    return node->cpu_milli < request->cpu_milli ? MDL_LOST_CPU : MDL_LOST_MEMORY;
}

static mdl_lost_t why_lost(const mdl_fleet_t *fleet, const mdl_fleet_request_t *request)
{
    mdl_lost_t reason = MDL_LOST_COUNT;

    if (fleet->gpu_milli_left < (int64_t)request->gpus * request->gpu_milli)
        return reason;
    for (uint32_t i = 0; i < fleet->nodes && reason != MDL_LOST_MEMORY; i++) {
        mdl_lost_t here = missing(mdl_fleet_node(fleet, i), request);
        reason = here > reason ? here : reason;
    }
    return reason;
}

static void note_load(run_t *run)
{
    mdl_packing_result_t *result = run->result;
    int64_t percent = divide_half_even(result->arrived_milli, percent_milli(run));

    run->hundredths[percent] += divide_half_even(result->allocated_milli * 100, percent_milli(run));
    run->arrivals[percent]++;
}

static void arrive(run_t *run, size_t arrival)
{
    mdl_packing_result_t *result = run->result;
    const mdl_openb_pod_t *pod = &run->trace->pods[result->pods[arrival]];
    mdl_fleet_request_t request = request_of(pod);
    uint32_t gpus, rank = mdl_fleet_place(run->placer, run->fleet, &request, &run->rng, &gpus);

    result->arrived_milli += asked_milli(pod);
    if (rank == MDL_NONE) {
        result->nodes[arrival] = MDL_NONE;
        result->lost[why_lost(run->fleet, &request)]++;
    } else {
        mdl_fleet_take(run->fleet, rank, &request, gpus);
        result->nodes[arrival] = run->ranked[rank];
        result->placed++;
        result->allocated_milli += asked_milli(pod);
    }
    note_load(run);
}

static void finish(run_t *run)
{
    mdl_packing_result_t *result = run->result;
    int64_t last = divide_half_even(result->arrived_milli, percent_milli(run));

    for (uint32_t percent = 1; percent <= last; percent++)
        if (run->arrivals[percent] > 0)
            result->loads[result->n_loads++] = (mdl_packing_load_t){
                percent, run->arrivals[percent], (double)run->hundredths[percent] / (100.0 * run->arrivals[percent])};
    for (uint32_t rank = 0; rank < run->fleet->nodes; rank++)
        result->fragmented_milli += mdl_placer_fragmentation(run->placer, rank, mdl_fleet_node(run->fleet, rank));
    result->fragmentation = result->fragmented_milli / (double)result->gpu_milli;
    result->scored = run->placer->scored;
}

static sim_status_t check(run_t *run, sim_error_t *err)
{
    const mdl_openb_t *trace = run->trace;

    SIM_ASSERT(run->options->rule < MDL_RULES);
    for (size_t i = 0; i < trace->n_nodes; i++)
        run->result->gpu_milli += (int64_t)trace->nodes[i].gpus * MDL_GPU_MILLI;
    if (run->result->gpu_milli == 0)
        return sim_fail(err, SIM_EINPUT, "packing", "%zu nodes without a GPU; expected some with GPUs", trace->n_nodes);
    if (trace->n_pods == 0)
        return sim_fail(err, SIM_EINPUT, "packing", "no pods; expected at least one");
    if (trace->order == NULL && !(run->options->inflate > 0 && run->options->inflate <= MDL_PACKING_INFLATE_MAX))
        return sim_fail(err, SIM_EINPUT, "packing", "inflation %g; expected more than 0 and at most %d",
                        run->options->inflate, MDL_PACKING_INFLATE_MAX);
    return SIM_OK;
}

static sim_status_t replay(run_t *run, sim_error_t *err)
{
    sim_status_t status = check(run, err);

    if (status == SIM_OK)
        status = make_order(run, err);
    if (status == SIM_OK)
        status = make_fleet(run, err);
    if (status == SIM_OK)
        status = make_placer(run, err);
    if (status == SIM_OK)
        status = make_loads(run, err);
    if (status < 0)
        return status;
    for (size_t i = 0; i < run->result->n; i++)
        arrive(run, i);
    finish(run);
    return mdl_fleet_verify(run->fleet, err);
}

sim_status_t mdl_packing_run(const mdl_openb_t *trace, const mdl_packing_options_t *options,
                             mdl_packing_result_t *result, sim_error_t *err)
{
    run_t run = {.trace = trace, .options = options, .result = result};
    double start_s = mdl_replay_wall_s();

    *result = (mdl_packing_result_t){0};
    sim_status_t status = replay(&run, err);
    result->seconds = mdl_replay_wall_s() - start_s;
    free(run.fleet);
    free(run.placer);
    free(run.demands);
    free(run.ranked);
    free(run.hundredths);
    free(run.arrivals);
    if (status < 0)
        mdl_packing_free(result);
    return status;
}

void mdl_packing_free(mdl_packing_result_t *self)
{
    free(self->pods);
    free(self->nodes);
    free(self->loads);
    *self = (mdl_packing_result_t){0};
}

void mdl_packing_pod_name(const mdl_openb_t *trace, const mdl_packing_result_t *result, size_t arrival,
                          char name[MDL_PACKING_NAME])
{
    const char *pod = trace->pods[result->pods[arrival]].name;

    if (arrival < trace->n_pods)
        (void)snprintf(name, MDL_PACKING_NAME, "%s", pod);
    else
        (void)snprintf(name, MDL_PACKING_NAME, "%s-tuned-%zu", pod, arrival - trace->n_pods);
}

void mdl_packing_node_name(const mdl_openb_t *trace, const mdl_packing_result_t *result, size_t arrival,
                           char name[MDL_PACKING_NAME])
{
    uint32_t node = result->nodes[arrival];

    if (node == MDL_NONE)
        name[0] = '\0';
    else if (trace->order != NULL)
        (void)snprintf(name, MDL_PACKING_NAME, "%04u-%s", node, trace->nodes[node].name);
    else
        (void)snprintf(name, MDL_PACKING_NAME, "%s", trace->nodes[node].name);
}
