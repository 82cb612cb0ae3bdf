# SPDX-License-Identifier: GPL-3.0-or-later
"""overbuild replay: published results through the command line, small traces by hand, files and typical mistakes."""

import csv
import gzip
import itertools
import json
import os
import pathlib
import subprocess
import sys
import unittest
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(os.environ["OVERBUILD_SOURCE"]) / "tests" / "support"))
from overbuild_cli import BINARY, SOURCE, CliTest, overbuild

SHARED = SOURCE.parent / "shared"
TRACES, GOLDEN = SHARED / "data" / "traces", SHARED / "golden" / "sched"
KTH = TRACES / "kth_sp2" / "kth_filtered_28481.swf"
PHILLY = TRACES / "philly" / "philly_vcs.csv"
MURI, MURI_CLUSTER = TRACES / "muri_philly" / "trace3.csv", TRACES / "muri_philly" / "n8g8.csv"
PODS, NODES = (TRACES / "openb_v2023" / f"openb_{name}.csv" for name in ("pod_list_default", "node_list_gpu_node"))
AZURE = TRACES / "azure_llm" / "AzureLLMInferenceTrace_code.csv"
BAD_INPUT, IO = 2, 4

# Two nodes of 4 GPUs. Job 2 fits nowhere until job 0 or 1 ends at 100; job 3 is short enough to run before.
SMALL = "job,submit_s,run_s,gpus,estimate_s,tenant\n0,0,100,4,,a\n1,0,100,3,,a\n2,10,50,8,,b\n3,20,30,1,60,b\n4,20,500,1,,b\n"
SWF = "; MaxProcs: 8\n" + "".join(
    f"{job} {submit} -1 {run} {width} -1 -1 {width} {asked} -1 1 1 1 1 1 1 -1 -1\n"
    for job, submit, run, width, asked in ((1, 0, 100, 4, 100), (2, 0, 100, 3, 100), (3, 10, 50, 8, 50),
                                           (4, 20, 30, 1, 60), (5, 20, 500, 1, 500)))
MURI_SMALL = ("job_id,num_gpu,submit_time,iterations,model_name,iteration_time\n"
              "7,8,0,100,resnet18,1000\n8,8,10000,10,resnet18,1000\n")
PODS_SMALL = ("name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\n"
              "half,1000,1000,1,500,\nwhole,1000,1000,1,1000,\npair,1000,1000,2,1000,T4\n")
NODES_SMALL = "sn,cpu_milli,memory_mib,gpu,model\nnode-0,64000,262144,2,T4\nnode-1,64000,262144,2,P100\n"


class ReplayTest(CliTest):
    def setUp(self):
        super().setUp()
        for name, text in (("small.csv", SMALL), ("small.swf", SWF), ("muri.csv", MURI_SMALL), ("pods.csv", PODS_SMALL),
                           ("nodes.csv", NODES_SMALL)):
            (self.dir / name).write_text(text)

    def replay(self, *arguments):
        return json.loads(self.run_ok("replay", *arguments, "--json"))

    def starts(self, *arguments):
        """The start file's rows, without its header."""
        self.run_ok("replay", *arguments, "--starts", "starts.csv", "--force")
        return (self.dir / "starts.csv").read_text().splitlines()[1:]


