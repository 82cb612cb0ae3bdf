// SPDX-License-Identifier: GPL-3.0-or-later
/* The rental market's day: rents paid, contracts run out and are renewed, clusters grow, tenants search.
 *
 * Rents are paid and prices reviewed once a week; each tenant searches once a week, on a weekday of its own, for what
 * it wants and does not hold. A lab that finds no fabric wide enough takes a cluster of half the size, and so on down
 * to the smallest gang. Where centres are linked (labs.one_fabric is false) a cluster is put together from several,
 * like any other work. */
#include "models/economy/economy_state.h"

#define WEEKDAYS 7
#define LITTLE   0.15 /* a wish is met when less than this share of it is missing */
#define REVIEWED 64   /* rents in one go */

static mdl_segment_t segment_of(mdl_wish_t wish)
{
    static const mdl_segment_t segments[MDL_WISHES] = {MDL_SEGMENT_TRAINING, MDL_SEGMENT_FINETUNE,
                                                       MDL_SEGMENT_INFERENCE, MDL_SEGMENT_INFERENCE, MDL_SEGMENT_BATCH};
    return segments[wish];
}

static void port(mdl_step_t *step, mdl_tenant_t *tenant)
{
    double years = (double)step->day / 365.25;
    double share = step->params->start_ported + step->params->start_ported_growth * years;
    tenant->ported[MDL_STACK_CUDA] = true;
    tenant->ported[MDL_STACK_CANN] = tenant->porting_u < share;
}

static mdl_rental_request_t request_for(const mdl_step_t *step, uint32_t t, mdl_wish_t wish, double nodes)
{
    const mdl_tenant_t *tenant = &step->tenants[t];
    bool training = wish == MDL_WISH_TRAINING, gang = training && step->params->labs_one_fabric;
    mdl_rental_request_t request = {
        .tenant = mdl_tenant_account(step, t),
        .tag = mdl_wish_tag(t, wish),
        .entity = tenant->entity,
        .segment = segment_of(wish),
        .province = tenant->province,
        .nodes = nodes,
        .gang_nodes = gang ? nodes * (1 - step->params->labs_spare_share) : 0,
        .want_fabric_gb_s = training ? step->params->developers_fabric_good : 0,
        .min_fabric_gb_s = training ? step->params->training_fabric_gb_s : 0,
        .max_latency_ms = wish == MDL_WISH_INFERENCE_NEAR ? step->params->start_near_latency : 0,
        .max_price_fen_node_month = mdl_tenant_want(step, t, wish).limit_fen,
        .may_port = true,
        .spot = wish == MDL_WISH_BATCH,
        .incumbent = tenant->incumbent[wish],
    };
    for (int stack = 0; stack < MDL_STACKS; stack++)
        request.ported[stack] = tenant->ported[stack];
    return request;
}

static sim_status_t match(mdl_step_t *step, const mdl_rental_request_t *request, double *served)
{
    sim_rng_t rng;
    uint64_t event = (uint64_t)step->day * MDL_WISHES + request->tag % MDL_WISHES;
    sim_rng_at(&rng, sim_world_seed(step->world), sim_world_replication(step->world), request->entity,
               MDL_PURPOSE_RENTAL_SEARCH, event);
    mdl_rental_answer_t answer;
    MDL_TRY(mdl_rental_match(step->rental, step->params, request, &rng, step->day, &answer, step->err));
    *served = answer.served;
    for (uint32_t i = 0; i < answer.n; i++)
        MDL_TRY(mdl_lease_start(step, answer.contract[i]));
    return SIM_OK;
}

/* A cluster in one fabric: as large as wanted, else half of it, and so on. */
static sim_status_t search_cluster(mdl_step_t *step, uint32_t t, double *served)
{
    const mdl_tenant_t *tenant = &step->tenants[t];
    double least = (double)step->params->labs_min_nodes;
    *served = 0;
    for (double nodes = tenant->training.nodes; nodes >= least && *served == 0; nodes /= 2) {
        if (nodes <= tenant->held[MDL_WISH_TRAINING] * (1 + LITTLE))
            break;
        mdl_rental_request_t request = request_for(step, t, MDL_WISH_TRAINING, nodes);
        MDL_TRY(match(step, &request, served));
    }
    return SIM_OK;
}

