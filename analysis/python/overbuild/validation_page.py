# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/VALIDATION.md from what validation.gather() found. Every number on the page comes from there."""

import datetime
import math

VERDICTS = ("holds", "contrary", "open")
FEWEST_PAIRS = 5  # below, no interval counts as leaving out zero

# Outcomes of the policy table: name, column title, divisor.
POLICY_OUTCOMES = (
    ("projects_announced", "announced", 1),
    ("projects_completed", "completed", 1),
    ("investment_yuan", "invested, bn yuan", 1e9),
    ("never_broke_even_capital_yuan", "never broke even, bn yuan", 1e9),
    ("projects_exited", "exits", 1),
    ("bad_debt_share", "bad debt, points", 0.01),
    ("utilisation_2025q1", "use in early 2025, points", 0.01),
    ("subsidy_paid_yuan", "grants, bn yuan", 1e9),
)

# Parts of the bubble measure in the table of all controls: name, column title, divisor.
BUBBLE_OUTCOMES = (
    ("never_broke_even_capital_yuan", "never broke even, bn yuan", 1e9),
    ("projects_completed", "completed", 1),
    ("bad_debt_share", "bad debt, points", 0.01),
    ("overinvestment_ratio", "investment, % of the control's", 0.01),
    ("stranded_capital_yuan", "has not earned its cost, bn yuan", 1e9),
    ("projects_exited", "exits", 1),
    ("revenue_error_at_entry", "error at entry, points", 0.01),
)


def missing(value):
    return value is None or math.isnan(value)


def number(value):
    """Four digits, whole numbers whole, as `validate` prints them."""
    if missing(value):
        return "-"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def signed(value, divisor=1):
    if missing(value):
        return "-"
    value /= divisor
    return f"{value:+.0f}" if abs(value) >= 1000 else f"{value:+.3g}"


def percent(value):
    return "-" if missing(value) else f"{100 * value:.0f} %"


def table(titles, rows):
    lines = ["| " + " | ".join(titles) + " |", "|" + " --- |" * len(titles)]
    lines += ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def wrapped(text, width=120):
    """Breaks each paragraph between words; tables, lists and headings stay as they are."""
    out = []
    for paragraph in text.split("\n\n"):
        if paragraph.lstrip().startswith(("|", "#", "- ", "<!--", "```")):
            out.append(paragraph)
            continue
        line, lines = "", []
        for word in paragraph.split():
            if line and len(line) + 1 + len(word) > width:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}".strip()
        out.append("\n".join([*lines, line]))
    return "\n\n".join(out)


def clear(effect):
    """Whether the interval leaves out zero: +1, -1, or 0."""
    if missing(effect["ci_low"]) or effect["n"] < FEWEST_PAIRS:
        return 0
    return 1 if effect["ci_low"] > 0 else -1 if effect["ci_high"] < 0 else 0


def interval(effect, divisor=1):
    return f"{signed(effect['ci_low'], divisor)} to {signed(effect['ci_high'], divisor)}"


def find(effects, arm, metric):
    return next((e for e in effects if (e["arm"], e["metric"]) == (arm, metric)), None)


def arms_of(effects):
    return list(dict.fromkeys(effect["arm"] for effect in effects))


# --- facts ---------------------------------------------------------------------------------------------------------


def band(fact):
    return number(fact["low"]) if fact["low"] == fact["high"] else f"{number(fact['low'])} to {number(fact['high'])}"


def off(fact):
    """How far the median lies from the band, as a factor of its nearer end."""
    end = fact["high"] if fact["median"] > fact["high"] else fact["low"]
    return "" if fact["median_inside"] or end * fact["median"] <= 0 else f"x {fact['median'] / end:.2f}"


def fact_row(fact):
    return (fact["id"], fact["kind"][0], fact["quantity"], fact["unit"], band(fact), number(fact["median"]),
            f"{number(fact['p5'])} to {number(fact['p95'])}", off(fact), fact["verdict"])


def score_row(validation, kind):
    of_kind = [f["verdict"] for f in validation["facts"] if f["kind"] == kind and f["verdict"] != "not comparable"]
    return (kind, len(of_kind), of_kind.count("hit"), of_kind.count("wide"), of_kind.count("miss"),
            percent(validation[f"score_{kind}"]), percent(validation[f"score_{kind}_by_source"]))


def missed_rows(found):
    for fact in found["validation"]["facts"]:
        if fact["verdict"] in ("miss", "wide"):
            yield (fact["id"], fact["quantity"], fact["verdict"], off(fact),
                   found["reasons"].get(fact["id"], "no reason is written yet"))