@unittest.skipUnless(GOLDEN.is_dir(), "there are no reference results in ../shared")
class Published(ReplayTest):
    def test_kth_every_start(self):
        for policy, golden, slowdown in (("fcfs", "fcfs", 6814.973), ("easy", "easy", 92.577),
                                         ("easy-sjbf", "easy_sjbf", 69.405)):
            with self.subTest(policy):
                out = self.replay(KTH, "--format", "swf", "--policy", policy, "--starts", f"{policy}.csv")
                ours = [line.rsplit(",", 1)[0] for line in (self.dir / f"{policy}.csv").read_text().splitlines()]
                theirs = [",".join(line.split(",")[:3])
                          for line in (GOLDEN / "kth_sp2" / f"{golden}_starts.csv").read_text().splitlines()]
                self.assertEqual(ours, theirs)
                self.assertEqual(out["jobs"], 28481)
                self.assertAlmostEqual(out["mean_bounded_slowdown"], slowdown, delta=0.0005)
                self.assertEqual((out["nodes"], out["gpus"], out["refused"], out["stops"]), (100, 100, 0, 0))

    def test_philly_mean_queue(self):
        for vc, nodes, policy, wait in (("103959", 8, "fifo", 246.2083), ("103959", 8, "sjf", 44.3669),
                                        ("2869ce", 16, "fifo", 11343.3683), ("2869ce", 16, "sjf", 5144.5048)):
            with self.subTest(vc=vc, policy=policy):
                out = self.replay(PHILLY, "--format", "philly", "--vc", vc, "--nodes", nodes, "--policy",
                                  f"{policy}-consolidate", "--from", "2017-10-01 00:01:55", "--until",
                                  "2017-12-01 00:00:55")
                self.assertAlmostEqual(out["mean_wait_s"], wait, delta=1e-4)

    def test_muri_mean_completion(self):
        for policy, jct in (("srtf", 193081.796024), ("srsf", 185021.880164), ("tiresias", 347213.248119)):
            with self.subTest(policy):
                out = self.replay(MURI, "--format", "muri", "--cluster", MURI_CLUSTER, "--policy", policy)
                self.assertAlmostEqual(out["mean_jct_s"] / jct, 1, delta=1e-9)
                self.assertEqual(out["executive"], "sharing")

    def test_muri_start_file_is_exact(self):
        for policy in ("srtf", "srsf"):
            self.run_ok("replay", MURI, "--format", "muri", "--nodes", 8, "--policy", policy, "--starts", "s.csv",
                        "--force")
            with open(self.dir / "s.csv") as ours, open(GOLDEN / "muri" / f"trace3_{policy}_jobs.csv") as theirs:
                for mine, golden in itertools.zip_longest(csv.DictReader(ours), csv.DictReader(theirs)):
                    self.assertEqual((int(mine["job"]), float(mine["submit_s"]), float(mine["start_s"]),
                                      float(mine["end_s"])),
                                     (int(golden["job_id"]), float(golden["submit_time"]), float(golden["start_time"]),
                                      float(golden["end_time"])))

    def test_openb_allocation(self):
        loads = ("60", "70", "80", "90", "95", "100", "105", "110", "120", "130")
        with open(GOLDEN / "openb" / "expected_allocation_default.csv") as file:
            expected = {(row["sc_policy"][3:], row["seed"]): row for row in csv.DictReader(file)}
        for policy, called in (("fgd", "FGD"), ("bestfit", "BestFit")):
            out = self.replay(PODS, "--format", "openb", "--cluster", NODES, "--order", GOLDEN / "openb" / "default_42",
                              "--seed", 42, "--inflate", 1.3, "--policy", policy)
            self.assertEqual(out["jobs"], 10866)
            for load in loads:
                self.assertAlmostEqual(out["allocated_gpu_percent"][load], float(expected[called, "42"][load]),
                                       delta=0.005 + 1e-9)

    def test_openb_every_placement(self):
        self.run_ok("replay", PODS, "--format", "openb", "--cluster", NODES, "--order", GOLDEN / "openb" / "default_42",
                    "--starts", "o.csv")
        self.assertEqual((self.dir / "o.csv").read_text(),
                         (GOLDEN / "openb" / "fgd_default_42_placements.csv").read_text())

    def test_formats_are_guessed(self):
        for path, format, options in ((KTH, "swf", ()), (PHILLY, "philly", ("--nodes", 32)),
                                      (MURI, "muri", ("--nodes", 8)), (PODS, "openb", ("--cluster", NODES)),
                                      (AZURE, "azure", ("--replicas", 4))):
            done = overbuild("replay", path, *options, "--json", cwd=self.dir)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f"read as {format}", done.stderr)
            self.assertEqual(json.loads(done.stdout)["format"], format)

    def test_requests_wait_less_on_more_replicas(self):
        one, four = (self.replay(AZURE, "--format", "azure", "--replicas", n) for n in (1, 4))
        self.assertEqual(one["jobs"], four["jobs"])
        self.assertGreater(one["mean_wait_s"], four["mean_wait_s"])
        self.assertGreater(one["p99_ttft_s"], four["p99_ttft_s"])


