// SPDX-License-Identifier: GPL-3.0-or-later
/* Reading a result file: variables as arrays of doubles, labels, texts, names. */
#include "sim/store_hdf5.h"
#include "sim/store_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The format version; a file without one is not ours, a newer one can't be read. */
static sim_status_t read_format(sim_result_t *self, sim_error_t *err)
{
    int32_t format = 0;
    hid_t attribute = -1;
    htri_t there = H5Aexists_by_name(self->file, "/", "overbuild_format", H5P_DEFAULT);
    if (there > 0)
        attribute = H5Aopen_by_name(self->file, "/", "overbuild_format", H5P_DEFAULT, H5P_DEFAULT);
    bool good = attribute >= 0 && H5Aread(attribute, H5T_NATIVE_INT32, &format) >= 0;
    sim_h5_close(attribute);
    self->format = format;
    if (!good && there != 0)
        return sim_h5_fail(err, self->path, "read overbuild_format");
    if (!good)
        return sim_fail(err, SIM_EINPUT, self->path, "an HDF5 file, but no result of overbuild (no overbuild_format)");
    if (format > SIM_STORE_FORMAT)
        return sim_fail(err, SIM_EINPUT, self->path,
                        "result of format %d; this program reads up to %d: use a newer one", format, SIM_STORE_FORMAT);
    return SIM_OK;
}

int sim_result_format(const sim_result_t *self)
{
    return self->format;
}

sim_status_t sim_result_open(sim_result_t **self, const char *path, sim_error_t *err)
{
    *self = NULL;
    if (access(path, F_OK) < 0)
        return sim_fail(err, SIM_EINPUT, path,
                        "no such file; expected a result, as 'overbuild run SCENARIO -o %s' makes", path);
    sim_h5_quiet();
    sim_result_t *result = calloc(1, sizeof *result);
    if (result == NULL || (result->path = strdup(path)) == NULL) {
        free(result);
        return sim_fail(err, SIM_ENOMEM, path, "no memory to open it");
    }
    sim_status_t status = SIM_OK;
    hid_t properties = sim_h5_access();
    result->file = properties < 0 ? -1 : H5Fopen(path, H5F_ACC_RDONLY, properties);
    if (result->file < 0)
        status = sim_h5_fail(err, path, "open");
    else
        status = read_format(result, err);
    sim_h5_close(properties);
    if (status < 0)
        sim_result_close(result);
    else
        *self = result;
    return status;
}

void sim_result_close(sim_result_t *self)
{
    if (self == NULL)
        return;
    sim_h5_drop_kept(self);
    sim_h5_free_known(self);
    sim_h5_close(self->file);
    free(self->path);
    free(self);
}

htri_t sim_h5_exists(sim_result_t *self, const char *path)
{
    char part[1024]; /* longer than any path of ours */
    size_t bytes = strlen(path) + 1;
    if (bytes > sizeof part)
        return 0;
    memcpy(part, path, bytes);
    htri_t found = 1;
    for (char *slash = part; found > 0 && slash != NULL;) {
        slash = strchr(slash + 1, '/');
        if (slash != NULL)
            *slash = '\0';
        const char *here = *part == '/' ? part + 1 : part;
        found = *here == '\0' ? 1 : H5Lexists(self->file, here, H5P_DEFAULT);
        if (slash != NULL)
            *slash = '/';
    }
    return found;
}

bool sim_result_has(sim_result_t *self, const char *path)
{
    return sim_h5_exists(self, path) > 0;
}

/* Opens a dataset; SIM_EINPUT when there is none of that name. */
static sim_status_t open_dataset(sim_result_t *self, const char *path, hid_t *dataset, sim_error_t *err)
{
    *dataset = -1;
    htri_t there = sim_h5_exists(self, path);
    if (there == 0)
        return sim_fail(err, SIM_EINPUT, self->path, "no variable %s in it; `overbuild info` lists what there is",
                        path);
    if (there > 0)
        *dataset = H5Dopen2(self->file, path, H5P_DEFAULT);
    return *dataset < 0 ? sim_h5_fail(err, self->path, path) : SIM_OK;
}

