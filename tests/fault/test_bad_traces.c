// SPDX-License-Identifier: GPL-3.0-or-later
/* Malformed traces of every format: each is refused with a message that names the place, what was found and what was
 * expected, and leaves nothing behind. */
#include "models/trace/muri.h"
#include "models/trace/openb.h"
#include "models/trace/requests.h"
#include "models/trace/trace.h"
#include "tests/support/fake_run.h"
#include "tests/support/test.h"
#include "tests/support/trace_text.h"

#include <sys/stat.h>
#include <zlib.h>

typedef enum format { SWF, PHILLY, CSV, NODES, PODS, MURI, CLUSTER, AZURE, FORMATS } format_t;

static const char good_nodes[] = "sn,cpu_milli,memory_mib,gpu,model\nn,1,1,8,A\n";
static const char good_pods[] = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\np,1,1,1,500,\n";

static bool is_zero(const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (((const char *)bytes)[i] != 0)
            return false;
    return true;
}

/* Reads jobs; whether nothing is left of them. */
static sim_status_t read_jobs(format_t format, const mdl_source_t *source, sim_error_t *err, bool *empty)
{
    mdl_trace_t trace;
    sim_status_t status;
    switch (format) {
    case SWF: status = mdl_trace_read_swf_from(source, NULL, &trace, err); break;
    case PHILLY: status = mdl_trace_read_philly_from(source, NULL, &trace, err); break;
    default: status = mdl_trace_read_csv_from(source, NULL, &trace, err); break;
    }
    *empty = is_zero(&trace, sizeof trace);
    mdl_trace_free(&trace);
    return status;
}

static sim_status_t read_openb(format_t format, const mdl_source_t *source, sim_error_t *err, bool *empty)
{
    mdl_openb_t openb;
    mdl_source_t nodes = test_source("good.csv", good_nodes, NULL), pods = test_source("good.csv", good_pods, NULL);
    sim_status_t status = mdl_openb_read_from(format == NODES ? source : &nodes, format == PODS ? source : &pods, NULL,
                                              NULL, &openb, err);
    *empty = is_zero(&openb, sizeof openb);
    mdl_openb_free(&openb);
    return status;
}

static sim_status_t read_others(format_t format, const mdl_source_t *source, sim_error_t *err, bool *empty)
{
    mdl_muri_t muri = {0};
    mdl_requests_t requests = {0};
    uint32_t cluster[2] = {0, 0};
    sim_status_t status;
    switch (format) {
    case MURI: status = mdl_muri_read_from(source, &muri, err); break;
    case CLUSTER: status = mdl_muri_read_cluster_from(source, &cluster[0], &cluster[1], err); break;
    default: status = mdl_requests_read_azure_from(source, &requests, err); break;
    }
    *empty = is_zero(&muri, sizeof muri) && is_zero(&requests, sizeof requests) && is_zero(cluster, sizeof cluster);
    mdl_muri_free(&muri);
    mdl_requests_free(&requests);
    return status;
}

static void refused(format_t format, const mdl_source_t *source, sim_status_t expected, const char *message)
{
    sim_error_t err = {0};
    bool empty;
    sim_status_t status = format <= CSV    ? read_jobs(format, source, &err, &empty)
                          : format <= PODS ? read_openb(format, source, &err, &empty)
                                           : read_others(format, source, &err, &empty);
    if (status != expected || strcmp(err.message, message) != 0)
        fail_msg("status %d, expected %d\n   found: %s\nexpected: %s", status, expected, err.message, message);
    assert_true(empty);
}

#define P "timestamp,duration,num_gpus,gpu_time,cluster\n"
#define C "submit_s,run_s,gpus\n"
#define N "sn,cpu_milli,memory_mib,gpu,model\n"
#define O "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\n"
#define M "job_id,num_gpu,submit_time,iterations,model_name,iteration_time\n"
#define A "TIMESTAMP,ContextTokens,GeneratedTokens\n"
#define S "1 0 -1 5 4 -1 -1 4 60 -1 1 1 1 1 1 1 -1 -1\n"

typedef struct bad {
    format_t format;
    const char *text;
    const char *message;
} bad_t;

