# SPDX-License-Identifier: GPL-3.0-or-later
"""models/workload/profiles.def is what scripts/fit-workloads makes of the traces; skipped where there are none."""

import os
import pathlib
import subprocess
import sys
import unittest

SOURCE = pathlib.Path(os.environ["OVERBUILD_SOURCE"])
TRACES = SOURCE.parent / "shared" / "data" / "traces"


class Fit(unittest.TestCase):
    def test_profiles_are_what_the_traces_give(self):
        done = subprocess.run([SOURCE / "scripts" / "fit-workloads", "--check", TRACES], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    if not TRACES.is_dir():
        print(f"skipped: no {TRACES}")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1], verbosity=2)
