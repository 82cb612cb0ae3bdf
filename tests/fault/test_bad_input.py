# SPDX-License-Identifier: GPL-3.0-or-later
"""Typical mistakes and full disks: the right exit status, a message that names the place, nothing half-written."""

import contextlib
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(os.environ["OVERBUILD_SOURCE"]) / "tests" / "support"))
from overbuild_cli import CliTest, SOURCE, overbuild

BAD_INPUT, IO = 2, 4


class Usage(CliTest):
    def check(self, expected, *arguments):
        message = self.run_fails(BAD_INPUT, *arguments)
        self.assertIn(expected, message)
        self.assertEqual(self.files(), [])

    def test_wrong_numbers(self):
        self.check("--replications: found '0'", "run", "quick", "-n", 0)
        self.check("--threads: found '0'", "run", "quick", "-j", 0)
        self.check("--replications: found '-3'", "run", "quick", "-n", -3)
        self.check("--replications: found '1e3'", "run", "quick", "-n", "1e3")
        self.check("--seed: found '-1'", "run", "quick", "--seed=-1")

    def test_wrong_words(self):
        self.check("unknown command", "rnu", "quick")
        self.check("--replication-count: unknown option", "run", "quick", "--replication-count", 3)
        self.check("-x: unknown option", "run", "quick", "-x", 3)
        self.check("-o: needs a value", "run", "quick", "-o")
        self.check("--seed: needs a value", "run", "quick", "--seed")
        self.check("--quiet: takes no value", "run", "quick", "--quiet=yes")
        self.check("found 0 arguments", "run")
        self.check("expected one of them", "run", "quick", "--resume", "--force")
        self.check("--re: begins several options; is it --replications or --resume?", "run", "quick", "--re")
        for odd in ("--", "--=", "--=3", "--" + 200 * "x", "---"):
            overbuild("run", "quick", odd, "more", cwd=self.dir)
        self.assertEqual(self.files(), [])
        self.check("found 2 arguments", "run", "quick", "mega")

    def test_missing_scenario(self):
        self.check("no-such.yaml", "run", "no-such.yaml")
        self.check("chinna-2022", "run", "chinna-2022")

    def test_a_result_is_no_scenario(self):
        self.run_ok("run", "quick", "-n", 1, "--quiet", "-o", "x.h5")
        for command in ("run", "check"):
            message = self.run_fails(BAD_INPUT, command, "x.h5")
            self.assertIn("x.h5: found an HDF5 file", message)
            self.assertEqual(message.count("\n"), 1)

    def test_wrong_overrides(self):
        self.check("did you mean subsidy.grant_share", "run", "quick", "--set", "subsidy.grant_shre=0.1")
        self.check("--set subsidy.grant_share=7", "run", "quick", "--set", "subsidy.grant_share=7")
        self.check("--set subsidy.grant_share", "run", "quick", "--set", "subsidy.grant_share")
        self.check("baselin", "run", "quick", "--arm", "baselin")
        self.check("2022-13-01", "run", "quick", "--until", "2022-13-01")

    def test_wrong_metric_and_arm(self):
        self.run_ok("run", "quick", "-n", 1, "--quiet", "-o", "x.h5")
        self.assertIn("expected an arm", self.run_fails(BAD_INPUT, "compare", "x.h5", "--baseline", "nobody"))
        self.assertIn("no outcome matches", self.run_fails(BAD_INPUT, "compare", "x.h5", "--metric", "zzz*"))
        self.assertIn("did you mean", self.run_fails(BAD_INPUT, "params", "subsidy.grant_shre"))

    def test_things_that_do_not_go_together(self):
        self.check("found --json and --shocks", "params", "--shocks", "--json")
        self.check("--shocks, which prints everything", "params", "subsidy.*", "--shocks")
        self.check("from 1 to 1000000", "run", "quick", "-n", 1000001)

    def test_a_file_is_shown_resolved(self):
        (self.dir / "mine.yaml").write_text("extends: quick\n")
        self.assertIn("--resolved", self.run_fails(BAD_INPUT, "show", "mine.yaml"))
        self.assertIn("name: mine", self.run_ok("show", "mine.yaml", "--resolved"))


