// SPDX-License-Identifier: GPL-3.0-or-later
/* Dimension scales: the attributes by which HDF5's dimension-scale specification and netCDF-4 name the axes. */
#include "sim/store_hdf5.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An element of REFERENCE_LIST: a variable and which of its axes. */
typedef struct sim_h5_reference {
    hobj_ref_t variable;
    uint32_t axis;
    uint32_t padding; /* zero, so that equal files are equal bytes */
} sim_h5_reference_t;

/* More than this outgrow the 64 KiB of an attribute. */
#define MAX_REFERENCES ((size_t)4000)

sim_h5_scale_t *sim_h5_find_scale(const sim_result_t *self, const char *group, const char *name)
{
    for (size_t i = self->n_scales; i-- > 0;) /* groups are made in turn: most that are asked for are the latest */
        if (strcmp(self->scales[i].name, name) == 0 && strcmp(self->scales[i].group, group) == 0)
            return &self->scales[i];
    return NULL;
}

/* netCDF and HDF5 tools expect these two as fixed-length text. */
static herr_t set_fixed_text(hid_t object, const char *name, const char *text)
{
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR), attribute = -1;
    herr_t status = -1;
    if (type >= 0 && space >= 0 && H5Tset_size(type, strlen(text) + 1) >= 0)
        attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute >= 0)
        status = H5Awrite(attribute, type, text);
    sim_h5_close(attribute);
    sim_h5_close(space);
    sim_h5_close(type);
    return status;
}

/* Keeps an open scale; takes over `dataset`. */
static sim_h5_scale_t *keep(sim_result_t *self, const char *group, const char *name, hid_t dataset, hsize_t n)
{
    if (self->n_scales == self->max_scales) {
        size_t max = self->max_scales == 0 ? 32 : 2 * self->max_scales;
        sim_h5_scale_t *scales = realloc(self->scales, max * sizeof *scales);
        if (scales == NULL)
            return NULL;
        self->scales = scales;
        self->max_scales = max;
    }
    sim_h5_scale_t *scale = &self->scales[self->n_scales];
    *scale = (sim_h5_scale_t){.group = strdup(group), .name = strdup(name), .dataset = dataset, .size = n};
    if (scale->group == NULL || scale->name == NULL || H5Rcreate(&scale->reference, dataset, ".", H5R_OBJECT, -1) < 0) {
        free(scale->group);
        free(scale->name);
        return NULL;
    }
    self->n_scales++;
    return scale;
}

/* What its values are in memory. */
static hid_t memory_type(hid_t type)
{
    H5T_class_t class = H5Tget_class(type);
    return class == H5T_FLOAT ? H5T_NATIVE_DOUBLE : class == H5T_INTEGER ? H5T_NATIVE_INT64 : type;
}

sim_h5_scale_t *sim_h5_add_scale(sim_result_t *self, const sim_h5_variable_t *v, const void *values, hsize_t n)
{
    sim_h5_shape_t shape = {.n_dims = 1, .size = {n}};
    snprintf(shape.name[0], sizeof shape.name[0], "%.31s", v->name);
    hid_t space = H5Screate_simple(1, &n, NULL), dataset = space < 0 ? -1 : sim_h5_create_dataset(self, v, space);
    sim_h5_scale_t *scale = NULL;
    sim_h5_close(space);
    if (dataset >= 0 && sim_h5_write_small(self, dataset, memory_type(v->type), values) >= 0 &&
        set_fixed_text(dataset, "CLASS", "DIMENSION_SCALE") >= 0 && set_fixed_text(dataset, "NAME", v->name) >= 0 &&
        sim_h5_describe(self, dataset, v, &shape) >= 0 && sim_h5_know_values(self, v->group, v->name, values))
        scale = keep(self, v->group, v->name, dataset, n);
    if (scale == NULL)
        sim_h5_close(dataset);
    return scale;
}

/* Without H5Dvlen_reclaim, which makes HDF5 forget why another call failed. */
static void free_texts(char **texts, hsize_t n)
{
    for (hsize_t i = 0; i < n; i++)
        free(texts[i]);
}

