# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of docs/ARCHITECTURE.md that a machine can hold: include arrows, prefixes, globals, who prints."""

import os
import pathlib
import re
import subprocess
import sys
import unittest

SOURCE = pathlib.Path(os.environ["OVERBUILD_SOURCE"])
BUILD = pathlib.Path(os.environ["OVERBUILD_BINARY"]).parent

# Folder -> folders that it may include, besides itself.
ARROWS = {
    "sim": set(),
    "models": {"sim"},
    "scenarios": {"models", "sim"},
    "analysis": {"scenarios", "models", "sim"},
    "app": {"analysis", "scenarios", "models", "sim"},
}
# The same between the folders of models.
MODEL_ARROWS = {
    "params": set(),
    "ledger": {"params"},
    "hardware": {"params", "ledger"},
    "scheduler": {"params", "ledger", "hardware"},
    "workload": {"params", "ledger", "hardware", "scheduler", "trace"},
    "trace": {"params", "scheduler"},
    "replay": {"params", "trace", "hardware", "scheduler", "workload"},
    "datacentre": {"params", "ledger", "hardware", "scheduler", "workload"},
    "market": {"params", "ledger", "hardware"},
    "agents": {"params", "ledger", "hardware", "scheduler", "workload", "datacentre", "market"},
    "economy": {"params", "ledger", "hardware", "scheduler", "workload", "datacentre", "market", "agents"},
}
PREFIX = {"sim": "sim_", "models": "mdl_", "scenarios": "scn_", "analysis": "ana_"}
PRINTING = {"printf", "vprintf", "puts", "putchar", "perror", "__printf_chk", "stdout", "stderr", "exit", "_exit"}
MAY_PRINT = {"error.c"}  # sim_bug: the last words of a broken assertion
# C library functions whose bits depend on the CPU or the library's version.
UNSTEADY = {"exp", "log", "pow", "sin", "cos", "tan", "exp2", "log2", "log10", "expm1", "log1p", "tgamma", "lgamma",
            "erf", "erfc", "cbrt", "hypot", "floor", "ceil", "round", "fma", "qsort", "rand", "random", "drand48"}


def sources(folder):
    return [p for p in sorted((SOURCE / folder).rglob("*")) if p.suffix in (".c", ".h", ".def")]


def includes(path):
    return re.findall(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', path.read_text(encoding="utf-8"), re.MULTILINE)


def symbols(folder, *options):
    """Object file, type and name of each symbol in the folder's library."""
    library = BUILD / f"liboverbuild_{folder}.a"
    out = subprocess.run(["nm", "--print-file-name", *options, str(library)], check=True, capture_output=True,
                         text=True).stdout
    for line in out.splitlines():
        if match := re.match(r".*\.a:([^:]+)\.o:[0-9a-f]*\s+(\w)\s+(\S+)$", line):
            yield match.groups()


def objects(folder):
    """Section and name of each object (variable) in the folder's library."""
    out = subprocess.run(["objdump", "--syms", str(BUILD / f"liboverbuild_{folder}.a")], check=True,
                         capture_output=True, text=True).stdout
    for line in out.splitlines():
        if match := re.match(r"[0-9a-f]+ ....... (\S+)\s+[0-9a-f]+\s+(?:\.hidden )?(\S+)$", line):
            yield match.groups()


class Includes(unittest.TestCase):
    def test_there_is_something_to_check(self):
        for folder in ARROWS:
            self.assertTrue(sources(folder), folder)

    def test_arrows_between_folders(self):
        wrong = [f"{path.relative_to(SOURCE)} includes {name}"
                 for folder, allowed in ARROWS.items() for path in sources(folder) for name in includes(path)
                 if (target := name.split("/")[0]) in ARROWS and target != folder and target not in allowed]
        self.assertEqual(wrong, [])

    def test_arrows_inside_models(self):
        wrong = []
        for path in sources("models"):
            folder = path.relative_to(SOURCE / "models").parts[0]
            for name in includes(path):
                parts = name.split("/")
                if parts[0] == "models" and parts[1] != folder and parts[1] not in MODEL_ARROWS[folder]:
                    wrong.append(f"{path.relative_to(SOURCE)} includes {name}")
        self.assertEqual(wrong, [])

    def test_hdf5_in_the_store_alone(self):
        wrong = [str(path.relative_to(SOURCE)) for folder in ARROWS for path in sources(folder)
                 if any(name.startswith("hdf5") for name in includes(path)) and not path.match("sim/store*")]
        self.assertEqual(wrong, [])

    def test_gsl_outside_the_engine_and_the_models(self):
        wrong = [str(path.relative_to(SOURCE)) for folder in ("sim", "models") for path in sources(folder)
                 if any(name.startswith("gsl/") for name in includes(path)) and not path.match("sim/gsl_rng*")]
        self.assertEqual(wrong, [])

    def test_licence_line(self):
        wrong = [str(path.relative_to(SOURCE)) for folder in (*ARROWS, "tests") for path in sources(folder)
                 if "SPDX-License-Identifier: GPL-3.0-or-later" not in path.read_text(encoding="utf-8")[:200]]
        self.assertEqual(wrong, [])


class Symbols(unittest.TestCase):
    def test_prefixes(self):
        wrong = [f"{folder}: {name} ({obj})" for folder, prefix in PREFIX.items()
                 for obj, _, name in symbols(folder, "--defined-only", "--extern-only")
                 if not name.startswith((prefix, "__", "."))]
        self.assertEqual(wrong, [])

    def test_no_writable_globals(self):
        wrong = [f"{folder}: {name} ({section})" for folder in ("sim", "models") for section, name in objects(folder)
                 if re.match(r"\.(data|bss|tdata|tbss)|\*COM\*", section)
                 and not section.startswith(".data.rel.ro")  # constant tables with pointers in them
                 and not name.startswith(("_", "."))]  # the compiler's, sanitizers' and coverage's own
        self.assertEqual(wrong, [])

    def test_only_the_app_prints_or_exits(self):
        wrong = [f"{folder}: {name} ({obj})" for folder in PREFIX for obj, _, name in symbols(folder, "--undefined-only")
                 if name in PRINTING and obj not in MAY_PRINT]
        self.assertEqual(wrong, [])

    def test_reproducible_arithmetic(self):
        wrong = [f"{folder}: {name} ({obj})" for folder in ("sim", "models")
                 for obj, _, name in symbols(folder, "--undefined-only") if name in UNSTEADY]
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
