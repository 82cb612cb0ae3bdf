// SPDX-License-Identifier: GPL-3.0-or-later
/* What a file being written is known to hold. Its digest is put together from this: to read hundreds of small variables
 * again, attribute by attribute, took a third of the time of writing them. What is not known is read. */
#include "sim/store_digest.h"

#include <stdlib.h>
#include <string.h>

/* In the order of their names, as the digest takes them from a file. */
static uint64_t hash_attributes(const sim_h5_attribute_t *attributes, int n)
{
    const sim_h5_attribute_t *sorted[SIM_H5_MAX_ATTRIBUTES];
    SIM_ASSERT(n <= SIM_H5_MAX_ATTRIBUTES);
    for (int i = 0; i < n; i++) {
        int at = i;
        for (; at > 0 && strcmp(attributes[i].name, sorted[at - 1]->name) < 0; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = &attributes[i];
    }
    uint64_t hash = SIM_HASH_START;
    for (int i = 0; i < n; i++) {
        const sim_h5_attribute_t *a = sorted[i];
        hash = sim_hash_text(sim_hash_text(hash, a->name), a->text != NULL ? "text" : sim_digest_type_name(a->type));
        hash = a->text != NULL ? sim_hash_text(hash, a->text) : sim_hash_word(hash, sim_hash_values(a->values, a->n));
    }
    return hash;
}

static const char *without_slash(const char *path)
{
    return *path == '/' ? path + 1 : path;
}

static bool is_at(const char *path, const char *group, const char *name)
{
    const char *start = without_slash(group);
    size_t n = strlen(start);
    if (strncmp(path + 1, start, n) != 0 || (n > 0 && path[1 + n] != '/'))
        return false;
    return strcmp(path + 1 + n + (n > 0), without_slash(name)) == 0;
}

/* Tells most paths apart without a look at them. */
static uint32_t number_path(uint32_t number, const char *path)
{
    for (; *path != '\0'; path++)
        number = (number ^ (unsigned char)*path) * UINT32_C(16777619);
    return number;
}

static uint32_t number_of(const char *group, const char *name)
{
    const char *start = without_slash(group);
    uint32_t number = number_path(UINT32_C(2166136261), start);
    if (*start != '\0')
        number = number_path(number, "/");
    return number_path(number, without_slash(name));
}

static sim_h5_known_t *find(const sim_result_t *self, const char *group, const char *name)
{
    uint32_t number = number_of(group, name);
    for (size_t i = 0; i < self->n_known; i++)
        if (self->known[i].number == number && is_at(self->known[i].path, group, name))
            return &self->known[i];
    return NULL;
}

static bool reserve(sim_result_t *self)
{
    if (self->n_known < self->max_known)
        return true;
    size_t max = self->max_known == 0 ? 64 : 2 * self->max_known;
    sim_h5_known_t *known = realloc(self->known, max * sizeof *known);
    if (known == NULL)
        return false;
    self->known = known;
    self->max_known = max;
    return true;
}

bool sim_h5_know(sim_result_t *self, const sim_h5_variable_t *v, const sim_h5_shape_t *shape,
                 const sim_h5_attribute_t *attributes, int n)
{
    char *path = sim_h5_path(v->group, v->name);
    if (path == NULL || !reserve(self)) {
        free(path);
        return false;
    }
    uint64_t head = sim_digest_head(path, v->type, shape, hash_attributes(attributes, n));
    self->known[self->n_known++] = (sim_h5_known_t){.number = number_of(v->group, v->name),
                                                    .path = path,
                                                    .class = H5Tget_class(v->type),
                                                    .shape = *shape,
                                                    .head = head};
    return true;
}

/* Values that the digest reads in several pieces are left to it. */
static bool in_one_piece(const sim_digest_cut_t *cut, size_t n)
{
    return cut->has_arms || (cut->n_outer < 2 && n <= SIM_DIGEST_PIECE_VALUES);
}

static uint64_t hash_one(const sim_h5_known_t *known, const sim_digest_cut_t *cut, const void *values, size_t n)
{
    if (known->class == H5T_STRING)
        return sim_digest_texts(values, n);
    bool single = known->shape.n_dims == (cut->has_arms ? 1 : 0);
    return single ? sim_digest_leaf(cut, values, n) : sim_digest_chain(cut, SIM_HASH_START, values, n);
}

bool sim_h5_know_values(sim_result_t *self, const char *group, const char *name, const void *values)
{
    sim_h5_known_t *known = find(self, group, name);
    if (known == NULL)
        return true;
    sim_digest_cut_t cut = sim_digest_cut(&known->shape, known->class);
    bool by_arm = cut.has_arms && known->class != H5T_STRING;
    size_t n_arms = by_arm ? known->shape.size[0] : 1;
    size_t n = n_arms == 0 ? 0 : (size_t)sim_h5_shape_count(&known->shape) / n_arms;
    free(known->values);
    known->values = NULL;
    if (known->class != H5T_STRING && !in_one_piece(&cut, n))
        return true;
    known->values = malloc((n_arms + 1) * sizeof *known->values);
    known->n_values = n_arms;
    for (size_t arm = 0; known->values != NULL && arm < n_arms; arm++)
        known->values[arm] = hash_one(known, &cut, (const uint64_t *)values + arm * n, n);
    return known->values != NULL;
}

void sim_h5_know_hashes(sim_result_t *self, const char *group, const char *name, uint64_t **hashes, size_t n)
{
    sim_h5_known_t *known = find(self, group, name);
    if (known == NULL)
        return;
    free(known->values);
    known->values = *hashes;
    known->n_values = n;
    *hashes = NULL;
}

void sim_h5_forget(sim_result_t *self, const char *path)
{
    sim_h5_known_t *known = find(self, "", path);
    if (known == NULL)
        return;
    free(known->path);
    free(known->values);
    *known = self->known[--self->n_known];
}

const sim_h5_known_t *sim_h5_known(const sim_result_t *self, const char *group, const char *name)
{
    return find(self, group, name);
}

void sim_h5_free_known(sim_result_t *self)
{
    for (size_t i = 0; i < self->n_known; i++) {
        free(self->known[i].path);
        free(self->known[i].values);
    }
    free(self->known);
    self->known = NULL;
    self->n_known = self->max_known = 0;
}
