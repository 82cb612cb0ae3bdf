// SPDX-License-Identifier: GPL-3.0-or-later
/* Placement rules on random fleets, against searches through all nodes and scores computed the plain way.
 *
 * Seed 23 throughout. The two chi-square tests together raise a false alarm once in 500,000 seeds.
 */
#include "models/scheduler/placer.h"
#include "sim/draw.h"
#include "sim/math.h"
#include "tests/support/test.h"

#define SEED     23
#define NODES    41
#define REQUESTS 30 /* kinds that occur */
#define JOBS     400
#define STEPS    3000

typedef struct holding {
    mdl_fleet_request_t request;
    uint32_t node, gpus;
} holding_t;

/* A fleet with its placer, what it holds, and what is asked of it. */
typedef struct setting {
    mdl_fleet_t *fleet;
    mdl_placer_t *placer;
    size_t placer_bytes;
    mdl_fleet_request_t requests[REQUESTS];
    mdl_demand_t demands[REQUESTS];
    uint32_t typical;
    holding_t jobs[JOBS];
    uint32_t n_jobs;
    sim_rng_t rng;
} setting_t;

static mdl_fleet_request_t draw_request(sim_rng_t *rng)
{
    static const uint32_t gpus[] = {0, 1, 1, 1, 1, 2, 4, 8};
    mdl_fleet_request_t request = {.cpu_milli = 1000 * (int64_t)sim_draw_below(rng, 17),
                                   .memory_mib = 4096 * (int64_t)sim_draw_below(rng, 17),
                                   .gpus = gpus[sim_draw_below(rng, 8)]};

    if (request.gpus > 0)
        request.gpu_milli = request.gpus == 1 && sim_draw_bernoulli(rng, 0.7)
                                ? 10 * (1 + (uint32_t)sim_draw_below(rng, 99))
                                : MDL_GPU_MILLI;
    request.models = sim_draw_bernoulli(rng, 0.3) ? 1 + (uint32_t)sim_draw_below(rng, 15) : 0;
    return request;
}

static void draw_fleet(setting_t *setting)
{
    static const uint32_t gpus[] = {0, 1, 2, 2, 4, 8, 8, 8};
    mdl_fleet_hardware_t hardware[NODES];

    for (uint32_t i = 0; i < NODES; i++) {
        uint32_t n = gpus[sim_draw_below(&setting->rng, 8)];
        hardware[i] =
            (mdl_fleet_hardware_t){.cpu_milli = 16000 * (1 + (int64_t)sim_draw_below(&setting->rng, 8)),
                                   .memory_mib = 65536 * (1 + (int64_t)sim_draw_below(&setting->rng, 8)),
                                   .gpus = n,
                                   .model = n > 0 ? (uint32_t)sim_draw_below(&setting->rng, 4) : MDL_NO_MODEL};
    }
    setting->fleet = aligned_alloc(64, mdl_fleet_bytes(NODES));
    assert_non_null(setting->fleet);
    mdl_fleet_init(setting->fleet, hardware, NODES);
}

static setting_t *make(uint32_t rule, uint32_t max_kinds, uint64_t event)
{
    setting_t *setting = calloc(1, sizeof *setting);

    assert_non_null(setting);
    sim_rng_at(&setting->rng, SEED, 0, rule, 0, event);
    draw_fleet(setting);
    for (uint32_t i = 0; i < REQUESTS; i++) {
        setting->requests[i] = draw_request(&setting->rng);
        setting->demands[i] = (mdl_demand_t){.request = setting->requests[i],
                                             .spec = setting->requests[i].models != 0 ? "some" : "",
                                             .count = 1 + sim_draw_below(&setting->rng, 100)};
    }
    setting->typical = mdl_demands_typical(setting->demands, REQUESTS);
    setting->placer_bytes = mdl_placer_bytes(NODES, max_kinds, setting->typical);
    setting->placer = aligned_alloc(64, setting->placer_bytes);
    assert_non_null(setting->placer);
    mdl_placer_init(setting->placer, rule, NODES, max_kinds, setting->demands, setting->typical);
    return setting;
}

static void destroy(setting_t *setting)
{
    free(setting->fleet);
    free(setting->placer);
    free(setting);
}

