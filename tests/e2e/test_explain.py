# SPDX-License-Identifier: GPL-3.0-or-later
"""overbuild run --events and explain: events leave the rest alone, survive a resume, open in readers, and read as stories."""

import json
import os
import pathlib
import subprocess
import sys
import unittest

import h5py
import numpy

sys.path.insert(0, str(pathlib.Path(os.environ["OVERBUILD_SOURCE"]) / "tests" / "support"))
from overbuild_cli import CliTest, overbuild

TWO_ARMS = """\
name: two
extends: quick
replications: 3
arms:
  - {name: baseline}
  - {name: late-grant, set: {subsidy.grant_share: 0.2}, from: 2023-06-01}
"""


def events_of(file, arm, replication):
    with h5py.File(file) as f:
        group = f["events"]
        rows = (group["arm"][:] == arm) & (group["replication"][:] == replication)
        return {name: group[name][:][rows] for name in ("time", "type", "entity_kind", "entity", "cause", "value")}


def type_number(file, name):
    with h5py.File(file) as f:
        meanings = f["events/type"].attrs["flag_meanings"]
        return (meanings.decode() if isinstance(meanings, bytes) else meanings).split().index(name)


class Recording(CliTest):
    def test_events_change_no_other_group(self):
        self.run_ok("run", "quick", "-n", 3, "--quiet", "-o", "quiet.h5")
        self.run_ok("run", "quick", "-n", 3, "--quiet", "--events", "-o", "told.h5")
        self.assertEqual(self.digest("quiet.h5", "--outcomes"), self.digest("told.h5", "--outcomes"))
        with h5py.File(self.dir / "quiet.h5") as quiet, h5py.File(self.dir / "told.h5") as told:
            self.assertNotIn("events", quiet)
            self.assertEqual(set(told) - set(quiet), {"events"})

            def same(name, item):
                if isinstance(item, h5py.Dataset) and not name.startswith("provenance"):
                    left, right = item[()], told[name][()]
                    equal = numpy.array_equal(left, right, equal_nan=left.dtype.kind == "f")
                    self.assertTrue(equal, name)
            quiet.visititems(same)

    def test_threads_and_resumes_tell_the_same(self):
        digests = set()
        for threads in (1, 2, 5):
            self.run_ok("run", "quick", "-n", 4, "-j", threads, "--quiet", "--events", "-o", f"j{threads}.h5")
            digests.add(self.digest(f"j{threads}.h5"))
        self.run_ok("run", "quick", "-n", 2, "--quiet", "--events", "-o", "grown.h5")
        self.run_ok("run", "quick", "-n", 4, "--quiet", "--events", "--resume", "-o", "grown.h5")
        grown = self.digest("grown.h5")
        self.assertEqual(digests, {grown})

    def test_a_forked_arm_has_the_past_of_its_parent(self):
        (self.dir / "two.yaml").write_text(TWO_ARMS)
        self.run_ok("run", "two.yaml", "--quiet", "--events", "-o", "two.h5")
        change = type_number(self.dir / "two.h5", "parameter")
        for replication in range(3):
            parent, fork = (events_of(self.dir / "two.h5", arm, replication) for arm in (0, 1))
            at = numpy.flatnonzero(fork["type"] == change)[0]
            self.assertGreater(at, 50)
            for column in parent:
                self.assertTrue(numpy.array_equal(parent[column][:at], fork[column][:at], equal_nan=column == "value"))
            self.assertTrue((fork["cause"] < numpy.arange(len(fork["cause"]))).all())

    def test_readers_open_the_group(self):
        try:
            import netCDF4
            import xarray
        except ImportError as missing:
            self.skipTest(str(missing))
        self.run_ok("run", "quick", "-n", 2, "--quiet", "--events", "-o", "told.h5")
        path = str(self.dir / "told.h5")
        for engine in ("h5netcdf", "netcdf4"):
            with xarray.open_dataset(path, group="events", engine=engine) as data:
                data.load()
                self.assertEqual(data["value"].dims, ("event",))
                self.assertIn("energised", data["type"].attrs["flag_meanings"].split())
                self.assertIn("project", data["entity_kind"].attrs["flag_meanings"].split())
                self.assertIn("H100", list(data["gpu_type"].values))
                self.assertEqual(str(data["time"].dtype), "datetime64[ns]")
        with netCDF4.Dataset(path) as file:
            for name, variable in file["events"].variables.items():
                self.assertTrue(variable.units and variable.long_name, name)
        for command in (["ncdump", path], ["h5dump", "-g", "/events", path]):
            done = subprocess.run(command, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)


