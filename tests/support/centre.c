// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/centre.h"

#include "tests/support/test.h"

static sim_status_t boundary(sim_world_t *world, int64_t time_s, sim_error_t *err)
{
    sim_status_t status = SIM_OK;

    (void)time_s;
    for (uint32_t lp = 0; lp < sim_world_lp_count(world) && status == SIM_OK; lp++) {
        status = mdl_datacentre_boundary(world, lp, err);
        if (status == SIM_OK && ((const mdl_input_t *)sim_world_input(world))->audit)
            status = mdl_datacentre_audit(world, lp, err);
    }
    return status;
}

static const sim_model_t *model(void)
{
    static sim_lp_kind_t kinds[1];
    static const sim_model_t centres = {
        .name = "centres", .kinds = kinds, .n_kinds = 1, .window_s = SIM_DAY_S, .boundary = boundary};

    kinds[0] = mdl_datacentre_kind;
    return &centres;
}

void test_centres_init(test_centres_t *self)
{
    memset(self, 0, sizeof *self);
    self->tables.gpu_types[0] = (mdl_gpu_type_t){.name = "H100",
                                                 .tflops_fp16 = 990,
                                                 .power_w = 700,
                                                 .rate_training = 1,
                                                 .rate_finetune = 1,
                                                 .rate_inference = 1,
                                                 .rate_batch = 1};
    self->tables.n_gpu_types = 1;
    mdl_params_init(&self->input.params);
    self->input.tables = &self->tables;
    self->input.audit = true;
}

void test_centres_open(test_centres_t *self, uint64_t seed, int threads)
{
    sim_error_t err = {0};

    sim_world_options_t options = {.seed = seed, .threads = threads, .max_bytes = self->max_bytes};
    if (sim_world_create(&self->world, model(), &self->input, &options, &err) < 0)
        fail_msg("%s", err.message);
}

void test_centres_free(test_centres_t *self)
{
    sim_world_destroy(self->world);
    self->world = NULL;
}

uint32_t test_centres_add_spec(test_centres_t *self, const mdl_datacentre_spec_t *spec)
{
    sim_error_t err = {0};
    uint32_t lp = UINT32_MAX;

    if (mdl_datacentre_create(self->world, 0, spec, sim_world_now(self->world), &lp, &err) < 0)
        fail_msg("%s", err.message);
    return lp;
}

uint32_t test_centres_add_in_mode(test_centres_t *self, uint32_t nodes, uint64_t entity, mdl_datacentre_mode_t mode)
{
    mdl_datacentre_spec_t spec = {
        .entity = entity, .nodes = nodes, .nodes_powered = nodes, .pue = 1.25, .fabric_gb_s = 400, .mode = mode};

    return test_centres_add_spec(self, &spec);
}

uint32_t test_centres_add(test_centres_t *self, uint32_t nodes, uint64_t entity)
{
    return test_centres_add_in_mode(self, nodes, entity, MDL_DC_MODE_AUTO);
}

const mdl_contract_terms_t test_quiet_finetune = {
    .job_class = MDL_JOB_FINETUNE, .nodes = 8, .activity_permille = 700, .ported = true};

mdl_contract_terms_t test_sized(mdl_contract_terms_t terms, uint32_t nodes)
{
    terms.nodes = nodes;
    return terms;
}

void test_centres_order(test_centres_t *self, uint32_t lp, uint32_t type, uint32_t number, int64_t a)
{
    sim_event_t event = {.time_s = sim_world_now(self->world), .type = type, .entity = number, .a = a};

    event.b = (int64_t)sim_entity_id(lp + 1, 7, number);
    if (sim_world_schedule(self->world, lp, &event, 0, NULL) < 0)
        fail_msg("order %u could not be sent", type);
}

void test_centres_start(test_centres_t *self, uint32_t lp, uint32_t number, mdl_contract_terms_t terms)
{
    test_centres_order(self, lp, MDL_DC_CONTRACT_START, number, mdl_contract_pack(&terms));
}

void test_centres_resize(test_centres_t *self, uint32_t lp, uint32_t number, mdl_contract_terms_t terms)
{
    test_centres_order(self, lp, MDL_DC_CONTRACT_RESIZE, number, mdl_contract_pack(&terms));
}

void test_centres_run(test_centres_t *self, int64_t until_s)
{
    sim_error_t err = {0};

    if (sim_world_run(self->world, until_s, NULL, &err) < 0)
        fail_msg("%s", err.message);
}

const mdl_datacentre_meter_t *test_centres_read(test_centres_t *self, uint32_t lp)
{
    return mdl_datacentre_read(self->world, lp, sim_world_now(self->world));
}