def facts(found):
    validation = found["validation"]
    comparable = [f for f in validation["facts"] if f["verdict"] != "not comparable"]
    return (
        "## Facts\n\n"
        "The baseline against the shipped table, "
        f"{len(comparable)} of whose {len(validation['facts'])} facts can be compared; [FACTS.md](FACTS.md) says what the "
        "verdicts mean and why the others can't. Calibration facts (c) may have been fitted, validation facts (v) have not. "
        f"Of all comparable facts, {percent(validation['score_medians'])} have a band that holds the simulated median.\n\n"
        + table(("kind", "comparable", "hit", "wide", "miss", "hit share", "every source weighing the same"),
                [score_row(validation, kind) for kind in ("calibration", "validation")])
        + "\n" + table(("id", "", "quantity", "unit", "fact", "median", "5-95 %", "off", "verdict"),
                       [fact_row(fact) for fact in comparable])
        + "\noff: the median over the nearer end of the fact's band.\n\n"
        "### What is missed, and why\n\n"
        + table(("id", "quantity", "verdict", "off", "why"), list(missed_rows(found))))


# --- controls ------------------------------------------------------------------------------------------------------


def judge(effect, sign):
    """holds or contrary when the interval leaves out zero, else open."""
    wanted, seen = {"+": 1, "-": -1}[sign], clear(effect)
    return "open" if seen == 0 else "holds" if seen == wanted else "contrary"


def control_rows(found):
    for row in found["expected"]:
        effect = find(found["controls"], row["arm"], row["outcome"])
        if effect is not None and effect["n"] > 0:
            divisor, unit = (1e9, ", bn") if abs(effect["baseline_mean"]) >= 1e8 else (1, "")
            yield (row["arm"], f"`{row['outcome']}`{unit}", {"+": "up", "-": "down"}[row["sign"]],
                   number(effect["baseline_mean"] / divisor), signed(effect["difference"], divisor),
                   interval(effect, divisor), judge(effect, row["sign"]), row["why"])


def contrary_rows(found):
    for row in found["expected"]:
        effect = find(found["controls"], row["arm"], row["outcome"])
        if effect is not None and effect["n"] > 0 and judge(effect, row["sign"]) == "contrary":
            yield row["arm"], f"`{row['outcome']}`", row["contrary"] or "no reason is written yet"


def contrary(found):
    rows = list(contrary_rows(found))
    if not rows:
        return ""
    return "\n### What is contrary, and why\n\n" + table(("control", "outcome", "why"), rows)


def turning_rows(found):
    for arm, points in found["turning_points"].items():
        rent, chip = points["peak_rent_date"], points["peak_chip_price_date"]
        yield (arm, rent["median"] or "-", *(percent(rent["before"][r]) for r in found["releases"]),
               chip["median"] or "-", *(percent(chip["before"][r]) for r in found["releases"]))


def controls(found):
    rows = list(control_rows(found))
    count = {verdict: sum(row[6] == verdict for row in rows) for verdict in VERDICTS}
    text = (
        "## Controls\n\n"
        "One mechanism taken out at a time, under the same random numbers. Theory says which outcomes must move and which "
        "way (docs/validation/controls.csv, which tells what was written after a first look). It *holds* when the 95 % "
        "interval of the mean paired difference lies on that side of zero, is *contrary* when it lies on the other, else "
        "*open*. "
        f"Signs that hold: {count['holds']} of {len(rows)}; contrary: {count['contrary']}; open: {count['open']}. Were no "
        f"control to do anything, {0.025 * len(rows):.1f} would hold by chance and as many be contrary.\n\n"
        + table(("control", "outcome", "theory", "baseline", "change", "95 % interval", "verdict", "why"), rows)
        + contrary(found)
        + "\n### When rent and chip price turn\n\n"
        "Median dates of the peaks, and the share of replications in which they come before the releases of models that "
        "are fed in.\n\n"
        + table(("arm", "peak rent", *(f"before {r}" for r in found["releases"]), "peak chip price",
                 *(f"before {r}" for r in found["releases"])), list(turning_rows(found))))
    shakeout = find(found["controls"], "no-efficiency-shock", "projects_exited")
    if shakeout is not None and shakeout["n"] > 0:
        text += ("\nWithout the efficient releases "
                 f"{number(shakeout['arm_mean'])} projects exit, against {number(shakeout['baseline_mean'])} in the "
                 f"baseline (change {signed(shakeout['difference'])}, 95 % interval {interval(shakeout)}).\n")
    return text


# --- the bubble ----------------------------------------------------------------------------------------------------


