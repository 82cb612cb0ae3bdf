// SPDX-License-Identifier: GPL-3.0-or-later
/* Nodes in buckets, against a search through all nodes. */
#include "models/hardware/cluster.h"
#include "models/hardware/failure.h"
#include "models/hardware/pool.h"
#include "models/hardware/power.h"
#include "sim/draw.h"
#include "tests/support/test.h"

#define SEED  7
#define NODES 37

static mdl_cluster_t *make(uint32_t nodes, uint32_t powered)
{
    mdl_cluster_t *cluster = aligned_alloc(64, mdl_cluster_bytes(nodes, MDL_NODE_GPUS));

    assert_non_null(cluster);
    mdl_cluster_init(cluster, nodes, MDL_NODE_GPUS, powered);
    return cluster;
}

/* Fewest free GPUs that are enough, by looking at every node; 9 when there is no node. */
static uint32_t search(const mdl_cluster_t *cluster, uint32_t gpus)
{
    uint32_t best = MDL_NODE_GPUS + 1;

    for (uint32_t i = 0; i < cluster->nodes; i++) {
        const mdl_node_t *node = mdl_cluster_node_const(cluster, i);
        if (mdl_node_up(node) && node->free >= gpus && node->free < best)
            best = node->free;
    }
    return best;
}

static void random_step(mdl_cluster_t *cluster, sim_rng_t *rng)
{
    uint32_t i = (uint32_t)sim_draw_below(rng, cluster->nodes), gpus = 1 + (uint32_t)sim_draw_below(rng, 8);
    const mdl_node_t *node = mdl_cluster_node(cluster, i);
    uint64_t action = sim_draw_below(rng, 20);

    if (action < 9 && mdl_cluster_best_fit(cluster, gpus) != MDL_NONE) {
        uint32_t fitting = mdl_cluster_best_fit(cluster, gpus), before = cluster->free_gpus;
        assert_int_equal(mdl_cluster_take_best_fit(cluster, gpus), fitting);
        assert_int_equal(cluster->free_gpus, before - gpus);
    } else if (action < 18 && mdl_node_up(node) && node->free < MDL_NODE_GPUS)
        mdl_cluster_give(cluster, i, 1 + (uint32_t)sim_draw_below(rng, (uint64_t)(MDL_NODE_GPUS - node->free)));
    else if (action == 18 && node->free == MDL_NODE_GPUS)
        mdl_cluster_set_broken(cluster, i, !node->broken);
    else if (action == 19 && cluster->powered > 0 &&
             mdl_cluster_node(cluster, cluster->powered - 1)->free == MDL_NODE_GPUS && sim_draw_bernoulli(rng, 0.5))
        mdl_cluster_set_powered(cluster, cluster->powered - 1, false);
    else if (action == 19 && cluster->powered < cluster->nodes)
        mdl_cluster_set_powered(cluster, cluster->powered, true);
}

static void test_best_fit_is_the_fullest_node_that_fits(void **state)
{
    mdl_cluster_t *cluster = make(NODES, NODES - 5);
    sim_error_t err = {0};
    sim_rng_t rng;

    (void)state;
    sim_rng_at(&rng, SEED, 0, 0, 0, 0);
    for (int step = 0; step < 20000; step++) {
        random_step(cluster, &rng);
        for (uint32_t gpus = 1; gpus <= MDL_NODE_GPUS; gpus++) {
            uint32_t found = mdl_cluster_best_fit(cluster, gpus);
            uint32_t free = found == MDL_NONE ? MDL_NODE_GPUS + 1 : mdl_cluster_node(cluster, found)->free;
            assert_int_equal(free, search(cluster, gpus));
            if (found == MDL_NONE)
                assert_int_equal(mdl_cluster_take_best_fit(cluster, gpus), MDL_NONE);
        }
        assert_int_equal(mdl_cluster_verify(cluster, &err), SIM_OK);
    }
    free(cluster);
}

static void test_a_copy_of_the_bytes_is_the_cluster(void **state)
{
    mdl_cluster_t *cluster = make(NODES, NODES), *copy = make(NODES, 0);
    sim_error_t err = {0};
    sim_rng_t rng;

    (void)state;
    sim_rng_at(&rng, SEED, 1, 0, 0, 0);
    for (int step = 0; step < 1000; step++)
        random_step(cluster, &rng);
    memcpy(copy, cluster, mdl_cluster_bytes(NODES, MDL_NODE_GPUS));
    memset(cluster, 0xA5, mdl_cluster_bytes(NODES, MDL_NODE_GPUS));
    assert_int_equal(mdl_cluster_verify(copy, &err), SIM_OK);
    for (int step = 0; step < 1000; step++)
        random_step(copy, &rng);
    assert_int_equal(mdl_cluster_verify(copy, &err), SIM_OK);
    free(cluster);
    free(copy);
}

