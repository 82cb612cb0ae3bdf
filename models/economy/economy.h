// SPDX-License-Identifier: GPL-3.0-or-later
/* The economy: agents, markets and data centres wired into one world. The only folder that knows them all.
 *
 *     mdl_economy_schema(&input, &schema);             // what a run records
 *     sim_world_create(&world, mdl_economy_model(), &input, &options, &err);
 *     mdl_economy_populate(world, recorder, &err);     // LP 0 = the economy, platforms' centres, first events
 *     sim_world_run(world, input.horizon_s, &control, &err);
 *     mdl_economy_finish(world, recorder, &meta, &err);// outcomes and final states
 */
#ifndef MDL_ECONOMY_H
#define MDL_ECONOMY_H

#include "models/params/input.h"
#include "sim/recorder.h"
#include "sim/store.h"
#include "sim/world.h"

const sim_model_t *mdl_economy_model(void);

/* Channels and dimensions of a run of `input`; labels and times stay valid while `input` and its tables live.
 * Free with mdl_economy_schema_free. */
sim_status_t mdl_economy_schema(const mdl_input_t *input, sim_schema_t *schema, sim_error_t *err);
void mdl_economy_schema_free(sim_schema_t *schema);

/* Name of outcome number i of those that any run records, from 0; NULL behind the last. */
const char *mdl_economy_outcome(size_t i);

/* Fills a fresh world (its input is an mdl_input_t). `recorder` must outlive the world's run; a clone needs its own
 * (mdl_economy_attach). */
sim_status_t mdl_economy_populate(sim_world_t *world, sim_recorder_t *recorder, sim_error_t *err);

/* Points a cloned world at its own recorder; call it before running on. Parameters of the clone's input that differ
 * from the parent's take effect at the clone's current time. */
sim_status_t mdl_economy_attach(sim_world_t *world, sim_recorder_t *recorder, sim_error_t *err);

/* Writes outcomes and item tables, and fills `meta` (fingerprint, events, jobs). */
sim_status_t mdl_economy_finish(sim_world_t *world, sim_recorder_t *recorder, sim_run_meta_t *meta, sim_error_t *err);

/* Full recount of money, GPUs, jobs and energy. Also run during the simulation when input->audit is set. */
sim_status_t mdl_economy_audit(sim_world_t *world, sim_error_t *err);

#endif
