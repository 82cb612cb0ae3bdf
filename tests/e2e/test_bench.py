# SPDX-License-Identifier: GPL-3.0-or-later
"""`overbuild bench`: what it prints. No time is asserted."""

import json
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(os.environ["OVERBUILD_SOURCE"]) / "tests" / "support"))
from overbuild_cli import CliTest


class Bench(CliTest):
    def test_a_part_with_its_peer(self):
        found = json.loads(self.run_ok("bench", "mm1", "--json"))
        self.assertEqual(list(found), ["mm1_customers_per_s", "mm1_peer", "mm1_ratio", "mm1_wait", "mm1_peer_wait",
                                       "machine"])
        for key in ("mm1_customers_per_s", "mm1_peer", "mm1_ratio"):
            self.assertGreater(found[key], 0, key)
        # 0.8 / (1 - 0.8) mean services by theory; the seeds are fixed.
        self.assertAlmostEqual(found["mm1_wait"], 4, delta=0.2)
        self.assertAlmostEqual(found["mm1_peer_wait"], 4, delta=0.2)

    def test_no_such_part(self):
        self.assertIn("expected hold, mm1, ", self.run_fails(2, "bench", "nonsense"))
        self.assertIn("did you mean scheduler?", self.run_fails(2, "bench", "shceduler"))


if __name__ == "__main__":
    unittest.main()
