// SPDX-License-Identifier: GPL-3.0-or-later
#include "sim/store_hdf5.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_COMPACT_ATTRIBUTES 32
#define SMALL_TRANSFER         ((size_t)16 << 10)

/* Files are always closed by hand here; HDF5's own clean-up at exit would trip over one that could not be. */
void sim_h5_quiet(void)
{
    (void)H5dont_atexit();
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

/* "file write failed: time = ..., error message = 'No space left on device', buf = ..." without what changes from run to
 * run and fills several lines. */
static void shorten(const char *description, char text[256])
{
    static const char *const details[] = {": time = ", ": name = ", ", errno = "};
    static const char mark[] = "error message = '";
    const char *cause = strstr(description, mark);
    size_t n = strcspn(description, "\n");
    for (size_t i = 0; i < sizeof details / sizeof *details; i++) {
        const char *detail = strstr(description, details[i]);
        n = detail != NULL && (size_t)(detail - description) < n ? (size_t)(detail - description) : n;
    }
    cause = cause == NULL ? "" : cause + sizeof mark - 1;
    snprintf(text, 256, "%.*s%s%.*s", (int)(n < 128 ? n : 128), description, *cause == '\0' ? "" : ": ",
             (int)strcspn(cause, "'"), cause);
}

/* Keeps the first description seen: walking upward starts at the innermost. */
static herr_t innermost(unsigned n, const H5E_error2_t *error, void *data)
{
    (void)n;
    char *text = data;
    if (text[0] == '\0' && error->desc != NULL)
        shorten(error->desc, text);
    return 0;
}

/* Or says what was tried ("write the scales"). */
static bool names_object(const char *what)
{
    static const char *const verbs[] = {"create", "open", "read", "write"};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strncmp(what, verbs[i], strlen(verbs[i])) == 0)
            return false;
    return true;
}

sim_status_t sim_h5_fail(sim_error_t *err, const char *path, const char *what)
{
    static const struct {
        const char *sign;
        sim_status_t code;
        const char *fix;
    } causes[] = {
        {"No space left", SIM_EIO, "free some space, then continue with --resume"},
        {"quota", SIM_EIO, "free some of the quota, then continue with --resume"},
        {"File too large", SIM_EIO, "raise the limit on file sizes, then continue with --resume"},
        {"Permission denied", SIM_EIO, "choose a folder that can be written with -o"},
        {"Read-only", SIM_EIO, "choose a folder that can be written with -o"},
        {"memory allocation", SIM_ENOMEM, "use fewer threads or a shorter experiment"},
        {"signature not found", SIM_EIO, "it is no HDF5 file, as 'overbuild run' makes, or its start is damaged"},
        {"truncated", SIM_EIO, "the file is cut off; copy or run it again"},
    };
    const char *verb = names_object(what) ? "work on " : "";
    char reason[256] = "";
    (void)H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, innermost, reason);
    if (reason[0] == '\0') /* HDF5 has nothing to complain of: it was memory of ours */
        return sim_fail(err, SIM_ENOMEM, path, "no memory to %s%s", verb, what);
    if (strcmp(what, "open") == 0 && strstr(reason, "Permission denied") != NULL)
        return sim_fail(err, SIM_EIO, path, "can't open: Permission denied; it is not yours to read; ask its owner");
    for (size_t i = 0; i < sizeof causes / sizeof *causes; i++)
        if (strstr(reason, causes[i].sign) != NULL)
            return sim_fail(err, causes[i].code, path, "can't %s%s: %s; %s", verb, what, reason, causes[i].fix);
    return sim_fail(err, SIM_EIO, path, "can't %s%s: %s; the file may be damaged", verb, what, reason);
}

/* Readable by every HDF5 since 1.8; no chunk cache, as chunks go by whole, and no sieve buffer: what they hold back is
 * written when a variable is closed, where a failure is lost. No locks, so that shared disks work. */
hid_t sim_h5_access(void)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access >= 0 &&
        (H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) < 0 || H5Pset_cache(access, 0, 1, 0, 0.75) < 0 ||
         H5Pset_sieve_buf_size(access, 0) < 0 || H5Pset_file_locking(access, 0, 1) < 0)) {
        (void)H5Pclose(access);
        return -1;
    }
    return access;
}

