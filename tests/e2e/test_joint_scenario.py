# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/validate runs the arms of two presets as one experiment: the union is whole, an arm in it is the same as in its own
preset, presets that can't be joined are refused, and a script that is killed goes on."""

import csv
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import unittest

import h5py
import numpy as np
import yaml

sys.path.insert(0, str(pathlib.Path(os.environ["OVERBUILD_SOURCE"]) / "tests" / "support"))
from overbuild_cli import SOURCE, CliTest

sys.path.insert(0, str(SOURCE / "analysis" / "python"))
from overbuild import validation
from overbuild.joint_scenario import JointScenario


class Joint(CliTest):
    def joint(self, *presets):
        return JointScenario({preset: self.run_ok("show", preset, "--resolved") for preset in presets})

    def resolved(self, scenario):
        """What a scenario comes to, read by another YAML reader; its arms by name."""
        found = yaml.safe_load(self.run_ok("show", scenario, "--resolved"))
        found["arms"] = {arm["name"]: arm for arm in found["arms"]}
        return found

    def write(self, name, text):
        (self.dir / name).write_text(text)
        return str(self.dir / name)

    def test_every_arm_of_the_shipped_presets_is_there_with_its_settings(self):
        path = self.write("validation.yaml", self.joint("controls", "policies").text("validation", validation.DETAIL))
        joint, presets = self.resolved(path), [self.resolved(name) for name in ("controls", "policies")]
        self.assertEqual(list(joint["arms"]), list(presets[0]["arms"] | presets[1]["arms"]))
        self.assertGreater(len(presets[0]["arms"].keys() & presets[1]["arms"].keys()), 2)
        for preset in presets:
            for name, arm in preset["arms"].items():
                self.assertEqual(joint["arms"][name], arm)
            for key in preset.keys() - {"name", "replications", "record", "arms"}:
                self.assertEqual(joint[key], preset[key], key)
        self.assertEqual(set(joint["record"]["detail"]), set(validation.DETAIL))

    def test_an_arm_has_the_bits_that_it_has_in_its_own_preset(self):
        record = f"record: {{interval: 28 d, detail: [{', '.join(validation.DETAIL)}]}}\n"
        base = "extends: quick\n" + record + "arms:\n  - {name: baseline}\n  - {name: rational}\n"
        late = "  - {name: late, from: 2023-07-01, set: {subsidy.enabled: false}}\n"
        scenarios = {"a": base + "  - {name: none, set: {subsidy.enabled: false}}\n" + late,
                     "b": base + "  - {name: clawback, set: {subsidy.clawback_share: 0.8, audit.hazard: 2}}\n"}
        paths = {name: self.write(f"{name}.yaml", text) for name, text in scenarios.items()}
        joint = self.joint(*paths.values())
        self.write("joint.yaml", joint.text("joint", validation.DETAIL))
        digests = {}
        for name in (*paths, "joint"):
            self.run_ok("run", f"{name}.yaml", "-n", 3, "-j2", "--quiet", "-o", f"{name}.h5")
            digests[name] = dict(line.split("\t") for line in self.digest(f"{name}.h5", "--arms").splitlines())
        self.assertEqual(digests["joint"], digests["a"] | digests["b"])
        self.assertEqual(joint.of, {paths[name]: list(digests[name]) for name in paths})

    def test_what_cannot_be_joined_is_refused(self):
        arms = "arms:\n  - {name: baseline}\n  - {name: twice, set: {audit.hazard: 0.5, subsidy.clawback_share: 0.8}}\n"
        one = self.write("one.yaml", "extends: quick\n" + arms)
        for name, text, expected in (
                ("settings", arms.replace("0.5", "0.6"), "the arm twice is not the same"),
                ("kind", arms.replace("{audit", "{labs.entrants: 3, audit"), "the arm twice is not the same"),
                ("world", "set: {labs.base_nodes: 17}\n" + arms, "labs.base_nodes: 17"),
                ("seed", "seed: 2\n" + arms, "seed: 2"),
                ("horizon", "horizon: {end: 2023-11-30}\n" + arms, "2023-11-30"),
                ("record", "record: {interval: 7 d}\n" + arms, "records every")):
            other = self.write(f"{name}.yaml", "extends: quick\n" + text)
            with self.assertRaisesRegex(ValueError, expected):
                self.joint(one, other)
        turned = arms.replace("audit.hazard: 0.5, subsidy.clawback_share: 0.8", "subsidy.clawback_share: 0.8, audit.hazard: 0.5")
        own = "extends: quick\nreplications: 3\nrecord: {detail: [finance]}\nset: {labs.base_nodes: 16}\n"
        same = self.write("same.yaml", own + turned)
        self.assertEqual(list(self.joint(one, same).arms), ["baseline", "twice"])
        done = self.script("--controls", one, "--policies", str(self.dir / "world.yaml")).communicate()
        self.assertIn("differ in more than their arms", done[1])

    def test_without_a_run_the_result_has_to_be_there(self):
        quick = ("--controls", "quick", "--policies", "quick", "--no-run")
        self.assertIn("no such result", self.script(*quick).communicate()[1])
        self.write("more.yaml", "extends: quick\narms:\n  - {name: baseline}\n  - {name: more, set: {audit.hazard: 1}}\n")
        self.run_ok("run", "quick", "-n", 1, "--quiet", "-o", "results/validation.h5")
        told = self.script(*quick, "--policies", str(self.dir / "more.yaml")).communicate()[1]
        self.assertIn("it has no arm more", told)

    def test_what_scored_facts_read_is_recorded(self):
        with open(SOURCE / "analysis" / "facts" / "china.csv", encoding="utf-8", newline="") as file:
            facts = [row for row in csv.DictReader(line for line in file if not line.startswith("#")) if row["scoring"] != "none"]
        read = {group for row in facts for key in ("variable", "over") for group in re.findall(r"/(\w+)/", row[key])}
        self.assertLessEqual({"gpu_market"}, read)
        self.assertLessEqual(read, {"outcomes", *validation.DETAIL})

    def script(self, *arguments):
        """scripts/validate on small worlds, started."""
        return subprocess.Popen([SOURCE / "scripts" / "validate", "--folder", self.dir / "results", "--page", self.dir / "V.md",
                                 "--starts", "3", "-j", "2", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                text=True, cwd=self.dir, start_new_session=True,
                                env={**os.environ, "XDG_CACHE_HOME": str(self.dir / "cache")})

    def test_a_killed_script_goes_on(self):
        quick = ("--controls", "quick", "--policies", "quick", "-n")
        blocks = self.dir / "results" / "validation.h5.parts"
        to_all = {signal.SIGINT: 128 + signal.SIGINT, signal.SIGKILL: -signal.SIGKILL}  # as Ctrl-C and a crash do
        for number, status in {**to_all, signal.SIGTERM: 128 + signal.SIGTERM}.items():
            before, running = set(blocks.glob("*.blocks")), self.script(*quick, "5000")
            while set(blocks.glob("*.blocks")) <= before and running.poll() is None:
                time.sleep(0.05)
            (os.killpg if number in to_all else os.kill)(running.pid, number)
            told = running.communicate()[1]
            self.assertEqual(running.returncode, status, told)
        with h5py.File(self.dir / "results" / "validation.h5") as file:
            n = int(np.flatnonzero((file["outcomes/status"][()] == 0).any(axis=0)).max()) + 2  # one more than is stored
        going_on, told = self.script(*quick, str(n)), ""
        for line in going_on.stderr:
            told += line
            if line.startswith("== 2/"):
                break
        going_on.terminate()
        going_on.communicate()
        self.assertRegex(told, r"validation\.h5: \d+ runs? \(and [1-9]\d* from before\)")
        self.run_ok("run", "results/validation.yaml", "-n", n, "--quiet", "-o", "anew.h5")
        self.assertEqual(self.digest("results/validation.h5"), self.digest("anew.h5"))

    def test_bubble_tests_are_kept(self):
        quick = ("--controls", "quick", "--policies", "quick", "-n", "3")
        self.assertEqual(self.script(*quick).communicate()[1].count("found in"), 0)
        pages = [(self.dir / "V.md").read_text()]
        self.assertEqual(self.script(*quick).communicate()[1].count("found in"), 4)
        self.assertEqual(self.script(*quick, "--no-run", "--starts", "4").communicate()[1].count("found in"), 2)
        kept = self.dir / "results" / "bubbles.json"
        kept.write_text(json.dumps({**json.loads(kept.read_text()), "of": ["another", "build"]}))
        self.assertEqual(self.script(*quick).communicate()[1].count("found in"), 0)
        pages.append((self.dir / "V.md").read_text())
        self.assertEqual(*pages)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
