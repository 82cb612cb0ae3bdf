// SPDX-License-Identifier: GPL-3.0-or-later
/* Scanning FILE.parts/ for a resume: which blocks are whole, in whichever segments a crash left behind. */
#include "sim/store_internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a scan found. */
typedef struct scan {
    sim_store_t *store;
    size_t blocks;
    size_t damaged; /* runs of bytes that are no block */
    size_t cut_off; /* unfinished ends of segments that were being written */
} scan_t;

static sim_status_t take_block(scan_t *scan, const sim_store_view_t *view, uint32_t segment, uint64_t offset,
                               sim_error_t *err)
{
    sim_store_t *self = scan->store;
    const sim_store_head_t *head = view->head;
    if (head->layout != self->layout.hash) {
        scan->damaged++;
        return SIM_OK;
    }
    int64_t arm = sim_store_arm(self, view->arm, head->arm_bytes);
    sim_run_key_t key = {(uint32_t)arm, head->point, head->replication};
    if (arm < 0 || key.point >= self->n_points || key.replication >= self->n_replications) {
        char label[128];
        snprintf(label, sizeof label, "%.*s", (int)head->arm_bytes, view->arm);
        return head->status == SIM_OK ? sim_store_outside(self, self->parts, label, key, err) : SIM_OK;
    }
    sim_store_register(self, key, view, segment, offset);
    scan->blocks++;
    return SIM_OK;
}

/* Walks through a segment's bytes; behind damage the next whole block is searched at every multiple of 8. */
static sim_status_t walk(scan_t *scan, const unsigned char *bytes, size_t n, uint32_t segment, bool open_end,
                         sim_error_t *err)
{
    bool in_damage = false;
    for (size_t at = 0; at < n;) {
        sim_store_view_t view;
        size_t length = sim_store_block_view(bytes + at, n - at, &view);
        if (length == 0) {
            scan->damaged += !in_damage;
            in_damage = true;
            at += 8;
            continue;
        }
        in_damage = false;
        sim_status_t status = take_block(scan, &view, segment, at, err);
        if (status < 0)
            return status;
        at += length;
    }
    if (in_damage && open_end) {
        scan->damaged--;
        scan->cut_off++;
    }
    return SIM_OK;
}

static sim_status_t scan_file(scan_t *scan, const char *path, uint32_t segment, bool open_end, sim_error_t *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) < 0) {
        sim_status_t status = sim_store_io_fail(err, path, "read");
        if (fd >= 0)
            close(fd);
        return status;
    }
    sim_status_t status = SIM_OK;
    size_t n = (size_t)info.st_size;
    if (n > 0) {
        void *bytes = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
        if (bytes == MAP_FAILED) {
            status = sim_store_io_fail(err, path, "read");
        } else {
            status = walk(scan, bytes, n, segment, open_end, err);
            munmap(bytes, n);
        }
    }
    close(fd);
    return status;
}

static int only_segments(const struct dirent *entry)
{
    uint32_t segment;
    return sim_parts_is_segment(entry->d_name, &segment);
}

static sim_status_t scan_entry(scan_t *scan, const char *name, sim_error_t *err)
{
    sim_store_t *self = scan->store;
    uint32_t segment = (uint32_t)strtoul(name, NULL, 10);
    if (segment >= self->next_segment)
        self->next_segment = segment + 1;
    size_t bytes = strlen(self->parts) + strlen(name) + 2;
    char *path = malloc(bytes);
    if (path == NULL)
        return sim_fail(err, SIM_ENOMEM, self->parts, "no memory for a path");
    snprintf(path, bytes, "%s/%s", self->parts, name);
    sim_status_t status = scan_file(scan, path, segment, strstr(name, ".part") != NULL, err);
    free(path);
    return status;
}

static void write_notice(const scan_t *scan)
{
    sim_store_t *self = scan->store;
    if (scan->damaged + scan->cut_off == 0)
        return;
    snprintf(self->notice, sizeof self->notice,
             "%s: %zu damaged and %zu unfinished blocks ignored, %zu whole ones kept; what is missing runs again",
             self->parts, scan->damaged, scan->cut_off, scan->blocks);
}

sim_status_t sim_parts_scan(sim_store_t *self, sim_error_t *err)
{
    struct dirent **names;
    int n = scandir(self->parts, &names, only_segments, alphasort);
    if (n < 0)
        return sim_store_io_fail(err, self->parts, "read the folder");
    scan_t scan = {.store = self};
    sim_status_t status = SIM_OK;
    for (int i = 0; i < n; i++) {
        if (status == SIM_OK)
            status = scan_entry(&scan, names[i]->d_name, err);
        free(names[i]);
    }
    free(names);
    write_notice(&scan);
    return status;
}
