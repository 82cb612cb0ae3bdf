// SPDX-License-Identifier: GPL-3.0-or-later
/* Unequal nodes in parts: what is taken and given back, and the list of changes. */
#include "models/hardware/fleet.h"
#include "sim/draw.h"
#include "tests/support/test.h"

#define SEED  11
#define NODES 23
#define JOBS  200

/* What the fleet was asked to hold. */
typedef struct holding {
    mdl_fleet_request_t request;
    uint32_t node, gpus;
} holding_t;

typedef struct book {
    holding_t jobs[JOBS];
    uint32_t n;
} book_t;

static mdl_fleet_t *make(sim_rng_t *rng)
{
    mdl_fleet_hardware_t hardware[NODES];
    mdl_fleet_t *fleet = aligned_alloc(64, mdl_fleet_bytes(NODES));

    assert_non_null(fleet);
    for (uint32_t i = 0; i < NODES; i++) {
        uint32_t gpus = (uint32_t)sim_draw_below(rng, MDL_NODE_GPUS + 1);
        hardware[i] = (mdl_fleet_hardware_t){.cpu_milli = 1000 * (int64_t)sim_draw_below(rng, 128),
                                             .memory_mib = 1024 * (int64_t)sim_draw_below(rng, 512),
                                             .gpus = gpus,
                                             .model = gpus > 0 ? (uint32_t)sim_draw_below(rng, 32) : MDL_NO_MODEL};
    }
    mdl_fleet_init(fleet, hardware, NODES);
    return fleet;
}

static mdl_fleet_request_t draw_request(sim_rng_t *rng)
{
    mdl_fleet_request_t request = {.cpu_milli = (int64_t)sim_draw_below(rng, 16000),
                                   .memory_mib = (int64_t)sim_draw_below(rng, 65536),
                                   .gpus = (uint32_t)sim_draw_below(rng, 4)};

    request.gpu_milli = request.gpus == 1 ? 1 + (uint32_t)sim_draw_below(rng, 1000) : MDL_GPU_MILLI;
    request.models = sim_draw_bernoulli(rng, 0.3) ? (uint32_t)sim_rng_u64(rng) : 0;
    return request;
}

/* The first GPUs that fit. */
static uint32_t first_gpus(const mdl_fleet_node_t *node, const mdl_fleet_request_t *request)
{
    uint32_t fitting = mdl_fleet_gpus_with(node, request->gpu_milli), gpus = 0;

    for (uint32_t n = 0; n < request->gpus; n++) {
        gpus |= fitting & -fitting;
        fitting &= fitting - 1;
    }
    return gpus;
}

/* One random change; returns the node that changed, or MDL_NONE. */
static uint32_t step(mdl_fleet_t *fleet, book_t *book, sim_rng_t *rng)
{
    uint32_t node = (uint32_t)sim_draw_below(rng, NODES);
    uint64_t action = sim_draw_below(rng, 10);

    if (action < 5 && book->n < JOBS) {
        mdl_fleet_request_t request = draw_request(rng);
        if (!mdl_fleet_fits(mdl_fleet_node(fleet, node), &request))
            return MDL_NONE;
        uint32_t gpus = first_gpus(mdl_fleet_node(fleet, node), &request);
        mdl_fleet_take(fleet, node, &request, gpus);
        book->jobs[book->n++] = (holding_t){request, node, gpus};
        return node;
    }
    if (action < 9 && book->n > 0) {
        holding_t *job = &book->jobs[sim_draw_below(rng, book->n)], gone = *job;
        mdl_fleet_give(fleet, gone.node, &gone.request, gone.gpus);
        *job = book->jobs[--book->n];
        return gone.node;
    }
    for (uint32_t j = 0; j < book->n; j++)
        if (book->jobs[j].node == node)
            return MDL_NONE;
    mdl_fleet_set_up(fleet, node, !mdl_fleet_node(fleet, node)->up);
    return node;
}

/* What is left of each node is what it has less what the book says, and no GPU is given out twice. */
static void check_book(const mdl_fleet_t *fleet, const book_t *book)
{
    for (uint32_t i = 0; i < NODES; i++) {
        const mdl_fleet_node_t *node = mdl_fleet_node(fleet, i);
        int64_t cpu = node->cpu_milli_total, memory = node->memory_mib_total;
        int64_t gpus[MDL_NODE_GPUS] = {0};
        for (uint32_t g = 0; g < node->gpus; g++)
            gpus[g] = MDL_GPU_MILLI;
        for (uint32_t j = 0; j < book->n; j++) {
            const holding_t *job = &book->jobs[j];
            if (job->node != i)
                continue;
            cpu -= job->request.cpu_milli;
            memory -= job->request.memory_mib;
            for (uint32_t g = 0; g < MDL_NODE_GPUS; g++)
                gpus[g] -= job->gpus >> g & 1 ? job->request.gpu_milli : 0;
        }
        assert_true(cpu >= 0 && cpu == node->cpu_milli && memory >= 0 && memory == node->memory_mib);
        for (uint32_t g = 0; g < MDL_NODE_GPUS; g++)
            assert_true(gpus[g] >= 0 && gpus[g] == node->gpu_milli[g]);
    }
}

static void test_nothing_is_given_out_twice(void **state)
{
    sim_error_t err = {0};
    sim_rng_t rng;
    book_t book = {.n = 0};

    (void)state;
    sim_rng_at(&rng, SEED, 0, 0, 0, 0);
    mdl_fleet_t *fleet = make(&rng);
    for (int i = 0; i < 20000; i++) {
        uint64_t clock = fleet->clock;
        uint32_t changed = step(fleet, &book, &rng);
        if (changed != MDL_NONE) {
            assert_int_equal(fleet->newest, changed);
            assert_true(mdl_fleet_node(fleet, changed)->changed > clock);
        }
        assert_int_equal(mdl_fleet_verify(fleet, &err), SIM_OK);
        check_book(fleet, &book);
    }
    free(fleet);
}