class Names(CliTest):
    """A name that is nearly right: what was meant is said, whatever kind of name it is."""

    def suggests(self, meant, *arguments):
        message = self.run_fails(BAD_INPUT, *arguments)
        self.assertIn(f"did you mean {meant}?", message)
        self.assertEqual(message.count("did you mean"), 1, message)

    def test_words_of_the_command_line(self):
        self.suggests("run", "rnu", "quick")
        self.suggests("compare", "help", "comprae")
        self.suggests("--replications", "run", "quick", "--replcations", 3)
        self.suggests("--replications", "run", "quick", "--replcations=3")
        self.assertNotIn("arguments", self.run_fails(BAD_INPUT, "run", "quick", "--replcations", 3))
        self.suggests("quick", "show", "quikc")
        self.suggests("quick", "run", "quikc")
        self.suggests("subsidy.grant_share", "params", "subsidy.grant_shre")
        self.suggests("subsidy.grant_share", "run", "quick", "--set", "subsidy.grant_shre=1")
        self.suggests("beliefs.extrapolation", "calibrate", "quick", "--parameters", "belefs.extrapolation")
        self.suggests("routes", "params", "--tables", "roots")
        self.suggests("helios-earth", "replay", "helios-erth")
        self.suggests("easy", "replay", "helios-earth", "--nodes", 1, "--policy", "eazy")
        self.suggests("bestfit", "replay", "helios-earth", "--nodes", 1, "--placement", "best-fit")
        self.suggests("baseline", "run", "quick", "--arm", "basline")

    def test_names_in_a_result(self):
        self.run_ok("run", "quick", "-n", 1, "--quiet", "--events", "-o", "x.h5")
        for command, option in (("compare", "--baseline"), ("validate", "--arm"), ("bubbles", "--arm"),
                                ("explain", "--arm")):
            self.suggests("baseline", command, "x.h5", option, "basline")
        self.suggests("peak_chip_price_date", "compare", "x.h5", "--metric", "peak_chip_prise_date")
        self.suggests("chip_price", "bubbles", "x.h5", "--variable", "chip_prise")
        self.suggests("project", "explain", "x.h5", "projct:3")
        self.suggests("Guiyang", "explain", "x.h5", "city:Guyang")
        self.assertNotIn("did you mean", self.run_fails(BAD_INPUT, "explain", "x.h5", "project:x"))
        self.assertNotIn("did you mean", self.run_fails(BAD_INPUT, "compare", "x.h5", "--baseline", "nobody"))


class Scenarios(CliTest):
    def test_every_bad_scenario_is_refused_by_run(self):
        folder = SOURCE / "tests" / "unit" / "bad_scenarios"  # option_*: bad only with options of their own
        expected = [path for path in sorted(folder.glob("*.expected")) if not path.name.startswith("option_")]
        self.assertGreaterEqual(len(expected), 40)
        for path in expected:
            message = self.run_fails(BAD_INPUT, "run", path.with_suffix(".yaml"))
            self.assertEqual(len(message.splitlines()), len(path.read_text().splitlines()), path.name)
        self.assertEqual(self.files(), [])