/* The last part of an object's path. */
static bool own_name(hid_t object, char name[32])
{
    char path[256] = "";
    if (H5Iget_name(object, path, sizeof path) <= 0)
        return false;
    const char *slash = strrchr(path, '/');
    snprintf(name, 32, "%.31s", slash == NULL ? path : slash + 1);
    return true;
}

/* Name of a scale that was found by its address. HDF5 would search the file for its path, so it is taken from NAME; only
 * where that is missing, or is the sentence that netCDF writes for some dimensions, is the path searched for. */
static bool scale_name(hid_t scale, char name[32])
{
    char *text = sim_h5_get_text(scale, "NAME");
    bool found = text != NULL && *text != '\0' && strchr(text, ' ') == NULL;
    if (found)
        snprintf(name, 32, "%.31s", text);
    free(text);
    return found || own_name(scale, name);
}

/* Name of the scale of an axis. */
static bool axis_name(hid_t dataset, hobj_ref_t scale, char name[32])
{
    hid_t object = H5Rdereference2(dataset, H5P_DEFAULT, H5R_OBJECT, &scale);
    bool good = object >= 0 && scale_name(object, name);
    sim_h5_close(object);
    return good;
}

static bool read_axis_names(hid_t dataset, sim_h5_shape_t *shape)
{
    hvl_t lists[SIM_RESULT_MAX_DIMS] = {0};
    htri_t there = H5Aexists(dataset, "DIMENSION_LIST");
    if (there <= 0)
        return there == 0;
    hid_t attribute = H5Aopen(dataset, "DIMENSION_LIST", H5P_DEFAULT);
    hid_t space = attribute < 0 ? -1 : H5Aget_space(attribute);
    hid_t type = space < 0 ? -1 : H5Tvlen_create(H5T_STD_REF_OBJ);
    bool good = type >= 0;
    if (good && H5Sget_simple_extent_npoints(space) == shape->n_dims) {
        good = H5Aread(attribute, type, lists) >= 0;
        for (int i = 0; good && i < shape->n_dims; i++)
            good = lists[i].len == 0 || axis_name(dataset, *(hobj_ref_t *)lists[i].p, shape->name[i]);
        for (int i = 0; i < shape->n_dims; i++)
            free(lists[i].p); /* H5Dvlen_reclaim would make HDF5 forget why another call failed */
    }
    sim_h5_close(space);
    sim_h5_close(type);
    sim_h5_close(attribute);
    return good;
}

htri_t sim_h5_is_scale(hid_t dataset)
{
    char class[64] = "";
    htri_t there = H5Aexists(dataset, "CLASS");
    if (there <= 0)
        return there;
    hid_t attribute = H5Aopen(dataset, "CLASS", H5P_DEFAULT), type = attribute < 0 ? -1 : H5Aget_type(attribute);
    bool text = type >= 0 && H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) <= 0 &&
                H5Tget_size(type) < sizeof class;
    there = type < 0 || (text && H5Aread(attribute, type, class) < 0) ? -1 : strcmp(class, "DIMENSION_SCALE") == 0;
    sim_h5_close(type);
    sim_h5_close(attribute);
    return there;
}

herr_t sim_h5_get_shape(hid_t dataset, sim_h5_shape_t *shape)
{
    *shape = (sim_h5_shape_t){0};
    hid_t space = H5Dget_space(dataset);
    shape->n_dims = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    bool good = shape->n_dims >= 0 && shape->n_dims <= SIM_RESULT_MAX_DIMS;
    if (good)
        good = H5Sget_simple_extent_dims(space, shape->size, NULL) >= 0;
    sim_h5_close(space);
    htri_t scale = good ? sim_h5_is_scale(dataset) : -1;
    if (scale > 0 && shape->n_dims == 1)
        good = own_name(dataset, shape->name[0]);
    return good && scale >= 0 && read_axis_names(dataset, shape) ? 0 : -1;
}

hsize_t sim_h5_shape_count(const sim_h5_shape_t *shape)
{
    hsize_t count = 1;
    for (int i = 0; i < shape->n_dims; i++)
        count *= shape->size[i];
    return count;
}

