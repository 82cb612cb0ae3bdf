# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON Schema that `overbuild params --json-schema` prints: sound itself, and of one mind with the reader."""
import glob
import json
import os
import subprocess
import sys
import unittest

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

SOURCE = os.environ.get("OVERBUILD_SOURCE", ".")
BINARY = os.environ.get("OVERBUILD_BINARY", "build/dev/overbuild")
BAD = os.path.join(SOURCE, "tests/unit/bad_scenarios")

if not os.path.exists(BINARY):
    print(f"skipped: {BINARY} is not built")
    sys.exit(77)


class Loader(yaml.SafeLoader):
    """YAML in which dates and quantities stay text."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(text):
    return yaml.load(text, Loader)


def schema():
    return json.loads(subprocess.run([BINARY, "params", "--json-schema"], check=True, capture_output=True).stdout)


class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.schema = schema()
        cls.validator = jsonschema.Draft202012Validator(cls.schema)

    def errors(self, text):
        return [error.message for error in self.validator.iter_errors(read(text))]

    def test_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(self.schema)
        self.assertEqual(self.schema["$schema"], "https://json-schema.org/draft/2020-12/schema")
        self.assertIn("subsidy.grant_share", self.schema["$defs"]["set"]["properties"])

    def test_presets_are_valid(self):
        for path in glob.glob(os.path.join(SOURCE, "scenarios/presets/*.yaml")):
            with open(path, encoding="utf-8") as file:
                self.assertEqual(self.errors(file.read()), [], path)

    def test_resolved_presets_are_valid(self):
        shown = subprocess.run([BINARY, "show", "quick", "--resolved"], check=True, capture_output=True, text=True)
        self.assertEqual(self.errors(shown.stdout), [])

    def test_quantities_are_valid(self):
        for text in ("set: {beliefs.horizon: 10 wk}", "set: {subsidy.grant_share: 30 %}", "record: {interval: 7 d}",
                     "set: {developers.building_cost_node: 0.6 MCNY}", "set: {audit.hazard: 5 %/yr}"):
            self.assertEqual(self.errors(text), [], text)

    def test_what_the_reader_refuses_by_form_is_invalid(self):
        for name in ("unknown_key", "unknown_parameter", "wrong_types", "flags_and_choices", "arms_names", "arms_empty",
                     "changes_incomplete", "shocks", "precision", "precision_incomplete", "replications", "design_method",
                     "root_is_a_list", "bad_dates", "option_set", "extends_bad_base"):
            with open(os.path.join(BAD, name + ".yaml"), encoding="utf-8") as file:
                self.assertNotEqual(self.errors(file.read()), [], name)


if __name__ == "__main__":
    unittest.main()
