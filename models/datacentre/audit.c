// SPDX-License-Identifier: GPL-3.0-or-later
/* The full recount of a data centre. */
#include "models/datacentre/lines.h"

#define BROKEN(...) sim_fail(err, SIM_EINVARIANT, "data centre", __VA_ARGS__)

/* Whether the service at a place is that of a contract, with its lease and its elastic job, if one runs. */
static bool is_service(const mdl_dc_t *dc, uint32_t tenancy, uint32_t place)
{
    const mdl_service_t *service = &dc->services[place];
    uint32_t running = mdl_scheduler_holding(dc->scheduler, tenancy)->running_head;

    if (running != MDL_NONE && !mdl_scheduler_job(dc->scheduler, running)->elastic)
        running = MDL_NONE;
    return place < dc->state->n_services && dc->tenancies[tenancy].service == place && service->tenancy == tenancy &&
           service->nodes == dc->tenancies[tenancy].granted_nodes && service->job == running;
}

/* Whether the list says of a contract what its tenancy says, and it may borrow as much as was lent last. */
static bool is_contract(const mdl_dc_t *dc, const mdl_dc_contract_t *contract)
{
    const mdl_datacentre_t *state = dc->state;
    const mdl_tenancy_t *tenancy = &dc->tenancies[contract->tenancy];
    bool borrows = contract->job_class == MDL_JOB_FINETUNE || contract->job_class == MDL_JOB_BATCH;
    bool lent = state->borrowing && state->lent_nodes == state->leased_nodes;

    return tenancy->granted_nodes == contract->granted_nodes && tenancy->nodes == contract->nodes &&
           tenancy->job_class == contract->job_class &&
           (!borrows || !lent ||
            mdl_scheduler_holding(dc->scheduler, contract->tenancy)->limit_gpus == state->lent_nodes * MDL_NODE_GPUS);
}

static uint32_t count_open(const mdl_dc_t *dc)
{
    uint32_t open = 0;

    for (uint32_t i = 0; i < dc->state->tenancy_capacity; i++)
        open += dc->tenancies[i].open;
    return open;
}

static sim_status_t audit_contracts(const mdl_dc_t *dc, sim_error_t *err)
{
    const mdl_datacentre_t *state = dc->state;
    uint32_t nodes = 0, services = 0;

    if (state->n_contracts > state->tenancy_capacity)
        return BROKEN("%u contracts; there is room for %u", state->n_contracts, state->tenancy_capacity);
    for (uint32_t i = 0; i < state->n_contracts; i++) {
        mdl_dc_contract_t contract = mdl_dc_contracts(dc)[i];
        if (contract.tenancy >= state->tenancy_capacity || !dc->tenancies[contract.tenancy].open ||
            !mdl_scheduler_tenant(dc->scheduler, contract.tenancy)->open)
            return BROKEN("contract in slot %u is listed and not open", contract.tenancy);
        uint32_t quota_gpus = mdl_scheduler_holding(dc->scheduler, contract.tenancy)->quota_gpus;
        if (!is_contract(dc, &contract) || quota_gpus != contract.granted_nodes * MDL_NODE_GPUS ||
            contract.granted_nodes > contract.nodes)
            return BROKEN("contract %u: quota of %u GPUs, %u nodes granted of %u, or the list and the tenancy disagree",
                          contract.number, quota_gpus, contract.granted_nodes, contract.nodes);
        nodes += contract.granted_nodes;
        if (contract.job_class != MDL_JOB_INFERENCE)
            continue;
        if (!is_service(dc, contract.tenancy, services++))
            return BROKEN("contract %u serves and its service is not where it should be, or another's",
                          contract.number);
    }
    if (services != state->n_services)
        return BROKEN("%u services; counted %u contracts that serve", state->n_services, services);
    if (nodes != state->leased_nodes || nodes > dc->cluster->powered || count_open(dc) != state->n_contracts)
        return BROKEN("%u contracts lease %u nodes; counted %u and %u, powered %u", state->n_contracts,
                      state->leased_nodes, count_open(dc), nodes, dc->cluster->powered);
    return SIM_OK;
}

/* Running jobs by class: what their lines say, recounted, and the sums of their exact progress, with what the lines' bases
 * took away: added to the bases they are what the meters must not pass. */
typedef struct exact {
    int64_t busy_rate[MDL_JOB_CLASSES], useful_rate[MDL_JOB_CLASSES];
    int64_t busy_mgpu_s[MDL_JOB_CLASSES], useful_mgpu_s[MDL_JOB_CLASSES];
} exact_t;