/* "" when there is none; false when there is one that can't be read. */
static bool copy_text_attribute(hid_t dataset, const char *name, char *to, size_t bytes)
{
    to[0] = '\0';
    if (H5Aexists(dataset, name) <= 0)
        return true;
    char *text = sim_h5_get_text(dataset, name);
    bool good = text != NULL;
    snprintf(to, bytes, "%s", good ? text : "");
    free(text);
    return good;
}

static sim_status_t read_shape(sim_result_t *self, hid_t dataset, const char *path, sim_h5_shape_t *shape,
                               sim_error_t *err)
{
    const sim_h5_known_t *known = sim_h5_known(self, "", path);
    if (known != NULL)
        *shape = known->shape;
    if (known != NULL || sim_h5_get_shape(dataset, shape) >= 0)
        return SIM_OK;
    if (shape->n_dims > SIM_RESULT_MAX_DIMS)
        return sim_fail(err, SIM_EINPUT, self->path, "%s has %d dimensions; expected up to %d", path, shape->n_dims,
                        SIM_RESULT_MAX_DIMS);
    return sim_h5_fail(err, self->path, path);
}

/* Negative when it can't be told. */
static htri_t is_number(hid_t dataset)
{
    hid_t type = H5Dget_type(dataset);
    H5T_class_t class = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
    sim_h5_close(type);
    return type < 0 ? -1 : class == H5T_FLOAT || class == H5T_INTEGER;
}

/* SIM_EINPUT when it holds no numbers. */
static sim_status_t read_numeric_shape(sim_result_t *self, hid_t dataset, const char *path, sim_h5_shape_t *shape,
                                       sim_error_t *err)
{
    const sim_h5_known_t *known = sim_h5_known(self, "", path);
    htri_t number = known == NULL ? is_number(dataset) : known->class != H5T_STRING;
    if (number < 0)
        return sim_h5_fail(err, self->path, path);
    if (number == 0)
        return sim_fail(err, SIM_EINPUT, self->path, "%s holds no numbers", path);
    return read_shape(self, dataset, path, shape, err);
}

/* Fills array's shape and names, its first `skip` dimensions left out. */
static sim_status_t describe_array(sim_result_t *self, hid_t dataset, const sim_h5_shape_t *shape, int skip,
                                   sim_array_t *array, sim_error_t *err)
{
    *array = (sim_array_t){.n_dims = (uint32_t)(shape->n_dims - skip)};
    for (uint32_t i = 0; i < array->n_dims; i++) {
        array->shape[i] = shape->size[i + (uint32_t)skip];
        memcpy(array->dims[i], shape->name[i + (uint32_t)skip], sizeof array->dims[i]);
    }
    if (!copy_text_attribute(dataset, "units", array->units, sizeof array->units) ||
        !copy_text_attribute(dataset, "long_name", array->long_name, sizeof array->long_name))
        return sim_h5_fail(err, self->path, "read attributes");
    return SIM_OK;
}

/* The same, and reserves the values. */
static sim_status_t prepare_array(sim_result_t *self, hid_t dataset, const sim_h5_shape_t *shape, int skip,
                                  sim_array_t *array, sim_error_t *err)
{
    size_t count = 1;
    sim_status_t status = describe_array(self, dataset, shape, skip, array, err);
    if (status < 0)
        return status;
    for (uint32_t i = 0; i < array->n_dims; i++)
        count *= array->shape[i];
    array->values = malloc((count + 1) * sizeof *array->values);
    return array->values == NULL ? sim_fail(err, SIM_ENOMEM, self->path, "no memory for %zu values", count) : SIM_OK;
}

sim_status_t sim_result_describe(sim_result_t *self, const char *path, sim_array_t *array, sim_error_t *err)
{
    hid_t dataset;
    sim_h5_shape_t shape;
    *array = (sim_array_t){0};
    sim_status_t status = open_dataset(self, path, &dataset, err);
    if (status == SIM_OK)
        status = read_numeric_shape(self, dataset, path, &shape, err);
    if (status == SIM_OK)
        status = describe_array(self, dataset, &shape, 0, array, err);
    sim_h5_close(dataset);
    return status;
}