static void test_verify_names_what_is_broken(void **state)
{
    sim_error_t err;

    (void)state;
    for (int damage = 0; damage < 5; damage++) {
        mdl_cluster_t *cluster = make(4, 4);
        mdl_cluster_take(cluster, 0, 3);
        memset(&err, 0, sizeof err);
        assert_int_equal(mdl_cluster_verify(cluster, &err), SIM_OK);
        if (damage == 0)
            mdl_cluster_node(cluster, 0)->free = 6;
        else if (damage == 1)
            cluster->free_gpus++;
        else if (damage == 2)
            cluster->in_bucket[8]--;
        else if (damage == 3)
            mdl_cluster_node(cluster, 1)->broken = true;
        else
            mdl_cluster_node(cluster, 2)->powered = false;
        assert_int_equal(mdl_cluster_verify(cluster, &err), SIM_EINVARIANT);
        assert_non_null(strstr(err.message, "cluster"));
        free(cluster);
    }
}

/* A pool beside the states of its nodes: 0 off, 1 broken and off, 2 broken, 3 free, 4 taken. */
enum { OFF, BROKEN_OFF, BROKEN, IDLE, TAKEN, STATES };

typedef struct naive {
    uint32_t nodes[STATES];
} naive_t;

static void move(naive_t *self, int from, int to, uint32_t n)
{
    assert_true(self->nodes[from] >= n);
    self->nodes[from] -= n;
    self->nodes[to] += n;
}

static void naive_power(naive_t *self, uint32_t powered)
{
    for (;;) {
        uint32_t now = self->nodes[BROKEN] + self->nodes[IDLE] + self->nodes[TAKEN];
        if (now == powered)
            return;
        if (now < powered && self->nodes[OFF] > 0)
            move(self, OFF, IDLE, 1);
        else if (now < powered)
            move(self, BROKEN_OFF, BROKEN, 1);
        else if (self->nodes[IDLE] > 0)
            move(self, IDLE, OFF, 1);
        else
            move(self, BROKEN, BROKEN_OFF, 1);
    }
}

static void pool_step(mdl_cluster_t *pool, naive_t *naive, sim_rng_t *rng)
{
    uint32_t gang = MDL_NONE, n = 0;

    switch (sim_draw_below(rng, 5)) {
    case 0:
        n = (uint32_t)sim_draw_below(rng, naive->nodes[IDLE] + 1);
        mdl_cluster_take_nodes(pool, n, &gang);
        move(naive, IDLE, TAKEN, n);
        break;
    case 1:
        n = (uint32_t)sim_draw_below(rng, naive->nodes[TAKEN] + 1);
        mdl_cluster_give_nodes(pool, n, &gang);
        move(naive, TAKEN, IDLE, n);
        break;
    case 2:
        if (naive->nodes[IDLE] == 0)
            break;
        mdl_pool_break(pool);
        move(naive, IDLE, BROKEN, 1);
        break;
    case 3:
        if (naive->nodes[BROKEN] + naive->nodes[BROKEN_OFF] == 0)
            break;
        mdl_pool_repair(pool);
        move(naive, naive->nodes[BROKEN] > 0 ? BROKEN : BROKEN_OFF, naive->nodes[BROKEN] > 0 ? IDLE : OFF, 1);
        break;
    default:
        n = naive->nodes[TAKEN] + (uint32_t)sim_draw_below(rng, NODES - naive->nodes[TAKEN] + 1);
        mdl_pool_power(pool, n);
        naive_power(naive, n);
    }
    assert_int_equal(gang, MDL_NONE);
}

