# SPDX-License-Identifier: GPL-3.0-or-later
"""overbuild validate: every fact is told about, the exit status is the verdict, mistakes are named."""

import json
import os
import pathlib
import shutil
import sys
import tempfile
import unittest
import xml.dom.minidom

sys.path.insert(0, str(pathlib.Path(os.environ["OVERBUILD_SOURCE"]) / "tests" / "support"))
from overbuild_cli import SOURCE, CliTest, overbuild

HEADER = ("id,kind,topic,quantity,unit,low,high,from,until,source,variable,over,reduce,base_from,base_until,scale,"
          "shift,scoring,note\n")
SURE = (HEADER +
        "S1,calibration,use,share of GPUs in use,1,0,1,2023-06-01,2023-11-30,a,utilisation,,mean,,,,,linear,\n"
        "S2,validation,labs,labs that train,labs,0,1000,2023-06-30,2023-06-30,b,labs_training,,at,,,,,linear,\n"
        "S3,validation,labs,Ärzte in einem Land 北京,1,,,,,c,,,,,,,,none,no such thing\n")
NEVER = SURE.replace("S1,calibration,use,share of GPUs in use,1,0,1", "S1,calibration,use,share of GPUs in use,1,5,6")


class Validate(CliTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="overbuild-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        done = overbuild("run", "quick", "-n", 4, "-j", 2, "--quiet", "-o", "quick.h5", cwd=cls.folder)
        assert done.returncode == 0, done.stderr
        cls.file = pathlib.Path(cls.folder) / "quick.h5"

    def validate(self, *arguments):
        return overbuild("validate", self.file, *arguments, cwd=self.dir)

    def facts(self, text, name="facts.csv"):
        (self.dir / name).write_text(text, encoding="utf-8")
        return name

    def shipped_ids(self):
        lines = (SOURCE / "analysis/facts/china.csv").read_text(encoding="utf-8").splitlines()
        rows = [line.split(",") for line in lines if line and not line.startswith("#")][1:]
        return [(row[0], row[1]) for row in rows]

    def test_every_fact_is_in_the_json(self):
        done = self.validate("--json")
        self.assertEqual(done.returncode, 1, done.stderr)  # a small world of one year is no picture of China
        told = json.loads(done.stdout)
        self.assertEqual([(fact["id"], fact["kind"]) for fact in told["facts"]], self.shipped_ids())
        for fact in told["facts"]:
            self.assertLessEqual({"id", "kind", "quantity", "unit", "low", "high", "median", "p5", "p95", "verdict"},
                                 set(fact))
            self.assertIn(fact["verdict"], ("hit", "miss", "wide", "not comparable"))
            if fact["verdict"] == "not comparable":
                self.assertTrue(fact["note"], fact["id"])
            else:
                self.assertLessEqual(fact["p5"], fact["median"])
                self.assertLessEqual(fact["median"], fact["p95"])
        late = next(fact for fact in told["facts"] if fact["id"] == "L01")
        self.assertEqual(late["verdict"], "not comparable")
        self.assertIn("2024-11-01", late["note"])

    def test_scores_are_those_of_the_facts(self):
        told = json.loads(self.validate("--json").stdout)
        comparable = [fact for fact in told["facts"] if fact["verdict"] != "not comparable"]
        for kind in ("calibration", "validation"):
            of_kind = [fact["verdict"] for fact in comparable if fact["kind"] == kind]
            score = told[f"score_{kind}"]
            if of_kind:
                self.assertAlmostEqual(score, of_kind.count("hit") / len(of_kind))
            else:
                self.assertIsNone(score)
        inside = [fact["low"] <= fact["median"] <= fact["high"] for fact in comparable]
        self.assertAlmostEqual(told["score_medians"], sum(inside) / len(inside))

    def test_the_table_lists_all_in_120_columns(self):
        done = self.validate()
        self.assertEqual(done.returncode, 1)
        for line in done.stdout.splitlines():
            self.assertLessEqual(len(line), 120, line)
        listed = {tuple(line.split()[:2]) for line in done.stdout.splitlines() if line.startswith("  ")}
        for name, kind in self.shipped_ids():
            self.assertIn((name, kind[0]), listed)

    def test_bubble_measure(self):
        bubble = json.loads(self.validate("--json").stdout)["bubble"]
        self.assertEqual((bubble["control"], bubble["arm"]), ("rational", "baseline"))
        self.assertEqual([part["metric"] for part in bubble["measure"]],
                         ["never_broke_even_capital_yuan", "projects_completed", "bad_debt_share"])
        compared = json.loads(self.run_ok("compare", self.file, "--baseline", "rational", "--json"))["metrics"]
        for part in bubble["measure"] + bubble["witnesses"]:
            effect = next(e for e in compared if e["metric"] == part["metric"])
            for key in ("difference", "ci_low", "ci_high", "arm_mean", "n"):
                self.assertEqual(part[key], effect[key], part["metric"])
            self.assertEqual(part["control_mean"], effect["baseline_mean"])
        text = self.validate().stdout
        self.assertIn("Bubble measure against the rational control: arm baseline", text)
        self.assertIn("By assumption", text)
        told = self.validate("--arm", "rational")  # the control has none
        self.assertNotIn("Bubble measure", told.stdout)
        self.assertIsNone(json.loads(self.validate("--arm", "rational", "--json").stdout)["bubble"])

    def test_facts_of_another_country(self):
        done = self.validate("--facts", self.facts(SURE), "--json")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        told = json.loads(done.stdout)
        self.assertEqual((told["score_calibration"], told["score_validation"]), (1, 1))
        self.assertIn("Ärzte in einem Land 北京", self.validate("--facts", "facts.csv").stdout)
        self.assertEqual(self.validate("--facts", self.facts(NEVER)).returncode, 1)
        self.assertEqual(self.validate("--facts", "facts.csv", "--bar-calibration", 0).returncode, 0)

    def test_other_arms(self):
        done = self.validate("--arm", "rational", "--facts", self.facts(SURE))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("arm rational", done.stdout)

    def test_the_picture_is_one_file(self):
        facts = self.facts(SURE)
        self.assertEqual(self.validate("--facts", facts, "--plot", "x.svg").returncode, 0)
        picture = xml.dom.minidom.parse(str(self.dir / "x.svg"))
        paths = [node.getAttribute("class") for node in picture.getElementsByTagName("path")]
        self.assertEqual(paths.count("median"), 2)
        self.assertEqual(len([node for node in picture.getElementsByTagName("rect")
                              if node.getAttribute("class") == "fact"]), 2)
        self.assertIn("--force", self.run_fails(2, "validate", self.file, "--facts", facts, "--plot", "x.svg"))
        self.assertEqual(self.validate("--facts", facts, "--plot", "x.svg", "--force").returncode, 0)
        self.assertEqual(self.files(), ["facts.csv", "x.svg"])

    def test_ids_in_the_picture_keep_apart(self):
        rows = [f"A{i:02},calibration,use,share,1,0.{3 + i % 3},0.{4 + i % 3},2023-0{5 + i // 3}-01,2023-0{5 + i // 3}-28,a,"
                "utilisation,,mean,,,,,linear,\n" for i in range(6)]
        self.validate("--facts", self.facts(HEADER + "".join(rows)), "--plot", "x.svg")
        ids = [(float(node.getAttribute("x")), float(node.getAttribute("y")), node.firstChild.data)
               for node in xml.dom.minidom.parse(str(self.dir / "x.svg")).getElementsByTagName("text")
               if node.firstChild is not None and node.firstChild.data.startswith("A0")]
        self.assertEqual(len(ids), 6)
        for i, (x, y, name) in enumerate(ids):
            for other_x, other_y, other in ids[:i]:
                self.assertTrue(abs(x - other_x) >= 26 or abs(y - other_y) >= 11, (name, other))

    def test_few_replications_are_not_taken_for_a_verdict(self):
        text = self.validate().stdout
        self.assertIn("Bands of so few replications", text)
        self.assertIn("Too few pairs", text)

    def test_mistakes_are_named(self):
        bad = self.facts(SURE.replace("2023-06-01", "June").replace(",mean,", ",avarage,"), "bad.csv")
        (self.dir / "noise.csv").write_bytes(bytes(range(256)))
        (self.dir / "empty.csv").write_bytes(b"")
        for arguments, words in (
                (("nothing.h5",), ("nothing.h5",)),
                ((), ("expected 1",)),
                ((self.file, "--arm", "rationale"), ("rationale", "baseline", "rational")),
                ((self.file, "--facts", "nothing.csv"), ("nothing.csv", "facts table")),
                ((self.file, "--facts", "."), (".",)),
                ((self.file, "--facts", "noise.csv"), ("noise.csv",)),
                ((self.file, "--facts", "empty.csv"), ("empty.csv:1:1", "header")),
                ((self.file, "--facts", bad), ("bad.csv:2:", "from", "June", "avarage", "2 problems")),
                ((self.file, "--bar-validation", "65"), ("--bar-validation", "0 to 1")),
                ((self.file, "--bar-calibration", "nan"), ("--bar-calibration", "nan")),
                ((self.file, "--plot", "no/where.svg"), ("no/where.svg",))):
            with self.subTest(arguments=arguments):
                done = overbuild("validate", *arguments, cwd=self.dir)
                self.assertIn(done.returncode, (2, 4), done.stderr)
                self.assertEqual(done.stdout, "")
                for word in words:
                    self.assertIn(word, done.stderr)

    def test_help_has_examples(self):
        text = self.run_ok("help", "validate")
        self.assertIn("overbuild validate china-2022.h5 --plot facts.svg", text)
        self.assertIn("validate", self.run_ok("help"))


if __name__ == "__main__":
    unittest.main()
