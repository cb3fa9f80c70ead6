"""What a report looks like: each step with its quote, simulation and fill; each strategy's totals; the exact sum.

Amounts are smallest units with their whole units beside them. A value in dollars is None where a price is unknown.
"""

from uuid import UUID

from tradewind.accounting.portfolio_view import AssetView
from tradewind.domain.amount import Raw, SignedRaw
from tradewind.domain.fill import StepOutcome
from tradewind.domain.model import Model
from tradewind.domain.plan import Exact, StepKind
from tradewind.domain.usd import Units, Usd


class SidesView(Model):
    """What a swap takes and gives."""

    pay_raw: Raw
    pay: Units
    get_raw: Raw
    get: Units


class StepView(Model):
    """One confirmed step. `slippage_bps` is how much worse than quoted it was filled, below zero better.

    `is_final` says that no reorganisation can take it back. An approval and a failed step have no fill.
    """

    at: str
    at_ns: int
    intent_id: UUID
    step: int
    attempt: int
    strategy_id: UUID
    strategy: str
    chain_id: int
    wallet: str
    kind: StepKind
    outcome: StepOutcome
    code: str | None
    exact: Exact
    pays: AssetView
    gets: AssetView
    quoted: SidesView | None
    simulated: SidesView | None
    filled: SidesView | None
    slippage_bps: Units | None
    value_usd: Usd | None
    pool_fee_usd: Usd | None
    gas_wei: Raw
    gas_usd: Usd | None
    realised_usd: Usd | None
    tx_hash: str
    nonce: int | None
    block_number: int
    is_final: bool


class TotalsView(Model):
    """A strategy on one chain, over the window. `net_usd` is realised profit less gas of every kind.

    Fees of pools are inside the fills, so they are in the profit already. What has no price is in no sum of dollars:
    `unpriced_*` counts the steps.
    """

    strategy_id: UUID
    strategy: str
    chain_id: int
    fills: int
    volume_usd: Usd
    pool_fees_usd: Usd
    gas_wei: Raw
    gas_usd: Usd
    approvals: int
    approvals_wei: Raw
    approvals_usd: Usd
    reverted: int
    cancelled: int
    failed_wei: Raw
    failed_usd: Usd
    realised_usd: Usd
    net_usd: Usd
    unpriced_fills: int
    unpriced_profits: int
    unpriced_gas: int


class BalanceView(Model):
    """One asset of a wallet: opening + in - out - gas = expected, against what the chain has.

    `since_block`: the first difference that is still there came about after this block.
    """

    asset: AssetView
    opening_raw: Raw
    in_raw: Raw
    out_raw: Raw
    gas_raw: Raw
    expected_raw: SignedRaw
    chain_raw: Raw
    unexplained_raw: SignedRaw
    unexplained: Units
    since_block: int | None


class ReclaimedView(Model):
    """Receipts whose rents came back, in lamports, and the fees of the transactions that took them."""

    receipts: int
    lamports_back: Raw
    fee_lamports: Raw


class WalletSumView(Model):
    """A wallet since its accounts began, whatever the window. With `fault` it could not be compared.

    `on_their_way`: transactions that were sent and are not confirmed; a difference may be theirs. `unread`: assets
    that have a sum here and no balance on chain, since their contract did not answer or they are no longer listed.
    `reclaimed`: rents of receipts that came back; they are among what came in, and their fees among the gas.
    `topped_up_lamports` came from a treasury, and is among what came in as well.
    """

    chain_id: int
    chain: str
    wallet: str
    opening_block: int | None
    at_block: int | None
    balances: tuple[BalanceView, ...]
    unread: tuple[str, ...]
    on_their_way: int
    reclaimed: ReclaimedView
    topped_up_lamports: Raw
    is_explained: bool | None
    fault: str | None


class ReportView(Model):
    """The newest steps of the window (`steps_left_off` more are in the totals), totals, and the exact sum.

    `sums` is empty when the chain was not asked. `is_explained`: every wallet holds exactly what it should; None when
    that is not known for all of them.
    """

    since: str | None
    until: str | None
    steps: tuple[StepView, ...]
    steps_left_off: int
    totals: tuple[TotalsView, ...]
    sums: tuple[WalletSumView, ...]
    is_explained: bool | None
    opened_again: int
