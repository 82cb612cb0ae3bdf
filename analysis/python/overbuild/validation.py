# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/VALIDATION.md is made from: one experiment with the arms of two presets, and what the program says about it.

    python3 -m overbuild.validation --root . -n 100

scripts/validate calls this with the project's folder. The page itself is written by validation_page.
"""

import argparse
import csv
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
from statistics import NormalDist

import h5py
import numpy as np

from .joint_scenario import JointScenario

NAME = "validation"  # of the joint scenario and its result
DETAIL = ("gpu_market", "developers")  # what facts and the page read beside outcomes and national series
STEPS = 3
WILD_SIMULATIONS = 499  # of the bootstrap, per replication
BUBBLE_VARIABLES = ("rent_over_full_cost", "chip_price")
INTERVAL = 0.95


class Program:
    """The command line of overbuild."""

    def __init__(self, binary):
        self.binary = binary
        self.child = None
        self.interrupted = 0  # by which signal

    def catch_signals(self):
        """Makes Ctrl-C, SIGTERM and SIGHUP end the script once the program has ended, which stores what is finished."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._stop)

    def _stop(self, number, _):
        self.interrupted = number
        if self.child is None or self.child.returncode is not None:
            sys.exit(128 + number)
        self.child.terminate()

    def run(self, *arguments, accept=(0,)):
        """Standard output; progress stays on stderr. Ends the script when the exit status is none of `accept`."""
        command = [self.binary, *map(str, arguments)]
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        output, _ = self.child.communicate()
        if self.interrupted:
            print("scripts/validate: interrupted; the same command without --fresh goes on", file=sys.stderr)
            sys.exit(128 + self.interrupted)
        if self.child.returncode not in accept:
            sys.exit(f"scripts/validate: overbuild {' '.join(command[1:])} ended with {self.child.returncode}")
        return output

    def json(self, *arguments, accept=(0,)):
        return json.loads(self.run(*arguments, "--json", accept=accept))


def step(number, text):
    print(f"\n== {number}/{STEPS} {text}", file=sys.stderr)


def build_of(program):
    return hashlib.sha256(pathlib.Path(program.binary).read_bytes()).hexdigest()


def mark_of(folder):
    """The file that says which build's results the folder holds."""
    return folder / "build.sha256"


def check_build(program, folder, options):
    """Results of another build are not mixed with this one's: the same scenario may come out differently."""
    mark = mark_of(folder)
    if mark.exists() and mark.read_text() != build_of(program) and not (options.fresh or options.keep):
        sys.exit(f"scripts/validate: {folder}: found results of another build of overbuild; expected those of {program.binary}: "
                 "use --fresh to run anew, or --keep if the change cannot matter")


def join_presets(program, folder, options):
    """(the two presets' arms as one scenario, its path). Ends the script when they can't be joined."""
    presets, path = (options.controls, options.policies), folder / f"{NAME}.yaml"
    try:
        joint = JointScenario({preset: program.run("show", preset, "--resolved") for preset in presets})
        path.write_text(joint.text(NAME, DETAIL), encoding="utf-8")
        joint.check(program.run("show", path, "--resolved"))
    except ValueError as problem:
        sys.exit(f"scripts/validate: {problem}")
    return joint, path


def check_arms(joint, path):
    """That an earlier call's result is there and has the arms. Ends the script when not."""
    if not path.exists():
        sys.exit(f"scripts/validate: {path}: no such result; expected that of an earlier call: leave out --no-run")
    with h5py.File(path) as file:
        missing = [arm for arm in joint.arms if arm not in labels(file, "arm")]
    if missing:
        sys.exit(f"scripts/validate: {path}: it has no arm {', '.join(missing)}; expected all of {' and '.join(joint.of)}: leave "
                 "out --no-run")


def experiment(program, joint, scenario, path, options):
    """Runs the joint scenario into `path`, or what is missing of it; nothing with --no-run."""
    step(1, f"simulate: {len(joint.arms)} arms of {' and '.join(joint.of)} x {options.replications} replications -> {path}")
    if options.no_run:
        check_arms(joint, path)
        print("left out (--no-run): what is there is taken", file=sys.stderr)
        return
    mark_of(path.parent).write_text(build_of(program))  # not before: until here the results are still those of another build
    mode = "--force" if options.fresh else "--resume"
    threads = ("-j", options.threads) if options.threads else ()
    told = program.run("run", scenario, "-n", options.replications, *threads, mode, "-o", path)
    print(told.partition("\n")[0], file=sys.stderr)


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


def by_kind(path, wanted=None, baseline="baseline"):
    """How many projects each kind of developer announced and opened, and what each arm (of those `wanted`) changes.

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
    for arm in wanted or arms:
        a = arms.index(arm)
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


def turning_points(path, wanted, releases):
    """For each arm of `path` that is `wanted`, and each dated outcome: the median date, and the share before each release."""
    out = {}
    with h5py.File(path) as file:
        arms = labels(file, "arm")
        for name in ("peak_rent_date", "peak_chip_price_date"):
            found = dates(file, name)
            for arm in wanted:
                dated = found[arms.index(arm)]
                known = np.sort(dated[~np.isnat(dated)])
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


def kept_tests(path, key):
    """Bubble tests of an earlier call, by their arguments; none when they are not of this result and build."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept["tests"] if isinstance(kept, dict) and kept.get("of") == key else {}