def measure_row(part):
    scale = 1e9 if part["unit"] == "CNY" else 1
    unit = "bn CNY" if part["unit"] == "CNY" else part["unit"]
    return (part["text"], unit, *(number(part[key] / scale if part[key] is not None else None)
                                  for key in ("control_mean", "arm_mean")), signed(part["difference"], scale),
            interval(part, scale))


def effects_rows(effects, outcomes):
    """A row for each arm: the mean difference in each outcome, marked when its interval leaves out zero."""
    for arm in arms_of(effects):
        cells = []
        for name, _, divisor in outcomes:
            effect = find(effects, arm, name)
            known = effect is not None and effect["n"] > 0
            cells.append(signed(effect["difference"], divisor) + ("*" if clear(effect) else "") if known else "-")
        yield (arm, *cells)


def measure(found):
    bubble = found["validation"]["bubble"]
    if bubble is None:
        return "## The bubble measure\n\nThe result has no arm `rational`.\n"
    text = (
        "## The bubble measure\n\n"
        "A price peak is no proof of a bubble: rational builders have one too. The measure is over-investment against "
        "the rational control under the same random numbers; further witnesses stand below it. "
        f"{bubble['above_control']} of {len(bubble['measure'])} parts of the measure lie above the control, their 95 % "
        "intervals leaving out zero.\n\n"
        + table(("over-investment", "unit", "rational", "baseline", "difference", "95 % interval"),
                [measure_row(part) for part in bubble["measure"]])
        + "\n" + table(("further witnesses", "unit", "rational", "baseline", "difference", "95 % interval"),
                       [measure_row(part) for part in bubble["witnesses"]])
        + f"\nDefined by assumption: {bubble['by_assumption']}.\n\n"
        "Every control against the rational one (* the interval leaves out zero):\n\n")
    return text + table(("arm", *(title for _, title, _ in BUBBLE_OUTCOMES)),
                        list(effects_rows(found["against_rational"], BUBBLE_OUTCOMES)))


def longest(run):
    """Start and end of a replication's longest episode."""
    return max(run["episodes"], key=lambda e: (e["end"] > e["start"], days_between(e)))


def days_between(episode):
    start, end = (datetime.date.fromisoformat(episode[key]) for key in ("start", "end"))
    return (end - start).days


def median_dates(arm):
    dated = [longest(run) for run in arm["runs"] if run["tested"] and run["episodes"]]
    middle = (len(dated) - 1) // 2
    return tuple(sorted(e[key] for e in dated)[middle] if dated else "-" for key in ("start", "end"))


def test_rows(tests):
    variable = tests["walk"]["variable"].replace("_", " ")
    for arm, wild in zip(tests["walk"]["arms"], tests["wild"]["arms"]):
        start, end = median_dates(arm)
        lppls = arm["lppls"]
        yield (variable, arm["arm"], arm["tested"], percent(arm["rejecting_share"]), percent(wild["rejecting_share"]),
               percent(arm["dated_share"]), start, end, percent(lppls["qualified_share"]),
               "-" if missing(lppls["mean_confidence"]) else f"{lppls['mean_confidence']:.2f}")


def tests(found):
    return (
        "## Explosive-root tests\n\n"
        "GSADF at 5 % on each replication by itself, beside the control: critical values of "
        "random walks, and of a wild bootstrap that allows for volatility that changes. Dates are medians over the longest "
        "episode of each replication that has one. LPPLS is fitted up to each replication's highest value. "
        "**These tests prove nothing alone**: a price that foreseeing builders drive up is explosive too, and what counts is the "
        "difference between the arms "
        "([BUBBLES.md](BUBBLES.md)).\n\n"
        + table(("series", "arm", "tested", "explosive, walks", "explosive, wild", "dated", "from", "until", "LPPLS qualifies",
                 "LPPLS confidence"), [row for tests in found["bubbles"] for row in test_rows(tests)]))


# --- policies ------------------------------------------------------------------------------------------------------


def kind_cell(item, scale=1):
    mark = "*" if clear(item) else ""
    return f"{signed(item['difference'], 1 / scale)}{mark}"


def kind_rows(found, variable, scale=1):
    kinds, arms = found["by_kind"]["kinds"], found["by_kind"]["arms"]
    for arm, values in arms.items():
        if arm == "baseline":
            yield (arm, *(number(scale * values[variable][kind]["mean"]) for kind in kinds))
        else:
            yield (arm, *(kind_cell(values[variable][kind], scale) for kind in kinds))