static sim_status_t search(mdl_step_t *step, uint32_t t)
{
    mdl_tenant_t *tenant = &step->tenants[t];
    port(step, tenant);
    double served;
    bool whole = step->params->labs_one_fabric;
    if (whole && tenant->held[MDL_WISH_TRAINING] == 0 && tenant->training.nodes > 0)
        MDL_TRY(search_cluster(step, t, &served));
    for (int wish = whole ? MDL_WISH_FINETUNE : MDL_WISH_TRAINING; wish < MDL_WISHES; wish++) {
        int32_t wanted = mdl_tenant_want(step, t, (mdl_wish_t)wish).nodes;
        double missing = wanted - tenant->held[wish];
        if (missing < LITTLE * wanted || missing <= 0)
            continue;
        mdl_rental_request_t request = request_for(step, t, (mdl_wish_t)wish, missing);
        MDL_TRY(match(step, &request, &served));
    }
    return SIM_OK;
}

/* A cluster whose term is over is renewed at once; other work is searched for anew in one piece, with the advantage of
 * staying where it is. */
static sim_status_t renew(mdl_step_t *step, const mdl_contract_t *ended)
{
    uint32_t t = ended->tag / MDL_WISHES;
    mdl_wish_t wish = (mdl_wish_t)(ended->tag % MDL_WISHES);
    mdl_tenant_t *tenant = &step->tenants[t];
    bool churned = ended->end_day < ended->term_day;
    if (!churned)
        tenant->incumbent[wish] = ended->offer;
    double missing = mdl_tenant_want(step, t, wish).nodes - tenant->held[wish];
    if (churned || wish != MDL_WISH_TRAINING || missing <= 0)
        return SIM_OK;
    double before = ended->nodes * ended->rate;
    mdl_rental_request_t request = request_for(step, t, wish, missing < before ? missing : before);
    double served;
    return match(step, &request, &served);
}

static sim_status_t expire(mdl_step_t *step)
{
    uint32_t n = mdl_rental_expire(step->rental, step->day, step->ended, step->eco->ended_capacity);
    for (uint32_t i = 0; i < n; i++)
        MDL_TRY(mdl_lease_end(step, &step->ended[i]));
    for (uint32_t i = 0; i < n; i++)
        MDL_TRY(renew(step, &step->ended[i]));
    return SIM_OK;
}

/* Slot of a lab's training contract; MDL_NO_CONTRACT when it has none. */
static uint32_t training_slot(const mdl_step_t *step, uint32_t t)
{
    uint32_t tag = mdl_wish_tag(t, MDL_WISH_TRAINING);
    uint32_t slot = mdl_rental_next_training(step->rental, 0);
    while (slot != MDL_NO_CONTRACT && mdl_rental_contract(step->rental, slot)->tag != tag)
        slot = mdl_rental_next_training(step->rental, slot + 1);
    return slot;
}

/* Moves to a larger cluster: as large as wanted, else half of it, and so on, as long as that is more than is held. */
static sim_status_t move_cluster(mdl_step_t *step, uint32_t t)
{
    const mdl_tenant_t *tenant = &step->tenants[t];
    double before = tenant->held[MDL_WISH_TRAINING], served = 0;
    double least = before * (1 + step->params->labs_resize_band);
    uint64_t first_new = step->rental->next_number;
    for (double nodes = tenant->training.nodes; nodes > least && served == 0; nodes /= 2) {
        mdl_rental_request_t request = request_for(step, t, MDL_WISH_TRAINING, nodes);
        MDL_TRY(match(step, &request, &served));
    }
    return served > before ? mdl_tenant_leave(step, t, MDL_WISH_TRAINING, first_new) : SIM_OK;
}

/* A training lab whose cluster is too small grows it in place, or moves to a larger one. On billing days only, when no
 * rent is due. */
static sim_status_t grow_cluster(mdl_step_t *step, uint32_t t)
{
    mdl_tenant_t *tenant = &step->tenants[t];
    double want = tenant->training.nodes, *held = &tenant->held[MDL_WISH_TRAINING];
    if (!step->params->labs_one_fabric || *held == 0 || want <= *held * (1 + step->params->labs_resize_band))
        return SIM_OK;
    uint32_t slot = training_slot(step, t);
    if (slot == MDL_NO_CONTRACT)
        return SIM_OK;
    const mdl_contract_t *contract = mdl_rental_contract(step->rental, slot);
    int32_t more = (int32_t)((want - *held) / contract->rate) + 1;
    MDL_TRY(mdl_lease_resize(step, slot, contract->nodes + more));
    if (*held >= want / (1 + step->params->labs_resize_band))
        return SIM_OK;
    return move_cluster(step, t);
}

