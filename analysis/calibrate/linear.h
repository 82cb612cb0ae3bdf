// SPDX-License-Identifier: GPL-3.0-or-later
/* The little linear algebra that calibration needs, on GSL's matrices, without GSL's habit of ending the program. */
#ifndef ANA_CALIBRATE_LINEAR_H
#define ANA_CALIBRATE_LINEAR_H

#include <gsl/gsl_matrix.h>
#include <gsl/gsl_vector.h>
#include <stdbool.h>
#include <stddef.h>

/* A matrix or vector of zeros; NULL without memory. */
gsl_matrix *ana_matrix(size_t rows, size_t columns);
gsl_vector *ana_vector(size_t n);

/* Cholesky factor of a symmetric matrix in place (lower triangle). What is not positive definite gets its diagonal
 * raised, from a part in 1e10 of its mean on, until it is; false when that does not help (not finite). */
bool ana_cholesky(gsl_matrix *matrix);

/* out = factor x in, the factor being a lower triangle. `in` and `out` have n = factor->size1 values and differ. */
void ana_times_factor(const gsl_matrix *factor, const double *in, double *out);

#endif