/* A scale like `dataset`, of n values, in another group. By hand, as H5Ocopy crashes when it can't read. */
static sim_h5_scale_t *copy_scale(sim_result_t *self, hid_t dataset, hsize_t n, const char *group, const char *name)
{
    hid_t type = H5Dget_type(dataset), in_memory = type < 0 ? -1 : memory_type(type);
    char *units = sim_h5_get_text(dataset, "units"), *long_name = NULL;
    uint64_t *values = calloc((size_t)n + 1, sizeof *values);
    sim_h5_scale_t *scale = NULL;
    if (type >= 0 && values != NULL && units != NULL && (long_name = sim_h5_get_text(dataset, "long_name")) != NULL &&
        sim_h5_read_small(self, dataset, in_memory, values) >= 0) {
        sim_h5_variable_t v = {.group = group, .name = name, .type = type, .units = units, .long_name = long_name};
        scale = sim_h5_add_scale(self, &v, values, n);
        if (in_memory == type)
            free_texts((char **)(void *)values, n);
    }
    free(values);
    free(units);
    free(long_name);
    sim_h5_close(type);
    return scale;
}

sim_h5_scale_t *sim_h5_borrow_scale(sim_result_t *self, const char *group, const char *name)
{
    sim_h5_scale_t *here = sim_h5_find_scale(self, group, name);
    sim_h5_scale_t *root = here != NULL ? NULL : sim_h5_find_scale(self, "", name);
    return root == NULL ? here : copy_scale(self, root->dataset, root->size, group, name);
}

static bool note_reference(sim_h5_scale_t *scale, hobj_ref_t variable, uint32_t axis)
{
    if (scale->n_references == MAX_REFERENCES)
        return false;
    if (scale->n_references == scale->max_references) {
        size_t max = scale->max_references == 0 ? 16 : 2 * scale->max_references;
        sim_h5_reference_t *references = realloc(scale->references, max * sizeof *references);
        if (references == NULL)
            return false;
        scale->references = references;
        scale->max_references = max;
    }
    scale->references[scale->n_references++] = (sim_h5_reference_t){.variable = variable, .axis = axis};
    return true;
}

static herr_t write_dimension_list(hid_t dataset, hobj_ref_t *scales, int n)
{
    hvl_t lists[SIM_RESULT_MAX_DIMS];
    for (int i = 0; i < n; i++)
        lists[i] = (hvl_t){.len = 1, .p = &scales[i]};
    hid_t type = H5Tvlen_create(H5T_STD_REF_OBJ);
    herr_t status = type < 0 ? -1 : sim_h5_set_number(dataset, "DIMENSION_LIST", type, lists, (size_t)n);
    sim_h5_close(type);
    return status;
}

herr_t sim_h5_attach_scales(sim_result_t *self, hid_t dataset, const sim_h5_variable_t *v)
{
    hobj_ref_t variable, scales[SIM_RESULT_MAX_DIMS];
    if (v->n_dims == 0)
        return 0;
    if (H5Rcreate(&variable, dataset, ".", H5R_OBJECT, -1) < 0)
        return -1;
    for (int i = 0; i < v->n_dims; i++) {
        sim_h5_scale_t *scale = sim_h5_find_scale(self, v->group, v->dims[i]);
        if (scale == NULL || !note_reference(scale, variable, (uint32_t)i))
            return -1;
        scales[i] = scale->reference;
    }
    return write_dimension_list(dataset, scales, v->n_dims);
}

static hid_t reference_type(void)
{
    hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(sim_h5_reference_t));
    if (type >= 0 && (H5Tinsert(type, "dataset", offsetof(sim_h5_reference_t, variable), H5T_STD_REF_OBJ) < 0 ||
                      H5Tinsert(type, "dimension", offsetof(sim_h5_reference_t, axis), H5T_STD_U32LE) < 0)) {
        sim_h5_close(type);
        return -1;
    }
    return type;
}

herr_t sim_h5_finish_scales(sim_result_t *self)
{
    hid_t type = reference_type();
    herr_t status = type < 0 ? -1 : 0;
    for (size_t i = 0; status >= 0 && i < self->n_scales; i++) {
        const sim_h5_scale_t *scale = &self->scales[i];
        if (scale->n_references > 0)
            status = sim_h5_set_number(scale->dataset, "REFERENCE_LIST", type, scale->references, scale->n_references);
    }
    sim_h5_close(type);
    return status;
}

void sim_h5_free_scales(sim_result_t *self)
{
    for (size_t i = 0; i < self->n_scales; i++) {
        sim_h5_close(self->scales[i].dataset);
        free(self->scales[i].group);
        free(self->scales[i].name);
        free(self->scales[i].references);
    }
    free(self->scales);
    self->scales = NULL;
    self->n_scales = self->max_scales = 0;
}
