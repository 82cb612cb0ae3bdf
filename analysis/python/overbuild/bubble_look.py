# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of the bubble: paths with the facts on them, controls, over-investment, explosive stretches.

    run = overbuild.open("controls.h5")
    draw_facts(run, ask("validate", "controls.h5"))

What the program itself computes (facts, tests) is asked from it, so that pictures and tables can't differ.
"""

import json
import os
import subprocess

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.dates import ConciseDateFormatter
from matplotlib.patches import Rectangle

from .fans import plot_fan

CONTROL = "rational"
FACT_COLOR = "#b3261e"

# Panels of draw_facts: title, variable and divisor variable as the facts' table writes them, factor into the axis' unit.
FACT_PANELS = (
    ("rent of an 8-GPU node (thousand yuan a month)", "rent_node_month", "", 1e-3),
    ("H100 with its share of the server (thousand yuan)", "chip_price", "", 1e-3),
    ("centres in operation", "centres_operating", "", 1),
    ("centres and projects under way", "centres_operating + projects_building + projects_waiting", "", 1),
    ("busy over racked GPU hours of centres (%)", "utilisation", "", 100),
    ("labs that still train (% of those registered)", "labs_training", "labs_registered", 100),
)

# Outcomes of draw_measure and draw_controls: name, title, divisor.
MEASURE = (
    ("never_broke_even_capital_yuan", "capital that never\nbroke even (bn yuan)", 1e9),
    ("projects_completed", "centres completed\n", 1),
    ("bad_debt_share", "bad debt\n(% of loans)", 0.01),
    ("revenue_error_at_entry", "revenue error\nat entry (%)", 0.01),
)


def ask(command, path, *arguments, accept=(0, 1)):
    """The JSON that `overbuild COMMAND PATH ... --json` prints. OVERBUILD_BINARY names the program."""
    binary = os.environ.get("OVERBUILD_BINARY", "../../build/release/overbuild")
    done = subprocess.run([binary, command, str(path), *map(str, arguments), "--json"], capture_output=True, text=True)
    if done.returncode not in accept:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def series(run, text):
    """A sum of national series, written as in a facts table: 'a + b'."""
    first, *rest = (run[name.strip()] for name in text.split("+"))
    for other in rest:
        first = first + other
    return first


def tidy(ax, title):
    ax.set_title(title, fontsize=10, loc="left")
    ax.set_ylabel("")
    ax.spines[["top", "right"]].set_visible(False)


def dated(ax):
    ax.xaxis.set_major_formatter(ConciseDateFormatter(ax.xaxis.get_major_locator()))


def draw_fact(ax, fact, factor, span, number):
    """The fact's band over the days that it speaks of, as far as they are shown. Labels of short ones change sides."""
    days = [max(np.datetime64(fact["from"]), span[0]), min(np.datetime64(fact["until"]), span[1])]
    if days[0] > days[1]:
        return
    low, high = sorted(factor * (fact[end] - fact["shift"]) / fact["scale"] for end in ("low", "high"))
    room = 0.012 * ax.get_ylim()[1]  # so that a single number and a single day are seen
    width = max(days[1] - days[0], np.timedelta64(12, "D"))
    ax.add_patch(Rectangle((days[0], low - room), width, high - low + 2 * room, facecolor=FACT_COLOR, alpha=0.22,
                           edgecolor=FACT_COLOR, lw=1, zorder=3))
    label = fact["id"] + (", highest" if fact["reduce"] == "max" else "")
    if width > np.timedelta64(100, "D"):
        ax.annotate(label, (days[0] + width, high + room), fontsize=8, color=FACT_COLOR, ha="right", va="bottom")
    else:
        right = number % 2 == 1
        ax.annotate(label, (days[0] + width if right else days[0], (low + high) / 2), xytext=(3 if right else -3, 0),
                    textcoords="offset points", fontsize=8, color=FACT_COLOR, ha="left" if right else "right", va="center")


def draw_facts(run, validation, arm="baseline"):
    """Fans of an arm with the facts that speak of the same series; returns the figure."""
    figure, axes = plt.subplots(3, 2, figsize=(11, 9), sharex=True, layout="constrained")
    for ax, (title, variable, over, factor) in zip(axes.flat, FACT_PANELS):
        path = series(run, variable).sel(arm=arm)
        if over:
            path = path / series(run, over).sel(arm=arm)
        plot_fan(ax, path * factor)
        ax.set_ylim(bottom=0)
        span = (path["time"].values[0].astype("datetime64[D]"), path["time"].values[-1].astype("datetime64[D]"))
        facts = [f for f in validation["facts"] if (f["variable"], f["over"]) == (variable, over) and f["low"] is not None
                 and f["reduce"] in ("at", "mean", "max") and f["verdict"] != "not comparable"]
        tops = [factor * (f["high"] - f["shift"]) / f["scale"] for f in facts]
        ax.set_ylim(0, max([ax.get_ylim()[1], *(1.12 * top for top in tops)]))
        for number, fact in enumerate(sorted(facts, key=lambda f: f["from"])):
            draw_fact(ax, fact, factor, span, number)
        tidy(ax, title)
        dated(ax)
    figure.suptitle(f"{arm}: median, 25-75 % and 5-95 % of {run.national.sizes['replication']} replications; red: facts",
                    fontsize=11, x=0.01, ha="left")
    return figure


def others(run, arms):
    return [arm for arm in (arms or run.arms) if arm not in ("baseline", CONTROL)]