class Documentation(CliTest):
    def test_every_type_is_described(self):
        self.run_ok("run", "quick", "-n", 1, "--quiet", "--events", "-o", "told.h5")
        text = (pathlib.Path(os.environ["OVERBUILD_SOURCE"]) / "docs" / "OUTPUT.md").read_text()
        with h5py.File(self.dir / "told.h5") as f:
            meanings = f["events/type"].attrs["flag_meanings"]
        for name in (meanings.decode() if isinstance(meanings, bytes) else meanings).split():
            self.assertEqual(text.count(f"| `{name}` |"), 1, name)


class Explain(CliTest):
    def setUp(self):
        super().setUp()
        self.run_ok("run", "quick", "-n", 2, "--quiet", "--events", "-o", "told.h5")

    def busiest(self, kind):
        listed = json.loads(self.run_ok("explain", "told.h5", "--json"))["entities"]
        return next(e["entity"] for e in listed if e["entity"].startswith(kind))

    def test_lists_who_has_most_events(self):
        text = self.run_ok("explain", "told.h5")
        self.assertIn("project:", text)
        counts = [e["events"] for e in json.loads(self.run_ok("explain", "told.h5", "--json"))["entities"]]
        self.assertEqual(counts, sorted(counts, reverse=True))

    def test_tells_a_project_from_its_announcement_on(self):
        announced = type_number(self.dir / "told.h5", "announced")
        rows = events_of(self.dir / "told.h5", 0, 1)
        project = rows["entity"][rows["type"] == announced][0]
        text = self.run_ok("explain", "told.h5", f"project:{project}", "--replication", 1)
        self.assertRegex(text, rf"^\d{{4}}-\d\d-\d\d  Project {project} was announced with \d+ H100-equivalent")
        self.assertRegex(text, r"\n            because developer \d+ saw a site")
        self.assertNotIn("{", text)

    def test_json_has_chains_that_go_back(self):
        for kind in ("project", "city"):
            story = json.loads(self.run_ok("explain", "told.h5", self.busiest(kind), "--json"))
            self.assertTrue(story["events"])
            for event in story["events"]:
                rows = [event["row"], *(cause["row"] for cause in event["causes"])]
                self.assertEqual(rows, sorted(rows, reverse=True))
                dates = [event["date"], *(cause["date"] for cause in event["causes"])]
                self.assertEqual(dates, sorted(dates, reverse=True))
                self.assertEqual(event["entity"], story["entity"])

    def test_says_what_is_wrong(self):
        self.assertIn("project:137", self.run_fails(2, "explain", "told.h5", "projekt:3"))
        self.assertIn("nothing happened", self.run_fails(2, "explain", "told.h5", "project:99999"))
        self.assertIn("baseline", self.run_fails(2, "explain", "told.h5", "--arm", "nothing"))
        self.assertIn("replication 7", self.run_fails(2, "explain", "told.h5", "bank", "--replication", 7))
        self.assertIn("no design", self.run_fails(2, "explain", "told.h5", "bank", "--point", 3))
        self.run_ok("explain", "told.h5", "--point", 0)
        self.run_ok("run", "quick", "-n", 1, "--quiet", "-o", "quiet.h5")
        self.assertIn("--events", self.run_fails(2, "explain", "quiet.h5"))
        self.assertEqual(overbuild("explain", "missing.h5", cwd=self.dir).returncode, 2)


if __name__ == "__main__":
    unittest.main()