class ByHand(ReplayTest):
    CSV = ("small.csv", "--format", "csv", "--nodes", 2, "--gpus-per-node", 4)

    def test_backfilling(self):
        """Under EASY job 3 runs while job 2 waits for 100; job 4 is too long and comes last."""
        self.assertEqual(self.starts(*self.CSV, "--policy", "easy"),
                         ["0,0,0,100", "1,0,0,100", "2,10,100,150", "3,20,20,50", "4,20,150,650"])
        self.assertEqual(self.starts(*self.CSV, "--policy", "fcfs"),
                         ["0,0,0,100", "1,0,0,100", "2,10,100,150", "3,20,150,180", "4,20,150,650"])

    def test_what_is_measured(self):
        out = self.replay(*self.CSV, "--policy", "fcfs")
        self.assertEqual(out["jobs"], 5)
        self.assertEqual(out["makespan_s"], 650)
        self.assertAlmostEqual(out["mean_wait_s"], (0 + 0 + 90 + 130 + 130) / 5)
        self.assertAlmostEqual(out["mean_jct_s"], (100 + 100 + 140 + 160 + 630) / 5)
        self.assertAlmostEqual(out["mean_bounded_slowdown"], (1 + 1 + 140 / 50 + 160 / 30 + 630 / 500) / 5)
        self.assertAlmostEqual(out["gpu_utilisation"], (400 + 300 + 400 + 30 + 500) / (8 * 650))
        self.assertAlmostEqual(sum(out["blocked_share"].values()), 1)
        self.assertEqual(out["slots"], {"order": "fcfs", "reservation": "none", "placement": "bestfit",
                                        "preemption": "none"})
        for key in ("seconds", "jobs_per_s", "read_seconds"):
            self.assertGreater(out[key], 0)

    def test_the_same_log_in_another_format(self):
        ours = [row.split(",", 1)[1] for row in self.starts(*self.CSV, "--policy", "easy")]
        self.assertEqual([row.split(",", 1)[1] for row in self.starts("small.swf", "--format", "swf")], ours)

    @staticmethod
    def named(slots):
        options = ("--order-by", "--reservation", "--placement", "--preemption")
        return [word for pair in zip(options, slots) for word in pair]

    def test_slots_of_turns_and_pods(self):
        """All four slots may be named where there is but one choice for most."""
        muri = ("muri.csv", "--format", "muri", "--nodes", 1)
        out = self.replay(*muri, *self.named(("las", "none", "yarn", "checkpoint")))
        self.assertEqual((out["executive"], out["slots"]["placement"]), ("sharing", "yarn"))
        self.assertEqual(out["mean_jct_s"], self.replay(*muri, "--policy", "tiresias")["mean_jct_s"])
        self.assertIn("yarn is that of jobs in turns",
                      self.run_fails(BAD_INPUT, "replay", *muri, *self.named(("las", "easy", "yarn", "checkpoint"))))
        self.assertIn("found 'yarn'", self.run_fails(BAD_INPUT, "replay", *self.CSV, "--placement", "yarn"))
        pods = ("pods.csv", "--format", "openb", "--cluster", "nodes.csv")
        self.assertEqual(self.starts(*pods, *self.named(("fcfs", "none", "fgd", "none"))),
                         self.starts(*pods, "--policy", "fgd"))
        self.assertIn("pods arrive", self.run_fails(BAD_INPUT, "replay", *pods, "--preemption", "checkpoint"))

    def test_a_policy_is_its_slots(self):
        for name, *slots in (("easy-sjbf", "fcfs", "easy-sjbf", "bestfit", "none"),
                             ("srtf", "srtf", "none", "bestfit", "checkpoint"),
                             ("sjf-consolidate", "sjf", "none", "consolidate", "none")):
            self.assertEqual(self.starts(*self.CSV, "--policy", name), self.starts(*self.CSV, *self.named(slots)))
        self.assertEqual(self.starts(*self.CSV, "--policy", "easy", "--order-by", "sjf"),
                         self.starts(*self.CSV, "--order", "sjf", "--reservation", "easy"))

    def test_every_combination_runs(self):
        slots = (("fcfs", "sjf", "srtf", "srsf", "las", "fair"), ("none", "easy", "easy-sjbf", "conservative"),
                 ("bestfit", "random", "packing", "clustering", "dotprod", "fgd", "consolidate"), ("none", "checkpoint"))
        for i, (order, reservation, placement, preemption) in enumerate(itertools.product(*slots)):
            trace = (self.CSV, ("small.swf", "--format", "swf"), ("muri.csv", "--format", "muri", "--nodes", 1))[i % 3]
            with self.subTest(trace=trace[0], slots=(order, reservation, placement, preemption)):
                out = self.replay(*trace, "--order-by", order, "--reservation", reservation, "--placement", placement,
                                  "--preemption", preemption, "--restart-cost", 5, "--las-limits", "50,200")
                self.assertEqual(out["jobs"] + out["refused"], 2 if trace[0] == "muri.csv" else 5)

    def test_preemption_costs_what_was_said(self):
        self.assertEqual(self.starts("muri.csv", "--format", "muri", "--nodes", 1, "--order-by", "srtf", "--placement",
                                     "bestfit", "--restart-cost", 5), ["7,0,0,115", "8,10,10,20"])
        out = self.replay("muri.csv", "--format", "muri", "--nodes", 1, "--order-by", "srtf", "--placement", "bestfit")
        self.assertEqual((out["stops"], out["executive"]), (1, "queue"))

    def test_no_job_is_preempted_at_its_own_end(self):
        """At 10000 job 1 is done, and job 2, which would preempt it, arrives; had it come before, it would have."""
        line = "{} {} -1 {} 1 -1 -1 1 20000 -1 1 1 1 1 1 1 -1 -1\n"
        for submit, rows in ((10000, ["1,0,0,10000", "2,10000,10000,10050"]), (9999, ["1,0,0,10050", "2,9999,9999,10049"])):
            (self.dir / "end.swf").write_text("; MaxProcs: 1\n" + line.format(1, 0, 10000) + line.format(2, submit, 50))
            self.assertEqual(self.starts("end.swf", "--policy", "las"), rows)

    def test_numbers_read_back_exactly(self):
        rows = self.starts("muri.csv", "--format", "muri", "--nodes", 1)
        self.assertEqual(rows[0].split(",")[:3], ["8", "10", "10"])
        for row in rows:
            for text in row.split(",")[1:]:
                self.assertIn(text, (repr(float(text)), str(int(float(text)))))

    def test_pods(self):
        """With an order file everything is fixed: when the pair comes again all T4 are taken."""
        (self.dir / "o.nodes").write_text("0000-node-0\n0001-node-1\n")
        (self.dir / "o.pods").write_text("pair\nhalf\nwhole\nhalf-tuned-0\npair-tuned-1\n")
        rows = self.starts("pods.csv", "--format", "openb", "--cluster", "nodes.csv", "--order", "o", "--policy",
                           "bestfit")
        self.assertEqual(rows, ["0,pair,0000-node-0", "1,half,0001-node-1", "2,whole,0001-node-1",
                                "3,half-tuned-0,0001-node-1", "4,pair-tuned-1,"])
        out = self.replay("pods.csv", "--format", "openb", "--cluster", "nodes.csv", "--order", "o")
        self.assertEqual((out["jobs"], out["placed"], sum(out["lost"].values())), (5, 4, 1))
        self.assertEqual(out["allocated_gpu_percent"], {"50": 50, "62": 62.5, "88": 87.5, "100": 100, "150": 100})

    def test_names_of_pods_read_back(self):
        """Whatever a name holds, the start file is CSV of three columns that give it back."""
        (self.dir / "odd.csv").write_text('sn,cpu_milli,memory_mib,gpu,model\n"n,""1"" ",64000,262144,2,T4\n')
        (self.dir / "odd_pods.csv").write_text(PODS_SMALL.replace("half", '"a,b"').replace("whole", '"say ""c"""'))
        self.starts("odd_pods.csv", "--format", "openb", "--cluster", "odd.csv", "--inflate", 1)
        with open(self.dir / "starts.csv", newline="") as file:
            rows = list(csv.reader(file))
        self.assertEqual({len(row) for row in rows}, {3})
        self.assertLess({"a,b", 'say "c"', "pair"}, {row[1] for row in rows})
        self.assertIn('n,"1" ', {row[2] for row in rows})

    PARTS = ("submit_s,run_s,gpus,gpu_milli,cpu_milli\n0,10,1,500,1000\n0,10,1,500,1000\n0,10,1,500,1000\n"
             "5,5,1,1000,100\n")

    def test_parts_of_a_gpu(self):
        """Two halves share the only GPU, the third waits, the whole one waits behind it; with CPU for one, one by one."""
        (self.dir / "parts.csv").write_text(self.PARTS)
        arguments = ("parts.csv", "--format", "csv", "--nodes", 1, "--gpus-per-node", 1)
        self.assertEqual(self.starts(*arguments, "--node-cpu-milli", 4000),
                         ["0,0,0,10", "1,0,0,10", "2,0,10,20", "3,5,20,25"])
        self.assertEqual(self.starts(*arguments, "--node-cpu-milli", 1500, "--policy", "sjf"),
                         ["0,0,0,10", "1,0,15,25", "2,0,25,35", "3,5,10,15"])
        self.assertIn("--node-cpu-milli", self.run_fails(BAD_INPUT, "replay", *arguments))
        self.assertIn("at most 8", self.run_fails(BAD_INPUT, "replay", "parts.csv", "--nodes", 1, "--gpus-per-node", 9))
        self.assertIn("parts", self.run_fails(BAD_INPUT, "replay", *arguments, "--node-cpu-milli", 1, "--policy", "easy"))

    def test_synthetic_jobs(self):
        arguments = ("helios-earth", "--format", "synthetic", "--nodes", 32, "--load", 0.7, "--jobs", 500)
        rows = self.starts(*arguments)
        self.assertEqual(len(rows), 500)
        self.assertEqual(rows, self.starts(*arguments))
        self.assertNotEqual(rows, self.starts(*arguments, "--seed", 2))

    def test_a_window_and_a_tenant(self):
        self.assertEqual(self.replay(*self.CSV, "--from", 10)["jobs"], 3)
        self.assertEqual(self.replay(*self.CSV, "--until", 10)["jobs"], 3)
        self.assertEqual(self.replay(*self.CSV, "--vc", "a")["jobs"], 2)

    def test_jobs_that_never_fit_are_counted(self):
        out = self.replay("small.csv", "--format", "csv", "--nodes", 1, "--gpus-per-node", 4)
        self.assertEqual((out["jobs"], out["refused"]), (4, 1))
        (self.dir / "wide.csv").write_text("submit_s,run_s,gpus\n0,1,9\n")
        self.assertIn("none of its jobs (1) fits on 1 node of 8 GPUs", self.run_fails(BAD_INPUT, "replay", "wide.csv", "--nodes", 1))

    def test_gzipped(self):
        (self.dir / "z.swf.gz").write_bytes(gzip.compress(SWF.encode()))
        self.assertEqual(self.starts("z.swf.gz"), self.starts("small.swf"))

    def test_the_table_says_the_same(self):
        text = self.run_ok("replay", *self.CSV, "--policy", "fcfs")
        for part in ("5 jobs on 2 nodes of 4 GPUs", "order fcfs", "70.0", "650.0 s", "31.35%", "read in"):
            self.assertIn(part, text)
        self.assertIn("allocated in the end",
                      self.run_ok("replay", "pods.csv", "--format", "openb", "--cluster", "nodes.csv"))


