# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens the files that test_store_readers wrote with everything that users read them with: xarray over h5netcdf and over
netCDF4, netCDF4 itself, h5py, ncdump, h5dump, and the reader package. Exit 77 when a reader is not installed."""

import os
import shutil
import subprocess
import sys
import warnings

try:
    import h5py
    import matplotlib
    import netCDF4
    import numpy as np
    import xarray as xr
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)
if not (shutil.which("ncdump") and shutil.which("h5dump")):
    print("skipped: ncdump or h5dump is not installed")
    sys.exit(77)

matplotlib.use("Agg")
folder = sys.argv[1]
sys.path.insert(0, os.path.join(os.environ["OVERBUILD_SOURCE"], "analysis", "python"))
import overbuild  # noqa: E402

warnings.simplefilter("error")
warnings.filterwarnings("ignore", "invalid value encountered in cast")  # xarray on missing dates
GROUPS = (None, "province", "gpu_market", "ledger", "outcomes", "centres", "events", "provenance")
RUN_DIMS = {"plain.h5": ("arm", "replication"), "design.h5": ("arm", "point", "replication")}


def check_every_variable_is_described(path):
    with netCDF4.Dataset(path) as file:
        assert file.Conventions == "CF-1.11" and file.overbuild_format == 1
        for group in [file, *file.groups.values()]:
            assert group.variables, group.path
            for name, variable in group.variables.items():
                assert variable.units and variable.long_name, f"{group.path}/{name}"
                assert variable.units != "days", name
                for dim in variable.dimensions:
                    assert dim in group.dimensions, f"{group.path}/{name}: {dim} is not of its own group"
                    assert dim in group.variables, f"{group.path}/{name}: {dim} has no scale"
                assert not any(d.startswith("phony") for d in variable.dimensions)
                variable[...]


def check_scales_are_attached(path):
    """As HDF5's dimension-scale specification wants it, in both directions."""
    def visit(name, item):
        if not isinstance(item, h5py.Dataset) or h5py.h5ds.is_scale(item.id):
            return
        for axis, dim in enumerate(item.dims):
            assert len(dim) == 1, f"{name}: axis {axis} has {len(dim)} scales"
            back = [(item.file[ref].name, int(number)) for ref, number in dim[0].attrs["REFERENCE_LIST"]]
            assert (item.name, axis) in back, name

    with h5py.File(path) as file:
        file.visititems(visit)
        filters = file["chip_price"].compression, file["chip_price"].shuffle, file["noise"].shuffle
        assert filters == ("gzip", False, True), filters
        assert h5py.check_string_dtype(file["arm"].dtype) == ("utf-8", None)


def check_groups_open_alone(path, engine):
    run_dims = RUN_DIMS[os.path.basename(path)]
    for group in GROUPS:
        with xr.open_dataset(path, group=group, engine=engine) as data:
            data.load()
            if group == "province":
                assert data["busy"].dims == (*run_dims, "time", "province")
                assert list(data["province"].values) == ["Beijing", "Guizhou", "内蒙古"]
                north = data["busy"].sel(arm="clawback", province="内蒙古")
                assert north.isel(replication=0).notnull().all()
                assert data["busy"].sel(province="Guizhou").isnull().all()
            if group in (None, "province", "gpu_market"):
                assert data["time"].values[0] == np.datetime64("2022-01-08")
                assert data["time"].values[-1] == np.datetime64("2022-05-21")
            if group == "ledger":
                assert data["time"].values[0] == np.datetime64("2022-02-01")
            if group == "gpu_market":
                assert data["stock"].dims == (*run_dims, "time", "province", "gpu_type")
                assert data["stock"].sel(gpu_type="H100").shape == data["stock"].shape[:-1]
            if group == "outcomes":
                assert data["status"].dims == run_dims and data["status"].dtype == np.int8
                assert data["fingerprint"].dtype == np.uint64 and int(data["seed"].max()) == 0xFEDCBA9876543210
                assert np.issubdtype(data["peak_date"].dtype, np.datetime64)
                assert data["peak_date"].isel(replication=0).notnull().all()
            if group == "centres":
                assert data["gpus"].dims == (*run_dims, "centre")
                assert np.issubdtype(data["opened"].dtype, np.datetime64)
            if group == "events":
                assert data["time"].dims == ("event",)
                first = data["time"].values[data["cause"].values == -1][0]
                assert first == np.datetime64("2022-01-01T00:00:01")
                assert data["type"].attrs["flag_meanings"] == "announce open fail"
                kinds = data["entity_kind"]
                assert kinds.attrs["flag_meanings"] == "centre firm" and kinds.dtype == np.int32
                assert np.array_equal(kinds.values, data["type"].values == 2)
            if group is None and "point" in run_dims:
                assert data["chip_price"].dtype == np.float32