/* Groups, datasets and files alike: members in the order of their creation, no times. */
static herr_t set_order(hid_t list, bool group)
{
    const unsigned tracked = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    if (H5Pset_obj_track_times(list, 0) < 0 || H5Pset_attr_creation_order(list, tracked) < 0 ||
        H5Pset_attr_phase_change(list, MAX_COMPACT_ATTRIBUTES, 0) < 0)
        return -1;
    return group ? H5Pset_link_creation_order(list, tracked) : 0;
}

hid_t sim_h5_create_file(const char *path)
{
    hid_t access = sim_h5_access(), creation = H5Pcreate(H5P_FILE_CREATE), file = -1;
    if (access >= 0 && creation >= 0 && set_order(creation, true) >= 0)
        file = H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
    sim_h5_close(access);
    sim_h5_close(creation);
    return file;
}

hid_t sim_h5_text_type(void)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type >= 0 && (H5Tset_size(type, H5T_VARIABLE) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0)) {
        sim_h5_close(type);
        return -1;
    }
    return type;
}

/* HDF5 clears all of its buffer at each transfer that converts, 1 MiB unless it is told otherwise. */
static hid_t small_transfer(sim_result_t *self)
{
    if (self->kept.transfer > 0)
        return self->kept.transfer;
    hid_t transfer = H5Pcreate(H5P_DATASET_XFER);
    if (transfer >= 0 && H5Pset_buffer(transfer, SMALL_TRANSFER, NULL, NULL) < 0) {
        sim_h5_close(transfer);
        return -1;
    }
    self->kept.transfer = transfer;
    return transfer;
}

herr_t sim_h5_write_small(sim_result_t *self, hid_t dataset, hid_t type, const void *values)
{
    hid_t transfer = small_transfer(self);
    return transfer < 0 ? -1 : H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, transfer, values);
}

herr_t sim_h5_read_small(sim_result_t *self, hid_t dataset, hid_t type, void *values)
{
    hid_t transfer = small_transfer(self);
    return transfer < 0 ? -1 : H5Dread(dataset, type, H5S_ALL, H5S_ALL, transfer, values);
}

static hid_t create_group(hid_t file, const char *group)
{
    hid_t creation = H5Pcreate(H5P_GROUP_CREATE), made = -1;
    if (creation >= 0 && set_order(creation, true) >= 0)
        made = H5Gcreate2(file, group, H5P_DEFAULT, creation, H5P_DEFAULT);
    sim_h5_close(creation);
    return made;
}

static hid_t open_group(hid_t file, const char *group)
{
    if (*group == '\0' || strcmp(group, "/") == 0)
        return H5Gopen2(file, "/", H5P_DEFAULT);
    const char *slash = strrchr(group, '/');
    if (slash != NULL && slash != group) {
        char *parent = strndup(group, (size_t)(slash - group));
        hid_t id = parent == NULL ? -1 : open_group(file, parent);
        free(parent);
        if (id < 0)
            return -1;
        sim_h5_close(id);
    }
    return H5Lexists(file, group, H5P_DEFAULT) > 0 ? H5Gopen2(file, group, H5P_DEFAULT) : create_group(file, group);
}

char *sim_h5_path(const char *group, const char *name)
{
    size_t bytes = strlen(group) + strlen(name) + 3;
    char *path = malloc(bytes);
    const char *start = *group == '/' ? group + 1 : group;
    if (path != NULL)
        snprintf(path, bytes, "/%s%s%s", start, *start == '\0' ? "" : "/", name);
    return path;
}

void sim_h5_close(hid_t id)
{
    if (id < 0)
        return;
    /* HDF5 forgets why a call failed when the next begins. */
    hid_t reasons = H5Eget_num(H5E_DEFAULT) > 0 ? H5Eget_current_stack() : -1;
    (void)H5Idec_ref(id);
    if (reasons >= 0)
        (void)H5Eset_current_stack(reasons);
}

static void drop(hid_t *id)
{
    if (*id > 0)
        sim_h5_close(*id);
    *id = 0;
}

