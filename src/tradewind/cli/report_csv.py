"""The steps of a report as a CSV file: one line a step, exact amounts, for a spreadsheet."""

import csv
from decimal import Decimal
from pathlib import Path

from tradewind.accounting.report_view import ReportView, SidesView, StepView
from tradewind.domain.usd import plain_usd
from tradewind.errors import Misconfigured

_COLUMNS = (
    "at",
    "intent_id",
    "step",
    "attempt",
    "strategy",
    "wallet",
    "chain_id",
    "kind",
    "outcome",
    "code",
    "pays",
    "gets",
    "exact",
    "quoted_pay",
    "quoted_get",
    "simulated_pay",
    "simulated_get",
    "filled_pay",
    "filled_get",
    "slippage_bps",
    "value_usd",
    "pool_fee_usd",
    "gas_wei",
    "gas_usd",
    "realised_usd",
    "tx_hash",
    "block_number",
    "nonce",
    "is_final",
)


def write_csv(path: Path, view: ReportView) -> None:
    """Write the file; Misconfigured `csv_unwritable` when that is not possible."""
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
            writer.writerows(_row(step) for step in view.steps)
    except OSError as error:
        raise Misconfigured(
            "csv_unwritable", f"{path} cannot be written: {error.strerror}.", remedy="Give another --csv."
        ) from error


def _row(step: StepView) -> list[str]:
    return [
        step.at,
        str(step.intent_id),
        str(step.step),
        str(step.attempt),
        step.strategy,
        step.wallet,
        str(step.chain_id),
        step.kind.value,
        step.outcome.value,
        step.code or "",
        step.pays.symbol,
        step.gets.symbol,
        step.exact.value,
        *_sides(step.quoted),
        *_sides(step.simulated),
        *_sides(step.filled),
        _number(step.slippage_bps),
        _number(step.value_usd),
        _number(step.pool_fee_usd),
        str(step.gas_wei),
        _number(step.gas_usd),
        _number(step.realised_usd),
        step.tx_hash,
        str(step.block_number),
        "" if step.nonce is None else str(step.nonce),
        "yes" if step.is_final else "no",
    ]


def _sides(sides: SidesView | None) -> tuple[str, str]:
    return ("", "") if sides is None else (plain_usd(sides.pay), plain_usd(sides.get))


def _number(value: Decimal | None) -> str:
    return "" if value is None else plain_usd(value)
