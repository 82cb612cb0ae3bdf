# SPDX-License-Identifier: GPL-3.0-or-later
"""overbuild bubbles: the keys of its JSON, dates, a result beside its control, and what it says about bad input."""

import json
import math
import os
import pathlib
import random
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(os.environ["OVERBUILD_SOURCE"]) / "tests" / "support"))
from overbuild_cli import CliTest, SOURCE, overbuild

SHARED = SOURCE.parent / "shared"


class Bubbles(CliTest):
    def setUp(self):
        super().setUp()
        self.env = {"XDG_CACHE_HOME": str(self.dir / "cache")}

    def write(self, name, values, dates=None):
        rows = [f"{dates[i]},{v}" if dates else str(v) for i, v in enumerate(values)]
        (self.dir / name).write_text("\n".join(["date,v" if dates else "v", *rows]) + "\n")

    def call(self, *arguments, status=0):
        done = overbuild("bubbles", *arguments, cwd=self.dir, env=self.env)
        self.assertEqual(done.returncode, status, f"{arguments}: {done.stdout} {done.stderr}")
        return done.stderr if status else done.stdout

    def walk_with_bubble(self, n=80):
        draw = random.Random(3)
        y = [100.0]
        for t in range(1, n):
            y.append((1.08 if 50 < t < 65 else 1) * y[-1] + draw.gauss(0, 1))
        return y

    def dates(self, n=80):
        return [f"{2001 + i // 12}-{i % 12 + 1:02d}-01" for i in range(n)]


class Series(Bubbles):
    def test_json(self):
        self.write("x.csv", self.walk_with_bubble(), self.dates())
        found = json.loads(self.call("--csv", "x.csv", "--column", "v", "--date-column", "date", "--simulations", 500, "--json"))
        for key in ("n", "lag", "min_window", "adf", "sadf", "gsadf", "critical_values", "sequence", "episodes"):
            self.assertIn(key, found)
        self.assertEqual((found["n"], found["lag"], found["min_window"]), (80, 0, 16))
        self.assertEqual(set(found["critical_values"]), {"90", "95", "99"})
        self.assertLess(found["critical_values"]["95"], found["gsadf"])
        self.assertEqual(found["sequence"][0]["date"], self.dates()[16])
        self.assertEqual(len(found["sequence"]), 80 - 16)
        self.assertEqual(max(p["bsadf"] for p in found["sequence"]), found["gsadf"])
        self.assertEqual(max(p["badf"] for p in found["sequence"]), found["sadf"])
        self.assertTrue(any("2005-01-01" <= e["start"] <= "2006-08-01" for e in found["episodes"]))

    def test_without_dates_observations_are_counted(self):
        self.write("x.csv", self.walk_with_bubble())
        found = json.loads(self.call("--csv", "x.csv", "--column", "v", "--critical-value", 2, "--json"))
        self.assertEqual(found["sequence"][0]["date"], 17)
        self.assertEqual(found["critical_values"], {"90": None, "95": None, "99": None})
        self.assertFalse((self.dir / "cache").exists())

    def test_lags_windows_and_durations(self):
        self.write("x.csv", self.walk_with_bubble(), self.dates())
        common = ("--csv", "x.csv", "--column", "v", "--critical-value", 1.5, "--json")
        for lag, lost in (("0", 1), ("3", 4), ("bic:3", 1), ("schwarz:3", 4)):
            found = json.loads(self.call(*common, "--lag", lag, "--min-window", 20))
            self.assertEqual(len(found["sequence"]), 80 - (20 + lost) + 1, lag)
        every = json.loads(self.call(*common))["episodes"]
        long = json.loads(self.call(*common, "--min-duration", "log"))["episodes"]
        self.assertTrue(all(e["end"] - e["start"] >= 4 for e in long) and all(e in every for e in long))

    def test_cache_and_threads_and_seeds(self):
        self.write("x.csv", self.walk_with_bubble())
        common = ("--csv", "x.csv", "--column", "v", "--simulations", 300, "--json")
        first = self.call(*common, "-j", 1)
        self.assertEqual(len(list((self.dir / "cache" / "overbuild").iterdir())), 1)
        self.assertEqual(self.call(*common), first)
        self.assertEqual(self.call(*common, "--no-cache", "-j", 3), first)
        other = self.call(*common, "--no-cache", "--seed", 2)
        self.assertNotEqual(json.loads(other)["critical_values"], json.loads(first)["critical_values"])
        self.assertEqual(json.loads(other)["gsadf"], json.loads(first)["gsadf"])

    def test_bootstraps(self):
        self.write("x.csv", self.walk_with_bubble())
        common = ("--csv", "x.csv", "--column", "v", "--simulations", 200, "--lag", 1)
        self.assertIn("wild bootstrap", self.call(*common, "--null", "wild"))
        self.assertIn("controlled over 12 observations", self.call(*common, "--null", "composite", "--control", 12))
        self.assertFalse((self.dir / "cache").exists())

    def lppls(self, values):
        self.write("x.csv", values)
        text = self.call("--csv", "x.csv", "--column", "v", "--critical-value", 2, "--lppls")
        return json.loads(self.call("--csv", "x.csv", "--column", "v", "--critical-value", 2, "--lppls", "--json"))["lppls"], text

    def test_lppls(self):
        found, text = self.lppls([math.exp(9 + (420 - t) ** 0.45 * (-0.12 + 0.01 * math.cos(8 * math.log(420 - t))))
                                  for t in range(1, 401)])
        self.assertAlmostEqual(found["tc"], 420, 2)
        self.assertAlmostEqual(found["tc_after_last"], 20, 2)
        self.assertAlmostEqual(found["m"], 0.45, 4)
        self.assertAlmostEqual(found["omega"], 8, 3)
        self.assertTrue(found["qualified"])
        self.assertGreater(found["confidence"], 0.5)
        self.assertIn("critical time 420.0", text)

    def test_lppls_that_finds_nothing(self):
        found, text = self.lppls(self.walk_with_bubble()[:65])
        self.assertIsNone(found["sum_of_squares"])
        self.assertFalse(found["qualified"])
        self.assertIn("no minimum", text)

    def test_table_warns(self):
        self.write("x.csv", self.walk_with_bubble(), self.dates())
        text = self.call("--csv", "x.csv", "--column", "v", "--date-column", "date", "--critical-value", 2)
        self.assertIn("no proof of a bubble", text)
        self.assertRegex(text, r"\n  200\d-\d\d-01 to 200\d-\d\d-01")

    @unittest.skipUnless(SHARED.exists(), "the reference data are absent")
    def test_dates_of_the_sp500(self):
        rows = (SHARED / "data/econ/psymonitor_snp_dividend_yield_1973_2018.csv").read_text().split()[1:]
        dates, yields = zip(*(row.split(",") for row in rows))
        self.write("x.csv", [repr(1 / float(y)) for y in yields], [d.strip('"') for d in dates])
        found = json.loads(self.call("--csv", "x.csv", "--column", "v", "--date-column", "date", "--lag", "bic:6",
                                     "--min-window", 46, "--critical-value", 0.828328770185185, "--json"))
        rows = (SHARED / "golden/econ/psymonitor_documented_snp_dates.csv").read_text().split()[1:]
        self.assertEqual([f'{e["start"]},{e["end"]}' for e in found["episodes"]], rows)
        self.assertEqual(found["lag"], "bic:6")


