// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/trace/lines.h"

#include "models/params/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* A refill moves at most one unfinished line to the front, so reading costs little more than the file. */
#define BUFFER_BYTES ((size_t)1 << 18)
#define GZIP_BYTES   (1u << 16) /* of compressed data at a time */
#define SHOWN_BYTES  40

static bool worse(sim_status_t status, sim_status_t than)
{
    return than == SIM_OK || (than == SIM_EINPUT && status != SIM_EINPUT);
}

void mdl_problem(mdl_problems_t *self, sim_status_t status, const char *path, uint64_t line, const char *format, ...)
{
    char text[768];
    int used = line > 0 ? snprintf(text, sizeof text, "%.300s:%llu: ", path, (unsigned long long)line)
                        : snprintf(text, sizeof text, "%.300s: ", path);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text + used, sizeof text - (size_t)used, format, args);
    va_end(args);
    self->n++;
    if (worse(status, self->status)) {
        self->status = status;
        memcpy(self->first, text, sizeof text);
    }
    if (self->report != NULL)
        self->report(self->user, text);
}

void mdl_problem_memory(mdl_problems_t *self, const char *path)
{
    mdl_problem(self, SIM_ENOMEM, path, 0, "out of memory while reading; expected enough for the whole trace");
}

sim_status_t mdl_problems_end(const mdl_problems_t *self, sim_error_t *err)
{
    if (self->n == 0)
        return SIM_OK;
    if (self->n == 1)
        return sim_fail(err, self->status, NULL, "%s", self->first);
    return sim_fail(err, self->status, NULL, "%s; %zu more problem%s", self->first, self->n - 1,
                    self->n == 2 ? "" : "s");
}

char *mdl_shown(char shown[48], const char *text, size_t n)
{
    size_t kept = n < SHOWN_BYTES ? n : SHOWN_BYTES;
    while (kept < n && kept > 0 && ((unsigned char)text[kept] & 0xC0) == 0x80)
        kept--;
    memcpy(shown, text, kept);
    for (size_t i = 0; i < kept; i++)
        if ((unsigned char)shown[i] < 0x20 || shown[i] == 0x7F)
            shown[i] = '?';
    shown[kept] = '\0';
    if (!mdl_text_valid(shown))
        for (size_t i = 0; i < kept; i++)
            if ((unsigned char)shown[i] >= 0x80)
                shown[i] = '?';
    memcpy(shown + kept, kept < n ? "..." : "", kept < n ? 4 : 1);
    return shown;
}

/* What the system says about a file that cannot be opened. */
static void refused(mdl_lines_t *self, int code)
{
    if (code == ENOMEM)
        mdl_problem_memory(self->problems, self->path);
    else
        mdl_problem(self->problems, SIM_EIO, self->path, 0, "can't read it: %s; expected a trace file", strerror(code));
}

/* A descriptor of a file that can be read, or -1. */
static int open_file(mdl_lines_t *self)
{
    struct stat kind;
    int fd = open(self->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &kind) < 0) {
        refused(self, errno);
    } else if (S_ISDIR(kind.st_mode)) {
        mdl_problem(self->problems, SIM_EIO, self->path, 0, "found a folder; expected a trace file");
    } else {
        return fd;
    }
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

static void open_stream(mdl_lines_t *self)
{
    int fd = open_file(self);
    if (fd < 0)
        return;
    self->file = gzdopen(fd, "rb");
    self->buffer = self->file != NULL ? malloc(BUFFER_BYTES) : NULL;
    if (self->file == NULL)
        (void)close(fd);
    if (self->buffer == NULL) {
        mdl_problem_memory(self->problems, self->path);
        return;
    }
    (void)gzbuffer(self->file, GZIP_BYTES);
    self->next = self->end = self->buffer;
    self->drained = false;
}

/* The stream's own verdict: a gzip file that is cut off reads well up to its cut. */
static void check_stream(mdl_lines_t *self)
{
    int code;
    (void)gzerror(self->file, &code);
    if (code == Z_OK || code == Z_STREAM_END)
        return;
    if (code == Z_ERRNO)
        refused(self, errno);
    else if (code == Z_MEM_ERROR)
        mdl_problem_memory(self->problems, self->path);
    else
        mdl_problem(self->problems, SIM_EIO, self->path, 0, "found a %s gzip file; expected a whole one",
                    code == Z_BUF_ERROR ? "cut-off" : "damaged");
    self->next = self->end;
    self->drained = true;
}

/* Reads on behind what is left, which moves to the buffer's front. */
static void refill(mdl_lines_t *self)
{
    size_t left = (size_t)(self->end - self->next);
    memmove(self->buffer, self->next, left);
    int got = gzread(self->file, self->buffer + left, (unsigned)(BUFFER_BYTES - left));
    self->next = self->buffer;
    self->end = self->buffer + left + (got > 0 ? (size_t)got : 0);
    self->drained = got < (int)(BUFFER_BYTES - left);
    if (self->drained)
        check_stream(self);
}

static void skip_mark(mdl_lines_t *self)
{
    if (self->end - self->next >= 3 && memcmp(self->next, "\xEF\xBB\xBF", 3) == 0)
        self->next += 3;
}

void mdl_lines_open(mdl_lines_t *self, const mdl_source_t *source, mdl_problems_t *problems)
{
    *self = (mdl_lines_t){.path = source->path, .problems = problems, .drained = true};
    self->next = self->end = "";
    if (source->text != NULL) {
        self->next = source->text;
        self->end = source->text + source->n;
    } else {
        open_stream(self);
    }
    if (!self->drained)
        refill(self);
    skip_mark(self);
}

void mdl_lines_stop(mdl_lines_t *self)
{
    self->next = self->end;
    self->drained = true;
}

static bool no_text(mdl_lines_t *self, const char *found)
{
    mdl_problem(self->problems, SIM_EINPUT, self->path, self->line, "found %s; expected lines of UTF-8 text", found);
    mdl_lines_stop(self);
    return false;
}

bool mdl_lines_next(mdl_lines_t *self)
{
    size_t left = (size_t)(self->end - self->next);
    const char *stop = memchr(self->next, '\n', left);
    if (stop == NULL && !self->drained && left <= MDL_LINE_BYTES + 1) {
        refill(self);
        left = (size_t)(self->end - self->next);
        stop = memchr(self->next, '\n', left);
    }
    if (left == 0)
        return false;
    self->line++;
    self->at = self->next;
    self->n = stop != NULL ? (size_t)(stop - self->next) : left;
    self->next += self->n + (stop != NULL);
    if (self->n > 0 && self->at[self->n - 1] == '\r')
        self->n--;
    if (self->n > MDL_LINE_BYTES)
        return no_text(self, "a line of more than 65535 bytes");
    if (memchr(self->at, '\0', self->n) != NULL)
        return no_text(self, "a NUL byte");
    return true;
}

void mdl_lines_close(mdl_lines_t *self)
{
    if (self->file != NULL)
        (void)gzclose(self->file);
    free(self->buffer);
    *self = (mdl_lines_t){0};
}
