# SPDX-License-Identifier: GPL-3.0-or-later
"""overbuild run: the same bits at any number of threads, interrupted work kept, arms that do not disturb each other."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

import h5py
import numpy

sys.path.insert(0, str(pathlib.Path(os.environ["OVERBUILD_SOURCE"]) / "tests" / "support"))
from overbuild_cli import BINARY, CliTest, overbuild

TWO_ARMS = """\
name: two
extends: quick
replications: 3
arms:
  - {name: baseline}
  - {name: late-grant, set: {subsidy.grant_share: 0.2}, from: 2023-06-01}
"""
AS_CHANGE = """\
name: two
extends: quick
replications: 3
arms:
  - {name: late-grant, changes: [{date: 2023-06-01, set: {subsidy.grant_share: 0.2}}]}
"""


class Determinism(CliTest):
    def test_threads_do_not_change_the_result(self):
        digests = set()
        for threads in (1, 2, 7):
            self.run_ok("run", "quick", "-n", 8, "-j", threads, "--quiet", "-o", f"j{threads}.h5")
            digests.add(self.digest(f"j{threads}.h5"))
        self.assertEqual(len(digests), 1)

    def test_threads_inside_one_world_do_not_change_the_result(self):
        digests = set()
        for threads in (1, 2, 7):
            self.run_ok("run", "mega", "-n", 1, "-j", threads, "--until", "2022-02-15", "--quiet", "-o", f"m{threads}.h5")
            digests.add(self.digest(f"m{threads}.h5"))
        self.assertEqual(len(digests), 1)

    def test_seed_changes_the_result(self):
        self.run_ok("run", "quick", "-n", 1, "--quiet", "-o", "a.h5")
        self.run_ok("run", "quick", "-n", 1, "--quiet", "--seed", 99, "-o", "b.h5")
        self.assertNotEqual(self.digest("a.h5"), self.digest("b.h5"))

    def test_progress_and_recording_leave_outcomes_alone(self):
        (self.dir / "daily.yaml").write_text("name: daily\nextends: quick\nrecord: {interval: 1 d}\n")
        digests = set()
        for options in (("quick", "--quiet"), ("quick", "--json"), ("quick",), ("daily.yaml", "--quiet"),
                        ("quick", "--quiet", "--audit")):
            self.run_ok("run", *options, "-n", 2, "--force", "-o", "x.h5")
            digests.add(self.digest("x.h5", "--outcomes"))
        self.assertEqual(len(digests), 1)

    def test_equal_bytes_for_equal_content(self):
        for name in ("a.h5", "b.h5"):
            self.run_ok("run", "quick", "-n", 2, "--quiet", "-o", name)
        self.assertEqual((self.dir / "a.h5").read_bytes(), (self.dir / "b.h5").read_bytes())


class Arms(CliTest):
    def arms(self, file):
        return dict(line.split("\t") for line in self.run_ok("digest", file, "--arms").splitlines())

    def test_another_arm_changes_no_arm(self):
        (self.dir / "two.yaml").write_text(TWO_ARMS)
        self.run_ok("run", "two.yaml", "--quiet", "-o", "both.h5")
        self.run_ok("run", "two.yaml", "--arm", "baseline", "--quiet", "-o", "one.h5")
        both, one = self.arms("both.h5"), self.arms("one.h5")
        self.assertEqual(both["baseline"], one["baseline"])
        self.assertNotEqual(both["baseline"], both["late-grant"])

    def test_the_control_changes_no_arm(self):
        self.run_ok("run", "quick", "-n", 2, "--quiet", "-o", "both.h5")
        for arm in ("baseline", "rational"):
            self.run_ok("run", "quick", "-n", 2, "--arm", arm, "--quiet", "-o", f"{arm}.h5")
            self.assertEqual(self.arms("both.h5")[arm], self.arms(f"{arm}.h5")[arm])

    def test_a_forked_arm_equals_the_same_arm_run_alone(self):
        (self.dir / "two.yaml").write_text(TWO_ARMS)
        (self.dir / "change.yaml").write_text(AS_CHANGE)
        self.run_ok("run", "two.yaml", "--quiet", "-o", "forked.h5")
        self.run_ok("run", "change.yaml", "--quiet", "-o", "alone.h5")
        self.assertEqual(self.arms("forked.h5")["late-grant"], self.arms("alone.h5")["late-grant"])


class NoEffect(CliTest):
    SCENARIO = ("extends: quick\narms:\n  - {name: baseline}\n  - {name: felt, from: 2023-03-01, set: "
                "{subsidy.enabled: false}}\n  - {name: late, from: 2023-03-01, set: {start.centres: 3}}\n")

    def test_an_arm_that_changes_nothing_is_named(self):
        (self.dir / "x.yaml").write_text(self.SCENARIO)
        done = overbuild("run", "x.yaml", "-n", 2, "-o", "x.h5", cwd=self.dir)
        compared = overbuild("compare", "x.h5", cwd=self.dir)
        for told in (done, compared):
            self.assertEqual(told.returncode, 0, told.stderr)
            self.assertIn("arm late: the same as baseline in every replication", told.stderr)
            self.assertNotIn("arm felt", told.stderr)
        self.assertNotIn("arm late: the same", overbuild("compare", "x.h5", "--baseline", "felt", cwd=self.dir).stderr)


class Precision(CliTest):
    SCENARIO = ("name: prec\nextends: quick\narms: [{{name: baseline}}]\n"
                "precision: {{metric: {}, half_width: {}, max: 96}}\n")

    def replications(self, metric, half_width, *options):
        (self.dir / "prec.yaml").write_text(self.SCENARIO.format(metric, half_width))
        done = overbuild("run", "prec.yaml", "--json", "--force", "-o", "x.h5", *options, cwd=self.dir)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["replications"]

    def test_stops_at_a_block_when_the_mean_is_known(self):
        self.assertEqual(self.replications("projects_announced", 1000), 32)
        self.assertEqual(self.replications("projects_announced", 1e-9), 96)
        self.assertIn("replication=96", self.run_ok("info", "x.h5"))

    def test_threads_do_not_change_where_it_stops(self):
        digests = set()
        for threads in (1, 3):
            self.replications("projects_announced", 1.5, "-j", threads)
            digests.add(self.digest("x.h5"))
        self.assertEqual(len(digests), 1)

    def test_unknown_metric(self):
        (self.dir / "prec.yaml").write_text(self.SCENARIO.format("projects_anounced", 1))
        self.assertIn("projects_anounced", self.run_fails(2, "run", "prec.yaml"))
        self.assertEqual(self.files(), ["prec.yaml"])


class AcrossArms(CliTest):
    def outcomes(self, file):
        with h5py.File(self.dir / file) as result:
            return {name: values[()] for name, values in result["outcomes"].items()}

    def test_overinvestment_is_taken_pair_by_pair(self):
        self.run_ok("run", "quick", "-n", 4, "--quiet", "-o", "x.h5")
        found = self.outcomes("x.h5")
        expected = found["investment_yuan"] / found["investment_yuan"][1]  # arms: baseline, rational
        numpy.testing.assert_allclose(found["overinvestment_ratio"], expected, atol=6e-5)
        for name, resolution in (("never_broke_even_capital_yuan", 1000), ("projects_completed", 1), ("bad_debt_share", 1e-4),
                                 ("stranded_capital_yuan", 1000), ("projects_exited", 1), ("revenue_error_at_entry", 1e-4)):
            numpy.testing.assert_allclose(found[f"excess_{name}"], found[name] - found[name][1], atol=0.6 * resolution)
        self.run_ok("info", "x.h5", "--verify")

    def test_missing_without_the_control(self):
        self.run_ok("run", "quick", "-n", 2, "--arm", "baseline", "--quiet", "-o", "x.h5")
        for name, values in self.outcomes("x.h5").items():
            if name == "overinvestment_ratio" or name.startswith("excess_"):
                self.assertTrue(numpy.isnan(values).all(), name)

    def test_the_measure_is_printed_beside_the_control(self):
        told = self.run_ok("run", "quick", "-n", 3, "-o", "x.h5")
        self.assertIn("Bubble measure", told)
        self.assertRegex(told, r"\n  baseline +[+-]")
        self.assertNotRegex(told, r"\n  rational +[+-]")
        self.assertTrue(all(len(line) <= 120 for line in told.splitlines()[1:]), told)
        self.assertNotIn("Bubble measure", self.run_ok("run", "quick", "-n", 3, "--arm", "baseline", "-o", "y.h5"))
        told = json.loads(self.run_ok("run", "quick", "-n", 3, "--force", "--json", "-o", "x.h5"))
        self.assertEqual([arm["arm"] for arm in told["bubble"]], ["baseline"])


class Interrupted(CliTest):
    def start(self, *arguments):
        return subprocess.Popen([BINARY, "run", *map(str, arguments)], cwd=self.dir, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def finished_parts(self, name):
        return len(list((self.dir / f"{name}.parts").glob("*"))) if (self.dir / f"{name}.parts").exists() else 0

    def interrupt_after_some(self, number, name):
        process = self.start("quick", "-n", 400, "-j", 2, "-o", name)
        deadline = time.monotonic() + 60
        while self.finished_parts(name) < 8 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=60)
        return process.returncode, stderr

    def test_signals_leave_a_readable_file_and_resume_completes_it(self):
        self.run_ok("run", "quick", "-n", 400, "--quiet", "-o", "whole.h5")
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            name = f"signal{number}.h5"
            code, stderr = self.interrupt_after_some(number, name)
            self.assertEqual(code, status, stderr)
            self.assertIn("--resume", stderr)
            self.run_ok("info", name)
            self.run_ok("run", "quick", "-n", 400, "--quiet", "--resume", "-o", name)
            self.assertEqual(self.digest(name), self.digest("whole.h5"))

    def test_a_kill_loses_nothing_that_was_finished(self):
        self.interrupt_after_some(signal.SIGKILL, "k.h5")
        self.assertNotIn("k.h5", self.files())
        done = overbuild("run", "quick", "-n", 400, "--json", "--resume", "-o", "k.h5", cwd=self.dir)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertLess(json.loads(done.stdout)["replications"], 800)  # two arms
        self.run_ok("run", "quick", "-n", 400, "--quiet", "-o", "whole.h5")
        self.assertEqual(self.digest("k.h5"), self.digest("whole.h5"))

    def test_a_resumed_run_may_grow(self):
        self.run_ok("run", "quick", "-n", 3, "--quiet", "-o", "whole.h5")
        self.interrupt_after_some(signal.SIGKILL, "g.h5")
        message = self.run_fails(2, "run", "quick", "-n", 400, "--seed", 5, "--resume", "-o", "g.h5")
        self.assertIn("seed", message)


class MachineReadable(CliTest):
    def test_a_plan_as_json(self):
        plan = json.loads(self.run_ok("run", "quick", "-n", 3, "--dry-run", "--json"))
        self.assertGreater(plan.pop("expected_bytes"), 0)
        self.assertEqual(plan, {"name": "quick", "file": "quick.h5", "arms": 2, "points": 1, "replications": 3, "runs": 6})
        self.assertEqual(self.files(), [])

    def test_a_large_design_is_told_how_to_record_less(self):
        design = "extends: china-2022\nuncertain: {developers.herding: prior}\ndesign: {method: lhs, points: 4000}\n"
        less = "record: {interval: 28 d, detail: []}"
        for name, text, told in (("large", design, True), ("small", design.replace("4000", "4"), False),
                                 ("lean", f"{design}{less}\n", False)):
            (self.dir / f"{name}.yaml").write_text(text)
            said = overbuild("run", f"{name}.yaml", "-n", 1, "--dry-run", cwd=self.dir).stderr  # whatever room the disk has
            self.assertIn(f"x {4 if name == 'small' else 4000} points x ", said)
            self.assertEqual(less in said, told, name)

    def test_json(self):
        done = overbuild("run", "quick", "-n", 2, "--json", "-o", "x.h5", cwd=self.dir)
        summary = json.loads(done.stdout)
        self.assertEqual(set(summary), {"file", "digest", "replications", "replications_in_file", "failed", "seconds",
                                        "events", "jobs", "bubble"})
        self.assertEqual(summary["digest"], self.digest("x.h5"))
        lines = [json.loads(line) for line in done.stderr.splitlines()]
        self.assertEqual(len(lines), summary["replications"])
        self.assertEqual(sum(line["jobs"] for line in lines), summary["jobs"])

    def test_a_resumed_run_tells_its_own_share(self):
        for n, run, held in ((2, 4, 4), (5, 6, 10), (5, 0, 10)):  # two arms
            told = json.loads(self.run_ok("run", "quick", "-n", n, "--json", "--resume", "-o", "x.h5"))
            self.assertEqual((told["replications"], told["replications_in_file"]), (run, held))

    def test_counts_agree_with_their_words(self):
        message = overbuild("run", "quick", "-n", 1, "-j", 1, "--arm", "baseline", "-o", "x.h5", cwd=self.dir)
        self.assertIn("1 arm x 1 point x 1 replication = 1 run on 1 thread;", message.stderr)
        self.assertIn("x.h5: 1 run, 0 failed", message.stdout)
        message = overbuild("run", "quick", "-n", 2, "-j", 2, "-o", "y.h5", cwd=self.dir)
        self.assertIn("2 arms x 1 point x 2 replications = 4 runs on 2 threads;", message.stderr)
        told = self.run_ok("replay", "helios-earth", "--nodes", 1, "--gpus-per-node", 1, "--jobs", 1)
        self.assertIn("1 job on 1 node of 1 GPU\n", told)

    def test_log_holds_what_the_result_must_not(self):
        self.run_ok("run", "quick", "-n", 1, "-j", 1, "--quiet", "-o", "x.h5")
        log = json.loads((self.dir / "x.h5.log.jsonl").read_text())
        self.assertEqual(log["threads"], 1)
        self.assertEqual(log["digest"], self.digest("x.h5"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
