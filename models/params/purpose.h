// SPDX-License-Identifier: GPL-3.0-or-later
/* What random draws are for: word 2 of every random address (sim/rng.h), and the kinds of entity that own them.
 *
 * A number, once used, keeps its meaning: results of earlier versions depend on it. Append only.
 */
#ifndef MDL_PURPOSE_H
#define MDL_PURPOSE_H

enum mdl_entity_kind {
    MDL_ENTITY_ECONOMY = 1,
    MDL_ENTITY_CITY,
    MDL_ENTITY_DEVELOPER,
    MDL_ENTITY_PROJECT, /* ordinal within its developer */
    MDL_ENTITY_LAB,
    MDL_ENTITY_PLATFORM,
    MDL_ENTITY_PROVINCE, /* enterprise demand */
    MDL_ENTITY_BROKER,
    MDL_ENTITY_BANK,
    MDL_ENTITY_DATACENTRE,
    MDL_ENTITY_CONTRACT, /* ordinal within its tenant */
    MDL_ENTITY_NODE,
    MDL_ENTITY_GENERATOR /* of synthetic jobs; ordinal 0: its jobs, n: its n-th tenant */
};

/* Blocks of 100 per folder, so that folders can append without meeting. */
enum mdl_purpose {
    MDL_PURPOSE_HARDWARE = 100,
    MDL_PURPOSE_FAILURE = 101, /* entity: centre; event: number of the failure */
    MDL_PURPOSE_SCHEDULER = 200,
    MDL_PURPOSE_PACKING = 201, /* replay/packing.h; entity: 1 ranks, 2 order, 3 copies, 4 the rule's draws; walks on */
    MDL_PURPOSE_WORKLOAD = 300,
    MDL_PURPOSE_JOB = 301,     /* 301 to 304, one per class of job; entity: contract; event: number of the job,
                                * for services the number of the interval since the start */
    MDL_PURPOSE_GENERATED_JOB = 305, /* event: number of the job */
    MDL_PURPOSE_GENERATED_DAY = 306, /* a tenant's activity; event: day */
    MDL_PURPOSE_GENERATED_HOUR = 307, /* and event: hour */
    MDL_PURPOSE_MARKET = 400,
    MDL_PURPOSE_RENTAL_SEARCH = 401, /* search and churn; event: number of the tenant's request */
    MDL_PURPOSE_SEIZURE = 402,       /* event: day sent x MDL_MAX_GPU_TYPES + type */
    MDL_PURPOSE_LOAN = 403,          /* event: attempt of the borrower */
    MDL_PURPOSE_POWER_AUDIT = 404,   /* event: day */
    MDL_PURPOSE_AGENTS = 500, /* 500 to 549: demand side, models/agents/demand.h */
    MDL_PURPOSE_DEVELOPER_TRAITS = 550,
    MDL_PURPOSE_DEVELOPER_ANNOUNCE, /* event: week */
    MDL_PURPOSE_DEVELOPER_SITE,     /* event: week */
    MDL_PURPOSE_PROJECT_SIZE,       /* once per project */
    MDL_PURPOSE_PROJECT_BUILD,      /* event: stage */
    MDL_PURPOSE_PROJECT_APPROVAL,   /* event: day */
    MDL_PURPOSE_PROJECT_FINANCE,    /* event: day */
    MDL_PURPOSE_PROJECT_PATIENCE,   /* event: day */
    MDL_PURPOSE_PROJECT_AUDIT,      /* event: day */
    MDL_PURPOSE_PROJECT_BAILOUT,    /* event: day */
    MDL_PURPOSE_DEVELOPER_LOCATION, /* event: day */
    MDL_PURPOSE_PROJECT_OWNER,      /* once per project: whether its owner pays what it lacks */
    MDL_PURPOSE_ECONOMY = 900,
    MDL_PURPOSE_START_CENTRES, /* sites and sizes of what exists on the first day */
    MDL_PURPOSE_TENANT_TRAITS  /* province, what is ported: once */
};

#endif
