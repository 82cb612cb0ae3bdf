// SPDX-License-Identifier: GPL-3.0-or-later
/* No parameter is dead: each entry of the registry, moved within its bounds, changes something that a run records under
 * the same random numbers.
 *
 * All are moved in one small world, and where that shows nothing in a longer one, in which everything goes on: builders
 * announce and fail, chips are smuggled, grants are paid, audited and taken back, power is resold, nodes are serviced.
 * What acts only together with something else stands in a table with what it needs, and why. */
#include "tests/support/economy.h"
#include "tests/support/test.h"

#define CANDIDATES 8   /* values that one parameter is moved to at most */
#define HORIZON_D  450 /* days */
#define WORLDS     2   /* the second has other random numbers and lasts twice as long */

/* A busy world. */
static const char *const busy[] = {
    "central.hubs=true",
    "location.west_share=0.5",
    "subsidy.grant_share=0.2",
    "subsidy.budget_scale=4",
    "subsidy.voucher_share=0.4",
    "subsidy.utilisation_linked=0.4",
    "audit.hazard=4",
    "audit.utilisation_min=0.6",
    "pooling.coverage=0.5",
    "chips.tariff_share=0.1",
    "chips.quota_scale=0.1",
    "brokers.capacity_scale=0.3",
    "power.domestic_discount=0.2",
    "developers.hurdle=-0.2",
    "developers.approval_rate=2",
    "developers.finance_operator=2",
    "developers.finance_state=2",
    "developers.finance_cross_industry=2",
    "developers.finance_rent_seeker=2",
    "developers.build_time=40 d",
    "credit.grace=60 d",
    "hardware.maintenance_every=30 d",
    "horizon.max_projects=1000",
};

/* Outside events of that world, with what they carry. */
static const mdl_shock_t events[] = {
    {.time_s = 5 * SIM_DAY_S, .kind = MDL_SHOCK_HYPE, .value = 0.2},
    {.time_s = 5 * SIM_DAY_S, .kind = MDL_SHOCK_EXPORT_RULE, .types = 1 << 0 | 1 << 2},
    {.time_s = 100 * SIM_DAY_S, .kind = MDL_SHOCK_MODEL_RELEASE, .value = 0.5},
    {.time_s = 100 * SIM_DAY_S, .kind = MDL_SHOCK_EFFICIENCY, .value = 2},
    {.time_s = 120 * SIM_DAY_S, .kind = MDL_SHOCK_PRICE_WAR, .value = 0.5},
};

/* Job by job for a month in a few full centres: queues. */
#define QUEUES                                                                                                         \
    "workload.grain=0 h", "start.tenant_activity=1", "workload.finetune_median=7200 s", "start.centres=2",             \
        "platforms.fleet_scale=0"
#define QUEUES_D    30
#define DOMESTIC    "rules.foreign_chips_in_state_centres=false", "chips.quota_scale=1", "start.ported_share=0.3"
#define UNPORTED    "start.ported_share=0", "rental.porting_loss=0", "rental.porting_cost=0"
#define SLACK       "platforms.fleet_scale=0.1", "platforms.demand_share=0.4"
#define RENT_SEEKER "developers.rent_seekers=20", "developers.rate_rent_seeker=4", "power.subsidy_share=0.4"

/* What a parameter needs to act at all. `sets` come after `busy`; `late` is set on LATE_DAY. */
#define LATE_DAY 200
typedef struct need {
    const char *key;
    const char *sets[10];
    const char *late;
    const char *why;
    int64_t days; /* 0: HORIZON_D */
} need_t;

