// SPDX-License-Identifier: GPL-3.0-or-later
/* The types of event that a run tells when it is asked to (`--events`), and what their rows mean.
 *
 *     size_t n;
 *     const mdl_event_type_t *types = mdl_event_registry(&n);   // row type i of /events is types[i]
 *     types[MDL_EV_ENERGISED].sentence                          // "{who} was energised with {value}"
 *
 * Each type belongs to one kind of entity; an entity is a kind and an ordinal: projects in the order of announcement
 * (the rows of /centres), cities and platforms as rows of their tables, labs and developers in their order, parameters
 * as in the registry. The market, the bank and what comes from outside are one each, ordinal 0.
 */
#ifndef MDL_EVENTS_H
#define MDL_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

/* Numbers of the types; the list is events.def. */
typedef enum mdl_ev {
#define MDL_EV(id, ...) MDL_EV_##id,
#include "models/economy/events.def"
#undef MDL_EV
    MDL_EV_COUNT
} mdl_ev_t;

typedef enum mdl_who {
    MDL_WHO_OUTSIDE,   /* dated shocks */
    MDL_WHO_PARAMETER, /* dated changes */
    MDL_WHO_MARKET,
    MDL_WHO_BANK,
    MDL_WHO_CITY,
    MDL_WHO_DEVELOPER,
    MDL_WHO_PROJECT,
    MDL_WHO_LAB,
    MDL_WHO_PLATFORM,
    MDL_WHO_KINDS
} mdl_who_t;

/* How a value is to be read and printed. */
typedef enum mdl_ev_value {
    MDL_EV_VALUE_NONE,
    MDL_EV_VALUE_NUMBER, /* a plain number */
    MDL_EV_VALUE_SHARE,  /* of one; printed in per cent */
    MDL_EV_VALUE_YUAN,
    MDL_EV_VALUE_MW,
    MDL_EV_VALUE_GPUS,
    MDL_EV_VALUE_NODES,
    MDL_EV_VALUE_H100E, /* GPUs as H100-equivalents */
    MDL_EV_VALUE_CITY,  /* row of the cities table */
    MDL_EV_VALUE_TYPE,  /* row of the gpu_types table */
    MDL_EV_VALUE_TYPES  /* set of rows of the gpu_types table, sum of 2^row */
} mdl_ev_value_t;

typedef struct mdl_event_type {
    const char *name; /* as in flag_meanings of /events/type */
    mdl_who_t who;
    bool turn; /* later events of the entity may name it as their cause */
    mdl_ev_value_t value;
    const char *meaning;  /* of the value, with its unit */
    const char *sentence; /* with {who} and {value} */
} mdl_event_type_t;

/* All types, by number. */
const mdl_event_type_t *mdl_event_registry(size_t *n);
/* The type of that name, or NULL. */
const mdl_event_type_t *mdl_event_type_find(const char *name);
/* Name of a kind of entity ("project"). */
const char *mdl_who_name(mdl_who_t who);
/* Whether there are several of a kind, told apart by their ordinals. */
bool mdl_who_is_many(mdl_who_t who);

#endif
