// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/agents/central.h"

bool mdl_central_may_approve(const mdl_params_t *params, double province_utilisation, bool has_centres)
{
    return !has_centres || province_utilisation >= params->central_approval_cap;
}

double mdl_central_hub_factor(const mdl_params_t *params, const mdl_province_t *province)
{
    return params->central_hubs && province->hub ? params->central_hub_boost : 1;
}

bool mdl_central_must_go_west(const mdl_params_t *params, bool for_training, const double u[2])
{
    return u[0] < params->location_west && (for_training || u[1] >= params->location_waiver);
}

bool mdl_central_may_buy(const mdl_params_t *params, const mdl_gpu_type_t *type, bool state_funded)
{
    return params->rules_foreign_chips || !type->foreign || !state_funded;
}

bool mdl_central_must_remove(const mdl_params_t *params, const mdl_gpu_type_t *type, bool state_funded,
                             double installed_share)
{
    return !mdl_central_may_buy(params, type, state_funded) && installed_share < params->rules_foreign_grace;
}
