# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/VALIDATION.md is made from: runs of two experiments, and what the program says about them.

    python3 -m overbuild.validation --root . -n 100

scripts/validate calls this with the project's folder. The page itself is written by validation_page.
"""

import argparse
import csv
import hashlib
import json
import os
import pathlib
import subprocess
import sys
from statistics import NormalDist

import h5py
import numpy as np

WILD_SIMULATIONS = 499  # of the bootstrap, per replication
BUBBLE_VARIABLES = ("rent_over_full_cost", "chip_price")
INTERVAL = 0.95


class Program:
    """The command line of overbuild."""

    def __init__(self, binary):
        self.binary = binary

    def run(self, *arguments, accept=(0,)):
        """Standard output; progress stays on stderr. Ends the script when the exit status is none of `accept`."""
        command = [self.binary, *map(str, arguments)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode not in accept:
            sys.exit(f"scripts/validate: overbuild {' '.join(command[1:])} ended with {done.returncode}")
        return done.stdout

    def json(self, *arguments, accept=(0,)):
        return json.loads(self.run(*arguments, "--json", accept=accept))


def check_build(program, folder, options):
    """Results of another build are not mixed with this one's: the same scenario may come out differently."""
    mark, build = folder / "build.sha256", hashlib.sha256(pathlib.Path(program.binary).read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() != build and not (options.fresh or options.keep):
        sys.exit(f"scripts/validate: {folder}: found results of another build of overbuild; expected those of {program.binary}: "
                 "use --fresh to run anew, or --keep if the change cannot matter")
    mark.write_text(build)


def experiment(program, preset, path, options):
    """Runs a preset into `path`, or what is missing of it; nothing with --no-run."""
    if options.no_run:
        return
    print(f"== {preset}, {options.replications} replications an arm -> {path}", file=sys.stderr)
    mode = "--force" if options.fresh else "--resume"
    threads = ("-j", options.threads) if options.threads else ()
    program.run("run", preset, "-n", options.replications, *threads, mode, "-o", path)


def read_table(path, columns):
    """Rows of a hand-written CSV; lines that begin with # are comments. A row with other columns ends the script."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    for number, row in enumerate(rows, start=1):
        if list(row) != list(columns) or None in row.values():
            sys.exit(f"{path}: row {number}: found {row}; expected the columns {', '.join(columns)}")
    return rows


def student(degrees, level=INTERVAL):
    """Quantile of Student's t at 0.5 + level / 2: exact for 1 and 2 degrees, else the expansion in 1 / degrees of
    Abramowitz and Stegun 26.7.5 (error below 0.3 % from 3 degrees on)."""
    p = 0.5 + level / 2
    if degrees == 1:
        return float(np.tan(np.pi * (p - 0.5)))
    if degrees == 2:
        return float((2 * p - 1) * np.sqrt(2 / (4 * p * (1 - p))))
    z = NormalDist().inv_cdf(p)
    terms = ((z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96, (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
             (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160)
    return z + sum(term / degrees ** (i + 1) for i, term in enumerate(terms))


def mean_interval(values):
    """(mean, low, high) of what is not missing; the ends are nan below two values."""
    values = np.asarray(values, dtype=float)
    values = values[~np.isnan(values)]
    if len(values) < 2:
        return (float(values.mean()) if len(values) else float("nan"), float("nan"), float("nan"))
    mean = values.mean()
    half = student(len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return float(mean), float(mean - half), float(mean + half)


def finished(path):
    """Fewest and most replications of an arm that ran to their end."""
    with h5py.File(path) as file:
        counts = (file["outcomes/status"][()] == 0).sum(axis=1)
    return int(counts.min()), int(counts.max())


def labels(file, path):
    return [text.decode() if isinstance(text, bytes) else str(text) for text in file[path][()]]


def dates(file, name):
    """An outcome that is a date, as numpy days: (arm, replication)."""
    variable = file[f"outcomes/{name}"]
    units = variable.attrs["units"]
    start = (units.decode() if isinstance(units, bytes) else str(units)).removeprefix("days since ")
    days = variable[()]
    out = np.full(days.shape, np.datetime64("NaT"), dtype="datetime64[D]")
    known = ~np.isnan(days)
    out[known] = np.datetime64(start[:10]) + np.floor(days[known]).astype(int)
    return out


def by_kind(path, baseline="baseline"):
    """How many projects each kind of developer announced and opened, and what each arm changes.

    {kinds, arms: {arm: {variable: {kind: {mean, difference, ci_low, ci_high, n}}}}}; the variable share is of the projects
    announced. Differences are paired by replication.
    """
    out = {}
    with h5py.File(path) as file:
        arms = labels(file, "arm")
        kinds = labels(file, "developers/developer_kind")
        last = {name: final(file[f"developers/{name}"], kinds) for name in ("announced", "energised")}
    with np.errstate(invalid="ignore", divide="ignore"):
        last["share"] = last["announced"] / last["announced"].sum(axis=2, keepdims=True)
    base = arms.index(baseline)
    for a, arm in enumerate(arms):
        out[arm] = {name: {kind: effect(values[a, :, k], values[base, :, k]) for k, kind in enumerate(kinds)}
                    for name, values in last.items()}
    return {"kinds": kinds, "arms": out}


def final(variable, kinds):
    """Values at the end of the run: (arm, replication, kind)."""
    values = variable[()]
    axes = [scale_name(variable, axis) for axis in range(values.ndim)]
    values = np.moveaxis(values, (axes.index("arm"), axes.index("replication"), axes.index("developer_kind"),
                                  axes.index("time")), (0, 1, 2, 3))
    assert values.shape[2] == len(kinds)
    return values[..., -1].astype(float)


def scale_name(variable, axis):
    return pathlib.PurePosixPath(variable.dims[axis][0].name).name


def effect(values, base):
    mean, low, high = mean_interval(values - base)
    known = values[~np.isnan(values)]
    return {"mean": float(known.mean()) if len(known) else float("nan"), "difference": mean, "ci_low": low, "ci_high": high,
            "n": int((~np.isnan(values - base)).sum())}


def turning_points(path, releases):
    """For each arm of `path` and each dated outcome: the median date, and the share before each release."""
    out = {}
    with h5py.File(path) as file:
        arms = labels(file, "arm")
        for name in ("peak_rent_date", "peak_chip_price_date"):
            found = dates(file, name)
            for a, arm in enumerate(arms):
                known = np.sort(found[a][~np.isnat(found[a])])
                out.setdefault(arm, {})[name] = {
                    "n": len(known), "median": str(known[(len(known) - 1) // 2]) if len(known) else None,
                    "before": {release: float((known < np.datetime64(day)).mean()) if len(known) else None
                               for release, day in releases.items()}}
    return out


def calibration_record(path):
    """What a calibration wrote with --json, or None when there is none."""
    if path is None or not pathlib.Path(path).exists():
        return None
    record = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    if "parameters" not in record:
        sys.exit(f"{path}: found the keys {', '.join(record)}; expected 'parameters', as overbuild calibrate --json prints")
    return record


def bubble_tests(program, path, folder, options):
    """Explosive-root tests under two null models and LPPLS, of two series; kept in the folder."""
    threads = ("-j", options.threads) if options.threads else ()
    found = []
    for variable in BUBBLE_VARIABLES:
        print(f"== bubble tests of {variable}", file=sys.stderr)
        common = ("bubbles", path, "--variable", variable, "--min-duration", "log", *threads)
        found.append({"walk": program.json(*common, "--lppls", "--starts", options.starts),
                      "wild": program.json(*common, "--null", "wild", "--simulations", WILD_SIMULATIONS)})
    (folder / "bubbles.json").write_text(json.dumps(found, indent=1))
    return found


def gather(program, options):
    """Everything that the page tells, as one dictionary."""
    folder = pathlib.Path(options.folder)
    folder.mkdir(parents=True, exist_ok=True)
    check_build(program, folder, options)
    controls, policies = folder / "controls.h5", folder / "policies.h5"
    experiment(program, options.controls, controls, options)
    experiment(program, options.policies, policies, options)
    docs = pathlib.Path(options.root) / "docs" / "validation"
    releases = {row["release"]: row["date"] for row in read_table(docs / "releases.csv", ("release", "date"))}
    return {
        "finished": {"controls": finished(controls), "policies": finished(policies)},
        "presets": {"controls": options.controls, "policies": options.policies},
        "digests": {"controls": program.run("digest", controls).strip(), "policies": program.run("digest", policies).strip()},
        "validation": program.json("validate", controls, accept=(0, 1)),
        "reasons": {row["id"]: row["why"] for row in read_table(docs / "reasons.csv", ("id", "why"))},
        "controls": program.json("compare", controls, "--baseline", "baseline")["metrics"],
        "expected": read_table(docs / "controls.csv", ("arm", "outcome", "sign", "why", "contrary")),
        "against_rational": program.json("compare", controls, "--baseline", "rational")["metrics"],
        "policies": program.json("compare", policies, "--baseline", "baseline")["metrics"],
        "by_kind": by_kind(policies),
        "turning_points": turning_points(controls, releases),
        "releases": releases,
        "bubbles": bubble_tests(program, controls, folder, options),
        "calibration": calibration_record(options.calibration),
        "calibration_page": (docs.parent / "CALIBRATION.md").exists(),
    }


def warn_of_reasons(found):
    """Reasons are written by hand: says which are out of date."""
    verdicts = {fact["id"]: fact["verdict"] for fact in found["validation"]["facts"]}
    for fact, why in found["reasons"].items():
        if verdicts.get(fact) not in ("miss", "wide"):
            print(f"docs/validation/reasons.csv: {fact}: a reason for a fact that is now {verdicts.get(fact, 'unknown')}",
                  file=sys.stderr)
    for fact, verdict in verdicts.items():
        if verdict in ("miss", "wide") and fact not in found["reasons"]:
            print(f"docs/validation/reasons.csv: {fact}: {verdict}, and no reason is written", file=sys.stderr)


def parse(arguments):
    parser = argparse.ArgumentParser(prog="scripts/validate", description="Regenerates docs/VALIDATION.md.")
    parser.add_argument("-n", "--replications", type=int, default=100, help="replications an arm (default: %(default)s)")
    parser.add_argument("-j", "--threads", type=int, default=0, help="threads (default: all)")
    parser.add_argument("--folder", help="where results are kept (default: build/validation)")
    parser.add_argument("--page", help="what is written (default: docs/VALIDATION.md)")
    parser.add_argument("--fresh", action="store_true", help="run everything anew; else what is there is kept and completed")
    parser.add_argument("--no-run", action="store_true", help="write the page from the results that are there")
    parser.add_argument("--keep", action="store_true", help="go on from results of another build of the program")
    parser.add_argument("--starts", type=int, default=24, help="starts of each LPPLS search (default: %(default)s)")
    parser.add_argument("--controls", default="controls", help="preset of the controls (default: %(default)s)")
    parser.add_argument("--policies", default="policies", help="preset of the policies (default: %(default)s)")
    parser.add_argument("--calibration", help="record of a calibration, JSON (default: docs/validation/calibration.json, if any)")
    parser.add_argument("--root", default=".", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    root = pathlib.Path(options.root)
    options.folder = options.folder or str(root / "build" / "validation")
    options.page = options.page or str(root / "docs" / "VALIDATION.md")
    options.calibration = options.calibration or str(root / "docs" / "validation" / "calibration.json")
    return options


def main(arguments):
    from .validation_page import page

    options = parse(arguments)
    program = Program(os.environ.get("OVERBUILD_BINARY", str(pathlib.Path(options.root) / "build/release/overbuild")))
    found = gather(program, options)
    warn_of_reasons(found)
    pathlib.Path(options.page).write_text(page(found), encoding="utf-8")
    print(f"wrote {options.page}", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