def check_missing_dates_are_nat(path):
    with xr.open_dataset(path, group="outcomes", engine="h5netcdf") as data:
        dates, peaks = data["peak_date"].isel(replication=3), data["peak_price"].isel(replication=3)
        assert dates.isnull().all() and peaks.isnull().all()
    with xr.open_dataset(path, group="centres", engine="h5netcdf") as data:
        assert data["opened"].isel(centre=1).isnull().all()
        assert data["gpus"].sel(arm="baseline").isel(replication=2).notnull().sum() == 300


def check_dumps(path):
    header = subprocess.run(["ncdump", "-h", path], check=True, capture_output=True, text=True).stdout
    assert "chip_price(arm, " in header and "group: events" in header
    times = subprocess.run(["ncdump", "-t", "-v", "time", path], check=True, capture_output=True, text=True).stdout
    assert '"2022-01-08"' in times
    subprocess.run(["ncdump", path], check=True, capture_output=True)
    header = subprocess.run(["h5dump", "-H", path], check=True, capture_output=True, text=True).stdout
    assert 'DATASET "DIMENSION_LIST"' not in header and 'ATTRIBUTE "DIMENSION_LIST"' in header
    values = subprocess.run(["h5dump", "-d", "/province/busy", path], check=True, capture_output=True, text=True)
    assert "error" not in values.stderr


def check_the_package(path):
    run = overbuild.open(path)
    assert run.arms == ["baseline", "clawback"] and run.format == 1
    assert set(run) == set(GROUPS[1:]) and "chip_price" in run and "nothing" not in run
    assert run["chip_price"].dims == ("arm", "replication", "time")
    assert bool(run.finished().all())
    assert run.provenance["identity"].startswith("name: fake")
    assert "province: busy" in repr(run)
    series = run["chip_price"].sel(arm="baseline")
    bands = overbuild.fan(series, levels=(0, 0.5, 1))
    assert bands.dims == ("quantile", "time") and bands.attrs["units"] == "yuan"
    assert np.array_equal(bands.sel(quantile=1), series.max("replication"))
    assert np.array_equal(bands.sel(quantile=0.5), series.median("replication"))
    busy = overbuild.fan(run["province"]["busy"])
    assert busy.dims == ("quantile", "arm", "time", "province")
    assert busy.sel(province="Guizhou").isnull().all() and busy.sel(province="Beijing").notnull().all()
    both = overbuild.paired(run["chip_price"], "clawback")
    assert np.allclose(both, run["chip_price"].sel(arm="clawback").values - series.values)
    figure = matplotlib.pyplot.figure()
    axes = figure.add_subplot()
    line = overbuild.plot_fan(axes, series, label="baseline")
    assert np.array_equal(line.get_ydata(), overbuild.fan(series).sel(quantile=0.5))
    assert len(axes.collections) == 2 and axes.get_ylabel() == "chip price (yuan)"
    for wrong, error in ((lambda: overbuild.plot_fan(axes, run["chip_price"]), ValueError),
                         (lambda: run["nothing"], KeyError), (lambda: run.group("nothing"), KeyError)):
        try:
            wrong()
        except error:
            continue
        raise AssertionError("no error")
    run.close()
    foreign = os.path.join(folder, "foreign.h5")
    with h5py.File(foreign, "w") as file:
        file["x"] = 1
    try:
        overbuild.open(foreign)
    except ValueError as error:
        assert "overbuild_format" in str(error)
    else:
        raise AssertionError("a foreign file was taken for a result")


def main():
    import matplotlib.pyplot  # noqa: F401
    for name in RUN_DIMS:
        path = os.path.join(folder, name)
        check_every_variable_is_described(path)
        check_scales_are_attached(path)
        for engine in ("h5netcdf", "netcdf4"):
            check_groups_open_alone(path, engine)
        check_dumps(path)
    check_missing_dates_are_nat(os.path.join(folder, "plain.h5"))
    check_the_package(os.path.join(folder, "plain.h5"))


main()
