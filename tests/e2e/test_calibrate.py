# SPDX-License-Identifier: GPL-3.0-or-later
"""overbuild calibrate: killed and started again it gives the same posterior, what it writes can be run, mistakes are
named; and scenarios that draw their parameters from a posterior."""

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(os.environ["OVERBUILD_SOURCE"]) / "tests" / "support"))
from overbuild_cli import BINARY, CliTest, overbuild

import h5py
import numpy

QUICK = ("calibrate", "quick", "--budget", 60)
COLUMNS = "developers.herding,labs.ambition\n"


def size(file):
    """Bytes in a file of a running calibration, which may just have renamed it."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


class Calibrate(CliTest):
    """One calibration that the tests look at."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="overbuild-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        done = overbuild(*QUICK, "-j", 2, "-o", "q.h5", "--json", cwd=cls.folder)
        assert done.returncode == 0, done.stderr
        cls.told = json.loads(done.stdout)
        cls.file = cls.folder / "q.h5"
        cls.hex = overbuild("digest", cls.file, cwd=cls.folder).stdout.strip()

    def test_json_tells_parameters_and_facts(self):
        self.assertEqual(self.told["digest"], self.hex)
        self.assertGreaterEqual(len(self.told["parameters"]), 3)
        for parameter in self.told["parameters"]:
            self.assertLessEqual({"key", "mean", "p5", "p95", "identified"}, set(parameter))
            self.assertLessEqual(parameter["p5"], parameter["p50"])
            self.assertLessEqual(parameter["p50"], parameter["p95"])
            self.assertIs(type(parameter["identified"]), bool)
        self.assertNotIn("M01", [fact["id"] for fact in self.told["facts"]])  # of kind validation
        self.assertIn("P04", [fact["id"] for fact in self.told["facts"]])
        self.assertIn("P06", self.told["facts_not_reached"])  # of June 2024
        self.assertLessEqual(self.told["distance"], self.told["own_distance"])
        keys = {parameter["key"] for parameter in self.told["parameters"]} | set(self.told["left_at_prior"])
        self.assertEqual(len(keys), len(self.told["parameters"]) + len(self.told["left_at_prior"]))

    def test_threads_do_not_matter(self):
        self.run_ok(*QUICK, "-j", 3, "-o", "q.h5", "--quiet")
        self.assertEqual(self.digest("q.h5"), self.hex)
        for name in ("q.csv", "q.yaml"):
            self.assertEqual((self.dir / name).read_text(), (self.folder / name).read_text())

    def test_killed_and_started_again(self):
        """Killed when some simulations more are stored; the times are random, what comes out is not."""
        pause = random.Random(int(os.environ.get("OVERBUILD_TEST_SEED", "7")))
        kills = 0
        for _ in range(200):
            process = subprocess.Popen([BINARY, *map(str, QUICK), "-j", "2", "-o", "q.h5", "--quiet"], cwd=self.dir,
                                       stderr=subprocess.PIPE)
            # The first ones are killed soon, later ones get longer, so that it ends however slow the machine is.
            try:
                process.wait(pause.uniform(0, 0.4) * (1 + kills / 4))
            except subprocess.TimeoutExpired:
                process.kill()
            _, errors = process.communicate()
            if process.returncode == 0:
                break
            self.assertEqual(process.returncode, -signal.SIGKILL, errors)
            kills += 1
        self.assertEqual(process.returncode, 0)
        self.assertEqual(self.digest("q.h5"), self.hex)
        self.assertEqual(self.files(), ["q.csv", "q.h5", "q.yaml"])
        self.assertEqual((self.dir / "q.csv").read_text(), (self.folder / "q.csv").read_text())

    def test_damaged_simulations_are_run_again(self):
        process = subprocess.Popen([BINARY, *map(str, QUICK), "-j", "1", "-o", "q.h5", "--quiet"], cwd=self.dir,
                                   stderr=subprocess.PIPE)
        parts = self.dir / "q.h5.parts"
        while not any(size(file) > 2000 for file in parts.glob("0*")) and process.poll() is None:
            time.sleep(0.005)
        process.kill()
        process.communicate()
        segments = sorted(parts.glob("0*")) if parts.exists() else []
        for segment in segments:
            data = bytearray(segment.read_bytes())
            data[len(data) // 2] ^= 0xff
            segment.write_bytes(data)
        done = overbuild(*QUICK, "-o", "q.h5", "--quiet", *([] if segments else ["--force"]), cwd=self.dir)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.digest("q.h5"), self.hex)
        if segments:  # it may have been faster
            self.assertIn("damaged", done.stderr)

    def test_interrupted_by_the_user(self):
        process = subprocess.Popen([BINARY, *map(str, QUICK), "-j", "1", "-o", "q.h5", "--quiet"], cwd=self.dir,
                                   stderr=subprocess.PIPE, text=True)
        while not (self.dir / "q.h5.parts" / "plan").exists() and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
        if process.returncode != 0:  # it may have been faster
            self.assertEqual(process.returncode, 130, errors)
            self.assertIn("q.h5.parts", errors)
        self.run_ok(*QUICK, "-o", "q.h5", "--quiet", *(["--force"] if process.returncode == 0 else []))
        self.assertEqual(self.digest("q.h5"), self.hex)

    def test_killed_before_the_texts_were_written(self):
        shutil.copy(self.file, self.dir / "q.h5")
        self.run_ok(*QUICK, "-o", "q.h5", "--quiet")
        self.assertEqual(self.digest("q.h5"), self.hex)
        self.assertEqual(self.files(), ["q.csv", "q.h5", "q.yaml"])

    def test_another_calibration_is_not_continued(self):
        shutil.copy(self.file, self.dir / "q.h5")
        errors = self.run_fails(2, "calibrate", "quick", "--budget", 61, "-o", "q.h5", "--resume")
        self.assertIn("budget: 60", errors)
        self.assertIn("--force", errors)

    def test_every_group_opens_alone(self):
        with h5py.File(self.file) as file:
            for group in ("posterior", "parameters", "left", "facts", "simulations", "design", "outcomes"):
                for name, variable in file[group].items():
                    self.assertIn("long_name", variable.attrs, f"{group}/{name}")
                    if variable.attrs.get("CLASS") != b"DIMENSION_SCALE":
                        self.assertIn("units", variable.attrs, f"{group}/{name}")
                        self.assertIn("DIMENSION_LIST", variable.attrs, f"{group}/{name}")
            weights = file["posterior/weight"][:]
            self.assertAlmostEqual(weights.sum(), 1)
            for i, key in enumerate(file["parameters/parameter"].asstr()[:]):
                values = file[f"posterior/{key}"][:]
                self.assertAlmostEqual(file["parameters/mean"][i], (weights * values).sum(),
                                       delta=1e-9 * (1 + abs(values).max()))
            stages = file["simulations/stage"][:]
            self.assertEqual([(stages == stage).sum() for stage in range(4)],
                             [self.told["simulations"][name] for name in ("pilot", "screening", "search", "check")])
        text = self.run_ok("info", self.file)
        self.assertIn("calibration", text)
        self.assertIn("budget", text)

    def test_the_pilot_has_the_facts_that_validate_reads(self):
        n = self.told["simulations"]["pilot"]
        self.run_ok("run", "quick", "--arm", "baseline", "-n", n, "-o", "run.h5", "--quiet")
        facts = json.loads(overbuild("validate", "run.h5", "--json", cwd=self.dir).stdout)["facts"]
        with h5py.File(self.file) as file:
            compared = 0
            for fact in facts:
                if fact["kind"] == "calibration" and fact["median"] is not None and fact["id"] in file["outcomes"]:
                    values = file[f"outcomes/{fact['id']}"][0, :n, 0]
                    for name, share in (("p5", 0.05), ("median", 0.5), ("p95", 0.95)):
                        self.assertAlmostEqual(numpy.quantile(values, share), fact[name],
                                               delta=1e-12 * abs(fact[name]), msg=fact["id"])
                    compared += 1
            self.assertGreaterEqual(compared, 4)

    def test_what_it_writes_can_be_run(self):
        for name in ("q.yaml", "q.csv"):
            shutil.copy(self.folder / name, self.dir / name)
        self.run_ok("run", "q.yaml", "-n", 2, "--quiet")
        resolved = self.run_ok("show", "q.yaml", "--resolved")
        for parameter in self.told["parameters"]:
            line = next(line for line in resolved.splitlines() if line.startswith(f"  {parameter['key']}: "))
            self.assertIn("q.yaml", line)
        self.assertEqual(self.files(), ["q-calibrated.h5", "q-calibrated.h5.log.jsonl", "q.csv", "q.yaml"])

    def test_named_parameters_and_moments(self):
        done = self.run_ok("calibrate", "quick", "--budget", 60, "--method", "msm", "--parameters",
                           "developers.herding,labs.[ab]*", "-o", "m.h5", "--json")
        told = json.loads(done)
        self.assertEqual(told["method"], "msm")
        named = {parameter["key"] for parameter in told["parameters"]} | set(told["left_at_prior"])
        self.assertEqual(named, {"developers.herding", "labs.ambition", "labs.base_nodes", "labs.bid_premium"})
        first = self.digest("m.h5")
        self.run_ok("calibrate", "quick", "--budget", 60, "--method", "msm", "--parameters",
                    "developers.herding,labs.[ab]*", "-o", "m.h5", "--quiet", "--force", "-j", 1)
        self.assertEqual(self.digest("m.h5"), first)

    def test_mistakes_are_named(self):
        (self.dir / "none.csv").write_text("id,kind,topic,quantity,unit,low,high,from,until,source,variable,over,reduce,"
                                           "base_from,base_until,scale,shift,scoring,note\n"
                                           "V1,validation,t,q,1,0,1,2023-06-01,2023-06-30,s,utilisation,,mean,,,,,linear,\n")
        (self.dir / "late.csv").write_text((self.dir / "none.csv").read_text().replace("validation", "calibration")
                                           .replace("2023", "2033"))
        (self.dir / "design.yaml").write_text("extends: quick\nuncertain: {labs.ambition: prior}\n"
                                              "design: {method: lhs, points: 4}\n")
        for arguments, words in (
                ((), ("expected 1",)),
                (("quik",), ("quik", "quick")),
                (("quick", "--method", "mcmc"), ("--method", "mcmc", "abc")),
                (("quick", "--budget", 39), ("--budget", "39", "40")),
                (("quick", "--arm", "rationale"), ("rationale", "baseline")),
                (("quick", "--parameters", "labs.ambitoin"), ("labs.ambitoin", "labs.ambition")),
                (("quick", "--parameters", "nothing.*"), ("nothing.*", "glob")),
                (("quick", "--parameters", "subsidy.enabled"), ("subsidy.enabled", "prior")),
                (("quick", "--parameters", "labs.*,,"), ("between commas",)),
                (("quick", "--facts", "nothing.csv"), ("nothing.csv", "facts table")),
                (("quick", "--facts", "none.csv", "-o", "x.h5"), ("no calibration fact",)),
                (("quick", "--resume", "--force"), ("--resume and --force",)),
                (("design.yaml",), ("design", "without")),
                (("quick", "-o", "no/where.h5"), ("no/where",))):
            with self.subTest(arguments=arguments):
                done = overbuild("calibrate", *arguments, "--quiet", cwd=self.dir)
                self.assertIn(done.returncode, (2, 4), done.stderr)
                self.assertEqual(done.stdout, "")
                for word in words:
                    self.assertIn(word, done.stderr)
        errors = self.run_fails(2, "calibrate", "quick", "--facts", "late.csv", "--budget", 40, "-o", "x.h5", "--quiet")
        self.assertIn("found none of the 1 calibration facts", errors)

    def test_nothing_is_replaced_unasked(self):
        (self.dir / "q.yaml").write_text("mine\n")
        self.assertIn("q.yaml", self.run_fails(2, *QUICK, "-o", "q.h5", "--quiet"))
        self.assertEqual((self.dir / "q.yaml").read_text(), "mine\n")
        (self.dir / "q.yaml").unlink()
        for name in ("q.h5", "q.yaml", "q.csv"):
            shutil.copy(self.folder / name, self.dir / name)
        self.assertIn("--force", self.run_fails(2, *QUICK, "-o", "q.h5", "--quiet"))

    def test_the_scenario_itself_is_never_replaced(self):
        (self.dir / "base.yaml").write_text("extends: quick\n")
        (self.dir / "mine.yaml").write_text("extends: base.yaml\n")
        for name in ("mine.h5", "base.h5"):
            message = self.run_fails(2, "calibrate", "mine.yaml", "--budget", 40, "-o", name, "--force", "--quiet")
            self.assertIn("would be lost", message)
        self.assertEqual(self.files(), ["base.yaml", "mine.yaml"])
        self.assertEqual((self.dir / "mine.yaml").read_text(), "extends: base.yaml\n")

    def test_all_that_is_wrong_with_the_parameters_is_named(self):
        message = self.run_fails(2, "calibrate", "quick", "--parameters", "labs.ambitoin,nothing.*,labs.*", "--quiet")
        self.assertIn("did you mean labs.ambition?", message)
        self.assertIn("found 'nothing.*'", message)

    def test_help_has_examples(self):
        text = self.run_ok("help", "calibrate")
        self.assertIn("overbuild calibrate quick --budget 60 -o first.h5", text)


