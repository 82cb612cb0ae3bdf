// SPDX-License-Identifier: GPL-3.0-or-later
/* The chronicle of events: rows, lives, and levels of the market that are told when they have moved by a step. */
#include "models/economy/economy_state.h"

#include "models/agents/central.h"

#include <string.h>

/* Most events of one entity between two boundaries with room made: a project can be approved, financed (refusal, loan,
 * grant, start), built, stocked, opened, let, emptied, audited and ended in one day and tells most of that once. */
#define ROWS_PER_PROJECT   24
#define ROWS_PER_LAB       4
#define ROWS_PER_CITY      4
#define ROWS_PER_DEVELOPER 4 /* decides, announces, is promised a grant */
#define ROWS_PER_PLATFORM  8
#define ROWS_OTHER         256 /* shocks, dated changes, gauges */
#define OFFER_STEP         0.05
#define WEEKDAYS           7
#define CITY_DAY           4 /* the weekday after the one on which cities compete */

/* A gauge: the step after which it is told, and what may have moved it, with the days for which that counts. */
static const struct gauge {
    double step;
    bool relative; /* the step is a share of the level */
    struct way {
        mdl_ev_t told;
        int32_t days, n;
        mdl_ev_t causes[4];
    } up, down;
} gauges[MDL_GAUGES] = {
    [MDL_GAUGE_HYPE] =
        {0.1,
         false,
         {MDL_EV_HYPE_ROSE, 365, 2, {MDL_EV_HYPE_JUMP, MDL_EV_RENT_ROSE}},
         {MDL_EV_HYPE_FELL, 90, 3, {MDL_EV_RENT_FELL, MDL_EV_LAB_STOPPED_OPEN, MDL_EV_LAB_STOPPED_CASH}}},
    [MDL_GAUGE_CHIP] = {0.15,
                        true,
                        {MDL_EV_CHIP_ROSE, 180, 3, {MDL_EV_EXPORT_RULE, MDL_EV_WAVE_GREW, MDL_EV_HYPE_ROSE}},
                        {MDL_EV_CHIP_FELL,
                         180,
                         4,
                         {MDL_EV_EXPORT_LICENCE, MDL_EV_WAVE_SHRANK, MDL_EV_DEFAULT_LOAN, MDL_EV_DEFAULT_COSTS}}},
    [MDL_GAUGE_RENT] =
        {0.15,
         true,
         {MDL_EV_RENT_ROSE, 90, 3, {MDL_EV_LAB_REGISTERED, MDL_EV_LAB_RAISED, MDL_EV_HYPE_ROSE}},
         {MDL_EV_RENT_FELL, 90, 3, {MDL_EV_ENERGISED, MDL_EV_LAB_STOPPED_OPEN, MDL_EV_LAB_STOPPED_CASH}}},
    [MDL_GAUGE_WAVE] =
        {0.3,
         true,
         {MDL_EV_WAVE_GREW, 180, 4, {MDL_EV_HYPE_ROSE, MDL_EV_RENT_ROSE, MDL_EV_OFFER_RAISED, MDL_EV_ANNOUNCED}},
         {MDL_EV_WAVE_SHRANK, 180, 4, {MDL_EV_HYPE_FELL, MDL_EV_RENT_FELL, MDL_EV_CHIP_ROSE, MDL_EV_OFFER_CUT}}},
    [MDL_GAUGE_APPETITE] = {0.05,
                            false,
                            {MDL_EV_APPETITE_ROSE, 365, 1, {MDL_EV_HYPE_ROSE}},
                            {MDL_EV_APPETITE_FELL, 365, 2, {MDL_EV_BANK_LOSS, MDL_EV_HYPE_FELL}}},
    [MDL_GAUGE_HAIRCUT] = {0.05,
                           false,
                           {MDL_EV_HAIRCUT_ROSE, 365, 1, {MDL_EV_CHIP_FELL}},
                           {MDL_EV_HAIRCUT_FELL, 365, 1, {MDL_EV_CHIP_ROSE}}},
};

/* --- memory ------------------------------------------------------------------------------------------------------- */

static sim_arena_t *arena(const mdl_step_t *step)
{
    return sim_world_arena(step->world);
}