/* One of the kinds arrives and is placed, or one that runs leaves, or a node changes its state. */
typedef void check_t(setting_t *setting, const mdl_fleet_request_t *request, uint32_t node, uint32_t gpus);

static void step(setting_t *setting, check_t *check)
{
    uint64_t action = sim_draw_below(&setting->rng, 20);

    if (action < 12 && setting->n_jobs < JOBS) {
        const mdl_fleet_request_t *request = &setting->requests[sim_draw_below(&setting->rng, REQUESTS)];
        uint32_t gpus, node = mdl_fleet_place(setting->placer, setting->fleet, request, &setting->rng, &gpus);
        if (check != NULL)
            check(setting, request, node, gpus);
        if (node == MDL_NONE)
            return;
        mdl_fleet_take(setting->fleet, node, request, gpus);
        setting->jobs[setting->n_jobs++] = (holding_t){*request, node, gpus};
    } else if (action < 19 && setting->n_jobs > 0) {
        holding_t *job = &setting->jobs[sim_draw_below(&setting->rng, setting->n_jobs)], gone = *job;
        *job = setting->jobs[--setting->n_jobs];
        mdl_fleet_give(setting->fleet, gone.node, &gone.request, gone.gpus);
    } else {
        uint32_t node = (uint32_t)sim_draw_below(&setting->rng, NODES);
        for (uint32_t j = 0; j < setting->n_jobs; j++)
            if (setting->jobs[j].node == node)
                return;
        mdl_fleet_set_up(setting->fleet, node, !mdl_fleet_node(setting->fleet, node)->up);
    }
}

/* Whether a request fits, GPU by GPU. */
static bool fits(const mdl_fleet_node_t *node, const mdl_fleet_request_t *request)
{
    uint32_t fitting = 0;

    for (uint32_t g = 0; g < node->gpus; g++)
        fitting += node->gpu_milli[g] >= request->gpu_milli;
    return node->up && node->cpu_milli >= request->cpu_milli && node->memory_mib >= request->memory_mib &&
           (request->gpus == 0 || (fitting >= request->gpus && (!request->models || request->models & node->models)));
}

/* The definition of fragmentation, request by request. */
static double plain_fragmentation(const setting_t *setting, const mdl_leftover_t *left)
{
    double bins[7] = {0};
    int total = 0;

    for (int g = 0; g < MDL_NODE_GPUS; g++)
        total += left->gpu_milli[g];
    for (uint32_t k = 0; k < setting->typical; k++) {
        const mdl_fleet_request_t *request = &setting->demands[k].request;
        bool cpu = left->cpu_milli >= request->cpu_milli;
        double share = setting->demands[k].share;
        uint32_t fitting = 0;
        int small = 0;
        for (int g = 0; g < MDL_NODE_GPUS; g++) {
            fitting += left->gpu_milli[g] >= request->gpu_milli;
            small += left->gpu_milli[g] < request->gpu_milli ? left->gpu_milli[g] : 0;
        }
        if (request->gpus == 0)
            bins[cpu ? 4 : 5] += share * total;
        else if (request->models != 0 && (request->models & left->models) == 0)
            bins[6] += share * total;
        else if (fitting >= request->gpus && cpu)
            bins[1] += share * small;
        else
            bins[fitting >= request->gpus ? 3 : cpu ? 1 : 0] += share * total;
    }
    return bins[0] + bins[1] + bins[3] + bins[4] + bins[5] + bins[6];
}

static int plain_gradient(const setting_t *setting, const mdl_fleet_node_t *node, const mdl_fleet_request_t *request,
                          uint32_t gpus)
{
    mdl_leftover_t left = mdl_leftover_of(node);
    double before = plain_fragmentation(setting, &left);

    left.cpu_milli -= request->cpu_milli;
    for (uint32_t g = 0; g < MDL_NODE_GPUS; g++)
        if (gpus >> g & 1)
            left.gpu_milli[g] = (uint16_t)(left.gpu_milli[g] - request->gpu_milli);
    return (int)(100 / (1 + sim_exp(-(before - plain_fragmentation(setting, &left)) / 1000)));
}