/* Hyperslab at `index` of the first dimension. */
static herr_t read_first(hid_t dataset, size_t index, const sim_array_t *array)
{
    hsize_t start[SIM_RESULT_MAX_DIMS] = {index}, count[SIM_RESULT_MAX_DIMS] = {1}, total = 1;
    for (uint32_t i = 0; i < array->n_dims; i++) {
        count[i + 1] = array->shape[i];
        total *= array->shape[i];
    }
    hid_t space = H5Dget_space(dataset), memory = H5Screate_simple(1, &total, NULL);
    herr_t status = -1;
    if (space >= 0 && memory >= 0 && H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0)
        status = H5Dread(dataset, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, array->values);
    sim_h5_close(memory);
    sim_h5_close(space);
    return status;
}

/* All values, or with n_fixed = 1 those at `index` of the first dimension, chunk by chunk where that is possible. */
static bool read_values(hid_t dataset, const sim_h5_shape_t *shape, int n_fixed, size_t index, sim_array_t *array)
{
    sim_h5_reader_t reader;
    hsize_t outer[1] = {index};
    bool good;
    if (sim_h5_reader_init(&reader, dataset, shape))
        good = sim_h5_reader_read_all(&reader, outer, n_fixed, array->values);
    else if (n_fixed == 0)
        good = H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, array->values) >= 0;
    else
        good = read_first(dataset, index, array) >= 0;
    sim_h5_reader_free(&reader);
    return good;
}

sim_status_t sim_result_read(sim_result_t *self, const char *path, sim_array_t *array, sim_error_t *err)
{
    hid_t dataset;
    sim_h5_shape_t shape;
    *array = (sim_array_t){0};
    sim_status_t status = open_dataset(self, path, &dataset, err);
    if (status == SIM_OK)
        status = read_numeric_shape(self, dataset, path, &shape, err);
    if (status == SIM_OK)
        status = prepare_array(self, dataset, &shape, 0, array, err);
    if (status == SIM_OK && !read_values(dataset, &shape, 0, 0, array))
        status = sim_h5_fail(err, self->path, path);
    if (status < 0)
        sim_array_free(array);
    sim_h5_close(dataset);
    return status;
}

sim_status_t sim_result_read_arm(sim_result_t *self, const char *path, size_t arm, sim_array_t *array, sim_error_t *err)
{
    hid_t dataset;
    sim_h5_shape_t shape;
    *array = (sim_array_t){0};
    sim_status_t status = open_dataset(self, path, &dataset, err);
    if (status == SIM_OK)
        status = read_numeric_shape(self, dataset, path, &shape, err);
    if (status == SIM_OK && (shape.n_dims == 0 || strcmp(shape.name[0], "arm") != 0 || arm >= shape.size[0]))
        status = sim_fail(err, SIM_EINPUT, self->path, "%s has no arm number %zu", path, arm);
    if (status == SIM_OK)
        status = prepare_array(self, dataset, &shape, 1, array, err);
    if (status == SIM_OK && !read_values(dataset, &shape, 1, arm, array))
        status = sim_h5_fail(err, self->path, path);
    if (status < 0)
        sim_array_free(array);
    sim_h5_close(dataset);
    return status;
}

sim_status_t sim_result_read_u64(sim_result_t *self, const char *path, uint64_t **values, size_t *n, sim_error_t *err)
{
    hid_t dataset;
    sim_h5_shape_t shape;
    *values = NULL;
    *n = 0;
    sim_status_t status = open_dataset(self, path, &dataset, err);
    if (status == SIM_OK)
        status = read_numeric_shape(self, dataset, path, &shape, err);
    if (status == SIM_OK) {
        *n = sim_h5_shape_count(&shape);
        *values = malloc((*n + 1) * sizeof **values);
        if (*values == NULL)
            status = sim_fail(err, SIM_ENOMEM, self->path, "no memory for %zu values", *n);
        else if (H5Dread(dataset, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, *values) < 0)
            status = sim_h5_fail(err, self->path, path);
    }
    if (status < 0) {
        free(*values);
        *values = NULL;
    }
    sim_h5_close(dataset);
    return status;
}

void sim_array_free(sim_array_t *array)
{
    free(array->values);
    array->values = NULL;
}

