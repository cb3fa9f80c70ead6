"""The verdict: seven statements about the fill, each judged from what the chain itself says. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from tradewind.cli.demo.witness import SeenTransaction, WalletState
from tradewind.domain.amount import format_raw, mul_ppm_floor
from tradewind.domain.token_list import Token


@dataclass(frozen=True, slots=True)
class Promise:
    """What the intent asked for and the service said it would do."""

    wallet: str
    token_in: Token
    token_out: Token
    wanted_out_raw: int
    max_slippage_ppm: int
    quoted_in_raw: int
    tx_hashes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen on chain, the venue's own quote at the plan's block, and whether the journal's chain holds."""

    before: WalletState
    after: WalletState
    transactions: tuple[SeenTransaction, ...]
    chain_quote_in_raw: int
    journal_rows: int
    journal_fault: str | None


@dataclass(frozen=True, slots=True)
class Check:
    """One statement, and the numbers that bear it out or contradict it."""

    name: str
    statement: str
    holds: bool
    seen: str


def judge(promise: Promise, evidence: Evidence) -> tuple[Check, ...]:
    """All seven checks, whatever the first ones say."""
    return tuple(_checks(promise, evidence))


def _checks(promise: Promise, seen: Evidence) -> Iterator[Check]:
    before, after = seen.before, seen.after
    arrived = after.token_out_raw - before.token_out_raw
    spent = before.token_in_raw - after.token_in_raw
    yield Check(
        "arrived",
        f"exactly {_out(promise, promise.wanted_out_raw)} arrived",
        arrived == promise.wanted_out_raw == _moved(promise, seen, promise.token_out),
        f"balance {_out(promise, before.token_out_raw)} → {_out(promise, after.token_out_raw)}",
    )
    yield Check(
        "paid_as_quoted",
        f"the {promise.token_in.symbol} that left equals the quote",
        spent == promise.quoted_in_raw == seen.chain_quote_in_raw == -_moved(promise, seen, promise.token_in),
        f"left {format_raw(spent, promise.token_in.decimals)}, QuoterV2 {_in(promise, seen.chain_quote_in_raw)}",
    )
    # The chain's own quote and the intent's own tolerance: the service's numbers have no say in this limit.
    limit = seen.chain_quote_in_raw + mul_ppm_floor(seen.chain_quote_in_raw, promise.max_slippage_ppm)
    yield Check(
        "within_limit", "no more left than the intent allows", 0 < spent <= limit, f"limit {_in(promise, limit)}"
    )
    fee = sum(tx.gas_used * tx.gas_price_wei for tx in seen.transactions)
    paid_wei = before.native_raw - after.native_raw
    yield Check(
        "only_gas",
        "the ETH that left is the gas fee, to the wei",
        paid_wei == fee > 0,
        f"left {format_raw(paid_wei, 18)}, receipt {format_raw(fee, 18, 'ETH')}",
    )
    yield _one_transaction(promise, seen)
    # The permit is for exactly the limit, and the fill took less: the rest lapses with the next permit of the token.
    yield Check(
        "no_loose_approval",
        "paid plus still approved is within the limit",
        spent + after.allowance_in_raw <= limit and after.allowance_out_raw == 0,
        f"approved {_in(promise, after.allowance_in_raw)}, {_out(promise, after.allowance_out_raw)}",
    )
    yield Check(
        "journal_verifies",
        "the journal's hash chain verifies",
        seen.journal_fault is None and seen.journal_rows > 0,
        seen.journal_fault or f"{seen.journal_rows} rows, each sealed by the next",
    )


def _one_transaction(promise: Promise, seen: Evidence) -> Check:
    before, after = seen.before.nonce, seen.after.nonce
    mined = [tx.tx_hash for tx in seen.transactions]
    return Check(
        "one_transaction",
        "exactly one transaction, and it succeeded",
        after == before + 1
        and mined == list(promise.tx_hashes)
        and all(tx.succeeded and tx.nonce == before for tx in seen.transactions),
        f"nonce {before} → {after}, {len(mined)} from the wallet since block {seen.before.block}",
    )


def _moved(promise: Promise, seen: Evidence, token: Token) -> int:
    """What the Transfer logs of one token add to the wallet."""
    wallet, address = promise.wallet.lower(), token.address.lower()
    moves = [move for tx in seen.transactions for move in tx.transfers if move.token.lower() == address]
    gained = sum(move.amount_raw for move in moves if move.recipient.lower() == wallet)
    return gained - sum(move.amount_raw for move in moves if move.sender.lower() == wallet)


def _in(promise: Promise, amount_raw: int) -> str:
    return format_raw(amount_raw, promise.token_in.decimals, promise.token_in.symbol)


def _out(promise: Promise, amount_raw: int) -> str:
    return format_raw(amount_raw, promise.token_out.decimals, promise.token_out.symbol)
