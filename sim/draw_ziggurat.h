// SPDX-License-Identifier: GPL-3.0-or-later
/* Internal: tables of the ziggurat method (Marsaglia and Tsang 2000; layout after Doornik 2005).
 *
 * A decreasing density f on [0, inf) is covered by 256 layers of equal area v. Layer i >= 1 is the rectangle of width
 * x[i] between heights f(x[i]) and f(x[i+1]); layer 0 is the base: the rectangle up to r = x[1] and the tail beyond it,
 * drawn as a rectangle of width x[0] = v / f(r). A point of layer i left of x[i+1] lies under f without further ado.
 * f is not normalised: exp(-x), and exp(-x^2/2) for the normal.
 *
 * tests/unit/test_ziggurat.c computes the tables anew in extended precision and compares every entry.
 */
#ifndef SIM_DRAW_ZIGGURAT_H
#define SIM_DRAW_ZIGGURAT_H

enum { SIM_ZIGGURAT_LAYERS = 256 };

typedef struct sim_ziggurat {
    double x[SIM_ZIGGURAT_LAYERS + 1]; /* x[256] = 0 */
    double f[SIM_ZIGGURAT_LAYERS + 1]; /* f[i] = f(x[i]), but f[0] unused: 0 */
} sim_ziggurat_t;

extern const sim_ziggurat_t sim_ziggurat_exponential;
extern const sim_ziggurat_t sim_ziggurat_normal;

#endif
