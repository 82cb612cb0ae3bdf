// SPDX-License-Identifier: GPL-3.0-or-later
/* Critical values of random walks kept in files, one per plan, so that they are simulated once.
 *
 * A file is text: a line with the version of the method, a line with the plan, the values in hexadecimal so that
 * nothing is rounded, and a checksum. It is written beside its name and renamed into place; what is damaged, cut off or
 * of another plan counts as absent and is written anew.
 *
 *     char folder[4096];
 *     if (ana_cache_folder(folder, sizeof folder) && ana_critical_load(folder, &plan, &critical)) ...
 */
#ifndef ANA_CRITICAL_CACHE_H
#define ANA_CRITICAL_CACHE_H

#include "analysis/critical_values.h"

/* The user's folder for what can be computed again: $XDG_CACHE_HOME/overbuild, else $HOME/.cache/overbuild. False when
 * neither variable is an absolute path, or it does not fit. */
bool ana_cache_folder(char *path, size_t size);

/* Reads the values of a plan into `critical`, made by ana_critical_init() for plan->n. False: there are none. */
bool ana_critical_load(const char *folder, const ana_critical_plan_t *plan, ana_critical_t *critical);
/* Keeps them; makes the folder if need be. False when that can't be done, and then nothing has changed. */
bool ana_critical_save(const char *folder, const ana_critical_plan_t *plan, const ana_critical_t *critical);

#endif
