# SPDX-License-Identifier: GPL-3.0-or-later
"""`overbuild params`: the registry as text and JSON, and the shipped tables."""

import json
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(os.environ["OVERBUILD_SOURCE"]) / "tests" / "support"))
from overbuild_cli import CliTest

TABLES = ["provinces", "cities", "gpu_types", "platforms", "routes"]


class Params(CliTest):
    def test_every_default_in_json_is_what_a_scenario_would_write(self):
        entries = json.loads(self.run_ok("params", "--json"))
        self.assertGreater(len(entries), 200)
        lines = []
        for entry in entries:
            default = entry["default"]
            if entry["kind"] == "choice":
                self.assertIn(default, entry["choices"], entry["key"])
            elif entry["kind"] == "flag":
                self.assertIsInstance(default, bool, entry["key"])
            else:
                self.assertTrue(entry["low"] <= default <= entry["high"], entry["key"])
            lines.append(f"  {entry['key']}: {json.dumps(default)}")
        (self.dir / "x.yaml").write_text("set:\n" + "\n".join(lines) + "\n")
        self.run_ok("check", "x.yaml")

    def test_the_shipped_tables_can_be_printed_and_given_back(self):
        for table in TABLES:
            (self.dir / f"{table}.csv").write_text(self.run_ok("params", "--tables", table))
        given = ", ".join(f"{table}: {table}.csv" for table in TABLES)
        (self.dir / "x.yaml").write_text(f"extends: quick\nname: quick\ntables: {{{given}}}\n")
        self.run_ok("run", "x.yaml", "-n", "1", "-o", "given.h5", "--quiet")
        self.run_ok("run", "quick", "-n", "1", "-o", "shipped.h5", "--quiet")
        self.assertEqual(self.digest("given.h5", "--outcomes"), self.digest("shipped.h5", "--outcomes"))

    def test_a_misspelt_table_is_named(self):
        self.assertIn("did you mean routes?", self.run_fails(2, "params", "--tables", "rotes"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