def selection_rows(found):
    """What payment on use and clawback do to each kind's part in entry: the mechanism that the two levers are there for."""
    kinds, arms = found["by_kind"]["kinds"], found["by_kind"]["arms"]
    for arm in ("utilisation-subsidy", "clawback"):
        for kind in kinds if arm in arms else ():
            count, share = arms[arm]["announced"][kind], arms[arm]["share"][kind]
            yield (arm, kind.replace("_", " "), signed(count["difference"]), interval(count), signed(share["difference"], 0.01),
                   interval(share, 0.01), {1: "more of them", -1: "fewer of them", 0: "open"}[clear(share)])


def selection(found):
    rows = list(selection_rows(found))
    if not rows:
        return ""
    return ("\nPaying on measured use and clawing back enter the value on which a builder decides, so they must change who "
            "enters. Whether they do, judged by the kind's share of what is announced:\n\n"
            + table(("policy", "kind", "announced", "95 % interval", "share, points", "95 % interval", "among entrants"), rows))


def policies(found):
    kinds = [kind.replace("_", " ") for kind in found["by_kind"]["kinds"]]
    return (
        "## Policies\n\n"
        f"Mean paired change of the arms of `{found['presets']['policies']}` against the baseline (* the 95 % interval leaves "
        "out zero; of 20 numbers that a policy does not touch, one is marked by chance).\n\n"
        + table(("policy", *(title for _, title, _ in POLICY_OUTCOMES)),
                list(effects_rows(found["policies"], POLICY_OUTCOMES)))
        + "\n### Who enters\n\n"
        "Projects announced by each kind of developer: the baseline's mean, then changes.\n\n"
        + table(("policy", *kinds), list(kind_rows(found, "announced")))
        + "\nTheir share of what is announced, in %, then changes in points:\n\n"
        + table(("policy", *kinds), list(kind_rows(found, "share", 100)))
        + "\nCentres opened:\n\n"
        + table(("policy", *kinds), list(kind_rows(found, "energised")))
        + selection(found))


# --- calibration ---------------------------------------------------------------------------------------------------


def calibrated_row(parameter):
    """Keys that a record may lack are shown as missing."""
    band = {key: f"{number(parameter.get(key + '5'))} to {number(parameter.get(key + '95'))}" for key in ("p", "prior_p")}
    return (f"`{parameter['key']}`", parameter.get("unit", ""), number(parameter.get("own")), band["prior_p"],
            number(parameter["mean"]), band["p"], "yes" if parameter["identified"] else "no")


def calibration(found):
    record = found["calibration"]
    more = " ([CALIBRATION.md](CALIBRATION.md))" if found["calibration_page"] else ""
    if record is None:
        return (f"## Calibration\n\nThere is no record of a calibration{more}: parameters are as their sources or, where they "
                "say `assumed`, a hand has set them ([PARAMETERS.md](PARAMETERS.md)).\n")
    verdicts = [(fact["own_verdict"], fact["verdict"]) for fact in record.get("facts", ())]
    text = (f"## Calibration\n\nWhat the calibration facts say about parameters{more}. One that they do not narrow down is not "
            "identified. ")
    if verdicts:
        text += (f"Of {len(verdicts)} facts that were fitted, {sum(own == 'hit' for own, _ in verdicts)} are hit with the "
                 f"scenario's own values and {sum(after == 'hit' for _, after in verdicts)} with the calibrated ones. ")
    return (text.rstrip() + "\n\n" + table(("parameter", "unit", "own value", "prior 5-95 %", "mean", "5-95 %", "identified"),
                                           [calibrated_row(parameter) for parameter in record["parameters"]]))


def presets(found):
    names = list(dict.fromkeys(f"`{name}`" for name in found["presets"].values()))
    return f"preset{'s' if len(names) > 1 else ''} {' and '.join(names)}"


def replications(found):
    fewest, most = found["finished"]
    count = f"{most}" if fewest == most else f"{fewest} to {most}"
    return (f"{count} replications of each of the {found['arms']} arms of the {presets(found)}, all under the same random "
            f"numbers (digest {found['digest']})")


def page(found):
    head = (
        "<!-- generated by scripts/validate; change the tables in docs/validation/ or the code, not this page -->\n\n"
        "# Validation\n\n"
        f"What the model gets right and what it misses, with {replications(found)}. One command makes this page again: "
        "`scripts/validate`. The sentences under *why* are written by hand in docs/validation/: readings of the mechanism, "
        "mostly not tested by themselves. All numbers come out of the results.\n\n")
    sections = (facts, controls, measure, tests, policies, calibration)
    return wrapped(head + "\n".join(section(found) for section in sections)).rstrip() + "\n"