static void add_exact(const mdl_dc_t *dc, uint32_t tenant, exact_t *exact)
{
    uint32_t i = mdl_scheduler_holding(dc->scheduler, tenant)->running_head;

    for (; i != MDL_NONE; i = mdl_scheduler_job(dc->scheduler, i)->next) {
        const mdl_job_t *job = mdl_scheduler_job(dc->scheduler, i);
        mdl_progress_t progress = mdl_job_progress(job, dc->now_s);
        mdl_dc_job_lines_t lines = mdl_dc_lines_of(job);
        int64_t rate = (int64_t)job->gpus * job->share_permille;
        int64_t useful_mgpu_s = job->intended_end == MDL_END_FAILED ? 0 : progress.saved_s * rate;
        int c = job->job_class;
        exact->busy_rate[c] += lines.busy_rate;
        exact->useful_rate[c] += lines.useful_rate;
        exact->busy_mgpu_s[c] += progress.computed_s * rate + lines.busy_rate * lines.busy_from_s;
        exact->useful_mgpu_s[c] += useful_mgpu_s + lines.useful_rate * lines.useful_from_s;
    }
}

static sim_status_t audit_earnings(const mdl_dc_t *dc, sim_error_t *err)
{
    const mdl_datacentre_meter_t *meter = &dc->state->meter;
    exact_t exact = {{0}, {0}, {0}, {0}};

    for (uint32_t i = 0; i < dc->state->n_contracts; i++)
        add_exact(dc, mdl_dc_contracts(dc)[i].tenancy, &exact);
    for (int c = 0; c < MDL_JOB_CLASSES; c++) {
        mdl_line_t busy = dc->state->busy[c], unsaved = dc->state->unsaved[c];
        int64_t busy_gpu_s = (exact.busy_mgpu_s[c] + busy.base) / 1000;
        int64_t useful_gpu_s = (exact.useful_mgpu_s[c] + busy.base - unsaved.base) / 1000;
        if (busy.rate != exact.busy_rate[c] || busy.rate - unsaved.rate != exact.useful_rate[c])
            return BROKEN("class %d: %lld thousandths of GPUs are busy and %lld useful; recounted %lld and %lld", c,
                          (long long)busy.rate, (long long)(busy.rate - unsaved.rate), (long long)exact.busy_rate[c],
                          (long long)exact.useful_rate[c]);
        if (meter->busy_by_class_gpu_s[c] > busy_gpu_s || meter->useful_by_class_gpu_s[c] > useful_gpu_s)
            return BROKEN("class %d: metered %lld busy and %lld useful GPU s; recounted %lld and %lld", c,
                          (long long)meter->busy_by_class_gpu_s[c], (long long)meter->useful_by_class_gpu_s[c],
                          (long long)busy_gpu_s, (long long)useful_gpu_s);
        if (meter->useful_by_class_gpu_s[c] > meter->busy_by_class_gpu_s[c] || meter->useful_by_class_gpu_s[c] < 0)
            return BROKEN("class %d: %lld GPU s useful of %lld busy", c, (long long)meter->useful_by_class_gpu_s[c],
                          (long long)meter->busy_by_class_gpu_s[c]);
    }
    return SIM_OK;
}

static sim_status_t audit_meter(const mdl_dc_t *dc, sim_error_t *err)
{
    const mdl_datacentre_meter_t *meter = &dc->state->meter;
    int64_t shares[] = {meter->racked_gpu_s,    meter->powered_gpu_s, meter->leased_gpu_s,
                        meter->allocated_gpu_s, meter->busy_gpu_s,    meter->useful_gpu_s};

    for (size_t i = 1; i < sizeof shares / sizeof shares[0]; i++) {
        if (shares[i] > shares[i - 1] || shares[i] < 0)
            return BROKEN("racked, powered, leased, allocated, busy, useful GPU s fall out of order: %lld, %lld, %lld, "
                          "%lld, %lld, %lld",
                          (long long)shares[0], (long long)shares[1], (long long)shares[2], (long long)shares[3],
                          (long long)shares[4], (long long)shares[5]);
    }
    if (!dc->state->closed &&
        (dc->state->powered_nodes != dc->cluster->powered || dc->state->up_nodes != dc->cluster->up))
        return BROKEN("%u nodes powered and %u up are metered; there are %u and %u", dc->state->powered_nodes,
                      dc->state->up_nodes, dc->cluster->powered, dc->cluster->up);
    if (meter->service_met_gpu_s > meter->service_load_gpu_s || meter->service_met_gpu_s < 0)
        return BROKEN("services: %lld GPU s of load in time of %lld", (long long)meter->service_met_gpu_s,
                      (long long)meter->service_load_gpu_s);
    int64_t up_node_s = dc->state->up_nodes * dc->now_s + dc->state->up_base_node_s;
    int64_t it_ws = up_node_s * dc->state->power.node_idle_w + meter->busy_gpu_s * dc->state->power.gpu_busy_w +
                    dc->state->power.base_ws;
    int64_t metered_wh = mdl_power_metered_wh(&dc->state->power, meter->energy_it_wh);
    if (meter->energy_it_wh != it_ws / 3600 || meter->energy_metered_wh != metered_wh ||
        meter->energy_metered_wh < meter->energy_it_wh)
        return BROKEN("%lld Wh used and %lld metered; recounted %lld and %lld", (long long)meter->energy_it_wh,
                      (long long)meter->energy_metered_wh, (long long)(it_ws / 3600), (long long)metered_wh);
    return SIM_OK;
}