void sim_labels_free(char **labels, size_t n)
{
    for (size_t i = 0; labels != NULL && i < n; i++)
        free(labels[i]);
    free(labels);
}

/* Copies of n strings that HDF5 allocated. */
static char **copy_labels(char *const *raw, size_t n)
{
    char **labels = calloc(n + 1, sizeof *labels);
    for (size_t i = 0; labels != NULL && i < n; i++) {
        labels[i] = strdup(raw[i] == NULL ? "" : raw[i]);
        if (labels[i] == NULL) {
            sim_labels_free(labels, n);
            return NULL;
        }
    }
    return labels;
}

/* All strings of an open dataset of variable-length text. */
static sim_status_t read_strings(sim_result_t *self, hid_t dataset, const char *path, char ***labels, size_t *n,
                                 sim_error_t *err)
{
    sim_h5_shape_t shape;
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    sim_status_t status = SIM_OK;
    char **raw = NULL;
    if (type < 0 || space < 0)
        status = sim_h5_fail(err, self->path, path);
    else if (H5Tis_variable_str(type) <= 0)
        status = sim_fail(err, SIM_EINPUT, self->path, "%s holds no text", path);
    else
        status = read_shape(self, dataset, path, &shape, err);
    if (status == SIM_OK) {
        *n = sim_h5_shape_count(&shape);
        raw = calloc(*n + 1, sizeof *raw);
        if (raw == NULL || sim_h5_read_small(self, dataset, type, raw) < 0)
            status = sim_h5_fail(err, self->path, path);
        else if ((*labels = copy_labels(raw, *n)) == NULL)
            status = sim_fail(err, SIM_ENOMEM, self->path, "no memory for the labels of %s", path);
        if (raw != NULL)
            (void)H5Dvlen_reclaim(type, space, H5P_DEFAULT, raw);
    }
    free(raw);
    sim_h5_close(space);
    sim_h5_close(type);
    return status;
}

sim_status_t sim_result_labels(sim_result_t *self, const char *path, char ***labels, size_t *n, sim_error_t *err)
{
    hid_t dataset;
    *labels = NULL;
    *n = 0;
    sim_status_t status = open_dataset(self, path, &dataset, err);
    if (status == SIM_OK)
        status = read_strings(self, dataset, path, labels, n, err);
    sim_h5_close(dataset);
    return status;
}

static sim_status_t read_attribute(sim_result_t *self, const char *path, const char *at, char **text, sim_error_t *err)
{
    char *object = strndup(path, (size_t)(at - path));
    if (object == NULL)
        return sim_fail(err, SIM_ENOMEM, self->path, "no memory for a path");
    hid_t id = -1;
    htri_t there = sim_h5_exists(self, object);
    if (there > 0)
        id = H5Oopen(self->file, *object == '\0' ? "/" : object, H5P_DEFAULT);
    if (there > 0)
        there = id < 0 ? -1 : H5Aexists(id, at + 1);
    sim_status_t status = SIM_OK;
    errno = 0;
    if (there > 0)
        *text = sim_h5_get_text(id, at + 1);
    if (there < 0 || (there > 0 && *text == NULL && (errno == ENOMEM || H5Eget_num(H5E_DEFAULT) > 0)))
        status = sim_h5_fail(err, self->path, path);
    else if (*text == NULL)
        status = sim_fail(err, SIM_EINPUT, self->path, "no text %s in it", path);
    sim_h5_close(id);
    free(object);
    return status;
}

sim_status_t sim_result_text(sim_result_t *self, const char *path, char **text, sim_error_t *err)
{
    *text = NULL;
    const char *at = strchr(path, '@');
    if (at != NULL)
        return read_attribute(self, path, at, text, err);
    char **labels;
    size_t n;
    sim_status_t status = sim_result_labels(self, path, &labels, &n, err);
    if (status < 0)
        return status;
    if (n != 1)
        status = sim_fail(err, SIM_EINPUT, self->path, "%s is not one text", path);
    else if ((*text = strdup(labels[0])) == NULL)
        status = sim_fail(err, SIM_ENOMEM, self->path, "no memory for the text %s", path);
    sim_labels_free(labels, n);
    return status;
}
