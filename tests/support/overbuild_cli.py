# SPDX-License-Identifier: GPL-3.0-or-later
"""What the end-to-end tests share: running the program in a folder of its own."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["OVERBUILD_SOURCE"])
BINARY = os.environ["OVERBUILD_BINARY"]


def overbuild(*arguments, cwd, env=None):
    """Runs the program and returns the finished process (exit status, stdout, stderr). The limit is for sanitizers."""
    return subprocess.run([BINARY, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=1200,
                          env={**os.environ, **(env or {})})


class CliTest(unittest.TestCase):
    """A test with a fresh folder `self.dir`, removed afterwards."""

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="overbuild-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def run_ok(self, *arguments, cwd=None):
        done = overbuild(*arguments, cwd=cwd or self.dir)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def run_fails(self, status, *arguments, cwd=None):
        done = overbuild(*arguments, cwd=cwd or self.dir)
        self.assertEqual(done.returncode, status, f"{arguments}: {done.stdout} {done.stderr}")
        return done.stderr

    def digest(self, file, *options):
        return self.run_ok("digest", file, *options).strip()

    def files(self):
        return sorted(p.name for p in self.dir.iterdir())
