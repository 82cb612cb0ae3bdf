// SPDX-License-Identifier: GPL-3.0-or-later
/* What the finish hook may add to a file: variables, texts, scales. */
#include "sim/store_hdf5.h"

#include <stdlib.h>
#include <string.h>

#define CONTIGUOUS_MAX_VALUES ((hsize_t)8192) /* smaller variables are not worth compressing */

/* "/group/name" in two; free both through `group`. */
typedef struct place {
    char *group; /* "" = root */
    const char *name;
} place_t;

static sim_status_t split_path(sim_result_t *self, const char *path, place_t *place, sim_error_t *err)
{
    SIM_ASSERT(self->writing);
    place->group = strdup(*path == '/' ? path + 1 : path);
    if (place->group == NULL)
        return sim_fail(err, SIM_ENOMEM, self->path, "no memory for a path");
    char *slash = strrchr(place->group, '/');
    if (slash == NULL) {
        place->name = *path == '/' ? path + 1 : path;
        place->group[0] = '\0';
    } else {
        *slash = '\0';
        place->name = slash + 1;
    }
    return SIM_OK;
}

static void cut_chunks(sim_h5_variable_t *v, const sim_array_t *array)
{
    hsize_t total = 1;
    for (uint32_t i = 0; i < array->n_dims; i++)
        total *= array->shape[i];
    if (total <= CONTIGUOUS_MAX_VALUES)
        return;
    for (uint32_t i = 0; i < array->n_dims; i++)
        v->chunk[i] = array->shape[i];
    if (array->n_dims > 1)
        v->chunk[0] = 1;
    else if (v->chunk[0] > CONTIGUOUS_MAX_VALUES)
        v->chunk[0] = CONTIGUOUS_MAX_VALUES;
    v->shuffle = true;
}

static sim_status_t check_shape(sim_result_t *self, const char *group, const sim_array_t *array, const char *path,
                                sim_error_t *err)
{
    for (uint32_t i = 0; i < array->n_dims; i++) {
        const sim_h5_scale_t *scale = sim_h5_borrow_scale(self, group, array->dims[i]);
        if (scale == NULL && sim_h5_find_scale(self, "", array->dims[i]) != NULL)
            return sim_h5_fail(err, self->path, path);
        if (scale == NULL)
            return sim_fail(err, SIM_EINTERNAL, self->path, "%s: dimension %s has no scale in its group or at the root",
                            path, array->dims[i]);
        if (scale->size != array->shape[i])
            return sim_fail(err, SIM_EINTERNAL, self->path, "%s: %zu values along %s, its scale has %llu", path,
                            array->shape[i], array->dims[i], (unsigned long long)scale->size);
    }
    return SIM_OK;
}

static hid_t create(sim_result_t *self, const place_t *place, const sim_array_t *array)
{
    sim_h5_variable_t v = {.group = place->group,
                           .name = place->name,
                           .type = H5T_IEEE_F64LE,
                           .n_dims = (int)array->n_dims,
                           .missing_is_nan = true,
                           .units = array->units[0] == '\0' ? "1" : array->units,
                           .long_name = array->long_name[0] == '\0' ? place->name : array->long_name};
    for (uint32_t i = 0; i < array->n_dims; i++)
        v.dims[i] = array->dims[i];
    cut_chunks(&v, array);
    return sim_h5_create_variable(self, &v);
}

static bool same_shape(hid_t dataset, const sim_array_t *array)
{
    sim_h5_shape_t shape;
    bool same = sim_h5_get_shape(dataset, &shape) >= 0 && shape.n_dims == (int)array->n_dims;
    for (uint32_t i = 0; same && i < array->n_dims; i++)
        same = shape.size[i] == array->shape[i] && strcmp(shape.name[i], array->dims[i]) == 0;
    return same;
}

static bool holds_doubles(hid_t dataset)
{
    hid_t type = H5Dget_type(dataset);
    bool doubles = type >= 0 && H5Tequal(type, H5T_IEEE_F64LE) > 0;
    sim_h5_close(type);
    return doubles;
}

/* A variable to be written over. What others than doubles turn into in the file is not known, but read. */
static hid_t open_again(sim_result_t *self, const char *path)
{
    hid_t dataset = H5Dopen2(self->file, path, H5P_DEFAULT);
    if (dataset >= 0 && !holds_doubles(dataset))
        sim_h5_forget(self, path);
    return dataset;
}

