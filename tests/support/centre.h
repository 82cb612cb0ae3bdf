// SPDX-License-Identifier: GPL-3.0-or-later
/* Worlds of data centres for tests: one GPU type that is an H100 in all but name, default parameters to be changed
 * before opening, daily windows. */
#ifndef TEST_SUPPORT_CENTRE_H
#define TEST_SUPPORT_CENTRE_H

#include "models/datacentre/datacentre.h"

typedef struct test_centres {
    mdl_tables_t tables;
    mdl_input_t input; /* input.params may be changed before test_centres_open, */
    size_t max_bytes;  /* and the bound of the world's memory; 0: the engine's own */
    sim_world_t *world;
} test_centres_t;

void test_centres_init(test_centres_t *self);
void test_centres_open(test_centres_t *self, uint64_t seed, int threads);
void test_centres_free(test_centres_t *self);

/* Adds a centre with a training fabric, all nodes powered, at the world's time. */
uint32_t test_centres_add(test_centres_t *self, uint32_t nodes, uint64_t entity);
/* The same on single nodes or as a pool. */
uint32_t test_centres_add_in_mode(test_centres_t *self, uint32_t nodes, uint64_t entity, mdl_datacentre_mode_t mode);
/* With less power or a slower fabric. */
uint32_t test_centres_add_spec(test_centres_t *self, const mdl_datacentre_spec_t *spec);

/* A contract for 8 nodes of fine-tuning, and terms of another size. */
extern const mdl_contract_terms_t test_quiet_finetune;
mdl_contract_terms_t test_sized(mdl_contract_terms_t terms, uint32_t nodes);

/* Sends an order that is delivered at the world's time. */
void test_centres_start(test_centres_t *self, uint32_t lp, uint32_t number, mdl_contract_terms_t terms);
void test_centres_resize(test_centres_t *self, uint32_t lp, uint32_t number, mdl_contract_terms_t terms);
void test_centres_order(test_centres_t *self, uint32_t lp, uint32_t type, uint32_t number, int64_t a);

/* Runs to a time, failing the test on an error; the boundary function of the world audits every centre and grows pools.
 */
void test_centres_run(test_centres_t *self, int64_t until_s);
const mdl_datacentre_meter_t *test_centres_read(test_centres_t *self, uint32_t lp);

#endif
