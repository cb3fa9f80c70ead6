"""Runs every bench, shows the table, and writes results.json. Names of benches as arguments run only those."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rich.console import Console

from benches import (
    auction_routes,
    broadcast,
    commander_start,
    concentrated_quote,
    cycle_scan,
    decoding,
    engine_inventory,
    engine_path,
    engine_replay,
    growth,
    halt,
    intake,
    machine,
    order_books,
    quic_send,
    soak,
    solana_build,
    solana_executor,
    table,
    uncapped_split,
    whirlpool_quote,
)
from benches.row import Row
from tradewind.core import build_profile

RESULTS = Path(__file__).parent / "results.json"
BENCHES: dict[str, Callable[[], Iterator[Row]]] = {
    "P1": concentrated_quote.run,
    "P1-WHIRLPOOL": whirlpool_quote.run,
    "P2": auction_routes.run,
    "P3": uncapped_split.run,
    "P4": solana_build.run,
    "P5": decoding.run,
    "P6": order_books.run,
    "P7": cycle_scan.run,
    "P8": engine_path.run,
    "P8-INVENTORY": engine_inventory.run,
    "P8-REPLAY": engine_replay.run,
    "P8-COMMANDER": commander_start.run,
    "GROWTH": growth.run,
    "P9": broadcast.run,
    "P10": intake.run,
    "P11": solana_executor.run,
    "QUIC": quic_send.run,
    "HALT": halt.run,
    "SOAK": soak.run,
}


def main(arguments: Sequence[str]) -> int:
    """0: everything ran and every answer was exact (goals may be missed); 1: a wrong answer; 2: not to be measured."""
    console = Console()
    if unknown := [name for name in arguments if name not in BENCHES]:
        console.print(f"There is no bench {unknown[0]}. There are: {', '.join(BENCHES)}.")
        return 2
    if build_profile != "release":
        console.print(
            f"The Rust core in this environment is a {build_profile} build: the times would mean nothing, and no "
            "results are written. Run 'make build' first."
        )
        return 2
    described = machine.describe(build_profile)
    if machine.is_busy():
        console.print(
            "This machine is busy with other things: ratios hold roughly, times do not. Run it again in peace."
        )
    rows: list[Row] = []
    for name in arguments or BENCHES:
        with console.status(f"{name} ..."):
            rows += BENCHES[name]()
    table.show(rows, console)
    if arguments:
        console.print("Only a run of all benches writes results.json.")
    else:
        RESULTS.write_text(json.dumps({"machine": described, "rows": [row.as_json() for row in rows]}, indent=2) + "\n")
        console.print(f"Written: {RESULTS.parent.name}/{RESULTS.name}")
    return 0 if all(row.exact for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