static sim_status_t take(const mdl_step_t *step, sim_ref_t *ref, size_t bytes)
{
    *ref = sim_arena_alloc(arena(step), bytes);
    return *ref != 0 ? SIM_OK : sim_arena_fail(arena(step), step->err, "events", "%zu bytes", bytes);
}

/* Rows that a day may add. */
static uint64_t rows_of_a_day(const mdl_step_t *step)
{
    const mdl_eco_t *eco = step->eco;
    return ROWS_OTHER + step->input->n_shocks + step->input->n_changes +
           (uint64_t)ROWS_PER_PROJECT * (eco->n_projects + step->params->start_centres + step->params->start_building) +
           (uint64_t)ROWS_PER_LAB * eco->n_labs + (uint64_t)ROWS_PER_CITY * step->tables->n_cities +
           (uint64_t)ROWS_PER_DEVELOPER * eco->n_developers + (uint64_t)ROWS_PER_PLATFORM * step->tables->n_platforms;
}

static uint32_t place_lives(const mdl_step_t *step, uint32_t *first)
{
    size_t n_params;
    (void)mdl_params_registry(&n_params);
    const uint32_t sizes[MDL_WHO_KINDS] = {
        [MDL_WHO_OUTSIDE] = 1,
        [MDL_WHO_PARAMETER] = (uint32_t)n_params,
        [MDL_WHO_MARKET] = 1,
        [MDL_WHO_BANK] = 1,
        [MDL_WHO_CITY] = step->tables->n_cities,
        [MDL_WHO_DEVELOPER] = step->eco->n_developers,
        [MDL_WHO_LAB] = step->eco->n_labs,
        [MDL_WHO_PLATFORM] = step->tables->n_platforms,
    };
    uint32_t n = 0;
    for (int who = 0; who < MDL_WHO_KINDS; who++) {
        first[who] = n;
        n += sizes[who];
    }
    return n;
}

sim_status_t mdl_chronicle_begin(mdl_step_t *step)
{
    if (!step->input->events)
        return SIM_OK;
    mdl_eco_t *eco = step->eco;
    uint32_t first[MDL_WHO_KINDS], n = place_lives(step, first);
    uint64_t capacity = 2 * rows_of_a_day(step);
    MDL_TRY(take(step, &eco->chronicle, sizeof(mdl_chronicle_t) + n * sizeof(mdl_life_t)));
    MDL_TRY(take(step, &eco->project_lives, eco->project_capacity * sizeof(mdl_life_t)));
    MDL_TRY(take(step, &eco->event_rows, capacity * sizeof(sim_event_row_t)));
    mdl_chronicle_t *self = sim_arena_at(arena(step), eco->chronicle);
    self->capacity = capacity;
    self->project_capacity = eco->project_capacity;
    self->land_parameter = mdl_params_find("cities.land_revenue");
    memcpy(self->first, first, sizeof first);
    return SIM_OK;
}

void mdl_chronicle_open(mdl_step_t *step)
{
    if (step->eco->chronicle == 0)
        return;
    step->chronicle = sim_arena_at(arena(step), step->eco->chronicle);
    step->project_lives = sim_arena_at(arena(step), step->eco->project_lives);
    step->event_rows = sim_arena_at(arena(step), step->eco->event_rows);
}

static sim_status_t move(const mdl_step_t *step, sim_ref_t *ref, size_t from_bytes, size_t to_bytes)
{
    sim_ref_t larger;
    MDL_TRY(take(step, &larger, to_bytes));
    memcpy(sim_arena_at(arena(step), larger), sim_arena_at(arena(step), *ref), from_bytes);
    sim_arena_release(arena(step), *ref, from_bytes);
    *ref = larger;
    return SIM_OK;
}

static sim_status_t check(const mdl_step_t *step)
{
    if (!step->chronicle->full)
        return SIM_OK;
    return sim_fail(step->err, SIM_ELIMIT, "events", "a day with more than %llu events",
                    (unsigned long long)rows_of_a_day(step));
}

