// SPDX-License-Identifier: GPL-3.0-or-later
/* Sim's random numbers as a generator of the GNU Scientific Library, for users' own code.
 *
 * Overbuild itself draws with sim/draw.h only: GSL's samplers use libm, whose last bits differ between machines. In
 * code that need not be reproducible to the bit, any GSL sampler can be fed:
 *
 *     gsl_rng *rng = gsl_rng_alloc(sim_gsl_rng_type());
 *     sim_rng_at(gsl_rng_state(rng), seed, replication, entity, purpose, event);
 *     double x = gsl_ran_levy(rng, 1.0, 1.5);
 *     gsl_rng_free(rng);
 *
 * gsl_rng_set(rng, s) is sim_rng_at(state, s, 0, 0, 0, 0).
 */
#ifndef SIM_GSL_RNG_H
#define SIM_GSL_RNG_H

#include <gsl/gsl_rng.h>

/* The type to give to gsl_rng_alloc(); its state is a sim_rng_t. Numbers of 64 bits, doubles of 53. */
const gsl_rng_type *sim_gsl_rng_type(void);

#endif
