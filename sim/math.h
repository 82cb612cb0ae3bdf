// SPDX-License-Identifier: GPL-3.0-or-later
/* Elementary functions with the same bits on every x86-64 CPU (SLEEF's scalar FMA-free versions, 1.0 ulp).
 *
 * glibc picks different code for exp, log and pow on different CPUs, one unit in the last place apart. Nothing in `sim`
 * and `models` may call those; sqrt and fabs are exact by IEEE 754 and may be used.
 */
#ifndef SIM_MATH_H
#define SIM_MATH_H

double sim_exp(double x);
double sim_expm1(double x);
double sim_log(double x);
double sim_log1p(double x);
double sim_pow(double x, double y);
double sim_logistic(double x); /* 1 / (1 + exp(-x)), without overflow */

#endif
