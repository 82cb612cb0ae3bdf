// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/economy/events.h"

#include "sim/error.h"

#include <string.h>

#define TURN  true
#define ASIDE false

static const mdl_event_type_t registry[MDL_EV_COUNT] = {
#define MDL_EV(id, name, who, turn, value, meaning, sentence)                                                          \
    {name, MDL_WHO_##who, turn, MDL_EV_VALUE_##value, meaning, sentence},
#include "models/economy/events.def"
#undef MDL_EV
};

const mdl_event_type_t *mdl_event_registry(size_t *n)
{
    *n = MDL_EV_COUNT;
    return registry;
}

const mdl_event_type_t *mdl_event_type_find(const char *name)
{
    for (size_t i = 0; i < MDL_EV_COUNT; i++)
        if (strcmp(registry[i].name, name) == 0)
            return &registry[i];
    return NULL;
}

const char *mdl_who_name(mdl_who_t who)
{
    static const char *const names[MDL_WHO_KINDS] = {"outside",   "parameter", "market", "bank",    "city",
                                                     "developer", "project",   "lab",    "platform"};
    SIM_ASSERT(who < MDL_WHO_KINDS);
    return names[who];
}

bool mdl_who_is_many(mdl_who_t who)
{
    return who != MDL_WHO_OUTSIDE && who != MDL_WHO_MARKET && who != MDL_WHO_BANK;
}
