# SPDX-License-Identifier: GPL-3.0-or-later
"""Every notebook is stored without outputs and runs from top to bottom on a fresh result."""

import os
import pathlib
import sys
import unittest

import nbclient
import nbformat

sys.path.insert(0, str(pathlib.Path(os.environ["OVERBUILD_SOURCE"]) / "tests" / "support"))
from overbuild_cli import CliTest, SOURCE

NOTEBOOKS = sorted((SOURCE / "analysis" / "notebooks").glob("*.ipynb"))


class Notebooks(CliTest):
    def test_there_are_some(self):
        self.assertEqual([path.name for path in NOTEBOOKS], ["bubble.ipynb", "first_look.ipynb"])

    def test_stored_without_outputs(self):
        for path in NOTEBOOKS:
            for cell in nbformat.read(path, as_version=4).cells:
                self.assertFalse(cell.get("outputs"), path.name)
                self.assertIsNone(cell.get("execution_count"), path.name)

    def test_runs(self):
        result = self.dir / "quick.h5"
        self.run_ok("run", "quick", "-n", 3, "--quiet", "-o", result)
        os.environ.update(OVERBUILD_RESULT=str(result), OVERBUILD_POLICY="rational",
                          IPYTHONDIR=str(self.dir / "ipython"))
        for path in NOTEBOOKS:
            notebook = nbformat.read(path, as_version=4)
            nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3",
                                    resources={"metadata": {"path": str(path.parent)}}).execute()
            pictures = [output for cell in notebook.cells for output in cell.get("outputs", [])
                        if "image/png" in output.get("data", {})]
            self.assertGreaterEqual(len(pictures), 1, path.name)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
