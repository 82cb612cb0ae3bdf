# SPDX-License-Identifier: GPL-3.0-or-later
"""The docs say what the program does: generated pages are current, links lead somewhere, commands exist."""

import json
import re
import subprocess
import sys
import os
import pathlib
import unittest

sys.path.insert(0, str(pathlib.Path(os.environ["OVERBUILD_SOURCE"]) / "tests" / "support"))
from overbuild_cli import CliTest, SOURCE

PAGES = [SOURCE / "README.md", SOURCE / "CONTRIBUTING.md", SOURCE / "CHANGELOG.md", *sorted((SOURCE / "docs").glob("*.md"))]


class Docs(CliTest):
    def test_generated_pages_are_current(self):
        done = subprocess.run([SOURCE / "scripts" / "docs", "--check"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_links_lead_somewhere(self):
        for page in PAGES:
            for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
                self.assertTrue((page.parent / target).exists(), f"{page.name}: {target}")

    def test_the_model_description_names_every_parameter(self):
        """Another team could not rebuild the model from a page that leaves one out, or names one that is gone."""
        keys = {entry["key"] for entry in json.loads(self.run_ok("params", "--json"))}
        groups = {key.split(".")[0] for key in keys}
        named = set(re.findall(r"`([a-z]+\.[a-z0-9_]+)`", (SOURCE / "docs" / "ODD.md").read_text()))
        self.assertFalse(keys - named, "not named in docs/ODD.md")
        self.assertFalse({name for name in named - keys if name.split(".")[0] in groups}, "not in the registry")

    def test_commands_in_the_readme_exist(self):
        commands = set(re.findall(r"overbuild (?!run\b)([a-z]+) ", (SOURCE / "README.md").read_text()))
        for command in commands & {"list", "show", "check", "compare", "params", "info", "digest", "replay"}:
            self.assertIn(f"overbuild {command}", self.run_ok("help", command))

    def test_the_scenario_in_the_readme_is_good(self):
        (self.dir / "x.yaml").write_text(re.search(r"```yaml\n(.*?)```", (SOURCE / "README.md").read_text(), re.S)[1])
        self.run_ok("check", "x.yaml")

    def test_the_scenarios_in_the_docs_are_good(self):
        examples = re.findall(r"```yaml\n(.*?)```", (SOURCE / "docs" / "SCENARIOS.md").read_text(), re.S)
        self.assertGreater(len(examples), 3)
        for example in examples:
            (self.dir / "x.yaml").write_text(example)
            self.run_ok("check", "x.yaml")

    def test_every_command_has_help_with_its_options(self):
        overview = self.run_ok("help")
        for command in re.findall(r"^  ([a-z]+) {2,}", overview, re.M):
            text = self.run_ok("help", command)
            self.assertTrue(text.startswith(f"Usage: overbuild {command}"), command)
            for option in re.findall(r"\[?(--[a-z-]+)", text.splitlines()[0]):
                self.assertIn(f"      {option}", text, command)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
