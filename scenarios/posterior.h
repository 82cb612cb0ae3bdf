// SPDX-License-Identifier: GPL-3.0-or-later
/* `parameters: posterior`: every replication has parameters of its own, a row of a table of draws from a posterior.
 *
 *     parameters: posterior             values (what `set` says), the default, or posterior
 *     posterior: my-calibration.csv     the table: a CSV file, the name of a preset that ships with one, or, with several
 *                                       lines, the table itself (as resolved scenarios carry it)
 *
 * The table has a header of parameter keys and equally likely rows of values in the registry's units; `overbuild
 * calibrate` writes one. Which row a replication gets depends on the seed and its number alone, so that all arms of a
 * replication share it. The table wins over `set` of the same file and of those that it extends; `set` of a file that
 * extends it, --set, `uncertain`, and what an arm sets win over the table.
 */
#ifndef SCN_POSTERIOR_H
#define SCN_POSTERIOR_H

#include "scenarios/draft.h"

/* Keys `parameters` and `posterior` (targets: scn_draft_t). */
void scn_read_parameters(scn_reader_t *self, const scn_node_t *node, void *draft);
void scn_read_posterior(scn_reader_t *self, const scn_node_t *node, void *draft);

/* Once all files are read: the table's text into columns, every problem to the log, and columns that lose to a nearer
 * value left out. */
void scn_posterior_check(scn_reader_t *self);

/* Row of a replication; the table has rows. */
size_t scn_posterior_row(const scn_draft_t *draft, uint64_t replication);

#endif