class Files(CliTest):
    def test_existing_output_is_kept(self):
        self.run_ok("run", "quick", "-n", 1, "--quiet", "-o", "x.h5")
        before = (self.dir / "x.h5").read_bytes()
        self.assertIn("x.h5", self.run_fails(BAD_INPUT, "run", "quick", "-n", 1, "--seed", 9, "-o", "x.h5"))
        self.assertEqual((self.dir / "x.h5").read_bytes(), before)
        self.run_ok("run", "quick", "-n", 1, "--seed", 9, "--force", "--quiet", "-o", "x.h5")
        self.assertNotEqual((self.dir / "x.h5").read_bytes(), before)

    def test_force_replaces_results_only(self):
        (self.dir / "mine.yaml").write_text("name: mine\nextends: quick\n")
        for path in ("mine.yaml", "/dev/null"):
            self.assertIn("no result", self.run_fails(BAD_INPUT, "run", "mine.yaml", "-n", 1, "--force", "-o", path))
        self.assertEqual((self.dir / "mine.yaml").read_text(), "name: mine\nextends: quick\n")
        self.assertEqual(self.files(), ["mine.yaml"])
        self.assertTrue(pathlib.Path("/dev/null").is_char_device())

    def test_missing_and_damaged_results(self):
        for command in ("info", "digest", "compare"):
            self.assertIn("none.h5: no such file", self.run_fails(BAD_INPUT, command, "none.h5"))
        (self.dir / "text.h5").write_text("not HDF5\n")
        self.assertIn("text.h5", self.run_fails(IO, "info", "text.h5"))

    def test_verify_finds_a_flipped_byte(self):
        self.run_ok("run", "quick", "-n", 2, "--quiet", "-o", "x.h5")
        self.run_ok("info", "x.h5", "--verify")
        content = bytearray((self.dir / "x.h5").read_bytes())
        content[len(content) // 2] ^= 0x40
        (self.dir / "x.h5").write_bytes(content)
        self.assertIn("x.h5", self.run_fails(IO, "info", "x.h5", "--verify"))

    def test_names_that_are_no_files(self):
        self.run_ok("run", "quick", "-n", 1, "--quiet", "-o", "x.h5")
        (self.dir / "folder").mkdir()
        before = self.files()
        for name in ("", "folder/"):
            for command in (("run", "quick", "-o"), ("calibrate", "quick", "-o"), ("validate", "x.h5", "--plot"),
                            ("replay", "helios-earth", "--nodes", 1, "--starts")):
                self.assertIn("expected a file's name", self.run_fails(BAD_INPUT, *command, name))
        self.assertEqual(self.files(), before)
        self.assertEqual(list((self.dir / "folder").iterdir()), [])

    def test_a_resume_that_is_refused_changes_nothing(self):
        self.run_ok("run", "quick", "-n", 3, "--quiet", "-o", "x.h5")
        before = self.files()
        for options in (("-n", 2), ("-n", 3, "--arm", "rational"), ("-n", 3, "--seed", 9)):
            self.assertIn("--force", self.run_fails(BAD_INPUT, "run", "quick", *options, "--resume", "-o", "x.h5"))
            self.assertEqual(self.files(), before)

    def test_a_dry_run_tells_of_an_existing_result(self):
        self.run_ok("run", "quick", "-n", 1, "--quiet", "-o", "x.h5")
        done = overbuild("run", "quick", "--dry-run", "-o", "x.h5", cwd=self.dir)
        self.assertEqual(done.returncode, 0)
        self.assertIn("x.h5 exists already", done.stderr)
        self.assertNotIn("exists already", overbuild("run", "quick", "--dry-run", "-o", "y.h5", cwd=self.dir).stderr)

    def test_missing_folder(self):
        message = self.run_fails(IO, "run", "quick", "-n", 1, "-o", "nowhere/x.h5")
        self.assertEqual(message, "overbuild run: nowhere/x.h5: there is no folder nowhere; expected one to write into; "
                                  "make it first, or choose another\n")
        (self.dir / "file").write_text("")
        self.assertIn("file is no folder", self.run_fails(IO, "run", "quick", "-n", 1, "-o", "file/x.h5"))
        self.assertIn("no folder nowhere", self.run_fails(IO, "calibrate", "quick", "-o", "nowhere/x.h5"))

    def test_pictures_are_svg(self):
        self.run_ok("run", "quick", "-n", 1, "--quiet", "-o", "x.h5")
        for command in (("validate", "x.h5"), ("replay", "helios-earth", "--nodes", 1, "--jobs", 9)):
            for name in ("x.png", "x.svg.pdf", "x.PNG"):
                message = self.run_fails(BAD_INPUT, *command, "--plot", name)
                self.assertIn("pictures are SVG", message)
                self.assertFalse((self.dir / name).exists())
            for name in ("plain", "x.SVG", ".hidden"):
                overbuild(*command, "--plot", name, cwd=self.dir)
                self.assertIn("<svg ", (self.dir / name).read_text(), name)
                (self.dir / name).unlink()

    def test_info_tells_of_an_unfinished_run(self):
        self.run_ok("run", "quick", "-n", 1, "--quiet", "-o", "x.h5")
        self.assertNotIn("unfinished", self.run_ok("info", "x.h5"))
        (self.dir / "x.h5.parts").mkdir()
        self.assertIn("x.h5.parts holds more, of a run that was not finished", self.run_ok("info", "x.h5"))
        (self.dir / "y.h5.parts").mkdir()
        self.assertIn("y.h5.parts holds what an unfinished run has stored", self.run_fails(BAD_INPUT, "info", "y.h5"))


@contextlib.contextmanager
def mounted(folder, options):
    """A small file system on `folder`; skips the test where mounting is not allowed."""
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True).returncode != 0:
        raise unittest.SkipTest("mounting is not allowed here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=False)


class Disks(CliTest):
    def test_full_disk(self):
        with mounted(self.dir / "small", "size=256k") as small:
            message = self.run_fails(IO, "run", "quick", "-n", 200, "--quiet", "-o", small / "x.h5")
            self.assertIn("x.h5", message)
            self.assertNotIn("x.h5", [p.name for p in small.iterdir()])

    def test_disk_that_fills_while_running(self):
        with mounted(self.dir / "small", "size=3m") as small:
            filler = small / "filler"
            self.run_ok("run", "quick", "-n", 2, "--quiet", "-o", small / "x.h5")
            (small / "x.h5").unlink()
            room = os.statvfs(small).f_bavail * os.statvfs(small).f_bsize
            filler.write_bytes(b"\0" * max(0, room - 12 * 4096))
            message = self.run_fails(IO, "run", "quick", "-n", 2, "--quiet", "-o", small / "x.h5")
            self.assertIn("x.h5", message)
            self.assertFalse((small / "x.h5").exists())

    def test_read_only_folder(self):
        with mounted(self.dir / "fixed", "ro") as fixed:
            message = self.run_fails(IO, "run", "quick", "-n", 1, "--quiet", "-o", fixed / "x.h5")
            self.assertIn("x.h5", message)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
