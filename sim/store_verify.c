// SPDX-License-Identifier: GPL-3.0-or-later
/* A checksum over every byte of a result, kept inside it as /provenance/file_checksum.
 *
 * The eight bytes of the checksum count as zeros. Compressed chunks have sums of their own, but indices, small
 * variables and labels have none: this one covers all of them at the speed of reading. Finding it touches nothing that
 * HDF5 reads without a sum of its own; reading on in a damaged file could crash inside HDF5. */
#include "sim/store_verify.h"

#include "sim/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEP_BYTES ((size_t)1 << 20)

/* CRC-32 above, Adler-32 below. */
typedef struct sums {
    uint32_t crc;
    uint32_t adler;
} sums_t;

static void blank(unsigned char *bytes, uint64_t start, size_t n, uint64_t hole)
{
    for (uint64_t i = 0; i < 8; i++)
        if (hole + i >= start && hole + i < start + n)
            bytes[hole + i - start] = 0;
}

static bool sum_file(int fd, uint64_t hole, uint64_t *sum)
{
    sums_t sums = {.crc = 0, .adler = 1};
    unsigned char *bytes = malloc(STEP_BYTES);
    ssize_t got = bytes == NULL ? -1 : 0;
    if (bytes == NULL)
        errno = ENOMEM;
    for (uint64_t at = 0; bytes != NULL && (got = pread(fd, bytes, STEP_BYTES, (off_t)at)) > 0; at += (size_t)got) {
        blank(bytes, at, (size_t)got, hole);
        sums.crc = libdeflate_crc32(sums.crc, bytes, (size_t)got);
        sums.adler = libdeflate_adler32(sums.adler, bytes, (size_t)got);
    }
    free(bytes);
    *sum = (uint64_t)sums.crc << 32 | sums.adler;
    return got == 0;
}

sim_status_t sim_h5_add_checksum(sim_result_t *self, uint64_t *offset, sim_error_t *err)
{
    const uint64_t zero = 0;
    const sim_h5_variable_t v = {.group = "provenance",
                                 .name = "file_checksum",
                                 .type = H5T_STD_U64LE,
                                 .units = "1",
                                 .long_name = "CRC-32 and Adler-32 of the file with these 8 bytes zero"};
    hid_t dataset = sim_h5_create_variable(self, &v);
    sim_status_t status = SIM_OK;
    haddr_t address = HADDR_UNDEF;
    if (dataset >= 0 && H5Dwrite(dataset, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, &zero) >= 0)
        address = H5Dget_offset(dataset);
    if (address == HADDR_UNDEF)
        status = sim_h5_fail(err, self->path, "/provenance/file_checksum");
    *offset = address;
    sim_h5_close(dataset);
    return status;
}

sim_status_t sim_h5_stamp_checksum(int fd, const char *path, uint64_t offset, sim_error_t *err)
{
    uint64_t sum;
    if (!sum_file(fd, offset, &sum))
        return sim_store_io_fail(err, path, "read back");
    if (pwrite(fd, &sum, sizeof sum, (off_t)offset) != (ssize_t)sizeof sum)
        return sim_store_io_fail(err, path, "write");
    return SIM_OK;
}

/* The checksum's place, and what is stored there. */
static sim_status_t find_checksum(sim_result_t *self, uint64_t *offset, uint64_t *stored, sim_error_t *err)
{
    static const char path[] = "/provenance/file_checksum";
    htri_t there = sim_h5_exists(self, path);
    if (there == 0)
        return sim_fail(err, SIM_EIO, self->path, "no %s: damaged, or not written by overbuild", path);
    hid_t dataset = there < 0 ? -1 : H5Dopen2(self->file, path, H5P_DEFAULT);
    haddr_t address = dataset < 0 ? HADDR_UNDEF : H5Dget_offset(dataset);
    bool good =
        address != HADDR_UNDEF && H5Dread(dataset, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, stored) >= 0;
    *offset = address;
    sim_status_t status = good ? SIM_OK : sim_h5_fail(err, self->path, path);
    sim_h5_close(dataset);
    return status;
}

sim_status_t sim_result_verify(sim_result_t *self, sim_error_t *err)
{
    uint64_t offset = 0, stored = 0, sum = 0;
    sim_status_t status = find_checksum(self, &offset, &stored, err);
    if (status < 0)
        return status;
    int fd = open(self->path, O_RDONLY | O_CLOEXEC);
    bool read = fd >= 0 && sum_file(fd, offset, &sum);
    status = read ? SIM_OK : sim_store_io_fail(err, self->path, "read");
    if (fd >= 0)
        close(fd);
    if (status < 0 || sum == stored)
        return status;
    return sim_fail(
        err, SIM_EIO, self->path,
        "its bytes are not the ones that were written (checksum %016llx, expected %016llx): damaged or changed "
        "by another program; run it again",
        (unsigned long long)sum, (unsigned long long)stored);
}
