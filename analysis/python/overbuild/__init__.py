# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of Overbuild as xarray datasets, and fans over replications.

    import overbuild
    run = overbuild.open("policies.h5")
    run                                    # what it holds
    rent = run["rent_node_month"]          # a national series: arm, replication, time
    busy = run["province"]["busy"]         # a group is an xarray.Dataset, read when first used
    overbuild.plot_fan(ax, rent.sel(arm="baseline"), label="baseline")

Values are read from the file when they are used. NaN is missing: a replication that failed or has not run yet.
docs/OUTPUT.md describes the file.
"""

from .fans import fan, paired, plot_fan
from .result import Result, open

__all__ = ["Result", "open", "fan", "paired", "plot_fan"]
__version__ = "0.1.0"