/* Whole GPUs from the lowest on. */
static uint32_t lowest_whole(const mdl_fleet_node_t *node, uint32_t n)
{
    uint32_t gpus = 0;

    for (uint32_t g = 0; g < node->gpus && n > 0; g++)
        if (node->gpu_milli[g] == MDL_GPU_MILLI) {
            gpus |= 1u << g;
            n--;
        }
    return gpus;
}

/* The fullest GPU that fits, of equals the lowest. */
static uint32_t fullest(const mdl_fleet_node_t *node, uint32_t gpu_milli)
{
    uint32_t best = MDL_NODE_GPUS;

    for (uint32_t g = 0; g < node->gpus; g++)
        if (node->gpu_milli[g] >= gpu_milli && (best == MDL_NODE_GPUS || node->gpu_milli[g] < node->gpu_milli[best]))
            best = g;
    return 1u << best;
}

static int plain_fgd(const setting_t *setting, const mdl_fleet_node_t *node, const mdl_fleet_request_t *request,
                     uint32_t *gpus)
{
    int best = -1;

    *gpus = request->gpus == 0 ? 0 : lowest_whole(node, request->gpus);
    if (mdl_fleet_class(request) != MDL_HOLDER_SHARED)
        return plain_gradient(setting, node, request, *gpus);
    for (uint32_t g = 0; g < node->gpus; g++) {
        if (node->gpu_milli[g] < request->gpu_milli)
            continue;
        int score = plain_gradient(setting, node, request, 1u << g);
        if (score > best) {
            best = score;
            *gpus = 1u << g;
        }
    }
    return best;
}

static int plain_clustering(const mdl_fleet_node_t *node, const mdl_fleet_request_t *request)
{
    bool same = node->holders[mdl_fleet_class(request)] > 0, others = false;

    for (uint32_t c = 1; c < MDL_HOLDERS; c++)
        others = others || (c != mdl_fleet_class(request) && node->holders[c] > 0);
    return 25 * (8000 - (int)node->gpu_milli_left) / 8000 + (same ? (others ? 50 : 75) : others ? 0 : 25);
}

static int plain_packing(const mdl_fleet_node_t *node, const mdl_fleet_request_t *request, uint32_t gpus)
{
    int unused = 0, percent = 0;

    for (uint32_t g = 0; g < node->gpus; g++) {
        unused += gpus >> g & (node->gpu_milli[g] == MDL_GPU_MILLI);
        percent += gpus >> g & 1 ? node->gpu_milli[g] * 100 / 1000 : 0;
    }
    (void)request;
    if (node->gpu_milli_left == 1000u * node->gpus)
        return 33 - node->gpus > node->gpus ? 33 - node->gpus : node->gpus;
    if (unused > 0)
        return 50 - unused > 33 ? 50 - unused : 33;
    return 100 - percent / 10 > 50 ? 100 - percent / 10 : 50;
}

/* A node's score as the rule's definition has it, and the GPUs it would take. */
static int plain_score(const setting_t *setting, const mdl_fleet_node_t *node, const mdl_fleet_request_t *request,
                       uint32_t *gpus)
{
    double c = (double)node->cpu_milli, g = node->gpu_milli_left, rc = (double)request->cpu_milli;
    double rg = (double)request->gpus * request->gpu_milli;

    if (request->gpus == 0)
        *gpus = 0;
    else if (request->gpu_milli == MDL_GPU_MILLI)
        *gpus = lowest_whole(node, request->gpus);
    else
        *gpus = fullest(node, request->gpu_milli);
    switch (setting->placer->rule) {
    case MDL_RULE_BEST_FIT: return (int)((1 - ((c - rc) / 128000 * 0.5 + (g - rg) / 8000 * 0.5)) * 100);
    case MDL_RULE_DOT_PRODUCT: return (int)(100 * (1 - (c / 128000 * (rc / 128000) + g / 8000 * (rg / 8000)) / 2));
    case MDL_RULE_CLUSTERING: return request->gpus == 0 ? 0 : plain_clustering(node, request);
    case MDL_RULE_PACKING: return request->gpus == 0 ? 0 : plain_packing(node, request, *gpus);
    case MDL_RULE_FGD: return plain_fgd(setting, node, request, gpus);
    case MDL_RULE_CONSOLIDATE: return -(int)node->gpu_milli_left;
    default: return 0;
    }
}

