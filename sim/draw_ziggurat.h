// SPDX-License-Identifier: GPL-3.0-or-later
/* Internal: the ziggurat method (Marsaglia and Tsang 2000; layout after Doornik 2005).
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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIM_ZIGGURAT_LAYERS = 256 };

typedef struct sim_ziggurat {
    double x[SIM_ZIGGURAT_LAYERS + 1]; /* x[256] = 0 */
    double f[SIM_ZIGGURAT_LAYERS + 1]; /* f[i] = f(x[i]), but f[0] unused: 0 */
} sim_ziggurat_t;

extern const sim_ziggurat_t sim_ziggurat_exponential;
extern const sim_ziggurat_t sim_ziggurat_normal;

/* A point of [0, width). The low 8 bits of the word choose the layer, its upper bits the point: they do not overlap,
 * which is the flaw that Doornik (2005) found in the method as first published. Powers of two scale exactly, so the
 * width may be scaled while the word is still being turned into a number. */
static inline double sim_ziggurat_point_(uint64_t word, double width)
{
    return (double)(int64_t)(word >> 11) * (0x1p-53 * width);
}

/* The first comparison of an exponential draw of mean 1; false leaves the word to the slow path. */
static inline bool sim_ziggurat_exponential_fast_(uint64_t word, double *x)
{
    size_t i = word % SIM_ZIGGURAT_LAYERS;
    *x = sim_ziggurat_point_(word, sim_ziggurat_exponential.x[i]);
    return *x < sim_ziggurat_exponential.x[i + 1];
}

#endif
