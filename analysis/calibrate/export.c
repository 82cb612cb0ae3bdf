// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/calibrate/export.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const chosen_names[] = {"the scenario's own values", "the posterior's centre",
                                           "the posterior's centre where identified", "the nearest simulation"};

static const mdl_param_t *param_of(const ana_parameter_t *parameter)
{
    return &mdl_params_registry(NULL)[parameter->param];
}

static void put_parameter(FILE *out, const ana_parameter_t *parameter)
{
    char value[MDL_VALUE_BYTES], own[MDL_VALUE_BYTES];
    const mdl_param_t *param = param_of(parameter);
    fprintf(out, "  %s: %s", param->key, mdl_param_format(param, parameter->calibrated, value));
    fprintf(out, " # %s; was %s; posterior %.4g to %.4g, %s\n", param->unit,
            mdl_param_format(param, parameter->own, own), parameter->p5, parameter->p95,
            parameter->marginal.identified ? "identified by the facts" : "not identified by the facts");
}

static char *close_text(FILE *out, char **text)
{
    if (out != NULL && (ferror(out) != 0) + (fclose(out) != 0) == 0)
        return *text;
    free(*text);
    *text = NULL;
    return NULL;
}

char *ana_calibration_yaml(const ana_calibration_t *calibration, const char *extends, const char *name,
                           const char *draws)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    if (out == NULL)
        return NULL;
    fprintf(out,
            "# %s with calibrated values\n#\n# They are %s. Distance of the median facts: %.4g; at the scenario's own\n"
            "# values: %.4g. For draws from the posterior instead, one for each replication, add the line\n"
            "#   parameters: posterior\n",
            extends, chosen_names[calibration->chosen], calibration->distance[1], calibration->distance[0]);
    if (*name != '\0')
        fprintf(out, "name: %s\n", name);
    fprintf(out, "extends: %s\nposterior: %s\nset:\n", extends, draws);
    for (size_t i = 0; i < calibration->n_parameters; i++)
        put_parameter(out, &calibration->parameters[i]);
    return close_text(out, &text);
}

char *ana_calibration_csv(const ana_calibration_t *calibration)
{
    char *text = NULL, value[MDL_VALUE_BYTES];
    size_t bytes = 0, d = calibration->n_parameters;
    FILE *out = open_memstream(&text, &bytes);
    if (out == NULL)
        return NULL;
    fprintf(out, "# Draws from a posterior, equally likely, in the units of `overbuild params`\n");
    for (size_t p = 0; p < d; p++)
        fprintf(out, "%s%s", p == 0 ? "" : ",", param_of(&calibration->parameters[p])->key);
    for (size_t i = 0; i < ANA_CALIBRATION_DRAWS; i++)
        for (size_t p = 0; p < d; p++)
            fprintf(out, "%s%s", p == 0 ? "\n" : ",",
                    mdl_param_format(param_of(&calibration->parameters[p]), calibration->draws[i * d + p], value));
    fprintf(out, "\n");
    return close_text(out, &text);
}
