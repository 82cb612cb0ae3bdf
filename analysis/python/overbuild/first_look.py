# SPDX-License-Identifier: GPL-3.0-or-later
"""The first picture of a result: price, rent, centres and use, one policy against the baseline.

    python3 -m overbuild.first_look policies.h5 no-subsidy first_look.png
"""

import sys

import matplotlib.pyplot as plt
from matplotlib.dates import ConciseDateFormatter

from .fans import plot_fan
from .result import open as open_result

# Series of the root group, with the axis label and the factor into its unit.
PANELS = (
    ("chip_price", "H100 with its share of the server (thousand yuan)", 1e-3),
    ("rent_node_month", "rent of an 8-GPU node (thousand yuan a month)", 1e-3),
    ("centres_operating", "centres in operation", 1),
    ("utilisation", "busy over racked GPU hours of centres (%)", 100),
)


def draw(run, arm, baseline="baseline"):
    """Draws the four panels as fans over replications (bands: 5-95 % and 25-75 %, line: median); returns the figure."""
    figure, axes = plt.subplots(2, 2, figsize=(10, 6.4), sharex=True, layout="constrained")
    for ax, (name, label, factor) in zip(axes.flat, PANELS):
        for which in (baseline, arm):
            plot_fan(ax, run[name].sel(arm=which) * factor, label=which)
        ax.set_title(label, fontsize=10, loc="left")
        ax.set_ylabel("")
        ax.set_ylim(bottom=0)
        ax.spines[["top", "right"]].set_visible(False)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(ax.xaxis.get_major_locator()))
    axes[0, 0].legend(frameon=False)
    replications = run.national.sizes["replication"]
    figure.suptitle(f"{run.provenance['name']}: {arm} against {baseline}, {replications} replications, same random "
                    "numbers", fontsize=11, x=0.01, ha="left")
    return figure


def main(arguments):
    if len(arguments) != 3:
        sys.exit(__doc__)
    path, arm, picture = arguments
    with open_result(path) as run:
        draw(run, arm).savefig(picture, dpi=110)


if __name__ == "__main__":
    main(sys.argv[1:])