def draw_paths(run, arms=None):
    """Medians of rent and of centres opened: baseline and rational builders in front, the other controls behind."""
    figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    panels = (("rent_node_month", FACT_PANELS[0][0], 1e-3), ("centres_operating", "centres in operation", 1))
    for ax, (name, title, factor) in zip(axes, panels):
        middle = run[name].median("replication") * factor
        for arm in others(run, arms):
            ax.plot(middle["time"], middle.sel(arm=arm), lw=1.1, alpha=0.75, label=arm)
        for arm, color in (("baseline", "black"), (CONTROL, "#1668b0")):
            ax.plot(middle["time"], middle.sel(arm=arm), lw=2.2, color=color, label=arm)
        ax.set_ylim(bottom=0)
        tidy(ax, title)
        dated(ax)
    axes[0].legend(frameon=False, fontsize=8, ncols=2)
    figure.suptitle("medians over replications, the same random numbers in each arm", fontsize=11, x=0.01, ha="left")
    return figure


def draw_controls(effects):
    """Mean paired change of each control against the baseline with its 95 % interval, from `overbuild compare`."""
    figure, axes = plt.subplots(1, len(MEASURE), figsize=(12, 3.6), sharey=True, layout="constrained")
    arms = list(dict.fromkeys(effect["arm"] for effect in effects))[::-1]
    for ax, (name, title, divisor) in zip(axes, MEASURE):
        for row, arm in enumerate(arms):
            effect = next(e for e in effects if (e["arm"], e["metric"]) == (arm, name))
            if effect["n"] < 2:
                continue
            low, middle, high = (effect[key] / divisor for key in ("ci_low", "difference", "ci_high"))
            ax.plot([low, high], [row, row], color="#1668b0", lw=2)
            ax.plot(middle, row, "o", color="#1668b0", ms=5)
        ax.axvline(0, color="black", lw=0.8)
        ax.set_yticks(range(len(arms)), arms)
        tidy(ax, title)
        ax.title.set_fontsize(9)
    figure.suptitle("change against the baseline when one mechanism is taken out (mean of pairs, 95 % interval)", fontsize=11,
                    x=0.01, ha="left")
    return figure


def draw_measure(run, arm="baseline"):
    """Each replication as a point: rational builders across, the arm upwards. Above the line there is over-investment."""
    figure, axes = plt.subplots(1, len(MEASURE), figsize=(12, 3.5), layout="constrained")
    for ax, (name, title, divisor) in zip(axes, MEASURE):
        outcome = run["outcomes"][name] / divisor
        x, y = outcome.sel(arm=CONTROL).values, outcome.sel(arm=arm).values
        both = ~(np.isnan(x) | np.isnan(y))
        ax.plot(x[both], y[both], "o", ms=5, alpha=0.6, color="black", mew=0)
        ends = [min(0, *x[both], *y[both]), max(*x[both], *y[both])] if both.any() else [0, 1]
        room = 0.06 * (ends[1] - ends[0] or 1)
        ends = [ends[0] - room, ends[1] + room]
        ax.plot(ends, ends, color="#1668b0", lw=1)
        ax.set(xlim=ends, ylim=ends, xlabel=CONTROL, aspect="equal")
        tidy(ax, title)
        ax.title.set_fontsize(9)
    axes[0].set_ylabel(arm)
    figure.suptitle(f"{arm} against {CONTROL}, a point a replication, the same random numbers: above the line is "
                    "over-investment", fontsize=11, x=0.01, ha="left")
    return figure


def draw_explosive(run, tests):
    """Explosive stretches of each replication, in the arm and beside it in the control; a row for each of `tests`, which
    `overbuild bubbles` made."""
    n = max(len(test["arms"]) for test in tests)
    figure, axes = plt.subplots(len(tests), n, figsize=(11, 2.6 * len(tests)), sharex=True, squeeze=False,
                                layout="constrained")
    time = run.national["time"].values
    for row, test in zip(axes, tests):
        for ax, arm in zip(row, test["arms"]):
            draw_behind(ax, tested_series(run, test["variable"]).sel(arm=arm["arm"]).median("replication"))
            draw_stretches(ax, arm)
            share = arm["rejecting_share"]
            ax.set(xlim=(time[0], time[-1]), ylim=(-0.7, len(arm["runs"]) - 0.3))
            tidy(ax, f"{test['variable'].replace('_', ' ')}, {arm['arm']}: "
                     f"{'none could be tested' if share is None else f'{100 * share:.0f} % of replications explosive'}")
            dated(ax)
        row[0].set_ylabel("replication")
    figure.suptitle("explosive stretches (bars; grey: the series' median): no proof of a bubble, compare the columns",
                    fontsize=11, x=0.01, ha="left")
    return figure


def tested_series(run, variable):
    if variable == "rent_over_full_cost":
        return run["rent_node_month"] / run["full_cost_node_month"]
    return run[variable]


def draw_behind(ax, path):
    """A path on an axis of its own that shows no numbers."""
    behind = ax.twinx()
    behind.plot(path["time"], path, color="0.75", lw=1)
    behind.set_ylim(bottom=0)
    behind.set_yticks([])
    behind.spines[["top", "right"]].set_visible(False)
    ax.set_zorder(behind.get_zorder() + 1)
    ax.patch.set_visible(False)


def draw_stretches(ax, arm):
    found = [(run["replication"], episode) for run in arm["runs"] for episode in run.get("episodes", ())]
    for replication, episode in found:
        days = [np.datetime64(episode["start"]), np.datetime64(episode["end"]) + np.timedelta64(7, "D")]
        ax.plot(days, [replication] * 2, lw=4, color="#1668b0" if arm["arm"] == CONTROL else "black", solid_capstyle="butt")
    if not found:
        ax.text(0.5, 0.5, "no stretch", transform=ax.transAxes, ha="center", color="grey", fontsize=9)
