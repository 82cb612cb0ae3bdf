// SPDX-License-Identifier: GPL-3.0-or-later
/* Inside the store: the checksum of a whole result file. For sim/store*.c only. */
#ifndef SIM_STORE_VERIFY_H
#define SIM_STORE_VERIFY_H

#include "sim/store_hdf5.h"

/* Makes room for the checksum; `offset` is its place in the file. */
sim_status_t sim_h5_add_checksum(sim_result_t *self, uint64_t *offset, sim_error_t *err);
/* Sums the closed file, open for reading and writing as `fd`, and stores the sum at `offset`. */
sim_status_t sim_h5_stamp_checksum(int fd, const char *path, uint64_t offset, sim_error_t *err);

#endif