/* The meters as a reading, and as what books are kept on. */
static mdl_datacentre_reading_t reading_of(const mdl_datacentre_meter_t *meter)
{
    return (mdl_datacentre_reading_t){.powered_gpu_s = meter->powered_gpu_s,
                                      .leased_gpu_s = meter->leased_gpu_s,
                                      .busy_gpu_s = meter->busy_gpu_s,
                                      .inference_gpu_s = meter->busy_by_class_gpu_s[MDL_JOB_INFERENCE],
                                      .training_work_gpu_s = meter->training_work_gpu_s};
}

static mdl_datacentre_use_t use_of(const mdl_datacentre_meter_t *meter)
{
    mdl_datacentre_use_t use = {.powered_gpu_s = meter->powered_gpu_s,
                                .leased_gpu_s = meter->leased_gpu_s,
                                .allocated_gpu_s = meter->allocated_gpu_s,
                                .busy_gpu_s = meter->busy_gpu_s,
                                .useful_gpu_s = meter->useful_gpu_s,
                                .energy_metered_wh = meter->energy_metered_wh,
                                .service_load_gpu_s = meter->service_load_gpu_s,
                                .service_met_gpu_s = meter->service_met_gpu_s};

    for (int c = 0; c < MDL_JOB_CLASSES; c++) {
        use.busy_by_class_gpu_s[c] = meter->busy_by_class_gpu_s[c];
        use.jobs_submitted[c] = meter->jobs_submitted[c];
        use.jobs_started[c] = meter->jobs_started[c];
        use.jobs_finished[c] = meter->jobs_finished[c];
        use.wait_s[c] = meter->wait_s[c];
    }
    return use;
}

/* Counts taken from the meters, which never fall: what they say if they were taken now, else no more. Names the first
 * of them that says another thing. */
static sim_status_t audit_counts(const char *what, const void *counts, const void *metered, size_t bytes, bool now,
                                 sim_error_t *err)
{
    const int64_t *count = counts, *meter = metered;

    for (size_t i = 0; i < bytes / sizeof *count; i++)
        if (count[i] < 0 || count[i] > meter[i] || (now && count[i] < meter[i]))
            return BROKEN("%s: number %zu is %lld; metered %lld", what, i, (long long)count[i], (long long)meter[i]);
    return SIM_OK;
}

/* What has been reported, which is as old as the last whole window, and what books are kept on. */
static sim_status_t audit_reported(sim_world_t *world, uint32_t lp, const mdl_dc_t *dc, sim_error_t *err)
{
    mdl_datacentre_reading_t reported = mdl_datacentre_reported(world, lp), reading = reading_of(&dc->state->meter);
    mdl_datacentre_use_t use = use_of(&dc->state->meter);
    bool window_ends = dc->now_s % sim_world_window_s(world) == 0;
    sim_status_t status = audit_counts("reports", &reported, &reading, sizeof reading, window_ends, err);

    if (status == SIM_OK)
        status = audit_counts("use", &dc->state->use, &use, sizeof use, dc->state->use_s == dc->now_s, err);
    return status;
}

sim_status_t mdl_datacentre_audit(sim_world_t *world, uint32_t lp, sim_error_t *err)
{
    mdl_datacentre_t *state = sim_world_state(world, lp);

    if (state->cluster == 0)
        return SIM_OK;
    mdl_dc_t dc = mdl_dc_view(sim_world_arena(world), state, sim_world_now(world));
    if (dc.now_s < dc.scheduler->now_s)
        dc.now_s = dc.scheduler->now_s;
    mdl_dc_read(&dc, &state->meter);
    sim_status_t status = mdl_scheduler_verify(dc.scheduler, dc.cluster, err);
    if (status == SIM_OK)
        status = audit_contracts(&dc, err);
    if (status == SIM_OK)
        status = audit_earnings(&dc, err);
    if (status == SIM_OK)
        status = audit_meter(&dc, err);
    if (status == SIM_OK)
        status = audit_reported(world, lp, &dc, err);
    return status;
}
