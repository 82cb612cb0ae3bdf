// SPDX-License-Identifier: GPL-3.0-or-later
#include "analysis/calibrate/linear.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <math.h>

#define FIRST_JITTER 1e-10
#define LAST_JITTER  1.0

/* GSL's allocation calls its error handler, which would end the program. */
gsl_matrix *ana_matrix(size_t rows, size_t columns)
{
    gsl_error_handler_t *handler = gsl_set_error_handler_off();
    gsl_matrix *matrix = gsl_matrix_calloc(rows > 0 ? rows : 1, columns > 0 ? columns : 1);
    gsl_set_error_handler(handler);
    return matrix;
}

gsl_vector *ana_vector(size_t n)
{
    gsl_error_handler_t *handler = gsl_set_error_handler_off();
    gsl_vector *vector = gsl_vector_calloc(n > 0 ? n : 1);
    gsl_set_error_handler(handler);
    return vector;
}

/* The upper triangle keeps the matrix while the lower one is tried on; the diagonal is kept apart. */
static void restore(gsl_matrix *matrix, const gsl_vector *diagonal, double jitter)
{
    for (size_t i = 0; i < matrix->size1; i++) {
        for (size_t k = 0; k < i; k++)
            gsl_matrix_set(matrix, i, k, gsl_matrix_get(matrix, k, i));
        gsl_matrix_set(matrix, i, i, gsl_vector_get(diagonal, i) + jitter);
    }
}

static bool factorise(gsl_matrix *matrix, gsl_vector *diagonal)
{
    double mean = 0;
    for (size_t i = 0; i < matrix->size1; i++) {
        gsl_vector_set(diagonal, i, gsl_matrix_get(matrix, i, i));
        mean += fabs(gsl_matrix_get(matrix, i, i)) / (double)matrix->size1;
    }
    if (!isfinite(mean))
        return false;
    if (gsl_linalg_cholesky_decomp1(matrix) == GSL_SUCCESS)
        return true;
    for (double jitter = FIRST_JITTER; jitter <= LAST_JITTER; jitter *= 10) {
        restore(matrix, diagonal, jitter * (mean > 0 ? mean : 1));
        if (gsl_linalg_cholesky_decomp1(matrix) == GSL_SUCCESS)
            return true;
    }
    return false;
}

bool ana_cholesky(gsl_matrix *matrix)
{
    gsl_vector *diagonal = ana_vector(matrix->size1);
    if (diagonal == NULL)
        return false;
    gsl_error_handler_t *handler = gsl_set_error_handler_off();
    bool good = factorise(matrix, diagonal);
    gsl_set_error_handler(handler);
    gsl_vector_free(diagonal);
    return good;
}

void ana_times_factor(const gsl_matrix *factor, const double *in, double *out)
{
    for (size_t i = 0; i < factor->size1; i++) {
        out[i] = 0;
        for (size_t k = 0; k <= i; k++)
            out[i] += gsl_matrix_get(factor, i, k) * in[k];
    }
}