static const bad_t bad_swf[] = {
    {SWF, "", "t: found no jobs; expected at least one"},
    {SWF, "; MaxProcs: 100\n; Note: nothing else\n", "t: found no jobs; expected at least one"},
    {SWF, "; MaxProcs: many\n" S, "t:1: MaxProcs: found 'many'; expected a whole number up to 16777216"},
    {SWF, "; MaxProcs: 99999999999\n" S, "t:1: MaxProcs: found '99999999999'; expected a whole number up to 16777216"},
    {SWF, "; UnixStartTime: 1e9\n" S,
     "t:1: UnixStartTime: found '1e9'; expected a whole number up to 9007199254740992"},
    {SWF, S "2 0 -1 5 4", "t:2: found a line of 5 columns; expected 18 numbers"},
    {SWF, "1 0 -1 5 4 -1 -1 4 60 -1 1 1 1 1 1 1 -1 -1 7\n",
     "t:1: found a line of more than 18 columns; expected 18 numbers"},
    {SWF, "1 0 -1 nan 4 -1 -1 4 60 -1 1 1 1 1 1 1 -1 -1\n",
     "t:1: column 4 (run time): found 'nan'; expected a whole number"},
    {SWF, "1 0 -1 5.5 4 -1 -1 4 60 -1 1 1 1 1 1 1 -1 -1\n",
     "t:1: column 4 (run time): found '5.5'; expected a whole number"},
    {SWF, "1 0 -1 5 0x4 -1 -1 4 60 -1 1 1 1 1 1 1 -1 -1\n",
     "t:1: column 5 (allocated processors): found '0x4'; expected a whole number"},
    {SWF, "1 0 -1 5 4 -1 -1 4 60 -1 ok 1 1 1 1 1 -1 -1\n", "t:1: column 11 (status): found 'ok'; expected a number"},
    {SWF, "1 9223372036854775808 -1 5 4 -1 -1 4 60 -1 1 1 1 1 1 1 -1 -1\n",
     "t:1: column 2 (submit time): found '9223372036854775808'; expected a whole number"},
    {SWF, "1 9007199254740993 -1 5 4 -1 -1 4 60 -1 1 1 1 1 1 1 -1 -1\n",
     "t:1: column 2 (submit time): found '9007199254740993'; expected a time within 2^53 seconds"},
    {SWF, "1 0 -1 5 16777217 -1 -1 4 60 -1 1 1 1 1 1 1 -1 -1\n",
     "t:1: column 5 (allocated processors): found '16777217'; expected at most 16777216 processors"},
    {SWF, "1 -3 -1 5 4 -1 -1 4 60 -1 1 1 1 1 1 1 -1 -1\n",
     "t: the rules of the format leave out every one of its jobs (1); expected at least one that can run"},
    {SWF, "1,0,-1,5,4,-1,-1,4,60,-1,1,1,1,1,1,1,-1,-1\n",
     "t:1: column 1 (job): found '1,0,-1,5,4,-1,-1,4,60,-1,1,1,1,1,1,1,-1,...'; expected a whole number; 1 more "
     "problem"},
};

static const bad_t bad_philly[] = {
    {PHILLY, "", "t: found an empty file; expected a header line with the names of columns"},
    {PHILLY, "# only a comment\n\n", "t: found an empty file; expected a header line with the names of columns"},
    {PHILLY, P, "t: found no jobs; expected at least one"},
    {PHILLY, "timestamp,duration,num_gpu,cluster\n",
     "t:1: the header has no column num_gpus (but 'num_gpu'); expected one"},
    {PHILLY, "timestamp;duration;num_gpus;cluster\n",
     "t:1: found cells separated by semicolons or tabs; expected commas; save it as comma-separated"},
    {PHILLY, P "2017-10-03 00:00:00,1,1,1\n", "t:2: found a row of 4 cells; expected 5 as in the header"},
    {PHILLY, P "2017-10-03 00:00:00,1,1,1,a,\n", "t:2: found a row of 6 cells; expected 5 as in the header"},
    {PHILLY, P "2017-13-03 00:00:00,1,1,1,a\n",
     "t:2: column 1 (timestamp): found '2017-13-03 00:00:00'; expected a moment as YYYY-MM-DD hh:mm:ss"},
    {PHILLY, P "1506902399,1,1,1,a\n",
     "t:2: column 1 (timestamp): found '1506902399'; expected a moment as YYYY-MM-DD hh:mm:ss"},
    {PHILLY, P "2017-10-03 00:00:00.5,1,1,1,a\n",
     "t:2: column 1 (timestamp): found '2017-10-03 00:00:00.5'; expected whole seconds"},
    {PHILLY, P "2017-10-03 00:00:00,-1,1,1,a\n",
     "t:2: column 2 (duration): found '-1'; expected a whole number from 0 to 9007199254740992"},
    {PHILLY, P "2017-10-03 00:00:00,0.5,1,1,a\n",
     "t:2: column 2 (duration): found '0.5'; expected a whole number from 0 to 9007199254740992"},
    {PHILLY, P "2017-10-03 00:00:00,1,16777217,1,a\n",
     "t:2: column 3 (num_gpus): found '16777217'; expected a whole number from 0 to 16777216"},
    {PHILLY, P "2017-10-03 00:00:00,1,1,1,\n",
     "t:2: column 5 (cluster): found ''; expected a name of 1 to 255 bytes of UTF-8"},
    {PHILLY, P "2017-10-03 00:00:00,1,1,1,\xFF\xFE\n",
     "t:2: column 5 (cluster): found '?\?'; expected a name of 1 to 255 bytes of UTF-8"},
    {PHILLY, P "2017-10-03 00:00:00,1,0,1,a\n",
     "t: the rules of the format leave out every one of its jobs (1); expected at least one that can run"},
};