/* Opens the variable if it exists with the array's shape, else makes it. */
static sim_status_t open_or_create(sim_result_t *self, const place_t *place, const char *path, const sim_array_t *array,
                                   hid_t *dataset, sim_error_t *err)
{
    htri_t there = sim_h5_exists(self, path);
    *dataset = -1;
    if (there > 0)
        *dataset = open_again(self, path);
    else if (there == 0)
        *dataset = create(self, place, array);
    if (there > 0 && *dataset >= 0 && !same_shape(*dataset, array))
        return sim_fail(err, SIM_EINTERNAL, self->path, "%s exists with other dimensions", path);
    return *dataset < 0 ? sim_h5_fail(err, self->path, path) : SIM_OK;
}

sim_status_t sim_result_write(sim_result_t *self, const char *path, const sim_array_t *array, sim_error_t *err)
{
    place_t place;
    hid_t dataset = -1;
    sim_status_t status = split_path(self, path, &place, err);
    if (status == SIM_OK)
        status = check_shape(self, place.group, array, path, err);
    if (status == SIM_OK)
        status = open_or_create(self, &place, path, array, &dataset, err);
    if (status == SIM_OK && (H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, array->values) < 0 ||
                             !sim_h5_know_values(self, place.group, place.name, array->values)))
        status = sim_h5_fail(err, self->path, path);
    sim_h5_close(dataset);
    free(place.group);
    return status;
}

static sim_status_t write_attribute(sim_result_t *self, const char *path, const char *at, const char *text,
                                    sim_error_t *err)
{
    char *object = strndup(path, (size_t)(at - path));
    htri_t there = object == NULL ? -1 : sim_h5_exists(self, object);
    hid_t id = -1;
    if (there == 0 && sim_h5_group(self, object) >= 0)
        there = 1;
    if (there > 0)
        id = H5Oopen(self->file, *object == '\0' ? "/" : object, H5P_DEFAULT);
    htri_t old = id < 0 ? -1 : H5Aexists(id, at + 1);
    bool good = (old == 0 || (old > 0 && H5Adelete(id, at + 1) >= 0)) && sim_h5_set_text(self, id, at + 1, text) >= 0;
    sim_status_t status = good ? SIM_OK : sim_h5_fail(err, self->path, path);
    if (good)
        sim_h5_forget(self, object);
    sim_h5_close(id);
    free(object);
    return status;
}

sim_status_t sim_result_write_text(sim_result_t *self, const char *path, const char *text, sim_error_t *err)
{
    const char *at = strchr(path, '@');
    if (at != NULL)
        return write_attribute(self, path, at, text, err);
    place_t place;
    sim_status_t status = split_path(self, path, &place, err);
    if (status < 0)
        return status;
    hid_t type = sim_h5_text_type(), dataset = -1;
    sim_h5_variable_t v = {
        .group = place.group, .name = place.name, .type = type, .units = "1", .long_name = place.name};
    if (type >= 0)
        dataset = sim_h5_create_variable(self, &v);
    if (dataset < 0 || sim_h5_write_small(self, dataset, type, &text) < 0 ||
        !sim_h5_know_values(self, place.group, place.name, &text))
        status = sim_h5_fail(err, self->path, path);
    sim_h5_close(dataset);
    sim_h5_close(type);
    free(place.group);
    return status;
}

static const char *group_name(const char *group)
{
    return *group == '/' ? group + 1 : group;
}

sim_status_t sim_result_write_labels(sim_result_t *self, const char *group, const char *dim, const char *const *labels,
                                     size_t n, sim_error_t *err)
{
    SIM_ASSERT(self->writing);
    const sim_h5_variable_t v = {
        .group = group_name(group), .name = dim, .type = sim_h5_text_type(), .units = "1", .long_name = dim};
    bool good = v.type >= 0 && sim_h5_add_scale(self, &v, labels, n) != NULL;
    sim_status_t status = good ? SIM_OK : sim_h5_fail(err, self->path, dim);
    sim_h5_close(v.type);
    return status;
}

sim_status_t sim_result_write_scale(sim_result_t *self, const char *group, const char *dim, const double *values,
                                    size_t n, const char *units, const char *long_name, sim_error_t *err)
{
    SIM_ASSERT(self->writing);
    const sim_h5_variable_t v = {
        .group = group_name(group), .name = dim, .type = H5T_IEEE_F64LE, .units = units, .long_name = long_name};
    return sim_h5_add_scale(self, &v, values, n) != NULL ? SIM_OK : sim_h5_fail(err, self->path, dim);
}
