# SPDX-License-Identifier: GPL-3.0-or-later
"""The books in a result: balance sheets and the transaction-flow matrix by sector and month, to the fen; GPUs that never vanish."""

import os
import pathlib
import sys
import unittest

import h5py
import numpy

sys.path.insert(0, str(pathlib.Path(os.environ["OVERBUILD_SOURCE"]) / "tests" / "support"))
from overbuild_cli import CliTest

FINANCIAL = ["deposit", "loan", "equity"]
CHANGES = ["change_deposits", "loan_principal", "equity_issues"]  # the rows of the flow matrix that go with them
PURCHASES = ["chips", "construction", "seized"]                   # what they pay for is a real asset
# A year in which as much as possible happens: builders fail, grants come back, loans are written off.
BUSY = """\
name: busy
extends: quick
set:
  subsidy.grant_share: 0.3
  subsidy.budget_scale: 10
  subsidy.voucher_share: 0.4
  subsidy.utilisation_linked: 0.3
  audit.hazard: 12
  audit.utilisation_min: 0.9
  chips.quota_scale: 0.5
  chips.tariff_share: 0.2
  brokers.capacity_scale: 1
  developers.hurdle: -0.5
  developers.approval_rate: 5
  developers.finance_operator: 5
  developers.finance_state: 5
  developers.finance_cross_industry: 5
  developers.finance_rent_seeker: 5
  developers.build_time: 20 d
  developers.open_share: 0.1
  credit.grace: 0 d
"""


def fen(dataset):
    """Whole fen of a money variable: exact, because a resolution of 0.01 yuan is."""
    yuan = dataset[()]
    whole = numpy.rint(yuan * 100)
    assert numpy.array_equal(numpy.abs(whole) < 2**53, numpy.ones(whole.shape, bool))
    numpy.testing.assert_allclose(whole / 100, yuan, rtol=1e-15, atol=0)
    return whole.astype(numpy.int64)


class Books(CliTest):
    def setUp(self):
        super().setUp()
        (self.dir / "busy.yaml").write_text(BUSY)
        self.run_ok("run", "busy.yaml", "-n", 3, "--quiet", "--audit", "-o", "x.h5")
        file = self.addCleanupFile(h5py.File(self.dir / "x.h5"))
        self.ledger, self.market = file["ledger"], file["gpu_market"]
        self.labels = {name: [str(s) for s in self.ledger[name].asstr()[()]] for name in ("sector", "position", "flow")}
        self.balance = fen(self.ledger["balance"])      # arm, replication, month, sector, position
        self.flows = fen(self.ledger["transactions"])   # arm, replication, month, flow, sector

    def addCleanupFile(self, file):
        self.addCleanup(file.close)
        return file

    def row(self, name):
        return self.flows[..., self.labels["flow"].index(name), :]

    def position(self, name):
        return self.balance[..., self.labels["position"].index(name)]

    def test_every_balance_sheet_balances(self):
        self.assertFalse(self.balance.sum(axis=-1).any())

    def test_every_claim_is_somebodys_liability(self):
        for name in FINANCIAL:
            self.assertFalse(self.position(name).sum(axis=-1).any(), name)
            self.assertTrue(self.position(name).any(), name)

    def test_rows_and_columns_of_the_flow_matrix_sum_to_zero(self):
        self.assertFalse(self.flows.sum(axis=-1).any())
        self.assertFalse(self.flows.sum(axis=-2).any())

    def test_stocks_are_previous_stocks_and_flows(self):
        for name, change in zip(FINANCIAL, CHANGES):
            risen = numpy.diff(self.position(name), axis=2)
            numpy.testing.assert_array_equal(risen, -self.row(change)[:, :, 1:], name)
        bought, used = fen(self.ledger["capital_bought"]), fen(self.ledger["capital_used"])
        numpy.testing.assert_array_equal(numpy.diff(self.position("capital"), axis=2), (bought - used)[:, :, 1:])

    def test_net_worth_changes_by_what_is_earned_and_used_up(self):
        """Income less spending that buys no asset, less assets used up. Liabilities are negative here, and so is worth."""
        used, bought = fen(self.ledger["capital_used"]), fen(self.ledger["capital_bought"])
        income = sum(self.row(name) for name in self.labels["flow"] if name not in CHANGES)
        gained = income + bought - used
        numpy.testing.assert_array_equal(-numpy.diff(self.position("net_worth"), axis=2), gained[:, :, 1:])

    def test_platforms_buy_what_the_matrix_says(self):
        """They sell no chips, so that purchases within the sector hide nothing."""
        platform = self.labels["sector"].index("platform")
        paid = -sum(self.row(name)[..., platform] for name in PURCHASES)
        numpy.testing.assert_array_equal(fen(self.ledger["capital_bought"])[..., platform], paid)

    def test_most_kinds_of_transaction_occur(self):
        """Zero sums of nothing would prove nothing."""
        seen = {name for name in self.labels["flow"] if self.row(name).any()}
        for name in ("rent", "chips", "construction", "power", "opex", "tokens", "sales", "tariff", "land", "subsidy",
                     "voucher", "clawback", "interest", "write_off", *CHANGES):
            self.assertIn(name, seen)

    def test_gpus_are_conserved(self):
        state = {name: self.market[name][()] for name in ("made", "installed", "in_transit", "in_stock", "seized")}
        made = state.pop("made")
        numpy.testing.assert_array_equal(sum(state.values()), made)
        self.assertTrue((numpy.diff(made, axis=2) >= 0).all())
        self.assertTrue((made[:, :, -1] > made[:, :, 0]).any())


if __name__ == "__main__":
    unittest.main()
