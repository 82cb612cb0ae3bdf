// SPDX-License-Identifier: GPL-3.0-or-later
/* Official channels: quota, list price, tariff, lead time. */
#include "models/ledger/money.h"
#include "models/market/chips.h"
#include "sim/math.h"
#include "sim/time.h"

#define DAYS_PER_WEEK 7.0
#define DAYS_PER_YEAR 365.25

/* Quotas in the table hold for 2022; growth counts from its first day. */
static double quota_per_day(const mdl_params_t *params, const mdl_gpu_type_t *type, int64_t day)
{
    double years = (double)(day - sim_date_to_day((sim_date_t){2022, 1, 1})) / DAYS_PER_YEAR;
    double growth = years > 0 ? sim_pow(1 + type->quota_growth_per_year, years) : 1;
    double scale = params->chips_quota_scale * (type->foreign ? params->chips_foreign_quota : 1);
    double quota = type->quota_per_week / DAYS_PER_WEEK * growth * scale;
    return quota < (double)MDL_CHIPS_MAX_QUANTITY ? quota : (double)MDL_CHIPS_MAX_QUANTITY;
}

static int64_t list_fen(const mdl_gpu_type_t *type)
{
    return mdl_money_round(type->list_price_yuan * MDL_FEN_PER_YUAN);
}

void mdl_channel_release(mdl_chips_t *self, const mdl_params_t *params, const mdl_tables_t *tables, int32_t type,
                         int64_t day, bool allowed)
{
    const mdl_gpu_type_t *row = &tables->gpu_types[type];
    mdl_channel_t *channel = &self->market[type].channel;
    channel->available += channel->for_platforms;
    channel->for_platforms = 0;
    if (!allowed || day < row->available_day) {
        channel->quota_carry = 0; // an export rule stops shipments; what is in the country may be sold
        return;
    }
    double quota = quota_per_day(params, row, day);
    double bound = quota * (double)params->chips_channel_stock_s / (double)SIM_DAY_S;
    if ((double)channel->available > bound)
        channel->available = (int64_t)bound;
    channel->quota_carry += quota;
    int64_t released = (int64_t)channel->quota_carry;
    channel->quota_carry -= (double)released;
    channel->for_platforms = (int64_t)((double)released * params->chips_platform_share);
    channel->available += released - channel->for_platforms;
}

double mdl_channel_flow(const mdl_params_t *params, const mdl_tables_t *tables, int32_t type, int64_t day)
{
    const mdl_gpu_type_t *row = &tables->gpu_types[type];
    return day < row->available_day ? 0 : quota_per_day(params, row, day);
}

int64_t mdl_channel_allot(mdl_chips_t *self, int32_t type, int64_t wanted)
{
    mdl_channel_t *channel = &self->market[type].channel;
    int64_t given = wanted < channel->for_platforms ? wanted : channel->for_platforms;
    given = given > 0 ? given : 0;
    channel->for_platforms -= given;
    channel->sold += given;
    return given;
}

sim_status_t mdl_channel_order(mdl_chips_t *self, const mdl_tables_t *tables, int32_t type, uint32_t account,
                               int64_t ask_fen, int64_t day, sim_error_t *err)
{
    int64_t quantity = self->market[type].channel.available;
    if (quantity <= 0)
        return SIM_OK;
    mdl_order_t order = {.side = MDL_SIDE_SELL,
                         .account = account,
                         .tag = (uint32_t)type,
                         .quantity = quantity < MDL_CHIPS_MAX_QUANTITY ? quantity : MDL_CHIPS_MAX_QUANTITY,
                         .limit_fen = ask_fen,
                         .last_day = day,
                         .channel = tables->gpu_types[type].foreign ? MDL_CHANNEL_OFFICIAL : MDL_CHANNEL_DOMESTIC};
    return mdl_chips_order(self, type, &order, NULL, err);
}

int64_t mdl_channel_ask_fen(const mdl_params_t *params, const mdl_tables_t *tables, int32_t type)
{
    const mdl_gpu_type_t *row = &tables->gpu_types[type];
    int64_t list = list_fen(row);
    return row->foreign ? mdl_money_share(list, 1 + params->chips_tariff_share) : list;
}

int64_t mdl_channel_tariff_fen(const mdl_params_t *params, const mdl_tables_t *tables, int32_t type, int64_t price_fen)
{
    if (!tables->gpu_types[type].foreign)
        return 0;
    return mdl_money_share(price_fen, params->chips_tariff_share / (1 + params->chips_tariff_share));
}

int64_t mdl_channel_lead_d(const mdl_params_t *params, const mdl_tables_t *tables, int32_t type)
{
    double lead = (double)tables->gpu_types[type].lead_time_d * params->chips_lead_time_scale;
    return (int64_t)(lead + 0.5);
}