class Posterior(CliTest):
    """parameters: posterior"""

    def scenario(self, text, name="x.yaml"):
        (self.dir / name).write_text(text)
        return name

    def test_arms_share_the_draws_and_threads_do_not_matter(self):
        (self.dir / "draws.csv").write_text(COLUMNS + "".join(f"{0.1 * i},{0.25 + 0.1 * i}\n" for i in range(8)))
        self.scenario("extends: quick\nparameters: posterior\nposterior: draws.csv\n")
        self.run_ok("run", "x.yaml", "-n", 6, "-j", 2, "--quiet", "-o", "a.h5")
        self.run_ok("run", "x.yaml", "-n", 6, "-j", 1, "--quiet", "-o", "b.h5")
        self.assertEqual(self.digest("a.h5"), self.digest("b.h5"))
        with h5py.File(self.dir / "a.h5") as file:
            rows = file["draws/row"][:]
            self.assertGreater(len(set(rows)), 1)
            numpy.testing.assert_allclose(file["draws/developers.herding"][:], 0.1 * rows)
            fingerprints = file["outcomes/fingerprint"][:]
        for i, row in enumerate(rows):  # one replication is what its row says, in both arms
            self.run_ok("run", "quick", "-n", i + 1, "--quiet", "-o", "one.h5", "--force", "--set",
                        f"developers.herding={0.1 * row}", "--set", f"labs.ambition={0.25 + 0.1 * row}")
            with h5py.File(self.dir / "one.h5") as file:
                numpy.testing.assert_array_equal(file["outcomes/fingerprint"][:, i], fingerprints[:, i])
            if i == 2:
                break

    def test_more_replications_keep_the_first_ones(self):
        (self.dir / "draws.csv").write_text(COLUMNS + "0.2,0.5\n0.4,0.6\n0.6,0.7\n")
        self.scenario("extends: quick\nparameters: posterior\nposterior: draws.csv\n")
        self.run_ok("run", "x.yaml", "-n", 3, "--quiet", "-o", "a.h5")
        self.run_ok("run", "x.yaml", "-n", 5, "--quiet", "-o", "a.h5", "--resume")
        self.run_ok("run", "x.yaml", "-n", 5, "--quiet", "-o", "b.h5")
        self.assertEqual(self.digest("a.h5"), self.digest("b.h5"))

    def test_resolved_is_the_same_scenario(self):
        (self.dir / "draws.csv").write_text(COLUMNS + "0.2,0.5\n0.4,0.6\n")
        self.scenario("extends: quick\nparameters: posterior\nposterior: draws.csv\n")
        (self.dir / "resolved.yaml").write_text(
            overbuild("show", "x.yaml", "--resolved", cwd=self.dir).stdout)
        for name in ("x", "resolved"):
            self.run_ok("run", f"{name}.yaml", "-n", 3, "--quiet", "-o", f"{name}.h5")
        self.assertEqual(self.digest("x.h5", "--arms"), self.digest("resolved.h5", "--arms"))

    def drawn(self, scenario, *options):
        self.run_ok("run", scenario, "-n", 1, "--quiet", "-o", "x.h5", "--force", *options)
        with h5py.File(self.dir / "x.h5") as file:
            return sorted(set(file["draws"]) - {"replication", "row"}) if "draws" in file else []

    def test_the_nearer_value_wins(self):
        (self.dir / "draws.csv").write_text(COLUMNS + "0.2,0.5\n")
        self.scenario("extends: quick\nposterior: draws.csv\nset: {labs.ambition: 0.9}\n", "base.yaml")
        both = ["developers.herding", "labs.ambition"]
        self.assertEqual(self.drawn("base.yaml"), [])
        self.assertEqual(self.drawn(self.scenario("extends: base.yaml\nparameters: posterior\n")), both)
        self.assertEqual(self.drawn("x.yaml", "--set", "labs.ambition=0.4"), ["developers.herding"])
        self.assertEqual(self.drawn(self.scenario("extends: base.yaml\nparameters: posterior\n"
                                                  "set: {developers.herding: 0.3}\n")), ["labs.ambition"])
        self.assertEqual(self.drawn(self.scenario("extends: x.yaml\nparameters: values\n", "y.yaml")), [])

    def test_what_an_arm_sets_is_not_drawn(self):
        (self.dir / "draws.csv").write_text(COLUMNS + "0.9,0.5\n")
        self.scenario("extends: quick\nparameters: posterior\nposterior: draws.csv\narms:\n  - {name: baseline}\n"
                      "  - {name: fixed, set: {developers.herding: 0.41}}\n")  # what the registry has anyway
        self.run_ok("run", "x.yaml", "-n", 1, "--quiet", "-o", "x.h5")
        self.run_ok("run", "quick", "--arm", "baseline", "-n", 1, "--quiet", "-o", "y.h5", "--set",
                    "developers.herding=0.41", "--set", "labs.ambition=0.5")
        with h5py.File(self.dir / "x.h5") as x, h5py.File(self.dir / "y.h5") as y:
            self.assertEqual(x["outcomes/fingerprint"][1, 0], y["outcomes/fingerprint"][0, 0])
            self.assertNotEqual(x["outcomes/fingerprint"][0, 0], y["outcomes/fingerprint"][0, 0])

    def test_mistakes_are_named_with_their_place(self):
        (self.dir / "bad.csv").write_text("labs.ambitoin,labs.ambition\n1,2\n3\nx,-4\n")
        (self.dir / "twice.csv").write_text("labs.ambition,labs.ambition\n1,1\n")
        (self.dir / "empty.csv").write_text("")
        (self.dir / "header.csv").write_text("labs.ambition\n")
        (self.dir / "noise.csv").write_bytes(bytes(range(256)))
        head = "extends: quick\nparameters: posterior\n"
        for text, words in (
                (head, ("x.yaml:2:13", "posterior: FILE.csv")),
                (head + "posterior: nothing.csv\n", ("x.yaml:3:12", "nothing.csv", "calibrate")),
                (head.replace("posterior", "posteriors"), ("x.yaml:2:13", "values|posterior")),
                (head + "posterior: bad.csv\n", ("bad.csv:1:1", "labs.ambition", "bad.csv:3:1", "bad.csv:4:3", "-4")),
                (head + "posterior: twice.csv\n", ("twice.csv:1:15", "repeats")),
                (head + "posterior: empty.csv\n", ("empty.csv:1:1", "empty")),
                (head + "posterior: header.csv\n", ("header.csv:1:1", "without rows")),
                (head + "posterior: noise.csv\n", ("noise.csv",)),
                (head + "posterior: [1, 2]\n", ("x.yaml:3", "CSV"))):
            with self.subTest(text=text):
                self.scenario(text)
                errors = self.run_fails(2, "check", "x.yaml")
                for word in words:
                    self.assertIn(word, errors)

    def test_a_scenario_that_draws_is_not_calibrated(self):
        (self.dir / "draws.csv").write_text(COLUMNS + "0.9,0.5\n")
        self.scenario("extends: quick\nparameters: posterior\nposterior: draws.csv\n")
        self.assertIn("parameters: posterior", self.run_fails(2, "calibrate", "x.yaml", "--quiet"))


if __name__ == "__main__":
    unittest.main()