static const bad_t bad_csv[] = {
    {CSV, "\n\n", "t: found an empty file; expected a header line with the names of columns"},
    {CSV, C, "t: found no jobs; expected at least one"},
    {CSV, "0,1,1\n", "t:1: column 1: found the unknown column '0'; expected a known one; 5 more problems"},
    {CSV, C "-1,1,1\n", "t:2: column 1 (submit_s): found '-1'; expected a whole number from 0 to 9007199254740992"},
    {CSV, C "0,-1,1\n", "t:2: column 2 (run_s): found '-1'; expected a whole number from 0 to 9007199254740992"},
    {CSV, C "0,1,0\n", "t:2: column 3 (gpus): found '0'; expected a whole number from 1 to 16777216"},
    {CSV, C "0,1,\n", "t:2: column 3 (gpus): found ''; expected a whole number from 1 to 16777216"},
    {CSV, C "0,inf,1\n", "t:2: column 2 (run_s): found 'inf'; expected a whole number from 0 to 9007199254740992"},
    {CSV, C "0,1,1\n0,9", "t:3: found a row of 2 cells; expected 3 as in the header"},
    {CSV, C "0,1,\"1\n",
     "t:2: column 3: found a quote that is not closed on its line; expected cells separated by commas"},
    {CSV, C "0,\"1\"2,1\n", "t:2: column 2: found text after a closing quote; expected cells separated by commas"},
    {CSV, "submit_s,run_s,gpus,estimate_s\n0,10,1,9\n",
     "t:2: column 4 (estimate_s): found '9'; expected a whole number from 10 to 9007199254740992"},
    {CSV, "submit_s,run_s,gpus,class\n0,10,1,training run\n",
     "t:2: column 4 (class): found 'training run'; expected training, finetune, inference or batch"},
    {CSV, "submit_s,run_s,gpus,gpu_milli\n0,10,2,500\n",
     "t:2: column 4 (gpu_milli): found '500'; expected 1000 for a job of more than one GPU"},
    {CSV, "submit_s,run_s,gpus,cpu_milli\n0,10,2,4294967296\n",
     "t:2: column 4 (cpu_milli): found '4294967296'; expected a whole number from 0 to 4294967295"},
    {CSV, "submit_s,run_s,gpus,id\n0,10,2,\n",
     "t:2: column 4 (id): found ''; expected a whole number from -9007199254740992 to 9007199254740992"},
    {CSV, "submit_s,run_s,gpus,tennant\n0,10,2,a\n",
     "t:1: column 4: found the unknown column 'tennant'; did you mean tenant?"},
};