sim_status_t mdl_chronicle_reserve(mdl_step_t *step)
{
    mdl_chronicle_t *self = step->chronicle;
    mdl_eco_t *eco = step->eco;
    if (self == NULL)
        return SIM_OK;
    MDL_TRY(check(step));
    if (self->project_capacity < eco->project_capacity) {
        MDL_TRY(move(step, &eco->project_lives, self->project_capacity * sizeof(mdl_life_t),
                     eco->project_capacity * sizeof(mdl_life_t)));
        self->project_capacity = eco->project_capacity;
    }
    uint64_t needed = self->n + rows_of_a_day(step), capacity = self->capacity;
    while (capacity < needed)
        capacity *= 2;
    if (capacity > self->capacity) {
        MDL_TRY(
            move(step, &eco->event_rows, self->capacity * sizeof(sim_event_row_t), capacity * sizeof(sim_event_row_t)));
        self->capacity = capacity;
    }
    mdl_chronicle_open(step);
    return SIM_OK;
}

sim_status_t mdl_chronicle_finish(mdl_step_t *step)
{
    if (step->chronicle == NULL)
        return SIM_OK;
    MDL_TRY(check(step));
    for (uint64_t i = 0; i < step->chronicle->n; i++)
        (void)sim_recorder_event(step->eco->recorder, &step->event_rows[i]);
    return SIM_OK;
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

static const mdl_event_type_t *type_of(mdl_ev_t type)
{
    size_t n;
    return &mdl_event_registry(&n)[type];
}

mdl_life_t *mdl_chronicle_life(const mdl_step_t *step, mdl_who_t who, uint32_t entity)
{
    if (who == MDL_WHO_PROJECT) {
        SIM_ASSERT(entity < step->chronicle->project_capacity);
        return &step->project_lives[entity];
    }
    return &step->chronicle->lives[step->chronicle->first[who] + entity];
}

uint64_t mdl_chronicle_tell(mdl_step_t *step, mdl_ev_t type, uint32_t entity, uint64_t cause, double value)
{
    mdl_chronicle_t *self = step->chronicle;
    if (self->n == self->capacity) {
        self->full = true;
        return 0;
    }
    const mdl_event_type_t *what = type_of(type);
    mdl_life_t *life = mdl_chronicle_life(step, what->who, entity);
    uint64_t because = cause == MDL_CAUSE_BEFORE ? life->last : cause;
    step->event_rows[self->n++] = (sim_event_row_t){
        .time_s = step->now_s, .type = (uint32_t)type, .entity = entity, .cause = because, .value = value};
    self->by_type[type] = self->n;
    if (what->turn)
        life->last = self->n;
    life->told |= UINT64_C(1) << (type & 63);
    return self->n;
}

uint64_t mdl_chronicle_once(mdl_step_t *step, mdl_ev_t type, uint32_t entity, uint64_t cause, double value)
{
    const mdl_life_t *life = mdl_chronicle_life(step, type_of(type)->who, entity);
    return life->told >> (type & 63) & 1 ? 0 : mdl_chronicle_tell(step, type, entity, cause, value);
}

/* The latest of some types' last events, if it is at most `days` old. */
static uint64_t latest(const mdl_step_t *step, const mdl_ev_t *types, int32_t n, int32_t days)
{
    uint64_t best = 0;
    for (int32_t i = 0; i < n; i++)
        best = step->chronicle->by_type[types[i]] > best ? step->chronicle->by_type[types[i]] : best;
    bool recent = best > 0 && step->event_rows[best - 1].time_s >= step->now_s - days * SIM_DAY_S;
    return recent ? best : 0;
}

uint64_t mdl_chronicle_latest(const mdl_step_t *step, int32_t days, mdl_ev_t a, mdl_ev_t b, mdl_ev_t c)
{
    const mdl_ev_t types[] = {a, b, c};
    return latest(step, types, 3, days);
}

/* --- what several facts go into ----------------------------------------------------------------------------------- */

/* The rule's exports of today, else what moved the price last. */
uint64_t mdl_chronicle_shortage(const mdl_step_t *step, int32_t gpu_type)
{
    if (step->chronicle == NULL)
        return 0;
    bool banned = mdl_eco_banned(step) >> gpu_type & 1;
    uint64_t rule = step->chronicle->by_type[MDL_EV_EXPORT_RULE];
    return banned && rule > 0 ? rule
                              : mdl_chronicle_latest(step, 365, MDL_EV_CHIP_ROSE, MDL_EV_CHIP_ROSE, MDL_EV_CHIP_ROSE);
}

/* Why a developer decided: the largest of the terms of its merit. */
uint64_t mdl_chronicle_decision(mdl_step_t *step, uint32_t developer, int32_t city, const mdl_prospect_t *prospect)
{
    if (step->chronicle == NULL)
        return 0;
    mdl_developer_kind_t kind = (mdl_developer_kind_t)step->developers[developer].kind;
    double npv = mdl_developer_npv(step->params, prospect, step->eco->annuity);
    double profit = mdl_developer_installed_share(step->params, kind) * npv;
    double grant = mdl_developer_subsidy(step->params, kind, prospect);
    double motive = mdl_developer_motive(step->params, kind, prospect, step->eco->annuity);
    uint64_t hype = mdl_chronicle_latest(step, 365, MDL_EV_HYPE_ROSE, MDL_EV_HYPE_JUMP, MDL_EV_HYPE_ROSE);
    if (motive > profit && motive > grant) {
        uint64_t land =
            step->chronicle->land_parameter < 0
                ? 0
                : mdl_chronicle_life(step, MDL_WHO_PARAMETER, (uint32_t)step->chronicle->land_parameter)->last;
        uint64_t cause = kind == MDL_DEVELOPER_STATE && land > hype ? land : hype;
        return mdl_chronicle_tell(step, MDL_EV_DECIDED_MOTIVE, developer, cause, motive);
    }
    if (grant > profit) {
        uint64_t offer = mdl_chronicle_life(step, MDL_WHO_CITY, (uint32_t)city)->last;
        return mdl_chronicle_tell(step, MDL_EV_DECIDED_GRANT, developer, offer, grant);
    }
    uint64_t cause = mdl_chronicle_latest(step, 365, MDL_EV_RENT_ROSE, MDL_EV_CHIP_FELL, MDL_EV_WAVE_GREW);
    return mdl_chronicle_tell(step, MDL_EV_DECIDED_PROFIT, developer, cause > hype ? cause : hype, npv);
}

void mdl_chronicle_announced(mdl_step_t *step, uint32_t project, uint64_t why, double h100e)
{
    if (step->chronicle == NULL)
        return;
    const mdl_project_t *what = &step->projects[project];
    uint64_t event = mdl_chronicle_tell(step, MDL_EV_ANNOUNCED, project, why, h100e);
    (void)mdl_chronicle_tell(step, MDL_EV_SITED, project, event, what->city);
    step->chronicle->by_tier[step->eco->cities[what->city].tier] = event;
    if (what->grant_promised_fen > 0)
        (void)mdl_chronicle_tell(step, MDL_EV_CITY_PROMISED, (uint32_t)what->city, event,
                                 (double)what->grant_promised_fen / MDL_FEN_PER_YUAN);
}

void mdl_chronicle_talks(mdl_step_t *step, uint32_t project, const mdl_loan_application_t *application,
                         const mdl_loan_decision_t *decision, double scale)
{
    if (step->chronicle == NULL)
        return;
    uint64_t appetite = step->chronicle->by_type[MDL_EV_APPETITE_FELL];
    uint64_t haircut = step->chronicle->by_type[MDL_EV_HAIRCUT_ROSE];
    if (decision->reason == MDL_LOAN_NO_PROSPECT)
        (void)mdl_chronicle_once(step, MDL_EV_REFUSED_PROSPECT, project, appetite, application->npv_over_cost);
    else if (decision->reason == MDL_LOAN_NO_COLLATERAL)
        (void)mdl_chronicle_once(step, MDL_EV_REFUSED_PLEDGE, project, haircut, mdl_bank_haircut(step->bank));
    else
        (void)mdl_chronicle_once(step, MDL_EV_MONEY_SHORT, project, appetite > haircut ? appetite : haircut, scale);
}

void mdl_chronicle_ask(mdl_step_t *step, uint32_t project, int64_t ask_fen)
{
    if (step->chronicle == NULL || project == MDL_NO_PROJECT)
        return;
    mdl_life_t *life = mdl_chronicle_life(step, MDL_WHO_PROJECT, project);
    double ask = (double)ask_fen / MDL_FEN_PER_YUAN;
    double change = life->noted > 0 ? ask / life->noted - 1 : 0;
    if (life->noted > 0 && fabs(change) < 0.2)
        return;
    if (life->noted > 0) {
        uint64_t rent =
            change > 0 ? step->chronicle->by_type[MDL_EV_RENT_ROSE] : step->chronicle->by_type[MDL_EV_RENT_FELL];
        uint64_t cause = rent > life->last ? rent : life->last;
        (void)mdl_chronicle_tell(step, change > 0 ? MDL_EV_ASK_RAISED : MDL_EV_ASK_CUT, project, cause, ask);
    }
    life->noted = ask;
}

/* A contract in a project's centre has ended: was it the last one, and who left? */
void mdl_chronicle_left(mdl_step_t *step, const mdl_site_t *site, const mdl_contract_t *ended)
{
    if (step->chronicle == NULL || site->project == MDL_NO_PROJECT || !site->open ||
        mdl_rental_offer(step->rental, site->offer)->leased > 0)
        return;
    uint32_t tenant = ended->tag / MDL_WISHES;
    uint64_t cause = step->chronicle->by_type[MDL_EV_RENT_FELL];
    if (tenant < step->eco->n_labs && step->labs[tenant].stage == MDL_LAB_SERVING)
        cause = mdl_chronicle_life(step, MDL_WHO_LAB, tenant)->last;
    (void)mdl_chronicle_once(step, MDL_EV_EMPTIED, site->project, cause, (double)ended->nodes);
}

void mdl_chronicle_bought(mdl_step_t *step, uint32_t platform, int64_t gpus)
{
    if (step->chronicle == NULL)
        return;
    mdl_life_t *life = mdl_chronicle_life(step, MDL_WHO_PLATFORM, platform);
    life->gpus += gpus;
    if ((double)life->gpus < 2 * life->noted)
        return;
    life->noted = (double)life->gpus;
    uint64_t hype = mdl_chronicle_latest(step, 365, MDL_EV_HYPE_ROSE, MDL_EV_HYPE_JUMP, MDL_EV_HYPE_ROSE);
    (void)mdl_chronicle_tell(step, MDL_EV_PLATFORM_BOUGHT, platform, hype > life->last ? hype : life->last,
                             life->noted);
}

/* GPUs of a failed project went to another one. */
void mdl_chronicle_resold(mdl_step_t *step, uint32_t seller, uint32_t buyer, int64_t gpus, int64_t price_fen)
{
    if (step->chronicle == NULL)
        return;
    mdl_life_t *life = mdl_chronicle_life(step, MDL_WHO_PROJECT, seller);
    life->gpus += gpus;
    life->gpus_fen += gpus * price_fen;
    if (buyer != MDL_NO_PROJECT)
        (void)mdl_chronicle_once(step, MDL_EV_CHIPS_USED, buyer, life->last, (double)price_fen / MDL_FEN_PER_YUAN);
}

void mdl_chronicle_wound_up(mdl_step_t *step, uint32_t project, int64_t loss_fen)
{
    if (step->chronicle == NULL)
        return;
    const mdl_life_t *life = mdl_chronicle_life(step, MDL_WHO_PROJECT, project);
    double mean = life->gpus > 0 ? (double)life->gpus_fen / (double)life->gpus / MDL_FEN_PER_YUAN : 0;
    uint64_t event = mdl_chronicle_tell(step, MDL_EV_AUCTIONED, project, life->last, mean);
    if (loss_fen > 0)
        (void)mdl_chronicle_tell(step, MDL_EV_BANK_LOSS, 0, event, (double)loss_fen / MDL_FEN_PER_YUAN);
}

void mdl_chronicle_end(mdl_step_t *step, uint32_t number, mdl_stage_t how)
{
    if (step->chronicle == NULL)
        return;
    const mdl_project_t *project = &step->projects[number];
    uint32_t wanted = project->nodes_wanted * MDL_GPUS_PER_NODE;
    const mdl_gpu_type_t *type = &step->tables->gpu_types[project->gpu_type];
    double in = (double)project->gpus_in / (double)wanted;
    bool rule = project->gpus_ordered > 0 && mdl_central_must_remove(step->params, type, project->state_funded, in);
    bool loan = project->loan != MDL_NO_LOAN && step->bank->loans[project->loan].status == MDL_LOAN_DEFAULTED;
    if (how == MDL_STAGE_CANCELLED)
        (void)mdl_chronicle_tell(step, MDL_EV_CANCELLED, number, MDL_CAUSE_BEFORE, MDL_MISSING);
    else if (how == MDL_STAGE_ABANDONED && rule)
        (void)mdl_chronicle_tell(step, MDL_EV_ABANDONED_RULE, number, MDL_CAUSE_BEFORE, project->gpu_type);
    else if (how == MDL_STAGE_ABANDONED)
        (void)mdl_chronicle_tell(step, MDL_EV_ABANDONED_CHIPS, number, MDL_CAUSE_BEFORE,
                                 wanted > project->gpus_in ? wanted - project->gpus_in : 0);
    else if (loan)
        (void)mdl_chronicle_tell(step, MDL_EV_DEFAULT_LOAN, number, MDL_CAUSE_BEFORE,
                                 (double)step->bank->loans[project->loan].principal_fen / MDL_FEN_PER_YUAN);
    else
        (void)mdl_chronicle_tell(step, MDL_EV_DEFAULT_COSTS, number, MDL_CAUSE_BEFORE,
                                 (double)project->arrears_fen / MDL_FEN_PER_YUAN);
}

/* Why a lab that gives up gives up: the open model it could have instead, or the money that ran out. */
static void stopped(mdl_step_t *step, uint32_t i, double cash)
{
    const mdl_lab_t *lab = &step->labs[i];
    if (lab->quit_cause == MDL_LAB_QUIT_CASH)
        (void)mdl_chronicle_tell(step, MDL_EV_LAB_STOPPED_CASH, i, MDL_CAUSE_BEFORE, cash);
    else
        (void)mdl_chronicle_tell(step, MDL_EV_LAB_STOPPED_OPEN, i, step->chronicle->by_type[MDL_EV_MODEL_RELEASE],
                                 step->eco->frontier.open_log - mdl_lab_capability(lab));
}

void mdl_chronicle_lab(mdl_step_t *step, uint32_t i, const mdl_lab_decision_t *decision)
{
    if (step->chronicle == NULL)
        return;
    const mdl_lab_t *lab = &step->labs[i];
    mdl_life_t *life = mdl_chronicle_life(step, MDL_WHO_LAB, i);
    double cash = (double)mdl_ledger_deposit_fen(step->ledger, step->tenants[i].account) / MDL_FEN_PER_YUAN;
    uint64_t hype = mdl_chronicle_latest(step, 365, MDL_EV_HYPE_ROSE, MDL_EV_HYPE_JUMP, MDL_EV_HYPE_ROSE);
    if (decision->enter)
        (void)mdl_chronicle_tell(step, MDL_EV_LAB_REGISTERED, i, hype, mdl_hype_level(&step->eco->hype));
    if (decision->raise_fen > 0) {
        (void)mdl_chronicle_tell(step, MDL_EV_LAB_RAISED, i, hype > life->last ? hype : life->last,
                                 (double)decision->raise_fen / MDL_FEN_PER_YUAN);
        life->told &= ~(UINT64_C(1) << (MDL_EV_LAB_CASH_SHORT & 63));
    }
    if (lab->stage == MDL_LAB_TRAINING && lab->starved_days == 1) {
        uint64_t cause = mdl_chronicle_latest(step, 180, MDL_EV_RENT_ROSE, MDL_EV_HYPE_FELL, MDL_EV_RENT_ROSE);
        (void)mdl_chronicle_once(step, MDL_EV_LAB_CASH_SHORT, i, cause > 0 ? cause : life->last, cash);
    }
    if (decision->quit_training)
        stopped(step, i, cash);
}

/* A platform orders another type than before; an export rule is the cause when the one before is under it. */
void mdl_chronicle_switched(mdl_step_t *step, uint32_t platform, int32_t type)
{
    int32_t before = step->eco->platform_order[platform].type;
    if (step->chronicle == NULL || type < 0 || before == type)
        return;
    mdl_life_t *life = mdl_chronicle_life(step, MDL_WHO_PLATFORM, platform);
    if (life->ordered == type + 1) /* kept over days without an order */
        return;
    bool banned = life->ordered > 0 && (mdl_eco_banned(step) >> (life->ordered - 1) & 1);
    life->ordered = type + 1;
    (void)mdl_chronicle_tell(step, MDL_EV_PLATFORM_SWITCHED, platform,
                             banned ? step->chronicle->by_type[MDL_EV_EXPORT_RULE] : MDL_CAUSE_NONE, type);
}

void mdl_chronicle_shock(mdl_step_t *step, const mdl_shock_t *shock)
{
    static const mdl_ev_t types[MDL_SHOCK_KINDS] = {
        [MDL_SHOCK_EXPORT_RULE] = MDL_EV_EXPORT_RULE,     [MDL_SHOCK_EXPORT_LICENCE] = MDL_EV_EXPORT_LICENCE,
        [MDL_SHOCK_MODEL_RELEASE] = MDL_EV_MODEL_RELEASE, [MDL_SHOCK_HYPE] = MDL_EV_HYPE_JUMP,
        [MDL_SHOCK_EFFICIENCY] = MDL_EV_EFFICIENCY,       [MDL_SHOCK_PRICE_WAR] = MDL_EV_PRICE_WAR,
    };
    bool rule = shock->kind == MDL_SHOCK_EXPORT_RULE || shock->kind == MDL_SHOCK_EXPORT_LICENCE;
    (void)mdl_event(step, types[shock->kind], 0, MDL_CAUSE_NONE, rule ? (double)shock->types : shock->value);
}

/* --- the day ------------------------------------------------------------------------------------------------------ */

static void watch(mdl_step_t *step, mdl_gauge_t gauge, double level)
{
    const struct gauge *g = &gauges[gauge];
    double *told = &step->chronicle->gauges[gauge];
    double moved = level - *told, least = g->relative ? g->step * fabs(*told) : g->step;
    if (step->chronicle->began && (fabs(moved) < least || moved == 0))
        return;
    *told = level;
    if (!step->chronicle->began)
        return;
    const struct way *way = moved > 0 ? &g->up : &g->down;
    (void)mdl_chronicle_tell(step, way->told, 0, latest(step, way->causes, way->n, way->days), level);
}

static void watch_market(mdl_step_t *step)
{
    const mdl_eco_t *eco = step->eco;
    watch(step, MDL_GAUGE_HYPE, mdl_hype_level(&eco->hype));
    watch(step, MDL_GAUGE_CHIP,
          (double)mdl_chips_price_fen(step->chips, step->tables->reference_type) / MDL_FEN_PER_YUAN);
    watch(step, MDL_GAUGE_RENT, (double)step->rental->index_fen / MDL_FEN_PER_YUAN);
    watch(step, MDL_GAUGE_WAVE, eco->recent_total);
    watch(step, MDL_GAUGE_APPETITE, step->bank->appetite);
    watch(step, MDL_GAUGE_HAIRCUT, mdl_bank_haircut(step->bank));
    step->chronicle->began = true;
}

/* An offer rises against rivals, who have announced more; it falls as the city has enough, or has spent its budget. */
static void watch_offer(mdl_step_t *step, uint32_t c)
{
    const mdl_city_state_t *city = &step->eco->cities[c];
    mdl_life_t *life = mdl_chronicle_life(step, MDL_WHO_CITY, c);
    double offer = mdl_city_offer(city, step->params, step->eco->above_trend), moved = offer - life->noted;
    if (fabs(moved) < OFFER_STEP)
        return;
    uint64_t rival = step->chronicle->by_tier[city->tier];
    life->noted = offer;
    if (moved > 0)
        (void)mdl_chronicle_tell(step, MDL_EV_OFFER_RAISED, c, rival, offer);
    else
        (void)mdl_chronicle_tell(step, MDL_EV_OFFER_CUT, c, life->last, offer);
}

void mdl_chronicle_day(mdl_step_t *step)
{
    if (step->chronicle == NULL)
        return;
    bool first = !step->chronicle->began;
    if (first || step->day % WEEKDAYS == 0)
        watch_market(step);
    for (uint32_t c = 0; c < step->tables->n_cities && (first || step->day % WEEKDAYS == CITY_DAY); c++) {
        if (first)
            mdl_chronicle_life(step, MDL_WHO_CITY, c)->noted =
                mdl_city_offer(&step->eco->cities[c], step->params, step->eco->above_trend);
        else
            watch_offer(step, c);
    }
}