class Mistakes(Bubbles):
    def says(self, text, *arguments):
        message = self.call(*arguments, status=2)
        self.assertIn(text, message)
        self.assertTrue(all(len(line) < 300 for line in message.splitlines()), message)

    def test_series(self):
        self.write("short.csv", [1, 2, 4])
        self.write("constant.csv", [5] * 50)
        self.write("holes.csv", [1, 2, "", 4, "NA", "n/a", 3] + list(range(50)))
        self.write("back.csv", range(30), [f"2001-01-{30 - i:02d}" for i in range(30)])
        self.write("negative.csv", [i % 7 - 2 for i in range(50)])
        self.write("text.csv", ["word"] * 100)
        column = ("--column", "v")
        self.says("found 3 observations; expected at least 4", "--csv", "short.csv", *column, "--min-window", 3)
        self.says("found 3 regression rows", "--csv", "short.csv", *column, "--lag", 1, "--min-window", 3)
        self.says("--min-window: found '2'", "--csv", "short.csv", *column, "--min-window", 2)
        self.says("found 50 times the value 5", "--csv", "constant.csv", *column)
        for found in ("holes.csv:4: found no number", "holes.csv:6: column 1 (v): found 'NA'", "holes.csv:7: column 1 (v)"):
            self.says(found, "--csv", "holes.csv", *column)
        self.says("sort the rows, oldest first", "--csv", "back.csv", *column, "--date-column", "date")
        self.says("a logarithm needs values above zero", "--csv", "negative.csv", *column, "--log")
        self.says("not above zero at observation 1", "--csv", "negative.csv", *column, "--lppls", "--critical-value", 2)
        self.says("... and 80 more problems", "--csv", "text.csv", *column)
        self.says("the header has no column price", "--csv", "short.csv", "--column", "price")
        self.says("the header has no column date", "--csv", "short.csv", *column, "--date-column", "date")
        self.says("no such file", "--csv", "absent.csv", *column)

    def test_options(self):
        self.write("x.csv", self.walk_with_bubble())
        good = ("--csv", "x.csv", "--column", "v")
        self.says("neither a FILE nor --csv")
        self.says("both a FILE and --csv", "x.h5", *good)
        self.says("--csv: needs --column", "--csv", "x.csv")
        self.says("--column: needs --csv", "x.h5", "--column", "v")
        self.says("--arm: needs a result", *good, "--arm", "baseline")
        self.says("--lag: found 'two'", *good, "--lag", "two")
        self.says("--lag: found 'bic'", *good, "--lag", "bic")
        self.says("--lag: found '-1'", *good, "--lag", "-1")
        self.says("--lag: found '13'", *good, "--lag", "13")
        self.says("--critical-value: found 'high'", *good, "--critical-value", "high")
        self.says("--critical-value: found 'nan'", *good, "--critical-value", "nan")
        self.says("--min-window: found '2'", *good, "--min-window", 2)
        self.says("expected at least 5", *good, "--min-window", 4, "--lag", 2)
        self.says("expected at least 81", *good, "--min-window", 80)
        self.says("--min-duration: found '0'", *good, "--min-duration", 0)
        self.says("--null: found 'none'", *good, "--null", "none")
        self.says("composite needs --control", *good, "--null", "composite")
        self.says("--control: needs --null composite", *good, "--control", 12)
        self.says("no such file", "absent.h5")
        self.says("--starts: needs --lppls", *good, "--starts", 5)
        self.says("--starts: found '2'", *good, "--lppls", "--starts", 2)
        message = self.call("x.csv", status=4)
        self.assertIn("x.csv", message)