static const need_t needs[] = {
    {"start.ported_share", {DOMESTIC}, NULL, "only the domestic stack asks whether work is ported"},
    {"start.ported_growth", {DOMESTIC}, NULL, "the same"},
    {"workload.port_time", {DOMESTIC, UNPORTED}, NULL, "and only of who rents there nevertheless"},
    {"workload.port_throughput", {DOMESTIC, UNPORTED}, NULL, "the same"},
    {"rental.porting_loss", {DOMESTIC}, NULL, "the same"},
    {"rental.porting_cost", {DOMESTIC}, NULL, "the same"},
    {"power.domestic_discount", {DOMESTIC}, NULL, "builders take foreign chips while they may"},
    {"scheduler.placement", {QUEUES}, NULL, "whole nodes are alike", QUEUES_D},
    {"scheduler.preempt_every",
     {QUEUES, "scheduler.preemption=checkpoint", "scheduler.order=srtf"},
     NULL,
     "rounds of preemption",
     QUEUES_D},
    {"scheduler.backfill_depth",
     {QUEUES, "scheduler.reservation=easy", "scheduler.backfill_depth=2"},
     NULL,
     "tries of an EASY pass, fewer than wait",
     QUEUES_D},
    {"scheduler.las_first_level",
     {QUEUES, "scheduler.preemption=checkpoint", "scheduler.order=las"},
     NULL,
     "levels of las",
     QUEUES_D},
    {"scheduler.las_second_level",
     {QUEUES, "scheduler.preemption=checkpoint", "scheduler.order=las"},
     NULL,
     "the same",
     QUEUES_D},
    {"scheduler.priority_every", {QUEUES, "scheduler.order=fair"}, NULL, "priorities of fair", QUEUES_D},
    {"scheduler.fair_half_life", {QUEUES, "scheduler.order=fair"}, NULL, "the same", QUEUES_D},
    {"scheduler.fair_weight", {QUEUES, "scheduler.order=fair"}, NULL, "the same", QUEUES_D},
    {"scheduler.age_weight", {QUEUES, "scheduler.order=fair"}, NULL, "the same", QUEUES_D},
    {"scheduler.age_most", {QUEUES, "scheduler.order=fair"}, NULL, "the same", QUEUES_D},
    {"workload.batch_size_ratio", {QUEUES}, NULL, "with a grain small jobs are batched to nodes", QUEUES_D},
    {"workload.service_replica_gpus", {QUEUES}, NULL, "with a grain a replica is a node", QUEUES_D},
    {"workload.service_band",
     {"workload.service_interval=1 h", "workload.service_noise=0.3"},
     NULL,
     "small services stand at whole nodes"},
    {"rental.fabric_cost",
     {"developers.fabric_plain=100 GB/s"},
     NULL,
     "below hardware.training_fabric a fabric is no use at all"},
    {"labs.incumbent_hours",
     {"labs.plan_horizon=1 d", "frontier.open_start=12"},
     NULL,
     "small beside a year of training"},
    {"platforms.gang_nodes",
     {"platforms.fleet_scale=0.3", "platforms.pool_scale=1"},
     NULL,
     "a small platform has no wide gang"},
    {"platforms.rented_share", {SLACK}, NULL, "a small platform has nothing to let"},
    {"platforms.ask_margin", {SLACK, "platforms.ask_of_rent=0"}, NULL, "the same, and asks the larger of two"},
    {"platforms.ask_of_rent", {SLACK}, NULL, "the same"},
    {"cities.land_motive", {"cities.land_revenue=0.6"}, NULL, "what is lost of land revenue"},
    {"audit.installed_min", {RENT_SEEKER, "audit.utilisation_min=0"}, NULL, "who installs too little is idle too"},
    {"enterprise.depth", {"enterprise.depth_from=11"}, NULL, "the open frontier must have passed that level"},
    {"enterprise.depth_from", {"enterprise.depth=0.5"}, NULL, "without depth there is no level to pass"},
    {"beliefs.completion", {"beliefs.control=true"}, NULL, "what competition-aware builders reckon with"},
    {"developers.diversion", {RENT_SEEKER}, NULL, "few rent-seekers announce in a small world"},
    {"power.resale_penalty", {RENT_SEEKER, "power.resale_hazard=2"}, NULL, "somebody must be caught"},
    {"developers.bailout",
     {"developers.arrears_share=0", "developers.node_cost_month=200000"},
     NULL,
     "somebody must be in arrears"},
    {"developers.owner_pays", {"developers.node_cost_month=200000"}, NULL, "a state vehicle must lack money"},
    {"credit.extension",
     {"developers.node_cost_month=200000", "developers.arrears_share=1", "credit.covenant_cover=0"},
     NULL,
     "a guaranteed loan must be overdue"},
    {"subsidy.trend_growth", {"subsidy.counter_cyclical=true"}, NULL, "the trend of the counter-cyclical switch"},
    {"rules.foreign_chip_grace",
     {"chips.lead_time_scale=3"},
     "rules.foreign_chips_in_state_centres",
     "the rule must find projects with some chips in"},
};

static const need_t *need_of(const char *key)
{
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
        if (strcmp(needs[i].key, key) == 0)
            return &needs[i];
    return NULL;
}

/* A world with one parameter moved, or none. */
typedef struct trial {
    const need_t *need; /* may be NULL */
    int param;          /* -1: none */
    double value;
    uint64_t world; /* 0 to WORLDS - 1 */
    mdl_change_t late;
    mdl_params_t *params; /* receives all parameters before the move; may be NULL */
} trial_t;