static void test_giving_all_back_leaves_whole_nodes(void **state)
{
    sim_rng_t rng;
    book_t book = {.n = 0};

    (void)state;
    sim_rng_at(&rng, SEED, 1, 0, 0, 0);
    mdl_fleet_t *fleet = make(&rng);
    for (int i = 0; i < 1000; i++)
        (void)step(fleet, &book, &rng);
    for (uint32_t i = 0; i < NODES; i++)
        mdl_fleet_set_up(fleet, i, true);
    while (book.n > 0) {
        holding_t *job = &book.jobs[--book.n];
        mdl_fleet_give(fleet, job->node, &job->request, job->gpus);
    }
    assert_int_equal(fleet->up, NODES);
    assert_int_equal(fleet->gpu_milli_left, fleet->gpu_milli_total);
    free(fleet);
}

static void test_a_copy_of_the_bytes_is_the_fleet(void **state)
{
    sim_error_t err = {0};
    sim_rng_t rng, rng_copy;
    book_t book = {.n = 0}, book_copy;

    (void)state;
    sim_rng_at(&rng, SEED, 2, 0, 0, 0);
    mdl_fleet_t *fleet = make(&rng), *copy = aligned_alloc(64, mdl_fleet_bytes(NODES));
    assert_non_null(copy);
    for (int i = 0; i < 1000; i++)
        (void)step(fleet, &book, &rng);
    memcpy(copy, fleet, mdl_fleet_bytes(NODES));
    rng_copy = rng;
    book_copy = book;
    for (int i = 0; i < 1000; i++)
        (void)step(fleet, &book, &rng);
    for (int i = 0; i < 1000; i++)
        (void)step(copy, &book_copy, &rng_copy);
    assert_int_equal(mdl_fleet_verify(copy, &err), SIM_OK);
    assert_memory_equal(copy, fleet, mdl_fleet_bytes(NODES));
    free(fleet);
    free(copy);
}

static void test_what_fits(void **state)
{
    const mdl_fleet_hardware_t hardware = {.cpu_milli = 8000, .memory_mib = 1000, .gpus = 2, .model = 3};
    const mdl_fleet_request_t fits[] = {
        {.cpu_milli = 8000, .memory_mib = 1000, .gpus = 2, .gpu_milli = 1000, .models = 1u << 3},
        {.gpus = 0, .gpu_milli = 700, .models = 1u << 9}, /* asks for no GPU: the rest means nothing */
    };
    const mdl_fleet_request_t fits_not[] = {
        {.cpu_milli = 8001},
        {.memory_mib = 1001},
        {.gpus = 3, .gpu_milli = 1000},
        {.gpus = 1, .gpu_milli = 1, .models = ~(1u << 3)},
    };
    mdl_fleet_t *fleet = aligned_alloc(64, mdl_fleet_bytes(1));

    (void)state;
    assert_non_null(fleet);
    mdl_fleet_init(fleet, &hardware, 1);
    for (size_t i = 0; i < sizeof fits / sizeof fits[0]; i++)
        assert_true(mdl_fleet_fits(mdl_fleet_node(fleet, 0), &fits[i]));
    for (size_t i = 0; i < sizeof fits_not / sizeof fits_not[0]; i++)
        assert_false(mdl_fleet_fits(mdl_fleet_node(fleet, 0), &fits_not[i]));
    mdl_fleet_set_up(fleet, 0, false);
    assert_false(mdl_fleet_fits(mdl_fleet_node(fleet, 0), &fits[1]));
    assert_int_equal(fleet->gpu_milli_left, 0);
    free(fleet);
}

static void test_verify_names_what_is_broken(void **state)
{
    const mdl_fleet_request_t half = {.cpu_milli = 1, .memory_mib = 1, .gpus = 1, .gpu_milli = 500};
    mdl_fleet_hardware_t hardware[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        hardware[i] = (mdl_fleet_hardware_t){.cpu_milli = 8, .memory_mib = 8, .gpus = 2, .model = 0};
    for (int damage = 0; damage < 8; damage++) {
        mdl_fleet_t *fleet = aligned_alloc(64, mdl_fleet_bytes(3));
        assert_non_null(fleet);
        mdl_fleet_init(fleet, hardware, 3);
        mdl_fleet_take(fleet, 1, &half, 2);
        mdl_fleet_node_t *nodes = (mdl_fleet_node_t *)(fleet + 1);
        sim_error_t err = {0};
        assert_int_equal(mdl_fleet_verify(fleet, &err), SIM_OK);
        switch (damage) {
        case 0: nodes[1].cpu_milli = -1; break;
        case 1: nodes[0].gpu_milli[1] = 1001; break;
        case 2: nodes[0].gpu_milli[2] = 1; break;
        case 3: nodes[1].holders[MDL_HOLDER_SHARED] = 0; break;
        case 4: nodes[1].up = false; break;
        case 5: fleet->gpu_milli_left++; break;
        case 6: fleet->newest = 2; break;
        default: nodes[2].changed = nodes[0].changed; break;
        }
        assert_int_equal(mdl_fleet_verify(fleet, &err), SIM_EINVARIANT);
        assert_non_null(strstr(err.message, "fleet"));
        free(fleet);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_given_out_twice),
        cmocka_unit_test(test_giving_all_back_leaves_whole_nodes),
        cmocka_unit_test(test_a_copy_of_the_bytes_is_the_fleet),
        cmocka_unit_test(test_what_fits),
        cmocka_unit_test(test_verify_names_what_is_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
