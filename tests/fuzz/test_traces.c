// SPDX-License-Identifier: GPL-3.0-or-later
/* The fuzz targets of the trace readers on some thousand mutated inputs each, the same in every run. */
#include "tests/fuzz/traces.h"
#include "tests/support/mutate.h"
#include "tests/support/test.h"

enum { INPUTS = 8000 };

static const char *const pieces[] = {"\"",
                                     "\"\"",
                                     ",",
                                     ",,",
                                     "\n",
                                     "\r\n",
                                     "\t",
                                     "#",
                                     ";",
                                     "-",
                                     "-1",
                                     "0",
                                     ".0",
                                     "1e308",
                                     "1e-5",
                                     "nan",
                                     "inf",
                                     "0x10",
                                     "9007199254740992",
                                     "9223372036854775807",
                                     "-9223372036854775808",
                                     "99999999999999999999",
                                     "2017-10-02 00:00:10",
                                     "2017-02-29 00:00:00",
                                     ".1234567",
                                     "+00:00",
                                     "Z",
                                     "\xEF\xBB\xBF",
                                     "\xC3\xA9",
                                     "\xFF",
                                     "\f",
                                     "|",
                                     "A|B",
                                     "-tuned-0",
                                     "; MaxProcs: 8\n",
                                     "; UnixStartTime: 86400\n",
                                     "; MaxProcs: -1\n"};

static int fuzz_swf(const uint8_t *data, size_t size)
{
    return fuzz_jobs(mdl_trace_read_swf_from, data, size);
}

static int fuzz_philly(const uint8_t *data, size_t size)
{
    return fuzz_jobs(mdl_trace_read_philly_from, data, size);
}

static int fuzz_csv(const uint8_t *data, size_t size)
{
    return fuzz_jobs(mdl_trace_read_csv_from, data, size);
}

static const struct {
    int (*read)(const uint8_t *data, size_t size);
    const char *seed;
} targets[] = {
    {fuzz_swf, "; MaxProcs: 100\n; UnixStartTime: 1506902399\n\n"
               "1 0 -1 50 16 -1 -1 20 300 -1 1 3 1 1 1 2 -1 -1\n2 9 2.5 50 16 -1 -1 -1 300 -1 1 4 1 1 1 2 -1 -1\n"
               "3 4 -1 500 -1 -1 -1 20 300 -1 1 3 1 1 1 1 -1 -1\n4 90000 -1 5 1 -1 -1 1 -1 -1 1 3 1 1 1 2 -1 -1\n"},
    {fuzz_philly,
     "timestamp,duration,num_gpus,gpu_time,cluster\n2017-10-03 00:00:00,197281.0,4,789124.0,2\n"
     "2017-10-01 23:59:59,10.0,8,80.0,b\n2017-10-02 00:00:09,3.0,0,0.0,2\n2017-10-02 00:00:10,5.0,2,1,2\n"},
    {fuzz_csv, "id,submit_s,run_s,estimate_s,gpus,tenant,class,gpu_milli,cpu_milli,memory_mib\n"
               "1,1,10,20,1,2,inference,250,4000,8192\n2,1,10,,2,,,,,\n3,0,5,5,8,\"a \"\"b\"\"\",training,1000,1,1\n"},
    {fuzz_openb, "sn,cpu_milli,memory_mib,gpu,model\nn-0,64000,262144,2,A\nn-1,1,1,0,\nn-2,9,9,8,B\n\f"
                 "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\np-0,12,16,1,460,\np-1,6,1,4,1000,A|B\n"
                 "p-2,1,1,0,0,nan\n\f0002-n-0\n0000-n-1\n1-n-2\n\fp-2\np-0\np-1\np-1-tuned-0\n"},
    {fuzz_muri, "job_id,num_gpu,submit_time,iterations,model_name,iteration_time\n0,4,1456000,1046811,resnet18,886\n"
                "7,8,0.5,30.25,bert,0.1\n"},
    {fuzz_muri, "num_switch,num_node_p_switch,num_gpu_p_node,mem_p_node\n1,8,8,520\n"},
    {fuzz_azure, "TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:17:04.0319600,3180,8\r\n"
                 "2023-11-16 18:17:03.9799600,4808,10\r\n2024-02-29T00:00:00.5+00:00,1,0\r\n"},
};

static void test_mutated_traces(void **state)
{
    (void)state;
    static test_text_t seeds[sizeof targets / sizeof targets[0]], text;
    test_mutator_t mutator = {seeds, 0, sizeof seeds / sizeof seeds[0], pieces, sizeof pieces / sizeof pieces[0]};
    for (size_t target = 0; target < sizeof targets / sizeof targets[0]; target++) {
        mutator.n_seeds = 0;
        test_mutator_add(&mutator, targets[target].seed, strlen(targets[target].seed));
        for (uint64_t i = 0; i < INPUTS; i++) {
            sim_rng_t rng;
            sim_rng_at(&rng, 20220101, i, target, 1, 0);
            test_mutated(&mutator, &text, &rng);
            (void)targets[target].read((const uint8_t *)text.bytes, text.n);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mutated_traces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