def bubble_calls(options):
    """Arguments of the calls: explosive-root tests under two null models, LPPLS with the first, of each series."""
    how = {"walk": ("--lppls", "--starts", str(options.starts)),
           "wild": ("--null", "wild", "--simulations", str(WILD_SIMULATIONS))}
    return [{null: ("--variable", variable, "--min-duration", "log", *more) for null, more in how.items()}
            for variable in BUBBLE_VARIABLES]


def bubble_tests(program, path, digest, folder, options):
    """What the calls find, {null: ...} of each series. Each is kept in the folder as soon as it is done."""
    threads = ("-j", options.threads) if options.threads else ()
    kept, key = folder / "bubbles.json", [digest, build_of(program)]
    tests = {} if options.fresh else kept_tests(kept, key)
    calls = bubble_calls(options)
    todo = [arguments for series in calls for arguments in series.values()]
    step(2, f"bubble tests of {' and '.join(BUBBLE_VARIABLES)}: {len(todo)} calls")
    for number, arguments in enumerate(todo, start=1):
        name, start, told = " ".join(arguments), time.monotonic(), f"found in {kept}"
        if name not in tests:
            tests[name] = program.json("bubbles", path, *arguments, *threads)
            kept.write_text(json.dumps({"of": key, "tests": tests}, indent=1), encoding="utf-8")
            told = f"{time.monotonic() - start:.0f} s"
        print(f"{number}/{len(todo)} {name}: {told}", file=sys.stderr)
    return [{null: tests[" ".join(arguments)] for null, arguments in series.items()} for series in calls]


def of_arms(effects, arms):
    return [effect for arm in arms for effect in effects if effect["arm"] == arm]


def gather(program, options):
    """Everything that the page tells, as one dictionary."""
    folder = pathlib.Path(options.folder)
    folder.mkdir(parents=True, exist_ok=True)
    check_build(program, folder, options)
    joint, scenario = join_presets(program, folder, options)
    controls, policies = joint.of[options.controls], joint.of[options.policies]
    path = folder / f"{NAME}.h5"
    experiment(program, joint, scenario, path, options)
    digest = program.run("digest", path).strip()
    bubbles = bubble_tests(program, path, digest, folder, options)
    step(3, "hold against facts, theory and each other")
    docs = pathlib.Path(options.root) / "docs" / "validation"
    releases = {row["release"]: row["date"] for row in read_table(docs / "releases.csv", ("release", "date"))}
    effects = program.json("compare", path, "--baseline", "baseline")["metrics"]
    return {
        "finished": finished(path),
        "presets": {"controls": options.controls, "policies": options.policies},
        "arms": len(joint.arms),
        "digest": digest,
        "validation": program.json("validate", path, accept=(0, 1)),
        "reasons": {row["id"]: row["why"] for row in read_table(docs / "reasons.csv", ("id", "why"))},
        "controls": of_arms(effects, controls),
        "expected": read_table(docs / "controls.csv", ("arm", "outcome", "sign", "why", "contrary")),
        "against_rational": of_arms(program.json("compare", path, "--baseline", "rational")["metrics"], controls),
        "policies": of_arms(effects, policies),
        "by_kind": by_kind(path, policies),
        "turning_points": turning_points(path, controls, releases),
        "releases": releases,
        "bubbles": bubbles,
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


DESCRIPTION = """\
Writes docs/VALIDATION.md: what the model gets right and what it misses.

  1. runs the arms of two presets, controls and policies, as one experiment (an arm that both have is run once)
  2. tests rent and chip price for explosive episodes, baseline and rational control
  3. holds all of it against facts, theory and each other, and writes the page

With 100 replications an arm, 2,500 runs of about a second each, that takes on two cores about half an hour. Progress
and the time left are on stderr. Ctrl-C stores what is finished; the same command, without --fresh, goes on from there, and
so does one that asks for more replications (fewer: --fresh, or another --folder). Results are kept in a folder:
validation.yaml (the joint scenario), validation.h5 (read it with overbuild info, compare, ...) and bubbles.json."""

EXAMPLES = """\
examples:
  scripts/validate -n 4 --page first.md    a first look in minutes; docs/VALIDATION.md stays as it is
  scripts/validate                         the page as it is shipped; goes on from the 4 replications above
  scripts/validate --no-run                the page again from the results that are there, after a change of docs/validation/
  scripts/validate --fresh                 after a change of the model: everything anew

The program is build/release/overbuild, or $OVERBUILD_BINARY."""


def parse(arguments):
    parser = argparse.ArgumentParser(prog="scripts/validate", description=DESCRIPTION, epilog=EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", "--replications", type=int, default=100, help="replications an arm (default: %(default)s)")
    parser.add_argument("-j", "--threads", type=int, default=0, help="threads (default: all)")
    parser.add_argument("--folder", help="where results are kept (default: build/validation)")
    parser.add_argument("--page", help="what is written (default: docs/VALIDATION.md)")
    parser.add_argument("--fresh", action="store_true", help="run everything anew; else what is there is kept and completed")
    parser.add_argument("--no-run", action="store_true", help="simulate nothing: write the page from the results that are there")
    parser.add_argument("--keep", action="store_true", help="go on from results of another build of the program")
    parser.add_argument("--starts", type=int, default=24, help="starts of each LPPLS search (default: %(default)s)")
    parser.add_argument("--controls", default="controls", help="scenario with the controls (default: the preset %(default)s)")
    parser.add_argument("--policies", default="policies",
                        help="scenario with the policies, of the same world (default: the preset %(default)s)")
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
    program.catch_signals()
    found = gather(program, options)
    warn_of_reasons(found)
    pathlib.Path(options.page).write_text(page(found), encoding="utf-8")
    print(f"wrote {options.page}", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