hid_t sim_h5_group(sim_result_t *self, const char *group)
{
    sim_h5_kept_t *kept = &self->kept;
    if (kept->path != NULL && strcmp(kept->path, group) == 0)
        return kept->group;
    drop(&kept->group);
    free(kept->path);
    kept->path = NULL;
    kept->group = open_group(self->file, group);
    if (kept->group >= 0)
        kept->path = strdup(group);
    return kept->path == NULL ? -1 : kept->group;
}

void sim_h5_drop_kept(sim_result_t *self)
{
    sim_h5_kept_t *kept = &self->kept;
    sim_h5_free_scales(self);
    drop(&kept->group);
    drop(&kept->list);
    drop(&kept->text);
    drop(&kept->scalar);
    drop(&kept->transfer);
    free(kept->path);
    kept->path = NULL;
}

/* Filters and fill value of a variable. */
static herr_t fill_list(hid_t list, const sim_h5_variable_t *v)
{
    const double missing = (double)NAN;
    herr_t status = set_order(list, false);
    if (status >= 0 && v->missing_is_nan)
        status = H5Pset_fill_value(list, H5T_NATIVE_DOUBLE, &missing);
    if (status >= 0 && v->chunk[0] > 0)
        status = H5Pset_chunk(list, v->n_dims, v->chunk);
    if (status >= 0 && v->chunk[0] > 0 && v->shuffle)
        status = H5Pset_shuffle(list);
    if (status >= 0 && v->chunk[0] > 0)
        status = H5Pset_deflate(list, 1);
    return status;
}

static bool stored_alike(const sim_h5_variable_t *a, const sim_h5_variable_t *b)
{
    return a->missing_is_nan == b->missing_is_nan && a->shuffle == b->shuffle &&
           memcmp(a->chunk, b->chunk, sizeof a->chunk) == 0;
}

static hid_t creation_list(sim_result_t *self, const sim_h5_variable_t *v)
{
    sim_h5_kept_t *kept = &self->kept;
    if (kept->list > 0 && stored_alike(&kept->like, v))
        return kept->list;
    drop(&kept->list);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    if (list >= 0 && fill_list(list, v) < 0) {
        sim_h5_close(list);
        return -1;
    }
    kept->list = list;
    kept->like = *v;
    return list;
}

hid_t sim_h5_create_dataset(sim_result_t *self, const sim_h5_variable_t *v, hid_t space)
{
    hid_t group = sim_h5_group(self, v->group), list = group < 0 ? -1 : creation_list(self, v);
    return list < 0 ? -1 : H5Dcreate2(group, v->name, v->type, space, H5P_DEFAULT, list, H5P_DEFAULT);
}

/* The axes of a variable, each as long as its scale. */
static bool find_shape(sim_result_t *self, const sim_h5_variable_t *v, sim_h5_shape_t *shape)
{
    *shape = (sim_h5_shape_t){.n_dims = v->n_dims};
    for (int i = 0; i < v->n_dims; i++) {
        const sim_h5_scale_t *scale = sim_h5_borrow_scale(self, v->group, v->dims[i]);
        if (scale == NULL)
            return false;
        shape->size[i] = scale->size;
        snprintf(shape->name[i], sizeof shape->name[i], "%.31s", v->dims[i]);
    }
    return true;
}

static hid_t new_space(const sim_h5_variable_t *v, const sim_h5_shape_t *shape)
{
    hsize_t max[SIM_RESULT_MAX_DIMS];
    for (int i = 0; i < v->n_dims; i++)
        max[i] = v->max_shape[i] == 0 ? shape->size[i] : v->max_shape[i];
    return v->n_dims == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(v->n_dims, shape->size, max);
}

hid_t sim_h5_create_variable(sim_result_t *self, const sim_h5_variable_t *v)
{
    sim_h5_shape_t shape;
    hid_t space = find_shape(self, v, &shape) ? new_space(v, &shape) : -1;
    hid_t dataset = space < 0 ? -1 : sim_h5_create_dataset(self, v, space);
    if (dataset >= 0 && (sim_h5_describe(self, dataset, v, &shape) < 0 || sim_h5_attach_scales(self, dataset, v) < 0)) {
        sim_h5_close(dataset);
        dataset = -1;
    }
    sim_h5_close(space);
    return dataset;
}
