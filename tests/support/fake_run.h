// SPDX-License-Identifier: GPL-3.0-or-later
/* A made-up experiment for tests of the store: a schema with every kind of channel, and replications whose values
 * follow from their key alone. */
#ifndef TEST_FAKE_RUN_H
#define TEST_FAKE_RUN_H

#include "sim/store.h"

enum {
    FAKE_PRICE,
    FAKE_NOISE,
    FAKE_BUSY,
    FAKE_TYPES,
    FAKE_DEBT,
    FAKE_PEAK,
    FAKE_PEAK_DATE,
    FAKE_OPENED,
    FAKE_GPUS,
    FAKE_CHANNELS
};

#define FAKE_WEEKS     20
#define FAKE_MONTHS    5
#define FAKE_PROVINCES 3
#define FAKE_TYPES_N   2

const sim_schema_t *fake_schema(void);       /* with event rows */
const sim_schema_t *fake_schema_quiet(void); /* without */
extern const char *const fake_arms[4];       /* baseline, clawback, vouchers, no-subsidy */
extern const char *const fake_provinces[FAKE_PROVINCES];

/* A plan over the first `n_arms` arms; identity "name: fake\nseed: 1\n". */
sim_store_plan_t fake_plan(const sim_schema_t *schema, uint32_t n_arms, uint32_t n_points, uint32_t n_replications);

/* Value of a channel as recorded, before rounding; `i` counts row-major over the channel's dimensions. NaN where the
 * replication leaves it missing. */
double fake_value(sim_run_key_t key, uint32_t channel, size_t i);
uint32_t fake_items(sim_run_key_t key);  /* centres of a replication, 0 to 5; one replication has 300 */
uint32_t fake_events(sim_run_key_t key); /* event rows of a replication */
void fake_record(sim_recorder_t *recorder, sim_run_key_t key);
sim_run_meta_t fake_meta(sim_run_key_t key);

/* Records and puts one replication with a recorder of its own. */
sim_status_t fake_put(sim_store_t *store, sim_run_key_t key, const sim_schema_t *schema, sim_error_t *err);
/* All replications of a plan that the store does not have. */
sim_status_t fake_put_all(sim_store_t *store, const sim_store_plan_t *plan, sim_error_t *err);

/* A fresh folder below $TMPDIR or /tmp, and its removal with all that is in it. */
char *fake_folder(void);
/* The same in memory where there is such a place: for many small files that no disk need see. */
char *fake_folder_in_memory(void);
void fake_remove(const char *folder);
/* "folder/name" in a static ring of 8 buffers. */
const char *fake_path(const char *folder, const char *name);

#endif