class Files(ReplayTest):
    def test_repeats_change_nothing(self):
        once = self.starts("small.swf")
        self.assertEqual(self.starts("small.swf", "--repeat", 7), once)
        self.assertEqual(self.replay("small.swf", "--repeat", 7)["repeats"], 7)

    def test_pictures_are_svg(self):
        for name, arguments in (("a.svg", ("small.swf",)), ("b.svg", ("muri.csv", "--nodes", 1)),
                                ("c.svg", ("pods.csv", "--cluster", "nodes.csv")),
                                ("d.svg", ("acme-kalos", "--jobs", 200))):
            self.run_ok("replay", *arguments, "--plot", name)
            root = xml.etree.ElementTree.parse(self.dir / name).getroot()
            self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")

    def test_nothing_is_overwritten(self):
        (self.dir / "there.csv").write_text("mine")
        for option in ("--starts", "--plot"):
            message = self.run_fails(BAD_INPUT, "replay", "small.swf", option, "there.csv")
            self.assertIn("--force", message)
            self.assertEqual((self.dir / "there.csv").read_text(), "mine")
        self.run_ok("replay", "small.swf", "--starts", "there.csv", "--force")
        self.assertTrue((self.dir / "there.csv").read_text().startswith("job,"))

    def test_what_is_read_is_never_replaced(self):
        (self.dir / "again.swf").symlink_to("small.swf")
        before = (self.dir / "small.swf").read_text()
        for trace, written in (("small.swf", "small.swf"), ("small.swf", "./small.swf"), ("again.swf", "small.swf")):
            message = self.run_fails(BAD_INPUT, "replay", trace, "--starts", written, "--force")
            self.assertIn("would be lost", message)
        nodes = (self.dir / "nodes.csv").read_text()
        self.run_fails(BAD_INPUT, "replay", "pods.csv", "--cluster", "nodes.csv", "--starts", "nodes.csv", "--force")
        self.assertEqual((self.dir / "nodes.csv").read_text(), nodes)
        self.assertEqual((self.dir / "small.swf").read_text(), before)

    def test_pictures_of_requests_tell_of_requests(self):
        (self.dir / "r.csv").write_text("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03,40,10\n")
        self.run_ok("replay", "r.csv", "--plot", "r.svg")
        picture = (self.dir / "r.svg").read_text()
        self.assertIn("1 request on 64 slots", picture)
        self.assertNotIn("GPU", picture)

    def test_devices_and_folders_are_never_replaced(self):
        (self.dir / "folder").mkdir()
        for path in ("/dev/null", "folder"):
            self.run_fails(BAD_INPUT, "replay", "small.swf", "--starts", path, "--force")

    def test_a_folder_that_is_not_there(self):
        before = self.files()
        self.assertIn("no/s.csv", self.run_fails(IO, "replay", "small.swf", "--starts", "no/s.csv"))
        self.assertEqual(self.files(), before)

    def test_both_files_or_none(self):
        before = self.files()
        self.run_fails(IO, "replay", "small.swf", "--starts", "s.csv", "--plot", "no/p.svg")
        self.run_fails(BAD_INPUT, "replay", "small.swf", "--starts", "same", "--plot", "same")
        self.assertEqual(self.files(), before)

    def test_a_full_disk_leaves_nothing(self):
        """A limit on the size of files stands for the disk; without its signal, writing fails."""
        (self.dir / "limited").write_text("#!/bin/sh\ntrap '' XFSZ\nulimit -f 1\nexec \"$@\"\n")
        before = self.files()
        done = subprocess.run(["/bin/sh", "limited", BINARY, "replay", "helios-earth", "--jobs", "5000", "--starts",
                               "s.csv"], cwd=self.dir, capture_output=True, text=True)
        self.assertEqual(done.returncode, IO, done.stderr)
        self.assertEqual(self.files(), before)


