# SPDX-License-Identifier: GPL-3.0-or-later
"""Bands over replications."""

import textwrap

import numpy as np
import xarray as xr

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def fan(values, levels=LEVELS, dim="replication"):
    """Quantiles over replications (linear interpolation, missing ones left out); dimension `quantile` comes first.

    `values` is a DataArray with the dimension `dim`; dates are not supported. Levels are in 0 .. 1.
    """
    values = values.astype(float)
    quantiles = np.full((len(levels),) + tuple(values.sizes[d] for d in values.dims if d != dim), np.nan)
    axis = values.get_axis_num(dim)
    some = np.isfinite(values.values).any(axis=axis)
    with np.errstate(invalid="ignore"):
        moved = np.moveaxis(values.values, axis, 0)
        if some.any():
            quantiles[:, some] = np.nanquantile(moved[:, some], levels, axis=0)
    rest = [d for d in values.dims if d != dim]
    coords = {d: values[d] for d in rest if d in values.coords}
    attrs = {key: values.attrs[key] for key in ("units", "long_name") if key in values.attrs}
    return xr.DataArray(quantiles, dims=["quantile", *rest], coords={"quantile": list(levels), **coords}, attrs=attrs,
                        name=values.name)


def paired(values, arm, baseline="baseline"):
    """Difference of an arm from the baseline within each replication: both saw the same random numbers, so most of the
    spread between replications cancels."""
    difference = values.sel(arm=arm, drop=True) - values.sel(arm=baseline, drop=True)
    difference.attrs.update(values.attrs)
    return difference


def plot_fan(ax, values, label=None, color=None, levels=LEVELS, dim="replication"):
    """Draws the median of a series over its replications and, shaded, the bands of each outer pair of `levels`.

    `values` has the dimensions `dim` and time (or one other). Returns the line of the median.
    """
    bands = fan(values, levels, dim)
    if bands.ndim != 2:
        raise ValueError(f"one series was expected, found dimensions {values.dims}: select an arm first")
    x = bands[bands.dims[1]].values
    middle = len(levels) // 2
    (line,) = ax.plot(x, bands.values[middle], label=label, color=color)
    for outer in range(middle):
        ax.fill_between(x, bands.values[outer], bands.values[-1 - outer], color=line.get_color(), alpha=0.18, lw=0)
    name, units = values.attrs.get("long_name", values.name or ""), values.attrs.get("units", "1")
    ax.set_ylabel(textwrap.fill(name if units == "1" else f"{name} ({units})", 40))
    return line
