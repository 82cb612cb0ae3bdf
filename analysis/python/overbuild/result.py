# SPDX-License-Identifier: GPL-3.0-or-later
"""One result file."""

import warnings
from collections.abc import Mapping

import h5netcdf
import xarray as xr

FORMAT = 1  # newest layout that this package reads

# xarray casts missing dates (NaN) to integers before it makes them NaT, and numpy remarks on it.
warnings.filterwarnings("ignore", "invalid value encountered in cast", RuntimeWarning, "xarray.coding.times")


class Result(Mapping):
    """A result file: a mapping from names to datasets and series.

    `run["province"]` is the dataset of that group; `run["chip_price"]` a variable of the root group; `run["outcomes"]`
    one value per arm and replication. Iterating gives the names of the groups. Use as a context manager, or call close().
    """

    def __init__(self, path):
        self.path = str(path)
        with h5netcdf.File(self.path, "r", decode_vlen_strings=True) as file:
            if "overbuild_format" not in file.attrs:
                raise ValueError(f"{self.path}: no result of overbuild (no attribute overbuild_format)")
            self.format = int(file.attrs["overbuild_format"])
            self._groups = tuple(file.groups)
        if self.format > FORMAT:
            raise ValueError(f"{self.path}: format {self.format}, this package reads up to {FORMAT}: use a newer one")
        self._open = {}

    def group(self, name=""):
        """The dataset of a group; "" is the root with the national series."""
        if name not in self._open:
            if name and name not in self._groups:
                raise KeyError(f"{name}: no such group; there are {', '.join(self._groups)}")
            self._open[name] = xr.open_dataset(self.path, group=name or None, engine="h5netcdf")
        return self._open[name]

    @property
    def national(self):
        """The root group: one series per variable for the whole country."""
        return self.group()

    @property
    def arms(self):
        """Labels of the arms, in the order of the experiment."""
        return [str(label) for label in self.national["arm"].values]

    @property
    def provenance(self):
        """Texts of /provenance: the scenario as read, parameters, version, compiler, seed."""
        group = self.group("provenance")
        return {name: group[name].item() for name in group.variables if group[name].ndim == 0}

    def finished(self):
        """True for every (arm, replication) that ran to its end."""
        return self.group("outcomes")["status"] == 0

    def __getitem__(self, name):
        return self.group(name) if name in self._groups else self.national[name]

    def __iter__(self):
        return iter(self._groups)

    def __len__(self):
        return len(self._groups)

    def __contains__(self, name):
        return name in self._groups or name in self.national.variables

    def __repr__(self):
        sizes = ", ".join(f"{size} {name}" for name, size in self.national.sizes.items())
        lines = [f"<overbuild.Result {self.path}: {sizes}>", f"  arms: {', '.join(self.arms)}"]
        lines.append(f"  national: {', '.join(self.national.data_vars)}")
        lines += [f"  {name}: {', '.join(self.group(name).data_vars)}" for name in self._groups]
        return "\n".join(lines)

    def close(self):
        for dataset in self._open.values():
            dataset.close()
        self._open = {}

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()


def open(path):
    """Opens a result file for reading."""
    return Result(path)