class Mistakes(ReplayTest):
    def fails(self, expected, *arguments, status=BAD_INPUT):
        message = self.run_fails(status, "replay", *arguments)
        self.assertIn(expected, message)
        return message

    def test_words(self):
        self.fails("did you mean easy?", "small.swf", "--policy", "esy")
        self.fails("expected swf, philly, csv", "small.swf", "--format", "png")
        self.fails("did you mean conservative?", "small.swf", "--reservation", "conservativ")
        self.fails("expected bestfit, random", "small.swf", "--placement", "x")
        self.fails("expected none, checkpoint or reclaim", "small.swf", "--preemption", "maybe")
        self.fails("--order: found 'default_42'", "small.swf", "--order", "default_42")
        self.fails("--las-limits", "small.swf", "--las-limits", "7")
        self.fails("did you mean helios-earth?", "helios-erth", "--format", "synthetic")

    def test_files(self):
        self.fails("no such file", "none.swf")
        self.fails("no such file", "none", "--format", "csv", "--nodes", 1)
        self.fails("no such file", "pods.csv", "--format", "openb", "--cluster", "none.csv")
        self.fails("o.pods: no such file", "pods.csv", "--format", "openb", "--cluster", "nodes.csv", "--order", "o")
        (self.dir / "empty.csv").touch()
        self.fails("--format", "empty.csv")
        self.fails("empty", "empty.csv", "--format", "csv", "--nodes", 1)
        (self.dir / "header.csv").write_text("submit_s,run_s,gpus\n")
        self.fails("header.csv", "header.csv", "--nodes", 1)

    def test_what_is_no_trace_is_named_with_or_without_a_format(self):
        (self.dir / "folder").mkdir()
        (self.dir / "cut.gz").write_bytes(gzip.compress(SMALL.encode())[:9])
        (self.dir / "nul").write_bytes(b"submit_s\0")
        for path, status, found in (("folder", IO, "found a folder"), ("cut.gz", IO, "found a cut-off gzip file"),
                                    ("nul", BAD_INPUT, "nul:1: found a NUL byte")):
            for format in ((), ("--format", "csv")):
                with self.subTest(path, format=format):
                    self.fails(found, path, "--nodes", 1, *format, status=status)

    def test_a_pipe_is_read_once(self):
        """So its format must be said; looking for it would take what it has."""
        os.mkfifo(self.dir / "pipe")
        writer = os.open(self.dir / "pipe", os.O_RDWR)  # does not wait for a reader
        self.addCleanup(os.close, writer)
        os.write(writer, SMALL.encode())
        self.fails("expected --format", "pipe", "--nodes", 2)
        self.assertEqual(os.read(writer, 1000), SMALL.encode())
        done = subprocess.run([BINARY, "replay", "/dev/stdin", "--format", "csv", "--nodes", "2", "--json"],
                              input=SMALL, capture_output=True, text=True, timeout=1200)
        self.assertEqual(json.loads(done.stdout)["jobs"], 5, done.stderr)

    def test_times_beyond_all_counting(self):
        (self.dir / "long.csv").write_text("submit_s,run_s,gpus\n" + "0,9007199254740992,1\n" * 1100)
        self.fails("expected at most", "long.csv", "--nodes", 1, "--starts", "s.csv", "--plot", "p.svg")
        self.assertFalse({"s.csv", "p.svg"} & set(self.files()))

    def test_clusters(self):
        for trace, format in (("small.csv", "csv"), ("muri.csv", "muri"), ("small.csv", "philly")):
            self.fails("--nodes: missing", trace, "--format", format)
        self.fails("--cluster: missing", "pods.csv", "--format", "openb")
        self.fails("1 to 16 GPUs", "small.csv", "--nodes", 1, "--gpus-per-node", 17)
        self.fails("racks of 5", "small.csv", "--nodes", 10, "--rack-nodes", 5)
        (self.dir / "bare.swf").write_text(SWF.split("\n", 1)[1])
        self.fails("MaxProcs", "bare.swf")
        self.fails("expected either", "muri.csv", "--cluster", "nodes.csv", "--nodes", 1)

    def test_options_of_other_formats(self):
        self.fails("goes with openb", "small.swf", "--inflate", 2)
        self.fails("goes with synthetic", "small.swf", "--load", 1)
        self.fails("pods arrive", "pods.csv", "--format", "openb", "--cluster", "nodes.csv", "--order-by", "sjf")
        self.fails("only a placement", "pods.csv", "--format", "openb", "--cluster", "nodes.csv", "--policy", "easy")
        self.fails("--nodes: means nothing", "x.csv", "--format", "azure", "--nodes", 3)

    def test_every_problem_of_a_trace(self):
        (self.dir / "bad.csv").write_text("submit_s,run_s,gpus\n0,x,1\n1,1,0\n2,2\n3,3,3\n")
        lines = self.fails("bad.csv:2", "bad.csv", "--format", "csv", "--nodes", 1).splitlines()
        self.assertEqual([line.split(":")[1] for line in lines], ["2", "3", "4"])

    def test_the_wrong_format_does_not_flood_the_terminal(self):
        (self.dir / "long.csv").write_text("submit_s,run_s,gpus\n" + "0,1,1\n" * 1000)
        lines = self.fails("is --format swf right?", "long.csv", "--format", "swf").splitlines()
        self.assertLessEqual(len(lines), 101)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
