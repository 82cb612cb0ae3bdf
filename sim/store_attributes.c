// SPDX-License-Identifier: GPL-3.0-or-later
/* Attributes of groups and variables. */
#include "sim/store_hdf5.h"
#include "sim/time.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fixed length, as netCDF writes it: ncdump -t decodes dates only when `units` is such text. */
static hid_t fixed_text_type(void)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type >= 0 && (H5Tset_strpad(type, H5T_STR_NULLPAD) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0)) {
        sim_h5_close(type);
        return -1;
    }
    return type;
}

static bool keep_text(sim_h5_kept_t *kept)
{
    if (kept->text <= 0)
        kept->text = fixed_text_type();
    if (kept->text > 0 && kept->scalar <= 0)
        kept->scalar = H5Screate(H5S_SCALAR);
    return kept->text > 0 && kept->scalar > 0;
}

herr_t sim_h5_set_text(sim_result_t *self, hid_t object, const char *name, const char *text)
{
    sim_h5_kept_t *kept = &self->kept;
    size_t bytes = strlen(text);
    hid_t attribute = -1;
    herr_t status = -1;
    if (keep_text(kept) && H5Tset_size(kept->text, bytes == 0 ? 1 : bytes) >= 0)
        attribute = H5Acreate2(object, name, kept->text, kept->scalar, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute >= 0)
        status = H5Awrite(attribute, kept->text, text);
    sim_h5_close(attribute);
    return status;
}

static herr_t set_numbers(hid_t object, const char *name, hid_t type, hid_t memory_type, const void *values, size_t n)
{
    hsize_t size = n;
    hid_t space = H5Screate_simple(1, &size, NULL), attribute = -1;
    herr_t status = -1;
    if (space >= 0)
        attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute >= 0)
        status = H5Awrite(attribute, memory_type, values);
    sim_h5_close(attribute);
    sim_h5_close(space);
    return status;
}

herr_t sim_h5_set_number(hid_t object, const char *name, hid_t type, const void *values, size_t n)
{
    return set_numbers(object, name, type, type, values, n);
}

/* "days since" alone is completed with the start date. */
static bool is_time(const char *units)
{
    return strncmp(units, SIM_H5_DAYS, strlen(SIM_H5_DAYS)) == 0 ||
           strncmp(units, SIM_H5_SECONDS, strlen(SIM_H5_SECONDS)) == 0;
}

static sim_h5_attribute_t text_attribute(const char *name, const char *text)
{
    return (sim_h5_attribute_t){.name = name, .text = text};
}

/* Those of a new variable, in the order in which they are written; how many. Completed units stand in `units`. */
static int list_attributes(const sim_h5_variable_t *v, char units[128], sim_h5_attribute_t list[SIM_H5_MAX_ATTRIBUTES])
{
    static const double missing = (double)NAN;
    char date[16];
    int n = 0;
    bool bare = strcmp(v->units, SIM_H5_DAYS) == 0 || strcmp(v->units, SIM_H5_SECONDS) == 0;
    snprintf(units, 128, "%s%s%s", v->units, bare ? " " : "", bare ? sim_date_format(v->start_day, date) : "");
    list[n++] = text_attribute("units", units);
    list[n++] = text_attribute("long_name", v->long_name);
    if (is_time(v->units))
        list[n++] = text_attribute("calendar", "proleptic_gregorian");
    if (v->missing_is_nan)
        list[n++] = (sim_h5_attribute_t){.name = "_FillValue", .type = v->type, .values = &missing, .n = 1};
    for (size_t i = 0; i < sizeof v->more / sizeof *v->more && v->more[i].name != NULL; i++)
        list[n++] = v->more[i];
    return n;
}

static herr_t set_attribute(sim_result_t *self, hid_t object, const sim_h5_attribute_t *a)
{
    if (a->text != NULL)
        return sim_h5_set_text(self, object, a->name, a->text);
    return set_numbers(object, a->name, a->type, H5T_NATIVE_DOUBLE, a->values, a->n);
}

herr_t sim_h5_describe(sim_result_t *self, hid_t dataset, const sim_h5_variable_t *v, const sim_h5_shape_t *shape)
{
    sim_h5_attribute_t list[SIM_H5_MAX_ATTRIBUTES];
    char units[128];
    int n = list_attributes(v, units, list);
    herr_t status = 0;
    for (int i = 0; status >= 0 && i < n; i++)
        status = set_attribute(self, dataset, &list[i]);
    return status < 0 || !sim_h5_know(self, v, shape, list, n) ? -1 : 0;
}

/* Text of a variable-length attribute. */
static char *read_variable_text(hid_t attribute, hid_t type)
{
    char *raw = NULL, *copy = NULL;
    hid_t space = H5Aget_space(attribute);
    if (space >= 0 && H5Sget_simple_extent_npoints(space) == 1 && H5Aread(attribute, type, &raw) >= 0 && raw != NULL) {
        copy = strdup(raw);
        (void)H5free_memory(raw);
    }
    sim_h5_close(space);
    return copy;
}

static char *read_fixed_text(hid_t attribute, hid_t type)
{
    size_t bytes = H5Tget_size(type);
    char *text = calloc(bytes + 1, 1);
    if (text != NULL && H5Aread(attribute, type, text) < 0) {
        free(text);
        return NULL;
    }
    return text;
}

char *sim_h5_read_text(hid_t attribute, hid_t type)
{
    if (H5Tget_class(type) != H5T_STRING)
        return NULL;
    return H5Tis_variable_str(type) > 0 ? read_variable_text(attribute, type) : read_fixed_text(attribute, type);
}

char *sim_h5_get_text(hid_t object, const char *name)
{
    if (H5Aexists(object, name) <= 0)
        return NULL;
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    hid_t type = attribute < 0 ? -1 : H5Aget_type(attribute);
    char *text = type < 0 ? NULL : sim_h5_read_text(attribute, type);
    sim_h5_close(type);
    sim_h5_close(attribute);
    return text;
}