/* What people hear of rents: of a segment its own contracts, or the market's when it had none; of a GPU type its
 * physical nodes' contracts. */
static void listen(mdl_step_t *step, const bool *traded)
{
    mdl_eco_t *eco = step->eco;
    for (int s = 0; s < MDL_SEGMENTS; s++) {
        int64_t segment_fen = step->rental->index_segment_fen[s];
        eco->heard_fen[s] = traded[s] ? segment_fen : step->rental->index_fen;
    }
    for (uint32_t type = 0; type < step->tables->n_gpu_types; type++) {
        if (eco->week_nodes[type] > 0)
            eco->type_rent_fen[type] = mdl_money_round(eco->week_rent_fen[type] / eco->week_nodes[type]);
        eco->week_rent_fen[type] = eco->week_nodes[type] = 0;
    }
}

/* A review of the rents that some sites ask. */
typedef struct review {
    uint32_t n;
    uint32_t site[REVIEWED];
    double change[REVIEWED]; /* log of it, then what the rent is multiplied by */
} review_t;

static double yuan(int64_t fen)
{
    return (double)fen / MDL_FEN_PER_YUAN;
}

/* Carries a review out and empties it. */
static void post_rents(mdl_step_t *step, review_t *review)
{
    sim_exp_each(review->change, review->n);
    for (uint32_t i = 0; i < review->n; i++) {
        const mdl_site_t *site = &step->sites[review->site[i]];
        const mdl_offer_t *offer = mdl_rental_offer(step->rental, site->offer);
        double ask_yuan =
            mdl_project_ask(yuan(offer->price_fen_node_month), review->change[i], yuan(offer->floor_fen_node_month));
        int64_t ask_fen = mdl_money_round(ask_yuan * MDL_FEN_PER_YUAN);
        mdl_rental_offer_price(step->rental, site->offer, ask_fen);
        if (site->project != MDL_NO_PROJECT)
            mdl_rental_offer_rebate(step->rental, site->offer,
                                    mdl_voucher_share(step, step->projects[site->project].city));
        mdl_chronicle_ask(step, site->project, ask_fen);
    }
    review->n = 0;
}

/* Operators and platforms review the rent that they ask, each from its own occupancy and what it hears. */
static void reprice(mdl_step_t *step)
{
    review_t review; /* not emptied: what is seen of it is written first */
    review.n = 0;
    for (uint32_t i = 0; i < step->eco->n_sites; i++) {
        const mdl_site_t *site = &step->sites[i];
        if (!site->open || site->offer == MDL_NO_OFFER)
            continue;
        const mdl_offer_t *offer = mdl_rental_offer(step->rental, site->offer);
        if (offer->nodes == 0)
            continue;
        review.site[review.n] = i;
        review.change[review.n++] = mdl_project_ask_log(
            step->params, yuan(offer->price_fen_node_month), yuan(step->eco->type_rent_fen[site->gpu_type]),
            (double)offer->leased / offer->nodes, MDL_BILLING_DAYS * SIM_DAY_S);
        if (review.n == REVIEWED)
            post_rents(step, &review);
    }
    post_rents(step, &review);
}

static sim_status_t week(mdl_step_t *step)
{
    MDL_TRY(mdl_lease_bill_all(step));
    for (uint32_t t = 0; t < step->eco->n_labs; t++)
        MDL_TRY(grow_cluster(step, t));
    mdl_eco_note_rental_week(step);
    bool traded[MDL_SEGMENTS];
    for (int s = 0; s < MDL_SEGMENTS; s++)
        traded[s] = step->rental->totals[s].served > 0;
    mdl_rental_close_period(step->rental);
    listen(step, traded);
    mdl_outcomes_week(step);
    reprice(step);
    return SIM_OK;
}

sim_status_t mdl_step_rental(mdl_step_t *step)
{
    if (step->day % MDL_BILLING_DAYS == 0)
        MDL_TRY(week(step));
    MDL_TRY(expire(step));
    bool all = step->day <= 1; /* what is there at the start seeks at once */
    for (uint32_t t = all ? 0 : (uint32_t)(step->day % WEEKDAYS); t < step->eco->n_tenants; t += all ? 1 : WEEKDAYS)
        MDL_TRY(search(step, t));
    return SIM_OK;
}