/* The chosen node fits and none scores higher, none of a lower index as high; a node is found if any fits. */
static void check_choice(setting_t *setting, const mdl_fleet_request_t *request, uint32_t node, uint32_t gpus)
{
    uint32_t best = MDL_NONE, best_gpus = 0;
    int highest = 0;

    for (uint32_t i = 0; i < NODES; i++) {
        const mdl_fleet_node_t *candidate = mdl_fleet_node(setting->fleet, i);
        int fresh = mdl_fleet_score(setting->placer, setting->fleet, i, request);
        if (!fits(candidate, request)) {
            assert_int_equal(fresh, MDL_SCORE_NONE);
            continue;
        }
        uint32_t its_gpus;
        int score = plain_score(setting, candidate, request, &its_gpus);
        assert_int_equal(fresh, score);
        if (best == MDL_NONE || score > highest) {
            highest = score;
            best = i;
            best_gpus = its_gpus;
        }
    }
    assert_int_equal(node == MDL_NONE, best == MDL_NONE);
    if (setting->placer->rule == MDL_RULE_RANDOM) {
        assert_true(node == MDL_NONE || fits(mdl_fleet_node(setting->fleet, node), request));
        return;
    }
    assert_int_equal(node, best);
    assert_int_equal(gpus, best_gpus);
}

static void test_choices_are_those_of_a_search(void **state)
{
    sim_error_t err = {0};

    (void)state;
    for (uint32_t rule = 0; rule < MDL_RULES; rule++) {
        for (uint64_t fleet = 0; fleet < 3; fleet++) {
            /* room for all kinds, for some, for none */
            setting_t *setting = make(rule, fleet == 0 ? 2 * REQUESTS : fleet == 1 ? 7 : 0, fleet);
            for (int i = 0; i < STEPS; i++) {
                step(setting, check_choice);
                assert_int_equal(mdl_fleet_verify(setting->fleet, &err), SIM_OK);
            }
            destroy(setting);
        }
    }
}

static void test_the_cache_spares_scores(void **state)
{
    (void)state;
    setting_t *cached = make(MDL_RULE_FGD, REQUESTS, 9), *fresh = make(MDL_RULE_FGD, 0, 9);
    for (int i = 0; i < STEPS; i++) {
        step(cached, NULL);
        step(fresh, NULL);
    }
    assert_int_equal(cached->n_jobs, fresh->n_jobs);
    assert_memory_equal(cached->jobs, fresh->jobs, cached->n_jobs * sizeof cached->jobs[0]);
    assert_true(cached->placer->scored * 2 < fresh->placer->scored);
    destroy(cached);
    destroy(fresh);
}

static void test_a_copy_goes_on_alike(void **state)
{
    (void)state;
    for (uint32_t rule = 0; rule < MDL_RULES; rule++) {
        setting_t *setting = make(rule, REQUESTS, 5), *copy = make(rule, REQUESTS, 6);
        for (int i = 0; i < STEPS; i++)
            step(setting, NULL);
        free(copy->placer);
        copy->placer = aligned_alloc(64, setting->placer_bytes);
        assert_non_null(copy->placer);
        memcpy(copy->fleet, setting->fleet, mdl_fleet_bytes(NODES));
        memcpy(copy->placer, setting->placer, setting->placer_bytes);
        memcpy(copy->requests, setting->requests, sizeof copy->requests);
        memcpy(copy->jobs, setting->jobs, sizeof copy->jobs);
        copy->n_jobs = setting->n_jobs;
        copy->rng = setting->rng;
        for (int i = 0; i < STEPS; i++) {
            step(setting, NULL);
            step(copy, NULL);
        }
        assert_memory_equal(copy->fleet, setting->fleet, mdl_fleet_bytes(NODES));
        assert_memory_equal(copy->placer, setting->placer, setting->placer_bytes);
        destroy(setting);
        destroy(copy);
    }
}

#define DRAWS 60000

static double chi_square(const uint32_t *counts, uint32_t n)
{
    double sum = 0, expected = (double)DRAWS / n;

    for (uint32_t i = 0; i < n; i++)
        sum += (counts[i] - expected) * (counts[i] - expected) / expected;
    return sum;
}