static const bad_t bad_others[] = {
    {NODES, "", "t: found an empty file; expected a header line with the names of columns"},
    {NODES, N, "t: found no nodes; expected at least one"},
    {NODES, "sn,cpu_milli,memory_mib,gpus,model\nn,1,1,1,A\n",
     "t:1: the header has no column gpu (but 'gpus'); expected one"},
    {NODES, N "n,1,1,9,A\n", "t:2: column 4 (gpu): found '9'; expected a whole number from 0 to 8"},
    {NODES, N "n,-1,1,1,A\n",
     "t:2: column 2 (cpu_milli): found '-1'; expected a whole number from 0 to 9007199254740992"},
    {NODES, N "n,1,1,1,\n", "t:2: column 5 (model): found ''; expected the model of the node's GPUs"},
    {NODES, N "n,1,1,1,A\nn,1,1,1,A\n", "t:3: column 1 (sn): found 'n'; expected each name once"},
    {NODES, N ",1,1,1,A\n", "t:2: column 1 (sn): found ''; expected a name of 1 to 47 bytes of UTF-8"},
    {PODS, O, "t: found no pods; expected at least one"},
    {PODS, O "p,1,1,1,0,\n", "t:2: column 5 (gpu_milli): found '0'; expected a whole number from 1 to 1000"},
    {PODS, O "p,1,1,2,500,\n", "t:2: column 5 (gpu_milli): found '500'; expected 1000"},
    {PODS, O "p,1,1,-1,500,\n", "t:2: column 4 (num_gpu): found '-1'; expected a whole number from 0 to 8"},
    {PODS, O "p,1,1,1,500,A||B\n",
     "t:2: column 6 (gpu_spec): found 'A||B'; expected models of 1 to 47 bytes joined by '|', at most 32 in the whole "
     "trace"},
    {PODS, O "p,1e3,1,1,500,\n",
     "t:2: column 2 (cpu_milli): found '1e3'; expected a whole number from 0 to 9007199254740992"},
    {PODS, O "a-name-that-is-much-too-long-for-a-pod-of-the-trace,1,1,1,500,\n",
     "t:2: column 1 (name): found 'a-name-that-is-much-too-long-for-a-pod-o...'; expected a name of 1 to 47 bytes of "
     "UTF-8"},
    {MURI, M, "t: found no jobs; expected at least one"},
    {MURI, M "0,0,0,1,bert,1\n", "t:2: column 2 (num_gpu): found '0'; expected a whole number from 1 to 16777216"},
    {MURI, M "0,1,-5,1,bert,1\n", "t:2: column 3 (submit_time): found '-5'; expected milliseconds from 0 to 2^53"},
    {MURI, M "0,1,0,0,bert,1\n",
     "t:2: column 4 (iterations): found '0'; expected a number above 0 and up to 9007199254740992"},
    {MURI, M "0,1,0,1,bert,nan\n",
     "t:2: column 6 (iteration_time): found 'nan'; expected a number above 0 and up to 9007199254740992"},
    {MURI, M "0,1,0,1e400,bert,1\n",
     "t:2: column 4 (iterations): found '1e400'; expected a number above 0 and up to 9007199254740992"},
    {MURI, M "0,1,0,1,,1\n", "t:2: column 5 (model_name): found ''; expected a name of 1 to 31 bytes of UTF-8"},
    {CLUSTER, "num_switch,num_node_p_switch,num_gpu_p_node\n", "t: found 0 rows; expected one, of equal nodes"},
    {CLUSTER, "num_switch,num_node_p_switch,num_gpu_p_node\n1,0,8\n",
     "t:2: column 2 (num_node_p_switch): found '0'; expected a whole number from 1 to 16777216"},
    {AZURE, A, "t: found no requests with an answer; expected at least one"},
    {AZURE, A "2023-11-16 18:17:03.9799600,0,10\n",
     "t:2: column 2 (ContextTokens): found '0'; expected a whole number from 1 to 16777216"},
    {AZURE, A "2023-11-16 18:17,5,10\n",
     "t:2: column 1 (TIMESTAMP): found '2023-11-16 18:17'; expected a moment as YYYY-MM-DD hh:mm:ss"},
    {AZURE, A "2023-11-16 18:17:03+08:00,5,10\n",
     "t:2: column 1 (TIMESTAMP): found '2023-11-16 18:17:03+08:00'; expected a moment as YYYY-MM-DD hh:mm:ss"},
    {AZURE, A "2023-11-16 18:17:03,5,-1\n",
     "t:2: column 3 (GeneratedTokens): found '-1'; expected a whole number from 0 to 16777216"},
};

static void all_refused(const bad_t *bad, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        mdl_source_t source = test_source("t", bad[i].text, NULL);
        refused(bad[i].format, &source, SIM_EINPUT, bad[i].message);
    }
}

static void test_malformed_texts(void **state)
{
    (void)state;
    all_refused(bad_swf, sizeof bad_swf / sizeof bad_swf[0]);
    all_refused(bad_philly, sizeof bad_philly / sizeof bad_philly[0]);
    all_refused(bad_csv, sizeof bad_csv / sizeof bad_csv[0]);
    all_refused(bad_others, sizeof bad_others / sizeof bad_others[0]);
}

