// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/workload/tenancy.h"

enum { NODE_BITS = 20, ACTIVITY_BITS = 12, CLASS_BITS = 4 };

static uint64_t push(uint64_t word, uint64_t value, unsigned bits)
{
    SIM_ASSERT(value < UINT64_C(1) << bits);
    return word << bits | value;
}

static uint32_t pop(uint64_t *word, unsigned bits)
{
    uint32_t value = (uint32_t)(*word & ((UINT64_C(1) << bits) - 1));

    *word >>= bits;
    return value;
}

int64_t mdl_contract_pack(const mdl_contract_terms_t *terms)
{
    uint64_t word = push(0, terms->job_class, CLASS_BITS);

    word = push(word, terms->nodes, NODE_BITS);
    word = push(word, terms->gang_nodes, NODE_BITS);
    word = push(word, terms->activity_permille, ACTIVITY_BITS);
    return (int64_t)push(word, terms->ported, 1);
}

mdl_contract_terms_t mdl_contract_unpack(int64_t packed)
{
    uint64_t word = (uint64_t)packed;
    mdl_contract_terms_t terms = {0};

    terms.ported = pop(&word, 1);
    terms.activity_permille = pop(&word, ACTIVITY_BITS);
    terms.gang_nodes = pop(&word, NODE_BITS);
    terms.nodes = pop(&word, NODE_BITS);
    terms.job_class = pop(&word, CLASS_BITS);
    return terms;
}

void mdl_tenancy_set_terms(mdl_tenancy_t *self, const mdl_contract_terms_t *terms)
{
    self->job_class = (uint8_t)terms->job_class;
    self->ported = terms->ported;
    self->nodes = terms->nodes;
    self->gang_nodes = terms->gang_nodes;
    self->activity_permille = terms->activity_permille;
}