/* 12 of 16 nodes fit, and 5 of the 8 GPUs of each. */
static void test_random_is_uniform(void **state)
{
    mdl_fleet_hardware_t hardware[16];
    const mdl_fleet_request_t most = {.gpus = 1, .gpu_milli = 600},
                              half = {.cpu_milli = 1, .gpus = 1, .gpu_milli = 500};
    mdl_fleet_t *fleet = aligned_alloc(64, mdl_fleet_bytes(16));
    mdl_placer_t *placer = aligned_alloc(64, mdl_placer_bytes(16, 4, 0));
    uint32_t nodes[16] = {0}, gpus[MDL_NODE_GPUS] = {0}, mask;
    sim_rng_t rng;

    (void)state;
    assert_true(fleet != NULL && placer != NULL);
    for (uint32_t i = 0; i < 16; i++)
        hardware[i] = (mdl_fleet_hardware_t){.cpu_milli = i < 4 ? 0 : 8, .gpus = 8, .model = 0};
    mdl_fleet_init(fleet, hardware, 16);
    mdl_placer_init(placer, MDL_RULE_RANDOM, 16, 4, NULL, 0);
    for (uint32_t i = 0; i < 16; i++)
        for (uint32_t g = 0; g < 3; g++)
            mdl_fleet_take(fleet, i, &most, 1u << g);
    sim_rng_at(&rng, SEED, 1, 0, 0, 0);
    for (int i = 0; i < DRAWS; i++) {
        nodes[mdl_fleet_place(placer, fleet, &half, &rng, &mask)]++;
        gpus[__builtin_ctz(mask)]++;
    }
    assert_int_equal(nodes[0] + nodes[1] + nodes[2] + nodes[3] + gpus[0] + gpus[1] + gpus[2], 0);
    assert_true(chi_square(nodes + 4, 12) < 49.9); /* 11 degrees of freedom, 1 in a million */
    assert_true(chi_square(gpus + 3, 5) < 33.4);   /* 4 degrees of freedom, 1 in a million */
    free(fleet);
    free(placer);
}

static void test_typical_requests(void **state)
{
    const mdl_fleet_request_t a = {.cpu_milli = 4, .gpus = 1, .gpu_milli = 500};
    const mdl_fleet_request_t b = {.cpu_milli = 8}, c = {.cpu_milli = 2, .gpus = 2, .gpu_milli = 1000};
    const mdl_fleet_request_t a_elsewhere = {.cpu_milli = 4, .memory_mib = 7, .gpus = 1, .gpu_milli = 500};
    /* a 50, b 40, c 5 in each of two spellings: a, b and one of the two make up 95 of 100 */
    mdl_demand_t demands[] = {{.request = c, .count = 5},
                              {.request = a, .count = 20},
                              {.request = b, .count = 40},
                              {.request = c, .spec = "T4", .count = 5},
                              {.request = a_elsewhere, .count = 30}};

    (void)state;
    assert_int_equal(mdl_demands_typical(demands, 5), 3);
    assert_int_equal(demands[0].request.cpu_milli, 4);
    assert_int_equal(demands[0].count, 50);
    assert_int_equal(demands[1].request.cpu_milli, 8);
    assert_string_equal(demands[2].spec, "T4"); /* ties: descending, so the longer spelling first */
    assert_close(demands[0].share, 50.0 / 95, 1e-15);
    assert_close(demands[0].share + demands[1].share + demands[2].share, 1, 1e-15);
    assert_int_equal(mdl_demands_typical(demands, 0), 0);
}

static void test_rules_are_found_by_name(void **state)
{
    (void)state;
    for (uint32_t rule = 0; rule < MDL_RULES; rule++)
        assert_int_equal(mdl_fleet_rule_find(mdl_fleet_rules[rule].name), rule);
    assert_int_equal(mdl_fleet_rule_find("worstfit"), MDL_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choices_are_those_of_a_search),
        cmocka_unit_test(test_the_cache_spares_scores),
        cmocka_unit_test(test_a_copy_goes_on_alike),
        cmocka_unit_test(test_random_is_uniform),
        cmocka_unit_test(test_typical_requests),
        cmocka_unit_test(test_rules_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