static void prepare(const test_economy_t *self, mdl_input_t *input, mdl_tables_t *tables)
{
    const trial_t *trial = self->user;
    (void)tables;
    int64_t days = trial->need != NULL && trial->need->days > 0 ? trial->need->days : HORIZON_D;
    input->horizon_s = days * (int64_t)(1 + trial->world) * SIM_DAY_S;
    input->shocks = events;
    input->n_shocks = sizeof events / sizeof events[0];
    input->changes = &trial->late;
    input->n_changes = trial->late.time_s > 0;
    if (trial->params != NULL)
        *trial->params = input->params;
    if (trial->param >= 0)
        assert_int_equal(mdl_params_set(&input->params, trial->param, trial->value, NULL), SIM_OK);
}

static trial_t trial_of(const need_t *need, uint64_t world)
{
    trial_t trial = {.need = need, .param = -1, .world = world};
    if (need != NULL && need->late != NULL)
        trial.late = (mdl_change_t){LATE_DAY * SIM_DAY_S, mdl_params_find(need->late), 0};
    return trial;
}

/* Hash of what a run leaves, or its status where it fails: a bound that is hit is an effect too. Only a moved parameter
 * may hit one. */
static uint64_t result_of(const trial_t *trial)
{
    test_economy_t run = {.seed = 1 + trial->world, .edit = prepare, .user = trial};
    size_t n = 0;
    for (size_t i = 0; i < sizeof busy / sizeof busy[0]; i++)
        run.sets[n++] = busy[i];
    for (size_t i = 0; trial->need != NULL && trial->need->sets[i] != NULL; i++)
        run.sets[n++] = trial->need->sets[i];
    test_economy_open(&run);
    uint64_t result = (uint64_t)test_economy_advance(&run, SIM_NEVER);
    if (result != SIM_OK && trial->param < 0)
        fail_msg("%s", run.err.message);
    if (result == SIM_OK) {
        assert_int_equal(mdl_economy_finish(run.world, run.recorder, &run.meta, &run.err), SIM_OK);
        result = test_economy_hash(&run);
    }
    test_economy_free(&run);
    return result;
}

/* Values to move to, mild ones first. Returns how many. */
static size_t moves_from(const mdl_param_t *param, double value, double moves[CANDIDATES])
{
    const double far = value == 0 ? (param->high < 1 ? param->high : 1) : 3 * value;
    const double wanted[CANDIDATES] = {1.4 * value,    0.6 * value, far,       0.25 * value,
                                       param->prior.b, param->low,  1 - value, param->high};
    size_t n = 0;
    for (size_t i = 0; i < CANDIDATES; i++) {
        double x = mdl_param_round(param, wanted[i]);
        if (wanted[i] >= param->low && wanted[i] <= param->high && x != value)
            moves[n++] = x;
    }
    return n;
}

/* What a world leaves that nothing was moved in, and its parameters. */
typedef struct reference {
    bool known;
    uint64_t result;
    mdl_params_t params;
} reference_t;

static void refer(reference_t *self, const need_t *need, uint64_t world)
{
    trial_t trial = trial_of(need, world);
    if (self->known)
        return;
    trial.params = &self->params;
    self->result = result_of(&trial);
    self->known = true;
}

static bool acts_in(int index, const mdl_param_t *param, uint64_t world, reference_t *busy_world)
{
    trial_t trial = trial_of(need_of(param->key), world);
    reference_t own = {.known = false}, *before = trial.need != NULL ? &own : busy_world;
    double moves[CANDIDATES];
    refer(before, trial.need, world);
    size_t n = moves_from(param, mdl_params_get(&before->params, index), moves);
    trial.param = index;
    for (size_t i = 0; i < n; i++) {
        trial.value = moves[i];
        if (result_of(&trial) != before->result)
            return true;
    }
    return false;
}

static bool acts(int index, const mdl_param_t *param, reference_t busy_worlds[WORLDS])
{
    for (uint64_t world = 0; world < WORLDS; world++)
        if (acts_in(index, param, world, &busy_worlds[world]))
            return true;
    return false;
}

static void every_parameter_changes_a_result(void **state)
{
    (void)state;
    size_t n, dead = 0;
    const mdl_param_t *registry = mdl_params_registry(&n);
    reference_t busy_worlds[WORLDS] = {0};
    for (size_t i = 0; i < n; i++)
        if (!acts((int)i, &registry[i], busy_worlds)) {
            print_message("dead: %s\n", registry[i].key);
            dead++;
        }
    assert_int_equal(dead, 0);
}

/* A row for a key that is gone or misspelt would go unnoticed. */
static void every_need_is_of_a_parameter(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
        assert_true(mdl_params_find(needs[i].key) >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_need_is_of_a_parameter),
        cmocka_unit_test(every_parameter_changes_a_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
