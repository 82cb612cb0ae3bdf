// SPDX-License-Identifier: GPL-3.0-or-later
/* Facts tables of the command line: a file, or the table that the program brings. */
#ifndef APP_FACTS_FILE_H
#define APP_FACTS_FILE_H

#include "analysis/facts.h"

/* Reads the table at `path`, the shipped one for NULL; problems go to stderr, one a line. SIM_EINPUT, SIM_EIO,
 * SIM_ENOMEM. Free the facts also after a failure. */
sim_status_t app_facts_read(const char *path, ana_facts_t *facts, sim_error_t *err);

#endif
