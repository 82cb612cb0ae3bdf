// SPDX-License-Identifier: GPL-3.0-or-later
/* Student's t distribution, for confidence intervals: reproducible bits, unlike a mathematical library's.
 *
 *     double half_width = sim_student_quantile(0.995, n - 1) * sd / sqrt(n);   // 99 % interval of a mean
 */
#ifndef SIM_STUDENT_H
#define SIM_STUDENT_H

/* P(T > t) with `df` > 0 degrees of freedom. Relative error below 1e-8 for df up to 1e6, 1e-11 up to 1e4. */
double sim_student_tail(double t, double df);

/* The t with P(T <= t) = p, 0 < p < 1. Relative error below 1e-7 for df from 1 to 1e6. */
double sim_student_quantile(double p, double df);

#endif