class Results(Bubbles):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        import shutil
        import tempfile
        cls.results = pathlib.Path(tempfile.mkdtemp(prefix="overbuild-"))
        cls.addClassCleanup(shutil.rmtree, cls.results, ignore_errors=True)
        (cls.results / "weekly.yaml").write_text(
            "name: weekly\nextends: quick\nreplications: 3\nrecord: {interval: 7 d}\n"
            "arms:\n  - {name: baseline}\n  - {name: rational, set: {beliefs.control: true}}\n")
        done = overbuild("run", "weekly.yaml", "--quiet", "-o", "x.h5", cwd=cls.results)
        assert done.returncode == 0, done.stderr
        cls.file = cls.results / "x.h5"

    def test_beside_the_control(self):
        found = json.loads(self.call(self.file, "--simulations", 300, "--json"))
        self.assertEqual(found["variable"], "rent_over_full_cost")
        self.assertEqual([a["arm"] for a in found["arms"]], ["baseline", "rational"])
        for arm in found["arms"]:
            self.assertEqual(len(arm["runs"]), 3)
            rejecting = [r["rejects"] for r in arm["runs"] if r["tested"]]
            self.assertEqual(arm["rejecting_share"], sum(rejecting) / len(rejecting))
        text = self.call(self.file, "--simulations", 300)
        self.assertIn("no proof of a bubble", text)
        self.assertIn("rational", text)

    def test_lppls_beside_the_control(self):
        common = ("--variable", "chip_price", "--critical-value", 1, "--lppls", "--starts", 6)
        found = json.loads(self.call(self.file, *common, "--json"))
        for arm in found["arms"]:
            fitted = [run for run in arm["lppls"]["runs"] if run["fitted"]]
            self.assertEqual(len(arm["lppls"]["runs"]), 3)
            self.assertEqual(arm["lppls"]["fitted"], len(fitted))
            for run in fitted:
                self.assertTrue(0 <= run["confidence"] <= 1)
                self.assertGreaterEqual(run["n"], 20)
            for run in arm["lppls"]["runs"]:
                self.assertEqual("why" in run, not run["fitted"])
            if fitted:
                self.assertAlmostEqual(arm["lppls"]["mean_confidence"], sum(r["confidence"] for r in fitted) / len(fitted))
                self.assertEqual(arm["lppls"]["qualified_share"], sum(r["qualified"] for r in fitted) / len(fitted))
        text = self.call(self.file, *common)
        self.assertIn("LPPLS, each replication up to its highest value", text)
        self.assertIn("no proof of a bubble", text)
        alone = json.loads(self.call(self.file, "--variable", "chip_price", "--critical-value", 1, "--json"))
        self.assertNotIn("lppls", alone["arms"][0])

    def test_variables_and_arms(self):
        common = ("--critical-value", 1, "--json")
        found = json.loads(self.call(self.file, "--variable", "chip_price", "--log", *common))
        self.assertEqual((found["variable"], found["logarithm"]), ("chip_price", True))
        found = json.loads(self.call(self.file, "--arm", "rational", *common))
        self.assertEqual([a["arm"] for a in found["arms"]], ["rational"])

    def test_mistakes(self):
        for text, arguments in (("expected an arm of the file: baseline, rational", ("--arm", "base")),
                                ("expected a national series", ("--variable", "rent")),
                                ("none of 3 replications could be tested", ("--min-window", 5000))):
            self.assertIn(text, self.call(self.file, *arguments, status=2))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