static void test_a_pool_counts_its_nodes(void **state)
{
    mdl_cluster_t *pool = aligned_alloc(64, mdl_pool_bytes());
    naive_t naive = {{[OFF] = 7, [IDLE] = NODES - 7}};
    sim_error_t err = {0};
    sim_rng_t rng;

    (void)state;
    assert_non_null(pool);
    mdl_pool_init(pool, NODES, MDL_NODE_GPUS, NODES - 7);
    sim_rng_at(&rng, SEED, 2, 0, 0, 0);
    for (int step = 0; step < 20000; step++) {
        pool_step(pool, &naive, &rng);
        assert_int_equal(mdl_cluster_verify(pool, &err), SIM_OK);
        assert_int_equal(pool->powered, NODES - naive.nodes[OFF] - naive.nodes[BROKEN_OFF]);
        assert_int_equal(pool->up, naive.nodes[IDLE] + naive.nodes[TAKEN]);
        assert_int_equal(pool->free_gpus, 8 * naive.nodes[IDLE]);
        assert_int_equal(mdl_pool_taken(pool), naive.nodes[TAKEN]);
    }
    pool->broken_off = NODES;
    assert_int_equal(mdl_cluster_verify(pool, &err), SIM_EINVARIANT);
    mdl_pool_init(pool, NODES, MDL_NODE_GPUS, NODES);
    pool->filled = 0;
    assert_int_equal(mdl_cluster_verify(pool, &err), SIM_EINVARIANT);
    free(pool);
}

/* A DGX H100 draws 10.2 kW when all its GPUs are busy (T07). */
static void test_power_of_a_busy_node(void **state)
{
    mdl_gpu_type_t type = {.power_w = 700};
    mdl_params_t params;
    mdl_power_t power;

    (void)state;
    mdl_params_init(&params);
    mdl_power_init(&power, &type, 1.25, &params);
    assert_int_equal(power.node_idle_w + MDL_NODE_GPUS * power.gpu_busy_w, 10200);
    assert_int_equal(mdl_power_it_wh(&power, 3600, 8 * 3600), 10200);
    assert_int_equal(mdl_power_it_wh(&power, 3600, 0), power.node_idle_w);
    assert_int_equal(mdl_power_metered_wh(&power, 10200), 12750);
    assert_int_equal(mdl_power_metered_wh(&power, 999), 1248);
    params.host_idle_w = 20000; /* an idle host that is said to draw more than a busy one */
    mdl_power_init(&power, &type, 1.25, &params);
    assert_int_equal(mdl_power_it_wh(&power, 3600, 8 * 3600), mdl_power_it_wh(&power, 3600, 0));
}

/* 20,000 failures of 50 nodes: mean delay within 99 % of theory (standard error 1/sqrt(20000)), nodes uniform (chi
 * square, 49 degrees of freedom, 99.9 % point 85.35), repairs of the mean mixture. One alarm in about 60 seeds. */
static void test_failures_are_poisson_over_nodes(void **state)
{
    enum { DRAWS = 20000, N = 50 };
    mdl_params_t params;
    mdl_failure_rates_t rates;
    double delay_s = 0, repair_s = 0, chi = 0;
    int hits[N] = {0};

    (void)state;
    mdl_params_init(&params);
    mdl_failure_rates_init(&rates, &params);
    for (uint64_t k = 0; k < DRAWS; k++) {
        mdl_failure_t failure;
        sim_rng_t rng;
        sim_rng_at(&rng, SEED, 0, 3, 101, k);
        mdl_failure_draw(&rates, &rng, N, &failure);
        assert_true(failure.node < N && failure.repair_s >= 1 && failure.delay_s >= 0);
        delay_s += (double)failure.delay_s / DRAWS;
        repair_s += (double)failure.repair_s / DRAWS;
        hits[failure.node]++;
    }
    double mean_s = 365.0 * 86400 / params.node_failures_per_year / N;
    assert_true(delay_s > mean_s * (1 - 2.576 / 141.4) && delay_s < mean_s * (1 + 2.576 / 141.4));
    double mix_s = rates.hard_share * rates.hard_repair_s + (1 - rates.hard_share) * rates.soft_repair_s;
    assert_true(repair_s > 0.96 * mix_s && repair_s < 1.04 * mix_s);
    for (int i = 0; i < N; i++)
        chi += (hits[i] - DRAWS / N) * (hits[i] - DRAWS / N) / (double)(DRAWS / N);
    assert_true(chi < 85.35);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_best_fit_is_the_fullest_node_that_fits),
        cmocka_unit_test(test_a_copy_of_the_bytes_is_the_cluster),
        cmocka_unit_test(test_verify_names_what_is_broken),
        cmocka_unit_test(test_a_pool_counts_its_nodes),
        cmocka_unit_test(test_power_of_a_busy_node),
        cmocka_unit_test(test_failures_are_poisson_over_nodes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