/* NUL bytes, binary data, lines without end: in every format. */
static void test_no_text(void **state)
{
    (void)state;
    static char endless[70000];
    memset(endless, '7', sizeof endless);
    for (format_t format = 0; format < FORMATS; format++) {
        const mdl_source_t nul = {"t", "a\0b\n", 4}, elf = {"t",
                                                            "\x7f"
                                                            "ELF\2\1\1\0\0\0",
                                                            10};
        const mdl_source_t utf16 = {"t", "\xFF\xFEs\0u\0", 6}, line = {"t", endless, sizeof endless};
        refused(format, &nul, SIM_EINPUT, "t:1: found a NUL byte; expected lines of UTF-8 text");
        refused(format, &elf, SIM_EINPUT, "t:1: found a NUL byte; expected lines of UTF-8 text");
        refused(format, &utf16, SIM_EINPUT, "t:1: found a NUL byte; expected lines of UTF-8 text");
        refused(format, &line, SIM_EINPUT, "t:1: found a line of more than 65535 bytes; expected lines of UTF-8 text");
    }
}

static void test_many_columns(void **state)
{
    (void)state;
    char commas[300], row[600];
    memset(commas, ',', sizeof commas);
    commas[256] = '\0';
    mdl_source_t source = test_source("t", commas, NULL);
    refused(CSV, &source, SIM_EINPUT, "t:1: found more than 256 columns; expected at most that many");
    (void)snprintf(row, sizeof row, C "%s\n", commas);
    source = test_source("t", row, NULL);
    refused(CSV, &source, SIM_EINPUT, "t:2: found a row of 257 cells; expected 3 as in the header");
}

/* One callback per problem, in order; the summary names the first and counts the others. */
static void test_every_problem_is_reported(void **state)
{
    (void)state;
    static test_problems_t problems;
    char text[4096] = C;
    for (int i = 0; i < 30; i++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%d,x,1\n", i);
    mdl_source_t source = test_source("t", text, &problems);
    refused(CSV, &source, SIM_EINPUT,
            "t:2: column 2 (run_s): found 'x'; expected a whole number from 0 to 9007199254740992; 29 more problems");
    assert_int_equal(problems.n, 30);
    assert_string_equal(problems.texts[29],
                        "t:31: column 2 (run_s): found 'x'; expected a whole number from 0 to 9007199254740992");
}

static void write_file(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

/* A gzipped trace of some thousand jobs; its length. */
static size_t gzipped(const char *path, unsigned char *bytes, size_t room)
{
    gzFile gz = gzopen(path, "wb");
    assert_non_null(gz);
    assert_true(gzputs(gz, C) > 0);
    for (unsigned i = 0; i < 20000; i++)
        assert_true(gzprintf(gz, "%u,%u,%u\n", i, i * 2654435761u % 100000, i % 8 + 1) > 0);
    assert_int_equal(gzclose(gz), Z_OK);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(bytes, 1, room, file);
    (void)fclose(file);
    return n;
}

static void test_files(void **state)
{
    (void)state;
    char *folder = fake_folder(), message[1024];
    const char *path = fake_path(folder, "t.csv");
    for (format_t format = 0; format < FORMATS; format++) {
        const mdl_source_t missing = {path}, directory = {folder};
        (void)snprintf(message, sizeof message, "%s: can't read it: No such file or directory; expected a trace file",
                       path);
        refused(format, &missing, SIM_EIO, message);
        (void)snprintf(message, sizeof message, "%s: found a folder; expected a trace file", folder);
        refused(format, &directory, SIM_EIO, message);
    }
    fake_remove(folder);
    free(folder);
}

static void gzip_refused(const char *path, const unsigned char *bytes, size_t n, const char *found)
{
    char message[1024];
    const mdl_source_t source = {path};
    write_file(path, bytes, n);
    (void)snprintf(message, sizeof message, "%s: found a %s gzip file; expected a whole one", path, found);
    refused(CSV, &source, SIM_EIO, message);
}

/* Cut anywhere behind its first two bytes, with a damaged middle, or with a wrong checksum. */
static void test_damaged_gzip(void **state)
{
    (void)state;
    static unsigned char bytes[1 << 20];
    char *folder = fake_folder();
    const char *path = fake_path(folder, "t.csv.gz");
    size_t n = gzipped(path, bytes, sizeof bytes);
    const size_t cuts[] = {2, 9, 15, 1000, n / 2, n - 9, n - 8, n - 1};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++)
        gzip_refused(path, bytes, cuts[i], "cut-off");
    bytes[n - 6] ^= 1;
    gzip_refused(path, bytes, n, "damaged");
    bytes[n - 6] ^= 1;
    memset(bytes + n / 2, 0xFF, 64);
    gzip_refused(path, bytes, n, "damaged");
    fake_remove(folder);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_malformed_texts), cmocka_unit_test(test_no_text),
        cmocka_unit_test(test_many_columns),    cmocka_unit_test(test_every_problem_is_reported),
        cmocka_unit_test(test_files),           cmocka_unit_test(test_damaged_gzip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
