// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/params/shocks.h"

#include <string.h>

static const mdl_shock_type_t registry[MDL_SHOCK_KINDS] = {
    {MDL_SHOCK_EXPORT_RULE, "export_rule", true, false, "", 0, 0, true,
     "from here on the GPU types in `types` may not be exported to China"},
    {MDL_SHOCK_EXPORT_LICENCE, "export_licence", true, false, "", 0, 0, true,
     "from here on the GPU types in `types` may be exported again"},
    {MDL_SHOCK_MODEL_RELEASE, "model_release", false, true, "1", 0, 5, true,
     "an open model moves the open frontier by `value` (log capability)"},
    {MDL_SHOCK_HYPE, "hype", false, true, "1", 0, 1, false, "attention jumps by `value`, as at the ChatGPT release"},
    {MDL_SHOCK_EFFICIENCY, "efficiency", false, true, "1", 0.1, 100, true,
     "tokens per GPU hour are multiplied by `value`"},
    {MDL_SHOCK_PRICE_WAR, "price_war", false, true, "1", 0.01, 10, true, "token margins are multiplied by `value`"},
};

const mdl_shock_type_t *mdl_shock_registry(size_t *n)
{
    *n = MDL_SHOCK_KINDS;
    return registry;
}

const mdl_shock_type_t *mdl_shock_find(const char *name)
{
    for (size_t i = 0; i < MDL_SHOCK_KINDS; i++)
        if (strcmp(registry[i].name, name) == 0)
            return &registry[i];
    return NULL;
}

const char *mdl_detail_name(int i)
{
    static const char *const names[MDL_DETAILS] = {"province", "gpu_market", "rental",     "jobs",
                                                   "finance",  "ledger",     "developers", "centre"};
    SIM_ASSERT(i >= 0 && i < MDL_DETAILS);
    return names[i];
}
